# SPDX-License-Identifier: MIT
"""Every subset of the five tricks, 32 of them, against the same tricks composed by hand in the Python reference.

A small convolutional net with BatchNorm learns 232 digits in four epochs of 7 batches of 32 and one of 8, so that
accumulated windows are 3, 3 and 2 unequal micro-batches. Each subset is a run of the knack binary, compared as
compare.py does: every tensor and the validation loss of every final set, and the epochs of the average.

That all agree would mean little if a trick did nothing. So each trick must also tell apart each two subsets that differ
by it alone. In fp32 the bare loop, without tricks, must equal the reference bit for bit.

Exit status as in compare.py.
"""

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from compare import (
    DTYPES,
    TOLERANCE,
    State,
    Table,
    compare_run,
    load_final_sets,
    run_knack,
    run_reference,
    worst_tensor,
)

from cases import digits
from reference.models import write_initial_weights

TRICKS = {
    "no_weight_decay": {},
    "accumulate": {"batches": 3},
    "ema": {"decay": 0.8},
    # 150 is no multiple of the batch size, and less than what the average is refreshed from.
    "precise_bn": {"samples": 150},
    "weight_average": {"best": 2},
}

OPTIMIZERS = {
    "sgd": {"use": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "adamw": {"use": "adamw", "lr": 0.01, "weight_decay": 0.1},
}

# Initial weights such that not all subsets average the same epochs.
INITIAL_SEED = 8

# By how much a trick must change a tensor of the final sets, relative L2, to count as having acted.
EFFECT = 1e-3

Subset = tuple[str, ...]


def subsets() -> Iterator[Subset]:
    """All subsets, each in the order of TRICKS, the empty one first."""
    for size in range(len(TRICKS) + 1):
        yield from itertools.combinations(TRICKS, size)


def subset_recipe(subset: Subset, optimizer: str, precision: str, plugins: Path) -> dict:
    """The recipe of one run; `plugins` is the folder of bench.tiny_cnn."""
    return {
        "name": "_and_".join(subset) or "bare_loop",
        "model": {"use": "bench.tiny_cnn", "weights": "initial.safetensors"},
        "data": {"train": {**digits(0, 232, 32), "shuffle": False}, "valid": digits(1200, 1437, 256)},
        "objective": {"use": "cross_entropy"},
        "optimizer": OPTIMIZERS[optimizer],
        "trainer": {
            "epochs": 4,
            "seed": 1,
            "device": "cpu",
            "precision": precision,
            "threads": 1,
            "monitor": "top1",
            "mode": "max",
        },
        "tricks": [{"use": trick, **TRICKS[trick]} for trick in subset],
        "plugins": {"path": [str(plugins)]},
    }


def largest_effect(sets: dict[str, State], others: dict[str, State]) -> float:
    """How far two runs are apart in the set where that is most; infinite when their sets have other names."""
    if sets.keys() != others.keys():
        return float("inf")
    return max(worst_tensor(sets[name], others[name])[0] for name in sets)


def require_effects(table: Table, final_sets: dict[Subset, dict[str, State]]) -> None:
    """Each trick changes something in each subset that it joins."""
    idle = [
        (trick, "+".join(subset))
        for subset in final_sets
        for trick in TRICKS
        if trick not in subset
        and largest_effect(final_sets[subset], final_sets[tuple(t for t in TRICKS if t in (*subset, trick))]) < EFFECT
    ]
    table.require("without effect", idle, [])


def compare_subsets(knack: str, optimizer: str, precision: str, plugins: Path, folder: Path) -> bool:
    first = subset_recipe((), optimizer, precision, plugins)
    write_initial_weights(first["model"], INITIAL_SEED, folder / first["model"]["weights"])
    agrees, final_sets, averages = True, {}, set()
    for subset in subsets():
        recipe = subset_recipe(subset, optimizer, precision, plugins)
        print(f"\n{recipe['name']}")
        table = Table(f"{optimizer} {precision}")
        run, reference = run_knack(knack, recipe, folder), run_reference(recipe, precision, folder)
        is_exact = not subset and precision == "fp32"
        compare_run(table, run, reference, 0.0 if is_exact else TOLERANCE[precision])
        agrees &= table.agrees
        final_sets[subset] = load_final_sets(run)
        averages.add(tuple(reference.average_epochs))
    table = Table(f"{optimizer} {precision}")
    table.require("subsets", len(final_sets), 32)
    require_effects(table, final_sets)
    table.require("averages differ", len(averages - {()}) > 1, True)
    return agrees and table.agrees


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knack", required=True, help="the knack binary")
    parser.add_argument("--plugins", type=Path, required=True, help="the folder of the plugin bench.tiny_cnn")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, required=True)
    parser.add_argument("--precision", choices=DTYPES, default="fp64")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knack-composition-") as folder:
        agrees = compare_subsets(options.knack, options.optimizer, options.precision, options.plugins, Path(folder))
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
