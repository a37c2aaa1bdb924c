"""Network descriptions: what is read from TOML, JSON and dicts, and how what cannot be used is refused."""

import copy
import functools
import json
import os
import pickle
import time
import tracemalloc
from dataclasses import FrozenInstanceError
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import pytest
from drawn.networks import descriptions
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import NeuralNetwork, load
from neuronnet.activations import ACTIVATIONS
from neuronnet.description.reading import example_names, find, read
from neuronnet.elementary import Literal, as_number
from neuronnet.errors import SpecError, shortened
from neuronnet.files import MOST


def plain(source):
    """The plain dict of a description."""
    return read(source).to_dict()


WORKED = json.loads(
    (Path(__file__).parent.parent / "data" / "worked_example.json").read_text(encoding="utf-8")
)["values"]

TOML = """
loss = "half squared error"
learning_rate = 0.5
[[layer]]
activation = "tanh"
weights = [[0.1, 0.2], [0.3, 0.4]]
bias = 0.5
[[layer]]
activation = "logistic"
weights = [[0.6, 0.7]]
bias = [0.8]
[[sample]]
inputs = [1, 2.5]
targets = [0.9]
"""


def changed(old, new):
    """The description above with one thing changed."""
    assert TOML.count(old) == 1, old
    return TOML.replace(old, new)


def as_toml(description):
    """A description as TOML, written by hand: the standard library has no writer."""
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in description.items() if key not in ("layer", "sample")
    ]
    for table in ("layer", "sample"):
        for entry in description[table]:
            lines += [f"[[{table}]]"] + [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


# What is read


def test_every_convention_is_explicit_after_reading():
    description = plain({"layer": [{"activation": "sigmoid", "weights": [[1]]}]})
    assert description == {
        "title": "untitled network",
        "loss": "half squared error",
        "outputs": "sum",
        "samples_combine": "sum",
        "learning_rate": None,
        "l2": 0.0,
        "l2_scale": "as is",
        "batch": "full",
        "names": {},
        "sample": [],
        "held_out": [],
        "order": {"kind": "in turn"},
        "update": {"rule": "gradient descent"},
        "layer": [{"activation": "logistic", "weights": [[1.0]], "bias": None, "train_bias": False}],
    }


def test_a_bias_is_trained_unless_it_is_said_to_be_frozen():
    description = plain(TOML)
    assert [layer["train_bias"] for layer in description["layer"]] == [True, True]
    frozen = plain(changed("bias = 0.5", "bias = 0.5\ntrain_bias = false"))
    assert [layer["train_bias"] for layer in frozen["layer"]] == [False, True]


@pytest.mark.parametrize("bias", [0.5, [0.5]])
def test_a_single_neuron_keeps_its_bias_as_it_is_written(bias):
    layer = {"activation": "tanh", "weights": [[1.0]], "bias": bias}
    assert read([layer]).to_dict()["layer"][0]["bias"] == bias
    network = NeuralNetwork.from_dict([layer])
    assert network.to_dict()["layer"][0]["bias"] == bias
    assert read(network).layers[0].bias_kind == ("per neuron" if isinstance(bias, list) else "shared")


def test_a_zero_bias_is_a_bias():
    assert plain(changed("bias = 0.5", "bias = 0"))["layer"][0]["bias"] == 0
    assert plain(changed("bias = 0.5\n", ""))["layer"][0]["bias"] is None


@examples(40)
@given(descriptions())
def test_toml_json_and_dict_of_one_network_are_read_alike(description):
    from_dict = plain(description)
    assert plain(as_toml(description)) == from_dict
    assert plain(json.dumps(description)) == from_dict
    assert plain(json.dumps(description, indent=2)) == from_dict


@examples(40)
@given(descriptions())
def test_reading_is_stable(description):
    before = copy.deepcopy(description)
    once = plain(description)
    assert description == before
    assert plain(once) == once
    network = load(description)
    assert plain(network.to_dict()) == network.to_dict()
    assert load(network.to_dict()).to_dict() == network.to_dict()
    assert load(network.to_dict()).gradients() == network.gradients()


@pytest.mark.parametrize("name", example_names())
def test_every_example_is_read_and_described_again(name):
    network = load(name)
    assert plain(network.to_dict()) == network.to_dict()


@examples(100)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-(10**6), max_value=10**6))
def test_decimal_literals_keep_every_digit(number):
    text = f"{number:f}"
    for document in (
        changed("0.1", text),
        json.dumps({"layer": [{"activation": "tanh", "weights": [[7.25]]}]}).replace("7.25", text),
    ):
        literal = plain(document)["layer"][0]["weights"][0][0]
        assert as_number(literal, Decimal) == number
        assert as_number(literal, Fraction) == Fraction(number)
        assert as_number(literal, float) == float(text)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_a_copy_keeps_the_text_of_a_literal_and_is_the_same_description(copied):
    assert copied(Literal("0.10")).text == "0.10"
    description = read(TOML)
    for copy_of_it in (copied(description), read(description.to_dict())):
        assert copy_of_it == description and hash(copy_of_it) == hash(description)
        assert copy_of_it.names.layers == description.names.layers


