# SPDX-License-Identifier: MIT
"""`knack plugins validate`: what it finds, what it survives, and what it prints.

usage: validate_test.py KNACK FIXTURES PLUGINS [unittest arguments]
FIXTURES holds the plugins of tests/fixtures/validate, PLUGINS those that come with knack.
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from told import told
from validate_case import CANNOT_BE_LOADED, COMMAND_LINE, FAILED, FIXTURES, KNACK, NOT_CHECKED, PASSED, PLUGINS, Validate, wait_until

GOOD = PLUGINS / "cross_entropy.so"
DIGITS = Path(__file__).resolve().parents[2] / "configs" / "data" / "digits"
FOUNDATIONS = {"file.preflight", "load.loads"}


class FindsOneFault(Validate):
    """Each fixture is caught by the check it is named after, and by no other."""

    def check_fixtures_of(self, level):
        files = sorted(FIXTURES.glob(f"{level}.*.so"))
        names = [check["name"] for check in self.checks(GOOD, exit_code=PASSED).values()]
        wanted = {name for name in names if name.startswith(level + ".")}
        self.assertEqual({file.stem for file in files}, wanted, "one fixture for each check")
        for file in files:
            with self.subTest(file.stem):
                exit_code = CANNOT_BE_LOADED if file.stem in FOUNDATIONS else FAILED
                checks = self.checks(file, "--strict", exit_code=exit_code)
                bad = {name for name, check in checks.items() if check["verdict"] in {"failed", "warned"}}
                if checks["stress.hook_cost"]["verdict"] == "warned" and file.stem != "stress.hook_cost":
                    bad.remove("stress.hook_cost")  # other programs on this machine may make it slow
                self.assertEqual(bad, {file.stem}, checks)
                self.assertTrue(checks[file.stem]["reason"])

    def test_in_the_file(self):
        self.check_fixtures_of("file")

    def test_when_loaded(self):
        self.check_fixtures_of("load")

    def test_in_what_it_does(self):
        self.check_fixtures_of("behaviour")

    def test_in_its_state(self):
        self.check_fixtures_of("state")

    def test_under_stress(self):
        self.check_fixtures_of("stress")


class FindsOtherFaults(Validate):
    def test_a_type_of_torch_in_a_template(self):
        file = FIXTURES / "torch_types/in_a_template.so"
        checks = self.checks(file, "--include", "^file.undefined_symbols$", exit_code=FAILED)
        self.assertIn("status_of<at::Tensor>()", checks["file.undefined_symbols"]["reason"])

    def test_a_handle_that_is_never_given_back(self):
        failing = self.failing("leaks/a_handle_each_step.so")
        self.assertEqual(list(failing), ["stress.create_destroy"], failing)
        self.assertRegex(failing["stress.create_destroy"]["reason"], r"each run of ten steps leaves \d+ bytes")


class GoodPlugins(Validate):
    def test_whose_state_is_large(self):
        file = FIXTURES / "good/large_state.so"
        checks = self.checks(file, "--strict", "--exclude", "hook_cost", exit_code=PASSED)
        self.assertEqual(checks["behaviour.keeps_nothing_borrowed"]["verdict"], "passed")
        self.assertEqual(checks["state.round_trip"]["verdict"], "passed")

    def test_where_nobody_says_what_memory_is_in_use(self):
        arguments = ["--json", "--include", "^stress.create_destroy$"]
        leaks = FIXTURES / "stress.create_destroy.so"
        process = self.run_knack(leaks, *arguments, LD_PRELOAD=str(FIXTURES / "preload/silent_heap.so"))
        self.assertEqual(process.returncode, PASSED, process.stdout)
        (check,) = json.loads(process.stdout)["files"][0]["checks"]
        self.assertEqual(check["verdict"], "skipped")
        self.assertIn("allocator", check["reason"])


class FirstPartyPlugins(Validate):
    def test_pass(self):
        files = [file for file in sorted(PLUGINS.glob("*.so")) if file.stem != "idx"]
        self.assertGreater(len(files), 10)
        for file in files:
            with self.subTest(file.stem):
                self.checks_all(file)

    def test_pass_in_a_recipe_with_their_options(self):
        recipe = self.folder / "idx.json"
        digits = {"use": "idx", "root": str(DIGITS), "split": "train"}
        recipe.write_text(json.dumps({
            "model": {"use": "mlp", "in_features": 64, "hidden": [16], "num_classes": 10, "batch_norm": True},
            "data": {"train": {**digits, "range": [0, 40], "batch_size": 8}, "valid": {**digits, "range": [1200, 1216]}},
            "objective": {"use": "cross_entropy"}, "optimizer": {"use": "sgd", "lr": 0.05}, "trainer": {"epochs": 2},
        }))
        checks = self.checks_all(PLUGINS / "idx.so", "--recipe", recipe)
        self.assertEqual(checks["behaviour.toy_fit"], "passed")

    def checks_all(self, *arguments):
        (file,) = self.report(*arguments, exit_code=PASSED)["files"]
        self.assertEqual({check["level"] for check in file["checks"]}, {1, 2, 3, 4})
        warned = {check["name"] for check in file["checks"] if check["verdict"] == "warned"}
        self.assertLessEqual(warned, {"stress.hook_cost"}, "which other programs on this machine make slow")
        return {check["name"]: check["verdict"] for check in file["checks"]}


class SurvivesPlugins(Validate):
    """A plugin may end, block or starve the process of a check, and nothing else."""

    def reason(self, name, *arguments, check="load.loads"):
        start = time.monotonic()
        failing = self.failing(f"ends/{name}.so", *arguments, exit_code=CANNOT_BE_LOADED)
        self.assertLess(time.monotonic() - start, 60)
        self.assertEqual(list(failing), [check])
        return failing[check]["reason"]

    def test_that_crash(self):
        reason = self.reason("crashes")
        self.assertRegex(reason, r"^crashed: SIGSEGV \(Segmentation fault\), in trick `crashes` .* init$")

    def test_that_never_come_back(self):
        self.assertEqual(self.reason("sleeps", "--timeout", "1"), "not done within the time limit of 1 s")

    def test_that_take_all_memory(self):
        self.assertIn("no more memory", self.reason("wants_memory"))

    def test_that_exit(self):
        self.assertEqual(self.reason("exits"), "the process ended before the check was done, with exit code 7")

    def test_that_write_into_files_of_others(self):
        self.assertIn("cannot be read", self.reason("writes_everywhere"))

    def test_that_leave_a_process(self):
        start = time.monotonic()
        checks = self.checks(FIXTURES / "ends/leaves_a_process.so", "--include", "^load.loads$", exit_code=PASSED)
        self.assertEqual(checks["load.loads"]["verdict"], "passed")
        self.assertLess(time.monotonic() - start, 2.5, "the process sleeps for 3 s")
        failing = self.failing("ends/leaves_a_process.so", "--include", "starts_no_thread")
        self.assertIn("it started a process", failing["load.starts_no_thread"]["reason"])

    def test_and_leaves_no_files(self):
        self.run_knack(FIXTURES / "ends/crashes.so", GOOD)
        self.assertEqual(list(self.folder.iterdir()), [])


class WhenItCannotGoOn(Validate):
    """What is not the plugin's fault has an exit code of its own and one line of text."""

    def problem(self, *arguments, **environment):
        process = self.run_knack(GOOD, "--level", "1", *arguments, **environment)
        self.assertEqual(process.returncode, NOT_CHECKED, process.stderr)
        line = told(process.stderr)
        self.assertEqual(line.count("\n"), 1, process.stderr)
        return line

    def test_as_there_is_no_temporary_folder(self):
        missing = str(self.folder / "missing")
        problem = self.problem(TMPDIR=missing)
        self.assertIn(f"TMPDIR={missing}: expected a folder", problem)

    def test_as_the_report_cannot_be_written(self):
        self.assertIn("--junit `/dev/full`: cannot be written", self.problem("--junit", "/dev/full"))

    def test_as_no_process_can_be_made(self):
        def allow_no_more():
            if os.geteuid() == 0:  # has no such limit
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

        self.folder.chmod(0o777)
        process = subprocess.run([KNACK, "plugins", "validate", GOOD, "--level", "1"], env=self.environment(), check=False,
                                 capture_output=True, text=True, timeout=60, preexec_fn=allow_no_more)
        self.assertEqual(process.returncode, NOT_CHECKED, process.stderr)
        self.assertRegex(told(process.stderr), r"^the checks cannot go on: cannot start a check: .+\n$")

    def test_as_a_signal_ends_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), subprocess.Popen(
                    [KNACK, "plugins", "validate", FIXTURES / "ends/sleeps.so"], env=self.environment(),
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                    preexec_fn=lambda number=number: signal.signal(number, signal.SIG_DFL)) as process:
                wait_until(lambda: list(self.folder.glob("knack_validate_*/*")))
                process.send_signal(number)
                problem = process.communicate(timeout=20)[1]
                self.assertEqual(process.returncode, 128 + number)
                self.assertIn(f"stopped by {number.name}", problem)
                self.assertEqual(list(self.folder.iterdir()), [])


