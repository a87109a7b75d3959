# SPDX-License-Identifier: MIT
"""The Rust crate: its mirror of the ABI, its own tests, and how failures in a plugin reach the user.

usage: rust_test.py KNACK NM WORK_FOLDER
That plugins in Rust compute what others do is tested with those of other compilers.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import rust_layout

KNACK, NM, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
ROOT = pathlib.Path(__file__).resolve().parents[3]
PARTS = ("sdk/rust", "tests/abi/rust/failing_tricks", "tests/abi/rust/autograd")
sys.path.insert(0, str(ROOT / "tests/abi"))

from training import Run, relative_difference  # noqa: E402  (needs the path above)


def cargo(folder, *arguments, **environment):
    """Runs cargo in a copy of a part of the tree, as it writes next to the sources."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "target"), "CARGO_NET_OFFLINE": "true", **environment}
    return subprocess.run(["cargo", *arguments], cwd=WORK / folder, env=environment, text=True, capture_output=True)


def copy_and_build(plugin):
    """The plugin file of a part of the tree."""
    for part in (PARTS[0], plugin):
        shutil.rmtree(WORK / part, ignore_errors=True)
        shutil.copytree(ROOT / part, WORK / part, ignore=shutil.ignore_patterns("target", "Cargo.lock"))
    built = cargo(plugin, "build", "--release")
    if built.returncode:
        raise RuntimeError(built.stderr)
    name = re.search(r'name = "(\w+)"', (ROOT / plugin / "Cargo.toml").read_text(encoding="utf-8"))[1]
    return WORK / "target/release" / f"lib{name}.so"


def has(*command):
    """Whether a tool is there and starts."""
    return shutil.which(command[0]) is not None and not subprocess.run(command, capture_output=True).returncode


class Mirror(unittest.TestCase):
    def test_the_asserted_layout_is_the_golden_one(self):
        golden = "\n".join(
            (ROOT / "tests/abi/layout" / name).read_text(encoding="utf-8") for name in ("golden_1_0.h", "golden_1_1.h")
        )
        written = (ROOT / "sdk/rust/src/abi/layout.rs").read_text(encoding="utf-8")
        self.assertEqual(written, rust_layout.rust_layout(golden), "rust_layout.py writes it anew")
        self.assertGreater(written.count("layout! {"), 25)

    def test_it_asserts_every_struct_of_the_mirror(self):
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / "sdk/rust/src/abi").glob("*.rs")]
        structs = set(re.findall(r"pub struct (knack_\w+) \{\n(?!    _opaque)", "".join(texts)))
        asserted = set(re.findall(r"layout! \{ (\w+),", "".join(texts)))
        self.assertEqual(structs, asserted)

    def test_constants_are_those_of_the_headers(self):
        def constants(folder, suffix, pattern):
            texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob(suffix))]
            return dict(re.findall(pattern, "".join(texts)))

        headers = constants("sdk/include/knack/abi", "*.h", r'#define (KNACK_\w+) (\d+|"[^"]*")')
        mirror = constants("sdk/rust/src/abi", "*.rs", r'pub const (KNACK_\w+): \S+ = (\d+|"[^"]*");')
        self.assertGreater(len(mirror), 40)
        self.assertEqual(mirror.pop("KNACK_ABI_MINOR"), "0")  # what plugins need unless they say more
        self.assertEqual(mirror, {name: headers.get(name) for name in mirror})


