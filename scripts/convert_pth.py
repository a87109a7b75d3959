#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Converts the weights in PyTorch's own files (.pth, .pt, .bin) to safetensors, which knack reads, and back.

    python3 convert_pth.py resnet18.pth                      writes resnet18.safetensors
    python3 convert_pth.py checkpoint.pth --key model_ema    one of several state dicts in it
    python3 convert_pth.py run/final/ema.safetensors --to ema.pth

Only tensors are read from a pickle, no code is run (weights_only=True). Needs torch and safetensors.
"""

import argparse
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

# Where training programs keep a state dict, averaged weights first: timm, torchvision's references, Lightning.
USUAL_KEYS = ("state_dict_ema", "model_ema", "ema_state_dict", "ema", "state_dict", "model_state_dict", "model")
WRAPPERS = ("module.", "_orig_mod.")  # DataParallel and averaged models; torch.compile
COUNTERS = {"n_averaged"}  # of torch.optim.swa_utils.AveragedModel


class Refusal(Exception):
    """What is wrong with the files or the arguments, in one sentence."""


def is_state_dict(value):
    return isinstance(value, dict) and any(isinstance(entry, torch.Tensor) for entry in value.values())


def is_safetensors(path):
    """Whether a header of JSON follows the eight bytes of its length, whatever the file is called."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def is_torch_script(path):
    """Whether a zip archive holds a program; plain checkpoints have no constants.pkl."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        return start == b"PK\x03\x04" and b"/constants.pkl" in file.read()


def load_checkpoint(path, is_trusted):
    if is_torch_script(path):
        return torch.jit.load(path, map_location="cpu").state_dict()
    # Settings that many programs store beside the weights; it holds data, no code.
    torch.serialization.add_safe_globals([argparse.Namespace])
    try:
        return torch.load(path, map_location="cpu", weights_only=not is_trusted)
    except Exception as error:
        if isinstance(error, OSError):
            raise
        if "weights_only" in str(error):
            found = "more than tensors; --trust loads it all the same, which may run code in it"
        else:
            found = f"{next(iter(str(error).splitlines()), type(error).__name__)}; it is damaged or of another program"
        raise Refusal(f"{path}: expected tensors in a file of torch.save(), found {found}") from error


def member(checkpoint, key, path):
    """checkpoint["a"]["b"] for the key a.b"""
    value = checkpoint
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            known = ", ".join(map(str, value)) if isinstance(value, dict) else type(value).__name__
            raise Refusal(f"--key {key}: expected a key of {path}, which has: {known}")
        value = value[part]
    return value


def find_state_dict(checkpoint, key, path):
    """The state dict that was asked for or is most likely meant, and the key it was found under."""
    if key:
        found = member(checkpoint, key, path)
        if isinstance(found, torch.nn.Module):
            found = found.state_dict()
        if not is_state_dict(found):
            raise Refusal(f"--key {key}: expected a state dict in {path}, found {type(found).__name__} without tensors")
        return found, key
    if isinstance(checkpoint, torch.nn.Module):
        return checkpoint.state_dict(), "state_dict()"
    if not isinstance(checkpoint, dict):
        raise Refusal(f"{path}: expected a dict with weights, found {type(checkpoint).__name__}")
    for usual in USUAL_KEYS:
        if is_state_dict(checkpoint.get(usual)):
            return checkpoint[usual], usual
    if not is_state_dict(checkpoint):
        keys = ", ".join(map(str, checkpoint))
        raise Refusal(f"{path}: expected a dict with weights, found no tensor in it; choose with --key of: {keys}")
    return checkpoint, ""


def stripped(name, prefixes):
    """The name without any of the prefixes, however often they are repeated."""
    while prefix := next((prefix for prefix in prefixes if prefix and name.startswith(prefix)), ""):
        name = name[len(prefix) :]
    return name


def plain_tensors(state_dict, prefixes):
    """Dense, row-major tensors, each with memory of its own, and a line about each entry that is none."""
    tensors, left_out = {}, []
    for name, value in state_dict.items():
        if name in COUNTERS or not isinstance(value, torch.Tensor):
            left_out.append(f"{name} ({'a counter' if name in COUNTERS else type(value).__name__})")
            continue
        short = stripped(str(name), prefixes)
        if short in tensors:
            raise Refusal(f"{name}: expected a name of its own, found that {short} is taken; give other --strip-prefix")
        if value.layout != torch.strided or value.is_quantized:
            raise Refusal(f"{name}: expected a dense tensor, found a {value.layout} one; safetensors has no others")
        # Tied weights share memory, which the format cannot tell.
        tensors[short] = value.detach().clone(memory_format=torch.contiguous_format)
    return tensors, left_out


def to_safetensors(arguments):
    checkpoint = load_checkpoint(arguments.file, arguments.trust)
    state_dict, key = find_state_dict(checkpoint, arguments.key, arguments.file)
    prefixes = WRAPPERS if arguments.strip_prefix is None else arguments.strip_prefix
    tensors, left_out = plain_tensors(state_dict, prefixes)
    if key:
        print(f"weights of `{key}`; the file also has: {', '.join(map(str, others(checkpoint, key))) or 'nothing'}")
    for entry in left_out:
        print(f"left out: {entry}")
    return tensors, lambda place: save_file(tensors, place, metadata={"format": "pt"})


def others(checkpoint, key):
    return [name for name in checkpoint if name != key] if isinstance(checkpoint, dict) else []


def to_pth(arguments):
    try:
        tensors = load_file(arguments.file)
    except SafetensorError as error:
        raise Refusal(f"{arguments.file}: expected a safetensors file, found: {error}") from error
    return tensors, lambda place: torch.save(tensors, place)


def convert(arguments):
    is_forward = not is_safetensors(arguments.file)
    target = arguments.to or arguments.file.with_suffix(".safetensors" if is_forward else ".pth")
    if target.exists() and not arguments.force:
        raise Refusal(f"{target}: expected a new file, found one; give another by --to, or --force")
    if not is_forward and (arguments.key or arguments.strip_prefix):
        raise Refusal("--key and --strip-prefix: expected a file of PyTorch, found a safetensors file")
    tensors, write = (to_safetensors if is_forward else to_pth)(arguments)
    beside = target.with_name(f".{target.name}.tmp")
    try:
        write(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    print(f"{target}: {len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors.values()):,} numbers")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a file of torch.save(), a TorchScript archive, or a .safetensors file")
    parser.add_argument("--to", type=Path, help="the new file; by default beside the old one with the other ending")
    parser.add_argument("--key", help="where the state dict is: state_dict, model_ema, a.b; by default a usual place")
    parser.add_argument("--strip-prefix", action="append", metavar="PREFIX",
                        help=f"remove this from names (repeatable; default: {' and '.join(WRAPPERS)}; '' for none)")
    parser.add_argument("--trust", action="store_true", help="load whatever the pickle holds, which may run code in it")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    arguments = parser.parse_args()
    try:
        convert(arguments)
    except Refusal as refusal:
        sys.exit(f"error: {refusal}")
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
