# SPDX-License-Identifier: MIT
"""A run that was interrupted and goes on gives what it gives in one piece, bit for bit.

usage: resume_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import json
import os
import shutil
import signal
import time

from runs import STOPPED, TRICKS, Case, checkpoints, main, outcome, small_recipe, state_of, with_trick, write_manifest

ALL_CHECKPOINTS = {"every_steps": 1, "keep": 1000}
NO_CHECKPOINTS = {"every_epochs": 0, "best": False}


class FromEveryCheckpoint(Case):
    """Saving changes nothing, and going on from each checkpoint gives the same."""

    checks = 0

    def check(self, recipe):
        self.checks += 1
        straight = outcome(self.train({**recipe, "checkpoint": NO_CHECKPOINTS}, f"straight{self.checks}"))
        saved = self.train({**recipe, "checkpoint": ALL_CHECKPOINTS}, f"saved{self.checks}")
        self.assert_same(outcome(saved), straight)
        places = checkpoints(saved)
        self.assertGreaterEqual(len(places), 6)
        for place in places:
            with self.subTest(place.name):
                self.check_from(place, straight, places[-1])
        return straight

    def check_from(self, place, straight, last):
        run = self.folder / "moved"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(place.parents[1], run, ignore=shutil.ignore_patterns("checkpoints", "summary.json"))
        shutil.copytree(place, run / "checkpoints" / place.name)
        self.knack("train", "--resume", run)
        self.assert_same(outcome(run), straight)
        # What the training would need to go on once more is the same too.
        new_last = checkpoints(run)[-1]
        self.assertEqual(new_last.name, last.name)
        for file in ["state.safetensors", *(f"weights/{path.name}" for path in last.glob("weights/*"))]:
            self.assertTrue((new_last / file).read_bytes() == (last / file).read_bytes(), file)


class Plugins(FromEveryCheckpoint):
    def test_sgd(self):
        self.check(small_recipe([], optimizer={"nesterov": True}))

    def test_adamw(self):
        for amsgrad in (False, True):
            optimizer = {"use": "adamw", "lr": 1e-3, "weight_decay": 0.01, "amsgrad": amsgrad}
            recipe = small_recipe(TRICKS if amsgrad else [])
            self.check({**recipe, "optimizer": optimizer})

    def test_dropout_and_label_smoothing(self):
        self.check(small_recipe([], model={"dropout": 0.5}, objective={"label_smoothing": 0.1}))

    def test_resnet_on_synthetic_images(self):
        images = {"use": "synthetic", "height": 8, "width": 8, "batch_size": 8, "workers": 0}
        data = {
            "train": {**images, "samples": 44, "shuffle": True},
            "valid": {**images, "samples": 16, "offset": 44},
        }
        model = {"use": "resnet20", "in_channels": 3, "num_classes": 10}
        recipe = {**small_recipe(trainer={"threads": 2, "channels_last": True}), "data": data, "model": model}
        self.check(recipe)

    def test_no_weight_decay(self):
        self.check(small_recipe([{"use": "no_weight_decay"}]))

    def test_accumulate(self):
        tricks = [{"use": "accumulate", "batches": 3, "bn_momentum": "corrected"}]
        self.check(small_recipe(tricks, trainer={"epochs": 3}))

    def test_precise_bn_every_second_evaluation(self):
        self.check(small_recipe(with_trick(use="precise_bn", every=2), trainer={"epochs": 3}))


class Averages(FromEveryCheckpoint):
    def test_schedules_of_ema(self):
        schedules = [
            {"schedule": "constant", "every": 3},
            {"schedule": "constant", "bias_correction": True, "buffers": "copy"},
            {"schedule": "threshold", "exclude": ["*bias"]},
            {"schedule": "warmup"},
            {"schedule": "half_life", "half_life": 5},
        ]
        tricks = [{"use": "ema", "name": f"ema{i}", "publish": f"ema{i}", **o} for i, o in enumerate(schedules)]
        self.check(small_recipe(tricks))

    def test_selections_of_weight_average(self):
        for select in ("best", "last", "greedy", "swa"):
            with self.subTest(select):
                trick = with_trick(use="weight_average", select=select, **({"start": 0.3} if select == "swa" else {}))
                self.check(small_recipe(trick, trainer={"epochs": 3}))

    def test_weight_average_of_ema_by_the_loss(self):
        trick = with_trick(use="weight_average", of="ema")
        self.check(small_recipe(trick, trainer={"epochs": 3, "monitor": "loss", "mode": "min"}))


class Settings(FromEveryCheckpoint):
    def test_precisions(self):
        results = [self.check(small_recipe(trainer={"precision": precision})) for precision in ("bf16", "fp64")]
        self.assertNotEqual(results[0]["final/live.safetensors"], results[1]["final/live.safetensors"])

    def test_workers(self):
        results = []
        for workers in (0, 1, 4):
            recipe = small_recipe()
            for section in recipe["data"].values():
                section["workers"] = workers
            results.append(self.check(recipe))
        self.assert_same(results[1], results[0])
        self.assert_same(results[2], results[0])

    def test_last_batch_and_order(self):
        for drop_last, shuffle in ((True, True), (True, False), (False, False)):
            recipe = small_recipe()
            recipe["data"]["train"].update(drop_last=drop_last, shuffle=shuffle)
            self.check(recipe)

    def test_replies_of_tricks(self):
        for reply, at in (("stop_epoch", [4]), ("stop_fit", [11]), ("skip_step", [3, 4, 9])):
            answer = {"use": "answers", "hook": "before_step" if reply == "skip_step" else "after_step"}
            recipe = small_recipe([*TRICKS, {**answer, "reply": reply, "at": at}], trainer={"epochs": 3})
            with self.subTest(reply):
                self.check(recipe)


class When(Case):
    def test_a_run_of_knack_1_0_goes_on(self):
        """Its recipe and its checkpoints lack what is newer. Its times of the first epoch are not known."""
        plan = {**NO_CHECKPOINTS, "every_steps": 2, "keep": 1000}
        run = self.train({**small_recipe(trainer={"record_every_steps": 50}), "checkpoint": plan})
        straight = outcome(run)
        place, *later = checkpoints(run)
        for left in later:
            shutil.rmtree(left)
        for file in [*run.glob("events.out.*"), run / "environment.json", run / "final" / "summary.json"]:
            file.unlink()
        state = state_of(place)
        self.assertTrue(state["loop"]["in_epoch"])
        newer = {"loop": ["window_loss", "gradient_norm"], "session": ["events_file", "events_bytes"]}
        for section, keys in {**newer, "notes": ["taken_seconds"]}.items():
            for key in keys:
                del state[section][key]
        state["notes"]["seconds"]["ema"] = 1000.0
        (place / "state.json").write_text(json.dumps(state))
        for file in (run / "recipe.json", place / "recipe.json"):
            recipe = json.loads(file.read_text())
            del recipe["trainer"]["record_every_steps"]
            file.write_text(json.dumps(recipe))
        write_manifest(place)
        self.knack("train", "--resume", run)
        self.assert_same(outcome(run), straight)
        lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
        self.assertLess(max(line.get("ema.seconds", 0) for line in lines), 1000)

    def test_steps_that_are_left_out_are_not_saved_again(self):
        """The first two windows and two after the third step."""
        veto = {"use": "answers", "hook": "before_step", "reply": "skip_step", "at": [1, 2, 6, 7]}
        plan = {**NO_CHECKPOINTS, "every_steps": 3, "keep": 1000}
        run = self.train({**small_recipe([veto]), "checkpoint": plan})
        straight = outcome(run)
        expected = ["0001-step-3", "0002-step-6", "0003-step-9", "0004-step-10"]
        self.assertEqual([place.name for place in checkpoints(run)], expected)
        for place in checkpoints(run)[1:]:
            shutil.rmtree(place)
        (run / "final" / "summary.json").unlink()
        self.knack("train", "--resume", run)
        self.assertEqual([place.name for place in checkpoints(run)], expected)
        self.assert_same(outcome(run), straight)


class Signals(Case):
    def setUp(self):
        super().setUp()
        self.recipe = {**small_recipe(), "checkpoint": {"keep": 1000}}
        self.straight = outcome(self.train(self.recipe, "straight"))

    def interrupt(self, raises, code=STOPPED + signal.SIGTERM, **how):
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        return self.train(self.recipe, code=code, raises=raises, **how)

    def check_going_on(self, run):
        self.knack("train", "--resume", run)
        self.assert_same(outcome(run), self.straight)

    def test_inside_a_window_saves_at_its_end(self):
        for micro_batch in range(1, 15):
            with self.subTest(micro_batch):
                run = self.interrupt(f"gradients:{micro_batch}:{signal.SIGTERM}")
                epoch, position = divmod(micro_batch - 1, 7)
                end_of_window = 7 * epoch + min(position // 2 * 2 + 2, 7)
                loop = state_of(run / "checkpoints" / "last")["loop"]
                self.assertEqual(loop["micro_batch"], end_of_window)
                self.check_going_on(run)

    def test_in_any_hook(self):
        places = """epoch_begin:2 window_begin:3 batch:4 forward:5 before_step:6 eval_begin:1 eval_begin:2 eval_end:3
            epoch_end:1 epoch_end:2 fit_end:1"""
        for place in places.split():
            with self.subTest(place):
                self.check_going_on(self.interrupt(f"{place}:{signal.SIGTERM}"))

    def test_name_themselves_in_the_exit_status(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            run = self.interrupt(f"after_step:2:{number}", STOPPED + number)
            self.assertIn(f"stopped by {signal.Signals(number).name}", (run / "log.txt").read_text())
            self.assertIn(">stopped<", (run / "report.html").read_text())
            self.check_going_on(run)

    def test_that_nobody_can_catch_leave_the_report_of_a_checkpoint(self):
        self.recipe = {**self.recipe, "checkpoint": {"every_steps": 1}}
        run = self.interrupt(f"after_step:2:{signal.SIGKILL}", -signal.SIGKILL)
        self.assertIn(">unfinished<", (run / "report.html").read_text())

    def test_during_an_evaluation_leave_it_if_nothing_is_lost(self):
        """That of the end, and that of an epoch whose last step is in a checkpoint; else it ends first and is saved."""
        places = [("eval_begin:3", {}, [1, 2], False), ("eval_begin:1", {"every_steps": 1}, [], True)]
        for place, plan, evaluated, is_open in [*places, ("eval_begin:1", {}, [1], False)]:
            recipe = {**small_recipe([]), "checkpoint": plan}
            straight = outcome(self.train(recipe, f"straight{place}{len(plan)}"))
            with self.subTest(place, plan=plan):
                raises = f"{place}:{signal.SIGTERM}"
                run = self.train(recipe, f"run{place}{len(plan)}", STOPPED + signal.SIGTERM, raises=raises)
                lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
                self.assertEqual([line["epoch"] for line in lines if line["split"] == "valid"], evaluated)
                self.assertEqual(state_of(run / "checkpoints" / "last")["loop"]["in_epoch"], is_open)
                self.knack("train", "--resume", run)
                self.assert_same(outcome(run), straight)

    def test_twice_in_an_instant_are_one(self):
        """`timeout` sends its signal to the process and to its group."""
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.interrupt(f"gradients:10:{number},gradients:10:{number}", STOPPED + number)
            self.assertEqual(state_of(run / "checkpoints" / "last")["loop"]["micro_batch"], 11)
            self.check_going_on(run)

    def test_of_two_kinds_leave_at_once(self):
        self.check_left_at_once(self.interrupt(f"gradients:10:{signal.SIGINT},gradients:10:{signal.SIGTERM}"))

    def test_again_after_a_second_leave_at_once(self):
        raises = f"gradients:10:{signal.SIGTERM},gradients:10:{signal.SIGSTOP}"
        process = self.start("train", self.write(self.recipe), "--run-dir", "run", raises=raises)
        self.wait_until_stopped(process)
        time.sleep(1.2)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.wait(timeout=60), STOPPED + signal.SIGTERM)
        self.check_left_at_once(self.folder / "run")

    def check_left_at_once(self, run):
        self.assertEqual([place.name for place in checkpoints(run)], ["0001-step-4"])
        self.check_going_on(run)

    def test_before_the_first_step_stop_the_run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.interrupt(f"fit_begin:1:{number}", STOPPED + number)
            self.assertIn(f"stopped by {signal.Signals(number).name}", (run / "log.txt").read_text())
            self.check_going_on(run)

    def test_before_the_first_step_of_a_run_that_goes_on_lose_nothing(self):
        run = self.interrupt(f"after_step:6:{signal.SIGTERM}")
        step = state_of(checkpoints(run)[-1])["loop"]["step"]
        raises = f"fit_begin:1:{signal.SIGTERM}"
        self.knack("train", "--resume", run, raises=raises, code=STOPPED + signal.SIGTERM)
        self.assertGreaterEqual(state_of(checkpoints(run)[-1])["loop"]["step"], step)
        self.check_going_on(run)

    def test_usr1_before_the_first_step_saves_after_it(self):
        run = self.interrupt(f"fit_begin:1:{signal.SIGUSR1}", 0)
        self.assertEqual([place.name for place in checkpoints(run)], ["0001-step-1", "0002-step-4", "0003-step-8"])
        self.assert_same(outcome(run), self.straight)

    def test_usr1_saves_and_goes_on(self):
        run = self.interrupt(f"gradients:3:{signal.SIGUSR1},eval_begin:1:{signal.SIGUSR1}", 0)
        self.assertEqual([place.name for place in checkpoints(run)], ["0001-step-2", "0002-step-4", "0003-step-8"])
        self.assert_same(outcome(run), self.straight)

    def test_that_are_ignored_stay_ignored(self):
        """nohup, background jobs"""
        run = self.interrupt(f"gradients:3:{signal.SIGHUP}", 0, before=ignore_hangup)
        self.assert_same(outcome(run), self.straight)

    def test_of_a_closed_pipe_end_no_training(self):
        """knack train | head -1"""
        reading, writing = os.pipe()
        os.close(reading)
        recipe = self.write(self.recipe)
        process = self.start("train", recipe, "--run-dir", "run", stdout=writing, stderr=writing)
        os.close(writing)
        self.assertEqual(process.wait(timeout=120), STOPPED + signal.SIGPIPE)  # its result could not be shown
        self.assert_same(outcome(self.folder / "run"), self.straight)

    def test_after_every_step_in_a_folder_that_moves(self):
        run = self.interrupt(f"after_step:1:{signal.SIGTERM}")
        for turn in range(100):
            moved = run.rename(self.folder / f"turn{turn}")
            process = self.start("train", "--resume", moved, raises=f"after_step:1:{signal.SIGTERM}")
            error = process.communicate(timeout=120)[1]
            run = moved
            if process.returncode == 0:
                break
            self.assertEqual(process.returncode, STOPPED + signal.SIGTERM, error)
        self.assertEqual(turn, 7)  # the eighth step was the last
        self.assert_same(outcome(run), self.straight)


def ignore_hangup():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


if __name__ == "__main__":
    main()
