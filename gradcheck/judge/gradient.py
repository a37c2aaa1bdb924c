"""The gradient that the caller's functions give at a point, and what rounding may do to each entry of it."""

import math
from typing import NamedTuple

import numpy as np

from gradcheck.numeric.rounding import DEVIATIONS, U

SUMMED = 16.0  # the rounding of 256 terms adds up as a random walk does, to sqrt(256) units of the largest
NEARBY = 8.0  # units by which the parameters are moved to see what rounding does to the gradients
CONTINUOUS = 2.0**13  # units: what scatters by more is no rounding but a step of the gradients themselves
SPACING = 2.0**-19  # relative: its fourth power is below u by far
NO_KINK_BELOW = 2.0**-10  # of the largest gradient: larger fourth differences are of a kink, and no rounding
FAR_BELOW_ONE = 2.0**-20  # a difference of numbers near 1 that is smaller has lost the digits of a million


class GradientAt(NamedTuple):
    """The gradient that the caller's functions give at a vector; what rounding may do to each entry of it.

    `terms`: the size of the terms of which each entry is a sum, which may cancel.
    """

    vector: np.ndarray
    analytic: np.ndarray
    rounding: np.ndarray
    terms: np.ndarray


def gradient_at(functions, vector, analytic, units):
    """The GradientAt a vector, the absolute rounding of every entry being seen in six further calls.

    It is that of sums of 256 terms, and what an entry scatters by when the parameters move by a few `units`
    (its relative rounding), or by so little that fourth differences are rounding: that of `out - target` for
    an `out` near 1 shows only there. Entries of one block are sums of terms of one size, so that what cancels
    in one entry is seen in the others: it counts for all of the block.
    """
    blocks = functions.point.blocks
    sizes = np.where(np.isfinite(analytic), np.abs(analytic), 0.0)
    overall = np.max(sizes)
    summed, scattered = SUMMED * units * _largest_of_block(blocks, sizes), np.zeros_like(vector)
    if functions.is_callable:
        line = [_gradients_moved(functions, vector, k * SPACING) for k in (-2.0, -1.0, 1.0, 2.0)]
        changes = [np.max(np.abs(moved - analytic)) / SPACING for moved in line[1:3]]
        usual = overall
        if np.all(np.isfinite(changes)):  # at a minimum all of the gradient is what cancelled
            usual = max(overall, min(changes))
        for sign in (-1.0, 1.0):
            scatter = np.abs(_gradients_moved(functions, vector, sign * NEARBY * units) - analytic)
            if np.all(scatter <= CONTINUOUS * units * usual):
                scattered = np.maximum(scattered, DEVIATIONS * _largest_of_block(blocks, scatter))
        fourth = line[0] + line[3] - 4.0 * (line[1] + line[2]) + 6.0 * analytic
        scatter = np.abs(fourth) / math.sqrt(70.0)
        scattered = np.fmax(
            scattered, np.where(scatter <= NO_KINK_BELOW * overall, DEVIATIONS * scatter, 0.0)
        )
    rounding = np.maximum(summed, scattered)
    terms = np.where(scattered <= CONTINUOUS * units * overall, rounding / (SUMMED * units), 0.0)
    of_ones = _unit_of_numbers_near_one(analytic / functions.point.units) * functions.point.units
    return GradientAt(vector, analytic, np.maximum(rounding, of_ones), terms)


def gradient_there(functions, vector):
    """The GradientAt another vector; None where the functions have no value there, and for ready numbers."""
    if not (functions.is_callable and np.isfinite(functions.value_or_nan(vector))):
        return None
    found = functions.gradients_or_none(vector)
    return None if found is None else gradient_at(functions, vector, *found)


def _largest_of_block(blocks, values):
    """For every entry the largest value of its block."""
    largest = [np.max(values[block.start : block.stop], initial=0.0) for block in blocks]
    return np.repeat(largest, [block.stop - block.start for block in blocks])


def _gradients_moved(functions, vector, relative):
    """The gradients where every parameter has moved by a part of itself; NaN where they are not defined."""
    try:
        return functions.gradients_at(vector * (1.0 + relative))[0]
    except (ArithmeticError, ValueError, IndexError, AssertionError):
        return np.full_like(vector, np.nan)


def _unit_of_numbers_near_one(values):
    """The rounding of values that are differences of two numbers near 1, as `out - target` is: their grid.

    A small number has no such long run of zeros at its end by chance, nor has a power of two that short a
    unit.
    """
    mantissas, exponents = np.frexp(np.where(np.isfinite(values), values, 0.0))
    whole = (mantissas * 2.0**53).astype(np.int64)
    unit = np.ldexp((whole & -whole).astype(np.float64), exponents - 53)
    return np.where((np.abs(values) < FAR_BELOW_ONE) & (U <= unit) & (unit <= 8.0 * U), unit, 0.0)
