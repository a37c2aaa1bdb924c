"""The museum's special points: right at every ordinary point, wrong at zeros, at ties, behind a threshold."""

import numpy as np

from gradcheck.gallery.museum import exhibit
from gradcheck.gallery.museum_layers import logistic

POINT = np.random.default_rng(33).uniform(0.4, 1.6, size=4)


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

    return np.prod, backward, POINT


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

    return np.cumprod, backward, POINT


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

    return np.linalg.norm, backward, POINT


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

    return lambda x: np.sum(np.logaddexp(x, 0.0)), backward, POINT


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

    return lambda x: -np.sum(np.logaddexp(-x, 0.0)), backward, POINT


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

    return lambda x: np.sum(np.logaddexp(x, 0.0) - x * target), backward, POINT


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

    return lambda alpha: np.sum(alpha * np.log(b / (1 + b))), backward, POINT
