# SPDX-License-Identifier: MIT
"""Follows a page of docs/guide with the SDK installed: guides_test.py PAGE BUILD_FOLDER CMAKE"""
import os
import pathlib
import subprocess
import sys
import tempfile

from guide_page import PageError, follow


def environment(build, prefix, home):
    """A user's, who has knack and its SDK installed."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("KNACK_")}
    return known | {
        "PATH": f"{build}/bin:{os.environ['PATH']}",
        "CMAKE_PREFIX_PATH": str(prefix),
        "PKG_CONFIG_PATH": f"{prefix}/share/pkgconfig",
        "XDG_DATA_HOME": str(home),
        "NO_COLOR": "1",
    }


def main(page, build, cmake):
    with tempfile.TemporaryDirectory(prefix="knack-guide-") as folder:
        root = pathlib.Path(folder).resolve()
        prefix, work = root / "prefix", root / "work"
        work.mkdir()
        install = [cmake, "--install", build, "--prefix", str(prefix), "--component", "sdk"]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        try:
            follow(pathlib.Path(page).read_text(encoding="utf-8"), work, environment(build, prefix, root / "home"))
        except PageError as error:
            sys.exit(f"{page}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
