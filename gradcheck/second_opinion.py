"""The complex step as a second opinion on a gradient that has its bars already, for functions that are holomorphic.

It tightens bars. Where it contradicts one nothing can be told: the differences have missed structure finer than their
steps, or the function is not what it was seen to be. Which functions may be asked is decided in `holomorphic`.

Source: W. Squire and G. Trapp, SIAM Review 40 (1998).
"""

import math
import warnings
from dataclasses import replace

import numpy as np

from .calls import imaginary_part
from .holomorphic import is_holomorphic
from .noise import DEVIATIONS
from .quotients import ARITHMETIC
from .rounding import SMALLEST, U

H = 1e-100                                  # its square is below every relative rounding, its inverse far from overflow
NEIGHBOUR = 8.0 * U                         # relative: the slope is computed again this far to both sides of x, with H/3
                                            # and H/7: what the three differ by is rounding
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
    tried = sorted(tried, key=lambda i: -estimates[i].error / (estimates[i].scale or 1.0))[:max(spare - 1, 0) // CALLS]
    if len(tried) == 0:
        return estimates
    used = [estimate.evaluations for estimate in estimates]
    used[tried[0]] += 1
    opinions, largest = {}, max(estimate.scale for estimate in estimates)
    if is_holomorphic(f, vector, H * (np.arange(len(vector)) + 1.0)):
        for i in tried:
            opinions[i], calls = _slopes(along(f, vector, i), float(vector[i]))
            used[i] += calls
    cancelled = ARITHMETIC * largest
    return [_better(estimate, opinions.get(i), cancelled + TERMS * noise / max(abs(float(vector[i])), 1.0), used[i])
            for i, estimate in enumerate(estimates)]


def _better(estimate, opinion, rounding, evaluations):
    """The Estimate with its `evaluations`, and with the value of the opinion where the bar of that is smaller."""
    if opinion is None or opinion[1] + rounding >= estimate.error:
        return replace(estimate, evaluations=evaluations)
    value, error = opinion[0], opinion[1] + rounding
    if abs(value - estimate.value) > error + estimate.error:
        return replace(estimate, value=math.nan, error=math.inf, reason="two opinions", evaluations=evaluations)
    return replace(estimate, value=value, error=error, evaluations=evaluations)


def _has_room(estimate, x, low, high):
    """Whether there is nothing special about x, the neighbours are within the bounds, and slopes times H do not underflow."""
    distance = NEIGHBOUR * max(abs(x), U)
    return (estimate.reason is None and low <= x - distance and x + distance <= high
            and estimate.scale * H > SMALLEST / U ** 2)


def _slopes(f, x):
    """((slope, its own rounding) or None, calls made); whatever f objects to means that it takes no complex numbers."""
    distance, slopes = NEIGHBOUR * max(abs(x), U), []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        for calls, (point, h) in enumerate(((x, H), (x - distance, H / 3.0), (x + distance, H / 7.0)), start=1):
            try:
                slopes.append(imaginary_part(f(complex(point, h))) / h)
            except Exception:
                return None, calls
            if not math.isfinite(slopes[-1]):
                return None, calls
    value = slopes[0]
    return (value, DEVIATIONS * max(abs(each - value) for each in slopes) + ARITHMETIC * abs(value)), CALLS
