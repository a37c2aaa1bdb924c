"""Named parameters as one flat vector in which every entry has a name; what is done with the vector is not here.

Legend: a *leaf* is an array, a number, or a list/tuple of plain numbers; the *path* to it through dicts, lists and
tuples is the name of its *block*: `W1`, `layer[0].weights`; an *entry* is one number of it: `W1[2,0]`. Parameters
without a name of their own (a lone array, list or number) are called `x`. None stands for "no parameter here".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Number

import numpy as np

from .errors import GradcheckError, NotFinite, NotRealNumbers, ShapeMismatch, StructureMismatch, entry_name

ROOT = "x"


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
    Raises NotRealNumbers (integers, complex, objects), NotFinite, or GradcheckError when there is nothing to vary.
    """

    def __init__(self, parameters):
        self.blocks, parts, start = [], [], 0
        for name, leaf in _leaves(parameters, ""):
            values = _floats(name, leaf)
            self.blocks.append(Block(name, values.shape, start, start + values.size))
            parts.append(values.ravel())
            start += values.size
        if start == 0:
            raise GradcheckError(f"parameters: found no number in {parameters!r}; give at least one float")
        self._template = _skeleton(parameters)
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
        """The caller's structure, filled from `vector`: arrays are fresh, plain numbers stay plain numbers.

        A complex vector gives complex parameters (for the complex step). Raises ShapeMismatch for another length.
        """
        vector = np.asarray(vector)
        if vector.shape != self._vector.shape:
            raise ShapeMismatch("vector", self._vector.shape, vector.shape)
        blocks = iter(self.blocks)
        return _fill(self._template, lambda: _cut(vector, next(blocks)))

    def flatten_like(self, gradients):
        """Vector of `gradients`, which must have the structure and the exact shapes of the parameters.

        Raises StructureMismatch, ShapeMismatch, NotRealNumbers or NotFinite; each names the block.
        """
        return np.concatenate([_gradient(block, leaf).ravel() for block, leaf in self._matched(gradients)])

    def rounding_like(self, gradients):
        """Relative rounding of every entry of `gradients`, shape (n,): 2**-53, or 2**-24 where they are float32."""
        return np.concatenate([np.full(block.stop - block.start, _rounding(_array(block.name, leaf)))
                               for block, leaf in self._matched(gradients)])

    def _matched(self, gradients):
        return list(zip(self.blocks, list(_matched(self._template, gradients, "")), strict=True))


class _Array:
    """Marks the place of an array in the skeleton."""


class _Scalar:
    """Marks the place of a plain number in the skeleton."""


class _Row:
    """Marks the place of a list or tuple of plain numbers in the skeleton."""

    def __init__(self, kind):
        self.kind = kind


def _is_container(node):
    return isinstance(node, (Mapping, list, tuple)) and not _is_row(node)


def _is_row(node):
    return isinstance(node, (list, tuple)) and len(node) > 0 and all(_is_number(item) for item in node)


def _is_number(node):
    return isinstance(node, Number) and not isinstance(node, np.ndarray)


def _children(node, path):
    """(path, child) for every child of a container."""
    if isinstance(node, Mapping):
        return [(f"{path}.{key}" if path != "" else str(key), child) for key, child in node.items()]
    return [(f"{path or ROOT}[{i}]", child) for i, child in enumerate(node)]


def _leaves(node, path):
    if node is None:
        return
    if not _is_container(node):
        yield path or ROOT, node
        return
    for child_path, child in _children(node, path):
        yield from _leaves(child, child_path)


def _skeleton(node):
    """The structure of the parameters without their numbers, so that later changes by the caller do not matter."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return {key: _skeleton(child) for key, child in node.items()}
    if _is_container(node):
        return type(node)([_skeleton(child) for child in node])
    if _is_row(node):
        return _Row(type(node))
    return _Scalar() if _is_number(node) else _Array()


def _fill(template, take):
    if template is None:
        return None
    if isinstance(template, dict):
        return {key: _fill(child, take) for key, child in template.items()}
    if isinstance(template, (list, tuple)):
        return type(template)([_fill(child, take) for child in template])
    values = take()
    if isinstance(template, _Row):
        return template.kind(values.tolist())
    return values.item() if isinstance(template, _Scalar) else values


def _cut(vector, block):
    return vector[block.start:block.stop].reshape(block.shape).copy()


def _matched(template, node, path):
    """The leaves of `node` in the order of `template`; raises where the two differ in structure."""
    name = path or ROOT
    if template is None:
        if node is not None:
            raise StructureMismatch(name, "None (no parameter here)", type(node).__name__)
    elif isinstance(template, (dict, list, tuple)):
        yield from _matched_children(template, node, path, name)
    elif node is None or isinstance(node, Mapping):
        raise StructureMismatch(name, "numbers", type(node).__name__)
    else:
        yield node


def _matched_children(template, node, path, name):
    if isinstance(template, dict):
        if not isinstance(node, Mapping):
            raise StructureMismatch(name, f"a dict with {sorted(map(str, template))}", type(node).__name__)
        if set(node) != set(template):
            raise StructureMismatch(name, f"the keys {sorted(map(str, template))}", f"{sorted(map(str, node))}")
        pairs = [(template[key], node[key], path_) for key, (path_, _) in zip(template, _children(template, path))]
    else:
        if not isinstance(node, (list, tuple)) or len(node) != len(template):
            found = f"{len(node)} items" if isinstance(node, (list, tuple)) else type(node).__name__
            raise StructureMismatch(name, f"{len(template)} items", found)
        paths = [child_path for child_path, _ in _children(template, path)]
        pairs = list(zip(template, node, paths))
    for part, child, child_path in pairs:
        yield from _matched(part, child, child_path)


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
    return _finite(block.name, values)


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