@pytest.mark.parametrize(
    "value, number, expected",
    [
        (Literal("0.1"), Decimal, Decimal("0.1")),
        (0.1, Decimal, Decimal("0.1")),
        (3, Decimal, Decimal(3)),
        (Literal("0.1"), Fraction, Fraction(1, 10)),
        (Decimal("0.1"), Fraction, Fraction(1, 10)),
        (2, float, 2.0),
        (Fraction(1, 3), Fraction, Fraction(1, 3)),
        (Literal("0.1"), complex, 0.1 + 0j),
        (1 + 2j, complex, 1 + 2j),
        ("0.12345678901234567890", Decimal, Decimal("0.12345678901234567890")),
        (Fraction(1, 2), float, 0.5),
    ],
)
def test_numbers_of_other_types_start_from_the_text(value, number, expected):
    found = as_number(value, number)
    assert found == expected and type(found) is number


def test_a_plain_float_has_forgotten_its_literal():
    assert type(as_number(Literal("0.1"), float)) is float


# Number types: the same objects on other numbers


def test_the_worked_example_runs_on_fifty_digits():
    with localcontext() as context:
        context.prec = 50
        network = load("worked-example", Decimal)
        network.feed_forward(*[inputs for inputs, _ in network.samples])
        assert abs(network["o1"].out - Decimal(WORKED["out_o1"])) < Decimal("1e-29")
        gradients = network.gradients()
        # The stored values have 30 significant digits.
        for name in ("w1", "w2", "w5", "w8"):
            expected = Decimal(WORKED[f"dE_total/d{name}"])
            assert abs(gradients[name] - expected) < abs(expected) * Decimal("1e-29")


def test_the_worked_example_runs_on_complex_numbers():
    network, plain = load("worked-example", complex), load("worked-example")
    gradients, expected = network.gradients(), plain.gradients()
    for name, value in gradients.items():
        assert type(value) is complex and value.imag == 0
        # Complex exp and division round a few times more than their float counterparts.
        assert value.real == pytest.approx(expected[name], rel=1e-15)


def test_an_identity_network_is_exact_in_fractions():
    description = json.loads(json.dumps(load("worked-example").to_dict()))
    for layer in description["layer"]:
        layer["activation"] = "identity"
    network = load(description, Fraction)
    gradients = network.gradients()
    out_h1, out_h2 = Fraction("0.3775"), Fraction("0.3925")
    out_o1 = Fraction("0.4") * out_h1 + Fraction("0.45") * out_h2 + Fraction("0.6")
    assert network["o1"].out == out_o1
    assert gradients["w5"] == (out_o1 - Fraction("0.01")) * out_h1
    assert all(type(value) is Fraction for value in gradients.values())


def test_whole_numbers_stay_whole():
    layers = [
        {"activation": "identity", "weights": [[2, 3]], "bias": 1},
        {"activation": "relu", "weights": [[5]]},
    ]
    network = load({"layer": layers, "sample": [{"inputs": [7, 11], "targets": [1]}]}, int)
    assert network.feed_forward([7, 11]) == [240] and type(network["o1"].out) is int
    assert network.gradients()["w1"] == 239 * 5 * 7


# What is refused: (the text, what the message must say, in this order)

