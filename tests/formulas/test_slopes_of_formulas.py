"""The derivative of a formula: readable for what one writes by hand, true by dual numbers for any."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcheck.numeric.dual import Dual
from neuronnet.derivation.sweep import derivative
from neuronnet.formulas.evaluating import Shapes, evaluator, shape_of, work_of
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


@pytest.mark.parametrize("function", "sum mean max lse softmax var std norm".split())
@pytest.mark.parametrize("array", ["[x*y, x^2, 3]", "[2, x, y - x]"])
def test_the_slope_of_a_function_of_arrays_is_that_of_a_complex_step(function, array):
    entry = "[1]" if function == "softmax" else ""
    formula = parse(f"{function}({array}){entry}", KNOWN)
    slope = evaluator(derivative(formula, "x"), float)({"x": 1.5, "y": 0.5})
    step = evaluator(formula, complex)({"x": complex(1.5, 1e-100), "y": 0.5 + 0j}).imag / 1e-100
    assert abs(slope - step) <= 100 * ULP * 10  # at most a hundred roundings of terms below 10


@pytest.mark.parametrize("function", "erf erf' gelu gelu' sin cos".split())
def test_the_slope_of_a_special_function_is_that_of_a_complex_step(function):
    formula = Call(function, [Name("x")])
    slope = evaluator(derivative(formula, "x"), float)({"x": 0.7})
    step = evaluator(formula, complex)({"x": complex(0.7, 1e-100)}).imag / 1e-100
    assert abs(slope - step) <= 100 * ULP
    if function == "erf'":
        assert abs(slope - evaluator(formula, Dual)({"x": Dual(0.7, 1.0)}).derivative) <= 100 * ULP


def test_a_softmax_of_large_numbers_does_not_overflow():
    assert evaluator(parse("softmax([x, y])[1]", KNOWN), float)({"x": 1000.0, "y": -1000.0}) == 1.0


@pytest.mark.parametrize(
    "text, work",
    [
        ("x", 10 + 6),
        ("x + x", 3 * (10 + 6)),
        ("x^3", 10 + 6 + 10 + 3 * 6),
        ("exp(x)", 10 + 6 + 10 + 20 * 6),
        ("x @ v", 10 + 6 + 10 + 12 + 10 + 8 + 2 * 3 * 4),
        ("x @ v * z", 10 + 6 + 10 + 12 + 10 + 1 + 10 + 8 + 2 * 3 * 4),
        ("x*z", 10 + 6 + 10 + 1 + 10 + 6),
    ],
)
def test_the_work_of_a_formula_is_ten_for_a_part_and_one_for_a_product_of_numbers(text, work):
    shapes = Shapes({"x": (2, 3), "v": (3, 4), "z": ()})
    assert work_of(parse(text, Known(["z"], {}, ["x", "v"])), shapes) == work


@pytest.mark.parametrize(
    "text, shape",
    [
        ("reshape(x, -1)", (6,)),
        ("reshape(x, 3, -1)", (3, 2)),
        ("reshape(x, 1, 6)", (1, 6)),
        ("ones(2, 4)", (2, 4)),
        ("x[:, None]", (6, 1)),
        ("x[None]", (1, 6)),
        ("x[None, :]", (1, 6)),
        ("x^T", (3, 2)),
        ("u^T", (1, 5)),
        ("x @ v * z", (2, 4)),
    ],
)
def test_a_formula_has_a_shape_without_values(text, shape):
    x = (6,) if "None" in text else (2, 3)
    shapes = Shapes({"x": x, "v": (3, 4), "u": (5,), "z": ()})
    assert shape_of(parse(text, Known(["z"], {}, ["x", "v", "u"])), shapes) == shape


def test_a_wrong_derivative_would_be_seen():
    x = 0.7
    dual = evaluator(parse("tanh(x)", KNOWN), Dual)({"x": Dual(x, 1.0)})
    assert abs(dual.derivative - (1 - math.tanh(x))) > 0.1
