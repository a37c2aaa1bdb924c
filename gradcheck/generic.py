"""Repeats a check at a random point nearby, for blocks whose pass proves little (`vacuous` says which).

All entries in question are judged together first, along one random direction of zero mean; they are looked at one by one
only where that does not come out right.
"""

import math

import numpy as np

from .derivatives import OVERALL, PER_ENTRY
from .directions import judge_along, random_direction
from .problem import ROUNDING_CALLS
from .report import Again

SPREADS = (0.125, 1.0, 8.0)     # how far the parameters are moved, relative to their own size: as little as will do
SHRUNK = 2.0 ** -10             # a parameter behind whose L2 term the data term hides is made this much smaller
NOISE_CALLS = 25                # the value at the point, and four spacings at which its noise is looked at
ONE_DIRECTION = NOISE_CALLS + 7     # and three pairs of steps
TO_FIND = 2 * len(SPREADS) + ROUNDING_CALLS     # value and gradients at each point, and the rounding of those at the best
RESERVE = TO_FIND + ONE_DIRECTION   # calls that the entries at the point leave for a second check, where they can
DRAWS = 3                       # directions, and points, that are tried before nothing can be told


def check_again(problem, notes, confidence, reports_at, last_call=math.inf):
    """The Again for what the Notes flag; None when no gradients can be had elsewhere, or bounds are set.

    `reports_at(vector, analytic, rounding, chosen)`: (BlockReports of the entries in the mask `chosen` at another point, the
    Causes of what is wrong there or None). `last_call`: the number of evaluations that is not to be exceeded, except to
    name what is wrong there; where too few are left the Again says so.
    """
    if not problem.is_callable or problem.bounds is not None or len(notes) == 0:
        return None
    chosen = np.any([note.chosen for note in notes], axis=0)
    names = ", ".join(dict.fromkeys(name for note in notes for name in note.blocks))
    draw = np.random.default_rng([problem.seed, 1])
    to_find = len(SPREADS) if problem.has_own_gradients else TO_FIND
    why = None
    for _ in range(DRAWS):
        if last_call - problem.evaluations < to_find + ONE_DIRECTION:
            why = why or "no evaluations of the loss were left for it"
            break
        found = _generic_point(problem, notes, chosen, draw)
        if found is None:
            why = "none was found at which the loss is finite"
            continue
        if not np.any(found[1][chosen]):
            why = "the gradient is zero there, too"
            continue
        again = _at(problem, found, chosen, names, draw, confidence, reports_at, last_call)
        if again is not None:
            return again
        why = "nothing can be told there, either"
    return Again("cannot tell", f"{names} at a generic point nearby: {why}")


def _at(problem, found, chosen, names, draw, confidence, reports_at, last_call):
    """The Again for one point, None where nothing can be told there."""
    before, slopes = problem.evaluations, found[1]
    direction = random_direction(found[0], np.flatnonzero(chosen), draw)
    allowance = min(OVERALL, last_call - problem.evaluations - PER_ENTRY)
    together = judge_along(problem, *found, direction, confidence, allowance)[0] if np.all(np.isfinite(slopes[chosen])) else "wrong"
    if together == "right":
        spent = problem.evaluations - before
        return Again("right", f"{names} at a generic point nearby, along a random direction: right, {spent} evaluations")
    here = problem.first_gradients()[0]
    if np.array_equal(slopes, here) and np.any(here != 0.0):
        return Again("cannot tell", f"{names}: the gradients function returns the same numbers at another point")
    if together != "wrong":
        return None
    blocks, causes = reports_at(*found, chosen)
    verdicts = [block.verdict for block in blocks]
    if "wrong" in verdicts:
        return Again("wrong", f"{names} at a generic point nearby: wrong, where a pass at the point itself says nothing",
                     blocks, None if causes is None else causes.overall)
    if all(verdict == "right" for verdict in verdicts):
        return Again("right", f"{names} at a generic point nearby, entry by entry: right", blocks)
    return None


def _generic_point(problem, notes, chosen, draw):
    """(vector, analytic, rounding) at the nearest spread with the fewest gradients in question that are zero, or None."""
    vector = problem.point.vector
    shrunk = np.ones_like(vector)
    for note in notes:
        if note.id == "large regulariser":
            shrunk[note.chosen] = SHRUNK
    moves, best, fewest = draw.standard_normal(vector.shape), None, math.inf
    size = math.sqrt(float(np.mean(vector * vector))) or 1.0
    for spread in SPREADS:
        there = (vector + spread * moves * np.maximum(np.abs(vector), size)) * shrunk
        try:
            with np.errstate(all="ignore"):
                finite = np.isfinite(problem.value(there))
                analytic, units = problem.gradients_at(there)
        except (ArithmeticError, ValueError):
            continue
        zeros = np.sum(analytic[chosen] == 0.0)
        if finite and zeros < fewest:
            best, fewest = (there, analytic, units), zeros
    return None if best is None else (*best[:2], problem.rounding_near(*best))