class RefusesFiles(Validate):
    def copy(self, mode=0o755):
        self.folder.chmod(0o700)
        copy = self.folder / "copy.so"
        shutil.copy(GOOD, copy)
        copy.chmod(mode)
        return copy

    def preflight(self, file):
        checks = self.checks(file, exit_code=CANNOT_BE_LOADED)
        self.assertEqual(checks["file.preflight"]["verdict"], "failed")
        others = {check["verdict"] for name, check in checks.items() if name != "file.preflight"}
        self.assertEqual(others, {"skipped"})
        return checks["file.preflight"]["reason"]

    def test_that_others_can_write(self):
        self.assertIn("mode", self.preflight(self.copy(0o777)))

    def test_unless_the_user_trusts_them(self):
        file = self.copy(0o777)
        checks = self.checks(file, "--trust-writable-plugins", "--level", "1", exit_code=PASSED)
        self.assertEqual(checks["file.preflight"]["verdict"], "warned")
        self.assertIn(str(file), checks["file.preflight"]["reason"])
        self.report(file, "--trust-writable-plugins", "--level", "1", "--strict", exit_code=FAILED)

    def test_in_a_folder_that_others_can_write(self):
        file = self.copy()
        self.folder.chmod(0o777)
        self.assertIn(str(self.folder), self.preflight(file))

    def test_that_are_no_plugins(self):
        file = self.folder / "text.so"
        file.write_text("no plugin")
        self.folder.chmod(0o700)
        self.assertIn("ELF", self.preflight(file))

    def test_that_are_cut_short(self):
        file = self.copy()
        os.truncate(file, file.stat().st_size - 1)
        self.assertIn("build it or copy it again", self.preflight(file))

    def test_of_an_id_that_also_another_file_provides(self):
        self.checks(self.copy(), "--plugin-path", PLUGINS, "--level", "2", exit_code=PASSED)


