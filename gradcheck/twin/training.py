"""The training loop of the twin: updates on buffers made before, stopped at any time without harm; no
formulas.
"""

from dataclasses import dataclass
from functools import partial
from itertools import islice
from random import Random
from time import perf_counter

import numpy as np

from gradcheck.errors import GradcheckError, UnknownName, named
from gradcheck.twin.layers import ACTIVATIONS, unpacked
from gradcheck.twin.updates import RULES, moving

# --- Which samples an update takes; how they are used is not known here. Positions count from 0 to N - 1.


SETTINGS = {"in turn": {}, "random": {"seed": 0}}


def explicit(order):
    """A plain dict {"kind": "in turn"} or {"kind": "random", "seed": n}. Raises UnknownName, or
    GradcheckError.
    """
    settings = named("kind of order", SETTINGS, order.get("kind"))
    for key in order:
        if key != "kind" and key not in settings:
            raise UnknownName(f"setting of the order {order['kind']!r}", key, settings)
    if not isinstance(order.get("seed", 0), int):
        raise GradcheckError(f"seed of the order: found {order['seed']!r}, allowed is a whole number")
    return {"kind": order["kind"], **settings, **order}


def positions(order, samples, batch, passed=0):
    """The iterator over the positions, an integer array per update, of `order` (explicit) after `passed`
    updates.

    `batch` is "online", "full" or a number of samples.
    """
    size = {"online": 1, "full": max(samples, 1)}.get(batch, batch)
    if order["kind"] == "in turn" or batch == "full":
        return InTurn(samples, size, passed)
    chosen = Drawn(samples, order["seed"]) if batch == "online" else Shuffled(samples, size, order["seed"])
    for _ in islice(chosen, passed):
        pass
    return chosen


class InTurn:
    """Consecutive slices, in turn; `always_the_same` when there is only one."""

    def __init__(self, samples, size, passed):
        self.slices = [np.arange(start, min(start + size, samples)) for start in range(0, samples, size)]
        self.always_the_same = len(self.slices) == 1
        self.passed = passed

    def __iter__(self):
        return self

    def __next__(self):
        chosen = self.slices[self.passed % len(self.slices)]
        self.passed += 1
        return chosen


class Drawn:
    """One sample at random, every time from all."""

    always_the_same = False

    def __init__(self, samples, seed):
        self.generator = Random(seed)
        self.singles = np.arange(samples).reshape(samples, 1)

    def __iter__(self):
        return self

    def __next__(self):
        return self.singles[self.generator.randrange(len(self.singles))]


class Shuffled:
    """Consecutive slices of the samples, shuffled before each round."""

    always_the_same = False

    def __init__(self, samples, size, seed):
        self.generator, self.samples, self.size = Random(seed), samples, size
        self.shuffled, self.start = None, samples

    def __iter__(self):
        return self

    def __next__(self):
        if self.start >= self.samples:
            order = list(range(self.samples))
            self.generator.shuffle(order)
            self.shuffled, self.start = np.array(order), 0
        chosen = self.shuffled[self.start : self.start + self.size]
        self.start += self.size
        return chosen


# --- The arrays that a pass of the twin works on, and its steps, each bound to its arrays: nothing is made
# later.


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
        for layer, matrix, (weights, bias) in zip(
            layers, self.matrices(self.parameters), unpacked(layers, vector)
        ):
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
            self.steps += [
                partial(np.multiply, state.parameters, factors, work),
                partial(np.add, gradient, work, gradient),
            ]

    def load(self, inputs, targets, positions):
        """Take the samples at `positions`, an array of integers, from inputs (m, all) and targets (K, all)."""
        inputs.take(positions, 1, self.inputs[:-1], "clip")  # "raise" would make a copy
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
    """The buffers of one layer and the steps on them: (n, N) arrays for the products, (N, n) views for the
    functions.

    `extended`, `extended_delta`, shape (n + 1, N), hold out above a row of ones, and dE/dout, later delta,
    above a row that is not used. A layer without bias leaves the last row of what it reads aside.
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
        return [
            partial(np.dot, self.matrix, self.inputs, self.net_rows),
            partial(value, self.net, self.out, self.row),
        ]

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


# --- The training loop of the twin: updates on buffers made before, stopped at any time without harm; no
# formulas.


SECONDS_BETWEEN_REPORTS = 0.1


@dataclass
class Course:
    """What successive calls of train() hand on: parameters, how many updates were made, the rule's memory,
    the order.

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

    def place_order(self):
        """Put the order where it stands after the updates that were made."""
        self.positions = positions(self.order, self.samples, self.batch, self.made)


