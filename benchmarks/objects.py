"""How fast the objects train, against the usual object-per-neuron program, and what memory it takes.

Run: python benchmarks/objects.py

Each network is trained in a process of its own, as by its user. `objects.py small wide` measures both in one.
"""

import math
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from classic import classic_twin
from interleaved import interleaved, report

from neuronnet import load


def wide_network(seed=1):
    """A 32-32-8 network with one sample."""
    draw = random.Random(seed)

    def row(count):
        return [draw.uniform(-0.5, 0.5) for _ in range(count)]

    layers = [
        {"activation": "logistic", "weights": [row(32) for _ in range(32)], "bias": 0.1, "train_bias": False},
        {"activation": "logistic", "weights": [row(32) for _ in range(8)], "bias": 0.1, "train_bias": False},
    ]
    return load({"learning_rate": 0.5, "layer": layers, "sample": [{"inputs": row(32), "targets": row(8)}]})


def compare(title, build, updates, goal, slices=100):
    """Train both programs on the one sample, in turn, a slice of the updates at a time; check that they end
    alike.
    """
    network, classic = build(), classic_twin(build())
    inputs, targets = network.samples[0]

    def ours():
        for _ in range(updates // slices):
            network.train(inputs, targets)

    def peer():
        for _ in range(updates // slices):
            classic.train(inputs, targets)

    seconds = interleaved({"neuronnet": ours, "classic": peer}, slices)
    ends = {
        "ours": [weight.value for weight in network.weights],
        "peer": [
            weight
            for layer in (classic.hidden_layer, classic.output_layer)
            for neuron in layer.neurons
            for weight in neuron.weights
        ],
    }
    # The objects take 1 - out from net where out is close to 1, so that the last digits differ.
    assert all(map(math.isclose, ends["ours"], ends["peer"])), "the two programs do not compute the same"
    report(title, seconds, "neuronnet", "classic", goal)


def memory(build, few, many):
    """Print how much the peak of traced memory grows from `few` updates to `many`."""
    peaks = []
    for updates in (few, many):
        network = build()
        network.fit(few)
        tracemalloc.start()
        network.fit(updates)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    print(
        f"peak memory of a training: {peaks[0]} bytes in {few} updates, {peaks[1]} in {many}; the goal "
        "is no growth"
    )


# Later versions of Python speed up the calls of the classic program more than the loops of this one. What was
# trained before matters as well: the classic neurons get attributes in their first pass, and where a small
# network has passed before a wide one is made, Python has room for these beside the others, else in a dict.
# On 3.11 the wide ratio is then about 0.09 higher.
SMALL, WIDE = (0.9, 0.6) if sys.version_info < (3, 12) else (1.0, 0.7)
PARTS = {
    "small": lambda: compare(
        "10,000 online updates of the worked example, in slices of 100",
        lambda: load("worked-example"),
        10_000,
        SMALL,
    ),
    "wide": lambda: compare("900 updates of a 32-32-8 network, in slices of 9", wide_network, 900, WIDE),
    "memory": lambda: memory(lambda: load("worked-example"), 1_000, 10_000),
}


if __name__ == "__main__":
    for part in sys.argv[1:]:
        PARTS[part]()
    if not sys.argv[1:]:
        for part in PARTS:
            subprocess.run([sys.executable, __file__, part], check=True)
