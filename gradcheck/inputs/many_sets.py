"""A loss that takes many parameter sets at once: a leading axis before every array, and a value for each."""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.point import Point
from gradcheck.inputs.structure import filler, kind_of_array, matched, template_of
from gradcheck.inputs.tensors import as_numpy

__tracebackhide__ = True  # pytest leaves the frames of this file out
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
