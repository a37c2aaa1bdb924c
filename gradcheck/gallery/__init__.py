"""Wrong programs and backward passes that people published, re-made in a few lines each, and the verdicts.

Nobody writes a cause down beforehand. Either one of the known shapes of error leaves nothing over, or a
CandidateCause says: if this mistake was made, then *these* gradients are the right ones of *this* error; and
the judge decides that by its error bars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from gradcheck import check
from gradcheck.errors import UnknownName
from gradcheck.report.report import Report

WIDTH = 110


@dataclass(frozen=True)
class CandidateCause:
    """A mistake (`id`, `sentence`) that was made if `gradients` are found to be right as those of `loss`."""

    id: str
    sentence: str
    loss: Callable
    gradients: Callable


@dataclass(frozen=True)
class GalleryProgram:
    """A program and its one mistake.

    `title`: the mistake as a noun phrase; `source`: it in a sentence. `loss` and `gradients` of `parameters`,
    a seeded point: E, and what the program takes for its derivative. `expected`: the verdict on the gradient.
    `written`, `meant`: the code of the program and of `fixed`, the same program put right (None, with empty
    strings, for a program that is right). `candidates`: what is tried as its cause besides the known shapes
    of error. `shows`: None, or a function that measures what no check of a gradient can see, in a sentence.
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
    candidates: tuple = ()
    shows: Callable | None = None

    def judge(self, seed: int = 0) -> "JudgedProgram":
        """Check the gradient, look for the cause of a wrong one, and measure what the program shows."""
        report = check(self.loss, self.gradients, self.parameters, seed=seed)
        shown = None if self.shows is None else self.shows()
        return JudgedProgram(self, report, _cause(self, report), shown)


def programs() -> list[GalleryProgram]:
    """All programs of the gallery, section by section, the right program of each last."""
    from gradcheck.gallery import extra_column, one_three_one

    return [*one_three_one.programs(), *extra_column.programs()]


@dataclass(frozen=True)
class JudgedProgram:
    """A `program`, its `report`, the `cause` as (id, sentence) or None, and `shown`, a sentence or None."""

    program: GalleryProgram
    report: Report
    cause: tuple | None
    shown: str | None

    @property
    def verdict(self) -> str:
        """The verdict on the gradient: "right", "wrong" or "undecided"."""
        return self.report.verdict

    @property
    def worst(self):
        """The entry of the gradient whose two derivatives are the most error bars apart."""
        return max((block.worst for block in self.report.blocks), key=lambda entry: entry.badness)

    def lesson(self) -> str:
        """The program as a short lesson, several lines."""
        return _paragraph(self)

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        keys = ("id", "section", "title", "source", "written", "meant", "expected")
        told = {key: getattr(self.program, key) for key in keys} | {"verdict": self.verdict}
        worst = {key: getattr(self.worst, key) for key in ("name", "analytic", "numeric", "error_bar")}
        cause = None if self.cause is None else dict(zip(("id", "sentence"), self.cause, strict=True))
        return told | {"worst": worst, "cause": cause, "shows": self.shown}


def everything() -> list:
    """All that the gallery shows: programs, then the Exhibits of the museum."""
    from gradcheck.gallery.museum import exhibits

    return [*programs(), *exhibits()]


def find(name: str) -> Any:
    """The program or Exhibit of this name. Raises UnknownName."""
    shown = {each.id: each for each in everything()}
    if name not in shown:
        raise UnknownName("gallery", name, list(shown))
    return shown[name]


def listing() -> str:
    """A line for all that can be shown, by name and title, under the headings of their sections."""
    sections: dict[str, list] = {}
    shown = everything()
    width = max(len(each.id) for each in shown)
    for each in shown:
        sections.setdefault(each.section, []).append(f"  {each.id:{width}}  {each.title}")
    parts = ["\n".join([section, *lines]) for section, lines in sections.items()]
    return "\n\n".join(
        [*parts, "gradcheck gallery NAME shows one: what was wrong, the verdict, and the cause"]
    )


def _paragraph(judged):
    program, worst = judged.program, judged.worst
    lines = [f"{program.id}: {judged.verdict}; {program.title}", _indented(program.source)]
    if program.fixed is not None:
        lines += [f"  written: {program.written}", f"  meant:   {program.meant}"]
    numbers = f"analytic {worst.analytic:.9g}, numeric {worst.numeric:.9g} ± {worst.error_bar:.1e}"
    said = f"The gradient is {judged.verdict} (worst entry {worst.name}: {numbers})"
    if judged.verdict == "right" and program.fixed is not None:
        said += f"; what is wrong is {program.title}"
    lines.append(_indented(f"{said}."))
    if judged.cause is not None:
        lines.append(_indented(f"Cause, measured: {judged.cause[0]}; {judged.cause[1]}."))
    elif judged.verdict == "wrong":
        lines.append(_indented("Cause: none of those tried, or more than one, fits."))
    if judged.shown is not None:
        lines.append(_indented(f"Measured: {judged.shown}"))
    return "\n".join(lines)


def _indented(sentence):
    kept_whole = {"break_long_words": False, "break_on_hyphens": False}
    return fill(sentence, WIDTH, initial_indent="  ", subsequent_indent="  ", **kept_whole)


def _cause(program, report):
    """(id, sentence) of the one cause of a wrong gradient that fits; None if none or several do."""
    if report.verdict != "wrong":
        return None
    shape = report.cause
    fitting = [(shape.id, shape.sentence)] if shape is not None and shape.kind == "shape" else []
    for each in program.candidates:
        given = each.loss, each.gradients, program.parameters
        if check(*given, seed=report.seed, special_points=False).verdict == "right":
            fitting.append((each.id, each.sentence))
    return fitting[0] if len(fitting) == 1 else None
