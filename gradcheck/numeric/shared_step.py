"""Central differences over one step that many entries share, found on a few of them: two evaluations each.

They confirm derivatives that were computed in another way. A kink or a wave beside one of the many may make
its quotient wrong, and its bar too narrow: so no derivative is refuted here, and an entry whose derivative is
not confirmed is to be searched for steps of its own.
"""

from collections.abc import Callable

import numpy as np

from gradcheck.numeric.best_estimate import ARITHMETIC
from gradcheck.numeric.derivatives import Estimate
from gradcheck.numeric.rounding import AGREEMENT, U

MOST = 0.75  # of the entries: one among them may be a special one
ROUNDS = 3  # of adjusting the step to the truncation that the few show
CHANGED = 2.0  # a step that would change by less stays


class SharedStep:
    """The step for entries like some at the places `x`, of which the Estimates `found` are known.

    moved(h) -> f with each of these entries alone moved by h, an array; `centre` is f where none is moved,
    and `noise` the error of one evaluation. `step` is 0.0 where no step suits most of them: at kinks, where
    f stands still. Truncation h**2 M3/6 and rounding e/h are least together where the first is half of the
    second; M3 is seen in how far the quotients are from the estimates.
    """

    def __init__(self, moved: Callable, x: np.ndarray, found: list[Estimate], centre: float, noise: float):
        self.centre, self.noise, self.step = centre, noise, 0.0
        self.scale = max(each.scale for each in found)
        is_plain = np.array([np.isfinite(each.error) and not each.kink for each in found])
        if self.scale == 0.0 or np.mean(is_plain) < MOST:
            return
        value, e = np.array([each.value for each in found]), max(noise, U * np.max(np.abs(x)) * self.scale)
        h = (3.0 * e / self.scale) ** (1.0 / 3.0)
        for _ in range(ROUNDS):
            central, difference, _, rounding = self._quotients(moved, x, h)
            truncation = float(np.quantile(np.abs(central - value)[is_plain], MOST))
            if not np.isfinite(truncation):
                return
            better = h * (e / h / (2.0 * max(truncation, e / h / AGREEMENT))) ** (1.0 / 3.0)
            if max(better / h, h / better) <= CHANGED:
                break
            h = better
        self.step, self._truncation = h, AGREEMENT * truncation
        self._difference = max(np.quantile(difference[is_plain], MOST), AGREEMENT * np.max(rounding))

    def estimates(self, moved: Callable, x: np.ndarray) -> list[Estimate]:
        """The Estimates of other entries; the more curved they are than the few, the wider are their bars."""
        central, difference, scale, rounding = self._quotients(moved, x, self.step)
        curved = np.maximum(difference / self._difference, 1.0)
        bars = self._truncation * curved**2 + rounding
        rows = zip(central.tolist(), bars.tolist(), scale.tolist())
        return [Estimate(value, bar, self.step, 2, size) for value, bar, size in rows]

    def _quotients(self, moved, x, h):
        """(central, difference of both sides, larger side, rounding of the central one), of each entry."""
        above, below = x + h, x - h
        f_above, f_below = moved(h), moved(-h)
        right, left = (f_above - self.centre) / (above - x), (self.centre - f_below) / (x - below)
        central, slopes = (f_above - f_below) / (above - below), np.maximum(np.abs(left), np.abs(right))
        noise = np.maximum(self.noise, U * np.maximum(np.abs(f_above), np.abs(x) * slopes))
        return central, np.abs(right - left), slopes, noise / h + ARITHMETIC * np.abs(central)
