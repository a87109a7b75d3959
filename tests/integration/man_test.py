# SPDX-License-Identifier: MIT
"""The manual page of `knack man`.

usage: man_test.py KNACK [unittest arguments]
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

KNACK = sys.argv.pop(1)


def say(*arguments):
    return subprocess.run([KNACK, *arguments], check=True, capture_output=True, text=True).stdout


def commands(*group):
    """The commands that help shows, with those of groups, as words: ("plugins", "list")."""
    found = []
    text = say(*group, "--help")
    if "Subcommands:\n" not in text:
        return [group]
    for line in text.split("Subcommands:\n")[1].split("\n\n")[0].splitlines():
        if re.match(r"  \w", line):
            found += commands(*group, line.split()[0])
    return found


class Man(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(folder.cleanup)
        cls.page = Path(folder.name) / "knack.1"
        cls.page.write_text(say("man"))

    def text(self):
        """The page as plain text."""
        output = subprocess.run(["mandoc", "-Tascii", self.page], check=True, capture_output=True, text=True).stdout
        return re.sub(r".\x08", "", output)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_has_no_fault(self):
        check = subprocess.run(["mandoc", "-Tlint", "-Wwarning", self.page], capture_output=True, text=True)
        self.assertEqual(check.stdout + check.stderr, "")
        self.assertEqual(check.returncode, 0)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_has_every_command_with_every_option(self):
        text = self.text()
        known = commands()
        self.assertGreater(len(known), 10)
        for command in known:
            name = " ".join(("knack", *command))
            with self.subTest(name):
                self.assertIn(f"\n   {name}\n", text)
                section = text.split(f"\n   {name}\n")[1].split("\n   knack ")[0].split("\nENVIRONMENT")[0]
                usage = re.split("\n\n(?:Example|Exit codes)", say(*command, "--help"))[0]
                options = set(re.findall(r"(?:^|,)(--[a-z][-a-z]+|-[a-z])\b", usage.replace(" ", "\n"), re.MULTILINE))
                listed = set(re.findall(r"(?:^| )(--[a-z][-a-z]+|-[a-z])\b", section, re.MULTILINE))
                self.assertEqual(options - listed, set())

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_has_the_usual_sections_and_defaults(self):
        text = self.text()
        for heading in (
            *("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "ENVIRONMENT"),
            *("FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"),
        ):
            self.assertRegex(text, f"(?m)^{heading}$")
        for variable in ("KNACK_PLUGIN_PATH", "NO_COLOR", "CLICOLOR_FORCE", "CI", "COLUMNS", "TMPDIR"):
            self.assertRegex(text, rf"(?m)^ +{variable}\b")
        self.assertRegex(re.sub(r"\s+", " ", text), "NO_COLOR is set; default: auto")

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_is_shown_by_man(self):
        shown = subprocess.run(["man", "-l", self.page], capture_output=True, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("KNACK_PLUGIN_PATH", re.sub(r".\x08", "", shown.stdout))


if __name__ == "__main__":
    unittest.main()
