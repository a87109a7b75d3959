#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the reference: of the SDK, from its headers, of each plugin, from the plugin itself, and of the command line.

usage: generate.py KNACK FOLDER

KNACK is the program that is described, with its plugins; FOLDER gets api/ (HTML), xml/ (the same for tools),
plugins/<kind>.md and command_line.md. Exits with 1 when Doxygen finds a mistake in a comment.
"""
import json
import os
import pathlib
import subprocess
import sys

import command_line

HERE = pathlib.Path(__file__).resolve().parent
# Of the source tree, or of the installation: <prefix>/share/doc/knack-sdk/reference is this folder then.
SOURCE_INCLUDE = HERE.parents[1] / "sdk" / "include"
INCLUDE = SOURCE_INCLUDE if SOURCE_INCLUDE.is_dir() else HERE.parents[3] / "include"
KINDS = ["trick", "model", "dataset", "objective", "optimizer"]


def knack_json(knack, *words):
    """The plugins of what `knack plugins ... --json` prints."""
    printed = subprocess.run([knack, "plugins", *words, "--json"], check=True, capture_output=True, text=True)
    return json.loads(printed.stdout)["plugins"]


def code(value):
    return f"`{json.dumps(value)}`"


def type_of(option):
    if "enum" in option:
        return " \\| ".join(code(value) for value in option["enum"])
    kind = option.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array" and "type" in option.get("items", {}):
        return f"list of {option['items']['type']}"
    return kind


def range_of(option):
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return ", ".join(f"{sign} {option[key]}" for key, sign in signs.items() if key in option)


def plugin_section(plugin):
    """One plugin in Markdown."""
    facts = [f"version {plugin['version']}", f"tier `{plugin['tier']}`", f"needs ABI {plugin['abi']}"]
    facts += [f"acts {word} " + ", ".join(f"`{id}`" for id in plugin[word]) for word in ("before", "after") if plugin[word]]
    lines = [f"## {plugin['id']}", "", plugin["summary"] + ".", "", "; ".join(facts) + ".", ""]
    options = plugin["options"].get("properties", {})
    if not options:
        return lines + ["No options.", ""]
    lines += ["| option | default | type | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, option in options.items():
        default = code(option["default"]) if "default" in option else "required"
        meaning = option.get("description", "")
        lines.append(f"| `{name}` | {default} | {type_of(option)} | {range_of(option)} | {meaning} |")
    return lines + [""]


def write_plugins(knack, folder):
    folder.mkdir(parents=True, exist_ok=True)
    listed = knack_json(knack, "list")
    for kind in KINDS:
        lines = [f"# Kind `{kind}`", ""]
        for each in sorted((one for one in listed if one["kind"] == kind), key=lambda one: one["id"]):
            (plugin,) = knack_json(knack, "inspect", each["id"], "--kind", kind)
            lines += plugin_section(plugin)
        (folder / f"{kind}.md").write_text("\n".join(lines), encoding="utf-8")


def write_pages(knack, folder):
    """All that is written in Markdown."""
    write_plugins(knack, folder / "plugins")
    (folder / "command_line.md").write_text(command_line.page(knack), encoding="utf-8")


def write_api(folder):
    """Runs Doxygen; returns its warnings."""
    settings = (HERE / "Doxyfile").read_text(encoding="utf-8")
    settings += f'INPUT = "{INCLUDE}/knack"\nOUTPUT_DIRECTORY = "{folder}"\n'
    environment = {
        **os.environ,
        "KNACK_PYTHON": sys.executable,
        "KNACK_COMMENT_FILTER": str(HERE / "comments.py"),
        "KNACK_INCLUDE": str(INCLUDE),
    }
    result = subprocess.run(["doxygen", "-"], input=settings, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr or "doxygen failed")
    return result.stderr


def main(knack, folder):
    folder = pathlib.Path(folder).resolve()
    write_pages(knack, folder)
    warnings = write_api(folder)
    if warnings:
        sys.exit(warnings)


if __name__ == "__main__":
    main(*sys.argv[1:])
