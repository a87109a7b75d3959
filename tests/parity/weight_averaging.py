# SPDX-License-Identifier: MIT
"""`weight_average` against the reference where the monitored metric is scripted: ties, NaN, both directions, soups.

An epoch is one step on the network of plugins/scripted_net.cpp. Its buffer `member` is one-hot by epoch, so the mean
of some epochs tells which they are, and the scripted objective looks their score up in a table. The trick
`trajectory` saves the weights of every epoch, of which the reference makes the mean. Exit status 77: a Python package
is missing.
"""

import itertools
import math
import random
import sys
import unittest
from collections.abc import Sequence

try:
    import torch
    from torch.optim.swa_utils import AveragedModel

    import scripted
    from reference.moving_averages import as_module
    from reference.tricks import State, WeightAverage, greedy_soup, mean_state
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

EPOCHS = 6
NAN, INF = math.nan, math.inf

METRICS = {
    "distinct": [0.5, 0.9, 0.7, 0.8, 0.6, 0.95],
    "ties": [0.5, 0.5, 0.7, 0.5, 0.7, 0.5],
    "all equal": [0.5] * EPOCHS,
    "nan": [NAN, 0.3, NAN, 0.2, 0.4, NAN],
    "infinite": [INF, 0.3, -INF, 0.2, 0.4, INF],
    "falling": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
}


def bits(epochs: Sequence[int]) -> int:
    return sum(1 << (epoch - 1) for epoch in epochs)


def table(metrics: Sequence[float], seed: int = 0) -> list[float]:
    """The score of every set of epochs: `metrics` for single ones, some of few numbers for the others."""
    draw = random.Random(seed)
    scores = [draw.choice([0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, NAN, INF]) for _ in range(1 << EPOCHS)]
    for epoch, metric in enumerate(metrics, 1):
        scores[bits([epoch])] = metric
    scores[0] = 0.0  # before training
    return scores


def average(name: str, **options) -> dict:
    return {"use": "weight_average", "name": name, "publish": name, "refresh_bn": False, **options}


def run(precision: str, tricks: list[dict], scores: Sequence[float] = (0.0,), **sections) -> scripted.Run:
    objective = {"scores": [repr(score) for score in scores]}
    return scripted.Run(scripted.recipe(precision, tricks, EPOCHS, 1, objective=objective, **sections))


