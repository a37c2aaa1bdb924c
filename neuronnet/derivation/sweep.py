"""The sweep backwards: from the derivative of a scalar by a formula to that by each name in the formula.

`contributions(formula, gradient, shapes)` gives, for `Z = X @ W` and `gradient = dL/dZ`, the pairs
("X", dL/dZ @ Wᵀ) and ("W", Xᵀ @ dL/dZ). One rule for each kind of formula; Magnus and Neudecker, "Matrix
Differential Calculus", has them. What comes out are formulas, so that they can be shown, evaluated in any
type of number, and varied.

On the way a gradient may be smaller than what it is by, where it is the same along an axis or everywhere:
that of `sum(x)` by x is a number until somebody needs it as an array (`full`).
"""

from math import prod

from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.evaluating import Shapes, shape_of
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
    is_number,
    signed_sum,
    without_minus,
)
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.rewriting import elementwise, nodes, turned


def contributions(
    formula: Expression, gradient: Expression, shapes: Shapes, own_name: str | None = None
) -> list[tuple[str, Expression]]:
    """(name, its share of the gradient) for every place where a name stands in a formula.

    `formula` is resolved (`resolved`), `gradient` the derivative of the scalar by it; `shapes` are the shapes
    of the names, those in the gradient too. A share has the shape of its name, or that of the same vector as
    a row or column, or a smaller one that is repeated. `own_name` is the name of the formula, which a share
    may use: softmax.
    """
    found, waiting = [], [(formula, gradient)]
    while waiting:
        part, share = waiting.pop()
        if isinstance(part, Name):
            found.append((part.name, share))
        elif part.names():
            shown = Name(own_name) if own_name and part is formula else part
            waiting += [pair for pair in _inwards(part, share, shapes, shown) if pair[0].names()]
    return found[::-1]


def added(shares: list[Expression], own: tuple, shapes: Shapes) -> Expression:
    """The sum of the shares of a gradient by something of the shape `own`; zeros if there are none."""
    sizes = {shape_of(share, shapes) for share in shares}
    if len({size for size in sizes if as_vector_shape(size) not in ((), as_vector_shape(own))}) > 1:
        shares = [full(share, own, shapes) for share in shares]
    total = signed_sum((1, share) for share in shares)
    if is_number(total, 0):
        return Call("zeros", list(own)) if own else total
    same = as_vector_shape(shape_of(total, shapes)) == as_vector_shape(own)
    return total if same else full(total, own, shapes)


def derivative(formula: Expression, name: str) -> Expression:
    """The derivative of a formula of numbers by a name, every other name held fixed.

    `i1` for `w1*i1 + b1` by w1. At the kink of max(0, x) it is the slope to the left, 0.
    """
    shapes = Shapes(dict.fromkeys(formula.names(), ()))
    shares = [share for each, share in contributions(formula, Number(1), shapes) if each == name]
    return added(shares, (), shapes)


def slope_of(parameters: list[str], body: Expression) -> Expression | None:
    """The derivative of an author's function of one number; None where it is not of numbers alone."""
    for part, *_ in nodes(body):
        whole = isinstance(part, Call) and FUNCTIONS[part.function].shape
        if whole or isinstance(part, (ArrayOf, Entry, Transpose)):
            return None
    return derivative(body, parameters[0]) if len(parameters) == 1 else None


def _inwards(node, gradient, shapes, shown):
    """(part, the derivative by it) for the parts of a formula."""
    if not isinstance(node, Call):
        return _RULES[type(node)](node, gradient, shapes)
    if node.function == "softmax":
        return _of_softmax(node, gradient, shapes, shown)
    function = FUNCTIONS[node.function]
    if function.slopes is None:
        return _WHOLE.get(node.function, _nothing)(node, gradient, shapes)
    return (_reduction if function.shape else _entry_by_entry)(node, gradient, shapes, function.slopes)


def full(gradient: Expression, own: tuple, shapes: Shapes) -> Expression:
    """A gradient in the very shape `own`: repeated where it is smaller, turned where it is a row."""
    actual = shape_of(gradient, shapes)
    if actual == own or (not as_vector_shape(actual) and not as_vector_shape(own)):
        return gradient
    if as_vector_shape(actual) == as_vector_shape(own):
        if len(own) == 2 and actual == own[::-1]:
            return _transposed(gradient, shapes)
        return Call("plain" if len(own) == 1 else "row" if own[0] == 1 else "column", [gradient])
    return _times(gradient, Call("ones", list(own)), shapes)


def _scaled(gradient, slope, own, shapes):
    """A gradient by something of the shape `own`, times a slope: never two different vectors of a matrix."""
    sizes = shape_of(gradient, shapes), shape_of(slope, shapes)
    if len(as_vector_shape(own)) == 2 and own not in sizes and sizes[0] != sizes[1]:
        if all(map(as_vector_shape, sizes)):
            gradient = full(gradient, own, shapes)
    return _times(gradient, slope, shapes)


