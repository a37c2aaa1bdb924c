"""Wrong programs and backward passes that people wrote, re-made in a few lines each, and false alarms.

An exhibit is a function of `wrong` that gives (loss, gradients, parameters), with the mistake or without;
that of a false alarm takes nothing. The lesson shows its source, what the judge says, the cause, and where
`hunt` finds what is right at an ordinary point.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from textwrap import dedent, fill, indent

from gradcheck import HuntReport, Report, check, hunt
from gradcheck.errors import GradcheckError

WIDTH = 110
CLOSE = 0.75  # of two names: `nosuch` is not meant for `cosh`, `softmx` for softmax is
GITHUB = "https://github.com/"
ROOMS = ("programs", "layers", "functions", "alarms")  # files of this folder, in the order of the listing
REPORTED, ALARMS = "After public bug reports", "False alarms, which are right"


@dataclass(frozen=True)
class Exhibit:
    """A backward pass: `id`, `title`, `address` of the report if any, `what` was wrong, in sentences.

    `made`: the function that gives it. `section`: the heading under which it is listed. `is_special`: whether
    it is wrong at special points alone, where `hunt` finds it. `also`: a function or class that a lesson
    shows, too. `shows`: measures what no check of a gradient can see, and gives a sentence.
    """

    id: str
    title: str
    address: str
    what: str
    made: Callable
    section: str = REPORTED
    is_special: bool = False
    also: Callable | None = None
    shows: Callable | None = None

    @property
    def is_alarm(self) -> bool:
        """Whether it is right, and was reported all the same."""
        return self.section == ALARMS

    def judge(self, seed: int = 0) -> "JudgedExhibit":
        """Check it, hunt for the special point where it is wrong, and measure what it shows."""
        given = self.made() if self.is_alarm else self.made(True)
        report = check(*given, seed=seed, special_points=not self.is_special)
        hunted = hunt(*given) if self.is_special else None
        return JudgedExhibit(self, report, hunted, None if self.shows is None else self.shows())


@dataclass(frozen=True)
class JudgedExhibit:
    """An `exhibit`, its `report`, the HuntReport `hunted` where it is wrong at special points alone, and
    `shown`, a sentence or None.
    """

    exhibit: Exhibit
    report: Report
    hunted: HuntReport | None
    shown: str | None

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
        told = {key: getattr(self.exhibit, key) for key in ("id", "section", "title", "address", "what")}
        hunted = None if self.hunted is None else {"what": self.hunted.what, "line": self.hunted.line}
        cause = None if self.cause is None else dict(zip(("id", "sentence"), self.cause, strict=True))
        return told | {"verdict": self.verdict, "cause": cause, "hunted": hunted, "shows": self.shown}

    def lesson(self) -> str:
        """The exhibit as a short lesson, several lines."""
        shown = self.exhibit
        head = f"{shown.id}: {shown.title}"
        parts = [f"{head}\n  {shown.address}" if shown.address else head, _wrapped(shown.what)]
        code = [shown.also] if isinstance(shown.also, type) else [shown.also, shown.made]
        parts.append(indent("\n\n".join(_source(each) for each in code if each is not None), "    "))
        entry = _worst(self.report)
        said = f"The judge: {self.report.verdict} at the given point"
        parts.append(_wrapped(said + ("." if entry is None else f"; {entry}.")))
        if self.hunted is not None:
            found = f"The hunt: {self.hunted.verdict} where {self.hunted.what}. A test that fails:"
            parts.append(f"{_wrapped(found)}\n    {self.hunted.line}")
        if self.verdict == "wrong" or self.cause is not None:
            found = "none of those known" if self.cause is None else self.cause[1]
            parts.append(_wrapped(f"The cause: {found}."))
        elif shown.is_alarm:
            parts.append(_wrapped("It was reported as wrong, and is right."))
        if self.shown is not None:
            parts.append(_wrapped(f"Measured: {self.shown}"))
        return "\n\n".join(parts)


def exhibit(id, place, title, what, **more):
    """Makes an Exhibit of the function below it; `place`: its report on GitHub, or ""."""
    return lambda made: Exhibit(id, title, GITHUB + place if place else "", what, made, **more)


def everything() -> list[Exhibit]:
    """All Exhibits, section by section, the false alarms last."""
    rooms = (vars(import_module(f"gradcheck.gallery.{room}")) for room in ROOMS)
    return [each for room in rooms for each in room.values() if isinstance(each, Exhibit)]


def find(name: str) -> Exhibit:
    """The Exhibit of this name. Raises GradcheckError."""
    shown = {each.id: each for each in everything()}
    if name not in shown:
        found = [each for each in shown if name and name in each]
        found = found or [
            each for each in shown if get_close_matches(name, [each, *each.split("-")], 1, CLOSE)
        ]
        near = " or ".join(found[:3])
        hint = f"did you mean {near}?" if near else "without a name, gradcheck gallery lists all names"
        raise GradcheckError(f"gallery: there is no {name!r} among {len(shown)} exhibits; {hint}")
    return shown[name]


def listing() -> str:
    """A line for every Exhibit, by name and title, under the headings of their sections."""
    shown = everything()
    sections: dict[str, list] = {}
    width = max(len(each.id) for each in shown)
    for each in shown:
        sections.setdefault(each.section, [each.section]).append(f"  {each.id:{width}}  {each.title}")
    parts = ["\n".join(lines) for lines in sections.values()]
    return "\n\n".join(
        [*parts, "gradcheck gallery NAME shows one: what was wrong, the verdict, and the cause"]
    )


def _source(made):
    """The source of a function or class without the lines that enter it."""
    lines = dedent(inspect.getsource(made)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(("def ", "class ")))
    return "\n".join(lines[start:]).rstrip()


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
