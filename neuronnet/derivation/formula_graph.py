"""A graph of formulas: their values in any type of number, and the chain rule from formula to formula.

What one formula adds to a derivative, and how such shares are put together, its subclasses say: `Model` for
arrays, `Rows` for the rows of a hand derivation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from neuronnet.derivation.digits import DIGITS, fifty_digits
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, UnknownName, is_finite, shortened
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import Shapes, evaluator
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.names import partial_name, split_partial

MORE_DIGITS = 110  # where fifty leave a doubt


class Graph:
    """`given` has the values as they were written, `formulas` the Expressions by name, in order.

    `derivatives` has the formulas of the derivatives `dA/dB` that were needed so far.
    """

    keeps_infinite = False  # whether an infinite value is a value to show, as in a network's derivation

    def __init__(self):
        self.given: dict[str, object] = {}
        self.formulas: dict[str, Expression] = {}
        self.derivatives: dict[str, Expression] = {}
        self.constants: set[str] = set()  # formulas through which nothing is differentiated, such as updates
        self.shapes = Shapes()
        self._place: dict[str, int] = {}  # of every name that something is derived by or of, in order
        self._reached: dict[str, int] = {}  # bit k is set if a name is computed from that in place k
        self.users: dict[str, list[str]] = {}  # name -> what is computed with it

    def _refuse_taken(self, name):
        if name in self.given or name in self.formulas:
            raise NeuronnetError(f"{shortened(name)} stands already; every quantity has a name of its own")

    def _place_after(self, name, parents):
        """Give a name its place, and keep what it is computed from."""
        reached = 1 << len(self._place)
        for each in parents:
            reached |= self._reached[each]
            self.users.setdefault(each, []).append(name)
        self._reached[name] = reached
        self._place[name] = len(self._place)

    # Reading

    def __contains__(self, name: str) -> bool:
        return name in self.given or name in self.formulas or self._is_derivative(name)

    def names(self) -> list[str]:
        """The names of everything given and defined."""
        return [*self.given, *self.formulas]

    def formula(self, name: str) -> Expression | None:
        """The formula of a quantity or derivative, None for what is given. Raises UnknownName."""
        self._know([name])
        return self.formulas.get(name) or self.derivatives.get(name)

    def evaluator(self, formula: Expression, number: type, name: str | None = None) -> Callable:
        """What evaluates a formula, that of a quantity if it has a name."""
        return evaluator(formula, number)

    def values(self, number: type = Decimal, given: dict | None = None, taps: dict | None = None) -> Values:
        """All values in another type of number, or from other given values.

        `taps` maps names to what is added to them, whatever their formulas give: the way to differentiate by
        a quantity with complex or dual numbers.
        """
        return Values(self, number, given, taps)

    def uses(self, name: str) -> set[str]:
        """Everything that a quantity is computed from, itself included."""
        bits = bin(self.reached(name))[:1:-1]
        return {each for each, bit in zip(self._place, bits) if bit == "1"}

    def reached(self, name: str) -> int:
        """The same as a number, with bit k set for the k-th of the `places`."""
        self._know([name])
        return self._reached[name]

    @property
    def places(self) -> dict[str, int]:
        """Every name that was asked for or is used, with its place; more come behind."""
        return self._place

    # Derivatives

    def _is_derivative(self, name):
        parts = split_partial(name)
        return parts is not None and all(part in self.given or part in self.formulas for part in parts)

    def _know(self, names: Iterable[str]):
        for name in names:
            if name not in self.given and name not in self.formulas and name not in self.derivatives:
                self._find(name)

    def _find(self, name):
        """Derive what is needed for the first time. Raises UnknownName for what is no derivative."""
        if not self._is_derivative(name):
            raise UnknownName(name, self.names())
        self._derive(*split_partial(name))

    def _partial(self, numerator, denominator):
        """The name of a derivative here."""
        return partial_name(numerator, denominator)

    def _derive(self, numerator, denominator):
        """dA/dB: over the formulas that use B, from A backwards, their shares added up."""
        waiting = [denominator]
        while waiting:  # the nearest to A first: each then finds the derivatives by what uses it
            name, own = waiting[-1], self._partial(numerator, waiting[-1])
            users = self.on_the_way(numerator, self.users.get(name, ()))
            missing = [each for each in users if self._partial(numerator, each) not in self.derivatives]
            missing = [each for each in missing if each != numerator]
            if missing and own not in self.derivatives:
                waiting += missing
                continue
            waiting.pop()
            if own not in self.derivatives:
                shares = [share for user in users for share in self.shares_of(numerator, user, name)]
                self._keep_derivative(own, name, [Number(1)] if name == numerator else shares)

    def on_the_way(self, numerator: str, users: Iterable[str]) -> list[str]:
        """Those of some formulas that the derivatives of a numerator go through, in order."""
        reached = self._reached[numerator]
        found = [each for each in users if reached >> self._place[each] & 1]
        found = [each for each in found if each == numerator or self._passes_on(each, numerator)]
        return sorted(found, key=self._place.__getitem__)

    def _passes_on(self, user, numerator):
        """Whether the derivatives of a numerator go through a formula."""
        return user not in self.constants

    def shares_of(self, numerator: str, user: str, name: str) -> list[Expression]:
        """What one formula adds to the derivative by a name."""
        raise NotImplementedError

    def _keep_derivative(self, own, denominator, shares):
        """Keep a derivative, the sum of its shares, in `derivatives`."""
        raise NotImplementedError

    def above(self, numerator: str, user: str) -> Expression:
        """The derivative by a formula, which its shares are multiplied by."""
        return Number(1) if user == numerator else Name(self._partial(numerator, user))


class Values(dict):
    """The values of a graph in one type of number: names to values, each computed when it is asked for.

    A graph has `formula(name)` and `evaluator(formula, number, name)`. `given` are the given values that are
    not its own; Decimals have so many `digits`.
    """

    def __init__(
        self, graph: Any, number: type, given: dict | None, taps: dict | None = None, digits: int = DIGITS
    ):
        super().__init__()
        self.graph, self._number, self.given, self._taps = graph, number, given or {}, taps or {}
        self.digits = digits
        self.parts: dict[int, object] = {}  # what shared parts of formulas came to
        self._finer: Values | None = None

    def finer(self) -> Values:
        """The same values with sixty digits more."""
        if self._finer is None:
            self._finer = Values(self.graph, self._number, self.given, self._taps, MORE_DIGITS)
        return self._finer

    def __missing__(self, name):
        waiting, begun = [name], set()
        while waiting:
            each = waiting[-1]
            formula = None if each in self else self._formula(each)
            missing = [needed for needed in formula.names() if needed not in self] if formula else []
            if missing and each in begun:
                raise NeuronnetError(f"{each} is computed from itself")
            begun.add(each)
            waiting += missing or ()
            if not missing:
                waiting.pop()
                if each not in self:
                    value = self._compute(each, formula)
                    self[each] = value + self._taps[each] if each in self._taps else value
        return self[name]

    def _formula(self, name):
        """What a value is computed with, None for one that is not computed here."""
        return self.graph.formula(name)

    def _compute(self, name, formula):
        if formula is not None:
            value = self.of(formula, name)
            derived = name in self.graph.derivatives and name in self.graph.shapes
            return arrays.reshaped(value, self.graph.shapes[name]) if derived else value
        value = self.given[name] if name in self.given else self.graph.given[name]
        if isinstance(value, Array):
            return value.map(lambda entry: as_number(entry, self._number))
        return as_number(value, self._number)

    def of(self, formula: Expression, name: str | None = None):
        """The value of a formula over the names of the graph. Raises NeuronnetError where there is none."""
        try:
            value = self.evaluated(self.graph.evaluator(formula, self._number, name))
        except ZeroDivisionError:
            text = f"{_what(formula, name)}: division by zero, there is no finite value"
            raise NeuronnetError(text) from None
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NeuronnetError):
                raise
            raise NeuronnetError(f"{_what(formula, name)} has no finite value") from None
        may_be_infinite = self._number is Decimal or self.graph.keeps_infinite
        if not may_be_infinite and not all(map(is_finite, arrays.entries(value))):
            raise NeuronnetError(f"{_what(formula, name)} has no finite value")
        return value

    def evaluated(self, evaluate: Callable):
        """What an evaluator makes of these values, in their digits. Raises what its arithmetic raises."""
        if self._number is float:
            return evaluate(self)
        with fifty_digits() as context:
            context.prec = self.digits
            return evaluate(self)


def _what(formula, name):
    text = shortened(formula.format())
    return text if name is None else f"{name} = {text}"