REFUSED = [
    ("", ["layer", "found none", "at least one"]),
    ("layer = []", ["layer", "found none"]),
    ("layer = 3", ["layer", "found 3", "write [[layer]], with double brackets, once for each layer"]),
    ("layer = [3]", ["layer", "found [3]", "write [[layer]], with double brackets, once for each layer"]),
    ("[layer]", ["layer", "found {}", "write [[layer]], with double brackets, once for each layer"]),
    (
        changed("[[0.6, 0.7]]", "[]"),
        ["layer 2, weights", "found an empty layer", "a row of numbers per neuron"],
    ),
    (changed("[[0.6, 0.7]]", "[[]]"), ["layer 2, weights, row 1", "found 0 numbers"]),
    (changed("[[0.6, 0.7]]", "[0.6, 0.7]"), ["layer 2, weights, row 1", "found 0.6", "a list of numbers"]),
    (changed("[[0.6, 0.7]]", "0.6"), ["layer 2, weights", "found 0.6", "a row of numbers per neuron"]),
    (
        changed("[[0.6, 0.7]]", "[[0.6, 0.7, 0.8]]"),
        ["layer 2, weights", "found 3 numbers in a row", "layer 1 has 2 neurons"],
    ),
    (changed("[0.3, 0.4]]", "[0.3]]"), ["layer 1, weights, row 2", "found 1 number", "row 1 has 2"]),
    (changed("0.4", '"0.4"'), ["layer 1, weights, row 2, number 2", "found '0.4'", "a number is needed"]),
    (changed("0.4", "true"), ["layer 1, weights, row 2, number 2", "found True", "a number is needed"]),
    (changed("0.4", "2020-01-01"), ["row 2, number 2", "a number is needed"]),
    (changed("0.4", "[0.4]"), ["row 2, number 2", "found [0.4]", "a number is needed"]),
    (changed("0.4", "nan"), ["row 2, number 2", "found 'nan'", "a finite number"]),
    (changed("0.4", "-inf"), ["row 2, number 2", "found '-inf'", "a finite number"]),
    (changed("0.4", "1e400"), ["row 2, number 2", "found '1e400'", "a finite number"]),
    (changed("0.4", "1e-400"), ["row 2, number 2", "found '1e-400'", "5e-324"]),
    (
        changed("0.4", "1e-99999999999999999999"),
        ["row 2, number 2", "found '1e-99999999999999999999'", "5e-324"],
    ),
    (changed("0.4", "1" * 400), ["row 2, number 2", "found a whole number of 1326 bits", "a finite number"]),
    (changed("0.4", "1" * 5000), ["line 6", "more than 1000 digits"]),
    (changed("0.4", "0." + "1" * 5000), ["line 6", "more than 1000 digits"]),
    (
        changed("bias = [0.8]", "bias = [0.8, 0.9]"),
        ["layer 2, bias", "found 2 numbers", "each of the 1 neuron;"],
    ),
    (changed("bias = 0.5", 'bias = "none"'), ["layer 1, bias", "found 'none'", "a number is needed"]),
    (
        changed("bias = 0.5", "bias = 0.5\ntrain_bias = 0"),
        ["layer 1, train_bias", "found 0", "true and false"],
    ),
    (
        changed("bias = 0.5", "train_bias = true"),
        ["layer 1, train_bias", "found true", "the layer has no bias"],
    ),
    (changed("bias = [0.8]", "bias = []"), ["layer 2, bias", "found 0 numbers"]),
    (
        changed('"tanh"', '"sigmoidal"'),
        ["layer 1, activation", "found 'sigmoidal'", "(also sigmoid, linear); did you mean sigmoid?"],
    ),
    (changed('"tanh"', '"tahn"'), ["layer 1, activation", "found 'tahn'", "did you mean tanh?"]),
    (changed('"tanh"', "3"), ["layer 1, activation", "found 3", "allowed are"]),
    (changed('activation = "tanh"\n', ""), ["layer 1, activation", "found nothing", "allowed are"]),
    (changed('"tanh"', '"softmax"'), ["layer 1, activation", "found softmax", "last layer only"]),
    (changed("weights = [[0.6, 0.7]]\n", ""), ["layer 2", "found no weights", "a row per neuron"]),
    (
        changed("weights = [[0.6, 0.7]]", "wieghts = [[0.6, 0.7]]"),
        ["layer 2", "'wieghts'", "did you mean weights?"],
    ),
    (
        changed("learning_rate", "learning_rat"),
        ["network", "'learning_rat'", "allowed are", "did you mean learning_rate?"],
    ),
    (changed("learning_rate = 0.5", 'learning_rate = "fast"'), ["learning_rate", "found 'fast'", "a number"]),
    (changed("learning_rate = 0.5", "l2 = true"), ["l2", "found True", "a number"]),
    (changed("learning_rate = 0.5", "title = 3"), ["title", "found 3", "a string"]),
    (changed("learning_rate = 0.5", 'outputs = "avg"'), ["outputs", "found 'avg'", "allowed are sum, mean"]),
    (changed("learning_rate = 0.5", 'samples_combine = "means"'), ["samples_combine", "did you mean mean?"]),
    (changed("learning_rate = 0.5", 'l2_scale = ""'), ["l2_scale", "found ''", "as is, per sample"]),
    (changed("learning_rate = 0.5", "batch = 0"), ["batch", "found 0", '"online", "full"']),
    (changed("learning_rate = 0.5", "batch = true"), ["batch", "found True"]),
    (changed("learning_rate = 0.5", "batch = 2.0"), ["batch", "found 2.0"]),
    (
        changed("half squared error", "mae"),
        ["loss", "found 'mae'", "allowed are half squared error, squared error", "did you mean mse"],
    ),
    (
        changed("half squared error", "cross-entropy").replace("logistic", "tanh"),
        ["loss", "found 'cross-entropy' after tanh outputs", "binary cross-entropy and categorical"],
    ),
    (
        changed("half squared error", "mse").replace("learning_rate", 'outputs = "sum"\nlearning_rate'),
        [
            "loss",
            "found 'mse' beside outputs = 'sum'",
            "the mean over outputs and samples",
            "'squared error'",
        ],
    ),
    (changed("learning_rate", "lr = 0.1\nlearning_rate"), ["network", "'learning_rate' beside another"]),
    (changed('"tanh"', '"sigmod"'), ["layer 1, activation", "found 'sigmod'", "did you mean sigmoid"]),
    (changed("learning_rate", "batchsize = 1\nlearning_rate"), ["'batchsize'", "did you mean batch_size"]),
    (changed("inputs = [1, 2.5]", "inputs = [1]"), ["sample 1, inputs", "found 1 number", "takes 2"]),
    (changed("inputs = [1, 2.5]", "inputs = 1"), ["sample 1, inputs", "found 1", "a list of numbers"]),
    (changed("inputs = [1, 2.5]", "inputs = [1, nan]"), ["sample 1, inputs, number 2", "found 'nan'"]),
    (changed("inputs = [1, 2.5]\n", ""), ["sample 1", "found no inputs"]),
    (changed("targets = [0.9]", "targets = [0.9, 1]"), ["sample 1, targets", "found 2 numbers", "takes 1"]),
    (changed("targets = [0.9]\n", ""), ["sample 1, targets", "found 0 numbers", "takes 1"]),
    (changed("targets = [0.9]", "target = [0.9]"), ["sample 1", "'target'", "did you mean targets?"]),
    (
        changed("half squared error", "binary cross-entropy").replace("0.9", "1.5"),
        ["sample 1, targets", "found 1.5", "from 0 to 1"],
    ),
    (
        changed("half squared error", "binary cross-entropy").replace("0.9", "-1e-9"),
        ["sample 1, targets", "found -1e-09"],
    ),
    (changed("half squared error", "output"), ["sample 1, targets", "found 1 number", "'output' takes 0"]),
    (TOML + "[names]\nw1 = 3", ["names", "{'w1': 3}", "a table such as"]),
    (TOML + "[names]\nnet_h9 = 'a'", ["names, 'net_h9'", "no such name", "did you mean net_h"]),
    (TOML + "[names]\nw1 = 'a b'", ["names, 'w1'", "found 'a b'", "made of letters"]),
    (TOML + "[names]\nw1 = ''", ["names, 'w1'", "found ''"]),
    (TOML + "[names]\nw1 = 'a+b'", ["names, 'w1'", "found 'a+b'"]),
    (TOML + "[names]\nw1 = '1a'", ["names, 'w1'", "found '1a'", "does not start with a digit"]),
    (TOML + "[names]\nw1 = 'dE/dw'", ["names, 'w1'", "found 'dE/dw'"]),
    (TOML + "[names]\nw1 = 'w5@1'", ["names, 'w1'", "found 'w5@1'"]),
    (TOML + '[names]\nw1 = "a\\n"', ["names, 'w1'", r"found 'a\n'"]),
    (TOML + "[names]\nw1 = 'w2'", ["names", "found 'w2' for w1 and w2"]),
    (TOML + "[names]\nw1 = 'x'\nb1 = 'x'", ["names", "found 'x' for w1 and b1"]),
    (TOML + "[names]\nw1 = 'net_h1'", ["names", "found 'net_h1' for", "w1"]),
    (TOML + "[names]\nw1 = 'η'", ["names", "found 'η' for eta and w1"]),
    (TOML + "[names]\nw1 = 'E'", ["names", "found 'E' for E_total and w1"]),
    (TOML + "[[published]]\nquantity = 'w1'\nprinted = '1'", ["published 1", "found no verdict"]),
    (TOML + "[[published]]\nquantity = 1", ["published 1, quantity", "found 1", "a string"]),
    (TOML + "[[errata]]\nquantity = 'w1'", ["errata 1", "found no printed"]),
    ("= 3\n", ["TOML syntax error", "line 1, column 1"]),
    (
        changed("learning_rate = 0.5", 'loss = "output"'),
        ["TOML syntax error", "Cannot overwrite a value", "line 3"],
    ),
    ("weights = [[0.1,\n", ["TOML syntax error", "at end of document"]),
    ("loss = mse\n", ["line 1, column 8", 'text needs quotation marks: "mse"']),
    ("a = 1\nupdate = {rule = gradient descent}\n", ["line 2, column 18", 'marks: "gradient descent"']),
    ("loss = 1.2.3\n", ["TOML syntax error", "valid TOML is needed"]),
    ("x = " + "[" * 100_000, ["brackets nested too deeply"]),
    (changed("0.1", "[" * 300 + "]" * 300), ["layer 1, weights, row 1, number 1", "found [[[["]),
]


