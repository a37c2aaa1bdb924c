"""Sessions of R, Julia, MATLAB and Octave as they are pasted: prompts, statements, and what was answered."""

import re
from typing import NamedTuple

from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.tokens import TextWithColumns, parse_array, parse_number

MOST_ENTRIES = 10_000


class _Session(NamedTuple):
    """How a session looks: what shows that it is one, its prompts, what is no number in its answers, and
    how its language is written otherwise: (what is written, what it is read as).
    """

    shows: str
    prompt: str
    about: str
    spelled: tuple = ()


def _entry(match):
    return match[0] if match[1] in SPELLED else f"{match[1]}[{match[2]}]"


_R = (
    (r"(?<![\w.])matrix\(\s*c\(([^()]*)\)\s*,([^()]*)\)", lambda match: _matrix(match)),
    (
        r"(?<![\w.])rbind\(((?:\s?c\([^()]*\),?)+)\)",
        lambda match: re.sub(r"c?\(", "[", f"({match[1]}]").replace(")", "]"),
    ),
    (r"(?<![\w.])c\(([-+\d.,eE\s]+)\)", r"[\1]"),
    (r"(?<![\w.])t\(((?:[^()]|\([^()]*\))*)\)", r"(\1)^T"),
    (r"%o%", "⊗"),
)
SESSIONS = (
    _Session(r"^julia> ", r"julia> ", r"\d+(?:×\d+|-element) .*:"),
    _Session(
        r"^(?:>> |octave:\d+> )",
        r"(?:>> |octave:\d+> )",
        r"\s*ans\s*=",
        ((r"(?<![\w.])([^\W\d]\w*)\((\d{1,3}(?:,\s?\d{1,3})?)\)", _entry),),
    ),
    _Session(r"^> .*<-|^\s*\[1\] .*\d", r"[>+] ", r"\s*(?:\[,\d+\]\s*)+|\s*\[\d+,?\]", _R),
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_IN_R = re.compile(r"%\*%|<-\s?(?:matrix|c|rbind)\(")  # a script, without prompts


def with_answers(lines):
    """Lines of (number, TextWithColumns) with `z = W x = [0.25, 1]` for a statement behind a prompt and the
    numbers below it, and `name = 0.25` where a name alone was asked for.
    """
    text = "\n".join(line.text for _, line in lines)
    session = next((each for each in SESSIONS if re.search(each.shows, text, re.MULTILINE)), None)
    if session is None:
        return [(number, _spelled(line, _R)) for number, line in lines] if _IN_R.search(text) else lines
    prompt = re.compile(session.prompt)
    found, place = [], 0
    while place < len(lines):
        number, line = lines[place]
        asked = prompt.match(line.text)
        end = place + 1
        if asked:
            while end < len(lines) and not prompt.match(lines[end][1].text):
                end += 1
            line = _spelled(line[asked.end() :], session.spelled)
            value, rest = _answer([each for _, each in lines[place + 1 : end]], session)
            found += [
                (number, _answered(line, value)),
                *[(at, TextWithColumns("")) for at, _ in lines[place + 1 : end][:rest]],
            ]
            end = place + 1 + rest
        else:
            found.append((number, line))
        place = end
    return found


def _spelled(line, spellings):
    for written, read in spellings:
        line = line.replace(written, read)
    return line


def _answer(lines, session):
    """(the text of the number or array that some lines begin with, how many lines that takes)."""
    rows: list[list[str]] = []
    taken, has_columns = len(lines), False
    for place, line in enumerate(lines):
        about = re.match(session.about, line.text)
        text = line.text[about.end() :] if about else line.text
        has_columns = has_columns or (about is not None and "," in about[0])
        words = text.split()
        if words and all(map(_NUMBER.fullmatch, words)):
            rows.append(words)
        elif text.strip() or (rows and not line.text.strip()):
            taken = place
            break
    if not rows or len(rows) * len(rows[0]) > MOST_ENTRIES:
        return None, 0
    entries = [each for row in rows for each in row]
    is_matrix = len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    if is_matrix and (has_columns or session is not SESSIONS[-1]):
        return _nested(rows), taken
    return (entries[0] if len(entries) == 1 else f"[{', '.join(entries)}]"), taken


def _answered(line, value):
    """A statement and what was answered; what is given as a number was only shown again."""
    text = line.text.rstrip().rstrip(";").rstrip()
    last = re.split(r"<-|(?<![=<>!])=(?!=)", text)[-1]
    if value is None or not text or parse_number(last) is not None or parse_array(last) is not None:
        return line
    added = f" = {value}"
    return TextWithColumns(
        text + added, [*line.columns[: len(text)], *[line.column_of(len(text))] * len(added)]
    )


def _matrix(match):
    """`[[1, 2], [3, 4]]` for `matrix(c(1, 3, 2, 4), nrow=2)`, which R fills column by column."""
    entries = [each.strip() for each in match[1].split(",")]
    options = [each.strip() for each in match[2].split(",")]
    named = dict(re.split(r"\s*=\s*", each, maxsplit=1) for each in options if "=" in each)
    plain = [each for each in options if each.isdigit()]
    rows, columns = (
        named.get("nrow", plain[0] if plain else ""),
        named.get("ncol", plain[1] if plain[1:] else ""),
    )
    if not (rows or columns).isdigit() or len(entries) % int(rows or columns):
        return match[0]
    height = int(rows) if rows else len(entries) // int(columns)
    if named.get("byrow", "F")[:1] == "T":
        width = len(entries) // height
        listed = [entries[at : at + width] for at in range(0, len(entries), width)]
    else:
        listed = [entries[at::height] for at in range(height)]
    return _nested(listed)


def _nested(rows):
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"
