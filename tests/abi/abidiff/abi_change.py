# SPDX-License-Identifier: MIT
"""What libabigail's abidiff sees between the structs of two header folders, and whether a plugin would notice.

An alarm beside the golden offsets, which are the gate: abidiff looks at what the compiler made of the headers, not at
what somebody asserts about them. abidiff alone cannot judge: its suppressions of "appended at the end" also hide fields
that were reordered or changed their type, and without debug information it finds every change compatible.
"""

import pathlib
import re
import subprocess
import tempfile

import abi_surface

# A report of nothing but these and of lines that count says that structs have grown at their ends.
GROWN = re.compile(r"type size changed from (\d+) to (\d+) \(in bits\)")
INSERTED = re.compile(r"'.*', at offset (\d+) \(in bits\)")
COUNTS = re.compile(r"'struct \w+ at \S+' changed:|\d+ data member insertions?:|.* summary: .*|")
DIFFERS = 4  # a bit of abidiff's exit status; all others say that it failed or that the soname changed


def build_anchor(include_folder, structs, compiler, output):
    """A library with one function a struct, and with the debug information that abidiff reads."""
    functions = [f"void anchor_{name}(const {name}* value) {{ (void)value; }}" for name in structs]
    text = "\n".join(["#include <knack/abi/knack.h>", *functions, ""])
    command = [compiler, "-std=c11", "-g", "-O0", "-fPIC", "-shared", "-Wl,-soname,anchor.so"]
    command += ["-I", str(include_folder), "-x", "c", "-", "-o", str(output)]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)
    assert_has_debug_information(output)


def assert_has_debug_information(library):
    sections = subprocess.run(["readelf", "--sections", "--wide", str(library)], text=True, capture_output=True)
    if sections.returncode != 0 or ".debug_info" not in sections.stdout:
        raise AssertionError(f"{library} has no .debug_info: abidiff would find every change compatible")


def compare(abidiff, old, new, *options):
    """abidiff's exit status and report."""
    command = [abidiff, "--no-added-syms", "--harmless", *options, str(old), str(new)]
    result = subprocess.run(command, text=True, capture_output=True)
    if result.returncode & ~DIFFERS:
        raise AssertionError(f"abidiff ended with {result.returncode}: {result.stdout}{result.stderr}")
    return result.returncode, result.stdout


def breaking_lines(report):
    """Those lines of a report of --leaf-changes-only that say more than: structs have grown at their ends."""
    breaking, end = [], 0
    for line in map(str.strip, report.splitlines()):
        grown, inserted = GROWN.fullmatch(line), INSERTED.match(line)
        if grown and int(grown[1]) < int(grown[2]):
            end = int(grown[1])
        elif not COUNTS.fullmatch(line) and not (inserted and int(inserted[1]) >= end > 0):
            breaking.append(line)
    return breaking


def problems(old_include, new_include, minor_grew, abidiff, compiler):
    """Why plugins built with the old headers would break in a host of the new ones: lines of text, none when fine."""
    structs = abi_surface.structs(abi_surface.surface(old_include))
    with tempfile.TemporaryDirectory() as folder:
        old, new = (pathlib.Path(folder, name, "anchor.so") for name in ("old", "new"))
        for include, library in ((old_include, old), (new_include, new)):
            library.parent.mkdir()
            try:
                build_anchor(include, structs, compiler, library)
            except subprocess.CalledProcessError as error:
                return [f"a struct is gone: {error.stderr}"]
        differs, report = compare(abidiff, old, new, "--leaf-changes-only")
        if not differs:
            # Members of unnamed unions and parameters of functions are in the full report alone.
            differs, report = compare(abidiff, old, new)
            return report.splitlines() if differs else []
        found = breaking_lines(report)
        if not found and not minor_grew:
            found = ["a struct has grown, and KNACK_ABI_MINOR is as before:", *report.splitlines()]
        return found
