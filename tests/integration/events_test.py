# SPDX-License-Identifier: MIT
"""`knack train --json`: the events of a run, one JSON object a line.

usage: events_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import json
import os
import signal
import subprocess
import time

from runs import RECIPE as RECIPE_ERROR
from runs import DIGITS, SAVE_ALWAYS, STOPPED, TRICKS, Case, main, outcome, small_recipe

DATA = 5
TRAINING = 6
RECORDS = {"step", "epoch", "evaluation"}
RECIPE = {**small_recipe(trainer={"epochs": 2}), "checkpoint": SAVE_ALWAYS}


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def without_time(events):
    return [{key: value for key, value in event.items() if key != "time"} for event in events]


class Events(Case):
    def events(self, *words, code=0, **how):
        """The events of one `knack train --json`, each of which has the fields of all."""
        process = self.start("train", "--json", *words, stdout=subprocess.PIPE, **how)
        output, error = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, error)
        self.assertTrue(output.endswith("\n"))
        events = [json.loads(line) for line in output.splitlines()]
        for event in events:
            self.assertEqual(list(event)[:3], ["schema_version", "event", "time"])
            self.assertEqual(event["schema_version"], 1)
            self.assertLess(abs(event["time"] - time.time()), 3600)
        return events

    def of(self, events, *names):
        return [event for event in events if event["event"] in names]

    def test_tell_what_the_run_folder_holds(self):
        events = self.events(self.write(RECIPE), "--run-dir", "run")
        run = self.folder / "run"
        self.assertEqual([event["event"] for event in events][:: len(events) - 1], ["run_started", "run_finished"])
        self.assertEqual([event["record"] for event in self.of(events, *RECORDS)], metrics(run))
        splits = {"step": {"step"}, "epoch": {"train"}, "evaluation": {"valid"}}
        for name, expected in splits.items():
            self.assertEqual({event["record"]["split"] for event in self.of(events, name)}, expected)
        start, end = events[0], events[-1]
        self.assertEqual(start["folder"], str(run))
        self.assertIn("mlp", start["model"])
        self.assertEqual(start["recipe"], json.loads((run / "recipe.json").read_text()))
        self.assertEqual([start["environment"]], json.loads((run / "environment.json").read_text())["sessions"])
        self.assertEqual(end["summary"], json.loads((run / "final" / "summary.json").read_text()))
        saved = [event["checkpoint"] for event in self.of(events, "checkpoint_saved")]
        self.assertEqual(len(saved), 8 + 2)  # after every step and every epoch
        self.assertEqual(saved[-1], os.path.realpath(run / "checkpoints" / "last"))

    def test_change_no_bit(self):
        self.events(self.write(RECIPE), "--run-dir", "run")
        self.assert_same(outcome(self.folder / "run"), outcome(self.train(RECIPE, "other")))

    def test_tell_of_progress(self):
        events = self.of(
            self.events(self.write(RECIPE), "--set", "trainer.log_every_seconds=0", "--run-dir", "run"), "progress"
        )
        self.assertEqual([event["step"] for event in events], list(range(1, 9)))
        self.assertEqual({event["total_steps"] for event in events}, {8})

    def test_tell_of_warnings_of_plugins(self):
        """A step that is left out for its numbers."""
        recipe = small_recipe([], trainer={"non_finite": "skip_step"}, optimizer={"lr": 1e30})
        warnings = self.of(self.events(self.write(recipe), "--run-dir", "run", code=TRAINING), "warning")
        self.assertIn("skipped", warnings[0]["message"])

    def test_tell_of_a_stop_and_go_on(self):
        stopped = self.events(
            self.write(RECIPE),
            "--run-dir",
            "run",
            code=STOPPED + signal.SIGTERM,
            raises=f"after_step:3:{signal.SIGTERM}",
        )
        self.assertEqual(
            without_time(stopped)[-1],
            {
                "schema_version": 1,
                "event": "stopped",
                "signal": "SIGTERM",
                "exit_code": STOPPED + signal.SIGTERM,
                "folder": str(self.folder / "run"),
            },
        )
        went_on = self.events("--resume", "run")
        self.assertEqual(self.of(went_on, "run_started")[0]["environment"]["step"], 3)
        records = [event["record"] for event in self.of(stopped + went_on, *RECORDS)]
        self.assertEqual(records, metrics(self.folder / "run"))
        again = self.events("--resume", "run")
        self.assertEqual(without_time(again), without_time(went_on[-1:]))

    def test_tell_of_failures(self):
        for recipe, code in ((small_recipe([], optimizer={"lr": 1e30}), TRAINING), ({}, RECIPE_ERROR)):
            failed = self.events(self.write(recipe), "--run-dir", f"run{code}", code=code)[-1]
            self.assertEqual((failed["event"], failed["exit_code"]), ("failed", code))
            self.assertRegex(failed["code"], f"^E0{code}[0-9]{{2}}$")
            self.assertEqual(failed["codes"][0], failed["code"])
            self.assertTrue(failed["message"])
        self.assertIn(">failed<", (self.folder / f"run{TRAINING}" / "report.html").read_text())
        self.assertGreater(len(failed["codes"]), 1)

    def test_tell_of_failures_of_the_system(self):
        (self.folder / "loop").symlink_to("loop")
        self.assertEqual(self.events(self.write(RECIPE), "--run-dir", "loop/run", code=DATA)[-1]["event"], "failed")

    def test_have_the_seconds_that_a_trick_itself_reports(self):
        """plugins/records.cpp does, and the time spent in its hooks has the same name."""
        events = self.events(self.write(small_recipe([{"use": "records"}])), "--run-dir", "run")
        self.assertEqual([event["record"]["records.seconds"] for event in self.of(events, "epoch")], [-1.0, -1.0])

    def test_in_a_folder_whose_name_is_no_text(self):
        """The paths in the recipe as it ran are then no UTF-8."""
        self.folder = self.folder / os.fsdecode(b"d\xff")
        self.folder.mkdir()
        (self.folder / "digits").symlink_to(DIGITS)
        recipe = small_recipe()
        for section in recipe["data"].values():
            section["root"] = "digits"
        self.assertEqual(self.events(self.write(recipe), "--run-dir", "run")[-1]["event"], "run_finished")
        export = ("export", "run", "--weights", "live", "--to", self.folder / "live.safetensors")
        for words in (("explain", "recipe.json"), export):
            process = self.start(*words, "--json", stdout=subprocess.PIPE)
            output, error = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, error)
            self.assertEqual(json.loads(output)["schema_version"], 1)

    def test_are_whole_lines_when_the_run_is_killed(self):
        events = self.events(
            self.write(RECIPE),
            "--run-dir",
            "run",
            code=-signal.SIGKILL,
            raises=f"after_step:5:{signal.SIGKILL}",
        )
        records = [event["record"] for event in self.of(events, *RECORDS)]
        self.assertEqual(records, metrics(self.folder / "run"))

    def test_that_nobody_reads_end_no_training(self):
        process = self.start(
            "train", "--json", self.write(RECIPE), "--run-dir", "run", stdout=subprocess.PIPE
        )
        self.assertEqual(json.loads(process.stdout.readline())["event"], "run_started")
        process.stdout.close()
        error = process.stderr.read()
        self.assertEqual(process.wait(timeout=120), STOPPED + signal.SIGPIPE, error)
        self.assertEqual(error, "")
        self.assert_same(outcome(self.folder / "run"), outcome(self.train(RECIPE, "other")))


if __name__ == "__main__":
    main()
