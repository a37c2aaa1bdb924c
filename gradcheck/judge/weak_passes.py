"""Passes that prove little, and the same comparison at a random point nearby where a mistake would show.

All entries in question are judged together first, along one random direction of zero mean; they are judged
one by one only where that does not come out right.
"""

import math

import numpy as np

from gradcheck.judge.directions import judge_along, random_direction
from gradcheck.judge.entries import JudgedEntries, gradient_at
from gradcheck.report.report import NearbyCheck, Note
from gradcheck.verdict import WELL_BEYOND, visible_from

SMALL_REST = 2.0**-7  # of the gradient, beside a multiple of the parameter: what an L2 term this large hides
MOST_LINES_NAMED = 4
SPREADS = (0.125, 1.0, 8.0)  # relative moves of the parameters; the first with the fewest zeros is taken
SHRUNK = 2.0**-10  # a parameter behind whose L2 term the data term hides is made this much smaller
MOST_POINTS = 3  # points that are tried before the verdict is left undecided
SENTENCES = {
    "zero gradient": "the gradient is zero everywhere in {}, so this pass tests little: a wrong sign, factor "
    "or term would not show",
    "nothing visible": "an error as large as the gradient itself would not show in {}, so this pass tests "
    "little: its error bars are as wide",
    "dead units": "some entries are zero because units are off, or rows not used, so this pass tests little "
    "of {}",
    "zero parameters": "{} is zero at this point, so this pass says nothing about an L2 term there",
    "large regulariser": "the gradient of {} is a multiple of the parameter, to within 1 %, so this pass "
    "tests little: a regulariser far larger than the data term hides it",
}


def weak_passes(judged, reports):
    """The Notes about blocks that pass, from JudgedEntries and the reports of its blocks."""
    passed = {report.name for report in reports if report.verdict == "right"}
    blocks = [block for block in judged.blocks if block.name in passed]
    numeric, bar = judged.numeric.copy(), judged.bar.copy()
    for group in judged.groups:  # what was judged together is as it was handed in, within the bar
        numeric[group.positions], bar[group.positions] = judged.analytic[group.positions], group.bar
    return notes(judged.point, blocks, judged.vector, judged.analytic, numeric, bar, judged.confidence)


def notes(point, blocks, vector, analytic, numeric, bar, confidence=WELL_BEYOND):
    """The Notes about some `blocks` of a Point, from flat vectors as long as `vector`."""
    found = {id: [] for id in SENTENCES}
    zero = (analytic == 0.0) & (np.abs(numeric) <= bar)
    for block in blocks:
        if len(block.positions) == 0:
            continue
        parameter, slopes, dead = map(block.of, (vector, numeric, zero))
        whole = np.full(block.shape, True)
        if np.all(dead):
            found["zero gradient"].append((block, block.name, whole))
        elif np.any(where := _dead_lines(dead)):
            found["dead units"].append((block, f"{block.name} ({_lines(where)})", where))
        unseen = visible_from(np.min(block.of(bar)), confidence) >= np.max(np.abs(slopes)) > 0.0
        if unseen and not np.all(dead):
            found["nothing visible"].append((block, block.name, whole))
        if np.all(parameter == 0.0) and np.any(vector != 0.0) and not np.all(dead):
            found["zero parameters"].append((block, block.name, whole))
        factor = _multiple(parameter, slopes)
        if factor is not None and len(point.blocks) > 1:
            found["large regulariser"].append((block, f"{block.name} ({factor:.4g} times itself)", whole))
    return [_note(id, some, point) for id, some in found.items() if len(some) > 0]


