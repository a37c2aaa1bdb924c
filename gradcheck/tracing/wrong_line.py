"""Which line of a backward pass is wrong: the one whose value, mended, mends the gradients.

A line is accused only where the gradients become right once its value is
replaced: by the measured derivative, or by the value that is solved for, such that they do. A name that means
something else, or a factor that a later line takes away, is no mistake.
"""

from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np

from gradcheck.tracing.known import KnownLocals
from gradcheck.tracing.passes import NUMBERS, Noted, is_sum_of, is_zero, same_value
from gradcheck.tracing.tap import Event
from gradcheck.why.blocks import GradientBlock
from gradcheck.why.cause import Cause, listing
from gradcheck.why.causes import causes

MENDED = 1e-5  # of the terms: what the measured derivatives in their place may leave
NOTHING = 1e-7  # of the largest block: what they may leave of a gradient that is zero
MEASURED = 1e-8  # relative: what a derivative that is measured by differences may be off
TURNS = (0, -1, 1)  # of a loop: by how many what is carried from one to the next is counted otherwise
LARGEST = 20_000  # entries whose derivatives are measured one by one
MOST_SOLVED, EQUATIONS = 400, 600  # numbers that are solved for; entries of the gradients that tell them
ROUNDS = 4  # of Newton, for values that the gradients are not linear in
MOVE = 2.0**-20  # relative: of a value that is moved to see what follows it

OTHER_TURNS = {  # words: what a loop runs over
    "the turns in reverse order": lambda turns: turns[::-1],
    "one turn more at the start": lambda turns: [*_before(turns), *turns],
    "one turn more at the end": lambda turns: [*turns, *_next(turns)],
    "one turn less at the start": lambda turns: turns[1:],
    "one turn less at the end": lambda turns: turns[:-1],
}

SOLVED = "another value"
OF_PARAMETERS = ("L2", "L1", "epsilon", "parameter", "data term", "loss does not depend")  # no causes here


class Way(NamedTuple):
    """`values` in the place of others, by (place, turn); the first of those, `noted`; `words` on them.

    `is_telling`: whether more numbers become right by it than were solved for.
    """

    noted: Noted
    values: dict
    words: str
    is_telling: bool = True


