"""The numbers that an author printed, and what formulas give when they are computed from these and not from
exact ones.
"""

from decimal import Decimal
from typing import NamedTuple

from neuronnet.derivation.digits import Printed, finite
from neuronnet.derivation.interval import Interval, around
from neuronnet.formulas.expressions import Name, Negative, Number, Sum, total
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.sheet.notation import printed_literal

# Decimals that stand in formulas as they are, whatever was printed before.
CONSTANTS = {Decimal("0.5"), Decimal("0.25")}


class Record(NamedTuple):
    """A number printed for a quantity: the Printed, its line, and whether it is wrong."""

    printed: Printed
    line: int
    is_wrong: bool


class Computed(NamedTuple):
    """What a formula gives from printed numbers: an `interval`, and the Records that it rests on."""

    interval: Interval
    records: list

    @property
    def wrong_line(self):
        """The first line with a wrong number among those it rests on; None when all are right."""
        return min((record.line for record in self.records if record.is_wrong), default=None)


class PrintedNumbers:
    """What an author printed, by the quantity's name."""

    def __init__(self, exact):
        """`exact` is an Exact, which knows what the numbers should be."""
        self._exact = exact
        self._given = exact.derivation.given
        self._records = {}
        self._accepted = {}
        self._given_values = set(self._given.values()) | CONSTANTS

    def record(self, quantity, printed, line, is_wrong):
        """Keep what was printed for a quantity, an Expression; only names, and names with a minus, are kept."""
        if isinstance(quantity, Negative):
            text = printed.text.lstrip("+")
            quantity, printed = quantity.inner, Printed(text[1:] if text.startswith("-") else "-" + text)
        if isinstance(quantity, Name):
            self._records[quantity.name] = Record(printed, line, is_wrong)
            if not is_wrong:
                self._accepted.setdefault(abs(printed.value), []).append(abs(self._exact.of(quantity.name)))

    def of(self, name):
        """The Record of a quantity, or None."""
        return self._records.get(name)

    def wrong_record_of(self, printed):
        """The Record of a wrong number that was printed just like this one, or None."""
        same = (
            record
            for record in self._records.values()
            if record.is_wrong and abs(record.printed.value) == abs(printed.value)
        )
        return next(same, None)

    def computed(self, formula, besides=None):
        """What a formula over names gives from the numbers printed so far, a Computed; None where it cannot
        be said.

        A right number may have been carried on as it is printed, or with more digits up to all of them. What
        was not printed is computed from what was. The number printed for the quantity `besides` is not used.
        """
        records, known = [], {}
        try:
            interval = self._interval(formula, besides, records, known)
        except (ArithmeticError, ValueError):
            return None
        return Computed(interval, records) if interval.low.is_finite() and interval.high.is_finite() else None

    def _interval(self, formula, besides, records, known):
        for name in formula.names():
            if name not in known:
                known[name] = self._interval_of(name, besides, records, known)
        return formula.evaluator(self)(known)

    def _interval_of(self, name, besides, records, known):
        record = self._records.get(name)
        if record is not None and name != besides and (record.is_wrong or name not in self._given):
            records.append(record)
            if record.is_wrong:
                return around(record.printed)
            return Interval(record.printed.value).with_(self._exact.of(name))
        formula = None if name in self._given else self._exact.formula(name)
        if formula is None:
            return Interval(self._exact.of(name))
        return self._interval(formula, besides, records, known)

    def as_written(self, value):
        """The Interval of a number in a formula: whole and given numbers are exact, others stand for what
        rounds to them.

        A number that was printed before stands for what it was printed for as well.
        """
        if isinstance(value, int):
            return Interval(value)
        printed = Printed(value.text)
        if printed.value in self._given_values:
            return Interval(printed.value)
        interval = around(printed)
        for exact in self._accepted.get(abs(printed.value), ()):
            interval = interval.with_(exact)
        return interval

    def left_over(self, name):
        """What printed sums leave for a quantity when the other printed terms are taken from them: Computed
        after Computed.
        """
        for row in self._exact.derivation.quantities:
            if isinstance(row.expression, Sum) and name in row.expression.names():
                others = [each for each in row.expression.names() if each != name]
                records = [self._records.get(each) for each in [row.name, *others]]
                terms = [(sign, term) for sign, term in row.expression.terms if isinstance(term, Name)]
                if (
                    None in records
                    or any(record.is_wrong for record in records)
                    or len(terms) != len(row.expression.terms)
                ):
                    continue
                (sign,) = [sign for sign, term in terms if term.name == name]
                rest = total(
                    [Name(row.name)]
                    + [-term if mark > 0 else term for mark, term in terms if term.name != name]
                )
                printed = {each: Interval(self._records[each].printed.value) for each in [row.name, *others]}
                left = rest.evaluator(self)(printed)
                yield Computed(left if sign > 0 else -left, records)


def point(expression):
    """The value of an expression of numbers alone, taken exactly as they are written: a Decimal."""
    return finite(lambda: expression.evaluator(Decimal)({}), expression)


def decimals_in(expression):
    """The Printed of every number in an expression that is written with a decimal point, from left to right."""
    return [
        printed_literal(leaf)
        for leaf in leaves_of(expression)
        if isinstance(leaf, Number) and not isinstance(leaf.value, int)
    ]
