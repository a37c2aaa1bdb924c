"""Losses: how far one output is from its target, and the slope of that.

Each speaks of a single output. How outputs and samples combine (sum or mean) is the network's business, so
the scale written here is the whole scale. The cross-entropies read the net inputs where the output layer
allows it, because the logarithm of a probability that was rounded to 0 or 1 is lost.
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
        """(target - out)^2/2, never negative."""
        difference = target - out
        return difference * difference / 2

    def derivative(self, target, out):
        """dE_o/dout_o = out - target."""
        return out - target


class SquaredError(Loss):
    """E_o = (target - out)^2, without the half."""

    name = "squared error"

    def value(self, target, out):
        """(target - out)^2, never negative."""
        difference = target - out
        return difference * difference

    def derivative(self, target, out):
        """dE_o/dout_o = 2*(out - target)."""
        return 2 * (out - target)


class BinaryCrossEntropy(Loss):
    """E_o = -(target*ln(out) + (1 - target)*ln(1 - out)), in nats, each output a yes or no of its own."""

    name = "binary cross-entropy"

    def value(self, target, out):
        """From the output alone, for output layers other than logistic; terms with weight 0 count 0."""
        error = 0
        if target != 0:
            error = -target * ln(out)
        if target != 1:
            error = error - (1 - target) * ln(1 - out)
        return error

    def derivative(self, target, out):
        """dE_o/dout_o = (1 - target)/(1 - out) - target/out; a term with weight 0 counts 0."""
        if target == 0:
            return _slope(1 - target, 1 - out)
        if target == 1:
            return -_slope(target, out)
        return _slope(1 - target, 1 - out) - _slope(target, out)

    def value_from_nets(self, target, nets, j, activation):
        """The same from a logistic neuron's net: -ln(out) = ln(1 + exp(-net)) keeps what rounding loses."""
        return target * activation.surprise(nets, j) + (1 - target) * logsumexp(0, nets[j])


class CategoricalCrossEntropy(Loss):
    """E_o = -target*ln(out), in nats, the outputs being the probabilities of classes that exclude each
    other.
    """

    name = "categorical cross-entropy"

    def value(self, target, out):
        """From the output alone, for output layers other than softmax; a target of 0 counts 0."""
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
        """The output; the target plays no part."""
        return out

    def derivative(self, target, out):
        """1, in the output's type of number."""
        return type(out)(1)


LOSSES = {
    each.name: each
    for each in (
        HalfSquaredError(),
        SquaredError(),
        BinaryCrossEntropy(),
        CategoricalCrossEntropy(),
        Output(),
    )
}

# The pairs of output activation and loss whose slopes cancel (Bishop 2006, section 5.2): for a logistic
# output
# delta = out - target; for a softmax delta = out*(sum of the targets) - target, which is the same where they
# sum to 1.
_CANCELLING = {("logistic", "binary cross-entropy"), ("softmax", "categorical cross-entropy")}


def cancels(activation, loss):
    """Whether the slopes of this output layer and this loss cancel."""
    return (activation.name, loss.name) in _CANCELLING


def reads_nets(activation, loss):
    """Whether this loss takes its logarithms from the nets of this output layer."""
    return isinstance(loss, (BinaryCrossEntropy, CategoricalCrossEntropy)) and hasattr(activation, "surprise")


def _slope(weight, probability):
    """weight/probability, the slope of weight*ln(probability)."""
    if probability == 0:
        raise NeuronnetError(
            "the slope of a cross-entropy is infinite where an output is exactly 0 or 1 and its target is not"
        )
    return weight / probability
