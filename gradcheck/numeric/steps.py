"""The search for the steps of one derivative, near the best one from the start.

First a step is sought over which f is straight, by bisecting the logarithm between a step that is too long
and the shortest worth taking. The curvature seen there gives the length and the size of f's change, so M5 =
size/length**5, and with it the best step of the five-point formula: (11.25 e/M5)**(1/5), where h**4 M5/30 +
1.5 e/h is least, e being the absolute error of one evaluation. Steps around it follow, and further ones where
they pay: longer where rounding, shorter where truncation makes the bar, far shorter where a kink is
suspected. At the end one far shorter step confirms what was found, or shows structure that all others have
passed over: the many small kinks of a relu network, a ripple.
"""

import math
from bisect import insort
from itertools import pairwise
from typing import NamedTuple

from gradcheck.numeric.best_estimate import best_estimate
from gradcheck.numeric.rounding import FEW_UNITS, GOLDEN, HALF_THE_DIGITS, U

RATIO = math.e**1.5  # between neighbouring steps; no power of it is rational: no period divides two
SIDE_RATIO = math.e**2  # the same on one side, where a step is one call
FIRST_STEP = GOLDEN / 64.0  # of max(|x|, 1): short for what changes over its own argument
LONGEST_STEP = GOLDEN  # of max(|x|, 1)
SHORTEST_START = 2.0**-40  # of max(|x|, 1)
RESOLVED = 64.0  # noise/h this many times below a slope: both sides of a kink are plain there
KNOWN_STEP = 64.0  # units in the last place of x: a step of so many is known to 1/64 of itself
MOST_MOVED = 0.5  # of the slopes: an extrapolation that moves further stands on steps as long as f's waves
SMALL_PART = 0.1  # of the slopes: a bar that is no larger is not made by waves, either
SMALL_GAP = 1e-4  # of the slopes: by more a shorter step has to differ to be followed
WORTH = 1.5  # a further step pays when it makes the bar smaller by this factor
TOO_CLOSE = 1.5  # steps in a smaller ratio add noise to an extrapolation and no agreement
WIDEST_TREAD = 2.0**-20  # of max(|x|, 1): 16 units of float32; an argument rounded to it stands still for one
HIGHEST_TREAD = 2.0**-20  # of |f|: 16 units of float32; a term rounded to it jumps by one
MOST_OUTSIDE = 4  # probes that leave the domain before one side alone is used


