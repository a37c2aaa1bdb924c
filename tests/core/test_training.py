"""Training as a table, and the order of the samples."""

import json
import random
from itertools import product

import pytest
from documents import ROOT
from hypothesis import given
from hypothesis import strategies as st
from profiles import by_day
from update_rules import RULES

from neuronnet import load, read
from neuronnet.cli import main
from neuronnet.description.description import Order, batches
from neuronnet.errors import SpecError
from neuronnet.training import accuracy, history

IN_TURN = Order()
MINI_BATCHES = str(ROOT / "examples" / "ports" / "mini-batches.toml")


@pytest.mark.parametrize(
    "rule, batch, order",
    by_day(product(RULES, ["full", "online", 2], [IN_TURN, Order("random", 7)]), 5),
    ids=lambda each: each["rule"] if isinstance(each, dict) else str(getattr(each, "kind", each)),
)
def test_a_training_goes_on_from_its_description(rule, batch, order):
    """What the rule remembers and the batches that are through are part of it, so that both end alike."""
    start = load(MINI_BATCHES).to_dict() | {"update": rule, "batch": batch, "order": order._asdict()}
    if order is IN_TURN:
        del start["order"]
    network = load(start)
    network.fit(4)
    described = json.loads(json.dumps(network.to_dict(), default=float))
    explained = {name: network.explain(name, at=2).value for name in ("w2", "b4", "E_total")}
    again, afresh = load(described), load(described | {"state": {}, "batches_taken": 0})
    for each in (network, again, afresh):
        each.fit(2)
    assert [each.value for each in again.parameters] == [each.value for each in network.parameters]
    if rule["rule"] != "gradient descent" or batch != "full":
        assert [each.value for each in afresh.parameters] != [each.value for each in network.parameters]
    ends = {name: network[name].value for name in ("w2", "b4")} | {"E_total": network.total_error()}
    assert explained == ends


@pytest.mark.parametrize(
    "rule, steps",
    [
        ({"rule": "gradient descent"}, (2.0, 2.0, 2.0)),
        ({"rule": "momentum", "momentum": 0.5}, (2.0, 3.0, 3.5)),
        ({"rule": "nesterov", "momentum": 0.5}, (3.0, 3.5, 3.75)),
        ({"rule": "rmsprop", "beta": 0.75, "epsilon": 1e-300}, (2.0, 1.5118578920369088, 1.3151918984428583)),
        ({"rule": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-300}, (1.0, 1.0, 1.0)),
        ({"rule": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 6.0}, (0.25, 0.25, 0.25)),
    ],
)
def test_with_a_gradient_that_stays_two_the_steps_of_a_rule_are_a_series(rule, steps):
    """E = 2 w of one linear neuron: 1/(sqrt(1 - beta^t)) of RMSprop, sums of powers of a momentum."""
    layer = {"activation": "identity", "weights": [[0.5]]}
    sample = [{"inputs": [2.0], "targets": []}]
    network = load(
        {"layer": [layer], "loss": "output", "sample": sample, "learning_rate": 0.5, "update": rule}
    )
    for step in steps:
        before = network["w1"].value
        network.fit(1)
        assert network["w1"].value == pytest.approx(before - 0.5 * step, rel=1e-12)


@pytest.mark.parametrize(
    "rule, state, part",
    [
        ("sgd", {"v_w1": 1}, "state: found the key 'v_w1'; gradient descent remembers nothing"),
        ("adam", {"v_w9": 1}, "the key 'v_w9'; allowed are beta1_t, beta2_t, m_w1, v_w1; did you mean v_w1?"),
        ("adam", {"v_w1": -1}, "state, v_w1: found -1.0; a number from 0 upwards is needed"),
        ("adam", {"beta1_t": 1}, "state, beta1_t: found 1.0; a number from 0 to below 1 is needed"),
        ("momentum", {"v_w1": "x"}, "state, v_w1: found 'x'; a number is needed"),
        ("momentum", 3, "state: found 3; a table such as {v_w1 = 0.1} is needed"),
    ],
)
def test_a_state_that_no_rule_has_is_refused(rule, state, part):
    layer = {"activation": "tanh", "weights": [[1]]}
    with pytest.raises(SpecError) as refused:
        read({"layer": [layer], "update": rule, "state": state})
    assert part in str(refused.value)


def first(count, iterator):
    return [next(iterator) for _ in range(count)]


def test_full_batches_hold_every_sample():
    assert first(2, batches(3, "full", IN_TURN)) == [[0, 1, 2], [0, 1, 2]]


