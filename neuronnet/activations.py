"""Activation functions: how a neuron turns its net input into its output, and the slope of that.

They take numbers of any type. Softmax alone needs the nets of its whole layer, and says so by `whole_layer`.
"""

from math import exp as float_exp

from neuronnet.elementary import logistic, logistic_slope, logsumexp, real_part, share, tanh, tanh_slope


class Activation:
    """What activations have in common: a `name`, and whether they need the nets of the `whole_layer`."""

    whole_layer = False

    def __repr__(self):
        return f"Activation {self.name}"


class Logistic(Activation):
    """out = 1/(1 + exp(-net)), also called sigmoid."""

    name = "logistic"

    def value(self, net):
        """Between 0 and 1. A float goes straight to `math`, for speed."""
        if type(net) is float and net > -700.0:
            return 1.0 / (1.0 + float_exp(-net))
        return logistic(net)

    def derivative(self, net, out):
        """dout/dnet = out*(1 - out); above net = 1, where 1 - out loses digits, 1 - out is out*exp(-net)."""
        if type(net) is float:
            return out * (1.0 - out) if net < 1.0 else out * (out * float_exp(-net))
        return logistic_slope(net)

    def rest(self, nets, outs, j):
        """1 - out_j in every digit: 1/(1 + exp(net_j))."""
        return logistic(-nets[j])

    def surprises(self, nets, j):
        """-ln(out_j) = ln(1 + exp(-net_j)) and -ln(1 - out_j) = ln(1 + exp(net_j))."""
        return logsumexp(0, -nets[j]), logsumexp(0, nets[j])


class Tanh(Activation):
    """out = tanh(net), between -1 and 1."""

    name = "tanh"

    def value(self, net):
        return tanh(net)

    def derivative(self, net, out):
        """dout/dnet = 1 - out^2; beyond |net| = 1/2, where that loses digits, from exp(-2*|net|)."""
        if type(net) is float and -0.5 < net < 0.5:
            return 1.0 - out * out
        return tanh_slope(net)


class Relu(Activation):
    """out = net where that is positive, otherwise 0; of a complex net, the real part decides."""

    name = "relu"

    def value(self, net):
        return net if real_part(net) > 0 else type(net)(0)

    def derivative(self, net, out):
        """1 where net is positive, otherwise 0: at the kink itself, the slope to the left."""
        return 1 if real_part(net) > 0 else 0


class Identity(Activation):
    """out = net: no activation at all."""

    name = "identity"

    def value(self, net):
        return net

    def derivative(self, net, out):
        return 1


class Softmax(Identity):
    """out_j = exp(net_j)/(exp(net_1) + exp(net_2) + ...), divided through by exp(net_j).

    One neuron alone hands on its net; the layer, which has them all, asks for each neuron's share.
    """

    name = "softmax"
    whole_layer = True

    def share(self, nets, j):
        """out_j = 1/(1 + the sum of exp(net_k - net_j) over the other neurons k); the shares sum to 1."""
        return share(nets[j], *nets[:j], *nets[j + 1 :])

    def jacobian(self, outs, k, j):
        """dout_k/dnet_j: out_j*(1 - out_j) for k = j, otherwise -out_k*out_j."""
        return outs[j] * self.rest(None, outs, j) if k == j else -outs[k] * outs[j]

    def rest(self, nets, outs, j):
        """1 - out_j in every digit: the sum of the other outs."""
        others = 0 * outs[j]
        for out in outs[:j] + outs[j + 1 :]:
            others += out  # the sum of Python 3.12 rounds otherwise than that of 3.11
        return others

    def surprises(self, nets, j):
        """-ln(out_j) and -ln(1 - out_j), by logsumexps of the net_k - net_j."""
        others = [net - nets[j] for net in nets[:j] + nets[j + 1 :]]
        return logsumexp(*others[:j], 0, *others[j:]), logsumexp(0, -logsumexp(*others))


ACTIVATIONS = {each.name: each for each in (Logistic(), Tanh(), Relu(), Identity(), Softmax())}
