"""The catalogue of mistakes: published signatures, a second way to the same numbers, and no entry without
effect.
"""

import json
import math
from dataclasses import replace
from functools import cache
from itertools import combinations, permutations
from pathlib import Path

import mistaken
import pytest
from drawn.networks import descriptions
from hypothesis import given
from hypothesis import strategies as st
from printed import agrees
from profiles import by_day, examples, is_thorough
from replays import Numbers, alike, network_of, planted

from neuronnet import NeuronnetError, load
from neuronnet.description.reading import example_names, find, read
from neuronnet.mistakes.networks import Network
from neuronnet.mistakes.printed_numbers import signatures
from neuronnet.mistakes.variation import CONVENTIONS, WORDS

TABLE = json.loads(
    (Path(__file__).parent.parent / "data" / "worked_example.json").read_text(encoding="utf-8")
)["mistakes"]
WORKED = read("worked-example")
MATRIX, OTHER_MATRIX = [[0.5, -0.3], [0.2, 0.8]], [[-0.6, 0.4], [0.9, 0.1]]


def network(loss, activations, biases, targets, **conventions):
    """A checked network of 2 neurons in every layer, with three samples unless `targets` has fewer."""
    layers = [
        {"activation": activation, "weights": weights, "bias": bias}
        for activation, weights, bias in zip(activations, (MATRIX, OTHER_MATRIX), biases)
    ]
    samples = [
        {"inputs": inputs, "targets": goal}
        for inputs, goal in zip(([0.7, -0.2], [0.1, 0.9], [-0.4, 0.3]), targets)
    ]
    return read({"loss": loss, "layer": layers, "sample": samples, "learning_rate": 0.5} | conventions)


def deep(*activations, bias=0.1):
    """A checked network with a layer of 2 neurons for each activation, and one sample."""
    return read(
        {
            "layer": [
                {"activation": each, "weights": weights, "bias": bias}
                for each, weights in zip(activations, (MATRIX, OTHER_MATRIX, MATRIX))
            ],
            "learning_rate": 0.5,
            "sample": [{"inputs": [0.7, -0.2], "targets": [0.2, 0.9]}],
        }
    )


UNSURE, CLASSES = [[0.2, 0.9], [0.6, 0.3], [1, 0]], [[1, 0], [0, 1], [0.3, 0.7]]
NETWORKS = {
    "worked example": WORKED,
    "own biases, tanh, L2": network(
        "squared error",
        ("tanh", "tanh"),
        ([0.1, 0.2], [0.3, -0.4]),
        UNSURE,
        outputs="mean",
        l2=0.1,
        samples_combine="mean",
    ),
    "relu, L2 per sample": network(
        "half squared error",
        ("relu", "identity"),
        (-0.3, 0.2),
        UNSURE,
        l2=0.1,
        l2_scale="per sample",
        batch="online",
    ),
    "classes": network("categorical cross-entropy", ("tanh", "softmax"), ([0.1, 0.2], 0.3), CLASSES, batch=2),
    "yes or no": network(
        "binary cross-entropy", ("logistic", "logistic"), (None, 0.3), UNSURE, learning_rate=0.3
    ),
    "three layers": deep("logistic", "logistic", "identity"),
    "three layers of tanh": deep("tanh", "tanh", "tanh"),
    "two layers of relu, then tanh": deep("relu", "relu", "tanh", bias=-0.1),
    "relu everywhere": network("half squared error", ("relu", "relu"), (-0.3, -0.2), UNSURE),
    "softmax, squared": network(
        "half squared error", ("logistic", "softmax"), (0.1, [0.2, 0.1]), CLASSES[:1], learning_rate=0.3
    ),
    **{
        f"{rule}, L2": network(
            "half squared error",
            ("tanh", "logistic"),
            ([0.1, 0.2], [0.3, -0.4]),
            UNSURE[:2],
            update={"rule": rule, **settings},
            l2=0.1,
            learning_rate=0.1,
        )
        for rule, settings in (
            ("momentum", {"momentum": 0.8}),
            ("nesterov", {}),
            ("rmsprop", {"epsilon": 0.01}),
            ("adam", {"epsilon": 0.01}),
            ("adamw", {"weight_decay": 0.2}),
        )
    },
}


