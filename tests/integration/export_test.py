# SPDX-License-Identifier: MIT
"""`knack export`: weight sets as files for other programs."""

import json
import shutil
import unittest

from exchange import DATA, USAGE, Case, safetensors, same, small_recipe, torch

import safetensors.numpy

load = safetensors.torch.load_file


class Export(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_folder = cls.train(small_recipe())
        cls.summary = json.loads((cls.run_folder / "final/summary.json").read_text())

    def export(self, *words, run=None, to="out.safetensors"):
        self.run_well("export", run or self.run_folder, "--to", to, "--force", *words)
        return load(self.folder / to)

    @staticmethod
    def metadata(file):
        with safetensors.safe_open(file, "pt") as opened:
            return opened.metadata()

    def copy_of_run(self, name):
        copy = self.folder / name
        shutil.copytree(self.run_folder, copy, symlinks=True)
        return copy

    def test_every_set_is_that_of_the_run_bit_for_bit(self):
        for name in ["live", "ema", "average"]:
            self.assertTrue(same(self.export("--weights", name), load(self.run_folder / f"final/{name}.safetensors")))

    def test_the_chosen_set_is_taken_unless_told_otherwise(self):
        chosen = self.summary["chosen"]
        self.assertTrue(same(self.export(), load(self.run_folder / f"final/{chosen}.safetensors")))
        self.assertEqual(self.metadata(self.folder / "out.safetensors")["weights"], chosen)

    def test_metadata_tells_where_the_weights_are_from(self):
        self.export("--weights", "ema")
        found = self.metadata(self.folder / "out.safetensors")
        self.assertRegex(found.pop("knack"), r"^\d+\.\d+\.\d+$")
        expected = {"format": "pt", "recipe": "small", "weights": "ema", "step": str(self.summary["steps"])}
        self.assertEqual(found, expected)

    def test_files_of_a_run_and_exported_ones_open_with_every_reader_of_python(self):
        self.export("--weights", "ema")
        for file in [self.folder / "out.safetensors", *self.run_folder.glob("final/*.safetensors")]:
            tensors = load(file)
            arrays = safetensors.numpy.load_file(file)
            self.assertEqual(self.metadata(file)["format"], "pt")
            self.assertEqual(tensors.keys(), arrays.keys())
            with safetensors.safe_open(file, "pt") as opened:
                for name, tensor in tensors.items():
                    self.assertTrue(torch.equal(opened.get_tensor(name), tensor))
                    self.assertTrue((arrays[name] == tensor.numpy()).all())

    def test_floating_tensors_get_the_dtype_that_is_asked_for(self):
        plain = self.export()
        for word in ["float32", "float16", "bfloat16"]:
            dtype = getattr(torch, word)
            expected = {k: v.to(dtype) if v.is_floating_point() else v for k, v in plain.items()}
            self.assertTrue(same(self.export("--dtype", word), expected), word)
        self.assertEqual(plain["layers.1.num_batches_tracked"].dtype, torch.int64)

    def test_numbers_too_large_for_the_dtype_are_refused(self):
        run = self.copy_of_run("large")
        tensors = load(run / "final/live.safetensors")
        tensors["layers.0.weight"][3, 4] = 1e5
        safetensors.torch.save_file(tensors, run / "final/live.safetensors", {"format": "pt"})
        words = ["export", run, "--weights", "live", "--to", "half.safetensors", "--dtype"]
        message = self.refusal(DATA, *words, "float16")
        self.assertIn("layers.0.weight", message)
        self.assertIn("bfloat16", message)
        self.assertFalse((self.folder / "half.safetensors").exists())
        self.run_well(*words, "bfloat16")

    def test_a_file_that_is_there_stays_unless_forced(self):
        target = self.folder / "mine.safetensors"
        target.write_text("mine")
        words = ["export", self.run_folder, "--to", target]
        self.assertIn("--force", self.refusal(USAGE, *words))
        self.assertEqual(target.read_text(), "mine")
        self.run_well(*words, "--force")
        self.assertTrue(same(load(target), load(self.run_folder / "final/model.safetensors")))

    def test_what_cannot_be_written_leaves_everything_as_it_was(self):
        target = self.folder / "old.safetensors"
        target.write_text("old")
        words = ["export", self.run_folder, "--force", "--to"]
        self.assertIn("old.safetensors", self.refusal(DATA, *words, target, most_bytes=2000))
        self.assertEqual(target.read_text(), "old")
        self.refusal(DATA, *words, "new.safetensors", most_bytes=2000)
        self.assertFalse((self.folder / "new.safetensors").exists())
        self.refusal(DATA, *words, "nowhere/new.safetensors")
        self.assert_no_temporaries()

    def test_names_that_are_wrong_get_the_nearest_and_other_targets_a_reason(self):
        def refused(status, *words):
            return self.refusal(status, "export", self.run_folder, *words)

        self.assertIn("did you mean `ema`?", refused(DATA, "--weights", "emma", "--to", "x.safetensors"))
        self.assertIn("expected a name that ends in .safetensors", refused(USAGE, "--to", "x.pth"))
        (self.folder / "folder.safetensors").mkdir()
        self.assertIn("found a folder", refused(USAGE, "--to", "folder.safetensors", "--force"))
        self.assertIn("did you mean `best`?", refused(DATA, "--checkpoint", "bets", "--to", "x.safetensors"))
        self.assertIn("float16", refused(USAGE, "--dtype", "half", "--to", "x.safetensors"))
        self.assertIn("recipe.json", self.refusal(DATA, "export", self.folder, "--to", "x.safetensors"))

    def test_json_is_one_document_about_the_file(self):
        words = ["export", self.run_folder, "--weights", "ema", "--to", "j.safetensors", "--json"]
        document = json.loads(self.run_well(*words))
        tensors = load(self.folder / "j.safetensors")
        self.assertEqual(next(iter(document.items())), ("schema_version", 1))
        self.assertEqual(document["file"], "j.safetensors")
        self.assertEqual(document["tensors"], len(tensors))
        self.assertEqual(document["elements"], sum(tensor.numel() for tensor in tensors.values()))
        self.assertEqual(document["bytes"], sum(tensor.nbytes for tensor in tensors.values()))
        self.assertEqual(document["metadata"], self.metadata(self.folder / "j.safetensors"))

    def test_a_run_that_did_not_end_gives_what_its_checkpoints_have(self):
        run = self.copy_of_run("cut")
        shutil.rmtree(run / "final")
        message = self.refusal(DATA, "export", run, "--weights", "ema", "--to", "x.safetensors")
        self.assertIn("--checkpoint last", message)
        last = (run / "checkpoints/last").resolve()
        for checkpoint in ["last", last.name]:
            found = self.export("--weights", "ema", "--checkpoint", checkpoint, run=run)
            self.assertTrue(same(found, load(last / "weights/ema.safetensors")))
            metadata = self.metadata(self.folder / "out.safetensors")
            self.assertEqual((metadata["weights"], metadata["checkpoint"]), ("ema", last.name))
            self.assertEqual(metadata["step"], last.name.split("-")[-1])
        live = self.export("--checkpoint", "best", run=run)
        self.assertTrue(same(live, load((run / "checkpoints/best").resolve() / "weights/live.safetensors")))

    def test_a_damaged_checkpoint_is_refused(self):
        run = self.copy_of_run("damaged")
        file = (run / "checkpoints/last").resolve() / "weights/ema.safetensors"
        file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))
        message = self.refusal(DATA, "export", run, "--checkpoint", "last", "--to", "x.safetensors")
        self.assertIn("weights/ema.safetensors", message)


if __name__ == "__main__":
    unittest.main()
