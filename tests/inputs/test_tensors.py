"""Arrays of PyTorch, JAX and CuPy: the first two where they are installed, the third as a stand-in."""

import sys
import types

import numpy as np
import pytest

from gradcheck import check
from gradcheck.inputs.point import Point, library_of


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def jax():
    return pytest.importorskip("jax")


def of_torch(torch, factor=1.0, dtype=None):
    """(loss, gradients, parameters) with float32 tensors, one of which requires its gradient."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(5, 2, generator=draw)
    point = {"W": torch.randn(3, 2, generator=draw, requires_grad=True), "b": torch.randn(3, generator=draw)}

    def loss(p):
        return torch.tanh(x.to(dtype or p["W"].dtype) @ p["W"].T + p["b"]).pow(2).sum()

    def gradients(p):
        p["b"].requires_grad_()
        (factor * loss(p)).backward()
        return {"dW": p["W"].grad, "db": p["b"].grad}

    return loss, gradients, point


def test_tensors_are_checked_in_double_precision(torch):
    loss, gradients, point = of_torch(torch)
    report = check(loss, gradients, point)
    assert report.verdict == "right" and max(block.smallest_visible for block in report.blocks) < 1e-8
    assert "PyTorch asked for double precision" in report.conventions
    assert point["W"].grad is None and point["W"].dtype == torch.get_default_dtype() == torch.float32
    assert check(*of_torch(torch, 1.0001)).verdict == "wrong"


def test_tensors_stay_what_they_are_beside_float32_ones(torch):
    report = check(*of_torch(torch, dtype=torch.float32))
    assert report.verdict != "wrong" and report.audit == ()
    assert any("handed over as they are, beside others of PyTorch" in each for each in report.conventions)
    assert check(*of_torch(torch, 1.5, dtype=torch.float32)).verdict == "wrong"


def test_a_function_of_jax_is_checked_in_double_precision_also_at_numpy_arrays(jax):
    def loss(x):
        return jax.numpy.sum(jax.numpy.sin(x) ** 2)

    for x in (jax.numpy.array([0.3, 0.5]), np.array([0.3, 0.5])):
        report = check(loss, jax.grad(loss), x)
        assert report.verdict == "right" and report["x"].smallest_visible < 1e-8
        assert "JAX asked for double precision" in report.conventions
    assert check(loss, lambda x: 1.0001 * jax.grad(loss)(x), x).verdict == "wrong"
    assert jax.numpy.ones(1).dtype == np.float32


def test_the_complex_gradient_of_jax_is_read_as_the_conjugate(jax):
    def loss(z):
        return jax.numpy.sum(jax.numpy.abs(z) ** 2 * z.real)

    report = check(loss, jax.grad(loss), jax.numpy.array([0.3 + 1j, 2 - 0.5j]))
    assert report.verdict == "right" and "as jax.grad gives it" in str(report)


def test_arrays_of_cupy_are_made_and_read(monkeypatch):
    cupy = types.ModuleType("cupy")

    class ndarray:
        __module__ = "cupy"

        def __init__(self, array):
            self._array, self.dtype = array, array.dtype

        def get(self):
            return self._array

    cupy.asarray = lambda array, dtype=None: ndarray(np.asarray(array, dtype))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    point = Point({"W": ndarray(np.ones(2, np.float32))})
    restored = point.restore(point.vector)["W"]
    assert library_of(restored) == "CuPy" and restored.dtype == np.float64
    assert point.flatten_like({"W": ndarray(np.array([1.0, 2.0]))}).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [np.ones(2), 1.0, [1.0], None, "torch", types.ModuleType("torch")])
def test_anything_else_belongs_to_no_library(value):
    assert library_of(value) is None
