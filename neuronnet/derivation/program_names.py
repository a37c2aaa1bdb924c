"""The names of every number that a plain program of a pass computes, as tables it can index; nothing is computed here.

A table is built once for all networks of the same shape. A number that has no name in a derivation has None in its place.
"""

from functools import lru_cache
from types import SimpleNamespace

from neuronnet.derivation.bias_kinds import bias_kind
from neuronnet.names import Names, after, in_sample, partial_name


def program_names(description):
    """The ProgramNames of a checked description; the same object for descriptions of the same shape."""
    shape = tuple((len(layer["weights"]), len(layer["weights"][0]), bias_kind(layer), layer["train_bias"])
                  for layer in description["layer"])
    return _built(shape, tuple(description["names"].items()), len(description["sample"]))


@lru_cache(maxsize=256)
def _built(shape, renames, samples):
    return ProgramNames(shape, dict(renames), samples)


class ProgramNames:
    """The tables of one shape of network. `count` is the number of updates made before, None for a pass without names."""

    def __init__(self, shape, renames, samples):
        biases = {"none": None, "shared": 0.0}
        self.names = Names([{"weights": [[0.0] * inputs] * neurons, "bias": biases.get(kind, [0.0] * neurons)}
                            for neurons, inputs, kind, _ in shape], renames)
        self.trained = [trained for *_, trained in shape]
        self.bias_names = [None if each is None else list(dict.fromkeys(each)) for each in self.names.biases]
        self.samples = samples
        self.rows = lru_cache(maxsize=64)(self._rows)
        self.parameters = lru_cache(maxsize=64)(self._parameters)
        self.totals = lru_cache(maxsize=64)(self._totals)
        self.gradients = lru_cache(maxsize=2)(self._gradients)

    def _rows(self, count):
        """For every sample: its net, out, E, total and, of the pass before any update, what the backward pass names."""
        numbers = [None] if self.samples == 1 else range(1, self.samples + 1)
        return [SimpleNamespace(**self._forward(number, count), **self._backward(number, count)) for number in numbers]

    def _forward(self, sample, count):
        def of(kind, neurons):
            return [None if count is None else after(in_sample(self.names.of(kind, each), sample), count)
                    for each in neurons]
        layers = self.names.layers
        total = None if count is None or sample is None else after(in_sample(self.names.error, sample), count)
        return {"net": [of("net", each) for each in layers], "out": [of("out", each) for each in layers],
                "E": of("E", layers[-1]), "total": total}

    def _backward(self, sample, count):
        def partial(numerator, denominator):
            return partial_name(numerator, denominator) if count == 0 else None
        def of(kind, neurons):
            return [in_sample(self.names.of(kind, each), sample) for each in neurons]
        def gradient(name):
            return None if sample is None else partial(error, name)
        error = in_sample(self.names.error, sample)
        nets, outs = ([of(kind, layer) for layer in self.names.layers] for kind in ("net", "out"))
        errors, weights = of("E", self.names.layers[-1]), self.names.weights
        before = outs[-2] if len(outs) > 1 else []
        return {
            "delta": [of("delta", layer) if count == 0 else [None] * len(layer) for layer in self.names.layers],
            "dE_dout": [[partial(error, out) for out in layer] for layer in outs],
            "slope": [[partial(out, net) for out, net in zip(*layer)] for layer in zip(outs, nets)],
            "jacobian": [[partial(out, net) for net in nets[-1]] for out in outs[-1]],
            "dnet_dw": [[[partial(net, weight) for weight in row] for net, row in zip(*layer)]
                        for layer in zip(nets, weights)],
            "dE_dw": [[[gradient(weight) for weight in row] for row in layer] for layer in weights],
            "dE_db": [None if layer is None else [gradient(bias) for bias in layer] for layer in self.bias_names],
            "dE_dnet": [partial(each, net) for each, net in zip(errors, nets[-1])],
            "dnet_dout": [[partial(net, out) for out in before] for net in nets[-1]],
            "path": [[partial(each, out) for out in before] for each in errors],
        }

    def _parameters(self, count):
        """(weights, biases) after `count` updates; a frozen bias has no name then."""
        weights = [[[None if count is None else after(name, count) for name in row] for row in layer]
                   for layer in self.names.weights]
        biases = [None if layer is None else
                  [after(name, count) if trained and count is not None else None for name in layer]
                  for layer, trained in zip(self.bias_names, self.trained)]
        return weights, biases

    def _totals(self, count):
        """(E_total, E_l2) of all samples together."""
        if count is None:
            return None, None
        return after(self.names.error, count), after(self.names.error_l2, count)

    def _gradients(self, named):
        """(weights, biases): the gradients of all samples together, None where not `named`."""
        def of(name):
            return partial_name(self.names.error, name) if named else None
        return ([[[of(name) for name in row] for row in layer] for layer in self.names.weights],
                [None if layer is None else [of(name) for name in layer] for layer in self.bias_names])
