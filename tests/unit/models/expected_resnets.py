#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes expected_resnets.tsv: names, shapes and logits of residual networks, computed in Python.

The modules follow torchvision's resnet.py, from which the names come. Weights are sines of their
positions, so that the logits depend on no random number generator. Run it with a Python that has
torch, in this folder; its output is stored beside it.
"""

import torch
from torch import nn


def convolution(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: int, downsample: nn.Module | None):
        super().__init__()
        self.conv1 = convolution(in_channels, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.conv2 = convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int, downsample: nn.Module | None):
        super().__init__()
        self.conv1 = convolution(in_channels, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = convolution(width, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.relu = nn.ReLU()
        self.downsample = downsample

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, block: type, blocks: list[int], small_images: bool, num_classes: int):
        super().__init__()
        self.in_channels = 16 if small_images else 64
        if small_images:
            self.conv1 = convolution(3, 16, 3)
        else:
            self.conv1 = convolution(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(self.in_channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if small_images else nn.MaxPool2d(3, 2, 1)
        width = self.in_channels
        self.layers = len(blocks)
        for i, count in enumerate(blocks):
            layer = self.layer(block, width * 2**i, count, 1 if i == 0 else 2)
            setattr(self, f"layer{i + 1}", layer)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(self.in_channels, num_classes)

    def layer(self, block: type, width: int, count: int, stride: int) -> nn.Sequential:
        out_channels = width * block.expansion
        downsample = None
        if stride != 1 or self.in_channels != out_channels:
            projection = convolution(self.in_channels, out_channels, 1, stride)
            downsample = nn.Sequential(projection, nn.BatchNorm2d(out_channels))
        first = block(self.in_channels, width, stride, downsample)
        self.in_channels = out_channels
        rest = [block(out_channels, width, 1, None) for _ in range(count - 1)]
        return nn.Sequential(first, *rest)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(self.layers):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(self.avgpool(x).flatten(1))


def waves(like: torch.Tensor, phase: int) -> torch.Tensor:
    return torch.sin(torch.arange(like.numel(), dtype=torch.float64) + phase).reshape(like.shape)


def set_weights(model: nn.Module) -> None:
    """Weights in [-1, 1] over the root of their inputs, norms near the identity."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    with torch.no_grad():
        for phase, (name, tensor) in enumerate(tensors):
            if tensor.dim() > 1:
                tensor.copy_(waves(tensor, phase) / tensor[0].numel() ** 0.5)
            elif name.endswith("num_batches_tracked"):
                tensor.zero_()
            else:
                centre = 1.0 if name.endswith(("var", "bn1.weight", "bn2.weight")) else 0.0
                tensor.copy_(centre + 0.25 * waves(tensor, phase))


def main() -> None:
    models = {
        "resnet20": ResNet(BasicBlock, [3, 3, 3], True, 10),
        "resnet18": ResNet(BasicBlock, [2, 2, 2, 2], False, 1000),
        "resnet50": ResNet(Bottleneck, [3, 4, 6, 3], False, 1000),
    }
    with open("expected_resnets.tsv", "w") as file:
        for name, model in models.items():
            model.double()
            for kind, tensors in (
                ("parameter", model.named_parameters()),
                ("buffer", model.named_buffers()),
            ):
                for tensor_name, tensor in tensors:
                    shape = ",".join(str(size) for size in tensor.shape)
                    print(name, kind, tensor_name, shape or "-", sep="\t", file=file)
            images = waves(torch.empty(2, 3, 40, 40), 0)
            for mode in ("training", "inference"):
                set_weights(model)
                model.train(mode == "training")
                with torch.no_grad():
                    logits = model(images)[:, :4].flatten()
                numbers = ",".join(f"{x:.17g}" for x in logits)
                print(name, "logits", mode, numbers, sep="\t", file=file)


if __name__ == "__main__":
    main()
