"""`check_model`: objects as people write them; what is wrong is named by its place, nothing is changed."""

import pickle

import numpy as np
import pytest
from profiles import by_day

from gradcheck import check_model
from gradcheck.errors import GradcheckError

r = np.random.default_rng(0)
X, LABELS, TARGETS = r.normal(size=(5, 3)), np.array([0, 1, 2, 1, 0]), r.normal(size=(5, 2))


def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean(), (p - np.eye(3)[y]) / len(y)


def weights(*sizes):
    return r.normal(size=sizes)


class Params:
    """Its loss returns the gradients; `wrong` spoils that of b1."""

    def __init__(self, wrong=1.0):
        self.params = {"W1": weights(3, 4), "b1": weights(4), "W2": weights(4, 3)}
        self.wrong = wrong

    def loss(self, X, y=None):
        W1, b1, W2 = (self.params[name] for name in ("W1", "b1", "W2"))
        h = np.tanh(X @ W1 + b1)
        loss, d = softmax_loss(h @ W2, y)
        dh = d @ W2.T * (1 - h**2)
        self.grads = {"W1": X.T @ dh, "b1": self.wrong * dh.sum(axis=0), "W2": h.T @ d}
        return loss, {f"d{name}": each for name, each in self.grads.items()}


class Kept(Params):
    """Its gradients stay in `grads`, under the same names."""

    def loss(self, x, t):
        return Params.loss(self, x, t)[0]

    def backward(self):
        pass


class Filled(Kept):
    """Its loss fills them in, and there is no backward pass."""

    backward = None


class Linear:
    """One array, whose gradient its loss returns."""

    def __init__(self, wrong=1.0):
        self.W, self.wrong = weights(3, 2), wrong

    def loss(self, X, y):
        return 0.5 * np.sum((X @ self.W - y) ** 2), self.wrong * X.T @ (X @ self.W - y)


class Unfilled:
    """Its gradients stay as they were."""

    def __init__(self):
        self.params, self.grads = {"W": weights(3, 2)}, {"W": np.zeros((3, 2))}

    def loss(self, X, y):
        return 0.5 * np.sum((X @ self.params["W"]) ** 2)


class Returned(Kept):
    """`gradient(x, t)` gives them."""

    backward = None

    def gradient(self, x, t):
        return Params.loss(self, x, t)[1]


class Attributes:
    """W1 beside dW1, and intermediates beside their derivatives."""

    def __init__(self, wrong=1.0):
        self.W1, self.b1, self.W2, self.rate, self.wrong = (
            weights(3, 4),
            weights(1, 4),
            weights(4, 2),
            0.1,
            wrong,
        )

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.tanh(self.z1)
        self.out = self.a1 @ self.W2
        return self.out

    def compute_loss(self, y_hat, y):
        return np.mean((y_hat - y) ** 2)

    def backward(self, X, y):
        dout = 2 * (self.out - y) / y.size
        self.dW2 = self.a1.T @ dout
        self.dz1 = dout @ self.W2.T * (1 - self.a1**2)
        self.dW1, self.db1 = X.T @ self.dz1, self.wrong * self.dz1.sum(axis=0, keepdims=True)


class TupleOf(Attributes):
    """They are returned, and stand nowhere."""

    def backward(self, X, y):
        Attributes.backward(self, X, y)
        dW1, db1, dW2 = (self.__dict__.pop(name) for name in ("dW1", "db1", "dW2"))
        return dW1, db1, dW2


class Dense:
    def __init__(self, W, b, wrong=1.0):
        self.W, self.b, self.wrong = W, b, wrong

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W + self.b)

    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x @ self.W + self.b) ** 2)
        self.dW, self.db = self.x.T @ d, self.wrong * d.sum(axis=0)
        return d @ self.W.T


