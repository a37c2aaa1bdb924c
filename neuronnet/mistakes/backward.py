"""Mistakes in the products of the way back, and in factors of all that comes from the loss.

A row says what is done at an edge of the graph; it holds for every model, at one edge or at all of a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, product
from typing import TYPE_CHECKING

from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.expressions import Call, Entry, Name, Number, Placed, Sum, Transpose, is_number, total
from neuronnet.formulas.rewriting import nodes, turned, without_factor
from neuronnet.mistakes.variation import (
    UPSTREAM,
    Variation,
    always,
    factors_of,
    instead,
    known,
    slopes_in,
    times,
    where_it_fits,
    with_parts,
)
from neuronnet.names import after, partial_name, split_partial

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

MOST_PARTS = 8  # of an array, that are tried in the place of one
RAW = "hidden delta from the raw output error"


def backward(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the products and factors in the sweep backwards over a model."""
    yield from _products(graph)
    yield from _factors(graph)
    yield from _factors_at_parameters(graph)


# The two factors of a product: what goes back to an inner quantity, what goes to a parameter.


def raw(graph: Graph, edge: tuple[str, str]) -> Callable | None:
    """The derivative by the output of the next activation in place of that by its net input."""
    network, net = graph.network, edge[0]
    if network is not None and network.cancels and net in network.nets[-1]:
        return None
    after_it = [out for out in graph.users.get(net, ()) if slopes_in(graph.edges[out, net])]
    after_it = after_it if network is None else [network.out_of[net]]

    def change(share, upstream):
        if not isinstance(upstream, Name):
            return share
        by_out = partial_name(split_partial(upstream.name)[0], after_it[0])
        graph.model.shape(by_out)
        return with_parts(share, {upstream.name: Name(by_out)})

    return change if after_it else None


def _of_other_factor(change):
    """A change of the factor of a share that is a quantity, or its transpose; None without one."""

    def of_edge(graph, edge):
        factors = factors_of(graph.edges[edge])
        plain = (each.inner if isinstance(each, Transpose) else each for each in factors)
        factor = next((each for each in plain if isinstance(each, Name)), None)
        return None if factor is None else change(graph, edge, factor)

    return of_edge


def _replaced(graph, edge, factor, name):
    """A change of the other factor of a share into another quantity; None where that does not fit."""
    if name is None or factor.name == name:
        return None
    return _fitting(graph, edge, instead({factor.name: Name(name)}))


@_of_other_factor
def _left_out(graph, edge, factor):
    is_chosen = _is_called(factor.format(), Transpose(factor).format())
    return _fitting(graph, edge, partial(without_factor, is_chosen=is_chosen))


@_of_other_factor
def _itself(graph, edge, factor):
    return _replaced(graph, edge, factor, edge[1])


@_of_other_factor
def _net_for_out(graph, edge, factor):
    return _replaced(graph, edge, factor, graph.nets.get(factor.name))


@_of_other_factor
def _after_update(graph, edge, factor):
    """The other factor after its update, unless its gradient needs what is computed here."""
    later = after(factor.name, 1)
    if later not in graph.updates or graph.is_before(edge[1], factor.name):
        return None
    return instead({factor.name: Name(later)})


@_of_other_factor
def _turned_back(graph, edge, factor):
    """Wᵀ for W and W for Wᵀ, where that fits."""
    if graph.network is not None:
        return _replaced(graph, edge, factor, graph.network.mirrored.get(factor.name))
    forms = {Transpose(factor).format(): factor}
    if not any(each.format() in forms for each in factors_of(graph.edges[edge])):
        forms = {factor.format(): turned(factor)}
    if as_vector_shape(graph.model.shape(factor.name)) == ():
        return None
    return _fitting(graph, edge, instead(forms))


def _fitting(graph, edge, other, share=None):
    """A change of a share, by default the first of an edge; None where the other has no right shape."""
    share = graph.edges[edge] if share is None else share
    found = other(share)
    is_new = found is not None and graph.fits(found, edge[1]) and found.format() != share.format()
    return where_it_fits(other) if is_new else None


