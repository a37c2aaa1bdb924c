"""The rule alone: what it says of many derivatives beside an estimate, at scales and precisions of each size.

What is said is what it was, and follows from the bar: nothing within it is wrong. Run as a script, this file
writes the lines anew.
"""

import math
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from gradcheck.numeric.derivatives import Estimate
from gradcheck.verdict import SMALL_ERRORS, judge

FILE = Path(__file__).parent.parent / "data" / "measured_verdicts.txt"
ESTIMATES = {
    "sharp": Estimate(0.5, 1e-10, 1e-4, 9),
    "wide": Estimate(0.5, 0.01, 1e-4, 9),
    "wider than itself": Estimate(0.5, 0.7, 1e-4, 9, reason="noise"),
    "about zero": Estimate(0.0, 1e-9, 1e-4, 9),
    "about zero, wide": Estimate(1e-4, 0.02, 1e-4, 9, reason="single precision"),
    "half precision": Estimate(1e-4, 0.02, 1e-4, 9, reason="half precision"),
    "kinks too close": Estimate(0.3, 0.4, 1e-4, 9, reason="kinks too close"),
    "unknown": Estimate(math.nan, math.inf, 1e-4, 9),
    "unknown for noise": Estimate(math.nan, math.inf, 1e-4, 9, reason="noise"),
    "unknown at an edge": Estimate(math.nan, math.inf, 1e-4, 9, reason="edge of the domain"),
    "at an edge": Estimate(40.0, 45.0, 1e-4, 9, reason="edge of the domain"),
    "jump": Estimate(0.5, 2.0, 1e-4, 9, reason="jump", left=0.5, right=math.inf),
    "kink": Estimate(0.5, 0.5 + 1e-8, 1e-4, 9, reason="kink", left=0.0, right=1.0),
    "kink, wide": Estimate(0.5, 0.8, 1e-4, 9, reason="kink", left=0.0, right=1.0),
    "little kink": Estimate(0.5, 1e-5 + 1e-7, 1e-4, 9, reason="kink", left=0.50001, right=0.49999),
    "unclear kink": Estimate(0.5, 0.5, 1e-4, 9, reason="kink", left=0.45, right=0.55),
    "kink of twice the scale": Estimate(0.4, 1.3, 1e-4, 9, scale=0.5, reason="kink", left=-0.5, right=1.3),
    "jump of twice the scale": Estimate(1.3, 0.9, 1e-4, 9, scale=0.5, reason="jump", left=0.5, right=1.3),
    "steep kink": Estimate(0.0, 50.0, 1e-4, 9, reason="kink", left=-50.0, right=50.0),
}
SCALES = (0.0, 0.5, 30.0, 1e5)
AWAY = (0.0, 0.5, 1.0, 1.5, 3.9, 4.5, 2000.0)  # bars from the estimate
OTHERS = (0.0, 1.0, -0.3, 0.99, 1.04, 44.0, math.inf, -math.inf, math.nan)


def judgements(name, confidence, rounding):
    """(analytic, scale, precision, the Judgement), of all that are asked."""
    estimate = ESTIMATES[name]
    near = [estimate.value + sign * bars * estimate.error for bars in AWAY for sign in (1, -1)]
    asked = dict.fromkeys([*(each for each in near if math.isfinite(each)), *OTHERS])
    for analytic, scale, precision in product(asked, SCALES, SMALL_ERRORS):
        yield (
            analytic,
            scale,
            precision,
            judge(analytic, estimate, scale, rounding, confidence, SMALL_ERRORS[precision]),
        )


def said(name, confidence, rounding):
    """The first letters of all verdicts, and their reasons."""
    found = list(judgements(name, confidence, rounding))
    reasons = dict.fromkeys(each.reason for *_, each in found)
    return "".join(each[0] for *_, each in found) + " " + "; ".join(reasons)


ROWS = [(name, *others) for name in ESTIMATES for others in ((4.0, 2.0**-52), (30.0, 1e-3))]


@cache
def before():
    return dict(line.split(" -> ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_rule_says_what_it_said_and_nothing_within_the_bar_is_wrong(row):
    estimate = ESTIMATES[row[0]]
    for analytic, *_, judgement in judgements(*row):
        if abs(analytic - estimate.value) <= estimate.error < math.inf:
            assert judgement != "wrong"
    assert said(*row) == before()[str(row)]


if __name__ == "__main__":
    FILE.write_text("".join(f"{row} -> {said(*row)}\n" for row in ROWS), encoding="utf-8")
