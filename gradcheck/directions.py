"""Many entries judged at once, by the slope of the loss along one random direction; which entries is decided elsewhere.

A random direction has zero mean and no small entry, so that no error cancels another by design and none is overlooked. Held
against the noise, and not against a tolerance, a single one is decisive: in high dimensions a wrong entry among n weighs
1/sqrt(n) of the slope, which is far above the rounding.
"""

import math
from dataclasses import replace

import numpy as np

from .derivatives import OVERALL, derivative
from .rounding import U
from .verdict import Judgement, judge, visible_from

WORST_VISIBLE = 1e-3        # of the largest entry: with wider bars, of thousands of kinks say, a pass would mean nothing


def random_direction(vector, positions, draw):
    """Zero but at the n positions; there of random sign, and between 1/sqrt(n) and 2/sqrt(n): some 1.5 long."""
    direction, n = np.zeros_like(vector), len(positions)
    direction[positions] = draw.choice([-1.0, 1.0], n) * draw.uniform(1.0, 2.0, n) / math.sqrt(n)
    return direction


def judge_along(problem, vector, analytic, rounding, direction, confidence, allowance=OVERALL, floor=None):
    """(Judgement, bar) of analytic . direction, held against the slope of the loss along the direction.

    The bar is that of one entry: what an error in it alone must exceed to leave the bar of the slope. Where it is too wide
    to show a thousandth of the largest entry, nothing can be told. It takes at most 12 + `allowance` evaluations of the
    loss. `floor`: the noise Floor of the loss where it is known.
    """
    moving, there = direction != 0.0, np.empty_like(vector)

    def along(t):
        np.multiply(direction, t, out=there)
        np.add(there, vector, out=there)
        return problem.value(there)

    estimate = derivative(along, 0.0, seed=problem.seed, allowance=allowance, floor=floor)
    terms = analytic[moving] * direction[moving]
    rounded = _norm(rounding[moving] * direction[moving]) + U * float(np.sum(np.abs(terms)))
    estimate = replace(estimate, error=estimate.error + rounded)
    judgement = judge(float(np.sum(terms)), estimate, rounding=0.0, confidence=confidence)
    bar, largest = estimate.error / np.min(np.abs(direction[moving])), np.max(np.abs(analytic[moving]))
    if judgement == "right" and visible_from(bar, confidence) > WORST_VISIBLE * largest > 0.0:
        judgement = Judgement("cannot tell", f"an error of {visible_from(bar, confidence) / largest:.1e} of the largest entry would pass")
    return judgement, float(bar)


def _norm(vector):
    """Its length, also where the squares would overflow."""
    largest = np.max(np.abs(vector))
    return float(largest * np.sqrt(np.sum((vector / largest) ** 2))) if largest > 0.0 else 0.0
