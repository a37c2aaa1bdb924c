"""The noise floor: by how much one evaluation of a function is off, measured on its values; derivatives are not here.

Legend: a *level* is a standard deviation of the noise, `u` = 2**-53 the rounding of one double operation.
Source: J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
"""

import math
from dataclasses import dataclass

import numpy as np

from .rounding import U

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0       # keeps the low bits of x + h busy: rounding would not show at x = 1.0
AGREEMENT = 4.0                             # Moré and Wild's factor: levels this close count as the same noise
DEVIATIONS = 3.0                            # a noise of standard deviation s is taken to stay within 3 s
SPACING_RATIO = 64.0                        # between the spacings of noise samples, relative to max(|x|, 1): they run
                                            # from where 4th differences of a smooth f are below u down to 64 u or so
SPACINGS = [GOLDEN * 2.0 ** -k for k in range(15, 46, 6)]
WIDE_SPACINGS = [GOLDEN * 2.0 ** -k for k in range(21, 2, -3)]


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
