# SPDX-License-Identifier: MIT
"""The way of a plugin's author, for every kind in every language: `knack new`, and then what its README says.

With nothing but the installed package: outside of the source tree, and with LibTorch's headers nowhere.
"""

import json
import shutil
import unittest
from concurrent.futures import ThreadPoolExecutor

import package
from package import KINDS, TORCH_DIR, run, run_well

AT_A_TIME = 2


class Projects:
    """Tests of one language; subclasses say which."""

    language = None
    components = ["sdk", "runtime"]

    def test_every_kind_builds_passes_its_test_is_valid_and_trains(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            results = pool.map(self.outcome, KINDS)
        failures = [failure for failure in results if failure]
        self.assertEqual(failures, [], "\n".join(failures))

    def outcome(self, kind):
        """What went wrong; nothing if nothing did."""
        try:
            self.go_all_the_way(kind)
        except AssertionError as failure:
            return f"{self.language} {kind}: {failure}"
        return None

    def go_all_the_way(self, kind):
        name = f"my_{kind}"
        self.run_well("knack", "new", kind, f"acme.{name}", "--lang", self.language)
        project = self.folder / name
        commands = (project / "README.md").read_text().split("```sh\n")[1].split("```")[0]
        self.run_well("bash", "-euxc", commands, cwd=project)
        self.check_build(project)
        (runs,) = (project / "runs").iterdir()
        (trained,) = runs.iterdir()
        recipe = json.loads((trained / "recipe.json").read_text())
        assert f"acme.{name}" in json.dumps(recipe), "the recipe does not use the plugin"
        assert (trained / "final" / "model.safetensors").is_file(), "nothing was trained"

    def check_build(self, project):
        """Further checks of what was built."""


class Cxx(Projects, package.Case):
    language = "c++"

    def check_build(self, project):
        commands = (project / "build" / "compile_commands.json").read_text()
        assert str(TORCH_DIR.parents[2]) not in commands and "libtorch" not in commands, commands
        self.run_well("cmake", "--install", "build", "--prefix", self.prefix, cwd=project)
        self.run_well("knack", "plugins", "inspect", f"acme.{project.name}")  # no --plugin-path any more


class C(Projects, package.Case):
    language = "c"
    prefix_name = "moved to a folder with blanks"

    def check_build(self, project):
        self.assertNotIn(str(self.prefix), (project / "Makefile").read_text())
        commands = run_well("make", "--always-make", "--dry-run", cwd=project, prefix=self.prefix)
        assert str(TORCH_DIR.parents[2]) not in commands and "libtorch" not in commands, commands


class Rust(Projects, package.Case):
    language = "rust"

    @classmethod
    def setUpClass(cls):
        if not shutil.which("cargo") or run("cargo", "--version").returncode != 0:
            raise unittest.SkipTest("no cargo; the Debian packages cargo and rustc have it")
        super().setUpClass()

    def test_a_name_that_the_crate_or_rust_has_compiles(self):
        for kind, name in [("trick", "trick"), ("model", "tensor"), ("model", "model"), ("dataset", "result"),
                           ("objective", "option"), ("optimizer", "options")]:
            with self.subTest(name=name):
                project = self.folder / f"{kind}_called_{name}"
                self.run_well("knack", "new", kind, f"acme.{name}", "--lang", "rust", "--dir", project)
                self.run_well("cargo", "check", "--offline", "--tests", "--target-dir", self.folder / "checked", cwd=project)


if __name__ == "__main__":
    package.main()
