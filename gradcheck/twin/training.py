"""One pass of the twin over some samples, and the training loop around it, which may stop at any time."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np

from gradcheck.errors import ShapeMismatch, named
from gradcheck.twin.functions import ACTIVATIONS
from gradcheck.twin.updates import RULES, positions

SECONDS_BETWEEN_REPORTS = 0.1


# The training loop


@dataclass
class Course:
    """What successive calls of train() hand on.

    `vector` is Twin.vector; `update` and `order` are explicit dicts; `batch` is "online", "full" or a number;
    `samples` is N; `positions` gives the samples of the next update.
    """

    vector: np.ndarray
    update: dict
    order: dict
    batch: str | int
    samples: int
    made: int = 0
    memory: np.ndarray | None = None

    def __post_init__(self):
        self.place_order()

    def __getstate__(self):
        return {**self.__dict__, "positions": None}  # a generator has no copy: it is made anew

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.place_order()

    def place_order(self):
        """Put the order where it stands after the updates that were made."""
        self.positions = positions(self.order, self.samples, self.batch, self.made)


class Run:
    """One call of train(): the buffers, and the loop.

    `inputs` (N, m) and `targets` (N, K) are all samples; `new_pass(state, samples)` gives a Pass over so many
    of them; `progress(made)`, or None, is called at most ten times a second.
    """

    def __init__(self, course, layers, inputs, targets, learning_rate, new_pass, progress):
        self.course, self.progress = course, progress
        self.report_at = perf_counter() + SECONDS_BETWEEN_REPORTS
        self.state = State(layers, course.vector, RULES[course.update["rule"]].memory_rows)
        if course.memory is not None:
            np.copyto(self.state.kept[1:], course.memory)
        course.memory = self.state.kept[1:]
        self.saved = tuple(np.stack([self.state.kept, self.state.kept]))
        rates = self.state.spread(learning_rate, lambda layer: learning_rate if layer.train_bias else 0.0)
        settings = {key: value for key, value in course.update.items() if key != "rule"}
        self.rule = RULES[course.update["rule"]](self.state, rates, **settings)
        self.trained = self.state.collect(self.state.spread(1.0, lambda layer: layer.train_bias)) == 1.0
        self.inputs, self.targets = np.ascontiguousarray(inputs.T), np.ascontiguousarray(targets.T)
        self.new_pass, self.passes, self.whole = new_pass, {}, None

    def go_to(self, last):
        """Update until `last` updates are made."""
        while self.course.made < last:
            self._advance(last)
            if self._report_is_due():
                self.report_at = perf_counter() + SECONDS_BETWEEN_REPORTS
                self.progress(self.course.made)

    def _report_is_due(self):
        return self.progress is not None and perf_counter() >= self.report_at

    def _advance(self, last):
        """Update until `last` updates are made, or a report is due. Whatever stops it, all is left as after
        the last finished update.

        What an update changes is copied, to one of two places in turn, before the update counts as finished.
        """
        kept, saved, move, made = self.state.kept, self.saved, self.rule.move, self.course.made
        np.copyto(saved[made % 2], kept)
        try:
            while made < last:
                for step in self._loaded_pass().steps:
                    step()
                move(made + 1)
                np.positive(kept, saved[(made + 1) % 2])
                made += 1
                if self._report_is_due():
                    last = made
        finally:
            try:
                self._go_back(made, last)
            except KeyboardInterrupt:
                self._go_back(made, last)  # interrupted even here: the same again
                raise

    def _go_back(self, made, last):
        """Put buffers and course back to the state after `made` updates; harmless when already there."""
        np.copyto(self.state.kept, self.saved[made % 2])
        vector = self.state.collect(self.state.parameters)
        self.course.vector = np.where(self.trained, vector, self.course.vector)
        self.course.made = made
        if made < last:
            self.course.place_order()

    def _loaded_pass(self):
        if self.whole is not None:
            return self.whole
        chosen = next(self.course.positions)
        if len(chosen) not in self.passes:
            self.passes[len(chosen)] = self.new_pass(self.state, len(chosen))
        loaded = self.passes[len(chosen)]
        loaded.load(self.inputs, self.targets, chosen)
        in_turn = self.course.batch == "full" or self.course.order["kind"] == "in turn"
        if in_turn and len(chosen) == self.course.samples:
            self.whole = loaded
        return loaded


# One pass


class State:
    """Parameters, gradient, the memory of an update rule: by layer an (n, m + 1) matrix whose last column is
    the bias.

    A shared bias stands in every row. The matrices of a kind are views of one flat array, so that one
    operation reaches all layers: `parameters`; `gradient`; `memory`, a list of `memory_rows` arrays of zeros;
    `work`, space for intermediate results. `kept` holds what an update changes, parameters and memory, as the
    rows of one array.
    """

    def __init__(self, layers, vector, memory_rows=0):
        self.layers = layers
        size = sum(layer.neurons * (layer.inputs + (layer.bias is not None)) for layer in layers)
        self.kept = np.zeros((1 + memory_rows, size))
        self.parameters, *self.memory = self.kept
        self.gradient, self.work = np.empty((2, size))
        matrices = self.matrices(self.parameters)
        for layer, matrix, (weights, bias) in zip(layers, matrices, unpacked(layers, vector)):
            matrix[:, : layer.inputs] = weights
            if bias is not None:
                matrix[:, -1] = bias

    def matrices(self, flat):
        """The layers' matrices, (n, m + 1) or (n, m) without bias, as views of `flat`."""
        views, start = [], 0
        for layer in self.layers:
            columns = layer.inputs + (layer.bias is not None)
            views.append(flat[start : start + layer.neurons * columns].reshape(layer.neurons, columns))
            start += layer.neurons * columns
        return views

    def collect(self, flat):
        """`flat` in the order of Twin.vector (a copy)."""
        parts = []
        for layer, matrix in zip(self.layers, self.matrices(flat)):
            parts += [matrix[:, : layer.inputs].ravel(), matrix[: layer.bias_count, layer.inputs :].ravel()]
        return np.concatenate(parts)

    def spread(self, weights, bias):
        """A flat array with `weights` at every weight and bias(layer) at every bias."""
        flat = np.empty(self.parameters.size)
        for layer, matrix in zip(self.layers, self.matrices(flat)):
            matrix[:, : layer.inputs] = weights
            matrix[:, layer.inputs :] = bias(layer)
        return flat


