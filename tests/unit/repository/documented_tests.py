# SPDX-License-Identifier: MIT
"""Every test that docs/reliability.md names is one that is run: documented_tests.py ROOT FOLDER

FOLDER is a build folder; ctest lists its tests. The fuzzers, which have a build of their own, are listed by tests/fuzz.
"""
import json
import pathlib
import re
import subprocess
import sys

PROMISED = re.compile(r"\|[^|]*\| (`[^|]*`) \|")
NAME = re.compile(r"`([A-Za-z_]+(?:\.[A-Za-z_0-9]+)*)`")


root, folder = pathlib.Path(sys.argv[1]), sys.argv[2]
listed = subprocess.run(
    ["ctest", "--test-dir", folder, "--show-only=json-v1"], check=True, capture_output=True, text=True
)
known = [test["name"] for test in json.loads(listed.stdout)["tests"]]
fuzzers = re.findall(r"^knack_fuzzer\((\w+) ", (root / "tests" / "fuzz" / "CMakeLists.txt").read_text(), re.MULTILINE)
known = "\n".join(known + [f"Fuzz.{name}" for name in fuzzers])

cells = PROMISED.findall((root / "docs" / "reliability.md").read_text())
named = [name for cell in cells for name in NAME.findall(cell)]
missing = [name for name in named if not re.search(rf"^(.*/)?{re.escape(name)}\b", known, re.MULTILINE)]
for name in missing:
    print(f"docs/reliability.md names {name}, which is no test")
sys.exit(1 if missing or len(named) < 30 else 0)
