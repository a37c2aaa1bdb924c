"""Kinks and jumps, read from one-sided slopes at falling steps; which steps are taken is not decided here.

For a smooth f the difference right - left = h f'' + O(h**3) vanishes with the step. At a kink it stays, at a jump of f
itself the slopes grow as 1/h; at a kink at distance d it is J (1 - d/h), and vanishes as soon as h < d.
"""

import math

from .quotients import ARITHMETIC
from .schemes import limit_of_two

STAYS = 0.25        # a difference falling slower than h**0.25 stays: |x|**1.5, whose slopes differ by h**0.5, is no kink
GROWS = 0.8         # slopes growing faster than h**-0.8 are of a jump: those of a vertical tangent x**(1/3) grow as h**-0.67
ABOVE_NOISE = 4.0   # Moré and Wild's factor for a measured noise


def kink_of(a, b, c):
    """(jump, bar): the difference of the one-sided slopes at x, extrapolated to h = 0 from three steps; 0.0 for none."""
    first, second, third = a.right - a.left, b.right - b.left, c.right - c.left
    fine, rounding = limit_of_two(b, c, second, third, 1, evaluations=4.0)
    coarse, _ = limit_of_two(a, b, first, second, 1, evaluations=4.0)
    bar = abs(fine - coarse) + rounding + ARITHMETIC * (abs(c.left) + abs(c.right))
    if abs(fine) > bar or _stays(b, c):
        return max(abs(fine), abs(third)), bar
    return 0.0, bar


def _stays(b, c):
    """Whether right - left falls too slowly from one step to the next, well above the noise of both."""
    before, now = abs(b.right - b.left), abs(c.right - c.left)
    return now > ABOVE_NOISE * 4.0 * c.noise / c.step and now >= before * (c.step / b.step) ** STAYS


def is_jump(a, b, c):
    """Whether f itself jumps within the shortest of three steps: its change over the step does not fall with the step."""
    return _grows(a, b) and _grows(b, c) and _change(c) > ABOVE_NOISE * 2.0 * c.noise


def _grows(long, short):
    coarse, fine = max(abs(long.left), abs(long.right)), max(abs(short.left), abs(short.right))
    return fine >= coarse * (long.step / short.step) ** GROWS > 0.0


def jump_among(rungs):
    """Index of the first three rungs that show a jump which no shorter rung clears; None where there is none.

    Cleared is a jump by a rung over which f changes by less than half of it.
    """
    for i, triple in enumerate(zip(rungs, rungs[1:], rungs[2:])):
        if is_jump(*triple) and all(_change(rung) > 0.5 * _change(triple[-1]) for rung in rungs[i + 3:]):
            return i
    return None


def _change(rung):
    return max(abs(rung.left), abs(rung.right)) * rung.step


def slopes_at_kink(b, c):
    """(left, right): the one-sided slopes, extrapolated to h = 0 from two steps."""
    return limit_of_two(b, c, b.left, c.left, 1, 2.0)[0], limit_of_two(b, c, b.right, c.right, 1, 2.0)[0]


def slopes_at_jump(b, c):
    """(left, right): infinite on the side where the slopes grow, finite where they do not."""
    def of(side):
        coarse, fine = getattr(b, side), getattr(c, side)
        if abs(fine) * c.step > ABOVE_NOISE * 2.0 * c.noise and abs(fine) >= abs(coarse) * (b.step / c.step) ** GROWS:
            return math.copysign(math.inf, fine)
        return fine
    return of("left"), of("right")


def is_local(rung, wider):
    """Whether f looks straight over one step: the slopes of both sides agree to half of their mean, or to noise.

    Or whether it is stationary, as the rung `wider` before shows (None for the first).
    """
    difference = abs(rung.right - rung.left)
    return difference <= 0.5 * abs(rung.central) + 4.0 * rung.noise / rung.step or is_stationary(rung, wider)


def is_stationary(rung, wider):
    """Whether the difference of the slopes has fallen in proportion to the step: a curvature, the same over both steps."""
    if wider is None:
        return False
    difference, expected = abs(rung.right - rung.left), abs(wider.right - wider.left) * rung.step / wider.step
    return 0.5 * expected <= difference <= 2.0 * expected


def clears(suspect, jump):
    """A test for shorter rungs: whether the difference of the slopes seen at the rung `suspect`, or its jump, is gone."""
    def is_cleared(rung, wider):
        if jump:
            return _change(rung) <= 0.5 * _change(suspect)
        difference = abs(rung.right - rung.left)
        return difference <= 0.5 * abs(suspect.right - suspect.left) + 4.0 * rung.noise / rung.step
    return is_cleared
