"""Tables of names and printed numbers: CSV, cells between tabs, the tables of Markdown and of pages.

What a table holds is told by its headings: values, gradients, changes and new values of what stands in
the first column; a row for every update, neuron or sample; a matrix. Without headings two columns are a
name and a number, three have a formula between.
"""

import csv
import re

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns, parse_number
from neuronnet.formulas.written_names import read_name
from neuronnet.sheet.readers.cutting import Statement
from neuronnet.sheet.readers.spelling import has_equals
from neuronnet.sheet.readers.words import PASSES

_NETWORK = re.compile(r"\s*network\s*:", re.IGNORECASE)
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_DECIMAL_COMMA = re.compile(r"\s*[-+−]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]{1,4})?\s*")
_ABOUT = re.compile(r"\s*(?:≈|~|ca\.|=)\s*")
_ROW = "a row of this table is a name and a number with a decimal point, or a name, a formula and a number"
_COLUMN_ROW = "a row of this table is a name and a number under every heading"
_UPDATED_ROW = "a row of this table is the number of an update and a number for each name above"
# What the heading of a column says that its numbers are, in the languages of those who write them.
_HEADINGS = [
    (mark, re.compile(words, re.IGNORECASE))
    for mark, words in (
        ("@1", r"[-−–]\s*(?:η|α|lr\b|eta|alpha|γ|μ)"),
        ("Δ", r"\b(?:delta|change|step|schritt|änderung|cambio|variation|mudança|изменение|变化)\b|^\W*[ΔΔ]"),
        ("d", r"grad|deriv|ableitung|dérivée|slope|∂|∇|\bd[EJLC]?/d|градиент|производн|梯度|导数"),
        ("@1", r"new|neu|nuev|nouv|nov[oa]|updated|after|nach|après|después|depois|нов|新|\w'|\+\W*$"),
        (
            "",
            r"old|alt\b|alte|viej|ancien|velh|antig|anterior|value|wert|valor|valeur|before|vor|avant|initial|current",
        ),
        ("", r"старое|значение|旧|值"),
    )
]
_UPDATES = set(f"update step n schritt étape paso passo {PASSES}".split())
_NEURONS = set("neuron neurone neurona neurônio unit node einheit knoten unité nodo unidad нейрон".split())
_SAMPLES = set(
    "# sample example i no nr beispiel muster exemple ejemplo muestra exemplo amostra пример 样本".split()
)
_NAME_IN = re.compile(r"[^$()]*\$(?P<formula>[^$]+)\$\s*|[^()]*\s\((?P<brackets>[^()\s]{1,20})\)\s*")
_MATRIX = re.compile(r"(?:d|∂)?[A-Z](?:_?\d{1,3}|_[a-z]{1,3}|\^?\{?\[\d\]\}?|_\{\w{1,4}\})?")


def separator(lines):
    """What separates the cells in most lines of (number, TextWithColumns); None where nothing does."""
    if any("=" in line.text for _, line in lines):
        return None
    tables = {each: _without_counts([_cells(line, each) for _, line in lines]) for each in ";\t,"}
    fitting = {each: _fitting(rows, each != ",") for each, rows in tables.items()}
    best = max(fitting, key=fitting.get)
    return best if 2 * fitting[best] >= len(lines) > 0 and fitting[best] else None


def take_separated(sheet, lines, between):
    """Add the rows of a table whose cells have a sign between them."""
    _take_table(sheet, [(number, line, _cells(line, between)) for number, line in lines], between != ",")


def take_table(sheet, lines):
    """Add the rows of a table of Markdown, lines of (number, TextWithColumns)."""
    rows = [(number, line, _bar_cells(line)) for number, line in lines if not _RULE.fullmatch(line.text)]
    has_rule = len(rows) < len(lines) and len(lines) > 1 and _RULE.fullmatch(lines[1][1].text) is not None
    _take_table(sheet, rows, False, has_rule)


