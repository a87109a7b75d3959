# SPDX-License-Identifier: MIT
"""precise_bn: the statistics that knack saves against the formulas of others and the true ones.

knack trains one epoch and saves weights with re-estimated statistics. From those very weights the references compute
theirs, on the same samples in the same batches. Exit status 77: a Python package is missing.
"""

import math
import sys

try:
    import torch
    from torch import nn
    from torch.optim.swa_utils import update_bn

    from exactness import DTYPES, ExactnessTest, State, load_batches, main, relative_l2
    from reference import norm_formulas
    from reference.models import Mlp
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import digits

TOLERANCE = {"fp32": 1e-6, "fp64": 1e-12}
SAMPLES, BATCH = 100, 32  # batches of 32, 32, 32 and 4


class NormZoo(nn.Module):
    """The network of plugins/norm_zoo.cpp."""

    def __init__(self, reuse: bool = False, dropout: float = 0.0):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.mix = nn.Conv2d(4, 4, 1)
        self.dropout = nn.Dropout(dropout)
        self.norm3d = nn.BatchNorm3d(2)
        self.norm1d = nn.BatchNorm1d(4)
        self.hidden = nn.Linear(256, 16)
        self.norm_last = nn.BatchNorm1d(16)
        self.fc = nn.Linear(16, 10)
        self._reuse = reuse

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.mix(self.dropout(self.norm(self.conv(images)).relu()))
        if self._reuse:
            x = self.norm(x)
        x = self.norm3d(x.reshape(-1, 2, 2, 8, 8)).reshape(-1, 4, 64)
        x = self.hidden(self.norm1d(x).flatten(1)).relu()
        return self.fc(self.norm_last(self.dropout(x)))


def one_norm() -> nn.Module:
    """knack's `mlp` of one hidden layer with BatchNorm: what flows into it does not depend on batches."""
    model = Mlp(64, [16], 10)
    model.layers.insert(1, nn.BatchNorm1d(16))
    return model


ONE_NORM = {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True}


def estimating(samples: int, **options) -> dict:
    return {"use": "precise_bn", "samples": samples, **options}


def images(first: int, last: int, batch_size: int, precision: str) -> list[torch.Tensor]:
    return [x for x, _ in load_batches(digits(first, last, batch_size), DTYPES[precision])]


def statistics(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if "running_" in name}


def parameters(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if "running_" not in name}


def named(found: norm_formulas.Statistics) -> State:
    """As a state dict names them."""
    return {
        f"{layer}.{name}": tensor
        for layer, pair in found.items()
        for name, tensor in zip(("running_mean", "running_var"), pair)
    }


