"""Mistakes and conventions of updates, biases and samples: order, rate, what moves, and how often."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING

from neuronnet.formulas.expressions import Name, Number
from neuronnet.formulas.rewriting import with_names
from neuronnet.mistakes.variation import Variation, always, instead, is_by, known, of_old
from neuronnet.names import after, partial_name, split_partial

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

MOST_SINGLE = 40  # parameters, up to which each is looked at alone
FIRST = "shared bias of the first neuron"
UPDATED = "updated output weights used backwards"


def updates(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the updates of a model."""
    yield from _steps(graph)
    if graph.network is not None:
        yield from _other_biases(graph)
        yield from _bias_gradients(graph)
        yield from _samples(graph)
        yield from _counts(graph)


# The step of every parameter: the next value from its formula and the old one, or the rate from the rate.

STEPS = (
    ("sign flipped", lambda formula, old: old + old - formula),
    ("weight assigned instead of changed", lambda formula, old: formula - old),
    ("the weight's own sign turned in the update", lambda formula, old: formula - old - old),
)
RATES = (
    ("learning rate missing", lambda rate: Number(1)),
    ("learning rate multiplied in twice", lambda rate: rate * rate),
    ("learning rate doubled", lambda rate: rate * 2),
    ("learning rate halved", lambda rate: rate / 2),
)


def _steps(graph):
    network, moved = graph.network, graph.updates
    if not moved:
        return
    for id, change in STEPS:
        of_weights = network is not None and id == "the weight's own sign turned in the update"
        some = {later: old for later, old in moved.items() if not of_weights or old in network.weights}
        yield known(id, values=of_old(change, some))
    for id, change in RATES if graph.rate is not None else ():
        yield known(id, values=dict.fromkeys(moved, instead({graph.rate: change(Name(graph.rate))})))
    for later, old in moved.items() if 1 < len(moved) <= MOST_SINGLE else ():
        yield known("{name} not updated", {"name": old}, 1, values={later: always(Name(old))})
        if network is not None:
            yield known("{name} of before the update", {"name": old}, 1, stale=frozenset([old]))
    if network is None:
        return
    yield known("parameters of before the update", stale=frozenset(moved.values()))
    if graph.has_targets:
        ends = dict.fromkeys(graph.ends + network.l2_edges, lambda share, upstream: -share)
        id, values = "deltas of the opposite sign, added in the update", of_old(STEPS[0][1], moved)
        yield known(id, shares=ends, values=values)
    yield _added_up(graph)


def _added_up(graph):
    """The gradients kept from update to update, and added up."""
    found = known("gradients added up from update to update")
    for row, formula in graph.steps.updates.items():
        for old in graph.updates.values():
            if any(is_by(name, old) for name in formula.names()):
                kept = f"sum_of_{old}"
                found.start[kept] = 0
                found.values[row] = partial(_from_the_sum, after(kept, 1))
                found.values[after(kept, 1)] = lambda updates, kept=kept, old=old, row=row: (
                    Name(kept) + next(Name(name) for name in updates[row].names() if is_by(name, old))
                )
    return found


def _from_the_sum(kept, formula):
    return with_names(formula, lambda name: kept if split_partial(name) else name)


# Biases: how many there are and whether they learn, and mistakes in their gradients and steps.


BIASES = {
    "own": lambda layer: replace(layer, bias=layer.neuron_biases or None, train_bias=layer.bias is not None),
    "trained": lambda layer: replace(layer, train_bias=layer.bias is not None),
    "frozen": lambda layer: replace(layer, train_bias=False),
    "none": lambda layer: replace(layer, bias=None, train_bias=False),
    "kept": lambda layer: layer,
}


@cache
def _with_biases(hidden, last):
    """Changes the biases of all layers; other numbers of them do away with the author's names for them."""

    def described(description):
        *inner, end = description.layers
        other = replace(description, layers=(*map(BIASES[hidden], inner), BIASES[last](end)))
        before, after_it = ([len(layer.biases) for layer in each.layers] for each in (description, other))
        names = description.renames.items()
        kept = {name: own for name, own in names if before == after_it or not re.fullmatch("b[0-9]+", name)}
        return replace(other, renames=kept)

    return described


@cache
def _in_batches(batch):
    return lambda description: replace(description, batch=batch)


