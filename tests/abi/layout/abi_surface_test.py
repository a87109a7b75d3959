# SPDX-License-Identifier: MIT
"""abi_surface.py notices every kind of change to the headers.

usage: abi_surface_test.py REPOSITORY
"""

import pathlib
import shutil
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO

import abi_surface

ROOT = pathlib.Path(sys.argv.pop())
GOLDEN = [ROOT / f"tests/abi/layout/golden_{version}.h" for version in ("1_0", "1_1")]


class Changes(unittest.TestCase):
    def problems_after(self, header, old, new):
        """What `check` prints once `old` is replaced in a copy of the headers."""
        with tempfile.TemporaryDirectory() as folder:
            include = pathlib.Path(folder, "include")
            shutil.copytree(ROOT / "sdk/include/knack/abi", include / "knack/abi")
            path = include / "knack/abi" / header
            text = path.read_text(encoding="utf-8")
            self.assertIn(old, text)
            path.write_text(text.replace(old, new), encoding="utf-8")
            with redirect_stdout(StringIO()) as output:
                status = abi_surface.check(include, include / "knack/abi/SINCE.txt", *GOLDEN)
            self.assertEqual(status, 1, output.getvalue())
            return output.getvalue()

    def test_a_new_field(self):
        text = self.problems_after("ext/log.h", "} knack_log_api_t;", "  int32_t more;\n} knack_log_api_t;")
        self.assertIn("knack_log_api_t.more is not in", text)
        self.assertIn("knack_log_api_t.more has no assertion", text)

    def test_a_removed_field(self):
        text = self.problems_after("ext/data.h", "  int64_t samples; /*", "  /*")
        self.assertIn("knack_data_pass_t.samples is in", text)

    def test_another_type(self):
        text = self.problems_after("kinds/model.h", "int64_t channels;", "int32_t channels;")
        self.assertIn("knack_norm_layer_t.channels was `int64_t` and is `int32_t`", text)

    def test_another_signature(self):
        text = self.problems_after("ext/rng.h", "uint64_t (*next)(const", "int64_t (*next)(const")
        self.assertIn("knack_rng_api_t.next was `uint64_t (*)", text)

    def test_another_value(self):
        text = self.problems_after("status.h", "KNACK_STATUS_DATA 5", "KNACK_STATUS_DATA 7")
        self.assertIn("KNACK_STATUS_DATA was `macro 5` and is `macro 7`", text)

    def test_another_member_of_a_union(self):
        text = self.problems_after("value.h", "    double f64;", "    float f64;")
        self.assertIn("knack_value_t.as.f64 was `double` and is `float`", text)


if __name__ == "__main__":
    unittest.main()
