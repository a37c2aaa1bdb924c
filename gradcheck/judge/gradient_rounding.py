"""What rounding alone may do to the gradients that the caller computes."""

import math

import numpy as np

from gradcheck.numeric.rounding import DEVIATIONS, U

SUMMED = 16.0  # the rounding of 256 terms adds up as a random walk does, to sqrt(256) units of the largest
NEARBY = 8.0  # units by which the parameters are moved to see what rounding does to the gradients
CONTINUOUS = 2.0**13  # units: what scatters by more is no rounding but a step of the gradients themselves
SPACING = 2.0**-19  # relative: its fourth power is below u by far
NO_KINK = 2.0**-10  # of the largest gradient: larger fourth differences are of a kink, and no rounding
FAR_BELOW_ONE = 2.0**-20  # a difference of numbers near 1 that is smaller has lost the digits of a million


def rounding_of_gradients(functions, vector, analytic, units):
    """The absolute rounding of every entry of the analytic gradients at a vector, seen in six further calls.

    It is that of sums of 256 terms, and what an entry scatters by when the parameters move by a few `units`
    (its relative rounding), or by so little that fourth differences are rounding: that of `out - target` for
    an `out` near 1 shows only there.
    """
    largest = np.zeros_like(analytic)
    for block in functions.point.blocks:
        part = analytic[block.start : block.stop]
        largest[block.start : block.stop] = np.max(np.abs(part[np.isfinite(part)]), initial=0.0)
    overall = np.max(largest, initial=0.0)
    found = [SUMMED * units * largest, _unit_of_numbers_near_one(analytic)]
    if functions.is_callable:
        for sign in (-1.0, 1.0):
            scatter = np.abs(_gradients_moved(functions, vector, sign * NEARBY * units) - analytic)
            if np.all(scatter <= CONTINUOUS * units * overall):
                found.append(DEVIATIONS * scatter)
        line = [_gradients_moved(functions, vector, k * SPACING) for k in (-2.0, -1.0, 1.0, 2.0)]
        fourth = line[0] + line[3] - 4.0 * (line[1] + line[2]) + 6.0 * analytic
        scatter = np.abs(fourth) / math.sqrt(70.0)
        found.append(np.where(scatter <= NO_KINK * overall, DEVIATIONS * scatter, 0.0))
    return np.max(found, axis=0)


def _gradients_moved(functions, vector, relative):
    """The gradients where every parameter has moved by a part of itself; NaN where they are not defined."""
    try:
        return functions.gradients_at(vector * (1.0 + relative))[0]
    except (ArithmeticError, ValueError):
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
