"""Models for tests: dense and softmax layers, attention, layer normalisation, an LSTM."""

from written import model

from neuronnet.derivation.trials import Trials
from neuronnet.formulas.expressions import Name, Negative


def rows(count, columns, start=1):
    """A matrix of numbers without a pattern."""
    return [
        [f"{((start + 7 * i + 3 * j) * 37 % 19 - 9) / 10 + 0.05:.2f}" for j in range(columns)]
        for i in range(count)
    ]


SOFTMAX = model(
    {"X": rows(4, 2), "W": rows(2, 3, 2), "b": ["0.1", "-0.3", "0"], "m": 4}
    | {"Y": [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]},
    Z="X @ W + b",
    P="softmax(Z, axis=1)",
    L="-sum(Y*ln(P))/m",
)
SOFT_TARGETS = model(
    {"Z": [["0.3", "-0.4"]], "Y": [["0.5", "0.2"]]}, P="softmax(Z, axis=1)", L="-sum(Y*ln(P))"
)
COLUMNS = model(  # samples as columns
    {"X": rows(2, 4), "W1": rows(3, 2, 5), "b1": [["0.1"], ["0.2"], ["-0.1"]], "W2": rows(1, 3, 3)}
    | {"Y": [[1, 0, 1, 1]], "m": 4},
    Z1="W1 @ X + b1",
    A1="tanh(Z1)",
    Z2="W2 @ A1",
    A2="logistic(Z2)",
    J="-sum(Y*ln(A2) + (1 - Y)*ln(1 - A2))/m",
)
RELU = model(
    {"x": ["0.5", "-1.0"], "W1": [["0.1", "-0.2"], ["-0.3", "0.4"]], "w2": ["0.7", "-0.3"], "t": "0.6"},
    z1="W1 @ x",
    h="relu(z1)",
    y="w2 · h",
    L="(y - t)**2/2",
)
ALIVE = model({"x": 2, "w": "0.5", "t": 3}, z="w*x", a="relu(z)", L="(a - t)**2")
DEAD = model({"x": 2, "w": "-0.5", "t": 3}, z="w*x", a="relu(z)", L="(a - t)**2")
BCE = model(
    {"x": 1, "w1": "0.5", "w2": "0.4", "y": 0},
    a1="logistic(w1*x)",
    p="logistic(w2*a1)",
    L="-(y*ln(p) + (1 - y)*ln(1 - p))",
)
ATTENTION = model(
    {"X": rows(3, 2), "Wq": rows(2, 2, 4), "Wk": rows(2, 2, 6), "Wv": rows(2, 2, 9), "T": rows(3, 2, 8)},
    Q="X @ Wq",
    K="X @ Wk",
    V="X @ Wv",
    S="Q @ K.T/sqrt(2)",
    A="softmax(S, axis=1)",
    O="A @ V",
    L="sum((O - T)**2)/2",
)
NORM = model(
    {"x": ["0.5", "-1.0", "0.3", "0.9"], "g": ["1.1", "0.9", "0.8", "1.3"], "b": [0, 0, 0, 0]}
    | {"t": ["0.2", "0.4", "0.1", "0.7"], "eps": "0.01"},
    mu="mean(x)",
    v="mean((x - mu)**2)",
    s="sqrt(v + eps)",
    n="(x - mu)/s",
    y="g ⊙ n + b",
    L="sum((y - t)**2)/2",
)
LSTM = model(
    {"x": "0.5", "h": "0.1", "c": "0.3", "wf": "0.45", "wi": "0.95", "wo": "0.6", "wg": "0.45", "t": "1.25"},
    f="logistic(wf*x + h)",
    i="logistic(wi*x + h)",
    o="logistic(wo*x + h)",
    g="tanh(wg*x + h)",
    c1="f*c + i*g",
    h1="o*tanh(c1)",
    L="(h1 - t)**2/2",
)
SATURATED = model({"x": 1, "w": 45, "v": "0.7", "t": "0.2"}, a="tanh(w*x)", y="v*a", L="(y - t)**2/2")
DELTAS = model(  # deltas with the other sign, as in w += eta delta x
    {"x": "0.5", "w1": "0.15", "w5": "0.4", "w6": "0.3", "t1": "0.1", "t2": "0.9", "eta": "0.5"},
    z1="w1 x",
    h1="logistic(z1)",
    n1="w5 h1",
    n2="w6 h1",
    o1="logistic(n1)",
    o2="logistic(n2)",
    E="1/2 (t1 - o1)^2 + 1/2 (t2 - o2)^2",
)
for helper, derivative in (("delta_o1", "dE/dn1"), ("delta_o2", "dE/dn2"), ("delta_h1", "dE/dz1")):
    DELTAS.define(helper, Negative(Name(derivative)))
TRIALS = {
    name: Trials(each)
    for name, each in list(globals().items())
    if name.isupper() and hasattr(each, "formulas")
}
