"""A traced training: every quantity in the order of its computation, bit by bit as in an ordinary one."""

import copy
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from drawn.networks import descriptions
from hypothesis import given
from profiles import examples
from update_rules import RULES, same

from neuronnet import Derivation, NeuronnetError, Parameter, load
from neuronnet.names import split_index
from neuronnet.stepping.events import Event, observed

XOR = {
    "learning_rate": 0.5,
    "layer": [
        {"activation": "tanh", "weights": [[0.3, -0.4], [0.2, 0.6]], "bias": [0.1, -0.1], "train_bias": True},
        {"activation": "logistic", "weights": [[0.5, -0.7]], "bias": 0.2, "train_bias": True},
    ],
    "sample": [{"inputs": [x, y], "targets": [int(x != y)]} for x in (0, 1) for y in (0, 1)],
}


def state(network):
    """Everything that a network holds, by name."""
    kept = {
        (each.name, attribute): getattr(each, attribute, None)
        for each in network.neurons + network.inputs + network.parameters
        for attribute in "net out E dE_dout dout_dnet delta value gradient".split()
    }
    return kept | {"state": dict(network.update_rule.state), "updates": network._update_count}


def values(network):
    return [each.value for each in network.parameters] + list(network.update_rule.state.items())


def agree(one, other):
    return all(map(same, one, other))


@pytest.mark.slow
@examples(40)
@given(descriptions())
def test_a_traced_training_is_an_ordinary_one_and_its_events_are_the_rows_of_a_derivation(description):
    traced, ordinary, derivation = load(description), load(description), Derivation(description)
    first = list(traced.trace())
    list(traced.trace(updates=2))
    ordinary.fit(3)
    assert agree(values(traced), values(ordinary))
    rows = {row.name: row for row in derivation.quantities}
    for event in first:
        if event.full_name not in derivation:  # of samples that the first update does not rest on
            assert description["batch"] != "full"
            continue
        assert same(event.value, derivation[event.full_name].value), event
        for name, value in event.factors.items():
            assert same(value, derivation[name].value), (event, name)
        row = rows.get(event.full_name)
        assert (
            row is None or split_index(event.formula) == split_index(row.formula) or event.phase == "update"
        )
    if description["batch"] == "full" or len(traced.samples) == 1:
        told = [event.full_name for event in first]
        computed = [row.name for row in derivation.quantities if row.part != "after one update"]
        assert sorted(told) == sorted(computed)
        assert len(told) == len(set(told))


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule"])
def test_every_update_rule_is_told_with_what_it_remembers(rule):
    description = XOR | {"update": rule}
    traced, ordinary = load(description), load(description)
    events = [event for event in traced.trace(updates=3) if event.phase == "update"]
    ordinary.fit(3)
    assert values(traced) == values(ordinary)
    last = {event.name: event.value for event in events if event.update == 3}
    third = Derivation(description, updates=0)
    assert all(last[name] == value for name, value in ordinary.update_rule.state.items())
    rows = [split_index(row.name)[0] for row in Derivation(description).quantities if row.part == "update"]
    assert {event.name for event in events} == set(rows)
    assert all(same(event.value, third[event.full_name].value) for event in events)


@pytest.mark.parametrize("number", [float, Decimal, complex])
def test_a_sample_of_any_number_type_is_traced_as_train_computes_it(number):
    traced, ordinary = load("worked-example", number), load("worked-example", number)
    inputs, targets = traced.samples[0]
    list(traced.trace(inputs, targets))
    ordinary.train(inputs, targets)
    ordinary.error(targets)
    assert agree(values(traced), values(ordinary))


def test_the_phases_follow_each_other_in_every_sample_and_update():
    events = list(load(XOR).trace(updates=2))
    phases = [event.phase for event in events if event.name not in ("E_total",)]
    runs = [phase for before, phase in zip([None, *phases], phases) if phase != before]
    one = ["forward", "error", "backward"] * 4 + ["update"]
    assert runs == one + one
    assert {event.sample for event in events if event.phase == "forward"} == {1, 2, 3, 4}
    assert [event.full_name for event in events if event.name == "E_total"] == ["E_total", "E_total@1"]


def test_an_event_says_what_it_is_about():
    events = {event.name: event for event in load("worked-example").trace()}
    about = {name: (event.neuron, event.weight) for name, event in events.items()}
    assert about["net_h1"] == about["delta_h1"] == about["dE_o2/dout_h1"] == ("h1", None)
    assert about["dnet_o1/dw5"] == about["dE_total/dw5"] == about["w5"] == ("o1", "w5")
    assert about["dE_total/db1"] == (None, "b1")
    assert about["E_total"] == (None, None)
    w5 = events["w5"]
    assert str(w5) == "w5 = w5 - eta * dE_total/dw5 = 0.4 - 0.5 * 0.082167041 = 0.358916480"
    assert (w5.old, w5.phase, w5.update, w5.full_name) == (0.4, "update", 1, "w5@1")
    assert list(w5.factors) == ["w5", "eta", "dE_total/dw5"]
    assert w5.numbers == "0.4 - 0.5 * 0.082167041"


STOPS = ["net_o1", "out_h2", "E_total", "dE_total/dout_o1", "delta_h2", "dE_total/dw1", "w3", "w8"]


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize("trained", [0, 3])
def test_whoever_leaves_early_finds_the_network_as_it_was(name, trained):
    network = load("worked-example")
    network.fit(trained)
    before = state(network)
    for event in network.trace(updates=2):
        if event.full_name == f"{name}@{trained + 1}":
            break
    assert state(network) == before
    network.fit(2)
    assert values(network) == values(_fitted("worked-example", trained + 2))


