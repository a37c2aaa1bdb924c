"""The functions in formulas, one row each: value, derivatives, how many arguments, and the shape.

Most are functions of numbers and hold for arrays entry by entry. A function of whole arrays (`sum`,
`softmax`, `ones`) has its shape in its row. `calls.py` has what is written with these: relu, var, clip.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from math import prod
from operator import add
from typing import NamedTuple

from neuronnet import elementary
from neuronnet.elementary import Literal, as_number
from neuronnet.formulas import arrays, special
from neuronnet.formulas.arrays import Array, ShapeError, mapped
from neuronnet.formulas.expressions import Call, Number, is_number, total


class Function(NamedTuple):
    """What a function is.

    `value` takes numbers or, if it has a `shape`, whole arrays. `slopes` gives the derivatives by the
    arguments as formulas, from the arguments; of a function that combines the entries of an array, the one by
    an entry, from the array, its axis as options, and how many it combines. `arguments` is how many it
    takes, None for any number. `shape` makes the shape of the value of the shapes of the arguments, of
    `numbers(start)`, which are the numbers that the arguments from a place on name, and of the options.
    """

    value: Callable
    slopes: Callable | None = None
    arguments: int | None = 1
    shape: Callable[..., tuple] | None = None
    options: tuple[str, ...] = ()


# Slopes


def _shares(*terms):
    """exp(x_k)/(exp(x_1) + exp(x_2) + ...), divided through by exp(x_k), for every k."""
    return [
        1 / total(Number(1) if j == k else Call("exp", [other - term]) for j, other in enumerate(terms))
        for k, term in enumerate(terms)
    ]


def _share_slopes(*terms):
    own = Call("share", terms)
    others = [[each, *terms[:k], *terms[k + 1 :]] for k, each in enumerate(terms)][1:]
    return [own * (1 - own), *(-own * Call("share", each) for each in others)]


def _largest_slopes(one, other):
    """Of max(a, b) by a and by b; where they are equal, the slope of a counts, but that of 0 beside a 0."""
    if is_number(other, 0):
        return _largest_slopes(other, one)[::-1]
    other_is_larger = Call("step", [other if is_number(one, 0) else other - one])
    return [1 - other_is_larger, other_is_larger]


def _power_slopes(x, n):
    """The exponent less one is a number at once: `x^-0.5` and not `x^(0.5 - 1)`."""
    known = isinstance(n, Number)
    less = Number(Literal(str(as_number(n.value, Decimal) - 1))) if known else n - 1
    return [n * Call("power", [x, less]), Call("ln", [x]) * Call("power", [x, n])]


def _where_slopes(condition, yes, no):
    return [Number(0), Call("where", [condition, 1, 0]), Call("where", [condition, 0, 1])]


def _below_zero(x, value=1):
    return Call("where", [Call("step", [x]), 0, value])


def _of_one(derivative):
    return lambda x: [derivative(x)]


# Values


def _positive(x):
    return elementary.real_part(x) > 0


def _piecewise(below):
    """x itself above 0, else what `below` makes of it and of a second argument."""
    return lambda x, a: x if _positive(x) else below(x, a)


def _piecewise_slope(below):
    return lambda x, a: x * 0 + (1 if _positive(x) else below(x, a))


def _total(values):
    return reduce(add, values)


def _greatest(values):
    return max(values, key=elementary.real_part)


def _softmax(values):
    greatest = _greatest(values)
    powers = [elementary.exp(value - greatest) for value in values]
    total = _total(powers)
    return [power / total for power in powers]


def _is_greatest(values):
    """1 for the first of the greatest entries, 0 for the others."""
    greatest = values.index(_greatest(values))
    return [value * 0 + (1 if place == greatest else 0) for place, value in enumerate(values)]


def _one_hot(labels, like):
    """Rows of zeros with a 1 in the column, from 0, that each label names; as many columns as `like` has."""
    rows, columns = _one_hot_shape([arrays.shape(labels), arrays.shape(like)])
    places = [(elementary.real_part(label), label * 0) for label in arrays.entries(labels)]
    return Array(
        [zero + int(place == column) for place, zero in places for column in range(columns)], (rows, columns)
    )


def _one_hot_shape(sizes, numbers=None):
    return prod(sizes[0]), prod(sizes[1][-1:])


def _diagonal(value):
    result, own = _diagonal_shape([arrays.shape(value)]), arrays.entries(value)
    if len(result) == 1:
        return Array(own[:: result[0] + 1], result)
    places = range(result[0])
    return Array([own[i] if i == j else own[0] * 0 for i in places for j in places], result)


def inverse(value):
    """The inverse of a square matrix. Raises ZeroDivisionError where it has none."""
    rows, determinant = _eliminated(value)
    if not rows:
        raise ZeroDivisionError(f"a matrix whose determinant is {determinant} has no inverse")
    return Array((entry for row in rows for entry in row), value.shape)


def _eliminated(value):
    """(the rows of the inverse of a square matrix, none where there is no inverse; its determinant)."""
    (size, _), determinant = square_shape([arrays.shape(value)]), 1
    rows = [[*row, *(row[0] * 0 + (i == j) for j in range(size))] for i, row in enumerate(value.nested())]
    for k in range(size):
        pivot = max(range(k, size), key=lambda i: abs(elementary.real_part(rows[i][k])))
        determinant = rows[pivot][k] * (determinant if pivot == k else -determinant)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        if elementary.real_part(rows[k][k]) == 0:
            return [], determinant
        rows[k] = [each / rows[k][k] for each in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [each - rows[i][k] * own for each, own in zip(rows[i], rows[k])]
    return [row[size:] for row in rows], determinant


def _filled(entry):
    """An array of one number, in the shape that its arguments or entries name: ones(3), ones(2, 3)."""

    def make(*values):
        found = lengths(values)
        return Array([arrays.entries(values[0])[0] * 0 + entry] * prod(found), found)

    return make


# Shapes, and the lengths that numbers name


def lengths(values) -> tuple[int, ...]:
    """The shape that numbers name: (2, 3) for ones(2, 3). Raises ShapeError where they name none."""
    counts = [elementary.real_part(length) for each in values for length in arrays.entries(each)]
    if not 1 <= len(counts) <= 2 or any(not 1 <= count <= arrays.MOST_ENTRIES for count in counts):
        raise ShapeError(f"an array has one or two lengths, from 1 to {arrays.MOST_ENTRIES}")
    found = tuple(map(int, counts))
    if any(whole != count for whole, count in zip(found, counts)):
        raise ShapeError("the lengths of an array are whole numbers")
    arrays.require_few(prod(found))
    return found


def _square(values):
    (length,) = lengths(values)
    arrays.require_few(length * length)
    return length, length


def _full_lengths(count, values):
    """The lengths in reshape(x, 2, -1) for `count` entries, that of -1 worked out."""
    values = [entry for each in values for entry in arrays.entries(each)]
    known = [value for value in values if value != -1]
    if len(known) + 1 == len(values):
        rest = count // (lengths(known)[0] if known else 1)
        values = [rest if value == -1 else value for value in values]
    found = lengths(values)
    if prod(found) != count:
        raise ShapeError(f"{count} entries do not become {arrays.shape_text(found)}")
    return found


def _diagonal_shape(sizes, numbers=None):
    """The shape of diag: of a vector a square matrix, of a square matrix a vector."""
    (inner,) = sizes
    if not inner or arrays.is_vector(inner):
        return _square([max(inner, default=1)])
    if inner[0] != inner[1]:
        raise ShapeError(f"diag takes a vector or a square matrix, not {arrays.shape_text(inner)}")
    return inner[:1]


def square_shape(sizes: list, numbers: object = None) -> tuple[int, int]:
    """The shape of a square matrix of which the inverse or determinant is taken. Raises ShapeError."""
    if 2 * prod(sizes[0][:1]) ** 3 > arrays.MOST_PRODUCTS:
        raise ShapeError(
            f"{arrays.shape_text(sizes[0])} takes more than {arrays.MOST_PRODUCTS} multiplications"
        )
    if not arrays.is_square(sizes[0]):
        raise ShapeError(f"a determinant is of a square matrix, not {arrays.shape_text(sizes[0])}")
    return sizes[0]


def _same_shape(sizes, numbers, axis=None):
    arrays.reduced_shape(sizes[0], axis)
    return sizes[0]


def _reduced_shape(sizes, numbers, axis=None, keepdims=False):
    return arrays.reduced_shape(sizes[0], axis, keepdims)


def _reduction(combine, slope):
    def reduced(value, axis=None, keepdims=False):
        return arrays.reduced(combine, value, axis, bool(keepdims))

    return Function(reduced, slope, 1, _reduced_shape, ("axis", "keepdims"))


def _by_lines(change):
    return Function(
        lambda value, axis=None: arrays.by_lines(change, value, axis), None, 1, _same_shape, ("axis",)
    )


def _in_form(form):
    """An array with the same entries in another shape, `form(how many)`."""

    def turned(value):
        return Array(value.entries, form(arrays.size(value))) if isinstance(value, Array) else value

    return Function(turned, None, 1, lambda sizes, numbers: form(prod(sizes[0])) if sizes[0] else ())


# Name -> its row. Below the line are those of whole arrays, of which derivation/sweep.py knows further
# derivatives.
FUNCTIONS = {
    "exp": Function(elementary.exp, _of_one(lambda x: Call("exp", [x]))),
    "ln": Function(elementary.ln, _of_one(lambda x: 1 / x)),
    "tanh": Function(elementary.tanh, _of_one(lambda x: Call("tanh'", [x]))),
    "tanh'": Function(elementary.tanh_slope, _of_one(lambda x: -2 * Call("tanh", [x]) * Call("tanh'", [x]))),
    "sqrt": Function(elementary.sqrt, _of_one(lambda x: 1 / (2 * Call("sqrt", [x])))),
    "step": Function(elementary.step, _of_one(lambda x: Number(0))),
    "max": Function(elementary.larger, _largest_slopes, 2),
    "logsumexp": Function(elementary.logsumexp, _shares, None),
    "share": Function(elementary.share, _share_slopes, None),  # the first term of a softmax
    "logistic": Function(elementary.logistic, _of_one(lambda x: Call("logistic'", [x]))),
    "logistic'": Function(
        elementary.logistic_slope, _of_one(lambda x: Call("logistic'", [x]) * (1 - 2 * Call("logistic", [x])))
    ),
    "softplus": Function(lambda x: elementary.logsumexp(x * 0, x), _of_one(lambda x: Call("logistic", [x]))),
    "leaky_relu": Function(
        _piecewise(lambda x, a: a * x), lambda x, a: [Call("leaky_relu'", [x, a]), _below_zero(x, x)], 2
    ),
    "leaky_relu'": Function(_piecewise_slope(lambda x, a: a), lambda x, a: [Number(0), _below_zero(x)], 2),
    "elu": Function(
        _piecewise(lambda x, a: a * (elementary.exp(x) - 1)),
        lambda x, a: [Call("elu'", [x, a]), _below_zero(x, Call("exp", [x]) - 1)],
        2,
    ),
    "elu'": Function(
        _piecewise_slope(lambda x, a: a * elementary.exp(x)),
        lambda x, a: [a * _below_zero(x, Call("exp", [x])), _below_zero(x, Call("exp", [x]))],
        2,
    ),
    "gelu": Function(special.gelu, _of_one(lambda x: Call("gelu'", [x]))),
    "gelu'": Function(
        special.gelu_slope,
        _of_one(lambda x: (2 - x**2) * Call("erf'", [x / Call("sqrt", [2])]) / Call("sqrt", [8])),
    ),
    "erf": Function(special.erf, _of_one(lambda x: Call("erf'", [x]))),
    "erf'": Function(special.erf_slope, _of_one(lambda x: -2 * x * Call("erf'", [x]))),
    "sin": Function(special.sin, _of_one(lambda x: Call("cos", [x]))),
    "cos": Function(special.cos, _of_one(lambda x: -Call("sin", [x]))),
    "abs": Function(elementary.size, _of_one(lambda x: Call("sign", [x]))),
    "sign": Function(elementary.sign, _of_one(lambda x: Number(0))),
    "where": Function(lambda c, yes, no: yes if elementary.real_part(c) != 0 else no, _where_slopes, 3),
    "power": Function(elementary.power, _power_slopes, 2),
    # ---
    "sum": _reduction(_total, lambda value, axis, count: Number(1)),
    "mean": _reduction(
        lambda values: _total(values) / len(values), lambda value, axis, count: 1 / Number(count)
    ),
    "amax": _reduction(_greatest, lambda value, axis, count: Call("is_greatest", [value], axis)),
    "lse": _reduction(
        lambda values: elementary.logsumexp(*values),
        lambda value, axis, count: Call("softmax", [value], axis),
    ),
    "softmax": _by_lines(_softmax),
    "is_greatest": _by_lines(_is_greatest),
    "one_hot": Function(_one_hot, None, 2, _one_hot_shape),
    "constant": Function(lambda value: value, None, 1, _same_shape),  # with a derivative of zero
    "ones_like": Function(lambda value: mapped(lambda entry: entry * 0 + 1, value), None, 1, _same_shape),
    "zeros_like": Function(lambda value: mapped(lambda entry: entry * 0, value), None, 1, _same_shape),
    "ones": Function(_filled(1), None, None, lambda sizes, numbers: lengths(numbers(0))),
    "zeros": Function(_filled(0), None, None, lambda sizes, numbers: lengths(numbers(0))),
    "eye": Function(
        lambda length: _diagonal(_filled(1)(length)), None, 1, lambda sizes, numbers: _square(numbers(0))
    ),
    "diag": Function(_diagonal, None, 1, _diagonal_shape),
    "det": Function(lambda value: _eliminated(value)[1], None, 1, lambda *sizes: square_shape(*sizes) and ()),
    "reshape": Function(
        lambda value, *values: arrays.reshaped(value, _full_lengths(arrays.size(value), values)),
        None,
        None,
        lambda sizes, numbers: _full_lengths(prod(sizes[0]), numbers(1)),
    ),
    "outer": Function(arrays.outer, None, 2, lambda sizes, numbers: arrays.outer_shape(*sizes)),
    "row": _in_form(lambda length: (1, length)),
    "column": _in_form(lambda length: (length, 1)),
    "plain": _in_form(lambda length: (length,)),
}
