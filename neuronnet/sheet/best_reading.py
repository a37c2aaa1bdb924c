"""The reading of a sheet that contradicts the fewest of its claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import islice, product
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries, shape
from neuronnet.formulas.notation import Known, read_name
from neuronnet.formulas.rewriting import nodes, with_dots, with_norms
from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.sheet.array_names import with_named_entries, with_numbered_names, with_whole_names
from neuronnet.sheet.assignment import Assignment
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.numbers_named import ONES, name_the_numbers
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Declarations
from neuronnet.sheet.report import (
    COINCIDENCE,
    UNDECIDED,
    UNKNOWN_NAME,
    UNREADABLE,
    Line,
)
from neuronnet.sheet.roles import GRADIENT, LOSSES, Roles, of_the_loss
from neuronnet.sheet.statements import read_statements
from neuronnet.sheet.steps import assign_once, count_steps, prepare_given, refuse_late, steps_along, too_late
from neuronnet.sheet.understood import Spellings, Understood, understood

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

MOST_READINGS = 8
NOT_USABLE = (UNREADABLE, UNKNOWN_NAME, UNDECIDED)
SAME = Decimal("1e-20")  # relative: values computed in another order


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

    With a choice for "*", that is a product of matrices wherever it can be one; for "|", |v| is a length.
    """
    known = Known()
    statements, general = read_statements(claims, known, declared=declared)
    known.of_the_loss = of_the_loss(statements)
    has_ones = name_the_numbers(statements, known, ONES in choices)
    known.of_the_loss = of_the_loss(statements)  # with what the numbers stand for
    for sign, rewritten in (("*", with_dots), ("|", with_norms)):
        for part in (each for statement in statements for each in statement.parts if sign in choices):
            part.formula = part.formula and rewritten(part.formula)
    if not is_code:
        count_steps(statements, known)
    change(statements)
    refuse_late(statements, too_late)
    assign_once(statements)
    prepare_given(statements, known)
    loss = None if declared.loss is None else read_name(declared.loss)
    assignment = Assignment(statements, known, choices, loss, is_code, declared.passes)
    roles = assignment.roles()
    roles.may_ascend = declared.ascends
    for position, (function, is_up) in steps_along(statements, known).items():
        if is_up != declared.ascends:
            is_wrong = declared.ascends or declared.descends or function in LOSSES
            roles.astray[position] = (
                f"this step goes {'up' if is_up else 'down'}hill along {function}'",
                is_wrong,
            )
    roles.open |= {ONES: 2} if has_ones else {}
    meanings = Meanings(roles, assignment, statements, known)
    meanings.settle()
    for position, role in roles.of.items():
        if role.step:
            for part in statements[position].parts[1:]:
                if part.has_names:
                    part.formula = meanings.in_pass(part.formula, role.step)
    judge = Lines(statements, roles, meanings)
    return Reading(statements, roles, meanings, judge, known, tuple(general))


def best_reading(
    sheet: Sheet, change: Callable = lambda _: None, progress: Callable | None = None
) -> tuple[Reading, list[Line]]:
    """(the Reading that contradicts the fewest claims of a sheet, its judged lines).

    `change(statements)` may write a statement anew before it is judged; `progress(done, total)` hears of each
    line.
    """
    claims, is_code = [*map(_as_claim, sheet.lets), *sheet.claims], bool(sheet.assigned)
    given, claims = with_named_entries(with_whole_names(claims), sheet.declared.from_zero, is_code)
    claims = given + (claims if is_code else with_numbered_names(claims))
    with fifty_digits():
        best = read_as(claims, {}, sheet.declared, is_code, change)
        lines = best.judge.judged(progress)
        if _open_or_wrong(lines):
            for choices, declared in _other_ways(best, sheet.declared):
                try:
                    other = read_as(claims, choices, declared, is_code, change)
                    if _are_the_same(best, other) or _without_influence(other) - _without_influence(best):
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
    unusable = [
        line for line in lines[len(given) : len(given) + len(sheet.lets)] if line.verdict in NOT_USABLE
    ]
    best = best._replace(prose=tuple(sorted({*best.prose, *(line for line, _ in sheet.prose)})))
    return best, unusable + lines[len(given) + len(sheet.lets) :]


def _are_the_same(one, other):
    """Whether two Readings have the same names, and formulas of the same values, as given and drawn."""
    names = [
        ([line.name for line in each.statements], each.roles.model.formulas.keys()) for each in (one, other)
    ]
    if names[0] != names[1]:
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


def _without_influence(reading):
    """The derivatives asked for that are zero whatever the numbers, as behind a softmax of the other axis."""
    names = {role.name for role in reading.roles.of.values() if role.kind == GRADIENT and role.name}
    draw = reading.judge.trials.draws.draw(0, frozenset(), ())
    return {name for name in names if all(abs(each) <= SAME for each in entries(_value(draw, name)))}


def _value(draw, name):
    try:
        return draw[name]
    except (ArithmeticError, NeuronnetError):
        return Decimal("Infinity")


def _near(one, other):
    if one == other or not (isfinite(one) and isfinite(other)):
        return one == other
    return abs(one - other) <= SAME * max(abs(one), abs(other))


def _as_claim(let):
    """`let δ1 = ∂L/∂z1` is a claim as any other, which goes before them all."""
    parts = [TextWithColumns(let.name), let.text]
    return Claim(let.line, f"let {let.name} = {let.text.text.strip()}", parts, [let.line] * 2)


def _open_or_wrong(lines):
    return sum(line.is_wrong or line.verdict in (COINCIDENCE, *NOT_USABLE) for line in lines)


def _other_ways(best, declared):
    """Other ways to read what a sheet leaves open: a choice for each formula, and where indices begin.

    The loss is a single number, and a later pass is read as the first.
    """
    open_ = best.roles.open.items()
    if open_ and not best.roles.is_code:
        yield {"*": 1}, declared
    if any(_has_size_of_array(each.formula, best.known) for one in best.statements for each in one.parts):
        yield {"|": 1}, declared
    counts = {name: count for name, count in open_ if "@" not in name and name != best.roles.loss}
    for chosen in islice(product(*map(range, counts.values())), 1, MOST_READINGS):
        yield dict(zip(counts, chosen)), declared
    if best.known.from_zero is False and declared.from_zero is None:
        yield {}, replace(declared, from_zero=True)


def _has_size_of_array(formula, known):
    """Whether a formula has |v| of an array in it."""
    sizes = [
        node for node, *_ in (nodes(formula) if formula else ()) if getattr(node, "function", "") == "abs"
    ]
    return any(not known.arrays.isdisjoint(each.names()) for each in sizes)
