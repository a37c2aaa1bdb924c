"""Reads a sheet, somebody's hand derivation, into claims.

Text, Markdown, LaTeX, pages and notebooks become lines of Markdown that remember their places; these are
blocks of text with formulas, of code and of what it printed; each of these has a reader of its own.
"""

import re
from collections import Counter

from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.tokens import LONGEST_TEXT, TOO_LONG, TextWithColumns, parse_number
from neuronnet.sheet.readers import json_files, python_code, tables, web_pages
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import BEGINS, Statement, joined
from neuronnet.sheet.readers.markdown import (
    LATEX_COMMENT,
    Around,
    Formula,
    blocks,
    formulas,
    is_row,
    with_arrays,
    with_bars,
    with_lost_backslashes,
    with_macros,
)
from neuronnet.sheet.readers.sessions import with_answers
from neuronnet.sheet.readers.spelling import (
    Vocabulary,
    has_decimal_commas,
    has_equals,
    heading,
    plainly,
    without_markup,
)

__all__ = ["MOST_LINES", "Sheet", "read_sheet"]
MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000
_COMMENT = re.compile(
    r"(?<=\S)\s{2,}(?:←|<-|⟵)\s+[^\W\d_]{2}[^=*/^+·×\d]*$|(?:^|(?<=\s))(?:#|//|%(?=\s*[^\W\d])).*"
)
_VALUE_BEHIND = re.compile(
    r"(?:#|//)\s{0,9}(?:[-=]>|→|≈|=)?\s{0,9}([-−]?\d*[.,]\d+(?:e[-+]?\d+)?|\[[-−\d.,;e\s\[\]]+\])\s*$"
)
_FRAMED = re.compile(r"\s*([=*_-])\1{2,}\s*(?P<title>.*?)\s*\1*\s*")
_SAID_BELOW = re.compile(r"\s*[%#]+\s*([^\W\d]\w*)\s*=\s*(?:\[[-+\d.,;e\s\[\]]+\]|[-+]?[\d.]+)\s*")
_TEX_COMMENT = re.compile(r"(?<=\S)(?<![\\\d])\s+%(?=\s).*")
_LAYER = re.compile(r"(?<![\w^.])([^\W\d_]+)(\[\d\])")
_MARKED = re.compile(r"\s*[*#_].*|.*:\s*")
_TITLE = re.compile(r"#{1,6}\s+(?=\S)")
_TEXTUAL = {"", "text", "txt", "plain", "math", "latex", "tex"}
_PRINTED = {"printed", "output", "console", "out"}
_PYTHON = {"python", "py", "python3", "ipython", "numpy", "pycon"}
_HEADER = re.compile(r"(?:%\s*)?(network:\s*\S+|let\s+[^\W\d][\w']*\s*:?=[^=]+)\s*", re.IGNORECASE)
_DESCENDS = re.compile(r"descen[ts]|abstieg|descente|descenso|minimi[sz]|minimier", re.IGNORECASE)
_ASCENDS = re.compile(
    r"ascen[ts]|aufstieg|montée|maximi[sz]|maximier|reinforce\b|policy gradient|\breward", re.IGNORECASE
)
_SWEPT = re.compile(
    r"^[>.\s]*([^\W\d]\w*)\.backward\(\)", re.MULTILINE
)  # what a program takes the gradients of
_PROSE = re.compile(
    r"https?://|\]\(|\\(?:usepackage|documentclass|(?:re)?newcommand|setlength|DeclareMathOperator|def)\b"
)