class Trace(KnownLocals):
    """The locals of the backward pass of some Passes, and what mends its gradients."""

    def __init__(self, passes, report):
        super().__init__(passes)
        self.blocks = passes.functions.point.blocks
        self.wrong = {block.name for block in report.blocks if block.verdict == "wrong"}
        self._lines: dict = {}
        for noted in passes.backward:
            self._lines.setdefault((noted.event.place, noted.line), []).append(noted)

    def first_wrong(self):
        """(the Noted of the first wrong line, other lines it may be, words, Cause or None), or None.

        The first line that is open, and those after it that would do as well up to one whose name says so;
        else one that mends a part of what is wrong.
        """
        mending, partly, fitting = list(self._other_turns()), None, []
        for line in self._open_lines():
            some = [each for each in line if self._is_open(each)]
            for way in self._named(some, line):
                mended = self._mended(way)
                if mended == self.wrong:
                    is_part = self._parts_of(way.noted, way.noted.event.value)
                    return self._accused(*(() if is_part else mending), way, *(() if is_part else fitting))
                partly = partly or (way if mended else None)
            whole = self._solved(line, line) if len(some) < len(line) else ()
            ways = chain(self._solved(some, line), whole, self._as_any(some, line))
            way = next((way for way in ways if self._mended(way) == self.wrong), None)
            if way is not None:
                is_doubtful = not way.is_telling or all(self.known.get(each.number) for each in some)
                (fitting if is_doubtful else mending).append(way)
        if mending or fitting:
            return self._accused(*mending, *fitting)
        if partly is None:
            return None
        before = [line[0] for line in self._open_lines() if line[0].number < partly.noted.number]
        before += [self._header(number) for number in partly.noted.event.around]
        return self._accused(partly, *(Way(each, {}, "") for each in before))

    def _other_turns(self):
        """Ways to run a loop over other turns that mend all."""
        for number in dict.fromkeys(place for noted in self.passes.backward for place in noted.event.around):
            for words, turns in OTHER_TURNS.items():
                way = Way(self._header(number), {(number, 0): turns}, words)
                if self._mended(way) == self.wrong:
                    yield way
                    break

    def _header(self, number):
        """The Noted of a loop."""
        at = self.passes.places[number]
        event = Event(number, 0, (), None, (), at.name, (), at.line, at.source)
        return Noted(-1, at.name, at.line, at.source, "loop", event)

    def _open_lines(self):
        """The lines with a value in doubt, the first in doubt first."""
        found = {
            next((each.number for each in line if self._is_open(each)), None): line
            for line in self._lines.values()
        }
        return [found[number] for number in sorted(found.keys() - {None})]

    def rows(self, found):
        """(line, source, name, verdict, words) of every line and name of the backward pass, in its order."""
        last = {(noted.line, noted.name): noted for noted in self.passes.backward}
        wrong = None if found is None else (found[0].line, found[0].name)
        for key, noted in last.items():
            verdict = "right" if self.known.get(noted.number) else "unknown"
            verdict = "differs" if noted.number in self._suspects else verdict
            words = self.words.get(noted.number, "")
            yield noted.line, noted.source, noted.name, "wrong" if key == wrong else verdict, words

    # What mends the gradients

    def _named(self, some, line):
        """Ways to replace the values `some`, all in doubt, of one `line` by what their names say."""
        last = some[-1]
        if line[0].kind == "changed" and last.number == line[-1].number:
            some = list({each.name: each for each in some}.values())  # all that came before is in it
        some = [each for each in some if each.number in self._suspects]
        if len(some) > 1:
            ways = [self._by_turns(some, shift, self._suspects) for shift in TURNS]
            in_turn = self._suspects[some[-1].number]
            ways += [list(zip(some, own)) for own in (in_turn, in_turn[::-1]) if len(own) == len(some)]
        else:
            ways = [[(each, own)] for each in some for own in self._suspects[each.number]]
        for way in filter(None, ways):
            if all(np.size(each.value) <= LARGEST for _, quantities in way for each in quantities):
                words = " and ".join(each.words for each in way[0][1])
                for ratio in (1.0, *dict.fromkeys(float(f"{each:.6g}") for each in self._ratio.values())):
                    values = {_key(noted): ratio * sum(each.derivative for each in own) for noted, own in way}
                    times = "" if ratio == 1.0 else f"{ratio:g} times "
                    yield Way(way[0][0], _like(values, line), f"{times}the measured derivative by {words}")
        unpacked = [each for each in self.passes.backward if each[2:5] == last[2:5] and self._is_open(each)]
        alike = [(each, self.passes.namesakes(each)) for each in unpacked if self._has_namesake(each)]
        if len(alike) > 0:
            values = {_key(each): values[-1] for each, values in alike}
            yield Way(alike[0][0], values, f"{alike[0][0].name} of the forward pass")

    def _as_any(self, some, line):
        """Ways to replace values that may mean anything by the derivative by any Quantity of their shape."""
        if any(each.number in self._suspects or each.kind == "made" for each in some):
            return
        groups: dict = {}
        for quantity in self.passes.forward:
            if all(quantity.is_like(each.event.value) and quantity.shape for each in some):
                groups.setdefault(quantity.words, []).append([quantity])
        for words, group in groups.items():
            way = self._by_turns(some, 0, dict.fromkeys([each.number for each in some], group))
            if way is not None and sum(own[0].value.size for _, own in way) <= MOST_SOLVED:
                values = {_key(noted): own[0].derivative for noted, own in way}
                yield Way(way[0][0], _like(values, line), f"the measured derivative by {words}")

    def _by_turns(self, some, shift, choices):
        """[(Noted, Quantities)] that give every turn of a loop what is of that turn, or so many further."""
        way = []
        for noted in some:
            turns = dict(noted.event.loops)
            if len(turns) > 0:
                turns[list(turns)[-1]] += shift
            fitting = [
                each
                for each in choices[noted.number]
                if all(turns.get(name, i) == i for one in each for name, i in one.loops.items())
            ]
            inside = [each for each in fitting if any(one.loops for one in each)]
            if len(fitting) == 0:
                return None
            way.append((noted, (inside or fitting)[-1]))
        return way

    def _solved(self, some, line):
        """Ways to replace values by such that the gradients are right, where these determine them."""
        if line[0].kind == "changed":
            some = list({each.name: each for each in line}.values())
        if not all(isinstance(each.event.value, NUMBERS) for each in some):
            return
        start = {_key(each): np.asarray(each.event.value) for each in some}
        if not all(
            each.dtype.kind == "f" or each.dtype.kind == "i" and each.ndim == 0 for each in start.values()
        ):
            return
        sizes = [each.size for each in start.values()]
        if all(self.known.get(each.number) for each in some):  # derivatives but for a factor
            forms, begin, sizes = [np.multiply], 1.0, [1] * len(start)
        elif sizes == [1]:
            forms, begin = [np.add, lambda value, divisor: value / (1.0 + divisor)], 0.0
        else:
            forms, begin = [lambda value, change: value + np.reshape(change, value.shape)], 0.0
        for form in forms if 0 < sum(sizes) <= MOST_SOLVED else ():

            def values(at, form=form):
                parts = np.split(at, np.cumsum(sizes)[:-1])
                return _like({key: form(start[key], part) for key, part in zip(start, parts)}, line)

            found = self._newton(values, np.full(sum(sizes), begin))
            if found is not None:
                yield Way(some[0], values(found[0]), SOLVED, found[1])

    def _newton(self, values, flat):
        """(the numbers with which the gradients are right, whether these are more than those), or None."""
        for _ in range(ROUNDS):
            try:
                chosen, truth = self._truth
                here = self.passes.gradients(values(flat))[chosen]
                moves = MOVE * np.maximum(np.abs(flat), 1.0)
                slopes = [
                    (self.passes.gradients(values(flat + move * unit))[chosen] - here) / move
                    for move, unit in zip(moves, np.eye(len(flat)))
                ]
            except Exception:  # whatever it is: the value does not fit
                return None
            matrix = np.stack(slopes, axis=-1)
            equations, unknowns = (np.sum(np.any(matrix != 0.0, axis=axis)) for axis in (1, 0))
            if not np.all(np.isfinite(matrix)) or equations < unknowns:
                return None
            step = np.linalg.lstsq(matrix, truth - here, rcond=1e-9)[0]
            flat = flat + step
            if np.max(np.abs(step)) <= MEASURED * np.max(np.abs(flat)):
                break
        return flat, bool(equations > unknowns)

    @cached_property
    def _truth(self):
        """(positions, the gradient there as it should be), of each block as many as can be afforded."""
        most, positions, slopes = EQUATIONS // len(self.blocks), [], []
        for block in self.blocks:
            size = len(block.positions)
            for i in np.unique(np.linspace(0, size - 1, min(size, most)).astype(int)) if size else ():
                positions.append(block.start + i)
                slopes.append(self.passes.blocks[block.name].by_entry(np.unravel_index(i, block.shape)))
        return np.array(positions), np.array(slopes)

    def _mended(self, way):
        """The names of the wrong blocks that a Way makes right; none where it makes a right one wrong."""
        try:
            vector = self.passes.gradients(way.values)
        except Exception:  # whatever it is: the value does not fit
            return set()
        by = self.passes.blocks
        floor = NOTHING * max(abs(each.slope(0)[0]) for each in by.values())
        right = {
            each.name for each in self.blocks if is_sum_of(each.of(vector), [by[each.name]], MENDED, floor)
        }
        return right & self.wrong if {block.name for block in self.blocks} - self.wrong <= right else set()

    def _accused(self, way, *ways):
        noted, cause, also = self._handed_on(way.noted), None, []
        if noted.kind != "loop":
            filled = self._chain(noted)
            terms = [] if len(filled) == 1 and noted is way.noted else self._terms_in_doubt(filled, way)
            is_missing = len(terms) == 0 and (len(filled) > 1 or noted is not way.noted)
            noted = next((each for each in terms if each.line == noted.line), (*terms, noted)[0])
            also = [*([*filled, *self._dead_ends()] if is_missing else terms), *self._loops_in_doubt(noted)]
            own = [each for some in self._suspects.get(way.noted.number, ()) for each in some]
            if is_missing or way.words != SOLVED and self._parts_of(noted, noted.event.value):
                cause = self._missing(filled, own)
            elif noted is way.noted:
                cause = _cause(noted, way.values[_key(noted)], own[0] if own else None)
        behind = [self.passes.backward[i] for i in sorted(self._open_behind(noted), reverse=True)]
        also += [each for one in (way, *ways) for each in self._users_in_doubt(one)]
        others = {each.line: each for each in (*behind, *also, *(each.noted for each in ways))}
        others.pop(noted.line, None)
        return noted, list(others.values()), way.words, cause

    def _users_in_doubt(self, way):
        """The Noted that use the value of a Way, or go on with its name, and may be wrong as well."""
        chain = {each.number for each in self._chain(way.noted)} if way.noted.kind != "loop" else set()
        using = [each for each in self.passes.backward if chain & {*each.event.read}]
        using = [each for each in using if way.words == SOLVED or each.name == way.noted.name]
        return [each for each in using if self._is_open(each)]

    def _handed_on(self, noted):
        """The value of a name that is returned as what it stands for, in the place of the Noted return."""
        block = self._block_of(noted.name) if noted.kind == "made" else None
        for each in (self.passes.backward[number] for number in noted.event.read if block is not None):
            if each.kind != "given" and same_value(each.event.value, noted.event.value):
                if block in self._counterparts(each) or is_zero(each.event.value):
                    return each
        return noted

    def _chain(self, noted):
        """The values that a name has one after the other while a sum, or an array, is filled."""
        found = [noted]
        for each in reversed(self.passes.backward[: noted.number]):
            if found[0].kind == "changed" and each.number in found[0].event.read and each.name == noted.name:
                found.insert(0, each)
        for each in self.passes.backward[noted.number + 1 :]:
            if each.kind == "changed" and found[-1].number in each.event.read and each.name == noted.name:
                found.append(each)
        return found

    def _terms_in_doubt(self, chain, way):
        """The Noted of a chain that add to a sum, or put into an array, what does not belong there."""
        final = self.passes.value_with(way.values, _key(chain[-1]))
        if not isinstance(final, NUMBERS):
            return chain
        final = np.asarray(final)
        near = MENDED * np.max(np.abs(final), initial=0.0)
        doubted, parts, before = [], {}, np.zeros_like(final)
        for noted in chain:
            value = np.asarray(noted.event.value if isinstance(noted.event.value, NUMBERS) else 0)
            if value.shape != final.shape or final.dtype.kind != "f":
                return chain
            term, before = value - before, value
            written = term != 0.0
            if np.any(written) and not (
                noted is not chain[0] and np.all(np.abs(value - final)[written] <= near)
            ):
                some = self._parts_of(noted, term)
                parts[noted.number] = {id(each) for each in some}
                if not some:
                    doubted.append(noted)
        for noted in chain:
            own = parts.get(noted.number, set())
            if any(own & other for number, other in parts.items() if number != noted.number):
                doubted.append(noted)  # counted twice
        return sorted(doubted, key=lambda each: each.number)

    def _missing(self, chain, own):
        """The Cause where a sum lacks what goes through some lines of the forward pass, or None."""
        uses = [each for whole in own[:1] for each in self.passes.uses if each.value is whole.value]
        uses = [each for each in uses if abs(each.slope(0)[0]) > each.slope(0)[1]]
        there = [each for noted in chain for each in self._parts_of(noted, self._term(chain, noted))]
        lines = dict.fromkeys(f"line {each.line}" for each in uses if each not in there)
        if not 0 < len(lines) < len(uses):
            return None
        through = f"that through {listing(lines)} of the forward pass"
        name = chain[-1].name
        return Cause("term missing", f"a term of {name} is missing, {through}", (name,))

    def _term(self, chain, noted):
        at = chain.index(noted)
        return noted.event.value - (chain[at - 1].event.value if at > 0 else 0.0)

    def _dead_ends(self):
        """The Noted in doubt that nothing reads: what should have been added elsewhere, perhaps."""
        read = {number for noted in self.passes.backward for number in noted.event.read}
        ends = [each for each in self.passes.backward if each.number not in read and each.kind != "made"]
        return [each for each in ends if self._is_open(each)]

    def _loops_in_doubt(self, noted):
        """The Noted of the loops in which a sum or array is filled, and nothing else that is right."""
        found = []
        if is_zero(noted.event.value):  # loops that are never entered
            entered = {number for each in self.passes.backward for number in each.event.around}
            loops = (number for number, each in enumerate(self.passes.places) if each.kind == "loop")
            found = [self._header(number) for number in loops if number not in entered]
        for number in noted.event.around if noted.kind == "changed" else ():
            there = [each for each in self.passes.backward if number in each.event.around]
            last = {each.name: each for each in there if each.kind == "changed"}
            if all(self._is_open(each) or is_zero(each.event.value) for each in last.values()):
                found.append(self._header(number))
        return found


