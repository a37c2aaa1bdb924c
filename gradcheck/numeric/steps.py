"""The steps taken for one derivative, near the optimum from the start; what they say is read in `reading`.

Legend: a *rung* is the Slopes at one step; `noise` the absolute error e of one evaluation. First a step is
sought over which f is straight, by bisecting the logarithm between a step that is too long and the shortest
worth taking. The curvature seen there gives the length and the size of f's change, so M5 = size/length**5,
and with it the best step of the five-point formula: (11.25 e/M5)**(1/5), where h**4 M5/30 + 1.5 e/h is least.
Steps around it follow, and further ones where they pay: longer where rounding, shorter where truncation makes
the bar, far shorter where a kink is suspected. At the end one far shorter step confirms what was found, or
shows structure that all others have passed over: the many small kinks of a relu network, a ripple.
"""

import math
from bisect import insort
from typing import NamedTuple

from gradcheck.numeric import quotients as kinks
from gradcheck.numeric.noise import GOLDEN
from gradcheck.numeric.quotients import Candidate, from_central, from_one_side, slopes_at
from gradcheck.numeric.rounding import HALF_THE_DIGITS, U

# --- The smallest honest bar in a list of rungs: candidates from neighbouring steps, held against all shorter
# steps.


PLAIN = 0.01  # steps that agree by chance to 1/100 are one in a hundred


class Reading(NamedTuple):
    """What rungs say: the best Candidate (`position`: index of its shortest rung), and what was seen on the
    way.

    `kink`: the slopes differ at the best steps; `slopes` then are (left, right). `jump`: f itself jumps at x.
    `side`: "left" or "right" where only that side has values.
    """

    best: Candidate
    position: int = -1
    jump: bool = False
    slopes: tuple | None = None
    side: str | None = None

    @property
    def kink(self):
        return self.best.jump > 0.0


NOTHING = Reading(Candidate(math.nan, math.inf, 0.0, math.nan))


def read(rungs, sides):
    """The Reading of smallest bar; NOTHING where fewer than three steps of two sides and four of one are
    known.
    """
    both = _read_both_sides(rungs)
    if both.kink or both.jump or both.best.truncation <= both.best.rounding:
        return both  # one side alone has more rounding, and no less than that is left
    one = [reading for side in ("left", "right") for reading in _read_one_side(sides[side], side)]
    if both is NOTHING:
        return min(one, key=lambda reading: reading.best.bar, default=NOTHING)
    agreeing = [
        reading._replace(position=-1, side=None)
        for reading in one
        if abs(reading.best.value - both.best.value) <= both.best.bar
    ]
    return min([both, *agreeing], key=lambda reading: reading.best.bar)


def _read_both_sides(rungs):
    if len(rungs) < 3:
        return NOTHING
    triples = [rungs[i : i + 3] for i in range(len(rungs) - 2)]
    candidates = held_against_others([_with_kink(*triple) for triple in triples])
    i = min(range(len(candidates)), key=lambda i: candidates[i].bar)
    j = kinks.jump_among(rungs)
    if j is not None:
        return Reading(candidates[j], j + 2, True, kinks.slopes_at_jump(*triples[j][1:]))
    return Reading(
        candidates[i],
        i + 2,
        slopes=kinks.slopes_at_kink(*triples[i][1:]) if candidates[i].jump > 0.0 else None,
    )


def _with_kink(a, b, c):
    """Candidate of three steps whose bar covers both one-sided slopes where they differ."""
    candidate = from_central(a, b, c)
    difference, bar = kinks.kink_of(a, b, c)
    if difference == 0.0:
        return candidate
    covered = (
        max(abs(candidate.value - slope) for slope in (c.left, c.right, *kinks.slopes_at_kink(b, c))) + bar
    )
    return Candidate(candidate.value, candidate.truncation, candidate.rounding, candidate.step, covered)


def _read_one_side(rungs, side):
    candidates = held_against_others([from_one_side(rungs[i : i + 4], side) for i in range(len(rungs) - 3)])
    return [Reading(candidate, i + 3, side=side) for i, candidate in enumerate(candidates)]


