"""Mistakes and conventions in the forward pass: activations, terms left out, numbers misplaced, the error."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Call, Name, Number, Power, Sum, total
from neuronnet.formulas.rewriting import nodes
from neuronnet.mistakes.variation import (
    BOTH,
    ERROR,
    GRADIENT,
    Variation,
    always,
    changed,
    instead,
    known,
    of_both,
    without_term,
)
from neuronnet.mistakes.written import written
from neuronnet.names import in_sample

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

MOST_SWAPS = 60
NO_OUTPUT = "no activation at the output"


def forward(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the forward lines of a model."""
    yield from _activations(graph)
    parts = {name: [node for node, *_ in nodes(graph.model.formulas[name])] for name in graph.errors}
    logarithms = [name for name in parts if any(map(_is_logarithm, parts[name]))]
    for base in (10, 2):
        yield changed(f"log{base} for ln", logarithms, _scaled(1 / Call("ln", [Number(base)])), ERROR)
    if graph.network is None:
        yield from _lines(graph)
        yield from _exchanged(graph, [[name for name in graph.model.given if name in graph.users]])
        for name in graph.model.given:
            size = graph.model.shape(name)
            if name in graph.users and len(size) == 2 and size[0] == size[1] > 1:
                yield known("{name} transposed", {"name": name}, 1, given={name: f"{name}ᵀ"})
        return
    weights = [[each for row in rows for each in row] for rows in graph.network.names.weights]
    yield from _exchanged(graph, weights)
    yield from _of_network(graph)
    yield from _errors(graph)
    yield from _misplaced(graph, weights)


def _scaled(factor) -> Callable:
    """The change of a formula that multiplies it."""
    return lambda formula: formula * factor


def _is_logarithm(node):
    return isinstance(node, Call) and node.function in ("ln", "logsumexp", "lse")


# Activations: another function, none, or a sign in its exponent.


def _applied(text):
    """The change of the call of an activation into what a text says of its argument."""
    return lambda formula: written(text, net=formula.arguments[-1]) if isinstance(formula, Call) else formula


def _activations(graph):
    calls = {out: graph.model.formulas[out] for edges in graph.layers for out, _ in edges}
    calls = {out: each.function for out, each in calls.items() if isinstance(each, Call)}
    own = graph.network is None
    for id, function, other in (
        ("tanh in place of the logistic", "logistic", _applied("tanh(net)")),
        ("the logistic in place of tanh", "tanh", _applied("logistic(net)")),
    ):
        names = [name for name in calls if calls[name] == function]
        yield changed(id, names, other)
        for name in names if len(names) > 1 and own else ():
            found = changed(id, [name], other)
            found.id, found.plainness = f"{id}: {name}", 1
            yield found
    logistic = {name for name in calls if calls[name] == "logistic"}
    found = changed("exp(net) for exp(-net)", logistic, _applied("logistic(-net)"), ERROR)
    nets = {(out, net) for edges in graph.layers for out, net in edges if out in logistic}
    found.shares = {edge: _by_outs(*edge, own=True) for edge in nets}
    yield found
    for name in calls if own else ():
        if calls[name] in ("logistic", "tanh", "max"):
            yield changed("no activation: {name}", [name], _applied("net"), BOTH, {"name": name})


def _of_network(graph):
    network, (*hidden, output) = graph.network, graph.layers
    hidden = [out for edges in hidden for out, _ in edges if graph.model.formulas[out].names()]
    *inner, last = network.nets
    nets = {"hidden": [net for layer in inner for net in layer], "output": last if inner else []}
    biases = set(network.all_biases)

    def without_bias(formula):
        has_bias = isinstance(formula, Sum) and len(formula.terms) > 1 and biases & set(formula.names())
        return Sum(formula.terms[:-1]) if has_bias else formula

    for id, names, change, what in (
        (NO_OUTPUT, [out for out, _ in output] * (not network.cancels), _applied("net"), BOTH),
        ("no activation in the hidden layers", hidden, _applied("net"), BOTH),
        ("bias missing in the hidden net input", nets["hidden"], without_bias, ERROR),
        ("bias missing in the output net input", nets["output"], without_bias, ERROR),
    ):
        differ = {name: graph.model.formulas[name] for name in names}
        yield changed(id, [name for name, each in differ.items() if change(each) is not each], change, what)
    if network.rows.last == "softmax" and graph.outputs > 1:
        yield from _softmax_of_network(network)


