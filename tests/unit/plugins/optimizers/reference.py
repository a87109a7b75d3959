# SPDX-License-Identifier: MIT
"""Writes reference.json: what torch.optim makes of three parameters in 100 steps.

usage: reference.py > reference.json
optimizers_test.cpp draws the same parameters and gradients and compares.
"""

import json

import torch

STEPS = 100
SHAPES = {"conv.weight": [2, 3, 3, 3], "conv.bias": [5], "fc.weight": [3, 4]}
WORD = (1 << 64) - 1

# Optimizer, options, options of the second group, which holds conv.bias.
CASES = {
    "sgd": ("sgd", {"lr": 0.1}, {}),
    "sgd_weight_decay": ("sgd", {"lr": 0.1, "weight_decay": 0.01}, {"weight_decay": 0.0}),
    "sgd_momentum": ("sgd", {"lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4}, {"lr": 0.1}),
    "sgd_nesterov": ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}),
    "sgd_dampening": ("sgd", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}, {"momentum": 0.5}),
    "sgd_maximize": ("sgd", {"lr": 0.01, "momentum": 0.9, "maximize": True}, {}),
    "adamw": ("adamw", {}, {}),
    "adamw_groups": ("adamw", {"lr": 0.01, "betas": [0.8, 0.95], "weight_decay": 0.1}, {"weight_decay": 0.0}),
    "adamw_amsgrad": ("adamw", {"lr": 0.01, "amsgrad": True, "eps": 1e-6}, {}),
    "adamw_maximize": ("adamw", {"lr": 0.01, "maximize": True}, {}),
}


def numbers(stream, count):
    """`count` numbers in [-1, 1) with 23 bits: the outputs of SplitMix64 started at `stream`."""
    state = stream
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & WORD
        yield ((mixed ^ (mixed >> 31)) >> 40) / 2**23 - 1


def draw(stream, shape):
    count = torch.Size(shape).numel()
    return torch.tensor(list(numbers(stream, count)), dtype=torch.float64).reshape(shape)


def has_gradient(index, step):
    """The last parameter gets its first gradient in the third step, and then in two of three."""
    return index != 2 or step % 3 == 2 or step % 3 == 1 and step > 2


def run(name, options, second_group):
    params = [torch.nn.Parameter(draw(index, shape)) for index, shape in enumerate(SHAPES.values())]
    groups = [{"params": [params[0], params[2]]}, {"params": [params[1]], **second_group}]
    kind = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    optimizer = kind(groups, **options, foreach=False)
    for step in range(STEPS):
        for index, param in enumerate(params):
            has = has_gradient(index, step)
            param.grad = draw(1000 + 10 * step + index, param.shape) if has else None
        optimizer.step()
    return [param.detach().flatten().tolist() for param in params]


def main():
    cases = []
    for case, (name, options, second_group) in CASES.items():
        cases.append({"case": case, "optimizer": name, "options": options, "second_group": second_group,
                      "params": run(name, options, second_group)})
    lines = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"torch": "{torch.__version__.split("+")[0]}", "steps": {STEPS}, "cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
