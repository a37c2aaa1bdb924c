"""Judges the claims of a sheet in their order: formulas as identities; `arithmetic` judges the numbers."""

from decimal import Decimal
from itertools import islice, product

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.quantities import Exact
from neuronnet.errors import NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.formulas.expressions import Name, Number
from neuronnet.formulas.rewriting import leaves_of, mapped
from neuronnet.names import after, split_index
from neuronnet.repairs.counterexample import counterexample
from neuronnet.repairs.identity import Trials
from neuronnet.repairs.repair import repair
from neuronnet.sheet import report
from neuronnet.sheet.arithmetic import NO_VALUE, Arithmetic
from neuronnet.sheet.printed_before import PrintedBefore, aligned, point, printed_literal
from neuronnet.sheet.readers.spelling import Notation, numeral

SAME_VALUE = Decimal("1e-9")
MOST_CHOICES = 100  # of what the numbers in one formula may stand for
MOST_MEANINGS = 4  # of one number
MOST_MENDED = 20  # wrong formulas that get a repair and a counterexample


class Judge:
    """Judges the claims of one sheet in their order: what was printed before counts for what comes after."""

    def __init__(self, description):
        """`description` is a checked network description with a sample."""
        self.exact = Exact(description)
        self.notation = Notation(self.exact.derivation)
        self._trials = Trials(description)
        self.is_same = self._trials.same
        self._mended = {}
        self.start_again({})

    def start_again(self, excused):
        """Forget what was printed. `excused`: id of a claim -> a clause, why its number is rounding."""
        self.author = PrintedBefore(self.exact)
        self.excused = excused

    def line(self, claim):
        line = report.Line(claim.line, claim.text)
        read = []
        for spelled, number in zip(claim.parts, claim.lines):
            part, meaning = self._read(spelled)
            part.line = None if number == claim.line else number
            line.parts.append(part)
            read.append(meaning)
        if read[0] is not None:
            readable = [(part, meaning) for part, meaning in zip(line.parts, read) if meaning is not None]
            _Chain(self, line, readable, self.excused.get(id(claim))).compare()
        return line

    def mended(self, formula, quantity):
        """(Repair or None, Counterexample or None) of a wrong formula, for MOST_MENDED formulas."""
        key = formula.format(), quantity.format()
        if key not in self._mended:
            if len(self._mended) >= MOST_MENDED:
                return None, None
            menders = (repair, counterexample)
            self._mended[key] = tuple(mend(formula, quantity, self._trials) for mend in menders)
        return self._mended[key]

    def with_names_for_numbers(self, formula, quantity):
        """Whether a formula is the quantity when numbers in it stand for names that have these values."""
        leaves = [leaf for leaf in leaves_of(formula) if isinstance(leaf, Number)]
        choices = product(*([leaf, *self._names_with(printed_literal(leaf))] for leaf in leaves))
        for choice in islice(choices, 1, MOST_CHOICES):
            meant = dict(zip(map(id, leaves), choice))
            if self.is_same(mapped(formula, lambda leaf, meant=meant: meant.get(id(leaf), leaf)), quantity):
                return True
        return False

    def _names_with(self, printed):
        """The Names that a printed number may stand for; a whole number only for what is given."""
        derivation = self.exact.derivation
        given = [Name(name) for name, value in derivation.given.items() if value == printed.value]
        if given or printed.is_whole:
            return given
        rows = (Name(row.name) for row in derivation.quantities if printed.agrees(row.value))
        return [*islice(rows, MOST_MEANINGS)]

    def _read(self, spelled):
        part = report.Part(spelled.text.strip(), spelled.columns[0] if spelled.columns else 1)
        try:
            text = numeral(spelled.text)
            return part, Printed(text) if text is not None else self.notation.read(spelled)
        except NeuronnetError as error:
            part.verdict, part.column, part.note = why_unread(error)
        return part, None


def why_unread(error):
    """(verdict, column or None, note) for a NeuronnetError that reading a formula or a number has raised."""
    if isinstance(error, UnknownName):
        note = f"nothing is called {shortened(error.name)}{did_you_mean(error.nearest)}"
        return report.UNKNOWN_NAME, error.column, note
    return report.UNREADABLE, getattr(error, "column", None), getattr(error, "reason", str(error))


