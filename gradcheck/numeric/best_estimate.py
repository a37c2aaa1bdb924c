"""The best estimate of a derivative that the difference quotients at several steps support.

Three neighbouring steps give a candidate: Richardson extrapolation through the two shorter ones, with a bar
made of truncation (what the two longer ones say instead), rounding, and the jump of the slope at a kink.
"""

import math
from typing import NamedTuple

from gradcheck.numeric.rounding import AGREEMENT, U

CENTRAL = 1.2 * 0.5**0.5  # errors of f in two evaluations over 2 h: independent; 1.2 for a noise seen in few
ARITHMETIC = 4.0 * U  # two subtractions, a division and the extrapolation, relative to the value
SUM_OF_HALVES = 2.0  # 1 + 1/2 + 1/4 + ...
NOT_SURE = 0.1  # of a difference between two steps: what the shorter one's bar may add to it
STAYS = 0.25  # slopes of a kink differ by what falls slower than h**0.25; those of |x|**1.5 fall as h**0.5
STEEPEST = 1.125  # slopes change at most so many times as fast as with h**0.5, as those of |x|**1.5 do
GROWS = 0.8  # slopes growing faster than h**-0.8 are of a jump; those of x**(1/3) grow as h**-0.67


class Candidate(NamedTuple):
    """A value with the parts of its bar, and the smallest step in it; `jump`: by how much the slope jumps."""

    value: float
    truncation: float
    rounding: float
    step: float
    jump: float = 0.0

    @property
    def bar(self):
        return self.truncation + self.rounding + self.jump


class BestEstimate(NamedTuple):
    """The Candidate with the smallest bar (`position`: index of its shortest step), and what was seen.

    `kink`: the slopes differ at the best steps; `slopes` then are (left, right). `jump`: f itself jumps at x.
    `side`: "left" or "right" where only that side has values.
    """

    best: Candidate
    position: int = -1
    kink: bool = False
    jump: bool = False
    slopes: tuple | None = None
    side: str | None = None


NOTHING = BestEstimate(Candidate(math.nan, math.inf, 0.0, math.nan))


def best_estimate(steps, sides):
    """The BestEstimate of Quotients at falling `steps`; `sides`: those on the "left" and on the "right".

    It is NOTHING where fewer than three steps of two sides and four of one side are known.
    """
    both = _of_both_sides(steps)
    if both is not NOTHING:
        return both
    one = [found for side in ("left", "right") for found in _of_one_side(sides[side], side)]
    return min(one, key=lambda found: found.best.bar, default=NOTHING)


def _of_both_sides(steps):
    if len(steps) < 3:
        return NOTHING
    triples = list(zip(steps, steps[1:], steps[2:]))
    candidates = _held_against_others([_with_kink(*triple) for triple in triples])
    j = _jump_among(triples)
    if j is not None:
        slopes = _slopes_at_jump(*triples[j][1:])
        return BestEstimate(candidates[j], j + 2, candidates[j].jump > 0.0, True, slopes)
    i = min(range(len(candidates)), key=lambda i: candidates[i].bar)
    kink = candidates[i].jump > 0.0
    return BestEstimate(candidates[i], i + 2, kink, slopes=_slopes_at_kink(*triples[i][1:]) if kink else None)


def _of_one_side(steps, side):
    candidates = _held_against_others([_one_sided(steps[i : i + 4], side) for i in range(len(steps) - 3)])
    return [BestEstimate(candidate, i + 3, side=side) for i, candidate in enumerate(candidates)]


def _held_against_others(candidates):
    """The candidates, steps falling, each widened by what others say beyond both bars.

    By a shorter one: truncation falls with the step, and what a shorter step changes by more than its
    rounding is fine structure of f that longer ones passed over. Up to a tenth more where the shorter one is
    not sure itself.
    """
    held = []
    for i, one in enumerate(candidates):
        bar, widest = one.bar, 0.0
        for each in candidates[i + 1 :]:
            gap = abs(one.value - each.value)
            if gap > bar + each.rounding:
                widest = max(widest, gap + max(each.rounding, min(each.bar, NOT_SURE * gap)))
        held.append(one._replace(truncation=max(one.truncation, widest - one.rounding - one.jump)))
    return held


