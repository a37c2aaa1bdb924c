"""A loss that returns more than one number: weighted by a random upstream, its Jacobian as a gradient, or a
value for each of many parameter sets, which have a leading axis before every array.
"""

import math
from contextlib import contextmanager

import numpy as np

from gradcheck.errors import GradcheckError, GradientShapeMismatch, NotFinite, NotRealNumbers, ShapeMismatch
from gradcheck.inputs.point import Point, as_numpy, filler, kind_of_array, matched, template_of

__tracebackhide__ = True  # pytest leaves the frames of this file out


def is_container(value):
    """Whether a loss returned several arrays: a tuple, list or dict that is no row of numbers."""
    template = template_of(value, [])
    return template is not None and template.parts is not None


def output_array(name, value):
    """One array that the loss returned, as one of NumPy. Raises NotRealNumbers for anything but numbers."""
    try:
        array = np.asarray(as_numpy(value))
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in "fiuc":
        found = type(value).__name__ if array.dtype.kind == "O" else f"{array.dtype} numbers"
        hint = "return one real number, e.g. the sum over samples and outputs"
        hint = "is a `return` missing?" if value is None else hint
        raise NotRealNumbers(name, found, hint)
    return array


class Upstream:
    """Random weights u of all that a loss returns, normal and of zero mean: f = sum(u * loss).

    For complex outputs it is the sum of Re u * Re loss + Im u * Im loss. Whole numbers beside other outputs,
    such as the places of maxima, have weight zero. Raises NotRealNumbers for what is no number, NotFinite.
    """

    def __init__(self, value, seed):
        leaves, draw = [], np.random.default_rng(seed)
        self._template = template_of(value, leaves, "loss", kind_of=kind_of_array)
        self._names, self._weights = [name for name, _ in leaves], []
        for name, leaf in leaves:
            array = output_array(name, leaf)
            weights = draw.standard_normal(array.shape)
            if array.dtype.kind == "c":
                weights = weights + 1j * draw.standard_normal(array.shape)
            self._weights.append(0.0 * weights if array.dtype.kind in "iu" and len(leaves) > 1 else weights)
            for index in np.argwhere(~np.isfinite(array))[:1]:
                raise NotFinite(name, index, array[tuple(index)])

    def handed_over(self):
        """Fresh copies of the weights in the structure of what the loss returned."""
        return filler(self._template, (_giving(weights) for weights in self._weights))(None)

    def times(self, value):
        """The weights times what the loss returned, flat; None where that is no single array of reals."""
        if len(self._weights) != 1 or self._weights[0].dtype.kind == "c" or is_container(value):
            return None
        return (self._weights[0] * output_array(self._names[0], value)).ravel()

    @contextmanager
    def doubled(self):
        """Makes the weights twice as large for a while."""
        kept, self._weights = self._weights, [2.0 * weights for weights in self._weights]
        try:
            yield
        finally:
            self._weights = kept

    def through(self, value):
        """f of what the loss returned. Raises ShapeMismatch or StructureMismatch for other outputs."""
        total = 0.0
        for name, weights, leaf in zip(self._names, self._weights, matched(self._template, value, "loss")):
            array = output_array(name, leaf)
            if array.shape != weights.shape:
                raise ShapeMismatch(name, weights.shape, array.shape)
            if weights.dtype.kind == "c":
                total += np.sum(weights.real * array.real + weights.imag * array.imag)
            elif np.any(weights):
                total += np.sum(weights * array)
        return total


def _giving(weights):
    return lambda vector: weights.copy()


def is_jacobian(found, point, shape):
    """Whether gradients have the shape of the outputs before that of the parameter in every block."""
    try:
        found = [each.shape for each in _blocks(found, point)]
    except ValueError:
        return False
    wanted = [shape + block.shape for block in point.blocks]
    if found != wanted and found == [each[::-1] for each in wanted]:
        raise GradientShapeMismatch(point.blocks[0].name, wanted[0], found[0])
    return found == wanted


