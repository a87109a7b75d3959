# SPDX-License-Identifier: MIT
"""`knack doctor` on a machine that is well, and on ones that are not.

usage: doctor_test.py KNACK [unittest arguments]
"""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

KNACK = sys.argv.pop(1)
WITHHELD = ("KNACK_PLUGIN_PATH", "LD_PRELOAD", "NO_COLOR", "CLICOLOR_FORCE", "TMPDIR")


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.runs = self.folder / "runs"

    def run_doctor(self, *arguments, before=None, **variables):
        environment = {name: value for name, value in os.environ.items() if name not in WITHHELD}
        return subprocess.run(
            [KNACK, "doctor", "--run-root", str(self.runs), *map(str, arguments)],
            env={**environment, "XDG_DATA_HOME": str(self.folder / "share"), **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            preexec_fn=before,
        )

    def examine(self, code, *arguments, **how):
        """The findings by subject; of several with one subject, those that are not ok last."""
        process = self.run_doctor("--json", *arguments, **how)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        document = json.loads(process.stdout)
        self.assertEqual(list(document)[0], "schema_version")
        self.assertEqual(document["schema_version"], 1)
        self.assertEqual(document["has_problem"], code == 1)
        for finding in document["findings"]:
            self.assertEqual(list(finding), ["health", "subject", "found", "advice"])
            self.assertEqual(finding["health"] == "ok", finding["advice"] == "", finding)
        return {each["subject"]: each for each in sorted(document["findings"], key=lambda each: each["health"] != "ok")}

    def check(self, finding, health, found, advice=""):
        self.assertEqual(finding["health"], health, finding)
        self.assertIn(found, finding["found"])
        self.assertIn(advice, finding["advice"])


class Well(Doctor):
    def test_says_so_and_leaves_nothing_behind(self):
        found = self.examine(0)
        self.assertRegex(found["LibTorch"]["found"], r"^\d+\.\d+\.\d+.*, from /")
        self.check(found["OpenMP"], "ok", "/lib")
        self.check(found["copies of LibTorch"], "ok", "libtorch_cpu.so")
        self.assertRegex(found["threads"]["found"], r"^\d+ by default, on \d+ of \d+ cores")
        self.assertRegex(found["processor"]["found"], "LibTorch uses (DEFAULT|AVX2|AVX512)")
        self.assertRegex(found["memory"]["found"], r" available of .*iB")
        self.assertRegex(found["plugin folder"]["found"], r"\): \d+ plugins$|not there$")
        self.check(found["runs"], "ok", f"{self.runs} (to be made in {self.folder})")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_is_for_people_too(self):
        process = self.run_doctor()
        self.assertEqual(process.returncode, 0, process.stdout)
        lines = process.stdout.splitlines()
        self.assertRegex(lines[0], r"^ok       LibTorch: ")
        self.assertRegex(lines[-1], r"^\d+ ok, warnings: \d+, problems: 0$")
        self.assertNotIn("\x1b", process.stdout)
        self.assertIn("\x1b[32mok\x1b[0m", self.run_doctor("--color", "always").stdout)
        self.assertIn("\x1b[32mok\x1b[0m", self.run_doctor(CLICOLOR_FORCE="1").stdout)
        self.assertNotIn("\x1b", self.run_doctor(CLICOLOR_FORCE="1", NO_COLOR="1").stdout)

    @unittest.skipIf(os.cpu_count() == 1, "this machine has one core")
    def test_quietly_is_shown_without_what_is_well(self):
        process = self.run_doctor("--quiet", MALLOC_PERTURB_="1")
        self.assertNotIn("ok  ", process.stdout)
        self.assertIn("warning", process.stdout)

    def test_counts_threads_by_the_cores_it_may_use(self):
        first = min(os.sched_getaffinity(0))
        found = self.examine(0, before=lambda: os.sched_setaffinity(0, {first}), OMP_NUM_THREADS="3")
        self.check(found["threads"], "warning", " by default, on 1 of ", "OMP_NUM_THREADS or trainer.threads to 1")
        self.check(found["OMP_NUM_THREADS"], "warning", "3", "set it to 1 at most")


class Libraries(Doctor):
    def library(self, name, *options):
        path = self.folder / name
        subprocess.run(["cc", "-shared", "-o", path, *options, "-x", "c", os.devnull], check=True)
        return path

    def test_a_second_openmp_is_a_warning(self):
        second = self.library("libomp.so.5")
        found = self.examine(0, LD_PRELOAD=str(second))
        self.check(found["OpenMP"], "warning", str(second), "two OpenMP runtimes")
        self.check(found["LD_PRELOAD"], "warning", str(second), "unset it")

    def test_a_second_libtorch_is_a_problem(self):
        second = self.library("libc10-0123abcd.so")
        self.check(self.examine(1, LD_PRELOAD=str(second))["copies of LibTorch"], "problem", str(second), "crashes")

    def test_variables_that_slow_it_are_named(self):
        found = self.examine(0, MALLOC_PERTURB_="1", ATEN_CPU_CAPABILITY="default")
        self.check(found["MALLOC_PERTURB_"], "warning", "1", "slows")
        self.check(found["ATEN_CPU_CAPABILITY"], "ok", "default")
        if "avx2" in found["processor"]["found"]:
            self.check(found["processor"], "warning", "LibTorch uses DEFAULT", "unset ATEN_CPU_CAPABILITY")


class Plugins(Doctor):
    def setUp(self):
        super().setUp()
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir(mode=0o755)
        listed = json.loads(subprocess.check_output([KNACK, "plugins", "list", "--json"]))["plugins"]
        self.plugin = Path(next(each["file"] for each in listed if each["id"] == "ema"))

    def copy(self):
        shutil.copy(self.plugin, self.plugins)
        (self.plugins / self.plugin.name).chmod(0o644)

    def test_are_counted(self):
        self.copy()
        found = self.examine(0, KNACK_PLUGIN_PATH=str(self.plugins))
        self.assertIn("KNACK_PLUGIN_PATH", found)
        process = self.run_doctor(KNACK_PLUGIN_PATH=str(self.plugins))
        self.assertIn(f"{self.plugins} (KNACK_PLUGIN_PATH): 1 plugin\n", process.stdout)

    def test_in_a_folder_that_all_can_write_to_are_a_problem(self):
        self.copy()
        self.plugins.chmod(0o777)
        found = self.examine(1, "--plugin-path", self.plugins)
        self.check(found["plugin file"], "problem", "found mode 0777")
        text = self.run_doctor("--plugin-path", self.plugins).stdout
        self.assertIn(f"chmod o-w {self.plugins}", text)
        spaced = self.folder / "w w"
        spaced.mkdir()
        spaced.chmod(0o777)
        self.assertIn(f"chmod o-w '{spaced}'\n", self.run_doctor("--plugin-path", spaced).stdout)
        self.assertRegex(text, r"problem  plugin folder: .*everybody can write to it")

    def test_that_are_none_are_named_with_the_reason(self):
        (self.plugins / "text.so").write_text("no library")
        found = self.examine(1, KNACK_PLUGIN_PATH=str(self.plugins))
        self.check(found["plugin file"], "problem", "text.so", "knack plugins validate")

    def test_in_a_folder_that_is_not_there_are_a_problem(self):
        found = self.examine(1, KNACK_PLUGIN_PATH=f"{self.folder}/absent")
        place = found["plugin folder"]
        self.check(place, "problem", "absent (KNACK_PLUGIN_PATH): not there", "correct KNACK_PLUGIN_PATH")


class Folders(Doctor):
    def test_that_are_no_folders_are_a_problem(self):
        self.runs.write_text("")
        self.check(self.examine(1)["runs"], "problem", "is no folder", "name another")
        self.runs.unlink()
        found = self.examine(1, TMPDIR=f"{self.folder}/absent")
        self.check(found["temporary files"], "problem", "absent is not there", "make the folder")

    def test_that_cannot_be_written_to_are_a_problem(self):
        self.runs.mkdir()
        self.own_mounts()
        self.mount("size=1m,mode=755")
        subprocess.run(["mount", "-o", "remount,ro", str(self.runs)], check=True)
        self.check(self.examine(1)["runs"], "problem", "cannot be written to: Read-only file system", "another folder")

    def test_that_are_nearly_full_are_a_warning_or_a_problem(self):
        self.runs.mkdir()
        self.own_mounts()
        self.mount("size=200m")
        self.check(self.examine(0)["runs"], "warning", "200 MiB free", "1.00 GiB are advisable")
        subprocess.run(["mount", "-o", "remount,size=1m", str(self.runs)], check=True)
        self.check(self.examine(1)["runs"], "problem", "1.00 MiB free", "make room")
        (self.runs / "filler").write_bytes(bytes(1 << 20))
        self.check(self.examine(1)["runs"], "problem", "No space left on device", "make room")

    def own_mounts(self):
        """From here on this process mounts what no other one sees."""
        new_namespace = 0x00020000  # CLONE_NEWNS
        if ctypes.CDLL(None, use_errno=True).unshare(new_namespace) != 0:
            self.skipTest(f"mounting is not allowed: {os.strerror(ctypes.get_errno())}")
        if subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed")

    def mount(self, options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(self.runs)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.runs)])


class Help(Doctor):
    def test_tells_what_exit_codes_mean(self):
        text = subprocess.check_output([KNACK, "doctor", "--help"], text=True)
        self.assertRegex(re.sub(r"\s+", " ", text), "Exit codes: 0 no problem .*1 a problem")


if __name__ == "__main__":
    unittest.main()
