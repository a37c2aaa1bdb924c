"""Activations and losses: derivatives against the complex step, extremes against the exact limits, short
cuts guarded.
"""

import numpy as np
import pytest

from gradcheck.errors import GradcheckError, UnknownName
from gradcheck.twin.layers import ACTIVATIONS, softmax_delta
from gradcheck.twin.losses import BINARY, CATEGORICAL, LOSSES, errors, long_way, output_delta, short_cut

EPS = np.finfo(float).eps
H = 1e-100
NET = np.array([[0.3, -1.2, 2.0], [-0.7, 0.1, -3.0], [5.0, 4.0, -6.0]])
ONE_HOT = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SOFT = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])
NOT_NORMALISED = np.array([[0.2, 0.9, 0.3], [1.0, 1.0, 0.0], [0.0, 0.0, 0.8]])
PAIRS = [
    (activation, loss)
    for activation in ACTIVATIONS
    for loss in LOSSES
    if "cross-entropy" not in loss or activation in ("logistic", "softmax")
]
ROUNDINGS = (
    40 * EPS
)  # at most about twenty operations on the way to a delta, each with one rounding, both ways


def true_delta(activation, loss, net, target):
    """dE/dnet by the complex step through value and error, entry by entry."""
    result = np.empty(net.shape)
    for index in np.ndindex(net.shape):
        moved = net.astype(complex)
        moved[index] += 1j * H
        out = ACTIVATIONS[activation].value(moved)
        result[index] = np.sum(LOSSES[loss].error(out, target)).imag / H
    return result


@pytest.mark.parametrize(
    "name, value",
    [
        ("logistic", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", lambda z: np.sinh(z) / np.cosh(z)),
        ("relu", lambda z: np.where(z > 0, z, 0.0)),
        ("identity", lambda z: z),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)),
    ],
)
def test_values_by_the_textbook_formula(name, value):
    np.testing.assert_allclose(ACTIVATIONS[name].value(NET), value(NET), rtol=ROUNDINGS, atol=0.0)


@pytest.mark.parametrize("activation, loss", PAIRS)
@pytest.mark.parametrize("target", [ONE_HOT, SOFT, NOT_NORMALISED])
def test_delta_is_the_derivative_of_the_error(activation, loss, target):
    out = ACTIVATIONS[activation].value(NET)
    slopes = LOSSES[loss].slope(out, target)
    tolerance = ROUNDINGS * max(1.0, np.max(np.abs(slopes)))
    true = true_delta(activation, loss, NET, target)
    np.testing.assert_allclose(long_way(activation, loss)(out, target), true, rtol=0.0, atol=tolerance)
    np.testing.assert_allclose(
        output_delta(activation, loss, target)(out, target), true, rtol=0.0, atol=tolerance
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("neurons", [1, 2, 3, 7])
def test_results_into_buffers_are_the_same(activation, neurons):
    """The twin works on transposed views, with every buffer given."""
    rng = np.random.default_rng(neurons)
    net, dE_dout = rng.normal(size=(2, 6, neurons))
    out = ACTIVATIONS[activation].value(net)
    delta = ACTIVATIONS[activation].delta(dE_dout, out)
    into, in_place, work = np.empty((neurons, 6)).T, dE_dout.T.copy().T, np.empty((neurons, 6)).T
    row = np.empty((6, 1))
    assert ACTIVATIONS[activation].value(net.T.copy().T, into, row) is into
    assert ACTIVATIONS[activation].delta(in_place, into, in_place, work, row) is in_place
    np.testing.assert_allclose(into, out, rtol=4 * neurons * EPS, atol=0.0)
    np.testing.assert_allclose(in_place, delta, rtol=0.0, atol=8 * neurons * EPS * np.max(np.abs(dE_dout)))


def test_softmax_derivative_is_not_its_diagonal():
    out = ACTIVATIONS["softmax"].value(NET)
    slopes = LOSSES["squared error"].slope(out, SOFT)
    diagonal_only = slopes * out * (1 - out)
    true = true_delta("softmax", "squared error", NET, SOFT)
    assert np.max(np.abs(diagonal_only - true)) > 1e3 * ROUNDINGS
    np.testing.assert_allclose(softmax_delta(slopes, out), true, rtol=0.0, atol=2 * ROUNDINGS)


def test_relu_has_slope_zero_at_zero():
    out = ACTIVATIONS["relu"].value(np.array([[0.0, -0.0, 5e-324]]))
    assert ACTIVATIONS["relu"].delta(np.ones((1, 3)), out).tolist() == [[0.0, 0.0, 1.0]]


def test_losses_state_their_scale():
    out, target = np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]])
    assert LOSSES["half squared error"].error(out, target).tolist() == [[0.5, 2.0]]
    assert LOSSES["squared error"].error(out, target).tolist() == [[1.0, 4.0]]
    assert LOSSES["output"].error(out, target).tolist() == [[1.0, 3.0]]


