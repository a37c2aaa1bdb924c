"""The verdict on every entry of a gradient at one point, and the rounding that the gradient is allowed.

Most entries of a large block are measured in two evaluations each, at a step that a few of them show. What
such a measurement does not prove right is left to a full search, so that nobody is accused by it; a mistake
passes only if the quotient errs by the very same amount.
"""

import math
from dataclasses import replace

import numpy as np

from gradcheck.errors import GradcheckError, Interrupted, entry_name
from gradcheck.judge.directions import (
    AGREEING,
    OUTSIDE,
    Group,
    Kinks,
    along_gradient,
    judge_along,
    locate,
    random_direction,
)
from gradcheck.judge.gradient import gradient_there
from gradcheck.numeric.derivatives import Estimate, SharedStep, floor_along, gradient
from gradcheck.numeric.steps import with_entries
from gradcheck.report.report import BlockReport, Entry
from gradcheck.verdict import SMALL_ERRORS, Judgement, is_narrow, judge, visible_from, worst_of

UNMEASURED = Estimate(math.nan, math.inf, math.nan, 0)
MARGINAL = 256.0  # error bars: what is wrong by no more is asked elsewhere in float32
ELSEWHERE = 2.0**-6  # relative: how far away what is wrong in float32 is judged again
AMONG_KINKS = "kinks too close"  # the reason of an Estimate
STATIONARY = 64.0  # roundings: a gradient that is no larger is zero but for them
AT_A_KINK = ("at a kink", "kink unresolved")  # in a reason, of an entry whose bar is no measure of errors
MOST_NOT_FINITE = 8  # entries of a block that are no finite numbers, named one by one