class CommandLine(Validate):
    def refusal(self, *arguments):
        process = self.run_knack(*arguments)
        self.assertEqual(process.returncode, COMMAND_LINE, process.stdout + process.stderr)
        self.assertEqual(process.stdout, "")
        line = told(process.stderr)
        self.assertEqual(line.count("\n"), 1, process.stderr)
        return line

    def test_level(self):
        checks = self.checks(GOOD, "--level", "1", exit_code=PASSED)
        self.assertEqual({check["level"] for check in checks.values()}, {1})
        self.assertIn("--level", self.refusal(GOOD, "--level", "5"))

    def test_include_and_exclude(self):
        checks = self.checks(GOOD, "--include", "^load", "--exclude", "fast|silent", "--level", "2", exit_code=PASSED)
        self.assertTrue(all(name.startswith("load.") for name in checks))
        self.assertIn("load.loads", checks)
        self.assertNotIn("load.fast", checks)
        self.assertNotIn("load.silent", checks)

    def test_a_fault_that_is_excluded_is_no_fault(self):
        self.checks(FIXTURES / "load.silent.so", "--exclude", "silent", "--level", "2", exit_code=PASSED)

    def test_foundations_are_checked_all_the_same(self):
        checks = self.checks(FIXTURES / "load.loads.so", "--include", "silent", exit_code=CANNOT_BE_LOADED)
        self.assertEqual({name: check["verdict"] for name, check in checks.items()},
                         {"load.loads": "failed", "load.silent": "skipped"})

    def test_wrong_regular_expressions(self):
        self.assertIn("--include `load(`: expected a regular expression", self.refusal(GOOD, "--include", "load("))
        self.assertIn("--exclude `[`: expected a regular expression", self.refusal(GOOD, "--exclude", "["))
        self.assertIn("no check is left", self.refusal(GOOD, "--include", "no_such_check"))

    def test_files_and_ids_that_are_not_there(self):
        self.assertIn("expected a plugin file, found none", self.refusal("./missing.so"))
        self.assertIn("expected a plugin file, found a folder", self.refusal(PLUGINS))
        self.assertIn("did you mean `cross_entropy`?", self.refusal("cross_entrpy", "--plugin-path", PLUGINS))
        self.assertIn("--plugin-path", self.refusal(GOOD, "--plugin-path", "./missing"))

    def test_ids(self):
        (file,) = self.report("cross_entropy", "--level", "1", exit_code=PASSED)["files"]
        self.assertEqual(Path(file["file"]).name, "cross_entropy.so")

    def test_recipes(self):
        recipe = self.folder / "recipe.json"
        recipe.write_text("{")
        self.assertIn("recipe.json:1:1", self.run_knack(GOOD, "--recipe", recipe).stderr)
        self.assertEqual(self.run_knack(GOOD, "--recipe", recipe).returncode, COMMAND_LINE)
        self.assertIn("missing.json", self.refusal(GOOD, "--recipe", "missing.json"))

    def test_a_recipe_must_use_the_plugin(self):
        recipe = self.folder / "recipe.json"
        recipe.write_text(json.dumps({
            "model": {"use": "mlp", "in_features": 64, "num_classes": 10},
            "data": {"train": {"use": "synthetic"}, "valid": {"use": "synthetic"}},
            "objective": {"use": "cross_entropy"}, "optimizer": {"use": "sgd", "lr": 0.1},
        }))
        self.assertIn("adamw.so", self.refusal(PLUGINS / "adamw.so", "--recipe", recipe))
        self.checks(PLUGINS / "sgd.so", "--recipe", recipe, "--level", "2", exit_code=PASSED)

    def test_several_files(self):
        report = self.report(GOOD, FIXTURES / "load.silent.so", "--level", "2", exit_code=FAILED)
        self.assertEqual([file["counts"]["failed"] for file in report["files"]], [0, 1])
        self.report(FIXTURES / "load.loads.so", GOOD, "--level", "2", exit_code=CANNOT_BE_LOADED)

    def test_the_seed_is_reported(self):
        self.assertEqual(self.report(GOOD, "--level", "1", "--seed", "17", exit_code=PASSED)["seed"], 17)


