"""Every derivative of a model against a complex step with a tap on the quantity, and against NumPy."""

import time
from decimal import Decimal
from random import Random

import pytest
from drawn.array_models import drawn_model, product
from hypothesis import assume, given
from hypothesis import strategies as st

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.model import MOST_IN_ALL, MOST_WORK, Model
from neuronnet.derivation.sweep import derivative
from neuronnet.elementary import Literal
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.arrays import Array, ShapeError, entries, shape, size
from neuronnet.formulas.calls import call
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import ArrayOf, Call, Compare, Entry, Name, Number, Transpose
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.notation import Known, parse

STEP = 1e-30


def tapped(model, quantity, place, of="L"):
    """The derivative of L by one entry of a quantity: the imaginary part that a tap on it leaves in L."""
    tap = [complex(0, STEP) if k == place else 0j for k in range(size(model[quantity]))]
    form = model.shape(quantity)
    found = model.values(complex, taps={quantity: Array(tap, form) if form else tap[0]})[of]
    return entries(found)[0].imag / STEP


def assert_derivatives_are_those_of_taps(model):
    for quantity in model.names():
        gradient = model[f"dL/d{quantity}"]
        assert shape(gradient) == model.shape(quantity)
        for place, entry in enumerate(entries(gradient)):
            expected = tapped(model, quantity, place)
            found = float(entry)
            close = abs(found - expected) <= 1e-9 * (abs(found) + abs(expected)) + 1e-11
            assert close, (quantity, place, model.formula(f"dL/d{quantity}").format(), found, expected)


@pytest.mark.slow
@given(st.integers(0, 2**40))
def test_derivatives_of_drawn_models_are_those_of_a_complex_step(seed):
    model = drawn_model(Random(seed))
    try:
        model["L"]
        floats = model.values(float)
        pairs = [pair for name in model.names() for pair in zip(entries(floats[name]), entries(model[name]))]
    except NeuronnetError:
        assume(False)
    # At a kink there is no slope: not at 0, nor where rounding chooses the branch.
    assume(all(abs(entry) > 1e-12 and abs(entry - float(exact)) < 1e-6 for entry, exact in pairs))
    for name in model.names():
        assert shape(model[name]) == model.shape(name)
    assert_derivatives_are_those_of_taps(model)


x, y = Name("x"), Name("y")


@pytest.mark.parametrize("function", [name for name, row in FUNCTIONS.items() if not row.shape])
def test_a_row_of_the_table_has_the_derivative_of_its_function(function):
    count = FUNCTIONS[function].arguments or 2
    point = {"x": 0.7, "y": 0.4, "z": 0.3}
    for signs in ((1, 1, 1), (-1, 1, 1)) if function not in ("ln", "sqrt", "power") else ((1, 1, 1),):
        values = {name: sign * value for (name, value), sign in zip(point.items(), signs)}
        formula = Call(function, [Name(name) for name in "xyz"[:count]])
        for name in "xyz"[:count]:
            stepped = {each: complex(value, STEP if each == name else 0) for each, value in values.items()}
            expected = evaluator(formula, complex)(stepped).imag / STEP
            found = evaluator(derivative(formula, name), float)(values)
            assert abs(found - expected) <= 1e-12 * (1 + abs(expected)), (name, values)


READ = {
    "a": [["0.3", "-0.2"], ["0.1", "0.4"]],
    "x": ["0.5", "-1"],
    "b": ["0.1", "0.2"],
    "W2": [["0.7", "-0.6"]],
    "t": "0.3",
    "s": "0.5",
}


def two_layers():
    model = Model(READ)
    model.define("z1", product(Name("a"), "·", Name("x")) + Name("b"))
    model.define("a1", call("tanh", [Name("z1")]))
    model.define("z2", product(Name("W2"), "·", Name("a1")))
    model.define("L", (Name("z2") - Name("t")) ** 2 / 2)
    return model


@pytest.mark.parametrize(
    "name, text",
    [
        ("dL/dz2", "z2 - t"),
        ("dL/dt", "-(z2 - t)"),
        ("dL/dW2", "dL/dz2 * a1ᵀ"),
        ("dL/da1", "dL/dz2 * W2ᵀ"),
        ("dL/dz1", "dL/da1 ⊙ tanh'(z1)"),
        ("dL/db", "dL/dz1"),
        ("dL/da", "dL/dz1 @ xᵀ"),
        ("dL/dx", "aᵀ @ dL/dz1"),
        ("dL/ds", "0"),
    ],
)
def test_a_derivative_reads_like_a_textbook(name, text):
    assert two_layers().formula(name).format() == text


