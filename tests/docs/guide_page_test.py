# SPDX-License-Identifier: MIT
"""The rules of guide_page.py."""
import os
import tempfile
import unittest

from guide_page import PageError, blocks_of, follow, prints

FENCE = "```"


def page(*parts):
    return "\n".join(parts) + "\n"


def block(language, text, mark=""):
    return page(mark, FENCE + language, text, FENCE)


class Pages(unittest.TestCase):
    def follow(self, text):
        with tempfile.TemporaryDirectory() as folder:
            follow(text, folder, os.environ)

    def assert_refused(self, text, reason):
        with self.assertRaisesRegex(PageError, reason):
            self.follow(text)

    def test_a_page_that_is_true_passes(self):
        self.follow(
            block("sh", "echo one\necho two", "<!-- file: script/say.sh -->")
            + block("sh", "  echo two", "<!-- part of: script/say.sh -->")
            + block("bash", "sh script/say.sh")
            + block("text", "one\nt…")
        )

    def test_a_block_without_a_purpose_is_refused(self):
        self.assert_refused(block("cpp", "int x;"), "line 2: a block of cpp that is neither")
        self.assert_refused(block("", "int x;"), "no language")
        self.assert_refused(block("c++", "int x;"), "a block of c\\+\\+ that is neither")
        self.assert_refused(block("text", "out"), "must follow the bash block")
        self.assert_refused(block("bash {.run}", "true"), "begins or ends no block")

    def test_a_part_that_is_not_in_the_file_is_refused(self):
        made = block("sh", "echo one\necho two", "<!-- file: say.sh -->")
        self.assert_refused(made + block("sh", "echo three", "<!-- part of: say.sh -->"), "does not have these lines")

    def test_a_command_that_fails_is_refused(self):
        self.assert_refused(block("bash", "false"), "exit status 1")
        self.assert_refused(block("bash", "false | cat"), "exit status 1")

    def test_other_output_is_refused(self):
        self.assert_refused(block("bash", "echo one") + block("text", "two"), "expected\ntwo")

    def test_output_matches_line_by_line(self):
        self.assertTrue(prints("a\nb", "x\na\nb\ny"))
        self.assertFalse(prints("a\nb", "a\nx\nb"))
        self.assertTrue(prints("a\n...\nb", "a\nx\ny\nb"))
        self.assertTrue(prints("took … s", "took 3.5 s"))
        self.assertFalse(prints("took … s", "took 3.5 ms!"))

    def test_every_block_is_seen(self):
        text = block("bash", "true") + block("text", "") + block("c", "int x;", "<!-- file: x.c -->")
        self.assertEqual([each.role for each in blocks_of(text)], ["bash", "text", "file"])


if __name__ == "__main__":
    unittest.main()
