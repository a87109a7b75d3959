# SPDX-License-Identifier: MIT
"""accumulate: gradients and weights of each step against those of the whole batch and of a plain PyTorch loop.

The fixtures `trajectory` and `gradients` save the weights after each step and the gradient it was made from; five steps
of SGD with momentum are compared, one tensor at a time. Exit status 77: a Python package is missing.
"""

import json
import sys
from pathlib import Path

try:
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    from exactness import DTYPES, ExactnessTest, State, load_batches, load_file, main, relative_l2, write_idx
    from reference.data import Batch, read_idx
    from reference.models import Mlp
    from reference.tricks import corrected_momentum, windows
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import DIGITS, digits

# Whole batches against sums of parts differ by the order of summation alone.
TOLERANCE = {"fp32": 1e-6, "fp64": 1e-14}
STEPS = 5
IGNORED = 255
KEEPING = [{"use": "trajectory"}, {"use": "gradients"}]

Step = tuple[State, State]  # gradients, weights


def mlp(batch_norm: bool = False) -> nn.Module:
    """knack's `mlp` of one hidden layer of 32."""
    model = Mlp(64, [32], 10)
    if batch_norm:
        model.layers.insert(1, nn.BatchNorm1d(32))
    return model


def train_windows(
    model: nn.Module,
    epoch: list[list[Batch]],
    epochs: int,
    max_norm: float | None = None,
    corrected: bool = False,
) -> tuple[list[Step], list[float]]:
    """The steps of SGD, one a window, and the norm of each gradient; items of class IGNORED do not count."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    momenta = {m: m.momentum for m in model.modules() if isinstance(m, nn.BatchNorm1d)}
    steps, norms = [], []
    model.train()
    for window in epoch * epochs:
        for layer, momentum in momenta.items():
            layer.momentum = corrected_momentum(momentum, len(window)) if corrected else momentum
        optimizer.zero_grad()
        total = sum((labels != IGNORED).sum().item() for _, labels in window)
        for images, labels in window:
            loss = cross_entropy(model(images), labels, ignore_index=IGNORED, reduction="sum")
            (loss / total).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm or float("inf"))
        norms.append(norm.item())
        gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
        optimizer.step()
        steps.append((gradients, {name: tensor.clone() for name, tensor in model.state_dict().items()}))
    return steps, norms


def gradient_of_means(model: nn.Module, parts: list[Batch]) -> State:
    """The negative control: the mean of the parts' mean losses, however few items a part has."""
    model.zero_grad()
    for images, labels in parts:
        (cross_entropy(model(images), labels, ignore_index=IGNORED) / len(parts)).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


