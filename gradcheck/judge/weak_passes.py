"""Passes that prove little: the entries, and why a mistake in them would not show at this point."""

import numpy as np

from gradcheck.report.report import Note
from gradcheck.verdict import SMALL_ERRORS, WELL_BEYOND, visible_from

SMALL_REST = 2.0**-7  # of the gradient, beside a multiple of the parameter: what an L2 term this large hides
MOST_LINES_NAMED = 4
SENTENCES = {
    "zero gradient": "the gradient is zero everywhere in {}, within the error bars, so this pass tests "
    "little: a wrong sign, factor or term would not show",
    "dead units": "some entries are zero because units are off, or rows not used, so this pass tests little "
    "of {}",
    "kink": "{} lies at a kink, where every slope between the one-sided ones is right, so this pass tests "
    "little",
    "undecided": "{} cannot be told at this point",
    "zero parameters": "{} is zero at this point, so this pass says nothing about an L2 term there",
    "large regulariser": "the gradient of {} is a multiple of the parameter, to within 1 %, so this pass "
    "tests little: a regulariser far larger than the data term hides it",
}


def weak_passes(judged, effects):
    """The Notes about blocks that pass or cannot be told, from JudgedEntries.

    `effects`: name of a block -> the verdict that the audit demands at least; of those not right nothing is
    said.
    """
    blocks = [block for block in judged.blocks if effects.get(block.name, "right") == "right"]
    verdicts = {block.name: judged.verdict_on(block) for block in blocks}
    numeric, bar = judged.numeric.copy(), judged.bar.copy()
    for group in judged.groups:  # what was judged together is as it was handed in
        numeric[group.positions], bar[group.positions] = judged.analytic[group.positions], 0.0
    passed = [block for block in blocks if verdicts[block.name] == "right"]
    parts = judged.vector, judged.analytic, numeric, bar, judged.at_kink
    found = notes(judged.point, passed, *parts, confidence=judged.confidence)
    open_ones = judged.open_entries()
    some = [(block, block.of(open_ones)) for block in blocks if np.any(block.of(open_ones))]
    if len(some) > 0:
        some = [(block, f"{block.name} ({_lines(where)})", where) for block, where in some]
        found.append(_note("undecided", some, judged.point))
    return found


def notes(point, blocks, vector, analytic, numeric, bar, at_kink, confidence=WELL_BEYOND):
    """The Notes about some `blocks` of a Point, from flat vectors as long as `vector`.

    An entry is still where an error as large as its slope would not show.
    """
    found: dict = {id: [] for id in SENTENCES}
    visible = visible_from(bar, confidence)
    still = (np.abs(numeric) <= visible) & ~at_kink
    for block in blocks:
        if len(block.positions) == 0:
            continue
        parameter, slopes, dead, kinks = map(block.of, (vector, numeric, still, at_kink))
        is_zero, whole = bool(np.all(dead)), np.full(block.shape, True)
        is_resolved = block.of(visible) <= SMALL_ERRORS["float64"] * np.max(np.abs(slopes))
        dead = dead & ((block.of(analytic) == 0.0) | is_resolved)
        if is_zero:
            found["zero gradient"].append((block, block.name, whole))
        elif np.any(dead):
            found["dead units"].append((block, f"{block.name} ({_lines(dead)})", dead))
        if np.any(kinks):
            found["kink"].append((block, f"{block.name} ({_lines(kinks)})", kinks))
        if np.all(parameter == 0.0) and np.any(vector != 0.0) and not is_zero:
            found["zero parameters"].append((block, block.name, whole))
        factor = _multiple(parameter, slopes)
        if factor is not None and len(point.blocks) > 1:
            found["large regulariser"].append((block, f"{block.name} ({factor:.4g} times itself)", whole))
    return [_note(id, some, point) for id, some in found.items() if len(some) > 0]


def _note(id, some, point):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block, _, where in some:
        block.of(chosen)[...] = where
    sentence = SENTENCES[id].format(", ".join(words for _, words, _ in some))
    return Note(id, sentence, tuple(block.name for block, _, _ in some), chosen)


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
