"""Calls of a function that is examined: counted, held to what they should return, leaving random states as they were.

Away from the point itself a function may be undefined, which is no mistake; at the point it must have a value.
"""

import math
import random
from contextlib import contextmanager

import numpy as np

from .errors import GradcheckError, NotFinite, NotRealNumbers


class Counted:
    """f with its calls counted; outside its domain (a NaN, an infinity, an arithmetic complaint) it gives NaN.

    So it does below `low` and above `high`, where f is not called.
    """

    def __init__(self, f, low=-math.inf, high=math.inf):
        self.f, self.low, self.high = f, low, high
        self.evaluations = 0

    def __call__(self, x):
        if not self.low <= x <= self.high:
            return math.nan
        try:
            value = self._call(x)
        except GradcheckError:
            raise
        except (ArithmeticError, ValueError):
            return math.nan
        return value if math.isfinite(value) else math.nan

    def at_the_point(self, x, name):
        """The value at the point itself, where complaints of f are not hidden and the value must be finite."""
        value = self._call(x)
        if not math.isfinite(value):
            raise NotFinite(name, (), value)
        return value

    def _call(self, x):
        self.evaluations += 1
        return real_number("f", self.f(x))


def real_number(name, value):
    """`value` as a float. Raises NotRealNumbers for anything but one real number (an array needs shape ())."""
    if isinstance(value, float):
        return float(value)
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind not in "fiu":
        found = f"an array of shape {array.shape}" if array.shape != () else f"{value!r}"
        raise NotRealNumbers(name, found, "return one real number, e.g. the sum over samples and outputs")
    return float(array)


def imaginary_part(value):
    """The imaginary part of `value` as a float. Raises NotRealNumbers for anything but one complex number."""
    if isinstance(value, complex):
        return float(value.imag)
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind != "c":
        raise NotRealNumbers("f(x + ih)", f"{value!r}", "let f compute in complex numbers, or leave complex numbers to those that do")
    return float(array.imag)


def value_and_gradients(returned):
    """What a loss that gives its gradients as well returns, a pair. Raises GradcheckError for anything else."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise GradcheckError("loss: without gradients it must return (value, gradients), found "
                             f"{type(returned).__name__}; return both, or give the gradients as the second argument")
    return returned


@contextmanager
def random_states_kept():
    """Python's and NumPy's global random states are put back at the end, however it comes."""
    kept = random.getstate(), np.random.get_state(legacy=False)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
