"""Explanations of gradients: a mistake of the catalogue is named in every way of giving them; right ones
need none.
"""

from dataclasses import replace

import numpy as np
import pytest
from backward import Backward, drawn, logistic
from profiles import by_day, is_thorough
from replays import Numbers, network_of

from gradcheck import check
from gradcheck.errors import GradcheckError, NotFinite, ShapeMismatch, StructureMismatch, UnknownName
from gradcheck.why.known_mistakes import known_mistakes
from neuronnet import Model, load
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError

WORKED = load("worked-example")
SAMPLES = [([0.3, -0.2], [0.1, 0.9]), ([0.05, 0.1], [0.01, 0.99]), ([-0.7, 0.4], [0.8, 0.3])]
DESCRIBED = read("worked-example").to_dict()
OWN_BIASES = DESCRIBED | {"layer": [layer | {"bias": [0.1, -0.3]} for layer in DESCRIBED["layer"]]}
OTHER_NAMES = DESCRIBED | {"names": {"w5": "v1", "E_total": "J"}}


def named(diagnoses):
    return {id for each in diagnoses for id in (each.id, *each.same_as)}


def matrices(gradients, biases=True):
    """The gradients of the worked example as W1, b1, W2, b2."""

    def each(*names):
        return np.array([gradients[name] for name in names])

    found = {
        "W1": each("w1", "w2", "w3", "w4").reshape(2, 2),
        "W2": each("w5", "w6", "w7", "w8").reshape(2, 2),
    }
    if biases:
        found = {"W1": found["W1"], "b1": gradients["b1"], "W2": found["W2"], "b2": gradients["b2"]}
    return found


def mistaken(id):
    values = Numbers("worked-example", id)
    names = {name: f"dE_total/d{name}" for name in WORKED.gradients()}
    return {name: float(values[own]) for name, own in names.items() if own in values}


def visible():
    """The mistakes that show in the gradients of the worked example."""
    right = WORKED.gradients()
    for id in network_of("worked-example").variations:
        if any(abs(value - right[name]) > 1e-7 * abs(right[name]) for name, value in mistaken(id).items()):
            yield id


@pytest.mark.slow
def test_the_mistakes_of_the_catalogue_that_show_are_named():
    asked = by_day(visible(), 9)
    found = {id: known_mistakes(WORKED, None, mistaken(id)) for id in asked}
    assert len(found) > 5
    assert [id for id, diagnoses in found.items() if id not in named(diagnoses[:1])] == []
    assert all(first.sentence and "digits reproduced" in first.odds for first, *_ in found.values())


@pytest.mark.parametrize("network", ["worked-example", WORKED, OWN_BIASES, OTHER_NAMES, "victor-zhou", "xor"])
def test_right_gradients_need_no_explanation(network):
    objects = network if hasattr(network, "total_error") else load(network)
    samples = objects.samples[:4]
    assert known_mistakes(network, samples, objects.gradients(samples)) == []


@pytest.mark.slow
def test_random_gradients_have_none():
    rng = np.random.default_rng(4)
    assert known_mistakes(WORKED, None, {name: float(rng.normal()) for name in WORKED.gradients()}) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    [
        lambda g: g,
        lambda g: {f"dE_total/d{name}": g[name] for name in g},
        lambda g: {f"∂E/∂{name}": g[name] for name in g},
        matrices,
        lambda g: {"W2": matrices(g)["W2"]},
        lambda g: matrices(g, biases=False),
        lambda g: list(matrices(g).values()),
        lambda g: tuple(matrices(g, biases=False).values()),
        lambda g: matrices(g) | {"W1": matrices(g)["W1"].tolist()},
        lambda g: matrices(g) | {"b1": [g["b1"]]},
        lambda g: {name: np.float64(value) for name, value in g.items()},
    ],
)
def test_gradients_come_in_many_ways(way):
    wrong = {name: 2.0 * value for name, value in WORKED.gradients().items()}
    assert "backward pass run twice, gradients doubled" in named(known_mistakes(WORKED, None, way(wrong)))


def test_a_network_that_renames_is_asked_by_its_own_names():
    right = load(OTHER_NAMES).gradients()
    for names in (right, {f"dJ/d{name}": value for name, value in right.items()}):
        found = known_mistakes(
            OTHER_NAMES, None, {name: -2.0 * value / -1.0 for name, value in names.items()}
        )
        assert found and "dJ/dv1" in found[0].explains


