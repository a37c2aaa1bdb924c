"""Right numbers in the wrong place: transposed, reversed, one triangle of a matrix, another block's."""

from dataclasses import replace
from functools import partial
from math import lgamma

import numpy as np

from gradcheck.why.cause import ErrorShape, plus

LONGEST_ORDER = 12  # lines of which the order is written out


def arrangements(block):
    """The block's own numbers transposed, reshaped, reversed, permuted or summed."""
    g = block.numeric
    if lines(g) and g.shape[0] == g.shape[1]:
        yield _moved("transposed", "g transposed", block, np.transpose)
    elif lines(g):
        mixed = "g transposed and then reshaped, which mixes its entries"
        yield _moved("reshaped", mixed, block, lambda array: array.T.reshape(array.shape))
        order = "g read row by row and laid out column by column, or order C taken for F"
        yield _moved("reshaped", order, block, lambda array: array.reshape(array.shape[::-1]).T)
    for axis in range(g.ndim):
        if g.shape[axis] > 1:
            word = "entries" if g.size == g.shape[axis] else "rows" if axis == 0 else "columns"
            clause = f"g with its {word} in reverse order"
            yield _moved("reversed", clause, block, partial(np.flip, axis=axis), word)
    yield from permuted(block)
    yield from _triangular(block)
    if block.role == "bias" and g.size > 1:
        clause = "the sum of all its entries in each of them"
        yield _moved("summed", clause, block, lambda array: np.full_like(array, np.sum(array)))


def _triangular(block):
    """What becomes of a gradient by a matrix whose entries [i,j] and [j,i] are taken for one, or for none."""
    g = block.numeric
    if not lines(g) or g.shape[0] != g.shape[1]:
        return
    both = "g with the entries off its diagonal"
    for id, clause, move in (
        ("lower triangle", "g in its lower triangle and zero above", np.tril),
        ("upper triangle", "g in its upper triangle and zero below", np.triu),
        ("symmetric", f"{both} twice, as of a symmetric matrix", lambda a: 2.0 * a - np.diag(np.diag(a))),
        ("symmetric", f"{both} halved", lambda a: 0.5 * (a + np.diag(np.diag(a)))),
        ("symmetric", "the mean of g and its transpose", lambda a: 0.5 * (a + a.T)),
        ("symmetric", "the sum of g and its transpose", lambda a: a + a.T),
        ("symmetric", "g plus its transpose, the diagonal once", lambda a: a + a.T - np.diag(np.diag(a))),
        ("symmetric", "g with twice its lower triangle", lambda a: np.tril(a) + np.tril(a, -1)),
        ("symmetric", "g with twice its upper triangle", lambda a: np.triu(a) + np.triu(a, 1)),
    ):
        yield _moved(id, clause, block, move)


def permuted(block):
    """The wrong rows, columns or entries in each other's places, found by a weighted sum of each."""
    for word, axis in lines(block.numeric) or [("entry", 0)] * (block.numeric.ndim == 1):
        wrong = np.flatnonzero(np.any(block.visible, axis=1 - axis) if word != "entry" else block.visible)
        if len(wrong) < 2:
            continue
        order = np.arange(block.numeric.shape[axis])
        given, true = (_sums(array, axis)[wrong] for array in (block.analytic, block.numeric))
        order[wrong[np.argsort(given)]] = wrong[np.argsort(true)]
        words = "entries" if word == "entry" else f"{word}s"
        listed = ", ".join(map(str, order[:LONGEST_ORDER])) + ", ..." * (len(order) > LONGEST_ORDER)
        clause = f"g with its {words} in the order {listed}"
        take = partial(np.take, indices=order, axis=axis)
        shape = _moved(f"permuted {words}", clause, block, take, words)
        yield replace(shape, ways=lgamma(len(wrong) + 1))


def _sums(array, axis):
    """A number for each line, which only equal lines share but by chance."""
    flat = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    return flat @ np.cos(np.arange(flat.shape[1]))


def _moved(id, clause, block, move, family=None):
    bar, family = np.maximum(block.bar, np.abs(move(block.bar))), family and f"order of {family}"
    return ErrorShape(id, spelled_out(clause), move(block.numeric), bar=bar, family=family)


def without_input(block, others):
    """Every row or column is the gradient of the bias of the layer: the delta without its input."""
    biases = [other for other in others if other.role == "bias" and other.layer == block.layer]
    if block.role != "weights" or block.numeric.ndim != 2 or not biases or np.all(biases[0].is_zero):
        return
    bias = biases[0]
    for word, axis in (("column", 0), ("row", 1)):
        if bias.numeric.size != block.numeric.shape[axis]:
            continue
        for whose, array in (("the numerical gradient of", bias.numeric), ("that given for", bias.analytic)):
            clause = f"made without its input: every {word} is {whose} {bias.name}, the delta alone"
            delta, bar = (
                np.broadcast_to(np.expand_dims(each.ravel(), 1 - axis), block.numeric.shape)
                for each in (array, bias.bar)
            )
            bar, constants = np.maximum(bar, block.bar), {"block": bias.name}
            shape = ErrorShape("without input", clause, delta, 0, constants, bar, family="another")
            yield shape
            k = block.fit([block.parameter], delta)
            if k is not None:
                added = f", {plus(k[0], block.uncertainty(block.parameter))} times the parameter"
                predicted, constants = delta + k[0] * block.parameter, constants | {"l2": k[0]}
                yield replace(shape, clause=clause + added, predicted=predicted, free=1, constants=constants)


def beside_another_block(block, others):
    """The factor that a broadcast block is, such as the scale of a normalisation, left out or twice."""
    shape = block.numeric.shape
    for other in others:
        q = other.parameter
        if q.size < 2 or np.any(q == 0.0) or not _broadcasts(q.shape, shape):
            continue
        for id, words, factor in (
            ("factor left out", f"g divided by {other.name}, the factor that it is", 1.0 / q),
            ("factor twice", f"g times {other.name} once more", q),
        ):
            moved, bar = factor * block.numeric, np.abs(factor) * block.bar
            yield ErrorShape(id, spelled_out(words), moved, 0, {"block": other.name}, bar, family="factor of")


def _broadcasts(shape, to):
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def of_another_block(block, others):
    """The gradient of another block, as it should be or as it was handed in."""
    shape = block.numeric.shape
    alike = [other for other in others if other.numeric.size == block.numeric.size]
    for words, given in (("the numerical one of", False), ("the one given for", True)):
        for other in alike:
            if np.all(other.is_zero):
                continue
            whose = other.name if other.numeric.shape == shape else f"{other.name}, reshaped"
            array = (other.analytic if given else other.numeric).reshape(shape)
            bar = np.maximum(other.bar.reshape(shape), block.bar)
            constants = {"block": other.name, "given": given}
            clause = f"{words} {whose}"
            yield ErrorShape("another block", clause, array, 0, constants, bar, made_of_delta=False)


def lines(array):
    """(word, axis) of the directions in which a matrix is cut into lines; none for other arrays."""
    is_cut = array.ndim == 2 and min(array.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def spelled_out(clause):
    clause = f"the numerical one {clause[2:]}" if clause.startswith("g ") else clause
    return clause.replace(" g ", " the numerical one ", 1)
