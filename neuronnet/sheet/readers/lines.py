"""Lines of a sheet: cut from its text within bounds, and joined again where a statement goes on in the next."""

import re
from typing import NamedTuple

from neuronnet.formulas.parsing import LONGEST_TEXT
from neuronnet.sheet.readers.claims import Statement, begins_a_claim
from neuronnet.sheet.readers.spelling import EQUALITY, TextWithColumns

# --- Lines of a sheet: cut from its text within bounds, and joined again where a statement goes on in the
# next.


MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000

_OPERATORS = "=≈≅≃≡≐→←*·×⋅∗/÷+"
_BEGINS = re.compile(
    r"(?:\s|&|\{\}|\\q?quad\b|\\[,;: ])*"
    rf"(?:[{_OPERATORS})\]}}]|:=|~(?!~)|<-(?!>)"
    r"|\\(?:approx|simeq|cong|equiv|doteq|gets|leftarrow|cdot|times|right)\b)"
)
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
_EQUALS = re.compile(rf"{EQUALITY}|\s~\s")
_MARK = re.compile(r"\s*(?P<sign>[-+*•]|\d{1,3}[.)]|[A-Za-z]\)|\(\d{1,3}\))\s+")


def cut(text):
    """(lines, refused): the lines as (number, text), and what is too long as (number, text, reason); its
    line is blank.
    """
    lines, refused, characters = [], [], 0
    pieces = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)
    for number, line in enumerate(pieces, 1):
        if number > MOST_LINES or characters > MOST_CHARACTERS:
            if line.strip() or number < len(pieces):
                refused.append(
                    (
                        number,
                        line,
                        f"a sheet of more than {MOST_LINES} lines or {MOST_CHARACTERS} characters: "
                        "nothing is read from here on",
                    )
                )
            break
        if len(line) > LONGEST_TEXT:
            refused.append((number, line, f"longer than {LONGEST_TEXT} characters"))
            line = ""
        characters += len(line)
        lines.append((number, line))
    return lines, refused


def has_equals(text):
    """Whether there is a sign of equality, in plain text or in LaTeX."""
    return _EQUALS.search(text) is not None


def joined(lines, marked=False):
    """The Statements in lines of (number, TextWithColumns, soft).

    A line goes on after an operator, a comma, a backslash or inside brackets, and before a line that begins
    with a sign of equality or an operator other than minus; before a soft one, in LaTeX, also where one of
    the two has no sign of equality yet. A blank line ends a statement. Of one that is too long, enough is
    kept to see that it is. Where lines may be `marked`, the sign or number that makes a claim one of a list
    is taken from it.
    """
    parts, size, depth = [], 0, 0
    for number, spelled, soft in lines:
        text = spelled.text.strip()
        demanded = bool(parts) and _demands(parts[-1][1], text, depth)
        mark = _MARK.match(spelled.text) if marked and not demanded else None
        if mark and _marks(mark, spelled.text[mark.end() :], bool(parts)):
            spelled = spelled[mark.end() :]
            text, follows = spelled.text.strip(), False
        else:
            follows = demanded or (bool(parts) and _follows(parts, text, soft))
        if parts and not (text and follows):
            yield _together(parts)
            parts, size, depth = [], 0, 0
        if text:
            if size <= LONGEST_TEXT:
                parts.append((number, spelled))
            size += len(spelled)
            depth = max(0, depth + _depth(text))
    if parts:
        yield _together(parts)


def _demands(before, text, depth):
    """Whether a statement whose last line is `before`, with `depth` brackets open, cannot end before `text`."""
    if _ITS_OWN.match(text):
        return False
    ending = before.text.rstrip()[-20:]
    equals = _EQUALS.search(text)
    if _ENDS.search(ending):
        return not (equals and _UPDATED.search(ending))
    return depth > 0 and (equals is None or depth + _depth(text[: equals.start()]) <= 0)


def _follows(parts, text, soft):
    """Whether a line goes on with a statement that could end before it."""
    if _BEGINS.match(text):
        return True
    if _ITS_OWN.match(text):
        return False
    if not has_equals(text):
        return soft or parts[-1][1].text.rstrip().endswith(",")
    return soft and not any(has_equals(part.text) for _, part in parts)


def _marks(mark, rest, may_be_operator):
    """Whether a mark makes the `rest` of its line one of a list; * and + may stand for an operator instead."""
    if _ITS_OWN.match(rest):
        return True
    return has_equals(rest) and not (mark["sign"] in "*+" and may_be_operator and not begins_a_claim(rest))


def _depth(text):
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _together(parts):
    """The Statement that lines of (number, TextWithColumns) make, joined by spaces."""
    if len(parts) == 1:
        return Statement.of(*parts[0])
    texts, columns, lines = [], [], []
    for number, spelled in parts:
        text = re.sub(r"(?<!\\)\\\Z", "", spelled.text.rstrip()).rstrip()
        start = len(text) - len(text.lstrip()) if texts else 0
        texts.append(text[start:])
        columns += [*spelled.columns[start : len(text)], spelled.column_of(len(text) + 1)]
        lines += [number] * (len(text) - start + 1)
    return Statement(" ".join(texts), columns[:-1], lines[:-1])


# --- What a document is made of: fenced blocks, formulas set off as LaTeX, and the text around them.


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_ENVIRONMENT = (
    r"(?:align|aligned|equation|gather|gathered|eqnarray|multline|split|displaymath|math|alignat|flalign)\*?"
)
_DELIMITER = re.compile(
    rf"(?P<row>\\\\(?:\[[0-9.]{{1,9}} ?[a-z]{{2}}\])?)|\\\$|\$\$|\$|\\[\[\]()]"
    rf"|\\begin\{{(?P<begin>{_ENVIRONMENT})\}}|\\end\{{{_ENVIRONMENT}\}}"
)
_LAYOUT = re.compile(r"\s*(?:\\(?:begin|end|label)\{[^{}]{1,80}\}(?:\{\d{1,2}\})?\s*)*")
_CLOSED_BY = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_COMMENT = re.compile(r"(?<!\\)%.*")
_ASIDE = re.compile(r"\\(?:intertext|tag|label|hspace)\*?\s?\{[^{}]{0,200}\}|\\(?:nonumber|notag)\b")


class Block(NamedTuple):
    """A fenced block: the first word after its fence, and its lines as (number, text)."""

    kind: str
    lines: list


class Formula(NamedTuple):
    """A formula set off as LaTeX: where it opens, its lines as (number, TextWithColumns, soft), and whether
    it is closed.
    """

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

    The rows of a formula, which `\\` ends, are told apart from its other lines by not being soft. One dollar
    sign opens a formula only where another in the same line closes it.
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
                    rest.append(text[position : match.start()])
                    opened, pieces, soft, position = (number, match.start() + 1), [], False, match.end()
            elif match["row"] or sign == closing:
                _add(pieces, number, text, position, match.start(), soft)
                soft, position = False, match.end()
                if sign == closing:
                    yield Formula(*opened, pieces, True)
                    closing = None
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
    """Add a stretch of a line of a formula, unless it only lays out."""
    stretch = _COMMENT.sub("", text[start:end])
    stretch = _ASIDE.sub(lambda match: " " * len(match.group()), stretch)
    if not _LAYOUT.fullmatch(stretch):
        pieces.append((number, TextWithColumns(stretch, range(start + 1, start + 1 + len(stretch))), soft))
