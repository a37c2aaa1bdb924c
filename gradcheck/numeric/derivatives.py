"""Derivatives of a function by evaluating it, each with an error bar; nothing is judged here.

The noise of one evaluation is measured (`noise`), steps are taken where it and the curvature say that they
pay (`steps`), what they say is read (`reading`), and a function of complex numbers gives a second opinion
(`second_opinion`).
"""

from dataclasses import dataclass

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.numeric.complex_step import along, parts, tightened
from gradcheck.numeric.noise import AGREEMENT, CALLS_PER_SAMPLE, FEWEST_SAMPLES, MOST_SAMPLES, Floor, floor_of
from gradcheck.numeric.rounding import HALF_THE_DIGITS, Counted, U
from gradcheck.numeric.steps import FIRST_STEP, Ladder

PER_ENTRY, OVERALL = 12, 60  # calls: six pairs: the start, three near the optimum, the far shorter, one more
LEAST_PER_ENTRY = 6  # calls: three pairs
MOST_KEPT = 3  # calls of each entry that may be kept in reserve
MOST_SPARE = 24  # calls that one entry may take of what others left
NOISY = 16.0  # noise this many times above u |f| is more than the rounding of a few sums
COLUMNS = {
    "value": float,
    "error": float,
    "step": float,
    "kink": bool,
    "scale": float,
    "reason": object,
    "left": object,
    "right": object,
}


@dataclass(frozen=True)
class Estimate:
    """A derivative with its error bar: |true - value| <= error is what the evaluations support.

    `step`: the smallest step used. `evaluations`: calls of f. `kink`: the one-sided slopes differ at the
    smallest step that can be resolved; the bar then covers both. `scale`: the largest slope at the longest
    step, the natural size of slopes of f. `error` is inf, and `value` NaN, when no steps agree or f is not
    finite at enough of them. `reason`: what is special about the bar: None, "noise", "kink", "jump", "edge of
    the domain", "single precision", "two opinions" (of differences and complex step). `left`, `right`: the
    one-sided slopes, at a kink or a jump (there infinite on the side of the jump), else None.
    """

    value: float
    error: float
    step: float
    evaluations: int
    kink: bool = False
    scale: float = 0.0
    reason: str | None = None
    left: float | None = None
    right: float | None = None


@dataclass(frozen=True)
class Gradient:
    """The estimates of all entries as arrays of shape (n,): `value`, `error`, `step`, `kink`, `scale`,
    `reason`, `left` and `right`, with the meanings they have in an Estimate. `floor`: the noise Floor of
    f."""

    value: np.ndarray
    error: np.ndarray
    step: np.ndarray
    kink: np.ndarray
    scale: np.ndarray
    reason: np.ndarray
    left: np.ndarray
    right: np.ndarray
    evaluations: int
    floor: Floor

    def estimate(self, position):
        """The Estimate of one entry (its `evaluations` are those of the whole gradient)."""
        entry = {name: getattr(self, name)[position] for name in COLUMNS}
        plain = {name: each.item() if isinstance(each, np.generic) else each for name, each in entry.items()}
        return Estimate(**plain, evaluations=self.evaluations)


def derivative(f, x, bounds=None, seed=0, allowance=OVERALL, floor=None):
    """The derivative of f at x with the smallest bar that is honest, in at most 12 + `allowance` calls.
    Returns an Estimate.

    f: float -> float. `bounds`: (low, high), f is not called outside; at a bound one side is used. Steps are
    chosen from the measured noise and curvature (`steps`), a bar is believed when three of them agree
    (`reading`); f that computes in complex numbers tightens it (`second_opinion`). `floor`: the noise Floor
    of f near x where it is known. Raises NotFinite when f(x) is not finite, GradcheckError when x is outside
    the bounds.
    """
    vector = np.array([x], dtype=np.float64)
    return gradient(
        lambda point: f(parts(point)[0]), vector, seed=seed, bounds=bounds, allowance=allowance, floor=floor
    ).estimate(0)


@np.errstate(all="ignore")
def gradient(f, vector, seed=0, bounds=None, allowance=OVERALL, reserve=0, floor=None):
    """The derivatives of f by every entry of `vector`, shape (n,), in at most 12 n + `allowance` calls.
    Returns a Gradient.

    f: vector -> float; it is handed a fresh copy each time. `bounds`: (low, high), numbers or arrays of shape
    (n,). Steps are chosen as in `derivative`. The noise floor is measured once, along a direction of random
    signs drawn with `seed` (noise belongs to f at this point, not to one entry), unless `floor` gives it.
    `reserve`: calls that are left for something else, as far as the entries can do without. An `allowance`
    below 13 - 6 n is not kept. Raises NotFinite, GradcheckError.
    """
    vector = _real_vector(vector)
    low, high = _bounds(bounds, vector)
    at_point = Counted(f)
    centre = at_point.at_the_point(vector.copy(), "f(vector)")
    direction = _along_direction(f, vector, low, high, seed)
    if floor is None:
        affordable = (
            allowance - reserve + LEAST_PER_ENTRY * vector.size - at_point.evaluations
        ) // CALLS_PER_SAMPLE
        floor = floor_of(direction, 0.0, centre, min(max(affordable, FEWEST_SAMPLES), MOST_SAMPLES))
    spent = at_point.evaluations + direction.evaluations
    estimates = _near_optimum(f, vector, low, high, centre, floor, allowance - spent, reserve)
    columns = {
        name: np.array([getattr(e, name) for e in estimates], dtype=kind) for name, kind in COLUMNS.items()
    }
    evaluations = spent + sum(e.evaluations for e in estimates)
    return Gradient(**columns, evaluations=evaluations, floor=floor)