def test_every_mistake_says_what_was_done_and_what_is_right():
    assert len(set(WORDS.values())) == len(WORDS)
    for id, sentence in WORDS.items():
        assert (sentence[0].isupper() or sentence[0] == "{") and sentence.endswith("."), id


def test_a_convention_is_a_mistake_that_may_be_meant():
    assert CONVENTIONS.keys() <= WORDS.keys()
    variations = network_of(WORKED).variations
    assert (
        variations["outputs averaged"].kind == "convention" and variations["sign flipped"].kind == "mistake"
    )


# The published numbers


@pytest.mark.parametrize("id", TABLE)
def test_every_known_mistake_gives_its_published_signature(id):
    found = Numbers(WORKED, id)
    for quantity, printed in TABLE[id].items():
        assert agrees(printed, found[quantity])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, record",
    [
        (name, each)
        for name in example_names()
        for each in read(find(name)).published
        if each.mistake is not None
    ],
    ids=lambda value: value if isinstance(value, str) else value.printed,
)
def test_every_published_number_with_a_known_mistake_is_that_of_the_mistake(name, record):
    assert agrees(record.printed, replayed(name, record.mistake, record.quantity))
    assert not agrees(record.printed, replayed(name, "none", record.quantity))


def replayed(name, id, quantity):
    """What a quantity is in an example with a mistake."""
    return _replayed(name, id, int(quantity.partition("@")[2] or 0))[quantity]


@cache
def _replayed(name, id, count):
    return Numbers(read(name), id, updates=min(count, 1))


# The same mistakes by variations of the neuron objects


