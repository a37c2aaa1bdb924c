"""The same functions compared at special points, where backward passes break; entries judged elsewhere.

A glance compares the gradient with the one-sided slopes over one small step along a few directions, and only
excuses. What it suspects is judged by error bars as anywhere.
"""

from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.calls import literal
from gradcheck.judge.directions import bends_everywhere, random_direction
from gradcheck.judge.entries import JudgedEntries
from gradcheck.judge.gradient import gradient_there
from gradcheck.judge.other_points import SIZES, SPREADS, Place, nearby_point
from gradcheck.judge.special_values import breakpoints, special_points
from gradcheck.report.report import NearbyCheck
from gradcheck.verdict import SMALL_ERRORS, Judgement

STEP = 2.0**-13  # of max(|x|, 1): how far a glance goes
ROUGH = 2.0**-9  # of the slopes: a larger difference is suspected
ROUNDED = 2.0**-44  # of the loss: a smaller move may be rounding
ALONE = 8  # entries along which a glance goes one by one
ALONE_OF_FEW = 1
CONFIRMED_BY = 8  # wrong entries that are judged a second time
WORTH = 2.0**-30  # of the largest entry: less may be the rounding of numbers near 1
FAR_LARGER = 2.0**30  # than at the given point: a gradient so large has lost too many digits to be judged
MOST_LOOKS, MOST_LOOKS_OF_FEW = 40, 2  # closer ones in one hunt
CHEAP = 1e-3  # seconds: a loss that is faster is called some hundred times more
MOST_OF_MANY = 4  # points, where entries are judged along directions
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
    points = list(special_points(functions, draw, few=True))
    if len(judged.groups) == 0:
        points += breakpoints(functions, draw, few=True)
    else:  # so many entries that all are judged along few directions
        points = points[:MOST_OF_MANY]
    for point, _ in hunt.failures(points):
        there = judged_at(functions, point.vector, judged.confidence)
        if there is None or len(there.positions_of("wrong")) == 0:
            continue  # some entries alone are no subgradient, and all of them together are
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
        made = self.functions.gradients_or_none(point.vector)
        if made is None:
            return False
        analytic, _ = made
        is_finite = bool(np.all(np.isfinite(analytic)))
        found = self._differs(point, analytic) if is_finite else not self.few
        if found is None or not is_finite and not np.isfinite(self.functions.value_or_nan(point.vector)):
            return False  # the loss has no value there
        self.glances += 1
        self._others += not np.array_equal(analytic, self._given)
        if not is_finite:
            self.not_finite.append(point)
        return found

    def _differs(self, point, analytic):
        """Whether the gradient at a SpecialPoint is outside the one-sided slopes along some direction.

        None where the loss has no value there. Where few are wanted it is asked for only if the slope over
        both sides is another, and the first direction without a kink, which would hide an entry, is the last.
        """
        vector, f, here = point.vector, self.functions.value_or_nan, np.nan
        for direction in self._directions(point, analytic):
            sizes = direction * np.maximum(np.abs(vector), 1.0)
            above, below = f(vector + STEP * sizes), f(vector - STEP * sizes)
            target, central = float(np.sum(analytic * sizes)), (above - below) / (2.0 * STEP)
            rounding = ROUNDED * abs(above) / STEP
            if self.few and abs(target - central) <= ROUGH * (2.0 * abs(central) + abs(target)) + rounding:
                return False
            here = here if np.isfinite(here) else f(vector)
            if not np.isfinite(here):
                return None
            slopes = (above - here) / STEP, (here - below) / STEP
            room = ROUGH * (sum(map(abs, slopes)) + abs(target)) + rounding
            if target > max(slopes) + room or target < min(slopes) - room:
                return True
            if self.few and max(slopes) - min(slopes) <= room:
                return False
        return False if np.isfinite(here) or np.isfinite(f(vector)) else None

    def wrong_at(self, vector, positions=None):
        """The positions of wrong entries at a vector, among some or all; none where the loss has no value."""
        judged = judged_at(self.functions, vector, self.confidence, positions)
        if judged is None:
            return np.array([], dtype=int)
        analytic, wrong = judged.analytic, judged.positions_of("wrong")
        sizes = np.abs(np.concatenate([analytic, self._given]))
        worth = WORTH * np.max(sizes[np.isfinite(sizes)], initial=0.0)
        apart = np.abs(analytic[wrong] - judged.numeric[wrong])
        is_seen = np.isfinite(np.where(np.isfinite(apart), judged.bar[wrong], judged.numeric[wrong]))
        found = wrong[is_seen & ~(apart <= worth)]
        return found if self._is_fair(vector, judged, found) else found[:0]

    def _is_fair(self, vector, judged, wrong):
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
        return any(bends_everywhere(self.functions, vector, at_kinks, bend, others) for bend in (1.0, -1.0))

    def _directions(self, point, analytic):
        """Along all entries or those that were moved, along the gradient, and along some entries alone."""
        n, moved = len(point.vector), point.moved
        if not self.few:
            yield random_direction(point.vector, np.arange(n), self._draw)
        if len(moved) > 0:
            yield random_direction(point.vector, moved, self._draw)
        if np.any(analytic):
            yield analytic / np.max(np.abs(analytic))
        most = ALONE_OF_FEW if self.few else ALONE
        some = moved if len(moved) <= most else self._draw.choice(moved, most, replace=False)
        for i in some:
            direction = np.zeros_like(point.vector)
            direction[i] = 1.0
            yield direction


