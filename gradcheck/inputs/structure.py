"""Nested containers taken apart and made again, and the gradients of a caller matched to the parameters.

Legend: a *leaf* is an array, a number, or a list or tuple of plain numbers (a *row*); the *path* to it
through the containers is its name: `W1`, `layer[0].weights`. A container *with names* is a dict, a named
tuple, a dataclass or a SimpleNamespace; one *with places* is a list or a tuple. Two containers with names
match by their names, whatever their kind, also where every gradient has something before or behind the name
of its parameter: `dW1`, `W1_grad`. An array matches a list by its places. None stands for "nothing here".

Arrays of PyTorch, JAX and CuPy are read as arrays of NumPy, and made again of them, in double precision. None
of the three is imported here before the caller hands over an array of it.
"""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from numbers import Number
from types import SimpleNamespace

import numpy as np

from gradcheck.errors import GradcheckError, StructureMismatch, passing_with_note

__tracebackhide__ = True  # pytest leaves the frames of this file out
ROOT = "x"  # the name of parameters that have none of their own: a lone array, list or number
DEEPEST = 64  # containers within each other, as many as NumPy allows an array axes
LOSSES = ("L", "J", "E", "C", "loss", "Loss", "cost")
AFFIXES = {  # what people write before and behind the name of a parameter for the gradient by it
    *((before, "") for before in ("d", "d_", "D", "D_", "g", "g_", "grad", "grad_", "grads_", "gradient_")),
    *((before, "") for before in ("nabla", "nabla_", "∇", "∇_", "∂", "partial_", "del_")),
    *(("", behind) for behind in ("_grad", ".grad", "grad", "Grad", "_gradient", "_grads", "_g", "_d")),
    *((f"d{loss}{line}d{under}", "") for loss in LOSSES for line in ("_", "/", "") for under in ("", "_")),
    *((f"∂{loss}{line}∂", "") for loss in LOSSES for line in ("_", "/", "")),
}


@dataclass(frozen=True)
class Template:
    """The structure without its numbers, to be made again by `kind`.

    `parts`: a dict for a container with names, a tuple for one with places, None for a leaf. The `kind` of a
    leaf is None for an array of NumPy, else what makes the leaf of such an array.
    """

    kind: object
    parts: dict | tuple | None = None


def template_of(node, leaves, path="", above=(), kind_of=None):
    """The Template, so that later changes by the caller do not matter; None for None, which is no leaf.

    Adds (path, leaf) for every leaf to `leaves`, in the order in which it is met. `above`: the containers
    around it. `kind_of`: gives the kind of a leaf, by default such that plain numbers and rows stay what they
    are. Raises GradcheckError for a container that holds itself and for more than 64 within each other.
    """
    names, places = _children_by_name(node), _children_by_place(node)
    if names is None and places is None:
        if node is None:
            return None
        leaves.append((path or ROOT, node))
        return Template((kind_of or kind_of_leaf)(node))
    if any(each is node for each in above):
        within = f"this {type(node).__name__} is one of those that it lies in, so it has no end"
        raise GradcheckError(f"{short(path)}: {within}; put arrays and numbers there")
    if len(above) == DEEPEST:
        raise GradcheckError(f"{short(path)}: more than {DEEPEST} containers within each other; use an array")
    below = _with_paths(path, places if names is None else names)
    around = (*above, node)
    parts = [template_of(child, leaves, child_path, around, kind_of) for child_path, child in below]
    if names is None:
        return Template(type(node), tuple(parts))
    return Template(dict if isinstance(node, Mapping) else type(node), dict(zip(names, parts)))


def filler(template, readers):
    """A function of a flat vector that returns the structure.

    `readers`: an iterator over functions that take the array of each leaf from the vector, in their order.
    """
    if template is None:
        return lambda vector: None
    kind = template.kind
    if isinstance(template.parts, dict):
        fill = {name: filler(child, readers) for name, child in template.parts.items()}
        if kind is dict:
            return lambda vector: {name: part(vector) for name, part in fill.items()}
        return lambda vector: _made(kind, {name: part(vector) for name, part in fill.items()})
    if isinstance(template.parts, tuple):
        fillers = [filler(child, readers) for child in template.parts]
        return lambda vector: kind([part(vector) for part in fillers])
    read = next(readers)
    return read if kind is None else lambda vector: kind(read(vector))


def mapped(function, node):
    """The structure with function(leaf) in the place of every leaf, rows included."""
    leaves: list = []
    template = template_of(node, leaves, kind_of=lambda leaf: None)
    changed = iter([function(leaf) for _, leaf in leaves])
    return filler(template, ((lambda _, leaf=leaf: leaf) for leaf in changed))(None)


def matched(template, node, root, path="", noted=None):
    """The leaves of `node` in the order of a template. Raises StructureMismatch where the two differ.

    `root`: what is being matched, "gradients", which names it where it has no path of its own. `noted`: None,
    or a dict in which names that are longer than the parameter's are noted, each with the parameter's; with
    None those that belong to no parameter.
    """
    if template is None:
        if node is not None:
            raise StructureMismatch(path or root, "None (no parameter here)", type(node).__name__)
    elif node is None and path == "":
        raise StructureMismatch(root, "the structure of the parameters", "None", "is a `return` missing?")
    elif template.parts is not None:
        children = _children_like(template, node, path or root, noted)
        for (child_path, part), child in zip(_with_paths(path, template.parts), children):
            yield from matched(part, child, root, child_path, noted)
    elif node is None or (_children_by_name(node) is not None and not isinstance(node, tuple)):
        raise StructureMismatch(path or ROOT, "numbers", type(node).__name__)
    else:
        yield node


