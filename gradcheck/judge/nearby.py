"""The same functions compared at other points: nearby, where the given one proves little; at special ones.

Nearby all entries in question are judged together first, along one random direction of zero mean; they are
judged one by one only where that does not come out right. What is wrong there must be so at a second point.

At special points a glance compares the gradient with the one-sided slopes over one small step along a few
directions, and only excuses. What it suspects is judged by error bars as anywhere, and again with other
draws.
"""

import copy
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.calls import literal
from gradcheck.judge.directions import bends_everywhere, judge_along, random_direction
from gradcheck.judge.entries import JudgedEntries, gradient_at
from gradcheck.judge.other_points import breakpoints, nearby_point, rounds_of_places, special_points
from gradcheck.numeric.derivatives import OF_ONES
from gradcheck.numeric.rounding import U
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
    some = [(block, block.of(open_ones)) for block in blocks if np.any(block.of(open_ones))]
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
        factor = _multiple(parameter, slopes)
        if factor is not None and len(point.blocks) > 1:
            found["large regulariser"].append((block, f"{block.name} ({factor:.4g} times itself)", whole))
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
        self.proved = np.zeros_like(self.chosen)
        self.why, self.tried = "none was found at which the loss is finite", 0
        self.values, self.never_wrong, self.agreeing = [], True, 0
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
        functions, judged = self.functions, self.judged
        how = judged.confidence, judged.one_by_one, self.chosen
        there = JudgedEntries(functions, functions.point.blocks, at, *how)
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
        value = self.functions.value_or_nan(vector)
        found = self.functions.gradients_or_none(vector) if np.isfinite(value) else None
        if found is None:
            return None
        self.values.append(value)
        return vector, found

    def _moves(self, vector):
        """Whether the loss at a vector is another, not far away in the chosen entries."""
        direction = random_direction(vector, np.flatnonzero(self.chosen), self.draw)
        step = PROBE * np.maximum(np.abs(vector), 1.0) * direction
        here, *others = (self.functions.value_or_nan(vector + k * step) for k in (0.0, -1.0, 1.0, NEAR))
        return any(abs(each - here) > STILL * abs(here) for each in others)


STEP = 2.0**-13  # of max(|x|, 1): how far a glance goes
ROUGH = 2.0**-9  # of the slopes: a larger difference is suspected
ROUNDED = 2.0**-44  # of the loss: a smaller move may be rounding
ALONE = 8  # entries along which a glance goes one by one
ALONE_OF_FEW = 1
JUDGED_TOGETHER = 512  # entries; with more they are judged along directions first
CONFIRMED_BY = 8  # wrong entries that are judged a second time
WORTH = 2.0**-30  # of the largest entry: less may be the rounding of numbers near 1
FAR_LARGER = 2.0**30  # than at the given point: a gradient so large has lost too many digits to be judged
MOST_LOOKS, MOST_LOOKS_OF_FEW = 40, 2  # closer ones in one hunt
CHEAP = 1e-3  # seconds: a loss that is faster is called some hundred times more
MOST_OF_MANY = 4  # points, where entries are judged along directions
MOST_CALLS = 300  # of it, at the few special points of a check
SHOWN = 200  # characters of a point in a sentence


