# SPDX-License-Identifier: MIT
"""The compared models, with the parameter names of torchvision's ResNet."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al., arXiv 1512.03385, fig. 2)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            convolution = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(convolution, nn.BatchNorm2d(out_channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.bn1(self.conv1(x)).relu()
        return (self.bn2(self.conv2(x)) + shortcut).relu()


class ResNet20(nn.Module):
    """ResNet-20 for small images (arXiv 1512.03385, section 4.2), with 1x1-convolution shortcuts."""

    def __init__(self, in_channels: int, num_classes: int):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._layer(16, 16, stride=1)
        self.layer2 = self._layer(16, 32, stride=2)
        self.layer3 = self._layer(32, 64, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, num_classes)

    @staticmethod
    def _layer(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
        first = BasicBlock(in_channels, out_channels, stride)
        return nn.Sequential(first, *(BasicBlock(out_channels, out_channels, 1) for _ in range(2)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn1(self.conv1(x)).relu()
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(self.avgpool(x).flatten(1))


class TinyCnn(nn.Module):
    """Two small convolutions with BatchNorm, as bench/plugins/tiny_cnn.hpp has them."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.fc = nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn1(self.conv1(x)).relu()
        x = self.bn2(self.conv2(x)).relu()
        return self.fc(x.mean((2, 3)))


class Mlp(nn.Module):
    """Linear layers with ReLU between them; no BatchNorm, so splitting a batch changes no activation."""

    def __init__(self, in_features: int, hidden: list[int], num_classes: int):
        super().__init__()
        self.layers = nn.Sequential()
        for inputs, outputs in zip([in_features, *hidden], hidden):
            self.layers.extend([nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(0.0)])
        self.layers.append(nn.Linear(hidden[-1], num_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x.flatten(1))


def build_model(config: dict) -> nn.Module:
    """The module of a recipe's `model`, with PyTorch's default weights."""
    kinds = {"resnet20": ResNet20, "bench.tiny_cnn": TinyCnn, "mlp": Mlp}
    options = {key: value for key, value in config.items() if key not in ("use", "weights")}
    return kinds[config["use"]](**options)


def write_initial_weights(config: dict, seed: int, path: Path) -> None:
    """Writes a seeded He initialisation (fp32, with buffers), from which both sides start."""
    torch.manual_seed(seed)
    model = build_model(config)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    save_file(model.state_dict(), path)


def load_model(config: dict, dtype: torch.dtype) -> nn.Module:
    """The module of a recipe's `model` with the weights its `weights` file holds."""
    model = build_model(config)
    model.load_state_dict(load_file(config["weights"]))
    return model.to(dtype)
