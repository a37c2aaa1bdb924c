"""The wrong entries of a huge gradient: blocks are judged along random directions, and bisected where these are wrong.

k wrong entries among n take some k log2(n) directions. Where most entries of a block are wrong, bisecting ends nowhere: then
a few of them, in some rows and columns, are looked at one by one, to see what is wrong with all.
"""

import math
from dataclasses import dataclass

import numpy as np

AGREEING, DRAWS = 2, 4      # directions along which what is right is right, for two errors may cancel along one; and that
                            # are tried for narrow bars
FEW = 2                     # entries: to look at them takes no more calls than a direction
ALL_OF = 64                 # entries: a block that is wrong and has no more is looked at entry by entry
ALONE = 8                   # entries of a part that are looked at one by one
SCATTERED = 8               # wrong parts of a block at a time: with more its wrong entries do not lie together
MOST_PARTS = 32             # wrong parts of a block at a time, before the rest is left at "wrong"
MOST_EXAMPLES = 4           # wrong parts left over in which an example is looked for
LINES = 6                   # rows, and columns, in which the entries of a sample lie
DENSE = 8                   # one wrong entry of so many, and bisecting does not pay


@dataclass(frozen=True, eq=False)
class Group:
    """Entries of one block that were judged together: `positions`, `verdict`, and the `bar` of one of them."""

    positions: np.ndarray
    verdict: str
    bar: float


def locate(block, positions, along, look, draw):
    """The Groups of the `positions`, in the flat vector, of one block; all others have been looked at one by one.

    along(positions) -> (Judgement, bar, whether the bar is narrow), of a direction that is drawn anew at each call;
    look(positions) -> how many of them are wrong, looked at one by one. `draw`: a NumPy Generator, for the sample.
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
        by_column = block.start + np.arange(block.stop - block.start).reshape(block.shape).ravel(order="F")
        groups = [Group(by_column[np.isin(by_column, rest)], "wrong", whole.bar)]
    if whole.verdict == "wrong":
        groups = _halved(groups, along, MOST_PARTS)
    small, large = [[part for part in _wrong(groups) if (len(part.positions) <= ALONE) is each] for each in (True, False)]
    found = [part.positions for part in small] + [_one_of(part.positions, along) for part in large[:MOST_EXAMPLES]]
    if len(found) > 0:
        look(np.sort(np.concatenate(found)))
    rest = [Group(np.setdiff1d(part.positions, np.concatenate(found)), "wrong", part.bar) for part in large]
    return [*(group for group in groups if group.verdict != "wrong"), *rest]


def _along(along, positions):
    """The Group of the positions: wrong along one direction, or right along two, by the narrowest bars of a few."""
    tried = []
    for _ in range(DRAWS):
        judgement, bar, narrow = along(positions)
        if judgement == "wrong":
            return Group(positions, "wrong", bar)
        tried.append((bar, str(judgement)))
        if narrow and [verdict for _, verdict in tried[-AGREEING:]] == ["right"] * AGREEING:
            break
    best = sorted(tried)[:AGREEING]
    verdict = "right" if {verdict for _, verdict in best} == {"right"} else "cannot tell"
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
        groups = [half for group in groups for half in (_halves(group, along) if group in open_ones else [group])]


def _halves(group, along):
    middle = len(group.positions) // 2
    first, second = group.positions[:middle], group.positions[middle:]
    first = _along(along, first)
    if first.verdict == "right" and group.verdict == "wrong":
        return [first, Group(second, "wrong", group.bar)]
    return [first, _along(along, second)]


def _one_of(part, along):
    """A few neighbouring positions, of a wrong part, among which is a wrong one."""
    while len(part) > ALONE:
        first, second = part[:len(part) // 2], part[len(part) // 2:]
        part = second if _along(along, first).verdict == "right" else first
    return part


def _sample(block, positions, draw):
    """Some of the positions: of a matrix those in a few rows and columns, the same ones if it is square."""
    rows = block.shape[0] if len(block.shape) > 1 else 1
    columns = math.prod(block.shape[1:]) if len(block.shape) > 1 else block.stop - block.start
    if rows == 1 or columns == 1:
        return np.sort(draw.choice(positions, min(LINES ** 2, len(positions)), replace=False))
    chosen = draw.choice(rows, min(LINES, rows), replace=False)
    across = chosen if rows == columns else draw.choice(columns, min(LINES, columns), replace=False)
    sample = block.start + (chosen[:, None] * columns + across).ravel()
    return np.intersect1d(sample, positions)
