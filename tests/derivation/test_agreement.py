"""The objects and the derivation rows are two ways to every number; here they must agree to the last bit."""

import pytest
from drawn.networks import descriptions
from hypothesis import given
from profiles import examples
from rows import trained_by_rows
from update_rules import same

from neuronnet import Derivation, load
from neuronnet.names import in_sample, partial_name


def object_values(description):
    """Every quantity of the pass and of one update, by name, as the neuron objects compute them."""
    network = load(description)
    values = {}
    count = len(network.samples)
    for number, (inputs, targets) in enumerate(network.samples, 1):
        sample = None if count == 1 else number
        network.feed_forward(inputs)
        if count > 1:
            values[in_sample("E_total", sample)] = network.error(targets)
        network.gradients([(inputs, targets)])
        for neuron in network.neurons:
            for kind in ("net", "out", "delta"):
                values[in_sample(f"{kind}_{neuron.name}", sample)] = getattr(neuron, kind)
    values["E_total"] = network.total_error()
    if network.batch == "full" or count == 1:
        for name, gradient in network.gradients().items():
            values[partial_name("E_total", name)] = gradient
    network.fit(1)
    for parameter in network.parameters:
        if parameter.trainable:
            values[f"{parameter.name}@1"] = parameter.value
    values["E_total@1"] = network.total_error()
    return values


@pytest.mark.slow
@examples(200)
@given(descriptions())
def test_objects_and_rows_agree_to_the_last_bit(description):
    derivation = Derivation(description)
    for name, value in object_values(description).items():
        if name in derivation:
            assert derivation[name].value == value, f"{name} = {derivation[name].formula}"
        else:
            # A derivation has no backward rows for samples that the first update does not rest on.
            assert name.startswith("delta_") and description["batch"] != "full"


@pytest.mark.slow
@examples(50)
@given(descriptions(most_layers=3))
def test_objects_and_rows_agree_after_seven_updates(description):
    network = load(description)
    network.fit(7)
    by_rows, derivation = trained_by_rows(description, 7), Derivation(description, updates=7)
    for parameter in network.parameters:
        if parameter.trainable:
            assert same(by_rows[parameter.name], parameter.value)
            assert same(derivation[f"{parameter.name}@7"].value, parameter.value)
    assert same(derivation["E_total@7"].value, network.total_error())


@pytest.mark.slow
def test_the_worked_example_agrees_after_five_hundred_updates():
    network = load("worked-example")
    network.fit(500)
    by_rows = trained_by_rows("worked-example", 500)
    assert [by_rows[weight.name] for weight in network.weights] == [
        weight.value for weight in network.weights
    ]


def test_a_long_training_goes_on_from_where_it_stood():
    derivation, network = Derivation("worked-example"), load("worked-example")
    network.fit(30)
    after_30 = network.total_error()
    network.fit(70)
    found = [derivation[f"E_total@{updates}"].value for updates in (30, 100, 30, 29)]
    assert found[:3] == [after_30, network.total_error(), after_30]
    assert found[3] > after_30


@pytest.mark.parametrize("pair", ["dE_total/dw5", "delta_h1", "E_total", "w1@1"])
def test_a_changed_weight_is_visible_in_both(pair):
    """What the agreement is worth: one weight changed by one part in a million shows in every quantity."""
    network = load("worked-example")
    network["w5"].value += 4e-7
    changed = Derivation(network.to_dict())
    assert changed[pair].value != Derivation("worked-example")[pair].value
    assert changed[pair].value == object_values(network.to_dict())[pair]
