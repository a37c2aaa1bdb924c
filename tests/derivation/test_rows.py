"""Rows of any formulas, their values in any type of number, and the derivative of any by any."""

from decimal import Decimal
from fractions import Fraction

import pytest
from drawn.networks import descriptions
from hypothesis import given

from gradcheck.numeric.dual import Dual
from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.passes import Pass
from neuronnet.derivation.quantities import Derivation
from neuronnet.derivation.rows import Rows
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.notation import Known, parse


def written(given_numbers, formulas, number=float):
    rows = Rows(given_numbers, number)
    for name, text in formulas.items():
        rows.add(name, rows.read(text))
    return rows


def small(number=float, x="0.5", w="2", **more):
    formulas = {"y": "w*x + x^2", "z": "y*w", "loss": "(t - z)^2/2"}
    return written({"x": x, "w": w, "t": "1"}, formulas | more, number)


def test_rows_have_formulas_and_values():
    graph = small()
    assert [(each.name, each.formula, each.value) for each in graph.quantities] == [
        ("y", "w*x + x^2", 1.25),
        ("z", "y*w", 2.5),
        ("loss", "(t - z)^2/2", 1.125),
    ]


@pytest.mark.parametrize(
    "name, formula, value",
    [
        ("dloss/dz", "-(t - z)", 1.5),
        ("dz/dw", "y + dz/dy * dy/dw", 2.25),
        ("dloss/dw", "dloss/dz * y + dloss/dy * dy/dw", 3.375),
        ("dy/dx", "w + 2*x", 3.0),
        ("dloss/dx", "dloss/dy * dy/dx", 9.0),
        ("dz/dloss", "0", 0.0),
        ("dz/dz", "1", 1.0),
    ],
)
def test_any_row_is_differentiated_by_any_other(name, formula, value):
    found = small()[name]
    assert sorted(found.formula.split(" + ")) == sorted(formula.split(" + "))
    assert found.value == value


def test_a_fraction_stays_a_fraction_and_a_decimal_keeps_its_digits():
    # y = 7/9 and z = 14/9, so dloss/dz = 5/9 and dz/dx = 2*(2 + 2/3)
    assert small(Fraction, Fraction(1, 3))["dloss/dx"].value == Fraction(5, 9) * Fraction(16, 3)
    with fifty_digits():
        assert small(Decimal, "0.1")["y"].value == Decimal("0.21")


@pytest.mark.parametrize("by", ["x", "w"])
@pytest.mark.parametrize("of", ["y", "z", "loss"])
def test_derivatives_are_those_of_dual_numbers(of, by):
    given_numbers = {"x": 0.5, "w": 2.0, "t": 1.0}
    duals = {name: Dual(value, float(name == by)) for name, value in given_numbers.items()}
    values = dict(duals)
    for row in small().quantities:
        values[row.name] = evaluator(row.expression, Dual)(values)
    assert small()[f"d{of}/d{by}"].value == values[of].derivative  # all numbers here are exact in binary


def test_the_form_that_an_author_hands_in_is_shown():
    rows, plain = Rows({"net": "0.3"}), written({"net": "0.3"}, {"out": "1/(1 + exp(-net))"})
    rows.add("out", plain["out"].expression, partials={"net": parse("out*(1 - out)", Known(["out"]))})
    assert rows["dout/dnet"].formula == "out*(1 - out)"
    assert plain["dout/dnet"].formula == "exp(-net)/(1 + exp(-net))^2"
    assert abs(rows["dout/dnet"].value - plain["dout/dnet"].value) < 1e-15


@pytest.mark.parametrize("name", ["q", "dq/dx", "dloss/dq", "dx/dloss", "dloss/dloss/dx"])
def test_unknown_names_are_refused(name):
    with pytest.raises(UnknownName):
        small()[name]
    assert name not in small()


@pytest.mark.parametrize(
    "name, text, error, message",
    [
        ("more", "loss + nothing", UnknownName, "nothing"),
        ("more", "dz/dloss2", UnknownName, "loss2"),
        ("loss", "w", NeuronnetError, "'loss' stands already"),
        ("w", "x", NeuronnetError, "'w' stands already"),
        ("more", "w/(t - 1)", NeuronnetError, "more = .*w/.*division by zero"),
        ("more", "exp(1000*w)", NeuronnetError, "more = .*no finite value"),
        ("more", "ln(t - 1)", NeuronnetError, "more = .*no finite value"),
    ],
)
def test_what_has_no_value_or_no_name_of_its_own_is_refused(name, text, error, message):
    rows = small()
    with pytest.raises(error, match=message):
        rows.add(name, rows.read(text))


@pytest.mark.parametrize(
    "rows, asked, value",
    [
        ("E_total E", "E", 8.0),
        ("E_total E", "E_total", 4.0),
        ("E_total E", "dE/da", 12.0),
        ("E_total E", "dE_total/da", 4.0),
        ("E E_total", "E_total", 8.0),
        ("E E_total", "∂E/∂a", 4.0),
        ("E_total", "E", 4.0),
        ("E_total", "dE/da", 4.0),
    ],
)
def test_an_exact_name_goes_before_an_accepted_spelling(rows, asked, value):
    found = written({"a": 2.0}, dict(zip(rows.split(), ["a^2", "a^3"])))
    assert found[asked].value == found.value_of(asked) == found.value_of(f"{asked}*1") == value


def test_complex_numbers_keep_their_imaginary_part():
    rows = written({"a": 1 + 2j}, {"y": "a*a"}, complex)
    assert rows["y"].value == -3 + 4j
    assert rows["dy/da"].value == 2 + 4j


# The rows of a pass are one author's; every derivative in them was written by hand.


@pytest.mark.slow
@given(descriptions(most_samples=2))
def test_every_hand_written_derivative_is_that_of_its_formula(description):
    """In fifty digits: a row dA/dB of the passes, and dA/dB by Expression.derivative alone."""
    with fifty_digits():
        derivation = Derivation(description, Decimal)
        rows = Rows(derivation.given, Decimal)
        for name, expression, part in Pass(derivation.description, derivation.given).forward():
            rows.add(name, expression, part)
        compared = [each for each in derivation.quantities if each.name in rows]
        assert any(each.name.startswith("dE_total") for each in compared)
        for name, _, value, *_ in compared:
            # Fifty digits, less what the slope of a logarithm or the product of a few weights takes away.
            assert abs(rows[name].value - value) <= Decimal("1e-30") * max(1, abs(value)), name


def test_a_slip_in_a_hand_written_derivative_would_be_seen():
    derivation = Derivation("worked-example")
    slip = derivation.value_of("out_o1*(1 + out_o1)")
    assert abs(slip - derivation["dout_o1/dnet_o1"].value) > 0.5


def test_every_part_of_a_pass_names_the_sample_and_the_layer():
    one, four = (
        list(dict.fromkeys(row.part for row in Derivation(name).quantities))
        for name in ("worked-example", "xor")
    )
    assert one == ["forward pass", "errors", "output layer", "hidden layer", "update", "after one update"]
    assert four[:3] == ["sample 1: forward pass", "sample 1: errors", "sample 2: forward pass"]
    assert four[8:] == [
        "errors",
        "sample 4: output layer",
        "sample 4: hidden layer",
        "update",
        "after one update",
    ]


def test_a_derivative_that_is_asked_for_is_no_row_of_the_pass():
    derivation = Derivation("worked-example")
    before = list(derivation.quantities)
    assert derivation["dE_o1/dnet_h1"].value != 0.0
    assert derivation.quantities == before
