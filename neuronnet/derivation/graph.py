"""Rows of named formulas with their values, and the derivative of any row by any name before it.

    graph = Graph({"x": "0.5", "w": 2})
    graph.add("y", "tanh(w*x)")
    graph.add("E", "(1 - y)^2/2")
    graph["dE/dw"].formula             'dE/dy * dy/dw'

The chain rule goes from row to row. What it multiplies, the derivative of a row by a name in its formula, is
`sweep.derivative`, or the form that the author of the row hands in, such as out*(1 - out).
"""

from decimal import Decimal
from typing import NamedTuple

from neuronnet.derivation.digits import DIGITS, agree_in_print, fifty_digits
from neuronnet.derivation.sweep import derivative
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError, NumberError, UnknownName, is_finite, shortened
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Number, Sum, total
from neuronnet.formulas.notation import Known, parse, read_name, updated
from neuronnet.formulas.rewriting import nodes, replaced, with_names
from neuronnet.names import after, partial_name, spelled_out, split_partial
from neuronnet.render.text import is_tiny

SMALLEST_FLOAT = Decimal(2) ** -1022  # below it floats lose digits
ENOUGH_DIGITS = 400  # for a difference from 1 that is as small as the smallest float


class Quantity(NamedTuple):
    """One row: its name, its formula (None for a given number), its value, and what it is part of."""

    name: str
    expression: Expression | None
    value: object
    part: str

    @property
    def formula(self) -> str | None:
        """The formula in names, as text, or None."""
        return None if self.expression is None else self.expression.format()


