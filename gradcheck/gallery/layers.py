"""Layers: softmax, normalisations, pools, embeddings, and networks that go through time."""

import numpy as np

from gradcheck.gallery import exhibit

DRAW = np.random.default_rng(31)
X, GAMMA = DRAW.normal(size=(4, 5)), DRAW.uniform(0.5, 1.5, size=5)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


@exhibit(
    "softmax-diagonal",
    "Apiquet/DeepLearningFrameworkFromScratchCpp/issues/1",
    "softmax with the diagonal of its Jacobian alone",
    "Every output of softmax depends on every input: its Jacobian is diag(s) - s sᵀ. With s (1 - s) only its "
    "diagonal is left.",
)
def softmax_diagonal(wrong):
    def backward(x, u):
        s = softmax(x)
        return u * s * (1 - s) if wrong else s * (u - np.sum(u * s, axis=1, keepdims=True))

    return softmax, backward, X


@exhibit(
    "softmax-skipped",
    "pjreddie/darknet/pull/96",
    "softmax whose backward pass hands on what it is given",
    "The gradient by the outputs is copied into that by the inputs, which is right only where the loss "
    "behind it has taken softmax into account.",
)
def softmax_skipped(wrong):
    def backward(x, u):
        s = softmax(x)
        return u if wrong else s * (u - np.sum(u * s, axis=1, keepdims=True))

    return softmax, backward, X


@exhibit(
    "log-softmax",
    "mlpack/mlpack/issues/2360",
    "log-softmax that adds where it should multiply",
    "The gradient is u - softmax(x) sum(u). Here softmax(x) is added to u, and neither its sign nor its "
    "factor is right.",
)
def log_softmax(wrong):
    def forward(x):
        return x - np.log(np.sum(np.exp(x), axis=1, keepdims=True))

    def backward(x, u):
        return u + softmax(x) if wrong else u - softmax(x) * u.sum(axis=1, keepdims=True)

    return forward, backward, X


def normalised(x, axis):
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def by_normalised(x, u, axis):
    """The gradient by x of sum(u * normalised(x, axis))."""
    out = normalised(x, axis)
    along = u.mean(axis=axis, keepdims=True) + out * np.mean(u * out, axis=axis, keepdims=True)
    return (u - along) / x.std(axis=axis, keepdims=True)


@exhibit(
    "batch-norm-scale",
    "denizyuret/Knet.jl/issues/288",
    "batch normalisation whose input's gradient lacks the scale",
    "The gradient that reaches the normalised values is u * gamma; the code went on with u. Its tests had"
    " gamma at one.",
)
def batch_norm_scale(wrong):
    def forward(p):
        return normalised(p["x"], 0) * p["gamma"]

    def backward(p, u):
        dx = by_normalised(p["x"], u if wrong else u * p["gamma"], 0)
        return {"x": dx, "gamma": np.sum(u * normalised(p["x"], 0), axis=0)}

    return forward, backward, {"x": X, "gamma": GAMMA}


@exhibit(
    "batch-norm-statistics",
    "facebookresearch/CrypTen/pull/143",
    "batch normalisation whose mean and variance count as constants",
    "In training both are functions of the input, and each contributes a term of its own to the gradient.",
)
def batch_norm_statistics(wrong):
    def forward(x):
        return normalised(x, 0)

    def backward(x, u):
        return u / x.std(axis=0) if wrong else by_normalised(x, u, 0)

    return forward, backward, X


@exhibit(
    "batch-norm-one-term-more",
    "apache/mxnet/issues/1053",
    "batch normalisation with a term too many in the gradient of its mean",
    "The gradient by the mean was right, and then another was added to it. Divided by the size of the "
    "batch it is small, and nobody noticed.",
)
def batch_norm_one_term_more(wrong):
    def forward(x):
        return normalised(x, 0)

    def backward(x, u):
        by_variance = -0.5 * np.sum(u * (x - x.mean(axis=0)), axis=0) / x.std(axis=0) ** 3
        return by_normalised(x, u, 0) + (by_variance / len(x) ** 2 if wrong else 0.0)

    return forward, backward, X


@exhibit(
    "layer-norm-axes",
    "flagos-ai/FlagGems/issues/5392",
    "layer normalisation that takes its input for a matrix when it goes back",
    "Forwards the last axis is normalised, whatever the rank. Backwards all but the first count as one: "
    "of three axes the sums run over two.",
)
def layer_norm_axes(wrong):
    def forward(x):
        return normalised(x, -1)

    def backward(x, u):
        if not wrong:
            return by_normalised(x, u, -1)
        out, axes = normalised(x, -1), (1, 2)
        along = u.mean(axis=axes, keepdims=True) + out * np.mean(u * out, axis=axes, keepdims=True)
        return (u - along) / x.std(axis=-1, keepdims=True)

    return forward, backward, np.random.default_rng(4).normal(size=(2, 3, 4))


@exhibit(
    "max-pool-overlap",
    "FluxML/NNlib.jl/issues/205",
    "max-pooling that assigns where windows overlap",
    "With a stride below the size of the window an input can win in several of them, and each adds to its "
    "gradient.",
)
def max_pool_overlap(wrong):
    windows = np.arange(6)[:, None] + np.arange(3)

    def forward(x):
        return x[windows].max(axis=1)

    def backward(x, u):
        dx, winners = np.zeros_like(x), windows[np.arange(6), x[windows].argmax(axis=1)]
        if wrong:
            dx[winners] = u
        else:
            np.add.at(dx, winners, u)
        return dx

    return forward, backward, np.random.default_rng(1).normal(size=8)


