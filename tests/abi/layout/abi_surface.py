# SPDX-License-Identifier: MIT
"""The names, types and values of the ABI headers, and whether they are still those that were released.

usage: abi_surface.py check INCLUDE_FOLDER SINCE GOLDEN...          fails if a name of the headers is not in SINCE or
                                                                    differs from it, or a field has no assertion in any
                                                                    GOLDEN
       abi_surface.py since INCLUDE_FOLDER SINCE VERSION            adds the new names to SINCE, with VERSION
       abi_surface.py golden INCLUDE_FOLDER SINCE VERSION COMPILER  prints the assertions for what came with VERSION

A line of SINCE is a version, a name and what it is: `1.0 knack_value_t.tag: uint32_t`.
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

# Their values are meant to change; the others are what plugins were compiled with.
CHANGING = {"KNACK_ABI_MINOR", "KNACK_VERSION_STRING"}
# Elements of arrays and the head of every instance, which never grow.
FROZEN = {"knack_string_t", "knack_value_t", "knack_named_value_t", "knack_instance_t"}
# Laid out by others: those of DLPack 1.
FROZEN |= {f"knack_dl_{name}_t" for name in "version device data_type tensor managed managed_unversioned".split()}


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def fields(body):
    """(name, type) of each member; members of a nested union come after it as `union.member`."""
    nested = re.search(r"union\s*\{(.*?)\}\s*(\w+);", body, re.S)
    if nested:
        inner = [(f"{nested[2]}.{name}", kind) for name, kind in fields(nested[1])]
        return fields(body[: nested.start()]) + [(nested[2], "union")] + inner + fields(body[nested.end() :])
    members = []
    for declaration in filter(None, map(one_line, body.split(";"))):
        slot = re.fullmatch(r"(.*)\(\*(\w+)\)\((.*)\)", declaration)
        plain = re.fullmatch(r"(.*[ *])(\w+)", declaration)
        if slot:
            members.append((slot[2], f"{slot[1].strip()} (*)({slot[3]})"))
        else:
            members.append((plain[2], plain[1].strip()))
    return members


def macros(text):
    for name, arguments, value in re.findall(r"^#define (KNACK_\w+)(\([^)]*\))?[ \t]*(.*)$", text, re.M):
        if name.endswith("_H"):
            continue
        is_constant = re.fullmatch(r'\d+u?|"[^"]*"', value.strip()) and name not in CHANGING
        yield name, "macro" + arguments + (f" {value.strip()}" if is_constant else "")


def surface(include_folder):
    """Name to description, in the order of the headers."""
    found = {}
    for path in sorted(pathlib.Path(include_folder).glob("knack/abi/**/*.h")):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        found.update(macros(text))
        for _, body, name in re.findall(r"typedef struct (\w+) \{(.*?)\n\} (\w+);", text, re.S):
            found[name] = "struct"
            found.update({f"{name}.{field}": kind for field, kind in fields(body)})
        for kind, name in re.findall(r"^typedef (struct \w+) (\w+);", text, re.M):
            found[name] = kind
        for result, name, arguments in re.findall(r"^typedef (\w+) \(\*(\w+)\)\(([^;]*)\);", text, re.M):
            found[name] = f"{result} (*)({one_line(arguments)})"
    return found


def read_since(path):
    """Name to (version, description)."""
    entries = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            version, name, description = re.fullmatch(r"(\d+\.\d+) ([\w.]+): (.*)", line).groups()
            entries[name] = (version, description)
    return entries


def structs(found):
    return [name for name, description in found.items() if description == "struct"]


def fields_of(found, struct):
    """Fields that offsetof takes: not those of a nested union."""
    return [name.split(".", 1)[1] for name in found if re.fullmatch(struct + r"\.\w+", name)]


def check(include_folder, since_path, *golden_paths):
    found, since = surface(include_folder), read_since(since_path)
    problems = [f"{name} is not in {since_path}" for name in found if name not in since]
    problems += [f"{name} is in {since_path} and no longer in the headers" for name in since if name not in found]
    for name, description in found.items():
        if name in since and since[name][1] != description:
            problems.append(f"{name} was `{since[name][1]}` and is `{description}`")
    golden = "".join(pathlib.Path(path).read_text(encoding="utf-8") for path in golden_paths)
    for struct in structs(found):
        for field in fields_of(found, struct):
            if f"KNACK_GOLDEN_OFFSET({struct}, {field}, " not in golden:
                problems.append(f"{struct}.{field} has no assertion in {golden_paths[-1]}")
    print("\n".join(problems) or f"{len(found)} names are as released")
    return 1 if problems or not found else 0


def add_since(include_folder, since_path, version):
    since = read_since(since_path)
    with open(since_path, "a", encoding="utf-8") as file:
        for name, description in surface(include_folder).items():
            if name not in since:
                file.write(f"{version} {name}: {description}\n")
    return 0


def print_golden(include_folder, since_path, version, compiler):
    since = read_since(since_path)
    found = {name: kind for name, kind in surface(include_folder).items() if since[name][0] == version}
    lines = ["#include <knack/abi/knack.h>", "#include <stddef.h>", "#include <stdio.h>", "int main(void) {"]
    for struct in structs(found):
        size = "SIZE" if struct in FROZEN else "LEAST_SIZE"
        lines.append(f'printf("\\nKNACK_GOLDEN_{size}({struct}, %zu);\\n", sizeof({struct}));')
        for field in fields_of(found, struct):
            text = f"KNACK_GOLDEN_OFFSET({struct}, {field}, %zu);"
            lines.append(f'printf("{text}\\n", offsetof({struct}, {field}));')
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "layout")
        command = [*shlex.split(compiler), "-I", include_folder, "-x", "c", "-", "-o", str(program)]
        subprocess.run(command, input="\n".join([*lines, "return 0; }\n"]), text=True, check=True)
        print(subprocess.run([str(program)], text=True, capture_output=True, check=True).stdout)
    return 0


if __name__ == "__main__":
    COMMANDS = {"check": check, "since": add_since, "golden": print_golden}
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
