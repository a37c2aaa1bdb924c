"""The known shapes of error in a gradient: what it would be, had a certain mistake been made. Nothing is decided here.

A Shape predicts the analytic gradient from the numerical one, the parameter, the other blocks and the constants of the
task. A free constant is fitted by least squares, every entry weighted by its error bar.
"""

import numpy as np

from .block import Block, Shape, Task
from .common import of_layers
from .constants import fitted, proportional
from .flat import factor_and_l2_in_part
from .l2 import with_factor_and_parameter, with_parameter
from .order import of_another_block, of_some_samples, rearranged, summed, without_input
from .parts import factor_per_line, not_zero, some_entries, zero_lines
from .still import loss_does_not_depend
from .words import listing, number

__all__ = ["Block", "Shape", "Task", "listing", "number", "of_layers", "shapes"]


def shapes(block, others, task):
    """All shapes of one wrong Block, the simplest first. `others` are the other blocks, right or wrong.

    Of a block that was looked at in part only those that speak of some entries; `of_layers` has others for those seen.
    """
    yield from loss_does_not_depend(block, others)
    if not np.all(block.known):
        yield from some_entries(block, task)
        return
    yield from proportional(block, task)
    yield from zero_lines(block)
    yield from rearranged(block)
    yield from summed(block)
    yield from without_input(block, others)
    yield from of_another_block(block, others)
    yield from of_some_samples(block, task)
    yield from fitted(block, task)
    yield from with_parameter(block, task)
    yield from with_factor_and_parameter(block, task)
    yield from factor_and_l2_in_part(block, task)
    yield from some_entries(block, task)
    yield from not_zero(block)
    yield from factor_per_line(block)
