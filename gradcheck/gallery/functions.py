"""Losses, functions and update rules: wrong signs, factors and paths, and wrong at special points alone."""

import numpy as np

from gradcheck.gallery import exhibit
from gradcheck.gallery.layers import logistic, softmax

DRAW = np.random.default_rng(32)
X, T = DRAW.normal(size=(6, 3)), DRAW.normal(size=(6, 2))
VECTOR = DRAW.uniform(0.4, 1.6, size=5)
POSITIVE = np.random.default_rng(33).uniform(0.4, 1.6, size=4)


@exhibit(
    "cosh",
    "casadi/casadi/issues/2585",
    "the derivative of cosh with the sign of that of cos",
    "cosh' is sinh. It was -sinh for nine years.",
)
def cosh(wrong):
    return np.cosh, lambda x, u: u * (-np.sinh(x) if wrong else np.sinh(x)), VECTOR


@exhibit(
    "several-outputs",
    "scikit-learn/scikit-learn/issues/8349",
    "a loss that is a mean over the outputs with the gradient of a sum",
    "The squared error was averaged over samples and outputs, the gradient divided by the number of "
    "samples alone. With one output nobody can see it.",
)
def several_outputs(wrong):
    def loss(p):
        return 0.5 * np.mean((X @ p["W"] + p["b"] - T) ** 2)

    def backward(p):
        delta = (X @ p["W"] + p["b"] - T) / (len(X) if wrong else T.size)
        return {"W": X.T @ delta, "b": delta.sum(axis=0)}

    return loss, backward, {"W": DRAW.normal(size=(3, 2)), "b": DRAW.normal(size=2)}


@exhibit(
    "normal-covariance",
    "HIPS/autograd/issues/401",
    "the normal density with the wrong sign for its covariance",
    "The rule existed, and a slip in the name of its test kept that from ever running.",
)
def normal_covariance(wrong):
    x = np.array([0.4, -1.1, 0.7])

    def loss(S):
        return -0.5 * (x @ np.linalg.solve(S, x) + np.linalg.slogdet(S)[1])

    def backward(S):
        y = np.linalg.solve(S, x)
        found = 0.5 * (np.outer(y, y) - np.linalg.inv(S).T)
        return -found if wrong else found

    return loss, backward, np.array([[2.0, 0.3, 0.1], [0.3, 1.5, -0.4], [0.1, -0.4, 1.0]])


@exhibit(
    "x-times-itself",
    "NervanaSystems/neon/issues/169",
    "a product of x with its own transpose, one path of two",
    "x stands in dot(x, xᵀ) twice. What comes through the transpose was not added. Where u is symmetric "
    "both paths are the same, and half is left.",
)
def x_times_itself(wrong):
    u = DRAW.normal(size=(4, 4))
    u = u + u.T

    def backward(x):
        return u @ x if wrong else (u + u.T) @ x

    return lambda x: np.sum(u * (x @ x.T)), backward, np.random.default_rng(2).normal(size=(4, 3))


@exhibit(
    "node-used-twice",
    "karpathy/micrograd/issues/2",
    "a value that is used twice and hands each share on at once",
    "h acts on the loss in two ways. Its backward pass ran after each of them, with what had been added "
    "up so far: the first share went back twice.",
)
def node_used_twice(wrong):
    def loss(x):
        h = np.tanh(x)
        return np.sum(np.sin(h)) + np.sum(h**2)

    def backward(x):
        h = np.tanh(x)
        first, second = np.cos(h), 2 * h
        dh = first + (first + second) if wrong else first + second
        return dh * (1 - h**2)

    return loss, backward, VECTOR


@exhibit(
    "backward-twice",
    "karpathy/micrograd/issues/53",
    "a backward pass that adds to the gradients of the last one",
    "Gradients start from what the pass before left. The first call is right, and no other.",
)
def backward_twice(wrong):
    grad = np.zeros_like(VECTOR)

    def backward(x):
        if not wrong:
            grad[:] = 0.0
        grad[:] += np.cos(x)
        return grad.copy()

    return lambda x: np.sum(np.sin(x)), backward, VECTOR


