"""A training as rows of formulas: one row per update, every quantity of its pass a column.

The formulas are those of the derivation. A row's parameters come from the row before, the rest from the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError, counted
from neuronnet.formulas.expressions import Expression
from neuronnet.names import split_update

MOST_CELLS = 200_000
MOST_COLUMNS = 16_000  # a spreadsheet has 16,384


class Cell(NamedTuple):
    """A value, and its formula where it has one.

    In the formula of a parameter a name with `@1` is of the same row, any other of the row before; elsewhere
    every name is of the same row. The names of constants are of no row.
    """

    value: float
    formula: Expression | None = None


class TrainingRows(NamedTuple):
    """`constants` and `rows` of Cells by name; `columns` has the names, each with its part of the pass."""

    title: str
    constants: dict[str, float]
    columns: dict[str, str]
    moved: frozenset[str]
    rows: list[dict[str, Cell]]
    rate: str
    error: str


def training_rows(description: Any, updates: int, progress: Callable | None = None) -> TrainingRows:
    """The TrainingRows of a network's first updates; `progress(done)` is called after each.

    Raises NeuronnetError where there are too many cells, and where the training diverges.
    """
    derivation = Derivation(description, updates=0)
    description = derivation.description
    if updates and description.learning_rate is None:
        raise NeuronnetError(f"{counted(updates, 'update')}: the network's description has no learning_rate")
    walk = _Walk(derivation)
    rows = [walk.first()]
    for update in range(1, updates + 1):
        if len(walk.columns) * updates > MOST_CELLS or len(walk.columns) > MOST_COLUMNS:
            found = f"{len(walk.columns)} quantities in {counted(updates, 'update')}"
            raise NeuronnetError(f"{found}: too many for a spreadsheet; fewer updates or samples fit")
        rows.append(walk.next(update))
        if progress is not None:
            progress(update)
    names = description.names
    kept: dict[str, Any] = {
        name: value for name, value in derivation.given.items() if name not in derivation.moved
    }
    constants = {name: float(value) for name, value in kept.items() if name != names.l2 or value}
    moved = frozenset(walk.moved)
    return TrainingRows(description.title, constants, walk.columns, moved, rows, names.rate, names.error)


class _Walk:
    """Computes one row after the other, every formula by an evaluator that is made once."""

    def __init__(self, derivation):
        self.derivation, self._pass = derivation, derivation._pass
        self.values: dict[str, Any] = dict(derivation.given)
        self.columns: dict[str, str] = {}
        self.moved: set[str] = set()
        self._evaluators: dict[str, Any] = {}

    def first(self):
        """The row of the parameters as they are given."""
        row = {
            name: Cell(float(self.values[name]))
            for name in self.derivation.given
            if name in self.derivation.moved
        }
        self.columns |= dict.fromkeys(row, "parameters")
        self.moved |= set(row)
        return row | self._pass_of(0)

    def next(self, update):
        """The row after one update more."""
        row, before = {}, dict(self.values)
        for name, formula, _ in self._pass.update(self.derivation.batch(update - 1)):
            base = split_update(name)[0]
            value = self._evaluated(name, formula, before)
            before[name] = value
            self.values[base] = value
            row[base] = Cell(value, formula)
            self.columns.setdefault(base, "parameters")
            self.moved.add(base)
        return row | self._pass_of(update)

    def _pass_of(self, update):
        row = {}
        for name, formula, part in [
            *self._pass.forward(),
            *self._pass.backward(self.derivation.batch(update)),
        ]:
            self.values[name] = self._evaluated(name, formula, self.values)
            row[name] = Cell(self.values[name], formula)
            self.columns.setdefault(name, part)
        return row

    def _evaluated(self, name, formula, values):
        key = f"{name} = {formula.format()}" if name.endswith("@1") else name
        if key not in self._evaluators:
            self._evaluators[key] = self.derivation.evaluator(formula, float)
        try:
            value = self._evaluators[key](values)
        except ArithmeticError:
            value = math.inf
        if not math.isfinite(value):
            raise NeuronnetError(f"the training diverges: {name} is not finite; take a smaller learning rate")
        return value
