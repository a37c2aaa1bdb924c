"""What there is to vary in a model: slopes by layer, products, paths, errors, parameters and their updates.

An edge (u, v) says that v stands in the formula of u. What each of its uses there adds to a derivative by v
is a formula over the derivative by u, its upstream; `uses` has them with `UPSTREAM` for that, and `edges`
the first. Of several uses, as of z in `z*logistic(z)`, the edge (u, v, k) is one alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from neuronnet.derivation.sweep import contributions
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.evaluating import shape_of
from neuronnet.formulas.expressions import Call, Expression, Name
from neuronnet.formulas.rewriting import with_names
from neuronnet.mistakes.passes import Pass, Values, changed_step, with_count
from neuronnet.mistakes.variation import (
    RIGHT,
    UPSTREAM,
    VALUES,
    Place,
    Variation,
    everywhere,
    factors_of,
    named,
    slopes_in,
    starting_at,
)
from neuronnet.names import after, partial_name, split_partial, update_of

if TYPE_CHECKING:
    from neuronnet.derivation.model import Model

AT_ONCE = 50  # multiplications of an array take as long as a step of numbers
RATES = ("eta", "lr", "alpha", "learning_rate", "rate", "step")


class Graph:
    """The places of a model where steps can be varied.

    `layers` holds the edges (out, net) with a slope, from the first layer to the last. `errors` are the
    formulas that measure, `summed` the edges that add them up. `inner` quantities send derivatives further
    back, `parameters` learn; `back` and `gradients` are the edges of products to them. `updates` maps the
    next value of each parameter to it, `states` that of what an update rule remembers; `update_lines` are
    those between the gradients and the next values. `network` is the Network of a described one, else None.
    """

    def __init__(self, steps: Pass, loss: str, parameters: Iterable[str], updates: dict[str, str], rate=None):
        self.steps, self.model, self.loss, self.updates = steps, steps.model, loss, updates
        self.shapes = steps.shapes
        self.network: Any = None
        self.parameters, self.rate = list(parameters), rate
        reached = self.model.uses(loss)
        self.forward = [name for name in self.model.formulas if name in reached]
        lines = [
            name for name, each in self.model.formulas.items() if not any(map(split_partial, each.names()))
        ]
        self.lines = list(filter(self._is_new, lines))
        self.uses: dict[tuple[str, str], list[Expression]] = defaultdict(list)
        for user in self.forward:
            upstream = UPSTREAM + user
            self.shapes[upstream] = self.model.shape(user)
            for name, share in contributions(self.model.formulas[user], Name(upstream), self.shapes, user):
                self.uses[user, name].append(share)
        self._slopes: dict[tuple, list[Call]] = {}
        self.edges = {edge: shares[0] for edge, shares in self.uses.items()}
        self.users: dict[str, list[str]] = defaultdict(list)
        for user, name in self.edges:
            self.users[name].append(user)
        self.losses = {loss}  # what is differentiated by parameters
        self.errors, self.summed = self._errors()
        self.layers = self._layers()
        self.nets = {out: net for edges in self.layers for out, net in edges}
        measured = {*self.errors, *(user for user, _ in self.summed)}
        self.inner = [name for name in self.forward if name not in measured]
        self.outputs = max((math.prod(self.model.shape(name)) for _, name in self.ends), default=1)
        self.has_half = self.has_targets = True
        self.states: dict[str, str] = {}
        self.update_lines = list(updates)

    def _is_new(self, name):
        """Whether a line is of the first pass, or of another that computes it otherwise: 1 - beta^2."""
        formulas = [self.model.formulas.get(each) for each in (name, _plain(name))]
        if not update_of(name) or None in formulas:
            return not update_of(name)
        own, first = (with_names(each, _plain).format() for each in formulas)
        return own != first

    def settle(self) -> None:
        """Find the products, when it is settled what is inner."""
        inner, parameters = set(self.inner), set(self.parameters)
        products = [edge for edge, share in self.edges.items() if factors_of(share)]
        products = [edge for edge in products if edge[0] not in self.errors]
        self.back = [edge for edge in products if edge[1] in inner]
        self.gradients = [edge for edge in products if edge[1] in parameters]
        self.differentiated = inner | parameters

    @cached_property
    def variations(self) -> dict[str, Variation]:
        """Every Variation that makes sense for the model, by its id, the plainest first."""
        from neuronnet.mistakes.backward import backward  # the catalogue is loaded when a number is wrong
        from neuronnet.mistakes.forward import forward
        from neuronnet.mistakes.optimisers import optimisers
        from neuronnet.mistakes.slopes import slopes_and_paths
        from neuronnet.mistakes.updates import updates

        found: dict[str, Variation] = {}
        everything = updates, optimisers, slopes_and_paths, backward, forward
        for each in (each for of_kind in everything for each in of_kind(self)):
            if each.changes_something:
                found.setdefault(each.id, each)
        return dict(sorted(found.items(), key=lambda item: item[1].plainness))

    @property
    def ends(self) -> list[tuple[str, str]]:
        """The edges from the formulas that measure to what they measure."""
        return [edge for edge in self.edges if edge[0] in self.errors and edge[1] in self.model.formulas]

    # What the parts of a sheet's own model are; a network knows its layers.

    def _errors(self):
        """(the formulas nearest to the loss that are more than a sum of names, the edges above them)."""
        errors, summed, waiting = [], [], [self.loss]
        while waiting:
            user = waiting.pop(0)
            every = [name for each, name in self.edges if each == user]
            below = [name for name in every if name in self.model.formulas]
            parts = [part for name in below for part in self.edges[user, name].names()]
            if below and len(below) == len(every) and all(part.startswith(UPSTREAM) for part in parts):
                summed += [(user, name) for name in below]
                waiting += [name for name in below if name not in waiting and name not in errors]
            elif user not in errors:
                errors.append(user)
        return errors, summed

    def _layers(self):
        sloped = {edge: bool(self.slopes_at(edge)) for edge in self.edges}
        depth: dict[str, int] = {}
        for user in reversed(self.forward):
            above = [depth.get(each, 0) + sloped[each, user] for each in self.users.get(user, ())]
            depth[user] = max(above, default=0)
        levels: dict[int, list] = defaultdict(list)
        for edge in filter(sloped.get, sloped):
            levels[depth[edge[0]]].append(edge)
        return [levels[each] for each in sorted(levels, reverse=True)]

    # Places

    def slope_places(self) -> list[Place]:
        """The edges with slopes: by layer, all of them, each alone."""
        if self.network is not None:
            return self.network.slope_places(self.layers)
        found = [named(edges) for edges in self.layers]
        if len(found) > 1:
            found.append(everywhere([edge for edges in self.layers for edge in edges], len(found)))
        every = [edge for edges in self.layers for edge in edges]
        return found + [named([edge], 1) for edge in every if [edge] not in self.layers]

    # Reading

    def function_at(self, edge: tuple[str, str]) -> str:
        """The slope of an edge of a layer, by its name; "identity" where there is none."""
        slopes = self.slopes_at(edge)
        return slopes[0].function if slopes else "identity"

    def slopes_at(self, edge: tuple[str, str]) -> list[Call]:
        """The slopes of activations in what the uses of an edge add."""
        if edge not in self._slopes:
            self._slopes[edge] = [slope for share in self.uses[edge] for slope in slopes_in(share)]
        return self._slopes[edge]

    def single_uses(self) -> Iterable[tuple[tuple, Expression]]:
        """(edge, what it adds) for every use of a quantity: (u, v), or (u, v, k) for one of several."""
        for edge, shares in self.uses.items():
            for place, share in enumerate(shares):
                yield ((*edge, place) if len(shares) > 1 else edge), share

    def out_of(self, user: str, slope: Call) -> Expression:
        """The value of the activation that has a slope: the user of it, or a call."""
        value = VALUES[slope.function](*slope.arguments)
        formula = self.model.formulas[user]
        return Name(user) if formula.format() == value.format() else value

    def cancels_at(self, edges: list) -> bool:
        """Whether the slope of the loss divides by that of these edges."""
        return self.network is not None and self.network.cancels and set(edges) == set(self.layers[-1])

    def is_before(self, name: str, parameter: str) -> bool:
        """Whether the gradient of a parameter needs the derivative by a quantity."""
        gradient, derivative = (partial_name(self.loss, each) for each in (parameter, name))
        return derivative in self.model.uses(gradient)

    def singles(self, names: Iterable[str]) -> list[str]:
        """The names that are looked at one by one: none where samples or neurons are many."""
        return list(names) if self.network is None or self.network.is_small else []

    @property
    def averaged(self) -> list[tuple[int, list[str]]]:
        """(a count that somebody may divide by, the parameters): of a sheet, the lengths of its arrays."""
        if self.network is not None:
            return []
        counts = {2, *(length for name in self.forward for length in self.model.shape(name) if length > 1)}
        groups = [[name] for name in self.parameters] + [self.parameters] * (len(self.parameters) > 1)
        return [(count, names) for count in sorted(counts) for names in groups]

    def fits(self, share: Expression, name: str) -> bool:
        """Whether a share has the shape of what it is a derivative by."""
        try:
            found = as_vector_shape(shape_of(share, self.shapes))
        except (NeuronnetError, KeyError):
            return False
        return found in ((), as_vector_shape(self.model.shape(name)))


class OwnModel:
    """What the search asks of a Network, of any Model: its `variations` and their replays."""

    def __init__(self, model: Model, loss: str, asked: Iterable[Expression]):
        """`asked` are the quantities of the sheet: what they differentiate by is learned."""
        self.steps = Pass(model, {})
        constants = [later for later in model.formulas if later in model.constants]
        moved = {later: after(_plain(later), update_of(later) - 1) for later in constants}
        first = {later: old for later, old in moved.items() if old in model.given}
        names = [name for each in (*model.formulas.values(), *asked) for name in each.names()]
        partials = [split_partial(name)[1] for name in names if split_partial(name)]
        reached = {later: model.uses(later) - {later} for later in first}
        needed = set().union(*reached.values())
        states = {later: old for later, old in first.items() if later in needed and old not in partials}
        steps = {later: old for later, old in first.items() if later not in states}
        learned = [name for name in dict.fromkeys([*partials, *steps.values()]) if name in model.given]
        rate = next((name for name in RATES if name in model.given), None)
        self.graph = graph = Graph(self.steps, loss, learned, steps, rate)
        kept = {_plain(name) for name in states}
        graph.states = {later: old for later, old in moved.items() if _plain(later) in kept}
        self.new_values = [later for later in moved if later not in graph.states]
        used = set().union(*map(model.uses, self.new_values))
        lines = [name for name in model.formulas if name in used]
        graph.update_lines = [name for name in lines if _plain(name) not in graph.forward]
        graph.settle()
        self.counts = range(1, 1 + max(map(update_of, model.formulas), default=0))
        self.variations = {id: self._in_all_passes(each) for id, each in graph.variations.items()}

    def _in_all_passes(self, variation):
        """A Variation of the first pass in the later ones as well, where these have the same steps."""
        model, found = self.steps.model, {}
        for kind in ("values", "slopes", "shares", "sums"):
            found[kind] = dict(getattr(variation, kind))
            for pass_ in (_Later(model, count) for count in self.counts):
                for place, change in getattr(variation, kind).items():
                    is_edge = isinstance(place, tuple)
                    later = (*map(pass_.name, place[:2]), *place[2:]) if is_edge else pass_.name(place)
                    if later != place:
                        found[kind].setdefault(later, pass_.changed(change))
        return replace(variation, **found)

    def starting_at(self, variation: Variation, since: int) -> Variation | None:
        """The same mistake where all is right before some update; None where it has no place there."""
        found = starting_at(variation, since)
        for kind in ("values", "slopes", "shares", "sums"):
            changes = getattr(variation, kind).items()
            setattr(found, kind, {place: each for place, each in changes if _count_of(place) >= since})
        found.given, found.plainness = {}, variation.plainness + 2
        return found if found.changes_something else None

    @property
    def known_names(self) -> list[str]:
        """The names of all quantities that are computed, and of the derivatives of the loss by them."""
        model, loss = self.steps.model, self.graph.loss
        return [*model.formulas, *(f"d{loss}/d{name}" for name in model.uses(loss) - {loss})]

    @property
    def work(self) -> int:
        """About how much there is to compute in a pass."""
        model = self.steps.model
        return sum(math.prod(model.shape(name)) for name in model.names())

    def replay(self, variation: Variation = RIGHT, number: type = float, keep=None) -> Values:
        """The values of a pass with a Variation."""
        return self.steps.varied(variation).values(number, keep)

    def others(self, variation: Variation) -> list[str]:
        """The quantities, and derivatives of the loss, whose own step is another one."""
        touched = self.steps.varied(variation).touched
        return [*variation.values, *(partial_name(self.graph.loss, name) for name in touched)]

    def users(self, name: str) -> list[str]:
        """What is computed with a quantity, or with the derivative of the loss by it."""
        model, parts = self.steps.model, split_partial(name)
        if parts is None:
            return model.users.get(name, [])
        formula = model.formulas.get(parts[1])
        return [] if formula is None else [partial_name(parts[0], each) for each in formula.names()]

    def reached(self, expressions: Iterable[Expression]) -> int:
        """The places of all that some quantities are computed from, as bits."""
        names = (name for each in expressions for name in each.names())
        return reduce(or_, map(self.steps.model.reached, names), 0)

    def steps_in(self, values: Values) -> int:
        """How many steps were computed in a replay, those of large arrays counted as several."""
        model = self.steps.model
        return len(values) * (1 + model.work // (AT_ONCE * len(model.formulas)))

    def moves(self, variation: Variation, reached: int) -> bool:
        """Whether a Variation has another step in one of such places."""
        return self.steps.varied(variation).reaches(reached)

    def place(self, expression: Expression) -> int:
        """Where a quantity comes in the order of computation."""
        return max((len(self.steps.uses(name)) for name in expression.names()), default=0)

    def instead(self, variation: Variation, expression: Expression) -> tuple[str, str, str] | None:
        """(name, formula used, right formula) of the first step on the way to a number that is another."""
        return changed_step(self.steps, self.steps.varied(variation), expression.names())


def _plain(name):
    return name.partition("@")[0]


def _count_of(place):
    return update_of(place[0] if isinstance(place, tuple) else place)


class _Later:
    """The pass of a model after `count` updates, written as if it were the first one."""

    def __init__(self, model, count):
        self.model, self.count = model, count

    def name(self, name):
        """A name of the first pass in this one; what no update changes keeps its name."""
        parts = split_partial(name)
        if parts is not None:
            return partial_name(*map(self.name, parts))
        later = with_count(name, self.count)
        return later if later in self.model.formulas else name

    def _as_first(self, name):
        parts = split_partial(name)
        if parts is not None:
            return partial_name(*map(self._as_first, parts))
        count = update_of(name)
        return after(_plain(name), count - self.count) if count >= self.count else name

    def changed(self, change):
        """The change of a step of the first pass as one of the same step here."""

        def later(what, *more):
            first = [self._moved(each, self._as_first) for each in (what, *more)]
            return self._moved(change(*first), self.name)

        return later

    def _moved(self, what, renamed):
        if isinstance(what, list):
            return [self._moved(each, renamed) for each in what]
        if isinstance(what, str):
            return renamed(what)
        return None if what is None else with_names(what, renamed)
