"""Losses on which a judge easily goes wrong: the right gradient is never called wrong, and its double never
right.
"""

import math

import numpy as np
import pytest
from profiles import by_day

from gradcheck import check, derivative

POINT = np.array([0.5, -1.0, 2.0])
RNG = np.random.default_rng(6)
BATCH, WEIGHTS = RNG.normal(size=(5000, 2)), RNG.normal(size=2)


def kink(x, place, size):
    """(value, slope) of a kink of the slope by `size` at a place."""
    return size * max(x - place, 0.0), size * (x > place)


def softplus_near_zero(x):
    return math.log(1.0 + math.exp(x))


# (name, loss, its gradient, point): at each of them some version of a checker was misled

HIDDEN = [
    (
        "absolute values of 1e-12 beside sines",
        lambda p: np.sum(np.sin(p)) + 1e-12 * np.sum(np.abs(p)),
        lambda p: np.cos(p) + 1e-12 * np.sign(p),
        POINT,
    ),
    (
        "a small norm",
        lambda p: 1e3 * np.sum(np.exp(p)) + 1e-8 * np.linalg.norm(p),
        lambda p: 1e3 * np.exp(p) + 1e-8 * p / np.linalg.norm(p),
        np.array([1.1, 2.3]),
    ),
    (
        "a small variance",
        lambda p: 1e6 * np.sum(np.exp(p)) + 1e-5 * np.var(p),
        lambda p: 1e6 * np.exp(p) + 1e-5 * (p - p.mean()),
        np.array([1.1, 2.3]),
    ),
    (
        "absolute values of a copy",
        lambda p: np.sum(np.exp(np.sin(p))) + 1e-12 * np.abs(np.asarray(p)).sum(),
        lambda p: np.cos(p) * np.exp(np.sin(p)) + 1e-12 * np.sign(p),
        POINT,
    ),
    (
        "a sum that cancels",
        lambda p: np.sum(np.array([1.0, 1e-3, -1.0]) * p) * 1e3,
        lambda p: 1e3 * np.array([1.0, 1e-3, -1.0]),
        1e-6 * POINT,
    ),
]
FINE = [
    (
        "relu, averaged over 5000 samples",
        lambda w: np.mean(np.maximum(BATCH @ w, 0.0)),
        lambda w: BATCH.T @ (BATCH @ w > 0.0) / 5000,
        WEIGHTS,
    ),
    (
        "absolute value, averaged over 5000 samples",
        lambda w: np.mean(np.abs(BATCH @ w)),
        lambda w: BATCH.T @ np.sign(BATCH @ w) / 5000,
        WEIGHTS,
    ),
    (
        "a ripple on a parabola",
        lambda x: x * x + 1e-8 * math.sin(1e6 * x),
        lambda x: 2.0 * x + 1e-2 * math.cos(1e6 * x),
        1.0,
    ),
    (
        "a faint ripple on a parabola",
        lambda x: x * x + 1e-10 * math.sin(1e5 * x),
        lambda x: 2.0 * x + 1e-5 * math.cos(1e5 * x),
        12.0,
    ),
    (
        "a small kink at a distance of 1e-7",
        lambda x: math.sin(x) + kink(x, 1.4 + 1e-7, 1e-8)[0],
        math.cos,
        1.4,
    ),
    (
        "a kink at a distance of 1e-9",
        lambda x: math.sin(x) + kink(x, 0.2 + 1e-9, 1e-6)[0],
        lambda x: math.cos(x) + kink(x, 0.2 + 1e-9, 1e-6)[1],
        0.2,
    ),
    (
        "waves of 1e-9 beside wide ones",
        lambda p: np.sum(np.sin(p / np.array([1e-2, 2e4, 4e-5, 4.5e-9]))),
        lambda p: np.cos(p / np.array([1e-2, 2e4, 4e-5, 4.5e-9])) / np.array([1e-2, 2e4, 4e-5, 4.5e-9]),
        np.array([1.95e-2, 2.06e4, -1.49e-5, 2.57e-9]),
    ),
    (
        "a steep hyperbolic tangent",
        lambda x: math.tanh(1e5 * x),
        lambda x: 1e5 / math.cosh(1e5 * x) ** 2,
        0.0,
    ),
    ("a steeper one", lambda x: math.tanh(1e8 * x), lambda x: 1e8 / math.cosh(1e8 * x) ** 2, 0.0),
    (
        "a narrow bell",
        lambda x: math.exp(-((x / 1e-10) ** 2)),
        lambda x: -2e20 * x * math.exp(-((x / 1e-10) ** 2)),
        5e-11,
    ),
    ("a pole at a distance of 1e-20", lambda x: 1.0 / x, lambda x: -1.0 / x**2, 1e-20),
]
ROUNDED = [
    ("float32 beside 1e3", lambda x: np.float32(x) ** 2 + np.float32(1e3), lambda x: 2.0 * x, 1.0),
    ("float32 beside 1e6", lambda p: np.float32(np.sum(p**2) + 1e6), lambda p: 2.0 * p, POINT),
    ("float32 beside 1e8", lambda p: np.float32(np.sum(p**2) + 1e8), lambda p: 2.0 * p, POINT),
    (
        "a float32 term",
        lambda x: math.exp(x) + float(np.float32(0.1) * np.float32(x) ** 2),
        lambda x: math.exp(x) + 0.2 * x,
        0.84,
    ),
    ("float16", lambda p: np.float16(np.sum(np.sin(p))), np.cos, POINT),
    ("four decimals", lambda p: round(float(np.sum(np.sin(p))), 4), np.cos, POINT),
    (
        "a sure class",
        lambda z: np.log(np.exp(z - z.max()).sum()) + z.max() - z[0],
        lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum() - np.array([1.0, 0.0]),
        np.array([50.0, 0.0]),
    ),
    (
        "a sure logistic",
        lambda z: -np.log(1.0 / (1.0 + np.exp(-z))),
        lambda z: -1.0 / (1.0 + np.exp(z)),
        40.0,
    ),
    ("a softplus of nearly zero", softplus_near_zero, lambda x: 1.0 / (1.0 + math.exp(-x)), -36.0),
    (
        "a satisfied hinge, far away",
        lambda p: np.sum(np.maximum(0.0, 1.0 - p)),
        lambda p: -1.0 * (p < 1.0),
        np.array([1e4, 1e4]),
    ),
    (
        "a small part of a float16",
        lambda p: np.float16(np.sin(p[0]) + 0.005 * p[1]),
        lambda p: np.array([np.cos(p[0]), 0.005]),
        np.ones(2),
    ),
    ("squares near overflow", lambda p: np.sum(p**2), lambda p: 2.0 * p, np.array([1e154, 1.0])),
    ("squares near underflow", lambda p: 1e-300 * np.sum(p**2), lambda p: 2e-300 * p, POINT),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, loss, gradients, x",
    HIDDEN + FINE + ROUNDED,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_right_gradient_is_not_called_wrong_and_its_double_not_right(name, loss, gradients, x):
    for seed in range(3):
        assert check(loss, gradients, x, seed=seed).verdict != "wrong"
    if np.any(gradients(np.asarray(x)) != 0.0):
        assert check(loss, lambda x: 2.0 * gradients(x), x).verdict != "right"


def test_nothing_is_right_only_because_another_block_is_steep():
    def loss(p):
        return 1e12 * math.sin(p["a"]) + 1e-3 * math.sin(p["b"])

    report = check(
        loss, lambda p: {"a": 1e12 * math.cos(p["a"]), "b": -1e-3 * math.cos(p["b"])}, {"a": 0.5, "b": 0.5}
    )
    assert (report["a"].verdict, report["b"].verdict) == ("right", "undecided")


def test_what_did_not_move_proves_zero_and_nothing_else():
    assert check(lambda x: 3.0, lambda x: 0.0, 1.0).verdict == "right"
    report = check(lambda x: 3.0, lambda x: 1e-9, 1.0)
    assert report.verdict == "undecided" and "does not move beyond its noise" in report["x"].worst.reason
    assert check(lambda x: 3.0, lambda x: 0.1, 1.0).verdict == "wrong"


def test_noise_as_large_as_the_function_says_so():
    report = check(lambda x: math.sin(1e15 * (x + 1.0)), lambda x: 1e8, 0.0)
    assert "noise: as large as all that the function moves by" in report["x"].worst.reason


@pytest.mark.slow
@pytest.mark.parametrize("seed", by_day(range(40), 3))
def test_networks_whose_relus_are_all_off_are_not_condemned(seed):
    draw = np.random.default_rng(seed)
    point = {
        "W0": -10.0 * abs(draw.normal(size=3)),
        "b0": -abs(draw.normal(size=3)),
        "W1": 10.0 * draw.normal(size=(3, 2)),
        "b1": draw.normal(size=2),
    }

    def forward(p):
        out = np.maximum(0.3 * p["W0"] + p["b0"], 0.0)
        net = out @ p["W1"] + p["b1"]
        return out, net - net.max()

    def loss(p):
        net = forward(p)[1]
        return float(np.log(np.exp(net).sum()) - net[0])

    def gradients(p):
        out, net = forward(p)
        delta = np.exp(net) / np.exp(net).sum() - np.array([1.0, 0.0])
        below = p["W1"] @ delta * (out > 0.0)
        return {"W0": 0.3 * below, "b0": below, "W1": np.outer(out, delta), "b1": delta}

    assert check(loss, gradients, point).verdict != "wrong"


def test_a_fast_small_wave_is_found_or_inside_the_bar():
    outside = 0
    for v in np.geomspace(1e4, 1e7, 30):
        estimate = derivative(lambda x, v=v: np.sin(x) + 1e-7 * np.sin(v * x), 0.7)
        outside += abs(estimate.value - (math.cos(0.7) + 1e-7 * v * math.cos(0.7 * v))) > 4.0 * estimate.error
    assert outside == 0


def test_the_textbook_delta_of_a_sure_class_is_hardly_ever_called_wrong_and_its_error_always():
    """`out - target` loses its digits beside an out of nearly 1; the loss, by log1p, does not."""
    points = np.linspace(2.0, 34.0, 33)
    verdicts = [
        check(lambda x: np.log1p(np.exp(-x)), lambda x: 1.0 / (1.0 + np.exp(-x)) - 1.0, float(x)).verdict
        for x in points
    ]
    assert verdicts.count("wrong") <= 3 and verdicts.count("right") >= 25
    assert all(
        check(
            lambda x: np.log1p(np.exp(-x)), lambda x: 1.1 * (1.0 / (1.0 + np.exp(-x)) - 1.0), float(x)
        ).verdict
        == "wrong"
        for x in points[:28]
    )


def test_a_bias_that_a_normalisation_takes_away_has_a_right_gradient_of_zero():
    x, c = np.random.default_rng(0).normal(size=(9, 3)), np.array([1.0, 2.0, 3.0])

    def normalised(p, of_bias):
        net = x @ p["W"] + p["b"]
        size = np.sqrt(net.var(axis=0) + 1e-5)
        out = (net - net.mean(axis=0)) / size
        slope = np.cos(out) * c
        delta = (slope - slope.mean(axis=0) - out * (slope * out).mean(axis=0)) / size
        return np.sum(np.sin(out) * c), {"W": x.T @ delta, "b": of_bias(delta)}

    point = {"W": 0.5 * np.eye(3) + 0.1, "b": np.ones(3)}
    for of_bias, verdict in (
        (lambda delta: np.zeros(3), "right"),
        (lambda delta: delta.sum(axis=0), "right"),
        (lambda delta: np.full(3, 1e-3), "wrong"),
    ):
        assert check(lambda p: normalised(p, of_bias), None, point)["b"].verdict == verdict


@pytest.mark.parametrize("size", [1e200, 1e308])
def test_gradients_near_overflow_are_wrong_and_not_an_exception(size):
    assert check(lambda p: np.sum(p**2), lambda p: np.full(2, size), np.ones(2)).verdict == "wrong"
    assert check(lambda p: np.sum(np.sin(p)), lambda p: np.full(5000, size), np.ones(5000)).verdict == "wrong"
    assert check(lambda x: 1e-320 * x, lambda x: 1e-320, 1.0).verdict != "wrong"


def test_among_thousands_of_kinks_the_piece_at_the_point_is_found():
    """The longer steps agree on the mean slope of many pieces; one far shorter step contradicts them, and is
    followed.
    """
    name, loss, gradients, x = FINE[0]
    report = check(loss, gradients, x)
    assert report.verdict == "right" and report["x"].smallest_visible < 1e-6


@pytest.mark.parametrize("constant", [0.0, 1e4, 1e6, 6.2e7, 61954728.73962524, 1e10])
@pytest.mark.parametrize("power", [2, 3, 4])
def test_the_search_ends_where_a_flat_point_stands_beside_a_constant(power, constant):
    """Steps over which f stands still are followed by longer ones, and by no shorter ones without end."""
    slope = derivative(lambda x: x**power + constant, 0.0)
    assert abs(slope.value) <= slope.error
    assert slope.evaluations <= 120
