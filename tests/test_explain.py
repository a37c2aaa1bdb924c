"""Explanations of gradients: a mistake of the catalogue is named in every way of giving them; right ones need none."""

import numpy as np
import pytest

from gradcheck.errors import GradcheckError, NotFinite, ShapeMismatch, StructureMismatch, UnknownName
from gradcheck.explanation import explain
from neuronnet import load
from neuronnet.derivation.mistakes import CATALOGUE, NotHere, replay
from neuronnet.errors import NeuronnetError
from neuronnet.spec import read

WORKED = load("worked-example")
SAMPLES = [([0.3, -0.2], [0.1, 0.9]), ([0.05, 0.1], [0.01, 0.99]), ([-0.7, 0.4], [0.8, 0.3])]
OWN_BIASES = read("worked-example") | {"layer": [layer | {"bias": [0.1, -0.3]} for layer in read("worked-example")["layer"]]}
OTHER_NAMES = read("worked-example") | {"names": {"w5": "v1", "E_total": "J"}}


def named(diagnoses):
    return {id for each in diagnoses for id in (each.id, *each.same_as)}


def matrices(gradients, biases=True):
    """The gradients of the worked example as W1, b1, W2, b2."""
    def each(*names):
        return np.array([gradients[name] for name in names])

    found = {"W1": each("w1", "w2", "w3", "w4").reshape(2, 2), "W2": each("w5", "w6", "w7", "w8").reshape(2, 2)}
    if biases:
        found = {"W1": found["W1"], "b1": gradients["b1"], "W2": found["W2"], "b2": gradients["b2"]}
    return found


def mistaken(id):
    values = replay(read("worked-example"), (CATALOGUE[id],))
    return {name: float(values[f"dE_total/d{name}"]) for name in WORKED.gradients() if f"dE_total/d{name}" in values}


def visible():
    """The mistakes of the catalogue that show in the gradients of the worked example."""
    right = WORKED.gradients()
    for id in CATALOGUE:
        try:
            wrong = mistaken(id)
        except NotHere:
            continue
        if any(abs(value - right[name]) > 1e-7 * abs(right[name]) for name, value in wrong.items()):
            yield id


VISIBLE = list(visible())


def test_most_of_the_catalogue_shows_in_gradients():
    assert len(VISIBLE) > 50


@pytest.mark.parametrize("id", VISIBLE)
def test_a_mistake_of_the_catalogue_is_named(id):
    found = explain(WORKED, None, mistaken(id))
    assert id in named(found[:1])
    assert found[0].sentence and "digits reproduced" in found[0].odds


@pytest.mark.parametrize("network", ["worked-example", WORKED, OWN_BIASES, OTHER_NAMES, "victor-zhou", "xor"])
def test_right_gradients_need_no_explanation(network):
    objects = network if hasattr(network, "total_error") else load(network)
    samples = objects.samples[:4]
    assert explain(network, samples, objects.gradients(samples)) == []


def test_random_gradients_have_none():
    rng = np.random.default_rng(4)
    assert explain(WORKED, None, {name: float(rng.normal()) for name in WORKED.gradients()}) == []


@pytest.mark.parametrize("way", [
    lambda g: g, lambda g: {f"dE_total/d{name}": g[name] for name in g}, lambda g: {f"∂E/∂{name}": g[name] for name in g},
    matrices, lambda g: {"W2": matrices(g)["W2"]}, lambda g: matrices(g, biases=False), lambda g: list(matrices(g).values()),
    lambda g: tuple(matrices(g, biases=False).values()), lambda g: matrices(g) | {"W1": matrices(g)["W1"].tolist()},
    lambda g: matrices(g) | {"b1": [g["b1"]]}, lambda g: {name: np.float64(value) for name, value in g.items()},
])
def test_gradients_come_in_many_ways(way):
    wrong = {name: 2.0 * value for name, value in WORKED.gradients().items()}
    assert "backward pass run twice, gradients doubled" in named(explain(WORKED, None, way(wrong)))


