"""Mistakes in what an update rule remembers: momentum, running means and their correction, weight decay.

A row of the table is an edit of one line, found by its form: the same for a network's rule and a sheet's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from neuronnet.formulas.expressions import (
    Call,
    Compare,
    Expression,
    Name,
    Number,
    Power,
    Product,
    Sum,
    is_number,
    product_of,
    sum_of,
)
from neuronnet.formulas.rewriting import nodes
from neuronnet.mistakes.variation import Variation, is_by, known, of_old, with_parts, without_term
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
                found[name] = _again(edit, name, graph)
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


def _again(edit, name, graph):
    """The change of a formula by an edit, where this still has its form."""

    def change(formula):
        changed = edit(formula, name, graph)
        return formula if changed is None else changed

    return change


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


def _in_part(find: Callable) -> Callable:
    """The edit of the first part of a formula for which `find(part)` gives another."""

    def edit(formula, name, graph):
        for node, rebuild, _ in nodes(formula):
            other = find(node)
            if other is not None:
                return rebuild(other)
        return None

    return edit


def _complement(node):
    """x of 1 - x, a power or a name; None for anything else."""
    if isinstance(node, Sum) and [sign for sign, _ in node.terms] == [1, -1]:
        (_, one), (_, other) = node.terms
        base = other.base if isinstance(other, Power) else other
        return other if is_number(one, 1) and isinstance(base, Name) else None
    return None


def _corrected(divisor):
    """An edit of a division by 1 - beta^t; `divisor(1 - beta^t, beta^t)` is what divides instead."""

    def find(node):
        for place, (operator, factor) in enumerate(node.factors if isinstance(node, Product) else ()):
            power = _complement(factor) if operator == "/" else None
            other = None if power is None else divisor(factor, power)
            if other is not None:
                return product_of([*node.factors[:place], *other, *node.factors[place + 1 :]])
        return None

    return _in_part(find)


def _one_before(whole, power):
    if isinstance(power, Power):
        return [("/", 1 - _power(power.base, power.exponent - 1))]
    base, count = split_update(power.name)  # the running power of a network: beta^t after t updates
    is_first = Compare(Name(base), "==", Number(1))
    return [("/", 1 - Name(base) + is_first)] if count == 1 else None


def _one_after(whole, power):
    if isinstance(power, Name) and "@" in power.name:
        return [("/", 1 - power * Name(_factor_of(power.name)))]
    base, exponent = (power, 1) if isinstance(power, Name) else (power.base, power.exponent)
    return [("/", 1 - _power(base, exponent + 1))]


def _power(base, exponent):
    return base if exponent == 1 else base**exponent


def _left_at_one(whole, power):
    if isinstance(power, Power):
        return [("/", 1 - power.base)] if power.exponent > 2 else None
    return [("/", 1 - Name(_factor_of(power.name)))] if "@" in power.name else None


def _factor_of(power):
    return power.partition("_t@")[0]


def _mean(node):
    """(the share of the old value, beta, the share of the new one) of beta*old + (1 - beta)*new."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    for (_, old), (_, new) in (node.terms, node.terms[::-1]):
        for _, factor in new.factors if isinstance(new, Product) else ():
            beta = _complement(factor)
            if isinstance(beta, Name) and beta.name in old.names() and beta.name != old.format():
                return old, beta, new
    return None


def _exchanged_shares(node):
    found = _mean(node)
    if found is None:
        return None
    old, beta, new = found
    return with_parts(old, {beta.name: 1 - beta}) + with_parts(new, {(1 - beta).format(): beta})


def _full_new_term(node):
    found = _mean(node)
    if found is None:
        return None
    old, beta, new = found
    kept = [each for each in new.factors if each[1].format() != (1 - beta).format()]
    return old + product_of(kept)


def _velocity(formula, name, graph):
    """(the share of the old value, its factor, the new term) of momentum*old + new."""
    old = graph.states.get(name)
    if old is None or not isinstance(formula, Sum) or len(formula.terms) != 2 or _mean(formula):
        return None
    for (_, share), (sign, new) in (formula.terms, formula.terms[::-1]):
        factors = [factor for _, factor in share.factors] if isinstance(share, Product) else []
        if sign > 0 and len(factors) == 2 and any(factor.format() == old for factor in factors):
            return share, next(each for each in factors if each.format() != old), new
    return None


def _weighted_new_term(formula, name, graph):
    found = _velocity(formula, name, graph)
    return None if found is None else found[0] + (1 - found[1]) * found[2]


def _with_rate(formula, name, graph):
    found = _velocity(formula, name, graph)
    return None if found is None or graph.rate is None else found[0] + Name(graph.rate) * found[2]


def _not_carried(formula, name, graph):
    old = graph.states.get(name)
    terms = formula.terms if isinstance(formula, Sum) else ()
    kept = [(sign, term) for sign, term in terms if old not in term.names()]
    return sum_of(kept) if old is not None and kept else None


def _before_update(formula, name, graph):
    """What is remembered as it was before the update, in lines that use it."""
    others = {later: Name(old) for later, old in graph.states.items() if later in formula.names()}
    return with_parts(formula, others) if others else None


