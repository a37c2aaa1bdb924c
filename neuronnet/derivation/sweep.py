"""The sweep backwards: from the derivative of a scalar by a formula to that by each name in the formula.

`contributions(formula, gradient, shapes)` gives, for `Z = X @ W` and `gradient = dL/dZ`, the pairs
("X", dL/dZ @ Wᵀ) and ("W", Xᵀ @ dL/dZ). One rule for each kind of formula; Magnus and Neudecker, "Matrix
Differential Calculus", has them. What comes out are formulas, so that they can be shown, evaluated in any
type of number, and varied.
"""

from neuronnet.formulas import arrays
from neuronnet.formulas.array_expressions import ArrayOf, Compare, Entry, Placed, Transpose
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.functions import FUNCTIONS, Call


def contributions(formula: Expression, gradient: Expression, shapes: dict) -> list[tuple[str, Expression]]:
    """(name, its share of the gradient) for every place where a name stands in a formula.

    `formula` is resolved (`resolved`), `gradient` the derivative of the scalar by it; `shapes` are the shapes
    of the names. Each share has the shape of its name.
    """
    found, waiting = [], [(formula, gradient)]
    while waiting:
        part, share = waiting.pop()
        if isinstance(part, Name):
            found.append((part.name, share))
        elif part.names():
            waiting += [(inner, each) for inner, each in _inwards(part, share, shapes) if inner.names()]
    return found[::-1]


def _inwards(node, gradient, shapes):
    """(part, the derivative by it) for the parts of a formula."""
    kind = type(node)
    if kind is Call and node.function in _WHOLE:
        return _WHOLE[node.function](node, gradient, shapes)
    return _RULES[kind](node, gradient, shapes)


def times(left: Expression, right: Expression) -> Expression:
    """The elementwise product, without a factor 1."""
    if _is(left, 1):
        return right
    if _is(right, 1):
        return left
    if isinstance(right, Negative):
        return _negative(times(left, right.inner))
    if isinstance(left, Negative):
        return _negative(times(left.inner, right))
    return Product([*_factors(left), ("⊙", right)])


def matrix_product(left: Expression, right: Expression) -> Expression:
    if isinstance(left, Negative):
        return _negative(matrix_product(left.inner, right))
    if isinstance(right, Negative):
        return _negative(matrix_product(left, right.inner))
    return Product([("*", left), ("@", right)])


def transposed(formula: Expression) -> Expression:
    return formula.inner if isinstance(formula, Transpose) else Transpose(formula)


def _factors(formula):
    """The factors of an elementwise product, which may go on; any other formula as one factor."""
    if isinstance(formula, Product) and all(operator in ("⊙", "*") for operator, _ in formula.factors):
        return list(formula.factors)
    return [("*", formula)]


def _negative(formula):
    return formula.inner if isinstance(formula, Negative) else Negative(formula)


def _is(formula, value):
    return isinstance(formula, Number) and formula.value == value


def fitted(gradient: Expression, own: tuple, wanted: tuple) -> Expression:
    """A gradient of the shape `own` as one by a part of the shape `wanted`, which was repeated to fit.

    What was repeated along an axis adds up along it.
    """
    if own == wanted:
        return gradient
    if as_vector_shape(own) == as_vector_shape(wanted):
        if len(own) == 2 and own[0] == 1 and wanted != ():
            return transposed(gradient)  # a row where a column or a plain vector stands
        return Call("row", [gradient]) if len(wanted) == 2 and wanted[0] == 1 else gradient
    if as_vector_shape(wanted) == ():
        return Call("sum", [gradient])
    along = arrays._along(wanted, own)
    total = Call("sum", [gradient], {"axis": 0 if along == "rows" else 1})
    return Call("row", [total]) if len(wanted) == 2 and wanted[0] == 1 else total


def _sum(node, gradient, shapes):
    own = shape_of(node, shapes)
    for sign, term in node.terms:
        share = gradient if sign > 0 else _negative(gradient)
        yield term, fitted(share, own, shape_of(term, shapes))


def _product(node, gradient, shapes):
    *before, (operator, last) = node.factors
    first = before[0][1] if len(before) == 1 else Product(before)
    own = shape_of(node, shapes)
    sizes = shape_of(first, shapes), shape_of(last, shapes)
    if operator == "/":
        yield first, fitted(Product([*_factors(gradient), ("/", last)]), own, sizes[0])
        slope = Product([("*", first), ("/", last**2)])
        yield last, fitted(_negative(times(gradient, slope)), own, sizes[1])
    elif operator in ("@", "⊗") and as_vector_shape(sizes[0]) and as_vector_shape(sizes[1]):
        yield from _matrix_product(operator, first, last, gradient, own, sizes)
    else:
        yield first, fitted(times(gradient, last), own, sizes[0])
        yield last, fitted(times(gradient, first), own, sizes[1])


