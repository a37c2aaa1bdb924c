"""A training as a spreadsheet whose formulas live: change the learning rate, and every number follows.

The file is Office Open XML (ECMA-376), written with zipfile: each cell has its formula and its value, so that
it also shows where nothing is computed.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, NamedTuple

from neuronnet.formulas.expressions import (
    Call,
    Compare,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
)
from neuronnet.render.cell_arithmetic import Written, formulas_of, written
from neuronnet.render.document import TAKEN_FOR_FORMULAS, Document
from neuronnet.render.spreadsheet_parts import HEAD, MAIN, OFFICE, around, chart, drawing
from neuronnet.render.text import clean

GIVEN, TRAINING, FORMULAS, STEPS = "Network", "Training", "Formulas", "Derivation"
FIRST_CONSTANT, FIRST_ROW = 3, 3  # of the sheets, counted from 1
LONGEST_FORMULA = 8000  # letters; a spreadsheet takes 8,192
FUNCTIONS = {
    "exp": "EXP",
    "ln": "LN",
    "tanh": "TANH",
    "max": "MAX",
    "min": "MIN",
    "sqrt": "SQRT",
    "abs": "ABS",
}
TEXT, BOLD, QUOTED = 0, 1, 2  # places in the list of cell formats
EPOCH = (1980, 1, 1, 0, 0, 0)


class Cell(NamedTuple):
    """A text or a number, perhaps with the formula that gives it."""

    value: Any
    formula: str | None = None
    style: int = TEXT


def workbook(training: Any, derivation: Document) -> bytes:
    """The file: the network's constants and its error curve, a row per update, and the formulas as text.

    `training` are TrainingRows, `derivation` is the Document of the first pass.
    """
    places = _Places(training)
    sheets = [
        (GIVEN, _sheet(_given(training), (24, 14), drawn=True)),
        (TRAINING, _sheet(_rows(training, places), (10, 16), frozen=True)),
        (FORMULAS, _sheet(_formulas(derivation), (24, 60, 70))),
    ]
    last = FIRST_ROW + len(training.rows) - 1
    updates, errors = f"{TRAINING}!$A${FIRST_ROW}:$A${last}", f"{TRAINING}!$B${FIRST_ROW}:$B${last}"
    values = [row[training.error].value for row in training.rows]
    curve = chart(training.error, updates, list(range(len(values))), errors, values)
    return _file(sheets, {**drawing(), "xl/charts/chart1.xml": curve})


def workbook_of_steps(derivation: Document) -> bytes:
    """The file of a Document: every step, a row or as many as its matrix has, with live formulas."""
    return _file([(STEPS, _sheet(_steps(derivation), (24, 60, 20)))], {})


def _file(sheets, drawn):
    """The bytes of a file of (name, part) of each sheet, and the parts of what is drawn."""
    parts = around([name for name, _ in sheets], bool(drawn)) | drawn
    parts |= {f"xl/worksheets/sheet{number}.xml": part for number, (_, part) in enumerate(sheets, 1)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def column(number: int) -> str:
    """The letters of a column, counted from 0: A, Z, AA."""
    letters = ""
    while number >= 0:
        number, rest = divmod(number, 26)
        letters, number = chr(ord("A") + rest) + letters, number - 1
    return letters


class _Places:
    """Where the cell of every name is."""

    def __init__(self, training):
        ordered = [training.error, *(name for name in training.columns if name != training.error)]
        self.columns = {name: column(place) for place, name in enumerate(ordered, 1)}
        names = _constants(training)
        self.constants = {name: f"{GIVEN}!$B${row}" for row, name in enumerate(names, FIRST_CONSTANT)}
        self.moved = training.moved

    def of(self, name, row):
        """The cell of a name in a row."""
        return self.constants[name] if name in self.constants else f"{self.columns[name]}{row}"

    def in_row(self, row, is_parameter):
        """The function that finds the cell of a name in the formula of a cell in a row."""
        if not is_parameter:
            return lambda name: self.of(name, row)
        return lambda name: self.of(name.removesuffix("@1"), row if name.endswith("@1") else row - 1)


def _constants(training):
    """The names of the constants, the learning rate first."""
    return sorted(training.constants, key=lambda name: name != training.rate)


def _given(training):
    yield [Cell(training.title, style=BOLD)]
    yield [Cell("given")]
    for name in _constants(training):
        label = f"{name}, the learning rate" if name == training.rate else name
        yield [Cell(label), Cell(training.constants[name])]


def _rows(training, places):
    names = list(places.columns)
    parts = [training.columns[name] for name in names]
    shown = [part if part != before else "" for before, part in zip(["", *parts], parts)]
    yield [Cell(""), *(Cell(part) for part in shown)]
    yield [Cell("update", style=BOLD), *(Cell(name, style=BOLD) for name in names)]
    for number, row in enumerate(training.rows, FIRST_ROW):
        cells = [Cell(number - FIRST_ROW)]
        for name in names:
            found = row.get(name)
            if found is None:
                cells.append(Cell(""))
                continue
            formula = None
            if found.formula is not None:
                formula = formula_in_cells(found.formula, places.in_row(number, name in training.moved))
            cells.append(Cell(found.value, formula))
        yield cells


def _formulas(derivation):
    yield [Cell(derivation.title, style=BOLD)]
    for sentence in derivation.sentences:
        yield [Cell(sentence)]
    yield [Cell("name", style=BOLD), Cell("formula", style=BOLD), Cell("in numbers", style=BOLD)]
    for step in derivation.steps:
        if step.formula is not None:
            yield [Cell(step.name), Cell(step.formula), Cell(step.numbers)]


def _steps(derivation):
    yield [Cell(derivation.title, style=BOLD)]
    yield [Cell(each, style=BOLD) for each in ("name", "formula", "value")]
    cells, row = {}, 3
    for step in derivation.steps:
        values = json.loads(step.full) if isinstance(step.value, list) else float(step.full)
        lines = [[values]] if isinstance(values, float) else values
        lines = lines if isinstance(lines[0], list) else [lines]
        places = [
            [f"${column(place)}${number}" for place, _ in enumerate(line, 2)]
            for number, line in enumerate(lines, row)
        ]
        formulas = iter(_formulas_of_entries(step, cells, sum(map(len, lines))))
        texts = [[Cell(step.name), Cell(step.formula or "")], *([Cell(""), Cell("")] for _ in lines[1:])]
        for text, line in zip(texts, lines):
            yield [*text, *(Cell(value, next(formulas)) for value in line)]
        if isinstance(values, float):
            cells[step.name] = written(values, places[0][0])
        else:
            cells[step.name] = written(values, places if isinstance(values[0], list) else places[0])
        row += len(lines)


def _formulas_of_entries(step, cells, count):
    """The formula of every entry of a step, None for each where it has none that lives."""
    nothing = [None] * count
    if step.expression is None or not all(name in cells for name, _ in step.leaves.values()):
        return nothing
    own = {name: cells[spelled] for name, (spelled, _) in step.leaves.items()}
    if count == 1 and all(isinstance(each, Written) for each in own.values()):
        return [formula_in_cells(step.expression, lambda name: own[name].text)]
    found = formulas_of(step.expression, own)
    if found is None or len(found) != count:
        return nothing
    return [each if len(each) <= LONGEST_FORMULA else None for each in found]


# Formulas


def formula_in_cells(formula: Expression, cell_of: Any) -> str | None:
    """A formula as spreadsheets write it; `cell_of(name)` is where a quantity stands.

    None where it is too long, or has a function that spreadsheets lack.
    """
    try:
        text = _text(formula, cell_of)
    except KeyError:
        return None
    return text if len(text) <= LONGEST_FORMULA else None


def _text(part, cell_of):
    """Every part that is made of others stands in brackets where the order of signs could be taken otherwise:
    spreadsheets read -2^2 as (-2)^2.
    """

    def inside(each):
        text = _text(each, cell_of)
        return text if isinstance(each, (Name, Call)) or text.isalnum() else f"({text})"

    if isinstance(part, Number):
        return part.format()
    if isinstance(part, Name):
        return cell_of(part.name)
    if isinstance(part, Sum):
        first, *others = part.terms
        return _term(first[1], inside, cell_of) + "".join(
            ("+" if sign > 0 else "-") + _term(term, inside, cell_of) for sign, term in others
        )
    if isinstance(part, Product):
        return "".join(
            (operator if place else "") + inside(factor)
            for place, (operator, factor) in enumerate(part.factors)
        )
    if isinstance(part, Power):
        return f"{inside(part.base)}^{part.exponent}"
    if isinstance(part, Negative):
        return f"-{inside(part.inner)}"
    if isinstance(part, Compare):
        signs = {"==": "=", "!=": "<>"}
        return f"({inside(part.left)}{signs.get(part.sign, part.sign)}{inside(part.right)})*1"
    if isinstance(part, Call):
        return _call(part.function, [_text(each, cell_of) for each in part.arguments])
    raise KeyError(type(part).__name__)


def _term(term, inside, cell_of):
    return _text(term, cell_of) if isinstance(term, (Product, Power)) else inside(term)


def _call(function, arguments):
    if function == "logsumexp":
        largest = f"MAX({','.join(arguments)})"
        return f"({largest}+LN({'+'.join(f'EXP({each}-{largest})' for each in arguments)}))"
    if function == "step":
        return f"IF({arguments[0]}>0,1,0)"
    return f"{FUNCTIONS[function]}({','.join(arguments)})"


# Parts of the file


def _sheet(rows, widths, frozen=False, drawn=False):
    """The part of a sheet; the last of the widths is that of all further columns."""
    lines = [f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">']
    lines += ['<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'] * drawn
    if frozen:
        pane = '<pane xSplit="2" ySplit="2" topLeftCell="C3" activePane="bottomRight" state="frozen"/>'
        lines.append(f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>')
    ends = [*range(1, len(widths)), 16384]
    columns = "".join(
        f'<col min="{number}" max="{end}" width="{width}" customWidth="1"/>'
        for number, (end, width) in enumerate(zip(ends, widths), 1)
    )
    lines.append(f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>')
    for number, cells in enumerate(rows, 1):
        inside = "".join(_cell(f"{column(place)}{number}", cell) for place, cell in enumerate(cells))
        lines.append(f'<row r="{number}">{inside}</row>')
    lines += ["</sheetData>", *['<pageSetup orientation="landscape"/><drawing r:id="rId1"/>'] * drawn]
    lines.append("</worksheet>")
    return "\n".join(lines)


def _cell(place, cell):
    if cell.value == "":
        return ""
    if isinstance(cell.value, str):
        style = cell.style or (QUOTED if cell.value.startswith(TAKEN_FOR_FORMULAS) else TEXT)
        text = f'<is><t xml:space="preserve">{clean(cell.value)}</t></is>'
        return f'<c r="{place}" s="{style}" t="inlineStr">{text}</c>'
    formula = "" if cell.formula is None else f"<f>{clean(cell.formula)}</f>"
    return f'<c r="{place}">{formula}<v>{cell.value!r}</v></c>'
