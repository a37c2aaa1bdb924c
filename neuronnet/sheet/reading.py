"""Reads a sheet, somebody's hand derivation, into claims; whether they hold is judged elsewhere.

Text, Markdown with `derivation` blocks, LaTeX formulas in a document, CSV and JSON. What is no claim and cannot be told to
be prose is kept as unread, with the reason.
"""

import re

from neuronnet.sheet.blocks import Formula, fenced, formulas
from neuronnet.sheet.claims import Claim, Let, Sheet, Unread
from neuronnet.sheet.lines import cut, has_equals, joined
from neuronnet.sheet.spelling import Spelled, numeral
from neuronnet.sheet.tables import is_json, read_csv, read_json, separator

__all__ = ["Claim", "Let", "Sheet", "Unread", "numeral", "read_sheet"]

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_HEADER = re.compile(r"(?:%\s*)?(network:\s*\S+|let\s+[^\W\d][\w']*\s*:?=[^=]+)\s*", re.IGNORECASE)
_PROSE = re.compile(r"[^\W\d_]{2,}[,;:]?\s+[^\W\d_]{2,}|https?://|\]\("
                    r"|\\(?:usepackage|documentclass|newcommand|setlength)\b")


def read_sheet(text):
    """The Sheet of a text, whatever its kind; nothing in it makes reading fail."""
    if is_json(text.removeprefix("\ufeff")):
        return read_json(text.removeprefix("\ufeff"))
    lines, refused = cut(text)
    sheet = _read(lines)
    for number, line, reason in refused:
        sheet.refuse(number, line, 1, reason)
    return sheet


def _read(lines):
    blocks, outside = fenced(lines)
    network = next((block for block in blocks if block.kind == "toml" and "layer" in _content(block)), None)
    if any(block.kind == "derivation" for block in blocks):
        return _markdown(blocks, outside, network)
    found = list(formulas(outside))
    if any(isinstance(each, Formula) for each in found):
        return _latex(found, network)
    described = range(network.lines[0][0] - 1, network.lines[-1][0] + 2) if network else ()
    own = [(number, text) for number, text in lines if number not in described]
    bare = [(number, _COMMENT.sub("", text)) for number, text in own]
    bare = [(number, text) for number, text in bare if text.strip()]
    between = separator(bare)
    if between is not None:
        return read_csv(bare, between)
    sheet = Sheet("text")
    _use_block(sheet, network)
    _statements(sheet, own)
    return sheet


def _markdown(blocks, outside, network):
    """Claims stand in the derivation blocks; before the first of them, `network:` and `let` also count outside."""
    sheet = Sheet("markdown")
    derivations = [block for block in blocks if block.kind == "derivation"]
    first = next((block.lines[0][0] for block in derivations if block.lines), 0)
    _statements(sheet, [(number, text) for number, text in outside if number < first and _HEADER.fullmatch(text)])
    for block in derivations:
        _statements(sheet, block.lines)
    _use_block(sheet, network)
    return sheet


def _latex(found, network):
    """Claims are the formulas with a sign of equality, and the lines around them that are no prose but have one."""
    sheet = Sheet("latex")
    for each in found:
        if sheet.is_full(each.line):
            break
        if not isinstance(each, Formula):
            header = _HEADER.fullmatch(each.text)
            if header:
                sheet.take(each.line, Spelled(header[1], range(header.start(1) + 1, header.end(1) + 1)))
            elif has_equals(each.rest) and not _PROSE.search(each.rest) and not each.text.startswith(("%", "#")):
                sheet.take(each.line, Spelled(each.text))
        elif not each.closed:
            text = each.lines[0][1].text if each.lines else ""
            sheet.refuse(each.line, text, each.column, "the formula that begins here is not closed")
        else:
            for number, spelled in joined(each.lines):
                if has_equals(spelled.text):
                    sheet.take(number, spelled[:len(spelled.text.rstrip(" \t.,;"))], latex=True)
    _use_block(sheet, network)
    return sheet


def _statements(sheet, lines):
    """Add the statements in lines of (number, text)."""
    kept = []
    for number, text in lines:
        bare = _COMMENT.sub("", text)
        if bare.strip() or not text.strip():
            kept.append((number, Spelled(bare), False))
    for number, spelled in joined(kept):
        if sheet.is_full(number):
            break
        sheet.take(number, spelled)


def _use_block(sheet, block):
    """Take the network that a block describes, where no line names one."""
    if block is not None and sheet.network is None:
        sheet.network = ("toml", _content(block), block.lines[0][0])


def _content(block):
    return "\n".join(text for _, text in block.lines)
