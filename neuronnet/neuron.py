"""A neuron: weights, a bias, an activation, and everything the last pass computed in it.

net  = w1*i1 + w2*i2 + ... + b        (products left to right, then the bias)
out  = activation(net)
delta = dE_total/dnet = dE_total/dout * dout/dnet
dE_total/dw = delta * dnet/dw, where dnet/dw is what w multiplies
"""

from neuronnet.activations import ACTIVATIONS
from neuronnet.errors import SizeError, named
from neuronnet.parameter import shown


class Neuron:
    """One neuron. `activation` is one of `activations.ACTIVATIONS` or its name; `bias` is a Parameter,
    perhaps shared with the rest of the layer, or None.

    An input of the network is a neuron without weights, bias and activation, whose `out` is given.

    After a forward pass: `net`, `out`; in an output neuron also `E`, once asked for. After a backward pass
    also `dE_dout`, `dout_dnet` and `delta`. Where two slopes cancel (see `losses.cancels`) only `delta` is
    computed, and the other two are None. A backward pass starts every bias gradient at 0, and each neuron
    adds its delta: a shared bias ends with the sum.
    """

    __slots__ = (
        "name",
        "weights",
        "bias",
        "activation",
        "outgoing",
        "zero",
        "net",
        "out",
        "E",
        "dE_dout",
        "dout_dnet",
        "delta",
    )

    def __init__(self, name, weights, bias, activation):
        self.name = name
        self.weights = weights
        self.bias = bias
        self.activation = named(activation, ACTIVATIONS)
        self.outgoing = []
        self.zero = (
            type(weights[0].value)(0) if weights else 0
        )  # of the weights' type: faster than adding to a whole 0
        self.net = self.out = self.E = None
        self.dE_dout = self.dout_dnet = self.delta = None

    def connect(self, sources):
        """Let each weight multiply the `out` of its source, in order: inputs, or the neurons of the layer
        before.
        """
        if len(self.weights) != len(sources):
            raise SizeError(f"weights of {self.name}", len(sources), len(self.weights))
        for weight, source in zip(self.weights, sources):
            weight.source = source
            weight.neuron = self
            source.outgoing.append(weight)

    @property
    def inputs(self):
        """What the weights multiply, in order."""
        return [weight.source.out for weight in self.weights]

    def feed_forward(self):
        """Set `net`, the weighted sum of the sources' outputs plus the bias, and `out`."""
        net = self.zero
        for weight in self.weights:
            net += weight.value * weight.source.out
        bias = self.bias
        if bias is not None:
            net += bias.value
        self.net = net
        self.out = self.activation.value(net)

    def backpropagate(self, dE_dout, delta=None):
        """Set `delta` from the slope of the error at this neuron's output, and every gradient that follows
        from it.

        `delta` is given where it does not follow from this neuron alone.
        """
        dout_dnet = None
        if delta is None:
            dout_dnet = self.activation.derivative(self.net, self.out)
            delta = dE_dout * dout_dnet
        self.dE_dout = dE_dout
        self.dout_dnet = dout_dnet
        self.delta = delta
        for weight in self.weights:
            weight.gradient = delta * weight.source.out  # delta * dnet_dw
        bias = self.bias
        if bias is not None:
            bias.gradient = bias.gradient + delta

    def __repr__(self):
        return f"Neuron {self.name}: net={shown(self.net)} out={shown(self.out)} delta={shown(self.delta)}"
