"""Derivatives of a function by evaluating it, each with an error bar; nothing is judged here.

A scheme turns the difference quotients at three falling steps into a value, its truncation and its rounding; `descent`
goes down the steps with it and keeps the smallest bar. The complex step needs no steps.

Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40
(1998), for the complex step.
"""

from dataclasses import dataclass

import numpy as np

from .calls import Counted, imaginary_part
from .descent import STEP_RATIO, Estimate, descend, extrapolated, extrapolated_noise
from .errors import GradcheckError
from .holomorphic import parts
from .noise import AGREEMENT, CALLS_PER_SAMPLE, FEWEST_SAMPLES, MOST_SAMPLES, Floor, floor_of, noise_floor
from .quotients import ARITHMETIC
from .rounding import U
from .second_opinion import along, tightened
from .steps import FIRST_STEP, Ladder

COMPLEX_STEP = 1e-100                       # its square is below every relative rounding, its inverse far from overflow

PER_ENTRY, OVERALL = 12, 60                 # calls: three pairs near the optimum, and three more where they were not
LEAST_PER_ENTRY = 6                         # calls: three pairs
MOST_KEPT = 3                               # calls of each entry that may be kept in reserve
MOST_SPARE = 24                             # calls that one entry may take of what others left
NOISY = 16.0                                # noise this many times above u |f| is more than the rounding of a few sums
HALF_THE_DIGITS = U ** 0.5                  # a bar this wide, relative to the slope, is what a one-sided difference has
COLUMNS = {"value": float, "error": float, "step": float, "kink": bool, "scale": float, "reason": object,
           "left": object, "right": object}


@dataclass(frozen=True)
class Gradient:
    """The estimates of all entries as arrays of shape (n,): `value`, `error`, `step`, `kink`, `scale`, `reason`, `left`
    and `right`, with the meanings they have in an Estimate. `floor`: the noise Floor of f."""

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


# The schemes

def forward(f, x, noise=None):
    """Forward difference (f(x+h) - f(x))/h, error h M2/2 + 2 noise/h. At a kink its bar covers the left slope too.

    f: float -> float. `noise`: absolute error of one evaluation when it is known already. Returns an Estimate.
    Raises NotFinite when f(x) is not finite.
    """
    return descend(f, x, noise, _forward_scheme)


def central(f, x, noise=None):
    """Central difference (f(x+h) - f(x-h))/2h, error h**2 M3/6 + noise/h. Arguments and result as in `forward`."""
    return descend(f, x, noise, _central_scheme)


def richardson(f, x, noise=None):
    """Central differences at h and h/e**2, extrapolated: error of order h**4. Arguments and result as in `forward`."""
    return descend(f, x, noise, _richardson_scheme)


def complex_step(f, x, noise=None):
    """Im f(x + ih)/h: no subtraction, so exact to the rounding inside f, which is measured on the result itself.

    f must take and give complex numbers; NumPy's abs, norm, var and the like then give wrong slopes in silence. So a
    central difference is the witness: where the two differ beyond both bars, or at a kink, the bar covers both.
    Returns an Estimate. Raises NotRealNumbers when f(x + ih) is not complex, NotFinite when it is not finite.
    """
    slope = Counted(lambda t: imaginary_part(f(complex(t, COMPLEX_STEP))) / COMPLEX_STEP)
    value = slope.at_the_point(x, "the complex step")
    error = noise_floor(slope, x) + ARITHMETIC * abs(value)
    witness = central(f, x, noise)
    gap = abs(value - witness.value)
    if witness.kink or gap > error + witness.error:
        error = gap + witness.error
    return Estimate(value, error, COMPLEX_STEP, slope.evaluations + witness.evaluations, witness.kink, witness.scale)


def derivative(f, x, bounds=None, seed=0, allowance=OVERALL, floor=None):
    """The derivative of f at x with the smallest bar that is honest, in at most 12 + `allowance` calls. Returns an Estimate.

    f: float -> float. `bounds`: (low, high), f is not called outside; at a bound one side is used. Steps are chosen from
    the measured noise and curvature (`steps`), a bar is believed when three of them agree (`reading`); f that computes in
    complex numbers tightens it (`second_opinion`). `floor`: the noise Floor of f near x where it is known. Raises NotFinite when f(x) is not finite, GradcheckError when x is
    outside the bounds.
    """
    vector = np.array([x], dtype=np.float64)
    return gradient(lambda point: f(parts(point)[0]), vector, seed=seed, bounds=bounds, allowance=allowance, floor=floor).estimate(0)


