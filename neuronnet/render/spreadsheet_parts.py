"""The parts of a spreadsheet file that are the same in all, and the chart of its error curve."""

from __future__ import annotations

from neuronnet.render.text import clean

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
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def around(names: list[str], drawn: bool) -> dict[str, str]:
    """The parts around sheets of these names; `drawn` says that a chart stands on the first."""
    kinds = [("workbook.xml", "spreadsheetml.sheet.main"), ("styles.xml", "spreadsheetml.styles")]
    files = [f"worksheets/sheet{number}.xml" for number, _ in enumerate(names, 1)]
    kinds += [(file, "spreadsheetml.worksheet") for file in files]
    kinds += [("drawings/drawing1.xml", "drawing"), ("charts/chart1.xml", "drawingml.chart")] * drawn
    types = "".join(
        f'<Override PartName="/xl/{name}" ContentType="{KIND}.{kind}+xml"/>' for name, kind in kinds
    )
    rels = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    xml = '<Default Extension="xml" ContentType="application/xml"/>'
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    return {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">{rels}{xml}{types}</Types>',
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