def _matrix_product(operator, first, last, gradient, own, sizes):
    left, right = sizes
    if operator == "⊗" or (len(left) == 1 and len(right) == 2 and right[0] == 1):
        column = Call("plain", [last]) if len(right) == 2 else last
        yield first, fitted(matrix_product(gradient, column), (max(left),), left)
        row = matrix_product(transposed(gradient), Call("plain", [first]) if len(left) == 2 else first)
        yield last, fitted(row, (max(right),), right)
    elif own == ():  # a row times a column
        yield first, fitted(times(gradient, last), right, left)
        yield last, fitted(times(gradient, first), left, right)
    elif len(left) == 1:  # x W, the vector as a row
        yield first, matrix_product(last, gradient)
        yield last, Call("outer", [first, gradient])
    else:
        row = transposed(last)
        yield first, matrix_product(gradient, row)
        yield last, fitted(matrix_product(transposed(first), gradient), _times_shape(left, own), right)


def _times_shape(left, own):
    """The shape of leftᵀ @ gradient."""
    return (left[1],) if len(own) == 1 else (left[1], own[1])


def _power(node, gradient, shapes):
    n = node.exponent
    rest = Number(1) if n == 1 else node.base if n == 2 else node.base ** (n - 1)
    yield node.base, times(gradient, Number(1) if n == 1 else Product([("*", Number(n)), ("*", rest)]))


def _call(node, gradient, shapes):
    own = shape_of(node, shapes)
    for argument, slope in zip(node.arguments, FUNCTIONS[node.function][2](*node.arguments)):
        if argument.names() and not _is(slope, 0):
            yield argument, fitted(times(gradient, slope), own, shape_of(argument, shapes))


def _entry(node, gradient, shapes):
    yield node.base, Placed(gradient, node.base, node.indices, node.first)


def _placed(node, gradient, shapes):
    yield node.inner, Entry(gradient, node.indices, node.first == 0)


def _array_of(node, gradient, shapes):
    own = shape_of(node, shapes)
    if not node.is_matrix and len(own) == 2:
        for i, row in enumerate(node.rows, 1):
            yield row, Entry(gradient, [i, None], False)
        return
    for i, row in enumerate(node.rows, 1):
        for j, entry in enumerate(row if node.is_matrix else [row], 1):
            yield entry, Entry(gradient, [i, j] if node.is_matrix else [i], False)


def _spread(node, gradient, shapes):
    """The gradient of a sum or mean, repeated along the axis that was summed."""
    (value,) = node.arguments
    axis, inner = node.options.get("axis"), shape_of(value, shapes)
    if len(inner) == 2 and axis is not None:
        gradient = Call("row" if axis % 2 == 0 else "column", [gradient])
    return value, gradient, inner, axis


def _ones(value):
    return Call("ones_like", [value])


def _of_sum(node, gradient, shapes):
    value, gradient, inner, _ = _spread(node, gradient, shapes)
    yield value, gradient if inner == () else Product([("*", gradient), ("⊙", _ones(value))])


def _of_mean(node, gradient, shapes):
    value, gradient, inner, axis = _spread(node, gradient, shapes)
    count = 1
    for each in inner if axis is None or len(inner) < 2 else (inner[axis % 2],):
        count *= each
    spread = gradient if inner == () else Product([("*", gradient), ("⊙", _ones(value))])
    yield value, spread if count == 1 else Product([("*", spread), ("/", Number(count))])


def _of_greatest(node, gradient, shapes):
    value, gradient, inner, axis = _spread(node, gradient, shapes)
    yield value, times(gradient, Call("is_greatest", [value], _axis(axis)))


def _of_log_sum(node, gradient, shapes):
    value, gradient, inner, axis = _spread(node, gradient, shapes)
    yield value, times(gradient, Call("softmax", [value], _axis(axis)))


def _axis(axis):
    return {} if axis is None else {"axis": axis}


def _of_softmax(node, gradient, shapes):
    (value,) = node.arguments
    inner, axis = shape_of(value, shapes), node.options.get("axis")
    weighted = times(gradient, node)
    kept = {} if axis is None or len(as_vector_shape(inner)) < 2 else {"axis": axis, "keepdims": True}
    yield value, times(node, gradient - Call("sum", [weighted], kept))


