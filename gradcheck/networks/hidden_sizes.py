"""One network with its hidden layer at several sizes, each trained by the twin, beside the straight line
without one.

Every size starts from weights drawn anew as the network's own `init` says, its seed included, as a program
does that re-seeds its generator for each. The baseline is the output layer alone, on the inputs, with weights
and biases of zero.

A long training can amplify rounding until that decides what is reached. So each has a few replicas, with
weights moved by -1, 0 or +1 ulp and with the full batch also its samples in another order; `stability` looks
into that with more of them.
"""

import math
from dataclasses import dataclass

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.networks.stability import general_digits, moved_by_ulps
from gradcheck.twin.twin import Twin
from neuronnet.description.description import Description
from neuronnet.description.reading import checked, document
from neuronnet.errors import SpecError
from neuronnet.render.text import conventions, nine_decimals

BASELINE = 0  # the size of a hidden layer that is not there
REPLICAS = 4  # of each size: two equally likely ends are both seen by 15 sweeps of 16


@dataclass(frozen=True)
class Result:
    """One size after its training: `size` (0 for the baseline), its checked `description` and its trained
    `twin`.

    `digits` are those of E_total in which all replicas agree with it; `replicas` has the accuracy of each.
    """

    size: int
    description: Description
    twin: Twin
    E_total: float
    accuracy: float | None
    held_out_accuracy: float | None
    digits: float
    replicas: list

    @property
    def network(self):
        """The numbers of inputs, hidden neurons and outputs: 2-3-2."""
        layers = self.twin.layers
        return "-".join(map(str, [layers[0].inputs, *(layer.neurons for layer in layers)]))

    def forward(self, points):
        """The outputs for inputs of shape (N, m)."""
        return self.twin.forward(points)

    def to_dict(self):
        """The result with plain keys, for JSON; an E_total that is not finite is None."""
        return {
            "hidden_neurons": self.size,
            "network": self.network,
            "parameters": self.twin.vector.size,
            "E_total": self.E_total if math.isfinite(self.E_total) else None,
            "accuracy": self.accuracy,
            "held_out_accuracy": self.held_out_accuracy,
            "digits": self.digits,
            "accuracy_of_replicas": self.replicas,
        }


@dataclass(frozen=True)
class SweepReport:
    """`results`, the baseline first, then the sizes in the order asked; `description` is the network as it
    is written.
    """

    description: Description
    updates: int
    results: list

    def to_dict(self):
        """The report with plain keys, for JSON."""
        return {"updates": self.updates, "results": [result.to_dict() for result in self.results]}

    def __str__(self):
        common = [sentence for sentence in conventions(self.description) if not sentence.startswith("layer ")]
        hidden, last = (layer.activation for layer in self.description.layers)
        lines = [self.description.title, "", "Conventions"] + [f"  {sentence}" for sentence in common]
        lines += [
            f"  hidden layer: {hidden}; for each size all weights are drawn anew as the network's init says",
            f"  size none: the {last} layer alone, from weights of zero",
            f"  digits: those of E_total that {len(self.results[0].replicas)} replicas have too, which differ in rounding alone",
            "",
            f"After {self.updates} updates",
        ]
        columns = [
            "hidden neurons",
            "network",
            "parameters",
            "E_total",
            "digits",
            "accuracy",
            "of replicas",
            "held out accuracy",
        ]
        cells = [columns, *(self._cells(result) for result in self.results)]
        shown = [place for place in range(len(columns)) if any(row[place] for row in cells[1:])]
        widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
        return "\n".join(
            lines + ["  " + "  ".join(row[place].rjust(widths[place]) for place in shown) for row in cells]
        )

    @staticmethod
    def _cells(result):
        accuracy, held_out = (
            "" if share is None else f"{share:.4f}" for share in (result.accuracy, result.held_out_accuracy)
        )
        replicas = (
            "" if result.accuracy is None else f"{min(result.replicas):.4f} to {max(result.replicas):.4f}"
        )
        size = "none" if result.size == BASELINE else str(result.size)
        return [
            size,
            result.network,
            str(result.twin.vector.size),
            nine_decimals(result.E_total),
            f"{result.digits:.1f}",
            accuracy,
            replicas,
            held_out,
        ]


