"""The functions at points other than their own: the gradient there, slopes, and whether a cause holds.

No more calls of the loss are made than a cause may cost.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradcheck.judge.directions import judge_along, random_direction
from gradcheck.judge.gradient import gradient_at
from gradcheck.judge.other_points import Place, nearby_point

NEAR, FAR = (Place(0.125),) * 2, (Place(1.0), Place(3.0))  # where a cause must hold again
LEAST_CALLS = 600  # of the loss, all experiments together; or as many as the check took
SPARE = 8  # calls that are left to the check
POINTS, TRIED = 2, 2  # that must agree; times that each is drawn until the functions have a value
STEP = 2.0**-12  # of a parameter
NOISE = 2.0**-50  # of the loss
BEYOND = 4.0  # bars
SEEN = 2.0**-17  # of a slope: the widest bar with which it counts as known
MOST_SHARED = 64  # entries of a block whose shares are looked at
CONSTANT = 2.0**-30  # relative: what differs by less is the same


class Slopes(NamedTuple):
    """The slope along a direction as handed in, `given`, and `true` within a generous `bar`."""

    given: float
    true: float
    bar: float

    @property
    def differ(self):
        return abs(self.given - self.true) > BEYOND * self.bar

    @property
    def agree(self):
        """Whether they are the same and not zero, as far as a thousandth shows."""
        return abs(self.given - self.true) <= self.bar < SEEN * abs(self.true)


class OutOfCalls(Exception):
    """The experiments have used up their calls of the loss."""


class Elsewhere:
    """CallersFunctions at other points than their own, judged with some `confidence`.

    Of the loss no more calls are made than LEAST_CALLS, or as many as were made before. `still`: names
    of blocks that are not moved. `behind`: name of a wrong block -> right ones with which its gradient
    vanishes.
    """

    still: tuple = ()

    def __init__(self, functions, confidence):
        self.functions, self.confidence = functions, confidence
        self.behind: dict = {}
        self.blocks = {block.name: block for block in functions.point.blocks}
        self._draw = np.random.default_rng([functions.seed, 5])
        self._last = min(
            functions.evaluations + max(LEAST_CALLS, functions.evaluations), functions.most_calls - SPARE
        )
        self.here = self._found_at(functions.point.vector, functions.first_gradients())

    @cached_property
    def near(self):
        """Two GradientAts at points nearby, fewer where the functions have no value."""
        return self._drawn(NEAR)

    @cached_property
    def far(self):
        """The same farther away, where a loss made of pieces has others."""
        return self._drawn(FAR)

    def _drawn(self, places):
        drawn = (self._moved_to(place) for _ in range(TRIED) for place in places)
        found = (self.at(vector) for vector in drawn)
        return [each for _, each in zip(range(POINTS), (each for each in found if each is not None))]

    def _moved_to(self, place):
        vector = nearby_point(self.functions, place, self._draw)
        for name in self.still:
            self.blocks[name].of(vector)[...] = self.blocks[name].of(self.functions.point.vector)
        return vector

    def at(self, vector):
        """The GradientAt of a vector; None where the functions have no value or raise something."""
        self._afford()
        if not np.isfinite(self.functions.value_or_nan(vector)):
            return None
        try:
            return self._found_at(vector, self.functions.gradients_at(vector))
        except Exception:  # whatever it is: the functions need not be made for this vector
            return None

    def with_block(self, vector, name, values, entry=None):
        """The GradientAt where a block of a vector, or one entry of it, has some values; or None."""
        there = vector.copy()
        part = self.blocks[name].of(there)
        part[... if entry is None else np.unravel_index(entry, part.shape)] = values
        return self.at(there)

    def _found_at(self, vector, gradients):
        found = gradient_at(self.functions, vector, *gradients)
        return found if np.all(np.isfinite(found.analytic)) else None

    def direction(self, names):
        """A random direction in some blocks."""
        positions = [np.arange(self.blocks[name].start, self.blocks[name].stop) for name in names]
        return random_direction(self.functions.point.vector, np.concatenate(positions), self._draw)

    def slopes(self, name, places):
        """The Slopes at several GradientAts along one direction in a block."""
        direction = self.direction([name])
        return [self.along(at, direction) for at in places]

    def along(self, at, direction):
        """The Slopes at a GradientAt along a direction, by four calls of the loss."""
        self._afford()
        h = STEP * max(1.0, float(np.max(np.abs(at.vector[direction != 0.0]))))
        ahead = [self.functions.value_or_nan(at.vector + k * h * direction) for k in (-2, -1, 1, 2)]
        near, far = (ahead[2] - ahead[1]) / (2.0 * h), (ahead[3] - ahead[0]) / (4.0 * h)
        rounding = NOISE * max(abs(each) for each in ahead) / h + np.sum(np.abs(at.rounding * direction))
        value, bar = (4.0 * near - far) / 3.0, abs(near - far) + rounding
        return Slopes(float(np.sum(at.analytic * direction)), value, bar)

    def bend(self, at, names):
        """(u'Jv - v'Ju, the size of either, a bar) of the derivative J of the gradient handed in.

        u and v are random directions in some blocks. Of a gradient J is symmetric.
        """
        u, v = self.direction(names), self.direction(names)
        (one, bar), (other, wider) = self._second(at, u, v), self._second(at, v, u)
        return abs(one - other), max(abs(one), abs(other)), bar + wider

    def _second(self, at, u, v):
        """(u'Jv, a bar) by gradients at four points; the bar is infinite where the functions have none."""
        h = STEP * max(1.0, float(np.max(np.abs(at.vector[v != 0.0]))))
        places = [self.at(at.vector + k * h * v) for k in (-2, -1, 1, 2)]
        if None in places:
            return 0.0, np.inf
        along = [float(np.sum(each.analytic * u)) for each in places]
        near, far = (along[2] - along[1]) / (2.0 * h), (along[3] - along[0]) / (4.0 * h)
        rounding = NOISE * max(float(np.sum(np.abs(each.analytic * u))) for each in places) / h
        return (4.0 * near - far) / 3.0, abs(near - far) + rounding

    def shares(self, name):
        """What each output, as weighted, adds to each entry of a block: a row for every entry.

        None where the outputs are no single array, or the block has too many entries.
        """
        here, rows, block = self.functions.point.vector, [], self.blocks[name]
        for i in block.positions if len(block.positions) <= MOST_SHARED else ():
            self._afford()
            h = STEP * max(1.0, abs(here[i]))
            low, high = (self.functions.weighted(here + k * h * (np.arange(here.size) == i)) for k in (-1, 1))
            if low is None:
                return None
            row = (high - low) / (2.0 * h)
            rows.append(np.where(np.abs(row) > CONSTANT * np.max(np.abs(row)), row, 0.0))
        return np.array(rows) if rows else None

    def is_same(self, name, one, other):
        """Whether a block has the same numbers, not all zero, in two flat vectors."""
        one, other = (self.blocks[name].of(each) for each in (one, other))
        return bool(np.any(other != 0.0)) and np.max(np.abs(one - other)) <= CONSTANT * np.max(np.abs(other))

    def _afford(self):
        if self.functions.evaluations >= self._last:
            raise OutOfCalls

    # Whether a cause holds

    def holds(self, block, shape):
        """Whether what an ErrorShape says of a GradientBlock is true at points farther away, as far as seen.

        Only an error that is made entry by entry is tried: with its Law, g = (analytic - added)/weight.
        """
        is_clipped = shape.id.startswith("clipped")
        if not np.all(block.known) or not block.parts or shape.law is None and not is_clipped:
            return True
        holds = self._is_clipped if is_clipped else self._follows
        try:
            return all(holds(at, block, shape) for at in self.far or self.near)
        except OutOfCalls:
            return True

    def _is_clipped(self, at, block, shape):
        """Whether nothing is larger than the limit there either, and something as large."""
        in_units_given = at.analytic / self.functions.point.units
        given = np.concatenate([self.blocks[name].of(in_units_given).ravel() for name, _ in block.parts])
        given, limit = given if shape.mask is None else given[shape.mask.ravel()], shape.constants["limit"]
        return abs(np.max(np.abs(given)) - limit) <= CONSTANT * limit

    def _follows(self, at, block, shape):
        units = self.functions.point.units
        weight, added = np.ones_like(at.vector), np.zeros_like(at.vector)
        chosen, start = np.zeros_like(at.vector, bool), 0
        for name, factor in block.parts:
            own = self.blocks[name]
            p = factor * own.of(at.vector * units)
            mask = ...
            if shape.mask is not None:
                mask = shape.mask.ravel()[start : start + p.size].reshape(p.shape)
            own.of(weight)[mask], own.of(added)[mask] = shape.law.weight(p)[mask], shape.law.added(p)[mask]
            own.of(chosen)[...], start = True, start + p.size
        added *= units
        moving = chosen & (weight != 0.0)
        size = np.max(np.abs(at.analytic), initial=0.0)
        if np.any(np.abs(at.analytic - added)[chosen & ~moving] > CONSTANT * size):
            return False
        right, divisor = np.where(moving, (at.analytic - added) / weight, 0.0), np.where(moving, weight, 1.0)
        claimed = at._replace(analytic=right, rounding=at.rounding / np.abs(divisor))
        along = np.flatnonzero(moving & np.isfinite(weight))
        if len(along) == 0:
            return True
        direction = random_direction(at.vector, along, self._draw)
        return not self.along(claimed, direction).differ or not self._is_wrong(claimed, direction)

    def _is_wrong(self, at, direction):
        """The verdict itself, with an error bar that is measured."""
        self._afford()
        try:
            return judge_along(self.functions, at, direction, self.confidence)[0] == "wrong"
        except Exception:  # as above
            return False