def check_nearby(functions, weak, confidence, one_by_one):
    """(NearbyCheck, JudgedEntries or None) for what the Notes `weak` flag, at a random point nearby.

    The JudgedEntries are those in question, where they were judged one by one. The NearbyCheck is None where
    nothing is flagged, the gradients are ready numbers, or bounds are set.
    """
    if not functions.is_callable or functions.bounds is not None or len(weak) == 0:
        return None, None
    chosen = np.any([note.chosen for note in weak], axis=0)
    names = ", ".join(dict.fromkeys(name for note in weak for name in note.blocks))
    draw, why = np.random.default_rng([functions.seed, 1]), None
    for _ in range(MOST_POINTS):
        at = _generic_point(functions, weak, chosen, draw)
        if at is None:
            why = "none was found at which the loss is finite"
            continue
        nearby, judged = _judged_at(functions, at, chosen, names, draw, confidence, one_by_one)
        is_zero = not np.any(at.analytic[chosen])
        if nearby is not None and not (is_zero and nearby.verdict == "right"):
            return nearby, judged
        why = "the gradient is zero there, too" if is_zero else "undecided there, too"
    return NearbyCheck("undecided", f"undecided ({names}: {why})"), None


def _note(id, some, point):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block, _, where in some:
        block.of(chosen)[...] = where
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
    more = f" and {len(names) - MOST_LINES_NAMED} more" if len(names) > MOST_LINES_NAMED else ""
    return f"{noun} {', '.join(names[:MOST_LINES_NAMED])}{more}"


def _multiple(parameter, gradient):
    """The factor c when the gradient is c times the parameter, to within a hundredth; None when it is not."""
    some = np.any(parameter) and np.any(gradient) and np.all(np.isfinite(gradient))
    if parameter.size < 3 or not some:
        return None
    size = np.max(np.abs(parameter))
    scaled = parameter / size
    factor = float(np.sum(scaled * gradient) / np.sum(scaled * scaled)) / size
    rest = np.max(np.abs(gradient - factor * parameter))
    return factor if rest <= SMALL_REST * np.max(np.abs(gradient)) else None


def _judged_at(functions, at, chosen, names, draw, confidence, one_by_one):
    """(NearbyCheck, JudgedEntries or None) for one point, (None, None) where it is undecided there."""
    before, together = functions.evaluations, "wrong"
    if np.all(np.isfinite(at.analytic[chosen])):
        direction = random_direction(at.vector, np.flatnonzero(chosen), draw)
        together, _ = judge_along(functions, at, direction, confidence)
    if together == "right":
        how = f"along a random direction, {functions.evaluations - before} evaluations"
        return NearbyCheck("right", f"right ({names}, {how})"), None
    here, _ = functions.first_gradients()
    if np.array_equal(at.analytic, here) and np.any(here != 0.0):
        why = "the gradients function returns the same numbers at another point"
        return NearbyCheck("undecided", f"undecided ({names}: {why})"), None
    if together != "wrong":
        return None, None
    judged = JudgedEntries(functions, functions.point.blocks, at, confidence, one_by_one, chosen)
    blocks = judged.reports()
    verdicts = {block.verdict for block in blocks}
    if "wrong" in verdicts:
        why = "where a pass at the point itself says nothing"
        return NearbyCheck("wrong", f"wrong ({names}), {why}", blocks), judged
    if verdicts == {"right"}:
        return NearbyCheck("right", f"right ({names}, entry by entry)", blocks), judged
    return None, None


def _generic_point(functions, weak, chosen, draw):
    """The GradientAt the nearest spread with the fewest zero gradients, or None."""
    vector = functions.point.vector
    shrunk = np.ones_like(vector)
    for note in weak:
        if note.id == "large regulariser":
            shrunk[note.chosen] = SHRUNK
    moves, best, fewest = draw.standard_normal(vector.shape), None, math.inf
    size = math.sqrt(float(np.mean(vector * vector))) or 1.0
    for spread in SPREADS:
        there = (vector + spread * moves * np.maximum(np.abs(vector), size)) * shrunk
        try:
            with np.errstate(all="ignore"):
                finite = np.isfinite(functions.value(there))
                analytic, units = functions.gradients_at(there)
        except (ArithmeticError, ValueError):
            continue
        zeros = np.sum(analytic[chosen] == 0.0)
        if finite and zeros < fewest:
            best, fewest = (there, analytic, units), zeros
    return None if best is None else gradient_at(functions, *best)
