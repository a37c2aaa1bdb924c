"""What an author's own names for derivatives mean: which derivative, with which sign or factor.

`δ2 = ŷ - y` is c·∂L/∂z2 for one constant c. What it is follows from an explicit `= ∂L/∂z2`, then from what it
is used for, then from its formula. Once settled, later lines use the true value.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose, prod
from random import Random
from typing import NamedTuple

from neuronnet.derivation.digits import Printed
from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, as_vector_shape
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Product, Sum
from neuronnet.formulas.functions import Call
from neuronnet.formulas.notation import gradient_of, split_derivative
from neuronnet.formulas.rewriting import leaves_of, nodes, with_names
from neuronnet.names import after as after_update
from neuronnet.names import partial_name
from neuronnet.sheet.roles import CHANGE, GRADIENT, HELPER, MODEL, SEED, UPDATE, Roles, is_delta, texts

SAME = 1e-9  # relative: two floats of one value, computed in another order
NOTHING = 1e-13
DRAWS = 2
NEAR = 0.05  # relative: so near is a printed number to another that it rounds
UPDATED = "its update"
CONSTANTS = [Fraction(1), Fraction(-1)]
RATES = ("eta", "lr", "alpha", "learning_rate", "rate", "epsilon", "gamma", "step", "lambda")


class Meaning(NamedTuple):
    """A derivative: `factor` times dL/d`target`; `because` says how that was found out."""

    target: str
    factor: Fraction | float
    because: str


class Meanings:
    """Settles what helpers, gradients and updates of a sheet are, and defines them in its model."""

    def __init__(self, roles: Roles, assignment, statements: list, known):
        self.roles, self.assignment, self.statements, self.known = roles, assignment, statements, known
        self.model = roles.model
        self.settled: dict[str, Meaning] = {}
        self.notes: list[str] = []
        self.undecided: dict[str, str] = {}
        self.rate: Expression | None = None
        self._draws: list = []
        self._parameter_factor = Fraction(1)
        self._reached: set[str] = set()
        self._loss_now: str | None = None
        self._states: dict[str, str] = {}
        self._counts: set[int] = set()

    def settle(self) -> None:
        """Place and settle pass after pass; what cannot be settled is in `undecided`."""
        for step in range(self.roles.steps + 1):
            self.assignment.place(self.roles, step)
            if step == 0 and self.roles.loss is None:
                self._seed()
            if self.roles.loss is None or self.roles.loss not in self.model:
                continue
            if as_vector_shape(self.model.shape(self.roles.loss)):
                self.notes.append(
                    f"{self.roles.loss} is an array; a loss is a single number, such as its sum"
                )
                continue
            self._draws = [self._drawn(seed) for seed in range(DRAWS)]
            self._loss_now = self.assignment.latest(self.roles.loss, step)
            self._reached = self.model.uses(self.roles.loss)
            if step == 0:
                self._parameter_factor = self._factor_of_gradients()
            for name in self._helper_names(step):
                self._settle_helper(name, step)
            changes = [role for role in self.roles.of.values() if role.kind == CHANGE and role.step == step]
            for role in changes:
                if str(role.name) not in self.model and self._rate_known() is not None:
                    self._change(role)
            updates = [
                (role.name, role, self.statements[position])
                for position, role in self.roles.of.items()
                if role.kind == UPDATE and role.step == step and role.name is not None
            ]
            for settles in (True, False):  # first those whose formula shows the learning rate
                for name, role, statement in updates:
                    if name not in self.model:
                        self.model.constants.add(name)
                        self._update(role, statement, settles)
            for role in changes:
                if str(role.name) not in self.model:
                    self._change(role)

    def _settle_helper(self, name, step):
        target = self._named_target(name, step)
        if target is not None and target not in self.model.uses(self._loss_of(target)):
            self.undecided[name] = f"no line of this sheet connects {target} with {self.roles.loss}"
            return None
        meaning = self._meaning(name, step)
        if meaning is not None:
            return self._keep(name, meaning)
        formulas = self._own_formulas(name, step)
        if is_delta(name) or self._named_target(name, step) is not None or not formulas:
            reason = f"which derivative {name} is does not follow from this sheet; write let {name} = ∂L/∂z"
            self.undecided[name] = reason
            return None
        try:  # a value beside: a moment of Adam, an accuracy
            self.roles.definitions[name] = self.model.define(name, formulas[0])
        except NeuronnetError as error:
            self.undecided[name] = str(error)
        for position in self._positions(name)[:1]:
            self.roles.of[position].kind = MODEL
        return None

    # A sheet without a loss

    def _seed(self):
        """Take the first derivative of a sheet without a loss as given: the loss is then Σ seed·quantity."""
        for position, role in self.roles.of.items():
            statement = self.statements[position]
            target = self._seeded(role)
            if target is None or target not in self.model:
                continue
            formula = next((part.formula for part in statement.formulas), None)
            try:
                if formula is not None and all(name in self.model for name in formula.names()):
                    self.model.define("seed", formula)
                elif statement.number is not None:
                    self.model.give("seed", texts(statement.number.printed))
                else:
                    continue
                loss = (split_derivative(role.name) or ("loss",))[0] if role.kind == GRADIENT else "loss"
                total = Product([("*", Call("constant", [Name("seed")])), ("⊙", Name(target))])
                self.model.define(loss, Call("sum", [total]))
            except NeuronnetError:
                continue
            self.roles.loss, role.kind = loss, SEED
            if split_derivative(role.name) is None:
                self._keep(role.name, Meaning(target, Fraction(1), "the seed"))
            return

    def _seeded(self, role):
        if role.kind == GRADIENT:
            numerator, denominator = split_derivative(role.name)
            return denominator if numerator not in self.model else None
        if role.kind == HELPER and role.target is not None and role.target not in self.model.given:
            return role.target
        if role.kind == HELPER and is_delta(role.name) and not role.name.lower().startswith("err"):
            names = [*self.model.formulas][::-1]
            return next((name for name in names if self._alike(role.name, name)), None)
        return None

    # Updates

    def _update(self, role, statement, only_if_right):
        """Define the next value of a parameter: by the author's formula if it steps down the gradient."""
        old, name = role.target, role.name
        if old in self.model.given and old not in self._reached and statement.formulas:
            self._keep_state(role, statement)
            return
        slope = self._derivative(old) if old in self.model else None
        if slope is None:
            self.undecided[name] = f"no line of this sheet connects {old} with {self.roles.loss}"
            return
        before = self._worth(Name(old), {})
        for part in statement.formulas:
            part.formula = self._with_states(part.formula, old)
            formula = self.in_pass(part.formula, role.step)
            after = self._worth(formula, {})
            steps = None if after is None else [_minus(new, value) for new, value in zip(after, before)]
            rate = _constant(steps, slope)
            if (rate is not None and rate < 0) or self._has_a_rule_of_its_own(formula, old):
                self._define(name, formula)
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
        slope_by = Name(partial_name(self._loss_of(old), old))
        step = rate * slope_by if self._parameter_factor <= 1 else rate * (factor * slope_by)
        self._define(name, Sum([(1, Name(old)), (-1, step)]))

    def _keep_state(self, role, statement):
        """A velocity or moment: given, but not learnt. Its own formula defines it; later lines use it."""
        formula = self._with_states(self.in_pass(statement.formulas[0].formula, role.step), role.target)
        self._define(role.name, formula)
        self._states[role.target] = role.name
        for position in self._positions(role.name):
            self.roles.of[position].kind = MODEL
            self.roles.definitions[role.name] = formula

    def _with_states(self, formula, old):
        return with_names(formula, lambda name: self._states.get(name, name) if name != old else name)

    def _define(self, name, formula):
        try:
            self.model.define(name, formula)
        except NeuronnetError as error:
            self.undecided[name] = str(error)

    def _has_a_rule_of_its_own(self, formula, old):
        """Whether an update uses more than the parameter, its gradient and numbers: momentum, Adam."""
        given = [name for name in formula.names() if name in self.model.given and name != old]
        if len(set(given) - self._reached) > 1:  # a rate, and what weighs another term
            return True
        beside = [name for name in formula.names() if name in self.roles.definitions]
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
            ratio = None if worth is None else _rough(_minus(worth[0], value), slope)
            literals = [leaf for leaf in leaves_of(part.formula) if isinstance(leaf, Number)]
            near = [
                each for each in literals if ratio and isclose(float(each.value), abs(ratio), rel_tol=0.2)
            ]
            near = near or _leading(part.formula)
            if near:
                self.notes.append(f"the learning rate is {near[0]} (line {statement.line})")
                self.rate = Number(near[0].value)
                return self.rate
        return None

    def _change(self, role):
        """Δw is what an update adds to w."""
        old = self.assignment.latest(role.target, role.step)
        base, _, count = old.partition("@")
        later = f"{base}@{int(count or 0) + 1}"
        difference = Sum([(1, Name(later)), (-1, Name(old))]) if later in self.model else None
        step = None
        if old in self.model and self._rate_known() is not None:
            slope = Name(partial_name(self._loss_of(old), old))
            step = Negative(self._rate_known() * slope)
        if step is not None and (difference is None or self._are_equal(step, difference)):
            self._define(role.name, step)
        elif difference is not None:
            self._define(role.name, difference)
        else:
            self.undecided[role.name] = "the learning rate is not known; write eta = 0.5, say"

    def _are_equal(self, one, other):
        ratio = _constant(self._worth(one, {}), self._worth(other, {}))
        return ratio is not None and isclose(ratio, 1, rel_tol=SAME)

    def _rate_known(self):
        reached = self.model.uses(self.roles.loss)
        known = [name for name in RATES if name in self.model.given and name not in reached]
        return self.rate or (Name(known[0]) if known else None)

    # Values to try formulas with

    def _drawn(self, seed):
        """The values of the model in floats, at the sheet's numbers and at others near them."""
        if seed == 0:
            return self.model.values(float)
        random, reached = Random(seed), self.model.uses(self.roles.loss)
        late = self.model.formulas[self.roles.loss].names()
        given = {
            name: _near(value, random)
            for name, value in self.model.given.items()
            if name in reached and not _is_pinned(value, name in late)
        }
        return self.model.values(float, given=given)

    def _worth(self, formula: Expression, extra: dict) -> list | None:
        """The entries of a formula at every draw, the names in `extra` replaced; None where it has none."""
        found: list = []
        for draw in self._draws:
            values = _Overlay(draw, {name: each[len(found)] for name, each in extra.items()})
            try:
                value = formula.evaluator(float)(values)
            except (NeuronnetError, ArithmeticError, ValueError, TypeError):
                return None
            found.append(value)
        return found

    def _derivative(self, target):
        """dL/dtarget at every draw, or None."""
        return self._worth(Name(partial_name(self._loss_of(target), target)), {})

    def _loss_of(self, target):
        base, _, count = target.partition("@")
        own = f"{self.roles.loss}@{count}" if count else self.roles.loss
        return own if own in self.model else self.roles.loss

    # Helpers

    def _helper_names(self, step):
        """The names of helpers of a pass in the order of the text, those that need another after it."""
        names = []
        for role in self.roles.of.values():
            if role.kind == HELPER and role.step == step:
                if role.name not in names and role.name not in self.model:
                    names.append(role.name)
        own = {name: self._own_formulas(name, step) for name in names}
        ordered, waiting = [], list(names)
        while waiting:
            ready = [
                name
                for name in waiting
                if not any(
                    each != name and each in waiting for formula in own[name] for each in formula.names()
                )
            ]
            ready = ready[:1] or waiting[:1]
            ordered += ready
            waiting = [name for name in waiting if name not in ready]
        return ordered

    def _positions(self, name):
        return [position for position, role in self.roles.of.items() if role.name == name]

    def _own_formulas(self, name, step=0):
        return [
            self.in_pass(part.formula, step)
            for position in self._positions(name)
            for part in self.statements[position].formulas
        ]

    def in_pass(self, formula, step):
        """A formula of the sheet in the names of its pass, those of helpers included."""
        if not step:
            return formula
        helpers = {role.name for role in self.roles.of.values() if role.kind in (HELPER, CHANGE)}

        def renamed(name):
            later = after_update(name, step)
            return later if later in helpers else self.assignment.latest(name, step)

        return with_names(formula, renamed)

    def _meaning(self, name, step):
        explicit = self._explicit(name, step)
        if explicit is not None:
            return explicit
        target = self._named_target(name, step)
        own = self._by_formula(name, target, step)
        if target is not None and self._is_parameter(target):
            if own and own[0].factor == self._parameter_factor:
                return own[0]
            return Meaning(target, self._parameter_factor, "its name")
        use = self._by_use(name, target, step)
        if target is None and not is_delta(name):  # an update alone makes nothing a derivative
            use = [meaning for meaning in use if meaning.because != UPDATED or _among(meaning, own)]
        both = [meaning for meaning in own if _among(meaning, use)]
        natural = [meaning for meaning in own if self._is_natural(meaning, target)]
        natural += [meaning for meaning in own if self._is_step(meaning, use)]
        named = [meaning for meaning in natural if self._goes_before_use(meaning, use)]
        for found in (both, named, use, natural):
            if found:
                return found[0]
        if target is not None:
            return self._by_size(name, target) or Meaning(target, Fraction(self._family_sign()), "its name")
        return self._by_number(name) or self._by_index(name)

    def _is_step(self, meaning, use):
        """Whether a helper is a whole step, -eta times a derivative, as its update wants it."""
        wanted = [each for each in use if each.because == UPDATED and each.target == meaning.target]
        rates = [float(self.model.given[name]) for name in RATES if _is_number(self.model.given.get(name))]
        sizes = [rate for rate in rates if isclose(rate, abs(meaning.factor), rel_tol=SAME)]
        return bool(sizes) and any(each.factor * meaning.factor > 0 for each in wanted)

    def _goes_before_use(self, meaning, use):
        """Whether a helper is what its formula says though its uses want another factor.

        Only an update, or a mean over samples, may want one; a sign that gradients want is the helper's.
        """
        return any(
            each.target == meaning.target and (each.because == UPDATED or each.factor * meaning.factor > 0)
            for each in use
        )

    def _is_natural(self, meaning, target):
        """Whether a factor is one that people leave in: a sign, or the number of samples of a mean."""
        if target is not None and meaning.factor < 0 and self._family_sign() > 0:
            return False
        return abs(meaning.factor) == 1 or abs(meaning.factor) in self._counts

    def _explicit(self, name, step):
        for position in self._positions(name):
            for part in self.statements[position].parts[1:]:
                own = self.assignment.latest(part.name, step) if part.name is not None else ""
                parts = split_derivative(own)
                if parts is not None and parts[1] in self.model and parts[0] in self.model:
                    return Meaning(parts[1], Fraction(1), f"line {self.statements[position].line}")
        return None

    def _named_target(self, name, step):
        target = gradient_of(name.partition("@")[0], self.known)
        target = None if target is None else self.assignment.latest(target, step)
        if target is None or target not in self.model or target.partition("@")[0] == self.roles.loss:
            return None
        return target

    def _is_parameter(self, target):
        return target.partition("@")[0] in self.model.given

    def _targets(self, shape):
        """What a helper of a shape may be the derivative by, the later quantities first."""
        reached = self.model.uses(self._loss_now)
        names = [name for name in [*self.model.formulas][::-1] + [*self.model.given] if name in reached]
        return [
            name
            for name in names
            if name != self._loss_now and as_vector_shape(self.model.shape(name)) == as_vector_shape(shape)
        ]

    def _by_formula(self, name, target, step):
        """The Meanings that the formula of a helper is, exactly."""
        found = []
        for formula in self._own_formulas(name, step):
            worth = self._worth(formula, {})
            if worth is None:
                continue
            for each in self._targets(arrays.shape(worth[0])) if target is None else [target]:
                slope = self._derivative(each)
                ratio = Fraction(1) if _are_zero(worth) and _are_zero(slope) else _ratio(worth, slope)
                if ratio is not None and Meaning(each, ratio, "its formula") not in found:
                    found.append(Meaning(each, ratio, "its formula"))
        return sorted(
            found, key=lambda meaning: (abs(meaning.factor) != 1, not self._alike(name, meaning.target))
        )

    def _alike(self, name, target):
        """Whether a helper and a quantity have the same index, as δ2 and z2."""
        ours, theirs = _index(name), _index(target)
        return ours != "" and ours == theirs

    def _by_use(self, name, target, step):
        """The Meanings that make the gradients and updates exact in which a helper is used, most first."""
        uses = [
            (role, self.in_pass(part.formula, role.step))
            for position, role in self.roles.of.items()
            if role.kind in (GRADIENT, HELPER, UPDATE) and role.target is not None and role.name != name
            for part in self.statements[position].formulas
            if role.step == step and self._is_usable(role)
        ]
        uses = [(role, formula) for role, formula in uses if name in formula.names()]
        counts: dict[Meaning, int] = {}
        for role, formula in uses:
            shapes = self._shapes_in(formula, name)
            for each in [target] if target is not None else shapes:
                slope = self._derivative(each)
                if slope is None:
                    continue
                factor = self._factor_in_use(role, formula, name, slope)
                if factor is not None:
                    meaning = Meaning(each, factor, UPDATED if role.kind == UPDATE else "its use")
                    counts[meaning] = counts.get(meaning, 0) + 1
        return sorted(counts, key=lambda each: self._rank(name, each, counts[each]))

    def _rank(self, name, meaning, count):
        """What a helper is most likely: wanted most often, by a computed quantity, of the same index."""
        return -count, self._is_parameter(meaning.target), not self._alike(name, meaning.target)

    def _is_usable(self, role):
        target = role.target
        if role.kind == HELPER and not self._is_parameter(target):
            return False
        return target in self.model

    def _shapes_in(self, formula, name):
        reached = self.model.uses(self._loss_now) - {self.roles.loss}
        return [each for each in [*self.model.formulas][::-1] + [*self.model.given] if each in reached]

    def _factor_in_use(self, role, formula, name, slope):
        """c where c·slope in the place of a helper makes a gradient or update exact; None where none does."""
        truth = self._derivative(role.target)
        extra = {
            each: self._guessed(each) for each in formula.names() if each not in self.model and each != name
        }
        if None in extra.values():
            return None
        worth = self._worth(formula, {name: slope} | extra)
        if worth is None or truth is None or not self._matters(name, formula, slope, extra, worth):
            return None
        if role.kind == UPDATE:
            old = self._worth(Name(role.target), {})
            steps = [_minus(after, before) for after, before in zip(worth, old)]
            ratio = _ratio(steps, truth)
            return None if ratio is None or ratio == 0 else Fraction(-1 if ratio > 0 else 1)
        wanted = self._parameter_factor if role.kind == HELPER else 1
        ratio = _ratio(worth, truth)
        return None if not ratio else _nice(wanted / ratio)

    def _matters(self, name, formula, slope, extra, worth):
        """Whether the value of a helper changes that of a formula; times a state of 0 it does not."""
        doubled = [arrays.mapped(lambda entry: 2 * entry, each) for each in slope]
        return self._worth(formula, {name: doubled} | extra) != worth

    def _guessed(self, helper):
        """What another helper, not settled yet, is most likely worth: the derivative by z of its index."""
        target = self._named_target(helper, 0)
        alike = [each for each in [*self.model.formulas][::-1] if self._alike(helper, each)]
        firsts = [each for each in alike if isinstance(self.model.formulas[each], (Sum, Product))]
        found = target or next(iter(firsts or alike), None)
        return None if found is None else self._derivative(found)

    def _family_sign(self):
        signs = [meaning.factor for meaning in self.settled.values()]
        return -1 if signs and all(sign < 0 for sign in signs) else 1

    def _by_size(self, name, target):
        """The Meaning of a bare number whose factor is plain from its size: that of a sum over samples."""
        numbers = [
            each.printed for position in self._positions(name) for each in self.statements[position].numbers
        ]
        if self._own_formulas(name) or not numbers:
            return None
        exact = arrays.entries(self.model[partial_name(self._loss_of(target), target)])
        pairs = [(entry.value, value) for entry, value in zip(arrays.entries(numbers[0]), exact)]
        printed, value = max(pairs, key=lambda pair: abs(pair[1]))
        factors = [Fraction(sign * count) for count in (1, *self._counts) for sign in (1, -1)]
        near = [each for each in factors if value and isclose(float(printed / value), each, rel_tol=NEAR)]
        return Meaning(target, near[0], "its number") if near else None

    def _by_number(self, name):
        """The Meaning whose value a helper's printed number is, if only one is."""
        numbers = [
            part.printed for position in self._positions(name) for part in self.statements[position].numbers
        ]
        found = []
        for printed in numbers[:1]:
            for each in self._targets(arrays.shape(printed)):
                exact = self.model[partial_name(self._loss_of(each), each)]
                for factor in CONSTANTS:
                    if _agrees(printed, exact, factor):
                        found.append(Meaning(each, factor, "its number"))
        best = [meaning for meaning in found if self._alike(name, meaning.target)] or found
        return best[0] if len(best) == 1 else None

    def _by_index(self, name):
        """The derivative by the quantity of the same index as its siblings': δ1 is by z1 if δ2 is by z2."""
        for other, meaning in self.settled.items():
            if _index(other) and _index(other) == _index(meaning.target):
                stem = meaning.target[: len(meaning.target) - len(_index(meaning.target))]
                target = stem + _index(name)
                if target in self.model and target != meaning.target:
                    return Meaning(target, meaning.factor, f"its sibling {other}")
        return None

    def _factor_of_gradients(self):
        """What all the gradients dW of a sheet are multiplied with: 1, or the number of samples."""
        self._counts = self._samples()
        ratios = []
        for position, role in self.roles.of.items():
            target = role.target
            if role.kind != HELPER or target is None or target not in self.model:
                continue
            if not self._is_parameter(target):
                continue
            ratios.append((role.name, self.statements[position]))
        return self._common_factor(ratios, self._counts)

    def _samples(self):
        """The numbers that the loss is divided by, as a mean over samples is; a half is none."""
        formula, found = self.model.formulas[self.roles.loss], set()
        for node, _, _ in nodes(formula):
            if isinstance(node, Number) and node.value == int(node.value) > 1:
                if node.value > 2 or self._divides_by_two():
                    found.add(int(node.value))
            elif isinstance(node, Name) and node.name in self.model.given:
                value = self.model.given[node.name]
                if not isinstance(value, Array) and float(value) == int(float(value)) > 1:
                    found.add(int(float(value)))
            elif isinstance(node, Call) and node.function == "mean":
                dimensions = self.model.shape_of(node.arguments[0])
                axis = node.options.get("axis")
                found.add(prod(dimensions) if axis is None or len(dimensions) < 2 else dimensions[axis])
        return found

    def _divides_by_two(self):
        """Whether a gradient of the sheet is divided by 2, as a mean over two samples is."""
        formulas = [
            part.formula
            for position, role in self.roles.of.items()
            if role.kind in (GRADIENT, HELPER) and role.target in self.model.given
            for part in self.statements[position].formulas
        ]
        products = [node for formula in formulas for node, *_ in nodes(formula) if isinstance(node, Product)]
        return any(
            sign == "/" and isinstance(each, Number) and each.value == 2
            for product in products
            for sign, each in product.factors
        )

    def _common_factor(self, gradients, counts):
        found = set()
        for name, statement in gradients:
            target = self._named_target(name, 0)
            for part in statement.formulas:
                ratio = _ratio(self._chased(part.formula), self._derivative(target))
                if ratio is not None:  # a wrong or bare one says nothing of the others
                    found.add(ratio)
        if len(found) == 1:
            (ratio,) = found
            if ratio is not None and self._is_mean_of_seed(ratio):
                self.notes.append(f"the gradients are means over {ratio.denominator} samples")
                return ratio
            if ratio is not None and ratio.denominator == 1 and ratio.numerator in counts:
                self.notes.append(
                    f"the gradients dW are of the sum over the samples, {ratio} times ∂{self.roles.loss}/∂W"
                )
                return ratio
        return Fraction(1)

    def _is_mean_of_seed(self, ratio):
        """Whether gradients are means over samples where the first derivative, a seed, is of their sum."""
        sizes = {size for name in self.model.given for size in self.model.shape(name)}
        return "seed" in self.model and ratio.numerator == 1 < ratio.denominator in sizes

    def _chased(self, formula):
        """The worth of a formula, the helpers in it worth their own formulas."""
        extra: dict = {}

        def worth(each, depth=0):
            for name in each.names():
                if name in self.model or name in extra or depth > 20:
                    continue
                own = self._own_formulas(name)
                if own:
                    value = worth(own[0], depth + 1)
                    if value is not None:
                        extra[name] = value
            return self._worth(each, extra)

        return worth(formula)

    def _keep(self, name, meaning):
        self.settled[name] = meaning
        slope: Expression = Name(partial_name(self._loss_of(meaning.target), meaning.target))
        if meaning.factor == -1:
            slope = Negative(slope)
        elif meaning.factor != 1:
            factor = Fraction(meaning.factor).limit_denominator(10**6)
            divided = [] if factor.denominator == 1 else [("/", Number(factor.denominator))]
            slope = Product([("*", Number(factor.numerator)), ("*", slope), *divided])
        self.model.define(name, slope)


