# SPDX-License-Identifier: MIT
"""A page of the documentation, read and followed as its reader would.

Every fenced block must say what it is for, so that none goes stale:

    <!-- file: lookahead.cpp -->      the block below is written to this file
    <!-- part of: lookahead.cpp -->   the block below stands in this file, which the page made before
    <!-- copy of: configs/x.json -->  the block below is this file of the repository
    <!-- like: run/a.json -->         the JSON below has keys and types of this file, which the page made before
    <!-- not run: reason -->          the block below cannot be checked, for this reason
    ```bash                           the block is run; a ```text block right below it is what it prints, where a
                                      line `...` stands for any lines and `…` for any text within a line
    ```json                           JSON with comments; a whole recipe must be one that `knack explain` accepts

A page that begins with `<!-- begins after: docs/other.md -->` goes on in the folder that the other page left.
"""
import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

import json_text

MARK = r"<!-- (file|part of|copy of|like|not run): (.+?) -->\n"
BLOCK = re.compile(rf"(?:^{MARK})?^```([\w+-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEGINS_AFTER = re.compile(r"\A(?:# .*\n+)?<!-- begins after: (\S+) -->$", re.MULTILINE)
RECIPE = {"model", "data", "objective", "optimizer"}


class PageError(Exception):
    """A block that is not as the page says."""


@dataclass
class Block:
    line: int
    role: str  # "file", "part of", "copy of", "like", "not run", "bash", "text" or "json"
    name: str  # of the file; the reason
    language: str
    text: str


def blocks_of(text):
    """All blocks; PageError for one that no rule covers."""
    blocks = []
    for match in BLOCK.finditer(text):
        role, name, language, content = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if role is None and language not in ("bash", "text", "json"):
            raise PageError(f"line {line}: a block of {language or 'no language'} that is neither a file nor part of one")
        if role is None and language == "text" and (not blocks or blocks[-1].role != "bash"):
            raise PageError(f"line {line}: a text block must follow the bash block that prints it")
        blocks.append(Block(line, role or language, name or "", language, content))
    rest = "\n" + BLOCK.sub("", text)
    if "\n```" in rest:
        raise PageError("a line of ``` that begins or ends no block")
    indented = re.search(r"^(?: {4}|\t)\s*(?:\$ )?knack .*", rest, re.MULTILINE)
    if indented:
        raise PageError(f"a command in no block, which no test runs: {indented.group().strip()}")
    return blocks


def page_before(text):
    """The page that this one begins after, or None."""
    match = BEGINS_AFTER.search(text)
    return match.group(1) if match else None


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_part(part, whole):
    """Whether the lines of `part` stand in `whole`, one after the other; indentation does not count."""
    wanted, lines = lines_of(part), lines_of(whole)
    return any(lines[i : i + len(wanted)] == wanted for i in range(len(lines)))


def matches(line, pattern):
    return re.fullmatch(".*".join(re.escape(piece) for piece in pattern.split("…")), line) is not None


def prints(expected, output):
    """Whether `output` has the lines of `expected`, in this order; without `...` nothing between them."""
    lines = [line.rstrip() for line in output.splitlines()]
    patterns = [line.rstrip() for line in expected.splitlines()]

    def from_here(line, pattern):
        if pattern == len(patterns):
            return True
        if patterns[pattern] == "...":
            return any(from_here(later, pattern + 1) for later in range(line, len(lines) + 1))
        return line < len(lines) and matches(lines[line], patterns[pattern]) and from_here(line + 1, pattern + 1)

    return any(from_here(start, 0) for start in range(len(lines) + 1))


def run(command, folder, environment, limit):
    """Exit status and output of a shell command."""
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
    )
    return shell.returncode, shell.stdout


class Reader:
    """Somebody who does in `folder` what a page says; `repository` is where knack's sources are."""

    def __init__(self, folder, environment, repository=".", limit=300):
        self.folder, self.environment, self.limit = pathlib.Path(folder), environment, limit
        self.repository = pathlib.Path(repository)
        self.output = ""

    def follow(self, text):
        """From the first block to the last. Throws PageError."""
        for block in blocks_of(text):
            try:
                getattr(self, block.role.replace(" ", "_"))(block)
            except (PageError, OSError, ValueError) as error:
                raise PageError(f"line {block.line}: {error}") from error

    def bash(self, block):
        status, self.output = run(block.text, self.folder, self.environment, self.limit)
        if status != 0:
            raise PageError(f"exit status {status}\n{block.text}\n{self.output}")

    def text(self, block):
        if not prints(block.text, self.output):
            raise PageError(f"expected\n{block.text}\nfound\n{self.output}")

    def file(self, block):
        path = self.folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        if block.language == "json":
            json_text.parse(block.text)

    def part_of(self, block):
        if not is_part(block.text, (self.folder / block.name).read_text(encoding="utf-8")):
            raise PageError(f"{block.name} does not have these lines:\n{block.text}")

    def copy_of(self, block):
        if (self.repository / block.name).read_text(encoding="utf-8").rstrip() != block.text.rstrip():
            raise PageError(f"{block.name} has another text")

    def like(self, block):
        shown = json_text.documents(block.text)
        real = json_text.documents((self.folder / block.name).read_text(encoding="utf-8"))
        for each in shown:
            problems = [json_text.difference(each, one) for one in real]
            if all(problems):
                raise PageError(f"{block.name}: {min(problems, key=len)}\n{json.dumps(each)}")

    def json(self, block):
        for document in json_text.documents(block.text):
            if isinstance(document, dict) and RECIPE <= set(document):
                (self.folder / "shown.json").write_text(block.text, encoding="utf-8")
                status, said = run("knack explain shown.json", self.folder, self.environment, self.limit)
                if status != 0:
                    raise PageError(f"no recipe that knack takes:\n{said}")

    def not_run(self, block):
        pass
