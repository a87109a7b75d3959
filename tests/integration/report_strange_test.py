# SPDX-License-Identifier: MIT
"""Pages of runs with what no run should leave: they are made, they are quiet, and text stays text.

usage: report_strange_test.py KNACK [arguments for unittest]
"""

import json

import report_folders as folders
from report_case import Pages, data_of, knack, main, page_of


class StrangeRuns(Pages):
    """Whatever stands in a folder, there is a page, it is quiet, and text stays text."""

    def open(self, name, lines, **files):
        page = page_of(folders.write(self.folder / name, lines, **files))
        self.browser.open(page)
        self.expect_quiet(page)
        return self.browser.run("return document.body.innerText")

    def test_text_stays_text(self):
        hostile = folders.HOSTILE
        lines = [{**line, "weights": line["weights"] + hostile, hostile: 1.5, f"{hostile}.seconds": 1.0}
                 if line["weights"] != "live" else {**line, hostile + ".x": 2.0} for line in folders.records()]
        recipe = folders.recipe(name=hostile, objective={"use": hostile, hostile: [hostile, 1e308, None]})
        recipe["plugins"]["used"] = {hostile: {"version": hostile, "sha256": hostile}}
        summary = {**folders.summary(lines), "chosen": "ema" + hostile, "reason": hostile,
                   "tricks": {hostile: {hostile: hostile, "seconds": 1.0}}}
        machine = {"schema_version": 1, "sessions": [{"cpu": hostile, "command": [hostile], "started": [hostile]}]}
        worst = [{"index": 1, "target": 2, "predicted": 3, "image": "data:text/html," + hostile},
                 {"image": "data:image/png;base64,AAAA\"onerror=\"alert(1)"}]
        text = self.open("hostile", lines, recipe=recipe, summary=summary, environment=machine, log=f"now warning: {hostile}\n",
                         classification={"weights": hostile, "split": hostile, "confusion": [[1]], "worst": worst})
        self.assertGreater(text.count("</script><script>alert(1)</script><img src=x onerror=alert(2)>"), 20)
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)
        self.assertEqual(self.browser.run("return document.scripts.length"), 3)
        outside = self.browser.run("return document.querySelectorAll('[style]:not(.uplot *):not(.uplot), main script, [onerror]').length")
        self.assertEqual(outside, 0)

    def test_numbers_that_cannot_be_drawn(self):
        values = [1e308, -1e308, None, 0.0, 5e-324, 1e-310, 1.0, -1.0, 1e300]
        lines = [{"step": step, "epoch": step, "samples": step, "split": split, "weights": "live", "loss": value,
                  "grad_norm": value, "lr": value}
                 for step, value in enumerate(values, 1) for split in ("train", "valid")]
        self.open("numbers", lines, recipe=folders.recipe())
        curve = data_of(self.folder / "numbers" / "page.html")["charts"][0]["curves"][1]
        self.assertEqual(curve["y"], values)

    def test_lines_that_are_no_records(self):
        good = [json.dumps(line) for line in folders.records(2, False)]
        bad = ["", "{", "[1, 2]", "null", "7", '"text"', "{}", '{"step": -1, "split": "valid", "weights": "live"}', "[" * 5000,
               '{"step": 1, "split": {"a": 1}, "weights": "live"}', '{"step": "1", "split": "valid", "weights": "live"}']
        text = self.open("lines", "\n".join(good + bad) + '\n{"step": 3, "epo', recipe=folders.recipe())
        self.assertIn(f"{len(bad) - 1} of {len(bad) - 1 + len(good)} lines of metrics.jsonl are unreadable", text)
        self.assertIn("points may be missing here", text)
        self.assertIn("warning: 10 of ", knack("report", self.folder / "lines").stderr)
        count = data_of(self.folder / "lines" / "page.html")["charts"][0]["curves"][1]["points"]
        self.assertEqual(count, 2)

    def test_files_of_another_form(self):
        forms = ["", "[]", "{", "{}", '{"sessions": 1, "sets": 2, "tricks": 3, "trainer": [], "plugins": {"used": 1}}',
                 '{"a":' * 5000 + "1" + "}" * 5000, '{"confusion": [[1, 2]], "worst": [1], "confused": [null]}',
                 '{"confusion": [["a"]], "worst": [{"image": 1}], "confused": {}}']
        for number, form in enumerate(forms):
            with self.subTest(form[:60]):
                self.open(f"form-{number}", folders.records(2, False), recipe=form, summary=form, environment=form,
                          classification=form)

    def test_runs_that_have_not_come_far(self):
        self.assertIn("nothing to draw yet", self.open("empty", [], recipe=folders.recipe()))
        steps = [line for line in folders.records(1, False) if line["split"] == "step"]
        self.assertIn("unfinished", self.open("steps", steps, recipe=folders.recipe()))
        one = self.open("one", folders.records(1, False), recipe=folders.recipe())
        self.assertIn("as of epoch 1 of 20", one)
        log = "2026-11-23T10:30:09.000Z warning: stopped by SIGINT; knack train --resume goes on\n"
        self.assertIn("stopped", self.open("stopped", folders.records(3, False), recipe=folders.recipe(), log=log))
        log += "2026-11-23T10:40:09.000Z error: epoch 4, step 99: expected a finite loss, found <NaN>\n"
        failed = self.open("failed", folders.records(3, False), recipe=folders.recipe(), log=log)
        self.assertIn("failed, as of epoch 3 of 20", failed)
        self.assertIn("epoch 4, step 99: expected a finite loss, found <NaN>", failed)

    def test_runs_that_failed_in_their_first_epoch(self):
        log = "2026-11-23T10:30:07.900Z sample: mlp\n2026-11-23T10:30:10.000Z error: epoch 1, step 2: expected a finite loss\n"
        text = self.open("first", [], recipe=folders.recipe(), environment=folders.environment(), log=log)
        for part in ("failed, before the end of the first epoch", "Training time\n2.1 s",
                     "There is nothing to draw: the run failed before the end of its first epoch."):
            self.assertIn(part, text)

    def test_counts_the_time_of_all_sessions_so_far(self):
        # Of 10:30 and 11:00, as in environment.json; the half hour between is no training.
        log = ("2026-11-23T10:30:07.500Z sample: mlp\n2026-11-23T10:30:20.000Z epoch 1\nof two lines\n"
               "2026-11-23T11:00:03.000Z goes on\n2026-11-23T11:00:09.500Z warning: stopped by SIGINT\n")
        lines = folders.records(3, False)
        text = self.open("sessions", lines, recipe=folders.recipe(), environment=folders.environment(), log=log)
        self.assertIn("Training time\n19.0 s\nso far", text)
        self.assertRegex(text, r"precise_bn\s+1\.8 s\s+9\.5 %")  # 0.6 s in each of three epochs
        seconds = sum(line["seconds"] for line in lines if line["split"] == "train")
        text = self.open("no-log", lines, recipe=folders.recipe(), environment=folders.environment())
        self.assertIn(f"Training time\n{seconds:.1f} s\nso far", text)

    def test_the_best_weights_so_far_are_those_the_end_would_choose(self):
        lines = folders.records(3, False)
        top1 = {line["weights"]: line["top1"] for line in lines if line["split"] == "valid"}
        self.assertIn(f"Best weights so far\nema\ntop1 on valid\n{top1['ema']:.4f}", self.open("led", lines, recipe=folders.recipe()))
        loss = {**folders.recipe(), "trainer": {"epochs": 3, "monitor": "loss", "mode": "min"}}
        lines = [{**line, "loss": line["loss"] + 9 * (line["weights"] == "ema")} for line in lines]
        self.assertIn("Best weights so far\nlive\nloss on valid", self.open("loss", lines, recipe=loss))

    def test_says_that_there_is_no_file_of_metrics(self):
        lines = folders.records()
        run = folders.write(self.folder / "lost", lines, recipe=folders.recipe(), summary=folders.summary(lines),
                            classification=folders.classification())
        (run / "metrics.jsonl").unlink()
        self.browser.open(page_of(run))
        text = self.browser.run("return document.body.innerText")
        self.assertIn("the run folder has no metrics.jsonl", text)
        self.assertNotIn("first epoch", text)

    def test_colours_do_not_depend_on_which_lines_are_readable(self):
        lines = [json.dumps(line) for line in folders.records()]
        first = next(i for i, line in enumerate(lines) if '"valid"' in line)
        self.assertIn('"live"', lines[first])
        styles = []
        for name, begin in (("whole", lines[first]), ("damaged", "x" + lines[first])):
            self.open(f"colours-{name}", "\n".join([*lines[:first], begin, *lines[first + 1:]]) + "\n", recipe=folders.recipe())
            curves = data_of(self.folder / f"colours-{name}" / "page.html")["charts"][0]["curves"]
            styles.append({curve["name"]: (curve["color"], curve["shape"]) for curve in curves})
        self.assertEqual(styles[0], styles[1])
        self.assertEqual((styles[0]["live"], styles[0]["ema"]), ((0, 0), (1, 1)))

    def test_long_runs_are_thinned_and_say_so(self):
        lines = [{"step": step, "epoch": 1 + step // 1000, "samples": step, "split": "step", "weights": "live",
                  "loss": 1 + folders.jagged(step) + 50 * (step == 77777), "lr": 0.1} for step in range(1, 100001)]
        self.open("long", lines, recipe=folders.recipe())
        page = self.folder / "long" / "page.html"
        curve = data_of(page)["charts"][0]["curves"][0]
        self.assertEqual(curve["points"], 100000)
        self.assertLessEqual(len(curve["x"]), 20000)
        self.assertIn(77777, curve["x"])
        known = {line["step"]: line["loss"] for line in lines}
        self.assertTrue(all(known[x] == y for x, y in zip(curve["x"], curve["y"])))
        self.assertLess(page.stat().st_size, 3 << 20)
        self.assertIn("of 100", self.browser.run("return document.querySelector('#chart-loss .thinned').textContent"))


if __name__ == "__main__":
    main()
