# SPDX-License-Identifier: MIT
"""`ema` after every window of a run against the reference, timm, SuperGradients, torch and the definition.

One run has an `ema` for each case; the trick `trajectory` saves the live weights and every average after each
window, and drops the step of some windows. The saved live weights are the trajectory that all oracles are given, so
no rounding of the training comes in. Exit status 77: a Python package is missing.
"""

import sys
import unittest

try:
    import torch

    import scripted
    from reference.moving_averages import SuperGradientsEma, TimmEma, TorchEma, as_module, weighted_sum
    from reference.tricks import Ema, State, ema_decay
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

EPOCHS, BATCHES = 3, 8
WINDOWS = EPOCHS * BATCHES
DROPPED = [1, 6, 7, 13, WINDOWS]

SCHEDULES = {
    "constant": {"schedule": "constant", "decay": 0.9},
    "threshold": {"schedule": "threshold", "decay": 0.6},
    "exp": {"schedule": "exp", "decay": 0.95},
    "exp_beta": {"schedule": "exp", "decay": 0.95, "beta": 2},
    "warmup": {"schedule": "warmup", "decay": 0.8},
    "warmup_gamma": {"schedule": "warmup", "decay": 0.7, "gamma": 3, "power": 0.75, "min_decay": 0.25},
    "half_life": {"schedule": "half_life", "half_life": 5},
}
CASES = {
    **SCHEDULES,
    **{f"{name}.every": {**options, "every": 3} for name, options in SCHEDULES.items()},
    **{f"{name}.corrected": {**options, "bias_correction": True} for name, options in SCHEDULES.items()},
    "constant.corrected_every": {**SCHEDULES["constant"], "every": 3, "bias_correction": True},
    "copied_buffers": {**SCHEDULES["constant"], "buffers": "copy"},
    "excluded": {**SCHEDULES["constant"], "exclude": ["norm.*", "head.bias"]},
    "slow.corrected": {"schedule": "constant", "decay": 0.9999, "bias_correction": True},
    "zero": {"schedule": "constant", "decay": 0},
    "zero.corrected": {"schedule": "constant", "decay": 0, "bias_correction": True},
    "one": {"schedule": "constant", "decay": 1},
    "one.corrected": {"schedule": "constant", "decay": 1, "bias_correction": True},
}

LERP = {"fp32": 2e-7, "fp64": 1e-15}  # against the same formula
OTHER = {"fp32": 1e-6, "fp64": 1e-14}  # against d e + (1 - d) w, or a sum


def distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference of two elements over the largest element; integers must be the same."""
    if found.shape != expected.shape:
        return float("inf")
    if not found.is_floating_point():
        return 0.0 if torch.equal(found, expected) else float("inf")
    largest = expected.abs().max().item()
    return (found.double() - expected.double()).abs().max().item() / (largest or 1.0)


class Trajectory:
    """The live weights after each window of one run, and which windows made a step."""

    def __init__(self, precision: str):
        tricks = [{"use": "trajectory", "sets": list(CASES), "drop": DROPPED}]
        tricks += [{"use": "ema", "name": name, "publish": name, **options} for name, options in CASES.items()]
        self.run = scripted.Run(scripted.recipe(precision, tricks, EPOCHS, BATCHES))
        self.live = [self.run.window(number) for number in range(WINDOWS + 1)]
        self.stepped = [bool(stepped) for stepped in self.run.facts("trajectory")["stepped"]]

    def follow(self, oracle, counts_dropped: bool = False) -> list[State]:
        """The oracle's state after each window; it is told of real steps alone."""
        states, step = [], 0
        for live, stepped in zip(self.live[1:], self.stepped):
            step += stepped or counts_dropped
            if stepped:
                oracle.update(live, step)
            states.append({name: tensor.clone() for name, tensor in oracle.state.items()})
        return states


