"""Points with special values, where backward passes break.

A slope that is wrong at one value only, as softplus with slope 0 at 0, is never met at a drawn point. So some
entries get special values and all others stay as given: zeros, ones, ties, repeated values, ±40, denormals,
equal rows; and the breakpoints of the functions, where what they compare is equal. For these both are called
with arrays that tell what is compared: `x > 0.7`, `np.maximum(x, y)`, the largest of several. Then one entry
is moved until the two sides of a comparison are equal, to the last digit.
"""

from itertools import combinations
from math import inf
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.point import mapped
from gradcheck.judge.other_points import keeps_what_holds

VALUES = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 10.0, -10.0, 20.0, -20.0, 40.0, -40.0)
TINY = (1e-8, -1e-8, 1e-200, 2.0**-1074, -0.0)
MIXED = 24  # points at which half of the entries have values of POOL
POOL = (0.0, 0.0, 0.0, 1.0, -1.0, 1.0, 0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 10.0, -10.0, 40.0, -40.0, 1e-8)
MOST_BLOCKS = 6  # that get special values alone, each by itself
MOST_BLOCKS_OF_FEW = 3


class SpecialPoint(NamedTuple):
    """`what` is special, in words; the `vector`; the positions of the entries that were `moved`."""

    what: str
    vector: np.ndarray
    moved: np.ndarray


def special_points(functions, draw, few=False):
    """The SpecialPoints of CallersFunctions, the simplest first; `few` gives a dozen of the most telling.

    `draw`: a NumPy Generator. None of them leaves the bounds. Where few are wanted what is positive stays so.
    """
    point = functions.point
    given, seen = point.vector, {point.vector.tobytes()}
    for what, in_units_given in _few(point) if few else _all(point, draw):
        vector = in_units_given / point.units
        moved = np.flatnonzero((vector != given) | (np.signbit(vector) != np.signbit(given)))
        if vector.tobytes() not in seen and keeps_what_holds(functions, vector, positive=few):
            seen.add(vector.tobytes())
            yield SpecialPoint(what, vector, moved)


def _few(point):
    given, blocks = point.vector * point.units, point.blocks
    yield "all zero", np.zeros_like(given)
    for several in (("neighbours equal", "a zero"), ("one value",), ("equal rows", "two zeros")):
        yield " and ".join(several), _changed(given, blocks, *several)
    for block in blocks[:MOST_BLOCKS_OF_FEW] if len(blocks) > 1 else ():
        yield f"{block.name} zero", _with(given, block, 0.0)
    for (one, other), vector in _equal_blocks(given, blocks):
        yield f"{other} = {one}", vector


def _all(point, draw):
    given, blocks = point.vector * point.units, point.blocks
    yield from _few(point)
    for what in CHANGES:
        for block in blocks[:MOST_BLOCKS]:
            yield f"{what} in {block.name}", _changed(given, [block], what)
        yield what, _changed(given, blocks, what)
    for value in (*VALUES, *TINY):
        yield f"all {value:g}", np.full_like(given, value)
        for block in blocks[:MOST_BLOCKS] if len(blocks) > 1 else ():
            yield f"{block.name} all {value:g}", _with(given, block, value)
        i = int(draw.integers(len(given)))
        yield f"{point.names[i]} = {value:g}", _put(given, i, value)
    for _ in range(MIXED):
        chosen = draw.random(given.shape) < 0.5
        yield "a mixture", np.where(chosen, draw.choice(POOL, given.shape), given)


def _put(values, places, new):
    """A copy with new values at some places, counted along all axes."""
    values = values.copy()
    values.flat[places] = new
    return values


def _pairs(count):
    """0, 0, 2, 2, ...: the second of every two neighbours is the first."""
    return np.arange(count) // 2 * 2


