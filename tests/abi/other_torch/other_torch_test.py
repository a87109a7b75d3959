# SPDX-License-Identifier: MIT
"""Two hosts, built with two releases of LibTorch, train with the very same plugin files, whichever of them those saw.

Only the model, which is of tier torch-cxx, is the host's own; that of the other one must be refused.

usage: other_torch_test.py CXX BUILD_FOLDER=TORCH_HEADERS OTHER_BUILD_FOLDER=TORCH_HEADERS
"""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

CXX = sys.argv[1]
HEADERS = {build: headers for build, headers in (map(pathlib.Path, word.split("=")) for word in sys.argv[2:4])}
BUILDS = list(HEADERS)
ABI_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ABI_TESTS), str(ABI_TESTS / "other_compilers")]

from ema_plugins import FLAVOURS, build  # noqa: E402  (needs the path above)
from plugin_file import manifest, tier  # noqa: E402
from training import Run, relative_difference, small_recipe  # noqa: E402

PLUGINS = "lib/knack/plugins"
TIER_C = ["synthetic", "cross_entropy", "sgd", "ema"]
STABLE = "gxx_torch_stable"
RECIPE = small_recipe([{"use": "ema", "decay": 0.9, "schedule": "constant"}, FLAVOURS[STABLE].recipe(STABLE, 0.9)])


class Installation:
    """The program of one build with plugins of another, in a folder of its own."""

    def __init__(self, host, plugins, model=None):
        self.host = host
        prefix = pathlib.Path(tempfile.mkdtemp(dir=OtherTorch.folder))
        self.knack, self.plugins = prefix / "bin/knack", prefix / PLUGINS
        self.plugins.mkdir(parents=True)
        self.knack.parent.mkdir()
        shutil.copy2(host / "bin/knack", self.knack)
        for name in TIER_C:
            shutil.copy2(plugins / PLUGINS / f"{name}.so", self.plugins)
        shutil.copy2((model or host) / PLUGINS / "mlp.so", self.plugins)
        shutil.copy2(self.stable_plugin(plugins), self.plugins)

    @staticmethod
    def stable_plugin(plugins):
        """The file built with the headers of the LibTorch of that build; each is made once."""
        folder = pathlib.Path(OtherTorch.folder, str(BUILDS.index(plugins)))
        if not folder.exists():
            folder.mkdir()
            build(STABLE, {"g++": CXX, "torch": HEADERS[plugins]}, folder)
        return folder / f"{STABLE}.so"

    def train(self):
        # The program no longer stands where its LibTorch was to be found from.
        libraries = {**os.environ, "LD_LIBRARY_PATH": str(HEADERS[self.host].parent / "lib")}
        return Run(self.knack, RECIPE, self.plugins, libraries).sets


class OtherTorch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def test_the_two_have_other_releases_of_libtorch(self):
        first, second = (manifest(build / PLUGINS / "mlp.so")["torch"]["version"] for build in BUILDS)
        self.assertNotEqual(first, second)

    def test_the_plugins_are_of_the_tiers_that_promise_it(self):
        for build in BUILDS:
            plugins = Installation(build, build).plugins
            tiers = {path.stem: tier(path) for path in plugins.iterdir()}
            self.assertEqual(tiers, {**dict.fromkeys(TIER_C, "c"), "mlp": "torch-cxx", STABLE: "torch-stable"})

    def test_the_same_files_train_in_both(self):
        # By host, then by the build that the plugins are of.
        sets = [[Installation(host, plugins).train() for plugins in BUILDS] for host in BUILDS]
        for of_host in sets:
            self.assertEqual(of_host[0], of_host[1])
            self.assertEqual(of_host[0][STABLE], of_host[0]["ema"])
        for name, weights in sets[0][0].items():
            # Two releases may sum in another order.
            self.assertLess(relative_difference(sets[1][0][name], weights), 1e-4, name)

    def test_a_plugin_of_tier_torch_cxx_is_refused_by_the_other(self):
        for host, other in (BUILDS, BUILDS[::-1]):
            with self.assertRaisesRegex(AssertionError, r"mlp\.so: manifest\.torch: expected version"):
                Installation(host, host, model=other).train()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