def refusal(source):
    """The message with which `source` is refused: one line, carrying its three parts, within ten seconds."""
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        plain(source)
    assert time.process_time() - start < 10
    error, message = caught.value, str(caught.value)
    assert error.where in message and error.found in message
    assert "\n" not in message and len(message) < 600
    return message


def assert_says(message, parts):
    position = 0
    for part in parts:
        assert part in message[position:], f"{part!r} is missing, or stands too early, in: {message}"
        position = message.index(part, position)


@pytest.mark.parametrize("text, parts", REFUSED, ids=[" / ".join(parts)[:60] for _, parts in REFUSED])
def test_unusable_toml_is_refused_with_file_place_and_what_is_allowed(tmp_path, text, parts):
    file = tmp_path / "net.toml"
    file.write_text(text, encoding="utf-8")
    message = refusal(file)
    assert message.startswith(str(file))
    assert_says(message, parts)
    assert file.read_text(encoding="utf-8") == text


ALIASES = [
    ('activation = "logistic"', 'activation = "sigmoid"', {}),
    (
        'activation = "logistic"',
        'activation = "linear"',
        {'activation = "logistic"': 'activation = "identity"'},
    ),
    ("learning_rate", "lr", {}),
    ("learning_rate", "eta", {}),
    ("[[layer]]", "[[layers]]", {}),
    ("[[sample]]", "[[samples]]", {}),
    ("half squared error", "sse", {"half squared error": "squared error"}),
    ("half squared error", "BCE", {"half squared error": "binary cross-entropy"}),
    ("half squared error", "cross_entropy", {"half squared error": "binary cross-entropy"}),
    ("half squared error", "Half_Squared-Error", {}),
    ('"tanh"', '"Tanh"', {}),
    ("half squared error", "bce", {"half squared error": "binary cross-entropy"}),
    ("half squared error", "cce", {"half squared error": "categorical cross-entropy"}),
    ("half squared error", "cross-entropy", {"half squared error": "binary cross-entropy"}),
    (
        'loss = "half squared error"',
        'loss = "Mean_Squared_Error"',
        {'half squared error"': 'squared error"\noutputs = "mean"\nsamples_combine = "mean"'},
    ),
    (
        'loss = "half squared error"',
        'loss = "mse"',
        {'half squared error"': 'squared error"\noutputs = "mean"\nsamples_combine = "mean"'},
    ),
    ("learning_rate", "update = {rule = 'sgd'}\nlearning_rate", {}),
    ("learning_rate", "optimizer = {rule = 'gd'}\nlearning_rate", {}),
    ("learning_rate", "batch_size = 2\nlearning_rate", {"learning_rate": "batch = 2\nlearning_rate"}),
]


