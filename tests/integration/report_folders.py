# SPDX-License-Identifier: MIT
"""Run folders written by hand, to make pages of: with all that a run can leave, and with what none should."""

import base64
import json
import math
import struct
import zlib

EPOCHS, STEPS = 20, 19  # steps an epoch
SETS = {"live": 0.016, "ema": 0.0}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&\u202egnp.\u202c \u2028 \x07"


def jagged(step):
    """Between -1 and 1, the same on every machine."""
    return math.sin(12.9898 * step) * math.cos(4.1414 * step * step)


def png(shade):
    """8 x 8 pixels of one shade of gray with a white diagonal, as a data address."""
    rows = b"".join(b"\0" + bytes(255 if x == y else shade for x in range(8)) for y in range(8))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    image += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(image).decode()


def records(epochs=EPOCHS, is_ended=True, offset=0.0):
    """Lines of metrics.jsonl."""
    lines = []
    for epoch in range(1, epochs + 1):
        end = epoch * STEPS
        for step in range(end - STEPS + 1, end + 1):
            loss = 0.5 + 0.9 * math.exp(-step / 40) + 0.03 * jagged(step)
            lines.append({"step": step, "epoch": epoch, "samples": step * 64, "split": "step", "weights": "live",
                          "loss": loss, "lr": 0.1 * (1 - step / 400), "grad_norm": math.exp(jagged(step)) / epoch})
        begin = {"step": end, "epoch": epoch, "samples": end * 64}
        lines.append({**begin, "split": "train", "weights": "live", "loss": 0.5 + 0.9 * math.exp(-end / 40),
                      "lr": 0.1 * (1 - end / 400), "seconds": 0.4 + 0.05 * jagged(end), "grad_norm": 1 / epoch,
                      "samples_per_second": 3000 + 400 * jagged(end), "ema.decay": 1 - 1 / (end + 1),
                      "ema.seconds": 0.01 + 0.001 * jagged(end), "precise_bn.seconds": 0.6})
        for name, noise in SETS.items():
            lines.append({**begin, "split": "valid", "weights": name, **results(end, noise, offset)})
    if is_ended:
        for name, shift in {**SETS, "average": 0.004, "best": 0.008}.items():
            for split in ("valid", "test"):
                begin = {"step": epochs * STEPS, "epoch": epochs, "samples": epochs * STEPS * 64, "split": split}
                lines.append({**begin, "weights": name, "final": True, **results(epochs * STEPS, shift, offset)})
    return lines


def results(step, noise, offset=0.0):
    loss = 0.52 + offset + 0.45 * math.exp(-step / 50) + noise * (1 + jagged(step))
    return {"loss": loss, "top1": 1 - loss / 40 - noise, "top5": 1.0}


def recipe(seed=1, **sections):
    plain = {"use": "mlp", "weights": None}
    tricks = [{"use": "ema", "name": "ema", "decay": 0.98}, {"use": "precise_bn", "name": "precise_bn", "sets": ["all"]}]
    used = {"trick/ema": {"version": "1.0.0", "sha256": "a4" * 32}}
    return {"name": "sample", "model": plain, "optimizer": {"use": "sgd", "lr": 0.1},
            "trainer": {"epochs": EPOCHS, "seed": seed, "monitor": "top1", "mode": "max"}, "tricks": tricks,
            "plugins": {"path": [], "used": used}, **sections}


def summary(lines):
    sets = {}
    for line in lines:
        if line.get("final"):
            metrics = {key: line[key] for key in ("loss", "top1", "top5")}
            sets.setdefault(line["weights"], {})[line["split"]] = metrics
    tricks = {"ema": {"updates": 380, "decay": 0.98, "seconds": 0.2}, "precise_bn": {"seconds": 12.0},
              "no_weight_decay": {"parameters_with_decay": "conv1.weight, fc.weight", "parameters": 65, "seconds": 2e-4}}
    return {"chosen": "ema", "reason": "highest top1 on valid (0.9870)", "monitor": "top1", "mode": "max",
            "epochs": EPOCHS, "steps": EPOCHS * STEPS, "samples": EPOCHS * STEPS * 64, "seconds": 21.5, "sets": sets,
            "tricks": tricks}


def classification(classes=10):
    confusion = [[22 if i == j else int((i * 7 + j * 3) % 11 == 0) for j in range(classes)] for i in range(classes)]
    confused = [{"target": i, "predicted": j, "count": confusion[i][j]}
                for i in range(classes) for j in range(classes) if i != j and confusion[i][j]]
    worst = [{"index": 1200 + 13 * i, "target": i % classes, "predicted": (i + 3) % classes,
              "probability": 0.01 + 0.02 * i, "predicted_probability": 0.9 - 0.03 * i,
              "loss": -math.log(0.01 + 0.02 * i), "image": png(10 * i)} for i in range(16)]
    return {"schema_version": 1, "weights": "ema", "split": "valid", "classes": classes, "confusion": confusion,
            "confused": confused[:20], "worst": worst}


def environment():
    session = {"started": "2026-11-23T10:30:07Z", "step": 0, "command": ["knack", "train", "sample.json"],
               "knack": "1.1.0", "abi": "1.1", "libtorch": "2.13.0", "compiler": "GNU 12.2.0",
               "system": "Linux 6.1.0 x86_64", "cpu": "A processor", "cores": 2, "threads": 1,
               "memory_bytes": 8 << 30, "device": "cpu", "gpu": None}
    return {"schema_version": 1, "sessions": [session, {**session, "started": "2026-11-23T11:00:00Z", "step": 190}]}


def write(folder, lines, **files):
    """A run folder of these records; of the other files, those that are given."""
    (folder / "final").mkdir(parents=True)
    text = lines if isinstance(lines, str) else "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text, encoding="utf-8")
    places = {"recipe": "recipe.json", "summary": "final/summary.json", "environment": "environment.json",
              "classification": "final/classification.json"}
    for name, place in places.items():
        if name in files:
            content = files[name] if isinstance(files[name], str) else json.dumps(files[name])
            (folder / place).write_text(content, encoding="utf-8")
    (folder / "log.txt").write_text(files.get("log", ""), encoding="utf-8")
    return folder


def whole(folder, seed=1, offset=0.0, **sections):
    """Everything that a finished run leaves and a page shows."""
    lines = records(offset=offset)
    log = "2026-11-23T10:30:08.000Z epoch\n2026-11-23T10:30:09.000Z warning: 3 samples were left out <b>\n"
    return write(folder, lines, recipe=recipe(seed, **sections), summary=summary(lines), environment=environment(),
                 classification=classification(), log=log)
