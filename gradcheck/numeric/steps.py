"""The steps of one derivative, near the best one from the start, and what the quotients at them support.

First a step is sought over which f is straight, by bisecting the logarithm between a step that is too long
and the shortest worth taking. The curvature seen there gives the length and the size of f's change, so M5 =
size/length**5, and with it the best step of the five-point formula: (11.25 e/M5)**(1/5), where h**4 M5/30 +
1.5 e/h is least, e being the absolute error of one evaluation. Steps around it follow, and further ones where
they pay: longer where rounding, shorter where truncation makes the bar, far shorter where a kink is
suspected. At the end one far shorter step confirms what was found, or shows structure that all others have
passed over: the many small kinks of a relu network, a ripple.

Three neighbouring steps give a candidate: Richardson extrapolation through the two shorter ones, with a bar
made of truncation (what the two longer ones say instead), rounding, and the jump of the slope at a kink.
"""

import math
from bisect import insort
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError, real_number
from gradcheck.numeric.rounding import AGREEMENT, FEW_UNITS, GOLDEN, HALF_THE_DIGITS, U

RATIO = math.e**1.5  # between neighbouring steps; no power of it is rational: no period divides two
SIDE_RATIO = math.e**2  # the same on one side, where a step is one call
FIRST_STEP = GOLDEN / 64.0  # of max(|x|, 1): short for what changes over its own argument
LONGEST_STEP = GOLDEN  # of max(|x|, 1)
SHORTEST_START = 2.0**-40  # of max(|x|, 1)
RESOLVED = 64.0  # noise/h this many times below a slope: both sides of a kink are plain there
KNOWN_STEP = 64.0  # units in the last place of x: a step of so many is known to 1/64 of itself
MOST_MOVED = 0.5  # of the slopes: an extrapolation that moves further stands on steps as long as f's waves
SMALL_PART = 0.1  # of the slopes: a bar that is no larger is not made by waves, either
LONGER = 2.0  # times the step of the formula, as further steps find: most f change over more than that length
SMALL_GAP = 1e-4  # of the slopes: by more a shorter step has to differ to be followed
WORTH = 1.5  # a further step pays when it makes the bar smaller by this factor
TOO_CLOSE = 1.5  # steps in a smaller ratio add noise to an extrapolation and no agreement
WIDEST_TREAD = 2.0**-20  # of max(|x|, 1): 16 units of float32; an argument rounded to it stands still for one
HIGHEST_TREAD = 2.0**-20  # of |f|: 16 units of float32; a term rounded to it jumps by one
MOST_OUTSIDE = 4  # probes that leave the domain before one side alone is used


class CountedCalls:
    """f with its calls counted; NaN outside its domain: where it is not finite or complains.

    So it is below `low` and above `high`, where f is not called.
    """

    def __init__(self, f, low=-math.inf, high=math.inf):
        self.f, self.low, self.high = f, low, high
        self.evaluations = 0

    def __call__(self, x):
        if not self.low <= x <= self.high:
            return math.nan
        self.evaluations += 1
        try:
            value = self.f(x)
            value = value if isinstance(value, float) else real_number("f", value)
        except GradcheckError:
            raise
        except (ArithmeticError, ValueError, IndexError, AssertionError):
            return math.nan
        return float(value) if math.isfinite(value) else math.nan


def with_entries(f, vector, positions):
    """f as a function of the entries at `positions` (one index, or several) of the vector alone."""

    def f_of_entries(values):
        moved = vector.copy()
        moved[positions] = values
        return f(moved)

    return f_of_entries


