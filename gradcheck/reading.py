"""The smallest honest bar in a list of rungs: candidates from neighbouring steps, held against all shorter steps.

Legend: `rungs` are Slopes with both sides known, steps falling; `sides` {"left": [...], "right": [...]} all Slopes that
have that side. A bar is believed when three steps of both sides, or four of one side, agree within it.
"""

import math
from typing import NamedTuple

from . import kinks
from .schemes import Candidate, from_central, from_one_side

PLAIN = 0.01                                # steps that agree by chance to 1/100 are one in a hundred


class Reading(NamedTuple):
    """What rungs say: the best Candidate (`position`: index of its shortest rung), and what was seen on the way.

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
    """The Reading of smallest bar; NOTHING where fewer than three steps of two sides and four of one are known."""
    both = _read_both_sides(rungs)
    if both.kink or both.jump or both.best.truncation <= both.best.rounding:
        return both                                 # one side alone has more rounding, and no less than that is left
    one = [reading for side in ("left", "right") for reading in _read_one_side(sides[side], side)]
    if both is NOTHING:
        return min(one, key=lambda reading: reading.best.bar, default=NOTHING)
    agreeing = [reading._replace(position=-1, side=None) for reading in one
                if abs(reading.best.value - both.best.value) <= both.best.bar]
    return min([both, *agreeing], key=lambda reading: reading.best.bar)


def _read_both_sides(rungs):
    if len(rungs) < 3:
        return NOTHING
    triples = [rungs[i:i + 3] for i in range(len(rungs) - 2)]
    candidates = held_against_others([_with_kink(*triple) for triple in triples])
    i = min(range(len(candidates)), key=lambda i: candidates[i].bar)
    j = kinks.jump_among(rungs)
    if j is not None:
        return Reading(candidates[j], j + 2, True, kinks.slopes_at_jump(*triples[j][1:]))
    return Reading(candidates[i], i + 2, slopes=kinks.slopes_at_kink(*triples[i][1:]) if candidates[i].jump > 0.0 else None)


def _with_kink(a, b, c):
    """Candidate of three steps whose bar covers both one-sided slopes where they differ."""
    candidate = from_central(a, b, c)
    difference, bar = kinks.kink_of(a, b, c)
    if difference == 0.0:
        return candidate
    covered = max(abs(candidate.value - slope) for slope in (c.left, c.right, *kinks.slopes_at_kink(b, c))) + bar
    return Candidate(candidate.value, candidate.truncation, candidate.rounding, candidate.step, covered)


def _read_one_side(rungs, side):
    candidates = held_against_others([from_one_side(rungs[i:i + 4], side) for i in range(len(rungs) - 3)])
    return [Reading(candidate, i + 3, side=side) for i, candidate in enumerate(candidates)]


def held_against_others(candidates):
    """The candidates, steps falling, each widened by what others say beyond both bars.

    By a shorter one always: truncation falls with the step, and what a shorter step changes by more than its rounding is
    fine structure of f that longer ones passed over. By a longer one that three steps agreed on to 1/100 of it: that
    happens to the stairs of a hidden single precision, on one tread of which f seems smooth.
    """
    if len(candidates) == 1:
        return candidates
    held = []
    for i, one in enumerate(candidates):
        gaps = [abs(one.value - shorter.value) + shorter.rounding for shorter in candidates[i + 1:]
                if abs(one.value - shorter.value) > one.bar + shorter.rounding]
        gaps += [abs(one.value - longer.value) + longer.bar for longer in candidates[:i]
                 if longer.bar <= PLAIN * abs(longer.value) and abs(one.value - longer.value) > one.bar + longer.bar]
        truncation = max(one.truncation, max(gaps, default=0.0) - one.rounding - one.jump)
        held.append(Candidate(one.value, truncation, one.rounding, one.step, one.jump))
    return held
