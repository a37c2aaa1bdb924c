"""Checks a sheet: judges every claim, then explains all the wrong numbers together."""

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import checked, document, find, parsed, read
from neuronnet.errors import Interrupted, NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.formulas.arrays import entries
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import read_name
from neuronnet.formulas.tokens import parse_array, parse_number
from neuronnet.names import after, updated
from neuronnet.repairs.mend import mended
from neuronnet.repairs.small_numbers import counterexample
from neuronnet.sheet import causes
from neuronnet.sheet.best_reading import best_reading
from neuronnet.sheet.doubts import with_doubts
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.network_names import KnownBesideNetwork, with_weights
from neuronnet.sheet.network_roles import NetworkAssignment
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Unread
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.report import (
    NO_CLAIM,
    RIGHT,
    UNKNOWN_NAME,
    WRONG_NUMBER,
    Line,
    SheetReport,
    unread_line,
)
from neuronnet.sheet.statements import read_statements
from neuronnet.sheet.steps import refuse_late
from neuronnet.sheet.understood import Spellings, Understood, understood_beside

IN_NAMES = ("found", "instead", "formula", "sentence")
GIVEN_BESIDE = "the computation beside it gives this"
MOST_MENDED = 20  # wrong formulas that get a repair and a counterexample
AGAIN = "after the lines of a sample its name has another number: of which sample or of which mean?"


