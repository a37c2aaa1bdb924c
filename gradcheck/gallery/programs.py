"""Two programs that people asked about in public, and each with one of its mistakes after the other.

Legend: 1-3-1 has W1 (3, 1), W2 (1, 3), b1 (3,), b2 (1,); inputs, targets and out_o (1,), out_h (3,); E of one
sample. The other has any shape: weights[l] (neurons, inputs + 1), the bias in the last column; outs[l]
(samples, neurons), outs[0] the inputs; E = sum over samples and outputs of (target - out)**2 / 2.
"""

import numpy as np

from gradcheck import check
from gradcheck.gallery import Exhibit

ONE_THREE_ONE, EXTRA_COLUMN = "1-3-1, logistic, no bias", "Any shape, bias as an extra column"


def logistic(net):
    return 1.0 / (1.0 + np.exp(-net))


class OneThreeOne:
    """The asker's network as drawn, its gradient right: E = (target - out)**2 / 2."""

    def __init__(self, weights):
        self.weights = weights

    def logistic(self, net):
        return logistic(net)

    def feed_forward(self, inputs):
        self.inputs = inputs
        self.out_h = self.logistic(self.net_h(inputs))
        self.out_o = self.logistic(self.net_o(self.out_h))
        return self.out_o

    def net_h(self, inputs):
        return self.weights["W1"] @ inputs

    def net_o(self, out_h):
        return self.weights["W2"] @ out_h

    def error(self, targets):
        return 0.5 * np.sum((targets - self.out_o) ** 2)

    def dE_dout(self, targets):
        return self.out_o - targets

    def backpropagate(self, inputs, targets):
        self.feed_forward(inputs)
        return self.gradients(targets)

    def deltas(self, targets):
        delta_o = self.dE_dout(targets) * self.out_o * (1.0 - self.out_o)
        delta_h = self.weights["W2"].T @ delta_o * self.out_h * (1.0 - self.out_h)
        return delta_h, delta_o

    def gradients(self, targets):
        delta_h, delta_o = self.deltas(targets)
        return {"W1": np.outer(delta_h, self.inputs), "W2": np.outer(delta_o, self.out_h)}

    def train(self, inputs, targets, learning_rate=0.1):
        gradients = self.backpropagate(inputs, targets)
        self.weights = {name: self.weights[name] - learning_rate * gradients[name] for name in self.weights}


class WithBias(OneThreeOne):
    """As drawn, and a bias for every neuron."""

    def net_h(self, inputs):
        return self.weights["W1"] @ inputs + self.weights["b1"]

    def net_o(self, out_h):
        return self.weights["W2"] @ out_h + self.weights["b2"]

    def gradients(self, targets):
        delta_h, delta_o = self.deltas(targets)
        return {"b1": delta_h, "b2": delta_o, **super().gradients(targets)}


class CrossEntropy(OneThreeOne):
    """As drawn, with the error of a classification: E = -(target log out + (1 - target) log(1 - out))."""

    def error(self, targets):
        return -np.sum(targets * np.log(self.out_o) + (1.0 - targets) * np.log(1.0 - self.out_o))

    def dE_dout(self, targets):
        return (self.out_o - targets) / (self.out_o * (1.0 - self.out_o))


class PutRight(CrossEntropy, WithBias):
    """All of the asker's mistakes put right."""


# The mistakes


class Elementwise(OneThreeOne):
    def net_o(self, out_h):
        return self.weights["W2"] * out_h

    def gradients(self, targets):
        delta_o = self.dE_dout(targets) * self.out_o * (1.0 - self.out_o)
        delta_h = self.weights["W2"] * delta_o * self.out_h * (1.0 - self.out_h)
        return {"W1": delta_h.T * self.inputs, "W2": delta_o * self.out_h}


class AccumulatedNet(OneThreeOne):
    sum_h, sum_o = 0.0, 0.0

    def net_h(self, inputs):
        self.sum_h = self.sum_h + self.weights["W1"] @ inputs
        return self.sum_h

    def net_o(self, out_h):
        self.sum_o = self.sum_o + self.weights["W2"] @ out_h
        return self.sum_o


class ExpPlus(OneThreeOne):
    def logistic(self, net):
        return 1.0 / (1.0 + np.exp(+net))


class NoFeedForward(OneThreeOne):
    def backpropagate(self, inputs, targets):
        return self.gradients(targets)


