"""A pass over a model with some of its steps changed: forward lines, the sweep backwards, updates.

A step is changed where it stands in the graph: what a quantity is computed with, what it is differentiated
as, what one use of a quantity adds to its derivative, or how these shares are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from neuronnet.derivation.model import Model
from neuronnet.derivation.sweep import added, contributions
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import Shapes, shared_evaluator
from neuronnet.formulas.expressions import Expression, Name, Number, Transpose
from neuronnet.mistakes.variation import RIGHT, Variation, with_parts
from neuronnet.names import partial_name, split_index, split_partial


class Pass:
    """The steps of a Model and of `updates`, formulas of the next values, with a Variation of them."""

    def __init__(self, model: Model, updates: dict[str, Expression]):
        self.model, self.updates, self.variation, self.plain = model, updates, RIGHT, self
        self.shapes = _ShapesOf(self)
        self.reach: dict[str, int] = {}  # bit k of what is computed from the name in place k
        self.place: dict[str, int] = {}
        self._rows: dict[tuple, tuple] = {}
        self._touched: set[str] = set()
        self._redone: dict[str, Expression] = {}
        self._mask = (-1, 0)
        self._reached: dict[str, set] = {}
        self._own = Values(self)

    def varied(self, variation: Variation) -> Pass:
        """The same pass with a Variation."""
        other = Pass.__new__(Pass)
        other.__dict__.update(self.__dict__, variation=variation, plain=self, _rows={}, _redone={})
        other._touched = {name for _, name in variation.shares} | set(variation.sums)
        other._mask, other.shapes = (-1, 0), _ShapesOf(self)
        for user, change in variation.slopes.items():
            formula = self.model.formulas[user]
            other._redone[user] = changed = change(formula)
            other._touched.update(formula.names(), changed.names())
        return other

    def values(self, start: dict | None = None, number: type = float, keep=None) -> Values:
        """All values; `start` has given numbers, `keep(name, value)` is what a computation goes on with."""
        if start is not None or number is not float or keep is not None:
            return Values(self, start, number, keep)
        return self._own if self.plain is self else Values(self)

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
        shares = []
        for user, formula in self._users(numerator, denominator):
            above = Number(1) if user == numerator else Name(partial_name(numerator, user))
            if user != numerator:
                model.shape(above.name)
            change = self.variation.shares.get((user, denominator))
            for name, share in contributions(formula, above, self.shapes, user):
                if name == denominator:
                    share = share if change is None else change(share, above)
                    shares += [] if share is None else [share]
        change = self.variation.sums.get(denominator)
        shares = shares if change is None else change(shares, numerator)
        return added(shares, model.shape(denominator), self.shapes)

    def _users(self, numerator, denominator):
        """(name, formula) of all that a quantity is used in, on the way to the numerator."""
        model = self.model
        if numerator not in self._reached:
            self._reached[numerator] = model.uses(numerator)
        for user, formula in model.formulas.items():
            if user in self._reached[numerator] and (user not in model.constants or user == numerator):
                formula = self._redone.get(user, formula)
                if denominator in formula.names():
                    yield user, formula

    def row(self, name: str, number: type) -> tuple:
        """(how a name is evaluated, the names that it takes); (None, ()) for what is given."""
        if (name, number) not in self._rows:
            if self.plain is not self and not self.changes(name):
                return self.plain.row(name, number)
            formula = self.formula(name)
            needs = () if formula is None else tuple(formula.names())
            self._rows[name, number] = (None if formula is None else shared_evaluator(formula, number), needs)
        return self._rows[name, number]

    def changes(self, name):
        """Whether the step of a name itself is another one."""
        parts = split_partial(name)
        return name in self.variation.values or (parts is not None and parts[1] in self._touched)

    def leaves(self, name: str) -> bool:
        """Whether the value of a name is that without the variation, as far as is known."""
        plain = self.plain
        if self._mask[0] != len(plain.place):
            changed = [each for each in plain.place if self.changes(each) or each in self.variation.given]
            self._mask = len(plain.place), sum(1 << plain.place[each] for each in changed)
        return name in plain.place and not plain.reach[name] & self._mask[1]


class Values(dict):
    """The values of a Pass by name, each computed when it is asked for.

    Raises NeuronnetError where there is none: for unknown names, no finite value, a step that needs itself.
    """

    def __init__(self, steps: Pass, start: dict | None = None, number: type = float, keep=None):
        super().__init__()
        self._steps, self._start, self._number, self._keep = steps, start or {}, number, keep
        self._is_shared = start is None and number is float and keep is None
        self._is_plain = self._is_shared and steps.plain is steps
        self.parts: dict[int, object] = {}  # what shared parts of formulas came to

    def __missing__(self, name):
        steps, waiting, begun = self._steps, [name], set()
        share = None if self._is_plain or not self._is_shared else steps.plain._own
        while waiting:
            each = waiting[-1]
            if each in self:
                waiting.pop()
            elif share is not None and each in share and steps.leaves(each):
                self[each] = share[each]
            else:
                evaluate, needs = (None, ()) if each in self._start else steps.row(each, self._number)
                missing = [other for other in needs if other not in self]
                if missing and each in begun:
                    raise NeuronnetError(f"{each} is computed from itself")
                begun.add(each)
                waiting += missing
                if not missing:
                    self._enter(each, evaluate, needs)
        return self[name]

    def plan(self, state, names) -> Callable:
        """A function that computes the next state, under `names`, from a state, as these values were."""
        steps, number = self._steps, self._number
        rows, fixed, waiting, seen = [], {}, list(names), set()
        needed = []
        while waiting:
            each = waiting[-1]
            evaluate, needs = (None, ()) if each in state else steps.row(each, number)
            missing = [other for other in needs if other not in seen]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if each not in seen:
                seen.add(each)
                needed.append((each, evaluate))
        moving = {split_index(name)[0] for name in names}
        fixed = {name: self[name] for name, evaluate in needed if evaluate is None and name not in moving}
        rows = [(name, evaluate) for name, evaluate in needed if evaluate is not None]
        pairs = [(name, split_index(name)[0]) for name in names]

        def following(state):
            values = _Plain(fixed)
            values.update(state)
            try:
                for name, evaluate in rows:
                    values[name] = evaluate(values)
            except (ArithmeticError, ValueError):
                raise NeuronnetError("no finite value") from None
            return {base: values[name] for name, base in pairs}

        return following

    def _enter(self, name, evaluate, needs):
        try:
            value = self._given(name) if evaluate is None else evaluate(self)
        except (ArithmeticError, ValueError):
            raise NeuronnetError(f"{name} has no finite value") from None
        self[name] = value if self._keep is None else self._keep(name, value)
        if self._is_plain:
            place = self._steps.place[name] = len(self._steps.place)
            self._steps.reach[name] = 1 << place
            for each in needs:
                self._steps.reach[name] |= self._steps.reach[each]

    def _given(self, name):
        if name in self._start:
            return self._start[name]
        read = self._steps.variation.given.get(name, name)
        known = self._steps.variation.start, self._steps.model.given
        value = next(each[read.rstrip("ᵀ")] for each in known if read.rstrip("ᵀ") in each)
        if isinstance(value, Array):
            value = value.map(lambda entry: as_number(entry, self._number))
            return value.T if read.endswith("ᵀ") else value
        return as_number(value, self._number)


class _Plain(dict):
    """Values by name, with what shared parts of formulas came to."""

    def __init__(self, values):
        super().__init__(values)
        self.parts = {}


def changed_step(steps: Pass, varied: Pass, names: Iterable[str]) -> tuple[str, str, str] | None:
    """(name, formula used, right formula) of the first step on the way to some names that is another one."""
    reach = 0
    for name in names:
        reach |= steps.reach.get(name, 0)
    read = {name: _read_as(other) for name, other in varied.variation.given.items()}
    for name, place in steps.place.items():
        if not reach >> place & 1 or not (read or varied.plain is not steps or varied.changes(name)):
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
