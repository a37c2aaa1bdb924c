"""Numbers that stand for quantities: what a sheet, or its model, has printed a number for."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.model import Model
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, NumberError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
)
from neuronnet.formulas.notation import Known, gradient_of
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, replaced, with_logistics
from neuronnet.names import partial_name, split_partial
from neuronnet.sheet.computation import digits_of, gives
from neuronnet.sheet.roles import RATES, by_entry, is_delta

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

FEWEST_DIGITS = 3  # of a computed number that stands for its name
CONSTANTS = {Decimal(each) for each in ("0", "0.5", "1", "2")}  # that may be what they are, or a name's
# π, 2π, its root, 1 over that, the root of 2/π; numbers of gelu (two), selu (two), a scaled tanh
WELL_KNOWN = [
    Decimal(each)
    for each in "3.14159265358979 6.28318530717959 2.50662827463100 0.398942280401433 0.797884560802865 "
    "0.044715 1.702 1.05070098735548 1.67326324235438 1.7159".split()
]
ONES = "the numbers 0, 0.5, 1 and 2"  # a choice of reading: whether they are names' in every sum


class PrintedFor:
    """What numbers are printed for: {numbers: {quantities as text: the quantities}}, single ones and rows.

    Of several, those that no line has `used` are meant, as the latest of a chain.
    """

    def __init__(self):
        self._of: dict[tuple, dict[str, list[Expression]]] = {}
        self.used: set[str] = set()

    def add(self, numbers: Sequence[Decimal], quantities: Sequence[Expression]) -> None:
        """Note that some numbers, one or a row, are those of as many quantities."""
        texts = " ".join(each.format() for each in quantities)
        self._of.setdefault(tuple(numbers), {})[texts] = list(quantities)

    def all(self, *numbers: Decimal) -> list[list[Expression]]:
        """All quantities that are printed so, or so with the other sign."""
        turned = self._of.get(tuple(-each for each in numbers), {}).values() if any(numbers) else ()
        found = [*self._of.get(numbers, {}).values()]
        for row in turned:
            found.append([Negative(each) for each in row])
        return found

    def one(self, *numbers: Decimal) -> list[Expression] | None:
        """Those that must be meant, or None."""
        found = self.all(*numbers)
        fresh = [row for row in found if self.used.isdisjoint(name for each in row for name in each.names())]
        options = fresh if len(fresh) == 1 else found
        return options[0] if len(options) == 1 else None


def name_the_numbers(statements: list[Statement], known: Known, ones_too: bool) -> bool:
    """Give `z = 0.3*0.9` its formula `w x` where its numbers are those of names before it.

    That goes for lines before the first derivative whose name has no formula elsewhere: where all numbers
    have names, or one of them was computed, as the 0.5987 of `a = 0.5987` in `L = (1 - 0.5987)^2`. The 1 is a
    number there, and with `ones_too` the target that is 1. Says whether there is such a choice.
    """
    printed, has_ones = _OnSheet(), False
    defined = {each.name for each in statements if each.formulas}
    for statement in statements:
        name = statement.name
        is_helper = name and (is_delta(name) or gradient_of(name, known) in known.names)
        if name and split_partial(name) or is_helper and len(statement.parts) > 2:
            break
        is_plain = name and name not in defined and not statement.assigns and not statement.read_errors
        if is_plain and statement.arithmetic:
            part = statement.arithmetic[0]
            formula, is_open = printed.named(part.formula or Number(0), ones_too)
            has_ones |= is_open
            if formula.names():
                statement.parts.insert(statement.parts.index(part), replace(part, formula=formula))
        printed.note(statement)
    return has_ones


class _OnSheet(PrintedFor):
    """What the lines of a sheet so far print numbers for."""

    def __init__(self):
        super().__init__()
        self._computed: set[str] = set()
        self._short: set[str] = set()  # entries of too few digits to be known by one of them

    def note(self, statement: Statement) -> None:
        """Note the number of a statement, or the entries and rows of what it computes, and what it uses."""
        self.used.update(name for part in statement.formulas for name in part.used)
        shown, is_computed = statement.number and statement.number.printed, len(statement.parts) > 2
        own = statement.parts[0].formula  # a name, or another quantity, as e^z
        if own is None or not own.names() or shown is None or statement.name in RATES:
            return
        self._computed |= set(own.names()) if is_computed or statement.name is None else set()
        quantities = by_entry(own, arrays.shape(shown))
        for entry, quantity in zip(entries(shown), quantities):
            self.add([entry.value], [quantity])
            if isinstance(shown, Array) and digits_of(entry.value) < FEWEST_DIGITS:
                self._short.add(quantity.format())
        for places in _rows(arrays.shape(shown)):
            row = [quantities[place] for place in places]
            numbers = [entries(shown)[place].value for place in places]
            self.add(numbers, row)
            self.add([each * each for each in numbers], [Power(each, 2) for each in row])

    def named(self, formula: Expression, ones_too: bool) -> tuple[Expression, bool]:
        """(a formula of numbers with names for them, as far as that is sure, whether more may be names)."""
        rows = self._by_rows(formula)
        if rows.names():
            kept = _counts(rows)
            kept |= {id(leaf) for leaf in leaves_of(rows) if _value(leaf) in CONSTANTS}
            return mapped(rows, lambda leaf: leaf if id(leaf) in kept else self._single(leaf)), False
        formula = with_logistics(formula)
        arguments = {id(each) for node, *_ in nodes(formula) for each in _lone_arguments(node)}
        counts = _counts(formula)
        leaves = [leaf for leaf in leaves_of(formula) if _value(leaf) is not None and id(leaf) not in counts]
        sure = {
            leaf: self._single(leaf)
            for leaf in leaves
            if _value(leaf) not in CONSTANTS or id(leaf) in arguments
        }
        is_computed = any(not self._computed.isdisjoint(each.names()) for each in sure.values())
        is_sum = _is_weighted_sum(formula)
        values = {_value(leaf) for leaf in leaves_of(formula)}
        has_constants = any(self.all(each) for each in values & CONSTANTS)
        is_whole = (
            bool(sure) and all(each.names() for each in sure.values()) and (is_sum or not has_constants)
        )
        if not (is_whole or is_computed):
            return formula, False
        named = mapped(
            formula, lambda leaf: self._single(leaf) if is_sum and is_whole else sure.get(leaf, leaf)
        )
        return (self._with_ones(named) if ones_too else named), has_constants and not is_whole

    def _with_ones(self, formula):
        """A formula with names for the terms of its sums that are 0, 0.5, 1 or 2 as well."""
        parts = [self._with_ones(part) for part in formula.parts()]
        copy = formula.rebuilt(parts) if parts else formula
        return (
            Sum([(sign, self._single(term)) for sign, term in copy.terms]) if isinstance(copy, Sum) else copy
        )

    def _single(self, leaf):
        """What a Number is printed for, where that is one quantity; else the leaf."""
        value = _value(leaf)
        (quantity,) = (None if value is None else self.one(value)) or [leaf]
        inner = quantity.inner if isinstance(quantity, Negative) else quantity
        return leaf if inner.format() in self._short else quantity

    def _by_rows(self, formula):
        """A formula with entries in sums of one form: `0.2*1.5 + 0.4*0.5` is w_1 x_1 + w_2 x_2.

        In each place of the terms the numbers are those of a row in order, their squares, or one number.
        """
        terms = formula.terms if isinstance(formula, Sum) else []
        if len(terms) < 2 or len({_form(term) for _, term in terms}) > 1:
            parts = [self._by_rows(part) for part in formula.parts()]
            return formula.rebuilt(parts) if parts else formula
        signs = [sign for sign, _ in terms]
        columns = list(zip(*(_numbers_in(term) for _, term in terms)))
        for place in [None] if min(signs) > 0 else range(len(columns)):
            signed = [
                tuple(map(operator.mul, signs, each)) if at == place else each
                for at, each in enumerate(columns)
            ]
            found = [self._row(each) for each in signed]
            if None not in found and any(len({*each}) > 1 for each in signed):
                rows = zip(*found)
                return Sum([(1, _with_numbers(term, iter(row))) for (_, term), row in zip(terms, rows)])
        return formula

    def _row(self, numbers):
        """What the numbers in one place of all terms are: a row of quantities, one, or bare numbers."""
        if len({*numbers}) > 1:
            return self.one(*numbers)
        single = None if numbers[0] in CONSTANTS else self.one(numbers[0])
        return (single or [None]) * len(numbers)


def _rows(dimensions):
    """The places, row by row, of a vector, and of each row and column of a matrix."""
    if len(dimensions) == 1 or 1 in dimensions:
        return [range(max(dimensions))]
    if not dimensions:
        return []
    height, width = dimensions
    rows = [range(width * row, width * (row + 1)) for row in range(height)]
    return rows + [range(column, height * width, width) for column in range(width)]


def _value(leaf):
    return as_number(leaf.value, Decimal) if isinstance(leaf, Number) else None


def _lone_arguments(node):
    """The number that a function of one number is of, as 0.5 in exp(-0.5): no constant of a formula."""
    inner = node.arguments[0] if isinstance(node, Call) and len(node.arguments) == 1 else None
    return [inner.inner if isinstance(inner, Negative) else inner]


def _counts(formula):
    """The id of each number that counts the terms of the sum it divides, as 3 in (0.1 + 0.2 + 0.6)/3."""
    found = set()
    for factors in (node.factors for node, *_ in nodes(formula) if isinstance(node, Product)):
        counts = {len(each.terms) for _, each in factors if isinstance(each, Sum)}
        found |= {id(each) for mark, each in factors if mark == "/" and _value(each) in counts}
    return found


def _is_weighted_sum(formula):
    return all(
        isinstance(part, (Sum, Negative, Number))
        or (isinstance(part, Product) and all(operator != "/" for operator, _ in part.factors))
        for part, *_ in nodes(formula)
    )


def _is_signed(part):
    return isinstance(part, Negative) and isinstance(part.inner, Number)


def _is_number(formula):
    return isinstance(formula, Number) or _is_signed(formula)


def _form(formula):
    if _is_number(formula):
        return "number"
    terms = getattr(formula, "terms", ())
    signs = ["" if _is_number(term) else sign for sign, term in terms]
    signs += [sign for sign, _ in getattr(formula, "factors", ())]
    extra = getattr(formula, "exponent", getattr(formula, "function", None))
    return (type(formula).__name__, str(signs), str(extra), *map(_form, formula.parts()))


def _numbers_in(formula):
    if _is_number(formula):
        return [-_value(formula.inner) if _is_signed(formula) else _value(formula)]
    if isinstance(formula, Sum):
        return [
            sign * each if _is_number(term) else each
            for sign, term in formula.terms
            for each in _numbers_in(term)
        ]
    return [number for part in formula.parts() for number in _numbers_in(part)]


def _with_numbers(formula, others):
    """A formula with others in place of its numbers, from left to right; None leaves one as it is."""
    if _is_number(formula):
        return next(others) or formula
    if isinstance(formula, Sum):
        return Sum([_signed(sign, term, _with_numbers(term, others)) for sign, term in formula.terms])
    parts = [_with_numbers(part, others) for part in formula.parts()]
    return formula.rebuilt(parts) if parts else formula


def _signed(sign, term, other):
    """The term of a sum that another one replaces; a number has its sign with it."""
    if other is term or not _is_number(term):
        return sign, other
    return (-1, other.inner) if isinstance(other, Negative) else (1, other)


PROOF = 4  # digits of a number that prove a formula wrong
MOST_CHOICES = 50  # of what the numbers in a formula may stand for


class NumbersForNames:
    """What the numbers in a formula may stand for: given ones, quantities, derivatives of the `loss`."""

    def __init__(self, model: Model, loss: str | None):
        self.model, self.loss = model, loss
        self._tables: dict[Decimal | None, PrintedFor] = {}
        self._values: list[tuple] = []

    def named(self, formula: Expression) -> Iterator[Expression]:
        """The formula with names for one or more of its numbers, in all ways, of many the first.

        Arrays of numbers have the name of the one array that is printed so.
        """
        as_written = formula.format()
        for node, *_ in nodes(formula):
            if isinstance(node, ArrayOf) and not node.names():
                formula = replaced(formula, {node.format(): self._array(node) or node})
        if formula.format() != as_written:
            yield formula
        names = {leaf: self.quantities(leaf) for leaf in leaves_of(formula) if isinstance(leaf, Number)}
        for choice in islice(product(*([*names[leaf], leaf] for leaf in names)), MOST_CHOICES):
            meant = dict(zip(names, choice))
            yield mapped(formula, lambda leaf, meant=meant: meant.get(leaf, leaf))

    def with_others(self, formula: Expression) -> Expression | None:
        """A formula of names with numbers that stand for none, as a sum on the way; the others have names.

        A number in an array is an entry and no sum: then, and without such numbers, None.
        """
        leaves = [leaf for leaf in leaves_of(formula) if _may_stand(leaf)]
        meant = {leaf: found[0] for leaf in leaves if (found := self.quantities(leaf))}
        is_plain = not any(isinstance(node, ArrayOf) for node, *_ in nodes(formula))
        has_others = is_plain and formula.names() and len(meant) < len(leaves)
        return mapped(formula, lambda leaf: meant.get(leaf, leaf)) if has_others else None

    def quantities(self, leaf: Number) -> list[Expression]:
        """The quantities that a number is, or that round to it."""
        unit = _decimal(leaf).unit if _digits(leaf) >= FEWEST_DIGITS else None
        if unit not in self._tables:
            self._tables[unit] = table = PrintedFor()
            for name, each in self.model.given.items():
                if not isinstance(each, Array):
                    table.add([as_number(each, Decimal)], [Name(name)])
            for quantity, value in self._computed():
                table.add([value if unit is None else value.quantize(unit)], [quantity])
        return [quantity for (quantity,) in self._tables[unit].all(_value(leaf))]

    def exchanged(self, formula: Expression, printed) -> list[tuple[str, str]]:
        """(a name in a formula, another one that gives the printed number in its place), all of them."""
        if isinstance(printed, Array) or digits_of(printed.value) < PROOF:
            return []
        inside = formula.names()
        others = [name for name in self.model.names() if name not in inside and not self.model.shape(name)]
        pairs = product(inside, others + inside)
        return [pair for pair in pairs if len({*pair}) == 2 and self._gives(formula, *pair, printed)]

    def _gives(self, formula, name, other, printed):
        """Whether a formula with one of its names exchanged, in one place, gives a printed number."""
        for node, rebuild, _ in nodes(formula):
            if isinstance(node, Name) and node.name == name:
                try:
                    value = self.model.value(rebuild(Name(other)))
                except NeuronnetError:
                    continue
                if not isinstance(value, Array) and gives(value, printed):
                    return True
        return False

    def _array(self, numbers):
        """The Name of the one array of the model that is printed as these numbers, or None."""
        try:
            printed = [Printed(each.format()) for each in numbers.parts()]
        except NumberError:
            return None
        found = []
        for name in (
            self.model.names() if max(digits_of(each.value) for each in printed) >= FEWEST_DIGITS else ()
        ):
            if self.model.shape(name) == numbers.form:
                exact = entries(self.model[name])
                found += [name] if all(each.agrees(value) for each, value in zip(printed, exact)) else []
        return Name(found[0]) if len(found) == 1 else None

    def _computed(self) -> Iterable[tuple]:
        """(a quantity that is a number, or an entry of an array, its value); derivatives of the loss, too."""
        if not self._values:
            names = [*self.model.formulas]
            if self.loss is not None:
                names += [partial_name(self.loss, name) for name in [*self.model.formulas, *self.model.given]]
            for name in names:
                try:
                    value = self.model[name]
                except NeuronnetError:
                    continue
                self._values += zip(by_entry(Name(name), arrays.shape(value)), entries(value))
        return self._values


def _decimal(leaf):
    """The Printed of a Number with a decimal point; else None."""
    text = getattr(leaf.value, "text", None) if isinstance(leaf, Number) else None
    return Printed(text) if text is not None and "." in text else None


def has_numbers(formula):
    """Whether a formula has numbers of digits enough to be those of quantities."""
    return any(map(_may_stand, leaves_of(formula)))


def _may_stand(leaf):
    """Whether a leaf is a number of enough digits to be that of a quantity, and no well-known one."""
    if _digits(leaf) < FEWEST_DIGITS:
        return False
    value, unit = _value(leaf), _decimal(leaf).unit
    return not any(abs(value - each) <= unit / 2 for each in WELL_KNOWN)


def _digits(leaf):
    """The digits of a Number with a decimal point; 0 of what is none."""
    printed = _decimal(leaf)
    return 0 if printed is None else digits_of(printed.value)
