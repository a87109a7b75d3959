# SPDX-License-Identifier: MIT
"""The trick of ema_plugins.py publishes what the built-in `ema` does, whoever compiled it.

usage: other_compilers_test.py KNACK NM TOOL=PATH...
TOOL is gcc, g++, clang, clang++, rustc, or torch: the folder of LibTorch's headers.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

KNACK, NM = sys.argv[1:3]
TOOLS = dict(argument.split("=", 1) for argument in sys.argv[3:])
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from plugin_file import symbols, tier, wrong_symbols  # noqa: E402  (needs the path above)
from training import Run, relative_difference, small_recipe  # noqa: E402

from ema_plugins import FLAVOURS, build  # noqa: E402

DECAY = 0.9


class OtherCompilers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flavours = {name: flavour for name, flavour in FLAVOURS.items() if flavour.tool in TOOLS}
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        with ThreadPoolExecutor(2) as workers:
            list(workers.map(lambda name: build(name, TOOLS, folder), cls.flavours))
        cls.plugins = {name: folder / f"{name}.so" for name in cls.flavours}
        tricks = [{"use": "ema", "decay": DECAY, "schedule": "constant"}]
        tricks += [flavour.recipe(name, DECAY) for name, flavour in cls.flavours.items()]
        cls.sets = Run(KNACK, small_recipe(tricks), folder).sets

    def test_the_average_is_one(self):
        self.assertGreater(len(self.sets["ema"]), 8)
        self.assertGreater(relative_difference(self.sets["ema"], self.sets["live"]), 1e-3)

    def test_through_the_operators_it_is_the_same_bit_for_bit(self):
        for name, flavour in self.flavours.items():
            if not flavour.in_memory:
                with self.subTest(name):
                    self.assertEqual(self.sets[name], self.sets["ema"])

    def test_in_memory_it_is_the_same_but_for_rounding(self):
        for name, flavour in self.flavours.items():
            if flavour.in_memory:
                with self.subTest(name):
                    # A compiler may fuse multiplication and addition; nothing more may differ.
                    self.assertLessEqual(relative_difference(self.sets[name], self.sets["ema"]), 1e-6)

    def test_the_entry_is_all_that_is_exported_and_the_tier_is_true(self):
        for name, flavour in self.flavours.items():
            with self.subTest(name):
                self.assertEqual(tier(self.plugins[name]), flavour.tier)
                self.assertEqual(wrong_symbols(NM, self.plugins[name]), [])

    def test_each_has_the_standard_library_it_was_built_with(self):
        for name, flavour in self.flavours.items():
            command = ["readelf", "--dynamic", self.plugins[name]]
            needed = subprocess.run(command, text=True, capture_output=True, check=True).stdout
            libraries = [library for library in ("libc++", "libstdc++") if f"[{library}.so" in needed]
            expected = "libc++" if "-stdlib=libc++" in flavour.options else "libstdc++"
            with self.subTest(name):
                self.assertEqual(libraries, [expected] if flavour.is_cxx else [])

    def test_those_without_exceptions_throw_none(self):
        for name, flavour in self.flavours.items():
            with self.subTest(name):
                throws = "__cxa_throw" in symbols(NM, self.plugins[name], "--undefined-only")
                self.assertEqual(throws, flavour.is_cxx and not flavour.is_bare)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