# Extrapolation to h = 0


def _with_kink(a, b, c):
    """The Candidate of three steps; its bar covers both one-sided slopes where they differ."""
    candidate = _central(a, b, c)
    difference, bar = _kink_of(a, b, c)
    if not _converges((a, b, c), ("left", "right")):
        candidate = _unknown(candidate, (a, b, c))
    if difference == 0.0:
        by_chance = 0.0 if _is_smooth(b, c) else max(b.difference, c.difference)
        return candidate._replace(truncation=candidate.truncation + by_chance)
    slopes = (c.left, c.right, *_slopes_at_kink(b, c))
    return candidate._replace(jump=max(abs(candidate.value - slope) for slope in slopes) + bar)


def _central(a, b, c):
    """The Candidate of three steps where f is smooth.

    Truncation: twice what the two Richardson pairs disagree by (were every further step to move the value by
    half of the last move, all of them would move it by that), or less where f shows a single curvature, and
    the product of the relative corrections that led there, which is of the order of the next term: it unmasks
    pairs that agree by chance over steps as long as the waves of f.
    """
    fine, rounding = _limit_of_two(b, c, b.central, c.central, 2, CENTRAL)
    coarse, _ = _limit_of_two(a, b, a.central, b.central, 2, CENTRAL)
    if _is_straight((a, b, c)):
        return Candidate(a.central, 0.0, abs(a.central - b.central) + a.noise / a.step, c.step)
    slope = max(abs(fine), abs(c.left), abs(c.right))
    chance = abs(b.central - fine) * (abs(c.central - fine) / slope) if slope > 0.0 else 0.0
    moves = c.step / (b.step - c.step) if _is_curved_once(a, b, c) else 1.0
    return Candidate(fine, SUM_OF_HALVES * moves * abs(fine - coarse) + chance, rounding, c.step)


def _is_curved_once(a, b, c):
    """Whether one curvature, and one change of it, explain what is seen: the quotients move with h**2.

    Truncation then falls at least as the step does: all further moves are c/b + (c/b)**2 + ... of the last.
    """
    expected = abs(a.central - b.central) * (b.step**2 - c.step**2) / (a.step**2 - b.step**2)
    noise = b.noise / b.step + c.noise / c.step + ARITHMETIC * abs(c.central)
    return _is_smooth(a, b) and _is_smooth(b, c) and abs(b.central - c.central) <= 2.0 * expected + noise


def _one_sided(steps, side):
    """The Candidate of four steps of one side: extrapolation through the last three."""
    slopes = [getattr(each, side) for each in steps]
    fine, rounding = _limit_of_three(steps[1:], slopes[1:])
    coarse, _ = _limit_of_three(steps[:-1], slopes[:-1])
    candidate = Candidate(fine, SUM_OF_HALVES * abs(fine - coarse), rounding, steps[-1].step)
    return candidate if _converges(steps, (side,)) else _unknown(candidate, steps)


def _is_straight(steps):
    """Whether f is a straight line over all of the steps, but for noise."""
    slopes = [
        (slope, 2.0 * each.noise / each.step + ARITHMETIC * abs(slope))
        for each in steps
        for slope in (each.left, each.right)
    ]
    low, high = max(slope - noise for slope, noise in slopes), min(slope + noise for slope, noise in slopes)
    return low <= high


def _is_smooth(b, c):
    """Whether the slopes of both sides differ in proportion to the step, as one curvature makes them."""
    expected, noise = b.difference * c.step / b.step, 4.0 * (b.noise / b.step + c.noise / c.step)
    return 0.5 * expected - noise <= c.difference <= 2.5 * expected + noise


def _converges(steps, names):
    """Whether the quotients of these names change by ever less, but for noise, as the steps fall.

    Beyond a kink beside x they change by ever more, as 1/h: f is a straight line there that misses f(x).
    """
    for name in names:
        slopes = [getattr(each, name) for each in steps]
        noises = [2.0 * each.noise / each.step + ARITHMETIC * abs(getattr(each, name)) for each in steps]
        for i in range(len(steps) - 2):
            before, after = abs(slopes[i] - slopes[i + 1]), abs(slopes[i + 1] - slopes[i + 2])
            a, b, c = (each.step**0.5 for each in steps[i : i + 3])
            if after > STEEPEST * before * (b - c) / (a - b) + noises[i + 1] + noises[i + 2]:
                return False
    return True


