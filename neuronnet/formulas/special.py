"""erf, gelu, sine and cosine for float, Decimal in the digits of its context, and complex.

A complex argument of erf and gelu lies near the real axis, as that of a complex step does. Any other type of
number is asked for a method of the same name.
"""

import cmath
import math
from decimal import Decimal, localcontext
from functools import cache


def sin(x):
    return _circular(x, "sin")


def cos(x):
    return _circular(x, "cos")


def erf(x):
    """The error function: 2/√π times the integral of exp(-t²) from 0 to x."""
    if isinstance(x, (float, int)):
        return math.erf(x)
    if isinstance(x, complex):
        return complex(math.erf(x.real)) + _off_the_axis(x)
    return _decimal_erf(x) if isinstance(x, Decimal) else x.erf()


def erfc(x):
    """1 - erf(x), without losing digits where that is small."""
    if isinstance(x, (float, int)):
        return math.erfc(x)
    if isinstance(x, complex):
        return complex(math.erfc(x.real)) - _off_the_axis(x)
    return _decimal_erfc(x) if isinstance(x, Decimal) else x.erfc()


def erf_slope(x):
    """2/√π exp(-x²)."""
    if isinstance(x, Decimal):
        return 2 * (-x * x).exp() / _pi().sqrt()
    plain = {complex: cmath.exp, float: math.exp, int: math.exp}.get(type(x))
    return (plain(-x * x) if plain else (-x * x).exp()) * (2 / math.sqrt(math.pi))


def gelu(x):
    """x times the share of a standard normal variable below x."""
    return x * erfc(-x / _root_of_2(x)) / 2


def gelu_slope(x):
    scaled = x / _root_of_2(x)
    return (erfc(-scaled) + scaled * erf_slope(scaled)) / 2


def _root_of_2(x):
    return Decimal(2).sqrt() if isinstance(x, Decimal) else math.sqrt(2)


def _circular(x, name):
    if isinstance(x, (float, int)):
        return getattr(math, name)(x)
    if isinstance(x, complex):
        return getattr(cmath, name)(x)
    if not isinstance(x, Decimal):
        return getattr(x, name)()
    with localcontext() as context:
        context.prec += 5 + max(0, x.adjusted())
        angle = x.remainder_near(2 * _pi())
        term, power = (angle, 1) if name == "sin" else (Decimal(1), 0)
        found, before = term, None
        while found != before:
            power += 2
            term = -term * angle * angle / (power * (power - 1))
            before, found = found, found + term
    return +found


def _decimal_erf(x):
    if abs(x) > 1:
        return (1 - erfc(x)) if x > 0 else (erfc(-x) - 1)
    with localcontext() as context:
        context.prec += 5
        found = _series(x)
    return +found


def _series(x):
    """2/√π exp(-x²) (x + 2x³/3 + 4x⁵/15 + ...): all terms of one sign, so that nothing cancels."""
    term = found = x
    odd, before = 1, None
    while found != before:
        odd += 2
        term = term * 2 * x * x / odd
        before, found = found, found + term
    return found * erf_slope(x)


def _decimal_erfc(x):
    if x < 0:
        return 2 - erfc(-x)
    with localcontext() as context:
        context.prec += 5
        if x * x > Decimal("2.4") * context.prec:
            found = _far_out(x, context.prec)
        else:
            context.prec += int(x * x * Decimal("0.44")) + 5  # what 1 - erf(x) loses
            found = 1 - _series(x)
    return +found


def _far_out(x, digits):
    """exp(-x²)/(x √π) (1 - 1/(2x²) + 3/(2x²)² - ...), cut off where the terms no longer count."""
    term = found = Decimal(1)
    odd = 1
    while abs(term) > Decimal(10) ** -digits:
        term = -term * odd / (2 * x * x)
        found += term
        odd += 2
    return found * erf_slope(x) / (2 * x)


def _off_the_axis(x):
    """erf(x) - erf(real part of x), by Taylor's series from there."""
    real, step = x.real, complex(0, x.imag)
    slope, before = erf_slope(real), 0.0
    factor, found = step, 0j
    for order in range(1, 200):
        found += slope * factor
        if order > 3 and abs(slope * factor) <= 1e-18 * abs(found):
            break
        slope, before = -2 * real * slope - 2 * (order - 1) * before, slope
        factor = factor * step / (order + 1)
    return found


def _pi():
    with localcontext() as context:
        return _pi_of(context.prec)


@cache
def _pi_of(digits):
    """Machin: π = 16 arctan(1/5) - 4 arctan(1/239)."""
    one = 10 ** (digits + 10)
    with localcontext() as context:
        context.prec = digits + 10
        return Decimal(16 * _arctan(5, one) - 4 * _arctan(239, one)) / one


def _arctan(inverse, one):
    power = found = one // inverse
    odd, sign = 1, 1
    while power:
        power //= inverse * inverse
        odd, sign = odd + 2, -sign
        found += sign * (power // odd)
    return found
