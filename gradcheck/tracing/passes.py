"""One forward and one backward pass, every value noted, and the derivative of the loss by any of them."""

import math
import re
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.functions import CallersFunctions
from gradcheck.inputs.point import AFFIXES
from gradcheck.numeric.derivatives import derivative, floor_along

DIRECTIONS = 3  # along which two arrays must agree
CLOSE = 1e-9  # relative: rounding of a gradient that is summed in another order
NARROW = 1e-4  # of the terms: with a wider bar nothing is known
STEP = 2.0**-17  # of max(|x|, 1)
SHORTER, SMOOTH = 2.0**-7, 1e-7  # of that; where two steps differ by more, as at the log of a small number
MOST_REPEATED = 32  # times that a line runs, of which each is looked at by itself
SAME = 1e-12  # relative: a value computed twice
NUMBERS = (float, int, np.ndarray, np.generic)


class Quantity:
    """Something in the forward pass by which the loss is differentiated.

    `name`; `words`, which say what it is; `shape`; `value`; `loops`: the values of the loops around it;
    `loss_with(change)`: the loss where a function is applied to it.
    """

    def __init__(self, name, words, value, loops, loss_with, floor, line=0):
        self.name, self.words, self.value, self.loops = name, words, value, dict(loops)
        self.shape, self._loss_with, self._floor = np.shape(value), loss_with, floor
        self.line = line
        self._slopes: dict = {}

    def slope(self, i):
        """The Estimate of the derivative of the loss along the i-th direction of this shape."""
        if i not in self._slopes:
            along = direction(self.shape, i)
            scale = max(1.0, float(np.max(np.abs(self.value), initial=0.0)))
            found = derivative(
                lambda t: self._loss_with(lambda v: v + t * scale * along), 0.0, floor=self._floor
            )
            self._slopes[i] = found.value / scale, found.error / scale
        return self._slopes[i]

    def compared(self, value):
        """ "right", "scaled" (by `ratio`), "wrong" or "unknown": value as the derivative; and the ratio."""
        pairs = []
        for i in range(DIRECTIONS):
            terms = np.reshape(value, self.shape) * direction(self.shape, i)
            size = math.sqrt(float(np.sum(terms**2)))
            slope, bar = self.slope(i)
            if not math.isfinite(bar + size) or bar > NARROW * max(size, abs(slope)):
                return ("unknown" if i == 0 or np.any(value) else "right"), 1.0
            pairs.append((float(np.sum(terms)), slope, 4.0 * bar + CLOSE * size))
            if i == 0 and self._is_far(pairs[0]) and np.size(value) == 1:
                break
        if all(abs(found - slope) <= room for found, slope, room in pairs):
            return "right", 1.0
        ratios = [found / slope if slope else math.nan for found, slope, _ in pairs]
        same = all(
            abs(found - ratios[0] * slope) <= (1.0 + abs(ratios[0])) * room for found, slope, room in pairs
        )
        if same and math.isfinite(ratios[0]) and ratios[0] != 0.0:
            return "scaled", ratios[0]
        return "wrong", 1.0

    def is_like(self, value):
        """Whether a value has as many entries."""
        return math.prod(self.shape) == np.size(value)

    def is_it(self, value):
        """Whether a value is the derivative by this; decided along one direction where it is not."""
        terms = np.reshape(value, self.shape) * direction(self.shape, 0)
        slope, bar = self.slope(0)
        size = math.sqrt(float(np.sum(terms**2)))
        if not abs(float(np.sum(terms)) - slope) <= 4.0 * bar + CLOSE * size:
            return False
        return self.compared(value)[0] == "right"

    @cached_property
    def derivative(self):
        """The derivative of the loss by every entry, an array."""
        found = [self.by_entry(index) for index in np.ndindex(self.shape)]
        return np.reshape(np.array(found), self.shape)

    def by_entry(self, index):
        """The derivative of the loss by one entry."""

        def moved(t):
            def change(value):
                value = np.array(value, dtype=np.float64)
                value[index] += t
                return value if value.shape else float(value)

            return self._loss_with(change)

        tried, size = [], max(abs(float(np.asarray(self.value)[index])), 1.0)
        for step in (STEP * size, SHORTER * STEP * size):
            one, two = ((moved(h) - moved(-h)) / (2.0 * h) for h in (step, 2.0 * step))
            tried.append((abs(one - two), (4.0 * one - two) / 3.0))
            if abs(one - two) <= SMOOTH * abs(one):
                break
        return min(tried)[1]

    @staticmethod
    def _is_far(pair):
        return abs(pair[0] - pair[1]) > pair[2]


