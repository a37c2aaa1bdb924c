"""`check_layer`: forward and backward passes as people write them, right ones and wrong ones."""

import functools

import numpy as np
import pytest

from gradcheck import check_layer
from gradcheck.errors import GradcheckError, GradientShapeMismatch

r = np.random.default_rng(0)
X, W, B = r.normal(size=(4, 3)), r.normal(size=(3, 2)), r.normal(size=2)
INPUTS = {"x": X, "w": W, "b": B}
OTHER = {"H": r.normal(size=(4, 3)), "C": r.normal(size=(4, 3))}


def affine(x, w, b):
    return x @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def names_of(report):
    return {block.name: block.verdict for block in report.blocks}


RIGHT = {"x": "right", "w": "right", "b": "right"}


@pytest.mark.parametrize(
    "backward, verdicts",
    [
        (affine_backward, RIGHT),
        (lambda dout, cache: [2 * dout @ cache[1].T, *affine_backward(dout, cache)[1:]],
         RIGHT | {"x": "wrong"}),
        (lambda dout, cache: dict(zip(("db", "dw", "dx"), affine_backward(dout, cache)[::-1])), RIGHT),
        (lambda dout, cache: dict(zip(("grad_b", "grad_w"), affine_backward(dout, cache)[:0:-1])),
         {"w": "right", "b": "right"}),
        (lambda dout, cache: (None, *affine_backward(dout, cache)[1:]), {"w": "right", "b": "right"}),
        (lambda dout, cache: affine_backward(dout, cache)[1:], {"w": "right", "b": "right"}),
        (lambda dout, cache: dout @ cache[1].T, {"x": "right"}),
        (lambda dout, cache: dout @ cache[1].T * 1.001, {"x": "wrong"}),
        (lambda grad_output, x, w, b: affine_backward(grad_output, (x, w, b)), RIGHT),
        (lambda w, x, dout, b: affine_backward(dout, (x, w, b)), RIGHT),
        (lambda dout, cache, scale=1.0: affine_backward(scale * dout, cache), RIGHT),
    ],
)  # fmt: skip
def test_the_blocks_are_the_inputs_whatever_form_the_gradients_have(backward, verdicts):
    report = check_layer(affine, backward, x=X, w=W, b=B)
    assert names_of(report) == verdicts
    missing = [name for name in ("x", "w", "b") if name not in verdicts]
    assert (f"no gradient by {', '.join(missing)}, and none checked" in report.conventions) == (missing != [])


