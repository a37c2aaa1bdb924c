"""How fast the twin trains, against the usual NumPy program, and with how little memory. Run: python
benchmarks/twin.py
"""

import sys
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from interleaved import interleaved, report
from tutorial import train

from gradcheck.twin import Twin

EPS = np.finfo(float).eps
UPDATES, RATE, L2 = 1000, 0.01, 0.01
GOAL = 0.4


def moons(count=200, noise=0.20):
    """(inputs (count, 2), class numbers): two half moons as scikit-learn draws them from NumPy's generator
    seeded 0.
    """
    generator = np.random.RandomState(0)
    t = np.linspace(0.0, np.pi, count // 2)
    inputs = np.vstack([np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(t), 0.5 - np.sin(t)]])
    order = np.arange(count)
    generator.shuffle(order)
    return inputs[order] + generator.normal(scale=noise, size=inputs.shape), (order >= count // 2).astype(int)


def network(inputs, classes):
    """The 2-3-2 network of that tutorial as a plain dict."""
    generator = np.random.RandomState(0)
    W1, W2 = generator.randn(2, 3) / np.sqrt(2), generator.randn(3, 2) / np.sqrt(3)
    return {
        "loss": "categorical cross-entropy",
        "learning_rate": RATE,
        "l2": L2,
        "layer": [
            {"activation": "tanh", "weights": W1.T.tolist(), "bias": [0.0] * 3},
            {"activation": "softmax", "weights": W2.T.tolist(), "bias": [0.0] * 2},
        ],
        "sample": [
            {"inputs": x, "targets": target}
            for x, target in zip(inputs.tolist(), np.eye(2)[classes].tolist())
        ],
    }


def peer_vector(description, inputs, classes):
    """What the tutorial's program ends with, in the order of Twin.vector."""
    (W1, b1), (W2, b2) = [
        (np.array(layer["weights"]).T, np.array([layer["bias"]])) for layer in description["layer"]
    ]
    W1, b1, W2, b2 = train(inputs, classes, W1, b1, W2, b2, UPDATES, RATE, L2)
    return np.concatenate([W1.T.ravel(), b1.ravel(), W2.T.ravel(), b2.ravel()])


def most_that_rounding_explains(description):
    """How far apart rounding can put two programs after all updates: updates times rounding of one times
    amplification.

    Rounding of one update: each entry of the gradient is a sum over the samples, each term of some thirty
    operations; both programs round, and each rounds the update itself. Amplification is measured on two twins
    whose parameters start 1e-7 apart, far above rounding and far below the size of the surface's features:
    the largest growth of their distance between any two of every tenth update.
    """
    one, other = Twin(description), Twin(description)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=one.vector.size)
    other.vector = one.vector + 1e-7 * signs
    rounding, distances = [], []
    for _ in range(UPDATES // 10):
        terms = sum(np.abs(one.gradient_vector(x, target)) for x, target in zip(one.inputs, one.targets))
        rounding.append(2 * EPS * np.linalg.norm(RATE * (len(one.inputs) + 30) * terms + np.abs(one.vector)))
        distances.append(np.linalg.norm(one.vector - other.vector))
        one.train(10)
        other.train(10)
    growth = np.max(np.maximum.accumulate(distances[::-1])[::-1] / np.array(distances))
    return UPDATES * max(rounding) * growth


def peak_memory(description, updates):
    """Bytes at the peak of a training."""
    twin = Twin(description)
    tracemalloc.start()
    twin.train(updates)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    inputs, classes = moons()
    description = network(inputs, classes)
    ends = {}

    def ours():
        twin = Twin(description)
        twin.train(UPDATES)
        ends["ours"] = twin.vector

    def peer():
        ends["peer"] = peer_vector(description, inputs, classes)

    seconds = interleaved({"gradcheck.Twin": ours, "tutorial": peer})
    difference, bound = np.linalg.norm(ends["ours"] - ends["peer"]), most_that_rounding_explains(description)
    assert difference <= bound, "the two programs do not compute the same"
    report(
        f"{UPDATES} full-batch updates of a 2-3-2 network, 200 samples",
        seconds,
        "gradcheck.Twin",
        "tutorial",
        GOAL,
    )
    print(f"  the weights end {difference:.1e} apart; rounding explains up to {bound:.1e}")
    peaks = [peak_memory(description, updates) for updates in (1000, 1000, 10_000)]
    print(f"  memory at the peak: {peaks[2] - peaks[1]:+d} bytes from 1,000 updates to 10,000")
    assert peaks[2] - peaks[1] < 200 * 3 * 8, "the loop keeps an array"