@pytest.mark.slow
@pytest.mark.parametrize(
    "factor, id",
    [
        (2.0, "backward pass run twice, gradients doubled"),
        (1.0 / 3.0, "samples averaged"),
        (-1.0, "target - out taken for out - target"),
    ],
)
def test_the_gradients_of_several_samples_are_explained_as_well(factor, id):
    wrong = {name: factor * value for name, value in load(OWN_BIASES).gradients(SAMPLES).items()}
    found = known_mistakes(OWN_BIASES, SAMPLES, wrong)
    assert any(id in each for each in named(found[:1]))
    assert set(found[0].explains) == {f"dE_total/d{name}" for name in wrong}


@pytest.mark.slow
def test_a_network_that_is_trained_in_another_way_is_explained_all_the_same():
    """The step of an update stands for the summed gradient, so the network's own rate, batch and rule must
    not matter.
    """
    for changes in (
        {"batch": "online"},
        {"learning_rate": 0.01},
        {"update": {"rule": "momentum", "momentum": 0.9}},
    ):
        description = OWN_BIASES | changes
        right = load(description).gradients(SAMPLES)
        assert known_mistakes(description, SAMPLES, right) == []
        assert (
            known_mistakes(description, SAMPLES, {name: 2.0 * value for name, value in right.items()}) != []
        )


@pytest.mark.parametrize(
    "gradients, error, words",
    [
        ({"W1": np.zeros((2, 3))}, ShapeMismatch, r"W1: expected shape \(2, 2\), found \(2, 3\)"),
        ({"W1": np.zeros(4)}, ShapeMismatch, "W1"),
        ({"W1": np.zeros((2, 2)), "b1": np.zeros(3)}, ShapeMismatch, "b1"),
        ({"W3": np.zeros((2, 2))}, UnknownName, "W3"),
        ({"w99": 1.0}, UnknownName, "w99"),
        ({"dE_o1/dw5": 1.0}, UnknownName, "dE_o1/dw5"),
        ({"out_h1": 1.0}, UnknownName, "out_h1"),
        (
            [[np.zeros((2, 2)), np.zeros(2)]] * 2,
            GradcheckError,
            "a list of such arrays in that order, or with `parameters`",
        ),
        ({"layer 1": {"W": np.zeros((2, 2))}}, GradcheckError, "a dict of W1, b1, W2, ... to arrays"),
        ([np.zeros((2, 2))], StructureMismatch, "4 arrays"),
        (1.0, GradcheckError, "found float; allowed are"),
        ({}, GradcheckError, "none"),
        ({"w5": "much"}, GradcheckError, "w5"),
        ({"W1": [[1.0, 2.0], [3.0]]}, GradcheckError, "W1"),
        ({"w5": float("nan")}, NotFinite, "w5"),
        ({"W2": [[1.0, float("inf")], [0.0, 0.0]]}, NotFinite, r"W2\[0,1\]"),
    ],
)
def test_unsuitable_gradients_are_refused(gradients, error, words):
    with pytest.raises(error, match=words):
        known_mistakes(WORKED, None, gradients)


def test_unsuitable_samples_are_refused():
    with pytest.raises(NeuronnetError):
        known_mistakes(WORKED, [([0.1], [0.2, 0.3])], WORKED.gradients())


def test_a_gradient_for_each_neuron_is_summed_for_a_shared_bias():
    network = load("worked-example")
    numbers = Numbers("worked-example", "output weights transposed in the backward pass")
    delta = {name: numbers[f"delta_{name}"] for name in ("h1", "h2", "o1", "o2")}
    weights = {
        f"W{layer}": np.array(
            [
                [numbers[f"dE_total/dw{4 * layer - 3 + 2 * row + column}"] for column in range(2)]
                for row in range(2)
            ]
        )
        for layer in (1, 2)
    }
    biases = {"b1": np.array([delta["h1"], delta["h2"]]), "b2": np.array([delta["o1"], delta["o2"]])}
    found = known_mistakes(network, network.samples, weights | biases)
    assert found[0].id == "output weights transposed in the backward pass"


# Mistakes planted in a backward pass of its own


def first(self, delta):
    return np.concatenate([delta[:1], 0.0 * delta[1:]])


def last(self, delta):
    return np.concatenate([0.0 * delta[:-1], delta[-1:]])


