"""Vectors and matrices of any type of number, in plain Python, as people mean them on paper.

A plain vector, of shape (n,), is a column in products; its transpose is the row (1, n). Elementwise, (n,),
(n, 1) and (1, n) are the same vector. A vector beside a matrix goes along the axis that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from math import prod
from operator import add, mul, sub, truediv

from neuronnet.errors import NeuronnetError

MOST_ENTRIES = 250_000  # of one array
MOST_PRODUCTS = 2_000_000  # numbers multiplied in one matrix product


class ShapeError(NeuronnetError):
    """Shapes that do not fit."""


class Array:
    """Numbers in one or two dimensions: `shape`, and `entries` row by row."""

    __slots__ = ("shape", "entries")

    def __init__(self, entries: Iterable, shape: tuple[int, ...] | None = None):
        self.entries = tuple(entries)
        self.shape = (len(self.entries),) if shape is None else shape

    @classmethod
    def of(cls, nested):
        """The Array of a list of numbers or a list of equally long rows; a number stays one.

        Raises ShapeError for rows of different lengths, an empty list, and more than two dimensions.
        """
        if not isinstance(nested, (list, tuple)):
            return nested
        if not nested:
            raise ShapeError("an array needs an entry")
        if not any(isinstance(row, (list, tuple)) for row in nested):
            return cls(nested)
        lengths = [len(row) if isinstance(row, (list, tuple)) else 0 for row in nested]
        if len(set(lengths)) > 1 or not lengths[0]:
            raise ShapeError(f"the rows have {', '.join(map(str, lengths))} entries; they need equally many")
        entries = [entry for row in nested for entry in row]
        if any(isinstance(entry, (list, tuple)) for entry in entries):
            raise ShapeError("an array has one or two dimensions")
        return cls(entries, (len(nested), lengths[0]))

    def nested(self) -> list:
        """The entries as a list, or as a list of rows."""
        if len(self.shape) == 1:
            return list(self.entries)
        columns = self.shape[1]
        return [list(self.entries[i : i + columns]) for i in range(0, len(self.entries), columns)]

    def map(self, function: Callable) -> Array:
        return Array(map(function, self.entries), self.shape)

    @property
    def T(self) -> Array:
        """The transpose; of a plain vector, the row."""
        rows, columns = (*self.shape, 1)[:2]
        entries = (self.entries[i * columns + j] for j in range(columns) for i in range(rows))
        return Array(entries, (columns, rows))

    def __add__(self, other):
        return mapped(add, self, other)

    def __radd__(self, other):
        return mapped(add, other, self)

    def __sub__(self, other):
        return mapped(sub, self, other)

    def __rsub__(self, other):
        return mapped(sub, other, self)

    def __mul__(self, other):
        """Elementwise; where that does not fit, the matrix product."""
        try:
            return mapped(mul, self, other)
        except ShapeError:
            return matmul(self, other)

    def __rmul__(self, other):
        return mapped(mul, other, self)

    def __truediv__(self, other):
        return mapped(truediv, self, other)

    def __rtruediv__(self, other):
        return mapped(truediv, other, self)

    def __neg__(self):
        return self.map(lambda entry: -entry)

    def __eq__(self, other):
        return isinstance(other, Array) and (self.shape, self.entries) == (other.shape, other.entries)

    def __hash__(self):
        return hash((self.shape, self.entries))

    def __repr__(self):
        return f"Array({self.nested()!r})"


def shape(value) -> tuple[int, ...]:
    """The shape of a value, () for a number."""
    return value.shape if isinstance(value, Array) else ()


def size(value) -> int:
    return len(value.entries) if isinstance(value, Array) else 1


def entries(value) -> tuple:
    """All entries of a value, row by row; of a number, that one."""
    return value.entries if isinstance(value, Array) else (value,)


def mapped(function: Callable, *values):
    """`function` of numbers, or of the entries of arrays that fit together."""
    if not any(isinstance(value, Array) for value in values):
        return function(*values)
    if len(values) == 1:
        return values[0].map(function)
    common = shared_shape([shape(value) for value in values])
    return Array(map(function, *(_stretched(value, common) for value in values)), common)


def shape_text(dimensions: tuple) -> str:
    """`3×2` for (3, 2), `3` for a vector of three, `a number` for ()."""
    return "×".join(map(str, dimensions)) if dimensions else "a number"


def common_shape(left: tuple, right: tuple) -> tuple:
    """The shape of two values taken together elementwise. Raises ShapeError where they do not fit."""
    if left == right or not right:
        return left
    if not left:
        return right
    if _is_one(right):
        return left
    if _is_one(left):
        return right
    if is_vector(left) and is_vector(right):
        if max(left) == max(right):
            return right if len(left) == 1 else left
    elif is_vector(right) and runs_along(right, left) is not None:
        return left
    elif is_vector(left) and runs_along(left, right) is not None:
        return right
    raise ShapeError(f"{shape_text(left)} and {shape_text(right)} do not fit entry by entry")


def shared_shape(dimensions: list[tuple]) -> tuple:
    """The shape of several values taken together at once, as the arguments of a function.

    Raises ShapeError where they do not fit, and for a row and a column beside a matrix.
    """
    found = ()
    for each in dimensions:
        found = common_shape(found, each)
    vectors = {each for each in dimensions if as_vector_shape(each) and is_vector(each)}
    if len(vectors) > 1 and not is_vector(found):
        raise ShapeError(f"{' and '.join(map(shape_text, sorted(vectors)))} beside {shape_text(found)}")
    return found


def runs_along(vector: tuple, matrix: tuple) -> str | None:
    """Whether a vector is added to all "rows" or to all "columns" of a matrix; None where neither fits."""
    rows, columns = matrix
    length = max(vector)
    if length == columns and not (len(vector) == 2 and vector[1] == 1):
        return "rows"
    if length == rows and not (len(vector) == 2 and vector[0] == 1):
        return "columns"
    return None


def is_vector(dimensions: tuple) -> bool:
    """Whether a shape is that of a vector: plain, a column or a row."""
    return len(dimensions) == 1 or 1 in dimensions


def is_square(dimensions: tuple) -> bool:
    """Whether it is the shape of a square matrix of more than one number."""
    return len(dimensions) == 2 and dimensions[0] == dimensions[1] > 1


def as_vector_shape(dimensions: tuple) -> tuple:
    """A shape without its ones: (n,) for a column or a row, () for a single entry."""
    return tuple(each for each in dimensions if each != 1) if dimensions else ()


def hadamard(left, right):
    """What ⊙ means: elementwise, and nothing else."""
    return mapped(mul, left, right)


def dot(left, right):
    """What `·` and juxtaposition mean: the matrix product; where that does not fit, elementwise."""
    if not (isinstance(left, Array) and isinstance(right, Array)):
        return left * right
    try:
        return matmul(left, right)
    except ShapeError as error:
        try:
            return mapped(mul, left, right)
        except ShapeError:
            raise error from None


def matmul(left, right):
    """The matrix product; of two plain vectors, their dot product. A single number that comes out is one.

    Raises ShapeError where the inner dimensions differ.
    """
    if size(left) == 1 or size(right) == 1:
        scalar_left = entries(left)[0] if size(left) == 1 else left
        scalar_right = entries(right)[0] if size(right) == 1 else right
        return scalar_left * scalar_right
    rows, inner, columns, result = _product_shape(left.shape, right.shape)
    row_starts = [left.entries[i * inner : (i + 1) * inner] for i in range(rows)]
    column_entries = [right.entries[j::columns] for j in range(columns)]
    found = [reduce(add, map(mul, row, column)) for row in row_starts for column in column_entries]
    return found[0] if result == () else Array(found, result)


def _product_shape(left, right):
    """(rows, inner, columns, the shape of the result) of a matrix product."""
    sides = f"({shape_text(left)})({shape_text(right)})"
    as_column = len(left) == 1 != left[0] and len(right) == 2 and right[0] == 1
    rows, inner = left if len(left) == 2 else (left[0], 1) if as_column else (1, left[0])
    height, columns = right if len(right) == 2 else (right[0], 1)
    if inner != height:
        raise ShapeError(f"{sides} does not fit as a product")
    require_few(rows * columns)
    if rows * inner * columns > MOST_PRODUCTS:
        raise ShapeError(f"{sides} takes more than {MOST_PRODUCTS} multiplications")
    result = (rows,) * (len(left) == 2 or as_column) + (columns,) * (len(right) == 2)
    return rows, inner, columns, () if rows * columns == 1 else result


def product_shape(left: tuple, right: tuple) -> tuple:
    """The shape of a matrix product. Raises ShapeError where the inner dimensions differ."""
    if _is_one(left) or _is_one(right):
        return () if _is_one(left) and _is_one(right) else right if _is_one(left) else left
    return _product_shape(left, right)[3]


def outer(left, right):
    """Every entry of one vector times every entry of another, as a matrix."""
    result = outer_shape(shape(left), shape(right))
    return Array([one * other for one in entries(left) for other in entries(right)], result)


def outer_shape(left: tuple, right: tuple) -> tuple:
    """The shape of an outer product of two vectors or numbers. Raises ShapeError for matrices."""
    if not all(is_vector(each) for each in (left, right) if each):
        sides = f"{shape_text(left)} and {shape_text(right)}"
        raise ShapeError(f"an outer product is of two vectors, not of {sides}")
    require_few(prod(left) * prod(right))
    return prod(left), prod(right)


def require_few(count: int) -> None:
    """Raises ShapeError for more entries than an array may have."""
    if count > MOST_ENTRIES:
        raise ShapeError(f"an array of more than {MOST_ENTRIES} entries")


def reduced(combine: Callable, value, axis: int | None = None, keepdims: bool = False):
    """`combine(list)` over all entries, down the columns (axis 0) or along the rows (axis 1).

    Of a plain vector all entries are combined, whatever the axis.
    """
    result = reduced_shape(shape(value), axis, keepdims)
    if axis is None or not result:
        return combine(list(entries(value)))
    lines = value.nested() if axis % 2 else value.T.nested()
    return Array(map(combine, lines), result)


def reduced_shape(dimensions: tuple, axis: int | None = None, keepdims: bool = False) -> tuple:
    """The shape of a sum or mean along an axis. Raises ShapeError for an axis that there is not."""
    if axis not in (None, 0, 1, -1, -2):
        raise ShapeError(f"there is no axis {axis}; it is 0 or 1")
    if axis is None or len(dimensions) < 2:
        return ()
    rows, columns = dimensions
    if axis % 2 == 0:
        return (1, columns) if keepdims else (columns,)
    return (rows, 1) if keepdims else (rows,)


def by_lines(function: Callable, value, axis: int | None = None):
    """`function(list) -> list` of every column (axis 0), row (axis 1) or of all entries, in their places."""
    if axis is None or not reduced_shape(shape(value), axis):
        found = function(list(entries(value)))
        return Array(found, value.shape) if isinstance(value, Array) else found[0]
    if axis % 2 == 0:
        return by_lines(function, value.T, 1).T
    return Array([entry for row in value.nested() for entry in function(row)], value.shape)


def reshaped(value, dimensions: tuple):
    """The entries of a value, row by row, in another shape of the same size; () gives a number."""
    if shape(value) == dimensions:
        return value
    if size(value) != prod(dimensions):
        raise ShapeError(f"{shape_text(shape(value))} does not become {shape_text(dimensions)}")
    return Array(entries(value), dimensions) if dimensions else entries(value)[0]


def _stretched(value, common):
    """The entries of a value repeated so that they fill a shape."""
    if size(value) == 1:
        return entries(value) * prod(common)
    if len(value.entries) == prod(common):
        return value.entries
    rows, columns = common
    if runs_along(value.shape, common) == "rows":
        return value.entries * rows
    return tuple(entry for entry in value.entries for _ in range(columns))


def _is_one(dimensions):
    return prod(dimensions) == 1


# Arrays put together of parts, and the parts that indices pick, counted from 0 or from 1


def taken(value, indices: list, first: int):
    """The entry or part of an array under indices, each a number, a (start, stop) slice, a list or None.

    `first` is the index of the first entry; slices of it 1 include their end. Raises ShapeError.
    """
    found, result = picked(shape(value), indices, first)
    own = entries(value)
    return Array([own[i] for i in found], result) if result else own[found[0]]


def placed(value, like, indices: list, first: int):
    """Zeros in the shape of `like`, with a value where `taken` picks; what is picked twice adds up."""
    if not isinstance(like, Array):
        return value
    found = [like.entries[0] * 0] * size(like)
    for place, entry in zip(picked(like.shape, indices, first)[0], entries(value)):
        found[place] = found[place] + entry
    return Array(found, like.shape)


def stacked(form: tuple, parts: list):
    """The Array written in the shape `form` with these parts: numbers, vectors as the rows of a matrix, or
    vectors of several lengths one behind the other, as [h; x].
    """
    result = stacked_shape(form, [shape(part) for part in parts])
    return Array([entry for part in parts for entry in entries(part)], result)


def stacked_shape(form: tuple, parts: list[tuple]) -> tuple:
    """The shape that `stacked` gives for parts of these shapes.

    Raises ShapeError for matrices, and for vectors in a matrix.
    """
    lengths = [max(part, default=1) for part in parts]
    if {*lengths} == {1}:
        return form
    if form[1:] > (1,) or not all(is_vector(part) or not as_vector_shape(part) for part in parts):
        raise ShapeError("the entries of an array have different shapes")
    require_few(sum(lengths))
    return (form[0], lengths[0]) if len({*lengths}) == 1 and len(form) == 1 else (sum(lengths),)


def picked(dimensions: tuple, indices: list, first: int) -> tuple[list[int], tuple]:
    """(places in the entries, shape) of the part of an array that `taken` gives."""
    if not dimensions and all(index in (first, None) for index in indices):
        return [0], ()
    if len(indices) > 2 or not dimensions:
        raise ShapeError(f"{shape_text(dimensions)} has no entry under {len(indices)} indices")
    if len(indices) == 2:
        height, width = (dimensions[0], 1) if len(dimensions) == 1 else dimensions
    elif len(dimensions) == 1 or (first == 1 and 1 in dimensions):  # w_2 of a row, as of any vector
        height, width = prod(dimensions), 1
    else:
        height, width = dimensions
    rows, one_row = _positions(indices[0], height, first)
    columns, one_column = _positions(indices[1] if len(indices) == 2 else None, width, first)
    if len(indices) == 1 and width == 1:
        one_column = True
    require_few(len(rows) * len(columns))
    result = (len(rows),) * (not one_row) + (len(columns),) * (not one_column)
    return [i * width + j for i in rows for j in columns], result


def _positions(index, length, first):
    """(positions from 0, whether the index is a single one)."""
    if index is None:
        return range(length), False
    if isinstance(index, tuple):
        start = 0 if index[0] is None else _from_the_end(index[0], length) - (first if index[0] >= 0 else 0)
        stop = length if index[1] is None else _from_the_end(index[1], length)
        if not 0 <= start < stop <= length:
            ends = ":".join("" if end is None else str(end) for end in index)
            raise ShapeError(f"there is no part {ends} of {length}, counted from {first}")
        return range(start, stop), False
    if isinstance(index, list):
        if not index:
            raise ShapeError("an array needs an entry")
        return [_positions(each, length, first)[0][0] for each in index], False
    position = length + index if index < 0 else index - first
    if not 0 <= position < length:
        raise ShapeError(f"there is no entry {index} of {length}, counted from {first}")
    return [position], True


def _from_the_end(index, length):
    return length + index if index < 0 else index
