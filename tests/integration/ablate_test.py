# SPDX-License-Identifier: MIT
"""`knack ablate`: its numbers, what it keeps and uses again, and how it takes interruptions and failures.

usage: ablate_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import json
import math
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import unittest

from runs import DATA, KNACK, RECIPE, STOPPED, USAGE, Case, checkpoints, digits, main, outcome, small_recipe

TRAINING = 6
T_95_PERCENT = {1: 12.706205, 2: 4.302653}  # by degrees of freedom, from a table
SEEDS = [1, 2, 3]
TRICKS = [{"use": "accumulate", "batches": 7}, {"use": "no_weight_decay"}, {"use": "ema", "decay": 0.9}]
CONDITIONS = ["all", "without accumulate", "without no_weight_decay", "without accumulate+no_weight_decay"]
ALL, FIRST, SECOND, NONE = CONDITIONS


def recipe(**sections):
    """One step an epoch with `accumulate`, seven without it."""
    made = small_recipe(TRICKS, **sections)
    made["data"]["test"] = digits("test", 0, 50, 50)
    return made


def summary(folder, condition, seed):
    return json.loads((folder / condition / f"seed-{seed}" / "final" / "summary.json").read_text())


def p_value(t):
    """Two-sided, of Student's t with two degrees of freedom, for which there is a closed form."""
    return 1 - abs(t) / math.sqrt(2 + t * t)


