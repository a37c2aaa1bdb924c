"""Where a pass says little: what a mistake could hide behind at this very point. Another point is chosen in `generic`.

A gradient that is zero agrees with any multiple of itself; so does that of a unit that never fires. A parameter that is
zero hides what is proportional to it, an L2 term. A regulariser far larger than the data term hides the data term. Error
bars as wide as the gradient hide all of it.
"""

import numpy as np

from .report import Note
from .verdict import WELL_BEYOND, visible_from

MOSTLY = 2.0 ** -7          # what is left of a gradient beside a multiple of the parameter: below a hundredth it is hidden
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
        if len(point.blocks) > 1 and (factor := _multiple(parameter, numeric[here].reshape(block.shape))) is not None:
            found["large regulariser"].append((block, f"{block.name} ({factor:.4g} times itself)", whole))
    return [_note(id, some, point) for id, some in found.items() if len(some) > 0]


def _note(id, some, point):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block, _, where in some:
        chosen[block.start:block.stop] = where.ravel()
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
    if parameter.size < 3 or not np.all(np.isfinite(gradient)) or not np.any(parameter) or not np.any(gradient):
        return None
    size = np.max(np.abs(parameter))
    scaled = parameter / size
    factor = float(np.sum(scaled * gradient) / np.sum(scaled * scaled)) / size
    rest = np.max(np.abs(gradient - factor * parameter))
    return factor if rest <= MOSTLY * np.max(np.abs(gradient)) else None
