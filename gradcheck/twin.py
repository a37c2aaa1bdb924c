"""A vectorised network of the same plain dict as the neuron objects, written on its own: no mistake is shared.

It leaves out reading and validating files, names of weights, and stepping. Legend: N samples, a layer of n neurons with
m inputs. Data go in and out as (N, m) and (N, n); inside, arrays lie on their side, (n, N), so that every operation
runs along the samples. The bias is one more column of the weights, met by a row of ones under the inputs:

    net = W x + b            dE/dW = delta x'            dE/db = sum of delta over the samples
    out = f(net)             delta = f'(net) dE/dout     dE/dx = W' delta

E_total = sum (or mean) over the samples of the sum (or mean) over the outputs of their errors
          + l2/2 * sum of squared weights, never biases (divided by N when l2_scale is "per sample").
"""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from . import losses
from .activations import ACTIVATIONS
from .buffers import Pass, State
from .errors import GradcheckError, NotRealNumbers, ShapeMismatch, UnknownName
from .tables import named

DEFAULTS = {"title": "", "outputs": "sum", "samples_combine": "sum", "learning_rate": None, "l2": 0.0,
            "l2_scale": "as is", "batch": "full", "sample": []}
ALLOWED = {"outputs": ("sum", "mean"), "samples_combine": ("sum", "mean"), "l2_scale": ("as is", "per sample"),
           "loss": tuple(losses.LOSSES)}


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


