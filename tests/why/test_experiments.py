"""What other points say of a wrong gradient, where no shape explains it at its own."""

import numpy as np
import pytest

from gradcheck import check

DRAW = np.random.default_rng(12)
X, T = DRAW.normal(size=(6, 3)), DRAW.normal(size=(6, 2))
LABELS = (T > 0.0) * 1.0
LINEAR = {"W": DRAW.normal(size=(3, 2)), "b": DRAW.normal(size=2)}
STEPS = DRAW.normal(size=(4, 6, 3))
RECURRENT = {
    "U": 0.6 * DRAW.normal(size=(3, 3)),
    "W": DRAW.normal(size=(3, 3)),
    "V": DRAW.normal(size=(3, 2)),
}


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def of_delta(delta):
    return {"W": X.T @ delta, "b": delta.sum(axis=0)}


def squared(p):
    return np.sum((X @ p["W"] + p["b"] - T) ** 2)


def entropy(p):
    net = X @ p["W"] + p["b"]
    return np.sum(np.logaddexp(net, 0.0) - net * LABELS)


def by_scale(p, factor):
    W = np.exp(p["s"]) * p["W"]
    found = of_delta(2.0 * (X @ W + p["b"] - T))
    return {"W": np.exp(p["s"]) * found["W"], "b": found["b"], "s": factor * np.sum(found["W"] * W)}


def with_quartic(p):
    return squared(p) + np.sum(p["W"] ** 4)


def by_quartic(p):
    found = of_delta(2.0 * (X @ p["W"] + p["b"] - T))
    return found | {"W": found["W"] + p["W"] ** 3}


def states(p):
    h = [np.zeros((6, 3))]
    for x in STEPS:
        h.append(np.tanh(x @ p["W"] + h[-1] @ p["U"]))
    return h


def unrolled(p):
    return 0.5 * np.sum((states(p)[-1] @ p["V"] - T) ** 2)


def through_time(p, carried=True, slope=True):
    h, found = states(p), {name: np.zeros_like(value) for name, value in p.items()}
    error = h[-1] @ p["V"] - T
    found["V"] = h[-1].T @ error
    dh = error @ p["V"].T
    for k in range(len(STEPS), 0, -1):
        delta = dh * ((1.0 - h[k] ** 2) if slope else (1.0 - h[k]))
        found["W"] += STEPS[k - 1].T @ delta
        found["U"] += h[k - 1].T @ delta
        dh = delta @ p["U"].T if carried else 0.0 * dh
    return found


def softplus(p):
    return np.sum(np.logaddexp(p, 0.0))


