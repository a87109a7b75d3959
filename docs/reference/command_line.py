# SPDX-License-Identifier: MIT
"""The page about the command line, from what `knack --help` and each command's `--help` say."""
import os
import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Command:
    """One command with its help; `commands` are the names of those below it."""

    name: str
    help: str
    commands: list = field(default_factory=list)
    options: set = field(default_factory=set)


def help_of(knack, words):
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    printed = subprocess.run([knack, *words, "--help"], check=True, capture_output=True, text=True, env=environment)
    return printed.stdout.strip()


def subcommands(text):
    """The names below the heading of subcommands."""
    section = re.search(r"^(?:Subcommands|Commands):\n((?:[ \t]+.*\n?|\n)*)", text, re.MULTILINE)
    return re.findall(r"^  (\S+)", section.group(1), re.MULTILINE) if section else []


def options(text):
    """Every name of an option that stands at the beginning of a line, such as -q and --quiet."""
    lines = re.findall(r"^  (-\S*(?:, ?-\S*)*)", text, re.MULTILINE)
    return {name.split("=")[0] for line in lines for name in re.split(r", ?", line) if name}


def commands(knack, words=()):
    """`knack` itself, and each of its commands after the one that it belongs to."""
    text = help_of(knack, words)
    found = Command(" ".join(["knack", *words]), text, subcommands(text), options(text))
    yield found
    for name in found.commands:
        yield from commands(knack, (*words, name))


def page(knack):
    """In Markdown."""
    lines = ["# Command line", "", "What `--help` says, of each command.", ""]
    for command in commands(knack):
        lines += [f"## {command.name}", "", "```text", command.help, "```", ""]
    return "\n".join(lines)
