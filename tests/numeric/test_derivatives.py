"""Derivatives: the true one lies within the bar, which is narrow where it can be, and honest where it
cannot.
"""

import math

import numpy as np
import pytest

from gradcheck.errors import GradcheckError, NotFinite, NotRealNumbers
from gradcheck.numeric.derivatives import derivative, gradient
from gradcheck.numeric.rounding import U


def relu(x):
    return max(x, 0.0)


def in_float32(f):
    return lambda x: float(f(np.float32(x)))


# (name, f, x, true derivative)
SMOOTH = [
    ("sin", math.sin, 1.0, math.cos(1.0)),
    ("tiny scale", lambda x: 1e-6 * x * x, 4.5, 9e-6),
    ("huge scale", lambda x: 1e8 * math.sin(x), 1.0, 1e8 * math.cos(1.0)),
    ("huge point", lambda x: x * x, 1e11, 2e11),
    ("offset", lambda x: x * x + 1e9, 1.0, 2.0),
    ("fast wave", lambda x: math.sin(1e3 * x), 1.0, 1e3 * math.cos(1e3)),
    ("fast small wave", lambda x: math.sin(1e5 * x) / 1e5, 1.0, math.cos(1e5)),
    ("whole periods", lambda x: math.sin(2 * math.pi * 512 * x), 1.0, 2 * math.pi * 512),
    ("near the edge of sqrt", math.sqrt, 1e-12, 0.5e6),
    ("near the edge of log", math.log, 1e-9, 1e9),
    ("saturated logistic", lambda x: 1 / (1 + math.exp(-x)), -30.0, math.exp(-30.0)),
    ("near overflow", math.exp, 700.0, math.exp(700.0)),
    ("tiny units", lambda x: (x / 1e-20) ** 3, 1e-20, 3e20),
    ("linear", lambda x: 2.0 * x, 0.7, 2.0),
    ("constant", lambda x: 3.0, 0.7, 0.0),
    ("stationary", lambda x: x * x, 0.0, 0.0),
    ("float32 inside", in_float32(np.sin), 1.0, math.cos(1.0)),
    (
        "float32 in one term",
        lambda x: float(np.float32(math.sin(x))) + 0.005 * x * x,
        1.0,
        math.cos(1.0) + 0.01,
    ),
    (
        "float32, small slope",
        in_float32(lambda x: np.float32(1) + np.float32(1e-3) * x),
        0.3,
        float(np.float32(1e-3)),
    ),
    ("relu before its kink", relu, -1e-7, 0.0),
    ("relu past its kink", relu, 1e-7, 1.0),
    ("relu past its kink, with an offset", lambda x: relu(x) + 1.0, 5e-5, 1.0),
]


@pytest.mark.parametrize("name, f, x, true", SMOOTH, ids=[case[0] for case in SMOOTH])
def test_truth_lies_within_the_bar(name, f, x, true):
    estimate = derivative(f, x)
    assert abs(estimate.value - true) <= estimate.error
    assert not estimate.kink


@pytest.mark.parametrize(
    "f, x, slopes",
    [
        (relu, 0.0, (0.0, 1.0)),
        (lambda x: 1.0 + relu(x), 0.0, (0.0, 1.0)),
        (lambda x: abs(x - 0.3), 0.3, (-1.0, 1.0)),
        (lambda x: relu(x) + math.sin(x), 0.0, (1.0, 2.0)),
        (lambda x: 1e-6 * relu(x), 0.0, (0.0, 1e-6)),
        (lambda x: relu(x) + 1e9, 1e-12, (0.0, 1.0)),
    ],
)
def test_a_kink_is_told_and_its_bar_covers_both_slopes(f, x, slopes):
    estimate = derivative(f, x)
    assert estimate.kink
    for slope in slopes:
        assert abs(estimate.value - slope) <= estimate.error


@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: abs(x) ** 1.5, lambda x: abs(x) ** 3, math.cos])
def test_a_stationary_point_is_no_kink(f):
    assert not derivative(f, 0.0).kink


def test_random_functions_stay_within_their_bars():
    """99 of 100 of waves on parabolas, many of them waves that the first steps pass over; none is further
    off than 4 bars.
    """
    rng, apart = np.random.default_rng(5), []
    for _ in range(300):
        a, w, b = 10.0 ** rng.uniform(-3, 3, size=3) * rng.choice([-1.0, 1.0], size=3)
        offset, x = rng.choice([0.0, 1e3, 1e9]), rng.normal() * 10.0 ** rng.uniform(-4, 4)
        estimate = derivative(lambda t: a * math.sin(w * t) + b * t * t + offset, x)
        true = a * w * math.cos(w * x) + 2 * b * x
        rounding_of_truth = 4 * U * (abs(a * w) * (1 + abs(w * x)) + abs(2 * b * x))
        if estimate.error < math.inf:
            apart.append(abs(estimate.value - true) / (estimate.error + rounding_of_truth))
    assert len(apart) >= 297
    assert max(apart) <= 4.0 and sum(each > 1.0 for each in apart) <= 3


