"""Printed numbers: what their digits claim, and how far off a number is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronnet.derivation.digits import Printed, digits_text
from neuronnet.errors import NumberError

EXACT = Decimal("0.593269992107187255173654561579")


@pytest.mark.parametrize(
    "text, exact, agrees",
    [
        ("0.3775", "0.3775", True),
        ("0.3775", "0.37755", True),
        ("0.3775", "0.37745", True),
        ("0.3775", "0.377551", False),
        ("0.3775", "0.377449", False),
        ("0.593269992", str(EXACT), True),
        ("0.593269993", str(EXACT), False),
        ("0.59", str(EXACT), True),
        ("0.37750", "0.377506", False),
        ("0.377500000", "0.37750001", False),  # trailing zeros count
        ("20", "20.5", True),
        ("20", "20.6", False),
        ("2e1", "24", True),
        ("2e1", "26", False),
        ("-0.0190", "-0.01904", True),
        ("-0.0190", "0.0190", False),
        ("3.5102e-05", "0.0000351019", True),
        ("3.5102e-05", "0.0000351085", False),
        ("0.0", "0.04", True),
        ("0.0", "0.06", False),
    ],
)
def test_a_number_claims_half_a_unit_of_its_last_digit(text, exact, agrees):
    assert Printed(text).agrees(Decimal(exact)) is agrees


@pytest.mark.parametrize(
    "text, exact, is_cut",
    [
        ("0.5932699", str(EXACT), True),
        ("0.5932700", str(EXACT), False),
        ("0.59326999", str(EXACT), True),
        ("-0.5932699", "-" + str(EXACT), True),
        ("0.5932698", str(EXACT), False),
        ("0.01", "1e1999", False),
    ],
)
def test_digits_cut_off_are_told_from_digits_rounded(text, exact, is_cut):
    assert Printed(text).is_cut_from(Decimal(exact)) is is_cut


@pytest.mark.parametrize(
    "text, exact, units",
    [
        ("0.291027924", "0.291027774", 150.0),
        ("0.3775", "0.3775", 0.0),
        ("-0.019049119", "-0.0190491185", -0.5),
        ("20", "17", 3.0),
    ],
)
def test_units_of_the_last_digit_are_counted(text, exact, units):
    assert Printed(text).units_from(Decimal(exact)) == units


@pytest.mark.parametrize(
    "text, exact, shown",
    [
        ("0.291027924", "0.291027773693599350871854681391", "0.29102777369"),
        ("0.3775", "0.3775", "0.377500"),
        ("3.5102e-05", "0.000035101877829", "0.00003510188"),
        ("20", "17.123", "17.12"),
        ("1e-30", "1.23456e-30", "1.23e-30"),
        ("0.5", "0", "0"),
        ("0.5", "12345678901234567890123", "1.2345678901234568e+22"),
    ],
)
def test_exact_numbers_are_shown_with_two_more_digits(text, exact, shown):
    assert Printed(text).exact_text(Decimal(exact)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "1e401",
        "1e-401",
        "1e400000000000000000000",
        "nan",
        "inf",
        "-Infinity",
        "w5",
        "",
        "0x10",
        "0." + "1" * 401,
    ],
)
def test_what_no_pass_has_is_refused(text):
    with pytest.raises(NumberError):
        Printed(text)


@given(st.decimals(-1000, 1000, places=20), st.integers(0, 12))
def test_a_number_printed_with_any_digits_agrees_with_itself(exact, places):
    printed = Printed(f"{exact:.{places}f}")
    assert printed.agrees(exact)
    assert abs(printed.units_from(exact)) <= 0.5
    next_up, next_down = printed.value + printed.unit, printed.value - printed.unit
    assert sum(Printed(f"{each:.{places}f}").agrees(exact) for each in (next_up, next_down)) == (
        abs(printed.units_from(exact)) == 0.5
    )


@given(st.decimals(-1000, 1000, places=12), st.integers(-14, -1))
def test_shown_digits_are_the_number_rounded(exact, exponent):
    assert abs(Decimal(digits_text(exact, exponent)) - exact) <= Decimal(5).scaleb(exponent - 1)
