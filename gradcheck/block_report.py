"""What a check found of one block and of each of its entries; how that looks on a page is in `report_text`."""

import math
from dataclasses import dataclass, field

import numpy as np

from .report_text import block_line, entry_text

BADNESS = {"right": 0, "cannot tell": 1, "wrong": 2}


@dataclass(frozen=True)
class Entry:
    """One entry: its index in the block, both derivatives, the numerical error bar, and what was found.

    `ratio` is analytic/numeric: -1 for a sign, 2 for a forgotten half; NaN for 0/0.
    """

    name: str
    index: tuple
    analytic: float
    numeric: float
    error_bar: float
    ratio: float
    verdict: str
    reason: str

    @property
    def bars_apart(self):
        """How many error bars lie between the two derivatives; 0 where nothing is known."""
        difference = abs(self.analytic - self.numeric)
        if not math.isfinite(self.analytic):
            return math.inf
        if not math.isfinite(self.error_bar) or difference == 0.0:
            return 0.0
        return difference / self.error_bar if self.error_bar > 0.0 else math.inf

    @property
    def badness(self):
        """What the worst entry has most of: first its verdict, then how many error bars it is away."""
        return BADNESS[self.verdict], self.bars_apart

    def __str__(self):
        return f"{entry_text(self)} ({self.reason})"

    def to_dict(self):
        """Plain dict; a number that is not finite is None."""
        return plain({**self.__dict__, "index": list(self.index)})


@dataclass(frozen=True)
class BlockReport:
    """One block of parameters: `name`, `shape`, `verdict`, `entries` in order, and views of them.

    `smallest_visible`: an error of this size, relative to the largest entry of the block, would have been called wrong in
    whichever entry it was (those at a kink left out); infinite where there is none. `cause`: None, or what explains the
    block, with `id`, `sentence`, `explains`. `by_directions`: how many entries were judged together, along random
    directions, and not one by one; they are not among `entries`, so that a block can be wrong of which no single entry is
    known to be. `groups`: what was judged together, each with `positions` (an array, in the flat order of the block) and
    `verdict`.
    """

    name: str
    shape: tuple
    verdict: str
    entries: tuple
    smallest_visible: float = math.inf
    cause: object = None
    by_directions: int = 0
    groups: tuple = field(default=(), repr=False, compare=False)

    @property
    def size(self):
        """The number of entries."""
        return math.prod(self.shape)

    @property
    def wrong(self):
        """Index tuples of the wrong entries."""
        return [entry.index for entry in self.entries if entry.verdict == "wrong"]

    @property
    def unclear(self):
        """Index tuples of the entries about which nothing can be told."""
        return [entry.index for entry in self.entries if entry.verdict == "cannot tell"]

    @property
    def at_kink(self):
        """Index tuples of the right entries at a kink, where any slope between the one-sided ones is right."""
        return [entry.index for entry in self.entries if entry.verdict == "right" and "kink" in entry.reason]

    @property
    def worst(self):
        """The Entry that is the worst: a wrong one if there is one, and the most error bars away; None where there is none."""
        return max(self.entries, key=lambda entry: entry.badness, default=None)

    def __str__(self):
        return block_line(self)

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return plain({"name": self.name, "shape": list(self.shape), "verdict": self.verdict,
                      "smallest_visible": self.smallest_visible, "by_directions": self.by_directions,
                      "groups": [{"verdict": group.verdict, "ranges": ranges(group.positions)} for group in self.groups],
                      "cause": None if self.cause is None else self.cause.to_dict(),
                      "entries": [entry.to_dict() for entry in self.entries]})


def ranges(positions):
    """[[start, stop], ...] of the runs in an array of whole numbers, in ascending order."""
    positions = np.sort(positions)
    ends = np.flatnonzero(np.diff(positions) != 1) + 1
    return [[int(run[0]), int(run[-1]) + 1] for run in np.split(positions, ends) if len(run) > 0]


def plain(value):
    """The value with None for every float that is not finite, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
