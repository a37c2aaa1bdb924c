"""The second check at a generic point: when it is made, what it finds, and what it says when it can find
nothing.
"""

import math

import numpy as np
import pytest

from gradcheck import check
from gradcheck.inputs.point import Point
from gradcheck.judge.nearby import notes

NO_KINK = np.zeros(8, dtype=bool)
W = np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])


def above_one(p):
    """Zero at W, where no entry is above 1."""
    return float(np.sum(np.maximum(p["W"] - 1.0, 0.0) ** 2))


def slopes(p):
    return {"W": 2.0 * np.maximum(p["W"] - 1.0, 0.0)}


def ids(report):
    return [note.id for note in report.notes]


@pytest.mark.parametrize("far", [0.5, -1.0, -3.0])
@pytest.mark.parametrize("factor", [-1.0, 7.0])
def test_a_mistake_behind_a_zero_gradient_is_found_also_far_from_where_it_shows(far, factor):
    for size in (2, 6):
        point = {"W": np.full(size, far)}
        assert check(above_one, slopes, point).verdict == "right"
        report = check(above_one, lambda p: {"W": factor * slopes(p)["W"]}, point)
        assert report["W"].verdict == "right" and report.verdict == "wrong", (
            "only the second check can see it"
        )
        assert any(entry.verdict == "wrong" for block in report.nearby.blocks for entry in block.entries)


def test_wrong_at_the_second_point_is_always_named_by_an_entry():
    for seed in range(20):
        report = check(above_one, lambda p: {"W": 3.0 * slopes(p)["W"]}, {"W": W}, seed=seed)
        if report.nearby.verdict == "wrong":
            assert any(block.wrong for block in report.nearby.blocks)


def test_zero_wherever_it_is_looked_is_not_called_right():
    report = check(lambda p: 1.0 + 0.0 * float(np.sum(p["W"])), lambda p: {"W": 0.0 * p["W"]}, {"W": W})
    assert report.nearby.verdict == "undecided" and "the loss is the same there" in report.nearby.sentence
    assert report.verdict == "right" and ids(report) == ["zero gradient"]


def test_a_gradients_function_that_ignores_the_point_is_told():
    """At the point itself its numbers are right; nearby it returns the same."""

    def loss(p):
        return float(np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 2))

    fixed = {"W": np.cos(W), "b": np.zeros(2)}
    report = check(loss, lambda p: fixed, {"W": W, "b": np.zeros(2)})
    assert report.nearby.verdict == "undecided"
    assert "the same numbers at another point" in report.nearby.sentence


@pytest.mark.parametrize("factor, verdict", [(2.0, "right"), (-2.0, "wrong"), (4.0, "wrong"), (0.0, "wrong")])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_at_a_minimum_a_factor_is_found_nearby(factor, verdict, size):
    """There every multiple of the gradient is zero; the check nearby takes the calls that it needs."""
    report = check(lambda p: np.sum((p - 1.0) ** 2), lambda p: factor * (p - 1.0), np.ones(size))
    assert report["x"].verdict == "right" and report.verdict == report.nearby.verdict == verdict


def test_nothing_finite_nearby_is_told():
    def loss(p):
        return float(np.sum(p["W"] ** 2)) if np.abs(p["W"]).max() < 1e-22 else math.nan

    report = check(loss, lambda p: {"W": 2.0 * p["W"]}, {"W": np.zeros(30)})
    assert report.nearby.verdict == "undecided" and "finite" in report.nearby.sentence


def test_an_error_that_cancels_under_a_uniform_move_is_found():
    """Wrong by +1 and -1 times the parameter: along (1, 1) nothing of it is seen."""

    def loss(p):
        return float(np.sum(p["v"] ** 2) + np.sum(np.sin(p["W"])))

    def wrong(p):
        return {"v": 2.0 * p["v"] + np.array([1.0, -1.0]) * p["v"], "W": np.cos(p["W"])}

    report = check(loss, wrong, {"v": np.zeros(2), "W": W})
    assert report["v"].verdict == "right" and report.verdict == "wrong"


def with_large_regulariser(p):
    return (
        sum(math.sin(each) for each in p["W"].ravel())
        + 1e14 * float(np.sum(p["W"] ** 2))
        + 1e6 * p["w5"] ** 2
    )


def of_it(p, sign=1.0):
    return {"W": 2e14 * p["W"] + sign * np.cos(p["W"]), "w5": 2e6 * p["w5"]}


def test_a_data_term_behind_a_large_regulariser_is_found_by_making_the_parameters_small():
    point = {"W": np.linspace(0.4, 1.6, 12).reshape(3, 4), "w5": 1.0}
    assert check(with_large_regulariser, of_it, point).verdict == "right"
    report = check(with_large_regulariser, lambda p: of_it(p, sign=-1.0), point)
    assert "large regulariser" in ids(report)
    assert report["W"].verdict == "right" and report.verdict == "wrong"


def test_a_block_of_two_is_no_multiple_of_itself_by_more_than_chance():
    point = Point({"v": np.array([1.0, 2.0]), "W": W})
    gradient = 3.0 * point.vector
    found = {
        note.id: note.blocks
        for note in notes(
            point,
            point.blocks,
            point.vector,
            gradient,
            gradient,
            1e-12 + 0.0 * gradient,
            NO_KINK[: gradient.size],
        )
    }
    assert found == {"large regulariser": ("W",)}


def test_bars_as_wide_as_the_gradient_are_a_pass_that_means_little():
    point = Point({"v": np.array([1.0, 2.0, -1.0])})
    gradient = np.array([1e-9, -2e-9, 1e-9])
    found = notes(point, point.blocks, point.vector, gradient, gradient, np.full(3, 1e-9), NO_KINK[:3])
    assert [note.id for note in found] == ["zero gradient"]
    assert notes(point, point.blocks, point.vector, gradient, gradient, np.full(3, 1e-12), NO_KINK[:3]) == []


def test_zero_weights_at_the_start_of_a_training_are_judged_elsewhere():
    draw = np.random.default_rng(0)
    x, t = draw.normal(size=(12, 5)), np.eye(3)[np.arange(12) % 3]
    start = {"W1": np.zeros((5, 4)), "b1": np.zeros(4), "W2": np.zeros((4, 3)), "b2": np.zeros(3)}

    def forward(p):
        out = np.maximum(x @ p["W1"] + p["b1"], 0.0)
        net = out @ p["W2"] + p["b2"]
        return out, net - net.max(axis=1, keepdims=True)

    def loss(p):
        net = forward(p)[1]
        return float(np.mean(np.log(np.exp(net).sum(axis=1)) - (net * t).sum(axis=1)))

    def gradients(p, mask=True):
        out, net = forward(p)
        delta = (np.exp(net) / np.exp(net).sum(axis=1, keepdims=True) - t) / 12
        below = delta @ p["W2"].T * ((out > 0.0) if mask else 1.0)
        return {"W1": x.T @ below, "b1": below.sum(axis=0), "W2": out.T @ delta, "b2": delta.sum(axis=0)}

    assert check(loss, gradients, start).verdict == "right"
    report = check(loss, lambda p: gradients(p, mask=False), start)
    assert report.verdict == "wrong" and report.cause.id == "hidden delta"
