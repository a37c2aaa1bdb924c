"""exp, ln, log1p, tanh and logsumexp against Decimal with sixty digits, for every type of number.

The bounds count units in the last place (ulp). The GNU C library's manual ("Known Maximum Errors in Math
Functions") gives 1 ulp for exp, log and log1p and 2 for tanh; other platforms are about as good. One more ulp
is left for them.
"""

import math
import time
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.elementary import exp, ln, log1p, logsumexp, real_part, tanh
from neuronnet.errors import NeuronnetError

STEP = 1e-200  # a complex step: its square vanishes beside everything here


def precise(function, x, digits=60):
    """A function of Decimal, with so many digits that sixty survive whatever is subtracted inside."""
    with localcontext() as context:
        context.prec = digits + 2 * max(0, -Decimal(x).adjusted()) + 10
        result = function(Decimal(x))
        context.prec = digits
        return +result


def tanh_of(x):
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


def log1p_of(x):
    return (1 + x).ln()


def softplus_of(x):
    return log1p_of(x.exp()) if x < 0 else x + log1p_of((-x).exp())


def ulps(found, expected):
    """How far a float is from the true value, in units of its last place."""
    return abs(Decimal(found) - expected) / Decimal(math.ulp(float(expected)))


# Not below 1e-60, where sixty digits would become six hundred; the table of small numbers below goes further.
def floats(low, high):
    return st.floats(low, high, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-60)


# Floats


@examples(150)
@given(floats(-700, 700))
def test_exp_of_a_float(x):
    assert ulps(exp(x), precise(Decimal.exp, x)) <= 2


@examples(150)
@given(floats(1e-60, 1e300))
@example(math.nextafter(1, 0))
@example(math.nextafter(1, 2))
def test_ln_of_a_float(x):
    assert ulps(ln(x), precise(Decimal.ln, x)) <= 2


def test_ln_of_a_whole_number_beyond_the_floats():
    assert ulps(ln(10**400), precise(Decimal.ln, 10**400)) <= 2


@examples(150)
@given(floats(-0.999, 1e300))
@example(1e-300)
def test_log1p_of_a_float(x):
    assert ulps(log1p(x), precise(log1p_of, x)) <= 2


@examples(150)
@given(floats(-800, 800))
@example(1e-300)
def test_tanh_of_a_float(x):
    assert ulps(tanh(x), precise(tanh_of, x)) <= 3


@examples(150)
@given(floats(-700, 800))
def test_softplus_keeps_its_digits_far_out_on_both_sides(x):
    # exp and log1p with 2 ulp each, which log1p's condition (at most 1) does not enlarge, and one addition.
    expected = precise(softplus_of, x, 400)
    for found in (logsumexp(0, x), logsumexp(x, 0), logsumexp(0.0, x)):
        assert ulps(found, expected) <= 5


@examples(100)
@given(st.lists(floats(-700, 0), min_size=1, max_size=6))
def test_logsumexp_of_what_no_term_exceeds_zero(others):
    """The form in which softmax uses it: net_k - net_j, the largest being 0."""
    expected = precise(
        lambda _: log1p_of(sum(Decimal(each).exp() for each in others)), min(others, key=abs), 400
    )
    # As above, and half an ulp for every addition of positive terms.
    assert ulps(logsumexp(0, *others), expected) <= 5 + len(others) / 2


@examples(100)
@given(st.lists(floats(-700, 700), min_size=2, max_size=6))
def test_logsumexp_of_any_terms_has_the_order_of_an_ulp(terms):
    largest = max(terms)
    expected = precise(lambda _: sum(Decimal(each).exp() for each in terms).ln(), 1, 400)
    # A difference d rounds by d*2^-53 and so shifts its term exp(-d) by at most d*exp(-d)*2^-53 <=
    # 0.37*2^-53, which
    # is absolute: a sum near 0 (largest close to -ln n) has no digits to keep. log1p and the sum add 4 ulp of
    # their size.
    bound = 5 * math.ulp(max(abs(largest), math.log(len(terms)))) + len(terms) * 2.0**-53
    assert abs(Decimal(logsumexp(*terms)) - expected) <= bound


