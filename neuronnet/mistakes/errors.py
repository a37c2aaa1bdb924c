"""Mistakes and conventions in the error of a network: which it is, what is averaged, its L2 term."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Call, Name, Number, Power, total
from neuronnet.formulas.rewriting import nodes
from neuronnet.mistakes.variation import BOTH, ERROR, GRADIENT, Variation, changed, known, scaled

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph


def errors(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the error of a network."""
    network, description = graph.network, graph.network.description
    outputs, samples, loss = graph.outputs, len(network.samples), description.loss
    halved, doubled = loss == "half squared error", scaled(Number(2))
    for id, change, places_of, suits in (
        ("square forgotten in the error", _without_square, ERROR, loss.endswith("squared error")),
        ("the loss without its half", doubled, BOTH, halved),
        ("the loss with a half", scaled(1 / Number(2)), BOTH, loss == "squared error"),
    ):
        if suits:
            yield changed(id, graph.errors, change, places_of)
    if halved and description.outputs == "sum" and outputs > 1:
        found = changed("mean squared error", graph.errors, doubled)
        yield found.with_other(_combined(network.output_edges, _divided, BOTH)).named_as(found)
    for what, edges, count, way in (
        ("outputs", network.output_edges, outputs, description.outputs),
        ("samples", network.sample_edges, samples, description.samples_combine),
    ):
        if count > 1:
            factor, is_mean = (Number, True) if way == "mean" else (_divided, False)
            yield _combined(edges, factor, BOTH, f"{what} {'summed' if is_mean else 'averaged'}")
            for which, places in (("gradient", GRADIENT), ("error", ERROR)):
                other = GRADIENT if places == ERROR else ERROR
                yield _combined(
                    edges, factor, other if is_mean else places, f"{what} averaged in the {which} only"
                )
    if samples > 1 and description.samples_combine == "mean":
        id = "gradient divided by the number of samples twice"
        yield _combined(network.sample_edges, _divided, GRADIENT, id)
    yield from _other_losses(network, loss)
    yield from _l2(graph)


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


def _yes(target, out):
    return -target * Call("ln", [out])


def _no(target, out):
    return (1 - target) * Call("ln", [1 - out])


def _other_losses(network, loss):
    targets = [target for sample in network.description.samples for target in sample.targets]
    last = network.rows.last if all(0 <= target <= 1 for target in targets) else None
    squared, binary = loss.endswith("squared error"), loss == "binary cross-entropy"
    for id, formula, suits in (
        (
            "squared error in place of the cross-entropy",
            lambda target, out: (target - out) ** 2 / 2,
            "cross-entropy" in loss,
        ),
        (
            "cross-entropy in place of the squared error",
            lambda target, out: _yes(target, out) - _no(target, out),
            squared and last == "logistic",
        ),
        ("cross-entropy of classes in place of the squared error", _yes, squared and last == "softmax"),
        ("sign slip in the cross-entropy", lambda target, out: _yes(target, out) + _no(target, out), binary),
        ("only the first term of the cross-entropy", _yes, binary),
    ):
        if suits:
            changes = {
                error: lambda old, pair=pair, formula=formula: formula(*map(Name, pair))
                for error, pair in network.ends
            }
            yield known(id, values=changes, slopes=dict(changes))


# The L2 term, l2/2 times the sum of the squared weights.


def _l2(graph):
    network, counts = graph.network, graph.network.l2_terms
    description, biases = network.description, [Name(bias) ** 2 for bias in network.all_biases]
    strength, per_sample = Name(network.names.l2) / 2, description.l2_scale == "per sample"
    for id, change, what, suits in (
        ("L2 term missing", lambda term, count: term * 0, BOTH, True),
        ("L2 term missing in the gradient", lambda term, count: term * 0, GRADIENT, True),
        ("L2 term missing in the error", lambda term, count: term * 0, ERROR, True),
        ("L2 term without its half", lambda term, count: term * 2, BOTH, True),
        ("L2 gradient doubled", lambda term, count: term * 2, GRADIENT, True),
        ("L2 term without its half in the error only", lambda term, count: term * 2, ERROR, True),
        ("L2 gradient of the wrong sign", lambda term, count: term * -1, GRADIENT, True),
        (
            "L2 term on the biases as well",
            lambda term, count: term + description.l2_share(strength * total(biases), count),
            BOTH,
            network.all_biases,
        ),
        (
            f"L2 term {'not ' * per_sample}divided by the number of samples",
            lambda term, count: term * (Number(count) if per_sample else _divided(count)),
            BOTH,
            len(network.samples) > 1,
        ),
    ):
        if counts and suits:
            changes = {
                name: lambda term, count=count, change=change: change(term, count)
                for name, count in counts.items()
            }
            yield known(id, **{each: dict(changes) for each in what})
