"""Models in layers, on the tape: a kind is a function of a generator and a number of samples.

It gives (parameters, forward): forward takes the parameters as Nodes and gives the loss.
"""

import numpy as np

from .tape import maximum, stack


def dense(activation, loss, sizes=(3, 5, 4, 3), spread=0.7):
    """A kind: dense layers, the loss of the last net."""

    def kind(draw, n):
        x, p = draw.normal(size=(n, sizes[0])), {}
        for k, (before, after) in enumerate(zip(sizes, sizes[1:]), 1):
            p[f"W{k}"], p[f"b{k}"] = spread * draw.normal(size=(before, after)), 0.3 * draw.normal(size=after)
        error = loss(draw, n, sizes[-1])

        def forward(p):
            out = x
            for k in range(1, len(sizes)):
                net = out @ p[f"W{k}"] + p[f"b{k}"]
                out = activation(net) if k < len(sizes) - 1 else net
            return error(out)

        return p, forward

    return kind


def squared(draw, n, outputs):
    t = draw.normal(size=(n, outputs))
    return lambda net: ((net - t).power(2.0).sum(axis=1) * 0.5).mean()


def binary(draw, n, outputs):
    t = draw.integers(0, 2, size=(n, outputs)).astype(float)
    return lambda net: (net.softplus() - net * t).sum(axis=1).mean()


def categorical(draw, n, outputs):
    t = np.eye(outputs)[draw.integers(0, outputs, size=n)]
    return lambda net: (net.logsumexp() - (net * t).sum(axis=1)).mean()


def focal(draw, n, outputs):
    t = np.eye(outputs)[draw.integers(0, outputs, size=n)]

    def error(net):
        p = (net.softmax() * t).sum(axis=1)
        return -((1.0 - p).power(2.0) * p.log()).mean()

    return error


def divergence(draw, n, outputs):
    t = draw.dirichlet(np.ones(outputs), size=n)
    return lambda net: ((net.logsumexp(keepdims=True) - net) * t).sum(axis=1).mean()


def huber(draw, n, outputs):
    t = draw.normal(size=(n, outputs))

    def error(net):
        r = net - t
        inside = np.abs(r.value) <= 1.0
        return (r.power(2.0) * (0.5 * inside) + (r.abs() - 0.5) * (~inside).astype(float)).sum(axis=1).mean()

    return error


def quantile(draw, n, outputs):
    t = draw.normal(size=(n, outputs))
    return lambda net: maximum((net - t) * 0.3, (net - t) * -0.7).sum(axis=1).mean()


def hinge(draw, n, outputs):
    t = draw.choice([-1.0, 1.0], size=(n, outputs))
    return lambda net: (1.0 - net * t).relu().sum(axis=1).mean()


def poisson(draw, n, outputs):
    t = draw.poisson(2.0, size=(n, outputs)).astype(float)
    return lambda net: (net.exp() - net * t).sum(axis=1).mean()


def gamma(draw, n, outputs):
    t = draw.gamma(2.0, size=(n, outputs))
    return lambda net: (net + (-net).exp() * t).sum(axis=1).mean()


def regularised(kind, l2=0.1, l1=0.0):
    """A kind with an L2 and an L1 term over its weights."""

    def made(draw, n):
        parameters, forward = kind(draw, n)
        names = [name for name in parameters if name.startswith("W")]

        def penalised(p):
            total = forward(p)
            for name in names:
                total = total + p[name].power(2.0).sum() * (0.5 * l2)
                total = total + p[name].abs().sum() * l1 if l1 else total
            return total

        return parameters, penalised

    return made


def head(p, h, t):
    """A dense layer and half the mean squared error, what most kinds end in."""
    return ((h @ p["V"] - t).power(2.0).sum(axis=-1) * 0.5).mean()


