"""Activations and losses on whole arrays, right in every digit that a float can hold.

Legend: net, out, target have shape (N, K): N samples, K neurons. Values accept complex nets, whose real parts
decide every case, so that a complex step can go through them. `into` is an array that takes the result;
without it a new one is made. Wherever a textbook formula such as out (1 - out) would cancel, 1 - out is
computed from net: at net = 40 the slope is 4.2e-18, not 0.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradcheck.errors import GradcheckError, named


@dataclass(frozen=True)
class Activation:
    """`value(net, into)` -> out, and `delta(dE_dout, net, out, into)` -> dE/dnet."""

    value: Callable
    delta: Callable


@dataclass(frozen=True)
class Loss:
    """`error(out, target)` -> the error of each output, and `slope(out, target)` -> dE/dout."""

    error: Callable
    slope: Callable


# Activations

FEW = 4
ONES = [np.ones((neurons, neurons)) for neurons in range(FEW + 1)]


def logistic(net, into=None):
    """out = 1/(1 + exp(-net)), of a negative net exp(net)/(1 + exp(net)): nothing overflows."""
    negative = net.real < 0
    small = np.exp(np.where(negative, net, -net))
    return np.divide(np.where(negative, small, 1.0), 1.0 + small, into)


def logistic_delta(dE_dout, net, out, into=None):
    """dout/dnet = out (1 - out) = exp(-|net|)/(1 + exp(-|net|))**2."""
    small = np.exp(-np.abs(net))
    return np.multiply(dE_dout, small / (1.0 + small) ** 2, into)


@np.errstate(over="ignore")
def tanh_delta(dE_dout, net, out, into=None):
    """dout/dnet = 1 - out**2 = 1/cosh(net)**2; where cosh overflows the slope is 0, to the last digit."""
    cosh = np.cosh(net)
    return np.divide(np.divide(dE_dout, cosh, into), cosh, into)


def relu(net, into=None):
    """out = net where net > 0, else 0."""
    return np.positive(np.where(net.real <= 0, 0.0, net), into)


def relu_delta(dE_dout, net, out, into=None):
    """dout/dnet = 1 where net > 0, else 0: at net == 0 it is 0."""
    return np.multiply(dE_dout, net > 0, into)


def identity_delta(dE_dout, net, out, into=None):
    """dout/dnet = 1."""
    return np.positive(dE_dout, into)


def softmax(net, into=None):
    """out_i = exp(net_i)/sum_j exp(net_j); where an exp might overflow, less the sample's largest net.

    None does with every |net| below 700; the sum of all squares shows that faster than the largest |net|.
    """
    flat = net.real.ravel("K")
    if flat.dot(flat) < 700.0**2 or np.maximum.reduce(np.abs(flat)) < 700.0:
        small = np.exp(net, into)
    else:
        small = _exp_of_difference(net, np.maximum.reduce(net.real, axis=-1, keepdims=True))
    return np.divide(small, sums(small), into)


def softmax_delta(dE_dout, net, out, into=None):
    """dE/dnet_i = out_i (dE/dout_i - sum_j out_j dE/dout_j), from dout_j/dnet_i = out_j ((i == j) - out_i).

    The same number may be subtracted from every dE/dout_j, as the outputs sum to 1. With that of the largest
    output nothing cancels: its own term is 0, and all that is left are small outputs times differences.
    """
    largest = np.expand_dims(np.argmax(out, axis=-1), -1)
    difference = dE_dout - np.take_along_axis(dE_dout, largest, axis=-1)
    return np.multiply(out, difference - sums(difference * out), into)


def _exp_of_difference(a, b):
    """exp(a - b), with what the subtraction rounded off put back: up to 512 ulps at -745."""
    difference = a - b
    moved = difference - a
    rounded_off = (a - (difference - moved)) - (b + moved)
    return np.exp(difference) * (1.0 + rounded_off.real)


def sums(array):
    """The sum over the neurons of every sample: (N, 1), or (N, K) for a few neurons, by a faster product."""
    neurons = array.shape[-1]
    if neurons > FEW:
        return np.add.reduce(array, axis=-1, keepdims=True)
    return ONES[neurons].dot(array.T).T


ACTIVATIONS = {
    "logistic": Activation(logistic, logistic_delta),
    "tanh": Activation(np.tanh, tanh_delta),
    "relu": Activation(relu, relu_delta),
    "identity": Activation(np.positive, identity_delta),
    "softmax": Activation(softmax, softmax_delta),
}


# Losses of an output alone; how outputs and samples combine is the network's convention


def half_squared_error(out, target):
    """E = 1/2 (target - out)**2."""
    return 0.5 * (target - out) ** 2


def squared_error(out, target):
    """E = (target - out)**2."""
    return (target - out) ** 2


def cross_entropy(no, out, target):
    """E = -(target ln out + no ln(1 - out)), where 0 ln 0 = 0."""
    return -(_times_log(target, out) + _times_log(no(target), 1.0 - out))


def cross_entropy_slope(no, out, target):
    """dE/dout = no/(1 - out) - target/out, where 0/0 = 0."""
    return _quotient(no(target), 1.0 - out) - _quotient(target, out)


def _times_log(factor, x):
    return factor * np.log(_no_less_than_0(factor, x))


def _quotient(a, b):
    return np.divide(a, _no_less_than_0(a, b), out=np.zeros(a.shape), where=a != 0.0)


def _no_less_than_0(factor, x):
    """`x`, of which a logarithm is taken wherever the factor is not 0; there 1."""
    x = np.where(factor == 0.0, 1.0, x)
    if np.min(x.real, initial=0.0) < 0.0:
        raise GradcheckError(f"a cross-entropy takes the logarithm of out and 1 - out, one is {x.real.min()}")
    return x


# The weight of ln(1 - out).
NO = {"binary cross-entropy": lambda target: 1.0 - target, "categorical cross-entropy": np.zeros_like}
LOSSES = {
    "half squared error": Loss(half_squared_error, lambda out, target: out - target),
    "squared error": Loss(squared_error, lambda out, target: 2.0 * (out - target)),
    **{name: Loss(partial(cross_entropy, no), partial(cross_entropy_slope, no)) for name, no in NO.items()},
    "output": Loss(lambda out, target: out, lambda out, target: np.ones(out.shape)),
}


# Cross-entropies of probabilities, from net: where out has rounded to 0 or 1, net still has every digit


def log_logistic(net):
    """ln out = -ln(1 + exp(-net)) for out = logistic(net); ln(1 - out) is that of -net."""
    positive = net.real > 0
    return np.where(positive, 0.0, net) - np.log1p(np.exp(np.where(positive, -net, net)))


def log_softmax(net):
    """ln out_i = net_i - ln sum_j exp(net_j) for out = softmax(net)."""
    return -np.concatenate([_log_sum_exp(net, net[:, i : i + 1]) for i in range(net.shape[1])], axis=1)


def log_rest_of_softmax(net):
    """ln(1 - out_i), out = softmax(net): of a large out ln sum_(j != i) exp(net_j) - ln sum_j exp(net_j)."""
    out, top = softmax(net), np.take_along_axis(net, np.argmax(net.real, axis=1)[:, None], axis=1)
    if net.shape[1] == 1:
        return np.full(net.shape, -np.inf)
    rest = [_log_sum_exp(np.delete(net, i, 1), top) for i in range(net.shape[1])]
    large = out.real > 0.5
    small = np.log1p(-np.where(large, 0, out))
    return np.where(large, np.concatenate(rest, axis=1) - _log_sum_exp(net, top), small)


def _log_sum_exp(net, less):
    """ln sum_j exp(net_j) - less: the largest net is taken out, which leaves ln(1 + the rest)."""
    largest = np.expand_dims(np.argmax(net.real, axis=1), 1)
    top = np.take_along_axis(net, largest, axis=1)
    rest = _exp_of_difference(net, top)
    np.put_along_axis(rest, largest, 0.0, axis=1)
    return np.log1p(np.sum(rest, axis=1, keepdims=True)) + (top - less)


LOG_OUT = {"logistic": log_logistic, "softmax": log_softmax}
LOG_REST = {"logistic": lambda net: log_logistic(-net), "softmax": log_rest_of_softmax}


def errors(activation, loss, net, out, target):
    """The error of each output, shape (N, K)."""
    if activation not in LOG_OUT or loss not in NO:
        return named("loss", LOSSES, loss).error(out, target)
    error = -_product(target, LOG_OUT[activation](net))
    if loss == "binary cross-entropy":
        error -= _product(1.0 - target, LOG_REST[activation](net))
    return error


def _product(factor, log):
    """factor times log, where 0 times -inf = 0."""
    return factor * np.where(factor == 0.0, 0.0, log)


# The delta of the last layer, for any targets


def logistic_cross_entropy_delta(no, net, out, target, into=None):
    """no out - target (1 - out): out - target where no = 1 - target."""
    return np.subtract(no(target) * out, target * logistic(-net), into)


def softmax_categorical_delta(net, out, target, into=None):
    """out_i sum_j target_j - target_i, which is out - target where the targets sum to 1.

    Computed as out_i sum_(j != i) target_j - target_i sum_(j != i) out_j; of two neurons the second product
    is the first, of the other neuron.
    """
    first = out * others(target)
    second = others(first) if out.shape[-1] == 2 else target * others(out)
    return np.subtract(first, second, into)


def softmax_binary_delta(net, out, target, into=None):
    """q_i (1 - out_i) - out_i sum_(j != i) q_j with q = out dE/dout = (1 - target) out/(1 - out) - target."""
    rest = others(out)
    q = _quotient((1.0 - target) * out, rest) - target
    return np.subtract((1.0 - target) * out - target * rest, out * others(q), into)


def others(array):
    """The sum of all other neurons at each: that of the others' outputs is 1 - out, with every digit."""
    if array.shape[-1] == 2:
        return array[..., ::-1]
    return array @ (1.0 - np.eye(array.shape[-1]))


DELTAS = {
    **{("logistic", name): partial(logistic_cross_entropy_delta, no) for name, no in NO.items()},
    ("softmax", "categorical cross-entropy"): softmax_categorical_delta,
    ("softmax", "binary cross-entropy"): softmax_binary_delta,
}


def output_delta(activation, loss):
    """The function (net, out, target, into) -> dE/dnet: a row of DELTAS if there is one, else `long_way`."""
    return DELTAS.get((activation, loss)) or long_way(activation, loss)


def long_way(activation, loss):
    """The function (net, out, target, into) -> dE/dout dout/dnet, for every pair; 1/out may overflow."""
    slope, delta = named("loss", LOSSES, loss).slope, named("activation", ACTIVATIONS, activation).delta
    return lambda net, out, target, into=None: delta(slope(out, target), net, out, into)
