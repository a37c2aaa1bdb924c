"""Mistakes and conventions in the forward pass: activations, terms left out, numbers misplaced."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Call, Name, Number, Power, Sum, sum_of, total
from neuronnet.formulas.rewriting import nodes
from neuronnet.mistakes.errors import errors
from neuronnet.mistakes.variation import BOTH, ERROR, Variation, changed, known, scaled, with_parts
from neuronnet.names import in_sample

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

MOST_SWAPS = 60


def forward(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the forward lines of a model."""
    yield from _activations(graph)
    yield from _logarithms(graph)
    if graph.network is None:
        yield from _lines(graph)
        yield from _exchanged(graph, [[name for name in graph.model.given if name in graph.users]])
        yield from _transposed(graph)
        return
    weights = [[each for row in rows for each in row] for rows in graph.network.names.weights]
    yield from _exchanged(graph, weights)
    yield from _of_network(graph)
    yield from errors(graph)
    yield from _misplaced(graph, weights)


# Activations: another function, none, or a sign in its exponent.


def _logistic(net):
    return Call("logistic", [net])


def _tanh(net):
    return Call("tanh", [net])


def _applied(function):
    """The change of the call of an activation into another function of its argument."""
    return lambda formula: function(formula.arguments[-1]) if isinstance(formula, Call) else formula


_none = _applied(lambda net: net)


def _activations(graph):
    calls = {out: graph.model.formulas[out] for edges in graph.layers for out, _ in edges}
    calls = {out: each.function for out, each in calls.items() if isinstance(each, Call)}
    own = graph.network is None
    for id, function, other in (
        ("tanh in place of the logistic", "logistic", _applied(_tanh)),
        ("the logistic in place of tanh", "tanh", _applied(_logistic)),
    ):
        names = [name for name in calls if calls[name] == function]
        if names:
            yield changed(id, names, other)
        for name in names if len(names) > 1 and own else ():
            found = changed(id, [name], other)
            found.id, found.plainness = f"{id}: {name}", 1
            yield found
    logistic = {name for name in calls if calls[name] == "logistic"}
    if logistic:
        found = changed("exp(net) for exp(-net)", logistic, _applied(lambda net: _logistic(-net)), ERROR)
        nets = {(out, net) for edges in graph.layers for out, net in edges if out in logistic}
        found.shares = {edge: _by_outs(*edge, own=True) for edge in nets}
        yield found
    for name in calls if own else ():
        if calls[name] in ("logistic", "tanh", "max"):
            yield changed("no activation: {name}", [name], _none, BOTH, {"name": name})


def _of_network(graph):
    network, (*hidden, output) = graph.network, graph.layers
    hidden = [out for edges in hidden for out, _ in edges if graph.model.formulas[out].names()]
    *inner, last = network.nets
    nets = {"hidden": [net for layer in inner for net in layer], "output": last if inner else []}
    for id, names, change, what in (
        ("no activation at the output", [out for out, _ in output] * (not network.cancels), _none, BOTH),
        ("no activation in the hidden layers", hidden, _none, BOTH),
        ("bias missing in the hidden net input", nets["hidden"], _without_bias(network), ERROR),
        ("bias missing in the output net input", nets["output"], _without_bias(network), ERROR),
    ):
        names = [
            name for name in names if change(graph.model.formulas[name]) is not graph.model.formulas[name]
        ]
        if names:
            yield changed(id, names, change, what)
    if network.rows.last == "softmax":
        yield from _softmax_of_network(network)


def _without_bias(network):
    biases = set(network.all_biases)

    def without(formula):
        has_bias = isinstance(formula, Sum) and len(formula.terms) > 1 and biases & set(formula.names())
        return Sum(formula.terms[:-1]) if has_bias else formula

    return without


def _softmax_of_network(network):
    for id, other in (
        ("softmax without exponentials", lambda net, nets: net / total(map(Name, nets))),
        ("the logistic in place of softmax", lambda net, nets: _logistic(net)),
        ("no activation at the output", lambda net, nets: net),
    ):
        found = known(id)
        for sample in network.samples:
            nets, outs = network.rows.nets_and_outs(network.top, sample)
            for net, out in zip(nets, outs):
                found.values[out] = lambda formula, net=net, nets=nets, other=other: other(Name(net), nets)
                if id == "softmax without exponentials":
                    found.shares |= {
                        (out, each): _by_outs(out, network.out_of[each], each == net) for each in nets
                    }
        found.slopes = {} if found.shares else dict(found.values)
        if len(nets) > 1:
            yield found


def _by_outs(out, other, own):
    """The dout/dnet of a softmax, and of the logistic, by the outputs, whatever these are."""
    slope = Name(out) * (1 - Name(out)) if own else -Name(out) * Name(other)
    return lambda share, upstream: upstream * slope


