"""Losses of several numbers, Jacobians, arguments behind the parameters, complex numbers: right and wrong."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError, NotFinite

r = np.random.default_rng(0)
A, X = r.normal(size=(3, 2)), r.normal(size=2)
Z = r.normal(size=3) + 1j * r.normal(size=3)


def outputs(p):
    return np.sin(p["W"]), {"squares": p["b"] ** 2, "place": np.argmax(p["b"])}


def backward(p, u):
    assert u[1]["place"] == 0.0
    return {"dW": u[0] * np.cos(p["W"]), "db": 2 * p["b"] * u[1]["squares"]}


POINT = {"W": r.normal(size=(2, 2)), "b": r.normal(size=2)}


def test_a_loss_of_several_arrays_gives_its_gradients_an_upstream_of_the_same_structure():
    report = check(outputs, backward, POINT)
    assert report.verdict == "right" and "through a random upstream" in str(report)
    assert "dW, db read as the gradients by W, b" in report.conventions


def test_a_wrong_gradient_of_one_of_several_arrays_is_blamed_alone():
    report = check(outputs, lambda p, u: backward(p, u) | {"db": p["b"] * u[1]["squares"]}, POINT)
    assert [block.verdict for block in report.blocks] == ["right", "wrong"]


def test_gradients_that_belong_to_no_parameter_are_told():
    report = check(outputs, lambda p, u: backward(p, u) | {"dZ1": u[0]}, POINT)
    assert (
        report.verdict == "right"
        and "note: dZ1: no parameters, and not checked; intermediates= takes" in str(report)
    )


def fun(x, a):
    return a * np.tanh(A @ x)


def jac(x, a):
    return a * (1 - np.tanh(A @ x) ** 2)[:, None] * A


@pytest.mark.parametrize("jacobian", [jac, jac(X, 2.0), lambda x, a=0.0: jac(x, a)])
def test_a_right_jacobian_is_right_entry_by_entry(jacobian):
    report = check(fun, jacobian, X, args=(2.0,))
    assert report.verdict == "right" and [block.shape for block in report.blocks] == [(3, 2)]


def test_the_wrong_entry_of_a_jacobian_is_named():
    turned = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    report = check(fun, lambda x, a: jac(x, a) * turned, X, args=2.0)
    assert report.verdict == "wrong" and report["x"].wrong == [(1, 1)]
    assert report.call.endswith("args=2.0)")


def test_a_jacobian_by_several_arrays_has_the_outputs_first():
    def loss(p):
        return A @ p["x"] * p["s"]

    def jacobian(p):
        return {"x": A * p["s"], "s": A @ p["x"]}

    assert check(loss, jacobian, {"x": X, "s": 0.5}).verdict == "right"
    assert (
        check(loss, lambda p: jacobian(p) | {"s": A @ X * 1.001}, {"x": X, "s": 0.5})["s"].verdict == "wrong"
    )


@pytest.mark.parametrize("factor, verdict", [(1.0, "right"), (1.001, "wrong")])
def test_a_jacobian_in_single_precision_is_allowed_its_rounding(factor, verdict):
    report = check(fun, lambda x, a: (factor * jac(x, a)).astype(np.float32), X, args=(2.0,))
    assert report.verdict == verdict
    assert "float32 gradients, allowed the rounding of float32" in report.conventions


def test_bounds_hold_for_a_jacobian():
    def loss(x):
        assert np.all(x >= 0.5)
        return np.exp(x)

    assert (
        check(loss, lambda x: np.diag(np.exp(x)), np.array([0.5, 2.0]), bounds=(0.5, None)).verdict == "right"
    )


def test_a_transposed_jacobian_is_told():
    with pytest.raises(GradcheckError, match=r"shape \(2, 3\), the parameter \(3, 2\); is it transposed"):
        check(fun, lambda x, a: jac(x, a).T, X, args=(2.0,))


def test_a_random_loss_is_found_behind_its_jacobian():
    draw = np.random.default_rng(0)
    report = check(lambda x: fun(x, 1.0) + draw.normal(), lambda x: jac(x, 1.0), X)
    assert report.verdict == "undecided" and report.audit[0].id == "loss not deterministic"


def test_arguments_go_behind_the_upstream():
    def layer(x, a, b):
        return a * x + b

    assert check(layer, lambda x, u, a, b: a * u, X, args=(3.0, 1.0)).verdict == "right"
    assert check(layer, lambda x, u, a, b: b * u, X, args=(3.0, 1.0)).verdict == "wrong"


def test_a_report_with_arguments_can_be_drawn():
    loss, gradients, parameters = check(fun, jac, X, args=(2.0,)).source
    assert np.isclose(loss(parameters), fun(X, 2.0).sum())
    assert gradients(parameters)["x"].shape == (3, 2)


def energy(z):
    return np.sum(np.abs(z) ** 2 * z.real)


def ascent(z):
    return 2 * z * z.real + np.abs(z) ** 2


@pytest.mark.parametrize(
    "gradient, verdict, said",
    [
        (ascent, "right", "read as dL/dRe z + i dL/dIm z"),
        (lambda z: np.conj(ascent(z)), "right", "the conjugate of what descends"),
        (lambda z: 0.5 * ascent(z), "undecided", "if those are not meant, a factor of 2 is missing"),
        (
            lambda z: 0.5 * np.conj(ascent(z)),
            "undecided",
            "half of dL/dRe z - i dL/dIm z, the derivative by z",
        ),
    ],
)
def test_the_convention_of_a_complex_gradient_is_found_and_said(gradient, verdict, said):
    report = check(energy, gradient, Z)
    assert report.verdict == verdict and said in str(report)
    assert [block.name for block in report.blocks] == ["x.real", "x.imag"]


@pytest.mark.parametrize(
    "gradient", [lambda z: 3 * ascent(z), lambda z: ascent(z).real, lambda z: 1j * ascent(z)]
)
def test_a_complex_gradient_that_fits_no_convention_is_wrong(gradient):
    assert check(energy, gradient, Z).verdict == "wrong"


def test_one_convention_holds_for_all_complex_parameters():
    point = {"a": Z, "b": Z[:1], "c": 0.5}

    def loss(p):
        return energy(p["a"]) + p["c"] * energy(p["b"])

    def gradients(p):
        return {"a": ascent(p["a"]), "b": p["c"] * np.conj(ascent(p["b"])), "c": energy(p["b"])}

    report = check(loss, gradients, point)
    assert report.verdict == "wrong" and report["c"].verdict == "right"


def test_complex_outputs_have_a_complex_upstream():
    assert check(lambda z: z**2, lambda z, u: u * np.conj(2 * z), Z).verdict == "right"
    assert check(lambda z: z**2, lambda z, u: u.real * np.conj(2 * z), Z).verdict == "wrong"


@pytest.mark.parametrize("loss", [lambda p: np.log(p), lambda p: (np.log(p), p)])
def test_an_output_that_is_not_finite_is_named(loss):
    said = r"^loss(\[0\]){1,2}: expected a finite number, found -inf; it has no derivative .*as a log of 0 is"
    with pytest.raises(NotFinite, match=said):
        check(loss, lambda p, u: p, np.array([0.0, 1.0]))


def entropy(p):
    return np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0))


@pytest.mark.parametrize(
    "loss, gradients, verdict",
    [
        (lambda p: np.sum(np.sqrt(p)), lambda p: 0.5 / np.sqrt(p), "right"),
        (lambda p: np.sum(np.sqrt(p)), lambda p: 0.4 / np.sqrt(p), "wrong"),
        (entropy, lambda p: np.log(p) + 1, "right"),
        (entropy, lambda p: 2 * np.log(p) + 1, "wrong"),
        (lambda p: np.sum(np.sin(p)), lambda p: np.cos(p) / p, "wrong"),
        (lambda p: np.sum(np.cos(p)), lambda p: np.sin(p) / p**2, "wrong"),
        (lambda p: np.sum(abs(p)), lambda p: 1 / p, "wrong"),
        (lambda p: p[1] ** 2, lambda p: np.array([np.inf, 2 * p[1]]), "wrong"),
    ],
)
def test_an_infinite_gradient_is_not_wrong_where_the_slopes_grow_without_end(loss, gradients, verdict):
    assert check(loss, gradients, np.array([0.0, 1.0])).verdict == verdict
