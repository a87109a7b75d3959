# SPDX-License-Identifier: MIT
"""The five tricks, each as the formula its source gives. Nothing here is fast; everything is meant to be read.

A *state* is a module's state dict: parameters, floating buffers and integer buffers by name.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

import torch
from torch import nn

from reference.data import Batch

State = dict[str, torch.Tensor]


def clone_state(state: State) -> State:
    """A copy that shares no memory with `state`."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}


# --- no_weight_decay ------------------------------------------------------------------------------------------------


def parameter_groups(model: nn.Module, weight_decay: float, exempt: bool) -> list[dict]:
    """Groups for torch.optim; with `exempt`, BatchNorm parameters and all biases have no decay.

    Source: Goyal et al., arXiv 1706.02677, section 5.3, and He et al., arXiv 1812.01187, section 3.1.
    """
    if not exempt:
        return [{"params": list(model.parameters()), "weight_decay": weight_decay}]
    norm_parameters = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, nn.BatchNorm2d)
        for parameter in module.parameters(recurse=False)
    }
    decayed, undecayed = [], []
    for name, parameter in model.named_parameters():
        is_exempt = id(parameter) in norm_parameters or name.rsplit(".", 1)[-1] == "bias"
        (undecayed if is_exempt else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": undecayed, "weight_decay": 0.0},
    ]


# --- accumulate -----------------------------------------------------------------------------------------------------


def windows(batches: Sequence[Batch], length: int) -> Iterator[Sequence[Batch]]:
    """Consecutive micro-batches of one optimizer step each; the last window of an epoch may be shorter."""
    for first in range(0, len(batches), length):
        yield batches[first : first + length]


def corrected_momentum(momentum: float, micro_batches: int) -> float:
    """BatchNorm momentum m' such that `micro_batches` updates weigh the window as one update of m would.

    From (1 - m')^N = 1 - m.
    """
    return 1 - (1 - momentum) ** (1 / micro_batches)


# --- ema ------------------------------------------------------------------------------------------------------------


def ema_decay(options: dict, step: int, total_steps: int) -> float:
    """The decay of one EMA update after optimizer step `step` (1 on the first) of `total_steps`.

    Sources: `threshold` is TensorFlow's ExponentialMovingAverage with num_updates; `exp` is SuperGradients'
    default ramp (beta 15); `warmup` is timm's ModelEmaV3; `half_life` is Composer's EMA.
    """
    schedule, decay = options.get("schedule", "exp"), options.get("decay", 0.9999)
    if schedule == "constant":
        return decay
    if schedule == "threshold":
        return min(decay, (1 + step) / (10 + step))
    if schedule == "exp":
        return decay * (1 - math.exp(-options.get("beta", 15) * step / total_steps))
    if schedule == "half_life":
        return 2 ** (-1 / options.get("half_life", 1000))
    if schedule == "warmup":
        if step <= 1:
            return 0.0
        ramp = 1 - (1 + (step - 1) / options.get("gamma", 1.0)) ** -options.get("power", 2 / 3)
        return max(min(ramp, decay), options.get("min_decay", 0.0))
    raise ValueError(f"unknown schedule {schedule}")


class Ema:
    """e += (1 - d) (w - e) after every `every`-th optimizer step, with d raised to `every`.

    With `bias_correction` a sum that begins at zero, s = d s + (1 - d) w, is divided by what the weights in it
    weigh, z = d z + (1 - d) = 1 - prod d (Kingma & Ba, arXiv 1412.6980, section 3). Both are kept here, in fp64.
    """

    def __init__(self, options: dict, model: nn.Module, total_steps: int):
        self.state = clone_state(model.state_dict())
        self._options = options
        self._total_steps = total_steps
        self._parameter_names = {name for name, _ in model.named_parameters()}
        self._sums = {name: torch.zeros_like(tensor, dtype=torch.float64) for name, tensor in self.state.items()}
        self._total_weight = 0.0

    def update(self, state: State, step: int) -> None:
        every = self._options.get("every", 1)
        if step % every != 0:
            return
        decay = ema_decay(self._options, step, self._total_steps) ** every
        self._total_weight = decay * self._total_weight + (1 - decay)
        for name, source in state.items():
            if not self._is_averaged(name, source):
                self.state[name].copy_(source)
            elif not self._options.get("bias_correction", False):
                self.state[name].lerp_(source, 1 - decay)
            elif self._total_weight > 0:
                self._sums[name].mul_(decay).add_(source.double(), alpha=1 - decay)
                self.state[name].copy_(self._sums[name] / self._total_weight)

    def _is_averaged(self, name: str, tensor: torch.Tensor) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self._options.get("exclude", [])):
            return False
        if name in self._parameter_names:
            return True
        return tensor.is_floating_point() and self._options.get("buffers", "average") == "average"


# --- precise_bn -----------------------------------------------------------------------------------------------------


