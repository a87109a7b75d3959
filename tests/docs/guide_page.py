# SPDX-License-Identifier: MIT
"""A page of docs/guide, read and followed as its reader would.

Every fenced block must say what it is for, so that none goes stale:

    <!-- file: lookahead.cpp -->      the block below is written to this file
    <!-- part of: lookahead.cpp -->   the block below stands in this file, which the page made before
    ```bash                           the block is run; a ```text block right below it is what it prints, where a
                                      line `...` stands for any lines and `…` for any text within a line
"""
import pathlib
import re
import subprocess
from dataclasses import dataclass

BLOCK = re.compile(r"(?:^<!-- (file|part of): (\S+) -->\n)?^```([\w+-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class PageError(Exception):
    """A block that is not as the page says."""


@dataclass
class Block:
    line: int
    role: str  # "file", "part of", "bash" or "text"
    name: str  # of the file
    text: str


def blocks_of(text):
    """All blocks; PageError for one that no rule covers."""
    blocks = []
    for match in BLOCK.finditer(text):
        role, name, language, content = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if role is None and language not in ("bash", "text"):
            raise PageError(f"line {line}: a block of {language or 'no language'} that is neither a file nor part of one")
        if language == "text" and (not blocks or blocks[-1].role != "bash"):
            raise PageError(f"line {line}: a text block must follow the bash block that prints it")
        blocks.append(Block(line, role or language, name or "", content))
    if "\n```" in "\n" + BLOCK.sub("", text):
        raise PageError("a line of ``` that begins or ends no block")
    return blocks


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


def run(block, folder, environment, limit):
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
    )
    if shell.returncode != 0:
        raise PageError(f"line {block.line}: exit status {shell.returncode}\n{block.text}\n{shell.stdout}")
    return shell.stdout


def follow(text, folder, environment, limit=300):
    """Does in `folder` what a page says, from its first block to its last. Throws PageError."""
    output = ""
    for block in blocks_of(text):
        path = pathlib.Path(folder, block.name)
        if block.role == "file":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.role == "part of":
            if not is_part(block.text, path.read_text(encoding="utf-8")):
                raise PageError(f"line {block.line}: {block.name} does not have these lines:\n{block.text}")
        elif block.role == "bash":
            output = run(block, folder, environment, limit)
        elif not prints(block.text, output):
            raise PageError(f"line {block.line}: expected\n{block.text}\nfound\n{output}")
