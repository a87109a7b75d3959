# SPDX-License-Identifier: MIT
"""Checks the rules of this repository that a compiler cannot see.

usage: repository_rules.py ROOT
Prints one line a violation (`file:line: what is wrong`) and exits with 1 if there is any.
"""

import pathlib
import re
import sys

# What a folder may include besides itself and libraries that are no part of the table.
# `sdk/X` is sdk/include/knack/X, "torch" is LibTorch, "c++" is the C++ standard library.
SDK = {"sdk/abi", "sdk/sdk", "c++"}
HOST_BASE = {"sdk/abi", "torch", "c++", "host/common", "host/recipe"}
HOST_PARTS = {"host/plugin", "host/weights", "host/data", "host/checkpoint", "host/archive", "host/report", "host/ui", "host/services"}
ALLOWED = {
    "sdk/abi": set(),
    "sdk/c": {"sdk/abi"},
    "sdk/sdk": SDK,
    "sdk/testing": SDK,
    "sdk/torch": SDK | {"torch"},
    "plugins": SDK | {"sdk/testing"},
    "models": SDK | {"sdk/testing", "sdk/torch", "torch"},
    "host/common": HOST_BASE - {"host/recipe"},
    "host/recipe": HOST_BASE,
    "host/torch_headers": {"torch"},
    "host/plugin": HOST_BASE,
    "host/checkpoint": HOST_BASE,
    "host/ui": HOST_BASE,
    "host/data": HOST_BASE | {"host/plugin"},
    "host/archive": HOST_BASE | {"host/plugin", "host/checkpoint"},
    "host/weights": HOST_BASE | {"host/plugin", "host/archive"},
    "host/report": HOST_BASE | {"host/checkpoint"},
    "host/services": HOST_BASE | {"host/plugin", "host/weights", "host/data"},
    "host/train": HOST_BASE | HOST_PARTS,
    "host/run": HOST_BASE | HOST_PARTS | {"host/train"},
    "host/explain": HOST_BASE | HOST_PARTS | {"host/train"},
    "host/doctor": HOST_BASE | {"host/plugin", "host/ui"},
    "host/validate": HOST_BASE | HOST_PARTS | {"host/train", "host/run"},
    "host/ablate": HOST_BASE | {"host/checkpoint", "host/report", "host/ui"},
    "host/app": HOST_BASE | HOST_PARTS | {"host/ablate", "host/train", "host/run", "host/validate", "host/doctor", "host/explain"},
}

# The host knows no plugin by name, so none of these may stand in it as a string.
TRICK_IDS = "ema weight_average accumulate precise_bn no_weight_decay".split()
PLUGIN_IDS = TRICK_IDS + "resnet20 mlp idx synthetic cross_entropy sgd adamw".split()

C_FAMILY = {".c", ".h", ".cpp", ".hpp"}
LONGEST_FILE = 410
SOURCE_FOLDERS = ("sdk", "host", "plugins", "models", "tests", "bench", "scripts", ".ci")
LICENSE_LINE = re.compile(r"(//|#|/\*) SPDX-License-Identifier: MIT( \*/)?$")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
PLUGIN_ID = re.compile('"(%s)"' % "|".join(PLUGIN_IDS))


def part_of(path):
    """The name in ALLOWED under which a path relative to the root falls, or None outside the table.

    Every plugin and every model family is a part of its own: `plugins/tricks/ema`, `models/resnet`.
    """
    folders = path.parts[:-1]
    if folders[:3] == ("sdk", "include", "knack"):
        return "/".join(("sdk",) + folders[3:4])
    depth = {"host": 2, "models": 2, "plugins": 3}.get(folders[0] if folders else None)
    return "/".join(folders[:depth]) if depth else None


def included_part(root, file, bracket, name):
    """The part that an #include in `file` reaches, or None for a library outside the table."""
    if re.match(r"(torch|ATen|c10|caffe2)/", name):
        return "torch"
    if name.startswith("knack/"):
        return part_of(pathlib.PurePath("sdk/include", name))
    if bracket == "<":
        return "c++" if re.fullmatch(r"[a-z_0-9]+", name) else None
    beside = (root / file).parent / name
    if beside.exists():
        return part_of(beside.resolve().relative_to(root))
    return part_of(pathlib.PurePath(name))


def rules_of(part):
    """The entry of ALLOWED for a part, or None if the table does not have it."""
    return ALLOWED.get(part if part.startswith(("sdk", "host")) else part.split("/")[0])


def check_includes(root, file, lines):
    part = part_of(file)
    if part is None:
        return
    allowed = rules_of(part)
    if allowed is None:
        yield 1, f"{part} is not in the table of what may include what"
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        reached = match and included_part(root, file, *match.groups())
        if reached and reached != part and reached not in allowed:
            yield number, f"{part} must not include {reached} ({match.group(2)})"


def check_plugin_ids(_, file, lines):
    if file.parts[0] == "host":
        for number, line in enumerate(lines, 1):
            for match in PLUGIN_ID.finditer(line.split("//")[0]):
                yield number, f"the host names the plugin {match.group()}"


def check_license(_, file, lines):
    first = lines[1:2] if lines[:1] and lines[0].startswith("#!") else lines[:1]
    if not first or not LICENSE_LINE.match(first[0]):
        yield 1, "does not begin with an SPDX-License-Identifier line"


def check_length(_, file, lines):
    if len(lines) > LONGEST_FILE:
        yield len(lines), f"has more than {LONGEST_FILE} lines; find the better cut"


def sources(root):
    """Every source file as (path relative to the root, lines); scripts are known by their first line."""
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            if path.suffix in C_FAMILY | {".py", ".rs", ".sh"} or path.read_bytes()[:2] == b"#!":
                yield path.relative_to(root), path.read_text(encoding="utf-8").splitlines()


def violations(root):
    """All violations below `root`, as lines of text."""
    root = pathlib.Path(root).resolve()
    for file, lines in sources(root):
        checks = [check_license, check_length]
        if file.suffix in C_FAMILY:
            checks += [check_includes, check_plugin_ids]
        for check in checks:
            for number, text in check(root, file, lines):
                yield f"{file}:{number}: {text}"


if __name__ == "__main__":
    found = list(violations(sys.argv[1]))
    print("\n".join(found) or "no violations")
    sys.exit(bool(found))
