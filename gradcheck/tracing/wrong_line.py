"""Which line of a backward pass is wrong: the one whose measured value, in its place, mends the gradients.

Every local is held against the derivative of the loss by the local of the forward pass that its name belongs
to, or by any other of its shape. A line is accused only where the gradients become right once its value is
replaced by the measured one: a name that means something else, or a factor that a later line takes away, is
no mistake.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.tracing.passes import Noted, is_sum_of, same_value
from gradcheck.tracing.trace_report import GIVEN, TracedLocal
from gradcheck.why import causes
from gradcheck.why.blocks import GradientBlock

MENDED = 1e-5  # of the terms: what the measured derivatives in their place may leave
NOTHING = 1e-7  # of the largest block: what they may leave of a gradient that is zero
MOST_GUESSED = 24  # derivatives in the place of one value whose name says nothing
MEASURED = 1e-8  # relative: what a derivative that is measured by differences may be off
MOST_PATHS = 4  # uses of one quantity, whose sums are tried
TURNS = (0, -1, 1)  # of a loop: by how many what is carried from one to the next is counted otherwise
LARGEST = 20_000  # entries whose derivatives are measured one by one

OF_FORWARD = "a value of the forward pass"


class Way(NamedTuple):
    """`values` in the place of others, by (place, turn); the first of those, `noted`; `words` on them."""

    noted: Noted
    values: dict
    words: str


class Trace:
    """The locals of the backward pass of some Passes, each `known` or not, and what mends its gradients."""

    def __init__(self, passes, report):
        self.passes, self.blocks = passes, passes.functions.point.blocks
        self.wrong = {block.name for block in report.blocks if block.verdict == "wrong"}
        self.known, self.words, self.factors, self._suspects, self._weak = {}, {}, {}, {}, set()
        self._ratios: dict = {}
        self._continued = {
            number
            for noted in passes.backward
            for number in noted.event.read
            if passes.backward[number].name == noted.name
        }
        for noted in passes.backward:
            self._look_at(noted)

    def first_wrong(self):
        """(the Noted of the first wrong line, those it may rest on, words, Cause or None), or None.

        First those whose names say what they are; guesses where one of these rests on another that is wrong.
        """
        later, partly = None, None
        for way in self._ways(self._instead):
            mended = self._mended(way)
            if mended == self.wrong:
                if not self._rests_on_wrong(way.noted):
                    return self._accused(way)
                later = later or way
            elif mended:
                partly = partly or way
        for way in self._ways(self._guessed):
            if self._mended(way) == self.wrong and not self._rests_on_wrong(way.noted):
                return self._accused(way)
        if later is None:
            for way in self._ways(self._times_factors):
                if self._mended(way) == self.wrong and not self._rests_on_wrong(way.noted):
                    return self._accused(way)
        return None if not (later or partly) else self._accused(later or partly)

    def _ways(self, of_line):
        """The Ways that a function gives for the values of each line, the first in doubt first."""
        lines: dict = {}
        for noted in self.passes.backward:
            lines.setdefault(noted.event.place, []).append(noted)
        open_ones = {place: [each for each in some if self._is_open(each)] for place, some in lines.items()}
        for place, some in sorted(open_ones.items(), key=lambda item: (item[1] or lines[item[0]])[0].number):
            if some or of_line == self._times_factors:
                yield from of_line(some, lines[place])

    def _is_open(self, noted):
        number = noted.number
        return not self.known.get(number) or number in self._suspects or number in self._weak

    def _rests_on_wrong(self, noted):
        """Whether a value that is wrong, by its name, is used for this one."""
        behind = [i for i in self._open_behind(noted) if self.passes.backward[i].name != noted.name]
        return any(i in self._suspects and not self.known.get(i) for i in behind)

    def rows(self, found):
        """A TracedLocal for every line and name of the backward pass, in its order."""
        last = {(noted.line, noted.name): noted for noted in self.passes.backward}
        wrong = None if found is None else found[0]
        rows = []
        for noted in last.values():
            verdict, words = (
                "right" if self.known.get(noted.number) else "unknown",
                self.words.get(noted.number, ""),
            )
            if wrong is not None and (noted.line, noted.name) == (wrong.line, wrong.name):
                verdict = "wrong"
            elif noted.number in self._suspects:
                verdict = "differs"
            rows.append(TracedLocal(noted.line, noted.source, noted.name, verdict, words))
        return tuple(rows)

    # What is known of a local

    def _look_at(self, noted):
        """Notes whether a value is known to be right, or suspected to be wrong, and why."""
        value, number = noted.event.value, noted.number
        if not isinstance(value, (float, int, np.ndarray, np.generic)):
            self.known[number] = noted.kind != "made"
            return
        if noted.kind == "given":
            self._know(noted, GIVEN)
        elif any(same_value(value, each) for each in self.passes.namesakes(noted)):
            self._know(noted, "as in the forward pass")
        elif np.asarray(value).dtype.kind != "f":
            self.known[number] = any(same_value(value, each) for each in self.passes.values)
            if self._has_namesake(noted):
                self._suspects[number], self.known[number] = [], False
                self.words[number] = f"another {noted.name} than in the forward pass"
        elif not np.any(value):
            self._know(noted, "zero")
            if "zeros" not in noted.source:
                self._weak.add(number)
        else:
            self._compare(noted)

    def _compare(self, noted):
        value, number = noted.event.value, noted.number
        own = [each for each in self._counterparts(noted) if each.is_like(value)]
        found = next((each for each in own if each.is_it(value)), None)
        if found is not None:
            return self._know(noted, f"the derivative by {found.words}")
        is_part = number in self._continued or len(own) == 0
        whole = own or [each for each in self.passes.kin(noted.name) if each.is_like(value)]
        for words, quantities in self._paths(whole) if is_part else ():
            if is_sum_of(value, quantities):
                return self._know(noted, words)
        self.words[number] = self._as_another(noted, own)
        self.known[number] = self.words[number] not in ("", *([OF_FORWARD] if whole else []))
        if is_part and whole:
            self._suspects[number] = [*([each] for each in whole), *(some for _, some in self._paths(whole))]
            return
        for quantity in own:
            how, ratio = quantity.compared(value)
            if how == "scaled":
                self.factors |= {round(each, 9): each for each in (ratio, abs(ratio))}
                self.words[number] = f"{ratio:.6g} times the derivative by {quantity.words}"
                self.known[number], self._ratios[number] = True, round(ratio, 9)
            if how != "unknown":
                self._suspects[number] = [[each] for each in own]
        if number in self._suspects:
            self.words[number] = self.words[number] or f"not the derivative by {own[-1].words}"
        elif self._has_namesake(noted):
            self._suspects[number] = []
            self.words[number] = self.words[number] or f"another {noted.name} than in the forward pass"

    def _as_another(self, noted, own):
        """Words for a value that is the derivative by something else, or of the forward pass; or ""."""
        value = noted.event.value
        if any(same_value(value, each) for each in self.passes.values):
            return OF_FORWARD
        for each in (*self.passes.forward, *self.passes.blocks.values()):
            if each.shape == np.shape(value) and each.is_it(value):
                is_new = not any(
                    same_value(value, other.event.value) for other in self.passes.backward[: noted.number]
                )
                if is_new or own:
                    return f"the derivative by {each.words}"
        everything = [each for each in self.passes.forward if each.shape == np.shape(value)]
        for words, quantities in self._paths(everything):
            if is_sum_of(value, quantities):
                self._weak.add(noted.number)
                return words
        return ""

    def _has_namesake(self, noted):
        shapes = [np.shape(each) for each in self.passes.namesakes(noted)]
        return noted.kind != "made" and np.shape(noted.event.value) in shapes

    def _counterparts(self, noted):
        """The Quantities by which a value is the derivative, if it means what its name or place says."""
        block = self._block_of(noted.name) if noted.kind == "made" else None
        if block is not None:
            return [block]
        return self.passes.named(noted.name) or self.passes.inputs_named(noted.name)

    def _know(self, noted, words):
        self.known[noted.number], self.words[noted.number] = True, words

    def _paths(self, quantities):
        """(words, Quantities) of the uses, and sums of some uses, of each that has several."""
        for whole in quantities:
            some = [each for each in self.passes.uses if each.value is whole.value][:MOST_PATHS]
            for count in range(1, len(some)):
                for chosen in combinations(some, count):
                    words = " and ".join(f"line {each.line}" for each in chosen)
                    yield f"the part of the derivative by {whole.name} that {words} uses", list(chosen)

    # What mends the gradients

    def _instead(self, some, line):
        """Ways to replace the values `some`, all in doubt, of one `line` by what their names say."""
        last = some[-1]
        if line[0].kind == "changed" and last.number == line[-1].number:
            some = [last]  # all that came before is in it
        some = [each for each in some if each.number in self._suspects]
        if len(some) > 1:
            found = [self._by_turns(some, lambda noted: self._suspects[noted.number], k) for k in TURNS]
            ways = [way for way in found if way]
        else:
            ways = [[(each, own)] for each in some for own in self._suspects[each.number]]
        for way in ways:
            for factor in (1.0, *self.factors.values()):
                yield from self._way(way, factor)
        alike = [(each, self.passes.namesakes(each)) for each in some if self._has_namesake(each)]
        if len(alike) > 0:
            values = {_key(each): values[-1] for each, values in alike}
            yield Way(alike[0][0], values, f"{last.name} of the forward pass")

    def _times_factors(self, some, line):
        """Ways to replace one value by a multiple of the derivative, which later lines divide by."""
        given = [np.shape(each) for each in self.passes.layer.arguments.values() if hasattr(each, "shape")]
        sizes = {size for shape in given for size in shape if size > 1}
        if len(line) == 1:
            own = [each for each in self._counterparts(line[0]) if each.is_like(line[0].event.value)]
            for quantity in own if line[0].kind != "made" else ():
                for factor in (*self.factors.values(), *map(abs, self.factors.values()), *sorted(sizes)):
                    yield from self._way([(line[0], [quantity])], factor)

    def _guessed(self, some, line):
        """Ways to replace values whose names say nothing by derivatives of the same shape."""
        first = some[0]
        value = first.event.value
        is_sum = first.kind == "changed" and len(line) > 1
        if any(each.number in self._suspects for each in some) or first.kind == "made" or is_sum:
            return
        if np.shape(value) == () or np.asarray(value).dtype.kind != "f":
            return
        alike = [each for each in self.passes.forward if each.shape == np.shape(value)]
        if len(some) == 1:
            ways = [[(first, [each])] for each in alike] + [[(first, way)] for _, way in self._paths(alike)]
        else:
            groups: dict = {}
            for each in alike:
                groups.setdefault((each.name, each.words), []).append([each])
            starts = [[each] for each in alike if not each.loops]
            inside = [[*starts, *own] for own in groups.values() if own[0][0].loops]
            found = [self._by_turns(some, lambda _, own=own: own, k) for k in TURNS for own in inside]
            ways = [way for way in found if way]
        for way in ways[:MOST_GUESSED]:
            yield from self._way(way, 1.0)
        if len(some) == 1:
            for each in alike[:MOST_GUESSED]:
                yield Way(first, {_key(first): each.value}, f"{each.name} of the forward pass")

    def _way(self, way, factor):
        """[the Way] of (Noted, Quantities) pairs, none where these are too large to be measured."""
        if any(not _fits(quantities) for _, quantities in way):
            return []
        values = {_key(noted): _like(noted, factor * _total(each)) for noted, each in way}
        words = " and ".join(each.words for each in way[0][1])
        return [Way(way[0][0], values, f"the measured derivative by {words}")]

    def _by_turns(self, some, own, shift):
        """[(Noted, Quantities)] that give every turn of a loop what is of that turn, or so many further."""
        way = []
        for noted in some:
            turns = dict(noted.event.loops)
            if len(turns) > 0:
                inner = list(turns)[-1]
                turns[inner] += shift
            fitting = [
                each
                for each in own(noted)
                if all(turns.get(name, i) == i for one in each for name, i in one.loops.items())
            ]
            inside = [each for each in fitting if any(one.loops for one in each)]
            if len(fitting) == 0:
                return None
            way.append((noted, (inside or fitting)[-1]))
        return way

    def _block_of(self, name):
        """The Quantity of the input to which an element of what `backward` returns belongs."""
        blocks = self.passes.blocks
        for (parent, child), key in self.passes.layer.keys.items():
            if name in (f"[{key!r}]", "return"):
                path = parent if child is None else f"{parent}.{child}"
                return blocks.get(path, blocks.get(child or parent, next(iter(blocks.values()), None)))
        return None

    def _mended(self, way):
        """The names of the wrong blocks that a Way makes right; none where it makes a right one wrong."""
        try:
            vector = self.passes.gradients(way.values)
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the value does not fit
            return set()
        by = self.passes.blocks
        floor = NOTHING * max(abs(each.slope(0)[0]) for each in by.values())
        right = {
            each.name for each in self.blocks if is_sum_of(each.of(vector), [by[each.name]], MENDED, floor)
        }
        return right & self.wrong if {block.name for block in self.blocks} - self.wrong <= right else set()

    def _accused(self, way):
        noted = way.noted
        others = [self.passes.backward[i] for i in sorted(self._open_behind(noted), reverse=True)]
        lines = {each.line: each for each in others if each.line != noted.line}
        cause = _cause(noted, noted.event.value, way.values[_key(noted)])
        return noted, list(lines.values()), way.words, cause

    def _is_sure(self, number):
        """Whether a value is known to be as it should; times a factor, if right ones are made of it."""
        if number in self._ratios:
            return self._ratios[number] in {
                ratio for i, ratio in self._ratios.items() if self._is_used_well(i)
            }
        return bool(self.known.get(number)) and number not in self._weak

    def _is_used_well(self, number):
        """Whether something right is made of a value."""
        return any(
            number in other.event.read and self.known.get(other.number) and other.number not in self._suspects
            for other in self.passes.backward
        )

    def _open_behind(self, noted):
        """The numbers of the values of which nothing is known and on which a Noted rests."""
        found, waiting = set(), list(noted.event.read)
        while waiting:
            number = waiting.pop()
            if number in found or self._is_sure(number):
                continue
            found.add(number)
            waiting += self.passes.backward[number].event.read
        return found


def _key(noted):
    return noted.event.place, noted.event.turn


def _fits(quantities):
    return all(np.size(each.value) <= LARGEST for each in quantities)


def _total(quantities):
    return sum(each.derivative for each in quantities)


def _like(noted, value):
    """A value of the kind that stood there."""
    value = np.reshape(value, np.shape(noted.event.value))
    return value if isinstance(noted.event.value, np.ndarray) else value.item()


def _cause(noted, before, instead):
    """The Cause of the difference between a value and what should stand there, or None."""
    analytic, numeric = np.asarray(before, dtype=np.float64), np.asarray(instead, dtype=np.float64)
    if analytic.shape != numeric.shape:
        return None
    bar = np.full(numeric.shape, MEASURED * float(np.max(np.abs(numeric), initial=0.0)))
    block = GradientBlock(noted.name, analytic, numeric, bar, np.zeros(numeric.shape))
    found = causes([block]).overall
    return None if found is None or found.kind == "place" else found
