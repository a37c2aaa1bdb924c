"""Down the steps to the smallest error bar: the quotients of f at falling steps, and kinks; the schemes are elsewhere.

Legend: `step` h, `slopes` the difference quotients at one step, `noise` the absolute error of one evaluation of f,
`u` = 2**-53 the rounding of one double operation. A value and its bar always come from three neighbouring steps:
truncation is what those three disagree about, rounding is noise/h, a kink is a jump of the one-sided slopes that does
not shrink with h. Steps fall by a factor of e**2 until rounding alone exceeds the smallest bar found.

Source: L. F. Richardson, Phil. Trans. A 210 (1911), for the extrapolation.
"""

import math
from dataclasses import dataclass, replace

from .calls import Counted
from .noise import GOLDEN, floor_of
from .quotients import ARITHMETIC, slopes_at
from .rounding import SMALLEST, U

STEP_RATIO = math.e ** 2                    # about 8 as usual, but no power of it is rational: no period of f, and
FIRST_STEP = GOLDEN / 8.0                   # no multiple of one, divides several steps; the first: a thirteenth


@dataclass(frozen=True)
class Estimate:
    """A derivative with its error bar: |true - value| <= error is what the evaluations support.

    `step`: the smallest step used. `evaluations`: calls of f. `kink`: the one-sided slopes differ at the smallest step
    that can be resolved; the bar then covers both. `scale`: the largest slope at the first step, the natural size
    of slopes of f. `error` is inf, and `value` NaN, when no steps agree or f is not finite at enough of them.
    `reason`: what is special about the bar: None, "noise", "kink", "jump", "edge of the domain", "single precision".
    `left`, `right`: the one-sided slopes, at a kink or a jump (there infinite on the side of the jump), else None.
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


NO_ESTIMATE = Estimate(math.nan, math.inf, math.nan, 0)


def descend(f, x, noise, scheme):
    """Go down the steps and keep the smallest bar; stop when noise/step alone is wider than it. Returns an Estimate.

    f: float -> float; `noise` is measured when it is None; scheme(Slopes, Slopes, Slopes) -> (value, truncation,
    rounding), the steps falling. Raises NotFinite when f(x) is not finite.
    """
    f = Counted(f)
    x = float(x)
    centre = f.at_the_point(x, "f(x)")
    if noise is None:
        noise = floor_of(f, x, centre).level
    noise = max(noise, U * abs(centre), SMALLEST)
    best, candidates, neighbours, jump_seen, scale = NO_ESTIMATE, [], [], 0.0, 0.0
    for h in _steps(x):
        if noise / h + ARITHMETIC * abs(best.value) >= best.error:
            break
        slopes = slopes_at(f, x, h, centre, noise)
        if slopes is None or not slopes.has_both_sides:
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


def _kink(b, c, jump_seen):
    """(jump, bar): the jump of the one-sided slopes at x, extrapolated to h = 0; 0.0 where there is none.

    For a smooth f right - left = h f'' + O(h**3) vanishes with h, at a kink it stays. A jump counts when it exceeds
    its own bar; one seen at longer steps (`jump_seen`) is cleared only by a bar that excludes it.
    """
    jump_b, jump_c = b.right - b.left, c.right - c.left
    jump = abs(extrapolated(jump_b, jump_c, STEP_RATIO))
    bar = extrapolated_noise(4.0 * b.noise / b.step, 4.0 * c.noise / c.step, STEP_RATIO)
    bar += abs(jump_c - jump_b) + ARITHMETIC * (abs(c.left) + abs(c.right))
    if jump > bar:
        return jump, bar
    return (jump_seen if jump + bar >= jump_seen else 0.0), bar


def extrapolated(coarse, fine, shrinkage):
    """The limit h -> 0 of a value whose leading error falls by `shrinkage` from one step to the next."""
    return (shrinkage * fine - coarse) / (shrinkage - 1.0)


def extrapolated_noise(coarse, fine, shrinkage):
    """The worst that noise in both values does to their extrapolation."""
    return (shrinkage * fine + coarse) / (shrinkage - 1.0)
