# SPDX-License-Identifier: MIT
"""Which run goes on, and with a recipe that differs from its own.

usage: resume_changes_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import json
import os
import shutil
import signal
import subprocess

from runs import (
    DATA,
    DIGITS,
    RECIPE,
    STOPPED,
    TRICKS,
    USAGE,
    Case,
    checkpoints,
    files_of,
    main,
    outcome,
    small_recipe,
    state_of,
    with_trick,
    write_manifest,
)

class Changes(Case):
    """A run that goes on with another recipe."""

    def setUp(self):
        super().setUp()
        self.recipe = small_recipe()
        self.run_folder = self.train(self.recipe)

    def resume(self, *words, allow=(), **how):
        allowed = [word for key in allow for word in ("--allow-change", key)]
        return self.knack("train", "--resume", self.run_folder, *words, *allowed, **how)

    def resume_longer(self, *words, allow=(), **how):
        return self.resume("--set", "trainer.epochs=3", *words, allow=["trainer.epochs", *allow], **how)

    def metrics(self):
        lines = (self.run_folder / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_are_listed_and_refused(self):
        before = outcome(self.run_folder)
        changes = ("--set", "optimizer.lr=0.5", "--set", "tricks[ema].decay=0.5")
        error = self.resume(*changes, code=RECIPE)
        for line in ("optimizer.lr: 0.1 in the run, 0.5 now", "tricks[ema].decay: 0.9 in the run, 0.5 now"):
            self.assertIn(line, error)
        self.assertIn("--allow-change optimizer.lr --allow-change 'tricks[ema].decay'", error)
        error = self.resume(*changes, allow=["tricks"], code=RECIPE)
        self.assertNotIn("--allow-change 'tricks", error)
        self.assert_same(outcome(self.run_folder), before)
        self.resume()

    def test_take_effect_where_allowed(self):
        error = self.resume_longer("--set", "optimizer.lr=0.01", allow=["optimizer"])
        self.assertIn("changed: optimizer.lr: 0.1 in the run, 0.01 now", error)
        rates = [line["lr"] for line in self.metrics() if line["split"] == "train"]
        self.assertEqual(rates, [0.1, 0.1, 0.01])
        self.assertEqual(json.loads((self.run_folder / "recipe.json").read_text())["optimizer"]["lr"], 0.01)

    def test_are_kept_from_the_first_moment_on(self):
        finished = self.run_folder
        changes = {"allow": ["optimizer.lr"]}
        self.run_folder = self.copy(finished, "straight")
        self.resume_longer("--set", "optimizer.lr=0.01", **changes)
        straight = outcome(self.run_folder)
        for place in ("gradients:1", "after_step:2", "eval_begin:1", "fit_end:1"):
            with self.subTest(place):
                self.run_folder = self.copy(finished, "killed")
                killed = {"raises": f"{place}:{signal.SIGKILL}", "code": -signal.SIGKILL}
                self.resume_longer("--set", "optimizer.lr=0.01", **changes, **killed)
                recipe = json.loads((checkpoints(self.run_folder)[-1] / "recipe.json").read_text())
                self.assertEqual((recipe["trainer"]["epochs"], recipe["optimizer"]["lr"]), (3, 0.01))
                self.resume()
                self.assert_same(outcome(self.run_folder), straight)

    def test_leave_the_run_as_it_was_until_they_are_kept(self):
        before = files_of(self.run_folder)
        self.resume_longer(raises=f"fit_begin:1:{signal.SIGKILL}", code=-signal.SIGKILL)
        self.assert_same(files_of(self.run_folder), before)
        self.resume()

    def test_a_trick_less(self):
        error = self.resume_longer("--set", "tricks[ema]=null", allow=["tricks[ema]"])
        self.assertIn("trick/ema is no longer there", error)
        last = {line["weights"] for line in self.metrics() if line["epoch"] == 3}
        self.assertEqual(last, {"live", "average", "best"})

        left = {file.stem for file in self.run_folder.glob("final/*.safetensors")}
        self.assertEqual(left, {"live", "average", "best", "model"})

    def test_until_they_are_trained_are_told_by_eval(self):
        unfinished = "has not come to its end"
        self.assertNotIn(unfinished, self.knack("eval", self.run_folder))
        killed = {"raises": f"after_step:2:{signal.SIGKILL}", "code": -signal.SIGKILL}
        self.resume_longer("--set", "optimizer.lr=0.01", allow=["optimizer.lr"], **killed)
        self.assertIn(unfinished, self.knack("eval", self.run_folder))
        self.resume()
        self.assertNotIn(unfinished, self.knack("eval", self.run_folder))

    def test_a_trick_more_begins_at_the_weights_of_the_checkpoint(self):
        recipe = small_recipe([*TRICKS, {"use": "ema", "name": "still", "publish": "still", "every": 1000}])
        live = checkpoints(self.run_folder)[-1] / "weights" / "live.safetensors"
        before = parameters(live)
        error = self.resume_longer(self.write(recipe), allow=["tricks"])
        self.assertIn("trick/still begins anew", error)
        self.assertEqual(parameters(self.run_folder / "final" / "still.safetensors"), before)

    def test_a_name_more_and_one_less_take_no_average_over(self):
        tricks = with_trick(use="ema", name="other", publish="ema", every=1000)
        live = parameters(checkpoints(self.run_folder)[-1] / "weights" / "live.safetensors")
        self.resume_longer(self.write(small_recipe(tricks)), allow=["tricks"])
        self.assertTrue(parameters(self.run_folder / "final" / "ema.safetensors") == live)

    def test_of_the_name_of_a_weight_set_are_refused(self):
        before = files_of(self.run_folder)
        for key in ("tricks[ema].publish", "tricks[ema]"):
            error = self.resume_longer("--set", "tricks[ema].publish=mean", allow=[key], code=DATA)
            self.assertRegex(error, "weight set `(ema|mean)` of trick/ema")
            self.assert_same(files_of(self.run_folder), before)

    def test_another_optimizer(self):
        self.resume_longer("--set", "optimizer.use=adamw", "--set", "optimizer.lr=0.001", allow=["optimizer"])
        self.assertEqual(self.metrics()[-1]["epoch"], 3)

    def test_that_no_state_fits_leave_the_run_as_it_was(self):
        before = outcome(self.run_folder)
        error = self.resume_longer("--set", "model.hidden=[8]", allow=["model"], code=DATA)
        self.assertIn("layers.0.weight  expected [8, 64], found [16, 64]", error)
        error = self.resume_longer("--set", "tricks[no_weight_decay]=null", allow=["tricks"], code=DATA)
        self.assertIn("the saved state has 2 parameter groups, this run has 1", error)
        self.assert_same(outcome(self.run_folder), before)
        self.resume_longer()

    def test_of_the_training_data_wait_for_the_end_of_the_epoch(self):
        straight = outcome(self.run_folder)
        changes = {"batch_size": "20", "shuffle": "false", "drop_last": "true", "range": "[100, 200]"}
        for option, value in changes.items():
            with self.subTest(option):
                self.run_folder = self.copy(self.folder / "run", "finished")
                change = ("--set", f"data.train.{option}={value}")
                self.resume_longer(*change, allow=["data.train"])
                self.assertEqual(self.metrics()[-1]["epoch"], 3)

                self.run_folder = self.inside_an_epoch(option)
                before = files_of(self.run_folder)
                self.assertIn("inside an epoch", self.resume(*change, allow=["data.train"], code=DATA))
                self.assert_same(files_of(self.run_folder), before)
                self.resume()
                self.assert_same(outcome(self.run_folder), straight)

    def test_of_the_place_of_the_training_data_do_not_wait(self):
        straight = outcome(self.run_folder)
        shutil.copytree(DIGITS, self.folder / "digits")
        self.run_folder = self.inside_an_epoch("inside")
        change = ("--set", f"data.train.root={self.folder / 'digits'}", "--set", "data.train.workers=2")
        self.resume(*change, allow=["data.train.root"])
        self.assert_same(outcome(self.run_folder), straight)

    def inside_an_epoch(self, name):
        return self.train(self.recipe, name, raises=f"after_step:6:{signal.SIGTERM}", code=STOPPED + signal.SIGTERM)

    def test_none_but_the_state_of_a_plugin_is_gone(self):
        for place in checkpoints(self.run_folder):
            state = state_of(place)
            del state["instances"]["trick/ema"]
            (place / "state.json").write_text(json.dumps(state))
            write_manifest(place)
        self.assertIn("has no state of trick/ema", self.resume_longer(code=DATA))

    def test_none_but_a_state_lacks_something(self):
        place = checkpoints(self.run_folder)[-1]
        state = state_of(place)
        state["instances"]["trick/ema"]["state"] = {}
        (place / "state.json").write_text(json.dumps(state))
        write_manifest(place)
        self.assertRegex(self.resume_longer(code=DATA), "0002-step-8.*trick ema.*state_load")


def parameters(file):
    """Names and bytes of the tensors that are no statistics."""
    content = file.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    return {
        name: content[begin + entry["data_offsets"][0] : begin + entry["data_offsets"][1]]
        for name, entry in header.items()
        if name.endswith((".weight", ".bias"))
    }


class WhichRun(Case):
    def setUp(self):
        super().setUp()
        self.recipe = self.write(small_recipe())

    def runs(self):
        return sorted(self.folder.glob("runs/small/*"))

    def test_auto_takes_the_newest_that_is_not_finished(self):
        stop = f"after_step:3:{signal.SIGTERM}"
        self.assertIn("found no run", self.knack("train", "--resume", "auto", code=USAGE))
        self.knack("train", self.recipe, "--resume", "auto", raises=stop, code=STOPPED + signal.SIGTERM)
        self.knack("train", self.recipe, raises=stop, code=STOPPED + signal.SIGTERM)
        first, second = self.runs()
        self.knack("train", "--resume", "auto")
        self.assertEqual([is_finished(first), is_finished(second)], [False, True])
        self.knack("train", self.recipe, "--resume", "auto")
        self.assert_same(outcome(first), outcome(second))
        self.knack("train", self.recipe, "--resume", "auto")  # all are finished: a new one
        self.assertEqual(len(self.runs()), 3)

    def test_auto_finds_runs_wherever_they_are_below_runs(self):
        for run in ("runs/mine", "runs/z/theirs"):
            raises = f"after_step:3:{signal.SIGTERM}"
            self.knack("train", self.recipe, "--run-dir", run, raises=raises, code=STOPPED + signal.SIGTERM)
        finished = lambda: [is_finished(self.folder / "runs" / run) for run in ("mine", "z/theirs")]  # noqa: E731
        os.utime(self.folder / "runs/mine/log.txt")  # trained last
        (self.folder / "runs/z").rename(self.folder / "disk")
        (self.folder / "runs/z").symlink_to(self.folder / "disk")
        self.knack("train", "--resume", "auto")
        self.assertEqual(finished(), [True, False])
        self.knack("train", self.write({**small_recipe(), "name": "other"}, "other.json"), "--resume", "auto")
        self.assertEqual(finished(), [True, False])
        self.knack("train", self.recipe, "--resume", "auto")
        self.assertEqual(finished(), [True, True])

    def test_auto_with_a_folder_begins_goes_on_and_ends(self):
        words = ("train", self.recipe, "--resume", "auto", "--run-dir", "mine")
        self.knack(*words, raises=f"after_step:3:{signal.SIGTERM}", code=STOPPED + signal.SIGTERM)
        self.knack(*words)
        left = outcome(self.folder / "mine")
        process = self.start(*words, stdout=subprocess.PIPE)
        self.assertIn("this run has come to its end", process.communicate(timeout=60)[0])
        self.assert_same(outcome(self.folder / "mine"), left)
        self.assert_same(left, outcome(self.train(small_recipe(), "straight")))

    def test_one_that_was_ended_before_it_had_a_recipe_begins_anew(self):
        run = self.folder / "mine"
        (run / "final").mkdir(parents=True)
        for name in (".lock", "log.txt", ".recipe.json.1.0.tmp"):
            (run / name).write_text("")
        self.knack("train", self.recipe, "--resume", "auto", "--run-dir", run)
        self.assertFalse((run / ".recipe.json.1.0.tmp").exists())

    def test_has_a_name(self):
        for words in (["train", self.recipe, "--resume", ""], ["train", "--resume", ""]):
            self.assertIn("--resume", self.knack(*words, code=USAGE))
        self.assertEqual(self.runs(), [])

    def test_is_no_checkpoint(self):
        run = self.train(small_recipe())
        files = sorted(run.rglob("*"))
        error = self.knack("train", "--resume", run / "checkpoints" / "last", code=DATA)
        self.assertIn("expected a run folder, found a checkpoint", error)
        self.assertEqual(sorted(run.rglob("*")), files)

    def test_has_one_folder(self):
        run = self.train(small_recipe())
        self.assertIn("--run-dir", self.knack("train", "--resume", run, "--run-dir", "other", code=USAGE))
        self.assertIn("--resume", self.knack("train", self.recipe, "--run-dir", run, code=USAGE))
        self.assertIn("no recipe.json", self.knack("train", "--resume", run / "final", code=DATA))

    def test_is_no_folder_of_other_work(self):
        work = self.folder / "plugins" / "mine.cpp"
        work.parent.mkdir()
        work.write_text("precious")
        self.assertIn("no log.txt with checkpoints or final", self.knack("train", "--resume", ".", code=DATA))
        self.knack("train", self.recipe, "--resume", "auto", "--run-dir", ".", code=USAGE)
        self.assertEqual(sorted(self.folder.iterdir()), [work.parent, self.recipe])
        self.assertEqual(work.read_text(), "precious")


def is_finished(run):
    return (run / "final" / "summary.json").exists()


if __name__ == "__main__":
    main()
