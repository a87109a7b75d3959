# SPDX-License-Identifier: MIT
"""`knack new`: what it writes and what it refuses."""

import os
import shutil

import package
from package import BUILD, KINDS

KNACK = BUILD / "bin" / "knack"
USAGE = 2


class New(package.Case):
    def setUp(self):
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def new(self, *words, code=0):
        process = package.run(KNACK, "new", *words, cwd=self.folder)
        self.assertEqual(process.returncode, code, process.stdout)
        return process.stdout

    def left(self):
        return sorted(path.name for path in self.folder.iterdir())

    def refused(self, *words, why):
        """Expects a refusal that leaves nothing behind."""
        before = self.left()
        self.assertRegex(self.new(*words, code=USAGE), why)
        self.assertEqual(self.left(), before)

    def test_every_kind_in_every_language_gives_a_complete_project_with_no_token_left(self):
        for language in ["c++", "c", "rust"]:
            for kind in KINDS:
                project = self.folder / f"{language}_{kind}"
                self.new(kind, "acme.look-ahead", "--lang", language, "--dir", project)
                files = [path for path in project.rglob("*") if path.is_file()]
                self.assertTrue({"README.md", "recipe.json", ".gitignore"} <= {path.name for path in files}, files)
                for path in files:
                    self.assertNotRegex(path.name + path.read_text(), "@[A-Z_]+@")

    def test_the_id_gives_the_names(self):
        self.new("trick", "acme.look-ahead")
        source = (self.folder / "look_ahead" / "look_ahead.cpp").read_text()
        self.assertIn('"acme.look-ahead"', source)
        self.assertIn("struct LookAhead final", source)

    def test_sources_of_cxx_have_thirty_lines_at_most_and_their_cmakelists_six(self):
        for kind in KINDS:
            self.new(kind, f"acme.my_{kind}")
            project = self.folder / f"my_{kind}"
            self.assertLessEqual(len((project / f"my_{kind}.cpp").read_text().splitlines()), 30, kind)
            self.assertLessEqual(len((project / "CMakeLists.txt").read_text().splitlines()), 6, kind)

    def test_the_next_commands_are_those_of_the_readme(self):
        said = self.new("trick", "acme.lookahead")
        block = (self.folder / "lookahead" / "README.md").read_text().split("```sh\n")[1].split("```")[0]
        for line in ["cd lookahead", *block.splitlines()]:
            self.assertIn(f"  {line}\n", said)

    def test_a_folder_that_exists_is_left_alone(self):
        (self.folder / "lookahead").mkdir()
        self.refused("trick", "acme.lookahead", why="lookahead: expected no such folder, found one; .*--dir")
        self.refused("trick", "acme.other", "--dir", "lookahead/", why="lookahead: expected no such folder")
        os.symlink("nowhere", self.folder / "dangling")
        self.refused("trick", "acme.dangling", why="dangling: expected no such folder")
        self.assertEqual(list((self.folder / "lookahead").iterdir()), [])

    def test_a_wrong_kind_or_language_is_refused_with_the_nearest_one(self):
        self.refused("trik", "acme.lookahead", why=r"kind `trik`: expected one of `dataset`.*did you mean `trick`\?")
        self.refused("trick", "acme.a", "--lang", "rusty", why=r"--lang `rusty`: .*`c\+\+`.*did you mean `rust`\?")

    def test_an_id_must_be_one_that_a_manifest_may_hold_and_have_an_author(self):
        for wrong in ["lookahead", "Acme.lookahead", "acme.", ".lookahead", "acme..look", "acme/x.y", "acme.look ahead"]:
            self.refused("trick", wrong, why="expected your name, a dot and the plugin's name")
        self.refused("trick", "acme.2nd", why="does not begin with a letter")
        self.refused("trick", "acme.test", why="means something else to the build tools")

    def test_a_folder_that_cannot_be_made_leaves_nothing(self):
        said = self.new("trick", "acme.lookahead", "--dir", "nowhere/lookahead", code=1)
        self.assertIn("nowhere/lookahead: cannot be made: No such file or directory", said)
        self.assertEqual(self.left(), [])

    def test_words_that_are_missing_or_too_many_are_refused(self):
        self.refused("trick", why="id is required|ID")
        self.refused("trick", "acme.lookahead", "more", why="`more`")


class WithoutSdk(package.Case):
    components = ["runtime"]

    def test_the_package_that_is_missing_is_named(self):
        self.assertIn("install the package knack-sdk", self.run_badly("knack", "new", "trick", "acme.lookahead"))


if __name__ == "__main__":
    package.main()
