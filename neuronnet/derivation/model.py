"""A model: given numbers and arrays, formulas over them in order, and the derivative of any by any other.

    model = Model({"x": [0.5, -1], "W": [[0.1, 0.2]], "t": "0.3"})
    model.define("z", "W x")
    model.define("L", "(z - t)^2/2")
    model["dL/dW"]                  the value, an Array of Decimals
    model.formula("dL/dW")          'dL/dz @ xᵀ'

It knows no network and no sheet: both write formulas into one.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.sweep import Shapes, contributions, of_shape, resolved, shape_of
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError, UnknownName, is_finite, shortened
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Expression, Name, Number, Sum
from neuronnet.formulas.functions import Call
from neuronnet.names import partial_name, split_partial


class Model:
    """Given values and formulas, each under a name that later formulas may use.

    `given` holds the values as they were written (numbers, their text, or Arrays of these), `formulas` the
    Expressions by name, in order. `model[name]` is the value of a quantity or of a derivative `dA/dB` in
    fifty digits.
    """

    def __init__(self, given: dict | None = None):
        self.given: dict[str, object] = {}
        self.formulas: dict[str, Expression] = {}
        self.shapes = Shapes({})
        self._derivatives: dict[str, Expression] = {}
        self._reached: dict[str, set[str]] = {}
        self._exact = Values(self, Decimal)
        for name, value in (given or {}).items():
            self.give(name, value)

    # Building

    def give(self, name: str, value) -> None:
        """Add a given number or array; nested lists become an Array. Raises ShapeError, NeuronnetError."""
        self._refuse_taken(name)
        value = Array.of(value)
        for entry in arrays.entries(value):
            as_number(entry, Decimal)
        self.given[name] = value
        self.shapes[name] = of_shape(arrays.shape(value))

    def define(self, name: str, formula: Expression) -> Expression:
        """Add a formula and return it with its products resolved. Raises ShapeError, UnknownName."""
        self._refuse_taken(name)
        formula = self.resolved(formula)
        self.shapes[name] = of_shape(shape_of(formula, self.shapes))
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

    # Reading

    def __contains__(self, name: str) -> bool:
        return name in self.given or name in self.formulas or self._is_derivative(name)

    def names(self) -> list[str]:
        """The names of everything given and defined."""
        return [*self.given, *self.formulas]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a quantity or derivative, () for a number. Raises UnknownName."""
        self._know([name])
        return arrays.shape(self.shapes[name])

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
        if name not in self._reached:
            found = {name}
            for each in reversed(self._before(name)):
                if each in found:
                    found.update(self.formulas[each].names())
            self._reached[name] = found
        return self._reached[name]

    def _before(self, name):
        """The formulas up to that of `name`, in order."""
        order = list(self.formulas)
        return order[: order.index(name) + 1] if name in self.formulas else []

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
        own = partial_name(numerator, denominator)
        if numerator == denominator:
            return self._keep(own, Number(1), denominator)
        between = self.uses(numerator)
        users = [name for name in self._before(numerator) if name in between]
        # the nearest to A first: each then finds the derivatives by what uses it
        first = self._place(denominator)
        for name in reversed([each for each in users if self._place(each) > first]):
            if name != numerator and denominator in self.uses(name):
                self._derive_one(numerator, name, users)
        self._derive_one(numerator, denominator, users)

    def _place(self, name):
        return list(self.formulas).index(name) if name in self.formulas else -1

    def _derive_one(self, numerator, denominator, users):
        own = partial_name(numerator, denominator)
        if own in self._derivatives:
            return
        shares = []
        for user in users:
            formula = self.formulas[user]
            if denominator not in formula.names():
                continue
            above = Number(1) if user == numerator else Name(partial_name(numerator, user))
            if user != numerator:
                self._derive_one(numerator, user, users)
            shares += [share for name, share in self._shares(user, above) if name == denominator]
        if shares:
            total = shares[0] if len(shares) == 1 else Sum([(1, share) for share in shares])
        else:
            total = Call("zeros", list(self.shape(denominator))) if self.shape(denominator) else Number(0)
        self._keep(own, total, denominator)

    def _shares(self, user, above):
        return contributions(self.formulas[user], above, self.shapes)

    def _keep(self, own, formula, denominator):
        self._derivatives[own] = formula
        self.shapes[own] = self.shapes[denominator]


class Values(dict):
    """The values of a model in one type of number: names to values, each computed when it is asked for."""

    def __init__(self, model: Model, number: type, given: dict | None = None, taps: dict | None = None):
        super().__init__()
        self._model, self._number, self._given, self._taps = model, number, given or {}, taps or {}

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
            return self.of(formula, name)
        value = self._given.get(name, self._model.given[name])
        if isinstance(value, Array):
            return value.map(lambda entry: as_number(entry, self._number))
        return as_number(value, self._number)

    def of(self, formula: Expression, name: str | None = None):
        """The value of a formula over the names of the model. Raises NeuronnetError where there is none."""
        self._model._know(formula.names())
        try:
            with fifty_digits():
                value = formula.evaluator(self._number)(self)
        except ZeroDivisionError:
            raise NeuronnetError(f"{_what(formula, name)} divides by zero") from None
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NeuronnetError):
                raise
            raise NeuronnetError(f"{_what(formula, name)} has no finite value") from None
        if not all(map(is_finite, arrays.entries(value))):
            raise NeuronnetError(f"{_what(formula, name)} has no finite value")
        return value


def _what(formula, name):
    text = shortened(formula.format())
    return text if name is None else f"{name} = {text}"
