# SPDX-License-Identifier: MIT
"""`knack eval` on other data, with weights from other files, and what it predicts."""

import json
import math
import shutil
import unittest

from exchange import DATA, DIGITS, RECIPE, USAGE, Case, digits, safetensors, same, small_recipe, torch

SYNTHETIC = {"use": "synthetic", "channels": 1, "height": 8, "width": 8, "samples": 24}


def labels(split, first, last):
    prefix = {"train": "train", "test": "t10k"}[split]
    return list((DIGITS / f"{prefix}-labels-idx1-ubyte").read_bytes()[8:][first:last])


class EvaluationCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_folder = cls.train(small_recipe())
        cls.summary = json.loads((cls.run_folder / "final/summary.json").read_text())

    def metrics(self, *words):
        return self.evaluate(self.run_folder, *words)["metrics"]


class Data(EvaluationCase):
    def test_json_is_one_document_with_every_bit_of_the_metrics(self):
        document = self.evaluate(self.run_folder, "--weights", "ema", "--split", "test")
        self.assertEqual(next(iter(document.items())), ("schema_version", 1))
        self.assertEqual([document[key] for key in ["weights", "split", "samples"]], ["ema", "test", 70])
        self.assertEqual(document["metrics"], self.summary["sets"]["ema"]["test"])

    def test_an_object_changes_the_section_of_the_split(self):
        part = self.evaluate(self.run_folder, "--data", '{"range": [1200, 1210]}')
        self.assertEqual(part["samples"], 10)
        found = self.predictions(self.run_folder, "--data", '{"range": [1200, 1210]}')
        self.assertEqual(found["targets"].tolist(), labels("train", 1200, 1210))
        self.assertTrue(torch.equal(found["outputs"], self.predictions(self.run_folder)["outputs"][:10]))

    def test_an_object_with_use_takes_the_place_of_the_section(self):
        whole = digits("train", 1200, 1250, 50)
        self.assertAlmostEqual(self.metrics("--data", json.dumps(whole))["loss"], self.metrics()["loss"], places=6)
        for split in ["valid", "test"]:
            data = {**SYNTHETIC, "samples": 12}
            document = self.evaluate(self.run_folder, "--split", split, "--data", json.dumps(data))
            self.assertEqual(document["samples"], 12)

    def test_a_file_may_have_comments_and_paths_relative_to_itself(self):
        folder = self.folder / "elsewhere"
        shutil.copytree(DIGITS, folder / "copy")
        section = '{"use": "idx", "root": "copy", "split": "test", "range": [0, 70], "batch_size": 32}'
        (folder / "data.json").write_text(f"// the same samples\n{section}\n")
        self.assertEqual(self.metrics("--data", "elsewhere/data.json"), self.metrics("--split", "test"))
        typed = json.dumps({**json.loads(section), "root": "elsewhere/copy"})  # relative to the current folder
        self.assertEqual(self.metrics("--data", typed), self.metrics("--split", "test"))

    def test_the_data_of_the_training_need_not_be_there_any_more(self):
        shutil.copytree(DIGITS, self.folder / "here")
        recipe = small_recipe()
        for section in recipe["data"].values():
            section["root"] = str(self.folder / "here")
        run = self.train(recipe, "moved")
        before = self.evaluate(run)["metrics"]
        (self.folder / "here").rename(self.folder / "there")
        self.assertIn("here", self.refusal(DATA, "eval", run))
        self.assertEqual(self.evaluate(run, "--data", '{"root": "there"}')["metrics"], before)

    def test_a_recipe_without_test_data_takes_it_from_the_command_line(self):
        recipe = small_recipe()
        del recipe["data"]["test"]
        run = self.train(recipe, "untested")
        self.assertIn("no data.test", self.refusal(USAGE, "eval", run, "--split", "test"))
        document = self.evaluate(run, "--split", "test", "--data", json.dumps(SYNTHETIC))
        self.assertEqual((document["split"], document["samples"]), ("test", 24))
        self.assertIn("use", self.refusal(RECIPE, "eval", run, "--split", "test", "--data", '{"samples": 3}'))

    def test_errors_are_placed_in_what_was_given(self):
        def refused(data):
            return self.refusal(RECIPE, "eval", self.run_folder, "--data", data)

        message = refused('{"use": "synthetic", "smaples": 3}')
        self.assertIn("did you mean `samples`?", message)
        self.assertIn("--data {", message)
        (self.folder / "wrong.json").write_text('{"use": "synthetic",\n  "samples": "three"}')
        self.assertIn("wrong.json:2:14", refused("wrong.json"))
        self.assertIn("nowhere.json", self.refusal(USAGE, "eval", self.run_folder, "--data", "nowhere.json"))
        self.assertIn("found array", refused("[1]"))
        for damaged in ('{"use": }', '{"use": "synthetic", "use": "idx"}'):
            message = refused(damaged)
            self.assertIn("--> command line", message)
            self.assertIn(f"--data {damaged}", message)
            self.assertNotIn("--> --data", message)
        message = self.refusal(4, "eval", self.run_folder, "--data", '{"use": "syntetic"}')
        self.assertIn("did you mean `synthetic`?", message)

    def test_that_is_missing_is_named_once_and_where_it_was_typed(self):
        for split in ["valid", "test"]:
            message = self.refusal(5, "eval", self.run_folder, "--split", split, "--data", '{"root": "nowhere"}')
            self.assertEqual(message.count("no such file"), 1)
            self.assertIn(f"dataset idx (instance data.{split}), create: {self.folder}/nowhere/", message)
            self.assertIn('--data {"root": "nowhere"}', message)

    def test_the_batch_size_changes_no_number_but_rounding(self):
        for name, number in self.metrics("--batch-size", 7).items():
            self.assertAlmostEqual(number, self.metrics()[name], places=6)
        self.refusal(USAGE, "eval", self.run_folder, "--batch-size", 0)


