"""The drop-in for SciPy's check_grad: the same number, and a warning where that number misleads."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from gradcheck.testing import CheckGradWarning, check_grad

F32 = np.float32


def asked(func, grad, x0, *args, **options):
    """(the number, the reasons of the warnings, their sentences)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = check_grad(func, grad, x0, *args, **options)
    assert all(issubclass(each.category, CheckGradWarning) and each.filename == __file__ for each in caught)
    return value, [each.message.reason for each in caught], [str(each.message) for each in caught]


def sines(x):
    return np.sin(x).sum()


SILENT = [
    (sines, np.cos, [0.3, 0.7], {}),
    (lambda x: x[0] ** 2 - 0.5 * x[1] ** 3, lambda x: [2 * x[0], -1.5 * x[1] ** 2], [1.5, -1.5], {}),
    (np.sin, lambda x: np.diag(np.cos(x)), [0.3, 2.0], {}),
    (lambda x: x**2, lambda x: 2 * x, 3.0, {}),
    (lambda x: 2.0 * x.sum(), lambda x: np.full(2, 2.0), [1, 2], {}),
    (sines, np.cos, [0.3, 0.7], {"direction": "random", "seed": 1}),
    (sines, lambda x: -np.cos(x), [0.3, 0.7], {}),
    (sines, lambda x: -np.cos(x), [0.3, 0.7], {"direction": "random", "seed": 1}),
]


@pytest.mark.parametrize("func, grad, x0, options", SILENT)
def test_where_the_number_tells_the_truth_nothing_is_said(func, grad, x0, options):
    assert asked(func, grad, x0, **options)[1] == []


MISLEADING = [
    (
        "shape",
        lambda x: x.sum(),
        lambda x: np.ones(1),
        [1.5, -1.5],
        "grad gives shape (1,) where (2,) is needed",
    ),
    ("shape", lambda x: x.sum(), lambda x: 1.0, [1.5, -1.5], "grad gives shape () where (2,) is needed"),
    (
        "shape",
        lambda x: x.sum(),
        lambda x: np.ones((2, 1)),
        [1.5, -1.5],
        "grad gives shape (2, 1) where (2,) is needed",
    ),
    ("shape", np.sin, np.cos, [0.3, 2.0], "grad gives shape (2,) where (2, 2) is needed"),
    ("single precision", lambda x: np.sin(x.astype(F32)).sum(), np.cos, [1.0, 2.0], "2 right"),
    ("single precision", lambda x: float(np.sin(x.astype(F32)).sum()), np.cos, [1.0, 2.0], "2 right"),
    ("single precision", lambda x: np.sin(x.astype(F32)).sum(), lambda x: -np.cos(x), [1.0, 2.0], "2 wrong"),
    (
        "noise",
        lambda x: x.sum() + 1e-8 * np.sin(1e12 * x.sum()),
        np.ones_like,
        [0.3, 2.0],
        "func is noisy (at x[0], x[1])",
    ),
    ("kink", lambda x: np.abs(x).sum(), np.sign, [0.0, 2.0], "a kink at x[0], with slopes -1 and 1"),
    ("kink", lambda x: np.abs(x).sum(), lambda x: x + 3.0, [0.0], "1 wrong"),
    ("jump", lambda x: float((x > 0).sum()), np.zeros_like, [0.0, 2.0], "func jumps at x[0]"),
    ("scale", lambda x: 1e8 * np.sin(x).sum(), lambda x: 1e8 * np.cos(x), [1.0, 2.0], "grad is right"),
    ("scale", lambda x: x.sum() + 1e9, np.ones_like, [0.3, 2.0], "is the error of the forward difference"),
    (
        "scale",
        lambda x: 1e-6 * np.sum(x**2),
        lambda x: -2e-6 * x,
        [1.0, 2.0],
        "wrong at x[0], x[1], however small",
    ),
    (
        "scale",
        lambda x: 1e-6 * np.sum(x**2),
        lambda x: -2e-6 * x,
        np.arange(1.0, 6.0),
        "x[0], x[1], x[2] and 2 more",
    ),
    ("scale", lambda x: np.sqrt(x).sum(), lambda x: 0.5 / np.sqrt(x), [5e-7], "grad is right"),
    ("not finite", np.sum, lambda x: np.array([1.0, np.nan]), [1.0, 2.0], "grad gives nan at x[1]"),
]


