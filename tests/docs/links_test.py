# SPDX-License-Identifier: MIT
"""What every Markdown file of the repository says leads somewhere: links_test.py REPOSITORY"""
import re
import unittest

import repository
from page import blocks_of, page_before

ROOT = repository.root()
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
FOLLOWED = [ROOT / "README.md", *(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "errors")]
MOST_NOT_RUN = 25  # blocks; whoever needs more should make a page that can be followed


def broken_link(path, target):
    """Why a link of the file at `path` leads nowhere, or None."""
    if re.match(r"[a-z]+:", target):
        return None if target.startswith(("https://", "mailto:")) else "is not https"
    name, _, fragment = target.partition("#")
    file = (path.parent / name) if name else path
    if not file.exists():
        return "does not exist"
    if not file.resolve().is_relative_to(ROOT):
        return "leads out of the repository"
    if fragment and fragment not in repository.anchors(file.read_text(encoding="utf-8")):
        return "has no such heading"
    return None


class Links(unittest.TestCase):
    def test_each_leads_to_a_file_and_a_heading(self):
        found = 0
        for path in repository.markdown_files(ROOT):
            for target in LINK.findall(repository.prose(path.read_text(encoding="utf-8"))):
                found += 1
                with self.subTest(file=str(path.relative_to(ROOT)), link=target):
                    self.assertIsNone(broken_link(path, target))
        self.assertGreater(found, 40)

    def test_a_link_that_leads_nowhere_is_noticed(self):
        page = ROOT / "docs/recipe.md"
        self.assertIsNone(broken_link(page, "checkpoints.md#signals"))
        self.assertEqual(broken_link(page, "no_such_page.md"), "does not exist")
        self.assertEqual(broken_link(page, "checkpoints.md#no-such"), "has no such heading")
        self.assertEqual(broken_link(page, "../../../"), "leads out of the repository")


class Blocks(unittest.TestCase):
    def test_those_that_are_not_run_are_few_and_have_a_reason(self):
        skipped, commands = [], []
        for path in FOLLOWED:
            name = str(path.relative_to(ROOT))
            with self.subTest(file=name):
                blocks = [block for block in blocks_of(path.read_text(encoding="utf-8")) if block.role == "not run"]
                skipped += [(name, block.line, block.name) for block in blocks]
                for block in blocks:
                    self.assertGreater(len(block.name), 10, f"line {block.line}: give the reason")
                commands += [name for block in blocks if re.search(r"(?m)^\s*knack ", block.text)]
        self.assertLessEqual(len(skipped), MOST_NOT_RUN, skipped)
        self.assertLessEqual(len(commands), 1, f"commands of knack are run, all but one that takes minutes: {commands}")

    def test_each_page_that_another_begins_after_exists(self):
        for path in FOLLOWED:
            before = page_before(path.read_text(encoding="utf-8"))
            if before:
                self.assertTrue((ROOT / before).is_file(), f"{path}: {before}")


if __name__ == "__main__":
    unittest.main()
