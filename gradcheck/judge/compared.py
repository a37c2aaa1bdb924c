"""The breakpoints of the caller's functions: where what they compare is equal.

Both are called with arrays that tell what is compared: `x > 0.7`, `np.maximum(x, y)`, the largest of several.
Then one entry is moved until the two sides of a comparison are equal, to the last digit.
"""

from math import inf

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.structure import mapped
from gradcheck.judge.special_points import SpecialPoint, keeps_what_holds

SIDES = ("greater", "less", "greater_equal", "less_equal", "equal", "maximum", "minimum", "fmax", "fmin")
WITH_ZERO = ("absolute", "fabs", "sign", "heaviside")
ORDERED = ("sort", "argsort", "argmax", "argmin", "partition", "argpartition", "median", "amax", "amin")
MOST_COMPARED = 4096  # numbers of one comparison
TARGETS, TARGETS_OF_FEW = 24, 4
CALLS_OF_FEW = 100  # of the loss, for the breakpoints of a check
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
            found = _differences(functions, _moved(given, i, x))
            return _value(found, place)

        x, step = float(given[i]), MOVED * max(abs(given[i]), 1.0)
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
            rounded = float(f"{best:.{digits}g}")
            if at_best != 0.0 and difference(rounded) == 0.0:
                best, at_best = rounded, 0.0
        if at_best == 0.0:
            name = functions.point.names[i]
            return SpecialPoint(f"{name} = {best:.9g}, a breakpoint", _moved(given, i, best), np.array([i]))
    return None


def _moved(given, i, value):
    vector = given.copy()
    vector[i] = value
    return vector


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
