"""Checks a sheet: judges every claim, then explains all the wrong numbers together."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuronnet.derivation.digits import Printed, around, fifty_digits
from neuronnet.description.reading import checked, document, find, parsed, read
from neuronnet.errors import NeuronnetError, shortened
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.parsing import parse
from neuronnet.formulas.rewriting import with_names
from neuronnet.mistakes.printed_numbers import PrintedNumber
from neuronnet.mistakes.search import explanations
from neuronnet.names import spelled_out
from neuronnet.sheet import report
from neuronnet.sheet.judging import Judge, why_unread
from neuronnet.sheet.own_model import best_reading, mend
from neuronnet.sheet.readers.read_sheet import Sheet, read_sheet

NO_CLAIM = "no claim found; a claim is a line such as net_h1 = w1*i1 + w2*i2 + b1 = 0.3775"


def check_sheet(
    text: str,
    network: Any = None,
    folder: str | os.PathLike | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> report.SheetReport:
    """The SheetReport on a sheet: text, Markdown, LaTeX, JSON or CSV.

    `network` is what `neuronnet.load` takes, or a NeuralNetwork; without it the sheet names or holds its own,
    and the names of files in it start from `folder`. `progress(done, total)` is called while long trainings
    are replayed. Raises NeuronnetError for a sheet without a network or without a claim, SpecError for a bad
    network; what is wrong inside the sheet stands in the report: `check_sheet("net_h1 = w1*i1 + w2*i2 =
    0.0275", "worked-example")` has the verdict "wrong formula" in line 1.
    """
    if not isinstance(text, str):
        raise NeuronnetError(f"a sheet is a text, found {shortened(text)}")
    sheet = read_sheet(text)
    if network is None and sheet.network is None:
        return own_model(sheet)
    description, place = _description(sheet, network, Path() if folder is None else Path(folder))
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    with fifty_digits():
        judge = Judge(description)
        lines = [_unread(each.line, each.text, each.column, each.reason) for each in sheet.unread]
        lines += _definitions(judge, sheet.lets)
        lines += _judged(judge, sheet.claims)
        lines.sort(key=lambda line: line.line)
        mistakes = _explained(lines, judge.exact, description, progress)
        _remark_on_published(lines, judge, description)
    return report.SheetReport(lines, mistakes, description, place, sheet.ignored)


def own_model(sheet: Sheet) -> report.SheetReport:
    """The SheetReport on a sheet that brings its own model: its given numbers and its forward lines."""
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    reading, judged = best_reading(sheet)
    with fifty_digits():
        mend(reading, judged)
    lines = [_unread(each.line, each.text, each.column, each.reason) for each in sheet.unread]
    lines = sorted(lines + judged, key=lambda line: line.line)
    return report.SheetReport(lines, [], None, None, sheet.ignored, reading.understood)


def _description(sheet, network, folder):
    """(Description, file or None) of a sheet; a network that is given goes before the sheet's own."""
    if network is not None:
        return read(network), None
    kind, value, line = sheet.network
    if kind == "toml":
        return checked(*parsed(value, f"the network in line {line}", folder)), None
    try:
        place = find(str(folder / value) if os.path.isfile(folder / value) else value)
        return checked(*document(place)), place
    except (OSError, ValueError) as error:
        raise NeuronnetError(f"line {line}: network: {error}") from None


def _unread(line, text, column, reason, verdict=report.UNREADABLE):
    return report.Line(line, text, [report.Part(text, 1, column, verdict=verdict, note=reason)])


def _definitions(judge, lets):
    for let in lets:
        text = f"let {let.name} = {let.text.text.strip()}"
        try:
            judge.notation.define(let.name, let.text)
        except NeuronnetError as error:
            verdict, column, reason = why_unread(error)
            yield _unread(let.line, text, column or 1, reason, verdict)


def _judged(judge, claims):
    lines = [judge.line(claim) for claim in claims]
    notes = [_what_a_sum_leaves(line, judge.author) for line in lines]
    excused = {id(claim): note for claim, note in zip(claims, notes) if note is not None}
    if excused:
        judge.start_again(excused)
        lines = [judge.line(claim) for claim in claims]
    return lines


def _what_a_sum_leaves(line, author):
    """A clause that names the printed sum which leaves a wrong number after its other terms, or None."""
    number = line.number
    if line.worst is not number or line.verdict != report.WRONG_NUMBER or number.follows_from:
        return None
    if not isinstance(line.quantity, Name):
        return None
    for computed in author.left_over(line.quantity.name):
        if computed.interval.meets(around(Printed(number.printed))):
            first, *others = (record.printed.text for record in computed.records)
            return f"it is what the printed sum, {first}, leaves after {' and '.join(others)}"
    return None


def _explained(lines, exact, description, progress):
    """Diagnoses of all the wrong numbers together; a line gets the first one that explains it.

    What a wrong formula explains needs no mistake that explains one number alone, or makes right ones wrong.
    """
    if not any(line.number is not None and line.number.verdict == report.WRONG_NUMBER for line in lines):
        return []
    numbers = [
        PrintedNumber(place, line.quantity, Printed(line.number.printed), exact)
        for place, line in enumerate(lines)
        if line.quantity is not None and line.number is not None and line.number.verdict != report.ROUNDING
    ]
    follow, found = _follow_a_wrong_formula(lines), []
    for each in explanations(description, numbers, progress):
        if not follow.issuperset(each.explains) or (len(each.explains) > 1 and not each.contradicts):
            explains, contradicts = (
                tuple(dict.fromkeys(lines[place].line for place in places))
                for places in (each.explains, each.contradicts)
            )
            found.append(each._replace(explains=explains, contradicts=contradicts))
            for place in each.explains:
                lines[place].mistake = lines[place].mistake or found[-1]
    return found


def _follow_a_wrong_formula(lines):
    follow, numbers = set(), set()
    for place, line in enumerate(lines):
        if line.verdict == report.WRONG_FORMULA or line.follows_from in numbers:
            follow.add(place)
            numbers.add(line.line)
    return follow


def _remark_on_published(lines, judge, description):
    published = {}
    for record in description.published:
        quantity = parse(spelled_out(record.quantity), judge.exact.derivation.__contains__)
        published.setdefault(with_names(quantity, judge.exact.derivation.own_name).format(), record)
    for line in lines:
        if line.quantity is None or line.number is None or line.verdict != report.RIGHT:
            continue
        record = published.get(line.quantity.format())
        if record is not None and record.verdict == "wrong":
            line.remark = f"your number is right; the published {record.printed} is not: {record.reason}"