UNIT = {"a": np.array([0.7, -0.4, 1.1]), "v": np.array([1.0, -0.5, 0.8, 1.2, -0.9, 0.6])}
AT_NOUGHT = np.array([0.0, 0.7, -1.1])
ROWS = [  # id, loss, wrong gradients, point, words
    (
        "does not change",
        squared,
        lambda p: of_delta(np.ones_like(T)),
        LINEAR,
        "the gradient of W and b does not change with W and b, and the true one does",
    ),
    (
        "upstream",
        lambda p: np.tanh(X @ p["W"]) * p["b"],
        lambda p, u: {
            "W": X.T @ ((1 - np.tanh(X @ p["W"]) ** 2) * p["b"]),
            "b": (u * np.tanh(X @ p["W"])).sum(axis=0),
        },
        LINEAR,
        "the gradient of W does not change with the gradient from above, u: it is not multiplied in",
    ),
    (
        "constant difference",
        entropy,
        lambda p: of_delta(logistic(X @ p["W"] + p["b"]) - 2.0 * LABELS),
        LINEAR,
        "the gradient of W and b is off by the same at every point",
    ),
    (
        "own term",
        with_quartic,
        by_quartic,
        LINEAR,
        "the gradient of W is off by something that depends on no",
    ),
    (
        "through",
        unrolled,
        lambda p: through_time(p, carried=False),
        RECURRENT,
        "the gradient of U and W is right where U is 0: what is wrong goes through there",
    ),
    (
        "between",
        unrolled,
        lambda p: through_time(p, slope=False),
        RECURRENT,
        "vanishes where V is zero, and that of V is right: look between V and U and W",
    ),
    (
        "times",
        lambda p: squared({"W": np.exp(p["s"]) * p["W"], "b": p["b"]}),
        lambda p: by_scale(p, 0.25),
        LINEAR | {"s": np.array(0.3)},
        "the gradient of s is 0.25 times the true one at every point tried; that of W and b is right",
    ),
    (
        "another function",
        lambda p: np.sum(np.tanh(X @ p)) + np.sum(np.logaddexp(T.T @ X @ p, 0.0)),
        lambda p: 3.0 * X.T @ (1.0 - np.tanh(X @ p) ** 2) + X.T @ T @ logistic(T.T @ X @ p),
        DRAW.normal(size=3),
        "is that of another function, as where a term of the loss is left out or counted wrong",
    ),
    (
        "another function",
        lambda p: np.sum(np.tanh(X @ p) * np.sin(X @ p[::-1])),
        lambda p: X.T @ ((1.0 - np.tanh(X @ p) ** 2) * np.sin(X @ p[::-1])),
        DRAW.normal(size=3),
        "is that of no function at all, as where a path back from the loss is left out or counted wrong",
    ),
    (
        "one entry",
        softplus,
        lambda p: np.where(p == 0.0, 0.0, logistic(p)),
        AT_NOUGHT,
        "is wrong at this point, and right at points nearby: look at what is special here",
    ),
    (
        "in the limit",
        lambda p: np.sum(logistic(X @ p["a"]) * p["v"]),
        lambda p: {"a": X.T @ (logistic(X @ p["a"]) * p["v"]), "v": logistic(X @ p["a"])},
        {"a": DRAW.normal(size=3), "v": DRAW.normal(size=6)},
        "twice the true one in the limit of small parameters: what is largest there is counted twice",
    ),
    *(
        (
            "in the limit",
            lambda p, f=f: np.sum(f(X @ p["a"]) * p["v"]),
            lambda p, f=f, slope=slope: {"a": X.T @ (slope(f(X @ p["a"])) * p["v"]), "v": f(X @ p["a"])},
            UNIT,
            words,
        )
        for f, slope, words in (
            (
                logistic,
                lambda out: out + 0.5,
                "4 times the true one in the limit of small parameters: the slope of the",
            ),
            (np.tanh, lambda out: out, "zero beside the true one in the limit of small parameters"),
            (np.tanh, lambda out: out - 1.0, "the true one with its sign turned round in the limit"),
        )
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {i}" for i, row in enumerate(ROWS)])
def test_other_points_tell_what_the_given_one_does_not(row):
    id, loss, gradients, point, words = row
    report = check(loss, gradients, point)
    assert report.verdict == "wrong"
    assert report.cause.id == id and words in report.cause.sentence, report.cause


def test_a_shape_that_another_point_refutes_is_not_named():
    """At this point alone the wrong gradient is twice the right one."""
    x, at = DRAW.normal(size=4), DRAW.normal(size=4)

    def gradients(p):
        return 2.0 * np.cos(p) + np.sum(p - at) * x

    cause = check(lambda p: np.sum(np.sin(p)), gradients, at).cause
    assert cause is None or "factor" not in cause.id
    assert check(lambda p: np.sum(np.sin(p)), gradients(at), at).cause.id == "factor 2"


def test_no_more_calls_are_made_than_are_allowed():
    calls = []

    def loss(p):
        calls.append(0)
        return squared(p)

    report = check(loss, lambda p: of_delta(np.ones_like(T)), LINEAR, most_calls=200)
    assert report.verdict == "wrong" and len(calls) <= 200


def test_where_nothing_is_known_the_report_says_what_to_do():
    noise = DRAW.normal(size=7)
    report = check(lambda p: np.sum(np.sin(p[:4] * p[3:])), noise, DRAW.normal(size=7))
    assert report.verdict == "wrong" and report.cause is None
    assert "none of the known ones explains it" in str(report)
    assert "intermediates=..., shows the first wrong step; a smaller case, of one sample" in str(report)