def matching_names(names, found):
    """{name: the key of its gradient} where each has the same before and behind it in all keys, else None.

    Where several such spellings fit, those that mean a gradient count, and only where it is one.
    """
    names, keys = [str(name) for name in names], [each for each in found if isinstance(each, str)]
    longest, affixes = max(names, key=len, default=""), set()
    for key in keys if longest != "" else ():
        start = key.find(longest)
        while start >= 0:
            before, behind = key[:start], key[start + len(longest) :]
            if before + behind != "" and {f"{before}{name}{behind}" for name in names} <= set(keys):
                affixes.add((before, behind))
            start = key.find(longest, start + 1)
    affixes = affixes if len(affixes) == 1 else affixes & AFFIXES
    if len(affixes) != 1:
        return None
    ((before, behind),) = affixes
    return {name: f"{before}{name}{behind}" for name in names}


def longest_match(names, found, or_itself=True):
    """{name: the key of its gradient} of the spelling, one of AFFIXES, that fits most names; or as it is."""
    ways: list = []
    for before, behind in [("", "")] * or_itself + sorted(AFFIXES):
        keys = {name: f"{before}{name}{behind}" for name in names}
        ways.append({name: key for name, key in keys.items() if found.get(key) is not None})
    return max(reversed(ways), key=len)


def short(path):
    """A path that may be very long, cut to 40 characters."""
    return path if len(path) <= 40 else f"{path[:40]}..."


def kind_of_array(node):
    """The kind of a leaf that becomes an array, of its own library."""
    return None if library_of(node) is None else Maker(node)


def kind_of_leaf(node):
    """The kind of a leaf that stays what it is."""
    if isinstance(node, (list, tuple)):
        kind = type(node)
        return lambda array: kind(array.tolist())
    return (lambda array: array.item()) if _is_number(node) else kind_of_array(node)


def _made(kind, values):
    made = f"a {kind.__name__} of other numbers, {kind.__name__}({', '.join(values)})"
    with passing_with_note(f"raised while gradcheck made {made}"):
        return kind(**values)


def _children_like(template, node, name, noted):
    """The children of a container, which must have the names of the template, or as many, in its order."""
    if isinstance(template.parts, tuple):
        return _in_order(node, name, len(template.parts))
    names, found = sorted(template.parts, key=str), _children_by_name(node)
    if found is None and issubclass(template.kind, tuple):
        found = dict(zip(template.parts, _in_order(node, name, len(names), f", {', '.join(names)}")))
    if found is None:
        raise StructureMismatch(name, f"a {template.kind.__name__} with {names}", type(node).__name__)
    if set(found) != set(names):
        longer = None if noted is None else matching_names(names, found)
        if longer is None:
            what = "keys" if template.kind is dict else "fields"
            raise StructureMismatch(name, f"the {what} {names}", f"{sorted(found, key=str)}")
        by_key = {key: each for each, key in longer.items()}
        noted |= {key: by_key.get(key) for key in found}
        return [found[longer[str(each)]] for each in template.parts]
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


ARRAYS = {("torch", "Tensor"): "PyTorch", ("jax", "Array"): "JAX", ("cupy", "ndarray"): "CuPy"}


def library_of(value):
    """The library of an array: "PyTorch", "JAX" or "CuPy", None for anything else."""
    return _library_of_type(type(value))


def as_numpy(value):
    """A value as an array of NumPy where it is one of the three or a sparse matrix; else the value itself."""
    library = library_of(value)
    if library == "PyTorch":
        value = value.detach().cpu()
        torch = import_module("torch")
        value = value.to_dense() if value.layout != torch.strided else value
        value = value.float() if value.dtype == torch.bfloat16 else value
        return value.resolve_conj().resolve_neg().numpy()
    if library == "CuPy":
        return value.get()
    if library == "JAX":
        return np.asarray(value)
    return value.toarray() if hasattr(value, "toarray") else value


class Maker:
    """Makes an array of the library of `leaf` from one of NumPy, on its device, in double precision.

    `in_double`: set to False, the type of `leaf` is kept. A tensor of PyTorch asks for a gradient where
    `leaf` did, and has none yet.
    """

    def __init__(self, leaf):
        self.library, self.in_double, self._type = library_of(leaf), True, leaf.dtype
        self._device = getattr(leaf, "device", None)
        self._requires_grad = self.library == "PyTorch" and leaf.requires_grad and leaf.is_leaf

    def __call__(self, array):
        if self.library == "PyTorch":
            torch = import_module("torch")
            tensor = torch.tensor(np.ascontiguousarray(array), device=self._device)
            tensor = tensor if self.in_double else tensor.to(self._type)
            return tensor.requires_grad_(self._requires_grad)
        numbers = import_module("cupy" if self.library == "CuPy" else "jax.numpy")
        with in_double_precision(self.library):
            return numbers.asarray(array, dtype=array.dtype if self.in_double else self._type)


@contextmanager
def in_double_precision(library):
    """While functions of a library run, it makes new arrays in double precision; PyTorch notes gradients."""
    if library == "PyTorch":
        torch = import_module("torch")
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            with torch.enable_grad():
                yield
        finally:
            torch.set_default_dtype(usual)
    elif library == "JAX":
        jax = import_module("jax")
        home = jax if hasattr(jax, "enable_x64") else import_module("jax.experimental")
        with home.enable_x64(True):
            yield
    else:
        yield


@cache
def _library_of_type(kind):
    names = ((each.__module__.partition(".")[0], each.__name__.split(".")[-1]) for each in kind.__mro__)
    return next((ARRAYS[name] for name in names if name in ARRAYS), None)
