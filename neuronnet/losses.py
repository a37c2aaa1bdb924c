"""Losses: how far one output is from its target, and the slope of that.

Each speaks of a single output. How outputs and samples combine (sum or mean) is the network's business, so the scale
written here is the whole scale. The cross-entropies read the net inputs where the output layer allows it, because
the logarithm of a probability that was rounded to 0 or 1 is lost.
"""

from neuronnet.elementary import ln, logsumexp


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
        """dE_o/dout_o = (1 - target)/(1 - out) - target/out."""
        return (1 - target) / (1 - out) - target / out

    def value_from_nets(self, target, nets, j):
        """The same from a logistic neuron's net input: ln(out) = -ln(1 + exp(-net)) keeps what rounding loses."""
        return target * logsumexp(0, -nets[j]) + (1 - target) * logsumexp(0, nets[j])


class CategoricalCrossEntropy(Loss):
    """E_o = -target*ln(out), in nats, the outputs being the probabilities of classes that exclude each other."""

    name = "categorical cross-entropy"

    def value(self, target, out):
        """From the output alone, for output layers other than softmax; a target of 0 counts 0."""
        return -target * ln(out) if target != 0 else 0 * out

    def derivative(self, target, out):
        """dE_o/dout_o = -target/out."""
        return -target / out if target != 0 else 0 * out

    def value_from_nets(self, target, nets, j):
        """The same from the nets of a softmax layer: -ln(out_j) is the logsumexp of all the net_k - net_j."""
        return target * logsumexp(*[net - nets[j] for net in nets])


class Output(Loss):
    """E_o = out_o: no loss at all, for examples that differentiate the output itself."""

    name = "output"
    takes_targets = False

    def value(self, target, out):
        """The output; the target plays no part."""
        return out

    def derivative(self, target, out):
        """1, in the output's type of number."""
        return 1 + 0 * out


LOSSES = {each.name: each for each in
          (HalfSquaredError(), SquaredError(), BinaryCrossEntropy(), CategoricalCrossEntropy(), Output())}

# The pairs of output activation and loss whose slopes cancel to delta = out - target (Bishop 2006, section 5.2).
# For softmax this holds only while the targets of a sample sum to 1; `cancels` knows.
_CANCELLING = {("logistic", "binary cross-entropy"), ("softmax", "categorical cross-entropy")}


def reads_nets(activation, loss):
    """Whether the error is computed from the net inputs instead of the rounded outputs."""
    return (activation.name, loss.name) in _CANCELLING


def cancels(activation, loss, targets):
    """Whether delta = out - target holds for this output layer, this loss and these targets."""
    if not reads_nets(activation, loss):
        return False
    if not activation.whole_layer:
        return True
    total = 0
    for target in targets:
        total += target
    return total == 1
