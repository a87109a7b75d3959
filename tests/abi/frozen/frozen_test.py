# SPDX-License-Identifier: MIT
"""Each frozen version of the ABI is as it was released, and plugins built against it alone train in today's host.

usage: frozen_test.py REPOSITORY KNACK C_COMPILER
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT, KNACK, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path[:0] = [str(ROOT / "tests/abi"), str(ROOT / "tests/abi/layout")]

import abi_surface  # noqa: E402  (needs the path above)
from training import Run, compile_plugin, plugin_flags  # noqa: E402

VERSIONS = sorted(folder for folder in (ROOT / "sdk/abi").iterdir() if folder.is_dir())
HERE = pathlib.Path(__file__).resolve().parent
HOOKS = 13
RECIPE = {
    "name": "frozen",
    "model": {"use": "frozen.model"},
    "data": {
        "train": {"use": "frozen.dataset", "batch_size": 16, "shuffle": True, "workers": 1},
        "valid": {"use": "frozen.dataset", "batch_size": 32},
    },
    "objective": {"use": "frozen.objective"},
    "optimizer": {"use": "frozen.optimizer", "lr": 0.2},
    "trainer": {"epochs": 4, "monitor": "loss", "mode": "min", "check_plugins": True},
    "tricks": [
        {"use": "frozen.trick"},
        {"use": "ema", "decay": 0.9, "schedule": "constant"},
        {"use": "c_ema", "decay": 0.9, "in_memory": False},
    ],
}


def number(version):
    return tuple(int(part) for part in version.split("."))


class FrozenHeaders(unittest.TestCase):
    def test_there_is_one_folder_a_released_version(self):
        since = abi_surface.read_since(ROOT / "sdk/include/knack/abi/SINCE.txt")
        released = {version for version, _ in since.values()}
        text = (ROOT / "sdk/include/knack/abi/version.h").read_text(encoding="utf-8")
        today = ".".join(re.findall(r"#define KNACK_ABI_M\w+ (\d+)", text))
        self.assertEqual({folder.name for folder in VERSIONS} | {today}, released | {today})

    def test_they_are_as_released(self):
        for folder in VERSIONS:
            listed = folder / "SHA256SUMS"
            lines = listed.read_text(encoding="utf-8").splitlines()
            expected = {name: digest for digest, name in (line.split("  ") for line in lines)}
            files = [path for path in folder.rglob("*") if path.is_file() and path != listed]
            found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
            with self.subTest(folder.name):
                self.assertGreater(len(found), 20)
                self.assertEqual(found, expected)

    def test_they_have_the_names_that_came_until_then(self):
        since = abi_surface.read_since(ROOT / "sdk/include/knack/abi/SINCE.txt")
        for folder in VERSIONS:
            until = number(folder.name)
            expected = {name: kind for name, (version, kind) in since.items() if number(version) <= until}
            with self.subTest(folder.name):
                self.assertGreater(len(expected), 300)
                self.assertEqual(abi_surface.surface(folder), expected)

    def test_they_have_the_golden_offsets(self):
        for folder in VERSIONS:
            golden = f"golden_{folder.name.replace('.', '_')}.h"
            command = [COMPILER, "-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", str(folder)]
            command += ["-x", "c", str(ROOT / "tests/abi/layout" / golden)]
            result = subprocess.run(command, text=True, capture_output=True)
            with self.subTest(folder.name):
                self.assertEqual(result.returncode, 0, result.stderr)


class FrozenPlugins(unittest.TestCase):
    def train(self, headers):
        """A training in which all that can be a plugin of that version is one."""
        sources = {"frozen": sorted(HERE.glob("plugin/*.c")), "c_ema": [HERE.parent / "other_compilers/c_ema.c"]}
        with tempfile.TemporaryDirectory() as folder:
            for name, files in sources.items():
                output = ["-I", headers, *files, "-o", pathlib.Path(folder, f"{name}.so")]
                compile_plugin([COMPILER, "-std=c11", *plugin_flags(ROOT), *output])
            return Run(KNACK, RECIPE, folder)

    def assert_trained(self, run):
        calls = run.summary["tricks"]["frozen.trick"]["calls"]
        self.assertEqual(len(calls), HOOKS + 2)
        self.assertGreater(min(calls), 0, "a hook or a callback that was never called")
        live = [record for record in run.metrics if record["split"] == "valid" and record["weights"] == "live"]
        self.assertLess(live[-1]["loss"], 0.6 * live[0]["loss"])
        self.assertEqual(run.sets["c_ema"], run.sets["ema"])
        self.assertNotEqual(run.sets["ema"], run.sets["live"])
        self.assertIn("frozen", run.sets)

    def test_they_train(self):
        for headers in VERSIONS:
            with self.subTest(headers.name):
                self.assert_trained(self.train(headers))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