class Graph:
    """Formulas over given numbers, each with a name that later formulas may use.

    `graph["y"]` is the Quantity of that name, `graph["dE/dw"]` that of a derivative; both raise UnknownName.
    `quantities` are the rows in order, `given` the numbers by name, in the type `number`.
    """

    keeps_infinite = False  # whether an infinite value is a value to show, as in a network's derivation

    def __init__(self, given: dict, number: type = float):
        """`given` maps names to numbers or to their decimal text. Raises NumberError for anything else."""
        self.number = number
        self.given = {name: _given_number(name, value, number) for name, value in given.items()}
        self.quantities: list[Quantity] = []
        self._as_given = given
        self._values = dict(self.given)
        self._by_name: dict[str, Quantity] = {}
        self._partials: dict[str, dict | None] = {}  # row -> {name: derivative by it}, if its author has one
        self._independent: set[str] = set()
        self._exact: dict[tuple, Decimal] = {}
        self._evaluated_as: dict[str, dict] = {}

    def add(self, name: str, formula: Expression | str, part: str = "", partials=None) -> Quantity:
        """Add a row and return its Quantity; `formula` is an Expression or its text.

        `partials` maps names to the derivative by each, where its author has a form to show. Raises
        ExpressionError and UnknownName, and NeuronnetError where the formula has no finite value or the name
        is taken, by a row, a given number or a derivative.
        """
        expression = self.read(formula) if isinstance(formula, str) else formula
        self._refuse_name(name)
        quantity = self.record(name, expression, part)
        self._partials[name] = partials
        self._independent.update([name], expression.names() if partials is None else partials)
        return quantity

    def _refuse_name(self, name):
        if not isinstance(name, str) or not name.strip():
            raise NeuronnetError(f"a row needs a name, found {shortened(name)}")
        if name in self._by_name or name in self.given:
            raise NeuronnetError(f"{shortened(name)} stands already; every row has a name of its own")
        parts = split_partial(name)
        if parts is not None and all(part in self for part in parts):
            raise NeuronnetError(f"{shortened(name)} is the name of a derivative, which needs no row")

    def record(self, name, expression, part, listed=True):
        """Evaluate and keep a row that is not differentiated, such as a derivative; return its Quantity."""
        return self._keep(Quantity(name, expression, self.evaluated(expression, name), part), listed)

    def _keep(self, quantity, listed):
        self._values[quantity.name], self._by_name[quantity.name] = quantity.value, quantity
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

    def __getitem__(self, name: str) -> Quantity:
        own = self.own_name(name)
        if own in self._by_name:
            return self._by_name[own]
        if own in self.given:
            return Quantity(own, None, self.given[own], "given")
        if not self._is_partial(own):
            raise UnknownName(name, self.all_names())
        return self.derivative(*split_partial(own))

    def __contains__(self, name: str) -> bool:
        own = self.own_name(name)
        return own in self._by_name or own in self.given or self._is_partial(own)

    def own_name(self, name: str) -> str:
        """The name under which a quantity is kept, for an accepted way to write it."""
        if name in self._by_name or name in self.given:
            return name
        parts = split_partial(name) or split_partial(name.replace("∂", "d"))
        if parts is not None:
            return partial_name(*map(self.own_name, parts))
        return next((each for each in self.all_names() if spelled_out(each) == spelled_out(name)), name)

    def all_names(self) -> list[str]:
        """The names of all rows and of all given numbers."""
        return [*self._by_name, *self.given]

    # The chain rule

    def derivative(self, numerator: str, denominator: str) -> Quantity:
        """The derivative of one row by another or by a given number, which then counts as independent.

        Raises UnknownName for a name that is neither, NeuronnetError where a formula on the way has a
        derivative in it.
        """
        numerator, denominator = self.own_name(numerator), self.own_name(denominator)
        for name in (numerator, denominator):
            if name not in self._partials and name not in self.given:
                raise UnknownName(name, [*self._partials, *self.given])
        for name in self._ancestors(numerator):
            if name not in self._partials and name not in self.given:
                raise NeuronnetError(f"{numerator} depends on {name}; derivatives are not derived again")
        own = self.own_name(partial_name(numerator, denominator))
        if own not in self._by_name:
            # The rows nearest to the numerator come first: each needs only those before it.
            for between in reversed(self._on_the_way(numerator, denominator)):
                if between != numerator:
                    self._differentiate(numerator, between)
            self._differentiate(numerator, denominator)
        return self._by_name[own]

    def _differentiate(self, numerator, denominator):
        """dA/dB, the sum of dA/dC * dC/dB over the rows C on the way that have B in their formula.

        Where C depends on B by further rows, the derivative of its formula by B alone stands for dC/dB.
        """
        own = self.own_name(partial_name(numerator, denominator))
        if own in self._by_name:
            return
        on_the_way, terms = self._on_the_way(numerator, denominator), []
        for between in on_the_way:
            if denominator not in self._depends_on(between):
                continue
            direct = self._direct(between, denominator)
            if between == numerator:
                terms.append(direct)
                continue
            if set(on_the_way).isdisjoint(self._depends_on(between)):
                direct = Name(self.own_name(partial_name(between, denominator)))
            terms.append(Name(self.own_name(partial_name(numerator, between))) * direct)
        formula = total(terms) if terms else Number(int(numerator == denominator))
        self.record(own, formula, "by the chain rule", listed=False)

    def _direct(self, name, by):
        """The derivative of a row by a name in its formula."""
        partials = self._partials[name]
        return derivative(self._by_name[name].expression, by) if partials is None else partials[by]

    def _on_the_way(self, numerator, denominator):
        """The rows that depend on B and that A depends on, A among them, in order; none where A is B."""
        ancestors, reached = self._ancestors(numerator), {denominator}
        if numerator == denominator:
            return []
        for name in self._partials:
            if name in ancestors and name != denominator and not reached.isdisjoint(self._depends_on(name)):
                reached.add(name)
        return [name for name in self._partials if name in reached and name != denominator]

    def _ancestors(self, name):
        """`name` and everything it depends on, directly or not."""
        found, waiting = set(), [name]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self._depends_on(each))
        return found

    def _depends_on(self, name):
        if name not in self._partials:
            return ()
        partials = self._partials[name]
        return self._by_name[name].expression.names() if partials is None else partials

    def _is_partial(self, name):
        parts = split_partial(name)
        return parts is not None and parts[0] in self._partials and parts[1] in self._independent

    # Values

    def evaluated(self, expression: Expression, name: str = "the formula"):
        """The value of an Expression over the names here. Raises NeuronnetError where there is none."""
        computed = self._as_evaluated(expression)
        values = {
            needed: self._values[needed] if needed in self._values else self[needed].value
            for needed in computed.names()
        }
        try:
            value = evaluator(computed, self.number)(values)
        except ZeroDivisionError:
            raise NeuronnetError(
                f"{name} = {expression.format()}: division by zero, there is no finite value"
            ) from None
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NeuronnetError):
                raise
            raise NeuronnetError(f"{name} = {shortened(expression.format())} has no finite value") from None
        if not self.keeps_infinite and _is_infinite(value):
            raise NeuronnetError(f"{name} = {shortened(expression.format())} has no finite value")
        return value

    def value_of(self, formula: str):
        """The value of the text of a formula, such as `-delta_o1`. Raises ExpressionError, UnknownName."""
        return self.evaluated(self.read(formula), formula)

    def read(self, text: str) -> Expression:
        """The Expression that a text writes over the names here. Raises ExpressionError, UnknownName."""
        if text in self:
            return Name(self.own_name(text))
        known = _Names(self)
        return with_names(parse(text, known), known.own_name)

    def factors_of(self, quantity: Quantity) -> list[Quantity]:
        """The quantities that a formula names, in its order."""
        return [] if quantity.expression is None else [self[name] for name in quantity.expression.names()]

    def exact(self, name: str, digits: int = DIGITS) -> Decimal:
        """The value of a quantity as a Decimal of so many digits, from the given numbers as written."""
        waiting = [name]
        while waiting:
            each = waiting[-1]
            missing = [] if (each, digits) in self._exact else self._evaluate_exactly(each, digits)
            if missing:
                waiting += missing
            else:
                waiting.pop()
        return self._exact[name, digits]

    def _evaluate_exactly(self, name, digits):
        """Keep the exact value of a quantity; or else return the names whose exact values it needs first."""
        quantity = self[name]
        if quantity.expression is None:
            self._exact[name, digits] = as_number(self._as_given.get(quantity.name, quantity.value), Decimal)
            return []
        computed = self._as_evaluated(quantity.expression)
        missing = [each for each in computed.names() if (each, digits) not in self._exact]
        if not missing:
            values = {each: self._exact[each, digits] for each in computed.names()}
            with fifty_digits() as context:
                context.prec = digits
                found = evaluator(computed, Decimal)(values)
            if not found and digits < ENOUGH_DIGITS and _has_a_sum(computed):
                found = self.exact(name, ENOUGH_DIGITS)
            self._exact[name, digits] = found
        return missing

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

    def _as_evaluated(self, expression):
        others = {}
        for name in expression.names():
            others |= self._evaluated_as.get(name, {})
        return replaced(expression, others) if others else expression


class _Names(Known):
    """What a Graph has, in the names that the notation gives them."""

    def __init__(self, graph):
        super().__init__(graph.all_names())
        self._graph, self._own = graph, {read_name(name): name for name in graph.all_names()}

    def has(self, name):
        return self.own_name(name) in self._graph

    def own_name(self, name):
        if name in self._graph:
            return self._graph.own_name(name)
        parts, before = split_partial(name), updated(name)
        if parts is not None:
            return partial_name(*map(self.own_name, parts))
        return self._own.get(name, name) if before is None else after(self.own_name(before), 1)


def _given_number(name, value, number):
    try:
        found = as_number(value, number)
    except (TypeError, ValueError, ArithmeticError):
        raise NumberError(name, value) from None
    if _is_infinite(found):
        raise NumberError(name, value)
    return found


def _is_infinite(value):
    """Whether a number is infinite or NaN; of other types than these three, none is."""
    return isinstance(value, (float, complex, Decimal)) and not is_finite(value)


def _has_a_sum(expression):
    return any(isinstance(part, Sum) for part, *_ in nodes(expression))
