"""Networks in NumPy, drawn at random, with a backward pass that is right: loss, gradients, parameters.
Nothing is judged.
"""

from dataclasses import dataclass, field

import numpy as np

ACTIVATIONS = {
    "relu": (lambda net: np.where(net.real > 0.0, net, 0.0), lambda net, out: (net > 0.0).astype(float)),
    "tanh": (np.tanh, lambda net, out: 1.0 - out**2),
    "logistic": (lambda net: 1.0 / (1.0 + np.exp(-net)), lambda net, out: out * (1.0 - out)),
}
LOSSES = ("squared error", "binary cross-entropy", "categorical cross-entropy")


@dataclass
class Drawn:
    """A network: `parameters` by name, W1, b1, W2, ...; rows are samples. `calls` counts the calls of the
    loss.
    """

    activation: str
    error: str
    l2: float
    parameters: dict
    inputs: np.ndarray
    targets: np.ndarray
    layers: int
    calls: int = field(default=0)

    def loss(self, p):
        """The mean error over the samples, and l2/2 times the squared weights."""
        self.calls += 1
        net = self._forward(p)[-1][1]
        if self.error == "squared error":
            error = 0.5 * np.sum((net - self.targets) ** 2)
        elif self.error == "binary cross-entropy":
            error = np.sum(np.logaddexp(0.0, net) - self.targets * net)
        else:
            largest = net.max(axis=1, keepdims=True)
            error = np.sum(
                (np.log(np.sum(np.exp(net - largest), axis=1, keepdims=True)) + largest - net) * self.targets
            )
        penalty = sum(np.sum(p[f"W{k}"] ** 2) for k in range(1, self.layers + 1))
        return error / len(self.inputs) + 0.5 * self.l2 * penalty

    def gradients(self, p):
        """The gradients of the loss, by backpropagation."""
        passes = self._forward(p)
        net = passes[-1][1]
        if self.error == "squared error":
            delta = net - self.targets
        elif self.error == "binary cross-entropy":
            delta = 1.0 / (1.0 + np.exp(-net)) - self.targets
        else:
            exponentials = np.exp(net - net.max(axis=1, keepdims=True))
            delta = exponentials / exponentials.sum(axis=1, keepdims=True) - self.targets
        delta, found = delta / len(self.inputs), {}
        for k in range(self.layers, 0, -1):
            given = passes[k - 1][0]
            found[f"W{k}"] = given.T @ delta + self.l2 * p[f"W{k}"]
            found[f"b{k}"] = delta.sum(axis=0)
            if k > 1:
                delta = delta @ p[f"W{k}"].T * ACTIVATIONS[self.activation][1](passes[k - 2][1], given)
        return {name: found[name] for name in p}

    def _forward(self, p):
        """[(inputs of layer k, net of layer k)] in order."""
        out, passes = self.inputs, []
        for k in range(1, self.layers + 1):
            net = out @ p[f"W{k}"] + p[f"b{k}"]
            passes.append((out, net))
            out = ACTIVATIONS[self.activation][0](net) if k < self.layers else net
        return passes


def drawn(seed, activation=None, error=None, layers=None, largest=5):
    """A Drawn network by seed; what is not given is drawn."""
    draw = np.random.default_rng(seed)
    activation = activation or str(draw.choice(list(ACTIVATIONS)))
    error = error or str(draw.choice(LOSSES))
    layers = layers or int(draw.integers(2, 5))
    sizes = draw.integers(2, largest + 1, size=layers + 1)
    parameters = {}
    for k in range(1, layers + 1):
        parameters[f"W{k}"] = draw.normal(size=(sizes[k - 1], sizes[k]))
        parameters[f"b{k}"] = draw.normal(size=sizes[k]) * 0.5
    samples = int(draw.integers(2, 7))
    inputs, targets = draw.normal(size=(samples, sizes[0])), draw.normal(size=(samples, sizes[-1]))
    if error == "binary cross-entropy":
        targets = (targets > 0.0).astype(float)
    elif error == "categorical cross-entropy":
        targets = np.eye(sizes[-1])[np.argmax(targets, axis=1)]
    return Drawn(activation, error, float(draw.choice([0.0, 0.01, 0.3])), parameters, inputs, targets, layers)
