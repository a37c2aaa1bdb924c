"""The derivatives of a function by evaluating it, each with an error bar.

The noise of one evaluation is measured once (`rounding`), for each entry steps are taken until none pays, and
what the quotients at those steps agree on is the estimate (`steps`). Where many entries are alike, a step
that was found on a few of them serves the others: a SharedStep takes two evaluations for each.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.errors import GradcheckError, Interrupted, NotFinite, real_number, require_inside
from gradcheck.numeric.rounding import (
    AGREEMENT,
    HALF_THE_DIGITS,
    OF_ONES,
    Floor,
    U,
    floor_of,
)
from gradcheck.numeric.steps import (
    ARITHMETIC,
    FIRST_STEP,
    WIDEST_TREAD,
    CountedCalls,
    StepSearch,
    along_line,
    with_entries,
)

WIDE = 1e-6  # of the slopes: a bar of f without noise that is wider is made by what f does over short steps
LOW = {"float32": "single precision", "float16": "half precision"}
NOISY = 16.0  # noise this many times above u |f| is more than the rounding of a few sums


@dataclass(frozen=True)
class Estimate:
    """A derivative with its error bar: |true - value| <= error is what the evaluations support.

    `step`: the smallest step used. `evaluations`: calls of f. `scale`: the largest slope at the longest step,
    the natural size of slopes of f. `error` is inf, and `value` NaN, when no steps agree or f is not
    finite at enough of them. `reason`: what is special about the bar: None, "noise", "kink", "kinks too
    close", "jump", "edge of the domain", "single precision" or "half precision". `left`, `right`: the
    one-sided slopes at a kink or a jump (infinite on the side of the jump), else None.
    """

    value: float
    error: float
    step: float
    evaluations: int
    scale: float = 0.0
    reason: str | None = None
    left: float | None = None
    right: float | None = None

    @property
    def kink(self) -> bool:
        """Whether the one-sided slopes differ at the smallest steps; the bar then covers both."""
        return self.reason == "kink"

    @property
    def slopes(self) -> tuple[float, float]:
        """The slopes on the left and on the right: at a kink two, else one and the same."""
        if self.left is None or self.right is None or not self.kink:
            return self.value, self.value
        return self.left, self.right

    def divided_by(self, unit: float) -> "Estimate":
        """The Estimate of the derivative by what is measured in such a unit."""
        if unit == 1.0:
            return self
        left, right = (None if each is None else each / unit for each in (self.left, self.right))
        sizes = self.value / unit, self.error / unit, self.step * unit, self.evaluations, self.scale / unit
        return Estimate(*sizes, self.reason, left, right)


@dataclass(frozen=True)
class Gradient:
    """The Estimates of all entries, each with its own calls of f; all calls, and the noise Floor of f."""

    estimates: tuple[Estimate, ...]
    evaluations: int
    floor: Floor

    @property
    def value(self) -> np.ndarray:
        """The derivatives, shape (n,)."""
        return np.array([each.value for each in self.estimates])

    @property
    def error(self) -> np.ndarray:
        """Their error bars, shape (n,)."""
        return np.array([each.error for each in self.estimates])

    @property
    def scale(self) -> np.ndarray:
        """The natural sizes of slopes, shape (n,)."""
        return np.array([each.scale for each in self.estimates])


def derivative(
    f: Callable[[float], float],
    x: float,
    *,
    bounds: tuple | None = None,
    seed: int = 0,
    floor: Floor | None = None,
) -> Estimate:
    """The derivative of f at x, an Estimate with the smallest bar that is honest.

    f: float -> float, called some 20 to 60 times. `bounds`: (low, high), f is not called outside; at a bound
    one side is used. Three steps that agree make a bar. `floor`: the noise Floor of f near x, measured
    where it is None. Raises NotFinite when f(x) is not finite, GradcheckError when x is outside the bounds.

    >>> estimate = derivative(lambda x: x**3, 2.0)
    >>> abs(estimate.value - 12.0) <= estimate.error < 1e-8
    True
    """
    vector = np.array([x], dtype=np.float64)
    found = gradient(lambda point: f(float(point[0])), vector, bounds=bounds, seed=seed, floor=floor)
    return replace(found.estimates[0], evaluations=found.evaluations)


@np.errstate(all="ignore")
def gradient(
    f: Callable[[np.ndarray], float],
    vector: np.ndarray,
    *,
    bounds: tuple | None = None,
    seed: int = 0,
    floor: Floor | None = None,
    first_step: float = FIRST_STEP,
) -> Gradient:
    """The derivatives of f by every entry of `vector`, shape (n,), as a Gradient.

    f: vector -> float; each call gets a fresh copy, some 12 calls for each entry. `bounds`: (low, high),
    numbers or arrays of shape (n,). The noise floor is measured once, along a direction of random signs drawn
    with `seed` (noise belongs to f at this point, not to one entry), unless `floor` gives it. Raises
    NotFinite when f(vector) is not finite, GradcheckError for a vector outside its bounds; Interrupted, which
    carries the Gradient by the entries so far.
    """
    vector = _real_vector(vector)
    low, high = _bounds(bounds, vector)
    centre, evaluations = real_number("f", f(vector.copy())), 1
    if not math.isfinite(centre):
        raise NotFinite("f(vector)", (), centre)
    if floor is None:
        floor, calls = _floor_within(f, vector, low, high, seed, centre)
        evaluations += calls
    noise, start, estimates = floor.noise(abs(centre)), first_step, []
    try:
        for i, x in enumerate(vector.tolist()):
            rounded = 0.0 if floor.level > 0.0 else x
            f_of_entry = CountedCalls(with_entries(f, vector, i), low[i], high[i])
            search, floor_here = StepSearch(f_of_entry, x, centre, noise, start, rounded), floor
            found = search.run()
            if search.is_all_noise():  # or stairs, or waves far shorter than usual steps
                finer = StepSearch(f_of_entry, x, centre, U * abs(centre))
                found_finer = finer.run()
                best, is_wide = found_finer.best, found_finer.best.step > WIDEST_TREAD * finer.scale
                is_still = best[:2] == (0.0, 0.0) and search.noise > OF_ONES
                if is_still and is_wide or 0.0 < best.bar <= WIDE * abs(best.value):
                    found, search = found_finer, finer
            if (tread := search.jump_beside_stillness(found, floor.precision != "float64")) > noise:
                floor_here = Floor(tread, "float32")
                search = StepSearch(f_of_entry, x, centre, tread)
                found = search.run()
            estimates.append(_estimate(found, search, floor_here))
            start = FIRST_STEP if found.kink else search.start_for_next()
    except KeyboardInterrupt:
        until = f"after {len(estimates)} of {vector.size} entries"
        raise Interrupted(Gradient(tuple(estimates), evaluations, floor), until) from None
    evaluations += sum(each.evaluations for each in estimates)
    return Gradient(tuple(estimates), evaluations, floor)


def floor_along(f: Callable[[np.ndarray], float], vector: np.ndarray, seed: int = 0) -> Floor:
    """The noise Floor of f: vector -> float, along directions of random signs, in at most 109 calls."""
    ends = np.full_like(vector, -np.inf), np.full_like(vector, np.inf)
    return _floor_within(f, vector, *ends, seed, float(f(vector.copy())))[0]


def _floor_within(f, vector, low, high, seed, centre):
    """(the noise Floor of f, calls taken): along even moves, and where f stands still along uneven ones.

    So does a function of differences, when all entries move alike.
    """
    if len(vector) == 1:  # where the argument is rounded is known, and makes no noise
        f_of_entry = CountedCalls(with_entries(f, vector, 0), low[0], high[0])
        return floor_of(f_of_entry, float(vector[0]), centre), f_of_entry.evaluations
    directions = []
    for is_uneven in (False, True):
        directions.append(_along_random_signs(f, vector, low, high, seed, is_uneven))
        floor = floor_of(directions[-1], 0.0, centre)
        if not floor.unmoved:
            break
    return floor, sum(each.evaluations for each in directions)


def _along_random_signs(f, vector, low, high, seed, is_uneven):
    """f along a direction of random signs, max(|x|, 1) long in each entry where the bounds leave room."""
    draw = np.random.default_rng(seed)
    signs = draw.choice([-1.0, 1.0], size=vector.shape)
    signs = np.where(high - vector <= 0.0, -1.0, np.where(vector - low <= 0.0, 1.0, signs))
    room = np.maximum(high - vector, vector - low)
    lengths = np.maximum(np.abs(vector), 1.0) * (draw.uniform(0.5, 1.0, vector.shape) if is_uneven else 1.0)
    return CountedCalls(along_line(f, vector, signs * np.minimum(lengths, room), low, high))


def _estimate(found, search, floor):
    """The Estimate that a BestEstimate supports, with what is special about it."""
    best, (left, right) = found.best, found.slopes or (None, None)
    scale = search.natural_slope() if search.travel() > AGREEMENT * search.noise else 0.0
    value, error = best.value, best.bar
    if found.jump:
        value, error, reason = np.nan, np.inf, "jump"
    elif found.kink:
        reason = "kink"
    elif found.side is not None or not np.isfinite(error):
        reason = "edge of the domain"
        if scale > 0.0 and error >= max(abs(value), scale):  # the slopes of one side go on growing
            value, error = math.copysign(math.inf, value), np.inf
    elif search.is_all_noise():
        value, error, reason = np.nan, np.inf, "noise"
        if search.noise <= OF_ONES:
            value, error = 0.0, (AGREEMENT * search.noise + search.travel()) / search.longest()
    elif floor.precision != "float64":
        reason = LOW[floor.precision]
    else:
        noisy = floor.level > NOISY * U * max(abs(search.centre), abs(search.x * value))
        size = max(abs(value), scale)
        reason = "noise" if noisy and error > HALF_THE_DIGITS * size else None
        if reason is None and search.was_short() and error > WIDE * size:
            reason = "kinks too close"
    return Estimate(value, error, best.step, search.f.evaluations, scale, reason, left, right)


def _bounds(bounds, vector):
    """(low, high) as vectors; raises GradcheckError where the point is outside."""
    try:
        low, high = (None, None) if bounds is None else bounds
        low = np.full(vector.shape, -np.inf if low is None else low, dtype=np.float64)
        high = np.full(vector.shape, np.inf if high is None else high, dtype=np.float64)
    except (TypeError, ValueError):
        allowed = "they are (low, high), each a number, None, or one for each entry"
        raise GradcheckError(f"bounds: found {bounds!r}; {allowed}") from None
    require_inside(low, high, vector, [f"x[{i}]" for i in range(len(vector))])
    return low, high


def _real_vector(vector):
    found = np.asarray(vector)
    if found.ndim != 1 or found.dtype.kind not in "fiu":
        what = "it is one axis of real numbers, and f a function of it; `check` takes other structures"
        raise GradcheckError(f"vector: found shape {found.shape} of {found.dtype}; {what}")
    return found.astype(np.float64)


MOST = 0.75  # of the entries: one among them may be a special one
ROUNDS = 3  # of adjusting the step to the truncation that the few show
CHANGED = 2.0  # a step that would change by less stays


class SharedStep:
    """The step for entries like some at the places `x`, of which the Estimates `found` are known.

    moved(h) -> f with each of these entries alone moved by h, an array; `centre` is f where none is moved,
    and `noise` the error of one evaluation. `step` is 0.0 where no step suits most of them: at kinks, where
    f stands still. Truncation h**2 M3/6 and rounding e/h are least together where the first is half of the
    second; M3 is seen in how far the quotients are from the estimates.
    """

    def __init__(self, moved: Callable, x: np.ndarray, found: list[Estimate], centre: float, noise: float):
        self.centre, self.noise, self.step = centre, noise, 0.0
        self.scale = max(each.scale for each in found)
        is_plain = np.array([np.isfinite(each.error) and not each.kink for each in found])
        if self.scale == 0.0 or np.mean(is_plain) < MOST:
            return
        value, e = np.array([each.value for each in found]), max(noise, U * np.max(np.abs(x)) * self.scale)
        h = (3.0 * e / self.scale) ** (1.0 / 3.0)
        for _ in range(ROUNDS):
            central, difference, _, rounding = self._quotients(moved, x, h)
            truncation = float(np.quantile(np.abs(central - value)[is_plain], MOST))
            if not np.isfinite(truncation):
                return
            better = h * (e / h / (2.0 * max(truncation, e / h / AGREEMENT))) ** (1.0 / 3.0)
            if max(better / h, h / better) <= CHANGED:
                break
            h = better
        self.step, self._truncation = h, AGREEMENT * truncation
        self._difference = max(np.quantile(difference[is_plain], MOST), AGREEMENT * np.max(rounding))

    def estimates(self, moved: Callable, x: np.ndarray) -> list[Estimate]:
        """The Estimates of other entries; the more curved they are than the few, the wider are their bars."""
        central, difference, scale, rounding = self._quotients(moved, x, self.step)
        curved = np.maximum(difference / self._difference, 1.0)
        bars = self._truncation * curved**2 + rounding
        rows = zip(central.tolist(), bars.tolist(), scale.tolist())
        return [Estimate(value, bar, self.step, 2, size) for value, bar, size in rows]

    def _quotients(self, moved, x, h):
        """(central, difference of both sides, larger side, rounding of the central one), of each entry."""
        above, below = x + h, x - h
        f_above, f_below = moved(h), moved(-h)
        right, left = (f_above - self.centre) / (above - x), (self.centre - f_below) / (x - below)
        central, slopes = (f_above - f_below) / (above - below), np.maximum(np.abs(left), np.abs(right))
        noise = np.maximum(self.noise, U * np.maximum(np.abs(f_above), np.abs(x) * slopes))
        return central, np.abs(right - left), slopes, noise / h + ARITHMETIC * np.abs(central)
