"""The same functions compared at points nearby, where the given one proves little.

All entries in question are judged together first, along one random direction of zero mean; they are judged
one by one only where that does not come out right. What is wrong there must be so at a second point.
"""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.judge.directions import judge_along, random_direction
from gradcheck.judge.gradient import gradient_at
from gradcheck.judge.other_points import nearby_point, rounds_of_places
from gradcheck.judge.special import clearest, judged_at
from gradcheck.numeric.rounding import OF_ONES, U
from gradcheck.report.report import NearbyCheck, Note
from gradcheck.verdict import SMALL_ERRORS, WELL_BEYOND, visible_from

SMALL_REST = 2.0**-7  # of the gradient, beside a multiple of the parameter: what an L2 term this large hides
MOST_LINES_NAMED = 4
SENTENCES = {
    "zero gradient": "the gradient is zero everywhere in {}, within the error bars, so this pass tests "
    "little: a wrong sign, factor or term would not show",
    "dead units": "some entries are zero because units are off, or rows not used, so this pass tests little "
    "of {}",
    "kink": "{} lies at a kink, where every slope between the one-sided ones is right, so this pass tests "
    "little",
    "undecided": "{} cannot be told at this point",
    "zero parameters": "{} is zero at this point, so this pass says nothing about an L2 term there",
    "large regulariser": "the gradient of {} is a multiple of the parameter, to within 1 %, so this pass "
    "tests little: a regulariser far larger than the data term hides it",
}


def weak_passes(judged, effects):
    """The Notes about blocks that pass or cannot be told, from JudgedEntries.

    `effects`: name of a block -> the verdict that the audit demands at least; of those not right nothing is
    said.
    """
    blocks = [block for block in judged.blocks if effects.get(block.name, "right") == "right"]
    verdicts = {block.name: judged.verdict_on(block) for block in blocks}
    numeric, bar = judged.numeric.copy(), judged.bar.copy()
    for group in judged.groups:  # what was judged together is as it was handed in
        numeric[group.positions], bar[group.positions] = judged.analytic[group.positions], 0.0
    passed = [block for block in blocks if verdicts[block.name] == "right"]
    parts = judged.vector, judged.analytic, numeric, bar, judged.at_kink
    found = notes(judged.point, passed, *parts, confidence=judged.confidence)
    open_ones = judged.open_entries()
    some = [(each, each.of(open_ones)) for each in blocks if np.any(open_ones[each.start : each.stop])]
    if len(some) > 0:
        some = [(block, f"{block.name} ({_lines(where)})", where) for block, where in some]
        found.append(_note("undecided", some, judged.point))
    return found


def notes(point, blocks, vector, analytic, numeric, bar, at_kink, confidence=WELL_BEYOND):
    """The Notes about some `blocks` of a Point, from flat vectors as long as `vector`.

    An entry is still where an error as large as its slope would not show.
    """
    found: dict = {id: [] for id in SENTENCES}
    visible = visible_from(bar, confidence)
    still = (np.abs(numeric) <= visible) & ~at_kink
    for block in blocks:
        if len(block.positions) == 0:
            continue
        parameter, slopes, dead, kinks = map(block.of, (vector, numeric, still, at_kink))
        is_zero, whole = bool(np.all(dead)), np.full(block.shape, True)
        is_resolved = block.of(visible) <= SMALL_ERRORS["float64"] * np.max(np.abs(slopes))
        dead = dead & ((block.of(analytic) == 0.0) | is_resolved)
        if is_zero:
            found["zero gradient"].append((block, block.name, whole))
        elif np.any(dead):
            found["dead units"].append((block, f"{block.name} ({_lines(dead)})", dead))
        if np.any(kinks):
            found["kink"].append((block, f"{block.name} ({_lines(kinks)})", kinks))
        if np.all(parameter == 0.0) and np.any(vector != 0.0) and not is_zero:
            found["zero parameters"].append((block, block.name, whole))
        factor, unit = _multiple(parameter, slopes), point.units[block.start]
        if factor is not None and len(point.blocks) > 1:
            found["large regulariser"].append(
                (block, f"{block.name} ({factor / unit**2:.4g} times itself)", whole)
            )
    return [_note(id, some, point) for id, some in found.items() if len(some) > 0]


def _note(id, some, point):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block, _, where in some:
        block.of(chosen)[...] = where
    sentence = SENTENCES[id].format(", ".join(words for _, words, _ in some))
    return Note(id, sentence, tuple(block.name for block, _, _ in some), chosen)


def _lines(where):
    """The zero rows, columns or entries in words."""
    if where.ndim == 2:
        for axis, noun in ((1, "rows"), (0, "columns")):
            lines = np.flatnonzero(np.all(where, axis=axis))
            if len(lines) * where.shape[axis] == where.sum():
                return _named(noun if len(lines) > 1 else noun[:-1], [str(i) for i in lines])
    indices = [f"[{','.join(map(str, index))}]" for index in np.argwhere(where).tolist()]
    return _named("entries" if len(indices) > 1 else "entry", indices)


def _named(noun, names):
    more = f" and {len(names) - MOST_LINES_NAMED} more" if len(names) > MOST_LINES_NAMED else ""
    return f"{noun} {', '.join(names[:MOST_LINES_NAMED])}{more}"


