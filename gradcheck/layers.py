"""The layers of a plain dict: their shapes, and where their weights and biases lie in one flat vector; no pass is made.

The vector holds, by layer, the weights row by row (a row per neuron), then the layer's bias or biases.
"""

from dataclasses import dataclass

import numpy as np

from .activations import ACTIVATIONS
from .errors import ShapeMismatch
from .tables import named


@dataclass(frozen=True)
class Layer:
    """Shape and conventions of one layer. `bias` is None, "shared" (one number for the layer) or "own" (one each)."""

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
    """The list of Layer. Raises UnknownName for an activation, ShapeMismatch for shapes that do not fit each other."""
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
    return [{"weights": weights.copy(), "bias": plain[layer.bias](bias)}
            for layer, (weights, bias) in zip(layers, unpacked(layers, vector))]
