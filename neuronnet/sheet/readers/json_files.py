"""JSON files as claims or lines: names with numbers in their places, or the cells of a notebook in order."""

import json
import re
from bisect import bisect_right
from typing import NamedTuple

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns, parse_array, parse_number
from neuronnet.formulas.written_names import read_name
from neuronnet.sheet.readers.web_pages import FENCE

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=float)
_SPACE = re.compile(r"[ \t\r\n]*")
_DEEPEST = 60
_GRADIENTS = {"grad", "grads", "gradient", "gradients"}
_MATRIX = re.compile(r"(d?)W[0-9]{1,4}")
_NO_NUMBER = "a name and one number are expected here"


class Node(NamedTuple):
    """A value of JSON and where it stands.

    It is a text, a number as text, true, false, None, a list of Nodes, or the (name, Node) pairs of an object
    as a tuple, where each name is a Node, too.
    """

    at: int
    end: int
    value: object

    def members(self):
        """{name: Node} of an object, of a name that it has twice the last; {} for anything else."""
        return {name.value: node for name, node in self.value} if isinstance(self.value, tuple) else {}


def is_json(text):
    """Whether a text sets out to be a JSON object."""
    return re.match(r"\s*\{\s*[\"}]", text) is not None


def read_json(text, sheet):
    """A Sheet with what a JSON object has, name -> number; the rest is unread.

    Read as well are the "network" and the "loss"; below "gradients", the derivatives of E_total by the names
    of parameters; below "W1" or "dW1", the entries of a matrix, row by row; and lists of quantities, each
    with its name, formula and value, as `derive` writes them. A name may stand there twice.
    """
    place = place_in(text)
    try:
        for name, node in _items(text, text.index("{")):
            line, _ = place(name.at if name else node.end)
            if name is None and _space(text, node.end) < len(text):
                raise json.JSONDecodeError("nothing may follow the object", text, _space(text, node.end))
            if name is None or sheet.is_full(line):
                break
            _take(sheet, text, place, name, node)
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


def _items(text, at, depth=0):
    """(name, Node) of each value in the object or list at a place, in a list with a Node of nothing for its
    name; then (None, Node of it all).
    """
    is_object, end = text[at] == "{", _space(text, at + 1)
    is_open = text[end : end + 1] != "]}"[is_object]
    while is_open:
        name = Node(end, end, "")
        if is_object and text[end : end + 1] != '"':
            raise json.JSONDecodeError("expected a name in double quotes", text, end)
        if is_object:
            name = _node(text, end, depth)
            end = _space(text, _expected(text, name.end, ":"))
        try:
            node = _node(text, end, depth + 1)
        except RecursionError:
            if depth:
                raise
            raise json.JSONDecodeError("nested too deeply", text, end) from None
        yield name, node
        end = _expected(text, node.end, ",]}"[:: 1 + is_object] if is_object else ",]")
        is_open = text[end - 1] == ","
        end = _space(text, end) if is_open else end - 1
    yield None, Node(at, end + 1, None)


def _node(text, at, depth):
    if depth > _DEEPEST:
        raise RecursionError
    if text[at : at + 1] not in ("{", "["):
        value, end = _DECODER.raw_decode(text, at)
        return Node(at, end, value)
    *found, (_, whole) = _items(text, at, depth)
    return whole._replace(value=tuple(found) if text[at] == "{" else [node for _, node in found])


def _expected(text, position, signs):
    position = _space(text, position)
    if text[position : position + 1] == "" or text[position] not in signs:
        raise json.JSONDecodeError(f"expected {' or '.join(signs)}", text, position)
    return position + 1


def _space(text, position):
    return _SPACE.match(text, position).end()


