"""Tables of names and printed numbers: CSV, the tables of Markdown, and JSON.

Two columns are a name and a number, three have a formula between; a table of a training has a row for every
update. A JSON object may have gradients and matrices nested in it.
"""

import csv
import json
import re
from bisect import bisect_right

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns, parse_number
from neuronnet.sheet.readers.claims import Sheet, Statement

_NETWORK = re.compile(r"\s*network\s*:", re.IGNORECASE)
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_DECIMAL_COMMA = re.compile(r"\s*[-+−]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]{1,4})?\s*")
_UPDATES = {"epoch", "update", "iteration", "step", "n"}
_ROW = "a row of this table is a name and a number with a decimal point, or a name, a formula and a number"
_COLUMN_ROW = "a row of this table is a name and a number under every heading"
# What the heading of a column says that its numbers are, in the languages of those who write them.
_HEADINGS = [
    (mark, re.compile(words, re.IGNORECASE))
    for mark, words in (
        ("Δ", r"\b(?:delta|change|step|schritt|änderung|cambio|variation)\b|^\W*[ΔΔ]"),
        ("d", r"grad|deriv|ableitung|dérivée|slope|∂|∇|\bd[EJLC]?/d"),
        ("@1", r"new|neu|nuev|nouv|nov[oa]|updated|after|nach|après|después|depois|нов|新|\w'|\+\W*$"),
        ("", r"old|alt\b|alte|viej|ancien|velh|antig|value|wert|valor|valeur|before|initial|current|стар|旧"),
    )
]
_UPDATED_ROW = "a row of this table is the number of an update and a number for each name above"
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=float)
_SPACE = re.compile(r"[ \t\r\n]*")
_GRADIENTS = {"grad", "grads", "gradient", "gradients"}
_MATRIX = re.compile(r"(d?)W[0-9]{1,4}")


def separator(lines):
    """What separates the cells in most of the (number, text) lines; None where they are no such table."""
    if any("=" in text for _, text in lines):
        return None
    fitting = {each: _fitting([_cells(text, each) for _, text in lines], each != ",") for each in ";\t,"}
    best = max(fitting, key=fitting.get)
    return best if 2 * fitting[best] >= len(lines) > 0 and fitting[best] else None


def read_csv(lines, between):
    """The Sheet of lines of cells, (number, text), with a header or without."""
    sheet = Sheet("csv")
    _take_table(sheet, [(line, text, _cells(text, between)) for line, text in lines], between != ",")
    return sheet


def is_row(text):
    text = text.strip()
    return len(text) > 2 and text[0] == text[-1] == "|"


def is_table(lines):
    """Whether most rows of Markdown, (number, text), are names with numbers, and none is a claim."""
    rows = [_bar_cells(text) for _, text in lines if not _RULE.fullmatch(text)]
    if _headings([(0, "", row) for row in rows[:1]]) is not None:
        return True
    return not any("=" in text for _, text in lines) and 2 * _fitting(rows, False) >= len(rows) > 0


def take_table(sheet, lines):
    """Add the rows of a table of Markdown, lines of (number, text)."""
    rows = [(line, text, _bar_cells(text)) for line, text in lines if not _RULE.fullmatch(text)]
    has_rule = len(rows) < len(lines) and len(lines) > 1 and _RULE.fullmatch(lines[1][1]) is not None
    _take_table(sheet, rows, False, has_rule)


