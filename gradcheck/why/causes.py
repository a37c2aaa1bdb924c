"""Why a gradient is wrong: the known shapes of error, fitted to each block and to the wrong blocks together.

A cause is claimed only where it leaves nothing over. Where the bars are too wide to see what is wrong,
nothing is.
"""

from dataclasses import replace

import numpy as np

from gradcheck.errors import GradcheckError, ShapeMismatch
from gradcheck.why.all_blocks import whole
from gradcheck.why.cause import Cause, Causes
from gradcheck.why.fitting import Claim, best
from gradcheck.why.layers import layers_of
from gradcheck.why.shapes import Block, Shape, Task, of_layers, shapes

__all__ = ["Block", "Cause", "Causes", "blocks_of", "causes"]


def causes(blocks, learning_rate=None, samples=None, outputs=None, *, l2=None, per_sample=None):
    """The Causes of what is visibly wrong in a list of Blocks.

    `learning_rate`, the numbers of `samples` and `outputs`, and `l2`, the factor of the parameter in the
    gradient of the L2 term, are looked for as constants; the number of outputs is taken from the last bias
    where it is not given. `per_sample`: for every sample a dict of names to its gradient. Raises
    ShapeMismatch where the arrays of a block differ in shape, GradcheckError where an error bar is negative
    or NaN.
    """
    task = Task(learning_rate, samples, outputs, l2, tuple(per_sample or ()))
    blocks = [_checked(block, task) for block in blocks]
    layers = layers_of(blocks)
    if layers is not None:
        task = replace(task, outputs=outputs if outputs is not None else layers.outputs)
    with np.errstate(all="ignore"):
        return _causes(_in_layers(blocks, layers), layers, task, [block.name for block in blocks])


def _in_layers(blocks, layers):
    """The Blocks with their roles, layer by layer."""
    if layers is None:
        return blocks
    roles = layers.roles
    told = {
        block.name: replace(block, role=roles[block.name][0], layer=roles[block.name][1]) for block in blocks
    }
    return [told[name] for name in roles]


def _causes(blocks, layers, task, names):
    wrong = [block for block in blocks if block.is_wrong]
    claims = {
        block.name: _claim(block, [other for other in blocks if other is not block], task) for block in wrong
    }
    overall, parts = whole(blocks, claims, layers, task)
    found = dict.fromkeys(names)
    for name, claim in claims.items():
        found[name] = _own_or_common(claim.cause([name]), name, parts)
    return Causes(
        overall, found, tuple(claims), {name: claim.runners_up([name]) for name, claim in claims.items()}
    )


def _claim(block, others, task):
    """The Claim of one wrong Block."""
    if np.all(np.isfinite(block.analytic)):
        seen = block.at(block.known)
        partly = (
            best(seen, list(of_layers(seen, task))) if 0 < seen.numeric.size < block.numeric.size else None
        )
        if partly is not None and partly.shape is not None:
            return replace(partly, looked_at=seen.numeric.size)
        return best(block, list(shapes(block, others, task)))
    shape = Shape(
        "not finite",
        "not finite everywhere",
        block.analytic,
        sentence="the gradient of {} has entries that are not finite numbers",
        made_of_delta=False,
    )
    return Claim(shape, 1.0, (), (), None)


def _own_or_common(own, name, parts):
    """The Cause of a block: the one in common with others, if that says more than its own, or with fewer
    constants.
    """
    common = next((part for part in parts if name in part.blocks and part.kind == "shape"), None)
    if (
        common is None
        or own is not None
        and own.kind == "shape"
        and own.id != "one entry"
        and own.free <= common.free
    ):
        return own
    return common


def blocks_of(point, analytic, numeric, bar):
    """The Blocks of a Point, from flat vectors as long as the point's own. `bar`: numerical error and
    analytic rounding.
    """
    vectors = [np.asarray(each, dtype=np.float64) for each in (analytic, numeric, bar, point.vector)]
    return [
        Block(part.name, *(each[part.start : part.stop].reshape(part.shape) for each in vectors))
        for part in point.blocks
    ]


def _checked(block, task):
    arrays = [
        np.asarray(each, dtype=np.float64)
        for each in (block.analytic, block.numeric, block.bar, block.parameter)
    ]
    each_sample = [np.shape(gradient[block.name]) for gradient in task.per_sample if block.name in gradient]
    for shape in [*(array.shape for array in arrays), *each_sample]:
        if shape != arrays[3].shape:
            raise ShapeMismatch(block.name, arrays[3].shape, shape)
    if np.any(np.isnan(arrays[2])) or np.any(arrays[2] < 0.0):
        raise GradcheckError(
            f"{block.name}: an error bar is a number from 0 to infinity, found {block.bar!r}"
        )
    unknown = ~np.isfinite(arrays[1])
    return replace(
        block,
        analytic=arrays[0],
        numeric=np.where(unknown, 0.0, arrays[1]),
        bar=np.where(unknown, np.inf, arrays[2]),
        parameter=arrays[3],
        role=None,
        layer=None,
    )