def direction(shape, i):
    """The i-th of the directions for arrays of a shape: of random signs, no entry small."""
    draw = np.random.default_rng([*shape, 11, i])
    size = math.prod(shape)
    return (draw.choice([-1.0, 1.0], shape) * draw.uniform(1.0, 2.0, shape)) / math.sqrt(max(size, 1))


class Noted(NamedTuple):
    """An Event of the backward pass with its `name`, `line`, `source` and `kind`, and its number."""

    number: int
    name: str
    line: int
    source: str
    kind: str
    event: NamedTuple


class Passes:
    """The passes of a Layer at its inputs. `backward`: the Noted events of the backward pass.

    `copies`: of both functions, each with its Tap, as `rewritten` gives them. `functions`: CallersFunctions;
    `forward`: the Quantities of the forward pass; `uses`: those of one of several lines that use them;
    `blocks`: those of the inputs, by name. Raises GradcheckError for copies that do something else.
    """

    def __init__(self, layer, copies, seed):
        self.layer = layer
        (forward, self._forward_tap), (backward, self._backward_tap) = copies
        self.functions = CallersFunctions(layer.loss, layer.gradients, layer.parameters, seed)
        self._vector = self.functions.point.vector
        before = self.functions.value(self._vector), self.gradients()
        layer.forward, layer.backward = forward, backward
        after = self.functions.value(self._vector), self.gradients()
        if before[0] != after[0] or not np.array_equal(before[1], after[1], equal_nan=True):
            what = "a copy of them with the same lines gives other numbers"
            hint = "do they change something outside, or draw random numbers?"
            raise GradcheckError(f"forward, backward: {what}; {hint}")
        self._floor = floor_along(self.functions.value, self._vector, seed)
        self._note_forward()
        self.gradients(is_noting=True)
        self.backward, self.places = [], self._backward_tap.places
        for number, event in enumerate(self._events):
            place, kind = self.places[event.place], self.places[event.place].kind
            if kind == "stored":
                kind = "assigned" if event.name != place.name else "changed"
            self.backward.append(Noted(number, event.name, event.line, event.source, kind, event))
        self.blocks = {block.name: self._of_block(block) for block in self.functions.point.blocks}

    def gradients(self, changes=None, is_noting=False):
        """The flat vector of the gradients, with (place, count) -> a value in the place of that one."""
        tap = self._backward_tap
        changes = {
            key: value if callable(value) else lambda _, value=value: copy(value)
            for key, value in (changes or {}).items()
        }
        tap.start(changes, is_noting)
        try:
            return self.functions.gradients_at(self._vector)[0] / self.functions.point.units
        finally:
            self._events = tap.events or ()
            tap.start()

    def value_with(self, changes, key):
        """The value at (place, count), or None, of a backward pass with such changes."""
        self.gradients(changes, is_noting=True)
        return next((event.value for event in self._events if event[:2] == key), None)

    def named(self, key):
        """The Quantities that a local `dz` of the backward pass may be the derivative by."""
        bare, found = _bare(key), []
        for before, behind in AFFIXES:
            if bare.startswith(before) and bare.endswith(behind) and len(bare) > len(before + behind):
                found += self.by_name.get(bare[len(before) : len(bare) - len(behind)], [])
        return found

    def inputs_named(self, key):
        """The Quantities of inputs by which the element of a dict, such as grads["W1"], is the derivative."""
        return [each for each in self.blocks.values() if "[" in key and _bare(each.name) == _bare(key)]

    def kin(self, key):
        """The Quantities of which a local `dz1`, or `dz_left`, may be a part of the derivative."""
        shorter = re.sub(r"(\d+|_[a-zA-Z0-9]+|[a-c])$", "", _bare(key))
        return self.named(shorter) if shorter else []

    @cached_property
    def by_name(self):
        """Name -> the Quantities that have it, in their order; inputs are looked at last."""
        found: dict = {}
        for quantity in (*self.forward, *self.blocks.values()):
            found.setdefault(_bare(quantity.name), []).append(quantity)
        return found

    @property
    def values(self):
        """All numbers and arrays of numbers of the forward pass."""
        return [value for some in self._values.values() for value, _ in some]

    def namesakes(self, noted):
        """The values that a local of this name has in the forward pass, in the same turn of a loop if any."""
        turns, some = dict(noted.event.loops), self._values.get(_bare(noted.name), [])
        common = [(value, {*loops} & {*turns}, loops) for value, loops in some]
        same = [value for value, names, loops in common if names and all(loops[i] == turns[i] for i in names)]
        return same if any(names for _, names, _ in common) else [value for value, _ in some]

    def _note_forward(self):
        tap = self._forward_tap
        tap.start(is_noting=True)
        self.functions.value(self._vector)
        events, uses, self.forward, self.uses, self._values = tap.events, tap.uses, [], [], {}
        tap.start()
        last = {event.place: event.turn for event in events}
        for event in events:
            place = tap.places[event.place]
            if isinstance(event.value, (bool, int, float, np.generic, np.ndarray)):
                self._values.setdefault(_bare(event.name), []).append((event.value, dict(event.loops)))
            is_one = last[event.place] < MOST_REPEATED or event.turn == last[event.place]
            if _is_number(event.value) and is_one and place.kind not in ("made", "returned"):
                words = f"{event.name} (line {place.line})"
                self.forward.append(self._tapped(event.name, words, event.value, event.loops, event[:2]))
        readers: dict = {}
        for place, count, number in uses:
            readers.setdefault(number, []).append((place, count))
        for number, some in readers.items():
            event, several = events[number], len(some) > 1
            if not (several and _is_number(event.value)) or len(some) > MOST_REPEATED:
                continue
            for place, count in some:
                at = tap.places[place]
                words = f"{at.name} as line {at.line} uses it"
                self.uses.append(
                    self._tapped(at.name, words, event.value, event.loops, (place, count), at.line)
                )

    def _tapped(self, name, words, value, loops, at, line=0):
        def loss_with(change):
            self._forward_tap.start({at: change})
            try:
                return self.functions.value(self._vector)
            finally:
                self._forward_tap.start()

        return Quantity(name, words, value, loops, loss_with, self._floor, line)

    def _of_block(self, block):
        def loss_with(change):
            vector = self._vector.copy()
            block.of(vector)[...] = change(block.of(vector) * units) / units
            return self.functions.value(vector)

        units = block.of(self.functions.point.units)
        value = block.of(self._vector) * units
        return Quantity(block.name, f"the input {block.name}", value, (), loss_with, self._floor)


