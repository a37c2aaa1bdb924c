"""Lines of a sheet: cut from its text within bounds, and joined again where a statement goes on in the next."""

import re

from neuronnet.derivation.parsing import LONGEST_TEXT
from neuronnet.sheet.spelling import Spelled

MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000

_OPERATORS = "=≈≅≃≡≐→*·×⋅∗/÷+"
_BEGINS = re.compile(r"(?:\s|&|\\q?quad\b|\\[,;: ])*"
                     rf"(?:[{_OPERATORS})\]}}]|:=|~=|\\(?:approx|simeq|doteq|cdot|times|right)\b)")
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
_EQUALS = re.compile(r"[=≈≅≃≡≐→]|\\(?:approx|simeq|cong|equiv|doteq|to|rightarrow)\b")


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


def joined(lines):
    """(number of the first line, Spelled) of each statement in lines of (number, Spelled, soft).

    A line goes on after an operator, a comma, a backslash or inside brackets, and before a line that begins with a sign
    of equality or an operator other than minus; before a soft one, in LaTeX, also where one of the two has no sign of
    equality yet. A blank line ends a statement. Of one that is too long, enough is kept to see that it is.
    """
    first, parts, size, depth = None, [], 0, 0
    for number, spelled, soft in lines:
        text = spelled.text.strip()
        if parts and not (text and (_goes_on(parts[-1], text, depth) or (soft and _unfinished(parts, text)))):
            yield first, _together(parts)
            parts, size, depth = [], 0, 0
        if text:
            if not parts:
                first = number
            if size <= LONGEST_TEXT:
                parts.append(spelled)
            size += len(spelled)
            depth = max(0, depth + _depth(text))
    if parts:
        yield first, _together(parts)


def _goes_on(before, text, depth):
    """Whether a statement whose last line is `before`, with `depth` brackets open, goes on in `text`."""
    if _BEGINS.match(text):
        return True
    if _ITS_OWN.match(text):
        return False
    ending = before.text.rstrip()[-20:]
    equals = _EQUALS.search(text)
    if _ENDS.search(ending):
        return not (equals and _UPDATED.search(ending))
    if ending.endswith(",") and equals is None:
        return True
    return depth > 0 and (equals is None or depth + _depth(text[:equals.start()]) <= 0)


def _unfinished(parts, text):
    return not has_equals(text) or not any(has_equals(part.text) for part in parts)


def _depth(text):
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _together(parts):
    """The parts as one; what was typed in later lines gets the columns of the joined text."""
    first = parts[0]
    if len(parts) == 1:
        return first
    texts = [re.sub(r"(?<!\\)\\\Z", "", part.text.rstrip()).rstrip() for part in parts]
    texts[1:] = [text.lstrip() for text in texts[1:]]
    columns = [*first.columns[:len(texts[0])]]
    text = " ".join(texts)
    start = first.column_of(len(texts[0]) + 1)
    return Spelled(text, [*columns, *range(start, start + len(text) - len(columns))])
