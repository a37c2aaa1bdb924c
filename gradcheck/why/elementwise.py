"""The law of an error that is made entry by entry, and what goes wrong where a function of each parameter is
differentiated: another slope than its own, or the derivative by another variable.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

COLUMNS = {  # what a constant k stands before: whether it multiplies the gradient, too, and what of p
    "parameter": (False, lambda p: p),
    "one": (False, np.ones_like),
    "sign": (False, np.sign),
    "over": (True, lambda p: 1.0 / p),
}


@dataclass(frozen=True)
class Law:
    """c*g + k*column, or ratio*g: the gradient that a mistake makes of the right one, g, at parameters p."""

    c: float = 1.0
    k: float = 0.0
    column: str = "parameter"
    ratio: Callable | None = None

    def weight(self, p):
        """What multiplies g."""
        multiplies, of = COLUMNS[self.column]
        weight = self.c * np.ones_like(p) if self.ratio is None else self.ratio(p)
        return weight + self.k * of(p) if multiplies and self.k != 0.0 else weight

    def added(self, p):
        """What is added to it."""
        multiplies, of = COLUMNS[self.column]
        return np.zeros_like(p) if multiplies else self.k * of(p)

    def __call__(self, g, p):
        return self.weight(p) * g + self.added(p)


def logistic(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


# name: value, slope, the slope by its value as programs compute it, and what of it is easily left out
ACTIVATIONS = {
    "tanh": (np.tanh, lambda out: 1.0 - out**2, "1 - out", lambda out: 1.0 - out),
    "the logistic function": (logistic, lambda out: out * (1.0 - out), "1 - out", lambda out: 1.0 - out),
    "softplus": (lambda x: np.logaddexp(x, 0.0), lambda out: -np.expm1(-out), None, None),
}


def ratios():
    """(id, ratio to the right gradient, what completes "the gradient of x is g ..."), as in a table."""
    yield "by the logarithm", lambda p: p, "times the parameter: the derivative by its logarithm"
    yield (
        "by the exponential",
        lambda p: np.exp(-p),
        "divided by its exponential: the slope of exp is left out",
    )
    for name, (value, slope, part, of_part) in ACTIVATIONS.items():
        yield from _of_activation(name, value, slope, part, of_part)


def _of_activation(name, value, slope, part, of_part):
    def over_slope(mistaken):
        return lambda p: mistaken(p, value(p)) / slope(value(p))

    yield "slope left out", over_slope(lambda p, out: 1.0), f"without the slope of {name} at the parameter"
    for_slope = f"with the value of {name} at the parameter in place of its slope"
    yield "value for slope", over_slope(lambda p, out: out), for_slope
    twice = f"with the slope of {name} taken at its output in place of the parameter"
    yield "slope at the output", over_slope(lambda p, out: slope(value(out))), twice
    given = f"with the slope of {name} by its formula of the output, applied to the parameter"
    yield "slope by the input", over_slope(lambda p, out: slope(p)), given
    if part is not None:
        lost = f"with {part} for the slope of {name} at the parameter"
        yield "part of the slope", over_slope(lambda p, out: of_part(out)), lost
