"""Every entry's numerical derivative and its verdict at one point, as arrays and then as blocks; no cause is looked for."""

import math

import numpy as np

from .derivatives import OVERALL, PER_ENTRY, gradient
from .directions import MANY, cleared
from .errors import entry_name
from .report import BlockReport, Entry
from .verdict import Judgement, judge, worst_of


class Measured:
    """Verdicts on the analytic gradient of a Problem at a vector, for the `blocks` of its Point.

    `chosen`: a mask of the entries to judge. `doubt`: why nothing can be told of the function at all, or None. `bounds`:
    (low, high) vectors or None. `single_precision`: whether the loss hides a float32. `numeric`, `bar`: vectors, NaN and
    infinite where an entry was not looked at by itself. `last_call`: the number of evaluations of the Problem that is not
    to be exceeded; `reserve`: how many of them are not spent on tightening bars, but left for later.
    """

    def __init__(self, problem, blocks, vector, analytic, rounding, chosen, confidence, bounds=None, doubt=None,
                 last_call=math.inf, reserve=0):
        self.point, self.blocks, self.vector, self.analytic = problem.point, blocks, vector, analytic
        self.confidence, self.doubt = confidence, doubt
        self.numeric, self.error = np.full_like(vector, np.nan), np.full_like(vector, np.inf)
        self.rounding, self.judgements, self.groups = rounding, {}, []
        self.single_precision = False
        if np.sum(chosen) > MANY and bounds is None and doubt is None:
            chosen, self.groups = cleared(problem, blocks, vector, analytic, rounding, chosen, confidence)
        self._measure(problem, np.flatnonzero(chosen), bounds, last_call, reserve)

    @property
    def bar(self):
        """Error of the numerical derivatives plus rounding of the analytic ones."""
        return self.error + self.rounding

    def _measure(self, problem, positions, bounds, last_call, reserve):
        if len(positions) == 0:
            return
        allowance = min(OVERALL, last_call - problem.evaluations - PER_ENTRY * len(positions))
        numeric = gradient(_restricted(problem.value, self.vector, positions), self.vector[positions], seed=problem.seed,
                           bounds=None if bounds is None else tuple(each[positions] for each in bounds),
                           allowance=allowance, reserve=reserve)
        self.numeric[positions], self.error[positions] = numeric.value, numeric.error
        self.single_precision = "single precision" in numeric.reason.tolist()
        scale = float(np.max(numeric.scale))
        for i, position in enumerate(positions.tolist()):
            self.judgements[position] = self._judged(position, numeric.estimate(i), scale)

    def _judged(self, position, estimate, scale):
        analytic = float(self.analytic[position])
        rounding = self.rounding[position] / abs(analytic) if analytic != 0.0 else 0.0
        judgement = judge(analytic, estimate, scale, rounding, self.confidence)
        if self.doubt is not None and math.isfinite(analytic):
            return Judgement("cannot tell", self.doubt)
        return judgement

    def reports(self, causes=None, effects=None):
        """A BlockReport per block in which something was judged. `effects`: name -> verdict that the audit demands."""
        found = []
        for block in self.blocks:
            groups = [group for group in self.groups if block.start <= group.positions[0] < block.stop]
            entries = tuple(self._entry(block, i) for i in range(block.start, block.stop) if i in self.judgements)
            verdicts = [entry.verdict for entry in entries] + [group.verdict for group in groups]
            if len(verdicts) == 0 and block.stop > block.start:
                continue
            verdicts.append((effects or {}).get(block.name, "right"))
            found.append(BlockReport(block.name, block.shape, worst_of(verdicts), entries, self._visible(block, groups),
                                     None if causes is None else causes[block.name],
                                     sum(len(group.positions) for group in groups)))
        return tuple(found)

    def _entry(self, block, position):
        index, judgement = block.index(position), self.judgements[position]
        a, n = float(self.analytic[position]), float(self.numeric[position])
        ratio = a / n if n != 0.0 else math.nan if a == 0.0 else math.copysign(math.inf, a)
        return Entry(entry_name(block.name, index), index, a, n, float(self.error[position]), ratio, str(judgement),
                     judgement.reason)

    def _visible(self, block, groups):
        """An error that is more than `confidence` bars from whatever lies within one, relative to the largest entry."""
        plain = [i for i in range(block.start, block.stop)
                 if i in self.judgements and "kink" not in self.judgements[i].reason]
        bars = [float(self.bar[i]) for i in plain] + [group.bar for group in groups]
        sizes = [abs(float(self.numeric[i])) for i in plain if math.isfinite(self.numeric[i])]
        sizes += [float(np.max(np.abs(self.analytic[group.positions]))) for group in groups]
        largest = max(sizes, default=0.0)
        if self.doubt is not None or len(bars) == 0 or largest == 0.0:
            return math.inf
        return (self.confidence + 1.0) * max(bars) / largest


def _restricted(f, vector, positions):
    """f as a function of some entries of the vector alone, real or complex."""
    if len(positions) == vector.size:
        return f

    def of_some(part):
        moved = vector.astype(part.dtype)
        moved[positions] = part
        return f(moved)
    return of_some
