"""Every function of formulas: its value in NumPy, in fifty digits, and off the real axis."""

import math
from decimal import Decimal

import numpy as np
import pytest

from neuronnet.derivation.digits import fifty_digits
from neuronnet.formulas import special
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.calls import OTHERS, call
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Entry, Name, Number
from neuronnet.formulas.functions import FUNCTIONS

X = [-2.5, -0.3, 0.4, 1.7]
x, y = Name("x"), Name("y")


def value(formula, number=float, **values):
    def made(entry):
        return number(repr(entry)) if number is Decimal else number(entry)

    inside = {
        name: Array(map(made, each)) if isinstance(each, list) else made(each)
        for name, each in values.items()
    }
    with fifty_digits():
        return evaluator(formula, number)(inside)


ARRAY = np.array(X)
NORMAL = np.array([math.erfc(-each / math.sqrt(2)) / 2 for each in X])
OF_ONE = {
    "exp": np.exp(ARRAY),
    "tanh": np.tanh(ARRAY),
    "logistic": 1 / (1 + np.exp(-ARRAY)),
    "relu": np.maximum(0, ARRAY),
    "relu'": (ARRAY > 0) * 1.0,
    "step": (ARRAY > 0) * 1.0,
    "leaky_relu": np.where(ARRAY > 0, ARRAY, 0.01 * ARRAY),
    "leaky_relu'": np.where(ARRAY > 0, 1, 0.01),
    "elu": np.where(ARRAY > 0, ARRAY, np.expm1(ARRAY)),
    "elu'": np.where(ARRAY > 0, 1, np.exp(ARRAY)),
    "softplus": np.log1p(np.exp(ARRAY)),
    "swish": ARRAY / (1 + np.exp(-ARRAY)),
    "gelu": ARRAY * NORMAL,
    "gelu'": NORMAL + ARRAY * np.exp(-(ARRAY**2) / 2) / np.sqrt(2 * np.pi),
    "erf": [math.erf(each) for each in X],
    "erf'": 2 / np.sqrt(np.pi) * np.exp(-(ARRAY**2)),
    "sin": np.sin(ARRAY),
    "cos": np.cos(ARRAY),
    "abs": np.abs(ARRAY),
    "sign": np.sign(ARRAY),
    "square": ARRAY**2,
    "softmax": np.exp(ARRAY) / np.exp(ARRAY).sum(),
    "logistic'": np.exp(-ARRAY) / (1 + np.exp(-ARRAY)) ** 2,
    "tanh'": 1 - np.tanh(ARRAY) ** 2,
    "sum": ARRAY.sum(),
    "mean": ARRAY.mean(),
    "max": ARRAY.max(),
    "min": ARRAY.min(),
    "amin": ARRAY.min(),
    "logsumexp": np.log(np.exp(ARRAY).sum()),
    "norm": np.linalg.norm(ARRAY),
    "var": ARRAY.var(),
    "std": ARRAY.std(),
    "flatten": ARRAY,
}
OF_POSITIVE = {"ln": np.log, "sqrt": np.sqrt, "log2": np.log2, "log10": np.log10}


