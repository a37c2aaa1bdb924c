"""Numbers and sums that are the same on every machine, for the tests that hold what was measured."""

from functools import reduce
from operator import add

import numpy as np

WAVES = np.round(np.sin(np.arange(1.0, 700.0) ** 2) * 64.0) / 64.0  # of either sign, in no order


def total(array):
    """The sum in a fixed order: `sum` compensates since Python 3.12."""
    return reduce(add, np.ravel(array).tolist(), 0.0)


def product(a, b):
    """The matrix product, its sums in a fixed order."""
    return sum(a[:, k, None] * b[k] for k in range(len(b)))


def put(array, place, value):
    array = np.array(array, dtype=float)
    array[place] = value
    return array
