# SPDX-License-Identifier: MIT
"""The rules of page.py."""
import os
import pathlib
import tempfile
import unittest

import json_text
from page import PageError, Reader, blocks_of, page_before, prints

FENCE = "```"
RECIPE = '{"model": 1, "data": 2, "objective": 3, "optimizer": 4}'


def page(*parts):
    return "\n".join(parts) + "\n"


def block(language, text, mark=""):
    return page(mark, FENCE + language, text, FENCE)


class PageCase(unittest.TestCase):
    def follow(self, text, knack="exit 0"):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "bin/knack")
            program.parent.mkdir()
            program.write_text(f"#!/bin/sh\n{knack}\n")
            program.chmod(0o755)
            environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
            Reader(folder, environment, pathlib.Path(__file__).parent).follow(text)

    def assert_refused(self, text, reason, **how):
        with self.assertRaisesRegex(PageError, reason):
            self.follow(text, **how)


class Pages(PageCase):
    def test_a_page_that_is_true_passes(self):
        self.follow(
            block("sh", "echo one\necho two", "<!-- file: script/say.sh -->")
            + block("sh", "  echo two", "<!-- part of: script/say.sh -->")
            + block("bash", "sh script/say.sh")
            + block("text", "one\nt…")
            + block("bash", "rm -r /", "<!-- not run: it would remove everything -->")
            + block("json", '{ "a": 1 } // a comment')
        )

    def test_a_block_without_a_purpose_is_refused(self):
        self.assert_refused(block("cpp", "int x;"), "line 2: a block of cpp that is neither")
        self.assert_refused(block("", "int x;"), "no language")
        self.assert_refused(block("c++", "int x;"), "a block of c\\+\\+ that is neither")
        self.assert_refused(block("text", "out"), "must follow the bash block")
        self.assert_refused(block("bash {.run}", "true"), "begins or ends no block")
        self.assert_refused("    knack train r.json\n", "a command in no block")

    def test_a_part_that_is_not_in_the_file_is_refused(self):
        made = block("sh", "echo one\necho two", "<!-- file: say.sh -->")
        self.assert_refused(made + block("sh", "echo three", "<!-- part of: say.sh -->"), "does not have these lines")

    def test_a_copy_that_differs_is_refused(self):
        text = pathlib.Path(__file__).with_name("json_text.py").read_text(encoding="utf-8")
        self.follow(block("python", text, "<!-- copy of: json_text.py -->"))
        self.assert_refused(block("python", text + "#", "<!-- copy of: json_text.py -->"), "has another text")
        self.assert_refused(block("python", text, "<!-- copy of: no_such_file.py -->"), "No such file")

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

    def test_the_page_before_is_named_on_top(self):
        self.assertEqual(page_before("# Title\n\n<!-- begins after: docs/a.md -->\n\nText\n"), "docs/a.md")
        self.assertEqual(page_before("<!-- begins after: docs/a.md -->\n"), "docs/a.md")
        self.assertIsNone(page_before("# Title\n\nText\n\n<!-- begins after: docs/a.md -->\n"))


class Json(PageCase):
    def test_json_is_one_document_members_of_one_or_a_document_a_line(self):
        self.assertEqual(json_text.documents('{"a": "//"} /* b */'), [{"a": "//"}])
        self.assertEqual(json_text.documents('"a": 1, // one\n"b": 2,'), [{"a": 1, "b": 2}])
        self.assertEqual(json_text.documents('{"a": 1}\n{"a": 2}\n'), [{"a": 1}, {"a": 2}])

    def test_what_is_no_json_is_refused(self):
        self.assert_refused(block("json", '{"a": 1,}'), "line 2")
        self.assert_refused(block("json", '{"a": 1,}', "<!-- file: a.json -->"), "line 1")

    def test_a_recipe_must_be_one_that_knack_takes(self):
        self.follow(block("json", RECIPE), knack='[ "$1 $2" = "explain shown.json" ]')
        self.assert_refused(block("json", RECIPE), "no recipe that knack takes:\nbad", knack="echo bad; exit 3")
        self.follow(block("json", '{"model": 1}'), knack="exit 3")  # a part of one

    def test_json_that_is_like_a_file_has_its_keys_and_types(self):
        made = block("json", '{"a": {"b": 1.5}, "c": [{"d": "x"}], "e": null}', "<!-- file: a.json -->")
        like = "<!-- like: a.json -->"
        for text in ('{"a": {"b": 2}}', '{"c": [{"d": "y"}, {"d": "z"}]}', '{"c": [], "e": 3}'):
            self.follow(made + block("json", text, like))
        for text, reason in [
            ('{"a": {"x": 1}}', "it.a has no `x`"),
            ('{"a": {"b": true}}', "it.a.b is number, not bool"),
            ('{"c": [{"d": 1}]}', r"it.c\[0\].d is str"),
        ]:
            self.assert_refused(made + block("json", text, like), reason)

    def test_a_line_is_like_some_line_of_a_file(self):
        made = block("jsonl", '{"a": 1}\n{"b": 1}', "<!-- file: a.jsonl -->")
        self.follow(made + block("json", '{"b": 2}\n{"a": 2}', "<!-- like: a.jsonl -->"))
        self.assert_refused(made + block("json", '{"b": 2}\n{"c": 2}', "<!-- like: a.jsonl -->"), "has no `c`")


if __name__ == "__main__":
    unittest.main()
