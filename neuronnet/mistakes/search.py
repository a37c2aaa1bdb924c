"""The search for the mistakes behind wrong numbers: the passes varied, and the odds of chance.

It starts from the first number that is wrong: what does not give that one is not looked at any further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, combinations
from math import inf
from typing import Any

from neuronnet.derivation.digits import Printed
from neuronnet.errors import NumberError
from neuronnet.formulas.arrays import Array, entries
from neuronnet.mistakes.printed_numbers import Diagnosis, PrintedNumber
from neuronnet.mistakes.variation import RIGHT, Variation, known
from neuronnet.names import after, split_partial

MOST_CHANCE = 0.05
MOST_ROUNDED = 1e-9  # of the largest number: rounding takes no number farther off; this saves replays
MOST_PAIRED_WORK = 60  # of a pass, up to which all pairs are searched
MOST_PAIRS, MOST_PAIRED = 1_000, 80_000  # pairs; the work of all of them
FEWEST_PAIRED_DIGITS = 6  # of the numbers that are left: fewer are hit by one pair or another
MOST_UPDATES = 3  # up to which a mistake is looked for that was made in a later pass alone
MOST_FIRST = 6  # variations that give the first wrong number, each tried with all others
MOST_CARRIED_WORK = 1_000  # up to which single ones with carried rounding are searched
MOST_REPLAYED_WORK = 150  # up to which all variations are replayed
MOST_BEHIND = 6  # names behind a step, among which a right number is looked for
MOST_STEPS = 250_000  # that are computed in all replays, some seconds
MOST_KEPT = 1_000_000  # of the replays that are kept, their work together
MOST_WORK = 600_000  # the same, times the number of variations, up to which single ones are
FEWEST = 5  # digits from which a slip is told from chance


def explanations(
    subject, numbers: list[PrintedNumber], progress=None, rounding=None, may_contradict=True, bounds=None
) -> list[Diagnosis]:
    """Diagnoses of the wrong ones among PrintedNumbers, best first, each of what those before it leave over.

    `subject` has `variations`, by id, `replay(variation, number, keep)`, `work`, and to save replays
    `others(variation)`, the names whose own step is another one, `users(name)`, those that are computed from
    it, `reached(expressions)`, what these are computed from, `moves(variation, reached)`, whether a step
    among these is another one, and `steps_in(values)`: a Network, or the model of a sheet. `rounding`: None,
    or for numbers that one program computed, a function (variation, number) that says by how much one may
    miss the value in a replay and still be that value, rounded in another way. `may_contradict`: whether a
    mistake may be named that would have made right numbers wrong. `bounds`: a list that takes what was left
    out of the search, if anything stays unexplained.
    """
    if all(each.is_right for each in numbers):
        return []
    search = _Search(subject, numbers, progress, rounding, may_contradict)
    found = search.explanations()
    if bounds is not None and search.left(found):
        bounds += search.bounds
    return found


class _Search:
    """The numbers still to be explained, the right ones, and the passes varied so far."""

    def __init__(self, subject, numbers, progress, rounding, may_contradict):
        self.may_contradict, self.bounds = may_contradict, []
        self.subject, self.progress, self.one_program = subject, progress, rounding is not None
        self.rounding = rounding or (lambda variation, number: 0.0)
        sizes = [abs(size) for each in numbers for size in (each.printed, each.exact)]
        self.most_rounded = MOST_ROUNDED * max(sizes)
        self.printed = {each.key[0]: each for each in numbers if each.entry is None}
        self._values: dict[str, Any] = {}
        self.plain = subject.replay(RIGHT)
        self.order = {each.name: place for place, each in enumerate(numbers)}
        for each in numbers:
            if not each.is_long and each.is_given_by(each.value(self.plain)):
                each.is_right = True  # what binary64 leaves of a 0
        wrong = [each for each in numbers if not each.is_right]
        self.wrong = sorted(wrong, key=lambda each: (each.updates, subject.place(each.expression)))
        self.right = sorted((each for each in numbers if each.is_right), key=lambda each: each.updates)
        self.right_by_name = defaultdict(list)
        for each in self.right:
            self.right_by_name[each.key[0]] += [] if each.is_long else [each]
        self.work, self.steps = subject.work, 0
        self.tried = len(subject.variations)
        reached = subject.reached(each.expression for each in self.wrong)
        moving = (each for each in subject.variations.values() if subject.moves(each, reached))
        self.singles = [each for each in moving if not self._is_refuted(each)]
        self.following = self._following()

    def explanations(self):
        """Single mistakes, then pairs for what these leave over, then carried rounding, then slips.

        One number that is left alone is a slip of the pen before it is two mistakes.
        """
        found = self._one_after_another([], self._single_values)
        found += self._slips(found) if len(self.left(found)) == 1 else []
        if len(self.wrong) == 1 and found and len(found[0].contradicts) > 1:
            found = self._slips([]) or found
        left = [each for each in self.left(found) if not each.is_long]
        if left and sum(each.digits for each in self._telling(left)) >= FEWEST_PAIRED_DIGITS:
            pairs = self._pairs(found)
            found = self._more(found, pairs)
        if any(not each.is_long for each in self.left(found)):
            if self.work <= MOST_CARRIED_WORK:
                found = self._one_after_another(found, self._carried_values, carried=True)
            else:
                self.bounds.append("mistakes with the printed numbers carried on, in so large a model")
        return found + self._slips(found)

    def left(self, found):
        explained = {name for each in found for name in each.explains}
        arrays = {each.key[0] for each in self.wrong if each.name in explained and each.entry is not None}
        return [each for each in self.wrong if each.name not in explained and each.key[0] not in arrays]

    # Candidates

    def _one_after_another(self, found, values_of, carried=False):
        """A Diagnosis for the first number that is left, until none is found for any."""
        found, given_up = list(found), set()
        while left := [each for each in self.left(found) if each.key not in given_up]:
            if self.steps > MOST_STEPS:
                break
            first, left = left[0], self.left(found)
            best = self._best(first, left, self._with_values(first, values_of), carried)
            later = self._from_later_on(first) if best is None and not carried else []
            if later:
                best = self._best(first, left, chain(self._with_values(first, values_of), later))
            given_up.add(first.key)
            found += [] if best is None else [best]
        return found

    def _with_values(self, number, values_of):
        """(variation, its replay) one by one: all of them together would fill the memory."""
        reached = self.subject.reached([number.expression])
        for done, each in enumerate(self.singles):
            if self.progress is not None:
                self.progress(done, len(self.singles))
            is_moved = self.subject.moves(each, reached)
            values = values_of(each, number) if is_moved else self.plain
            if values is not None:
                before = self.subject.steps_in(values)
                yield each, values
                self.steps += self.subject.steps_in(values) - before
            if self.steps > MOST_STEPS:
                self._leave_out("most mistakes, in so large a model")
                break
        if self.progress is not None:
            self.progress(len(self.singles), len(self.singles))

    def _is_refuted(self, variation):
        """Whether a right number next behind a step that is another one is far from what that gives.

        What comes after it need not be replayed, which counts in a large model alone.
        """
        if self.may_contradict or variation.later or self.work <= MOST_REPLAYED_WORK:
            return False
        values, waiting = self.subject.replay(variation), self.subject.others(variation)
        for name in waiting:
            numbers = self.right_by_name.get(name, ())
            if any(each.is_far_from(each.value(values)) for each in numbers):
                return True
            waiting += self.subject.users(name) if not numbers and len(waiting) < MOST_BEHIND else ()
        return False

    def _from_later_on(self, number):
        """The mistakes made from the pass of a wrong number on, where all before is right."""
        is_first = all(each.updates >= number.updates for each in self.wrong)
        if not 0 < number.updates <= MOST_UPDATES or not is_first:
            return []
        every = self.subject.variations.values()
        later = [self.subject.starting_at(each, number.updates) for each in every]
        return [(each, self.subject.replay(each)) for each in later if each is not None]

    def _best(self, first, left, candidates, carried=False):
        """The Diagnosis of the candidates that give a number, by the one that gets the most digits right."""
        best, key, same, near, tried = None, (0.0,), [], 0, 0
        for variation, found in candidates:
            tried += 1
            value = first.value(found)
            near += first.is_as_far_off(value)
            if not self._is_given(first, value, variation):
                continue
            matched = [each for each in left if self._is_given(each, each.value(found), variation)]
            beside = [each for each in left if each.entry is not None and each.key[0] == first.key[0]]
            if any(each.is_far_from(each.value(found)) for each in beside):
                continue
            is_of_one = variation.later and not self.one_program  # a program is late with all its numbers
            against = () if is_of_one else self._made_wrong(variation, found)
            if len(against) > (0 if not self.may_contradict else len(matched) if self.one_program else inf):
                continue
            own = (sum(each.digits for each in {each.key: each for each in matched}.values()), -len(against))
            if own > key:
                best, key, same = (variation, matched, against), own, []
            elif own == key and matched == best[1]:
                same.append(variation.id)
        if best is None:
            return None
        variation, matched, against = best
        digits = sum(each.digits for each in self._telling(matched))
        chance = max(near, 1) * 10**-digits
        if chance > MOST_CHANCE:
            return None
        names = tuple(sorted((each.name for each in matched), key=self.order.get))
        parts = variation.parts or (variation,)
        instead = self.subject.instead(variation, first.expression)
        tried = max(self.tried, tried)
        return Diagnosis(parts, names, against, digits, chance, tried, tuple(same), carried, instead)

    def _is_given(self, number, value, variation):
        """Whether a value has the printed digits, or misses them by no more than rounding in its pass."""
        if value is None or number.is_given_by(value):
            return value is not None
        missed = abs(value - number.printed)
        return missed <= self.most_rounded and missed <= self.rounding(variation, number)

    def _made_wrong(self, variation, values):
        found = [(each, each.value(values)) for each in self.right]
        found = [(each, value) for each, value in found if value is not None]
        return tuple(each.name for each, value in found if not self._is_given(each, value, variation))

    def _telling(self, matched):
        """Numbers that tell something of their own, farthest off first; of several in proportion, one."""
        telling = []
        own = [each for each in matched if each.key not in self.following] or matched
        for each in sorted(own, key=lambda each: -abs(each.units)):
            if not any(each.is_in_proportion_to(other) for other in telling):
                telling.append(each)
        return telling

    def _following(self):
        """The keys of wrong numbers that follow from wrong ones before: no evidence of their own."""
        wrong = {each.key[0]: each.printed for each in self.wrong if each.entry is None and not each.is_long}
        computed = {}

        def kept(name, value):
            computed[name] = entries(value)[0]
            return wrong.get(name, value)

        replay, found = self.subject.replay(RIGHT, keep=kept), set()
        for each in self.wrong:
            if not each.is_long and each.value(replay) is not None:
                own = each.value(replay)
                own = own if each.entry is not None else computed.get(each.key[0], own)
                found |= {each.key} if each.is_given_by(own) else set()
        return found

    # Pairs

    def _pairs(self, found):
        """Each variation that gives the first wrong number with each other; all pairs in a small pass.

        Neither mistake of such a pair leaves the number as it is.
        """
        first = next(each for each in self.wrong if not each.is_long)
        given = [each for each in self.singles if self._is_given(first, first.value(self._of(each)), each)]
        if given:
            left = self.left(found) or self.wrong
            different = self._different([each for each in left if not each.is_long])
            pairs = [(one, other) for one in given[:MOST_FIRST] for other in different if one is not other]
        elif self.work <= MOST_PAIRED_WORK:
            pairs = list(combinations(self._different([first]), 2))
        else:
            pairs = []
            self.bounds.append("two mistakes at once, in so large a model")
        most = min(MOST_PAIRS, MOST_PAIRED // max(1, self.work))
        if len(pairs) > most:
            self.bounds.append(f"two mistakes at once beyond the first {most} of {len(pairs)} pairs")
        return [one.with_other(other) for one, other in pairs[:most]]

    def _different(self, moved):
        """The variations that change one of some numbers, one of those that change all numbers alike."""
        plain = [each.value(self.plain) for each in moved]
        numbers = [each for each in self.wrong + self.right if not each.is_long]
        found = {}
        for each in self.singles:
            values = self._of(each)
            if any(number.value(values) != right for number, right in zip(moved, plain)):
                found.setdefault(tuple(number.value(values) for number in numbers), each)
        return list(found.values())

    def _more(self, found, pairs):
        """A Diagnosis by a pair in the place of those found where it explains more; else both."""
        before = {each.name for each in self.wrong} - {each.name for each in self.left(found)}
        short = [each for each in self.wrong if not each.is_long]
        candidates = [(pair, self.subject.replay(pair)) for pair in pairs]
        best = self._best(short[0], self.wrong, candidates)
        if best is not None and before < set(best.explains):
            return [best]
        left = [each for each in self.left(found) if not each.is_long]
        best = self._best(left[0], left, candidates) if found and left else None
        return found + ([] if best is None else [best])

    # Slips by hand

    def _slips(self, found):
        return [each for number in self.left(found) for each in self._by_hand(number)]

    def _is_new_value(self, number):
        """Whether what is printed as a gradient is the parameter after its update."""
        parts = split_partial(number.key[0])
        later = after(parts[1], 1) if parts else None
        if later not in self.subject.graph.updates or len(number.as_printed.value.as_tuple().digits) < FEWEST:
            return False
        return number.is_given_by(entries(self.plain[later])[number.entry or 0])

    def _by_hand(self, number):
        others = {each.as_printed.text: each.expression.format() for each in self.right}
        found = slips(number.as_printed, number.value_exact, others)
        told = [(Variation(id, said), chance) for id, said, chance in found if chance <= MOST_CHANCE]
        if self._is_new_value(number):
            chance = 10.0 ** (1 - len(number.as_printed.value.as_tuple().digits))
            told.insert(0, (known("new value in the place of the gradient"), chance))
        for each, chance in told[:1]:
            yield Diagnosis((each,), (number.name,), (), number.digits, chance, self.tried)

    # Values

    def _of(self, variation):
        if variation.id not in self._values:
            if len(self._values) * self.work > MOST_KEPT:
                self._values.clear()
            self._values[variation.id] = self.subject.replay(variation)
        return self._values[variation.id]

    def _single_values(self, variation, number):
        """After a long training, only what is off by one, or explains a number after few updates."""
        if not number.is_long or variation.later:
            return self._of(variation)
        short = [each for each in self.wrong if not each.is_long]
        most = max(2, MOST_WORK // max(1, self.work * number.updates))
        is_affordable = variation.id in [each.id for each in self.singles[:most]]
        if is_affordable or any(each.is_given_by(each.value(self._of(variation))) for each in short):
            return self._of(variation)
        self._leave_out(f"most mistakes in {number.updates} updates")
        return None

    def _leave_out(self, bound):
        self.bounds += [] if bound in self.bounds else [bound]

    def _carried_values(self, variation, number):
        return None if number.is_long else self.subject.replay(variation, keep=self._kept)

    def _kept(self, name, value):
        """The printed number where it is near that of the pass."""
        known = self.printed.get(name)
        if known is None or isinstance(value, Array):  # a mistake may make an array of a number
            return value
        return known.printed if abs(known.printed - value) <= 2 * float(known.as_printed.unit) else value


# Slips of the pen: digits exchanged, lost or written twice, a sign or a point misplaced, a number copied.


def slips(printed: Printed, exact: Decimal, others: dict[str, object]) -> Iterator[tuple[str, str, float]]:
    """(id, sentence, how often chance would do it) of every slip that makes a right number this one.

    `others` has the texts of other right numbers, and whose they are.
    """
    text, digits = printed.text, len(printed.value.as_tuple().digits)
    places = [place for place, character in enumerate(text) if character.isdigit()]
    turned = text[1:] if text.startswith("-") else f"-{text.lstrip('+')}"
    if printed.value and digits >= FEWEST - 2 and _agrees(turned, exact):
        yield "sign lost", f"{text} has the wrong sign.", 10.0 ** (1 - digits)
    is_long = digits >= FEWEST
    if is_long and text in others:
        yield "copied from another line", f"{text} is the number of {others[text]}.", 10.0 ** (2 - digits)
    for one, other in zip(places, places[1:]) if is_long else ():
        if _agrees(f"{text[:one]}{text[other]}{text[one + 1 : other]}{text[one]}{text[other + 1 :]}", exact):
            sentence = f"The digits {text[one]} and {text[other]} of {text} are exchanged."
            yield "two digits exchanged", sentence, 10.0 ** (2 - digits)
    longer = (text[:place] + digit + text[place:] for place in places for digit in "0123456789")
    if is_long and any(_agrees(each, exact) for each in longer):
        yield "a digit lost", f"A digit is missing in {text}.", 10.0 ** (3 - digits)
    moved = (str(printed.value.scaleb(power)) for power in (-2, -1, 1, 2))
    if digits >= FEWEST - 1 and any(_agrees(each, exact) for each in moved):
        yield "the point misplaced", f"The decimal point of {text} is misplaced.", 10.0 ** (1 - digits)


def _agrees(text, exact):
    try:
        return Printed(text).agrees(exact)
    except NumberError:
        return False
