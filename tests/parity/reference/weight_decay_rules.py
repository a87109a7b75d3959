# SPDX-License-Identifier: MIT
"""Which trained parameters each rule leaves without weight decay, as their names.

The rules are written down from their sources and say what those return, as sets of names instead of groups:
timm 1.0.31 and its main branch (timm/optim/_param_groups.py), SuperGradients 3.7 (training/utils/optimizer_utils.py),
torchvision since 0.13 (references/classification/utils.py).
"""

import fnmatch

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

_NORMS = (_BatchNorm, _InstanceNorm, nn.LayerNorm, nn.GroupNorm)


def trained(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that are not frozen, tied ones once, under their first name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def timm(model: nn.Module) -> set[str]:
    """param_groups_weight_decay(model, weight_decay, no_weight_decay_list=model.no_weight_decay())."""
    listed = model.no_weight_decay() if hasattr(model, "no_weight_decay") else ()
    return {
        name
        for name, p in trained(model).items()
        if p.ndim <= 1 or name.endswith(".bias") or any(fnmatch.fnmatch(name, pattern) for pattern in listed)
    }


def super_gradients(model: nn.Module) -> set[str]:
    """zero_weight_decay_on_bias_and_bn: separate_zero_wd_params_groups_for_optimizer."""
    exempt = set()
    for module in model.modules():
        if isinstance(module, _NORMS):
            exempt |= {id(module.weight), id(module.bias)}
        elif isinstance(getattr(module, "bias", None), nn.Parameter):
            exempt.add(id(module.bias))
    return {name for name, p in trained(model).items() if id(p) in exempt}


def torchvision(model: nn.Module) -> set[str]:
    """set_weight_decay(model, weight_decay, norm_weight_decay=0, custom_keys_weight_decay=[("bias", 0)])."""
    norms = (*_NORMS, nn.LocalResponseNorm)
    exempt = {
        id(p)
        for module in model.modules()
        for name, p in module.named_parameters(recurse=False)
        if name == "bias" or isinstance(module, norms)
    }
    return {name for name, p in trained(model).items() if id(p) in exempt}


def norm_and_bias(model: nn.Module) -> set[str]:
    """knack's own: what normalization layers hold, and every bias, also those of attention and recurrent layers."""
    exempt = set()
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            # A table of position biases is an embedding that is looked up, not a bias of a layer.
            is_bias = "bias" in name and "position" not in name
            if is_bias or isinstance(module, (*_NORMS, nn.RMSNorm)):
                exempt.add(id(p))
    return {name for name, p in trained(model).items() if id(p) in exempt}


RULES = {rule.__name__: rule for rule in (norm_and_bias, timm, torchvision, super_gradients)}
