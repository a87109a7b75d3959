# SPDX-License-Identifier: MIT
"""Every command of knack that a Markdown file shows exists, with these options: commands_test.py KNACK REPOSITORY"""
import re
import sys
import unittest

import repository

ROOT = repository.root()
KNACK = sys.argv.pop()
sys.path.insert(0, str(ROOT / "docs/reference"))
import command_line  # noqa: E402

COMMANDS = {command.name: command for command in command_line.commands(KNACK)}
SPAN = re.compile(r"`(knack [^`]*)`")
LINE = re.compile(r"^\s*(knack .*)$", re.MULTILINE)
SHELL = re.compile(r"^(?:```(?:bash|sh)|Right:\n\n```text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_commands(text):
    """Those between backticks, and the lines of shell blocks, and of what docs/errors calls right, that begin with one."""
    for block in SHELL.findall(text):
        yield from (line for line in LINE.findall(block.replace("\\\n", " ")) if "||" not in line)  # those may be wrong
    for span in SPAN.findall(repository.FENCED.sub("", text)):
        yield " ".join(span.split())


def problem(shown):
    """What does not exist in a command, or None."""
    words = re.split(r"[|;&>#]| \.\.\.", shown, maxsplit=1)[0].split()
    name, rest = words[0], words[1:]
    while rest and f"{name} {rest[0]}" in COMMANDS:
        name, rest = f"{name} {rest[0]}", rest[1:]
    command = COMMANDS[name]
    if command.commands and rest and rest[0].strip("'\"[]").islower() and not rest[0].startswith("-"):
        return f"`{name}` has no command {rest[0]}"
    for word in rest:
        option = re.match(r"\[?(--?[a-z][a-z-]*)", word)
        if option and option.group(1) not in command.options:
            return f"`{name}` has no option {option.group(1)}"
    return None


class Commands(unittest.TestCase):
    def test_the_examples_of_help_are_such_commands(self):
        for command in COMMANDS.values():
            for shown in LINE.findall(command.help.partition("Example:\n")[2]):
                self.assertIsNone(problem(shown), command.name)

    def test_each_exists_with_its_options(self):
        found = 0
        for path in repository.markdown_files(ROOT):
            for shown in shown_commands(path.read_text(encoding="utf-8")):
                found += 1
                with self.subTest(file=str(path.relative_to(ROOT)), command=shown):
                    self.assertIsNone(problem(shown))
        self.assertGreater(found, 50)

    def test_each_is_found_in_the_help(self):
        for name in ("knack train", "knack plugins", "knack plugins validate"):
            self.assertIn(name, COMMANDS)
        self.assertIn("--set", COMMANDS["knack train"].options)
        self.assertIn("-q", COMMANDS["knack train"].options)

    def test_one_that_does_not_exist_is_noticed(self):
        for shown, reason in [
            ("knack trian recipe.json", "`knack` has no command trian"),
            ("knack plugins isnpect ema", "`knack plugins` has no command isnpect"),
            ("knack train r.json --sett a=1", "`knack train` has no option --sett"),
        ]:
            self.assertEqual(problem(shown), reason)
        self.assertIsNone(problem("knack train r.json --set a=1 | grep --count x"))


if __name__ == "__main__":
    unittest.main()
