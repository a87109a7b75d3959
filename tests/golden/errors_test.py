# SPDX-License-Identifier: MIT
"""What a person sees when something goes wrong: one case for each code of host/common/error_catalogue.cpp.

usage: errors_test.py KNACK PLUGIN_FIXTURES [--update [CODE...]] [argument of unittest...]

A case is a folder, tests/golden/errors/E0312, or E0312_more for a second one, with
  command       lines for sh, run in a copy of the folder that also has base.json and the link `digits` to the data
  expected.txt  what they write to standard error, and the exit code; --update writes it, to be looked at
  other files   as the command needs them
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

KNACK, FIXTURES = (Path(argument).resolve() for argument in sys.argv[1:3])
ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).resolve().parent / "errors"
PAGES = ROOT / "docs" / "errors"
CATALOGUE = ROOT / "host" / "common" / "error_catalogue.cpp"
CODE = re.compile(r'"(E0\d{3})"')

# Codes that no command line brings about on every computer, and what covers them instead.
WITHOUT_CASE = {
    "E0605": "LibTorch's own failures: which one is left depends on the machine, plugins report theirs as E0601",
    "E0900": "a failure that nobody foresaw",
    "E0901": "how little memory is too little depends on the machine",
}


def catalogue():
    return dict(re.findall(r'\{"(E0\d{3})", "(.*)"\}', CATALOGUE.read_text()))


def run_case(case):
    """Standard error of the case's command, without what differs from one computer to the next, and its exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve() / "case"
        shutil.copytree(case, folder)
        shutil.copy(CASES / "base.json", folder)
        (folder / "digits").symlink_to(ROOT / "configs" / "data" / "digits")
        environment = {
            "PATH": f"{KNACK.parent}:{os.defpath}",
            "HOME": scratch,
            "TMPDIR": scratch,
            "FIXTURES": str(FIXTURES),
            "OMP_NUM_THREADS": "1",
        }
        ended = subprocess.run(
            ["sh", "command"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
        )
        text = ended.stderr.decode(errors="replace")
        places = {folder: "CASE", FIXTURES: "FIXTURES", KNACK.parents[1]: "PREFIX"}
        for place, name in sorted(places.items(), key=lambda entry: -len(str(entry[0]))):
            text = text.replace(str(place), name)
        return re.sub(r"\bpid \d+", "pid N", text) + f"exit code {ended.returncode}\n"


def cases():
    return sorted(folder for folder in CASES.iterdir() if folder.is_dir())


def code_of(case):
    return case.name.split("_")[0]


class Catalogue(unittest.TestCase):
    def test_has_a_page_for_each_code_and_no_other(self):
        pages = {page.stem: page.read_text() for page in PAGES.glob("E*.md")}
        self.assertEqual(sorted(pages), sorted(catalogue()))
        for code, title in catalogue().items():
            self.assertTrue(pages[code].startswith(f"# {code}: {title}\n"), code)

    def test_has_the_codes_that_are_thrown_and_no_other(self):
        sources = {file: file.read_text() for file in (ROOT / "host").rglob("*") if file.suffix in (".cpp", ".hpp")}
        sources[CATALOGUE] = re.sub(r'\{"E0\d{3}", ', "", sources[CATALOGUE])  # leaves what it throws itself
        thrown = {code for text in sources.values() for code in CODE.findall(text)}
        self.assertEqual(thrown, set(catalogue()))

    def test_has_a_case_for_each_code(self):
        with_case = {code_of(case) for case in cases()}
        self.assertEqual(with_case | set(WITHOUT_CASE), set(catalogue()))
        self.assertEqual(with_case & set(WITHOUT_CASE), set())


class Cases(unittest.TestCase):
    def test_say_what_they_should(self):
        self.maxDiff = None
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for case, text in zip(cases(), threads.map(run_case, cases())):
                with self.subTest(case.name):
                    self.assertIn(f"error[{code_of(case)}]: ", text)
                    self.assertEqual(text, (case / "expected.txt").read_text())


class Help(unittest.TestCase):
    def help(self, *words):
        return subprocess.run([KNACK, "help", *words], capture_output=True, text=True, timeout=60)

    def test_explains_a_code_however_it_is_written(self):
        for word in ("E0312", "e0312", "0312"):
            text = self.help(word).stdout
            self.assertTrue(text.startswith("E0312: a value of the wrong type\n\nA value has"), text)
            self.assertIn('\nWrong:\n\n    {"trainer": {"epochs": "20"}}\n\nRight:', text)
            self.assertNotIn("```", text)

    def test_explains_several_codes(self):
        self.assertEqual(self.help("E0601", "0501").stdout, self.help("E0601").stdout + "\n" + self.help("E0501").stdout)

    def test_is_that_of_a_command(self):
        for words in ((), ("train",), ("plugins", "inspect")):
            asked = subprocess.run([KNACK, *words, "--help"], capture_output=True, text=True, timeout=60)
            self.assertEqual(self.help(*words).stdout, asked.stdout)


class Pipe(unittest.TestCase):
    def test_whose_reader_has_seen_enough_ends_a_command_quietly(self):
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run([KNACK, "help"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        self.assertEqual((ended.returncode, ended.stderr), (128 + signal.SIGPIPE, b""))


def update(codes):
    chosen = [case for case in cases() if not codes or code_of(case) in codes]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for case, text in zip(chosen, threads.map(run_case, chosen)):
            (case / "expected.txt").write_text(text)
            print(f"--- {case.name}\n$ {(case / 'command').read_text().rstrip()}\n{text}")


if __name__ == "__main__":
    if sys.argv[3:4] == ["--update"]:
        update(sys.argv[4:])
    else:
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
