"""Causes in layers checked by themselves: each row plants a mistake in a backward pass, and names it."""

import numpy as np
import pytest

from gradcheck import check

DRAW = np.random.default_rng(8)
X, U, T = DRAW.normal(size=(4, 5)), DRAW.normal(size=(4, 5)), DRAW.uniform(0.2, 0.9, size=(4, 5))
S, A = (lambda a: a + a.T)(DRAW.normal(size=(4, 4))), DRAW.normal(size=(4, 4))
POSITIVE = DRAW.uniform(0.3, 2.0, size=6)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def layer_norm(x):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / centred.std(axis=1, keepdims=True)


def by_layer_norm(x, u, mean=True, deviation=True):
    out = layer_norm(x)
    lost = mean * u.mean(axis=1, keepdims=True) + deviation * out * (u * out).mean(axis=1, keepdims=True)
    return (u - lost) / x.std(axis=1, keepdims=True)


def unit_rows(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def of_symmetric(s):
    return np.sum(A * np.sin(s))


def slope(s):
    return A * np.cos(s)


DIAGONAL = np.eye(4, dtype=bool)
L1 = 0.3
ROWS = [  # the id, the loss or layer, its wrong gradient, the point
    ("softmax diagonal", softmax, lambda x, u: u * softmax(x) * (1 - softmax(x)), X),
    ("softmax sum", softmax, lambda x, u: u * softmax(x), X),
    ("softmax left out", softmax, lambda x, u: u, X),
    ("softmax diagonal", log_softmax, lambda x, u: u * (1 - softmax(x)), X),
    ("mean left out", layer_norm, lambda x, u: by_layer_norm(x, u, mean=False), X),
    ("deviation left out", layer_norm, lambda x, u: by_layer_norm(x, u, deviation=False), X),
    ("mean and deviation left out", layer_norm, lambda x, u: by_layer_norm(x, u, False, False), X),
    (
        "deviation left out",
        unit_rows,
        lambda x, u: u / np.linalg.norm(x, axis=1, keepdims=True),
        X,
    ),
    ("lower triangle", of_symmetric, lambda s: np.tril(slope(s)), S),
    ("upper triangle", of_symmetric, lambda s: np.triu(slope(s)), S),
    ("symmetric", of_symmetric, lambda s: np.where(DIAGONAL, 1, 2) * slope(s), S),
    ("symmetric", of_symmetric, lambda s: np.where(DIAGONAL, 1, 0.5) * slope(s), S),
    ("symmetric", of_symmetric, lambda s: slope(s) + slope(s).T, S),
    ("symmetric", of_symmetric, lambda s: 0.5 * (slope(s) + slope(s).T), S),
    ("clipped", lambda x: np.sum(x**2), lambda x: np.clip(2 * x, -1, 1), X),
    ("by the logarithm", lambda p: np.sum(np.sin(p)), lambda p: p * np.cos(p), POSITIVE),
    ("by the exponential", lambda p: np.sum(np.sin(np.exp(p))), lambda p: np.cos(np.exp(p)), POSITIVE),
    ("epsilon", lambda p: -np.sum(T[0] * np.log(p + 1e-3)), lambda p: -T[0] / p, POSITIVE[:5]),
    (
        "L1 missing",
        lambda x: np.sum(np.sin(x)) + L1 * np.sum(np.abs(x)),
        lambda x: np.cos(x),
        X,
    ),
    ("L1 doubled", lambda x: np.sum(np.sin(x)), lambda x: np.cos(x) + L1 * np.sign(x), X),
    ("slope left out", np.tanh, lambda x, u: u, X),
    ("value for slope", np.tanh, lambda x, u: u * np.tanh(x), X),
    ("slope at the output", np.tanh, lambda x, u: u * (1 - np.tanh(np.tanh(x)) ** 2), X),
    ("slope by the input", np.tanh, lambda x, u: u * (1 - x**2), X),
    ("part of the slope", np.tanh, lambda x, u: u * (1 - np.tanh(x)), X),
    ("value for slope", logistic, lambda x, u: u * logistic(x), X),
    ("slope by the input", logistic, lambda x, u: u * x * (1 - x), X),
    ("part of the slope", logistic, lambda x, u: u * (1 - logistic(x)), X),
    ("by the exponential", np.exp, lambda x, u: u, X),
    ("value for slope", lambda x: np.log1p(np.exp(x)), lambda x, u: u * np.log1p(np.exp(x)), X),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {i}" for i, row in enumerate(ROWS)])
def test_a_mistake_in_one_layer_is_named(row):
    id, loss, gradients, point = row
    report = check(loss, gradients, point)
    assert report.verdict == "wrong"
    assert report.cause is not None and report.cause.id == id, report.cause


def test_the_scale_of_a_normalisation_that_is_left_out_is_named():
    def layer(p):
        return layer_norm(p["x"]) * p["gamma"]

    def gradients(p, u):
        return {
            "x": by_layer_norm(p["x"], u * p["gamma"]) / p["gamma"],
            "gamma": (u * layer_norm(p["x"])).sum(0),
        }

    report = check(layer, gradients, {"x": X, "gamma": POSITIVE[:5]})
    assert report.cause.id == "factor left out"
    assert report.cause.sentence == (
        "the gradient of x is the numerical one divided by gamma, the factor that it is; "
        "that of gamma is right"
    )


def test_behind_weights_what_the_loss_ignores_is_told():
    def loss(p):
        return -np.sum(T * log_softmax(X @ p["W"] + p["b"]))

    def gradients(p):
        out = softmax(X @ p["W"] + p["b"])
        delta = -T / out * out * (1 - out)
        return {"W": X.T @ delta, "b": delta.sum(axis=0)}

    cause = check(loss, gradients, {"W": DRAW.normal(size=(5, 5)), "b": DRAW.normal(size=5)}).cause
    assert cause.id == "shift ignored" and set(cause.blocks) == {"W", "b"}
    assert "the true gradient of W sums to zero along each row, and that handed in does not" in cause.sentence


def test_a_sum_for_a_mean_beside_an_l2_term_of_the_weights_alone_is_named():
    draw = np.random.default_rng(0)
    x, at, targets = draw.normal(size=(6, 4)), draw.normal(size=5), draw.integers(2, size=6).astype(float)

    def loss(w, b):
        net = x @ w + b
        return np.mean(np.logaddexp(0.0, net) - targets * net) + 0.05 * np.sum(w**2)

    def gradients(w, b):
        delta = 1.0 / (1.0 + np.exp(-(x @ w + b))) - targets
        return {"w": x.T @ delta + 0.1 * w, "b": delta.sum()}

    said = "everything but an L2 term of 0.1 times 6, the number of samples"
    apart = check(lambda p: loss(**p), lambda p: gradients(**p), {"w": at[:-1], "b": at[-1]}).cause
    assert apart.blocks == ("w", "b") and f"w and b is the numerical one with {said}" in apart.sentence
    flat = check(
        lambda p: loss(p[:-1], p[-1]),
        lambda p: np.hstack([*gradients(p[:-1], p[-1]).values()]),
        at,
        samples=6,
    ).cause
    assert said in flat.sentence and flat.sentence.endswith("no L2 term is of x[4]")