@exhibit(
    "isotonic-pool",
    "tensorflow/tensorflow/issues/127234",
    "isotonic regression whose pools hand on their gradient whole",
    "The members of a pool share its mean, so each has a share of the gradient; of one-dimensional input "
    "every member got its own.",
)
def isotonic_pool(wrong):
    def pools(x):
        found = [[i] for i in range(len(x))]
        while any(x[a].mean() < x[b].mean() for a, b in zip(found, found[1:])):
            k = next(k for k, (a, b) in enumerate(zip(found, found[1:])) if x[a].mean() < x[b].mean())
            found[k : k + 2] = [found[k] + found[k + 1]]
        return found

    def forward(x):
        return np.concatenate([np.full(len(pool), x[pool].mean()) for pool in pools(x)])

    def backward(x, u):
        return u if wrong else np.concatenate([np.full(len(pool), u[pool].mean()) for pool in pools(x)])

    return forward, backward, np.array([4.0, 0.7, 2.0, 1.1, -0.6])


@exhibit(
    "ctc-normalised",
    "pytorch/pytorch/issues/52241",
    "a loss of log-probabilities, differentiated as if it made them itself",
    "The gradient of CTC was taken from a paper in which the inputs go through softmax first; here they are "
    "log-probabilities already, and nothing is subtracted.",
)
def ctc_normalised(wrong):
    labels = np.array([[1, 1, 2], [1, 2, 2], [0, 1, 2], [1, 0, 2], [1, 2, 0]])  # the paths that spell 1, 2
    steps = np.arange(3)

    def scores(logs):
        return logs[steps, labels].sum(axis=1)

    def backward(logs):
        shares, found = np.exp(scores(logs) - np.logaddexp.reduce(scores(logs))), np.zeros_like(logs)
        for share, path in zip(shares, labels):
            found[steps, path] -= share
        return found + softmax(logs) if wrong else found

    return lambda logs: -np.logaddexp.reduce(scores(logs)), backward, np.log(softmax(X[:3]))


@exhibit(
    "by-the-logarithm",
    "scikit-learn/scikit-learn/issues/18702",
    "the derivative by the logarithm of a parameter, for one by the parameter",
    "A kernel's hyperparameters are optimised as logarithms, and its gradient is by those. Who takes it "
    "for that by the parameter has one factor too many.",
)
def by_the_logarithm(wrong):
    def backward(sigma):
        return 2 * sigma**2 if wrong else 2 * sigma

    return lambda sigma: np.sum(sigma**2), backward, VECTOR


def adam_mean(g, correct, steps=3, beta=0.9):
    """Adam's first moment after a few steps with the same gradient g, its bias corrected."""
    m = np.zeros_like(g)
    for _ in range(steps):
        m = beta * m + (1 - beta) * g
    return correct(m, beta, steps)


@exhibit(
    "adam-multiplied",
    "karpathy/convnetjs/pull/70",
    "Adam that multiplies by its bias correction",
    "After some steps with one gradient the corrected mean is that gradient. It was multiplied by 1 - "
    "beta**t instead of divided.",
    also=adam_mean,
)
def adam_multiplied(wrong):
    def correct(m, beta, t):
        return m * (1 - beta**t) if wrong else m / (1 - beta**t)

    return lambda x: np.sum(np.sin(x)), lambda x: adam_mean(np.cos(x), correct), VECTOR


@exhibit(
    "adam-first-step",
    "eriklindernoren/ML-From-Scratch/issues/35",
    "Adam with the correction of its first step in all",
    "1 - beta where 1 - beta**t is meant: right in the first step, and too large in every other.",
    also=adam_mean,
)
def adam_first_step(wrong):
    def correct(m, beta, t):
        return m / (1 - (beta if wrong else beta**t))

    return lambda x: np.sum(np.sin(x)), lambda x: adam_mean(np.cos(x), correct), VECTOR


# Right at every ordinary point: wrong at zeros, at ties, behind a threshold


