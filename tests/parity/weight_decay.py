# SPDX-License-Identifier: MIT
"""no_weight_decay: whom each preset exempts, and what that does to the weights, against the rules of its sources.

Whom: the groups that `knack explain` shows, for every model of knack and for a zoo of layers. What: one optimizer
step with a gradient of zero changes a parameter if and only if it is decayed. Exit status 77: a Python package is
missing.
"""

import json
import subprocess
import sys

try:
    import torch
    from torch import nn

    from exactness import DTYPES, ExactnessTest, load_file, main
    from reference.models import Mlp
    from reference.train import make_optimizer
    from reference.weight_decay_rules import RULES, trained
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import digits

LR, WEIGHT_DECAY = 0.1, 0.05
OPTIMIZERS = {
    "sgd": {"use": "sgd", "lr": LR, "momentum": 0.9, "weight_decay": WEIGHT_DECAY},
    "adamw": {"use": "adamw", "lr": LR, "weight_decay": WEIGHT_DECAY},
}


class LayerScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(4, 1))


class DecayZoo(nn.Module):
    """The layers of plugins/decay_zoo.cpp."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.pos_embed = nn.Parameter(torch.zeros(1, 5, 4))
        self.relative_position_bias_table = nn.Parameter(torch.zeros(9, 2))
        self.bias = nn.Parameter(torch.zeros(2, 4))
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.patch = nn.Conv2d(1, 4, 4)
        self.bn1d, self.bn2d, self.bn3d = nn.BatchNorm1d(4), nn.BatchNorm2d(4), nn.BatchNorm3d(4)
        self.layer_norm = nn.LayerNorm((2, 4))
        self.group_norm = nn.GroupNorm(2, 4)
        self.instance_norm = nn.InstanceNorm2d(4, affine=True)
        self.rms_norm = nn.RMSNorm(4)
        self.attention = nn.MultiheadAttention(4, 2)
        self.prelu = nn.PReLU(4)
        self.layer_scale = LayerScale()
        self.gru, self.lstm = nn.GRU(4, 4), nn.LSTM(4, 4)
        self.embedding = nn.Embedding(10, 4)
        self.transposed = nn.ConvTranspose1d(4, 4, 3)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)
        self.head = nn.Linear(4, 10)
        self.head.weight = self.embedding.weight

    def no_weight_decay(self) -> set[str]:
        """As timm's vision transformers and Swin transformers list them."""
        return {"cls_token", "pos_embed", "relative_position_bias_table"}


def mlp(batch_norm: bool) -> nn.Module:
    """knack's `mlp` of one hidden layer of 8."""
    model = Mlp(64, [8], 10)
    if batch_norm:
        model.layers.insert(1, nn.BatchNorm1d(8))
    return model


def resnet(blocks: list[int], bottleneck: bool, small_images: bool) -> nn.Module:
    """Modules of the ResNets of arXiv 1512.03385, tables 1 and 6, under torchvision's names; it is not for running."""
    width, expansion = 16 if small_images else 64, 4 if bottleneck else 1
    model = nn.Module()
    model.conv1 = nn.Conv2d(1, width, 3 if small_images else 7, bias=False)
    model.bn1 = nn.BatchNorm2d(width)
    channels = width
    for i, count in enumerate(blocks):
        layer = nn.Sequential()
        for j in range(count):
            inner, block = width << i, nn.Module()
            shape = [(channels, inner, 1), (inner, inner, 3), (inner, inner * 4, 1)]
            for k, (inputs, outputs, kernel) in enumerate(
                shape if bottleneck else [(channels, inner, 3), (inner, inner, 3)], 1
            ):
                setattr(block, f"conv{k}", nn.Conv2d(inputs, outputs, kernel, bias=False))
                setattr(block, f"bn{k}", nn.BatchNorm2d(outputs))
            if (j == 0 and i > 0) or channels != inner * expansion:
                convolution = nn.Conv2d(channels, inner * expansion, 1, bias=False)
                block.downsample = nn.Sequential(convolution, nn.BatchNorm2d(inner * expansion))
            channels = inner * expansion
            layer.append(block)
        setattr(model, f"layer{i + 1}", layer)
    model.fc = nn.Linear(channels, 10)
    return model


MODELS = {
    "decay_zoo": DecayZoo,
    "mlp": lambda: mlp(batch_norm=False),
    "mlp with batch_norm": lambda: mlp(batch_norm=True),
    **{f"resnet{6 * n + 2}": lambda n=n: resnet([n] * 3, False, True) for n in (3, 5, 7, 9)},
    "resnet18": lambda: resnet([2, 2, 2, 2], False, False),
    "resnet34": lambda: resnet([3, 4, 6, 3], False, False),
    "resnet50": lambda: resnet([3, 4, 6, 3], True, False),
    "resnet101": lambda: resnet([3, 4, 23, 3], True, False),
    "resnet152": lambda: resnet([3, 8, 36, 3], True, False),
}


