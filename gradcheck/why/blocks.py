"""What goes in: the GradientBlock that was judged, and the Layers that such blocks make.

The numbers in the names tell the layers, else the order and the sizes: a bias is as long as one side of its
matrix. The numbers tell which end is nearer to the loss, unless the sizes of a chain of layers contradict
them, else the sizes do, where the order agrees. An order alone tells nothing: a dict may stand in any.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from gradcheck.numeric.rounding import U
from gradcheck.verdict import WELL_BEYOND, is_narrow

DEPENDENT = 1e-8  # squared sine of the angle below which two columns are one: half the digits are lost there
LAYOUTS = ((0, 1), (-1, -2))  # axes of the neurons and of the inputs: a row for each neuron, or a column


@dataclass(frozen=True)
class GradientBlock:
    """One array of a gradient: `analytic` as handed in, `numeric` as measured within `bar`, at `parameter`.

    All four arrays have one shape. `bar` is the error of the numerical derivative plus the rounding of the
    analytic one; infinite for an entry that was not measured by itself. `known_wrong`, `known_right`: the
    verdict on such entries together. `confidence`: how many bars away is wrong. `judged_wrong`: a mask of the
    entries that a check calls wrong; where it is None the bars decide. `causes` fills in `role` ("weights",
    "bias" or None) and `layer` (its number or None).
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    known_wrong: bool = False
    known_right: bool = False
    confidence: float = WELL_BEYOND
    judged_wrong: np.ndarray | None = None
    role: str | None = None
    layer: int | None = None
    parts: tuple = ()

    @cached_property
    def least_bar(self):
        """The bars, none below the rounding of the numbers themselves."""
        return np.maximum(self.bar, U * (np.abs(self.analytic) + np.abs(self.numeric)))

    @cached_property
    def visible(self):
        """Where the analytic gradient is wrong: more than `confidence` bars away, or judged so."""
        beyond = ~(np.abs(self.analytic - self.numeric) <= self.confidence * self.least_bar)
        wrong = beyond if self.judged_wrong is None else self.judged_wrong
        return wrong | ~np.isfinite(self.analytic)

    @cached_property
    def known(self):
        """Where the numerical derivative of the entry itself is known."""
        return np.isfinite(self.bar)

    @cached_property
    def still(self):
        """Where the numerical derivative is zero within its bar: the loss is not seen to move."""
        return self.known & (np.abs(self.numeric) <= self.confidence * self.bar)

    @cached_property
    def is_zero(self):
        """Where both gradients are zero within the bar, which is neither right nor wrong."""
        return self.still & (np.abs(self.analytic) <= self.confidence * self.bar)

    @property
    def is_finite(self):
        """Whether every analytic entry is a finite number."""
        return bool(np.all(np.isfinite(self.analytic)))

    @property
    def is_wrong(self):
        """Whether something in it is visibly wrong, or known to be."""
        return self.known_wrong or bool(np.any(self.visible))

    @property
    def is_right(self):
        """Whether it proves to be right: all within its bars, and not all zero."""
        if self.is_wrong:
            return False
        if not np.all(self.known):
            return self.known_right and bool(np.any(self.analytic != 0.0))
        within = np.abs(self.analytic - self.numeric) <= self.least_bar
        largest = np.max(np.abs(self.numeric), initial=0.0)
        is_seen = ~self.still | is_narrow(self.bar, largest, self.confidence)
        return bool(np.all(within & is_seen) and not np.all(self.still))

    @property
    def is_multiple(self):
        """Whether the numerical gradient is a multiple of the parameter, as that of an L2 term alone is."""
        k = replace(self, analytic=self.numeric).fit([self.parameter])
        if k is None:
            return False
        rest = np.abs(self.numeric - k[0] * self.parameter)
        return bool(np.all(rest <= self.confidence * self.least_bar))

    @property
    def proves_nothing(self):
        """Whether this block proves nothing about the delta: it is zero, or could be an L2 term alone."""
        if self.is_right and self.role != "bias" and np.all(self.known):
            return self.is_multiple
        return bool(np.all(self.is_zero))

    @property
    def proves_the_delta(self):
        """Whether it is right, and must have been made of a right delta."""
        return self.is_right and not self.proves_nothing

    @property
    def apart(self):
        """The largest difference relative to the largest entry; infinite where that is not known."""
        largest = np.max(np.abs(self.numeric[self.known]), initial=0.0)
        if largest == 0.0 or not self.is_finite:
            return np.inf
        return float(np.max(np.abs(self.analytic - self.numeric)[self.known]) / largest)

    @property
    def resolution(self):
        """The least error visible in every entry, as a part of the largest; 0 if judged together."""
        largest = np.max(np.abs(self.numeric), initial=0.0)
        if not np.all(self.known):
            return 0.0
        return self.confidence * float(np.max(self.bar)) / float(largest) if largest > 0.0 else np.inf

    def at(self, chosen):
        """The GradientBlock of the entries chosen by a mask or an index."""
        arrays = {key: getattr(self, key)[chosen] for key in ("analytic", "numeric", "bar", "parameter")}
        judged = None if self.judged_wrong is None else self.judged_wrong[chosen]
        return replace(self, **arrays, judged_wrong=judged)

    def fit(self, columns, offset=0.0):
        """The constants of the columns that best make up analytic - offset; None where not determined."""
        bar = self._floored.ravel()
        weight = np.min(bar) / bar if np.isfinite(np.min(bar, initial=np.inf)) else np.zeros_like(bar)
        weighted = [column.ravel() * weight for column in columns]
        sizes = [float(np.max(np.abs(column), initial=0.0)) for column in weighted]
        if min(sizes) == 0.0:
            return None
        matrix = np.stack([column / size for column, size in zip(weighted, sizes)])
        products = matrix @ matrix.T
        if len(columns) == 2 and np.linalg.det(products) <= DEPENDENT * products[0, 0] * products[1, 1]:
            return None
        found = np.linalg.solve(products, matrix @ ((self.analytic - offset).ravel() * weight))
        return [float(each) / size for each, size in zip(found, sizes)]

    def uncertainty(self, column):
        """How well `fit` knows the constant of a single column: `confidence` standard errors."""
        size = np.max(np.abs(column) / self._floored)
        if size == 0.0:
            return np.inf
        return self.confidence / float(size * np.sqrt(np.sum((column / self._floored / size) ** 2)))

    @cached_property
    def _floored(self):
        largest = [np.max(np.abs(each), initial=0.0) for each in (self.analytic, self.numeric)]
        return np.maximum(self.bar, U * max(largest))


