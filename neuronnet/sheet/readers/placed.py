"""What is read of a sheet, with its places there: statements, definitions, claims, what is none, and what its
author declares: `skip 12-18`, `read loss as J`, `read line 30 as new`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import TextWithColumns


class Let(NamedTuple):
    """`let name = formula`: a name of the author's own."""

    line: int
    name: str
    text: TextWithColumns


class Claim(NamedTuple):
    """`A = B = C`: its first line, its text, and its parts with the `lines` in which they begin.

    `assigns` says that its sign gives a new value, as := and ← do.
    """

    line: int
    text: str
    parts: list
    lines: list
    assigns: bool = False


class Unread(NamedTuple):
    """What cannot be read, and why."""

    line: int
    text: str
    column: int
    reason: str


class Statement(NamedTuple):
    """A statement as it stands in a sheet: its text, and the column and the line of each character."""

    text: str
    columns: list
    lines: list

    @classmethod
    def of(cls, line, text):
        """A statement, a TextWithColumns or a str, that stands in one line."""
        spelled = text if isinstance(text, TextWithColumns) else TextWithColumns(text)
        return cls(spelled.text, spelled.columns, (line,) * len(spelled))

    def part(self, start, end=None):
        return Statement(self.text[start:end], self.columns[start:end], self.lines[start:end])

    def place(self, position):
        """(line, column) of a position from 1, which may be the one after the end."""
        if position <= len(self.text):
            return self.lines[position - 1], self.columns[position - 1]
        return (self.lines[-1], self.columns[-1] + 1) if self.text else (1, 1)

    def placed(self, spelled):
        """A TextWithColumns over positions in this text, with the author's columns instead."""
        return TextWithColumns(spelled.text, [self.columns[position - 1] for position in spelled.columns])


DECLARED = re.compile(r"\s*(?:skip\s+(?:lines?\s+)?\d|read\s+\S.*\s(?:as|from)\s)", re.IGNORECASE)
ALLOWED = (
    "a declaration is skip 12-18, read loss as J, read line 30 as new, read log as base 10 or "
    "read indices from 0"
)
_SKIP = re.compile(r"skip\s+(?:lines?\s+)?(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?")
_LOSS = re.compile(r"read\s+loss\s+as\s+(\S+)")
_NEW = re.compile(r"read\s+line\s+(\d{1,6})\s+as\s+new")
_LOG = re.compile(r"read\s+log\s+as\s+(?:base\s+)?(10|2|e)")
_INDICES = re.compile(r"read\s+ind(?:ices|exes)\s+(?:as\s+)?from\s+([01])")


@dataclass
class Declarations:
    """What is declared: `skipped` and `new` lines, the `loss`, the `log`, and where indices begin.

    `passes` are the lines of the headings of later passes.
    """

    skipped: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    passes: set[int] = field(default_factory=set)
    loss: str | None = None
    log: str = "ln"
    from_zero: bool | None = None

    def take(self, text: str) -> None:
        """Add one declaration. Raises ExpressionError for what is none."""
        text = text.strip().rstrip(".;")
        if match := _SKIP.fullmatch(text):
            first, last = int(match[1]), int(match[2] or match[1])
            self.skipped.update(range(first, min(last, first + 20_000) + 1))
        elif match := _NEW.fullmatch(text):
            self.new.add(int(match[1]))
        elif match := _LOSS.fullmatch(text):
            self.loss = match[1]
        elif match := _LOG.fullmatch(text):
            self.log = {"10": "log10", "2": "log2", "e": "ln"}[match[1]]
        elif match := _INDICES.fullmatch(text):
            self.from_zero = match[1] == "0"
        else:
            raise ExpressionError(text, 1, ALLOWED)


def declarations(declared: Declarations) -> list[str]:
    """The lines that declare it, for a sheet whose skipped lines are gone and whose new ones are marked."""
    lines = [f"read loss as {declared.loss}"] * (declared.loss is not None)
    lines += [f"read log as base {declared.log.removeprefix('log')}"] * (declared.log != "ln")
    if declared.from_zero is not None:
        lines.append(f"read indices from {0 if declared.from_zero else 1}")
    return lines