def _take(sheet, text, place, name, node):
    """Add what one member of the object says."""
    key, value = name.value, node.value
    line, column = place(node.at)
    rows = [each.members() for each in value] if isinstance(value, list) else []
    matrix = _MATRIX.fullmatch(key)
    if key == "network" and isinstance(value, (str, tuple)) and parse_number(str(value)) is None:
        kind, found = ("name", value) if isinstance(value, str) else ("toml", text[node.at : node.end])
        sheet.use((kind, found, line), f"network: {found}")
    elif key == "loss" and isinstance(value, str) and text[node.at] == '"' and read_name(value):
        sheet.declared.loss = value
    elif isinstance(value, tuple) and key.lower() in _GRADIENTS:
        for inner, number in value:
            _take(sheet, text, place, inner._replace(value=_derivative(inner.value)), number)
    elif rows and all({"name", "value"} <= row.keys() for row in rows):
        for row in rows:
            _take_chain(sheet, text, place, [row["name"], row.get("formula"), row["value"]])
    elif matrix and rows and all(isinstance(row.value, list) and row.value for row in value):
        whole = f"dE_total/{key}" if matrix[1] else key
        for number, row in enumerate(value, 1):
            for count, entry in enumerate(row.value, 1):
                _take(sheet, text, place, name._replace(value=f"{whole}[{number},{count}]"), entry)
    elif isinstance(value, (list, tuple)):
        sheet.refuse(line, f"{key[:60]} = ...", column, "only name: number is read here")
    elif not isinstance(value, str) or parse_number(value) is None or len(key) > LONGEST_TEXT:
        found = value[:60] if isinstance(value, str) else json.dumps(value)
        sheet.refuse(line, f"{key[:60]} = {found}", column, _NO_NUMBER)
    else:
        _take_chain(sheet, text, place, [name, node])


def _derivative(name):
    if name.startswith("W"):
        return f"d{name}"
    return name if "/" in name or _MATRIX.fullmatch(name) else f"dE_total/d{name}"


def _take_chain(sheet, text, place, nodes):
    """Add the claim that the texts, numbers and arrays in some Nodes are equal; null is left out."""
    nodes = [node for node in nodes if node is not None and node.value is not None]
    parts, places = [], [place(node.at) for node in nodes]
    for node, (line, column) in zip(nodes, places):
        value = " ".join(text[node.at : node.end].split()) if isinstance(node.value, list) else node.value
        if not isinstance(value, str) or not value.strip():
            shown = " = ".join([part.text for part in parts] + [str(value)])
            return sheet.refuse(line, shown, column, _NO_NUMBER)
        if parts and (parse_number(value) or parse_array(value)):
            parts.append(TextWithColumns(value, [column] * len(value)))
            continue
        try:
            parts.append(sheet.spelled(TextWithColumns(value, column + 1)).strip())
        except ExpressionError as error:
            return sheet.refuse(line, value, error.column, error.reason)
    sheet.add(" = ".join(part.text for part in parts), parts, [line for line, _ in places])


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
    """Each cell as {name: Node}; what stands before an error is kept."""
    for name, node in _items(text, text.index("{")):
        if name is not None and name.value == "cells" and isinstance(node.value, list):
            yield from (cell.members() for cell in node.value)


def _lines_of_cell(text, cell, place):
    nothing = Node(0, 0, "")
    kind = cell.get("cell_type", nothing).value
    source = list(_texts(text, cell.get("source", nothing), place))
    if kind == "markdown":
        return [*source, *_blank(source)]
    if kind != "code":
        return []
    lines = [*_fence("python", source), *source, *_fence("", source)]
    outputs = cell.get("outputs", nothing).value
    for output in outputs if isinstance(outputs, list) else ():
        shown = output.members()
        if shown.get("output_type", nothing).value not in _KEPT:
            continue
        shown = shown["data"].members() if isinstance(shown.get("data", nothing).value, tuple) else shown
        printed = list(_texts(text, shown.get("text") or shown.get("text/plain") or nothing, place))
        lines += [*_fence("printed", printed), *printed, *_fence("", printed)]
    return lines


def _fence(kind, lines):
    return [(lines[0][0], TextWithColumns(FENCE + kind))] if lines else []


def _blank(lines):
    return [(lines[-1][0], TextWithColumns(""))] if lines else []


def _texts(text, node, place):
    """The lines of a string of JSON, or of a list of strings, each character in its place."""
    strings = node.value if isinstance(node.value, list) else [node]
    signs = [each for string in strings if isinstance(string.value, str) for each in _signs(text, string)]
    line: list = []
    for sign, position in [*signs, ("\n", signs[-1][1] if signs else 0)]:
        if sign != "\n":
            line.append((sign, *place(position)))
        elif line or signs:
            number = line[0][1] if line else place(position)[0]
            yield number, TextWithColumns("".join(each[0] for each in line), [each[2] for each in line])
            line = []


def _signs(text, string):
    """(character, position) of a string of JSON."""
    position = string.at + 1
    for sign in string.value:
        match = _ESCAPE.match(text, position)
        yield sign, position
        position = match.end() if match else position
