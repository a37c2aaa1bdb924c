"""Containers, nested, with numbers at their leaves; the numbers themselves are not looked at here.

Legend: a container *with names* is a dict, a named tuple, a dataclass or a SimpleNamespace; one *with places*
is a list or a tuple. A *row* is a list or tuple of plain numbers and counts as one leaf, as an array does.
Two containers with names match by their names, whatever their kind; so does an array match a list by its
places. None stands for "no parameter here".
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from numbers import Number
from types import SimpleNamespace

import numpy as np

from gradcheck.errors import GradcheckError, StructureMismatch, passing_with_note
from gradcheck.numeric.complex_step import parts

ROOT = "x"  # the name of parameters that have none: a lone array, list or number
DEEPEST = 64  # containers within each other, as many as NumPy allows an array axes


# The structure without its numbers: a number, an array, a row, or a container of those


@dataclass(frozen=True)
class _Leaf:
    """The place of a leaf. `kind`: list or tuple for a row, float for a plain number, None for an array."""

    kind: type | None


@dataclass(frozen=True)
class _Named:
    """A container with names, to be made again by `kind`; `parts`: name -> what is there."""

    kind: type
    parts: dict


@dataclass(frozen=True)
class _Placed:
    """A list or tuple, to be made again by `kind`; `parts`: what is there."""

    kind: type
    parts: tuple


def named_parts(node):
    """Name -> child, for a container with names; None for anything else. What a dataclass computes itself is
    no child.
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


def leaves(node, path="", above=()):
    """(path, leaf) for every leaf, in the order in which it is met; None is no leaf.

    Raises GradcheckError for a container that holds itself and for more than 64 within each other. `above`:
    the containers around this one.
    """
    names, places = named_parts(node), _places(node)
    if names is None and places is None:
        if node is not None:
            yield path or ROOT, node
        return
    if any(each is node for each in above):
        raise GradcheckError(
            f"{short(path)}: this {type(node).__name__} is one of those that it lies in, so it has no "
            "end; put arrays and numbers there"
        )
    if len(above) == DEEPEST:
        raise GradcheckError(f"{short(path)}: more than {DEEPEST} containers within each other; use an array")
    for child_path, child in _paths(path, names, places):
        yield from leaves(child, child_path, (*above, node))


def skeleton(node):
    """The structure without its numbers, so that later changes by the caller do not matter. `leaves` has
    passed over it.
    """
    names, places = named_parts(node), _places(node)
    if names is not None:
        kind = dict if isinstance(node, Mapping) else type(node)
        return _Named(kind, {name: skeleton(child) for name, child in names.items()})
    if places is not None:
        return _Placed(type(node), tuple(skeleton(child) for child in places))
    if node is None:
        return None
    return _Leaf(type(node) if isinstance(node, (list, tuple)) else float if _is_number(node) else None)


def filler(template, blocks):
    """A function of a flat vector that returns the structure of a skeleton, its arrays being parts of that
    vector.

    `blocks`: an iterator over the places of the leaves (`start`, `stop`, `shape`), in their order.
    """
    if template is None:
        return lambda vector: None
    if isinstance(template, _Named):
        fill = {name: filler(child, blocks) for name, child in template.parts.items()}
        if template.kind is dict:
            return lambda vector: {name: part(vector) for name, part in fill.items()}
        return lambda vector: _made(template.kind, {name: part(vector) for name, part in fill.items()})
    if isinstance(template, _Placed):
        fillers = [filler(child, blocks) for child in template.parts]
        return lambda vector: template.kind([part(vector) for part in fillers])
    block = next(blocks)
    start, stop, shape = block.start, block.stop, block.shape
    if template.kind is None:
        return lambda vector: vector[start:stop].reshape(shape)
    if template.kind is float:
        return lambda vector: parts(vector[start:stop])[0]
    return lambda vector: template.kind(parts(vector[start:stop]))


def matched(template, node, root, path=""):
    """The leaves of `node` in the order of a skeleton. Raises StructureMismatch where the two differ.

    `root`: what is being matched, "gradients", which names it where it has no path of its own.
    """
    if template is None:
        if node is not None:
            raise StructureMismatch(path or root, "None (no parameter here)", type(node).__name__)
    elif node is None and path == "":
        raise StructureMismatch(root, "the structure of the parameters", "None", "is a `return` missing?")
    elif isinstance(template, _Named):
        yield from _matched_names(template, node, root, path)
    elif isinstance(template, _Placed):
        children = _in_order(node, path or root, len(template.parts), f"{len(template.parts)} items")
        for (child_path, part), child in zip(_paths(path, None, template.parts), children):
            yield from matched(part, child, root, child_path)
    elif node is None or (named_parts(node) is not None and not isinstance(node, tuple)):
        raise StructureMismatch(path or ROOT, "numbers", type(node).__name__)
    else:
        yield node


def _matched_names(template, node, root, path):
    names, found = sorted(template.parts, key=str), named_parts(node)
    if found is None and issubclass(template.kind, tuple):
        expected = f"{len(names)} items"
        found = dict(
            zip(template.parts, _in_order(node, path or root, len(names), f"{expected}, {', '.join(names)}"))
        )
    if found is None:
        raise StructureMismatch(path or root, f"a {template.kind.__name__} with {names}", type(node).__name__)
    if set(found) != set(names):
        what = "keys" if template.kind is dict else "fields"
        raise StructureMismatch(
            path or root, f"the {what} {names}", f"{sorted(found, key=str)}", _renaming(names, found)
        )
    for (child_path, part), name in zip(_paths(path, template.parts, None), template.parts):
        yield from matched(part, found[name], root, child_path)


def _in_order(node, name, count, expected):
    """The items of a list, tuple or array. Raises StructureMismatch where they are not `count`, or where it
    is none.
    """
    if not isinstance(node, (list, tuple)) and hasattr(node, "__array__"):
        node = np.asarray(node)
    if not isinstance(node, (list, tuple)) and np.ndim(node) == 0:
        raise StructureMismatch(name, expected, type(node).__name__)
    if len(node) != count:
        raise StructureMismatch(name, expected, f"{len(node)} items")
    return list(node)


def _renaming(names, found):
    """How to rename what was found where every name has the same letters before or behind it; None where
    that is not so.
    """
    longest = max(map(str, names), key=len, default="")
    for each in found if longest != "" else ():
        before, is_there, behind = str(each).partition(longest)
        if is_there and {f"{before}{name}{behind}" for name in names} == set(found):
            pairs = [f"{f'{before}{name}{behind}'!r} to {name!r}" for name in names]
            return f"rename {', '.join(pairs[:4])}{', ...' if len(pairs) > 4 else ''}"
    return None


# One node


def _made(kind, values):
    name = kind.__name__
    with passing_with_note(
        f"raised while gradcheck made a {name} of other numbers, {name}({', '.join(values)})"
    ):
        return kind(**values)


def _places(node):
    """The children of a list or tuple that is no row and has no names; None for anything else."""
    if not isinstance(node, (list, tuple)) or hasattr(node, "_fields"):
        return None
    return None if len(node) > 0 and all(_is_number(item) for item in node) else node


def _paths(path, names, places):
    """(path, child) for every child of a container."""
    if names is not None:
        return [(f"{path}.{name}" if path != "" else str(name), child) for name, child in names.items()]
    return [(f"{path or ROOT}[{i}]", child) for i, child in enumerate(places)]


def _is_number(node):
    return isinstance(node, Number) and not isinstance(node, np.ndarray)


def short(path):
    """A path that may be very long, cut to 40 characters."""
    return path if len(path) <= 40 else f"{path[:40]}..."
