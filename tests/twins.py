"""Networks to try the twin on, and the complex step through a twin, with the rounding that may lie between
that and its gradients."""

from copy import deepcopy

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from gradcheck.twin import Twin

EPS = np.finfo(float).eps
H = 1e-100

# With so large an epsilon, Adam's step does not magnify the rounding of a gradient that is nearly zero.
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1.0}
UPDATES = [
    {"rule": "gradient descent"},
    {"rule": "momentum", "momentum": 0.9},
    {"rule": "nesterov", "momentum": 0.8},
    {"rule": "adam", **ADAM},
    {"rule": "adamw", **ADAM, "weight_decay": 0.1},
    {"rule": "rmsprop", "beta": 0.9, "epsilon": 1.0},
]

WORKED_EXAMPLE = {
    "title": "two inputs, two hidden neurons, two outputs",
    "loss": "half squared error",
    "outputs": "sum",
    "samples_combine": "sum",
    "learning_rate": 0.5,
    "l2": 0.0,
    "l2_scale": "as is",
    "batch": "online",
    "update": {"rule": "gradient descent"},
    "order": {"kind": "in turn"},
    "layer": [
        {
            "activation": "logistic",
            "weights": [[0.15, 0.20], [0.25, 0.30]],
            "bias": 0.35,
            "train_bias": False,
        },
        {
            "activation": "logistic",
            "weights": [[0.40, 0.45], [0.50, 0.55]],
            "bias": 0.60,
            "train_bias": False,
        },
    ],
    "sample": [{"inputs": [0.05, 0.10], "targets": [0.01, 0.99]}],
}


def worked_example(**changes):
    return {**deepcopy(WORKED_EXAMPLE), **changes}


def moons():
    """200 points of two half moons and a 2-3-2 network, tanh and softmax."""
    rng = np.random.default_rng(0)
    t = np.linspace(0.0, np.pi, 100)
    inputs = np.vstack([np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(t), 0.5 - np.sin(t)]])
    inputs += 0.2 * rng.normal(size=inputs.shape)
    targets = np.repeat(np.eye(2), 100, axis=0)
    return {
        "loss": "categorical cross-entropy",
        "learning_rate": 0.01,
        "l2": 0.01,
        "layer": [
            {"activation": "tanh", "weights": rng.normal(size=(3, 2)).tolist(), "bias": [0.0] * 3},
            {"activation": "softmax", "weights": rng.normal(size=(2, 3)).tolist(), "bias": [0.0] * 2},
        ],
        "sample": [{"inputs": x.tolist(), "targets": t.tolist()} for x, t in zip(inputs, targets)],
    }


@st.composite
def networks(draw):
    """A network with generic numbers: structure and conventions are drawn, the numbers come from a drawn
    seed.
    """
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    inputs, layers, samples = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    loss = draw(
        st.sampled_from(
            [
                "half squared error",
                "squared error",
                "binary cross-entropy",
                "categorical cross-entropy",
                "output",
            ]
        )
    )
    network = {
        "loss": loss,
        "outputs": draw(st.sampled_from(["sum", "mean"])),
        "samples_combine": draw(st.sampled_from(["sum", "mean"])),
        "l2": draw(st.sampled_from([0.0, 0.3])),
        "l2_scale": draw(st.sampled_from(["as is", "per sample"])),
        "learning_rate": 0.001,
        "batch": draw(st.sampled_from(["online", "full", 1, 2, 3])),
        "layer": [],
        "sample": [],
        "update": draw(st.sampled_from(UPDATES)),
        "order": draw(st.sampled_from([{"kind": "in turn"}, {"kind": "random", "seed": 7}])),
    }
    width = inputs
    for i in range(layers):
        activations = (
            ["logistic", "softmax"]
            if i == layers - 1 and "cross-entropy" in loss
            else ["logistic", "tanh", "relu", "identity", "softmax"]
        )
        neurons = draw(st.integers(1, 6))
        bias = draw(st.sampled_from(["none", "shared", "own"]))
        network["layer"].append(
            {
                "activation": draw(st.sampled_from(activations)),
                "weights": rng.normal(size=(neurons, width)).tolist(),
                "bias": {"none": None, "shared": rng.normal(), "own": rng.normal(size=neurons).tolist()}[
                    bias
                ],
                "train_bias": draw(st.booleans()),
            }
        )
        width = neurons
    kind = draw(st.sampled_from(["one-hot", "soft"]))
    for _ in range(samples):
        targets = (
            np.eye(width)[rng.integers(width)] if kind == "one-hot" else rng.uniform(0.1, 0.9, size=width)
        )
        network["sample"].append({"inputs": rng.normal(size=inputs).tolist(), "targets": targets.tolist()})
    assume(certainty(Twin(network)) < 1.0)
    return network


def certainty(twin):
    """The largest output where ln(1 - out) is taken of a softmax: E loses digits as 1 - out does, until it
    is infinite.
    """
    if (twin.layers[-1].activation, twin.to_dict()["loss"]) == ("softmax", "binary cross-entropy"):
        return twin.forward(twin.inputs).max()
    return 0.0


def complex_step_gradient(twin, inputs=None, targets=None):
    result = np.empty(twin.vector.size)
    for i in range(result.size):
        moved = twin.vector.astype(complex)
        moved[i] += 1j * H
        result[i] = twin.loss_at(moved, inputs, targets).imag / H
    return result


def rounding_of_gradient(twin):
    """Operations that meet in one entry (every weight of every sample, forward and back, some ten each),
    times eps, times the largest of the samples' own gradients that are summed, over the digits that 1 - out
    has lost."""
    one_by_one = sum(
        np.abs(twin.gradient_vector(twin.inputs[i : i + 1], twin.targets[i : i + 1]))
        for i in range(len(twin.inputs))
    )
    return (
        10 * twin.vector.size * len(twin.inputs) * EPS * max(1.0, one_by_one.max()) / (1.0 - certainty(twin))
    )
