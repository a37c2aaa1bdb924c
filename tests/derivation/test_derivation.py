"""The derivation rows: names, formulas, order, and any derivative between any two quantities."""

import math
import re
from decimal import Decimal, localcontext

import pytest
from drawn.networks import descriptions
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples

from gradcheck.numeric.dual import Dual
from neuronnet import Derivation, NeuronnetError, explain, load
from neuronnet.derivation.layer_formulas import (
    error_formula,
    error_partial,
    out_formula,
    out_partials,
    starting_state,
    update_formulas,
)
from neuronnet.derivation.passes import Pass
from neuronnet.errors import UnknownName
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Name

ULP = 2.0**-53


def test_the_rows_of_the_worked_example_have_the_names_of_the_hand_derivation():
    names = [quantity.name for quantity in Derivation("worked-example").quantities]
    assert names[:11] == [
        "net_h1",
        "out_h1",
        "net_h2",
        "out_h2",
        "net_o1",
        "out_o1",
        "net_o2",
        "out_o2",
        "E_o1",
        "E_o2",
        "E_total",
    ]
    assert names[11:16] == ["dE_total/dout_o1", "dout_o1/dnet_o1", "delta_o1", "dnet_o1/dw5", "dE_total/dw5"]
    assert names[-1] == "E_total@1"
    assert len(set(names)) == len(names)


def test_formulas_are_those_of_a_hand_derivation():
    derivation = Derivation("worked-example")
    assert derivation["net_h1"].formula == "w1*i1 + w2*i2 + b1"
    assert derivation["net_h1"].value == 0.3775
    assert derivation["out_h1"].formula == "1/(1 + exp(-net_h1))"
    assert derivation["E_o1"].formula == "(target_o1 - out_o1)^2/2"
    assert derivation["dE_total/dw5"].formula == "dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5"
    assert derivation["dE_total/dout_h1"].formula == "dE_o1/dout_h1 + dE_o2/dout_h1"
    assert derivation["w5@1"].formula == "w5 - eta * dE_total/dw5"


@pytest.mark.slow
@examples(40)
@given(descriptions())
def test_every_formula_evaluates_to_its_value_after_being_printed_and_parsed(description):
    derivation = Derivation(description)
    for quantity in derivation.quantities:
        assert derivation.value_of(quantity.formula) == quantity.value


@pytest.mark.parametrize(
    "spelling, name",
    [
        ("∂E/∂w5", "dE_total/dw5"),
        ("δ_o1", "delta_o1"),
        ("η", "eta"),
        ("E", "E_total"),
        ("w5+", "w5@1"),
        ("E@1", "E_total@1"),
        ("dE_total/dnet_h1", "delta_h1"),
    ],
)
def test_accepted_spellings_mean_the_same_quantity(spelling, name):
    derivation = Derivation("worked-example")
    assert derivation[spelling] == derivation[name]


def test_authors_names_and_standard_names_mean_the_same_quantity():
    derivation = Derivation("han-kamber")
    assert derivation["I4"] == derivation["net_h1"]
    assert derivation["dE_total/dw14"] == derivation["dE_total/dw1"]
    assert "w14*i1" in derivation["I4"].formula


def test_explain_gives_a_quantity_with_its_factors():
    explained = explain(load("worked-example"), "dE_total/dw5")
    assert [factor.name for factor in explained.factors] == [
        "dE_total/dout_o1",
        "dout_o1/dnet_o1",
        "dnet_o1/dw5",
    ]
    product = explained.factors[0].value * explained.factors[1].value * explained.factors[2].value
    assert explained.value == product


def test_what_explain_says_is_what_it_prints():
    saturated = {
        "loss": "squared error",
        "layer": [{"activation": "logistic", "weights": [[40.0]]}],
        "sample": [{"inputs": [1.0], "targets": [1.0]}],
    }
    explained = explain(saturated, "dE_total/dout_o1")
    assert f"{explained.value:.9e}" == "-8.496708511e-18"
    assert str(explained).splitlines()[2].strip() == "= -8.496708511e-18"


def test_explain_reaches_the_inputs():
    explained = explain("micrograd-neuron", "dE_total/di1")
    assert math.isclose(explained.value, -1.5, rel_tol=8 * ULP)