@pytest.mark.parametrize(
    "found, expected",
    [
        (exp(0.0), 1.0),
        (exp(1000.0), math.inf),
        (exp(-1000.0), 0.0),
        (exp(math.inf), math.inf),
        (exp(-math.inf), 0.0),
        (exp(0), 1.0),
        (ln(1.0), 0.0),
        (ln(0.0), -math.inf),
        (ln(-0.0), -math.inf),
        (ln(0), -math.inf),
        (ln(math.inf), math.inf),
        (log1p(0.0), 0.0),
        (log1p(1e-20), 1e-20),
        (log1p(0), 0.0),
        (tanh(0.0), 0.0),
        (tanh(1000.0), 1.0),
        (tanh(-1000.0), -1.0),
        (tanh(1e-300), 1e-300),
        (logsumexp(5.0), 5.0),
        (logsumexp(0, 0.0), math.log(2)),
        (logsumexp(1000.0, 1000.0), 1000 + math.log(2)),
        (logsumexp(-1000.0, -1000.0), -1000 + math.log(2)),
        (logsumexp(0, 1000.0), 1000.0),
        (logsumexp(0, -1000.0), 0.0),
        (logsumexp(0, -700.0), math.exp(-700)),
        (logsumexp(0, -math.inf), 0.0),
        (logsumexp(0, math.inf), math.inf),
        (real_part(2 - 3j), 2.0),
        (real_part(7), 7),
    ],
)
def test_values_at_the_edges(found, expected):
    assert found == expected


@pytest.mark.parametrize("function", [exp, ln, log1p, tanh])
def test_nan_stays_nan(function):
    assert math.isnan(function(math.nan))


@pytest.mark.parametrize("x", [-1.0, -1e-300, -3, -math.inf])
def test_the_logarithm_of_a_negative_number_is_refused_and_shows_it(x):
    with pytest.raises(NeuronnetError, match=f"ln\\({x!r}\\): .*positive"):
        ln(x)


# Decimals

SIZES = ["1e-40", "3.7e-26", "1.5e-25", "1e-24", "2e-9", "0.001", "0.1", "0.5", "1", "2.75", "60", "300"]


@pytest.mark.parametrize(
    "function, reference, x",
    [
        (function, reference, sign * Decimal(size))
        for function, reference, lowest in (
            (exp, Decimal.exp, -999),
            (ln, Decimal.ln, 0),
            (log1p, log1p_of, -1),
            (tanh, tanh_of, -999),
        )
        for size in SIZES
        for sign in (1, -1)
        if sign * Decimal(size) > lowest
    ],
)
def test_decimals_have_every_digit_of_their_precision(function, reference, x):
    expected = precise(reference, x, 80)
    with localcontext() as context:
        context.prec = 50
        found = function(x)
    assert len(found.as_tuple().digits) <= 50
    # Two guard digits are computed, so at most one unit of the fiftieth digit is lost.
    assert abs(found - expected) <= Decimal((0, (1,), expected.adjusted() - 49))


@examples(60)
@given(st.decimals(-200, 200, places=12, allow_nan=False))
def test_softplus_of_a_decimal(x):
    expected = precise(softplus_of, x, 400)
    with localcontext() as context:
        context.prec = 50
        found = logsumexp(0, x)
    # exp, log1p and the addition: a unit of the fiftieth digit each.
    assert abs(found - expected) <= 3 * Decimal((0, (1,), expected.adjusted() - 49))


@pytest.mark.parametrize("function", [log1p, tanh])
@pytest.mark.parametrize("x", ["0", "1e-999", "-1e-999999", "1e-999999"])
def test_a_tiny_decimal_is_its_own_log1p_and_tanh_and_takes_no_time(function, x):
    start = time.process_time()
    assert function(Decimal(x)) == Decimal(x)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("x, expected", [("1e9", 1), ("-1e9", -1), ("1e99999", 1)])
