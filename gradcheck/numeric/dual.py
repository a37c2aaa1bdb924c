"""Numbers with a second part that arithmetic carries along.

`Dual`: a + b*eps with eps**2 = 0, which carries one derivative forward. f(Dual(x, 1.0)) is Dual(f(x), f'(x))
for every f made of the operations below (W. K. Clifford 1873; as a way to differentiate programs: R. E.
Wengert, "A simple automatic derivative evaluation program", CACM 7, 1964). `Bounded` carries a bound on its
own rounding error (running error analysis: N. J. Higham, "Accuracy and Stability of Numerical Algorithms",
section 3.3). There is no `float(number)`: it would lose the second part in silence. Read the attributes.
"""

import math
from sys import float_info


class _Carrying:
    """Comparisons look at the value alone, so that branches go the way they go for floats."""

    __slots__ = ()

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return -self + other

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return type(self)(other) / self

    def __eq__(self, other):  # and so without a hash: values can be equal and second parts not
        return self.value == _parts(other)[0]

    def __lt__(self, other):
        return self.value < _parts(other)[0]

    def __le__(self, other):
        return self.value <= _parts(other)[0]

    def __gt__(self, other):
        return self.value > _parts(other)[0]

    def __ge__(self, other):
        return self.value >= _parts(other)[0]


class Dual(_Carrying):
    """A number with its derivative; mixes with int and float, whose derivative is zero."""

    __slots__ = ("value", "derivative")
    __array_ufunc__ = None  # np.float64 then hands + - * / over to the methods of a Dual

    def __init__(self, value, derivative=0.0):
        self.value = value
        self.derivative = derivative

    def __repr__(self):
        return f"Dual: value={self.value!r} derivative={self.derivative!r}"

    # (u + v)' = u' + v'
    def __add__(self, other):
        v, dv = _parts(other)
        return Dual(self.value + v, self.derivative + dv)

    def __neg__(self):
        return Dual(-self.value, -self.derivative)

    def __pos__(self):
        return self

    def __sub__(self, other):
        v, dv = _parts(other)
        return Dual(self.value - v, self.derivative - dv)

    # (u v)' = u' v + u v'
    def __mul__(self, other):
        v, dv = _parts(other)
        return Dual(self.value * v, self.derivative * v + self.value * dv)

    # (u / v)' = (u' - (u / v) v') / v
    def __truediv__(self, other):
        v, dv = _parts(other)
        quotient = self.value / v
        return Dual(quotient, (self.derivative - quotient * dv) / v)

    # (u ** n)' = n u ** (n - 1) u', for whole n
    def __pow__(self, exponent):
        if isinstance(exponent, bool) or not isinstance(exponent, int):
            raise TypeError(f"Dual ** {exponent!r}: only whole powers; write (a.ln() * p).exp() for others")
        if exponent == 0:
            return Dual(self.value**0, 0.0)
        return Dual(self.value**exponent, exponent * self.value ** (exponent - 1) * self.derivative)

    # |u|' = sign(u) u', and 0 at the kink
    def __abs__(self):
        sign = (self.value > 0) - (self.value < 0)
        return Dual(abs(self.value), sign * self.derivative)

    def exp(self) -> "Dual":
        """e**u. Beyond the largest float Dual(inf, 0.0): 1/(1 + exp(-x)) at x = -1000 is 0 with slope 0."""
        try:
            value = math.exp(self.value)
        except OverflowError:
            return Dual(math.inf, 0.0)
        return Dual(value, value * self.derivative)

    def ln(self) -> "Dual":
        """Natural logarithm, slope 1/u. Raises ValueError for u <= 0."""
        return Dual(math.log(self.value), self.derivative / self.value)

    def log1p(self) -> "Dual":
        """ln(1 + u), accurate for small u, slope 1/(1 + u). Raises ValueError for u <= -1."""
        return Dual(math.log1p(self.value), self.derivative / (1.0 + self.value))

    def tanh(self) -> "Dual":
        """Hyperbolic tangent, slope 1 - tanh(u)**2, computed as 4*e/(1 + e)**2 with e = exp(-2*|u|)."""
        power = math.exp(-2.0 * abs(self.value))
        slope = 4.0 * power / ((1.0 + power) * (1.0 + power))
        return Dual(math.tanh(self.value), slope * self.derivative)

    def sqrt(self) -> "Dual":
        """Square root, slope 1/(2 sqrt u). Raises ValueError for u < 0, ZeroDivisionError at 0."""
        root = math.sqrt(self.value)
        return Dual(root, self.derivative / (2.0 * root))


class Bounded(_Carrying):
    """A `value` computed in floats, within `error` of what exact arithmetic on the given numbers gives.

    Has the arithmetic and the functions that the objects of a network use.
    """

    __slots__ = ("value", "error")

    def __init__(self, value, error=0.0):
        self.value = value
        self.error = error

    def __repr__(self):
        return f"Bounded: {self.value!r} ± {self.error:.1e}"

    def __add__(self, other):
        value, error = _parts(other)
        return _rounded(self.value + value, self.error + error)

    def __neg__(self):
        return Bounded(-self.value, self.error)

    def __sub__(self, other):
        value, error = _parts(other)
        return _rounded(self.value - value, self.error + error)

    def __mul__(self, other):
        value, error = _parts(other)
        carried = abs(self.value) * error + self.error * abs(value) + self.error * error
        return _rounded(self.value * value, carried)

    def __truediv__(self, other):
        value, error = _parts(other)
        quotient = self.value / value
        room = abs(value) - error  # the smallest the divisor can be; if none is left, nothing is known
        return _rounded(quotient, (self.error + abs(quotient) * error) / room if room > 0 else math.inf)

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
        return _rounded(math.log(self.value), self._spread(self.value), operations=2)

    def log1p(self):
        """ln(1 + value)."""
        return _rounded(math.log1p(self.value), self._spread(1.0 + self.value), operations=2)

    def tanh(self):
        """tanh, its slope at most 1."""
        return _rounded(math.tanh(self.value), self.error, operations=2)

    def _spread(self, value):
        """What the error makes of the logarithm of the value."""
        return self.error / (value - self.error) if value > self.error else math.inf


def _parts(number):
    """(value, second part) of a number; that of a plain number is zero."""
    if isinstance(number, Dual):
        return number.value, number.derivative
    if isinstance(number, Bounded):
        return number.value, number.error
    return number, 0.0


def _rounded(value, error, operations=1):
    """A fresh Bounded: what came in, and the rounding of the operation; an overflow is taken as it is."""
    rounding = operations * (float_info.epsilon / 2) * abs(value)
    return Bounded(value, error + rounding) if math.isfinite(value) else Bounded(value)
