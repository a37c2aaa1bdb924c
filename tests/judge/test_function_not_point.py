"""A check is of a function, not of one point: wrong gradients that one point excuses, right ones in strange
clothes; at minima, at kinks, within constraints, where the loss stands still, among kinks too close to tell.
"""

from functools import partial

import numpy as np
import pytest
from profiles import is_thorough, share

from gradcheck import check

DRAW = np.random.default_rng(11)
INPUTS, TARGETS = DRAW.normal(size=(6, 3)), DRAW.normal(size=(6, 2))
FIT = np.linalg.lstsq(INPUTS, TARGETS, rcond=None)[0]
STUDENT = {"V": DRAW.normal(size=(3, 4)), "W": DRAW.normal(size=(4, 2))}
FITTED = np.tanh(INPUTS @ STUDENT["V"]) @ STUDENT["W"]
SOFT = np.array([0.2, 0.5, 0.3])
SEEDS = range(20) if is_thorough() else [0]


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def cross_entropy(x):
    return -float(np.sum(SOFT * np.log(softmax(x))))


def gaussian_divergence(covariance):
    """KL of N(0, covariance) from N(0, 1)."""
    return 0.5 * (np.trace(covariance) - np.linalg.slogdet(covariance)[1] - len(covariance))


def near_one(x):
    assert np.all(np.abs(x - 1.0) < 0.01)
    return np.sum((x - 1.0) ** 2)


def huber(x):
    return float(np.sum(np.where(np.abs(x) < 1.0, 0.5 * x * x, np.abs(x) - 0.5)))


