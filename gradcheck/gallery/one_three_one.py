"""1-3-1, logistic, no bias, is x positive? A right program, and one for each mistake; nothing is judged here.

A question asked in public, its mistakes re-created. Legend: W1 (3, 1), W2 (1, 3), b1 (3,), b2 (1,); inputs, targets,
out_o (1,), out_h (3,); E of one sample, over its one output.
"""

import numpy as np


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
