"""Named parameters as one flat vector in which every entry has a name; what is done with the vector is not
here.

Legend: a *leaf* is an array, a number, or a list/tuple of plain numbers; the *path* to it through the
containers is the name of its *block*: `W1`, `layer[0].weights`; an *entry* is one number of it: `W1[2,0]`.
Parameters without a name of their own (a lone array, list or number) are called `x`. What counts as a
container stands in `structure`.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from gradcheck.errors import (
    DuplicateName,
    GradcheckError,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    UnknownName,
    entry_name,
    passing_with_note,
)
from gradcheck.inputs.structure import filler, leaves, matched, skeleton
from gradcheck.numeric.complex_step import copied

LEAVE_OUT = (
    "; if it is a setting and no parameter, leave it out: the loss can read it from around it (a closure)"
)


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

    `parameters`: a dict of names to arrays or floats, a list or tuple of those, a named tuple, a dataclass, a
    SimpleNamespace, nested; or one array, or one float. `single_precision`: names of the blocks that were
    float32. Raises NotRealNumbers (integers, booleans, complex numbers, settings), NotFinite, DuplicateName,
    or GradcheckError when there is nothing to vary or no end to it.
    """

    def __init__(self, parameters):
        self.blocks, self.single_precision, parts, start, names = [], [], [], 0, set()
        for name, leaf in leaves(parameters):
            if name in names:
                raise DuplicateName(name)
            names.add(name)
            otherwise = "" if leaf is parameters else LEAVE_OUT
            values = real_array(name, leaf, otherwise)
            if values.dtype == np.float32:
                self.single_precision.append(name)
            values = _floats(name, values, otherwise)
            self.blocks.append(Block(name, values.shape, start, start + values.size))
            parts.append(values.ravel())
            start += values.size
        if start == 0:
            raise GradcheckError(
                f"parameters: found no number in this {type(parameters).__name__}; give at least one float"
            )
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
        """The caller's structure, filled from a copy of `vector`: arrays are parts of it, plain numbers stay
        plain numbers.

        A complex vector gives complex parameters (for the complex step). Raises ShapeMismatch for another
        length.
        """
        vector = copied(vector)
        if vector.shape != self._vector.shape:
            raise ShapeMismatch("vector", self._vector.shape, vector.shape)
        return self._fill(vector)

    def flatten_like(self, gradients, root="gradients"):
        """Vector of `gradients`, which must have the structure and the exact shapes of the parameters; NaN
        stays NaN.

        Containers match by names, or by order, whatever their kind. `root`: what errors call the whole.
        Raises StructureMismatch, ShapeMismatch or NotRealNumbers; each names the block.
        """
        return np.concatenate(
            [_gradient(block, leaf).ravel() for block, leaf in self._matched(gradients, root)]
        )

    def rounding_like(self, gradients):
        """Relative rounding of every entry of `gradients`, shape (n,): 2**-53, or 2**-24 where they are
        float32.
        """
        return np.concatenate(
            [
                np.full(block.stop - block.start, _rounding(real_array(block.name, leaf)))
                for block, leaf in self._matched(gradients, "gradients")
            ]
        )

    def selected(self, globs):
        """The blocks whose names match a glob, or one of a list of globs: `*` and `?` only; all blocks for
        None.

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

    def _matched(self, gradients, root):
        return list(zip(self.blocks, list(matched(self._template, gradients, root)), strict=True))


def real_array(name, leaf, otherwise=""):
    """A copy of `leaf` as an array of real numbers of its own type, booleans included.

    Raises NotRealNumbers for anything else, `otherwise` being what more could be tried. What an array-like
    object itself raises when it is read passes with a note.
    """
    plain = f"give an array or a list of plain numbers{otherwise}"
    try:
        with passing_with_note(f"raised while gradcheck read {name} as an array"):
            values = np.array(leaf)
    except ValueError:
        if not isinstance(leaf, (list, tuple)):
            raise
        raise NotRealNumbers(name, "rows of different lengths, or without an end", plain) from None
    if values.dtype.kind not in "fiub":
        what = repr(leaf[:20]) if isinstance(leaf, (str, bytes)) else values.dtype
        raise NotRealNumbers(name, f"{type(leaf).__name__} ({what})", plain)
    return values


def _floats(name, values, otherwise):
    if values.dtype.kind == "b":
        raise NotRealNumbers(
            name,
            "booleans",
            f"a truth value cannot be moved by a small step: use floats, e.g. 1.0{otherwise}",
        )
    if values.dtype.kind in "iu":
        raise NotRealNumbers(
            name,
            f"integers ({values.dtype})",
            "a whole number cannot be moved by a small step: use floats, "
            f"e.g. 1.0 or .astype(float){otherwise}",
        )
    converted = _float64(values)
    for index in np.argwhere(~np.isfinite(converted))[:1]:
        raise NotFinite(name, index, values[tuple(index)])
    return converted


def _gradient(block, leaf):
    values = real_array(block.name, leaf)
    if values.dtype.kind == "b":
        raise NotRealNumbers(block.name, "booleans", "give the derivative as a number")
    if values.shape != block.shape:
        raise ShapeMismatch(block.name, block.shape, values.shape)
    return _float64(values)


def _float64(values):
    """The values as float64, infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.float64)


def _rounding(values):
    return float(np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps) / 2.0
