"""The same functions compared at points nearby, where the given one proves little.

All entries in question are judged together first, along one random direction of zero mean; they are judged
one by one only where that does not come out right. What is wrong there must be so at a second point.
"""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.judge.directions import judge_along, random_direction, value_or_nan
from gradcheck.judge.entries import JudgedEntries, gradient_at
from gradcheck.judge.nearby_points import SPREADS, may_change_sign, nearby_point
from gradcheck.numeric.rounding import U
from gradcheck.report.report import NearbyCheck
from gradcheck.verdict import visible_from, worst_of

SHRUNK = 2.0**-10  # a parameter behind whose L2 term the data term hides is made this much smaller
SAME_NUMBERS = "the gradients function returns the same numbers at another point"
PROBE = 2.0**-6  # relative: how far a loss is followed that seems to be still
STILL = 8.0 * U  # of the loss: a smaller move is rounding
SECOND_POINTS = 8  # that are drawn until the loss moves at one, as it does at the first


def check_nearby(functions, weak, confidence, one_by_one):
    """(NearbyCheck, JudgedEntries or None) for what the Notes `weak` flag, at points nearby.

    The JudgedEntries are those in question, where they were judged one by one. The NearbyCheck is None where
    nothing is flagged or the gradients are ready numbers.
    """
    if not functions.is_callable or len(weak) == 0:
        return None, None
    chosen = np.any([note.chosen for note in weak], axis=0)
    names = ", ".join(dict.fromkeys(name for note in weak for name in note.blocks))
    shrunk = np.ones_like(functions.point.vector)
    for note in weak:
        if note.id == "large regulariser":
            shrunk[note.chosen] = SHRUNK
    nearby = _PointsNearby(functions, chosen, shrunk, {"confidence": confidence, "one_by_one": one_by_one})
    why, judged = "none was found at which the loss is finite", None
    for place, at in nearby.fewest_zeros_first():
        try:
            verdict, why, judged = nearby.compared(place, at)
        except GradcheckError:
            raise
        except Exception as error:  # whatever it is: the functions need not be made for this point
            verdict, why, judged = "undecided", f"{type(error).__name__} is raised there", None
        if verdict != "undecided":
            sentence = f"right ({names}, {why})" if verdict == "right" else f"wrong ({names}), {why}"
            return NearbyCheck(verdict, sentence), judged
        if why == SAME_NUMBERS:
            break
    return NearbyCheck("undecided", f"undecided ({names}: {why})"), None


class _PointsNearby:
    """Points near that of CallersFunctions, for the `chosen` entries; `shrunk`: factors of the parameters.

    `how`: the confidence, and from how many entries on they are judged together, as JudgedEntries takes them.
    """

    def __init__(self, functions, chosen, shrunk, how):
        self.functions, self.chosen, self.shrunk, self.how = functions, chosen, shrunk, how
        self.draw = np.random.default_rng([functions.seed, 1])

    def compared(self, place, at):
        """(verdict, why, JudgedEntries or None) at a point; undecided where nothing moves (None for `at`)."""
        before = self.functions.evaluations
        verdict, moves = ("right", False) if at is None else self._along(at, self.chosen)
        if verdict == "right" and moves:
            calls = self.functions.evaluations - before
            return verdict, f"along a random direction, {calls} evaluations", None
        if verdict == "right":
            return "undecided", "the gradient is zero there, too", None
        here, _ = self.functions.first_gradients()
        if np.array_equal(at.analytic, here) and np.any(here != 0.0):
            return "undecided", SAME_NUMBERS, None
        if verdict == "undecided":
            return verdict, "undecided there, too", None
        blocks = self.functions.point.blocks
        judged = JudgedEntries(self.functions, blocks, at, chosen=self.chosen, **self.how)
        verdict = worst_of(block.verdict for block in judged.reports())
        if verdict == "wrong":
            if self._is_wrong_again(place, judged):
                return verdict, "where a pass at the point itself says nothing", judged
            return "undecided", "wrong at one point there, right at another", None
        return verdict, "entry by entry" if verdict == "right" else "undecided there, too", judged

    def fewest_zeros_first(self):
        """((spread, is_kept), GradientAt) of points; of every round first those with the fewest zeros.

        In place of the GradientAt stands None where gradient and loss are both still in all chosen entries.
        Points at which signs change come last.
        """
        last = not may_change_sign(self.functions.point)
        for is_kept in (True, True, last, last):
            places = [(spread, is_kept) for spread in SPREADS]
            found = [(place, *drawn) for place in places if (drawn := self._drawn(place)) is not None]
            for place, vector, (analytic, units) in sorted(found, key=lambda each: self._zeros(each[2][0])):
                is_still = self._zeros(analytic) == np.sum(self.chosen) and not self._moves(vector)
                yield place, None if is_still else gradient_at(self.functions, vector, analytic, units)

    def _along(self, at, chosen):
        """(verdict, whether the loss moves) along a random direction in the chosen entries."""
        if not np.all(np.isfinite(at.analytic[chosen])):
            return "wrong", True
        direction = random_direction(at.vector, np.flatnonzero(chosen), self.draw)
        judgement, _, slope = judge_along(self.functions, at, direction, self.how["confidence"])
        return str(judgement), abs(slope.value) > visible_from(slope.error, self.how["confidence"])

    def _is_wrong_again(self, place, judged):
        """Whether what is wrong in JudgedEntries is so at the first second point at which the loss moves."""
        wrong = np.zeros(judged.vector.shape, dtype=bool)
        wrong[[i for i, each in judged.judgements.items() if each == "wrong"]] = True
        for group in judged.groups:
            wrong[group.positions] |= group.verdict == "wrong"
        for _ in range(SECOND_POINTS):
            drawn = self._drawn(place)
            if drawn is not None:
                at = gradient_at(self.functions, drawn[0], *drawn[1])
                verdict, moves = self._along(at, wrong)
                if verdict == "wrong" or verdict == "right" and moves:
                    return verdict == "wrong"
        return False

    def _zeros(self, analytic):
        return np.sum(analytic[self.chosen] == 0.0)

    def _drawn(self, place):
        """(vector, what gradients_at gives there); None where the loss is not finite or something raises."""
        vector = nearby_point(self.functions, *place, self.draw) * self.shrunk
        try:
            with np.errstate(all="ignore"):
                if np.isfinite(self.functions.value(vector)):
                    return vector, self.functions.gradients_at(vector)
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the functions need not be made for this point
            pass
        return None

    def _moves(self, vector):
        """Whether the loss at a vector is another, not far away in the chosen entries."""
        direction = random_direction(vector, np.flatnonzero(self.chosen), self.draw)
        step = PROBE * np.maximum(np.abs(vector), 1.0) * direction
        here, back, forth = (value_or_nan(self.functions, vector + k * step) for k in (0.0, -1.0, 1.0))
        return max(abs(back - here), abs(forth - here)) > STILL * abs(here)
