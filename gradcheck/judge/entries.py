"""Every entry's numerical derivative and its verdict at one point, as arrays and then as blocks; no cause is
looked for.
"""

import math
from dataclasses import replace

import numpy as np

from gradcheck.errors import entry_name
from gradcheck.judge.directions import Group, judge_along, locate, random_direction
from gradcheck.numeric.complex_step import with_parts
from gradcheck.numeric.derivatives import OVERALL, PER_ENTRY, Estimate, floor_along, gradient
from gradcheck.report.report import BlockReport, Entry
from gradcheck.verdict import Judgement, is_narrow, judge, visible_from, worst_of

ONE_BY_ONE = 4096  # entries; with more, blocks are judged along random directions first
UNMEASURED = Estimate(math.nan, math.inf, math.nan, 0)
MOST_NOT_FINITE = 8  # entries of a block that are no finite numbers, named one by one


class JudgedEntries:
    """Verdicts on the analytic gradient of a CallersFunctions at a vector, for the `blocks` of its Point.

    `chosen`: a mask of the entries to judge. `doubt`: why nothing can be told of the function at all, or
    None. `bounds`: (low, high) vectors or None. `single_precision`: whether the loss hides a float32.
    `numeric`, `bar`: vectors, NaN and infinite where an entry was not looked at by itself. `last_call`: the
    number of evaluations of the CallersFunctions that is not to be exceeded; `reserve`: how many of them are
    not spent on tightening bars, but left for later. `one_by_one`: with more entries than this, they are
    judged together, along random directions, as far as these come out right.
    """

    def __init__(
        self,
        problem,
        blocks,
        vector,
        analytic,
        rounding,
        chosen,
        confidence,
        *,
        bounds=None,
        doubt=None,
        last_call=math.inf,
        reserve=0,
        one_by_one=ONE_BY_ONE,
    ):
        self._problem, self.point, self.blocks, self.vector, self.analytic = (
            problem,
            problem.point,
            blocks,
            vector,
            analytic,
        )
        self.confidence, self.doubt, self._bounds = confidence, doubt, bounds
        self.numeric, self.error, self._scale = (
            np.full_like(vector, np.nan),
            np.full_like(vector, np.inf),
            np.zeros_like(vector),
        )
        self.rounding, self.judgements, self.groups = rounding, {}, []
        self.single_precision, self._floor = False, None
        if doubt is not None:
            self.judgements = {i: self._judged(i, UNMEASURED, 0.0) for i in np.flatnonzero(chosen).tolist()}
        elif np.sum(chosen) > one_by_one and bounds is None:
            self._locate(chosen)
        else:
            positions = np.flatnonzero(chosen)
            self._look(
                positions, min(OVERALL, last_call - problem.evaluations - PER_ENTRY * len(positions)), reserve
            )

    @property
    def bar(self):
        """Error of the numerical derivatives plus rounding of the analytic ones."""
        return self.error + self.rounding

    def _locate(self, chosen):
        draw = np.random.default_rng([self._problem.seed, 2])

        def along(positions):
            direction = random_direction(self.vector, positions, draw)
            judgement, bar = judge_along(
                self._problem,
                self.vector,
                self.analytic,
                self.rounding,
                direction,
                self.confidence,
                floor=self._floor,
            )
            return judgement, bar, is_narrow(bar, np.max(np.abs(self.analytic[positions])), self.confidence)

        self._floor = floor_along(self._problem.value, self.vector, self._problem.seed)
        for block in self.blocks:
            positions = block.start + np.flatnonzero(chosen[block.start : block.stop])
            unknown = positions[~np.isfinite(self.analytic[positions])]
            self._look(unknown[:MOST_NOT_FINITE])
            positions = positions[np.isfinite(self.analytic[positions])]
            if len(positions) > 0:
                self.groups += locate(block, positions, along, self._look, draw)
            if len(unknown) > MOST_NOT_FINITE:
                self.groups.append(Group(unknown[MOST_NOT_FINITE:], "wrong", math.inf))

    def _look(self, positions, allowance=OVERALL, reserve=0):
        """Measure and judge the entries at the positions one by one; returns how many of them are wrong."""
        if len(positions) == 0:
            return 0
        bounds = None if self._bounds is None else tuple(each[positions] for each in self._bounds)
        numeric = gradient(
            _restricted(self._problem.value, self.vector, positions),
            self.vector[positions],
            seed=self._problem.seed,
            bounds=bounds,
            allowance=allowance,
            reserve=reserve,
            floor=self._floor,
        )
        self.numeric[positions], self.error[positions] = numeric.value, numeric.error
        self.single_precision |= "single precision" in numeric.reason.tolist()
        self._scale[positions] = numeric.scale
        for block in self.blocks:
            largest = np.max(self._scale[block.start : block.stop], initial=0.0)
            for i in np.flatnonzero((block.start <= positions) & (positions < block.stop)).tolist():
                position = int(positions[i])
                self.judgements[position] = self._judged(position, numeric.estimate(i), float(largest))
        return sum(self.judgements[position] == "wrong" for position in positions.tolist())

    def _judged(self, position, estimate, scale):
        analytic = float(self.analytic[position])
        rounding = self.rounding[position] / abs(analytic) if analytic != 0.0 else 0.0
        judgement = judge(analytic, estimate, scale, rounding, self.confidence)
        if self.doubt is not None and math.isfinite(analytic):
            return Judgement("undecided", self.doubt)
        return judgement

    def reports(self, causes=None, effects=None):
        """A BlockReport per block in which something was judged. `effects`: name -> verdict that the audit
        demands.
        """
        found = []
        for block in self.blocks:
            groups = [group for group in self.groups if block.start <= group.positions[0] < block.stop]
            entries = tuple(
                self._entry(block, i) for i in range(block.start, block.stop) if i in self.judgements
            )
            verdicts = [entry.verdict for entry in entries] + [group.verdict for group in groups]
            if len(verdicts) == 0 and block.stop > block.start:
                continue
            verdicts.append((effects or {}).get(block.name, "right"))
            found.append(
                BlockReport(
                    block.name,
                    block.shape,
                    worst_of(verdicts),
                    entries,
                    self._visible(block, groups),
                    None if causes is None else causes[block.name],
                    sum(len(group.positions) for group in groups),
                    tuple(replace(group, positions=group.positions - block.start) for group in groups),
                )
            )
        return tuple(found)

    def _entry(self, block, position):
        index, judgement = block.index(position), self.judgements[position]
        a, n = float(self.analytic[position]), float(self.numeric[position])
        ratio = a / n if n != 0.0 else math.nan if a == 0.0 else math.copysign(math.inf, a)
        return Entry(
            entry_name(block.name, index),
            index,
            a,
            n,
            float(self.error[position]),
            ratio,
            str(judgement),
            judgement.reason,
        )

    def _visible(self, block, groups):
        """The smallest error certain to be called wrong, whichever entry it is in, as a part of the block's
        largest one.
        """
        plain = [
            i
            for i in range(block.start, block.stop)
            if i in self.judgements and "kink" not in self.judgements[i].reason
        ]
        bars = [float(self.bar[i]) for i in plain] + [group.bar for group in groups]
        sizes = [abs(float(self.numeric[i])) for i in plain if math.isfinite(self.numeric[i])]
        sizes += [float(np.max(np.abs(self.analytic[group.positions]))) for group in groups]
        largest = max(sizes, default=0.0)
        if self.doubt is not None or len(bars) == 0 or largest == 0.0:
            return math.inf
        return visible_from(max(bars), self.confidence) / largest


def _restricted(f, vector, positions):
    """f as a function of some entries of the vector alone, real or complex."""
    if len(positions) == vector.size:
        return f

    return lambda part: f(with_parts(part, vector, positions))