def test_online_takes_the_samples_in_turn():
    assert first(4, batches(3, "online", IN_TURN)) == [[0], [1], [2], [0]]


def test_the_last_batch_of_a_round_may_be_smaller():
    assert first(4, batches(5, 2, IN_TURN)) == [[0, 1], [2, 3], [4], [0, 1]]


def test_random_online_draws_are_those_of_the_standard_generator():
    draw = random.Random(7)
    assert first(20, batches(4, "online", Order("random", 7))) == [[draw.randrange(4)] for _ in range(20)]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5))
def test_a_round_of_random_batches_takes_every_sample_once(count, size, seed):
    rounds = batches(count, size, Order("random", seed))
    for _ in range(3):
        taken = [position for batch in first(-(-count // size), rounds) for position in batch]
        assert sorted(taken) == list(range(count))


def test_accuracy_counts_classes_and_is_none_for_other_targets():
    assert accuracy(load("xor")) == 0.5
    assert accuracy(load("worked-example")) is None


def test_accuracy_is_one_when_every_class_is_right():
    network = load(
        {
            "layer": [{"activation": "identity", "weights": [[1.0], [-1.0]]}],
            "sample": [{"inputs": [1.0], "targets": [1, 0]}, {"inputs": [-1.0], "targets": [0, 1]}],
        }
    )
    assert accuracy(network) == 1.0
    network["w1"].value = -2.0
    assert accuracy(network) == 0.0


def test_history_has_a_row_before_the_first_update_and_after_the_last():
    network = load("worked-example")
    rows = list(history(network, 5, every=2))
    assert [row["update"] for row in rows] == [0, 2, 4, 5]
    assert rows[0]["E_total"] == load("worked-example").total_error()
    assert rows[-1]["E_total"] == network.total_error()


def test_history_reports_progress():
    seen = []
    list(history(load("worked-example"), 3, progress=seen.append))
    assert seen == [1, 2, 3]


def test_the_train_command_prints_the_table(capsys):
    assert main(["train", "worked-example", "--updates", "10000", "--every", "5000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].split() == ["0", "0.298371109"]
    assert lines[-1].split() == ["10000", "0.000035102"]


def test_the_train_command_gives_json(capsys):
    assert main(["train", "xor", "--updates", "20", "--every", "10", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["update"] for row in rows] == [0, 10, 20]
    assert rows[0].keys() >= {"update", "E_total", "accuracy"}


def test_training_without_a_learning_rate_is_refused(capsys):
    assert main(["train", "victor-zhou", "--updates", "2"]) == 2
    assert "learning_rate" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_training_that_diverges_says_so(tmp_path, capsys, form):
    layer = '[[layer]]\nactivation = "identity"\nweights = [[1.5]]\n'
    sample = "[[sample]]\ninputs = [1]\ntargets = [3]\n"
    (tmp_path / "net.toml").write_text(f"learning_rate = 50\n{layer}{sample}")
    network = str(tmp_path / "net.toml")
    assert main(["train", network, "--updates", "1000", "--format", form]) == 2
    out = capsys.readouterr().out
    assert "the training diverges: E_total is inf after 100 updates; take a smaller learning rate" in out
    assert "nan" not in out
    if form == "json":
        assert [row["update"] for row in json.loads(out)["rows"]] == [0]


def test_every_zero_is_refused(capsys):
    assert main(["train", "xor", "--updates", "2", "--every", "0"]) == 2
    assert "--every 0" in capsys.readouterr().err


def test_training_a_second_time_goes_on_where_the_first_stopped():
    once, twice = load("xor"), load("xor")
    once.fit(7)
    twice.fit(3)
    twice.fit(4)
    assert once.to_dict() == twice.to_dict()


def test_an_update_of_ones_own_does_not_move_the_order_of_the_samples():
    network, plain = load("xor"), load("xor")
    network.train([0, 0], [0], learning_rate=0)
    network.fit(3)
    plain.fit(3)
    assert network.to_dict() == plain.to_dict()


@pytest.mark.parametrize("command", ["train", "derive", "mistakes"])
def test_a_network_without_samples_is_refused_in_the_same_words(tmp_path, capsys, command):
    (tmp_path / "net.toml").write_text('learning_rate = 1\n[[layer]]\nactivation = "tanh"\nweights = [[1]]\n')
    updates = ["--updates", "1"] if command == "train" else []
    assert main([command, str(tmp_path / "net.toml"), *updates]) == 2
    assert "needs at least one [[sample]] in the network's description" in capsys.readouterr().err
