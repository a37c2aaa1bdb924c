"""Numbers that remember the text they were written as, and every number in another type of number.

A computation with fifty digits starts from the text and not from its nearest binary float.
"""

from decimal import Decimal
from fractions import Fraction
from math import isfinite


class Literal(float):
    """A float that remembers the text it was read from, as `text`."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self):
        return Literal, (self.text,)


def as_number(value, number=float):
    """`value` in another type of number: the decimal text where that type can hold it, else the nearest float.

    What has a method `as_written` is asked for the number that a value written like that stands for.
    """
    if hasattr(number, "as_written"):
        return number.as_written(value)
    if number in (Decimal, Fraction):
        if isinstance(value, (Decimal, Fraction, int)):
            return number(value)
        return number(getattr(value, "text", None) or repr(float(value)))
    return number(float(value))


def fits_a_float(value):
    """Whether a number is finite as a float, and 0 as a float only if it is 0."""
    try:
        return isfinite(value) and (float(value) != 0 or Decimal(getattr(value, "text", 0)) == value == 0)
    except (ArithmeticError, ValueError):
        return False
