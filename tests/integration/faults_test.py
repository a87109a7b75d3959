# SPDX-License-Identifier: MIT
"""Whatever ends a run or damages its folder, it goes on from the last good checkpoint and gives the same bits.

usage: faults_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import contextlib
import ctypes
import errno
import json
import os
import random
import shutil
import signal
import time

from runs import DATA, Fault, checkpoints, files_of, is_whole, main, outcome, small_recipe, state_of

SEED = 20260
KILLS = 200


class Kill(Fault):
    def test_at_random_instants(self):
        print(f"seed {SEED}")
        chance = random.Random(SEED)
        begin = time.monotonic()
        self.auto("timed")
        length = time.monotonic() - begin
        kills = runs = 0
        while kills < KILLS:
            run = self.folder / f"run{runs}"
            for _ in range(chance.randint(1, 12)):
                process = self.start("train", self.write(self.recipe), "--resume", "auto", "--run-dir", run)
                time.sleep(chance.uniform(0, 1.1 * length))
                process.kill()
                error = process.communicate()[1]
                self.assertIn(process.returncode, (0, -signal.SIGKILL), error)
                kills += process.returncode != 0
                self.assertNotIn("damaged", error)
            self.check_going_on(run)
            shutil.rmtree(run)
            runs += 1
        print(f"{kills} kills of {runs} runs")

    def test_in_any_hook(self):
        places = """fit_begin:1 epoch_begin:2 window_begin:2 batch:5 forward:6 gradients:9 before_step:4 after_step:5
            eval_begin:3 eval_end:4 epoch_end:2 fit_end:1 eval_begin:9"""
        for place in places.split():
            with self.subTest(place):
                run = self.folder / place
                self.auto(run, raises=f"{place}:{signal.SIGKILL}", code=-signal.SIGKILL)
                self.check_going_on(run)

    def test_leaves_nothing_half_written_behind(self):
        run = self.train(self.recipe, raises=f"after_step:6:{signal.SIGKILL}", code=-signal.SIGKILL)
        newest = checkpoints(run)[-1]
        shutil.copytree(newest, run / "checkpoints" / f".{newest.name}.1.0.tmp")
        for folder in ("", "final", "plugins/weight_average", "plugins/weight_average/snapshots"):
            (run / folder / ".some.file.1.0.tmp").write_text("half")
        self.check_going_on(run)


class SystemCall(Fault):
    """One of all those by which a run of two checkpoints and their removal changes the disk."""

    recipe = {**small_recipe(trainer={"epochs": 1}), "checkpoint": {"every_steps": 1, "keep": 1}}
    recipe["data"]["train"]["batch_size"] = 50

    def for_every_call(self, error, check):
        """Starts a run for each of its calls, which then gives `error`, checks how it ended, and goes on with what is
        left of it."""
        total = int(self.auto("counted", failing_call="0:0").rpartition("calls: ")[2])
        self.assertGreater(total, 100)
        for number in range(1, total + 1):
            run = self.folder / f"run{number}"
            with self.subTest(number):
                process = self.start(
                    "train", self.write(self.recipe), "--run-dir", run, failing_call=f"{number}:{error}"
                )
                said = process.communicate(timeout=60)[1]
                check(process.returncode, said)
                if process.returncode != 0:
                    self.check_going_on(run)
                self.assert_same(outcome(run), self.straight)
                for link in ("last", "best"):
                    self.assertTrue(is_whole(run / "checkpoints" / link), link)
                self.assertEqual(len({(run / "checkpoints" / link).resolve() for link in ("last", "best")}), 1)
            shutil.rmtree(run, ignore_errors=True)

    def test_that_is_the_last(self):
        self.for_every_call(0, lambda code, said: self.assertEqual(code, -signal.SIGKILL, said))

    def test_that_is_the_last_of_a_change(self):
        """The plain command goes on then, with the recipe of before or with that of now."""
        change = ("--set", "optimizer.lr=0.01", "--set", "trainer.epochs=2", "--allow-change", "optimizer.lr")
        words = (*change, "--allow-change", "trainer.epochs")
        finished = self.folder / "straight"
        changed = self.copy(finished, "changed")
        counted = self.knack("train", "--resume", changed, *words, failing_call="0:0")
        ends = [self.straight, outcome(changed)]
        kept = []
        for number in range(1, int(counted.rpartition("calls: ")[2]) + 1):
            with self.subTest(number):
                run = self.copy(finished)
                self.knack("train", "--resume", run, *words, failing_call=f"{number}:0", code=-signal.SIGKILL)
                self.knack("train", "--resume", run)
                left = outcome(run)
                kept.append(left["metrics.jsonl"] != self.straight["metrics.jsonl"])
                self.assert_same(left, ends[kept[-1]])
            if sum(kept) == 10:
                break
        self.assertEqual(kept, sorted(kept))  # never again the recipe of before
        self.assertEqual(sum(kept), 10)

    def test_that_fails(self):
        codes = []

        def check(code, said):
            self.assertIn(code, (0, DATA), said)
            if code == DATA:
                self.assertIn("No space left on device", said)
            codes.append(code)

        self.for_every_call(errno.ENOSPC, check)
        self.assertGreater(codes.count(DATA), 50)


class Damage(Fault):
    """Of files of the newest checkpoint. Those below files/ are hard links that other checkpoints have too, so here
    each damaged file is a new one, as the copy of a disk or a backup would have it."""

    def setUp(self):
        super().setUp()
        self.run_folder = self.train(self.recipe, code=128 + signal.SIGTERM, raises=f"after_step:7:{signal.SIGTERM}")
        places = [place.relative_to(self.run_folder) for place in checkpoints(self.run_folder)]
        self.before, self.newest = places[-2:]

    def test_of_any_file_is_found_and_the_checkpoint_before_is_used(self):
        files = [path.relative_to(self.run_folder) for path in (self.run_folder / self.newest).rglob("*")]
        files = [file for file in files if (self.run_folder / file).is_file()]
        self.assertEqual(len(files), 7)
        for file in files:
            for damage in (flip_a_bit, truncate, grow, delete, replace_by_folder):
                with self.subTest(file=str(file), damage=damage.__name__):
                    run = self.copy(self.run_folder)
                    damage(run / file)
                    error = self.check_going_on(run)
                    # A bit of the manifest is one of the checksum of another file.
                    named = self.newest if (damage, file.name) == (flip_a_bit, "manifest.json") else file
                    self.assertIn(f"warning: {run / named}", error)
                    self.assertIn("this checkpoint is damaged, the one before is used", error)
                    self.assertIn(f"goes on from {run / self.before}\n", (run / "log.txt").read_text())

    def test_that_takes_a_whole_checkpoint_away(self):
        for replace in (lambda path: None, lambda path: path.write_text(""), lambda path: path.mkdir()):
            run = self.copy(self.run_folder)
            shutil.rmtree(run / self.newest)
            replace(run / self.newest)
            self.check_going_on(run)

    def test_of_all_checkpoints_is_an_error(self):
        run = self.copy(self.run_folder)
        for place in checkpoints(run):
            flip_a_bit(place / "weights" / "live.safetensors")
        before = files_of(run)
        error = self.auto(run, code=DATA)
        self.assertIn("expected at least one undamaged checkpoint, found none", error)
        for place in checkpoints(run):
            self.assertIn(f"{place / 'weights' / 'live.safetensors'}: its checksum", error)
        self.assert_same(files_of(run), before)

    def test_does_not_count_among_the_checkpoints_that_are_kept(self):
        for damage in (flip_a_bit, delete):
            run = self.copy(self.run_folder)
            damage(run / self.newest / "weights" / "live.safetensors")
            self.auto(run, raises=f"gradients:1:{signal.SIGTERM}", code=128 + signal.SIGTERM)
            places = checkpoints(run)
            self.assertTrue(all(map(is_whole, places)), places)
            self.assertEqual([state_of(place)["loop"]["step"] for place in places], [4, 6, 7])  # 4 is the best
            self.check_going_on(run)

    def test_of_a_file_that_all_checkpoints_share_is_an_error(self):
        """Where the disk itself fails, no copy of the snapshot of the first epoch is left."""
        run = self.copy(self.run_folder)
        with open(run / "plugins/weight_average/snapshots/epoch-1.safetensors", "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x55")
        error = self.auto(run, code=DATA)
        for place in checkpoints(run):
            self.assertIn(f"{place}/files/weight_average/snapshots/epoch-1.safetensors: its checksum", error)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    # Of a manifest in a checksum: elsewhere it may be one of a space.
    place = content.index(b'"sha256": "') + 15 if path.name == "manifest.json" else len(content) // 2
    content[place] ^= 1
    path.unlink()
    path.write_bytes(content)


def truncate(path):
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])


def grow(path):
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content + b"}")


def delete(path):
    path.unlink()


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


class Unreadable(Fault):
    """What cannot be looked at is neither damaged nor gone. Nothing is changed then, and nothing else is used."""

    def setUp(self):
        super().setUp()
        self.run_folder = self.train(self.recipe, code=128 + signal.SIGTERM, raises=f"after_step:7:{signal.SIGTERM}")
        self.extended = ("--set", "trainer.epochs=5", "--allow-change", "trainer.epochs")

    def check_refused(self, run, named, *words, closed=()):
        before = files_of(run)
        for command in (["--resume", run], [self.write(self.recipe), "--resume", "auto", "--run-dir", run]):
            with contextlib.ExitStack() as stack:
                for path in closed:
                    stack.enter_context(forbidden(path))
                error = self.knack("train", *command, *words, code=DATA, before=obey_permissions)
            self.assertIn(str(named), error)
            self.assertNotIn("damaged", error)
            self.assert_same(files_of(run), before)
        return error

    def test_checkpoints_of_a_run_that_is_not_finished(self):
        places = self.run_folder / "checkpoints"
        self.check_refused(self.run_folder, places, closed=[places])
        self.check_going_on(self.run_folder)

    def test_checkpoints_of_a_run_that_is_extended(self):
        places = self.folder / "straight" / "checkpoints"
        self.check_refused(places.parent, places, *self.extended, closed=[places])

    def test_checkpoints_that_are_a_file(self):
        for run, words in ((self.run_folder, ()), (self.folder / "straight", self.extended)):
            places = run / "checkpoints"
            places.rename(self.folder / "moved")
            places.write_text("precious")
            self.check_refused(run, places, *words)
            places.unlink()
            (self.folder / "moved").rename(places)
        self.check_going_on(self.run_folder)

    def test_file_of_the_newest_checkpoint(self):
        newest = checkpoints(self.run_folder)[-1]
        for name in ("", "manifest.json", "state.json", "weights", "weights/live.safetensors"):
            with self.subTest(name):
                self.check_refused(self.run_folder, newest / name, closed=[newest / name])
        self.check_going_on(self.run_folder)

    def test_format_of_a_later_knack(self):
        manifest = checkpoints(self.run_folder)[-1] / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 2}))
        error = self.check_refused(self.run_folder, manifest)
        self.assertIn("a later knack wrote it", error)


class Gone(Fault):
    def test_checkpoints_of_a_finished_run_do_not_begin_it_anew(self):
        run = self.folder / "straight"
        for remove in (lambda places: [shutil.rmtree(place) for place in places.glob("[0-9]*")], shutil.rmtree):
            remove(run / "checkpoints")
            before = files_of(run)
            words = ("--set", "trainer.epochs=5", "--allow-change", "trainer.epochs")
            self.assertIn(str(run / "checkpoints"), self.knack("train", "--resume", run, *words, code=DATA))
            self.assert_same(files_of(run), before)

    def test_checkpoints_of_a_run_that_is_not_finished_begin_it_anew(self):
        run = self.train(self.recipe, code=128 + signal.SIGTERM, raises=f"after_step:7:{signal.SIGTERM}")
        shutil.rmtree(run / "checkpoints")
        self.assertIn("begins anew", self.check_going_on(run))


@contextlib.contextmanager
def forbidden(path):
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        yield
    finally:
        path.chmod(mode)


def obey_permissions():
    """Root cannot look into what is forbidden either, after the next exec. For others it changes nothing."""
    drop_capability, override, read_and_search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    for capability in (override, read_and_search):
        ctypes.CDLL(None).prctl(drop_capability, capability, 0, 0, 0)


if __name__ == "__main__":
    main()