def _of_outer(node, gradient, shapes):
    first, last = node.arguments
    sizes = shape_of(first, shapes), shape_of(last, shapes)
    yield from _matrix_product("⊗", first, last, gradient, shape_of(node, shapes), sizes)


def _of_reshaped(node, gradient, shapes):
    (value,) = node.arguments
    inner, own = shape_of(value, shapes), shape_of(node, shapes)
    names = {(1,): "plain", (2, 0): "column", (2, 1): "row"}
    shape = (1,) if len(inner) == 1 else (2, 1) if inner[0] == 1 else (2, 0)
    yield value, gradient if inner == own or inner == () else Call(names[shape], [gradient])


def _nothing(node, gradient, shapes):
    return ()


_RULES = {
    Sum: _sum,
    Product: _product,
    Power: _power,
    Negative: lambda node, gradient, shapes: [(node.inner, _negative(gradient))],
    Transpose: lambda node, gradient, shapes: [
        (node.inner, fitted(transposed(gradient), shape_of(node, shapes)[::-1], shape_of(node.inner, shapes)))
    ],
    Call: _call,
    Entry: _entry,
    Placed: _placed,
    ArrayOf: _array_of,
    Compare: _nothing,
}
_WHOLE = {
    "sum": _of_sum,
    "mean": _of_mean,
    "amax": _of_greatest,
    "lse": _of_log_sum,
    "softmax": _of_softmax,
    "outer": _of_outer,
    "row": _of_reshaped,
    "column": _of_reshaped,
    "plain": _of_reshaped,
    "ones_like": _nothing,
    "is_greatest": _nothing,
    "ones": _nothing,
    "zeros": _nothing,
}


# Shapes


class _Unknown:
    """A number of which only that it is one is known: every operation gives it back."""

    real = 1.0

    def _same(self, other=None):
        return NotImplemented if isinstance(other, arrays.Array) else self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _same
    __neg__ = __pow__ = __abs__ = exp = ln = sqrt = tanh = log1p = _same

    def __init__(self, value=1):
        self.value = value  # that of a literal, which may be the length of an array

    @classmethod
    def as_written(cls, value):
        return cls(value)

    def __lt__(self, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __int__(self):
        return int(float(self.value))


UNKNOWN = _Unknown()


class Shapes(dict):
    """Names with arrays of UNKNOWN for values: what `shape_of` evaluates formulas with."""

    def __init__(self, shapes: dict):
        super().__init__((name, of_shape(dimensions)) for name, dimensions in shapes.items())
        self.known: dict = {}


def of_shape(dimensions):
    count = 1
    for each in dimensions:
        count *= each
    return arrays.Array([UNKNOWN] * count, tuple(dimensions)) if dimensions else UNKNOWN


def shape_of(formula: Expression, shapes: Shapes) -> tuple:
    """The shape of a formula. Raises ShapeError where parts of it do not fit, KeyError for unknown names."""
    found = shapes.known.get(id(formula))
    if found is None:
        value = formula.evaluator(_Unknown)(shapes)
        found = shapes.known[id(formula)] = (formula, arrays.shape(value))
    return found[1]


def resolved(formula: Expression, shapes: Shapes) -> Expression:
    """The formula with every product said to be elementwise or a matrix product, by the shapes."""
    parts = [resolved(part, shapes) for part in formula.parts()]
    if not parts:
        return formula
    copy = formula.rebuilt(parts)
    if isinstance(copy, Product):
        factors = [copy.factors[0]]
        for operator, factor in copy.factors[1:]:
            left = factors[0][1] if len(factors) == 1 else Product(factors)
            factors = [*factors, (_meant(operator, shape_of(left, shapes), shape_of(factor, shapes)), factor)]
        copy = Product(factors)
    copy.column = formula.column
    return copy


def _meant(operator, left, right):
    if operator not in ("*", "·"):
        return operator
    if not as_vector_shape(left) or not as_vector_shape(right):
        return "*"
    elementwise = _fits(arrays.common_shape, left, right)
    as_matrices = _fits(arrays._product_shape, left, right)
    if operator == "*":
        return "⊙" if elementwise or not as_matrices else "@"
    return "@" if as_matrices or not elementwise else "⊙"


def _fits(check, left, right):
    try:
        check(left, right)
    except arrays.ShapeError:
        return False
    return True