def assert_objects_agree(description, id):
    """The parameters after one update are those of the objects with the same mistake, to 1e-12."""
    objects, network = load(description), Network(read(description))
    mistaken.MISTAKES[id](objects)
    found = network.replay(planted(network, [id]))
    names = [parameter.name for parameter in objects.parameters]
    assert [parameter.value for parameter in objects.parameters] == pytest.approx(
        [found[f"{name}@1"] for name in names], rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("id", mistaken.MISTAKES)
def test_the_objects_agree_on_the_worked_example(id):
    assert_objects_agree(WORKED, id)


@st.composite
def two_layers(draw):
    """A square network like the worked example: two logistic layers, shared frozen biases, one sample."""
    size = draw(st.integers(2, 3))
    number = st.floats(-2, 2).map(lambda x: round(x, 3))
    row = st.lists(number, min_size=size, max_size=size)
    layers = [
        {
            "activation": "logistic",
            "weights": draw(st.lists(row, min_size=size, max_size=size)),
            "bias": draw(number),
            "train_bias": False,
        }
        for _ in range(2)
    ]
    return {
        "layer": layers,
        "learning_rate": 0.5,
        "sample": [{"inputs": draw(row), "targets": draw(row)}],
        "outputs": draw(st.sampled_from(("sum", "mean"))),
    }


@pytest.mark.slow
@examples(60)
@given(two_layers(), st.sampled_from(list(mistaken.MISTAKES)))
def test_the_objects_agree_on_drawn_networks(description, id):
    assert_objects_agree(description, id)


# Every entry does something, and nothing where it makes no sense


SHOWN = ("E_", "dE_total/db", "w", "b")  # enough to tell every mistake; with the thorough profile, all names


@pytest.mark.slow
def test_every_mistake_changes_a_number_of_some_network_and_is_told_from_the_others_by_one():
    """Some could be exchanged unseen in one, such as a rate left out and a rate doubled where it is 0.5."""
    found = {}
    for description in NETWORKS.values():
        network = network_of(description)
        shown = [name for name in network.known_names if is_thorough() or name.startswith(SHOWN)]
        names = by_day(shown, 3)
        for each in signatures(network, names):
            if network.variations[each.id].plainness < 1:  # not of one neuron alone
                found.setdefault(each.id, []).append(set(each.same))
    everywhere = {id: set.intersection(*same) for id, same in found.items()}
    assert len(found) > 120 and [id for id, same in everywhere.items() if "none" in same] == []
    pairs = combinations(found, 2)
    assert [pair for pair in pairs if pair[1] in everywhere[pair[0]] and pair[0] in everywhere[pair[1]]] == []


@pytest.mark.parametrize(
    "id, name",
    [
        ("softmax derivative on the diagonal only", "worked example"),
        ("L2 term missing", "worked example"),
        ("biases never updated", "worked example"),
        ("samples averaged", "worked example"),
        ("log10 for ln", "worked example"),
        ("tanh applied twice in its derivative: hidden", "worked example"),
        ("one update too few", "no rate"),
        ("shared bias trained: summed", "own biases, tanh, L2"),
        ("bias per neuron, trained", "own biases, tanh, L2"),
        ("biases of the layers swapped", "own biases, tanh, L2"),
        ("half dropped in the gradient (or rate 1)", "classes"),
        ("activation derivative missing at the output", "classes"),
        ("the loss without its half", "classes"),
        ("no activation at the output", "yes or no"),
        ("updates sample by sample", "relu, L2 per sample"),
        ("both weight matrices loaded transposed", "one neuron"),
        ("updated output weights used backwards", "one neuron"),
        ("hidden delta from the raw output error, at the output only", "worked example"),
        ("gradient matrix transposed, its L2 term as well", "worked example"),
        ("tanh's derivative for the logistic: hidden", "one neuron"),
        ("relu's derivative left out: output", "worked example"),
        ("hidden delta from the raw output error", "one neuron"),
        ("outputs averaged", "one neuron"),
        ("activation derivative missing at the first hidden layer", "worked example"),
        ("activation derivative used twice: last hidden layer", "worked example"),
        ("logistic applied twice in its derivative: first hidden layer", "three layers of tanh"),
        ("only the last path into a hidden neuron", "one neuron"),
        ("inputs in reverse order", "one neuron"),
    ],
)
def test_what_makes_no_sense_for_a_network_is_refused(id, name):
    one = read(
        {
            "layer": [{"activation": "logistic", "weights": [[0.5]]}],
            "learning_rate": 0.5,
            "sample": [{"inputs": [0.3], "targets": [0.9]}],
        }
    )
    description = (NETWORKS | {"one neuron": one, "no rate": replace(WORKED, learning_rate=None)})[name]
    assert id not in Network(description).variations


@pytest.mark.slow
@examples(60)
@given(descriptions(), st.lists(st.integers(0, 1000), min_size=1, max_size=2, unique=True))
def test_no_mistake_fails_on_any_network(description, places):
    network = Network(read(description))
    ids = list(network.variations)
    found = Numbers(description, *(ids[place % len(ids)] for place in places), updates=1)
    assert all(isinstance(value, (float, int)) for value in found.values())


def test_numbers_before_a_failure_are_kept():
    wild = replace(WORKED, loss="binary cross-entropy", learning_rate=1e300)
    found = Numbers(wild, "sign slip in the cross-entropy")
    assert found["w5@1"] != 0 and "net_h1" in found
    with pytest.raises(NeuronnetError):
        found["E_total@3"]


# What an entry does, where it is easily said


@pytest.mark.parametrize(
    "id, name, wrong",
    [
        ("target - out taken for out - target", "delta_o1", lambda right: -right["delta_o1"]),
        ("target - out taken for out - target", "delta_h1", lambda right: -right["delta_h1"]),
        ("deltas of the opposite sign, added in the update", "delta_h1", lambda right: -right["delta_h1"]),
        ("deltas of the opposite sign, added in the update", "w1@1", lambda right: right["w1@1"]),
        (
            "activation derivative used twice: output",
            "delta_o1",
            lambda right: right["delta_o1"] * right["dout_o1/dnet_o1"],
        ),
        ("sign slip in the derivative: both", "delta_h1", lambda right: right["delta_h1"]),
        (
            "derivative written for out, given net: hidden",
            "dout_h1/dnet_h1",
            lambda right: 0.3775 * (1 - 0.3775),
        ),
        ("tanh's derivative for the logistic", "dout_o1/dnet_o1", lambda right: 1 - right["out_o1"] ** 2),
        (
            "tanh's derivative for the logistic: hidden",
            "dout_h1/dnet_h1",
            lambda right: 1 - right["out_h1"] ** 2,
        ),
        ("tanh's derivative for the logistic: hidden", "delta_o1", lambda right: right["delta_o1"]),
        (
            "tanh's derivative for the logistic: output",
            "dout_o1/dnet_o1",
            lambda right: 1 - right["out_o1"] ** 2,
        ),
        (
            "relu's derivative for another activation: hidden",
            "delta_h1",
            lambda right: right["dE_total/dout_h1"],
        ),
        ("only the last path into a hidden neuron", "dE_total/dout_h1", lambda right: right["dE_o2/dout_h1"]),
        ("paths averaged instead of summed", "dE_total/dout_h1", lambda right: right["dE_total/dout_h1"] / 2),
        ("input not multiplied into the gradient", "dE_total/dw5", lambda right: right["delta_o1"]),
        (
            "the weight in place of its input in the gradient",
            "dE_total/dw5",
            lambda right: right["delta_o1"] * 0.40,
        ),
        (
            "net in place of out in the gradient",
            "dE_total/dw6",
            lambda right: right["delta_o1"] * right["net_h2"],
        ),
        ("gradient matrix transposed", "dE_total/dw6", lambda right: right["dE_total/dw7"]),
        ("learning rate missing", "w5@1", lambda right: 0.40 - right["dE_total/dw5"]),
        ("weight assigned instead of changed", "w5@1", lambda right: -0.5 * right["dE_total/dw5"]),
        (
            "the weight's own sign turned in the update",
            "w5@1",
            lambda right: -0.40 - 0.5 * right["dE_total/dw5"],
        ),
        ("one update too few", "E_total@1", lambda right: right["E_total"]),
        ("one update too few", "w5@1", lambda right: 0.40),
        ("one update too few", "w5@2", lambda right: right["w5@1"]),
        ("one update too many", "E_total@1", lambda right: right["E_total@2"]),
        ("one update too many", "E_total", lambda right: right["E_total"]),
        ("bias missing in the output net input", "net_o1", lambda right: right["net_o1"] - 0.60),
        ("the first layer's bias used everywhere", "net_o1", lambda right: right["net_o1"] - 0.25),
        ("biases of the layers swapped", "net_h1", lambda right: right["net_h1"] + 0.25),
        ("inputs in reverse order", "net_h1", lambda right: 0.15 * 0.10 + 0.20 * 0.05 + 0.35),
        ("targets in reverse order", "dE_total/dout_o1", lambda right: right["out_o1"] - 0.99),
        ("outputs averaged", "E_total", lambda right: right["E_total"] / 2),
        ("outputs averaged in the gradient only", "E_total", lambda right: right["E_total"]),
        ("outputs averaged in the gradient only", "delta_o2", lambda right: right["delta_o2"] / 2),
        ("outputs averaged in the error only", "E_total", lambda right: right["E_total"] / 2),
        ("outputs averaged in the error only", "delta_o2", lambda right: right["delta_o2"]),
        ("the loss without its half", "E_o1", lambda right: 2 * right["E_o1"]),
        ("mean squared error", "E_total", lambda right: right["E_total"]),
        ("mean squared error", "E_o1", lambda right: 2 * right["E_o1"]),
        ("no activation at the output", "out_o1", lambda right: right["net_o1"]),
        ("exp(net) for exp(-net)", "out_h1", lambda right: 1 - right["out_h1"]),
        ("gradients added up from update to update", "w5@1", lambda right: right["w5@1"]),
        (
            "backward pass run twice, gradients doubled",
            "dE_total/dw5",
            lambda right: 2 * right["dE_total/dw5"],
        ),
    ],
)
def test_entries_do_what_they_say_to_the_worked_example(id, name, wrong):
    assert Numbers(WORKED, id, updates=2)[name] == pytest.approx(wrong(Numbers(WORKED, updates=2)), rel=1e-12)


def test_gradients_that_are_added_up_show_in_the_second_update():
    wrong, right = (
        Numbers(WORKED, "gradients added up from update to update", updates=2),
        Numbers(WORKED, updates=2),
    )
    first, second = 0.40 - right["w5@1"], right["w5@1"] - right["w5@2"]
    assert wrong["w5@2"] == pytest.approx(0.40 - 2 * first - second, rel=1e-12)


OWN = NETWORKS["own biases, tanh, L2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "id, name, wrong",
    [
        (
            "one bias gradient for all neurons of a layer",
            "dE_total/db1",
            lambda r: r["dE_total/db1"] + r["dE_total/db2"],
        ),
        ("bias moved once per weight", "b1@1", lambda r: 0.1 - 2 * 0.5 * r["dE_total/db1"]),
        ("bias step taken from the first weight", "b2@1", lambda r: 0.2 - 0.5 * r["dE_total/db2"]),
        ("samples averaged in the error only", "dE_total/db1", lambda r: 3 * r["dE_total/db1"]),
        (
            "samples averaged in the gradient only",
            "E_total",
            lambda r: 3 * (r["E_total"] - r["E_l2"]) + r["E_l2"],
        ),
        ("gradient divided by the number of samples twice", "dE_total/db1", lambda r: r["dE_total/db1"] / 3),
        ("gradient of the first sample only", "dE_total/db1", lambda r: r["dE_total[1]/db1"]),
        ("gradient of the last sample only", "dE_total/db1", lambda r: r["dE_total[3]/db1"] / 3),
        (
            "gradient of the first sample only, divided by their number",
            "dE_total/db1",
            lambda r: r["dE_total[1]/db1"] / 3,
        ),
        ("gradient of the last sample only, not divided", "dE_total/db1", lambda r: r["dE_total[3]/db1"]),
        ("bias gradient averaged over the samples", "dE_total/db1", lambda r: r["dE_total/db1"] / 3),
        ("gradient matrix transposed", "dE_total/dw2", lambda r: r["dE_total/dw3"] + 0.1 * (-0.3 - 0.2)),
        ("gradient matrix transposed, its L2 term as well", "dE_total/dw2", lambda r: r["dE_total/dw3"]),
        ("L2 term missing in the error", "E_total", lambda r: r["E_total"] - r["E_l2"]),
        ("L2 term missing in the gradient", "dE_total/dw1", lambda r: r["dE_total/dw1"] - 0.1 * 0.5),
        ("L2 gradient doubled", "dE_total/dw1", lambda r: r["dE_total/dw1"] + 0.1 * 0.5),
        ("L2 gradient of the wrong sign", "dE_total/dw1", lambda r: r["dE_total/dw1"] - 2 * 0.1 * 0.5),
        ("L2 term without its half", "E_l2", lambda r: 2 * r["E_l2"]),
        ("L2 term on the biases as well", "dE_total/db2", lambda r: r["dE_total/db2"] + 0.1 * 0.2),
        ("L2 term divided by the number of samples", "E_l2", lambda r: r["E_l2"] / 3),
        ("the loss with a half", "E_o1[2]", lambda r: r["E_o1[2]"] / 2),
        (
            "the logistic's derivative for tanh",
            "dout_h1[1]/dnet_h1[1]",
            lambda r: r["out_h1[1]"] * (1 - r["out_h1[1]"]),
        ),
    ],
)
def test_entries_do_what_they_say_to_several_samples(id, name, wrong):
    assert Numbers(OWN, id)[name] == pytest.approx(wrong(Numbers(OWN)), rel=1e-12)


@pytest.mark.parametrize(
    "id, place, wrong",
    [
        ("activation derivative missing at the first hidden layer", 1, lambda slope, out: 1),
        ("activation derivative missing at the last hidden layer", 2, lambda slope, out: 1),
        ("activation derivative used twice: first hidden layer", 1, lambda slope, out: slope**2),
        ("activation derivative used twice: last hidden layer", 2, lambda slope, out: slope**2),
        (
            "logistic applied twice in its derivative: first hidden layer",
            1,
            lambda slope, out: 1 / (1 + math.exp(-out)) / (1 + math.exp(out)),
        ),
        (
            "logistic applied twice in its derivative: last hidden layer",
            2,
            lambda slope, out: 1 / (1 + math.exp(-out)) / (1 + math.exp(out)),
        ),
    ],
)
def test_a_slip_in_one_hidden_layer_leaves_what_comes_before_it_on_the_way_back(id, place, wrong):
    network = NETWORKS["three layers"]
    found, right = Numbers(network, id), Numbers(network)
    name = f"h{place}_1"
    slope = wrong(right[f"dout_{name}/dnet_{name}"], right[f"out_{name}"])
    assert found[f"delta_{name}"] == pytest.approx(found[f"dE_total/dout_{name}"] * slope, rel=1e-12)
    changed = {each for each in right if each.startswith("delta") and found[each] != right[each]}
    assert changed == {f"delta_h{layer}_{j}" for layer in range(1, place + 1) for j in (1, 2)}


def test_updates_sample_by_sample_use_one_sample_each():
    yes_or_no = NETWORKS["yes or no"]
    found = Numbers(yes_or_no, "updates sample by sample", updates=2)
    online = Numbers(replace(yes_or_no, batch="online"), updates=2)
    assert alike(found, online)


def test_a_softmax_with_its_diagonal_only_has_the_first_factor_of_each_sum():
    softmax = NETWORKS["softmax, squared"]
    found = Numbers(softmax, "softmax derivative on the diagonal only")
    assert found["delta_o1"] == pytest.approx(
        found["dE_total/dout_o1"] * found["out_o1"] * (1 - found["out_o1"]), rel=1e-14
    )
    assert found["dout_o2/dnet_o1"] == 0


def test_names_of_new_biases_are_those_of_the_network_with_them():
    found = Numbers(WORKED, "bias per neuron, trained")
    assert found["dE_total/db3"] == found["delta_o1"]
    assert not [name for name in Numbers(WORKED, "no biases") if name.endswith("db1")]


@pytest.mark.parametrize("id", ["no biases", "bias per neuron, trained", "biases never updated"])
def test_an_authors_names_of_biases_that_are_no_longer_there_do_no_harm(id):
    renamed = read(
        {
            **OWN.to_dict(),
            "layer": [layer | {"bias": 0.1} for layer in OWN.to_dict()["layer"]],
            "names": {"b1": "theta", "b2": "theta2", "net_h1": "z1"},
        }
    )
    assert "z1[1]" in Numbers(renamed, id)


# Pairs


@pytest.mark.slow
@pytest.mark.parametrize(
    "pair",
    by_day(
        combinations(
            [
                "updated output weights used backwards",
                "bias per neuron, trained",
                "half dropped in the gradient (or rate 1)",
                "activation derivative missing at the output",
                "only o1's path into h1 (no sum over outputs)",
                "sign flipped",
                "outputs averaged",
                "inputs in reverse order",
                "one update too few",
                "learning rate doubled",
            ],
            2,
        ),
        3,
    ),
    ids=" + ".join,
)
def test_a_pair_is_the_same_in_either_order(pair):
    one, other = (Numbers(WORKED, *ids, updates=2) for ids in permutations(pair))
    assert alike(one, other)
    assert not alike(one, Numbers(WORKED, updates=2))


def test_a_pair_is_the_entry_that_says_both():
    both = ["updated output weights used backwards", "bias per neuron, trained"]
    assert alike(Numbers(WORKED, *both), Numbers(WORKED, "updated weights and bias per neuron"))


def test_carried_rounding_goes_through_a_mistake():
    found = Numbers(
        WORKED,
        "updated output weights used backwards",
        keep=lambda name, value: round(value, 2) if name == "w5@1" else value,
    )
    assert found["w5@1"] == 0.36
    assert found["dnet_o1/dout_h1"] == 0.36


# What a network cannot tell apart


def test_signatures_say_what_the_worked_example_cannot_tell_apart():
    found = {each.id: each for each in signatures(network_of(WORKED), network_of(WORKED).known_names)}
    assert found["learning rate missing"].same == ["learning rate doubled"]
    assert found["learning rate doubled"].same == ["learning rate missing"]
    assert found["half dropped in the gradient (or rate 1)"].same == [
        "gradient multiplied by the number of outputs"
    ]
    assert found["updated output weights used backwards"].same == []
    assert agrees("0.291027924", found["updated output weights used backwards"].numbers["E_total@1"])
    assert "L2 term missing" not in found and "none" not in found


def test_signatures_name_what_has_no_effect():
    positive = read(
        {
            "layer": [{"activation": "relu", "weights": [[0.5, 0.3], [0.2, 0.8]]}],
            "learning_rate": 0.5,
            "sample": [{"inputs": [0.3, 0.4], "targets": [0.9, 0.1]}],
        }
    )
    network = network_of(positive)
    found = {each.id: each.same for each in signatures(network, network.known_names)}
    assert "none" in found["relu's derivative left out: output"]
    assert "none" not in found["sign flipped"]
