"""The exact values of a derivation: fifty digits, and binary64 where a long training would take too long.

Every function that reads them computes within `fifty_digits()`.
"""

from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError
from neuronnet.names import split_index

DIGITS = 50
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
        try:
            return expression.evaluator(Decimal)(values)
        except (ArithmeticError, ValueError):
            raise NeuronnetError(f"{expression.format()} has no finite value") from None

    def of(self, name):
        """The value of one quantity, a Decimal."""
        return self._in_binary64(name) if _is_late(name) else self.derivation[name].value

    def rounding(self, expression):
        """How far from the exact value a computation in binary64 may end: a few times as far as a run here does."""
        values = {name: self._in_binary64(name) for name in expression.names()}
        return ROUNDINGS * abs(expression.evaluator(Decimal)(values) - self.value(expression))

    def _in_binary64(self, name):
        """The value of one quantity in a run in binary64, as a Decimal."""
        if self._binary is None:
            self._binary = Derivation(self.derivation.description)
        value = self._binary[name].value
        if value - value != 0:
            raise NeuronnetError(f"{name} has no finite value")
        return Decimal(repr(value))

    def formula(self, name):
        """The quantity's own formula, an Expression; None for what is given and for states after a long training."""
        return None if _is_late(name) else self.derivation[name].expression


def _is_late(name):
    _, index = split_index(name)
    _, mark, count = index.partition("@")
    return mark == "@" and int(count) > MOST_EXACT_UPDATES
