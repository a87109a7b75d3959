#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pins in recipes, and how `knack plugins lock` writes them; see trust_case.py for what this needs."""

import json
import os
import shutil
import stat
from pathlib import Path

from runs import KNACK, RECIPE, USAGE, checkpoints, is_whole, main
from trust_case import DATA, FIXTURES, PLUGIN, TrustCase, become_nobody, sha256

USED = ["mlp", "idx", "cross_entropy", "sgd", "swapped"]  # in the order in which they are written


class Pins(TrustCase):
    def test_a_pinned_plugin_that_is_another_file_is_refused_before_any_of_its_code_runs(self):
        file = self.put("swapped_evil")
        expected = sha256(FIXTURES / "swapped_good" / "swapped_good.so")
        text = json.dumps(self.recipe(pin={"swapped": expected}), indent=2)
        (self.folder / "recipe.json").write_text(text)
        line = text[: text.index(expected)].count("\n") + 1
        column = len(text[: text.index(expected)].rsplit("\n", 1)[1])
        for command in ("explain", "train"):
            error = self.fail_with(PLUGIN, command, "recipe.json")
            self.assertEqual(
                error,
                f"recipe.json:{line}:{column}: sha256: expected {expected[7:]}, to which `swapped` is pinned, found "
                f"{sha256(file)[7:]}; the plugin's file is {file}; find out why it is another file; if it is a good one, run: "
                "knack plugins lock RECIPE\n",
            )
        self.assertFalse(self.was_marked())

    def test_a_pin_that_holds_may_be_of_an_id_or_of_a_kind_and_id(self):
        pin = sha256(self.put("swapped_good"))
        for key in ("swapped", "trick/swapped"):
            self.write(self.recipe(pin={key: pin}))
            self.succeed("explain", "recipe.json")

    def test_what_is_wrong_with_pins_is_told_with_its_place(self):
        self.put("swapped_good")
        pin = "sha256:" + 64 * "0"
        self.write(self.recipe())
        for pins, expected in (
            ({"swaped": pin}, "the pin `swaped` would protect nothing: expected the id of a plugin that the recipe uses; did you mean `swapped`?"),
            ({"model/swapped": pin}, "the pin `model/swapped` would protect nothing"),
            ({"swapped": 64 * "0"}, "`plugins.pin.swapped` is not valid: expected a string matching `^sha256:[0-9a-f]{64}$`"),
            ({"swapped": pin.replace("0", "A")}, "`plugins.pin.swapped` is not valid: expected a string matching"),
            (["swapped"], "`plugins.pin` has the wrong type: expected an object, found a list of 1"),
        ):
            text = json.dumps(self.recipe(pin=pins), indent=2)
            (self.folder / "recipe.json").write_text(text)
            error = self.fail_with(RECIPE, "explain", "recipe.json")
            self.assertRegex(error, r"^recipe\.json:\d+:\d+: ")
            self.assertIn(expected, error)

    def test_a_pin_of_a_plugin_that_is_there_and_not_used_does_no_harm(self):
        self.put("swapped_evil")
        self.write({**self.recipe(pin={"swapped": "sha256:" + 64 * "0"}), "tricks": []})
        self.succeed("explain", "recipe.json")
        self.assertFalse(self.was_marked())

    def test_a_run_is_resumed_with_the_pins_of_its_recipe_or_of_another(self):
        file = self.put("swapped_good")
        recipe = self.recipe(pin={"swapped": sha256(file)})
        self.write(recipe)
        self.succeed("train", "recipe.json", "--run-dir", "run", "--quiet")
        saved = json.loads((self.folder / "run" / "recipe.json").read_text())["plugins"]
        self.assertEqual(saved["pin"], {"swapped": sha256(file)})
        self.assertEqual("sha256:" + saved["used"]["trick/swapped"]["sha256"], sha256(file))
        self.succeed("train", "--resume", "run")
        recipe["plugins"].pop("pin")
        self.write(recipe, "unpinned.json")
        self.succeed("train", "unpinned.json", "--resume", "run")

        self.put("swapped_evil")
        self.assertIn(": sha256: expected ", self.fail_with(PLUGIN, "train", "--resume", "run"))
        self.assertIn(": sha256: expected ", self.fail_with(PLUGIN, "eval", "run"))
        self.assertFalse(self.was_marked())
        error = self.fail_with(RECIPE, "train", "unpinned.json", "--resume", "run")
        self.assertIn("plugins.used.trick/swapped.sha256: ", error)


    def test_what_a_refused_resumption_advises_works_and_leaves_the_checkpoints_whole(self):
        file = self.put("swapped_good")
        self.write(self.recipe(pin={"swapped": sha256(file)}))
        self.succeed("train", "recipe.json", "--run-dir", "run", "--quiet")
        self.put("swapped_evil")
        (checkpoint, *_) = checkpoints(self.folder / "run")
        run = (self.folder / "run").resolve()
        error = self.fail_with(PLUGIN, "train", "--resume", "run")
        self.assertIn("run: knack plugins lock RECIPE, where RECIPE is the original recipe of the run or a copy of "
                      f"{run}/recipe.json, which stays as it is; then: knack train RECIPE --resume {run} "
                      "--allow-change plugins.used\n", error)
        for recipe in ("run/recipe.json", checkpoint / "recipe.json", "run/checkpoints/last/recipe.json"):
            error = self.fail_with(USAGE, "plugins", "lock", recipe)
            self.assertIn(f"{recipe}: expected a recipe of yours, found what {run} wrote down; lock", error)
        self.assertFalse(self.was_marked())
        shutil.copy(run / "recipe.json", self.folder / "copy.json")
        for recipe in ("recipe.json", "copy.json"):
            self.succeed("plugins", "lock", recipe)
            self.succeed("train", recipe, "--resume", run, "--allow-change", "plugins.used")
            self.assertTrue(all(is_whole(each) for each in checkpoints(run)))
        self.succeed("eval", "run")

    def test_validate_keeps_to_the_pins_of_the_recipe(self):
        file = self.put("swapped_evil")
        for pin, refused in ((64 * "0", True), (sha256(file)[7:], False)):
            self.write(self.recipe(pin={"swapped": "sha256:" + pin}))
            code, output, error = self.run_knack("plugins", "validate", file, "--recipe", "recipe.json", "--level", 2)
            self.assertEqual(f": sha256: expected {pin}" in error, refused, output + error)
            self.assertEqual(code == USAGE, refused, output + error)
            self.assertEqual(self.was_marked(), not refused)


