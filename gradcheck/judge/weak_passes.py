"""Repeats a check at a random point nearby, for blocks whose pass proves little (`vacuous` says which).

All entries in question are judged together first, along one random direction of zero mean; they are looked at
one by one only where that does not come out right.
"""

import math

import numpy as np

from gradcheck.inputs.functions import ROUNDING_CALLS
from gradcheck.judge.directions import judge_along, random_direction
from gradcheck.numeric.derivatives import OVERALL, PER_ENTRY
from gradcheck.report.report import NearbyCheck, Note
from gradcheck.verdict import WELL_BEYOND, visible_from

# --- Where a pass says little: what a mistake could hide behind at this very point. Another point is chosen
# in `generic`.


MOSTLY = (
    2.0**-7
)  # what is left of a gradient beside a multiple of the parameter: below a hundredth it is hidden
MOST_NAMED = 4

SENTENCES = {
    "zero gradient": "the gradient is zero everywhere in {}: a sign, a factor or a term may be wrong unseen",
    "nothing visible": "an error as large as the gradient itself would not show in {}: its error bars are as wide",
    "dead units": "whole lines of the gradient are zero in {}: units that are off, or rows that are not used, behind which "
    "nothing is seen",
    "zero parameters": "zero at this point: {}; an L2 term there, forgotten or not, cannot be seen",
    "large regulariser": "the gradient is a multiple of the parameter but for less than 1 % in {}: a regulariser far larger "
    "than the data term, which it hides",
}


def notes(point, blocks, vector, analytic, numeric, bar, confidence=WELL_BEYOND):
    """The Notes about some `blocks` of a Point, from flat vectors as long as `vector`."""
    found = {id: [] for id in SENTENCES}
    zero = (analytic == 0.0) & (np.abs(numeric) <= bar)
    for block in blocks:
        if block.start == block.stop:
            continue
        here = slice(block.start, block.stop)
        parameter, dead = vector[here].reshape(block.shape), zero[here].reshape(block.shape)
        whole = np.full(block.shape, True)
        if np.all(dead):
            found["zero gradient"].append((block, block.name, whole))
        elif np.any(where := _dead_lines(dead)):
            found["dead units"].append((block, f"{block.name} ({_lines(where)})", where))
        if visible_from(np.min(bar[here]), confidence) >= np.max(np.abs(numeric[here])) > 0.0:
            found["nothing visible"].append((block, block.name, whole))
        if np.all(parameter == 0.0) and np.any(vector != 0.0) and not np.all(dead):
            found["zero parameters"].append((block, block.name, whole))
        if (
            len(point.blocks) > 1
            and (factor := _multiple(parameter, numeric[here].reshape(block.shape))) is not None
        ):
            found["large regulariser"].append((block, f"{block.name} ({factor:.4g} times itself)", whole))
    return [_note(id, some, point) for id, some in found.items() if len(some) > 0]


def _note(id, some, point):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block, _, where in some:
        chosen[block.start : block.stop] = where.ravel()
    sentence = SENTENCES[id].format(", ".join(words for _, words, _ in some))
    return Note(id, sentence, tuple(block.name for block, _, _ in some), chosen)


def _dead_lines(dead):
    """Mask of the entries in whole rows or columns of zeros; of a vector, of its zeros."""
    if dead.ndim < 2:
        return dead
    where = np.zeros_like(dead)
    for axis in range(dead.ndim):
        others = tuple(i for i in range(dead.ndim) if i != axis)
        where |= np.all(dead, axis=others, keepdims=True)
    return where


def _lines(where):
    """The zero rows, columns or entries in words."""
    if where.ndim == 2:
        for axis, noun in ((1, "rows"), (0, "columns")):
            lines = np.flatnonzero(np.all(where, axis=axis))
            if len(lines) * where.shape[axis] == where.sum():
                return _named(noun if len(lines) > 1 else noun[:-1], [str(i) for i in lines])
    indices = [f"[{','.join(map(str, index))}]" for index in np.argwhere(where).tolist()]
    return _named("entries" if len(indices) > 1 else "entry", indices)