@pytest.mark.parametrize("ours, theirs, meaning", ALIASES, ids=[theirs[:40] for _, theirs, _ in ALIASES])
def test_the_names_that_people_use_stand_for_ours(ours, theirs, meaning):
    expected = TOML
    for text, other in meaning.items():
        expected = expected.replace(text, other)
    assert ours in TOML and plain(TOML.replace(ours, theirs)) == plain(expected)


def test_a_cross_entropy_after_a_softmax_is_that_of_classes():
    classes = TOML.replace("logistic", "softmax")
    assert (
        plain(classes.replace("half squared error", "cross-entropy"))["loss"] == "categorical cross-entropy"
    )


def test_a_description_is_read_once_and_cannot_be_changed():
    description = read(TOML)
    assert read(description) is description
    assert read(description.to_dict()) == description
    with pytest.raises(FrozenInstanceError):
        description.l2 = 1
    with pytest.raises(TypeError):
        description.renames["w1"] = "a"
    with pytest.raises(TypeError):
        description.update.settings["momentum"] = 0.5
    with pytest.raises(TypeError):
        description.names.layers[0][0] = "a"
    assert repr(description).startswith("Description 2-2-1: ") and "\n" not in repr(description)


@pytest.mark.parametrize(
    "bias, kind, biases, of_neurons",
    [
        (None, "none", (), ()),
        (0.5, "shared", (0.5,), (0.5, 0.5)),
        ([0.5, 0.6], "per neuron", (0.5, 0.6), (0.5, 0.6)),
    ],
)
def test_a_layer_says_how_many_biases_it_has(bias, kind, biases, of_neurons):
    layer = {"activation": "tanh", "weights": [[1], [2]]} | ({} if bias is None else {"bias": bias})
    (found,) = read({"layer": [layer]}).layers
    assert (found.bias_kind, found.biases, found.neuron_biases) == (kind, biases, of_neurons)
    assert (found.neurons, found.inputs) == (2, 1)


