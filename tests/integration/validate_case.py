# SPDX-License-Identifier: MIT
"""What the tests of `knack plugins validate` share; their arguments are KNACK FIXTURES PLUGINS."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

KNACK, FIXTURES, PLUGINS = (Path(argument).resolve() for argument in sys.argv[1:4])
PASSED, FAILED, COMMAND_LINE, CANNOT_BE_LOADED, NOT_CHECKED = 0, 1, 2, 3, 5
WITHOUT_SETTINGS = {"HOME", "XDG_DATA_HOME", "KNACK_PLUGIN_PATH"}


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.01)


class Validate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def environment(self, **more):
        environment = {name: value for name, value in os.environ.items() if name not in WITHOUT_SETTINGS}
        return {**environment, "TMPDIR": str(self.folder), **more}

    def run_knack(self, *arguments, **environment):
        return subprocess.run(
            [KNACK, "plugins", "validate", *arguments],
            cwd=self.folder, env=self.environment(**environment), capture_output=True, text=True, timeout=300, check=False,
        )

    def report(self, *arguments, exit_code):
        process = self.run_knack("--json", *arguments)
        self.assertTrue(process.stdout, process.stderr)
        report = json.loads(process.stdout)
        bad = [check for file in report["files"] for check in file["checks"] if check["verdict"] in {"failed", "warned"}]
        self.assertEqual(process.returncode, exit_code, bad)
        return report

    def checks(self, *arguments, exit_code):
        """The checks of the one file that the arguments name, by name."""
        (file,) = self.report(*arguments, exit_code=exit_code)["files"]
        return {check["name"]: check for check in file["checks"]}

    def failing(self, file, *arguments, exit_code=FAILED):
        checks = self.checks(FIXTURES / file, *arguments, exit_code=exit_code)
        return {name: check for name, check in checks.items() if check["verdict"] == "failed"}