def model_section(name: str) -> dict:
    if name.startswith("mlp"):
        return {"use": "mlp", "in_features": 64, "hidden": [8], "num_classes": 10, "batch_norm": name != "mlp"}
    if name == "decay_zoo":
        return {"use": name}
    return {"use": name, "in_channels": 1, "num_classes": 10}


class NoWeightDecay(ExactnessTest):
    def decay_recipe(self, model: dict, preset: str, precision: str = "fp32", optimizer: str = "sgd") -> dict:
        tricks = [{"use": "no_weight_decay", "preset": preset}, {"use": "replaces", "what": "loss", "factor": 0.0}]
        recipe = self.recipe(model, precision, digits(0, 8, 8), tricks)
        return {**recipe, "optimizer": OPTIMIZERS[optimizer]}

    def explained(self, name: str, preset: str) -> tuple[set[str], set[str]]:
        """Names of the parameters with and without decay, as `knack explain` shows them."""
        path = self.folder / "explained.json"
        path.write_text(json.dumps(self.decay_recipe(model_section(name), preset)))
        command = [self.knack, "explain", path, "--json", "--quiet"]
        told = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)  # decay_zoo cannot run
        exempt, decayed = set(), set()
        for group in told["groups"]:
            for parameter in group["parameters"]:
                options = [(chosen["option"], chosen["value"], chosen["trick"]) for chosen in parameter["set"]]
                is_exempt = options == [("weight_decay", 0.0, "no_weight_decay")]
                (exempt if is_exempt else decayed).add(parameter["name"])
        return decayed, exempt

    def test_exempts_whom_the_rule_exempts_in_every_model(self):
        for name, build in MODELS.items():
            with torch.device("meta"):
                model = build()
            for preset, rule in RULES.items():
                with self.subTest(model=name, preset=preset):
                    decayed, exempt = self.explained(name, preset)
                    self.assertEqual(sorted(exempt), sorted(rule(model)))
                    self.assertEqual(sorted(decayed), sorted(trained(model).keys() - rule(model)))

    def test_presets_differ_where_their_sources_do(self):
        with torch.device("meta"):
            model = DecayZoo()
        sets = [frozenset(rule(model)) for rule in RULES.values()]
        self.assertEqual(sets[2], sets[3])  # torchvision and SuperGradients
        self.assertEqual(len(set(sets)), 3)

    def step(self, name: str, preset: str, precision: str, optimizer: str) -> None:
        """One step from random weights with a gradient of zero."""
        torch.manual_seed(0)
        model = MODELS[name]().to(DTYPES[precision])
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.uniform_(0.5, 1.5)
        section = {**model_section(name), "weights": self.write_weights(model)}
        before = load_file(self.folder / section["weights"])
        after = self.final(self.train(self.decay_recipe(section, preset, precision, optimizer)))
        exempt = RULES[preset](model)
        groups = [
            {"params": [p for n, p in trained(model).items() if (n in exempt) == is_exempt], "weight_decay": decay}
            for is_exempt, decay in ((True, 0.0), (False, WEIGHT_DECAY))
        ]
        for parameter in trained(model).values():
            parameter.grad = torch.zeros_like(parameter)
        make_optimizer(OPTIMIZERS[optimizer], groups, "fused").step()
        tolerance = torch.finfo(DTYPES[precision]).eps
        for parameter_name, parameter in model.named_parameters():
            found = after[parameter_name]
            self.assertTrue(found.equal(parameter.detach()), parameter_name)  # as torch.optim
            if parameter_name in trained(model) and parameter_name not in exempt:
                torch.testing.assert_close(
                    found, before[parameter_name] * (1 - LR * WEIGHT_DECAY), rtol=tolerance, atol=0
                )
                self.assertFalse(found.equal(before[parameter_name]), parameter_name)
            else:
                self.assertTrue(found.equal(before[parameter_name]), parameter_name)

    def test_a_step_without_gradient_shrinks_what_is_decayed_and_nothing_else(self):
        for preset in RULES:
            for optimizer in OPTIMIZERS:
                for precision in DTYPES:
                    with self.subTest(preset=preset, optimizer=optimizer, precision=precision):
                        self.step("decay_zoo", preset, precision, optimizer)
        for name in ("mlp", "mlp with batch_norm", "resnet20"):
            with self.subTest(model=name):
                self.step(name, "norm_and_bias", "fp32", "sgd")


if __name__ == "__main__":
    main()
