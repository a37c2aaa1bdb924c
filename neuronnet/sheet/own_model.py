"""The model that a sheet brings: its given numbers, its forward lines and what they make of its names."""

from __future__ import annotations

from itertools import islice, product
from typing import NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries
from neuronnet.formulas.notation import Known
from neuronnet.repairs.mend import mended
from neuronnet.repairs.small_numbers import counterexample
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.report import WRONG_NUMBER, Line
from neuronnet.sheet.roles import Assignment, Roles
from neuronnet.sheet.statements import Statement, read_statements
from neuronnet.sheet.understood import Spellings, Understood, understood

MOST_READINGS = 24
IN_NAMES = ("found", "instead", "formula", "sentence")
GIVEN_BESIDE = "the computation beside it gives this"
MOST_MENDED = 20  # wrong formulas that get a repair and a counterexample


class Reading(NamedTuple):
    """A sheet as it is read in one way, with the Lines that judge it."""

    statements: list[Statement]
    roles: Roles
    meanings: Meanings
    judge: Lines

    @property
    def spellings(self) -> Spellings:
        return Spellings(self.statements, self.roles)

    @property
    def understood(self) -> Understood:
        return understood(self.statements, self.roles, self.meanings, self.spellings)


def read_as(claims: list, choices: dict[str, int]) -> Reading:
    """The Reading of some claims; `choices` says how to take the formulas that are open."""
    known = Known()
    statements, _ = read_statements(claims, known)
    assignment = Assignment(statements, known, choices)
    roles = assignment.roles()
    meanings = Meanings(roles, assignment, statements, known)
    meanings.settle()
    return Reading(statements, roles, meanings, Lines(statements, roles, meanings))


def best_reading(claims: list) -> tuple[Reading, list]:
    """(the Reading that contradicts the fewest claims, its judged lines)."""
    with fifty_digits():
        best = read_as(claims, {})
        lines = best.judge.judged()
        if any(line.is_wrong for line in lines):
            for choices in islice(_choices(best.roles.open), 1, None):
                other = read_as(claims, choices)
                others = other.judge.judged()
                if _wrong(others) < _wrong(lines):
                    best, lines = other, others
    return best, lines


def mend(reading: Reading, lines: list[Line]) -> None:
    """Give the wrong formulas of judged lines their repair and counterexample, in the author's names."""
    judge, spellings = reading.judge, reading.spellings
    lines_of = {id(part): line for line in lines for part in line.parts}
    for part, formula, truth in judge.wrong[:MOST_MENDED]:
        _say_what_it_gives(lines_of[id(part)].number, formula, judge.model)
        names = [name for name in judge.model.names() if name not in truth.names()]
        try:
            repair = mended(formula, truth, judge.trials, names)
            part.counterexample = spellings.text(counterexample(formula, truth, judge.trials) or "") or None
        except NeuronnetError:
            continue
        if repair is not None:
            words = {key: spellings.text(getattr(repair, key)) for key in IN_NAMES}
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


def _wrong(lines):
    return sum(line.is_wrong for line in lines)


def _choices(open_formulas):
    """Ways to read what a sheet leaves open: one choice for each formula, the likeliest first."""
    counts = list(open_formulas.values())
    for chosen in islice(product(*map(range, counts)), MOST_READINGS):
        yield dict(zip(open_formulas, chosen))