# Extremes

EXTREME = np.array([[1000.0, -1000.0], [-1000.0, 1000.0], [0.0, 1000.0]])


@pytest.mark.parametrize(
    "name, limit",
    [
        ("logistic", [[1.0, 0.0], [0.0, 1.0], [0.5, 1.0]]),
        ("tanh", [[1.0, -1.0], [-1.0, 1.0], [0.0, 1.0]]),
        ("softmax", [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]),
    ],
)
def test_saturated_values(name, limit):
    out = ACTIVATIONS[name].value(EXTREME.copy())
    assert out.tolist() == limit
    assert np.all(np.isfinite(ACTIVATIONS[name].delta(np.ones((3, 2)), out)))
    assert ACTIVATIONS[name].value(EXTREME + 1j * H).real.tolist() == limit


def test_small_probabilities_keep_their_digits():
    net = np.array([[-40.0, 0.0], [-700.0, 0.0]])
    np.testing.assert_allclose(ACTIVATIONS["logistic"].value(net)[:, 0], np.exp(net[:, 0]), rtol=4 * EPS)
    np.testing.assert_allclose(ACTIVATIONS["softmax"].value(net)[:, 0], np.exp(net[:, 0]), rtol=4 * EPS)


@pytest.mark.parametrize("activation, loss", [BINARY, CATEGORICAL])
def test_cross_entropies_of_saturated_nets_are_exact(activation, loss):
    target = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    out = ACTIVATIONS[activation].value(EXTREME)
    found = errors(activation, loss, EXTREME, out, target)
    expected = {
        BINARY: [[1000.0, 1000.0], [0.0, 0.0], [np.log(2.0), 1000.0]],
        CATEGORICAL: [[0.0, 2000.0], [0.0, 0.0], [1000.0, 0.0]],
    }[activation, loss]
    np.testing.assert_allclose(found, expected, rtol=4 * EPS, atol=0.0)
    assert output_delta(activation, loss, target)(out, target).tolist() == (out - target).tolist()


def test_a_saturated_softmax_with_targets_that_do_not_sum_to_one_has_its_delta():
    out, target = np.array([[1.0, 0.0]]), np.array([[0.5, 1.0]])
    assert output_delta(*CATEGORICAL, target)(out, target).tolist() == [[1.0, -1.0]]


def test_a_saturated_logistic_with_categorical_cross_entropy_has_its_delta():
    pair, target = ("logistic", "categorical cross-entropy"), np.array([[0.5, 1.0]])
    out = ACTIVATIONS["logistic"].value(np.array([[-1000.0, 1000.0]]))
    with np.errstate(all="ignore"):
        assert np.isnan(long_way(*pair)(out, target)[0, 0])  # 1/0 times 0
    assert output_delta(*pair, target)(out, target).tolist() == [[-0.5, 0.0]]


def test_certain_predictions_cost_nothing():
    out = np.array([[0.0, 1.0]])
    for loss in ("binary cross-entropy", "categorical cross-entropy"):
        assert np.all(LOSSES[loss].error(out, out) == 0.0)
        assert np.all(np.isfinite(LOSSES[loss].slope(out, out)))


# Short cuts


@pytest.mark.parametrize(
    "activation, loss", [(a, l) for a in ACTIVATIONS for l in LOSSES if (a, l) not in (BINARY, CATEGORICAL)]
)
def test_every_other_pair_is_refused_the_short_cut(activation, loss):
    with pytest.raises(GradcheckError, match="not the derivative"):
        short_cut(activation, loss, ONE_HOT)


def test_categorical_short_cut_needs_targets_that_sum_to_one():
    out = ACTIVATIONS["softmax"].value(NET)
    wrong = out - NOT_NORMALISED
    assert np.max(np.abs(wrong - true_delta(*CATEGORICAL, NET, NOT_NORMALISED))) > 0.1
    with pytest.raises(GradcheckError, match="sum to one"):
        short_cut(*CATEGORICAL, NOT_NORMALISED)


@pytest.mark.parametrize("pair, target", [(BINARY, ONE_HOT), (BINARY, NOT_NORMALISED), (CATEGORICAL, SOFT)])
def test_short_cuts_agree_with_the_long_way(pair, target):
    out = ACTIVATIONS[pair[0]].value(NET)
    scale = np.max(np.abs(LOSSES[pair[1]].slope(out, target)))
    np.testing.assert_allclose(
        short_cut(*pair, target)(out, target), long_way(*pair)(out, target), rtol=0.0, atol=ROUNDINGS * scale
    )


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match="'swish'.*'logistic'"):
        long_way("swish", "squared error")
    with pytest.raises(UnknownName, match="'hinge'.*'squared error'"):
        long_way("tanh", "hinge")