def _softmax_of_network(network):
    shares = known("softmax without exponentials")
    others = {"the logistic in place of softmax": {}, NO_OUTPUT: {}}
    for sample in network.samples:
        nets, outs = network.rows.nets_and_outs(network.top, sample)
        for net, out in zip(nets, outs):
            shares.values[out] = always(Name(net) / total(map(Name, nets)))
            shares.shares |= {(out, each): _by_outs(out, network.out_of[each], each == net) for each in nets}
            others[NO_OUTPUT][out] = always(Name(net))
            others["the logistic in place of softmax"][out] = always(Call("logistic", [Name(net)]))
    yield shares
    yield from (of_both(id, each) for id, each in others.items())


def _by_outs(out, other, own):
    """The dout/dnet of a softmax, and of the logistic, by the outputs, whatever these are."""
    slope = Name(out) * (1 - Name(out)) if own else -Name(out) * Name(other)
    return lambda share, upstream: upstream * slope


# Lines of a sheet: terms and factors forgotten or too many, quantities exchanged.


def _called(function, other):
    """The other call in the place of one of a function; None for any other part."""

    def change(node):
        is_one = isinstance(node, Call) and node.function == function
        return Call(other, node.arguments, node.options) if is_one else None

    return change


def _in_degrees(node):
    is_angle = isinstance(node, Call) and node.function in ("sin", "cos")
    return Call(node.function, [node.arguments[0] * Number(math.pi / 180)]) if is_angle else None


def _root_of_square(node):
    return node.base if isinstance(node, Power) and node.exponent == 2 else None


WHOLE = (
    ("{name} twice what it is", Number(2)),
    ("{name} half of what it is", 1 / Number(2)),
    ("{name} with the wrong sign", Number(-1)),
)
PARTS = (
    ("square forgotten in {name}: {part}", _root_of_square, ERROR),
    ("mean for sum in {name}: {part}", _called("sum", "mean"), BOTH),
    ("sum for mean in {name}: {part}", _called("mean", "sum"), BOTH),
    ("degrees for radians in {name}: {part}", _in_degrees, ERROR),
)


def _lines(graph):
    for name in graph.lines:
        formula = graph.model.formulas[name]
        for id, factor in WHOLE:
            yield changed(id, [name], _scaled(factor), ERROR, {"name": name})
        for place, (_, term) in enumerate(formula.terms if isinstance(formula, Sum) else ()):
            if term.names() and graph.steps.shapes[name] == graph.model.shape_of(term):
                places = {"name": name, "term": term.format()}
                yield changed("{term} missing in {name}", [name], without_term(place), BOTH, places)
        for id, other, what in PARTS:
            for node, *_ in nodes(formula):
                if other(node) is not None:
                    part = {node.format(): other(node)}
                    places = {"name": name, "part": node.format()}
                    yield changed(id, [name], instead(part), what, places)


def _exchanged(graph, groups):
    """Two quantities of one kind in the place of each other; in a large network there are too many."""
    pairs = [pair for names in groups for pair in combinations(names, 2)]
    pairs = [pair for pair in pairs if len({graph.model.shape(name) for name in pair}) == 1]
    for one, other in pairs[:MOST_SWAPS] if graph.network is None or len(pairs) <= MOST_SWAPS else ():
        given = {one: other, other: one}
        yield known("{one} and {other} exchanged", {"one": one, "other": other}, 1, given=given)


# Numbers of a network that were read into the wrong places.


def _misplaced(graph, layers):
    network = graph.network
    for which, chosen in (
        ("both weight matrices", layers),
        ("first weight matrix", layers[:1] * (len(layers) > 1)),
        ("last weight matrix", layers[-1:] * (len(layers) > 1)),
    ):
        names = network.mirrored.keys() & chain(*chosen)
        given = {name: other for name, other in network.mirrored.items() if name in names}
        yield known(f"{which} loaded transposed", given=given)
    biases = [layer[0] for layer in network.biases if len(layer) == 1]
    if len(biases) > 1 and all(layer.bias_kind == "shared" for layer in network.description.layers):
        yield known("biases of the layers swapped", given=dict(zip(biases, biases[::-1])))
        found = known("the first layer's bias used everywhere")
        for bias, nets in zip(biases[1:], network.nets[1:]):
            found.values |= dict.fromkeys(nets, instead({bias: Name(biases[0])}))
        yield found
    targets = [network.names.of("target", neuron) for neuron in network.names.layers[-1]]
    for what, names in (("inputs", network.names.inputs), ("targets", targets)):
        found = known(f"{what} in reverse order")
        for sample in network.samples if len(names) > 1 else ():
            own = [in_sample(name, sample) for name in names]
            found.given |= zip(own, own[::-1])
        yield found


# The error of a network: which it is, what is averaged, its L2 term.


