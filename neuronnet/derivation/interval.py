"""Interval arithmetic: what a formula can give when every number in it may lie anywhere between two ends.

The ends are Decimals of the context's precision. What fifty digits lose is far below any printed digit, so
that nothing is widened for it.
"""

from decimal import Decimal

from neuronnet.elementary import log1p, tanh


class Interval:
    """The numbers from `low` to `high`. Arithmetic on it, and exp, ln and their kin, give an Interval again."""

    __slots__ = ("high", "low")

    def __init__(self, low, high=None):
        self.low = Decimal(low)
        self.high = self.low if high is None else Decimal(high)

    def __add__(self, other):
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + -_interval(other)

    def __rsub__(self, other):
        return _interval(other) - self

    def __mul__(self, other):
        other = _interval(other)
        ends = (self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high)
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__

    def __truediv__(self, other):
        other = _interval(other)
        if other.low <= 0 <= other.high:
            raise ZeroDivisionError("the divisor may be 0")
        return self * Interval(1 / other.high, 1 / other.low)

    def __rtruediv__(self, other):
        return _interval(other) / self

    # Ordered by their middles: the piece of relu, and the largest term of a logarithm of a sum.

    def __gt__(self, other):
        return self.low + self.high > _interval(other).low + _interval(other).high

    def __lt__(self, other):
        return self.low + self.high < _interval(other).low + _interval(other).high

    def __ge__(self, other):
        return not self < other

    # Growing functions take the ends to the ends.

    def exp(self):
        """e to the power of every number between."""
        return Interval(self.low.exp(), self.high.exp())

    def ln(self):
        """Their natural logarithms."""
        return Interval(self.low.ln(), self.high.ln())

    def sqrt(self):
        """Their square roots."""
        return Interval(self.low.sqrt(), self.high.sqrt())

    def tanh(self):
        """Their hyperbolic tangents."""
        return Interval(tanh(self.low), tanh(self.high))

    def log1p(self):
        """ln(1 + x) of them."""
        return Interval(log1p(self.low), log1p(self.high))

    def with_(self, value):
        """The smallest Interval that has a Decimal in it too."""
        return Interval(min(self.low, value), max(self.high, value))

    def meets(self, other):
        """Whether the two have a number in common."""
        return self.low <= other.high and other.low <= self.high

    def __repr__(self):
        return f"Interval({self.low}, {self.high})"


def around(printed):
    """The numbers that a Printed stands for: half a unit of its last digit to either side."""
    return Interval(printed.value - printed.half_unit, printed.value + printed.half_unit)


def rounded_or_cut(printed):
    """The numbers that a Printed comes from if its digits were rounded, or else cut off."""
    rounded = around(printed)
    outward = printed.unit.copy_sign(printed.value)
    return rounded.with_(printed.value + outward)


def _interval(value):
    return value if isinstance(value, Interval) else Interval(value)
