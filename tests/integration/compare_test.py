# SPDX-License-Identifier: MIT
"""`knack compare`, the command line of `knack report`, and the files that their pages are made of.

usage: compare_test.py KNACK [arguments for unittest]
"""

import hashlib
import json
import math
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import report_folders as folders
from report_case import KNACK, ROOT, Pages, data_of, knack, lines_of, main


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
        curves = [(curve["name"], curve["color"], curve["shape"]) for curve in chart["curves"]]
        self.assertEqual(curves[:4], [("with ema: live", 0, 0), ("with ema: ema", 0, 1), ("without ema: live", 1, 0), ("without ema: ema", 1, 1)])
        self.assertEqual(len({curve[1:] for curve in curves}), len(curves))
        losses = [[line["loss"] for line in lines_of(run) if line["split"] == "valid" and line["weights"] == "ema"
                   and not line.get("final")] for run in self.runs[:3]]
        for epoch, values in enumerate(zip(*losses)):
            self.assertAlmostEqual(chart["curves"][1]["y"][epoch], sum(values) / 3, 12)
            self.assertEqual(chart["bands"][1]["low"][epoch], min(values))
            self.assertEqual(chart["bands"][1]["high"][epoch], max(values))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#chart-1 svg.static path.band').length"), 4)

    def test_has_tables_for_people(self):
        self.browser.open(self.page)
        results = self.browser.run("return document.querySelector('#sets').innerText")
        self.assertEqual(results.count("t interval"), 1)
        spreads = re.findall(r"\u00b1 ([\d.e-]+)", results)
        self.assertIn("0.0003", spreads)  # of top1: a fortieth of 0.01
        for spread in spreads:
            self.assertRegex(spread, r"^\d\.\d{4}$")
        cells = self.browser.run("return [...document.querySelectorAll('#differences td')].map(cell => cell.textContent)")
        self.assertEqual(cells, ["with", "-"])

    def test_leaves_out_what_is_not_finite(self):
        diverged = folders.records(offset=0.2)
        for line in diverged:
            if line["split"] == "valid" and (line["epoch"] > 10 or line.get("final")):
                line["loss"] = None
        runs = [self.runs[0], folders.write(self.folder / "diverged", diverged, recipe=folders.recipe(2))]
        page = self.folder / "diverged.html"
        done = knack("compare", *runs, "--to", page)
        self.assertIn(f"note: {runs[1]}: loss is not finite everywhere", done.stderr)
        document = json.loads(knack("compare", *runs, "--json").stdout)
        sets = document["groups"][0]["sets"]["ema"]["valid"]
        self.assertEqual((sets["loss"]["count"], sets["top1"]["count"]), (1, 2))
        self.assertEqual(sets["loss"]["mean"], document["runs"][0]["sets"]["ema"]["valid"]["loss"])
        self.assertIsNone(document["runs"][1]["sets"]["ema"]["valid"]["loss"])
        self.browser.open(page)
        self.expect_quiet(page)
        curve = data_of(page)["charts"][0]["curves"][0]
        self.assertEqual(curve["x"], list(range(1, 11)))
        self.assertNotIn(None, curve["y"])

    def test_takes_runs_that_all_diverged(self):
        lines = [{**line, "loss": None} for line in folders.records()]
        runs = [folders.write(self.folder / f"lost-{seed}", lines, recipe=folders.recipe(seed)) for seed in (1, 2)]
        knack("compare", *runs, "--to", self.folder / "lost.html")
        document = json.loads(knack("compare", *runs, "--json").stdout)
        self.assertNotIn("loss", document["groups"][0]["sets"]["ema"]["valid"])

    def test_has_a_row_for_every_run(self):
        empty = folders.write(self.folder / "empty", [], recipe=folders.recipe(7))
        begun = folders.write(self.folder / "begun", folders.records(1, False), recipe=folders.recipe(8),
                              log="2026-11-23T10:30:09.000Z warning: stopped by SIGINT\n")
        page = self.folder / "states.html"
        done = knack("compare", self.runs[0], empty, begun, "--to", page)
        self.assertRegex(done.stdout, rf"{empty} +A +7 +unfinished, no epoch +- +-")
        self.assertRegex(done.stdout, rf"{begun} +A +8 +stopped, epoch 1 of 20 +live +\d")
        self.assertRegex(done.stdout, rf"{self.runs[0]} +A +1 +finished +")
        self.assertRegex(done.stdout, r"A sample +2 of 3 +live +0\.\d+ \+- 0\.\d+")
        self.assertRegex(done.stdout, r"A sample +1 of 3 +average +0\.\d+ +")
        self.assertNotIn("+- -", done.stdout)
        self.assertIn(f"note: {empty} has no evaluation", done.stderr)
        self.assertRegex(knack("compare", self.runs[0], empty, begun, "--json").stdout,
                         r'(?s)"epoch": 20,\s+"epochs": 20,.*"epoch": null,\s+"epochs": 20,.*"epoch": 1,\s+"epochs": 20,')
        self.browser.open(page)
        text = self.browser.run("return document.body.innerText")
        for part in ("unfinished, no epoch", "stopped, epoch 1 of 20", "2 of 3", "1 of 3"):
            self.assertIn(part, text)
        alone = knack("compare", self.runs[3], folders.write(self.folder / "alone", [], recipe=folders.recipe(7)), "--to", page)
        self.assertRegex(alone.stdout, r"alone +B +7 +unfinished, no epoch +-")
        self.browser.open(page)
        self.assertIn("no evaluation", self.browser.run("return document.querySelector('#sets').innerText"))

    def test_one_run_is_no_repetition_of_itself(self):
        link = self.folder / "link"
        link.symlink_to(self.runs[0])
        done = knack("compare", self.runs[0], f"{self.runs[0]}/", link)
        self.assertIn(f"note: {link} is given more than once", done.stderr)
        self.assertNotIn("+-", done.stdout)
        copy = folders.whole(self.folder / "copy", 1, 0.01)
        again = knack("compare", self.runs[0], copy)
        self.assertRegex(again.stderr, r"several runs with seed 1.*: they are no repetitions, so its means have no spread\n")
        self.assertNotRegex(again.stdout, r"\d \+- ")
        loss = json.loads(knack("compare", self.runs[0], copy, "--json").stdout)["groups"][0]["sets"]["ema"]["valid"]["loss"]
        self.assertEqual((loss["count"], loss["standard_deviation"], loss["confidence_95"]), (2, None, [None, None]))

    def test_says_which_lines_it_could_not_read(self):
        damaged = folders.whole(self.folder / "damaged", 5)
        lines = (damaged / "metrics.jsonl").read_text().splitlines()
        lines[1] = "garbage"
        (damaged / "metrics.jsonl").write_text("\n".join(lines) + "\n")
        done = knack("compare", self.runs[0], damaged)
        self.assertIn(f"note: {damaged}: 1 of {len(lines)} lines of metrics.jsonl are unreadable", done.stderr)

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

    def test_leaves_files_alone_that_are_no_pages(self):
        with tempfile.TemporaryDirectory() as folder:
            run = folders.whole(Path(folder) / "run")
            for words in (("report", run), ("compare", run, run)):
                page = Path(folder) / f"{words[0]}.html"
                knack(*words, "--to", page)
                knack(*words, "--to", page)
                recipe = (run / "recipe.json").read_bytes()
                self.assertIn("found another file", knack(*words, "--to", run / "recipe.json", code=5).stderr)
                self.assertEqual((run / "recipe.json").read_bytes(), recipe)
            (run / "report.html").write_text("of an older version")
            knack("report", run)
            self.assertIn("<h1>", (run / "report.html").read_text())

    def test_a_set_of_weights_stands_for_its_run(self):
        with tempfile.TemporaryDirectory() as folder:
            run = folders.whole(Path(folder) / "run")
            weights = run / "final" / "ema.safetensors"
            weights.touch()
            self.assertIn(f"did you mean `{run}`?", knack("report", weights, code=5).stderr)
            for words in (("eval",), ("export", "--to", "other.safetensors")):
                self.assertIn(f"did you mean `{run}` with `--weights ema`?", knack(*words, weights, code=5).stderr)

    def test_damaged_json_is_described_in_a_note(self):
        with tempfile.TemporaryDirectory() as folder:
            run = folders.whole(Path(folder) / "run")
            (run / "final" / "model.safetensors").touch()
            (run / "final" / "summary.json").write_text("{")
            error = knack("eval", run, code=5).stderr
            self.assertRegex(error, r"error\[E0502\]: expected JSON, found something else\n +--> .*/final/summary\.json\n +(\||=) ?")
            self.assertRegex(error, r"= note: .*parse error.*; expected string literal")
            self.assertNotIn("= help", error)