def held_against_others(candidates):
    """The candidates, steps falling, each widened by what others say beyond both bars.

    By a shorter one always: truncation falls with the step, and what a shorter step changes by more than its
    rounding is fine structure of f that longer ones passed over. By a longer one that three steps agreed on
    to 1/100 of it: that happens to the stairs of a hidden single precision, on one tread of which f seems
    smooth.
    """
    if len(candidates) == 1:
        return candidates
    held = []
    for i, one in enumerate(candidates):
        gaps = [
            abs(one.value - shorter.value) + shorter.rounding
            for shorter in candidates[i + 1 :]
            if abs(one.value - shorter.value) > one.bar + shorter.rounding
        ]
        gaps += [
            abs(one.value - longer.value) + longer.bar
            for longer in candidates[:i]
            if longer.bar <= PLAIN * abs(longer.value)
            and abs(one.value - longer.value) > one.bar + longer.bar
        ]
        truncation = max(one.truncation, max(gaps, default=0.0) - one.rounding - one.jump)
        held.append(Candidate(one.value, truncation, one.rounding, one.step, one.jump))
    return held


# --- The steps taken for one derivative, near the optimum from the start; what they say is read in `reading`.


RATIO = math.e**1.5  # between neighbouring steps; no power of it is rational: no period divides two
SIDE_RATIO = math.e**2  # the same on one side, where a step is one call
FIRST_STEP = GOLDEN / 64.0  # of max(|x|, 1): short for what changes over its own argument
LONGEST_STEP = GOLDEN  # of max(|x|, 1)
SHORTEST_START = 2.0**-40  # of max(|x|, 1)
RESOLVED = 64.0  # noise/h this many times below a slope: both sides of a kink are plain there
KNOWN_STEP = 64.0  # units in the last place of x: a step of so many is known to 1/64 of itself
MOST_MOVED = 0.5  # of the slopes: an extrapolation that moves the value further stands on steps
# as long as the waves of f
SMALL_PART = 0.1  # of the slopes: a bar that is no larger is not made by waves, either
WORTH = 1.5  # a further step pays when it makes the bar smaller by this factor
TOO_CLOSE = 1.5  # steps in a smaller ratio add noise to an extrapolation and no agreement
MOST_OUTSIDE = 4  # probes that leave the domain before one side alone is used


