"""Error shapes of a whole array: right numbers in the wrong place, and what lines of it have in common.

Behind softmax, or a mean that is subtracted, the loss ignores what is added to all of a line alike: the true
gradient sums to zero along it. Behind a division by the length or the deviation it ignores the size of the
line: the gradient is orthogonal to it. A gradient that leaves out the sum of softmax, the path through the
mean or that through the deviation loses just that.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import lgamma

import numpy as np

from gradcheck.why.cause import ErrorShape, plus

LONGEST_ORDER = 12  # lines of which the order is written out
IGNORED = 1e-6  # of the sum of the sizes: what of a sum of terms is zero, beside its bar
LOST = 1e-3  # of the same: what of the analytic sum is visible
LEAST = 3  # entries of a line


def of_square_matrices():
    """(id, clause, move) of what becomes of a gradient whose entries [i,j] and [j,i] are mixed up."""
    off = "g with the entries off its diagonal"
    return (
        ("transposed", "g transposed", np.transpose),
        ("lower triangle", "g in its lower triangle and zero above", np.tril),
        ("upper triangle", "g in its upper triangle and zero below", np.triu),
        ("symmetric", f"{off} twice, as of a symmetric matrix", lambda a: 2.0 * a - np.diag(np.diag(a))),
        ("symmetric", f"{off} halved", lambda a: 0.5 * (a + np.diag(np.diag(a)))),
        ("symmetric", "the mean of g and its transpose", lambda a: 0.5 * (a + a.T)),
        ("symmetric", "the sum of g and its transpose", lambda a: a + a.T),
        ("symmetric", "g plus its transpose, the diagonal once", lambda a: a + a.T - np.diag(np.diag(a))),
        ("symmetric", "g with twice its lower triangle", lambda a: np.tril(a) + np.tril(a, -1)),
        ("symmetric", "g with twice its upper triangle", lambda a: np.triu(a) + np.triu(a, 1)),
    )


def of_other_matrices():
    """The same of matrices with more lines one way than the other."""
    order = "g read row by row and laid out column by column, or order C taken for F"
    return (
        (
            "reshaped",
            "g transposed and then reshaped, which mixes its entries",
            lambda a: a.T.reshape(a.shape),
        ),
        ("reshaped", order, lambda a: a.reshape(a.shape[::-1]).T),
    )


def arrangements(block):
    """ErrorShapes of the block's own numbers transposed, reshaped, reversed, permuted or summed."""
    g = block.numeric
    is_square = g.ndim == 2 and g.shape[0] == g.shape[1]
    moves = () if not lines(g) else of_square_matrices() if is_square else of_other_matrices()
    yield from (_moved(*move, block) for move in moves[:1] if is_square)
    yield from (_moved(*move, block) for move in moves if not is_square)
    for axis in range(g.ndim):
        word = "entries" if g.size == g.shape[axis] else "rows" if axis == 0 else "columns"
        move = partial(np.flip, axis=axis)
        yield _moved("reversed", f"g with its {word} in reverse order", move, block, f"order of {word}")
    yield from permuted(block)
    yield from (_moved(*move, block) for move in moves[1:] if is_square)
    if block.role == "bias" and g.size > 1:
        said = "the sum of all its entries in each of them"
        yield _moved("summed", said, lambda array: np.full_like(array, np.sum(array)), block)


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
        shape = _moved(f"permuted {words}", clause, take, block, f"order of {words}")
        yield replace(shape, ways=lgamma(len(wrong) + 1))


def _sums(array, axis):
    """A number for each line, which only equal lines share but by chance."""
    flat = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    return flat @ np.cos(np.arange(flat.shape[1]))


def _moved(id, clause, move, block, family=None):
    bar = np.maximum(block.bar, np.abs(move(block.bar)))
    return ErrorShape(id, spelled_out(clause), move(block.numeric), bar=bar, family=family)


