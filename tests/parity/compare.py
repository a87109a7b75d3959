# SPDX-License-Identifier: MIT
import torch
DTYPES = {"fp32": torch.float32, "fp64": torch.float64}
def relative_l2(a, b):
    a, b = a.double(), b.double()
    return float((a - b).norm() / max(b.norm().item(), 1e-12))