BACK = (
    (RAW, raw),
    ("updated output weights used backwards", _after_update),
    ("output weights transposed in the backward pass", _turned_back),
    ("deltas summed without their weights", _left_out),
    ("weight gradients passed back", _itself),
)
GRADIENTS = (
    ("input not multiplied into the gradient", _left_out),
    ("the weight in place of its input in the gradient", _itself),
    ("net in place of out in the gradient", _net_for_out),
    ("a matrix not transposed in the gradient", _turned_back),
    ("the derivative by out in the gradient in place of that by net", raw),
)
OF_MATRICES = {id for id, _ in GRADIENTS[-2:]}  # of sheets that bring their own model


def _products(graph):
    for rows, edges in ((BACK, graph.back), (GRADIENTS, graph.gradients)):
        for id, change in rows:
            shares = {edge: each for edge in edges if (each := change(graph, edge)) is not None}
            if graph.network is None or id not in OF_MATRICES:
                yield known(id, shares=shares)
            for edge, each in shares.items() if len(shares) > 1 and graph.network is None else ():
                found = known(id, plainness=1, shares={edge: each})
                found.id += f": {edge[1]} in {edge[0]}"
                yield found
    if graph.network is not None:
        yield from graph.network.more_of_backward(graph)
        return
    yield from _single_factors(graph)
    for name in graph.parameters:
        rows, *columns = graph.model.shape(name) or (1,)
        if [rows] == columns and rows > 1:
            turned_over = {name: lambda shares, numerator: [turned(total(shares))]}
            yield known("gradient of {name} transposed", {"name": name}, sums=turned_over)
    yield from _largest(graph)


def _single_factors(graph):
    """In the shares of one edge of a sheet: a factor left out, or with the wrong sign."""
    for edge, share in graph.single_uses():
        user, name, *place = edge
        if name not in graph.differentiated:
            continue
        places = {"name": name, "user": user}
        if place:
            words = places | {"share": share.format().replace(UPSTREAM, f"d{graph.loss}/d")}
            yield known("{share} missing in the derivative by {name}", words, 1, shares={edge: always(None)})
        for factor in [*factors_of(share), *slopes_in(share)]:
            text = factor.format()
            change = _fitting(graph, edge, partial(without_factor, is_chosen=_is_called(text)), share)
            if change is not None:
                places["factor"] = text
                yield known("{factor} missing: {name} in {user}", places, 1, shares={edge: change})
        shares = {edge: lambda each, upstream: -each}
        yield known("sign slip: {name} in {user}", places, 1, shares=shares)
        for factor in factors_of(share):
            for other in (*_shifted(factor, graph), *_related(factor, graph)):
                words = places | {"factor": factor.format(), "other": other.format()}
                change = _fitting(graph, edge, instead({factor.format(): other}), share)
                if change is not None:
                    yield known("{other} for {factor}: {name}", words, 1, shares={edge: change})
        turned_upstream, repeated = _turned_upstream(graph, edge, share), _repeated(share)
        if turned_upstream is not None:
            yield known(
                "derivative by {user} not transposed: {name}", places, 0, shares={edge: turned_upstream}
            )
        if repeated is not None:
            yield known("a repeated index assigned: {name}", places, 0, shares={edge: repeated})


def _is_called(*texts):
    return lambda _, factor: factor.format() in texts


def _turned_upstream(graph, edge, share):
    """The derivative by the user of a matrix as it is where its transpose belongs, or the other way round."""

    def other(share, upstream):
        turned_back = with_parts(share, {Transpose(upstream).format(): upstream})
        is_other = turned_back.format() != share.format()
        return turned_back if is_other else with_parts(share, {upstream.format(): Transpose(upstream)})

    found = other(share, Name(UPSTREAM + edge[0]))
    is_new = len(graph.model.shape(edge[0])) == 2 and found.format() != share.format()
    return other if is_new and graph.fits(found, edge[1]) else None


def _largest(graph):
    """The slope of a maximum of numbers to another of them, or to the largest of another maximum."""
    users = [user for user in graph.forward if getattr(graph.model.formulas[user], "function", "") == "max"]
    windows = {user: [name for each, name in graph.edges if each == user] for user in users}
    windows = {user: names for user, names in windows.items() if len(names) > 1}
    for user, names in windows.items():
        for other in names:
            shares = {(user, name): always(None) for name in names}
            shares[user, other] = lambda share, upstream: upstream
            yield known("{other} for the largest in {user}", {"user": user, "other": other}, 1, shares=shares)
    for user, other in combinations(windows, 2):
        shares = {}
        for own, foreign in ((user, other), (other, user)):
            by_own, by_foreign = (partial_name(graph.loss, each) for each in (own, foreign))
            graph.model.shape(by_foreign)
            shares |= {(own, name): instead({by_own: Name(by_foreign)}) for name in windows[own]}
        places = {"user": user, "other": other}
        yield known("the places of the largest in {user} and {other} exchanged", places, 1, shares=shares)


