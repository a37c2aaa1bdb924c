"""The difference quotients of f at one step on both sides of x; what several of them say is read elsewhere."""

import math
from typing import NamedTuple

from gradcheck.numeric.rounding import U

# --- Kinks and jumps, read from one-sided slopes at falling steps; which steps are taken is not decided here.


# a difference falling slower than h**0.25 stays: |x|**1.5, whose slopes differ by h**0.5, is no kink
STAYS = 0.25
# slopes growing faster than h**-0.8 are of a jump: those of a vertical tangent x**(1/3) grow as h**-0.67
GROWS = 0.8
ABOVE_NOISE = 4.0  # Moré and Wild's factor for a measured noise


def kink_of(a, b, c):
    """(jump, bar): the difference of the one-sided slopes at x, extrapolated to h = 0 from three steps; 0.0
    for none.
    """
    first, second, third = a.right - a.left, b.right - b.left, c.right - c.left
    fine, rounding = limit_of_two(b, c, second, third, 1, evaluations=4.0)
    coarse, _ = limit_of_two(a, b, first, second, 1, evaluations=4.0)
    bar = abs(fine - coarse) + rounding + ARITHMETIC * (abs(c.left) + abs(c.right))
    if abs(fine) > bar or _stays(b, c):
        return max(abs(fine), abs(third)), bar
    return 0.0, bar


def _stays(b, c):
    """Whether right - left falls too slowly from one step to the next, well above the noise of both."""
    before, now = abs(b.right - b.left), abs(c.right - c.left)
    return now > ABOVE_NOISE * 4.0 * c.noise / c.step and now >= before * (c.step / b.step) ** STAYS


def is_jump(a, b, c):
    """Whether f itself jumps within the shortest of three steps: its change over the step does not fall with
    the step.
    """
    return _grows(a, b) and _grows(b, c) and _change(c) > ABOVE_NOISE * 2.0 * c.noise


def _grows(long, short):
    coarse, fine = max(abs(long.left), abs(long.right)), max(abs(short.left), abs(short.right))
    return fine >= coarse * (long.step / short.step) ** GROWS > 0.0


def jump_among(rungs):
    """Index of the first three rungs that show a jump which no shorter rung clears; None where there is none.

    Cleared is a jump by a rung over which f changes by less than half of it.
    """
    for i, triple in enumerate(zip(rungs, rungs[1:], rungs[2:])):
        if is_jump(*triple) and all(_change(rung) > 0.5 * _change(triple[-1]) for rung in rungs[i + 3 :]):
            return i
    return None


def _change(rung):
    return max(abs(rung.left), abs(rung.right)) * rung.step


def slopes_at_kink(b, c):
    """(left, right): the one-sided slopes, extrapolated to h = 0 from two steps."""
    return limit_of_two(b, c, b.left, c.left, 1, 2.0)[0], limit_of_two(b, c, b.right, c.right, 1, 2.0)[0]


def slopes_at_jump(b, c):
    """(left, right): infinite on the side where the slopes grow, finite where they do not."""

    def of(side):
        coarse, fine = getattr(b, side), getattr(c, side)
        if (
            abs(fine) * c.step > ABOVE_NOISE * 2.0 * c.noise
            and abs(fine) >= abs(coarse) * (b.step / c.step) ** GROWS
        ):
            return math.copysign(math.inf, fine)
        return fine

    return of("left"), of("right")


def is_local(rung, wider):
    """Whether f looks straight over one step: the slopes of both sides agree to half of their mean, or to
    noise.

    Or whether it is stationary, as the rung `wider` before shows (None for the first).
    """
    difference = abs(rung.right - rung.left)
    return difference <= 0.5 * abs(rung.central) + 4.0 * rung.noise / rung.step or is_stationary(rung, wider)


def is_stationary(rung, wider):
    """Whether the difference of the slopes has fallen in proportion to the step: a curvature, the same over
    both steps.
    """
    if wider is None:
        return False
    difference, expected = abs(rung.right - rung.left), abs(wider.right - wider.left) * rung.step / wider.step
    return 0.5 * expected <= difference <= 2.0 * expected


def clears(suspect, jump):
    """A test for shorter rungs: whether the difference of the slopes seen at the rung `suspect`, or its
    jump, is gone.
    """

    def is_cleared(rung, wider):
        if jump:
            return _change(rung) <= 0.5 * _change(suspect)
        difference = abs(rung.right - rung.left)
        return difference <= 0.5 * abs(suspect.right - suspect.left) + 4.0 * rung.noise / rung.step

    return is_cleared


# --- The difference quotients of f at one step on both sides of x; what several of them say is read
# elsewhere.


ARITHMETIC = 4.0 * U  # two subtractions, a division and the extrapolation, relative to the value


