"""Mistakes where derivatives pass an activation or meet: slopes left out or of another, paths dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Call, Name, Number
from neuronnet.mistakes.variation import Variation, always, known, named, slopes_in, times, with_parts
from neuronnet.mistakes.written import found_in, written

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

SIGMOID, TANH, RELU, LINEAR = "logistic'", "tanh'", "step", "identity"
FLAT = (RELU, LINEAR)
CURVED = (SIGMOID, TANH, RELU, "leaky_relu'", "elu'", "gelu'")
CANCELLED = "derivative multiplied in although it cancels"


def slopes_and_paths(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the slopes of a model, and of the paths to what is used several times."""
    yield from _slopes(graph)
    yield from _softmaxes(graph) if graph.network is None else ()
    yield from _paths(graph)


# The slope of an activation: (id with its place, what is written for the slope of each function).

SLOPES: tuple[tuple[str, dict[str, str]], ...] = (
    ("activation derivative missing {at}", dict.fromkeys(CURVED, "1")),
    ("relu's derivative left out{suffix}", {RELU: "1"}),
    ("activation derivative used twice: {colon}", dict.fromkeys(CURVED, "slope^2")),
    ("logistic applied twice in its derivative: {colon}", {SIGMOID: "logistic'(out)"}),
    ("tanh applied twice in its derivative: {colon}", {TANH: "tanh'(out)"}),
    ("derivative written for out, given net: {colon}", {SIGMOID: "net*(1 - net)", TANH: "1 - net^2"}),
    ("sign slip in the derivative: {colon}", dict.fromkeys((SIGMOID, TANH), "-slope")),
    ("the logistic's derivative for tanh{suffix}", {TANH: "out*(1 - out)"}),
    ("the logistic's derivative for relu or no activation{suffix}", dict.fromkeys(FLAT, "out*(1 - out)")),
    ("tanh's derivative for the logistic{suffix}", {SIGMOID: "1 - out^2"}),
    ("tanh's derivative for relu or no activation{suffix}", dict.fromkeys(FLAT, "1 - out^2")),
    ("relu's derivative for another activation{suffix}", dict.fromkeys((SIGMOID, TANH, LINEAR), "step(net)")),
    ("leaky relu's derivative for relu{suffix}", {RELU: "leaky_relu'(net, 0.01)"}),
    ("only 1 - out of the derivative{suffix}", dict.fromkeys((SIGMOID, TANH), "1 - out")),
    ("the output in place of its derivative{suffix}", dict.fromkeys((SIGMOID, TANH), "out")),
)


def _slopes(graph):
    for place in graph.slope_places():
        for id, others in SLOPES:
            edges = [edge for edge in place.edges if graph.function_at(edge) in others]
            if edges:
                if graph.network is None and len(edges) < len(place.edges):
                    place = named(edges, place.plainness)
                cancels = id == "activation derivative used twice: {colon}" and graph.cancels_at(edges)
                shares = {edge: _with_slope(graph, edge, others) for edge in edges}
                yield known(CANCELLED if cancels else id, place._asdict(), place.plainness, shares=shares)


def _with_slope(graph, edge, others):
    """The change of a share to another slope of the activation, or of every one in it."""
    user, name = edge

    def change(share, upstream):
        slopes = slopes_in(share)
        if slopes:
            own = [each for each in slopes if each.function in others]
            return with_parts(share, {each.format(): other(each, graph.out_of(user, each)) for each in own})
        if graph.slopes_at(edge):
            return share  # another use in the same formula, which has no slope
        return times(share, other(Call(LINEAR, [Name(name)]), Name(user)), graph.shapes)

    def other(slope, out):
        return written(others[slope.function], slope=slope, net=slope.arguments[0], out=out)

    return change


# The slope of a softmax y, y*(u - sum(u*y)) for u = dL/dy: (id, what is written for it).

SOFTMAX_SLOPE = "y*(u - s)"
SOFTMAX: tuple[tuple[str, str], ...] = (
    ("activation derivative missing {at}", "u"),
    ("softmax derivative on the diagonal only{suffix}", "u*(y*(1 - y))"),
    ("softmax derivative without its sum{suffix}", "u*y"),
    ("softmax derivative summed along the other axis{suffix}", "y*(u - across)"),
    (CANCELLED, "y*(u - s)*(y*(1 - y))"),
)


def _softmaxes(graph):
    for user, name in graph.edges:
        found = [part for share in graph.uses[user, name] for part in _softmax_slopes(share)]
        for id, other in SOFTMAX if found else ():
            axis = found[0][1]["s"].options.get("axis")
            is_wanted = any(each in graph.errors for each in graph.users[user]) if id is CANCELLED else True
            if is_wanted and (axis is not None or "axis" not in id):
                yield known(id, named([(user, name)])._asdict(), shares={(user, name): _softmax_as(other)})


def _softmax_as(other):
    def change(share, upstream):
        return with_parts(share, {text: written(other, **parts) for text, parts in _softmax_slopes(share)})

    return change


def _softmax_slopes(share):
    """(its text, its parts) of every slope of a softmax; `across` is the sum along the other axis."""
    found = []
    for node, _, parts in found_in(SOFTMAX_SLOPE, share):
        summed = parts["s"]
        if isinstance(summed, Call) and summed.function == "sum":
            axis = summed.options.get("axis")
            parts["across"] = (
                summed
                if axis is None
                else Call("sum", summed.arguments, {**summed.options, "axis": 1 - axis % 2})
            )
            found.append((node.format(), parts))
    return found


# Where paths meet: (the id at inner quantities, at parameters, the shares that count, of all shares).


def _kept(first, last):
    return lambda shares, numerator: shares[first:last]


def _averaged(graph):
    return lambda shares, numerator: [times(each, 1 / Number(len(shares)), graph.shapes) for each in shares]


PATHS = (
    ("only o1's path into h1 (no sum over outputs)", "first use only: {name}", lambda graph: _kept(0, 1)),
    ("only the last path into a hidden neuron", "last use only: {name}", lambda graph: _kept(-1, None)),
    ("paths averaged instead of summed", "uses averaged: {name}", _averaged),
)


def _paths(graph):
    forked = [name for name in graph.inner if len(graph.users[name]) > 1]
    tied = [name for name in graph.parameters if len(graph.users.get(name, ())) > 1 and graph.network is None]
    groups = ([tied] if len(tied) > 1 else []) + [[name] for name in tied]
    for id, of_parameters, change in PATHS:
        yield known(id, sums={name: change(graph) for name in forked})
        for names in groups:
            words = {"name": named([(name, name) for name in names]).colon}
            yield known(of_parameters, words, sums={name: change(graph) for name in names})
    for name in graph.singles(forked) + tied:
        for user in graph.users[name]:
            places, shares = {"user": user, "name": name}, {(user, name): always(None)}
            yield known("path through {user} missing in the derivative by {name}", places, 1, shares=shares)
