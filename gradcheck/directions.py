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
from .verdict import judge


def random_direction(vector, positions, draw):
    """Zero but at the positions; there of random sign, and between 1 and 2."""
    direction = np.zeros_like(vector)
    direction[positions] = draw.choice([-1.0, 1.0], len(positions)) * draw.uniform(1.0, 2.0, len(positions))
    return direction


def judge_along(problem, vector, analytic, rounding, direction, confidence, allowance=OVERALL, floor=None):
    """(Judgement, bar) of analytic . direction, held against the slope of the loss along the direction.

    It takes at most 12 + `allowance` evaluations of the loss. `floor`: the noise Floor of the loss where it is known.
    """
    moving, there = direction != 0.0, np.empty_like(vector)

    def along(t):
        np.multiply(direction, t, out=there)
        np.add(there, vector, out=there)
        return problem.value(there)

    estimate = derivative(along, 0.0, seed=problem.seed, allowance=allowance, floor=floor)
    terms = analytic[moving] * direction[moving]
    rounded = math.sqrt(math.fsum((rounding[moving] * direction[moving]) ** 2)) + U * float(np.sum(np.abs(terms)))
    estimate = replace(estimate, error=estimate.error + rounded)
    return judge(math.fsum(terms), estimate, rounding=0.0, confidence=confidence), estimate.error
