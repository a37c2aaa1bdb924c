"""Printed numbers and what they claim: half a unit of the last digit, no more and no less."""

from decimal import Decimal


def half_unit(printed):
    """Half a unit of the last printed digit, exactly."""
    return Decimal(5).scaleb(Decimal(printed).as_tuple().exponent - 1)


def agrees(printed, value):
    """Whether `value`, a float or a Decimal, is what was printed, to the last printed digit."""
    return abs(Decimal(value) - Decimal(printed)) <= half_unit(printed)