def test_gradients_in_another_order_are_told_by_the_names_that_are_returned():
    def backward(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return db, dw, dx

    assert names_of(check_layer(affine, backward, X, W, B)) == RIGHT


@pytest.mark.parametrize("factor, verdict", [(1, "right"), (2, "wrong")])
@pytest.mark.parametrize("kind", [tuple, list, lambda kept: dict(zip("xwb", kept))])
def test_what_a_loss_keeps_may_have_any_name(kind, factor, verdict):
    def loss(x, w, b):
        return np.sum((x @ w + b) ** 2), kind((x, w, b))

    def backward(c):
        x, w, b = c.values() if isinstance(c, dict) else c
        return tuple(factor * each for each in affine_backward(2 * (x @ w + b), (x, w, b)))

    assert set(names_of(check_layer(loss, backward, X, W, B)).values()) == {verdict}


def test_a_gradient_from_above_may_be_called_after_a_context():
    def backward(dctx, cache):
        return affine_backward(dctx, cache)

    assert names_of(check_layer(affine, backward, X, W, B)) == RIGHT


def test_the_line_that_does_it_again_is_that_of_the_layer():
    report = check_layer(affine, affine_backward, X, b=B, w=W, seed=3)
    assert report.call == "gradcheck.check_layer(affine, affine_backward, x=x, w=w, b=b, seed=3)"


@pytest.mark.parametrize(
    "forward, backward",
    [
        (lambda x: np.tanh(x), lambda dout, x: dout * (1 - np.tanh(x) ** 2)),
        (lambda x: np.tanh(x), lambda dout, out: dout * (1 - out**2)),
        (np.tanh, lambda dout, out: dout * (1 - out**2)),
        (lambda x: (np.tanh(x), x), lambda dA, cache: dA * (1 - np.tanh(cache) ** 2)),
        (lambda x: [np.tanh(x), x], lambda dA, saved: {"dx": dA * (1 - np.tanh(saved) ** 2), "dZ": dA}),
    ],
)
def test_a_layer_may_keep_nothing(forward, backward):
    assert names_of(check_layer(forward, backward, X)) == {"x": "right"}
    half = functools.wraps(backward)(lambda *given: backward(0.5 * given[0], *given[1:]))
    assert names_of(check_layer(forward, half, X)) == {"x": "wrong"}


def test_settings_go_through_unchanged_and_as_they_were_in_every_call():
    def forward(x, w, conv_param, mode):
        assert conv_param == {"stride": 2} and mode == "train"
        conv_param["used"] = True
        return x[:: conv_param["stride"]] @ w, (x, w, 2)

    def backward(dout, cache):
        x, w, stride = cache
        dx = np.zeros_like(x)
        dx[::stride] = dout @ w.T
        return dx, x[::stride].T @ dout

    settings = {"stride": 2}
    report = check_layer(forward, backward, x=X, w=W, conv_param=settings, mode="train")
    assert names_of(report) == {"x": "right", "w": "right"} and settings == {"stride": 2}


def test_whole_numbers_are_not_varied():
    def forward(places, table):
        return table[places], (places, table.shape)

    def adding(dout, cache):
        found = np.zeros(cache[1])
        np.add.at(found, cache[0], dout)
        return found

    def assigning(dout, cache):
        found = np.zeros(cache[1])
        found[cache[0]] = dout
        return found

    places = np.array([0, 1, 1, 2])
    assert names_of(check_layer(forward, adding, places, W)) == {"table": "right"}
    assert names_of(check_layer(forward, adding, places, table=W)) == {"table": "right"}
    assert names_of(check_layer(forward, assigning, places, W)) == {"table": "wrong"}


def test_a_dict_of_parameters_and_an_output_without_a_gradient():
    def cell(x, before, parameters):
        a = np.tanh(x @ parameters["Wx"] + before @ parameters["Wa"])
        return a, a @ parameters["Wy"], (a, x, before, parameters)

    def cell_backward(da, cache):
        a, x, before, parameters = cache
        dz = da * (1 - a**2)
        return {
            "dx": dz @ parameters["Wx"].T,
            "dbefore": dz @ parameters["Wa"].T,
            "dWx": x.T @ dz,
            "dWa": before.T @ dz,
        }

    parameters = {"Wx": r.normal(size=(3, 2)), "Wa": r.normal(size=(2, 2)), "Wy": r.normal(size=(2, 5))}
    report = check_layer(cell, cell_backward, x=X, before=X[:, :2], parameters=parameters)
    assert names_of(report) == dict.fromkeys(["x", "before", "parameters.Wx", "parameters.Wa"], "right")


def lstm(x, H, C):
    return np.tanh(x + H * C), C * H, (x, H, C)


def lstm_backward(dh, dc, cache):
    x, H, C = cache
    d = dh * (1 - np.tanh(x + H * C) ** 2)
    return d, d * C + dc * C, d * H + dc * H


def lstm_in_pairs(x, H, C):
    h, c, cache = lstm(x, H, C)
    return (h, c), cache


@pytest.mark.parametrize("forward", [lstm, lstm_in_pairs])
@pytest.mark.parametrize("backward", [lstm_backward, lambda above, cache: lstm_backward(*above, cache)])
def test_several_outputs_have_a_gradient_from_above_each(forward, backward):
    assert check_layer(forward, backward, x=X, **OTHER).verdict == "right"
    report = check_layer(forward, lambda dh, dc, cache: lstm_backward(dh, 0 * dc, cache), x=X, **OTHER)
    assert names_of(report) == {"x": "right", "H": "wrong", "C": "wrong"}


def test_the_output_is_found_by_the_name_of_its_gradient():
    def activation(z):
        A = np.tanh(z)
        return z, A

    def activation_backward(dA, z):
        return dA * (1 - np.tanh(z) ** 2)

    assert names_of(check_layer(activation, activation_backward, X)) == {"z": "right"}
    assert names_of(check_layer(activation, lambda dA, z: dA * z, X)) == {"z": "wrong"}


def test_an_object_keeps_what_two_gradients_from_above_need():
    class Cell:
        def forward(self, x, H):
            self.x, self.H = x, H
            return np.tanh(x), x * H

        def backward(self, dh, dc):
            return dh * (1 - np.tanh(self.x) ** 2) + dc * self.H, dc * self.x

    cell = Cell()
    assert names_of(check_layer(cell.forward, cell.backward, X, OTHER["H"])) == {"x": "right", "H": "right"}


def test_a_loss_takes_no_gradient_from_above():
    def loss(scores, labels):
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(labels)), labels]).mean(), (p, labels)

    def backward(cache):
        p, labels = cache
        return (p - np.eye(3)[labels]) / len(labels)

    labels = np.array([0, 1, 2, 1])
    assert names_of(check_layer(loss, backward, X, labels)) == {"scores": "right"}
    assert names_of(check_layer(loss, lambda cache: 4 * backward(cache), X, labels)) == {"scores": "wrong"}


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


