# SPDX-License-Identifier: MIT
"""Runs of the finished `knack` in a folder of the test's own, and what they left.

Scripts that use this are called with the path of `knack`, the folder of the plugins of tests/integration/plugins, the
library of failing_calls.c, and then as any unittest.
"""

import copy
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from told import told

KNACK, PLUGINS, FAILING_CALLS = sys.argv[1:4]
DIGITS = Path(__file__).resolve().parents[2] / "configs" / "data" / "digits"
USAGE, RECIPE, DATA = 2, 3, 5  # exit codes
STOPPED = 128  # plus the number of a signal
TIMES = {"seconds", "samples_per_second"}
TRICKS = [
    {"use": "no_weight_decay"},
    {"use": "accumulate", "batches": 2},
    {"use": "ema", "decay": 0.9},
    {"use": "precise_bn", "samples": 100},
    {"use": "weight_average", "best": 2},
]


def digits(split, first, last, batch_size):
    section = {"use": "idx", "root": str(DIGITS), "split": split, "range": [first, last], "batch_size": batch_size}
    return {**section, "workers": 0}


def with_trick(**options):
    """The five tricks, one of them with these options."""
    return [{**trick, **(options if trick["use"] == options["use"] else {})} for trick in TRICKS]


def small_recipe(tricks=TRICKS, **sections):
    """Two epochs of seven batches, the last of them short: with two batches a step four steps an epoch, of which every
    third is recorded."""
    recipe = {
        "name": "small",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True},
        "data": {"train": {**digits("train", 0, 100, 16), "shuffle": True}, "valid": digits("train", 1200, 1250, 32)},
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},
        "trainer": {"epochs": 2, "threads": 1, "record_every_steps": 3},
        "tricks": [*copy.deepcopy(tricks), {"use": "raises"}],
        "plugins": {"path": [PLUGINS]},
    }
    for name, section in sections.items():
        recipe[name] = {**recipe.get(name, {}), **section}
    return recipe


SAVE_ALWAYS = {"every_steps": 1, "keep": 2}
FREQUENT = {**small_recipe(trainer={"epochs": 4}), "checkpoint": SAVE_ALWAYS}


def is_time(key):
    return key in TIMES or key.endswith(".seconds")


def without_times(value):
    if isinstance(value, list):
        return [without_times(entry) for entry in value]
    if isinstance(value, dict):
        return {key: without_times(entry) for key, entry in value.items() if not is_time(key)}
    return value


def outcome(run):
    """All that a run left but times, by name."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    left = {
        "metrics.jsonl": [without_times(json.loads(line)) for line in lines],
        "summary.json": without_times(json.loads((run / "final" / "summary.json").read_text())),
        "classification.json": (run / "final" / "classification.json").read_bytes(),
    }
    for file in [*run.glob("final/*.safetensors"), *run.glob("plugins/**/*.safetensors")]:
        left[str(file.relative_to(run))] = file.read_bytes()
    return left


def checkpoints(run):
    """The folders of checkpoints, the oldest first."""
    return sorted(path for path in run.glob("checkpoints/[0-9]*") if not path.is_symlink())


def state_of(checkpoint):
    return json.loads((checkpoint / "state.json").read_text())


def is_whole(checkpoint):
    """Whether every file is as the manifest has it."""
    files = json.loads((checkpoint / "manifest.json").read_text())["files"]
    there = {str(file.relative_to(checkpoint)) for file in checkpoint.rglob("*") if file.is_file()}
    return there - {"manifest.json"} == set(files) and all(
        hashlib.sha256((checkpoint / name).read_bytes()).hexdigest() == facts["sha256"] for name, facts in files.items()
    )


def write_manifest(checkpoint):
    """Makes the manifest fit the files as they are now."""
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    for name, facts in manifest["files"].items():
        content = (checkpoint / name).read_bytes()
        facts.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))


def files_of(run):
    """What is in all files of a run but the log and the lock, by path."""
    files = (path for path in run.rglob("*") if path.is_file() and path.name not in (".lock", "log.txt"))
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def temporaries(run):
    return [path for path in run.rglob(".*") if path.name.endswith(".tmp")]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def start(self, *words, raises="", failing_call="", before=None, **streams):
        """A `knack` in self.folder, with signals by plugins/raises.cpp and a fault by failing_calls.c. `before` is
        called in the new process."""

        def prepare():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
                signal.signal(number, signal.SIG_DFL)
            if before:
                before()

        environment = {"HOME": str(self.folder), "CI": "1", "KNACK_TEST_RAISE": raises}
        if failing_call:
            environment.update(LD_PRELOAD=FAILING_CALLS, KNACK_TEST_CALL=failing_call)
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
        command = [KNACK, *map(str, words), "--quiet"]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, preexec_fn=prepare, text=True, errors="replace", **streams
        )
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.returncode is None:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()

    def wait_until_stopped(self, process):
        """Returns when the process has stopped itself; SIGCONT lets it go on."""
        self.assertTrue(os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]))

    def knack(self, *words, code=0, **how):
        """Runs it to its end, expects its exit status and returns what it said on standard error, as told() has it."""
        process = self.start(*words, **how)
        error = process.communicate(timeout=300)[1]
        self.assertEqual(process.returncode, code, error)
        return told(error)

    def train(self, recipe, run="run", code=0, **how):
        """Trains into a new folder, which is returned."""
        self.knack("train", self.write(recipe), "--run-dir", self.folder / run, code=code, **how)
        return self.folder / run

    def write(self, recipe, name="recipe.json"):
        (self.folder / name).write_text(json.dumps(recipe))
        return self.folder / name

    def copy(self, run, name="copy"):
        """A copy of a run, with files that share their content."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        subprocess.run(["cp", "-a", str(run), str(self.folder / name)], check=True)
        return self.folder / name

    def assert_same(self, left, expected):
        """Two outcomes, or the files of two runs, are the same, bit for bit."""
        self.assertEqual(left.keys(), expected.keys())
        for name, content in expected.items():
            if isinstance(content, bytes):
                self.assertTrue(left[name] == content, f"{name} differs")
            else:
                self.assertEqual(left[name], content)


class Fault(Case):
    """`recipe` in one piece, and the ways to go on."""

    recipe = FREQUENT

    def setUp(self):
        super().setUp()
        self.straight = outcome(self.train(self.recipe, "straight"))

    def auto(self, run="run", **how):
        """The one command that begins a run and goes on with it."""
        return self.knack("train", self.write(self.recipe), "--resume", "auto", "--run-dir", run, **how)

    def check_going_on(self, run, **how):
        error = self.auto(run, **how)
        self.assert_same(outcome(run), self.straight)
        self.assertEqual(temporaries(run), [])
        return error

    def stopped(self, after):
        """A process that holds still after that many steps; SIGCONT lets it go on."""
        words = ("train", self.write(self.recipe), "--run-dir", "run")
        process = self.start(*words, raises=f"after_step:{after}:{signal.SIGSTOP}")
        self.wait_until_stopped(process)
        return process


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
