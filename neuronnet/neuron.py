"""A neuron: weights, a bias, an activation, and everything the last pass computed in it.

    net  = w1*i1 + w2*i2 + ... + b        (products left to right, then the bias)
    out  = activation(net)
    delta = dE_total/dnet = dE_total/dout * dout/dnet
    dE_total/dw = delta * dnet/dw, where dnet/dw is the input that w multiplies
"""

from neuronnet.parameter import shown


class Neuron:
    """One neuron. `bias` is a Parameter, perhaps shared with the rest of the layer, or None.

    After a forward pass: `inputs`, `net`, `out`. After a backward pass also `dE_dout`, `dout_dnet` and `delta`.
    Where two slopes cancel (see `losses.cancels`) only `delta` is computed, and the other two are None.
    """

    def __init__(self, name, weights, bias, activation):
        self.name = name
        self.weights = weights
        self.bias = bias
        self.activation = activation
        self.inputs = self.net = self.out = None
        self.dE_dout = self.dout_dnet = self.delta = None

    def sum_inputs(self, inputs):
        """Set `net`, the weighted sum of the inputs plus the bias."""
        net = 0
        for weight, value in zip(self.weights, inputs):
            net += weight.value * value
        if self.bias is not None:
            net += self.bias.value
        self.inputs = inputs
        self.net = net

    def feed_forward(self, inputs):
        """Set `net` and `out`; return `out`."""
        self.sum_inputs(inputs)
        self.out = self.activation.value(self.net)
        return self.out

    def backpropagate(self, dE_dout):
        """Set `delta` from the slope of the error at this neuron's output, and then every weight's gradient."""
        self.dE_dout = dE_dout
        self.dout_dnet = self.activation.derivative(self.net, self.out)
        self.set_gradients(dE_dout * self.dout_dnet)

    def set_gradients(self, delta):
        """Set the gradient of every weight of this neuron: dE_dw = delta * dnet_dw."""
        self.delta = delta
        for weight, dnet_dw in zip(self.weights, self.inputs):
            weight.gradient = delta * dnet_dw

    def __repr__(self):
        return f"Neuron {self.name}: net={shown(self.net)} out={shown(self.out)} delta={shown(self.delta)}"
