"""Kinks at 1e-9 to 1e-1 from the point, in functions as flat as 1e-9 beside constants: the bars hold wherever
rounding lets the kinks be seen.
"""

import numpy as np
import pytest
from profiles import share

from gradcheck import check
from gradcheck.numeric.derivatives import derivative, gradient
from gradcheck.numeric.rounding import U

SEEN = 40.0  # roundings of f that a kink moves it by at least, at a distance of its own


def of_roundings(distance, count=16):
    """What roundings of a value of 1.4 leave open of a slope, over the distance of its nearest kink."""
    return count * 2.0**-53 * 1.4 / distance


@pytest.mark.parametrize(
    "f, true, widest",
    [
        (
            lambda t: 1.4 + 1e-5 * (t + 5.7 * max(-6.9e-6 - t, 0.0) + 0.8 * max(t - 7.7e-6, 0.0)),
            1e-5,
            of_roundings(6.9e-6),
        ),
        (
            lambda t: 1.4 + 1e-9 * (t + 0.7 * max(t - 4e-6, 0.0) - 0.7 * max(-t - 5e-6, 0.0)),
            1e-9,
            of_roundings(4e-6),
        ),
        (lambda t: np.tanh(1e8 * t), 1e8, 1e8 / 4),  # its double is four bars away
    ],
)
def test_what_longer_steps_pass_over_is_found(f, true, widest):
    estimate = derivative(f, 0.0)
    assert abs(estimate.value - true) <= estimate.error <= widest
    assert (estimate.reason == "kinks too close") == (estimate.error > 1e-6 * true)


def test_a_kink_stays_one_where_shorter_steps_drown_in_noise():
    """At 1e-13 rounding is as large as the kink, and the quotients there agree with none."""
    estimate = derivative(lambda t: 7.0 + 0.35 * t + 0.09 * abs(t), 0.0)
    assert estimate.kink and estimate.slopes == pytest.approx((0.26, 0.44), abs=1e-4)
    entries = gradient(lambda v: 7.0 + v @ [0.9, 0.35, 0.6] + np.abs(v) @ [0.2, 0.09, 0.17], np.zeros(3))
    assert all(each.kink for each in entries.estimates)


def piecewise_linear(seed):
    """(f, x, its slope at x): a line with up to eight kinks beside x."""
    draw = np.random.default_rng(seed)
    scale, constant = 10.0 ** draw.uniform(-9.0, 0.0), draw.choice([0.0, 1.4, draw.normal()])
    x, slope, number = draw.choice([0.0, draw.normal()]), draw.normal(), int(draw.integers(1, 9))
    places = x + 10.0 ** draw.uniform(-9.0, -1.0, number) * draw.choice([-1.0, 1.0], number)
    bends, sides = 2.0 * draw.normal(size=number), np.sign(places - x)
    noise = U * max(abs(constant) + scale * abs(x * slope), scale * abs(x))
    bends[np.abs((places - x) * bends) * scale < SEEN * noise] = 0.0

    def f(t):
        beyond = np.maximum(sides * (t - places), 0.0)
        return float(constant + scale * (slope * (t - x) + np.sum(bends * beyond)))

    return f, float(x), scale * slope


def test_drawn_piecewise_linear_functions_stay_within_their_bars():
    count, beyond = share(3000), []
    for seed in range(count):
        f, x, true = piecewise_linear(seed)
        estimate = derivative(f, x)
        if abs(estimate.value - true) > 4.0 * estimate.error + 8.0 * U * abs(true):
            beyond.append(seed)
    assert beyond == []


@pytest.mark.parametrize("sizes, scale, seed", [((10, 12, 12, 12, 12, 4), 1e-2, 0), ((8, 10, 4), 1e-4, 1)])
@pytest.mark.parametrize("factor, verdict", [(1.0, "right"), (1.01, "wrong")])
def test_relu_layers_of_small_weights_without_biases(sizes, scale, seed, factor, verdict):
    draw, last = np.random.default_rng(seed), len(sizes) - 1
    x, target = draw.normal(size=(16, sizes[0])), draw.normal(size=(16, sizes[-1]))
    point = {}
    for i, shape in enumerate(zip(sizes, sizes[1:]), 1):
        point[f"W{i}"], point[f"b{i}"] = scale * draw.normal(size=shape), np.zeros(shape[1])

    def forward(p):
        outs = [x]
        for i in range(1, last + 1):
            net = outs[-1] @ p[f"W{i}"] + p[f"b{i}"]
            outs.append(np.maximum(net, 0.0) if i < last else net)
        return outs

    def loss(p):
        return 0.5 * np.mean(np.sum((forward(p)[-1] - target) ** 2, axis=1))

    def gradients(p):
        outs, found = forward(p), {}
        delta = (outs[-1] - target) / len(x)
        for i in range(last, 0, -1):
            found[f"W{i}"], found[f"b{i}"] = outs[i - 1].T @ delta, delta.sum(axis=0)
            delta = (delta @ p[f"W{i}"].T) * (outs[i - 1] > 0.0)
        found["W1"] = factor * found["W1"]
        return found

    assert check(loss, gradients, point).verdict == verdict


def test_what_ready_numbers_leave_undecided_among_kinks_is_told_as_that():
    draw = np.random.default_rng(2)
    x, shapes = draw.normal(size=(8, 4)), [(4, 6), (6, 6), (6, 2)]
    point = {f"W{i}": 1e-3 * draw.normal(size=shape) for i, shape in enumerate(shapes, 1)}

    def loss(p):
        return np.sum((np.maximum(np.maximum(x @ p["W1"], 0.0) @ p["W2"], 0.0) @ p["W3"] - 1.0) ** 2)

    def gradients(p):
        one = np.maximum(x @ p["W1"], 0.0)
        two = np.maximum(one @ p["W2"], 0.0)
        three = 2.0 * (two @ p["W3"] - 1.0)
        second = three @ p["W3"].T * (two > 0.0)
        return {"W1": x.T @ (second @ p["W2"].T * (one > 0.0)), "W2": one.T @ second, "W3": two.T @ three}

    report = check(loss, gradients(point), point)
    assert report.verdict == "undecided" and "kinks too close here" in str(report)
    assert "as a function" in str(report) and check(loss, gradients, point).verdict == "right"
