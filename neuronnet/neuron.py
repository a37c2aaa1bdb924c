"""A neuron: its parameters, an activation, and everything the last pass computed in it.

net  = w1*i1 + w2*i2 + ... + b        (products left to right, then the bias)
out  = activation(net)
delta = dE_total/dnet = dE_total/dout * dout/dnet
dE_total/dw = delta * dnet/dw, where dnet/dw is what w multiplies
"""

from typing import Any

from neuronnet.activations import ACTIVATIONS
from neuronnet.errors import named, shown


class Parameter:
    """A weight (`w5`) or a bias (`b1`).

    `value` is what the forward pass uses; `gradient` is dE_total/dvalue, None until a backward pass sets it,
    also in a parameter that is not `trainable`, which the update passes by. A weight in a network knows its
    ends: `source`, whose `out` it multiplies, and `neuron`, whose `net` it enters. In a bias both are None.
    """

    # What a pass touches stands first, together in memory.
    __slots__ = ("value", "gradient", "source", "neuron", "name", "network", "_trainable")

    def __init__(self, name: str, value: Any, trainable: bool = True) -> None:
        nothing: Any = None
        self.name, self.value, self._trainable = name, value, trainable
        self.gradient = self.source = self.neuron = self.network = nothing

    @property
    def trainable(self) -> bool:
        """Whether an update moves it; a network that it belongs to learns of a change."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        self._trainable = trainable
        if self.network is not None:
            self.network.collect_trainable()

    def __repr__(self) -> str:
        frozen = "" if self.trainable else " frozen"
        return f"Parameter {self.name}: value={shown(self.value)} gradient={shown(self.gradient)}{frozen}"


class Neuron:
    """One neuron; its `bias` is None or a Parameter, perhaps one that the whole layer shares.

    A forward pass sets `net` and `out`, the error `E` of an output neuron, a backward pass `dE_dout`,
    `dout_dnet` and `delta`, or `delta` alone where slopes cancel (see `losses.cancels`). An input is a neuron
    without weights, bias and activation, whose `out` is given.
    """

    __slots__ = (
        "name weights bias activation adds_to_bias outgoing zero net out E dE_dout dout_dnet delta".split()
    )

    def __init__(self, name: str, weights: list, bias: Parameter | None, activation: Any) -> None:
        self.name, self.weights, self.bias = name, weights, bias
        self.activation = named(activation, ACTIVATIONS)
        self.adds_to_bias = False  # whether a neuron before it in the layer shares its bias; the layer knows
        self.outgoing: list[Parameter] = []
        self.zero = type(weights[0].value)(0) if weights else 0  # sums start from a 0 of the weights' type
        nothing: Any = None
        self.net = self.out = self.E = self.dE_dout = self.dout_dnet = self.delta = nothing

    def feed_forward(self) -> None:
        """Set `net`, the weighted sum of the sources' outputs plus the bias, and `out`."""
        net = self.zero
        for weight in self.weights:
            net += weight.value * weight.source.out
        bias = self.bias
        if bias is not None:
            net += bias.value
        self.net = net
        self.out = self.activation.value(net)

    def backpropagate(self, dE_dout: Any, delta: Any = None) -> None:
        """Set `delta` and the gradients of weights and bias; a shared bias gets the sum of the deltas.

        `delta` is given where it does not follow from this neuron alone.
        """
        dout_dnet = None
        if delta is None:
            dout_dnet = self.activation.derivative(self.net, self.out)
            delta = dE_dout * dout_dnet
        self.dE_dout, self.dout_dnet, self.delta = dE_dout, dout_dnet, delta
        for weight in self.weights:
            dnet_dw = weight.source.out
            weight.gradient = dnet_dw * delta
        bias = self.bias
        if bias is not None:
            bias.gradient = bias.gradient + delta if self.adds_to_bias else delta

    def __repr__(self) -> str:
        return f"Neuron {self.name}: net={shown(self.net)} out={shown(self.out)} delta={shown(self.delta)}"
