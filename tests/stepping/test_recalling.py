"""The history of a training: lists that agree with the derivation of every pass; a training undisturbed."""

import pytest
from test_stopping import XOR

from neuronnet import Derivation, NeuronnetError, Parameter, load
from neuronnet.names import after


@pytest.mark.parametrize(
    "asked", ["w5", "b2", "E_total", "delta_o1", "w5.gradient", "net_h1", "dE_o1/dout_h1", "E_o1"]
)
def test_the_lists_are_the_values_of_the_derivation(asked):
    network, derivation = load("worked-example"), Derivation("worked-example")
    with network.history(asked) as history:
        network.fit(3)
    ((name, values),) = history.items()
    assert history[asked] is values
    moved = [] if asked == "b2" else values  # a frozen bias has a value that nothing changes
    assert [derivation[after(name, update)].value for update, _ in enumerate(moved)] == moved
    assert len(values) == {"w5": 4, "E_total": 4, "b2": 1}.get(asked, 3)


def test_lists_of_several_samples_have_the_sample_in_their_names():
    network, derivation = load(XOR), Derivation(XOR)
    with network.history("delta_o1", "E_total", "w5.gradient", "w?") as history:
        network.fit(2)
    assert set(history) == {f"delta_o1[{n}]" for n in (1, 2, 3, 4)} | {
        "E_total",
        "dE_total/dw5",
        *(f"w{n}" for n in range(1, 7)),
    }
    for name, values in history.items():
        expected = [derivation[after(name, update)].value for update, _ in enumerate(values)]
        assert values == expected, name


@pytest.mark.parametrize("batch", ["full", "online", 3])
def test_the_error_is_that_of_all_samples_and_measuring_it_leaves_no_trace(batch):
    recorded, ordinary = load(XOR | {"batch": batch}), load(XOR | {"batch": batch})
    with recorded.history("E_total", every=2) as history:
        recorded.fit(5)
    errors = []
    for update in range(6):
        if update % 2 == 0:
            copy = load(ordinary.to_dict())
            errors.append(copy.total_error())
        if update < 5:
            ordinary.fit(1)
    assert history["E_total"] == errors
    for one, other in zip(recorded.neurons + recorded.inputs, ordinary.neurons + ordinary.inputs):
        for attribute in ("net", "out", "E", "delta"):
            assert getattr(one, attribute, None) == getattr(other, attribute, None)
    assert [each.value for each in recorded.parameters] == [each.value for each in ordinary.parameters]


def test_it_records_until_it_is_stopped():
    network = load("worked-example")
    history = network.history("w5")
    network.fit(2)
    history.stop()
    network.fit(2)
    history.stop()
    assert len(history["w5"]) == 3
    assert type(network["w5"]) is Parameter


def test_two_histories_may_overlap():
    network = load("worked-example")
    first, second = network.history("w5"), network.history("w5", "w6", every=2)
    network.fit(4)
    first.stop()
    network.fit(2)
    second.stop()
    assert len(first["w5"]) == 5
    assert second["w5"] == [first["w5"][0], first["w5"][2], first["w5"][4], network["w5"].value]


def test_the_update_in_which_a_weight_turns_is_found():
    network = load(XOR)
    with network.history("w1") as history:
        network.fit(200)
    steps = [after - before for before, after in zip(history["w1"], history["w1"][1:])]
    turns = [update for update in range(1, 200) if steps[update] * steps[update - 1] < 0]
    assert turns


@pytest.mark.parametrize(
    ("asked", "message"),
    [(["w55"], "did you mean w5"), ([], "no name"), (["delta_z*"], "unknown name"), ([None], "found None")],
)
def test_an_unknown_name_is_refused(asked, message):
    with pytest.raises(NeuronnetError, match=message):
        load("worked-example").history(*asked)


def test_what_was_not_recorded_is_refused_with_what_was():
    network = load("worked-example")
    with network.history("w5", "delta_o1") as history:
        network.fit(1)
    with pytest.raises(NeuronnetError, match="did you mean delta_o1"):
        history["delta_o2"]


def test_the_error_of_a_network_without_samples_is_refused():
    with pytest.raises(NeuronnetError, match="sample"):
        load({key: value for key, value in XOR.items() if key != "sample"}).history("E_total")
