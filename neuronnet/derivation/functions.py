"""The functions that a formula may call, for any type of number. How a call is written or read is not known here."""

from neuronnet.elementary import exp, ln, logsumexp, real_part, sqrt, tanh


def positive_part(zero, x):
    """max(0, x), as relu computes it; the zero has the type of x."""
    return x if real_part(x) > real_part(zero) else type(x)(0)


def step(x):
    """The slope of relu: 1 where x is positive, otherwise 0, in the type of x."""
    return type(x)(1 if real_part(x) > 0 else 0)


def logistic(x):
    """1/(1 + exp(-x)), by whichever power of e does not overflow."""
    if real_part(x) >= 0:
        return 1 / (1 + exp(-x))
    power = exp(x)
    return power / (1 + power)


def logistic_slope(x):
    """The derivative of the logistic: no 1 - out, which is 0 in floats long before the slope is."""
    return logistic(x) * logistic(-x)


def tanh_slope(x):
    """The derivative of tanh, 1 - tanh(x)^2, from tanh(x) = 2*logistic(2*x) - 1."""
    return 4 * logistic_slope(2 * x)


# Name -> (function, how many arguments it takes; None for any number).
FUNCTIONS = {"exp": (exp, 1), "ln": (ln, 1), "tanh": (tanh, 1), "sqrt": (sqrt, 1), "step": (step, 1),
             "max": (positive_part, 2), "logsumexp": (logsumexp, None), "logistic": (logistic, 1),
             "logistic'": (logistic_slope, 1), "tanh'": (tanh_slope, 1)}
