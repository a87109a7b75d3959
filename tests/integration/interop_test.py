# SPDX-License-Identifier: MIT
"""Weights that knack trained in the same networks of Python, and the other way: both give the same logits.

Networks are torchvision's and timm's where they have them; the small ResNet and the perceptron are those of tests/parity/reference.
"""

import contextlib
import io
import json
import re
import struct
import sys
import unittest

from exchange import ROOT, Case, safetensors, same, small_recipe, torch

sys.path.insert(0, str(ROOT / "tests" / "parity"))
from reference.models import Mlp, ResNet20  # noqa: E402

try:
    # torchvision's wheel of the package index is built for CUDA; its C++ operators do not load beside a LibTorch for
    # the CPU, and importing it fails where it gives two of them shape functions. Declared here, they are there.
    operators = torch.library.Library("torchvision", "DEF")
    for name in ["nms", "qnms"]:
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import timm
    import torchvision.models
except ImportError as missing:
    print(f"skipped: {missing}; tests/integration/requirements.txt names the package")
    sys.exit(77)

SAMPLES, CHANNELS, SIZE, CLASSES = 24, 3, 32, 10
# Single precision: what different orders of summation may differ by, for logits of size 1 behind up to 50 layers.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def write_idx(file, tensor):
    """Bytes in the IDX format."""
    shape = tuple(tensor.shape)
    file.write_bytes(struct.pack(f">I{len(shape)}I", 0x0800 + len(shape), *shape) + bytes(tensor.flatten().tolist()))


class Logits(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(0)
        pixels = torch.randint(256, (SAMPLES, CHANNELS, SIZE, SIZE), dtype=torch.uint8, generator=generator)
        write_idx(cls.folder / "images", pixels)
        write_idx(cls.folder / "labels", torch.arange(SAMPLES, dtype=torch.uint8) % CLASSES)
        cls.images = pixels.float() / 255

    @classmethod
    def recipe(cls, use, **options):
        """Four steps, with the sets live, ema and average."""
        section = {"use": "idx", "images": str(cls.folder / "images"), "labels": str(cls.folder / "labels"),
                   "batch_size": 12, "workers": 0}
        data = {"train": {**section, "shuffle": True}, "valid": section, "test": section}
        return small_recipe(data=data, optimizer={"lr": 0.01}) | {"model": {"use": use, **options}}

    def logits(self, model):
        with torch.inference_mode():
            return torch.cat([model(batch) for batch in self.images.split(12)])

    def load(self, model, file):
        model.load_state_dict(safetensors.torch.load_file(file), strict=True)
        return model.eval()

    def assert_same_logits(self, use, *makers, **options):
        run = self.train(self.recipe(use, **options), use)
        seen = []
        for name in ["live", "ema", "average", "model"]:
            ours = self.predictions(run, "--weights", name)["outputs"]
            for make_model in makers:
                theirs = self.logits(self.load(make_model(), run / f"final/{name}.safetensors"))
                torch.testing.assert_close(ours, theirs, **TOLERANCE)
            seen.append(ours)
        self.assertFalse(torch.allclose(seen[0], seen[1], **TOLERANCE), "live and ema should differ")
        for make_model in makers:
            self.assert_same_logits_of_initial_weights(run, use, make_model, options)

    def assert_same_logits_of_initial_weights(self, run, use, make_model, options):
        """Weights of Python's: evaluated in knack, and trained from."""
        torch.manual_seed(7)
        model = make_model().eval()
        name = f"{use}_of_{type(model).__module__}"
        file = self.folder / f"{name}.safetensors"
        safetensors.torch.save_file(model.state_dict(), file)
        ours = self.predictions(run, "--weights", file)["outputs"]
        torch.testing.assert_close(ours, self.logits(model), **TOLERANCE)

        recipe = self.recipe(use, weights=str(file), **options)
        recipe.update(tricks=[], optimizer={"use": "sgd", "lr": 0.0})
        recipe["trainer"]["epochs"] = 1
        trained = safetensors.torch.load_file(self.train(recipe, name) / "final/live.safetensors")
        parameters = dict(model.named_parameters())
        self.assertTrue(same({name: trained[name] for name in parameters}, {k: v.data for k, v in parameters.items()}))

    def test_of_torchvision_and_timm(self):
        for use in ["resnet18", "resnet50"]:
            with self.subTest(use):
                self.assert_same_logits(
                    use,
                    lambda: getattr(torchvision.models, use)(num_classes=CLASSES),
                    lambda: timm.create_model(use, num_classes=CLASSES),
                    num_classes=CLASSES,
                )

    def test_of_the_resnet20_for_small_images(self):
        self.assert_same_logits("resnet20", lambda: ResNet20(CHANNELS, CLASSES), in_channels=CHANNELS)

    def test_of_a_perceptron(self):
        size = {"in_features": CHANNELS * SIZE * SIZE, "hidden": [20, 10], "num_classes": CLASSES}
        self.assert_same_logits("mlp", lambda: Mlp(**size), **size)

    def test_of_a_network_with_other_classes_keep_all_but_the_last_layer(self):
        torch.manual_seed(1)
        model = torchvision.models.resnet18(num_classes=1000)
        tensors = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
        file = self.folder / "thousand.safetensors"
        safetensors.torch.save_file(tensors, file)
        weights = {"file": str(file), "strip_prefix": "module.", "ignore": ["fc.*"]}
        recipe = self.recipe("resnet18", num_classes=CLASSES, weights=weights)
        recipe.update(tricks=[], optimizer={"use": "sgd", "lr": 0.0})
        recipe["trainer"]["epochs"] = 1
        trained = safetensors.torch.load_file(self.train(recipe, "tuned") / "final/live.safetensors")
        for name, parameter in model.named_parameters():
            if name.startswith("fc."):
                self.assertEqual(len(trained[name]), CLASSES)
            else:
                self.assertTrue(torch.equal(trained[name], parameter.data), name)


class Page(Case):
    """The Python of docs/interoperation.md, whose commands tests/docs runs."""

    def test_its_programs_do_what_the_page_says(self):
        (self.folder / "runs").mkdir()
        run = self.train(small_recipe() | {"model": {"use": "resnet20", "in_channels": 1}}, "runs/tricks")
        metrics = self.evaluate(run, "--weights", "ema", "--split", "test", "--predictions", "predictions.safetensors")
        page = (ROOT / "docs" / "interoperation.md").read_text()
        programs = dict(re.findall(r"<!-- file: (\S+)\.py -->\n```python\n(.*?)```", page, re.DOTALL))
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said):
            for name in ["to_python", "read_predictions", "from_python"]:
                exec(programs.pop(name), {})
        self.assertEqual(programs, {})
        self.assertIn("torch.Size([16, 1, 3, 3])", said.getvalue())
        self.assertIn(f"top1 {metrics['metrics']['top1']:.4f}", said.getvalue())
        weights = re.search(r'"model": (\{ "use": "mlp".*\})', page).group(1)
        recipe = small_recipe()
        recipe["model"] = json.loads(weights)
        self.train(recipe, "from_python")


if __name__ == "__main__":
    unittest.main()
