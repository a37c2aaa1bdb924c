"""Which functions may be asked for a complex step: those that are have its right answer, the others are all
refused.
"""

import math

import numpy as np
import pytest

from gradcheck.numeric.complex_step import is_holomorphic, parts, with_parts

H = 1e-100
X = np.array([0.5, -1.0, 2.0])
A = np.random.default_rng(1).normal(size=(3, 3))


def softmax_cross_entropy(x):
    net = A @ x
    largest = net.real.max()
    return np.log(np.sum(np.exp(net - largest))) + largest - net[0]


def relu_by_mask(x):
    net = A @ x
    return np.sum(np.where(net.real > 0.0, net, 0.0) ** 2)


HOLOMORPHIC = {
    "sines": lambda x: np.sum(np.sin(x)),
    "a polynomial": lambda x: x @ A @ x + x.mean() ** 3,
    "a network": lambda x: np.sum(np.tanh(A @ np.tanh(A @ x + 0.1)) ** 2),
    "logistic": lambda x: np.sum(1.0 / (1.0 + np.exp(-x))),
    "relu by a mask": relu_by_mask,
    "relu by maximum": lambda x: np.sum(np.maximum(A @ x, 0.0)),
    "pieces": lambda x: np.concatenate([x[:1] * x[1:2], np.outer(x, x).ravel()]).sum(),
    "einsum and dot": lambda x: np.einsum("i,ij,j", x, A, x) + np.dot(x, x),
    "a determinant": lambda x: np.linalg.det(A + np.outer(x, x) * 0.3),
    "solving": lambda x: np.sum(np.linalg.solve(A + 3.0 * np.eye(3), x)),
    "cumulated": lambda x: np.prod(x) + np.cumsum(x)[1],
    "in place": lambda x: np.sum(np.add(x, x, out=x.copy())),
}


def _filled(x):
    held = np.zeros(3, dtype=x.dtype)
    for i in range(3):
        held[i] = x[i]
    return held


def _multiplied(x):
    out = np.empty(3, dtype=x.dtype)
    np.matmul(np.eye(3), x, out=out)
    return out


COPIES = {
    "asarray": np.asarray,
    "array": np.array,
    "a list": lambda x: np.array([x[0], x[1], x[2]]),
    "filled": _filled,
    "multiplied into": _multiplied,
    "contiguous": np.ascontiguousarray,
    "flat": lambda x: np.array(list(x.flat)),
    "view": lambda x: x.view(np.ndarray),
    "fromiter": lambda x: np.fromiter(x, complex),
    "item": lambda x: x[0].item(),
    "complex": lambda x: complex(x[0]),
    "tolist": lambda x: np.array(x.tolist()),
    "polyfit": lambda x: np.polyfit(X, x, 1),
    "covariance": np.cov,
    "nan to num": np.nan_to_num,
    "abs with out": lambda x: np.abs(x, out=np.zeros(3)),
}
NOT = {
    "abs": lambda x: np.sum(np.abs(x)) + np.sum(x),
    "norm": lambda x: np.linalg.norm(x) + np.sum(x),
    "variance": lambda x: np.var(x) + np.sum(x),
    "standard deviation": lambda x: np.std(x) + x.sum(),
    "sign": lambda x: np.sum(np.sign(x) * x),
    "real part": lambda x: np.sum(x.real**2) + x.sum(),
    "real part by name": lambda x: np.sum(np.real(x)) + x.sum(),
    "imaginary part": lambda x: x.imag.sum() + x.sum(),
    "conjugate": lambda x: np.sum(x * np.conj(x)),
    "conjugate by method": lambda x: np.sum(x * x.conj()),
    "vdot": lambda x: np.vdot(x, x) + x.sum(),
    "cholesky": lambda x: np.linalg.cholesky(np.outer(x, x) + 9.0 * np.eye(3)).sum(),
    "builtin abs": lambda x: sum(abs(each) * each for each in x[:2]) + x.sum(),
    "a cast": lambda x: x.astype(float).sum() + x.sum(),
    "plain numbers": lambda x: sum(x.tolist()),
    "floats": lambda x: math.sin(x[0]),
    "singular values": lambda x: np.linalg.svd(A * x)[1].sum() + x.sum(),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_what_is_seen_to_be_holomorphic_has_the_slope_of_the_complex_step(name):
    f = HOLOMORPHIC[name]
    assert is_holomorphic(f, X, H * np.arange(1.0, 4.0))
    for i in range(3):
        h, direction = 1e-6, np.arange(3) == i
        slope = (f(X + h * direction) - f(X - h * direction)) / (2.0 * h)
        assert complex(f(X + 1j * H * direction)).imag / H == pytest.approx(slope, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("name", NOT)
def test_what_is_not_is_refused(name):
    assert not is_holomorphic(NOT[name], X, H * np.arange(1.0, 4.0))


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_which_the_watch_is_lost_ends_the_proof_though_the_rest_is_watched(name):
    """What is done with the copy nobody sees; the sum with a watched term is watched."""
    assert not is_holomorphic(
        lambda x: np.sum(np.sin(x)) + 1e-12 * np.sum(np.abs(COPIES[name](x))), X, H * np.arange(1.0, 4.0)
    )


def test_an_error_or_a_warning_is_no_proof():
    def raising(x):
        raise RuntimeError("no complex numbers here")

    assert not is_holomorphic(raising, X, H)
    assert not is_holomorphic(lambda x: np.sum(x * float(np.float64(x[0]))), X, H)


def test_one_call_is_enough_and_leaves_the_vector_alone():
    calls, kept = [], X.copy()

    def f(x):
        calls.append(1)
        x *= 2.0
        return x.sum()

    assert is_holomorphic(f, X, H) and len(calls) == 1
    assert np.array_equal(X, kept)


def test_parts_of_a_plain_vector_are_plain_numbers():
    assert parts(X) == [0.5, -1.0, 2.0] and all(type(each) is float for each in parts(X))
    moved = with_parts(np.array([7.0]), X, np.array([1]))
    assert moved.tolist() == [0.5, 7.0, 2.0] and type(moved) is np.ndarray
