"""Rules of updates that are their authors' own, as RMSprop's and Adam's: what holds for all of them.

A rule is the same in every pass: `w_2 = w_1 - eta g_2/sqrt(s_1)` is wrong beside
`w_1 = w_0 - eta g_1/sqrt(s_1)`.
A moment that begins with 0 is divided by `1 - beta^t` in step t.
"""

from __future__ import annotations

from collections import Counter
from math import isclose

from neuronnet.formulas.arrays import entries
from neuronnet.formulas.expressions import Expression, Name, Number, Power, Product, Sum
from neuronnet.formulas.rewriting import leaves_of, nodes, with_names
from neuronnet.sheet.formula_values import SAME, FormulaValues
from neuronnet.sheet.roles import MODEL


class OwnRules(FormulaValues):
    """Makes of the formula of an author's own rule what it has to be."""

    def _keep_own(self, name: str, step: int, formula: Expression) -> None:
        """Define a value beside, as a moment, by its own formula, which is judged if it is wrong."""
        ruled = self._ruled(name, step, formula)
        self._define(name, ruled)
        if name in self.model and ruled.format() == self.in_pass(formula, step).format():
            self.roles.definitions[name] = self.model.formulas[name]
            for position in self._positions(name):
                self.roles.of[position].kind = MODEL

    def _ruled(self, name: str, step: int, formula: Expression) -> Expression:
        """A formula of the sheet for a new value, as the other passes and its moments want it."""
        return self._corrected(self.in_pass(self._as_in_other_passes(name, step, formula), step))

    def _as_in_other_passes(self, name, step, formula):
        """A formula with each name as new as in most of the same rules, or as in the newest."""
        base, rules = name.partition("@")[0], []
        for position, role in self.roles.of.items():
            if (role.name or "").partition("@")[0] == base:
                rules += [(each.formula, role.step) for each in self.statements[position].formulas]
        ages = [_ages(each, at) for each, at in rules if _plain(each) == _plain(formula)]
        wanted = [max(Counter(each).items(), key=lambda pair: pair[::-1])[0] for each in zip(*ages)]
        if wanted == _ages(formula, step):
            return formula
        newest = iter(wanted)

        def renewed(each):
            plain, count = each.partition("@")[0], next(newest)
            return f"{plain}@{step + count}" if count else plain

        return with_names(formula, renewed)

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


def _ages(formula, step):
    """How many updates newer than its pass each name in a formula is."""
    names = [leaf.name for leaf in leaves_of(formula) if isinstance(leaf, Name)]
    return [int(name.partition("@")[2]) - step if "@" in name else 0 for name in names]


def _plain(formula):
    return with_names(formula, lambda name: name.partition("@")[0]).format()


def _is_fraction(part):
    return isinstance(part, Product) and len(part.factors) == 2 and isinstance(part.factors[0][1], Name)


def _are_close(own, exact):
    return isclose(own, exact, rel_tol=SAME)
