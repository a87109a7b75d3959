# SPDX-License-Identifier: MIT
"""The generated reference has every name of the ABI, every class of the SDK and every option of every plugin.

usage: reference_test.py REPOSITORY KNACK
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

KNACK = sys.argv.pop()
ROOT = pathlib.Path(sys.argv.pop())
sys.path.insert(0, str(ROOT / "docs/reference"))
import generate  # noqa: E402


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name)
        generate.main(KNACK, cls.path)

    def names(self):
        """Every name that has a place in the reference, with the text about it."""
        found = {}
        for file in (self.path / "xml").glob("*.xml"):
            for element in xml.parse(file).iter():
                name = element.findtext("name") or element.findtext("compoundname")
                if element.tag in ("memberdef", "compounddef") and name:
                    text = "".join("".join(part.itertext()) for part in element if part.tag.endswith("description"))
                    found[name] = found.get(name, "") + text.strip()
        return found

    def test_has_every_name_of_the_abi(self):
        since = (ROOT / "sdk/include/knack/abi/SINCE.txt").read_text(encoding="utf-8")
        symbols = re.findall(r"^\d+\.\d+ ([\w.]+):", since, re.MULTILINE)
        self.assertGreater(len(symbols), 300)
        known = self.names()
        self.assertEqual([name for name in symbols if name.split(".")[-1] not in known], [])

    def test_has_what_the_headers_say(self):
        known = self.names()
        self.assertIn("weights changed, or not", known["after_step"])
        for name in ("knack::Trick", "knack::WeightSet", "knack::testing::FakeHost", "knack_operator_t"):
            self.assertIn(name, known)

    def test_has_every_option_of_every_plugin(self):
        listed = generate.knack_json(KNACK, "list")
        self.assertGreater(len(listed), 15)
        for each in listed:
            page = (self.path / "plugins" / f"{each['kind']}.md").read_text(encoding="utf-8")
            section = page.split(f"\n## {each['id']}\n")[1].split("\n## ")[0]
            (plugin,) = generate.knack_json(KNACK, "inspect", each["id"], "--kind", each["kind"])
            for option in plugin["options"].get("properties", {}):
                self.assertIn(f"| `{option}` |", section, each["id"])

    def test_has_every_command(self):
        page = (self.path / "command_line.md").read_text(encoding="utf-8")
        for name in ("knack", "knack train", "knack plugins validate", "knack completion"):
            self.assertIn(f"\n## {name}\n", page)
        self.assertIn("--resume RUN|auto", page)

    def test_a_mistake_in_a_comment_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder, "docs/reference")
            shutil.copytree(ROOT / "docs/reference", copy, ignore=shutil.ignore_patterns("__pycache__"))
            header = pathlib.Path(folder, "sdk/include/knack/abi/wrong.h")
            header.parent.mkdir(parents=True)
            header.write_text("/* SPDX\n * A header. */\n/* Adds.\n * @param none there is none. */\nint add(int one);\n", encoding="utf-8")
            command = [sys.executable, "-B", str(copy / "generate.py"), KNACK, str(pathlib.Path(folder, "out"))]
            result = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("wrong.h:4", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