# Minima, saddles, flat losses: (loss, gradient, a point where every multiple of the gradient is zero)
STATIONARY = {
    "squares": (lambda p: np.sum((p - 1) ** 2), lambda p: 2 * (p - 1), np.ones(3)),
    "fourth powers": (lambda p: np.sum((p - 1) ** 4), lambda p: 4 * (p - 1) ** 3, np.ones(3)),
    "least squares": (
        lambda p: np.sum((INPUTS @ p - TARGETS) ** 2),
        lambda p: 2 * INPUTS.T @ (INPUTS @ p - TARGETS),
        FIT,
    ),
    "soft labels": (
        lambda x: float(np.sum(np.logaddexp(0.0, x) - SOFT * x)),
        lambda x: logistic(x) - SOFT,
        np.log(SOFT / (1 - SOFT)),
    ),
    "cross entropy": (cross_entropy, lambda x: softmax(x) - SOFT, np.log(SOFT)),
    "huber": (lambda x: huber(x - 2.0), lambda x: np.clip(x - 2.0, -1.0, 1.0), 2.0 * np.ones(4)),
    "log cosh": (lambda x: float(np.sum(np.log(np.cosh(x)))), np.tanh, np.zeros(2)),
    "divergence of measures": (
        lambda q: float(np.sum(SOFT * np.log(SOFT / q) + q - SOFT)),
        lambda q: 1.0 - SOFT / q,
        SOFT,
    ),
    "divergence of Gaussians": (
        gaussian_divergence,
        lambda c: 0.5 * (np.eye(3) - np.linalg.inv(c)),
        np.eye(3),
    ),
    "valley": (
        lambda p: (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2,
        lambda p: {
            "x": -2 * (1 - p["x"]) - 400 * p["x"] * (p["y"] - p["x"] ** 2),
            "y": 200 * (p["y"] - p["x"] ** 2),
        },
        {"x": 1.0, "y": 1.0},
    ),
    "squares where they are small": (near_one, lambda p: 2 * (p - 1), np.ones(3)),
    "saddle": (lambda x: x[0] * x[1], lambda x: x[::-1], np.zeros(2)),
    "cosine of a difference": (
        lambda p: float(np.sum(np.cos(p["x"] - p["y"]))),
        lambda p: {"x": -np.sin(p["x"] - p["y"]), "y": np.sin(p["x"] - p["y"])},
        {"x": np.ones(3), "y": np.ones(3)},
    ),
    "two layers of zeros": (
        lambda p: np.sum((np.tanh(INPUTS @ p["V"]) @ p["W"] - TARGETS) ** 2),
        lambda p: two_layers(p),
        {"V": np.zeros((3, 4)), "W": np.zeros((4, 2))},
    ),
    "a network that fits": (
        lambda p: np.sum((np.tanh(INPUTS @ p["V"]) @ p["W"] - FITTED) ** 2),
        lambda p: two_layers(p, FITTED),
        STUDENT,
    ),
    "dead relu": (
        lambda w: np.sum(np.maximum(w - 1.0, 0.0) ** 2),
        lambda w: 2 * np.maximum(w - 1.0, 0.0),
        np.array([0.5, -3.0, 0.2]),
    ),
    "far from the hinge": (
        lambda w: np.sum(np.maximum(1.0 - w, 0.0) ** 2),
        lambda w: -2 * np.maximum(1.0 - w, 0.0),
        np.array([4.0, 6.0]),
    ),
}


def two_layers(p, targets=TARGETS):
    out = np.tanh(INPUTS @ p["V"])
    delta = 2 * (out @ p["W"] - targets)
    return {"V": INPUTS.T @ (delta @ p["W"].T * (1 - out**2)), "W": out.T @ delta}


def scaled(gradient, factor):
    def times(p):
        found = gradient(p)
        if isinstance(found, dict):
            return {name: factor * each for name, each in found.items()}
        return factor * found

    return times


STATIONARY_ROWS = [
    (f"{name} times {factor:g}", "right" if factor == 1.0 else "wrong", loss, scaled(gradient, factor), at)
    for name, (loss, gradient, at) in STATIONARY.items()
    for factor in (1.0, 0.0, -1.0, 2.0)
]

ONE_BLOCK = {"x": 0.3, "b": 0.0}
ENTRY_ROWS = [
    (
        f"one block, {factor:g} times",
        "right" if factor == 1.0 else "wrong",
        lambda p: np.tanh(p["x"]) + 0.5 * p["b"] ** 2,
        lambda p, factor=factor: {"x": 1 - np.tanh(p["x"]) ** 2, "b": factor * p["b"]},
        ONE_BLOCK,
    )
    for factor in (1.0, 0.0, -1.0, 2.0)
]
ENTRY_ROWS += [
    (
        f"one entry of a {shape}, {factor:g} times",
        "right" if factor == 1.0 else "wrong",
        lambda x: np.sum(x**2),
        lambda x, factor=factor: np.where(np.arange(x.size).reshape(x.shape) == 1, factor, 1.0) * 2 * x,
        at,
    )
    for shape, at in {
        "vector": np.array([1.0, 0.0, 2.0]),
        "matrix": np.array([[1.0, 0.0], [2.0, 3.0]]),
    }.items()
    for factor in (1.0, 0.0, -1.0, 2.0)
]


# Kinks: (verdict, loss, gradient, point)


def at_largest(x, share=False):
    found = (x == np.max(x)) * 1.0
    return found / np.sum(found) if share else found


def first_largest(x):
    return np.eye(x.size)[np.argmax(x)].reshape(x.shape)


def pooled(x):
    return float(np.sum(np.max(x, axis=1)))


def along_rows(of):
    return lambda x: np.stack([of(row) for row in x])


def unit(x, at_zero):
    size = np.linalg.norm(x)
    return x / size if size > 0.0 else at_zero


def lasso(w):
    return np.sum((w - 1) ** 2) + 0.5 * np.sum(np.abs(w))


def margin(p):
    return np.maximum(0.0, 1.0 - p["a"] + p["b"])


TIES = np.array([1.0, 1.0, 0.0])
POOL = np.array([[1.0, 1.0, 0.0], [2.0, 0.5, 2.0], [0.3, 0.1, -1.0]])
WEIGHTS = np.array([1.0, -5.0, 2.0, 0.5, 3.0, -1.0])
WAVY = np.array([1.0, -1.0])
KINKS = [
    ("difference, both up", "wrong", lambda x: abs(x[0] - x[1]), lambda x: np.ones(2), np.ones(2)),
    (
        "difference, sign",
        "right",
        lambda x: abs(x[0] - x[1]),
        lambda x: np.sign(x[0] - x[1]) * WAVY,
        np.ones(2),
    ),
    (
        "difference, one side",
        "right",
        lambda x: abs(x[0] - x[1]),
        lambda x: (1.0 if x[0] >= x[1] else -1.0) * WAVY,
        np.ones(2),
    ),
    ("difference, ready numbers", "wrong", lambda x: abs(x[0] - x[1]), np.ones(2), np.ones(2)),
    ("difference, ready and right", "right", lambda x: abs(x[0] - x[1]), 0.4 * WAVY, np.ones(2)),
    ("largest, all ties", "wrong", np.max, at_largest, TIES),
    ("largest, shared", "right", np.max, lambda x: at_largest(x, True), TIES),
    ("largest, first", "right", np.max, first_largest, TIES),
    ("largest, nothing", "wrong", np.max, lambda x: 0 * x, TIES),
    ("smallest, all ties", "wrong", np.min, lambda x: at_largest(-x), -TIES),
    ("smallest, shared", "right", np.min, lambda x: at_largest(-x, True), -TIES),
    ("pools, all ties", "wrong", pooled, along_rows(at_largest), POOL),
    ("pools, shared", "right", pooled, along_rows(lambda x: at_largest(x, True)), POOL),
    ("pools, first", "right", pooled, along_rows(first_largest), POOL),
    ("norm, ones", "wrong", np.linalg.norm, lambda x: unit(x, np.ones(2)), np.zeros(2)),
    ("norm, zero", "right", np.linalg.norm, lambda x: unit(x, np.zeros(2)), np.zeros(2)),
    ("norm, inside", "right", np.linalg.norm, lambda x: unit(x, np.array([0.6, -0.6])), np.zeros(2)),
    ("norm, on the circle", "right", np.linalg.norm, lambda x: unit(x, np.array([0.6, 0.8])), np.zeros(2)),
    ("lasso, sign turned", "wrong", lasso, lambda w: 2 * (w - 1) - 0.5 * np.sign(w), np.zeros(3)),
    ("lasso", "right", lasso, lambda w: 2 * (w - 1) + 0.5 * np.sign(w), np.zeros(3)),
    ("lasso, no penalty", "wrong", lasso, lambda w: 2 * (w - 1), np.zeros(3)),
    (
        "absolute values up and down",
        "right",
        lambda x: abs(x[0]) - abs(x[1]),
        lambda x: (
            1.0 - 2.0 * (x < 0) - np.array([0.0, 2.0]) * (x >= 0) + 2.0 * np.array([0.0, 1.0]) * (x < 0)
        ),
        np.zeros(2),
    ),
    (
        "repeated value, range",
        "right",
        lambda x: np.max(x) - np.min(x),
        lambda x: first_largest(x) - first_largest(-x),
        np.ones(3),
    ),
    (
        "repeated value, range, all ties",
        "wrong",
        lambda x: np.max(x) - np.min(x),
        lambda x: at_largest(x) - 0.5 * at_largest(-x),
        np.ones(3),
    ),
    (
        "hinge on its edge",
        "right",
        margin,
        lambda p: {"a": -1.0 * (margin(p) > 0), "b": 1.0 * (margin(p) > 0)},
        {"a": 1.5, "b": 0.5},
    ),
    (
        "hinge on its edge, signs",
        "wrong",
        margin,
        lambda p: {"a": -1.0 * (margin(p) >= 0), "b": -1.0 * (margin(p) > 0)},
        {"a": 1.5, "b": 0.5},
    ),
    (
        "hinge, half of it",
        "wrong",
        margin,
        lambda p: (
            {"a": -1.0, "b": 0.0}
            if p["a"] - p["b"] == 1.0
            else {"a": -1.0 * (margin(p) > 0), "b": 1.0 * (margin(p) > 0)}
        ),
        {"a": 1.5, "b": 0.5},
    ),
    (
        "sorted with weights",
        "right",
        lambda x: np.sort(x) @ np.array([1.0, -5.0, 2.0]),
        lambda x: np.array([1.0, -5.0, 2.0])[np.argsort(np.argsort(x, kind="stable"))],
        np.ones(3),
    ),
    (
        "sorted with weights, in the order given",
        "wrong",
        lambda x: np.sort(x) @ WEIGHTS,
        lambda x: WEIGHTS[np.argsort(x, kind="stable")],
        np.ones(6),
    ),
    (
        "total variation",
        "right",
        lambda x: np.sum(np.abs(np.diff(x))),
        lambda x: np.concatenate([[0.0], np.sign(np.diff(x))]) - np.concatenate([np.sign(np.diff(x)), [0.0]]),
        np.array([1.0, 1.0, 2.0, 2.0, 0.5]),
    ),
    (
        "total variation without a minus",
        "wrong",
        lambda x: np.sum(np.abs(np.diff(x))),
        lambda x: np.concatenate([[0.0], np.sign(np.diff(x))]) + np.concatenate([np.sign(np.diff(x)), [0.0]]),
        np.ones(4),
    ),
]


# Constraints that the given point keeps, all right


def clipped(p, u):
    return {
        "x": u * ((p["x"] > p["low"]) & (p["x"] < p["high"])),
        "low": u * (p["x"] < p["low"]),
        "high": u * (p["x"] > p["high"]),
    }


def entropy_gap(p):
    """Of distributions in rows, from the uniform one."""
    shares = p / np.sum(p, axis=1, keepdims=True)
    return float(np.sum(shares * np.log(shares * p.shape[1])))


def entropy_slope(p):
    """Where the rows sum to one."""
    inner = np.log(p * p.shape[1])
    return inner - np.sum(p * inner, axis=1, keepdims=True)


def looked_up(p):
    table = np.array([0.5, 1.5, 2.5])
    place = round(p["place"])
    if place < 0:
        raise AssertionError("a place is not negative")
    return table[place] * p["x"]


UPPER = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 1.5]])
CLIP = {"x": np.array([0.1, 0.5, -2.0, 3.0]), "low": -np.ones(4), "high": np.ones(4)}
CONSTRAINTS = [
    ("limits", lambda p: np.clip(p["x"], p["low"], p["high"]), clipped, CLIP),
    (
        "limits, all inside",
        lambda p: np.clip(p["x"], p["low"], p["high"]),
        clipped,
        {"x": np.array([0.1, -0.5]), "low": -np.ones(2), "high": np.ones(2)},
    ),
    ("rows that sum to one", entropy_gap, entropy_slope, np.full((2, 4), 0.25)),
    (
        "symmetric",
        lambda c: 0.5 * (np.sum(c * np.linalg.inv(UPPER)) - np.linalg.slogdet(c)[1]),
        lambda c: 0.5 * (np.linalg.inv(UPPER) - np.linalg.inv(c)),
        UPPER,
    ),
    (
        "positive",
        lambda x: np.sum(np.log(x) ** 2) if np.all(x > 0) else np.nan,
        lambda x: 2 * np.log(x) / x,
        np.ones(3),
    ),
    (
        "negative, whatever the loss is beyond",
        lambda x: np.sum((np.sqrt(-x) - 1) ** 2),
        lambda x: -(np.sqrt(-x) - 1) / np.sqrt(-x),
        -np.ones(2),
    ),
    (
        "a place in a table",
        looked_up,
        lambda p: {"place": 0.0, "x": np.array([0.5, 1.5, 2.5])[round(p["place"])]},
        {"place": 1.0, "x": 2.0},
    ),
    (
        "a probability",
        lambda p: -(0.3 * np.log(p) + 0.7 * np.log1p(-p)),
        lambda p: -0.3 / p + 0.7 / (1 - p),
        0.3,
    ),
    (
        "an angle",
        lambda x: float(np.sum(np.arccos(x) ** 2)) if np.all(np.abs(x) <= 1.0) else np.nan,
        lambda x: -2 * np.arccos(x) / np.sqrt(1 - x * x),
        np.array([0.2, -0.3]),
    ),
]