def check_special(functions, judged):
    """The NearbyCheck of gradients that are right at the point, at a few special ones; or None.

    None for a loss that is dear or computed in single precision, ready numbers, Jacobians, and where
    `most_calls` leaves no room. `judged`: the JudgedEntries at the point.
    """
    is_cheap = functions.fastest < CHEAP and functions.evaluations + MOST_CALLS <= functions.most_calls
    if not (is_cheap and functions.is_callable) or functions.is_jacobian or judged.precision != "float64":
        return None
    hunt = Hunt(functions, judged.confidence, MOST_CALLS, few=True)
    draw = np.random.default_rng([functions.seed, 9])
    points = list(special_points(functions, draw, few=True))
    if len(judged.groups) == 0:
        points += breakpoints(functions, draw, few=True)
    else:  # so many entries that all are judged along few directions
        points = points[:MOST_OF_MANY]
    for point, _ in hunt.failures(points):
        at = gradient_at(functions, point.vector, *functions.gradients_at(point.vector))
        there = JudgedEntries(functions, functions.point.blocks, at, judged.confidence, JUDGED_TOGETHER)
        if len(there.positions_of("wrong")) == 0:
            continue  # some entries alone are no subgradient, and all of them together are
        written = literal(functions.point.restore(point.vector))
        where = point.what if written is None or len(written) > SHOWN else f"{point.what}: {written}"
        sentence = f"wrong where {where}; gradcheck.hunt makes that point as simple as it can"
        return NearbyCheck("wrong", sentence, there.reports())
    if hunt.glances == 0 or hunt.is_frozen:
        return None
    some = f"; no finite numbers where {hunt.not_finite[0].what}" if hunt.not_finite else ""
    return NearbyCheck("right", f"right at {hunt.glances} with zeros, ties, equal rows{some}")


class Failure(NamedTuple):
    """A SpecialPoint at which the gradient is wrong, and the flat positions of wrong entries."""

    point: NamedTuple
    wrong: np.ndarray


