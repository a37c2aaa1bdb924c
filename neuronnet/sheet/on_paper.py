"""Arithmetic on paper: what a formula gives where every step is rounded as it is written down."""

from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from itertools import product
from operator import add, sub

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, by_lines, entries
from neuronnet.formulas.evaluating import OPERATIONS, evaluator
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Compare,
    Entry,
    Expression,
    Name,
    Negative,
    Placed,
    Product,
    Sum,
    Transpose,
)

# Functions that have steps of their own, and parts of formulas that only put numbers together.
WITH_STEPS = ("logistic", "logistic'", "softmax", "sum", "mean")
NOTHING_TO_WRITE = (ArrayOf, Compare, Entry, Negative, Placed, Transpose)


def written_down(steps: list[tuple[str, Expression]], formula: Expression) -> Callable:
    """A function of ({name: value}, decimals, significant digits, whether cut) that yields what it may give.

    `steps` are names in it that are computed before, with their formulas. Every result, or only those of
    products and functions, is rounded or cut off, to so many decimals or significant digits or to one more. A
    matrix product, a sum over an array, softmax are one step or many; the slope of a logistic is computed in
    its place, or first.
    """
    pad = _Pad()
    written = [*steps, ("", formula)]
    grouped = [(name, _slopes_first(step)) for name, step in written]
    orders = [written] if all(map(_is_same, written, grouped)) else [written, grouped]
    compiled = [[(name, _compiled(step, pad)) for name, step in order] for order in orders]

    def results(values: dict, decimals: int, significant: int, may_cut: bool) -> Iterator[tuple]:
        modes = (ROUND_HALF_UP, ROUND_DOWN) if may_cut else (ROUND_HALF_UP,)
        kinds = product(((_to_decimals, decimals), (_to_digits, significant)), modes)
        for (rounding, count), mode in kinds:
            printed, longer = rounding(count, mode), rounding(count + 1, mode)
            pairs = [(printed, printed), (longer, longer), *([(longer, printed)] if steps else [])]
            for (pad.rounded, name_rounded), pad.sums_too, pad.goes_inside, order in product(
                pairs, (True, False), (False, True), compiled
            ):
                known = dict(values)
                try:
                    for name, step in order[:-1]:
                        known[name] = _mapped(name_rounded, step(known))
                    yield entries(order[-1][1](known))
                except (ArithmeticError, KeyError, ValueError, NeuronnetError):
                    continue

    return results


def _is_same(one, other):
    return one[1].format() == other[1].format()


def _slopes_first(formula):
    """A formula with brackets around the slopes of a logistic: d*(a*(1 - a)) for d*a*(1 - a)."""
    parts = [_slopes_first(part) for part in formula.parts()]
    formula = formula.rebuilt(parts) if parts else formula
    if not isinstance(formula, Product):
        return formula
    factors = formula.factors[:1]
    for mark, factor in formula.factors[1:]:
        before_mark, before = factors[-1]
        is_slope = isinstance(before, Name) and factor.format() == (1 - before).format()
        if is_slope and mark != "/" and before_mark != "/" and len(factors) > 1:
            factors[-1] = (before_mark, Product([("*", before), (mark, factor)]))
        else:
            factors.append((mark, factor))
    return Product(factors)


def intermediate_results(formula: Expression, values: dict) -> list[Decimal]:
    """Every number that is computed on the way to the value of a formula, unrounded."""
    pad, found = _Pad(), []

    def noted(value):
        found.append(value)
        return value

    pad.rounded = noted
    _compiled(formula, pad)(values)
    return found


def _to_decimals(count, mode):
    unit, context = Decimal(1).scaleb(-count), Context(2000, mode, MIN_EMIN, MAX_EMAX)
    return lambda value: Decimal(value).quantize(unit, mode, context)  # a comparison gives 0 or 1


