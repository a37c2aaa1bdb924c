"""Mistakes and conventions in the forward pass: the error, activations, numbers misplaced, terms left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Call, Expression, Name, Number, Power, Sum, sum_of, total
from neuronnet.formulas.rewriting import mapped, nodes
from neuronnet.mistakes.variation import Variation, known, with_parts
from neuronnet.names import in_sample

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

MOST_SWAPS = 60
BOTH, ERROR, GRADIENT = ("values", "slopes"), ("values",), ("slopes",)


def forward(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the forward lines of a model."""
    yield from _activations(graph)
    yield from _logarithms(graph)
    if graph.network is None:
        yield from _lines(graph)
        yield from _exchanged(graph, [[name for name in graph.model.given if name in graph.users]])
        yield from _transposed(graph)
    else:
        yield from _exchanged(
            graph, [[each for row in rows for each in row] for rows in graph.network.names.weights]
        )
        yield from _biases_left_out(graph)
        yield from _errors(graph)
        yield from _misplaced(graph)
        yield from _l2(graph)


def changed(id: str, names, change: Callable, what=BOTH, places: dict | None = None) -> Variation:
    """A Variation of the formulas of some names, of their values, of their slopes or of both."""
    plainness = 0 if places is None else 1
    return known(id, places, plainness, **{each: dict.fromkeys(names, change) for each in what})


def scaled(factor: Expression, names: set | None = None) -> Callable:
    """The change of a formula that multiplies it, or only some names in it."""
    if names is None:
        return lambda formula: formula * factor
    return lambda formula: mapped(
        formula, lambda leaf: leaf * factor if getattr(leaf, "name", None) in names else leaf
    )


# Activations: another function, none, or a sign in its exponent.


def _logistic(net):
    return Call("logistic", [net])


ACTIVATIONS: tuple[tuple[str, str, Callable], ...] = (
    ("tanh in place of the logistic", "logistic", lambda net: Call("tanh", [net])),
    ("the logistic in place of tanh", "tanh", _logistic),
)


def _activations(graph):
    calls = {out: graph.model.formulas[out] for edges in graph.layers for out, _ in edges}
    calls = {out: each for out, each in calls.items() if isinstance(each, Call)}
    calls = {out: each for out, each in calls.items() if each.function in ("logistic", "tanh", "max")}

    def other(function):
        return lambda formula: function(formula.arguments[-1]) if isinstance(formula, Call) else formula

    for id, function, other_function in ACTIVATIONS:
        names = [name for name in calls if calls[name].function == function]
        if names:
            yield changed(id, names, other(other_function))
        for name in names if len(names) > 1 and graph.network is None else ():
            found = changed(id, [name], other(other_function))
            found.id, found.plainness = f"{id}: {name}", 1
            yield found
    logistic = {name for name in calls if calls[name].function == "logistic"}
    if logistic:
        found = changed("exp(net) for exp(-net)", logistic, other(lambda net: _logistic(-net)), ERROR)
        nets = {(out, net) for edges in graph.layers for out, net in edges if out in logistic}
        found.shares = {edge: _by_outs(*edge, own=True) for edge in nets}
        yield found
    if graph.network is None:
        for name in calls:
            yield changed("no activation: {name}", [name], other(lambda net: net), BOTH, {"name": name})
        return
    *hidden, output = graph.layers
    for id, edges in (
        ("no activation at the output", [] if graph.network.cancels else output),
        ("no activation in the hidden layers", [edge for each in hidden for edge in each]),
    ):
        names = [out for out, _ in edges if out in calls]
        if names:
            yield changed(id, names, other(lambda net: net))
    if graph.network.rows.last == "softmax":
        yield from _softmax_of_network(graph.network)


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


def _biases_left_out(graph):
    network = graph.network
    for place, layers in (("hidden", network.nets[:-1]), ("output", network.nets[-1:])):
        nets = [net for nets in layers for net in nets]
        biased = [net for net in nets if set(graph.model.formulas[net].names()) & set(network.all_biases)]
        if biased and len(graph.layers) > 1:
            id = f"bias missing in the {place} net input"
            yield changed(id, biased, _without_its_last_term, ERROR)


