# SPDX-License-Identifier: MIT
"""The compared recipes by name: ResNet-20 on the digits data, five epochs, from the same initial weights."""

from pathlib import Path

DIGITS = Path(__file__).resolve().parents[2] / "configs" / "data" / "digits"

_SGD = {"use": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 5e-4}
_EMA = {"use": "ema", "decay": 0.95, "schedule": "exp"}
_AVERAGE = {"use": "weight_average", "best": 3}
_ACCUMULATE = {"use": "accumulate", "batches": 4}
# 500 is no multiple of the batch size, so the last batch of the estimate is cut.
_PRECISE_BN = {"use": "precise_bn", "samples": 500}
_NO_WEIGHT_DECAY = {"use": "no_weight_decay"}

TRICKS: dict[str, list[dict]] = {
    "sgd": [],
    "sgd_nesterov": [],
    "adamw": [],
    "ema": [_EMA],
    "ema_threshold": [{**_EMA, "schedule": "threshold", "decay": 0.85}],
    "ema_warmup": [{**_EMA, "schedule": "warmup", "decay": 0.9}],
    "ema_half_life": [{"use": "ema", "schedule": "half_life", "half_life": 10}],
    "ema_copy_buffers": [{**_EMA, "schedule": "constant", "buffers": "copy"}],
    "ema_every": [{**_EMA, "schedule": "constant", "every": 3}],
    "weight_average": [_AVERAGE],
    "weight_average_last": [{**_AVERAGE, "best": 2, "select": "last"}],
    "accumulate": [_ACCUMULATE],
    "accumulate_corrected": [{**_ACCUMULATE, "bn_momentum": "corrected"}],
    "precise_bn": [_PRECISE_BN],
    "no_weight_decay": [_NO_WEIGHT_DECAY],
    "all_five": [_NO_WEIGHT_DECAY, {**_ACCUMULATE, "batches": 2}, _EMA, _PRECISE_BN, {**_AVERAGE, "best": 2}],
}

_OPTIMIZERS = {
    "sgd_nesterov": {**_SGD, "nesterov": True},
    "adamw": {"use": "adamw", "lr": 1e-3, "weight_decay": 1e-2},
}


def initial_seed(case: str) -> int:
    """Seed of the initial weights, such that in fp64 the best epochs of the average are not simply the last ones."""
    return 2 if case == "all_five" else 4


def digits(first: int, last: int, batch_size: int) -> dict:
    return {"use": "idx", "root": str(DIGITS), "split": "train", "range": [first, last], "batch_size": batch_size}


def resnet_recipe(case: str, precision: str) -> dict:
    """The recipe of one case; `model.weights` is a file beside it that the caller writes."""
    return {
        "name": case,
        "model": {"use": "resnet20", "in_channels": 1, "num_classes": 10, "weights": "initial.safetensors"},
        "data": {
            "train": {**digits(0, 1200, 64), "shuffle": False},
            "valid": digits(1200, 1437, 256),
        },
        "objective": {"use": "cross_entropy", "label_smoothing": 0.1 if case == "all_five" else 0.0},
        "optimizer": _OPTIMIZERS.get(case, _SGD),
        "trainer": {
            "epochs": 5,
            "seed": 1,
            "device": "cpu",
            "precision": precision,
            "threads": 1,
            "monitor": "top1",
            "mode": "max",
        },
        "tricks": TRICKS[case],
    }


def mlp_recipe(precision: str, batch_size: int, accumulate: int) -> dict:
    """32 samples an epoch without BatchNorm: one optimizer step an epoch when the window holds all of them."""
    recipe = resnet_recipe("sgd", precision)
    recipe["name"] = f"mlp_{batch_size}x{accumulate}"
    recipe["model"] = {
        "use": "mlp",
        "in_features": 64,
        "hidden": [32],
        "num_classes": 10,
        "weights": "initial.safetensors",
    }
    recipe["data"]["train"] = {**digits(0, 32, batch_size), "shuffle": False}
    recipe["tricks"] = [{"use": "accumulate", "batches": accumulate}] if accumulate > 1 else []
    return recipe
