"""Checks the gradients of a network of neuron objects five ways.

    objects       the gradient that the objects' own backward pass gives: what is judged
    differences   of the objects' total error at steps around each parameter, with an error bar
    complex step  the imaginary part of the objects' total error at w + 1e-100 i
    dual          dual numbers through the objects' forward pass
    twin          the vectorised network's backward pass, which shares no formula with the objects

Differences judge by their own bar. The other three may differ by rounding only; how much that can be is
measured by sending numbers with a bound through the backward pass.
"""

import math
import random
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from gradcheck.errors import GradcheckError
from gradcheck.numeric.derivatives import Estimate, gradient
from gradcheck.numeric.dual import Bounded, Dual
from gradcheck.numeric.rounding import U
from gradcheck.report.report import plain
from gradcheck.twin import Twin
from gradcheck.verdict import WELL_BEYOND, judge, worst_of
from neuronnet import NeuralNetwork
from neuronnet.description.reading import read
from neuronnet.errors import counted
from neuronnet.render.text import conventions, table

STEP = 1e-100  # its square underflows beside any slope, so the complex step has no truncation
SMALLEST_NORMAL = sys.float_info.min
AFFORDABLE = 150_000  # parameters times weights times samples that all five ways get through in a few seconds


def check_network(network: Any, samples: list | None = None, *, seed: int = 0) -> "NetworkReport":
    """Check every gradient of a network five ways. Returns a NetworkReport.

    `network` is a NeuralNetwork of floats, or what `neuronnet.load` takes; `samples` are (inputs, targets)
    pairs, by default its own. Where the network is too large for every parameter and sample, `seed` draws a
    choice of both, and the report's `scope` says so. Raises GradcheckError for another type of number.
    """
    if not hasattr(network, "total_error"):
        network = NeuralNetwork.from_dict(network)
    if not all(isinstance(parameter.value, float) for parameter in network.parameters):
        hint = "check NeuralNetwork.from_dict(network.to_dict())"
        raise GradcheckError(f"a network of another type of number than float; {hint}")
    samples = network.samples if samples is None else list(samples)
    error = network.total_error(samples)  # refuses unsuitable samples before anything is drawn from them
    if not math.isfinite(error):
        why = f"E_total is {error} at these weights, so no gradient can be checked"
        raise GradcheckError(f"{why}; take smaller weights or inputs")
    names, few, many, scope = _choice(network, samples, seed)
    everything = names == [parameter.name for parameter in network.parameters]
    whole = None if everything else _whole_verdict(network, many)
    return NetworkReport(list(_rows(network, few, names)), conventions(read(network)), scope, whole)


@dataclass(frozen=True)
class GradientFiveWays:
    """One parameter: its gradient five ways, the verdict, and the reason for it."""

    name: str
    verdict: str
    reason: str
    objects: float
    numeric: Estimate
    complex_step: float
    dual: float
    twin: float

    def to_dict(self) -> dict:
        """The row with plain keys, for JSON."""
        return {**self.__dict__, "numeric": self.numeric.value, "error_bar": self.numeric.error}


@dataclass(frozen=True)
class NetworkReport:
    """The verdict over all rows: wrong if any is, else undecided if any is, else right.

    `scope` says which parameters and samples went all five ways; `whole` is None, or for a network too large
    for that the verdict on all parameters, objects against twin, over as many samples as `scope` says.
    """

    rows: list[GradientFiveWays]
    conventions: list[str]
    scope: str
    whole: str | None

    @property
    def verdict(self) -> str:
        """`right`, `wrong` or `undecided`."""
        return worst_of([*(row.verdict for row in self.rows), self.whole or "right"])

    @property
    def wrong(self) -> list[str]:
        """The names of the parameters whose gradient is wrong."""
        return [row.name for row in self.rows if row.verdict == "wrong"]

    def to_dict(self) -> dict:
        """The report with plain keys, for JSON."""
        return plain({**self.__dict__, "verdict": self.verdict, "rows": [row.to_dict() for row in self.rows]})

    def __str__(self) -> str:
        ways = ("objects", "differences ± bar", "complex step", "dual numbers", "twin")
        cells: list[tuple[str, ...]] = [("name", *ways, "verdict")]
        for row in self.rows:
            numbers = [f"{each:.12g}" for each in (row.objects, row.complex_step, row.dual, row.twin)]
            bar = f"{row.numeric.value:.12g} ± {row.numeric.error:.1e}"
            cells.append((row.name, numbers[0], bar, *numbers[1:], row.verdict))
        named = f" ({', '.join(self.wrong)})" if self.wrong else ""
        lines = [f"gradients: {self.verdict}{named}", self.scope]
        lines += ["", "Conventions", *(f"  {sentence}" for sentence in self.conventions), ""]
        lines += table(cells, left=len(cells[0]))
        lines += [f"{row.name}: {row.reason}" for row in self.rows if row.verdict != "right"]
        lines += [f"all gradients, objects against twin: {self.whole}"] if self.whole else []
        return "\n".join(lines)