class Against:
    """Tests of one precision."""

    precision = ""

    def assert_same(self, found: State, expected: State, what: str) -> None:
        self.assertEqual(found.keys(), expected.keys())
        for name, tensor in expected.items():
            self.assertEqual(found[name].dtype, tensor.dtype)
            self.assertTrue(torch.equal(found[name], tensor), f"{what}: {name}")

    def test_best_and_last_epochs_are_the_references(self):
        counts = (1, 2, 3, EPOCHS + 1)
        kinds = [(f"{select}{count}", select, count) for select in ("best", "last") for count in counts]
        tricks = [{"use": "trajectory"}, *(average(name, select=select, best=n) for name, select, n in kinds)]
        for (case, metrics), mode in itertools.product(METRICS.items(), ("max", "min")):
            finished = run(self.precision, tricks, table(metrics), trainer={"mode": mode})
            epochs = [finished.window(epoch) for epoch in range(1, EPOCHS + 1)]
            for name, select, count in kinds:
                what = f"{case} {mode} {name}"
                reference = WeightAverage({"select": select, "best": count}, mode == "max")
                for epoch, (metric, state) in enumerate(zip(metrics, epochs), 1):
                    reference.offer(metric, epoch, state)
                self.assertEqual(finished.facts(name)["epochs"], reference.epochs, what)
                found = finished.final(name)
                self.assert_same(found, reference.average(), what)
                self.assertEqual(found["ticks"], reference.epochs[-1], what)  # integers of the newest
                if select == "best":
                    self.assert_same(finished.final(f"{name}_best"), reference.best, what)
                if count == 1 and select == "best":
                    self.assert_same(found, reference.best, what)

    def test_metrics_of_which_none_is_finite_give_no_average(self):
        finished = run(self.precision, [average("none", best=2)], table([NAN, INF, -INF, NAN, NAN, NAN]))
        self.assertEqual([path.name for path in finished.path.glob("final/none*")], [])
        self.assertIn("no epoch qualified", (finished.path / "log.txt").read_text())

    def test_swa_is_averaged_model_from_the_start_on(self):
        starts = {0: 0, 0.5: 3, 0.75: 4, 0.9: 5}  # share: epochs before it
        tricks = [average(f"swa{start}", select="swa", start=start) for start in starts]
        finished = run(self.precision, [{"use": "trajectory"}, *tricks])
        epochs = [finished.window(epoch) for epoch in range(1, EPOCHS + 1)]
        for start, before in starts.items():
            found = finished.final(f"swa{start}")
            self.assertEqual(finished.facts(f"swa{start}")["epochs"], list(range(before + 1, EPOCHS + 1)))
            self.assert_same(found, mean_state(epochs[before:]), f"start {start}")
            live = as_module(epochs[0], scripted.BUFFERS)
            oracle = AveragedModel(live, use_buffers=False)
            for state in epochs[before:]:
                live.load_state_dict(state)
                oracle.update_parameters(live)
            tolerance = {"fp32": 1e-6, "fp64": 1e-14}[self.precision]
            for name, parameter in oracle.module.named_parameters():
                torch.testing.assert_close(found[name], parameter.data, rtol=tolerance, atol=tolerance)

    def test_averages_the_set_it_is_told_to(self):
        ema = {"use": "ema", "decay": 0.5, "schedule": "constant"}
        tricks = [{"use": "trajectory", "sets": ["ema"]}, ema, average("of_ema", of="ema", select="last", best=3)]
        finished = run(self.precision, tricks)
        expected = mean_state([finished.window(epoch, "ema") for epoch in (4, 5, 6)])
        self.assert_same(finished.final("of_ema"), expected, "of ema")
        other = mean_state([finished.window(epoch) for epoch in (4, 5, 6)])
        self.assertFalse(torch.equal(finished.final("of_ema")["head.weight"], other["head.weight"]))

    def test_greedy_soups_are_the_references(self):
        draw, different_from_rank_order = random.Random(7), 0
        names = {f"greedy{count}": count for count in range(1, EPOCHS + 1)}
        tricks = [{"use": "trajectory"}, *(average(name, select="greedy", best=n) for name, n in names.items())]
        for seed, mode in itertools.product(range(4), ("max", "min")):
            metrics = [draw.choice([0.5, 0.6, 0.7, 0.8, 0.9, NAN]) for _ in range(EPOCHS - 1)] + [0.65]
            scores = table(metrics, seed)
            finished = run(self.precision, tricks, scores, trainer={"mode": mode})
            for name, count in names.items():
                reference = WeightAverage({"best": count}, mode == "max")
                for epoch, metric in enumerate(metrics, 1):
                    reference.offer(metric, epoch, finished.window(epoch))
                ranked = reference.ranked
                members, reached = greedy_soup(ranked, lambda epochs: scores[bits(epochs)], mode == "max")
                what = f"{name} {mode} of {metrics}"
                self.assertEqual(finished.facts(name)["epochs"], sorted(members), what)
                self.assertEqual(finished.facts(name)["reached"], reached, what)
                expected = mean_state([finished.window(epoch) for epoch in sorted(members)])
                self.assert_same(finished.final(name), expected, what)
                turned, _ = greedy_soup(ranked[::-1], lambda epochs: scores[bits(epochs)], mode == "max")
                different_from_rank_order += sorted(turned) != sorted(members)
        self.assertGreater(different_from_rank_order, 10)  # so a wrong order of candidates would be seen

    def test_the_order_of_epochs_does_not_matter(self):
        draw, seeds, quality = random.Random(5), list(range(11, 11 + EPOCHS)), [0.3, 0.9, 0.5, 0.8, 0.7, 0.1]
        tricks = [{"use": "trajectory"}, average("best", best=3, publish_best=False)]
        tricks += [average("last", select="last", best=EPOCHS), average("swa", select="swa", start=0)]
        tolerance = {"fp32": 0.0, "fp64": 1e-15}[self.precision]  # sums of fp64 numbers are rounded
        first, running_means = {}, set()
        for _ in range(5):
            order = draw.sample(range(EPOCHS), EPOCHS)
            finished = run(
                self.precision,
                tricks,
                table([quality[i] for i in order]),
                model={"draws": [seeds[i] for i in order]},
            )
            for name in ("best", "last", "swa"):
                found = finished.final(name)["drawn"]
                expected = first.setdefault(name, found)
                self.assertGreater(found.abs().max(), 0.5)
                self.assertLessEqual((found - expected).abs().max().item(), tolerance, f"{name} {order}")
            running = torch.zeros(64, dtype=found.dtype)  # (average * n + x) / (n + 1), as SuperGradients has it
            for n in range(EPOCHS):
                running = (running * n + finished.window(n + 1)["drawn"]) / (n + 1)
            running_means.add(tuple(running.tolist()))
        self.assertGreater(len(running_means), 1)  # that one does depend on the order


class Fp32(Against, unittest.TestCase):
    precision = "fp32"


class Fp64(Against, unittest.TestCase):
    precision = "fp64"


if __name__ == "__main__":
    scripted.main(__doc__)
