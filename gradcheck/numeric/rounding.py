"""A number that carries a bound on its own rounding error: sent through a program, it measures what rounding
can do.

Running error analysis (J. H. Wilkinson; N. J. Higham, "Accuracy and Stability of Numerical Algorithms",
section 3.3): the bound of a result is what the operands' bounds can do to it, plus half a unit in its last
place for the operation itself. Elementary functions are taken to be right to one unit (two roundings), as the
C library's are.
"""

import math
import random
from contextlib import contextmanager

import numpy as np

from gradcheck.errors import GradcheckError, NotFinite, NotRealNumbers

# --- A number that carries a bound on its own rounding error: sent through a program, it measures what
# rounding can do.


U = 2.0**-53
HALF_THE_DIGITS = U**0.5  # relative: what a one-sided difference can attain
SMALLEST = 2.0**-1074  # absolute rounding where floats run out of exponents


class Bounded:
    """`value`, computed in floats, lies within `error` of what exact arithmetic on the given numbers would
    give.

    Has the arithmetic and the functions that the objects of a network use. Comparisons look at the value.
    """

    __slots__ = ("value", "error")
    __hash__ = None

    def __init__(self, value, error=0.0):
        self.value = value
        self.error = error

    def __repr__(self):
        return f"Bounded: {self.value!r} ± {self.error:.1e}"

    def __add__(self, other):
        value, error = _parts(other)
        return _rounded(self.value + value, self.error + error)

    __radd__ = __add__

    def __neg__(self):
        return Bounded(-self.value, self.error)

    def __sub__(self, other):
        value, error = _parts(other)
        return _rounded(self.value - value, self.error + error)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        value, error = _parts(other)
        return _rounded(
            self.value * value, abs(self.value) * error + self.error * abs(value) + self.error * error
        )

    __rmul__ = __mul__

    def __truediv__(self, other):
        value, error = _parts(other)
        quotient = self.value / value
        room = (
            abs(value) - error
        )  # the smallest the divisor can be; none left: nothing is known of the quotient
        return _rounded(quotient, (self.error + abs(quotient) * error) / room if room > 0 else math.inf)

    def __rtruediv__(self, other):
        return Bounded(*_parts(other)) / self

    def __lt__(self, other):
        return self.value < _parts(other)[0]

    def __gt__(self, other):
        return self.value > _parts(other)[0]

    def __eq__(self, other):
        return self.value == _parts(other)[0]

    def __abs__(self):
        return Bounded(abs(self.value), self.error)

    def exp(self):
        """exp, its slope at most exp(value + error) over the interval."""
        try:
            value = math.exp(self.value)
            return _rounded(value, value * math.expm1(self.error), operations=2)
        except OverflowError:
            return Bounded(math.inf)

    def ln(self):
        """The natural logarithm."""
        room = self.value - self.error
        spread = self.error / room if room > 0 else math.inf
        return _rounded(math.log(self.value), spread, operations=2)

    def log1p(self):
        """ln(1 + value)."""
        room = 1.0 + self.value - self.error
        spread = self.error / room if room > 0 else math.inf
        return _rounded(math.log1p(self.value), spread, operations=2)

    def tanh(self):
        """tanh, its slope at most 1."""
        return _rounded(math.tanh(self.value), self.error, operations=2)


def _parts(number):
    return (number.value, number.error) if isinstance(number, Bounded) else (number, 0.0)


def _rounded(value, error, operations=1):
    """A fresh result: what came in, and the rounding of the operation; an overflow is taken as it is."""
    return Bounded(value, error + operations * U * abs(value)) if math.isfinite(value) else Bounded(value)


# --- Calls of a function that is examined: counted, held to what they should return, leaving random states as
# they were.


class Counted:
    """f with its calls counted; outside its domain (a NaN, an infinity, an arithmetic complaint) it gives
    NaN.

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
        raise NotRealNumbers(
            "f(x + ih)",
            f"{value!r}",
            "let f compute in complex numbers, or leave complex numbers to those that do",
        )
    return float(array.imag)


def value_and_gradients(returned):
    """What a loss that gives its gradients as well returns, a pair. Raises GradcheckError for anything else."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise GradcheckError(
            "loss: without gradients it must return (value, gradients), found "
            f"{type(returned).__name__}; return both, or give the gradients as the second argument"
        )
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
