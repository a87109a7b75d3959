# SPDX-License-Identifier: MIT
"""Each plugin of a folder exports its entry and nothing else, and only those of tier torch-cxx need LibTorch's C++.

usage: exports_test.py NM FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

NM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
ENTRY = "knack_plugin_v1"
MAGIC = b"knack-manifest/1\n"
TORCH = re.compile(r"\b(at|c10|caffe2|torch)::|\b(aoti_torch|torch)_")


def symbols(plugin, which):
    """Names of its dynamic symbols, as people write them."""
    command = [NM, "--dynamic", "--demangle", "--format=posix", which, str(plugin)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [re.fullmatch(r"(.+?)(@\S+)? \w( .*)?", line)[1] for line in lines]


def tier(plugin):
    content = plugin.read_bytes()
    text = content[content.index(MAGIC) + len(MAGIC) :].decode(errors="replace")
    return json.JSONDecoder().raw_decode(text)[0]["tier"]


class Exports(unittest.TestCase):
    plugins = sorted(FOLDER.glob("*.so"))

    def test_there_are_plugins_of_both_tiers(self):
        self.assertEqual({tier(plugin) for plugin in self.plugins}, {"c", "torch-cxx"})

    def test_the_entry_is_all_that_is_exported(self):
        for plugin in self.plugins:
            with self.subTest(plugin.name):
                self.assertEqual(symbols(plugin, "--defined-only"), [ENTRY])

    def test_only_tier_torch_cxx_needs_symbols_of_libtorch(self):
        for plugin in self.plugins:
            needed = [name for name in symbols(plugin, "--undefined-only") if TORCH.search(name)]
            with self.subTest(plugin.name):
                if tier(plugin) == "torch-cxx":
                    self.assertNotEqual(needed, [])
                else:
                    self.assertEqual(needed, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
