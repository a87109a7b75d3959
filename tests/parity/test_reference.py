# SPDX-License-Identifier: MIT
"""Tests of the reference itself, against definitions, torch.optim.swa_utils and tables computed by hand."""

import math
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from torch import nn
    from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

    from compare import TOLERANCE, relative_l2, run_reference, tensor_distance, worst_tensor
    from reference.data import load_batches
    from reference.models import build_model, write_initial_weights
    from reference.tricks import (
        Ema,
        WeightAverage,
        corrected_momentum,
        ema_decay,
        estimate_statistics,
        first_samples,
        greedy_soup,
        parameter_groups,
    )
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import DIGITS, mlp_recipe, resnet_recipe


def digits(count: int, batch_size: int) -> list:
    recipe = resnet_recipe("sgd", "fp64")
    config = {**recipe["data"]["train"], "range": [0, count], "batch_size": batch_size}
    return load_batches(config, torch.float64)


class Data(unittest.TestCase):
    def test_keeps_file_order_and_the_short_last_batch(self):
        batches = digits(100, 32)
        self.assertEqual([len(labels) for _, labels in batches], [32, 32, 32, 4])
        self.assertEqual(batches[0][0].shape, (32, 1, 8, 8))
        in_file = (DIGITS / "train-labels-idx1-ubyte").read_bytes()[8 : 8 + 100]
        self.assertEqual(bytes(torch.cat([labels for _, labels in batches]).tolist()), in_file)
        self.assertEqual(max(images.max().item() for images, _ in batches), 1.0)


class ZeroWeightDecay(unittest.TestCase):
    def test_exempts_norm_parameters_and_biases_and_nothing_else(self):
        model = build_model({"use": "resnet20", "in_channels": 1, "num_classes": 10})
        decayed, undecayed = (
            {id(p) for p in group["params"]} for group in parameter_groups(model, 0.1, exempt=True)
        )
        for name, parameter in model.named_parameters():
            self.assertIn(id(parameter), decayed if parameter.dim() > 1 else undecayed, name)
        self.assertEqual(len(decayed) + len(undecayed), len(list(model.parameters())))


