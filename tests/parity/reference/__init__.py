# SPDX-License-Identifier: MIT
"""Training with the five tricks in plain PyTorch: the independent reference that knack is compared with."""
