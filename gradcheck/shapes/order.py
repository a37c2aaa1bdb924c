"""Right numbers in the wrong place: transposed, reversed, exchanged, of another block, of some samples only."""

from math import lgamma

import numpy as np

from ..errors import entry_name
from .block import WELL_BEYOND, Shape, fit, uncertainty
from .parts import lines
from .words import plus

MOST_LINES = 300            # wrong rows up to which each is looked for in the place of another


def rearranged(block):
    """The same numbers, transposed, reshaped, in reverse, or with rows, columns or entries exchanged."""
    numeric = block.numeric
    if lines(block) and numeric.shape[0] == numeric.shape[1]:
        yield _moved("transposed", "the numerical one transposed", block, np.transpose)
    elif lines(block):
        yield _moved("reshaped", "the numerical one transposed and then reshaped, which mixes its entries", block,
                     lambda array: array.T.reshape(array.shape))
        yield _moved("reshaped", "the numerical one read row by row and laid out column by column, or order C taken for F",
                     block, lambda array: array.reshape(array.shape[::-1]).T)
    for axis in range(numeric.ndim):
        if numeric.shape[axis] > 1:
            word = "entries" if numeric.size == numeric.shape[axis] else "rows" if axis == 0 else "columns"
            yield _moved("reversed", f"the numerical one with its {word} in reverse order", block,
                         lambda array, axis=axis: np.flip(array, axis), family=f"order of {word}")
    for word, axis in lines(block):
        order = _order(block, axis)
        if order is not None:
            named = ", ".join(map(str, order[:12])) + (", ..." if len(order) > 12 else "")
            yield _moved(f"permuted {word}s", f"the numerical one with its {word}s in the order {named}", block,
                         lambda array, axis=axis, order=order: np.take(array, order, axis=axis),
                         ways=lgamma(len(order) + 1), family=f"order of {word}s")
    yield from _exchanged(block)


def _moved(id, clause, block, move, ways=0.0, family=None):
    return Shape(id, clause, move(block.numeric), bar=np.maximum(block.bar, move(block.bar)), ways=ways, family=family)


def _order(block, axis):
    """Which line of the numerical gradient stands in each line of the analytic one; None where one stands nowhere."""
    analytic, numeric, bar = (np.moveaxis(each, axis, 0) for each in (block.analytic, block.numeric, block.least_bar))
    order = [i if np.all(np.abs(analytic[i] - numeric[i]) <= WELL_BEYOND * bar[i]) else None for i in range(len(numeric))]
    left = [i for i, each in enumerate(order) if each is None]
    if len(left) > MOST_LINES:
        return None
    for i in list(left):
        fitting = [j for j in left if np.all(np.abs(analytic[i] - numeric[j]) <= WELL_BEYOND * np.maximum(bar[i], bar[j]))]
        if not fitting:
            return None
        order[i] = fitting[0]
        left.remove(fitting[0])
    return order


def _exchanged(block):
    """The wrong entries are the numerical ones of the same places in another order."""
    wrong = block.visible
    names = [entry_name(block.name, index) for index in np.argwhere(wrong)]
    if len(names) < 2:
        return
    inner, source = block.at(wrong), np.empty(len(names), dtype=int)
    source[np.argsort(inner.analytic)] = np.argsort(inner.numeric)
    predicted, bar = block.numeric.copy(), block.bar.copy()
    predicted[wrong], bar[wrong] = inner.numeric[source], np.maximum(inner.bar, inner.bar[source])
    what = f"{names[0]} and {names[1]} exchanged" if len(names) == 2 else f"{len(names)} entries in each other's places"
    yield Shape("permuted", f"the numerical one with {what}", predicted, bar=bar, ways=lgamma(len(names) + 1), plain=False)


def of_another_block(block, others):
    """The gradient of another block, as it should be or as it was handed in."""
    others = [other for other in others if other.numeric.size == block.numeric.size and not np.all(other.is_zero)]
    shape = block.numeric.shape
    for words, given in (("the numerical one of", False), ("the one given for", True)):
        for other in others:
            whose = other.name if other.numeric.shape == shape else f"{other.name}, reshaped"
            array = (other.analytic if given else other.numeric).reshape(shape)
            yield Shape("another block", f"{words} {whose}", array, 0, {"block": other.name, "given": given},
                        np.maximum(other.bar.reshape(shape), block.bar), made_of_delta=False)


def without_input(block, others):
    """Every row or column is the gradient of the bias of the layer: the delta was not multiplied by its input."""
    bias = next((other for other in others if other.layer == block.layer is not None and other.role == "bias"), None)
    if block.role != "weights" or block.numeric.ndim != 2 or bias is None or np.all(bias.is_zero):
        return
    for word, axis in (("column", 0), ("row", 1)):
        if bias.numeric.size != block.numeric.shape[axis]:
            continue
        bar = np.maximum(_spread(bias.bar, block, axis), block.bar)
        for whose, array in (("the numerical gradient of", bias.numeric), ("that given for", bias.analytic)):
            delta = _spread(array, block, axis)
            clause = f"made without its input: every {word} is {whose} {bias.name}, the delta alone"
            yield Shape("without input", clause, delta, 0, {"block": bias.name}, bar, family="another")
            k = fit(block, [block.parameter], delta)
            if k is not None:
                words = plus(k[0], uncertainty(block, block.parameter))
                yield Shape("without input", f"{clause}, {words} times the parameter", delta + k[0] * block.parameter, 1,
                            {"block": bias.name, "l2": k[0]}, bar, family="another")


def _spread(array, block, axis):
    return np.broadcast_to(np.expand_dims(array.ravel(), 1 - axis), block.numeric.shape)


def summed(block):
    """In every entry of a bias the sum of all: summed over the neurons too."""
    if block.role == "bias" and block.numeric.size > 1:
        total = np.full_like(block.numeric, np.sum(block.numeric))
        bar = np.full_like(total, np.sum(block.bar))
        yield Shape("summed", "the sum of all its entries in each of them", total, bar=bar)


def of_some_samples(block, task):
    """One sample alone, or all but one; where the gradients of the samples are known."""
    parts = [np.asarray(each[block.name], dtype=float) for each in task.per_sample if block.name in each]
    if len(parts) < 2:
        return
    for i, part in enumerate(parts):
        which = "first sample" if i == 0 else "last sample" if i == len(parts) - 1 else "one sample"
        words = f"sample {i + 1}" if which == "one sample" else f"the {which}"
        yield Shape(f"{which} only", f"that of {words} alone", part, 0, {"sample": i}, made_of_delta=False)
        if len(parts) > 2:
            yield Shape(f"{which} left out", f"that of all samples but {words}", block.numeric - part, 0, {"sample": i})
