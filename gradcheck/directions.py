"""Many entries judged at once: the slope along random directions, bisected until every wrong entry stands alone.

A random direction has zero mean and no small entry, so that no error cancels another by design and none is overlooked; held
against the noise, and not against a tolerance, a single one is decisive (in high dimensions a wrong entry among n weighs
1/sqrt(n) of the slope, which is far above the rounding). k wrong entries among n take some k log2(n) directions.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .derivatives import OVERALL, derivative
from .verdict import judge

MANY = 4096                 # entries; fewer are all looked at one by one
ALONE = 8                   # entries in a group that are looked at one by one
MOST_ALONE = 32             # entries that are looked at one by one before the rest is left at "wrong"


@dataclass(frozen=True)
class Group:
    """Entries of one block that were judged together: `positions` in the vector, `verdict`, and the `bar` of one of them."""

    positions: np.ndarray
    verdict: str
    bar: float


def cleared(problem, blocks, vector, analytic, rounding, chosen, confidence):
    """(mask of the entries to look at one by one, Groups of all others) of the `chosen` entries."""
    draw = np.random.default_rng([problem.seed, 2])
    alone, groups, taken = np.zeros_like(chosen), [], 0
    for block in blocks:
        waiting = [block.start + np.flatnonzero(chosen[block.start:block.stop])]
        while waiting:
            positions = waiting.pop()
            if len(positions) == 0:
                continue
            bad = positions[~np.isfinite(analytic[positions])]
            if len(bad) > 0:
                alone[bad[:ALONE]] = True
                taken += len(bad[:ALONE])
                positions = positions[np.isfinite(analytic[positions])]
                waiting.append(positions)
                continue
            direction = random_direction(vector, positions, draw)
            judgement, bar = judge_along(problem, vector, analytic, rounding, direction, confidence)
            if judgement == "right" or taken >= MOST_ALONE:
                groups.append(Group(positions, str(judgement), bar))
            elif len(positions) <= ALONE:
                alone[positions] = True
                taken += len(positions)
            else:
                middle = len(positions) // 2
                waiting += [positions[middle:], positions[:middle]]
    return alone, groups


def random_direction(vector, positions, draw):
    """Zero but at the positions; there of random sign, and between 1 and 2."""
    direction = np.zeros_like(vector)
    direction[positions] = draw.choice([-1.0, 1.0], len(positions)) * draw.uniform(1.0, 2.0, len(positions))
    return direction


def judge_along(problem, vector, analytic, rounding, direction, confidence, allowance=OVERALL):
    """(Judgement, bar) of analytic . direction, held against the slope of the loss along the direction.

    It takes at most 12 + `allowance` evaluations of the loss.
    """
    moving, there = direction != 0.0, np.empty_like(vector)

    def along(t):
        np.multiply(direction, t, out=there)
        np.add(there, vector, out=there)
        return problem.value(there)

    estimate = derivative(along, 0.0, seed=problem.seed, allowance=allowance)
    terms = analytic[moving] * direction[moving]
    rounded = math.sqrt(math.fsum((rounding[moving] * direction[moving]) ** 2)) + 2.0 ** -53 * float(np.sum(np.abs(terms)))
    estimate = replace(estimate, error=estimate.error + rounded)
    return judge(math.fsum(terms), estimate, rounding=0.0, confidence=confidence), estimate.error
