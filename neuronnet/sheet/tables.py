"""Sheets that are tables: names and printed numbers, as CSV or as one JSON object. They hold no formulas."""

import csv
import json
import re
from bisect import bisect_right

from neuronnet.derivation.parsing import LONGEST_TEXT
from neuronnet.sheet.claims import Sheet
from neuronnet.sheet.spelling import Spelled, numeral, plain

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=float)
_SPACE = re.compile(r"[ \t\r\n]*")
_HEADER = re.compile(r"[^\W\d][^\d=]*")


def is_json(text):
    """Whether a text sets out to be a JSON object."""
    return re.match(r"\s*\{\s*[\"}]", text) is not None


def read_json(text):
    """The Sheet of a JSON object, name -> number; what else stands in it is unread, "network" apart.

    A name may stand there twice.
    """
    sheet = Sheet("json")
    ends = [match.start() for match in re.finditer("\n", text)]

    def place(position):
        line = bisect_right(ends, position - 1)
        return line + 1, position - (ends[line - 1] if line else -1)

    try:
        for at_name, name, at_value, value in _members(text):
            line, column = place(at_name)
            if sheet.is_full(line):
                return sheet
            _take(sheet, line, Spelled(name, range(column + 1, column + 1 + len(name))), value, place(at_value)[1])
    except json.JSONDecodeError as error:
        line, column = place(error.pos)
        sheet.refuse(line, text[error.pos:error.pos + 60], column, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}")
    return sheet


def separator(lines):
    """What separates name and number in most of the (number, text) lines; None where they are no such table."""
    if any("=" in text for _, text in lines):
        return None
    fitting = {each: sum(_fields(text, each)[1] is not None for _, text in lines) for each in ",;\t"}
    best = max(fitting, key=fitting.get)
    return best if 2 * fitting[best] >= len(lines) > 0 and fitting[best] else None


def read_csv(lines, between):
    """The Sheet of `name,number` lines, given as (number, text), with a header or without."""
    sheet = Sheet("csv")
    for place, (line, text) in enumerate(lines):
        if sheet.is_full(line):
            break
        name, value = _fields(text, between)
        if value is not None:
            start = text.find(name) + 1
            _take(sheet, line, Spelled(name, range(start, start + len(name))), value, text.rfind(value) + 1)
        elif re.match(r"\s*network\s*:", text, re.IGNORECASE):
            sheet.take(line, Spelled(text))
        elif place > 0 or not _HEADER.fullmatch(text):
            sheet.refuse(line, text, 1, f"a line of this table is a name, {between!r} and a number with a decimal point")
    return sheet


def _members(text):
    """(position, name, position, value) of each member of the object; every number is a str."""
    position = _space(text, text.index("{") + 1)
    if text[position:position + 1] == "}":
        position += 1
    else:
        separated = True
        while separated:
            at_name = _space(text, position)
            if text[at_name:at_name + 1] != '"':
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
    if position < len(text):
        raise json.JSONDecodeError("nothing may follow the object", text, position)


def _expected(text, position, signs):
    position = _space(text, position)
    if text[position:position + 1] == "" or text[position] not in signs:
        raise json.JSONDecodeError(f"expected {' or '.join(signs)}", text, position)
    return position + 1


def _space(text, position):
    return _SPACE.match(text, position).end()


def _take(sheet, line, name, value, column):
    number = numeral(value) if isinstance(value, str) else None
    if name.text == "network" and number is None and isinstance(value, str):
        sheet.use(("name", value, line), f"network: {value}")
    elif number is None or len(name) > LONGEST_TEXT:
        found = value[:60] if isinstance(value, str) else "..." if isinstance(value, (dict, list)) else json.dumps(value)
        sheet.refuse(line, f"{name.text[:60]} = {found}", column, "a name and one number are expected here")
    else:
        printed = Spelled(value, range(column, column + len(value)))
        sheet.claim(line, f"{name.text} = {value}", [plain(name).strip(), printed])


def _fields(text, between):
    """(name, number) of a line, as texts; the number is None where the line is no such pair."""
    if len(text) > LONGEST_TEXT or between not in text:
        return text, None
    try:
        fields = next(csv.reader([text], delimiter=between, strict=True, skipinitialspace=True))
    except csv.Error:
        return text, None
    name, value = (fields[0].strip(), fields[-1].strip())
    return (name, value) if len(fields) == 2 and name and numeral(value) is not None else (text, None)