class Accumulate(ExactnessTest):
    def section(self, batch_norm: bool = False) -> dict:
        torch.manual_seed(5)
        weights = self.write_weights(mlp(batch_norm))
        return {
            "use": "mlp", "in_features": 64, "hidden": [32], "num_classes": 10, "batch_norm": batch_norm,
            "weights": weights,
        }  # fmt: skip

    def model(self, precision: str, batch_norm: bool = False) -> nn.Module:
        model = mlp(batch_norm)
        model.load_state_dict(load_file(self.folder / "initial.safetensors"))
        return model.to(DTYPES[precision])

    def run_steps(self, precision: str, data: dict, tricks: list[dict], batch_norm: bool = False, **more: dict) -> Path:
        recipe = self.recipe(self.section(batch_norm), precision, data, [*tricks, *KEEPING], **more)
        return self.train(recipe)

    def kept(self, run: Path) -> list[Step]:
        folder = run / "plugins"
        return [
            (load_file(gradients), load_file(folder / "trajectory" / gradients.stem / "live.safetensors"))
            for gradients in sorted((folder / "gradients").iterdir(), key=lambda path: int(path.stem))
        ]

    def assert_steps(self, found: list[Step], expected: list[Step], tolerance: float) -> None:
        self.assertEqual(len(found), len(expected))
        for number, ((gradients, weights), (true_gradients, true_weights)) in enumerate(zip(found, expected), 1):
            gradients = {name: gradients[name] for name in true_gradients}  # the set has buffers too
            self.assert_close(gradients, true_gradients, tolerance, f"gradients of step {number}")
            self.assert_close(weights, true_weights, tolerance, f"weights after step {number}")

    def whole_batch(self, precision: str) -> list[Batch]:
        return load_batches(digits(0, 32, 32), DTYPES[precision])

    def write_data(self, images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> dict:
        """The section of data of the test's own; images are bytes."""
        write_idx(self.folder / "images", images)
        write_idx(self.folder / "labels", labels)
        return {"use": "idx", "images": "images", "labels": "labels", "batch_size": batch_size}

    def padded(self, sizes: list[int]) -> dict:
        """32 digits in micro-batches of the largest of `sizes`, each filled up by black images of class 0."""
        pixels = torch.from_numpy(read_idx(DIGITS / "train-images-idx3-ubyte")[:32].copy())
        labels = torch.from_numpy(read_idx(DIGITS / "train-labels-idx1-ubyte")[:32].copy())
        largest = max(sizes)
        images, classes = torch.zeros(len(sizes), largest, 8, 8), torch.zeros(len(sizes), largest)
        for i, (part, part_labels) in enumerate(zip(pixels.split(sizes), labels.split(sizes))):
            images[i, : len(part)], classes[i, : len(part)] = part, part_labels
        return self.write_data(images.flatten(0, 1), classes.flatten(), largest)

    def test_windows_of_any_division_give_the_steps_of_the_whole_batch(self):
        plans = {
            "32": (digits(0, 32, 32), [{"use": "accumulate", "batches": 1}]),
            "4 x 8": (digits(0, 32, 8), [{"use": "accumulate", "batches": 4}]),
            "15 + 15 + 2": (digits(0, 32, 15), [{"use": "accumulate", "batches": 3}]),
            "13 + 11 + 8": (
                self.padded([13, 11, 8]),
                [{"use": "accumulate", "batches": 3}, {"use": "cuts", "samples": [13, 11, 8]}],
            ),
        }
        for precision, tolerance in TOLERANCE.items():
            for plan, (data, tricks) in plans.items():
                with self.subTest(plan=plan, precision=precision):
                    run = self.run_steps(precision, data, tricks, trainer={"epochs": STEPS})
                    expected, _ = train_windows(self.model(precision), [self.whole_batch(precision)], STEPS)
                    self.assert_steps(self.kept(run), expected, tolerance)

    def test_unequal_parts_are_not_weighed_as_equals(self):
        run = self.run_steps("fp64", digits(0, 32, 15), [{"use": "accumulate", "batches": 3}])
        parts = load_batches(digits(0, 32, 15), torch.float64)
        wrong = gradient_of_means(self.model("fp64"), parts)
        for name, gradient in self.kept(run)[0][0].items():
            self.assertGreater(relative_l2(gradient, wrong[name]), 0.3, name)

    def test_parts_weigh_by_the_items_that_count(self):
        """As tokens: of four micro-batches of eight, eight, one, none and five count."""
        pixels = torch.from_numpy(read_idx(DIGITS / "train-images-idx3-ubyte")[:32].copy())
        labels = torch.from_numpy(read_idx(DIGITS / "train-labels-idx1-ubyte")[:32].copy()).long()
        for part, counted in zip(labels.split(8), (8, 1, 0, 5)):
            part[counted:] = IGNORED
        data = self.write_data(pixels, labels, 8)
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                run = self.run_steps(
                    precision, data, [{"use": "accumulate", "batches": 4}],
                    objective={"ignore_index": IGNORED}, trainer={"epochs": STEPS},
                )  # fmt: skip
                images = self.whole_batch(precision)[0][0]
                expected, _ = train_windows(self.model(precision), [[(images, labels)]], STEPS)
                self.assert_steps(self.kept(run), expected, tolerance)
                parts = [part for part in zip(images.split(8), labels.split(8)) if (part[1] != IGNORED).any()]
                for name, gradient in gradient_of_means(self.model(precision), parts).items():
                    self.assertGreater(relative_l2(expected[0][0][name], gradient), 0.3, name)

    def test_clipping_sees_the_gradient_of_the_whole_window(self):
        max_norm = 0.1
        tricks = [{"use": "accumulate", "batches": 3}, {"use": "clips", "max_norm": max_norm}]
        for precision, tolerance in TOLERANCE.items():
            with self.subTest(precision=precision):
                run = self.run_steps(precision, digits(0, 32, 15), tricks, trainer={"epochs": STEPS})
                window = self.whole_batch(precision)
                expected, norms = train_windows(self.model(precision), [window], STEPS, max_norm=max_norm)
                self.assertGreater(min(norms), 2 * max_norm)
                found = json.loads((run / "final" / "summary.json").read_text())["tricks"]["clips"]["norms"]
                torch.testing.assert_close(torch.tensor(found), torch.tensor(norms), rtol=1e-6, atol=0)
                self.assert_steps(self.kept(run), expected, tolerance)

    def test_batch_norm_is_that_of_the_same_loop_and_windows_end_with_the_epoch(self):
        """Five micro-batches an epoch, the last one short: windows of 2, 2 and 1, twice.

        The bias before a BatchNorm has no gradient but rounding; sizes are powers of two, so both sides round alike.
        """
        data = digits(0, 72, 16)
        for precision, tolerance in (("fp32", 1e-6), ("fp64", 1e-12)):
            for bn_momentum in ("as_is", "corrected"):
                with self.subTest(bn_momentum=bn_momentum, precision=precision):
                    trick = {"use": "accumulate", "batches": 2, "bn_momentum": bn_momentum}
                    run = self.run_steps(precision, data, [trick], batch_norm=True, trainer={"epochs": 2})
                    epoch = list(windows(load_batches(data, DTYPES[precision]), 2))
                    self.assertEqual([len(window) for window in epoch], [2, 2, 1])
                    model = self.model(precision, batch_norm=True)
                    expected, _ = train_windows(model, epoch, 2, corrected=bn_momentum == "corrected")
                    found = self.kept(run)
                    self.assert_steps(found, expected, tolerance)
                    tracked = [weights["layers.1.num_batches_tracked"].item() for _, weights in found]
                    self.assertEqual(tracked, [2, 4, 5, 7, 9, 10])

    def test_corrected_momentum_forgets_as_fast_as_one_update(self):
        """From statistics that start far away a window, however long, leaves 1 - m of the distance."""
        left = {}
        for batches in (1, 4):
            section = self.section(batch_norm=True)
            model = mlp(batch_norm=True)
            model.load_state_dict(load_file(self.folder / section["weights"]))
            model.layers[1].running_mean.fill_(1e6)
            section["weights"] = self.write_weights(model)
            trick = {"use": "accumulate", "batches": batches, "bn_momentum": "corrected"}
            data = digits(0, 8 * batches, 8)
            recipe = self.recipe(section, "fp64", data, [trick, *KEEPING])
            weights = self.kept(self.train(recipe))[0][1]
            left[batches] = weights["layers.1.running_mean"] / 1e6
        for fraction in left.values():
            torch.testing.assert_close(fraction, torch.full_like(fraction, 0.9), rtol=1e-5, atol=0)


if __name__ == "__main__":
    main()
