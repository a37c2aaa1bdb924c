"""Judges one claim of a sheet after another: every formula as an identity, every number by the digits printed.

Names no mistake: that takes all the wrong numbers together.
"""

from decimal import Decimal
from itertools import islice, product
from struct import pack, unpack

from neuronnet.derivation.counterexample import counterexample
from neuronnet.derivation.digits import Printed
from neuronnet.derivation.exact import BINARY64_ROUNDING, Exact
from neuronnet.derivation.expressions import Name, Number, Product
from neuronnet.derivation.identity import Trials
from neuronnet.derivation.interval import Interval, around, rounded_or_cut
from neuronnet.derivation.repairs import repair
from neuronnet.derivation.rewriting import leaves_of, mapped
from neuronnet.errors import ExpressionError, NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.names import after, partial_name, split_index, split_partial
from neuronnet.sheet.alignment import aligned, printed_literal
from neuronnet.sheet.author import AuthorsNumbers, decimals_in, point
from neuronnet.sheet.notation import Notation
from neuronnet.sheet.report import (COINCIDENCE, RIGHT, ROUNDING, UNKNOWN_NAME, UNREADABLE, WRONG_FORMULA, WRONG_NUMBER,
                                    Line, Part)
from neuronnet.sheet.spelling import numeral

BINARY32_ROUNDING = Decimal(2) ** -21        # eight roundings of a computation in binary32
DIGITS_OF_A_FLOAT = 17
DIGITS_OF_BINARY32 = 12      # so many are not those of a binary32 number by chance
SAME_VALUE = Decimal("1e-9")
COMPUTED = "it is computed from rounded numbers"
MOST_CHOICES = 100      # of what the numbers in one formula may stand for
MOST_MEANINGS = 4       # of one number
MOST_MENDED = 20      # wrong formulas for which a repair and a counterexample are looked for


class Judge:
    """Judges the claims of one sheet in their order: what was printed before counts for what comes after."""

    def __init__(self, description):
        """`description` is a checked network description with a sample."""
        self.exact = Exact(description)
        self.notation = Notation(self.exact.derivation)
        self._trials = Trials(description)
        self._mended = {}
        self.start_again({})

    def start_again(self, excused):
        """Forget what was printed. `excused` maps claims, by `id`, to a clause that says why their number is rounding and not wrong."""
        self.author = AuthorsNumbers(self.exact)
        self.excused = excused

    def line(self, claim):
        """The Line of a Claim."""
        line = Line(claim.line, claim.text)
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
        """(Repair, Counterexample) of a wrong formula, each None where there is none; looked for a bounded number of times."""
        key = formula.format(), quantity.format()
        if key not in self._mended:
            if len(self._mended) >= MOST_MENDED:
                return None, None
            self._mended[key] = repair(formula, quantity, self._trials), counterexample(formula, quantity, self._trials)
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
        """The Names of the quantities that a printed number may stand for: a whole one for what is given as such."""
        derivation = self.exact.derivation
        if printed.is_whole:
            return [Name(name) for name, value in derivation.given.items() if value == printed.value]
        exact = [Name(name) for name, value in derivation.given.items() if value == printed.value]
        rows = (row for row in derivation.quantities if len(exact) == 0)
        return exact + [Name(row.name) for row in rows if printed.agrees(row.value)][:MOST_MEANINGS]

    def is_same(self, formula, quantity):
        """Whether a formula is the quantity in every network of this shape."""
        return self._trials.same(formula, quantity)

    def _read(self, spelled):
        """(Part, its meaning) of one side of a claim; the meaning is a Printed, an Expression, or None where it has none."""
        part = Part(spelled.text.strip(), spelled.columns[0] if spelled.columns else 1)
        try:
            text = numeral(spelled.text)
            return part, Printed(text) if text is not None else self.notation.read(spelled)
        except UnknownName as error:
            part.verdict, part.column, part.note = UNKNOWN_NAME, error.column, f"nothing is called {shortened(error.name)}{did_you_mean(error.nearest)}"
        except ExpressionError as error:
            part.verdict, part.column, part.note = UNREADABLE, error.column, error.reason
        except NeuronnetError as error:
            part.verdict, part.note = UNREADABLE, str(error)
        return part, None


