"""The same functions compared at points nearby, where the given one proves little.

All entries in question are judged together first, along one random direction of zero mean; they are judged
one by one only where that does not come out right. What is wrong there must be so at a second point.
"""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.judge.directions import judge_along, random_direction, value_or_nan
from gradcheck.judge.entries import JudgedEntries
from gradcheck.judge.gradient_at import gradient_at
from gradcheck.judge.nearby_points import nearby_point, rounds_of_places
from gradcheck.numeric.derivatives import OF_ONES
from gradcheck.numeric.rounding import U
from gradcheck.report.report import NearbyCheck
from gradcheck.verdict import visible_from

SHRUNK = 2.0**-10  # a parameter behind whose L2 term the data term hides is made this much smaller
SAME_NUMBERS = "the gradients function returns the same numbers at another point"
CONSTANT = "the loss is the same there: if outputs are summed, weight them, as in sum(u * outputs)"
LIKE_ZERO = 2.0**20 * U  # a slope with a smaller bar, of a loss that does not move, is rounding
PIECES = 4  # points that have to agree beside a kink: on some pieces of the loss what is wrong is right
PROBE = 2.0**-6  # relative: how far a loss is followed that seems to be still
NEAR = 2.0**-6  # of that, where the loss has no value so far away
STILL = 8.0 * U  # of the loss: a smaller move is rounding
MOST_ONE_BY_ONE = 3  # points at which undecided entries are judged one by one
SECOND_POINTS = 8  # that are drawn until the loss moves at one, as it does at the first


def check_nearby(functions, judged, weak):
    """(NearbyCheck, JudgedEntries or None) for what the Notes `weak` flag, at points nearby.

    `judged`: the JudgedEntries at the point; what is undecided there and right nearby becomes right in them.
    Those that are returned are the entries in question, where they were judged one by one. The NearbyCheck is
    None where nothing is flagged or the gradients are ready numbers.
    """
    if not functions.is_callable or len(weak) == 0:
        return None, None
    names = ", ".join(dict.fromkeys(name for note in weak for name in note.blocks))
    nearby = _PointsNearby(functions, judged, weak)
    for place, at in nearby.fewest_zeros_first():
        before = functions.evaluations
        try:
            verdict, there = nearby.compare(place, at)
        except GradcheckError:
            raise
        except Exception as error:  # whatever it is: the functions need not be made for this point
            verdict, nearby.why = "undecided", f"{type(error).__name__} is raised there"
        if verdict == "right":
            how = f"along a random direction, {functions.evaluations - before} evaluations"
            how = "entry by entry" if there is not None else how
            return NearbyCheck("right", f"right ({names}, {how}{place})"), there
        if verdict == "wrong":
            return NearbyCheck(
                "wrong", f"wrong ({names}), where a pass at the point itself says nothing"
            ), there
        if nearby.why == SAME_NUMBERS:
            break
    if nearby.is_constant():
        nearby.settle_zeros()
    return NearbyCheck("undecided", f"undecided ({names}: {nearby.why})"), None


