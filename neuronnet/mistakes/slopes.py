"""Mistakes where derivatives pass an activation or meet: slopes left out or of another, paths dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from neuronnet.elementary import Literal
from neuronnet.formulas.expressions import Call, Name, Number, Product, Sum
from neuronnet.formulas.rewriting import nodes
from neuronnet.mistakes.variation import Variation, known, named, slopes_in, times, with_parts

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

SIGMOID, TANH, RELU, LINEAR = "logistic'", "tanh'", "step", "identity"
CURVED = (SIGMOID, TANH, RELU, "leaky_relu'", "elu'", "gelu'")
CANCELLED = "derivative multiplied in although it cancels"


def slopes_and_paths(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the slopes of a model, and of the paths to what is used several times."""
    yield from _slopes(graph)
    yield from _softmaxes(graph) if graph.network is None else ()
    yield from _paths(graph)


# The slope of an activation: (id with its place, functions, the other slope).


def _at_out(slope, net, out):
    return Call(slope.function, [out, *slope.arguments[1:]])


def _of_logistic(slope, net, out):
    return out * (1 - out)


def _of_tanh(slope, net, out):
    return 1 - out**2


SLOPES: tuple[tuple[str, tuple[str, ...], Callable], ...] = (
    ("activation derivative missing {at}", CURVED, lambda slope, net, out: Number(1)),
    ("relu's derivative left out{suffix}", (RELU,), lambda slope, net, out: Number(1)),
    ("activation derivative used twice: {colon}", CURVED, lambda slope, net, out: slope**2),
    ("logistic applied twice in its derivative: {colon}", (SIGMOID,), _at_out),
    ("tanh applied twice in its derivative: {colon}", (TANH,), _at_out),
    (
        "derivative written for out, given net: {colon}",
        (SIGMOID, TANH),
        lambda slope, net, out: net * (1 - net) if slope.function == SIGMOID else 1 - net**2,
    ),
    ("sign slip in the derivative: {colon}", (SIGMOID, TANH), lambda slope, net, out: -slope),
    ("the logistic's derivative for tanh{suffix}", (TANH,), _of_logistic),
    ("the logistic's derivative for relu or no activation{suffix}", (RELU, LINEAR), _of_logistic),
    ("tanh's derivative for the logistic{suffix}", (SIGMOID,), _of_tanh),
    ("tanh's derivative for relu or no activation{suffix}", (RELU, LINEAR), _of_tanh),
    (
        "relu's derivative for another activation{suffix}",
        (SIGMOID, TANH, LINEAR),
        lambda slope, net, out: Call("step", [net]),
    ),
    (
        "leaky relu's derivative for relu{suffix}",
        (RELU,),
        lambda slope, net, out: Call("leaky_relu'", [net, Number(Literal("0.01"))]),
    ),
    ("only 1 - out of the derivative{suffix}", (SIGMOID, TANH), lambda slope, net, out: 1 - out),
    ("the output in place of its derivative{suffix}", (SIGMOID, TANH), lambda slope, net, out: out),
)


def _slopes(graph):
    for place in graph.slope_places():
        for id, functions, other in SLOPES:
            edges = [edge for edge in place.edges if graph.function_at(edge) in functions]
            if edges:
                if graph.network is None and len(edges) < len(place.edges):
                    place = named(edges, place.plainness)
                cancels = id == "activation derivative used twice: {colon}" and graph.cancels_at(edges)
                shares = {edge: _with_slope(graph, edge, other) for edge in edges}
                yield known(CANCELLED if cancels else id, place._asdict(), place.plainness, shares=shares)


def _with_slope(graph, edge, other):
    """The change of a share to another slope of the activation, or of every one in it."""
    user, name = edge

    def change(share, upstream):
        slopes = slopes_in(share)
        if not slopes and graph.slopes_at(edge):
            return share  # another use in the same formula, which has no slope
        if not slopes:
            return times(share, other(Call("identity", [Name(name)]), Name(name), Name(user)), graph.shapes)
        others = {each.format(): other(each, each.arguments[0], graph.out_of(user, each)) for each in slopes}
        return with_parts(share, others)

    return change


# The slope of a softmax y, y*(u - sum(u*y)) for u = dL/dy: (id, what is written for it, of u, y and the sum).

SOFTMAX: tuple[tuple[str, Callable], ...] = (
    ("activation derivative missing {at}", lambda u, y, summed: u),
    ("softmax derivative on the diagonal only{suffix}", lambda u, y, summed: u * (y * (1 - y))),
    ("softmax derivative without its sum{suffix}", lambda u, y, summed: u * y),
    (
        "softmax derivative summed along the other axis{suffix}",
        lambda u, y, summed: y * (u - _across(summed)),
    ),
    (CANCELLED, lambda u, y, summed: y * (u - summed) * (y * (1 - y))),
)


def _softmaxes(graph):
    for user, name in graph.edges:
        found = [part for share in graph.uses[user, name] for part in _softmax_slopes(share)]
        for id, other in SOFTMAX if found else ():
            axis = found[0][3].options.get("axis")
            is_wanted = any(each in graph.errors for each in graph.users[user]) if id is CANCELLED else True
            if is_wanted and (axis is not None or "axis" not in id):
                yield known(id, named([(user, name)])._asdict(), shares={(user, name): _softmax_as(other)})


def _softmax_as(other):
    def change(share, upstream):
        others = {whole.format(): other(u, y, summed) for whole, u, y, summed in _softmax_slopes(share)}
        return with_parts(share, others) if others else share

    return change


def _softmax_slopes(share):
    """(the whole, u, y, the sum) for every y*(u - sum(u*y)) in a share."""
    found = []
    for node, *_ in nodes(share):
        factors = [factor for _, factor in node.factors] if isinstance(node, Product) else []
        terms = factors[1].terms if len(factors) == 2 and isinstance(factors[1], Sum) else ()
        if len(terms) == 2 and getattr(terms[1][1], "function", None) == "sum" and terms[1][0] < 0:
            found.append((node, terms[0][1], factors[0], terms[1][1]))
    return found


def _across(summed):
    return Call("sum", summed.arguments, {**summed.options, "axis": 1 - summed.options["axis"] % 2})


# Where paths meet: (the id at inner quantities, at parameters, the shares that count, of all shares).


def _averaged(graph):
    return lambda shares, numerator: [times(each, 1 / Number(len(shares)), graph.shapes) for each in shares]


PATHS = (
    (
        "only o1's path into h1 (no sum over outputs)",
        "first use only: {name}",
        lambda graph: lambda shares, numerator: shares[:1],
    ),
    (
        "only the last path into a hidden neuron",
        "last use only: {name}",
        lambda graph: lambda shares, numerator: shares[-1:],
    ),
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
            places, shares = {"user": user, "name": name}, {(user, name): lambda share, upstream: None}
            yield known("path through {user} missing in the derivative by {name}", places, 1, shares=shares)