class Jacobian:
    """A loss of several numbers as the sum of its outputs, each of parameters of its own, and their gradient.

    `parameters`: a dict of the blocks of `point`, with the `shape` of the outputs before their own. The
    gradient of `loss` by them is the Jacobian: that by entry [i, j] is the derivative of output i by entry j.
    `call` and `gradients` are of the caller's parameters; `gradients` may be a ready Jacobian.
    """

    def __init__(self, call, gradients, point, shape):
        self._call, self._point, self.shape = call, point, shape
        self.gradients = self._jacobian if callable(gradients) else self._named(gradients)
        self._of_caller = gradients
        self.parameters = {block.name: self.tiled(block, point.vector) for block in point.blocks}

    def tiled(self, block, vector):
        """The part of a vector that belongs to a block, once for every output."""
        return np.broadcast_to(block.of(vector), self.shape + block.shape).copy()

    def loss(self, parameters):
        """The sum of outputs: [0] at the first parameters, [1] at the second, ..."""
        outputs = {}
        for row in self._rows(parameters):
            if row.tobytes() not in outputs:
                value = output_array("loss", self._call(self._point.restore(row)))
                if value.shape != self.shape:
                    raise ShapeMismatch("loss", self.shape, value.shape)
                outputs[row.tobytes()] = value.ravel()
        rows = enumerate(self._rows(parameters))
        return float(np.sum([outputs[row.tobytes()][i] for i, row in rows]))

    def _jacobian(self, parameters):
        jacobians, found = {}, {name: [] for name in parameters}
        for i, row in enumerate(self._rows(parameters)):
            if row.tobytes() not in jacobians:
                jacobians[row.tobytes()] = self._named(self._of_caller(self._point.restore(row)))
            for block in self._point.blocks:
                of_output = jacobians[row.tobytes()][block.name].reshape((-1, *block.shape))
                found[block.name].append(of_output[i])
        return {name: np.reshape(rows, np.shape(parameters[name])) for name, rows in found.items()}

    def _rows(self, parameters):
        count = math.prod(self.shape)
        parts = [np.reshape(parameters[block.name], (count, -1)) for block in self._point.blocks]
        return np.concatenate(parts, axis=1)

    def _named(self, found):
        return {block.name: each for block, each in zip(self._point.blocks, _blocks(found, self._point))}


def _blocks(found, point):
    return [output_array(block.name, leaf) for block, leaf in point.leaves_like(found)]


MOST_NUMBERS = 2**18  # of the array that varies, in one call
MOST_SETS = 64  # in one call, for what the loss makes of each set is unknown


class ManySets:
    """The caller's loss of many sets in the structure of `parameters`; plain numbers become arrays of them.

    Only the array that varies from set to set is written out: the others are views that cannot be written to.
    """

    def __init__(self, loss, parameters, args):
        self._loss, self._point = loss, Point(parameters)
        self._args = args if isinstance(args, tuple) else (args,)
        self._template = template_of(parameters, [], kind_of=_kind_of_set)

    def alone(self, parameters, *args):
        """The loss of one set."""
        leaves = matched(self._template, parameters, "parameters")
        return self._values([np.asarray(as_numpy(leaf))[None] for leaf in leaves], 1, args)[0]

    def moved(self, vector, positions, h):
        """The losses with each of the entries at the positions, all of one block, alone moved by h."""
        block = next(each for each in self._point.blocks if each.start <= positions[0] < each.stop)
        most = max(1, min(MOST_SETS, MOST_NUMBERS // len(block.positions)))
        parts = np.array_split(positions, -(-len(positions) // most))
        return np.concatenate([self._moved_at_once(vector, block, part, h) for part in parts])

    def _moved_at_once(self, vector, block, positions, h):
        many = len(positions)
        rows = np.repeat(block.of(vector).reshape(1, -1), many, axis=0)
        rows[np.arange(many), positions - block.start] += h

        def of_sets(one):
            if one.start == block.start:
                return rows.reshape(many, *one.shape)
            return np.broadcast_to(one.of(vector), (many, *one.shape))

        parts = [[of_sets(one) for one in blocks] for blocks in self._point.leaves]
        return self._values(
            [real if not more else real + 1j * more[0] for real, *more in parts], many, self._args
        )

    def _values(self, arrays, many, args):
        found = self._loss(
            filler(self._template, (lambda _, each=each: each for each in arrays))(None), *args
        )
        values = np.asarray(as_numpy(found))
        if values.shape != (many,) or values.dtype.kind not in "fiu":
            sets = f"of {many} parameter set{'s' * (many > 1)}, a leading axis before every array"
            allowed = f"return one real number for each, shape ({many},)"
            raise GradcheckError(f"loss: found {values.dtype} of shape {values.shape} {sets}; {allowed}")
        return values.astype(float)


def _kind_of_set(leaf):
    """What makes many sets of a leaf: of plain numbers and lists of them NumPy's arrays are left."""
    return kind_of_array(leaf) if hasattr(leaf, "shape") else None
