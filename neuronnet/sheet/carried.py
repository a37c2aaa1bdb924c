"""What the author of a sheet has at hand at every line: the numbers that he printed, and how he computes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.model import Model
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Call, Expression, Name, Negative, Number, Product, Sum, Transpose
from neuronnet.formulas.rewriting import mapped, nodes, replaced
from neuronnet.names import after, split_partial
from neuronnet.sheet.computation import Input

SLOPES = {"logistic'": lambda out: out * (1 - out), "tanh'": lambda out: 1 - out**2}
ONE = Fraction(1)
MOST_INPUTS = 60  # quantities that a number may be computed from, the nearest first


class Carried:
    """The printed numbers and the written formulas of one sheet, line after line.

    `printed` is {name: (value, line, whether it is wrong)}, `unplaced` the names that have no value. Among
    the given numbers those with a slope in the `formulas` of the sheet are outputs of units, and rounded.
    """

    def __init__(self, model: Model, unplaced: set[str], formulas: Iterable[Expression] = ()):
        self.model, self.unplaced = model, unplaced
        self.rounded = {name for each in formulas for name in _with_slopes(each) if name in model.given}
        self.printed: dict[str, tuple] = {}
        self._written: dict[str, Expression] = {}
        self.mistaken: dict[str, Expression] = {}
        self._meant: dict[str, tuple] = {}  # what `_word` found
        self._words: dict[str, tuple] = {}  # derivative -> (its author's name for it, how many times it)
        self._outs: dict[tuple, str] = {}
        self._known_outs = 0

    def remember(self, name: str, printed, line: int, is_wrong: bool) -> None:
        """Keep a printed number; a wrong one stays, whatever is printed later."""
        if name not in self.printed or not self.printed[name][2]:
            value = printed.map(lambda entry: entry.value) if isinstance(printed, Array) else printed.value
            self.printed[name] = (value, line, is_wrong)

    def remember_entries(self, quantity: Expression, printed, line: int, is_wrong: bool) -> None:
        """Keep a printed array entry by entry, where the entries of the quantity are names or minus one."""
        for leaf, entry in zip(quantity.parts(), printed.entries if isinstance(printed, Array) else ()):
            if isinstance(leaf, Name):
                self.remember(leaf.name, entry, line, is_wrong)
            elif isinstance(leaf, Negative) and isinstance(leaf.inner, Name):
                self.remember(leaf.inner.name, Printed(str(-entry.value)), line, is_wrong)

    def write(self, name: str, formula: Expression | None, is_wrong: bool) -> None:
        """Keep the formula of a right line, and the name as its author's word for a derivative."""
        derivative, factor = self._word(name)
        if derivative is not None:
            self._words.setdefault(derivative, (name, factor))
        try:
            if (
                formula is not None
                and not is_wrong
                and (derivative is not None or name not in self.model.formulas)
            ):
                self._written.setdefault(name, self.model.resolved(formula))
        except NeuronnetError:
            return

    def go_on(self, name: str, formula: Expression, line: int) -> None:
        """Keep what a wrong formula without a number gives, with the wrong values that its author has."""
        try:
            formula = self.model.resolved(formula)
            wrong = {each: value for each, (value, _, is_wrong) in self.printed.items() if is_wrong}
            values = {each: wrong[each] if each in wrong else self.model[each] for each in formula.names()}
            self.printed[name] = (evaluator(formula, Decimal)(values), line, True)
            self.mistaken[name] = formula
        except (NeuronnetError, ArithmeticError, ValueError):
            return

    def ways(self, truth: Expression, formulas: list[Expression]) -> list[Expression]:
        """The formulas by which a number may have been computed: its author's, then one step of the model."""
        found = []
        for formula in formulas:
            try:
                found.append(self.model.resolved(formula))
            except NeuronnetError:
                continue
        ways = [(each, ONE) for each in found]
        if isinstance(truth, Name):
            listed = [self.model.listed[truth.name]] if truth.name in self.model.listed else []
            ways += [(each, ONE) for each in self._by_change(truth.name) + listed]
        step, factor = self._step(truth.name) if isinstance(truth, Name) else (None, ONE)
        if step is not None:
            arrays, numbers = self._apart(step)
            ways.append((step, factor))
            if numbers:
                ways.append((Product([("*", arrays), *numbers]), factor))
        ways += [(self._by_outputs(each), factor) for each, factor in ways]
        found = [_divided(each, 1 / factor) for each, factor in ways]
        found += [self._in_words(each, factor) for each, factor in ways]
        if not self.model.shape_of(truth):
            found += [self._written_out(each) for each in found]
        return list({each.format(): each for each in found}.values())

    def _by_change(self, name):
        """The old value and its change, where its author has computed that: w + Δw."""
        base, _, count = name.partition("@")
        before = int(count) - 1 if count.isdigit() else 0
        change = after(f"Δ{base}", before)
        return [Sum([(1, Name(after(base, before))), (1, Name(change))])] if change in self.printed else []

    def inputs(self, formulas: list[Expression]) -> dict[str, Input]:
        """The Input of every name that the formulas need, those included that only their formulas use."""
        found: dict[str, Input] = {}
        waiting = [name for formula in formulas for name in formula.names()]
        while waiting and len(found) < MOST_INPUTS:
            name = waiting.pop(0)
            if name in found:
                continue
            printed, line, is_wrong = self.printed.get(name, (None, None, False))
            try:
                is_known = name not in self.unplaced and name not in self.rounded
                exact = self.model[name] if is_known else None
            except NeuronnetError:
                exact = None
            if (
                isinstance(exact, Array)
                and isinstance(printed, Array)
                and len(exact.entries) == len(printed.entries)
            ):
                printed = Array(printed.entries, exact.shape)  # a row for a column
            formula, mistaken = self._computed(name), self.mistaken.get(name)
            found[name] = Input(exact, printed, line, is_wrong, formula, mistaken)
            waiting += [before for each in (formula, mistaken) if each is not None for before in each.names()]
        return found

    def _computed(self, name):
        """The formula that a quantity is computed with: its author's, or the model's in his words."""
        try:
            formula, factor = self._written.get(name), ONE
            if formula is None:
                formula, factor = self._step(name)
        except NeuronnetError:
            return None
        return formula if formula is None else self._in_words(self._by_outputs(formula), factor)

    def _step(self, name):
        """(formula, factor) of the model for a quantity: a word for a derivative is so many times that.

        None for one of a long training, unless a number that it is computed from is printed.
        """
        derivative, factor = self._word(name)
        formula = self.model.formula(name if derivative is None else derivative)
        if formula is not None and self.model.is_from_training(name):
            return (formula if any(each in self.printed for each in formula.names()) else None), factor
        return formula, factor

    def _word(self, name):
        """(derivative, factor) of an author's word for so many times a derivative; (None, 1) for others."""
        if name not in self._meant:
            self._meant[name] = self._meaning(self.model.formulas.get(name))
        return self._meant[name]

    def _meaning(self, formula):
        kinds = {type(node) for node, *_ in nodes(formula)} if formula is not None else set()
        inside = formula.names() if kinds and kinds <= {Name, Number, Negative, Product} else []
        if len(inside) != 1 or split_partial(inside[0]) is None:
            return None, ONE
        return inside[0], evaluator(formula, Fraction)({inside[0]: ONE})

    def _written_out(self, formula):
        """A formula with what its unprinted derivatives are computed with, as (a)(b)(c) is."""
        names = [each for each in formula.names() if each not in self.printed and split_partial(each)]
        steps = {name: self._computed(name) for name in names}
        return mapped(formula, lambda leaf: steps.get(getattr(leaf, "name", None)) or leaf)

    def _in_words(self, formula, own=ONE):
        """`own` times a formula in its author's words for derivatives, their common factor at its end."""
        names = [name for name in formula.names() if name in self._words and name not in self.printed]
        if not names and own == 1:
            return formula
        words = {name: self._words[name] for name in names}
        factors = {factor for _, factor in words.values()}
        common = factors.pop() if len(factors) == 1 and _is_linear(formula, words) else ONE

        def word(leaf):
            own, factor = words.get(getattr(leaf, "name", None), (None, None))
            return leaf if own is None else _divided(Name(own), factor / common)

        return _divided(mapped(formula, word) if names else formula, common / own)

    def _apart(self, formula):
        """The arrays in a product, and the factors of it that are numbers: A B and 1/2 of (A/2) B."""
        if isinstance(formula, Transpose):
            arrays, numbers = self._apart(formula.parts()[0])
            return formula.rebuilt([arrays]), numbers
        if not isinstance(formula, Product):
            return formula, []
        arrays, numbers = [], []
        for mark, each in formula.factors:
            if not self.model.shape_of(each):
                numbers.append((mark, each))
                continue
            part, more = (each, []) if mark == "/" else self._apart(each)
            arrays.append((mark if arrays else "*", part))
            numbers += more
        return (Product(arrays) if len(arrays) > 1 else arrays[0][1], numbers) if arrays else (formula, [])

    def _by_outputs(self, formula):
        """A formula with out*(1 - out) for the slope of a logistic."""
        others = {}
        for node, *_ in nodes(formula):
            if isinstance(node, Call) and node.function in SLOPES:
                out = self._known(node.function[:-1], node.arguments[0])
                if out is not None:
                    others[node.format()] = SLOPES[node.function](Name(out))
        return replaced(formula, others) if others else formula

    def _known(self, function, argument):
        """The quantity that a function of an argument gives, or None."""
        for name in [*self.model.formulas][self._known_outs :]:
            formula = self.model.formulas[name]
            if isinstance(formula, Call) and formula.arguments:
                self._outs.setdefault((formula.function, formula.arguments[0].format()), name)
        self._known_outs = len(self.model.formulas)
        return self._outs.get((function, argument.format()))


def _with_slopes(formula):
    """The names of outputs whose slopes stand in a formula as they do for a logistic: a of a*(1 - a)."""
    for node, *_ in nodes(formula):
        if isinstance(node, Product):
            factors = {factor.format() for _, factor in node.factors}
            names = [factor.name for _, factor in node.factors if isinstance(factor, Name)]
            yield from (name for name in names if (1 - Name(name)).format() in factors)


def _is_linear(formula, words):
    """Whether every term of a formula has one of the words in it."""
    terms = [term for _, term in formula.terms] if isinstance(formula, Sum) else [formula]
    return all(any(name in words for name in term.names()) for term in terms)


def _divided(formula, factor):
    if factor == -1:
        return -formula
    over = [("/", Number(factor.numerator))] if factor.numerator != 1 else []
    times = [("*", Number(factor.denominator))] if factor.denominator != 1 else []
    return Product([("*", formula), *times, *over]) if times or over else formula
