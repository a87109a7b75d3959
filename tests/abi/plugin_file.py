# SPDX-License-Identifier: MIT
"""What a plugin's file says of itself."""

import json
import pathlib
import re
import subprocess

ENTRY = "knack_plugin_v1"
MAGIC = b"knack-manifest/1\n"
TORCH_CXX = re.compile(r"\b(at|c10|caffe2|torch)::")
TORCH_C = re.compile(r"\b(aoti_torch|torch)_")


def symbols(nm, plugin, which):
    """Names of its dynamic symbols, as people write them; `which` is an option of nm."""
    command = [nm, "--dynamic", "--demangle", "--format=posix", which, str(plugin)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [re.fullmatch(r"(.+?)(@\S+)? \w( .*)?", line)[1] for line in lines]


def manifest(plugin):
    content = pathlib.Path(plugin).read_bytes()
    text = content[content.index(MAGIC) + len(MAGIC) :].decode(errors="replace")
    return json.JSONDecoder().raw_decode(text)[0]


def tier(plugin):
    return manifest(plugin)["tier"]


def wrong_symbols(nm, plugin):
    """Exports beside the entry, and symbols of LibTorch that its tier does not allow."""
    defined, needed = (symbols(nm, plugin, which) for which in ("--defined-only", "--undefined-only"))
    forbidden = {"c": [TORCH_C, TORCH_CXX], "torch-stable": [TORCH_CXX], "torch-cxx": []}[tier(plugin)]
    wrong = [name for name in needed if any(pattern.search(name) for pattern in forbidden)]
    return wrong if defined == [ENTRY] else wrong + defined
