"""The intermediates of a backward pass as parameters of their own.

The loss takes a second argument, a dict of arrays, and adds each, at zero, to the quantity of its name; its
derivative by intermediates["dz1"] is then that by z1 itself:

    def loss(p, intermediates={}):
        z1 = x @ p["W1"] + intermediates.get("dz1", 0.0)
        z2 = np.tanh(z1) @ p["W2"] + intermediates.get("dz2", 0.0)
        return 0.5 * np.sum((z2 - target) ** 2)
"""

from collections import UserDict
from collections.abc import Mapping

import numpy as np

from gradcheck.errors import GradcheckError, passing_with_note
from gradcheck.inputs.functions import CallersFunctions
from gradcheck.inputs.point import numbers_in
from gradcheck.inputs.taps import LOCALS, Taps

__tracebackhide__ = True  # pytest leaves the frames of this file out
SAME_LOSS = 2.0**-6  # relative: float64 zeros added to float16 quantities change less, another shape far more


def functions_of_intermediates(functions, intermediates, is_partly_right=False):
    """The CallersFunctions whose parameters are the intermediates, all zero; its gradients are ready numbers.

    `intermediates`: a dict of names to the loss's derivatives by them, in forward order, a function of the
    parameters that returns it, or "locals": those of the backward pass (`taps`), which may all have the same
    factor where the gradients are partly right. Raises GradcheckError for one that the loss never asks for,
    that changes the loss though it is zero, or that has the name of a parameter, and what CallersFunctions
    raises; what the caller's functions raise passes with a note.
    """
    point = functions.point

    def here():
        return point.restore(point.vector)

    if isinstance(intermediates, str) and intermediates == LOCALS:
        taps = Taps(functions)
        found = taps.scaled(taps.gradients) if is_partly_right else taps.gradients
        at_zero = {name: np.zeros(each.shape) if each.shape else 0.0 for name, each in found.items()}
        return CallersFunctions(taps.loss, found, at_zero, functions.seed)
    if callable(intermediates):
        with passing_with_note("raised while gradcheck called intermediates(parameters)"):
            intermediates = intermediates(here())
    found = _arrays(intermediates, {block.name for block in point.blocks})
    at_zero = {name: np.zeros(each.shape) if each.shape else 0.0 for name, each in found.items()}
    shapes = ", ".join(f"{name} {each.shape}" for name, each in found.items())
    takes = "the loss takes a dict of arrays as its second argument and adds each to the quantity of its name"
    called = f"raised while gradcheck called loss(parameters, intermediates): {takes}"
    note = f"{called}, which must have its shape; the shapes are {shapes}"
    asked = set()

    def loss(values):
        with passing_with_note(note):
            return functions.loss(here(), _NotingDict(values, asked))

    with np.errstate(all="ignore"):
        with_zeros = loss(dict(at_zero))
        without, repeated = functions.loss(here()), functions.loss(here())
    as_parameters = CallersFunctions(loss, found, at_zero, functions.seed)
    for name in (name for name in found if name not in asked):
        how = f"add intermediates[{name!r}], its second argument, to that quantity in the forward pass"
        raise GradcheckError(f"intermediates: the loss never asks for {name!r}; {how}")
    if without == repeated and abs(with_zeros - without) > SAME_LOSS * abs(without):
        found = f"{without:.9g} without them and {with_zeros:.9g} with intermediates that are all zero"
        hint = "add them to the quantities and do nothing else with them"
        shaped = f"give each the shape of its quantity; the shapes are {shapes}"
        raise GradcheckError(f"intermediates: the loss is {found}; {hint}, and {shaped}")
    return as_parameters


def _arrays(intermediates, taken):
    """Name -> array of real numbers. `taken`: the names that the parameters have."""
    if not isinstance(intermediates, Mapping) or len(intermediates) == 0:
        found = f'found {type(intermediates).__name__}; e.g. {{"dz1": dz1, "dz2": dz2}}'
        raise GradcheckError(f"intermediates: expected a dict of names to arrays, in forward order, {found}")
    for name, each in intermediates.items():
        if each is None or isinstance(each, Mapping):
            expected = "an array, the derivative of the loss by that quantity"
            found = f"{name} is {'None' if each is None else 'a dict'}; expected {expected}"
            hint = "leave out what the backward pass does not compute"
            raise GradcheckError(f"intermediates: {found}; {hint}")
        if str(name) in taken:
            found = f"{name} is the name of a parameter, too, and report[{str(name)!r}] would be that"
            hint = f"give the intermediate a name of its own, such as {f'd{name}'!r}"
            raise GradcheckError(f"intermediates: {found}; {hint}")
    return {name: numbers_in(str(name), each) for name, each in intermediates.items()}


class _NotingDict(UserDict):
    """A dict that notes which of its names are asked for."""

    def __init__(self, items, asked):
        super().__init__(items)
        self.asked = asked

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)
