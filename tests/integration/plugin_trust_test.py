#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which plugin files the finished `knack` trusts, and pins in recipes.

The environment variable KNACK_PLUGIN_FIXTURES names the folder of the plugins of tests/fixtures/plugins.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
import unittest
from pathlib import Path

from runs import KNACK, RECIPE, Case, main, small_recipe

FIXTURES = Path(os.environ["KNACK_PLUGIN_FIXTURES"])
PLUGIN, DATA = 4, 5
NOBODY = 65534
USED = ["mlp", "idx", "cross_entropy", "sgd", "swapped"]  # in the order in which they are written


def become_nobody():
    """In a new process: root could write and read everything."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def sha256(file):
    return "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


class TrustCase(Case):
    def setUp(self):
        super().setUp()
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir(mode=0o755)
        self.marker = self.folder / "marker"

    def put(self, fixture, name="swapped.so"):
        """A copy of swapped_good or swapped_evil, whose evil sets the marker when it is loaded."""
        shutil.copy(FIXTURES / fixture / f"{fixture}.so", self.plugins / name)
        return self.plugins / name

    def recipe(self, **plugins):
        recipe = small_recipe([{"use": "swapped"}])
        recipe["tricks"].pop()
        recipe["trainer"]["epochs"] = 1
        return {**recipe, "plugins": {"path": [str(self.plugins)], **plugins}}

    def run_knack(self, *words, before=None):
        """Exit status, standard output and standard error of a `knack` that can set the marker."""
        environment = {"HOME": str(self.folder), "CI": "1", "KNACK_TEST_MARKER": str(self.marker)}
        done = subprocess.run(
            [KNACK, *map(str, words)], cwd=self.folder, env=environment, preexec_fn=before, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        return done.returncode, done.stdout, done.stderr

    def succeed(self, *words):
        code, output, error = self.run_knack(*words)
        self.assertEqual(code, 0, error)
        return output

    def fail_with(self, expected, *words, before=None):
        code, output, error = self.run_knack(*words, before=before)
        self.assertEqual(code, expected, output + error)
        return error

    def was_marked(self):
        return self.marker.exists()


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
                f"recipe.json:{line}:{column}: error: {file}: sha256: expected {expected[7:]}, to which `swapped` is "
                f"pinned, found {sha256(file)[7:]}; find out why it is another file; if it is a good one, run: "
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
            ({"swaped": pin}, "found `swaped`, which would protect nothing; did you mean `swapped`?"),
            ({"model/swapped": pin}, "found `model/swapped`, which would protect nothing"),
            ({"swapped": 64 * "0"}, "plugins.pin.swapped: expected a string matching `^sha256:[0-9a-f]{64}$`"),
            ({"swapped": pin.replace("0", "A")}, "plugins.pin.swapped: expected a string matching"),
            (["swapped"], "plugins.pin: expected an object, found a list of 1"),
        ):
            text = json.dumps(self.recipe(pin=pins), indent=2)
            (self.folder / "recipe.json").write_text(text)
            error = self.fail_with(RECIPE, "explain", "recipe.json")
            self.assertRegex(error, r"^recipe\.json:\d+:\d+: error: plugins\.pin")
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
            "error: recipe.json: plugins.pin: expected the files that are installed, found mlp (missing), idx "
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
        self.assertIn("recipe.json:1:45: error: plugins.pin: expected an object to write pins into, found null", error)

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

    def test_refuses_plugins_and_recipes_that_training_would_refuse(self):
        self.write({**self.recipe(), "trainer": {"epoch": 1}})
        self.assertIn("unknown key `epoch`", self.fail_with(RECIPE, "plugins", "lock", "recipe.json"))
        self.write({**self.recipe(), "tricks": [{"use": "swaped"}]})
        self.assertIn("trick swaped: expected", self.fail_with(PLUGIN, "plugins", "lock", "recipe.json"))
        self.write(self.recipe())
        (self.plugins / "swapped.so").chmod(0o666)
        self.assertIn(": mode: expected", self.fail_with(PLUGIN, "plugins", "lock", "recipe.json"))


class PermissionCase(TrustCase):
    def refuse_and_override(self, path, found):
        """Every command refuses the plugin, names the override, and takes it with that and a warning."""
        file = self.plugins / "swapped.so"
        self.write(self.recipe())
        reason = f"{path}: {found}"
        for words in (["explain", "recipe.json"], ["train", "recipe.json"], ["plugins", "inspect", file]):
            error = self.fail_with(PLUGIN, *words)
            self.assertIn(reason, error)
            self.assertIn("or, to use it as it is, give --trust-writable-plugins", error)
        self.assertFalse(self.was_marked())
        self.assertIn(f"refused:\n  {reason}", self.succeed("plugins", "list", "--plugin-path", self.plugins))

        code, _, error = self.run_knack("explain", "recipe.json", "--trust-writable-plugins", "--quiet")
        self.assertEqual(code, 0, error)
        self.assertEqual(error.count("warning: "), 1)
        self.assertIn(f"warning: {reason}", error)
        self.assertIn("; used nevertheless, because of --trust-writable-plugins\n", error)
        self.assertTrue(self.was_marked())


class Permissions(PermissionCase):
    def test_a_file_that_all_can_write_to(self):
        self.put("swapped_evil").chmod(0o646)
        self.refuse_and_override(self.plugins / "swapped.so", "mode: expected a path that no other user can write to")

    def test_a_folder_that_all_can_write_to(self):
        self.put("swapped_evil")
        self.plugins.chmod(0o1777)
        self.refuse_and_override(self.plugins, "mode: expected a path that no other user can write to, found mode 1777")

    def test_no_recipe_can_say_it(self):
        self.put("swapped_evil").chmod(0o646)
        for key in ("trust_writable_plugins", "trust_writable", "trust-writable-plugins"):
            self.write(self.recipe(**{key: True}))
            self.assertIn(f"unknown key `{key}`", self.fail_with(RECIPE, "explain", "recipe.json"))
        self.assertFalse(self.was_marked())


@unittest.skipIf(os.geteuid() != 0, "only root can give files away")
class Ownership(PermissionCase):
    def test_a_file_and_a_folder_of_another_user_or_group(self):
        file = self.put("swapped_evil")
        os.chown(file, NOBODY, -1)
        self.refuse_and_override(file, "owner: expected root or user 0, found user 65534")
        os.chown(file, 0, NOBODY)
        file.chmod(0o664)
        self.marker.unlink()
        self.refuse_and_override(file, "mode: expected a path that no other user can write to, found mode 0664")
        file.chmod(0o644)
        os.chown(self.plugins, NOBODY, -1)
        self.marker.unlink()
        self.refuse_and_override(self.plugins, "owner: expected root or user 0, found user 65534")


class Listing(TrustCase):
    def test_shows_every_kind_of_failure_and_does_not_wait(self):
        good = self.put("swapped_good")
        (self.plugins / "text.so").write_text("no library\n" * 10)
        (self.plugins / "empty.so").touch()
        (self.plugins / "cut.so").write_bytes(good.read_bytes()[:3000])
        (self.plugins / "nowhere.so").symlink_to("none.so")
        (self.plugins / "loop.so").symlink_to("loop.so")
        (self.plugins / "folder.so").mkdir()
        (self.plugins / "device.so").symlink_to("/dev/null")
        (self.plugins / "new\nline.so").write_text("")
        os.mkfifo(self.plugins / "pipe.so")
        start = time.monotonic()
        output = self.succeed("plugins", "list", "--plugin-path", self.plugins)
        self.assertLess(time.monotonic() - start, 30)
        listed, refused = output.split("\nrefused:\n")
        self.assertIn(" swapped ", listed)
        for name, reason in (
            ("text.so", "file: expected an ELF shared object, found another kind of file"),
            ("empty.so", "ELF header: expected at least 64 bytes, found 0 bytes"),
            ("cut.so", "ELF "),
            ("nowhere.so", "file: expected a readable shared object, found No such file or directory"),
            ("loop.so", "file: expected a readable shared object, found Too many levels of symbolic links"),
            ("folder.so", "file: expected a regular file, found a folder"),
            ("new?line.so", "ELF header: "),
            ("pipe.so", "file: expected a regular file, found a special file"),
        ):
            self.assertRegex(refused, f"(?m)^  {self.plugins}/{name.replace('?', '[?]')}: {reason}")
        self.assertIn("  /dev/null: file: expected a regular file, found a special file", refused)
        self.assertEqual(len(refused.splitlines()), 9)

    def test_shows_a_file_that_cannot_be_read(self):
        self.put("swapped_good").chmod(0o000)
        self.folder.chmod(0o755)

        code, output, _ = self.run_knack("plugins", "list", "--plugin-path", self.plugins, before=become_nobody)
        self.assertEqual(code, 0)
        self.assertIn("swapped.so: file: expected a readable shared object, found Permission denied", output)

    def test_what_the_recipe_does_not_use_is_never_loaded(self):
        self.put("swapped_evil")
        self.write({**self.recipe(), "tricks": []})
        self.assertIn(" swapped ", self.succeed("plugins", "list", "--plugin-path", self.plugins))
        self.succeed("plugins", "inspect", "sgd", "--plugin-path", self.plugins)
        self.succeed("explain", "recipe.json")
        self.succeed("train", "recipe.json", "--quiet")
        self.assertFalse(self.was_marked())
        self.write(self.recipe())
        self.succeed("explain", "recipe.json")
        self.assertTrue(self.was_marked(), "or the test would prove nothing")


class Race(TrustCase):
    SECONDS = 8

    def test_a_link_that_is_swapped_all_the_time_never_loads_what_is_not_pinned(self):
        place = self.plugins / "swapped.so"
        files = [FIXTURES / name / f"{name}.so" for name in ("swapped_good", "swapped_evil")]
        script = (
            "import itertools, os, sys\n"
            "place, *files = sys.argv[1:]\n"
            "for file in itertools.cycle(files):\n"
            "    os.symlink(file, place + '.next')\n"
            "    os.rename(place + '.next', place)\n"
        )
        swapper = subprocess.Popen([sys.executable, "-c", script, str(place), *map(str, files)])
        self.addCleanup(swapper.wait)
        self.addCleanup(swapper.kill)
        while not place.exists():
            time.sleep(0.01)
        self.write(self.recipe(pin={"swapped": sha256(files[0])}))
        codes = []
        end = time.monotonic() + self.SECONDS
        while time.monotonic() < end:
            codes.append(self.run_knack("explain", "recipe.json")[0])
        self.assertFalse(self.was_marked(), "code of the evil plugin has run")
        self.assertEqual(set(codes), {0, PLUGIN})
        self.assertIsNone(swapper.poll())


if __name__ == "__main__":
    main()
