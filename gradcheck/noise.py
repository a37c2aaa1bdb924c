"""The noise floor: by how much one evaluation of a function is off, measured on its values; derivatives are not here.

Legend: a *level* is a standard deviation of the noise, `u` = 2**-53 the rounding of one double operation.
Source: J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from .rounding import U

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0       # keeps the low bits of x + h busy: rounding would not show at x = 1.0
AGREEMENT = 4.0                             # Moré and Wild's factor: levels this close count as the same noise
DEVIATIONS = 3.0                            # a noise of standard deviation s is taken to stay within 3 s
SPACING_RATIO = 64.0                        # between the spacings of noise samples, relative to max(|x|, 1): they run
                                            # from where 4th differences of a smooth f are below u down to 64 u or so
SPACINGS = [GOLDEN * 2.0 ** -k for k in range(15, 46, 6)]
WIDE_SPACINGS = [GOLDEN * 2.0 ** -k for k in range(21, 2, -3)]


ONE_JUMP = 16.0                             # a move this many times every other one is a jump of f, and no tread of stairs
FEWEST_SAMPLES, MOST_SAMPLES = 2, 9         # spacings at which f is looked at
CALLS_PER_SAMPLE = 6
TREAD = 2.0 ** -24 / math.sqrt(3.0)         # deviation of rounding to float32, uniform within half a unit, at |f| = 1


@dataclass(frozen=True)
class Floor:
    """`level`: the absolute error of one evaluation, 0.0 where nothing is seen. `single_precision`: f moves in the
    stairs of a hidden float32: still over the finest spacing, and rough by 2**-24 |f| over wider ones."""

    level: float
    single_precision: bool = False


def noise_floor(f, x):
    """The `level` of `floor_of`: absolute error of one evaluation of f near x, not counting u |f|."""
    return floor_of(f, x, f(x)).level


def floor_of(f, x, centre, most=MOST_SAMPLES):
    """The Floor of f near x, from seven equally spaced values at each of several spacings; `centre` is f(x).

    Rounding does not depend on the spacing, f itself does. So a level is noise when a coarse and the finest spacing
    agree on it, or when two neighbouring spacings do and the curvature seen at finer ones does not explain it: that is
    the staircase of a cast to float32. A kink shrinks with the spacing, and no two agree. Where no value moves, wider
    spacings are tried. The level is 0.0 when nothing is seen; a caller adds u |f|, below which no evaluation can be.
    Takes at most 54 calls, six for each of the `most` spacings.
    """
    scale = max(abs(x), 1.0)
    sample_at = partial(_noise_sample, f, x, centre)
    finest = sample_at(scale * SPACINGS[-1])
    deviation = _deviation(sample_at, finest, abs(centre), scale, most)
    treads = AGREEMENT ** 2 * TREAD * abs(centre)
    stands_still = finest.stands_still or finest.level is not None and finest.level <= AGREEMENT * U * abs(centre)
    single = deviation > 0.0 and stands_still and treads / AGREEMENT ** 4 <= deviation <= treads
    return Floor(DEVIATIONS * deviation, bool(single))


def _deviation(sample_at, finest, size, scale, most):
    unavoidable = AGREEMENT * U * size
    agreed, previous = None, NOTHING_SEEN
    for taken, spacing in enumerate(SPACINGS[:-1][:most - 1], start=2):
        sample = sample_at(scale * spacing)
        if agreed is None:
            if _agree(sample, finest):
                return max(sample.level, finest.level)
            if sample is STILL:
                return _deviation_at_wide_spacings(sample_at, scale, max(most - taken, 0))
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
    return levels_left[0] if len(levels_left) > 0 else 0.0


def _deviation_at_wide_spacings(sample_at, scale, allowed):
    """The first level on which two neighbours agree, going wider, for an f that stood still; 0.0 for none."""
    narrower = NOTHING_SEEN
    for spacing in WIDE_SPACINGS[:allowed]:
        wider = sample_at(scale * spacing)
        if _agree(narrower, wider):
            return max(narrower.level, wider.level)
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


def _noise_sample(f, x, centre, spacing):
    """Standard deviation of the noise seen in seven values at one spacing, on one side of x where the other has none.

    The k-th differences of pure noise of deviation s have variance s**2 (2k)!/(k!)**2. The first k is taken at which
    three successive k agree within a factor of 4 and the differences change sign.
    """
    spacing = (x + spacing) - x
    values = _seven_values(f, x, centre, spacing)
    if values is None:
        return NOTHING_SEEN
    moves = np.abs(np.diff(values / 2.0))
    travel, stands_still = 2.0 * float(moves.max()), bool(moves.min() == 0.0)
    if travel == 0.0:
        return STILL
    if moves.max() > ONE_JUMP * np.sort(moves)[-2] and travel > ONE_JUMP ** 2 * TREAD * abs(centre):
        return _Noise(None, math.inf, stands_still)
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


def _seven_values(f, x, centre, spacing):
    """f at seven equally spaced points among which is x, or None. At most seven calls."""
    below, above = [], []
    for side, reach, sign in ((below, 3, -1), (above, 3, 1)):
        while len(side) < reach and math.isfinite(value := f(x + sign * (len(side) + 1) * spacing)):
            side.append(value)
    for side, sign, other in ((below, -1, above), (above, 1, below)):
        while len(other) < 3 and len(below) + len(above) < 6 and len(side) >= 3:
            value = f(x + sign * (len(side) + 1) * spacing)
            if not math.isfinite(value):
                return None
            side.append(value)
    values = np.array([*reversed(below), centre, *above])
    return values if len(values) == 7 else None
