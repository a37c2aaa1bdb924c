"""The layers of a plain dict: their shapes, and where their weights and biases lie in one flat vector; no
pass is made.

The vector holds, by layer, the weights row by row (a row per neuron), then the layer's bias or biases.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from gradcheck.errors import ShapeMismatch, named

# --- Activations on whole arrays, value and derivative, stable at |net| = 1000; leaves out losses, layers and
# networks.


FEW = 4


@dataclass(frozen=True)
class Activation:
    """`value(net, into, row)` -> out, and `delta(dE_dout, out, into, work, row)` -> dE/dnet."""

    value: Callable
    delta: Callable


def logistic(net, into=None, row=None):
    """out = 1/(1 + exp(-net))."""
    if np.iscomplexobj(net):
        negative = net.real < 0
        small = np.exp(np.where(negative, net, -net))
        return np.where(negative, small, 1.0) / (1.0 + small)
    into = np.negative(net, into)
    with np.errstate(
        over="ignore"
    ):  # exp(1000) = inf gives out = 0, which is right to every digit a float has
        np.exp(into, into)
    np.add(into, 1.0, into)
    return np.reciprocal(into, into)


def logistic_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = out (1 - out)."""
    work = np.subtract(1.0, out, work)
    np.multiply(work, out, work)
    return np.multiply(dE_dout, work, into)


def tanh(net, into=None, row=None):
    """out = tanh(net)."""
    return np.tanh(net, into)


def tanh_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1 - out**2."""
    work = np.multiply(dE_dout, out, work)
    np.multiply(work, out, work)
    return np.subtract(dE_dout, work, into)


def relu(net, into=None, row=None):
    """out = net where net > 0, else 0."""
    if np.iscomplexobj(net):
        return np.where(net.real > 0, net, 0.0)
    return np.maximum(net, 0.0, out=into)


def relu_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1 where net > 0, else 0: at net == 0 it is 0. (out > 0 exactly where net > 0.)"""
    work = np.greater(out, 0.0, out=np.empty(out.shape) if work is None else work)
    return np.multiply(dE_dout, work, into)


def identity(net, into=None, row=None):
    """out = net."""
    return np.positive(net, into)


def identity_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1."""
    return np.positive(dE_dout, into)


def softmax(net, into=None, row=None):
    """out_i = exp(net_i)/sum_j exp(net_j) over the last axis; with the largest net subtracted nothing
    overflows.
    """
    largest = across(np.maximum, net.real, row)
    into = np.subtract(net, largest, into)
    np.exp(into, into)
    total = across(np.add, into, row)
    return np.divide(into, total, into)


def softmax_delta(dE_dout, out, into=None, work=None, row=None):
    """dE/dnet_i = out_i (dE/dout_i - sum_j dE/dout_j out_j), from dout_j/dnet_i = out_j ((i == j) - out_i)."""
    work = np.multiply(dE_dout, out, work)
    row = across(np.add, work, row)
    into = np.subtract(dE_dout, row, into)
    return np.multiply(into, out, into)


def across(operation, array, row):
    """operation over the neurons of every sample, shape (N, 1); a few neurons go one by one, along the
    samples.

    (NumPy's own reduction over a short axis has a fixed cost of three or four such operations.)
    """
    neurons = array.shape[-1]
    if row is None or neurons < 2 or neurons > FEW:
        return operation.reduce(array, axis=-1, keepdims=True, out=row)
    column = row[:, 0]
    operation(array[:, 0], array[:, 1], out=column)
    for k in range(2, neurons):
        operation(column, array[:, k], out=column)
    return row


ACTIVATIONS = {
    "logistic": Activation(logistic, logistic_delta),
    "tanh": Activation(tanh, tanh_delta),
    "relu": Activation(relu, relu_delta),
    "identity": Activation(identity, identity_delta),
    "softmax": Activation(softmax, softmax_delta),
}


# --- The layers of a plain dict: their shapes, and where their weights and biases lie in one flat vector; no
# pass is made.


@dataclass(frozen=True)
class Layer:
    """Shape and conventions of one layer. `bias` is None, "shared" (one number for the layer) or "own" (one
    each).
    """

    activation: str
    neurons: int
    inputs: int
    bias: str | None
    train_bias: bool

    @property
    def weights_count(self):
        """Weights, row by row, come first among the layer's parameters."""
        return self.neurons * self.inputs

    @property
    def bias_count(self):
        """Bias parameters, after the weights: 0, 1 or one per neuron."""
        return {None: 0, "shared": 1, "own": self.neurons}[self.bias]


def layers_of(plain_layers):
    """The list of Layer. Raises UnknownName for an activation, ShapeMismatch for shapes that do not fit each
    other.
    """
    layers = []
    for i, plain in enumerate(plain_layers):
        named("activation", ACTIVATIONS, plain["activation"])
        neurons, inputs = np.array(plain["weights"], dtype=np.float64).shape
        if i > 0 and inputs != layers[-1].neurons:
            raise ShapeMismatch(f"weights of layer {i + 1}", (neurons, layers[-1].neurons), (neurons, inputs))
        bias = plain.get("bias")
        kind = None if bias is None else "shared" if np.ndim(bias) == 0 else "own"
        if kind == "own" and len(bias) != neurons:
            raise ShapeMismatch(f"bias of layer {i + 1}", (neurons,), (len(bias),))
        layers.append(Layer(plain["activation"], neurons, inputs, kind, plain.get("train_bias", True)))
    return layers


def vector_of(plain_layers):
    """The numbers of all layers as one flat vector."""
    parts = []
    for plain in plain_layers:
        parts.append(np.array(plain["weights"], dtype=np.float64).ravel())
        if plain.get("bias") is not None:
            parts.append(np.atleast_1d(np.array(plain["bias"], dtype=np.float64)))
    return np.concatenate(parts)


def unpacked(layers, vector):
    """[(weights (n, m), bias (1,) or (n,) or None)] by layer, as views of `vector`."""
    parts, start = [], 0
    for layer in layers:
        middle = start + layer.weights_count
        stop = middle + layer.bias_count
        weights = vector[start:middle].reshape(layer.neurons, layer.inputs)
        parts.append((weights, vector[middle:stop] if layer.bias is not None else None))
        start = stop
    return parts


def by_layer(layers, vector):
    """[{"weights": (n, m), "bias": None, float (shared) or (n,)}] by layer, as fresh arrays."""
    plain = {None: lambda bias: None, "shared": lambda bias: float(bias[0]), "own": lambda bias: bias.copy()}
    return [
        {"weights": weights.copy(), "bias": plain[layer.bias](bias)}
        for layer, (weights, bias) in zip(layers, unpacked(layers, vector))
    ]
