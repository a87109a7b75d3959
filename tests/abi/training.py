# SPDX-License-Identifier: MIT
"""Trainings by the finished `knack` with plugins of the test's own, and the weights that they left."""

import array
import json
import math
import pathlib
import subprocess
import tempfile


def plugin_flags(root):
    """How a plugin is linked, by every compiler that takes the options of gcc."""
    link = f"-Wl,--version-script={root / 'sdk/cmake/plugin.map'}"
    return ["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", link]


def compile_plugin(command, environment=None):
    """Runs a compiler; what it says is in the error."""
    result = subprocess.run([str(word) for word in command], text=True, capture_output=True, env=environment)
    if result.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {result.returncode}: {result.stdout}{result.stderr}")


def small_recipe(tricks):
    """Sixteen steps of a small network with normalization layers."""
    data = {"use": "synthetic", "channels": 1, "height": 8, "width": 8, "noise": 0.8}
    return {
        "name": "small",
        "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True},
        "data": {
            "train": {**data, "samples": 256, "batch_size": 32, "shuffle": True},
            "valid": {**data, "samples": 64, "offset": 256, "batch_size": 64},
        },
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
        "trainer": {"epochs": 2, "seed": 1, "threads": 1},
        "tricks": tricks,
    }


class Run:
    """One training in a temporary folder, over when it is made."""

    def __init__(self, knack, recipe, plugins, environment=None):
        with tempfile.TemporaryDirectory() as folder:
            run, path = pathlib.Path(folder, "run"), pathlib.Path(folder, "recipe.json")
            path.write_text(json.dumps(recipe), encoding="utf-8")
            command = [knack, "train", path, "--run-dir", run, "--plugin-path", plugins, "--quiet"]
            command = [str(word) for word in command]
            result = subprocess.run(command, text=True, capture_output=True, env=environment)
            if result.returncode != 0:
                raise AssertionError(f"knack ended with {result.returncode}: {result.stdout}{result.stderr}")
            self.sets = {file.stem: read_safetensors(file) for file in run.glob("final/*.safetensors")}
            self.summary = json.loads((run / "final/summary.json").read_text(encoding="utf-8"))
            lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
            self.metrics = [json.loads(line) for line in lines]


def read_safetensors(path):
    """Name to (dtype, raw bytes)."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], content[end + entry["data_offsets"][0] : end + entry["data_offsets"][1]])
        for name, entry in header.items()
    }


def relative_difference(got, expected):
    """The largest over all fp32 tensors of a set, by the Euclidean norm; infinite if anything else differs."""
    if got.keys() != expected.keys():
        return math.inf
    largest = 0.0
    for name, (dtype, content) in expected.items():
        if got[name][0] != dtype or (dtype != "F32" and got[name][1] != content):
            return math.inf
        if dtype == "F32":
            ours, theirs = array.array("f", got[name][1]), array.array("f", content)
            largest = max(largest, math.dist(ours, theirs) / (math.hypot(*theirs) or 1.0))
    return largest
