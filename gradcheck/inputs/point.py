"""The caller's parameters, in any structure, as one flat vector in which every entry has a name.

Legend: a *leaf* is an array, a number, or a list or tuple of plain numbers (a *row*); the *path* to it
through the containers is the name of its *block*: `W1`, `layer[0].weights`; an *entry* is one number of it:
`W1[2,0]`. A container *with names* is a dict, a named tuple, a dataclass or a SimpleNamespace; one *with
places* is a list or a tuple. Two containers with names match by their names, whatever their kind; so does an
array match a list by its places. None stands for "no parameter here".
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from numbers import Number
from types import SimpleNamespace

import numpy as np

from gradcheck.errors import (
    DuplicateName,
    GradcheckError,
    GradientShapeMismatch,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    StructureMismatch,
    UnknownName,
    add_note,
    entry_name,
    passing_with_note,
)

__tracebackhide__ = True  # pytest leaves the frames of this file out
ROOT = "x"  # the name of parameters that have none of their own: a lone array, list or number
DEEPEST = 64  # containers within each other, as many as NumPy allows an array axes
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
    SimpleNamespace, nested; or one array, or one float. `blocks`: their Blocks. `single_precision`: names of
    those that were float32. Raises NotRealNumbers (integers, booleans, complex numbers, settings), NotFinite,
    DuplicateName, or GradcheckError when there is nothing to vary or no end to it.
    """

    def __init__(self, parameters: object):
        self.blocks, self.single_precision, parts, start, names = [], [], [], 0, set()
        leaves: list = []
        self._template = _template_of(parameters, leaves)
        for name, leaf in leaves:
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
            kind = type(parameters).__name__
            raise GradcheckError(f"parameters: found no number in this {kind}; give at least one float")
        self._fill = _filler(self._template, iter(self.blocks))
        self._vector = np.concatenate(parts)

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
        pairs = self._matched(gradients, root)
        mismatch = GradientShapeMismatch if root == "gradients" else ShapeMismatch
        return np.concatenate([_gradient(block, leaf, mismatch).ravel() for block, leaf in pairs])

    def rounding_like(self, gradients: object) -> np.ndarray:
        """Relative rounding of every entry of `gradients`, shape (n,): 2**-53, or 2**-24 for float32."""
        pairs = self._matched(gradients, "gradients")
        types = [real_array(block.name, leaf).dtype for block, leaf in pairs]
        units = [float(np.finfo(each if each.kind == "f" else np.float64).eps) / 2.0 for each in types]
        return np.repeat(units, [len(block.positions) for block in self.blocks])

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
        return list(zip(self.blocks, list(_matched(self._template, gradients, root)), strict=True))


def real_array(name, leaf, otherwise=""):
    """A copy of `leaf` as an array of real numbers of its own type, booleans included.

    Raises NotRealNumbers for anything else, `otherwise` being what more could be tried. What an array-like
    object itself raises when it is read passes with a note.
    """
    plain = f"give an array or a list of plain numbers{otherwise}"
    try:
        values = np.array(leaf)
    except Exception as error:
        if isinstance(error, ValueError) and isinstance(leaf, (list, tuple)):
            raise NotRealNumbers(name, "rows of different lengths, or without an end", plain) from None
        add_note(error, f"raised while gradcheck read {name} as an array")
        raise
    if values.dtype.kind not in "fiub":
        what = repr(leaf[:20]) if isinstance(leaf, (str, bytes)) else values.dtype
        raise NotRealNumbers(name, f"{type(leaf).__name__} ({what})", plain)
    return values


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


def _gradient(block, leaf, mismatch):
    values = real_array(block.name, leaf)
    if values.dtype.kind == "b":
        raise NotRealNumbers(block.name, "booleans", "give the derivative as a number")
    if values.shape != block.shape:
        raise mismatch(block.name, block.shape, values.shape)
    return _float64(values)


