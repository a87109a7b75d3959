# SPDX-License-Identifier: MIT
"""What shells offer for a half-typed line, with the scripts of `knack completion`, in the shells themselves.

usage: completion_test.py KNACK [unittest arguments]
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from terminal import Terminal

KNACK = sys.argv.pop(1)
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
KINDS = {"trick", "model", "dataset", "objective", "optimizer"}
ALL_MATCHES = "\x14"  # the key, Ctrl-T, that puts every candidate into the line


def say(*arguments):
    return subprocess.run([KNACK, *arguments], check=True, capture_output=True, text=True).stdout


def listed(*command):
    """The commands that help shows."""
    text = say(*command, "--help").split("Subcommands:\n")[1].split("\n\n")[0]
    return {line.split()[0] for line in text.splitlines() if re.match(r"  \w", line)}


class Shell:
    """Tests that each shell passes; candidates(line) is its own."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.program):
            raise unittest.SkipTest(f"{cls.program} is not installed")
        folder = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(folder.cleanup)
        cls.home = Path(folder.name).resolve()
        cls.place = cls.home / "place"
        (cls.place / "runs/first/final").mkdir(parents=True)
        for name in ("recipe.json", "two words.json", "notes.txt", "runs/first/recipe.json"):
            (cls.place / name).write_text("{}")
        for name in ("live", "ema", "model"):
            (cls.place / f"runs/first/final/{name}.safetensors").write_text("")
        (cls.home / "bin").mkdir()
        (cls.home / "bin/knack").symlink_to(KNACK)
        cls.environment = {
            **{name: value for name, value in os.environ.items() if name != "KNACK_PLUGIN_PATH"},
            "HOME": str(cls.home),
            "XDG_DATA_HOME": str(cls.home / "share"),
            "PATH": f"{cls.home}/bin:{os.environ['PATH']}",
            "TERM": "vt100",
        }
        cls.install(say("completion", cls.program))

    def check(self, line, *expected):
        self.assertEqual({word.rstrip("/") for word in self.candidates(line)}, set(expected), line)

    def test_offers_commands(self):
        self.check("knack tr", "train")
        self.check("knack ", *listed())
        self.check("knack plugins ", *listed("plugins"))
        self.check("knack plugins ins", "inspect")

    def test_offers_options_of_the_command(self):
        self.check("knack train --run-d", "--run-dir")
        self.check("knack plugins inspect ema --ki", "--kind")
        self.check("knack --ver", "--version")
        self.check("knack eval --run-d")

    def test_offers_the_words_an_option_takes(self):
        self.check("knack train --color ", "auto", "always", "never")
        self.check("knack eval runs/first --split v", "valid")
        self.check("knack new --lang ", "c++", "c", "rust")
        self.check("knack new ", *KINDS)
        self.check("knack plugins inspect --kind o", "objective", "optimizer")

    def test_completes_the_value_after_an_equals_sign(self):
        self.check("knack train --color=al", "--color=always")
        self.check("knack train --set trainer.epochs=")
        self.check("knack train --set trainer.epochs=1 rec", "recipe.json")

    def test_offers_recipes_and_folders(self):
        self.check("knack train ", "recipe.json", "two words.json", "runs")
        self.check("knack train -q re", "recipe.json")
        self.check("knack plugins validate --junit n", "notes.txt")

    def test_offers_only_folders_for_a_folder(self):
        self.check("knack train --run-dir ", "runs")
        self.check("knack train recipe.json --run-dir runs/f", "runs/first")

    def test_offers_files_beside_words(self):
        self.check("knack train --resume ", "auto", "runs")

    def test_does_not_take_the_value_of_an_option_for_an_argument(self):
        self.check("knack train --run-dir eval --set plugins=1 r", "recipe.json", "runs")

    def test_asks_knack_for_plugins_and_weight_sets(self):
        self.check("knack plugins inspect em", "ema")
        self.check("knack plugins inspect resnet", *[name for name in self.ids() if name.startswith("resnet")])
        self.check("knack plugins validate ema no_", "no_weight_decay")
        self.check("knack eval runs/first --weights em", "ema")
        self.check("knack help E010", *[code for code in say("candidates", "CODE").split() if code[:4] == "E010"])

    def ids(self):
        return set(say("candidates", "ID").split())


