# SPDX-License-Identifier: MIT
"""BatchNorm statistics re-estimated by the formulas of others, and by definition.

Each function runs `model` over `batches` of inputs with the layers in `norms(model)` in training mode and all else as
in evaluation, and returns (mean, variance) of each layer by name. The model's own statistics are lost.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

Statistics = dict[str, tuple[torch.Tensor, torch.Tensor]]


def norms(model: nn.Module, kinds: tuple[type, ...] = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)) -> dict:
    return {name: module for name, module in model.named_modules() if isinstance(module, kinds)}


@torch.no_grad()
def _passes(model: nn.Module, batches: Sequence[torch.Tensor]) -> Iterator[dict[str, list[torch.Tensor]]]:
    """After each batch, the inputs of each layer in it; running statistics then are those of its last input."""
    model.eval()
    inputs: dict[str, list[torch.Tensor]] = {}
    hooks = []
    for name, layer in norms(model).items():
        layer.train()
        layer.momentum = 1.0
        layer.reset_running_stats()
        hooks.append(layer.register_forward_pre_hook(lambda _, x, name=name: inputs[name].append(x[0].clone())))
    for batch in batches:
        inputs.update({name: [] for name in norms(model)})
        model(batch)
        yield dict(inputs)
    for hook in hooks:
        hook.remove()


def population(model: nn.Module, batches: Sequence[torch.Tensor]) -> Statistics:
    """By definition: all inputs of a layer side by side in fp64, their mean and biased variance."""
    collected: dict[str, list[torch.Tensor]] = {name: [] for name in norms(model)}
    for inputs in _passes(model, batches):
        for name, values in inputs.items():
            collected[name] += [x.double().transpose(0, 1).flatten(1) for x in values]
    pooled = {name: torch.cat(values, 1) for name, values in collected.items()}
    return {name: (values.mean(1), values.var(1, correction=0)) for name, values in pooled.items()}


def fvcore(model: nn.Module, batches: Sequence[torch.Tensor]) -> Statistics:
    """fvcore 0.1.5.post20221221, nn/precise_bn.py, update_bn_stats: E[x^2] - E[x]^2 in the model's precision."""
    layers = norms(model)
    total = dict.fromkeys(layers, 0)
    mean = {name: torch.zeros_like(layer.running_mean) for name, layer in layers.items()}
    square = {name: torch.zeros_like(layer.running_var) for name, layer in layers.items()}
    for inputs in _passes(model, batches):
        for name, layer in layers.items():
            (x,) = inputs[name]  # fvcore refuses layers that are used twice
            n = x.numel() // x.shape[1]
            total[name] += n
            q = layer.running_mean.square() + layer.running_var * ((n - 1) / n)
            mean[name] += (layer.running_mean - mean[name]) * (n / total[name])
            square[name] += (q - square[name]) * (n / total[name])
    return {name: (mean[name], square[name] - mean[name].square()) for name in layers}


def super_gradients(model: nn.Module, batches: Sequence[torch.Tensor], samples: int) -> Statistics:
    """SuperGradients 3.7, compute_precise_bn_stats on one device: means of the batches' means and of their variances.

    Of BatchNorm2d alone.
    """
    iterations = min(int(samples / len(batches[0])), len(batches))
    layers = norms(model, (nn.BatchNorm2d,))
    mean = {name: torch.zeros_like(layer.running_mean) for name, layer in layers.items()}
    variance = {name: torch.zeros_like(layer.running_var) for name, layer in layers.items()}
    for _ in _passes(model, batches[:iterations]):
        for name, layer in layers.items():
            mean[name] += layer.running_mean / iterations
            variance[name] += layer.running_var / iterations
    return {name: (mean[name], variance[name]) for name in layers}


def spread(model: nn.Module, batches: Sequence[torch.Tensor]) -> dict[str, tuple[float, torch.Tensor]]:
    """What a mean of unbiased variances over batches of one size misses: (n - 1) / n, and the variance of the means."""
    means: dict[str, list[torch.Tensor]] = {name: [] for name in norms(model)}
    sizes = {}
    for inputs in _passes(model, batches):
        for name, (x,) in inputs.items():
            values = x.double().transpose(0, 1).flatten(1)
            means[name].append(values.mean(1))
            sizes[name] = values.shape[1]
    return {
        name: ((sizes[name] - 1) / sizes[name], torch.stack(values).var(0, correction=0))
        for name, values in means.items()
    }
