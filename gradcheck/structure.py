"""Dicts, lists, tuples and named tuples, nested, with numbers at their leaves; the numbers are not looked at here."""

from collections.abc import Mapping
from numbers import Number

import numpy as np

from .errors import StructureMismatch
from .holomorphic import parts

ROOT = "x"


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
    if not isinstance(node, (list, tuple)) or _has_fields(node):
        return False
    return len(node) > 0 and all(_is_number(item) for item in node)


def _has_fields(node):
    """Whether it is a named tuple."""
    return isinstance(node, tuple) and hasattr(node, "_fields")


def _is_number(node):
    return isinstance(node, Number) and not isinstance(node, np.ndarray)


def _children(node, path):
    """(path, child) for every child of a container."""
    if _has_fields(node):
        node = dict(zip(node._fields, node))
    if isinstance(node, Mapping):
        return [(f"{path}.{key}" if path != "" else str(key), child) for key, child in node.items()]
    return [(f"{path or ROOT}[{i}]", child) for i, child in enumerate(node)]


def leaves(node, path):
    """(path, leaf) for every array, number or row of plain numbers in the structure, in the order in which it is met."""
    if node is None:
        return
    if not _is_container(node):
        yield path or ROOT, node
        return
    for child_path, child in _children(node, path):
        yield from leaves(child, child_path)


def skeleton(node):
    """The structure of the parameters without their numbers, so that later changes by the caller do not matter."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return {key: skeleton(child) for key, child in node.items()}
    if _is_container(node):
        return _of_kind(node, [skeleton(child) for child in node])
    if _is_row(node):
        return _Row(type(node))
    return _Scalar() if _is_number(node) else _Array()


def _of_kind(node, children):
    """A list, tuple or named tuple like `node`, of other children."""
    return type(node)(*children) if _has_fields(node) else type(node)(children)


def filler(template, blocks):
    """A function of a flat vector that returns the structure of the template, the leaves being parts of that vector.

    `blocks`: an iterator over the places of the leaves (`start`, `stop`, `shape`), in their order.
    """
    if template is None:
        return lambda vector: None
    if isinstance(template, dict):
        fill = {key: filler(child, blocks) for key, child in template.items()}
        return lambda vector: {key: part(vector) for key, part in fill.items()}
    if isinstance(template, (list, tuple)):
        fillers = [filler(child, blocks) for child in template]
        return lambda vector: _of_kind(template, [part(vector) for part in fillers])
    block = next(blocks)
    start, stop, shape = block.start, block.stop, block.shape
    if isinstance(template, _Row):
        return lambda vector: template.kind(parts(vector[start:stop]))
    if isinstance(template, _Scalar):
        return lambda vector: parts(vector[start:stop])[0]
    return lambda vector: vector[start:stop].reshape(shape)


def matched(template, node, path):
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
        yield from matched(part, child, child_path)