# Which blocks make a layer, which of them is its bias, and which layer comes first


@dataclass(frozen=True)
class Layers:
    """`groups`: (weights, [vectors]) of every layer; `directed`: whether they stand in forward order."""

    groups: tuple
    directed: bool

    @property
    def axis(self):
        """0 for a row of weights for each neuron, 1 for a column, None where both or neither would fit."""
        fitting = [axis for axis, layout in enumerate(LAYOUTS) if _chain(self.groups, *layout)]
        return fitting[0] if self.directed and len(fitting) == 1 else None

    @property
    def names(self):
        """Lists of names, a layer each."""
        return [[weights.name, *(each.name for each in vectors)] for weights, vectors in self.groups]

    @property
    def outputs(self):
        """The length of the last bias; None where it is not known, missing, or one number for all."""
        weights, vectors = self.groups[-1]
        own = vectors[0].parameter.size if len(vectors) == 1 else 1
        return own if self.directed and (own > 1 or 1 in _sides(weights)) and len(vectors) == 1 else None

    @property
    def roles(self):
        """name -> (role, number of the layer). A vector is a bias where it is the only one of its layer."""
        found = {}
        for number, (weights, vectors) in enumerate(self.groups):
            found[weights.name] = ("weights", number)
            found |= {each.name: ("bias" if len(vectors) == 1 else None, number) for each in vectors}
        return found


