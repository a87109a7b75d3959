#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`knack explain`, as text and as JSON; see runs.py and, for KNACK_PLUGIN_FIXTURES, trust_case.py for what this needs."""

import fcntl
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from runs import DATA, KNACK, RECIPE, TRICKS, Case, main, small_recipe

ORDERED = Path(os.environ.get("KNACK_PLUGIN_FIXTURES", ".")) / "ordered_tricks"


def recipe_of(tricks=TRICKS, **sections):
    """100 samples in batches of 16."""
    recipe = small_recipe(tricks, **sections)
    recipe["tricks"].pop()  # plugins/raises.cpp
    return recipe


class ExplainCase(Case):
    def run_explain(self, *words):
        """Exit status, standard output and standard error."""
        done = subprocess.run(
            [KNACK, "explain", *map(str, words), "--quiet"], cwd=self.folder, capture_output=True, text=True, timeout=120,
            env={"HOME": str(self.folder), "CI": "1"},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def explain(self, recipe, *words):
        """The JSON of a recipe that has no fault, and its text."""
        self.write(recipe)
        code, told, error = self.run_explain("recipe.json", "--json", *words)
        self.assertEqual(code, 0, error)
        code, text, error = self.run_explain("recipe.json", *words)
        self.assertEqual(code, 0, error)
        return json.loads(told), text

    def conflicts(self, recipe, code):
        """What is wrong, as JSON has it; the text says it too, and so does the error."""
        self.write(recipe)
        status, told, error = self.run_explain("recipe.json", "--json")
        self.assertEqual(status, code, error)
        conflicts = json.loads(told)["conflicts"]
        text = self.run_explain("recipe.json")[1]
        for conflict in conflicts:
            self.assertIn(f"{conflict['severity']} ({conflict['stage']}): {conflict['message']}", text)
        return conflicts


class Origins(ExplainCase):
    def setUp(self):
        super().setUp()
        base = recipe_of()
        (self.folder / "base.json").write_text(json.dumps(base, indent=2))
        (self.folder / "recipe.json").write_text(
            '{\n  "extends": "base.json",\n  "optimizer": {\n    "lr": 0.5\n  },\n  "trainer": {"epochs": 5}\n}\n'
        )
        self.words = ("recipe.json", "--set", "trainer.epochs=3")

    def line_in_base(self, text):
        lines = (self.folder / "base.json").read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def test_each_value_has_the_place_that_decided_it(self):
        told = json.loads(self.run_explain(*self.words, "--json")[1])
        values = {value["pointer"]: value for value in told["values"]}
        momentum, decay = self.line_in_base('"momentum"'), self.line_in_base('"decay"')
        expected = {
            "/optimizer/lr": "recipe.json:4",
            "/optimizer/momentum": f"base.json:{momentum}",
            "/optimizer/nesterov": "default of sgd",
            "/trainer/epochs": "--set trainer.epochs=3",
            "/trainer/device": "default",
            "/data/train/drop_last": "default",
            "/data/train/mean": "default of idx",
            "/tricks/2/decay": f"base.json:{decay}",
        }
        self.assertEqual({pointer: values[pointer]["origin"]["text"] for pointer in expected}, expected)
        self.assertEqual(values["/optimizer/lr"]["origin"]["kind"], "recipe")
        self.assertEqual(values["/optimizer/lr"]["origin"]["column"], 11)
        self.assertEqual(values["/optimizer/momentum"]["origin"]["kind"], "base")
        self.assertEqual(values["/trainer/epochs"]["value"], 3)

    def test_a_value_that_was_overridden_says_what_it_was(self):
        told = json.loads(self.run_explain(*self.words, "--json")[1])
        values = {value["pointer"]: value for value in told["values"]}
        self.assertEqual(values["/optimizer/lr"]["overrides"]["value"], 0.1)
        self.assertEqual(values["/optimizer/lr"]["overrides"]["origin"]["kind"], "base")
        self.assertEqual(values["/trainer/epochs"]["overrides"]["value"], 5)
        self.assertNotIn("overrides", values["/optimizer/momentum"])

    def test_a_set_in_an_element_of_a_list_says_what_it_was_though_elements_before_it_went(self):
        words = ("--set", "tricks[no_weight_decay]=null", "--set", "tricks[ema].decay=0.5")
        told = json.loads(self.run_explain(*self.words, *words, "--json")[1])
        values = {value["pointer"]: value for value in told["values"]}
        self.assertEqual(values["/tricks/1/decay"]["value"], 0.5)
        overridden = values["/tricks/1/decay"]["overrides"]
        self.assertEqual(overridden["value"], 0.9)
        self.assertEqual(overridden["origin"]["text"], "base.json:" + str(self.line_in_base('"decay"')))
        self.assertNotIn("overrides", values["/tricks/1/every"])
        replaced = ("--set", 'tricks=[{"use":"ema","decay":0.7}]', "--set", "tricks[ema].decay=0.5")
        told = json.loads(self.run_explain(*self.words, *replaced, "--json")[1])
        self.assertFalse([value for value in told["values"] if "overrides" in value and "tricks" in value["pointer"]])

    def test_the_text_has_each_value_beside_its_origin_within_100_columns(self):
        told = json.loads(self.run_explain(*self.words, "--json")[1])
        text = self.run_explain(*self.words)[1]
        recipe = text[text.index("\n{\n") : text.index("\n}\n")]
        for value in told["values"]:
            key = value["pointer"].rsplit("/", 1)[1]
            place = re.escape(value["origin"]["text"])
            self.assertRegex(recipe, rf'"{key}": [^\n]*\n? +{place}')
        self.assertRegex(recipe, r'"lr": 0.5, +recipe\.json:4 \(base\.json:\d+ said 0\.1\)\n')
        self.assertRegex(recipe, r'"epochs": 3, +--set trainer\.epochs=3 \(recipe\.json:6 said 5\)\n')
        left = [line for line in recipe.splitlines() if str(self.folder) not in line and "digits" not in line]
        self.assertLessEqual(max(map(len, left)), 100)

    def test_the_resolved_recipe_is_one_that_can_be_explained_again(self):
        told = json.loads(self.run_explain(*self.words, "--json")[1])
        again = json.loads(self.run_explain(self.write(told["recipe"], "again.json"), "--json")[1])
        self.assertEqual(again["recipe"], told["recipe"])


class Facts(ExplainCase):
    def test_numbers_follow_from_sizes(self):
        told, text = self.explain(recipe_of())
        numbers = told["numbers"]
        expected = {
            "effective_batch": 32, "window_micro_batches": 2, "window_asked_by": "accumulate", "samples_per_epoch": 100,
            "micro_batches_per_epoch": 7, "steps_per_epoch": 4, "last_step_samples": 4, "total_steps": 8, "epochs": 2,
            "evaluated_sets": 2, "valid_batches": 2, "evaluation_batches_per_epoch": 4,
            "trained_parameters": 64 * 16 + 16 + 2 * 16 + 16 * 10 + 10, "frozen_parameters": 0,
        }  # fmt: skip
        self.assertEqual({key: numbers[key] for key in expected}, expected)
        self.assertRegex(text, r"\neffective batch +32 samples +16 x 2 micro-batches of a step, as accumulate asks\n")
        self.assertRegex(text, r"\nsteps of an epoch +4 +the last with 4 samples\n")
        self.assertRegex(text, r"\ntrained parameters +1,242\n")

    def test_a_window_longer_than_an_epoch_is_the_epoch(self):
        recipe = recipe_of([{"use": "accumulate", "batches": 100}])
        told, text = self.explain(recipe)
        numbers, flops = told["numbers"], told["flops"]
        expected = {"effective_batch": 100, "window_micro_batches": 7, "steps_per_epoch": 1, "last_step_samples": 100}
        self.assertEqual({key: numbers[key] for key in expected}, expected)
        self.assertEqual(flops["step"], 100 * (flops["forward_per_sample"] + flops["backward_per_sample"]))
        self.assertEqual(told["tricks"][0]["window_micro_batches"], 100)
        self.assertEqual([(c["severity"], c["stage"], c["tricks"]) for c in told["conflicts"]],
                         [("warning", "window_begin", ["accumulate"])])  # fmt: skip
        self.assertIn("a window of 100 micro-batches, as `accumulate` asks, is longer than an epoch of 7", text)
        self.assertRegex(text, r"\neffective batch +100 samples +the whole epoch, 7 micro-batches; accumulate asks for 100\n")
        recipe["tricks"][0]["batches"] = 7
        told, text = self.explain(recipe)
        self.assertEqual((told["numbers"]["effective_batch"], told["conflicts"]), (100, []))
        self.assertRegex(text, r"\neffective batch +100 samples +the whole epoch, 7 micro-batches, as accumulate asks\n")

    def test_numbers_are_those_of_the_training(self):
        recipe = recipe_of()
        told, _ = self.explain(recipe)
        summary = json.loads((self.train(recipe) / "final" / "summary.json").read_text())
        self.assertEqual(told["numbers"]["total_steps"], summary["steps"])
        self.assertEqual(told["numbers"]["samples_per_epoch"] * 2, summary["samples"])
        self.assertEqual({entry["name"] for entry in told["weight_sets"]}, set(summary["sets"]))

    def test_hooks_are_in_the_order_of_the_calls(self):
        told, text = self.explain(recipe_of())
        hooks = {row["hook"]: row["tricks"] for row in told["hooks"]}
        self.assertEqual(hooks["fit_begin"], [trick["use"] for trick in TRICKS])
        self.assertEqual(hooks["fit_end"], ["weight_average", "ema", "accumulate"])
        self.assertEqual([row["hook"] for row in told["hooks"] if row["reversed"]],
                         ["gradients", "after_step", "eval_end", "epoch_end", "fit_end"])  # fmt: skip
        self.assertRegex(text, r"\nhook +no_weight_decay +accumulate +ema +precise_bn +weight_average\n")
        self.assertRegex(text, r"\nfit_begin +1 +2 +3 +4 +5\n")
        self.assertRegex(text, r"\nfit_end \(reverse\) +\. +3 +2 +\. +1\n")

    def test_many_tricks_make_a_list_instead_of_a_matrix(self):
        names = [f"average_number_{i}" for i in range(8)]
        tricks = [{"use": "ema", "name": name, "publish": name} for name in names]
        told, text = self.explain(recipe_of(tricks))
        self.assertRegex(text, rf"\nafter_step +{', '.join(reversed(names))}\n")
        self.assertEqual(told["numbers"]["evaluated_sets"], 9)

    def test_a_manifest_that_moves_a_trick_is_named(self):
        recipe = recipe_of([{"use": "acts_last"}, {"use": "acts_first"}])
        recipe["plugins"]["path"] = [str(ORDERED)]
        told, text = self.explain(recipe)
        hooks = {row["hook"]: row["tricks"] for row in told["hooks"]}
        self.assertEqual(hooks["batch"], ["acts_first", "acts_last"])
        because = "the manifest of `acts_first` says before `acts_last`"
        self.assertEqual(told["moved"], [{"first": "acts_first", "second": "acts_last", "because": because}])
        self.assertIn(f"acts_first acts before acts_last, although the recipe has it later: {because}\n", text)

    def test_groups_have_every_parameter_with_its_reason(self):
        told, text = self.explain(recipe_of())
        decayed, exempt = told["groups"]
        self.assertEqual(decayed["options"]["weight_decay"], 5e-4)
        self.assertEqual(exempt["options"]["weight_decay"], 0.0)
        self.assertEqual([decayed["options"]["lr"], exempt["options"]["lr"]], [0.1, 0.1])
        self.assertEqual([p["name"] for p in decayed["parameters"]], ["layers.0.weight", "layers.4.weight"])
        norm = exempt["parameters"][1]
        self.assertEqual(norm["shape"], [16])
        chosen = {"option": "weight_decay", "value": 0.0, "trick": "no_weight_decay", "reason": "role norm_scale"}
        self.assertEqual(norm["set"], [chosen])
        self.assertIn("group 1: weight_decay = 0 (no_weight_decay: role norm_scale) of 1 parameter\n", text)
        self.assertRegex(text, rf"\n{norm['name']} +\[16\] +norm_scale +BatchNorm1d +1 +weight_decay = 0 \(no_weight_decay: ")

    def test_the_device_is_that_of_the_training(self):
        told, text = self.explain(recipe_of(), "--set", "trainer.device=cuda")
        self.assertIn("; cuda, fp32, 1 thread", told["description"])
        self.assertIn("\nnote: rehearsed and measured on the CPU", text)
        told, text = self.explain(recipe_of(), "--set", "trainer.device=cpu", "--set", "trainer.epochs=1")
        self.assertIn("; cpu, fp32, 1 thread", told["description"])
        self.assertNotIn("\nnote: ", text)
        self.assertRegex(text, r"\nsteps in all +4 +in 1 epoch\n")

    def test_full_lists_the_parameters_of_a_long_model(self):
        recipe = recipe_of()
        recipe["model"] = {"use": "mlp", "in_features": 64, "hidden": [8] * 20, "num_classes": 10}
        _, text = self.explain(recipe)
        self.assertIn("--full lists all 42 parameters\n", text)
        self.assertNotRegex(text, r"\nlayers\.0\.weight ")
        _, text = self.explain(recipe, "--full")
        self.assertRegex(text, r"\nlayers\.0\.weight +\[8, 64\] +weight +Linear +0 +-\n")

    def test_tricks_say_what_they_changed(self):
        told, text = self.explain(recipe_of())
        tricks = {trick["name"]: trick for trick in told["tricks"]}
        self.assertEqual(tricks["no_weight_decay"]["set_options"], {"weight_decay": 4})
        self.assertEqual(tricks["accumulate"]["window_micro_batches"], 2)
        self.assertEqual(tricks["ema"]["changed_options"], {"decay": 0.9})
        self.assertEqual(tricks["ema"]["publishes"], ["ema"])
        self.assertEqual(tricks["weight_average"]["publishes"], ["average", "best"])
        when = {entry["name"]: entry["published"] for entry in told["weight_sets"]}
        expected = {"live": "from the start", "ema": "fit_begin", "average": "fit_end", "best": "fit_end"}
        self.assertEqual(when, expected)
        self.assertRegex(text, r"\nema +ema +fit_begin\n")
        self.assertRegex(text, r"\n  changes +weight_decay of 4 parameters\n")
        self.assertNotIn("nothing seen", text)

    def test_costs_are_those_of_the_last_run_of_this_name(self):
        recipe = recipe_of()
        self.assertIsNone(self.explain(recipe)[0]["last_run"])
        self.knack("train", self.write(recipe))
        told, text = self.explain(recipe)
        summary = json.loads((Path(told["last_run"]["folder"]) / "final" / "summary.json").read_text())
        for trick in told["tricks"]:
            cost = summary["tricks"][trick["name"]]["seconds"]
            self.assertEqual(trick["last_run"]["seconds"], cost)
            self.assertAlmostEqual(trick["last_run"]["share"], cost / summary["seconds"])
        self.assertRegex(text, r"\n  last run +\S+ m?s, \d+\.\d\d % of the time\n")
        facts = summary["tricks"]["weight_average"]
        self.assertEqual(told["tricks"][-1]["last_run"]["facts"]["monitored"], facts["monitored"])
        self.assertIn("monitored = [" + ", ".join(f"{number:.4g}" for number in facts["monitored"]) + "]", text)

    def test_the_last_run_is_the_newest_finished_one_of_this_name_and_model(self):
        recipe = recipe_of([{"use": "ema"}])
        nobody = "no finished run of this name and model below `runs`"
        self.assertIn(nobody, self.explain(recipe)[1])
        other = recipe_of([])
        other["model"] = {"use": "resnet20", "in_channels": 1, "num_classes": 10}
        self.knack("train", self.write(other), "--run-dir", "runs/other")
        self.knack("train", self.write({**recipe, "name": "another"}), "--run-dir", "runs/another")
        self.assertIn(nobody, self.explain(recipe)[1])
        for folder in ("runs/z/first", "runs/second"):
            self.knack("train", self.write(recipe), "--run-dir", folder)
            told = self.explain(recipe)[0]
            self.assertEqual(told["last_run"]["folder"], str(self.folder / folder))
        (self.folder / "runs/second/final/summary.json").unlink()
        self.assertEqual(self.explain(recipe)[0]["last_run"]["folder"], str(self.folder / "runs/z/first"))

    def test_what_killed_explanations_left_in_memory_goes_and_what_others_use_stays(self):
        left = Path(tempfile.mkdtemp(prefix="knack-explain-", dir="/dev/shm"))
        used = Path(tempfile.mkdtemp(prefix="knack-explain-", dir="/dev/shm"))
        self.addCleanup(used.rmdir)
        (left / "run").mkdir()
        (left / "run" / "epoch.safetensors").write_bytes(b"weights")
        folder = os.open(used, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.explain(recipe_of())
        self.assertFalse(left.exists())
        self.assertTrue(used.exists())

    def test_nothing_is_written(self):
        self.explain(recipe_of())
        self.assertEqual([path.name for path in self.folder.iterdir()], ["recipe.json"])


class Conflicts(ExplainCase):
    def test_a_recipe_without_conflicts_says_so(self):
        told, text = self.explain(recipe_of())
        self.assertEqual(told["conflicts"], [])
        self.assertIn("\nConflicts\n---------\nnone found\n", text)

    def test_all_conflicts_are_found_at_once(self):
        tricks = [
            {"use": "accumulate", "batches": 2},
            {"use": "accumulate", "name": "again", "batches": 3},
            {"use": "ema"},
            {"use": "ema", "name": "second"},
            {"use": "no_weight_decay"},
            {"use": "no_weight_decay", "name": "twice"},
        ]
        found = self.conflicts(recipe_of(tricks), RECIPE)
        self.assertEqual([(c["severity"], c["stage"], c["tricks"]) for c in found], [
            ("error", "fit_begin", ["second", "ema"]),
            ("warning", "fit_begin", ["no_weight_decay", "twice"]),
            ("error", "window_begin", ["accumulate", "again"]),
        ])  # fmt: skip
        self.assertIn("`ema`", found[0]["message"])
        self.assertIn("weight_decay of 4 parameters", found[1]["message"])

    def test_reserved_names_of_weight_sets_are_refused(self):
        found = self.conflicts(recipe_of([{"use": "ema", "publish": "model"}]), RECIPE)
        self.assertEqual([(c["severity"], c["stage"], c["tricks"]) for c in found], [("error", "fit_begin", ["ema"])])

    def test_what_would_fail_later_is_found_in_the_rehearsal(self):
        found = self.conflicts(recipe_of([{"use": "weight_average", "of": "nobody"}]), RECIPE)
        self.assertEqual([(c["severity"], c["stage"]) for c in found], [("error", "rehearsal")])
        self.assertIn("`nobody`", found[0]["message"])

    def test_a_metric_that_nobody_measures_is_an_error(self):
        found = self.conflicts(recipe_of([], trainer={"monitor": "top7"}), RECIPE)
        self.assertIn("`top7`", found[0]["message"])

    def test_a_model_that_does_not_fit_the_data_is_an_error(self):
        self.write(recipe_of([], model={"in_features": 63}))
        code, told, error = self.run_explain("recipe.json", "--json")
        self.assertNotEqual(code, 0)
        self.assertNotEqual(error, "")
        self.assertIsNone(json.loads(told)["flops"])

    def test_missing_data_leaves_the_recipe_and_its_origins(self):
        recipe = recipe_of()
        recipe["data"]["train"]["root"] = "nowhere"
        found = self.conflicts(recipe, DATA)
        self.assertEqual([c["stage"] for c in found], ["parts"])
        told = json.loads(self.run_explain("recipe.json", "--json")[1])
        self.assertFalse(told["complete"])
        self.assertEqual(told["recipe"]["trainer"]["epochs"], 2)
        self.assertGreater(len(told["values"]), 30)


if __name__ == "__main__":
    main()
