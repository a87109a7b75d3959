# SPDX-License-Identifier: MIT
"""The plugins of docs/examples in trainings: one of each tier, and one that gives its own derivative.

usage: examples_test.py REPOSITORY KNACK NM FOLDER
"""

import array
import math
import pathlib
import sys
import unittest

ROOT, KNACK, NM, FOLDER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
sys.path.insert(0, str(ROOT / "tests/abi"))

from plugin_file import symbols, tier, wrong_symbols  # noqa: E402  (needs the path above)
from training import Run, relative_difference  # noqa: E402

DATA = {"use": "synthetic", "channels": 1, "height": 8, "width": 8, "noise": 0.3}


def train(tricks=(), lr=0.1, **sections):
    recipe = {
        "name": "examples",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10},
        "data": {
            "train": {**DATA, "samples": 256, "batch_size": 32, "shuffle": True},
            "valid": {**DATA, "samples": 64, "offset": 256, "batch_size": 64},
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": lr, "momentum": 0.9},
        "trainer": {"epochs": 3, "seed": 1, "monitor": "loss", "mode": "min"},
        "tricks": list(tricks),
    }
    return Run(KNACK, {**recipe, **sections}, FOLDER)


def losses(run):
    return [line["loss"] for line in run.metrics if line["split"] == "valid"]


def row_means(weights):
    """Name to the mean of each row of the matrices of an mlp, whose biases give the number of rows."""
    means = {}
    for name, (_, content) in weights.items():
        if name.endswith(".weight"):
            rows = len(weights[name.replace(".weight", ".bias")][1]) // 4
            values = array.array("f", content)
            width = len(values) // rows
            means[name] = [math.fsum(values[row * width : (row + 1) * width]) / width for row in range(rows)]
    return means


class TorchStable(unittest.TestCase):
    def test_gradients_are_centralized(self):
        start = train(lr=1e-30).sets["live"]
        plain, centralized = train().sets["live"], train([{"use": "acme.centralize"}]).sets["live"]
        self.assertGreater(relative_difference(centralized, start), 1e-2)
        for name, before in row_means(start).items():
            self.assertGreater(math.dist(row_means(plain)[name], before), 1e-4)
            self.assertLess(math.dist(row_means(centralized)[name], before), 1e-6)

    def test_it_needs_the_stable_functions_alone(self):
        plugin = FOLDER / "centralize.so"
        self.assertEqual(tier(plugin), "torch-stable")
        needed = symbols(NM, plugin, "--undefined-only")
        self.assertTrue(any(name.startswith(("aoti_torch_", "torch_")) for name in needed), needed)
        self.assertEqual([name for name in needed if "at::" in name or "c10::" in name], [])
        self.assertEqual(wrong_symbols(NM, plugin), [])


class TorchCxx(unittest.TestCase):
    def test_the_model_learns(self):
        run = train(model={"use": "acme.convnet", "in_channels": 1, "width": 8, "num_classes": 10})
        self.assertIn("conv2.weight", run.sets["live"])
        self.assertLess(losses(run)[-1], 0.9 * losses(run)[0])
        self.assertEqual(tier(FOLDER / "convnet.so"), "torch-cxx")


class Autograd(unittest.TestCase):
    def test_a_derivative_by_hand_trains_as_that_of_the_operators(self):
        fused = train(objective={"use": "acme.cross_entropy"})
        plain = train()
        self.assertLess(losses(plain)[-1], 0.9 * losses(plain)[0])
        self.assertLessEqual(relative_difference(fused.sets["live"], plain.sets["live"]), 1e-5)
        for ours, theirs in zip(losses(fused), losses(plain), strict=True):
            self.assertAlmostEqual(ours, theirs, delta=1e-5 * theirs)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