def test_random_float32_functions_stay_within_their_bars():
    """99 of 100 of them; none is further off than 2 bars."""
    rng, apart = np.random.default_rng(6), []
    for _ in range(200):
        v, x = rng.normal(size=50).astype(np.float32), rng.normal()
        estimate = derivative(lambda t: float(np.sum(np.tanh(v * np.float32(t)), dtype=np.float32)), x)
        apart.append(abs(estimate.value - np.sum(v / np.cosh(v * x) ** 2)) / estimate.error)
    assert max(apart) <= 2.0 and sum(each > 1.0 for each in apart) <= 2


def test_noise_gives_a_wide_bar():
    rng = np.random.default_rng(1)
    estimate = derivative(lambda x: math.sin(x) + 1e-6 * rng.normal(), 1.0)
    assert abs(estimate.value - math.cos(1.0)) <= estimate.error
    assert estimate.error > 1e-6  # noise over a step of at most one


def test_dropout_gives_a_bar_wider_than_the_value():
    rng = np.random.default_rng(1)
    estimate = derivative(lambda x: math.sin(x) * (rng.random() > 0.5), 1.0)
    assert not estimate.error <= abs(estimate.value)


@pytest.mark.parametrize("least, most", [(0.005, 0.02), (0.005, math.inf), (0.009, 0.01)])
def test_values_at_some_distances_alone_have_no_estimate(least, most):
    found = derivative(lambda t: t if t == 0.0 or least <= abs(t) <= most else math.nan, 0.0)
    assert math.isinf(found.error) and found.evaluations < 100


def test_slopes_that_grow_without_end_on_one_side_have_their_sign_and_no_size():
    estimate = derivative(math.sqrt, 0.0)
    assert estimate.value == estimate.error == math.inf


@pytest.mark.parametrize(
    "f, x, refusal",
    [
        (lambda x: math.nan, 1.0, NotFinite),
        (lambda x: np.log(np.float64(x)), 0.0, NotFinite),
        (lambda x: np.ones(2) * x, 1.0, NotRealNumbers),
        (lambda x: np.ones(1) * x, 1.0, NotRealNumbers),
        (lambda x: None, 1.0, NotRealNumbers),
        (lambda x: 1j * x, 1.0, NotRealNumbers),
        (lambda x: x > 0, 1.0, NotRealNumbers),
        (math.log, 0.0, ValueError),
    ],
)
def test_what_is_no_real_number_at_the_point_is_refused(f, x, refusal):
    with pytest.raises(refusal):
        derivative(f, x)


def test_mistakes_of_f_away_from_the_point_are_not_hidden():
    with pytest.raises(GradcheckError):
        derivative(lambda x: x if x == 1.0 else np.ones(2), 1.0)
    with pytest.raises(KeyError):
        derivative(lambda x: x if x == 1.0 else {}["missing"], 1.0)


# Gradients


def test_a_gradient_is_the_derivative_entry_by_entry():
    vector = np.array([0.3, -2.0, 1e-3])
    result = gradient(lambda v: np.sum(np.sin(v)) + v[0] * v[1], vector)
    true = np.cos(vector) + [vector[1], vector[0], 0.0]
    assert result.value.shape == result.error.shape == (3,)
    assert np.all(np.abs(result.value - true) <= result.error)
    assert result.estimates[1].value == result.value[1]


def test_gradient_counts_its_evaluations_and_leaves_the_vector_alone():
    calls = []

    def spoiling(v):
        calls.append(1)
        value = float(np.sum(v**2))
        v[:] = 0.0
        return value

    vector = np.array([1.0, 2.0])
    result = gradient(spoiling, vector)
    assert result.evaluations == len(calls)
    assert vector.tolist() == [1.0, 2.0]
    assert np.all(np.abs(result.value - [2.0, 4.0]) <= result.error)


def test_gradient_needs_about_a_dozen_evaluations_per_entry():
    result = gradient(lambda v: float(np.sum(np.tanh(v))), np.linspace(-1.0, 1.0, 50))
    assert result.evaluations <= 12 * 50 + 60
