"""Whether a function may be asked for a complex step: its NumPy operations are watched on complex numbers; no
step is taken.

Im f(x + ih)/h is the derivative only if every operation on the way is a holomorphic function of complex
numbers. NumPy's abs, sign, conjugate, norm, var and the like take complex numbers and silently lose the
imaginary part, or turn it round. Agreement with differences does not prove their absence: a term smaller than
the bar of the differences stays unseen. So f is run once on numbers that can do only what is listed here.
What is not listed, a copy into a plain array above all, ends the proof. A real part may be compared, as the
mask of a relu is, and no more.

Source: J. R. R. A. Martins, P. Sturdza, J. J. Alonso, "The complex-step derivative approximation", ACM TOMS
29 (2003), for the functions that have to be replaced.
"""

import math
import warnings
from dataclasses import replace

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradcheck.numeric.noise import DEVIATIONS
from gradcheck.numeric.quotients import ARITHMETIC
from gradcheck.numeric.rounding import SMALLEST, U, imaginary_part

# --- Whether a function may be asked for a complex step: its NumPy operations are watched on complex numbers;
# no step is taken.


COMPARED = {
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.equal,
    np.not_equal,
    np.isfinite,
    np.isnan,
    np.isinf,
}
HOLOMORPHIC = {
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.negative,
    np.positive,
    np.power,
    np.float_power,
    np.square,
    np.reciprocal,
    np.matmul,
    np.sqrt,
    np.exp,
    np.exp2,
    np.expm1,
    np.log,
    np.log2,
    np.log10,
    np.log1p,
    np.sin,
    np.cos,
    np.tan,
    np.arcsin,
    np.arccos,
    np.arctan,
    np.sinh,
    np.cosh,
    np.tanh,
    np.arcsinh,
    np.arccosh,
    np.arctanh,
    np.maximum,
    np.minimum,
}
FUNCTIONS = {
    np.sum,
    np.mean,
    np.prod,
    np.cumsum,
    np.cumprod,
    np.dot,
    np.inner,
    np.outer,
    np.einsum,
    np.tensordot,
    np.kron,
    np.trace,
    np.diag,
    np.diagonal,
    np.diff,
    np.where,
    np.concatenate,
    np.stack,
    np.hstack,
    np.vstack,
    np.column_stack,
    np.reshape,
    np.ravel,
    np.transpose,
    np.swapaxes,
    np.moveaxis,
    np.squeeze,
    np.expand_dims,
    np.broadcast_to,
    np.repeat,
    np.tile,
    np.roll,
    np.flip,
    np.pad,
    np.split,
    np.array_split,
    np.take,
    np.take_along_axis,
    np.copy,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.argmax,
    np.argmin,
    np.shape,
    np.ndim,
    np.size,
    np.atleast_1d,
    np.atleast_2d,
    np.zeros_like,
    np.ones_like,
    np.linalg.det,
    np.linalg.inv,
    np.linalg.solve,
}
METHODS = (
    "sum",
    "mean",
    "prod",
    "cumsum",
    "dot",
    "reshape",
    "ravel",
    "flatten",
    "copy",
    "transpose",
    "swapaxes",
    "squeeze",
    "repeat",
    "take",
    "trace",
    "diagonal",
    "max",
    "min",
    "argmax",
    "argmin",
)


class NotShown(Exception):
    """Something was done of which it is not known that it is holomorphic."""


class _Watched(NDArrayOperatorsMixin):
    """Complex numbers, or the real parts of some, in an array `held`, that can do only what is known to be
    holomorphic.
    """

    def __init__(self, held):
        self.held = np.asarray(held)

    def __array__(self, *options, **named):
        raise NotShown("made a plain array")

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        is_part = any(isinstance(each, _Watched) and each.held.dtype.kind != "c" for each in inputs)
        if ufunc not in COMPARED and (is_part or ufunc not in HOLOMORPHIC):
            raise NotShown(ufunc.__name__)
        if out is not None:
            if not all(isinstance(each, _Watched) for each in out):
                raise NotShown(f"{ufunc.__name__} into a plain array")
            options["out"] = tuple(each.held for each in out)
        result = getattr(ufunc, method)(*(_held(each) for each in inputs), **options)
        return _watched(result) if out is None else out[0]

    def __array_function__(self, function, types, arguments, options):
        if function is np.real:
            return self.real
        if function not in FUNCTIONS or "out" in options:
            raise NotShown(function.__name__)
        self._complex_only(arguments)
        return _watched(function(*_held(arguments), **_held(options)))

    def __getattr__(self, name):
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self.held, name)
        if name == "T":
            return _watched(self.held.T)
        if name not in METHODS:
            raise NotShown(name)
        self._complex_only((self,))
        return lambda *arguments, **options: _watched(
            getattr(self.held, name)(*_held(arguments), **_held(options))
        )

    @property
    def real(self):
        """The real part, to be compared."""
        return _Watched(self.held.real)

    def __getitem__(self, index):
        return _watched(self.held[_held(index)])

    def __setitem__(self, index, value):
        self.held[_held(index)] = _held(value)

    def __len__(self):
        return len(self.held)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    @staticmethod
    def _complex_only(arguments):
        if any(isinstance(each, _Watched) and each.held.dtype.kind == "f" for each in arguments):
            raise NotShown("a real part")