def floor_along(f, vector, seed=0):
    """The noise Floor of f: vector -> float, along a direction of random signs, as `gradient` measures it;
    55 calls at most.
    """
    everywhere = np.full_like(vector, np.inf)
    return floor_of(_along_direction(f, vector, -everywhere, everywhere, seed), 0.0, float(f(vector.copy())))


def _near_optimum(f, vector, low, high, centre, floor, spare, reserve):
    """The Estimates of all entries by the steps of a Ladder each; what one entry leaves unused, others may
    use.
    """
    estimates, start = [], FIRST_STEP
    noise = floor.noise(abs(centre))
    spare -= min(reserve, MOST_KEPT * len(low))
    for i, x in enumerate(vector.tolist()):
        entry = Counted(along(f, vector, i), low[i], high[i])
        later = len(low) - i - 1
        left = PER_ENTRY * (later + 1) + spare - LEAST_PER_ENTRY * later
        allowed = max(min(PER_ENTRY + min(max(spare, 0), MOST_SPARE), left), LEAST_PER_ENTRY)
        ladder = Ladder(entry, x, centre, noise, allowed, start)
        estimates.append(_estimate(ladder.climb(), ladder, floor, centre, noise))
        spare += PER_ENTRY - entry.evaluations
        start = ladder.start_for_next()
    return tightened(f, vector, low, high, estimates, noise, spare)


def _estimate(reading, ladder, floor, centre, noise):
    """The Estimate that a Reading supports, with what is special about it."""
    best, left, right = reading.best, None, None
    scale = ladder.natural_slope() if ladder.travel() > AGREEMENT * noise else 0.0
    value, error = best.value, best.bar
    if reading.jump:
        value, error, reason = np.nan, np.inf, "jump"
        left, right = reading.slopes
    elif reading.kink:
        reason = "kink"
        left, right = reading.slopes
    elif reading.side is not None or not np.isfinite(error):
        reason = "edge of the domain"
        if error >= max(abs(value), scale):  # the slopes of one side go on growing: no derivative
            value, error = np.nan, np.inf
    elif AGREEMENT * noise >= max(abs(centre), ladder.travel()) > 0.0:
        value, error, reason = np.nan, np.inf, "noise"  # as large as f and all that it moves by
    elif floor.single_precision:
        reason = "single precision"
    else:
        noisy = floor.level > NOISY * U * max(abs(centre), abs(ladder.x * value))
        reason = "noise" if noisy and error > HALF_THE_DIGITS * max(abs(value), scale) else None
    return Estimate(value, error, best.step, ladder.f.evaluations, reading.kink, scale, reason, left, right)


def _bounds(bounds, vector):
    """(low, high) as vectors; raises GradcheckError where the point is outside."""
    try:
        low, high = (None, None) if bounds is None else bounds
        low, high = (
            np.broadcast_to(np.asarray(infinite if each is None else each, dtype=np.float64), vector.shape)
            for each, infinite in ((low, -np.inf), (high, np.inf))
        )
    except (TypeError, ValueError):
        raise GradcheckError(
            f"bounds: found {bounds!r}; they are (low, high), each a number, None, or one for each entry"
        ) from None
    for i in np.flatnonzero(~((low <= vector) & (vector <= high))):
        raise GradcheckError(
            f"x[{i}]: found {vector[i]}, outside its bounds {low[i]} to {high[i]}; start inside them"
        )
    return low, high


def _real_vector(vector):
    found = np.asarray(vector)
    if found.ndim != 1 or found.dtype.kind not in "fiu":
        raise GradcheckError(
            f"vector: found shape {found.shape} of {found.dtype}; it is one axis of real numbers, and f a "
            "function of it; `check` takes other structures"
        )
    return found.astype(np.float64)


def _along_direction(f, vector, low, high, seed):
    """f along a direction of random signs, as long as max(|x|, 1) or the room that the bounds leave;
    Counted.
    """
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=vector.shape)
    signs = np.where(high - vector <= 0.0, -1.0, np.where(vector - low <= 0.0, 1.0, signs))
    room = np.maximum(high - vector, vector - low)
    direction = signs * np.minimum(np.maximum(np.abs(vector), 1.0), room)

    def along_it(t):
        moved = vector + t * direction
        return f(moved) if np.all((low <= moved) & (moved <= high)) else np.nan

    return Counted(along_it)
