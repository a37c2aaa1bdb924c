"""Any shape, bias as an extra column, batch update: a right program, and one for each mistake; nothing is judged here.

A question asked in public, its mistakes re-created. Legend: weights[l] (neurons, inputs + 1), the bias in its last
column; outs[l] (samples, neurons), outs[0] the inputs; E = sum over samples and outputs of (target - out)**2 / 2.
"""

import numpy as np


def logistic(net):
    return 1.0 / (1.0 + np.exp(-net))


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