class _Overlay(dict):
    """Values with some names replaced."""

    def __init__(self, values, extra):
        super().__init__(extra)
        self._values = values

    def __missing__(self, name):
        return self._values[name]


def _near(value, random):
    def moved(entry):
        number = float(entry)
        return number * (1 + random.uniform(0.02, 0.08)) if number else 0.0

    return value.map(moved) if isinstance(value, Array) else moved(value)


def _is_pinned(value, is_late):
    """Whether a given value stays: targets in the loss, zeros and ones, counts."""
    if not isinstance(value, Array):
        return float(value) == int(float(value)) != 0 and abs(float(value)) > 1
    return is_late or all(float(entry) in (0.0, 1.0) for entry in value.entries)


def _minus(left, right):
    return (
        arrays.paired(lambda one, other: one - other, left, right)
        if isinstance(left, Array)
        else left - right
    )


def _is_number(value):
    return value is not None and not isinstance(value, Array)


def _are_zero(values):
    """Whether some values are all 0, as the derivatives by dead units are."""
    return values is not None and not any(any(map(abs, arrays.entries(value))) for value in values)


def _ratio(values, others):
    """The constant that some values are of others, over all draws and entries; None where there is none."""
    if values is None or others is None:
        return None
    for value, other in zip(values, others):
        if as_vector_shape(arrays.shape(value)) != as_vector_shape(arrays.shape(other)):
            return None
    ratio = _constant(values, others)
    return None if ratio is None else _nice(ratio)


