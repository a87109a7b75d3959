# SPDX-License-Identifier: MIT
"""Runs of the finished `knack` whose weights and predictions are exchanged with Python.

Scripts that use this are called with the path of `knack` and then as any unittest, by a Python with torch and
safetensors; without those they end with status 77, which CTest shows as skipped.
"""

import json
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import safetensors.torch
    import torch
except ImportError as missing:
    print(f"skipped: {missing}; tests/parity/requirements.txt names the packages")
    sys.exit(77)

KNACK = sys.argv.pop(1)
ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "configs" / "data" / "digits"
CONVERTER = ROOT / "scripts" / "convert_pth.py"
USAGE, RECIPE, DATA = 2, 3, 5  # exit codes
TRICKS = [
    {"use": "ema", "decay": 0.9},
    {"use": "precise_bn", "samples": 96},
    {"use": "weight_average", "best": 2},
]


def digits(split, first, last, batch_size):
    section = {"use": "idx", "root": str(DIGITS), "split": split, "range": [first, last], "batch_size": batch_size}
    return {**section, "workers": 0}


def small_recipe(**sections):
    """A small network on handwritten digits with the weight sets live, ema and average; takes half a second."""
    recipe = {
        "name": "small",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True},
        "data": {
            "train": {**digits("train", 0, 96, 32), "shuffle": True},
            "valid": digits("train", 1200, 1250, 32),
            "test": digits("test", 0, 70, 32),
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
        "trainer": {"epochs": 2, "threads": 1, "monitor": "loss"},
        "tricks": TRICKS,
    }
    for name, section in sections.items():
        recipe[name] = {**recipe.get(name, {}), **section} if isinstance(section, dict) else section
    return recipe


def same(ours, theirs):
    """Whether two state dicts have the same names, dtypes and bits."""
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype and torch.equal(ours[name], theirs[name]) for name in ours
    )


class Case(unittest.TestCase):
    """Tests that share a folder."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name).resolve()

    @classmethod
    def knack(cls, *words, most_bytes=None):
        """The finished process; a file of more than `most_bytes` cannot be written."""

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        return subprocess.run(
            [KNACK, *map(str, words)],
            cwd=cls.folder,
            env={"HOME": str(cls.folder), "CI": "1", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"},
            preexec_fn=limit if most_bytes else None,
            capture_output=True,
            text=True,
            timeout=300,
        )

    @classmethod
    def run_well(cls, *words):
        """Standard output of a command that must succeed."""
        process = cls.knack(*words)
        if process.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: status {process.returncode}\n{process.stderr}")
        return process.stdout

    def refusal(self, status, *words, **limits):
        """Standard error of a command that must end with this status and print no result."""
        process = self.knack(*words, **limits)
        self.assertEqual(process.returncode, status, process.stderr)
        self.assertEqual(process.stdout, "")
        return process.stderr

    @classmethod
    def train(cls, recipe, name="run"):
        """The folder of the run."""
        file = cls.folder / f"{name}.json"
        file.write_text(json.dumps(recipe))
        cls.run_well("train", file, "--run-dir", cls.folder / name, "--quiet")
        return cls.folder / name

    @classmethod
    def evaluate(cls, run, *words):
        return json.loads(cls.run_well("eval", run, "--json", *words))

    def predictions(self, run, *words):
        """The tensors that `knack eval --predictions` writes."""
        file = self.folder / "predictions.safetensors"
        self.run_well("eval", run, "--predictions", file, "--force", *words)
        return safetensors.torch.load_file(file)

    def assert_no_temporaries(self, folder=None):
        self.assertEqual([path for path in (folder or self.folder).rglob(".*") if path.suffix == ".tmp"], [])
