"""Seeds of a sheet without a loss: first derivatives that are taken as given, so that the rest is judged."""

from __future__ import annotations

from fractions import Fraction

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Call, Expression, Name, Negative, Number, Product
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.formula_values import FormulaValues, Meaning, alike
from neuronnet.sheet.roles import GIVEN, GRADIENT, HELPER, RATES, SEED, THE_SEED, is_delta, texts


class Seeds(FormulaValues):
    """Makes a loss of what is given: its derivative by a quantity is the number or formula of the seed."""

    def _seed_from_given(self, step, weight, slope):
        """Let the loss of a pass be what has the given number as its derivative by the weight."""
        by = self.assignment.latest(weight, step)
        at = [
            position
            for position, role in self.roles.of.items()
            if role.step == step
            and (
                role.name == after(slope, step)
                or (step and role.kind in (GRADIENT, HELPER) and role.target == by)
            )
        ]
        number = self.statements[at[0]].number if at else None
        if number is None or by not in self.model:
            return
        role = self.roles.of[at[0]]
        named = split_partial(role.name) if role.kind == GRADIENT else None
        loss = self.roles.loss or (named[0] if named else "loss")
        self.roles.loss, loss = loss, after(loss, step)
        seed = role.name if role.kind == GIVEN else after("seed", step)
        if role.kind != GIVEN:
            self.model.give(seed, texts(number.printed))
        total = Product([("*", Call("constant", [Name(seed)])), ("⊙", Name(by))])
        self.model.define(loss, Call("sum", [total]))
        self.assignment.renew(loss)
        derivative = partial_name(loss, by)
        if role.kind == GIVEN:
            self.slopes[derivative] = seed
            return
        if role.kind == HELPER:
            self._keep(role.name, Meaning(by, Fraction(1), THE_SEED))
        role.name, role.kind = derivative if role.kind == GRADIENT else role.name, SEED

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
                loss = (split_partial(role.name) or ("loss",))[0] if role.kind == GRADIENT else "loss"
                total = Product([("*", Call("constant", [Name("seed")])), ("⊙", Name(target))])
                self.model.define(loss, Call("sum", [total]))
            except NeuronnetError:
                continue
            self.roles.loss, role.kind = loss, SEED
            if split_partial(role.name) is None:
                self._keep(role.name, Meaning(target, Fraction(1), THE_SEED))
            return

    def _seeded(self, role):
        if role.kind == GRADIENT and role.name is not None:
            numerator, denominator = split_partial(role.name)
            return denominator if numerator not in self.model else None
        if role.kind == HELPER and role.target is not None and role.target not in self.model.given:
            return role.target
        if role.kind == HELPER and is_delta(role.name) and not role.name.lower().startswith("err"):
            names = [*self.model.formulas][::-1]
            return next((name for name in names if alike(role.name, name)), None)
        return None

    def _keep(self, name, meaning):
        self.settled[name] = meaning
        slope: Expression = Name(partial_name(self._loss_of(meaning.target), meaning.target))
        rates = [each for each in RATES if each in self.model.given and not self.model.shape(each)]
        rate = next(
            (each for each in rates if float(self.model.given[each]) == abs(float(meaning.factor))), None
        )
        if rate is not None and abs(meaning.factor) != 1:  # a whole step
            slope = Name(rate) * slope if meaning.factor > 0 else Negative(Name(rate) * slope)
        elif meaning.factor == -1:
            slope = Negative(slope)
        elif meaning.factor != 1:
            factor = Fraction(meaning.factor).limit_denominator(10**6)
            divided = [] if factor.denominator == 1 else [("/", Number(factor.denominator))]
            slope = Product([("*", Number(factor.numerator)), ("*", slope), *divided])
        self.model.define(name, slope)
