"""Dual: values as floats give them, derivatives as the rules of calculus give them, refusals in place of
silence.
"""

import math
import operator

import numpy as np
import pytest

from gradcheck.numeric.dual import Dual

X = 0.7
EPS = np.finfo(float).eps

# (function of a Dual, value, derivative at X by hand, roundings on the way)
RULES = [
    (lambda x: x + 2, X + 2, 1.0),
    (lambda x: 2.0 + x, 2.0 + X, 1.0),
    (lambda x: x - 2, X - 2, 1.0),
    (lambda x: 2 - x, 2 - X, -1.0),
    (lambda x: 3 * x, 3 * X, 3.0),
    (lambda x: x * x, X * X, 2 * X),
    (lambda x: x / 4, X / 4, 0.25),
    (lambda x: 1 / x, 1 / X, -1 / X**2),
    (lambda x: x / (1 + x), X / (1 + X), 1 / (1 + X) ** 2),
    (lambda x: -x, -X, -1.0),
    (lambda x: +x, X, 1.0),
    (lambda x: x**3, X**3, 3 * X**2),
    (lambda x: x**-2, X**-2, -2 * X**-3),
    (lambda x: x**0, 1.0, 0.0),
    (abs, X, 1.0),
    (lambda x: abs(-x), X, 1.0),
    (lambda x: abs(x * 0), 0.0, 0.0),
    (Dual.exp, math.exp(X), math.exp(X)),
    (Dual.ln, math.log(X), 1 / X),
    (Dual.log1p, math.log1p(X), 1 / (1 + X)),
    (Dual.tanh, math.tanh(X), 1 - math.tanh(X) ** 2),
    (Dual.sqrt, math.sqrt(X), 0.5 / math.sqrt(X)),
    (lambda x: 1 / (1 + (-x).exp()), 1 / (1 + math.exp(-X)), 0.25 / math.cosh(X / 2) ** 2),
    (lambda x: np.float64(2.0) * x, 2 * X, 2.0),
    (lambda x: np.float64(2.0) - x, 2 - X, -1.0),
]


@pytest.mark.parametrize("f, value, derivative", RULES)
def test_value_and_derivative(f, value, derivative):
    result = f(Dual(X, 1.0))
    tolerance = 8 * EPS  # none of the rules above has more than eight roundings
    assert result.value == pytest.approx(value, rel=tolerance, abs=0.0)
    assert result.derivative == pytest.approx(derivative, rel=tolerance, abs=0.0)


@pytest.mark.parametrize("f", [rule[0] for rule in RULES])
def test_without_a_derivative_in_none_comes_out(f):
    assert f(Dual(X)).derivative == 0.0


@pytest.mark.parametrize("net, out", [(-1000.0, 0.0), (1000.0, 1.0)])
def test_saturated_logistic_is_flat_and_never_nan(net, out):
    logistic = 1 / (1 + (-Dual(net, 1.0)).exp())
    assert (logistic.value, logistic.derivative) == (out, 0.0)


def test_exp_beyond_the_largest_float_saturates():
    result = Dual(1000.0, 1.0).exp()
    assert (result.value, result.derivative) == (math.inf, 0.0)


@pytest.mark.parametrize(
    "compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)
@pytest.mark.parametrize("other", [0.5, X, 1])
def test_comparisons_look_at_the_value(compare, other):
    assert compare(Dual(X, 5.0), other) == compare(X, other)
    assert compare(Dual(X, 5.0), Dual(other, -1.0)) == compare(X, other)
    assert compare(other, Dual(X, 5.0)) == compare(other, X)


def test_float_of_a_dual_is_refused():
    with pytest.raises(TypeError):
        float(Dual(1.0, 1.0))
    with pytest.raises(TypeError):
        math.exp(Dual(1.0, 1.0))


@pytest.mark.parametrize("exponent", [0.5, True, Dual(2.0)])
def test_only_whole_powers(exponent):
    with pytest.raises(TypeError, match="whole powers"):
        Dual(2.0, 1.0) ** exponent


@pytest.mark.parametrize(
    "f, refusal",
    [
        (Dual.ln, ValueError),
        (Dual.sqrt, ZeroDivisionError),
        (lambda x: 1 / x, ZeroDivisionError),
        (lambda x: (x - 1).sqrt(), ValueError),
    ],
)
def test_outside_the_domain_is_refused(f, refusal):
    with pytest.raises(refusal):
        f(Dual(0.0, 1.0))


def test_repr_is_one_line_that_names_both_parts():
    assert repr(Dual(0.5, 2.0)) == "Dual: value=0.5 derivative=2.0"
