"""The shapes of formulas, found without any number; what a product means where it may mean two things.

x is (3,), W is 2×3:        `W x` is a matrix product, (2,); `x*x` elementwise, (3,)
"""

from __future__ import annotations

from neuronnet.derivation.compiling import distinct
from neuronnet.formulas import arrays
from neuronnet.formulas.array_expressions import ArrayOf, Compare, Entry, Placed, Transpose, stacked_shape
from neuronnet.formulas.array_parts import picked_shape
from neuronnet.formulas.arrays import ShapeError, as_vector_shape, common_shape, reduced_shape
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.functions import FUNCTIONS, Call
from neuronnet.formulas.whole_functions import diagonal_shape, full_lengths, lengths

PER_NODE, PER_FUNCTION = 10, 20  # multiplications that would take as long


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
        found = shapes.known[id(formula)] = (formula, _RULES[type(formula)](formula, shapes))
    return found[1]


def resolved(formula: Expression, shapes: Shapes) -> Expression:
    """The formula with every product said to be elementwise or a matrix product, by the shapes."""
    parts = [resolved(part, shapes) for part in formula.parts()]
    if not parts:
        return formula
    copy = formula.rebuilt(parts)
    if isinstance(copy, Product):
        own = shape_of(copy.factors[0][1], shapes)
        factors = [copy.factors[0]]
        for operator, factor in copy.factors[1:]:
            other = shape_of(factor, shapes)
            operator = _meant(operator, own, other)
            factors.append((operator, factor))
            own = PRODUCTS[operator](own, other)
        copy = Product(factors)
    copy.column = formula.column
    return copy


def work_of(formula: Expression, shapes: Shapes) -> int:
    """About how many multiplications a value of a resolved formula takes, each distinct part once."""
    found = 0
    for part, _ in distinct(formula).values():
        slow = isinstance(part, Call) and (part.function in FUNCTIONS or part.function in ("softmax", "lse"))
        count = _count(shape_of(part, shapes)) * (PER_FUNCTION if slow else 1)
        found += PER_NODE + count * (abs(part.exponent) if isinstance(part, Power) else 1)
        if isinstance(part, Product) and any(operator == "@" for operator, _ in part.factors):
            found += _in_products(part, shapes)
    return found


def _in_products(formula, shapes):
    own, found = shape_of(formula.factors[0][1], shapes), 0
    for operator, factor in formula.factors[1:]:
        other = shape_of(factor, shapes)
        found += arrays.multiplications(own, other) if operator == "@" else 0
        own = PRODUCTS[operator](own, other)
    return found


def _meant(operator, left, right):
    if operator not in ("*", "·"):
        return operator
    if not as_vector_shape(left) or not as_vector_shape(right):
        return "*"
    elementwise = _fits(common_shape, left, right)
    as_matrices = _fits(arrays.product_shape, left, right)
    if operator == "*":
        return "⊙" if elementwise or not as_matrices else "@"
    return "@" if as_matrices or not elementwise else "⊙"


def _fits(check, left, right):
    try:
        check(left, right)
    except ShapeError:
        return False
    return True


def _together(parts, shapes):
    """The shape of parts that are taken together entry by entry."""
    return arrays.shared_shape([shape_of(part, shapes) for part in parts])


def _sum(node, shapes):
    found = ()
    for part in node.parts():
        found = common_shape(found, shape_of(part, shapes))
    return found


def _product(node, shapes):
    found = shape_of(node.factors[0][1], shapes)
    for operator, factor in node.factors[1:]:
        other = shape_of(factor, shapes)
        if operator in ("*", "·"):
            operator = _meant(operator, found, other)
        found = PRODUCTS[operator](found, other)
    return found


PRODUCTS = {
    "@": arrays.product_shape,
    "⊗": arrays.outer_shape,
    "⊙": common_shape,
    "*": common_shape,
    "/": common_shape,
}


def _transpose(node, shapes):
    inner = shape_of(node.inner, shapes)
    return (1, *inner) if len(inner) == 1 else inner[::-1]


def _array_of(node, shapes):
    return stacked_shape(node.form, [shape_of(part, shapes) for part in node.parts()])


def _call(node, shapes):
    if node.function in _WHOLE:
        return _WHOLE[node.function](node, shapes)
    return _together(node.arguments, shapes)


def _counts(arguments, shapes):
    """The lengths that arguments name: whole numbers, or names of given ones."""
    found = []
    for argument in arguments:
        if isinstance(argument, Negative) and isinstance(argument.inner, Number):
            found.append(-argument.inner.value)
        elif isinstance(argument, ArrayOf):
            found += _counts(argument.parts(), shapes)
        elif isinstance(argument, Number):
            found.append(argument.value)
        elif isinstance(argument, Name) and argument.name in shapes.counts:
            found.append(shapes.counts[argument.name])
        else:
            raise ShapeError(f"{argument.format()} is no length; a length is a whole number")
    return found


def _reduced(node, shapes):
    options = node.options
    return reduced_shape(shape_of(node.arguments[0], shapes), options.get("axis"), options.get("keepdims"))


def _same(node, shapes):
    inner = shape_of(node.arguments[0], shapes)
    reduced_shape(inner, node.options.get("axis"))
    return inner


def _filled(node, shapes):
    return lengths(_counts(node.arguments, shapes))


def _identity(node, shapes):
    (length,) = _filled(node, shapes)
    arrays.require_few(length * length)
    return length, length


def _outer(node, shapes):
    return arrays.outer_shape(*(shape_of(argument, shapes) for argument in node.arguments))


def _diagonal(node, shapes):
    return diagonal_shape(shape_of(node.arguments[0], shapes))


def _reshaped(node, shapes):
    count = _count(shape_of(node.arguments[0], shapes))
    found = full_lengths(count, _counts(node.arguments[1:], shapes))
    if _count(found) != count:
        raise ShapeError(f"{count} entries do not become {arrays.shape_text(found)}")
    return found


def _count(dimensions):
    found = 1
    for each in dimensions:
        found *= each
    return found


def _as(form):
    def shape(node, shapes):
        inner = shape_of(node.arguments[0], shapes)
        return form(_count(inner)) if inner else ()

    return shape


_RULES = {
    Number: lambda node, shapes: (),
    Name: lambda node, shapes: shapes[node.name],
    Sum: _sum,
    Product: _product,
    Power: lambda node, shapes: shape_of(node.base, shapes),
    Negative: lambda node, shapes: shape_of(node.inner, shapes),
    Transpose: _transpose,
    Call: _call,
    Entry: lambda node, shapes: picked_shape(shape_of(node.base, shapes), node.indices, node.first),
    Placed: lambda node, shapes: shape_of(node.like, shapes),
    ArrayOf: _array_of,
    Compare: lambda node, shapes: _together(node.parts(), shapes),
}
_WHOLE = {
    "sum": _reduced,
    "mean": _reduced,
    "amax": _reduced,
    "lse": _reduced,
    "softmax": _same,
    "is_greatest": _same,
    "constant": _same,
    "ones_like": _same,
    "zeros_like": _same,
    "ones": _filled,
    "zeros": _filled,
    "eye": _identity,
    "diag": _diagonal,
    "reshape": _reshaped,
    "outer": _outer,
    "row": _as(lambda length: (1, length)),
    "column": _as(lambda length: (length, 1)),
    "plain": _as(lambda length: (length,)),
}
