# SPDX-License-Identifier: MIT
"""Writes the seed corpora of the fuzz targets.

usage: seeds.py ROOT MODULE FOLDER
ROOT is the repository, MODULE a small shared object with a manifest. FOLDER/<target>/ gets the files: those whose
names begin with `sound-` are accepted by their reader, the others are there for what they come close to.
"""

import gzip
import json
import pathlib
import struct
import sys

MANIFEST_LINE = b"knack-manifest/1\n"


def manifests():
    """Plugin manifests by name, one a tier."""
    common = {"abi_major": 1, "abi_minor": 0, "version": "1.0.0", "author": "A", "license": "MIT"}
    trick = {"kind": "trick", "id": "acme.nothing", "summary": "Does nothing", "before": ["ema"], "after": ["sgd"]}
    torch = {"version": "2.13.0+cpu", "stdlib": "libstdc++", "cxx11_abi": 1, "compiler": "gcc-12"}
    yield "c", common | {"tier": "c", "provides": [trick, {"kind": "dataset", "id": "idx"}]}
    yield "torch-stable", common | {"tier": "torch-stable", "torch": {"target": "2.11"}, "provides": [trick]}
    yield "torch-cxx", common | {"tier": "torch-cxx", "torch": torch, "provides": [trick]}


def elf(module):
    yield "sound-module", module
    for name, manifest in manifests():
        yield f"sound-manifest-{name}", MANIFEST_LINE + json.dumps(manifest).encode() + bytes(3)
    yield "newer-abi", MANIFEST_LINE + json.dumps({**dict(manifests())["c"], "abi_minor": 9}).encode()
    for size in (16, 64, 200, len(module) - 1):
        yield f"module-of-{size}-bytes", module[:size]


def safetensors_file(header, data_bytes):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + bytes(range(256))[:data_bytes]


def safetensors():
    def tensor(dtype, shape, begin, end):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}

    yield "sound-empty", safetensors_file({}, 0)
    yield "sound-number", safetensors_file({"x": tensor("F64", [], 0, 8)}, 8)
    yield "sound-three", safetensors_file(
        {"__metadata__": {"format": "pt"}, "b": tensor("F32", [2, 3], 0, 24), "a": tensor("BF16", [2], 24, 28),
         "none": tensor("I8", [0, 4], 28, 28)}, 28)
    for dtype, size in (("BOOL", 1), ("U8", 1), ("F8_E4M3", 1), ("F16", 2), ("U32", 4), ("I64", 8), ("C64", 8)):
        yield f"sound-{dtype}", safetensors_file({"x": tensor(dtype, [1, 2], 0, 2 * size)}, 2 * size)
    yield "overlap", safetensors_file({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 2, 6)}, 8)
    yield "gap", safetensors_file({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 5, 9)}, 9)
    yield "overflow", safetensors_file({"a": tensor("F64", [2**32, 2**31], 0, 0)}, 0)
    yield "largest-sizes", safetensors_file({"a": tensor("U8", [2**63 - 1, 0], 0, 0)}, 0)
    yield "long-header", struct.pack("<Q", 10**8) + b"{}"
    yield "pytorch", b"PK\x03\x04" + bytes(32)


def recipe_texts(root):
    """Recipe texts by name: those that the repository ships, and small ones that use the rest of the format."""
    for path in sorted((root / "configs").glob("*.json")):
        yield f"sound-{path.stem}", path.read_text(encoding="utf-8")
    small = {"model": {"use": "m"}, "data": {"train": {"use": "d"}, "valid": {"use": "d"}},
             "objective": {"use": "o"}, "optimizer": {"use": "p", "lr": 1e-3}}
    text = json.dumps(small)
    yield "sound-small", text
    yield "sound-comments", "// one\n/* two */ " + text
    yield "sound-overrides", "\0".join([text, "trainer.epochs=3", "data.valid.batch_size=7", "optimizer.use=q"])
    tricks = json.dumps(small | {"tricks": [{"use": "t", "name": "a"}, {"use": "t", "name": "b", "x~/y": [1, {"z": 2}]}]})
    yield "sound-elements", "\0".join([tricks, "tricks[a]=null", "tricks[0].x=[1,2]", "tricks.0.decay=1e-3"])
    yield "sound-base", '{"trainer": {"seed": 2}, "data": {"test": {"use": "d", "workers": 0}}, "tricks": null}\0' + tricks
    yield "sound-used", json.dumps(small | {"plugins": {"path": ["/p"], "used": {
        "model/m": {"version": "1", "sha256": "0" * 64}}}})
    yield "duplicate-keys", '{"a": {"b": 1, "c": []}, "a": {"b": 2, "b": 3}}'
    yield "numbers", '{"a": [1e308, -0.0, 5e-324, 9223372036854775807, -9223372036854775808, 18446744073709551616, 1e999]}'
    yield "strings", '{"\\u00e4\\ud83d\\ude00": "\\u0000\\n\\\\\\"", "\u00e4": "\U0001f600"}'
    yield "deep", "[" * 70 + "]" * 70
    yield "delete-character", '{"a": \x7fm"}'
    yield "trailing-comma", '{"a": [1,],}'


def checkpoint_manifest():
    file = {"bytes": 12, "sha256": "0123456789abcdef" * 4}
    manifest = {"format": 1, "step": 30, "epoch": 2, "files": {"state.json": file, "weights/live.safetensors": file}}
    yield "sound-two", json.dumps(manifest, indent=2).encode()
    yield "sound-none", json.dumps(manifest | {"files": {}}).encode()
    yield "later-format", json.dumps(manifest | {"format": 2}).encode()
    for number, name in enumerate(("../up", "/root", "a/../../b", "a/./b", ".", "..", "", "a//b", "a/", "a\0b")):
        yield f"path-{number}", json.dumps(manifest | {"files": {name: file}}).encode()


def idx_file(sizes, data, element_type=8):
    return bytes([0, 0, element_type, len(sizes)]) + b"".join(struct.pack(">I", size) for size in sizes) + data


def idx(root):
    yield "sound-images", idx_file([2, 3, 4], bytes(range(24)))
    yield "sound-channels", idx_file([2, 3, 2, 2], bytes(range(24)))
    yield "sound-labels", idx_file([5], bytes([0, 1, 2, 255, 1]))
    images = idx_file([4, 8, 8], bytes(256))
    for level in (0, 1, 9):
        yield f"sound-gzip-{level}", gzip.compress(images, level, mtime=0)
    yield "sound-two-members", gzip.compress(images[:20], mtime=0) + gzip.compress(images[20:], mtime=0)
    for file in sorted((root / "tests/unit/plugins/idx/hostile").iterdir()):
        if "-idx" in file.name:
            yield "hostile-" + file.name, file.read_bytes()


def main(root, module, folder):
    corpora = {
        "elf": elf(module.read_bytes()),
        "safetensors": safetensors(),
        "recipe": ((name, text.encode()) for name, text in recipe_texts(root)),
        "idx": idx(root),
        "checkpoint_manifest": checkpoint_manifest(),
    }
    for target, seeds in corpora.items():
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        names = set()
        for name, content in seeds:
            (place / name).write_bytes(content)
            names.add(name)
        for stale in {path.name for path in place.iterdir()} - names:
            (place / stale).unlink()


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
