"""The five ways: right networks pass, and a mistake planted in any of them is seen and named."""

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn.networks import descriptions
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import by_day, examples, for_the_night

import gradcheck
from gradcheck import check_network
from gradcheck.cli import main
from gradcheck.errors import GradcheckError
from neuronnet import Derivation, NeuralNetwork, NeuronnetError, load, losses
from neuronnet.activations import ACTIVATIONS, Softmax
from neuronnet.description.reading import example_names
from neuronnet.losses import LOSSES
from neuronnet.neuron import Neuron

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=for_the_night()) if name in ("moons-relu", "sine-classes") else name
        for name in by_day(example_names(), 2)
    ],
)
def test_every_example_is_right(name):
    assert check_network(name).verdict == "right"


def pair(activation, loss, targets=(0.25, 1.0)):
    """A 2-2-2 network that ends in this activation and loss; its outputs lie between 0 and 1."""
    return {
        "loss": loss,
        "layer": [
            {"activation": "tanh", "weights": [[0.4, -0.3], [0.2, 0.5]], "bias": 0.1},
            {"activation": activation, "weights": [[0.3, 0.6], [0.7, 0.2]], "bias": [0.2, 0.1]},
        ],
        "sample": [{"inputs": [0.9, 0.4], "targets": [] if loss == "output" else list(targets)}],
    }


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_pair_of_output_activation_and_loss_is_right_in_all_five_ways(activation, loss):
    description = pair(activation, loss)
    report, derivation = check_network(description), Derivation(description)
    assert report.verdict == "right"
    for row in report.rows:
        assert row.objects == derivation[f"dE_total/d{row.name}"].value
        if (activation, loss) != ("softmax", "output"):  # the sum of its outputs is 1, whatever the weights
            assert abs(row.objects) > 1e-3 and row.reason == "within the error bar"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_softmax_that_passes_back_its_diagonal_alone_is_wrong(monkeypatch, loss):
    def diagonal(self, outs, k, j):
        return outs[j] * (1 - outs[j]) if k == j else 0.0

    monkeypatch.setattr(Softmax, "jacobian", diagonal)
    monkeypatch.setattr(losses, "_CANCELLING", set())
    assert check_network(pair("softmax", loss)).verdict == "wrong"


@pytest.mark.parametrize("loss", ["binary cross-entropy", "categorical cross-entropy"])
@pytest.mark.parametrize(
    "activation, weight, message",
    [("tanh", -0.5, "-0.46211"), ("relu", -0.5, "is 0"), ("identity", -0.25, "-0.25")],
)
def test_an_output_without_a_logarithm_is_refused_where_it_stands(activation, weight, message, loss):
    description = {
        "loss": loss,
        "layer": [{"activation": activation, "weights": [[weight]]}],
        "sample": [{"inputs": [1.0], "targets": [0.5]}],
    }
    with pytest.raises(NeuronnetError, match=message):
        load(description).gradients()
    with pytest.raises(NeuronnetError):
        Derivation(description)
    with pytest.raises((NeuronnetError, GradcheckError), match="ln|inf"):
        check_network(description)


@examples(80)
@given(descriptions())
def test_no_drawn_network_is_called_wrong(description):
    """Cannot tell is allowed, where a net lies exactly on the kink of a relu."""
    assert check_network(description).wrong == []


def wrong_in_one_gradient(description, data, factor):
    """A network whose gradients() has one entry multiplied by the factor, and the name of that entry."""
    network = load(description)
    right = network.gradients()
    largest = max(map(abs, right.values()))
    names = [name for name, value in right.items() if abs(value) > 1e-3 * largest]
    assume(largest > 1e-6 and names)
    name = data.draw(st.sampled_from(names))

    class Mistaken(NeuralNetwork):
        def gradients(self, samples=None):
            found = super().gradients(samples)
            return found | {name: found[name] * factor}

    return Mistaken.from_dict(description), name


@examples(50)
@given(
    descriptions(hidden=("logistic", "tanh", "identity")),
    st.data(),
    st.sampled_from((-1.0, 2.0, 0.0, 1.0009, 1 + 1e-6)),
)
def test_one_wrong_gradient_is_named_and_no_other(description, data, factor):
    network, name = wrong_in_one_gradient(description, data, factor)
    assert check_network(network).wrong == [name]


MISTAKES = {
    "the derivative of the activation is missing": lambda neuron, dE_dout, delta: (dE_dout, dE_dout),
    "the sign is flipped": lambda neuron, dE_dout, delta: (-dE_dout, delta),
    "the derivative is applied twice": lambda neuron, dE_dout, delta: (
        dE_dout * neuron.activation.derivative(neuron.net, neuron.out),
        delta,
    ),
}


@pytest.fixture(params=MISTAKES)
def mistaken_neuron(request, monkeypatch):
    """Every neuron's backward pass with a mistake in it."""
    right = Neuron.backpropagate

    def backpropagate(self, dE_dout, delta=None):
        right(self, *MISTAKES[request.param](self, dE_dout, delta))

    monkeypatch.setattr(Neuron, "backpropagate", backpropagate)


def test_a_mistake_in_the_neurons_is_wrong_and_exits_1(mistaken_neuron, capsys):
    assert main([]) == 1
    printed = capsys.readouterr().out
    first = printed.splitlines()[0]
    assert first.startswith("gradients: wrong")
    assert "w5" in first


