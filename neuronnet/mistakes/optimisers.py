"""Mistakes in what an update rule remembers: momentum, running means and their correction, weight decay.

A row of the table is an edit of one line, found by its form: the same for a network's rule and a sheet's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

from neuronnet.formulas.expressions import (
    Compare,
    Expression,
    Name,
    Number,
    Power,
    Product,
    Sum,
    product_of,
    sum_of,
)
from neuronnet.mistakes.variation import (
    Variation,
    always,
    instead,
    is_by,
    known,
    of_old,
    where_it_fits,
    with_parts,
    without_term,
)
from neuronnet.mistakes.written import found_in, matched, slip, written
from neuronnet.names import after, split_partial, split_update

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph

L2_BESIDE = "L2 term taken from the weight, not in the gradient"


def optimisers(graph: Graph) -> Iterator[Variation]:
    """Every Variation of the lines between the gradient and the new values of parameters."""
    lines: dict[str, Any] = {name: graph.steps.formula(name) for name in graph.update_lines}
    if not graph.states:
        return
    for id, edit in EDITS:
        found = {}
        for name, formula in lines.items():
            changed = edit(formula, name, graph)
            if changed is not None and changed.format() != formula.format():
                found[name] = where_it_fits(partial(edit, name=name, graph=graph))
        for names, suffix, plainness in _groups(list(found), graph):
            yield known(id, {"suffix": suffix}, plainness, values={name: found[name] for name in names})
    used = {name for formula in lines.values() for name in formula.names()}
    used -= {name.partition("@")[0] for name in lines}
    numbers = [name for name in graph.model.given if name in used and not graph.model.shape(name)]
    for one, other in combinations(numbers, 2):
        given = {one: other, other: one}
        yield known("{one} and {other} exchanged", {"one": one, "other": other}, 1, given=given)
    yield from _carried_on(graph, lines)
    yield from _decays(graph, lines) if graph.rate is not None else ()
    yield from _of_rules(graph, lines) if graph.network is not None else ()


def _groups(names, graph):
    """(lines that are varied together, how they are called, plainness): all, those of a kind, or each."""
    yield names, "", 0
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind = name if graph.network is None else "w" if name in graph.updates else name.partition("_")[0]
        kinds.setdefault(kind, []).append(name)
    for kind, some in kinds.items() if len(kinds) > 1 else ():
        yield some, f": {kind}", 1


# Edits of a line: (id, function of (formula, name, graph) to the other formula, None where it has no place).
# In texts `old` is what the line had in the update before, `rate` the learning rate.

CORRECTED, MEAN, VELOCITY = "m/(1 - power)", "(1 - beta)*g + beta*m", "k*old + g"


def _slip(right, other):
    change = slip(right, other)

    def edit(formula, name, graph):
        return change(formula, old=Name(graph.states.get(name, "")), rate=Name(graph.rate or ""))

    return edit


def _one_before(m, power, **known):
    if isinstance(power, Power):
        return m / (1 - _power(power.base, power.exponent - 1))
    base, count = split_update(power.name)  # the running power of a network: beta^t after t updates
    is_first = Compare(Name(base), "==", Number(1))
    return m / (1 - Name(base) + is_first) if count == 1 else None


def _one_after(m, power, **known):
    if isinstance(power, Name) and "@" in power.name:
        return m / (1 - power * Name(_factor_of(power.name)))
    base, exponent = (power, 1) if isinstance(power, Name) else (power.base, power.exponent)
    return m / (1 - _power(base, exponent + 1))


def _power(base, exponent):
    return base if exponent == 1 else base**exponent


def _left_at_one(m, power, **known):
    if isinstance(power, Power):
        return m / (1 - power.base) if power.exponent > 2 else None
    return m / (1 - Name(_factor_of(power.name))) if "@" in power.name else None


def _factor_of(power):
    return power.partition("_t@")[0]


def _of_velocity(other):
    def change(**parts):
        is_mean = next(found_in(MEAN, written(VELOCITY, **parts)), None) is not None
        lacks_rate = "rate" in other and not parts["rate"].name
        return None if is_mean or lacks_rate else written(other, **parts)

    return _slip(VELOCITY, change)


def _not_carried(formula, name, graph):
    old = graph.states.get(name)
    terms = formula.terms if isinstance(formula, Sum) else ()
    kept = [(sign, term) for sign, term in terms if old not in term.names()]
    return sum_of(kept) if old is not None and kept else None


def _before_update(formula, name, graph):
    """What is remembered as it was before the update, in lines that use it."""
    others = {later: Name(old) for later, old in graph.states.items() if later in formula.names()}
    return with_parts(formula, others) if others else None


def _moments_exchanged(formula, name, graph):
    """The name under the root for the one above it, and the other way round."""
    root = next((parts["x"] for _, _, parts in found_in("sqrt(x)", formula)), None)
    if not isinstance(root, Name):
        return None
    known_here = {root.name, graph.updates.get(name), *graph.model.given}
    others = [each for each in formula.names() if each not in known_here]
    return with_parts(formula, {root.name: Name(others[0]), others[0]: root}) if len(others) == 1 else None


def _square_forgotten(formula, name, graph):
    return slip("x^2", "x")(formula) if name in graph.states else None


EDITS: tuple[tuple[str, Callable[..., Expression | None]], ...] = (
    ("bias correction missing{suffix}", _slip(CORRECTED, "m")),
    ("bias correction applied twice{suffix}", _slip(CORRECTED, "m/(1 - power)/(1 - power)")),
    ("bias correction with t counted from 0{suffix}", _slip(CORRECTED, _one_before)),
    ("bias correction with t one too large{suffix}", _slip(CORRECTED, _one_after)),
    ("bias correction with t left at 1{suffix}", _slip(CORRECTED, _left_at_one)),
    ("beta and 1 - beta exchanged{suffix}", _slip(MEAN, "(1 - beta)*m + beta*g")),
    ("the new term in full{suffix}", _slip(MEAN, "beta*m + g")),
    ("the new term times 1 - momentum{suffix}", _of_velocity("k*old + (1 - k)*g")),
    ("the learning rate in the velocity as well{suffix}", _of_velocity("k*old + rate*g")),
    ("nothing carried on from the update before{suffix}", _not_carried),
    ("what was remembered before the update{suffix}", _before_update),
    ("root forgotten in the step{suffix}", _slip("sqrt(x)", "x")),
    ("epsilon inside the root{suffix}", _slip("sqrt(x) + e", "sqrt(x + e)")),
    ("epsilon left out{suffix}", _slip("sqrt(x) + e", "sqrt(x)")),
    ("the two running means exchanged{suffix}", _moments_exchanged),
    ("square forgotten in the mean of squares{suffix}", _square_forgotten),
)


def _carried_on(graph, lines):
    """The running means that go on from their corrected values."""
    corrected: dict[str, str] = {}
    for name, formula in lines.items():
        parts = matched(CORRECTED, formula)
        if parts is not None and isinstance(parts["m"], Name):
            corrected[parts["m"].name] = name
    if graph.network is None:
        others = instead({mean: Name(name) for mean, name in corrected.items()})
        values = {name: others for name, old in graph.states.items() if old in corrected}
    else:
        values = {}
        for mean, name in corrected.items():
            _, divisor = lines[name].factors
            values[mean] = lambda formula, divisor=divisor: product_of([("*", formula), divisor])
            values[name] = always(Name(mean))
    yield known("corrected means carried on", values=values)


# Weight decay: a share of the weight in its step, or in what is taken for the gradient.


def _decays(graph, lines):
    users, by = defaultdict(list), defaultdict(set)  # what a name is used by; the gradients by a parameter
    for name, formula in lines.items():
        for each in formula.names():
            users[each].append(name)
            alias = [name] if formula.format() == each else []
            by[(split_partial(each) or (None, None))[1]].update([each, *alias])
    missing, unscaled, inside, beside = {}, {}, {}, {}
    for later, old in graph.updates.items():
        gradients = by[old]
        shares = [(name, *each) for name in users[old] for each in _shares_of(lines[name], old)]
        for name, place, term in shares:
            kept = [each for each in term.factors if each[1].format() != graph.rate]
            without = without_term(place)
            if name == later and len(kept) < len(term.factors):
                decay = product_of(kept)
                missing[name] = inside[name] = without
                unscaled[name] = lambda formula, without=without, decay=decay: without(formula) - decay
                means = {each for gradient in gradients for each in users[gradient]} & graph.states.keys()
                inside |= dict.fromkeys(means, _with_decay(gradients, old, decay))
            elif name not in graph.states and gradients.intersection(lines[name].names()):
                step = Name(graph.rate) * term
                beside |= {name: without, later: lambda formula, step=step: formula - step}
    yield known("weight decay missing", values=missing)
    yield known("weight decay without the learning rate", values=unscaled)
    yield known("weight decay added to the gradient", values=inside)
    yield known(L2_BESIDE, values=beside)


def _with_decay(gradients, old, decay):
    def change(formula):
        names = [each for each in formula.names() if each in gradients or is_by(each, old)]
        return with_parts(formula, {each: Name(each) + decay for each in names})

    return change


def _shares_of(formula, old):
    """(place, term) of the terms of a sum in which a weight is multiplied by something."""
    for place, (_, term) in enumerate(formula.terms if isinstance(formula, Sum) else ()):
        if isinstance(term, Product) and any(factor.format() == old for _, factor in term.factors):
            yield place, term


# What only a described rule has: its name, weight decay, an L2 term.


def _of_rules(graph, lines):
    network, steps = graph.network, graph.updates
    rule, rate = network.description.update.rule, Name(network.names.rate)
    weights = {later: old for later, old in steps.items() if old in network.weights}
    biases = {later: old for later, old in steps.items() if later not in weights}

    def plain(formula, old):
        return old - rate * Name(after(f"v_{old}", 1))

    def ahead(formula, old):
        velocity = after(f"v_{old}", 1)
        gradient = next(Name(each) for each in lines[velocity].names() if is_by(each, old.name))
        return old - rate * (gradient + Name("momentum") * Name(velocity))

    def decayed(formula, old):
        return formula - rate * Name("weight_decay") * old

    l2 = network.description.l2_share(Name(network.names.l2), max(network.batch_errors.values()))
    nothing = dict.fromkeys(network.l2_terms, lambda term: term * 0)
    for id, change, moved, suits in (
        ("Nesterov's step for that of momentum", ahead, steps, rule == "momentum"),
        ("the step of momentum for Nesterov's", plain, steps, rule == "nesterov"),
        ("weight decay on the biases as well", decayed, biases, rule == "adamw"),
        (L2_BESIDE, lambda formula, old: formula - rate * l2 * old, weights, nothing),
    ):
        if suits:
            yield known(id, values=of_old(change, moved), slopes=nothing if id is L2_BESIDE else {})
