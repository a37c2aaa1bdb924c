"""What `gradcheck.check` costs: evaluations of the loss per entry, and time outside the user's functions per
evaluation.
"""

import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from gradcheck import check  # noqa: E402

INPUTS, HIDDEN, OUTPUTS, SAMPLES = 20, 40, 4, 8
REPETITIONS = 9


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
    parameters = {
        "W1": draw.normal(size=(INPUTS, HIDDEN)) * 0.3,
        "b1": draw.normal(size=HIDDEN),
        "W2": draw.normal(size=(HIDDEN, OUTPUTS)) * 0.3,
        "b2": draw.normal(size=OUTPUTS),
    }
    inputs, targets = draw.normal(size=(SAMPLES, INPUTS)), draw.normal(size=(SAMPLES, OUTPUTS))

    def loss(p):
        out = np.tanh(inputs @ p["W1"] + p["b1"])
        return 0.5 * np.sum((out @ p["W2"] + p["b2"] - targets) ** 2)

    def gradients(p):
        out = np.tanh(inputs @ p["W1"] + p["b1"])
        delta = out @ p["W2"] + p["b2"] - targets
        hidden = delta @ p["W2"].T * (1.0 - out**2)
        return {
            "W1": inputs.T @ hidden,
            "b1": hidden.sum(axis=0),
            "W2": out.T @ delta,
            "b2": delta.sum(axis=0),
        }

    return loss, gradients, parameters


def ours(loss, backward, parameters):
    """gradcheck.check: every entry with an error bar and a verdict."""
    check(loss, backward, parameters)


def scipy_differences(loss, backward, parameters):
    """SciPy's central differences of the same loss, no error bars: twice as many calls as entries."""
    shapes = {name: each.shape for name, each in parameters.items()}
    stops = np.cumsum([each.size for each in parameters.values()])[:-1]

    def of_vector(vector):
        return loss({name: part.reshape(shapes[name]) for name, part in zip(shapes, np.split(vector, stops))})

    numeric = import_module("scipy.optimize._numdiff").approx_derivative(
        of_vector, np.concatenate([each.ravel() for each in parameters.values()]), method="3-point"
    )
    backward(parameters)
    assert np.all(np.isfinite(numeric))


def outside(candidate):
    """(microseconds outside the loss and its gradients, per call of the loss; calls) of one run of a
    candidate.
    """
    loss, gradients, parameters = network()
    timed, backward = Timed(loss), Timed(gradients)
    started = perf_counter()
    candidate(timed, backward, parameters)
    seconds = perf_counter() - started
    return 1e6 * (seconds - timed.seconds - backward.seconds) / timed.calls, timed.calls


def main():
    """Print the calls per entry, and medians of interleaved runs with their range."""
    size = sum(each.size for each in network()[2].values())
    candidates = {"gradcheck": ours}
    try:
        import_module("scipy")
        candidates["SciPy, 3-point"] = scipy_differences
    except ModuleNotFoundError:
        print("SciPy is not installed: nothing to compare with", file=sys.stderr)
    for candidate in candidates.values():
        outside(candidate)
    found = {name: [] for name in candidates}
    for _ in range(REPETITIONS):
        for name, candidate in candidates.items():
            found[name].append(outside(candidate))
    print(
        f"{size} parameters; time outside the user's functions, per call of the loss, {REPETITIONS} "
        "interleaved runs"
    )
    for name, runs in found.items():
        times = [time for time, _ in runs]
        print(
            f"  {name:<16} median {median(times):5.1f} us, from {min(times):.1f} to {max(times):.1f}; "
            f"{runs[0][1] / size:.2f} calls per entry"
        )
    if len(found) > 1:
        ratios = [own[0] / other[0] for own, other in zip(*found.values())]
        print(f"  ratio            median {median(ratios):5.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
