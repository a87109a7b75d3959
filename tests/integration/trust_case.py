# SPDX-License-Identifier: MIT
"""What the tests of trusted and pinned plugin files share.

The environment variable KNACK_PLUGIN_FIXTURES names the folder of the plugins of tests/fixtures/plugins.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from runs import KNACK, Case, small_recipe
from told import told

FIXTURES = Path(os.environ["KNACK_PLUGIN_FIXTURES"])
PLUGIN, DATA = 4, 5
NOBODY = 65534


def become_nobody():
    """In a new process: root could write and read everything."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def sha256(file):
    return "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


class TrustCase(Case):
    def setUp(self):
        super().setUp()
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir(mode=0o755)
        self.marker = self.folder / "marker"

    def put(self, fixture, name="swapped.so"):
        """A copy of swapped_good or swapped_evil, whose evil sets the marker when it is loaded."""
        shutil.copy(FIXTURES / fixture / f"{fixture}.so", self.plugins / name)
        return self.plugins / name

    def recipe(self, **plugins):
        recipe = small_recipe([{"use": "swapped"}])
        recipe["tricks"].pop()
        recipe["trainer"]["epochs"] = 1
        return {**recipe, "plugins": {"path": [str(self.plugins)], **plugins}}

    def run_knack(self, *words, before=None):
        """Exit status, standard output and standard error of a `knack` that can set the marker."""
        environment = {"HOME": str(self.folder), "CI": "1", "KNACK_TEST_MARKER": str(self.marker)}
        done = subprocess.run(
            [KNACK, *map(str, words)], cwd=self.folder, env=environment, preexec_fn=before, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        return done.returncode, done.stdout, told(done.stderr)

    def succeed(self, *words):
        code, output, error = self.run_knack(*words)
        self.assertEqual(code, 0, error)
        return output

    def fail_with(self, expected, *words, before=None):
        code, output, error = self.run_knack(*words, before=before)
        self.assertEqual(code, expected, output + error)
        return error

    def was_marked(self):
        return self.marker.exists()
