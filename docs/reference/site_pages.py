# SPDX-License-Identifier: MIT
"""Pages of the site that list others: plugins, and the headers of the SDK."""
import shutil

import generate


def plugins(knack, pages):
    """Every plugin with its summary; `pages` are those that the site has beside the generated ones, by their path."""
    lines = ["# Plugins and their options", "", "Those that come with knack. `knack plugins list` shows yours too.", ""]
    listed = generate.knack_json(knack, "list")
    for kind in generate.KINDS:
        lines += [f"## {kind.capitalize()}s", "", "| id | what | more |", "| --- | --- | --- |"]
        for each in sorted((one for one in listed if one["kind"] == kind), key=lambda one: one["id"]):
            more = f"{kind}s/{each['id']}.md"
            link = f"[page](../{more})" if f"reference/{more}" in pages else ""
            lines.append(f"| [`{each['id']}`]({kind}.md#{each['id']}) | {each['summary']} | {link} |")
        lines.append("")
    return "\n".join(lines)


def headers():
    """Where the reference of the SDK's headers is, if Doxygen was there to make it."""
    text = "# Headers\n\nThe reference of the C ABI and of the C++ headers over it, from their own comments.\n\n"
    if shutil.which("doxygen"):
        return text + "[Files, classes and functions](api/index.html)\n"
    return text + "It was left out here: Doxygen, which makes it, was not installed when this site was built.\n"


def write(knack, folder, pages):
    """Into `folder`, the site's reference/."""
    (folder / "plugins/index.md").write_text(plugins(knack, pages), encoding="utf-8")
    (folder / "headers.md").write_text(headers(), encoding="utf-8")