EARLIER, INPUTS, TARGETS = np.array([-1.9]), np.array([0.7]), np.array([1.0])
DRAW = np.random.default_rng(131)
WEIGHTS = {"W1": DRAW.normal(size=(3, 1)), "W2": DRAW.normal(size=(1, 3))}
BIASES = {"b1": DRAW.normal(size=3), "b2": DRAW.normal(size=1)}


def of_sample(program):
    """(loss, gradients, parameters) of the sample, by a network that lives on and has seen an earlier one."""
    weights = WEIGHTS | BIASES if issubclass(program, WithBias) else WEIGHTS
    network = program(weights)
    network.feed_forward(EARLIER)

    def loss(weights):
        network.weights = weights
        network.feed_forward(INPUTS)
        return network.error(TARGETS)

    def gradients(weights):
        network.weights = weights
        return network.backpropagate(INPUTS, TARGETS)

    return loss, gradients, weights


def shows_elementwise():
    outputs = Elementwise(WEIGHTS).feed_forward(INPUTS)
    drawn = OneThreeOne(WEIGHTS).feed_forward(INPUTS)
    own = check(*of_sample(Elementwise)).verdict
    return (
        f"the network drawn answers {_listed(drawn)}; the program answers {_listed(outputs[0])}, "
        f"{outputs.size} numbers in place of {drawn.size}. Judged as the gradient of the sum of their "
        f"{outputs.size} errors, the program's own, its gradient is {own}."
    )


def shows_squared_error():
    weights = {"W1": np.ones((3, 1)), "W2": np.full((1, 3), 2.5)}
    inputs, targets = np.array([3.0]), np.array([0.0])
    slopes, rounds = [], []
    for program in (OneThreeOne, CrossEntropy):
        network = program(weights)
        out = network.feed_forward(inputs)[0]
        slopes.append(network.deltas(targets)[1][0])
        rounds.append(0)
        while network.feed_forward(inputs)[0] > 0.5:
            network.train(inputs, targets)
            rounds[-1] += 1
    return (
        f"with every W1 = 1, every W2 = 2.5 and x = 3 the network answers {out:.6f}. If the target is 0, "
        f"delta_o is {slopes[0]:.6f} with the squared error and {slopes[1]:.6f} with the cross-entropy. "
        f"Updates at 0.1 on this sample until the answer is no longer above 0.5: {rounds[0]:,} and "
        f"{rounds[1]:,}."
    )


def shows_no_bias(rounds=5000):
    zero, without, biased = np.array([0.0]), OneThreeOne(WEIGHTS), WithBias(WEIGHTS | BIASES)
    without.feed_forward(zero)
    before = without.out_h
    for x in np.random.default_rng(3).uniform(-3.0, 3.0, size=(rounds, 1)):
        without.train(x, np.where(x > 0.0, 1.0, 0.0))
        biased.train(x, np.where(x > 0.0, 1.0, 0.0))
    moved = np.max(np.abs(without.weights["W1"] - WEIGHTS["W1"]))
    without.feed_forward(zero)
    biased.feed_forward(zero)
    return (
        f"at x = 0 out_h is {_listed(before)} before and {_listed(without.out_h)} after {rounds:,} updates "
        f"at 0.1 that moved W1 by up to {moved:.6f}; with biases it has become {_listed(biased.out_h)}."
    )


def _listed(numbers):
    return ", ".join(f"{number:.6f}" for number in numbers)


def one_three_one(id, title, what, wrong, right=OneThreeOne, network=None, shows=None):
    """The Exhibit of a mistaken program, judged by the error of `network`, by default its own."""

    def made(is_wrong):
        loss, *others = of_sample(wrong if is_wrong else right)
        return loss if network is None else of_sample(network)[0], *others

    shown = right if wrong is OneThreeOne else wrong
    return Exhibit(id, title, "", what, made, ONE_THREE_ONE, also=shown, shows=shows)