@exhibit(
    "prod-at-zero",
    "tinygrad/tinygrad/pull/17404",
    "a product whose gradient divides by the entry",
    "prod(x)/x is the product of the others, unless x is zero.",
    is_special=True,
)
def prod_at_zero(wrong):
    def backward(x):
        if wrong:
            with np.errstate(all="ignore"):
                return np.prod(x) / x
        return np.array([np.prod(np.delete(x, i)) for i in range(len(x))])

    return np.prod, backward, POSITIVE


@exhibit(
    "cumprod-at-zero",
    "pymc-devs/pytensor/pull/1956",
    "a cumulative product whose gradient divides by the entry",
    "The tests drew from (0, 1), which holds no zero.",
    is_special=True,
)
def cumprod_at_zero(wrong):
    def backward(x, u):
        if wrong:
            with np.errstate(all="ignore"):
                return np.cumsum((u * np.cumprod(x))[::-1])[::-1] / x
        ahead = [np.prod(x[:i]) for i in range(len(x))]
        return np.array([a * np.sum(u[i:] * np.cumprod([1.0, *x[i + 1 :]])) for i, a in enumerate(ahead)])

    return np.cumprod, backward, POSITIVE


@exhibit(
    "norm-at-zero",
    "tensorflow/tensorflow/issues/12071",
    "a norm whose gradient at zero is not a number",
    "x/norm(x) is 0/0 there. Any vector not longer than one is a subgradient, zero among them; NaN is none.",
    is_special=True,
)
def norm_at_zero(wrong):
    def backward(x):
        with np.errstate(all="ignore"):
            return x / np.linalg.norm(x) if wrong or np.any(x) else np.zeros_like(x)

    return np.linalg.norm, backward, POSITIVE


@exhibit(
    "softplus-at-zero",
    "jax-ml/jax/issues/2107",
    "softplus with slope zero at zero",
    "max(x, 0) + log1p(exp(-|x|)) was differentiated term by term: at zero the slopes that max and abs "
    "have there add up to 0, where softplus has 1/2.",
    is_special=True,
)
def softplus_at_zero(wrong):
    def backward(x):
        slope = (x > 0) - np.sign(x) * logistic(-np.abs(x))
        return slope if wrong else np.where(x == 0, 0.5, slope)

    return lambda x: np.sum(np.logaddexp(x, 0.0)), backward, POSITIVE


@exhibit(
    "log-sigmoid-at-zero",
    "jax-ml/jax/issues/2140",
    "log-sigmoid with slope zero at zero",
    "The same two kinks that cancel in the value, and not in the slope.",
    is_special=True,
)
def log_sigmoid_at_zero(wrong):
    def backward(x):
        return np.where(wrong & (x == 0), 0.0, logistic(-x))

    return lambda x: -np.sum(np.logaddexp(-x, 0.0)), backward, POSITIVE


@exhibit(
    "logits-at-zero",
    "pytorch/pytorch/issues/2298",
    "binary cross-entropy with slope zero at the logit zero",
    "Weights that start at zero have logits of zero, and here they never leave it.",
    is_special=True,
)
def logits_at_zero(wrong):
    target = np.array([0.0, 1.0, 0.0, 1.0])

    def backward(x):
        return np.where(wrong & (x == 0), 0.0 - target * (x != 0), logistic(x) - target)

    return lambda x: np.sum(np.logaddexp(x, 0.0) - x * target), backward, POSITIVE


@exhibit(
    "behind-a-threshold",
    "stan-dev/math/issues/1578",
    "a density with the slope of its approximation behind a threshold",
    "For large alpha a Poisson distribution stands in for the negative binomial one. The values are near "
    "enough, the slopes are not: log(b/(1 + b)) is replaced by -1/b.",
    is_special=True,
)
def behind_a_threshold(wrong):
    b, threshold = 0.8, 30.0

    def backward(alpha):
        return np.where(wrong & (alpha > threshold), -1 / b, np.log(b / (1 + b)))

    return lambda alpha: np.sum(alpha * np.log(b / (1 + b))), backward, POSITIVE
