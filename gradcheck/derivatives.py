"""Derivatives of a function by evaluating it, each with an error bar; nothing is judged here.

Legend: `step` h, `slopes` the difference quotients at one step, `noise` the absolute error of one evaluation of f,
`u` = 2**-53 the rounding of one double operation. A value and its bar always come from three neighbouring steps:
truncation is what those three disagree about, rounding is noise/h, a kink is a jump of the one-sided slopes that does
not shrink with h. Steps fall by a factor of e**2 until rounding alone exceeds the smallest bar found.

Sources: J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011), for the noise
floor; L. F. Richardson, Phil. Trans. A 210 (1911), for the extrapolation; W. Squire and G. Trapp, "Using complex
variables to estimate derivatives of real functions", SIAM Review 40 (1998), for the complex step.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .errors import GradcheckError, NotFinite, NotRealNumbers

U = 2.0 ** -53
SMALLEST = 2.0 ** -1074                     # absolute rounding where floats run out of exponents
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0       # keeps the low bits of x + h busy: rounding would not show at x = 1.0
STEP_RATIO = math.e ** 2                    # about 8 as usual, but no power of it is rational: no period of f, and
FIRST_STEP = GOLDEN / 8.0                   # no multiple of one, divides several steps; the first: a thirteenth
ARITHMETIC = 4.0 * U                        # two subtractions, a division and the extrapolation, relative to the value
COMPLEX_STEP = 1e-100                       # its square is below every relative rounding, its inverse far from overflow
AGREEMENT = 4.0                             # Moré and Wild's factor: levels this close count as the same noise
DEVIATIONS = 3.0                            # a noise of standard deviation s is taken to stay within 3 s
SPACING_RATIO = 64.0                        # between the spacings of noise samples, relative to max(|x|, 1): they run
                                            # from where 4th differences of a smooth f are below u down to 64 u or so
SPACINGS = [GOLDEN * 2.0 ** -k for k in range(15, 46, 6)]
WIDE_SPACINGS = [GOLDEN * 2.0 ** -k for k in range(21, 2, -3)]


@dataclass(frozen=True)
class Estimate:
    """A derivative with its error bar: |true - value| <= error is what the evaluations support.

    `step`: the smallest step used. `evaluations`: calls of f. `kink`: the one-sided slopes differ at the smallest step
    that can be resolved; the bar then covers both. `scale`: the largest slope at the first step, the natural size
    of slopes of f. `error` is inf, and `value` NaN, when f is not finite on both sides of x at three steps in a row.
    """

    value: float
    error: float
    step: float
    evaluations: int
    kink: bool = False
    scale: float = 0.0


NO_ESTIMATE = Estimate(math.nan, math.inf, math.nan, 0)


@dataclass(frozen=True)
class Gradient:
    """The estimates of all entries as arrays of shape (n,): `value`, `error`, `step`, `kink`, `scale`."""

    value: np.ndarray
    error: np.ndarray
    step: np.ndarray
    kink: np.ndarray
    scale: np.ndarray
    evaluations: int

    def estimate(self, position):
        """The Estimate of one entry (its `evaluations` are those of the whole gradient)."""
        return Estimate(float(self.value[position]), float(self.error[position]), float(self.step[position]),
                        self.evaluations, bool(self.kink[position]), float(self.scale[position]))


# The schemes

def forward(f, x, noise=None):
    """Forward difference (f(x+h) - f(x))/h, error h M2/2 + 2 noise/h. At a kink its bar covers the left slope too.

    f: float -> float. `noise`: absolute error of one evaluation when it is known already. Returns an Estimate.
    Raises NotFinite when f(x) is not finite.
    """
    return _descend(f, x, noise, _forward_scheme)


def central(f, x, noise=None):
    """Central difference (f(x+h) - f(x-h))/2h, error h**2 M3/6 + noise/h. Arguments and result as in `forward`."""
    return _descend(f, x, noise, _central_scheme)


def richardson(f, x, noise=None):
    """Central differences at h and h/e**2, extrapolated: error of order h**4. Arguments and result as in `forward`."""
    return _descend(f, x, noise, _richardson_scheme)


def complex_step(f, x, noise=None):
    """Im f(x + ih)/h: no subtraction, so exact to the rounding inside f, which is measured on the result itself.

    f must take and give complex numbers; NumPy's abs, norm, var and the like then give wrong slopes in silence. So a
    central difference is the witness: where the two differ beyond both bars, or at a kink, the bar covers both.
    Returns an Estimate. Raises NotRealNumbers when f(x + ih) is not complex, NotFinite when it is not finite.
    """
    slope = _Counted(lambda t: _imaginary_part(f(complex(t, COMPLEX_STEP))) / COMPLEX_STEP)
    value = slope.at_the_point(x, "the complex step")
    error = noise_floor(slope, x) + ARITHMETIC * abs(value)
    witness = central(f, x, noise)
    gap = abs(value - witness.value)
    if witness.kink or gap > error + witness.error:
        error = gap + witness.error
    return Estimate(value, error, COMPLEX_STEP, slope.evaluations + witness.evaluations, witness.kink, witness.scale)


def gradient(f, vector, scheme=richardson, seed=0):
    """Apply a scheme to every entry of `vector`, shape (n,). Returns a Gradient.

    f: vector -> float; it is handed a fresh copy each time. The noise floor is measured once, along a direction of
    random signs drawn with `seed` (noise belongs to f at this point, not to one entry). Raises NotFinite.
    """
    vector = np.asarray(vector, dtype=np.float64)
    counted = _Counted(f)
    counted.at_the_point(vector.copy(), "f(vector)")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=vector.shape)
    direction = signs * np.maximum(np.abs(vector), 1.0)
    noise = noise_floor(lambda t: counted(vector + t * direction), 0.0)
    estimates = [scheme(_along(f, vector, i), float(vector[i]), noise) for i in range(vector.size)]
    columns = {name: np.array([getattr(e, name) for e in estimates])
               for name in ("value", "error", "step", "kink", "scale")}
    return Gradient(**columns, evaluations=counted.evaluations + sum(e.evaluations for e in estimates))


def _along(f, vector, i):
    """f as a function of entry i alone, real or complex."""
    def f_of_entry(value):
        moved = vector.astype(np.result_type(vector, type(value)))
        moved[i] = value
        return f(moved)
    return f_of_entry


# From steps to the smallest bar

@dataclass(frozen=True)
class _Slopes:
    """The difference quotients of f at one step, and the noise of one evaluation in the values they came from."""

    step: float
    left: float
    right: float
    central: float
    noise: float


def _descend(f, x, noise, scheme):
    """Go down the steps and keep the smallest bar; stop when noise/step alone is wider than it."""
    f = _Counted(f)
    x = float(x)
    centre = f.at_the_point(x, "f(x)")
    if noise is None:
        noise = noise_floor(f, x)
    noise = max(noise, U * abs(centre), SMALLEST)
    best, candidates, neighbours, jump_seen, scale = NO_ESTIMATE, [], [], 0.0, 0.0
    for h in _steps(x):
        if noise / h + ARITHMETIC * abs(best.value) >= best.error:
            break
        slopes = _slopes(f, x, h, centre, noise)
        if slopes is None:
            neighbours = []
            continue
        if scale == 0.0:
            scale = max(abs(slopes.left), abs(slopes.right))
        neighbours = [*neighbours, slopes][-3:]
        if len(neighbours) == 3:
            value, truncation, rounding = scheme(*neighbours)
            bar = truncation + rounding
            jump_seen, jump_bar = _kink(*neighbours[1:], jump_seen)
            if jump_seen > 0.0:
                bar += max(abs(value - slopes.left), abs(value - slopes.right)) + jump_bar
            if math.isfinite(bar):
                candidates.append((Estimate(value, bar, slopes.step, 0, jump_seen > 0.0), rounding))
                best = _smallest_bar(candidates)
    return replace(best, evaluations=f.evaluations, scale=scale)


def _smallest_bar(candidates):
    """The Estimate of smallest bar among [(Estimate, rounding)], steps falling.

    Truncation falls with the step, so a finer value may differ by no more than the bar and its own rounding: what it
    differs beyond that, fine structure of f that the longer steps passed over, widens the bar.
    """
    covering = []
    for i, (candidate, _) in enumerate(candidates):
        gaps = [abs(candidate.value - finer.value) - rounding for finer, rounding in candidates[i + 1:]]
        covering.append(replace(candidate, error=max(candidate.error, *gaps, 0.0)))
    return min(covering, key=lambda candidate: candidate.error)


def _steps(x):
    """Steps falling by e**2, from a thirteenth of max(|x|, 1) to one unit in the last place of x."""
    h = FIRST_STEP * max(abs(x), 1.0)
    while h >= U * max(abs(x), U):
        yield h
        h /= STEP_RATIO


def _slopes(f, x, h, centre, noise):
    """The quotients at step h, or None where f is not finite on both sides (the edge of its domain).

    Whatever was measured, no value is better than its own rounding u |f| and that of the argument, u |x f'|.
    """
    above, below = x + h, x - h
    if not below < x < above:
        return None
    f_above, f_below = f(above), f(below)
    right = (f_above - centre) / (above - x)
    left = (centre - f_below) / (x - below)
    middle = (f_above - f_below) / (above - below)
    if not (math.isfinite(right) and math.isfinite(left) and math.isfinite(middle)):
        return None
    rounding = U * max(abs(f_above), abs(f_below), abs(x * left), abs(x * right))
    return _Slopes(0.5 * (above - below), left, right, middle, max(noise, rounding))


# A scheme: the quotients at three falling steps -> (value, truncation, rounding).

def _forward_scheme(a, b, c):
    truncation = _disagreement(a.right, b.right, c.right, STEP_RATIO)
    return c.right, truncation, 2.0 * c.noise / c.step + ARITHMETIC * abs(c.right)


def _central_scheme(a, b, c):
    truncation = _disagreement(a.central, b.central, c.central, STEP_RATIO ** 2)
    return c.central, truncation, c.noise / c.step + ARITHMETIC * abs(c.central)


def _richardson_scheme(a, b, c):
    coarse = _extrapolated(a.central, b.central, STEP_RATIO ** 2)
    fine = _extrapolated(b.central, c.central, STEP_RATIO ** 2)
    rounding = _extrapolated_noise(b.noise / b.step, c.noise / c.step, STEP_RATIO ** 2)
    return fine, abs(fine - coarse), rounding + ARITHMETIC * abs(fine)


def _disagreement(a, b, c, shrinkage):
    """Truncation of the last of three values: what it moved by, or the move before it divided by the expected gain."""
    return max(abs(c - b), abs(b - a) / shrinkage)


def _extrapolated(coarse, fine, shrinkage):
    """The limit h -> 0 of a value whose leading error falls by `shrinkage` from one step to the next."""
    return (shrinkage * fine - coarse) / (shrinkage - 1.0)


def _extrapolated_noise(coarse, fine, shrinkage):
    """The worst that noise in both values does to their extrapolation."""
    return (shrinkage * fine + coarse) / (shrinkage - 1.0)


def _kink(b, c, jump_seen):
    """(jump, bar): the jump of the one-sided slopes at x, extrapolated to h = 0; 0.0 where there is none.

    For a smooth f right - left = h f'' + O(h**3) vanishes with h, at a kink it stays. A jump counts when it exceeds
    its own bar; one seen at longer steps (`jump_seen`) is cleared only by a bar that excludes it.
    """
    jump_b, jump_c = b.right - b.left, c.right - c.left
    jump = abs(_extrapolated(jump_b, jump_c, STEP_RATIO))
    bar = _extrapolated_noise(4.0 * b.noise / b.step, 4.0 * c.noise / c.step, STEP_RATIO)
    bar += abs(jump_c - jump_b) + ARITHMETIC * (abs(c.left) + abs(c.right))
    if jump > bar:
        return jump, bar
    return (jump_seen if jump + bar >= jump_seen else 0.0), bar


# The noise floor

def noise_floor(f, x):
    """Absolute error of one evaluation of f near x, from seven equally spaced values at each of several spacings.

    Rounding does not depend on the spacing, f itself does. So a level is noise when a coarse and the finest spacing
    agree on it, or when two neighbouring spacings do and the curvature seen at finer ones does not explain it: that is
    the staircase of a cast to float32. A kink shrinks with the spacing, and no two agree. Where no value moves, wider
    spacings are tried. Returns 0.0 when nothing is seen; a caller adds u |f|, below which no evaluation can be.
    """
    scale = max(abs(x), 1.0)
    unavoidable = AGREEMENT * U * abs(f(x))
    finest = _noise_sample(f, x, scale * SPACINGS[-1])
    agreed, previous = None, NOTHING_SEEN
    for spacing in SPACINGS[:-1]:
        sample = _noise_sample(f, x, scale * spacing)
        if agreed is None:
            if _agree(sample, finest):
                return DEVIATIONS * max(sample.level, finest.level)
            if sample is STILL:
                return _noise_at_wide_spacings(f, x, scale)
            if _agree(sample, previous):
                agreed = max(sample.level, previous.level)
        elif sample.stands_still or AGREEMENT * sample.foretold < agreed:
            break
        elif sample.level is None or AGREEMENT * sample.level < agreed:
            agreed = None
        if agreed is not None and agreed <= unavoidable:
            break
        previous = sample
    levels_left = [level for level in (agreed, finest.level) if level is not None]
    return DEVIATIONS * levels_left[0] if len(levels_left) > 0 else 0.0


def _noise_at_wide_spacings(f, x, scale):
    """The first level on which two neighbours agree, going wider, for an f that stood still; 0.0 for none."""
    narrower = NOTHING_SEEN
    for spacing in WIDE_SPACINGS:
        wider = _noise_sample(f, x, scale * spacing)
        if _agree(narrower, wider):
            return DEVIATIONS * max(narrower.level, wider.level)
        narrower = wider
    return 0.0


@dataclass(frozen=True)
class _Noise:
    """What one spacing shows: the level of the noise (None when f itself dominates), the level foretold for the next
    wider spacing by its second and third differences if they are those of a smooth f, and whether f stands still
    between some neighbours."""

    level: float | None
    foretold: float
    stands_still: bool


NOTHING_SEEN = _Noise(None, math.inf, False)
STILL = _Noise(None, 0.0, True)


def _agree(a, b):
    """Whether two samples saw the same noise, within the factor that Moré and Wild vouch for."""
    if a.level is None or b.level is None:
        return False
    return max(a.level, b.level) <= AGREEMENT * min(a.level, b.level)


def _noise_sample(f, x, spacing):
    """Standard deviation of the noise seen in seven values at one spacing.

    The k-th differences of pure noise of deviation s have variance s**2 (2k)!/(k!)**2. The first k is taken at which
    three successive k agree within a factor of 4 and the differences change sign.
    """
    spacing = (x + spacing) - x
    values = np.array([f(x + i * spacing) for i in range(-3, 4)])
    if not np.all(np.isfinite(values)):
        return NOTHING_SEEN
    moves = np.abs(np.diff(values / 2.0))
    travel, stands_still = 2.0 * float(moves.max()), bool(moves.min() == 0.0)
    if travel == 0.0:
        return STILL
    levels, changes_sign, differences = [], [], values / travel
    for k in range(1, len(values)):
        differences = np.diff(differences)
        levels.append(travel * math.sqrt(np.mean(differences ** 2) / math.comb(2 * k, k)))
        changes_sign.append(differences.min() < 0.0 < differences.max())
    foretold = max(levels[1] * SPACING_RATIO ** 2, levels[2] * SPACING_RATIO ** 3)
    for k in range(len(levels) - 2):
        window = levels[k:k + 3]
        if max(window) <= AGREEMENT * min(window) and (changes_sign[k] or levels[k] == 0.0):
            return _Noise(levels[k], foretold, stands_still)
    return _Noise(None, foretold, stands_still)


# Calling f

class _Counted:
    """f with its calls counted; outside its domain (a NaN, an infinity, an arithmetic complaint) it gives NaN."""

    def __init__(self, f):
        self.f = f
        self.evaluations = 0

    def __call__(self, x):
        try:
            value = self._call(x)
        except GradcheckError:
            raise
        except (ArithmeticError, ValueError):
            return math.nan
        return value if math.isfinite(value) else math.nan

    def at_the_point(self, x, name):
        """The value at the point itself, where complaints of f are not hidden and the value must be finite."""
        value = self._call(x)
        if not math.isfinite(value):
            raise NotFinite(name, (), value)
        return value

    def _call(self, x):
        self.evaluations += 1
        with np.errstate(all="ignore"):
            return real_number("f", self.f(x))


def real_number(name, value):
    """`value` as a float. Raises NotRealNumbers for anything but one real number (an array needs shape ())."""
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind not in "fiu":
        found = f"an array of shape {array.shape}" if array.shape != () else f"{value!r}"
        raise NotRealNumbers(name, found, "return one real number, e.g. the sum over samples and outputs")
    return float(array)


def _imaginary_part(value):
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind != "c":
        raise NotRealNumbers("f(x + ih)", f"{value!r}", "let f compute in complex numbers, or use richardson")
    return float(array.imag)
