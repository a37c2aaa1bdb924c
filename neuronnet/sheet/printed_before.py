"""What formulas give from the numbers that an author printed, and which name each number stands for."""

from decimal import Decimal
from typing import NamedTuple

from neuronnet.derivation.digits import Interval, Printed, around, finite
from neuronnet.formulas.expressions import Name, Negative, Number, Power, Product, Sum, total
from neuronnet.formulas.functions import Call
from neuronnet.formulas.rewriting import leaves_of

# Decimals that stand in formulas as they are, whatever was printed before.
CONSTANTS = {Decimal("0.5"), Decimal("0.25")}


class PrintedRecord(NamedTuple):
    """A number printed for a quantity: the Printed, its line, and whether it is wrong."""

    printed: Printed
    line: int
    is_wrong: bool


class ComputedRange(NamedTuple):
    """What a formula gives from printed numbers: an `interval`, and the PrintedRecords that it rests on."""

    interval: Interval
    records: list

    @property
    def wrong_line(self):
        """The first line with a wrong number among those it rests on; None when all are right."""
        return min((record.line for record in self.records if record.is_wrong), default=None)


class PrintedBefore:
    """What an author printed, by the quantity's name."""

    def __init__(self, exact):
        """`exact` is an Exact, which knows what the numbers should be."""
        self._exact = exact
        self._given = exact.derivation.given
        self._records = {}
        self._accepted = {}
        self._given_values = set(self._given.values()) | CONSTANTS

    def record(self, quantity, printed, line, is_wrong):
        """Keep what was printed for a quantity, an Expression, if it is a name or the negative of one."""
        if isinstance(quantity, Negative):
            text = printed.text.lstrip("+")
            quantity, printed = quantity.inner, Printed(text[1:] if text.startswith("-") else "-" + text)
        if isinstance(quantity, Name):
            self._records[quantity.name] = PrintedRecord(printed, line, is_wrong)
            if not is_wrong:
                self._accepted.setdefault(abs(printed.value), []).append(abs(self._exact.of(quantity.name)))

    def of(self, name):
        return self._records.get(name)

    def wrong_record_of(self, printed):
        """The PrintedRecord of a wrong number that was printed just like this one, or None."""
        wrong = (record for record in self._records.values() if record.is_wrong)
        return next((each for each in wrong if abs(each.printed.value) == abs(printed.value)), None)

    def computed(self, formula, besides=None):
        """The ComputedRange that a formula gives from the numbers printed so far, or None.

        A right number may have been carried on as it is printed, or with more digits up to all of them. What
        was not printed is computed from what was. The number printed for the quantity `besides` is not used.
        """
        records, known = [], {}
        try:
            interval = self._interval(formula, besides, records, known)
        except (ArithmeticError, ValueError):
            return None
        is_finite = interval.low.is_finite() and interval.high.is_finite()
        return ComputedRange(interval, records) if is_finite else None

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
        """The Interval of a number in a formula: exact if whole or given, else all that it can stand for."""
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
        """The ComputedRanges that printed sums leave for a quantity without their other printed terms."""
        for row in self._exact.derivation.quantities:
            if not isinstance(row.expression, Sum) or name not in row.expression.names():
                continue
            terms = row.expression.terms
            names = [row.name, *(each for each in row.expression.names() if each != name)]
            records = [self._records.get(each) for each in names]
            if None in records or any(record.is_wrong for record in records):
                continue
            if not all(isinstance(term, Name) for _, term in terms):
                continue
            (sign,) = [sign for sign, term in terms if term.name == name]
            others = [-term if mark > 0 else term for mark, term in terms if term.name != name]
            printed = {each: Interval(record.printed.value) for each, record in zip(names, records)}
            left = total([Name(row.name), *others]).evaluator(self)(printed)
            yield ComputedRange(left if sign > 0 else -left, records)


def point(expression):
    """The value of an expression of numbers alone, taken exactly as they are written: a Decimal."""
    return finite(lambda: expression.evaluator(Decimal)({}), expression)


