"""What a document is made of: fenced blocks, formulas set off as LaTeX, and the text around them.

A small part of Markdown and of LaTeX, enough to find what was meant as mathematics; what it says is not known here.
"""

import re
from typing import NamedTuple

from neuronnet.sheet.spelling import Spelled

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_ENVIRONMENT = r"(?:align|aligned|equation|gather|gathered|eqnarray|multline|split|displaymath|math|alignat|flalign)\*?"
_DELIMITER = re.compile(rf"(?P<row>\\\\(?:\[[0-9.]{{1,9}} ?[a-z]{{2}}\])?)|\\\$|\$\$|\$|\\[\[\]()]"
                        rf"|\\begin\{{(?P<begin>{_ENVIRONMENT})\}}|\\end\{{{_ENVIRONMENT}\}}")
_LAYOUT = re.compile(r"\s*(?:\\(?:begin|end|label)\{[^{}]{1,80}\}(?:\{\d{1,2}\})?\s*)*")
_CLOSED_BY = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_COMMENT = re.compile(r"(?<!\\)%.*")
_ASIDE = re.compile(r"\\(?:intertext|tag|label|hspace)\*?\s?\{[^{}]{0,200}\}|\\(?:nonumber|notag)\b")


class Block(NamedTuple):
    """A fenced block: the first word after its fence, and its lines as (number, text)."""

    kind: str
    lines: list


class Formula(NamedTuple):
    """A formula set off as LaTeX: where it opens, its lines as (number, Spelled, soft), and whether it is closed."""

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
            blocks.append(Block(kind, []))
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

    The rows of a formula, which `\\` ends, are told apart from its other lines by not being soft. One dollar sign opens a
    formula only where another in the same line closes it.
    """
    closing = None
    for number, text in lines:
        rest, position = [], 0
        if closing is None and text.lstrip().startswith("%"):
            yield Around(number, text, text)
            continue
        for match in _DELIMITER.finditer(text):
            sign = match.group()
            if closing is None:
                closing = "\\end" + sign.removeprefix("\\begin") if match["begin"] else _CLOSED_BY.get(sign)
                if closing is not None:
                    rest.append(text[position:match.start()])
                    opened, pieces, soft, position = (number, match.start() + 1), [], False, match.end()
            elif match["row"] or sign == closing:
                _add(pieces, number, text, position, match.start(), soft)
                soft, position = False, match.end()
                if sign == closing:
                    yield Formula(*opened, pieces, True)
                    closing = None
        if closing == "$":
            rest.append(text[opened[1] - 1:])
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
    """Add a stretch of a line of a formula, unless it only lays out."""
    stretch = _COMMENT.sub("", text[start:end])
    stretch = _ASIDE.sub(lambda match: " " * len(match.group()), stretch)
    if not _LAYOUT.fullmatch(stretch):
        pieces.append((number, Spelled(stretch, range(start + 1, start + 1 + len(stretch))), soft))
