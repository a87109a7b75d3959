# SPDX-License-Identifier: MIT
"""Parity: the operations and the memory that `knack explain` names, against PyTorch's counter and real runs.

Whom: models of this folder's reference, and a ResNet-18. What: operations equal torch.utils.flop_counter's to the last
one; sizes that follow from the model equal it; the peak is within a third of what `knack train` takes at most.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from reference.models import build_model
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

SGD = {"use": "sgd", "lr": 0.1, "momentum": 0.9}
ADAMW = {"use": "adamw", "lr": 0.001}
MODELS = {
    "resnet20": {"use": "resnet20", "in_channels": 3, "num_classes": 10},
    "mlp": {"use": "mlp", "in_features": 3 * 32 * 32, "hidden": [64, 32], "num_classes": 10},
}
LARGEST_DIFFERENCE = 1 / 3  # of the peak: allocators and libraries keep what nobody sees


def images(samples, batch_size, size, offset=0):
    shape = {"channels": 3, "height": size, "width": size, "num_classes": 10}
    return {"use": "synthetic", "samples": samples, "offset": offset, **shape, "batch_size": batch_size, "workers": 0}


def recipe_of(model, optimizer=SGD, batch_size=16, size=32, tricks=()):
    return {
        "model": model,
        "data": {"train": images(2 * batch_size, batch_size, size), "valid": images(batch_size, batch_size, size, 1000)},
        "objective": {"use": "cross_entropy"},
        "optimizer": optimizer,
        "trainer": {"epochs": 1, "threads": 1, "device": "cpu"},
        "tricks": list(tricks),
    }


class ExplainedCosts(unittest.TestCase):
    knack = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="knack-costs-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.recipe = self.folder / "recipe.json"

    def explain(self, recipe):
        self.recipe.write_text(json.dumps(recipe))
        command = [self.knack, "explain", self.recipe, "--json", "--quiet"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def memory(self, recipe):
        return {item["key"]: item["bytes"] for item in self.explain(recipe)["memory"]}

    def test_operations_are_those_that_pytorch_counts(self):
        for name, section in MODELS.items():
            with self.subTest(model=name):
                model = build_model(section)
                inputs = torch.rand(2, 3, 32, 32)
                with FlopCounterMode(display=False) as forward:
                    loss = model(inputs).sum()
                with FlopCounterMode(display=False) as backward:
                    loss.backward()
                flops = self.explain(recipe_of(section))["flops"]
                self.assertEqual(flops["forward_per_sample"], forward.get_total_flops() // 2)
                self.assertEqual(flops["backward_per_sample"], backward.get_total_flops() // 2)
                self.assertEqual(flops["step"], (forward.get_total_flops() + backward.get_total_flops()) // 2 * 16)

    def test_a_window_multiplies_the_operations_of_a_step(self):
        one = self.explain(recipe_of(MODELS["mlp"]))["flops"]
        for batches in (2, 3):  # an epoch has two
            accumulated = self.explain(recipe_of(MODELS["mlp"], tricks=[{"use": "accumulate", "batches": batches}]))["flops"]
            self.assertEqual(accumulated["step"], 2 * one["step"])
            self.assertEqual(accumulated["forward_per_sample"], one["forward_per_sample"])

    def test_sizes_are_those_of_the_model_and_of_what_an_optimizer_keeps(self):
        parameters = sum(p.numel() for p in build_model(MODELS["resnet20"]).parameters())
        count = len(list(build_model(MODELS["resnet20"]).parameters()))
        for optimizer, per_parameter, per_tensor in ((SGD, 4, 0), ({**SGD, "momentum": 0}, 0, 0), (ADAMW, 8, 4)):
            with self.subTest(optimizer=optimizer):
                memory = self.memory(recipe_of(MODELS["resnet20"], optimizer, tricks=[{"use": "ema"}]))
                self.assertEqual(memory["parameters"], 4 * parameters)
                self.assertEqual(memory["gradients"], 4 * parameters)
                self.assertEqual(memory["weight_set"], memory["parameters"] + memory["buffers"])
                self.assertEqual(memory["optimizer_state"], per_parameter * parameters + per_tensor * count)

    def test_activations_are_those_that_autograd_keeps(self):
        section = {**MODELS["mlp"], "hidden": [4096, 4096]}
        saved = 4 * 16 * (4096 + 4096)  # of each hidden layer the output of its activation function, of 16 samples
        activations = self.memory(recipe_of(section))["activations"]
        self.assertGreaterEqual(activations, saved)
        self.assertLess(activations, 3 * saved)  # beside it the layer's output

    def test_the_peak_is_about_what_a_training_takes(self):
        resnet18 = {"use": "resnet18", "num_classes": 10}
        for section, batch_size, size, tricks in (
            (resnet18, 32, 96, []),
            (resnet18, 8, 64, [{"use": "ema"}, {"use": "accumulate", "batches": 2}]),
            (MODELS["resnet20"], 1437, 8, []),  # of few samples the gradients would be larger than the activations
        ):
            with self.subTest(model=section["use"], batch_size=batch_size, tricks=tricks):
                memory = self.memory(recipe_of(section, ADAMW, batch_size, size, tricks))
                self.assertGreaterEqual(memory["step_peak"], memory["activations"])
                estimate = memory["peak"]
                command = [self.knack, "train", self.recipe, "--run-dir", self.folder / f"run{size}", "--quiet"]
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(process.returncode, 0)
                taken = 1024 * usage.ru_maxrss
                print(f"peak: estimated {estimate / 2**20:.0f} MiB, taken {taken / 2**20:.0f} MiB")
                self.assertLess(abs(estimate - taken) / taken, LARGEST_DIFFERENCE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--knack", required=True)
    options, rest = parser.parse_known_args()
    ExplainedCosts.knack = options.knack
    unittest.main(argv=[sys.argv[0], *rest])
