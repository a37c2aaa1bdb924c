"""Activations and losses on whole arrays, value and derivative, stable at |net| = 1000; leaves out layers and networks.

Legend: net, out, target have shape (N, K): N samples, K neurons; `into` is an array that takes the result (a new one is
made when it is None); `work`, shape (N, K), and `row`, shape (N, 1), are space for intermediate results. Values accept
complex nets (for the complex step), branches go by the real part. `delta` functions turn dE/dout into dE/dnet.
A loss here is the error of each output, shape (N, K); how outputs and samples combine is the network's convention.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from .errors import GradcheckError, UnknownName

FEW = 4


@dataclass(frozen=True)
class Activation:
    """`value(net, into, row)` -> out, and `delta(dE_dout, out, into, work, row)` -> dE/dnet."""

    value: Callable
    delta: Callable


@dataclass(frozen=True)
class Loss:
    """`error(out, target)` -> error of each output, and `slope(out, target, into)` -> dE/dout."""

    error: Callable
    slope: Callable


# Activations

def logistic(net, into=None, row=None):
    """out = 1/(1 + exp(-net))."""
    if np.iscomplexobj(net):
        negative = net.real < 0
        small = np.exp(np.where(negative, net, -net))
        return np.where(negative, small, 1.0) / (1.0 + small)
    into = np.negative(net, into)
    with np.errstate(over="ignore"):        # exp(1000) = inf gives out = 0, which is right to every digit a float has
        np.exp(into, into)
    np.add(into, 1.0, into)
    return np.reciprocal(into, into)


def logistic_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = out (1 - out)."""
    work = np.subtract(1.0, out, work)
    np.multiply(work, out, work)
    return np.multiply(dE_dout, work, into)


def tanh(net, into=None, row=None):
    """out = tanh(net)."""
    return np.tanh(net, into)


def tanh_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1 - out**2."""
    work = np.multiply(dE_dout, out, work)
    np.multiply(work, out, work)
    return np.subtract(dE_dout, work, into)


def relu(net, into=None, row=None):
    """out = net where net > 0, else 0."""
    if np.iscomplexobj(net):
        return np.where(net.real > 0, net, 0.0)
    return np.maximum(net, 0.0, out=into)


def relu_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1 where net > 0, else 0: at net == 0 it is 0. (out > 0 exactly where net > 0.)"""
    work = np.greater(out, 0.0, out=np.empty(out.shape) if work is None else work)
    return np.multiply(dE_dout, work, into)


def identity(net, into=None, row=None):
    """out = net."""
    return np.positive(net, into)


def identity_delta(dE_dout, out, into=None, work=None, row=None):
    """dout/dnet = 1."""
    return np.positive(dE_dout, into)


def softmax(net, into=None, row=None):
    """out_i = exp(net_i)/sum_j exp(net_j) over the last axis; with the largest net subtracted nothing overflows."""
    largest = _across(np.maximum, net.real, row)
    into = np.subtract(net, largest, into)
    np.exp(into, into)
    total = _across(np.add, into, row)
    return np.divide(into, total, into)


def softmax_delta(dE_dout, out, into=None, work=None, row=None):
    """dE/dnet_i = out_i (dE/dout_i - sum_j dE/dout_j out_j), from dout_j/dnet_i = out_j ((i == j) - out_i)."""
    work = np.multiply(dE_dout, out, work)
    row = _across(np.add, work, row)
    into = np.subtract(dE_dout, row, into)
    return np.multiply(into, out, into)


def _across(operation, array, row):
    """operation over the neurons of every sample, shape (N, 1); a few neurons go one by one, along the samples.

    (NumPy's own reduction over a short axis has a fixed cost of three or four such operations.)
    """
    neurons = array.shape[-1]
    if row is None or neurons < 2 or neurons > FEW:
        return operation.reduce(array, axis=-1, keepdims=True, out=row)
    column = row[:, 0]
    operation(array[:, 0], array[:, 1], out=column)
    for k in range(2, neurons):
        operation(column, array[:, k], out=column)
    return row


ACTIVATIONS = {
    "logistic": Activation(logistic, logistic_delta),
    "tanh": Activation(tanh, tanh_delta),
    "relu": Activation(relu, relu_delta),
    "identity": Activation(identity, identity_delta),
    "softmax": Activation(softmax, softmax_delta),
}


# Losses

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
    """E = ln(1 + exp(net)) - target net = max(net, 0) + ln(1 + exp(-|net|)) - target net, for out = logistic(net)."""
    positive = net.real > 0
    return net * positive + np.log1p(np.exp(np.where(positive, -net, net))) - target * net


def categorical_cross_entropy_of_net(net, target):
    """E_i = target_i (ln sum_j exp(net_j) - net_i), for out = softmax(net)."""
    shifted = net - np.max(net.real, axis=-1, keepdims=True)
    return target * (np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True)) - shifted)


BINARY = ("logistic", "binary cross-entropy")
CATEGORICAL = ("softmax", "categorical cross-entropy")
ERROR_OF_NET = {BINARY: binary_cross_entropy_of_net, CATEGORICAL: categorical_cross_entropy_of_net}
TARGETS_ALLOW_SHORT_CUT = {
    BINARY: lambda targets: True,
    CATEGORICAL: lambda targets: bool(np.all(np.abs(np.sum(targets, axis=-1) - 1.0) <= _rounding_of_sum(targets))),
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
    """Whether dE/dnet = out - target for this pair and these targets: only for the pairs of TARGETS_ALLOW_SHORT_CUT."""
    allowed = TARGETS_ALLOW_SHORT_CUT.get((activation, loss))
    return allowed is not None and allowed(targets)


def short_cut(activation, loss, targets):
    """The function (out, target, into, work, row) -> out - target. Raises GradcheckError where it is not dE/dnet."""
    if not short_cut_holds(activation, loss, targets):
        raise GradcheckError(f"delta = out - target is not the derivative for {activation} with {loss} and these "
                             f"targets; it holds for {BINARY}, and for {CATEGORICAL} with targets that sum to one")
    return lambda out, target, into=None, work=None, row=None: np.subtract(out, target, into)


def long_way(activation, loss):
    """The function (out, target, into, work, row) -> dE/dout times dout/dnet, right for every pair."""
    slope, delta = named("loss", LOSSES, loss).slope, named("activation", ACTIVATIONS, activation).delta
    return lambda out, target, into=None, work=None, row=None: delta(slope(out, target, into), out, into, work, row)


def softmax_times_categorical(out, target, into=None, work=None, row=None):
    """The long way for softmax with categorical cross-entropy, multiplied out: out_i sum_j target_j - target_i.

    Right for any targets; the factor out of the softmax has cancelled the 1/out of the loss, which may be 1/0.
    """
    row = _across(np.add, target, row)
    into = np.multiply(out, row, into)
    return np.subtract(into, target, into)


def output_delta(activation, loss, targets):
    """The function (out, target, into, work, row) -> dE/dnet, stable and right for this pair and these targets."""
    if short_cut_holds(activation, loss, targets):
        return short_cut(activation, loss, targets)
    if (activation, loss) == CATEGORICAL:
        return softmax_times_categorical
    return long_way(activation, loss)


def named(kind, table, name):
    """table[name]. Raises UnknownName with the names that are allowed."""
    if name not in table:
        raise UnknownName(kind, name, table)
    return table[name]
