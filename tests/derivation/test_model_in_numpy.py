"""The gradients of well-known models against their formulas, written by hand in NumPy."""

import numpy as np
import pytest
from drawn.array_models import product

from neuronnet.derivation.model import Model
from neuronnet.elementary import Literal
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.calls import call
from neuronnet.formulas.expressions import Entry, Name, Number, Transpose


def names(words):
    return map(Name, words.split())


def of(nested):
    """Lists of floats as the text that a sheet would have."""
    if isinstance(nested, (list, np.ndarray)):
        return [of(each) for each in nested]
    return Literal(repr(float(nested)))


def array(value):
    return np.array(Array.nested(value) if isinstance(value, Array) else value, dtype=float)


RNG = np.random.default_rng(11)


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softmax_batch():
    X, W, b, Y = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3)), RNG.normal(size=3), np.eye(3)[[0, 2, 1, 1]]
    model = Model({"X": of(X), "W": of(W), "b": of(b), "Y": of(Y)})
    model.define("Z", product(Name("X"), "@", Name("W")) + Name("b"))
    model.define("P", call("softmax", [Name("Z")], {"axis": 1}))
    model.define("L", -call("sum", [product(Name("Y"), "*", call("ln", [Name("P")]))]) / 4)
    dZ = (softmax(X @ W + b) - Y) / 4
    return model, {"Z": dZ, "W": X.T @ dZ, "b": dZ.sum(axis=0), "X": dZ @ W.T}


def attention_head():
    X, Wq, Wk, Wv, G = (RNG.normal(size=size) for size in ((3, 4), (4, 2), (4, 2), (4, 2), (3, 2)))
    model = Model({"X": of(X), "Wq": of(Wq), "Wk": of(Wk), "Wv": of(Wv), "G": of(G)})
    for letter in "qkv":
        model.define(letter.upper(), product(Name("X"), "·", Name(f"W{letter}")))
    scaled = product(Name("Q"), "@", Transpose(Name("K")), "/", call("sqrt", [Number(2)]))
    model.define("S", scaled)
    model.define("A", call("softmax", [Name("S")], {"axis": -1}))
    model.define("O", product(Name("A"), "@", Name("V")))
    model.define("L", call("sum", [product(Name("O"), "⊙", Name("G"))]))
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    A = softmax(Q @ K.T / np.sqrt(2))
    dA = G @ V.T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True)) / np.sqrt(2)
    dQ, dK, dV = dS @ K, dS.T @ Q, A.T @ G
    dX = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    return model, {"S": dS * np.sqrt(2), "Wq": X.T @ dQ, "Wk": X.T @ dK, "Wv": X.T @ dV, "X": dX}


def normalised(axis):
    """Layer norm (axis 1) or batch norm (axis 0), by the formula of its backward pass."""
    X, g, b, G = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=(4, 3))
    model = Model({"X": of(X), "g": of(g), "b": of(b), "G": of(G), "eps": "1e-5"})
    kept = {"axis": axis, "keepdims": True}
    model.define("mu", call("mean", [Name("X")], kept))
    model.define("v", call("var", [Name("X")], kept))
    model.define("H", product(Name("X") - Name("mu"), "/", call("sqrt", [Name("v") + Name("eps")])))
    model.define("Y", product(Name("g"), "*", Name("H")) + Name("b"))
    model.define("L", call("sum", [product(Name("Y"), "*", Name("G"))]))
    root = np.sqrt(X.var(axis=axis, keepdims=True) + 1e-5)
    H, dH = (X - X.mean(axis=axis, keepdims=True)) / root, G * g
    means = dH.mean(axis=axis, keepdims=True), (dH * H).mean(axis=axis, keepdims=True)
    return model, {"X": (dH - means[0] - H * means[1]) / root, "g": (G * H).sum(axis=0), "b": G.sum(axis=0)}


def lstm_step():
    x, h, c, G = (RNG.normal(size=2) for _ in range(4))
    weights = {letter: (RNG.normal(size=(2, 2)), RNG.normal(size=(2, 2))) for letter in "ifog"}
    model = Model({"x": of(x), "h0": of(h), "c0": of(c), "G": of(G)})
    values, logistic = {}, lambda z: 1 / (1 + np.exp(-z))
    for letter, (W, U) in weights.items():
        model.give(f"W{letter}", of(W))
        model.give(f"U{letter}", of(U))
        inside = product(Name(f"W{letter}"), "·", Name("x")) + product(Name(f"U{letter}"), "·", Name("h0"))
        model.define(letter, call("tanh" if letter == "g" else "logistic", [inside]))
        values[letter] = (np.tanh if letter == "g" else logistic)(W @ x + U @ h)
    f, c0, i, g, o, c1 = names("f c0 i g o c")
    model.define("c", product(f, "⊙", c0) + product(i, "⊙", g))
    model.define("h", product(o, "⊙", call("tanh", [c1])))
    model.define("L", call("sum", [product(Name("h"), "*", Name("G"))]))
    i, f, o, g = (values[letter] for letter in "ifog")
    cell = np.tanh(f * c + i * g)
    dc = G * o * (1 - cell**2)
    before = {"i": dc * g * i * (1 - i), "f": dc * c * f * (1 - f), "g": dc * i * (1 - g**2)}
    before["o"] = G * cell * o * (1 - o)
    expected = {f"W{letter}": np.outer(before[letter], x) for letter in weights}
    expected["h0"] = sum(weights[letter][1].T @ before[letter] for letter in weights)
    return model, expected | {"c0": dc * f, "c": dc}


def embedding():
    E, G = RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
    model = Model({"E": of(E), "G": of(G)})
    model.define("X", Entry(Name("E"), [[2, 0, 2]], True))
    model.define("L", call("sum", [product(Name("X"), "*", Name("G"))]))
    expected = np.zeros((4, 2))
    np.add.at(expected, [2, 0, 2], G)
    return model, {"E": expected}


def gaussian():
    S, d = RNG.normal(size=(3, 3)) + 3 * np.eye(3), RNG.normal(size=3)
    model = Model({"S": of(S), "d": of(d)})
    solved, determinant = call("solve", [Name("S"), Name("d")]), call("det", [Name("S")])
    model.define("L", product(Transpose(Name("d")), "@", solved) + call("ln", [determinant]))
    inverse = np.linalg.inv(S)
    return model, {"S": inverse.T - inverse.T @ np.outer(d, d) @ inverse.T, "d": (inverse + inverse.T) @ d}


BY_HAND = [gaussian, softmax_batch, attention_head, embedding, lstm_step]
BY_HAND += [lambda: normalised(0), lambda: normalised(1)]


@pytest.mark.parametrize("build", BY_HAND)
def test_gradients_are_those_of_the_formulas_in_numpy(build):
    model, expected = build()
    for name, gradient in expected.items():
        found = array(model[f"dL/d{name}"])
        assert found.shape == gradient.shape
        assert np.allclose(found, gradient, rtol=1e-12, atol=1e-14), name
        assert not np.allclose(found, gradient * 1.001 + 1e-3, rtol=1e-12)