LAYER = '"layer": [{"activation": "tanh", "weights": [[0.5]]}]'

REFUSED_JSON = [
    ("", ["JSON syntax error", "line 1 column 1"]),
    ("[]", ["network", "found []", "an object such as"]),
    ("null", ["network", "found None", "an object"]),
    ("3", ["network", "found 3", "an object"]),
    ('"x"', ["network", "found 'x'", "an object"]),
    ("{}", ["layer", "found none"]),
    ("{", ["JSON syntax error", "line 1 column 2"]),
    ('{"layer": [,]}', ["JSON syntax error", "line 1 column 12"]),
    ("{%s, }" % LAYER, ["JSON syntax error"]),
    (
        "{%s}" % LAYER.replace("0.5", "NaN"),
        ["layer 1, weights, row 1, number 1", "found nan", "a finite number"],
    ),
    ("{%s}" % LAYER.replace("0.5", "-Infinity"), ["row 1, number 1", "found -inf", "a finite number"]),
    ("{%s}" % LAYER.replace("0.5", "1e400"), ["row 1, number 1", "found '1e400'", "a finite number"]),
    ("{%s}" % LAYER.replace("0.5", "null"), ["row 1, number 1", "found None", "a number"]),
    ("{%s}" % LAYER.replace("0.5", "1" * 5000), ["line 1", "more than 1000 digits"]),
    ('{%s, "l2": 0, "l2": 1}' % LAYER, ["the key 'l2' twice", "every key stands once"]),
    ("{%s, %s}" % (LAYER, LAYER), ["the key 'layer' twice"]),
    (
        "{%s}" % LAYER.replace("[[0.5]]", '[[0.5]], "bias": 1, "bias": 1'),
        ["the key 'bias' twice in one object"],
    ),
    ('{%s, "x\\ny": 1, "x\\ny": 1}' % LAYER, [r"the key 'x\ny' twice"]),
    ('{%s, "names": {%s"k": "a"}}' % (LAYER, '"k": "a", ' * 100_000), ["the key 'k' twice"]),
    ("[%s]" % LAYER, ["JSON syntax error"]),
    ("[{}]", ["layer 1, activation", "found nothing"]),
    ("[3]", ["network", "found [3]", "an object such as"]),
    ("[[]]", ["network", "found [[]]", "an object such as"]),
    ('{%s, "title": null}' % LAYER, ["title", "found None", "a string"]),
    ('{%s, "a\\nb": 1}' % LAYER, ["network", r"the key 'a\nb'"]),
    ('{%s, "names": {"a\\nb": "x"}}' % LAYER, ["names", r"'a\nb'", "no such name"]),
    ('{"layer": ' + "[" * 100_000, ["brackets nested too deeply"]),
    ('{"layer": ' + "[" * 600 + "]" * 600 + "}", ["layer", "found [[[["]),
]


@pytest.mark.parametrize(
    "text, parts", REFUSED_JSON, ids=[" / ".join(parts)[:60] for _, parts in REFUSED_JSON]
)
def test_unusable_json_is_refused_with_file_place_and_what_is_allowed(tmp_path, text, parts):
    file = tmp_path / "net.json"
    file.write_text(text, encoding="utf-8")
    message = refusal(file)
    assert message.startswith(str(file))
    assert_says(message, parts)


def nested(depth):
    """[[[...]]], deeper than `repr` can go."""
    return functools.reduce(lambda inner, _: [inner], range(depth), [])


