"""What a check found: a Report of blocks, each of which has entries."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.report.printing import block_line, entry_text, html, markdown, text
from gradcheck.verdict import worst_of

BADNESS = {"right": 0, "undecided": 1, "wrong": 2}


@dataclass(frozen=True)
class Report:
    """What `check` found. report["W1"] is the BlockReport of one block; print(report) shows everything.

    `verdict`: "right", "wrong" or "undecided". `blocks`: BlockReports in order. `cause`: None, or what
    explains everything that is wrong. `audit`: Findings about the functions themselves. `notes`: where a pass
    means little, and `nearby`: the second check that this led to, or None; `special`: that at special points,
    or None. `intermediates`: BlockReports of
    the intermediates, in forward order. `known_mistakes`: those that give exactly these gradients, where a
    network was described. `evaluations` of the loss, `seconds`, `seed`, `confidence`; `conventions`:
    sentences; `call`: a line that does it again. `source`: (loss, gradients, parameters) for `plot`, or None;
    a copy and a pickle of the report are without it, as functions can seldom be pickled.
    """

    blocks: tuple
    evaluations: int
    seed: int
    confidence: float
    subject: str = "gradients"
    cause: Any = None
    audit: tuple = ()
    notes: tuple = ()
    nearby: "NearbyCheck | None" = None
    special: "NearbyCheck | None" = None
    intermediates: tuple = ()
    known_mistakes: tuple = ()
    seconds: float = 0.0
    conventions: tuple = ()
    call: str = ""
    source: tuple | None = field(default=None, repr=False, compare=False)
    verdict: str = field(init=False)

    def __post_init__(self):
        effects = [finding.effect for finding in self.audit]
        others = [each.verdict for each in (self.nearby, self.special) if each is not None]
        nearby = [verdict for verdict in others if verdict != "undecided"]
        found = [block.verdict for block in (*self.blocks, *self.intermediates)]
        object.__setattr__(self, "verdict", worst_of([*found, *effects, *nearby]))

    @property
    def first_wrong_intermediate(self) -> str | None:
        """The name of the first wrong intermediate, from the loss backwards; None where none is wrong."""
        return next((block.name for block in reversed(self.intermediates) if block.verdict == "wrong"), None)

    def plot(self) -> Any:
        """A matplotlib Figure: error against step for the worst entry, above the verdicts of all entries.

        Calls the loss some hundred times. Raises GradcheckError for a report that has lost its functions, and
        where matplotlib (the extra `plot`) is missing.
        """
        from gradcheck.report.figures import report_figure

        if self.source is None:
            lost = "this report no longer has its functions (it was copied, unpickled, or made by hand)"
            takes = "gradcheck.report.figures.report_figure(report, loss, gradients, parameters) takes them"
            raise GradcheckError(f"plot: {lost}; {takes}")
        return report_figure(self, *self.source)

    def __getstate__(self):
        return self.__dict__ | {"source": None}

    def __getitem__(self, name: str) -> "BlockReport":
        for block in (*self.blocks, *self.intermediates):
            if block.name == name:
                return block
        raise KeyError(f"{name!r}: the arrays are {', '.join(block.name for block in self.blocks)}")

    def __repr__(self) -> str:
        return f"Report: {self.verdict}, {len(self.blocks)} arrays, {self.evaluations} evaluations"

    def __str__(self) -> str:
        return text(self)

    def markdown(self) -> str:
        """The report as Markdown."""
        return markdown(self)

    def _repr_html_(self) -> str:
        return html(self)

    def _repr_markdown_(self) -> str:
        return markdown(self)

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON; without the seconds, so that the same check gives the same dict."""
        first = "verdict subject evaluations seed confidence cause audit notes nearby special"
        keys = (
            f"{first} first_wrong_intermediate intermediates known_mistakes conventions call blocks".split()
        )
        return plain({key: getattr(self, key) for key in keys})


@dataclass(frozen=True)
class BlockReport:
    """One block of parameters: `name`, `shape`, `verdict`, `entries` in order, and views of them.

    `smallest_visible`: an error of this size, relative to the largest entry of the block, would have been
    called wrong in whichever entry it was (those at a kink left out); infinite where there is none. `cause`:
    None, or what explains the block. `by_directions`: how many entries were judged together, along random
    directions; they are not among `entries`, so that a block can be wrong of which no single entry is known
    to be. `groups`: what was judged together, each with `positions` (in flat order) and `verdict`.
    `precision`: the lower one of the loss and of the gradients.
    """

    name: str
    shape: tuple
    verdict: str
    entries: tuple
    smallest_visible: float = math.inf
    cause: Any = None
    by_directions: int = 0
    groups: tuple = field(default=(), repr=False, compare=False)
    precision: str = "float64"

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    @property
    def wrong(self) -> list[tuple]:
        """Index tuples of the wrong entries."""
        return [entry.index for entry in self.entries if entry.verdict == "wrong"]

    @property
    def undecided(self) -> list[tuple]:
        """Index tuples of the entries that are neither right nor wrong for sure."""
        return [entry.index for entry in self.entries if entry.verdict == "undecided"]

    @property
    def at_kink(self) -> list[tuple]:
        """Index tuples of the right entries at a kink: any slope between the one-sided ones is right."""
        return [
            entry.index for entry in self.entries if entry.verdict == "right" and "at a kink" in entry.reason
        ]

    @property
    def worst(self) -> "Entry | None":
        """The worst Entry: wrong before undecided, then the most error bars away; None for no entry."""
        return max(self.entries, key=lambda entry: entry.badness, default=None)

    def __str__(self) -> str:
        return block_line(self)

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        keys = "name shape verdict precision smallest_visible by_directions groups cause entries".split()
        groups = [{"verdict": group.verdict, "ranges": ranges(group.positions)} for group in self.groups]
        return plain({key: getattr(self, key) for key in keys} | {"groups": groups})


@dataclass(frozen=True)
class Entry:
    """One entry: its index in the block, both derivatives, the bar it is judged by, and what was found.

    `error_bar`: error of the numerical derivative plus rounding of the analytic one. `ratio` is
    analytic/numeric: -1 for a sign, 2 for a forgotten half; NaN for 0/0.
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
    def bars_apart(self) -> float:
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

    def __str__(self) -> str:
        return f"{entry_text(self)} ({self.reason})"

    def to_dict(self) -> dict:
        """Plain dict; a number that is not finite is None."""
        return plain(self.__dict__)


@dataclass(frozen=True)
class NearbyCheck:
    """A check elsewhere, nearby or at special points: `verdict`, `sentence`, checked `blocks`, `cause`."""

    verdict: str
    sentence: str
    blocks: tuple = ()
    cause: Any = None

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        return plain(self.__dict__)


@dataclass(frozen=True)
class Note:
    """Why a pass says little about some `blocks` (names): `id`, `sentence`; `chosen` masks their entries."""

    id: str
    sentence: str
    blocks: tuple
    chosen: object = None

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        return {"id": self.id, "sentence": self.sentence, "blocks": list(self.blocks)}


def ranges(positions):
    """[[start, stop], ...] of the runs in an array of whole numbers, in ascending order."""
    positions = np.sort(positions)
    ends = np.flatnonzero(np.diff(positions) != 1) + 1
    return [[int(run[0]), int(run[-1]) + 1] for run in np.split(positions, ends) if len(run) > 0]


def plain(value):
    """The value, ready for JSON: None for a float that is not finite, lists for arrays, dicts for objects."""
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