def _fitted(gradient, own, wanted, shapes):
    """A gradient by something of the shape `own` as one by a part of the shape `wanted`, repeated to fit.

    What was repeated along an axis adds up along it.
    """
    if as_vector_shape(own) == as_vector_shape(wanted):
        return gradient
    gradient = full(gradient, own, shapes)
    if not as_vector_shape(wanted):
        return Call("sum", [gradient])
    axis = {"axis": 0 if arrays.runs_along(wanted, own) == "rows" else 1}
    return Call("sum", [gradient], axis if len(wanted) == 1 else {**axis, "keepdims": True})


def _times(left, right, shapes):
    return elementwise(left, right, lambda formula: shape_of(formula, shapes))


def _matrix_product(left, right):
    if isinstance(left, Negative):
        return without_minus(_matrix_product(left.inner, right))
    if isinstance(right, Negative):
        return without_minus(_matrix_product(left, right.inner))
    return Product([("*", left), ("@", right)])


def _transposed(formula, shapes):
    if isinstance(formula, Negative):
        return without_minus(_transposed(formula.inner, shapes))
    if isinstance(formula, Product) and [operator for operator, _ in formula.factors[1:]] == ["@"]:
        left, right = (factor for _, factor in formula.factors)
        if len(shape_of(left, shapes)) == 2 and all(
            map(as_vector_shape, (shape_of(left, shapes), shape_of(right, shapes)))
        ):
            return _matrix_product(_transposed(right, shapes), _transposed(left, shapes))
    return turned(formula)


def _sum(node, gradient, shapes):
    """From the last term to the first, so that each is fitted to the sum of those before it."""
    sums = [shape_of(node.terms[0][1], shapes)]
    for _, term in node.terms[1:]:
        sums.append(arrays.common_shape(sums[-1], shape_of(term, shapes)))
    for place in range(len(sums) - 1, -1, -1):
        sign, term = node.terms[place]
        share = _fitted(gradient, sums[place], shape_of(term, shapes), shapes)
        yield term, share if sign > 0 else without_minus(share)
        gradient = _fitted(gradient, sums[place], sums[place - 1], shapes) if place else gradient


def _product(node, gradient, shapes):
    *before, (operator, last) = node.factors
    first = before[0][1] if len(before) == 1 else Product(before)
    own, sizes = shape_of(node, shapes), (shape_of(first, shapes), shape_of(last, shapes))
    if operator == "/":
        share = _scaled(gradient, Product([("*", Number(1)), ("/", last)]), own, shapes)
        yield first, _fitted(share, own, sizes[0], shapes)
        if last.names():
            slope = _times(first, Product([("*", Number(1)), ("/", last**2)]), shapes)
            yield last, _fitted(without_minus(_scaled(gradient, slope, own, shapes)), own, sizes[1], shapes)
    elif operator in ("@", "⊗") and all(map(as_vector_shape, sizes)):
        yield from _products(operator, first, last, gradient, own, shapes)
    else:
        yield first, _fitted(_scaled(gradient, last, own, shapes), own, sizes[0], shapes)
        yield last, _fitted(_scaled(gradient, first, own, shapes), own, sizes[1], shapes)


def _products(operator, first, last, gradient, own, shapes):
    left, right = shape_of(first, shapes), shape_of(last, shapes)
    if own == ():  # a row times a column
        turned = [_transposed(part, shapes) if len(left) == 2 else part for part in (last, first)]
        yield from ((part, _times(gradient, each, shapes)) for part, each in zip((first, last), turned))
        return
    gradient = full(gradient, own, shapes)
    if operator == "⊗" or (len(left) == 1 and len(right) == 2 and right[0] == 1):
        yield first, _matrix_product(gradient, full(last, (max(right),), shapes))
        yield last, _matrix_product(_transposed(gradient, shapes), full(first, (max(left),), shapes))
    elif len(left) == 1:  # x W, the vector as a row
        yield first, _matrix_product(last, gradient)
        yield last, Product([("*", first), ("⊗", gradient)])
    else:
        yield first, _matrix_product(gradient, _transposed(last, shapes))
        yield last, _matrix_product(_transposed(first, shapes), gradient)


def _power(node, gradient, shapes):
    n = node.exponent
    rest = Number(1) if n == 1 else node.base if n == 2 else node.base ** (n - 1)
    yield node.base, _times(gradient, _times(Number(n), rest, shapes), shapes)


def _entry_by_entry(node, gradient, shapes, slopes):
    own = shape_of(node, shapes)
    for argument, slope in zip(node.arguments, slopes(*node.arguments)):
        if argument.names() and not is_number(slope, 0):
            share = _scaled(gradient, slope, own, shapes)
            yield argument, _fitted(share, own, shape_of(argument, shapes), shapes)


