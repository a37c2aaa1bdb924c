"""Errors in a vector that holds all parameters: an L2 term belongs to some ranges of it, the weights, not to others."""

from dataclasses import replace

import numpy as np

from .block import WELL_BEYOND, fit
from .constants import named_factors
from .l2 import both_shape
from .words import named_entries


def factor_and_l2_in_part(block, task):
    """Everything times a named factor, and in some entries, not in all, an L2 term besides."""
    if block.numeric.ndim != 1 or block.role is not None:
        return
    for value, (id, words) in named_factors(task).items():
        width = max(1.0, abs(value)) * block.least_bar
        rest = np.abs(block.analytic - value * block.numeric) > WELL_BEYOND * width
        k = fit(block.at(rest), [block.parameter[rest]], value * block.numeric[rest])
        if k is None or not np.any(block.visible & ~rest):
            continue
        there = replace(block, parameter=np.where(rest, block.parameter, 0.0))
        shape = both_shape(there, task, id, words, value, k[0], 1)
        yield replace(shape, clause=f"{shape.clause}, the L2 term in {named_entries(block.name, rest, block.is_zero)}")