def of_part(part):
    """The steps of a pass whose gradients are those of a part of the samples."""
    return {
        "weight": lambda self, delta, k: Backward.weight(self, part(self, delta), k),
        "bias": lambda self, delta: Backward.bias(self, part(self, delta)),
    }


# id in the catalogue, as far as it is the same for all networks: the networks that it concerns, and the steps
# taken in another way
PLANTED = {
    "gradient of the first sample only": ({}, of_part(first)),
    "gradient of the last sample only": ({}, of_part(last)),
    "bias gradient averaged over the samples": (
        {},
        {"bias": lambda self, delta: self.combined(delta.mean(axis=0))},
    ),
    "softmax derivative on the diagonal only": (
        {"output": "softmax"},
        {"output": lambda self: -self.targets / self.outs[-1] * self.outs[-1] * (1.0 - self.outs[-1])},
    ),
    "derivative multiplied in although it cancels": (
        {},
        {"output": lambda self: (self.outs[-1] - self.targets) * self.outs[-1] * (1.0 - self.outs[-1])},
    ),
    "target - out taken for out - target": ({}, {"output": lambda self: self.targets - self.outs[-1]}),
    "relu's derivative left out": ({"hidden": "relu"}, {"slope": lambda self, k: 1.0}),
    "activation derivative missing at the hidden layer": (
        {"hidden": "logistic"},
        {"slope": lambda self, k: 1.0},
    ),
    "tanh's derivative for the logistic": (
        {"hidden": "logistic"},
        {"slope": lambda self, k: 1.0 - self.outs[k + 1] ** 2},
    ),
    "the logistic's derivative for tanh": (
        {"hidden": "tanh"},
        {"slope": lambda self, k: self.outs[k + 1] * (1.0 - self.outs[k + 1])},
    ),
    "relu's derivative for another activation": (
        {"hidden": "tanh"},
        {"slope": lambda self, k: 1.0 * (self.outs[k + 1] > 0.0)},
    ),
    "logistic applied twice in its derivative: hidden": (
        {"hidden": "logistic"},
        {"slope": lambda self, k: logistic(self.outs[k + 1]) * (1.0 - logistic(self.outs[k + 1]))},
    ),
    "updated output weights used backwards": (
        {},
        {"back": lambda self, delta, k, gradient: delta @ (self.weights[k] - self.rate * gradient)},
    ),
    "deltas summed without their weights": (
        {},
        {"back": lambda self, delta, k, gradient: delta.sum(axis=1, keepdims=True) + 0.0 * self.outs[k]},
    ),
    "only o1's path into h1 (no sum over outputs)": (
        {},
        {"back": lambda self, delta, k, gradient: delta[:, :1] * self.weights[k][0]},
    ),
    "output weights transposed in the backward pass": (
        {"square": True},
        {"back": lambda self, delta, k, gradient: delta @ self.weights[k].T},
    ),
    "input not multiplied into the gradient": (
        {},
        {"weight": lambda self, delta, k: Backward.bias(self, delta)[:, np.newaxis] + 0.0 * self.weights[k]},
    ),
    "net in place of out in the gradient": (
        {},
        {"weight": lambda self, delta, k: self.combined(delta.T @ (self.nets[k - 1] if k else self.inputs))},
    ),
    "gradient matrix transposed": (
        {"square": True},
        {"weight": lambda self, delta, k: Backward.weight(self, delta, k).T},
    ),
}
NETWORKS = 42 if is_thorough() else 1


def planted(seed, concerned, mistake):
    """(the network, its gradients with the mistake); the next network where the mistake is not to be seen in
    it.
    """
    for draw in range(20):
        network = drawn((seed, draw), **concerned)
        right, wrong = network.gradients(), replace(network, mistake=mistake).gradients()
        if any(np.max(np.abs(right[name] - wrong[name])) > 1e-3 for name in right):
            return network, wrong
    raise AssertionError("the planted mistake is not visible")


@pytest.mark.slow
def test_mistakes_planted_in_another_backward_pass_are_named_in_95_of_100_networks():
    missed = []
    for first, (id, (concerned, mistake)) in by_day(enumerate(PLANTED.items()), 7):
        for seed in range(first, first + NETWORKS):
            network, wrong = planted(seed, concerned, mistake)
            found = known_mistakes(network.description(), (network.inputs, network.targets), wrong)
            if not any(name.startswith(id) for name in named(found[:1])):
                missed.append((id, seed, [each.id for each in found]))
    assert len(missed) <= 0.05 * NETWORKS * len(PLANTED), missed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_that_backward_pass_without_a_mistake_needs_no_explanation(seed):
    network = drawn(seed, l2=0.1)
    assert known_mistakes(network.description(), (network.inputs, network.targets), network.gradients()) == []


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_weights_updated_too_early_are_found_at_any_learning_rate(rate):
    network, wrong = planted(3, {"rate": rate}, PLANTED["updated output weights used backwards"][1])
    (found,) = known_mistakes(network.description(), (network.inputs, network.targets), wrong)
    assert found.id == "updated output weights used backwards" and found.contradicts == ()


