# SPDX-License-Identifier: MIT
"""Measures how far two correct runs drift apart by rounding alone: the ground under the tolerances of compare.py.

Every case is trained as compare.py trains it and then again with one thing changed that changes rounding only
(two threads, a for-loop instead of the fused optimizer kernel, channels_last), and once unchanged. The table gives
the worst relative L2 distance of any tensor of any final set; `!` means that the average chose other epochs.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from cases import TRICKS, initial_seed, resnet_recipe
from compare import DTYPES, relative_l2
from reference.models import write_initial_weights
from reference.train import Result, train

VARIANTS = {
    "again": {},
    "2 threads": {},
    "loop optimizer": {"kernel": "loop"},
    "channels_last": {"memory_format": torch.channels_last},
}


def worst_distance(a: Result, b: Result) -> float:
    return max(
        relative_l2(evaluated.state[name], tensor)
        for key, evaluated in a.sets.items()
        for name, tensor in b.sets[key].state.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=DTYPES, default="fp32")
    parser.add_argument("--case", choices=TRICKS, action="append")
    parser.add_argument("--lr", type=float, help="learning rate in place of the case's own")
    options = parser.parse_args()
    print(f"{'case':22}{'seconds':>8}" + "".join(f"{name:>16}" for name in VARIANTS) + "  average, top1")
    with tempfile.TemporaryDirectory() as folder:
        for case in options.case or TRICKS:
            recipe = resnet_recipe(case, options.precision)
            if options.lr:
                recipe["optimizer"] = {**recipe["optimizer"], "lr": options.lr}
            recipe["model"]["weights"] = str(Path(folder) / "initial.safetensors")
            write_initial_weights(recipe["model"], initial_seed(case), recipe["model"]["weights"])
            torch.set_num_threads(1)
            start = time.monotonic()
            base = train(recipe, DTYPES[options.precision])
            seconds = time.monotonic() - start
            line = f"{case:22}{seconds:8.1f}"
            for name, variant in VARIANTS.items():
                torch.set_num_threads(2 if name == "2 threads" else 1)
                other = train(recipe, DTYPES[options.precision], **variant)
                same = "" if other.average_epochs == base.average_epochs else "!"
                line += f"{worst_distance(base, other):15.1e}{same or ' '}"
            top1 = [f"{epoch['live'].top1:.3f}" for epoch in base.epochs]
            print(line, base.average_epochs, " ".join(top1), flush=True)


if __name__ == "__main__":
    main()
