"""Arrays put together of parts, and the parts that indices pick, counted from 0 or from 1.

taken(M, [2, None])         the second row of M
taken(M, [(0, 2)], 0)       M[0:2] of code, its first two rows
"""

import math

from neuronnet.formulas.arrays import (
    Array,
    ShapeError,
    entries,
    is_vector,
    require_few,
    shape,
    shape_text,
    size,
)


def taken(value, indices: list, first: int = 1):
    """The entry or part of an array under indices, each a number, a (start, stop) slice, a list or None.

    `first` is the index of the first entry; slices of it 1 include their end. Raises ShapeError.
    """
    found, result = picked(shape(value), indices, first)
    own = entries(value)
    return Array([own[i] for i in found], result) if result else own[found[0]]


def picked(dimensions: tuple, indices: list, first: int = 1) -> tuple[list[int], tuple]:
    """(places in the entries, shape) of the part of an array that `taken` gives."""
    rows, columns, width, result = _lines(dimensions, indices, first)
    return [i * width + j for i in rows for j in columns], result


def picked_shape(dimensions: tuple, indices: list, first: int = 1) -> tuple:
    return _lines(dimensions, indices, first)[3]


def placed(value, like, indices: list, first: int = 1):
    """Zeros in the shape of `like`, with a value where `taken` picks; what is picked twice adds up."""
    if not isinstance(like, Array):
        return value
    found = [like.entries[0] * 0] * size(like)
    for place, entry in zip(picked(like.shape, indices, first)[0], entries(value)):
        found[place] = found[place] + entry
    return Array(found, like.shape)


def stacked(form: tuple, parts: list):
    """The Array written in the shape `form` with these parts: numbers, or vectors as the rows of a matrix."""
    result = stacked_shape(form, [shape(part) for part in parts])
    return Array([entry for part in parts for entry in entries(part)], result)


def stacked_shape(form: tuple, parts: list[tuple]) -> tuple:
    """The shape that `stacked` gives for parts of these shapes.

    Raises ShapeError for rows of different lengths, and for rows in a matrix.
    """
    lengths = {max(part, default=1) for part in parts}
    if lengths == {1}:
        return form
    if len(form) == 2 or len(lengths) > 1 or not all(is_vector(part) for part in parts):
        raise ShapeError("the entries of an array have different shapes")
    require_few(form[0] * max(lengths))
    return form[0], lengths.pop()


def _lines(dimensions, indices, first):
    """(rows, columns, how many columns there are, shape of the part), for one or two indices."""
    if not dimensions and all(index in (first, None) for index in indices):
        return [0], [0], 1, ()
    if len(indices) > 2 or not dimensions:
        raise ShapeError(f"{shape_text(dimensions)} has no entry under {len(indices)} indices")
    if len(indices) == 2:
        height, width = (dimensions[0], 1) if len(dimensions) == 1 else dimensions
    elif len(dimensions) == 1 or (first == 1 and 1 in dimensions):  # w_2 of a row, as of any vector
        height, width = math.prod(dimensions), 1
    else:
        height, width = dimensions
    rows, one_row = _positions(indices[0], height, first)
    columns, one_column = _positions(indices[1] if len(indices) == 2 else None, width, first)
    if len(indices) == 1 and width == 1:
        one_column = True
    require_few(len(rows) * len(columns))
    if one_row or one_column:
        both = one_row and one_column
        return rows, columns, width, () if both else (len(columns) if one_row else len(rows),)
    return rows, columns, width, (len(rows), len(columns))


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
