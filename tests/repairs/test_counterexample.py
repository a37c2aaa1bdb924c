"""Counterexamples: round numbers, few of them, and both sides what anybody gets who computes them by hand."""

import math
import re

import pytest
from drawn import descriptions
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples
from sides import RELU, SOFTMAX, sides

from neuronnet.derivation.quantities import Derivation
from neuronnet.description.reading import read
from neuronnet.errors import UnknownName
from neuronnet.formulas.expressions import Name
from neuronnet.repairs.counterexample import MOST_CHOSEN, counterexample
from neuronnet.repairs.identity import NOTHING, Freedom, Trials


def example(trials, claim):
    return counterexample(*sides(trials, claim), trials)


@pytest.mark.parametrize(
    "claim, text",
    [
        (
            "net_h1 = w1*i1 + w3*i2 + b1",
            "with w1 = 1, i1 = 2, w3 = 3, i2 = 4, b1 = 5, w2 = 6: net_h1 is 31, the formula gives 19",
        ),
        (
            "dout_o1/dnet_o1 = out_o1*(out_o1 - 1)",
            "with out_o1 = 0.2: dout_o1/dnet_o1 is 0.16, the formula gives -0.16",
        ),
        (
            "delta_o1 = (target_o1 - out_o1)*out_o1*(1 - out_o1)",
            "with target_o1 = 1, out_o1 = 0.6: delta_o1 is -0.096, the formula gives 0.096",
        ),
        (
            "dE_total/dout_h1 = delta_o1*w5 + delta_o2*w6",
            (
                "with delta_o1 = 1, w5 = 2, delta_o2 = 3, w6 = 4, w7 = 5: dE_total/dout_h1 is 17, the "
                "formula "
                "gives 14"
            ),
        ),
        (
            "w5@1 = w5 + eta*dE_total/dw5",
            "with w5 = 1, eta = 0.6, dE_total/dw5 = 2: w5@1 is -0.2, the formula gives 2.2",
        ),
        (
            "dE_total/db2 = delta_o1",
            "with delta_o1 = 1, delta_o2 = 2: dE_total/db2 is 3, the formula gives 1",
        ),
        ("b1 = b2", "with b1 = 1, b2 = 2: b1 is 1, the formula gives 2"),
        (
            "E_total = 3",
            (
                "with target_o1 = 1, out_o1 = 0.6, target_o2 = 2, out_o2 = 0.3: E_total is 1.525, the "
                "formula "
                "gives 3"
            ),
        ),
        ("dE_o2/dw5 = 1/3", "dE_o2/dw5 is 0, the formula gives 0.333333"),
    ],
)
def test_the_numbers_are_small_and_whole_or_tenths(trials, claim, text):
    assert str(example(trials, claim)) == text


BY_HAND = [
    (
        "net_h1 = w1*i1 + w2*i2",
        lambda v: (v["w1"] * v["i1"] + v["w2"] * v["i2"] + v["b1"], v["w1"] * v["i1"] + v["w2"] * v["i2"]),
    ),
    (
        "out_h1 = 1/(1 + exp(net_h1))",
        lambda v: (1 / (1 + math.exp(-v["net_h1"])), 1 / (1 + math.exp(v["net_h1"]))),
    ),
    (
        "E_o1 = (target_o1 - out_o1)^2",
        lambda v: ((v["target_o1"] - v["out_o1"]) ** 2 / 2, (v["target_o1"] - v["out_o1"]) ** 2),
    ),
    ("E_total = E_o1 - E_o2", lambda v: (v["E_o1"] + v["E_o2"], v["E_o1"] - v["E_o2"])),
    (
        "dout_o1/dnet_o1 = net_o1*(1 - net_o1)",
        lambda v: (
            math.exp(-v["net_o1"]) / (1 + math.exp(-v["net_o1"])) ** 2,
            v["net_o1"] * (1 - v["net_o1"]),
        ),
    ),
    (
        "delta_h1 = delta_o1*w5 + delta_o2*w7*out_h1*(1 - out_h1)",
        lambda v: (
            (v["delta_o1"] * v["w5"] + v["delta_o2"] * v["w7"]) * v["out_h1"] * (1 - v["out_h1"]),
            v["delta_o1"] * v["w5"] + v["delta_o2"] * v["w7"] * v["out_h1"] * (1 - v["out_h1"]),
        ),
    ),
    (
        "dE_total/dw1 = (delta_o1*w5 + delta_o2*w6)*out_h1*(1 - out_h1)*i1",
        lambda v: (
            (v["delta_o1"] * v["w5"] + v["delta_o2"] * v["w7"]) * v["out_h1"] * (1 - v["out_h1"]) * v["i1"],
            (v["delta_o1"] * v["w5"] + v["delta_o2"] * v["w6"]) * v["out_h1"] * (1 - v["out_h1"]) * v["i1"],
        ),
    ),
    (
        "w5@1 = w5 - dE_total/dw5",
        lambda v: (v["w5"] - v["eta"] * v["dE_total/dw5"], v["w5"] - v["dE_total/dw5"]),
    ),
    (
        "net_h1@1 = w1@1*i1 + w2*i2 + b1",
        lambda v: (
            v["w1@1"] * v["i1"] + v["w2@1"] * v["i2"] + v["b1"],
            v["w1@1"] * v["i1"] + v["w2"] * v["i2"] + v["b1"],
        ),
    ),
    (
        "delta_h1 = dE_total/dout_h1",
        lambda v: (v["dE_total/dout_h1"] * v["dout_h1/dnet_h1"], v["dE_total/dout_h1"]),
    ),
]