@pytest.mark.slow
def test_a_gradient_that_is_0_but_for_rounding_is_explained():
    """The deltas of a softmax sum to 0, and in floats to 1e-17 or so, which is neither 0 nor the replay's
    own 1e-17.
    """
    concerned = {"hidden": "logistic", "output": "softmax", "square": True, "layers": 2}
    network, wrong = planted(1, concerned, PLANTED["deltas summed without their weights"][1])
    assert 0.0 < np.max(np.abs(wrong["W1"])) < 1e-15 and np.max(np.abs(wrong["b1"])) < 1e-15
    for tiny in (1.0, 0.0, -0.5):
        hidden = {name: tiny * wrong[name] for name in ("W1", "b1")}
        (found,) = known_mistakes(network.description(), (network.inputs, network.targets), wrong | hidden)
        assert (
            found.id == "deltas summed without their weights"
            and len(found.explains) == 6
            and found.contradicts == ()
        )


@pytest.mark.slow
def test_a_gradient_that_is_small_but_not_by_rounding_is_not_taken_for_0():
    concerned = {"hidden": "logistic", "output": "softmax", "square": True, "layers": 2}
    network, wrong = planted(6, concerned, PLANTED["deltas summed without their weights"][1])
    wrong |= {"W1": wrong["W1"] + 1e-12, "b1": wrong["b1"] + 1e-12}
    assert known_mistakes(network.description(), (network.inputs, network.targets), wrong) == []


def test_a_0_claims_the_digits_of_what_it_should_be():
    """The only gradient is about 1e-10, far below the ninth decimal; with o1's path alone, whose weight is
    0, it is 0.
    """
    network = {
        "layer": [
            {"activation": "logistic", "weights": [[0.4]]},
            {"activation": "logistic", "weights": [[0.0], [0.7]]},
        ],
        "sample": [{"inputs": [1e-9], "targets": [0.2, 0.7]}],
        "learning_rate": 0.5,
    }
    assert 0.0 < abs(load(network).gradients()["w1"]) < 1e-9
    assert "only o1's path into h1 (no sum over outputs)" in named(known_mistakes(network, None, {"w1": 0.0}))


@pytest.mark.slow
@pytest.mark.parametrize("combine", ["sum", "mean"])
def test_bias_gradients_averaged_once_too_often_are_that_and_not_a_factor_that_contradicts_the_weights(
    combine,
):
    network, wrong = planted(5, {"combine": combine}, PLANTED["bias gradient averaged over the samples"][1])
    found = known_mistakes(network.description(), (network.inputs, network.targets), wrong)
    assert found[0].id == "bias gradient averaged over the samples" and found[0].contradicts == ()


@pytest.mark.slow
def test_no_mistake_is_named_that_contradicts_more_numbers_than_it_explains():
    """One number of many is half of what it should be: "an extra half" explains it and contradicts all
    others.
    """
    right = WORKED.gradients()
    assert [each.id for each in known_mistakes(WORKED, None, {"w5": 0.5 * right["w5"]})] == ["an extra half"]
    assert known_mistakes(WORKED, None, right | {"w5": 0.5 * right["w5"]}) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "id, steps",
    [
        (
            "gradient matrix transposed, its L2 term as well",
            {"weight": lambda self, delta, k: Backward.weight(self, delta, k).T},
        ),
        (
            "gradient matrix transposed",
            {
                "weight": lambda self, delta, k: (
                    self.combined(delta.T @ self.outs[k]).T + self.l2 * self.weights[k]
                )
            },
        ),
    ],
)
@pytest.mark.parametrize("layers", [2, 3])
def test_a_transposed_gradient_is_told_with_and_without_its_l2_term(id, steps, layers):
    network, wrong = planted(2, {"square": True, "l2": 0.1, "layers": layers}, steps)
    found = known_mistakes(network.description(), (network.inputs, network.targets), wrong)
    assert [each.id for each in found] == [id]