def check_sheet(
    text: str,
    network: Any = None,
    folder: str | os.PathLike | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SheetReport:
    """The SheetReport on a sheet: text, Markdown, LaTeX, JSON or CSV.

    `network` is what `neuronnet.load` takes, or a NeuralNetwork; without it the sheet names or holds its own,
    and the names of files in it start from `folder`. `progress(done, total)` is called while lines are
    judged, and while mistakes are tried. Raises NeuronnetError for a sheet without a network or without a
    claim, SpecError for a bad network; what is wrong inside the sheet stands in the report:
    `check_sheet("net_h1 = w1*i1 = 0.0275", "worked-example")` has the verdict "wrong formula" in line 1.
    """
    if not isinstance(text, str):
        raise NeuronnetError(f"a sheet is a text, found {shortened(text)}")
    sheet = read_sheet(text)
    if network is None and sheet.network is None:
        return own_report(sheet, progress)
    description, place = _description(sheet, network, Path() if folder is None else Path(folder))
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    with fifty_digits():
        model = NetworkModel(Exact(description))
        lines, reading = judged_beside(sheet, model)
        found = SheetReport(lines, [], description, place, sheet.ignored, reading)
        try:
            if any(line.verdict != RIGHT for line in lines):
                found.mistakes = causes.beside_network(lines, model.exact, description, progress)
            _remark_on_published(lines, model.exact.derivation, description)
        except KeyboardInterrupt:
            raise Interrupted(found, "while mistakes were searched for") from None
    return found


def judged_beside(sheet: Sheet, model: NetworkModel) -> tuple[list[Line], Understood | None]:
    """(judged lines, how they were read) of a sheet beside a network, without the mistakes behind them."""
    lines = [unread_line(each.line, each.text, each.column, each.reason) for each in sheet.unread]
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
    refuse_late(assignment.statements, known.too_late)
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
        return unread_line(let.line, text, column, note, UNKNOWN_NAME)
    return unread_line(let.line, text, column, getattr(error, "reason", str(error)))


def _remark_on_published(lines, derivation, description):
    published = {}
    for record in description.published:
        published.setdefault(derivation.read(record.quantity).format(), record)
    for line in lines:
        if line.quantity is None or line.number is None or line.verdict != RIGHT:
            continue
        record = published.get(line.quantity.format())
        if record is not None and record.verdict == "wrong":
            line.remark = f"your number is right; the published {record.printed} is not: {record.reason}"


def own_report(sheet: Sheet, progress: Callable[[int, int], None] | None = None) -> SheetReport:
    """The SheetReport on a sheet that brings its own model: its given numbers and its forward lines."""
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    found = SheetReport([], [], None, None, sheet.ignored, None)
    try:
        for sample, own in samples_apart(sheet):
            _judge_sample(found, sample, own, sheet.notes, progress)
    except KeyboardInterrupt:
        if not found.lines:
            raise
        raise Interrupted(found, "while mistakes were searched for") from None
    return found


def _judge_sample(found, sample, own, notes, progress):
    """Add to a SheetReport the lines `own` of a sample, and then what is wrong in them."""
    reading, judged = best_reading(sample, progress=progress)
    of_claims = judged[len(judged) - len(reading.statements) + len(sample.lets) :]
    doubted = with_doubts(reading, of_claims, partial(best_reading, sample))
    reading, judged = doubted or (reading, judged)
    found.lines += [unread_line(each.line, each.text, each.column, each.reason) for each in sample.unread]
    found.lines += [line for line in judged if line.line in own]
    found.lines.sort(key=lambda line: line.line)
    if found.reading is None:
        found.reading = replace(reading.understood, notes=(*reading.understood.notes, *notes))
    with fifty_digits():
        mend(reading.judge, reading.spellings, judged)
        statements = reading.statements[len(sample.lets) :]
        named = judged[len(judged) - len(statements) :]
        with suppress(NeuronnetError, ArithmeticError):  # a loss that could not be placed explains nothing
            roles, spellings = reading.roles, reading.spellings
            found.mistakes += causes.of_own_model(named, statements, roles, spellings, progress)


def mend(judge: Lines, spellings: Spellings, lines: list[Line]) -> None:
    """Give the wrong formulas of judged lines their repair and counterexample, in the author's names."""
    lines_of = {id(part): line for line in lines for part in line.parts}
    for part, formula, truth in judge.wrong[:MOST_MENDED]:
        if id(part) not in lines_of or lines_of[id(part)].kind == "undecided":  # of a let, or excused
            continue
        _say_what_it_gives(lines_of[id(part)].number, formula, judge.model)
        names = [name for name in judge.model.names() if name not in truth.names()]
        try:
            repair = mended(formula, truth, judge.trials, names)
            part.counterexample = spellings.note(counterexample(formula, truth, judge.trials) or "") or None
        except NeuronnetError:
            continue
        if repair is not None:
            words: dict[str, Any] = {key: spellings.text(getattr(repair, key)) for key in IN_NAMES}
            part.repair, part.column = repair._replace(**words), repair.column


def _say_what_it_gives(number, formula, model):
    """Note at a wrong number that the wrong formula beside it gives it."""
    if number is None or number.verdict != WRONG_NUMBER or number.follows_from is not None:
        return
    try:
        values = entries(model.value(model.resolved(formula)))
    except NeuronnetError:
        return
    if any(map(Printed(number.printed).agrees, values)):
        entry, colon, _ = (number.note or "").rpartition(": ")
        number.note = f"{entry}{colon}{GIVEN_BESIDE}"


def samples_apart(sheet: Sheet) -> list[tuple[Sheet, set[int]]]:
    """(a sheet for each sample, its own lines), where headings begin samples with other numbers.

    A sample has what is given in none or one alone, and the formulas of the first where it writes none.
    A sheet with updates is one, for its passes are told apart by these.
    """
    starts = sorted({line for line, kind in sheet.headings if kind == "sample"})
    lets = {each.line for each in sheet.lets}
    whole = [(sheet, lets.union(claim.line for claim in sheet.claims))]
    if not starts or any(map(_is_update, sheet.claims)):
        return whole
    sections: list[list[Claim]] = [[] for _ in range(len(starts) + 1)]
    for claim in sheet.claims:
        sections[bisect_right(starts, claim.line)].append(claim)
    numbers: dict[str, set[str]] = {}
    computed = {_name(claim) for claim in sheet.claims if not _is_value(claim.parts[1])}
    for claim in sheet.claims:
        if _is_given(claim) and _name(claim) not in computed:
            numbers.setdefault(_name(claim), set()).add(claim.parts[1].text)
    if all(len(each) == 1 for each in numbers.values()):
        return whole
    common, *samples = sections if len(starts) > 1 else [[], *sections]
    alone = {name for name, each in numbers.items() if len(each) == 1}
    shared = [claim for part in samples for claim in part if _is_given(claim) and _name(claim) in alone]
    found = []
    for number, own in enumerate(samples):
        kept, unread = _until_said_again(own)
        lines = {claim.line for claim in (kept if number else common + kept)} | (set() if number else lets)
        borrowed = list(_formulas(samples[0], kept)) if number else []
        claims = [*common, *(each for each in shared if each not in kept), *borrowed, *kept]
        found.append((replace(sheet, claims=claims, unread=sheet.unread * (number == 0) + unread), lines))
    return found


def _name(claim):
    return read_name(claim.parts[0].text)


def _is_value(part):
    return parse_number(part.text) is not None or parse_array(part.text) is not None


def _is_given(claim):
    return len(claim.parts) == 2 and _is_value(claim.parts[1]) and _name(claim) is not None


def _is_update(claim):
    name, own = _name(claim), claim.parts[0].text
    if name is None or claim.assigns:
        return claim.assigns
    uses_itself = any(re.match(rf"\s*{re.escape(own)}\s*[-+−]", part.text) for part in claim.parts[1:])
    return uses_itself or "@" in name or updated(name) is not None


def _until_said_again(claims):
    """(the claims up to the first that gives a name another number, the others as unread)."""
    numbers: dict[str, str] = {}
    for place, claim in enumerate(claims):
        if _is_value(claim.parts[-1]):
            text = claim.parts[-1].text
            if numbers.setdefault(claim.parts[0].text, text) != text:
                return claims[:place], [_unread(each) for each in claims[place:]]
    return claims, []


def _unread(claim):
    return Unread(claim.line, claim.text, claim.parts[0].column_of(1), AGAIN)


def _formulas(first: list[Claim], own: list[Claim]) -> Iterator[Claim]:
    """The formulas of the first sample, without numbers, for the names that another has no formula for."""
    names = {claim.parts[0].text for claim in first + own}
    written = {_name(claim) for claim in own if any(_uses(part, names) for part in claim.parts[1:])}
    for claim in first:
        name, formulas = _name(claim), [part for part in claim.parts[1:] if _uses(part, names)]
        if name is not None and formulas and name not in written:
            yield claim._replace(parts=[claim.parts[0], formulas[0]])


def _uses(part, names):
    """Whether a part has a name in it that is no function's, as `sigmoid(0.3)` has none."""
    return any(word in part.text for word in names if len(word) > 1) or any(
        word in names for word in re.findall(r"[^\W\d]\w*|[^\W\d]", part.text)
    )
