"""Printed numbers and what they claim: half a unit of the last digit, no more and no less.

Trailing zeros claim as much as any other digit. How a number came about is not known here.
"""

from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError, NumberError
from neuronnet.names import update_of

# --- Printed numbers and what they claim: half a unit of the last digit, no more and no less.


LARGEST_EXPONENT = 308  # what binary64 can hold
SMALLEST_EXPONENT = -400
FAR = 16  # powers of ten from which a number is written with one
MOST_SHOWN = 50  # significant digits
_WIDE = Context(prec=2000)


class Printed:
    """A number as it is printed: its `text`, its `value` (a Decimal) and the `unit` of its last digit."""

    __slots__ = ("text", "unit", "value")

    def __init__(self, text):
        """Raises NumberError for a text that is no number, or one far larger or smaller than any that a pass
        has.
        """
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
        """How many units of the last printed digit lie between this and a Decimal: printed less exact, a
        float.
        """
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


# --- The exact values of a derivation: fifty digits, and binary64 where a long training would take too long.


DIGITS = 50
BINARY64_ROUNDING = Decimal(2) ** -50  # eight roundings of a computation in binary64, relative to the number
MOST_EXACT_UPDATES = 20
ROUNDINGS = 8


def fifty_digits():
    """A context manager in which Decimals have fifty digits, whatever the caller's context is."""
    return localcontext(
        Context(prec=DIGITS, Emax=999_999, Emin=-999_999, traps=[DivisionByZero, InvalidOperation, Overflow])
    )


class Exact:
    """A network's derivation with Decimal values. States after more than a few updates come from a run in
    binary64.
    """

    def __init__(self, description):
        """Raises what Derivation raises."""
        self.derivation = Derivation(description, Decimal)
        self._binary = None

    def value(self, expression):
        """The value of an Expression over the derivation's names, a Decimal. Raises NeuronnetError where
        there is none.
        """
        values = {name: self.of(name) for name in expression.names()}
        return finite(lambda: expression.evaluator(Decimal)(values), expression)

    def of(self, name):
        """The value of one quantity, a Decimal."""
        if is_late(name):
            return self._in_binary64(name)
        return finite(lambda: self.derivation[name].value, name)

    def rounding(self, expression):
        """How far from the exact value a computation in binary64 may end: a few times as far as a run here
        does.
        """
        values = {name: self._in_binary64(name) for name in expression.names()}
        return ROUNDINGS * abs(
            finite(lambda: expression.evaluator(Decimal)(values), expression) - self.value(expression)
        )

    def _in_binary64(self, name):
        """The value of one quantity in a run in binary64, as a Decimal."""
        if self._binary is None:
            self._binary = Derivation(self.derivation.description)
        value = self._binary[name].value
        return finite(lambda: Decimal(repr(value)), name)

    def formula(self, name):
        """The quantity's own formula, an Expression; None for what is given and for states after a long
        training.
        """
        return None if is_late(name) else self.derivation[name].expression


def finite(compute, what):
    """The Decimal that `compute()` gives, if it is one that a pass may have; otherwise NeuronnetError."""
    try:
        value = compute()
    except (ArithmeticError, ValueError):
        value = None
    if value is None or not value.is_finite() or value.adjusted() > LARGEST_EXPONENT:
        raise NeuronnetError(f"{what} has no finite value")
    return value


def is_late(name):
    """Whether a name is that of a state after so many updates that it is computed in binary64."""
    return update_of(name) > MOST_EXACT_UPDATES
