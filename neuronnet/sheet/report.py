"""What the checking of a sheet found: a verdict for every line, the first wrong line, and the mistakes that
explain it.
"""

from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from neuronnet.formulas.expressions import Expression
from neuronnet.render import verdicts as sheet_text

RIGHT, ROUNDING = "right", "rounding"
WRONG_NUMBER, WRONG_FORMULA, COINCIDENCE = "wrong number", "wrong formula", "right by coincidence"
UNREADABLE, UNKNOWN_NAME = "unreadable", "unknown name"
VERDICTS = (RIGHT, ROUNDING, WRONG_NUMBER, WRONG_FORMULA, COINCIDENCE, UNREADABLE, UNKNOWN_NAME)


@dataclass
class Part:
    """One side of an equals sign: its `text`, the author's column where it `start`s and the `column` that is
    spoken of.

    `verdict` is its verdict, and `note` a clause on it or None; `line` is where it stands, if not where the
    claim begins. For a printed number also what is `printed`, what is `exact` to two more digits, how many
    `units` of the last printed digit lie between them, and from which line it `inherits_from`.
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
    inherits_from: int | None = None
    repair: object = None
    counterexample: object = None

    def to_dict(self):
        """The part as a plain dict."""
        return {
            "text": self.text,
            "column": self.column or self.start,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass
class Line:
    """One claim: its `line` number, its `text`, the `verdict`, and the `parts` that the verdict is made of.

    `mistake` is the Diagnosis that explains its number, None where there is none.
    """

    line: int
    text: str
    parts: list = field(default_factory=list)
    quantity: Expression | None = None
    mistake: object = None
    remark: str | None = None

    @property
    def worst(self):
        """The part that decides the verdict: the first wrong one, of these one that inherits nothing, else
        the last number.
        """
        for verdicts in (
            (UNREADABLE, UNKNOWN_NAME),
            (WRONG_NUMBER, WRONG_FORMULA),
            (COINCIDENCE,),
            (ROUNDING,),
        ):
            found = [part for part in self.parts if part.verdict in verdicts]
            if found:
                return next((part for part in found if part.inherits_from is None), found[0])
        return next((part for part in reversed(self.parts) if part.printed is not None), self.parts[-1])

    @property
    def number(self):
        """The part with the printed number that counts: a wrong one before the others, the last before
        earlier ones.
        """
        numbers = [part for part in self.parts if part.printed is not None]
        wrong = [part for part in numbers if part.verdict == WRONG_NUMBER]
        return (wrong or numbers[::-1] or [None])[0]

    @property
    def verdict(self):
        """One of VERDICTS."""
        return self.worst.verdict

    @property
    def is_wrong(self):
        """Whether the line claims what is not so."""
        return self.verdict in (WRONG_NUMBER, WRONG_FORMULA, COINCIDENCE)

    @property
    def inherits_from(self):
        """The line whose wrong number this one repeats or goes on with; None for a line that is right, or
        wrong by itself.
        """
        return self.worst.inherits_from

    def to_dict(self):
        """The line as a plain dict, its number as text."""
        worst, number = self.worst, self.number
        return {
            "line": self.line,
            "text": self.text,
            "verdict": worst.verdict,
            "column": worst.column or worst.start,
            "note": worst.note,
            "printed": number and number.printed,
            "exact": number and number.exact,
            "units": number.units if number is not None and isfinite(number.units) else None,
            "inherits_from": self.inherits_from,
            "mistake": self.mistake and {"id": self.mistake.id, "sentence": self.mistake.sentence},
            "repair": worst.repair
            and {
                key: getattr(worst.repair, key)
                for key in ("kind", "found", "instead", "column", "formula", "sentence")
            },
            "counterexample": worst.counterexample and str(worst.counterexample),
            "remark": self.remark,
            "parts": [part.to_dict() for part in self.parts],
        }


@dataclass
class SheetReport:
    """The verdicts on a sheet. `print(report)` shows them.

    `lines` holds a Line per claim, `mistakes` the Diagnoses of what is wrong, best first, `description` the
    network's; `place` is the file that the sheet itself names for it, or None; `ignored` the numbers of lines
    with an = that stand outside of what is judged.
    """

    lines: list
    mistakes: list
    description: dict
    place: Path | None = None
    ignored: list = field(default_factory=list)

    @property
    def other_convention(self):
        """The convention for which all the numbers are right, as a clause; None where they are right as it
        is, or for none.
        """
        wrong = [
            line.line
            for line in self.lines
            if line.number is not None and line.number.verdict == WRONG_NUMBER
        ]
        explaining = [each for each in self.mistakes if each.convention is not None and not each.contradicts]
        return next((each.convention for each in explaining if set(wrong) == set(each.explains)), None)

    @property
    def first_wrong(self):
        """The number of the first line that is wrong; None when none is."""
        return next((line.line for line in self.lines if line.is_wrong), None)

    @property
    def status(self):
        """The exit status: 0 when every line is right or rounding, 2 when one cannot be read, else 1."""
        verdicts = {line.verdict for line in self.lines}
        if verdicts & {UNREADABLE, UNKNOWN_NAME}:
            return 2
        return 0 if verdicts <= {RIGHT, ROUNDING} else 1

    def counts(self):
        """How many lines have each verdict, {verdict: count}, in the order of VERDICTS, without those that
        none has.
        """
        verdicts = [line.verdict for line in self.lines]
        return {verdict: verdicts.count(verdict) for verdict in VERDICTS if verdict in verdicts}

    def to_dict(self):
        """The report as a plain dict, for JSON."""
        keys = ("loss", "outputs", "samples_combine", "learning_rate", "l2", "l2_scale", "batch")
        biases = [
            {"bias": layer.bias_kind, "train_bias": layer.train_bias} for layer in self.description.layers
        ]
        return {
            "title": self.description.title,
            "lines": [line.to_dict() for line in self.lines],
            "first_wrong": self.first_wrong,
            "mistakes": [each.to_dict() for each in self.mistakes],
            "conventions": {key: getattr(self.description, key) for key in keys}
            | {"layers": biases, "instead": self.other_convention},
            "counts": self.counts(),
            "ignored": self.ignored,
            "status": self.status,
        }

    def __str__(self):
        return sheet_text.report(self)

    def markdown(self):
        """The report as Markdown."""
        return sheet_text.markdown(self)
