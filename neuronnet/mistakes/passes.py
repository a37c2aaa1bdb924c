"""A pass over a model with some of its steps changed: forward lines, the sweep backwards, updates.

A step is changed where it stands in the graph: what a quantity is computed with, what it is differentiated
as, what one use of a quantity adds to its derivative, or how these shares are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from itertools import islice
from operator import or_
from typing import TYPE_CHECKING

from neuronnet.derivation import formula_graph
from neuronnet.derivation.sweep import added, contributions
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import Shapes, shared_evaluator
from neuronnet.formulas.expressions import Expression, Name, Number, Transpose
from neuronnet.mistakes.variation import RIGHT, Variation, with_parts
from neuronnet.names import after, partial_name, split_index, split_partial

if TYPE_CHECKING:
    from neuronnet.derivation.model import Model

MOST_KEPT = 40_000  # formulas of the model, times the varied passes that are kept


class Pass:
    """The steps of a Model and of `updates`, formulas of the next values, with a Variation of them."""

    def __init__(self, model: Model, updates: dict[str, Expression]):
        self.model, self.updates, self.variation, self.plain = model, updates, RIGHT, self
        self.shapes = _ShapesOf(self)
        self.parts: list[Pass] = []
        self._made: dict[str, Expression | None] = {}
        self._evaluators: dict[tuple, Callable] = {}
        self.touched: set[str] = set()  # what the derivatives by are put together in another way
        self._spoilt, self._seen = 0, 0  # places of its own steps, as bits, among how many
        self._by: dict[str, int] = {}  # the places of the derivatives by a name, as bits
        self._redone: dict[str, Expression] = {}
        self._values: dict[type, Values] = {}
        self._varied: dict[int, Pass] = {}

    def varied(self, variation: Variation) -> Pass:
        """The same pass with a Variation."""
        if variation is RIGHT:
            return self
        if id(variation) in self._varied:
            return self._varied[id(variation)]
        other = Pass.__new__(Pass)
        other.__dict__.update(self.__dict__, variation=variation, plain=self, _made={}, _evaluators={})
        other._spoilt, other._seen = 0, 0
        other.touched = {name for _, name, *_ in variation.shares} | set(variation.sums)
        other._redone = {user: change(self.model.formulas[user]) for user, change in variation.slopes.items()}
        for user, formula in other._redone.items():
            other.touched.update(self.model.formulas[user].names(), formula.names())
        other.shapes, other.parts = _ShapesOf(self), [self.varied(part) for part in variation.parts]
        if not other.parts:
            if len(self._varied) * len(self.model.formulas) >= MOST_KEPT:
                self._varied.clear()
            self._varied[id(variation)] = other
        return other

    def values(self, number: type = float, keep=None, before: Values | None = None, count: int = 0) -> Values:
        """All values as `number`; `keep(name, value)` is what a computation goes on with.

        `before` are the values of the pass and update before, `count` how many updates these names are after.
        """
        if before is not None or self.plain is not self or keep is not None:
            return Values(self, number, keep, before, count)
        if number not in self._values:
            self._values[number] = Values(self, number)
        return self._values[number]

    # Steps

    keeps_infinite = True

    def formula(self, name: str) -> Expression | None:
        """What a name is computed with in this variation; None for what is given. Raises UnknownName."""
        if name not in self._made:
            owner = self._owner(name)
            self._made[name] = self._new_formula(name) if owner is self else owner.formula(name)
        return self._made[name]

    def evaluator(self, formula: Expression, number: type, name: str) -> Callable:
        """What evaluates the formula of a name."""
        if (name, number) not in self._evaluators:
            owner = self._owner(name)
            own = shared_evaluator(formula, number) if owner is self else None
            self._evaluators[name, number] = own or owner.evaluator(formula, number, name)
        return self._evaluators[name, number]

    def _owner(self, name):
        """The pass whose step a name has: this one, one of two that are combined here, or the plain one."""
        if self.plain is self or self.changes(name):
            parts = [part for part in self.parts if part.changes(name)]
            return parts[0] if len(parts) == 1 else self
        return self.plain

    def _new_formula(self, name):
        parts = split_partial(name)
        if parts is not None and parts[1] in self.touched:
            return self._derivative(*parts)
        change, model = self.variation.values.get(name), self.model
        formula = self.updates.get(name)
        is_new = formula is None and change is not None and name not in {**model.formulas, **model.given}
        if formula is None and not is_new and name not in self.variation.start:
            formula = model.formula(name)
        return formula if change is None else change(self.updates if is_new else formula)

    def _derivative(self, numerator, denominator):
        """dA/dB with the shares and the sum of this variation."""
        model = self.model
        model.shape(partial_name(numerator, denominator))
        if numerator == denominator:
            return Number(1)
        users = {each for each in model.users.get(denominator, ()) if each in model.formulas}
        users.update(user for user, formula in self._redone.items() if denominator in formula.names())
        shares = []
        for user in model.on_the_way(numerator, users):
            above = model.above(numerator, user)
            for place, share in enumerate(self._shares_of(numerator, user, denominator, above)):
                for edge in ((user, denominator), (user, denominator, place)):
                    change = self.variation.shares.get(edge)
                    share = share if change is None or share is None else change(share, above)
                shares += [] if share is None else [share]
        change = self.variation.sums.get(denominator)
        shares = change(shares, numerator) if change is not None and shares else shares
        return added(shares, model.shape(denominator), self.shapes)

    def _shares_of(self, numerator, user, name, above):
        if user not in self._redone:
            return self.model.shares_of(numerator, user, name)
        found = contributions(self._redone[user], above, self.shapes, user)
        return [share for each, share in found if each == name]

    def changes(self, name: str) -> bool:
        """Whether the step of a name itself is another one."""
        if name in self.variation.values or name in self.variation.start:
            return True
        parts = split_partial(name) if self.touched else None
        return parts is not None and parts[1] in self.touched

    def keeps(self, name: str) -> bool:
        """Whether a first pass has the plain value of a name: no step on the way to it is another one."""
        if self.changes(name) or name in self.variation.given:
            return False
        if name in self.updates:
            return all(map(self.keeps, self.updates[name].names()))
        return not self.reaches(self.model.reached(name))

    def reaches(self, reached: int) -> bool:
        """Whether a step is another one in a place among those whose bits are set."""
        places = self.model.places
        if self._seen < len(places):
            by, own = self.plain._derivatives_by(), self.variation
            changed = (each for each in (*own.values, *own.start, *own.given) if each in places)
            bits = [*(1 << places[each] for each in changed), *(by.get(each, 0) for each in self.touched)]
            self._seen, self._spoilt = len(places), reduce(or_, bits, 0)
        return bool(reached & self._spoilt)

    def _derivatives_by(self):
        """The places of all derivatives by what they are by, as bits."""
        places = self.model.places
        new = islice(places, self._seen, None) if self._seen < len(places) else ()
        for each in new:
            parts = split_partial(each)
            if parts is not None:
                self._by[parts[1]] = self._by.get(parts[1], 0) | 1 << places[each]
        self._seen = len(places)
        return self._by

    def uses(self, name: str) -> set[str]:
        """Everything that a name of the plain pass is computed from, itself included."""
        if name in self.updates:
            return {name}.union(*map(self.uses, self.updates[name].names()))
        try:
            return self.model.uses(name)
        except NeuronnetError:
            return set()


class Values(formula_graph.Values):
    """The values of a Pass by name, each computed when it is asked for.

    Raises NeuronnetError where there is none: for unknown names, no finite value, a step that needs itself.
    """

    def __init__(self, steps: Pass, number: type, keep=None, before: Values | None = None, count: int = 0):
        super().__init__(steps, number, None)
        self._keep, self._before, self._count = keep, before, count
        is_first = steps.plain is not steps and keep is None and before is None and not count
        self._plain = steps.plain.values(number) if is_first else None

    def _formula(self, name):
        return None if self._is_plain(name) else self.graph.formula(name)

    def _is_plain(self, name):
        return self._plain is not None and self.graph.keeps(name)

    def _compute(self, name, formula):
        if formula is None and self._is_plain(name):
            return self._plain[name]
        value = self._given(name) if formula is None else self.of(formula, name)
        return value if self._keep is None else self._keep(with_count(name, self._count), value)

    def _given(self, name):
        moved = after(name, 1)
        variation, model = self.graph.variation, self.graph.model
        if self._before is not None and (moved in self.graph.updates or name in variation.start):
            return self._before[name if name in variation.stale else moved]
        read = variation.given.get(name, name)
        own = read.rstrip("ᵀ")
        value = (variation.start if own in variation.start else model.given)[own]
        if isinstance(value, Array):
            value = value.map(lambda entry: as_number(entry, self._number))
            return value.T if read.endswith("ᵀ") else value
        return as_number(value, self._number)

    def plan(self, names: Iterable[str]) -> Callable:
        """A function from the next values before this pass, by `names`, to those after it.

        It computes, row by row, what was computed here for them.
        """
        for name in names:
            self[name]
        moving = {split_index(name)[0]: name for name in names}
        steps, number = self.graph, self._number
        formulas = {name: steps.formula(name) for name in self}
        fixed = {name: self[name] for name in self if formulas[name] is None and name not in moving}
        computed = {name: each for name, each in formulas.items() if each is not None}
        rows = [(name, steps.evaluator(each, number, name)) for name, each in computed.items()]

        def following(state):
            values = Values(steps, number, count=1)
            values.update(fixed)
            values.update((base, state[name]) for base, name in moving.items())
            try:
                for name, evaluate in rows:
                    values[name] = evaluate(values)
            except (ArithmeticError, ValueError):
                raise NeuronnetError("no finite value") from None
            return values

        return following


def with_count(name: str, count: int) -> str:
    """A name, or a derivative of names, after so many updates more."""
    parts = split_partial(name) if count else None
    if parts is not None:
        return partial_name(*(with_count(each, count) for each in parts))
    base, _, own = name.partition("@")
    return after(base, int(own or 0) + count)


def changed_step(steps: Pass, varied: Pass, names: Iterable[str]) -> tuple[str, str, str] | None:
    """(name, formula used, right formula) of the first step on the way to some names that is another one."""
    read: dict[str, Expression] = {}
    for name, other in varied.variation.given.items():
        own = Name(other.rstrip("ᵀ"))
        read[name] = Transpose(own) if other.endswith("ᵀ") else own
    sizes = {name: len(steps.uses(name)) for name in set().union(*map(steps.uses, names))}
    for name in sorted(sizes, key=lambda name: (sizes[name], len(name), name)):
        if not (read or varied.plain is not steps or varied.changes(name)):
            continue
        try:
            used, right = varied.formula(name), steps.formula(name)
        except NeuronnetError:  # another network lacks it
            continue
        if used is not None and right is not None:
            used = with_parts(used, read)
            if used.format() != right.format():
                return name, used.format(), right.format()
    return None


class _ShapesOf(Shapes):
    """The shapes of a pass, those of derivatives and next values as they are asked for."""

    def __init__(self, steps):
        super().__init__()
        self._steps, self.counts = steps, steps.model.shapes.counts

    def __missing__(self, name):
        known = name.partition("@")[0] if name in self._steps.updates else name
        found = self[name] = self._steps.model.shape(known)
        return found
