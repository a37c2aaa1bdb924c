"""Numbers that remember the text they were written as, and every number in another type of number.

A computation with fifty digits starts from the text and not from its nearest binary float.
"""

from decimal import Decimal
from fractions import Fraction
from math import isfinite

from neuronnet.errors import SpecError

# --- Numbers that remember the text they were written as, and every number in another type of number.


class Literal(float):
    """A float that remembers the text it was read from, as `text`."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self):
        return Literal, (self.text,)


def as_number(value, number=float):
    """`value` in another type of number: the decimal text where that type can hold it, else the nearest
    float.

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


# --- Text files of bounded length, read whole; what stands in them is not known here.


MOST_BYTES = 20_000_000


def text_of(path, needed):
    """The text of a file, a Path. Raises SpecError, which ends with what is `needed`, where it cannot be
    read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SpecError(
            str(path), getattr(error, "strerror", None) or "an unreadable file", f"{needed} is needed"
        ) from None
    return decoded(data, str(path))


def decoded(data, where):
    """The text that bytes stand for: UTF-8, with or without a byte order mark, and of bounded length."""
    if len(data) > MOST_BYTES:
        raise SpecError(where, f"more than {MOST_BYTES} bytes", f"a file has at most {MOST_BYTES}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(where, f"a byte that is not UTF-8 in line {line}", "files are UTF-8") from None