class Accumulation(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def final(self, precision: str, batch_size: int, accumulate: int, lr: float | None = None) -> dict:
        recipe = mlp_recipe(precision, batch_size, accumulate)
        if lr:
            recipe["optimizer"] = {**recipe["optimizer"], "lr": lr}
        folder = Path(self._folder.name)
        write_initial_weights(recipe["model"], 1, folder / recipe["model"]["weights"])
        return run_reference(recipe, precision, folder).sets["live"].state

    def test_weighted_micro_batches_equal_the_whole_batch(self):
        for precision, tolerance in (("fp32", 1e-6), ("fp64", 1e-12)):
            distance, name = worst_tensor(self.final(precision, 15, 3), self.final(precision, 32, 1))
            self.assertLess(distance, tolerance, name)

    def test_steps_without_windows_do_not(self):
        distance, _ = worst_tensor(self.final("fp64", 15, 1), self.final("fp64", 32, 1))
        self.assertGreater(distance, 0.1)

    def test_unweighted_micro_batches_do_not(self):
        whole = mlp_recipe("fp64", 32, 1)
        model = build_model({k: v for k, v in whole["model"].items() if k != "weights"}).double()
        images, labels = load_batches(whole["data"]["train"], torch.float64)[0]
        parts = list(zip(images.split(15), labels.split(15)))

        def gradient(weights: list[float]) -> torch.Tensor:
            model.zero_grad()
            for weight, (x, y) in zip(weights, parts):
                (nn.functional.cross_entropy(model(x), y) * weight).backward()
            return torch.cat([p.grad.flatten() for p in model.parameters()])

        exact = torch.autograd.grad(nn.functional.cross_entropy(model(images), labels), list(model.parameters()))
        exact = torch.cat([g.flatten() for g in exact])
        self.assertLess(relative_l2(gradient([15 / 32, 15 / 32, 2 / 32]), exact), 1e-14)
        self.assertGreater(relative_l2(gradient([1 / 3] * 3), exact), 0.1)

    def test_corrected_momentum_weighs_the_window_as_one_update(self):
        self.assertAlmostEqual((1 - corrected_momentum(0.1, 4)) ** 4, 0.9, places=15)
        self.assertEqual(corrected_momentum(0.1, 1), 1 - 0.9)


class EmaDecay(unittest.TestCase):
    def check(self, options: dict, expected: dict[int, float]):
        for step, decay in expected.items():
            self.assertAlmostEqual(ema_decay(options, step, 100), decay, places=15, msg=f"{options} {step}")

    def test_follows_each_schedule(self):
        self.check({"schedule": "constant", "decay": 0.9}, {1: 0.9, 100: 0.9})
        self.check({"schedule": "threshold", "decay": 0.9}, {1: 2 / 11, 8: 0.5, 80: 0.9})
        self.check({"schedule": "exp", "decay": 0.9}, {20: 0.9 * (1 - math.exp(-3))})
        self.check({"schedule": "warmup", "decay": 0.9}, {1: 0.0, 8: 0.75, 27: 1 - 1 / 9, 64: 0.9})
        self.check({"schedule": "half_life", "half_life": 10}, {5: 0.5**0.1})


class EmaUpdate(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).double()

    def change(self):
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.add_(torch.randn_like(parameter))
        self.model(torch.randn(4, 1, 8, 8, dtype=torch.float64))

    def test_equals_swa_utils_once_that_has_copied_the_initial_weights(self):
        ema = Ema({"schedule": "constant", "decay": 0.9}, self.model, 10)
        oracle = AveragedModel(self.model, avg_fn=get_ema_avg_fn(0.9))
        oracle.update_parameters(self.model)
        for step in range(1, 6):
            self.change()
            ema.update(self.model.state_dict(), step)
            oracle.update_parameters(self.model)
        for name, parameter in oracle.module.named_parameters():
            self.assertLess(relative_l2(ema.state[name], parameter), 1e-14)
        self.assertEqual(ema.state["1.num_batches_tracked"], 5)

    def test_treats_buffers_as_asked(self):
        averaged = Ema({"schedule": "constant", "decay": 0.9}, self.model, 10)
        copied = Ema({"schedule": "constant", "decay": 0.9, "buffers": "copy"}, self.model, 10)
        self.change()
        for ema in (averaged, copied):
            ema.update(self.model.state_dict(), 1)
        mean = self.model[1].running_mean
        self.assertLess(relative_l2(averaged.state["1.running_mean"], 0.1 * mean), 1e-14)
        self.assertEqual(relative_l2(copied.state["1.running_mean"], mean), 0)

    def test_every_third_step_uses_the_cubed_decay(self):
        ema = Ema({"schedule": "constant", "decay": 0.9, "every": 3}, self.model, 10)
        before = ema.state["0.weight"].clone()
        self.change()
        ema.update(self.model.state_dict(), 2)
        self.assertTrue(torch.equal(ema.state["0.weight"], before))
        ema.update(self.model.state_dict(), 3)
        expected = 0.9**3 * before + (1 - 0.9**3) * self.model[0].weight
        self.assertLess(relative_l2(ema.state["0.weight"], expected), 1e-14)


    def test_bias_correction_is_the_sum_from_zero_over_one_minus_the_product(self):
        options = {"schedule": "threshold", "decay": 0.5, "bias_correction": True}
        ema = Ema(options, self.model, 10)
        total, product = torch.zeros_like(self.model[0].weight), 1.0
        for step in range(1, 6):
            self.change()
            ema.update(self.model.state_dict(), step)
            decay = ema_decay(options, step, 10)
            total, product = decay * total + (1 - decay) * self.model[0].weight.detach(), product * decay
            self.assertLess(relative_l2(ema.state["0.weight"], total / (1 - product)), 1e-14)

    def test_copies_what_is_excluded(self):
        ema = Ema({"schedule": "constant", "decay": 0.9, "exclude": ["0.*"]}, self.model, 10)
        self.change()
        ema.update(self.model.state_dict(), 1)
        self.assertTrue(torch.equal(ema.state["0.weight"], self.model[0].weight))
        self.assertFalse(torch.equal(ema.state["1.weight"], self.model[1].weight))


class GreedySoup(unittest.TestCase):
    def test_keeps_what_does_not_make_it_worse(self):
        scores = {(3,): 0.8, (1, 3): 0.9, (1, 2, 3): 0.85, (1, 3, 4): 0.9, (1, 3, 4, 5): math.nan}
        soup = greedy_soup([3, 1, 2, 4, 5], lambda members: scores[tuple(members)], maximise=True)
        self.assertEqual(soup, ([3, 1, 4], 0.9))
        losses = {(3,): 0.2, (1, 3): 0.1, (1, 2, 3): 0.3}
        self.assertEqual(greedy_soup([3, 1, 2], lambda members: losses[tuple(members)], False), ([3, 1], 0.1))


class PreciseBatchNorm(unittest.TestCase):
    def test_gives_the_moments_of_the_whole_population(self):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5)).double()
        model[1].running_mean.fill_(math.nan)
        estimate_statistics(model, digits(200, 64), 150)
        self.assertEqual([len(x) for x in first_samples(digits(200, 64), 150)], [64, 64, 22])
        x = model[0](torch.cat([images for images, _ in digits(150, 64)]))
        self.assertLess(relative_l2(model[1].running_mean, x.mean((0, 2, 3))), 1e-13)
        self.assertLess(relative_l2(model[1].running_var, x.var((0, 2, 3), correction=0)), 1e-13)
        self.assertEqual(model[1].num_batches_tracked, 0)

    def test_leaves_training_as_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            states = []
            for case in ("sgd", "precise_bn"):
                recipe = resnet_recipe(case, "fp32")
                recipe["data"]["train"]["range"] = [0, 200]
                recipe["trainer"] = {**recipe["trainer"], "epochs": 2}
                write_initial_weights(recipe["model"], 1, Path(folder) / recipe["model"]["weights"])
                states.append(run_reference(recipe, "fp32", Path(folder)).sets["live"].state)
            for name, tensor in states[0].items():
                changed = "running" in name
                self.assertEqual(torch.equal(tensor, states[1][name]), not changed, name)


