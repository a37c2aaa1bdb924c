"""The caller's parameters, in any structure, as one flat vector in which every entry has a name.

Legend: a *leaf* is an array, a number, or a list or tuple of plain numbers (a *row*). The *path* to it
through the containers is the name of its *block*: `W1`, `layer[0].weights`; an *entry* is one number of it:
`W1[2,0]`. Complex numbers make two blocks, `z.real` and `z.imag`; their gradient is dL/dRe z + i dL/dIm z.

A container *with names* is a dict, a named tuple, a dataclass or a SimpleNamespace; one *with places* is a
list or a tuple. Two containers with names match by their names, whatever their kind, also where every
gradient has something before or behind the name of its parameter: `dW1`, `W1_grad`. An array matches a list
by its places. None stands for "nothing here". Arrays of PyTorch, JAX and CuPy are read as arrays of NumPy,
and made again of them, in double precision; none of the three is imported before the caller hands one over.
"""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib import import_module
from numbers import Number, Real
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
    require_inside,
)

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
    those that were float32; `whole_numbers`: of all where none was a float, which count as floats. `noted`:
    the keys of gradients that were not the names of parameters, each with its parameter or None. `reading`:
    (factor, whether conjugate) of the gradients by complex numbers. `units`: what 1.0 in the vector stands
    for, in every entry. Raises NotRealNumbers (integers beside floats, booleans, settings), NotFinite,
    DuplicateName, or GradcheckError when there is nothing to vary or no end to it.
    """

    def __init__(self, parameters: object):
        self.single_precision, self.whole_numbers, self.leaves, names = [], [], [], set()
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
        read = []
        for name, leaf in leaves:
            otherwise = "" if leaf is parameters else LEAVE_OUT
            read.append((name, numbers_in(name, leaf, otherwise, kinds="fiubc"), otherwise))
        if all(values.dtype.kind in "iu" for _, values, _ in read):
            self.whole_numbers = [name for name, _, _ in read]
        for name, values, otherwise in read:
            values = values.astype(float) if self.whole_numbers else values
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
        self.units = np.ones_like(self._vector)

    @property
    def vector(self) -> np.ndarray:
        """A fresh float64 vector of all entries, shape (n,)."""
        return self._vector.copy()

    def measure_in(self, units: np.ndarray) -> None:
        """Takes other units, powers of two, for the vector and for gradients."""
        self._vector, self.units = self._vector * self.units / units, units

    @property
    def names(self) -> list[str]:
        """The names of all entries, in the order of the vector."""
        return [block.entry(position) for block in self.blocks for position in block.positions]

    def restore(self, vector: np.ndarray) -> object:
        """The caller's structure filled from a copy of `vector`; plain numbers stay plain numbers.

        Raises ShapeMismatch for another length.
        """
        vector = np.asarray(vector)
        if vector.shape != self._vector.shape:
            raise ShapeMismatch("vector", self._vector.shape, vector.shape)
        return self._fill(vector * self.units)

    def of_vector(self, function: Callable) -> Callable:
        """A function of the caller's structure as one of a flat vector."""
        return lambda vector: function(self.restore(vector))

    def flatten_like(self, gradients: object, root: str = "gradients") -> np.ndarray:
        """Vector of `gradients`, which must have the structure and the exact shapes of the parameters.

        Containers match by names, or by order, whatever their kind; NaN stays NaN. `root`: what errors call
        the whole. Raises StructureMismatch, ShapeMismatch or NotRealNumbers; each names the block.
        """
        return self.with_rounding(gradients, root)[0]

    def with_rounding(self, gradients: object, root: str = "gradients") -> tuple[np.ndarray, np.ndarray]:
        """The same vector, and the relative rounding of every entry: 2**-53, or 2**-24 for float32."""
        mismatch = GradientShapeMismatch if root == "gradients" else ShapeMismatch
        factor, conjugate = self.reading if root == "gradients" else (1.0, False)
        vectors, units = [], []
        for blocks, leaf in self._matched(gradients, root):
            try:
                values, unit = _gradient(blocks, leaf, mismatch)
            except GradientShapeMismatch as error:
                others = [each.name for each in self.blocks if each.shape == error.found]
                raise GradientShapeMismatch(error.name, error.expected, error.found, others) from None
            vectors.append(values.real.ravel())
            if len(blocks) == 2:
                imaginary = values.imag.ravel()
                vectors[-1:] = factor * vectors[-1], factor * (-imaginary if conjugate else imaginary)
            units.append(np.full(len(blocks) * values.size, unit))
        found = np.concatenate(vectors)
        return found * self.units if root == "gradients" else found / self.units, np.concatenate(units)

    def leaves_like(self, gradients: object) -> list:
        """(first Block, what `gradients` have in its place, of any shape) for every array."""
        return [(blocks[0], leaf) for blocks, leaf in self._matched(gradients, "gradients")]

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
        return zip(self.leaves, matched(self._template, gradients, root, noted=noted), strict=True)