def _without_its_last_term(formula):
    return Sum(formula.terms[:-1]) if isinstance(formula, Sum) and len(formula.terms) > 1 else formula


def _logarithms(graph):
    names = [
        name
        for name in graph.errors
        if any(_is_call(node, "ln", "logsumexp", "lse") for node, *_ in nodes(graph.model.formulas[name]))
    ]
    for base in (10, 2) if names else ():
        yield changed(f"log{base} for ln", names, scaled(1 / Call("ln", [Number(base)])), ERROR)


# Lines of a sheet: terms and factors forgotten or too many, quantities exchanged.


def _lines(graph):
    for name in graph.lines:
        formula, places = graph.model.formulas[name], {"name": name}
        for id, factor in (
            ("{name} twice what it is", Number(2)),
            ("{name} half of what it is", 1 / Number(2)),
            ("{name} with the wrong sign", Number(-1)),
        ):
            yield changed(id, [name], scaled(factor), ERROR, places)
        for term, change in _without_a_term(graph, name, formula):
            places = {"name": name, "term": term}
            yield changed("{term} missing in {name}", [name], change, BOTH, places)
        for id, is_chosen, other, what in _PARTS:
            for node, *_ in nodes(formula):
                if is_chosen(node):
                    places = {"name": name, "part": node.format()}
                    change = _with_part(node.format(), other)
                    yield changed(id, [name], change, what, places)


def _without_a_term(graph, name, formula):
    """(text of a term, the change that leaves it out) of every term of a sum."""
    terms = formula.terms if isinstance(formula, Sum) else ()
    for place, (_, term) in enumerate(terms):
        if not term.names() or graph.steps.shapes[name] != graph.model.shape_of(term):
            continue

        def without(whole, place=place):
            if not isinstance(whole, Sum) or len(whole.terms) <= max(place, 1):  # another mistake came first
                return whole
            return sum_of([*whole.terms[:place], *whole.terms[place + 1 :]])

        yield term.format(), without


def _is_call(node, *functions):
    return isinstance(node, Call) and node.function in functions


def _with_part(text, other):
    def change(formula):
        for node, rebuild, _ in nodes(formula):
            if node.format() == text:
                return rebuild(other(node))
        return formula

    return change


_PARTS = (
    (
        "square forgotten in {name}: {part}",
        lambda node: isinstance(node, Power) and node.exponent == 2,
        lambda node: node.base,
        ERROR,
    ),
    (
        "mean for sum in {name}: {part}",
        lambda node: _is_call(node, "sum"),
        lambda node: Call("mean", node.arguments, node.options),
        BOTH,
    ),
    (
        "sum for mean in {name}: {part}",
        lambda node: _is_call(node, "mean"),
        lambda node: Call("sum", node.arguments, node.options),
        BOTH,
    ),
    (
        "degrees for radians in {name}: {part}",
        lambda node: _is_call(node, "sin", "cos"),
        lambda node: Call(node.function, [node.arguments[0] * Number(math.pi / 180)]),
        ERROR,
    ),
)


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


# The error of a network: which it is, and what is averaged.


def _errors(graph):
    network, description = graph.network, graph.network.description
    outputs, samples, loss = graph.outputs, len(network.samples), description.loss
    halved = loss == "half squared error"
    if loss.endswith("squared error"):
        yield changed("square forgotten in the error", graph.errors, _without_square, ERROR)
    if halved:
        yield changed("the loss without its half", graph.errors, scaled(Number(2)))
    if loss == "squared error":
        yield changed("the loss with a half", graph.errors, scaled(1 / Number(2)))
    if halved and description.outputs == "sum" and outputs > 1:
        found = changed("mean squared error", graph.errors, scaled(Number(2)))
        yield found.with_other(_combined(network.output_edges, _divided, BOTH)).named_as(found)
    for what, edges, count, way in (
        ("outputs", network.output_edges, outputs, description.outputs),
        ("samples", network.sample_edges, samples, description.samples_combine),
    ):
        if count < 2:
            continue
        factor = Number if way == "mean" else _divided
        yield _combined(edges, factor, BOTH, f"{what} {'summed' if way == 'mean' else 'averaged'}")
        where = (ERROR, GRADIENT) if way == "mean" else (GRADIENT, ERROR)
        for which, places in zip(("gradient", "error"), where):
            yield _combined(edges, factor, places, f"{what} averaged in the {which} only")
    if samples > 1 and description.samples_combine == "mean":
        id = "gradient divided by the number of samples twice"
        yield _combined(network.sample_edges, _divided, GRADIENT, id)
    yield from _other_losses(graph, loss)


