"""What a check found, as objects and as plain dicts; how they look on a page is in `report_text` and `report_pages`."""

import math
from dataclasses import dataclass, field

from .report_pages import html, markdown
from .report_text import block_line, text
from .verdict import worst_of

# What a Finding of the audit means for the gradients; any other is told and changes no verdict.
EFFECTS = {"loss not deterministic": "cannot tell", "gradients change the loss": "cannot tell",
           "stale forward pass": "cannot tell", "gradients accumulate": "wrong",
           "gradients not deterministic": "wrong"}


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

    def __str__(self):
        return (f"{self.name}: analytic {self.analytic:.10g}, numeric {self.numeric:.10g} ± {self.error_bar:.1e}, "
                f"ratio {self.ratio:.6g} ({self.reason})")

    def to_dict(self):
        """Plain dict; a number that is not finite is None."""
        return _plain({**self.__dict__, "index": list(self.index)})


@dataclass(frozen=True)
class BlockReport:
    """One block of parameters: `name`, `shape`, `verdict`, `entries` in order, and views of them.

    `smallest_visible`: an error of this size, relative to the largest entry of the block, would have been called wrong in
    whichever entry it was (those at a kink left out); infinite where there is none. `cause`: None, or what explains the
    block, with `id`, `sentence`, `explains`. `by_directions`: how many entries were judged together, along random
    directions, and not one by one; they are not among `entries`.
    """

    name: str
    shape: tuple
    verdict: str
    entries: tuple
    smallest_visible: float = math.inf
    cause: object = None
    by_directions: int = 0

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
        """The Entry whose two derivatives are the most error bars apart; None where there is none."""
        return max(self.entries, key=lambda entry: entry.bars_apart, default=None)

    def __str__(self):
        return block_line(self)

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return _plain({"name": self.name, "shape": list(self.shape), "verdict": self.verdict,
                       "smallest_visible": self.smallest_visible, "by_directions": self.by_directions,
                       "cause": None if self.cause is None else self.cause.to_dict(),
                       "entries": [entry.to_dict() for entry in self.entries]})


@dataclass(frozen=True)
class Note:
    """Why a pass says little about some blocks: `id`, a `sentence`, `blocks` (names), and `chosen`, a mask of entries."""

    id: str
    sentence: str
    blocks: tuple
    chosen: object = None

    def __str__(self):
        return self.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {"id": self.id, "sentence": self.sentence, "blocks": list(self.blocks)}


@dataclass(frozen=True)
class Again:
    """The second check, at a generic point nearby: `verdict`, `sentence`, `blocks` where entries were looked at, `cause`."""

    verdict: str
    sentence: str
    blocks: tuple = ()
    cause: object = None

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {"verdict": self.verdict, "sentence": self.sentence, "blocks": [block.to_dict() for block in self.blocks]}


@dataclass(frozen=True)
class Report:
    """What `check` found. report["W1"] is the BlockReport of one block; print(report) tells it all.

    `blocks`: BlockReports in order. `cause`: None, or what explains everything that is wrong. `audit`: Findings about the
    functions themselves. `notes`: where a pass means little, and `again`: the second check that this led to, or None.
    `intermediates`: BlockReports of the taps, in forward order. `explanations`: the known mistakes that give exactly these
    gradients, where a network was described. `evaluations` of the loss, `seconds`, `seed`, `confidence`; `conventions`:
    sentences; `call`: a line that does it again.
    """

    blocks: tuple
    evaluations: int
    seed: int
    confidence: float
    subject: str = "gradients"
    cause: object = None
    audit: tuple = ()
    notes: tuple = ()
    again: Again | None = None
    intermediates: tuple = ()
    explanations: tuple = ()
    seconds: float = 0.0
    conventions: tuple = ()
    call: str = ""
    verdict: str = field(init=False)

    def __post_init__(self):
        effects = [EFFECTS.get(finding.id, "right") for finding in self.audit]
        again = [] if self.again is None or self.again.verdict == "cannot tell" else [self.again.verdict]
        found = [block.verdict for block in (*self.blocks, *self.intermediates)]
        object.__setattr__(self, "verdict", worst_of([*found, *effects, *again]))

    @property
    def first_wrong_intermediate(self):
        """The name of the first wrong intermediate, counted from the loss backwards; None where none is wrong."""
        return next((block.name for block in reversed(self.intermediates) if block.verdict == "wrong"), None)

    def __getitem__(self, name):
        for block in (*self.blocks, *self.intermediates):
            if block.name == name:
                return block
        raise KeyError(f"{name!r}: the blocks are {', '.join(block.name for block in self.blocks)}")

    def __repr__(self):
        return f"Report: {self.verdict}, {len(self.blocks)} blocks, {self.evaluations} evaluations"

    def __str__(self):
        return text(self)

    def markdown(self):
        """The report as Markdown."""
        return markdown(self)

    def _repr_html_(self):
        return html(self)

    def to_dict(self):
        """Plain dict, ready for JSON; without the seconds, so that the same check gives the same dict."""
        return _plain({"verdict": self.verdict, "subject": self.subject, "evaluations": self.evaluations, "seed": self.seed,
                       "confidence": self.confidence, "cause": None if self.cause is None else self.cause.to_dict(),
                       "audit": [finding.to_dict() for finding in self.audit],
                       "notes": [note.to_dict() for note in self.notes],
                       "again": None if self.again is None else self.again.to_dict(),
                       "first_wrong_intermediate": self.first_wrong_intermediate,
                       "intermediates": [block.to_dict() for block in self.intermediates],
                       "explanations": [{"id": each.id, "sentence": each.sentence} for each in self.explanations],
                       "conventions": list(self.conventions), "call": self.call,
                       "blocks": [block.to_dict() for block in self.blocks]})


def _plain(value):
    """The value with None for every float that is not finite, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
