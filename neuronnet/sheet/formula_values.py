"""Values to try the formulas of a sheet with: at its own numbers, and at others near them; and what the lines
that use a helper say of its value: what they should be worth, and what they are.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose, isfinite
from operator import sub
from random import Random
from typing import NamedTuple

from neuronnet.derivation.draws import Structure, as_decimals
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, as_vector_shape
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.formulas.rewriting import leaves_of, with_names
from neuronnet.names import after as after_update
from neuronnet.names import partial_name
from neuronnet.sheet.roles import CHANGE, HELPER, Roles

SAME = 1e-9  # relative: two floats of one value, computed in another order
NOTHING = 1e-13
LEFT_OF_ONE = 1e-15  # derivatives that come out as 0 where out is 1 in floats
DRAWS = 2
NEAR = 0.05  # relative: so near is a printed number to another that it rounds


class Meaning(NamedTuple):
    """A derivative: `factor` times dL/d`target`; `because` says how that was found out."""

    target: str
    factor: Fraction | float
    because: str


class FormulaValues:
    """The formulas of one sheet, and what they are worth at every draw."""

    def __init__(self, roles: Roles, assignment, statements: list, known):
        self.roles, self.assignment, self.statements, self.known = roles, assignment, statements, known
        self.model = roles.model
        self.settled: dict[str, Meaning] = {}
        self.notes: list[str] = []
        self.undecided: dict[str, str] = {}
        self.rate: Expression | None = None
        self.slopes: dict[str, str] = {}  # derivative -> the name of what is given for it
        self._draws: list = []
        self._parameter_factor = Fraction(1)
        self._reached: set[str] = set()
        self._used_now: set[str] = set()  # what the losses of a pass are computed from, these included
        self._counts: set[int] = set()
        self._ascends = False  # whether updates go up along the loss, to a maximum

    def _drawn(self, seed):
        """The values of the model in floats, at the sheet's numbers and at others near them."""
        if seed == 0:
            return self.model.values(float)
        random, reached = Random(seed), self.model.uses(self.roles.loss)
        own = self.model.formulas.get(self.roles.loss)
        late = own.names() if own else []
        structure = Structure(
            self.model, {name: as_decimals(value) for name, value in self.model.given.items()}
        )
        formulas = [part.formula for each in self.statements for part in each.formulas]
        literals = {leaf.value for formula in formulas for leaf in leaves_of(formula) if type(leaf) is Number}
        written = {float(value) for value in literals} - {0.0, 0.5, 1.0, 2.0}
        given = {
            name: _near(value, random)
            for name, value in self.model.given.items()
            if name in reached and not _is_pinned(value, name in late) and not structure.has(name)
            if isinstance(value, Array) or float(value) not in written
        }
        return self.model.values(float, given=given)

    def _worth(self, formula: Expression, extra: dict) -> list | None:
        """The entries of a formula at every draw, the names in `extra` replaced; None where it has none."""
        found: list = []
        for draw in self._draws:
            values = _Overlay(draw, {name: each[len(found)] for name, each in extra.items()})
            try:
                value = evaluator(formula, float)(values)
            except (NeuronnetError, ArithmeticError, ValueError, TypeError):
                return None
            found.append(value)
        return found

    def _derivative(self, target):
        """dL/dtarget at every draw, or None."""
        return self._worth(Name(partial_name(self._loss_of(target), target)), {})

    def _loss_of(self, target):
        """The loss that is computed from something, such as that of a sample; else the one of most steps."""
        losses = self._losses(target.partition("@")[2])
        return next((each for each in losses if target in self.model.uses(each)), losses[0])

    def _losses(self, count):
        """The loss in a pass, and what else is differentiated there, as the losses of other samples."""
        names = [name for name in (self.roles.loss, *self.roles.others) if name in self.model]
        later = [f"{name}@{count}" for name in names] if count else names
        return [new if new in self.model else name for new, name in zip(later, names)]

    def _positions(self, name):
        return [position for position, role in self.roles.of.items() if role.name == name]

    def _own_formulas(self, name, step=0):
        return [
            self.in_pass(part.formula, step)
            for position in self._positions(name)
            for part in self.statements[position].formulas
        ]

    def in_pass(self, formula, step):
        """A formula of the sheet in the names of its pass, those of helpers included."""
        if not step:
            return formula
        helpers = {role.name for role in self.roles.of.values() if role.kind in (HELPER, CHANGE)}

        def renamed(name):
            later = after_update(name, step)
            return later if later in helpers else self.assignment.latest(name, step)

        return with_names(formula, renamed)

    def _define(self, name, formula):
        try:
            self.model.define(name, formula)
        except UnknownName as error:
            self.undecided[name] = self.undecided.get(error.name, str(error))
        except NeuronnetError as error:
            self.undecided[name] = str(error)


