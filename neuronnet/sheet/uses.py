"""What the lines that use a helper say of its value: what they should be worth, and what they are."""

from __future__ import annotations

from math import isclose
from typing import NamedTuple

from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Expression, Name
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.sheet.formula_values import (
    SAME,
    FormulaValues,
    Meaning,
    constant_ratio,
    difference,
    have_one_shape,
    times,
)
from neuronnet.sheet.roles import CHANGE, GRADIENT, HELPER, RATES, UPDATE, Role

# How much a line speaks against a meaning that it contradicts.
EXPLICIT, OWN, FACTOR, OTHER, UNKNOWN = 1.5, 1.0, 0.8, 1.2, 10
# How much less likely a meaning is than another that the lines allow as well.
OF_SAMPLES, UNUSUAL, PARAMETER, INDEX, FAMILY, NAMED = 0.05, 0.9, 0.3, 0.1, 0.4, 0.3


class Use(NamedTuple):
    """A formula with a helper in it, of a line with a Role."""

    role: Role
    formula: Expression


class Uses:
    """The lines with the helpers of one pass in them, and what these are worth so far."""

    of: FormulaValues
    targets: dict[str, str | None]
    chosen: dict[str, Meaning | None]
    worth: dict[str, list]
    uses: dict[str, list[Use]]

    def _is_undone(self, name, value):
        """Whether an update goes by its learning rate, though a gradient in it is of the sum."""
        for use in self.uses[name]:
            if use.role.kind == UPDATE:
                rate = constant_ratio(self._in(use, name, value, {}), self._truth(use.role))
                leaves = [self.of._worth(leaf, {}) for leaf in leaves_of(use.formula)]
                numbers = [leaf[0] for leaf in leaves if leaf and not isinstance(leaf[0], Array)]
                if any(isclose(each, -(rate or 0), rel_tol=SAME) for each in numbers):
                    return True
        return False

    def _judged(self, use, worth, truth):
        kind = use.role.kind
        fits = all(map(have_one_shape, worth, truth))
        ratio = constant_ratio(worth, truth) if fits else None
        if kind in (UPDATE, CHANGE):
            if ratio is None:
                return None if self.of._has_a_rule_of_its_own(use.formula, use.role.target) else OTHER
            return 0 if ratio < 0 else FACTOR if kind == UPDATE else FACTOR / 2
        if ratio is None:
            return OTHER if kind == GRADIENT or use.role.target is not None else OWN
        return 0 if isclose(ratio, 1, rel_tol=SAME * 100) else FACTOR if ratio > 0 else OTHER

    def _truth(self, role):
        """What the formula of a line should be worth; of an update, what its step goes against."""
        if role.truth is not None and role.kind == GRADIENT:
            return self.of._worth(role.truth, {})
        if role.kind == GRADIENT:
            return self.of._worth(Name(role.name), {}) if role.name in self.of.model else None
        if role.kind == HELPER:
            if self._is_of_parameter(role.name):
                return times(self.of._parameter_factor, self.of._derivative(self.targets[role.name]))
            return self.worth.get(role.name) if self.chosen.get(role.name) is not None else None
        old = self.of.assignment.latest(role.target, role.step) if role.kind == CHANGE else role.target
        return self.of._derivative(old) if old in self.of.model else None

    def _in(self, use, name, value, extra):
        """What a line that uses a helper is worth with a value for it; of an update, its step."""
        worth = self.of._worth(use.formula, {**self.worth, **extra, name: value})
        if worth is None or use.role.kind != UPDATE:
            return worth
        return difference(worth, self.of._worth(Name(use.role.target), {}))

    def _is_step(self, meaning, against):
        """Whether a helper is a whole step, -eta times a derivative, as its update wants it."""
        given = self.of.model.given
        rates = [given[name] for name in RATES if name in given and not isinstance(given[name], Array)]
        is_rate = any(isclose(float(rate), abs(meaning.factor), rel_tol=SAME) for rate in rates)
        return is_rate and any(each == 0 and use.role.kind == UPDATE for use, each in against)
