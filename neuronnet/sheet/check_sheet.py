"""Checks a sheet: judges every claim, then explains all the wrong numbers together."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import checked, document, find, parsed, read
from neuronnet.errors import Interrupted, NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.formulas.arrays import entries, shape
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import Known, read_name, updated
from neuronnet.formulas.rewriting import with_dots
from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.names import after
from neuronnet.repairs.mend import mended
from neuronnet.repairs.small_numbers import counterexample
from neuronnet.sheet import causes
from neuronnet.sheet.assignment import Assignment
from neuronnet.sheet.claims_anew import with_numbered_names
from neuronnet.sheet.doubts import with_doubts
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.network_names import KnownBesideNetwork
from neuronnet.sheet.network_roles import NetworkAssignment
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Declarations
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.readers.spelling import with_weights
from neuronnet.sheet.report import (
    RIGHT,
    UNDECIDED,
    UNKNOWN_NAME,
    UNREADABLE,
    WRONG_NUMBER,
    Line,
    SheetReport,
    unread_line,
)
from neuronnet.sheet.roles import Roles
from neuronnet.sheet.samples import samples_apart
from neuronnet.sheet.statements import (
    Statement,
    read_statements,
)
from neuronnet.sheet.statements_anew import assign_once, count_steps, prepare_given
from neuronnet.sheet.understood import Spellings, Understood, understood, understood_beside


def check_sheet(
    text: str,
    network: Any = None,
    folder: str | os.PathLike | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SheetReport:
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
        return own_report(sheet)
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


NO_CLAIM = "no claim found; a claim is a line such as net_h1 = w1*i1 + w2*i2 + b1 = 0.3775"


MOST_READINGS = 8


NOT_USABLE = (UNREADABLE, UNKNOWN_NAME, UNDECIDED)


IN_NAMES = ("found", "instead", "formula", "sentence")


GIVEN_BESIDE = "the computation beside it gives this"


SAME = Decimal("1e-20")  # relative: values computed in another order


MOST_MENDED = 20  # wrong formulas that get a repair and a counterexample


class Reading(NamedTuple):
    """A sheet as it is read in one way, with the Lines that judge it."""

    statements: list[Statement]
    roles: Roles
    meanings: Meanings
    judge: Lines
    known: Known
    prose: tuple[int, ...] = ()

    @property
    def spellings(self) -> Spellings:
        return Spellings(self.statements, self.roles)

    @property
    def understood(self) -> Understood:
        return understood(self.statements, self.roles, self.meanings, self.spellings, self.prose)


def read_as(claims: list, choices: dict[str, int], declared: Declarations, is_code, change) -> Reading:
    """The Reading of some claims; `choices` says how to take the formulas that are open.

    With a choice for "*", that is a product of matrices wherever it can be one.
    """
    known = Known()
    statements, general = read_statements(claims, known, declared=declared)
    for part in (each for statement in statements for each in statement.parts if "*" in choices):
        part.formula = part.formula and with_dots(part.formula)
    if not is_code:
        count_steps(statements, known)
    change(statements)
    assign_once(statements)
    prepare_given(statements, known)
    loss = None if declared.loss is None else read_name(declared.loss)
    assignment = Assignment(statements, known, choices, loss, is_code, declared.passes)
    roles = assignment.roles()
    meanings = Meanings(roles, assignment, statements, known)
    meanings.settle()
    for position, role in roles.of.items():
        if role.step:
            for part in statements[position].parts[1:]:
                if part.has_names:
                    part.formula = meanings.in_pass(part.formula, role.step)
    judge = Lines(statements, roles, meanings)
    return Reading(statements, roles, meanings, judge, known, tuple(general))


def own_report(sheet: Sheet) -> SheetReport:
    """The SheetReport on a sheet that brings its own model: its given numbers and its forward lines."""
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    found = SheetReport([], [], None, None, sheet.ignored, None)
    try:
        for sample, own in samples_apart(sheet):
            _judge_sample(found, sample, own, sheet.notes)
    except KeyboardInterrupt:
        if not found.lines:
            raise
        raise Interrupted(found, "while mistakes were searched for") from None
    return found


def _judge_sample(found, sample, own, notes):
    """Add to a SheetReport the lines `own` of a sample, and then what is wrong in them."""
    reading, judged = best_reading(sample)
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
            found.mistakes += causes.of_own_model(named, statements, reading.roles, reading.spellings)


def best_reading(sheet: Sheet, change: Callable = lambda _: None) -> tuple[Reading, list[Line]]:
    """(the Reading that contradicts the fewest claims of a sheet, its judged lines).

    `change(statements)` may write a statement anew before it is judged.
    """
    claims, is_code = [*map(_as_claim, sheet.lets), *sheet.claims], bool(sheet.assigned)
    claims = claims if is_code else with_numbered_names(claims)
    with fifty_digits():
        best = read_as(claims, {}, sheet.declared, is_code, change)
        lines = best.judge.judged()
        if _open_or_wrong(lines):
            for choices, declared in _other_ways(best, sheet.declared):
                try:
                    other = read_as(claims, choices, declared, is_code, change)
                    if _are_the_same(best, other):
                        continue
                    first = next((at for at, each in enumerate(lines) if each.is_wrong), len(lines))
                    others = other.judge.judged_until(first)
                except NeuronnetError:  # so read, parts of it do not fit
                    continue
                if others is not None and _open_or_wrong(others) < _open_or_wrong(lines):
                    best, lines = other, others
                    if not _open_or_wrong(lines):
                        break
    spellings = best.spellings
    for part in (part for line in lines for part in line.parts):
        part.note = None if part.note is None else spellings.note(part.note)
    unusable = [line for line in lines[: len(sheet.lets)] if line.verdict in NOT_USABLE]
    best = best._replace(prose=tuple(sorted({*best.prose, *(line for line, _ in sheet.prose)})))
    return best, unusable + lines[len(sheet.lets) :]


def _are_the_same(one, other):
    """Whether all formulas have the same values in two Readings, as given and drawn."""
    if one.roles.model.formulas.keys() != other.roles.model.formulas.keys():
        return False
    for drawn in (False, True):
        values = [
            each.judge.trials.draws.draw(0, frozenset(), ()) if drawn else each.judge.trials.draws.own
            for each in (one, other)
        ]
        for name in one.roles.model.formulas:
            left, right = (each[name] for each in values)
            if shape(left) != shape(right) or not all(map(_near, entries(left), entries(right))):
                return False
    return True


def _near(one, other):
    return abs(one - other) <= SAME * max(abs(one), abs(other))


def _as_claim(let):
    """`let δ1 = ∂L/∂z1` is a claim as any other, which goes before them all."""
    parts = [TextWithColumns(let.name), let.text]
    return Claim(let.line, f"let {let.name} = {let.text.text.strip()}", parts, [let.line] * 2)


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


def _open_or_wrong(lines):
    return sum(line.is_wrong or line.verdict == UNDECIDED for line in lines)


def _other_ways(best, declared):
    """Other ways to read what a sheet leaves open: a choice for each formula, and where indices begin.

    The loss is a single number, and a later pass is read as the first.
    """
    open_ = best.roles.open.items()
    if open_ and not best.roles.is_code:
        yield {"*": 1}, declared
    counts = {name: count for name, count in open_ if "@" not in name and name != best.roles.loss}
    for chosen in islice(product(*map(range, counts.values())), 1, MOST_READINGS):
        yield dict(zip(counts, chosen)), declared
    if best.known.from_zero is False and declared.from_zero is None:
        yield {}, replace(declared, from_zero=True)
