"""Notebooks as lines of Markdown: their cells and what these printed, in order."""

import json
import re

from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.sheet.readers.json_numbers import elements, members, place_in
from neuronnet.sheet.readers.web_pages import FENCE

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_KEPT = ("stream", "execute_result", "display_data")


def is_notebook(text):
    """Whether a JSON text is a notebook."""
    return '"cells"' in text and ('"nbformat"' in text or '"cell_type"' in text)


def lines_of_notebook(text):
    """(lines of (number, TextWithColumns), what is not read as (number, text, reason)).

    A cell of code stands between fences marked `python`, what it printed in fences marked `printed`.
    """
    place, lines, refused = place_in(text), [], []
    try:
        for cell in _cells(text):
            lines += _lines_of_cell(text, cell, place)
    except (json.JSONDecodeError, RecursionError) as error:
        position = getattr(error, "pos", 0)
        number = place(position)[0]
        refused.append((number, text[position : position + 60], "from here on this is no JSON"))
    return lines, refused


def _cells(text):
    """Each cell as {name: (position, value)}."""
    for _, name, at, value in members(text, text.index("{")):
        if name == "cells" and isinstance(value, list):
            for at_cell, cell in elements(text, at):
                if isinstance(cell, dict):
                    yield {key: (where, each) for _, key, where, each in members(text, at_cell)}


def _lines_of_cell(text, cell, place):
    kind = cell.get("cell_type", (0, ""))[1]
    source = list(_texts(text, *cell.get("source", (0, "")), place))
    if kind == "markdown":
        return [*source, *_blank(source)]
    if kind != "code":
        return []
    lines = [*_fence("python", source), *source, *_fence("", source)]
    at, outputs = cell.get("outputs", (0, []))
    for at_output, output in elements(text, at) if isinstance(outputs, list) and outputs else ():
        if not isinstance(output, dict) or output.get("output_type") not in _KEPT:
            continue
        shown = {key: (where, each) for _, key, where, each in members(text, at_output)}
        if isinstance(shown.get("data", (0, 0))[1], dict):
            shown = {key: (where, each) for _, key, where, each in members(text, shown["data"][0])}
        printed = list(_texts(text, *(shown.get("text") or shown.get("text/plain") or (0, "")), place))
        lines += [*_fence("printed", printed), *printed, *_fence("", printed)]
    return lines


def _fence(kind, lines):
    return [(lines[0][0], TextWithColumns(FENCE + kind))] if lines else []


def _blank(lines):
    return [(lines[-1][0], TextWithColumns(""))] if lines else []


def _texts(text, at, value, place):
    """The lines of a string of JSON, or of a list of strings, each character in its place."""
    strings = (
        [(at, value)] if isinstance(value, str) else elements(text, at) if isinstance(value, list) else ()
    )
    signs = [
        each for where, string in strings if isinstance(string, str) for each in _signs(text, where, string)
    ]
    line: list = []
    for sign, position in [*signs, ("\n", signs[-1][1] if signs else 0)]:
        if sign != "\n":
            line.append((sign, *place(position)))
        elif line or signs:
            number = line[0][1] if line else place(position)[0]
            yield number, TextWithColumns("".join(each[0] for each in line), [each[2] for each in line])
            line = []


def _signs(text, at, value):
    """(character, position) of a string of JSON that begins at a position."""
    position = at + 1
    for sign in value:
        match = _ESCAPE.match(text, position)
        yield sign, position
        position = match.end() if match else position
