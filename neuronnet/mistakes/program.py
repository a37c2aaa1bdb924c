"""The steps of a pass and of an update, one small formula each, and the names of all numbers they leave.

What a step may look at are the attributes of the sample at hand: `inputs[layer][i]`, `nets[layer][j]`,
`outs[layer][j]`, `targets[j]`, then `dE_douts`, `slopes` and `deltas` of the layers done so far; and of the
network: `weights[layer][j][i]`, `biases[layer]`, `rate`, `l2`.
"""

from functools import lru_cache
from types import SimpleNamespace

from neuronnet.description.description import LayerDescription
from neuronnet.elementary import sqrt
from neuronnet.names import Names, after, in_sample, partial_name


class Steps:
    """The steps. `row` has the names of the sample's numbers, `save(name, value)` the value to go on with."""

    # Forward

    def net(self, layer, j):
        net = 0
        for weight, value in zip(self.weights[layer][j], self.inputs[layer]):
            net += weight * value
        bias = self.bias(layer, j)
        return net if bias is None else net + bias

    def bias(self, layer, j):
        biases = self.biases[layer]
        return None if biases is None else biases[0 if self.shared_bias[layer] else j]

    def out(self, layer, j):
        activation = self.activations[layer]
        if activation.whole_layer:
            return activation.share(self.nets[layer], j)
        return activation.value(self.nets[layer][j])

    def error(self, j):
        if self.from_nets:
            return self.loss.value_from_nets(self.targets[j], self.nets[-1], j, self.activations[-1])
        return self.loss.value(self.targets[j], self.outs[-1][j])

    def sample_total(self):
        return sum(self.errors) / self.error_outputs

    def combined_error(self, totals):
        return sum(totals) / len(totals) if self.error_averaged else sum(totals)

    def l2_error(self, count):
        """l2/2 times the sum of the squared weights, for `count` samples."""
        return self.l2_share(
            self.l2 * sum(weight * weight for layer in self.weights for row in layer for weight in row) / 2,
            count,
        )

    def l2_share(self, term, count):
        return self.description.l2_share(term, count)

    # Backward

    def dE_dout(self, layer, j):
        out, outs = self.outs[layer][j], self.outs[layer]
        rest = self.activations[layer].rest(None, outs, j) if self.softmax else 1 - out
        return self.shared(self.loss.slope(self.targets[j], out, rest))

    def shared(self, slope):
        """The slope of one output's error as part of the slope of E_total."""
        return slope / self.gradient_outputs

    def slope(self, layer, j):
        return self.activations[layer].derivative(self.nets[layer][j], self.outs[layer][j])

    def jacobian(self, k, j):
        """dout_k/dnet_j of a softmax."""
        return self.activations[-1].jacobian(self.outs[-1], k, j)

    def delta(self, layer, j):
        if layer == self.last and self.cancels:
            return self.shared(self.cancelled(j))
        if self.activations[layer].whole_layer:
            return sum(
                self.dE_douts[layer][k] * self.save(self.row.jacobian[k][j], self.jacobian(k, j))
                for k in range(self.sizes[layer])
            )
        return self.dE_douts[layer][j] * self.slopes[layer][j]

    def cancelled(self, j):
        """What is left of dE/dout * dout/dnet where the slopes of loss and activation cancel."""
        out, total = self.outs[-1][j], sum(self.targets) if self.softmax else 1
        if self.targets[j] == total == 1:
            return -self.activations[-1].rest(self.nets[-1], self.outs[-1], j)
        return (out * total if self.softmax else out) - self.targets[j]

    def passed_back(self, layer, j):
        """dE_total/dout of a hidden neuron: the paths to the layer after it, added up."""
        return sum(self.paths(layer, j))

    def paths(self, layer, j):
        """What comes back to a hidden neuron from each neuron of the layer after it."""
        row, after = self.row, layer + 1
        if after < self.last or self.cancels or self.softmax or self.gradient_outputs != 1:
            return [self.upstream(after, k) * self.weight_back(after, k, j) for k in range(self.sizes[after])]
        found = []
        for k in range(self.sizes[after]):
            dE_dnet = self.save(row.dE_dnet[k], self.upstream(after, k))
            dnet_dout = self.save(row.dnet_dout[k][j], self.weight_back(after, k, j))
            found.append(self.save(row.path[k][j], dE_dnet * dnet_dout))
        return found

    def upstream(self, layer, k):
        return self.deltas[layer][k]

    def weight_back(self, layer, k, j):
        """The weight from neuron j of the layer before to neuron k of this one, on the way back."""
        return self.weights[layer][k][j]

    def weight_gradient(self, layer, j, i):
        """dE/dw in one sample, without L2."""
        return self.deltas[layer][j] * self.save(self.row.dnet_dw[layer][j][i], self.dnet_dw(layer, j, i))

    def dnet_dw(self, layer, j, i):
        return self.inputs[layer][i]

    def bias_gradient(self, layer, b):
        """dE/db in one sample, of the b-th bias of the layer: a shared one gets the deltas of all neurons."""
        return sum(self.deltas[layer]) if self.shared_bias[layer] else self.deltas[layer][b]

    def combined(self, terms):
        return sum(terms) / len(terms) if self.gradient_averaged else sum(terms)

    def total_weight_gradient(self, layer, j, i, terms):
        """dE_total/dw of a batch, from the gradients in its samples."""
        gradient = self.combined(terms)
        return (
            gradient + self.l2_gradient(self.decayed(layer, j, i), len(terms)) if self.l2 != 0 else gradient
        )

    def decayed(self, layer, j, i):
        """The weight whose L2 term has its slope in the gradient of a weight."""
        return self.weights[layer][j][i]

    def l2_gradient(self, weight, count):
        return self.l2_share(self.l2 * weight, count)

    def total_bias_gradient(self, layer, b, terms):
        """dE_total/db of a batch, from the gradients in its samples."""
        return self.combined(terms)

    # Update

    def moved_weight(self, layer, j, i):
        weight = self.weights[layer][j][i]
        return self.moved((layer, j, i), weight, self.weight_gradients[layer][j][i])

    def moved_bias(self, layer, b):
        return self.moved((layer, b), self.biases[layer][b], self.bias_gradients[layer][b])

    def moved(self, place, value, gradient):
        """The next value of the parameter at a place: (layer, j, i) of a weight, (layer, b) of a bias."""
        if self.rule == "gradient descent":
            return value - self.rate * gradient
        step = self.rate * self.direction(place, gradient)
        if self.rule == "adamw" and len(place) == 3:
            value = value - self.rate * self.settings["weight_decay"] * value
        return value - step

    def direction(self, place, gradient):
        """What the learning rate multiplies in the update rules that remember earlier gradients."""
        step, self.state[place] = DIRECTIONS[self.rule](
            gradient, self.state.get(place, (0, 0, 0)), self.settings
        )
        return step


