"""Whether a function may be asked for a complex step: its NumPy operations are watched on complex numbers; no step is taken.

Im f(x + ih)/h is the derivative only if every operation on the way is a holomorphic function of complex numbers. NumPy's
abs, sign, conjugate, norm, var and the like take complex numbers and silently lose the imaginary part, or turn it round.
Agreement with differences does not prove their absence: a term smaller than the bar of the differences stays unseen. So f
is run once on arrays that note what is done to them. A real part may be compared, as the mask of a relu is, and no more.

Source: J. R. R. A. Martins, P. Sturdza, J. J. Alonso, "The complex-step derivative approximation", ACM TOMS 29 (2003),
for the functions that have to be replaced.
"""

import warnings

import numpy as np

COMPARED = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isfinite, np.isnan, np.isinf}
HOLOMORPHIC = {np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.power, np.float_power, np.square,
               np.reciprocal, np.matmul, np.sqrt, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin,
               np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh,
               np.arctanh, np.maximum, np.minimum}
CONJUGATING = {np.vdot, np.angle, np.isclose, np.allclose}
LINEAR_ALGEBRA = {np.linalg.det, np.linalg.inv, np.linalg.solve, np.linalg.matrix_power, np.linalg.multi_dot}


class _Watched(np.ndarray):
    """A complex array that notes in `seen_others`, of its class, whether anything was done that is not holomorphic.

    Every proof has a class of its own. A real array of this class is a real part.
    """

    seen_others = False

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        if any(isinstance(each, _Watched) and each.dtype.kind != "c" for each in inputs):
            self._demand(ufunc in COMPARED)
        else:
            self._demand(ufunc in COMPARED or ufunc in HOLOMORPHIC)
        if len(out) > 0:
            options["out"] = tuple(_plain(each) for each in out)
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        return out[0] if len(out) == 1 else self._watch(result)

    def __array_function__(self, function, types, arguments, options):
        module = getattr(function, "__module__", "")
        self._demand(function not in CONJUGATING and (module != "numpy.linalg" or function in LINEAR_ALGEBRA))
        return self._watch(super().__array_function__(function, types, arguments, options))

    def _watch(self, result):
        """A complex result is watched as well, also a number; booleans and real numbers are not."""
        if isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind == "c":
            return np.asanyarray(result).view(type(self))
        return result

    def _demand(self, holds):
        if not holds:
            type(self).seen_others = True

    def __getitem__(self, index):
        return self._watch(super().__getitem__(index))

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    @property
    def real(self):
        return self.view(np.ndarray).real.view(type(self))

    @property
    def imag(self):
        self._demand(False)
        return self.view(np.ndarray).imag

    def conj(self):
        self._demand(False)
        return self.view(np.ndarray).conj()

    conjugate = conj

    def astype(self, dtype, *options, **named):
        self._demand(np.dtype(dtype).kind == "c")
        return super().astype(dtype, *options, **named)

    def item(self, *index):
        self._demand(False)
        return super().item(*index)

    def tolist(self):
        self._demand(False)
        return super().tolist()


def is_holomorphic(f, vector, step):
    """Whether f, vector -> number, is seen to be one of complex numbers at vector + i step. One call of f.

    False also where the watch was lost: a result that is no watched number, or an exception.
    """
    kind = type("Watched", (_Watched,), {})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        try:
            result = f((vector + 1j * step).view(kind))
        except Exception:
            return False
    return isinstance(result, kind) and result.shape == () and result.dtype.kind == "c" and not kind.seen_others


def parts(vector):
    """The entries of a vector one by one: plain numbers, but of a watched vector watched ones."""
    if isinstance(vector, _Watched):
        return [vector[i:i + 1].reshape(()) for i in range(len(vector))]
    return vector.tolist()


def with_parts(part, vector, positions):
    """A copy of a real vector with `part` at the positions, complex where that is, and watched where that is."""
    moved = vector.astype(part.dtype)
    moved[positions] = part
    return moved.view(type(part))


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, _Watched) else value