elementwise = one_three_one(
    "elementwise",
    "* where a dot product is meant",
    "The products of the hidden outputs and W2 are never added up: NumPy multiplies entry by entry, every "
    "hidden neuron gets an output of its own, and the one target is broadcast against all three. Judged by "
    "the error of the network as drawn, which has one output.",
    Elementwise,
    network=OneThreeOne,
    shows=shows_elementwise,
)
squared_error = one_three_one(
    "squared-error",
    "the squared error, for what is a classification",
    "The target is a class, 0 or 1, and the error that fits a logistic output is the cross-entropy.",
    OneThreeOne,
    CrossEntropy,
    shows=shows_squared_error,
)
accumulated_net = one_three_one(
    "accumulated-net",
    "net added to the net of the pass before",
    "The sum of inputs never starts at zero again, so E depends on the weights through both passes, and the "
    "backward pass knows of one.",
    AccumulatedNet,
)
exp_plus = one_three_one(
    "exp-plus",
    "the logistic written with exp(+net)",
    "1/(1 + exp(net)) falls where the logistic rises; out*(1 - out) is then minus its derivative, once on "
    "the way to W2 and twice, which is right again, on the way to W1.",
    ExpPlus,
)
no_bias = one_three_one(
    "no-bias",
    "the missing bias",
    "Without a bias net_h is W1 times x, so at x = 0 every hidden neuron gives 0.5, whatever is learned.",
    OneThreeOne,
    WithBias,
    shows=shows_no_bias,
)
no_feed_forward = one_three_one(
    "no-feed-forward",
    "no feed-forward pass inside backpropagate",
    "backpropagate is given an input and never feeds it forward: it works on whatever the last pass left.",
    NoFeedForward,
)
one_put_right = one_three_one(
    "1-3-1-put-right",
    "the same network put right",
    "Dot products, net from zero, exp(-net), biases, cross-entropy, and a feed-forward pass before every "
    "backward pass.",
    PutRight,
    PutRight,
)


# Any shape


def with_ones(out):
    return np.hstack([out, np.ones((len(out), 1))])


class ExtraColumn:
    """The asker's network put right."""

    def __init__(self, weights):
        self.weights = list(weights)

    def feed_forward(self, inputs):
        self.outs = [inputs]
        for W in self.weights:
            self.outs.append(logistic(with_ones(self.outs[-1]) @ W.T))
        return self.outs[-1]

    def error(self, targets):
        return 0.5 * np.sum((targets - self.outs[-1]) ** 2)

    def derivative(self, y):
        return y * (1.0 - y)

    def backpropagate(self, inputs, targets):
        self.feed_forward(inputs)
        gradients, dE_dout = [], self.outs[-1] - targets
        for W, below, out in zip(self.weights[::-1], self.outs[-2::-1], self.outs[::-1]):
            delta = dE_dout * self.derivative(out)
            gradients.insert(0, delta.T @ with_ones(below))
            dE_dout = delta @ W[:, :-1]
        return gradients

    def update(self, gradients, learning_rate):
        self.weights = [W - learning_rate * dE_dW for W, dE_dW in zip(self.weights, gradients)]

    def train(self, inputs, targets, rounds, learning_rate=0.1):
        for _ in range(rounds):
            self.update(self.backpropagate(inputs, targets), learning_rate)


# The mistakes


class NegativeDerivative(ExtraColumn):
    def derivative(self, y):
        return y * (y - 1.0)


class LogisticTwice(ExtraColumn):
    def derivative(self, y):
        return logistic(y) * (1.0 - logistic(y))


class UpdateAdds(NegativeDerivative):
    def update(self, gradients, learning_rate):
        self.weights = [W + learning_rate * dE_dW for W, dE_dW in zip(self.weights, gradients)]


class SharedWeights(ExtraColumn):
    weights = []

    def __init__(self, weights):
        self.weights[:] = weights


class RareUpdate(ExtraColumn):
    def train(self, inputs, targets, rounds, learning_rate=0.1):
        for completed in range(1, rounds + 1):
            gradients = self.backpropagate(inputs, targets)
            if completed % 100_000 == 0:
                self.update(gradients, learning_rate)


DRAW = np.random.default_rng(20)
PARAMETERS = {"W1": DRAW.normal(size=(3, 3)), "W2": DRAW.normal(size=(1, 4))}
OTHERS = {name: DRAW.normal(size=value.shape) for name, value in PARAMETERS.items()}
SAMPLES = DRAW.normal(size=(5, 2))
CLASSES = np.where(SAMPLES.sum(axis=1, keepdims=True) > 0.0, 1.0, 0.0)


def loss_of(program):
    """parameters -> E of the samples."""
    return lambda parameters: _error(program(parameters.values()))


def gradients_of(program):
    """parameters -> the program's gradients, summed over the samples."""
    return lambda parameters: dict(
        zip(parameters, program(parameters.values()).backpropagate(SAMPLES, CLASSES))
    )


