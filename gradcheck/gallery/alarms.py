"""False alarms: reported as wrong, and right all the same. The judge has to say so."""

import numpy as np

from gradcheck.gallery import ALARMS, exhibit
from gradcheck.gallery.layers import by_normalised, normalised

DRAW = np.random.default_rng(34)
X = DRAW.normal(size=(5, 4))


@exhibit(
    "alarm-missing-term",
    "pjreddie/darknet/issues/1723",
    "batch normalisation without a term of the paper",
    "The gradient by the variance acts on the mean as well, through the sum of x - mean. That sum is "
    "zero, and the term with it.",
    section=ALARMS,
)
def alarm_missing_term():
    def backward(x, u):
        n, centred, deviation = len(x), x - x.mean(axis=0), x.std(axis=0)
        by_variance = -0.5 * np.sum(u * centred, axis=0) / deviation**3
        by_mean = -np.sum(u, axis=0) / deviation  # and nothing of by_variance
        return u / deviation + by_variance * 2 * centred / n + by_mean / n

    return lambda x: normalised(x, 0), backward, X


@exhibit(
    "alarm-fourth-path",
    "BVLC/caffe/issues/3878",
    "batch normalisation with three paths of four",
    "The fourth is a product with the mean of the normalised values, which is zero.",
    section=ALARMS,
)
def alarm_fourth_path():
    return lambda x: normalised(x, 0), lambda x, u: by_normalised(x, u, 0), X


@exhibit(
    "alarm-cholesky",
    "pytorch/pytorch/issues/137284",
    "a gradient by a symmetric matrix, half on either side",
    "Where [i,j] and [j,i] are one number, their shares may stand on either side or be halved: each is "
    "the gradient of a function of all entries. This one reads both, and halves.",
    section=ALARMS,
)
def alarm_cholesky():
    def factor(A):
        return np.linalg.cholesky((A + A.T) / 2)

    def backward(A):
        return np.linalg.inv((A + A.T) / 2)

    return lambda A: 2 * np.sum(np.log(np.diag(factor(A)))), backward, X.T @ X + np.eye(4)


@exhibit(
    "alarm-hardtanh",
    "pytorch/pytorch/issues/120258",
    "hardtanh with slope zero at the corners",
    "At a corner any slope between those of the two sides will do.",
    section=ALARMS,
)
def alarm_hardtanh():
    def backward(x):
        return np.where(np.abs(x) >= 1, 0.0, 1.0)

    return lambda x: np.sum(np.clip(x, -1, 1)), backward, np.array([-1.0, 0.3, 1.0])


@exhibit(
    "alarm-hardswish",
    "pytorch/pytorch/issues/147801",
    "hardswish with the slopes of its inner piece at ±3",
    "-1/2 and 3/2 are the slopes on one side of the corner each, and so subgradients.",
    section=ALARMS,
)
def alarm_hardswish():
    def backward(x):
        return np.where(x < -3, 0.0, np.where(x <= 3, x / 3 + 0.5, 1.0))

    return lambda x: np.sum(x * np.clip(x + 3, 0, 6) / 6), backward, np.array([-3.0, 3.0, 0.7, 4.0])


@exhibit(
    "alarm-normalised-zero",
    "tensorflow/tensorflow/issues/56796",
    "a slope of a million for a vector of zeros",
    "x is divided by its length, or by a millionth where that is larger. At zero it is the millionth, so "
    "the slope is a million.",
    section=ALARMS,
)
def alarm_normalised_zero():
    def forward(x):
        return x / np.sqrt(np.maximum(np.sum(x**2), 1e-12))

    def backward(x, u):
        size = np.sqrt(np.sum(x**2))
        return u / 1e-6 if size <= 1e-6 else (u - x * np.sum(u * x) / size**2) / size

    return forward, backward, np.zeros(3)


@exhibit(
    "alarm-tanh",
    "oreilly-japan/deep-learning-from-scratch-2/issues/26",
    "1 - h**2 for the slope of tanh",
    "Somebody took the slope of the inverse, 1/(1 - h**2), for the right one.",
    section=ALARMS,
)
def alarm_tanh():
    return np.tanh, lambda x, u: u * (1 - np.tanh(x) ** 2), X


@exhibit(
    "alarm-relu",
    "scikit-learn/scikit-learn/issues/14244",
    "relu's slope taken from a comparison with zero alone",
    "What is compared is the output: it is zero wherever the input is negative.",
    section=ALARMS,
)
def alarm_relu():
    def backward(x, u):
        out = np.maximum(x, 0.0)
        return np.where(out == 0, 0.0, u)

    return lambda x: np.maximum(x, 0.0), backward, X


@exhibit(
    "alarm-exp",
    "karpathy/nn-zero-to-hero/issues/52",
    "exp whose gradient uses its output",
    "The derivative of exp is exp, so the output is what belongs there, and not the input.",
    section=ALARMS,
)
def alarm_exp():
    return np.exp, lambda x, u: u * np.exp(x), X
