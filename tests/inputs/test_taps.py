"""The locals of a backward pass as its intermediates: the first wrong one is found, and nothing is edited."""

import sys

import numpy as np
import pytest

from gradcheck import check, check_layer
from gradcheck.errors import GradcheckError

INPUTS, ROWS = np.array([[0.5, -1.0], [2.0, 0.3], [-0.7, 0.4]]), 3
WEIGHTS = {"W1": np.array([[0.1, 0.2, -0.3], [0.3, -0.4, 0.6]]), "W2": np.array([0.5, -0.6, 0.7])}


def forward(p):
    W1 = p["W1"]
    z = INPUTS @ W1
    h = np.tanh(z)
    out = h @ p["W2"]
    return z, h, out


def mean_of_squares(p):
    z, h, out = forward(p)
    total = 0.0
    for each in out:
        total = total + 0.5 * each**2
    return total / ROWS


def locals_of(mistake):
    """Gradients whose local variables are named after what they are by; `mistake` is made in one of them."""

    def backward(p):
        z, h, out = forward(p)
        dout = out * (ROWS if mistake == "dout" else 1.0 / ROWS)
        if mistake == "no mean before the weights":
            dout = dout * ROWS
        dh = np.outer(dout, p["W2"])
        dz = dh * (1 - (h if mistake == "dz" else h**2))
        dz = 2 * dz if mistake == "twice dz" else dz
        share = ROWS if mistake == "no mean before the weights" else 1.0
        dW1 = INPUTS.T @ dz / share
        dW1 = dW1[::-1] if mistake == "dW1" or share != 1.0 else dW1
        return {"dW1": dW1, "dW2": h.T @ dout / share}

    return backward


@pytest.mark.parametrize(
    "mistake, first",
    [("dout", "dout"), ("dz", "dz"), ("twice dz", "dz"), ("dW1", None), ("no mean before the weights", None)],
)
def test_the_first_wrong_local_variable_is_found_without_any_editing(mistake, first):
    report = check(mean_of_squares, locals_of(mistake), WEIGHTS, intermediates="locals")
    assert report.verdict == "wrong" and report.first_wrong_intermediate == first
    assert [block.name for block in report.intermediates] == ["dz", "dh", "dout"]


def test_right_gradients_need_no_locals():
    assert check(mean_of_squares, locals_of(None), WEIGHTS, intermediates="locals").intermediates == ()


def test_a_trace_function_that_was_there_is_there_again():
    def mine(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(mine)
    try:
        check(mean_of_squares, locals_of("dz"), WEIGHTS, intermediates="locals")
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


def test_a_backward_pass_without_such_locals_is_told():
    def backward(p):
        return {name: 2 * each for name, each in p.items()}

    with pytest.raises(
        GradcheckError, match="^intermediates: no local variable dz of the backward pass belongs"
    ):
        check(mean_of_squares, backward, WEIGHTS, intermediates="locals")


def test_the_locals_of_a_layer_are_read():
    def layer(x):
        z = x @ WEIGHTS["W1"]
        return np.tanh(z), (x, z)

    def backward(dout, cache):
        x, z = cache
        dz = dout * (1 - np.tanh(z))
        return dz @ WEIGHTS["W1"].T

    assert check_layer(layer, backward, INPUTS, intermediates="locals").first_wrong_intermediate == "dz"
