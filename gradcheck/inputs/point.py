"""The caller's parameters, in any structure, as one flat vector in which every entry has a name.

Legend: the path to an array or number through the containers (`structure`) is the name of its *block*: `W1`,
`layer[0].weights`; an *entry* is one number of it: `W1[2,0]`. Complex numbers make two blocks, `z.real` and
`z.imag`, and their gradient is dL/dRe z + i dL/dIm z.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from numbers import Real

import numpy as np

from gradcheck.errors import (
    DuplicateName,
    GradcheckError,
    GradientShapeMismatch,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    UnknownName,
    add_note,
    entry_name,
)
from gradcheck.inputs.structure import Maker, as_numpy, filler, kind_of_leaf, matched, template_of
from gradcheck.numeric.derivatives import require_inside

__tracebackhide__ = True  # pytest leaves the frames of this file out
CLOSURE = "the loss can read it from around it (a closure)"
LEAVE_OUT = f"; if it is a setting and no parameter, leave it out: {CLOSURE}"


@dataclass(frozen=True)
class Block:
    """One leaf of the caller's parameters: its name, its shape, and where it lies in the flat vector."""

    name: str
    shape: tuple
    start: int
    stop: int

    @cached_property
    def positions(self):
        """The places of its entries in the flat vector, a range."""
        return range(self.start, self.stop)

    def of(self, vector):
        """Its part of a flat vector, in its own shape; a view."""
        return vector[self.start : self.stop].reshape(self.shape)

    def entry(self, position):
        """Name of the entry at `position` of the flat vector (start <= position < stop)."""
        return entry_name(self.name, self.index(position))

    def index(self, position):
        """Index tuple, inside the block, of the entry at `position` of the flat vector."""
        return tuple(int(i) for i in np.unravel_index(position - self.start, self.shape))


