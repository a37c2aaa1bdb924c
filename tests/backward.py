"""A backward pass in NumPy, written apart from the package, in steps that a mistake can replace.

Rows are samples, weights are (out, in); hidden layers are of one activation, the outputs of a classification.
"""

from dataclasses import dataclass, field

import numpy as np


def logistic(net):
    return 1.0 / (1.0 + np.exp(-net))


def softmax(net):
    exponentials = np.exp(net - net.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


VALUES = {"logistic": logistic, "tanh": np.tanh, "relu": lambda net: np.maximum(net, 0.0), "softmax": softmax}
SLOPES = {
    "logistic": lambda net, out: out * (1.0 - out),
    "tanh": lambda net, out: 1.0 - out**2,
    "relu": lambda net, out: (net > 0.0).astype(float),
}
LOSSES = {"logistic": "binary cross-entropy", "softmax": "categorical cross-entropy"}


@dataclass
class Backward:
    """A network with its samples; `gradients()` are W1, b1, W2, ... by name. Steps may be replaced by
    `mistake`, name -> function.
    """

    activations: list
    weights: list
    biases: list
    inputs: np.ndarray
    targets: np.ndarray
    combine: str
    rate: float
    l2: float = 0.0
    mistake: dict = field(default_factory=dict)

    def description(self):
        """What neuronnet calls this network."""
        layers = [
            {"activation": activation, "weights": weights.tolist(), "bias": biases.tolist()}
            for activation, weights, biases in zip(self.activations, self.weights, self.biases)
        ]
        return {
            "loss": LOSSES[self.activations[-1]],
            "layer": layers,
            "samples_combine": self.combine,
            "learning_rate": self.rate,
            "l2": self.l2,
        }

    def gradients(self):
        """The gradients of the error of all samples, with the mistake."""
        self.nets, self.outs, found = [], [self.inputs], {}
        for activation, weights, biases in zip(self.activations, self.weights, self.biases):
            self.nets.append(self.outs[-1] @ weights.T + biases)
            self.outs.append(VALUES[activation](self.nets[-1]))
        delta = self._step("output")
        for k in reversed(range(len(self.weights))):
            found[f"W{k + 1}"] = self._step("weight", delta, k)
            found[f"b{k + 1}"] = self._step("bias", delta)
            if k > 0:
                delta = self._step("back", delta, k, found[f"W{k + 1}"]) * self._step("slope", k - 1)
        return {name: found[name] for name in sorted(found, key=lambda name: (name[1:], name[0]))}

    def _step(self, name, *arguments):
        return self.mistake.get(name, getattr(Backward, name))(self, *arguments)

    def output(self):
        """The deltas of the outputs."""
        return self.outs[-1] - self.targets

    def combined(self, total):
        return total / len(self.inputs) if self.combine == "mean" else total

    def weight(self, delta, k):
        return self.combined(delta.T @ self.outs[k]) + self.l2 * self.weights[k]

    def bias(self, delta):
        return self.combined(delta.sum(axis=0))

    def back(self, delta, k, gradient):
        """The errors that arrive at the layer before layer k, whose gradient is known."""
        return delta @ self.weights[k]

    def slope(self, k):
        return SLOPES[self.activations[k]](self.nets[k], self.outs[k + 1])


def drawn(seed, hidden=None, output=None, square=False, layers=None, **changes):
    """A Backward by seed, of two or three layers of 2 or 3 neurons and 2 to 5 samples; what is not given is
    drawn.
    """
    draw = np.random.default_rng(seed)
    count = layers or int(draw.integers(2, 4))
    sizes = [2] * (count + 1) if square else draw.integers(2, 4, size=count + 1)
    activations = [hidden or str(draw.choice(["logistic", "tanh", "relu"]))] * (count - 1)
    activations.append(output or str(draw.choice(["logistic", "softmax"])))
    samples = int(draw.integers(2, 6))
    targets = np.eye(sizes[-1])[draw.integers(sizes[-1], size=samples)]
    if activations[-1] == "logistic":
        targets = draw.integers(2, size=targets.shape).astype(float)
    return Backward(
        activations,
        [draw.normal(size=(m, n)) for n, m in zip(sizes, sizes[1:])],
        [draw.normal(size=m) for m in sizes[1:]],
        draw.normal(size=(samples, sizes[0])),
        targets,
        **({"combine": str(draw.choice(["sum", "mean"])), "rate": float(draw.choice([0.1, 0.5]))} | changes),
    )
