"""One program of the gallery, judged, and its cause where a measurement shows it; the programs stand
elsewhere.

A cause is never written down beforehand. Either one of the known shapes of error leaves nothing over, or an
Explanation says: if this mistake was made, then *these* gradients are the right ones of *this* error. The
judge decides that, by its error bars, as it decides everything else.
"""

import math
from dataclasses import dataclass
from typing import Callable

from gradcheck import check
from gradcheck.inputs.point import Point
from gradcheck.numeric.rounding import U
from gradcheck.why.causes import blocks_of, causes


@dataclass(frozen=True)
class Explanation:
    """A mistake (`id`, `sentence`) that was made if `gradients` are found to be right as those of `loss`."""

    id: str
    sentence: str
    loss: Callable
    gradients: Callable


@dataclass(frozen=True)
class Entry:
    """A program and its one mistake.

    `loss` and `gradients`: parameters -> E, parameters -> what the program takes for dE/d(parameters);
    `parameters`: the seeded point at which they are judged. `title`: the mistake as a noun phrase; `source`:
    it in a sentence; `written`, `meant`: the code of the program and of `fixed`, the same program put right
    (None, with empty strings, for a program that is right). `expected`: the verdict on the gradient.
    `explanations`: what is tried as its cause besides the known shapes of error. `shows`: None, or a function
    that measures what no check of a gradient can see and says it in a sentence.
    """

    id: str
    section: str
    title: str
    source: str
    program: type
    loss: Callable
    gradients: Callable
    parameters: dict
    expected: str
    written: str = ""
    meant: str = ""
    fixed: type | None = None
    explanations: tuple = ()
    shows: Callable | None = None

    def judge(self, seed=0):
        """Run the judge, look for the cause of a wrong gradient, measure what the entry shows. Returns a
        Finding.
        """
        report = check(self.loss, self.gradients, self.parameters, seed=seed)
        shown = None if self.shows is None else self.shows()
        return Finding(self, report, cause(self, report), shown)


@dataclass(frozen=True)
class Finding:
    """What was found: the judge's `report`, the `cause` as (id, sentence) or None, and `shown`, a sentence
    or None.
    """

    entry: Entry
    report: object
    cause: tuple | None
    shown: str | None

    @property
    def verdict(self):
        """The judge's verdict on the gradient: `right`, `wrong` or `undecided`."""
        return self.report.verdict

    @property
    def worst(self):
        """The entry of the gradient whose two derivatives are the most error bars apart."""
        return max((block.worst for block in self.report.blocks), key=_bars_apart)

    def to_dict(self):
        """Plain dict, ready for JSON."""
        entry, worst = self.entry, self.worst
        return {
            "id": entry.id,
            "section": entry.section,
            "title": entry.title,
            "source": entry.source,
            "written": entry.written,
            "meant": entry.meant,
            "verdict": self.verdict,
            "expected": entry.expected,
            "worst": {
                "name": worst.name,
                "analytic": worst.analytic,
                "numeric": worst.numeric,
                "error_bar": worst.error_bar,
            },
            "cause": None if self.cause is None else {"id": self.cause[0], "sentence": self.cause[1]},
            "shows": self.shown,
        }


def cause(entry, report):
    """(id, sentence) of the one cause that leaves nothing over; None if none or several do, or if none is
    needed.

    Tried are the known shapes of error, by `causes`, and the entry's own explanations, by the judge.
    """
    if report.verdict != "wrong":
        return None
    shape = causes(_blocks(entry, report)).overall
    fitting = [(shape.id, shape.sentence)] if shape is not None and shape.kind == "shape" else []
    fitting += [
        (each.id, each.sentence)
        for each in entry.explanations
        if check(each.loss, each.gradients, entry.parameters, seed=report.seed).verdict == "right"
    ]
    return fitting[0] if len(fitting) == 1 else None


def _blocks(entry, report):
    """The Blocks of a report, in the order of the parameters."""
    entries = [each for block in report.blocks for each in block.entries]
    analytic, numeric, error = (
        [getattr(each, key) for each in entries] for key in ("analytic", "numeric", "error_bar")
    )
    bar = [each + U * abs(value) for each, value in zip(error, analytic)]
    return blocks_of(Point(entry.parameters), analytic, numeric, bar)


def _bars_apart(entry):
    difference = abs(entry.analytic - entry.numeric)
    return 0.0 if difference == 0.0 else difference / entry.error_bar if entry.error_bar > 0.0 else math.inf
