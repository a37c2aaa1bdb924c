"""Rows of numbers in the order of a hand derivation, and the derivative of any row by any name before it.

    rows = Rows({"x": "0.5", "w": 2})
    rows.add("y", rows.read("tanh(w*x)"))
    rows.add("E", rows.read("(1 - y)^2/2"))
    rows["dE/dw"].formula             'dE/dy * dy/dw'

The chain rule goes from row to row. What it multiplies, the derivative of a row by a name in its formula, is
`sweep.derivative`, or the form that the author of the row hands in, such as out*(1 - out).
"""

from decimal import Decimal
from typing import NamedTuple

from neuronnet.derivation.digits import DIGITS, agree_in_print
from neuronnet.derivation.formula_graph import Graph, Values
from neuronnet.derivation.sweep import derivative
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.expressions import Expression, Name, Number, Sum, total
from neuronnet.formulas.notation import Known, parse, read_name
from neuronnet.formulas.rewriting import nodes, replaced, with_names
from neuronnet.names import after, partial_name, spelled_out, split_partial, updated
from neuronnet.render.text import is_tiny

SMALLEST_FLOAT = Decimal(2) ** -1022  # below it floats lose digits
ENOUGH_DIGITS = 400  # for a difference from 1 that is as small as the smallest float


class Quantity(NamedTuple):
    """One row: its name, its formula (None for a given number), its value, and what it is part of."""

    name: str
    expression: Expression | None
    value: object
    part: str
    rows: object = None  # the Rows that it is one of

    @property
    def formula(self) -> str | None:
        """The formula in names, as text, or None."""
        return None if self.expression is None else self.expression.format()

    def __repr__(self) -> str:
        from neuronnet.render import document

        return f"Quantity {self.name if self.rows is None else document.of_quantity(self, self.rows)}"

    def _repr_latex_(self) -> str:
        from neuronnet.render import document, latex

        return f"${latex.equation(document.of_quantity(self, self.rows))}$"

    def _repr_markdown_(self) -> str:
        return self._repr_latex_()