def test_a_network_that_renames_is_asked_by_its_own_names():
    right = load(OTHER_NAMES).gradients()
    for names in (right, {f"dJ/d{name}": value for name, value in right.items()}):
        found = explain(OTHER_NAMES, None, {name: -2.0 * value / -1.0 for name, value in names.items()})
        assert found and "dJ/dv1" in found[0].explains


@pytest.mark.parametrize("factor, id", [(2.0, "backward pass run twice, gradients doubled"), (1.0 / 3.0, "samples averaged"),
                                        (-1.0, "target - out taken for out - target")])
def test_the_gradients_of_several_samples_are_explained_as_well(factor, id):
    wrong = {name: factor * value for name, value in load(OWN_BIASES).gradients(SAMPLES).items()}
    found = explain(OWN_BIASES, SAMPLES, wrong)
    assert any(id in each for each in named(found[:1]))
    assert set(found[0].explains) == {f"dE_total/d{name}" for name in wrong}


def test_a_network_that_is_trained_in_another_way_is_explained_all_the_same():
    """The step of an update stands for the summed gradient, so the network's own rate, batch and rule must not matter."""
    for changes in ({"batch": "online"}, {"learning_rate": 0.01}, {"update": {"rule": "momentum", "momentum": 0.9}}):
        description = OWN_BIASES | changes
        right = load(description).gradients(SAMPLES)
        assert explain(description, SAMPLES, right) == []
        assert explain(description, SAMPLES, {name: 2.0 * value for name, value in right.items()}) != []


@pytest.mark.parametrize("gradients, error, words", [
    ({"W1": np.zeros((2, 3))}, ShapeMismatch, r"W1: expected shape \(2, 2\), found \(2, 3\)"),
    ({"W1": np.zeros(4)}, ShapeMismatch, "W1"),
    ({"W1": np.zeros((2, 2)), "b1": np.zeros(3)}, ShapeMismatch, "b1"), ({"W3": np.zeros((2, 2))}, UnknownName, "W3"),
    ({"w99": 1.0}, UnknownName, "w99"), ({"dE_o1/dw5": 1.0}, UnknownName, "dE_o1/dw5"),
    ({"out_h1": 1.0}, UnknownName, "out_h1"),
    ([np.zeros((2, 2))], StructureMismatch, "4 arrays"), (1.0, StructureMismatch, "float"), ({}, GradcheckError, "none"),
    ({"w5": "much"}, GradcheckError, "w5"), ({"W1": [[1.0, 2.0], [3.0]]}, GradcheckError, "W1"),
    ({"w5": float("nan")}, NotFinite, "w5"), ({"W2": [[1.0, float("inf")], [0.0, 0.0]]}, NotFinite, r"W2\[0,1\]"),
])
def test_unsuitable_gradients_are_refused(gradients, error, words):
    with pytest.raises(error, match=words):
        explain(WORKED, None, gradients)


def test_unsuitable_samples_are_refused():
    with pytest.raises(NeuronnetError):
        explain(WORKED, [([0.1], [0.2, 0.3])], WORKED.gradients())


def test_a_gradient_for_each_neuron_is_summed_for_a_shared_bias():
    network = load("worked-example")
    numbers = replay(read("worked-example"), (CATALOGUE["output weights transposed in the backward pass"],))
    delta = {name: numbers[f"delta_{name}"] for name in ("h1", "h2", "o1", "o2")}
    weights = {f"W{layer}": np.array([[numbers[f"dE_total/dw{4 * layer - 3 + 2 * row + column}"] for column in range(2)]
                                      for row in range(2)]) for layer in (1, 2)}
    biases = {"b1": np.array([delta["h1"], delta["h2"]]), "b2": np.array([delta["o1"], delta["o2"]])}
    found = explain(network, network.samples, weights | biases)
    assert found[0].id == "output weights transposed in the backward pass"
