# SPDX-License-Identifier: MIT
"""Trains with tricks by other compilers: each must publish the same moving average as the built-in `ema`.

usage: other_compilers_test.py KNACK PLUGIN_FOLDER TRICK...
"""

import array
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

ARGUMENTS = sys.argv[1:]
DECAY = 0.9


def recipe(tricks):
    data = {"use": "synthetic", "channels": 1, "height": 8, "width": 8, "noise": 0.8}
    return {
        "name": "other_compilers",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True},
        "data": {
            "train": {**data, "samples": 256, "batch_size": 32, "shuffle": True},
            "valid": {**data, "samples": 64, "offset": 256, "batch_size": 64},
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
        "trainer": {"epochs": 2, "seed": 1},
        "tricks": [{"use": "ema", "decay": DECAY, "schedule": "constant"}] + tricks,
    }


def tensors(path):
    """Name to (dtype, raw bytes) of a safetensors file."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], content[end + entry["data_offsets"][0] : end + entry["data_offsets"][1]])
        for name, entry in header.items()
    }


class OtherCompilers(unittest.TestCase):
    def train(self, tricks):
        """The final weight sets, by name."""
        knack, plugins = ARGUMENTS[:2]
        with tempfile.TemporaryDirectory() as folder:
            run = pathlib.Path(folder, "run")
            path = pathlib.Path(folder, "recipe.json")
            path.write_text(json.dumps(recipe(tricks)), encoding="utf-8")
            command = [knack, "train", str(path), "--run-dir", str(run), "--plugin-path", plugins, "--quiet"]
            result = subprocess.run(command, text=True, capture_output=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            return {file.stem: tensors(file) for file in run.glob("final/*.safetensors")}

    def assert_same_average(self, got, expected):
        self.assertEqual(got.keys(), expected.keys())
        self.assertGreater(len(got), 8)
        for name, (dtype, content) in expected.items():
            self.assertEqual(got[name][0], dtype, name)
            if dtype != "F32":
                self.assertEqual(got[name][1], content, name)
                continue
            ours, theirs = array.array("f", got[name][1]), array.array("f", content)
            difference = math.dist(ours, theirs)
            # A compiler may fuse multiplication and addition; nothing more may differ.
            self.assertLessEqual(difference, 1e-6 * math.hypot(*theirs), name)

    def test_each_publishes_the_average(self):
        for trick in ARGUMENTS[2:]:
            with self.subTest(trick):
                sets = self.train([{"use": trick, "decay": DECAY}])
                self.assert_same_average(sets[trick], sets["ema"])

    def test_c_works_through_the_operators_of_the_host_too(self):
        sets = self.train([{"use": "c_ema", "decay": DECAY, "in_memory": False}])
        self.assertEqual(sets["c_ema"], sets["ema"])
        self.assertNotEqual(sets["c_ema"], sets["live"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
