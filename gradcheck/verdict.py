"""Right, wrong, or undecided: the rule by which one derivative is judged by the error bar of another, and
nothing else.

For one entry, with bar = error of the numerical derivative + rounding of the analytic value itself:

    right        |analytic - numeric| <= bar, and the bar is narrow enough to mean something (below)
    wrong        |analytic - numeric| > confidence * bar
    undecided  in between; or the bar is infinite; or it is too wide

The confidence is 4 unless another is asked for: the factor within which Moré and Wild (2011) vouch for a
measured noise, from which the bar is made. A bar is narrow enough when it resolves the derivative, that is
when a zero in its place would have been called wrong; or, for a derivative too small for that, when an error
of a millionth of the slopes of f in its block would have been. Where f does not move beyond its noise only
zero is right, or what is no more than its own rounding. At a kink every slope between the one-sided ones is a
derivative of f (F. H. Clarke 1975), so whatever lies between them is right, and the reason says so; but the
two slopes must be known to a quarter of their difference, or noise would pass for a kink.
"""

import math

from gradcheck.errors import real_number
from gradcheck.numeric.rounding import U

WELL_BEYOND = 4.0
SMALL_ERROR = 1e-6  # of the largest slope in the block: what must not pass unseen beside it
RESOLVED_KINK = 0.25


class Judgement(str):
    """ "right", "wrong" or "undecided": a plain string that also has its `reason`, one clause."""

    def __new__(cls, verdict, reason):
        judgement = super().__new__(cls, verdict)
        judgement.reason = reason
        return judgement


def judge(analytic, estimate, scale=None, rounding=None, confidence=WELL_BEYOND):
    """The Judgement of one analytic derivative by an Estimate, by the rule at the top of this file.

    `scale`: size of the slopes of f with which the derivative is compared, by default that of the estimate.
    `rounding`: relative rounding of the analytic value, by default 2**-53. Raises NotRealNumbers.
    """
    analytic = real_number("analytic", analytic)
    scale = estimate.scale if scale is None else scale
    rounding = U if rounding is None else rounding
    if math.isnan(analytic) or math.isinf(analytic):
        return Judgement("wrong", f"a derivative cannot be {analytic}")
    if estimate.reason == "jump":
        return Judgement("undecided", "jump: the function itself jumps here and has no derivative")
    if estimate.reason == "two opinions":
        return Judgement(
            "undecided",
            "the complex step contradicts the differences: structure finer than their steps, or a "
            "loss that does not compute with complex numbers as it seems to",
        )
    if not math.isfinite(estimate.error):
        return Judgement(
            "undecided",
            "noise: as large as all that the function moves by"
            if estimate.reason == "noise"
            else "the function is not finite on both sides: the edge of its domain",
        )
    bar = estimate.error + rounding * abs(analytic)
    if estimate.kink and estimate.left is not None:
        return _judge_kink(analytic, estimate, rounding * abs(analytic), confidence)
    difference = abs(analytic - estimate.value)
    if difference > confidence * bar:
        return Judgement("wrong", f"{_times(difference, bar)} error bars apart")
    if difference > bar:
        return Judgement(
            "undecided", f"{_times(difference, bar)} error bars apart: more than 1, at most {confidence:g}"
        )
    if estimate.kink:
        return Judgement("right", "at a kink, between the two one-sided slopes")
    if abs(estimate.value) > confidence * bar or is_narrow(bar, scale, confidence):
        return Judgement("right", "within the error bar")
    if scale == 0.0:
        if analytic == 0.0 or rounding >= 1.0:
            return Judgement("right", "zero, and the function does not move beyond its noise")
        return Judgement(
            "undecided", f"the function does not move beyond its noise: no slope below {bar:.1e} can be seen"
        )
    return Judgement(
        "undecided",
        f"{_kind(estimate.reason)}the error bar {bar:.1e} is too wide to tell {analytic:.3g} "
        f"from zero{_guess(estimate.reason)}",
    )


def _judge_kink(analytic, estimate, rounding, confidence):
    low, high = sorted((estimate.left, estimate.right))
    bar = max(estimate.error - max(abs(estimate.value - low), abs(estimate.value - high)), 0.0) + rounding
    outside = max(low - analytic, analytic - high, 0.0)
    slopes = f"the one-sided slopes {low:.6g} and {high:.6g}"
    if outside > confidence * max(bar, estimate.error - (high - low)):
        return Judgement("wrong", f"at a kink, and outside {slopes}")
    if bar > RESOLVED_KINK * (high - low) or outside > bar:
        return Judgement("undecided", f"kink unresolved: {slopes} are known to {bar:.1e} only")
    return Judgement("right", f"at a kink, between {slopes}: any slope between them is a derivative")


def visible_from(bar, confidence=WELL_BEYOND):
    """The smallest error that is certain to be called wrong, wherever in its bar the truth lies; also of
    arrays.
    """
    return (confidence + 1.0) * bar


def is_narrow(bar, scale, confidence=WELL_BEYOND):
    """Whether an error of a millionth of the scale would have been called wrong; also of arrays."""
    return visible_from(bar, confidence) <= SMALL_ERROR * scale


def worst_of(verdicts):
    """Wrong if any is, else undecided if any is, else right."""
    verdicts = set(verdicts)
    return "wrong" if "wrong" in verdicts else "undecided" if "undecided" in verdicts else "right"


def _kind(reason):
    return "" if reason is None else f"{reason}: "


def _guess(reason):
    return (
        ""
        if reason is not None
        else ": noise, hidden single precision, or a point too close to the edge of the domain"
    )


def _times(difference, bar):
    return f"{difference / bar:.3g}" if bar > 0.0 else "infinitely many"
