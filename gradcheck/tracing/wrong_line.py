"""Which line of a backward pass is wrong: the one whose value, mended, mends the gradients.

Every local is held against the derivative of the loss by the local of the forward pass that its name belongs
to, or by any other of its shape. A line is accused only where the gradients become right once its value is
replaced: by the measured derivative, or by the value that is solved for, such that they do. A name that means
something else, or a factor that a later line takes away, is no mistake.
"""

from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.tracing.passes import Noted, is_sum_of, same_value
from gradcheck.why.blocks import GradientBlock
from gradcheck.why.causes import causes

MENDED = 1e-5  # of the terms: what the measured derivatives in their place may leave
NOTHING = 1e-7  # of the largest block: what they may leave of a gradient that is zero
MEASURED = 1e-8  # relative: what a derivative that is measured by differences may be off
MOST_PATHS = 4  # uses of one quantity, whose sums are tried
TURNS = (0, -1, 1)  # of a loop: by how many what is carried from one to the next is counted otherwise
LARGEST = 20_000  # entries whose derivatives are measured one by one
MOST_SOLVED, EQUATIONS = 400, 600  # numbers that are solved for; entries of the gradients that tell them
ROUNDS = 4  # of Newton, for values that the gradients are not linear in
MOVE = 2.0**-20  # relative: of a value that is moved to see what follows it

