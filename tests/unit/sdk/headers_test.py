# SPDX-License-Identifier: MIT
"""All headers of knack/sdk in one file, by each compiler, library and set of options.

usage: headers_test.py REPOSITORY COMPILER...
"""

import pathlib
import subprocess
import sys
import unittest

ROOT, COMPILERS = pathlib.Path(sys.argv[1]), sys.argv[2:]
INCLUDE = ROOT / "sdk/include"
PARTS = {"failure_kept.hpp", "failure_thrown.hpp"}  # of error.hpp
OPTIONS = [[], ["-fno-exceptions", "-fno-rtti"], ["-stdlib=libc++"], ["-stdlib=libc++", "-fno-exceptions", "-fno-rtti"]]


def has(compiler, options):
    """Whether the compiler has what the options ask for."""
    return compile_text(compiler, options, "#include <vector>\n").returncode == 0


def compile_text(compiler, options, text):
    command = [compiler, "-std=c++20", *options, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", INCLUDE, "-x", "c++", "-"]
    return subprocess.run([str(word) for word in command], input=text, text=True, capture_output=True)


class Headers(unittest.TestCase):
    headers = [f"knack/sdk/{path.name}" for path in sorted((INCLUDE / "knack/sdk").glob("*.hpp")) if path.name not in PARTS]
    ways = [(compiler, options) for compiler in COMPILERS for options in OPTIONS if has(compiler, options)]

    def assert_compiles(self, compiler, options, headers):
        result = compile_text(compiler, options, "".join(f"#include <{header}>\n" for header in headers))
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_there_is_a_way_without_exceptions(self):
        self.assertIn((COMPILERS[0], OPTIONS[1]), self.ways)

    def test_all_together_in_every_way(self):
        for compiler, options in self.ways:
            with self.subTest(compiler=compiler, options=options):
                self.assert_compiles(compiler, options, self.headers)

    def test_in_the_reverse_order(self):
        self.assert_compiles(COMPILERS[0], [], self.headers[::-1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
