"""Twin: the worked example's figures, derivatives two independent ways, and every convention."""

import numpy as np
import pytest
from hypothesis import given
from profiles import examples
from twins import EPS, WORKED_EXAMPLE, complex_step_gradient, networks, rounding_of_gradient, worked_example

from gradcheck.errors import GradcheckError, ShapeMismatch, UnknownName
from gradcheck.numeric.derivatives import gradient
from gradcheck.twin import Twin
from gradcheck.verdict import judge


def equal_to_rounding(value, exact, operations=50):
    """The worked example takes some fifty operations from the inputs to any of its figures."""
    return abs(value - float(exact)) <= operations * EPS * abs(float(exact))


# The worked example (values of a 50-digit computation)


def test_outputs_and_error_of_the_worked_example():
    twin = Twin(worked_example())
    out = twin.forward([[0.05, 0.10]])
    assert out.shape == (1, 2)
    assert equal_to_rounding(out[0, 0], "0.751365069552315707956911533485")
    assert equal_to_rounding(out[0, 1], "0.772928465321462588524437526648")
    assert equal_to_rounding(twin.loss(), "0.298371108760002688607381947666")


def test_gradients_of_the_worked_example():
    hidden, output = Twin(worked_example()).gradients()
    figures = [
        (
            hidden["weights"],
            [
                "0.000438567734474346727048375599047",
                "0.000877135468948693454096751198094",
                "0.000497712735260860071559177005317",
                "0.000995425470521720143118354010633",
            ],
        ),
        (
            output["weights"],
            [
                "0.0821670405642307788464190335541",
                "0.0826676278475332553201711827420",
                "-0.0226025404774750598484962606970",
                "-0.0227402422159782107528874770124",
            ],
        ),
        (np.array(hidden["bias"]), ["0.0187256093947041359721510520873"]),
        (np.array(output["bias"]), ["0.100400325112000749450723728038"]),
    ]
    for found, expected in figures:
        for value, exact in zip(found.ravel(), expected, strict=True):
            assert equal_to_rounding(value, exact)


def test_a_shared_bias_has_the_sum_of_the_deltas():
    own = worked_example()
    own["layer"][0]["bias"], own["layer"][1]["bias"] = [0.35, 0.35], [0.60, 0.60]
    deltas = [layer["bias"] for layer in Twin(own).gradients()]
    assert equal_to_rounding(deltas[1][0], "0.138498561628556962459824540321")
    assert equal_to_rounding(deltas[1][1], "-0.0380982365165562165317303040579")
    shared = [layer["bias"] for layer in Twin(worked_example()).gradients()]
    assert all(isinstance(bias, float) for bias in shared)
    assert shared == [delta.sum() for delta in deltas]


def test_one_update_of_the_worked_example():
    twin = Twin(worked_example())
    history = twin.train(1)
    weights = np.concatenate([layer["weights"].ravel() for layer in twin.parameters])
    expected = [
        "0.149780716132762826636475812200",
        "0.199561432265525653272951624401",
        "0.249751143632369569964220411497",
        "0.299502287264739139928440822995",
        "0.358916479717884610576790483223",
        "0.408666186076233372339914408629",
        "0.511301270238737529924248130349",
        "0.561370121107989105376443736506",
    ]
    assert all(equal_to_rounding(value, exact) for value, exact in zip(weights, expected, strict=True))
    assert [layer["bias"] for layer in twin.parameters] == [0.35, 0.60]
    assert [record["update"] for record in history] == [0, 1]
    assert equal_to_rounding(history[1]["E_total"], "0.291027773693599350871854681391")
    assert history[1]["accuracy"] is None


@pytest.mark.parametrize(
    "change, E_total",
    [
        ({"bias": "own", "train_bias": True}, "0.280471447"),
        ({"bias": "shared", "train_bias": True}, "0.285750887"),
        ({"bias": "none"}, "0.235495378"),
    ],
)
def test_conventions_of_the_bias_after_one_update(change, E_total):
    network = worked_example()
    for layer in network["layer"]:
        layer["bias"] = {"own": [layer["bias"]] * 2, "shared": layer["bias"], "none": None}[change["bias"]]
        layer["train_bias"] = change.get("train_bias", False)
    assert f"{Twin(network).train(1)[-1]['E_total']:.9f}" == E_total