# Losses that stand still: (verdict, loss, gradient, point)


def standardised(x):
    away = x - np.mean(x, axis=1, keepdims=True)
    return away / np.sqrt(np.mean(away**2, axis=1, keepdims=True))


def standardised_back(x, u):
    size, out = np.std(x, axis=1, keepdims=True), standardised(x)
    inner = u - np.mean(u, axis=1, keepdims=True) - out * np.mean(u * out, axis=1, keepdims=True)
    return inner / size


def softmax_back(x, u):
    out = softmax(x)
    return out * (u - np.sum(u * out, axis=1, keepdims=True))


ROW = np.random.default_rng(3).normal(size=(2, 5))
BATCH_OF_ONE = {"W": np.random.default_rng(4).normal(size=(3, 2)), "b": np.array([0.3, -0.2])}


def batch_normalised(p, u=None):
    net = INPUTS @ p["W"] + p["b"]
    out = standardised(net.T).T
    if u is None:
        return out
    below = standardised_back(net.T, u.T).T
    return {"W": INPUTS.T @ below, "b": np.sum(below, axis=0)}


STILL = [
    ("floor", "right", np.floor, lambda p, u: 0 * u, np.array([0.3, -1.7])),
    ("floor, straight through", "wrong", np.floor, lambda p, u: u, np.array([0.3, -1.7])),
    ("sign", "right", np.sign, lambda p, u: 0 * u, np.array([0.3, -1.7, 2.0])),
    ("rounded", "right", lambda x: np.round(3 * x), lambda p, u: 0 * u, np.array([0.3, -1.9, 2.1])),
    ("steps", "right", lambda x: np.sum(x > 0.5), lambda x: 0 * x, np.array([0.3, -1.9, 2.1])),
    ("steps, some slope", "wrong", lambda x: np.sum(x > 0.5), lambda x: 0.1 * x, np.array([0.3, -1.9, 2.1])),
    ("constant", "right", lambda x: 3.0, lambda x: 0 * x, np.ones(2)),
    ("constant, some slope", "wrong", lambda x: 3.0, lambda x: x, np.ones(2)),
    ("zero", "right", lambda x: 0.0, lambda x: 0 * x, np.ones(2)),
    ("zero, some slope", "wrong", lambda x: 0.0, lambda x: x, np.ones(2)),
    ("layer norm, weighted", "right", standardised, standardised_back, ROW),
    ("layer norm, without means", "wrong", standardised, lambda x, u: u / np.std(x, axis=1)[:, None], ROW),
    (
        "layer norm, summed",
        "right",
        lambda x: np.sum(standardised(x)),
        lambda x: standardised_back(x, np.ones_like(x)),
        ROW,
    ),
    (
        "layer norm, summed, some slope",
        "wrong",
        lambda x: np.sum(standardised(x)),
        lambda x: 0.34 + 0 * x,
        ROW,
    ),
    ("softmax, weighted", "right", softmax, softmax_back, ROW),
    ("softmax, diagonal", "wrong", softmax, lambda x, u: u * softmax(x) * (1 - softmax(x)), ROW),
    (
        "softmax, summed",
        "right",
        lambda x: np.sum(softmax(x)),
        lambda x: softmax_back(x, np.ones_like(x)),
        ROW,
    ),
    (
        "softmax, summed, diagonal",
        "wrong",
        lambda x: np.sum(softmax(x)),
        lambda x: softmax(x) * (1 - softmax(x)),
        ROW,
    ),
    ("batch norm after a bias", "right", batch_normalised, batch_normalised, BATCH_OF_ONE),
    (
        "batch norm after a bias, summed",
        "right",
        lambda p: np.sum(batch_normalised(p)),
        lambda p: batch_normalised(p, np.ones((6, 2))),
        BATCH_OF_ONE,
    ),
    (
        "batch norm, the bias has a slope",
        "wrong",
        batch_normalised,
        lambda p, u: batch_normalised(p, u) | {"b": np.sum(u, axis=0)},
        BATCH_OF_ONE,
    ),
]