def _to_digits(count, mode):
    return Context(max(1, count), mode, MIN_EMIN, MAX_EMAX).plus


class _Pad:
    """How results are written down: `rounded(value)`, of sums too or not, inside of functions or not."""

    rounded: Callable
    sums_too = goes_inside = True

    def of_product(self, value):
        return self.rounded(value)

    def of_sum(self, value):
        return self.rounded(value) if self.sums_too else value


class _Figure:
    """A Decimal, the result of every step with which is written on its `pad`."""

    __slots__ = ("pad", "value")

    def __init__(self, value, pad):
        self.value, self.pad = value, pad

    def __add__(self, other):
        if isinstance(other, Array):
            return NotImplemented
        return _Figure(self.pad.of_sum(self.value + _plain(other)), self.pad)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        if isinstance(other, Array):
            return NotImplemented
        return _Figure(self.pad.of_product(self.value * _plain(other)), self.pad)

    def __truediv__(self, other):
        if isinstance(other, Array):
            return NotImplemented
        return _Figure(self.pad.of_product(self.value / _plain(other)), self.pad)

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return _Figure(self.pad.of_product(other / self.value), self.pad)

    def __neg__(self):
        return _Figure(-self.value, self.pad)

    def __lt__(self, other):
        return self.value < _plain(other)

    def __gt__(self, other):
        return self.value > _plain(other)

    def exp(self):
        return _Figure(self.pad.of_product(self.value.exp()), self.pad)


def _plain(value):
    return value.value if isinstance(value, _Figure) else value


def _mapped(function, value):
    return value.map(function) if isinstance(value, Array) else function(value)


def _compiled(expression, pad):
    """A function from {name: value} to the value, one node of the formula after the other."""
    parts = [_compiled(part, pad) for part in expression.parts()]
    if not parts:
        return evaluator(expression, Decimal)
    if isinstance(expression, Sum):
        steps = [add if sign > 0 else sub for sign, _ in expression.terms[1:]]
        return _from_left(parts, steps, pad, pad.of_sum)
    if isinstance(expression, Product):
        steps = [OPERATIONS[mark] for mark, _ in expression.factors[1:]]
        return _from_left(parts, steps, pad, pad.of_product)
    names = [str(place) for place in range(len(parts))]
    evaluate = evaluator(expression.rebuilt([Name(name) for name in names]), Decimal)
    if isinstance(expression, Call) and expression.function in WITH_STEPS:
        return _with_steps(expression, parts[0], evaluate, pad)
    is_written = not isinstance(expression, NOTHING_TO_WRITE)

    def computed(values):
        found = evaluate({name: part(values) for name, part in zip(names, parts)})
        return _mapped(pad.rounded, found) if is_written else found

    return computed


def _from_left(parts, steps, pad, written):
    """Sums and products, step by step; a matrix product is one step, or goes inside."""

    def computed(values):
        found = parts[0](values)
        for step, part in zip(steps, parts[1:]):
            other = part(values)
            if pad.goes_inside and isinstance(found, Array) and isinstance(other, Array):
                inside = step(_figures(found, pad), _figures(other, pad))
                found = _mapped(_plain, inside)
            else:
                found = _mapped(written, step(found, other))
        return found

    return computed


def _with_steps(call, argument, evaluate, pad):
    """A function of a number or an array, which is one step or goes inside."""

    def computed(values):
        found = argument(values)
        if not pad.goes_inside:
            return _mapped(pad.rounded, evaluate({"0": found}))
        found = _figures(found, pad)
        if call.function == "softmax":
            return _mapped(_plain, by_lines(_shares, found, **call.options))
        return _mapped(_plain, evaluate({"0": found}))

    return computed


def _figures(value, pad):
    return _mapped(lambda number: _Figure(number, pad), value)


def _shares(values):
    """softmax as it is done by hand: the powers, their sum, the quotients."""
    powers = [value.exp() for value in values]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    return [power / total for power in powers]