def _shifted(factor, graph):
    """A part of an array, moved by one row or column or both; some other parts of its size in the model."""
    indices = factor.indices if isinstance(factor, Entry) else ()
    if not indices or not all(isinstance(each, tuple) and None not in each for each in indices):
        return
    lengths = graph.model.shape_of(factor.base)
    for steps in product((-1, 0, 1), repeat=len(indices)):
        moved = [(start + step, stop + step) for (start, stop), step in zip(indices, steps)]
        ends = [length + factor.first + (factor.first == 0) for length in lengths]
        if all(factor.first <= start and stop < end for (start, stop), end in zip(moved, ends)):
            yield Entry(factor.base, moved, factor.from_zero)
    parts = [node for name in graph.forward for node, *_ in nodes(graph.model.formulas[name])]
    parts = [each for each in parts if isinstance(each, Entry) and each.base.format() == factor.base.format()]
    size = graph.model.shape_of(factor)
    yield from [each for each in parts if graph.model.shape_of(each) == size][:MOST_PARTS]


def _related(factor, graph):
    """What is easily written for a factor: x for tanh(x), z for 1 - z, 1 - z for z, x for a y made of x."""
    if isinstance(factor, Call) and len(factor.arguments) == 1 and not slopes_in(factor):
        yield factor.arguments[0]
    elif isinstance(factor, Sum) and len(factor.terms) == 2 and is_number(factor.terms[0][1], 1):
        yield factor.terms[1][1]
    elif isinstance(factor, Name) and factor.name in graph.model.formulas:
        formula, shape = graph.model.formulas[factor.name], graph.model.shape(factor.name)
        yield from (Name(each) for each in formula.names() if graph.model.shape(each) == shape)
        if isinstance(formula, Call) and formula.function == "logistic":
            yield 1 - factor


def _repeated(share):
    """A share that is placed at repeated indices, in which the last of each replaces their sum."""

    def other(share, upstream):
        for node, rebuild, _ in nodes(share):
            index = node.indices[0] if isinstance(node, Placed) else None
            if isinstance(index, list) and len(set(index)) < len(index):
                last = {each: place for place, each in enumerate(index, 1)}
                rest = node.indices[1:]
                kept = Entry(node.inner, [list(last.values()), *[None] * len(rest)], False)
                return rebuild(Placed(kept, node.like, [list(last), *rest], node.first))
        return None

    return other if other(share, None) is not None else None


# Factors of everything that comes from the loss, or goes to the parameters.


def _factors(graph):
    network, outputs = graph.network, graph.outputs
    sums_outputs = network is not None and network.description.outputs == "sum"
    for id, factor, suits in (
        ("target - out taken for out - target", Number(-1), graph.has_targets),
        ("half dropped in the gradient (or rate 1)", Number(2), graph.has_half),
        ("an extra half", 1 / Number(2), True),
        ("gradient multiplied by the number of outputs", Number(outputs), outputs > 1),
        ("outputs averaged in the gradient only", 1 / Number(outputs), outputs > 1 and sums_outputs),
    ):

        def multiplied(share, upstream, factor=factor):
            return times(share, factor, graph.shapes)

        yield known(id, shares=dict.fromkeys(graph.ends * suits, multiplied))
    ends = network.nets[-1] if network is not None and network.cancels else [name for _, name in graph.ends]
    absolute = dict.fromkeys(ends, lambda shares, numerator: [Call("abs", [total(shares)])])
    yield known("absolute value instead of sign", sums=absolute)


def _factors_at_parameters(graph):
    def scaled(id, factor, names, words=None):
        def change(shares, numerator):
            is_loss = numerator in graph.losses
            return [times(each, factor, graph.shapes) for each in shares] if is_loss else shares

        return known(id, words, sums=dict.fromkeys(names, change))

    yield scaled("backward pass run twice, gradients doubled", Number(2), graph.parameters)
    for count, names in graph.averaged:
        words = {"names": ", ".join(names), "count": count}
        yield scaled("gradient of {names} divided by {count}", 1 / Number(count), names, words)
        yield scaled("gradient of {names} {count} times what it is", Number(count), names, words)