@pytest.mark.parametrize("claim, both", BY_HAND, ids=[claim for claim, _ in BY_HAND])
def test_both_sides_are_what_one_computes_by_hand(trials, claim, both):
    found = example(trials, claim)
    left, right = both({name: float(text) for name, text in found.values.items()})
    assert f"{left:.6g}" == f"{float(found.left):.6g}" and f"{right:.6g}" == f"{float(found.right):.6g}"
    assert abs(left - right) > 0.05 * max(abs(left), abs(right))


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, claim",
    [
        (SOFTMAX, "delta_o2 = target_o2 - out_o2"),
        (SOFTMAX, "out_o1 = exp(net_o1)/(exp(net_o1) + exp(net_o2))"),
        (SOFTMAX, "dout_o1/dnet_o2 = out_o1*(1 - out_o2)"),
        (SOFTMAX, "dE_total/db3 = delta_o1"),
        (SOFTMAX, "dout_h1/dnet_h1 = 1 - out_h1"),
        (SOFTMAX, "E_o2 = ln(out_o2)"),
        (SOFTMAX, "delta_h1 = delta_o1*w5"),
        (RELU, "delta_h1 = delta_o1*w5"),
        (RELU, "out_h1 = net_h1"),
        (RELU, "dout_h1/dnet_h1 = 1"),
        ("han-kamber", "I4 = w14*i1 + w15*i2 + w34*i3 + theta4"),
        ("xor", "E_total = E_total[1]"),
        ("xor", "dE_total/dw1 = dE_total[1]/dw1"),
        ("xor", "net_h1[2] = w1*i1[1] + w2*i2[1] + b1"),
        ("micrograd-neuron", "dE_total/dw1 = i2"),
        ("worked-example", "w5@2 = w5@1"),
    ],
)
def test_every_wrong_formula_of_these_networks_has_one(source, claim):
    found = example(Trials(source), claim)
    assert found.left != found.right and len(found.values) <= 20


THREE = {
    "layer": [{"activation": "logistic", "weights": [[0.1, 0.2, 0.3]] * 3, "bias": [0.1, 0.2, 0.3]}] * 3,
    "learning_rate": 0.5,
    "sample": [{"inputs": [1, 2, 3], "targets": [1, 2, 3]}],
}


def test_parts_that_are_right_are_given_by_name_where_many_names_would_be_needed(trials):
    found = example(
        trials,
        "dE_total/dw1 = ((out_o1 - target_o1)*out_o1*(1 - out_o1)*w5"
        " + (out_o2 - target_o2)*out_o2*(1 - out_o2)*w6)*out_h1*(1 - out_h1)*i1",
    )
    values = {name.partition(" = ")[0]: float(text) for name, text in found.values.items()}
    assert "dE_o1/dout_h1 = (out_o1 - target_o1)*out_o1*(1 - out_o1)*w5" in found.values and len(values) <= 8
    path, rest = values["dE_o1/dout_h1"], values["out_h1"] * (1 - values["out_h1"]) * values["i1"]
    delta = (values["out_o2"] - values["target_o2"]) * values["out_o2"] * (1 - values["out_o2"])
    assert math.isclose(float(found.left), (path + delta * values["w7"]) * rest, rel_tol=1e-5)
    assert math.isclose(float(found.right), (path + delta * values["w6"]) * rest, rel_tol=1e-5)


def test_a_formula_with_very_many_names_still_has_one_when_most_of_it_is_right():
    found = example(
        Trials(THREE),
        "delta_h1_1 = ("
        "(delta_o1*w19 + delta_o2*w22 + delta_o3*w25)*out_h2_1*(1 - out_h2_1)*w10 + "
        "(delta_o1*w20 + delta_o2*w23 + delta_o3*w26)*out_h2_2*(1 - out_h2_2)*w13 + "
        "(delta_o1*w21 + delta_o2*w24 + delta_o3*w27)*out_h2_3*(1 - out_h2_3)*w16)*out_h1_1",
    )
    assert (
        str(found) == "with dE_total/dout_h1_1 = 1, out_h1_1 = 0.6: delta_h1_1 is 0.24, the formula gives 0.6"
    )


def test_equal_weights_of_the_authors_network_do_not_pass_for_a_named_part():
    found = example(
        Trials(THREE),
        "delta_h1_1 = (delta_h2_1*w12 + delta_h2_2*w11 + delta_h2_3*w14)*dout_h1_1/dnet_h1_1*i1*i1",
    )
    assert not [name for name in found.values if " = " in name]


