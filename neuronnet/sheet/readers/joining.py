"""Lines of a sheet joined to statements where a statement goes on in the next."""

import re

from neuronnet.formulas.tokens import LONGEST_TEXT
from neuronnet.sheet.readers.placed import Statement
from neuronnet.sheet.readers.spelling import ENTRY, EQUALITY, EQUALS, has_equals

_OPERATORS = "=≈≅≃≡≐→←*·×⋅∗/÷+"
BEGINS = re.compile(
    r"(?:\s|&|\{\}|\\q?quad\b|\\[,;: ])*"
    rf"(?:[{_OPERATORS})\]}}]|:=|~(?!~)|<-(?!>)"
    r"|\\(?:approx|simeq|cong|equiv|doteq|gets|leftarrow|cdot|times|right)\b)"
)
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
_QUANTITY_FIRST = re.compile(
    rf"(?:[d∂]\s?{ENTRY}\s?/\s?[d∂]\s?{ENTRY}|{ENTRY})\s*(?::=|~|{EQUALITY})|\\[dt]?frac\b|\$"
)
_MARK = re.compile(
    r"\s*(?P<sign>[-+*•–‣▪]|\d{1,3}(?:\.\d{1,2})?[.)]|[A-Za-z]\)|\(\d{1,3}\)|\([a-z]\)|\(?[ivx]{1,4}\))\s+"
)
_NAMED_ARRAY = re.compile(r"\s*[^\W\d][\w.']*\s*:\s*\Z")


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
        if parts and marked and text.startswith("[") and _NAMED_ARRAY.match(parts[-1][1].text):
            demanded = True  # an array printed below its name
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
    """Whether a statement that ends in `before`, with `depth` brackets open, must go on with `text`."""
    if _ITS_OWN.match(text):
        return False
    ending = before.text.rstrip()[-20:]
    equals = EQUALS.search(text)
    if _ENDS.search(ending):
        return not (equals and _UPDATED.search(ending))
    return depth > 0 and (equals is None or depth + _depth(text[: equals.start()]) <= 0)


def _follows(parts, text, soft):
    """Whether a line goes on with a statement that could end before it."""
    if BEGINS.match(text):
        return True
    if _ITS_OWN.match(text):
        return False
    if not has_equals(text):
        return soft or parts[-1][1].text.rstrip().endswith(",")
    return soft and not any(has_equals(part.text) for _, part in parts)


def _marks(mark, rest, may_be_operator):
    """Whether a mark makes the `rest` of its line one of a list; * and + may be operators instead."""
    if _ITS_OWN.match(rest):
        return True
    is_operator = mark["sign"] in "*+" and may_be_operator and not _QUANTITY_FIRST.match(rest)
    return has_equals(rest) and not is_operator


def _depth(text):
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _together(parts):
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