def holm(p_values):
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0] * len(p_values), 0
    for rank, index in enumerate(order):
        largest = max(largest, min(1, (len(order) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


class Ablation(Case):
    def ablate(self, *words, code=0, **how):
        """Returns what is on standard output and what is on standard error."""
        process = self.start("ablate", self.folder / "recipe.json", *words, stdout=subprocess.PIPE, **how)
        output, error = process.communicate(timeout=300)
        process.stdout.close()
        self.assertEqual(process.returncode, code, error)
        return output, error

    def results(self, folder="small"):
        return json.loads((self.folder / folder / "ablation.json").read_text())

    @staticmethod
    def state_of(process):
        try:
            return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return ""

    def stopped_child(self, process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            stopped = [child for child in children if self.state_of(child) == "T"]
            if stopped:
                return int(stopped[0])
            time.sleep(0.02)
        raise AssertionError("no training was stopped")



class Results(unittest.TestCase):
    """What one ablation with --add says: four conditions, three seeds."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.root = pathlib.Path(cls.temporary.name).resolve()
        (cls.root / "recipe.json").write_text(json.dumps(recipe()))
        cls.output = cls.ablate("--add", "--tricks", "accumulate,no_weight_decay").stdout
        cls.folder = cls.root / "runs" / "small-ablation"
        cls.document = json.loads((cls.folder / "ablation.json").read_text())

    @classmethod
    def ablate(cls, *words):
        command = [KNACK, "ablate", "recipe.json", "--metric", "loss", "--seeds", "3", *words]
        environment = {"HOME": str(cls.root), "CI": "1"}
        done = subprocess.run(command, cwd=cls.root, env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done

    def value(self, condition, seed, split="valid"):
        found = summary(self.folder, condition, seed)
        return found["sets"][found["chosen"]][split]["loss"]

    def comparison(self, condition, base):
        found = [
            entry for entry in self.document["comparisons"] if (entry["condition"], entry["base"]) == (condition, base)
        ]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_every_run_is_there(self):
        folders = {f"{name.replace(' ', '-')}/seed-{seed}" for name in CONDITIONS for seed in SEEDS}
        self.assertLessEqual(folders, {f"{path.parent.name}/{path.name}" for path in self.folder.glob("*/seed-?")})
        self.assertEqual({run["folder"] for run in self.document["runs"]}, folders)
        for run in self.document["runs"]:
            condition, _, seed = run["folder"].partition("/seed-")
            self.assertEqual(run["valid"], self.value(condition, seed))
            self.assertEqual(run["test"], self.value(condition, seed, "test"))
            self.assertIsNone(run["problem"])
        self.assertTrue(self.document["complete"])
        self.assertEqual(self.document["seeds"], SEEDS)

    def test_a_condition_is_the_recipe_with_fewer_tricks(self):
        for name, tricks in (
            ("all", ["accumulate", "no_weight_decay", "ema", "raises"]),
            ("without-accumulate", ["no_weight_decay", "ema", "raises"]),
        ):
            for file in (f"{name}/recipe.json", f"{name}/seed-2/recipe.json"):
                found = json.loads((self.folder / file).read_text())
                self.assertEqual([trick["name"] for trick in found["tricks"]], tricks)
        self.assertEqual(found["trainer"]["seed"], 2)

    def test_means_are_those_of_the_runs(self):
        for condition in self.document["conditions"]:
            folder = condition["name"].replace(" ", "-")
            for split in ("valid", "test"):
                values = [self.value(folder, seed, split) for seed in SEEDS]
                self.assertAlmostEqual(condition[split]["mean"], statistics.mean(values), 12)
                self.assertAlmostEqual(condition[split]["standard_deviation"], statistics.stdev(values), 12)

    def test_differences_and_intervals_are_those_of_pairs(self):
        pairs = [(FIRST, ALL), (SECOND, ALL), (SECOND, NONE), (FIRST, NONE), (ALL, NONE)]
        self.assertEqual([(entry["condition"], entry["base"]) for entry in self.document["comparisons"]], pairs)
        p_values = []
        for condition, base in pairs:
            found = self.comparison(condition, base)
            for split in ("valid", "test"):
                names = condition.replace(" ", "-"), base.replace(" ", "-")
                differences = [self.value(names[0], seed, split) - self.value(names[1], seed, split) for seed in SEEDS]
                mean, error = statistics.mean(differences), statistics.stdev(differences) / math.sqrt(len(SEEDS))
                margin = T_95_PERCENT[2] * error
                self.assertAlmostEqual(found[split]["mean"], mean, 12)
                self.assertAlmostEqual(found[split]["interval"][0], mean - margin, 6)
                self.assertAlmostEqual(found[split]["interval"][1], mean + margin, 6)
                if split == "valid":
                    p_values.append(p_value(mean / error))
                    self.assertAlmostEqual(found["p_value"], p_values[-1], 9)
        for (condition, base), corrected in zip(pairs, holm(p_values)):
            self.assertAlmostEqual(self.comparison(condition, base)["corrected_p_value"], corrected, 9)

    def test_a_trick_that_matters_shows(self):
        self.ablate("--tricks", "accumulate", "--dir", str(self.folder))
        found = json.loads((self.folder / "ablation.json").read_text())["comparisons"]
        self.assertEqual([(entry["trick"], entry["verdict"]) for entry in found], [("accumulate", "hurts")])
        self.assertLess(found[0]["valid"]["interval"][1], 0)

    def test_the_live_weights_know_nothing_of_ema(self):
        done = self.ablate("--tricks", "ema")
        self.assertIn("3 of 6 runs are there already", done.stderr)
        before = {file: file.stat().st_mtime_ns for file in self.folder.glob("*/seed-*/final/summary.json")}
        done = self.ablate("--tricks", "ema", "--weights", "live", "--json")
        self.assertIn("6 of 6 runs are there already", done.stderr)
        self.assertEqual(before, {file: file.stat().st_mtime_ns for file in before})
        found = json.loads(done.stdout)
        self.assertEqual(found, json.loads((self.folder / "ablation.json").read_text()))
        (comparison,) = found["comparisons"]
        self.assertEqual(comparison["valid"], {"mean": 0, "standard_deviation": 0, "interval": [0, 0]})
        self.assertEqual((comparison["p_value"], comparison["verdict"]), (1, "no evidence"))

    def test_the_table_has_the_numbers(self):
        rows = [line for line in self.output.splitlines() if line.startswith(f"{FIRST} ")]
        self.assertEqual(len(rows), 2, self.output)
        found = self.comparison(FIRST, ALL)
        self.assertIn(f" {found['valid']['mean']:+.4f} ", rows[0])
        self.assertIn(" accumulate hurts ", rows[0])
        markdown = (self.folder / "ablation.md").read_text()
        self.assertTrue(markdown.startswith("# Ablation of small\n"))


class Interruption(Ablation):
    def stop_at(self, raised, number):
        """Sends the signal while the training holds still, lets it go on and returns what was said."""
        words = ("ablate", self.folder / "recipe.json", "--tricks", "ema", "--seeds", "2", "--dir", "small")
        process = self.start(*words, raises=f"{raised}:{signal.SIGSTOP}")
        child = self.stopped_child(process)
        process.send_signal(number)
        if number != signal.SIGKILL:
            time.sleep(0.2)  # for it to be passed on
            os.kill(child, signal.SIGCONT)
        error = process.communicate(timeout=60)[1]
        if number == signal.SIGKILL:
            os.kill(child, signal.SIGCONT)
        self.assertEqual(process.returncode, -number if number == signal.SIGKILL else STOPPED + number, error)
        deadline = time.monotonic() + 60
        while self.state_of(child) not in ("Z", ""):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return error

    def test_nothing_is_lost(self):
        self.write(recipe(trainer={"epochs": 6}))
        error = self.stop_at("after_step:2", signal.SIGINT)
        self.assertIn("0 of 4 runs are finished", error)
        error = self.stop_at("after_step:2", signal.SIGTERM)  # two steps later
        self.assertIn("0 of 4 runs are finished", error)
        self.stop_at("epoch_end:1", signal.SIGKILL)
        self.assertFalse(self.results()["complete"])
        self.ablate("--tricks", "ema", "--seeds", "2", "--dir", "small")
        self.assertTrue(self.results()["complete"])
        log = (self.folder / "small/all/seed-1/log.txt").read_text()
        self.assertEqual(log.count("goes on from"), 3)
        straight = self.train(recipe(trainer={"epochs": 6, "seed": 1}), "straight")
        self.assert_same(outcome(self.folder / "small/all/seed-1"), outcome(straight))

    def test_more_seeds_add_to_those_that_are_there(self):
        self.write(recipe())
        self.ablate("--tricks", "ema", "--seeds", "1,2", "--dir", "small")
        first = self.results()["runs"]
        self.ablate("--tricks", "ema", "--seeds", "3", "--dir", "small")
        runs = {run["folder"]: run for run in self.results()["runs"]}
        self.assertEqual(len(runs), 6)
        for run in first:
            self.assertEqual(runs[run["folder"]], run)

    def test_jobs_beside_each_other_give_the_same(self):
        self.write(recipe())
        self.ablate("--tricks", "ema", "--seeds", "2", "--dir", "small")
        self.ablate("--tricks", "ema", "--seeds", "2", "--dir", "beside", "--jobs", "3")
        both = [self.results("small"), self.results("beside")]
        self.assertEqual(*[[run["valid"] for run in found["runs"]] for found in both])


class Failures(Ablation):
    def test_a_failed_run_leaves_its_pair_out(self):
        obstacle = self.folder / "small/without-ema/seed-2"
        self.write(recipe(trainer={"epochs": 1}))
        self.ablate("--tricks", "ema", "--seeds", "2", "--dir", "small")
        shutil.rmtree(obstacle)
        shutil.rmtree(self.folder / "small/without-ema/seed-1")
        obstacle.mkdir()
        (obstacle / "somebodys.txt").write_text("work")
        output, error = self.ablate("--tricks", "ema", "--seeds", "3", "--dir", "small", code=TRAINING)
        self.assertIn("without ema, seed 2: it failed with exit code 2", error)
        self.assertIn("expected a new or empty folder", error)  # what the training said last
        self.assertIn("1 of 6 runs failed", error)
        found = self.results()
        self.assertEqual(found["comparisons"][0]["pairs"], 2)
        self.assertEqual([bool(run["problem"]) for run in found["runs"]], [False, False, False, False, True, False])
        self.assertRegex(output, r"(?m)^all +\d\.\d{4} +3 ")
        self.assertEqual((obstacle / "somebodys.txt").read_text(), "work")
        (obstacle / "somebodys.txt").unlink()
        self.ablate("--tricks", "ema", "--seeds", "3", "--dir", "small")
        self.assertTrue(self.results()["complete"])
        self.assertEqual(self.results()["comparisons"][0]["pairs"], 3)

    def test_no_run_at_all_gives_no_numbers(self):
        self.write(recipe())
        output, error = self.ablate(
            "--tricks", "ema", "--seeds", "2", "--dir", "small", code=TRAINING, raises=f"after_step:1:{signal.SIGKILL}"
        )
        self.assertIn("it was ended by SIGKILL", error)
        self.assertIn("4 of 4 runs failed", error)
        self.assertIn("too few runs", output)
        self.assertNotIn("nan", output.lower())
        self.assertIsNone(self.results()["comparisons"][0]["valid"]["mean"])

    def test_folders_of_others_are_left_alone(self):
        self.write(recipe())
        self.ablate("--tricks", "ema", "--seeds", "2", "--dir", "small")
        words = ("--tricks", "ema", "--seeds", "2", "--dir", "small")
        error = self.ablate(*words, "--set", "optimizer.lr=0.05", code=RECIPE)[1]
        self.assertIn("optimizer.lr: 0.1 there, 0.05 now", error)
        self.assertIn("--dir", error)
        self.ablate(*words, "--set", "trainer.log_every_seconds=5", "--set", "data.train.workers=1")  # change no bit
        (self.folder / "mine").mkdir()
        (self.folder / "mine" / "notes.txt").write_text("work")
        error = self.ablate("--seeds", "2", "--dir", "mine", code=USAGE)[1]
        self.assertIn("one with other files in it", error)

    def test_what_makes_no_sense_is_refused_before_anything_runs(self):
        self.write(recipe())
        for words, expected in (
            (("--seeds", "1"), "expected at least 2"),
            (("--seeds", "4,4"), "one twice"),
            (("--tricks", "emma"), "did you mean `ema`?"),
            (("--jobs", "0"), "--jobs"),
        ):
            error = self.ablate(*words, "--dir", "new", code=USAGE)[1]
            self.assertIn(expected, error)
        self.write({**recipe(), "tricks": []})
        self.assertIn("tricks to leave out", self.ablate("--dir", "new", code=USAGE)[1])
        self.assertFalse((self.folder / "new").exists())

    def test_a_metric_that_no_run_has_is_named(self):
        self.write(recipe())
        words = ("--tricks", "ema", "--seeds", "2", "--dir", "small")
        error = self.ablate(*words, "--metric", "top3", code=USAGE)[1]
        self.assertIn("`loss`, `top1`, `top5`", error)
        self.assertFalse((self.folder / "small").exists())
        self.ablate(*words, "--metric", "top5")
        error = self.ablate(*words, "--metric", "top3", code=USAGE)[1]
        self.assertIn("expected a metric of these runs, which have `loss`, `top1`, `top5`", error)

    def test_weights_that_not_every_run_has_are_named(self):
        self.write(recipe())
        words = ("--tricks", "ema", "--seeds", "2", "--dir", "small", "--weights")
        error = self.ablate(*words, "emma", code=USAGE)[1]
        self.assertIn("--weights `emma`: expected a weight set of the recipe, which are `live`", error)
        self.assertIn("did you mean `ema`?", error)
        error = self.ablate(*words, "ema", code=USAGE)[1]
        self.assertIn("found that of the trick `ema`, which `without ema` leaves out", error)
        self.assertFalse((self.folder / "small").exists())
        self.ablate(*words, "live")
        self.assertIn("did you mean `ema`?", self.ablate(*words, "emma", code=USAGE)[1])

    def test_a_run_without_the_metric_lets_the_others_save(self):
        self.write(recipe(trainer={"epochs": 4}))
        words = ("ablate", self.folder / "recipe.json", "--tricks", "accumulate", "--dir", "small", "--metric")
        self.ablate(*words[2:], "loss", "--seeds", "1,2")
        for condition in ("all", "without-accumulate"):
            file = self.folder / "small" / condition / "seed-1/final/summary.json"
            document = json.loads(file.read_text())
            for found in document["sets"].values():
                found["valid"]["other"] = 1
            file.write_text(json.dumps(document))
            shutil.rmtree(self.folder / "small" / condition / "seed-2")
        # Only without `accumulate` there is a step 20; it holds still there until the other has come to its end.
        process = self.start(*words, "other", "--seeds", "1,2", "--jobs", "2", raises=f"after_step:20:{signal.SIGSTOP}")
        while not (self.folder / "small/all/seed-2/final/summary.json").exists():
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        child = self.stopped_child(process)
        time.sleep(0.5)  # for the end to be noted
        os.kill(child, signal.SIGCONT)
        error = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, USAGE, error)
        self.assertIn("--metric `other`: expected a metric of these runs", error)
        saved = checkpoints(self.folder / "small/without-accumulate/seed-2")
        self.assertTrue(saved[-1].name.endswith("-step-20"), saved)

    def test_what_is_damaged_is_named(self):
        self.write(recipe(trainer={"epochs": 1}))
        words = ("--tricks", "ema", "--seeds", "2", "--dir", "small")
        self.ablate(*words)
        for name, content in (
            ("without-ema/seed-1/final/summary.json", "[]"),
            ("without-ema/seed-1/final/summary.json", '{"chosen": "live", "sets": {"live": 3}}'),
            ("all/seed-2/recipe.json", '{"tricks": [3]}'),
            ("ablation.json", "{}"),
            ("ablation.json", '{"recipe": {"tricks": [3]}}'),
        ):
            file = self.folder / "small" / name
            before = file.read_text()
            file.write_text(content)
            error = self.ablate(*words, code=DATA)[1]
            self.assertIn("E0502", error)
            self.assertIn(str(file), error)
            file.write_text(before)
        self.ablate(*words)


if __name__ == "__main__":
    main()
