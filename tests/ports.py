"""A port of a dense network to NumPy, in any precision, as another program has it; and ports with mistakes.

It shares nothing with the package but the description it is given.
"""

from itertools import islice

import numpy as np

SLOPES = {
    "logistic": lambda net, out: out * (1 - out),
    "tanh": lambda net, out: 1 - out * out,
    "relu": lambda net, out: (net > 0).astype(net.dtype),
    "identity": lambda net, out: np.ones_like(net),
}
VALUES = {
    "logistic": lambda net: 1 / (1 + np.exp(-net)),
    "tanh": np.tanh,
    "relu": lambda net: np.maximum(net, 0),
    "identity": lambda net: net,
    "softmax": lambda net: (
        np.exp(net - net.max(1, keepdims=True))
        / np.exp(net - net.max(1, keepdims=True)).sum(1, keepdims=True)
    ),
}
MISTAKES = (
    "slope left out",
    "updated weights",
    "summed, not averaged",
    "biases not trained",
    "no correction",
)


def port(description, at, dtype=np.float64, mistake=None):
    """Name -> array of every quantity at each update of `at`: W1, b1, z1, a1, delta1, dW1, db1@update."""
    layers, rule, found = description.layers, description.update, {}
    W = [np.array(layer.weights, dtype) for layer in layers]
    b = [np.array(layer.bias, dtype) for layer in layers]
    x = np.array([sample.inputs for sample in description.samples], dtype)
    t = np.array([sample.targets for sample in description.samples], dtype)
    state, rate = [np.zeros_like(each) for each in W + b], dtype(description.learning_rate)
    squares = [np.zeros_like(each) for each in W + b]
    for update, batch in enumerate(islice(description.batches(), max(at) + 1)):
        nets, outs = [], [x[batch]]
        for layer, weights, bias in zip(layers, W, b):
            nets.append(outs[-1] @ weights.T + bias)
            outs.append(VALUES[layer.activation](nets[-1]))
        delta = outs[-1] - t[batch]
        if "cross-entropy" not in description.loss:
            delta = delta * SLOPES[layers[-1].activation](nets[-1], outs[-1])
            delta = delta * (2 if description.loss == "squared error" else 1)
        is_mean = description.samples_combine == "mean" and mistake != "summed, not averaged"
        share = dtype(len(batch) if is_mean else 1)
        dW, db = [None] * len(W), [None] * len(W)
        after = None
        for k in reversed(range(len(W))):
            if k < len(W) - 1:
                weights = after if mistake == "updated weights" else W[k + 1]
                slope = SLOPES[layers[k].activation](nets[k], outs[k + 1])
                delta = delta @ weights * (1 if mistake == "slope left out" else slope)
            dW[k], db[k] = delta.T @ outs[k] / share, delta.sum(0) / share
            after = W[k] - rate * dW[k]
            if update in at:
                found[f"delta{k + 1}@{update}"] = delta.copy()
        if update in at:
            for k in range(len(W)):
                found |= {f"{name}{k + 1}@{update}": each[k].copy() for name, each in (("W", W), ("b", b))}
                found |= {f"z{k + 1}@{update}": nets[k], f"a{k + 1}@{update}": outs[k + 1]}
                found |= {f"dW{k + 1}@{update}": dW[k], f"db{k + 1}@{update}": db[k]}
        for place, (value, gradient) in enumerate(zip(W + b, dW + db)):
            if place >= len(W) and mistake == "biases not trained":
                continue
            if rule.rule == "adam":
                beta1, beta2, epsilon = (dtype(rule.settings[name]) for name in ("beta1", "beta2", "epsilon"))
                state[place] = beta1 * state[place] + (1 - beta1) * gradient
                squares[place] = beta2 * squares[place] + (1 - beta2) * gradient**2
                step = (
                    (1, 1)
                    if mistake == "no correction"
                    else (1 - beta1 ** dtype(update + 1), 1 - beta2 ** dtype(update + 1))
                )
                value -= rate * (state[place] / step[0]) / (np.sqrt(squares[place] / step[1]) + epsilon)
            else:
                state[place] = dtype(rule.settings.get("momentum", 0)) * state[place] + gradient
                value -= rate * state[place]
    return found


def drawn_description(seed):
    """A description as a dict, with own biases and samples, that `port` can run."""
    draw = np.random.default_rng(seed)
    sizes = [*draw.integers(1, 5, size=draw.integers(2, 4)), int(draw.integers(2, 4))]
    loss, last = (
        ("half squared error", "tanh"),
        ("squared error", "identity"),
        ("binary cross-entropy", "logistic"),
        ("categorical cross-entropy", "softmax"),
    )[draw.integers(4)]
    layers = []
    for k, (inputs, neurons) in enumerate(zip(sizes, sizes[1:])):
        activation = last if k == len(sizes) - 2 else str(draw.choice(["tanh", "logistic", "relu"]))
        weights = (draw.normal(size=(neurons, inputs)) / np.sqrt(inputs)).round(3).tolist()
        bias = (0.3 * draw.normal(size=neurons)).round(3).tolist()
        layers.append({"activation": activation, "weights": weights, "bias": bias, "train_bias": True})
    samples = []
    for _ in range(int(draw.integers(1, 7))):
        targets = draw.uniform(-1, 1, size=sizes[-1]).round(2)
        if loss == "binary cross-entropy":
            targets = (targets > 0).astype(float)
        elif loss == "categorical cross-entropy":
            targets = np.eye(sizes[-1])[draw.integers(sizes[-1])]
        samples.append({"inputs": draw.normal(size=sizes[0]).round(2).tolist(), "targets": targets.tolist()})
    rule = str(draw.choice(["gradient descent", "momentum", "adam"]))
    return {
        "loss": loss,
        "learning_rate": 0.01 if rule == "adam" else 0.1,
        "layer": layers,
        "sample": samples,
        "update": {"rule": rule},
        "batch": ["full", "online", 3][draw.integers(3)],
        "samples_combine": "mean",
        "order": {"kind": "random", "seed": int(seed)},
    }
