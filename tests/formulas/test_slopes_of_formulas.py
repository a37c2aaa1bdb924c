"""The derivative of a formula: readable for what one writes by hand, true by dual numbers for any."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcheck.numeric.dual import Dual
from neuronnet.derivation.sweep import derivative
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Call, Name, Number, Power
from neuronnet.formulas.notation import Known, parse

KNOWN = Known("w x v y b a z t".split())
ULP = 2.0**-53


@pytest.mark.parametrize(
    "formula, slope",
    [
        ("w*x + v*y + b", "w"),
        ("y", "0"),
        ("x", "1"),
        ("y - x", "-1"),
        ("(a + x)/3", "1/3"),
        ("x*y/z", "y/z"),
        ("y/x", "-(y/x^2)"),
        ("x^2", "2*x"),
        ("x^3/y", "3*x^2/y"),
        ("x^-2", "-2*x^-3"),
        ("-t*ln(x)", "-(t/x)"),
        ("exp(-x)", "-exp(-x)"),
        ("tanh(x)", "tanh'(x)"),
        ("logistic(x)", "logistic'(x)"),
        ("max(0, x)", "step(x)"),
        ("step(x)", "0"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("(1 - t)/(1 - x)", "(1 - t)/(1 - x)^2"),
    ],
)
def test_a_derivative_reads_as_one_writes_it(formula, slope):
    assert str(derivative(parse(formula, KNOWN), "x")) == slope


# Arguments at which every function is defined and smooth.
smooth = st.floats(0.2, 2.0)
OF_ONE = "ln tanh sqrt step logistic logistic' tanh' abs sign".split()
formulas = st.recursive(
    st.sampled_from([Name("x"), Name("y"), Number(2), Number(0.5)]),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / (b * b + 1), inner, inner),
        st.builds(lambda a: -a, inner),
        st.builds(Power, inner, st.integers(1, 3)),
        st.builds(lambda name, a: Call(name, [a * a + 1]), st.sampled_from(OF_ONE), inner),
        st.builds(lambda a: Call("exp", [-a * a]), inner),
        st.builds(lambda a, b: Call("logsumexp", [a, b, 0]), inner, inner),
        st.builds(lambda a: Call("max", [0, a * a + 1]), inner),
    ),
    max_leaves=6,
)


@given(formulas, smooth, smooth)
def test_a_derivative_is_that_of_dual_numbers(formula, x, y):
    dual = evaluator(formula, Dual)({"x": Dual(x, 1.0), "y": Dual(y)})
    slope = evaluator(derivative(formula, "x"), float)({"x": x, "y": y})
    assume(math.isfinite(dual.derivative) and abs(dual.value) < 1e6 and abs(dual.derivative) < 1e6)
    # At most a hundred roundings, of terms that are not a million times larger than 1.
    assert abs(dual.derivative - slope) <= 100 * ULP * 1e6


def test_a_wrong_derivative_would_be_seen():
    x = 0.7
    dual = evaluator(parse("tanh(x)", KNOWN), Dual)({"x": Dual(x, 1.0)})
    assert abs(dual.derivative - (1 - math.tanh(x))) > 0.1
