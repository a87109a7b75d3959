# SPDX-License-Identifier: MIT
"""final/classification.json: what the chosen weights take for what, against the same computed from their outputs.

usage: classification_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import base64
import json
import math
import struct
import zlib

from runs import DIGITS, Case, main, small_recipe

CLASSES = 10
SIDE = 8  # of the digits


def tensors(file):
    """Of a safetensors file in single precision or int64: name to (shape, list of numbers)."""
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    letters = {"F32": "f", "I64": "q"}
    found = {}
    for name, entry in header.items():
        first, last = (end + offset for offset in entry["data_offsets"])
        letter = letters[entry["dtype"]]
        count = (last - first) // struct.calcsize(letter)
        found[name] = entry["shape"], struct.unpack(f"<{count}{letter}", content[first:last])
    return found


def pixels(uri):
    """Width, height and grey values of an image in a file."""
    png = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert zlib.crc32(kind + data) == struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0]
        chunks[kind], place = data, place + 12 + length
    width, height, depth, color = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, color) == (8, 0) and b"IEND" in chunks
    rows = zlib.decompress(chunks[b"IDAT"])
    assert all(rows[row * (width + 1)] == 0 for row in range(height))
    return width, height, [list(rows[row * (width + 1) + 1 : (row + 1) * (width + 1)]) for row in range(height)]


class Classification(Case):
    def test_is_that_of_the_outputs_of_the_chosen_set(self):
        run = self.train(small_recipe())
        found = json.loads((run / "final/classification.json").read_text())
        chosen = json.loads((run / "final/summary.json").read_text())["chosen"]
        self.assertEqual((found["weights"], found["split"], found["classes"]), (chosen, "valid", CLASSES))
        predictions = self.folder / "predictions.safetensors"
        self.knack("eval", run, "--predictions", predictions)
        samples = self.samples(tensors(predictions))
        confusion = [[0] * CLASSES for _ in range(CLASSES)]
        for _, target, predicted, _ in samples:
            confusion[target][predicted] += 1
        self.assertEqual(found["confusion"], confusion)
        self.check_confused(found["confused"], confusion)
        self.check_worst(found["worst"], samples)

    def samples(self, predictions):
        """(index, target, predicted, loss) of each."""
        (count, classes), outputs = predictions["outputs"]
        self.assertEqual(classes, CLASSES)
        result = []
        for index in range(count):
            row = outputs[index * classes : (index + 1) * classes]
            target = predictions["targets"][1][index]
            loss = math.log(sum(math.exp(score - max(row)) for score in row)) + max(row) - row[target]
            result.append((index, target, row.index(max(row)), loss))
        return result

    def check_confused(self, pairs, confusion):
        counts = [pair["count"] for pair in pairs]
        self.assertEqual(counts, sorted(counts, reverse=True))
        for pair in pairs:
            self.assertNotEqual(pair["target"], pair["predicted"])
            self.assertEqual(confusion[pair["target"]][pair["predicted"]], pair["count"])
        off_diagonal = sum(map(sum, confusion)) - sum(confusion[i][i] for i in range(CLASSES))
        self.assertGreater(off_diagonal, 0)
        if len(pairs) < 20:
            self.assertEqual(sum(counts), off_diagonal)

    def check_worst(self, worst, samples):
        expected = sorted(samples, key=lambda sample: -sample[3])[:16]
        found = [(example["index"], example["target"], example["predicted"]) for example in worst]
        self.assertEqual(found, [sample[:3] for sample in expected])
        for example, sample in zip(worst, expected):
            self.assertAlmostEqual(example["loss"], sample[3], places=5)
            self.assertAlmostEqual(example["probability"], math.exp(-sample[3]), places=5)
            self.assertGreaterEqual(example["predicted_probability"], example["probability"])

    def test_shows_the_images(self):
        run = self.train(small_recipe())
        images = (DIGITS / "train-images-idx3-ubyte").read_bytes()[16:]
        for example in json.loads((run / "final/classification.json").read_text())["worst"]:
            first = (1200 + example["index"]) * SIDE * SIDE  # `range` of the validation data begins at 1200
            rows = [list(images[first + row * SIDE : first + (row + 1) * SIDE]) for row in range(SIDE)]
            self.assertEqual(pixels(example["image"]), (SIDE, SIDE, rows))


if __name__ == "__main__":
    main()
