"""Losses: how far one output is from its target, and the slope of that.

Each is of a single output, without any factor but the one in its formula; the network sums or averages over
outputs and samples. The cross-entropies take their logarithms from the nets where the output layer allows it:
the logarithm of a probability that was rounded to 1 is lost.
"""

from neuronnet.elementary import ln, real_part
from neuronnet.errors import NeuronnetError, shown


class Loss:
    """What losses have in common: a `name`, and whether they take targets."""

    takes_targets = True

    def slope(self, target, out, rest):
        """dE_o/dout_o from an output layer that knows `rest`, 1 - out, in more digits than out has."""
        return self.derivative(target, out)

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


class CrossEntropy(Loss):
    """E_o = -(target*ln(out) + no*ln(1 - out)), in nats; a logarithm whose weight is 0 counts 0.

    In the binary one each output is a yes or no of its own, and no = 1 - target; in the categorical one the
    outputs are the probabilities of classes, and no = 0.
    """

    def __init__(self, kind):
        self.kind, self.name = kind, f"{kind} cross-entropy"

    def value(self, target, out):
        """From the output alone, for the layers that `reads_nets` leaves."""
        no, error = self.no(target), -target * ln(out) if target != 0 else 0 * out
        return error - no * ln(1 - out) if no != 0 else error

    def value_from_nets(self, target, nets, j, activation):
        """The same from the nets of a softmax or logistic layer."""
        surprise, surprise_of_rest = activation.surprises(nets, j)
        return target * surprise + self.no(target) * surprise_of_rest

    def derivative(self, target, out):
        """dE_o/dout_o = no/(1 - out) - target/out."""
        return self.slope(target, out, 1 - out)

    def slope(self, target, out, rest):
        no = self.no(target)
        slope = _slope(no, rest) if no != 0 else 0 * out
        return slope - _slope(target, out) if target != 0 else slope

    def no(self, target):
        return 1 - target if self.kind == "binary" else 0


class Output(Loss):
    """E_o = out_o: no loss at all, for examples that differentiate the output itself."""

    name = "output"
    takes_targets = False

    def value(self, target, out):
        return out

    def derivative(self, target, out):
        return type(out)(1)


_CROSS_ENTROPIES = CrossEntropy("binary"), CrossEntropy("categorical")
LOSSES = {each.name: each for each in (HalfSquaredError(), SquaredError(), *_CROSS_ENTROPIES, Output())}

# Where the slopes of output activation and loss cancel (Bishop 2006, section 5.2), delta = out - target for a
# logistic output and out*(sum of the targets) - target for a softmax.
_CANCELLING = {("logistic", "binary cross-entropy"), ("softmax", "categorical cross-entropy")}


def cancels(activation, loss):
    """Whether the slopes of this output layer and this loss cancel."""
    return (activation.name, loss.name) in _CANCELLING


def reads_nets(activation, loss, outputs):
    """Whether this loss takes its logarithms from the nets; a softmax of one output is 1 at any net."""
    takes_them = activation.name == "logistic" or (activation.name == "softmax" and outputs > 1)
    return takes_them and isinstance(loss, CrossEntropy)


def _slope(weight, probability):
    """weight/probability, the slope of weight*ln(probability)."""
    if not real_part(probability) > 0:
        raise NeuronnetError(f"a cross-entropy has no slope where out or 1 - out is {shown(probability)}")
    return weight / probability
