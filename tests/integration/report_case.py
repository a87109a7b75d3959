# SPDX-License-Identifier: MIT
"""What the tests of the pages of `knack report` and `knack compare` share.

Scripts that use this are called with the path of `knack` and then as any unittest.
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import browser

KNACK = sys.argv[1]
ROOT = Path(__file__).resolve().parents[2]


def knack(*arguments, code=0):
    done = subprocess.run([KNACK, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}")
    return done


def page_of(run, name="page.html"):
    page = run / name
    knack("report", run, "--to", page)
    return page


def data_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="chart-data">(.*?)</script>', text, re.S)[1])


def lines_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def train(folder, name="run"):
    """A real run of a second: an MLP with three tricks, two epochs."""
    digits = {"use": "idx", "root": str(ROOT / "configs" / "data" / "digits"), "split": "train", "workers": 0}
    recipe = {"name": "small", "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10},
              "data": {"train": {**digits, "range": [0, 200], "batch_size": 16},
                       "valid": {**digits, "range": [1200, 1300], "batch_size": 50}},
              "objective": {"use": "cross_entropy"}, "optimizer": {"use": "sgd", "lr": 0.1},
              "trainer": {"epochs": 2, "threads": 1},
              "tricks": [{"use": "ema", "decay": 0.9}, {"use": "accumulate", "batches": 2},
                         {"use": "weight_average", "best": 2}]}
    file = folder / "recipe.json"
    file.write_text(json.dumps(recipe))
    knack("train", file, "--run-dir", folder / name, "--quiet")
    return folder / name


class Pages(unittest.TestCase):
    runs_scripts = True

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.browser = browser.Browser(cls.runs_scripts)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.temporary.cleanup()

    def expect_quiet(self, page):
        """Nothing in the console, nothing asked for but the page."""
        self.assertEqual(self.browser.console(), [])
        self.assertEqual(self.browser.requests(), [page.resolve().as_uri()])

    def is_shown(self, selector):
        return self.browser.run("const e = document.querySelector(arguments[0]);"
                                "return e !== null && e.getBoundingClientRect().height > 0", selector)


def main():
    browser.require()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
