"""Arithmetic on paper: what a formula gives where every step is rounded as it is written down."""

from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from itertools import product

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.array_expressions import ArrayOf, Compare, Entry, Placed, Transpose
from neuronnet.formulas.arrays import Array, by_lines, entries
from neuronnet.formulas.expressions import Expression, Name, Negative, Product, Sum
from neuronnet.formulas.functions import Call

# What is rounded: every result; those inside the functions of INSIDE too; or only products and functions.
EVERY_STEP, INSIDE_TOO, PRODUCTS_ONLY = "every step", "inside functions too", "products only"
INSIDE = ("logistic", "logistic'", "softmax")
REDUCTIONS = ("sum", "mean", "outer")
NOTHING_TO_WRITE = (ArrayOf, Compare, Entry, Negative, Placed, Transpose)


def written_down(formula: Expression) -> Callable:
    """A function of ({name: value}, decimals, significant digits) that yields what the formula may give.

    The steps are rounded to so many decimals or significant digits or to one more, the last one too. What
    has no value is left out.
    """
    pad = _Pad()
    compute = _compiled(formula, pad)

    habits = (EVERY_STEP, PRODUCTS_ONLY, INSIDE_TOO)

    def results(values: dict, decimals: int, significant: int) -> Iterator[tuple]:
        roundings = [_to_decimals(decimals + more) for more in (0, 1)]
        roundings += [_to_digits(max(1, significant + more)) for more in (0, 1)]
        for pad.rounded, pad.steps in product(roundings, habits):
            try:
                yield entries(compute(values))
            except (ArithmeticError, ValueError, NeuronnetError):
                continue

    return results


def intermediate_results(formula: Expression, values: dict) -> list[Decimal]:
    """Every number that is computed on the way to the value of a formula, unrounded."""
    pad = _Pad()
    found = []

    def noted(value):
        found.append(value)
        return value

    pad.rounded = noted
    _compiled(formula, pad)(values)
    return found


def _to_decimals(count):
    unit, context = Decimal(1).scaleb(-count), _context(2000)
    return lambda value: value.quantize(unit, ROUND_HALF_UP, context)


def _to_digits(count):
    return _context(count).plus


def _context(digits):
    return Context(digits, ROUND_HALF_UP, MIN_EMIN, MAX_EMAX)


class _Pad:
    """How results are written down: `rounded(value)`, and which `steps` it is applied to."""

    rounded: Callable
    steps = EVERY_STEP

    def product(self, value):
        return _Figure(self.rounded(value), self)

    def sum(self, value):
        return _Figure(value if self.steps == PRODUCTS_ONLY else self.rounded(value), self)


class _Figure:
    """A Decimal, the result of every step with which goes through its `pad`."""

    __slots__ = ("pad", "value")

    def __init__(self, value, pad):
        self.value, self.pad = value, pad

    def __add__(self, other):
        return self.pad.sum(self.value + _plain(other))

    __radd__ = __add__

    def __sub__(self, other):
        return self.pad.sum(self.value - _plain(other))

    def __rsub__(self, other):
        return self.pad.sum(_plain(other) - self.value)

    def __mul__(self, other):
        return self.pad.product(self.value * _plain(other))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self.pad.product(self.value / _plain(other))

    def __rtruediv__(self, other):
        return self.pad.product(_plain(other) / self.value)

    def __neg__(self):
        return _Figure(-self.value, self.pad)

    def __lt__(self, other):
        return self.value < _plain(other)

    def __gt__(self, other):
        return self.value > _plain(other)

    def exp(self):
        return self.pad.product(self.value.exp())


def _plain(value):
    return value.value if isinstance(value, _Figure) else value


def _mapped(function, value):
    return value.map(function) if isinstance(value, Array) else function(value)


def _compiled(expression, pad):
    """A function from {name: value} to the value, one node of the formula after the other."""
    parts = [_compiled(part, pad) for part in expression.parts()]
    if not parts:
        return expression.evaluator(Decimal)
    names = [str(place) for place in range(len(parts))]
    node = expression.rebuilt([Name(name) for name in names])
    evaluate = node.evaluator(Decimal)
    function = node.function if isinstance(node, Call) else None
    options = node.options if function is not None else {}

    def figure(value):
        return _Figure(value, pad)

    def computed(values):
        found = [part(values) for part in parts]
        by_steps = isinstance(node, (Sum, Product)) or function in REDUCTIONS
        if by_steps or (function in INSIDE and pad.steps == INSIDE_TOO):
            found = [_mapped(figure, value) for value in found]
            if function == "softmax":
                return _mapped(_plain, by_lines(_shares, *found, **options))
            return _mapped(_plain, evaluate(dict(zip(names, found))))
        result = evaluate(dict(zip(names, found)))
        return result if isinstance(node, NOTHING_TO_WRITE) else _mapped(pad.rounded, result)

    return computed


def _shares(values):
    """softmax as it is done by hand: the powers, their sum, the quotients."""
    powers = [value.exp() for value in values]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    return [power / total for power in powers]