def _leading(formula):
    """The number that the step of an update begins with: 0.1 of w - 0.1*(...)."""
    terms = formula.terms[1:] if isinstance(formula, Sum) else []
    products = [term for _, term in terms if isinstance(term, Product)]
    return [each.factors[0][1] for each in products if isinstance(each.factors[0][1], Number)]


def _literal_rate(formula, rate):
    """The number in the formula of an update that is its learning rate, or None."""
    literals = [leaf for leaf in leaves_of(formula) if isinstance(leaf, Number)]
    return next((Number(each.value) for each in literals if isclose(float(each.value), -rate)), None)


def _constant(values, others):
    """The number that some values are of others in every draw and entry; None where there is none."""
    if values is None or others is None:
        return None
    pairs = [
        pair
        for value, other in zip(values, others)
        for pair in zip(arrays.entries(value), arrays.entries(other))
        if arrays.size(value) == arrays.size(other)
    ]
    if not pairs or max(abs(other) for _, other in pairs) < NOTHING:
        return None
    scale = max(abs(other) for _, other in pairs)
    biggest = max(pairs, key=lambda pair: abs(pair[1]))
    ratio = biggest[0] / biggest[1]
    near = all(
        isclose(value, ratio * other, rel_tol=SAME, abs_tol=SAME * scale * abs(ratio))
        for value, other in pairs
    )
    return ratio if near and ratio else None


def _rough(step, slope):
    """A step divided by a slope, in the entry with the largest slope."""
    pairs = list(zip(arrays.entries(step), arrays.entries(slope)))
    value, other = max(pairs, key=lambda pair: abs(pair[1]))
    return value / other if other else None


def _nice(ratio):
    """A ratio as a small fraction, where it is one; None for any other number."""
    fraction = Fraction(ratio).limit_denominator(1000)
    return fraction if ratio and isclose(fraction, ratio, rel_tol=1e-7) else None


def _agrees(printed, exact, factor):
    factor = int(factor)
    pairs = list(zip(arrays.entries(printed), arrays.entries(exact)))
    digits = min(len(entry.value.as_tuple().digits) for entry, _ in pairs)
    return digits >= 3 and all(
        isinstance(entry, Printed) and entry.agrees(factor * value) for entry, value in pairs
    )


def _among(meaning, others):
    return any((meaning.target, meaning.factor) == (other.target, other.factor) for other in others)


def _index(name):
    """What stands behind the letters of a name: 2 of delta2, _o1 of delta_o1, ^(1) of z^(1)."""
    base = name.partition("@")[0]
    cut = next((place for place, each in enumerate(base) if not each.isalpha()), len(base))
    return base[cut:]