class Run:
    """One call of train(): the buffers, and the loop.

    `inputs` (N, m) and `targets` (N, K) are all samples; `new_pass(state, samples)` gives a Pass over so many
    of them.
    """

    def __init__(self, course, layers, inputs, targets, learning_rate, new_pass):
        self.course = course
        self.state = State(layers, course.vector, RULES[course.update["rule"]].memory_rows)
        memory = self.state.kept[1:]
        if course.memory is not None:
            np.copyto(memory, course.memory)
        course.memory = memory
        self.saved = np.stack([self.state.kept, self.state.kept])
        rates = self.state.spread(learning_rate, lambda layer: learning_rate if layer.train_bias else 0.0)
        self.rule = moving(course.update, self.state, rates)
        self.trained = self.state.collect(self.state.spread(1.0, lambda layer: layer.train_bias)) == 1.0
        self.inputs, self.targets = np.ascontiguousarray(inputs.T), np.ascontiguousarray(targets.T)
        self.new_pass, self.passes, self.whole = new_pass, {}, None

    def advance(self, count):
        """Make `count` updates. Whatever stops it early, all is left as after the last update that was
        finished.

        What an update changes is copied, to one of two places in turn, before the update counts as finished.
        """
        kept, saved, move = self.state.kept, self.saved, self.rule.move
        made, last = self.course.made, self.course.made + count
        np.copyto(saved[made % 2], kept)
        try:
            for update in range(made + 1, last + 1):
                for step in self._loaded_pass().steps:
                    step()
                move(update)
                np.copyto(saved[update % 2], kept)
                made = update
        finally:
            try:
                self._go_back(made, last)
            except KeyboardInterrupt:
                self._go_back(made, last)  # interrupted even here: the same again
                raise

    def _go_back(self, made, last):
        """To the state after `made` updates, of the buffers and of the course; harmless when already there."""
        np.copyto(self.state.kept, self.saved[made % 2])
        vector = self.state.collect(self.state.parameters)
        self.course.vector = np.where(self.trained, vector, self.course.vector)
        self.course.made = made
        if made < last:
            self.course.place_order()

    def _loaded_pass(self):
        """A Pass that holds the samples of the next update."""
        if self.whole is not None:
            return self.whole
        chosen = next(self.course.positions)
        if len(chosen) not in self.passes:
            self.passes[len(chosen)] = self.new_pass(self.state, len(chosen))
        loaded = self.passes[len(chosen)]
        loaded.load(self.inputs, self.targets, chosen)
        if self.course.positions.always_the_same:
            self.whole = loaded
        return loaded


class Pace:
    """Calls progress(made, updates) at most ten times a second, and looks at the clock once in `stride`
    updates only.

    The stride is doubled until it takes about a twentieth of a second. Without `progress` the clock is not
    looked at.
    """

    def __init__(self, progress, updates):
        self.progress, self.updates = progress, updates
        self.stride = updates if progress is None else 1
        self.looked_at, self.looked = 0, perf_counter()
        self.reported = self.looked

    def left(self, made):
        """How many updates may follow before the next call of `see`."""
        return self.looked_at + self.stride - made

    def see(self, made):
        """Take note that `made` updates are made; look at the clock if a stride is over."""
        if self.progress is None or self.left(made) > 0:
            return
        now = perf_counter()
        seconds = now - self.looked
        if seconds < SECONDS_BETWEEN_REPORTS / 2:
            self.stride *= 2
        elif seconds > SECONDS_BETWEEN_REPORTS:
            self.stride = max(1, self.stride // 2)
        self.looked_at, self.looked = made, now
        if now - self.reported >= SECONDS_BETWEEN_REPORTS:
            self.reported = now
            self.progress(made, self.updates)