class Slopes(NamedTuple):
    """The quotients at one step, NaN on a side without a value, and the noise of one evaluation in them."""

    step: float
    left: float
    right: float
    central: float
    noise: float

    @property
    def has_both_sides(self):
        return math.isfinite(self.left) and math.isfinite(self.right) and math.isfinite(self.central)


def slopes_at(f, x, h, centre, noise, sides=("left", "right")):
    """The Slopes at step h, or None where h is too short to move x. Only the `sides` that are named are
    evaluated.

    Whatever was measured, no value is better than its own rounding u |f| and that of the argument, u |x f'|.
    """
    above, below = x + h, x - h
    if not below < x < above:
        return None
    f_above = f(above) if "right" in sides else math.nan
    f_below = f(below) if "left" in sides else math.nan
    right = (f_above - centre) / (above - x)
    left = (centre - f_below) / (x - below)
    middle = (f_above - f_below) / (above - below)
    known = [abs(each) for each in (f_above, f_below, x * left, x * right) if math.isfinite(each)]
    return Slopes(0.5 * (above - below), left, right, middle, max(noise, U * max(known, default=0.0)))


# --- From difference quotients at three or four steps to a value with its truncation and rounding; no
# function is called here.


AGAIN = 2.0  # 1 + 1/2 + 1/4 + ...


class Candidate(NamedTuple):
    """A value with its parts of the bar, and the smallest step in it; `jump`: by how much the slopes jump at
    x.
    """

    value: float
    truncation: float
    rounding: float
    step: float
    jump: float = 0.0

    @property
    def bar(self):
        return self.truncation + self.rounding + self.jump


def from_central(a, b, c):
    """Candidate from three steps: the Richardson pair of the two shorter ones, held against the pair of the
    longer ones.

    Truncation: twice what the pairs disagree by (were every further step to move the value by half of the
    last move, all of them would move it by that), and the product of the relative corrections that led there,
    which is of the order of the next term: it unmasks pairs that agree by chance over steps as long as the
    waves of f.
    """
    fine, rounding = limit_of_two(b, c, b.central, c.central, 2, evaluations=1.0)
    coarse, _ = limit_of_two(a, b, a.central, b.central, 2, evaluations=1.0)
    slope = max(abs(fine), abs(c.left), abs(c.right))
    chance = abs(b.central - fine) * (abs(c.central - fine) / slope) if slope > 0.0 else 0.0
    return Candidate(fine, AGAIN * abs(fine - coarse) + chance, rounding, c.step)


def from_one_side(rungs, side):
    """Candidate from four steps of one side ("left" or "right"): extrapolation through three, as the other
    three say.
    """
    quotients = [rung.left for rung in rungs] if side == "left" else [rung.right for rung in rungs]
    fine, rounding = limit_of_three(rungs[1:], quotients[1:], evaluations=2.0)
    coarse, _ = limit_of_three(rungs[:-1], quotients[:-1], evaluations=2.0)
    return Candidate(fine, AGAIN * abs(fine - coarse), rounding, rungs[-1].step)


def limit_of_two(a, b, of_a, of_b, power, evaluations):
    """(value at h = 0, the worst that noise and arithmetic do to it) of the line in h**power through two
    quotients.

    `evaluations`: how many evaluations of f are in one quotient over one step: 1 for central (two over 2h), 2
    for one side.
    """
    node = (b.step / a.step) ** power
    weight_a, weight_b = node / (node - 1.0), 1.0 / (1.0 - node)
    noise_a = evaluations * a.noise / a.step + ARITHMETIC * abs(of_a)
    noise_b = evaluations * b.noise / b.step + ARITHMETIC * abs(of_b)
    return weight_a * of_a + weight_b * of_b, abs(weight_a) * noise_a + abs(weight_b) * noise_b


def limit_of_three(rungs, quotients, evaluations):
    """As `limit_of_two`, of the parabola in h through three quotients."""
    longest, (p, q, r) = rungs[0].step, rungs
    m, n = q.step / longest, r.step / longest
    weights = (
        m / (m - 1.0) * (n / (n - 1.0)),
        1.0 / (1.0 - m) * (n / (n - m)),
        1.0 / (1.0 - n) * (m / (m - n)),
    )
    (of_p, of_q, of_r), (u, v, w) = quotients, weights
    return (
        math.fsum((u * of_p, v * of_q, w * of_r)),
        math.fsum(
            (
                abs(u) * (evaluations * p.noise / p.step + ARITHMETIC * abs(of_p)),
                abs(v) * (evaluations * q.noise / q.step + ARITHMETIC * abs(of_q)),
                abs(w) * (evaluations * r.noise / r.step + ARITHMETIC * abs(of_r)),
            )
        ),
    )
