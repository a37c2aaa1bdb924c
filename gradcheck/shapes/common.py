"""The shapes of error that several blocks, or a part of one, can have in common: those made of constants alone."""

from .constants import fitted, proportional
from .l2 import with_factor_and_parameter, with_parameter


def of_layers(block, task):
    """Zero, factors, and L2 terms, for a Block of any entries, the simplest first."""
    yield from proportional(block, task)
    yield from fitted(block, task)
    yield from with_parameter(block, task)
    yield from with_factor_and_parameter(block, task)