def _without_square(formula):
    squares = [each for each in nodes(formula) if isinstance(each[0], Power)]
    return squares[0][1](squares[0][0].base) if squares else formula


def _combined(edges, factor, what, id=None):
    """A factor, `factor(count)`, at the edges of a sum of so many: in its value, in its slope or in both."""
    below: dict[str, set] = {}
    for user, name in edges:
        below.setdefault(user, set()).add(name)
    changes = {user: scaled(factor(len(names)), names) for user, names in below.items()}
    found = Variation("", "") if id is None else known(id)
    for each in what:
        setattr(found, each, dict(changes))
    return found


def _divided(count):
    return 1 / Number(count)


def _other_losses(graph, loss):
    network, squared = graph.network, loss.endswith("squared error")
    targets = [target for sample in network.description.samples for target in sample.targets]
    may_be_cross = squared and all(0 <= target <= 1 for target in targets)

    def yes(target, out):
        return -target * Call("ln", [out])

    def no(target, out):
        return (1 - target) * Call("ln", [1 - out])

    for id, formula, suits in (
        (
            "squared error in place of the cross-entropy",
            lambda target, out: (target - out) ** 2 / 2,
            "cross-entropy" in loss,
        ),
        (
            "cross-entropy in place of the squared error",
            lambda target, out: yes(target, out) - no(target, out),
            may_be_cross and network.rows.last == "logistic",
        ),
        (
            "cross-entropy of classes in place of the squared error",
            yes,
            may_be_cross and network.rows.last == "softmax",
        ),
        (
            "sign slip in the cross-entropy",
            lambda target, out: yes(target, out) + no(target, out),
            loss == "binary cross-entropy",
        ),
        ("only the first term of the cross-entropy", yes, loss == "binary cross-entropy"),
    ):
        if suits:
            changes = {
                error: lambda old, pair=pair, formula=formula: formula(*map(Name, pair))
                for error, pair in network.ends
            }
            yield known(id, values=changes, slopes=dict(changes))


# Numbers of a network that were read into the wrong places.


def _misplaced(graph):
    network = graph.network
    layers = [[weight for row in rows for weight in row] for rows in network.names.weights]
    for which, chosen in (
        ("both weight matrices", layers),
        ("first weight matrix", layers[:1] if len(layers) > 1 else []),
        ("last weight matrix", layers[-1:] if len(layers) > 1 else []),
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


# The L2 term, l2/2 times the sum of the squared weights.

L2_TERMS = (
    ("L2 term missing", 0, BOTH),
    ("L2 term missing in the gradient", 0, GRADIENT),
    ("L2 term missing in the error", 0, ERROR),
    ("L2 term without its half", 2, BOTH),
    ("L2 gradient doubled", 2, GRADIENT),
    ("L2 term without its half in the error only", 2, ERROR),
    ("L2 gradient of the wrong sign", -1, GRADIENT),
)


def _l2(graph):
    network = graph.network
    description, counts = network.description, network.l2_terms
    for id, factor, what in L2_TERMS if counts else ():
        yield changed(id, counts, scaled(Number(factor)), what)
    if counts and network.all_biases:
        squares = total(Name(bias) ** 2 for bias in network.all_biases)
        term = Name(network.names.l2) * squares / 2
        yield _each_of_l2(
            "L2 term on the biases as well",
            counts,
            lambda formula, count: formula + description.l2_share(term, count),
        )
    if counts and len(network.samples) > 1:
        per_sample = description.l2_scale == "per sample"
        yield _each_of_l2(
            f"L2 term {'not ' * per_sample}divided by the number of samples",
            counts,
            lambda formula, count: formula * (Number(count) if per_sample else _divided(count)),
        )


def _each_of_l2(id, counts, change):
    changes = {name: lambda formula, count=count: change(formula, count) for name, count in counts.items()}
    return known(id, values=changes, slopes=dict(changes))
