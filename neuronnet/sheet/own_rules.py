"""Rules of an author's own for new values: momentum, RMSprop's and Adam's.

A rule is the same in every pass: `w_2 = w_1 - eta g_2/sqrt(s_1)` is wrong beside
`w_1 = w_0 - eta g_1/sqrt(s_1)`. A moment that begins with 0 is divided by `1 - beta^t` in step t.
"""

from __future__ import annotations

from collections import Counter
from math import isclose

from neuronnet.derivation.readings import readings
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.expressions import Call, Expression, Name, Number, Power, Product, Sum
from neuronnet.formulas.rewriting import leaves_of, nodes, with_names
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.assignment import nearest
from neuronnet.sheet.formula_values import SAME, FormulaValues, constant_ratio
from neuronnet.sheet.roles import MODEL, UPDATE


class OwnRules(FormulaValues):
    """Defines values beside the loss by their author's rules, as all passes and what uses them want it."""

    def _keep_own(self, name: str, step: int, formula: Expression) -> None:
        """Define a value beside, as a moment, by its own formula, which is judged if it is wrong."""
        ruled = self._ruled(name, step, formula)
        self._define(name, self._as_meant(name, ruled))
        if name in self.model.formulas and ruled.format() == self.in_pass(formula, step).format():
            self.roles.definitions[name] = self.model.formulas[name]
            for position in self._positions(name):
                self.roles.of[position].kind = MODEL

    def _as_meant(self, name, formula):
        """The likeliest meaning of a formula, such as the axis of a softmax, by the numbers of its lines."""
        try:
            meanings = readings(formula, self.model)
        except NeuronnetError:
            return formula
        for position in self._positions(name):
            number = self.statements[position].number
            meanings = meanings if number is None else nearest(meanings, self.model, number.printed)
        return meanings[0]

    def _ruled(self, name: str, step: int, formula: Expression) -> Expression:
        """A formula of the sheet for a new value, as the other passes and its moments want it."""
        as_before = self.in_pass(self._as_in_other_passes(name, step, formula), step)
        return self._corrected(self._as_moment(name, as_before))

    def _as_in_other_passes(self, name, step, formula):
        """A formula with each name as new as in most of the same rules, or as in the newest.

        One that is made of the same as an earlier rule, which is right, gives way to that rule.
        """
        base, rules, right = _base(name), [], []
        for position, role in self.roles.of.items():
            if (role.name or "").partition("@")[0] == base:
                written = [each.formula for each in self.statements[position].formulas]
                count = (role.name or "").partition("@")[2]
                rules += [(each, role.step if role.kind == UPDATE else int(count or 0)) for each in written]
                own = self.model.formulas.get(role.name or "")
                right += [each for each in written if own is not None and _plain(own) == _plain(each)]
        made_of = _made_of(formula)
        if not any(_plain(each) == _plain(formula) for each in right):
            formula = next((each for each in right if _made_of(each) == made_of), formula)
            formula = next((each for each in right if self._is_short_of(formula, each, step)), formula)
        ages = [_ages(each, at) for each, at in rules if _plain(each) == _plain(formula)]
        wanted = [max(Counter(each).items(), key=lambda pair: pair[::-1])[0] for each in zip(*ages)]
        if wanted == _ages(formula, step):
            return formula
        newest = iter(wanted)

        def renewed(each):
            plain, count = each.partition("@")[0], next(newest)
            return f"{plain}@{step + count}" if count else plain

        return with_names(formula, renewed)

    def _is_short_of(self, formula, rule, step):
        """Whether a formula has m in the place of what a rule makes of m, as m / (1 - beta)."""
        if with_names(formula, lambda _: "q").format() != with_names(rule, lambda _: "q").format():
            return False
        names = [[_base(name) for name in each.names()] for each in (formula, rule)]
        pairs = [pair for pair in zip(*names) if pair[0] != pair[1]]
        return bool(pairs) and all(
            whole in self.model and short in map(_base, self.model.uses(whole))
            for short, whole in ((short, after(whole, step)) for short, whole in pairs)
        )

    def _as_moment(self, name, formula):
        """A formula for a moment that some line divides by 1 - beta^t: beta m + (1 - beta) g, or g^2.

        It is of squares if an update divides by its root. `g` is what the formula has, else the derivative.
        """
        base, _, count = name.partition("@")
        start, (betas, made_of) = self.model.given.get(base), self._divided_by(base)
        is_moment = (
            bool(betas) and count.isdigit() and start is not None and not any(map(float, entries(start)))
        )
        users = [
            (role, {node.function for node, *_ in nodes(part.formula) if _has_any(node, made_of)})
            for position, role in self.roles.of.items()
            for part in self.statements[position].formulas
            if role.kind == UPDATE
            and role.target in self.model
            and not self._is_state(role, self.statements[position])
            if not made_of.isdisjoint(each.partition("@")[0] for each in part.used)
        ]
        if not is_moment or not users or self._parameter_factor != 1:
            return formula
        role = max((each for each, _ in users), key=lambda each: (each.step < int(count), each.step))
        is_squared, beta = any("sqrt" in functions for _, functions in users), max(betas.values(), key=len)[0]
        derivative = partial_name(self._loss_of(role.target), role.target)
        before = after(base, int(count) - 1)
        own = {
            each for each in formula.names() if each not in self.model.given or each in self.slopes.values()
        }
        named = sorted(own - {before, base, *beta.names()}) or [self.slopes.get(derivative, derivative)]
        powers = (2,) if is_squared else (1, 2)
        is_first = not any(
            _base(role.name or "") == base != role.name != name for role in self.roles.of.values()
        )
        own_beta = [leaf for leaf in leaves_of(formula) if is_first and self._may_be_kept(leaf)]
        gradients = [*map(Name, named), *_of_several_samples(named)]
        by = (split_partial(named[0]) or ("", ""))[1]
        if by in formula.names():  # a decay beside it
            shares = [name for name in formula.names() if name not in {*named, before, by, *beta.names()}]
            gradients += [each + Name(share) * Name(by) for each in gradients for share in shares]
        wanted = [
            rate * Name(before) + (1 - rate) * gradient**power
            for rate in (beta, *own_beta)
            for gradient in gradients
            for power in powers
        ]
        worth = self._worth(formula, {})
        if worth is None or any(self._are_equal(formula, each) for each in wanted):
            return formula
        return wanted[0]

    def _may_be_kept(self, leaf):
        """Whether a name or number in a formula is one between 0 and 1."""
        value = self.model.given.get(leaf.name) if isinstance(leaf, Name) else leaf.value
        return value is not None and not isinstance(value, Array) and 0 < float(value) < 1

    def _divided_by(self, base):
        """({text: [beta, …]} of all 1 - beta^t that a moment is divided by, it and what that makes)."""
        betas, made = {}, {base}
        for statement in self.statements:
            for node, *_ in (pair for part in statement.formulas for pair in nodes(part.formula)):
                if _is_fraction(node) and _base(node.factors[0][1].name) == base:
                    beta = _decay(node.factors[1][1])
                    if beta is not None:
                        betas.setdefault(beta.format(), []).append(beta)
                        made.add((statement.name or base).partition("@")[0])
        return betas, made

    def _corrected(self, formula):
        """A formula with 1 - beta^t under every moment of step t, of which a new one keeps beta."""
        for part, rebuild, _ in nodes(formula):
            (_, moment), (sign, divisor) = part.factors if _is_fraction(part) else ((None, None),) * 2
            kept = self._kept_by(moment) if sign == "/" and isinstance(divisor, Sum) else None
            if kept is not None:
                wanted = Sum([(1, Number(1)), (-1, Power(kept, int(moment.name.partition("@")[2])))])
                own, exact = self._worth(divisor, {}), self._worth(wanted, {})
                if own is not None and not all(map(_are_close, own, exact)):
                    return self._corrected(rebuild(Product([("*", moment), ("/", wanted)])))
        return formula

    def _kept_by(self, moment):
        """beta of `m = beta m + (1 - beta) g`, where m is a moment that began with 0; else None."""
        base, _, count = getattr(moment, "name", "").partition("@")
        start = self.model.given.get(base)
        if not count.isdigit() or start is None or any(float(each) for each in entries(start)):
            return None
        formula = self.model.formulas.get(moment.name)
        old = base if count == "1" else f"{base}@{int(count) - 1}"
        for _, term in formula.terms if isinstance(formula, Sum) else ():
            factors = [factor for _, factor in term.factors] if isinstance(term, Product) else []
            others = [each for each in factors if getattr(each, "name", None) != old]
            if len(factors) == 2 and len(others) == 1:
                return others[0]
        return None

    def _is_state(self, role, statement):
        """Whether an update is that of a velocity or moment: given, but no part of the loss."""
        base = role.target.partition("@")[0]
        used = statement.formulas[0].formula.names() if statement.formulas else ()
        is_own = bool(used) and partial_name(self.roles.loss or "", base) not in used
        return is_own and base in self.model.given and base not in self._reached

    def _are_equal(self, one, other):
        ratio = constant_ratio(self._worth(one, {}), self._worth(other, {}))
        return ratio is not None and isclose(ratio, 1, rel_tol=SAME)


