"""Right, wrong, or cannot tell: gradients judged by the error bars of numerical derivatives; no cause is looked for.

The rule, for one entry with bar = error of the numerical derivative + rounding of the analytic value itself:

    right        |analytic - numeric| <= bar, and the bar is narrow enough to mean something (below)
    wrong        |analytic - numeric| > 4 bar
    cannot tell  in between; or the bar is infinite; or it is too wide

The 4 is the factor within which Moré and Wild (2011) vouch for a measured noise, from which the bar is made. A bar is
narrow enough when it resolves the derivative, that is when a zero in its place would have been called wrong; or, for a
derivative too small for that, when it is below sqrt(u) of the slopes of f (half of the digits of a float, all that a
one-sided difference could ever give); or when f did not move at all. At a kink every slope between the one-sided ones
is a derivative of f (F. H. Clarke 1975), so whatever lies within the bar is right, and the reason says so.
"""

import math
from dataclasses import dataclass

import numpy as np

from .calls import real_number
from .derivatives import gradient
from .errors import GradcheckError, entry_name
from .point import Point
from .rounding import U

WELL_BEYOND = 4.0
HALF_THE_DIGITS = math.sqrt(U)


class Judgement(str):
    """"right", "wrong" or "cannot tell": a plain string that also has its `reason`, one clause."""

    def __new__(cls, verdict, reason):
        judgement = super().__new__(cls, verdict)
        judgement.reason = reason
        return judgement


def judge(analytic, estimate, scale=None, rounding=None):
    """The Judgement of one analytic derivative by an Estimate, by the rule at the top of this file.

    `scale`: size of the slopes of f, by default that of the estimate. `rounding`: relative rounding of the analytic
    value, by default 2**-53. Raises NotRealNumbers.
    """
    analytic = real_number("analytic", analytic)
    scale = estimate.scale if scale is None else scale
    rounding = U if rounding is None else rounding
    if math.isnan(analytic) or math.isinf(analytic):
        return Judgement("wrong", f"a derivative cannot be {analytic}")
    if not math.isfinite(estimate.error):
        return Judgement("cannot tell", "the function is not finite on both sides: the edge of its domain")
    bar = estimate.error + rounding * abs(analytic)
    difference = abs(analytic - estimate.value)
    if difference > WELL_BEYOND * bar:
        return Judgement("wrong", f"{_times(difference, bar)} error bars apart")
    if difference > bar:
        apart = _times(difference, bar)
        return Judgement("cannot tell", f"{apart} error bars apart: more than 1, at most {WELL_BEYOND:g}")
    if estimate.kink:
        return Judgement("right", "at a kink, between the two one-sided slopes")
    if abs(estimate.value) > WELL_BEYOND * bar or bar <= HALF_THE_DIGITS * scale or scale == 0.0:
        return Judgement("right", "within the error bar")
    return Judgement("cannot tell", f"the error bar {bar:.1e} is too wide to tell {analytic:.3g} from zero: "
                                    "noise, hidden single precision, or a point too close to the edge of the domain")


def check(loss, gradients, parameters, *, seed=0):
    """Judge a gradient, entry by entry. Returns a Report.

    loss: parameters -> one real number, or (number, gradients) when `gradients` is None. gradients: a function of the
    parameters, or ready numbers, in the structure of `parameters`: a dict of names to arrays or floats, a list or
    tuple, nested, one array, one float. Functions are handed fresh float64 copies, so nothing of the caller changes.
    `seed` draws the direction along which the noise of the loss is measured. Raises GradcheckError (a ValueError) for
    shapes or structures that differ, numbers that are not real or not finite.
    """
    point = Point(parameters)
    analytic, rounding = _analytic(loss, gradients, point)

    def value_at(vector):
        value = loss(point.restore(vector))
        return _pair(value)[0] if gradients is None else value

    numeric = gradient(value_at, point.vector, seed=seed)
    scale = float(np.max(numeric.scale))
    judgements = [judge(analytic[i], numeric.estimate(i), scale, rounding[i]) for i in range(analytic.size)]
    blocks = [_block(block, analytic, numeric, judgements) for block in point.blocks]
    return Report(blocks, numeric.evaluations, seed)


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

    def __str__(self):
        return (f"{self.name}: analytic {self.analytic:.10g}, numeric {self.numeric:.10g} ± {self.error_bar:.1e}, "
                f"ratio {self.ratio:.6g} ({self.reason})")

    def to_dict(self):
        """Plain dict; a ratio that is not finite is None."""
        plain = {**self.__dict__, "index": list(self.index)}
        return {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in plain.items()}