def along_line(f, vector, direction, low, high):
    """f as a function of t along a line, vector + t * direction; NaN outside the bounds."""

    def along_it(t):
        moved = vector + t * direction
        return f(moved) if np.all((low <= moved) & (moved <= high)) else math.nan

    return along_it


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

    def is_all_noise(self):
        """Whether the noise is as large as f and all that it moves by."""
        return AGREEMENT * self.noise >= max(abs(self.centre), self.travel()) > 0.0

    def longest(self):
        """The longest step over which f has a value."""
        return max(each.step for some in self.sides.values() for each in some)

    def jump_beside_stillness(self, found, is_rough):
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
        if is_wide and not is_rough and moving[-1].change > HIGHEST_TREAD * abs(self.centre):
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
            has_room = self.too_long > RATIO**2 * step
            # f stands still, perhaps up to the step that was too long; three such steps are wanted
            return math.sqrt(step * self.too_long) if has_room else step / RATIO
        curved = max(quotients.difference, 8.0 * quotients.noise / step)
        length = max(min(step * slope / curved if curved > 0.0 else math.inf, self.scale), step)
        best = length * (11.25 * (quotients.noise / slope / length)) ** 0.2 if slope > 0.0 else step
        best = best if math.isfinite(self.too_long) else LONGER * best
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
        while (h := self._paying_step(estimate)) is not None:
            known, bar = len(self.steps), estimate.best.bar
            self._take(h)
            estimate = best_estimate(self.steps, self.sides)
            if len(self.steps) == known or estimate.best.bar * WORTH > bar and math.isfinite(bar):
                break
        return estimate

    def _paying_step(self, estimate):
        if len(self.steps) < 3:
            return self.steps[-1].step / RATIO
        if estimate.side is not None or estimate.kink or estimate.jump:
            return None
        i, best = estimate.position, estimate.best
        longest, shortest = self.steps[i - 2], self.steps[i]
        if best.truncation > best.rounding:
            h = shortest.step / RATIO
            taken = i + 1 < len(self.steps) and self.steps[i + 1].step * math.sqrt(RATIO) > h
            return h if not taken and self._is_settled(estimate) else None
        if self.steps[i - 1].step > RATIO**2 * shortest.step:
            return self.steps[i - 1].step / RATIO
        h = longest.step * RATIO
        taken = i > 2 and self.steps[i - 3].step < h * math.sqrt(RATIO)
        pays = 2.0 * best.truncation < best.rounding  # it grows at least as the square of the step
        return h if pays and not taken and h < min(self.too_long, LONGEST_STEP * self.scale) else None

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
                return suspect, True
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
        return self.difference + 4.0 * self.noise / self.step <= 0.5 * suspect.difference


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


CENTRAL = 1.2 * 0.5**0.5  # errors of f in two evaluations over 2 h: independent; 1.2 for a noise seen in few
ARITHMETIC = 4.0 * U  # two subtractions, a division and the extrapolation, relative to the value
SUM_OF_HALVES = 2.0  # 1 + 1/2 + 1/4 + ...
NOT_SURE = 0.1  # of a difference between two steps: what the shorter one's bar may add to it
STAYS = 0.25  # slopes of a kink differ by what falls slower than h**0.25; those of |x|**1.5 fall as h**0.5
STEEPEST = 1.125  # slopes change at most so many times as fast as with h**0.5, as those of |x|**1.5 do
GROWS = 0.8  # slopes growing faster than h**-0.8 are of a jump; those of x**(1/3) grow as h**-0.67


class Candidate(NamedTuple):
    """A value with the parts of its bar, and the smallest step in it; `jump`: by how much the slope jumps.

    Truncation and rounding know nothing of each other, so that their squares add up.
    """

    value: float
    truncation: float
    rounding: float
    step: float
    jump: float = 0.0

    @property
    def bar(self):
        return math.hypot(self.truncation, self.rounding) + self.jump


class BestEstimate(NamedTuple):
    """The Candidate with the smallest bar (`position`: index of its shortest step), and what was seen.

    `kink`: the slopes differ at the best steps; `slopes` then are (left, right). `jump`: f itself jumps at x.
    `side`: "left" or "right" where only that side has values.
    """

    best: Candidate
    position: int = -1
    kink: bool = False
    jump: bool = False
    slopes: tuple | None = None
    side: str | None = None


NOTHING = BestEstimate(Candidate(math.nan, math.inf, 0.0, math.nan))


def best_estimate(steps, sides):
    """The BestEstimate of Quotients at falling `steps`; `sides`: those on the "left" and on the "right".

    It is NOTHING where fewer than three steps of two sides and four of one side are known.
    """
    both = _of_both_sides(steps)
    if both is not NOTHING:
        return both
    one = [found for side in ("left", "right") for found in _of_one_side(sides[side], side)]
    return min(one, key=lambda found: found.best.bar, default=NOTHING)


def _of_both_sides(steps):
    if len(steps) < 3:
        return NOTHING
    triples = list(zip(steps, steps[1:], steps[2:]))
    candidates = _held_against_others(_with_kinks_kept([_with_kink(*triple) for triple in triples], steps))
    j = _jump_among(triples)
    if j is not None:
        slopes = _slopes_at_jump(*triples[j][1:])
        return BestEstimate(candidates[j], j + 2, candidates[j].jump > 0.0, True, slopes)
    i = min(range(len(candidates)), key=lambda i: candidates[i].bar)
    kink = candidates[i].jump > 0.0
    return BestEstimate(candidates[i], i + 2, kink, slopes=_slopes_at_kink(*triples[i][1:]) if kink else None)


def _of_one_side(steps, side):
    candidates = _held_against_others([_one_sided(steps[i : i + 4], side) for i in range(len(steps) - 3)])
    return [BestEstimate(candidate, i + 3, side=side) for i, candidate in enumerate(candidates)]