class Point:
    """The caller's parameters, flattened to float64 in the order in which they are met.

    `parameters`: a dict of names to arrays or floats, a list or tuple of those, a named tuple, a dataclass, a
    SimpleNamespace, nested; or one array, or one float. Arrays may be of PyTorch, JAX or CuPy; `makers` make
    them. `blocks`: the Blocks; `leaves`: the same, one or two for every array. `single_precision`: names of
    those that were float32. `noted`: the keys of gradients that were not the names of parameters, each with
    its parameter or None. `reading`: (factor, whether conjugate) of the gradients by complex numbers. Raises
    NotRealNumbers (integers, booleans, settings), NotFinite, DuplicateName, or GradcheckError when there is
    nothing to vary or no end to it.
    """

    def __init__(self, parameters: object):
        self.single_precision, self.leaves, names = [], [], set()
        self.blocks: list[Block] = []
        self.noted: dict = {}
        self.reading = (1.0, False)
        vectors: list = []
        leaves: list = []
        kinds: list = []
        self._template = template_of(
            parameters, leaves, kind_of=lambda leaf: _added(kinds, kind_of_leaf(leaf))
        )
        self.makers = [kind for kind in kinds if isinstance(kind, Maker)]
        for name, leaf in leaves:
            otherwise = "" if leaf is parameters else LEAVE_OUT
            values = numbers_in(name, leaf, otherwise, kinds="fiubc")
            if values.dtype in (np.float32, np.complex64):
                self.single_precision.append(name)
            is_complex = values.dtype.kind == "c"
            blocks: list[Block] = []
            for part in ("real", "imag") if is_complex else ("real",):
                block = f"{name}.{part}" if is_complex else name
                numbers = _floats(block, getattr(values, part), otherwise)
                start = self.blocks[-1].stop if self.blocks else 0
                if block in names:
                    raise DuplicateName(block)
                names.add(block)
                blocks.append(Block(block, values.shape, start, start + values.size))
                self.blocks.append(blocks[-1])
                vectors.append(numbers.ravel())
            self.leaves.append(tuple(blocks))
        if not vectors or self.blocks[-1].stop == 0:
            kind = type(parameters).__name__
            raise GradcheckError(f"parameters: found no number in this {kind}; give at least one float")
        self._fill = filler(self._template, map(_reader, self.leaves))
        self._vector = np.concatenate(vectors)

    @property
    def vector(self) -> np.ndarray:
        """A fresh float64 vector of all entries, shape (n,)."""
        return self._vector.copy()

    @property
    def names(self) -> list[str]:
        """The names of all entries, in the order of the vector."""
        return [block.entry(position) for block in self.blocks for position in block.positions]

    def restore(self, vector: np.ndarray) -> object:
        """The caller's structure filled from a copy of `vector`; plain numbers stay plain numbers.

        Raises ShapeMismatch for another length.
        """
        vector = np.array(vector)
        if vector.shape != self._vector.shape:
            raise ShapeMismatch("vector", self._vector.shape, vector.shape)
        return self._fill(vector)

    def flatten_like(self, gradients: object, root: str = "gradients") -> np.ndarray:
        """Vector of `gradients`, which must have the structure and the exact shapes of the parameters.

        Containers match by names, or by order, whatever their kind; NaN stays NaN. `root`: what errors call
        the whole. Raises StructureMismatch, ShapeMismatch or NotRealNumbers; each names the block.
        """
        mismatch = GradientShapeMismatch if root == "gradients" else ShapeMismatch
        factor, conjugate = self.reading if root == "gradients" else (1.0, False)
        vectors = []
        for blocks, leaf in self._matched(gradients, root):
            values = _gradient(blocks, leaf, mismatch)
            vectors.append(values.real.ravel())
            if len(blocks) == 2:
                imaginary = values.imag.ravel()
                vectors[-1:] = factor * vectors[-1], factor * (-imaginary if conjugate else imaginary)
        return np.concatenate(vectors)

    def leaves_like(self, gradients: object) -> list:
        """(first Block, what `gradients` have in its place, of any shape) for every array."""
        return [(blocks[0], leaf) for blocks, leaf in self._matched(gradients, "gradients")]

    def rounding_like(self, gradients: object) -> np.ndarray:
        """Relative rounding of every entry of `gradients`, shape (n,): 2**-53, or 2**-24 for float32."""
        units = []
        for blocks, leaf in self._matched(gradients, "gradients"):
            found = numbers_in(blocks[0].name, leaf, kinds="fiubc").dtype
            unit = float(np.finfo(found if found.kind in "fc" else np.float64).eps) / 2.0
            units += [unit] * sum(len(block.positions) for block in blocks)
        return np.array(units)

    def selected(self, globs: str | list[str] | None) -> list[Block]:
        """The blocks whose names match a glob (`*` and `?`), or one of several; all blocks for None.

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
        noted = self.noted if root == "gradients" else None
        return zip(self.leaves, list(matched(self._template, gradients, root, noted=noted)), strict=True)


def numbers_in(name, leaf, otherwise="", kinds="fiub"):
    """A copy of `leaf` as an array of numbers of its own type, booleans included.

    `kinds`: those of NumPy's types that are allowed, with "c" complex ones. Raises NotRealNumbers for others,
    `otherwise` being what more could be tried. What an array-like object itself raises when it is read passes
    with a note.
    """
    plain = f"give an array or a list of plain numbers{otherwise}"
    try:
        values = np.array(as_numpy(leaf))
    except Exception as error:
        if isinstance(error, ValueError) and isinstance(leaf, (list, tuple)):
            raise NotRealNumbers(name, "rows of different lengths, or without an end", plain) from None
        add_note(error, f"raised while gradcheck read {name} as an array")
        raise
    if values.dtype.kind not in kinds:
        what = repr(leaf[:20]) if isinstance(leaf, (str, bytes)) else values.dtype
        raise NotRealNumbers(name, f"{type(leaf).__name__} ({what})", plain)
    return values


def bounds_of(point, bounds):
    """(low, high) as vectors, or None. Raises GradcheckError where the point is outside."""
    if bounds is None:
        return None
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        expected = "(low, high), each a number, None, or in the structure of the parameters"
        raise GradcheckError(f"bounds: expected {expected}, found {bounds!r}")
    low, high = _bound(point, "low", bounds[0], -np.inf), _bound(point, "high", bounds[1], np.inf)
    for i in np.flatnonzero(~(low <= high)):
        found = f"low is {low[i]} and high {high[i]} for {point.names[i]}"
        raise GradcheckError(f"bounds: {found}; low must not exceed high")
    require_inside(low, high, point.vector, point.names)
    return low, high


def _bound(point, which, given, default):
    if given is None or isinstance(given, Real):
        return np.full_like(point.vector, default if given is None else given)
    try:
        return point.flatten_like(given, which)
    except GradcheckError as error:
        why = f"neither a number, None, nor in the structure of the parameters ({str(error).split(';')[0]})"
        raise GradcheckError(f"bounds: {which} is {why}") from None


def _added(items, item):
    items.append(item)
    return item


def _reader(blocks):
    """A function of the flat vector that gives the array of one leaf, which has one Block, or two."""
    if len(blocks) == 1:
        return blocks[0].of
    real, imaginary = blocks
    return lambda vector: real.of(vector) + 1j * imaginary.of(vector)


def _floats(name, values, otherwise):
    if values.dtype.kind != "f":
        what, thing, example = f"integers ({values.dtype})", "whole number", "1.0 or .astype(float)"
        if values.dtype.kind == "b":
            what, thing, example = "booleans", "truth value", "1.0"
        hint = f"a {thing} cannot be moved by a small step: use floats, e.g. {example}{otherwise}"
        raise NotRealNumbers(name, what, hint)
    converted = _float64(values)
    for index in np.argwhere(~np.isfinite(converted))[:1]:
        raise NotFinite(name, index, values[tuple(index)])
    return converted


def _gradient(blocks, leaf, mismatch):
    """The derivative by one leaf, complex where that has two Blocks."""
    block = blocks[0]
    name = block.name if len(blocks) == 1 else block.name.removesuffix(".real")
    values = numbers_in(name, leaf, kinds="fiub" if len(blocks) == 1 else "fiubc")
    if values.dtype.kind == "b":
        raise NotRealNumbers(name, "booleans", "give the derivative as a number")
    if values.shape != block.shape:
        raise mismatch(name, block.shape, values.shape)
    return _float64(values)


def _float64(values):
    """The values in double precision, infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
