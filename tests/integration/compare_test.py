# SPDX-License-Identifier: MIT
"""`knack compare`, the command line of `knack report`, and the files that their pages are made of.

usage: compare_test.py KNACK [arguments for unittest]
"""

import hashlib
import json
import math
import re
import tempfile
import unittest
from pathlib import Path

import report_folders as folders
from report_case import ROOT, Pages, data_of, knack, lines_of, main


class Comparison(Pages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        without = [{"use": "precise_bn", "name": "precise_bn", "sets": ["all"]}]
        cls.runs = [folders.whole(cls.folder / f"with-{seed}", seed, seed / 100) for seed in (1, 2, 3)]
        cls.runs += [folders.whole(cls.folder / f"without-{seed}", seed, seed / 100 + 0.1, tricks=without) for seed in (1, 2, 3)]
        cls.page = cls.folder / "comparison.html"
        cls.table = knack("compare", *cls.runs, "--to", cls.page).stdout
        cls.json = json.loads(knack("compare", *cls.runs, "--json").stdout)

    def test_groups_what_differs_only_in_the_seed(self):
        groups = self.json["groups"]
        self.assertEqual([group["label"] for group in groups], ["with ema", "without ema"])
        self.assertEqual([len(group["runs"]) for group in groups], [3, 3])
        self.assertEqual([each["key"] for each in self.json["differences"]], ["tricks[ema]"])
        self.assertEqual([run["seed"] for run in self.json["runs"]], [1, 2, 3, 1, 2, 3])

    def test_estimates_means_and_intervals(self):
        values = [json.loads((run / "final" / "summary.json").read_text())["sets"]["ema"]["valid"]["loss"]
                  for run in self.runs[:3]]
        found = self.json["groups"][0]["sets"]["ema"]["valid"]["loss"]
        middle = sum(values) / 3
        deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / 2)
        half = 4.302652729696142 * deviation / math.sqrt(3)  # Student's t for 95 % and 2 degrees of freedom
        self.assertAlmostEqual(found["mean"], middle, 12)
        self.assertAlmostEqual(found["standard_deviation"], deviation, 12)
        self.assertAlmostEqual(found["confidence_95"][0], middle - half, 9)
        self.assertAlmostEqual(found["confidence_95"][1], middle + half, 9)
        self.assertEqual((found["count"], found["lowest"], found["highest"]), (3, min(values), max(values)))

    def test_prints_a_table(self):
        self.assertIn("valid loss", self.table)
        self.assertIn("ema *", self.table)
        self.assertIn("without ema", self.table)
        self.assertIn("tricks[ema]", self.table)

    def test_draws_means_and_bands(self):
        self.browser.resize(1100)
        self.browser.open(self.page)
        self.expect_quiet(self.page)
        chart = data_of(self.page)["charts"][0]
        self.assertEqual([curve["name"] for curve in chart["curves"]][:4], ["A live", "A ema", "B live", "B ema"])
        losses = [[line["loss"] for line in lines_of(run) if line["split"] == "valid" and line["weights"] == "ema"
                   and not line.get("final")] for run in self.runs[:3]]
        for epoch, values in enumerate(zip(*losses)):
            self.assertAlmostEqual(chart["curves"][1]["y"][epoch], sum(values) / 3, 12)
            self.assertEqual(chart["bands"][1]["low"][epoch], min(values))
            self.assertEqual(chart["bands"][1]["high"][epoch], max(values))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#chart-1 svg.static path.band').length"), 4)

    def test_takes_runs_of_any_kind(self):
        strange = folders.write(self.folder / "strange", folders.records(2, False), recipe='{"tricks": [1], "trainer": 2}')
        page = self.folder / "strange.html"
        done = knack("compare", self.runs[0], strange, "--to", page)
        self.assertIn("has not come to its end", done.stderr)
        self.browser.open(page)
        self.expect_quiet(page)


class CommandLine(unittest.TestCase):
    def test_refuses_what_is_no_run(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("recipe.json", knack("report", folder, code=5).stderr)
            run = folders.whole(Path(folder) / "run")
            self.assertEqual(knack("report", run).stdout.strip(), str(run / "report.html"))
            self.assertIn("nowhere", knack("report", run, "--to", Path(folder) / "nowhere" / "page.html", code=5).stderr)


class Vendored(unittest.TestCase):
    def test_uplot_is_as_it_was_published(self):
        folder = ROOT / "host" / "report" / "html" / "third_party" / "uplot"
        sums = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))
        self.assertEqual(set(sums), {file.name for file in folder.iterdir()} - {"README.md"})
        for name, expected in sums.items():
            self.assertEqual(hashlib.sha256((folder / name).read_bytes()).hexdigest(), expected, name)


if __name__ == "__main__":
    main()