class JudgedEntries:
    """Verdicts on a GradientAt of CallersFunctions, for some `blocks` of their Point.

    `chosen`: a mask of the entries to judge, or None for all of the blocks. `doubt`: why the loss has no
    derivative at all, or None. With more than `one_by_one` entries, and without bounds, they are judged
    together along random directions, as far as these come out right. `numeric`, `bar`: vectors, NaN and
    infinite where an entry was not judged by itself; a bar is the error of the numerical derivative plus the
    rounding of the analytic one. `at_kink`: a mask of the entries along which the slope jumps. `judgements`:
    position -> Judgement; `groups`: what was judged together. `of_loss`: the precision that the loss
    shows, "float64", "float32" or "float16", by its values or by its noise; `precision`: the lower one of
    that and of the gradients. `doubtful`: positions of entries that dense kinks may bend. `is_interrupted`:
    whether Ctrl-C ended it, with `until_interrupted`, so that only some entries are judged.
    """

    def __init__(
        self,
        functions,
        blocks,
        at,
        confidence,
        one_by_one,
        chosen=None,
        doubt=None,
        until_interrupted=False,
    ):
        self._functions, self.point, self.blocks, self._at = functions, functions.point, blocks, at
        self.vector, self.analytic, self._rounding, _ = at
        is_stationary = np.max(np.abs(at.analytic)) <= STATIONARY * np.max(at.rounding)
        self._rounding_of_zeros = at.rounding if is_stationary else np.zeros_like(at.rounding)
        self.confidence, self.doubt, self.one_by_one = confidence, doubt, one_by_one
        self._low_precision, self.doubtful = functions.low_precision, set()
        self.numeric, self.bar = np.full_like(at.vector, np.nan), np.full_like(at.vector, np.inf)
        self.scale, self._floor = np.zeros_like(at.vector), functions.floor
        self.judgements, self.groups = {}, []
        self.is_interrupted = False
        self.at_kink = np.zeros(at.vector.shape, dtype=bool)
        positions = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
        positions = positions if chosen is None else positions[chosen[positions]]
        if doubt is not None:
            self.judgements = {i: self._judged(i, UNMEASURED, 0.0) for i in positions.tolist()}
        else:
            together = len(positions) > one_by_one and functions.bounds is None
            try:
                (self._judge_together if together else self._judge_one_by_one)(positions)
            except KeyboardInterrupt:
                if not until_interrupted or not (self.judgements or self.groups):
                    raise
                self.is_interrupted = True

    @property
    def of_loss(self):
        return "float64" if self._floor is None else self._floor.roughness

    @property
    def precision(self):
        return max(self.of_loss, self._low_precision or "float64", key=lambda each: SMALL_ERRORS[each])

    @property
    def is_rough(self):
        """Whether the loss is computed in low precision, or as rough."""
        return self.of_loss != "float64"

    @property
    def is_noisy(self):
        """Whether it is rough, and no precision shows in its values."""
        return self.is_rough and self._floor.precision == "float64"

    def reports(self, causes=None, effects=None):
        """A BlockReport per block in which something was judged.

        `causes`: Causes, or None. `effects`: name of a block -> the verdict that the audit demands at least.
        """
        found, given = [], self.in_units_given()
        for block in self.blocks:
            own, groups = [i for i in block.positions if i in self.judgements], self.groups_of(block)
            verdicts = [self.judgements[i] for i in own] + [group.verdict for group in groups]
            if len(verdicts) == 0 and len(block.positions) > 0:
                continue
            verdict = worst_of([*verdicts, (effects or {}).get(block.name, "right")])
            entries = tuple(self._entry(block, i, given) for i in own)
            cause = None if causes is None else causes[block.name]
            together = sum(len(group.positions) for group in groups)
            inside = tuple(
                replace(
                    group,
                    positions=group.positions - block.start,
                    bar=group.bar / self.point.units[block.start],
                )
                for group in groups
            )
            visible = self._visible(own, groups)
            judged = verdict, entries, visible, cause, together, inside, self.precision
            found.append(BlockReport(block.name, block.shape, *judged))
        return tuple(found)

    def in_units_given(self):
        """(analytic, numeric, bar): vectors in the units of the caller's parameters."""
        return tuple(each / self.point.units for each in (self.analytic, self.numeric, self.bar))

    def verdict_on(self, block):
        """The worst verdict on what was judged of a block."""
        own = [self.judgements[i] for i in block.positions if i in self.judgements]
        return worst_of([*own, *(group.verdict for group in self.groups_of(block))])

    def positions_of(self, verdict):
        """The positions of all entries, judged alone or together, with this verdict."""
        alone = [i for i, each in self.judgements.items() if each == verdict]
        return np.concatenate(
            [alone, *(each.positions for each in self.groups if each.verdict == verdict)]
        ).astype(int)

    def open_entries(self):
        """A mask of the undecided entries, which another point may settle."""
        found = np.zeros(self.vector.shape, dtype=bool)
        if self.doubt is None:
            alone = [i for i, each in self.judgements.items() if each == "undecided"]
            is_known = np.isfinite(self.bar) | np.isfinite(self.analytic) | np.isinf(self.numeric)
            found[[i for i in alone if is_known[i]]] = True
            for group in self.groups:
                found[group.positions] |= group.verdict == "undecided"
        return found

    def settle(self, chosen, where):
        """Makes undecided entries in the mask `chosen` right, for they are at another point, `where`."""
        for i in np.flatnonzero(chosen).tolist():
            if self.judgements.get(i) == "undecided":
                here = self.judgements[i].reason
                self.judgements[i] = Judgement("right", f"right at a point nearby{where}; here {here}")
        is_right = [
            each.verdict == "undecided" and bool(np.all(chosen[each.positions])) for each in self.groups
        ]
        self.groups = [
            replace(each, verdict="right") if it else each for each, it in zip(self.groups, is_right)
        ]

    def groups_of(self, block):
        """The Groups of entries of a block that were judged together."""
        return [group for group in self.groups if group.positions[0] in block.positions]

    def _judge_together(self, positions):
        draw = np.random.default_rng([self._functions.seed, 2])

        def along(some):
            direction = random_direction(self.vector, some, draw)
            judgement, bar = self._judged_along(direction, self._at)
            if judgement == "wrong" and self.is_rough:  # dense kinks bend all steps alike
                there = self.vector * (1.0 + ELSEWHERE * draw.standard_normal(self.vector.shape))
                judgement, bar = self._judged_along(
                    direction, gradient_there(self._functions, there) or self._at
                )
            verdict = "outside" if judgement.reason == OUTSIDE else str(judgement)
            return verdict, bar, is_narrow(bar, np.max(np.abs(self.analytic[some])), self.confidence)

        if self._floor is None:
            self._measured_noise(floor_along(self._functions.value, self.vector, self._functions.seed))
        known = {}
        for block in self.blocks:
            here = positions[(block.start <= positions) & (positions < block.stop)]
            finite = np.isfinite(self.analytic[here])
            unknown, known[block] = here[~finite], here[finite]
            self._judge_one_by_one(unknown[:MOST_NOT_FINITE])
            if len(unknown) > MOST_NOT_FINITE:
                self.groups.append(Group(unknown[MOST_NOT_FINITE:], "wrong", math.inf))
        for groups in self._located(known, along, draw).values():
            self.groups += self._right_along_gradient(groups, draw)

    def _located(self, known, along, draw):
        """Block -> its Groups, of the positions `known` of each.

        Two directions have to agree on a block. In double precision the second is one of all blocks together.
        """
        some = {block: positions for block, positions in known.items() if len(positions) > 0}
        alone = AGREEING if self.precision != "float64" or len(some) == 1 else 1
        how = along, self._judge_one_by_one, draw
        found = {block: locate(block, positions, *how, alone) for block, positions in some.items()}
        whole = [block for block, groups in found.items() if _is_right(groups, known[block])]
        if alone < AGREEING and len(whole) > 0:
            if along(np.concatenate([known[block] for block in whole]))[0] != "right":
                found |= {block: locate(block, known[block], *how) for block in whole}
        return found

    def _judged_along(self, direction, at):
        how = self.confidence, self._floor, SMALL_ERRORS[self.precision]
        return judge_along(self._functions, at, direction, *how)[:2]

    def _right_along_gradient(self, groups, draw):
        """The Groups; in low precision undecided where a factor may be wrong that random ones passed."""
        if self.precision == "float64" or {each.verdict for each in groups} != {"right"}:
            return groups
        positions = np.concatenate([each.positions for each in groups])
        if not np.any(self.analytic[positions]):
            return groups
        judgement, _ = self._judged_along(along_gradient(self.analytic, positions, draw), self._at)
        return groups if judgement == "right" else [replace(each, verdict="undecided") for each in groups]

    def _judge_one_by_one(self, positions):
        """Measure and judge the entries at the positions; returns how many of them are wrong."""
        if len(positions) == 0:
            return 0
        estimates = self._measured_and_judged(positions)
        if self.is_rough or any(each.reason == AMONG_KINKS for each in estimates.values()):
            self.doubtful |= set(estimates)  # noise hides from some that they are among kinks, too
        slopes = {
            i: each.slopes for i, each in estimates.items() if each.kink or self.judgements[i] == "wrong"
        }
        if len(slopes) > 0 and self.doubt is None:
            among_kinks = bool(np.any(self.at_kink)) and not self.is_rough
            smooth = {
                i: each.step for i, each in estimates.items() if not each.kink and each.error < math.inf
            }
            how = among_kinks, self.confidence, self._floor
            kinks = Kinks(self._functions, self._at, slopes, smooth, *how)
            self.judgements |= kinks.judged(self.judgements)
        if self.is_interrupted:
            raise KeyboardInterrupt
        return sum(self.judgements[i] == "wrong" for i in estimates)

    def is_marginally_wrong(self, position):
        """Whether an entry is wrong by so few bars that thousands of kinks may explain it."""
        apart = abs(self.analytic[position] - self.numeric[position])
        return self.judgements[position] == "wrong" and apart <= MARGINAL * self.bar[position]

    def _is_within_its_bar(self, position):
        apart = abs(self.analytic[position] - self.numeric[position])
        return self.judgements[position] == "right" and apart <= self.bar[position]

    def _measured_and_judged(self, positions):
        """Position -> Estimate: in large blocks a few are searched, and those not proved right without."""
        draw, alike = np.random.default_rng([self._functions.seed, 5]), {}
        parts = [positions[(block.start <= positions) & (positions < block.stop)] for block in self.blocks]
        few = [few_of(part, self.analytic, draw) for part in parts]
        found = self._measured(np.concatenate(few))
        if self.is_interrupted:
            self._judge(found)
            return found
        try:
            for part, some in zip(parts, few) if not self.is_rough else ():
                rest = np.setdiff1d(part, some)
                if len(rest) > 0:
                    known = {i: found[i] for i in some.tolist()}
                    how = self._floor, self.confidence
                    alike |= measured_alike(self._functions, self.vector, rest, known, *how)
        except KeyboardInterrupt:
            self.is_interrupted = True
        self._judge(found | alike)
        found |= {i: each for i, each in alike.items() if self._is_within_its_bar(i)}
        if self.is_interrupted:
            for i in alike.keys() - found.keys():
                del self.judgements[i]
            return found
        searched = self._measured(np.setdiff1d(positions, list(found)))
        self._judge(searched)
        return found | searched

    def _measured(self, positions):
        """Position -> Estimate, of the first positions alone where Ctrl-C ended it."""
        if len(positions) == 0:
            return {}
        f, bounds, seed = self._functions.value, self._functions.bounds, self._functions.seed
        bounds = None if bounds is None else tuple(each[positions] for each in bounds)
        f_of_entries, there = with_entries(f, self.vector, positions), self.vector[positions]
        how = {"bounds": bounds, "seed": seed, "floor": self._floor}
        try:
            found = gradient(f_of_entries, there, **how)
        except Interrupted as stop:
            if self.is_interrupted or not stop.made.estimates:
                raise KeyboardInterrupt from None  # a Gradient without estimates is no report
            found, self.is_interrupted = stop.made, True
        self._measured_noise(found.floor)
        return dict(zip(positions.tolist(), found.estimates))

    def _measured_noise(self, floor):
        self._floor = floor
        if self.is_rough:
            self._functions.floor = floor

    def _judge(self, estimates):
        """Judges the entries at some positions by their Estimates, each beside the slopes of its block."""
        positions = np.array(list(estimates), dtype=int)
        of_analytic = np.where(self.analytic == 0.0, self._rounding_of_zeros, self._rounding)
        for i, estimate in estimates.items():
            self.numeric[i], self.scale[i], self.at_kink[i] = estimate.value, estimate.scale, estimate.kink
            self.bar[i] = estimate.error + of_analytic[i]
        for block in self.blocks:
            largest = float(np.max(block.of(self.scale), initial=0.0))
            if largest > 0.0:  # else f stands still, and the terms prove nothing
                largest = max(largest, float(np.max(block.of(self._at.terms))))
            for i in positions[(block.start <= positions) & (positions < block.stop)].tolist():
                self.judgements[i] = self._judged(i, estimates[i], largest)

    def _judged(self, position, estimate, scale):
        analytic = float(self.analytic[position])
        rounding, unit = (
            self._rounding[position] / abs(analytic) if analytic != 0.0 else 0.0,
            self.point.units[position],
        )
        if analytic == 0.0:
            estimate = replace(estimate, error=estimate.error + float(self._rounding_of_zeros[position]))
        if self.doubt is not None and math.isfinite(analytic):
            return Judgement("undecided", self.doubt)
        how = scale / unit, rounding, self.confidence, SMALL_ERRORS[self.precision]
        return judge(analytic / unit, estimate.divided_by(unit), *how)

    def _entry(self, block, position, given):
        index, judgement = block.index(position), self.judgements[position]
        a, n, bar = (float(each[position]) for each in given)
        ratio = a / n if n != 0.0 else math.nan if a == 0.0 else math.copysign(math.inf, a)
        return Entry(entry_name(block.name, index), index, a, n, bar, ratio, str(judgement), judgement.reason)

    def _visible(self, own, groups):
        """The smallest error certain to be called wrong in any entry, as a part of the largest one."""
        plain = [i for i in own if not any(words in self.judgements[i].reason for words in AT_A_KINK)]
        bars = [float(self.bar[i]) for i in plain] + [group.bar for group in groups]
        sizes = [abs(float(self.numeric[i])) for i in plain if math.isfinite(self.numeric[i])]
        sizes += [float(np.max(np.abs(self.analytic[group.positions]))) for group in groups]
        largest = max(sizes, default=0.0)
        if self.doubt is not None or len(bars) == 0 or largest == 0.0:
            return math.inf
        return visible_from(max(bars), self.confidence) / largest


