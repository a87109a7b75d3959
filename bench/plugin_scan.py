#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Start-up with many plugins in the search path, against none more than are installed, in turn."""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "no_weight_decay"
RECIPE = str(ROOT / "configs/digits.json")
TARGET_MS = 50


def make_plugins(folder: Path, source: Path, count: int) -> None:
    """Copies of a plugin whose manifests have ids of their own; none of them is ever loaded."""
    content = source.read_bytes()
    old = f'"id": "{SOURCE}"'.encode()
    assert content.count(old) >= 1, f"{source} has another id"
    for number in range(count):
        name = f"copy_{number:0{len(SOURCE) - 5}}"
        (folder / f"{name}.so").write_bytes(content.replace(old, f'"id": "{name}"'.encode()))


def milliseconds(command: list[str]) -> tuple[float, float]:
    """Wall time and processor time of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def compare(name: str, command: list[str], folder: Path, count: int, rounds: int) -> None:
    with_plugins = [*command, "--plugin-path", str(folder)]
    bare, full = [], []
    for number in range(-1, rounds):
        for words, times in [(command, bare), (with_plugins, full)][:: 1 if number % 2 else -1]:
            taken = milliseconds(words)
            if number >= 0:  # the first round fills the page cache
                times.append(taken)
    for kind, clock in enumerate(("wall time", "processor time")):
        differences = [there[kind] - here[kind] for here, there in zip(bare, full)]
        lower, median, upper = statistics.quantiles(differences, n=4, method="inclusive")
        alone = statistics.median(times[kind] for times in bare)
        print(
            f"{name}: {alone:.0f} ms {clock}; {count} plugins add {median:.1f} ms "
            f"[{lower:.1f} {upper:.1f}], target <= {TARGET_MS}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--knack", type=Path, default=ROOT / "build/release/bin/knack")
    parser.add_argument("--plugins", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()

    source = arguments.knack.resolve().parent.parent / "lib/knack/plugins" / f"{SOURCE}.so"
    os.environ.pop("KNACK_PLUGIN_PATH", None)
    with tempfile.TemporaryDirectory() as name:
        make_plugins(Path(name), source, arguments.plugins)
        for command in (["plugins", "list"], ["explain", RECIPE, "--set", "trainer.threads=1"]):
            words = [str(arguments.knack), *command, "--quiet"]
            compare(command[0], words, Path(name), arguments.plugins, arguments.rounds)


if __name__ == "__main__":
    main()
