#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One thread against two, for the constant kOperationsWorthSharing in host/train/thread_choice.cpp."""

import argparse
import statistics
from pathlib import Path

from train_vs_python import ROOT, run_knack

WORKLOADS = {
    "MLP 8x8, batch 64": {"channels": 1, "size": 8, "batch": 64, "batches": 200, "model": "mlp"},
    "ResNet-20 8x8, batch 32": {"channels": 1, "size": 8, "batch": 32, "batches": 40, "model": "resnet20"},
    "ResNet-20 8x8, batch 64": {"channels": 1, "size": 8, "batch": 64, "batches": 40, "model": "resnet20"},
    "ResNet-20 16x16, batch 64": {"channels": 3, "size": 16, "batch": 64, "batches": 10, "model": "resnet20"},
    "ResNet-20 32x32, batch 128": {"channels": 3, "size": 32, "batch": 128, "batches": 2, "model": "resnet20"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--knack", type=Path, default=ROOT / "build/release/bin/knack")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    arguments = parser.parse_args()
    print(f"{'time of two threads / one':28} {'ratio':>6}  quartiles; less than 1: sharing pays")
    for name in arguments.workload or WORKLOADS:
        work = {**WORKLOADS[name], "epochs": 4, "precision": "fp32", "channels_last": False}
        ratios = []
        for _ in range(arguments.rounds):
            one = run_knack(arguments.knack, work, 1, False)
            ratios.append(one / run_knack(arguments.knack, work, 2, False))
        lower, median, upper = statistics.quantiles(ratios, n=4, method="inclusive")
        print(f"{name:28} {median:6.3f}  [{lower:.3f} {upper:.3f}]", flush=True)


if __name__ == "__main__":
    main()