def _is_right(groups, positions):
    """Whether the Groups are a single one, right, of all positions."""
    return [(each.verdict, len(each.positions)) for each in groups] == [("right", len(positions))]


FEW = 8  # entries of a block that are searched for steps of their own
WORTH_SHARING = 64  # entries: in a smaller block all are searched
NARROW = 0.1 * SMALL_ERRORS["float64"]  # of the largest slope: an error that has to show, or all are searched


def few_of(positions, analytic, draw):
    """Those of the positions in a block that are searched: of the largest slope, and some that are drawn."""
    if len(positions) <= WORTH_SHARING:
        return positions
    largest = positions[np.argmax(np.abs(analytic[positions]))]
    return np.union1d(largest, draw.choice(positions, FEW - 1, replace=False))


def measured_alike(functions, vector, positions, few, floor, confidence):
    """Position -> Estimate of those `positions` of a block for which one step gives a narrow bar.

    `few`: position -> Estimate of other entries, which were searched; `floor`: the noise Floor of the loss.
    """

    def moving(some):
        return lambda h: _moved(functions, vector, some, h)

    known, centre = np.array(list(few)), functions.value(vector)
    shared = SharedStep(moving(known), vector[known], [*few.values()], centre, floor.noise(abs(centre)))
    if shared.step == 0.0:
        return {}
    found = zip(positions.tolist(), shared.estimates(moving(positions), vector[positions]))
    return {i: each for i, each in found if is_narrow(each.error, shared.scale, confidence, NARROW)}


def _moved(functions, vector, positions, h):
    """The loss with each of the entries at the positions alone moved by h; NaN where it has no value."""
    if functions.many_sets is not None and functions.bounds is None:
        try:
            return functions.moved(vector, positions, h)
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the loss need not be made for one of these sets
            return np.full(len(positions), np.nan)
    there, values = vector.copy(), np.empty(len(positions))
    for k, i in enumerate(positions.tolist()):
        there[i] = vector[i] + h
        values[k] = functions.value_or_nan(there)
        there[i] = vector[i]
    return values
