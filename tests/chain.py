"""A network with a hand-written backward pass of small steps, each a method: a mistake is a subclass that
gets one wrong.

N samples in rows, `sizes[0]` inputs, a row of weights for each neuron, half the squared error summed over
samples and outputs; with `l2`, half of that times the sum of all squared weights.
"""

import numpy as np

from gradcheck import check

TANH = (np.tanh, lambda net, out: 1.0 - out**2)
RELU = (lambda net: np.maximum(net, 0.0), lambda net, out: (net > 0.0) * 1.0)
LOGISTIC = (lambda net: 1.0 / (1.0 + np.exp(-net)), lambda net, out: out * (1.0 - out))
IDENTITY = (lambda net: net, lambda net, out: np.ones_like(out))
VISIBLE = 1e-6  # of the largest entry: what is planted must change some entry by more


class Chain:
    sizes, activations, samples, l2, seed = (3, 4, 5, 2), (TANH, LOGISTIC, IDENTITY), 6, 0.0, 0

    def __init__(self):
        rng = np.random.default_rng(self.seed)
        self.layers = range(1, len(self.sizes))
        self.parameters = {}
        for layer, inputs, neurons in zip(self.layers, self.sizes, self.sizes[1:]):
            self.parameters |= {
                f"W{layer}": rng.normal(size=(neurons, inputs)),
                f"b{layer}": rng.normal(size=neurons),
            }
        self.x, self.t = (
            rng.normal(size=(self.samples, self.sizes[0])),
            rng.normal(size=(self.samples, self.sizes[-1])),
        )

    def forward(self, p):
        nets, outs = [None], [self.x]
        for layer in self.layers:
            nets.append(outs[-1] @ p[f"W{layer}"].T + p[f"b{layer}"])
            outs.append(self.activations[layer - 1][0](nets[-1]))
        return nets, outs

    def loss(self, p):
        penalty = 0.5 * self.l2 * sum(np.sum(p[f"W{layer}"] ** 2) for layer in self.layers)
        return 0.5 * np.sum((self.forward(p)[1][-1] - self.t) ** 2) + penalty

    def gradients(self, p):
        self.at, (nets, outs) = p, self.forward(p)
        delta, found = self.error(outs[-1]) * self.slope(self.layers[-1], nets[-1], outs[-1]), {}
        for layer in reversed(self.layers):
            W = p[f"W{layer}"]
            found[f"W{layer}"] = self.of_weights(layer, delta, outs[layer - 1]) + self.penalty(layer, W)
            found[f"b{layer}"] = self.of_bias(layer, delta)
            if layer > 1:
                delta = self.back(layer, delta, W) * self.slope(layer - 1, nets[layer - 1], outs[layer - 1])
        return self.handed_in({name: found[name] for name in p})

    # The steps

    def error(self, out):
        return out - self.t

    def slope(self, layer, net, out):
        return self.activations[layer - 1][1](net, out)

    def of_weights(self, layer, delta, inputs):
        return delta.T @ inputs

    def of_bias(self, layer, delta):
        return delta.sum(axis=0)

    def penalty(self, layer, W):
        return self.l2 * W

    def back(self, layer, delta, W):
        return delta @ W

    def handed_in(self, found):
        return found


def right(mistaken):
    """The gradients that the network of a mistaken one has without the mistake: those of Chain, at the same
    parameters.
    """
    fixed = Chain.__new__(Chain)
    fixed.__dict__.update(mistaken.__dict__)
    for name in ("sizes", "activations", "samples", "l2", "seed"):
        setattr(fixed, name, getattr(mistaken, name))
    return fixed.gradients(mistaken.parameters)


def report_of(mistake, **given):
    """The Report about a mistaken subclass of Chain, whose mistake is first shown to be visible."""
    network = mistake()
    wrong, meant = network.gradients(network.parameters), right(network)
    assert any(
        np.max(np.abs(wrong[name] - meant[name])) > VISIBLE * np.max(np.abs(meant[name])) for name in meant
    )
    return check(network.loss, network.gradients, network.parameters, **given)


def cause_of(mistake, **given):
    """The Cause that the Report about a mistaken subclass names."""
    return report_of(mistake, **given).cause
