"""Stopping when a quantity changes: where the debugger stands, what it sees there, what is left behind."""

import sys
import types

import pytest
from terminal import in_a_terminal, pythons

from neuronnet import Derivation, NeuralNetwork, Neuron, NeuronnetError, Parameter, load
from neuronnet.names import after

XOR = {
    "learning_rate": 0.5,
    "layer": [
        {"activation": "tanh", "weights": [[0.3, -0.4], [0.2, 0.6]], "bias": [0.1, -0.1], "train_bias": True},
        {"activation": "logistic", "weights": [[0.5, -0.7]], "bias": 0.2, "train_bias": True},
    ],
    "sample": [{"inputs": [x, y], "targets": [int(x != y)]} for x in (0, 1) for y in (0, 1)],
}

XOR_SAMPLES = [(each["inputs"], each["targets"]) for each in XOR["sample"]]


@pytest.fixture
def stops(monkeypatch):
    """The local variables wherever `breakpoint()` is called, in order."""
    found = []
    monkeypatch.setattr(sys, "breakpointhook", lambda: found.append(dict(sys._getframe(1).f_locals)))
    return found


def names_at(stops):
    return [(stop["name"], stop["update"]) for stop in stops]


def test_every_change_of_a_weight_stops_with_its_formula_and_the_factors_of_its_gradient(stops):
    network = load("worked-example")
    with network.stop_when("w5"):
        network.fit(3)
    assert names_at(stops) == [("w5", 1), ("w5", 2), ("w5", 3)]
    derivation = Derivation("worked-example")
    first, _, third = stops
    assert first["why"] == "w5 = w5 - eta * dE_total/dw5 = 0.4 - 0.5 * 0.082167041 = 0.358916480"
    assert (first["old"], first["new"]) == (0.4, derivation["w5@1"].value)
    assert third["old"] == derivation["w5@2"].value
    assert third["new"] == derivation["w5@3"].value == network["w5"].value
    for factor in ("dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5"):
        assert first[factor.replace("/", "_")] == first["factors"][factor] == derivation[factor].value
        assert third["factors"][factor] == derivation[f"{factor}@2"].value
    assert third["network"] is network


