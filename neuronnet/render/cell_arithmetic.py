"""A number that writes down how it is computed: arithmetic on cells gives the formula of a cell.

Formulas over arrays are evaluated in this type of number, and every entry of the result has a formula of its
own over the entries that it is computed from.
"""

from __future__ import annotations

import math
from typing import Any

from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Call, Compare, Expression
from neuronnet.formulas.rewriting import nodes

# Functions of which every value has the same formula; of `max` or `step` it depends on the value.
SMOOTH = set("exp ln tanh tanh' logistic logistic' sqrt sum mean softmax row column ones outer".split())


def _with_numbers(operation):
    """An operation with other numbers; those with Arrays are theirs."""

    def operate(self, other):
        return NotImplemented if isinstance(other, Array) else operation(self, _written(other))

    return operate


class Written:
    """A value and the text of its formula, which `binds` as a sum, a product, or a single cell does."""

    __slots__ = ("value", "text", "binds")

    def __init__(self, value: Any, text: str | None = None, binds: int = 3) -> None:
        self.value = float(value)
        self.text = str(value) if text is None else text
        self.binds = 0 if text is None and self.text.startswith("-") else binds

    def inside(self, binds: int) -> str:
        """The text as part of a larger formula."""
        return self.text if self.binds >= binds else f"({self.text})"

    @_with_numbers
    def __add__(self, other):
        return Written(self.value + other.value, f"{self.inside(1)}+{other.inside(2)}", 1)

    @_with_numbers
    def __radd__(self, other):
        return other + self

    @_with_numbers
    def __sub__(self, other):
        return Written(self.value - other.value, f"{self.inside(1)}-{other.inside(2)}", 1)

    @_with_numbers
    def __rsub__(self, other):
        return other - self

    @_with_numbers
    def __mul__(self, other):
        return Written(self.value * other.value, f"{self.inside(2)}*{other.inside(3)}", 2)

    @_with_numbers
    def __rmul__(self, other):
        return other * self

    @_with_numbers
    def __truediv__(self, other):
        return Written(self.value / other.value, f"{self.inside(2)}/{other.inside(3)}", 2)

    @_with_numbers
    def __rtruediv__(self, other):
        return other / self

    def __neg__(self):
        return Written(-self.value, f"-{self.inside(3)}", 0)

    def __gt__(self, other):
        return self.value > _written(other).value

    def __lt__(self, other):
        return self.value < _written(other).value

    def exp(self):
        return Written(math.exp(self.value), f"EXP({self.text})")

    def ln(self):
        return Written(math.log(self.value), f"LN({self.text})")

    def tanh(self):
        return Written(math.tanh(self.value), f"TANH({self.text})")

    def sqrt(self):
        return Written(math.sqrt(self.value), f"SQRT({self.text})")


def _written(number):
    return number if type(number) is Written else Written(number)


def formulas_of(expression: Expression, cells: dict[str, Any]) -> list[str] | None:
    """The formula of every entry of an expression, in the order of rows, over Written numbers or Arrays of
    them by name. None where one of its functions has another formula for another value.
    """
    for node, *_ in nodes(expression):
        if isinstance(node, Compare) or isinstance(node, Call) and node.function not in SMOOTH:
            return None
    try:
        found = evaluator(expression, Written)(cells)
    except (TypeError, ValueError, ArithmeticError):  # what Written numbers cannot do
        return None
    return [_written(each).text for each in entries(found)]


def written(values: Any, places: Any) -> Any:
    """A Written number, or an Array of them, of nested lists of values and of the cells that hold them."""
    if not isinstance(values, list):
        return Written(values, places)
    return Array.of([_nested(value, place) for value, place in zip(values, places)])


def _nested(value, place):
    if isinstance(value, list):
        return [_nested(each, other) for each, other in zip(value, place)]
    return Written(value, place)