@unittest.skipUnless(has("cargo", "--version"), "no cargo; the Debian packages cargo and rustc have it")
class Crate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plugin = copy_and_build(PARTS[1])

    def succeeds(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result

    def train(self, by):
        """The exit code and what was printed of a run with the failing trick."""
        data = {"use": "synthetic", "channels": 1, "height": 4, "width": 4, "batch_size": 8}
        recipe = {
            "name": "failing",
            "model": {"use": "mlp", "in_features": 16, "hidden": [4], "num_classes": 10},
            "data": {"train": {**data, "samples": 16}, "valid": {**data, "samples": 8, "offset": 16}},
            "objective": {"use": "cross_entropy"},
            "optimizer": {"use": "sgd", "lr": 0.1},
            "trainer": {"epochs": 1, "seed": 1},
            "tricks": [{"use": "failing", "by": by}],
        }
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "recipe.json")
            path.write_text(json.dumps(recipe), encoding="utf-8")
            plugins = pathlib.Path(folder, "plugins")
            plugins.mkdir()
            shutil.copy(self.plugin, plugins)
            command = [KNACK, "train", str(path), "--run-dir", str(pathlib.Path(folder, "run"))]
            command += ["--plugin-path", str(plugins), "--quiet"]
            result = subprocess.run(command, text=True, capture_output=True)
            return result.returncode, result.stdout + result.stderr

    def assert_fails(self, by, *parts, code=6):
        got, text = self.train(by)
        self.assertEqual(got, code, text)
        for part in ("failing", *parts):
            self.assertIn(part, text)
        self.assertNotIn("thread '", text)  # what Rust prints of a panic that nobody catches

    def test_its_own_tests_pass(self):
        result = self.succeeds(cargo(PARTS[0], "test"))
        self.assertNotIn("warning:", result.stderr)
        passed = sum(int(count) for count in re.findall(r"(\d+) passed", result.stdout))
        self.assertGreater(passed, 15)

    def test_its_documentation_has_no_warnings(self):
        self.succeeds(cargo(PARTS[0], "doc", "--no-deps", RUSTDOCFLAGS="-D warnings"))

    @unittest.skipUnless(has("cargo-clippy", "--version"), "no clippy")
    def test_clippy_finds_nothing(self):
        self.succeeds(cargo(PARTS[0], "clippy", "--all-targets", "--", "-D", "warnings"))

    def test_a_plugin_exports_its_entry_alone(self):
        command = [NM, "--dynamic", "--defined-only", "--format=posix", str(self.plugin)]
        lines = self.succeeds(subprocess.run(command, text=True, capture_output=True)).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["knack_plugin_v1"])

    def test_a_panic_names_plugin_hook_and_place(self):
        self.assert_fails("panic", "after_step", "panicked at src/lib.rs:", "no way to go on")

    def test_an_error_names_plugin_and_hook(self):
        self.assert_fails("error", "after_step", "a broken file", code=5)

    def test_an_operator_that_fails_tells_why(self):
        self.assert_fails("operator", "after_step", "matmul")

    def test_what_the_host_said_is_kept(self):
        self.assert_fails("host", "after_step", "of nobody", code=3)

    def test_entering_a_trick_twice_is_refused(self):
        self.assert_fails("entering", "eval_begin", "was called while it was in a call already")

    def test_a_panic_in_drop_ends_nothing(self):
        code, text = self.train("drop")
        self.assertEqual(code, 0, text)


@unittest.skipUnless(has("cargo", "--version"), "no cargo; the Debian packages cargo and rustc have it")
class Autograd(unittest.TestCase):
    """knack.autograd/1 and knack.dlpack/1; the dataset checks by itself that nothing is copied or kept."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.plugins = pathlib.Path(folder.name)
        shutil.copy(copy_and_build(PARTS[2]), cls.plugins)
        cls.expected = cls.train("cross_entropy")

    @classmethod
    def train(cls, objective, **options):
        data = {"use": "rust_vectors", "batch_size": 16}
        recipe = {
            "name": "autograd",
            "model": {"use": "mlp", "in_features": 16, "hidden": [8], "num_classes": 10},
            "data": {"train": {**data, "samples": 128}, "valid": {**data, "samples": 32, "offset": 128}},
            "objective": {"use": objective, **options},
            "optimizer": {"use": "sgd", "lr": 0.1, "momentum": 0.9},
            "trainer": {"epochs": 2, "seed": 1, "threads": 1, "monitor": "loss"},
        }
        return Run(KNACK, recipe, cls.plugins)

    def assert_trains_alike(self, got):
        difference = relative_difference(got.sets["live"], self.expected.sets["live"])
        self.assertLess(difference, 1e-5)

    def assert_fails(self, fails, *parts):
        with self.assertRaises(AssertionError) as caught:
            self.train("rust_cross_entropy", fails=fails)
        text = str(caught.exception)
        for part in ("rust_cross_entropy", "backward of rust_cross_entropy", *parts):
            self.assertIn(part, text)
        self.assertNotIn("thread '", text)  # what Rust prints of a panic that nobody catches

    def test_a_function_with_a_derivative_of_its_own_trains_as_the_built_in(self):
        self.assert_trains_alike(self.train("rust_cross_entropy"))

    def test_gradients_on_request_train_as_the_built_in(self):
        self.assert_trains_alike(self.train("rust_cross_entropy", by="request"))

    def test_an_error_in_backward_names_it(self):
        self.assert_fails("error", "a broken table", "ended with 5")

    def test_a_panic_in_backward_names_it(self):
        self.assert_fails("panic", "panicked at src/lib.rs:", "no way back", "ended with 6")

    def test_too_few_gradients_are_refused(self):
        self.assert_fails("count", "expected 3 tensors, found 1")

    def test_a_gradient_of_a_wrong_shape_is_refused(self):
        self.assert_fails("shape", "[16, 10]", "for input 0")

    def test_a_second_derivative_of_what_has_none_is_refused(self):
        self.assert_fails("twice", "can be differentiated once")

    @unittest.skipUnless(has("cargo-clippy", "--version"), "no clippy")
    def test_clippy_finds_nothing(self):
        result = cargo(PARTS[2], "clippy", "--", "-D", "warnings")
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
