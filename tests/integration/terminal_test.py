# SPDX-License-Identifier: MIT
"""What a training shows: at a terminal, in a pipe, with and without colours.

usage: terminal_test.py KNACK [unittest arguments]
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from terminal import Terminal

KNACK = sys.argv.pop(1)
DIGITS = Path(__file__).resolve().parents[2] / "configs" / "data" / "digits"
WITHHELD = ("CI", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS")
ERASED = b"\r\x1b[2K"
COLOR = re.compile(rb"\x1b\[[0-9;]*m")


def digits(split, first, last, batch_size):
    section = {"use": "idx", "root": str(DIGITS), "split": split, "range": [first, last], "batch_size": batch_size}
    return {**section, "workers": 0}


def recipe(epochs=40, **trainer):
    return {
        "name": "terminal",
        "model": {"use": "mlp", "in_features": 64, "hidden": [64], "num_classes": 10, "batch_norm": True},
        "data": {"train": {**digits("train", 0, 640, 4), "shuffle": True}, "valid": digits("train", 1200, 1250, 1)},
        "objective": {"use": "cross_entropy"},
        "optimizer": {"use": "sgd", "lr": 0.05},
        "trainer": {"epochs": epochs, "threads": 1, "monitor": "top1", "mode": "max", **trainer},
    }


class Training(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.write(recipe())

    def write(self, content):
        (self.folder / "recipe.json").write_text(json.dumps(content))

    def how(self, **variables):
        environment = {name: value for name, value in os.environ.items() if name not in WITHHELD}
        return {"cwd": self.folder, "env": {**environment, "TERM": "xterm", **variables}}

    def command(self, *arguments):
        return [KNACK, "train", "recipe.json", "--run-dir", "run", *arguments]

    def in_terminal(self, *arguments, columns=80, streams=("stdin", "stdout", "stderr"), **variables):
        return Terminal(self.command(*arguments), columns=columns, streams=streams, **self.how(**variables))

    def finished(self, *arguments, columns=80, **variables):
        """All that a training wrote to a terminal."""
        with self.in_terminal(*arguments, columns=columns, **variables) as terminal:
            self.assertEqual(terminal.finish(), 0, terminal.output)
        return terminal.output

    def piped(self, *arguments, **variables):
        process = subprocess.run(self.command(*arguments), capture_output=True, **self.how(**variables))
        self.assertEqual(process.returncode, 0, process.stderr)
        return process


def drawn(output):
    """The progress lines in the order in which they were drawn, and the lines that stay."""
    staying, progress = [], []
    for line in COLOR.sub(b"", output).split(b"\n"):
        *transient, last = line.split(ERASED)
        progress += [text for text in transient if text]
        staying.append(last)
    return progress, staying


class AtATerminal(Training):
    def test_one_line_is_redrawn_and_leaves_nothing(self):
        progress, staying = drawn(self.finished())
        self.assertGreater(len(progress), 3)
        for line in progress:
            self.assertRegex(line, rb"^(epoch \d+/40  |evaluating live  batch )")
        self.assertFalse([line for line in staying if b"ETA" in line or b"evaluating" in line])
        self.assertTrue([line for line in staying if line.startswith(b"results: ")])
        self.assertNotIn(b"\x1b", b"".join(staying))

    def assert_drawn(self, pattern, columns):
        progress, _ = drawn(self.finished(columns=columns))
        self.assertTrue([line for line in progress if re.match(pattern, line)], progress)

    def test_the_line_has_what_one_wants_to_know(self):
        self.assert_drawn(
            rb"^epoch \d+/40  step \d+/6400  train loss \d\.\d{4}  valid top1 [01]\.\d{4} \(live\)  best [01]\.\d{4}  "
            rb"\d+ samples/s  ETA [\d:.]+( s)?$",
            columns=200,
        )

    def test_eighty_columns_have_room_for_it_in_brief(self):
        self.assert_drawn(
            rb"^epoch \d+/40  \d+/6400  train \d\.\d{4}  live top1 [01]\.\d{4}  (best [01]\.\d{4}  )?"
            rb"\d+/s  ETA [\d:.]+( s)?$",
            columns=80,
        )

    def test_the_line_never_breaks(self):
        for columns in (20, 40, 79):
            with self.subTest(columns):
                self.write({**recipe(20), "name": f"c{columns}"})
                with Terminal([KNACK, "train", "recipe.json"], columns=columns, **self.how()) as terminal:
                    self.assertEqual(terminal.finish(), 0)
                progress, _ = drawn(terminal.output)
                self.assertTrue(progress)
                self.assertEqual([line for line in progress if len(line) >= columns], [])

    def test_the_line_follows_the_width_of_the_window(self):
        with self.in_terminal(columns=120) as terminal:
            terminal.wait_until(lambda: b"samples/s" in terminal.output, "a wide line")
            terminal.resize(30)
            os.kill(terminal.process.pid, signal.SIGWINCH)
            before = len(terminal.output)
            terminal.wait_until(lambda: terminal.output.count(ERASED, before) > 2, "narrow lines")
            self.assertRegex(terminal.output[before:], rb"\r\x1b\[[1-4]A\x1b\[J")  # the wide line was broken
            narrow = drawn(terminal.output[before:])[0][2:]
            self.assertTrue(narrow)
            self.assertEqual([line for line in narrow if len(line) >= 30], [])
            terminal.resize(120)
            before = len(terminal.output)
            terminal.wait_until(lambda: b"samples/s" in terminal.output[before:], "a wide line again")

    def test_a_long_evaluation_shows_how_far_it_is(self):
        small = recipe(2)
        small["data"]["valid"] = digits("train", 640, 1437, 1)
        small["model"]["hidden"] = [2048, 2048]
        small["data"]["train"] = digits("train", 0, 32, 32)
        self.write(small)
        progress, _ = drawn(self.finished())
        self.assertTrue([line for line in progress if re.match(rb"evaluating live  batch \d+/797$", line)], progress)

    def test_colours_mark_the_best_and_can_be_turned_off(self):
        best = b"\x1b[32m"
        self.assertIn(best, self.finished())
        for number, (arguments, variables) in enumerate(
            [(["--color", "never"], {}), ([], {"NO_COLOR": "1"}), (["--color=never"], {"CLICOLOR_FORCE": "1"})]
        ):
            with self.subTest(arguments=arguments, variables=variables):
                command = [KNACK, "train", "recipe.json", "--run-dir", f"plain{number}", *arguments]
                with Terminal(command, **self.how(**variables)) as terminal:
                    self.assertEqual(terminal.finish(), 0)
                self.assertIsNone(COLOR.search(terminal.output))
                self.assertIn(ERASED, terminal.output)

    def test_a_dumb_terminal_and_ci_get_lines(self):
        self.write(recipe(log_every_seconds=0.1))
        for number, variables in enumerate([{"TERM": "dumb"}, {"CI": "true"}]):
            with self.subTest(variables):
                command = [KNACK, "train", "recipe.json", "--run-dir", f"lines{number}", "--color=never"]
                with Terminal(command, **self.how(**variables)) as terminal:
                    self.assertEqual(terminal.finish(), 0)
                self.assertNotIn(b"\x1b", terminal.output)
                self.assertNotIn(b"\r", terminal.output)
                self.assertTrue(re.search(rb"(?m)^epoch .* ETA ", terminal.output))

    def test_quiet_shows_the_result_only(self):
        output = self.finished("--quiet")
        self.assertNotIn(b"\x1b", output)
        self.assertNotIn(b"epoch", output)
        self.assertTrue(output.startswith(b"\n"), output)
        self.assertIn(b"* chosen: live", output)

    def test_the_time_left_counts_this_process_only(self):
        self.write({**recipe(80), "checkpoint": {"every_steps": 100}})
        with self.in_terminal() as terminal:
            terminal.wait_until(lambda: b" 20/80 " in terminal.output, "a quarter of it", 120)
            os.kill(terminal.process.pid, signal.SIGTERM)
            self.assertEqual(terminal.finish(), 128 + signal.SIGTERM)
        with Terminal([KNACK, "train", "--resume", "run"], columns=120, **self.how()) as terminal:
            self.assertEqual(terminal.finish(), 0)
        progress = b"\n".join(drawn(terminal.output)[0])
        lines = re.findall(rb"step (\d+)/(\d+) .*ETA ([\d.]+) s", progress)
        self.assertTrue(lines, progress)
        step, total, eta = map(float, lines[0])
        # A rate over all steps, as if this process had made them, would say next to nothing.
        self.assertGreater(step, 3000)
        self.assertGreater(eta, (total - step) * 1e-4 / 2)


class InAPipe(Training):
    def test_no_escape_byte_is_written(self):
        self.write(recipe(log_every_seconds=0.1))
        process = self.piped()
        self.assertNotIn(b"\x1b", process.stdout + process.stderr)
        self.assertNotIn(b"\r", process.stdout + process.stderr)
        self.assertTrue(re.search(rb"(?m)^epoch \d+/40  step .* ETA ", process.stderr))
        self.assertNotIn(b"ETA", process.stdout)

    def test_lines_come_seldom(self):
        self.assertEqual(self.piped().stderr.count(b"ETA"), 0)  # trainer.log_every_seconds is 10

    def test_colours_can_be_forced_but_not_into_the_log(self):
        for name, arguments, variables in [("a", ["--color=always"], {}), ("b", [], {"CLICOLOR_FORCE": "1"})]:
            with self.subTest(name):
                command = [KNACK, "train", "recipe.json", "--run-dir", name, *arguments]
                process = subprocess.run(command, capture_output=True, check=True, **self.how(**variables))
                self.assertIn(b"\x1b[32m", process.stderr)
                self.assertNotIn(b"\r", process.stderr)
                self.assertNotIn("\x1b", (self.folder / name / "log.txt").read_text())

    def test_a_training_outlives_the_reader_of_its_output(self):
        command = [KNACK, "train", "recipe.json", "--run-dir", "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self.how()) as process:
            process.stdout.close()
            error = process.stderr.read()
            self.assertEqual(process.wait(120), 128 + signal.SIGPIPE, error)  # as docs/events.md says
        self.assertNotIn(b"error", error)
        self.assertTrue((self.folder / "run/final/summary.json").exists())


if __name__ == "__main__":
    unittest.main()