class Leaving:
    """Returns nothing: output and dinputs are attributes."""

    def __init__(self, wrong=1.0):
        self.weights, self.biases, self.wrong = weights(3, 3), weights(1, 3), wrong

    def forward(self, inputs):
        self.inputs, self.output = inputs, inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = self.wrong * dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Listed:
    """Lists of weights and biases, by layer; backprop(x, y) returns lists of their shapes; no loss."""

    def __init__(self, wrong=1.0):
        self.weights, self.biases, self.wrong = (
            [weights(4, 3), weights(2, 4)],
            [weights(4, 1), weights(2, 1)],
            wrong,
        )

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = np.tanh(w @ a + b)
        return a

    def backprop(self, x, y):
        h = np.tanh(self.weights[0] @ x + self.biases[0])
        out = np.tanh(self.weights[1] @ h + self.biases[1])
        delta2 = (out - y) * (1 - out**2)
        delta1 = self.weights[1].T @ delta2 * (1 - h**2)
        return [self.wrong * delta1, delta2], [delta1 @ x.T, delta2 @ h.T]


class Number:
    """A parameter object: a number and its gradient, which adds up until zero_grad."""

    def __init__(self, data):
        self.data, self.grad = data, 0.0


class Line:
    def __init__(self, wrong=1.0):
        self.w, self.b, self.wrong = [Number(0.5), Number(-1.0)], Number(0.25), wrong

    def zero_grad(self):
        for each in [*self.w, self.b]:
            each.grad = 0.0

    def loss(self, X, y):
        self.X, self.error = X, X[:, 0] * self.w[0].data + X[:, 1] * self.w[1].data + self.b.data - y[:, 0]
        return 0.5 * np.sum(self.error**2)

    def backward(self):
        for i, each in enumerate(self.w):
            each.grad += np.sum(self.error * self.X[:, i])
        self.b.grad += self.wrong * np.sum(self.error)


def squares(out, y):
    return 0.5 * np.sum((out - y) ** 2)


HOMES = [  # make(wrong), X, y, loss, the block that is wrong, all blocks
    (Params, X, LABELS, None, "b1", ["W1", "b1", "W2"]),
    (Kept, X, LABELS, None, "b1", ["W1", "b1", "W2"]),
    (Filled, X, LABELS, None, "b1", ["W1", "b1", "W2"]),
    (Returned, X, LABELS, None, "b1", ["W1", "b1", "W2"]),
    (Linear, X, TARGETS, None, "W", ["W"]),
    (Attributes, X, TARGETS, None, "b1", ["W1", "b1", "W2"]),
    (TupleOf, X, TARGETS, None, "b1", ["W1", "b1", "W2"]),
    (Leaving, X, None, None, "biases", ["weights", "biases", "X"]),
    (Listed, X[:1].T, TARGETS[:1].T, squares, "biases[0]",
     ["biases[0]", "biases[1]", "weights[0]", "weights[1]"]),
    (Line, X, TARGETS, None, "b", ["w[0]", "w[1]", "b"]),
    (lambda wrong=1.0: [Dense(weights(3, 4), weights(4), wrong), Dense(weights(4, 3), weights(3))], X, LABELS,
     softmax_loss, "layers[0].b", ["layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b"]),
    (lambda wrong=1.0: [Dense(weights(3, 4), weights(4), wrong)], X, None, None, "layers[0].b",
     ["layers[0].W", "layers[0].b", "X"]),
]  # fmt: skip


@pytest.mark.parametrize("make, X, y, loss, blamed, names", by_day(HOMES, 2))
def test_right_gradients_are_right_the_wrong_one_is_named_and_nothing_is_changed(
    make, X, y, loss, blamed, names
):
    for wrong, verdict in ((1.0, "right"), (1.01, "wrong")):
        net = make(wrong)
        before = pickle.dumps(net)
        report = check_model(net, X, y, loss=loss)
        found = {block.name: block.verdict for block in report.blocks}
        assert found == dict.fromkeys(names, "right") | {blamed: verdict}
        assert pickle.dumps(net) == before


def test_intermediates_are_no_parameters():
    report = check_model(Attributes(), X, TARGETS)
    assert "z1: set by the forward pass, no parameters, and not checked" in report.conventions
    assert report.call == "gradcheck.check_model(net, X, y, seed=0)"


def test_the_gradients_of_an_array_in_two_layers_are_added():
    shared = weights(3, 3)
    report = check_model([Dense(shared, weights(3)), Dense(shared, weights(3))], X)
    assert report.verdict == "right" and report["layers[0].W"].size == 9


