"""What it costs to judge every entry of a network of 17,226 parameters, against PyTorch's slow gradcheck.

64 inputs, tanh layers of 128 and 64, 10 outputs, softmax with cross-entropy, 32 samples, one thread.
gradcheck takes the loss as NumPy computes it, PyTorch takes its own.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
from interleaved import interleaved, report  # noqa: E402

from gradcheck import check  # noqa: E402

SIZES, SAMPLES = (64, 128, 64, 10), 32
DRAW = np.random.default_rng(0)
X, LABELS = DRAW.normal(size=(SAMPLES, SIZES[0])), DRAW.integers(0, SIZES[-1], SAMPLES)
LAYERS = range(1, len(SIZES))
PARAMETERS = {}
for i, (rows, columns) in enumerate(zip(SIZES, SIZES[1:]), 1):
    PARAMETERS[f"W{i}"] = DRAW.normal(size=(rows, columns)) / np.sqrt(rows)
    PARAMETERS[f"b{i}"] = 0.1 * DRAW.normal(size=columns)


def forward(p):
    outs = [X]
    for i in LAYERS:
        net = outs[-1] @ p[f"W{i}"] + p[f"b{i}"]
        outs.append(np.tanh(net) if i < LAYERS[-1] else net)
    return outs


def loss(p):
    net = forward(p)[-1]
    net = net - np.max(net, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(net), axis=1)) - net[np.arange(SAMPLES), LABELS])


def gradients(p):
    outs, found = forward(p), {}
    powers = np.exp(outs[-1] - np.max(outs[-1], axis=1, keepdims=True))
    delta = (powers / np.sum(powers, axis=1, keepdims=True) - np.eye(SIZES[-1])[LABELS]) / SAMPLES
    for i in reversed(LAYERS):
        found[f"W{i}"], found[f"b{i}"] = outs[i - 1].T @ delta, np.sum(delta, axis=0)
        delta = delta @ p[f"W{i}"].T * (1.0 - outs[i - 1] ** 2)
    return found


def ours():
    assert check(loss, gradients, PARAMETERS, one_by_one=10**6).verdict == "right"


def of_pytorch(torch):
    """PyTorch's slow gradcheck of the same loss, as a function of nothing."""
    x, labels, functional = torch.tensor(X), torch.tensor(LABELS), torch.nn.functional

    def loss(*weights):
        out = x
        for i in LAYERS:
            net = out @ weights[2 * i - 2] + weights[2 * i - 1]
            out = torch.tanh(net)
        return functional.cross_entropy(net, labels)

    weights = [torch.tensor(each, requires_grad=True) for each in PARAMETERS.values()]
    return lambda: torch.autograd.gradcheck(loss, weights)


def main():
    """Print the calls of the loss, and medians of interleaved runs with their ratio."""
    size = sum(each.size for each in PARAMETERS.values())
    found = check(loss, gradients, PARAMETERS, one_by_one=10**6)
    print(f"{size} entries one by one: {found.evaluations / size:.2f} calls of the loss for each")
    print(f"along random directions: {check(loss, gradients, PARAMETERS).evaluations} calls in all")
    candidates = {"gradcheck": ours}
    try:
        torch = import_module("torch")
        torch.set_num_threads(1)
        candidates["PyTorch, slow"] = of_pytorch(torch)
    except ModuleNotFoundError:
        print("PyTorch is not installed: nothing to compare with", file=sys.stderr)
    seconds = interleaved(candidates, repetitions=5)
    if len(candidates) > 1:
        report("every entry", seconds, "gradcheck", "PyTorch, slow", 1.0)
    else:
        print(f"  gradcheck: {np.median(seconds['gradcheck']):.2f} s")


if __name__ == "__main__":
    main()