# Whether a verdict holds at another point: the entries in question are judged there as they are here.

TOGETHER = 512  # entries; with more they are judged along directions first
ASKED = 4  # wrong entries that are asked about elsewhere
BENT = Judgement("undecided", "so near that dense kinks may explain it")


def judged_at(functions, vector, confidence, positions=None, one_by_one=TOGETHER):
    """The JudgedEntries at another vector, of the entries at `positions` or of all; None for no values there.

    Whatever the functions raise there, they need not be made for it.
    """
    try:
        at = gradient_there(functions, vector)
        if at is None:
            return None
        chosen = None if positions is None else np.isin(np.arange(vector.size), positions)
        return JudgedEntries(functions, functions.point.blocks, at, confidence, one_by_one, chosen)
    except GradcheckError:
        raise
    except Exception:
        return None


def clearest(judged, positions):
    """A few of the positions of wrong entries, those that are furthest outside their bars."""
    away = np.abs(judged.analytic[positions] - judged.numeric[positions]) / judged.bar[positions]
    known = np.flatnonzero(np.isfinite(away))
    return positions if len(known) == 0 else positions[known[np.argsort(away[known])[-ASKED:]]]


def confirmed(functions, judged):
    """The JudgedEntries, in which what dense kinks may bend is wrong only where it is at two other points.

    Small parameters are scaled up there. A mistake stays, and what kinks do to a slope does not. Of ready
    numbers, which cannot be asked, only what is large beside the slopes of the block stays wrong.
    """
    draw = np.random.default_rng([functions.seed, 10])
    apart = np.abs(judged.analytic - judged.numeric)
    for block in judged.blocks if judged.doubtful else ():
        least = SMALL_ERRORS["float32"] * np.max(block.of(judged.scale), initial=0.0)
        bent = [i for i in sorted(judged.doubtful) if i in block.positions and judged.is_marginally_wrong(i)]
        bent = np.array([i for i in bent if functions.is_callable or apart[i] <= least], dtype=int)
        some = clearest(judged, bent) if functions.is_callable else bent[:0]
        for size in SIZES:
            if len(some) > 0:
                vector = nearby_point(functions, Place(SPREADS[0], size=size), draw)
                there = judged_at(functions, vector, judged.confidence, some)
                some = bent[:0] if there is None else there.positions_of("wrong")
        if len(some) == 0:
            judged.judgements |= dict.fromkeys(bent.tolist(), BENT)
    return judged