class _PointsNearby:
    """Points near that of CallersFunctions for the entries that the Notes `weak` flag.

    `chosen`: a mask of those that are not proved yet. `why`: what the last point could not show.
    """

    def __init__(self, functions, judged, weak):
        self.functions, self.judged = functions, judged
        self.draw = np.random.default_rng([functions.seed, 1])
        self.chosen = np.any([note.chosen for note in weak], axis=0)
        self.why, self.tried = "none was found at which the loss is finite", 0
        self.values, self.never_wrong, self.agreeing = [], True, 0
        self.needed = PIECES if any(note.id == "kink" for note in weak) else 1
        self.is_open = any(note.id == "undecided" for note in weak)
        self.shrunk = np.ones_like(functions.point.vector)
        for note in weak:
            if note.id == "large regulariser":
                self.shrunk[note.chosen] = SHRUNK

    def compare(self, place, at):
        """(verdict, JudgedEntries or None) at a point; undecided where nothing moves (None for `at`)."""
        verdict, moves = ("right", False) if at is None else self._along(at, self.chosen)
        if verdict == "right" and moves:
            self.agreeing += 1
            if self.agreeing < self.needed or not self.never_wrong:
                return "undecided", None
            self.judged.settle(self.chosen, place)
            return verdict, None
        if verdict == "right":
            self.why = CONSTANT if self.is_constant() else "the gradient is zero there, too"
            return "undecided", None
        self.why = "undecided there, too"
        here, _ = self.functions.first_gradients()
        if np.array_equal(at.analytic, here) and np.any(here != 0.0):
            self.why = SAME_NUMBERS
            return "undecided", None
        are_few = self.tried < MOST_ONE_BY_ONE and np.sum(self.chosen) <= self.judged.one_by_one
        if verdict == "undecided" and not (self.is_open and are_few):
            return verdict, None
        self.tried += 1
        parts = (
            self.functions,
            self.functions.point.blocks,
            at,
            self.judged.confidence,
            self.judged.one_by_one,
        )
        there = JudgedEntries(*parts, chosen=self.chosen)
        if len(there.positions_of("wrong")) > 0:
            self.why, self.never_wrong = "wrong at one point there, right at another", False
            return ("wrong" if self._is_wrong_again(place, there) else "undecided"), there
        proved = np.zeros_like(self.chosen)
        proved[there.positions_of("right")] = True
        self.judged.settle(proved, place)
        self.chosen &= ~proved
        return ("undecided" if np.any(self.chosen) else "right"), there

    def settle_zeros(self):
        """What is zero but for rounding is right where the loss stands still at all points."""
        self.judged.settle(self.chosen & (self.judged.bar <= LIKE_ZERO), ", where the loss stands still, too")

    def is_constant(self):
        """Whether the loss has one value at all points, but for rounding, and no slope there was wrong."""
        known = self.never_wrong and len(self.values) > 1
        return known and np.ptp(self.values) <= OF_ONES + STILL * abs(self.values[0])

    def fewest_zeros_first(self):
        """(Place, GradientAt) of points; of every round first those with the fewest zeros.

        In place of the GradientAt stands None where gradient and loss are both still in all chosen entries.
        """
        for places in rounds_of_places(self.functions.point, self.is_open):
            found = [(place, *drawn) for place in places if (drawn := self._drawn(place)) is not None]
            for place, vector, (analytic, units) in sorted(found, key=lambda each: self._zeros(each[2][0])):
                is_still = self._zeros(analytic) == np.sum(self.chosen) and not self._moves(vector)
                yield place, None if is_still else gradient_at(self.functions, vector, analytic, units)

    def _along(self, at, chosen):
        """(verdict, whether the loss moves) along a random direction in the chosen entries."""
        if not np.all(np.isfinite(at.analytic[chosen])):
            return "wrong", True
        direction = random_direction(at.vector, np.flatnonzero(chosen), self.draw)
        judgement, _, slope = judge_along(self.functions, at, direction, self.judged.confidence)
        if slope.scale == 0.0 and abs(np.sum(at.analytic * direction)) <= slope.error <= LIKE_ZERO:
            return "right", False
        return str(judgement), abs(slope.value) > visible_from(slope.error, self.judged.confidence)

    def _is_wrong_again(self, place, there):
        """Whether what is wrong in JudgedEntries is so at a second point, too."""
        wrong = np.zeros(there.vector.shape, dtype=bool)
        wrong[there.positions_of("wrong")] = True
        right = 0
        for _ in range(SECOND_POINTS):
            drawn = self._drawn(place)
            if drawn is not None:
                at = gradient_at(self.functions, drawn[0], *drawn[1])
                verdict, moves = self._along(at, wrong)
                right += verdict == "right" and moves
                if verdict == "wrong" or right == self.needed:
                    return verdict == "wrong"
        return False

    def _zeros(self, analytic):
        return np.sum(analytic[self.chosen] == 0.0)

    def _drawn(self, place):
        """(vector, what gradients_at gives there); None where the loss is not finite or something raises."""
        vector = nearby_point(self.functions, place, self.draw) * self.shrunk
        try:
            with np.errstate(all="ignore"):
                value = self.functions.value(vector)
                if np.isfinite(value):
                    self.values.append(value)
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
        here, *others = (value_or_nan(self.functions, vector + k * step) for k in (0.0, -1.0, 1.0, NEAR))
        return any(abs(each - here) > STILL * abs(here) for each in others)
