# SPDX-License-Identifier: MIT
"""Recipes on the network of plugins/scripted_net.cpp, and what a run of them left."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
import weakref
from pathlib import Path

from safetensors.torch import load_file

from reference.tricks import State

BUFFERS = {
    *("norm.running_mean", "norm.running_var", "norm.num_batches_tracked"),
    *("ticks", "odd", "bytes", "member", "drawn"),
}


def recipe(precision: str, tricks: list[dict], epochs: int, batches: int, **sections: dict) -> dict:
    """`batches` batches of 8 samples an epoch; `sections` are merged into those of the same name."""
    data = {"use": "synthetic", "channels": 1, "height": 2, "width": 4, "num_classes": 4, "seed": 3}
    made = {
        "name": "scripted",
        "model": {"use": "scripted"},
        "data": {
            "train": {**data, "samples": 8 * batches, "batch_size": 8},
            "valid": {**data, "samples": 8, "offset": 8 * batches, "batch_size": 8},
        },
        "objective": {"use": "scripted"},
        "optimizer": {"use": "sgd", "lr": 0.5, "momentum": 0.9},
        "trainer": {"epochs": epochs, "seed": 1, "device": "cpu", "precision": precision, "threads": 1},
        "tricks": tricks,
    }
    made["trainer"].update({"monitor": "score", "mode": "max"})
    for name, options in sections.items():
        made[name] = {**made[name], **options}
    return made


class Run:
    """A finished run in a temporary folder that goes when this does."""

    knack = plugins = ""

    def __init__(self, run_recipe: dict):
        folder = tempfile.mkdtemp(prefix="knack-parity-")
        weakref.finalize(self, shutil.rmtree, folder)
        path, self.path = Path(folder, "recipe.json"), Path(folder, "run")
        path.write_text(json.dumps(run_recipe, indent=2), encoding="utf-8")
        command = [self.knack, "train", str(path), "--run-dir", str(self.path), "--plugin-path", self.plugins]
        finished = subprocess.run([*command, "--quiet"], text=True, capture_output=True)
        if finished.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {finished.returncode}:\n{finished.stderr}")

    def facts(self, trick: str) -> dict:
        """What a trick told summary.json."""
        return json.loads((self.path / "final" / "summary.json").read_text())["tricks"][trick]

    def final(self, name: str) -> State:
        return load_file(self.path / "final" / f"{name}.safetensors")

    def window(self, number: int, name: str = "live") -> State:
        """A set after a window; needs the trick `trajectory`."""
        return load_file(self.path / "plugins" / "trajectory" / str(number) / f"{name}.safetensors")


def main(description: str) -> None:
    """Runs the tests of the calling script with --knack and --plugins."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--knack", required=True, help="the knack binary")
    parser.add_argument("--plugins", required=True, help="the folder of the plugins in tests/parity/plugins")
    options, others = parser.parse_known_args()
    Run.knack, Run.plugins = options.knack, options.plugins
    unittest.main(argv=[sys.argv[0], *others])
