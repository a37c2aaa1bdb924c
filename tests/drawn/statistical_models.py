"""Models from statistics and physics, on the tape: kinds as in `layered_models`."""

import numpy as np


def autoencoder(draw, n):
    x = draw.normal(size=(n, 4))
    p = {"W": 0.5 * draw.normal(size=(4, 2)), "b": 0.1 * draw.normal(size=2), "c": 0.1 * draw.normal(size=4)}
    return p, lambda p: (((x @ p["W"] + p["b"]).tanh() @ p["W"].T + p["c"] - x).power(2.0)).sum(axis=1).mean()


def variational(draw, n):
    x, noise = draw.normal(size=(n, 4)), draw.normal(size=(n, 2))
    p = {
        "M": 0.5 * draw.normal(size=(4, 2)),
        "S": 0.3 * draw.normal(size=(4, 2)),
        "D": draw.normal(size=(2, 4)),
    }

    def forward(p):
        mean, logvar = x @ p["M"], x @ p["S"]
        z = mean + (logvar * 0.5).exp() * noise
        kl = (logvar.exp() + mean.power(2.0) - logvar - 1.0).sum(axis=1) * 0.5
        return ((z @ p["D"] - x).power(2.0).sum(axis=1) * 0.5 + kl).mean()

    return p, forward


def gaussian(draw, n):
    x = draw.normal(size=(n + 3, 3))
    p = {"mean": draw.normal(size=3), "L": np.eye(3) + 0.3 * draw.normal(size=(3, 3))}

    def forward(p):
        precision = p["L"] @ p["L"].T + 0.1 * np.eye(3)
        r = x - p["mean"]
        return ((r @ precision) * r).sum(axis=1).mean() * 0.5 - precision.log_determinant() * 0.5

    return p, forward


def gaussian_process(draw, n):
    n = max(n, 4)
    x, y = np.sort(draw.normal(size=n)), draw.normal(size=n)
    p = {"log_length": 0.3 * draw.normal(size=1), "log_scale": 0.3 * draw.normal(size=1)}
    p["log_noise"] = -1 + 0.3 * draw.normal(size=1)
    distances = (x[:, None] - x[None, :]) ** 2

    def forward(p):
        kernel = ((p["log_length"] * -2.0).exp() * (-0.5 * distances)).exp() * (p["log_scale"] * 2.0).exp()
        kernel = kernel + (p["log_noise"] * 2.0).exp() * np.eye(n)
        return ((kernel.inverse() @ y) * y).sum() * 0.5 + kernel.log_determinant() * 0.5

    return p, forward


def kalman(draw, n):
    y = draw.normal(size=n + 3)
    p = {"a": draw.uniform(0.3, 0.9, size=1), "log_q": draw.normal(size=1), "log_r": draw.normal(size=1)}

    def forward(p):
        q, r, m, v, total = p["log_q"].exp(), p["log_r"].exp(), p["a"] * 0.0, p["a"] * 0.0 + 1.0, 0.0
        for each in y:
            m, v = p["a"] * m, p["a"].power(2.0) * v + q
            s = v + r
            total = ((m - each).power(2.0) / s + s.log()) * 0.5 + total
            gain = v / s
            m, v = m + gain * (each - m), (1.0 - gain) * v
        return total.sum()

    return p, forward


def lotka(draw, n):
    seen = draw.uniform(0.5, 2.0, size=(10, 2))
    p = {"rates": draw.uniform(0.3, 1.0, size=4), "start": draw.uniform(0.5, 2.0, size=2)}

    def forward(p):
        x, y, total = p["start"][0], p["start"][1], 0.0
        for k in range(10):
            dx = p["rates"][0] * x - p["rates"][1] * x * y
            dy = p["rates"][2] * x * y - p["rates"][3] * y
            x, y = x + dx * 0.1, y + dy * 0.1
            total = (x - seen[k, 0]).power(2.0) + (y - seen[k, 1]).power(2.0) + total
        return total

    return p, forward


def mixture(draw, n):
    x = draw.normal(size=(n + 5, 1))
    p = {"logits": draw.normal(size=3), "mean": draw.normal(size=3), "log_s": 0.3 * draw.normal(size=3)}

    def forward(p):
        z = (x - p["mean"]) * (-p["log_s"]).exp()
        logs = z.power(2.0) * -0.5 - p["log_s"] + (p["logits"] - p["logits"].logsumexp(keepdims=True))
        return -logs.logsumexp(axis=1).mean()

    return p, forward


def hidden_markov(draw, n):
    y = draw.integers(0, 3, size=n + 3)
    p = {"A": draw.normal(size=(3, 3)), "B": draw.normal(size=(3, 3)), "start": draw.normal(size=3)}

    def forward(p):
        move, emit = p["A"] - p["A"].logsumexp(keepdims=True), p["B"] - p["B"].logsumexp(keepdims=True)
        alpha = p["start"] - p["start"].logsumexp(keepdims=True) + emit[:, y[0]]
        for each in y[1:]:
            alpha = (alpha.reshape(3, 1) + move).logsumexp(axis=0) + emit[:, each]
        return -alpha.logsumexp()

    return p, forward


def factorisation(draw, n):
    r, seen = draw.normal(size=(n + 2, 4)), draw.integers(0, 2, size=(n + 2, 4)).astype(float)
    p = {"P": draw.normal(size=(n + 2, 2)), "Q": draw.normal(size=(4, 2))}
    return p, lambda p: ((p["P"] @ p["Q"].T - r) * seen).power(2.0).sum() + p["P"].power(2.0).sum() * 0.05


def triplet(draw, n):
    a, b, c = draw.normal(size=(3, n + 2, 4))
    p = {"W": draw.normal(size=(4, 3))}

    def forward(p):
        near, far = ((u @ p["W"] - v @ p["W"]).power(2.0).sum(axis=1) for u, v in ((a, b), (a, c)))
        return (near - far + 1.0).relu().mean()

    return p, forward


def cosine(draw, n):
    a, b, t = draw.normal(size=(n, 4)), draw.normal(size=(n, 4)), draw.normal(size=n)
    p = {"W": draw.normal(size=(4, 3))}

    def forward(p):
        u, v = a @ p["W"], b @ p["W"]
        size = (u.power(2.0).sum(axis=1) * v.power(2.0).sum(axis=1)).sqrt()
        return ((u * v).sum(axis=1) / size - t).power(2.0).mean()

    return p, forward


def ranking(draw, n):
    won, lost = draw.integers(0, 5, size=(2, 2 * n + 4))
    lost = np.where(won == lost, (lost + 1) % 5, lost)
    p = {"skill": draw.normal(size=5)}
    return p, lambda p: (p["skill"][lost] - p["skill"][won]).softplus().mean()


def survival(draw, n):
    x = draw.normal(size=(n + 3, 3))
    p = {"beta": draw.normal(size=3)}

    def forward(p):
        risk, total = x @ p["beta"], 0.0
        for k in range(n + 2):
            total = risk[k:].logsumexp() - risk[k] + total
        return total

    return p, forward


def flow(draw, n):
    x = draw.normal(size=(n + 2, 2))
    p = {"u": 0.3 * draw.normal(size=2), "w": draw.normal(size=2), "b": draw.normal(size=1)}

    def forward(p):
        h = (x @ p["w"] + p["b"]).tanh()
        z = h.reshape(n + 2, 1) * p["u"] + x
        stretch = (1.0 - h.power(2.0)) * (p["u"] * p["w"]).sum() + 1.0
        return z.power(2.0).sum(axis=1).mean() * 0.5 - stretch.abs().log().mean()

    return p, forward
