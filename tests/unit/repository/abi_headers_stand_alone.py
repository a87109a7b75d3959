# SPDX-License-Identifier: MIT
"""Compiles every ABI header alone, without a warning, as C11 and as C++20.

usage: abi_headers_stand_alone.py INCLUDE_FOLDER COMPILER...
A compiler is one argument with its options, such as "clang++ -x c++ -std=c++20 -stdlib=libc++".
"""

import pathlib
import shlex
import subprocess
import sys

WARNINGS = "-pedantic -Wall -Wextra -Werror -fsyntax-only".split()


def compiles(compiler, include_folder, header):
    # The declaration keeps the translation unit from being empty, which C11 forbids.
    source = f"#include <{header}>\ntypedef int knack_stands_alone;\n"
    command = shlex.split(compiler) + WARNINGS + ["-I", str(include_folder), "-"]
    result = subprocess.run(command, input=source, text=True, capture_output=True)
    if result.returncode != 0:
        print(f"{header} does not stand alone under {compiler}:\n{result.stderr}")
    return result.returncode == 0


def main(include_folder, *compilers):
    include_folder = pathlib.Path(include_folder)
    headers = [path.relative_to(include_folder) for path in sorted(include_folder.glob("knack/abi/**/*.h"))]
    results = [compiles(compiler, include_folder, header) for compiler in compilers for header in headers]
    print(f"{results.count(True)} of {len(results)} compilations are clean")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
