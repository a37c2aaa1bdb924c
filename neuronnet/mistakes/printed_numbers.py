"""Printed numbers as the search for a mistake sees them, the Diagnosis of wrong ones, what mistakes leave.

The effects of mistakes on a number are spread over many orders of magnitude. So of those that move it about
as far as the printed number is off, D units of the last digit, within a factor of ten either way, one hits
the very digits by chance with a probability of 1/(D ln 100).
"""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from itertools import chain
from math import isclose, log, log10
from typing import NamedTuple

from neuronnet.derivation.digits import BINARY64_ROUNDING
from neuronnet.errors import Interrupted, NeuronnetError, counted
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.mistakes.variation import RIGHT, Variation
from neuronnet.names import split_partial, update_of

MOST_SHORT = 20  # updates that are no long training yet
MOST_CARRIED = 5  # units of the last digit
_ROUNDING = float(BINARY64_ROUNDING)


class PrintedNumber:
    """A number that was `printed` for an `expression`, under a `name`, and the `exact` one, as floats.

    `is_right` says whether the two agree, `units` how many units of the last digit lie between them. What is
    wrong by the same `factor` may have one cause; for a parameter after an update the factor is that of its
    step. `digits`: 10^-digits is the probability of giving the printed digits by chance.
    """

    def __init__(self, name, expression, printed, exact, start=Decimal(0), room=Decimal(0), entry=None):
        """`start`: what an update starts from; `room`: what rounding may change; `entry` of an array."""
        self.name, self.expression, self.entry = name, expression, entry
        self.key = (expression.format(), entry)
        self.evaluate = evaluator(expression, float)
        self.printed, self.exact, self.as_printed = float(printed.value), float(exact), printed
        self.off, self.value_exact = float(printed.value - exact), exact
        self.is_right = printed.agrees(exact) or abs(printed.value - exact) <= room
        self.step = float(exact - start)
        self.factor = float(printed.value - start) / self.step if self.step else None
        counts = (update_of((split_partial(each) or (each,))[0]) for each in expression.names())
        self.updates = max(counts, default=0)
        self.is_long = self.updates > MOST_SHORT
        self.units, self.unit = printed.units_from(exact), float(printed.unit)
        self.allow(0)

    def allow(self, room):
        """Claim no digits beyond `room`, what rounding may take from the number."""
        if 2 * room > self.unit:
            self.units *= self.unit / (2 * room)
            self.unit = 2 * room
        self.digits = max(0.0, log10(max(abs(self.units), 0.5) * log(100)))

    def value(self, values):
        """What a varied pass has here; None where it has nothing."""
        try:
            value = self.evaluate(values)
            if isinstance(value, Array):
                value = entries(value)[self.entry or 0]
            return value if value - value == 0 else None
        except (ArithmeticError, KeyError, ValueError, IndexError, NeuronnetError):
            return None

    def is_given_by(self, value):
        room = self.unit / 2 + _ROUNDING * abs(self.printed)
        return value is not None and abs(value - self.printed) <= room

    def is_far_from(self, value):
        """Whether no rounding of the numbers before would print a value so."""
        return value is None or abs(value - self.printed) > MOST_CARRIED * self.unit

    def is_as_far_off(self, value):
        """Whether a value is off to the same side, and as far to within a factor of ten."""
        room = self.unit * self.units  # 0 where a float cannot hold it
        return value is not None and room > 0 and 0.1 <= (value - self.exact) / room <= 10

    def is_in_proportion_to(self, other):
        """Whether two numbers are wrong by the same factor, as far as their digits tell."""
        if self.factor is None or other.factor is None:
            return self.factor is other.factor
        return abs(self.factor - other.factor) <= self.unit / abs(self.step) + other.unit / abs(other.step)


