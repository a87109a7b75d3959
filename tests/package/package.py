# SPDX-License-Identifier: MIT
"""What the tests of the package share: an installation in a folder of its own, and commands run with it alone.

Scripts that use this are called with the build folder, the Torch_DIR it was configured with, and then as any unittest.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, TORCH_DIR = Path(sys.argv[1]), Path(sys.argv[2])
KINDS = ["trick", "model", "dataset", "objective", "optimizer"]
# Nothing of the caller's that leads CMake, pkg-config or knack to another SDK or to LibTorch.
WITHHELD = {"CMAKE_PREFIX_PATH", "Torch_DIR", "PKG_CONFIG_PATH", "KNACK_PLUGIN_PATH", "LD_LIBRARY_PATH"}


def environment(prefix=None):
    """The caller's, with the programs of `prefix` in front."""
    kept = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    kept["CMAKE_EXPORT_COMPILE_COMMANDS"] = "ON"
    if prefix:
        kept["PATH"] = f"{prefix}/bin:{kept['PATH']}"
    return kept


def run(*command, cwd=None, prefix=None, timeout=300):
    """The finished process, with standard output and standard error as text in one."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(prefix),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )


def run_well(*command, **how):
    """What a command said that must succeed."""
    process = run(*command, **how)
    if process.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {process.returncode}\n{process.stdout}")
    return process.stdout


class Case(unittest.TestCase):
    """Tests with a folder, which is empty at first, and with `prefix`, which holds the components named."""

    components = []
    prefix_name = "moved"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name).resolve()
        cls.prefix = cls.folder / cls.prefix_name
        for component in cls.components:
            run_well("cmake", "--install", BUILD, "--prefix", cls.folder / "prefix", "--component", component)
        if cls.components:  # what is installed works wherever it is put
            (cls.folder / "prefix").rename(cls.prefix)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run_well(self, *command, **how):
        return run_well(*command, **{"prefix": self.prefix, "cwd": self.folder, **how})

    def run_badly(self, *command, **how):
        """What a command said that must fail."""
        process = run(*command, **{"prefix": self.prefix, "cwd": self.folder, **how})
        self.assertNotEqual(process.returncode, 0, process.stdout)
        return process.stdout


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