def _cells(line, between):
    text = line.text
    if len(text) > LONGEST_TEXT or between not in text:
        return []
    try:
        fields = next(csv.reader([text], delimiter=between, strict=True, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return []
    cells, position = [], 0
    for field in fields:
        start = text.find(field, position)
        if start < 0:  # quotes in quotes
            start = position
            cells.append(TextWithColumns(field, [line.column_of(start + 1)] * len(field)).strip())
        else:
            cells.append(line[start : start + len(field)].strip())
        position = start + len(field)
    return cells


def _bar_cells(line):
    start = line.text.index("|") + 1
    cells = line[start : line.text.rindex("|")].split(r"(?<!\\)\|")
    return [cell[1:-1].strip() if re.fullmatch("`.*`", cell.text) else cell for cell in cells]


# What a table holds


def _kind(rows):
    """(function that takes its rows, what that needs) of a table with headings, by these; None for others."""
    first, rest = (rows[0], rows[1:]) if rows else ([], [])
    texts = [cell.text.strip("$ ").lower() for cell in first]
    if len(first) < 2 or any(parse_number(text) is not None for text in texts):
        return None
    has_counts = any(row and _WHOLE.fullmatch(row[0].text) for row in rest)
    if texts[0] in _UPDATES and all(texts) and (has_counts or not rest):
        return _take_trainings, first
    if texts[0] in _NEURONS and all(map(_is_name, first[1:])):
        return _take_neurons, first
    counted = [row[0].text for row in rest if row] == [str(number) for number in range(1, len(rest) + 1)]
    if texts[0] in _SAMPLES and len(rest) > 1 and counted and all(map(_is_name, first[1:])):
        return _take_samples, [None, *first[1:]]
    numbers = [cell for row in rest for cell in row[1:]]
    if (
        _MATRIX.fullmatch(first[0].text.strip("$"))
        and len(rest) > 1
        and all(_value(cell) is not None for cell in numbers)
    ):
        return _take_matrix, first
    if rest and all(map(_is_name_or_formula, first)) and {len(row) for row in rows} == {len(first)}:
        if all(_value(cell) is not None for row in rest for cell in row):
            return _take_samples, first
    found = [next((mark for mark, words in _HEADINGS if words.search(text)), None) for text in texts[1:]]
    is_clear = None not in found and len(set(found)) == len(found)
    return (_take_columns, found) if is_clear and (any(found) or len(found) > 1) else None


def _without_counts(rows):
    """Rows without a first column of layers or counts, where names stand in the second."""
    are_counts = len(rows) > 1 and all(
        len(row) > 2 and row[0].text.isdigit() and parse_number(row[1].text) is None and _is_name(row[1])
        for row in rows[1:]
    )
    return [row[1:] for row in rows] if are_counts and len(rows[0]) == len(rows[1]) else rows


def _is_name(cell):
    return read_name(_name_in(cell).text.replace("\\", "")) is not None


def _is_name_or_formula(cell):
    """Whether a heading is a name that has a letter, perhaps with its formula: `ŷ = w x`."""
    return _is_name(cell.split("=")[0].strip())


def _name_in(cell):
    """The formula or what stands in brackets at the end of a heading, as in `Output $a$` and `output (a)`."""
    found = _NAME_IN.fullmatch(cell.text)
    return cell[found.start(found.lastgroup) : found.end(found.lastgroup)] if found else cell


def _fitting(rows, comma):
    """How many rows fit into one kind of table: one with headings, or names with numbers."""
    if _kind(rows) is not None:
        return 1 + sum(len(row) == len(rows[0]) for row in rows[1:]) if len(rows) > 1 else 0
    return sum(_is_pair(row, comma) for row in rows)


def _is_pair(row, comma):
    """Whether a row is a name, perhaps a formula, and a number; 0,3775 between commas is no number."""
    if not 2 <= len(row) <= 3 or not row[0].text or parse_number(_number(row[-1], comma).text) is None:
        return False
    return len(row) == 2 or (_WHOLE.fullmatch(row[1].text) is None and parse_number(row[1].text) is None)


def _number(cell, comma):
    """A cell without a sign of about, and with its decimal comma as a point, where there may be one."""
    if cell.text.startswith("$") and cell.text.endswith("$"):
        cell = cell[1:-1]
    about = _ABOUT.match(cell.text)
    cell = cell[about.end() :] if about else cell
    return cell.replace(",", ".") if comma and _DECIMAL_COMMA.fullmatch(cell.text) else cell


def _value(cell, comma=True):
    return parse_number(_number(cell, comma).text)


def _take_table(sheet, rows, comma, has_header=False):
    """Add the rows of a table, (line, text, cells) each; a header is none of them."""
    bare = _without_counts([cells for _, _, cells in rows])
    rows = [(number, line, cells) for (number, line, _), cells in zip(rows, bare)]
    kind = _kind(bare)
    if kind is not None:
        take, needed = kind
        return take(sheet, rows[1:], needed, comma)
    has_pairs = any(_is_pair(cells, comma) for _, _, cells in rows)
    for place, (number, line, cells) in enumerate(rows):
        if sheet.is_full(number):
            break
        claims = [cell for cell in cells if has_equals(cell.text)]
        if _is_pair(cells, comma):
            _take_pair(sheet, number, cells, comma)
        elif _NETWORK.match(line.text):
            sheet.take(Statement.of(number, line))
        elif claims:
            for cell in claims:
                sheet.take(Statement.of(number, cell))
        elif place == 0 and (has_header or (cells and not any(each.isdigit() for each in line.text))):
            continue
        elif (
            has_pairs
            or not has_header
            or any(_value(cell) is not None and "." in cell.text for cell in cells)
        ):
            sheet.refuse(number, line.text, line.column_of(1), _ROW)
        else:
            sheet.prose.append((number, line.text))


def _take_pair(sheet, number, cells, comma):
    shown = " = ".join(cell.text for cell in cells if cell.text)
    parts = []
    *before, value = (each[1:].strip() if each.text[:1] == "=" else each for each in cells if each.text)
    for cell in before:
        written = _spelled(sheet, number, shown, cell)
        if written is None:
            return
        parts += written.split("=")
    if not parts or not all(part.text for part in parts):
        return sheet.refuse(number, shown, cells[0].column_of(1), _ROW)
    sheet.add(shown, [*parts, _number(value, comma)], [number] * (len(parts) + 1))


def _take_columns(sheet, rows, headings, comma):
    """Add a claim for every number in the rows of a table: its name, its gradient, its next value."""
    for number, line, name, values in _named(sheet, rows, len(headings) + 1, comma):
        for mark, value in zip(headings, values):
            base, bracket, index = name.text.partition("[")
            after = ("_new" if bracket else "@1") if mark == "@1" else ""
            _add(sheet, number, line, f"{'' if after else mark}{base}{after}{bracket}{index}", name, value)


def _take_neurons(sheet, rows, first, comma):
    """Add `net_h1` for the number in the row h1 under the heading net."""
    for number, line, name, values in _named(sheet, rows, len(first), comma):
        for cell, value in zip(first[1:], values):
            heading = _spelled(sheet, number, line.text, _name_in(cell))
            if heading is not None:
                low = "" if name.text.isdigit() else "_"
                _add(sheet, number, line, f"{heading.text}{low}{name.text}", name, value)


def _named(sheet, rows, width, comma):
    """(line, text, name, numbers) of each row that is a name and numbers; the others are refused."""
    for number, line, cells in rows:
        values = [_number(cell, comma) for cell in cells[1:]]
        fits = len(cells) == width and bool(cells[0].text)
        if not fits or any(cell.text.strip("-–— ") and parse_number(cell.text) is None for cell in values):
            sheet.refuse(number, line.text, line.column_of(1), _COLUMN_ROW)
            continue
        name = _spelled(sheet, number, line.text, cells[0])
        if name is not None:
            yield number, line, name, values


def _take_trainings(sheet, rows, names, comma):
    """Add `w5@2` for the number under w5 in the row of update 2."""
    for number, line, cells in rows:
        counts = bool(cells) and _WHOLE.fullmatch(cells[0].text) and int(cells[0].text) >= 0
        if not counts or len(cells) != len(names):
            sheet.refuse(number, line.text, line.column_of(1), _UPDATED_ROW)
            continue
        count = int(cells[0].text)
        for name, cell in zip(names[1:], cells[1:]):
            value = _number(cell, comma)
            if parse_number(value.text) is None:
                sheet.refuse(number, line.text, cell.column_of(1), _UPDATED_ROW)
                continue
            written = _spelled(sheet, number, line.text, name, cell)
            if written is not None:
                _add(sheet, number, None, written.text + (f"@{count}" if count else ""), cell, value)


def _take_samples(sheet, rows, names, comma):
    """Add an array for every column that has a name, one entry a sample; of one row alone, numbers."""
    for place, name in enumerate(names):
        cells = [_number(cells[place], comma) for _, _, cells in rows if len(cells) == len(names)]
        if name is not None and len(rows) > 1:
            _take_array(sheet, rows, name, [cells], len(rows), comma)
        elif name is not None and (written := _spelled(sheet, rows[0][0], name.text, name)) is not None:
            _add(sheet, rows[0][0], None, written.text, cells[0], cells[0])


def _take_matrix(sheet, rows, names, comma):
    """Add the matrix that stands between the headings of a table's rows and columns."""
    _take_array(
        sheet, rows, names[0], [[_number(cell, comma) for cell in row[1:]] for *_, row in rows], None, comma
    )


def _take_array(sheet, rows, name, numbers, length, comma):
    number, line, _ = rows[0]
    fits = all(parse_number(cell.text) is not None for row in numbers for cell in row)
    if not fits or len({len(row) for row in numbers}) > 1 or (length and len(numbers[0]) != length):
        return sheet.refuse(number, line.text, line.column_of(1), _COLUMN_ROW)
    written = _spelled(sheet, number, line.text, name)
    if written is None:
        return
    texts = [", ".join(parse_number(cell.text) for cell in row) for row in numbers]
    text = f"[{texts[0]}]" if length else f"[{', '.join(f'[{each}]' for each in texts)}]"
    _add(
        sheet,
        number,
        None,
        written.text,
        numbers[0][0],
        TextWithColumns(text, [numbers[0][0].column_of(1)] * len(text)),
    )


def _spelled(sheet, number, text, cell, place=None):
    """A cell in the notation of formulas; None where it cannot be read, which is then noted."""
    try:
        return sheet.spelled(TextWithColumns(cell.text, cell.columns)).strip()
    except ExpressionError as error:
        sheet.refuse(number, text, (place or cell).column_of(1) if place else error.column, error.reason)
    return None


def _add(sheet, number, line, name, place, value):
    if value.text.strip("-–— ") and not sheet.is_full(number):
        parts = [*TextWithColumns(name, [place.column_of(1)] * len(name)).split("="), value]
        sheet.add(f"{name} = {value.text}" if line is None else line.text, parts, [number] * len(parts))