def _of_several_samples(names):
    """The sum and the mean of derivatives by one parameter, as a batch has them."""
    by = {(split_partial(each) or (each, each))[1] for each in names}
    if len(by) > 1 or len(names) < 2:
        return []
    whole = Sum([(1, Name(each)) for each in names])
    return [whole, whole / len(names)]


def _ages(formula, step):
    """How many updates newer than its pass each name in a formula is."""
    names = [leaf.name for leaf in leaves_of(formula) if isinstance(leaf, Name)]
    return [int(name.partition("@")[2]) - step if "@" in name else 0 for name in names]


def _made_of(formula):
    """The names and numbers in a formula, and its powers, in order."""
    powers = [str(part.exponent) for part, *_ in nodes(formula) if isinstance(part, Power)]
    leaves = [Name(_base(leaf.name)) if isinstance(leaf, Name) else leaf for leaf in leaves_of(formula)]
    return sorted(powers), sorted(leaf.format() for leaf in leaves)


def _base(name):
    return name.partition("@")[0]


def _plain(formula):
    return with_names(formula, _base).format().replace(" · ", "*")


def _is_fraction(part):
    return isinstance(part, Product) and len(part.factors) == 2 and isinstance(part.factors[0][1], Name)


def _decay(divisor):
    """beta of 1 - beta^t, or None."""
    terms = divisor.terms if isinstance(divisor, Sum) else []
    if len(terms) != 2 or terms[0][1].format() != "1" or terms[1][0] > 0:
        return None
    power = terms[1][1]
    base = power.base if isinstance(power, Power) else power.parts()[0] if isinstance(power, Call) else power
    return base if isinstance(base, (Name, Number)) else None


def _has_any(node, names):
    return isinstance(node, Call) and not names.isdisjoint(each.partition("@")[0] for each in node.names())


def _are_close(own, exact):
    return isclose(own, exact, rel_tol=SAME)
