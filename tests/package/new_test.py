# SPDX-License-Identifier: MIT
"""`knack new`: what it writes and what it refuses."""

import os
import re
import shutil

import package
from package import BUILD, KINDS

KNACK = BUILD / "bin" / "knack"
TEMPLATES = BUILD / "share" / "knack" / "template"
USAGE = 2
LONGEST_SOURCES = {"c++": ("brief.cpp", 30), "c": ("brief.c", 80), "rust": ("src/lib.rs", 55)}


def source_of(project):
    """All of the project's source, without comments and texts."""
    files = [path for path in project.rglob("*") if path.suffix in (".c", ".cpp", ".rs")]
    text = "\n".join(path.read_text() for path in files)
    return re.sub(r'//[^\n]*|/\*.*?\*/|"[^"]*"', "", text, flags=re.S)


def types_used(templates):
    """The words of all templates that look like types."""
    return sorted(set(re.findall(r"(?<!@)\b[A-Z]\w*[a-z]\w*\b(?!@)", source_of(templates))))


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
        said = " ".join(self.new(*words, code=USAGE).split())  # on one line
        self.assertRegex(said, why)
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

    def test_sources_and_cmakelists_are_short(self):
        for language, (file, limit) in LONGEST_SOURCES.items():
            for kind in KINDS:
                project = self.folder / f"{language}_{kind}"
                self.new(kind, "acme.brief", "--lang", language, "--dir", project)
                self.assertLessEqual(len((project / file).read_text().splitlines()), limit, project.name)
                if language == "c++":
                    self.assertLessEqual(len((project / "CMakeLists.txt").read_text().splitlines()), 6, kind)

    def test_the_next_commands_are_those_of_the_readme(self):
        said = self.new("trick", "acme.lookahead")
        block = (self.folder / "lookahead" / "README.md").read_text().split("```sh\n")[1].split("```")[0]
        for line in ["cd lookahead", *block.splitlines()]:
            self.assertIn(f"  {line}\n", said)

    def test_the_next_commands_work_in_a_folder_with_blanks(self):
        said = self.new("trick", "acme.lookahead", "--dir", "my tricks")
        self.assertIn("  cd 'my tricks'\n", said)

    def test_a_folder_that_exists_is_left_alone(self):
        (self.folder / "lookahead").mkdir()
        self.refused("trick", "acme.lookahead", why="expected no such folder, found one --> lookahead .*--dir")
        self.refused("trick", "acme.other", "--dir", "lookahead/", why="expected no such folder, found one --> lookahead")
        os.symlink("nowhere", self.folder / "dangling")
        self.refused("trick", "acme.dangling", why="expected no such folder, found one --> dangling")
        self.assertEqual(list((self.folder / "lookahead").iterdir()), [])

    def test_a_wrong_kind_or_language_is_refused_with_the_nearest_one(self):
        self.refused("trik", "acme.lookahead", why=r"kind `trik`: expected one of `dataset`.*did you mean `trick`\?")
        self.refused("trick", "acme.a", "--lang", "rusty", why=r"--lang `rusty`: .*`c\+\+`.*did you mean `rust`\?")

    def test_an_id_must_be_one_that_a_manifest_may_hold_and_have_an_author(self):
        for wrong in ["lookahead", "Acme.lookahead", "acme.", ".lookahead", "acme..look", "acme/x.y", "acme.look ahead"]:
            self.refused("trick", wrong, why="expected your name, a dot and the plugin's name")
        self.refused("trick", "acme.2nd", why="does not begin with a letter")
        self.refused("trick", "acme.test", why="means something else to the build tools")
        self.refused("trick", "acme." + "a" * 300, why="id of 305 letters: expected 100 at most")
        for keyword in ["self", "class", "restrict", "co-await"]:
            self.refused("model", f"acme.{keyword}", why=r"is a keyword of C, C\+\+ or Rust")
        for taken in ["live", "model"]:
            self.refused("trick", f"acme.{taken}", why=f"`{taken}` cannot be the weight set of a trick")

    def test_no_type_is_called_like_one_that_a_template_uses(self):
        words = types_used(TEMPLATES)
        self.assertIn("ParamOptimizer", words)
        for word in words:
            name = re.sub("(?<=.)(?=[A-Z])", "_", word).lower()
            process = package.run(KNACK, "new", "model", f"acme.{name}", cwd=self.folder)
            if process.returncode == 0:
                self.assertIn(f"struct {word}Model final", source_of(self.folder / name))
            else:
                self.assertIn("help: choose another last part", process.stdout)

    def test_a_name_that_others_have_compiles(self):
        flags = ["-fsyntax-only", "-I", BUILD / "include"]
        for kind, name in zip(KINDS, ["options", "model", "dataset", "tensor", "param_optimizer"]):
            self.new(kind, f"acme.{name}", "--dir", f"cxx_{kind}")
            package.run_well("g++", "-std=c++20", *flags, self.folder / f"cxx_{kind}" / f"{name}.cpp")
            for name in ["options", "group", "e_o_f"]:
                self.new(kind, f"acme.{name}", "--lang", "c", "--dir", f"c_{kind}_{name}")
                package.run_well("gcc", "-std=c11", *flags, self.folder / f"c_{kind}_{name}" / f"{name}.c")

    def test_a_folder_that_cannot_be_made_leaves_nothing(self):
        said = self.new("trick", "acme.lookahead", "--dir", "nowhere/lookahead", code=5)
        self.assertIn("cannot be made: No such file or directory", said)
        self.assertIn("--> nowhere/lookahead", said)
        self.assertEqual(self.left(), [])

    def test_words_that_are_missing_or_too_many_are_refused(self):
        self.refused("trick", why="expected `id`")
        self.refused("trick", "acme.lookahead", "more", why="`more`")


class WithoutSdk(package.Case):
    components = ["runtime"]

    def test_the_package_that_is_missing_is_named(self):
        self.assertIn("install the package knack-sdk", self.run_badly("knack", "new", "trick", "acme.lookahead"))


if __name__ == "__main__":
    package.main()