class HostileFolders(unittest.TestCase):
    """What is in a run folder may be somebody else's."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.run_folder = folders.whole(Path(self.temporary.name) / "run")

    def test_pipes_and_devices_are_not_opened(self):
        for name in ("metrics.jsonl", "log.txt", "environment.json", "final/classification.json", "final/summary.json", "recipe.json"):
            (self.run_folder / name).unlink()
            os.mkfifo(self.run_folder / name)
        page = Path(knack("report", self.run_folder).stdout.strip()).read_text()
        for name in ("metrics.jsonl", "log.txt", "environment.json", "classification.json", "summary.json", "recipe.json"):
            self.assertIn(f"{name} is no regular file", page)
        (self.run_folder / "metrics.jsonl").unlink()
        (self.run_folder / "metrics.jsonl").symlink_to("/dev/zero")
        knack("compare", self.run_folder)

    def test_a_line_that_needs_all_memory_is_no_record(self):
        record = {**folders.records()[-1], "weights": "behind"}
        file = self.run_folder / "metrics.jsonl"
        os.truncate(file, file.stat().st_size + (1 << 30))
        with open(file, "a") as lines:
            lines.write("\n" + json.dumps(record) + "\n")
        done = subprocess.run(["bash", "-c", 'ulimit -v 1500000; exec "$0" compare "$1" --json', KNACK, str(self.run_folder)],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("behind", json.loads(done.stdout)["runs"][0]["sets"])

    def test_nothing_commands_the_terminal(self):
        red = "a\x1b[31mRED\x07"
        lines = [{**line, "weights": red, red: 1.0, "lost" + red: None} for line in folders.records(2, False)]
        runs = [self.run_folder, folders.write(self.run_folder / "other", lines, recipe=folders.recipe(
            name=red, objective={"use": red, red: [red]}, model={"use": red, red: {"a": 1}}))]
        done = knack("compare", *runs)
        self.assertIn("RED", done.stdout)
        self.assertIn("RED", done.stderr)
        self.assertNotRegex(done.stdout + done.stderr, r"[\x00-\x09\x0b-\x1f\x7f]")


class Vendored(unittest.TestCase):
    def test_uplot_is_as_it_was_published(self):
        folder = ROOT / "host" / "report" / "html" / "third_party" / "uplot"
        sums = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))
        self.assertEqual(set(sums), {file.name for file in folder.iterdir()} - {"README.md"})
        for name, expected in sums.items():
            self.assertEqual(hashlib.sha256((folder / name).read_bytes()).hexdigest(), expected, name)


if __name__ == "__main__":
    main()
