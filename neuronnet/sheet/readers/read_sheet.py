"""Reads a sheet, somebody's hand derivation, into claims: text, Markdown, LaTeX, CSV and JSON."""

import re
from typing import NamedTuple

from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns
from neuronnet.sheet.readers import tables
from neuronnet.sheet.readers.claims import Sheet, Statement, has_equals, joined

MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|%(?=\s*[^\W\d])).*")
_LATEX_COMMENT = re.compile(r"(?<!\\)%.*")
_TEXTUAL = {"", "text", "txt", "plain", "math", "latex", "tex"}
_HEADER = re.compile(r"(?:%\s*)?(network:\s*\S+|let\s+[^\W\d][\w']*\s*:?=[^=]+)\s*", re.IGNORECASE)
_PROSE = re.compile(
    r"[^\W\d_]{2,}[,;:]?\s+[^\W\d_]{2,}|https?://|\]\("
    r"|\\(?:usepackage|documentclass|newcommand|setlength)\b"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_ENVIRONMENT = (
    r"(?:(?:fl)?align|align(?:ed|at)|equation|gather(?:ed)?|eqnarray|multline|split|(?:display)?math)\*?"
)
_ARRAY = r"(?:[bBpv]?matrix|smallmatrix|array|[dr]?cases)"
_DELIMITER = re.compile(
    rf"(?P<row>\\\\(?:\[[0-9.]{{1,9}} ?[a-z]{{2}}\])?)|\\\$|\$\$|\$|\\[\[\]()]"
    rf"|\\begin\{{(?P<begin>{_ENVIRONMENT})\}}|\\end\{{{_ENVIRONMENT}\}}"
    rf"|\\(?P<array>begin|end)\{{{_ARRAY}\}}"
)
_LAYOUT = re.compile(
    rf"\s*(?:\\(?:begin|end|label)\{{(?!{_ARRAY}\}})[^{{}}]{{1,80}}\}}(?:\{{\d{{1,2}}\}})?\s*)*"
)
_CLOSED_BY = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_ASIDE = re.compile(r"\\(?:intertext|tag|label|hspace)\*?\s?\{[^{}]{0,200}\}|\\(?:nonumber|notag)\b")


def read_sheet(text):
    """The Sheet of a text, whatever its kind; nothing in it makes reading fail."""
    if tables.is_json(text.removeprefix("\ufeff")):
        return tables.read_json(text.removeprefix("\ufeff"))
    lines, refused = cut(text)
    sheet = _read(lines)
    sheet.ignored = sorted({*sheet.ignored})
    for number, line, reason in refused:
        sheet.refuse(number, line, 1, reason)
    return sheet


def _read(lines):
    blocks, outside = fenced(lines)
    network = next((block for block in blocks if block.kind == "toml" and "layer" in _content(block)), None)
    if any(block.kind == "derivation" for block in blocks):
        return _markdown(Sheet("markdown"), blocks, outside, network)
    found = list(formulas(outside))
    if any(isinstance(each, Formula) for each in found):
        return _latex(Sheet("latex"), found, blocks, network)
    described = range(network.lines[0][0] - 1, network.lines[-1][0] + 2) if network else ()
    own = [(number, text) for number, text in lines if number not in described]
    bare = [(number, _COMMENT.sub("", text)) for number, text in own]
    bare = [(number, text) for number, text in bare if text.strip()]
    between = tables.separator(bare)
    if between is not None:
        return tables.read_csv(bare, between)
    sheet = Sheet("text")
    _use_block(sheet, network)
    _statements(sheet, own)
    return sheet


def _markdown(sheet, blocks, outside, network):
    """Claims stand in the derivation blocks; before the first of them, `network:` and `let` count too."""
    derivations = [block for block in blocks if block.kind == "derivation"]
    first = next((block.lines[0][0] for block in derivations if block.lines), 0)
    headers = [each for each in outside if each[0] < first and _HEADER.fullmatch(each[1])]
    _statements(sheet, headers)
    for block in derivations:
        _statements(sheet, block.lines)
    _ignore_blocks(sheet, blocks)
    for each in formulas(outside):
        if isinstance(each, Formula):
            sheet.ignored += [number for number, spelled, _ in each.lines if has_equals(spelled.text)]
    _use_block(sheet, network)
    return sheet


def _latex(sheet, found, blocks, network):
    """Claims are the formulas with a sign of equality, and lines with one around them that are no prose."""
    rows = []
    for each in found:
        if sheet.is_full(each.line):
            break
        if isinstance(each, Around) and tables.is_row(each.text):
            rows.append((each.line, each.text))
        elif isinstance(each, Around):
            _take_if_table(sheet, rows)
        if not isinstance(each, Formula):
            header = _HEADER.fullmatch(each.text)
            if header:
                sheet.take(Statement.of(each.line, TextWithColumns(header[1], header.start(1) + 1)))
            elif has_equals(each.rest) and not each.text.startswith(("%", "#")):
                if not _PROSE.search(each.rest):
                    _statements(sheet, [(each.line, each.text)])
                elif _states_a_number(each.rest):
                    sheet.ignored.append(each.line)
        elif not each.closed:
            text = each.lines[0][1].text if each.lines else ""
            sheet.refuse(each.line, text, each.column, "the formula that begins here is not closed")
        else:
            for statement in joined(each.lines):
                if has_equals(statement.text):
                    sheet.take(statement, latex=True)
    _take_if_table(sheet, rows)
    _ignore_blocks(sheet, blocks)
    _use_block(sheet, network)
    return sheet


def _statements(sheet, lines):
    """Add the statements, and the rows of tables, in lines of (number, text)."""
    kept, rows = [], []
    for number, text in lines:
        header = _HEADER.fullmatch(text) if text.lstrip().startswith("%") else None
        bare = header[1] if header else _without_comment(text)
        start = header.start(1) if header else 0
        if tables.is_row(bare):
            _take_joined(sheet, kept)
            rows.append((number, bare))
        elif bare.strip() or not text.strip():
            tables.take_table(sheet, rows)
            rows = []
            kept.append((number, TextWithColumns(bare, start + 1), False))
    tables.take_table(sheet, rows)
    _take_joined(sheet, kept)


def _take_if_table(sheet, rows):
    if tables.is_table(rows):
        tables.take_table(sheet, rows)
    rows.clear()


def _take_joined(sheet, kept):
    for statement in joined(kept, marked=True):
        if sheet.is_full(statement.place(1)[0]):
            break
        sheet.take(statement)
    kept.clear()


def _without_comment(text):
    bare = _COMMENT.sub("", text)
    return _LATEX_COMMENT.sub("", bare) if "\\" in bare or "$" in bare else bare


def _ignore_blocks(sheet, blocks):
    """Note the lines with a sign of equality in blocks that may be meant as claims but are not read."""
    for block in blocks:
        if block.kind in _TEXTUAL and (block.kind != "math" or sheet.kind == "markdown"):
            sheet.ignored += [number for number, text in block.lines if has_equals(text)]


def _states_a_number(text):
    """Whether prose has a sign of equality between spaces, and a digit after it."""
    sign = re.search(r"\s[=≈]\s", text)
    return sign is not None and re.search("[0-9]", text[sign.end() :]) is not None


def _use_block(sheet, block):
    if block is not None and sheet.network is None:
        sheet.network = ("toml", _content(block), block.lines[0][0])


def _content(block):
    return "\n".join(text for _, text in block.lines)


# Fenced blocks, formulas set off as LaTeX, and the text around them


def cut(text):
    """(lines as (number, text), what is too long as (number, text, reason), blank among the lines)."""
    lines, refused, characters = [], [], 0
    pieces = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)
    for number, line in enumerate(pieces, 1):
        if number > MOST_LINES or characters > MOST_CHARACTERS:
            if line.strip() or number < len(pieces):
                most = f"{MOST_LINES} lines or {MOST_CHARACTERS} characters"
                refused.append((number, line, f"a sheet of more than {most}: nothing is read from here on"))
            break
        if len(line) > LONGEST_TEXT:
            refused.append((number, line, f"longer than {LONGEST_TEXT} characters"))
            line = ""
        characters += len(line)
        lines.append((number, line))
    return lines, refused


