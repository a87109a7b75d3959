# SPDX-License-Identifier: MIT
"""`knack schema`: an independent validator says of a recipe by it what `knack explain` says.

usage: schema_test.py KNACK REPOSITORY PLUGINS [argument of unittest...]
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

KNACK, ROOT, PLUGINS = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
RECIPE, PLUGIN = 3, 4  # exit codes

try:
    import jsonschema
except ImportError:
    print("skipped: this Python has no jsonschema")
    sys.exit(77)

SMALL = {
    "name": "small",
    "model": {"use": "mlp", "in_features": 48, "hidden": [4]},
    "data": {
        "train": {"use": "synthetic", "samples": 8, "height": 4, "width": 4, "batch_size": 4, "workers": 0},
        "valid": {"use": "synthetic", "samples": 4, "height": 4, "width": 4},
    },
    "objective": {"use": "cross_entropy"},
    "optimizer": {"use": "sgd", "lr": 0.1},
    "trainer": {"epochs": 1, "device": "cpu"},
    "tricks": [{"use": "ema", "decay": 0.9}, {"use": "accumulate"}],
}
HOST_KEYS = {"use", "name", "weights", "batch_size", "shuffle", "drop_last", "workers"}
REMOVED = object()

# Changes of SMALL by path, and whether the result is a recipe.
CHANGES = [
    (True, {}),
    (True, {"$schema": "recipe.schema.json"}),
    (True, {"tricks": REMOVED, "trainer": REMOVED, "name": REMOVED}),
    (True, {"tricks": []}),
    (True, {"data.test": {"use": "synthetic", "samples": 4, "height": 4, "width": 4}}),
    (True, {"tricks.0.name": "slow", "tricks.1.name": "wide"}),
    (True, {"model.weights": None}),
    (True, {"optimizer": {"use": "adamw", "betas": [0.9, 0.99]}}),
    (True, {"checkpoint": {"every_steps": 5, "every_minutes": 0.5}}),
    (True, {"trainer.log_every_seconds": 0, "trainer.monitor": "loss", "trainer.mode": "min"}),
    (True, {"plugins": {"path": []}}),
    (False, {"model": REMOVED}),
    (False, {"data": REMOVED}),
    (False, {"data.valid": REMOVED}),
    (False, {"model.use": REMOVED}),
    (False, {"optimizer.use": "sdg"}),
    (False, {"tricks.0.use": "emma"}),
    (False, {"optimizer.use": "ema"}),  # of another kind
    (False, {"optimizer.learning_rate": 0.1}),
    (False, {"optimizer.lr": "fast"}),
    (False, {"optimizer.lr": -1}),
    (False, {"tricks.0.decay": 2}),
    (False, {"tricks.0.schedule": "linear"}),
    (False, {"tricks.0.batches": 2}),  # an option of the next trick
    (False, {"tricks.0.decay": None}),
    (False, {"tricks": {"use": "ema"}}),
    (False, {"tricks": None}),
    (False, {"tricks.0.name": "a/b"}),
    (False, {"trick": []}),
    (False, {"trainer.epoch": 2}),
    (False, {"trainer.epochs": 0}),
    (False, {"trainer.epochs": 1.5}),
    (False, {"trainer.epochs": "2"}),
    (False, {"trainer.epochs": True}),
    (False, {"trainer.device": "gpu"}),
    (False, {"trainer.threads": 1025}),
    (False, {"trainer": None}),
    (False, {"data.train.batch_size": 0}),
    (False, {"data.train.workers": 65}),
    (False, {"data.train.root": "."}),  # an option of another dataset
    (False, {"data.tset": {}}),
    (False, {"model.weights": ""}),
    (False, {"model.hidden": [0]}),
    (False, {"model.hidden": 4}),
    (False, {"name": "a b"}),
    (False, {"name": ""}),
    (False, {"plugins": {"pin": {"ema": "sha256:12"}}}),
    (False, {"plugins": {"pin": {"emma": "sha256:" + "0" * 64}}}),
    (False, {"checkpoint.keep": 0}),
]

# Recipes that extend SMALL.
EXTENSIONS = [
    (True, {}),
    (True, {"trainer": {"epochs": 2}}),
    (True, {"optimizer": {"lr": 0.2}}),
    (True, {"optimizer": {"use": "adamw", "lr": 0.001}}),
    (True, {"optimizer": {"lr": None}}),
    (True, {"tricks": None, "trainer": None, "name": None}),
    (True, {"tricks": [{"use": "ema"}]}),
    (True, {"data": {"train": {"batch_size": 2}, "test": None}}),
    (True, {"model": {"hidden": [2], "weights": None}}),
    (True, {"$schema": "x"}),
    (False, {"trainer": {"epoch": 2}}),
    (False, {"trainer": {"epochs": 0}}),
    (False, {"optimizer": {"lrr": 0.2}}),
    (False, {"optimizer": {"lr": "fast"}}),
    (False, {"optimizer": {"use": "adamw", "momentum": 0.9}}),
    (False, {"optimizer": {"use": "sdg"}}),
    (False, {"tricks": [{"decay": 0.5}]}),
    (False, {"tricks": [{"use": "ema", "decay": None}]}),
    (False, {"model": None}),
    (False, {"data": {"train": {"batch": 2}}}),
    (False, {"modle": {}}),
    (False, {"extends": 3}),
]


def changed(recipe, changes):
    recipe = copy.deepcopy(recipe)
    for path, value in changes.items():
        *parents, key = path.split(".")
        at = recipe
        for parent in parents:
            at = at[int(parent)] if isinstance(at, list) else at.setdefault(parent, {})
        if value is REMOVED:
            del at[key]
        else:
            at[key] = value
    return recipe


def without_comments(text):
    """JSON with // and /* */ comments as JSON."""
    pieces = re.findall(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|.', text, re.DOTALL)
    return "".join(piece for piece in pieces if not piece.startswith(("//", "/*")))


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="knack_")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name).resolve()
        cls.schema = json.loads(cls.knack("schema").stdout)
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    @classmethod
    def run_knack(cls, *words):
        environment = {"HOME": str(cls.folder), "CI": "1"}
        command = [KNACK, *map(str, words)]
        return subprocess.run(command, cwd=cls.folder, env=environment, capture_output=True, text=True, timeout=120)

    @classmethod
    def knack(cls, *words, code=0):
        done = cls.run_knack(*words)
        if done.returncode != code:
            raise AssertionError(f"{words}: {done.returncode}, not {code}: {done.stderr}")
        return done

    def write(self, recipe, name="recipe.json"):
        (self.folder / name).write_text(json.dumps(recipe))
        return self.folder / name

    def check(self, recipe, is_good):
        """By the schema, and by knack."""
        errors = [error.message for error in self.validator.iter_errors(recipe)]
        self.assertEqual(not errors, is_good, errors)
        done = self.run_knack("explain", self.write(recipe), "--quiet")
        self.assertIn(done.returncode, (0,) if is_good else (RECIPE, PLUGIN), done.stderr)

    def test_it_is_a_schema_of_draft_07(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "http://json-schema.org/draft-07/schema#")
        references = set(re.findall(r'"\$ref": "#/definitions/([^"]+)"', json.dumps(self.schema)))
        self.assertEqual(references, set(self.schema["definitions"]))

    def test_it_agrees_with_knack(self):
        for is_good, changes in CHANGES:
            with self.subTest(changes):
                self.check(changed(SMALL, changes), is_good)

    def test_it_agrees_about_recipes_that_extend_others(self):
        self.write(SMALL, "base.json")
        for is_good, recipe in EXTENSIONS:
            with self.subTest(recipe):
                self.check({"extends": "base.json", **recipe}, is_good)

    def known(self, kind):
        return self.schema["definitions"][kind]["properties"]["use"]["enum"]

    def with_installed_plugins(self, recipe):
        """The recipe with a plugin that is installed in place of each that is not, without its options."""

        def section(kind, stand_in, given):
            if "use" not in given or given["use"] in self.known(kind):
                return given
            return {key: value for key, value in given.items() if key in HOST_KEYS} | {"use": stand_in}

        recipe = copy.deepcopy(recipe)
        recipe["name"] = recipe.get("name", "run").replace("@NAME@", "own")
        for kind, stand_in in (("model", "mlp"), ("objective", "cross_entropy"), ("optimizer", "sgd")):
            if kind in recipe:
                recipe[kind] = section(kind, stand_in, recipe[kind])
        for split, given in recipe.get("data", {}).items():
            recipe["data"][split] = section("dataset", "synthetic", given)
        if recipe.get("tricks"):
            recipe["tricks"] = [section("trick", "ema", trick) for trick in recipe["tricks"]]
        return recipe

    def test_the_recipes_of_the_repository_fit(self):
        texts = {}
        for folder in ("configs", "docs", "sdk/template"):
            texts.update({str(file): file.read_text() for file in (ROOT / folder).rglob("*.json")})
        pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for file in (page for page in pages if not {"errors", "errors.md"} & set(page.parts)):  # those are wrong
            blocks = re.findall(r"^```json\n(.*?)^```$", file.read_text(), re.DOTALL | re.MULTILINE)
            texts.update({f"{file}, block {number}": text for number, text in enumerate(blocks)})
        checked = 0
        for name, text in texts.items():
            try:
                recipe = json.loads(without_comments(text))
            except ValueError:
                continue  # a part of one, which the tests of the pages look at
            keys = set(recipe) if isinstance(recipe, dict) else set()
            if not {"model", "data", "optimizer"} <= keys and "extends" not in keys:
                continue
            checked += 1
            with self.subTest(name):
                self.validator.validate(self.with_installed_plugins(recipe))
        self.assertGreaterEqual(checked, 20)

    def test_a_resolved_recipe_fits(self):
        self.knack("train", self.write(SMALL), "--run-dir", "run", "--quiet")
        self.validator.validate(json.loads((self.folder / "run" / "recipe.json").read_text()))

    def test_schema_key_is_kept_out_of_the_resolved_recipe(self):
        self.write({**SMALL, "$schema": "base.schema.json"}, "base.json")
        self.knack("train", self.write({"extends": "base.json", "$schema": "x"}), "--run-dir", "keyed", "--quiet")
        self.assertNotIn("$schema", json.loads((self.folder / "keyed" / "recipe.json").read_text()))

    def test_it_tells_what_keys_are_for(self):
        decay = self.schema["definitions"]["trick.ema"]["properties"]["decay"]
        self.assertEqual((decay["type"], decay["default"]), ("number", 0.9999))
        self.assertIn("average", decay["description"])
        use = self.schema["definitions"]["trick"]["properties"]["use"]
        self.assertEqual(len(use["enum"]), len(use["enumDescriptions"]))
        self.assertIn("Exponential moving average", use["enumDescriptions"][use["enum"].index("ema")])
        for section in ("trainer", "checkpoint"):
            for name, key in self.schema["definitions"]["recipe"]["properties"][section]["properties"].items():
                self.assertTrue(key.get("description"), name)
                self.assertIn("default", key, name)

    def test_other_plugins_are_in_it(self):
        recipe = {**SMALL, "tricks": [{"use": "raises"}], "plugins": {"path": [PLUGINS]}}
        self.assertFalse(self.validator.is_valid(recipe))
        for words in (("--plugin-path", PLUGINS), (self.write(recipe),)):
            schema = json.loads(self.knack("schema", *words).stdout)
            jsonschema.Draft7Validator.check_schema(schema)
            validator = jsonschema.Draft7Validator(schema)
            validator.validate(recipe)
            self.assertFalse(validator.is_valid({**recipe, "tricks": [{"use": "raises", "high": 1}]}))

    def test_a_file_gets_it_whole(self):
        done = self.knack("schema", "--to", "recipe.schema.json")
        self.assertEqual(done.stdout, "")
        self.assertEqual(json.loads((self.folder / "recipe.schema.json").read_text()), self.schema)
        self.knack("schema", "--to", "absent/recipe.schema.json", code=5)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
