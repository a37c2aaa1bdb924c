"""A pass over a model with some of its steps changed: forward lines, the sweep backwards, updates.

A step is changed where it stands in the graph: what a quantity is computed with, what it is differentiated
as, what one use of a quantity adds to its derivative, or how these shares are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

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


class Pass:
    """The steps of a Model and of `updates`, formulas of the next values, with a Variation of them."""

    def __init__(self, model: Model, updates: dict[str, Expression]):
        self.model, self.updates, self.variation, self.plain = model, updates, RIGHT, self
        self.shapes = _ShapesOf(self)
        self.place: dict[str, int] = {}  # where a name comes in the order of computation
        self.reach: dict[str, int] = {}  # bit k of what is computed from the name in place k
        self.parts: list[Pass] = []
        self._rows: dict[tuple, tuple] = {}
        self._touched: set[str] = set()
        self._redone: dict[str, Expression] = {}
        self._reached: dict[str, set] = {}
        self._uses = _uses(model.formulas)
        self._contributions: dict[tuple, list] = {}
        self._values: dict[type, Values] = {}
        self._varied: dict[int, Pass] = {}

    def varied(self, variation: Variation) -> Pass:
        """The same pass with a Variation."""
        if variation is RIGHT:
            return self
        if id(variation) in self._varied:
            return self._varied[id(variation)]
        other = Pass.__new__(Pass)
        other.__dict__.update(self.__dict__, variation=variation, plain=self, _rows={})
        other._touched = {name for _, name, *_ in variation.shares} | set(variation.sums)
        other._redone = {user: change(self.model.formulas[user]) for user, change in variation.slopes.items()}
        if other._redone:
            other._uses, other._contributions = _uses({**self.model.formulas, **other._redone}), {}
            for user, formula in other._redone.items():
                other._touched.update(self.model.formulas[user].names(), formula.names())
        other.shapes, other.parts = _ShapesOf(self), [self.varied(part) for part in variation.parts]
        if not other.parts:
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

    def formula(self, name: str) -> Expression | None:
        """What a name is computed with in this variation; None for what is given. Raises UnknownName."""
        parts = split_partial(name)
        if parts is not None and parts[1] in self._touched:
            return self._derivative(*parts)
        change, model = self.variation.values.get(name), self.model
        formula = self.updates.get(name)
        is_new = formula is None and change is not None and name not in {**model.formulas, **model.given}
        if formula is None and not is_new and name not in self.variation.start:
            formula = model.formula(name)
        return formula if change is None else change(self.updates if is_new else formula)

    def _derivative(self, numerator, denominator):
        """dA/dB with the shares and the sum of this variation."""
        model, own = self.model, partial_name(numerator, denominator)
        model.shape(own)
        if numerator == denominator:
            return Number(1)
        if numerator not in self._reached:
            self._reached[numerator] = model.uses(numerator)
        shares = []
        for user in self._uses.get(denominator, ()):
            if user in self._reached[numerator] and (user not in model.constants or user == numerator):
                above, found = self._shares_from(numerator, user)
                found = [share for name, share in found if name == denominator]
                for place, share in enumerate(found):
                    for edge in ((user, denominator), (user, denominator, place)):
                        change = self.variation.shares.get(edge)
                        share = share if change is None or share is None else change(share, above)
                    shares += [] if share is None else [share]
        change = self.variation.sums.get(denominator)
        shares = change(shares, numerator) if change is not None and shares else shares
        return added(shares, model.shape(denominator), self.shapes)

    def _shares_from(self, numerator, user):
        """(dA/du, what the formula of u adds to the derivatives by the names in it)."""
        if (numerator, user) not in self._contributions:
            above = Number(1) if user == numerator else Name(partial_name(numerator, user))
            if user != numerator:
                self.model.shape(above.name)
            formula = self._redone.get(user, self.model.formulas[user])
            found = contributions(formula, above, self.shapes, user)
            self._contributions[numerator, user] = above, found
        return self._contributions[numerator, user]

    def row(self, name: str, number: type) -> tuple:
        """(how a name is evaluated, the names that it takes); (None, ()) for what is given."""
        if (name, number) not in self._rows:
            if self.plain is not self and not self.changes(name):
                return self.plain.row(name, number)
            own = [part for part in self.parts if part.changes(name)]
            if len(own) == 1:
                self._rows[name, number] = own[0].row(name, number)
            else:
                formula = self.formula(name)
                needs = () if formula is None else tuple(formula.names())
                evaluate = None if formula is None else shared_evaluator(formula, number)
                self._rows[name, number] = evaluate, needs
        return self._rows[name, number]

    def changes(self, name: str) -> bool:
        """Whether the step of a name itself is another one."""
        if name in self.variation.values or name in self.variation.start:
            return True
        parts = split_partial(name) if self._touched else None
        return parts is not None and parts[1] in self._touched

    def size(self, name: str) -> int:
        """How many steps there are up to a name, itself included: more than up to any that it takes."""
        return bin(self.reach.get(name, 0)).count("1")

    def enter(self, name: str, needs: Iterable[str]) -> None:
        """Keep where a name of the plain pass comes, and what it is computed from."""
        place = self.place[name] = len(self.place)
        bits = 1 << place
        for each in needs:
            bits |= self.reach[each]
        self.reach[name] = bits


def _uses(formulas):
    """name -> the names whose formulas it stands in."""
    found: dict[str, list[str]] = {}
    for user, formula in formulas.items():
        for name in formula.names():
            found.setdefault(name, []).append(user)
    return found


class Values(dict):
    """The values of a Pass by name, each computed when it is asked for.

    Raises NeuronnetError where there is none: for unknown names, no finite value, a step that needs itself.
    """

    def __init__(self, steps: Pass, number: type, keep=None, before: Values | None = None, count: int = 0):
        super().__init__()
        self._steps, self._number, self._keep, self._before, self._count = steps, number, keep, before, count
        self._is_first = before is None and not count and steps.plain is steps
        self.parts: dict[int, object] = {}  # what shared parts of formulas came to

    def __missing__(self, name):
        waiting, begun, steps = [name], set(), self._steps
        while waiting:
            each = waiting[-1]
            if each in self:
                waiting.pop()
                continue
            evaluate, needs = steps.row(each, self._number)
            missing = [other for other in needs if other not in self]
            if not missing:
                self._enter(each, evaluate, needs)
                waiting.pop()
            elif each in begun:
                raise NeuronnetError(f"{each} is computed from itself")
            begun.add(each)
            waiting += missing
        return self[name]

    def _enter(self, name, evaluate, needs):
        try:
            value = evaluate(self) if evaluate else None
        except (ArithmeticError, ValueError):
            raise NeuronnetError(f"{name} has no finite value") from None
        value = self._given(name) if evaluate is None else value
        self[name] = value if self._keep is None else self._keep(with_count(name, self._count), value)
        if self._is_first and name not in self._steps.place:
            self._steps.enter(name, needs)

    def _given(self, name):
        moved = after(name, 1)
        variation, model = self._steps.variation, self._steps.model
        if self._before is not None and (moved in self._steps.updates or name in variation.start):
            return self._before[name if name in variation.stale else moved]
        read = variation.given.get(name, name)
        value = next(
            each[read.rstrip("ᵀ")] for each in (variation.start, model.given) if read.rstrip("ᵀ") in each
        )
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
        rows = [(name, self._steps.row(name, self._number)[0]) for name in self]
        fixed = {name: self[name] for name, evaluate in rows if evaluate is None and name not in moving}
        rows = [(name, evaluate) for name, evaluate in rows if evaluate is not None]

        def following(state):
            values = Values(self._steps, self._number, count=1)
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
    reach = 0
    for name in names:
        reach |= steps.reach.get(name, 0)
    read = {name: _read_as(other) for name, other in varied.variation.given.items()}
    reached = [name for name, place in steps.place.items() if reach >> place & 1]
    for name in sorted(reached, key=lambda name: (steps.size(name), len(name), name)):
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


def _read_as(name):
    return Transpose(Name(name[:-1])) if name.endswith("ᵀ") else Name(name)


class _ShapesOf(Shapes):
    """The shapes of a pass, those of derivatives and next values as they are asked for."""

    def __init__(self, steps):
        super().__init__()
        self._steps, self.counts = steps, steps.model.shapes.counts

    def __missing__(self, name):
        known = name.partition("@")[0] if name in self._steps.updates else name
        found = self[name] = self._steps.model.shape(known)
        return found
