# SPDX-License-Identifier: MIT
"""Weights in PyTorch's own files: what knack says of them, the command it prints, and scripts/convert_pth.py."""

import argparse
import contextlib
import io
import json
import os
import runpy
import shlex
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

from exchange import CONVERTER, DATA, Case, safetensors, same, small_recipe, torch

load = safetensors.torch.load_file


def printed_commands(message):
    """The lines of a message that begin with python3."""
    lines = [line.strip() for line in message.splitlines()]
    return [line for line in lines if line.startswith("python3 ")]


def run_here(line):
    """Does what the command does, in this process, where torch is loaded already."""
    words = shlex.split(line)
    is_code = words[1] == "-c"
    with mock.patch("sys.argv", words[2:] if is_code else words[1:]):
        if is_code:
            exec(sys.argv[0], {"__name__": "__main__"})
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")


def run_in_shell(line):
    """Runs the command as it stands, with this Python as python3."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(line, shell=True, check=True, env={**os.environ, "PATH": path})


class ConversionCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_folder = cls.train(small_recipe())
        cls.weights = load(cls.run_folder / "final/ema.safetensors")
        cls.other = load(cls.run_folder / "final/live.safetensors")

    def save(self, name, content, **how):
        torch.save(content, self.folder / name, **how)
        return self.folder / name

    @staticmethod
    def wrapped(weights):
        return {f"module.{name}": tensor for name, tensor in weights.items()}

    def convert(self, *words):
        """What the script says, on standard output or when it ends with an error."""
        said = io.StringIO()
        words = [str(CONVERTER), *map(str, words)]
        with mock.patch("sys.argv", words), contextlib.redirect_stdout(said), contextlib.chdir(self.folder):
            try:
                runpy.run_path(words[0], run_name="__main__")
            except SystemExit as end:
                return end.code
        return said.getvalue()

    def convert_well(self, *words):
        said = self.convert(*words)
        self.assertFalse(said.startswith("error: "), said)
        return said

    def refused(self, *words):
        said = self.convert(*words)
        self.assertRegex(said, r"\Aerror: [^\n]*\Z")
        return said


class Message(ConversionCase):
    def assert_printed_commands_work(self, file, expected, run=run_here):
        message = self.refusal(DATA, "eval", self.run_folder, "--weights", file)
        self.assertIn(str(file), message)
        commands = printed_commands(message)
        self.assertEqual([command.startswith("python3 -c ") for command in commands], [True, False], message)
        target = file.with_suffix(".safetensors")
        for command in commands:
            target.unlink(missing_ok=True)
            run(command)
            self.assertTrue(same(load(target), expected), command)
        before = self.evaluate(self.run_folder, "--weights", "ema")["metrics"]
        if expected is self.weights:
            self.assertEqual(self.evaluate(self.run_folder, "--weights", target)["metrics"], before)
        return target

    def test_gives_commands_that_convert_a_state_dict_in_both_formats_of_pytorch(self):
        self.assert_printed_commands_work(self.save("zip.pth", self.weights), self.weights)
        legacy = self.save("legacy file's.pt", self.weights, _use_new_zipfile_serialization=False)
        self.assert_printed_commands_work(legacy, self.weights, run_in_shell)

    def test_gives_commands_that_convert_whole_checkpoints(self):
        epoch = {"epoch": 3, "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}}}
        for key in ["state_dict", "model"]:
            file = self.save(f"{key}.pth", {key: self.wrapped(self.weights), **epoch})
            self.assert_printed_commands_work(file, self.weights)
        averaged = {"n_averaged": torch.tensor(9), **self.wrapped(self.weights)}
        file = self.save("averaged.pth", {"model": self.other, "model_ema": averaged, **epoch})
        target = self.assert_printed_commands_work(file, self.weights)

        recipe = small_recipe()
        recipe["model"]["weights"] = str(target)
        self.train(recipe, "from_converted")

    def test_gives_commands_that_convert_torch_script(self):
        network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        file = self.folder / "script.pt"
        torch.jit.script(network).save(file)
        self.assert_printed_commands_work(file, network.state_dict())

    def test_is_the_same_for_the_weights_of_a_recipe(self):
        recipe = small_recipe()
        recipe["model"]["weights"] = str(self.save("recipe.pth", self.weights))
        (self.folder / "recipe.json").write_text(json.dumps(recipe))
        message = self.refusal(DATA, "train", "recipe.json", "--run-dir", "never", "--quiet")
        self.assertEqual(len(printed_commands(message)), 2)
        self.assertFalse((self.folder / "never").exists())

    def test_names_other_formats(self):
        beginnings = {
            b"\x80\x04\x95 pickle": "a pickle of Python",
            b"\x89HDF\r\n\x1a\n": "an HDF5 file",
            b"\x08\x07\x12\x07pytorch\x1a\x032.0": "an ONNX model",
            b"\x93NUMPY\x01\x00": "a NumPy array",
            b"PK\x03\x04 ... fc.npy": "an archive of NumPy arrays",
            b"PK\x03\x04 ...": "a zip archive",
            b"<!DOCTYPE html><html>": "a web page",
            b"version https://git-lfs.github.com/spec/v1\n": "a pointer of Git LFS",
        }
        for content, name in beginnings.items():
            file = self.folder / "other.bin"
            file.write_bytes(content + b" " * 100)
            message = self.refusal(DATA, "eval", self.run_folder, "--weights", file)
            self.assertIn(f"expected a safetensors file, found {name}", message)
            self.assertEqual(printed_commands(message), [])


class Script(ConversionCase):
    def test_finds_the_weights_and_says_what_it_left_out(self):
        content = {"state_dict": {**self.wrapped(self.weights), "version": "2"}, "args": argparse.Namespace(lr=1)}
        said = self.convert_well(self.save("a.pth", content))
        self.assertIn("weights of `state_dict`; the file also has: args", said)
        self.assertIn("left out: version (str)", said)
        self.assertTrue(same(load(self.folder / "a.safetensors"), self.weights))

    def test_takes_the_state_dict_that_is_asked_for(self):
        file = self.save("b.pth", {"model": self.other, "nets": {"slow": self.weights}})
        self.convert_well(file, "--key", "nets.slow", "--to", "b.safetensors")
        self.assertTrue(same(load(self.folder / "b.safetensors"), self.weights))
        self.assertIn("which has: model, nets", self.refused(file, "--key", "modle", "--to", "c.safetensors"))
        self.assertIn("without tensors", self.refused(file, "--key", "nets", "--to", "c.safetensors"))

    def test_removes_the_prefixes_that_are_given_and_no_other(self):
        file = self.save("d.pth", {f"net.module.{name}": tensor for name, tensor in self.weights.items()})
        self.convert_well(file, "--strip-prefix", "net.", "--strip-prefix", "module.")
        self.assertTrue(same(load(self.folder / "d.safetensors"), self.weights))
        self.convert_well(file, "--strip-prefix", "", "--force")
        self.assertIn("net.module.layers.0.weight", load(self.folder / "d.safetensors"))
        clash = self.save("e.pth", {"module.w": torch.ones(1), "w": torch.ones(1)})
        self.assertIn("is taken", self.refused(clash))

    def test_writes_shared_and_transposed_tensors_whole_and_row_major(self):
        weight = torch.arange(6.0).reshape(2, 3)
        content = {"a": weight, "tied": weight, "turned": weight.t(), "half": weight[:, 1:].half(), "none": None}
        image = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
        self.convert_well(self.save("f.pth", {**content, "image": image}))
        expected = {name: t.contiguous() for name, t in {**content, "image": image}.items() if t is not None}
        self.assertTrue(same(load(self.folder / "f.safetensors"), expected))
        sparse = self.save("g.pth", {"s": torch.eye(2).to_sparse()})
        self.assertIn("expected a dense tensor", self.refused(sparse))

    def test_runs_no_code_of_a_pickle_unless_trusted(self):
        file = self.save("h.pth", torch.nn.Linear(2, 3))
        self.assertIn("--trust", self.refused(file))
        self.assertFalse((self.folder / "h.safetensors").exists())
        self.convert_well(file, "--trust")
        self.assertEqual(load(self.folder / "h.safetensors").keys(), {"weight", "bias"})

    def test_keeps_a_file_that_is_there_unless_forced(self):
        file = self.save("i.pth", self.weights)
        (self.folder / "i.safetensors").write_text("mine")
        self.assertIn("--force", self.refused(file))
        self.assertEqual((self.folder / "i.safetensors").read_text(), "mine")
        self.convert_well(file, "--force")
        self.assert_no_temporaries()

    def test_says_what_is_no_checkpoint(self):
        for name, content in {"j.pth": b"PK\x03\x04 cut off", "k.pth": b"", "l.pth": b"text"}.items():
            (self.folder / name).write_bytes(content)
            self.assertIn(name, self.refused(self.folder / name))
        self.assertIn("found no tensor", self.refused(self.save("m.pth", {"epoch": 3})))
        self.assertIn("found list", self.refused(self.save("n.pth", [torch.ones(1)])))
        self.assertIn("No such file", self.refused("nowhere.pth"))

    def test_goes_back_to_a_file_that_torch_loads(self):
        self.convert_well(self.run_folder / "final/ema.safetensors", "--to", "ema.pth")
        self.assertTrue(same(torch.load(self.folder / "ema.pth", weights_only=True), self.weights))
        self.convert_well("ema.pth", "--to", "again.safetensors")
        again = self.folder / "again.safetensors"
        before = self.evaluate(self.run_folder, "--weights", "ema")["metrics"]
        self.assertEqual(self.evaluate(self.run_folder, "--weights", again)["metrics"], before)


if __name__ == "__main__":
    unittest.main()