class Lock(TrustCase):
    def setUp(self):
        super().setUp()
        self.put("swapped_evil")  # nothing here may load it

    def tearDown(self):
        self.assertFalse(self.was_marked())

    def lock(self, text, name="recipe.json"):
        """The text that `knack plugins lock` makes of a recipe's, bytes for bytes."""
        (self.folder / name).write_bytes(text.encode())
        self.fail_with(PLUGIN, "plugins", "lock", name, "--check")
        self.assertEqual((self.folder / name).read_bytes(), text.encode())
        self.succeed("plugins", "lock", name)
        locked = (self.folder / name).read_bytes()
        self.succeed("plugins", "lock", name, "--check")
        stamp = (self.folder / name).stat()
        self.succeed("plugins", "lock", name)
        self.assertEqual((self.folder / name).stat().st_ino, stamp.st_ino, "written again without need")
        return locked.decode()

    def members(self, indentation, line_end="\n"):
        """The pins as they are to be written."""
        files = {"swapped": self.plugins / "swapped.so"}
        installed = Path(KNACK).resolve().parent.parent / "lib" / "knack" / "plugins"
        lines = [f'{indentation}"{id}": "{sha256(files.get(id, installed / f"{id}.so"))}"' for id in USED]
        return f",{line_end}".join(lines)

    def test_gives_a_command_that_a_shell_reads_as_meant(self):
        (self.folder / "my recipe.json").write_text(json.dumps(self.recipe()))
        error = self.fail_with(PLUGIN, "plugins", "lock", "my recipe.json", "--check")
        self.assertIn("run: knack plugins lock 'my recipe.json'", error)

    def test_writes_pins_and_keeps_everything_else(self):
        sections = json.dumps({**self.recipe(), "plugins": None}, indent=2)
        head = "// of mine: { \"plugins\": 1 }\n" + sections[: sections.index('"plugins"')]
        text = head + f'"plugins": {{ /* }} */\n    "path": ["{self.plugins}"] // where\n  }}\n}}'
        self.assertEqual(
            self.lock(text),
            head + f'"plugins": {{ /* }} */\n    "path": ["{self.plugins}"], // where\n    "pin": {{\n'
            f'{self.members("      ")}\n    }}\n  }}\n}}',
        )

    def test_makes_the_section_where_there_is_none(self):
        recipe = self.recipe()
        recipe.pop("plugins")
        text = json.dumps(recipe, indent=4).replace("\n", "\r\n") + "\r\n"
        os.rename(self.plugins, self.folder / ".local-plugins")
        self.plugins = self.folder / ".local" / "share" / "knack" / "plugins"
        self.plugins.parent.mkdir(parents=True)
        os.rename(self.folder / ".local-plugins", self.plugins)
        pins = self.members("            ", "\r\n")
        self.assertEqual(
            self.lock(text),
            text[: text.rindex("\r\n}")]
            + f',\r\n    "plugins": {{\r\n        "pin": {{\r\n{pins}\r\n        }}\r\n    }}\r\n}}\r\n',
        )

    def test_fills_an_empty_object_and_keeps_to_one_line(self):
        text = json.dumps(self.recipe(pin={}))
        locked = self.lock(text)
        self.assertNotIn("\n", locked)
        self.assertEqual(list(json.loads(locked)["plugins"]["pin"]), USED)
        self.assertEqual({**json.loads(locked), "plugins": None}, {**json.loads(text), "plugins": None})

    def test_renews_pins_under_the_keys_they_have(self):
        old = "sha256:" + 64 * "0"
        text = json.dumps(self.recipe(pin={"trick/swapped": old, "sgd": old}), indent=2)
        locked = self.lock(text.replace('"sgd"', '/* reviewed */ "sgd"'))
        pins = json.loads(locked.replace("/* reviewed */", ""))["plugins"]["pin"]
        self.assertEqual(list(pins), ["trick/swapped", "sgd", "mlp", "idx", "cross_entropy"])
        self.assertEqual(pins["trick/swapped"], sha256(self.plugins / "swapped.so"))
        self.assertIn('/* reviewed */ "sgd": "sha256:', locked)
        self.assertNotIn(old, locked)

    def test_names_what_is_out_of_date(self):
        self.write(self.recipe(pin={"swapped": "sha256:" + 64 * "0"}))
        error = self.fail_with(PLUGIN, "plugins", "lock", "recipe.json", "--check")
        self.assertEqual(
            error,
            "recipe.json: plugins.pin: expected the files that are installed, found mlp (missing), idx "
            "(missing), cross_entropy (missing), sgd (missing), swapped (another file); run: knack plugins lock "
            "recipe.json\n",
        )

    def test_writes_into_the_file_it_is_given_what_those_it_extends_do_not_have(self):
        base = self.recipe(pin={"swapped": sha256(self.plugins / "swapped.so")})
        before = self.write(base, "base.json").read_bytes()
        locked = json.loads(self.lock('{"extends": "base.json"}'))
        self.assertEqual(set(locked["plugins"]["pin"]), set(USED) - {"swapped"})
        self.assertEqual((self.folder / "base.json").read_bytes(), before)
        (self.folder / "recipe.json").write_text('{"extends": "base.json", "plugins": {"pin": null}}')
        error = self.fail_with(RECIPE, "plugins", "lock", "recipe.json")
        self.assertIn("recipe.json:1:45: no pins can be written into `plugins.pin`: expected an object, found null", error)

    def test_keeps_the_mode_of_the_file_and_the_link_that_leads_to_it(self):
        real = self.write(self.recipe(), "real.json")
        real.chmod(0o640)
        (self.folder / "link.json").symlink_to("real.json")
        self.succeed("plugins", "lock", "link.json")
        self.assertTrue((self.folder / "link.json").is_symlink())
        self.assertEqual(stat.S_IMODE(real.stat().st_mode), 0o640)
        self.assertIn("pin", json.loads(real.read_text())["plugins"])

    def test_leaves_the_recipe_as_it_is_where_it_cannot_be_written(self):
        self.write(self.recipe())
        before = (self.folder / "recipe.json").read_bytes()
        for folder in (self.folder, self.plugins):
            folder.chmod(0o555)
        (self.plugins / "swapped.so").chmod(0o755)

        error = self.fail_with(DATA, "plugins", "lock", "recipe.json", before=become_nobody)
        self.assertIn("recipe.json: cannot create a file in its folder: Permission denied", error)
        self.folder.chmod(0o755)
        self.assertEqual((self.folder / "recipe.json").read_bytes(), before)
        self.assertEqual([path.name for path in self.folder.iterdir() if ".tmp" in path.name], [])

    def test_refuses_what_is_no_file_without_waiting(self):
        os.mkfifo(self.folder / "pipe.json")
        error = self.fail_with(USAGE, "plugins", "lock", "pipe.json")
        self.assertIn("pipe.json: expected a file to write pins into, found something else", error)
        self.assertIn("`pipe.json` is a special file", self.fail_with(RECIPE, "explain", "pipe.json"))

    def test_refuses_plugins_and_recipes_that_training_would_refuse(self):
        self.write({**self.recipe(), "trainer": {"epoch": 1}})
        self.assertIn("unknown key `epoch`", self.fail_with(RECIPE, "plugins", "lock", "recipe.json"))
        self.write({**self.recipe(), "tricks": [{"use": "swaped"}]})
        self.assertIn("there is no trick `swaped`", self.fail_with(PLUGIN, "plugins", "lock", "recipe.json"))
        self.write(self.recipe())
        (self.plugins / "swapped.so").chmod(0o666)
        self.assertIn(": mode: expected", self.fail_with(PLUGIN, "plugins", "lock", "recipe.json"))


if __name__ == "__main__":
    main()