class InATerminal(Shell):
    """A shell at a terminal, where a key puts all candidates into the line; a function then writes the line down."""

    def candidates(self, line):
        out = self.home / "out"
        out.unlink(missing_ok=True)
        ready = "ready" + ">"
        with Terminal(self.interactive(), cwd=self.place, env=self.environment) as terminal:
            terminal.send(self.begin(out) + f"PS1='rea''dy> '\n")
            terminal.wait_until(lambda: ready.encode() in terminal.output.replace(b"rea''dy> ", b""), "a prompt")
            terminal.send(line + ALL_MATCHES)
            terminal.send("\n")
            terminal.wait_until(lambda: out.exists() and out.read_text().endswith("\n\n"), "the line")
        words = out.read_text().rstrip("\n").split("\n")
        typed = shlex.split(line)[1:]
        found = words[len(typed) - (not line.endswith(" ")) :]
        return [word for word in found if line.endswith(" ") or word != typed[-1]]

    def begin(self, out):
        note = f"(printf '%s\\n' \"$@\" ''; echo) > {out}.new; mv {out}.new {out}"
        function = f'knack() {{ if [ "$1" = candidates ]; then command knack "$@"; else {note}; fi; }}'
        return f"{function}\n{self.settings}\n"


BASH_SETTINGS = "bind '\"\\C-t\": insert-completions'; bind 'set mark-directories on'; "


class Bash(InATerminal, unittest.TestCase):
    program = "bash"
    settings = BASH_SETTINGS + "source ~/knack.bash"

    @classmethod
    def install(cls, script):
        (cls.home / "knack.bash").write_text(script)

    def interactive(self):
        return ["bash", "--norc", "--noprofile", "-i"]


class BashCompletion(Bash):
    """Loaded by the package bash-completion when it is needed first."""

    settings = f"{BASH_SETTINGS}source {BASH_COMPLETION}"

    @classmethod
    def install(cls, script):
        if not BASH_COMPLETION.exists():
            raise unittest.SkipTest("bash-completion is not installed")
        folder = cls.home / "share/bash-completion/completions"
        folder.mkdir(parents=True)
        (folder / "knack").write_text(script)


ZSH_SETTINGS = (
    "autoload -Uz compinit; compinit -D -u; all-matches() { _main_complete; compstate[insert]=all }; "
    "zle -C all-matches complete-word all-matches; bindkey '^T' all-matches; unsetopt beep; "
)


class Zsh(InATerminal, unittest.TestCase):
    program = "zsh"
    settings = ZSH_SETTINGS + "source ~/knack.zsh"

    @classmethod
    def install(cls, script):
        (cls.home / "knack.zsh").write_text(script)

    def interactive(self):
        return ["zsh", "-f", "-i"]


class ZshFolder(Zsh):
    """Found in a folder of $fpath when it is needed first."""

    settings = "fpath=(~/functions $fpath); " + ZSH_SETTINGS

    @classmethod
    def install(cls, script):
        (cls.home / "functions").mkdir()
        (cls.home / "functions/_knack").write_text(script)


class Fish(Shell, unittest.TestCase):
    program = "fish"

    @classmethod
    def install(cls, script):
        folder = cls.home / ".config/fish/completions"
        folder.mkdir(parents=True)
        (folder / "knack.fish").write_text(script)

    def candidates(self, line):
        command = ["fish", "--command", f"complete --do-complete {shlex.quote(line)}"]
        output = subprocess.run(
            command, cwd=self.place, env=self.environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout
        return [candidate.split("\t")[0] for candidate in output.splitlines()]


class Scripts(unittest.TestCase):
    def test_say_how_to_install_them(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                comment = "\n".join(say("completion", shell).splitlines()[:4])
                self.assertIn("To use it: ", comment)
                self.assertIn(f"knack completion {shell}", say("completion", "--help"))

    def test_are_good_shell(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        check = subprocess.run(
            ["shellcheck", "--shell=bash", "-"], input=say("completion", "bash"), capture_output=True, text=True
        )
        self.assertEqual(check.stdout, "")

    def test_are_refused_for_an_unknown_shell(self):
        refused = subprocess.run([KNACK, "completion", "fishes"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("did you mean `fish`?", refused.stderr)
        self.assertEqual(refused.stdout, "")

    def test_are_made_from_what_help_shows(self):
        script = say("completion", "bash")
        for command in listed():
            text = re.split("\n\n(?:Example|Exit codes)", say(command, "--help"))[0]
            for option in re.findall(r"(?<=[ ,])--[a-z][-a-z]+", text):
                self.assertIn(option, script)

    def test_offer_no_hidden_command(self):
        self.assertNotIn("candidates'", say("completion", "fish"))
        refused = subprocess.run([KNACK, "candidates"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 2)


if __name__ == "__main__":
    unittest.main()