def is_holomorphic(f, vector, step):
    """Whether f, vector -> number, is seen to be a function of complex numbers at vector + i step. One call
    of f.

    False also where the watch was lost: a result that is no watched number, or an exception.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        try:
            result = f(_Watched(vector + 1j * step))
        except Exception:
            return False
    return isinstance(result, _Watched) and result.shape == () and result.dtype.kind == "c"


def parts(vector):
    """The entries of a vector one by one: plain numbers, but of a watched vector watched ones."""
    return list(vector) if isinstance(vector, _Watched) else vector.tolist()


def copied(vector):
    """A copy of a vector, watched if that is."""
    return _Watched(vector.held.copy()) if isinstance(vector, _Watched) else np.array(vector)


def with_parts(part, vector, positions):
    """A copy of a real vector with `part` at the positions, complex where that is, and watched where that
    is.
    """
    moved = vector.astype(part.dtype)
    moved[positions] = _held(part)
    return _Watched(moved) if isinstance(part, _Watched) else moved


def is_watched(value):
    """Whether it is a watched number or array."""
    return isinstance(value, _Watched)


def _watched(result):
    """Complex results are watched; booleans and whole numbers, as of comparisons, are free."""
    if isinstance(result, (list, tuple)):
        return type(result)(_watched(each) for each in result)
    return (
        _Watched(result)
        if isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind in "cf"
        else result
    )


def _held(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_held(each) for each in value)
    if isinstance(value, dict):
        return {name: _held(each) for name, each in value.items()}
    return value.held if isinstance(value, _Watched) else value


# --- The complex step as a second opinion on a gradient that has its bars already, for functions that are
# holomorphic.


H = 1e-100  # its square is below every relative rounding, its inverse far from overflow
NEIGHBOUR = 8.0 * U  # relative: the slope is computed again this far to both sides of x, with H/3
# and H/7: what the three differ by is rounding
CALLS = 3
TERMS = 4.0  # roundings: of the real and imaginary part, of product and sum


def along(f, vector, i):
    """f as a function of entry i alone, real or complex."""

    def f_of_entry(value):
        moved = vector.astype(np.complex128) if isinstance(value, complex) else vector.copy()
        moved[i] = value
        return f(moved)

    return f_of_entry


def tightened(f, vector, low, high, estimates, noise, spare):
    """`estimates` with smaller bars where the complex step is valid, or unchanged. `spare`: calls that are
    left.

    Entries at a kink, a jump or the edge of a domain are left alone. Calls are added to the evaluations of
    the entries. Rounding belongs to f, not to an entry: a bar is at least that of the largest slope, and that
    of slopes which cancel (of outputs that add up to 1, say), whose natural size is that of f over max(|x|,
    1). `noise`: of one evaluation.
    """
    tried = [i for i, estimate in enumerate(estimates) if _has_room(estimate, vector[i], low[i], high[i])]
    tried = sorted(tried, key=lambda i: -estimates[i].error / (estimates[i].scale or 1.0))[
        : max(spare - 1, 0) // CALLS
    ]
    if len(tried) == 0:
        return estimates
    used = [estimate.evaluations for estimate in estimates]
    used[tried[0]] += 1
    opinions, largest = {}, max(estimate.scale for estimate in estimates)
    if is_holomorphic(f, vector, H * (np.arange(len(vector)) + 1.0)):
        for i in tried:
            opinions[i], calls = _slopes(along(f, vector, i), float(vector[i]))
            used[i] += calls
    cancelled = ARITHMETIC * largest
    return [
        _better(
            estimate, opinions.get(i), cancelled + TERMS * noise / max(abs(float(vector[i])), 1.0), used[i]
        )
        for i, estimate in enumerate(estimates)
    ]


def _better(estimate, opinion, rounding, evaluations):
    """The Estimate with its `evaluations`, and with the value of the opinion where the bar of that is
    smaller.
    """
    if opinion is None or opinion[1] + rounding >= estimate.error:
        return replace(estimate, evaluations=evaluations)
    value, error = opinion[0], opinion[1] + rounding
    if abs(value - estimate.value) > error + estimate.error:
        return replace(
            estimate, value=math.nan, error=math.inf, reason="two opinions", evaluations=evaluations
        )
    return replace(estimate, value=value, error=error, evaluations=evaluations)


def _has_room(estimate, x, low, high):
    """Whether there is nothing special about x, the neighbours are within the bounds, and slopes times H do
    not underflow.
    """
    distance = NEIGHBOUR * max(abs(x), U)
    return (
        estimate.reason is None
        and low <= x - distance
        and x + distance <= high
        and estimate.scale * H > SMALLEST / U**2
    )


def _slopes(f, x):
    """((slope, its own rounding) or None, calls made); whatever f objects to means that it takes no complex
    numbers.
    """
    distance, slopes = NEIGHBOUR * max(abs(x), U), []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        for calls, (point, h) in enumerate(
            ((x, H), (x - distance, H / 3.0), (x + distance, H / 7.0)), start=1
        ):
            try:
                slopes.append(imaginary_part(f(complex(point, h))) / h)
            except Exception:
                return None, calls
            if not math.isfinite(slopes[-1]):
                return None, calls
    value = slopes[0]
    return (value, DEVIATIONS * max(abs(each - value) for each in slopes) + ARITHMETIC * abs(value)), CALLS
