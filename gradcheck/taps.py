"""Intermediates of a backward pass, checked by perturbing them in the forward pass; parameters are checked elsewhere.

The loss takes a second argument, `taps`, a dict of arrays, and adds each to the quantity of its name:

    def loss(p, taps={}):
        z1 = x @ p["W1"] + taps.get("z1", 0.0)
        z2 = np.tanh(z1) @ p["W2"] + taps.get("z2", 0.0)
        return 0.5 * np.sum((z2 - target) ** 2)

The derivative of the loss by taps["z1"], at zero, is then that by z1 itself.
"""

from collections.abc import Mapping

import numpy as np

from .errors import GradcheckError
from .problem import Problem


class _Watched(dict):
    """A dict that notes which of its names are asked for."""

    def __init__(self, items, asked):
        super().__init__(items)
        self.asked = asked

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def tapped(problem, intermediates):
    """The Problem of the intermediates: its parameters are the taps, all zero; its gradients are ready numbers.

    `intermediates`: a dict of names to the loss's derivatives by them, in forward order, or a function of the parameters
    that returns it. Raises GradcheckError for a tap that the loss never asks for, and what Problem raises.
    """
    point = problem.point
    found = intermediates(point.restore(point.vector)) if callable(intermediates) else intermediates
    if not isinstance(found, Mapping) or len(found) == 0:
        raise GradcheckError("intermediates: expected a dict of names to arrays, in forward order, found "
                             f"{type(found).__name__}; e.g. {{\"dz1\": dz1, \"dz2\": dz2}}")
    asked = set()

    def loss(taps):
        return problem.loss(point.restore(point.vector), _Watched(taps, asked))

    at_zero = {name: np.zeros(np.shape(each)) if np.shape(each) else 0.0 for name, each in found.items()}
    taps = Problem(loss, dict(found), at_zero, problem.seed)
    for name in found:
        if name not in asked:
            raise GradcheckError(f"intermediates: the loss never asks for the tap {name!r}; add taps[{name!r}] to that "
                                 "quantity in the forward pass")
    return taps