class FencedBlock(NamedTuple):
    """A fenced block: the first word after its fence, and its lines as (number, text)."""

    kind: str
    lines: list


class Formula(NamedTuple):
    """A formula set off as LaTeX: where it opens, its lines (number, text, soft), whether it is closed."""

    line: int
    column: int
    lines: list
    closed: bool


class Around(NamedTuple):
    """A line outside formulas: its number, its whole text, and the text without the formulas in it."""

    line: int
    text: str
    rest: str


def fenced(lines):
    """(blocks, lines outside). A ```math block counts as a formula between $$, outside."""
    blocks, outside, fence = [], [], None
    for number, text in lines:
        match = _FENCE.fullmatch(text)
        if fence is None and match and not (match[1][0] == "`" and "`" in match[2]):
            fence, kind = match[1], match[2].split(maxsplit=1)[0].lower() if match[2].strip() else ""
            blocks.append(FencedBlock(kind, []))
            outside.append((number, "$$" if kind == "math" else ""))
        elif fence is not None and match and match[1].startswith(fence) and not match[2].strip():
            outside.append((number, "$$" if blocks[-1].kind == "math" else ""))
            fence = None
        elif fence is None:
            outside.append((number, text))
        else:
            blocks[-1].lines.append((number, text))
            outside.append((number, text if blocks[-1].kind == "math" else ""))
    return blocks, outside


def formulas(lines):
    r"""Each Formula, and each line Around them, of lines outside fences, in their order.

    The rows of a formula, which `\\` ends outside of matrices, are told apart from its other lines by not
    being soft. One dollar sign opens a formula only where another in the same line closes it.
    """
    closing, arrays = None, 0
    for number, text in lines:
        rest, position = [], 0
        if closing is None and text.lstrip().startswith("%"):
            yield Around(number, text, text)
            continue
        for match in _DELIMITER.finditer(text):
            sign = match.group()
            if match["array"]:
                arrays = max(0, arrays + (1 if match["array"] == "begin" else -1)) if closing else 0
            elif match["row"] and arrays:
                pass
            elif closing is None:
                closing = "\\end" + sign.removeprefix("\\begin") if match["begin"] else _CLOSED_BY.get(sign)
                if closing is not None:
                    rest.append(text[position : match.start()])
                    opened, pieces, soft, position = (number, match.start() + 1), [], False, match.end()
            elif match["row"] or sign == closing:
                _add(pieces, number, text, position, match.start(), soft)
                soft, position = False, match.end()
                if sign == closing:
                    yield Formula(*opened, pieces, True)
                    closing, arrays = None, 0
        if closing == "$":
            rest.append(text[opened[1] - 1 :])
            closing = None
        elif closing is None:
            rest.append(text[position:])
        else:
            _add(pieces, number, text, position, len(text), soft)
            soft = True
        if closing is None:
            yield Around(number, text, "".join(rest))
    if closing is not None:
        yield Formula(*opened, pieces, False)


def _add(pieces, number, text, start, end, soft):
    stretch = _LATEX_COMMENT.sub("", text[start:end])
    stretch = _ASIDE.sub(lambda match: " " * len(match.group()), stretch)
    if not _LAYOUT.fullmatch(stretch):
        pieces.append((number, TextWithColumns(stretch, start + 1), soft))