@pytest.mark.parametrize("reason, func, grad, x0, part", MISLEADING)
def test_where_the_number_misleads_the_reason_is_named(reason, func, grad, x0, part):
    _, reasons, sentences = asked(func, grad, x0)
    assert reasons == [reason] and part in sentences[0] and "\n" not in sentences[0]


def test_a_function_that_is_not_deterministic_is_called_so():
    draw = np.random.default_rng(0)
    _, reasons, sentences = asked(lambda x: x.sum() + draw.normal(), np.ones_like, [1.0, 2.0])
    assert reasons == ["not deterministic"] and "says nothing about grad" in sentences[0]


def test_a_number_that_scipy_gave():
    # SciPy 1.17.1; nothing but sums and products, so every machine gives it to the last bit
    def cubic(x):
        return x[0] * x[0] - 0.5 * x[1] * x[1] * x[1]

    assert asked(cubic, lambda x: [2 * x[0], -1.5 * x[1] * x[1]], [1.5, -1.5])[0] == 2.9802322387695312e-08


def test_shapes_that_do_not_fit_a_direction_are_refused_as_scipy_refuses_them():
    with pytest.raises(ValueError, match="not aligned"):
        check_grad(sines, lambda x: [1.0], [1.0, 2.0], direction="random")


def test_a_broadcast_is_the_zero_that_scipy_gives():
    assert asked(lambda x: x.sum(), lambda x: [1.0], [1.5, -1.5])[0] == 0.0


def test_arguments_are_handed_on():
    value, reasons, _ = asked(
        lambda x, a, b: a * np.sum(x**2) + b, lambda x, a, b: 2 * a * x, [1.0, 2.0], 3.0, 1.0
    )
    assert 0.0 <= value < 1e-6 and reasons == []


def test_what_the_caller_owns_does_not_change():
    def spoiling(x):
        x *= 0.0
        return 1.0

    x0 = np.array([1.0, 2.0])
    asked(spoiling, lambda x: 0.0 * x, x0)
    assert x0.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "options, error, part",
    [
        ({"direction": "some"}, ValueError, "'all', 'random'"),
        ({"seed": 1, "rng": 1, "direction": "random"}, TypeError, "only one"),
    ],
)
def test_unusable_options_are_refused(options, error, part):
    with pytest.raises(error, match=part):
        check_grad(sines, np.cos, [1.0], **options)


def test_a_matrix_is_refused_as_scipy_refuses_it():
    with pytest.raises(ValueError, match="at most 1 dimension"):
        check_grad(sines, np.cos, np.ones((2, 2)))


def test_a_random_direction_is_for_one_number():
    with pytest.raises(ValueError, match="one number"):
        check_grad(np.sin, lambda x: np.diag(np.cos(x)), [1.0, 2.0], direction="random")


def test_a_seed_draws_the_same_direction_again():
    def number(seed):
        return asked(sines, lambda x: 2.0 * np.cos(x), [0.3, 0.7], direction="random", seed=seed)[0]

    first, again, other = number(1), number(1), number(2)
    assert first == again != other


COMPARED = [
    (sines, np.cos),
    (lambda x: np.exp(x).sum(), lambda x: 2.0 * np.exp(x)),
    (lambda x: np.sum(x**2) + 1e9, lambda x: 2 * x),
    (np.sin, lambda x: np.diag(np.cos(x))),
    (lambda x: x.sum(), lambda x: [1.0]),
]


@examples(25)
@given(
    st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=4),
    st.sampled_from(COMPARED),
    st.sampled_from(
        [{}, {"epsilon": 1e-5}, {"direction": "random", "rng": 3}, {"direction": "random", "seed": 3}]
    ),
)
def test_the_number_is_that_of_scipy(x0, functions, options):
    theirs = pytest.importorskip("scipy.optimize").check_grad
    func, grad = functions
    if "direction" in options and func in (np.sin, COMPARED[-1][0]):
        options = {}
    assert asked(func, grad, x0, **options)[0] == theirs(func, grad, x0, **options)


def test_arguments_follow_the_start_or_are_given_by_name():
    def func(x, a, b):
        return np.sum(a * x**b)

    def grad(x, a, b):
        return a * b * x ** (b - 1)

    values = [asked(func, grad, [1.0, 2.0], 3.0, 2)[0], asked(func, grad, [1.0, 2.0], args=(3.0, 2))[0]]
    assert values[0] == values[1] == asked(func, grad, [1.0, 2.0], 3.0, args=2)[0] < 1e-6
