# SPDX-License-Identifier: MIT
"""Makes the pictures of the documentation: trains handwritten digits and photographs the pages.

usage: report_pictures.py KNACK FOLDER
Writes report.png, of configs/digits.json, and compare.png, of it with and without EMA, to FOLDER. Takes some minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import browser

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 1100
SHORTER = ["--set", "trainer.epochs=10", "--set", "tricks[precise_bn]=null", "--set", "tricks[weight_average]=null"]


def main(knack, folder):
    def run(*arguments):
        subprocess.run([knack, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as temporary:
        runs = Path(temporary) / "digits"
        recipe = ROOT / "configs" / "digits.json"
        run("train", recipe, "--run-dir", runs / "five-tricks", "--quiet")
        for seed in (1, 2, 3):
            common = ["--quiet", "--set", f"trainer.seed={seed}", *SHORTER]
            run("train", recipe, "--run-dir", runs / f"with-{seed}", *common)
            run("train", recipe, "--run-dir", runs / f"without-{seed}", "--set", "tricks[ema]=null", *common)
        compared = [runs / f"{name}-{seed}" for name in ("with", "without") for seed in (1, 2, 3)]
        run("compare", *compared, "--to", runs / "compare.html")
        chromium = browser.Browser(width=WIDTH)
        try:
            chromium.resize(WIDTH)
            for page, picture, height in ((runs / "five-tricks" / "report.html", "report.png", 1560),
                                          (runs / "compare.html", "compare.png", 1285)):
                chromium.open(page)
                (folder / picture).write_bytes(chromium.picture(WIDTH, height))
        finally:
            chromium.quit()


if __name__ == "__main__":
    browser.require()
    main(sys.argv[1], Path(sys.argv[2]))