def _choice(network, samples, seed):
    """(names, few samples, many samples, sentence): what five ways can afford, and objects against twin."""
    names = [parameter.name for parameter in network.parameters]
    affordable = max(1, AFFORDABLE // len(network.weights))
    if len(names) * len(samples) <= affordable:
        scope = f"{counted(len(names), 'parameter')}, {counted(len(samples), 'sample')}: all of them"
        return names, samples, samples, scope
    draw = random.Random(seed)
    few = [samples[each] for each in sorted(draw.sample(range(len(samples)), min(len(samples), 8)))]
    chosen = sorted(draw.sample(range(len(names)), min(len(names), max(1, affordable // len(few)), 100)))
    many = draw.sample(samples, min(len(samples), max(1, affordable)))
    scope = (
        f"{counted(len(chosen), 'parameter')} of {len(names)} and {counted(len(few), 'sample')} of "
        f"{len(samples)} five ways, all parameters over {counted(len(many), 'sample')} by objects and twin, "
        f"drawn with seed {seed}"
    )
    return [names[each] for each in chosen], few, many, scope


def _rows(network, samples, names):
    objects = network.gradients(samples)
    bounds = rounding_bounds(network, samples)
    twin = twin_gradients(network, samples)
    chosen = [network[name] for name in names]

    def error_at(values, parameters=chosen):
        with values_at(parameters, values):
            return network.total_error(samples)

    numeric = gradient(lambda vector: error_at(vector.tolist()), [each.value for each in chosen]).estimates
    for name, parameter, estimate in zip(names, chosen, numeric):
        error = error_at([complex(parameter.value, STEP)], [parameter])
        ways = {"complex step": error.imag / STEP if isinstance(error, complex) else 0.0}
        error = error_at([Dual(parameter.value, 1.0)], [parameter])
        ways["dual numbers"] = error.derivative if isinstance(error, Dual) else 0.0
        ways["twin"] = twin[name]
        verdict, reason = _verdict(objects[name], estimate, ways, bounds[name])
        yield GradientFiveWays(name, verdict, reason, objects[name], estimate, *ways.values())


def _verdict(objects, estimate, ways, bound):
    """The verdict on one gradient, with a reason.

    `bound` is what rounding accounts for; below the smallest normal float digits are lost in any case, in a
    complex step below that over the step. Where differences are undecided the other ways decide; where they
    alone object, the objects' gradient or the bar may be wrong, and the verdict is undecided.
    """
    by_bar = judge(objects, replace(estimate, error=estimate.error + bound + SMALLEST_NORMAL))
    for way, value in ways.items():
        allowed = bound + SMALLEST_NORMAL / (STEP if way == "complex step" else 1.0)
        apart = abs(objects - value)
        if not apart <= allowed:
            return "wrong", f"{way}: differs by {apart:.2g}, rounding accounts for {allowed:.1g}"
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
    parameters = network.parameters
    with values_at(parameters, [Bounded(parameter.value) for parameter in parameters]):
        found = network.gradients(samples)
    return {
        name: WELL_BEYOND * (each.error + U * abs(each.value)) if isinstance(each, Bounded) else 0.0
        for name, each in found.items()
    }


@contextmanager
def values_at(parameters, values):
    """Some parameters have other values, in whatever type of number these are, until the block ends."""
    kept = [parameter.value for parameter in parameters]
    try:
        for parameter, value in zip(parameters, values):
            parameter.value = value
        yield
    finally:
        for parameter, value in zip(parameters, kept):
            parameter.value = value


def twin_gradients(network, samples):
    """The twin's gradients under the objects' names."""
    plain = [{"inputs": list(inputs), "targets": list(targets)} for inputs, targets in samples]
    gradients = Twin(network.to_dict() | {"sample": plain}).gradient_vector().tolist()
    return {parameter.name: value for parameter, value in zip(in_twin_order(network), gradients)}


def in_twin_order(network):
    """The objects' parameters in the order of Twin.vector."""
    for layer in network.layers:
        yield from (weight for neuron in layer for weight in neuron.weights)
        yield from layer.biases


def _whole_verdict(network, samples):
    objects, bounds = network.gradients(samples), rounding_bounds(network, samples)
    twin = twin_gradients(network, samples)
    if any(not abs(objects[name] - twin[name]) <= bounds[name] + SMALLEST_NORMAL for name in objects):
        return "wrong"
    return "right" if all(map(math.isfinite, bounds.values())) else "undecided"
