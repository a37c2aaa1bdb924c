"""A model: given numbers and arrays, formulas over them in order, and the derivative of any by any other.

    model = Model({"x": [0.5, -1], "W": [[0.1, 0.2]], "t": "0.3"})
    model.define("z", "W x")
    model.define("L", "(z - t)^2/2")
    model["dL/dW"]                  the value, an Array of Decimals
    model.formula("dL/dW")          'dL/dz @ xᵀ'

It knows no network and no sheet: both write formulas into one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from decimal import Decimal

from neuronnet.derivation.formula_graph import Graph
from neuronnet.derivation.readings import resolved
from neuronnet.derivation.sweep import added, contributions
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import shape_of, shared_evaluator, work_of
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Entry,
    Expression,
    Name,
    Number,
    Placed,
    Product,
    Transpose,
)
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.rewriting import nodes, with_logistics
from neuronnet.names import partial_name, split_partial

MOST_IN_ALL = 1_000_000  # entries of all arrays of a model
MOST_WORK = 4_000_000  # multiplications, or what takes as long, of all its formulas
MOST_IN_JACOBIAN = 400  # derivatives of the entries of one vector by those of another
NOT_ENTRYWISE = (ArrayOf, Entry, Placed, Transpose)
SHOWN_IN_NUMBERS = 24  # entries of an array that `in_numbers` writes out


class Model(Graph):
    """Given values and formulas, each under a name that later formulas may use.

    `given` holds the values as they were written (numbers, their text, or Arrays of these), `formulas` the
    Expressions by name, in order. `model[name]` is the value of a quantity or of a derivative `dA/dB` in
    fifty digits.
    """

    def __init__(self, given: dict | None = None):
        super().__init__()
        self.kept: set[str] = set()  # given numbers that are the same in every model of this kind
        self.turns_vectors = (
            True  # whether a vector beside a square matrix may be a column, as never in NumPy
        )
        self.listed: dict[str, Expression] = {}  # derivatives as a table has them, beside those of the sweep
        self.turned: dict[str, int] = {}  # of which vectors that is known: 1, or 0
        self.has_rows = False  # whether a formula takes a vector for a row, as x W does
        self.diagonal: set[str] = set()  # derivatives of vectors by vectors, entry by entry
        self.jacobians: set[str] = set()  # those that are matrices, with the numerator in the rows
        self._shares: dict[tuple[str, str], list[tuple[str, Expression]]] = {}
        self._evaluators: dict = {}
        self._entries = 0
        self.work = 0  # multiplications of all formulas, or what takes as long
        self._exact = self.values()
        for name, value in (given or {}).items():
            self.give(name, value)

    # Building

    def give(self, name: str, value) -> None:
        """Add a given number or array; nested lists become an Array. Raises ShapeError, NeuronnetError."""
        self._refuse_taken(name)
        value = Array.of(value)
        arrays.require_few(arrays.size(value))
        numbers = [as_number(entry, Decimal) for entry in arrays.entries(value)]
        self._enter(name, arrays.shape(value))
        self.given[name] = value
        if not self.shapes[name] and 1 <= numbers[0] <= arrays.MOST_ENTRIES and numbers[0] % 1 == 0:
            self.shapes.counts[name] = int(numbers[0])

    def with_given(self, name: str, number: str) -> Model:
        """The same model with another number for one that is given. Raises NeuronnetError."""
        if name not in self.given or self.shapes[name]:
            raise NeuronnetError(f"{name} is no given number")
        other = copy(self)
        other.given = {**self.given, name: number}
        other._exact = other.values()
        return other

    def define(self, name: str, formula: Expression) -> Expression:
        """Add a formula and return it with its products resolved. Raises ShapeError, UnknownName."""
        self._refuse_taken(name)
        formula = with_logistics(self.resolved(formula))
        self._enter(name, shape_of(formula, self.shapes), formula)
        self.formulas[name] = formula
        labels = [
            node.arguments[0] for node, *_ in nodes(formula) if getattr(node, "function", "") == "one_hot"
        ]
        self.kept.update(name for each in labels for name in each.names())
        return formula

    def resolved(self, formula: Expression) -> Expression:
        """A formula over the names here, each product said to be elementwise or of matrices, by the shapes.

        Raises ShapeError where parts do not fit, UnknownName for a name that is not here.
        """
        self._know(formula.names())
        found = resolved(formula, self.shapes)
        shape_of(found, self.shapes)
        return found

    def _enter(self, name, dimensions, formula=None):
        """Keep the shape of a name, and what it is computed from."""
        self._entries += math.prod(dimensions)
        self.work += work_of(formula, self.shapes) if formula else 0
        if self._entries > MOST_IN_ALL:
            raise arrays.ShapeError(f"more than {MOST_IN_ALL} numbers in all")
        if self.work > MOST_WORK:
            raise NeuronnetError(f"the formulas up to {name} take more than {MOST_WORK} multiplications")
        self.shapes[name] = dimensions
        self._place_after(name, formula.names() if formula else ())

    # Reading

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a quantity or derivative, () for a number. Raises UnknownName."""
        self._know([name])
        return self.shapes[name]

    def shape_of(self, formula: Expression) -> tuple[int, ...]:
        """The shape of a formula over the names here. Raises ShapeError, UnknownName."""
        self._know(formula.names())
        return shape_of(formula, self.shapes)

    def __getitem__(self, name: str):
        """The exact value, a Decimal of fifty digits or an Array of them. Raises UnknownName."""
        return self._exact[name]

    def value(self, formula: Expression):
        """The value of a formula in fifty digits. Raises UnknownName, ShapeError, NeuronnetError."""
        return self._exact.of(formula)

    def evaluator(self, formula: Expression, number: type, name: str | None = None) -> Callable:
        """What evaluates a formula; of one in the model, worked out once for all values."""
        if name is None:
            return super().evaluator(formula, number)
        if (name, number) not in self._evaluators:
            self._evaluators[name, number] = shared_evaluator(formula, number)
        return self._evaluators[name, number]

    def made_of(self, formulas: list[Expression]) -> set[str]:
        """Everything that formulas are computed from, and what the derivatives in them are of and by."""
        found, waiting = set(), [name for formula in formulas for name in formula.names()]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                formula = self.formulas.get(name)
                waiting += split_partial(name) or (formula.names() if formula is not None else ())
        return found

    def is_from_training(self, name: str) -> bool:
        """Whether a quantity is one of a long training, which a program computes and nobody on paper."""
        return False

    def in_numbers(self, name: str, digits: int = 4) -> str | None:
        """The formula of a quantity or derivative as text, with values of some digits in place of names.

        The name stays where its array is large. None for what is given.
        """
        formula = self.formula(name)
        return None if formula is None else formula.format(lambda each: self._in_digits(each, digits))

    def _in_digits(self, name, digits):
        value = self[name]
        if not isinstance(value, Array):
            return short_text(value, digits)
        if arrays.size(value) > SHOWN_IN_NUMBERS:
            return name
        return str(value.map(lambda entry: short_text(entry, digits)).nested()).replace("'", "")

    # Derivatives

    def _derive(self, numerator, denominator):
        own, by = (arrays.as_vector_shape(self.shape(each)) for each in (numerator, denominator))
        if not own:
            super()._derive(numerator, denominator)
            return
        name, is_entrywise = (
            partial_name(numerator, denominator),
            own == by and self._is_entrywise(numerator, denominator),
        )
        if is_entrywise and len(own) == 2:
            entries = self._swept(
                numerator, f"{numerator}[:]", Call("ones", list(self.shape(numerator))), denominator
            )
            self._enter(name, self.shape(denominator), entries)
            self.derivatives[name] = entries
            return
        if math.prod(own) * math.prod(by) > MOST_IN_JACOBIAN or len(own) + len(by) > 2:
            text = f"the derivatives of {numerator}, {arrays.shape_text(own)}, by {denominator}"
            raise NeuronnetError(f"{text} are too many for a line: write it for one number")
        rows = []
        for place in range(1, own[0] + 1):
            seed = Placed(Number(1), Name(numerator), [place], 1)
            row = self._swept(numerator, f"{numerator}[{place}]", seed, denominator)
            rows.append(Call("plain", [row]) if by else row)
        jacobian = ArrayOf(rows)
        self._enter(name, shape_of(jacobian, self.shapes), jacobian)
        self.derivatives[name] = jacobian
        if is_entrywise:
            self.diagonal.add(name)
        elif by:
            self.jacobians.add(name)

    def _swept(self, numerator, part, seed, denominator):
        """The derivative of a part of an array, from that by the array, its seed, backwards."""
        self._reached[part], self._place[part] = self._reached[numerator], len(self._place)
        self._keep_derivative(partial_name(part, numerator), numerator, [seed])
        super()._derive(part, denominator)
        return Name(partial_name(part, denominator))

    def _is_entrywise(self, numerator, denominator):
        """Whether each entry of an array is computed from the same entry of another alone."""
        between = [each for each in self.uses(numerator) if each in self.formulas and each != denominator]
        behind = {each for each in between if denominator in self.uses(each)} | {denominator}

        def is_entrywise(part):
            if behind.isdisjoint(part.names()):
                return True
            if isinstance(part, Product) and any(mark in ("@", "⊗") for mark, _ in part.factors):
                return all(not self.shape_of(each) for _, each in part.factors)
            is_whole = isinstance(part, Call) and FUNCTIONS[part.function].shape
            return (
                not is_whole and not isinstance(part, NOT_ENTRYWISE) and all(map(is_entrywise, part.parts()))
            )

        return all(is_entrywise(self.formulas[each]) for each in behind - {denominator})

    def shares_of(self, numerator, user, name):
        if (numerator, user) not in self._shares:
            above = self.above(numerator, user)
            self._shares[numerator, user] = contributions(self.formula(user), above, self.shapes, user)
        return [share for each, share in self._shares[numerator, user] if each == name]

    def _keep_derivative(self, own, denominator, shares):
        dimensions = self.shapes[denominator]
        total = added(shares, dimensions, self.shapes)
        self._enter(own, dimensions, total)
        self.derivatives[own] = total


def short_text(value: Decimal, digits: int) -> str:
    """A Decimal in some significant digits, without trailing zeros: 0.25, -0.3679, 1.2e-07."""
    return format(float(value), f".{digits}g")