class Pass:
    """A pass over a fixed number of samples: `steps`, called in turn, set state.gradient to dE_total.

    Every step is bound to the arrays that it works on. E_total is `scale` times the sum of all outputs'
    errors, plus l2/2 times the sum of squared weights.
    """

    def __init__(self, state, samples, output_delta, scale, l2):
        self.inputs = np.ones((state.layers[0].inputs + 1, samples))
        self.targets = np.empty((state.layers[-1].neurons, samples))
        self.steps, gradient, work = self._forward_and_back(state, output_delta), state.gradient, state.work
        if scale != 1.0:
            self.steps += [partial(np.multiply, gradient, scale, gradient)]
        if l2 != 0.0:
            factors = state.spread(l2, lambda layer: 0.0)
            self.steps += [partial(np.multiply, state.parameters, factors, work)]
            self.steps += [partial(np.add, gradient, work, gradient)]

    def load(self, inputs, targets, positions):
        """Take the samples at `positions`, an integer array, from inputs (m, all) and targets (K, all)."""
        inputs.take(positions, 1, self.inputs[:-1], "clip")  # "raise" would make a copy
        targets.take(positions, 1, self.targets, "clip")

    def run(self):
        """Forward through all layers, then back, last layer first."""
        for step in self.steps:
            step()

    def _forward_and_back(self, state, output_delta):
        parameters, gradients = state.matrices(state.parameters), state.matrices(state.gradient)
        layers, extended, extended_delta = [], self.inputs, None
        for layer, matrix, gradient in zip(state.layers, parameters, gradients):
            layers.append(_LayerPass(layer, matrix, gradient, extended, extended_delta))
            extended, extended_delta = layers[-1].extended, layers[-1].extended_delta
        steps = [step for layer in layers for step in layer.forward()]
        last = layers[-1]
        steps += [partial(output_delta, last.net, last.out, self.targets.T, last.delta), *last.backward()]
        for layer in layers[-2::-1]:
            delta = layer.activation.delta
            steps += [partial(delta, layer.delta, layer.net, layer.out, layer.delta), *layer.backward()]
        return steps


class _LayerPass:
    """The buffers of one layer: (n, N) arrays for the products, their (N, n) views for the functions.

    `extended`, `extended_delta`, shape (n + 1, N), hold out above a row of ones, and dE/dout, later delta,
    above a row that is not used. A layer without bias leaves the last row of what it reads aside.
    """

    def __init__(self, layer, matrix, gradient, inputs, dE_dinputs):
        rows, samples = matrix.shape[1], inputs.shape[1]
        self.activation, self.shared_bias = ACTIVATIONS[layer.activation], layer.bias == "shared"
        self.matrix, self.gradient, self.inputs = matrix, gradient, inputs[:rows]
        self.dE_dinputs = dE_dinputs[:rows] if dE_dinputs is not None else None
        self.net_rows = np.empty((layer.neurons, samples))
        self.extended, self.extended_delta = np.ones((2, layer.neurons + 1, samples))
        self.delta_rows = self.extended_delta[:-1]
        self.net, self.out, self.delta = self.net_rows.T, self.extended[:-1].T, self.delta_rows.T

    def forward(self):
        """Steps: net = W x + b, out = f(net)."""
        net = partial(self.matrix.dot, self.inputs, self.net_rows)
        return [net, partial(self.activation.value, self.net, self.out)]

    def backward(self):
        """Steps: dE/dW = delta x', and dE/dout of the layer below = W' delta, by the old weights."""
        steps = [partial(self.delta_rows.dot, self.inputs.T, self.gradient)]
        if self.shared_bias:
            steps += [partial(_share_sum, self.gradient[:, -1])]
        if self.dE_dinputs is not None:
            steps += [partial(self.matrix.T.dot, self.delta_rows, self.dE_dinputs)]
        return steps


def _share_sum(biases):
    """One bias for all neurons: its gradient is the sum of theirs, in every row."""
    biases.fill(biases.sum())


# The layers of a plain dict, and where their parameters lie in one flat vector


@dataclass(frozen=True)
class Layer:
    """Shape and conventions of a layer. `bias`: None, "shared" (one for all neurons) or "own" (one each)."""

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
    """The list of Layer. Raises UnknownName for an activation, ShapeMismatch for shapes that do not fit."""
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