CHANGES = {  # what: (the fewest axes of a block that can be changed so, its changed values)
    "a zero": (1, lambda values: _put(values, values.size // 2, 0.0)),
    "two zeros": (1, lambda values: _put(values, [0, values.size // 2], 0.0)),
    "neighbours equal": (1, lambda values: values[..., _pairs(values.shape[-1])]),
    "rows equal in pairs": (2, lambda values: values[_pairs(len(values))]),
    "one value": (1, lambda values: np.full_like(values, values.flat[0])),
    "the largest twice": (1, lambda values: _put(values, np.argsort(values, axis=None)[-2], np.max(values))),
    "the first and the last equal": (1, lambda values: _put(values, -1, values.flat[0])),
    "equal rows": (2, lambda values: values[[0] * len(values)]),
    "two equal rows": (2, lambda values: values[[0, 0, *range(2, len(values))][: len(values)]]),
    "equal columns": (2, lambda values: values[..., [0] * values.shape[-1]]),
    "a zero row": (2, lambda values: _put(values, slice(values[0].size), 0.0)),
    "a zero column": (2, lambda values: values * (np.arange(values.shape[-1]) > 0)),
    "opposite neighbours": (1, lambda values: values[..., _pairs(values.shape[-1])] * _signs(values)),
    "whole numbers": (1, np.round),
    "symmetric": (2, lambda values: _mirrored(values) if len(values) == values.shape[-1] else values),
}


def _signs(values):
    return np.where(np.arange(values.shape[-1]) % 2 == 0, 1.0, -1.0)


def _mirrored(values):
    return np.triu(values) + np.triu(values, 1).swapaxes(-1, -2) if values.ndim == 2 else values


def _changed(given, blocks, *several):
    vector = given.copy()
    for block in blocks:
        part = block.of(vector)
        for axes, change in map(CHANGES.__getitem__, several):
            if part.size > 1 and part.ndim >= axes:
                part[...] = change(part)
    return vector


def _with(given, block, value):
    vector = given.copy()
    block.of(vector)[...] = value
    return vector


def _equal_blocks(given, blocks):
    """((name, name), vector) where the second of two blocks of one shape is equal to the first."""
    alike = [pair for pair in combinations(blocks[:MOST_BLOCKS], 2) if pair[0].shape == pair[1].shape]
    for one, other in alike[:MOST_BLOCKS_OF_FEW]:
        yield (one.name, other.name), _with(given, other, one.of(given))


SIDES = ("greater", "less", "greater_equal", "less_equal", "equal", "maximum", "minimum", "fmax", "fmin")
WITH_ZERO = ("absolute", "fabs", "sign", "heaviside")
ORDERED = ("sort", "argsort", "argmax", "argmin", "partition", "argpartition", "median", "amax", "amin")
MOST_COMPARED = 4096  # numbers of one comparison
TARGETS, TARGETS_OF_FEW = 24, 4
CALLS_OF_FEW = 40  # of the loss, for the breakpoints of a check
ENTRIES = 6  # that are tried to move a comparison
SECANTS = 6
MOVED = 0.37  # of max(|x|, 1): how far an entry is moved to see whether a comparison depends on it


def breakpoints(functions, draw, few=False):
    """SpecialPoints at which two numbers that the loss or the gradients compare are equal, a list.

    Empty where the parameters are no arrays of NumPy or floats, and where nothing is compared.
    """
    given, found = functions.point.vector, []
    differences = _differences(functions, given)
    places = [(k, j) for k, each in enumerate(differences) for j in range(len(each))]
    most = TARGETS_OF_FEW if few else TARGETS
    until = functions.evaluations + (CALLS_OF_FEW if few else inf)
    for at in draw.permutation(len(places))[: 4 * most].tolist():
        if len(found) == most or functions.evaluations >= until:
            break
        place = places[at]
        point = _equal_at(functions, given, place, differences[place[0]][place[1]], draw, until)
        if point is not None and keeps_what_holds(functions, point.vector, positive=few):
            found.append(point)
    return found


def _equal_at(functions, given, place, here, draw, until):
    """The SpecialPoint with one entry moved until the difference at a place is zero, or None.

    No entry is tried after so many evaluations.
    """
    order = draw.permutation(len(given))[:ENTRIES].tolist()
    if len(_differences(functions, given)[place[0]]) == len(given):
        order = [place[1], *order]  # what is compared entry by entry
    for i in order:
        if functions.evaluations >= until:
            break

        def difference(x, i=i):
            found = _differences(functions, _put(given, i, x))
            return _value(found, place)

        x, step, unit = float(given[i]), MOVED * max(abs(given[i]), 1.0), float(functions.point.units[i])
        points = [(x, here), (x + step, difference(x + step))]
        if not np.isfinite(points[1][1]) or points[1][1] == here:
            continue
        for _ in range(SECANTS):
            (a, at_a), (b, at_b) = points[-2:]
            if at_b == 0.0:
                break
            if not np.isfinite(at_b) or at_b == at_a:
                break
            new = b - at_b * (b - a) / (at_b - at_a)
            points.append((new, difference(new)))
        best, at_best = points[-1]
        for digits in (6, 12, 15):
            rounded = float(f"{best * unit:.{digits}g}") / unit
            if at_best != 0.0 and difference(rounded) == 0.0:
                best, at_best = rounded, 0.0
        if at_best == 0.0:
            name = functions.point.names[i]
            return SpecialPoint(
                f"{name} = {best * unit:.9g}, a breakpoint", _put(given, i, best), np.array([i])
            )
    return None


def _value(differences, place):
    k, j = place
    return float(differences[k][j]) if k < len(differences) and j < len(differences[k]) else np.nan


def _differences(functions, vector):
    """The differences between the two sides of everything that is compared at a vector, flat arrays."""
    log: list = []

    def watched(leaf):
        if type(leaf) in (np.ndarray, float) and np.asarray(leaf).dtype == np.float64:
            array = np.asarray(leaf).view(_Watched)
            array.log = log
            return array
        return leaf

    for function in (functions.loss, functions.gradients):
        try:
            function(mapped(watched, functions.point.restore(vector)))
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the functions need not be made for such arrays
            pass
    return [each for each in log if 0 < len(each) <= MOST_COMPARED]


class _Watched(np.ndarray):
    """An array that notes in `log` what it is compared with, as do all that are computed from it."""

    def __array_finalize__(self, parent):
        self.log = getattr(parent, "log", None)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = tuple(_plain(each) for each in inputs)
        name = getattr(ufunc, "__name__", "")
        if method == "__call__" and (name in SIDES or name == "clip"):
            for other in plain[1:]:
                self._note(np.subtract(plain[0], other))
        elif method == "__call__" and name in WITH_ZERO:
            self._note(plain[0])
        elif method == "reduce" and name in ("maximum", "minimum"):
            self._note_ties(plain[0], options.get("axis", 0))
        if out is not None:
            options["out"] = tuple(_plain(each) for each in out)
        found = getattr(ufunc, method)(*plain, **options)
        return out[0] if out is not None and len(out) == 1 else self._watching(found)

    def __array_function__(self, function, types, args, kwargs):
        if function.__name__ in ORDERED and len(args) > 0:
            self._note_ties(_plain(args[0]), kwargs.get("axis", args[1] if len(args) > 1 else -1))
        return super().__array_function__(function, types, args, kwargs)

    def argmax(self, axis=None, *more, **options):
        self._note_ties(_plain(self), axis)
        return _plain(self).argmax(axis, *more, **options)

    def argmin(self, axis=None, *more, **options):
        self._note_ties(_plain(self), axis)
        return _plain(self).argmin(axis, *more, **options)

    def _note(self, difference):
        if self.log is not None and np.asarray(difference).dtype.kind == "f":
            self.log.append(np.ravel(difference).copy())

    def _note_ties(self, values, axis):
        """Of neighbours in order along an axis, the largest pair."""
        axis = axis if isinstance(axis, int) else None
        values = np.sort(np.ravel(values) if axis is None else np.moveaxis(values, axis, -1), axis=-1)
        if values.shape[-1] > 1:
            self._note(values[..., -1] - values[..., -2])

    def _watching(self, found):
        if isinstance(found, tuple):
            return tuple(map(self._watching, found))
        if not isinstance(found, (np.ndarray, np.generic)) or np.asarray(found).dtype.kind != "f":
            return found
        array = np.asarray(found).view(_Watched)
        array.log = self.log
        return array


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, _Watched) else value