class _Chain:
    """The parts of one claim, each compared with the quantity that the first of them with a name is."""

    def __init__(self, judge, line, readable, excuse):
        self.judge, self.line, self.exact, self.excuse = judge, line, judge.exact, excuse
        self.parts, self.read = [part for part, _ in readable], [meaning for _, meaning in readable]
        formulas = [each for each in self.read if not isinstance(each, Printed) and each.names()]
        self.quantity = formulas[0] if formulas else None
        if self._is_assignment():
            self.quantity = self.read[self.read.index(formulas[0])] = Name(after(self.quantity.name, 1))

    def compare(self):
        """Give every part its verdict, and keep the number for the lines that follow."""
        try:
            self.value = self._value()
        except (NeuronnetError, ArithmeticError, ValueError) as error:
            self.parts[0].verdict = report.UNREADABLE
            self.parts[0].note = str(error) if isinstance(error, NeuronnetError) else NO_VALUE
            return
        self.line.quantity = self.quantity
        self.arithmetic = Arithmetic(self.exact, self.judge.author, self.quantity, self.value, self.excuse)
        for part, meaning in zip(self.parts, self.read):
            if isinstance(meaning, Printed):
                self.arithmetic.number(part, meaning)
            elif meaning is not self.quantity:
                self._formula(part, meaning)
        self._record()
        self._say_if_frozen()

    def _is_assignment(self):
        """Whether the claim gives a parameter its next value, as in w5 = w5 - eta*dE_total/dw5."""
        name = getattr(self.quantity, "name", None)
        later = name and after(name, 1)
        if name not in self.exact.derivation.given or later not in self.exact.derivation:
            return False
        return any(self._is_next(each, name, later) for each in self.read if each is not self.quantity)

    def _is_next(self, meaning, name, later):
        """Whether one side of a claim is a parameter's next value and not the given one."""
        if isinstance(meaning, Printed):
            return meaning.agrees(self.exact.of(later)) and not meaning.agrees(self.exact.of(name))
        if aligned(meaning, self.exact.formula(later)) is not None:
            return True
        return name in meaning.names() and self.judge.is_same(meaning, Name(later))

    def _value(self):
        if self.quantity is not None:
            return self.exact.value(self.quantity)
        first = self.read[0]
        return first.value if isinstance(first, Printed) else point(first)

    def _formula(self, part, formula):
        if self.quantity is None:
            self.arithmetic.result(part, formula)
        elif formula.names() and self.judge.is_same(formula, self.quantity):
            self.arithmetic.models.append(formula)
        elif not formula.names() or self.arithmetic.has_the_shape(formula):
            self.arithmetic.in_place(part, formula)
        elif self.judge.with_names_for_numbers(formula, self.quantity):
            self.arithmetic.computed.append((part, formula))
        else:
            self._wrong_formula(part, formula)

    def _wrong_formula(self, part, formula):
        try:
            value = self.exact.value(formula)
            same_here = abs(value - self.value) <= SAME_VALUE * max(abs(value), abs(self.value))
        except NeuronnetError:
            same_here = False
        part.verdict = report.COINCIDENCE if same_here else report.WRONG_FORMULA
        if not self._is_frozen():
            part.repair, part.counterexample = self.judge.mended(formula, self.quantity)
        if part.repair is not None:
            part.column = part.repair.column
            part.note = part.repair.sentence
        self.arithmetic.computed.append((part, formula))

    def _is_frozen(self):
        name = getattr(self.quantity, "name", None)
        return name is not None and self.exact.derivation.own_name(name) != name

    def _say_if_frozen(self):
        if self._is_frozen() and self.line.verdict in (report.WRONG_NUMBER, report.WRONG_FORMULA):
            name = split_index(self.quantity.name)[0]
            self.line.remark = f"{name} is frozen in this network (train_bias = false), it stays {self.value}"

    def _record(self):
        numbers = [pair for pair in zip(self.parts, self.read) if isinstance(pair[1], Printed)]
        if numbers and self.quantity is not None:
            part, printed = min(numbers, key=lambda pair: pair[1].unit)
            is_wrong = part.verdict == report.WRONG_NUMBER
            self.judge.author.record(self.quantity, printed, self.line.line, is_wrong)