def _named(noun, names):
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{noun} {', '.join(names[:MOST_NAMED])}{more}"


def _multiple(parameter, gradient):
    """The factor c when the gradient is c times the parameter but for a hundredth; None when it is not."""
    if (
        parameter.size < 3
        or not np.all(np.isfinite(gradient))
        or not np.any(parameter)
        or not np.any(gradient)
    ):
        return None
    size = np.max(np.abs(parameter))
    scaled = parameter / size
    factor = float(np.sum(scaled * gradient) / np.sum(scaled * scaled)) / size
    rest = np.max(np.abs(gradient - factor * parameter))
    return factor if rest <= MOSTLY * np.max(np.abs(gradient)) else None


# --- Repeats a check at a random point nearby, for blocks whose pass proves little (`vacuous` says which).


SPREADS = (
    0.125,
    1.0,
    8.0,
)  # how far the parameters are moved, relative to their own size: as little as will do
SHRUNK = 2.0**-10  # a parameter behind whose L2 term the data term hides is made this much smaller
NOISE_CALLS = 25  # the value at the point, and four spacings at which its noise is looked at
ONE_DIRECTION = NOISE_CALLS + 7  # and three pairs of steps
TO_FIND = (
    2 * len(SPREADS) + ROUNDING_CALLS
)  # value and gradients at each point, and the rounding of those at the best
RESERVE = (
    TO_FIND + ONE_DIRECTION
)  # calls that the entries at the point leave for a second check, where they can
DRAWS = 3  # directions, and points, that are tried before nothing can be told


def check_nearby(problem, notes, confidence, reports_at, last_call=math.inf):
    """The NearbyCheck for what the Notes flag; None when no gradients can be had elsewhere, or bounds are
    set.

    `reports_at(vector, analytic, rounding, chosen)`: (BlockReports of the entries in the mask `chosen` at
    another point, the Causes of what is wrong there or None). `last_call`: the number of evaluations that is
    not to be exceeded, except to name what is wrong there; where too few are left the NearbyCheck says so.
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
    return NearbyCheck("undecided", f"{names} at a generic point nearby: {why}")


def _at(problem, found, chosen, names, draw, confidence, reports_at, last_call):
    """The NearbyCheck for one point, None where nothing can be told there."""
    before, slopes = problem.evaluations, found[1]
    direction = random_direction(found[0], np.flatnonzero(chosen), draw)
    allowance = min(OVERALL, last_call - problem.evaluations - PER_ENTRY)
    together = (
        judge_along(problem, *found, direction, confidence, allowance)[0]
        if np.all(np.isfinite(slopes[chosen]))
        else "wrong"
    )
    if together == "right":
        spent = problem.evaluations - before
        return NearbyCheck(
            "right",
            f"{names} at a generic point nearby, along a random direction: right, {spent} evaluations",
        )
    here = problem.first_gradients()[0]
    if np.array_equal(slopes, here) and np.any(here != 0.0):
        return NearbyCheck(
            "undecided", f"{names}: the gradients function returns the same numbers at another point"
        )
    if together != "wrong":
        return None
    blocks, causes = reports_at(*found, chosen)
    verdicts = [block.verdict for block in blocks]
    if "wrong" in verdicts:
        return NearbyCheck(
            "wrong",
            f"{names} at a generic point nearby: wrong, where a pass at the point itself says nothing",
            blocks,
            None if causes is None else causes.overall,
        )
    if all(verdict == "right" for verdict in verdicts):
        return NearbyCheck("right", f"{names} at a generic point nearby, entry by entry: right", blocks)
    return None


def _generic_point(problem, notes, chosen, draw):
    """(vector, analytic, rounding) at the nearest spread with the fewest gradients in question that are
    zero, or None.
    """
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