def _root_forgotten(node):
    return node.arguments[0] if isinstance(node, Call) and node.function == "sqrt" else None


def _beside_root(node):
    """(the root, what is added to it), None where nothing is."""
    if isinstance(node, Sum) and len(node.terms) == 2:
        for (_, root), (sign, rest) in (node.terms, node.terms[::-1]):
            if sign > 0 and isinstance(root, Call) and root.function == "sqrt":
                return root, rest
    return None


def _epsilon_inside(node):
    found = _beside_root(node)
    return None if found is None else Call("sqrt", [found[0].arguments[0] + found[1]])


def _epsilon_left_out(node):
    found = _beside_root(node)
    return None if found is None else found[0]


def _moments_exchanged(formula, name, graph):
    """The name under the root for the one above it, and the other way round."""
    roots = [node.arguments[0] for node, *_ in nodes(formula) if _root_forgotten(node) is not None]
    if not roots or not isinstance(roots[0], Name):
        return None
    known_here = {roots[0].name, graph.updates.get(name), *graph.model.given}
    others = [each for each in formula.names() if each not in known_here]
    if len(others) != 1:
        return None
    return with_parts(formula, {roots[0].name: Name(others[0]), others[0]: roots[0]})


def _square_forgotten(formula, name, graph):
    for node, rebuild, _ in nodes(formula) if name in graph.states else ():
        if isinstance(node, Power) and node.exponent == 2:
            return rebuild(node.base)
    return None


EDITS: tuple[tuple[str, Callable[..., Expression | None]], ...] = (
    ("bias correction missing{suffix}", _corrected(lambda whole, power: [])),
    ("bias correction applied twice{suffix}", _corrected(lambda whole, power: [("/", whole), ("/", whole)])),
    ("bias correction with t counted from 0{suffix}", _corrected(_one_before)),
    ("bias correction with t one too large{suffix}", _corrected(_one_after)),
    ("bias correction with t left at 1{suffix}", _corrected(_left_at_one)),
    ("beta and 1 - beta exchanged{suffix}", _in_part(_exchanged_shares)),
    ("the new term in full{suffix}", _in_part(_full_new_term)),
    ("the new term times 1 - momentum{suffix}", _weighted_new_term),
    ("the learning rate in the velocity as well{suffix}", _with_rate),
    ("nothing carried on from the update before{suffix}", _not_carried),
    ("what was remembered before the update{suffix}", _before_update),
    ("root forgotten in the step{suffix}", _in_part(_root_forgotten)),
    ("epsilon inside the root{suffix}", _in_part(_epsilon_inside)),
    ("epsilon left out{suffix}", _in_part(_epsilon_left_out)),
    ("the two running means exchanged{suffix}", _moments_exchanged),
    ("square forgotten in the mean of squares{suffix}", _square_forgotten),
)


def _carried_on(graph, lines):
    """The running means that go on from their corrected values."""
    corrected: dict[str, str] = {}
    for name, formula in lines.items():
        (_, mean), *divisors = formula.factors if isinstance(formula, Product) else [("*", formula)]
        if len(divisors) == 1 and _complement(divisors[0][1]) and isinstance(mean, Name):
            corrected[mean.name] = name
    if graph.network is None:
        others = {mean: Name(name) for mean, name in corrected.items()}
        later = [name for name, old in graph.states.items() if old in corrected]
        values = dict.fromkeys(later, lambda formula: with_parts(formula, others))
    else:
        divisors = {mean: lines[name].factors[1:] for mean, name in corrected.items()}
        values = {
            mean: lambda formula, rest=rest: product_of([("*", formula), *rest])
            for mean, rest in divisors.items()
        }
        values |= {name: lambda formula, mean=mean: Name(mean) for mean, name in corrected.items()}
    yield known("corrected means carried on", values=values)


# Weight decay: a share of the weight in its step, or in what is taken for the gradient.


def _decays(graph, lines):
    users, by = defaultdict(list), defaultdict(set)  # what a name is used by; the gradients by a parameter
    for name, formula in lines.items():
        for each in formula.names():
            users[each].append(name)
            by[(split_partial(each) or (None, None))[1]] |= (
                {each, name} if formula.format() == each else {each}
            )
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
    for id, values in (
        ("weight decay missing", missing),
        ("weight decay without the learning rate", unscaled),
        ("weight decay added to the gradient", inside),
        (L2_BESIDE, beside),
    ):
        yield known(id, values=values)


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

    l2 = network.description.l2_share(Name(network.names.l2), max(network.batch_errors.values()))
    nothing = dict.fromkeys(network.l2_terms, lambda term: term * 0)
    for id, change, moved, suits in (
        ("Nesterov's step for that of momentum", ahead, steps, rule == "momentum"),
        ("the step of momentum for Nesterov's", plain, steps, rule == "nesterov"),
        (
            "weight decay on the biases as well",
            lambda formula, old: formula - rate * Name("weight_decay") * old,
            biases,
            rule == "adamw",
        ),
        (L2_BESIDE, lambda formula, old: formula - rate * l2 * old, weights, nothing),
    ):
        if suits:
            yield known(id, values=of_old(change, moved), slopes=nothing if id is L2_BESIDE else {})
