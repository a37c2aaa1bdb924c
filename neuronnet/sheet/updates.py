"""Updates of a sheet: the next value of a parameter, by its author's own rule if that steps downhill."""

from __future__ import annotations

from math import isclose

from neuronnet.formulas.arrays import entries, is_square
from neuronnet.formulas.expressions import Inverse, Name, Negative, Number, Product, Sum
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, without_factor
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.formula_values import (
    SAME,
    FormulaValues,
    constant_ratio,
    difference,
    minus,
    rough_ratio,
    times,
)
from neuronnet.sheet.roles import RATES, UPDATE


class Updates(FormulaValues):
    """Settles what the updates of a sheet are: steps down a gradient, velocities, changes."""

    def _update(self, role, statement, only_if_right):
        """Define the next value of a parameter: by the author's formula if it steps down the gradient."""
        old, name = role.target, role.name
        if self._is_beside(role, statement) or self._is_made_anew(old, statement):
            self._keep_own(name, role.step, statement.formulas[0].formula)
            return
        base, is_chained, _ = old.partition("~")
        by = after(base, role.step) if is_chained else old
        slope_by = self._slope_by(statement, by)
        slope_by = Negative(slope_by) if self._ascends else slope_by
        slope = self._worth(slope_by, {}) if old in self.model and by in self.model else None
        if slope is None or not (by in self._reached or any(map(any, map(entries, slope)))):
            self.undecided[name] = f"no line of this sheet connects {by} with {self.roles.loss}"
            return
        before = self._worth(Name(old), {})
        for part in statement.formulas:
            formula = self.in_pass(part.formula, role.step)
            later = self._worth(formula, {})
            steps = None if later is None else [minus(new, value) for new, value in zip(later, before)]
            rate = constant_ratio(steps, slope)
            own_rule = self._has_a_rule_of_its_own(formula, old)
            is_named = not {*slope_by.names()}.isdisjoint(self._written_out(formula).names())
            turns = own_rule and self._steps_uphill(formula, slope_by.names(), slope)
            if own_rule and (turns if rate is None or is_named else rate > 0):
                self._define(name, Sum([(2, Name(old)), (-1, formula)]))
                return
            is_step = rate is not None and rate < 0 and not self._lacks_the_rate(formula, rate)
            if (is_step and not self._is_scaled(formula, rate)) or own_rule:
                self._define(name, self._ruled(name, role.step, part.formula))
                if rate is not None:
                    self.rate = self.rate or self._rate_in(formula) or _literal_rate(formula, rate)
                return
            if not only_if_right:
                self.rate = self.rate or self._rate_in(formula)
        if only_if_right:
            return
        rate = self._rate(statement, old)
        if rate is None:
            self.undecided[name] = "the learning rate is not known; write eta = 0.5, say"
            return
        factor = Number(int(self._parameter_factor))  # of gradients of the sum, which updates use
        step = rate * slope_by if self._parameter_factor <= 1 else rate * (factor * slope_by)
        self._define(name, Sum([(1, Name(old)), (-1, step)]))

    def _goes_up(self, updates):
        """Whether more updates go up along the derivative than down, as they do to a maximum."""
        ratios = []
        for _, role, statement in updates:
            before = self._worth(Name(role.target), {}) if role.target in self.model else None
            for part in statement.formulas if before is not None else ():
                later = self._worth(self.in_pass(part.formula, role.step), {})
                ratios.append(constant_ratio(difference(later, before), self._derivative(role.target)) or 0)
            for part in statement.arithmetic if before is not None else ():
                step = minus(self.model.value(part.formula), self.model.value(Name(role.target)))
                slope = self.model.value(Name(partial_name(self._loss_of(role.target), role.target)))
                ratios.append(rough_ratio(step, slope) or 0)
        return sum(ratio > 0 for ratio in ratios) > sum(ratio < 0 for ratio in ratios)

    def _is_made_anew(self, old, statement):
        """Whether this is the first of its kind and no step from a value before, as an m̂ after an update."""
        formulas = [part.formula.names() for part in statement.formulas]
        return old not in self.model and bool(formulas) and not any(old in each for each in formulas)

    def _slope_by(self, statement, old):
        """The derivative that an update goes against: of the loss, or of all that it names."""
        written = [self._written_out(part.formula) for part in statement.formulas]
        used = [split_partial(name) for formula in written for name in formula.names()]
        firsts = [each for each in used if each is not None and "_by_" not in each[0]]
        losses = dict.fromkeys(above for above, below in firsts if below == old)
        others = {each for each in losses if each in self.model} - self.model.uses(self.roles.loss)
        names = [partial_name(each, old) for each in (losses if others else [self._loss_of(old)])]
        slopes = [Name(self.slopes.get(each, each)) for each in names]
        return slopes[0] if len(slopes) == 1 else Sum([(1, each) for each in slopes])

    def _lacks_the_rate(self, formula, rate):
        """Whether a step is the gradient itself, where a learning rate is given."""
        known = [float(self.model.given[each]) for each in RATES[:5] if each in self.model.given]
        return bool(known) and isclose(rate, -1, rel_tol=SAME) and not any(each == 1 for each in known)

    def _is_scaled(self, formula, rate):
        """Whether a gradient that is written out beside its named rate is not as large as it should be."""
        named = [name for name in formula.names() if name in RATES[:5] and name in self.model.given]
        if len(named) != 1 or any(split_partial(name) or name in self.settled for name in formula.names()):
            return False
        ratio = -rate / float(self.model.given[named[0]])
        return not any(
            isclose(ratio, each, rel_tol=SAME) for count in {1, *self._counts} for each in (count, 1 / count)
        )

    def _steps_uphill(self, formula, derivatives, slope):
        """Whether an update of its author's own rule goes up where some derivatives turn around.

        The inverse of a Hessian is left out: Newton's step goes to a maximum as well.
        """
        plain = without_factor(formula, lambda operator, factor: isinstance(factor, Inverse))
        whole = self._written_out(plain or formula)
        one, other = self._worth(whole, {}), self._worth(self._turned(whole, derivatives), {})
        if one is None or other is None:
            return False
        along = [
            (new - turned) * up
            for each in zip(one, other, slope)
            for new, turned, up in zip(*map(entries, each))
        ]
        return all(each >= 0 for each in along) and any(along)

    def _added_uphill(self, role, formula):
        """The derivative that a velocity goes up along, if an update of its pass adds it: w = w + v."""
        for position, other in self.roles.of.items():
            if other.kind == UPDATE and other.step == role.step and other.target in self.model:
                old, slope = other.target, self._derivative(other.target)
                slope = times(-1, slope) if self._ascends else slope
                sums = [(1, Name(old)), (1, Name(role.name))]
                added = [self.in_pass(part.formula, role.step) for part in self.statements[position].formulas]
                is_added = any(each.format() == Sum(sums).format() for each in added)
                by = partial_name(self._loss_of(old), old)
                if slope is not None and is_added and self._steps_uphill(Name(old) + formula, [by], slope):
                    return by
        return None

    def _turned(self, formula, derivatives):
        """A formula with the opposite of some derivatives."""
        names = {*derivatives, *(self.slopes.get(each, each) for each in derivatives)}
        return mapped(formula, lambda leaf: Negative(leaf) if getattr(leaf, "name", None) in names else leaf)

    def _written_out(self, formula, depth=0):
        """A formula with the values beside in it, as the moments of Adam, written out."""

        def instead(leaf):
            own = self.model.formulas.get(getattr(leaf, "name", None))
            is_beside = own is not None and leaf.name not in self._reached and depth < 20
            return self._written_out(own, depth + 1) if is_beside else leaf

        return mapped(formula, instead)

    def _keep_state(self, role, statement):
        """A velocity or moment: given, but not learnt. Its own formula defines it; later lines use it."""
        written = statement.formulas[0].formula
        formula = self.in_pass(written, role.step)
        by = self._added_uphill(role, formula)
        if by is not None:
            self.roles.definitions[role.name] = self._turned(self._written_out(formula), [by])
            self._define(role.name, self.roles.definitions[role.name])
        else:
            self._keep_own(role.name, role.step, written)

    def _is_beside(self, role, statement):
        """Whether code changes a weight by no gradient, as a decay, that another line changes as well."""
        names = {name for part in statement.formulas for name in part.used} - {role.target}
        others = [each for each in self.roles.of.values() if "~" in f"{each.name}{each.target}"]
        known = self.model.given.keys() - self._reached
        return role in others and bool(statement.formulas) and names <= known

    def _has_a_rule_of_its_own(self, formula, old):
        """Whether an update uses more than the parameter, its gradient and numbers: momentum, Adam."""
        used = {name for name in formula.names() if name in self.model.given and name != old}
        others = used - self._reached
        inverted = (node.names() for node, *_ in nodes(formula) if isinstance(node, Inverse))
        turns = any(map(split_partial, set().union(*inverted)))
        if len(others) > 1 or turns or any(is_square(self.model.shape(name)) for name in others):
            return True  # a rate, and what weighs another term; or a matrix that turns the gradient
        beside = [
            name for name in formula.names() if name in self.model.formulas and name not in self.settled
        ]
        return any(name not in self.model.uses(self._loss_of(old)) and name != old for name in beside)

    def _rate_in(self, formula):
        """The learning rate in the formula of an update: a given number that the loss does not use."""
        reached = self.model.uses(self.roles.loss)
        given = [name for name in formula.names() if name in self.model.given and name not in reached]
        return Name(given[0]) if given else None

    def _rate(self, statement, old):
        if self.rate is not None:
            return self.rate
        reached = self.model.uses(self.roles.loss)
        known = [name for name in RATES if name in self.model.given and name not in reached]
        if known:
            return Name(known[0])
        return self._rate_among_literals(statement, old)

    def _rate_among_literals(self, statement, old):
        """The literal in the numbers of an update that is about the step divided by the gradient."""
        (value, *_), (slope, *_) = self._worth(Name(old), {}), self._derivative(old)
        for part in [*statement.arithmetic, *statement.formulas]:
            worth = self._worth(part.formula, {})
            ratio = None if worth is None else rough_ratio(minus(worth[0], value), slope)
            literals = [leaf for leaf in leaves_of(part.formula) if isinstance(leaf, Number)]
            near = [
                each for each in literals if ratio and isclose(float(each.value), abs(ratio), rel_tol=0.2)
            ]
            near.sort(key=lambda each: abs(float(each.value) - abs(ratio)))
            near = near or _leading(part.formula)
            if near:
                self.notes.append(f"the learning rate is {near[0]} (line {statement.line})")
                self.rate = Number(near[0].value)
                return self.rate
        return None

    def _rate_known(self):
        reached = self.model.uses(self.roles.loss)
        known = [name for name in RATES if name in self.model.given and name not in reached]
        return self.rate or (Name(known[0]) if known else None)

    def _change(self, role):
        """Δw is what an update adds to w."""
        old = self.assignment.latest(role.target, role.step)
        base, _, count = old.partition("@")
        later = f"{base}@{int(count or 0) + 1}"
        difference = Sum([(1, Name(later)), (-1, Name(old))]) if later in self.model else None
        loss = self._loss_of(old)
        if difference is None and old in self.model and old not in self.model.uses(loss):
            self.undecided[role.name] = f"no line of this sheet connects {old} with {self.roles.loss}"
            return
        step = None
        if old in self.model and self._rate_known() is not None:
            slope = Name(partial_name(loss, old))
            step = Negative(self._rate_known() * slope)
            summed = Negative(self._rate_known() * (Number(int(self._parameter_factor)) * slope))
            own = self._own_formulas(role.name, role.step)
            if self._parameter_factor > 1 and (not own or any(self._are_equal(each, summed) for each in own)):
                step = summed  # with gradients of the sum over the samples
        if step is not None and (difference is None or self._are_equal(step, difference)):
            self._define(role.name, step)
        elif difference is not None:
            self._define(role.name, difference)
        else:
            self.undecided[role.name] = "the learning rate is not known; write eta = 0.5, say"


def _leading(formula):
    """The number that the step of an update begins with: 0.1 of w - 0.1*(...)."""
    terms = formula.terms[1:] if isinstance(formula, Sum) else []
    products = [term for _, term in terms if isinstance(term, Product)]
    return [each.factors[0][1] for each in products if isinstance(each.factors[0][1], Number)]


def _literal_rate(formula, rate):
    """The number in the formula of an update that is its learning rate, or None."""
    literals = [leaf for leaf in leaves_of(formula) if isinstance(leaf, Number)]
    return next((Number(each.value) for each in literals if isclose(float(each.value), -rate)), None)
