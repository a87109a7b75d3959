# SPDX-License-Identifier: MIT
"""Images in IDX files (the MNIST format, http://yann.lecun.com/exdb/mnist), in file order."""

from pathlib import Path

import numpy
import torch

Batch = tuple[torch.Tensor, torch.Tensor]

_PREFIX = {"train": "train", "test": "t10k"}


def read_idx(path: Path) -> numpy.ndarray:
    """The unsigned bytes of one IDX file, shaped as its header says."""
    content = path.read_bytes()
    zero, element_type, dimensions = content[:2], content[2], content[3]
    if zero != b"\0\0" or element_type != 0x08:
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    shape = numpy.frombuffer(content, dtype=">u4", count=dimensions, offset=4)
    return numpy.frombuffer(content, dtype=numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load_batches(config: dict, dtype: torch.dtype) -> list[Batch]:
    """The batches of a recipe's `data.<split>`: images (N, 1, H, W) in [0, 1], labels int64.

    Pixels are divided by 255 in float32 and widened afterwards, so fp64 runs see the values fp32 runs see.
    """
    root, prefix = Path(config["root"]), _PREFIX[config["split"]]
    first, last = config["range"]
    pixels = torch.from_numpy(read_idx(root / f"{prefix}-images-idx3-ubyte")[first:last].copy())
    labels = torch.from_numpy(read_idx(root / f"{prefix}-labels-idx1-ubyte")[first:last].copy()).long()
    images = (pixels.unsqueeze(1).to(torch.float32) / 255).to(dtype)
    size = config["batch_size"]
    return list(zip(images.split(size), labels.split(size)))