class Twin:
    """The network of a plain dict (validated and normalised), with its parameters as one flat vector.

    Attributes: `layers` (list of Layer), `vector` (all parameters: by layer, weights row by row, then its bias or
    biases), `inputs` (N, m) and `targets` (N, K) of the dict's samples. Raises GradcheckError for an unknown name or
    shapes that do not fit.
    """

    def __init__(self, network):
        self._network = {**DEFAULTS, **deepcopy(dict(network))}
        for key, allowed in ALLOWED.items():
            if self._network[key] not in allowed:
                raise UnknownName(key, self._network[key], allowed)
        self.layers = _layers(self._network["layer"])
        self.vector = _initial_vector(self._network["layer"])
        self._loss = self._network["loss"]
        self._l2 = float(self._network["l2"])
        samples = self._network["sample"]
        self.inputs = self._checked("inputs", [sample["inputs"] for sample in samples], self.layers[0].inputs)
        self.targets = self._checked_targets([sample["targets"] for sample in samples], len(samples))

    # Values

    def forward(self, inputs):
        """Outputs, shape (N, K), for inputs of shape (N, m) (or one sample, shape (m,))."""
        return self._pass_forward(self.vector, self._own_or("inputs", inputs))[1]

    def loss(self, inputs=None, targets=None):
        """E_total as a float; of the dict's own samples when nothing is given."""
        return float(self.loss_at(self.vector, inputs, targets))

    def loss_at(self, vector, inputs=None, targets=None):
        """E_total at other parameters: `vector` is flat as `self.vector`, float or complex, and so is the result."""
        vector = np.asarray(vector)
        if vector.shape != self.vector.shape:
            raise ShapeMismatch("vector", self.vector.shape, vector.shape)
        inputs, targets = self._samples(inputs, targets)
        net, out = self._pass_forward(vector, inputs)
        errors = losses.errors(self.layers[-1].activation, self._loss, net, out, targets)
        weights = sum(np.sum(weights ** 2) for weights, _ in self._unpacked(vector))
        return np.sum(errors) * self._error_scale(len(inputs)) + 0.5 * self._l2_of(len(inputs)) * weights

    def _pass_forward(self, vector, inputs):
        """(net, out) of the last layer, with new arrays at every step."""
        out = inputs
        for layer, (weights, bias) in zip(self.layers, self._unpacked(vector)):
            net = out @ weights.T
            if bias is not None:
                net = net + bias
            out = ACTIVATIONS[layer.activation].value(net)
        return net, out

    # Gradients

    def gradients(self, inputs=None, targets=None):
        """dE_total by layer: list of {"weights": (n, m) array, "bias": None, float (shared) or (n,) array}.

        A frozen bias has its gradient too; training does not use it. A shared bias gets the sum of the deltas.
        """
        return self._by_layer(self.gradient_vector(inputs, targets))

    def gradient_vector(self, inputs=None, targets=None):
        """dE_total with respect to every entry of `vector`, flat."""
        inputs, targets = self._samples(inputs, targets)
        state = State(self.layers, self.vector)
        batch = Pass(self, state, len(inputs), self._output_delta(targets))
        batch.load(inputs, targets)
        for step in batch.gradient_steps:
            step()
        l2_part = np.concatenate([part for weights, bias in self._unpacked(self.vector)
                                  for part in (weights.ravel(), np.zeros(0 if bias is None else bias.size))])
        return state.collect(state.gradient) * self._error_scale(len(inputs)) + self._l2_of(len(inputs)) * l2_part

    @property
    def parameters(self):
        """The current weights in the structure of `gradients` (fresh arrays)."""
        return self._by_layer(self.vector)

    # Training

    def train(self, updates, learning_rate=None, every=None):
        """Gradient descent on the dict's samples: all gradients first, then all parameters move at once.

        Online, update n uses sample (n - 1) mod N as if it were the only one (N = 1); mini-batches are consecutive
        slices, the last may be shorter. Returns a list of {"update": n, "E_total": over all samples, "accuracy"} for
        update 0, each `every`-th, and the last (see `accuracy`). Raises GradcheckError without samples or rate.
        """
        learning_rate = self._network["learning_rate"] if learning_rate is None else learning_rate
        if learning_rate is None:
            raise GradcheckError("learning_rate: found none; give it in the network or to train()")
        if updates < 0 or (every is not None and every < 1):
            raise GradcheckError(f"train: expected updates >= 0 and every >= 1, found {updates} and {every}")
        state = State(self.layers, self.vector)
        batches = self._batches(state, float(learning_rate))
        history = [self._record(0)]
        next_record = updates if every is None else every
        for update in range(1, updates + 1):
            batch, inputs, targets = batches[(update - 1) % len(batches)]
            if len(batches) > 1:
                batch.load(inputs, targets)
            for step in batch.gradient_steps:
                step()
            for step in batch.update_steps:
                step()
            if update == next_record or update == updates:
                self.vector = state.collect(state.parameters)
                history.append(self._record(update))
                next_record += updates if every is None else every
        return history

    def accuracy(self, inputs=None, targets=None):
        """Fraction of samples classified rightly: largest output for one-hot targets, out > 0.5 for one target 0 or 1.

        None for other targets.
        """
        inputs, targets = self._samples(inputs, targets)
        if not np.all((targets == 0.0) | (targets == 1.0)) or self._loss == "output":
            return None
        out = self.forward(inputs)
        if targets.shape[1] == 1:
            return float(np.mean((out > 0.5) == (targets == 1.0)))
        if np.any(np.sum(targets, axis=1) != 1.0):
            return None
        return float(np.mean(np.argmax(out, axis=1) == np.argmax(targets, axis=1)))

    def to_dict(self):
        """The plain dict with the current weights, every key explicit."""
        network = deepcopy(self._network)
        for plain, layer, current in zip(network["layer"], self.layers, self.parameters):
            plain["weights"] = current["weights"].tolist()
            plain["bias"] = current["bias"].tolist() if layer.bias == "own" else current["bias"]
            plain["train_bias"] = layer.train_bias
        return network

    # Helpers

    def _record(self, update):
        return {"update": update, "E_total": self.loss(), "accuracy": self.accuracy()}

    def _batches(self, state, learning_rate):
        """[(pass, inputs, targets)] of one round through the samples; batches of one size share their buffers."""
        if len(self.inputs) == 0:
            raise GradcheckError("train: the network has no samples; give [[sample]] entries")
        size = {"online": 1, "full": len(self.inputs)}.get(self._network["batch"], self._network["batch"])
        output_delta = self._output_delta(self.targets)
        passes, batches = {}, []
        for start in range(0, len(self.inputs), int(size)):
            inputs, targets = self.inputs[start:start + int(size)], self.targets[start:start + int(size)]
            samples = len(inputs)
            if samples not in passes:
                passes[samples] = Pass(self, state, samples, output_delta, learning_rate)
                passes[samples].load(inputs, targets)
            batches.append((passes[samples], inputs, targets))
        return batches

    def _output_delta(self, targets):
        return losses.output_delta(self.layers[-1].activation, self._loss, targets)

    def _error_scale(self, samples):
        """What the sum of all outputs' errors is multiplied by."""
        scale = 1.0 / self.layers[-1].neurons if self._network["outputs"] == "mean" else 1.0
        return scale / samples if self._network["samples_combine"] == "mean" else scale

    def _l2_of(self, samples):
        return self._l2 / samples if self._network["l2_scale"] == "per sample" else self._l2

    def _unpacked(self, vector):
        """[(weights (n, m), bias (1,) or (n,) or None)] by layer, as views of `vector`."""
        parts, start = [], 0
        for layer in self.layers:
            middle = start + layer.weights_count
            stop = middle + layer.bias_count
            weights = vector[start:middle].reshape(layer.neurons, layer.inputs)
            parts.append((weights, vector[middle:stop] if layer.bias is not None else None))
            start = stop
        return parts

    def _by_layer(self, vector):
        plain = {None: lambda bias: None, "shared": lambda bias: float(bias[0]), "own": lambda bias: bias.copy()}
        return [{"weights": weights.copy(), "bias": plain[layer.bias](bias)}
                for layer, (weights, bias) in zip(self.layers, self._unpacked(vector))]

    def _samples(self, inputs, targets):
        inputs = self._own_or("inputs", inputs)
        targets = self.targets if targets is None else self._checked_targets(targets, len(inputs))
        if len(targets) != len(inputs):
            raise ShapeMismatch("targets", (len(inputs), self.layers[-1].neurons), targets.shape)
        if len(inputs) == 0:
            raise GradcheckError("samples: found none; give inputs and targets")
        return inputs, targets

    def _own_or(self, name, inputs):
        return self.inputs if inputs is None else self._checked(name, inputs, self.layers[0].inputs)

    def _checked_targets(self, targets, samples):
        """Targets (N, K); the loss "output" needs none, zeros stand in."""
        if self._loss == "output" and np.size(targets) == 0:
            return np.zeros((samples, self.layers[-1].neurons))
        return self._checked("targets", targets, self.layers[-1].neurons)

    @staticmethod
    def _checked(name, rows, columns):
        try:
            array = np.array(rows, dtype=np.float64)
        except (TypeError, ValueError):
            raise NotRealNumbers(name, repr(rows)[:80], f"give a row of {columns} numbers per sample") from None
        array = array.reshape(-1, columns) if array.size == 0 or array.ndim == 1 and array.size == columns else array
        if array.ndim != 2 or array.shape[1] != columns:
            raise ShapeMismatch(name, ("N", columns), array.shape)
        return array


def _layers(plain_layers):
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


def _initial_vector(plain_layers):
    parts = []
    for plain in plain_layers:
        parts.append(np.array(plain["weights"], dtype=np.float64).ravel())
        if plain.get("bias") is not None:
            parts.append(np.atleast_1d(np.array(plain["bias"], dtype=np.float64)))
    return np.concatenate(parts)