def decimals_in(expression):
    """The Printed of every number with a decimal point in an expression, from left to right."""
    numbers = (leaf for leaf in leaves_of(expression) if isinstance(leaf, Number))
    return [printed_literal(number) for number in numbers if not isinstance(number.value, int)]


# Which name each number stands for: `0.15*0.05 + 0.35` beside `w1*i1 + b1`


class NumberForName(NamedTuple):
    """A number in the place of a name: what is `printed`, with its sign, the `name`, and the `column`."""

    printed: Printed
    name: str
    column: int


def aligned(part, model, agrees=lambda literal: True):
    """The NumbersForNames in `part`, a formula of the shape of `model`; None where the shapes differ.

    Terms and factors may stand in another order, and what is squared with another sign, where all numbers
    then agree, by `agrees(number for a name)`.
    """
    return _Alignment(agrees).of(part, model, 1)


class _Alignment:
    """The comparison of one part with one model, node by node."""

    def __init__(self, agrees):
        self.agrees = agrees

    def of(self, part, model, sign):
        """The numbers of a part; the sign that stands before it belongs to its number."""
        if isinstance(model, Name):
            return _in_place_of(part, model.name, sign)
        if isinstance(model, Sum) and isinstance(part, Sum):
            return self.together(part.terms, model.terms, lambda a, b: a * b * sign)
        if sign < 0:
            return None
        if isinstance(part, Number) and isinstance(model, Number):
            return [] if float(part.value) == float(model.value) else None
        if isinstance(model, Negative):
            if isinstance(part, Negative):
                return self.of(part.inner, model.inner, 1)
            return self.of(part, model.inner, -1) if isinstance(part, Number) else None
        if type(part) is not type(model):
            return None
        if isinstance(model, Product):
            return self.together(part.factors, model.factors, lambda a, b: 1 if a == b else None)
        if isinstance(model, Power):
            return self.power(part, model) if part.exponent == model.exponent else None
        if isinstance(model, Call) and part.function == model.function:
            pairs = ([(1, each) for each in call.arguments] for call in (part, model))
            return self.in_order(*pairs, lambda a, b: 1)
        return None

    def power(self, part, model):
        """The numbers of a base; that of an even power may have the other sign."""
        found = self.of(part.base, model.base, 1)
        if model.exponent % 2 == 0 and not (found is not None and all(map(self.agrees, found))):
            turned = self.of(part.base, model.base, -1)
            if turned is not None and all(map(self.agrees, turned)):
                return turned
        return found

    def together(self, parts, models, sign):
        found = self.in_order(parts, models, sign)
        if found is not None and all(map(self.agrees, found)) or len(parts) != len(models):
            return found
        reordered, left = [], list(models)
        for part in parts:
            for model in left:
                literals = self.pair(part, model, sign)
                if literals is not None and all(map(self.agrees, literals)):
                    reordered += literals
                    left.remove(model)
                    break
        return found if left else reordered

    def in_order(self, parts, models, sign):
        if len(parts) != len(models):
            return None
        found = [self.pair(part, model, sign) for part, model in zip(parts, models)]
        return None if None in found else [literal for literals in found for literal in literals]

    def pair(self, part, model, sign):
        turned = sign(part[0], model[0])
        return None if turned is None else self.of(part[1], model[1], turned)


def _in_place_of(part, name, sign):
    if isinstance(part, Name):
        return [] if part.name == name and sign > 0 else None
    if isinstance(part, Negative):
        return _in_place_of(part.inner, name, -sign)
    if not isinstance(part, Number):
        return None
    return [NumberForName(printed_literal(part, sign), name, part.column)]


def printed_literal(number, sign=1):
    """The Printed of a Number of a formula, with a sign that stands before it."""
    text = getattr(number.value, "text", None) or repr(number.value)
    return Printed("-" + text if sign < 0 else text)
