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
    description, names, steps = derivation.description, derivation.description.names, derivation._pass
    if updates and description.learning_rate is None:
        raise NeuronnetError(f"{counted(updates, 'update')}: the network's description has no learning_rate")
    compute = _Computing(derivation)
    values: dict[str, Any] = dict(derivation.given)
    row = {name: Cell(float(value)) for name, value in values.items() if name in derivation.moved}
    columns, rows = dict.fromkeys(row, "parameters"), []
    for update in range(updates + 1):
        batch = derivation.batch(update)
        for name, formula, part in [*steps.forward(), *steps.backward(batch)]:
            values[name] = compute(name, formula, values)
            row[name] = Cell(values[name], formula)
            columns.setdefault(name, part)
        rows.append(row)
        if len(columns) * updates > MOST_CELLS or len(columns) > MOST_COLUMNS:
            found = f"{len(columns)} quantities in {counted(updates, 'update')}"
            raise NeuronnetError(f"{found}: too many for a spreadsheet; fewer updates or samples fit")
        if update and progress is not None:
            progress(update)
        row, before = {}, dict(values)
        for name, formula, _ in steps.update(batch) if update < updates else ():
            base = split_update(name)[0]
            before[name] = values[base] = compute(name, formula, before)
            row[base] = Cell(values[base], formula)
            columns.setdefault(base, "parameters")
    moved = frozenset(name for name, part in columns.items() if part == "parameters")
    kept: dict[str, Any] = {name: value for name, value in derivation.given.items() if name not in moved}
    constants = {name: float(value) for name, value in kept.items() if name != names.l2 or value}
    return TrainingRows(description.title, constants, columns, moved, rows, names.rate, names.error)


class _Computing:
    """Evaluates rows, each formula by an evaluator that is made once."""

    def __init__(self, derivation):
        self._derivation, self._evaluators = derivation, {}

    def __call__(self, name, formula, values):
        key = f"{name} = {formula.format()}" if name.endswith("@1") else name
        if key not in self._evaluators:
            self._evaluators[key] = self._derivation.evaluator(formula, float)
        try:
            value = self._evaluators[key](values)
        except ArithmeticError:
            value = math.inf
        if not math.isfinite(value):
            raise NeuronnetError(f"the training diverges: {name} is not finite; take a smaller learning rate")
        return value