def numbers_in(name, leaf, otherwise="", kinds="fiub"):
    """A copy of `leaf` as an array of numbers of its own type, booleans included.

    `kinds`: those of NumPy's types that are allowed, with "c" complex ones. Raises NotRealNumbers for others,
    `otherwise` being what more could be tried. What an array-like object itself raises when it is read passes
    with a note.
    """
    plain = f"give an array or a list of plain numbers{otherwise}"
    try:
        values = np.array(leaf if isinstance(leaf, np.ndarray) else as_numpy(leaf))
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
        raise GradcheckError(f"bounds: expected {expected}, found {bounds!r}{_of_pairs(point, bounds)}")
    low, high = _bound(point, "low", bounds[0], -np.inf), _bound(point, "high", bounds[1], np.inf)
    for i in np.flatnonzero(~(low <= high)):
        found = f"low is {low[i]} and high {high[i]} for {point.names[i]}"
        raise GradcheckError(f"bounds: {found}; low must not exceed high")
    try:
        require_inside(low, high, point.vector, point.names)
    except GradcheckError as error:
        raise GradcheckError(f"{error}{_of_pairs(point, bounds)}") from None
    return low, high


def _of_pairs(point, bounds):
    """What to do with bounds that are a pair for every entry, as SciPy takes them; "" for others."""
    is_pairs = isinstance(bounds, (tuple, list)) and len(bounds) == len(point.vector)
    if not is_pairs or not all(isinstance(each, (tuple, list)) and len(each) == 2 for each in bounds):
        return ""
    return "; pairs for each entry, as SciPy takes them, are turned by tuple(zip(*bounds)), with inf for None"


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
    """(the derivative by one leaf, complex where that has two Blocks; its relative rounding)."""
    block = blocks[0]
    name = block.name if len(blocks) == 1 else block.name.removesuffix(".real")
    values = numbers_in(name, leaf, kinds="fiub" if len(blocks) == 1 else "fiubc")
    if values.dtype.kind == "b":
        raise NotRealNumbers(name, "booleans", "give the derivative as a number")
    if values.shape != block.shape:
        raise mismatch(name, block.shape, values.shape)
    kind = values.dtype if values.dtype.kind in "fc" else np.float64
    return _float64(values), float(np.finfo(kind).eps) / 2.0


def _float64(values):
    """The values in double precision, infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


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
        return []
    if node is None and path == "":
        raise StructureMismatch(root, "the structure of the parameters", "None", "is a `return` missing?")
    if template.parts is not None:
        children = _children_like(template, node, path or root, noted)
        parts = zip(_with_paths(path, template.parts), children)
        found = [matched(part, child, root, below, noted) for (below, part), child in parts]
        return [leaf for leaves in found for leaf in leaves]
    if node is None or (_children_by_name(node) is not None and not isinstance(node, tuple)):
        raise StructureMismatch(path or ROOT, "numbers", type(node).__name__)
    return [node]


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
        items = ", ".join(f"{each!r}: ..." for each in names)
        hint = "give them by their names, {" + items + "}" if template.kind is dict else None
        if isinstance(node, tuple) and len(node) == 2 and np.ndim(node[0]) == 0 and name == "gradients":
            hint = "return the gradients alone, or check(loss_and_gradients, None, parameters)"
        raise StructureMismatch(name, f"a {template.kind.__name__} with {names}", type(node).__name__, hint)
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