class Ladder:
    """Takes the steps for f at x. `f`: Counted, float -> float (NaN outside); `centre` = f(x); `allowed`
    calls.

    `start`: the first step, as a part of max(|x|, 1).
    """

    def __init__(self, f, x, centre, noise, allowed, start=FIRST_STEP):
        self.f, self.x, self.centre, self.noise = f, x, centre, noise
        self.scale = max(abs(x), 1.0)
        self.start = max(start, SHORTEST_START) * self.scale
        self.last_call = f.evaluations + allowed
        self.rungs, self.sides = [], {"left": [], "right": []}
        self.shortest_step = max(U * abs(x), U * U)
        self.too_long = math.inf

    def climb(self):
        """Take steps until none pays, or none is allowed. Returns a Reading."""
        rung, found = self._probe(self.start, kinks.is_local, None)
        if len(self.rungs) == 0:
            return self._down_one_side()
        calls = 0
        while found and calls < self.f.evaluations:
            calls = self.f.evaluations
            self._around(self._best_step(rung))
            reading = self._polish()
            if not self._is_settled(reading):
                rung, found = self._shorter(reading)
                continue
            far, reading = self._far_shorter(reading)
            if far is None:
                return reading
            rung, found = (
                (far, True)
                if kinks.is_local(far, None)
                else self._probe(self._halfway(far), kinks.is_local, None)
            )
        return self._polish()

    def _far_shorter(self, reading):
        """(a far shorter rung that contradicts a settled Reading, None where it does not; the Reading with
        it).
        """
        slope, shortest = self.natural_slope(), self.rungs[-1].step
        small = HALF_THE_DIGITS * slope
        h = max(self.noise / small, KNOWN_STEP * self.shortest_step) if small > 0.0 else math.inf
        rung = None if reading.side is not None or h * RATIO > shortest else self._take(h)
        if rung is None or not rung.has_both_sides:
            return None, reading
        gap = abs(rung.central - reading.best.value) - reading.best.bar
        if gap <= rung.noise / rung.step:
            return None, read(self.rungs, self.sides)
        self.too_long = min(self.too_long, shortest)
        return rung, read(self.rungs, self.sides)

    def _is_settled(self, reading):
        """Whether no kink is suspected, and the bar is a small part of the slopes, or made by rounding, not
        by luck.
        """
        best = reading.best
        if reading.kink or reading.jump or not math.isfinite(best.bar):
            return False
        if reading.side is not None:
            return True
        shortest = self.rungs[reading.position]
        slopes = max(abs(shortest.left), abs(shortest.right))
        if abs(shortest.central - best.value) > MOST_MOVED * slopes:
            return False
        return best.truncation <= best.rounding or best.bar <= SMALL_PART * slopes

    def _shorter(self, reading):
        """(rung, found) among shorter steps: one that clears the kink of the Reading, or over which f is
        straight.
        """
        suspect, cleared = self.rungs[reading.position], None
        if not (reading.kink or reading.jump) and suspect.left == suspect.right == 0.0:
            self.too_long = min(self.too_long, self.rungs[reading.position - 1].step)
            return suspect, True  # f stands still here; the longer ones of the three met a kink
        if reading.kink or reading.jump:
            is_cleared = kinks.clears(suspect, reading.jump)
            later = self.rungs[reading.position + 1 :]
            cleared = next((rung for rung in later if is_cleared(rung, None)), None)
            suspect = [suspect, *(rung for rung in later if not is_cleared(rung, None))][-1]
        self.too_long = min(self.too_long, suspect.step)
        if cleared is not None:
            return cleared, True
        if not (reading.kink or reading.jump):
            return self._probe(self._halfway(self.rungs[-1]), kinks.is_local, None)
        difference = (
            max(abs(suspect.left), abs(suspect.right)) if reading.jump else abs(suspect.right - suspect.left)
        )
        return self._probe(self._halfway(self.rungs[-1], difference), is_cleared, difference)

    def natural_slope(self):
        """The largest slope at the longest step over which f moved: the natural size of slopes of f."""
        slopes = [
            [abs(getattr(rung, side)) for rung in rungs if getattr(rung, side) != 0.0][:1]
            for side, rungs in self.sides.items()
        ]
        return max(sum(slopes, []), default=0.0)

    def travel(self):
        """The largest move of f seen over one step."""
        return max(
            (abs(getattr(rung, side)) * rung.step for side, rungs in self.sides.items() for rung in rungs),
            default=0.0,
        )

    def start_for_next(self):
        """Where to start at the next entry, as a part of max(|x|, 1): shorter when this start was too long."""
        if self.too_long == math.inf or len(self.rungs) == 0:
            return FIRST_STEP
        lengths = [rung.step for rung in self.rungs if rung.step < self.too_long]
        return min(max(lengths, default=self.start) / self.scale, FIRST_STEP)

    def _probe(self, h, is_short_enough, slope):
        """(rung, found): the first of ever shorter rungs that passes the test, or else the last that has two
        sides.
        """
        last, outside, too_long = None, 0, self.too_long
        while outside < MOST_OUTSIDE:
            rung = self._take(h)
            if rung is None:
                break
            if rung.has_both_sides:
                if is_short_enough(rung, last):
                    if last is None or not kinks.is_stationary(rung, last):
                        return rung, True
                    self.too_long = too_long
                    return last, True
                last = rung
            else:
                outside += 1
            self.too_long = min(self.too_long, h)
            shorter = self._halfway(rung, slope)
            if not rung.has_both_sides and 0.0 < abs(self.x) < h:
                shorter = FIRST_STEP * abs(self.x)
            if shorter > 0.5 * h:
                break
            h = shorter
        return last, False

    def _halfway(self, rung, slope=None):
        """Between this step and the shortest worth taking, where the noise is 1/64 of the `slope`, in
        logarithms.
        """
        if slope is None:
            slope = max((abs(each) for each in (rung.left, rung.right) if math.isfinite(each)), default=0.0)
        shortest = (
            max(self.shortest_step, RESOLVED * self.noise / slope) if slope > 0.0 else self.shortest_step
        )
        return math.sqrt(rung.step * shortest)

    def _best_step(self, rung):
        """The best step of the five-point formula, from the curvature that one rung shows or could have
        hidden in noise.
        """
        curved = max(abs(rung.right - rung.left), 8.0 * rung.noise / rung.step)
        length = max(
            min(rung.step * abs(rung.central) / curved if curved > 0.0 else math.inf, self.scale), rung.step
        )
        slope = abs(rung.central)
        best = length * (11.25 * (rung.noise / slope / length)) ** 0.2 if slope > 0.0 else rung.step
        return min(best, length, max(self.too_long / RATIO**1.5, rung.step / RATIO))

    def _around(self, h):
        """Three steps with h in the middle, but for those that are there already."""
        for step in (h * RATIO, h, h / RATIO):
            if not any(
                math.sqrt(1.0 / RATIO) < rung.step / step < math.sqrt(RATIO)
                for rung in self.rungs
                if rung.step < self.too_long
            ):
                self._take(step)

    def _polish(self):
        """Take further steps while they pay. Returns the Reading."""
        reading = read(self.rungs, self.sides)
        while (h := self._paying_step(reading)) is not None and self._take(h) is not None:
            bar, reading = reading.best.bar, read(self.rungs, self.sides)
            if reading.best.bar * WORTH > bar and math.isfinite(bar):
                break
        return reading

    def _paying_step(self, reading):
        if len(self.rungs) < 3:
            return self.rungs[-1].step / RATIO
        if reading.side is not None or reading.kink or reading.jump:
            return None
        i, best = reading.position, reading.best
        longest, shortest = self.rungs[i - 2], self.rungs[i]
        if best.truncation > best.rounding:
            h = shortest.step / RATIO
            taken = i + 1 < len(self.rungs) and self.rungs[i + 1].step * math.sqrt(RATIO) > h
            return h if not taken and self._is_settled(reading) else None
        if self.rungs[i - 1].step > RATIO**2 * shortest.step:
            return self.rungs[i - 1].step / RATIO
        h = longest.step * RATIO
        taken = i > 2 and self.rungs[i - 3].step < h * math.sqrt(RATIO)
        return None if taken or h >= min(self.too_long, LONGEST_STEP * self.scale) else h

    def _down_one_side(self):
        """Ever shorter steps on the one side that has values, until rounding alone exceeds the bar."""
        side = max(self.sides, key=lambda side: len(self.sides[side]))
        reading, h = read(self.rungs, self.sides), self.start
        while (
            h > self.shortest_step
            and self.noise / h < reading.best.bar
            and self._take(h, (side,)) is not None
        ):
            reading = read(self.rungs, self.sides)
            h /= SIDE_RATIO
        return reading

    def _take(self, h, sides=("left", "right")):
        """The Slopes at h, kept for what they are worth; None when no more calls are allowed, or h does not
        move x.
        """
        if self.f.evaluations + len(sides) > self.last_call:
            return None
        rung = slopes_at(self.f, self.x, h, self.centre, self.noise, sides)
        if rung is None:
            return None
        if rung.has_both_sides:
            _keep(self.rungs, rung)
        for side in sides:
            if math.isfinite(getattr(rung, side)):
                _keep(self.sides[side], rung)
        return rung


def _keep(rungs, rung):
    step = rung.step
    for each in rungs:
        if 1.0 / TOO_CLOSE < step / each.step < TOO_CLOSE:
            return
    insort(rungs, rung, key=lambda each: -each.step)
