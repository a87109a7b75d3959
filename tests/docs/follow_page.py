# SPDX-License-Identifier: MIT
"""Follows a page of the documentation, with knack and its SDK installed, in a folder as the repository's root is.

usage: follow_page.py PAGE REPOSITORY BUILD_FOLDER CMAKE [--keep FOLDER] [--after FOLDER]

--keep leaves what the page makes in FOLDER, and --after begins with what another page left there.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from page import PageError, Reader


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


@contextlib.contextmanager
def folder_to_keep(path):
    path = pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    yield path


def main():
    arguments = argparse.ArgumentParser()
    for name in ("page", "repository", "build", "cmake"):
        arguments.add_argument(name)
    arguments.add_argument("--keep")
    arguments.add_argument("--after")
    given = arguments.parse_args()
    kept = folder_to_keep(given.keep) if given.keep else tempfile.TemporaryDirectory(prefix="knack-page-")
    with kept as folder:
        root = pathlib.Path(folder).resolve()
        prefix, work = root / "prefix", root / "work"
        if given.after:
            shutil.copytree(pathlib.Path(given.after, "work"), work, symlinks=True)
        else:
            for name in ("configs", "scripts"):
                shutil.copytree(pathlib.Path(given.repository, name), work / name)
        install = [given.cmake, "--install", given.build, "--prefix", str(prefix), "--component", "sdk"]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        reader = Reader(work, environment(given.build, prefix, root / "home"), given.repository)
        try:
            reader.follow(pathlib.Path(given.page).read_text(encoding="utf-8"))
        except PageError as error:
            sys.exit(f"{given.page}: {error}")


if __name__ == "__main__":
    main()
