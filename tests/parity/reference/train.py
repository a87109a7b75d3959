# SPDX-License-Identifier: MIT
"""The training loop: one recipe in knack's format, run with torch.optim."""

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from reference.data import Batch, load_batches
from reference.models import load_model
from reference.tricks import (
    Ema,
    State,
    WeightAverage,
    clone_state,
    corrected_momentum,
    estimate_statistics,
    parameter_groups,
    windows,
)


@dataclass
class Evaluated:
    """A weight set as it was evaluated on `valid`, BatchNorm statistics included."""

    state: State
    loss: float
    top1: float


@dataclass
class Result:
    """What a run leaves: final sets by name, metrics of every epoch, epochs of the average, optimizer steps."""

    sets: dict[str, Evaluated]
    epochs: list[dict[str, Evaluated]] = field(default_factory=list)
    average_epochs: list[int] = field(default_factory=list)
    steps: int = 0


def make_optimizer(config: dict, groups: list[dict], kernel: str) -> torch.optim.Optimizer:
    """torch.optim's optimizer; `kernel` is "fused", "foreach" or "loop"."""
    options = {key: value for key, value in config.items() if key not in ("use", "weight_decay")}
    kinds = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}
    return kinds[config["use"]](groups, fused=kernel == "fused", foreach=kernel == "foreach", **options)


class Training:
    """One run of a recipe. `kernel` and `memory_format` change rounding alone (see rounding.py)."""

    def __init__(
        self,
        recipe: dict,
        dtype: torch.dtype,
        kernel: str = "fused",
        memory_format: torch.memory_format = torch.contiguous_format,
    ):
        self._recipe = recipe
        self._tricks = {trick["use"]: trick for trick in recipe.get("tricks", [])}
        self._train = load_batches(recipe["data"]["train"], dtype)
        self._valid = load_batches(recipe["data"]["valid"], dtype)
        self._smoothing = recipe["objective"].get("label_smoothing", 0.0)
        self._model = load_model(recipe["model"], dtype).to(memory_format=memory_format)
        # Evaluating on a second module leaves the trained one as it is, whatever BatchNorm re-estimation does.
        self._scratch = load_model(recipe["model"], dtype).to(memory_format=memory_format)
        self._momentum = {m: m.momentum for m in self._model.modules() if isinstance(m, nn.BatchNorm2d)}
        weight_decay = recipe["optimizer"]["weight_decay"]
        groups = parameter_groups(self._model, weight_decay, "no_weight_decay" in self._tricks)
        self._optimizer = make_optimizer(recipe["optimizer"], groups, kernel)
        self._window = self._tricks.get("accumulate", {}).get("batches", 1)
        total_steps = recipe["trainer"]["epochs"] * len(list(windows(self._train, self._window)))
        self._ema = Ema(self._tricks["ema"], self._model, total_steps) if "ema" in self._tricks else None
        self._average = None
        if "weight_average" in self._tricks:
            self._average = WeightAverage(self._tricks["weight_average"], recipe["trainer"]["mode"] == "max")
        self._step = 0

    def run(self) -> Result:
        result = Result(sets={})
        for epoch in range(1, self._recipe["trainer"]["epochs"] + 1):
            for window in windows(self._train, self._window):
                self._optimizer_step(window)
            evaluated = {name: self._evaluate(name, state) for name, state in self._sets().items()}
            result.epochs.append(evaluated)
            if self._average:
                of = evaluated[self._tricks["weight_average"].get("of", "live")]
                self._average.offer(getattr(of, self._recipe["trainer"]["monitor"]), epoch, of.state)
        result.sets = dict(result.epochs[-1])
        if self._average:
            result.sets["average"] = self._evaluate("average", self._average.average())
            if self._average.best:
                result.sets["best"] = self._evaluate("best", self._average.best)
            result.average_epochs = self._average.epochs
        result.steps = self._step
        return result

    def _sets(self) -> dict[str, State]:
        sets = {"live": self._model.state_dict()}
        if self._ema:
            sets["ema"] = self._ema.state
        return sets

    def _optimizer_step(self, window: list[Batch]) -> None:
        corrected = self._tricks.get("accumulate", {}).get("bn_momentum", "as_is") == "corrected"
        for layer, momentum in self._momentum.items():
            layer.momentum = corrected_momentum(momentum, len(window)) if corrected else momentum
        self._model.train()
        self._optimizer.zero_grad()
        samples = sum(len(labels) for _, labels in window)
        for images, labels in window:
            loss = cross_entropy(self._model(images), labels, label_smoothing=self._smoothing)
            (loss * (len(labels) / samples)).backward()
        self._optimizer.step()
        self._step += 1
        if self._ema:
            self._ema.update(self._model.state_dict(), self._step)

    @torch.no_grad()
    def _evaluate(self, name: str, state: State) -> Evaluated:
        model = self._scratch
        model.load_state_dict(state)
        # In recipe order, as hooks of one event run: the statistics of the average are those of the later trick.
        for trick in self._recipe.get("tricks", []):
            if trick["use"] == "precise_bn":
                estimate_statistics(model, self._train, trick.get("samples", 8192))
            if trick["use"] == "weight_average" and trick.get("refresh_bn", True) and name == "average":
                estimate_statistics(model, self._train, sum(len(labels) for _, labels in self._train))
        model.eval()
        loss = correct = samples = 0
        for images, labels in self._valid:
            outputs = model(images)
            loss += cross_entropy(outputs, labels, reduction="sum", label_smoothing=self._smoothing).item()
            correct += (outputs.argmax(1) == labels).sum().item()
            samples += len(labels)
        return Evaluated(clone_state(model.state_dict()), loss / samples, correct / samples)


def train(recipe: dict, dtype: torch.dtype, **rounding) -> Result:
    """Trains as `recipe` says, from the weights of its `model.weights`, in file order."""
    return Training(recipe, dtype, **rounding).run()
