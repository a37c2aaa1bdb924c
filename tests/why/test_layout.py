"""Gradients in the caller's structure: the network's arrays are found by their values, however they are
stored.
"""

from typing import NamedTuple

import numpy as np
import pytest
from backward import drawn
from hypothesis import given
from hypothesis import strategies as st
from profiles import by_day, examples

from gradcheck.errors import GradcheckError
from gradcheck.inputs.point import Point
from gradcheck.why.known_mistakes import gradients_by_name, known_mistakes, known_mistakes_at
from neuronnet import load

OBLONG, SQUARE = drawn(1, hidden="tanh", layers=2), drawn(0, hidden="logistic", square=True)


class Layer(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray


# Each takes the arrays W1, b1, W2, ... and puts them into another structure.
LAYOUTS = {
    "W1, b1, W2, ...": lambda p: p,
    "in reverse order": lambda p: dict(reversed(p.items())),
    "fc1.weight, fc1.bias": lambda p: {
        f"fc{name[1:]}.{'weight' if name[0] == 'W' else 'bias'}": p[name] for name in p
    },
    "weights (in, out)": lambda p: {name: value.T for name, value in p.items()},
    "weights (in, out), biases (1, n)": lambda p: {
        name: value.T if value.ndim == 2 else value[np.newaxis] for name, value in p.items()
    },
    "biases (n, 1)": lambda p: {
        name: value if value.ndim == 2 else value[:, np.newaxis] for name, value in p.items()
    },
    "[[W1, b1], [W2, b2]]": lambda p: [[p[f"W{k}"], p[f"b{k}"]] for k in numbers(p)],
    "[W1, W2, b1, b2]": lambda p: [p[f"{kind}{k}"] for kind in "Wb" for k in numbers(p)],
    "a named tuple per layer": lambda p: [Layer(p[f"W{k}"], p[f"b{k}"]) for k in numbers(p)],
    "rows as lists": lambda p: {name: value.tolist() for name, value in p.items()},
    "rows as lists, (in, out)": lambda p: {name: value.T.tolist() for name, value in p.items()},
    "one vector": lambda p: np.concatenate([value.ravel() for value in p.values()]),
    "one vector, (in, out)": lambda p: np.concatenate([value.T.ravel() for value in p.values()]),
    "one vector, weights first": lambda p: np.concatenate(
        [p[f"{kind}{k}"].ravel() for kind in "Wb" for k in numbers(p)]
    ),
    "other parameters around": lambda p: {"gamma": np.ones(3), **p, "beta": np.zeros(3)},
    "the last layer alone": lambda p: dict(list(p.items())[-2:]),
}


def numbers(p):
    return range(1, len(p) // 2 + 1)


def parameters(network):
    """W1, b1, W2, ... of a Backward."""
    return {
        f"{kind}{k}": value
        for k, pair in enumerate(zip(network.weights, network.biases), 1)
        for kind, value in zip("Wb", pair)
    }


def by_name(network, arrays):
    """Arrays W1, b1, W2, ... under the network's names."""
    names = load(network.description()).parameters
    flat = [arrays[f"{kind}{k}"] for kind in "Wb" for k in numbers(arrays)]
    weights, biases = ([p.name for p in names if p.name[0] == kind] for kind in "wb")
    return dict(zip(weights + biases, np.concatenate([value.ravel() for value in flat]).tolist()))


def found_in(network, structure, gradients):
    point = Point(structure)
    return gradients_by_name(network.description(), point, point.flatten_like(gradients))


def doubled(gradients):
    return {name: 2.0 * value for name, value in gradients.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("network", [OBLONG, SQUARE], ids=["oblong", "square"])
def test_gradients_are_found_in_every_layout(network, layout):
    lay = LAYOUTS[layout]
    found, why = found_in(network, lay(parameters(network)), lay(network.gradients()))
    right = by_name(network, network.gradients())
    assert why is None
    assert found == {name: right[name] for name in found}
    last = sum(each.size for each in LAYOUTS["the last layer alone"](network.gradients()).values())
    assert len(found) == (last if layout == "the last layer alone" else len(right))


@pytest.mark.slow
@pytest.mark.parametrize("layout", by_day(LAYOUTS, 4))
def test_a_mistake_is_named_in_every_layout_and_never_taken_for_a_transposed_gradient(layout):
    lay, samples = LAYOUTS[layout], (SQUARE.inputs, SQUARE.targets)
    assert (
        known_mistakes(SQUARE.description(), samples, lay(SQUARE.gradients()), lay(parameters(SQUARE))) == []
    )
    (found,) = known_mistakes(
        SQUARE.description(), samples, lay(doubled(SQUARE.gradients())), lay(parameters(SQUARE))
    )
    assert "backward pass run twice, gradients doubled" in (found.id, *found.same_as)


@examples(40)
@given(
    st.integers(0, 10**6),
    st.sampled_from([name for name in LAYOUTS if name != "the last layer alone"]),
    st.booleans(),
)
def test_gradients_of_drawn_networks_are_found_although_their_biases_may_all_be_0(seed, layout, all_zero):
    network, lay = drawn(seed), LAYOUTS[layout]
    if all_zero:
        network.biases = [0.0 * each for each in network.biases]
    assert found_in(network, lay(parameters(network)), lay(network.gradients())) == (
        by_name(network, network.gradients()),
        None,
    )


@pytest.mark.parametrize(
    "names",
    [
        ("W1", "b1", "W2", "b2"),
        ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"),
        ("hidden/kernel", "hidden/offset", "output/kernel", "output/offset"),
        ("A", "a", "B", "b"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 0, 1), (0, 2, 1, 3), (2, 0, 3, 1)])
def test_of_biases_with_the_same_values_each_goes_with_its_weights(names, order):
    network = drawn(0, hidden="tanh", square=True, layers=2)
    network.biases = [np.zeros(2), np.zeros(2)]
    arrays, gradients = list(parameters(network).values()), list(network.gradients().values())
    found, _ = found_in(
        network, {names[i]: arrays[i] for i in order}, {names[i]: gradients[i] for i in order}
    )
    assert found == by_name(network, network.gradients())


def test_names_decide_between_biases_with_the_same_values():
    network = drawn(0, hidden="tanh", square=True, layers=2)
    network.biases = [np.zeros(2), np.zeros(2)]
    for names in (
        ("fc1.weight", "fc2.weight", "fc2.bias", "fc1.bias"),
        ("W1", "W2", "b2", "b1"),
        ("kernel_below", "kernel_above", "offset_above", "offset_below"),
    ):
        own = dict(zip(names, ("W1", "W2", "b2", "b1")))
        found, _ = found_in(
            network,
            {name: parameters(network)[own[name]] for name in names},
            {name: network.gradients()[own[name]] for name in names},
        )
        assert found == by_name(network, network.gradients())


def test_a_symmetric_matrix_is_read_as_the_other_layers_are():
    network = drawn(0, hidden="tanh", square=True, layers=2)
    network.weights[0] = np.array([[0.3, -0.2], [-0.2, 0.7]])
    right = by_name(network, network.gradients())
    for layout in ("W1, b1, W2, ...", "weights (in, out)"):
        lay = LAYOUTS[layout]
        assert found_in(network, lay(parameters(network)), lay(network.gradients())) == (right, None)


def test_matrices_that_are_all_symmetric_are_read_as_out_in():
    network = drawn(0, hidden="tanh", square=True, layers=2)
    network.weights = [np.array([[0.3, -0.2], [-0.2, 0.7]]), np.array([[0.1, 0.5], [0.5, 0.9]])]
    found, _ = found_in(network, parameters(network), network.gradients())
    assert found == by_name(network, network.gradients())


def test_a_shared_bias_is_one_number_or_one_for_each_neuron():
    network = load("worked-example")
    gradients = network.gradients()
    weights = {"W1": np.array([[0.15, 0.20], [0.25, 0.30]]), "W2": np.array([[0.40, 0.45], [0.50, 0.55]])}
    slopes = {
        "W1": np.array([gradients[f"w{i}"] for i in range(1, 5)]).reshape(2, 2),
        "W2": np.array([gradients[f"w{i}"] for i in range(5, 9)]).reshape(2, 2),
    }
    shares = {"b1": np.array([0.25, 0.75]) * gradients["b1"], "b2": np.array([0.5, 0.5]) * gradients["b2"]}
    each = Point(weights | {"b1": np.full(2, 0.35), "b2": np.full(2, 0.60)})
    once = Point(weights | {"b1": 0.35, "b2": 0.60})
    for point, slope in ((each, shares), (once, {"b1": gradients["b1"], "b2": gradients["b2"]})):
        found, why = gradients_by_name(network, point, point.flatten_like(slopes | slope))
        assert why is None and found == pytest.approx(gradients, rel=1e-15)


def test_numbers_under_the_networks_own_names_may_come_in_any_order():
    network = load("worked-example")
    point = Point({p.name: p.value for p in reversed(network.parameters)})
    found, _ = gradients_by_name(network, point, point.flatten_like(network.gradients()))
    assert found == network.gradients()


@pytest.mark.parametrize(
    "change, words",
    [
        (
            lambda p: p | {"W1": p["W1"] + 1e-15},
            "the network's W1 should be among W1 of the parameters, which have other values",
        ),
        (
            lambda p: {"A": np.column_stack([p["W1"], p["b1"]]), "W2": p["W2"], "b2": p["b2"]},
            "W1, b1 should be among A of",
        ),
        (
            lambda p: {name: value.astype(np.float32) for name, value in p.items()},
            "W1, b1, W2, b2 should be among W1, b1, W2, b2",
        ),
    ],
)
def test_where_a_network_is_not_in_the_parameters_a_sentence_says_so(change, words):
    point = Point(change(parameters(OBLONG)))
    samples = (OBLONG.inputs, OBLONG.targets)
    found, why = gradients_by_name(OBLONG.description(), point, np.ones_like(point.vector))
    assert found is None and words in why
    assert known_mistakes_at(OBLONG.description(), samples, point, np.ones_like(point.vector)) == ([], why)
    with pytest.raises(GradcheckError, match="not tried"):
        known_mistakes(
            OBLONG.description(),
            samples,
            point.restore(np.ones_like(point.vector)),
            point.restore(point.vector),
        )


def test_a_gradient_that_is_nan_is_said_to_be_why_no_mistake_is_known():
    point = Point(parameters(OBLONG))
    wrong = np.ones_like(point.vector)
    wrong[1] = np.nan
    assert known_mistakes_at(OBLONG.description(), (OBLONG.inputs, OBLONG.targets), point, wrong) == (
        [],
        "the known mistakes were not tried: the gradient of W1[0,1] is nan",
    )


def test_more_samples_than_a_derivation_has_room_for_are_said_to_be_why():
    point, many = Point(parameters(OBLONG)), [(OBLONG.inputs[0], OBLONG.targets[0])] * 5000
    found, why = known_mistakes_at(OBLONG.description(), many, point, np.ones_like(point.vector))
    assert found == [] and "5000 samples" in why


@pytest.mark.slow
def test_known_mistakes_are_those_of_explain():
    point, wrong = Point(parameters(SQUARE)), doubled(SQUARE.gradients())
    found, why = known_mistakes_at(
        SQUARE.description(), (SQUARE.inputs, SQUARE.targets), point, point.flatten_like(wrong)
    )
    assert why is None and len(found) == 1
    assert found == known_mistakes(
        SQUARE.description(), (SQUARE.inputs, SQUARE.targets), wrong, parameters(SQUARE)
    )
