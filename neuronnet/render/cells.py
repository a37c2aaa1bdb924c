"""Formulas of cells: a number that writes down how it is computed.

A formula evaluated in this type of number gives the text of its cell; over arrays, every entry of the result
has a text of its own, over the cells that it is computed from.
"""

from __future__ import annotations

import operator
from functools import partial, total_ordering
from typing import Any

from neuronnet.elementary import exp
from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, entries, mapped
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Call, Compare, Expression, Name, Power
from neuronnet.formulas.functions import FUNCTIONS

LONGEST_FORMULA = 8000  # letters; a spreadsheet takes 8,192
SUM, PRODUCT, POWER, ALONE = range(1, 5)  # how strongly a text binds; below a sum is a text with a sign
SIGNS = {"==": "=", "!=": "<>"}


def _with_numbers(operation):
    """An operation with other numbers; those with Arrays are theirs."""

    def operate(self, other):
        return NotImplemented if isinstance(other, Array) else operation(self, _as_written(other))

    return operate


def _operation(compute, sign, own, others, binds):
    """The operation between two Written numbers, and the one with the two the other way round."""

    def operate(self, other):
        text = f"{self.inside(own)}{sign}{other.inside(others)}"
        return Written(compute(self.value, other.value), text, binds)

    return _with_numbers(operate), _with_numbers(lambda self, other: operate(other, self))


@total_ordering
class Written:
    """A value and the text of its formula, which `binds` as a sum, a product, or a single cell does."""

    __slots__ = ("value", "text", "binds")

    def __init__(self, value: Any, text: str, binds: int = ALONE) -> None:
        self.value, self.text, self.binds = float(value), text, binds

    @classmethod
    def as_written(cls, value: Any) -> Written:
        """A given number, in the digits that it is given in."""
        text = getattr(value, "text", None) or str(value)
        return cls(value, text, 0 if text.startswith("-") else ALONE)

    def inside(self, binds: int) -> str:
        """The text as part of a larger formula. Spreadsheets read -2^2 as (-2)^2."""
        return self.text if self.binds >= binds else f"({self.text})"

    __add__, __radd__ = _operation(operator.add, "+", SUM, PRODUCT, SUM)
    __sub__, __rsub__ = _operation(operator.sub, "-", SUM, PRODUCT, SUM)
    __mul__, __rmul__ = _operation(operator.mul, "*", PRODUCT, POWER, PRODUCT)
    __truediv__, __rtruediv__ = _operation(operator.truediv, "/", PRODUCT, POWER, PRODUCT)

    def __neg__(self):
        return Written(-self.value, f"-{self.inside(ALONE)}", 0)

    def __eq__(self, other):
        return self.value == _as_written(other).value

    def __lt__(self, other):
        return self.value < _as_written(other).value

    def __int__(self):
        return int(self.value)

    def exp(self):
        return Written(exp(self.value), f"EXP({self.text})")


def _as_written(number):
    return number if type(number) is Written else Written.as_written(number)


def _logsumexp(*texts):
    largest = f"MAX({','.join(texts)})"
    return f"({largest}+LN({'+'.join(f'EXP({each}-{largest})' for each in texts)}))"


def _named(function):
    return lambda *texts: f"{function}({','.join(texts)})"


def _power_of_e(factor, x):
    """What 1/(1 + e^-x) and tanh have for a slope, without a power of e that is too large."""
    power = f"EXP(-{factor}ABS({x}))"
    return f"{power}/(1+{power})^2"


# The text of a function of numbers from those of its arguments, which stand in brackets where they are parts.
TEXTS = {
    **{each: _named(each.upper()) for each in "exp ln tanh sqrt max abs sign sin cos erf power".split()},
    "step": lambda x: f"IF({x}>0,1,0)",
    "where": lambda condition, yes, no: f"IF({condition}<>0,{yes},{no})",
    "logsumexp": _logsumexp,
    "softplus": lambda x: _logsumexp("0", x),
    "share": lambda x, *others: f"(1/(1+{'+'.join(f'EXP({each}-{x})' for each in others) or 0}))",
    "logistic": lambda x: f"(1/(1+EXP(-{x})))",
    "logistic'": lambda x: f"({_power_of_e('', x)})",
    "tanh'": lambda x: f"(4*{_power_of_e('2*', x)})",
    "leaky_relu": lambda x, a: f"IF({x}>0,{x},{a}*{x})",
    "leaky_relu'": lambda x, a: f"IF({x}>0,1,{a})",
    "elu": lambda x, a: f"IF({x}>0,{x},{a}*(EXP({x})-1))",
    "elu'": lambda x, a: f"IF({x}>0,1,{a}*EXP({x}))",
    "gelu": lambda x: f"({x}*NORMSDIST({x}))",
    "gelu'": lambda x: f"(NORMSDIST({x})+{x}*EXP(-({x}*{x})/2)/SQRT(2*PI()))",
    "erf'": lambda x: f"(2*EXP(-({x}*{x}))/SQRT(PI()))",
}
PLAIN = {"exp", "ln", "tanh", "sqrt", "max", "abs", "sign", "sin", "cos", "erf", "power", "step", "where"}


