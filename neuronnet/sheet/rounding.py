"""Judges one printed number, or one printed array, by its exact value and by the ways to come to it honestly.

In this order: the number rounds the exact value; its last digit is cut off; it is computed from printed
numbers, each one exact or as it is printed; the numbers on the line give it; a wrong number of an earlier
line gives it; every step is rounded as it is written down. Nothing else is rounding. As the exact value is
known, the deviation of a printed number counts, never half a unit around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from itertools import product

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.formulas.arrays import Array, as_vector_shape, entries, shape, shape_text
from neuronnet.formulas.expressions import Expression, Name, Sum
from neuronnet.sheet.computation import (
    EXACT,
    ROUNDED,
    SHORTENED,
    TO_THE_DIGIT,
    Input,
    Verdict,
    binary_of,
    by_itself,
    digits_of,
    gives,
    is_whole_zero,
    reaches,
    rounded_to,
    unit_of,
    ways_from_memory,
    ways_of,
    ways_with_mistakes,
)
from neuronnet.sheet.report import RIGHT, ROUNDING, WRONG_NUMBER

UNDECIDED = "undecided"
RANKS = [RIGHT, ROUNDING, UNDECIDED, WRONG_NUMBER]

CARRIED, STEP_BY_STEP = "computed from rounded numbers", "every step is rounded"
ON_THE_LINE, ARITHMETIC = "computed from the numbers on the line", "the arithmetic is right"
TOO_MANY = "so many numbers that not every rounding of the steps to them is tried"
WITHIN, UNKNOWN = "within the rounding of your numbers", "no line computes it"
FAR_OFF = "computed from printed numbers that are far from the exact ones"
INHERITED = "computed from a wrong number"
NOT_ZERO, NOT_IT = "it is not 0", "no rounding explains it"

FAR, FAR_PART = 100, 5  # units of the last digit, and the part of the value: both together are no rounding
FEWEST = 2  # significant digits of steps: to one of them nobody rounds
MEMORY = (1, 2, 5)  # so many lines back unrounded numbers are carried on from
MOST_CORNERS = 10  # inputs of which every combination is tried


_CARRIED, _STEP_BY_STEP = Verdict(ROUNDING, CARRIED), Verdict(ROUNDING, STEP_BY_STEP)


def judged(
    printed: Printed | Sequence,
    exact: Decimal | Array | None,
    formulas: Sequence[Expression],
    inputs: dict[str, Input],
    *arithmetic: Callable,
) -> Verdict:
    """The Verdict on a Printed, or on a nested list of them: that of its worst entry.

    `formulas` are those of the quantity over names of `inputs`, the author's own first; one that does not
    give the exact value explains nothing. `arithmetic` makes Literals, of ways, from what stands on the line
    before this number, the last first; they explain it where they stand for numbers that give the exact
    value. An `exact` of None means that no line computes the quantity: then its arithmetic alone is judged.
    """
    with fifty_digits():
        numbers = Array.of(printed)
        texts, dimensions = _zeros_like_the_others(entries(numbers)), shape(numbers)
        if exact is None:
            return _worst(_arithmetic_alone(texts, *arithmetic[:1]), dimensions)
        if not dimensions and not any(entries(exact)) and not entries(numbers)[0].value:
            return Verdict(RIGHT, EXACT)  # 0 for zeros in any shape
        if as_vector_shape(dimensions) != as_vector_shape(shape(exact)):
            how = f"its shape is {shape_text(dimensions)}, not {shape_text(shape(exact))}"
            return Verdict(WRONG_NUMBER, how)
        values = entries(exact)
        unchanged = None if arithmetic else _unchanged(texts, values, formulas, inputs)
        if unchanged is not None:
            return _worst([Verdict(WRONG_NUMBER, f"it is {unchanged}, unchanged")] * len(texts), dimensions)
        verdicts = [by_itself(text, value) for text, value in zip(texts, values)]
        if None in verdicts:
            ways = ways_of(formulas, inputs, values)
            explanation = _Explanation(texts, values, verdicts)
            explanation.try_all(ways, [each(ways) for each in arithmetic])
            for depth in MEMORY:
                if None in verdicts and not explanation.is_far():
                    explanation.try_all(ways_from_memory(formulas, inputs, values, depth))
            if None in verdicts:
                explanation.try_mistakes(ways_with_mistakes(formulas, inputs, values))
            explanation.give_up()
        return _worst(verdicts, dimensions)


def _arithmetic_alone(texts, arithmetic=None):
    """The Verdicts on numbers of which only the arithmetic is known."""
    literals = None if arithmetic is None else arithmetic([])
    if literals is None or not literals.has(len(texts)):
        return [Verdict(UNDECIDED, UNKNOWN)] * len(texts)
    verdicts = [by_itself(text, value) for text, value in zip(texts, literals.base)]
    explanation = _Explanation(texts, literals.base, verdicts)
    explanation.try_all([literals])
    explanation.give_up()
    return [each._replace(how=ARITHMETIC) if each.verdict == RIGHT else each for each in verdicts]


def _worst(verdicts, dimensions):
    """The verdict of an array, with the index of the first entry that has it; of a number, its own."""
    if not dimensions:
        return verdicts[0]
    place = max(range(len(verdicts)), key=lambda place: _rank(verdicts[place]))
    if verdicts[place].verdict == RIGHT:
        return verdicts[place]
    index = (place,) if len(dimensions) == 1 else divmod(place, dimensions[1])
    return verdicts[place]._replace(entry=tuple(k + 1 for k in index))


def _rank(verdict):
    shades = [EXACT, TO_THE_DIGIT, ROUNDED]
    shade = shades.index(verdict.how) if verdict.how in shades else verdict.follows_from is None
    return RANKS.index(verdict.verdict), shade


# A number beside the exact value


def _zeros_like_the_others(texts):
    """The texts of an array, a whole 0 with as many decimals as its neighbours have."""
    decimals = max(-text.value.as_tuple().exponent for text in texts)
    if decimals <= 0:
        return texts
    return [Printed(f"0.{'0' * decimals}") if is_whole_zero(text) else text for text in texts]


def _unchanged(texts, values, formulas, inputs):
    """The name of an old value that is printed again, by one whose other numbers would show the change."""
    for formula in formulas:
        old = formula.terms[0][1] if isinstance(formula, Sum) else None
        if not isinstance(old, Name) or old.name not in inputs or inputs[old.name].exact is None:
            continue
        repeated = zip(texts, entries(inputs[old.name].exact))
        if all(text.value == entry != 0 for text, entry in repeated) and _shows(texts, values, inputs):
            return old.name
    return None


def _shows(texts, values, inputs):
    """Whether most numbers of this author have the digits in which these texts differ from their values."""
    change, size = max((abs(text.value - value), text.value.adjusted()) for text, value in zip(texts, values))
    rounded = [
        shown for each in inputs.values() if each.is_moved for exact, shown in each.pairs() if exact != shown
    ]
    units = [max(unit_of(shown), Decimal(1).scaleb(size + 1 - digits_of(shown))) for shown in rounded]
    return 2 * sum(change >= unit for unit in units) > len(units)


# A number that the exact value does not explain


class _Explanation:
    """Fills in the `verdicts` that are None: one for each printed text and exact value."""

    def __init__(self, texts, values, verdicts):
        self.texts, self.values, self.verdicts = texts, values, verdicts
        self.decimals = max(-text.value.as_tuple().exponent for text in texts)
        self.significant = max(digits_of(text.value) for text in texts)
        self.coarsest, self.largest = Decimal(0), max(map(abs, values))
        self.is_cut_short = False  # whether a way was too long to be gone in every rounding

    def try_all(self, ways, on_the_line=()):
        """Try one way after the other until every number is explained."""
        self._note_coarsest(ways)
        self._each(ways, self._carried)
        self._each(ways, self._binary)
        self._each([each for each in on_the_line if each.has(len(self.texts))], self._on_the_line)
        self._each(ways, self._from_wrong)
        if not self.is_far():
            self._each(ways, self._by_steps)
        self._each(ways, self._within)

    def try_mistakes(self, ways):
        """Try what follows from mistaken formulas, carried in all the same ways."""
        for way in ways:
            verdict = _inherited([way.inputs[name] for name, _ in way.steps if way.inputs[name].mistaken])
            self._settle(way.base, verdict)
            self._carried(way, verdict)
            self._by_steps(way, verdict)

    def is_far(self) -> bool:
        """Whether a number that is not explained is farther off than any rounding of steps takes it."""
        return any(map(self._is_far_in, self._open()))

    def _is_far_in(self, place):
        text = self.texts[place]
        most = max(FAR * text.unit, FAR * self.coarsest, self.largest / FAR_PART)
        return abs(text.value - self.values[place]) > most

    def _note_coarsest(self, ways):
        """Keep the largest unit of a last digit among the numbers that this one is computed from."""
        self.is_cut_short |= any(way.is_large for way in ways)
        moved = [each for way in ways for each in way.inputs.values() if each.is_moved]
        units = [unit_of(shown) for each in moved for exact, shown in each.pairs() if exact != shown]
        self.coarsest = max(units, default=Decimal(0))

    def give_up(self):
        """Call every number that is not explained wrong."""
        for place in self._open():
            how = NOT_ZERO if is_whole_zero(self.texts[place]) else NOT_IT
            is_open = self.is_cut_short and not self._is_far_in(place)
            self.verdicts[place] = Verdict(UNDECIDED, TOO_MANY) if is_open else Verdict(WRONG_NUMBER, how)

    def _open(self):
        return [place for place, verdict in enumerate(self.verdicts) if verdict is None]

    def _each(self, ways, attempt):
        for way in ways:
            if self._open():
                attempt(way)

    def _carried(self, way, verdict=_CARRIED):
        names = way.moved()
        if len(names) > MOST_CORNERS:
            self._settle_within(way.box([[way.at([name])] for name in names]), verdict)
            return
        for found in way.corners():
            self._settle(found, verdict)
            if not self._open():
                return

    def _by_steps(self, way, verdict=_STEP_BY_STEP, wrong=()):
        decimals = max(self.decimals, way.decimals())
        if decimals == 0 and any(map(is_whole_zero, self.texts)):  # everything small is 0 then
            return
        decimals = max(decimals, 1)  # nobody rounds steps to whole numbers
        for found in way.by_steps(
            [*way.moved(), *wrong], decimals, max(FEWEST, self.significant, way.digits())
        ):
            if wrong or verdict is not _STEP_BY_STEP or self._gives_what_is_right(found):
                self._settle(found, verdict)

    def _gives_what_is_right(self, found):
        """Whether a way gives the right entries of an array as well: its author computes all in one way."""
        right = [place for place, each in enumerate(self.verdicts) if each and each.verdict == RIGHT]
        return all(gives(found[place], self.texts[place]) for place in right if place < len(found))

    def _from_wrong(self, way):
        """Explain what wrong numbers give, as they are printed, or as anything that is printed so."""
        wrong = way.wrong()
        choices = [wrong, *([name] for name in wrong if len(wrong) > 1)] if wrong else []
        for shortened, used in product((None, *SHORTENED), choices):
            middle = way.at(used)
            if middle is not None and len(middle) == len(self.texts):
                moved = [[way.at([*used, name])] for name in way.moved()]
                moved += way.meant(shortened, used) if shortened else []
                verdict = _inherited([way.inputs[name] for name in used])
                self._settle_within(way.box(moved, middle), verdict, shortened or rounded_to)
        if wrong:
            self._by_steps(way, _inherited([way.inputs[name] for name in wrong]), wrong)

    def _settle(self, found, verdict):
        """Give the verdict to every number that one of the values found is printed as."""
        if found is None or len(found) != len(self.texts):  # a wrong number of another shape gives another
            return
        for place in self._open():
            if gives(found[place], self.texts[place]):
                is_no_rounding = verdict.verdict == ROUNDING and self._is_far_in(place)
                self.verdicts[place] = Verdict(UNDECIDED, FAR_OFF) if is_no_rounding else verdict

    def _binary(self, way):
        """What rounding every input in binary does to the value; at a cancellation that is much."""
        for place in self._open():
            binary, rounding = binary_of(self.texts[place])
            if binary is not None:
                box = way.box(way.shifted(way.start, partial(_both_ways, rounding), way.start))
                self._settle_within(box, Verdict(ROUNDING, f"computed in {binary}"), places=[place])

    def _within(self, way):
        for shortened in SHORTENED if way.unsure() else ():
            box = way.box(way.meant(shortened))
            self._settle_within(box, Verdict(UNDECIDED, WITHIN), shortened)

    def _settle_within(self, box, verdict, shortened=rounded_to, places=None):
        for place in self._open() if places is None else places:
            if reaches(box, place, self.texts[place], shortened):
                self.verdicts[place] = verdict

    def _on_the_line(self, literals):
        """Explain what the numbers on the line give, at once or step by step, where they are honest."""
        places = self._open()
        given = {place for place in places if gives(literals.base[place], self.texts[place])}
        if len(given) < len(places):
            for found in literals.by_steps([], self.decimals, self.significant):
                given |= {place for place in places if gives(found[place], self.texts[place])}
        for place in given:
            blamed = literals.blamed(place, self.texts[place], self.values[place])
            if blamed is not None:
                self.verdicts[place] = _inherited(blamed) if blamed else Verdict(ROUNDING, ON_THE_LINE)


def _inherited(wrong):
    lines = [each.line for each in wrong if each.line is not None]
    return Verdict(WRONG_NUMBER, INHERITED, min(lines, default=None))


def _both_ways(part, value):
    return [part * abs(value), -part * abs(value)]
