"""Activations on whole arrays, value and derivative, stable at |net| = 1000; leaves out losses, layers and networks.

Legend: net, out have shape (N, K): N samples, K neurons; `into` is an array that takes the result (a new one is made
when it is None); `work`, shape (N, K), and `row`, shape (N, 1), are space for intermediate results. Values accept
complex nets (for the complex step), branches go by the real part. `delta` functions turn dE/dout into dE/dnet.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

FEW = 4


@dataclass(frozen=True)
class Activation:
    """`value(net, into, row)` -> out, and `delta(dE_dout, out, into, work, row)` -> dE/dnet."""

    value: Callable
    delta: Callable


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
    largest = across(np.maximum, net.real, row)
    into = np.subtract(net, largest, into)
    np.exp(into, into)
    total = across(np.add, into, row)
    return np.divide(into, total, into)


def softmax_delta(dE_dout, out, into=None, work=None, row=None):
    """dE/dnet_i = out_i (dE/dout_i - sum_j dE/dout_j out_j), from dout_j/dnet_i = out_j ((i == j) - out_i)."""
    work = np.multiply(dE_dout, out, work)
    row = across(np.add, work, row)
    into = np.subtract(dE_dout, row, into)
    return np.multiply(into, out, into)


def across(operation, array, row):
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