OF_PARAMETERS = ("L2", "L1", "epsilon", "parameter", "data term", "loss does not depend")  # no causes here
OF_FORWARD, AS_FORWARD = "a value of the forward pass", "as in the forward pass"
GIVEN = "from above, or an input"


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
        self.known, self.words, self._suspects, self._weak = {}, {}, {}, set()
        self._continued = {
            number
            for noted in passes.backward
            for number in noted.event.read
            if passes.backward[number].name == noted.name
        }
        self._lines: dict = {}
        for noted in passes.backward:
            self._look_at(noted)
            self._lines.setdefault(noted.event.place, []).append(noted)

    def first_wrong(self):
        """(the Noted of the first wrong line, other lines it may be, words, Cause or None), or None.

        The first line that is open, and those after it that would do as well up to one whose name says so;
        else the last line of those that are right by their names.
        """
        mending, partly = [], None
        for line in self._open_lines():
            some = [each for each in line if self._is_open(each)]
            for way in self._named(some, line):
                mended = self._mended(way)
                if mended == self.wrong:
                    return self._accused(*mending, way)
                partly = partly or (way if mended else None)
            mending += [way for way in self._solved(some, line) if self._mended(way) == self.wrong]
        if mending:
            return self._accused(*mending)
        for line in reversed(self._lines.values()):
            is_fact = all(self.words.get(each.number) in (GIVEN, AS_FORWARD) for each in line)
            for way in self._solved(line, line) if not is_fact else ():
                if self._mended(way) == self.wrong:
                    return self._accused(way)
        return None if partly is None else self._accused(partly)

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

    def _is_open(self, noted):
        number = noted.number
        return not self.known.get(number) or number in self._suspects or number in self._weak

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
            self._know(noted, AS_FORWARD)
        elif np.asarray(value).dtype.kind != "f":
            self.known[number] = any(same_value(value, each) for each in self.passes.values)
            if self._has_namesake(noted):
                self._suspects[number], self.known[number] = [], False
                self.words[number] = f"another {noted.name} than in the forward pass"
            elif own := self.passes.named(noted.name):
                self._suspects[number] = [[each] for each in own]
        elif not np.any(value):
            self._know(noted, "zero")
            if "zeros" not in noted.source:
                self._weak.add(number)
        else:
            self._compare(noted)

    def _compare(self, noted):
        value, number = noted.event.value, noted.number
        named = self._counterparts(noted)
        own = [each for each in named if each.is_like(value)]
        found = next((each for each in own if each.is_it(value)), None)
        if found is not None:
            return self._know(noted, f"the derivative by {found.words}")
        is_part = number in self._continued or len(own) == 0
        whole = own or [each for each in self.passes.kin(noted.name) if each.is_like(value)]
        for words, quantities in self._paths(whole) if is_part else ():
            if is_sum_of(value, quantities):
                return self._know(noted, words)
        self.words[number] = self._as_another(noted, own)
        is_derivative = whole or named or noted.kind == "returned" or self.passes.kin(noted.name)
        self.known[number] = self.words[number] not in ("", *([OF_FORWARD] if is_derivative else []))
        if named and not own:
            self._suspects[number] = [[each] for each in named]
            return
        if is_part and whole:
            self._suspects[number] = [*([each] for each in whole), *(some for _, some in self._paths(whole))]
            return
        for quantity in own:
            how, ratio = quantity.compared(value)
            if how == "scaled":
                self.words[number] = f"{ratio:.6g} times the derivative by {quantity.words}"
                self.known[number] = True
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

    def _named(self, some, line):
        """Ways to replace the values `some`, all in doubt, of one `line` by what their names say."""
        last = some[-1]
        if line[0].kind == "changed" and last.number == line[-1].number:
            some = [last]  # all that came before is in it
        some = [each for each in some if each.number in self._suspects]
        if len(some) > 1:
            ways = [self._by_turns(some, shift) for shift in TURNS]
            in_turn = self._suspects[last.number]
            ways += [list(zip(some, own)) for own in (in_turn, in_turn[::-1]) if len(own) == len(some)]
        else:
            ways = [[(each, own)] for each in some for own in self._suspects[each.number]]
        for way in filter(None, ways):
            if all(np.size(each.value) <= LARGEST for _, quantities in way for each in quantities):
                values = {_key(noted): sum(each.derivative for each in own) for noted, own in way}
                words = " and ".join(each.words for each in way[0][1])
                yield Way(way[0][0], _like(values, line), f"the measured derivative by {words}")
        alike = [(each, self.passes.namesakes(each)) for each in some if self._has_namesake(each)]
        if len(alike) > 0:
            values = {_key(each): values[-1] for each, values in alike}
            yield Way(alike[0][0], values, f"{last.name} of the forward pass")

    def _by_turns(self, some, shift):
        """[(Noted, Quantities)] that give every turn of a loop what is of that turn, or so many further."""
        way = []
        for noted in some:
            turns = dict(noted.event.loops)
            if len(turns) > 0:
                turns[list(turns)[-1]] += shift
            fitting = [
                each
                for each in self._suspects[noted.number]
                if all(turns.get(name, i) == i for one in each for name, i in one.loops.items())
            ]
            inside = [each for each in fitting if any(one.loops for one in each)]
            if len(fitting) == 0:
                return None
            way.append((noted, (inside or fitting)[-1]))
        return way

    def _solved(self, some, line):
        """[the Way] of values such that the gradients are right, where these determine them."""
        if line[0].kind == "changed":
            some = [line[-1]]
        is_number = all(isinstance(each.event.value, (float, int, np.ndarray, np.generic)) for each in some)
        start = {_key(each): np.asarray(each.event.value) for each in some if is_number}
        is_open = [
            each.dtype.kind == "f" or each.dtype.kind == "i" and each.ndim == 0 for each in start.values()
        ]
        sizes = [each.size if can else MOST_SOLVED + 1 for each, can in zip(start.values(), is_open)]
        if not 0 < sum(sizes) <= MOST_SOLVED:
            return []
        flat = np.concatenate([each.ravel() for each in start.values()]).astype(np.float64)
        ends = np.cumsum(sizes)

        def values(at):
            parts = np.split(at, ends[:-1])
            return _like(dict(zip(start, parts)), line)

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
                return []
            matrix = np.stack(slopes, axis=-1)
            equations, unknowns = (np.sum(np.any(matrix != 0.0, axis=axis)) for axis in (1, 0))
            if not np.all(np.isfinite(matrix)) or equations < unknowns:
                return []
            step = np.linalg.lstsq(matrix, truth - here, rcond=1e-9)[0]
            flat = flat + step
            if np.max(np.abs(step)) <= MEASURED * np.max(np.abs(flat)):
                break
        return [Way(some[0], values(flat), "another value")]

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

    def _accused(self, way, *ways):
        noted = way.noted
        behind = [self.passes.backward[i] for i in sorted(self._open_behind(noted), reverse=True)]
        others = {each.line: each for each in (*behind, *(each.noted for each in ways))}
        others.pop(noted.line, None)
        own = [each for some in self._suspects.get(noted.number, ()) for each in some]
        cause = _cause(noted, way.values[_key(noted)], own[0] if own else None)
        return noted, list(others.values()), way.words, cause

    def _open_behind(self, noted):
        """The numbers of the values of which nothing is known and on which a Noted rests."""
        found, waiting = set(), list(noted.event.read)
        while waiting:
            number = waiting.pop()
            is_sure = self.known.get(number) and number not in self._weak
            if number not in found and not is_sure:
                found.add(number)
                waiting += self.passes.backward[number].event.read
        return found


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
    if analytic.shape != numeric.shape:
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
