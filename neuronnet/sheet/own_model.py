"""The model that a sheet brings: its given numbers, its forward lines and what they make of its names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import islice, product
from typing import Any, NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.errors import Interrupted, NeuronnetError, UnknownName
from neuronnet.formulas.arrays import Array, entries, shape
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.notation import Known, gradient_of, read_name
from neuronnet.formulas.rewriting import with_dots
from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.names import partial_name, split_partial
from neuronnet.render.notebooks import InNotebooks
from neuronnet.repairs.mend import mended
from neuronnet.repairs.small_numbers import counterexample
from neuronnet.sheet.assignment import Assignment
from neuronnet.sheet.doubts import with_doubts
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Declarations
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.report import (
    UNDECIDED,
    UNKNOWN_NAME,
    UNREADABLE,
    WRONG_NUMBER,
    Line,
    SheetReport,
    unread_line,
)
from neuronnet.sheet.roles import Roles
from neuronnet.sheet.statements import Statement, read_statements
from neuronnet.sheet.steps_and_samples import count_steps, samples_apart, with_numbered_names
from neuronnet.sheet.understood import Spellings, Understood, understood

NO_CLAIM = "no claim found; a claim is a line such as net_h1 = w1*i1 + w2*i2 + b1 = 0.3775"
MOST_READINGS = 8
NOT_USABLE = (UNREADABLE, UNKNOWN_NAME, UNDECIDED)
IN_NAMES = ("found", "instead", "formula", "sentence")
GIVEN_BESIDE = "the computation beside it gives this"
SAME = Decimal("1e-20")  # relative: values computed in another order
MOST_MENDED = 20  # wrong formulas that get a repair and a counterexample


class Model(InNotebooks):
    """The model of a text that brings its own: every quantity, and the derivative of the loss by each.

    model = Model.from_text("x = 0.5\\nw = 0.4\\ny = w x\\nL = 1/2 (y - 0.3)^2")
    model["dL/dw"]              -0.05, nested lists for an array
    model.formula("dL/dw")      'dL/dy*x'

    Names are the author's, `∂L/∂W1` and `dL/dW1` alike. `loss` is the name of the loss, or None.
    """

    def __init__(self, reading: Reading, text: str = ""):
        self.text = text
        self.roles, self._model, self._known = reading.roles, reading.roles.model, reading.known
        self.spellings = reading.spellings
        self.loss = None if self.roles.loss is None else self.spellings.of(self.roles.loss)
        self._typed = {self.spellings.of(name): name for _, names in self._groups() for name in names}

    @classmethod
    def from_text(cls, text: str) -> Model:
        """The Model of a sheet. Raises NeuronnetError where a line of the model cannot be used."""
        sheet = read_sheet(text)
        if sheet.network is not None:
            raise NeuronnetError("this sheet names a network; derive that")
        with fifty_digits():
            reading = best_reading(sheet)[0]
        for position, error in reading.roles.errors.items():
            raise NeuronnetError(f"line {reading.statements[position].line}: {error}")
        if not reading.roles.model.formulas:
            raise NeuronnetError("no formula found; a model has lines such as z = w x + b")
        return cls(reading, text)

    def _document(self):
        from neuronnet.render import document

        return document.of_model(self)

    def names(self) -> list[str]:
        """Everything given and defined, then the derivatives of the loss, from the loss backwards."""
        return list(self._typed)

    def __getitem__(self, name: str) -> float | list:
        """The value of a quantity or derivative: a float, a list, or a list of rows. Raises UnknownName."""
        return self.value_in(self.canonical(name))

    def value_in(self, name: str) -> float | list:
        """The same by a name that stands in an `expression`."""
        value = self._model[name]
        return value.map(float).nested() if isinstance(value, Array) else float(value)

    def with_value(self, name: str, number: str) -> Model:
        """The same model with another given number. Raises NeuronnetError for what is no given number."""
        other = copy(self)
        other._model = self._model.with_given(self.canonical(name), number)
        return other

    def values_in(self, number: type) -> list[tuple[str, list[tuple[str, Any]]]]:
        """(name, [(name of an entry, such as `W1[2,1]`, its value)]) of everything, in a type of number."""
        values = self._model.values(number)
        return [(name, self._entries(name, values[own])) for name, own in self._typed.items()]

    def _entries(self, name, value):
        if not isinstance(value, Array):
            return [(name, value)]
        places = product(*(range(1, size + 1) for size in shape(value)))
        return [(f"{name}[{','.join(map(str, place))}]", each) for place, each in zip(places, entries(value))]

    def formula(self, name: str) -> str | None:
        """The formula of a quantity or derivative, in the author's names; None for what is given."""
        found = self._model.formula(self.canonical(name))
        return None if found is None else self.spellings.formula(found)

    def expression(self, name: str) -> Expression | None:
        """The formula as an Expression, in the names that `spellings.of` spells; None for what is given."""
        return self._model.formula(self.canonical(name))

    def in_numbers(self, name: str) -> str | None:
        """The formula with numbers of four digits in place of its names."""
        found = self._model.in_numbers(self.canonical(name))
        return None if found is None else self.spellings.text(found)

    def factors(self, name: str) -> list[str]:
        """The names in the formula of a quantity or derivative."""
        found = self._model.formula(self.canonical(name))
        return [] if found is None else [self.spellings.of(each) for each in found.names()]

    def groups(self) -> list[tuple[str, list[str]]]:
        """(title, names): what is given, the forward lines, the derivatives, and what is made from these."""
        return [(title, list(map(self.spellings.of, names))) for title, names in self._groups() if names]

    def _groups(self):
        formulas, loss = self._model.formulas, self.roles.loss
        forward = [name for name in formulas if not any(map(split_partial, self._model.uses(name)))]
        return [
            ("Given", list(self._model.given)),
            ("Forward", forward),
            (f"Derivatives of {self.loss}", [] if loss is None else self._derivatives(loss)),
            ("Made from these", [name for name in formulas if name not in forward]),
        ]

    def _derivatives(self, loss):
        """The derivatives by all that the loss is computed from, in the order of a sweep backwards."""
        reached = self._model.uses(loss) - {loss}
        names = [*self._model.formulas][::-1] + [*self._model.given]
        return [partial_name(loss, name) for name in names if name in reached]

    def canonical(self, name: str) -> str:
        """A name of the model for what a user typed: dW1 and grad_W1 are derivatives of the loss, too."""
        read = read_name(name)
        by = None if read is None else gradient_of(read, self._known)
        derivative = None if by is None else partial_name(self.roles.loss, by)
        for each in (self._typed.get(name), read, derivative):
            if each is not None and each in self._model:
                return self._connected(each)
        raise UnknownName(name, self.names())

    def _connected(self, name):
        of, by = split_partial(name) or (name, name)
        if by not in self._model.uses(of):
            raise NeuronnetError(f"{self.spellings.of(of)} is not computed from {self.spellings.of(by)}")
        return name


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


def own_report(sheet: Sheet, explained: Callable) -> SheetReport:
    """The SheetReport on a sheet that brings its own model: its given numbers and its forward lines.

    `explained(lines, statements, roles, spellings)` has the mistakes behind wrong numbers.
    """
    if not (sheet.claims or sheet.unread):
        raise NeuronnetError(NO_CLAIM)
    found = SheetReport([], [], None, None, sheet.ignored, None)
    try:
        for sample, own in samples_apart(sheet):
            _judge_sample(found, sample, own, sheet.notes, explained)
    except KeyboardInterrupt:
        if not found.lines:
            raise
        raise Interrupted(found, "while mistakes were searched for") from None
    return found


def _judge_sample(found, sample, own, notes, explained):
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
            found.mistakes += explained(named, statements, reading.roles, reading.spellings)


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