class StepSearch:
    """Takes the steps for f at x. `f`: CountedCalls, NaN outside its domain; `centre` = f(x).

    `noise`: of one evaluation. `start`: the first step, as a part of max(|x|, 1). `argument`: what is rounded
    inside f for all that is known, x, or 0.0 where the noise was measured.
    """

    def __init__(self, f, x, centre, noise, start=FIRST_STEP, argument=0.0):
        self.f, self.x, self.centre, self.noise = f, x, centre, noise
        self.scale = max(abs(x), 1.0)
        self.argument = argument
        self.start = max(start, SHORTEST_START) * self.scale
        self.steps, self.sides = [], {"left": [], "right": []}
        self.shortest_step = max(U * abs(x), U * U)
        self.too_long = math.inf

    def run(self):
        """Takes steps until none pays. Returns a BestEstimate."""
        quotients, found = self._probe(self.start, Quotients.is_straight)
        if len(self.steps) == 0:
            return self._down_one_side()
        known = 0
        while found and len(self.steps) > known:
            known = len(self.steps)
            self._around(self._best_step(quotients))
            estimate = self._polish()
            if not self._is_settled(estimate):
                quotients, found = self._shorter(estimate)
                continue
            far, estimate = self._far_shorter(estimate)
            if far is None:
                return estimate
            quotients, found = far, True
            if not far.is_straight():
                quotients, found = self._probe(self._halfway(far), Quotients.is_straight)
        return self._polish()

    def natural_slope(self):
        """The largest slope at the longest step over which f moved: the natural size of slopes of f."""
        slopes = ([getattr(each, side) for each in steps] for side, steps in self.sides.items())
        return max(next((abs(slope) for slope in some if slope != 0.0), 0.0) for some in slopes)

    def travel(self):
        """The largest move of f seen over one step."""
        moves = [abs(getattr(each, side)) * each.step for side in self.sides for each in self.sides[side]]
        return max(moves, default=0.0)

    def longest(self):
        """The longest step over which f has a value."""
        return max(each.step for some in self.sides.values() for each in some)

    def jump_beside_stillness(self, found):
        """By how much f jumps at the edge of the tread on which it stands still around x; 0.0 for none.

        Where one of many terms is rounded to float32, the noise of the sum may not show it: the shortest
        steps see one tread of its stairs, and a slope of 0. Halving the step at which f first moves tells
        such a jump from a kink, where f sets out from nothing.
        """
        if found.best.value != 0.0 or len(self.steps) == 0:
            return 0.0
        moving = [each for each in self.steps if each.change > 0.0]
        if len(moving) in (0, len(self.steps)):
            return 0.0
        still, moved = self.steps[len(moving)].step, moving[-1].step
        is_wide = moved > WIDEST_TREAD * self.scale
        if is_wide and moving[-1].change > HIGHEST_TREAD * abs(self.centre):
            return 0.0
        sign = 1.0 if moving[-1].right != 0.0 else -1.0
        jump = first = abs(self.f(self.x + sign * moved) - self.centre)
        while moved - still > HALF_THE_DIGITS * moved and jump * FEW_UNITS > first:
            middle = 0.5 * (still + moved)
            change = abs(self.f(self.x + sign * middle) - self.centre)
            if change > 0.0:
                moved, jump = middle, change
            else:
                still = middle
        return jump if jump * FEW_UNITS > first else 0.0

    def was_short(self):
        """Whether only steps shorter than the usual first one were of use: f is not straight over that."""
        return math.isfinite(self.too_long) or self.start < FIRST_STEP * self.scale

    def start_for_next(self):
        """Where to start at the next entry, as a part of max(|x|, 1): shorter when this was too long."""
        if self.too_long == math.inf or len(self.steps) == 0:
            return FIRST_STEP
        lengths = [each.step for each in self.steps if each.step < self.too_long]
        return min(max(lengths, default=self.start) / self.scale, FIRST_STEP)

    def _probe(self, h, is_short_enough, slope=None):
        """(quotients, found) at the first of ever shorter steps that passes the test.

        The test is `is_short_enough(quotients, wider)`; where none passes they are the last with two sides.
        """
        last, outside, too_long = None, 0, self.too_long
        while outside < MOST_OUTSIDE:
            quotients = self._take(h)
            if quotients is None:
                break
            if quotients.has_both_sides:
                if is_short_enough(quotients, last):
                    if last is None or not quotients.is_stationary(last):
                        return quotients, True
                    self.too_long = too_long
                    return last, True
                last = quotients
            else:
                outside += 1
            self.too_long = min(self.too_long, h)
            shorter = self._halfway(quotients, slope)
            if not quotients.has_both_sides and 0.0 < abs(self.x) < h:
                shorter = FIRST_STEP * abs(self.x)
            if shorter > 0.5 * h:
                break
            h = shorter
        return last, False

    def _halfway(self, quotients, slope=None):
        """Halfway, in logarithms, to the shortest step worth taking: there noise is 1/64 of the slope."""
        if slope is None:
            known = [abs(each) for each in (quotients.left, quotients.right) if math.isfinite(each)]
            slope = max(known, default=0.0)
        shortest = self.shortest_step
        if slope > 0.0:
            shortest = max(shortest, RESOLVED * self.noise / slope)
        return math.sqrt(quotients.step * shortest)

    def _best_step(self, quotients):
        """The best step of the five-point formula, from the curvature that is seen or could hide in noise."""
        step, slope = quotients.step, abs(quotients.central)
        if quotients.left == quotients.right == 0.0 and math.isfinite(self.too_long):
            return math.sqrt(step * self.too_long)  # f stands still, perhaps up to the step that was too long
        curved = max(quotients.difference, 8.0 * quotients.noise / step)
        length = max(min(step * slope / curved if curved > 0.0 else math.inf, self.scale), step)
        best = length * (11.25 * (quotients.noise / slope / length)) ** 0.2 if slope > 0.0 else step
        return min(best, length, max(self.too_long / RATIO**1.5, step / RATIO))

    def _around(self, h):
        """Three steps with h in the middle, but for those that are there already."""
        for step in (h * RATIO, h, h / RATIO):
            near = (each for each in self.steps if each.step < self.too_long)
            if not any(math.sqrt(1.0 / RATIO) < each.step / step < math.sqrt(RATIO) for each in near):
                self._take(step)

    def _polish(self):
        """Takes further steps while they pay. Returns the BestEstimate."""
        estimate = best_estimate(self.steps, self.sides)
        while (h := self._paying_step(estimate)) is not None and self._take(h) is not None:
            bar, estimate = estimate.best.bar, best_estimate(self.steps, self.sides)
            if estimate.best.bar * WORTH > bar and math.isfinite(bar) and not self._has_gap(estimate):
                break
        return estimate

    def _paying_step(self, estimate):
        if len(self.steps) < 3:
            return self.steps[-1].step / RATIO
        if estimate.side is not None or estimate.kink or estimate.jump:
            return None
        i, best = estimate.position, estimate.best
        longest, shortest = self.steps[i - 2], self.steps[i]
        if self._has_gap(estimate):
            return self.steps[i - 1].step * RATIO
        if best.truncation > best.rounding:
            h = shortest.step / RATIO
            taken = i + 1 < len(self.steps) and self.steps[i + 1].step * math.sqrt(RATIO) > h
            return h if not taken and self._is_settled(estimate) else None
        if self.steps[i - 1].step > RATIO**2 * shortest.step:
            return self.steps[i - 1].step / RATIO
        h = longest.step * RATIO
        taken = i > 2 and self.steps[i - 3].step < h * math.sqrt(RATIO)
        return None if taken or h >= min(self.too_long, LONGEST_STEP * self.scale) else h

    def _has_gap(self, estimate):
        """Whether the longest of the three steps is far from the others, which may be made longer."""
        if len(self.steps) < 3 or estimate.side is not None:
            return False
        longest, middle = self.steps[estimate.position - 2].step, self.steps[estimate.position - 1].step
        return RATIO**2 * middle < min(longest, self.too_long * math.sqrt(RATIO))

    def _is_settled(self, estimate):
        """Whether no kink is suspected, and the bar is a small part of the slopes, or made by rounding."""
        best = estimate.best
        if estimate.kink or estimate.jump or not math.isfinite(best.bar):
            return False
        if estimate.side is not None:
            return True
        shortest = self.steps[estimate.position]
        slopes = max(abs(shortest.left), abs(shortest.right))
        if any(self._contradicts(each, best) for each in self.steps[estimate.position + 1 :]):
            return False
        if abs(shortest.central - best.value) > MOST_MOVED * slopes:
            return False
        return best.truncation <= best.rounding or best.bar <= SMALL_PART * slopes

    def _contradicts(self, shorter, best):
        """Whether a shorter step shows another slope than the best Candidate, and by far."""
        gap = abs(shorter.central - best.value) - best.rounding - 4.0 * shorter.noise / shorter.step
        return gap > SMALL_GAP * max(abs(shorter.left), abs(shorter.right), abs(best.value))

    def _shorter(self, estimate):
        """(quotients, found) at shorter steps: one that clears the kink, or over which f is straight."""
        suspect, jump = self.steps[estimate.position], estimate.jump
        if not (estimate.kink or jump):
            if suspect.left == suspect.right == 0.0:
                # f stands still here; the longer ones of the three met a kink, or what rises from the noise
                self.too_long = min(self.too_long, self.steps[estimate.position - 1].step)
                return suspect, self.too_long > RATIO * suspect.step
            self.too_long = min(self.too_long, suspect.step)
            for longer, each in reversed(list(pairwise(self.steps[estimate.position :]))):
                if self._contradicts(each, estimate.best) and each.is_straight():
                    self.too_long = min(self.too_long, longer.step)
                    return each, True
            return self._probe(self._halfway(self.steps[-1]), Quotients.is_straight)
        first, later = suspect, self.steps[estimate.position + 1 :]
        cleared = [each for each in later if each.clears(first, jump)]
        suspect = [first, *(each for each in later if not each.clears(first, jump))][-1]
        self.too_long = min(self.too_long, suspect.step)
        if len(cleared) > 0:
            return cleared[0], True
        difference = max(abs(suspect.left), abs(suspect.right)) if jump else suspect.difference
        h = self._halfway(self.steps[-1], difference)
        return self._probe(h, lambda quotients, wider: quotients.clears(first, jump), difference)

    def _far_shorter(self, estimate):
        """(quotients at a far shorter step, None if they contradict nothing; the BestEstimate with them)."""
        small, shortest = HALF_THE_DIGITS * self.natural_slope(), self.steps[-1].step
        h = max(self.noise / small, KNOWN_STEP * self.shortest_step) if small > 0.0 else math.inf
        far = None if estimate.side is not None or h * RATIO > shortest else self._take(h)
        if far is None or not far.has_both_sides:
            return None, estimate
        gap = abs(far.central - estimate.best.value) - estimate.best.bar
        if gap <= far.noise / far.step:
            return None, best_estimate(self.steps, self.sides)
        self.too_long = min(self.too_long, shortest)
        return far, best_estimate(self.steps, self.sides)

    def _down_one_side(self):
        """Ever shorter steps on the one side that has values, until rounding alone exceeds the bar."""
        side = max(self.sides, key=lambda side: len(self.sides[side]))
        estimate, h = best_estimate(self.steps, self.sides), self.start
        while h > self.shortest_step and self.noise / h < estimate.best.bar:
            if self._take(h, (side,)) is None:
                break
            estimate = best_estimate(self.steps, self.sides)
            h /= SIDE_RATIO
        return estimate

    def _take(self, h, sides=("left", "right")):
        """The Quotients at h, kept for what they are worth; None when h does not move x."""
        quotients = quotients_at(self.f, self.x, h, self.centre, self.noise, sides, self.argument)
        if quotients is None:
            return None
        if quotients.has_both_sides:
            _keep(self.steps, quotients)
        for side in sides:
            if math.isfinite(getattr(quotients, side)):
                _keep(self.sides[side], quotients)
        return quotients


