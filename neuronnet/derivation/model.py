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
from collections.abc import Callable, Iterable
from decimal import Decimal

from neuronnet.derivation.digits import DIGITS, fifty_digits
from neuronnet.derivation.readings import resolved
from neuronnet.derivation.sweep import added, contributions
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError, UnknownName, is_finite, shortened
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import Shapes, evaluator, shape_of, shared_evaluator, work_of
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.formulas.rewriting import with_logistics
from neuronnet.names import partial_name, split_partial

MOST_IN_ALL = 1_000_000  # entries of all arrays of a model
MOST_WORK = 4_000_000  # multiplications, or what takes as long, of all its formulas
MORE_DIGITS = 110  # where fifty leave a doubt
SHOWN_IN_NUMBERS = 24  # entries of an array that `in_numbers` writes out


class Model:
    """Given values and formulas, each under a name that later formulas may use.

    `given` holds the values as they were written (numbers, their text, or Arrays of these), `formulas` the
    Expressions by name, in order. `model[name]` is the value of a quantity or of a derivative `dA/dB` in
    fifty digits.
    """

    def __init__(self, given: dict | None = None):
        self.given: dict[str, object] = {}
        self.kept: set[str] = set()  # given numbers that are the same in every model of this kind
        self.formulas: dict[str, Expression] = {}
        self.constants: set[str] = set()  # formulas through which nothing is differentiated, such as updates
        self.turns_vectors = (
            True  # whether a vector beside a square matrix may be a column, as never in NumPy
        )
        self.turned: dict[str, int] = {}  # of which vectors that is known: 1, or 0
        self.shapes = Shapes()
        self._derivatives: dict[str, Expression] = {}
        self._place: dict[str, int] = {}  # of every name, those of derivatives too, in order
        self._reached: dict[str, int] = {}  # bit k is set if a name is computed from that in place k
        self._users: dict[str, list[str]] = {}
        self._shares: dict[tuple[str, str], list[tuple[str, Expression]]] = {}
        self._compiled: dict = {}
        self._entries = self._work = 0
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

    def define(self, name: str, formula: Expression) -> Expression:
        """Add a formula and return it with its products resolved. Raises ShapeError, UnknownName."""
        self._refuse_taken(name)
        formula = with_logistics(self.resolved(formula))
        self._enter(name, shape_of(formula, self.shapes), formula)
        self.formulas[name] = formula
        return formula

    def resolved(self, formula: Expression) -> Expression:
        """A formula over the names here, every product of it elementwise or a matrix product, by the shapes.

        Raises ShapeError where parts do not fit, UnknownName for a name that is not here.
        """
        self._know(formula.names())
        found = resolved(formula, self.shapes)
        shape_of(found, self.shapes)
        return found

    def _refuse_taken(self, name):
        if name in self.given or name in self.formulas:
            raise NeuronnetError(f"{shortened(name)} stands already; every quantity has a name of its own")

    def _enter(self, name, dimensions, formula=None):
        """Keep the shape of a name, and what it is computed from."""
        self._entries += math.prod(dimensions)
        self._work += work_of(formula, self.shapes) if formula else 0
        if self._entries > MOST_IN_ALL:
            raise arrays.ShapeError(f"more than {MOST_IN_ALL} numbers in all")
        if self._work > MOST_WORK:
            raise NeuronnetError(f"the formulas up to {name} take more than {MOST_WORK} multiplications")
        self.shapes[name] = dimensions
        reached = 1 << len(self._place)
        for each in formula.names() if formula else ():
            reached |= self._reached[each]
            self._users.setdefault(each, []).append(name)
        self._reached[name] = reached
        self._place[name] = len(self._place)

    # Reading

    def __contains__(self, name: str) -> bool:
        return name in self.given or name in self.formulas or self._is_derivative(name)

    def names(self) -> list[str]:
        """The names of everything given and defined."""
        return [*self.given, *self.formulas]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a quantity or derivative, () for a number. Raises UnknownName."""
        self._know([name])
        return self.shapes[name]

    def shape_of(self, formula: Expression) -> tuple[int, ...]:
        """The shape of a formula over the names here. Raises ShapeError, UnknownName."""
        self._know(formula.names())
        return shape_of(formula, self.shapes)

    def formula(self, name: str) -> Expression | None:
        """The formula of a quantity or derivative, None for what is given. Raises UnknownName."""
        self._know([name])
        return self.formulas.get(name) or self._derivatives.get(name)

    def __getitem__(self, name: str):
        """The exact value, a Decimal of fifty digits or an Array of them. Raises UnknownName."""
        return self._exact[name]

    def value(self, formula: Expression):
        """The value of a formula in fifty digits. Raises UnknownName, ShapeError, NeuronnetError."""
        return self._exact.of(formula)

    def values(self, number: type = Decimal, given: dict | None = None, taps: dict | None = None) -> Values:
        """All values in another type of number, or from other given values.

        `taps` maps names to what is added to them, whatever their formulas give: the way to differentiate by
        a quantity with complex or dual numbers.
        """
        return Values(self, number, given, taps)

    def uses(self, name: str) -> set[str]:
        """Everything that a quantity is computed from, itself included."""
        self._know([name])
        bits = bin(self._reached[name])[:1:-1]
        return {each for each, bit in zip(self._place, bits) if bit == "1"}

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

    def _is_derivative(self, name):
        parts = split_partial(name)
        return parts is not None and all(part in self.given or part in self.formulas for part in parts)

    def _know(self, names: Iterable[str]):
        """Derive the derivatives among some names. Raises UnknownName for what is neither."""
        for name in names:
            if name in self.shapes:
                continue
            if not self._is_derivative(name):
                raise UnknownName(name, self.names())
            self._derive(*split_partial(name))

    def _derive(self, numerator, denominator):
        """dA/dB of a scalar A: over the formulas that use B, from A backwards, their shares added up."""
        if arrays.as_vector_shape(self.shape(numerator)):
            raise NeuronnetError(f"{numerator} is an array; derivatives are of a single number")
        reached = self._reached[numerator]
        waiting = [denominator]
        while waiting:  # the nearest to A first: each then finds the derivatives by what uses it
            name = waiting[-1]
            users = [each for each in self._users.get(name, []) if reached >> self._place[each] & 1]
            users = [each for each in users if each not in self.constants or each == numerator]
            missing = [each for each in users if partial_name(numerator, each) not in self._derivatives]
            missing = [each for each in missing if each != numerator]
            if missing and partial_name(numerator, name) not in self._derivatives:
                waiting += missing
                continue
            waiting.pop()
            self._derive_one(numerator, name, users)

    def _derive_one(self, numerator, denominator, users):
        own = partial_name(numerator, denominator)
        if own in self._derivatives:
            return
        dimensions = self.shapes[denominator]
        if numerator == denominator:
            total = Number(1)
        else:
            shares = [share for user in users for share in self._shares_of(numerator, user, denominator)]
            total = added(shares, dimensions, self.shapes)
        self._enter(own, dimensions, total)
        self._derivatives[own] = total

    def _shares_of(self, numerator, user, name):
        """The shares that one formula adds to the derivative by a name."""
        if (numerator, user) not in self._shares:
            above = Number(1) if user == numerator else Name(partial_name(numerator, user))
            formula = self.formulas.get(user) or self._derivatives[user]
            self._shares[numerator, user] = contributions(formula, above, self.shapes, user)
        return [share for each, share in self._shares[numerator, user] if each == name]


class Values(dict):
    """The values of a model in one type of number: names to values, each computed when it is asked for.

    `given` are the given values that are not those of the model; Decimals have so many `digits`.
    """

    def __init__(
        self, model: Model, number: type, given: dict | None, taps: dict | None, digits: int = DIGITS
    ):
        super().__init__()
        self._model, self._number, self.given, self._taps = model, number, given or {}, taps or {}
        self.digits = digits
        self.parts: dict[int, object] = {}  # what shared parts of formulas came to
        self._finer: Values | None = None

    def finer(self) -> Values:
        """The same values with sixty digits more."""
        if self._finer is None:
            self._finer = Values(self._model, self._number, self.given, self._taps, MORE_DIGITS)
        return self._finer

    def __missing__(self, name):
        waiting = [name]
        while waiting:
            each = waiting[-1]
            formula = self._model.formula(each) if each not in self._model.given else None
            missing = [needed for needed in formula.names() if needed not in self] if formula else []
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if each not in self:
                value = self._compute(each, formula)
                self[each] = value + self._taps[each] if each in self._taps else value
        return self[name]

    def _compute(self, name, formula):
        if formula is not None:
            value = self.of(formula, name)
            derived = name in self._model._derivatives
            return arrays.reshaped(value, self._model.shapes[name]) if derived else value
        value = self.given.get(name, self._model.given[name])
        if isinstance(value, Array):
            return value.map(lambda entry: as_number(entry, self._number))
        return as_number(value, self._number)

    def of(self, formula: Expression, name: str | None = None):
        """The value of a formula over the names of the model. Raises NeuronnetError where there is none."""
        self._model._know(formula.names())
        try:
            value = self.evaluated(self._compiled(formula, name))
        except ZeroDivisionError:
            raise NeuronnetError(f"{_what(formula, name)} divides by zero") from None
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NeuronnetError):
                raise
            raise NeuronnetError(f"{_what(formula, name)} has no finite value") from None
        if self._number is not Decimal and not all(map(is_finite, arrays.entries(value))):
            raise NeuronnetError(f"{_what(formula, name)} has no finite value")
        return value

    def evaluated(self, evaluate: Callable):
        """What an evaluator makes of these values, in their digits. Raises what its arithmetic raises."""
        with fifty_digits() as context:
            context.prec = self.digits
            return evaluate(self)

    def _compiled(self, formula, name):
        """How a formula is evaluated; of one in the model, worked out once for all values."""
        if name is None:
            return evaluator(formula, self._number)
        known, key = self._model._compiled, (name, self._number)
        if key not in known:
            known[key] = shared_evaluator(formula, self._number)
        return known[key]


def short_text(value: Decimal, digits: int) -> str:
    """A Decimal in some significant digits, without trailing zeros: 0.25, -0.3679, 1.2e-07."""
    return format(float(value), f".{digits}g")


def _what(formula, name):
    text = shortened(formula.format())
    return text if name is None else f"{name} = {text}"
