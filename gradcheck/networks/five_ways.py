"""A network of neuron objects checked five ways: the bridge between neuronnet and the judge.

    objects       the gradient that the objects' own backward pass gives: what is judged
    differences   of the objects' total error at steps around each parameter, with an error bar
    complex step  the imaginary part of the objects' total error at w + 1e-100 i
    dual          dual numbers through the objects' forward pass
    twin          the vectorised network's backward pass, which shares no formula with the objects

Differences judge by their own bar. The other three compute the same number in another way, so they may differ
by rounding only; how much that can be is measured by sending numbers with a bound through the backward pass.
"""

import math
import random
import sys
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.numeric.derivatives import Estimate, gradient
from gradcheck.numeric.dual import Dual
from gradcheck.numeric.rounding import Bounded, U
from gradcheck.twin.twin import Twin
from gradcheck.verdict import WELL_BEYOND, judge
from neuronnet import NeuralNetwork
from neuronnet.description.reading import read
from neuronnet.render.text import conventions

STEP = 1e-100  # its square underflows beside any slope, so the complex step has no truncation
SMALLEST_NORMAL = sys.float_info.min
AFFORDABLE = 150_000  # parameters times weights times samples that all five ways get through in a few seconds


@dataclass(frozen=True)
class Row:
    """One parameter: its gradient five ways, the verdict, and the reason for it."""

    name: str
    verdict: str
    reason: str
    objects: float
    numeric: Estimate
    complex_step: float
    dual: float
    twin: float

    def to_dict(self):
        """The row with plain keys, for JSON."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "objects": self.objects,
            "numeric": self.numeric.value,
            "error_bar": self.numeric.error,
            "complex_step": self.complex_step,
            "dual": self.dual,
            "twin": self.twin,
        }


@dataclass(frozen=True)
class NetworkReport:
    """The verdict over all rows: wrong if any is, else undecided if any is, else right.

    `scope` says which parameters and samples went all five ways; `whole` is None, or for a network too large
    for that the verdict on all parameters, objects against twin, over as many samples as `scope` says.
    """

    rows: list
    conventions: list
    scope: str
    whole: str | None

    @property
    def verdict(self):
        """`right`, `wrong` or `undecided`."""
        verdicts = {row.verdict for row in self.rows} | ({self.whole} if self.whole else set())
        return next((each for each in ("wrong", "undecided") if each in verdicts), "right")

    @property
    def wrong(self):
        """The names of the parameters whose gradient is wrong."""
        return [row.name for row in self.rows if row.verdict == "wrong"]

    def to_dict(self):
        """The report with plain keys, for JSON."""
        return {
            "verdict": self.verdict,
            "rows": [row.to_dict() for row in self.rows],
            "scope": self.scope,
            "whole": self.whole,
            "conventions": self.conventions,
        }

    def __str__(self):
        lines = ["Conventions"] + [f"  {sentence}" for sentence in self.conventions] + ["", self.scope, ""]
        cells = [("name", "objects", "differences ± bar", "complex step", "dual numbers", "twin", "verdict")]
        for row in self.rows:
            bar = f"{row.numeric.value:.12g} ± {row.numeric.error:.1e}"
            cells.append(
                (
                    row.name,
                    f"{row.objects:.12g}",
                    bar,
                    f"{row.complex_step:.12g}",
                    f"{row.dual:.12g}",
                    f"{row.twin:.12g}",
                    row.verdict,
                )
            )
        widths = [max(len(each[column]) for each in cells) for column in range(6)]
        lines += [
            "  ".join([cell.ljust(width) for cell, width in zip(each, widths)] + [each[6]]) for each in cells
        ]
        lines += [f"{row.name}: {row.reason}" for row in self.rows if row.verdict != "right"]
        if self.whole:
            lines += ["", f"all gradients, objects against twin: {self.whole}"]
        return "\n".join(lines + ["", f"verdict: {self.verdict}{self._named()}"])

    def _named(self):
        return f" ({', '.join(self.wrong)})" if self.wrong else ""


def check_network(network, samples=None, *, seed=0):
    """Check every gradient of a NeuralNetwork (or of what `neuronnet.load` takes) five ways. Returns a
    NetworkReport.

    `samples` are (inputs, targets) pairs, by default the network's own. The network's parameters are left as
    they were. Where the network is too large for every parameter and sample, `seed` draws a choice of both,
    and the report's `scope` says so.
    """
    if not hasattr(network, "total_error"):
        network = NeuralNetwork.from_dict(network)
    if not all(isinstance(parameter.value, float) for parameter in network.parameters):
        raise GradcheckError(
            "a network of another type of number than float; check NeuralNetwork.from_dict(network.to_dict())"
        )
    samples = network.samples if samples is None else list(samples)
    network.total_error(samples)  # refuses unsuitable samples before anything is drawn from them
    names, few, many, scope = _choice(network, samples, seed)
    whole = (
        None
        if names == [parameter.name for parameter in network.parameters]
        else _whole_verdict(network, many)
    )
    rows = list(_rows(network, few, names))
    return NetworkReport(rows, conventions(read(network)), scope, whole)


def _choice(network, samples, seed):
    """(names, few samples, many samples, sentence): what is affordable five ways, and what objects against
    twin.
    """
    names = [parameter.name for parameter in network.parameters]
    affordable = max(1, AFFORDABLE // len(network.weights))
    if len(names) * len(samples) <= affordable:
        return (
            names,
            samples,
            samples,
            f"{_count(len(names), 'parameter')}, {_count(len(samples), 'sample')}: all of them",
        )
    draw = random.Random(seed)
    few = [samples[each] for each in sorted(draw.sample(range(len(samples)), min(len(samples), 8)))]
    chosen = sorted(draw.sample(range(len(names)), min(len(names), max(1, affordable // len(few)), 100)))
    many = draw.sample(samples, min(len(samples), max(1, affordable)))
    scope = (
        f"{_count(len(chosen), 'parameter')} of {len(names)} and {_count(len(few), 'sample')} of {len(samples)} five ways, "
        f"all parameters over {_count(len(many), 'sample')} by objects and twin, drawn with seed {seed}"
    )
    return [names[each] for each in chosen], few, many, scope


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _rows(network, samples, names):
    objects = network.gradients(samples)
    bounds = rounding_bounds(network, samples)
    twin = twin_gradients(network, samples)
    chosen = [network[name] for name in names]
    numeric = gradient(
        lambda vector: _error_at(network, samples, chosen, vector.tolist()), [each.value for each in chosen]
    )
    for i, (name, parameter) in enumerate(zip(names, chosen)):
        ways = {
            "complex step": _complex_step(network, samples, parameter),
            "dual numbers": _dual(network, samples, parameter),
            "twin": twin[name],
        }
        verdict, reason = _verdict(objects[name], numeric.estimate(i), ways, bounds[name])
        yield Row(name, verdict, reason, objects[name], numeric.estimate(i), *ways.values())


def _verdict(objects, estimate, ways, bound):
    """The verdict on one gradient, with a reason.

    `bound` is what rounding accounts for; below the smallest normal float digits are lost in any case, in a
    complex step below that over the step. Differences that cannot tell leave it to the other ways; where they
    alone object, something is wrong with the objects' gradient or with the bar, and nothing is said.
    """
    by_bar = judge(objects, replace(estimate, error=estimate.error + bound + SMALLEST_NORMAL))
    for way, value in ways.items():
        allowed = bound + SMALLEST_NORMAL / (STEP if way == "complex step" else 1.0)
        if not abs(objects - value) <= allowed:
            return (
                "wrong",
                f"{way}: differs by {abs(objects - value):.2g}, rounding accounts for {allowed:.1g}",
            )
    if not math.isfinite(bound):
        return "undecided", "rounding leaves nothing of this gradient"
    if by_bar == "wrong":
        return "undecided", f"differences: {by_bar.reason}, while all other ways agree"
    return "right", by_bar.reason if by_bar == "right" else "too small for differences; the other ways agree"


def rounding_bounds(network, samples):
    """How far apart rounding can put two ways to each gradient, by name.

    The bound of the backward pass itself, times the 4 that the judge calls well beyond: each of two ways has
    such a bound, and another order of the same sums can double it.
    """
    values = [parameter.value for parameter in network.parameters]
    try:
        for parameter in network.parameters:
            parameter.value = Bounded(parameter.value)
        return {
            name: WELL_BEYOND * (gradient.error + U * abs(gradient.value))
            if isinstance(gradient, Bounded)
            else 0.0
            for name, gradient in network.gradients(samples).items()
        }
    finally:
        for parameter, value in zip(network.parameters, values):
            parameter.value = value


def _error_at(network, samples, parameters, values):
    """The total error with some parameters at other values, in whatever type of number these are."""
    kept = [parameter.value for parameter in parameters]
    try:
        for parameter, value in zip(parameters, values):
            parameter.value = value
        return network.total_error(samples)
    finally:
        for parameter, value in zip(parameters, kept):
            parameter.value = value


def _complex_step(network, samples, parameter):
    error = _error_at(network, samples, [parameter], [complex(parameter.value, STEP)])
    return error.imag / STEP if isinstance(error, complex) else 0.0


def _dual(network, samples, parameter):
    error = _error_at(network, samples, [parameter], [Dual(parameter.value, 1.0)])
    return error.derivative if isinstance(error, Dual) else 0.0


def twin_gradients(network, samples):
    """The twin's gradients under the objects' names."""
    twin = Twin(
        network.to_dict()
        | {"sample": [{"inputs": list(inputs), "targets": list(targets)} for inputs, targets in samples]}
    )
    return twin_by_name(network, twin.gradients())


def twin_by_name(network, by_layer):
    """What the twin gives by layer, its gradients or its parameters, under the names of the objects."""
    found = {}
    for layer, arrays in zip(network.layers, by_layer):
        for neuron, row in zip(layer, arrays["weights"]):
            found.update((weight.name, float(value)) for weight, value in zip(neuron.weights, row))
        if layer.biases:
            found.update(
                (bias.name, float(value)) for bias, value in zip(layer.biases, np.atleast_1d(arrays["bias"]))
            )
    return found


def _whole_verdict(network, samples):
    objects, bounds = network.gradients(samples), rounding_bounds(network, samples)
    twin = twin_gradients(network, samples)
    if any(not abs(objects[name] - twin[name]) <= bounds[name] + SMALLEST_NORMAL for name in objects):
        return "wrong"
    return "right" if all(map(math.isfinite, bounds.values())) else "undecided"