def _other_biases(graph):
    network, layers = graph.network, graph.network.description.layers
    *inner, last = layers
    biased = [each for each in layers if each.bias is not None]
    few = any(each.bias_kind == "shared" or not each.train_bias for each in biased)
    shares = any(each.bias_kind == "shared" for each in layers)
    learn = any(each.train_bias for each in layers)
    both = last.train_bias and any(each.train_bias for each in inner)
    of_inner = any(each is not last for each in biased)
    for id, hidden, end, then, suits in (
        ("bias per neuron, trained", "own", "own", None, few),
        ("shared bias trained: summed", "trained", "trained", None, shares),
        ("shared bias trained: averaged", "trained", "trained", "shared bias averaged", shares),
        ("shared bias trained: first neuron only", "trained", "trained", FIRST, shares),
        ("only output biases trained (per neuron)", "frozen", "own", None, inner and last.bias is not None),
        ("only hidden biases trained (per neuron)", "own", "frozen", None, of_inner),
        ("updated weights and bias per neuron", "own", "own", UPDATED, few),
        ("no biases", "none", "none", None, biased),
        ("biases never updated", "frozen", "frozen", None, learn),
        ("hidden biases never updated", "frozen", "kept", None, both),
        ("output biases never updated", "kept", "frozen", None, both),
    ):
        if suits and (network.learns or id == "no biases" or not then):
            plainness = 0 if then is None else 1  # of two mistakes at once, each alone is plainer
            yield known(id, None, plainness, described=_with_biases(hidden, end), then=then)


def _bias_gradients(graph):
    network, samples = graph.network, len(graph.network.samples)
    layers = list(zip(network.biases, network.nets, network.names.weights))
    counts = network.batch_errors

    def averaged(shares, numerator):
        return [share / counts.get(numerator, 1) for share in shares]

    over_samples = known("bias gradient averaged over the samples")
    over_samples.sums = dict.fromkeys(network.all_biases * (samples > 1), averaged)
    one_for_all = known("one bias gradient for all neurons of a layer")
    of_weights = known("bias gradient from the weight gradients")
    without_slope = known("bias gradient without the slope")
    mean, of_first = known("shared bias averaged"), known(FIRST)
    often, from_weight = known("bias moved once per weight"), known("bias step taken from the first weight")
    for (biases, nets, rows), outs, layer in zip(layers, network.outs, network.description.layers):
        has_slope = layer.activation != "identity" and not (network.cancels and outs is network.outs[-1])
        for place, (bias, row) in enumerate(zip(biases, rows)):
            of_weights.sums[bias] = _sum_of(row if len(biases) > 1 else list(chain(*rows)))
            if len(biases) > 1:
                one_for_all.sums[bias] = _sum_of(nets)
            if has_slope:
                without_slope.sums[bias] = _sum_of(outs[place :: len(biases)])
            if layer.bias_kind == "shared" and len(nets) > samples and network.learns:
                count = len(nets) // samples
                mean.sums[bias] = lambda shares, _, count=count: [share / count for share in shares]
                of_first.sums[bias] = lambda shares, _, count=count: shares[::count]
            if after(bias, 1) in graph.updates:
                step, n, weight = {after(bias, 1): bias}, len(row), Name(row[0])
                often.values |= of_old(lambda formula, old, n=n: old + n * (formula - old), step)
                from_weight.values |= of_old(lambda formula, old, weight=weight: formula - old + weight, step)
    yield from (over_samples, one_for_all, of_weights, without_slope, mean, of_first, often, from_weight)


def _sum_of(names):
    return lambda shares, numerator: [Name(partial_name(numerator, name)) for name in names]


# Several samples: some left out, or an update after each where the network waits for all.


def _samples(graph):
    network = graph.network
    count, batch = len(network.samples), network.description.batch
    averaged = network.description.samples_combine == "mean"
    if count < 2:
        return
    by_error = defaultdict(list)
    for user, name in network.sample_edges:
        by_error[user].append(name)
    for id, kept, undivided, suits in (
        ("gradient of the first sample only", 0, averaged, True),
        ("gradient of the last sample only", -1, False, True),
        ("gradient of the first sample only, divided by their number", 0, False, averaged),
        ("gradient of the last sample only, not divided", -1, True, averaged),
    ):
        if suits and batch != "online":
            found = known(id)
            for user, names in by_error.items():
                for name in names:
                    if name != names[kept]:
                        found.shares[user, name] = always(None)
                    elif undivided:
                        count = len(names)
                        found.shares[user, name] = lambda share, upstream, count=count: share * count
            yield found
    for id, other in (("updates sample by sample", "online"), ("updates from all samples together", "full")):
        if batch != other:
            yield known(id, described=_in_batches(other))


def _counts(graph):
    network = graph.network
    if not network.learns:
        return
    yield known("one update too few", later=-1)
    yield known("one update too many", later=1)
    last = {name for row in network.names.weights[-1] for name in row} | set(network.biases[-1])
    for id, of_last in (("only the output layer updated", False), ("only the hidden layers updated", True)):
        kept = {later: always(Name(old)) for later, old in graph.updates.items() if (old in last) == of_last}
        if len(network.nets) > 1:
            yield known(id, values=kept)