def _reduction(node, gradient, shapes, slope):
    """Of a sum, mean or maximum: the gradient, repeated along the axis that went, times a slope."""
    (value,) = node.arguments
    axis, inner = node.options.get("axis"), shape_of(value, shapes)
    whole = axis is None or len(inner) < 2
    if not whole and as_vector_shape(shape_of(gradient, shapes)):
        gradient = full(gradient, (1, inner[1]) if axis % 2 == 0 else (inner[0], 1), shapes)
    count = prod(inner) if whole else inner[axis % 2]
    own = slope(value, {} if axis is None else {"axis": axis}, count)
    yield value, _scaled(gradient, own, inner, shapes)


def _transpose(node, gradient, shapes):
    single = not as_vector_shape(shape_of(gradient, shapes))
    yield (
        node.inner,
        gradient if single else _transposed(full(gradient, shape_of(node, shapes), shapes), shapes),
    )


def _entry(node, gradient, shapes):
    gradient = full(gradient, shape_of(node, shapes), shapes)
    yield node.base, Placed(gradient, node.base, node.indices, node.first)


def _placed(node, gradient, shapes):
    gradient = full(gradient, shape_of(node, shapes), shapes)
    yield node.inner, Entry(gradient, node.indices, node.first == 0)


def _array_of(node, gradient, shapes):
    own = shape_of(node, shapes)
    if not as_vector_shape(shape_of(gradient, shapes)):
        yield from ((part, gradient) for part in node.parts())
        return
    gradient = full(gradient, own, shapes)
    if own != node.form and len(own) == 1:  # [h; x], one behind the other
        end = 0
        for part in node.parts():
            start, end = end, end + max(shape_of(part, shapes), default=1)
            index = (start + 1, end) if as_vector_shape(shape_of(part, shapes)) else end
            yield part, Entry(gradient, [index], False)
        return
    if own != node.form:  # its entries are rows
        yield from ((row, Entry(gradient, [i, None], False)) for i, row in enumerate(node.rows, 1))
        return
    for place, part in enumerate(node.parts()):
        indices = [place // own[1] + 1, place % own[1] + 1] if len(own) == 2 else [place + 1]
        yield part, Entry(gradient, indices, False)


def _of_softmax(node, gradient, shapes, shown):
    (value,) = node.arguments
    inner, axis = shape_of(value, shapes), node.options.get("axis")
    if as_vector_shape(shape_of(gradient, shapes)):
        gradient = full(gradient, inner, shapes)
    kept = {} if axis is None or len(inner) < 2 else {"axis": axis, "keepdims": True}
    weighted = Call("sum", [_times(gradient, shown, shapes)], kept)
    yield value, _times(shown, gradient - weighted, shapes)


def _of_outer(node, gradient, shapes):
    first, last = node.arguments
    yield from _product(Product([("*", first), ("⊗", last)]), gradient, shapes)


def _of_reshaped(node, gradient, shapes):
    inner, own = shape_of(node.arguments[0], shapes), shape_of(node, shapes)
    if as_vector_shape(inner) != as_vector_shape(own) and as_vector_shape(shape_of(gradient, shapes)):
        gradient = Call("reshape", [full(gradient, own, shapes), *inner])
    yield node.arguments[0], gradient


def _of_diagonal(node, gradient, shapes):
    yield node.arguments[0], Call("diag", [full(gradient, shape_of(node, shapes), shapes)])


def _inverse(node, gradient, shapes):
    own, turned = shape_of(node, shapes), Transpose(node)
    if arrays.is_square(own):
        inner = _matrix_product(turned, full(gradient, own, shapes))
        yield node.base, without_minus(_matrix_product(inner, turned))
    else:
        yield from _power(node, gradient, shapes)


def _of_determinant(node, gradient, shapes):
    yield (
        node.arguments[0],
        _times(_times(gradient, node, shapes), Transpose(Inverse(node.arguments[0])), shapes),
    )


def _nothing(node, gradient, shapes):
    return ()


_RULES = {
    Sum: _sum,
    Product: _product,
    Power: _power,
    Inverse: _inverse,
    Negative: lambda node, gradient, shapes: [(node.inner, without_minus(gradient))],
    Transpose: _transpose,
    Entry: _entry,
    Placed: _placed,
    ArrayOf: _array_of,
    Compare: _nothing,
}
# The functions of whole arrays with slopes are sums of some kind; those that are not here have no derivative.
_WHOLE = {
    "outer": _of_outer,
    "row": _of_reshaped,
    "column": _of_reshaped,
    "plain": _of_reshaped,
    "reshape": _of_reshaped,
    "diag": _of_diagonal,
    "det": _of_determinant,
}
