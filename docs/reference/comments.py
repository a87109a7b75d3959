# SPDX-License-Identifier: MIT
"""Shows Doxygen the headers' own comments: comments.py HEADER prints it with Doxygen's marks.

A comment after code belongs to that code, one on a line of its own to what follows, and the first one to the file.
"""
import sys


def introduction(lines):
    """The first comment of a C++ header, which is about the file; what is indented in it is code."""
    yield "/// @file"
    in_code = False
    for line in lines:
        text = line.removeprefix("//").removeprefix(" ")
        if text.strip() and text.startswith("  ") != in_code:
            in_code = not in_code
            yield "/// @code" if in_code else "/// @endcode"
        yield "/// " + text
    if in_code:
        yield "/// @endcode"


def marked(lines):
    """The lines with `/**`, `/**<` and `///` where the headers have `/*` and `//`."""
    if lines[0].startswith("// SPDX"):
        end = next(i for i, line in enumerate(lines) if not line.startswith("//"))
        yield from introduction(lines[1:end])
        lines = lines[end:]
    elif lines[0].startswith("/* SPDX"):
        lines = ["/** @file", *lines[1:]]
    for line in lines:
        before, mark, after = line.partition("/*")
        if mark and not after.startswith(("*", "!")):
            line = before + ("/**<" if before.strip() else "/**") + after
        # Doxygen knows inline namespaces, but not this way to write them.
        yield line.replace("namespace knack::inline v1", "namespace knack")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(marked(header.read().split("\n"))))