def error_after(program, rounds):
    """E of the samples after so many rounds of the program's own training at 0.1."""
    network = program(PARAMETERS.values())
    network.train(SAMPLES, CLASSES, rounds)
    return _error(network)


def _error(network):
    network.feed_forward(SAMPLES)
    return network.error(CLASSES)


def shows_update_adds(rounds=1000, learning_rate=0.1):
    errors = [error_after(program, rounds) for program in (UpdateAdds, NegativeDerivative, ExtraColumn)]
    later = error_after(UpdateAdds, 10 * rounds)
    loss, steps = loss_of(ExtraColumn), gradients_of(UpdateAdds)(PARAMETERS)
    start = loss(PARAMETERS)
    moved = {name: PARAMETERS | {name: PARAMETERS[name] + learning_rate * steps[name]} for name in PARAMETERS}
    alone = {name: loss(there) - start for name, there in moved.items()}
    return (
        f"E = {start:.6f} at the start, {errors[0]:.6f} after {rounds:,} rounds at {learning_rate}, "
        f"{later:.6f} after {10 * rounds:,}. If the same gradient is subtracted, as a gradient should be, E "
        f"= {errors[1]:.6f} after {rounds:,} rounds; the right program has {errors[2]:.6f}. In the first "
        f"round the added step of W2 alone changes E by {alone['W2']:+.6f}, that of W1 alone by "
        f"{alone['W1']:+.6f}."
    )


def shows_shared_weights():
    first = SharedWeights(PARAMETERS.values())
    before = first.feed_forward(SAMPLES)[0, 0]
    SharedWeights(OTHERS.values())
    after = first.feed_forward(SAMPLES)[0, 0]
    return (
        f"a network answers {before:.6f} to the first sample, and {after:.6f} as soon as a second network "
        "has been made; nothing was done to the first in between."
    )


def shows_rare_update(rounds=2000):
    network = RareUpdate(PARAMETERS.values())
    network.train(SAMPLES, CLASSES, rounds)
    moved = max(np.max(np.abs(W - start)) for W, start in zip(network.weights, PARAMETERS.values()))
    return (
        f"E = {loss_of(RareUpdate)(PARAMETERS):.6f} at the start. After {rounds:,} rounds at 0.1 the "
        f"furthest that any weight has moved is {moved:g} and E = {error_after(RareUpdate, rounds):.6f}; "
        f"with an update in every round E = {error_after(ExtraColumn, rounds):.6f}."
    )


def extra_column(id, title, what, wrong, shows=None):
    """The Exhibit of a mistaken program."""

    def made(is_wrong):
        program = wrong if is_wrong else ExtraColumn
        return loss_of(program), gradients_of(program), PARAMETERS

    return Exhibit(id, title, "", what, made, EXTRA_COLUMN, also=wrong, shows=shows)


negative_derivative = extra_column(
    "negative-derivative",
    "the derivative written y*(y - 1)",
    "y*(y - 1) is the negative of the logistic's derivative y*(1 - y): a sign for every neuron on the way, "
    "one for W2, two, which is right again, for W1.",
    NegativeDerivative,
)
logistic_twice = extra_column(
    "logistic-twice",
    "the derivative applied to values that went through the logistic already",
    "The derivative expects net and takes its logistic itself, but is handed out: the logistic is applied "
    "twice.",
    LogisticTwice,
)
update_adds = extra_column(
    "update-adds",
    "an update that adds, which hides the sign",
    "The derivative is the negative one and the update adds: the two mistakes cancel in the output layer, "
    "so the error falls, but not in the hidden layer.",
    UpdateAdds,
    shows_update_adds,
)
shared_weights = extra_column(
    "shared-weights",
    "a list of weights that belongs to the class",
    "A list made in the body of the class is one list, and every instance fills the same one.",
    SharedWeights,
    shows_shared_weights,
)
rare_update = extra_column(
    "rare-update",
    "an update in every 100,000th round only",
    "The gradient is computed in every round and thrown away in all but one of 100,000.",
    RareUpdate,
    shows_rare_update,
)
column_put_right = extra_column(
    "extra-column-put-right",
    "the same network put right",
    "y*(1 - y) of the outputs, an update that subtracts, in every round, and weights of its own for every "
    "network.",
    ExtraColumn,
)
