"""The complex step as a second opinion on a gradient that has its bars already; it tightens them where it is proved valid.

Valid for a function means: on complex numbers it gives complex ones, its real part is the value, and at every entry that
could be tried Im f(x + ih)/h lies within the bar of the differences. NumPy's abs, norm, var and the like, which take no
complex derivative, fail this wherever they matter by more than a bar: what is smaller than every bar stays unseen.

Source: W. Squire and G. Trapp, SIAM Review 40 (1998).
"""

import math
import warnings

import numpy as np

from .calls import imaginary_part
from .descent import Estimate
from .quotients import ARITHMETIC
from .rounding import U

COMPLEX_STEP = 1e-100                       # its square is below every relative rounding, its inverse far from overflow
NEIGHBOUR = 8.0 * U                         # the slope is computed at x and this far to both sides: what it scatters by
DEVIATIONS = 3.0                            # is its own rounding, taken three times
CALLS = 3
TERMS = 4.0                                 # roundings: of the real and imaginary part, of product and sum


def along(f, vector, i):
    """f as a function of entry i alone, real or complex."""
    def f_of_entry(value):
        moved = vector.astype(np.complex128) if isinstance(value, complex) else vector.copy()
        moved[i] = value
        return f(moved)
    return f_of_entry


def tightened(f, vector, low, high, estimates, noise, spare):
    """`estimates` with smaller bars where the complex step is valid, or unchanged. `spare`: calls that are left.

    Entries at a kink, a jump or the edge of a domain are left alone. Calls are added to the evaluations of the entries.
    Rounding belongs to f, not to an entry: a bar is at least that of the largest slope, and that of slopes which cancel
    (of outputs that add up to 1, say), whose natural size is that of f over max(|x|, 1). `noise`: of one evaluation.
    """
    tried = [i for i, estimate in enumerate(estimates) if _has_room(estimate, vector[i], low[i], high[i])]
    tried = tried[:max(spare, 0) // CALLS]
    used, opinions = [estimate.evaluations for estimate in estimates], {}
    largest = max((estimate.scale for estimate in estimates), default=0.0)
    for i in tried:
        slopes, calls = _slopes(along(f, vector, i), float(vector[i]))
        used[i] += calls
        if slopes is None or not _agrees(slopes, estimates[i]):
            opinions = {}
            break
        opinions[i] = slopes
    cancelled = ARITHMETIC * largest
    return [_better(estimate, opinions.get(i), cancelled + TERMS * noise / max(abs(float(vector[i])), 1.0), used[i])
            for i, estimate in enumerate(estimates)]


def _better(estimate, opinion, rounding, evaluations):
    """The Estimate with its `evaluations`, and with the value of the opinion where the bar of that is smaller."""
    value, error = estimate.value, estimate.error
    if opinion is not None and opinion[1] + rounding < error:
        value, error = opinion[0], opinion[1] + rounding
    return Estimate(value, error, estimate.step, evaluations, estimate.kink, estimate.scale, estimate.reason, estimate.left,
                    estimate.right)


def _has_room(estimate, x, low, high):
    distance = NEIGHBOUR * max(abs(x), U)
    return estimate.reason is None and low <= x - distance and x + distance <= high


def _agrees(opinion, estimate):
    return abs(opinion[0] - estimate.value) <= opinion[1] + estimate.error


def _slopes(f, x):
    """((slope, its own rounding) or None, calls made); whatever f objects to means that it takes no complex numbers."""
    distance, slopes = NEIGHBOUR * max(abs(x), U), []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        for calls, point in enumerate((x, x - distance, x + distance), start=1):
            try:
                slopes.append(imaginary_part(f(complex(point, COMPLEX_STEP))) / COMPLEX_STEP)
            except Exception:
                return None, calls
            if not math.isfinite(slopes[-1]):
                return None, calls
    value = slopes[0]
    return (value, DEVIATIONS * max(abs(each - value) for each in slopes) + ARITHMETIC * abs(value)), CALLS