class _Overlay(dict):
    """Values with some names replaced."""

    def __init__(self, values, extra):
        super().__init__(extra)
        self._values = values

    def __missing__(self, name):
        return self._values[name]


def _near(value, random):
    def moved(entry):
        number = float(entry)
        return number * (1 + random.uniform(0.02, 0.08)) if number else 0.0

    return value.map(moved) if isinstance(value, Array) else moved(value)


def _is_pinned(value, is_late):
    """Whether a given value stays: targets in the loss, zeros and ones, counts."""
    if not isinstance(value, Array):
        return float(value) == int(float(value)) != 0 and abs(float(value)) > 1
    return is_late or all(float(entry) in (0.0, 1.0) for entry in value.entries)


def minus(left, right):
    return arrays.mapped(sub, left, right)


def are_zero(values):
    """Whether some values are all 0, as derivatives by dead units, or no more than floats leave of 1 - 1."""
    sizes = (abs(entry) for value in values or () for entry in arrays.entries(value))
    return values is not None and max(sizes, default=0) < LEFT_OF_ONE


def constant_factor(values, others):
    """The constant that some values are of others, over all draws and entries; None where there is none."""
    if values is None or others is None:
        return None
    for value, other in zip(values, others):
        if as_vector_shape(arrays.shape(value)) != as_vector_shape(arrays.shape(other)):
            return None
    ratio = constant_ratio(values, others)
    return None if ratio is None else as_fraction(ratio)


def constant_ratio(values, others):
    """The number that some values are of others in every draw and entry; None where there is none."""
    if values is None or others is None:
        return None
    pairs = [
        pair
        for value, other in zip(values, others)
        for pair in zip(arrays.entries(value), arrays.entries(other))
        if arrays.size(value) == arrays.size(other)
    ]
    if not pairs or max(abs(other) for _, other in pairs) < NOTHING:
        return None
    scale = max(abs(other) for _, other in pairs)
    biggest = max(pairs, key=lambda pair: abs(pair[1]))
    ratio = biggest[0] / biggest[1]
    near = all(
        isclose(value, ratio * other, rel_tol=SAME, abs_tol=SAME * scale * abs(ratio))
        for value, other in pairs
    )
    return ratio if near and ratio else None


def rough_ratio(step, slope):
    """A step divided by a slope, in the entry with the largest slope."""
    pairs = list(zip(arrays.entries(step), arrays.entries(slope)))
    value, other = max(pairs, key=lambda pair: abs(pair[1]))
    return value / other if other else None


def as_fraction(ratio):
    """A ratio as a small fraction, where it is one; None for any other number."""
    if not ratio or not isfinite(ratio):
        return None
    fraction = Fraction(ratio).limit_denominator(1000)
    return fraction if isclose(fraction, ratio, rel_tol=1e-7) else None


def times(factor, values):
    """Some values times a number."""
    if values is None or factor == 1:
        return values
    return [arrays.mapped(lambda entry: float(factor) * entry, each) for each in values]


def difference(values, others):
    """Some values less others, or None."""
    if values is None or others is None or not all(map(have_one_shape, values, others)):
        return None
    return [minus(one, other) for one, other in zip(values, others)]


def have_one_shape(one, other):
    """Whether two arrays have the same shape, a row and a column that of a vector."""
    return as_vector_shape(arrays.shape(one)) == as_vector_shape(arrays.shape(other))


def is_near(printed, values, exactly=False):
    """Whether a printed number or array is about a value; `exactly`: to the digits that are printed."""
    if values is None or not have_one_shape(printed, values[0]):
        return False
    pairs = list(zip(arrays.entries(printed), arrays.entries(values[0])))
    if exactly:
        digits = min(len(entry.value.as_tuple().digits) for entry, _ in pairs)
        return digits >= 3 and all(
            abs(float(entry.value) - value) <= float(entry.half_unit) * (1 + SAME) for entry, value in pairs
        )
    scale = max(abs(value) for _, value in pairs)
    return all(abs(float(entry.value) - value) <= NEAR * scale for entry, value in pairs)


def alike(name, target):
    """Whether a helper and a quantity have the same index, as δ2 and z2."""
    return index_of(name) != "" and index_of(name) == index_of(target)


def index_of(name):
    """What stands behind the letters of a name: 2 of delta2, _o1 of delta_o1, ^(1) of z^(1)."""
    base = name.partition("@")[0]
    cut = next((place for place, each in enumerate(base) if not each.isalpha()), len(base))
    return base[cut:]