def test_what_can_be_chosen_freely_is_a_whole_number(trials):
    found = example(trials, "dE_total/dw5 = dE_total/dout_o1 * out_h1")
    assert str(found) == (
        "with dE_total/dout_o1 = 1, out_h1 = 2, dout_o1/dnet_o1 = 3: dE_total/dw5 is 6, the formula gives 2"
    )


@pytest.mark.parametrize("claim", ["dE_total/dw1 = dE_total[1]/dw1", "net_h1[2] = w1*i1[1] + w2*i2[1] + b1"])
def test_several_samples_take_no_long_time(claim):
    trials = Trials("xor")
    assert example(trials, claim) is not None


def test_there_is_none_where_nobody_could_check_it_by_hand():
    assert example(Trials("one-three-one"), "E_total = 2*E_total[1]") is None


def test_the_three_outputs_of_a_softmax_sum_to_one():
    found = example(Trials(SOFTMAX), "out_o1 = 1 - out_o2")
    values = {name: float(text) for name, text in found.values.items()}
    assert math.isclose(
        values["out_o2"],
        math.exp(values["net_o2"]) / sum(math.exp(values[f"net_o{k}"]) for k in (1, 2, 3)),
        rel_tol=1e-5,
    )


def test_what_is_right_by_coincidence_differs_clearly():
    description = {
        "learning_rate": 0.5,
        "layer": [{"activation": "identity", "weights": [[0.5, 0.5]], "bias": 0.5}],
        "sample": [{"inputs": [1, 1], "targets": [1]}],
    }
    derivation = Derivation(description)
    assert derivation.value_of("w1*i1 + w1*i2 + b1") == derivation["net_o1"].value
    assert str(example(Trials(description), "net_o1 = w1*i1 + w1*i2 + b1")) == (
        "with w1 = 1, i1 = 2, i2 = 3, b1 = 4, w2 = 5: net_o1 is 21, the formula gives 9"
    )


@pytest.mark.parametrize(
    "claim",
    [
        "net_h1 = b1 + w2*i2 + w1*i1",
        "out_h1 = exp(net_h1)/(1 + exp(net_h1))",
        "delta_h1 = (delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)",
        "dE_o1/dnet_o1 = delta_o1",
        "dE_total/dw5 = delta_o1*dnet_o2/dw7",
        "w5@1 = w5 - eta*delta_o1*out_h1",
        "E_total@1 = E_o1@1 + E_o2@1",
        "delta_o1 = dE_total/dout_o1*out_o1*(1 - out_o1)",
        "dE_total/dw1 = delta_h1*i1",
        "E_total@10000 = E_o1@10000",
        "w1 = 1/0",
        "w1 = ln(0)",
    ],
)
def test_there_is_none_for_a_right_formula_nor_for_what_has_no_value(trials, claim):
    assert example(trials, claim) is None


def test_an_unknown_name_is_said(trials):
    with pytest.raises(UnknownName, match="w99"):
        counterexample(Name("w99"), Name("net_h1"), trials)


@pytest.mark.slow
@examples(40)
@given(descriptions(largest=1.0, most_layers=3, most_samples=2, most_neurons=2), st.data())
def test_the_right_formula_never_has_a_counterexample_and_its_double_has(description, data):
    trials = Trials(description, count=1)
    rows = [row for row in trials.derivation(0).quantities if row.expression is not None]
    row = data.draw(st.sampled_from(rows))
    assert counterexample(row.expression, Name(row.name), trials) is None
    found = counterexample(row.expression * 2, Name(row.name), trials)
    if found is None:
        assume(abs(row.value) > NOTHING)
        assert len(trials.derivation(0).given) > MOST_CHOSEN / 2 or re.search("cross", description["loss"])
    else:
        assert math.isclose(float(found.right), 2 * float(found.left), rel_tol=2e-5, abs_tol=1e-12)


# Which names may be chosen beside each other


@pytest.mark.parametrize(
    "names, bound",
    [
        (["w1", "i1", "net_h1"], []),
        (["net_h1", "out_h1"], ["out_h1"]),
        (["out_o1", "dout_o1/dnet_o1"], ["dout_o1/dnet_o1"]),
        (["w1", "w2", "i1", "i2", "b1", "net_h1"], ["net_h1"]),
        (["delta_o1", "dE_o1/dnet_o1"], ["dE_o1/dnet_o1"]),
        (["w5", "w7", "delta_o1", "delta_o2", "out_h1"], []),
        (["E_o1", "E_o2", "E_total"], ["E_total"]),
        (["dE_o2/dw5"], ["dE_o2/dw5"]),
        (["w5", "w7", "delta_o1", "delta_o2", "dE_total/dout_h1"], ["dE_total/dout_h1"]),
        (["eta"], ["eta"]),
        (["out_h1", "delta_o1", "dE_total/dw5"], ["dE_total/dw5"]),
        ([], []),
    ],
)
def test_what_follows_from_the_names_before_is_bound(names, bound):
    assert Freedom(read("worked-example")).determined_by_the_others(names) == bound