# What is asked for, and the (name, update) at which two updates of the worked example stop.
ASKED = {
    "w5@2": [("w5", 2)],
    "w5.value": [("w5", 1), ("w5", 2)],
    "w5.gradient": [("dE_total/dw5", 0), ("dE_total/dw5", 1)],
    "∂E/∂w5": [("dE_total/dw5", 0), ("dE_total/dw5", 1)],
    "b2.gradient": [("dE_total/db2", 0), ("dE_total/db2", 1)],
    "net_h1": [("net_h1", 0), ("net_h1", 1)],
    "o1.out": [("out_o1", 0), ("out_o1", 1)],
    "dE_total/dnet_o1": [("delta_o1", 0), ("delta_o1", 1)],
    "delta_o*": [(f"delta_o{j}", update) for update in (0, 1) for j in (1, 2)],
    "delta_o?@1": [("delta_o1", 1), ("delta_o2", 1)],
    "o1.dE_dout": [("dE_total/dout_o1", 0), ("dE_total/dout_o1", 1)],
    "dE_o1/dout_h1": [("dE_o1/dout_h1", 0), ("dE_o1/dout_h1", 1)],
    "dnet_o1/dw5@1": [("dnet_o1/dw5", 1)],
    "E_total": [("E_total", 0), ("E_total", 1)],
    "E_o2": [("E_o2", 0), ("E_o2", 1)],
    "b1": [],
    "w5@9": [],
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_for_stops_and_nothing_else(asked, stops):
    network, ordinary = load("worked-example"), load("worked-example")
    with network.stop_when(asked):
        network.fit(2)
    ordinary.fit(2)
    assert names_at(stops) == ASKED[asked]
    assert [each.value for each in network.parameters] == [each.value for each in ordinary.parameters]
    derivation = Derivation("worked-example")
    for stop in stops:
        assert stop["new"] == derivation[after(stop["name"], stop["update"])].value


# The same for one update of four samples.
ASKED_OF_SAMPLES = {
    "w5": ["w5"],
    "w5.gradient": ["dE_total/dw5"],
    "dE_total[3]/dw5": ["dE_total[3]/dw5"],
    "net_h1": ["net_h1[1]", "net_h1[2]", "net_h1[3]", "net_h1[4]"],
    "delta_o1[2]": ["delta_o1[2]"],
    "E_total": ["E_total"],
    "E_total[4]": ["E_total[4]"],
}


@pytest.mark.parametrize("asked", ASKED_OF_SAMPLES)
@pytest.mark.parametrize("changed", [{}, {"l2": 0.1}])
def test_a_quantity_of_several_samples_stops_in_each_a_total_once(asked, changed, stops):
    network = load(XOR | changed)
    with network.stop_when(asked):
        network.fit(1)
    assert [stop["name"] for stop in stops] == ASKED_OF_SAMPLES[asked]
    derivation = Derivation(XOR | changed)
    for stop in stops:
        assert stop["new"] == derivation[stop["name"] + ("@1" if stop["update"] else "")].value


@pytest.mark.parametrize(("asked", "name"), [("E_total", "E_total[{}]"), ("w5.gradient", "dE_total[{}]/dw5")])
def test_of_one_sample_after_another_the_error_and_gradient_of_each_stops(asked, name, stops):
    network = load(XOR | {"batch": "online"})
    with network.stop_when(asked):
        network.fit(2)
    assert [stop["name"] for stop in stops] == [name.format(1), name.format(2)]
    assert [stop["update"] for stop in stops] == [0, 1]


def test_the_update_from_a_part_of_the_samples_shows_the_gradient_of_each(stops):
    network = load(XOR | {"batch": 3, "l2": 0.1})
    with network.stop_when("w5"):
        network.fit(1)
    (stop,) = stops
    gradients = [f"dE_total[{number}]/dw5" for number in (1, 2, 3)]
    assert f"w5 = w5 - eta*({' + '.join(gradients)} + l2*w5) = " in stop["why"]
    assert stop["new"] == Derivation(XOR | {"batch": 3, "l2": 0.1})["w5@1"].value
    assert set(gradients) <= set(stop["factors"])
    assert stop["dE_batch_dw5"] == stop["factors"]["dE_batch/dw5"] == network["w5"].gradient


@pytest.mark.parametrize(
    ("when", "every", "updates"),
    [
        (lambda old, new: new < 0.3, 1, [3, 4, 5, 6]),
        (lambda old, new: new > old, 1, []),
        (None, 2, [2, 4, 6]),
        (lambda old, new: new < 0.3, 3, [5]),
    ],
)
def test_when_and_every_say_which_changes_count(when, every, updates, stops):
    network = load("worked-example")
    with network.stop_when("w5", when=when, every=every):
        network.fit(6)
    assert [stop["update"] for stop in stops] == updates


def test_of_a_first_value_when_gets_the_new_one_twice(stops):
    network, asked = load("worked-example"), []
    with network.stop_when("net_h1", when=lambda old, new: asked.append((old, new)) or True):
        network.fit(2)
    assert asked[0] == (0.3775, 0.3775)
    assert asked[1][0] == 0.3775 != asked[1][1]
    assert stops[0]["old"] is None


def test_what_does_not_change_does_not_stop(stops):
    network = load("worked-example")
    with network.stop_when("b1", "net_h1"):
        for _ in range(3):
            network.feed_forward([0.05, 0.1])
    assert len(stops) == 1


def test_a_name_is_refused_before_the_with(stops):
    network = load("worked-example")
    with pytest.raises(NeuronnetError, match="did you mean w5"):
        network.stop_when("w55")
    later = network.stop_when("w5")
    network.fit(1)
    assert stops == []
    with later:
        network.fit(1)
    (stop,) = stops
    assert (stop["old"], stop["update"]) == (Derivation("worked-example")["w5@1"].value, 2)


def test_samples_from_a_generator_are_read_once(stops):
    network, ordinary = load(XOR), load(XOR)
    with network.stop_when("w5.gradient"):
        found = network.gradients(sample for sample in XOR_SAMPLES[:3])
    assert found == ordinary.gradients(XOR_SAMPLES[:3])
    assert [stop["new"] for stop in stops] == [found["w5"]]
    assert stops[0]["why"].startswith("dE_total/dw5 = dE_total[1]/dw5 + dE_total[2]/dw5 + dE_total[3]/dw5 = ")


def test_what_is_set_by_hand_stops_too(stops):
    network = load("worked-example")
    with network.stop_when("w5", "o1.delta"):
        network["w5"].value = 0.3
        network["w5"].value -= 0.1
        network["o1"].delta = 2.0
    assert [stop["why"] for stop in stops] == [
        "w5 = 0.300000000, set by hand",
        f"w5 = {0.3 - 0.1:.9f}, set by hand",
        "delta_o1 = 2.000000000, set by hand",
    ]
    assert (stops[1]["old"], stops[1]["factors"]) == (0.3, {})


def test_passes_called_one_by_one_stop_with_their_formulas(stops):
    network = load("worked-example")
    inputs, targets = network.samples[0]
    with network.stop_when("delta_o1", "w5", "E_total"):
        network.feed_forward(inputs)
        network.error(targets)
        network.backpropagate(targets)
        network.update()
        network.total_error()
    assert names_at(stops) == [("E_total", 0), ("delta_o1", 0), ("w5", 1), ("E_total", 1)]
    assert stops[1]["why"].startswith("delta_o1 = dE_total/dout_o1 * dout_o1/dnet_o1 = ")


def test_the_update_of_a_rule_with_a_memory_is_told_from_it(stops):
    network = load(XOR | {"update": {"rule": "momentum", "momentum": 0.9}})
    with network.stop_when("w5@2", "v_w5@2"):
        network.fit(2)
    assert [stop["name"] for stop in stops] == ["v_w5", "w5"]
    assert stops[1]["why"].startswith("w5 = w5 - eta*v_w5@2 = ")
    assert stops[1]["factors"]["v_w5@2"] == stops[0]["new"] == network.update_rule.state["v_w5"]


WRONG = {
    "w55": "did you mean w5",
    "net_h9": "did you mean net_h2",
    "w5.gradeint": "did you mean w5.gradient",
    "delta_x*": "unknown name 'delta_x*'",
    "w5[2]": "unknown name 'w5[2]'",
    "w5@": "unknown name 'w5@'",
    "E_totl": "did you mean E_total",
    "target_o1": "unknown name 'target_o1'",
    5: "found 5",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_unknown_name_is_refused_with_the_nearest(wrong):
    network = load("worked-example")
    with pytest.raises(NeuronnetError) as raised, network.stop_when("w5", wrong):
        pass
    assert WRONG[wrong] in str(raised.value)
    assert type(network["w5"]) is Parameter


@pytest.mark.parametrize("every", [0, -1, 1.5, "2"])
def test_every_is_a_whole_number_from_one(every):
    network = load("worked-example")
    with pytest.raises(NeuronnetError, match="every: found"), network.stop_when("w5", every=every):
        pass


def test_no_name_at_all_is_refused():
    with pytest.raises(NeuronnetError, match="no name"), load("worked-example").stop_when():
        pass


class Quit(Exception):
    """What a debugger raises that is left."""


@pytest.mark.parametrize("names", [["w5"], ["delta_*"], ["E_total"], ["*"]])
def test_the_network_is_restored_when_the_debugger_is_left(names, monkeypatch):
    def leave():
        raise Quit

    monkeypatch.setattr(sys, "breakpointhook", leave)
    network = load("worked-example")
    with pytest.raises(Quit), network.stop_when(*names):
        network.fit(3)
    assert type(network) is NeuralNetwork
    assert {type(each) for each in network.parameters} == {Parameter}
    assert {type(each) for each in network.neurons + network.inputs} == {Neuron}
    monkeypatch.setattr(sys, "breakpointhook", lambda: pytest.fail("still watched"))
    network.fit(1)


def test_a_training_that_is_watched_all_over_is_an_ordinary_one(stops):
    for description in ("worked-example", XOR | {"l2": 0.1, "update": {"rule": "adam"}}):
        watched, ordinary = load(description), load(description)
        with watched.stop_when("*"), watched.stop_when("w*"):
            watched.fit(2)
        ordinary.fit(2)
        assert [each.value for each in watched.parameters] == [each.value for each in ordinary.parameters]
        assert watched.update_rule.state == ordinary.update_rule.state


# With a debugger

ONE_LINE = (
    "import neuronnet; network = neuronnet.load('worked-example')\n"
    "with network.stop_when('w5@3'): network.fit(5)\n"
    "print('trained', type(network['w5']).__name__)"
)


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
def test_two_commands_lead_to_old_new_and_the_three_factors_at_update_three(python):
    printed = in_a_terminal(
        [python, "-c", ONE_LINE], ["p old, new, factors", "p why, dE_total_dout_o1", "up", "up", "c"]
    )
    derivation = Derivation("worked-example")
    shown = printed.split("(Pdb) ")[1]
    expected = [f"{derivation[name].value!r}" for name in ("w5@2", "w5@3", "dE_total/dout_o1@2")]
    expected += [f"{derivation[f'{name}@2'].value!r}" for name in ("dout_o1/dnet_o1", "dnet_o1/dw5")]
    assert [number for number in expected if number not in shown] == []
    assert "w5 = w5 - eta * dE_total/dw5 = 0.317353862 - 0.5 * 0.083987295 = 0.275360214" in printed
    assert "-> parameter.value = parameter.value - eta * parameter.gradient" in printed
    assert "trained Parameter" in printed


def test_quitting_pdb_restores_the_network():
    program = ONE_LINE.replace("\nwith", "\ntry:\n  with").replace(
        "\nprint", "\nexcept BaseException as e: print(type(e).__name__)\nprint"
    )
    printed = in_a_terminal([sys.executable, "-c", program], ["q"])
    assert "BdbQuit\ntrained Parameter" in printed


@pytest.mark.parametrize(("value", "heard"), [("0", []), ("hooks_of_a_user.hook", ["w5"])])
def test_pythonbreakpoint_is_honoured(value, heard, monkeypatch):
    found, module = [], types.ModuleType("hooks_of_a_user")
    module.hook = lambda: found.append(sys._getframe(1).f_locals["name"])
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(sys, "breakpointhook", sys.__breakpointhook__)
    monkeypatch.setenv("PYTHONBREAKPOINT", value)
    network = load("worked-example")
    with network.stop_when("w5"):
        network.fit(1)
    assert found == heard
