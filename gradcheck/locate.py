"""The wrong entries of a huge gradient: blocks are judged along random directions, and bisected where these are wrong.

k wrong entries among n take some k log2(n) directions. Where most entries of a block are wrong, bisecting ends nowhere: then
a few of them, in some rows and columns, are looked at one by one, to see what is wrong with all.
"""

import math
from dataclasses import dataclass

import numpy as np

DRAWS = 3                   # directions that are tried before nothing can be told along them
FEW = 2                     # entries: to look at them takes no more calls than a direction
ALL_OF = 64                 # entries: a block that is wrong and has no more is looked at entry by entry
ALONE = 8                   # entries of a part that are looked at one by one
SCATTERED = 8               # wrong parts of a block at a time: with more its wrong entries do not lie together
MOST_PARTS = 32             # wrong parts of a block at a time, before the rest is left at "wrong"
MOST_EXAMPLES = 4           # wrong parts left over in which an example is looked for
LINES = 6                   # rows, and columns, in which the entries of a sample lie
DENSE = 8                   # one wrong entry of so many, and bisecting does not pay


@dataclass(frozen=True)
class Group:
    """Entries of one block that were judged together: `positions`, `verdict`, and the `bar` of one of them."""

    positions: np.ndarray
    verdict: str
    bar: float


def locate(block, positions, along, look, draw):
    """The Groups of the `positions`, in the flat vector, of one block; all others have been looked at one by one.

    along(positions) -> (Judgement, bar), of a direction that is drawn anew at each call; look(positions) -> how many of
    them are wrong, looked at one by one. `draw`: a NumPy Generator, for the sample.
    """
    verdict, bar = _along(along, positions) if len(positions) > FEW else ("wrong", math.inf)
    if verdict == "right":
        return [Group(positions, "right", bar)]
    if len(positions) <= ALL_OF:
        look(positions)
        return []
    right, wrong = _bisected([(positions, bar)], along, SCATTERED)
    if len(wrong) > SCATTERED and DENSE * sum(len(part) for part, _ in wrong) > len(positions):
        sample = _sample(block, positions, draw)
        rest = np.setdiff1d(positions, sample)
        if DENSE * look(sample) >= len(sample) or len(block.shape) < 2:
            return [Group(rest, "wrong", bar)]
        by_column = block.start + np.arange(block.stop - block.start).reshape(block.shape).ravel(order="F")
        right, wrong = _bisected([(by_column[np.isin(by_column, rest)], bar)], along, MOST_PARTS)
    elif len(wrong) > SCATTERED:
        also_right, wrong = _bisected(wrong, along, MOST_PARTS)
        right += also_right
    found, rest = [part for part, _ in wrong if len(part) <= ALONE], [each for each in wrong if len(each[0]) > ALONE]
    found += [_one_of(part, along) for part, _ in rest[:MOST_EXAMPLES]]
    if len(found) > 0:
        look(np.sort(np.concatenate(found)))
    return [*right, *(Group(np.setdiff1d(part, np.concatenate(found)), "wrong", bar) for part, bar in rest)]


def _along(along, positions):
    for _ in range(DRAWS):
        judgement, bar = along(positions)
        if judgement != "cannot tell":
            break
    return str(judgement), bar


def _bisected(wrong, along, most):
    """(Groups that are right, [(part, bar)] that are wrong) of wrong parts, halved until they are small, or more than `most`.

    Of two halves of a wrong part one is wrong; it is judged by itself only if the other is wrong, too.
    """
    right = []
    while len(wrong) <= most and any(len(part) > ALONE for part, _ in wrong):
        parts, wrong = wrong, []
        for part, bar in parts:
            if len(part) <= ALONE:
                wrong.append((part, bar))
                continue
            halves = part[:len(part) // 2], part[len(part) // 2:]
            verdict, first_bar = _along(along, halves[0])
            if verdict == "right":
                right.append(Group(halves[0], "right", first_bar))
                wrong.append((halves[1], bar))
                continue
            wrong.append((halves[0], first_bar))
            verdict, second_bar = _along(along, halves[1])
            if verdict == "right":
                right.append(Group(halves[1], "right", second_bar))
            else:
                wrong.append((halves[1], second_bar))
    return right, wrong


def _one_of(part, along):
    """A few neighbouring positions, of a wrong part, among which is a wrong one."""
    while len(part) > ALONE:
        first, second = part[:len(part) // 2], part[len(part) // 2:]
        part = second if _along(along, first)[0] == "right" else first
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
