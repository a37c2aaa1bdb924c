"""Every quantity and derivative of every pass: against objects that were trained so far, and differences."""

from decimal import Decimal, localcontext

import pytest
from drawn.networks import descriptions
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples
from update_rules import RULES, same

from neuronnet import Derivation, NeuronnetError, explain, load
from neuronnet.errors import UnknownName
from neuronnet.names import in_sample, partial_name


def objects_after(description, updates):
    """(name, value) of every net, out, delta and gradient in the pass after so many updates."""
    network = load(description)
    network.fit(updates)
    several = len(network.samples) > 1
    for number, (inputs, targets) in enumerate(network.samples, 1):
        sample = number if several else None
        network.feed_forward(inputs)
        network.backpropagate(targets)
        for neuron in network.neurons:
            for kind in ("net", "out", "delta"):
                yield in_sample(f"{kind}_{neuron.name}", sample), getattr(neuron, kind)
        if network.l2 == 0:
            for each in network.parameters:
                yield partial_name(in_sample("E_total", sample), each.name), each.gradient
    yield "E_total", network.total_error()


@pytest.mark.slow
@examples(25)
@given(
    descriptions(most_layers=3),
    st.sampled_from(RULES),
    st.integers(1, 4),
    st.sampled_from(({"kind": "in turn"}, {"kind": "random", "seed": 3})),
)
def test_rows_of_a_later_pass_are_what_trained_objects_have(description, rule, updates, order):
    description = description | {"update": rule, "order": order}
    derivation = Derivation(description, updates=0)
    for name, value in objects_after(description, updates):
        found = derivation[f"{name}@{updates}"].value
        scale = max(abs(value), 1e-3)  # a gradient is a sum over paths, which add up in another order here
        assert same(found, value) or abs(found - value) <= 1e-9 * scale or value != value, name


@pytest.mark.parametrize("updates", [1, 3, 20])
@pytest.mark.parametrize("name", ["net_h1", "out_o2", "delta_o1", "delta_h2", "dE_total/dw5", "dE_total/dw1"])
def test_they_agree_to_the_last_bit_in_the_worked_example(name, updates):
    values = dict(objects_after("worked-example", updates))
    assert Derivation("worked-example")[f"{name}@{updates}"].value == values[name]


@pytest.mark.parametrize("name, weight", [("delta_o1", None), ("dE_total/dw5", "w5"), ("dE_total/dw2", "w2")])
def test_a_derivative_of_a_later_pass_is_a_difference_quotient_there(name, weight):
    """Central differences in fifty digits, whose own error is about step^2 = 1e-30."""
    with localcontext() as context:
        context.prec = 50
        network, step = load("worked-example", Decimal), Decimal("1e-15")
        network.fit(3)
        inputs, targets = network.samples[0]

        def error(by):
            if weight is not None:
                network[weight].value += by
                found = network.total_error()
                network[weight].value -= by
                return found
            network.feed_forward(inputs)
            network["o1"].out = network["o1"].activation.value(network["o1"].net + by)
            return network.error(targets)

        quotient = (error(step) - error(-step)) / (2 * step)
        derivation = Derivation("worked-example", Decimal)
        assert abs(quotient - derivation[f"{name}@3"].value) < Decimal("1e-28")
        assert abs(quotient - derivation[name].value) > Decimal("1e-5")


def test_formulas_of_a_later_pass_are_those_of_the_first_over_its_own_numbers():
    derivation = Derivation("worked-example")
    assert derivation["net_h1@3"].formula == "w1@3*i1 + w2@3*i2 + b1"
    assert derivation["dE_total/dw5@3"].formula == "dE_total/dout_o1@3 * dout_o1/dnet_o1@3 * dnet_o1/dw5@3"
    assert derivation["w5@3"].formula == "w5@2 - eta * dE_total/dw5@2"
    adam = Derivation(load("worked-example").to_dict() | {"update": RULES[3]})
    assert adam["mhat_w5@3"].formula == "m_w5@3/(1 - beta1_t@3)"
    assert adam["w5@3"].formula == "w5@2 - eta*mhat_w5@3/(sqrt(vhat_w5@3) + epsilon)"


def test_an_update_names_the_sample_that_it_rests_on():
    description = load("xor").to_dict() | {"batch": "online", "order": {"kind": "in turn"}}
    derivation = Derivation(description)
    for updates in range(1, 6):
        sample = (updates - 1) % 4 + 1
        before = "" if updates == 1 else f"@{updates - 1}"
        assert derivation[f"w1@{updates}"].formula == f"w1{before} - eta * dE_total[{sample}]/dw1{before}"
    assert derivation["delta_o1[3]@2"].formula == "dE_total[3]/dout_o1[3]@2 * dout_o1[3]/dnet_o1[3]@2"