def _unknown(candidate, steps):
    """The Candidate with a bar as large as the slopes that were seen: a kink may lie at any distance."""
    known = [abs(slope) for each in steps for slope in (each.left, each.right) if math.isfinite(slope)]
    return candidate._replace(truncation=max(candidate.truncation, *known))


def _limit_of_two(a, b, of_a, of_b, power, evaluations):
    """(value at h = 0, its rounding) of the line in h**power through two quotients.

    `evaluations`: how many errors of f are in one quotient over one step: CENTRAL, 2 for one side, 4 for the
    difference of the sides.
    """
    node = (b.step / a.step) ** power
    weight_a, weight_b = node / (node - 1.0), 1.0 / (1.0 - node)
    noise_a = evaluations * a.noise / a.step + ARITHMETIC * abs(of_a)
    noise_b = evaluations * b.noise / b.step + ARITHMETIC * abs(of_b)
    return weight_a * of_a + weight_b * of_b, abs(weight_a) * noise_a + abs(weight_b) * noise_b


def _limit_of_three(steps, slopes):
    """(value at h = 0, its rounding) of the parabola in h through three one-sided quotients."""
    m, n = steps[1].step / steps[0].step, steps[2].step / steps[0].step
    weights = (
        m / (m - 1.0) * (n / (n - 1.0)),
        1.0 / (1.0 - m) * (n / (n - m)),
        1.0 / (1.0 - n) * (m / (m - n)),
    )
    noises = [2.0 * each.noise / each.step + ARITHMETIC * abs(slope) for each, slope in zip(steps, slopes)]
    limit = math.fsum(weight * slope for weight, slope in zip(weights, slopes))
    return limit, math.fsum(abs(weight) * noise for weight, noise in zip(weights, noises))


# Kinks and jumps


def _kink_of(a, b, c):
    """(jump, bar): the difference of the one-sided slopes at x, from three steps; 0.0 for none."""
    first, second, third = a.right - a.left, b.right - b.left, c.right - c.left
    fine, rounding = _limit_of_two(b, c, second, third, 1, evaluations=4.0)
    coarse, _ = _limit_of_two(a, b, first, second, 1, evaluations=4.0)
    bar = abs(fine - coarse) + rounding + ARITHMETIC * (abs(c.left) + abs(c.right))
    is_seen = abs(third) > AGREEMENT * 4.0 * c.noise / c.step
    stays = is_seen and abs(third) >= abs(second) * (c.step / b.step) ** STAYS
    return (max(abs(fine), abs(third)) if is_seen and abs(fine) > bar or stays else 0.0), bar


def _slopes_at_kink(b, c):
    """(left, right): the one-sided slopes, extrapolated from two steps."""
    return _limit_of_two(b, c, b.left, c.left, 1, 2.0)[0], _limit_of_two(b, c, b.right, c.right, 1, 2.0)[0]


def _jump_among(triples):
    """The index of the first three steps that show a jump of f which no shorter step clears; None for none.

    Cleared is a jump by a step over which f changes by less than half of it.
    """
    for i, (a, b, c) in enumerate(triples):
        is_jump = _grow(a, b) and _grow(b, c) and c.change > AGREEMENT * 2.0 * c.noise
        if is_jump and all(shorter.change > 0.5 * c.change for _, _, shorter in triples[i + 1 :]):
            return i
    return None


def _grow(long, short):
    """Whether the slopes grow nearly as much as the step falls."""
    coarse, fine = max(abs(long.left), abs(long.right)), max(abs(short.left), abs(short.right))
    return fine >= coarse * (long.step / short.step) ** GROWS > 0.0


def _slopes_at_jump(b, c):
    """(left, right): infinite on the side where the slopes grow, finite where they do not."""

    def of(side):
        coarse, fine = getattr(b, side), getattr(c, side)
        seen = abs(fine) * c.step > AGREEMENT * 2.0 * c.noise
        grows = seen and abs(fine) >= abs(coarse) * (b.step / c.step) ** GROWS
        return math.copysign(math.inf, fine) if grows else fine

    return of("left"), of("right")
