"""Tables of names and printed numbers: CSV, and the tables of Markdown.

Two columns are a name and a number, three have a formula between; a table of a training has a row for every update.
"""

import csv
import re

from neuronnet.derivation.parsing import LONGEST_TEXT
from neuronnet.errors import ExpressionError
from neuronnet.sheet.claims import Sheet, Statement
from neuronnet.sheet.spelling import Spelled, numeral

_NETWORK = re.compile(r"\s*network\s*:", re.IGNORECASE)
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_DECIMAL_COMMA = re.compile(r"\s*[-+−]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]{1,4})?\s*")
_UPDATES = {"epoch", "update", "iteration", "step", "n"}
_ROW = "a row of this table is a name and a number with a decimal point, or a name, a formula and a number"
_UPDATED_ROW = "a row of this table is the number of an update and a number for each name above"


def separator(lines):
    """What separates the cells in most of the (number, text) lines; None where they are no such table."""
    if any("=" in text for _, text in lines):
        return None
    fitting = {each: _fitting([_cells(text, each) for _, text in lines], each != ",") for each in ";\t,"}
    best = max(fitting, key=fitting.get)
    return best if 2 * fitting[best] >= len(lines) > 0 and fitting[best] else None


def read_csv(lines, between, own=()):
    """The Sheet of lines of cells, given as (number, text), with a header or without. Defines no words but has `own`."""
    sheet = Sheet("csv", own=set(own))
    _take_table(sheet, [(line, text, _cells(text, between)) for line, text in lines], between != ",")
    return sheet


def is_row(text):
    """Whether a line is a row of a table of Markdown."""
    text = text.strip()
    return len(text) > 2 and text[0] == text[-1] == "|"


def is_table(lines):
    """Whether most rows of Markdown, lines of (number, text), are names with numbers, and none holds a claim."""
    rows = [_bar_cells(text) for _, text in lines if not _RULE.fullmatch(text)]
    return not any("=" in text for _, text in lines) and 2 * _fitting(rows, False) >= len(rows) > 0


def take_table(sheet, lines):
    """Add the rows of a table of Markdown, lines of (number, text)."""
    rows = [(line, text, _bar_cells(text)) for line, text in lines if not _RULE.fullmatch(text)]
    has_rule = len(rows) < len(lines) and len(lines) > 1 and _RULE.fullmatch(lines[1][1]) is not None
    _take_table(sheet, rows, False, has_rule)


def _cells(text, between):
    """The cells of a line as Spelled, stripped; none where the line cannot be cut."""
    if len(text) > LONGEST_TEXT or between not in text:
        return []
    try:
        fields = next(csv.reader([text], delimiter=between, strict=True, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return []
    cells, position = [], 0
    for field in fields:
        start = max(text.find(field, position), position)
        cells.append(Spelled(field, range(start + 1, start + 1 + len(field))).strip())
        position = start + len(field)
    return cells


def _bar_cells(text):
    start = text.index("|") + 1
    inner = Spelled(text)[start:text.rindex("|")]
    return [cell[1:-1].strip() if cell.text[:1] == cell.text[-1:] == "`" and len(cell) > 1 else cell
            for cell in inner.split(r"(?<!\\)\|")]


def _fitting(rows, comma):
    """How many rows fit into one kind of table: a training, or names with numbers."""
    if _is_training(rows):
        return 1 + sum(len(row) == len(rows[0]) and _WHOLE.fullmatch(row[0].text) is not None for row in rows[1:])
    return sum(_is_pair(row, comma) for row in rows)


def _is_training(rows):
    first = rows[0] if rows else []
    return len(first) > 1 and first[0].text.lower() in _UPDATES and all(
        cell.text and numeral(cell.text) is None for cell in first)


def _is_pair(row, comma):
    """Whether a row is a name, perhaps a formula, and a number; 0,3775 in cells between commas is none of these."""
    return 2 <= len(row) <= 3 and bool(row[0].text) and numeral(_number(row[-1], comma).text) is not None \
        and (len(row) == 2 or _WHOLE.fullmatch(row[1].text) is None)


def _number(cell, comma):
    """A cell with its decimal comma as a point, where there may be one."""
    if cell.text.startswith("$") and cell.text.endswith("$"):
        cell = cell[1:-1]
    return cell.replace(",", ".") if comma and _DECIMAL_COMMA.fullmatch(cell.text) else cell


def _take_table(sheet, rows, comma, has_header=False):
    """Add the rows of a table, (line, text, cells) each; a header is none of them."""
    training = _is_training([cells for _, _, cells in rows])
    for place, (line, text, cells) in enumerate(rows):
        if sheet.is_full(line):
            break
        if training and place == 0:
            names = cells
        elif training and len(cells) == len(names) and _WHOLE.fullmatch(cells[0].text) and int(cells[0].text) >= 0:
            _take_update(sheet, line, text, names, cells, comma)
        elif not training and _is_pair(cells, comma):
            _take_pair(sheet, line, text, cells, comma)
        elif _NETWORK.match(text):
            sheet.take(Statement.of(line, text))
        elif place > 0 or not (has_header or (cells and not any(each.isdigit() for each in text))):
            sheet.refuse(line, text, 1, _UPDATED_ROW if training else _ROW)


def _take_pair(sheet, line, text, cells, comma):
    """Add `name = number` or `name = formula = number`."""
    shown = " = ".join(cell.text for cell in cells if cell.text)
    try:
        parts = [sheet.spelled(cell).strip() for cell in cells[:-1] if cell.text]
    except ExpressionError as error:
        return sheet.refuse(line, text, error.column, error.reason)
    if not all(part.text for part in parts):
        return sheet.refuse(line, text, 1, _ROW)
    sheet.add(shown, [*parts, _number(cells[-1], comma)], [line] * (len(parts) + 1))


def _take_update(sheet, line, text, names, cells, comma):
    """Add `name@n = number` for each cell after that of n."""
    count = int(cells[0].text)
    for name, cell in zip(names[1:], cells[1:]):
        number = _number(cell, comma)
        if sheet.is_full(line):
            break
        if numeral(number.text) is None:
            sheet.refuse(line, text, cell.column_of(1), _UPDATED_ROW)
            continue
        try:
            later = sheet.spelled(Spelled(name.text)).strip().text + (f"@{count}" if count else "")
        except ExpressionError as error:
            sheet.refuse(line, text, cell.column_of(1), error.reason)
        else:
            sheet.add(f"{later} = {cell.text}", [Spelled(later, [cell.column_of(1)] * len(later)), number], [line, line])