def _called(function, *numbers):
    """A function of Written numbers; their texts stand in brackets where signs stand around them."""
    numbers = list(map(_as_written, numbers))
    value = FUNCTIONS[function].value(*(each.value for each in numbers))
    texts = (each.text if function in PLAIN else each.inside(ALONE) for each in numbers)
    return Written(value, TEXTS[function](*texts))


def _compared(sign, left, right):
    holds = evaluator(Compare(Name("left"), sign, Name("right")), float)
    left, right = _as_written(left), _as_written(right)
    text = f"({left.inside(SUM)}{SIGNS.get(sign, sign)}{right.inside(SUM)})*1"
    return Written(holds({"left": left.value, "right": right.value}), text, PRODUCT)


def _raised(exponent, base):
    base = _as_written(base)
    return Written(base.value**exponent, f"{base.inside(ALONE)}^{exponent}", POWER)


def _largest(values):
    return Written(max(each.value for each in values), f"MAX({','.join(each.text for each in values)})")


def _are_largest(values):
    """1 for the first of the largest values, 0 for the others."""
    whole, found = _largest(values), []
    for place, each in enumerate(values):
        is_first = each.value == whole.value and all(before < each for before in values[:place])
        earlier = [f"{before.text}<{each.text}" for before in values[:place]]
        text = f"IF(AND({','.join([f'{each.text}={whole.text}', *earlier])}),1,0)"
        found.append(Written(is_first, text))
    return found


def _one_hot(labels, like):
    columns = arrays.shape(like)[-1]
    found = [
        Written(label.value == column, f"IF({label.text}={column},1,0)")
        for label in map(_as_written, entries(labels))
        for column in range(columns)
    ]
    return Array(found, (len(found) // columns, columns))


# Functions of arrays whose entries are compared; those that only compute with them need no text of their own.
OF_ARRAYS: dict[str, Any] = {
    "amax": partial(arrays.reduced, _largest),
    "lse": partial(arrays.reduced, lambda values: _called("logsumexp", *values)),
    "is_greatest": partial(arrays.by_lines, _are_largest),
    "one_hot": _one_hot,
}


def formulas_of(expression: Expression, cells: dict[str, Any]) -> list[str | None]:
    """The formula of every entry of an expression, row by row; None for one too long for a spreadsheet.

    `cells` has Written numbers, or Arrays of them, by name. An expression without such formulas has no list.
    """
    try:
        found = _value(expression, cells)
    except (TypeError, ValueError, KeyError, ArithmeticError, NeuronnetError):  # what Written numbers lack
        return []
    texts = [_as_written(each).text for each in entries(found)]
    return [each if len(each) <= LONGEST_FORMULA else None for each in texts]


def _value(expression, cells):
    """The value of an expression; what has a text of its own comes first, and a name stands for it."""
    own = dict(cells)

    def simpler(node):
        parts = node.parts()
        if not parts:
            return node
        node = node.rebuilt([simpler(each) for each in parts])
        compute = _computed(node)
        if compute is None:
            return node
        name = f"{len(own)}th"
        own[name] = compute(*(evaluator(each, Written)(own) for each in node.parts()))
        return Name(name)

    return evaluator(simpler(expression), Written)(own)


def _computed(node):
    """The function of its parts' values that a node is, where it has a text of its own; else None."""
    if isinstance(node, Compare):
        return partial(mapped, partial(_compared, node.sign))
    if isinstance(node, Power):
        return partial(mapped, partial(_raised, node.exponent))
    if isinstance(node, Call) and node.function in TEXTS:
        return partial(mapped, partial(_called, node.function))
    if isinstance(node, Call) and node.function in OF_ARRAYS:
        return partial(OF_ARRAYS[node.function], **node.options)
    return None


def written(values: Any, places: Any) -> Any:
    """A Written number, or an Array of them, of nested lists of values and of the cells that hold them."""
    if not isinstance(values, list):
        return Written(values, places)
    return Array.of([_nested(value, place) for value, place in zip(values, places)])


def _nested(value, place):
    if isinstance(value, list):
        return [_nested(each, other) for each, other in zip(value, place)]
    return Written(value, place)
