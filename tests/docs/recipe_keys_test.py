# SPDX-License-Identifier: MIT
"""The documentation has every key of a recipe, with the default that knack has: recipe_keys_test.py KNACK REPOSITORY"""
import json
import re
import subprocess
import sys
import unittest

import repository

ROOT = repository.root()
KNACK = sys.argv.pop()
ROW = re.compile(r"^\| (`[^|]*`) \|([^|]*)\|", re.MULTILINE)
BY_OTHERS = {"trainer.mode"}  # its default follows from another key, which the page says


def documented(page):
    """The defaults in the first table of a page that has a key, by key, as they stand there."""
    rows = ROW.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    return {key: default.strip().strip("`") for keys, default in reversed(rows) for key in re.findall(r"`([^`]+)`", keys)}


def sections():
    """For each section of the recipe its properties in the schema, and the page and prefix under which they are documented."""
    schema = json.loads(subprocess.run([KNACK, "schema"], check=True, capture_output=True, text=True).stdout)
    recipe = schema["definitions"]["recipe"]["properties"]
    yield recipe, "recipe.md", ""
    yield recipe["trainer"]["properties"], "recipe.md", "trainer."
    yield recipe["checkpoint"]["properties"], "checkpoints.md", ""
    yield recipe["plugins"]["properties"], "recipe.md", "plugins."
    yield schema["definitions"]["dataset"]["properties"], "recipe.md", "data.*."
    yield schema["definitions"]["trick"]["properties"], "recipe.md", "tricks[]."


class Keys(unittest.TestCase):
    def test_every_key_has_a_row_with_its_default(self):
        compared = 0
        for properties, page, prefix in sections():
            rows = documented(page)
            for name, schema in properties.items():
                key = prefix + name
                if name in ("use", "data", "trainer", "plugins"):  # their members have rows
                    continue
                with self.subTest(page=page, key=key):
                    self.assertIn(key, rows)
                    if "default" in schema and key not in BY_OTHERS:
                        compared += 1
                        self.assertEqual(json.loads(rows[key]), schema["default"])
        self.assertGreater(compared, 20)

    def test_no_row_is_of_a_key_that_there_is_not(self):
        rows = [key for key in documented("recipe.md") if key.startswith("trainer.")]
        known = [f"trainer.{name}" for properties, _, prefix in sections() if prefix == "trainer." for name in properties]
        self.assertEqual(sorted(rows), sorted(known))


if __name__ == "__main__":
    unittest.main()
