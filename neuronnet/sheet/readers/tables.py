"""Tables of names and printed numbers: CSV, cells between tabs, the tables of Markdown and of pages.

What a table holds is told by its headings: values, gradients, changes and new values of what stands in
the first column; a row for every update, neuron or sample; a matrix. Without headings two columns are a
name and a number, three have a formula between.
"""

import csv
import re
from functools import partial
from typing import NamedTuple

from neuronnet.errors import ExpressionError
from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns, parse_number
from neuronnet.formulas.written_names import read_name
from neuronnet.sheet.readers.cutting import OPTION, Statement, sides
from neuronnet.sheet.readers.latex import in_plain_notation
from neuronnet.sheet.readers.spelling import PASSES, has_equals, with_points

_BLANKS = "  "  # between the columns of a terminal
_NETWORK = re.compile(r"\s*network\s*:", re.IGNORECASE)
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_DECIMAL_COMMA = re.compile(r"\s*[-+−]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]{1,4})?\s*")
_GUARDED = re.compile(r"'[-+=@]")  # as spreadsheets keep text from being a formula
_ABOUT = re.compile(r"\s*(?:≈|~|ca\.|=)\s*")
_ROW = "a row of this table is a name and a number with a decimal point, or a name, a formula and a number"
_STEP_ROW = "a row of this table has a name and as many cells as there are headings"
_COLUMN_ROW = "a row of this table is a name and a number under every heading"
_UPDATED_ROW = "a row of this table is the number of an update and a number for each name above"
# What the heading of a column says that its numbers are, in the languages of those who write them.
_HEADINGS = [
    (mark, re.compile(words, re.IGNORECASE))
    for mark, words in (
        ("@1", r"[-−–]\s*(?:η|α|lr\b|eta|alpha|γ|μ)"),
        ("Δ", r"\b(?:delta|change|step|schritt|änderung|cambio|variation|mudança|изменение|变化)\b|^\W*[ΔΔ]"),
        ("d", r"grad|deriv|ableitung|dérivée|slope|∂|∇|\bd[EJLC]?/d|градиент|производн|梯度|导数"),
        (
            "@1",
            r"new|\bneue?[rs]?\b|nuev|nouv|n[ou]+v[oa]|updated|after|nach|après|después|depois|dopo|нов|新|\w'|\+\W*$",
        ),
        (
            "",
            r"old|alt\b|alte|viej|vecchi|ancien|velh|antig|anterior|value|wert|valor|valeur|before|vor|avant",
        ),
        ("", r"initial|current|result|ergebnis|résultat|risultato|старое|значение|результат|旧|值|结果"),
        (
            "=",
            r"form[eu]l|fórmula|calcul|cálcul|calcol|comput|rechn|ein(?:ge)?setz|number|zahlen|nombres",
        ),
        ("=", r"expression|ausdruck|substitu|sustitu|sostitu|вычислен|формул|公式|计算|代入"),
    )
]
_NAMED = re.compile(
    r"name|nombre|\bnom\b|variable|variável|variabile|quantity|symbol|parameter|parâmetro|paramètre|parámetro|größe"
    r"|grandeur|grandezza|величина|параметр|переменная|变量|参数",
    re.IGNORECASE,
)
_UPDATES = set(f"update step n schritt étape paso passo {PASSES}".split())
_NEURONS = set("neuron neurone neurona neurônio unit node einheit knoten unité nodo unidad нейрон".split())
_SAMPLES = set(
    "# sample example i no nr beispiel muster exemple ejemplo muestra exemplo amostra пример 样本".split()
)
_NAME_IN = re.compile(r"[^$()]*\$(?P<formula>[^$]+)\$\s*|[^()]*\s\((?P<brackets>[^()\s]{1,20})\)\s*")
_NEW = r"(?:new|next|neue?[rs]?|nuev[oa]|nouve(?:au|lle)|nov[oa]|nuov[oa])"
_NEW_NAME = re.compile(rf"{_NEW}\s+(?P<behind>\S+)|(?P<before>\S+)\s+{_NEW}", re.IGNORECASE)
_SIDE_BY_SIDE = re.compile(r"(?<=\))\s*(?=[\w(])|(?<=[²\d\w])\s*(?=\()|(?<=[^\W\d]) +(?=[^\W\d])")
_MATRIX = re.compile(r"(?:d|∂)?[A-Z](?:_?\d{1,3}|_[a-z]{1,3}|\^?\{?\[\d\]\}?|_\{\w{1,4}\})?")


