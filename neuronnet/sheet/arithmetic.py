"""Judges the numbers of one claim by their printed digits.

These are the numbers in the place of names, what arithmetic on them gives, and the result. Where the digits
differ from the exact ones, the numbers that the author printed before may explain them.
"""

from decimal import Decimal
from struct import pack, unpack

from neuronnet.derivation.digits import BINARY64_ROUNDING, Interval, around, rounded_or_cut
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Name, Product
from neuronnet.names import partial_name, split_partial
from neuronnet.sheet.printed_before import aligned, decimals_in
from neuronnet.sheet.report import COINCIDENCE, RIGHT, ROUNDING, UNREADABLE, WRONG_FORMULA, WRONG_NUMBER

BINARY32_ROUNDING = Decimal(2) ** -21  # eight roundings of a computation in binary32
DIGITS_OF_A_FLOAT = 17
DIGITS_OF_BINARY32 = 12  # so many are not those of a binary32 number by chance
COMPUTED = "it is computed from rounded numbers"
NO_VALUE = "it has no finite value"


class Arithmetic:
    """The numbers of one claim, part after part, as they stand there.

    `models` are formulas that are the quantity, the nearest last; `computed` holds (Part, formula) of
    everything else that the claim computes a number from. Whoever judges the formulas adds to both.
    """

    def __init__(self, exact, author, quantity, value, excuse):
        """`quantity` is the Expression that the claim is about, or None, `value` its exact value, a Decimal.

        `excuse`: None, or a clause that says why the number is rounding and not wrong.
        """
        self.exact, self.author, self.excuse = exact, author, excuse
        self.quantity, self.value = quantity, value
        self.models, self.computed = [], []

    def has_the_shape(self, formula):
        """Whether a formula has the shape of one of the quantity's, with numbers in the place of names."""
        return any(aligned(formula, model) for model in self._models())

    def _models(self):
        """Formulas of the quantity that an arithmetic part may repeat, the nearest first."""
        return self.models[::-1] + self._own_formulas() + [self.quantity]

    def _own_formulas(self):
        """The quantity's formula in the derivation; of a weight's gradient also that by delta."""
        own = self.exact.formula(self.quantity.name) if isinstance(self.quantity, Name) else None
        if own is None:
            return []
        names, whole = own.names(), split_partial(self.quantity.name)
        if whole is None or not (isinstance(own, Product) and len(names) == len(own.factors) == 3):
            return [own]
        error, parts = whole[0], split_partial(names[-1])
        if parts is None:
            return [own]
        return [own, Name(self.exact.derivation.own_name(partial_name(error, parts[0]))) * Name(names[-1])]

    # In the place of names

    def in_place(self, part, formula):
        """Judge every number that stands for a name; where the shape shows no names, the result."""
        if self._repeats_a_wrong_formula(formula):
            part.verdict = WRONG_NUMBER
            self.computed.append((part, formula))
            return
        shapes = (aligned(formula, model, self._agrees) for model in self._models())
        literals = next((found for found in shapes if found is not None), None)
        self.computed.append((part, formula))
        if literals is None:
            self.result(part, formula)
        for literal in literals or ():
            self._literal(part, literal)

    def _repeats_a_wrong_formula(self, formula):
        """Whether this is the wrong formula just before, with the right number for every name in it."""
        if not self.computed or self.computed[-1][0].verdict not in (WRONG_FORMULA, COINCIDENCE):
            return False
        literals = aligned(formula, self.computed[-1][1])
        return literals is not None and all(map(self._agrees, literals))

    def _agrees(self, literal):
        """Whether a number in the place of a name is it; a whole number stands for itself alone."""
        exact = self.exact.of(literal.name)
        return literal.printed.value == exact if literal.printed.is_whole else literal.printed.agrees(exact)

    def _literal(self, part, literal):
        if part.verdict == WRONG_NUMBER or self._agrees(literal):
            return
        exact, printed = self.exact.of(literal.name), literal.printed
        record = self.author.of(literal.name)
        repeated = record is not None and record.printed.value == printed.value
        is_right_record = repeated and not record.is_wrong
        if printed.is_cut_from(exact) or is_right_record or self._from_printed(literal.name, printed):
            part.verdict = ROUNDING
            return
        part.verdict, part.column = WRONG_NUMBER, literal.column
        turned = "the sign is turned around: " if printed.agrees(-exact) else ""
        part.note = f"{turned}{printed.text} stands for {literal.name}, which is {printed.exact_text(exact)}"
        if repeated:
            part.follows_from = record.line

    def _from_printed(self, name, printed):
        """Whether a number is what the right numbers printed so far give for a quantity."""
        formula = self.exact.formula(name)
        computed = None if formula is None else self.author.computed(formula, name)
        if computed is None or computed.wrong_line is not None:
            return False
        return computed.interval.meets(rounded_or_cut(printed))

    def result(self, part, formula):
        """Judge arithmetic of no known shape: what its numbers can stand for must contain the value."""
        computed = self.author.computed(formula)
        if computed is None:
            part.verdict, part.note = UNREADABLE, NO_VALUE
        elif not computed.interval.meets(Interval(self.value)):
            part.verdict = WRONG_NUMBER
            part.note = f"it gives {self.exact.value(formula):.12g}, not {self.value:.12g}"
            records = [self.author.wrong_record_of(printed) for printed in decimals_in(formula)]
            part.follows_from = min((record.line for record in records if record is not None), default=None)

    # The number of the quantity

    def number(self, part, printed):
        part.printed, part.exact = printed.text, printed.exact_text(self.value)
        part.units = printed.units_from(self.value)
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
            part.verdict = WRONG_NUMBER
            if self.computed:
                self._from_beside(part, printed)
            elif isinstance(self.quantity, Name) or self.models:
                self._from_before(part, printed)

    def _excuse_what_rounds_to(self, printed):
        """Arithmetic on rounded numbers is no mistake where the right digits are printed behind it."""
        if not self.computed:
            return
        source, formula = self.computed[-1]
        if source.verdict != WRONG_NUMBER or source.column is not None:
            return
        if printed.agrees(self.exact.value(formula)):
            source.verdict, source.note, source.follows_from = ROUNDING, COMPUTED, None

    def _say_what_is_lost(self, part, printed):
        """A nought without a right digit says little, and a given number has no digits to be rounded away."""
        given = getattr(self.quantity, "name", None) in self.exact.derivation.given
        if printed.value == 0 != self.value:
            part.verdict = WRONG_NUMBER if printed.is_whole else ROUNDING
            part.note = "it is not 0" if printed.is_whole else "no significant digit is left"
        elif given and printed.value != self.value:
            part.verdict, part.note = ROUNDING, f"it is given as {self.value}"

    def _is_binary(self, printed):
        """The type of float whose rounding explains the number, if its digits are of that type, or None."""
        off, number = abs(printed.value - self.value), float(printed.value)
        digits = len(printed.value.as_tuple().digits)
        is_binary32 = digits >= DIGITS_OF_BINARY32 and number == unpack("f", pack("f", number))[0]
        if is_binary32 and off <= BINARY32_ROUNDING * abs(self.value):
            return "binary32"
        if digits > DIGITS_OF_A_FLOAT and not printed.agrees(Decimal(number)):
            return None
        rounding = self.exact.rounding(self.quantity) if self.quantity is not None else 0
        return "binary64" if off <= max(rounding, BINARY64_ROUNDING * abs(self.value)) else None

    def _gives(self, printed):
        if not self.computed or self.computed[-1][0].verdict not in (RIGHT, ROUNDING):
            return False
        try:
            return printed.agrees(self.exact.value(self.computed[-1][1]))
        except NeuronnetError:
            return False

    def _from_beside(self, part, printed):
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
            part.follows_from = source.follows_from
            part.note = "the computation beside it gives this"
            return
        part.note = f"the computation beside it gives {printed.exact_text(value)}"

    def _from_before(self, part, printed):
        name = getattr(self.quantity, "name", None)
        for formula in self.models[::-1] + self._own_formulas():
            computed = self.author.computed(formula, name)
            if computed is not None and computed.records and computed.interval.meets(rounded_or_cut(printed)):
                if computed.wrong_line is None:
                    part.verdict, part.note = ROUNDING, COMPUTED
                else:
                    part.follows_from = computed.wrong_line
                return
