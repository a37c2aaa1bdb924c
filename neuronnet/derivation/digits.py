"""Printed numbers and what they claim: half a unit of the last digit, no more and no less.

Trailing zeros claim as much as any other digit. How a number came about is not known here.
"""

from decimal import ROUND_DOWN, Context, Decimal

from neuronnet.errors import NumberError

LARGEST_EXPONENT = 308          # what binary64 can hold
SMALLEST_EXPONENT = -400
FAR = 16                        # powers of ten from which a number is written with one
MOST_SHOWN = 50                 # significant digits
_WIDE = Context(prec=2000)


class Printed:
    """A number as it is printed: its `text`, its `value` (a Decimal) and the `unit` of its last digit."""

    __slots__ = ("text", "unit", "value")

    def __init__(self, text):
        """Raises NumberError for a text that is no number, or one far larger or smaller than any that a pass has."""
        self.text = text
        try:
            self.value = Decimal(text)
        except ArithmeticError:
            raise NumberError("printed number", text) from None
        exponent = self.value.as_tuple().exponent
        if not isinstance(exponent, int) or not SMALLEST_EXPONENT <= exponent <= self.value.adjusted() < LARGEST_EXPONENT:
            raise NumberError(f"printed number, below 1e{LARGEST_EXPONENT} and with at most {-SMALLEST_EXPONENT} decimals", text)
        self.unit = Decimal(1).scaleb(exponent)

    @property
    def half_unit(self):
        """Half a unit of the last printed digit, exactly."""
        return self.unit / 2

    @property
    def is_whole(self):
        """Whether it is printed without a digit behind the point."""
        return self.unit >= 1

    def agrees(self, exact):
        """Whether a Decimal is what was printed, to the last digit."""
        return abs(_WIDE.subtract(exact, self.value)) <= self.half_unit

    def is_cut_from(self, exact):
        """Whether the digits are those of a Decimal cut off and not rounded."""
        if exact.adjusted() - self.unit.adjusted() >= _WIDE.prec:
            return False
        return exact.quantize(self.unit, ROUND_DOWN, _WIDE) == self.value

    def units_from(self, exact):
        """How many units of the last printed digit lie between this and a Decimal: printed less exact, a float."""
        return float(_WIDE.divide(_WIDE.subtract(self.value, exact), self.unit))

    def exact_text(self, exact):
        """A Decimal as text, with two digits more than were printed."""
        return digits_text(exact, self.value.as_tuple().exponent - 2)

    def __repr__(self):
        return f"Printed {self.text}"


def digits_text(value, exponent):
    """A Decimal rounded to the digit of that exponent, as text; with a power of ten where it is far from 1."""
    if value == 0:
        return "0"
    if value.adjusted() >= FAR:
        return f"{value:.17g}"
    rounded = _WIDE.quantize(value, Decimal(1).scaleb(max(exponent, value.adjusted() - MOST_SHOWN)))
    far = rounded.adjusted() <= -FAR
    return f"{rounded:.{max(0, rounded.adjusted() - exponent)}e}" if far else f"{rounded:f}"