@examples(80)
@given(descriptions(most_samples=2), st.data())
def test_any_derivative_is_that_of_dual_numbers_through_the_forward_rows(description, data):
    """dA/dB by the chain rule against forward mode: B replaced by B + eps, and only the rows after it
    recomputed.
    """
    derivation = Derivation(description)
    forward = list(Pass(derivation.description, derivation.given).forward())
    quantities = [name for name, _, _ in forward]
    given_names = [name for name in derivation.given if not name.startswith(("target", "eta", "l2"))]
    independent = data.draw(st.sampled_from(quantities + given_names))
    # Where the error is computed from the nets, its formula does not mention the outputs it depends on.
    assume(not (reads_nets(description) and independent.startswith("out_o")))
    dependent = data.draw(st.sampled_from(quantities))
    values = dict(derivation.given)
    if independent in values:
        values[independent] = Dual(values[independent], 1.0)
    for name, expression, _ in forward:
        values[name] = evaluator(expression, float)(values)
        if name == independent:
            values[name] = Dual(values[name], 1.0)
    expected = values[dependent].derivative if isinstance(values[dependent], Dual) else 0.0
    try:
        found = derivation[f"d{dependent}/d{independent}"].value
    except NeuronnetError:
        # The cross-entropies' slope by an output that is exactly 0 or 1 is infinite, and said to be.
        assume(False)
    largest = max([1.0] + [abs(value.derivative) for value in values.values() if isinstance(value, Dual)])
    weights = max([1.0] + [abs(value) for value in derivation.given.values()])
    paths = (3 * weights) ** len(description["layer"])
    assert abs(found - expected) <= 100 * ULP * largest * paths * slope_of_the_loss(derivation)


def reads_nets(description):
    return (description["loss"], description["layer"][-1]["activation"]) in (
        ("binary cross-entropy", "logistic"),
        ("binary cross-entropy", "softmax"),
        ("categorical cross-entropy", "logistic"),
        ("categorical cross-entropy", "softmax"),
    )


def slope_of_the_loss(derivation):
    """The largest slope of the loss at its outputs: a cross-entropy's error grows with it."""
    slopes = [1.0]
    for name in derivation.names():
        if re.fullmatch(r"E_o\d+(\[\d+\])?", name):
            out = name.replace("E_o", "out_o", 1)
            slopes.append(abs(derivation[f"d{name}/d{out}"].value))
    return max(slopes)


@pytest.mark.parametrize(
    "formula",
    [
        lambda: out_formula("swish", ["net_o1"], 0),
        lambda: out_partials("swish", ["net_o1"], ["out_o1"], 0),
        lambda: error_formula("hinge", "target_o1", 1.0, "out_o1"),
        lambda: error_partial("hinge", "target_o1", 1.0, "out_o1"),
        lambda: starting_state("lion", ["w1"]),
        lambda: update_formulas("lion", "w1", Name("dE_total/dw1"), "eta", False),
    ],
)
def test_an_unknown_word_gets_no_formula_of_another(formula):
    with pytest.raises(KeyError):
        formula()


def test_what_does_not_depend_has_derivative_zero():
    assert Derivation("worked-example")["dE_o2/dw5"].value == 0.0


@pytest.mark.parametrize(
    "name", ["dE_total/dnothing", "net_h9", "w9@1", "dw1/dE", "d/d", "", "E_total@", "net_h1[2]"]
)
def test_unknown_names_are_refused(name):
    with pytest.raises(UnknownName):
        Derivation("worked-example")[name]


def test_states_after_many_updates_are_computed_on_demand():
    assert (
        Derivation("worked-example")["E_total@9"].value
        == Derivation("worked-example", updates=9)["E_total@9"].value
    )


def test_several_samples_have_rows_of_their_own_and_a_combined_gradient():
    description = load("xor").to_dict() | {"batch": "full", "samples_combine": "mean"}
    derivation = Derivation(description)
    assert derivation["E_total"].formula == "(E_total[1] + E_total[2] + E_total[3] + E_total[4])/4"
    assert derivation["dE_total/dw1"].formula == (
        "(dE_total[1]/dw1 + dE_total[2]/dw1 + dE_total[3]/dw1 + dE_total[4]/dw1)/4"
    )
    assert derivation["net_h1[2]"].formula == "w1*i1[2] + w2*i2[2] + b1"


def test_a_derivation_in_fifty_digits_starts_from_the_decimal_text():
    with localcontext() as context:
        context.prec = 50
        assert Derivation("worked-example", number=Decimal)["net_h1"].value == Decimal("0.3775")


def test_too_large_a_derivation_is_refused_with_what_to_do():
    description = {
        "layer": [{"activation": "identity", "weights": [[1.0] * 400] * 400}],
        "sample": [{"inputs": [1.0] * 400, "targets": [0.0] * 400}],
    }
    with pytest.raises(NeuronnetError, match="describe fewer"):
        Derivation(description)


def test_a_network_without_samples_has_no_derivation():
    with pytest.raises(NeuronnetError, match="at least one"):
        Derivation({"layer": [{"activation": "identity", "weights": [[1.0]]}]})
