# SPDX-License-Identifier: MIT
"""The Markdown files of the repository."""
import pathlib
import re
import sys

NOT_OURS = {"build", ".venv", ".git", ".cache", "runs", "target"}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


def root():
    """The repository, which is the last argument of the script; it is taken from them."""
    return pathlib.Path(sys.argv.pop()).resolve()


def markdown_files(repository):
    """Every one that is the repository's own, by its path."""
    for path in sorted(repository.rglob("*.md")):
        if not NOT_OURS & set(path.relative_to(repository).parts):
            yield path


def prose(text):
    """The text without its blocks and without code between backticks."""
    return CODE.sub("", FENCED.sub("", text))


def anchor(heading):
    """That of a heading, as GitHub and MkDocs agree on it: words of letters and digits, joined by hyphens."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip())


def anchors(text):
    return [anchor(heading) for heading in re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)]
