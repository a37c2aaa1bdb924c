"""Losses on whole arrays: the error of each output, and its derivative at out and, with the last activation,
at net.

Legend: net, out, target have shape (N, K): N samples, K neurons; `into`, `work` and `row` are as in
`activations`. A loss here is the error of each output, shape (N, K); how outputs and samples combine is the
network's convention. Errors and deltas are stable at |net| = 1000 for the pairs below; errors accept complex
nets (for the complex step).
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from gradcheck.errors import GradcheckError, named
from gradcheck.twin.layers import ACTIVATIONS, across


@dataclass(frozen=True)
class Loss:
    """`error(out, target)` -> error of each output, and `slope(out, target, into)` -> dE/dout."""

    error: Callable
    slope: Callable


def half_squared_error(out, target):
    """E = 1/2 (target - out)**2."""
    return 0.5 * (target - out) ** 2


def half_squared_error_slope(out, target, into=None):
    """dE/dout = out - target."""
    return np.subtract(out, target, into)


def squared_error(out, target):
    """E = (target - out)**2."""
    return (target - out) ** 2


def squared_error_slope(out, target, into=None):
    """dE/dout = 2 (out - target)."""
    into = np.subtract(out, target, into)
    return np.multiply(into, 2.0, into)


def binary_cross_entropy(out, target):
    """E = -(target ln out + (1 - target) ln(1 - out)), where 0 ln 0 = 0."""
    return -(_times_log(target, out) + _times_log(1.0 - target, 1.0 - out))


def binary_cross_entropy_slope(out, target, into=None):
    """dE/dout = (1 - target)/(1 - out) - target/out, where 0/0 = 0."""
    return np.subtract(_quotient(1.0 - target, 1.0 - out), _quotient(target, out), out=into)


def categorical_cross_entropy(out, target):
    """E = -target ln out, where 0 ln 0 = 0."""
    return -_times_log(target, out)


def categorical_cross_entropy_slope(out, target, into=None):
    """dE/dout = -target/out, where 0/0 = 0."""
    return np.negative(_quotient(target, out), out=into)


def output(out, target):
    """E = out; the targets are not looked at."""
    return out


def output_slope(out, target, into=None):
    """dE/dout = 1."""
    into = np.empty(out.shape) if into is None else into
    into.fill(1.0)
    return into


def _times_log(factor, x):
    return factor * np.log(np.where(factor == 0.0, 1.0, x))


def _quotient(a, b):
    return np.divide(a, b, out=np.zeros(a.shape), where=a != 0.0)


LOSSES = {
    "half squared error": Loss(half_squared_error, half_squared_error_slope),
    "squared error": Loss(squared_error, squared_error_slope),
    "binary cross-entropy": Loss(binary_cross_entropy, binary_cross_entropy_slope),
    "categorical cross-entropy": Loss(categorical_cross_entropy, categorical_cross_entropy_slope),
    "output": Loss(output, output_slope),
}


# Pairs of an output activation and a loss


def binary_cross_entropy_of_net(net, target):
    """E = ln(1 + exp(net)) - target net = ln(1 + exp(-|net|)) + ((net > 0) - target) net, for out =
    logistic(net).

    Multiplied out, a large net would cancel and take the digits of a small E with it.
    """
    positive = net.real > 0
    return np.log1p(np.exp(np.where(positive, -net, net))) + (positive - target) * net


def categorical_cross_entropy_of_net(net, target):
    """E_i = target_i (ln sum_j exp(net_j) - net_i), for out = softmax(net); the largest term is the 1 in
    ln(1 + the rest).
    """
    largest = np.expand_dims(np.argmax(net.real, axis=-1), -1)
    shifted = net - np.take_along_axis(net.real, largest, axis=-1)
    rest = np.exp(shifted)
    first = np.take_along_axis(rest, largest, axis=-1)
    np.put_along_axis(rest, largest, 0.0, axis=-1)
    return target * (np.log(first) + np.log1p(np.sum(rest, axis=-1, keepdims=True) / first) - shifted)


BINARY = ("logistic", "binary cross-entropy")
CATEGORICAL = ("softmax", "categorical cross-entropy")
ERROR_OF_NET = {BINARY: binary_cross_entropy_of_net, CATEGORICAL: categorical_cross_entropy_of_net}
TARGETS_ALLOW_SHORT_CUT = {
    BINARY: lambda targets: True,
    CATEGORICAL: lambda targets: bool(
        np.all(np.abs(np.sum(targets, axis=-1) - 1.0) <= _rounding_of_sum(targets))
    ),
}


def _rounding_of_sum(targets):
    """Rounding of the K targets and of their K - 1 additions, each at most u, around a sum of 1."""
    return targets.shape[-1] * np.finfo(np.float64).eps


def errors(activation, loss, net, out, target):
    """Error of each output, shape (N, K): from net where out may have lost the digits, else from out."""
    if (activation, loss) in ERROR_OF_NET:
        return ERROR_OF_NET[activation, loss](net, target)
    return named("loss", LOSSES, loss).error(out, target)


def short_cut_holds(activation, loss, targets):
    """Whether dE/dnet = out - target for this pair and these targets: only for the pairs of
    TARGETS_ALLOW_SHORT_CUT.
    """
    allowed = TARGETS_ALLOW_SHORT_CUT.get((activation, loss))
    return allowed is not None and allowed(targets)


def short_cut(activation, loss, targets):
    """The function (out, target, into, work, row) -> out - target. Raises GradcheckError where it is not
    dE/dnet.
    """
    if not short_cut_holds(activation, loss, targets):
        raise GradcheckError(
            f"delta = out - target is not the derivative for {activation} with {loss} and these "
            f"targets; it holds for {BINARY}, and for {CATEGORICAL} with targets that sum to one"
        )
    return lambda out, target, into=None, work=None, row=None: np.subtract(out, target, into)


def long_way(activation, loss):
    """The function (out, target, into, work, row) -> dE/dout times dout/dnet, right for every pair.

    The slopes of the cross-entropies make new arrays, for 0/0 = 0; `output_delta` has no need of them where
    outputs are probabilities.
    """
    slope, delta = named("loss", LOSSES, loss).slope, named("activation", ACTIVATIONS, activation).delta
    return lambda out, target, into=None, work=None, row=None: delta(
        slope(out, target, into), out, into, work, row
    )


def softmax_times_categorical(out, target, into=None, work=None, row=None):
    """The long way for softmax with categorical cross-entropy, multiplied out: out_i sum_j target_j -
    target_i.

    Right for any targets; the factor out of the softmax has cancelled the 1/out of the loss, which may be
    1/0.
    """
    row = across(np.add, target, row)
    into = np.multiply(out, row, into)
    return np.subtract(into, target, into)


def logistic_times_categorical(out, target, into=None, work=None, row=None):
    """The long way for logistic with categorical cross-entropy, multiplied out: -target (1 - out)."""
    into = np.subtract(out, 1.0, into)
    return np.multiply(into, target, into)


MULTIPLIED_OUT = {
    CATEGORICAL: softmax_times_categorical,
    ("logistic", "categorical cross-entropy"): logistic_times_categorical,
}


def output_delta(activation, loss, targets):
    """The function (out, target, into, work, row) -> dE/dnet, stable and right for this pair and these
    targets.
    """
    if short_cut_holds(activation, loss, targets):
        return short_cut(activation, loss, targets)
    return MULTIPLIED_OUT.get((activation, loss)) or long_way(activation, loss)
