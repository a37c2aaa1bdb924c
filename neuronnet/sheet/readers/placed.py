"""What is read of a sheet, with its places there: statements, definitions, claims, and what is none."""

from typing import NamedTuple

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