def lines(array):
    """(word, axis) of the directions in which a matrix is cut into lines; none for other arrays."""
    is_cut = array.ndim == 2 and min(array.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def spelled_out(clause):
    """The clause with "the numerical one" in place of the first g."""
    clause = f"the numerical one {clause[2:]}" if clause.startswith("g ") else clause
    return clause.replace(" g ", " the numerical one ", 1)


# Made of another block


def beside_others(block, others):
    """ErrorShapes of the delta without its input, of another block's gradient, and of a factor left out."""
    shape = block.numeric.shape
    yield from _without_input(block, others)
    alike = [other for other in others if other.numeric.size == block.numeric.size]
    for words, given in (("the numerical one of", False), ("the one given for", True)):
        for other in (each for each in alike if not np.all(each.is_zero)):
            whose = other.name if other.numeric.shape == shape else f"{other.name}, reshaped"
            array = (other.analytic if given else other.numeric).reshape(shape)
            bar = np.maximum(other.bar.reshape(shape), block.bar)
            about, clause = {"block": other.name, "given": given}, f"{words} {whose}"
            yield ErrorShape("another block", clause, array, 0, about, bar, made_of_delta=False)
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


def _without_input(block, others):
    """Every row or column is the gradient of the bias of the layer."""
    biases = [other for other in others if other.role == "bias" and other.layer == block.layer]
    if block.role != "weights" or block.numeric.ndim != 2 or not biases or np.all(biases[0].is_zero):
        return
    bias, shape, name = biases[0], block.numeric.shape, biases[0].name
    for word, axis in (("column", 0), ("row", 1)):
        if bias.numeric.size != shape[axis]:
            continue
        for whose, array in (("the numerical gradient of", bias.numeric), ("that given for", bias.analytic)):
            delta, bar = (
                np.broadcast_to(np.expand_dims(e.ravel(), 1 - axis), shape) for e in (array, bias.bar)
            )
            clause = f"made without its input: every {word} is {whose} {name}, the delta alone"
            about = {"block": name}
            made = ErrorShape(
                "without input", clause, delta, 0, about, np.maximum(bar, block.bar), family="another"
            )
            yield made
            k = block.fit([block.parameter], delta)
            if k is not None:
                clause += f", {plus(k[0], block.uncertainty(block.parameter))} times the parameter"
                predicted, about = delta + k[0] * block.parameter, about | {"l2": k[0]}
                yield replace(made, clause=clause, predicted=predicted, free=1, constants=about)


def _broadcasts(shape, to):
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


# What the loss ignores along the lines of an array


def left_out(block):
    """ErrorShapes of a block whose lines go through softmax, or are centred or normalised, as they stand."""
    for cut in _cuts(block):
        shifted, scaled = cut.lost(cut.ones), cut.lost(cut.size)
        if shifted:
            yield from _softmax(block, cut)
        for id, path, columns, is_lost in (
            ("mean", "path through the mean", [cut.ones], shifted),
            ("deviation", "path through the length or deviation", [cut.size], scaled),
            (
                "mean and deviation",
                "paths through mean and deviation",
                [cut.ones, cut.size],
                shifted and scaled,
            ),
        ):
            if is_lost:
                lost = f"but for the {path} of each {cut.word}, left out or miscounted"
                yield _fitted(block, cut, f"{id} left out", lost, columns)


def ignored(block):
    """(id, sentence about {}) where one gradient has no component along lines and the other has."""
    for cut in _cuts(block):
        over = f" along each {cut.word}" if block.numeric.ndim > 1 and cut.word != "array" else ""
        swapped = replace(cut, numeric=cut.analytic, analytic=cut.numeric)
        for id, path, said, verb, column in (
            ("shift", "the sum of a softmax or the path through a mean", "sums to zero", "does", cut.ones),
            ("size", "the path through a length or deviation", "is orthogonal to it", "is", cut.size),
        ):
            if cut.lost(column):
                what = f"the true gradient of {{}} {said}{over}, and that handed in {verb} not"
                return f"{id} ignored", f"{what}: {path} is left out or miscounted"
            if swapped.lost(column):
                what = f"the gradient of {{}} {said}{over} as handed in, and the true one {verb} not"
                return f"{id} not ignored", f"{what}: {path} is there that the loss has not"
    return None


@dataclass(frozen=True)
class _Lines:
    """A block cut into lines, as the rows of its arrays; `places`: where they lie in it."""

    word: str
    places: np.ndarray
    numeric: np.ndarray
    analytic: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    confidence: float

    @cached_property
    def ones(self):
        return np.ones_like(self.parameter)

    @cached_property
    def size(self):
        """The lines themselves, or about their means where the loss ignores those."""
        mean = np.mean(self.parameter, axis=1, keepdims=True)
        return self.parameter - mean if self.ignored(self.ones) else self.parameter

    def ignored(self, column):
        """Whether the true gradient has no component along the column, in any line."""
        size = np.sum(np.abs(self.numeric * column), axis=1)
        bar, seen = self._bar(column), size > 0.0
        along = np.abs(np.sum(self.numeric * column, axis=1))
        return bool(np.any(seen) and np.all(along <= bar) and np.all(bar[seen] <= IGNORED * size[seen]))

    def lost(self, column):
        """Whether that is so, and not of the gradient that was handed in."""
        along = np.abs(np.sum(self.analytic * column, axis=1))
        visible = self._bar(column) + LOST * np.sum(np.abs(self.analytic * column), axis=1)
        return self.ignored(column) and bool(np.any(along > visible))

    def _bar(self, column):
        return self.confidence * np.sqrt(np.sum((self.bar * column) ** 2, axis=1))

    def back(self, rows):
        """Such rows in the shape of the block."""
        found = np.empty(self.places.size)
        found[self.places.ravel()] = rows.ravel()
        return found


def _cuts(block):
    """The _Lines of a block along each axis, the last first, and as a whole."""
    shape, found = block.numeric.shape, []
    if not np.all(block.known) or len(shape) == 0:
        return
    names = {0: "column", 1: "row"} if len(shape) == 2 else {}
    places = np.arange(block.numeric.size).reshape(shape)
    for axis in range(len(shape) - 1, -1, -1):
        if shape[axis] >= LEAST:
            word = names.get(axis, "line" if len(shape) > 1 else "array")
            found.append((word, np.moveaxis(places, axis, -1).reshape(-1, shape[axis])))
    for word, rows in [*found, *([("array", places.reshape(1, -1))] if len(shape) > 1 else [])]:
        arrays = (e.ravel()[rows] for e in (block.numeric, block.analytic, block.least_bar, block.parameter))
        yield _Lines(word, rows, *arrays, block.confidence)


def _softmax(block, cut):
    """The row of a softmax backward pass that lost its sum, or more."""
    e = np.exp(cut.parameter - np.max(cut.parameter, axis=1, keepdims=True))
    s = e / np.sum(e, axis=1, keepdims=True)
    on = f"softmax, or its logarithm, along each {cut.word}"
    for id, weight, clause in (
        ("softmax diagonal", 1.0 - s, "with its diagonal alone, out (1 - out)"),
        ("softmax sum", np.ones_like(s), "with the sum over its outputs left out or miscounted"),
        ("softmax left out", 1.0 / s, "left out: what comes from above is handed on"),
    ):
        yield _fitted(block, cut, id, f"of {on} {clause}", [s * weight], weight)


def _fitted(block, cut, id, clause, columns, weight=None):
    """An ErrorShape weight*g + the multiples of the columns that fit best, in each line others."""
    start = cut.numeric if weight is None else weight * cut.numeric
    basis = np.stack(columns, axis=-1) / cut.bar[..., None]
    rest = (cut.analytic - start) / cut.bar
    found = np.stack([_least_squares(*each) for each in zip(basis, rest)])
    predicted = start + np.einsum("ijk,ik->ij", np.stack(columns, axis=-1), found)
    bar = cut.bar * (1.0 if weight is None else np.maximum(np.abs(weight), 1.0))
    given = f"the right one {clause}" if weight is None else f"that {clause}"
    back = (cut.back(each).reshape(block.numeric.shape) for each in (predicted, bar))
    predicted, bar = back
    return ErrorShape(id, given, predicted, found.size, {}, bar, family="along lines")


def _least_squares(basis, values):
    """The multiples of the columns that fit best; NaN where some number is too large."""
    if not np.all(np.isfinite(basis)) or not np.all(np.isfinite(values)):
        return np.full(basis.shape[1], np.nan)
    return np.linalg.lstsq(basis, values, rcond=None)[0]