def _keep(steps, quotients):
    if not any(1.0 / TOO_CLOSE < quotients.step / each.step < TOO_CLOSE for each in steps):
        insort(steps, quotients, key=lambda each: -each.step)


class Quotients(NamedTuple):
    """The difference quotients at one step, NaN on a side without a value; `noise`: of one evaluation."""

    step: float
    left: float
    right: float
    central: float
    noise: float

    @property
    def has_both_sides(self):
        return math.isfinite(self.left) and math.isfinite(self.right) and math.isfinite(self.central)

    @property
    def difference(self):
        """By how much the slopes of the two sides differ."""
        return abs(self.right - self.left)

    @property
    def change(self):
        """The larger change of f over the step."""
        return max(abs(self.left), abs(self.right)) * self.step

    def is_straight(self, wider=None):
        """Whether f looks straight: the slopes of both sides agree to half of their mean, or to noise.

        Or whether it is stationary, as the Quotients `wider` of the step before show (None for the first).
        """
        allowed = 0.5 * abs(self.central) + 4.0 * self.noise / self.step
        return self.difference <= allowed or self.is_stationary(wider)

    def is_stationary(self, wider):
        """Whether the difference of the slopes fell in proportion to the step, as one curvature makes it."""
        if wider is None:
            return False
        expected = wider.difference * self.step / wider.step
        return 0.5 * expected <= self.difference <= 2.0 * expected

    def clears(self, suspect, jump):
        """Whether the kink that the Quotients `suspect` show, or the jump, is gone over this shorter step."""
        if jump:
            return self.change <= 0.5 * suspect.change
        return self.difference <= 0.5 * suspect.difference + 4.0 * self.noise / self.step


def quotients_at(f, x, h, centre, noise, sides=("left", "right"), argument=0.0):
    """The Quotients at step h, or None where h is too short to move x; f is called on the `sides` alone.

    Whatever was measured, no value is better than its rounding u |f|, and that of the `argument`, which is
    x where no noise was seen that would tell it, else 0.0.
    """
    above, below = x + h, x - h
    if not below < x < above:
        return None
    f_above = f(above) if "right" in sides else math.nan
    f_below = f(below) if "left" in sides else math.nan
    right = (f_above - centre) / (above - x)
    left = (centre - f_below) / (x - below)
    middle = (f_above - f_below) / (above - below)
    known = [
        abs(each) for each in (f_above, f_below, argument * left, argument * right) if math.isfinite(each)
    ]
    return Quotients(0.5 * (above - below), left, right, middle, max(noise, U * max(known, default=0.0)))