class Reports(Validate):
    def test_for_people(self):
        process = self.run_knack(FIXTURES / "load.silent.so", "--level", "2")
        self.assertEqual(process.returncode, FAILED)
        lines = process.stdout.splitlines()
        self.assertEqual(lines[0], str((FIXTURES / "load.silent.so").resolve()))
        self.assertEqual(lines[1].split(), ["file.preflight", "passed"])
        (row,) = [line for line in lines if line.startswith("load.silent ")]
        self.assertEqual(row.split()[1], "failed")
        self.assertIn("    | thank you for using this plugin", lines)
        self.assertRegex(lines[-1], r"^load\.silent\.so: \d+ passed, 0 warned, 0 skipped, 1 failed$")

    def test_for_people_what_is_skipped_alike_is_said_once(self):
        lines = self.run_knack(FIXTURES / "load.loads.so", "--level", "2").stdout.splitlines()
        skipped = [line for line in lines if "load.loads failed" in line]
        self.assertEqual(len(skipped), 4, "of the file and of what it provides: the first, and how many more")
        self.assertRegex(skipped[-1], r"^\d+ more +skipped  ")
        lines = self.run_knack(PLUGINS / "resnet.so", "--level", "3", "--include", "no_nan|same_seed").stdout.splitlines()
        of_others = [line.split()[:3] for line in lines if "the first is put to the test" in line]
        self.assertEqual(of_others, [["behaviour.same_seed_same_bits", "skipped", "model"], ["1", "more", "skipped"]])

    def test_for_programs(self):
        report = self.report(FIXTURES / "load.silent.so", "--level", "2", exit_code=FAILED)
        self.assertEqual(report["schema_version"], 1)
        self.assertEqual(report["exit_code"], FAILED)
        (file,) = report["files"]
        self.assertTrue(file["can_be_loaded"])
        self.assertEqual(sum(file["counts"].values()), len(file["checks"]))
        silent = next(check for check in file["checks"] if check["name"] == "load.silent")
        self.assertEqual(silent["output"], "thank you for using this plugin")
        schema = next(check for check in file["checks"] if check["name"] == "load.schema_valid")
        self.assertEqual((schema["kind"], schema["id"]), ("trick", "greets"))

    def test_lists_the_checks_of_the_manual(self):
        checks = self.checks(GOOD, exit_code=PASSED)
        manual = (Path(__file__).resolve().parents[2] / "docs" / "validate.md").read_text(encoding="utf-8")
        listed = [line for line in manual.splitlines() if re.match(r"\| `(file|load|behaviour|state|stress)\.", line)]
        self.assertEqual(listed, [f"| `{name}` | {check['promise']} |" for name, check in checks.items()])

    def test_for_continuous_integration(self):
        path = self.folder / "report.xml"
        process = self.run_knack(FIXTURES / "load.silent.so", "--level", "2", "--junit", path)
        self.assertEqual(process.returncode, FAILED)
        root = ElementTree.parse(path).getroot()
        self.assertEqual(root.tag, "testsuites")
        (suite,) = root
        cases = list(suite)
        self.assertEqual(int(suite.get("tests")), len(cases))
        self.assertEqual((suite.get("failures"), suite.get("errors")), ("1", "0"))
        (failure,) = suite.iter("failure")
        self.assertIn("it printed", failure.get("message"))
        (failed,) = [case for case in cases if case.find("failure") is not None]
        self.assertEqual((failed.get("classname"), failed.get("name")), ("knack.validate.load", "silent"))
        self.assertEqual(failed.find("system-err").text, "thank you for using this plugin")

    def test_with_texts_that_xml_does_not_have(self):
        path = self.folder / "report.xml"
        folder = self.folder / "<a & \"b\">\u0001\udcff"
        folder.mkdir(mode=0o700)
        plugin = shutil.copy(GOOD, folder / "plugin.so")
        process = self.run_knack(plugin, "--level", "1", "--junit", path)
        self.assertEqual(process.returncode, PASSED, process.stdout)
        self.assertIn('<a & "b">?', ElementTree.parse(path).getroot()[0].get("name"))

    def test_a_report_that_cannot_be_written_is_refused_first(self):
        process = self.run_knack(GOOD, "--junit", self.folder / "missing" / "report.xml")
        self.assertEqual((process.returncode, process.stdout), (COMMAND_LINE, ""))

    def test_warnings_count_when_strict(self):
        warns = FIXTURES / "warns/option_without_description.so"
        path = self.folder / "report.xml"
        checks = self.checks(warns, "--level", "2", exit_code=PASSED)
        self.assertEqual(checks["load.schema_valid"]["verdict"], "warned")
        self.assertIn("every", checks["load.schema_valid"]["reason"])
        self.checks(warns, "--level", "2", "--strict", "--junit", path, exit_code=FAILED)
        self.assertEqual(ElementTree.parse(path).getroot().get("failures"), "1")
        self.checks(GOOD, "--level", "2", "--strict", exit_code=PASSED)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
