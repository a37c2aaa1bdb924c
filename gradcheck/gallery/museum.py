"""The museum: backward passes re-made after public bug reports, and false alarms, which are right.

An exhibit is a function of `wrong` that gives (loss, gradients, parameters), with the mistake or without;
that of a false alarm takes nothing. The lesson shows its source, what the judge says, the cause, and where
`hunt` finds what is right at an ordinary point.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent, fill, indent

from gradcheck.checking import check
from gradcheck.hunting import HuntReport, hunt
from gradcheck.report.report import Report

WIDTH = 110
GITHUB = "https://github.com/"


@dataclass(frozen=True)
class Exhibit:
    """A backward pass of the museum: `id`, `title`, `address` of the report, `what` was wrong, in sentences.

    `made`: the function that gives it. `is_special`: whether it is wrong at special points alone, where
    `hunt` finds it. `also`: another function that a lesson shows, or None.
    """

    id: str
    title: str
    address: str
    what: str
    made: Callable
    is_special: bool = False
    also: Callable | None = None

    @property
    def section(self) -> str:
        """The heading under which it is listed."""
        return "False alarms, which are right" if self.is_alarm else "After public bug reports"

    @property
    def is_alarm(self) -> bool:
        """Whether it is right, and was reported all the same."""
        return len(inspect.signature(self.made).parameters) == 0

    def judge(self, seed: int = 0) -> "JudgedExhibit":
        """Check it, and hunt for the special point where it is wrong."""
        given = self.made() if self.is_alarm else self.made(True)
        report = check(*given, seed=seed, special_points=not self.is_special)
        return JudgedExhibit(self, report, hunt(*given) if self.is_special else None)


@dataclass(frozen=True)
class JudgedExhibit:
    """An `exhibit`, its `report`, and the HuntReport `hunted` where it is wrong at special points alone."""

    exhibit: Exhibit
    report: Report
    hunted: HuntReport | None

    @property
    def verdict(self) -> str:
        """The verdict at the given point, or that of the hunt."""
        return self.report.verdict if self.hunted is None else self.hunted.verdict

    @property
    def cause(self) -> tuple | None:
        """(id, sentence) of the cause, or None."""
        report = self.report if self.hunted is None else self.hunted.report
        causes = [report.cause] if report.cause is not None else report.audit
        return (causes[0].id, causes[0].sentence) if causes else None

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        told = {key: getattr(self.exhibit, key) for key in ("id", "title", "address", "what")}
        hunted = None if self.hunted is None else {"what": self.hunted.what, "line": self.hunted.line}
        cause = None if self.cause is None else dict(zip(("id", "sentence"), self.cause, strict=True))
        return told | {"verdict": self.verdict, "cause": cause, "hunted": hunted}

    def lesson(self) -> str:
        """The exhibit as a short lesson, several lines."""
        shown = self.exhibit
        parts = [f"{shown.id}: {shown.title}\n  {shown.address}", _wrapped(shown.what)]
        code = [_source(each) for each in (shown.also, shown.made) if each is not None]
        parts.append(indent("\n\n".join(code), "    ").rstrip())
        entry = _worst(self.report)
        said = f"The judge: {self.report.verdict} at the given point"
        parts.append(_wrapped(said + ("." if entry is None else f"; {entry}.")))
        if self.hunted is not None:
            parts.append(
                _wrapped(f"The hunt: {self.hunted.verdict} where {self.hunted.what}. A test that fails:")
            )
            parts[-1] += f"\n    {self.hunted.line}"
        if self.verdict == "wrong":
            found = "none of those known" if self.cause is None else self.cause[1]
            parts.append(_wrapped(f"The cause: {found}."))
        elif shown.is_alarm:
            parts.append(_wrapped("It was reported as wrong, and is right."))
        return "\n\n".join(parts)


REGISTERED: list[Exhibit] = []


def exhibit(id, place, title, what, is_special=False, also=None):
    """Enters the function below it into the museum; `place`: its report on GitHub."""

    def entered(made):
        REGISTERED.append(Exhibit(id, title, GITHUB + place, what, made, is_special, also))
        return made

    return entered


def exhibits() -> list[Exhibit]:
    """All of the museum, the false alarms last."""
    from gradcheck.gallery import museum_layers, museum_losses, museum_points, museum_right  # noqa: F401

    return list(REGISTERED)


def _source(made):
    """The source of the function without the line that enters it."""
    lines = dedent(inspect.getsource(made)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[start:])


def _worst(report):
    entries = [block.worst for block in report.blocks if block.worst is not None]
    entry = max(entries, key=lambda each: each.badness, default=None)
    if entry is None:
        return None
    numbers = f"analytic {entry.analytic:.6g}, numeric {entry.numeric:.6g} ± {entry.error_bar:.1e}"
    return f"the entry that is furthest off, {entry.name}: {numbers}"


def _wrapped(sentence):
    whole = {"break_long_words": False, "break_on_hyphens": False}
    return fill(sentence, WIDTH, initial_indent="  ", subsequent_indent="  ", **whole)
