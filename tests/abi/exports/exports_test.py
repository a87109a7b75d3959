# SPDX-License-Identifier: MIT
"""Each plugin of a folder exports its entry and nothing else, and only those of tier torch-cxx need LibTorch's C++.

usage: exports_test.py NM FOLDER
"""

import pathlib
import sys
import unittest

NM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from plugin_file import TORCH_CXX, symbols, tier, wrong_symbols  # noqa: E402  (needs the path above)


class Exports(unittest.TestCase):
    plugins = sorted(FOLDER.glob("*.so"))

    def test_there_are_plugins_of_both_tiers(self):
        self.assertEqual({tier(plugin) for plugin in self.plugins}, {"c", "torch-cxx"})

    def test_the_entry_is_all_that_is_exported_and_the_tier_is_true(self):
        for plugin in self.plugins:
            with self.subTest(plugin.name):
                self.assertEqual(wrong_symbols(NM, plugin), [])

    def test_tier_torch_cxx_is_claimed_by_those_that_need_it_alone(self):
        for plugin in self.plugins:
            needed = [name for name in symbols(NM, plugin, "--undefined-only") if TORCH_CXX.search(name)]
            with self.subTest(plugin.name):
                self.assertEqual(bool(needed), tier(plugin) == "torch-cxx")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