REFUSED_DICTS = [
    *(
        ({"layer": [layer], **network}, [where, "a list too large to be shown", "allowed are"])
        for where, layer, network in [
            ("loss", {"activation": "tanh", "weights": [[1]]}, {"loss": nested(100_000)}),
            ("l2_scale", {"activation": "tanh", "weights": [[1]]}, {"l2_scale": nested(100_000)}),
            (
                "update, rule",
                {"activation": "tanh", "weights": [[1]]},
                {"optimizer": {"rule": nested(100_000)}},
            ),
            ("layer 1, activation", {"activation": nested(100_000), "weights": [[1]]}, {}),
        ]
    ),
    ({"layer": [{"activation": "tanh", "weights": [[float("nan")]]}]}, ["row 1, number 1", "found nan"]),
    (
        {"layer": [{"activation": "tanh", "weights": [[Decimal("sNaN")]]}]},
        ["row 1, number 1", "found Decimal('sNaN')"],
    ),
    ({"layer": [{"activation": "tanh", "weights": [[Decimal("1e999")]]}]}, ["found Decimal('1E+999')"]),
    ({"layer": [{"activation": "tanh", "weights": [[Decimal("1e-999")]]}]}, ["found Decimal('1E-999')"]),
    (
        {"layer": [{"activation": "tanh", "weights": [[Fraction(10**5000)]]}]},
        ["found a Fraction too large to be shown"],
    ),
    ({"layer": [{"activation": "tanh", "weights": [[Fraction(1, 10**400)]]}]}, ["found Fraction(1, 1"]),
    ({"layer": [{"activation": "tanh", "weights": [[10**5000]]}]}, ["found a whole number of 16610 bits"]),
    ({"layer": [{"activation": "tanh", "weights": [[1j]]}]}, ["found 1j", "a number"]),
    ({"layer": [{"activation": "tanh", "weights": {"a": 10**5000}}]}, ["found a dict too large to be shown"]),
    ({"layer": [{"activation": "tanh", "weights": None}]}, ["found None", "a row of numbers"]),
    ({"layer": [{"activation": "tanh", "weights": []}]}, ["found an empty layer"]),
    ({"layer": None}, ["layer", "found None"]),
    ([], ["network", "found []", "an object such as"]),
    ([{"activation": "tanh", "weights": [[1]]}, 3], ["network", "an object such as"]),
    (({"activation": "tanh", "weights": [[1]]},), ["network", "a tuple", "a dict, a file"]),
    ({3: 4}, ["network", "the key 3"]),
    (None, ["network", "a NoneType", "a dict, a file"]),
    (b"network", ["network", "a bytes", "a dict, a file"]),
]


@pytest.mark.parametrize("description, parts", REFUSED_DICTS, ids=[parts[-1] for _, parts in REFUSED_DICTS])
def test_unusable_dicts_are_refused(description, parts):
    assert_says(refusal(description), parts)


