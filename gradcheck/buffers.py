"""The arrays that a pass of the twin works on, and its steps, each bound to its arrays: nothing is made later.

Legend: N samples, a layer of n neurons with m inputs; arrays lie on their side, (n, N), so that every operation runs
along the samples. Which samples, how often and how the parameters then move is not decided here.
"""

from functools import partial

import numpy as np

from .activations import ACTIVATIONS
from .layers import unpacked


class State:
    """Parameters, gradient, the memory of an update rule: by layer an (n, m + 1) matrix whose last column is the bias.

    A shared bias stands in every row. The matrices of a kind are views of one flat array, so that one operation reaches
    all layers: `parameters`; `gradient`; `memory`, a list of `memory_rows` arrays of zeros; `work`, space for
    intermediate results. `kept` holds what an update changes, parameters and memory, as the rows of one array.
    """

    def __init__(self, layers, vector, memory_rows=0):
        self.layers = layers
        size = sum(layer.neurons * (layer.inputs + (layer.bias is not None)) for layer in layers)
        self.kept = np.zeros((1 + memory_rows, size))
        self.parameters, *self.memory = self.kept
        self.gradient, self.work = np.empty((2, size))
        for layer, matrix, (weights, bias) in zip(layers, self.matrices(self.parameters), unpacked(layers, vector)):
            matrix[:, :layer.inputs] = weights
            if bias is not None:
                matrix[:, -1] = bias

    def matrices(self, flat):
        """The layers' matrices, (n, m + 1) or (n, m) without bias, as views of `flat`."""
        views, start = [], 0
        for layer in self.layers:
            columns = layer.inputs + (layer.bias is not None)
            views.append(flat[start:start + layer.neurons * columns].reshape(layer.neurons, columns))
            start += layer.neurons * columns
        return views

    def collect(self, flat):
        """`flat` in the order of Twin.vector (a copy)."""
        parts = []
        for layer, matrix in zip(self.layers, self.matrices(flat)):
            parts += [matrix[:, :layer.inputs].ravel(), matrix[:layer.bias_count, layer.inputs:].ravel()]
        return np.concatenate(parts)

    def spread(self, weights, bias):
        """A flat array with `weights` at every weight and bias(layer) at every bias."""
        flat = np.empty(self.parameters.size)
        for layer, matrix in zip(self.layers, self.matrices(flat)):
            matrix[:, :layer.inputs] = weights
            matrix[:, layer.inputs:] = bias(layer)
        return flat


class Pass:
    """One pass over a fixed number of samples: `steps`, to be called in turn, set state.gradient to dE_total.

    E_total is `scale` times the sum of all outputs' errors, plus l2/2 times the sum of squared weights.
    """

    def __init__(self, state, samples, output_delta, scale, l2):
        self.inputs = np.ones((state.layers[0].inputs + 1, samples))
        self.targets = np.empty((state.layers[-1].neurons, samples))
        self.steps = self._steps_of_the_sum(state, output_delta)
        gradient, work = state.gradient, state.work
        if scale != 1.0:
            self.steps += [partial(np.multiply, gradient, np.full(gradient.size, scale), gradient)]
        if l2 != 0.0:
            factors = state.spread(l2, lambda layer: 0.0)
            self.steps += [partial(np.multiply, state.parameters, factors, work),
                           partial(np.add, gradient, work, gradient)]

    def load(self, inputs, targets, positions):
        """Take the samples at `positions`, an array of integers, from inputs (m, all) and targets (K, all)."""
        inputs.take(positions, 1, self.inputs[:-1], "clip")     # "raise" would make a copy
        targets.take(positions, 1, self.targets, "clip")

    def _steps_of_the_sum(self, state, output_delta):
        parameters, gradients = state.matrices(state.parameters), state.matrices(state.gradient)
        layers, extended, extended_delta = [], self.inputs, None
        for layer, matrix, gradient in zip(state.layers, parameters, gradients):
            layers.append(_LayerPass(layer, matrix, gradient, extended, extended_delta))
            extended, extended_delta = layers[-1].extended, layers[-1].extended_delta
        forward = [step for layer in layers for step in layer.forward()]
        last = layers[-1]
        backward = [partial(output_delta, last.out, self.targets.T, *last.delta_work), *last.backward()]
        for layer in layers[-2::-1]:
            delta = ACTIVATIONS[layer.layer.activation].delta
            backward += [partial(delta, layer.delta, layer.out, *layer.delta_work), *layer.backward()]
        return forward + backward


class _LayerPass:
    """The buffers of one layer and the steps on them: (n, N) arrays for the products, (N, n) views for the functions.

    `extended`, `extended_delta`, shape (n + 1, N), hold out above a row of ones, and dE/dout, later delta, above a row
    that is not used. A layer without bias leaves the last row of what it reads aside.
    """

    def __init__(self, layer, matrix, gradient, inputs, dE_dinputs):
        rows, samples = matrix.shape[1], inputs.shape[1]
        self.layer, self.matrix, self.gradient = layer, matrix, gradient
        self.inputs = inputs[:rows]
        self.dE_dinputs = dE_dinputs[:rows] if dE_dinputs is not None else None
        self.net_rows = np.empty((layer.neurons, samples))
        self.extended, self.extended_delta = np.ones((2, layer.neurons + 1, samples))
        self.delta_rows = self.extended_delta[:-1]
        self.net, self.out, self.delta = self.net_rows.T, self.extended[:-1].T, self.delta_rows.T
        self.row = np.empty((samples, 1))
        self.delta_work = (self.delta, np.empty((layer.neurons, samples)).T, self.row)

    def forward(self):
        """net = W x + b, out = f(net)."""
        value = ACTIVATIONS[self.layer.activation].value
        return [partial(np.dot, self.matrix, self.inputs, self.net_rows), partial(value, self.net, self.out, self.row)]

    def backward(self):
        """dE/dW = delta x', and dE/dout of the layer below = W' delta, with the weights of the forward pass."""
        steps = [partial(np.dot, self.delta_rows, self.inputs.T, self.gradient)]
        if self.layer.bias == "shared":
            biases = self.gradient[:, -1]
            steps += [partial(_share_sum, biases)]
        if self.dE_dinputs is not None:
            steps += [partial(np.dot, self.matrix.T, self.delta_rows, self.dE_dinputs)]
        return steps


def _share_sum(biases):
    """One bias for all neurons: its gradient is the sum of theirs, in every row."""
    biases.fill(biases.sum())