def _with_kinks_kept(candidates, steps):
    """The candidates, each with the kink that a longer one shows until a step clears it: noise does not."""
    kept = candidates[:1]
    for i in range(1, len(candidates)):
        one, before = candidates[i], kept[-1]
        if before.jump > one.jump and not steps[i + 2].clears(steps[i + 1], False):
            one = one._replace(jump=before.jump)
        kept.append(one)
    return kept


def _held_against_others(candidates):
    """The candidates, steps falling, each widened by what others say beyond both bars.

    By a shorter one: truncation falls with the step, and what a shorter step changes by more than its
    rounding is fine structure of f that longer ones passed over. Up to a tenth more where the shorter one is
    not sure itself.
    """
    held = []
    for i, one in enumerate(candidates):
        bar, widest = one.bar, 0.0
        for each in candidates[i + 1 :]:
            gap = abs(one.value - each.value)
            if gap > bar + each.rounding:
                widest = max(widest, gap + max(each.rounding, min(each.bar, NOT_SURE * gap)))
        held.append(one._replace(truncation=max(one.truncation, widest - one.jump)))
    return held


# Extrapolation to h = 0


def _with_kink(a, b, c):
    """The Candidate of three steps; its bar covers both one-sided slopes where they differ."""
    candidate = _central(a, b, c)
    difference, bar = _kink_of(a, b, c)
    if not _converges((a, b, c), ("left", "right")):
        candidate = _unknown(candidate, (a, b, c))
    if difference == 0.0:
        return candidate
    slopes = (c.left, c.right, *_slopes_at_kink(b, c))
    return candidate._replace(jump=max(abs(candidate.value - slope) for slope in slopes) + bar)


def _central(a, b, c):
    """The Candidate of three steps where f is smooth.

    Truncation: twice what the two Richardson pairs disagree by (were every further step to move the value by
    half of the last move, all of them would move it by that), or less where f shows a single curvature, and
    the product of the relative corrections that led there, which is of the order of the next term: it unmasks
    pairs that agree by chance over steps as long as the waves of f.
    """
    fine, rounding = _limit_of_two(b, c, b.central, c.central, 2, CENTRAL)
    coarse, _ = _limit_of_two(a, b, a.central, b.central, 2, CENTRAL)
    if _is_straight((a, b, c)):
        return Candidate(a.central, 0.0, abs(a.central - b.central) + a.noise / a.step, c.step)
    slope = max(abs(fine), abs(c.left), abs(c.right))
    chance = abs(b.central - fine) * (abs(c.central - fine) / slope) if slope > 0.0 else 0.0
    moves = c.step / (b.step - c.step) if _is_curved_once(a, b, c) else 1.0
    return Candidate(fine, SUM_OF_HALVES * moves * abs(fine - coarse) + chance, rounding, c.step)


def _is_curved_once(a, b, c):
    """Whether one curvature, and one change of it, explain what is seen: the quotients move with h**2.

    Truncation then falls at least as the step does: all further moves are c/b + (c/b)**2 + ... of the last.
    """
    expected = abs(a.central - b.central) * (b.step**2 - c.step**2) / (a.step**2 - b.step**2)
    noise = b.noise / b.step + c.noise / c.step + ARITHMETIC * abs(c.central)
    return _is_smooth(a, b) and _is_smooth(b, c) and abs(b.central - c.central) <= 2.0 * expected + noise


def _one_sided(steps, side):
    """The Candidate of four steps of one side: extrapolation through the last three."""
    slopes = [getattr(each, side) for each in steps]
    fine, rounding = _limit_of_three(steps[1:], slopes[1:])
    coarse, _ = _limit_of_three(steps[:-1], slopes[:-1])
    candidate = Candidate(fine, SUM_OF_HALVES * abs(fine - coarse), rounding, steps[-1].step)
    return candidate if _converges(steps, (side,)) else _unknown(candidate, steps)


def _is_straight(steps):
    """Whether f is a straight line over all of the steps, but for noise."""
    slopes = [
        (slope, 2.0 * each.noise / each.step + ARITHMETIC * abs(slope))
        for each in steps
        for slope in (each.left, each.right)
    ]
    low, high = max(slope - noise for slope, noise in slopes), min(slope + noise for slope, noise in slopes)
    return low <= high


def _is_smooth(b, c):
    """Whether the slopes of both sides differ in proportion to the step, as one curvature makes them."""
    expected, noise = b.difference * c.step / b.step, 4.0 * (b.noise / b.step + c.noise / c.step)
    return 0.5 * expected - noise <= c.difference <= 2.5 * expected + noise


