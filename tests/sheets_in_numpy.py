"""The models of the sheets in neuronnet/examples/sheets, and the mistakes planted there, in NumPy; nothing is
tested here.

A forward function names each quantity with `q(name, value)`; `q(name)` is a number that the sheet gives.
NAME.txt is right; NAME-mistake.txt differs from it by one mistake and by the numbers that follow from it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    powers = np.exp(z)
    return powers / powers.sum(axis=-1, keepdims=True)


def largest(*values):
    return max(values, key=np.real)


# The forward passes


def softmax_one_row(q):
    a1 = q("a1", np.tanh(q("z1", q("x") @ q("W1") + q("b1"))))
    probabilities = q("ŷ", softmax(q("z2", a1 @ q("W2") + q("b2"))))
    q("L", -np.sum(q("y") * np.log(probabilities)))


def softmax_batch(q):
    hidden = q("A1", np.tanh(q("Z1", q("X") @ q("W1") + q("b1"))))
    probabilities = q("P", softmax(q("Z2", hidden @ q("W2") + q("b2"))))
    q("L", -np.sum(q("Y") * np.log(probabilities)) / 4)


def logistic_regression(q):
    p, y = q("A", sigmoid(q("Z", q("w").T @ q("X") + q("b")))), q("Y")
    q("J", -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def linear_regression(q):
    error = q("e", q("ŷ", q("w") * q("x") + q("b")) - q("y"))
    q("J", np.mean(error**2))


def recurrent_two_steps(q):
    h = q("h^{<0>}")
    for time in (1, 2):
        net = q(f"a^{{<{time}>}}", q("W_h") @ h + q("W_x") * q(f"x^{{<{time}>}}") + q("b"))
        h = q(f"h^{{<{time}>}}", np.tanh(net))
    q("L", (q("y", q("v") @ h + q("c")) - q("t")) ** 2 / 2)


def lstm_step(q):
    nets = {gate: q(f"z_{gate}", q(f"W_{gate}") @ q("v") + q(f"b_{gate}")) for gate in "figo"}
    f, i, o = (q(gate, sigmoid(nets[gate])) for gate in "fio")
    c = q("c", f * q("c0") + i * q("g", np.tanh(nets["g"])))
    q("L", np.sum((q("h", o * np.tanh(c)) - q("t")) ** 2) / 2)


def gru_step(q):
    z, r = (
        q(gate, sigmoid(q(f"a{gate}", q(f"W{gate}") @ q("x") + q(f"U{gate}") @ q("h0") + q(f"b{gate}"))))
        for gate in "zr"
    )
    n = q("n", np.tanh(q("an", q("Wn") @ q("x") + q("Un") @ q("q", r * q("h0")) + q("bn"))))
    q("L", np.sum((q("h", (1 - z) * n + z * q("h0")) - q("t")) ** 2) / 2)


def attention_head(q):
    queries, keys, values = (q(name, q("X") @ q(f"W_{name}")) for name in "QKV")
    weights = q("A", softmax(q("S", queries @ keys.T / np.sqrt(2))))
    q("L", np.sum((q("O", weights @ values) - q("Y")) ** 2) / 2)


def layer_norm(q):
    centred = q("x") - q("μ", np.mean(q("x")))
    spread = q("σ", np.sqrt(q("v", np.mean(centred**2)) + q("ε")))
    q("L", np.sum((q("y", q("γ") * q("x̂", centred / spread) + q("β")) - q("t")) ** 2) / 2)


def batch_norm(q):
    centred = q("X") - q("mu", np.mean(q("X"), axis=0))
    normed = q("Xhat", centred / np.sqrt(q("var", np.mean(centred**2, axis=0)) + q("eps")))
    q("L", np.sum((q("Y", q("gamma") * normed + q("beta")) - q("T")) ** 2) / 8)


def convolution(q):
    image, c = q("X"), {}
    for row in (0, 1):
        for column in range(4):
            window = image[row : row + 3, column : column + 3]
            name = f"c{row + 1}{column + 1}"
            c[name] = q(name, np.sum(q("K") * window) + q("b1"))
    p1 = q("p1", largest(c["c11"], c["c12"], c["c21"], c["c22"]))
    p2 = q("p2", largest(c["c13"], c["c14"], c["c23"], c["c24"]))
    q("L", (q("y", q("v1") * p1 + q("v2") * p2 + q("b2")) - q("t")) ** 2 / 2)


def embedding(q):
    m = q("m", np.mean(q("H", q("E")[[2, 0, 2]]), axis=0))
    p, t = q("p", sigmoid(q("s", q("w") @ m + q("b")))), q("t")
    q("L", -t * np.log(p) - (1 - t) * np.log(1 - p))


def adam_two_steps(q):
    w, m, v = q("w_0"), q("m_0"), q("v_0")
    for step in (1, 2):
        error = w @ q("x") - q("t")
        q(f"L_{step - 1}", error**2 / 2)
        g = q(f"g_{step}", error * q("x"))
        m = q(f"m_{step}", q("β1") * m + (1 - q("β1")) * g)
        v = q(f"v_{step}", q("β2") * v + (1 - q("β2")) * g**2)
        mhat = q(f"mhat_{step}", m / (1 - q("β1") ** step))
        vhat = q(f"vhat_{step}", v / (1 - q("β2") ** step))
        w = q(f"w_{step}", w - q("α") * mhat / (np.sqrt(vhat) + q("ε")))


class Example(NamedTuple):
    """`deltas` says which derivative, times what, a name is that does not say so itself."""

    forward: Callable
    deltas: dict[str, tuple[float, str]] = {}
    loss: str = "L"
    rate: str | None = None
    more: dict[str, Callable] = {}


EXAMPLES_OF_SHEETS = {
    "softmax-one-row": Example(softmax_one_row, {"δ3": (1, "z2"), "δ2": (1, "z1")}, rate="η"),
    "softmax-batch": Example(softmax_batch, rate="lr"),
    "logistic-regression": Example(logistic_regression, {"dZ": (4, "Z")}, "J", "α"),
    "linear-regression": Example(
        linear_regression,
        loss="J",
        rate="η",
        more={"J'": lambda get: np.mean((get("w'") * get("x") + get("b'") - get("y")) ** 2)},
    ),
    "recurrent-two-steps": Example(
        recurrent_two_steps, {f"δ^{{<{time}>}}": (1, f"a^{{<{time}>}}") for time in (1, 2)}, rate="η"
    ),
    "lstm-step": Example(lstm_step, {f"δ_{gate}": (1, f"z_{gate}") for gate in "figo"}),
    "gru-step": Example(gru_step),
    "attention-head": Example(attention_head),
    "layer-norm": Example(layer_norm),
    "batch-norm": Example(batch_norm, rate="lr"),
    "convolution": Example(convolution, rate="η"),
    "embedding": Example(embedding, rate="η", more={"dE[2]": lambda get: get("dE")[2]}),
    "adam-two-steps": Example(adam_two_steps),
}


# What each planted mistake makes of the numbers: `get(name)` is the right value


def no_slope(get):
    delta = get("δ3") @ get("W2").T
    return {"δ2": delta, "∂L/∂W1": get("x").T @ delta, "∂L/∂b1": delta}


def no_mean(get):
    return {"db2": 4 * get("db2")}


def slope_twice(get):
    delta = (get("A") - get("Y")) * get("A") * (1 - get("A"))
    dw, db = get("X") @ delta.T / 4, np.mean(delta)
    return {
        "dZ": delta,
        "dw": dw,
        "db": db,
        "w :": get("w") - get("α") * dw,
        "b :": get("b") - get("α") * db,
    }


def no_factor(get):
    slope = get("dJ/dw") / 2
    w = get("w") - get("η") * slope
    return {"dJ/dw": slope, "w'": w, "J'": np.mean((w * get("x") + get("b'") - get("y")) ** 2)}


def last_step_only(get):
    slope = np.outer(get("δ^{<2>}"), get("h^{<1>}"))
    return {"dL/dW_h": slope, "W_h :": get("W_h") - get("η") * slope}


def slope_of_sigmoid(get):
    delta = get("dL/dg") * get("g") * (1 - get("g"))
    dv = get("dL/dv") + get("W_g").T @ (delta - get("δ_g"))
    return {"δ_g": delta, "dL/dW_g": np.outer(delta, get("v")), "dL/dv": dv}


def turned_sign(get):
    daz = -get("daz")
    return {
        "dz": -get("dz"),
        "daz": daz,
        "dWz": np.outer(daz, get("x")),
        "dUz": np.outer(daz, get("h0")),
        "dh0": get("dh0") + 2 * get("Uz").T @ daz,
    }


def not_transposed(get):
    dk = get("dL/dS") @ get("Q") / np.sqrt(2)
    return {"dL/dK": dk, "dL/dW_K": get("X").T @ dk}


def no_path_by_spread(get):
    slope = get("∂L/∂x̂")
    return {"∂L/∂x": (slope - np.mean(slope)) / get("σ")}


def mean_for_sum(get):
    return {"dgamma": get("dgamma") / 4, "gamma_new": get("gamma") - get("lr") * get("dgamma") / 4}


def another_window(get):
    image, slope = get("X"), get("dL/dK")
    slope = slope + get("dL/dp2") * (image[0:3, 2:5] - image[1:4, 2:5])
    return {"dL/dK": slope, "K_new": get("K") - get("η") * slope}


def once_for_twice(get):
    slope = get("dE").copy()
    slope[2] = get("dH")[2]
    return {"dE[2]": slope[2], "dE": slope, "E_new": get("E") - get("η") * slope}


def correction_of_step_one(get):
    mhat = get("m_2") / (1 - get("β1"))
    return {
        "mhat_2": mhat,
        "w_2": get("w_1") - get("α") * mhat / (np.sqrt(get("vhat_2")) + get("ε")),
    }


class Mistake(NamedTuple):
    """`numbers` gives what the planted line and the lines that follow from it print, by name."""

    line: int
    kind: str
    numbers: Callable


MISTAKES = {
    "softmax-one-row": Mistake(16, "slope missing", no_slope),
    "softmax-batch": Mistake(18, "1/N missing", no_mean),
    "logistic-regression": Mistake(15, "slope twice", slope_twice),
    "linear-regression": Mistake(17, "factor missing", no_factor),
    "recurrent-two-steps": Mistake(30, "path missing", last_step_only),
    "lstm-step": Mistake(33, "slope of another function", slope_of_sigmoid),
    "gru-step": Mistake(20, "sign", turned_sign),
    "attention-head": Mistake(23, "not transposed", not_transposed),
    "layer-norm": Mistake(25, "path through the variance missing", no_path_by_spread),
    "batch-norm": Mistake(18, "mean for sum", mean_for_sum),
    "convolution": Mistake(34, "another window", another_window),
    "embedding": Mistake(24, "repeated index counted once", once_for_twice),
    "adam-two-steps": Mistake(26, "stale number", correction_of_step_one),
}
