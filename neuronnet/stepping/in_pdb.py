"""pdb, started where a number arises: stopped on the line of the objects that is about to compute it."""

from __future__ import annotations

import pdb
import re
from bdb import BdbQuit
from collections.abc import Callable, Iterator
from inspect import getsource, getsourcefile, getsourcelines
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from neuronnet.errors import A_RATE, A_SAMPLE, NeuronnetError, PassOrderError, UnknownName, shortened
from neuronnet.layer import NeuronLayer
from neuronnet.names import MOST_UPDATES, partial_name
from neuronnet.network import NeuralNetwork
from neuronnet.neuron import Neuron
from neuronnet.stepping.places import Places, SampleRows
from neuronnet.training import GradientDescent

FIT, TOTAL = "network.fit(1)", "network.total_error()"


class Stop(NamedTuple):
    """A line, by the method it is in and how it begins, the condition there, and the statement to run.

    `times` is how often the line is passed before, with that condition.
    """

    method: Callable
    begins: str
    condition: str
    statement: str = FIT
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
    names, places = description.names, Places(network)
    own, several = names.standard(name), len(description.samples) > 1
    batch = next(islice(description.batches(), update - 1, None))
    stops: dict[str, Stop] = {}
    others = []  # quantities of samples that this update is not made from
    for position in range(len(description.samples)):
        for quantity, stop in _of_a_pass(network, places.sample(position + 1 if several else None)):
            if stop.statement != FIT:
                stops[quantity] = stop._replace(times=position)
            elif position in batch:
                stops[quantity] = stop._replace(times=batch.index(position))
            else:
                others.append(quantity)
    stops.update(_of_an_update(network, names, several))
    if own in stops:
        return stops[own]
    if own in others:
        raise NeuronnetError(f"--at {shortened(name)}: update {update} is not made from that sample")
    raise UnknownName(name, stops)


def _of_a_pass(network: NeuralNetwork, sample: SampleRows) -> Iterator[tuple[str, Stop]]:
    """Every quantity of the pass of one sample that a line of the objects computes."""
    last = {neuron.bias: neuron for neuron in network.neurons}  # of a shared one, which has the sum
    for name, (thing, attribute) in sample.places.items():
        if attribute == "gradient" and thing.neuron is not None:
            yield name, Stop(Neuron.backpropagate, "weight.gradient =", _is("weight", thing))
        elif attribute == "gradient":
            yield name, Stop(Neuron.backpropagate, "bias.gradient =", _is("self", last[thing]))
        else:
            layer = next(each for each in network.layers if thing in each.neurons)
            method, begins = _lines_of(network, layer)[attribute]
            holder = "self" if method.__qualname__.startswith("Neuron.") else "neuron"
            if begins is not None:
                statement = TOTAL if attribute == "E" else FIT
                yield name, Stop(method, begins, _is(holder, thing), statement)
        for weight in thing.weights if attribute == "net" else ():
            slope = partial_name(name, weight.name)
            yield slope, Stop(Neuron.backpropagate, "dnet_dw =", _is("weight", weight))
    yield sample.error, Stop(NeuralNetwork.error, "return E_data", "True", TOTAL)


def _is(holder, thing):
    return f"{holder}.name == {thing.name!r}"


def _lines_of(network, layer):
    """{attribute of a neuron: (method, how the line in it begins that computes that, None if none does)}."""
    is_last, layer_type = layer is network.layers[-1], type(layer)
    error = "value_from_nets(" if network._error_reads_nets else "value("
    hidden, output = (NeuronLayer.backpropagate_hidden, "dE_dout +="), (layer_type.backpropagate, "dE_dout =")
    found = {
        "net": (Neuron.feed_forward, "net += weight"),
        "out": (Neuron.feed_forward, "self.out ="),
        "E": (NeuralNetwork.error, f"neuron.E = self.loss.{error}"),
        "dE_dout": output if is_last else hidden,
        "dout_dnet": (Neuron.backpropagate, "dout_dnet = self"),
        "delta": (Neuron.backpropagate, "delta = dE_dout"),
    }
    if layer.activation.whole_layer:
        found["out"] = layer_type.feed_forward, "neuron.out ="
        found["dE_dout"] = layer_type.backpropagate, "neuron.dE_dout ="
        found["delta"] = layer_type.backpropagate, "delta +="
    if is_last and network._slopes_cancel:
        found |= dict.fromkeys(("dE_dout", "dout_dnet"), (Neuron.backpropagate, None))
        found["delta"] = layer_type.backpropagate_cancelled, "delta ="
    return found


def _of_an_update(network: NeuralNetwork, names: Any, several: bool) -> Iterator[tuple[str, Stop]]:
    """The error and gradients of all samples together, and what the update rule moves."""
    rule: Any = type(network.update_rule)
    if several:
        yield names.error, Stop(NeuralNetwork.total_error, "E_total +=", "True", TOTAL)
    for parameter in network.parameters:
        its, gradient = _is("parameter", parameter), partial_name(names.error, parameter.name)
        if network.l2 != 0 and parameter.neuron is not None:
            of_weight = _is("weight", parameter)
            yield gradient, Stop(NeuralNetwork._add_l2_gradients, "weight.gradient +=", of_weight)
        elif several:
            yield gradient, Stop(NeuralNetwork.gradients, "parameter.gradient =", its)
        if parameter.trainable and rule is GradientDescent:
            yield parameter.name, Stop(rule.move, "parameter.value =", its)
        elif parameter.trainable:
            yield parameter.name, Stop(rule.moved, "return ", its)
            for method in filter(None, (getattr(rule, each, None) for each in ("moved", "step", "velocity"))):
                for word in re.findall(r"^ +(m|v|mhat|vhat) =", getsource(method), re.MULTILINE):
                    yield f"{word}_{parameter.name}", Stop(method, f"{word} =", its)
