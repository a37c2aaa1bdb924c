"""Many sheets at once: a row for each, and all of them held against one task."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from neuronnet import output
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.notation import read_name
from neuronnet.formulas.tokens import parse_array, parse_number
from neuronnet.render import text
from neuronnet.render.verdicts import causes
from neuronnet.sheet.best_reading import best_reading
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.report import NO_CLAIM, UNDECIDED, UNKNOWN_NAME, UNREADABLE, Line, Part, SheetReport
from neuronnet.sheet.roles import GIVEN, MODEL

SHEETS = {*".txt .md .markdown .tex .html .htm .ipynb .py .csv .tsv .json".split()}
NEEDED = "a sheet of text, Markdown, LaTeX, HTML, Python, CSV or JSON"
COLUMNS = ("sheet", "judged", "right", "wrong", "not read", "first wrong line", "mistake")


@dataclass(frozen=True)
class Row:
    """What the check of one sheet found, in short; `status` is the exit status of that check alone, None for
    a file that is no sheet.
    """

    sheet: str
    judged: int
    right: int
    wrong: int
    not_read: int
    first_wrong: int | None
    mistake: str
    status: int | None

    @classmethod
    def of(cls, sheet: str, report: SheetReport) -> Row:
        """The row of a report."""
        counts, own = report.counts(), report.own_mistakes
        return cls(
            sheet,
            sum(line.is_judged for line in report.lines),
            sum(counts.get(each, 0) for each in ("right", "rounding", "right by coincidence")),
            sum(line.is_wrong for line in report.lines),
            counts.get("unreadable", 0) + counts.get("unknown name", 0),
            report.first_wrong,
            next(causes(own[0]), "") if own else _what_is_not_read(report),
            report.status,
        )

    def cells(self) -> list[str]:
        """The texts of its columns."""
        values = (self.judged, self.right, self.wrong, self.not_read, self.first_wrong)
        return [self.sheet, *("" if each is None else str(each) for each in values), self.mistake]


def _what_is_not_read(report):
    unread = (line for line in report.lines if line.verdict in (UNREADABLE, UNKNOWN_NAME))
    nothing = "" if any(line.is_judged for line in report.lines) else NO_CLAIM
    return next((f"line {line.line}: {line.worst.note}" for line in unread if line.worst.note), nothing)


def files_in(argument: str) -> list[Path]:
    """The sheets in a folder, in the order of their names; a file is itself."""
    path = Path(argument)
    return [each for each in _below(path) if each.suffix.lower() in SHEETS] if path.is_dir() else [path]


def left_out(argument: str) -> list[Row]:
    """A Row for each file in a folder that is no sheet by its suffix."""
    path = Path(argument)
    others = [each for each in _below(path) if each.suffix.lower() not in SHEETS] if path.is_dir() else []
    return [Row(str(each), 0, 0, 0, 0, None, f"left out: not {NEEDED}", None) for each in others]


def _below(folder):
    found = (each for each in folder.rglob("*") if each.is_file())
    return sorted(
        each for each in found if not any(part.startswith(".") for part in each.relative_to(folder).parts)
    )


def rows_of(places: list, judge: Callable, progress: Callable | None = None) -> Iterator[Row]:
    """Yield the Row of each sheet, a path or - for standard input; `judge(text, folder)` gives its report.

    A sheet that cannot be used has the reason for its mistake.
    """
    for number, each in enumerate(places, 1):
        try:
            sheet, place = output.text_source(each, NEEDED)
            yield Row.of(str(each), judge(sheet, None if each == "-" else place.parent))
        except NeuronnetError as error:
            yield Row(str(each), 0, 0, 0, 0, None, str(error), output.UNUSABLE)
        if progress is not None:
            progress(number)


def status(rows: list[Row]) -> int:
    """1 if a sheet is wrong, else 2 if one cannot be used, 3 if one is undecided, 0."""
    statuses = {each.status for each in rows}
    return next((each for each in (1, 2, 3) if each in statuses), 0)


def written(rows: list[Row]) -> dict[str, Callable]:
    """A function for each format that gives the rows in it."""
    return {
        "text": lambda: _as_text(rows),
        "markdown": lambda: "\n".join(
            text.markdown_table(COLUMNS, [list(map(text.cell, row.cells())) for row in rows])
        ),
        "json": lambda: [vars(each) for each in rows],
        "csv": lambda: _as_csv(rows),
    }


def _as_text(rows):
    wrong, right = (sum(each.status == code for each in rows) for code in (1, 0))
    lines = text.table([COLUMNS[:-1], *(row.cells()[:-1] for row in rows)])
    mistakes = ["mistake", *(row.mistake for row in rows)]
    shown = [f"{line}  {mistake}".rstrip() for line, mistake in zip(lines, mistakes)]
    sheets = sum(each.status is not None for each in rows)
    head = f"{sheets} sheets: {right} right, {wrong} wrong, {sheets - right - wrong} neither."
    head += f" {len(rows) - sheets} left out." * (len(rows) > sheets)
    return "\n".join([head, "", *shown])


def _as_csv(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *(row.cells() for row in rows)])
    return out.getvalue().rstrip("\n")


class Task:
    """A sheet that says what all are to derive: its given numbers and forward lines count for every sheet.

    `judge(sheet)` gives the SheetReport on a sheet. Raises NeuronnetError where the task has none.
    """

    def __init__(self, text: str, judge: Callable[[Sheet], SheetReport]):
        self._judge = judge
        sheet = read_sheet(text)
        reading, _ = best_reading(sheet)
        roles, start = reading.roles.of, len(sheet.lets)
        other = {
            (statement.line, statement.text)
            for place, statement in enumerate(reading.statements)
            if place >= start and roles[place].kind not in (GIVEN, MODEL)
        }
        kept = [each for each in sheet.claims if (each.line, each.text) not in other]
        self._given = {}
        for claim in kept:
            value = _value(claim)
            if value is not None:
                self._given[read_name(claim.parts[0].text)] = value, claim.text
        formulas = [claim._replace(parts=_in_names(claim)) for claim in kept]
        if not formulas:
            raise NeuronnetError("the task has no given numbers and no forward lines")
        self._claims = [each._replace(line=place - len(formulas)) for place, each in enumerate(formulas)]

    def report(self, text: str) -> SheetReport:
        """The SheetReport on a sheet whose model is the task's; its lines are those of the sheet alone."""
        sheet = read_sheet(text)
        kept, lines, met = [], [], set()
        for claim in sheet.claims:
            name, value = read_name(claim.parts[0].text), _value(claim)
            if name in self._given and value is not None and name not in met and not claim.assigns:
                lines.append(self._as_given(claim, name, value))
            else:
                kept.append(claim)
            met.add(name)
        found = self._judge(replace(sheet, claims=[*self._claims, *kept]))
        lines += [line for line in found.lines if line.line > 0]
        reading = found.reading
        if reading is not None:
            reading = replace(reading, model_lines=tuple(line for line in reading.model_lines if line > 0))
        return replace(found, lines=sorted(lines, key=lambda line: line.line), reading=reading)

    def _as_given(self, claim, name, value):
        line = Line(claim.line, claim.text, [Part(claim.text, claim.parts[0].column_of(1))], kind=GIVEN)
        task, said = self._given[name]
        if value != task:
            note = f"the task has {said}; mark an updated value as new"
            line.kind, line.parts[0].verdict, line.parts[0].note = "judged", UNDECIDED, note
        return line


def _value(claim):
    """The number or array that a claim gives its name and nothing else; None for any other claim."""
    if len(claim.parts) != 2:
        return None
    written = claim.parts[1].text
    number = parse_number(written)
    nested = parse_array(written) if number is None else None
    return float(number) if number is not None else None if nested is None else _floats(nested)


def _floats(nested):
    return [_floats(each) for each in nested] if isinstance(nested, list) else float(nested)


def _in_names(claim):
    """The parts of a forward line without the numbers behind its formula."""
    if len(claim.parts) < 3:
        return claim.parts
    formulas = [
        part for part in claim.parts[1:] if parse_number(part.text) is None and parse_array(part.text) is None
    ]
    return [claim.parts[0], *formulas[:1]] if formulas else claim.parts[:2]
