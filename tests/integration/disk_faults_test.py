# SPDX-License-Identifier: MIT
"""A disk that is full, slow to promise or somebody else's takes no finished checkpoint away.

usage: disk_faults_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
"""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

from runs import DATA, SAVE_ALWAYS, Fault, checkpoints, is_whole, main, outcome, temporaries
from told import told


class Starved(Fault):
    def check_refused(self, run, error, reason):
        """The run ended with an error that says where to go on, and left only whole checkpoints."""
        self.assertIn(reason, error)
        self.assertEqual(temporaries(run), [])
        places = checkpoints(run)
        self.assertTrue(all(map(is_whole, places)))
        if places:
            self.assertIn(f"; the last good checkpoint is {places[-1]}; ", error)
            self.assertIn(f"; go on with `knack train --resume {run}`", error)
        return len(places)


class FileSize(Starved):
    def test_that_is_limited_stops_a_write_in_the_middle(self):
        for size in (500, 1000, 3000, 5000, 6000, 7000):
            with self.subTest(size):
                run = self.folder / f"run{size}"
                limit = (size, resource.RLIM_INFINITY)
                error = self.auto(run, code=DATA, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
                if run.exists():
                    self.check_refused(run, error, "File too large")
                self.check_going_on(run)


class Mount(Starved):
    def test_that_is_full(self):
        enter_own_mounts()
        numbers = set()
        for size in range(16, 400, 12):
            with self.subTest(size), Mounted(self.folder / f"disk{size}", f"size={size}k") as disk:
                process = self.start("train", self.write(self.recipe), "--run-dir", disk / "run")
                error = told(process.communicate(timeout=60)[1])
                if process.returncode == 0:
                    break
                self.assertEqual(process.returncode, DATA, error)
                if (disk / "run").exists():
                    numbers.add(self.check_refused(disk / "run", error, "No space left on device"))
                mount("-o", "remount,size=4m", disk)
                self.check_going_on(disk / "run")
        self.assertGreater(len(numbers), 2)

    def test_that_becomes_read_only(self):
        enter_own_mounts()
        process = self.stopped(after=6)
        places = self.folder / "run" / "checkpoints"
        mount("--bind", places, places)
        mount("-o", "remount,bind,ro", places)
        process.send_signal(signal.SIGCONT)
        error = told(process.communicate(timeout=60)[1])
        self.assertEqual(process.returncode, DATA, error)
        self.check_refused(self.folder / "run", error, "Read-only file system")
        self.auto(self.folder / "run", code=DATA)
        subprocess.run(["umount", str(places)], check=True)
        self.check_going_on(self.folder / "run")


def enter_own_mounts():
    """From here on this process mounts what no other one sees. Root only; skips the test otherwise."""
    new_namespace = 0x00020000  # CLONE_NEWNS
    if ctypes.CDLL(None, use_errno=True).unshare(new_namespace) != 0:
        raise unittest.SkipTest(f"mounting is not allowed: {os.strerror(ctypes.get_errno())}")
    try:
        mount("--make-rprivate", "/")
    except subprocess.CalledProcessError as error:
        raise unittest.SkipTest(f"mounting is not allowed: {error.stderr}") from error


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True, text=True)


class Mounted:
    """A file system in memory."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options

    def __enter__(self):
        self.folder.mkdir()
        mount("-t", "tmpfs", "-o", self.options, "none", self.folder)
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class Sharing(Fault):
    def test_a_run_with_another_process_is_refused(self):
        process = self.stopped(after=3)
        for words in (["--resume", "run"], [self.folder / "recipe.json", "--resume", "auto", "--run-dir", "run"]):
            error = self.knack("train", *words, code=DATA)
            self.assertIn(f"another process (pid {process.pid}) is training in this run folder", error)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assert_same(outcome(self.folder / "run"), self.straight)


class PromisedDisk(Fault):
    def test_holds_never_more_than_promised(self):
        """The newest `keep`, the best, and the one that is being written."""
        promised = SAVE_ALWAYS["keep"] + 2
        run = self.folder / "straight"
        one = max(bytes_below(place) for place in checkpoints(run))
        process = self.start("train", self.write(self.recipe), "--run-dir", "run", "--set", "trainer.epochs=30")
        most = looks = 0
        places = self.folder / "run" / "checkpoints"
        while self.is_held(process):
            folders = [path for path in places.glob("*-step-*") if not path.is_symlink()]  # hidden ones too
            self.assertLessEqual(len(folders), promised, folders)
            most = max(most, bytes_below(places))
            looks += 1
            process.send_signal(signal.SIGCONT)
            time.sleep(0.002)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertGreater(looks, 30)
        self.assertGreater(most, 2 * one)
        self.assertLessEqual(most, 1.05 * promised * one)  # counters get more digits

    def test_leaves_copies_of_checkpoints_alone(self):
        run = self.train(self.recipe, code=128 + signal.SIGTERM, raises=f"after_step:2:{signal.SIGTERM}")
        copy = run / "checkpoints" / "0001-step-1.backup"
        shutil.copytree(run / "checkpoints" / "0001-step-1", copy)
        self.check_going_on(run)
        self.assertTrue(is_whole(copy))

    @staticmethod
    def is_held(process):
        """Holds it still; false when it has ended."""
        process.send_signal(signal.SIGSTOP)
        state = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return state.si_code == os.CLD_STOPPED


def bytes_below(folder):
    sizes = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


if __name__ == "__main__":
    main()