def test_too_many_weights_are_refused(monkeypatch):
    monkeypatch.setenv("NEURONNET_LIMITS", "weights=3")
    assert plain({"layer": [{"activation": "tanh", "weights": [[1, 2, 3]]}]})
    assert_says(
        refusal({"layer": [{"activation": "tanh", "weights": [[1, 2], [3, 4]]}]}),
        ["found 4 weights", "at most 3"],
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("tanh", "sum", "output")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "layer",
                    "sample",
                    "weights",
                    "bias",
                    "activation",
                    "inputs",
                    "targets",
                    "names",
                    "published",
                    "title",
                    "loss",
                    "batch",
                    "l2",
                    "train_bias",
                    "x",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@examples(200)
@given(
    st.dictionaries(
        st.sampled_from(("loss", "outputs", "batch", "names", "sample", "published", "title", "l2")),
        json_values,
        max_size=4,
    ),
    json_values,
)
def test_whatever_json_holds_is_read_or_refused(description, weights):
    description["layer"] = [{"activation": "tanh", "weights": weights}]
    try:
        assert plain(description)["layer"]
    except SpecError as error:
        assert "\n" not in str(error)


def test_a_text_that_opens_with_a_table_of_toml_is_not_taken_for_a_list_of_json():
    assert plain("[[layer]]\nactivation = 'tanh'\nweights = [[1]]") == plain(
        {"layer": [{"activation": "tanh", "weights": [[1]]}]}
    )
    assert plain(' [ {"activation": "tanh", "weights": [[1]]}]') == plain(
        [{"activation": "tanh", "weights": [[1]]}]
    )


# Files


def written(tmp_path, data, name="net.toml"):
    file = tmp_path / name
    file.write_bytes(data)
    return file


def test_a_byte_order_mark_is_accepted(tmp_path):
    assert plain(written(tmp_path, b"\xef\xbb\xbf" + TOML.encode())) == plain(TOML)
    document = json.dumps(plain(TOML)).encode()
    assert plain(written(tmp_path, b"\xef\xbb\xbf" + document, "net.json")) == plain(TOML)


def test_windows_line_ends_are_accepted(tmp_path):
    assert plain(written(tmp_path, TOML.encode().replace(b"\n", b"\r\n"))) == plain(TOML)


@pytest.mark.parametrize("name", ["net.json", "net.JSON", "net.txt", "network"])
def test_json_is_recognised_by_its_name_or_its_first_character(tmp_path, name):
    assert plain(written(tmp_path, json.dumps(plain(TOML)).encode(), name)) == plain(TOML)


def test_a_file_name_with_a_line_break_is_a_file_name(tmp_path):
    assert plain(written(tmp_path, TOML.encode(), "a\nb.toml")) == plain(TOML)


@pytest.mark.parametrize(
    "data, parts",
    [
        (b'title = "\xe9"\n', ["a byte that is not UTF-8 in line 1", "UTF-8"]),
        (TOML.encode("utf-16"), ["a byte that is not UTF-8 in line 1"]),
        (b"\0\0\0\0", ["TOML syntax error", "line 1"]),
        (TOML.encode() + b"\0", ["TOML syntax error", "line 15"]),
        (bytes(range(256)), ["a byte that is not UTF-8"]),
        (b"\x1f\x8b\x08\0\0\0\0\0", ["a byte that is not UTF-8 in line 1"]),
        (b"", ["layer", "found none"]),
        (b"\n \n", ["layer", "found none"]),
    ],
    ids=str,
)
def test_what_is_not_text_is_refused(tmp_path, data, parts):
    file = written(tmp_path, data)
    assert_says(refusal(file), [str(file), *parts])


def test_a_gigantic_file_is_refused_before_it_is_read(tmp_path):
    file = written(tmp_path, b"learning_rate = 1")
    os.truncate(file, 500_000_000)
    tracemalloc.start()
    try:
        message = refusal(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_says(message, [str(file), f"more than {MOST['bytes']} bytes"])
    assert peak < 4 * MOST["bytes"]


@pytest.mark.parametrize("start", ["l2 = 0.", "l2 = 1", '{"l2": 0.', '{"l2": -1'])
def test_a_number_of_megabytes_is_refused(start):
    text = "\n" + start + "1" * (MOST["bytes"] - 100)
    assert_says(refusal(text), ["line 2", "more than 1000 digits"])


def test_a_number_of_a_thousand_digits_is_read():
    assert plain(changed("0.1", "0.1" + "0" * 997))["layer"][0]["weights"][0][0] == 0.1


@pytest.mark.parametrize(
    "name, part",
    [
        ("missing.toml", "'missing.toml': no such file"),
        ("folder/missing", "'folder/missing': no such file"),
        ("", "found a folder"),
        ("a\0b", "neither a file"),
        ("x" * 10_000, "neither a file"),
        ("../worked-example", "'../worked-example': no such file"),
        (".", "found a folder; a TOML or JSON file is needed"),
        ("/dev/zero", "not a regular file"),
        (
            "worked-exampel",
            "'worked-exampel' is neither a file nor an example; did you mean worked-example? "
            "(neuronnet examples lists them)",
        ),
        ("bogus", "'bogus' is neither a file nor an example (neuronnet examples lists them)"),
    ],
)
def test_what_is_no_file_is_refused(name, part):
    assert_says(refusal(name), [part])


def test_a_pipe_without_a_writer_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert_says(refusal(tmp_path / "pipe"), ["not a regular file"])


@pytest.mark.skipif(
    not os.path.exists("/proc/self/mem"), reason="needs a file that cannot be read, even by root"
)
def test_an_unreadable_file_is_refused():
    assert_says(
        refusal("/proc/self/mem"), ["/proc/self/mem", "Input/output error", "a readable TOML or JSON file"]
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path):
    file = written(tmp_path, TOML.encode())
    file.chmod(0)
    assert_says(refusal(file), [str(file), "Permission denied"])


def test_an_example_is_found_by_name_and_a_file_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find("xor").name == "xor.toml"
    (tmp_path / "xor").write_text(TOML, encoding="utf-8")
    assert plain("xor") == plain(TOML)


# Messages


@pytest.mark.parametrize(
    "value, text",
    [
        ("a", "'a'"),
        (3.5, "3.5"),
        ("x" * 100, "'" + "x" * 44 + " ... " + "x" * 7 + "'"),
        (10**400, "a whole number of 1329 bits"),
        (True, "True"),
        ([10**5000], "a list too large to be shown"),
    ],
)
def test_found_values_are_shown_in_at_most_a_line(value, text):
    assert shortened(value) == text


def test_a_refusal_carries_its_parts():
    with pytest.raises(SpecError) as caught:
        NeuralNetwork.from_dict({"layer": [{"activation": "swish", "weights": [[1]]}]})
    assert caught.value.where == "network: layer 1, activation"
    assert caught.value.found == "'swish'"
    assert caught.value.allowed.startswith(f"allowed are {', '.join(ACTIVATIONS)}")