def read_sheet(text):
    """The Sheet of a text, whatever its kind; nothing in it makes reading fail."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if json_files.is_json(text) and not json_files.is_notebook(text):
        return json_files.read_json(text, Sheet("json"))
    is_whole, text = len(text) <= MOST_CHARACTERS, text[:MOST_CHARACTERS]
    if json_files.is_json(text):
        lines, refused = json_files.lines_of_notebook(text)
    elif web_pages.is_page(text):
        lines, refused = web_pages.lines_of_page(text)
    else:
        lines = [
            (number, TextWithColumns(line)) for number, line in enumerate(text.rstrip("\n").split("\n"), 1)
        ]
        refused = []
    end = MOST_LINES if is_whole else min(MOST_LINES, len(lines) - 1)
    if len(lines) > end:
        most = f"{MOST_LINES} lines or {MOST_CHARACTERS} characters"
        number, line = lines[end]
        refused.append((number, line.text, f"a sheet of more than {most}: nothing is read from here on"))
    for place, (number, line) in enumerate(lines[:end]):
        if len(line) > LONGEST_TEXT:
            refused.append((number, line.text, TOO_LONG))
            lines[place] = number, TextWithColumns("")
    sheet = _read(lines[:end])
    sheet.ignored = sorted({*sheet.ignored})
    for number, line, reason in refused:
        sheet.refuse(number, line, 1, reason)
    return sheet


def _read(lines):
    lines = with_macros(with_arrays(with_bars(with_lost_backslashes(with_answers(lines)))))
    parts = blocks(lines)
    network = next((part for part in parts if part.kind == "toml" and "layer" in _content(part)), None)
    if any(part.kind == "derivation" for part in parts):
        return _markdown(Sheet("markdown"), parts, network)
    texts = [part.lines for part in parts if part.kind is None]
    is_latex = any(
        isinstance(each, Formula)
        for lines_of_text in texts
        for each in formulas([(number, without_markup(line)) for number, line in lines_of_text])
    )
    own = [each for lines_of_text in texts for each in lines_of_text]
    if not is_latex and all(part.kind in (None, "toml") for part in parts):
        bare = [(number, _without(_COMMENT, line)) for number, line in own]
        bare = [(number, line) for number, line in bare if line.text.strip()]
        between = tables.separator(bare)
        if between is not None:
            sheet = Sheet("csv")
            tables.take_separated(sheet, bare, between)
            return sheet
    sheet = Sheet("latex" if is_latex else "text")
    _know(sheet, lines)
    _use_block(sheet, network)
    taken = None
    for place, part in enumerate(parts):
        if part.kind is None:
            _take_text(sheet, part.lines, is_latex)
        elif part.kind in _PYTHON:
            taken = _output_of(parts, place)
            _take_code(sheet, part.lines, taken.lines if taken else ())
        elif part.kind in _TEXTUAL | _PRINTED and part is not taken:
            _take_text(sheet, part.lines, False)
    sheet.claims.sort(key=lambda claim: claim.line)  # a value printed later belongs to its line
    sheet.place_points()
    sheet.leave_out_estimates()
    _head_steps(sheet, lines)
    sheet.declared.passes = {line for line, kind in sheet.headings if kind == "pass"}
    return _with_layers(sheet)


def _output_of(parts, place):
    """The block that a block of code printed, below it or below a sentence without a claim; or None."""
    following = parts[place + 1 : place + 3]
    if following and following[0].kind is None and not has_equals(_content(following[0])):
        following = following[1:]
    for block in following[:1]:
        if block.kind in _PRINTED or (block.kind in ("", "text") and "print(" in _content(parts[place])):
            return block
    return None


def _head_steps(sheet, lines):
    """Take `**t = 1**` and `**t = 2**` for headings where t is something else, or nothing."""
    alone = Counter(claim.line for claim in sheet.claims)
    marked = {number for number, line in lines if _MARKED.fullmatch(line.text)}
    numbers: dict[str, list] = {}
    for claim in sheet.claims:
        if len(claim.parts) == 2 and claim.parts[1].text.isdigit() and alone[claim.line] == 1:
            numbers.setdefault(claim.parts[0].text, []).append(claim)
    for name, heads in numbers.items():
        counts = [int(each.parts[1].text) for each in heads]
        if len(counts) < 2 or counts != [*range(1, len(counts) + 1)]:
            continue
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        others = [each for each in sheet.claims if not any(each is head for head in heads)]
        is_else = any(each.parts[0].text == name for each in others) and all(
            each.line in marked for each in heads
        )
        is_used = any(word.search(part.text) for each in others for part in each.parts)
        if is_else or not is_used:
            sheet.claims = others
            sheet.headings += [(each.line, "pass") for each in heads[1:]]


def _with_layers(sheet):
    """A sheet with `W^[1]` for `W[1]`, where some `z[k]` have lines of their own, and z and W have none."""
    heads = {claim.parts[0].text for claim in sheet.claims}
    are_layers = any(match and match[1] not in heads for match in map(_LAYER.fullmatch, heads))
    if not are_layers or sheet.kind != "text" or sheet.declared.from_zero is not None:
        return sheet

    def written(match):
        return match[1] + "^" * heads.isdisjoint({match[1], match[1][1:]}) + match[2]

    for place, claim in enumerate(sheet.claims):
        sheet.claims[place] = claim.replace(_LAYER, written)
    return sheet


def _know(sheet, lines):
    text = "\n".join(line.text for _, line in lines)
    sheet.vocabulary, sheet.decimal_commas = Vocabulary(text, SPELLED), has_decimal_commas(text)
    swept = _SWEPT.search(text)
    sheet.declared.loss = swept and swept[1]
    sheet.declared.ascends = _ASCENDS.search(text) is not None
    sheet.declared.descends = _DESCENDS.search(text) is not None and not sheet.declared.ascends


def _markdown(sheet, parts, network):
    """Claims stand in the derivation blocks; before the first of them, `network:` and `let` count too."""
    derivations = [part for part in parts if part.kind == "derivation"]
    _know(sheet, [line for part in derivations for line in part.lines])
    first = next((part.lines[0][0] for part in derivations if part.lines), 0)
    outside = [each for part in parts if part.kind is None for each in part.lines]
    _statements(sheet, [each for each in outside if each[0] < first and _HEADER.fullmatch(each[1].text)])
    for part in derivations:
        _statements(sheet, part.lines)
    for part in parts:
        if part.kind in _TEXTUAL:
            sheet.ignored += [number for number, line in part.lines if has_equals(line.text)]
    for each in formulas(outside):
        if isinstance(each, Formula):
            sheet.ignored += [number for number, spelled, _ in each.lines if has_equals(spelled.text)]
    _use_block(sheet, network)
    return sheet


def _take_text(sheet, lines, is_latex):
    """Claims are the formulas with a sign of equality, and the lines around them that are none of prose."""
    if not is_latex and python_code.is_console(lines):
        return python_code.take_console(sheet, lines, lambda again: _statements(sheet, again))
    if not is_latex and python_code.is_code(lines):
        return _take_code(sheet, lines, ())
    end = 0 if is_latex else python_code.code_before(lines)
    if end:
        return _take_code(sheet, lines[:end], lines[end:])
    waiting = []
    if is_latex:
        lines = [(number, _without(_TEX_COMMENT, line)) for number, line in lines]
    for each in formulas([(number, without_markup(line)) for number, line in lines]):
        if sheet.is_full(each.line):
            break
        if isinstance(each, Around):
            _take_around(sheet, each, waiting, is_latex)
            continue
        _take_waiting(sheet, waiting)
        if not each.closed:
            text = each.lines[0][1].text if each.lines else ""
            sheet.refuse(each.line, text, each.column, "the formula that begins here is not closed")
            continue
        for statement in joined(each.lines):
            if has_equals(statement.text):
                sheet.take(statement, latex=True)
    _take_waiting(sheet, waiting)


def _take_around(sheet, around, waiting, is_latex):
    """Keep a line outside of formulas for `_statements`; beside formulas only one that claims something."""
    text = around.text.text
    header = _HEADER.fullmatch(text)
    claims = has_equals(around.rest) and not text.startswith(("%", "#")) and not _PROSE.search(around.rest)
    if not is_latex or is_row(text) or (claims and around.rest == text):
        waiting.append((around.line, around.text))
    elif header or claims:
        _take_waiting(sheet, waiting)
        _statements(sheet, [(around.line, around.text)])
    elif waiting and BEGINS.match(text):
        waiting.append((around.line, around.text))
    else:
        found = heading(text)
        if found:
            sheet.headings.append((around.line, found))
        if text.startswith("#") and has_equals(around.rest):
            sheet.take_from_prose(Statement.of(around.line, around.text), around.text)
        elif has_equals(around.rest) and re.search(r"\s[=≈]\s.*[0-9]", around.rest):
            sheet.ignored.append(around.line)
        waiting.append((around.line, TextWithColumns("")))


def _take_waiting(sheet, waiting):
    _statements(sheet, waiting)
    waiting.clear()


def _take_code(sheet, lines, printed):
    if python_code.is_console(lines):
        python_code.take_console(sheet, lines, lambda again: _statements(sheet, again))
    else:
        python_code.take_code(sheet, lines, printed, lambda again: _statements(sheet, again))


def _statements(sheet, lines):
    """Add the statements, the rows of tables and the pieces of code in lines of (number, TextWithColumns)."""
    kept, rows, tabbed, place = [], [], [], 0
    while place < len(lines):
        number, line = lines[place]
        said = _SAID_BELOW.fullmatch(line.text)
        if said and re.match(rf"\s*{re.escape(said[1])}\s*=", lines[max(0, place - 1)][1].text):
            line = line[said.start(1) :]  # % E = 0.12 below E = ...
        header = _HEADER.fullmatch(line.text) if line.text.lstrip().startswith("%") else None
        bare = line[header.start(1) : header.end(1)] if header else _without_comment(line)
        code = _piece_of_code(lines, place)
        if is_row(bare.text) or _is_tabbed(bare.text) or code:
            _take_joined(sheet, kept)
        if rows and not is_row(bare.text) and (bare.text.strip() or not line.text.strip()):
            tables.take_table(sheet, rows)
            rows = []
        if tabbed and not _is_tabbed(bare.text):
            _take_tabbed(sheet, tabbed)
        if code:
            _take_code(sheet, lines[place : place + code], ())
            place += code
            continue
        if is_row(bare.text):
            rows.append((number, bare))
        elif _is_tabbed(bare.text):
            tabbed.append((number, bare))
        elif bare.text.strip() or not line.text.strip() or _FRAMED.fullmatch(line.text):
            kept.append((number, bare, False))
        place += 1
    tables.take_table(sheet, rows)
    _take_tabbed(sheet, tabbed)
    _take_joined(sheet, kept)


def _piece_of_code(lines, place):
    """How many lines from a place on are a block of Python: its first line and what is indented below."""
    if not python_code.opens_block(lines[place][1]):
        return 0
    end = place + 1
    while end < len(lines) and (not lines[end][1].text.strip() or lines[end][1].text[0].isspace()):
        end += 1
    return end - place if python_code.is_code(lines[place:end]) else 0


def _is_tabbed(text):
    return "\t" in text.strip() and not has_equals(text)


def _take_tabbed(sheet, tabbed):
    if len(tabbed) > 1 and tables.separator(tabbed) == "\t":
        tables.take_separated(sheet, tabbed, "\t")
    else:
        _take_joined(sheet, [(number, line, False) for number, line in tabbed])
    tabbed.clear()


def _take_joined(sheet, kept):
    for statement in joined(kept, marked=True):
        if sheet.is_full(statement.place(1)[0]):
            break
        sheet.take(statement)
    kept.clear()


def _without_comment(line):
    line = plainly(line, "of lines")
    valued = _VALUE_BEHIND.search(line.text)
    before = line.text[: valued.start()].rstrip(" \t;") if valued else ""
    if "=" in before and parse_number(before.rpartition("=")[2]) is None:
        column, value = line.column_of(valued.start() + 1), line[valued.start(1) : valued.end(1)]
        columns = [*line.columns[: len(before)], *[column] * 3, *value.columns]
        line = TextWithColumns(f"{before} = {value.text}", columns)
    framed = _FRAMED.fullmatch(line.text)
    if framed:
        return line[framed.start("title") : framed.end("title")]
    title = _TITLE.match(line.text)
    bare = _without(_COMMENT, line)
    if title and heading(line.text):
        return line[title.end() :]
    return _without(LATEX_COMMENT, bare) if "\\" in bare.text or "$" in bare.text else bare


def _without(pattern, line):
    match = pattern.search(line.text)
    return line[: match.start()] if match else line


def _use_block(sheet, block):
    if block is not None and sheet.network is None:
        sheet.network = ("toml", _content(block), block.lines[0][0])


def _content(block):
    return "\n".join(line.text for _, line in block.lines)