def _next(turns):
    """[the number that follows in a range], or [] for other turns."""
    if not turns or not all(isinstance(each, int) for each in turns):
        return []
    return [2 * turns[-1] - turns[-2] if len(turns) > 1 else turns[0] + 1]


def _before(turns):
    """[the number that comes before], likewise."""
    return [turns[0] - 1] if len(turns) == 1 and isinstance(turns[0], int) else _next(turns[::-1])


def _key(noted):
    return noted.event.place, noted.event.turn


def _like(values, line):
    """Values of the kinds that stood in the places of a line."""
    found = {}
    for key, value in values.items():
        stood = next(noted.event.value for noted in line if _key(noted) == key)
        fits = np.size(value) == np.size(stood)
        shaped = np.reshape(value, np.shape(stood)) if fits else np.asarray(value)
        found[key] = shaped if shaped.shape or isinstance(stood, np.ndarray) else shaped.item()
    return found


def _cause(noted, instead, own):
    """The Cause of the difference between a value and what should stand there, or None.

    `own`: the Quantity that it is the derivative by, at which slopes are taken, or None.
    """
    analytic, numeric = (np.asarray(each, dtype=np.float64) for each in (noted.event.value, instead))
    if analytic.shape != numeric.shape or isinstance(noted.event.value, int):
        return None
    at = own.value if own is not None and np.size(own.value) == analytic.size else np.zeros(numeric.shape)
    bar = np.full(numeric.shape, MEASURED * float(np.max(np.abs(numeric), initial=0.0)))
    block = GradientBlock(noted.name, analytic, numeric, bar, np.reshape(at, numeric.shape))
    found = causes([block]).overall
    is_known = found is not None and (found.kind == "shape" or "ignored" in found.id)
    if not is_known or any(word in found.id for word in OF_PARAMETERS):
        return None
    name = "it" if own is None else own.name
    return replace(found, sentence=found.sentence.replace("the parameter", name))