def separator(lines):
    """What separates the cells in most lines of (number, TextWithColumns); None where nothing does."""
    if any("=" in OPTION.sub("", line.text) for _, line in lines):
        return None
    tables = {each: _without_others([_cells(line, each) for _, line in lines]) for each in (*";\t,", _BLANKS)}
    fitting = {each: _fitting(rows, each != ",") for each, rows in tables.items()}
    best = max(fitting, key=fitting.get)
    return best if 2 * fitting[best] >= len(lines) > 0 and fitting[best] else None


def take_separated(sheet, lines, between):
    """Add the rows of a table whose cells have a sign between them."""
    rows = [_Row(number, line, _cells(line, between)) for number, line in lines]
    _Table(sheet, rows, between != ",").take()


def take_table(sheet, lines):
    """Add the rows of a table of Markdown, lines of (number, TextWithColumns)."""
    rows = [_Row(number, line, _bar_cells(line)) for number, line in lines if not _RULE.fullmatch(line.text)]
    has_rule = len(rows) < len(lines) and len(lines) > 1 and _RULE.fullmatch(lines[1][1].text) is not None
    _Table(sheet, rows, False).take(has_rule)


def _cells(line, between):
    text = line.text
    if len(text) > LONGEST_TEXT or between not in text:
        return []
    if between == _BLANKS:
        return line.strip().split(" {2,}")
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
    return [cell[1:] if _GUARDED.match(cell.text) else cell for cell in cells]


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
        return _Table.trainings, first
    if texts[0] in _NEURONS and all(map(_is_name, first[1:])):
        return _Table.neurons, first
    counted = [row[0].text for row in rest if row] == [str(number) for number in range(1, len(rest) + 1)]
    is_counted = texts[0] in {*_SAMPLES, "i", "n"} and len(rest) > 1 and counted
    if is_counted and _are_names_and_formulas(first[1:]):
        return _Table.samples, [None, *first[1:]]
    numbers = [cell for row in rest for cell in row[1:]]
    if (
        _MATRIX.fullmatch(first[0].text.strip("$"))
        and len(rest) > 1
        and all(_value(cell) is not None for cell in numbers)
    ):
        return _Table.matrix, first
    if rest and _are_names_and_formulas(first) and {len(row) for row in rows} == {len(first)}:
        if all(_value(cell) is not None for row in rest for cell in row):
            return _Table.samples, first
    found = [_mark(text) for text in texts[1:]]
    marks = [_mark(row[0].text.lower()) if row else None for row in rest]
    if (
        len(marks) > 1
        and None not in marks
        and len(set(marks)) == len(marks)
        and all(map(_is_name, first[1:]))
    ):
        return _Table.turned, (first, marks)
    if "=" in found and found.count("") == 1:
        return _Table.steps, found
    is_clear = None not in found and len(set(found)) == len(found)
    return (_Table.columns, found) if is_clear and (any(found) or len(found) > 1) else None


def _mark(text):
    """What a heading says that the numbers are, by _HEADINGS; None for anything else."""
    return next((mark for mark, words in _HEADINGS if words.search(text)), None)


def _without_others(rows):
    """Rows that begin with their name, without a count of them and without columns of words about them."""
    if len(rows) < 2 or len({len(row) for row in rows}) > 1 or len(rows[0]) < 3:
        return rows
    first, rest = [cell.text.lower() for cell in rows[0]], rows[1:]
    if all(row[0].text.isdigit() and not parse_number(row[1].text) and _is_name(row[1]) for row in rest):
        return [row[1:] for row in rows]
    named = next((place for place, text in enumerate(first) if _NAMED.search(text)), None)
    name = named or 0
    kept = [place for place, text in enumerate(first) if place != name and _mark(text) is not None]
    others = {*range(len(first))} - {name, *kept}
    are_words = not any(parse_number(row[place].text) for row in rest for place in others)
    are_names = all(
        row[name].text and not parse_number(row[name].text) and _is_name(row[name]) for row in rest
    )
    if not others or len(kept) < 1 + (named is None) or not are_words or not are_names:
        return rows
    return [[row[name], *(row[place] for place in kept)] for row in rows]


def _is_name(cell):
    name = _name_in(cell)
    try:
        return read_name(in_plain_notation(name) if "\\" in name.text else name) is not None
    except ExpressionError:
        return False


def _are_names_and_formulas(cells):
    """Whether headings are names, perhaps with a formula, `ŷ = w x`, or formulas in these: `ŷ - y`."""
    names = {cell.text.split("=")[0].strip() for cell in cells if _is_name(cell.split("=")[0].strip())}
    words = [set(re.findall(r"[^\W\d_]\w*", cell.text)) for cell in cells]
    return bool(names) and all(
        cell.text.split("=")[0].strip() in names or (inside and all(map(partial(_is_made_of, names), inside)))
        for cell, inside in zip(cells, words)
    )


def _is_made_of(names, word):
    """Whether a word is one of some names, or names side by side."""
    return word in names or any(word[: len(each)] == each and word[len(each) :] in names for each in names)