def sweep(source, sizes, updates, progress=None):
    """Train the network of `source` with each of these sizes of its hidden layer. Returns a SweepReport.

    `source` is what `neuronnet.spec.document` takes, or the Document that it returns. progress(done) is
    called now and then with the updates made so far, of `updates_of(sizes, updates)`. Raises SpecError for a
    network that has not exactly one hidden layer or whose weights are not drawn, GradcheckError for sizes
    that cannot be used.
    """
    _require_sizes(sizes)
    found = source if isinstance(source, tuple) else document(source)
    description = checked(*found)
    _require_one_drawn_layer(description, found)
    networks = [(BASELINE, without_hidden_layer(found, description))]
    networks += [(size, with_hidden_layer(found, description, size)) for size in sizes]
    results, done = [], 0
    for size, network in networks:
        twins = [Twin(network), *(_replica(network, seed) for seed in range(REPLICAS))]
        for each in twins:
            with np.errstate(all="ignore"):
                each.train(updates, progress=progress and (lambda made, _: progress(done + made)))
            done += updates
            if progress is not None:
                progress(done)
        results.append(_result(size, network, *twins))
    return SweepReport(description, updates, results)


def updates_of(sizes, updates):
    """How many updates a sweep makes in all: each size and the baseline with their replicas."""
    return (1 + REPLICAS) * (len(sizes) + 1) * updates


def _replica(network, seed):
    """A twin that differs by rounding alone: another order of the samples changes the sums, but not what is
    summed.
    """
    random, network = np.random.default_rng(seed), network.to_dict()
    order = (
        random.permutation(len(network["sample"]))
        if network["batch"] == "full"
        else range(len(network["sample"]))
    )
    twin = Twin({**network, "sample": [network["sample"][i] for i in order]})
    twin.vector = moved_by_ulps(twin.vector, random)
    return twin


def _result(size, network, twin, *replicas):
    with np.errstate(all="ignore"):
        last = twin.train(0)[-1]
        digits = general_digits([each.loss() for each in replicas], last["E_total"])
    return Result(
        size,
        network,
        twin,
        last["E_total"],
        last["accuracy"],
        last.get("held_out_accuracy"),
        digits,
        [each.accuracy() for each in replicas],
    )


def with_hidden_layer(found, description, size):
    """The checked description of a Document with `size` neurons in its hidden layer."""
    inputs, outputs = _inputs_and_outputs(description)
    hidden, last = _content(found)["layer"]
    return _checked(found, [_sized(hidden, inputs, size), _sized(last, size, outputs)])


def without_hidden_layer(found, description):
    """The checked description of a Document with its output layer alone, which starts from zero."""
    inputs, outputs = _inputs_and_outputs(description)
    last = _sized(_content(found)["layer"][1], inputs, outputs) | {"init": {"kind": "constant", "scale": 0.0}}
    if description.layers[1].bias_kind == "per neuron":
        last["bias"] = "zero"
    return _checked(found, [last])


def _require_sizes(sizes):
    for size in sizes:
        if not isinstance(size, int) or size < 1:
            raise GradcheckError(f"sizes: found {size!r}, a size is a whole number from 1 on")
    if len(sizes) == 0 or len(set(sizes)) < len(sizes):
        raise GradcheckError(
            f"sizes: found {', '.join(map(str, sizes)) or 'none'}, at least one is needed, and each once"
        )


def _require_one_drawn_layer(description, found):
    hidden = len(description.layers) - 1
    if hidden != 1:
        raise SpecError(
            f"{found.place}: layer",
            f"{hidden or 'no'} hidden layer{'' if hidden == 1 else 's'}",
            "a sweep changes the size of the hidden layer, exactly one is needed",
        )
    for number, layer in enumerate(_content(found)["layer"], 1):
        if "weights" in layer:
            raise SpecError(
                f"{found.place}: layer {number}",
                "weights given as numbers, no init",
                'a sweep draws them for each size; neurons = 3 and init = {kind = "normal", scale = 0.1} say how',
            )
    if isinstance(_content(found)["layer"][0].get("bias"), list):
        raise SpecError(
            f"{found.place}: layer 1, bias",
            "a list of numbers",
            'a list fits one size only; a sweep needs bias = "zero", "drawn", one number or none',
        )


def _content(found):
    return found.content if isinstance(found.content, dict) else {"layer": found.content}


def _checked(found, layers):
    """The document with other layers, without the names that its own neurons may have."""
    content = {key: value for key, value in _content(found).items() if key != "names"}
    return checked(content | {"layer": layers}, found.place, found.folder)


def _inputs_and_outputs(description):
    return description.layers[0].inputs, description.layers[-1].neurons


def _sized(layer, inputs, neurons):
    """A layer as it is written, with another number of inputs and of neurons."""
    keys = ("input_dim", "output_dim") if "output_dim" in layer else ("inputs", "neurons")
    return {**layer, **dict(zip(keys, (inputs, neurons)))}