def _errors(graph):
    network, description = graph.network, graph.network.description
    outputs, samples, loss = graph.outputs, len(network.samples), description.loss
    halved, doubled = loss == "half squared error", _scaled(Number(2))
    for id, change, what, suits in (
        ("square forgotten in the error", _without_square, ERROR, loss.endswith("squared error")),
        ("the loss without its half", doubled, BOTH, halved),
        ("the loss with a half", _scaled(1 / Number(2)), BOTH, loss == "squared error"),
    ):
        yield changed(id, graph.errors * suits, change, what)
    if halved and description.outputs == "sum" and outputs > 1:
        found = _combined("mean squared error", network.output_edges, _divided, BOTH)
        for each in (found.values, found.slopes):
            each |= dict.fromkeys(graph.errors, doubled)
        yield found
    for kind, edges, count, way in (
        ("outputs", network.output_edges, outputs, description.outputs),
        ("samples", network.sample_edges, samples, description.samples_combine),
    ):
        other, factor, parts = ("averaged", _divided, (GRADIENT, ERROR))
        if way == "mean":
            other, factor, parts = ("summed", Number, (ERROR, GRADIENT))
        if count > 1:
            yield _combined(f"{kind} {other}", edges, factor, BOTH)
            yield _combined(f"{kind} averaged in the gradient only", edges, factor, parts[0])
            yield _combined(f"{kind} averaged in the error only", edges, factor, parts[1])
    if samples > 1 and description.samples_combine == "mean":
        id = "gradient divided by the number of samples twice"
        yield _combined(id, network.sample_edges, _divided, GRADIENT)
    yield from _other_losses(network, loss)
    yield from _l2(graph) if network.l2_terms else ()


def _without_square(formula):
    squares = [(each.base, rebuild) for each, rebuild, _ in nodes(formula) if isinstance(each, Power)]
    return squares[0][1](squares[0][0]) if squares else formula


def _combined(id, edges, factor, what):
    """A factor, `factor(count)`, at the edges of a sum of so many: in its value, in its slope or in both."""
    below = defaultdict(list)
    for user, name in edges:
        below[user].append(name)
    changes = {
        user: instead({name: Name(name) * factor(len(names)) for name in names})
        for user, names in below.items()
    }
    return known(id, **{each: dict(changes) for each in what})


def _divided(count):
    return 1 / Number(count)


def _other_losses(network, loss):
    targets = [target for sample in network.description.samples for target in sample.targets]
    last = network.rows.last if all(0 <= target <= 1 for target in targets) else None
    squared, binary = loss.endswith("squared error"), loss == "binary cross-entropy"
    yes, no = "-target*ln(out)", "(1 - target)*ln(1 - out)"
    for id, text, suits in (
        ("squared error in place of the cross-entropy", "(target - out)^2/2", "cross-entropy" in loss),
        ("cross-entropy in place of the squared error", f"{yes} - {no}", squared and last == "logistic"),
        ("cross-entropy of classes in place of the squared error", yes, squared and last == "softmax"),
        ("sign slip in the cross-entropy", f"{yes} + {no}", binary),
        ("only the first term of the cross-entropy", yes, binary),
    ):
        ends = [(error, Name(target), Name(out)) for error, (target, out) in network.ends * suits]
        yield of_both(id, {error: always(written(text, target=t, out=out)) for error, t, out in ends})


def _l2(graph):
    """The L2 term, l2/2 times the sum of the squared weights."""
    network, description = graph.network, graph.network.description
    per_sample = description.l2_scale == "per sample"
    for id, factor, what in (
        ("L2 term missing", 0, BOTH),
        ("L2 term missing in the gradient", 0, GRADIENT),
        ("L2 term missing in the error", 0, ERROR),
        ("L2 term without its half", 2, BOTH),
        ("L2 gradient doubled", 2, GRADIENT),
        ("L2 term without its half in the error only", 2, ERROR),
        ("L2 gradient of the wrong sign", -1, GRADIENT),
    ):
        yield changed(id, network.l2_terms, _scaled(Number(factor)), what)
    squares = [Name(bias) ** 2 for bias in network.all_biases]
    if squares:
        term = Name(network.names.l2) / 2 * total(squares)
        more = {name: description.l2_share(term, count) for name, count in network.l2_terms.items()}
        adding = {name: lambda formula, own=own: formula + own for name, own in more.items()}
        yield of_both("L2 term on the biases as well", adding)
    if len(network.samples) > 1:
        factor, said = (Number, "not ") if per_sample else (_divided, "")
        scaled = {name: _scaled(factor(count)) for name, count in network.l2_terms.items()}
        yield of_both(f"L2 term {said}divided by the number of samples", scaled)
