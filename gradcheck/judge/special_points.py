"""Points at which backward passes break: zeros, ones, ties, repeated values, ±40, denormals, equal rows.

A slope that is wrong at one value only, as softplus with slope 0 at 0, is never met at a drawn point. So some
entries get special values here and all others stay as given. What holds at the given point, such as symmetry
or the order of two limits, holds at all of them.
"""

from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np

from gradcheck.judge.nearby_points import HELD, is_in_order

VALUES = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 10.0, -10.0, 20.0, -20.0, 40.0, -40.0)
TINY = (1e-8, -1e-8, 1e-200, 2.0**-1074, -0.0)
MIXED = 24  # points at which half of the entries have values of POOL
POOL = (0.0, 0.0, 0.0, 1.0, -1.0, 1.0, 0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 10.0, -10.0, 40.0, -40.0, 1e-8)
MOST_BLOCKS = 6  # that get special values alone, each by itself
MOST_BLOCKS_OF_FEW = 3


class SpecialPoint(NamedTuple):
    """`what` is special, in words; the `vector`; the positions of the entries that were `moved`."""

    what: str
    vector: np.ndarray
    moved: np.ndarray


def special_points(functions, draw, few=False):
    """The SpecialPoints of CallersFunctions, the simplest first; `few` gives a dozen of the most telling.

    `draw`: a NumPy Generator. None of them leaves the bounds. Where few are wanted what is positive stays so.
    """
    point = functions.point
    given, seen = point.vector, {point.vector.tobytes()}
    for what, vector in _few(point) if few else _all(point, draw):
        moved = np.flatnonzero((vector != given) | (np.signbit(vector) != np.signbit(given)))
        if vector.tobytes() not in seen and keeps_what_holds(functions, vector, positive=few):
            seen.add(vector.tobytes())
            yield SpecialPoint(what, vector, moved)


def keeps_what_holds(functions, vector, positive=True):
    """Whether a vector lies within the bounds, and what holds at the given point holds there too."""
    if functions.bounds is not None and not np.all(
        (functions.bounds[0] <= vector) & (vector <= functions.bounds[1])
    ):
        return False
    point = functions.point
    given = point.vector
    for block in point.blocks:
        values, there = block.of(given), block.of(vector)
        for name, (holds, _) in HELD.items():
            if name == "positive":
                if positive and holds(values) and np.any(there < 0.0):
                    return False
            elif holds(values) and not holds(there):
                return False
    pairs = permutations(point.blocks, 2) if len(point.blocks) <= 2 * MOST_BLOCKS else ()
    ordered = ((one.of(given), other.of(given), one.of(vector), other.of(vector)) for one, other in pairs)
    return all(np.all(low <= high) for *before, low, high in ordered if is_in_order(*before))


def _few(point):
    given, blocks = point.vector, point.blocks
    yield "all zero", np.zeros_like(given)
    for block in blocks[:MOST_BLOCKS_OF_FEW] if len(blocks) > 1 else ():
        yield f"{block.name} zero", _with(given, block, 0.0)
    ties = [("neighbours equal", _neighbours_equal), ("one value", _one_value), ("two zeros", _two_zeros)]
    for what, change in (*ties, ("equal rows", _equal_rows), ("a zero", _a_zero)):
        yield what, _changed(given, blocks, change)
    yield "all one", np.ones_like(given)
    for (one, other), vector in _equal_blocks(given, blocks):
        yield f"{other} = {one}", vector


def _all(point, draw):
    given, blocks = point.vector, point.blocks
    yield from _few(point)
    for change in CHANGES:
        for block in blocks[:MOST_BLOCKS]:
            yield f"{CHANGES[change]} in {block.name}", _changed(given, [block], change)
        yield CHANGES[change], _changed(given, blocks, change)
    for value in (*VALUES, *TINY):
        yield f"all {value:g}", np.full_like(given, value)
        for block in blocks[:MOST_BLOCKS] if len(blocks) > 1 else ():
            yield f"{block.name} all {value:g}", _with(given, block, value)
        i = int(draw.integers(len(given)))
        vector = given.copy()
        vector[i] = value
        yield f"{point.names[i]} = {value:g}", vector
    for _ in range(MIXED):
        chosen = draw.random(given.shape) < 0.5
        yield "a mixture", np.where(chosen, draw.choice(POOL, given.shape), given)


# Changes to the values of one block, in place


def _neighbours_equal(values):
    values[..., 1::2] = values[..., : values.shape[-1] - 1 : 2]


def _neighbours_below_equal(values):
    if values.ndim > 1:
        values[1::2] = values[: len(values) - 1 : 2]


def _opposite(values):
    _neighbours_equal(values)
    values[..., 1::2] *= -1.0


def _one_value(values):
    values[...] = values.flat[0]


def _largest_tied(values):
    order = np.argsort(values, axis=None)
    values.flat[order[-2]] = values.flat[order[-1]]


def _ends_equal(values):
    values.flat[values.size - 1] = values.flat[0]


def _a_zero(values):
    values.flat[values.size // 2] = 0.0


def _two_zeros(values):
    values.flat[0] = values.flat[values.size // 2] = 0.0


def _equal_rows(values):
    if values.ndim > 1:
        values[...] = values[:1].copy()


def _two_equal_rows(values):
    if values.ndim > 1 and len(values) > 1:
        values[1] = values[0]


def _equal_columns(values):
    if values.ndim > 1:
        values[...] = values[..., :1].copy()


def _zero_row(values):
    if values.ndim > 1:
        values[0] = 0.0


def _zero_column(values):
    if values.ndim > 1:
        values[..., 0] = 0.0


def _whole_numbers(values):
    values[...] = np.round(values)


def _symmetric(values):
    if values.ndim == 2 and values.shape[0] == values.shape[1]:
        values[...] = np.triu(values) + np.triu(values, 1).T


CHANGES = {
    _a_zero: "a zero",
    _two_zeros: "two zeros",
    _neighbours_equal: "neighbours equal",
    _neighbours_below_equal: "rows equal in pairs",
    _one_value: "one value",
    _largest_tied: "the largest twice",
    _ends_equal: "the first and the last equal",
    _equal_rows: "equal rows",
    _two_equal_rows: "two equal rows",
    _equal_columns: "equal columns",
    _zero_row: "a zero row",
    _zero_column: "a zero column",
    _opposite: "opposite neighbours",
    _whole_numbers: "whole numbers",
    _symmetric: "symmetric",
}


def _changed(given, blocks, change):
    vector = given.copy()
    for block in blocks:
        if len(block.positions) > 1 and block.shape != ():
            change(block.of(vector))
    return vector


def _with(given, block, value):
    vector = given.copy()
    block.of(vector)[...] = value
    return vector


def _equal_blocks(given, blocks):
    """((name, name), vector) where the second of two blocks of one shape is equal to the first."""
    alike = [pair for pair in combinations(blocks[:MOST_BLOCKS], 2) if pair[0].shape == pair[1].shape]
    for one, other in alike[:MOST_BLOCKS_OF_FEW]:
        yield (one.name, other.name), _with(given, other, one.of(given))
