"""What `trace_backward` found, and how it is printed."""

from dataclasses import dataclass, field
from typing import Any

from gradcheck.report import Report, plain

GIVEN = "from above, or an input"


@dataclass(frozen=True)
class TracedLocal:
    """A local of the backward pass: its `line`, the `source` of that, its `name`, `verdict` and why.

    `verdict`: "right", "wrong" (the first that is), "differs" (it only follows, or means something else), or
    "unknown".
    """

    line: int
    source: str
    name: str
    verdict: str
    words: str

    def __str__(self) -> str:
        why = f": {self.words}" if self.words else ""
        return f"line {self.line}, {self.name}: {self.verdict}{why}"

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        return plain(self.__dict__)


@dataclass(frozen=True)
class TraceReport:
    """The first wrong line of a backward function; print(report) shows all of its lines.

    `verdict`: that of the gradients. `line`: the number of the first wrong line in its file, `source` its
    text and `name` what it computes; None where no line is known to be wrong. `words`: what in its place
    makes wrong gradients right. `others`: (line, source) of lines that the value rests on and of which
    nothing is known: the mistake may stand in one of them, too. `cause`: what explains the difference, or
    None. `locals`: TracedLocals; `report`: that of `check_layer`.
    """

    verdict: str
    function: str
    line: int | None
    source: str | None
    name: str | None
    others: tuple
    cause: Any
    locals: tuple
    report: Report = field(repr=False)
    evaluations: int
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        calls = f"{self.evaluations} evaluations in {self.seconds:.3g} s"
        rows = (f"  {each}" for each in self.locals if each.words != GIVEN)
        return "\n".join([*self._first_lines(), *rows, calls])

    def _first_lines(self):
        if self.line is None:
            more = (
                "" if self.verdict != "wrong" else "; no line of it could be shown to be the first wrong one"
            )
            yield f"{self.function}: {self.verdict}{more}"
            return
        yield f"{self.function}: wrong, first in line {self.line}: {self.source}"
        yield f"with {self.words} in the place of {self.name} wrong gradients become right"
        for line, source in self.others:
            yield f"or in line {line}, on which it rests and of which nothing is known: {source}"
        if self.cause is not None:
            yield f"cause: {self.cause.sentence}"

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON; without the seconds."""
        keys = "verdict function line source name others cause locals evaluations".split()
        return plain({key: getattr(self, key) for key in keys})
