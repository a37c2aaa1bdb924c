"""A training as a spreadsheet whose formulas live: change the learning rate, and every number follows.

The file is Office Open XML (ECMA-376), written with zipfile: each cell has its formula and its value, so that
it also shows where nothing is computed.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, NamedTuple

from neuronnet.render.cells import formulas_of, written
from neuronnet.render.document import TAKEN_FOR_FORMULAS, Document
from neuronnet.render.text import clean

GIVEN, TRAINING, FORMULAS, STEPS = "Network", "Training", "Formulas", "Derivation"
FIRST_CONSTANT, FIRST_ROW = 3, 3  # of the sheets, counted from 1
THIS_ROW, ROW_BEFORE = "§", "¶"  # in a formula that stands in every row
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
    sheets = [
        (GIVEN, _sheet(_given(training), (24, 14), drawn=True)),
        (TRAINING, _sheet(_rows(training), (10, 16), frozen=True)),
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


def _constants(training):
    """The names of the constants, the learning rate first."""
    return sorted(training.constants, key=lambda name: name != training.rate)


def _given(training):
    yield [Cell(training.title, style=BOLD)]
    yield [Cell("given")]
    for name in _constants(training):
        label = f"{name}, the learning rate" if name == training.rate else name
        yield [Cell(label), Cell(training.constants[name])]


def _rows(training):
    names = [training.error, *(name for name in training.columns if name != training.error)]
    columns = {name: column(place) for place, name in enumerate(names, 1)}
    constants = {
        name: written(training.constants[name], f"{GIVEN}!$B${row}")
        for row, name in enumerate(_constants(training), FIRST_CONSTANT)
    }

    def cell_of(name, number, is_moved):
        """The cell of a name in the formula of another; a parameter is made from the row before."""
        if name in constants:
            return constants[name]
        is_before = is_moved and not name.endswith("@1")
        name = name.removesuffix("@1")
        value = training.rows[number - FIRST_ROW - is_before][name].value
        return written(value, columns[name] + (ROW_BEFORE if is_before else THIS_ROW))

    parts = [training.columns[name] for name in names]
    shown = [part if part != before else "" for before, part in zip(["", *parts], parts)]
    yield [Cell(""), *(Cell(part) for part in shown)]
    yield [Cell("update", style=BOLD), *(Cell(name, style=BOLD) for name in names)]

    texts: dict[tuple[str, str], Any] = {}
    for number, row in enumerate(training.rows, FIRST_ROW):
        cells = [Cell(number - FIRST_ROW)]
        for name in names:
            found, text = row.get(name), None
            if found is not None and found.formula is not None:
                is_moved = name in training.moved
                key = name, found.formula.format() if is_moved else ""
                if key not in texts:
                    of = {each: cell_of(each, number, is_moved) for each in found.formula.names()}
                    (texts[key],) = formulas_of(found.formula, of) or [None]
                text = texts[key]
            if text is not None:
                text = text.replace(THIS_ROW, str(number)).replace(ROW_BEFORE, str(number - 1))
            cells.append(Cell("") if found is None else Cell(found.value, text))
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
        columns = [f"${column(place)}$" for place in range(2, 2 + len(lines[0]))]
        places = [[f"{letter}{number}" for letter in columns] for number, _ in enumerate(lines, row)]
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
    if step.expression is None or not all(name in cells for name, _ in step.leaves.values()):
        return [None] * count
    found = formulas_of(step.expression, {name: cells[own] for name, (own, _) in step.leaves.items()})
    return found if len(found) == count else [None] * count


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


HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWN = "http://schemas.openxmlformats.org/drawingml/2006"
KIND = "application/vnd.openxmlformats-officedocument"
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def relations(*targets: tuple[str, str]) -> str:
    """A file of relations, each the kind of its target and where that is."""
    inside = ""
    for number, (kind, target) in enumerate(targets, 1):
        inside += f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def around(names: list[str], drawn: bool) -> dict[str, str]:
    """The parts around sheets of these names; `drawn` says that a chart stands on the first."""
    kinds = [("workbook.xml", "spreadsheetml.sheet.main"), ("styles.xml", "spreadsheetml.styles")]
    files = [f"worksheets/sheet{number}.xml" for number, _ in enumerate(names, 1)]
    kinds += [(file, "spreadsheetml.worksheet") for file in files]
    kinds += [("drawings/drawing1.xml", "drawing"), ("charts/chart1.xml", "drawingml.chart")] * drawn
    types = [f'<Override PartName="/xl/{name}" ContentType="{KIND}.{kind}+xml"/>' for name, kind in kinds]
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    known = {"rels": rels, "xml": "application/xml"}
    types = [f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in known.items()] + types
    numbered = enumerate(names, 1)
    sheets = "".join(f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>' for at, name in numbered)
    return {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">{"".join(types)}</Types>',
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": relations(
            *(("worksheet", file) for file in files), ("styles", "styles.xml")
        ),
        "xl/styles.xml": STYLES,
    }


def drawing() -> dict[str, str]:
    """The parts that place the chart on the first sheet."""
    corners = "".join(
        f"<xdr:{end}><xdr:col>{col}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row>"
        f"<xdr:rowOff>0</xdr:rowOff></xdr:{end}>"
        for end, col, row in (("from", 3, 1), ("to", 11, 22))
    )
    frame = (
        '<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="Error curve"/>'
        "<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>"
        '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
        f'<a:graphic><a:graphicData uri="{DRAWN}/chart"><c:chart xmlns:c="{DRAWN}/chart" r:id="rId1"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/>"
    )
    part = (
        f'{HEAD}<xdr:wsDr xmlns:xdr="{DRAWN}/spreadsheetDrawing" xmlns:a="{DRAWN}/main" xmlns:r="{OFFICE}">'
        f"<xdr:twoCellAnchor>{corners}{frame}</xdr:twoCellAnchor></xdr:wsDr>"
    )
    return {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("drawing", "../drawings/drawing1.xml")),
        "xl/drawings/drawing1.xml": part,
        "xl/drawings/_rels/drawing1.xml.rels": relations(("chart", "../charts/chart1.xml")),
    }


def chart(name: str, updates: str, numbers: list[int], errors: str, values: list[float]) -> str:
    """The curve of a column of errors over a column of updates, with the values that it has now."""
    axes = _axis(1, 2, "b", "update") + _axis(2, 1, "l", name)
    line = (
        '<c:ser><c:idx val="0"/><c:order val="0"/>'
        f"<c:tx><c:v>{clean(name)}</c:v></c:tx>"
        '<c:spPr><a:ln w="25400"><a:solidFill><a:srgbClr val="0072B2"/></a:solidFill></a:ln></c:spPr>'
        '<c:marker><c:symbol val="none"/></c:marker>'
        f"<c:xVal>{_numbers(updates, numbers)}</c:xVal><c:yVal>{_numbers(errors, values)}</c:yVal>"
        '<c:smooth val="0"/></c:ser>'
    )
    plot = (
        f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{line}'
        '<c:axId val="1"/><c:axId val="2"/></c:scatterChart>'
    )
    return (
        f'{HEAD}<c:chartSpace xmlns:c="{DRAWN}/chart" xmlns:a="{DRAWN}/main" xmlns:r="{OFFICE}"><c:chart>'
        f"{_title(f'{name} after each update')}"
        f'<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>{plot}{axes}</c:plotArea>'
        '<c:plotVisOnly val="1"/></c:chart></c:chartSpace>'
    )


def _title(words):
    text = f'<a:p><a:r><a:rPr lang="en" sz="1100"/><a:t>{clean(words)}</a:t></a:r></a:p>'
    return f'<c:title><c:tx><c:rich><a:bodyPr/>{text}</c:rich></c:tx><c:overlay val="0"/></c:title>'


def _axis(own, other, position, words):
    return (
        f'<c:valAx><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{position}"/>{_title(words)}'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:tickLblPos val="low"/>'
        f'<c:crossAx val="{other}"/></c:valAx>'
    )


def _numbers(cells, values):
    points = "".join(f'<c:pt idx="{place}"><c:v>{value!r}</c:v></c:pt>' for place, value in enumerate(values))
    count = f'<c:ptCount val="{len(values)}"/>'
    cache = f"<c:numCache><c:formatCode>General</c:formatCode>{count}{points}</c:numCache>"
    return f"<c:numRef><c:f>{cells}</c:f>{cache}</c:numRef>"
