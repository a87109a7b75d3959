# SPDX-License-Identifier: MIT
"""What other libraries make of one trajectory of weights, and the definition of a moving average as a sum.

timm and SuperGradients are written out, since neither is a dependency: timm's ModelEmaV3 of 1.0.31 (which was run
beside it and gave the same bits) and SuperGradients' ModelEMA of commit e0ccacf. torch's own AveragedModel is used as
it is.
"""

import math

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from reference.tricks import State, clone_state


def as_module(state: State, buffers: set[str]) -> nn.Module:
    """A module with that state dict and nothing else."""
    root = nn.Module()
    for name, tensor in state.items():
        *path, leaf = name.split(".")
        owner = root
        for part in path:
            if not hasattr(owner, part):
                owner.add_module(part, nn.Module())
            owner = getattr(owner, part)
        if name in buffers:
            owner.register_buffer(leaf, tensor.clone())
        else:
            owner.register_parameter(leaf, nn.Parameter(tensor.clone()))
    return root


class TimmEma:
    """ModelEmaV3.update: floats by lerp, the others copied; `exclude_buffers` copies all buffers."""

    def __init__(self, state: State, buffers: set[str], options: dict, exclude_buffers: bool = False):
        self.state = clone_state(state)
        self._copied = buffers if exclude_buffers else set()
        self._options = options

    def decay(self, step: int) -> float:
        """get_decay; knack's `constant` is timm's without a step, which does not copy at first."""
        if self._options["schedule"] == "constant":
            return self._options["decay"]
        step = max(0, step - 1)
        if step <= 0:
            return 0.0
        decay = 1 - (1 + step / self._options.get("gamma", 1.0)) ** -self._options.get("power", 2 / 3)
        return max(min(decay, self._options["decay"]), self._options.get("min_decay", 0.0))

    def update(self, state: State, step: int) -> None:
        for name, average in self.state.items():
            if average.is_floating_point() and name not in self._copied:
                average.lerp_(state[name], weight=1.0 - self.decay(step))
            else:
                average.copy_(state[name])


class SuperGradientsEma:
    """ModelEMA.update: floats by d e + (1 - d) w; integers are never updated, which knack does not follow."""

    def __init__(self, state: State, options: dict, total_steps: int):
        self.state = clone_state(state)
        self._options = options
        self._total_steps = total_steps

    def decay(self, step: int) -> float:
        decay = self._options["decay"]
        if self._options["schedule"] == "threshold":
            return min(decay, (1 + step) / (10 + step))
        if self._options["schedule"] == "exp":
            return decay * (1 - math.exp(-self._options.get("beta", 15) * step / self._total_steps))
        return decay

    def update(self, state: State, step: int) -> None:
        decay = self.decay(step)
        for name, average in self.state.items():
            if average.is_floating_point():
                average.copy_(average * decay + (1 - decay) * state[name])


class TorchEma:
    """torch.optim.swa_utils.AveragedModel; its first update copies, so it is given the initial weights first."""

    def __init__(self, state: State, buffers: set[str], decay: float, use_buffers: bool):
        self._live = as_module(state, buffers)
        self._averaged = AveragedModel(
            self._live, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=use_buffers
        )
        self._averaged.update_parameters(self._live)

    def update(self, state: State, step: int) -> None:
        with torch.no_grad():
            for name, tensor in self._live.state_dict().items():
                tensor.copy_(state[name])
        self._averaged.update_parameters(self._live)

    @property
    def state(self) -> State:
        return self._averaged.module.state_dict()


def weighted_sum(weights: list[torch.Tensor], decays: list[float], bias_correction: bool) -> torch.Tensor:
    """The definition, in fp64: w_i counts (1 - d_i) times all later d; w_0 as if d_0 were 0.

    With `bias_correction` w_0 counts nothing, and the sum is divided by what the others count, which is 1 - prod d
    without its cancellation. `decays` belong to weights[1:].
    """
    total, counted, remaining = torch.zeros_like(weights[0], dtype=torch.float64), 0.0, 1.0
    for weight, decay in zip(reversed(weights[1:]), reversed(decays)):
        total += (1 - decay) * remaining * weight.double()
        counted += (1 - decay) * remaining
        remaining *= decay
    return total / counted if bias_correction else total + remaining * weights[0].double()
