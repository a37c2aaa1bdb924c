"""What the loss ignores in the rows or columns of an array, and which path a gradient then left out.

Behind softmax, or a mean that is subtracted, the loss ignores what is added to all of a line alike: the true
gradient sums to zero along it. Behind a division by the length or the deviation it ignores the size of the
line: the gradient is orthogonal to it. A gradient that leaves out the sum of softmax, the path through the
mean or that through the deviation loses just that.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcheck.why.cause import ErrorShape

IGNORED = 1e-6  # of the sum of the sizes: what of a sum of terms is zero, beside its bar
LOST = 1e-3  # of the same: what of the analytic sum is visible
LEAST = 3  # entries of a line


@dataclass(frozen=True)
class _Lines:
    """A block cut into lines, as the rows of its arrays; `back` puts rows into the shape of the block."""

    word: str
    numeric: np.ndarray
    analytic: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    confidence: float
    back: object

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


def left_out(block):
    """ErrorShapes of a block whose lines go through softmax, or are centred or normalised, as they stand."""
    for cut in _cuts(block):
        shifted, scaled = cut.lost(cut.ones), cut.lost(cut.size)
        if shifted:
            yield from _softmax(block, cut)
        for id, path, columns, is_lost in (
            ("mean left out", "path through the mean", [cut.ones], shifted),
            ("deviation left out", "path through the length or deviation", [cut.size], scaled),
            (
                "mean and deviation left out",
                "paths through mean and deviation",
                [cut.ones, cut.size],
                shifted and scaled,
            ),
        ):
            if is_lost:
                lost = f"but for the {path} of each {cut.word}, left out or miscounted"
                yield _fitted(block, cut, id, lost, columns)


def ignored(block):
    """(id, sentence about {}) where one gradient has no component along lines and the other has."""
    for cut in _cuts(block):
        over = f" along each {cut.word}" if block.numeric.ndim > 1 and cut.word != "array" else ""
        swapped = replace(cut, numeric=cut.analytic, analytic=cut.numeric)
        for id, path, said, column in (
            ("shift", "the sum of a softmax or the path through a mean", "sums to zero", cut.ones),
            ("size", "the path through a length or deviation", "is orthogonal to it", cut.size),
        ):
            if cut.lost(column):
                what = f"the true gradient of {{}} {said}{over}, and that handed in does not"
                return f"{id} ignored", f"{_verb(what)}: {path} is left out or miscounted"
            if swapped.lost(column):
                what = f"the gradient of {{}} {said}{over} as handed in, and the true one does not"
                return f"{id} not ignored", f"{_verb(what)}: {path} is there that the loss has not"
    return None


def _verb(sentence):
    return sentence.replace("does not", "is not") if " is orthogonal" in sentence else sentence


def _cuts(block):
    """The _Lines of a block along each axis, the last first, and as a whole."""
    if not np.all(block.known) or block.numeric.ndim == 0:
        return
    names = {0: "column", 1: "row"} if block.numeric.ndim == 2 else {}
    for axis in range(block.numeric.ndim - 1, -1, -1):
        if block.numeric.shape[axis] >= LEAST:
            word = names.get(axis, "line" if block.numeric.ndim > 1 else "array")
            yield _cut(block, word, lambda array, axis=axis: np.moveaxis(array, axis, -1))
    if block.numeric.ndim > 1:
        yield _cut(block, "array", lambda array: array.reshape(1, -1))


def _cut(block, word, turned):
    def rows(array):
        there = turned(array)
        return there.reshape(-1, there.shape[-1])

    places = rows(np.arange(block.numeric.size).reshape(block.numeric.shape))

    def back(array):
        found = np.empty(block.numeric.size)
        found[places.ravel()] = array.ravel()
        return found.reshape(block.numeric.shape)

    arrays = (rows(each) for each in (block.numeric, block.analytic, block.least_bar, block.parameter))
    return _Lines(word, *arrays, block.confidence, back)


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
    found = np.stack([np.linalg.lstsq(b, r, rcond=None)[0] for b, r in zip(basis, rest)])
    predicted = start + np.einsum("ijk,ik->ij", np.stack(columns, axis=-1), found)
    bar = cut.bar * (1.0 if weight is None else np.maximum(np.abs(weight), 1.0))
    given = f"the right one {clause}" if weight is None else f"that {clause}"
    return ErrorShape(id, given, cut.back(predicted), found.size, {}, cut.back(bar), family="along lines")