def test_long_training_of_the_worked_example():
    """The printed digits; ten thousand updates amplify rounding by far less than the digits that are left."""
    twin = Twin(worked_example())
    history = twin.train(10000, every=9999)
    assert [record["update"] for record in history] == [0, 9999, 10000]
    assert f"{history[1]['E_total']:.8e}" == "3.51085481e-05"
    assert f"{history[2]['E_total']:.8e}" == "3.51018778e-05"
    assert [f"{value:.9f}" for value in twin.forward([0.05, 0.10])[0]] == ["0.015913620", "0.984064274"]


# Any network: three independent ways to every derivative


@examples(150)
@given(networks())
def test_gradients_agree_with_the_complex_step(network):
    twin = Twin(network)
    difference = np.abs(twin.gradient_vector() - complex_step_gradient(twin))
    assert difference.max() <= rounding_of_gradient(twin)


@pytest.mark.slow
@examples(40)
@given(networks())
def test_gradients_agree_with_finite_differences_within_their_bars(network):
    twin = Twin(network)
    numeric = gradient(twin.loss_at, twin.vector)
    for i, analytic in enumerate(twin.gradient_vector()):
        assert judge(analytic, numeric.estimates[i]) != "wrong", (i, analytic, numeric.estimates[i])


def test_planted_mistakes_in_the_gradient_are_seen():
    twin = Twin(worked_example())
    numeric = gradient(twin.loss_at, twin.vector)
    for i, analytic in enumerate(twin.gradient_vector()):
        for wrong in (-analytic, 1.0009 * analytic, 0.0):
            assert wrong != analytic
            assert judge(wrong, numeric.estimates[i]) == "wrong"


def test_scales_of_the_error():
    """Two outputs, three samples: sums of halves, and means over both."""
    network = {
        "loss": "half squared error",
        "layer": [{"activation": "identity", "weights": [[1.0], [2.0]], "bias": None}],
        "sample": [{"inputs": [float(i)], "targets": [0.0, 0.0]} for i in (1, 2, 3)],
    }
    total = 0.5 * (1 + 4) * (1 + 4 + 9)
    assert Twin(network).loss() == total
    assert Twin({**network, "outputs": "mean"}).loss() == total / 2
    assert Twin({**network, "samples_combine": "mean"}).loss() == pytest.approx(total / 3, rel=4 * EPS)
    assert Twin({**network, "l2": 0.1}).loss() == pytest.approx(total + 0.05 * 5, rel=4 * EPS)
    assert Twin({**network, "l2": 0.1, "l2_scale": "per sample"}).loss() == pytest.approx(
        total + 0.05 * 5 / 3, rel=4 * EPS
    )


@pytest.mark.parametrize(
    "activation, loss",
    [
        ("logistic", "binary cross-entropy"),
        ("softmax", "categorical cross-entropy"),
        ("tanh", "squared error"),
        ("logistic", "half squared error"),
        ("softmax", "squared error"),
        ("relu", "half squared error"),
    ],
)
def test_saturated_networks_stay_finite(activation, loss):
    network = {
        "loss": loss,
        "layer": [{"activation": activation, "weights": [[1000.0], [-1000.0]], "bias": None}],
        "sample": [{"inputs": [1.0], "targets": [0.0, 1.0]}, {"inputs": [-1.0], "targets": [0.0, 1.0]}],
    }
    twin = Twin(network)
    assert np.isfinite(twin.loss())
    found = twin.gradient_vector()
    assert np.all(np.isfinite(found))
    assert np.abs(found - complex_step_gradient(twin)).max() <= rounding_of_gradient(twin)


def test_output_as_loss_needs_no_targets():
    network = {
        "loss": "output",
        "layer": [{"activation": "tanh", "weights": [[0.5, -0.2]], "bias": 0.1}],
        "sample": [{"inputs": [1.0, 2.0], "targets": []}],
    }
    twin = Twin(network)
    assert twin.loss() == twin.forward([1.0, 2.0])[0, 0]
    assert np.abs(twin.gradient_vector() - complex_step_gradient(twin)).max() <= rounding_of_gradient(twin)
    assert twin.train(1, learning_rate=0.1)[-1]["accuracy"] is None


