"""The corpus of pasted snippets, and what of it is read, missed and misread; nothing is tested here."""

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from neuronnet.formulas.arrays import Array
from neuronnet.formulas.notation import Known, read_function_head
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.statements import read_statements

PASTED = Path(__file__).parent / "data" / "pasted"


UNREADABLE = "? "


class Compared(NamedTuple):
    """Claims as plain text: those `found`, those `missed`, and those that nobody wrote, `misread`.

    `told` is what is said of all that was not read: its text and the reason.
    """

    found: list
    missed: list
    misread: list
    told: list


@cache
def snippets():
    """{"group: name": the snippet, a dict with `text`, `reads` and perhaps `told`}."""
    return {
        f"{path.stem}: {each['name']}": each | {"text": each["text"].removeprefix("\n")}
        for path in sorted(PASTED.glob("*.toml"))
        for each in tomllib.loads(path.read_text(encoding="utf-8"))["snippet"]
    }


def compared(text, expected):
    """The Compared claims of a text and of what is expected of it, which is in plain notation."""
    known = Known()
    wanted, got = (Counter(claims_in(each, known)) for each in (expected, text))
    found, missed, others = (sorted(each.elements()) for each in (wanted & got, wanted - got, got - wanted))
    sheet = read_sheet(text)
    unread = [f"{each.text}: {each.reason}" for each in sheet.unread] + sheet.notes
    told = [each for each in others if UNREADABLE in each]
    return Compared(found, missed, [each for each in others if UNREADABLE not in each], unread + told)


def claims_in(text, known=None):
    """Every claim of a text in one canonical spelling: names, formulas, numbers."""
    sheet = read_sheet(text)
    known = known or Known()
    statements, _ = read_statements(sheet.claims, known)
    heads = [read_function_head(each.parts[0].spelled.text) for each in statements]
    found = [
        canonical(each)
        for each, head in zip(statements, heads)
        if head is None or head[0] not in known.functions
    ]
    return found + [
        f"{name}({', '.join(names)}) := {each}" for name, (names, each) in known.functions.items()
    ]


def canonical(statement):
    """A Statement in one spelling."""
    sign = " := " if statement.assigns else " = "
    first, *rest = (_spelled(part) for part in statement.parts)
    return first + sign + " = ".join(rest)


def _spelled(part):
    if part.error is not None:
        return f"{UNREADABLE}{part.spelled.text}"
    if part.printed is not None:
        is_array = isinstance(part.printed, Array)
        return str(part.printed.map(lambda each: each.text).nested()) if is_array else part.printed.text
    return part.formula.format() if part.formula is not None else part.name