# Kinks too close to tell at the point


def small_relu(scale, layers, seed):
    """(verdict, both, None, point) of a relu network with small weights and zero biases."""
    draw, sizes = np.random.default_rng(seed), [5, *[6] * (layers - 1), 3]
    x, t, point = draw.normal(size=(8, 5)), draw.normal(size=(8, 3)), {}
    for i in range(layers):
        point |= {
            f"W{i}": scale * draw.normal(size=(sizes[i], sizes[i + 1])),
            f"b{i}": np.zeros(sizes[i + 1]),
        }

    def both(p, slope=1.0):
        outs = [x]
        for i in range(layers):
            net = outs[-1] @ p[f"W{i}"] + p[f"b{i}"]
            outs.append(net if i == layers - 1 else np.maximum(net, 0.0))
        delta, found = (outs[-1] - t) / len(x), {}
        for i in reversed(range(layers)):
            found |= {f"W{i}": outs[i].T @ delta, f"b{i}": np.sum(delta, axis=0)}
            delta = slope * (delta @ p[f"W{i}"].T) * (outs[i] > 0.0)
        return 0.5 * np.sum((outs[-1] - t) ** 2) / len(x), found

    return both, point


CLOSE = []
for scale, layers, seed, zero in (
    (1e-3, 3, 0, ()),
    (1e-4, 2, 2, ()),
    (1e-2, 5, 0, ()),
    (1e-5, 3, 0, ()),
    (1e-4, 3, 3, ()),
    (1.0, 2, 2, ("W0", "b0")),
    (1.0, 2, 4, ("W0", "b0")),
):
    both, point = small_relu(scale, layers, seed)
    point |= {name: 0.0 * point[name] for name in zero}
    name = f"relu, {layers} layers of {scale:g}, seed {seed}{', a layer of zeros' * len(zero[:1])}"
    CLOSE.append((name, "right", both, None, point))
    back = partial(both, slope=-1.0)
    CLOSE.append((f"{name}, the slope of the wrong sign", "wrong", back, None, point))