def layers_of(blocks):
    """The Layers that GradientBlocks make, or None where names, sizes and order do not tell them."""
    numbers = {block.name: tuple(map(int, re.findall(r"\d+", block.name))) for block in blocks}
    for depth in range(1, max(map(len, numbers.values()), default=0) + 1):
        keys = {name: some[:depth] for name, some in numbers.items()}
        if len(set(keys.values())) == 1 or min(map(len, numbers.values())) == 0:
            continue
        ordered = sorted(blocks, key=lambda block, keys=keys: keys[block.name])
        parts = [list(part) for _, part in groupby(ordered, lambda block, keys=keys: keys[block.name])]
        groups = _in_a_row(ordered) if len(parts) == len(blocks) else [_layer(part) for part in parts]
        if groups is not None and None not in groups:
            return Layers(tuple(groups), _chained(groups) or not _chained(groups[::-1]))
    groups = _in_a_row(blocks)
    return None if groups is None else Layers(tuple(groups), _chained(groups) and not _chained(groups[::-1]))


def _layer(part):
    """(weights, vectors) of one layer, the weights having a side as long as every other block; else None."""
    found = [block for block in part if all(_fits(other, block) for other in part if other is not block)]
    found = [block for block in found if block.parameter.ndim == max(each.parameter.ndim for each in found)]
    named = [block for block in found if not named_like_a_bias(block)]
    if not found or max(block.parameter.ndim for block in found) < 2 and not 0 < len(named) < len(part):
        return None
    weights = (named or found)[0]
    return weights, [block for block in part if block is not weights]


def _in_a_row(blocks):
    """The layers of blocks in order; None where a vector fits no matrix, or two."""
    is_matrix = _matrices(blocks)
    matrices = [block for block, matrix in zip(blocks, is_matrix) if matrix]
    vectors = [block for block, matrix in zip(blocks, is_matrix) if not matrix]
    if not matrices:
        return None
    if len(vectors) == len(matrices) and all(map(_fits, vectors, matrices)):
        return [(matrix, [vector]) for matrix, vector in zip(matrices, vectors)]
    layers = [(matrix, []) for matrix in matrices]
    for vector in vectors:
        fitting = [layer for layer in layers if _fits(vector, layer[0])]
        if len(fitting) > 1 and (True, True) not in zip(is_matrix, is_matrix[1:]):
            fitting = [layer for layer in fitting if _beside(blocks, is_matrix, layer[0], vector)]
        if len(fitting) != 1:
            return None
        fitting[0][1].append(vector)
    return layers


def _matrices(blocks):
    """Whether each block is a matrix: by the dimensions, else by the names, else by the shape."""
    deep = [block.parameter.ndim > 1 for block in blocks]
    if not all(deep):
        return deep
    named = [not named_like_a_bias(block) for block in blocks]
    return [1 not in block.parameter.shape for block in blocks] if all(named) else named


def _beside(blocks, is_matrix, matrix, vector):
    """Whether only vectors lie between a matrix and its vector, which comes first where any vector does."""
    there, here = ([i for i, block in enumerate(blocks) if block is each][0] for each in (matrix, vector))
    if not is_matrix[0]:
        there, here = here, there
    return there < here and not any(is_matrix[i] for i in range(min(there, here) + 1, max(there, here)))


def _fits(vector, matrix):
    return vector.parameter.size in _sides(matrix)


def _sides(block):
    """The lengths that a bias of a matrix may have; a vector of weights belongs to one neuron."""
    return {*block.parameter.shape, *([1] if block.parameter.ndim < 2 else [])}


def named_like_a_bias(block):
    """Whether the last word of its name begins with a b: b1, bias, b_h, biases[0], layers.0.bias, beta."""
    words = re.findall(r"[A-Za-z]+", block.name)
    return any(word.lower() == "b" or word.lower().startswith(("bias", "beta")) for word in words)


def _chained(groups):
    """Whether each layer puts out as much as the next takes in, in one LAYOUT or the other."""
    return any(_chain(groups, *layout) for layout in LAYOUTS)


def _chain(groups, out, into):
    sides = [_out_and_in(weights, vectors, out, into) for weights, vectors in groups]
    return None not in sides and all(here[0] == after[1] for here, after in zip(sides, sides[1:]))


def _out_and_in(weights, vectors, out, into):
    shape = weights.parameter.shape
    if weights.parameter.ndim < 2:
        shape = (1, weights.parameter.size) if out == 0 else (weights.parameter.size, 1)
    own = vectors[0].parameter.size if len(vectors) == 1 else shape[out]
    return (shape[out], shape[into]) if own in (1, shape[out]) else None
