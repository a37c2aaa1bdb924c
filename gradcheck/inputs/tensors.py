"""Arrays of PyTorch, JAX and CuPy: read as arrays of NumPy, and made again of them, in double precision.

None of the three is imported here before the caller hands over an array of it.
"""

from contextlib import contextmanager
from functools import cache
from importlib import import_module

import numpy as np

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
