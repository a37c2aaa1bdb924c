"""Any shape, bias as an extra column, batch update: a right program, and one for each mistake.

A question asked in public, its mistakes re-created. Legend: weights[l] (neurons, inputs + 1), the bias in its
last column; outs[l] (samples, neurons), outs[0] the inputs; E = sum over samples and outputs of (target -
out)**2 / 2.
"""

import numpy as np

from gradcheck.gallery import CandidateCause, GalleryProgram


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


SECTION = "Any shape, bias as an extra column"
RNG = np.random.default_rng(20)
PARAMETERS = {"W1": RNG.normal(size=(3, 3)), "W2": RNG.normal(size=(1, 4))}
OTHERS = {name: RNG.normal(size=value.shape) for name, value in PARAMETERS.items()}
INPUTS = RNG.normal(size=(5, 2))
TARGETS = np.where(INPUTS.sum(axis=1, keepdims=True) > 0.0, 1.0, 0.0)


def loss_of(program, inputs=INPUTS, targets=TARGETS):
    """parameters -> E of the samples."""
    return lambda parameters: _error(program(parameters.values()), inputs, targets)


def gradients_of(program, inputs=INPUTS, targets=TARGETS):
    """parameters -> the program's gradients, summed over the samples."""

    def gradients(parameters):
        found = program(parameters.values()).backpropagate(inputs, targets)
        return dict(zip(parameters, found))

    return gradients


def candidates(program):
    """What is tried as the cause of wrong gradients of `program`.

    With one sample, one hidden layer and one output each gradient is a single product, so a derivative taken
    at out instead of net is a factor on it, logistic'(out)/(out (1 - out)) for each neuron on the way, and
    can be divided out.
    """
    inputs, targets = INPUTS[:1], TARGETS[:1]
    found = gradients_of(program, inputs, targets)

    def divided(parameters):
        network = ExtraColumn(parameters.values())
        network.feed_forward(inputs)
        h, o = ((logistic(out) * (1.0 - logistic(out)) / (out * (1.0 - out)))[0] for out in network.outs[1:])
        gradients = found(parameters)
        return {"W1": gradients["W1"] / (h[:, None] * o), "W2": gradients["W2"] / o}

    factor = "the numerical ones times logistic'(out)/(out (1 - out)) for each neuron on the way"
    sentence = f"for one sample these gradients are {factor}"
    return (CandidateCause("logistic twice", sentence, loss_of(program, inputs, targets), divided),)


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
    before = first.feed_forward(INPUTS)[0, 0]
    SharedWeights(OTHERS.values())
    after = first.feed_forward(INPUTS)[0, 0]
    return (
        f"a network answers {before:.6f} to the first sample, and {after:.6f} as soon as a second network "
        "has been made; nothing was done to the first in between."
    )


def shows_rare_update(rounds=2000):
    network = RareUpdate(PARAMETERS.values())
    network.train(INPUTS, TARGETS, rounds)
    moved = max(np.max(np.abs(W - start)) for W, start in zip(network.weights, PARAMETERS.values()))
    return (
        f"E = {loss_of(RareUpdate)(PARAMETERS):.6f} at the start. After {rounds:,} rounds at 0.1 the "
        f"furthest that any weight has moved is {moved:g} and E = {error_after(RareUpdate, rounds):.6f}; "
        f"with an update in every round E = {error_after(ExtraColumn, rounds):.6f}."
    )


def error_after(program, rounds):
    """E of the samples after so many rounds of the program's own training at 0.1."""
    network = program(PARAMETERS.values())
    network.train(INPUTS, TARGETS, rounds)
    return _error(network, INPUTS, TARGETS)


def _error(network, inputs, targets):
    network.feed_forward(inputs)
    return network.error(targets)


def programs():
    """The programs of this section, the right one last."""
    return [
        _program(
            "negative-derivative",
            "the derivative written y*(y - 1)",
            "y*(y - 1) is the negative of the logistic's derivative y*(1 - y): a sign for every neuron on "
            "the way, one for W2, two, which is right again, for W1.",
            NegativeDerivative,
            "wrong",
            ("y * (y - 1.0)", "y * (1.0 - y)"),
        ),
        _program(
            "logistic-twice",
            "the derivative applied to values that went through the logistic already",
            "The derivative expects net and takes its logistic itself, but is handed out: the logistic is "
            "applied twice.",
            LogisticTwice,
            "wrong",
            ("logistic(y) * (1.0 - logistic(y))", "y * (1.0 - y)"),
        ),
        _program(
            "update-adds",
            "an update that adds, which hides the sign",
            "The derivative is the negative one and the update adds: the two mistakes cancel in the output "
            "layer, so the error falls, but not in the hidden layer.",
            UpdateAdds,
            "wrong",
            ("W + learning_rate * dE_dW", "W - learning_rate * dE_dW"),
            shows=shows_update_adds,
        ),
        _program(
            "shared-weights",
            "a list of weights that belongs to the class",
            "A list made in the body of the class is one list, and every instance fills the same one.",
            SharedWeights,
            "right",
            ("self.weights[:] = weights", "self.weights = list(weights)"),
            shows=shows_shared_weights,
        ),
        _program(
            "rare-update",
            "an update in every 100,000th round only",
            "The gradient is computed in every round and thrown away in all but one of 100,000.",
            RareUpdate,
            "right",
            (
                "if completed % 100_000 == 0:",
                "self.update(self.backpropagate(inputs, targets), learning_rate)",
            ),
            shows=shows_rare_update,
        ),
        _program(
            "extra-column-put-right",
            "the same network put right",
            "y*(1 - y) of the outputs, an update that subtracts, in every round, and weights of its own "
            "for every network.",
            ExtraColumn,
            "right",
        ),
    ]


def _program(id, title, source, program, expected, code=("", ""), shows=None):
    judged = loss_of(program), gradients_of(program), PARAMETERS, expected
    told = *code, ExtraColumn if any(code) else None, candidates(program), shows
    return GalleryProgram(id, SECTION, title, source, program, *judged, *told)