def test_json_names_the_wrong_weights(mistaken_neuron, capsys):
    assert main(["check", "worked-example", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "wrong"
    assert {row["name"] for row in report["rows"] if row["verdict"] == "wrong"} >= {"w5", "w6"}


def test_json_has_the_keys_of_every_row(capsys):
    assert main(["check", "worked-example", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    row = next(row for row in report["rows"] if row["name"] == "w5")
    assert row.keys() >= {
        "name",
        "verdict",
        "objects",
        "numeric",
        "error_bar",
        "complex_step",
        "dual",
        "twin",
    }
    assert abs(row["objects"] - row["numeric"]) <= row["error_bar"]


def test_a_wrong_twin_is_seen(monkeypatch):
    right, w3 = gradcheck.Twin.gradient_vector, np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    monkeypatch.setattr(
        gradcheck.Twin, "gradient_vector", lambda *arguments: right(*arguments) * (1 + 1e-9 * w3)
    )
    assert check_network("worked-example").wrong == ["w3"]


def test_the_parameters_are_left_as_they_were():
    network = load("worked-example")
    before = network.to_dict()
    check_network(network)
    assert network.to_dict() == before


def test_a_kink_is_not_called_wrong():
    network = {
        "layer": [{"activation": "relu", "weights": [[0.0]]}],
        "sample": [{"inputs": [1.0], "targets": [1.0]}],
    }
    assert check_network(network).verdict == "right"


def wide(samples, seed=0):
    """A 10-20-3 network with many samples, too much for the objects to try every parameter."""
    draw = random.Random(seed)

    def row(count):
        return [draw.uniform(-0.5, 0.5) for _ in range(count)]

    return {
        "layer": [
            {"activation": "tanh", "weights": [row(10) for _ in range(20)], "bias": row(20)},
            {"activation": "softmax", "weights": [row(20) for _ in range(3)], "bias": row(3)},
        ],
        "loss": "categorical cross-entropy",
        "sample": [{"inputs": row(10), "targets": [1.0, 0.0, 0.0]} for _ in range(samples)],
    }


@pytest.mark.slow
def test_a_large_network_is_checked_on_a_stated_choice_and_whole_by_the_twin():
    report = check_network(wide(100), seed=3)
    assert report.verdict == "right"
    assert report.whole == "right"
    assert "8 samples of 100 five ways" in report.scope
    assert "drawn with seed 3" in report.scope
    assert len(report.rows) < 283


@pytest.mark.slow
def test_a_mistake_outside_the_choice_is_seen_by_the_twin():
    class Mistaken(NeuralNetwork):
        def gradients(self, samples=None):
            found = super().gradients(samples)
            return found | {"w7": found["w7"] * 1.001}

    network = Mistaken.from_dict(wide(100))
    seed = next(
        seed
        for seed in range(20)
        if "w7" not in [row.name for row in check_network(wide(100), seed=seed).rows]
    )
    report = check_network(network, seed=seed)
    assert report.wrong == []
    assert report.verdict == report.whole == "wrong"


def test_the_report_states_the_conventions():
    text = str(check_network("worked-example"))
    assert "with the half" in text
    assert "frozen" in text


@pytest.mark.parametrize(
    "arguments, place",
    [
        (["check", "nosuch"], "nosuch"),
        (["bogus"], "bogus"),
        (["check"], "WHAT"),
        (["check", "worked-example", "--seed", "x"], "--seed"),
    ],
)
def test_unusable_input_is_one_line_and_exit_2(arguments, place, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert place in error
    assert len(error.splitlines()) == 1


def test_without_numpy_there_is_one_clear_line_and_exit_2(tmp_path):
    (tmp_path / "numpy.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')\n"
    )
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    finished = subprocess.run(
        [sys.executable, "-m", "gradcheck"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
    )
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.splitlines() == [
        "gradcheck: NumPy is missing; install it with: python -m pip install numpy"
    ]


def test_nan_in_a_gradient_is_wrong():
    class Mistaken(NeuralNetwork):
        def gradients(self, samples=None):
            return super().gradients(samples) | {"w1": math.nan}

    assert check_network(Mistaken.from_dict("worked-example")).wrong == ["w1"]


WITHOUT_A_RATE = """
loss = "half squared error"
{more}
[[layer]]
activation = "identity"
weights = [[{weight}, 0.5]]
[[sample]]
inputs = [1.0, 2.0]
targets = [0.5]
"""


@pytest.mark.parametrize("command", ["twin", "stability"])
@pytest.mark.parametrize("more", ["", 'update = {rule = "adam"}'])
def test_a_training_without_a_learning_rate_says_what_to_write(command, more, tmp_path, capsys):
    path = tmp_path / "net.toml"
    path.write_text(WITHOUT_A_RATE.format(more=more, weight=0.5))
    assert main([command, str(path), "--updates", "2"]) == 2
    out, err = capsys.readouterr()
    needed = "a learning_rate in the network's description, such as learning_rate = 0.1,"
    assert (out, err) == ("", f"gradcheck: {command} needs {needed} first\n")


def test_an_infinite_error_at_the_start_is_refused_in_words_of_the_network(tmp_path, capsys):
    path = tmp_path / "net.toml"
    path.write_text(WITHOUT_A_RATE.format(more="", weight=1e200))
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.startswith("gradcheck: E_total is inf at these weights, so no gradient")