@pytest.mark.slow
def test_a_raw_output_error_sent_back_at_the_output_alone_is_told_from_one_in_every_layer():
    layer = {"activation": "tanh", "weights": [[0.3, -0.2], [0.7, 0.1]], "bias": [0.1, -0.2]}
    network = read(
        {
            "layer": [layer, layer, layer],
            "sample": [{"inputs": [0.5, -0.9], "targets": [0.2, 0.7]}],
            "learning_rate": 0.5,
        }
    )
    outs = [np.array([0.5, -0.9])]
    for _ in range(3):
        outs.append(np.tanh(np.array(layer["weights"]) @ outs[-1] + layer["bias"]))
    error = outs[-1] - [0.2, 0.7]
    deltas = [error * (1.0 - outs[3] ** 2)]
    back = [error, None]  # right would be the delta
    for k in (2, 1):
        deltas.append((back[0] if k == 2 else deltas[-1]) @ np.array(layer["weights"]) * (1.0 - outs[k] ** 2))
    wrong = {f"W{k + 1}": np.outer(delta, outs[k]) for k, delta in zip((2, 1, 0), deltas)}
    wrong |= {f"b{k + 1}": delta for k, delta in zip((2, 1, 0), deltas)}
    (found,) = known_mistakes(network, None, wrong)
    assert (
        found.id == "hidden delta from the raw output error, at the output only" and found.contradicts == ()
    )


# A model described by formulas of its own

TWO_LAYERS = Model.from_text(
    "x = [0.5, -1.0]\nt = 0.3\nW1 = [[0.1, -0.2], [0.3, 0.4]]\nW2 = [0.7, -0.8]\n"
    "z1 = W1 x\na1 = tanh(z1)\ny = W2 · a1\nL = 1/2 (y - t)^2\n"
)
ARRAYS = {name: np.array(TWO_LAYERS[name]) for name in ("W1", "W2")}
X = np.array([0.5, -1.0])


def gradients_of_two_layers(slope=lambda a: 1 - a**2, turned=False):
    """The gradients in NumPy, with a slope of tanh, and that of W1 transposed or not."""
    a = np.tanh(ARRAYS["W1"] @ X)
    d = ARRAYS["W2"] @ a - 0.3
    dW1 = np.outer(ARRAYS["W2"] * d * slope(a), X)
    return {"W1": dW1.T if turned else dW1, "W2": d * a}


OF_TWO_LAYERS = [
    ({"slope": lambda a: 1 - a}, ["only 1 - out of the derivative: a1"]),
    ({"slope": lambda a: 1.0}, ["activation derivative missing at a1"]),
    ({"turned": True}, ["gradient of W1 transposed"]),
    ({}, []),
]


@pytest.mark.parametrize("changes, ids", OF_TWO_LAYERS, ids=lambda value: str(value)[:20].split(" at ")[0])
def test_the_mistake_in_gradients_of_a_described_model_is_named(changes, ids):
    wrong = gradients_of_two_layers(**changes)
    assert [each.id for each in known_mistakes(TWO_LAYERS, None, wrong)] == ids
    by_derivative = {f"dL/d{name}": value for name, value in wrong.items()}
    assert [each.id for each in known_mistakes(TWO_LAYERS, None, by_derivative)] == ids
    renamed = {name.lower(): value for name, value in wrong.items()}
    parameters = {name.lower(): value for name, value in ARRAYS.items()}
    assert [each.id for each in known_mistakes(TWO_LAYERS, None, renamed, parameters)] == ids


def test_a_check_with_a_described_model_names_the_mistake():
    def loss(parameters):
        return 0.5 * (parameters["W2"] @ np.tanh(parameters["W1"] @ X) - 0.3) ** 2

    wrong = gradients_of_two_layers(slope=lambda a: 1 - a)
    report = check(loss, lambda parameters: wrong, ARRAYS, network=TWO_LAYERS)
    assert [each.id for each in report.known_mistakes] == ["only 1 - out of the derivative: a1"]


def test_gradients_that_fit_no_described_model_are_refused():
    with pytest.raises(GradcheckError, match="a dict of its own names"):
        known_mistakes(TWO_LAYERS, None, [1.0])
    with pytest.raises(GradcheckError, match="no block has the values of"):
        known_mistakes(TWO_LAYERS, None, {"W": np.ones(3)}, {"W": np.ones(3)})
