"""The search for the mistakes behind wrong numbers: the catalogue replayed, and the odds of chance."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import combinations
from math import isfinite
from typing import Any

from neuronnet.derivation.digits import LARGEST_EXPONENT, Printed, fifty_digits
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError, NumberError, shortened
from neuronnet.formulas.evaluating import evaluator
from neuronnet.mistakes.catalogue import CATALOGUE, replay, variation
from neuronnet.mistakes.mistaken_program import NotHere
from neuronnet.mistakes.printed_numbers import Diagnosis, PrintedNumber
from neuronnet.names import update_of

MOST_CHANCE = 0.05
MOST_ROUNDED = 1e-9  # of the largest number: rounding takes no number farther off; this saves replays
MOST_LONG = 8  # counts of updates of long trainings for which mistakes are searched
MOST_PAIRED_WORK = 60  # weights times samples times updates up to which pairs are
MOST_CARRIED_WORK = 1_000  # and single ones with carried rounding
MOST_WORK = 600_000  # the same, times the number of mistakes, up to which single ones are: a few seconds
CLAIMED_BY_A_FLOAT = 9


def diagnose(
    network: Any,
    numbers: Mapping[str, str | int | float | Decimal],
    progress: Callable[[int, int], None] | None = None,
    bounded: type | None = None,
) -> list[Diagnosis]:
    """Explanations of numbers that are wrong for a network, best first: `[]` where none is known.

    `network` is a NeuralNetwork or what `neuronnet.load` takes. `numbers` maps names, such as "dE_total/dw5",
    or formulas over them to numbers; a string claims the digits it has, a float nine significant ones. Every
    further Diagnosis explains what those before it leave over. `progress(done, total)` is called while long
    trainings are replayed. `bounded` is for numbers that one program computed in binary64: a type of number
    with a bound on its own rounding as `error`. A number may then miss what it is by what rounding does, and
    no mistake is named that contradicts more of the numbers than it explains. Raises UnknownName,
    ExpressionError and NumberError for a bad name or number.
    """
    description = read(network)
    if not isinstance(numbers, Mapping) or not all(isinstance(name, str) for name in numbers):
        needed = "a mapping of names such as 'dE_total/dw5' to numbers is needed"
        raise NeuronnetError(f"numbers: found {shortened(numbers)}; {needed}")
    with fifty_digits():
        exact = Exact(description)
        found = [_printed(name, number, exact) for name, number in numbers.items()]
        if bounded is None:
            return explanations(description, found, progress)
        rounding = _Rounding(description, found, bounded)
        for each in found:
            room = rounding.room((), each.expression)
            each.is_right = each.is_right or abs(each.off) <= room
            each.allow(room)
        return explanations(description, found, progress, rounding.room)


def explanations(description, numbers, progress=None, rounding=None):
    """Diagnoses of the wrong ones among PrintedNumbers, best first, each of what those before it leave over.

    `rounding`: None, or for numbers that one program computed, a function (mistakes, expression) that says by
    how much one may miss the value in a replay and still be that value, rounded in another way.
    """
    if all(each.is_right for each in numbers):
        return []
    return _Search(description, numbers, progress, rounding).explanations()


class _Rounding:
    """By how much two computations of a number in binary64 may differ: by the bounds of both."""

    def __init__(self, description, numbers, bounded):
        self.description, self.bounded, self._replayed = description, bounded, {}
        self.counts = {update_of(name) for each in numbers for name in each.expression.names()}

    def room(self, mistakes, expression):
        """Twice the bound that a replay carries, which is one for each computation; 0 where none is known."""
        if mistakes not in self._replayed:
            self._replayed[mistakes] = self._replay(mistakes)
        try:
            error = getattr(evaluator(expression, self.bounded)(self._replayed[mistakes]), "error", 0.0)
        except (ArithmeticError, KeyError, ValueError):
            return 0.0
        return 2 * error if isfinite(error) else 0.0

    def _replay(self, mistakes):
        try:
            return replay(self.description, mistakes, self.counts, number=self.bounded)
        except TypeError:  # a function that the bounded numbers lack, as adam's square root
            return {}


def _printed(name, number, exact):
    if isinstance(number, bool) or not isinstance(number, (str, int, float, Decimal)):
        raise NumberError(f"the number for {name!r}", number)
    expression = exact.derivation.read(name)
    if isinstance(number, int) and abs(number) >= 10**LARGEST_EXPONENT:
        raise NumberError(f"the number for {name!r}", number)
    text = str(number)
    if isinstance(number, float):
        text = f"{number:.{CLAIMED_BY_A_FLOAT - 1}e}"
        value = exact.value(expression) if number == 0 else 0
        if value:  # a float that is 0 claims the digits of what it should be
            text = f"0e{value.adjusted() - CLAIMED_BY_A_FLOAT + 1}"
    return PrintedNumber(name, expression, Printed(text), exact)


class _Search:
    """The numbers still to be explained, the right ones, and the passes replayed so far."""

    def __init__(self, description, numbers, progress, rounding):
        self.description, self.progress, self.one_program = description, progress, rounding is not None
        self.rounding = rounding or (lambda mistakes, expression: 0.0)
        sizes = [abs(size) for each in numbers for size in (each.printed, each.exact)]
        self.most_rounded = MOST_ROUNDED * max(sizes)
        self.printed = {each.key: each for each in numbers}
        self.short = sorted({each.updates for each in numbers if not each.is_long} | {1})
        wrong_after = dict.fromkeys(each.updates for each in numbers if each.is_long and not each.is_right)
        self.long = [*wrong_after][:MOST_LONG]
        searched = [each for each in numbers if not each.is_long or each.updates in self.long]
        self.wrong = [each for each in searched if not each.is_right]
        self.right = [each for each in searched if each.is_right]
        self.later = [each for each in numbers if each.is_long and each.updates not in self.long]
        self._replayed = {}
        self.singles = self._affordable(self.short)
        self.tried = 0
        self.following = self._following()

    def explanations(self):
        """Single mistakes, then pairs for what these leave over, then single ones with carried rounding."""
        found = self._one_after_another([], self.singles, self._first_values)
        if any(each.is_long for each in self._left(found)):
            found = self._one_after_another(found, self._affordable(self.long), self._long_values)
        work = self._work(self.short)
        if work <= MOST_PAIRED_WORK and self._leaves_short_ones(found):
            found = self._more(found, list(self._pairs()), self._short_values)
        if work <= MOST_CARRIED_WORK and self._leaves_short_ones(found):
            found = self._more(found, self.singles, self._carried_values, carried=True)
        return [self._with_later(each) for each in found] if self.later else found

    def _leaves_short_ones(self, found):
        return not all(each.is_long for each in self._left(found))

    def _with_later(self, found):
        values = self._replay(found.mistakes, sorted({each.updates for each in self.later}))
        wrong = [each for each in self.later if not each.is_right]
        later = tuple(each.name for each in wrong if each.is_given_by(each.value(values)))
        return found._replace(explains=found.explains + later)

    def _affordable(self, counts):
        singles = [(each,) for each in CATALOGUE.values() if self._makes_sense(each)]
        return singles[: max(2, MOST_WORK // max(1, self._work(counts)))]

    def _makes_sense(self, mistake):
        try:
            variation((mistake,))(self.description)
        except NotHere:
            return False
        except (ArithmeticError, ValueError):
            pass
        return True

    def _following(self):
        """The keys of wrong numbers that follow from wrong ones before: no evidence of their own."""
        wrong = {each.key: each.printed for each in self.wrong}
        computed = self._replay_with((), lambda name, value: wrong.get(name, value))
        return {each.key for each in self.wrong if each.is_given_by(each.value(computed))}

    def _left(self, found):
        explained = {name for each in found for name in each.explains}
        return [each for each in self.wrong if each.name not in explained]

    def _one_after_another(self, found, candidates, values_of, carried=False):
        found = list(found)
        while left := self._left(found):
            best = self._best(left, set(), candidates, values_of, carried)
            if best is None:
                break
            found.append(best)
        return found

    def _more(self, found, candidates, values_of, carried=False):
        """A Diagnosis that explains more than all those found; else they and further ones."""
        before = {each.name for each in self.wrong} - {each.name for each in self._left(found)}
        best = self._best(self.wrong, before, candidates, values_of, carried)
        if best is not None or not found:
            return [best] if best is not None else []
        return self._one_after_another(found, candidates, values_of, carried)

    def _best(self, wrong, before, candidates, values_of, carried):
        """Of the candidates that explain `before` and more, the one that gets the most digits right."""
        replayed, distinct = [], {each.key: each for each in wrong}.values()
        for mistakes in candidates:
            values = values_of(mistakes)
            if values is not None:
                found = {each.key: each.value(values) for each in distinct}
                replayed.append((mistakes, [found[each.key] for each in wrong], values))
        self.tried = max(self.tried, len(replayed))
        best, key = None, (0.0,)
        for mistakes, found, values in replayed:
            matched = [each for each, value in zip(wrong, found) if self._is_given(each, value, mistakes)]
            if not matched or not before < {each.name for each in matched}:
                continue
            against = () if all(each.is_miscount for each in mistakes) else self._made_wrong(values, mistakes)
            if self.one_program and len(against) > len(matched):
                continue
            own = (sum(each.digits for each in matched), -len(against))
            if own > key:
                best, key, same = (mistakes, matched, against), own, []
            elif own == key and matched == best[1]:
                same.append(" + ".join(each.id for each in mistakes))
        if best is None:
            return None
        mistakes, matched, against = best
        chance = self._chance([each for each in matched if each.name not in before], wrong, replayed)
        if chance > MOST_CHANCE:
            return None
        digits = sum(each.digits for each in self._telling(matched))
        names = tuple(each.name for each in matched)
        return Diagnosis(mistakes, names, against, digits, chance, self.tried, tuple(same), carried)

    def _is_given(self, number, value, mistakes):
        """Whether a value has the printed digits, or misses them by no more than rounding in its pass."""
        if value is None or number.is_given_by(value):
            return value is not None
        missed = abs(value - number.printed)
        return missed <= self.most_rounded and missed <= self.rounding(mistakes, number.expression)

    def _made_wrong(self, values, mistakes):
        found = [(each, each.value(values)) for each in self.right]
        found = [(each, value) for each, value in found if value is not None]
        return tuple(each.name for each, value in found if not self._is_given(each, value, mistakes))

    def _chance(self, matched, wrong, replayed):
        """How many of the replayed passes would give these digits by coincidence."""
        telling = self._telling(matched)
        position = wrong.index(telling[0])
        near = sum(telling[0].is_as_far_off(found[position]) for _, found, _ in replayed)
        return max(near, 1) * 10 ** -sum(each.digits for each in telling)

    def _telling(self, matched):
        """Numbers that tell something of their own, farthest off first; of several in proportion, one."""
        telling = []
        own = [each for each in matched if each.key not in self.following] or matched
        for each in sorted(own, key=lambda each: -abs(each.units)):
            if not any(each.is_in_proportion_to(other) for other in telling):
                telling.append(each)
        return telling

    # Replaying

    def _pairs(self):
        numbers = self.wrong + self.right
        right = self._short_values(())
        kinds = {tuple(each.value(right) for each in numbers)}
        different = []
        for (mistake,) in self.singles:
            values = self._short_values((mistake,))
            kind = None if values is None else tuple(each.value(values) for each in numbers)
            if kind is not None and kind not in kinds:
                kinds.add(kind)
                different.append(mistake)
        return combinations(different, 2)

    def _short_values(self, mistakes):
        return self._remembered(mistakes, tuple(self.short))

    def _first_values(self, mistakes):
        """After a long training, replay only what is off by one or explains a number after few updates."""
        values = self._short_values(mistakes)
        if values is None or not self.long:
            return values
        likely = mistakes[0].is_miscount or any(each.is_given_by(each.value(values)) for each in self.wrong)
        return self._long_values(mistakes) if likely else values

    def _long_values(self, mistakes):
        if self._short_values(mistakes) is None:
            return None
        values = self._remembered(mistakes, (*self.short, *self.long))
        if self.progress is not None:
            replayed = sum(len(counts) > len(self.short) for _, counts in self._replayed)
            self.progress(replayed, len(self.singles))
        return values

    def _carried_values(self, mistakes):
        """The pass computed from the printed numbers wherever these are near its own."""

        def kept(name, value):
            number = self.printed.get(name)
            if number is None or abs(number.printed - value) > 2 * float(number.as_printed.unit):
                return value
            return number.printed

        return self._replay_with(mistakes, kept)

    def _replay_with(self, mistakes, kept):
        """What a pass computes that goes on with `kept(name, value)` in place of its own values."""
        computed = {}

        def keep(name, value):
            computed[name] = value
            return kept(name, value)

        return None if self._replay(mistakes, self.short, keep) is None else computed

    def _remembered(self, mistakes, counts):
        if (mistakes, counts) not in self._replayed:
            self._replayed[mistakes, counts] = self._replay(mistakes, counts)
        return self._replayed[mistakes, counts]

    def _replay(self, mistakes, counts, keep=None):
        try:
            return replay(self.description, mistakes, counts, keep=keep)
        except NotHere:
            return None

    def _work(self, counts):
        description = self.description
        return description.weight_count * len(description.samples) * max(counts, default=1)
