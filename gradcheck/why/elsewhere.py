"""The caller's functions at other points, where a cause must hold again and experiments are made."""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradcheck.judge.directions import judge_along, random_direction
from gradcheck.judge.entries import gradient_at
from gradcheck.judge.other_points import Place, nearby_point

NEAR, FAR = (Place(0.125),) * 2, (Place(1.0), Place(3.0))  # where a cause must hold again
LEAST_CALLS = 400  # of the loss, all experiments together; or twice as many as the check took
SPARE = 8  # calls that are left to the check
POINTS, TRIED = 2, 2  # that must agree; times that each is drawn until the functions have a value
STEP = 2.0**-12  # of a parameter
NOISE = 2.0**-50  # of the loss
BEYOND = 4.0  # bars
SEEN = 2.0**-17  # of a slope: the widest bar with which it counts as known
MOST_ENTRIES = 64  # of a block whose shares are looked at
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

    Of the loss no more calls are made than LEAST_CALLS, or twice as many as were made before. `still`: names
    of blocks that are not moved. `behind`: name of a wrong block -> right ones with which its gradient
    vanishes.
    """

    still: tuple = ()

    def __init__(self, functions, confidence):
        self.functions, self.confidence = functions, confidence
        self.behind = {}
        self.blocks = {block.name: block for block in functions.point.blocks}
        self._draw = np.random.default_rng([functions.seed, 5])
        self._last = min(
            functions.evaluations + max(LEAST_CALLS, 2 * functions.evaluations), functions.most_calls - SPARE
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

    def _found_at(self, vector, gradients):
        found = gradient_at(self.functions, vector, *gradients)
        return found if np.all(np.isfinite(found.analytic)) else None

    def direction(self, names):
        """A random direction in some blocks."""
        positions = [np.arange(self.blocks[name].start, self.blocks[name].stop) for name in names]
        return random_direction(self.functions.point.vector, np.concatenate(positions), self._draw)

    def along(self, at, direction):
        """The Slopes at a GradientAt along a direction, by four calls of the loss."""
        self._afford()
        h = STEP * max(1.0, float(np.max(np.abs(at.vector[direction != 0.0]))))
        ahead = [self.functions.value_or_nan(at.vector + k * h * direction) for k in (-2, -1, 1, 2)]
        near, far = (ahead[2] - ahead[1]) / (2.0 * h), (ahead[3] - ahead[0]) / (4.0 * h)
        rounding = NOISE * max(abs(each) for each in ahead) / h + np.sum(np.abs(at.rounding * direction))
        value, bar = (4.0 * near - far) / 3.0, abs(near - far) + rounding
        return Slopes(float(np.sum(at.analytic * direction)), value, bar)

    def shares(self, name):
        """What each output, as weighted, adds to each entry of a block: a row for every entry.

        None where the outputs are no single array, or the block has too many entries.
        """
        here, rows, block = self.functions.point.vector, [], self.blocks[name]
        if len(block.positions) > MOST_ENTRIES:
            return None
        for i in block.positions:
            self._afford()
            h = STEP * max(1.0, abs(here[i]))
            low, high = (self.functions.weighted(here + k * h * (np.arange(here.size) == i)) for k in (-1, 1))
            if low is None:
                return None
            row = (high - low) / (2.0 * h)
            rows.append(np.where(np.abs(row) > CONSTANT * np.max(np.abs(row)), row, 0.0))
        return np.array(rows)

    def moved(self, vector, name, values, entry=None):
        """A copy of a vector with a block, or one entry of it, set to some values."""
        there = vector.copy()
        part = self.blocks[name].of(there)
        if entry is None:
            part[...] = values
        else:
            part.flat[entry] = values
        return there

    def _afford(self):
        if self.functions.evaluations >= self._last:
            raise OutOfCalls

    # Whether a cause holds

    def holds(self, block, shape):
        """Whether what an ErrorShape says of a GradientBlock is true at a point nearby, as far as it is seen.

        Only an error that is made entry by entry is tried: with its Law, g = (analytic - added)/weight.
        """
        if not np.all(block.known) or not block.parts:
            return True
        holds = (
            self._follows
            if shape.law is not None
            else self._is_clipped
            if shape.id.startswith("clipped")
            else None
        )
        try:
            return holds is None or all(holds(at, block, shape) for at in self.far or self.near)
        except OutOfCalls:
            return True

    def _is_clipped(self, at, block, shape):
        """Whether nothing is larger than the limit there either, and something as large."""
        given = np.concatenate([self.blocks[name].of(at.analytic).ravel() for name, _ in block.parts])
        given, limit = given if shape.mask is None else given[shape.mask.ravel()], shape.constants["limit"]
        return abs(np.max(np.abs(given)) - limit) <= CONSTANT * limit

    def _follows(self, at, block, shape):
        weight, added, chosen = (
            np.ones_like(at.vector),
            np.zeros_like(at.vector),
            np.zeros_like(at.vector, bool),
        )
        start = 0
        for name, factor in block.parts:
            own = self.blocks[name]
            p = factor * own.of(at.vector)
            mask = ...
            if shape.mask is not None:
                mask = shape.mask.ravel()[start : start + p.size].reshape(p.shape)
            own.of(weight)[mask], own.of(added)[mask] = shape.law.weight(p)[mask], shape.law.added(p)[mask]
            own.of(chosen)[...], start = True, start + p.size
        fixed = chosen & (weight == 0.0)
        size = np.max(np.abs(at.analytic), initial=0.0)
        if np.any(np.abs(at.analytic - added)[fixed] > CONSTANT * size):
            return False
        moving = np.flatnonzero(chosen & (weight != 0.0) & np.isfinite(weight))
        if len(moving) == 0:
            return True
        right = np.where(chosen & (weight != 0.0), (at.analytic - added) / weight, 0.0)
        claimed = at._replace(
            analytic=right, rounding=at.rounding / np.where(weight == 0.0, 1.0, np.abs(weight))
        )
        direction = random_direction(at.vector, moving, self._draw)
        return not self.along(claimed, direction).differ or not self._is_wrong(claimed, direction)

    def _is_wrong(self, at, direction):
        """The verdict itself, with an error bar that is measured."""
        self._afford()
        try:
            return judge_along(self.functions, at, direction, self.confidence)[0] == "wrong"
        except Exception:  # as above
            return False
