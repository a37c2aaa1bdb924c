"""pdb, started where a number arises: stopped on the line of the objects that is about to compute it."""

from __future__ import annotations

import pdb
from bdb import BdbQuit
from collections.abc import Callable, Iterator
from inspect import getsourcefile, getsourcelines
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from neuronnet.errors import A_RATE, A_SAMPLE, NeuronnetError, PassOrderError, UnknownName, shortened
from neuronnet.layer import NeuronLayer, SoftmaxLayer
from neuronnet.names import MOST_UPDATES, in_sample, partial_name
from neuronnet.network import NeuralNetwork
from neuronnet.neuron import Neuron
from neuronnet.training import GradientDescent


class Stop(NamedTuple):
    """A line, by the method it is in and how it begins, the condition there, and the statement to run.

    `times` is how often the line is passed before, with that condition.
    """

    method: Callable
    begins: str
    condition: str
    statement: str = "network.fit(1)"
    times: int = 0

    @property
    def line(self) -> int:
        lines, first = getsourcelines(self.method)
        return first + next(at for at, each in enumerate(lines) if each.strip().startswith(self.begins))


def debug(description: Any, name: str, update: int) -> int:
    """Start pdb in an update, counted from 1, on the line that computes a quantity; return the exit status.

    Raises UnknownName, which carries the nearest names, and NeuronnetError where the update does not exist.
    """
    if not 1 <= update <= MOST_UPDATES:
        raise NeuronnetError(f"--update {update}: updates count from 1 to {MOST_UPDATES}")
    if not description.samples:
        raise PassOrderError("a walk through a training", A_SAMPLE)
    if description.learning_rate is None:
        raise PassOrderError("an update", A_RATE)
    network = NeuralNetwork.from_dict(description)
    stop = _stop_at(network, description, name, update)
    network.fit(update - 1)
    file = str(getsourcefile(stop.method))
    debugger = pdb.Pdb()
    refused = debugger.set_break(file, stop.line, temporary=True, cond=stop.condition)
    if refused:
        raise NeuronnetError(f"pdb: {refused}")
    for each in debugger.get_breaks(file, stop.line):
        each.ignore = stop.times
    debugger.rcLines.append("continue")  # past the statement itself
    place = f"{stop.method.__qualname__} of {Path(file).name}"
    print(f"update {update} computes {name} in {place}; next runs the line, up shows who calls it")
    try:
        debugger.runctx(stop.statement, {"network": network}, {})
    except BdbQuit:
        pass
    return 0


def _stop_at(network, description, name, update):
    names = description.names
    own = names.standard(name)
    several = len(description.samples) > 1
    batch = next(islice(description.batches(), update - 1, None))
    stops: dict[str, Stop] = {}
    for sample, position in enumerate(range(len(description.samples)), 1):
        index = sample if several else None
        for quantity, stop in _of_a_pass(network, names, index):
            if stop.statement != "network.fit(1)":
                stops[quantity] = stop._replace(times=position)
            elif position in batch:
                stops[quantity] = stop._replace(times=batch.index(position))
    stops.update(_of_an_update(network, names, several))
    if own in stops:
        return stops[own]
    of_all = [
        quantity
        for number in range(1, len(description.samples) + 1)
        for quantity, _ in _of_a_pass(network, names, number)
    ]
    if several and own in of_all:
        raise NeuronnetError(f"--at {shortened(name)}: update {update} is not made from that sample")
    raise UnknownName(name, stops)


def _of_a_pass(network: NeuralNetwork, names: Any, sample: int | None) -> Iterator[tuple[str, Stop]]:
    """Every quantity of the pass of one sample that a line of the objects computes."""
    error = in_sample(names.error, sample)
    whole = "network.total_error()"
    for layer in network.layers:
        top, softmax = layer is network.layers[-1], layer.activation.whole_layer
        cancelled = top and network._slopes_cancel
        for neuron in layer:
            net, out, delta, E = (
                in_sample(names.of(each, neuron.name), sample) for each in ("net", "out", "delta", "E")
            )
            own, each = f"self.name == {neuron.name!r}", f"neuron.name == {neuron.name!r}"
            yield net, Stop(Neuron.feed_forward, "net += weight", own)
            if softmax:
                yield out, Stop(SoftmaxLayer.feed_forward, "neuron.out =", each)
            else:
                yield out, Stop(Neuron.feed_forward, "self.out =", own)
            if top:
                begins = (
                    "neuron.E = self.loss.value_from_nets("
                    if network._error_reads_nets
                    else "neuron.E = self.loss.value("
                )
                yield E, Stop(NeuralNetwork.error, begins, each, whole)
            by_out = partial_name(error, out)
            if cancelled:
                yield delta, Stop(type(layer).backpropagate_cancelled, "delta =", each)
            elif softmax:
                yield by_out, Stop(SoftmaxLayer.backpropagate, "neuron.dE_dout =", each)
                yield delta, Stop(SoftmaxLayer.backpropagate, "delta +=", each)
            else:
                yield (
                    by_out,
                    Stop(NeuronLayer.backpropagate, "dE_dout =", each)
                    if top
                    else Stop(NeuronLayer.backpropagate_hidden, "dE_dout +=", each),
                )
                yield partial_name(out, net), Stop(Neuron.backpropagate, "dout_dnet = self", own)
                yield delta, Stop(Neuron.backpropagate, "delta = dE_dout", own)
            for weight in neuron.weights:
                its = f"weight.name == {weight.name!r}"
                yield partial_name(net, weight.name), Stop(Neuron.backpropagate, "dnet_dw =", its)
                yield partial_name(error, weight.name), Stop(Neuron.backpropagate, "weight.gradient =", its)
            if neuron.bias is not None:  # of a shared one the last neuron's is the sum
                yield (
                    partial_name(error, neuron.bias.name),
                    Stop(Neuron.backpropagate, "bias.gradient =", own),
                )
    yield error, Stop(NeuralNetwork.error, "return E_data", "True", whole)


def _of_an_update(network: NeuralNetwork, names: Any, several: bool) -> Iterator[tuple[str, Stop]]:
    """The error and gradients of all samples together, and what the update rule moves."""
    kind: Any = type(network.update_rule)
    if several:
        yield names.error, Stop(NeuralNetwork.total_error, "E_total +=", "True", "network.total_error()")
    for parameter in network.parameters:
        its = f"parameter.name == {parameter.name!r}"
        gradient = partial_name(names.error, parameter.name)
        if network.l2 != 0 and parameter.neuron is not None:
            of_weight = f"weight.name == {parameter.name!r}"
            yield gradient, Stop(NeuralNetwork._add_l2_gradients, "weight.gradient +=", of_weight)
        elif several:
            yield gradient, Stop(NeuralNetwork.gradients, "parameter.gradient =", its)
        if not parameter.trainable:
            continue
        if kind is GradientDescent:
            yield parameter.name, Stop(kind.move, "parameter.value =", its)
            continue
        yield parameter.name, Stop(kind.moved, "return ", its)
        for word in ("m", "v", "mhat", "vhat"):
            for method in (getattr(kind, each, None) for each in ("velocity", "step", "moved")):
                if method is not None and any(
                    line.strip().startswith(f"{word} =") for line in getsourcelines(method)[0]
                ):
                    yield f"{word}_{parameter.name}", Stop(method, f"{word} =", its)
                    break