class _Moments:
    """Count, mean and sum of squared deviations by channel in fp64, merged as in Chan, Golub & LeVeque (1979)."""

    def __init__(self):
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, x: torch.Tensor) -> None:
        values = x.detach().double().transpose(0, 1).flatten(1)
        count, mean = values.shape[1], values.mean(1)
        squares = (values - mean[:, None]).square().sum(1)
        delta, total = mean - self.mean, self.count + count
        self.mean = self.mean + delta * (count / total)
        self.squares = self.squares + squares + delta.square() * (self.count * count / total)
        self.count = total


def first_samples(batches: Sequence[Batch], samples: int) -> Iterator[torch.Tensor]:
    """Images of the first `samples` samples in batches; the last batch is cut, short data is used whole."""
    for images, _ in batches:
        if samples <= 0:
            return
        yield images[:samples]
        samples -= len(images)


@torch.no_grad()
def estimate_statistics(model: nn.Module, batches: Sequence[Batch], samples: int) -> None:
    """Replaces BatchNorm's running statistics by those of the population of the first `samples` samples.

    Source: Wu & Johnson, arXiv 2105.07576, section 3: weights are fixed, every batch is normalised by its own
    statistics, and the population's moments come from the pooled moments of the batches. Only BatchNorm layers
    are in training mode. The variance is the population's (biased); num_batches_tracked stays as it was.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if not layers:
        return
    moments = {layer: _Moments() for layer in layers}
    tracked = {layer: layer.num_batches_tracked.clone() for layer in layers}
    hooks = [
        layer.register_forward_pre_hook(lambda module, inputs: moments[module].add(inputs[0])) for layer in layers
    ]
    model.eval()
    for layer in layers:
        layer.train()
    for images in first_samples(batches, samples):
        model(images)
    model.eval()
    for hook in hooks:
        hook.remove()
    for layer in layers:
        layer.running_mean.copy_(moments[layer].mean)
        layer.running_var.copy_(moments[layer].squares / moments[layer].count)
        layer.num_batches_tracked.copy_(tracked[layer])


# --- weight_average -------------------------------------------------------------------------------------------------


def greedy_soup(
    ranked: Sequence[int], score: Callable[[Sequence[int]], float], maximise: bool
) -> tuple[list[int], float]:
    """Members, in the order they were accepted, and the score of their average.

    Source: Wortsman et al., arXiv 2203.05482, recipe 1: from the best candidate down, one is kept when the average
    does not become worse by it. `score` is told the members of an average in ascending order.
    """
    members, reached = [], math.nan
    for candidate in ranked:
        found = score(sorted([*members, candidate]))
        is_no_worse = math.isfinite(found) and not (found < reached if maximise else found > reached)
        if not members or is_no_worse:
            members.append(candidate)
            reached = found
    return members, reached


def mean_state(states: Sequence[State]) -> State:
    """Floating tensors: sum in fp64 over n, cast back, as in timm's avg_checkpoints.py. Integers: the last state's."""
    return {
        name: (sum(state[name].double() for state in states) / len(states)).to(newest.dtype)
        if newest.is_floating_point()
        else newest.clone()
        for name, newest in states[-1].items()
    }


class WeightAverage:
    """The arithmetic mean of the `best` epochs by metric, or of the last ones with select "last".

    Source: uniform soup of checkpoints as in timm's avg_checkpoints.py and SuperGradients' ModelWeightAveraging.
    A new epoch enters only when it is strictly better than the worst kept one; among equals the latest leaves.
    """

    def __init__(self, options: dict, maximise: bool):
        self._capacity = options.get("best", 5)
        self._select = options.get("select", "best")
        self._sign = 1 if maximise else -1
        self._kept: list[tuple[float, int, State]] = []

    def offer(self, metric: float, epoch: int, state: State) -> None:
        if self._select == "best" and not math.isfinite(metric):
            return
        self._kept.append((self._sign * metric, epoch, clone_state(state)))
        if self._select == "best":
            self._kept.sort(key=lambda kept: (-kept[0], kept[1]))
            del self._kept[self._capacity :]
        else:
            del self._kept[: -self._capacity]

    @property
    def epochs(self) -> list[int]:
        """The kept epochs, counted from 1, ascending."""
        return sorted(epoch for _, epoch, _ in self._kept)

    @property
    def best(self) -> State | None:
        """The single best epoch, among equals the earliest; none where the last epochs are averaged."""
        return self._kept[0][2] if self._select == "best" else None

    @property
    def ranked(self) -> list[int]:
        """The kept epochs, best first, among equals the earlier one."""
        return [epoch for _, epoch, _ in self._kept]

    def average(self) -> State:
        """The mean of the kept epochs; integers are those of the newest."""
        return mean_state([state for _, _, state in sorted(self._kept, key=lambda kept: kept[1])])