class Against:
    """Tests of one precision."""

    precision = ""

    @classmethod
    def setUpClass(cls):
        cls.trajectory = Trajectory(cls.precision)
        cls.found = {
            case: [cls.trajectory.run.window(number, case) for number in range(1, WINDOWS + 1)] for case in CASES
        }

    def worst(self, case: str, expected: list[State], names: set[str] | None = None) -> float:
        """The largest distance of any tensor after any window."""
        self.assertEqual(len(expected), WINDOWS)
        return max(
            distance(found[name], state[name])
            for found, state in zip(self.found[case], expected)
            for name in names or state.keys()
        )

    @property
    def initial(self) -> State:
        return self.trajectory.live[0]

    @property
    def floating(self) -> set[str]:
        return {name for name, tensor in self.initial.items() if tensor.is_floating_point()}

    @property
    def trained(self) -> set[str]:
        return {*self.initial} - scripted.BUFFERS - {"frozen"}

    def reference(self, options: dict) -> list[State]:
        module = as_module(self.initial, scripted.BUFFERS)
        return self.trajectory.follow(Ema(options, module, WINDOWS))

    def test_equals_the_reference_in_every_case(self):
        for case, options in CASES.items():
            with self.subTest(case):
                # Corrected averages are kept there as a sum and what it weighs.
                tolerance = (OTHER if options.get("bias_correction") else LERP)[self.precision]
                self.assertLessEqual(self.worst(case, self.reference(options)), tolerance)

    def test_is_the_weighted_sum_of_the_definition(self):
        steps = [live for live, stepped in zip(self.trajectory.live[1:], self.trajectory.stepped) if stepped]
        self.assertEqual(len(steps), WINDOWS - len(DROPPED))
        for case in CASES.keys() - {"one.corrected"}:  # which is 0 / 0
            options = CASES[case]
            every = options.get("every", 1)
            members = [self.initial, *steps[every - 1 :: every]]
            decays = [
                ema_decay(options, step, WINDOWS) ** every for step in range(every, len(steps) + 1, every)
            ]
            for name in self.trained:
                expected = weighted_sum(
                    [state[name] for state in members], decays, options.get("bias_correction", False)
                )
                if case == "excluded" and name in ("norm.weight", "norm.bias", "head.bias"):
                    expected = steps[-1][name]
                found = self.found[case][-1][name]
                self.assertLessEqual(distance(found, expected), OTHER[self.precision], f"{case} {name}")

    def test_equals_timm(self):
        for case, exclude_buffers in (
            *(("constant", False), ("warmup", False), ("warmup_gamma", False)),
            ("copied_buffers", True),
        ):
            with self.subTest(case):
                oracle = TimmEma(self.initial, scripted.BUFFERS, CASES[case], exclude_buffers)
                self.assertLessEqual(self.worst(case, self.trajectory.follow(oracle)), LERP[self.precision])

    def test_equals_super_gradients_where_that_averages(self):
        for case in ("constant", "threshold", "exp", "exp_beta"):
            with self.subTest(case):
                expected = self.trajectory.follow(SuperGradientsEma(self.initial, CASES[case], WINDOWS))
                self.assertLessEqual(self.worst(case, expected, self.floating), OTHER[self.precision])
                self.assertEqual(expected[-1]["ticks"], 0)  # integers stay as they began: a defect

    def test_equals_averaged_model_with_copied_and_with_averaged_buffers(self):
        decay = CASES["constant"]["decay"]
        copied = TorchEma(self.initial, scripted.BUFFERS, decay, use_buffers=False)
        expected = self.trajectory.follow(copied)
        self.assertLessEqual(self.worst("copied_buffers", expected), OTHER[self.precision])
        averaged = TorchEma(self.initial, scripted.BUFFERS, decay, use_buffers=True)
        expected = self.trajectory.follow(averaged)
        self.assertLessEqual(self.worst("constant", expected, self.floating), OTHER[self.precision])
        newest = self.found["constant"][-1]["ticks"]
        self.assertLess(expected[-1]["ticks"], newest - 5)  # averaged and truncated: a defect

    def test_decay_and_number_of_updates_are_exact(self):
        steps = WINDOWS - len(DROPPED)
        for case, options in CASES.items():
            every = options.get("every", 1)
            facts = self.trajectory.run.facts(case)
            expected = ema_decay(options, steps // every * every, WINDOWS) ** every
            self.assertLessEqual(abs(facts["decay"] - expected), 1e-15, case)
            self.assertEqual(facts["updates"], steps // every, case)

    def test_dropped_steps_leave_every_average_as_it_was(self):
        live, states = self.trajectory.live, self.trajectory.stepped
        self.assertEqual([number + 1 for number, stepped in enumerate(states) if not stepped], DROPPED)
        for window in DROPPED:
            # The forward pass has changed the buffers, so that an update would be seen.
            self.assertEqual(live[window]["ticks"], live[window - 1]["ticks"] + 1)
            for case in CASES:
                before = self.initial if window == 1 else self.found[case][window - 2]
                for name, tensor in self.found[case][window - 1].items():
                    self.assertTrue(torch.equal(tensor, before[name]), f"{case} {window} {name}")

    def test_integer_buffers_are_those_of_the_latest_update(self):
        for case, options in CASES.items():
            every, step, latest = options.get("every", 1), 0, self.initial
            for window, stepped in enumerate(self.trajectory.stepped, 1):
                step += stepped
                if stepped and step % every == 0:
                    latest = self.trajectory.live[window]
                for name in ("ticks", "odd", "bytes", "norm.num_batches_tracked"):
                    found = self.found[case][window - 1][name]
                    self.assertEqual(found.dtype, latest[name].dtype)
                    self.assertTrue(torch.equal(found, latest[name]), f"{case} {window} {name}")

    def test_frozen_parameters_stay_bit_for_bit(self):
        for case in CASES:
            for found in self.found[case]:
                self.assertTrue(torch.equal(found["frozen"], self.initial["frozen"]), case)

    def test_a_decay_of_zero_is_the_live_weights(self):
        for case in ("zero", "zero.corrected"):
            for window, stepped in enumerate(self.trajectory.stepped, 1):
                for name, tensor in self.found[case][window - 1].items():
                    if stepped:
                        self.assertTrue(torch.equal(tensor, self.trajectory.live[window][name]), name)

    def test_the_final_file_is_the_average_of_the_last_window(self):
        for case in CASES:
            final = self.trajectory.run.final(case)
            self.assertEqual(final.keys(), self.initial.keys())
            for name, tensor in final.items():
                self.assertTrue(torch.equal(tensor, self.found[case][-1][name]), f"{case} {name}")

    # What the tests above would see: the distance of well-known mistakes.

    def test_a_shared_parameter_that_is_updated_twice_would_be_seen(self):
        self.assertNotIn("decoder.weight", self.initial)  # listed once, under its first name

        class Twice(TimmEma):  # as timm 1.0.31 does: in its walk over a state dict a shared tensor has two names
            def update(self, state: State, step: int) -> None:
                super().update(state, step)
                self.state["encoder.weight"].lerp_(state["encoder.weight"], weight=1.0 - self.decay(step))

        expected = self.trajectory.follow(Twice(self.initial, scripted.BUFFERS, CASES["constant"]))
        self.assertGreater(self.worst("constant", expected, {"encoder.weight"}), 1e-2)

    def test_a_decay_that_is_not_rescaled_would_be_seen(self):
        for schedule in ("constant", "half_life"):
            decay = ema_decay(SCHEDULES[schedule], 1, WINDOWS)
            rescaled_back = {"schedule": "constant", "decay": decay ** (1 / 3), "every": 3}
            self.assertGreater(self.worst(f"{schedule}.every", self.reference(rescaled_back), self.trained), 1e-2)

    def test_dropped_steps_that_count_would_be_seen(self):
        for case in ("threshold", "exp_beta", "warmup"):
            oracle = Ema(CASES[case], as_module(self.initial, scripted.BUFFERS), WINDOWS)
            expected = self.trajectory.follow(oracle, counts_dropped=True)
            self.assertGreater(self.worst(case, expected, self.trained), 1e-2, case)

    def test_initial_weights_that_count_would_be_seen(self):
        for case in ("constant", "exp", "slow"):
            options = {**CASES[f"{case}.corrected"], "bias_correction": False}
            self.assertGreater(self.worst(f"{case}.corrected", self.reference(options), self.trained), 1e-2, case)


class Fp32(Against, unittest.TestCase):
    precision = "fp32"


class Fp64(Against, unittest.TestCase):
    precision = "fp64"


if __name__ == "__main__":
    scripted.main(__doc__)