# What an update rule goes along, and what it remembers of a parameter, from the gradient, what it remembered
# of it before, and its settings.


def _momentum(gradient, remembered, settings):
    m, v, t = remembered
    v = settings["momentum"] * v + gradient
    return v, (m, v, t)


def _nesterov(gradient, remembered, settings):
    v, remembered = _momentum(gradient, remembered, settings)
    return gradient + settings["momentum"] * v, remembered


def _rmsprop(gradient, remembered, settings):
    m, v, t = remembered
    beta = settings["beta"]
    v = beta * v + (1 - beta) * (gradient * gradient)
    return gradient / (sqrt(v) + settings["epsilon"]), (m, v, t)


def _adam(gradient, remembered, settings):
    m, v, t = remembered
    beta1, beta2 = settings["beta1"], settings["beta2"]
    m, v, t = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * (gradient * gradient), t + 1
    return m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + settings["epsilon"]), (m, v, t)


DIRECTIONS = {
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
}


def program_names(description):
    """The ProgramNames of a checked description; the same object for descriptions of the same shape."""
    shape = tuple(
        (layer.neurons, layer.inputs, layer.bias_kind, layer.train_bias) for layer in description.layers
    )
    return _built(shape, tuple(description.renames.items()), len(description.samples))


@lru_cache(maxsize=256)
def _built(shape, renames, samples):
    return ProgramNames(shape, dict(renames), samples)


