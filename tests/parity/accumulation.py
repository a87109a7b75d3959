# SPDX-License-Identifier: MIT
"""Accumulating micro-batches of 15 + 15 + 2 samples must equal the 32-sample step (an MLP, so no BatchNorm).

Training data are 32 samples: one window, one optimizer step an epoch, five epochs. knack trains both ways; the two
results are compared with each other and with the reference. Exit status as in compare.py.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from compare import DTYPES, Table, compare_run, load_final_sets, run_knack, run_reference, worst_tensor

from cases import initial_seed, mlp_recipe
from reference.models import write_initial_weights

TOLERANCE = {"fp32": 1e-6, "fp64": 1e-12}


def compare_accumulation(knack: str, precision: str, folder: Path) -> bool:
    whole = mlp_recipe(precision, batch_size=32, accumulate=1)
    parts = mlp_recipe(precision, batch_size=15, accumulate=3)
    write_initial_weights(whole["model"], initial_seed("accumulate"), folder / whole["model"]["weights"])
    table, tolerance = Table(f"15+15+2 {precision}"), TOLERANCE[precision]
    runs = {name: run_knack(knack, recipe, folder) for name, recipe in (("whole", whole), ("parts", parts))}
    distance, tensor = worst_tensor(load_final_sets(runs["parts"])["live"], load_final_sets(runs["whole"])["live"])
    table.add("parts, whole", tensor, distance, tolerance)
    compare_run(table, runs["parts"], run_reference(whole, precision, folder), tolerance)
    return table.agrees


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knack", required=True, help="the knack binary")
    parser.add_argument("--precision", choices=DTYPES, default="fp32")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knack-parity-") as folder:
        return 0 if compare_accumulation(options.knack, options.precision, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
