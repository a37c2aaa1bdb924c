"""What each kind of formula is worth, and which shape it has: two tables over the kinds of expressions.

    evaluator(formula, Decimal)({"W": ..., "x": ...})       a Decimal, or an Array of them
    shape_of(formula, Shapes({"W": (2, 3), "x": (3,)}))     (2,), without any number

A sum or product goes from left to right, as it is written, so that a value has the same last bit as that of a
program which computes in the same order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from math import prod

from neuronnet.elementary import as_number, real_part
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, ShapeError, as_vector_shape, common_shape, mapped
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Compare,
    Entry,
    Expression,
    Inverse,
    Name,
    Negative,
    Number,
    Placed,
    Power,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.functions import FUNCTIONS, inverse, square_shape

TRIED = (0.3, 0.7, 1.1)  # numbers at which formulas of one name are compared
PER_NODE, PER_FUNCTION = 10, 20  # multiplications that would take as long

# What stands between two factors. Of numbers all but / are the same; `*` is elementwise before it is a matrix
# product, · the other way round.
OPERATIONS = {
    "*": operator.mul,
    "·": arrays.dot,
    "@": arrays.matmul,
    "⊙": arrays.hadamard,
    "⊗": arrays.outer,
    "/": operator.truediv,
}
_PRODUCT_SHAPES = {"@": arrays.product_shape, "⊗": arrays.outer_shape}
_COMPARED = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


# Values


def evaluator(formula: Expression, number: type) -> Callable:
    """A function from {name: value} to the value of a formula, both of the type `number` or Arrays of it.

    It raises KeyError for a name without a value, and what the arithmetic of the type raises.
    """
    parts = [evaluator(part, number) for part in formula.parts()]
    return _KINDS[type(formula)][0](formula, parts, number)


def shared_evaluator(formula: Expression, number: type) -> Callable:
    """`evaluator`, for values that keep in a dict `parts` what a part came to that stands in many places.

    The gradient of a nested formula has the gradients further out in it, again and again: its text grows with
    the square of the depth, its distinct parts do not.
    """
    found = distinct(formula)
    if not any(count > 1 and part.parts() for part, count in found.values()):
        return evaluator(formula, number)
    made: dict[int, Callable] = {}
    for key, (part, count) in found.items():
        inner = [made[id(each)] for each in part.parts()]
        evaluate = _KINDS[type(part)][0](part, inner, number)
        made[key] = _once(key, evaluate) if inner and count > 1 else evaluate
    return made[id(formula)]


def distinct(formula: Expression) -> dict[int, tuple[Expression, int]]:
    """id -> (part, in how many places of distinct parts it stands), the parts of a part before itself."""
    found: dict[int, tuple[Expression, int]] = {}
    waiting = [(formula, False)]
    while waiting:
        part, is_done = waiting.pop()
        known = found.get(id(part))
        if known:
            found[id(part)] = (part, known[1] + (not is_done))
        elif is_done or not part.parts():
            found[id(part)] = (part, 1)
        else:
            waiting.append((part, True))
            waiting += [(inner, False) for inner in part.parts()]
    return found


def _once(key, evaluate):
    def evaluate_once(values):
        if key not in values.parts:
            values.parts[key] = evaluate(values)
        return values.parts[key]

    return evaluate_once


def _from_left(marks, operations):
    """Parts from left to right; `operations` says what each mark does."""

    def made(node, parts, number):
        rest = [(operations[mark], part) for (mark, _), part in zip(marks(node)[1:], parts[1:])]
        first = parts[0]
        if len(rest) == 1:  # most have two parts, and need no loop
            ((combine, second),) = rest
            return lambda values: combine(first(values), second(values))

        def evaluate(values):
            result = first(values)
            for operate, part in rest:
                result = operate(result, part(values))
            return result

        return evaluate

    return made


def _of_parts(combine):
    """`combine(node)(values of the parts)`."""

    def made(node, parts, number):
        function = combine(node)
        if len(parts) == 1:
            only = parts[0]
            return lambda values: function(only(values))
        return lambda values: function(*[part(values) for part in parts])

    return made


def _number(node, parts, number):
    value = as_number(node.value, number)
    return lambda values: value


def _power(node, parts, number):
    exponent, one, (base,) = node.exponent, as_number(1, number), parts

    def evaluate(values):
        factor = base(values)
        total = one
        for _ in range(abs(exponent)):
            total = total * factor
        return one / total if exponent < 0 else total

    return evaluate


def _inverse(node, parts, number):
    one, (base,) = as_number(1, number), parts

    def evaluate(values):
        value = base(values)
        return inverse(value) if arrays.is_square(arrays.shape(value)) else one / value

    return evaluate


def _inverse_shape(node, sizes, shapes):
    return square_shape(sizes) if arrays.is_square(sizes[0]) else sizes[0]


def _call(node):
    function = FUNCTIONS[node.function]
    if function.shape:
        return partial(function.value, **node.options)
    if len(node.arguments) == 1:
        return lambda value: value.map(function.value) if type(value) is Array else function.value(value)
    return partial(mapped, function.value)


def _compare(node):
    holds = _COMPARED[node.sign]
    return partial(mapped, lambda one, other: one * 0 + (1 if holds(real_part(one), real_part(other)) else 0))


# Shapes


class Shapes(dict):
    """Names with their shapes; `counts` has the whole numbers by name, which may be lengths: `ones(m, 1)`."""

    def __init__(self, shapes: dict | None = None):
        super().__init__(shapes or {})
        self.counts: dict[str, int] = {}
        self.known: dict = {}


def shape_of(formula: Expression, shapes: Shapes) -> tuple[int, ...]:
    """The shape of a formula. Raises ShapeError where parts of it do not fit, KeyError for unknown names."""
    found = shapes.known.get(id(formula))
    if found is None:  # the formula is kept, so that no other one has its id
        sizes = [shape_of(part, shapes) for part in formula.parts()]
        found = shapes.known[id(formula)] = (formula, _KINDS[type(formula)][1](formula, sizes, shapes))
    return found[1]


def product_meant(mark: str, left: tuple, right: tuple) -> str:
    """What `*` or · means between factors of these shapes, ⊙, @, or `*` beside a number; other signs stay."""
    if mark not in ("*", "·"):
        return mark
    if not as_vector_shape(left) or not as_vector_shape(right):
        return "*"
    elementwise = _fits(common_shape, left, right)
    as_matrices = _fits(arrays.product_shape, left, right)
    if mark == "*":
        return "⊙" if elementwise or not as_matrices else "@"
    return "@" if as_matrices or not elementwise else "⊙"


def shape_of_product(mark: str, left: tuple, right: tuple) -> tuple:
    """The shape of two factors with @, ⊗ or an elementwise sign between them. Raises ShapeError."""
    return _PRODUCT_SHAPES.get(mark, common_shape)(left, right)


def work_of(formula: Expression, shapes: Shapes) -> int:
    """About how many multiplications a value of a resolved formula takes, each distinct part once."""
    found = 0
    for part, _ in distinct(formula).values():
        count = prod(shape_of(part, shapes))
        if isinstance(part, Call) and (
            not FUNCTIONS[part.function].shape or part.function in ("softmax", "lse")
        ):
            count *= PER_FUNCTION
        found += PER_NODE + count * (abs(part.exponent) if isinstance(part, Power) else 1)
        if isinstance(part, Inverse) or getattr(part, "function", "") == "det":
            found += 2 * round(prod(shape_of(part.parts()[0], shapes)) ** 1.5)
        if isinstance(part, Product) and any(mark == "@" for mark, _ in part.factors):
            own = shape_of(part.factors[0][1], shapes)
            for mark, factor in part.factors[1:]:
                other = shape_of(factor, shapes)
                found += prod(own) * (other[1] if len(other) > 1 else 1) if mark == "@" else 0
                own = shape_of_product(mark, own, other)
    return found


def _fits(check, left, right):
    try:
        check(left, right)
    except ShapeError:
        return False
    return True


def _sum_shape(node, sizes, shapes):
    found = ()
    for each in sizes:
        found = common_shape(found, each)
    return found


def _product_shape(node, sizes, shapes):
    found = sizes[0]
    for (mark, _), other in zip(node.factors[1:], sizes[1:]):
        found = shape_of_product(product_meant(mark, found, other), found, other)
    return found


def _call_shape(node, sizes, shapes):
    shape = FUNCTIONS[node.function].shape
    if shape is None:
        return arrays.shared_shape(sizes)
    return shape(sizes, lambda start: _numbers(node.arguments[start:], shapes), **node.options)


def _numbers(arguments, shapes):
    """The lengths that arguments name: whole numbers, or names of given ones."""
    found = []
    for argument in arguments:
        if isinstance(argument, Negative) and isinstance(argument.inner, Number):
            found.append(-argument.inner.value)
        elif isinstance(argument, ArrayOf):
            found += _numbers(argument.parts(), shapes)
        elif isinstance(argument, Number):
            found.append(argument.value)
        elif isinstance(argument, Name) and argument.name in shapes.counts:
            found.append(shapes.counts[argument.name])
        else:
            raise ShapeError(f"{argument.format()} is no length; a length is a whole number")
    return found


def _same(node, sizes, shapes):
    return sizes[0]


# Kind -> (its value, from the node, the evaluators of its parts and the type of number; its shape, from the
# node, the shapes of its parts and the Shapes).
_KINDS = {
    Number: (_number, lambda node, sizes, shapes: ()),
    Name: (
        lambda node, parts, number: operator.itemgetter(node.name),
        lambda node, sizes, shapes: shapes[node.name],
    ),
    Sum: (_from_left(lambda node: node.terms, {1: operator.add, -1: operator.sub}), _sum_shape),
    Product: (_from_left(lambda node: node.factors, OPERATIONS), _product_shape),
    Power: (_power, _same),
    Inverse: (_inverse, _inverse_shape),
    Negative: (_of_parts(lambda node: operator.neg), _same),
    Call: (_of_parts(_call), _call_shape),
    Transpose: (
        _of_parts(lambda node: lambda value: value.T if isinstance(value, Array) else value),
        lambda node, sizes, shapes: (1, *sizes[0]) if len(sizes[0]) == 1 else sizes[0][::-1],
    ),
    ArrayOf: (
        _of_parts(lambda node: lambda *values: arrays.stacked(node.form, values)),
        lambda node, sizes, shapes: arrays.stacked_shape(node.form, sizes),
    ),
    Entry: (
        _of_parts(lambda node: lambda value: arrays.taken(value, node.indices, node.first)),
        lambda node, sizes, shapes: arrays.picked(sizes[0], node.indices, node.first)[1],
    ),
    Placed: (
        _of_parts(lambda node: lambda value, like: arrays.placed(value, like, node.indices, node.first)),
        lambda node, sizes, shapes: sizes[1],
    ),
    Compare: (_of_parts(_compare), lambda node, sizes, shapes: arrays.shared_shape(sizes)),
}