@exhibit(
    "embedding-repeated",
    "karpathy/nn-zero-to-hero/issues/57",
    "an embedding whose repeated words count once",
    "dC[words] += d adds once to a row that stands several times in `words`; each occurrence should add.",
)
def embedding_repeated(wrong):
    words = np.array([2, 0, 2, 3, 2, 0])

    def forward(C):
        return np.tanh(C[words])

    def backward(C, u):
        dC, d = np.zeros_like(C), u * (1 - np.tanh(C[words]) ** 2)
        if wrong:
            dC[words] += d
        else:
            np.add.at(dC, words, d)
        return dC

    return forward, backward, np.random.default_rng(3).normal(size=(5, 3))


@exhibit(
    "hidden-not-carried",
    "qixianbiao/RNN/issues/2",
    "a recurrent network whose hidden gradient is not carried back",
    "A hidden state acts on its own output and on the next state. The gradient that comes from there was "
    "left out.",
)
def hidden_not_carried(wrong):
    draw = np.random.default_rng(6)
    inputs, target = draw.normal(size=(4, 3)), draw.normal(size=2)

    def states(p):
        h = [np.zeros(3)]
        for x in inputs:
            h.append(np.tanh(x @ p["W"] + h[-1] @ p["U"]))
        return h

    def loss(p):
        return 0.5 * sum(np.sum((h @ p["V"] - target) ** 2) for h in states(p)[1:])

    def backward(p):
        h, found, carried = states(p), {name: np.zeros_like(value) for name, value in p.items()}, np.zeros(3)
        for t in range(len(inputs), 0, -1):
            error = h[t] @ p["V"] - target
            found["V"] += np.outer(h[t], error)
            dh = p["V"] @ error + (0.0 if wrong else carried)
            d = dh * (1 - h[t] ** 2)
            found["W"] += np.outer(inputs[t - 1], d)
            found["U"] += np.outer(h[t - 1], d)
            carried = p["U"] @ d
        return found

    shapes = {"W": (3, 3), "U": (3, 3), "V": (3, 2)}
    return loss, backward, {name: 0.7 * draw.normal(size=shape) for name, shape in shapes.items()}


def lstm(p, inputs):
    """(i, f, o, g, c, the cell before) of every step, from zero states; h = o tanh(c)."""
    h, c, steps = np.zeros(2), np.zeros(2), []
    for x in inputs:
        net = x @ p["W"] + h @ p["U"] + p["b"]
        (i, f, o), g = logistic(net[:6]).reshape(3, 2), np.tanh(net[6:])
        before, c = c, f * c + i * g
        steps.append((i, f, o, g, c, before, h))
        h = o * np.tanh(c)
    return steps, h


def lstm_backward(p, inputs, dh, slope_of_forget, added=True):
    """The gradients of sum(dh * h) for the last h; `added`: whether the cell's gradient is carried back."""
    found, dc = {name: np.zeros_like(value) for name, value in p.items()}, np.zeros(2)
    for x, (i, f, o, g, c, before, h) in zip(inputs[::-1], lstm(p, inputs)[0][::-1]):
        through_h = dh * o * (1 - np.tanh(c) ** 2)
        dc = dc + through_h if added else through_h
        nets = dc * g * i * (1 - i), dc * before * slope_of_forget(f), dh * np.tanh(c) * o * (1 - o)
        d = np.concatenate([*nets, dc * i * (1 - g**2)])
        found["W"], found["U"] = found["W"] + np.outer(x, d), found["U"] + np.outer(h, d)
        found["b"], dh, dc = found["b"] + d, p["U"] @ d, dc * f
    return found


def _of_lstm(backward):
    draw = np.random.default_rng(9)
    inputs, u = draw.normal(size=(3, 2)), draw.normal(size=2)
    parameters = {
        "W": draw.normal(size=(2, 8)),
        "U": 0.6 * draw.normal(size=(2, 8)),
        "b": draw.normal(size=8),
    }
    return lambda p: np.sum(u * lstm(p, inputs)[1]), lambda p: backward(p, inputs, u), parameters


@exhibit(
    "lstm-forget-gate",
    "CaptainE/RNN-LSTM-in-numpy/issues/1",
    "an LSTM with the value of its forget gate for the slope",
    "sigmoid(f, derivative=True) was meant and sigmoid(f) written, for one gate of four.",
    also=lstm_backward,
)
def lstm_forget_gate(wrong):
    def slope(f):
        return f if wrong else f * (1 - f)

    return _of_lstm(lambda p, inputs, u: lstm_backward(p, inputs, u, slope))


@exhibit(
    "lstm-cell-assigned",
    "apache/mxnet/issues/4057",
    "an LSTM whose cell gradient is assigned, not added to",
    "dc = ... where dc += ... is meant: what comes from the next cell through the forget gate is lost.",
    also=lstm_backward,
)
def lstm_cell_assigned(wrong):
    def backward(p, inputs, u):
        return lstm_backward(p, inputs, u, lambda f: f * (1 - f), added=not wrong)

    return _of_lstm(backward)
