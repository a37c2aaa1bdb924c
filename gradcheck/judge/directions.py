"""Many entries judged at once, by the slope of the loss along one direction.

A random direction has zero mean and no small entry, so that no error cancels another by design and none is
overlooked. Held against the noise, and not against a tolerance, a single one is decisive: in high dimensions
a wrong entry among n weighs 1/sqrt(n) of the slope, which is far above the rounding. What is wrong is
bisected.

At kinks along several entries every entry may lie between its own one-sided slopes and the gradient be none
all the same: (1, 1) for |x - y| at x = y. Along any direction it has to lie between the slopes of the pieces
of the loss that meet at the point (F. H. Clarke 1975). Some pieces lie on the line itself; others, where
kinks cross, are met only beside it, at points drawn very near. So -5 is right for any of three equal numbers
whose weights in order are 1, -5 and 2.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.numeric.derivatives import derivative
from gradcheck.numeric.rounding import U
from gradcheck.verdict import SMALL_ERRORS, Judgement, judge, visible_from

WORST_VISIBLE = 1e-3  # of the largest entry: with wider bars, of thousands of kinks say, a pass means nothing
PART_OF_LENGTH = 0.1  # of the gradient: the same in single precision
HIDDEN = 0.03  # of that length: what single precision hides among thousands of kinks
OUTSIDE = "further from the slope than the rounding of single precision"
AGREEING = 2  # directions: along a single one two errors may cancel
MOST_DIRECTIONS = 4  # that are tried until so many agree
FEW = 2  # entries: to look at them takes no more calls than a direction
ALL_OF = 64  # entries: a block that is wrong and has no more is judged entry by entry
ALONE = 8  # entries of a part that are judged one by one
SCATTERED = 8  # wrong parts of a block at a time: with more its wrong entries do not lie together
MOST_PARTS = 32  # wrong parts of a block at a time, before the rest is left at "wrong"
MOST_EXAMPLES = 4  # wrong parts left over in which an example is looked for
LINES = 6  # rows, and columns, in which the entries of a sample lie
DENSE = 8  # one wrong entry of so many, and bisecting does not pay


def random_direction(vector, positions, draw):
    """Zero but at the n positions; there of random sign, and between 1/sqrt(n) and 2/sqrt(n)."""
    direction, n = np.zeros_like(vector), len(positions)
    direction[positions] = draw.choice([-1.0, 1.0], n) * draw.uniform(1.0, 2.0, n) / math.sqrt(n)
    return direction


def along_gradient(analytic, positions, draw):
    """The gradient at the positions, each entry 1 to 2 times as large: a factor never cancels along it."""
    direction = np.zeros_like(analytic)
    direction[positions] = analytic[positions] * draw.uniform(1.0, 2.0, len(positions))
    return direction / (_norm(direction) or 1.0)


def judge_along(functions, at, direction, confidence, floor=None, small=SMALL_ERRORS["float64"]):
    """(Judgement, bar, Estimate) of gradient . direction, held against the slope of the loss along it.

    `at`: a GradientAt. The bar is that of one entry: what an error in it alone must exceed to leave the bar
    of the slope. Where it is too wide to show a thousandth of the largest entry, the verdict is undecided.
    `floor`: the noise Floor of the loss where it is known. The Estimate is of the slope.
    """
    (vector, analytic, rounding, _), moving = at, direction != 0.0
    there = np.empty_like(vector)

    def along(t):
        np.multiply(direction, t, out=there)
        np.add(there, vector, out=there)
        return functions.value(there)

    bounds = None if functions.bounds is None else _room(vector, direction, *functions.bounds)
    how = {"seed": functions.seed, "floor": floor or functions.floor}
    estimate = derivative(along, 0.0, bounds=bounds, **how)
    terms = analytic[moving] * direction[moving]
    rounded = _norm(rounding[moving] * direction[moving]) + U * float(np.sum(np.abs(terms)))
    estimate = replace(estimate, error=estimate.error + rounded)
    scale = max(estimate.scale, _norm(terms)) if estimate.scale > 0.0 else 0.0
    judgement = judge(float(np.sum(terms)), estimate, scale, 0.0, confidence, small)
    bar, largest = estimate.error / np.min(np.abs(direction[moving])), np.max(np.abs(analytic[moving]))
    visible = visible_from(bar, confidence)
    is_seen = visible <= WORST_VISIBLE * largest or largest == 0.0
    if small > WORST_VISIBLE:
        is_seen |= visible_from(estimate.error, confidence) <= PART_OF_LENGTH * _norm(terms)
        low, high = sorted(estimate.slopes)
        outside = max(low - np.sum(terms), np.sum(terms) - high)
        if judgement == "right" and outside > max(estimate.error, HIDDEN * _norm(terms)):
            judgement = Judgement("undecided", OUTSIDE)
    if judgement == "right" and not is_seen:
        would_pass = f"an error of {visible / largest:.1e} of the largest entry would pass"
        judgement = Judgement("undecided", would_pass)
    return judgement, float(bar), estimate


def _room(vector, direction, low, high):
    """(least, greatest) t with vector + t * direction within the bounds."""
    moving = direction != 0.0
    ends = [(bound[moving] - vector[moving]) / direction[moving] for bound in (low, high)]
    return float(np.max(np.minimum(*ends))), float(np.min(np.maximum(*ends)))


def _norm(vector):
    """Its length, also where the squares would overflow."""
    largest = np.max(np.abs(vector))
    return float(largest * np.sqrt(np.sum((vector / largest) ** 2))) if largest > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Group:
    """Entries of one block that were judged together: `positions`, `verdict`, `bar` of one of them."""

    positions: np.ndarray
    verdict: str
    bar: float


def locate(block, positions, along, look, draw, agreeing=AGREEING):
    """The Groups of the `positions`, in the flat vector, of one block; all others were judged one by one.

    along(positions) -> (verdict, bar, whether the bar is narrow), of a direction that is drawn anew at each
    call; the verdict may be "outside", where single precision does not explain what is seen. look(positions)
    -> how many of them are wrong, judged one by one. `draw`: a NumPy Generator, for the sample. `agreeing`:
    along how many directions the whole has to be right.
    """
    whole = (
        _along(along, positions, agreeing) if len(positions) > FEW else Group(positions, "wrong", math.inf)
    )
    if whole.verdict == "right":
        return [whole]
    if len(positions) <= ALL_OF:
        look(positions)
        return []
    groups = _halved([whole], along, SCATTERED)
    wrong = _wrong(groups)
    if len(wrong) > SCATTERED and DENSE * sum(len(part.positions) for part in wrong) > len(positions):
        sample = _sample(block, positions, draw)
        rest = np.setdiff1d(positions, sample)
        if DENSE * look(sample) >= len(sample) or len(block.shape) < 2:
            return [Group(rest, "wrong", whole.bar)]
        by_column = np.reshape(block.positions, block.shape).ravel(order="F")
        groups = [Group(by_column[np.isin(by_column, rest)], "wrong", whole.bar)]
    if whole.verdict == "wrong":
        groups = _halved(groups, along, MOST_PARTS)
    small = [part for part in _wrong(groups) if len(part.positions) <= ALONE]
    large = [part for part in _wrong(groups) if len(part.positions) > ALONE]
    found = [part.positions for part in small]
    found += [_one_of(part.positions, along) for part in large[:MOST_EXAMPLES]]
    if len(found) > 0:
        look(np.sort(np.concatenate(found)))
    rest = [Group(np.setdiff1d(part.positions, np.concatenate(found)), "wrong", part.bar) for part in large]
    return [*(group for group in groups if group.verdict != "wrong"), *rest]


def _along(along, positions, agreeing=AGREEING):
    """The Group of the positions: wrong along one direction, right along several, by the narrowest bars."""
    tried = []
    for _ in range(MOST_DIRECTIONS):
        verdict, bar, narrow = along(positions)
        if verdict in ("wrong", "outside"):
            return Group(positions, "wrong" if verdict == "wrong" else "undecided", bar)
        tried.append((bar, verdict))
        if narrow and [verdict for _, verdict in tried[-agreeing:]] == ["right"] * agreeing:
            break
    best = sorted(tried)[:AGREEING]
    verdict = "right" if {verdict for _, verdict in best} == {"right"} else "undecided"
    return Group(positions, verdict, best[-1][0])


def _wrong(groups):
    return [group for group in groups if group.verdict == "wrong"]


def _halved(groups, along, most):
    """The Groups with all halved that are not right, until they are small, or more than `most`.

    Of two halves of a wrong part one is wrong; it is judged by itself only if the other is not right.
    """
    while True:
        open_ones = [group for group in groups if group.verdict != "right" and len(group.positions) > ALONE]
        if len(open_ones) == 0 or sum(group.verdict != "right" for group in groups) > most:
            return groups
        halved = [_halves(group, along) if group in open_ones else [group] for group in groups]
        groups = [part for parts in halved for part in parts]


def _halves(group, along):
    first, second = np.split(group.positions, [len(group.positions) // 2])
    judged = _along(along, first)
    if judged.verdict == "right" and group.verdict == "wrong":
        return [judged, Group(second, "wrong", group.bar)]
    return [judged, _along(along, second)]


def _one_of(part, along):
    """A few neighbouring positions, of a wrong part, among which is a wrong one."""
    while len(part) > ALONE:
        first, second = np.split(part, [len(part) // 2])
        part = second if _along(along, first).verdict == "right" else first
    return part


def _sample(block, positions, draw):
    """Some of the positions: of a matrix those in a few rows and columns, the same ones if it is square."""
    rows = block.shape[0] if len(block.shape) > 1 else 1
    columns = len(block.positions) // rows
    if rows == 1 or columns == 1:
        return np.sort(draw.choice(positions, min(LINES**2, len(positions)), replace=False))
    chosen = draw.choice(rows, min(LINES, rows), replace=False)
    across = chosen if rows == columns else draw.choice(columns, min(LINES, columns), replace=False)
    sample = block.start + (chosen[:, None] * columns + across).ravel()
    return np.intersect1d(sample, positions)


BESIDE = 2.0**-20  # of max(|x|, 1): how far away pieces of the loss are looked for
STEP = 2.0**-6  # of that: the step over which their slope is taken
CLOSER = 2.0**-4  # of that: where a piece still is as steep, and a mere curvature is not
CLEARLY = 2.0**-10  # of the slopes: by how much that of another piece must differ
STARTS = 12  # points beside that are drawn
MOVES = 12  # moves that are tried for each entry at a kink, before the gradient is called wrong
MOST_MOVES = 768
RAYS = 3  # away from the point, along which slopes at two distances are compared
BENT = 2.0**-4  # of the slopes: what curvature may change between the two
NEARER, MOST_NEARER = 2.0**-8, 3  # times the distance, where it changes more
DOMINANT = 256.0  # moves of one entry go up to this, so that it may decide alone
DRAWN = 3  # random directions
PAIRS = 128  # of points between which a loss that is convex has to be so
NEAREST_PAIR = 6.0  # halvings of the usual distance: some pairs have one kink between them
ROUNDED = 16.0 * U  # of the loss: a smaller bend may be rounding
TOLD = 3  # wrong entries, for which no piece was found, before the rest is left wrong
MOST_BISECTED = 64  # entries; more are blamed as whole blocks


class Kinks:
    """Pieces of the loss of CallersFunctions that meet at a GradientAt.

    `slopes`: position -> (left, right) of every entry at a kink or wrong; `smooth`: position -> a step over
    which the loss has no kink along that entry; `is_among_kinks`: whether there are any at a kink, which
    noise may hide.
    """

    def __init__(self, functions, at, slopes, smooth, is_among_kinks, confidence, floor):
        self.functions, self.at, self.confidence, self.floor = functions, at, confidence, floor
        self.slopes, self.positions = slopes, np.array(list(slopes))
        self._is_among_kinks = is_among_kinks
        self.draw = np.random.default_rng([functions.seed, 4])
        self.reach = BESIDE * np.maximum(np.abs(at.vector), 1.0)
        self.reach *= min([1.0, *(step / self.reach[i] for i, step in smooth.items())])
        self._come_nearer()
        self.bend = np.zeros_like(at.vector)
        self.bend[self.positions] = np.sign([right - left for left, right in slopes.values()])

    def judged(self, judgements):
        """Position -> Judgement where it is another than in `judgements`, those of single entries."""
        wrong = [i for i in self.slopes if judgements[i] == "wrong"]
        found = self._met_beside(wrong)
        others = [i for i in self.slopes if (i in found or i not in wrong) and self.bend[i] != 0.0]
        return found | (self._not_together(np.array(others)) if len(others) > 1 else {})

    def _met_beside(self, wrong):
        """The entries outside their slopes at the point that are slopes of a piece beside it."""
        found, missed, self.is_any_in_sight = {}, 0, True
        for i in wrong:
            direction = np.zeros_like(self.at.vector)
            direction[i] = 1.0
            target, slopes = float(self.at.analytic[i]), sorted(self.slopes[i])
            is_hidden = not np.isfinite(target) or self._is_hidden(direction, target, *slopes)
            if is_hidden and np.isfinite(target) and self._is_among_kinks:
                found[i] = Judgement(
                    "undecided", "at a kink, and noise hides the pieces of the loss beside it"
                )
            elif not is_hidden and self._is_met(direction, target, *slopes):
                found[i] = Judgement("right", "at a kink: the slope of the loss right beside it")
            else:
                missed += 1
            if missed == TOLD or not self.is_any_in_sight:
                break
        return found

    def _not_together(self, positions):
        """The entries that are no subgradient together, as some direction shows.

        Those at which the loss bends upwards, and the others, each by themselves: the slopes along a line are
        the steepest that meet at the point where the loss is convex or concave. Where it is neither, one
        slope along the line is that of all pieces if all have it, as those of a sum of sorted numbers have.
        """
        words = "at a kink: alone each slope lies between the one-sided ones, together they do not"
        found = {}
        for bend in (-1.0, 1.0):
            some, bends = positions[self.bend[positions] == bend], None
            for direction in self._directions(some) if len(some) > 1 else ():
                if not self._is_outside(direction):
                    continue
                if bends is None:
                    everywhere = self.functions, self.at.vector, some, bend, self.positions
                    bends = bends_everywhere(*everywhere, self.draw)
                if bends or self._is_steady(direction):
                    moving = some[direction[some] != 0.0]
                    guilty = np.concatenate(self._smallest(direction, self._by_block(moving)))
                    found |= dict.fromkeys(guilty.tolist(), Judgement("wrong", words))
                    break
        return found

    def _directions(self, positions):
        """Away from the middle of the one-sided slopes, along the gradient, along and between ties, drawn."""
        analytic = self.at.analytic[positions]
        middle = np.array([np.mean(self.slopes[i]) for i in positions.tolist()])
        away = analytic - middle
        away[np.abs(away) <= CLEARLY * np.max(np.abs(analytic) + np.abs(middle))] = 0.0
        differences = _differences(self.at.vector[positions])
        for values in (away, analytic, differences, np.abs(differences)):
            if np.any(values) and np.all(np.isfinite(values)):
                direction = np.zeros_like(self.at.vector)
                direction[positions] = values / np.max(np.abs(values))
                yield direction
        for _ in range(DRAWN):
            yield random_direction(self.at.vector, positions, self.draw)

    def _is_outside(self, direction):
        """Whether the gradient is no slope of the loss along a direction, at the point or beside it."""
        judgement, _, slope = judge_along(self.functions, self.at, direction, self.confidence, self.floor)
        if judgement != "wrong" or not np.isfinite(slope.error):
            return False
        low, high = sorted(slope.slopes)
        target = float(np.sum(self.at.analytic * direction))
        is_clear = max(low - target, target - high) > 2.0 * CLEARLY * max(abs(low), abs(high), abs(target))
        if not is_clear or self._is_hidden(direction, target, low, high):
            return False
        return not self._is_met(direction, target, low, high)

    def _is_steady(self, direction):
        """Whether the pieces of the loss beside the point are all as steep along a direction."""
        starts = self.draw.standard_normal((2 * STARTS, len(direction)))
        slopes = np.array([self._slope(each, direction, 1.0) for each in starts])
        return bool(np.all(np.isfinite(slopes)) and np.ptp(slopes) <= CLEARLY * np.max(np.abs(slopes)))

    def _come_nearer(self):
        """Makes the reach so short that pieces keep their slopes: what curvature makes is no piece."""
        draw = np.random.default_rng([self.functions.seed, 11])
        sizes = np.abs([*self.at.analytic[self.positions], *np.ravel([*self.slopes.values()])])
        size = np.max(sizes[np.isfinite(sizes)], initial=0.0)
        rays = draw.standard_normal((RAYS, 2, len(self.reach)))
        for _ in range(MOST_NEARER):
            far, near = np.array(
                [[self._slope(*ray, 1.0, closer) for ray in rays] for closer in (1.0, CLOSER)]
            )
            if np.all(np.abs(far - near) <= BENT * np.maximum(np.abs(far), size)):
                break
            self.reach = NEARER * self.reach

    def _step(self, direction):
        """The step along a direction over which the slope of a piece is taken."""
        moving = direction != 0.0
        return STEP * float(np.min(self.reach[moving] / np.abs(direction[moving])))

    def _is_hidden(self, direction, *slopes):
        """Whether noise hides pieces of the loss whose slopes are as far apart as these may be."""
        noise = self.floor.noise(abs(self.functions.value(self.at.vector)))
        return noise > CLEARLY * max(map(abs, slopes)) * self._step(direction) * CLOSER

    def _is_met(self, direction, target, low, high):
        """Whether a piece of the loss beside the point is as steep along the direction as the target.

        The steepest piece is climbed to, one entry after another being moved far. For unless one entry
        decides, every unit of a network has to be off or on by itself.
        """
        sign = 1.0 if target > high else -1.0
        far_out = max(abs(low), abs(high), abs(target))
        wanted = max(sign * target - CLEARLY * far_out, max(sign * low, sign * high) + CLEARLY * far_out)
        steepest = np.where(self.bend == 0.0, 1.0, self.bend) * sign * direction
        starts = [steepest, *(self.draw.standard_normal(direction.shape) for _ in range(STARTS))]
        slopes = [self._slope(each, direction, sign) for each in starts]
        best, move = max(slopes), starts[int(np.argmax(slopes))]
        self.is_any_in_sight = bool(np.any(self.bend)) or np.ptp(slopes) > CLEARLY * far_out
        if not self.is_any_in_sight:
            return False
        for k in range(min(MOST_MOVES, MOVES * len(self.positions))):
            if best >= wanted:
                break
            other = self._moved(move, k)
            slope = self._slope(other, direction, sign)
            if slope >= best:
                best, move = slope, other
        return bool(best >= wanted and self._slope(move, direction, sign, CLOSER) >= wanted)

    def _moved(self, move, k):
        """The move with one entry moved far to either side, or anew, or with all of them anew."""
        if k % 6 == 5:
            return self.draw.standard_normal(move.shape)
        other, size = move.copy(), np.max(np.abs(move)) if k % 6 == 4 else 1.0
        i = self.positions[self.draw.integers(len(self.positions))]
        far = DOMINANT ** self.draw.uniform(0.3, 1.0)
        other[i] = far * (-1.0) ** k if k % 6 < 4 else size * self.draw.standard_normal()
        return other

    def _slope(self, move, direction, sign, closer=1.0):
        """sign * the slope along a direction of the piece where the parameters have moved; -inf for none."""
        step = closer * self._step(direction)
        beside = self.at.vector + closer * self.reach * move / np.max(np.abs(move))
        forth, back = (self.functions.value_or_nan(beside + k * step * direction) for k in (1.0, -1.0))
        slope = sign * (forth - back) / (2.0 * step)
        return slope if np.isfinite(slope) else -np.inf

    def _by_block(self, positions):
        parts = (
            positions[(each.start <= positions) & (positions < each.stop)]
            for each in self.functions.point.blocks
        )
        return [part for part in parts if len(part) > 0]

    def _smallest(self, direction, parts):
        """The smallest sets of positions, made by halving, for which alone the gradient is outside."""

        def of(part):
            alone = np.zeros_like(direction)
            alone[part] = direction[part]
            return alone

        wrong = [part for part in parts if self._is_outside(of(part))] if len(parts) > 1 else parts
        if len(wrong) == 0:
            return parts
        found = []
        for part in wrong:
            halves = np.array_split(part, 2) if 2 < len(part) <= MOST_BISECTED else [part]
            found += self._smallest(direction, halves) if len(halves) > 1 else [part]
        return found


def bends_everywhere(functions, vector, positions, bend, others, draw=None):
    """Whether the loss is convex (bend 1) or concave (-1) in the entries at `positions`, between points.

    All `others` at kinks are moved, too, for on other pieces it may bend the other way; and now many entries
    are moved and now few, now far and now hardly, for the bend of one unit is lost in that of many.
    """
    draw = np.random.default_rng([functions.seed, 8]) if draw is None else draw
    reach = BESIDE * np.maximum(np.abs(vector), 1.0)
    for _ in range(PAIRS):
        start = np.zeros_like(vector)
        start[others] = draw.standard_normal(len(others))
        some = positions[draw.random(len(positions)) <= draw.random()]
        start[some] = draw.standard_normal(len(some))
        move = np.zeros_like(vector)
        move[some] = draw.standard_normal(len(some)) * 2.0 ** draw.uniform(-NEAREST_PAIR, 0.0)
        ends = (start + move, start - move, start)
        one, other, middle = (functions.value_or_nan(vector + reach * each) for each in ends)
        bent, moved = one + other - 2.0 * middle, abs(one - middle) + abs(other - middle)
        if not bend * bent >= -CLEARLY * moved - ROUNDED * abs(middle):
            return False
    return True


def _differences(values):
    """+1 and -1 in turn for the equal ones among the values, 0 for those that are alone."""
    found = np.zeros_like(values)
    for value in np.unique(values):
        equal = np.flatnonzero(values == value)
        if len(equal) > 1:
            found[equal] = np.where(np.arange(len(equal)) % 2 == 0, 1.0, -1.0)
    return found
