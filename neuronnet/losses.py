"""Losses: how far one output is from its target, and the slope of that.

Each is of a single output, without any factor but the one in its formula; the network sums or averages over
outputs and samples. The cross-entropies take their logarithms from the nets where the output layer allows it:
the logarithm of a probability that was rounded to 1 is lost.
"""

from neuronnet.elementary import ln, logsumexp
from neuronnet.errors import NeuronnetError


class Loss:
    """What losses have in common: a `name`, and whether they take targets."""

    takes_targets = True

    def __repr__(self):
        return f"Loss {self.name}"


class HalfSquaredError(Loss):
    """E_o = 1/2 (target - out)^2: the half makes the slope come out without a factor."""

    name = "half squared error"

    def value(self, target, out):
        return (target - out) * (target - out) / 2

    def derivative(self, target, out):
        """dE_o/dout_o = out - target."""
        return out - target


class SquaredError(Loss):
    """E_o = (target - out)^2, without the half."""

    name = "squared error"

    def value(self, target, out):
        return (target - out) * (target - out)

    def derivative(self, target, out):
        """dE_o/dout_o = 2*(out - target)."""
        return 2 * (out - target)


class BinaryCrossEntropy(Loss):
    """E_o = -(target*ln(out) + (1 - target)*ln(1 - out)), in nats, each output a yes or no of its own."""

    name = "binary cross-entropy"

    def value(self, target, out):
        """From the output alone, for output layers other than logistic; terms with weight 0 count 0."""
        error = -target * ln(out) if target != 0 else 0
        return error - (1 - target) * ln(1 - out) if target != 1 else error

    def derivative(self, target, out):
        """dE_o/dout_o = (1 - target)/(1 - out) - target/out; a term with weight 0 counts 0."""
        slope = _slope(1 - target, 1 - out) if target != 1 else 0
        return slope - _slope(target, out) if target != 0 else slope

    def value_from_nets(self, target, nets, j, activation):
        """The same from a logistic neuron's net, where -ln(1 - out) = ln(1 + exp(net))."""
        return target * activation.surprise(nets, j) + (1 - target) * logsumexp(0, nets[j])


class CategoricalCrossEntropy(Loss):
    """E_o = -target*ln(out), in nats, the outputs being the probabilities of classes."""

    name = "categorical cross-entropy"

    def value(self, target, out):
        """From the output alone, for other output layers than softmax and logistic; a target 0 counts 0."""
        return -target * ln(out) if target != 0 else 0 * out

    def derivative(self, target, out):
        """dE_o/dout_o = -target/out."""
        return -_slope(target, out) if target != 0 else 0 * out

    def value_from_nets(self, target, nets, j, activation):
        """The same from the nets of a softmax or logistic layer."""
        return target * activation.surprise(nets, j)


class Output(Loss):
    """E_o = out_o: no loss at all, for examples that differentiate the output itself."""

    name = "output"
    takes_targets = False

    def value(self, target, out):
        return out

    def derivative(self, target, out):
        return type(out)(1)


_KINDS = (HalfSquaredError, SquaredError, BinaryCrossEntropy, CategoricalCrossEntropy, Output)
LOSSES = {kind.name: kind() for kind in _KINDS}

# Where the slopes of output activation and loss cancel (Bishop 2006, section 5.2), delta = out - target for a
# logistic output and out*(sum of the targets) - target for a softmax.
_CANCELLING = {("logistic", "binary cross-entropy"), ("softmax", "categorical cross-entropy")}


def cancels(activation, loss):
    """Whether the slopes of this output layer and this loss cancel."""
    return (activation.name, loss.name) in _CANCELLING


def reads_nets(activation, loss):
    """Whether this loss takes its logarithms from the nets of this output layer."""
    return loss.name.endswith("cross-entropy") and activation.name in ("logistic", "softmax")


def _slope(weight, probability):
    """weight/probability, the slope of weight*ln(probability)."""
    if probability == 0:
        raise NeuronnetError("a cross-entropy has no finite slope where an output is exactly 0 or 1")
    return weight / probability