class Rows(Graph):
    """Formulas over given numbers, evaluated at once in the type `number`.

    `rows["y"]` is the Quantity of that name, `rows["dE/dw"]` that of a derivative; both raise UnknownName.
    `quantities` are the rows in order, `given` the numbers by name, in that type.
    """

    def __init__(self, given: dict, number: type = float):
        """`given` maps names to numbers or to their decimal text."""
        super().__init__()
        self.number = number
        self.given = {name: as_number(value, number) for name, value in given.items()}
        self.quantities: list[Quantity] = []
        self._as_given = dict(given)
        self._values = self.values(number)
        self._by_name: dict[str, Quantity] = {}
        self._partials: dict[str, dict | None] = {}  # row -> {name: derivative by it}, if its author has one
        self._evaluated_as: dict[str, dict] = {}
        self._exact: dict[int, Values] = {}

    def add(self, name: str, formula: Expression, part: str = "", partials: dict | None = None) -> Quantity:
        """Add a row and return its Quantity.

        `partials` maps names to the derivative by each, where its author has a form to show. Raises
        UnknownName, and NeuronnetError where the formula has no finite value or the name is taken.
        """
        self._refuse_taken(name)
        self.formulas[name], self._partials[name] = formula, partials
        parents = formula.names() if partials is None else partials
        for each in parents:
            if each not in self._place:
                self._place_after(each, ())
        self._place_after(name, parents)
        return self._keep(name, formula, part)

    def record(self, name, formula, part, listed=True):
        """Evaluate and keep a row that is not differentiated, such as a derivative; return its Quantity."""
        self.derivatives[name] = formula
        return self._keep(name, formula, part, listed)

    def _keep(self, name, formula, part, listed=True):
        quantity = Quantity(name, formula, self._values[name], part, self)
        self._by_name[name] = quantity
        if listed:
            self.quantities.append(quantity)
        return quantity

    def evaluate_as(self, formula, other):
        """Let a formula be evaluated as another that is equal and loses no digits, wherever it stands.

        Where out is close to 1, `1 - out` is 0 in floats; evaluated as `logistic(-net)` it is not.
        """
        text = formula.format()
        for name in formula.names():
            self._evaluated_as.setdefault(name, {})[text] = other

    def evaluator(self, formula, number, name=None):
        others = {}
        for each in formula.names():
            others |= self._evaluated_as.get(each, {})
        return super().evaluator(replaced(formula, others) if others else formula, number)

    # Reading

    def __getitem__(self, name: str) -> Quantity:
        own = self.own_name(name)
        if own not in self._by_name and own not in self.given:
            if not self._is_derivative(own):
                raise UnknownName(name, self.names())
            self._derive(*split_partial(own))
        return (
            self._by_name[own]
            if own in self._by_name
            else Quantity(own, None, self.given[own], "given", self)
        )

    def __contains__(self, name: str) -> bool:
        own = self.own_name(name)
        return own in self._by_name or own in self.given or self._is_derivative(own)

    def own_name(self, name: str) -> str:
        """The name under which a quantity is kept, for an accepted way to write it."""
        if name in self._by_name or name in self.given:
            return name
        parts = split_partial(name) or split_partial(name.replace("∂", "d"))
        if parts is not None:
            return partial_name(*map(self.own_name, parts))
        return next((each for each in self.names() if spelled_out(each) == spelled_out(name)), name)

    def names(self) -> list[str]:
        return [*self._by_name, *self.given]

    def _find(self, name):
        return self[name]

    def read(self, text: str) -> Expression:
        """The Expression that a text writes over the names here. Raises ExpressionError, UnknownName."""
        if text in self:
            return Name(self.own_name(text))
        known = _Names(self)
        return with_names(parse(text, known), known.own_name)

    def value_of(self, formula: str):
        """The value of the text of a formula, such as `-delta_o1`. Raises ExpressionError, UnknownName."""
        return self._values.of(self.read(formula))

    def factors_of(self, quantity: Quantity) -> list[Quantity]:
        """The quantities that a formula names, in its order."""
        return [] if quantity.expression is None else [self[name] for name in quantity.expression.names()]

    def exact(self, name: str, digits: int = DIGITS) -> Decimal:
        """The value of a quantity as a Decimal of so many digits, from the given numbers as written."""
        if digits not in self._exact:
            self._exact[digits] = _Exact(self, Decimal, self._as_given, digits=digits)
        return self._exact[digits][name]

    def printed_value(self, quantity):
        """The value to print: where cancellation spoiled a float below a millionth, that of fifty digits.

        `out - target` is 0.0 in floats for an out of 1 - 4e-18 and a target of 1; printed is -4e-18. It is a
        Decimal where a float underflows.
        """
        value = quantity.value
        if type(value) is not float or not is_tiny(value) or quantity.expression is None:
            return value
        try:
            if agree_in_print(Decimal(value), self.exact(quantity.name)):
                return value
            exact, finer = (self.exact(quantity.name, ENOUGH_DIGITS + more) for more in (0, 30))
        except (ArithmeticError, ValueError, NeuronnetError):
            return value
        if not agree_in_print(exact, finer):  # what is left of a 0 differs with the number of digits
            return 0.0
        return exact if 0 < abs(exact) < SMALLEST_FLOAT else float(exact)

    # The chain rule

    def _is_derivative(self, name):
        parts = split_partial(name)
        return parts is not None and parts[0] in self.formulas and parts[1] in self._place

    def _partial(self, numerator, denominator):
        return self.own_name(partial_name(numerator, denominator))

    def shares_of(self, numerator, user, name):
        """dA/dC * dC/dB for a row C that has B in its formula.

        Where C depends on B by further rows, the derivative of its formula by B alone stands for dC/dB.
        """
        formula, partials = self.formulas[user], self._partials[user]
        direct = derivative(formula, name) if partials is None else partials[name]
        if user == numerator:
            return [direct]
        parents = formula.names() if partials is None else partials
        if not any(self._reached[each] >> self._place[name] & 1 for each in parents if each != name):
            direct = Name(self._partial(user, name))
        return [self.above(numerator, user) * direct]

    def _keep_derivative(self, own, denominator, shares):
        self.record(own, total(shares) if shares else Number(0), "by the chain rule", listed=False)


class _Exact(Values):
    """Values of rows in which a difference that comes to 0 is taken from many more digits."""

    def _compute(self, name, formula):
        value = super()._compute(name, formula)
        if not value and self.digits < ENOUGH_DIGITS and formula and _has_a_sum(formula):
            return self.graph.exact(name, ENOUGH_DIGITS)
        return value


class _Names(Known):
    """What Rows have, in the names that the notation gives them."""

    def __init__(self, rows):
        super().__init__(rows.names())
        self._rows, self._own = rows, {read_name(name): name for name in rows.names()}

    def has(self, name):
        return self.own_name(name) in self._rows

    def own_name(self, name):
        if name in self._rows:
            return self._rows.own_name(name)
        parts, before = split_partial(name), updated(name)
        if parts is not None:
            return partial_name(*map(self.own_name, parts))
        return self._own.get(name, name) if before is None else after(self.own_name(before), 1)


def _has_a_sum(expression):
    return any(isinstance(part, Sum) for part, *_ in nodes(expression))