@dataclass(frozen=True)
class BlockReport:
    """One block of parameters: `name`, `verdict`, its `entries` in order, and three views of them."""

    name: str
    verdict: str
    entries: tuple

    @property
    def wrong(self):
        """Index tuples of the wrong entries."""
        return [entry.index for entry in self.entries if entry.verdict == "wrong"]

    @property
    def unclear(self):
        """Index tuples of the entries about which nothing can be told."""
        return [entry.index for entry in self.entries if entry.verdict == "cannot tell"]

    @property
    def worst(self):
        """The Entry whose two derivatives are the most error bars apart; None for an empty block."""
        return max(self.entries, key=_bars_apart, default=None)

    def __str__(self):
        line = f"{self.name}: {self.verdict}, {len(self.entries)} entries"
        if len(self.wrong) > 0:
            line += f", {len(self.wrong)} wrong"
        if len(self.unclear) > 0:
            line += f", {len(self.unclear)} not to be told"
        kinks = sum(entry.verdict == "right" and "kink" in entry.reason for entry in self.entries)
        if kinks > 0:
            line += f", {kinks} at a kink"
        if len(self.entries) > 0:
            line += f", widest bar {max(entry.error_bar for entry in self.entries):.1e}"
        return line


class Report:
    """What `check` found: `verdict` of the whole, `blocks` in order, `evaluations` of the loss, `seed`.

    report["W1"] is the BlockReport of one block. print(report) gives a line per block, then the wrong entries (or,
    where none is wrong, those about which nothing can be told).
    """

    def __init__(self, blocks, evaluations, seed):
        self.blocks = list(blocks)
        self.verdict = _overall(block.verdict for block in self.blocks)
        self.evaluations = evaluations
        self.seed = seed

    def __getitem__(self, name):
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(f"{name!r}: the blocks are {', '.join(block.name for block in self.blocks)}")

    def __repr__(self):
        return f"Report: {self.verdict}, {len(self.blocks)} blocks, {self.evaluations} evaluations"

    def __str__(self):
        listed = "wrong" if self.verdict == "wrong" else "cannot tell"
        entries = [entry for block in self.blocks for entry in block.entries if entry.verdict == listed]
        lines = [f"gradients: {self.verdict} ({self.evaluations} evaluations, seed {self.seed})"]
        lines += [f"  {block}" for block in self.blocks]
        if len(entries) > 0:
            lines += [f"{listed}:"] + [f"  {entry}" for entry in entries]
        return "\n".join(lines)

    def to_dict(self):
        """Plain dict, ready for JSON."""
        blocks = [{"name": block.name, "verdict": block.verdict,
                   "entries": [entry.to_dict() for entry in block.entries]} for block in self.blocks]
        return {"verdict": self.verdict, "evaluations": self.evaluations, "seed": self.seed, "blocks": blocks}


def _analytic(loss, gradients, point):
    """(values, relative rounding of each) of the gradients to be judged, as vectors."""
    if gradients is None:
        found = _pair(loss(point.restore(point.vector)))[1]
    else:
        found = gradients(point.restore(point.vector)) if callable(gradients) else gradients
    return point.flatten_like(found), point.rounding_like(found)


def _pair(value):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise GradcheckError("loss: without gradients it must return (value, gradients), found "
                             f"{type(value).__name__}; return both, or give the gradients as the second argument")
    return value


def _block(block, analytic, numeric, judgements):
    entries = []
    for i in range(block.start, block.stop):
        index, judgement = block.index(i), judgements[i]
        a, n = float(analytic[i]), float(numeric.value[i])
        entries.append(Entry(entry_name(block.name, index), index, a, n, float(numeric.error[i]),
                             a / n if n != 0.0 else math.nan if a == 0.0 else math.copysign(math.inf, a),
                             str(judgement), judgement.reason))
    return BlockReport(block.name, _overall(entry.verdict for entry in entries), tuple(entries))


def _overall(verdicts):
    verdicts = set(verdicts)
    return "wrong" if "wrong" in verdicts else "cannot tell" if "cannot tell" in verdicts else "right"


def _bars_apart(entry):
    difference = abs(entry.analytic - entry.numeric)
    if not math.isfinite(entry.error_bar) or difference == 0.0:
        return 0.0
    return difference / entry.error_bar if entry.error_bar > 0.0 else math.inf


def _times(difference, bar):
    return f"{difference / bar:.3g}" if bar > 0.0 else "infinitely many"