class Diagnosis(NamedTuple):
    """An explanation of wrong numbers by one or two known mistakes.

    `mistakes` are their Variations; `explains` has the names of the wrong numbers whose digits they
    reproduce, `contradicts` those of right numbers that they would have made wrong. `digits` is how many
    digits of disagreement they get right, `chance` how many of the `tried` explanations would do so by
    coincidence; `same_as` has the ids of others that give the same digits. `carried` says that the numbers
    are computed from the printed ones before. `instead` is (name, formula used, right formula) of the step.
    """

    mistakes: tuple[Variation, ...]
    explains: tuple[str | int, ...]
    contradicts: tuple[str | int, ...]
    digits: float
    chance: float
    tried: int
    same_as: tuple[str, ...] = ()
    carried: bool = False
    instead: tuple[str, str, str] | None = None

    def __repr__(self) -> str:
        return f"{self.id}: {self.sentence}"

    @property
    def id(self) -> str:
        """The ids of the mistakes, joined by a plus: "an extra half + no biases"."""
        return " + ".join(each.id for each in self.mistakes)

    @property
    def sentence(self) -> str:
        """What was done and what is right, in a sentence for each mistake."""
        carried = ["The printed, rounded numbers were carried on."] if self.carried else []
        return " ".join([each.sentence for each in self.mistakes] + carried)

    @property
    def formula(self) -> str | None:
        """The step as it was done: "you used dL/dz = dL/da in place of dL/da * tanh'(z)", or None."""
        if self.instead is None:
            return None
        name, used, right = self.instead
        return f"you used {name} = {used} in place of {right}"

    @property
    def convention(self) -> str | None:
        """What else the numbers are right for, as a clause; None where one of the mistakes is plainly one."""
        clauses = [each.convention for each in self.mistakes if each.convention is not None]
        return " and ".join(clauses) if len(clauses) == len(self.mistakes) else None

    @property
    def odds(self) -> str:
        chance = f"{self.chance:.0e}" if self.chance < 0.001 else f"{self.chance:.2g}"
        digits = f"{self.digits:.0f} digits reproduced"
        return f"{digits}, {self.tried} explanations tried, {chance} expected by chance"

    @property
    def equals(self) -> str:
        """ "the same digits would come from: ..." with the ids in `same_as`, or an empty text."""
        return f"the same digits would come from: {', '.join(self.same_as)}" if self.same_as else ""

    def to_dict(self) -> dict:
        keys = "id sentence formula convention explains contradicts digits tried chance same_as".split()
        found = {key: getattr(self, key) for key in keys} | {"digits": round(self.digits, 2)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


# What each mistake does to the numbers of a model


class Signature(NamedTuple):
    """A mistake's `id`, its `sentence`, its `numbers`, and `same`, the ids that leave the same numbers.

    "none" among these stands for the right ones.
    """

    id: str
    sentence: str
    numbers: dict
    same: list


def signatures(subject, names: list[str], progress=None) -> list[Signature]:
    """What every Variation of a Network or a sheet's model does to some of its numbers.

    `progress(done, total)` is called after each. Raises Interrupted with those so far.
    """
    table = {"none": numbers_of(subject.replay(RIGHT), names)}
    until = None
    try:
        for id, each in subject.variations.items():
            table[id] = numbers_of(subject.replay(each), names)
            if progress is not None:
                progress(len(table) - 1, len(subject.variations))
    except KeyboardInterrupt:
        if len(table) == 1:
            raise
        until = f"after {counted(len(table) - 1, 'mistake')}"
    same = _same(table)
    found = [Signature(id, subject.variations[id].sentence, table[id], same[id]) for id in [*table][1:]]
    if until is not None:
        raise Interrupted(found, until)
    return found


def _same(table):
    """id -> the other ids whose numbers are the same. Only what comes to about the same sum is compared."""
    flat = {id: list(chain(*map(entries, numbers.values()))) for id, numbers in table.items()}
    sums = {id: sum(map(abs, values)) for id, values in flat.items()}

    def is_same(one, other):
        return [*table[one]] == [*table[other]] and all(
            left == right or isclose(left, right, rel_tol=1e-12, abs_tol=1e-300)
            for left, right in zip(flat[one], flat[other])
        )

    pairs, ordered = set(), sorted((id for id in table if sums[id] == sums[id]), key=sums.get)
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            if not isclose(sums[one], sums[other], rel_tol=1e-9, abs_tol=1e-290):
                break
            if is_same(one, other):
                pairs |= {(one, other), (other, one)}
    return {id: [each for each in table if (id, each) in pairs] for id in table}


def numbers_of(values, names: Iterable[str]) -> dict:
    """The numbers and arrays that a varied pass has under some names."""
    found = {}
    for name in names:
        with suppress(NeuronnetError, ArithmeticError, KeyError):
            found[name] = values[name]
    return found
