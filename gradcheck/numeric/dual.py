"""Dual numbers a + b*eps with eps**2 = 0: arithmetic that carries one derivative forward.

f(Dual(x, 1.0)) is Dual(f(x), f'(x)) for every f made of the operations below (W. K. Clifford 1873; as a way
to differentiate programs: R. E. Wengert, "A simple automatic derivative evaluation program", CACM 7, 1964).
There is no `float(dual)`: it would lose the derivative in silence. Read `.value` and `.derivative` instead.
"""

import math


class Dual:
    """A number with its derivative; mixes with int and float, whose derivative is zero.

    Comparisons look at the value alone, so that branches go the way they go for floats.
    """

    __slots__ = ("value", "derivative")
    __array_ufunc__ = None  # np.float64 then hands + - * / over to the methods below
    __hash__ = None  # type: ignore[assignment]  # values can be equal and derivatives not

    def __init__(self, value, derivative=0.0):
        self.value = value
        self.derivative = derivative

    def __repr__(self):
        return f"Dual: value={self.value!r} derivative={self.derivative!r}"

    # (u + v)' = u' + v'
    def __add__(self, other):
        v, dv = _parts(other)
        return Dual(self.value + v, self.derivative + dv)

    __radd__ = __add__

    def __neg__(self):
        return Dual(-self.value, -self.derivative)

    def __pos__(self):
        return self

    def __sub__(self, other):
        v, dv = _parts(other)
        return Dual(self.value - v, self.derivative - dv)

    def __rsub__(self, other):
        return -self + other

    # (u v)' = u' v + u v'
    def __mul__(self, other):
        v, dv = _parts(other)
        return Dual(self.value * v, self.derivative * v + self.value * dv)

    __rmul__ = __mul__

    # (u / v)' = (u' - (u / v) v') / v
    def __truediv__(self, other):
        v, dv = _parts(other)
        quotient = self.value / v
        return Dual(quotient, (self.derivative - quotient * dv) / v)

    def __rtruediv__(self, other):
        return Dual(other) / self

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

    def __eq__(self, other):
        return self.value == _parts(other)[0]

    def __lt__(self, other):
        return self.value < _parts(other)[0]

    def __le__(self, other):
        return self.value <= _parts(other)[0]

    def __gt__(self, other):
        return self.value > _parts(other)[0]

    def __ge__(self, other):
        return self.value >= _parts(other)[0]

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


def _parts(number):
    """(value, derivative) of a Dual or of a plain number, which does not vary."""
    if isinstance(number, Dual):
        return number.value, number.derivative
    return number, 0.0
