"""What it costs to watch an element of a NumPy array, and to have watched the objects of a network.

Run: python benchmarks/watching.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from interleaved import interleaved, report

from neuronnet import load, watch


def numpy_training(inputs, hidden, outputs, samples):
    """A function that makes so many updates of a program in NumPy, as they are written by hand, and its W."""
    draw = np.random.default_rng(1)
    W1, W2 = draw.normal(size=(hidden, inputs)), draw.normal(size=(outputs, hidden))
    x, t = draw.normal(size=(inputs, samples)), draw.uniform(size=(outputs, samples))

    def train(updates):
        for _ in range(updates):
            h = np.tanh(W1 @ x)
            y = 1 / (1 + np.exp(-(W2 @ h)))
            delta_y = (y - t) * y * (1 - y)
            delta_h = W2.T @ delta_y * (1 - h * h)
            W2[:] -= 0.01 * delta_y @ h.T
            W1[:] -= 0.01 * delta_h @ x.T

    return train, W1


def watched_numpy(title, updates, *sizes):
    """Print how much slower a training in NumPy is while an element is watched that changes all the time."""
    train, W1 = numpy_training(*sizes)

    def watched():
        with watch(W1, (0, 0), when=lambda old, new: False):
            train(updates)

    seconds = interleaved({"watched": watched, "as ever": lambda: train(updates)})
    report(title, seconds, "watched", "as ever", 3)


def objects_watched_before(title, updates):
    """Print how much slower the objects train once they have been watched, which is over by then."""
    watched, others = load("worked-example"), load("worked-example")
    with watched.stop_when("*", when=lambda old, new: False):
        watched.fit(1)
    runs = {"watched before": lambda: watched.fit(updates), "never watched": lambda: others.fit(updates)}
    report(title, interleaved(runs, 40), "watched before", "never watched", 1.05)


if __name__ == "__main__":
    watched_numpy("200 updates in NumPy, 2-2-1 with 4 samples", 200, 2, 2, 1, 4)
    watched_numpy("200 updates in NumPy, 20-30-10 with 50 samples", 200, 20, 30, 10, 50)
    objects_watched_before("500 updates of the worked example", 500)
