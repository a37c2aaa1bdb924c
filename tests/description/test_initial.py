"""Initial weights that are drawn: the published programs' own, drawn by NumPy, and what is refused."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import load
from neuronnet.description.reading import read
from neuronnet.errors import SpecError


def plain(source):
    """The plain dict of a description."""
    return read(source).to_dict()


NORMAL = {"kind": "normal", "scale": 0.1}
SCALED = {"kind": "normal", "scale": "1/sqrt(inputs)"}


def layer(neurons=2, init=NORMAL, **others):
    return {"activation": "tanh", "neurons": neurons, "init": init, **others}


def layers_of(*layers):
    return plain({"layer": list(layers)})["layer"]


# The published programs


def test_the_weights_of_the_tanh_moons_are_those_of_their_program():
    np_draw = np.random.RandomState(0)
    W1 = np_draw.randn(2, 3) / np.sqrt(2)
    W2 = np_draw.randn(3, 2) / np.sqrt(3)
    init = {**SCALED, "order": "by input"}
    one, two = layers_of(
        layer(3, {**init, "seed": 0}, inputs=2, bias="zero"),
        layer(2, init, bias="zero", activation="softmax"),
    )
    assert one["weights"] == W1.T.tolist() and two["weights"] == W2.T.tolist()
    assert one["bias"] == [0.0, 0.0, 0.0] and two["bias"] == [0.0, 0.0]
    assert one["train_bias"] is two["train_bias"] is True


@pytest.mark.parametrize("sizes", [(2, 4, 6, 6, 4, 1), (2, 25, 50, 50, 25, 1)])
def test_the_weights_of_the_relu_moons_are_those_of_their_program(sizes):
    np_draw = np.random.RandomState(2)
    init = [{**NORMAL, "seed": 2}] + [NORMAL] * (len(sizes) - 2)
    found = layers_of(
        *(
            layer(neurons, each, bias="drawn", activation="relu", inputs=inputs)
            for inputs, neurons, each in zip(sizes, sizes[1:], init)
        )
    )
    for drawn, inputs, neurons in zip(found, sizes, sizes[1:]):
        W, b = np_draw.randn(neurons, inputs) * 0.1, np_draw.randn(neurons, 1) * 0.1
        assert drawn["weights"] == W.tolist() and drawn["bias"] == b.ravel().tolist()


ARCHITECTURE = [
    {"input_dim": 2, "output_dim": 4, "activation": "relu"},
    {"input_dim": 4, "output_dim": 6, "activation": "relu"},
    {"input_dim": 6, "output_dim": 1, "activation": "sigmoid"},
]


@pytest.mark.parametrize(
    "source",
    [
        ARCHITECTURE,
        json.dumps(ARCHITECTURE),
        json.dumps(ARCHITECTURE, indent=2),
        {"layer": ARCHITECTURE},
        json.dumps({"layer": ARCHITECTURE}),
    ],
    ids=["list", "JSON", "JSON lines", "dict", "JSON object"],
)
def test_an_architecture_of_dimensions_starts_as_its_article_starts_it(source):
    description = plain(source)
    np_draw = np.random.RandomState(99)
    for drawn, given_layer in zip(description["layer"], ARCHITECTURE, strict=True):
        shape = given_layer["output_dim"], given_layer["input_dim"]
        assert drawn["weights"] == (np_draw.randn(*shape) * 0.1).tolist()
        assert drawn["bias"] == (np_draw.randn(shape[0], 1) * 0.1).ravel().tolist()
    assert [drawn["activation"] for drawn in description["layer"]] == ["relu", "relu", "logistic"]
    assert description["loss"] == "half squared error" and description["sample"] == []


def test_an_architecture_of_dimensions_may_say_otherwise():
    first = {**ARCHITECTURE[0], "init": {"kind": "uniform", "scale": 1, "seed": 5}, "bias": "zero"}
    one, two = plain([first, ARCHITECTURE[1]])["layer"]
    np_draw = np.random.RandomState(5)
    assert one["weights"] == np_draw.random_sample((4, 2)).tolist() and one["bias"] == [0.0] * 4
    assert two["weights"] == (np_draw.randn(6, 4) * 0.1).tolist()


# Kinds, scales, orders, streams


@examples(60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(("normal", "uniform")),
    st.sampled_from(("1/sqrt(inputs)", 0.1, 3, 0)),
    st.booleans(),
    st.booleans(),
)
def test_every_draw_is_numpys(seed, inputs, neurons, kind, scale, by_input, drawn_bias):
    np_draw = np.random.RandomState(seed)
    draw = np_draw.standard_normal if kind == "normal" else np_draw.random_sample
    scaled = (
        (lambda drawn: drawn / np.sqrt(inputs)) if isinstance(scale, str) else (lambda drawn: drawn * scale)
    )
    weights = scaled(draw((inputs, neurons))).T if by_input else scaled(draw((neurons, inputs)))
    bias = scaled(draw(neurons)).tolist() if drawn_bias else None
    init = {"kind": kind, "scale": scale, "seed": seed, "order": "by input" if by_input else "by neuron"}
    (found,) = layers_of(layer(neurons, init, inputs=inputs, **({"bias": "drawn"} if drawn_bias else {})))
    assert found == {
        "activation": "tanh",
        "weights": weights.tolist(),
        "bias": bias,
        "train_bias": drawn_bias,
    }


def test_a_constant_is_the_scale_itself():
    half = {"kind": "constant", "scale": 0.5}
    (found,) = layers_of(layer(2, half, inputs=3, bias="drawn"))
    assert found["weights"] == [[0.5] * 3] * 2 and found["bias"] == [0.5] * 2
    (found,) = layers_of(layer(1, {"kind": "constant", "scale": "1/sqrt(inputs)"}, inputs=4))
    assert found["weights"] == [[0.5] * 4]
    (negative,) = layers_of(layer(1, {"kind": "constant", "scale": -2}, inputs=1))
    assert negative["weights"] == [[-2.0]]


def test_a_constant_layer_draws_nothing_from_the_stream():
    drawn = layers_of(layer(inputs=2), layer())[1]
    between = layers_of(layer(inputs=2), layer(init={"kind": "constant", "scale": 1}), layer())[2]
    assert drawn == between


def test_without_a_seed_the_stream_goes_on_and_the_first_starts_at_0():
    without = layers_of(layer(inputs=2), layer())
    assert without == layers_of(layer(inputs=2, init={**NORMAL, "seed": 0}), layer())
    assert without[0]["weights"] != without[1]["weights"]


def test_a_seed_starts_a_new_stream():
    again = layers_of(layer(inputs=2), layer(init={**NORMAL, "seed": 0}))
    assert again[0]["weights"] == again[1]["weights"]


def test_written_and_drawn_layers_stand_side_by_side():
    written = {"activation": "tanh", "weights": [[1, 2], [3, 4], [5, 6]]}
    first, second = layers_of(written, layer())
    assert first["weights"] == [[1, 2], [3, 4], [5, 6]]
    assert second["weights"] == (np.random.RandomState(0).randn(2, 3) * 0.1).tolist()
    assert layers_of(layer(3, inputs=2), written | {"weights": [[1, 2, 3]]})[1]["weights"] == [[1, 2, 3]]


@pytest.mark.parametrize("bias", [0.25, [1, 2], None, 0])
def test_a_bias_may_be_written_beside_drawn_weights(bias):
    (found,) = layers_of(layer(inputs=2, bias=bias))
    assert found["bias"] == bias and found["train_bias"] == (bias is not None)


def test_a_drawn_bias_may_be_frozen():
    assert layers_of(layer(inputs=2, bias="drawn", train_bias=False))[0]["train_bias"] is False


@pytest.mark.parametrize(
    "samples",
    [
        {"sample": [{"inputs": [1, 2, 3], "targets": [0, 0]}]},
        {"data": {"kind": "csv", "file": "a.csv", "inputs": 3}},
    ],
    ids=["sample", "csv"],
)
def test_the_inputs_may_come_from_the_samples(samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("1,2,3,0,0\n", encoding="utf-8")
    description = plain({"layer": [layer()], **samples})
    assert [len(row) for row in description["layer"][0]["weights"]] == [3, 3]


def test_the_inputs_may_come_from_the_data():
    assert len(plain({"layer": [layer()], "data": {"kind": "two moons"}})["layer"][0]["weights"][0]) == 2


def test_what_is_normalised_holds_numbers_and_no_instruction():
    description = plain({"layer": [layer(inputs=2, bias="drawn")]})
    assert set(description["layer"][0]) == {"activation", "weights", "bias", "train_bias"}
    assert all(type(weight) is float for row in description["layer"][0]["weights"] for weight in row)
    assert plain(description) == description
    assert load(description).to_dict()["layer"] == description["layer"]


# What is refused


def init_is(**changes):
    return {"layer": [layer(init={**NORMAL, **changes}, inputs=2)]}


REFUSED = [
    ({"layer": [layer()]}, ["layer 1", "found no inputs", "in layer 1 a sample does"]),
    ({"layer": [layer()], "sample": [{"inputs": 3}]}, ["layer 1", "found no inputs"]),
    (
        {"layer": [layer(inputs=2)], "sample": [{"inputs": [1, 2, 3], "targets": [0, 0]}]},
        ["layer 1, inputs", "found 2", "the first sample has 3 inputs"],
    ),
    (
        {"layer": [layer(inputs=3)], "data": {"kind": "two moons"}},
        ["layer 1, inputs", "found 3", "has 2 inputs"],
    ),
    ({"layer": [layer(inputs=2), layer(inputs=3)]}, ["layer 2, inputs", "found 3", "layer 1 has 2 neurons"]),
    ({"layer": [layer(neurons=0, inputs=2)]}, ["layer 1, neurons", "found 0", "a whole number from 1"]),
    ({"layer": [layer(neurons=2.0, inputs=2)]}, ["layer 1, neurons", "found 2.0", "a whole number"]),
    ({"layer": [layer(neurons=True, inputs=2)]}, ["layer 1, neurons", "found True", "a whole number"]),
    ({"layer": [layer(neurons="2", inputs=2)]}, ["layer 1, neurons", "found '2'", "a whole number"]),
    ({"layer": [layer(inputs=-1)]}, ["layer 1, inputs", "found -1", "a whole number from 1"]),
    (
        {"layer": [layer(neurons=10**9, inputs=1)]},
        ["layer 1", "found 1000000000 weights", "at most 500000 weights"],
    ),
    (
        {"layer": [layer(neurons=4_000, inputs=4_000)]},
        ["layer 1", "found 16000000 weights", "at most 500000"],
    ),
    (
        {"layer": [layer(1, {"kind": "constant", "scale": 1}, inputs=2)] * 2 + [layer(5_000_000)]},
        ["layer 2, inputs", "found 2", "layer 1 has 1 neuron"],
    ),
    (
        {"layer": [layer(1, {"kind": "constant", "scale": 1}, inputs=1), layer(5_000_000)]},
        ["layer 2", "at most 500000"],
    ),
    (
        {"layer": [{"activation": "tanh", "neurons": 2, "inputs": 2}]},
        ["layer 1", "found no init", "says how"],
    ),
    ({"layer": [{"activation": "tanh", "init": NORMAL, "inputs": 2}]}, ["layer 1", "found no neurons"]),
    ({"layer": [layer(inputs=2, weights=[[1, 2]])]}, ["layer 1", "found weights and neurons", "not both"]),
    (
        {"layer": [{"activation": "tanh", "weights": [[1, 2]], "init": NORMAL}]},
        ["layer 1", "found weights and init"],
    ),
    (
        {"layer": [{"activation": "tanh", "weights": [[1, 2]], "input_dim": 2}]},
        ["found weights and input_dim"],
    ),
    (
        {"layer": [{"activation": "tanh", "weights": [[1, 2]], "inputs": 3}]},
        ["layer 1, inputs", "found 3", "a row of weights has 2 numbers"],
    ),
    (
        {"layer": [{"activation": "tanh", "weights": [[1, 2]], "bias": "zero"}]},
        ["layer 1, bias", "found 'zero'", "a number is needed", "with init one of zero, drawn"],
    ),
    (
        {"layer": [{"activation": "tanh", "weights": [[1, 2]], "bias": "drawn"}]},
        ["layer 1, bias", "found 'drawn'"],
    ),
    ({"layer": [layer(inputs=2, bias="zeros")]}, ["layer 1, bias", "found 'zeros'", "did you mean zero?"]),
    ({"layer": [layer(inputs=2, bias="Drawn")]}, ["layer 1, bias", "found 'Drawn'", "did you mean drawn?"]),
    ({"layer": [layer(inputs=2, bias=[1])]}, ["layer 1, bias", "found 1 number", "each of the 2 neurons"]),
    ({"layer": [layer(inputs=2, train_bias=True)]}, ["layer 1, train_bias", "the layer has no bias"]),
    (
        {"layer": [layer(inputs=2, init="normal")]},
        ["layer 1, init", "found 'normal'", "a table such as {kind"],
    ),
    (
        init_is(kind="gaussian"),
        ["layer 1, init, kind", "found 'gaussian'", "allowed are normal, uniform, constant"],
    ),
    (init_is(kind="unifrom"), ["layer 1, init, kind", "did you mean uniform?"]),
    (init_is(kind=None), ["layer 1, init, kind", "found nothing"]),
    (init_is(scale="1/sqrt(neurons)"), ["layer 1, init, scale", "found '1/sqrt(neurons)'", "1/sqrt(inputs)"]),
    (init_is(scale=-0.1), ["layer 1, init, scale", "found -0.1", "from 0 upwards"]),
    (init_is(scale=float("nan")), ["layer 1, init, scale", "found nan", "finite"]),
    (init_is(scale=True), ["layer 1, init, scale", "found True"]),
    (init_is(scale=None), ["layer 1, init, scale", "found None"]),
    (init_is(seed=-1), ["layer 1, init, seed", "found -1", "from 0 to 4294967295"]),
    (init_is(seed=2**32), ["layer 1, init, seed", "found 4294967296"]),
    (init_is(seed=10**5000), ["layer 1, init, seed", "found a whole number of 16610 bits"]),
    (init_is(seed=1.0), ["layer 1, init, seed", "found 1.0"]),
    (init_is(seed="0"), ["layer 1, init, seed", "found '0'"]),
    (init_is(order="by inputs"), ["layer 1, init, order", "found 'by inputs'", "did you mean by input"]),
    (init_is(sed=1), ["layer 1, init", "the key 'sed'", "did you mean seed?"]),
    (
        {"layer": [layer(init={"kind": "normal"}, inputs=2)]},
        ["layer 1, init", "found no scale", "1/sqrt(inputs)"],
    ),
    ([{"input_dim": 2, "activation": "tanh"}], ["layer 1", "found no output_dim"]),
    ([{"output_dim": 2, "activation": "tanh"}], ["layer 1", "found no input_dim"]),
    (
        [{"output_dim": 2, "input_dim": 2, "neurons": 2, "activation": "tanh"}],
        ["layer 1", "the key 'neurons'"],
    ),
    ([{"output_dim": 2, "input_dim": "2", "activation": "tanh"}], ["layer 1, input_dim", "found '2'"]),
    ([{"output_dim": 2, "input_dim": 2}], ["layer 1, activation", "found nothing"]),
    (ARCHITECTURE[1:] + ARCHITECTURE[:1], ["layer 3, input_dim", "found 2", "layer 2 has 1 neuron"]),
]


@pytest.mark.parametrize("description, parts", REFUSED, ids=[" / ".join(parts)[:60] for _, parts in REFUSED])
def test_unusable_starts_are_refused_at_once(description, parts):
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        plain(description)
    assert time.process_time() - start < 10
    message, position = str(caught.value), 0
    for part in parts:
        assert part in message[position:], f"{part!r} is missing, or stands too early, in: {message}"
        position = message.index(part, position)