@pytest.mark.parametrize("number", [float, Decimal, complex])
@pytest.mark.parametrize("function", OF_ONE)
def test_a_function_has_the_value_that_numpy_has(function, number):
    found = [complex(each) for each in entries(value(call(function, [x]), number, x=X))]
    assert np.allclose(found, OF_ONE[function], rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("function", OF_POSITIVE)
def test_a_function_of_positive_numbers(function):
    positive = [0.2, 1.0, 37.5]
    for number in (float, Decimal):
        found = [float(each) for each in entries(value(call(function, [x]), number, x=positive))]
        assert np.allclose(found, OF_POSITIVE[function](positive), rtol=1e-14)


@pytest.mark.parametrize(
    "function, arguments, options, expected",
    [
        ("max", [x, y], {}, np.maximum(ARRAY, 0.5)),
        ("maximum", [x, 0], {}, np.maximum(ARRAY, 0)),
        ("max", [x, y, -1], {}, np.maximum(ARRAY, 0.5)),
        ("min", [x, y, -1], {}, np.minimum(ARRAY, -1)),
        ("minimum", [0, x], {}, np.minimum(ARRAY, 0)),
        ("clip", [x, -1, y], {}, np.clip(ARRAY, -1, 0.5)),
        ("leaky_relu", [x, y], {}, np.where(ARRAY > 0, ARRAY, 0.5 * ARRAY)),
        ("elu", [x, y], {}, np.where(ARRAY > 0, ARRAY, 0.5 * np.expm1(ARRAY))),
        ("logsumexp", [x, 0, y], {}, np.log(np.exp(ARRAY) + 1 + np.exp(0.5))),
        ("share", [x, y], {}, 1 / (1 + np.exp(0.5 - ARRAY))),
        ("sum", [x, y, 3], {}, ARRAY + 3.5),
        ("var", [x], {"ddof": 1}, ARRAY.var(ddof=1)),
        ("std", [x], {"ddof": 1, "axis": 0}, ARRAY.std(ddof=1)),
        ("pow", [x, 3], {}, ARRAY**3),
        ("power", [Number(2) + call("abs", [x]), y], {}, (2 + np.abs(ARRAY)) ** 0.5),
        ("dot", [x, x], {}, ARRAY @ ARRAY),
        ("multiply", [x, x], {}, ARRAY**2),
        ("trace", [call("outer", [x, x])], {}, ARRAY @ ARRAY),
        ("placed", [y, Entry(x, [(0, 1)], True)], {}, [0.5, *[0] * (len(ARRAY) - 1)]),
        ("rowsum", [call("outer", [x, x])], {}, ARRAY * ARRAY.sum()),
        ("colsum", [call("outer", [x, x * x])], {}, ARRAY.sum() * ARRAY**2),
    ],
)
def test_a_function_of_several_arguments_or_options(function, arguments, options, expected):
    found = value(call(function, arguments, options), x=X, y=0.5)
    assert np.allclose(entries(found), expected, rtol=1e-13)


def test_this_file_has_a_value_of_every_function():
    elsewhere = {
        "where",
        "matmul",
        "transpose",
        "solve",
        "inv",
        "power",
        "pow",
        "clip",
        "dot",
        "multiply",
        "trace",
        "rowsum",
        "colsum",
        "placed",
    }
    elsewhere |= {
        "share",
        "maximum",
        "minimum",
        "array",
        "size",
        "shape0",
        "shape1",
        "exp'",
        "softplus'",
        "sin'",
    }
    assert {name for name, row in FUNCTIONS.items() if not row.shape} | set(OTHERS) <= {
        *OF_ONE,
        *OF_POSITIVE,
        *elsewhere,
    }


@pytest.mark.parametrize(
    "function, argument, digits",
    [
        (special.erf, "1", "0.84270079294971486934122063508260925929606699796630"),
        (special.sin, "1", "0.84147098480789650665250232163029899962256306079837"),
        (special.cos, "1", "0.54030230586813971740093660744297660373231042061792"),
    ],
)
def test_published_digits(function, argument, digits):
    with fifty_digits():
        assert function(Decimal(argument)) == Decimal(digits).normalize()


@pytest.mark.parametrize("argument", ["0", "1e-20", "0.3", "-1", "2.5", "-7", "11.9", "-12.1", "30", "-30"])
def test_digits_that_fifty_more_confirm(argument):
    """No digit is lost where gelu is nearly 0, nor where one series takes over from another."""
    for function in (special.erf, special.erfc, special.gelu, special.gelu_slope, special.sin, special.cos):
        with fifty_digits() as context:
            found = function(Decimal(argument))
            context.prec = 110
            more = function(Decimal(argument))
            assert abs(found - more) <= abs(more) * Decimal("1e-46")
            assert math.isclose(function(float(argument)), more, rel_tol=1e-11, abs_tol=1e-300)


@pytest.mark.parametrize("point", [-9.0, -2.0, -0.1, 0.0, 0.7, 3.0])
def test_a_complex_step_gives_the_slope(point):
    for function, slope in ((special.gelu, special.gelu_slope), (special.erf, special.erf_slope)):
        step = function(complex(point, 1e-30)).imag / 1e-30
        assert math.isclose(step, slope(point), rel_tol=1e-11)


@pytest.mark.parametrize(
    "z, erf",
    [
        (1.0 + 0.5j, 0.9507097283189571738 + 0.1879734672233833136j),
        (-0.25 + 1.0j, -0.7207340080266203987 + 1.4683899453583349826j),
    ],
)
def test_erf_far_from_the_axis_is_that_of_25_digits_from_mpmath(z, erf):
    assert abs(special.erf(z) - erf) <= 32 * 2.0**-53 * abs(erf)  # some thirty terms, each rounded once


def test_sine_of_a_large_angle_is_reduced_by_enough_digits_of_pi():
    with fifty_digits():
        assert math.isclose(special.sin(Decimal("1e22")), -0.8522008497671888, rel_tol=1e-14)


PLACES = "1e-30 -1e-9 0.003 -0.2 0.7 0.999 1.001 -1.5 2.5 3.25 -4 5.5 7 -9.75 10.9 11.1 13 -25 31.4".split()


@pytest.mark.parametrize(
    "function, lost",
    [*((each, 1) for each in "erf erfc erf_slope sin cos".split()), ("gelu", 4), ("gelu_slope", 4)],
)
def test_every_digit_is_that_of_twice_as_many(function, lost):
    f = getattr(special, function)
    for text in PLACES:
        with fifty_digits() as context:
            found, digits = f(Decimal(text)), context.prec
            context.prec = 2 * digits + 20
            exact = f(Decimal(text))
        assert abs(found - exact) <= abs(exact).scaleb(lost - digits)
