"""JSON files as claims or lines: names with numbers in their places, or the cells of a notebook in order."""

import json
import re
from bisect import bisect_right

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns, parse_number
from neuronnet.sheet.readers.web_pages import FENCE

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=float)
_SPACE = re.compile(r"[ \t\r\n]*")
_GRADIENTS = {"grad", "grads", "gradient", "gradients"}
_MATRIX = re.compile(r"(d?)W[0-9]{1,4}")


def is_json(text):
    """Whether a text sets out to be a JSON object."""
    return re.match(r"\s*\{\s*[\"}]", text) is not None


def read_json(text, sheet):
    """A Sheet with what a JSON object has, name -> number; the rest is unread, "network" apart.

    Below "gradients", the derivatives of E_total stand by the names of parameters; below "W1" or "dW1", the
    entries of a matrix, row by row. A name may stand there twice.
    """
    place = place_in(text)
    try:
        for at_name, name, at_value, value in _pairs(text):
            line, column = place(at_name)
            if sheet.is_full(line):
                return sheet
            _take_member(sheet, line, TextWithColumns(name, column + 1), value, *place(at_value))
    except json.JSONDecodeError as error:
        line, column = place(error.pos)
        reason = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        sheet.refuse(line, text[error.pos : error.pos + 60], column, reason)
    return sheet


def place_in(text):
    """A function that gives (line, column) of a position in a text."""
    ends = [match.start() for match in re.finditer("\n", text)]

    def place(position):
        line = bisect_right(ends, position - 1)
        return line + 1, position - (ends[line - 1] if line else -1)

    return place


def _pairs(text):
    """(position, name, position, value) of each pair of name and value, gradients and matrices included."""
    for at_name, name, at_value, value in members(text, text.index("{"), True):
        if isinstance(value, dict) and name.lower() in _GRADIENTS:
            for at_inner, inner, at_number, number in members(text, at_value):
                derived = inner if "/" in inner or _MATRIX.fullmatch(inner) else f"dE_total/d{inner}"
                derived = f"d{inner}" if inner.startswith("W") else derived
                yield from _entries(text, at_inner, derived, at_number, number)
        else:
            yield from _entries(text, at_name, name, at_value, value)


def _entries(text, at_name, name, at_value, value):
    matrix = _MATRIX.fullmatch(name)
    are_rows = isinstance(value, list) and value and all(isinstance(row, list) and row for row in value)
    if matrix is None or not are_rows:
        yield at_name, name, at_value, value
        return
    whole = f"dE_total/{name}" if matrix[1] else name
    for row, (at_row, _) in enumerate(elements(text, at_value), 1):
        for column, (at_entry, entry) in enumerate(elements(text, at_row), 1):
            yield at_name, f"{whole}[{row},{column}]", at_entry, entry


def members(text, position, alone=False):
    """(position, name, position, value) of each member of the object there; every number is a str."""
    position = _space(text, position + 1)
    if text[position : position + 1] == "}":
        position += 1
    else:
        separated = True
        while separated:
            at_name = _space(text, position)
            if text[at_name : at_name + 1] != '"':
                raise json.JSONDecodeError("expected a name in double quotes", text, at_name)
            name, position = _DECODER.raw_decode(text, at_name)
            position = _expected(text, position, ":")
            at_value = _space(text, position)
            try:
                value, position = _DECODER.raw_decode(text, at_value)
            except RecursionError:
                raise json.JSONDecodeError("nested too deeply", text, at_value) from None
            yield at_name, name, at_value, value
            position = _expected(text, position, ",}")
            separated = text[position - 1] == ","
    position = _space(text, position)
    if alone and position < len(text):
        raise json.JSONDecodeError("nothing may follow the object", text, position)


def elements(text, position):
    """(position, value) of each element of the list there, which is known to be JSON."""
    position = _space(text, position + 1)
    while text[position] != "]":
        value, end = _DECODER.raw_decode(text, position)
        yield position, value
        position = _space(text, end)
        if text[position] == ",":
            position = _space(text, position + 1)


def _expected(text, position, signs):
    position = _space(text, position)
    if text[position : position + 1] == "" or text[position] not in signs:
        raise json.JSONDecodeError(f"expected {' or '.join(signs)}", text, position)
    return position + 1


def _space(text, position):
    return _SPACE.match(text, position).end()


def _take_member(sheet, line, name, value, line_of_value, column):
    number = parse_number(value) if isinstance(value, str) else None
    if name.text == "network" and number is None and isinstance(value, str):
        sheet.use(("name", value, line), f"network: {value}")
    elif isinstance(value, (dict, list)):
        sheet.refuse(line, f"{name.text[:60]} = ...", column, "only name: number is read here")
    elif number is None or len(name) > LONGEST_TEXT:
        found = value[:60] if isinstance(value, str) else json.dumps(value)
        sheet.refuse(line, f"{name.text[:60]} = {found}", column, "a name and one number are expected here")
    else:
        printed = TextWithColumns(value, column)
        try:
            written = sheet.spelled(name).strip()
        except ExpressionError as error:
            return sheet.refuse(line, name.text, error.column, error.reason)
        if not written.text:
            return sheet.refuse(line, f" = {value}", column, "a name and one number are expected here")
        sheet.add(f"{name.text} = {value}", [written, printed], [line, line_of_value])


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
