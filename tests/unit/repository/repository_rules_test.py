# SPDX-License-Identifier: MIT
"""Plants each violation in a tree of its own and expects it, and nothing else, to be found."""

import pathlib
import tempfile
import unittest

import repository_rules

LICENSE = "// SPDX-License-Identifier: MIT\n"

FORBIDDEN = [
    ("sdk/include/knack/abi/value.h", "#include <vector>", "sdk/abi must not include c++"),
    ("sdk/include/knack/abi/kinds/trick.h", "#include <torch/torch.h>", "sdk/abi must not include torch"),
    ("sdk/include/knack/sdk/trick.hpp", "#include <ATen/ATen.h>", "sdk/sdk must not include torch"),
    ("sdk/include/knack/sdk/trick.hpp", '#include "host/common/error.hpp"', "sdk/sdk must not include host/common"),
    ("sdk/include/knack/testing/fake_host.hpp", "#include <c10/core/Device.h>", "sdk/testing must not include torch"),
    ("host/plugin/loader.cpp", "#include <knack/sdk/plugin.hpp>", "host/plugin must not include sdk/sdk"),
    ("host/train/loop.cpp", '#include "plugins/tricks/ema/ema.hpp"', "host/train must not include plugins/tricks/ema"),
    ("host/train/loop.cpp", '#include "models/mlp/mlp.hpp"', "host/train must not include models/mlp"),
    ("host/common/text.hpp", '#include "host/recipe/recipe.hpp"', "host/common must not include host/recipe"),
    ("host/recipe/recipe.cpp", '#  include "host/plugin/loader.hpp"', "host/recipe must not include host/plugin"),
    ("host/report/html.cpp", '#include "host/train/loop.hpp"', "host/report must not include host/train"),
    ("host/novel/file.cpp", "", "host/novel is not in the table"),
    ("plugins/tricks/ema/ema.cpp", '#include "../other/other.hpp"', "must not include plugins/tricks/other"),
    ("plugins/tricks/ema/ema.cpp", '#include "host/common/error.hpp"', "must not include host/common"),
    ("plugins/tricks/ema/ema.cpp", "#include <torch/torch.h>", "must not include torch"),
    ("models/mlp/mlp.cpp", '#include "models/resnet/resnet.hpp"', "models/mlp must not include models/resnet"),
    ("host/train/loop.cpp", 'if (id == "ema") {', 'the host names the plugin "ema"'),
    ("host/train/loop.hpp", 'const char* kModel = "resnet20";', 'the host names the plugin "resnet20"'),
]

PERMITTED = [
    ("sdk/include/knack/abi/value.h", "#include <stdint.h>\n#include <knack/abi/status.h>"),
    ("sdk/include/knack/torch/tensor.hpp", "#include <torch/torch.h>\n#include <knack/sdk/tensor.hpp>"),
    ("host/weights/set.cpp", '#include "host/archive/tensor_file.hpp"\n#include <torch/torch.h>\n#include <vector>'),
    ("host/report/html.cpp", '#include "host/checkpoint/reader.hpp"\n#include <nlohmann/json.hpp>'),
    ("host/app/main.cpp", '#include "host/train/loop.hpp"\nconst char* kText = "schema";  // "ema" is one'),
    ("plugins/tricks/ema/ema.cpp", '#include "decay.hpp"\n#include <knack/sdk/trick.hpp>'),
    ("models/mlp/mlp.cpp", "#include <knack/torch/module.hpp>"),
    ("tests/unit/host/loop_test.cpp", '#include "host/train/loop.hpp"\nconst char* kId = "ema";'),
]

UNLICENSED = ["host/train/loop.cpp", "plugins/tricks/ema/ema.h", "tests/parity/cases.py", "scripts/test"]


def found_in(files):
    """The violations in a tree of the given {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(repository_rules.violations(root))


class RepositoryRules(unittest.TestCase):
    def test_finds_each_forbidden_line(self):
        neighbours = {name: LICENSE for name in ("plugins/tricks/other/other.hpp", "plugins/tricks/ema/decay.hpp")}
        for path, line, expected in FORBIDDEN:
            with self.subTest(path=path, line=line):
                found = found_in({**neighbours, path: LICENSE + line + "\n"})
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"{path}:"), found)
                self.assertIn(expected, found[0])

    def test_leaves_permitted_lines_alone(self):
        for path, text in PERMITTED:
            with self.subTest(path=path):
                self.assertEqual(found_in({path: LICENSE + text + "\n"}), [])

    def test_finds_sources_without_a_license_line(self):
        for path in UNLICENSED:
            with self.subTest(path=path):
                found = found_in({path: "#!/bin/sh\nexit 0\n"})
                self.assertEqual(found, [f"{path}:1: does not begin with an SPDX-License-Identifier line"])

    def test_finds_files_that_are_too_long(self):
        line = "x = 1\n"
        text = "# SPDX-License-Identifier: MIT\n" + line * 409
        self.assertEqual(found_in({"tests/long.py": text}), [])
        self.assertEqual(len(found_in({"tests/long.py": text + line})), 1)

    def test_accepts_a_license_line_in_any_comment_and_below_the_interpreter(self):
        line = "SPDX-License-Identifier: MIT"
        for text in (f"#!/bin/sh\n# {line}\n", f"/* {line} */\n", f"/* {line}\n */\n"):
            self.assertEqual(found_in({"scripts/test.h": text}), [])


if __name__ == "__main__":
    unittest.main()