def _float64(values):
    """The values as float64, infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.float64)


@dataclass(frozen=True)
class _Template:
    """The structure without its numbers, to be made again by `kind`.

    `parts`: a dict for a container with names, a tuple for one with places, None for a leaf. The `kind` of a
    leaf is list or tuple for a row, float for a plain number, None for an array.
    """

    kind: type | None
    parts: dict | tuple | None = None


def _template_of(node, leaves, path="", above=()):
    """The _Template, so that later changes by the caller do not matter; None for None, which is no leaf.

    Adds (path, leaf) for every leaf to `leaves`, in the order in which it is met. Raises GradcheckError for a
    container that holds itself and for more than 64 within each other. `above`: the containers around it.
    """
    names, places = _children_by_name(node), _children_by_place(node)
    if names is None and places is None:
        if node is None:
            return None
        leaves.append((path or ROOT, node))
        kind = type(node) if isinstance(node, (list, tuple)) else float if _is_number(node) else None
        return _Template(kind)
    if any(each is node for each in above):
        within = f"this {type(node).__name__} is one of those that it lies in, so it has no end"
        raise GradcheckError(f"{short(path)}: {within}; put arrays and numbers there")
    if len(above) == DEEPEST:
        raise GradcheckError(f"{short(path)}: more than {DEEPEST} containers within each other; use an array")
    below = _with_paths(path, places if names is None else names)
    parts = [_template_of(child, leaves, child_path, (*above, node)) for child_path, child in below]
    if names is None:
        return _Template(type(node), tuple(parts))
    return _Template(dict if isinstance(node, Mapping) else type(node), dict(zip(names, parts)))


def _filler(template, blocks):
    """A function of a flat vector that returns the structure, its arrays being parts of that vector.

    `blocks`: an iterator over the Blocks of the leaves, in their order.
    """
    if template is None:
        return lambda vector: None
    kind = template.kind
    if isinstance(template.parts, dict):
        fill = {name: _filler(child, blocks) for name, child in template.parts.items()}
        if kind is dict:
            return lambda vector: {name: part(vector) for name, part in fill.items()}
        return lambda vector: _made(kind, {name: part(vector) for name, part in fill.items()})
    if isinstance(template.parts, tuple):
        fillers = [_filler(child, blocks) for child in template.parts]
        return lambda vector: kind([part(vector) for part in fillers])
    block = next(blocks)
    if kind is None:
        return block.of
    if kind is float:
        return lambda vector: block.of(vector).item()
    return lambda vector: kind(block.of(vector).tolist())


def _made(kind, values):
    made = f"a {kind.__name__} of other numbers, {kind.__name__}({', '.join(values)})"
    with passing_with_note(f"raised while gradcheck made {made}"):
        return kind(**values)


def _matched(template, node, root, path=""):
    """The leaves of `node` in the order of a template. Raises StructureMismatch where the two differ.

    `root`: what is being matched, "gradients", which names it where it has no path of its own.
    """
    if template is None:
        if node is not None:
            raise StructureMismatch(path or root, "None (no parameter here)", type(node).__name__)
    elif node is None and path == "":
        raise StructureMismatch(root, "the structure of the parameters", "None", "is a `return` missing?")
    elif template.parts is not None:
        children = _children_like(template, node, path or root)
        for (child_path, part), child in zip(_with_paths(path, template.parts), children):
            yield from _matched(part, child, root, child_path)
    elif node is None or (_children_by_name(node) is not None and not isinstance(node, tuple)):
        raise StructureMismatch(path or ROOT, "numbers", type(node).__name__)
    else:
        yield node


def _children_like(template, node, name):
    """The children of a container, which must have the names of the template, or as many, in its order."""
    if isinstance(template.parts, tuple):
        return _in_order(node, name, len(template.parts))
    names, found = sorted(template.parts, key=str), _children_by_name(node)
    if found is None and issubclass(template.kind, tuple):
        found = dict(zip(template.parts, _in_order(node, name, len(names), f", {', '.join(names)}")))
    if found is None:
        raise StructureMismatch(name, f"a {template.kind.__name__} with {names}", type(node).__name__)
    if set(found) != set(names):
        what = "keys" if template.kind is dict else "fields"
        given = f"{sorted(found, key=str)}"
        raise StructureMismatch(name, f"the {what} {names}", given, _renaming(names, found))
    return [found[each] for each in template.parts]


def _in_order(node, name, count, named=""):
    """The items of a list, tuple or array. Raises StructureMismatch where they are not `count`."""
    if not isinstance(node, (list, tuple)) and hasattr(node, "__array__"):
        node = np.asarray(node)
    if not isinstance(node, (list, tuple)) and np.ndim(node) == 0:
        raise StructureMismatch(name, f"{count} items{named}", type(node).__name__)
    if len(node) != count:
        raise StructureMismatch(name, f"{count} items{named}", f"{len(node)} items")
    return list(node)


def _renaming(names, found):
    """How to rename what was found where every name has the same letters before or behind it, or None."""
    longest = max(map(str, names), key=len, default="")
    for each in found if longest != "" else ():
        before, is_there, behind = str(each).partition(longest)
        if is_there and {f"{before}{name}{behind}" for name in names} == set(found):
            pairs = [f"{f'{before}{name}{behind}'!r} to {name!r}" for name in names]
            return f"rename {', '.join(pairs[:4])}{', ...' if len(pairs) > 4 else ''}"
    return None


def _children_by_name(node):
    """Name -> child, for a container with names; None for anything else.

    What a dataclass computes itself is no child.
    """
    if isinstance(node, Mapping):
        return dict(node)
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return dict(zip(node._fields, node))
    if isinstance(node, SimpleNamespace):
        return vars(node)
    if is_dataclass(node) and not isinstance(node, type) and not hasattr(type(node), "__array__"):
        return {field.name: getattr(node, field.name) for field in fields(node) if field.init}
    return None


def _children_by_place(node):
    """The children of a list or tuple that is no row and has no names; None for anything else."""
    if not isinstance(node, (list, tuple)) or hasattr(node, "_fields"):
        return None
    return None if len(node) > 0 and all(_is_number(item) for item in node) else node


def _with_paths(path, children):
    """(path, child) for every child of a container."""
    if isinstance(children, dict):
        return [(f"{path}.{name}" if path != "" else str(name), each) for name, each in children.items()]
    return [(f"{path or ROOT}[{i}]", each) for i, each in enumerate(children)]


def _is_number(node):
    return isinstance(node, Number) and not isinstance(node, np.ndarray)


def short(path):
    """A path that may be very long, cut to 40 characters."""
    return path if len(path) <= 40 else f"{path[:40]}..."
