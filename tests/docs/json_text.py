# SPDX-License-Identifier: MIT
"""JSON as the documentation shows it: with comments, and in parts."""
import json
import re

COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def parse(text):
    """A document with `//` and `/* */` comments. ValueError if it is none."""
    return json.loads(COMMENT.sub(lambda match: match.group(1) or " ", text))


def documents(text):
    """The documents in a block: one, the members of one without its braces, or one a line. ValueError otherwise."""
    for candidate in (text, "{" + text.rstrip().removesuffix(",") + "}"):
        try:
            return [parse(candidate)]
        except ValueError:
            pass
    try:
        return [parse(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        parse(text)  # its message is about the whole
        raise


def type_of(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def difference(shown, real, place="it"):
    """Why `shown` is not as `real` is: a key that it lacks or a type that differs; None if there is no reason.

    Of a list the first element counts; null stands for a value that there may not be.
    """
    if shown is None or real is None:
        return None
    if type_of(shown) != type_of(real):
        return f"{place} is {type_of(real)}, not {type_of(shown)}"
    if isinstance(shown, dict):
        for key, value in shown.items():
            if key not in real:
                return f"{place} has no `{key}`"
            problem = difference(value, real[key], f"{place}.{key}")
            if problem:
                return problem
    if isinstance(shown, list) and shown and real:
        return difference(shown[0], real[0], f"{place}[0]")
    return None
