# SPDX-License-Identifier: MIT
"""The trick in README.md is the one that is built and tested: readme_example.py ROOT"""
import pathlib
import re
import sys

MARKED_BLOCK = re.compile(r"<!-- (\S+) -->\n```\w+\n(.*?)\n```\n", re.DOTALL)

root = pathlib.Path(sys.argv[1])
blocks = MARKED_BLOCK.findall((root / "README.md").read_text())
differing = [file for file, text in blocks if (root / file).read_text().rstrip() != text]
for file in differing:
    print(f"README.md: the block marked {file} is not what that file holds")
sys.exit(1 if differing or not blocks else 0)
