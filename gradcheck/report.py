"""What a check found, as objects and as plain dicts; how they look on a page is in `report_text` and `report_pages`."""

from dataclasses import dataclass, field

from .block_report import BlockReport, Entry, plain
from .errors import GradcheckError
from .report_pages import html, markdown
from .report_text import text
from .verdict import worst_of

__all__ = ["Again", "BlockReport", "Entry", "Note", "Report"]

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
        return {"verdict": self.verdict, "sentence": self.sentence, "blocks": [block.to_dict() for block in self.blocks],
                "cause": None if self.cause is None else self.cause.to_dict()}


@dataclass(frozen=True)
class Report:
    """What `check` found. report["W1"] is the BlockReport of one block; print(report) tells it all.

    `blocks`: BlockReports in order. `cause`: None, or what explains everything that is wrong. `audit`: Findings about the
    functions themselves. `notes`: where a pass means little, and `again`: the second check that this led to, or None.
    `intermediates`: BlockReports of the taps, in forward order. `explanations`: the known mistakes that give exactly these
    gradients, where a network was described. `evaluations` of the loss, `seconds`, `seed`, `confidence`; `conventions`:
    sentences; `call`: a line that does it again. `source`: (loss, gradients, parameters) for `plot`, or None; a copy and a
    pickle of the report are without it, as functions can seldom be pickled.
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
    source: tuple | None = field(default=None, repr=False, compare=False)
    verdict: str = field(init=False)

    def __post_init__(self):
        effects = [finding.effect for finding in self.audit]
        again = [] if self.again is None or self.again.verdict == "cannot tell" else [self.again.verdict]
        found = [block.verdict for block in (*self.blocks, *self.intermediates)]
        object.__setattr__(self, "verdict", worst_of([*found, *effects, *again]))

    @property
    def first_wrong_intermediate(self):
        """The name of the first wrong intermediate, counted from the loss backwards; None where none is wrong."""
        return next((block.name for block in reversed(self.intermediates) if block.verdict == "wrong"), None)

    def plot(self):
        """A matplotlib Figure: error against step for the worst entry, and below it the verdicts, entry by entry.

        The loss is called for it, some hundred times. Raises GradcheckError for a report that has lost its functions, and
        where matplotlib (the extra `plot`) is missing.
        """
        from .plots import report_figure
        if self.source is None:
            raise GradcheckError("plot: this report no longer has its functions (it was copied, unpickled, or made by hand); "
                                 "gradcheck.plots.report_figure(report, loss, gradients, parameters) takes them")
        return report_figure(self, *self.source)

    def __getstate__(self):
        return self.__dict__ | {"source": None}

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
        """Plain dict of all there is, ready for JSON, but for the functions, and for the seconds: so the same check gives the
        same dict."""
        return plain({"verdict": self.verdict, "subject": self.subject, "evaluations": self.evaluations, "seed": self.seed,
                      "confidence": self.confidence, "cause": None if self.cause is None else self.cause.to_dict(),
                      "audit": [finding.to_dict() for finding in self.audit],
                      "notes": [note.to_dict() for note in self.notes],
                      "again": None if self.again is None else self.again.to_dict(),
                      "first_wrong_intermediate": self.first_wrong_intermediate,
                      "intermediates": [block.to_dict() for block in self.intermediates],
                      "explanations": [each.to_dict() for each in self.explanations],
                      "conventions": list(self.conventions), "call": self.call,
                      "blocks": [block.to_dict() for block in self.blocks]})