class Hunt:
    """A hunt for points at which the gradients of CallersFunctions are wrong.

    `glances`: points at which the loss is finite, `looks`: closer ones; `not_finite`: SpecialPoints at which
    the gradient is no finite number, though the loss is; `is_frozen`: whether the gradients were the same
    numbers at all points. More than `most_calls` of the loss end it.
    """

    def __init__(self, functions, confidence, most_calls, few=False):
        self.functions, self.confidence, self.few = functions, confidence, few
        self._most = functions.evaluations + most_calls
        self._draw = np.random.default_rng([functions.seed, 6])
        self._given = functions.first_gradients()[0]
        self.glances, self.looks, self.not_finite, self._others = 0, 0, [], 0

    @property
    def is_frozen(self):
        return self.glances > 0 and self._others == 0 and bool(np.any(self._given != 0.0))

    @property
    def is_over(self):
        return self.functions.evaluations >= self._most

    def failures(self, points):
        """The Failures among SpecialPoints, the simplest first."""
        suspected = []
        for point in points:
            if self.is_over:
                break
            if self.glance(point):
                suspected.append(point)
        for point in suspected:
            if (
                self.looks >= (MOST_LOOKS_OF_FEW if self.few else MOST_LOOKS)
                or self.is_over
                or self.is_frozen
            ):
                return
            self.looks += 1
            some = point.moved if self.few and len(point.moved) > CONFIRMED_BY else None
            if some is not None:
                some = self._draw.choice(some, CONFIRMED_BY, replace=False)
            wrong = self.wrong_at(point.vector, some)
            if len(wrong) > 0:
                yield Failure(point, wrong)

    def glance(self, point):
        """Whether the gradient at a SpecialPoint differs from slopes of the loss; False where it has none."""
        made = self.functions.gradients_or_none(point.vector)
        if made is None:
            return False
        analytic, _ = made
        is_finite = bool(np.all(np.isfinite(analytic)))
        found = self._differs(point, analytic) if is_finite else not self.few
        if found is None or not is_finite and not np.isfinite(self.functions.value_or_nan(point.vector)):
            return False  # the loss has no value there
        self.glances += 1
        self._others += not np.array_equal(analytic, self._given)
        if not is_finite:
            self.not_finite.append(point)
        return found

    def _differs(self, point, analytic):
        """Whether the gradient at a SpecialPoint is outside the one-sided slopes along some direction.

        None where the loss has no value there. Where few are wanted it is asked for only if the slope over
        both sides is another, and the first direction without a kink, which would hide an entry, is the last.
        """
        vector, f, here = point.vector, self.functions.value_or_nan, np.nan
        for direction in self._directions(point, analytic):
            sizes = direction * np.maximum(np.abs(vector), 1.0)
            above, below = f(vector + STEP * sizes), f(vector - STEP * sizes)
            target, central = float(np.sum(analytic * sizes)), (above - below) / (2.0 * STEP)
            rounding = ROUNDED * abs(above) / STEP
            if self.few and abs(target - central) <= ROUGH * (2.0 * abs(central) + abs(target)) + rounding:
                return False
            here = here if np.isfinite(here) else f(vector)
            if not np.isfinite(here):
                return None
            slopes = (above - here) / STEP, (here - below) / STEP
            room = ROUGH * (sum(map(abs, slopes)) + abs(target)) + rounding
            if target > max(slopes) + room or target < min(slopes) - room:
                return True
            if self.few and max(slopes) - min(slopes) <= room:
                return False
        return False if np.isfinite(here) or np.isfinite(f(vector)) else None

    def wrong_at(self, vector, chosen=None):
        """The positions of wrong entries at a vector, twice judged; none where the loss has no value.

        `chosen`: those of the only entries to judge, or None for all.
        """
        functions, again = self.functions, copy.copy(self.functions)
        again.seed += 1
        try:
            found = self._judged(functions, vector, chosen)
            return self._judged(again, vector, found[:CONFIRMED_BY]) if len(found) > 0 else found
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the functions need not be made for this vector
            return np.array([], dtype=int)
        finally:
            functions.evaluations = max(functions.evaluations, again.evaluations)

    def _judged(self, functions, vector, positions):
        chosen = None
        if positions is not None:
            chosen = np.zeros(vector.shape, dtype=bool)
            chosen[positions] = True
        at = gradient_at(functions, vector, *functions.gradients_at(vector))
        judged = JudgedEntries(
            functions, functions.point.blocks, at, self.confidence, JUDGED_TOGETHER, chosen=chosen
        )
        sizes = np.abs(np.concatenate([at.analytic, self._given]))
        worth = WORTH * np.max(sizes[np.isfinite(sizes)], initial=0.0)
        alone = [i for i in judged.positions_of("wrong").tolist() if i in judged.judgements]
        apart = np.abs(at.analytic - judged.numeric)
        seen = [
            i for i in alone if np.isfinite(judged.bar[i] if np.isfinite(apart[i]) else judged.numeric[i])
        ]
        found = np.array([i for i in seen if not apart[i] <= worth], dtype=int)
        return found if self._is_fair(functions, vector, judged, found) else found[:0]

    def _is_fair(self, functions, vector, judged, wrong):
        """Whether the gradient at a vector has digits enough, and a kink there bends one way.

        Where kinks of either bend meet, as in a sum of maxima with weights of both signs, the chain rule with
        a subgradient of each need not give one of the whole.
        """
        sizes = [
            np.max(np.abs(each[np.isfinite(each)]), initial=0.0) for each in (judged.numeric, self._given)
        ]
        if sizes[0] > FAR_LARGER * sizes[1] > 0.0:
            return False
        at_kinks = wrong[judged.at_kink[wrong]]
        if len(at_kinks) == 0:
            return True
        others = np.flatnonzero(judged.at_kink)
        return any(bends_everywhere(functions, vector, at_kinks, bend, others) for bend in (1.0, -1.0))

    def _directions(self, point, analytic):
        """Along all entries or those that were moved, along the gradient, and along some entries alone."""
        n, moved = len(point.vector), point.moved
        if not self.few:
            yield random_direction(point.vector, np.arange(n), self._draw)
        if len(moved) > 0:
            yield random_direction(point.vector, moved, self._draw)
        if np.any(analytic):
            yield analytic / np.max(np.abs(analytic))
        most = ALONE_OF_FEW if self.few else ALONE
        some = moved if len(moved) <= most else self._draw.choice(moved, most, replace=False)
        for i in some if n > 1 else ():
            direction = np.zeros_like(point.vector)
            direction[i] = 1.0
            yield direction
