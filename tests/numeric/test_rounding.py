"""Numbers with a bound on their rounding: the exact result lies within it, and it is not much wider than
needed.
"""

import math
from decimal import Decimal, localcontext

import pytest
from drawn.networks import descriptions
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples

from gradcheck.numeric.dual import Bounded
from gradcheck.numeric.rounding import U
from neuronnet import load

NUMBERS = st.floats(-50, 50, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)


def bounded(value):
    """(value, bound), also of what never met a Bounded and stayed a plain number."""
    return (value.value, value.error) if isinstance(value, Bounded) else (value, 0.0)


@examples(80)
@given(descriptions(most_layers=3, most_samples=2))
def test_the_gradient_in_fifty_digits_lies_within_the_bound(description):
    """The exact gradient of the same floats, in 200 digits, against the bound that the float pass carries."""
    network = load(description)
    exact = load(network.to_dict(), lambda value: Decimal(float(value)))
    for parameter in network.parameters:
        parameter.value = Bounded(parameter.value)
    with localcontext() as context:
        context.prec = 200
        true = exact.gradients()
    for name, found in network.gradients().items():
        value, error = bounded(found)
        assume(math.isfinite(error))
        assert abs(Decimal(value) - true[name]) <= Decimal(error) + Decimal(1e-300)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_arithmetic_stays_within_the_bound(x, y, z):
    with localcontext() as context:
        context.prec = 400
        true = (Decimal(x) * Decimal(y) - Decimal(z)) * Decimal(y) + 1
    found = (Bounded(x) * y - z) * Bounded(y) + 1
    assert abs(Decimal(found.value) - true) <= Decimal(found.error)


@given(st.floats(-600, 600).filter(lambda x: x == 0 or abs(x) > 1e-200))
def test_functions_stay_within_the_bound(x):
    # 700 digits hold 1 + x for the smallest x drawn, with 500 of its own.
    for name in ("exp", "tanh"):
        found = getattr(Bounded(x, U * abs(x)), name)()
        with localcontext() as context:
            context.prec = 700
            power = Decimal(x).exp()
            true = power if name == "exp" else (power - 1 / power) / (power + 1 / power)
        assert abs(Decimal(found.value) - true) <= Decimal(found.error)


def test_the_bound_is_of_the_size_of_the_roundings():
    """Ten additions of one: at most a few units of the last place, not a hundred."""
    total = Bounded(0.1)
    for _ in range(10):
        total = total + 0.1
    assert 0 < total.error < 20 * U * 1.1


LN2, LN3, EXP2, TANH2 = math.log(2.0), math.log(3.0), math.exp(2.0), math.tanh(2.0)


@pytest.mark.parametrize("e", [1e-6, 0.0])
@pytest.mark.parametrize(
    "operation, carried, roundings",
    [
        (lambda x: x + 3.0, lambda e: e, 5.0),
        (lambda x: x - 0.5, lambda e: e, 1.5),
        (lambda x: x * 3.0, lambda e: 3 * e, 6.0),
        (lambda x: x * x, lambda e: 4 * e + e * e, 4.0),
        (lambda x: x / 4.0, lambda e: e / 4, 0.5),
        (lambda x: 4.0 / x, lambda e: 2 * e / (2 - e), 2.0),
        (lambda x: -x, lambda e: e, 0.0),
        (lambda x: abs(-x), lambda e: e, 0.0),
        (lambda x: x.exp(), lambda e: EXP2 * math.expm1(e), 2 * EXP2),
        (lambda x: x.ln(), lambda e: e / (2 - e), 2 * LN2),
        (lambda x: x.log1p(), lambda e: e / (3 - e), 2 * LN3),
        (lambda x: x.tanh(), lambda e: e, 2 * TANH2),
    ],
)
def test_an_operation_on_two_carries_its_error_and_adds_a_rounding(operation, carried, roundings, e):
    assert operation(Bounded(2.0, e)).error == pytest.approx(carried(e) + roundings * U, rel=1e-9, abs=0.0)


def test_a_division_by_what_may_be_zero_knows_nothing():
    assert math.isinf((Bounded(1.0) / Bounded(1e-20, 1e-19)).error)