def test_a_nested_definition_has_brackets_where_they_are_needed():
    model = Model(READ)
    inside = product(Name("a"), "·", call("tanh", [product(Name("a"), "·", Name("x"))]))
    model.define("h", call("logistic", [inside]))
    model.define("L", call("sum", [product(Name("h"), "*", Name("h"))]))
    assert model.formula("dL/dh").format() == "h + h"
    assert model.formula("dL/dx").format() == (
        "aᵀ @ ((aᵀ @ (dL/dh ⊙ logistic'(a @ tanh(a @ x)))) ⊙ tanh'(a @ x))"
    )


def test_a_formula_in_numbers_has_values_for_its_names():
    model = two_layers()
    assert model.in_numbers("z1") == "[[0.3, -0.2], [0.1, 0.4]] @ [0.5, -1] + [0.1, 0.2]"
    assert model.in_numbers("dL/dz2") == "0.3847 - 0.3"
    assert model.in_numbers("dL/dt", 2) == "-(0.38 - 0.3)"
    assert model.in_numbers("x") is None


@pytest.mark.parametrize(
    "name, formula, reason",
    [
        ("q", product(Name("x"), "@", Name("a"), "@", Name("a"), "⊙", Name("W3")), "W3"),
        ("q", product(Name("W2"), "@", Name("W2")), "(1×2)(1×2) does not fit"),
        ("x", Name("b"), "'x' stands already"),
        ("q", call("ones", [Name("t")]), "t is no length"),
        ("q", call("ones", [Number(600), Number(600)]), "more than 250000 entries"),
        ("q", Entry(Name("x"), [3]), "there is no entry 3 of 2, counted from 1"),
        ("q", call("sum", [Name("a")], {"axis": 2}), "there is no axis 2"),
        ("q", ArrayOf([[Name("x"), Name("x")]]), "different shapes"),
    ],
)
def test_a_formula_that_does_not_fit_is_refused(name, formula, reason):
    model = Model(READ)
    with pytest.raises(NeuronnetError) as caught:
        model.define(name, formula)
    assert reason in str(caught.value)
    assert name in READ or name not in model


def test_derivatives_of_a_vector_are_those_of_its_entries():
    model = two_layers()
    for place in (1, 2):
        model.define(f"e{place}", Entry(Name("a1"), [place]))
    for by in ("x", "z1", "b"):
        rows = [list(entries(model[f"de{place}/d{by}"])) for place in (1, 2)]
        assert model[f"da1/d{by}"].nested() == rows
    assert model.diagonal == {"da1/dz1", "da1/db"}
    model.define("A", call("tanh", [Name("a")]))
    model.define("S", call("sum", [Name("A")]))
    assert model["dA/da"].nested() == model["dS/da"].nested()


def test_a_derivative_has_at_most_two_indices_and_a_path():
    model = two_layers()
    with pytest.raises(NeuronnetError, match="of a1, .*, by a are too many for a line"):
        model["da1/da"]
    with pytest.raises(UnknownName):
        model["dL/dw"]
    assert model["dL/dL"] == 1


@pytest.mark.slow
def test_a_chain_of_a_thousand_formulas_and_all_its_derivatives():
    model = Model({"w": "1.0001", "q0": "0.5"})
    started = time.process_time()
    for place in range(1000):
        model.define(
            f"q{place + 1}", call("tanh", [Name(f"q{place}")]) * Name("w") + Name(f"q{place // 2}") / 9
        )
    model.define("L", Name("q1000") ** 2)
    gradients = [model[f"dL/dq{place}"] for place in range(1000)]
    assert time.process_time() - started < 5
    assert model["dL/dw"] != 0 and gradients[999] != 0


def test_sizes_are_bounded_before_the_work_is_done():
    row = Array([Literal("1")] * 1000, (1, 1000))
    model = Model({"u": row, "v": row.T})
    model.define("M", call("ones", [Number(400), Number(500)]))
    started = time.process_time()
    for formula in (
        product(Name("v"), "@", Name("u")),
        product(Name("u"), "⊗", Name("v")),
        product(Name("M"), "@", Transpose(Name("M"))),
        call("diag", [Name("u")]),
        call("eye", [Number(10**9)]),
        call("ones", [Number(10**300)]),
        ArrayOf([Name("u")] * 300),
        Entry(Name("M"), [[1] * 600]),
    ):
        with pytest.raises(ShapeError):
            model.define("q", formula)
    assert time.process_time() - started < 5
    with pytest.raises(ShapeError, match=f"more than {MOST_IN_ALL} numbers"):
        for place in range(9):
            model.define(f"m{place}", Name("M") + 1)


def test_saturated_units_keep_their_digits():
    """1/(1 + exp(-x)) as an author writes it, where 1 - out is 1e-26 or out is 1e-87."""
    for value in ("60", "-200", "-60"):
        model = Model({"x": value})
        model.define("a", 1 / (1 + call("exp", [-x])))
        model.define("L", -call("ln", [Name("a")]))
        with fifty_digits():
            exact = -1 / (1 + Decimal(value).exp())
            assert abs(model["dL/dx"] / exact - 1) < Decimal("1e-24")


