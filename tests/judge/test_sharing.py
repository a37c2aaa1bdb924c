"""Large blocks at a shared step, two calls an entry: nothing wrong passes, and nobody is accused."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError

DRAW = np.random.default_rng(8)
SLOPES = DRAW.normal(size=(8, 12))
POINT = DRAW.normal(size=(8, 12))
INPUTS, TARGETS = DRAW.normal(size=(8, 8)), DRAW.normal(size=(8, 3))
OUTWARDS = DRAW.normal(size=(12, 3))


def waved(x, at=(3, 4)):
    """Long waves, but for one entry that has short ones, too, and one beside a kink."""
    return np.sum(SLOPES * np.sin(x)) + 1e-3 * np.sin(1e3 * x[at]) + abs(x[0, 0] - POINT[0, 0] - 1e-7)


def of_waved(x, at=(3, 4)):
    found = SLOPES * np.cos(x)
    found[at] += np.cos(1e3 * x[at])
    found[0, 0] += np.sign(x[0, 0] - POINT[0, 0] - 1e-7)
    return found


def network(activation, slope):
    def loss(w):
        return 0.5 * np.sum((activation(INPUTS @ w) @ OUTWARDS - TARGETS) ** 2)

    def gradient(w):
        net = INPUTS @ w
        return INPUTS.T @ ((activation(net) @ OUTWARDS - TARGETS) @ OUTWARDS.T * slope(net))

    return loss, gradient


FUNCTIONS = {
    "waves and a kink beside": (waved, of_waved),
    "tanh": network(np.tanh, lambda net: 1.0 - np.tanh(net) ** 2),
    "relu": network(lambda net: np.maximum(net, 0.0), lambda net: net > 0.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_is_right_in_two_calls_an_entry_and_inside_the_bars(name):
    loss, gradient = FUNCTIONS[name]
    report = check(loss, gradient, POINT, special_points=False)
    assert report.verdict == "right" and report.evaluations < 5 * POINT.size
    entries = report.blocks[0].entries
    assert len(entries) == POINT.size
    for entry in entries:
        assert abs(entry.numeric - entry.analytic) <= entry.error_bar


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("at", [(0, 0), (1, 1), (3, 4), (7, 11)])
@pytest.mark.parametrize("error", [1e-6, -2.0])
def test_one_wrong_entry_among_many_is_named(name, at, error):
    loss, gradient = FUNCTIONS[name]

    def wrong(x):
        found = gradient(x)
        found[at] += error * np.max(np.abs(found))
        return found

    report = check(loss, wrong, POINT)
    assert report.verdict == "wrong" and report.blocks[0].wrong == [at]


@pytest.mark.parametrize("factor", [0.0, -1.0, 1.0 + 1e-6])
def test_a_block_that_is_wrong_everywhere_is_so_in_every_entry(factor):
    loss, gradient = FUNCTIONS["tanh"]
    report = check(loss, lambda w: factor * gradient(w), POINT)
    assert report.verdict == "wrong" and len(report.blocks[0].wrong) > 0.95 * POINT.size


TIES = np.ones(100)
ONE, PAIR = np.arange(100) == 50, np.arange(100) // 2 == 25


@pytest.mark.parametrize(
    "loss, gradient, verdict",
    [
        (np.max, 0.5 * TIES, "wrong"),  # the mean of both sides in every entry, but together no subgradient
        (np.max, 0.01 * TIES, "right"),
        (lambda x: np.sum(np.abs(x - 1.0)), 0.0 * TIES, "right"),
        (lambda x: np.sum(np.abs(x - 1.0)), 1.5 * ONE, "wrong"),
        (lambda x: np.sum(x * x) + 0.1 * np.abs(x[50] - 1.0), 2.0 * TIES, "right"),
        (lambda x: np.sum(x * x) + 0.1 * np.abs(x[50] - 1.0), 2.0 * TIES + 0.2 * ONE, "wrong"),
        (lambda x: np.sum(x * x) + abs(x[50] - x[51]), 2.0 * TIES + PAIR, "wrong"),
    ],
)
def test_kinks_in_some_of_many_entries_are_seen(loss, gradient, verdict):
    assert check(loss, gradient, TIES).verdict == verdict


# Many sets at once: an axis before every array


def of_sets(p):
    return np.sum(np.tanh(INPUTS @ p["w"]) @ OUTWARDS, axis=(1, 2)) + p["b"] ** 2


def of_one(p):
    slopes = 1.0 - np.tanh(INPUTS @ p["w"]) ** 2
    return {"w": INPUTS.T @ (slopes * np.sum(OUTWARDS, axis=1)), "b": 2.0 * p["b"]}


SETS = {"w": POINT, "b": 0.5}


@pytest.mark.parametrize("at", [None, (0, 0), (7, 11)])
def test_a_loss_of_many_sets_is_called_with_many_and_judged_as_one_of_one(at):
    shapes = []

    def loss(p):
        shapes.append((p["w"].shape, p["b"].shape))
        return of_sets(p)

    def gradients(p):
        found = of_one(p)
        if at is not None:
            found["w"][at] += 1e-5
        return found

    report = check(loss, gradients, SETS, vectorized=True)
    assert (
        report.verdict == ("right" if at is None else "wrong") and report["w"].wrong == [at][: at is not None]
    )
    assert report.evaluations == sum(w[0] for w, _ in shapes) > 5 * len(shapes) / 4
    assert all(w[1:] == (8, 12) and b == w[:1] for w, b in shapes) and max(w[0] for w, _ in shapes) > 8


def test_sets_that_disturb_each_other_accuse_nobody():
    def loss(p):
        values = of_sets(p)
        return values + 0.1 * (np.max(values) - values[0])

    assert check(loss, of_one, SETS, vectorized=True).verdict == "right"


def test_a_sum_over_the_sets_is_refused():
    with pytest.raises(GradcheckError, match=r"found float64 of shape \(\) of 1 parameter set.*shape \(1,\)"):
        check(lambda p: np.sum(of_sets(p)), of_one, SETS, vectorized=True)
