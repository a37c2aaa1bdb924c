"""Lines of a sheet: cut from its text within bounds, and joined again where a statement goes on in the next."""

import re

from neuronnet.derivation.parsing import LONGEST_TEXT
from neuronnet.sheet.claims import Statement, begins_a_claim
from neuronnet.sheet.spelling import EQUALITY

MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000

_OPERATORS = "=≈≅≃≡≐→←*·×⋅∗/÷+"
_BEGINS = re.compile(r"(?:\s|&|\{\}|\\q?quad\b|\\[,;: ])*"
                     rf"(?:[{_OPERATORS})\]}}]|:=|~(?!~)|<-(?!>)"
                     r"|\\(?:approx|simeq|cong|equiv|doteq|gets|leftarrow|cdot|times|right)\b)")
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
_EQUALS = re.compile(rf"{EQUALITY}|\s~\s")
_MARK = re.compile(r"\s*(?P<sign>[-+*•]|\d{1,3}[.)]|[A-Za-z]\)|\(\d{1,3}\))\s+")


def cut(text):
    """(lines, refused): the lines as (number, text), and what is too long as (number, text, reason); its line is blank."""
    lines, refused, characters = [], [], 0
    pieces = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)
    for number, line in enumerate(pieces, 1):
        if number > MOST_LINES or characters > MOST_CHARACTERS:
            if line.strip() or number < len(pieces):
                refused.append((number, line, f"a sheet of more than {MOST_LINES} lines or {MOST_CHARACTERS} characters: "
                                              "nothing is read from here on"))
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
    """The Statements in lines of (number, Spelled, soft).

    A line goes on after an operator, a comma, a backslash or inside brackets, and before a line that begins with a sign
    of equality or an operator other than minus; before a soft one, in LaTeX, also where one of the two has no sign of
    equality yet. A blank line ends a statement. Of one that is too long, enough is kept to see that it is. Where lines
    may be `marked`, the sign or number that makes a claim one of a list is taken from it.
    """
    parts, size, depth = [], 0, 0
    for number, spelled, soft in lines:
        text = spelled.text.strip()
        demanded = bool(parts) and _demands(parts[-1][1], text, depth)
        mark = _MARK.match(spelled.text) if marked and not demanded else None
        if mark and _marks(mark, spelled.text[mark.end():], bool(parts)):
            spelled = spelled[mark.end():]
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
    return depth > 0 and (equals is None or depth + _depth(text[:equals.start()]) <= 0)


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
    """The Statement that lines of (number, Spelled) make, joined by spaces."""
    if len(parts) == 1:
        return Statement.of(*parts[0])
    texts, columns, lines = [], [], []
    for number, spelled in parts:
        text = re.sub(r"(?<!\\)\\\Z", "", spelled.text.rstrip()).rstrip()
        start = len(text) - len(text.lstrip()) if texts else 0
        texts.append(text[start:])
        columns += [*spelled.columns[start:len(text)], spelled.column_of(len(text) + 1)]
        lines += [number] * (len(text) - start + 1)
    return Statement(" ".join(texts), columns[:-1], lines[:-1])
