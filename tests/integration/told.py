# SPDX-License-Identifier: MIT
"""What an error says, without how it is drawn; the same as told.hpp."""

import re

HEAD = re.compile(r"error\[E0\d{3}\]: (.*)")
PLACE = re.compile(r" +--> (.*)")
ARGUMENT = re.compile(r" {3}\| (.*)")
MARK = re.compile(r" +\|  *\^+ ?(.*)")
REMARK = re.compile(r" += (?:note|help): (.*)")
COUNT = re.compile(r"\d+ errors?; `knack help .*")
NOTE_GOES_ON = 11 * " "


def told(standard_error):
    """The errors in what `knack` wrote to standard error, a line each: `PLACE: SENTENCE: LABEL; NOTE; HELP`, of which
    only a note may have lines of its own. Other lines are as they were; the last one, which counts, is left out."""
    text = place = sentence = rest = ""
    is_in_error = False
    for line in standard_error.splitlines():
        if head := HEAD.fullmatch(line) or COUNT.fullmatch(line):
            if is_in_error:
                text += (f"{place}: " if place else "") + sentence + rest + "\n"
            is_in_error = head.re is HEAD
            place, sentence, rest = "", head[1] if is_in_error else "", ""
        elif not is_in_error:
            text += line + "\n"
        elif match := PLACE.fullmatch(line):
            place = match[1]
        elif match := MARK.fullmatch(line):
            rest += f": {match[1]}" if match[1] else ""
        elif place == "command line" and (match := ARGUMENT.fullmatch(line)):
            place = match[1]
        elif match := REMARK.fullmatch(line):
            rest += f"; {match[1]}"
        elif line.startswith(NOTE_GOES_ON):
            rest += "\n" + line[len(NOTE_GOES_ON) :]
    return text