class PreciseBn(ExactnessTest):
    def zoo(self, reuse: bool = False, dropout: float = 0.3) -> dict:
        torch.manual_seed(3)
        weights = self.write_weights(NormZoo())
        return {"use": "norm_zoo", "reuse": reuse, "dropout": dropout, "weights": weights}

    def estimate(self, precision: str, model: dict, tricks: list[dict], batch_size: int = BATCH, **more: dict) -> State:
        """The live weights at the end of a run, with the statistics they were evaluated with."""
        return self.final(self.train(self.recipe(model, precision, digits(0, SAMPLES, batch_size), tricks, **more)))

    def loaded(self, state: State, precision: str, reuse: bool = False) -> NormZoo:
        model = NormZoo(reuse, dropout=0.3).to(DTYPES[precision])
        model.load_state_dict(state)
        return model

    def assert_statistics(self, state: State, expected: norm_formulas.Statistics, tolerance: float, what: str) -> None:
        dtype = next(iter(statistics(state).values())).dtype
        expected_state = {name: tensor.to(dtype) for name, tensor in named(expected).items()}
        self.assert_close(statistics(state), expected_state, tolerance, what)

    def test_are_those_of_the_population(self):
        for precision, tolerance in TOLERANCE.items():
            for reuse in (False, True):
                for samples in (SAMPLES, 50):  # the last batch short; one cut in its middle
                    with self.subTest(precision=precision, reuse=reuse, samples=samples):
                        found = self.estimate(precision, self.zoo(reuse), [estimating(samples)])
                        batches = images(0, samples, BATCH, precision)
                        expected = norm_formulas.population(self.loaded(found, precision, reuse), batches)
                        self.assert_statistics(found, expected, tolerance, "population")
                        # One pass a batch of training; the estimate counts none.
                        tracked = 8 if reuse else 4
                        self.assertEqual(found["norm.num_batches_tracked"].item(), tracked)

    def test_are_fvcores(self):
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                found = self.estimate(precision, self.zoo(), [estimating(SAMPLES)])
                batches = images(0, SAMPLES, BATCH, precision)
                expected = norm_formulas.fvcore(self.loaded(found, precision), batches)
                self.assert_statistics(found, expected, tolerance, "fvcore")

    def assert_mean_of_variances(self, found: State, other: State, model: NormZoo, batches: list, tolerance: float):
        """`other` has means of means, and of unbiased variances, over batches of one size: it misses their spread."""
        for name, (unbias, between) in norm_formulas.spread(model, batches).items():
            mean, variance = f"{name}.running_mean", f"{name}.running_var"
            if mean not in other:
                continue
            self.assertLessEqual(relative_l2(found[mean], other[mean]), tolerance, name)
            population = other[variance].double() * unbias + between
            self.assertLessEqual(relative_l2(found[variance], population), tolerance, name)
            if name == "norm" and len(batches) > 1:  # the others normalize what is normalized already
                self.assertGreater(relative_l2(found[variance], other[variance].double() * unbias), 1e-4)

    def test_are_torchs_and_what_its_mean_of_variances_misses(self):
        for precision, tolerance in TOLERANCE.items():
            for batch_size in (25, SAMPLES):
                with self.subTest(precision=precision, batch_size=batch_size):
                    found = self.estimate(precision, self.zoo(dropout=0.0), [estimating(SAMPLES)], batch_size)
                    batches = images(0, SAMPLES, batch_size, precision)
                    model = self.loaded(found, precision)
                    model.dropout.p = 0.0  # update_bn sets all of the model to training
                    update_bn(batches, model)
                    other = {name: tensor.clone() for name, tensor in model.state_dict().items()}
                    self.assert_mean_of_variances(found, other, model, batches, tolerance)

    def test_are_super_gradients_and_what_its_mean_of_variances_misses(self):
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                found = self.estimate(precision, self.zoo(), [estimating(50)], batch_size=25)
                batches = images(0, 50, 25, precision)
                model = self.loaded(found, precision)
                other = named(norm_formulas.super_gradients(model, images(0, SAMPLES, 25, precision), samples=70))
                self.assertEqual(sorted(other), ["norm.running_mean", "norm.running_var"])
                self.assert_mean_of_variances(found, other, model, batches, tolerance)

    def test_are_the_true_ones_where_batches_have_no_influence(self):
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                model = {**ONE_NORM, "weights": self.write_weights(one_norm())}
                found = self.estimate(precision, model, [estimating(SAMPLES)])
                mean, variance = self.truth(found, precision)
                self.assertLessEqual(relative_l2(found["layers.1.running_mean"], mean), tolerance)
                self.assertLessEqual(relative_l2(found["layers.1.running_var"], variance), tolerance)

    def truth(self, state: State, precision: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Of what flows into the layer of one_norm(), in fp64 from the first operation on."""
        x = images(0, SAMPLES, SAMPLES, precision)[0].double().flatten(1)
        x = x @ state["layers.0.weight"].double().T + state["layers.0.bias"].double()
        return x.mean(0), x.var(0, correction=0)

    def test_do_not_cancel_where_the_mean_is_large(self):
        model = one_norm()
        x = images(0, SAMPLES, SAMPLES, "fp32")[0].flatten(1)
        with torch.no_grad():
            model.layers[0].weight.div_((x @ model.layers[0].weight.T).std(0)[:, None]).mul_(0.01)
            model.layers[0].bias.copy_(30 - (x @ model.layers[0].weight.T).mean(0))
        section = {**ONE_NORM, "weights": self.write_weights(model)}
        found = self.estimate("fp32", section, [estimating(SAMPLES)], optimizer={"lr": 1e-9})
        mean, variance = self.truth(found, "fp32")
        self.assertLess((mean - 30).abs().max().item(), 1e-3)
        self.assertLess((variance.sqrt() - 0.01).abs().max().item(), 1e-3)
        model.load_state_dict(found)
        _, cancelled = norm_formulas.fvcore(model, images(0, SAMPLES, BATCH, "fp32"))["layers.1"]
        self.assertLessEqual(relative_l2(found["layers.1.running_var"], variance), 1e-4)
        self.assertGreater(relative_l2(cancelled, variance), 0.1)

    def test_recover_from_statistics_that_are_not_finite(self):
        clean = self.estimate("fp32", self.zoo(), [estimating(SAMPLES)])
        section = self.zoo()
        torch.manual_seed(3)
        poisoned = NormZoo()
        for layer, poison in zip(norm_formulas.norms(poisoned).values(), (math.nan, math.inf, -math.inf, math.nan)):
            layer.running_mean.fill_(poison)
            layer.running_var.fill_(poison)
        self.write_weights(poisoned)
        self.assert_same_bits(self.estimate("fp32", section, [estimating(SAMPLES)]), clean)
        without = self.estimate("fp32", section, [])
        self.assertFalse(any(tensor.isfinite().any() for tensor in statistics(without).values()))

    def test_take_all_there_is_when_more_samples_are_asked_for(self):
        whole = self.estimate("fp32", self.zoo(), [estimating(SAMPLES)])
        run = self.train(self.recipe(self.zoo(), "fp32", digits(0, SAMPLES, BATCH), [estimating(1000)]))
        self.assert_same_bits(self.final(run), whole)
        told = "the training data has 100 of the 1000 samples asked for; all are used"
        self.assertEqual((run / "log.txt").read_text().count(told), 1)

    def test_twice_are_those_of_once(self):
        once = self.estimate("fp32", self.zoo(), [estimating(SAMPLES)])
        twice = self.estimate("fp32", self.zoo(), [estimating(SAMPLES), estimating(SAMPLES, name="again")])
        self.assert_same_bits(twice, once)

    def test_leave_the_training_and_its_random_numbers_alone(self):
        """Dropout and shuffling draw random numbers in each of three epochs; each has an estimate after it."""
        for precision in DTYPES:
            runs = []
            for tricks in ([], [estimating(SAMPLES)]):
                data = {**digits(0, SAMPLES, BATCH), "shuffle": True}
                recipe = self.recipe(self.zoo(), precision, data, tricks, trainer={"epochs": 3})
                runs.append(self.final(self.train(recipe)))
            self.assert_same_bits(parameters(runs[1]), parameters(runs[0]))
            for name, tensor in statistics(runs[0]).items():
                self.assertFalse(tensor.equal(runs[1][name]), name)

    def test_of_averaged_weights_are_their_own(self):
        ema = {"use": "ema", "decay": 0.9, "schedule": "constant"}
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                data = digits(0, SAMPLES, BATCH)
                run = self.train(self.recipe(self.zoo(), precision, data, [ema, estimating(SAMPLES)]))
                live, averaged = self.final(run), self.final(run, "ema")
                batches = images(0, SAMPLES, BATCH, precision)
                for state in (live, averaged):
                    expected = norm_formulas.population(self.loaded(state, precision), batches)
                    self.assert_statistics(state, expected, tolerance, "of the set's own weights")
                for name, tensor in statistics(averaged).items():
                    if name.startswith("norm."):  # directly after the first convolution
                        self.assertGreater(relative_l2(tensor, live[name]), 1e-3, name)


if __name__ == "__main__":
    main()
