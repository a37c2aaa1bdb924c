"""Intervals: what they contain, whatever formula they go through."""

from decimal import Decimal
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronnet.derivation.digits import Interval, Printed, around, fifty_digits
from neuronnet.formulas.parsing import READ, parse

FORMULAS = [
    "a + b",
    "a - b",
    "a*b",
    "a*b - b",
    "a/(b*b + 1)",
    "(a - b)^3",
    "-a*b",
    "1/(1 + exp(-a))",
    "ln(a*a + 1)",
    "tanh(a) - b",
    "sqrt(a*a + 2)",
    "max(0, a)*b",
    "step(a)",
    "logsumexp(a, b, 0)",
    "logistic(a)",
    "logistic'(a)*b",
    "tanh'(b)",
    "2 - a",
    "1/(3 + a*a)",
    "a^-2*0 + b",
]


@given(
    st.sampled_from(FORMULAS),
    *[st.decimals(-3, 3, places=3)] * 2,
    *[st.sampled_from(["0", "0.0005", "0.05"])] * 2,
    *[st.floats(-1, 1)] * 2,
)
def test_every_number_inside_leads_inside(formula, a, b, a_width, b_width, a_share, b_share):
    with fifty_digits():
        ends = {
            "a": Interval(a - Decimal(a_width), a + Decimal(a_width)),
            "b": Interval(b - Decimal(b_width), b + Decimal(b_width)),
        }
        if formula in ("a^-2*0 + b", "step(a)", "max(0, a)*b") and ends["a"].low <= 0 <= ends["a"].high:
            return
        inside = {"a": a + Decimal(a_width) * Decimal(a_share), "b": b + Decimal(b_width) * Decimal(b_share)}
        interval = parse(formula).evaluator(Interval)(ends)
        value = parse(formula).evaluator(Decimal)(inside)
        lost = Decimal("1e-45")
        assert interval.low - lost <= value <= interval.high + lost


def test_a_divisor_that_may_be_nought_is_refused():
    with pytest.raises(ZeroDivisionError):
        1 / Interval("-0.1", "0.1")


def test_a_printed_number_reaches_half_a_unit_to_either_side():
    found = around(Printed("-0.0190"))
    assert (found.low, found.high) == (Decimal("-0.01905"), Decimal("-0.01895"))


@pytest.mark.parametrize(
    "other, meets",
    [
        (("0.3", "0.4"), False),
        (("0.2", "0.2"), True),
        (("0.2", "0.4"), True),
        (("0.21", "0.3"), False),
        (("-1", "1"), True),
    ],
)
def test_intervals_meet_where_they_share_a_number(other, meets):
    one = Interval("0.1", "0.2")
    assert one.meets(Interval(*other)) is Interval(*other).meets(one) is meets


OTHERS = {"abs", "sign", "where", "power"}  # in no formula of a network


def test_the_formulas_above_use_every_function_that_an_interval_has():
    assert {name for formula in FORMULAS for name in READ if name + "(" in formula} == set(READ) - OTHERS


def test_the_logistic_of_an_interval_is_that_of_its_ends():
    found = parse("1/(1 + exp(-a))").evaluator(Interval)({"a": Interval("0.3775")})
    assert isclose(found.low, 0.593269992107187255, rel_tol=1e-17) and found.high - found.low < Decimal(
        "1e-25"
    )
