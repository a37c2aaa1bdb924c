"""Right, wrong, or undecided: the rule by which one derivative is judged by the error bar of another.

For one entry, with bar = error of the numerical derivative + rounding of the analytic value itself:

    wrong      |analytic - numeric| > confidence * bar
    right      |analytic - numeric| <= bar, and a zero in its place would have been called wrong; or, for a
               derivative too small for that, |analytic - numeric| <= confidence * bar, and an error that is
               small beside the slopes of f in its block would have been
    undecided  anything else, and where the bar is infinite

The confidence is 4 unless another is asked for: the factor within which Moré and Wild (2011) vouch for a
measured noise, from which the bar is made. How small an error must not pass unseen depends on the precision
of the function and of the gradient, SMALL_ERRORS: a millionth of the largest slope in double precision. Where
f does not move beyond its noise only zero is right, or what is no more than its own rounding. At a kink every
slope between the one-sided ones is a derivative of f (F. H. Clarke 1975). The bar is then that of these two
slopes: what the error of the estimate has beyond its distance to the further one, plus the rounding.

    right      between the slopes, or at most one bar outside
    wrong      more than confidence * bar outside
    undecided  in between; or not wrong, and the bar is wider than a quarter of the difference of the slopes,
               for noise would pass for a kink, as many small kinks would in low precision; unless all of
               this is small beside the slopes in its block
"""

import math
from collections.abc import Iterable

from gradcheck.numeric.rounding import U

WELL_BEYOND = 4.0
MOST_COUNTED = 1000.0  # error bars; how many more than that is of no interest
SMALL_ERRORS = {  # of the largest slope in the block: what must not pass unseen beside it
    "float64": 1e-6,
    "float32": 0.1,
    "float16": 0.25,
}
RESOLVED_KINK = 0.25
GROWN = 2.0  # times the slope at the longest step: more than a kink of straight pieces shows


class Judgement(str):
    """ "right", "wrong" or "undecided": a plain string that also has its `reason`, one clause."""

    reason: str

    def __new__(cls, verdict: str, reason: str):
        judgement = super().__new__(cls, verdict)
        judgement.reason = reason
        return judgement


def judge(
    analytic: float,
    estimate,
    scale: float | None = None,
    rounding: float = U,
    confidence: float = WELL_BEYOND,
    small: float = SMALL_ERRORS["float64"],
) -> Judgement:
    """The Judgement of one analytic derivative by an Estimate, by the rule at the top of this file.

    `scale`: size of the slopes of f with which the derivative is compared, by default that of the estimate.
    `rounding`: relative rounding of the analytic value. `small`: the SMALL_ERRORS of its precision.
    """
    scale = estimate.scale if scale is None else scale
    if math.isinf(analytic) and _grows(analytic, estimate, scale):
        if math.isinf(estimate.value) and estimate.value != analytic:
            return Judgement(
                "wrong", f"{analytic:.3g}, and the slopes of the function grow to {estimate.value:.3g}"
            )
        return Judgement("undecided", f"{analytic:.3g}, and the slopes of the function grow without end here")
    if not math.isfinite(analytic):
        return Judgement("wrong", f"a derivative cannot be {analytic}")
    if estimate.reason == "jump":
        return Judgement("undecided", "jump: the function itself jumps here and has no derivative")
    if not math.isfinite(estimate.error):
        edge = "the function is not finite on both sides: the edge of its domain"
        noise = "noise: as large as all that the function moves by"
        return Judgement("undecided", noise if estimate.reason == "noise" else edge)
    bar = estimate.error + rounding * abs(analytic)
    if estimate.kink:
        is_rough = small >= SMALL_ERRORS["float32"]
        return _judge_kink(analytic, estimate, rounding * abs(analytic), confidence, small * scale, is_rough)
    difference = abs(analytic - estimate.value)
    if difference > bar:
        away = "far outside the error bar"
        if difference <= MOST_COUNTED * bar:
            away = f"{difference / bar:.3g} error bars away from the numerical derivative"
        if difference > confidence * bar:
            return Judgement("wrong", away)
        if is_narrow(bar, scale, confidence, small):
            return Judgement("right", f"{away}, which is little beside the largest slope")
        return Judgement("undecided", f"{away}: more than 1, at most {confidence:g}")
    if abs(estimate.value) > confidence * bar or is_narrow(bar, scale, confidence, small):
        return Judgement("right", "within the error bar")
    if scale == 0.0:
        if analytic == 0.0 or rounding >= 1.0:
            return Judgement("right", "zero, and the function does not move beyond its noise")
        still = "the function does not move beyond its noise"
        return Judgement("undecided", f"{still}: no slope below {bar:.1e} can be seen")
    return Judgement("undecided", _too_wide(bar, analytic, estimate.reason))


def visible_from(bar, confidence=WELL_BEYOND):
    """The smallest error that is certain to be called wrong wherever in its bar the truth lies."""
    return (confidence + 1.0) * bar


def is_narrow(bar, scale, confidence=WELL_BEYOND, small=SMALL_ERRORS["float64"]):
    """Whether an error that is small beside the scale would have been called wrong."""
    return visible_from(bar, confidence) <= small * scale


def worst_of(verdicts: Iterable[str]) -> str:
    """Wrong if any is, else undecided if any is, else right."""
    verdicts = set(verdicts)
    return next((each for each in ("wrong", "undecided") if each in verdicts), "right")


def _grows(analytic, estimate, scale):
    """Whether the slopes grow the smaller the steps are: as those of sqrt or x log x at 0."""
    if estimate.kink:
        return max(abs(estimate.left), abs(estimate.right)) > GROWN * scale
    if not math.isfinite(estimate.error):
        return estimate.reason == "edge of the domain"
    is_steeper = estimate.reason == "edge of the domain" and analytic * estimate.value > 0.0
    steepest = (
        scale if is_steeper and abs(estimate.value) > GROWN * scale else max(abs(estimate.value), scale)
    )
    return estimate.error >= steepest > 0.0


def _judge_kink(analytic, estimate, rounding, confidence, small, is_rough):
    low, high = sorted((estimate.left, estimate.right))
    bar = max(estimate.error - max(abs(estimate.value - low), abs(estimate.value - high)), 0.0) + rounding
    outside = max(low - analytic, analytic - high, 0.0)
    slopes = f"the one-sided slopes {low:.6g} and {high:.6g}"
    if outside > confidence * bar:
        return Judgement("wrong", f"at a kink, and outside {slopes}")
    is_hidden = is_rough and high - low > small  # by many kinks beside the point
    if bar > RESOLVED_KINK * (high - low) or outside > bar or is_hidden:
        if outside + high - low + bar <= small:
            return Judgement("right", f"near {slopes}, which differ by little beside the largest slope")
        return Judgement("undecided", f"kink unresolved: {slopes} are known to {bar:.1e} only")
    return Judgement("right", f"at a kink, between {slopes}: any slope between them is a derivative")


def _too_wide(bar, analytic, reason):
    sentence = f"the error bar {bar:.1e} is too wide to tell {analytic:.3g} from zero"
    if reason == "single precision":
        jumping = "constant over tiny steps, jumping by about 2**-24*|f| over larger ones"
        return f"{sentence}: the function seems to be computed in float32, {jumping}"
    if reason == "half precision":
        return f"{sentence}: the function seems to be computed in float16 or less"
    if reason is None:
        return f"{sentence}: noise, a hidden float32, or a point too close to the edge of the domain"
    return f"{reason}{' here' if reason == 'kinks too close' else ''}: {sentence}"
