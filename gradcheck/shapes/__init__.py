"""The known shapes of error in a gradient: what it would be, had a certain mistake been made. Nothing is decided here.

A Shape predicts the analytic gradient from the numerical one, the parameter, the other blocks and the constants of the
task. A free constant is fitted by least squares, every entry weighted by its error bar.
"""

from .block import Block, Shape, Task, listing
from .constants import fitted, proportional, with_factor_and_parameter, with_parameter
from .order import of_another_block, of_some_samples, rearranged
from .parts import factor_per_line, relu_left_out, some_entries, zero_lines

__all__ = ["Block", "Shape", "Task", "listing", "of_layers", "shapes"]


def shapes(block, others, task):
    """All shapes of one wrong Block, the simplest first. `others` are the other blocks, right or wrong."""
    yield from proportional(block, task)
    yield from zero_lines(block)
    yield from relu_left_out(block)
    yield from rearranged(block)
    yield from of_another_block(block, others)
    yield from of_some_samples(block, task)
    yield from with_parameter(block, task)
    yield from fitted(block)
    yield from with_factor_and_parameter(block, task)
    yield from some_entries(block, task)
    yield from factor_per_line(block)


def of_layers(block, task):
    """The shapes that several blocks can have in common, for a Block of all their entries."""
    yield from proportional(block, task)
    yield from with_parameter(block, task)
    yield from fitted(block)
    yield from with_factor_and_parameter(block, task)