def gradient(f, vector, scheme=None, seed=0, bounds=None, allowance=OVERALL, reserve=0, floor=None):
    """The derivatives of f by every entry of `vector`, shape (n,), in at most 12 n + `allowance` calls. Returns a Gradient.

    f: vector -> float; it is handed a fresh copy each time. `bounds`: (low, high), numbers or arrays of shape (n,).
    `scheme`: one of forward, central, richardson, complex_step, applied to every entry with as many calls as it likes
    and no bounds; None chooses the steps as `derivative` does. The noise floor is measured once, along a direction of
    random signs drawn with `seed` (noise belongs to f at this point, not to one entry), unless `floor` gives it.
    `reserve`: calls that are left for something else, as far as the entries can do without. An `allowance` below 13 - 6 n
    is not kept. Raises NotFinite, GradcheckError.
    """
    vector = np.asarray(vector, dtype=np.float64)
    low, high = _bounds(bounds, vector)
    at_point = Counted(f)
    centre = at_point.at_the_point(vector.copy(), "f(vector)")
    direction = _along_direction(f, vector, low, high, seed)
    if floor is None:
        affordable = (allowance - reserve + LEAST_PER_ENTRY * vector.size - at_point.evaluations) // CALLS_PER_SAMPLE
        floor = floor_of(direction, 0.0, centre, min(max(affordable, FEWEST_SAMPLES), MOST_SAMPLES))
    if scheme is not None:
        estimates = [scheme(along(f, vector, i), float(vector[i]), floor.level) for i in range(vector.size)]
    else:
        spent = at_point.evaluations + direction.evaluations
        estimates = _near_optimum(f, vector, low, high, centre, floor, allowance - spent, reserve)
    columns = {name: np.array([getattr(e, name) for e in estimates], dtype=kind) for name, kind in COLUMNS.items()}
    evaluations = at_point.evaluations + direction.evaluations + sum(e.evaluations for e in estimates)
    return Gradient(**columns, evaluations=evaluations, floor=floor)


def floor_along(f, vector, seed=0):
    """The noise Floor of f: vector -> float, along a direction of random signs, as `gradient` measures it; 55 calls at most."""
    everywhere = np.full_like(vector, np.inf)
    return floor_of(_along_direction(f, vector, -everywhere, everywhere, seed), 0.0, float(f(vector.copy())))


def _near_optimum(f, vector, low, high, centre, floor, spare, reserve):
    """The Estimates of all entries by the steps of a Ladder each; what one entry leaves unused, others may use."""
    estimates, start = [], FIRST_STEP
    noise = floor.noise(abs(centre))
    spare -= min(reserve, max(spare + MOST_KEPT * len(low), 0))
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
    best, scale, left, right = reading.best, ladder.natural_slope(), None, None
    value, error = best.value, best.bar
    if reading.jump:
        value, error, reason = np.nan, np.inf, "jump"
        left, right = reading.slopes
    elif reading.kink:
        reason = "kink"
        left, right = reading.slopes
    elif reading.side is not None or not np.isfinite(error):
        reason = "edge of the domain"
        if error >= max(abs(value), scale):         # the slopes of one side go on growing: no derivative
            value, error = np.nan, np.inf
    elif AGREEMENT * noise >= max(abs(centre), ladder.travel()) > 0.0:
        value, error, reason = np.nan, np.inf, "noise"          # as large as f and all that it moves by
    elif floor.single_precision:
        reason = "single precision"
    else:
        noisy = floor.level > NOISY * U * max(abs(centre), abs(ladder.x * value))
        reason = "noise" if noisy and error > HALF_THE_DIGITS * max(abs(value), scale) else None
    return Estimate(value, error, best.step, ladder.f.evaluations, reading.kink, scale, reason, left, right)


def _bounds(bounds, vector):
    """(low, high) as vectors; raises GradcheckError where the point is outside."""
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    low, high = (np.broadcast_to(np.asarray(each, dtype=np.float64), vector.shape) for each in (low, high))
    for i in np.flatnonzero(~((low <= vector) & (vector <= high))):
        raise GradcheckError(f"x[{i}]: found {vector[i]}, outside its bounds {low[i]} to {high[i]}; start inside them")
    return low, high


def _along_direction(f, vector, low, high, seed):
    """f along a direction of random signs, as long as max(|x|, 1) or the room that the bounds leave; Counted."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=vector.shape)
    signs = np.where(high - vector <= 0.0, -1.0, np.where(vector - low <= 0.0, 1.0, signs))
    room = np.maximum(high - vector, vector - low)
    direction = signs * np.minimum(np.maximum(np.abs(vector), 1.0), room)

    def along_it(t):
        moved = vector + t * direction
        return f(moved) if np.all((low <= moved) & (moved <= high)) else np.nan

    return Counted(along_it)


# A scheme: the quotients at three falling steps -> (value, truncation, rounding).

def _forward_scheme(a, b, c):
    truncation = _disagreement(a.right, b.right, c.right, STEP_RATIO)
    return c.right, truncation, 2.0 * c.noise / c.step + ARITHMETIC * abs(c.right)


def _central_scheme(a, b, c):
    truncation = _disagreement(a.central, b.central, c.central, STEP_RATIO ** 2)
    return c.central, truncation, c.noise / c.step + ARITHMETIC * abs(c.central)


def _richardson_scheme(a, b, c):
    coarse = extrapolated(a.central, b.central, STEP_RATIO ** 2)
    fine = extrapolated(b.central, c.central, STEP_RATIO ** 2)
    rounding = extrapolated_noise(b.noise / b.step, c.noise / c.step, STEP_RATIO ** 2)
    return fine, abs(fine - coarse), rounding + ARITHMETIC * abs(fine)


def _disagreement(a, b, c, shrinkage):
    """Truncation of the last of three values: what it moved by, or the move before it divided by the expected gain."""
    return max(abs(c - b), abs(b - a) / shrinkage)
