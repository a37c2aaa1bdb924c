"""Many entries judged at once, by the slope of the loss along one random direction, and bisected where wrong.

A random direction has zero mean and no small entry, so that no error cancels another by design and none is
overlooked. Held against the noise, and not against a tolerance, a single one is decisive: in high dimensions
a wrong entry among n weighs 1/sqrt(n) of the slope, which is far above the rounding.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.numeric.derivatives import derivative
from gradcheck.numeric.rounding import U
from gradcheck.verdict import SMALL_ERRORS, Judgement, judge, visible_from

WORST_VISIBLE = 1e-3  # of the largest entry: with wider bars, of thousands of kinks say, a pass means nothing
PART_OF_LENGTH = 0.1  # of the gradient: the same in single precision
AGREEING = 2  # directions: along a single one two errors may cancel
MOST_DIRECTIONS = 4  # that are tried until so many agree
FEW = 2  # entries: to look at them takes no more calls than a direction
ALL_OF = 64  # entries: a block that is wrong and has no more is judged entry by entry
ALONE = 8  # entries of a part that are judged one by one
SCATTERED = 8  # wrong parts of a block at a time: with more its wrong entries do not lie together
MOST_PARTS = 32  # wrong parts of a block at a time, before the rest is left at "wrong"
MOST_EXAMPLES = 4  # wrong parts left over in which an example is looked for
LINES = 6  # rows, and columns, in which the entries of a sample lie
DENSE = 8  # one wrong entry of so many, and bisecting does not pay


def random_direction(vector, positions, draw):
    """Zero but at the n positions; there of random sign, and between 1/sqrt(n) and 2/sqrt(n)."""
    direction, n = np.zeros_like(vector), len(positions)
    direction[positions] = draw.choice([-1.0, 1.0], n) * draw.uniform(1.0, 2.0, n) / math.sqrt(n)
    return direction


def judge_along(functions, at, direction, confidence, floor=None, small=SMALL_ERRORS["float64"]):
    """(Judgement, bar, Estimate) of gradient . direction, held against the slope of the loss along it.

    `at`: a GradientAt. The bar is that of one entry: what an error in it alone must exceed to leave the bar
    of the slope. Where it is too wide to show a thousandth of the largest entry, the verdict is undecided.
    `floor`: the noise Floor of the loss where it is known. The Estimate is of the slope.
    """
    (vector, analytic, rounding, _), moving = at, direction != 0.0
    there = np.empty_like(vector)

    def along(t):
        np.multiply(direction, t, out=there)
        np.add(there, vector, out=there)
        return functions.value(there)

    bounds = None if functions.bounds is None else _room(vector, direction, *functions.bounds)
    estimate = derivative(along, 0.0, bounds=bounds, seed=functions.seed, floor=floor)
    terms = analytic[moving] * direction[moving]
    rounded = _norm(rounding[moving] * direction[moving]) + U * float(np.sum(np.abs(terms)))
    estimate = replace(estimate, error=estimate.error + rounded)
    scale = max(estimate.scale, _norm(terms)) if estimate.scale > 0.0 else 0.0
    judgement = judge(float(np.sum(terms)), estimate, scale, 0.0, confidence, small)
    bar, largest = estimate.error / np.min(np.abs(direction[moving])), np.max(np.abs(analytic[moving]))
    visible = visible_from(bar, confidence)
    is_seen = visible <= WORST_VISIBLE * largest or largest == 0.0
    if small > WORST_VISIBLE:
        is_seen |= visible_from(estimate.error, confidence) <= PART_OF_LENGTH * _norm(terms)
    if judgement == "right" and not is_seen:
        would_pass = f"an error of {visible / largest:.1e} of the largest entry would pass"
        judgement = Judgement("undecided", would_pass)
    return judgement, float(bar), estimate


def value_or_nan(functions, vector):
    """The loss of CallersFunctions at a vector; NaN outside the bounds and where it raises something."""
    bounds = functions.bounds
    if bounds is not None and not np.all((bounds[0] <= vector) & (vector <= bounds[1])):
        return math.nan
    try:
        return functions.value(vector)
    except GradcheckError:
        raise
    except Exception:  # whatever it is: the loss need not be made for this vector
        return math.nan


def _room(vector, direction, low, high):
    """(least, greatest) t with vector + t * direction within the bounds."""
    moving = direction != 0.0
    ends = [(bound[moving] - vector[moving]) / direction[moving] for bound in (low, high)]
    return float(np.max(np.minimum(*ends))), float(np.min(np.maximum(*ends)))


def _norm(vector):
    """Its length, also where the squares would overflow."""
    largest = np.max(np.abs(vector))
    return float(largest * np.sqrt(np.sum((vector / largest) ** 2))) if largest > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Group:
    """Entries of one block that were judged together: `positions`, `verdict`, `bar` of one of them."""

    positions: np.ndarray
    verdict: str
    bar: float


def locate(block, positions, along, look, draw):
    """The Groups of the `positions`, in the flat vector, of one block; all others were judged one by one.

    along(positions) -> (Judgement, bar, whether the bar is narrow), of a direction that is drawn anew at each
    call; look(positions) -> how many of them are wrong, judged one by one. `draw`: a NumPy Generator, for the
    sample.
    """
    whole = _along(along, positions) if len(positions) > FEW else Group(positions, "wrong", math.inf)
    if whole.verdict == "right":
        return [whole]
    if len(positions) <= ALL_OF:
        look(positions)
        return []
    groups = _halved([whole], along, SCATTERED)
    wrong = _wrong(groups)
    if len(wrong) > SCATTERED and DENSE * sum(len(part.positions) for part in wrong) > len(positions):
        sample = _sample(block, positions, draw)
        rest = np.setdiff1d(positions, sample)
        if DENSE * look(sample) >= len(sample) or len(block.shape) < 2:
            return [Group(rest, "wrong", whole.bar)]
        by_column = np.reshape(block.positions, block.shape).ravel(order="F")
        groups = [Group(by_column[np.isin(by_column, rest)], "wrong", whole.bar)]
    if whole.verdict == "wrong":
        groups = _halved(groups, along, MOST_PARTS)
    small = [part for part in _wrong(groups) if len(part.positions) <= ALONE]
    large = [part for part in _wrong(groups) if len(part.positions) > ALONE]
    found = [part.positions for part in small]
    found += [_one_of(part.positions, along) for part in large[:MOST_EXAMPLES]]
    if len(found) > 0:
        look(np.sort(np.concatenate(found)))
    rest = [Group(np.setdiff1d(part.positions, np.concatenate(found)), "wrong", part.bar) for part in large]
    return [*(group for group in groups if group.verdict != "wrong"), *rest]


def _along(along, positions):
    """The Group of the positions: wrong along one direction, or right along two, by the narrowest bars."""
    tried = []
    for _ in range(MOST_DIRECTIONS):
        judgement, bar, narrow = along(positions)
        if judgement == "wrong":
            return Group(positions, "wrong", bar)
        tried.append((bar, str(judgement)))
        if narrow and [verdict for _, verdict in tried[-AGREEING:]] == ["right"] * AGREEING:
            break
    best = sorted(tried)[:AGREEING]
    verdict = "right" if {verdict for _, verdict in best} == {"right"} else "undecided"
    return Group(positions, verdict, best[-1][0])


def _wrong(groups):
    return [group for group in groups if group.verdict == "wrong"]


def _halved(groups, along, most):
    """The Groups with all halved that are not right, until they are small, or more than `most`.

    Of two halves of a wrong part one is wrong; it is judged by itself only if the other is not right.
    """
    while True:
        open_ones = [group for group in groups if group.verdict != "right" and len(group.positions) > ALONE]
        if len(open_ones) == 0 or sum(group.verdict != "right" for group in groups) > most:
            return groups
        halved = [_halves(group, along) if group in open_ones else [group] for group in groups]
        groups = [part for parts in halved for part in parts]


def _halves(group, along):
    first, second = np.split(group.positions, [len(group.positions) // 2])
    judged = _along(along, first)
    if judged.verdict == "right" and group.verdict == "wrong":
        return [judged, Group(second, "wrong", group.bar)]
    return [judged, _along(along, second)]


def _one_of(part, along):
    """A few neighbouring positions, of a wrong part, among which is a wrong one."""
    while len(part) > ALONE:
        first, second = np.split(part, [len(part) // 2])
        part = second if _along(along, first).verdict == "right" else first
    return part


def _sample(block, positions, draw):
    """Some of the positions: of a matrix those in a few rows and columns, the same ones if it is square."""
    rows = block.shape[0] if len(block.shape) > 1 else 1
    columns = len(block.positions) // rows
    if rows == 1 or columns == 1:
        return np.sort(draw.choice(positions, min(LINES**2, len(positions)), replace=False))
    chosen = draw.choice(rows, min(LINES, rows), replace=False)
    across = chosen if rows == columns else draw.choice(columns, min(LINES, columns), replace=False)
    sample = block.start + (chosen[:, None] * columns + across).ravel()
    return np.intersect1d(sample, positions)
