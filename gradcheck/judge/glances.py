"""The same functions at many points: a glance at each, and a closer look where the glance finds a difference.

A glance compares the gradient with the one-sided slopes over one small step along a few directions, and
only excuses. What it suspects is judged by error bars as anywhere, and again with other draws.
"""

import copy
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.written import literal
from gradcheck.judge.compared import breakpoints
from gradcheck.judge.directions import random_direction, value_or_nan
from gradcheck.judge.entries import JudgedEntries
from gradcheck.judge.gradient_at import gradient_at
from gradcheck.judge.kinks import bends_everywhere
from gradcheck.judge.special_points import special_points
from gradcheck.report.report import NearbyCheck

STEP = 2.0**-13  # of max(|x|, 1): how far a glance goes
ROUGH = 2.0**-9  # of the slopes: a larger difference is suspected
ROUNDED = 2.0**-44  # of the loss: a smaller move may be rounding
ALONE = 8  # entries along which a glance goes one by one
ALONE_OF_FEW = 2
JUDGED_TOGETHER = 512  # entries; with more they are judged along directions first
CONFIRMED_BY = 8  # wrong entries that are judged a second time
WORTH = 2.0**-30  # of the largest entry: less may be the rounding of numbers near 1
FAR_LARGER = 2.0**30  # than at the given point: a gradient so large has lost too many digits to be judged
MOST_LOOKS, MOST_LOOKS_OF_FEW = 40, 2  # closer ones in one hunt
CHEAP = 1e-3  # seconds: a loss that is faster is called some hundred times more
MOST_CALLS = 300  # of it, at the few special points of a check
SHOWN = 200  # characters of a point in a sentence


def check_special(functions, judged):
    """The NearbyCheck of gradients that are right at the point, at a few special ones; or None.

    None for a loss that is dear or computed in single precision, ready numbers, Jacobians, and where
    `most_calls` leaves no room. `judged`: the JudgedEntries at the point.
    """
    is_cheap = functions.fastest < CHEAP and functions.evaluations + MOST_CALLS <= functions.most_calls
    if not (is_cheap and functions.is_callable) or functions.is_jacobian or judged.precision != "float64":
        return None
    hunt = Hunt(functions, judged.confidence, MOST_CALLS, few=True)
    draw = np.random.default_rng([functions.seed, 9])
    points = [*special_points(functions, draw, few=True), *breakpoints(functions, draw, few=True)]
    for point, _ in hunt.failures(points):
        at = gradient_at(functions, point.vector, *functions.gradients_at(point.vector))
        there = JudgedEntries(functions, functions.point.blocks, at, judged.confidence, JUDGED_TOGETHER)
        written = literal(functions.point.restore(point.vector))
        where = point.what if written is None or len(written) > SHOWN else f"{point.what}: {written}"
        sentence = f"wrong where {where}; gradcheck.hunt makes that point as simple as it can"
        return NearbyCheck("wrong", sentence, there.reports())
    if hunt.glances == 0 or hunt.is_frozen:
        return None
    some = f"; no finite numbers where {hunt.not_finite[0].what}" if hunt.not_finite else ""
    return NearbyCheck("right", f"right at {hunt.glances} with zeros, ties, equal rows{some}")


class Failure(NamedTuple):
    """A SpecialPoint at which the gradient is wrong, and the flat positions of wrong entries."""

    point: NamedTuple
    wrong: np.ndarray


