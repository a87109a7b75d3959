#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Samples a second of `knack train` against PyTorch, each in a process of its own, in turn.

Both train on random images that have no files, with the settings that suit PyTorch best on a CPU: channels_last, bf16
autocast where it helps, the fused optimizer, foreach EMA, the same number of threads and the same malloc settings.
The first epoch of each process is not counted. What happens between epochs is not timed, and PyTorch leaves it out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
}
WORKLOADS = {
    "8x8": {"channels": 1, "size": 8, "batch": 64, "batches": 60, "epochs": 4},
    "32x32": {"channels": 3, "size": 32, "batch": 128, "batches": 4, "epochs": 3},
}
WINDOW = 2  # micro-batches a step, with tricks
PRECISE_SAMPLES = 256


def recipe(work: dict, threads: int, tricks: bool) -> dict:
    """The workload in knack's terms; the tricks that act during an epoch, and those that act between epochs."""
    images = {"use": "synthetic", "channels": work["channels"], "height": work["size"], "width": work["size"]}
    samples = work["batch"] * work["batches"]
    models = {
        "resnet20": {"use": "resnet20", "in_channels": work["channels"]},
        "mlp": {"use": "mlp", "in_features": work["channels"] * work["size"] ** 2},
    }
    return {
        "model": models[work["model"]],
        "data": {
            "train": {**images, "samples": samples, "batch_size": work["batch"]},
            "valid": {**images, "samples": work["batch"], "offset": samples, "batch_size": work["batch"]},
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
        "trainer": {
            "epochs": work["epochs"],
            "threads": threads,
            "precision": work["precision"],
            "channels_last": work["channels_last"],
        },
        "tricks": [
            {"use": "no_weight_decay"},
            {"use": "accumulate", "batches": WINDOW},
            {"use": "ema", "decay": 0.99},
            {"use": "precise_bn", "samples": PRECISE_SAMPLES},
            {"use": "weight_average", "best": 2},
        ]
        if tricks
        else [],
    }


def run_knack(knack: Path, work: dict, threads: int, tricks: bool) -> float:
    """Samples a second of the training epochs after the first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.json"
        path.write_text(json.dumps(recipe(work, threads, tricks)))
        command = [str(knack), "train", str(path), "-q", "--run-dir", f"{folder}/run"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in (Path(folder) / "run/metrics.jsonl").read_text().splitlines()]
    rates = [line["samples_per_second"] for line in lines if line["split"] == "train" and line["epoch"] > 1]
    return statistics.median(rates)


def run_python(work: dict, threads: int, tricks: bool) -> float:
    arguments = json.dumps({**work, "threads": threads, "tricks": tricks})
    command = [sys.executable, __file__, "--peer", arguments]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **MALLOC})
    return float(result.stdout)


def peer(work: dict) -> None:
    """The PyTorch side: the same network, batches that are in memory already, and foreach EMA over the whole state."""
    import torch
    from torch.nn.functional import cross_entropy

    sys.path.insert(0, str(ROOT / "tests/parity"))
    from reference.models import ResNet20

    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)
    layout = torch.channels_last if work["channels_last"] else torch.contiguous_format
    shape = (work["batch"], work["channels"], work["size"], work["size"])
    images = [torch.rand(shape).to(memory_format=layout) for _ in range(work["batches"])]
    labels = [torch.randint(10, (work["batch"],)) for _ in range(work["batches"])]
    model = ResNet20(work["channels"], 10).to(memory_format=layout).train()
    tricks = work["tricks"]
    decayed = [p for p in model.parameters() if p.dim() > 1 or not tricks]
    other = [p for p in model.parameters() if p.dim() <= 1 and tricks]
    groups = [{"params": decayed}, {"params": other, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
    floating = [t for t in model.state_dict().values() if t.is_floating_point()]
    average = [t.clone() for t in floating]
    window = WINDOW if tricks else 1
    bf16 = work["precision"] == "bf16"
    rates = []
    for epoch in range(work["epochs"]):
        start = time.perf_counter()
        loss_sum = torch.zeros((), dtype=torch.float64)
        for i, (batch, target) in enumerate(zip(images, labels)):
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                outputs = model(batch)
            loss = cross_entropy(outputs.float(), target)
            loss_sum += loss.detach() * len(batch)
            (loss / window if window > 1 else loss).backward()
            if (i + 1) % window == 0:
                optimizer.step()
                optimizer.zero_grad()
                if tricks:
                    torch._foreach_lerp_(average, floating, 0.01)
        loss_sum.item()
        if epoch > 0:
            rates.append(work["batch"] * work["batches"] / (time.perf_counter() - start))
    print(statistics.median(rates))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--knack", type=Path, default=ROOT / "build/release/bin/knack")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        peer(json.loads(arguments.peer))
        return
    print(f"{'workload':28} {'ratio':>6}  quartiles, samples a second: knack / Python; more than 1 is faster")
    for name in arguments.workload or WORKLOADS:
        large = name == "32x32"
        settings = {"model": "resnet20", "precision": "bf16" if large else "fp32", "channels_last": large}
        work = {**WORKLOADS[name], **settings}
        for tricks in (False, True):
            pairs = []
            for _ in range(arguments.rounds):
                ours = run_knack(arguments.knack, work, arguments.threads, tricks)
                pairs.append((ours, run_python(work, arguments.threads, tricks)))
            lower, median, upper = statistics.quantiles([a / b for a, b in pairs], n=4, method="inclusive")
            label = f"ResNet-20 {name}, {'five tricks' if tricks else 'plain'}"
            ours, theirs = (statistics.median(side) for side in zip(*pairs))
            print(f"{label:28} {median:6.3f}  [{lower:.3f} {upper:.3f}]  {ours:.0f} / {theirs:.0f}", flush=True)


if __name__ == "__main__":
    main()