@pytest.mark.parametrize("updates", [1, 5])
def test_the_formula_of_an_update_gives_the_value_that_objects_have(updates):
    for rule in RULES[::2]:
        derivation = Derivation(load("han-kamber").to_dict() | {"update": rule}, updates=0)
        for name in ("w1", "w8", "b2"):
            quantity = derivation[f"{name}@{updates}"]
            assert derivation.value_of(quantity.formula) == quantity.value


@pytest.mark.parametrize(
    "spelling, name",
    [
        ("dE_total@3/dw5@3", "dE_total/dw5@3"),
        ("dE_total@3/dw5", "dE_total/dw5@3"),
        ("∂E/∂w5@3", "dE_total/dw5@3"),
        ("dE/dnet_o1@3", "delta_o1@3"),
        ("dE_total/di1@3", "dE_total/di1@3"),
        ("b1@3", "b1"),
        ("i1@3", "i1"),
        ("delta_o1@03", "delta_o1@3"),
    ],
)
def test_spellings_of_a_quantity_of_a_later_pass(spelling, name):
    derivation = Derivation("worked-example")
    assert derivation[spelling].name == name
    assert spelling in derivation


@pytest.mark.parametrize(
    "name",
    [
        "dE_total@3/dw5@1",
        "dnothing/dw5@3",
        "delta_o9@3",
        "w5@-1",
        "w5@0",
        "w5@1.5",
        "dw5@3/dE_total@3",
        "dE_total/dw5@9999999999",
    ],
)
def test_there_is_no_such_quantity_in_a_later_pass(name):
    with pytest.raises(UnknownName):
        Derivation("worked-example")[name]
    assert name not in Derivation("worked-example")


def test_without_a_learning_rate_there_is_one_pass():
    description = load("worked-example").to_dict() | {"learning_rate": None}
    with pytest.raises(UnknownName):
        Derivation(description)["delta_o1@1"]
    with pytest.raises(NeuronnetError, match="no learning_rate"):
        explain(description, "delta_o1", at=1)


# Explanations


def test_explain_takes_the_pass_as_a_number():
    explained = explain("worked-example", "dE_total/dw5", at=3)
    assert explained.name == "dE_total/dw5@3"
    assert [each.name for each in explained.factors] == [
        "dE_total/dout_o1@3",
        "dout_o1/dnet_o1@3",
        "dnet_o1/dw5@3",
    ]
    product = 1.0
    for each in explained.factors:
        product *= each.value
    assert explained.value == product == explain("worked-example", "dE_total/dw5@3").value
    assert explained.value != explain("worked-example", "dE_total/dw5").value
    assert explain("worked-example", "i1", at=3).value == 0.05


@pytest.mark.parametrize("name, at", [("w5@2", 3), ("w5", -1), ("w5", 1.5), ("w5", 10**9), ("w5", "3")])
def test_explain_refuses_what_says_two_passes_or_none(name, at):
    with pytest.raises(NeuronnetError, match="updates"):
        explain("worked-example", name, at=at)


def test_only_what_is_asked_for_is_computed():
    derivation = Derivation("worked-example", updates=0)
    before = set(derivation.names())
    derivation["dE_total/dw5@1000"]
    made = {name for name in derivation.names() if name not in before}
    assert {name.partition("@")[2] for name in made} == {"1000"}
    assert "delta_h1@1000" not in made and "E_total@1000" not in made


def test_a_small_value_of_a_later_pass_is_printed_in_every_digit():
    saturated = {
        "loss": "squared error",
        "learning_rate": 1e-3,
        "layer": [{"activation": "logistic", "weights": [[40.0]]}],
        "sample": [{"inputs": [1.0], "targets": [1.0]}],
    }
    first, later = (explain(saturated, "dE_total/dout_o1", at=at).value for at in (0, 2))
    assert f"{first:.9e}" == f"{later:.9e}" == "-8.496708511e-18"


# A whole pass


@pytest.mark.parametrize("network", ["worked-example", "xor", "han-kamber"])
@pytest.mark.parametrize("at", [1, 4])
def test_the_rows_of_a_later_pass_are_those_of_the_first(network, at):
    description = load(network).to_dict() | {"batch": "full"}
    description["sample"] = description["sample"][:3]
    first, later = Derivation(description), Derivation(description, at=at)

    def in_first(name):
        plain, _, count = name.partition("@")
        return plain if int(count or 0) <= at else f"{plain}@{int(count) - at}"

    assert [in_first(each.name) for each in later.quantities] == [each.name for each in first.quantities]
    assert [in_first(name) for name in later.starts_from] == list(first.starts_from) == list(first.given)
    assert later.quantities[0].value == first[f"{first.quantities[0].name}@{at}"].value