class Hunt:
    """A hunt for points at which the gradients of CallersFunctions are wrong.

    `glances`: points at which the loss is finite, `looks`: closer ones; `not_finite`: SpecialPoints at which
    the gradient is no finite number, though the loss is; `is_frozen`: whether the gradients were the same
    numbers at all points. More than `most_calls` of the loss end it.
    """

    def __init__(self, functions, confidence, most_calls, few=False):
        self.functions, self.confidence, self.few = functions, confidence, few
        self._most = functions.evaluations + most_calls
        self._draw = np.random.default_rng([functions.seed, 6])
        self._given = functions.first_gradients()[0]
        self.glances, self.looks, self.not_finite, self._others = 0, 0, [], 0

    @property
    def is_frozen(self):
        return self.glances > 0 and self._others == 0 and bool(np.any(self._given != 0.0))

    @property
    def is_over(self):
        return self.functions.evaluations >= self._most

    def failures(self, points):
        """The Failures among SpecialPoints, the simplest first."""
        suspected = []
        for point in points:
            if self.is_over:
                break
            if self.glance(point):
                suspected.append(point)
        for point in suspected:
            if (
                self.looks >= (MOST_LOOKS_OF_FEW if self.few else MOST_LOOKS)
                or self.is_over
                or self.is_frozen
            ):
                return
            self.looks += 1
            some = point.moved if self.few and len(point.moved) > CONFIRMED_BY else None
            if some is not None:
                some = self._draw.choice(some, CONFIRMED_BY, replace=False)
            wrong = self.wrong_at(point.vector, some)
            if len(wrong) > 0:
                yield Failure(point, wrong)

    def glance(self, point):
        """Whether the gradient at a SpecialPoint differs from slopes of the loss; False where it has none."""
        vector, functions = point.vector, self.functions
        here = value_or_nan(functions, vector)
        analytic = self._gradients(vector) if np.isfinite(here) else None
        if analytic is None:
            return False
        self.glances += 1
        self._others += not np.array_equal(analytic, self._given)
        if not np.all(np.isfinite(analytic)):
            self.not_finite.append(point)
            return not self.few
        for direction in self._directions(point):
            sizes = direction * np.maximum(np.abs(vector), 1.0)
            slopes = [
                (value_or_nan(functions, vector + step * sizes) - here) / step for step in (STEP, -STEP)
            ]
            target = float(np.sum(analytic * sizes))
            room = ROUGH * (sum(map(abs, slopes)) + abs(target)) + ROUNDED * abs(here) / STEP
            if target > max(slopes) + room or target < min(slopes) - room:
                return True
        return False

    def wrong_at(self, vector, chosen=None):
        """The positions of wrong entries at a vector, twice judged; none where the loss has no value.

        `chosen`: those of the only entries to judge, or None for all.
        """
        functions, again = self.functions, copy.copy(self.functions)
        again.seed += 1
        try:
            found = self._judged(functions, vector, chosen)
            return self._judged(again, vector, found[:CONFIRMED_BY]) if len(found) > 0 else found
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the functions need not be made for this vector
            return np.array([], dtype=int)
        finally:
            functions.evaluations = max(functions.evaluations, again.evaluations)

    def _judged(self, functions, vector, positions):
        chosen = None
        if positions is not None:
            chosen = np.zeros(vector.shape, dtype=bool)
            chosen[positions] = True
        at = gradient_at(functions, vector, *functions.gradients_at(vector))
        judged = JudgedEntries(
            functions, functions.point.blocks, at, self.confidence, JUDGED_TOGETHER, chosen=chosen
        )
        sizes = np.abs(np.concatenate([at.analytic, self._given]))
        worth = WORTH * np.max(sizes[np.isfinite(sizes)], initial=0.0)
        alone = [i for i in judged.positions_of("wrong").tolist() if i in judged.judgements]
        apart = np.abs(at.analytic - judged.numeric)
        seen = [
            i for i in alone if np.isfinite(judged.bar[i] if np.isfinite(apart[i]) else judged.numeric[i])
        ]
        found = np.array([i for i in seen if not apart[i] <= worth], dtype=int)
        return found if self._is_fair(functions, vector, judged, found) else found[:0]

    def _is_fair(self, functions, vector, judged, wrong):
        """Whether the gradient at a vector has digits enough, and a kink there bends one way.

        Where kinks of either bend meet, as in a sum of maxima with weights of both signs, the chain rule with
        a subgradient of each need not give one of the whole.
        """
        sizes = [
            np.max(np.abs(each[np.isfinite(each)]), initial=0.0) for each in (judged.numeric, self._given)
        ]
        if sizes[0] > FAR_LARGER * sizes[1] > 0.0:
            return False
        at_kinks = wrong[judged.at_kink[wrong]]
        if len(at_kinks) == 0:
            return True
        others = np.flatnonzero(judged.at_kink)
        return any(bends_everywhere(functions, vector, at_kinks, bend, others) for bend in (1.0, -1.0))

    def _gradients(self, vector):
        try:
            return self.functions.gradients_at(vector)[0]
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the functions need not be made for this vector
            return None

    def _directions(self, point):
        """Along all entries at once, along those that were moved, and along some alone."""
        n, moved = len(point.vector), point.moved
        yield random_direction(point.vector, np.arange(n), self._draw)
        if 1 < len(moved) < n and not self.few:
            yield random_direction(point.vector, moved, self._draw)
        most = ALONE_OF_FEW if self.few else ALONE
        some = moved if len(moved) <= most else self._draw.choice(moved, most, replace=False)
        for i in some if n > 1 else ():
            direction = np.zeros_like(point.vector)
            direction[i] = 1.0
            yield direction
