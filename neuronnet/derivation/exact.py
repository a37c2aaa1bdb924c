"""The exact values of a derivation: fifty digits, and binary64 where a long training would take too long.

Every function that reads them computes within `fifty_digits()`.
"""

from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from neuronnet.derivation.digits import LARGEST_EXPONENT
from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError
from neuronnet.names import update_of

DIGITS = 50
BINARY64_ROUNDING = Decimal(2) ** -50       # eight roundings of a computation in binary64, relative to the number
MOST_EXACT_UPDATES = 20
ROUNDINGS = 8


def fifty_digits():
    """A context manager in which Decimals have fifty digits, whatever the caller's context is."""
    return localcontext(Context(prec=DIGITS, Emax=999_999, Emin=-999_999, traps=[DivisionByZero, InvalidOperation, Overflow]))


class Exact:
    """A network's derivation with Decimal values. States after more than a few updates come from a run in binary64."""

    def __init__(self, description):
        """Raises what Derivation raises."""
        self.derivation = Derivation(description, Decimal)
        self._binary = None

    def value(self, expression):
        """The value of an Expression over the derivation's names, a Decimal. Raises NeuronnetError where there is none."""
        values = {name: self.of(name) for name in expression.names()}
        return finite(lambda: expression.evaluator(Decimal)(values), expression)

    def of(self, name):
        """The value of one quantity, a Decimal."""
        if is_late(name):
            return self._in_binary64(name)
        return finite(lambda: self.derivation[name].value, name)

    def rounding(self, expression):
        """How far from the exact value a computation in binary64 may end: a few times as far as a run here does."""
        values = {name: self._in_binary64(name) for name in expression.names()}
        return ROUNDINGS * abs(finite(lambda: expression.evaluator(Decimal)(values), expression) - self.value(expression))

    def _in_binary64(self, name):
        """The value of one quantity in a run in binary64, as a Decimal."""
        if self._binary is None:
            self._binary = Derivation(self.derivation.description)
        value = self._binary[name].value
        return finite(lambda: Decimal(repr(value)), name)

    def formula(self, name):
        """The quantity's own formula, an Expression; None for what is given and for states after a long training."""
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
