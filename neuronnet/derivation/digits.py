"""Printed numbers, what their digits claim, and arithmetic of fifty digits."""

from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from neuronnet.errors import NeuronnetError, NumberError

DIGITS = 50
BINARY64_ROUNDING = Decimal(2) ** -50  # eight roundings of a computation in binary64, relative to the number
LARGEST_EXPONENT = 308  # what binary64 can hold
SMALLEST_EXPONENT = -400
FAR = 16  # powers of ten from which a number is written with one
MOST_SHOWN = 50  # significant digits
_WIDE = Context(prec=2000)


def fifty_digits():
    """A context manager in which Decimals have fifty digits, whatever the caller's context is."""
    return localcontext(
        Context(prec=DIGITS, Emax=999_999, Emin=-999_999, traps=[DivisionByZero, InvalidOperation, Overflow])
    )


def finite(compute, what):
    """The Decimal that `compute()` gives, if it is one that a pass may have; otherwise NeuronnetError."""
    try:
        value = compute()
    except NeuronnetError:  # which says more, such as a limit
        raise
    except (ArithmeticError, ValueError):
        value = None
    if value is not None and not hasattr(value, "is_finite"):
        raise NeuronnetError(f"{what} is an array; the network has single numbers")
    if value is None or not value.is_finite() or value.adjusted() > LARGEST_EXPONENT:
        raise NeuronnetError(f"{what} has no finite value")
    return value


def agree_in_print(one, other):
    """Whether two tiny Decimals agree in the nine decimals that are printed of them."""
    return abs(one - other) <= abs(other) / 2 * Decimal("1e-9")


class Printed:
    """A number as it is printed: its `text`, its `value` (a Decimal) and the `unit` of its last digit.

    It claims half a unit of the last digit, no more and no less; trailing zeros are digits like any other.
    """

    __slots__ = ("text", "unit", "value")

    def __init__(self, text):
        """Raises NumberError for what is no number, or too large or too small for a pass."""
        self.text = text
        try:
            self.value = Decimal(text)
        except ArithmeticError:
            raise NumberError("printed number", text) from None
        exponent = self.value.as_tuple().exponent
        if (
            not isinstance(exponent, int)
            or not SMALLEST_EXPONENT <= exponent <= self.value.adjusted() < LARGEST_EXPONENT
        ):
            raise NumberError(
                f"printed number, below 1e{LARGEST_EXPONENT} and with at most {-SMALLEST_EXPONENT} decimals",
                text,
            )
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
        """Printed less exact, a Decimal, in units of the last printed digit, as a float."""
        return float(_WIDE.divide(_WIDE.subtract(self.value, exact), self.unit))

    def exact_text(self, exact):
        """A Decimal as text, with two digits more than were printed; beside a whole number with six."""
        last = self.value.as_tuple().exponent - 2
        if last >= -2 and 0 < abs(exact) < 1 and exact != _WIDE.quantize(exact, Decimal(1).scaleb(last)):
            last = min(last, exact.adjusted() - 5)
        return digits_text(exact, last)

    def __repr__(self):
        return f"Printed {self.text}"


def digits_text(value, exponent):
    """A Decimal rounded to the digit of that exponent, as text; far from 1, with a power of ten."""
    if value == 0:
        return "0"
    if value.adjusted() >= FAR:
        return f"{value:.17g}"
    rounded = _WIDE.quantize(value, Decimal(1).scaleb(max(exponent, value.adjusted() - MOST_SHOWN)))
    far = rounded.adjusted() <= -FAR
    return f"{rounded:.{max(0, rounded.adjusted() - exponent)}e}" if far else f"{rounded:f}"
