"""Checks a sheet: judges every claim, then explains all the wrong numbers together."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import checked, document, find, parsed, read
from neuronnet.errors import Interrupted, NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import updated
from neuronnet.names import after
from neuronnet.sheet import causes, report
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.network_names import KnownBesideNetwork
from neuronnet.sheet.network_roles import NetworkAssignment
from neuronnet.sheet.own_model import NO_CLAIM, mend, own_report
from neuronnet.sheet.readers.read_sheet import Sheet, read_sheet
from neuronnet.sheet.readers.spelling import with_weights
from neuronnet.sheet.statements import read_statements
from neuronnet.sheet.understood import Spellings, Understood, understood_beside


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
        return own_report(sheet, causes.of_own_model)
    description, place = _description(sheet, network, Path() if folder is None else Path(folder))
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    with fifty_digits():
        model = NetworkModel(Exact(description))
        lines, reading = judged_beside(sheet, model)
        found = report.SheetReport(lines, [], description, place, sheet.ignored, reading)
        try:
            if any(line.verdict != report.RIGHT for line in lines):
                found.mistakes = causes.beside_network(lines, model.exact, description, progress)
            _remark_on_published(lines, model.exact.derivation, description)
        except KeyboardInterrupt:
            raise Interrupted(found, "while mistakes were searched for") from None
    return found


def judged_beside(sheet: Sheet, model: NetworkModel) -> tuple[list[report.Line], Understood | None]:
    """(judged lines, how they were read) of a sheet beside a network, without the mistakes behind them."""
    lines = [report.unread_line(each.line, each.text, each.column, each.reason) for each in sheet.unread]
    known = KnownBesideNetwork(model)
    assignment = NetworkAssignment([], known, model, [])
    for let in sheet.lets:
        try:
            assignment.define_let(let)
        except NeuronnetError as error:
            lines.append(_unusable(let, error))
    assignment.statements, general = read_statements(
        sheet.claims, known, lambda text: with_weights(text, model.names_of_network)
    )
    sheet.ignored = sorted({*sheet.ignored, *general})
    roles = assignment.roles()
    meanings = Meanings(roles, assignment, assignment.statements, known)
    meanings.settle()
    judge = Lines(assignment.statements, roles, meanings)
    judged = judge.judged()
    spellings = Spellings(assignment.statements, roles)
    if judge.wrong:
        mend(judge, spellings, judged)
    _say_what_is_frozen(judged, assignment, model)
    reading = understood_beside(roles, meanings, spellings, assignment.notes(spellings.of))
    return sorted(lines + judged, key=lambda line: line.line), reading


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


def _say_what_is_frozen(lines, assignment, model):
    for line, statement in zip(lines, assignment.statements):
        name = statement.name or ""
        base, _, count = name.partition("@") if "@" in name else (updated(name) or name, "", "")
        own = model.own_name(after(base, 1)) if base in model.given and base != name else None
        if line.is_wrong and base == own:
            value, line.quantity = model.given[base], Name(after(base, int(count or 1)))
            line.remark = f"{base} is frozen in this network (train_bias = false), it stays {value}"


def _unusable(let, error):
    """The Line of a let that defines nothing."""
    text, column = f"let {let.name} = {let.text.text.strip()}", getattr(error, "column", None) or 1
    if isinstance(error, UnknownName):
        note = f"nothing is called {shortened(error.name)}{did_you_mean(error.nearest)}"
        return report.unread_line(let.line, text, column, note, report.UNKNOWN_NAME)
    return report.unread_line(let.line, text, column, getattr(error, "reason", str(error)))


def _remark_on_published(lines, derivation, description):
    published = {}
    for record in description.published:
        published.setdefault(derivation.read(record.quantity).format(), record)
    for line in lines:
        if line.quantity is None or line.number is None or line.verdict != report.RIGHT:
            continue
        record = published.get(line.quantity.format())
        if record is not None and record.verdict == "wrong":
            line.remark = f"your number is right; the published {record.printed} is not: {record.reason}"
