"""What an author's own names for derivatives mean: which derivative, with which sign or factor.

`δ2 = ŷ - y` is c·∂L/∂z2 for one constant c. What it is follows from an explicit `= ∂L/∂z2`, then from what it
is used for, then from its formula. Once settled, later lines use the true value.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose, prod

from neuronnet.derivation.digits import Printed
from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, as_vector_shape
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Product, Sum
from neuronnet.formulas.functions import Call
from neuronnet.formulas.notation import gradient_of, split_derivative
from neuronnet.formulas.rewriting import nodes
from neuronnet.names import partial_name
from neuronnet.sheet.formula_values import DRAWS, SAME, Meaning, are_zero, as_fraction, constant_factor, minus
from neuronnet.sheet.roles import CHANGE, GRADIENT, HELPER, MODEL, SEED, UPDATE, is_delta, texts
from neuronnet.sheet.updates import RATES, Updates

NEAR = 0.05  # relative: so near is a printed number to another that it rounds
UPDATED = "its update"
CONSTANTS = [Fraction(1), Fraction(-1)]


class Meanings(Updates):
    """Settles what helpers, gradients and updates of a sheet are, and defines them in its model."""

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
                ratio = Fraction(1) if are_zero(worth) and are_zero(slope) else constant_factor(worth, slope)
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
            steps = [minus(after, before) for after, before in zip(worth, old)]
            ratio = constant_factor(steps, truth)
            return None if ratio is None or ratio == 0 else Fraction(-1 if ratio > 0 else 1)
        wanted = self._parameter_factor if role.kind == HELPER else 1
        ratio = constant_factor(worth, truth)
        return None if not ratio else as_fraction(wanted / ratio)

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
                ratio = constant_factor(self._chased(part.formula), self._derivative(target))
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


def _is_number(value):
    return value is not None and not isinstance(value, Array)


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
