"""Functions of whole arrays, by name: sums, softmax, arrays of ones, other shapes.

Each takes arrays of any type of number. derivation/shapes.py has their shapes, derivation/sweep.py their
derivatives.
"""

from collections.abc import Callable

from neuronnet import elementary
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, ShapeError, mapped


def _softmax(values):
    greatest = _greatest(values)
    powers = [elementary.exp(value - greatest) for value in values]
    total = _total(powers)
    return [power / total for power in powers]


def _total(values):
    found = values[0]
    for each in values[1:]:
        found = found + each
    return found


def _mean(values):
    return _total(values) / len(values)


def _greatest(values):
    return max(values, key=elementary.real_part)


def _log_sum(values):
    return elementary.logsumexp(*values)


def _is_greatest(values):
    """1 for the first of the greatest entries, 0 for the others."""
    greatest = values.index(_greatest(values))
    return [value * 0 + (1 if place == greatest else 0) for place, value in enumerate(values)]


def _reduction(combine):
    return lambda value, axis=None, keepdims=False: arrays.reduced(combine, value, axis, bool(keepdims))


def lengths(values) -> tuple[int, ...]:
    """The shape that numbers name: (2, 3) for ones(2, 3). Raises ShapeError where they name none."""
    counts = [elementary.real_part(length) for each in values for length in arrays.entries(each)]
    if not 1 <= len(counts) <= 2 or any(not 1 <= count <= arrays.MOST_ENTRIES for count in counts):
        raise ShapeError(f"an array has one or two lengths, from 1 to {arrays.MOST_ENTRIES}")
    found = tuple(map(int, counts))
    if any(whole != count for whole, count in zip(found, counts)):
        raise ShapeError("the lengths of an array are whole numbers")
    arrays.require_few(found[0] * found[-1] if len(found) == 2 else found[0])
    return found


def _filled(entry):
    """An array of one number, in the shape that its arguments or entries name: ones(3), ones(2, 3)."""

    def make(*values):
        found = lengths(values)
        one = arrays.entries(values[0])[0] * 0 + 1
        return Array([one * entry] * (found[0] * (found[1] if len(found) == 2 else 1)), found)

    return make


def _identity(length):
    (count,) = lengths([length])
    arrays.require_few(count * count)
    zero = arrays.entries(length)[0] * 0
    return Array([zero + (1 if i == j else 0) for i in range(count) for j in range(count)], (count, count))


def _reshaped(value, *values):
    return arrays.reshaped(value, full_lengths(arrays.size(value), values))


def full_lengths(count, values) -> tuple[int, ...]:
    """The lengths in reshape(x, 2, -1) for `count` entries, that of -1 worked out."""
    values = [entry for each in values for entry in arrays.entries(each)]
    known = [value for value in values if value != -1]
    if len(known) + 1 == len(values):
        rest = count // (lengths(known)[0] if known else 1)
        values = [rest if value == -1 else value for value in values]
    return lengths(values)


def diagonal_shape(dimensions: tuple) -> tuple:
    """The shape of diag: of a vector a square matrix, of a square matrix a vector."""
    if not dimensions or arrays.is_vector(dimensions):
        length = max(dimensions, default=1)
        arrays.require_few(length * length)
        return length, length
    if dimensions[0] != dimensions[1]:
        raise ShapeError(f"diag takes a vector or a square matrix, not {arrays.shape_text(dimensions)}")
    return dimensions[:1]


def _diagonal(value):
    result, own = diagonal_shape(arrays.shape(value)), arrays.entries(value)
    length = result[0]
    if len(result) == 1:
        return Array(own[:: length + 1], result)
    zero = own[0] * 0
    return Array([own[i] if i == j else zero for i in range(length) for j in range(length)], result)


def _as_row(value):
    return Array(value.entries, (1, arrays.size(value))) if isinstance(value, Array) else value


def _as_column(value):
    return Array(value.entries, (arrays.size(value), 1)) if isinstance(value, Array) else value


def _as_plain(value):
    return Array(value.entries) if isinstance(value, Array) else value


# Name -> a function of arrays as a whole; derivation/sweep.py has their derivatives.
WHOLE: dict[str, Callable] = {
    "sum": _reduction(_total),
    "mean": _reduction(_mean),
    "amax": _reduction(_greatest),
    "lse": _reduction(_log_sum),
    "softmax": lambda value, axis=None: arrays.by_lines(_softmax, value, axis),
    "is_greatest": lambda value, axis=None: arrays.by_lines(_is_greatest, value, axis),
    "constant": lambda value: value,  # with a derivative of zero
    "ones_like": lambda value: mapped(lambda entry: entry * 0 + 1, value),
    "zeros_like": lambda value: mapped(lambda entry: entry * 0, value),
    "ones": _filled(1),
    "zeros": _filled(0),
    "eye": _identity,
    "diag": _diagonal,
    "reshape": _reshaped,
    "outer": arrays.outer,
    "row": _as_row,
    "column": _as_column,
    "plain": _as_plain,
}