class _Chain:
    """The parts of one claim, each compared with the quantity that the first of them with a name is."""

    def __init__(self, judge, line, readable, excuse):
        self.judge, self.line, self.excuse = judge, line, excuse
        self.parts, self.read = [part for part, _ in readable], [meaning for _, meaning in readable]
        self.exact, self.author = judge.exact, judge.author
        formulas = [each for each in self.read if not isinstance(each, Printed) and each.names()]
        self.quantity = formulas[0] if formulas else None
        if self._is_assignment():
            self.quantity = self.read[self.read.index(formulas[0])] = Name(after(self.quantity.name, 1))
        self.models = []         # formulas that are the quantity, the nearest last
        self.computed = []       # (Part, formula) of everything else that the claim computes a number from

    def compare(self):
        try:
            self.value = self._value()
        except (NeuronnetError, ArithmeticError, ValueError) as error:
            first = self.parts[0]
            first.verdict, first.note = UNREADABLE, str(error) if isinstance(error, NeuronnetError) else "it has no finite value"
            return
        self.line.quantity = self.quantity
        for part, meaning in zip(self.parts, self.read):
            if isinstance(meaning, Printed):
                self._number(part, meaning)
            elif meaning is not self.quantity:
                self._formula(part, meaning)
        self._record()
        self._say_if_frozen()

    def _is_assignment(self):
        """Whether the claim gives a parameter its next value, w5 = w5 - eta*dE_total/dw5, without a mark on the left."""
        name = getattr(self.quantity, "name", None)
        later = None if name is None else after(name, 1)
        if name not in self.exact.derivation.given or later not in self.exact.derivation:
            return False
        return any(self._is_next(each, name, later) for each in self.read if each is not self.quantity)

    def _is_next(self, meaning, name, later):
        """Whether one side of a claim is a parameter's next value and not the given one."""
        if isinstance(meaning, Printed):
            return meaning.agrees(self.exact.of(later)) and not meaning.agrees(self.exact.of(name))
        own = self.exact.formula(later)
        return aligned(meaning, own) is not None or (name in meaning.names() and self.judge.is_same(meaning, Name(later)))

    def _value(self):
        """The exact value that all parts should have."""
        if self.quantity is not None:
            return self.exact.value(self.quantity)
        first = self.read[0]
        return first.value if isinstance(first, Printed) else point(first)

    def _formula(self, part, formula):
        if self.quantity is None:
            self._result(part, formula)
        elif formula.names() and self.judge.is_same(formula, self.quantity):
            self.models.append(formula)
        elif not formula.names() or self._stands_for_numbers(formula):
            self._numbers_in_place(part, formula)
        elif self.judge.with_names_for_numbers(formula, self.quantity):
            self.computed.append((part, formula))
        else:
            self._wrong_formula(part, formula)

    def _stands_for_numbers(self, formula):
        """Whether a formula of names and numbers has the shape of one of the quantity's, with numbers in the place of names."""
        return any(aligned(formula, model) for model in self._models())

    def _models(self):
        """Formulas of the quantity that an arithmetic part may repeat, the nearest first."""
        return self.models[::-1] + self._own_formulas() + [self.quantity]

    def _own_formulas(self):
        """The quantity's formula in the derivation; of a weight's gradient also that by delta."""
        own = self.exact.formula(self.quantity.name) if isinstance(self.quantity, Name) else None
        if own is None:
            return []
        names = own.names()
        parts = split_partial(names[-1]) if isinstance(own, Product) and len(names) == len(own.factors) == 3 else None
        if parts is None or split_partial(self.quantity.name) is None:
            return [own]
        error, _ = split_partial(self.quantity.name)
        return [own, Name(self.exact.derivation.own_name(partial_name(error, parts[0]))) * Name(names[-1])]

    # Formulas

    def _wrong_formula(self, part, formula):
        try:
            value = self.exact.value(formula)
            same_here = abs(value - self.value) <= SAME_VALUE * max(abs(value), abs(self.value))
        except NeuronnetError:
            same_here = False
        part.verdict = COINCIDENCE if same_here else WRONG_FORMULA
        if not self._is_frozen():
            part.repair, part.counterexample = self.judge.mended(formula, self.quantity)
        if part.repair is not None:
            part.column = part.repair.column
            part.note = part.repair.sentence
        self.computed.append((part, formula))

    # Arithmetic on numbers

    def _numbers_in_place(self, part, formula):
        """An arithmetic part: every number that stands for a name is judged; where the shape tells none, the result is."""
        if self._repeats_a_wrong_formula(formula):
            part.verdict = WRONG_NUMBER
            self.computed.append((part, formula))
            return
        shapes = (aligned(formula, model, self._agrees) for model in self._models())
        literals = next((found for found in shapes if found is not None), None)
        self.computed.append((part, formula))
        if literals is None:
            self._result(part, formula)
        for literal in literals or ():
            self._literal(part, literal)

    def _repeats_a_wrong_formula(self, formula):
        """Whether this is the wrong formula just before, with the right number for every name in it."""
        wrong = [other for source, other in self.computed[-1:] if source.verdict in (WRONG_FORMULA, COINCIDENCE)]
        literals = aligned(formula, wrong[0]) if wrong else None
        return literals is not None and all(map(self._agrees, literals))

    def _agrees(self, literal):
        """Whether a number in the place of a name is it; a whole number stands for itself alone."""
        exact = self.exact.of(literal.name)
        return literal.printed.value == exact if literal.printed.is_whole else literal.printed.agrees(exact)

    def _literal(self, part, literal):
        """A number in the place of a name; the first wrong one gives the part its verdict."""
        if part.verdict == WRONG_NUMBER or self._agrees(literal):
            return
        exact, printed = self.exact.of(literal.name), literal.printed
        record = self.author.of(literal.name)
        repeated = record is not None and record.printed.value == printed.value
        if printed.is_cut_from(exact) or (repeated and not record.is_wrong) or self._from_printed(Name(literal.name), printed):
            part.verdict = ROUNDING
            return
        part.verdict, part.column = WRONG_NUMBER, literal.column
        turned = "the sign is turned around: " if printed.agrees(-exact) else ""
        part.note = f"{turned}{printed.text} stands for {literal.name}, which is {printed.exact_text(exact)}"
        if repeated:
            part.inherits_from = record.line

    def _from_printed(self, quantity, printed):
        """Whether a number is what the right numbers printed so far give."""
        formula = self.exact.formula(quantity.name)
        computed = None if formula is None else self.author.computed(formula, quantity.name)
        return computed is not None and computed.wrong_line is None and computed.interval.meets(rounded_or_cut(printed))

    def _result(self, part, formula):
        """Arithmetic whose shape says nothing: what its numbers can stand for must contain the value."""
        computed = self.author.computed(formula)
        if computed is None:
            part.verdict, part.note = UNREADABLE, "it has no finite value"
        elif not computed.interval.meets(Interval(self.value)):
            part.verdict, part.note = WRONG_NUMBER, f"it gives {self.exact.value(formula):.12g}, not {self.value:.12g}"
            records = [self.author.wrong_record_of(printed) for printed in decimals_in(formula)]
            part.inherits_from = min((record.line for record in records if record is not None), default=None)

    # Numbers

    def _number(self, part, printed):
        part.printed, part.exact, part.units = printed.text, printed.exact_text(self.value), printed.units_from(self.value)
        if printed.agrees(self.value):
            self._say_what_is_lost(part, printed)
            self._excuse_what_rounds_to(printed)
            return
        binary = self._is_binary(printed)
        if binary is not None:
            part.verdict, part.note = ROUNDING, f"computed in {binary}"
        elif printed.is_cut_from(self.value):
            part.verdict, part.note = ROUNDING, COMPUTED if self._gives(printed) else "truncated"
        elif self.excuse is not None:
            part.verdict, part.note = ROUNDING, self.excuse
        else:
            self._computed_number(part, printed)

    def _excuse_what_rounds_to(self, printed):
        """Arithmetic on rounded numbers is no mistake where its result has the right digits that are printed behind it."""
        for source, formula in self.computed[-1:]:
            if source.verdict == WRONG_NUMBER and source.column is None and printed.agrees(self.exact.value(formula)):
                source.verdict, source.note, source.inherits_from = ROUNDING, COMPUTED, None

    def _say_what_is_lost(self, part, printed):
        """A nought without a right digit says little, and a given number has no digits to be rounded away."""
        if printed.value == 0 != self.value:
            part.verdict = WRONG_NUMBER if printed.is_whole else ROUNDING
            part.note = "it is not 0" if printed.is_whole else "no significant digit is left"
        elif getattr(self.quantity, "name", None) in self.exact.derivation.given and printed.value != self.value:
            part.verdict, part.note = ROUNDING, f"it is given as {self.value}"

    def _is_binary(self, printed):
        """The type of float in which a computation comes as near as this, if the digits are those of such a number."""
        off, number, digits = abs(printed.value - self.value), float(printed.value), len(printed.value.as_tuple().digits)
        if digits >= DIGITS_OF_BINARY32 and number == unpack("f", pack("f", number))[0] and off <= BINARY32_ROUNDING * abs(self.value):
            return "binary32"
        if digits > DIGITS_OF_A_FLOAT and not printed.agrees(Decimal(number)):
            return None
        rounding = self.exact.rounding(self.quantity) if self.quantity is not None else 0
        return "binary64" if off <= max(rounding, BINARY64_ROUNDING * abs(self.value)) else None

    def _gives(self, printed):
        """Whether the computation beside a number gives just its digits."""
        if not self.computed or self.computed[-1][0].verdict not in (RIGHT, ROUNDING):
            return False
        try:
            return printed.agrees(self.exact.value(self.computed[-1][1]))
        except NeuronnetError:
            return False

    def _computed_number(self, part, printed):
        """A number that is not the exact one: rounding where right printed numbers give it, otherwise wrong."""
        part.verdict = WRONG_NUMBER
        if self.computed:
            self._from_beside(part, printed)
        elif isinstance(self.quantity, Name) or self.models:
            self._from_before(part, printed)

    def _from_beside(self, part, printed):
        """Compare a number with the computation that stands beside it in the claim."""
        source, formula = self.computed[-1]
        try:
            value = self.exact.value(formula)
        except NeuronnetError:
            return
        if source.verdict in (RIGHT, ROUNDING):
            if Interval(min(value, self.value), max(value, self.value)).meets(around(printed)):
                part.verdict, part.note = ROUNDING, COMPUTED
                return
        elif printed.agrees(value):
            part.inherits_from = source.inherits_from
            part.note = "the computation beside it gives this"
            return
        part.note = f"the computation beside it gives {printed.exact_text(value)}"

    def _from_before(self, part, printed):
        """Compare a number with what the numbers printed in earlier lines give."""
        name = getattr(self.quantity, "name", None)
        for formula in self.models[::-1] + self._own_formulas():
            computed = self.author.computed(formula, name)
            if computed is not None and computed.records and computed.interval.meets(rounded_or_cut(printed)):
                if computed.wrong_line is None:
                    part.verdict, part.note = ROUNDING, COMPUTED
                else:
                    part.inherits_from = computed.wrong_line
                return

    def _is_frozen(self):
        """Whether the claim is about a bias after an update that the network does not train."""
        return isinstance(self.quantity, Name) and self.exact.derivation.own_name(self.quantity.name) != self.quantity.name

    def _say_if_frozen(self):
        if self._is_frozen() and self.line.verdict in (WRONG_NUMBER, WRONG_FORMULA):
            name = split_index(self.quantity.name)[0]
            self.line.remark = f"{name} is frozen in this network (train_bias = false), it stays {self.value}"

    def _record(self):
        """Keep the number with the most digits for the lines that follow."""
        numbers = [(meaning.unit, position) for position, meaning in enumerate(self.read) if isinstance(meaning, Printed)]
        if numbers and self.quantity is not None:
            part, printed = self.parts[min(numbers)[1]], self.read[min(numbers)[1]]
            self.author.record(self.quantity, printed, self.line.line, part.verdict == WRONG_NUMBER)
