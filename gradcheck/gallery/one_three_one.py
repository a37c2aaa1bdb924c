"""1-3-1, logistic, no bias, is x positive? A right program, and one for each mistake.

A question asked in public, its mistakes re-created. Legend: W1 (3, 1), W2 (1, 3), b1 (3,), b2 (1,); inputs,
targets, out_o (1,), out_h (3,); E of one sample, over its one output.
"""

import numpy as np

from gradcheck import check
from gradcheck.gallery import CandidateCause, GalleryProgram


class OneThreeOne:
    """The asker's network as drawn, its gradient right: E = (target - out)**2 / 2."""

    def __init__(self, weights):
        self.weights = weights

    def logistic(self, net):
        return 1.0 / (1.0 + np.exp(-net))

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


SECTION = "1-3-1, logistic, no bias"
EARLIER, INPUTS, TARGETS = np.array([-1.9]), np.array([0.7]), np.array([1.0])
RNG = np.random.default_rng(131)
WEIGHTS = {"W1": RNG.normal(size=(3, 1)), "W2": RNG.normal(size=(1, 3))}
BIASES = {"b1": RNG.normal(size=3), "b2": RNG.normal(size=1)}


def loss_of(program):
    """parameters -> E of the sample, in a network that has seen the earlier sample."""
    return lambda weights: _error_after(program(weights), EARLIER, INPUTS)


def gradients_of(program):
    """parameters -> the program's gradients for the sample, in a network that has seen the earlier sample."""

    def gradients(weights):
        network = program(weights)
        network.feed_forward(EARLIER)
        return network.backpropagate(INPUTS, TARGETS)

    return gradients


def candidates(program, network, weights):
    """What is tried as the cause of wrong gradients of a program, judged by the error of `network`."""

    def of_the_earlier_input(moved):
        return _error_after(network(moved), EARLIER)

    def with_the_earlier_pass_held(moved):
        held = network(weights)
        held.feed_forward(EARLIER)
        held.weights = moved
        return _error_after(held, INPUTS)

    right = "these are the right gradients"
    apart = f"{right} if every hidden neuron had an output, and an error, of its own"
    held = f"{right} if what the pass before left behind were constants"
    tried = (
        ("stale activations", f"{right} for the input of the pass before", of_the_earlier_input),
        ("carried net", held, with_the_earlier_pass_held),
        ("separate outputs", apart, _error_of_separate_outputs),
    )
    return tuple(CandidateCause(*each, gradients_of(program)) for each in tried)


def _error_after(network, *passes):
    for inputs in passes:
        network.feed_forward(inputs)
    return network.error(TARGETS)


def _error_of_separate_outputs(weights):
    out_h = 1.0 / (1.0 + np.exp(-weights["W1"][:, 0] * INPUTS[0]))
    out_o = 1.0 / (1.0 + np.exp(-weights["W2"][0] * out_h))
    return 0.5 * np.sum((TARGETS - out_o) ** 2)


def shows_elementwise():
    outputs = Elementwise(WEIGHTS).feed_forward(INPUTS)
    drawn = OneThreeOne(WEIGHTS).feed_forward(INPUTS)
    own = check(loss_of(Elementwise), gradients_of(Elementwise), WEIGHTS).verdict
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


def programs():
    """The programs of this section, the right one last."""
    return [
        _program(
            "elementwise",
            "* where a dot product is meant",
            "The products of the hidden outputs and W2 are never added up: NumPy multiplies entry by "
            "entry, every hidden neuron gets an output of its own, and the one target is broadcast against "
            "all three. Judged by the error of the network as drawn, which has one output.",
            Elementwise,
            "wrong",
            ('self.weights["W2"] * out_h', 'self.weights["W2"] @ out_h'),
            network=OneThreeOne,
            shows=shows_elementwise,
        ),
        _program(
            "squared-error",
            "the squared error, for what is a classification",
            "The target is a class, 0 or 1, and the error that fits a logistic output is the cross-entropy.",
            OneThreeOne,
            "right",
            (
                "0.5 * np.sum((targets - self.out_o) ** 2)",
                "-np.sum(targets * np.log(self.out_o) + (1.0 - targets) * np.log(1.0 - self.out_o))",
            ),
            fixed=CrossEntropy,
            shows=shows_squared_error,
        ),
        _program(
            "accumulated-net",
            "net added to the net of the pass before",
            "The sum of inputs never starts at zero again, so E depends on the weights through both "
            "passes, and the backward pass knows of one.",
            AccumulatedNet,
            "wrong",
            ('self.sum_h = self.sum_h + self.weights["W1"] @ inputs', 'return self.weights["W1"] @ inputs'),
        ),
        _program(
            "exp-plus",
            "the logistic written with exp(+net)",
            "1/(1 + exp(net)) falls where the logistic rises; out*(1 - out) is then minus its derivative, "
            "once on the way to W2 and twice, which is right again, on the way to W1.",
            ExpPlus,
            "wrong",
            ("np.exp(+net)", "np.exp(-net)"),
        ),
        _program(
            "no-bias",
            "the missing bias",
            "Without a bias net_h is W1 times x, so at x = 0 every hidden neuron gives 0.5, whatever is "
            "learned.",
            OneThreeOne,
            "right",
            ('self.weights["W1"] @ inputs', 'self.weights["W1"] @ inputs + self.weights["b1"]'),
            fixed=WithBias,
            shows=shows_no_bias,
        ),
        _program(
            "no-feed-forward",
            "no feed-forward pass inside backpropagate",
            "backpropagate is given an input and never feeds it forward: it works on whatever the last "
            "pass left.",
            NoFeedForward,
            "wrong",
            (
                "return self.gradients(targets)",
                "self.feed_forward(inputs), then return self.gradients(targets)",
            ),
        ),
        _program(
            "1-3-1-put-right",
            "the same network put right",
            "Dot products, net from zero, exp(-net), biases, cross-entropy, and a feed-forward pass before "
            "every backward pass.",
            PutRight,
            "right",
        ),
    ]


def _program(
    id, title, source, program, expected, code=("", ""), fixed=OneThreeOne, network=None, shows=None
):
    network = program if network is None else network
    weights = WEIGHTS | BIASES if issubclass(program, WithBias) else WEIGHTS
    judged = loss_of(network), gradients_of(program), weights, expected
    told = *code, fixed if any(code) else None, candidates(program, network, weights), shows
    return GalleryProgram(id, SECTION, title, source, program, *judged, *told)