def test_methods_of_an_object_leave_it_as_it_was():
    layer = Sigmoid()
    assert check_layer(layer.forward, layer.backward, X).verdict == "right" and vars(layer) == {}


def test_parameters_that_the_object_keeps_are_told():
    class Scale(Sigmoid):
        def __init__(self):
            self.w = np.ones(3)

        def forward(self, x):
            self.x = x
            return x * self.w

        def backward(self, dout):
            self.dw = np.sum(dout * self.x, axis=0)
            return dout * self.w

    layer = Scale()
    report = check_layer(layer.forward, layer.backward, X)
    assert "w: in the object, and not checked; check_model does that" in report.conventions


def test_every_call_of_a_dropout_leaves_out_the_same():
    def dropout(x, p):
        mask = (np.random.rand(*x.shape) < p) / p
        return x * mask, mask

    before = np.random.get_state()[1].copy()
    report = check_layer(dropout, lambda dout, mask: dout * mask, x=X, p=0.5)
    assert report.verdict == "right" and "every call draws the same random numbers" in report.conventions
    assert np.array_equal(np.random.get_state()[1], before)
    assert check_layer(dropout, lambda dout, mask: dout * mask / 2, x=X, p=0.5).verdict == "wrong"


@pytest.mark.parametrize(
    "forward, backward, inputs, words",
    [
        (affine, affine_backward, {"x": X, "v": W, "b": B}, r"^forward: it is affine\(x, w, b\).*'w'"),
        (np.tanh, lambda dout, z: dout, {"x": X}, "^backward: .*z is no input of tanh, .*; name it"),
        (affine, lambda dout, cache: None, INPUTS, "returned None; is a `return` missing"),
        (affine, lambda dout, cache: dout, INPUTS, "1 gradients, and the inputs are x, w, b"),
        (affine, lambda dout, cache: {"u": 1.0}, INPUTS, "returned u, .* are x, w, b; call"),
        (lambda x: (x, x), lambda cache, Y: Y, {"x": X}, "^backward: .*: Y is no input of .*check"),
        (lambda x: 2 * x, lambda x: 2.0, {"x": X}, "^backward: .* takes no gradient from above"),
        (affine, None, INPUTS, "^backward: expected a function, found NoneType; give functions, or methods"),
        (INPUTS, affine_backward, INPUTS, "^forward: expected a function, found dict; .*check_model"),
    ],
)  # fmt: skip
def test_functions_that_do_not_fit_together_are_told_how(forward, backward, inputs, words):
    with pytest.raises(GradcheckError, match=words):
        if forward is np.tanh:
            check_layer(forward, backward, *inputs.values())
        else:
            check_layer(forward, backward, **inputs)


def test_a_gradient_of_another_shape_is_named_after_the_input():
    with pytest.raises(GradientShapeMismatch, match="^w: .*is it transposed"):
        check_layer(
            affine,
            lambda dout, cache: (affine_backward(dout, cache)[0], dout.T @ cache[0], dout.sum(axis=0)),
            X,
            W,
            B,
        )


def test_what_a_layer_raises_passes_with_the_name_of_the_function():
    def broken_backward(dout, cache):
        raise KeyError("stride")

    with pytest.raises(KeyError) as caught:
        check_layer(affine, broken_backward, X, W, B)
    assert caught.value.__notes__[0] == "raised by broken_backward(dout, cache)"