class Predictions(EvaluationCase):
    def test_are_those_that_the_metrics_are_of_in_the_order_of_the_samples(self):
        found = self.predictions(self.run_folder, "--split", "test")
        self.assertEqual(found.keys(), {"outputs", "targets"})
        self.assertEqual((found["outputs"].dtype, found["targets"].dtype), (torch.float32, torch.int64))
        self.assertEqual(found["targets"].tolist(), labels("test", 0, 70))
        loss = torch.nn.functional.cross_entropy(found["outputs"].double(), found["targets"]).item()
        top1 = (found["outputs"].argmax(1) == found["targets"]).double().mean().item()
        metrics = self.metrics("--split", "test")
        self.assertTrue(math.isclose(metrics["loss"], loss, rel_tol=1e-6), (metrics["loss"], loss))
        self.assertTrue(math.isclose(metrics["top1"], top1, rel_tol=1e-12))

    def test_are_of_all_samples_in_order_whatever_the_batches(self):
        expected = self.predictions(self.run_folder)
        for data in ['{"shuffle": true}', '{"drop_last": true}', '{"workers": 3}', '{"batch_size": 7}']:
            found = self.predictions(self.run_folder, "--data", data)
            self.assertEqual(found["targets"].tolist(), expected["targets"].tolist(), data)
            torch.testing.assert_close(found["outputs"], expected["outputs"], rtol=1e-5, atol=1e-6)

    def test_keep_the_file_that_is_there_unless_forced_and_leave_no_half_one(self):
        target = self.folder / "there.safetensors"
        target.write_text("mine")
        words = ["eval", self.run_folder, "--predictions", target]
        self.assertIn("--force", self.refusal(USAGE, *words))
        self.refusal(DATA, *words, "--force", most_bytes=1000)
        self.assertEqual(target.read_text(), "mine")
        self.refusal(DATA, "eval", self.run_folder, "--predictions", "nowhere/x.safetensors")
        self.run_well(*words, "--force")
        self.assertEqual(len(safetensors.torch.load_file(target)["targets"]), 50)
        self.assert_no_temporaries()


class Weights(EvaluationCase):
    def test_of_a_file_give_the_numbers_of_that_set(self):
        for name in ["live", "ema"]:
            copy = self.folder / f"{name}.st"
            shutil.copy(self.run_folder / f"final/{name}.safetensors", copy)
            document = self.evaluate(self.run_folder, "--weights", copy)
            self.assertEqual(document["metrics"], self.summary["sets"][name]["valid"])
            self.assertEqual(document["file"], str(copy))

    def test_exported_in_half_precision_still_work(self):
        self.run_well("export", self.run_folder, "--weights", "ema", "--to", "h.safetensors", "--dtype", "float16")
        half = self.metrics("--weights", "h.safetensors")["loss"]
        self.assertAlmostEqual(half, self.summary["sets"]["ema"]["valid"]["loss"], delta=0.01)
        self.assertNotEqual(half, self.summary["sets"]["ema"]["valid"]["loss"])

    def test_of_a_checkpoint_are_those_it_holds(self):
        last = (self.run_folder / "checkpoints/last").resolve()
        found = self.predictions(self.run_folder, "--checkpoint", "last", "--weights", "ema")
        self.run_well("export", self.run_folder, "--checkpoint", last.name, "--weights", "ema", "--to", "c.safetensors")
        self.assertTrue(same(found, self.predictions(self.run_folder, "--weights", "c.safetensors")))

    def test_that_do_not_fit_are_listed_with_the_nearest_names(self):
        tensors = safetensors.torch.load_file(self.run_folder / "final/ema.safetensors")
        renamed = {f"module.{name}": tensor for name, tensor in tensors.items()}
        safetensors.torch.save_file(renamed, self.folder / "renamed.safetensors")
        message = self.refusal(DATA, "eval", self.run_folder, "--weights", "renamed.safetensors")
        self.assertIn("module.layers.0.weight", message)
        self.assertIn("all names would fit without `module.`", message)


if __name__ == "__main__":
    unittest.main()