# Accuracy


@pytest.mark.parametrize(
    "out_weight, targets, accuracy",
    [(5.0, [[1.0], [0.0]], 1.0), (-5.0, [[1.0], [0.0]], 0.0), (5.0, [[0.9], [0.1]], None)],
)
def test_accuracy_of_one_output(out_weight, targets, accuracy):
    network = {
        "loss": "binary cross-entropy",
        "layer": [{"activation": "logistic", "weights": [[out_weight]], "bias": None}],
        "sample": [{"inputs": [1.0], "targets": targets[0]}, {"inputs": [-1.0], "targets": targets[1]}],
    }
    assert Twin(network).accuracy() == accuracy


# Structure


def test_parameters_gradients_and_vector_have_one_order():
    network = worked_example()
    network["layer"][1]["bias"] = [0.1, 0.2]
    twin = Twin(network)
    assert twin.vector.tolist() == [0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.1, 0.2]
    parameters = twin.parameters
    assert parameters[0]["bias"] == 0.35
    assert parameters[1]["bias"].tolist() == [0.1, 0.2]
    parameters[0]["weights"][:] = 99.0
    assert twin.vector[0] == 0.15


def test_to_dict_gives_the_network_with_its_current_weights():
    twin = Twin(worked_example())
    assert twin.to_dict() == WORKED_EXAMPLE
    twin.train(3)
    again = Twin(twin.to_dict())
    assert again.loss() == twin.loss()
    assert again.to_dict() == twin.to_dict() != WORKED_EXAMPLE


def test_the_callers_dict_is_not_changed():
    network = worked_example()
    twin = Twin(network)
    twin.train(3)
    twin.to_dict()["layer"][0]["weights"][0][0] = 99.0
    assert network == WORKED_EXAMPLE


def test_numbers_may_be_subclasses_of_float():
    class Literal(float):
        text = "0.15"

    network = worked_example()
    network["layer"][0]["weights"][0][0] = Literal(0.15)
    assert Twin(network).loss() == Twin(worked_example()).loss()


@pytest.mark.parametrize(
    "key, value, refusal",
    [
        ("loss", "hinge", UnknownName),
        ("outputs", "max", UnknownName),
        ("samples_combine", "all", UnknownName),
        ("l2_scale", "twice", UnknownName),
    ],
)
def test_unknown_conventions_are_refused(key, value, refusal):
    with pytest.raises(refusal, match=f"{key}.*{value}.*allowed"):
        Twin(worked_example(**{key: value}))


def test_shapes_that_do_not_fit_are_refused():
    twin = Twin(worked_example())
    for call in (
        lambda: twin.forward([[1.0, 2.0, 3.0]]),
        lambda: twin.loss([[1.0, 2.0]], [[1.0]]),
        lambda: twin.loss([[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]),
        lambda: twin.loss_at(np.zeros(3)),
    ):
        with pytest.raises(ShapeMismatch):
            call()
    for layer, key, value in ((1, "weights", [[1.0, 2.0, 3.0]]), (1, "bias", [0.1])):
        network = worked_example()
        network["layer"][layer][key] = value
        with pytest.raises(ShapeMismatch, match="layer 2"):
            Twin(network)


def test_training_without_rate_or_samples_is_refused():
    with pytest.raises(GradcheckError, match="learning_rate"):
        Twin(worked_example(learning_rate=None)).train(1)
    with pytest.raises(GradcheckError, match="sample"):
        Twin(worked_example(sample=[])).train(1)
    with pytest.raises(GradcheckError, match="updates"):
        Twin(worked_example()).train(-1)


def test_a_network_without_samples_takes_those_it_is_given():
    twin = Twin(worked_example(sample=[]))
    assert twin.loss([[0.05, 0.10]], [[0.01, 0.99]]) == Twin(worked_example()).loss()