ROWS = {
    "stationary": STATIONARY_ROWS,
    "entries": ENTRY_ROWS,
    "kinks": KINKS,
    "constraints": [(name, "right", *row) for name, *row in CONSTRAINTS],
    "still": STILL,
    "close": CLOSE,
}


@pytest.mark.parametrize(
    "verdict, loss, gradient, point",
    [pytest.param(*row, id=f"{kind}: {name}") for kind, rows in ROWS.items() for name, *row in rows],
)
def test_the_verdict_is_of_the_functions_whatever_the_point_and_the_seed(verdict, loss, gradient, point):
    for seed in SEEDS:
        assert check(loss, gradient, point, seed=seed).verdict == verdict


@pytest.mark.parametrize("f", [np.floor, np.round, np.sign, np.trunc], ids=lambda f: f.__name__)
def test_a_loss_of_steps_has_slope_zero_wherever_they_lie(f):
    for seed in range(share(60)):
        at = np.random.default_rng(seed).normal(size=3)
        assert check(lambda x: float(np.sum(f(x))), lambda x: 0 * x, at).verdict == "right", at
        assert check(lambda x: float(np.sum(f(x))), np.ones_like, at).verdict == "wrong", at


@pytest.mark.parametrize("factor, verdict", [(1.0, "right"), (1.1, "wrong"), (-1.0, "wrong")])
@pytest.mark.parametrize("length", [1e-12, 1e-6, 1e6])
def test_waves_of_any_length_are_seen(length, factor, verdict):
    at = length * np.array([0.4, -1.3, 2.0])
    slopes = lambda x: factor * np.cos(x / length) / length  # noqa: E731
    assert check(lambda x: np.sum(np.sin(x / length)), slopes, at).verdict == verdict