def _multiple(parameter, gradient):
    """The factor c when the gradient is c times the parameter, to within a hundredth; None when it is not."""
    some = np.any(parameter) and np.any(gradient) and np.all(np.isfinite(gradient))
    if parameter.size < 3 or not some:
        return None
    size = np.max(np.abs(parameter))
    scaled = parameter / size
    factor = float(np.sum(scaled * gradient) / np.sum(scaled * scaled)) / size
    rest = np.max(np.abs(gradient - factor * parameter))
    return factor if rest <= SMALL_REST * np.max(np.abs(gradient)) else None


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
            if there is not None:
                how = "entry by entry" if len(there.groups) == 0 else "along random directions"
            return NearbyCheck("right", f"right ({names}, {how}{place})"), there
        if verdict == "wrong":
            return NearbyCheck(
                "wrong", f"wrong ({names}), where a pass at the point itself says nothing"
            ), there
        if nearby.why == SAME_NUMBERS:
            break
    if nearby.is_constant() or nearby.stood_still:
        nearby.settle_zeros()
    return NearbyCheck("undecided", f"undecided ({names}: {nearby.why})"), None


class _PointsNearby:
    """Points near that of CallersFunctions for the entries that the Notes `weak` flag.

    `chosen`: a mask of those that are not proved yet. `why`: what the last point could not show.
    `stood_still`: whether the loss did at all points when these were moved, and the gradient was zero.
    """

    def __init__(self, functions, judged, weak):
        self.functions, self.judged = functions, judged
        self.draw = np.random.default_rng([functions.seed, 1])
        self.chosen = np.any([note.chosen for note in weak], axis=0)
        self.proved = np.zeros_like(self.chosen)
        self.why, self.tried = "none was found at which the loss is finite", 0
        self.values, self.never_wrong, self.agreeing, self.stood_still = [], True, 0, True
        self.needed = PIECES if any(note.id == "kink" for note in weak) else 1
        self.is_open = any(note.id == "undecided" for note in weak)
        self.is_rough = self.is_open and judged.is_rough  # one direction proves too little
        self.shrunk = np.ones_like(functions.point.vector)
        for note in weak:
            if note.id == "large regulariser":
                self.shrunk[note.chosen] = SHRUNK

    def compare(self, place, at):
        """(verdict, JudgedEntries or None) at a point; undecided where nothing moves (None for `at`)."""
        verdict, moves = ("right", False) if at is None else self._along(at, self.chosen)
        self.stood_still &= verdict == "right" and not moves
        if verdict == "right" and moves and not self.is_rough:
            self.agreeing += 1
            if self.agreeing < self.needed or not self.never_wrong:
                return "undecided", None
            self.judged.settle(self.chosen | self.proved, place)
            return verdict, None
        if verdict == "right" and not moves:
            self.why = CONSTANT if self.is_constant() else "the gradient is zero there, too"
            return "undecided", None
        self.why = "undecided there, too"
        here, _ = self.functions.first_gradients()
        if np.array_equal(at.analytic, here) and np.any(here != 0.0):
            self.why = SAME_NUMBERS
            return "undecided", None
        is_seen = verdict == "right" or np.sum(self.chosen) <= self.judged.one_by_one
        if verdict != "wrong" and not (self.is_open and is_seen and self.tried < MOST_ONE_BY_ONE):
            return "undecided", None
        self.tried += 1
        there = self._judged_at(at.vector, np.flatnonzero(self.chosen))
        if there is None:
            return "undecided", None
        if len(there.positions_of("wrong")) > 0:
            self.why, self.never_wrong = "wrong at one point there, right at another", False
            return ("wrong" if self._is_wrong_again(place, there) else "undecided"), there
        self.proved[there.positions_of("right")] = True
        self.judged.settle(self.proved, place)
        self.chosen &= ~self.proved
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
        small = SMALL_ERRORS["float32" if self.is_rough else "float64"]
        judgement, _, slope = judge_along(self.functions, at, direction, self.judged.confidence, small=small)
        if slope.scale == 0.0 and abs(np.sum(at.analytic * direction)) <= slope.error <= LIKE_ZERO:
            return "right", False
        return str(judgement), abs(slope.value) > visible_from(slope.error, self.judged.confidence)

    def _judged_at(self, vector, positions):
        judged = self.judged
        return judged_at(self.functions, vector, judged.confidence, positions, judged.one_by_one)

    def _is_wrong_again(self, place, there):
        """Whether what is wrong in JudgedEntries is so at a second point, too, where the loss moves."""
        wrong, right = clearest(there, there.positions_of("wrong")), 0
        for _ in range(SECOND_POINTS):
            again = self._judged_at(self._vector(place), wrong)
            if again is not None and len(again.positions_of("wrong")) > 0:
                return True
            right += again is not None and np.any(np.abs(again.numeric) > again.bar)
            if right == self.needed:
                return False
        return False

    def _zeros(self, analytic):
        return np.sum(analytic[self.chosen] == 0.0)

    def _drawn(self, place):
        """(vector, what gradients_at gives there); None where the loss is not finite or something raises."""
        vector = self._vector(place)
        value = self.functions.value_or_nan(vector)
        found = self.functions.gradients_or_none(vector) if np.isfinite(value) else None
        if found is None or place.size is not None and not np.all(np.isfinite(found[0])):
            return None  # far from the point a gradient may lose its numbers
        self.values.append(value)
        return vector, found

    def _vector(self, place):
        return nearby_point(self.functions, place, self.draw) * self.shrunk

    def _moves(self, vector):
        """Whether the loss at a vector is another, not far away in the chosen entries."""
        direction = random_direction(vector, np.flatnonzero(self.chosen), self.draw)
        step = PROBE * np.maximum(np.abs(vector), 1.0) * direction
        here, *others = (self.functions.value_or_nan(vector + k * step) for k in (0.0, -1.0, 1.0, NEAR))
        return any(abs(each - here) > STILL * abs(here) for each in others)