def convolution(pool):
    def kind(draw, n):
        x, t = draw.normal(size=(n, 6, 6)), draw.normal(size=(n, 2))
        p = {
            "K": 0.5 * draw.normal(size=(3, 3)),
            "b": 0.1 * draw.normal(size=1),
            "V": draw.normal(size=(4, 2)),
        }

        def forward(p):
            net = sum(
                (p["K"][i, j] * x[:, i : i + 4, j : j + 4] for i in range(3) for j in range(3)), start=p["b"]
            )
            out = net.reshape(n, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(n, 4, 4)
            return head(p, pool(out), t)

        return p, forward

    return kind


def windows(draw, n):
    """Max over overlapping windows of a sequence."""
    x, t = draw.normal(size=(n, 7)), draw.normal(size=(n, 2))
    p = {"k": draw.normal(size=3), "V": draw.normal(size=(3, 2))}

    def forward(p):
        net = sum((p["k"][i] * x[:, i : i + 5] for i in range(1, 3)), start=p["k"][0] * x[:, :5])
        rows = stack([net[:, [i, i + 1, i + 2]].max(axis=1) for i in range(3)], axis=1)
        return head(p, rows, t)

    return p, forward


def normalised(axis, centred=True):
    def kind(draw, n):
        n = max(n, 3)
        x, t = draw.normal(size=(n, 4)), draw.normal(size=(n, 2))
        p = {"W": draw.normal(size=(4, 5)), "b": draw.normal(size=5), "gamma": 1 + 0.2 * draw.normal(size=5)}
        p |= {"beta": 0.2 * draw.normal(size=5), "V": draw.normal(size=(5, 2))}

        def forward(p):
            net = x @ p["W"] + p["b"]
            net = net - net.mean(axis=axis, keepdims=True) if centred else net
            scale = (net.power(2.0).mean(axis=axis, keepdims=True) + 1e-5).sqrt()
            return head(p, (net / scale * p["gamma"] + p["beta"]).tanh(), t)

        return p, forward

    return kind


def attention(causal):
    def kind(draw, n):
        n = max(n, 2)
        x, t = draw.normal(size=(n, 4)), draw.normal(size=(n, 2))
        p = {name: 0.6 * draw.normal(size=(4, 3)) for name in ("Wq", "Wk", "Wv")}
        p |= {"bk": 0.3 * draw.normal(size=3), "V": draw.normal(size=(3, 2))}
        mask = np.triu(np.full((n, n), -30.0), 1) if causal else np.zeros((n, n))

        def forward(p):
            scores = (x @ p["Wq"]) @ (x @ p["Wk"] + p["bk"]).T * (1 / np.sqrt(3.0)) + mask
            return head(p, scores.softmax() @ (x @ p["Wv"]), t)

        return p, forward

    return kind


def recurrent(step, gates, steps=4):
    def kind(draw, n):
        x, t = draw.normal(size=(steps, n, 2)), draw.normal(size=(n, 2))
        p = {"W": 0.6 * draw.normal(size=(2, 3 * gates)), "U": 0.6 * draw.normal(size=(3, 3 * gates))}
        p |= {"b": 0.3 * draw.normal(size=3 * gates), "V": draw.normal(size=(3, 2))}

        def forward(p):
            h = p["V"].T[0] * 0.0 + np.zeros((n, 3))
            c = h
            for k in range(steps):
                h, c = step(p, x[k] @ p["W"], h, c)
            return head(p, h, t)

        return p, forward

    return kind


def plain_step(p, xw, h, c):
    return (xw + h @ p["U"] + p["b"]).tanh(), c


def lstm_step(p, xw, h, c):
    net = xw + h @ p["U"] + p["b"]
    i, f, o = (net[:, 3 * k : 3 * k + 3] for k in range(3))
    c = f.sigmoid() * c + i.sigmoid() * net[:, 9:].tanh()
    return o.sigmoid() * c.tanh(), c


def gru_step(p, xw, h, c):
    hu = h @ p["U"]
    net = xw + p["b"]
    z, r = (net[:, :3] + hu[:, :3]).sigmoid(), (net[:, 3:6] + hu[:, 3:6]).sigmoid()
    new = (net[:, 6:] + r * hu[:, 6:]).tanh()
    return (1.0 - z) * new + z * h, c


def embedding(draw, n):
    words, t = draw.integers(0, 4, size=(n + 2, 3)), draw.normal(size=(n + 2, 2))
    p = {"E": draw.normal(size=(4, 3)), "V": draw.normal(size=(3, 2))}
    return p, lambda p: head(p, p["E"][words].mean(axis=1).tanh(), t)


def residual(draw, n):
    x, t = draw.normal(size=(n, 4)), draw.normal(size=(n, 2))
    p = {"W1": draw.normal(size=(4, 4)), "W2": draw.normal(size=(4, 4)), "V": draw.normal(size=(4, 2))}

    def forward(p):
        h = (x @ p["W1"]).tanh()
        h = h + (h @ p["W2"]).gelu()
        return head(p, h, t)

    return p, forward


def maxout(draw, n):
    x, t = draw.normal(size=(n, 3)), draw.normal(size=(n, 2))
    p = {"W1": draw.normal(size=(3, 8)), "b1": draw.normal(size=8), "V": draw.normal(size=(4, 2))}
    return p, lambda p: head(p, (x @ p["W1"] + p["b1"]).reshape(n, 4, 2).max(axis=2), t)


def average(out):
    n = out.shape[0]
    return out.reshape(n, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(n, 4, 4).mean(axis=2)


def largest(out):
    n = out.shape[0]
    return out.reshape(n, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(n, 4, 4).max(axis=2)