def test_the_kink_of_max_has_the_slope_of_0_on_either_side():
    for arguments in ([0, x], [x, 0]):
        model = Model({"x": "0"})
        model.define("L", call("max", arguments))
        assert model["dL/dx"] == 0


def test_a_branch_is_chosen_entry_by_entry():
    model = Model({"x": ["-1", "2", "0"]})
    model.define("y", call("where", [Compare(x, ">", Number(0)), x**2, -x]))
    model.define("L", call("sum", [Name("y")]))
    assert list(map(float, model["dL/dx"].entries)) == [-1, 4, -1]


def test_a_deeply_nested_formula_is_derived_and_computed_once():
    """Written out, dL/da has 460,000 characters."""
    model, inside = Model(READ), Name("x")
    for _ in range(50):
        inside = call("tanh", [product(Name("a"), "@", inside)])
    model.define("h", inside)
    model.define("L", call("sum", [Name("h")]))
    started = time.process_time()
    assert_derivatives_are_those_of_taps(model)
    assert time.process_time() - started < 10


def test_work_is_bounded_before_it_is_done():
    model = Model({"M": Array([Literal("1")] * 10_000, (100, 100))})
    model.define("M1", product(Name("M"), "@", Name("M")))
    with pytest.raises(NeuronnetError, match=f"the formulas up to M4 take more than {MOST_WORK}"):
        for place in range(1, 9):
            model.define(f"M{place + 1}", product(Name(f"M{place}"), "@", Name("M")))


SCALARS = {
    "y": ["0.2", "0.7"],
    "t": ["0", "1"],
    "w": "2",
    "v": "3",
    "x": ["1", "2"],
    "X": READ["a"],
    "b": "1",
}


@pytest.mark.parametrize(
    "loss, name, text",
    [
        ("0.5*sum((y - t)^2)", "y", "y - t"),
        ("mean((y - t)^2)", "y", "y - t"),
        ("mean((y - t)^2)", "t", "-(y - t)"),
        ("-sum(t*log(y) + (1 - t)*log(1 - y))/2", "y", "(1 - t)/(1 - y)/2 - t/y/2"),
        ("-log(sum(exp(x)))", "x", "-(exp(x)/sum(exp(x)))"),
        ("0.25*3*w^3", "w", "2.25*w^2"),
        ("w^2/v", "v", "-(w^2/v^2)"),
        ("w*v*b", "v", "b*w"),
        ("w/v + v", "v", "1 - w/v^2"),
        ("relu(w - v)^2", "w", "2*max(0, w - v)*step(w - v)"),
        ("gelu(w)", "w", "gelu'(w)"),
        ("leaky_relu(w)", "w", "leaky_relu'(w, 0.01)"),
        ("softplus(v*w)", "w", "logistic(v*w)*v"),
        ("sum(w*y*x)", "y", "x*w"),
        ("sum(X)", "X", "ones(2, 2)"),
        ("sum(X + b)", "b", "sum(ones(2, 2))"),
        ("x[2]*w", "w", "x[2]"),
        ("x·y", "x", "y"),
        ("sum((X x)^2)", "x", "Xᵀ @ (2*(X @ x))"),
        ("sum((X x)^2)", "X", "2*(X @ x) @ xᵀ"),
    ],
)
def test_the_derivative_of_a_loss_is_as_short_as_on_paper(loss, name, text):
    model = Model(SCALARS)
    arrays = {each for each in model.names() if model.shape(each)}
    model.define("L", parse(loss, Known(set(model.names()) - arrays, arrays=arrays)))
    assert model.formula(f"dL/d{name}").format() == text
    assert_derivatives_are_those_of_taps(model)


def test_the_second_derivative_goes_through_the_first():
    """A penalty on a gradient: P = (dL/dw)^2 depends on w through dL/dw."""
    model = Model({"w": "0.5", "x": "2"})
    model.define("a", call("tanh", [Name("w") * Name("x")]))
    model.define("L", Name("a") ** 2)
    model.define("P", Name("dL/dw") ** 2)
    step = tapped_given(model, "w", "P")
    assert abs(float(model["dP/dw"]) - step) <= 1e-12 * abs(step)


def tapped_given(model, name, of):
    moved = {name: complex(float(model[name]), STEP)}
    return model.values(complex, given=moved)[of].imag / STEP


def test_what_a_quantity_is_computed_from():
    model = two_layers()
    assert model.uses("z2") == {"z2", "W2", "a1", "z1", "a", "x", "b"}
    assert model.uses("x") == {"x"}
    assert "dL/dz2" in model.uses("dL/da")