class BestEpochs(unittest.TestCase):
    def keep(self, metrics: list[float], **options) -> list[int]:
        average = WeightAverage({"best": 2, **options}, maximise=options.pop("maximise", True))
        for epoch, metric in enumerate(metrics, 1):
            average.offer(metric, epoch, {"w": torch.tensor([float(epoch)]), "n": torch.tensor(epoch)})
        self.averaged = average.average()
        return average.epochs

    def test_keeps_the_best_and_averages_them(self):
        self.assertEqual(self.keep([0.1, 0.9, 0.3, 0.8, 0.2]), [2, 4])
        self.assertEqual(self.averaged["w"].item(), 3.0)
        self.assertEqual(self.averaged["n"].item(), 4)

    def test_keeps_the_old_on_ties_and_refuses_nan(self):
        self.assertEqual(self.keep([0.5, math.nan, 0.5, 0.5]), [1, 3])
        self.assertEqual(self.keep([0.5, 0.5, 0.7]), [1, 3])

    def test_minimises_when_asked(self):
        self.assertEqual(self.keep([0.1, 0.9, 0.3], maximise=False), [1, 3])

    def test_keeps_the_last(self):
        self.assertEqual(self.keep([0.9, 0.1, 0.2], select="last"), [2, 3])


class Comparison(unittest.TestCase):
    def test_sees_what_differs(self):
        one = torch.ones(4)
        self.assertGreater(tensor_distance(one * (1 + 2 * TOLERANCE["fp32"]), one), TOLERANCE["fp32"])
        self.assertEqual(tensor_distance(one.double(), one), math.inf)
        self.assertEqual(tensor_distance(torch.tensor(1), torch.tensor(2)), math.inf)
        self.assertEqual(tensor_distance(one, torch.zeros(4)), math.inf)
        self.assertEqual(worst_tensor({"a": one}, {"a": one, "b": one}), (math.inf, "b (missing)"))
        self.assertEqual(worst_tensor({"a": one, "b": one * math.nan}, {"a": one, "b": one})[1], "b")


if __name__ == "__main__":
    unittest.main()