def test_tanh_of_a_huge_decimal_saturates(x, expected):
    assert tanh(Decimal(x)) == expected


def test_the_precision_of_the_caller_is_left_as_it_was():
    with localcontext() as context:
        context.prec = 33
        tanh(Decimal("1e-9")), log1p(Decimal("1e-9")), logsumexp(Decimal(0), Decimal("1e-9"))
        assert context.prec == 33


# Complex numbers, for the complex step: the imaginary part carries the derivative

SLOPES = [
    (exp, lambda x: x.exp()),
    (log1p, lambda x: 1 / (1 + x)),
    (tanh, lambda x: 1 - tanh_of(x) ** 2),
    (lambda z: logsumexp(0, z), lambda x: 1 / (1 + (-x).exp())),
    (lambda z: logsumexp(z, 0, 0), lambda x: 1 / (1 + 2 * (-x).exp())),
]


POINTS = [
    -200.0,
    -50.0,
    -1.5,
    -0.9,
    -0.5,
    -0.1,
    -1e-9,
    -1e-20,
    0.0,
    1e-20,
    1e-9,
    0.1,
    0.5,
    0.6,
    1.5,
    50.0,
    200.0,
]


@pytest.mark.parametrize("step", [1e-20, STEP])
@pytest.mark.parametrize(
    "function, slope, x",
    [
        (function, slope, x)
        for function, slope in SLOPES
        for x in POINTS
        if not (function is log1p and x <= -1)
    ],
)
def test_a_complex_step_gives_the_real_value_and_the_derivative(function, slope, x, step):
    found = function(complex(x, step))
    # Value and slope come out of products of a few functions with 2 ulp each (where the product underflows, 8
    # of the least).
    assert found.real == pytest.approx(function(x), rel=8 * 2.0**-53, abs=step)
    assert ulps(found.imag, precise(slope, x, 250) * Decimal(step)) <= 8


@pytest.mark.parametrize(
    "z", [0.3 + 0.4j, -0.2 + 0.1j, 1e-9 - 2e-9j, 0.4j, 3 - 4j, 1e200 + 1e200j, -0.7 + 0.1j]
)
def test_complex_log1p_undoes_exp(z):
    # exp enlarges a relative error of log1p by |log1p(z)| at most; the value 1 + z itself is rounded once.
    back = exp(log1p(z))
    assert abs(back - (1 + z)) <= 8 * 2.0**-53 * abs(1 + z) * max(1, abs(log1p(z)))


@pytest.mark.parametrize("z", [0.3 + 0.4j, -2 + 1j, 1e-9 - 2e-9j, 20 + 1j])
def test_complex_tanh_is_the_quotient_of_exponentials(z):
    expected = (exp(z) - exp(-z)) / (exp(z) + exp(-z))
    assert abs(tanh(z) - expected) <= 8 * 2.0**-53 / min(1, abs(z))


def test_complex_exp_overflows_to_infinity_and_a_logistic_of_it_to_zero():
    assert exp(1000 + 1e-20j).real == math.inf
    assert 1 / (1 + exp(1000 + 1e-20j)) == 0


def test_complex_terms_are_ordered_by_their_real_part():
    assert logsumexp(0j, 1000 + 1j) == 1000 + 1j


# Other types


class Recorder:
    """A number that knows only its methods."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda: name


@pytest.mark.parametrize("function, name", [(exp, "exp"), (ln, "ln"), (log1p, "log1p"), (tanh, "tanh")])
def test_another_type_of_number_is_asked_for_the_method(function, name):
    assert function(Recorder()) == name


@pytest.mark.parametrize("function", [exp, ln, log1p, tanh])
def test_a_type_without_the_function_is_named(function):
    with pytest.raises(TypeError, match=f"Fraction has no {function.__name__}"):
        function(Fraction(1, 2))
