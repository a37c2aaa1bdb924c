"""What an author's own names for derivatives mean: which derivative, with which sign or factor.

`δ2 = ŷ - y` is c·∂L/∂z2 for one constant c. What it is follows from an explicit `= ∂L/∂z2`, then from what it
is used for, then from its formula. Once settled, later lines use the true value.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import inf, prod

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.readings import readings_with_shapes
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, as_vector_shape, entries, hadamard
from neuronnet.formulas.expressions import (
    Call,
    Entry,
    Expression,
    Name,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.notation import gradient_of
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes
from neuronnet.names import partial_name, split_partial
from neuronnet.sheet.formula_values import DRAWS, constant_factor, is_near, times
from neuronnet.sheet.helpers import Helpers
from neuronnet.sheet.own_rules import OwnRules
from neuronnet.sheet.roles import (
    CHANGE,
    GRADIENT,
    HELPER,
    MODEL,
    UPDATE,
    Role,
    is_delta,
    is_one,
)
from neuronnet.sheet.seeds import Seeds
from neuronnet.sheet.updates import Updates


class Meanings(Seeds, Updates, OwnRules):
    """Settles what helpers, gradients and updates of a sheet are, and defines them in its model."""

    def settle(self) -> None:
        """Place and settle pass after pass; what cannot be settled is in `undecided`."""
        for step in range(self.roles.steps + 1):
            self.assignment.place(self.roles, step)
            if self.roles.slope is not None:
                self._seed_from_given(step, *self.roles.slope)
            elif step == 0 and self.roles.loss is None:
                self._seed()
            if self.roles.loss is None and self.roles.slope is None:
                self._keep_steps(step)
            if self.roles.loss is None or self.roles.loss not in self.model:
                continue
            if as_vector_shape(self.model.shape(self.roles.loss)):
                if not any(role.kind == GRADIENT for role in self.roles.of.values()):
                    self.notes.append(
                        f"{self.roles.loss} is an array; a loss is a single number, such as its sum"
                    )
                for name in self._helper_names(step):
                    for formula in self._own_formulas(name, step)[:1]:
                        self._keep_own(name, step, formula)
                continue
            self._put_in_unconnected(step)
            self._draws = [self._drawn(seed) for seed in range(DRAWS)]
            used, self._used_now = (set().union(*map(self.model.uses, self._losses(at))) for at in (0, step))
            self._reached = used | {*self.slopes.values()}
            if step == 0:
                self._parameter_factor = self._factor_of_gradients()
            self._settle_helpers_and_states(step)
            changes = [role for role in self.roles.of.values() if role.kind == CHANGE and role.step == step]
            for role in changes:
                if str(role.name) not in self.model and self._rate_known() is not None:
                    self._change(role)
            updates = [
                (role.name, role, self.statements[position])
                for position, role in self.roles.of.items()
                if role.kind == UPDATE and role.step == step and role.name is not None
            ]
            if self.roles.may_ascend and not step:
                self._ascends = self._goes_up(updates)
            for settles in (True, False):  # first those whose formula shows the learning rate
                for name, role, statement in updates:
                    if name not in self.model:
                        self.model.constants.add(name)
                        self._update(role, statement, settles)
            for role in changes:
                if str(role.name) not in self.model:
                    self._change(role)

    def _put_in_unconnected(self, step):
        """Put what lines say of derivatives without a path, as of ln(1 + e^z) by σ(z), into other lines."""
        made = {role.name for role in self.roles.of.values() if role.kind in (MODEL, HELPER)}
        for position, role in self.roles.of.items():
            statement, (above, below) = self.statements[position], split_partial(role.name or "") or ("", "")
            is_claimed = role.kind == GRADIENT and role.step == step and statement.formulas
            if is_claimed and below in made and above in self.model and below not in self.model.uses(above):
                new = {statement.name: statement.formulas[0].formula}
                for part in (
                    part for each in self.statements if each is not statement for part in each.formulas
                ):
                    part.formula = mapped(
                        part.formula, lambda leaf, new=new: new.get(getattr(leaf, "name", None), leaf)
                    )

    def _keep_steps(self, step):
        """Without a loss, keep steps without derivatives as their author's own rule, as a perceptron's."""
        for position, role in self.roles.of.items():
            if role.kind in (UPDATE, CHANGE) and role.step == step and str(role.name) not in self.model:
                own = [self.in_pass(part.formula, step) for part in self.statements[position].formulas]
                if own and all(each in self.model and not is_delta(each) for each in own[0].names()):
                    self._keep_own(role.name, step, self.statements[position].formulas[0].formula)

    def _settle_helpers_and_states(self, step):
        """Settle a pass; what is computed from the new velocities and moments, after these."""
        roles = [(position, role) for position, role in self.roles.of.items() if role.step == step]
        states = {
            role.name: self.statements[position]
            for position, role in roles
            if role.kind == UPDATE and self._is_state(role, self.statements[position])
        }
        names, late = self._helper_names(step), set(states)
        for name in names:
            if any(late.intersection(formula.names()) for formula in self._own_formulas(name, step)):
                late.add(name)
        self._settle_helpers(step, [name for name in names if name not in late])
        for _, role in roles:
            if role.name in late and role.name not in self.model:
                if role.name in states:
                    self.model.constants.add(role.name)
                    self._keep_state(role, states[role.name])
                else:
                    self._settle_helpers(step, [role.name])

    def _settle_helpers(self, step, names):
        """Find what helpers of a pass are, all together, and define them."""
        targets = {name: self._named_target(name, step) for name in names}
        for name, target in list(targets.items()):
            formulas = self._own_formulas(name, step)
            is_own = target is None and bool(formulas) and self._is_more_than_a_derivative(formulas[0])
            if is_own or any(map(self._is_ahead, formulas)):
                self._keep_own(name, step, self._written(name)[0])
                del targets[name]
        for name, target in list(targets.items()):
            if target is not None and target not in self.model.uses(self._loss_of(target)):
                del targets[name]
                self.undecided[name] = f"no line of this sheet connects {target} with {self.roles.loss}"
        if not targets:
            return
        found = Helpers(self, step, targets)
        found.choose()
        for name in targets:
            meaning = found.chosen[name]
            formulas = found.own[name]
            elsewhere = next(filter(None, map(self._elsewhere, formulas)), None)
            if any(self._is_behind(formula, targets[name]) for formula in formulas):
                by = targets[name]
                self.undecided[name] = f"{by} is a number alone; add the line that computes it: {by} = σ(z)"
            elif targets[name] is None and elsewhere is not None and is_delta(name):
                reason = f"{self.roles.loss} is not computed from {elsewhere}, which {name} uses"
                self.undecided[name] = reason
            elif meaning is not None:
                self._keep(name, meaning)
            elif is_delta(name) or targets[name] is not None or not formulas:
                reason = f"which derivative {name} is does not follow from this sheet"
                self.undecided[name] = f"{reason}; write let {name} = ∂L/∂z"
            else:
                self._keep_own(name, step, self._written(name)[0])

    def _written(self, name):
        """The formulas of a name as they are written, in the names of no pass."""
        return [part.formula for at in self._positions(name) for part in self.statements[at].formulas]

    def _is_more_than_a_derivative(self, formula):
        """Whether a formula is a derivative by a parameter and another term, as ∂L/∂w + λ w."""
        terms = [term.names() for _, term in formula.terms] if isinstance(formula, Sum) else []
        slopes = [[name for name in names if split_partial(name)] for names in terms]
        by = {split_partial(name)[1] for names in slopes for name in names}
        return len(by) == 1 and by <= self.model.given.keys() and [] in slopes

    def _is_ahead(self, formula):
        """Whether a formula is the derivative by w at a point ahead, w + μ v, as Nesterov takes it."""
        states = {
            role.target.partition("@")[0]
            for position, role in self.roles.of.items()
            if role.kind == UPDATE and self._is_state(role, self.statements[position])
        }
        for node, rebuild, _ in nodes(formula) if states else ():
            for _, term in node.terms if isinstance(node, Sum) else ():
                name = getattr(term, "name", "")
                used = {each.partition("@")[0] for each in node.names()} - {name.partition("@")[0]}
                if states & used and used <= states | {*self.model.given} and name in self.model:
                    slope = Name(partial_name(self._loss_of(name), name))
                    if self._are_equal(rebuild(term), slope):
                        return True
        return False

    def _is_behind(self, formula, target):
        """Whether a formula is the derivative by what a given number may be the output of."""
        if target not in self.model.given:
            return False
        own, slope, worth = Name(target), self._derivative(target), self._worth(formula, {})
        return constant_factor(worth, slope) is None and any(
            constant_factor(worth, [hadamard(*pair) for pair in zip(slope, factors)]) in (1, -1)
            for factors in (self._worth(own * (1 - own), {}), self._worth(1 - own * own, {}))
            if slope is not None and factors is not None
        )

    def _elsewhere(self, formula):
        """What a formula uses that is not made of what the loss is, as Nesterov's weight ahead."""
        known = [name for name in formula.names() if name in self.model.formulas]
        made_of = {name: self.model.uses(name).intersection(self.model.given) for name in known}
        return next((name for name in known if not made_of[name] <= self._used_now), None)

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

    def _named_target(self, name, step):
        target = gradient_of(name.partition("@")[0], self.known)
        target = None if target is None else self.assignment.latest(target, step)
        if target is None:
            target = next(filter(None, map(_end_of_chain, self._own_formulas(name, step))), None)
        if target is None or target not in self.model:
            return None
        if target.partition("@")[0] == self.roles.loss:  # a sweep begins with 1; ∇L is another thing
            return target if any(is_one(self.statements[at]) for at in self._positions(name)) else None
        return target

    def _is_parameter(self, target):
        return target.partition("@")[0] in self.model.given

    def _factor_of_gradients(self):
        """What most gradients dW of a sheet are multiplied with: 1, or the number of samples."""
        self._counts = self._samples()
        sizes = {size for name in self.model.given for size in self.model.shape(name)}
        means = {Fraction(1, size) for size in sizes if size > 1} if "seed" in self.model else set()
        votes: Counter = Counter()
        for position, role in self.roles.of.items():
            target = role.target
            if role.kind == HELPER and target is not None and self._is_parameter(target):
                slope, statement = self._derivative(target), self.statements[position]
                found = [constant_factor(self._chased(part.formula), slope) for part in statement.formulas]
                if not statement.formulas and statement.number is not None:
                    found = [self._rough_factor(statement.number.printed, target)]
                votes.update(each for each in found if each in {1, *self._counts, *means})
        factor = max(votes, key=lambda each: (votes[each], each == 1), default=Fraction(1))
        if factor < 1:
            self.notes.append(f"the gradients are means over {factor.denominator} samples")
        if factor > 1:
            which = f"{factor} times ∂{self.roles.loss}/∂W"
            self.notes.append(f"the gradients dW are of the sum over the samples, {which}")
        return factor

    def _rough_factor(self, printed, target):
        """How many times a derivative a printed number is about: one of 1 and the numbers of samples."""
        factors = [Fraction(1), *map(Fraction, self._counts)]
        slope = self._derivative(target)
        return next((each for each in factors if is_near(printed, times(each, slope))), None)

    def _samples(self):
        """The numbers that the loss is divided by, as a mean over samples is; a half is none."""
        if self.roles.slope is not None:
            return set()
        formula, found = self.model.formulas[self.roles.loss], set()
        has_more_twos = _has_more_twos_than_squares(formula)
        for node, _, around in nodes(formula):
            if isinstance(node, Number) and node.value == int(node.value) > 1:
                if node.value > 2 or self._divides_by_two() or has_more_twos:
                    found.add(int(node.value))
            elif isinstance(node, Name) and node.name in self.model.given and not isinstance(around, Sum):
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

    def _chased(self, formula):
        """The worth of a formula, the helpers in it worth their own formulas."""
        extra: dict = {}

        def worth(each, depth=0):
            for name in each.names():
                if name in self.model or name in extra or depth > 20:
                    continue
                own = self._own_formulas(name)
                value = worth(own[0], depth + 1) if own else self._bare(name)
                if value is not None:
                    extra[name] = value
            return self._worth(each, extra)

        return worth(formula)

    def _bare(self, name):
        """What a number alone is worth that stands for dZ: a multiple of the derivative."""
        target = self._named_target(name, 0)
        numbers = [self.statements[position].number for position in self._positions(name)]
        if target is None or not numbers or numbers[0] is None:
            return None
        factor = self._rough_factor(numbers[0].printed, target)
        return None if factor is None else times(factor, self._derivative(target))

    # What lines are about

    def truth(self, statement, role: Role) -> Expression:
        """The exact Expression of what a line is about. Raises NeuronnetError, with what would help."""
        if role.truth is not None:
            for each in () if self.roles.is_network else role.truth.names():
                self.connected(each)
            return role.truth
        name = role.name
        if name is None:
            return self._reference(statement)
        if role.kind in (GRADIENT, HELPER, UPDATE, CHANGE):
            reason = self.undecided.get(name)
            if reason is not None and self.roles.is_network and not is_delta(name):
                raise UnknownName(name, self.model.names())
            if reason is not None:
                raise NeuronnetError(reason)
        if name not in self.model and self.roles.loss is not None and self.roles.loss not in self.model:
            raise NeuronnetError(f"the line that computes {self.roles.loss} could not be used")
        if name not in self.model:
            of, by = split_partial(name) if role.kind == GRADIENT else (None, name)
            missing = by if of is None or of in self.model else of
            reason = f"no line of this sheet connects {missing} with {self.roles.loss or 'a loss'}"
            self.undecided[name] = reason if missing in self.model else f"{reason}; add one that computes it"
            raise NeuronnetError(self.undecided[name])
        self.connected(name)
        self.model.formula(name)  # which raises where the derivatives are too many
        if name in self.model.jacobians:
            return self._in_its_layout(statement, Name(name))
        return self._as_written(statement, Name(name)) if name in self.model.diagonal else Name(name)

    def _as_written(self, statement, jacobian):
        """What a line states of slopes entry by entry: a matrix, a vector or one number for all."""
        sizes = [arrays.shape(statement.number.printed)] if statement.number is not None else []
        for part in statement.formulas + statement.arithmetic:
            sizes += [size for _, size in readings_with_shapes(part.formula, self.model)]
        sizes = [len(as_vector_shape(each)) for each in sizes]
        if 2 in sizes and 1 not in sizes:
            return jacobian
        slopes = Call("diag", [jacobian])
        return slopes if 1 in sizes else Entry(slopes, [1], False)

    def _in_its_layout(self, statement, jacobian):
        """A Jacobian with the numerator in its rows, or in its columns where the line is nearer to that."""
        for part in statement.formulas + statement.arithmetic + statement.numbers:
            if part is statement.parts[0]:
                continue
            if part.formula is None:
                value = part.printed
            else:
                value = self.model.value(readings_with_shapes(part.formula, self.model)[0][0])
            by_rows, by_columns = (
                _distance(value, self.model.value(each)) for each in (jacobian, Transpose(jacobian))
            )
            if by_rows != by_columns:
                return jacobian if by_rows < by_columns else Transpose(jacobian)
        return jacobian

    def connected(self, name):
        """Raise where a derivative is by something that its numerator is not computed from, or of nothing."""
        numerator, _, denominator = name[1:].partition("/d")
        if not denominator or numerator not in self.model or denominator not in self.model:
            return
        if numerator in self.model.formulas:
            self.model.value(Name(numerator))  # which raises where it is not finite, as ln(1 - e^z)
        if denominator not in self.model.uses(numerator):
            raise NeuronnetError(f"no line of this sheet connects {denominator} with {numerator}")
        for each in self.model.uses(numerator) - self.model.uses(denominator):
            formula = self.model.formulas.get(each)
            if formula is not None and not formula.names() and self._may_hide(formula, denominator):
                raise NeuronnetError(f"{each} is computed from numbers alone; is one of them {denominator}?")

    def _may_hide(self, arithmetic, name):
        """Whether a number in some arithmetic is one of a quantity, as it is printed, or its opposite."""
        values = [abs(each) for each in entries(self.model[name])]
        printed = [Printed(leaf.format()) for leaf in leaves_of(arithmetic)]
        return any(each.agrees(value) for each in printed for value in values)

    def _reference(self, statement):
        """The first side with a name in it, else the first with arithmetic, else the first number."""
        formulas = [part.formula for part in statement.parts if part.formula is not None]
        named = [formula for formula in formulas if formula.names()]
        if not formulas and not hasattr(statement.numbers[0].printed, "value"):
            raise NeuronnetError("arrays alone, without a name or a formula, are about nothing")
        if not formulas:
            return Number(statement.numbers[0].printed.value)
        formula = self.model.resolved((named or formulas)[0])
        inner = formula.inner if isinstance(formula, Transpose) else formula
        is_jacobian = getattr(inner, "name", None) in self.model.jacobians  # ∂z/∂xᵀ
        return self._in_its_layout(statement, inner) if is_jacobian else formula


def _end_of_chain(formula):
    """What a product of derivatives is by, each of what the one before is by: z of ∂L/∂a ∂a/∂z; else None."""
    pairs = [split_partial(getattr(each, "name", "")) for each in formula.parts()]
    if not isinstance(formula, Product) or None in pairs or len(pairs) < 2:
        return None
    ends = [below for _, below in pairs if below not in [above for above, _ in pairs]]
    return ends[0] if len(ends) == 1 else None


def _distance(one, other):
    """How far apart arrays are in all their entries; infinite where their shapes differ."""
    if arrays.shape(one) != arrays.shape(other):
        return inf
    sides = ([float(getattr(each, "value", each)) for each in entries(side)] for side in (one, other))
    return sum(abs(left - right) for left, right in zip(*sides))


def _has_more_twos_than_squares(formula):
    """Whether a loss has a 2 that is not the half of a square, and so counts samples."""
    found = [node for node, *_ in nodes(formula)]
    squares = sum(isinstance(node, Power) and node.exponent == 2 for node in found)
    return sum(isinstance(node, Number) and node.value == 2 for node in found) > squares
