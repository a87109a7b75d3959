# SPDX-License-Identifier: MIT
"""Today's plugins train in a host of the oldest minor that they ask for: it has its number and lacks what came later.

usage: old_host_test.py REPOSITORY KNACK PLUGIN_FOLDER
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT, KNACK, FOLDER = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
sys.path.insert(0, str(ROOT / "tests/abi"))

from plugin_file import manifest  # noqa: E402  (needs the path above)

CHECK = "behaviour.works_in_its_oldest_host"
DIGITS = {"use": "idx", "root": str(ROOT / "configs/data/digits"), "batch_size": 32}
# The dataset idx has no default: it must be told where files are.
RECIPES = {
    "idx": {
        "name": "old_host",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10},
        "data": {
            "train": {**DIGITS, "split": "train", "range": [0, 320]},
            "valid": {**DIGITS, "split": "test", "range": [0, 64]},
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.1},
        "trainer": {"epochs": 1},
    }
}


def verdicts(plugin, recipe):
    """(verdict, reason) of the check for each thing in the file, by kind and id."""
    with tempfile.TemporaryDirectory() as folder:
        command = [KNACK, "plugins", "validate", str(plugin), "--json", "--include", f"^{CHECK}$"]
        if recipe:
            path = pathlib.Path(folder, "recipe.json")
            path.write_text(json.dumps(recipe), encoding="utf-8")
            command += ["--recipe", str(path)]
        result = subprocess.run(command, text=True, capture_output=True)
    if not result.stdout.startswith("{"):
        raise AssertionError(f"knack ended with {result.returncode}: {result.stdout}{result.stderr}")
    checks = json.loads(result.stdout)["files"][0]["checks"]
    return {(check["kind"], check["id"]): (check["verdict"], check["reason"]) for check in checks}


class OldHost(unittest.TestCase):
    plugins = sorted(FOLDER.glob("*.so"))

    def test_all_plugins_of_this_tree_ask_for_the_first_minor(self):
        self.assertGreater(len(self.plugins), 10)
        for plugin in self.plugins:
            with self.subTest(plugin.name):
                self.assertEqual(manifest(plugin)["abi_minor"], 0)

    def test_they_train_in_a_host_of_it(self):
        for plugin in self.plugins:
            with self.subTest(plugin.name):
                found = verdicts(plugin, RECIPES.get(plugin.stem))
                self.assertIn("passed", [verdict for verdict, _ in found.values()], found)
                self.assertNotIn("failed", [verdict for verdict, _ in found.values()], found)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