def _logarithms(graph):
    names = [
        name
        for name in graph.errors
        if any(_is_call(node, "ln", "logsumexp", "lse") for node, *_ in nodes(graph.model.formulas[name]))
    ]
    for base in (10, 2) if names else ():
        yield changed(f"log{base} for ln", names, scaled(1 / Call("ln", [Number(base)])), ERROR)


# Lines of a sheet: terms and factors forgotten or too many, quantities exchanged.


def _is_call(node, *functions):
    return isinstance(node, Call) and node.function in functions


def _in_place_of(function):
    return lambda node: Call(function, node.arguments, node.options)


def _in_degrees(node):
    return Call(node.function, [node.arguments[0] * Number(math.pi / 180)])


WHOLE = (
    ("{name} twice what it is", Number(2)),
    ("{name} half of what it is", 1 / Number(2)),
    ("{name} with the wrong sign", Number(-1)),
)
PARTS = (
    (
        "square forgotten in {name}: {part}",
        lambda node: isinstance(node, Power) and node.exponent == 2,
        lambda node: node.base,
        ERROR,
    ),
    ("mean for sum in {name}: {part}", lambda node: _is_call(node, "sum"), _in_place_of("mean"), BOTH),
    ("sum for mean in {name}: {part}", lambda node: _is_call(node, "mean"), _in_place_of("sum"), BOTH),
    ("degrees for radians in {name}: {part}", lambda node: _is_call(node, "sin", "cos"), _in_degrees, ERROR),
)


def _lines(graph):
    for name in graph.lines:
        formula = graph.model.formulas[name]
        for id, factor in WHOLE:
            yield changed(id, [name], scaled(factor), ERROR, {"name": name})
        for term, change in _without_a_term(graph, name, formula):
            yield changed("{term} missing in {name}", [name], change, BOTH, {"name": name, "term": term})
        for id, is_chosen, other, what in PARTS:
            for node, *_ in nodes(formula):
                if is_chosen(node):
                    text = node.format()
                    yield changed(id, [name], _with(text, other(node)), what, {"name": name, "part": text})


def _with(text, part):
    return lambda whole: with_parts(whole, {text: part})


def _without_a_term(graph, name, formula):
    """(text of a term, the change that leaves it out) of every term of a sum."""
    for place, (_, term) in enumerate(formula.terms if isinstance(formula, Sum) else ()):
        if not term.names() or graph.steps.shapes[name] != graph.model.shape_of(term):
            continue

        def without(whole, place=place):
            if not isinstance(whole, Sum) or len(whole.terms) <= max(place, 1):  # another mistake came first
                return whole
            return sum_of([*whole.terms[:place], *whole.terms[place + 1 :]])

        yield term.format(), without


def _exchanged(graph, groups):
    """Two quantities of one kind in the place of each other; in a large network there are too many."""
    pairs = [pair for names in groups for pair in combinations(names, 2)]
    pairs = [pair for pair in pairs if len({graph.model.shape(name) for name in pair}) == 1]
    for one, other in pairs[:MOST_SWAPS] if graph.network is None or len(pairs) <= MOST_SWAPS else ():
        given = {one: other, other: one}
        yield known("{one} and {other} exchanged", {"one": one, "other": other}, 1, given=given)


def _transposed(graph):
    for name in graph.model.given:
        size = graph.model.shape(name)
        if name in graph.users and len(size) == 2 and size[0] == size[1] > 1:
            yield known("{name} transposed", {"name": name}, 1, given={name: f"{name}ᵀ"})


# Numbers of a network that were read into the wrong places.


def _misplaced(graph, layers):
    network = graph.network
    for which, chosen in (
        ("both weight matrices", layers),
        ("first weight matrix", layers[:1] * (len(layers) > 1)),
        ("last weight matrix", layers[-1:] * (len(layers) > 1)),
    ):
        weights = [name for names in chosen for name in names if name in network.mirrored]
        if weights:
            given = {name: network.mirrored[name] for name in weights}
            yield known(f"{which} loaded transposed", given=given)
    biases = [layer[0] for layer in network.biases if len(layer) == 1]
    if len(biases) > 1 and all(layer.bias_kind == "shared" for layer in network.description.layers):
        yield known("biases of the layers swapped", given=dict(zip(biases, biases[::-1])))
        found = known("the first layer's bias used everywhere")
        for bias, nets in zip(biases[1:], network.nets[1:]):
            change = {bias: Name(biases[0])}
            found.values |= dict.fromkeys(nets, lambda formula, change=change: with_parts(formula, change))
        yield found
    targets = [network.names.of("target", neuron) for neuron in network.names.layers[-1]]
    for what, names in (("inputs", network.names.inputs), ("targets", targets)):
        given = {
            in_sample(name, sample): in_sample(other, sample)
            for sample in network.samples
            for name, other in zip(names, names[::-1])
        }
        if len(names) > 1:
            yield known(f"{what} in reverse order", given=given)
