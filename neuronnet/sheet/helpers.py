"""What one helper of a sheet is: of all that it may be, what the fewest of its lines speak against.

`δ2 = ŷ - y` is c·∂L/∂z2 for one constant c. Its lines are the one that defines it and those that use it.
A factor left out is taken for a slip of the line that uses it, a sign or a slope for one of the helper's.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose, prod
from typing import NamedTuple

from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Call, Expression, Name, Negative, Product, Sum
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.names import split_partial
from neuronnet.sheet.formula_values import (
    SAME,
    FormulaValues,
    Meaning,
    alike,
    are_zero,
    as_fraction,
    constant_factor,
    constant_ratio,
    difference,
    have_one_shape,
    index_of,
    is_near,
    times,
)
from neuronnet.sheet.roles import CHANGE, GRADIENT, HELPER, RATES, UPDATE, Role, is_delta

# How much a line speaks against a meaning that it contradicts.
EXPLICIT, WHOLE, OWN, FACTOR, OTHER, UNKNOWN = 1.5, 1.3, 1.0, 0.8, 1.2, 10


# How much less likely a meaning is than another that the lines allow as well.
OF_SAMPLES, UNUSUAL, PARAMETER, INDEX, FAMILY, NAMED = 0.05, 0.9, 0.3, 0.1, 0.4, 0.3


class Use(NamedTuple):
    """A formula with a helper in it, of a line with a Role."""

    role: Role
    formula: Expression


class Helpers:
    """The helpers of one pass, as far as they are known: their Meanings are in `chosen`."""

    def __init__(self, values: FormulaValues, step: int, targets: dict[str, str | None]):
        """`targets` has for every helper what its name says that it is the derivative by, or None."""
        self.of, self.step, self.targets = values, step, targets
        self.chosen: dict[str, Meaning | None] = {}
        self.worth: dict[str, list] = {}
        self.own = {name: values._own_formulas(name, step) for name in targets}
        self.numbers = {name: self._number(name) for name in targets}
        self.uses: dict[str, list[Use]] = {name: [] for name in targets}
        for position, role in values.roles.of.items():
            if role.step == step and role.kind in (GRADIENT, HELPER, UPDATE, CHANGE):
                for part in values.statements[position].formulas:
                    formula = values.in_pass(part.formula, step)
                    for name in set(formula.names()).intersection(targets) - {role.name}:
                        self.uses[name].append(Use(role, formula))
        model = values.model
        reached = values._used_now.difference(values._losses(step))
        self.quantities = [name for name in [*model.formulas][::-1] + [*model.given] if name in reached]

    def choose(self) -> None:
        """Choose the meaning of every helper; where lines contradict that, try both signs for all."""
        best = self._chosen(None)
        if best[0]:
            best = min([self._chosen(1), best, self._chosen(-1)], key=lambda each: each[0])
        self.chosen = best[1]

    def _chosen(self, sign):
        """(how much the lines contradict it, {name: Meaning}), chosen again until nothing changes."""
        self.sign, self.chosen, self.worth = sign, {}, {}
        for _ in range(3):
            before = dict(self.chosen)
            for name in self.targets:
                self.chosen[name] = self._likeliest(name)
                self.worth.pop(name, None)
                worth = self._worth_of(name)
                if worth is not None:
                    self.worth[name] = worth
            if self.chosen == before:
                break
        return self._contradicted(), self.chosen

    def _contradicted(self):
        """How much all lines together contradict what is chosen."""
        found, uses = 0, {}
        turned = [name for name, each in self.chosen.items() if each is not None and each.factor < 0]
        found += NAMED * any(self.targets[name] is not None for name in turned)
        for name, meaning in self.chosen.items():
            if meaning is None or name not in self.worth:
                found += UNKNOWN * (self.targets[name] is not None or is_delta(name))
            else:
                found += self._against_definition(name, self.worth[name], meaning.factor)
                found += NAMED * (meaning.factor < 0 and _is_whole_gradient(name))
                uses |= {id(use.formula): (name, use) for use in self.uses[name] if use.role.kind != HELPER}
        against = [self._against_use(use, name, self.worth[name], 1) for name, use in uses.values()]
        return found + sum(each for each in against if each is not None)

    def _number(self, name):
        """The number printed for a helper without a formula."""
        if self.own[name]:
            return None
        statements = [self.of.statements[position] for position in self.of._positions(name)]
        return next((each.number.printed for each in statements if each.number is not None), None)

    def _worth_of(self, name):
        meaning = self.chosen[name]
        if meaning is not None:
            return times(meaning.factor, self.of._derivative(meaning.target))
        return self.of._worth(self.own[name][0], self.worth) if self.own[name] else None

    def _likeliest(self, name):
        target = self.targets[name]
        if self._is_of_parameter(name):
            return self._undone(name) or Meaning(target, self.of._parameter_factor, "its name")
        found = list(dict.fromkeys(self._candidates(name)))
        weighed = [(self._against(name, each), each) for each in found]
        weighed = [(against, each) for against, each in weighed if against is not None]
        is_beside = not any(self._is_gradient(use.role) for use in self.uses[name])
        if target is None and is_beside and not is_delta(name):
            return None
        if weighed:
            return min(weighed, key=lambda each: each[0])[1]
        multiples = {each.target for each in found if each.factor > 0}  # a gradient has its own size
        if not multiples and _is_nabla(name):
            size = self._size(name)
            multiples = {
                each
                for each in self.quantities
                if self.of._is_parameter(each) and self._size_of(each) == size
            }
        whole = _is_whole_gradient(name) and len(multiples) == 1
        return Meaning(*multiples, Fraction(1), "") if whole else None

    # What it may be

    def _candidates(self, name):
        target = self.targets[name]
        size = self._size(name)
        fitting = [each for each in self.quantities if size in (None, self._size_of(each))]
        targets = fitting or self.quantities if target is None else [target, *self._inside(name)]
        for formula in self.own[name]:
            worth = self.of._worth(formula, self.worth)
            for each in targets if worth is not None else ():
                slope = self.of._derivative(each)
                both_zero = are_zero(worth) and are_zero(slope)
                factor = Fraction(1) if both_zero else constant_factor(worth, slope)
                yield from [] if factor is None else [Meaning(each, factor, "")]
        for use in self.uses[name]:
            for each in targets:
                yield from (Meaning(each, factor, "") for factor in self._wanted(use, name, each))
        yield from self._by_number(name, targets)
        if target is not None:
            yield Meaning(target, self._family() or Fraction(1), "")
        elif self.own[name] and is_delta(name):
            yield from self._by_sibling(name)

    def _inside(self, name):
        """What the quantity in the name of a helper is the activation of, if no other helper is by that."""
        formula = self.of.model.formulas.get(self.targets[name])
        inner = formula.arguments[-1] if isinstance(formula, Call) and formula.arguments else None
        is_free = isinstance(inner, Name) and inner.name not in self.targets.values()
        return [inner.name] if is_free and inner.name in self.quantities else []

    def _size(self, name):
        worths = [self.of._worth(formula, self.worth) for formula in self.own[name]]
        values = [worth[0] for worth in worths if worth is not None] or [self.numbers[name]]
        return None if values[0] is None else arrays.size(values[0])

    def _size_of(self, quantity):
        return prod(self.of.model.shape(quantity))

    def _wanted(self, use, name, target):
        """The factors c for which c·∂L/∂target makes a line exact that uses a helper."""
        slope, truth = self.of._derivative(target), self._truth(use.role)
        others = self._others(use.formula, name)
        if slope is None or truth is None or others is None:
            return
        one, two = (
            self._in(use, name, times(factor, slope), {each: times(factor, it) for each, it in others})
            for factor in (1, 2)
        )
        along = None if one is None or two is None else difference(two, one)
        if along is None or are_zero(along):
            return
        if use.role.kind in (UPDATE, CHANGE):
            yield from (Fraction(1), Fraction(-1))
            return
        ratio = constant_factor(difference(truth, difference(one, along)), along)
        if ratio is not None:
            yield ratio

    def _others(self, formula, name):
        """(helper, what it is most likely worth) of those in a formula that are not chosen yet."""
        names = [each for each in formula.names() if each in self.targets and each not in {name, *self.worth}]
        guessed = [(each, self._guessed(each)) for each in dict.fromkeys(names)]
        return None if any(worth is None for _, worth in guessed) else guessed

    def _guessed(self, name):
        """What a helper is worth if it is the derivative by the quantity of its index."""
        same = [each for each in self.quantities if alike(name, each)]
        firsts = [each for each in same if isinstance(self.of.model.formulas.get(each), (Sum, Product))]
        found = self.targets[name] or next(iter(firsts or same), None)
        if found is None:
            near = [each.target for each in self._by_number(name, self.quantities)]
            found = near[0] if len(near) == 1 else None
        return None if found is None else self.of._derivative(found)

    def _by_number(self, name, targets):
        """The meanings of a bare number that are plain from its size."""
        printed = self.numbers[name]
        if printed is None:
            return []
        factors = [Fraction(sign * count) for count in (1, *self.of._counts) for sign in (1, -1)]
        found = [
            Meaning(each, factor, "")
            for each in targets
            for factor in factors
            if is_near(printed, times(factor, self.of._derivative(each)), exactly=not self.uses[name])
        ]
        if self.uses[name] or self.targets[name] is not None:
            return found
        found = [each for each in found if alike(name, each.target)] or found
        return found if len({each.target for each in found}) == 1 else []

    def _by_sibling(self, name):
        """δ1 is by z1 if δ2 is by z2."""
        for other, meaning in self.chosen.items():
            if other != name and meaning is not None and alike(other, meaning.target):
                stem = meaning.target[: len(meaning.target) - len(index_of(meaning.target))]
                if stem + index_of(name) in self.quantities:
                    yield Meaning(stem + index_of(name), meaning.factor, "")

    # What speaks against it

    def _against(self, name, meaning):
        """How much the lines of a helper and its looks speak against a meaning; None if it cannot be."""
        value = times(meaning.factor, self.of._derivative(meaning.target))
        if value is None:
            return None
        if (self.sign is not None and meaning.factor * self.sign < 0) or (
            meaning.factor < 0 and _is_nabla(name)
        ):
            return None
        found = self._against_definition(name, value, meaning.factor)
        against = [(use, self._against_use(use, name, value, meaning.factor)) for use in self.uses[name]]
        found += sum(each for _, each in against if each is not None)
        exact = [use for use, each in against if each == 0 and self._is_gradient(use.role)]
        size, family = abs(meaning.factor), self._family(name)
        if size != 1 and _is_whole_gradient(name) and not self._is_undone(name, value):
            return None
        if size in self.of._counts or size == abs(family or 1):
            found += OF_SAMPLES * (size != 1)
        elif exact or self._is_step(meaning, against):
            found += UNUSUAL
        else:
            return None
        if self.targets[name] not in (None, meaning.target):
            others = [(self.targets[each], it) for each, it in self.chosen.items() if it and each != name]
            found += NAMED * all(named in (None, it.target) for named, it in others)
        is_named = _is_whole_gradient(name) or self.targets[name] is not None
        found += NAMED * (meaning.factor < 0 and is_named)
        if self.targets[name] is None:
            found += PARAMETER * self.of._is_parameter(meaning.target)
            found += INDEX * (not alike(name, meaning.target))
        return found + FAMILY * (family not in (None, meaning.factor))

    def _is_gradient(self, role):
        """Whether a line must be exact: a derivative, or a gradient by a parameter."""
        return role.kind == GRADIENT or (role.kind == HELPER and self._is_of_parameter(role.name))

    def _is_of_parameter(self, name):
        target = self.targets.get(name)
        return target is not None and self.of._is_parameter(target)

    def _against_definition(self, name, value, factor):
        found = sum(self._against_own(name, formula, value, factor) for formula in self.own[name])
        return found + OWN * (self.numbers[name] is not None and not is_near(self.numbers[name], value))

    def _against_own(self, name, formula, value, factor):
        worth = self.of._worth(formula, self.worth)
        if worth is None or (are_zero(worth) and are_zero(value)):
            return 0
        ratio = constant_factor(worth, value)
        plain = formula.inner if isinstance(formula, Negative) else formula
        is_explicit = isinstance(plain, Name) and split_partial(plain.name) is not None
        is_whole = ratio == factor == -1  # its own formula gives the derivative with its sign
        return 0 if ratio == 1 else EXPLICIT if is_explicit else WHOLE if is_whole else OWN

    def _against_use(self, use, name, value, factor):
        """How much a line that uses a helper speaks against its value; None where it says nothing."""
        truth, others = self._truth(use.role), self._others(use.formula, name)
        if truth is None or others is None or are_zero(truth):
            return None
        extra = {each: times(factor, worth) for each, worth in others}
        if not all(
            each in self.of.model or each in self.worth or each in extra or each == name
            for each in use.formula.names()
        ):
            return None
        worth = self._in(use, name, value, extra)
        if worth is None:
            return OTHER
        if self._in(use, name, times(2, value), extra) == worth:
            return None
        return self._judged(use, worth, truth)

    def _family(self, name=None):
        """The factor that all the other helpers have, those of parameters left out; or None."""
        others = {**self.of.settled, **self.chosen, name: None}.values()
        known = [each for each in others if each is not None and not self.of._is_parameter(each.target)]
        factors = {each.factor for each in known}
        return next(iter(factors)) if len(factors) == 1 else None

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

    def _undone(self, name):
        """What a gradient by a parameter is that its updates undo: dw = -eta ∂L/∂w of w + dw, or None."""
        slope, uses = self.of._derivative(self.targets[name]), self.uses[name]
        for formula in self.own[name] if uses and all(use.role.kind == UPDATE for use in uses) else ():
            factor = constant_ratio(self.of._worth(formula, self.worth), slope)
            if factor is None:
                continue
            rates = [constant_ratio(self._in(use, name, times(factor, slope), {}), slope) for use in uses]
            if any(rate is None or rate > 0 for rate in rates):
                continue
            meaning = Meaning(self.targets[name], as_fraction(factor) or factor, "")
            is_whole = all(isclose(rate, -abs(factor), rel_tol=SAME) for rate in rates)
            if factor == -1 or (is_whole and self._is_step(meaning, [(use, 0) for use in uses])):
                return meaning
        return None

    def _is_step(self, meaning, against):
        """Whether a helper is a whole step, -eta times a derivative, as its update wants it."""
        given = self.of.model.given
        rates = [given[name] for name in RATES if name in given and not isinstance(given[name], Array)]
        is_rate = any(isclose(float(rate), abs(meaning.factor), rel_tol=SAME) for rate in rates)
        return is_rate and any(each == 0 and use.role.kind == UPDATE for use, each in against)


def _is_whole_gradient(name):
    """Whether a helper is called the gradient itself, as `grad = X^T (h - y)/m`, which has one size."""
    return name.partition("@")[0] in ("g", "grad", "gradient") or _is_nabla(name)


def _is_nabla(name):
    """Whether a helper is written as a gradient of the loss, ∇L, which has a sign of its own."""
    return name.startswith("grad_")
