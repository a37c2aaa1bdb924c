"""What the check of a sheet found: a verdict for every line, and the mistakes that explain them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronnet.render import verdicts as rendered
from neuronnet.render.document import preformatted

if TYPE_CHECKING:
    from neuronnet.description.description import Description
    from neuronnet.formulas.expressions import Expression
    from neuronnet.mistakes.printed_numbers import Diagnosis
    from neuronnet.repairs.mend import Repair
    from neuronnet.sheet.understood import Understood

RIGHT, ROUNDING = "right", "rounding"
WRONG_NUMBER, WRONG_FORMULA, COINCIDENCE = "wrong number", "wrong formula", "right by coincidence"
UNREADABLE, UNKNOWN_NAME, UNDECIDED = "unreadable", "unknown name", "undecided"
VERDICTS = (RIGHT, ROUNDING, WRONG_NUMBER, WRONG_FORMULA, COINCIDENCE, UNDECIDED, UNREADABLE, UNKNOWN_NAME)
KINDS = ("given", "model", "seed")
NO_CLAIM = "no claim found; a claim is a line such as net_h1 = w1*i1 + w2*i2 + b1 = 0.3775"
JUDGED = "judged"  # the kind of a line; the others are given, model and seed: no claim of theirs is judged


@dataclass
class Part:
    """One side of an equals sign: its `text`, where it `start`s, and the `column` that its `note` is about.

    `line` is where it stands, if not where the claim begins. For a printed number also what is `printed`,
    what is `exact` to two more digits, how many `units` of the last printed digit lie between them, and the
    line that it `follows_from`.
    """

    text: str
    start: int
    column: int | None = None
    line: int | None = None
    verdict: str = RIGHT
    note: str | None = None
    printed: str | None = None
    exact: str | None = None
    units: float | None = None
    follows_from: int | None = None
    repair: Repair | None = None
    counterexample: str | None = None

    def to_dict(self) -> dict:
        """The part as a plain dict."""
        column = self.column or self.start
        return {"text": self.text, "column": column, "verdict": self.verdict, "note": self.note}


@dataclass
class Line:
    """One claim of a sheet: its `line` number, its `text`, and its `parts`, each with a verdict of its own.

    `mistake` is the Diagnosis that explains its number, or None.
    """

    line: int
    text: str
    parts: list[Part] = field(default_factory=list)
    quantity: Expression | None = None
    mistake: Diagnosis | None = None
    remark: str | None = None
    kind: str = JUDGED
    is_needed: bool = False  # a line of the model that could not be used

    @property
    def worst(self) -> Part:
        """The part that decides the verdict: the first wrong one of its own, else the last number."""
        unread, wrong = (UNREADABLE, UNKNOWN_NAME), (WRONG_NUMBER, WRONG_FORMULA)
        for verdicts in (unread, wrong, (UNDECIDED,), (COINCIDENCE,), (ROUNDING,)):
            found = [part for part in self.parts if part.verdict in verdicts]
            if found:
                return next((part for part in found if part.follows_from is None), found[0])
        return next((part for part in reversed(self.parts) if part.printed is not None), self.parts[-1])

    @property
    def number(self) -> Part | None:
        """The part with the printed number that counts: the first wrong one, else the last."""
        numbers = [part for part in self.parts if part.printed is not None]
        wrong = [part for part in numbers if part.verdict == WRONG_NUMBER]
        return next(iter(wrong or numbers[::-1]), None)

    @property
    def verdict(self) -> str:
        """One of VERDICTS; of a line that makes no claim, its kind."""
        return self.worst.verdict if self.kind == JUDGED else self.kind

    @property
    def is_judged(self) -> bool:
        """Whether a verdict was sought: the line makes a claim that could be read."""
        return self.kind not in KINDS and self.verdict not in (UNREADABLE, UNKNOWN_NAME)

    @property
    def is_wrong(self) -> bool:
        """Whether the line claims what is not so."""
        return self.verdict in (WRONG_NUMBER, WRONG_FORMULA)

    @property
    def follows_from(self) -> int | None:
        """The line whose wrong number this one repeats or goes on with; None where there is none."""
        return self.worst.follows_from

    def to_dict(self) -> dict:
        """The line as a plain dict, its number as text."""
        worst, number = self.worst, self.number
        units = None if number is None else number.units
        return {
            "line": self.line,
            "text": self.text,
            "kind": self.kind,
            "verdict": self.verdict,
            "column": worst.column or worst.start,
            "note": worst.note,
            "printed": number and number.printed,
            "exact": number and number.exact,
            "units": units if units is not None and isfinite(units) else None,
            "follows_from": self.follows_from,
            "mistake": self.mistake and {"id": self.mistake.id, "sentence": self.mistake.sentence},
            "repair": worst.repair and worst.repair._asdict(),
            "counterexample": worst.counterexample,
            "remark": self.remark,
            "parts": [part.to_dict() for part in self.parts],
        }


def unread_line(number: int, text: str, column: int, reason: str, verdict: str = UNREADABLE) -> Line:
    """The Line of a claim that is not judged, and why."""
    return Line(number, text, [Part(text, 1, column, verdict=verdict, note=reason)])


@dataclass
class SheetReport:
    """The verdicts on a sheet; `print(report)` shows them.

    `lines` holds a Line per claim, `mistakes` the Diagnoses of what is wrong, best first. `place` is the file
    that the sheet itself names for its network, or None; `ignored` the numbers of lines with an equals sign
    outside of what is read as claims; `reading` what was understood of a sheet that brings its own model.
    """

    lines: list[Line]
    mistakes: list[Diagnosis]
    description: Description | None
    place: Path | None = None
    ignored: list[int] = field(default_factory=list)
    reading: Understood | None = None

    @property
    def other_convention(self) -> str | None:
        """The convention for which all the wrong numbers are right, as a clause, or None."""
        numbers = [(line.line, line.number) for line in self.lines if line.number is not None]
        wrong = {line for line, number in numbers if number.verdict == WRONG_NUMBER}
        explaining = [each for each in self.mistakes if each.convention is not None and not each.contradicts]
        return next((each.convention for each in explaining if wrong == set(each.explains)), None)

    @property
    def first_wrong(self) -> int | None:
        """The number of the first line that is wrong; None when none is."""
        return next((line.line for line in self.lines if line.is_wrong), None)

    @property
    def own_mistakes(self) -> list[Line]:
        """The wrong lines that follow from no other: of those that one mistake explains, the first."""
        wrong, explained = [], set()
        for line in self.lines:
            if line.is_wrong and line.follows_from is None:
                mistake = line.mistake and line.mistake.id
                if mistake not in explained:
                    wrong.append(line)
                explained |= {mistake} - {None}
        return wrong

    @property
    def followers(self) -> list[Line]:
        """The wrong lines that only follow from a mistake."""
        own = {id(line) for line in self.own_mistakes}
        return [line for line in self.lines if line.is_wrong and id(line) not in own]

    @property
    def status(self) -> int:
        """The exit status: 1 if a line is wrong, 2 if one is unreadable, 3 if undecided or nothing judged."""
        verdicts = {line.verdict for line in self.lines}
        if verdicts & {WRONG_NUMBER, WRONG_FORMULA}:
            return 1
        if verdicts & {UNREADABLE, UNKNOWN_NAME}:
            return 2
        return 0 if UNDECIDED not in verdicts and verdicts & {RIGHT, ROUNDING, COINCIDENCE} else 3

    def counts(self) -> dict[str, int]:
        """How many lines have each verdict, in the order of VERDICTS, without those that none has."""
        verdicts = [line.verdict for line in self.lines]
        return {verdict: verdicts.count(verdict) for verdict in (*VERDICTS, *KINDS) if verdict in verdicts}

    def to_dict(self) -> dict:
        """The report as a plain dict, for JSON."""
        found: dict[str, Any] = {
            "lines": [line.to_dict() for line in self.lines],
            "first_wrong": self.first_wrong,
            "own_mistakes": [line.line for line in self.own_mistakes],
            "followers": [line.line for line in self.followers],
            "mistakes": [each.to_dict() for each in self.mistakes],
            "counts": self.counts(),
            "judged": sum(line.is_judged for line in self.lines),
            "ignored": self.ignored,
            "status": self.status,
        }
        if self.reading is not None:
            found["reading"] = self.reading.to_dict()
        if self.description is not None:
            found |= {"title": self.description.title, "conventions": self._conventions()}
        return found

    def _conventions(self):
        keys = ("loss", "outputs", "samples_combine", "learning_rate", "l2", "l2_scale", "batch")
        layers = self.description.layers
        biases = [{"bias": layer.bias_kind, "train_bias": layer.train_bias} for layer in layers]
        given = {key: getattr(self.description, key) for key in keys}
        return given | {"layers": biases, "instead": self.other_convention}

    def __str__(self) -> str:
        return rendered.report(self)

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def markdown(self) -> str:
        """The report as Markdown."""
        return rendered.markdown(self)
