# SPDX-License-Identifier: MIT
"""abidiff finds nothing that breaks plugins between each frozen ABI and today's, and finds what would.

usage: abidiff_test.py REPOSITORY ABIDIFF C_COMPILER
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, ABIDIFF, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path.insert(0, str(ROOT / "tests/abi/layout"))

import abi_change  # noqa: E402  (needs the path above)

TODAY = ROOT / "sdk/include"
FROZEN = sorted(folder for folder in (ROOT / "sdk/abi").iterdir() if folder.is_dir())


def minor(include_folder):
    text = (include_folder / "knack/abi/version.h").read_text(encoding="utf-8")
    return int(re.search(r"#define KNACK_ABI_MINOR (\d+)", text)[1])


class FrozenVersions(unittest.TestCase):
    def test_nothing_breaks_their_plugins(self):
        self.assertIn("1.0", [folder.name for folder in FROZEN])
        for frozen in FROZEN:
            with self.subTest(frozen.name):
                grew = minor(TODAY) > minor(frozen)
                self.assertEqual(abi_change.problems(frozen, TODAY, grew, ABIDIFF, COMPILER), [])


class Changes(unittest.TestCase):
    """Each is made to a copy of the oldest headers."""

    def problems_after(self, header, *replacements, minor_grew=True):
        with tempfile.TemporaryDirectory() as folder:
            include = pathlib.Path(folder, "include")
            shutil.copytree(FROZEN[0], include)
            path = include / "knack/abi" / header
            text = path.read_text(encoding="utf-8")
            for old, new in replacements:
                self.assertEqual(text.count(old), 1, old)
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
            return "\n".join(abi_change.problems(FROZEN[0], include, minor_grew, ABIDIFF, COMPILER))

    def test_a_field_at_the_end_is_for_a_new_minor(self):
        change = ("} knack_log_api_t;", "  int32_t (*more)(const knack_host_t* host);\n} knack_log_api_t;")
        self.assertEqual(self.problems_after("ext/log.h", change), "")
        text = self.problems_after("ext/log.h", change, minor_grew=False)
        self.assertIn("a struct has grown, and KNACK_ABI_MINOR is as before", text)

    def test_two_fields_at_the_end_of_a_struct_whose_functions_take_it(self):
        change = ("} knack_trick_t;", "  knack_hook_t more;\n  int64_t number;\n} knack_trick_t;")
        self.assertEqual(self.problems_after("kinds/trick.h", change), "")

    def test_another_order(self):
        swap = [("int64_t (*count)(", "int64_t (*swap)("), ("int32_t (*get)(", "int32_t (*count)(")]
        text = self.problems_after("ext/params.h", *swap, ("int64_t (*swap)(", "int64_t (*get)("))
        self.assertIn("knack_params_api", text)
        samples, user = "  int64_t samples; /*", "  void* user;      /*"
        text = self.problems_after("ext/data.h", (samples, "  void* user; /*"), (user, "  int64_t samples; /*"))
        self.assertIn("offset changed", text)

    def test_another_type_of_another_size(self):
        text = self.problems_after("kinds/model.h", ("  double momentum;", "  float momentum;"))
        self.assertIn("'double' of 'knack_norm_layer::momentum' changed", text)

    def test_another_type_of_the_same_size(self):
        text = self.problems_after("kinds/model.h", ("  double momentum;", "  int64_t momentum;"))
        self.assertIn("'double' of 'knack_norm_layer::momentum' changed", text)

    def test_another_signature(self):
        text = self.problems_after("ext/rng.h", ("uint64_t (*next)(const", "int64_t (*next)(const"))
        self.assertIn("'knack_rng_api::next' changed", text)

    def test_another_member_of_a_union(self):
        self.assertIn("double f64", self.problems_after("value.h", ("    double f64;", "    float f64;")))

    def test_a_field_in_the_middle(self):
        text = self.problems_after("ext/data.h", ("  int64_t samples; /*", "  int64_t more;\n  int64_t samples; /*"))
        self.assertIn("offset changed from 64 to 128", text)

    def test_a_field_in_a_gap(self):
        text = self.problems_after("kinds/model.h", ("  uint32_t training;", "  uint16_t training;\n  uint16_t more;"))
        self.assertIn("'uint16_t more', at offset 48", text)

    def test_a_field_that_is_gone(self):
        gone = "  int32_t (*metrics_begin)(struct knack_objective* objective);"
        text = self.problems_after("kinds/objective.h", (gone, ""))
        self.assertIn("1 data member deletion", text)

    def test_a_field_that_is_gone_from_the_end(self):
        text = self.problems_after("ext/rng.h", ("  double (*uniform)(const knack_host_t* host);", ""))
        self.assertIn("1 data member deletion", text)

    def test_another_name(self):
        text = self.problems_after("ext/log.h", ("(*write)", "(*print)"))
        self.assertIn("name of 'knack_log_api::write' changed", text)

    def test_a_struct_that_is_gone(self):
        text = self.problems_after("ext/rng.h", ("} knack_rng_api_t;", "} knack_random_api_t;"))
        self.assertIn("knack_rng_api_t", text)


class Anchor(unittest.TestCase):
    def test_without_debug_information_is_no_witness(self):
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder, "anchor.so")
            abi_change.build_anchor(TODAY, ["knack_trick_t"], COMPILER, library)
            subprocess.run(["strip", "--strip-debug", str(library)], check=True)
            with self.assertRaisesRegex(AssertionError, "no .debug_info"):
                abi_change.assert_has_debug_information(library)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
