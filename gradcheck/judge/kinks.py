"""Where the loss has kinks along several entries at once: is the gradient a subgradient of it there?

Every entry may lie between its own one-sided slopes and the gradient be none all the same: (1, 1) for
|x - y| at x = y. Along any direction it has to lie between the slopes of the pieces of the loss that meet at
the point (F. H. Clarke 1975). Some pieces lie on the line itself; others, where kinks cross, are met only
beside it, at points drawn very near. So -5 is right for any of three equal numbers whose weights in order are
1, -5 and 2.
"""

import numpy as np

from gradcheck.judge.directions import judge_along, random_direction, value_or_nan
from gradcheck.numeric.rounding import U
from gradcheck.verdict import Judgement

BESIDE = 2.0**-14  # of max(|x|, 1): how far away pieces of the loss are looked for
STEP = 2.0**-8  # of that: the step over which their slope is taken
CLEARLY = 2.0**-10  # of the slopes: by how much that of another piece must differ
PIECES = 48  # points beside that are drawn before an entry or a direction is called wrong
HEAVY = 3.0  # some of their moves are far larger than others, so that one may decide alone
DRAWN = 3  # random directions
TOLD = 8  # wrong entries, for which no piece was found, before the rest is left wrong
MOST_BISECTED = 64  # entries; more are blamed as whole blocks


class Kinks:
    """The entries at kinks of a GradientAt of CallersFunctions: `slopes`, (n, 2), left and right of each."""

    def __init__(self, functions, at, positions, slopes, confidence, floor):
        self.functions, self.at, self.confidence, self.floor = functions, at, confidence, floor
        self.positions, self.slopes = positions, dict(zip(positions.tolist(), slopes))
        self.draw = np.random.default_rng([functions.seed, 4])
        self.bend = np.zeros_like(at.vector)
        self.bend[positions] = np.sign([right - left for left, right in slopes])

    def judged(self, judgements):
        """Position -> Judgement where it is another than in `judgements`, those of single entries."""
        wrong = [i for i in self.positions.tolist() if judgements[i] == "wrong"]
        found = self._met_beside(wrong)
        others = np.array([i for i in self.positions.tolist() if i in found or i not in wrong], dtype=int)
        return found | (self._not_together(others) if len(others) > 1 else {})

    def _met_beside(self, wrong):
        """The entries outside their one-sided slopes that are slopes of a piece beside the point."""
        found, missed = {}, 0
        for i in wrong:
            direction = np.zeros_like(self.at.vector)
            direction[i] = 1.0
            target = float(self.at.analytic[i])
            if np.isfinite(target) and self._is_met(direction, target, *sorted(self.slopes[i])):
                found[i] = Judgement("right", "at a kink, and the slope of the loss right beside it")
            else:
                missed += 1
            if missed == TOLD:
                break
        return found

    def _not_together(self, positions):
        """The entries that are no subgradient together: some direction shows it."""
        for direction in self._directions(positions):
            if self._is_outside(direction):
                moving = positions[direction[positions] != 0.0]
                guilty = np.concatenate(self._smallest(direction, self._by_block(moving)))
                words = "at a kink: alone each slope lies between the one-sided ones, together they do not"
                return dict.fromkeys(guilty.tolist(), Judgement("wrong", words))
        return {}

    def _directions(self, positions):
        """Away from the middle of the one-sided slopes, along the gradient, between ties, and drawn."""
        analytic = self.at.analytic[positions]
        middle = np.array([np.mean(self.slopes[i]) for i in positions.tolist()])
        away = analytic - middle
        away[np.abs(away) <= CLEARLY * np.max(np.abs(analytic) + np.abs(middle))] = 0.0
        for values in (away, analytic, _differences(self.at.vector[positions])):
            if np.any(values) and np.all(np.isfinite(values)):
                direction = np.zeros_like(self.at.vector)
                direction[positions] = values / np.max(np.abs(values))
                yield direction
        for _ in range(DRAWN):
            yield random_direction(self.at.vector, positions, self.draw)

    def _is_outside(self, direction):
        """Whether the gradient is no slope of the loss along a direction, at the point or beside it."""
        judgement, _, slope = judge_along(self.functions, self.at, direction, self.confidence, self.floor)
        if judgement != "wrong" or not np.isfinite(slope.error):
            return False
        low, high = sorted((slope.left, slope.right) if slope.kink else (slope.value, slope.value))
        target = float(np.sum(self.at.analytic * direction))
        is_clear = max(low - target, target - high) > 2.0 * CLEARLY * max(abs(low), abs(high), abs(target))
        return is_clear and not self._is_met(direction, target, low, high)

    def _is_met(self, direction, target, low, high):
        """Whether a piece of the loss beside the point is as steep along the direction as the target."""
        vector, above = self.at.vector, target > high
        reach = BESIDE * np.maximum(np.abs(vector), 1.0)
        for move in self._moves(direction if above else -direction):
            beside, step = vector + reach * move / np.max(np.abs(move)), STEP * BESIDE
            forth, back = (
                value_or_nan(self.functions, beside + sign * step * direction) for sign in (1.0, -1.0)
            )
            slope = (forth - back) / (2.0 * step)
            margin = CLEARLY * max(abs(low), abs(high), abs(target)) + 8.0 * U * abs(forth) / step
            if (
                slope >= max(target - margin, high + margin)
                if above
                else slope <= min(target + margin, low - margin)
            ):
                return True
        return False

    def _moves(self, direction):
        """Where kinks bend upwards along the direction, where they bend down against it; then drawn moves."""
        steepest = np.where(self.bend == 0.0, 1.0, self.bend) * direction
        yield steepest
        for _ in range(PIECES):
            sizes = np.exp(HEAVY * self.draw.standard_normal(direction.shape))
            yield sizes * self.draw.choice([-1.0, 1.0], direction.shape)

    def _by_block(self, positions):
        parts = (
            positions[(each.start <= positions) & (positions < each.stop)]
            for each in self.functions.point.blocks
        )
        return [part for part in parts if len(part) > 0]

    def _smallest(self, direction, parts):
        """The smallest sets of positions, made by halving, for which alone the gradient is outside."""

        def of(part):
            alone = np.zeros_like(direction)
            alone[part] = direction[part]
            return alone

        wrong = [part for part in parts if self._is_outside(of(part))] if len(parts) > 1 else parts
        if len(wrong) == 0:
            return parts
        found = []
        for part in wrong:
            halves = np.array_split(part, 2) if 2 < len(part) <= MOST_BISECTED else [part]
            found += self._smallest(direction, halves) if len(halves) > 1 else [part]
        return found


def _differences(values):
    """+1 and -1 in turn for the equal ones among the values, 0 for those that are alone."""
    found = np.zeros_like(values)
    for value in np.unique(values):
        equal = np.flatnonzero(values == value)
        if len(equal) > 1:
            found[equal] = np.where(np.arange(len(equal)) % 2 == 0, 1.0, -1.0)
    return found