def _converges(steps, names):
    """Whether the quotients of these names change by ever less, but for noise, as the steps fall.

    Beyond a kink beside x they change by ever more, as 1/h: f is a straight line there that misses f(x).
    """
    for name in names:
        slopes = [getattr(each, name) for each in steps]
        noises = [2.0 * each.noise / each.step + ARITHMETIC * abs(getattr(each, name)) for each in steps]
        for i in range(len(steps) - 2):
            before, after = abs(slopes[i] - slopes[i + 1]), abs(slopes[i + 1] - slopes[i + 2])
            a, b, c = (each.step**0.5 for each in steps[i : i + 3])
            if after > STEEPEST * before * (b - c) / (a - b) + noises[i + 1] + noises[i + 2]:
                return False
    return True


def _unknown(candidate, steps):
    """The Candidate with a bar as large as the slopes that were seen: a kink may lie at any distance."""
    known = [abs(slope) for each in steps for slope in (each.left, each.right) if math.isfinite(slope)]
    return candidate._replace(truncation=max(candidate.truncation, *known))


def _limit_of_two(a, b, of_a, of_b, power, evaluations):
    """(value at h = 0, its rounding) of the line in h**power through two quotients.

    `evaluations`: how many errors of f are in one quotient over one step: CENTRAL, 2 for one side, 4 for the
    difference of the sides.
    """
    node = (b.step / a.step) ** power
    weight_a, weight_b = node / (node - 1.0), 1.0 / (1.0 - node)
    noise_a = evaluations * a.noise / a.step + ARITHMETIC * abs(of_a)
    noise_b = evaluations * b.noise / b.step + ARITHMETIC * abs(of_b)
    return weight_a * of_a + weight_b * of_b, abs(weight_a) * noise_a + abs(weight_b) * noise_b


def _limit_of_three(steps, slopes):
    """(value at h = 0, its rounding) of the parabola in h through three one-sided quotients."""
    m, n = steps[1].step / steps[0].step, steps[2].step / steps[0].step
    weights = (
        m / (m - 1.0) * (n / (n - 1.0)),
        1.0 / (1.0 - m) * (n / (n - m)),
        1.0 / (1.0 - n) * (m / (m - n)),
    )
    noises = [2.0 * each.noise / each.step + ARITHMETIC * abs(slope) for each, slope in zip(steps, slopes)]
    limit = math.fsum(weight * slope for weight, slope in zip(weights, slopes))
    return limit, math.fsum(abs(weight) * noise for weight, noise in zip(weights, noises))


# Kinks and jumps


def _kink_of(a, b, c):
    """(jump, bar): the difference of the one-sided slopes at x, from three steps; 0.0 for none."""
    first, second, third = a.right - a.left, b.right - b.left, c.right - c.left
    fine, rounding = _limit_of_two(b, c, second, third, 1, evaluations=4.0)
    coarse, _ = _limit_of_two(a, b, first, second, 1, evaluations=4.0)
    bar = abs(fine - coarse) + rounding + ARITHMETIC * (abs(c.left) + abs(c.right))
    is_seen = abs(third) > AGREEMENT * 4.0 * c.noise / c.step
    stays = is_seen and abs(third) >= abs(second) * (c.step / b.step) ** STAYS
    return (max(abs(fine), abs(third)) if is_seen and abs(fine) > bar or stays else 0.0), bar


def _slopes_at_kink(b, c):
    """(left, right): the one-sided slopes, extrapolated from two steps."""
    return _limit_of_two(b, c, b.left, c.left, 1, 2.0)[0], _limit_of_two(b, c, b.right, c.right, 1, 2.0)[0]


def _jump_among(triples):
    """The index of the first three steps that show a jump of f which no shorter step clears; None for none.

    Cleared is a jump by a step over which f changes by less than half of it.
    """
    for i, (a, b, c) in enumerate(triples):
        is_jump = _grow(a, b) and _grow(b, c) and c.change > AGREEMENT * 2.0 * c.noise
        if is_jump and all(shorter.change > 0.5 * c.change for _, _, shorter in triples[i + 1 :]):
            return i
    return None


def _grow(long, short):
    """Whether the slopes grow nearly as much as the step falls."""
    coarse, fine = max(abs(long.left), abs(long.right)), max(abs(short.left), abs(short.right))
    return fine >= coarse * (long.step / short.step) ** GROWS > 0.0


def _slopes_at_jump(b, c):
    """(left, right): infinite on the side where the slopes grow, finite where they do not."""

    def of(side):
        coarse, fine = getattr(b, side), getattr(c, side)
        seen = abs(fine) * c.step > AGREEMENT * 2.0 * c.noise
        grows = seen and abs(fine) >= abs(coarse) * (b.step / c.step) ** GROWS
        return math.copysign(math.inf, fine) if grows else fine

    return of("left"), of("right")