def _fitted(description, updates):
    network = load(description)
    network.fit(updates)
    return network


def test_with_keep_the_network_stays_as_it_is_at_that_event():
    network, ordinary = load("worked-example"), load("worked-example")
    for event in network.trace(keep=True):
        if event.name == "delta_o1":
            break
    ordinary.feed_forward(ordinary.samples[0][0])
    ordinary.error(ordinary.samples[0][1])
    expected = state(ordinary)
    ordinary.backpropagate(ordinary.samples[0][1])
    expected |= {("o1", each): state(ordinary)["o1", each] for each in ("dE_dout", "dout_dnet", "delta")}
    assert state(network) == expected


def test_at_each_event_the_network_stands_where_the_value_was_set():
    network = load("worked-example")
    for event in network.trace(updates=2):
        if event.name == "w5":
            assert network["w5"].value == event.value
            assert network["w6"].value != network["w6"].value - network["w6"].gradient
        if event.name == "net_h1":
            assert network["h1"].net == event.value
            assert network["h1"].out != 1 / (1 + 2.718281828459045**-event.value) or event.update == 0


@pytest.mark.parametrize("order", [{"kind": "in turn"}, {"kind": "random", "seed": 3}])
@pytest.mark.parametrize("batch", ["online", 3])
def test_a_trace_that_is_left_gives_the_samples_back(order, batch):
    description = XOR | {"order": order, "batch": batch}
    network = load(description)
    network.fit(2)
    next(network.trace(updates=3))
    for event in network.trace(updates=3):
        if event.full_name == "w1@4":
            break
    network.fit(5)
    assert values(network) == values(_fitted(description, 7))


def test_without_a_learning_rate_the_passes_alone_are_told():
    description = load("worked-example").to_dict() | {"learning_rate": None}
    network = load({key: value for key, value in description.items() if value is not None})
    assert {event.phase for event in network.trace()} == {"forward", "error", "backward"}


def test_samples_of_the_users_own_are_told_by_themselves():
    network = load({key: value for key, value in XOR.items() if key != "sample"})
    names = [event.name for event in network.trace([0, 1], [1])]
    assert {"net_h1", "E_total", "dE_total/dw5", "w5"} <= set(names)
    assert len(names) == len(set(names))
    with pytest.raises(NeuronnetError, match="sample"):
        list(network.trace())


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([1], [1], "inputs: expected 2 numbers"),
        ([0, 1], [1, 1], "targets: expected 1 number"),
        ([0, None], [1], "finite"),
        (None, [1], "inputs: expected 2 numbers, found 0"),
        ([0, 1], None, "targets: expected 1 number, found 0"),
    ],
)
def test_what_was_computed_before_an_error_is_told_before_it(inputs, targets, message):
    network, told = load(XOR), []
    before = state(network)
    with pytest.raises(NeuronnetError, match=message):
        for event in network.trace(inputs, targets):
            told.append(event.name)
    assert (told == []) is not message.startswith("targets")
    assert state(network) == before


class _Listener:
    def __init__(self):
        self.heard = []

    def changed(self, thing, attribute, old, new):
        self.heard.append((thing.name, attribute, old, new))


@pytest.mark.parametrize("copied", [copy.copy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_of_what_is_observed_is_observed_by_nobody(copied):
    parameter, listener = Parameter("w1", 0.5), _Listener()
    with observed([parameter], listener):
        other = copied(parameter)
        other.value = parameter.value = 1.0
        assert type(other) is Parameter is not type(parameter)
        assert (type(parameter).__name__, repr(parameter)) == ("Parameter", repr(other))
    assert type(parameter) is Parameter
    parameter.value = 2.0
    assert listener.heard == [("w1", "value", 0.5, 1.0)]


@pytest.mark.parametrize("first", [0, 1])
def test_observers_may_overlap_and_end_in_any_order(first):
    parameter, listeners = Parameter("w1", 0), [_Listener(), _Listener()]
    around = [observed([parameter], each) for each in listeners]
    for each in around:
        each.__enter__()
    parameter.value = 1
    around[first].__exit__(None, None, None)
    parameter.value = 2
    around[1 - first].__exit__(None, None, None)
    parameter.value = 3
    assert [len(each.heard) for each in listeners] == ([1, 2] if first == 0 else [2, 1])
    assert type(parameter) is Parameter


def test_what_raises_while_it_is_observed_is_restored():
    parameter = Parameter("w1", 0)
    with pytest.raises(ZeroDivisionError), observed([parameter], _Listener()):
        parameter.value = 1 / 0
    assert type(parameter) is Parameter


@pytest.mark.parametrize("updates", [0, -1, 1.5, None])
def test_updates_are_a_whole_number_from_one(updates):
    with pytest.raises(NeuronnetError, match="updates: found"):
        load(XOR).trace(updates=updates)


def test_fractions_are_traced_to_the_last_event():
    description = {
        "learning_rate": 0.5,
        "layer": [{"activation": "identity", "weights": [[0.5, 0.25]]}],
        "sample": [{"inputs": [1, 2], "targets": [3]}],
    }
    events = {event.name: event for event in load(description, Fraction).trace()}
    assert events["E_total"].value == Fraction(2)
    assert events["w1"].value == Fraction(1, 2) + Fraction(1, 2) * 2
    assert isinstance(events["w1"], Event)
