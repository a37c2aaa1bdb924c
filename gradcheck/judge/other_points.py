"""Points nearby at which the same functions can be compared again.

They keep what can be seen to hold at the given one: HELD, the order of arrays, the bounds. For a loss may be
made for such points alone: `np.clip` for limits in their order, a divergence for rows that sum to one, the
slope of a determinant for symmetric matrices.
"""

import math
from itertools import permutations
from typing import NamedTuple

import numpy as np

SPREADS = (2.0**-5, 0.125, 1.0, 8.0)  # relative moves of the parameters
NARROW = 2.0**-10  # where the loss has no value further away
SIZES = (0.125, 1.0)  # to which small parameters are scaled up, where the kinks of the loss lie too close
SUMS_TO_ONE = 1e-9  # how far a sum may be from one
FEWEST = 3  # numbers: two may sum to one by chance, as 0.5 and 0.5 do
MOST_ORDERED = 12  # blocks whose order is looked at
INSIDE = 0.75  # of the way to a bound, and no further


class Place(NamedTuple):
    """Where a point is drawn: `spread`, whether what is positive stays so, the size it is scaled up to."""

    spread: float
    is_kept: bool = True
    size: float | None = None

    def __str__(self):
        return "" if self.size is None else ", scaled up"


def rounds_of_places(point, is_scaled):
    """Lists of Places, tried in turn: scaled up if that is asked for, nearby, at last where signs change."""
    may_change = any(_is_positive(block.of(point.vector)) for block in point.blocks)
    if is_scaled:
        yield [Place(SPREADS[0], size=size) for size in SIZES]
    for is_kept in (True, True, not may_change, not may_change):
        yield [Place(spread, is_kept) for spread in SPREADS]
    yield [Place(NARROW)]


def nearby_point(functions, place, draw):
    """A vector drawn around the point, at a Place."""
    point, bounds = functions.point, functions.bounds
    vector = point.vector if place.size is None else _scaled_up(point, place.size)
    blocks, size, units = point.blocks, _root_mean_square(vector) or 1.0, point.units
    if np.any(units != units[:1]):  # blocks in several units have sizes of their own
        size = np.full_like(vector, size)
        for each in blocks:
            each.of(size)[...] = _root_mean_square(each.of(vector)) or each.of(size)
    there = vector + place.spread * draw.standard_normal(vector.shape) * np.maximum(np.abs(vector), size)
    vector, there = vector * units, there * units
    for block in blocks:
        values, moved = block.of(vector), block.of(there)
        if not place.is_kept and _is_positive(values):  # half of the entries are negative there
            moved *= draw.choice([-1.0, 1.0], moved.shape)
        for name, (holds, keep) in HELD.items():
            if holds(values) and (place.is_kept or name != "positive"):
                moved[...] = keep(moved, values)
                break
    for one, other in permutations(blocks, 2):
        _keep_order(*(each.of(whole) for whole in (vector, there) for each in (one, other)))
    return there / units if bounds is None else _between(point.vector, there / units, *bounds)


def keeps_what_holds(functions, vector, positive=True):
    """Whether a vector lies within the bounds, and what holds at the given point holds there too."""
    if functions.bounds is not None and not np.all(
        (functions.bounds[0] <= vector) & (vector <= functions.bounds[1])
    ):
        return False
    point = functions.point
    given, vector = point.vector * point.units, vector * point.units
    for block in point.blocks:
        values, there = block.of(given), block.of(vector)
        for name, (holds, _) in HELD.items():
            if name == "positive":
                if positive and holds(values) and np.any(there < 0.0):
                    return False
            elif holds(values) and not holds(there):
                return False
    pairs = permutations(point.blocks, 2) if len(point.blocks) <= MOST_ORDERED else ()
    ordered = ((one.of(given), other.of(given), one.of(vector), other.of(vector)) for one, other in pairs)
    return all(np.all(low <= high) for *before, low, high in ordered if is_in_order(*before))


def _scaled_up(point, size):
    """The vector of a Point with each block that is far smaller than `size`, but not zero, made as large.

    Shares that sum to one stay as they are.
    """
    vector = point.vector
    for block in point.blocks:
        values = block.of(vector)
        if 0.0 < _root_mean_square(values) < 0.5 * size and _distribution_axis(values) is False:
            values *= size / _root_mean_square(values)
    return vector


def _root_mean_square(values):
    return math.sqrt(float(np.mean(values * values))) if values.size > 0 else 0.0


def _is_symmetric(values):
    square = values.ndim == 2 and values.shape[0] == values.shape[1] > 1
    return square and np.any(values) and np.array_equal(values, values.T)


def _symmetric(moved, values):
    """Also positive definite where the given values are."""
    if np.all(np.linalg.eigvalsh(values) > 0.0):
        moved = moved @ np.linalg.solve(values, moved.T)
    return 0.5 * (moved + moved.T)


def _distribution_axis(values):
    """The axis along which the values, none negative, sum to one; None for all of them; else False."""
    if values.ndim == 0 or np.any(values < 0.0):
        return False
    axes = [*range(values.ndim - 1, -1, -1), None]
    sums = (np.max(np.abs(np.sum(values, axis=axis) - 1.0), initial=0.0) for axis in axes)
    sizes = [values.size if axis is None else values.shape[axis] for axis in axes]
    found = (axis for axis, size, away in zip(axes, sizes, sums) if size >= FEWEST and away <= SUMS_TO_ONE)
    return next(found, False)


def _distribution(moved, values):
    moved = np.abs(moved)
    return moved / np.sum(moved, axis=_distribution_axis(values), keepdims=True)


def _has_unit_rows(values):
    several = values.ndim > 0 and values.shape[-1] > 1
    return several and bool(np.all(np.abs(np.linalg.norm(values, axis=-1) - 1.0) <= SUMS_TO_ONE))


def _is_positive(values):
    return values.size > 0 and bool(np.all(values > 0.0))


HELD = {  # name: (whether it holds for the values of a block, the moved values made to keep it)
    "symmetric": (_is_symmetric, _symmetric),
    "distributions": (lambda values: _distribution_axis(values) is not False, _distribution),
    "unit rows": (_has_unit_rows, lambda moved, _: moved / np.linalg.norm(moved, axis=-1, keepdims=True)),
    "rising": (
        lambda values: values.ndim == 1 and values.size > 2 and np.all(np.diff(values) > 0.0),
        lambda moved, _: np.sort(moved),
    ),
    "positive": (_is_positive, lambda moved, _: np.abs(moved)),
}


def is_in_order(low, high):
    """Whether one array is below another everywhere, as limits are."""
    if low.shape != high.shape and 1 not in (low.size, high.size):
        return False
    return low.size > 0 and high.size > 0 and bool(np.all(low <= high)) and not np.all(low == high)


def _keep_order(low, high, low_there, high_there):
    """Where one block is below another everywhere, as limits are, it is so after the move (in place)."""
    if not is_in_order(low, high):
        return
    if low.shape == high.shape:
        low_there[...], high_there[...] = np.minimum(low_there, high_there), np.maximum(low_there, high_there)
    elif low.size == 1:
        low_there[...] = np.min(high_there) - np.abs(np.min(high_there) - low_there)
    else:
        high_there[...] = np.max(low_there) + np.abs(high_there - np.max(low_there))


def _between(vector, there, low, high):
    """`there` within the bounds: turned back where a bound is in the way, and never further than to it."""
    there = np.where((there < low) | (there > high), 2.0 * vector - there, there)
    return np.clip(there, vector - INSIDE * (vector - low), vector + INSIDE * (high - vector))
