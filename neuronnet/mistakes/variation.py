"""A mistake on a model: a sentence of what was done and what is right, and the edits of formulas for it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from neuronnet.formulas.evaluating import shape_of
from neuronnet.formulas.expressions import Call, Expression, Name, Product, Sum, sum_of, wrap
from neuronnet.formulas.rewriting import elementwise, mapped, nodes, replaced
from neuronnet.names import split_partial

WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
CONVENTIONS = WORDS.pop("conventions")
PLAINNESS = WORDS.pop("plainness")
UPSTREAM = "upstream of "
BOTH, ERROR, GRADIENT = ("values", "slopes"), ("values",), ("slopes",)
VALUES: dict[str, Callable[..., Expression]] = {
    "step": lambda net: Call("max", [0, net]),
    **{
        f"{function}'": lambda *arguments, function=function: Call(function, list(arguments))
        for function in ("logistic", "tanh", "leaky_relu", "elu", "gelu")
    },
}
SLOPES = tuple(VALUES)


@dataclass
class Variation:
    """One mistake or convention on one model: its `id`, a `sentence`, and what it changes, by place.

    `values` maps names to a function of the formula that the number is computed with, `slopes` to one of the
    formula that is differentiated. `shares` maps (user, name), or (user, name, k) for the k-th of several
    uses in one formula, to a function of (share, derivative by the user), `sums` maps names to one of (list
    of shares, numerator). `given` says which given number is read in the place of which, `start` what else an
    update remembers, `later` how many updates too many are counted, `stale` what is read as it was before the
    last update. Everything is right before update `since`.
    """

    id: str
    sentence: str
    convention: str | None = None
    values: dict[str, Callable] = field(default_factory=dict, compare=False)
    slopes: dict[str, Callable] = field(default_factory=dict, compare=False)
    shares: dict[tuple, Callable] = field(default_factory=dict, compare=False)
    sums: dict[str, Callable] = field(default_factory=dict, compare=False)
    given: dict[str, str] = field(default_factory=dict)
    start: dict[str, int] = field(default_factory=dict)
    later: int = 0
    stale: frozenset[str] = frozenset()
    since: int = 0
    # the description of another network, of which this is a plain pass, or the Variation with the id `then`
    described: Callable | None = field(default=None, compare=False)
    then: str | None = None
    plainness: float = 0  # of equals the plainer, the smaller number, is told first
    parts: tuple[Variation, ...] = ()  # those that are combined here

    @property
    def changes_something(self) -> bool:
        """Whether there is a place for it in its model."""
        of_steps = self.values or self.slopes or self.shares or self.sums
        return bool(of_steps or self.given or self.stale or self.described or self.later)

    @property
    def kind(self) -> str:
        """ "mistake", or "convention" for another choice that is as legitimate."""
        return "mistake" if self.convention is None else "convention"

    def with_other(self, other: Variation) -> Variation:
        """Both at once, this one first."""
        both = Variation(f"{self.id} + {other.id}", f"{self.sentence} {other.sentence}")
        for each in ("values", "slopes", "shares", "sums"):
            setattr(both, each, _one_after_the_other(getattr(self, each), getattr(other, each)))
        both.given, both.start = self.given | other.given, self.start | other.start
        both.stale, both.since = self.stale | other.stale, min(self.since, other.since)
        both.later, both.parts = self.later + other.later, (self, other)
        if self.described is not None or other.described is not None:
            both.described = self.described or other.described
            both.then = other.id if self.described is not None else self.id
        return both


def starting_at(variation: Variation, since: int) -> Variation:
    """The same mistake where all is right before some update."""
    id, sentence = f"{variation.id}, from @{since} on", f"From update {since} on: {variation.sentence}"
    plainness = variation.plainness + 2
    return replace(variation, id=id, sentence=sentence, convention=None, since=since, plainness=plainness)


def known(id: str, places: dict | None = None, plainness: float = 0, **changes) -> Variation:
    """The Variation called `id` in words.toml, with `places` for the names in braces."""
    sentence, convention, plainness = WORDS[id], CONVENTIONS.get(id), plainness or PLAINNESS.get(id, 0)
    if places:
        id, sentence = id.format(**places), sentence.format(**places)
    return Variation(id, sentence, convention, plainness=plainness, **changes)


def changed(id: str, names, change: Callable, what=BOTH, places: dict | None = None) -> Variation:
    """A Variation of the formulas of some names, of their values, of their slopes or of both."""
    plainness = 0 if places is None else 1
    return known(id, places, plainness, **{each: dict.fromkeys(names, change) for each in what})


def of_both(id: str, changes: dict[str, Callable]) -> Variation:
    """A Variation of formulas, each with a change of its own, in their values and in their slopes."""
    return known(id, values=changes, slopes=dict(changes))


def of_old(change: Callable, moved: dict[str, str]) -> dict[str, Callable]:
    """{later: the change of its formula}, where `change(formula, old)` takes the old value of each."""
    olds = zip(moved, map(Name, moved.values()))
    return {later: lambda formula, old=old: change(formula, old) for later, old in olds}


def always(formula: Expression | None) -> Callable:
    """The change of anything into one formula, or of a share into none."""
    return lambda *what: formula


def instead(others: dict[str, Expression]) -> Callable:
    """The change that puts other formulas in the place of some names, or of larger parts by their text."""
    return lambda formula, *more: with_parts(formula, others)


def where_it_fits(change: Callable) -> Callable:
    """A change that leaves a formula as it is where it gives none."""

    def fitting(formula, *more):
        changed = change(formula)
        return formula if changed is None else changed

    return fitting


def is_by(name: str, parameter: str) -> bool:
    """Whether a name is that of a derivative by a parameter."""
    return (split_partial(name) or (None, None))[1] == parameter


RIGHT = Variation("none", "")


def _one_after_the_other(changes, others):
    both = changes | others
    for place in changes.keys() & others.keys():

        def change(what, *more, first=changes[place], then=others[place]):
            changed = first(what, *more)
            return None if changed is None else then(changed, *more)

        both[place] = change
    return both


class Place(NamedTuple):
    """Edges that are varied together: how they are called after "at", ":" or nothing, and in a sentence."""

    at: str
    colon: str
    suffix: str
    where: str
    edges: list
    plainness: int = 0


def everywhere(edges, layers):
    both = "both" if layers == 2 else "everywhere"
    return Place("everywhere", both, "", "of every layer", edges)


def named(edges: list, plainness: int = 0) -> Place:
    """Some edges by the names that use the others: "at h1"."""
    names = list(dict.fromkeys(user for user, _ in edges))
    text = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return Place(f"at {text}", text, f": {text}", f"of {text}", edges, plainness)


def slopes_in(share: Expression) -> list[Call]:
    """The slopes of activations in a share."""
    return [node for node, *_ in nodes(share) if isinstance(node, Call) and node.function in SLOPES]


# Edits of shares: functions of (share, upstream)


def without_term(place: int) -> Callable:
    """The change of a sum that leaves out the term in one place."""

    def without(whole):
        was_changed = not isinstance(whole, Sum) or len(whole.terms) <= max(place, 1)  # by another mistake
        return whole if was_changed else sum_of([*whole.terms[:place], *whole.terms[place + 1 :]])

    return without


def factors_of(share: Expression) -> list[Expression]:
    """The factors of a share that are no upstream: names, transposes of names, divisors."""
    found = []
    for node, *_ in nodes(share):
        for _, factor in node.factors if isinstance(node, Product) else ():
            names = factor.names()
            if not any(split_partial(each) or each.startswith(UPSTREAM) for each in names):
                found.append(factor)
    return found


def with_parts(share: Expression, others: dict[str, Expression]) -> Expression:
    """A share in which every name or larger part whose text `others` has is another formula."""
    return mapped(replaced(share, others), lambda leaf: others.get(getattr(leaf, "name", ""), leaf))


def times(share: Expression, factor, shapes) -> Expression:
    """A share times a number or a formula entry by entry."""
    return elementwise(share, wrap(factor), lambda formula: shape_of(formula, shapes))
