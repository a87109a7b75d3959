# SPDX-License-Identifier: MIT
"""What the exactness tests of single tricks share: short recipes, knack's runs of them, and checks by relative L2."""

import argparse
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy
    import torch
    from safetensors.torch import load_file, save_file
    from torch import nn

    from compare import DTYPES, State, relative_l2, run_knack, worst_tensor
    from reference.data import load_batches
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import digits


def write_idx(path: Path, values: torch.Tensor) -> None:
    """Unsigned bytes as an IDX file, see reference/data.py."""
    header = b"\0\0\x08" + bytes([values.dim()]) + numpy.array(values.shape, dtype=">u4").tobytes()
    path.write_bytes(header + values.to(torch.uint8).numpy().tobytes())


class ExactnessTest(unittest.TestCase):
    """A folder for each test, and knack in it."""

    knack = ""
    plugins: list[str] = []

    def setUp(self):
        torch.set_num_threads(1)
        self._folder = tempfile.TemporaryDirectory(prefix="knack-exactness-")
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self._runs = 0

    def recipe(self, model: dict, precision: str, train: dict, tricks: list[dict], **more: dict) -> dict:
        """One epoch of SGD; sections in `more` are merged into the recipe's."""
        recipe = {
            "model": model,
            "data": {"train": {"shuffle": False, **train}, "valid": digits(1200, 1232, 32)},
            "objective": {"use": "cross_entropy"},
            "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.0},
            "trainer": {"epochs": 1, "seed": 1, "device": "cpu", "precision": precision, "threads": 1},
            "tricks": tricks,
            "plugins": {"path": self.plugins},
        }
        for section, values in more.items():
            recipe[section] = {**recipe[section], **values}
        return recipe

    def write_weights(self, model: nn.Module) -> str:
        """Initial weights for `model.weights`; tied parameters once, under their first name."""
        state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        copies = {name: tensor.detach().clone() for name, tensor in state.items()}
        save_file(copies, self.folder / "initial.safetensors")
        return "initial.safetensors"

    def train(self, recipe: dict) -> Path:
        """Trains and returns the run folder."""
        self._runs += 1
        return run_knack(self.knack, {"name": f"run{self._runs}", **recipe}, self.folder)

    def final(self, run: Path, weight_set: str = "live") -> State:
        return load_file(run / "final" / f"{weight_set}.safetensors")

    def assert_close(self, found: State, expected: State, tolerance: float, what: str = "") -> None:
        """Relative L2 of each tensor; names, element types and integers are the same."""
        distance, name = worst_tensor(found, expected)
        self.assertLessEqual(distance, tolerance, f"{what} {name}")

    def assert_same_bits(self, found: State, expected: State) -> None:
        self.assertEqual(found.keys(), expected.keys())
        for name in expected:
            same = found[name].dtype == expected[name].dtype and found[name].equal(expected[name])
            self.assertTrue(same, name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--knack", required=True, help="the knack binary")
    parser.add_argument("--plugins", action="append", default=[], help="folders of the tests' own plugins")
    options, rest = parser.parse_known_args()
    ExactnessTest.knack, ExactnessTest.plugins = options.knack, options.plugins
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])
