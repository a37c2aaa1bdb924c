"""Named parameters as one flat vector in which every entry has a name; what is done with the vector is not here.

Legend: a *leaf* is an array, a number, or a list/tuple of plain numbers; the *path* to it through dicts, lists and
tuples is the name of its *block*: `W1`, `layer[0].weights`; an *entry* is one number of it: `W1[2,0]`. Parameters
without a name of their own (a lone array, list or number) are called `x`. None stands for "no parameter here"; a named
tuple gives its fields as names.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from .errors import DuplicateName, GradcheckError, NotFinite, NotRealNumbers, ShapeMismatch, UnknownName, entry_name
from .structure import filler, leaves, matched, skeleton


@dataclass(frozen=True)
class Block:
    """One leaf of the caller's parameters: its name, its shape, and where it lies in the flat vector."""

    name: str
    shape: tuple
    start: int
    stop: int

    def entry(self, position):
        """Name of the entry at `position` of the flat vector (start <= position < stop)."""
        return entry_name(self.name, self.index(position))

    def index(self, position):
        """Index tuple, inside the block, of the entry at `position` of the flat vector."""
        return tuple(int(i) for i in np.unravel_index(position - self.start, self.shape))


class Point:
    """The caller's parameters, flattened to float64 in the order in which they are met.

    `parameters`: dict name -> array or float, list or tuple of those, nested, one array, or one float.
    `single_precision`: names of the blocks that were float32. Raises NotRealNumbers (integers, complex, objects),
    NotFinite, DuplicateName, or GradcheckError when there is nothing to vary.
    """

    def __init__(self, parameters):
        self.blocks, self.single_precision, parts, start, names = [], [], [], 0, set()
        for name, leaf in leaves(parameters, ""):
            if name in names:
                raise DuplicateName(name)
            names.add(name)
            values = _floats(name, leaf)
            if getattr(leaf, "dtype", None) == np.float32:
                self.single_precision.append(name)
            self.blocks.append(Block(name, values.shape, start, start + values.size))
            parts.append(values.ravel())
            start += values.size
        if start == 0:
            raise GradcheckError(f"parameters: found no number in {parameters!r}; give at least one float")
        self._template = skeleton(parameters)
        self._fill = filler(self._template, iter(self.blocks))
        self._vector = np.concatenate(parts)

    @property
    def vector(self):
        """A fresh float64 vector of all entries, shape (n,)."""
        return self._vector.copy()

    @property
    def names(self):
        """The names of all entries, in the order of the vector."""
        return [block.entry(position) for block in self.blocks for position in range(block.start, block.stop)]

    def restore(self, vector):
        """The caller's structure, filled from a copy of `vector`: arrays are parts of it, plain numbers stay plain numbers.

        A complex vector gives complex parameters (for the complex step). Raises ShapeMismatch for another length.
        """
        vector = np.asanyarray(vector)
        if vector.shape != self._vector.shape:
            raise ShapeMismatch("vector", self._vector.shape, vector.shape)
        return self._fill(vector.copy())

    def flatten_like(self, gradients):
        """Vector of `gradients`, which must have the structure and the exact shapes of the parameters; NaN stays NaN.

        Raises StructureMismatch, ShapeMismatch or NotRealNumbers; each names the block.
        """
        return np.concatenate([_gradient(block, leaf).ravel() for block, leaf in self._matched(gradients)])

    def rounding_like(self, gradients):
        """Relative rounding of every entry of `gradients`, shape (n,): 2**-53, or 2**-24 where they are float32."""
        return np.concatenate([np.full(block.stop - block.start, _rounding(_array(block.name, leaf)))
                               for block, leaf in self._matched(gradients)])

    def selected(self, globs):
        """The blocks whose names match a glob, or one of a list of globs: `*` and `?` only; all blocks for None.

        Raises UnknownName for a glob that matches no block.
        """
        if globs is None:
            return list(self.blocks)
        globs = [globs] if isinstance(globs, str) else list(globs)
        names, chosen = [block.name for block in self.blocks], set()
        for glob in globs:
            found = {name for name in names if fnmatchcase(name, glob.replace("[", "[[]"))}
            if len(found) == 0:
                raise UnknownName("select", glob, names)
            chosen |= found
        return [block for block in self.blocks if block.name in chosen]

    def _matched(self, gradients):
        return list(zip(self.blocks, list(matched(self._template, gradients, "")), strict=True))


def _floats(name, leaf):
    values = _array(name, leaf)
    if values.dtype.kind in "iub":
        raise NotRealNumbers(name, f"integers ({values.dtype})",
                             "a whole number cannot be moved by a small step: use floats, e.g. 1.0 or .astype(float)")
    return _finite(name, values)


def _gradient(block, leaf):
    values = _array(block.name, leaf)
    if values.dtype.kind == "b":
        raise NotRealNumbers(block.name, "booleans", "give the derivative as a number")
    if values.shape != block.shape:
        raise ShapeMismatch(block.name, block.shape, values.shape)
    return values.astype(np.float64)


def _rounding(values):
    return float(np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps) / 2.0


def _array(name, leaf):
    try:
        values = np.array(leaf)
    except ValueError:
        raise NotRealNumbers(name, "rows of different lengths", "give an array or a list of plain numbers") from None
    if values.dtype.kind not in "fiub":
        found = f"{type(leaf).__name__} ({values.dtype})"
        raise NotRealNumbers(name, found, "give an array or a list of plain numbers")
    return values


def _finite(name, values):
    values = values.astype(np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad) > 0:
        raise NotFinite(name, bad[0], values[tuple(bad[0])])
    return values
