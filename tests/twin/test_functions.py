"""The twin's activations and losses: derivatives against the complex step, digits against 700 of them."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck.errors import UnknownName
from gradcheck.twin.functions import (
    ACTIVATIONS,
    DELTAS,
    LOSSES,
    errors,
    logistic_delta,
    long_way,
    output_delta,
    softmax_delta,
    tanh_delta,
)

EPS = np.finfo(float).eps
H = 1e-100
NET = np.array([[0.3, -1.2, 2.0], [-0.7, 0.1, -3.0], [5.0, 4.0, -6.0]])
BINARY = ("logistic", "binary cross-entropy")
CATEGORICAL = ("softmax", "categorical cross-entropy")
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
    for delta in (long_way(activation, loss), output_delta(activation, loss)):
        np.testing.assert_allclose(delta(NET, out, target), true, rtol=0.0, atol=tolerance)


def test_softmax_derivative_is_not_its_diagonal():
    out = ACTIVATIONS["softmax"].value(NET)
    slopes = LOSSES["squared error"].slope(out, SOFT)
    diagonal_only = slopes * out * (1 - out)
    true = true_delta("softmax", "squared error", NET, SOFT)
    assert np.max(np.abs(diagonal_only - true)) > 1e3 * ROUNDINGS
    np.testing.assert_allclose(softmax_delta(slopes, NET, out), true, rtol=0.0, atol=2 * ROUNDINGS)


def test_relu_has_slope_zero_at_zero():
    net = np.array([[0.0, -0.0, 5e-324]])
    assert ACTIVATIONS["relu"].delta(np.ones((1, 3)), net, ACTIVATIONS["relu"].value(net)).tolist() == [
        [0.0, 0.0, 1.0]
    ]


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
    assert np.all(np.isfinite(ACTIVATIONS[name].delta(np.ones((3, 2)), EXTREME, out)))
    assert ACTIVATIONS[name].value(EXTREME + 1j * H).real.tolist() == limit


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
    assert output_delta(activation, loss)(EXTREME, out, target).tolist() == (out - target).tolist()


def test_a_saturated_softmax_with_targets_that_do_not_sum_to_one_has_its_delta():
    net, target = np.array([[1000.0, 0.0]]), np.array([[0.5, 1.0]])
    out = ACTIVATIONS["softmax"].value(net)
    assert output_delta(*CATEGORICAL)(net, out, target).tolist() == [[1.0, -1.0]]


def test_a_saturated_logistic_with_categorical_cross_entropy_has_its_delta():
    pair, target, net = ("logistic", "categorical cross-entropy"), np.array([[0.5, 1.0]]), [[-1000.0, 1000.0]]
    net = np.array(net)
    out = ACTIVATIONS["logistic"].value(net)
    with np.errstate(all="ignore"):
        assert np.isnan(long_way(*pair)(net, out, target)[0, 0])  # 1/0 times 0
    assert output_delta(*pair)(net, out, target).tolist() == [[-0.5, 0.0]]


def test_certain_predictions_cost_nothing():
    out = np.array([[0.0, 1.0]])
    for loss in ("binary cross-entropy", "categorical cross-entropy"):
        assert np.all(LOSSES[loss].error(out, out) == 0.0)
        assert np.all(np.isfinite(LOSSES[loss].slope(out, out)))


@pytest.mark.parametrize("pair", DELTAS)
@pytest.mark.parametrize("target", [ONE_HOT, SOFT, NOT_NORMALISED])
def test_the_delta_of_a_cross_entropy_agrees_with_the_long_way(pair, target):
    out = ACTIVATIONS[pair[0]].value(NET)
    scale = np.max(np.abs(LOSSES[pair[1]].slope(out, target)))
    np.testing.assert_allclose(
        output_delta(*pair)(NET, out, target),
        long_way(*pair)(NET, out, target),
        rtol=0.0,
        atol=ROUNDINGS * scale,
    )


def test_out_less_target_is_not_the_delta_where_the_targets_do_not_sum_to_one():
    out = ACTIVATIONS["softmax"].value(NET)
    true = true_delta(*CATEGORICAL, NET, NOT_NORMALISED)
    assert np.max(np.abs(out - NOT_NORMALISED - true)) > 0.1
    found = output_delta(*CATEGORICAL)(NET, out, NOT_NORMALISED)
    np.testing.assert_allclose(found, true, rtol=0.0, atol=ROUNDINGS * np.max(np.abs(true)))


# Every digit: at most ten operations follow each other, and each is off by at most one unit in the last place

FEW_ULPS = 10
DIGITS = 700  # exp(2 * 745) has 648 of them, and 1 + exp(-2 * 745) differs from 1 in the next
NETS = st.one_of(st.floats(-6.0, 6.0), st.floats(-45.0, 45.0), st.floats(-745.0, 745.0))


def is_right(found, exact):
    """Whether a float is within FEW_ULPS of a Decimal; below the smallest normal float ulps are absolute."""
    return abs(Decimal(float(found)) - exact) <= FEW_ULPS * Decimal(math.ulp(float(exact)))


@given(NETS)
def test_slopes_have_every_digit(net):
    with localcontext() as context:
        context.prec = DIGITS
        e = Decimal(net).exp()
        one, nets = np.ones((1, 1)), np.array([[net]])
        assert is_right(ACTIVATIONS["logistic"].value(nets)[0, 0], e / (1 + e))
        assert is_right(logistic_delta(one, nets, None)[0, 0], e / (1 + e) ** 2)
        assert is_right(tanh_delta(one, nets, None)[0, 0], 4 / (e + 1 / e) ** 2)


@pytest.mark.parametrize(
    "net, slope, planted",
    [
        (40.0, 4.248354255291589e-18, 0.0),
        (-40.0, 4.248354255291589e-18, 4.248354255291589e-18),
        (-745.0, 5e-324, 5e-324),
        (745.0, 5e-324, 0.0),
    ],
)
def test_the_slope_of_a_saturated_logistic_is_not_zero(net, slope, planted):
    """`planted` is out*(1 - out), which loses the slope of a positive net."""
    out = ACTIVATIONS["logistic"].value(np.array([[net]]))
    assert logistic_delta(1.0, np.array([[net]]), out)[0, 0] == pytest.approx(slope, rel=2 * EPS)
    assert out[0, 0] * (1.0 - out[0, 0]) == pytest.approx(planted, rel=2 * EPS)


@pytest.mark.slow
@given(st.lists(NETS, min_size=1, max_size=4), st.data())
def test_a_softmax_and_the_cross_entropies_have_every_digit(nets, data):
    count = len(nets)
    hot = data.draw(st.integers(0, count - 1))
    net, target = np.array([nets]), np.eye(count)[[hot]]
    with localcontext() as context:
        context.prec = DIGITS
        e = [Decimal(each).exp() for each in nets]
        total = sum(e)
        rest = [sum((e[j] for j in range(count) if j != i), Decimal(0)) / total for i in range(count)]
        out = ACTIVATIONS["softmax"].value(net)
        error = {loss: errors("softmax", loss, net, out, target)[0] for _, loss in (BINARY, CATEGORICAL)}
        delta = output_delta(*CATEGORICAL)(net, out, target)[0]
        for i in range(count):
            assert is_right(out[0, i], e[i] / total)
            assert is_right(softmax_delta(np.eye(count)[[i]], net, out)[0, i], e[i] / total * rest[i])
            assert is_right(delta[i], -rest[i] if i == hot else e[i] / total)
        assert is_right(error[CATEGORICAL[1]][hot], (total / e[hot]).ln())
        for i in range(count):
            if i != hot:
                assert is_right(error[BINARY[1]][i], -rest[i].ln())


@given(NETS, st.sampled_from([0.0, 1.0]))
def test_a_binary_cross_entropy_of_a_logistic_has_every_digit(net, target):
    nets, targets = np.array([[net]]), np.array([[target]])
    out = ACTIVATIONS["logistic"].value(nets)
    with localcontext() as context:
        context.prec = DIGITS
        e = Decimal(net if target == 0.0 else -net).exp()  # (1 - out)/out or out/(1 - out)
        assert is_right(errors(*BINARY, nets, out, targets)[0, 0], (1 + e).ln())
        assert is_right(abs(output_delta(*BINARY)(nets, out, targets)[0, 0]), e / (1 + e))


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match="'swish'.*'logistic'"):
        long_way("swish", "squared error")
    with pytest.raises(UnknownName, match="'hinge'.*'squared error'"):
        long_way("tanh", "hinge")