def test_float32_parameters_are_judged_and_told():
    layer = Dense(np.float32(weights(3, 3)), np.float32(weights(3)))
    report = check_model([layer], np.float32(X))
    assert report.verdict != "wrong" and layer.W.dtype == np.float32
    assert any(
        each.startswith("float32 parameters (layers[0].W, layers[0].b)") for each in report.conventions
    )


def test_what_a_model_raises_passes_and_it_is_put_back():
    class Breaking(Dense):
        calls = 0

        def backward(self, dout):
            self.calls += 1
            if self.calls > 3:
                raise RuntimeError("worn out")
            return Dense.backward(self, dout)

    net = Breaking(weights(3, 3), weights(3))
    before = {name: np.copy(each) for name, each in vars(net).items()}
    with pytest.raises(RuntimeError, match="worn out"):
        check_model(net, X)
    assert vars(net).keys() == before.keys()
    assert all(np.array_equal(each, before[name]) for name, each in vars(net).items())


def test_gradients_that_add_up_are_found():
    class Adding(Dense):
        def backward(self, dout):
            before = getattr(self, "dW", 0.0)
            found = Dense.backward(self, dout)
            self.dW = self.dW + before
            return found

    report = check_model(Adding(weights(3, 3), weights(3)), X)
    assert report.verdict == "wrong" and report.audit[0].id == "gradients accumulate"
    assert report["b"].verdict == "right"


def test_targets_that_no_loss_uses_are_told():
    report = check_model([Dense(weights(3, 3), weights(3))], X, TARGETS)
    assert any(each.startswith("y was not used, for no loss was found") for each in report.conventions)


def test_a_step_in_time_is_no_gradient_by_the_time():
    net = Dense(weights(3, 3), weights(3))
    net.t, net.dt = 0.0, 0.1
    assert [block.name for block in check_model(net, X).blocks] == ["W", "b", "X"]


def test_a_gradient_that_is_missing_is_told():
    net = Params()
    net.params["gamma"] = weights(2)
    assert "no gradient by gamma, and none checked" in check_model(net, X, LABELS).conventions


def test_a_random_generator_of_the_object_is_put_back():
    net = Dense(weights(3, 3), weights(3))
    net.draw = np.random.default_rng(3)
    expected = np.random.default_rng(3).normal()
    net.forward = lambda x: Dense.forward(net, x) + 0.0 * net.draw.normal()
    check_model(net, X)
    assert net.draw.normal() == expected


@pytest.mark.parametrize(
    "members, options, words",
    [
        ({}, {}, r"has no loss\(X, y\) and no forward\(X\)"),
        ({"loss": lambda self, X, y: 1.0}, {}, "has no backward pass; give it backward"),
        (
            {"loss": Unfilled.loss, "__init__": Unfilled.__init__},
            {},
            "has no backward pass; give it backward",
        ),
        (
            {"loss": lambda self, X, y: 1.0, "backward": lambda self: None},
            {},
            "found no parameter beside its gradient",
        ),
        ({"forward": lambda self, X: X}, {"loss": "cost"}, "has no cost; give loss="),
        (
            {"loss": lambda self, X, y: 1.0, "backward": lambda self, a, b, c: None},
            {},
            "it is not clear what its arguments stand for; give loss= or backward= as a function of",
        ),
    ],
)
def test_a_part_that_is_missing_is_named(members, options, words):
    with pytest.raises(GradcheckError, match=f"^check_model: .*{words}"):
        check_model(type("Net", (), members)(), X, LABELS, **options)


def test_what_is_no_object_is_told():
    with pytest.raises(GradcheckError, match="^check_model: Attributes is a class; give an object of it"):
        check_model(Attributes, X, LABELS)
    with pytest.raises(GradcheckError, match="^check_model: squares is a function; check takes such"):
        check_model(squares, X, LABELS)


def test_loss_and_backward_may_be_functions_of_the_model():
    net = Attributes()
    loss, backward = (lambda net, X, y: squares(net.forward(X), y)), (lambda net, X, y: net.backward(X, y))
    report = check_model(net, X, TARGETS, loss=loss, backward=backward)
    assert [entry.ratio for entry in report["b1"].entries] == pytest.approx([2 / TARGETS.size] * 4)