def _cells(text, between):
    if len(text) > LONGEST_TEXT or between not in text:
        return []
    try:
        fields = next(csv.reader([text], delimiter=between, strict=True, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return []
    cells, position = [], 0
    for field in fields:
        start = max(text.find(field, position), position)
        cells.append(TextWithColumns(field, start + 1).strip())
        position = start + len(field)
    return cells


def _bar_cells(text):
    start = text.index("|") + 1
    cells = TextWithColumns(text)[start : text.rindex("|")].split(r"(?<!\\)\|")
    return [cell[1:-1].strip() if re.fullmatch("`.*`", cell.text) else cell for cell in cells]


def _fitting(rows, comma):
    """How many rows fit into one kind of table: a training, or names with numbers."""
    if _is_training(rows):
        width = len(rows[0])
        return 1 + sum(len(row) == width and _WHOLE.fullmatch(row[0].text) is not None for row in rows[1:])
    return sum(_is_pair(row, comma) for row in rows)


def _is_training(rows):
    first = rows[0] if rows else []
    has_updates = len(first) > 1 and first[0].text.lower() in _UPDATES
    return has_updates and all(cell.text and parse_number(cell.text) is None for cell in first)


def _is_pair(row, comma):
    """Whether a row is a name, perhaps a formula, and a number; 0,3775 between commas is no number."""
    if not 2 <= len(row) <= 3 or not row[0].text or parse_number(_number(row[-1], comma).text) is None:
        return False
    return len(row) == 2 or _WHOLE.fullmatch(row[1].text) is None


def _number(cell, comma):
    """A cell with its decimal comma as a point, where there may be one."""
    if cell.text.startswith("$") and cell.text.endswith("$"):
        cell = cell[1:-1]
    return cell.replace(",", ".") if comma and _DECIMAL_COMMA.fullmatch(cell.text) else cell


def _take_table(sheet, rows, comma, has_header=False):
    """Add the rows of a table, (line, text, cells) each; a header is none of them."""
    headings = _headings(rows)
    if headings is not None:
        return _take_columns(sheet, rows[1:], headings, comma)
    training = _is_training([cells for _, _, cells in rows])
    for place, (line, text, cells) in enumerate(rows):
        if sheet.is_full(line):
            break
        counts = bool(cells) and _WHOLE.fullmatch(cells[0].text) and int(cells[0].text) >= 0
        if training and place == 0:
            names = cells
        elif training and counts and len(cells) == len(names):
            _take_update(sheet, line, text, names, cells, comma)
        elif not training and _is_pair(cells, comma):
            _take_pair(sheet, line, text, cells, comma)
        elif _NETWORK.match(text):
            sheet.take(Statement.of(line, text))
        elif place > 0 or not (has_header or (cells and not any(each.isdigit() for each in text))):
            sheet.refuse(line, text, 1, _UPDATED_ROW if training else _ROW)


def _headings(rows):
    """What the columns after the first hold, by their headings: "", "d", a gradient, "Δ" or "@1"; or None."""
    cells = rows[0][2] if rows else []
    if len(cells) < 2 or any(parse_number(cell.text) is not None for cell in cells):
        return None
    found = [next((mark for mark, words in _HEADINGS if words.search(cell.text)), None) for cell in cells[1:]]
    return found if None not in found and any(found) else None


def _take_columns(sheet, rows, headings, comma):
    """Add a claim for every number in the rows of a table: its name, its gradient, its next value."""
    for line, text, cells in rows:
        numbers = [_number(cell, comma) for cell in cells[1:]]
        fits = len(cells) == len(headings) + 1 and bool(cells[0].text)
        if not fits or any(cell.text and parse_number(cell.text) is None for cell in numbers):
            sheet.refuse(line, text, 1, _COLUMN_ROW)
            continue
        try:
            name = sheet.spelled(cells[0]).strip()
        except ExpressionError as error:
            sheet.refuse(line, text, error.column, error.reason)
            continue
        for mark, number in zip(headings, numbers):
            if number.text and not sheet.is_full(line):
                base, bracket, index = name.text.partition("[")
                after = ("_new" if bracket else "@1") if mark == "@1" else ""
                whole = f"{'' if after else mark}{base}{after}{bracket}{index}"
                there = TextWithColumns(whole, [name.column_of(1)] * len(whole))
                sheet.add(text, [there, number], [line, line])


def _take_pair(sheet, line, text, cells, comma):
    shown = " = ".join(cell.text for cell in cells if cell.text)
    try:
        parts = [sheet.spelled(cell).strip() for cell in cells[:-1] if cell.text]
    except ExpressionError as error:
        return sheet.refuse(line, text, error.column, error.reason)
    if not all(part.text for part in parts):
        return sheet.refuse(line, text, 1, _ROW)
    sheet.add(shown, [*parts, _number(cells[-1], comma)], [line] * (len(parts) + 1))


def _take_update(sheet, line, text, names, cells, comma):
    count = int(cells[0].text)
    for name, cell in zip(names[1:], cells[1:]):
        number = _number(cell, comma)
        if sheet.is_full(line):
            break
        if parse_number(number.text) is None:
            sheet.refuse(line, text, cell.column_of(1), _UPDATED_ROW)
            continue
        try:
            later = sheet.spelled(TextWithColumns(name.text)).strip().text + (f"@{count}" if count else "")
        except ExpressionError as error:
            sheet.refuse(line, text, cell.column_of(1), error.reason)
        else:
            name_there = TextWithColumns(later, [cell.column_of(1)] * len(later))
            sheet.add(f"{later} = {cell.text}", [name_there, number], [line, line])


# JSON; each number keeps its line and column


def is_json(text):
    """Whether a text sets out to be a JSON object."""
    return re.match(r"\s*\{\s*[\"}]", text) is not None


def read_json(text):
    """The Sheet of a JSON object, name -> number; what else stands in it is unread, "network" apart.

    Below "gradients", the derivatives of E_total stand by the names of parameters; below "W1" or "dW1", the
    entries of a matrix, row by row. A name may stand there twice.
    """
    sheet = Sheet("json")
    ends = [match.start() for match in re.finditer("\n", text)]

    def place(position):
        line = bisect_right(ends, position - 1)
        return line + 1, position - (ends[line - 1] if line else -1)

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


def _pairs(text):
    """(position, name, position, value) of each pair of name and value, gradients and matrices included."""
    for at_name, name, at_value, value in _members(text, text.index("{"), True):
        if isinstance(value, dict) and name.lower() in _GRADIENTS:
            for at_inner, inner, at_number, number in _members(text, at_value):
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
    for row, (at_row, _) in enumerate(_elements(text, at_value), 1):
        for column, (at_entry, entry) in enumerate(_elements(text, at_row), 1):
            yield at_name, f"{whole}[{row},{column}]", at_entry, entry


def _members(text, position, alone=False):
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


def _elements(text, position):
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
