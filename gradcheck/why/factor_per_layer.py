"""A factor that every step back from layer to layer multiplies by: once in one layer, twice in the one
before it.
"""

import numpy as np

from gradcheck.why.cause import Cause
from gradcheck.why.fitting import best
from gradcheck.why.shapes import Block, Shape, fit, fitted, named_factors, number

L2_WORDS = ", the L2 term of {} left out of that"


def handed_back(wrong, layers, task):
    """The Cause where the gradient of each wrong layer is the numerical one times a power of one factor; None
    otherwise.

    The power is counted from the wrong layer nearest to the loss; there must be two such layers at least.
    """
    numbers = sorted({block.layer for block in wrong if block.layer is not None})
    if (
        layers is None
        or not layers.directed
        or len(numbers) < 2
        or any(block.layer is None for block in wrong)
    ):
        return None
    joined, powers = _with_powers(wrong, numbers[-1])
    claim = best(joined, list(_powers(joined, powers, task)))
    return None if claim.shape is None else _cause(claim.shape, claim.explains, wrong)


def _with_powers(wrong, last):
    """The entries of all blocks as one Block, and for each the power; a bias has no L2 term."""
    parts = [
        (
            block.analytic,
            block.numeric,
            block.bar,
            np.where(block.role == "bias", 0.0, block.parameter),
            np.full(block.numeric.shape, last - block.layer + 1.0),
        )
        for block in wrong
    ]
    *arrays, powers = (np.concatenate([each.ravel() for each in column]) for column in zip(*parts))
    return Block("", *arrays), powers


def _powers(block, powers, task):
    nearest = block.at(powers == 1.0)
    without_l2 = nearest.at(nearest.parameter == 0.0)
    found = {value: words for value, (_, words) in named_factors(task).items()}
    found |= {
        shape.constants["factor"]: number(shape.constants["factor"])
        for some in (nearest, without_l2)
        if some.numeric.size > 0
        for shape in fitted(some, task)
        if shape.id == "factor"
    }
    for value, words in found.items():
        scale = value**powers
        free = 0 if value in named_factors(task) else 1
        yield Shape(
            "handed back", words, scale * block.numeric, free, {"factor": value}, np.abs(scale) * block.bar
        )
        data = (1.0 - scale) * block.parameter
        k = fit(block, [data], scale * block.numeric)
        if k is not None and k[0] > 0.0:
            yield Shape(
                "handed back",
                words + L2_WORDS.format(number(k[0])),
                scale * block.numeric + k[0] * data,
                free + 1,
                {"factor": value, "l2": k[0]},
                np.abs(scale) * block.bar,
            )


def _cause(shape, explains, wrong):
    names = tuple(block.name for block in wrong)
    last = max(block.layer for block in wrong)
    here = [block.name for block in wrong if block.layer == last]
    sentence = (
        f"every layer back multiplies by {shape.clause}: once in {' and '.join(here)}, once more in each layer "
        "before it: the delta handed back"
    )
    return Cause(
        "delta handed back", sentence, explains, names, constants=dict(shape.constants), free=shape.free
    )