def _without_new(cell):
    """The name in a heading such as `new w` or `w neu`, or the cell itself."""
    found = _NEW_NAME.fullmatch(cell.text)
    return cell[found.start(found.lastgroup) : found.end(found.lastgroup)] if found else cell


def _times(match):
    """The sign between two factors side by side; none between a function and its brackets."""
    word = re.search(r"[^\W\d_]*\Z", match.string[: match.start()])[0]
    return match[0] if word in SPELLED and match.string[match.end() :][:1] == "(" else "*"


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
    if (
        not 2 <= len(row) <= 3
        or not row[0].text
        or parse_number(row[0].text)
        or parse_number(_number(row[-1], comma).text) is None
    ):
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


class _Row(NamedTuple):
    number: int
    line: TextWithColumns
    cells: list


class _Table:
    """Adds the rows of a table to a sheet; `comma` says whether numbers may have decimal commas."""

    def __init__(self, sheet, rows, comma):
        self.sheet, self.comma = sheet, comma
        bare = _without_others([row.cells for row in rows])
        self.rows = [row._replace(cells=cells) for row, cells in zip(rows, bare)]

    def take(self, has_header=False):
        """Add all rows, a header apart."""
        kind = _kind([row.cells for row in self.rows])
        if kind is not None:
            take, needed = kind
            self.rows = self.rows[1:]
            return take(self, needed)
        has_pairs = any(_is_pair(row.cells, self.comma) for row in self.rows)
        for place, row in enumerate(self.rows):
            if self.sheet.is_full(row.number):
                break
            if _is_pair(row.cells, self.comma):
                self.pair(row)
            elif _NETWORK.match(row.line.text):
                self.sheet.take(Statement.of(row.number, row.line))
            elif self.claims(row):
                continue
            elif place == 0 and (has_header or (row.cells and not any(map(str.isdigit, row.line.text)))):
                continue
            elif has_pairs or not has_header or any(_value(cell) and "." in cell.text for cell in row.cells):
                self.refuse(row, _ROW)
            else:
                self.sheet.prose.append((row.number, row.line.text))

    def claims(self, row):
        """Take the cells that are claims by themselves; whether there are any."""
        found = [cell for cell in row.cells if has_equals(cell.text)]
        if any(cell.text in ("=", "≈", ":=", "←") for cell in found):  # an equation, a cell for each side
            found = [row.line.replace(r"[|\t]", " ")]
        for cell in found:
            self.sheet.take(Statement.of(row.number, cell))
        return bool(found)

    def pair(self, row):
        """A name, perhaps a formula, and a number."""
        cells = [cell for cell in row.cells if cell.text]
        shown = " = ".join(cell.text for cell in cells)
        *before, value = (cell[1:].strip() if cell.text[0] == "=" else cell for cell in cells)
        self.chain(row, before, [self.number(value)], shown)

    def steps(self, headings):
        """A claim for every row: the name, its formulas, its value; other columns say something else."""
        for row in self.rows:
            if len(row.cells) == len(headings) + 1 and not row.cells[0].text:
                self.claims(row)
                continue
            if len(row.cells) != len(headings) + 1:
                self.refuse(row, _STEP_ROW)
                continue
            formulas = [cell for mark, cell in zip(headings, row.cells[1:]) if mark == "=" and cell.text]
            value = self.number(row.cells[headings.index("") + 1])
            values, before = [value] * bool(value.text.strip("-–— ")), [row.cells[0], *formulas]
            if formulas or values:
                self.chain(row, before, values, " = ".join(cell.text for cell in [*before, *values]))

    def chain(self, row, cells, values, shown):
        """Add the claim that what stands in some cells is a value."""
        parts = []
        if any(_DECIMAL_COMMA.fullmatch(cell.text) for each in self.rows for cell in each.cells[-1:]):
            cells = [with_points(cell) for cell in cells]
        for cell in cells:
            written = self.spelled(row.number, shown, cell)
            if written is None:
                return
            parts += sides(written)
        if not parts or not all(part.text for part in parts):
            return self.sheet.refuse(row.number, shown, row.cells[0].column_of(1), _ROW)
        parts += values
        self.sheet.add(shown, parts, [row.number] * len(parts))

    # Kinds of tables with headings

    def columns(self, headings):
        """A claim for every number in a row: its name, its gradient, its next value."""
        for row, name, values in self.named(len(headings) + 1):
            for mark, value in zip(headings, values):
                self.marked(row, mark, name, value)

    def turned(self, needed):
        """The same of a table that has a column for every name and a row for its value, its gradient."""
        (_, *names), marks = needed
        for row, mark in zip(self.rows, marks):
            for cell, value in zip(names, row.cells[1:]):
                if name := self.spelled(row.number, row.line.text, cell):
                    self.marked(row, mark, name, self.number(value))

    def marked(self, row, mark, name, value):
        base, bracket, index = name.text.partition("[")
        after = ("_new" if bracket else "@1") if mark == "@1" else ""
        self.add(row, f"{'' if after else mark}{base}{after}{bracket}{index}", name, value)

    def neurons(self, first):
        """`net_h1` for the number in the row h1 under the heading net."""
        for row, name, values in self.named(len(first)):
            for cell, value in zip(first[1:], values):
                heading = self.spelled(row.number, row.line.text, _name_in(cell))
                if heading is not None:
                    low = "" if name.text.isdigit() else "_"
                    self.add(row, f"{heading.text}{low}{name.text}", name, value)

    def named(self, width):
        """(row, name, numbers) of each row that is a name and numbers; the others are refused."""
        for row in self.rows:
            values = [self.number(cell) for cell in row.cells[1:]]
            fits = len(row.cells) == width and bool(row.cells[0].text)
            if not fits or any(cell.text.strip("-–— ") and not parse_number(cell.text) for cell in values):
                self.refuse(row, _COLUMN_ROW)
                continue
            name = self.spelled(row.number, row.line.text, row.cells[0])
            if name is not None:
                yield row, name, values

    def trainings(self, first):
        """`w5@2` for the number under w5 in the row of update 2."""
        for row in self.rows:
            count = row.cells[0].text if len(row.cells) == len(first) else ""
            if not _WHOLE.fullmatch(count) or int(count) < 0:
                self.refuse(row, _UPDATED_ROW)
                continue
            for name, cell in zip(first[1:], row.cells[1:]):
                value = self.number(cell)
                if not parse_number(value.text):
                    self.refuse(row, _UPDATED_ROW, cell)
                elif written := self.spelled(row.number, row.line.text, _without_new(name), cell):
                    passed = int(count) + (_without_new(name) is not name)
                    after = f"@{passed}" if passed else ""
                    self.add(row, written.text + after, cell, value, alone=True)

    def samples(self, first):
        """An array for every column that has a name, one entry a sample; of one row alone, numbers."""
        for place, name in enumerate(first):
            cells = [self.number(row.cells[place]) for row in self.rows if len(row.cells) == len(first)]
            if name is not None and len(self.rows) > 1:
                self.array(name, [cells], len(self.rows))
            elif name is not None and (written := self.spelled(self.rows[0].number, name.text, name)):
                self.add(self.rows[0], written.text, cells[0], cells[0], alone=True)

    def matrix(self, first):
        """The matrix that stands between the headings of the rows and columns."""
        self.array(first[0], [[self.number(cell) for cell in row.cells[1:]] for row in self.rows])

    def array(self, name, numbers, length=0):
        """The claim that a name is a matrix or, of a `length`, a vector."""
        row, place = self.rows[0], numbers[0][0] if numbers[0] else name
        fits = all(parse_number(cell.text) for cells in numbers for cell in cells)
        if not fits or len({len(cells) for cells in numbers}) > 1 or (length and len(numbers[0]) != length):
            return self.refuse(row, _COLUMN_ROW)
        written = self.spelled(row.number, row.line.text, name)
        if written is not None:
            if length:  # row by row
                written = written.replace(_SIDE_BY_SIDE, _times).replace("[·×⋅]", "*")
            texts = [f"[{', '.join(parse_number(cell.text) for cell in cells)}]" for cells in numbers]
            text = texts[0] if length else f"[{', '.join(texts)}]"
            value = TextWithColumns(text, [place.column_of(1)] * len(text))
            self.add(row, written.text, place, value, alone=True)

    # Cells

    def number(self, cell):
        return _number(cell, self.comma)

    def refuse(self, row, reason, cell=None):
        self.sheet.refuse(row.number, row.line.text, (cell or row.line).column_of(1), reason)

    def spelled(self, number, text, cell, place=None):
        """A cell in the notation of formulas; None where it cannot be read, which is then noted."""
        try:
            return self.sheet.spelled(TextWithColumns(cell.text, cell.columns)).strip()
        except ExpressionError as error:
            self.sheet.refuse(number, text, place.column_of(1) if place else error.column, error.reason)
        return None

    def add(self, row, name, place, value, alone=False):
        """Add the claim that a name is a value; it is shown by its whole row, or `alone`."""
        if value.text.strip("-–— ") and not self.sheet.is_full(row.number):
            parts = [*TextWithColumns(name, [place.column_of(1)] * len(name)).split("="), value]
            shown = f"{name} = {value.text}" if alone else row.line.text
            self.sheet.add(shown, parts, [row.number] * len(parts))
