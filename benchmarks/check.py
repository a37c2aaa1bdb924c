"""What `gradcheck.check` costs: evaluations of the loss per entry, and time outside the user's functions per evaluation."""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from gradcheck import check                                                                                    # noqa: E402

INPUTS, HIDDEN, OUTPUTS, SAMPLES = 20, 40, 4, 8


class Timed:
    """A function that adds up the time spent in it, and counts its calls."""

    def __init__(self, function):
        self.function, self.seconds, self.calls = function, 0.0, 0

    def __call__(self, parameters):
        started = perf_counter()
        try:
            return self.function(parameters)
        finally:
            self.seconds += perf_counter() - started
            self.calls += 1


def network(seed=0):
    """(loss, gradients, parameters) of a tanh network of 1,004 parameters."""
    draw = np.random.default_rng(seed)
    parameters = {"W1": draw.normal(size=(INPUTS, HIDDEN)) * 0.3, "b1": draw.normal(size=HIDDEN),
                  "W2": draw.normal(size=(HIDDEN, OUTPUTS)) * 0.3, "b2": draw.normal(size=OUTPUTS)}
    inputs, targets = draw.normal(size=(SAMPLES, INPUTS)), draw.normal(size=(SAMPLES, OUTPUTS))

    def loss(p):
        out = np.tanh(inputs @ p["W1"] + p["b1"])
        return 0.5 * np.sum((out @ p["W2"] + p["b2"] - targets) ** 2)

    def gradients(p):
        out = np.tanh(inputs @ p["W1"] + p["b1"])
        delta = out @ p["W2"] + p["b2"] - targets
        hidden = delta @ p["W2"].T * (1.0 - out ** 2)
        return {"W1": inputs.T @ hidden, "b1": hidden.sum(axis=0), "W2": out.T @ delta, "b2": delta.sum(axis=0)}

    return loss, gradients, parameters


def main():
    loss, gradients, parameters = network()
    size = sum(each.size for each in parameters.values())
    check(loss, gradients, parameters, select="b2")
    timed, backward = Timed(loss), Timed(gradients)
    started = perf_counter()
    report = check(timed, backward, parameters)
    seconds = perf_counter() - started
    outside = (seconds - timed.seconds - backward.seconds) / timed.calls
    print(f"{size} parameters: {report.verdict}, {report.evaluations} evaluations "
          f"({report.evaluations / size:.2f} per entry), {seconds:.2f} s")
    print(f"loss {1e6 * timed.seconds / timed.calls:.1f} µs per evaluation, everything else {1e6 * outside:.1f} µs")


if __name__ == "__main__":
    main()
