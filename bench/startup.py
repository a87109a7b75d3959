#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Start-up: a whole process that trains one step, knack against Python, in turn."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BATCH = 64

PEER = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
from reference.data import load_batches
from reference.models import ResNet20
images, labels = load_batches({"root": sys.argv[2], "split": "train", "range": [0, 64], "batch_size": 64},
                              torch.float32)[0]
torch.set_num_threads(1)
model = ResNet20(1, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)
torch.nn.functional.cross_entropy(model(images), labels).backward()
optimizer.step()
"""


def recipe(folder: Path) -> Path:
    """One step on the digits data, with one sample to evaluate."""
    data = {"use": "idx", "root": str(ROOT / "configs/data/digits"), "split": "train", "workers": 0}
    path = folder / "recipe.json"
    path.write_text(
        json.dumps(
            {
                "model": {"use": "resnet20", "in_channels": 1},
                "data": {
                    "train": {**data, "range": [0, BATCH], "batch_size": BATCH},
                    "valid": {**data, "range": [BATCH, BATCH + 1]},
                },
                "objective": {"use": "cross_entropy"},
                "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
                "trainer": {"epochs": 1, "threads": 1},
            }
        )
    )
    return path


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--knack", type=Path, default=ROOT / "build/release/bin/knack")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()

    knack, python = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = recipe(Path(folder))
        data = str(ROOT / "configs/data/digits")
        peer = [sys.executable, "-c", PEER, str(ROOT / "tests/parity"), data]
        for number in range(-1, arguments.rounds):
            run_folder = Path(folder) / f"run{number}"
            ours = seconds([str(arguments.knack), "train", str(path), "--run-dir", str(run_folder)])
            theirs = seconds(peer)
            if number >= 0:  # the first round fills the page cache
                knack.append(ours)
                python.append(theirs)
    ratios = [ours / theirs for ours, theirs in zip(knack, python)]
    lower, median, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    print(f"knack {statistics.median(knack):.3f} s, Python {statistics.median(python):.3f} s")
    print(f"ratio {median:.3f} [{lower:.3f} {upper:.3f}], target <= 0.15")


if __name__ == "__main__":
    main()
