"""The difference quotients of f at one step on both sides of x; what several of them say is read elsewhere."""

import math
from typing import NamedTuple

from .rounding import U

ARITHMETIC = 4.0 * U                        # two subtractions, a division and the extrapolation, relative to the value


class Slopes(NamedTuple):
    """The quotients at one step, NaN on a side without a value, and the noise of one evaluation in them."""

    step: float
    left: float
    right: float
    central: float
    noise: float

    @property
    def has_both_sides(self):
        return math.isfinite(self.left) and math.isfinite(self.right) and math.isfinite(self.central)


def slopes_at(f, x, h, centre, noise, sides=("left", "right")):
    """The Slopes at step h, or None where h is too short to move x. Only the `sides` that are named are evaluated.

    Whatever was measured, no value is better than its own rounding u |f| and that of the argument, u |x f'|.
    """
    above, below = x + h, x - h
    if not below < x < above:
        return None
    f_above = f(above) if "right" in sides else math.nan
    f_below = f(below) if "left" in sides else math.nan
    right = (f_above - centre) / (above - x)
    left = (centre - f_below) / (x - below)
    middle = (f_above - f_below) / (above - below)
    known = [abs(each) for each in (f_above, f_below, x * left, x * right) if math.isfinite(each)]
    return Slopes(0.5 * (above - below), left, right, middle, max(noise, U * max(known, default=0.0)))
