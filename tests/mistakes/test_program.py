"""The plain program: every number of the derivation under its name, and steps that can be varied."""

import math
from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from drawn.networks import HIDDEN, descriptions
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import Derivation, NeuronnetError
from neuronnet.description.reading import example_names, read
from neuronnet.mistakes.mistaken_program import Program

STATE = ("m_", "v_", "mhat_", "vhat_", "beta")
SMOOTH = tuple(each for each in HIDDEN if each != "relu")
WORKED = read("worked-example")


def assert_agrees(description, updates=1):
    """Every number that the derivation lists is the program's, to 1e-12 of the largest one of them."""
    derivation = Derivation(description, updates=updates)
    rows = {each.name: each.value for each in derivation.quantities if not each.name.startswith(STATE)}
    found = Program(derivation.description).numbers((1, updates))
    assert rows.keys() <= found.keys()
    finite = {name: value for name, value in rows.items() if math.isfinite(value)}  # a training may run away
    scale = max(map(abs, finite.values()))
    for name, value in finite.items():
        assert math.isclose(found[name], value, rel_tol=1e-12, abs_tol=1e-12 * scale), name
    return rows, found


@examples(80)
@given(descriptions())
def test_every_row_of_the_derivation_is_a_number_of_the_program(description):
    rows, found = assert_agrees(description)
    assert rows.keys() == found.keys()


@examples(40)
@given(
    descriptions(hidden=SMOOTH, most_neurons=2),
    st.integers(2, 4),
    st.sampled_from(
        ({"rule": "gradient descent"}, {"rule": "momentum", "momentum": 0.5}, {"rule": "nesterov"})
    ),
    st.sampled_from(({"kind": "in turn"}, {"kind": "random", "seed": 3})),
)
def test_so_is_every_row_after_several_updates_by_any_rule_and_order(description, updates, rule, order):
    assert_agrees(description | {"learning_rate": 0.1, "update": rule, "order": order}, updates)


@pytest.mark.parametrize("rule", ["adam", "adamw", "rmsprop"])
def test_so_is_every_row_of_rules_that_keep_squares(rule):
    assert_agrees(WORKED.to_dict() | {"update": {"rule": rule}, "l2": 0.1}, updates=7)


@pytest.mark.parametrize("name", [name for name in example_names() if len(read(name).samples) < 20])
def test_the_examples_keep_their_own_names(name):
    rows, found = assert_agrees(read(name))
    assert rows.keys() == found.keys()


@pytest.mark.slow
def test_counts_ask_for_the_state_after_so_many_updates():
    found = Program(WORKED).numbers((0, 3, 10000))
    assert f"{found['E_total@10000']:.12e}" == "3.510187782979e-05"
    assert found["w5@3"] == Derivation(WORKED)["w5@3"].value
    assert {name.partition("@")[2] for name in found} == {"", "3", "10000"}


def test_no_counts_give_the_first_pass_alone():
    found = Program(WORKED).numbers(())
    assert not [name for name in found if "@" in name]
    assert found["dE_total/dw5"] == pytest.approx(0.0821670405642308, rel=1e-14)


def test_a_network_without_learning_rate_makes_no_update():
    without = replace(WORKED, learning_rate=None)
    assert Program(without).numbers((1, 5)).keys() == Program(WORKED).numbers(()).keys()


def test_fifty_digits_are_fifty_digits():
    with localcontext() as context:
        context.prec = 50
        found = Program(WORKED, Decimal).numbers()
        assert abs(found["E_total@1"] - Derivation(WORKED, number=Decimal)["E_total@1"].value) < Decimal(
            "1e-47"
        )


def test_a_network_without_samples_is_refused():
    with pytest.raises(NeuronnetError, match="at least one"):
        Program(replace(WORKED, samples=()))


def test_numbers_that_are_kept_rounded_are_computed_with():
    class Rounded(Program):
        def keep(self, name, value):
            return round(value, 3) if name in ("out_h1", "delta_o1", "w5@1") else value

    found = Rounded(WORKED).numbers()
    assert found["out_h1"] == 0.593
    assert found["net_o1"] == 0.40 * 0.593 + 0.45 * found["out_h2"] + 0.60
    assert found["dE_total/dw5"] == found["delta_o1"] * 0.593
    assert found["net_o1@1"] == found["w5@1"] * found["out_h1@1"] + found["w6@1"] * found["out_h2@1"] + 0.60
    assert round(found["delta_o1"], 3) == found["delta_o1"]
    assert round(found["w5@1"], 3) == found["w5@1"]


def test_two_variations_combine():
    class Halved(Program):
        def shared(self, slope):
            return super().shared(slope) / 2

    class Turned(Program):
        def weight_back(self, layer, k, j):
            return -super().weight_back(layer, k, j)

    right, both = Program(WORKED).numbers(), type("Both", (Halved, Turned), {})(WORKED).numbers()
    assert both["delta_o1"] == pytest.approx(right["delta_o1"] / 2, rel=1e-15)
    assert both["delta_h1"] == pytest.approx(-right["delta_h1"] / 2, rel=1e-15)