class ProgramNames:
    """The names for one shape of network. `count`: the updates made before, None for a pass without names."""

    def __init__(self, shape, renames, samples):
        biases = {"none": None, "shared": 0.0}
        self.names = Names(
            [
                LayerDescription("", ((0.0,) * inputs,) * neurons, biases.get(kind, (0.0,) * neurons))
                for neurons, inputs, kind, _ in shape
            ],
            renames,
        )
        self.trained = [trained for *_, trained in shape]
        self.bias_names = [None if each is None else list(dict.fromkeys(each)) for each in self.names.biases]
        self.samples = samples
        self.rows = lru_cache(maxsize=64)(self._rows)
        self.parameters = lru_cache(maxsize=64)(self._parameters)
        self.totals = lru_cache(maxsize=64)(self._totals)
        self.gradients = lru_cache(maxsize=2)(self._gradients)

    def _rows(self, count):
        numbers = [None] if self.samples == 1 else range(1, self.samples + 1)
        return [self._row(number, count) for number in numbers]

    def _row(self, sample, count):
        """The names of a sample's forward pass and, before any update, of its backward pass."""
        error, layers, weights = in_sample(self.names.error, sample), self.names.layers, self.names.weights

        def of(kind, neurons):
            return [in_sample(self.names.of(kind, each), sample) for each in neurons]

        def now(names):
            return [None if count is None else after(name, count) for name in names]

        def partial(numerator, denominator):
            return partial_name(numerator, denominator) if count == 0 else None

        def gradients(names):
            return [None if sample is None else partial(error, name) for name in names]

        nets, outs = ([of(kind, layer) for layer in layers] for kind in ("net", "out"))
        errors, before = of("E", layers[-1]), outs[-2] if len(outs) > 1 else []
        return SimpleNamespace(
            net=list(map(now, nets)),
            out=list(map(now, outs)),
            E=now(errors),
            total=None if sample is None else now([error])[0],
            delta=[of("delta", layer) if count == 0 else [None] * len(layer) for layer in layers],
            dE_dout=[[partial(error, out) for out in layer] for layer in outs],
            slope=[list(map(partial, *layer)) for layer in zip(outs, nets)],
            jacobian=[[partial(out, net) for net in nets[-1]] for out in outs[-1]],
            dnet_dw=[
                [[partial(net, weight) for weight in row] for net, row in zip(*layer)]
                for layer in zip(nets, weights)
            ],
            dE_dw=[list(map(gradients, layer)) for layer in weights],
            dE_db=[None if layer is None else gradients(layer) for layer in self.bias_names],
            dE_dnet=list(map(partial, errors, nets[-1])),
            dnet_dout=[[partial(net, out) for out in before] for net in nets[-1]],
            path=[[partial(each, out) for out in before] for each in errors],
        )

    def _parameters(self, count):
        """(weights, biases) after `count` updates; a frozen bias has no name then."""
        weights = [
            [[None if count is None else after(name, count) for name in row] for row in layer]
            for layer in self.names.weights
        ]
        biases = [
            layer and [after(name, count) if trained and count is not None else None for name in layer]
            for layer, trained in zip(self.bias_names, self.trained)
        ]
        return weights, biases

    def _totals(self, count):
        if count is None:
            return None, None
        return after(self.names.error, count), after(self.names.error_l2, count)

    def _gradients(self, named):
        """(weights, biases): the gradients of all samples together, None where not `named`."""

        def of(name):
            return partial_name(self.names.error, name) if named else None

        return (
            [[[of(name) for name in row] for row in layer] for layer in self.names.weights],
            [None if layer is None else [of(name) for name in layer] for layer in self.bias_names],
        )
