#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which plugin files the finished `knack` trusts; see trust_case.py for what this needs."""

import os
import shutil
import subprocess
import sys
import time
import unittest

from runs import RECIPE, main
from trust_case import FIXTURES, NOBODY, PLUGIN, TrustCase, become_nobody, sha256


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

    def test_a_folder_that_all_can_write_to_and_that_holds_a_link(self):
        real = self.folder / "real"
        real.mkdir(mode=0o755)
        shutil.move(self.put("swapped_evil"), real)
        (self.plugins / "swapped.so").symlink_to("../real/swapped.so")
        self.plugins.chmod(0o1777)
        self.refuse_and_override(self.plugins, "mode: expected a path that no other user can write to, found mode 1777")

    def test_a_place_of_the_command_line_of_which_nothing_is_used_is_told(self):
        file = self.put("swapped_evil")
        file.chmod(0o646)
        self.write({**self.recipe(), "tricks": [], "plugins": {}})
        words = ("explain", "recipe.json", "--quiet", "--plugin-path", self.plugins)
        code, _, error = self.run_knack(*words)
        self.assertEqual(code, 0, error)
        self.assertIn(f"warning: --plugin-path {self.plugins}: nothing there is used; {file}: mode: expected", error)
        self.put("swapped_good", "good.so")
        self.assertEqual(self.run_knack(*words)[2], "")

    def test_one_of_another_name_is_told_with_a_plugin_that_is_missing(self):
        file = self.put("swapped_evil", "other.so")
        file.chmod(0o646)
        self.write(self.recipe())
        error = self.fail_with(PLUGIN, "explain", "recipe.json")
        self.assertIn("there is no trick `swapped`", error)
        self.assertIn(f"refused {file}: mode: expected a path that no other user can write to", error)

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
        file.rename(self.folder / "real.so")
        file.symlink_to("../real.so")
        self.folder.chmod(0o755)
        os.chown(file, NOBODY, -1, follow_symlinks=False)
        self.marker.unlink()
        self.refuse_and_override(file, "owner: expected root or user 0, found user 65534")
        os.chown(file, 0, 0, follow_symlinks=False)
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