def is_sum_of(value, quantities, part=CLOSE, floor=0.0):
    """Whether a value is the sum of the derivatives by Quantities, to `part` of its terms, or to `floor`."""
    shape = quantities[0].shape
    for i in range(DIRECTIONS):
        terms = np.reshape(value, shape) * direction(shape, i)
        slopes = [each.slope(i) for each in quantities]
        total = sum(slope for slope, _ in slopes)
        room = sum(4.0 * bar for _, bar in slopes) + part * max(float(np.sqrt(np.sum(terms**2))), abs(total))
        if not abs(float(np.sum(terms)) - total) <= room + floor:
            return False
    return True


def _bare(name):
    """The last part of a name: Z1 of cache['Z1'], h of self.h."""
    return name.rstrip("']\"").rsplit("'", 1)[-1].rsplit(".", 1)[-1]


def _is_number(value):
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return False
    return isinstance(value, (float, np.ndarray, np.generic)) and np.asarray(value).dtype.kind == "f"


def is_zero(value):
    """Whether a value is zero, in all of its entries."""
    return isinstance(value, NUMBERS) and not np.any(value)


def same_value(one, other):
    """Whether two values are equal but for rounding."""
    try:
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape or a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
            return one is other
        if a.dtype.kind in "iub" and b.dtype.kind in "iub":
            return np.array_equal(a, b)
        return bool(np.allclose(a, b, rtol=SAME, atol=SAME * float(np.max(np.abs(a), initial=0.0))))
    except (TypeError, ValueError):
        return False
