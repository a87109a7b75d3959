# SPDX-License-Identifier: MIT
"""The golden offsets hold for every compiler and every 64-bit machine, and nothing in a layout is left to them.

usage: fixed_layout_test.py REPOSITORY CLANG
"""

import pathlib
import re
import subprocess
import sys
import unittest

import abi_surface

ROOT, CLANG = pathlib.Path(sys.argv[1]), sys.argv[2]
INCLUDE = ROOT / "sdk/include"
HERE = ROOT / "tests/abi/layout"
GOLDEN = sorted(HERE.glob("golden_*_*.h"))
# Other processors and operating systems; on Windows `long` has 32 bits, and clang 14 says nothing of gaps.
UNIX = [f"{processor}-linux-gnu" for processor in ("x86_64", "aarch64", "riscv64", "powerpc64le", "s390x")]
UNIX += ["arm64-apple-macos"]
TARGETS = [*UNIX, "x86_64-windows-msvc"]
LANGUAGES = {
    "C11": ["-x", "c", "-std=c11"],
    "C++20 with libstdc++": ["-x", "c++", "-std=c++20", "-stdlib=libstdc++"],
    "C++20 with libc++": ["-x", "c++", "-std=c++20", "-stdlib=libc++"],
}
# Types of one size and alignment on all of those; pointers are of the machine's.
FIXED = r"u?int(8|16|32|64)_t|double|knack_\w+_t"
POINTER = r".*\*|.*\(\*\)\(.*\)"


def complaints(text, *options):
    """What the compiler says about a source; empty when nothing."""
    command = [CLANG, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *options, "-I", str(INCLUDE), "-I", str(HERE), "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True).stderr


def complaints_for(target, text, *options):
    """The same in C for a machine whose own headers are not here."""
    return complaints(text, "-x", "c", "-std=c11", "-ffreestanding", f"--target={target}", *options)


class Layout(unittest.TestCase):
    def test_it_is_the_same_for_clang_in_each_language(self):
        for golden in GOLDEN:
            for name, options in LANGUAGES.items():
                with self.subTest(golden=golden.name, language=name):
                    self.assertEqual(complaints(f'#include "{golden.name}"\n', *options), "")

    def test_it_is_the_same_on_each_64_bit_machine(self):
        for golden in GOLDEN:
            for target in TARGETS:
                with self.subTest(golden=golden.name, target=target):
                    self.assertEqual(complaints_for(target, f'#include "{golden.name}"\n'), "")

    def test_no_struct_has_a_gap(self):
        structs = abi_surface.structs(abi_surface.surface(INCLUDE))
        lines = [f"unsigned char size_of_{name}[sizeof({name})];" for name in structs]
        text = "\n".join(["#include <knack/abi/knack.h>", *lines, ""])
        for target in UNIX:
            with self.subTest(target):
                self.assertEqual(complaints_for(target, text, "-Wpadded"), "")

    def test_a_gap_or_a_type_of_the_machine_would_be_noticed(self):
        gap = "#include <stdint.h>\nstruct gap { uint32_t a; uint64_t b; };\nchar size[sizeof(struct gap)];\n"
        long = '_Static_assert(sizeof(long) == 8, "");\n'
        found = [complaints_for(target, gap, "-Wpadded") for target in UNIX]
        self.assertEqual([text for text in found if "padding struct" not in text], [])
        self.assertIn("failed", complaints_for(TARGETS[-1], long))

    def test_each_field_has_a_type_that_is_the_same_everywhere(self):
        found = abi_surface.surface(INCLUDE)
        fields = {name: kind for name, kind in found.items() if "." in name and kind != "union"}
        self.assertGreater(len(fields), 200)
        others = {name: kind for name, kind in fields.items() if not re.fullmatch(f"{FIXED}|{POINTER}", kind)}
        self.assertEqual(others, {})

    def test_a_value_is_the_same_where_pointers_have_32_bits(self):
        """All headers compile there; what holds pointers only in a union of 8 bytes is laid out as elsewhere."""
        offsets = {"tag": 0, "reserved": 4, "count": 8, "as": 16}
        checks = [f"offsetof(knack_value_t, {field}) == {offset}" for field, offset in offsets.items()]
        asserts = [f'_Static_assert({check}, "");' for check in ["sizeof(knack_value_t) == 24", *checks]]
        text = "\n".join(["#include <knack/abi/knack.h>", *asserts, ""])
        self.assertEqual(complaints_for("i386-linux-gnu", text), "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
