"""exp, ln and their kin for any type of number: float, Decimal, complex, and whatever brings these methods
itself.

A number of another type is asked for a method of the same name, as `Decimal` has `exp` and `ln`; that is how
dual numbers come in. Real numbers without one, as NumPy's float32, are rounded from floats. A float takes the
first branch and pays nothing for the others. `Literal` is a float that remembers how it was written.
"""

import cmath
import math
from decimal import Decimal, localcontext
from fractions import Fraction
from numbers import Rational, Real

from neuronnet.errors import NeuronnetError


def exp(x):
    """e to the power x; infinite, not an error, where a float overflows."""
    if type(x) is float:
        try:
            return math.exp(x)
        except OverflowError:
            return math.inf
    if isinstance(x, complex):
        try:
            return cmath.exp(x)
        except OverflowError:
            return complex(math.inf, 0.0)
    if isinstance(x, (float, int)):
        return exp(float(x))
    return _method(x, "exp")()


def ln(x):
    """The natural logarithm of x; minus infinity, not an error, at a float zero."""
    if isinstance(x, (float, int)):
        if x < 0:
            raise NeuronnetError(f"ln({x!r}): a logarithm is taken of positive numbers only")
        return -math.inf if x == 0 else math.log(x)
    if isinstance(x, complex):
        return cmath.log(x)
    return _method(x, "ln")()


def log1p(x):
    """ln(1 + x) without losing a small x."""
    if isinstance(x, (float, int)):
        return math.log1p(x)
    if isinstance(x, complex):
        if abs(x) > 0.5:
            return cmath.log(1 + x)
        # |1 + x|^2 = 1 + re*(2 + re) + im^2: the parts are kept apart, so that neither drowns in the other.
        size = math.log1p(x.real * (2 + x.real) + x.imag * x.imag) / 2
        return complex(size, math.atan2(x.imag, 1 + x.real))
    if isinstance(x, Decimal):
        with localcontext() as context:
            if x.adjusted() < -context.prec - 2:  # x^2/2, the next term, lies beyond the last digit
                return +x
            context.prec += _lost_digits(x)
            shifted = (1 + x).ln()
        return +shifted
    return _method(x, "log1p")()


def sqrt(x):
    """The square root of x."""
    if isinstance(x, (float, int)):
        return math.sqrt(x)
    if isinstance(x, complex):
        return cmath.sqrt(x)
    return _method(x, "sqrt")()


def tanh(x):
    """The hyperbolic tangent of x."""
    if isinstance(x, (float, int)):
        return math.tanh(x)
    if isinstance(x, complex):
        return cmath.tanh(x)
    if isinstance(x, Decimal):
        with localcontext() as context:
            if 2 * x.adjusted() < -context.prec - 3:  # so does x^3/3 here
                return +x
            context.prec += _lost_digits(x)
            power = (-2 * abs(x)).exp()
            magnitude = (1 - power) / (1 + power)
        return +(magnitude if x >= 0 else -magnitude)
    return _method(x, "tanh")()


def logsumexp(*terms):
    """ln(exp(a) + exp(b) + ...), without overflow and exact where one term outweighs the rest.

    The largest term comes out of the logarithm, the rest goes through log1p; softplus is `logsumexp(0, x)`.
    """
    if len(terms) == 1:
        return terms[0]
    largest = max(range(len(terms)), key=lambda index: real_part(terms[index]))
    rest = 0
    for index, term in enumerate(terms):
        if index != largest:
            rest += exp(term - terms[largest])
    return terms[largest] + log1p(rest)


def logistic(x):
    """1/(1 + exp(-x)), by whichever power of e does not overflow."""
    if real_part(x) > -700:
        return 1 / (1 + exp(-x))
    power = exp(x)
    return power / (1 + power)


def share(x, *others):
    """exp(x)/(exp(x) + exp(a) + exp(b) + ...), divided through by exp(x): 1/(1 + exp(a - x) + ...).

    Where that sum overflows, it is divided through by the largest power instead.
    """
    total = 1 if others else exp(x - x)  # of one x alone, 1 in its type of number
    for other in others:
        total += exp(other - x)
    if type(total) is not float or total != math.inf:
        return 1 / total
    largest, total = max(others), 0
    for each in (x, *others):
        total += exp(each - largest)
    return exp(x - largest) / total


def logistic_slope(x):
    """out*(1 - out) of out = logistic(x); above x = 1, where 1 - out cancels, from 1 - out = out*exp(-x)."""
    out = logistic(x)
    return out * (1 - out) if real_part(x) < 1 else out * (out * exp(-x))


def tanh_slope(x):
    """1 - tanh(x)^2; beyond 1/2, where that cancels, as 4*e/(1 + e)^2 with e = exp(-2*|x|)."""
    if -0.5 < real_part(x) < 0.5:
        out = tanh(x)
        return 1 - out * out
    power = exp(-2 * x if real_part(x) > 0 else 2 * x)
    return 4 * power / ((1 + power) * (1 + power))


def larger(one, other):
    """The larger of two numbers, the second only if it is larger: relu is larger(0, x)."""
    if real_part(other) > real_part(one):
        return other
    return one if type(one) is type(other) else type(other)(0) + one


def size(x):
    """|x|; of a complex number the one with the real part of |x|, as a complex step needs it."""
    return -x if real_part(x) < 0 else x


def sign(x):
    """1, 0 or -1, in the type of x."""
    real = real_part(x)
    return type(x)((real > 0) - (real < 0))


def power(x, exponent):
    """x to any power; a whole power by multiplication, another through the logarithm of x."""
    whole = int(real_part(exponent)) if abs(real_part(exponent)) <= 64 else None
    if whole is not None and exponent == whole:
        found = x * 0 + 1
        for _ in range(abs(whole)):
            found = found * x
        return 1 / found if whole < 0 else found
    return exp(exponent * ln(x))


def step(x):
    """The slope of relu: 1 where x is positive, otherwise 0, in the type of x."""
    return type(x)(1 if real_part(x) > 0 else 0)


def real_part(x):
    """What x is ordered by: the real part of a complex number, x itself for any other."""
    return x.real if isinstance(x, complex) else x


def _lost_digits(x):
    """How many more digits a difference from 1 needs so that a small x keeps all of its own."""
    return 2 + max(0, -x.adjusted()) if x != 0 else 2


def _method(x, name):
    method = getattr(x, name, None)
    if method is None and isinstance(x, Real) and not isinstance(x, Rational):
        return lambda: type(x)(_OF_FLOATS[name](float(x)))  # such as a float32, rounded from a float
    if method is None:
        remedy = "use another type of number, or an activation without it"
        raise TypeError(f"{type(x).__name__} has no {name}: {remedy}")
    return method


_OF_FLOATS = {"exp": exp, "ln": ln, "log1p": log1p, "sqrt": sqrt, "tanh": tanh}


# Numbers as they are written


class Literal(float):
    """A float that remembers the text it was read from, as `text`; fifty digits start from that."""

    __slots__ = ("text",)

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self):
        return Literal, (self.text,)


def as_number(value, number=float):
    """`value` in another type of number: the decimal text where that can hold it, else the nearest float.

    A type with a method `as_written` makes its own number of the value.
    """
    if isinstance(value, str):
        value = Literal(value)
    if hasattr(number, "as_written"):
        return number.as_written(value)
    if number in (Decimal, Fraction):
        if isinstance(value, (Decimal, Fraction, int)):
            return number(value)
        return number(getattr(value, "text", None) or repr(float(value)))
    return number(value) if number is complex else number(float(value))