@pytest.mark.parametrize("first", [(0.0, 0.5, 0.5), (0.0, 0.3, 0.2), (0.0,)])
@pytest.mark.parametrize("bounds", [None, (0.0, None)])
@pytest.mark.parametrize("sign, verdict", [(1.0, "right"), (-1.0, "wrong")])
def test_a_slope_that_grows_without_end_may_be_infinite(first, bounds, sign, verdict):
    def entropy(x):
        return float(np.sum(np.where(x > 0.0, x * np.log(np.where(x > 0.0, x, 1.0)), 0.0)))

    def slopes(x):
        return sign * (np.log(x) + 1.0)

    assert check(entropy, slopes, np.array(first), bounds=bounds).verdict == verdict


@pytest.mark.parametrize("at", [(0.0,), (0.0, 0.5)])
@pytest.mark.parametrize(
    "slopes, verdict",
    [
        (lambda x: -0.5 / np.sqrt(x), "right"),
        (lambda x: 0.5 / np.sqrt(x), "wrong"),
        (lambda x: np.where(x > 0.0, -0.5 / np.sqrt(x), np.inf), "wrong"),
        (lambda x: np.where(x > 0.0, -0.5 / np.sqrt(x), np.nan), "wrong"),
        (lambda x: np.where(x > 0.0, -1.0 / np.sqrt(x), -np.inf), "wrong"),
    ],
)
def test_where_the_slope_is_infinite_its_sign_counts(at, slopes, verdict):
    assert check(lambda x: -float(np.sum(np.sqrt(x))), slopes, np.array(at)).verdict == verdict


OTHER = np.random.default_rng(12)
A, Y, AT = OTHER.normal(size=(6, 4)), OTHER.normal(size=6), np.array([0.3, -0.7, 1.1, 0.2])
IN_UNITS = {
    "waves": (lambda x: np.sum(np.sin(A @ x)), lambda x: A.T @ np.cos(A @ x)),
    "squares": (lambda x: np.sum((A @ x - Y) ** 2), lambda x: 2.0 * A.T @ (A @ x - Y)),
    "pinball": (
        lambda x: np.sum(np.maximum(0.3 * (A @ x - Y), 0.7 * (Y - A @ x))),
        lambda x: A.T @ np.where(A @ x > Y, 0.3, -0.7),
    ),
}


@pytest.mark.parametrize("name", IN_UNITS)
@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e6])
def test_what_lies_far_beside_the_point_excuses_nothing_in_any_unit(name, unit):
    """Pieces of the loss are looked for so near that no curvature is taken for one."""
    loss, gradients = IN_UNITS[name]
    turned = np.array([1.0, -1.0, 1.0, 1.0])
    for change, verdict in [(1.0, "right"), (0.5, "wrong"), (turned, "wrong")]:
        slopes = partial(lambda change, x: change * gradients(x / unit) / unit, change)
        report = check(lambda x: loss(x / unit), slopes, unit * AT, special_points=False)
        assert report.verdict == verdict, str(report)
