"""A loss and its gradients as functions of one flat vector, each call on copies of its own, and counted.

A loss that returns an array is made one number by a random upstream u, normal and of zero mean: f = sum(u *
loss). Its gradients then take u as their second argument, as the backward pass of a layer does.

The intermediates of a backward pass become parameters of their own. The loss takes a second argument, a dict
of arrays, and adds each, at zero, to the quantity of its name; its derivative by intermediates["dz1"] is then
that by z1 itself:

    def loss(p, intermediates={}):
        z1 = x @ p["W1"] + intermediates.get("dz1", 0.0)
        z2 = np.tanh(z1) @ p["W2"] + intermediates.get("dz2", 0.0)
        return 0.5 * np.sum((z2 - target) ** 2)
"""

import inspect
import random
from collections import UserDict
from collections.abc import Mapping
from contextlib import contextmanager
from numbers import Real

import numpy as np

from gradcheck.errors import (
    GradcheckError,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    add_note,
    passing_with_note,
    real_number,
)
from gradcheck.inputs.point import Point, real_array
from gradcheck.numeric.derivatives import require_inside
from gradcheck.numeric.rounding import U

__tracebackhide__ = True  # pytest leaves the frames of this file out
MOST_CALLS = 1_000_000  # of the loss in one check
SAME_LOSS = 2.0**-6  # relative: float64 zeros added to float16 quantities change less, another shape far more


class CallersFunctions:
    """The caller's functions and `point`, a Point. `evaluations`: calls of the loss so far.

    `bounds`: (low, high) outside which the functions are not called, each None, a number, or in the structure
    of the parameters; as an attribute both are vectors, or it is None. `upstream`: None or an array. Raises
    GradcheckError for bounds that exclude the point, for a loss that gives no number or no finite one, and
    for more than `most_calls` of the loss.
    """

    def __init__(self, loss, gradients, parameters, seed=0, bounds=None, most_calls=MOST_CALLS):
        if not callable(loss):
            raise GradcheckError(f"loss: expected a function of the parameters, found {type(loss).__name__}")
        self.point = Point(parameters)
        self._loss, self._gradients, self.seed, self._most_calls = loss, gradients, seed, most_calls
        self.evaluations, self.upstream, self._first = 0, None, None
        self.bounds = bounds_of(self.point, bounds)
        self.is_callable = gradients is None or callable(gradients)
        with random_states_kept():  # so that the audit still sees what a first call does to them
            self._look_at_value()

    @property
    def low_precision(self):
        """The type of the least precise gradients, "float32" or "float16"; None where all are float64."""
        unit = float(np.max(self.first_gradients()[1]))
        return None if unit <= U else "float32" if unit <= 2.0**-24 else "float16"

    def value(self, vector):
        """The loss at a vector, one number."""
        return self.loss(self.point.restore(vector))

    def loss(self, parameters, *intermediates):
        """The loss as one number, of parameters in the caller's structure."""
        value = self._called(parameters, *intermediates)
        value = value_and_gradients(value)[0] if self._gradients is None else value
        return value if self.upstream is None else self._through(value)

    def gradients(self, parameters):
        """What the gradients function returns; the first result is kept, as a copy, for `first_gradients`."""
        if self._gradients is None:
            return self.pair(parameters)[1]
        upstream = () if self.upstream is None else (self.upstream.copy(),)
        try:
            found = self._gradients(parameters, *upstream)
        except Exception as error:
            called = "raised by gradients(parameters), which gradcheck calls with the parameters in their "
            also = "structure and u, an array of the shape of the loss" if upstream else "structure alone"
            add_note(error, called + also)
            raise
        return self._kept(found)

    def pair(self, parameters):
        """(value, gradients) of a loss that returns both."""
        value, found = value_and_gradients(self._called(parameters))
        return value, self._kept(found)

    def audited(self):
        """(loss, gradients) as the audit takes them."""
        if self._gradients is None:
            return self._inside(self.pair), None
        return self._inside(self.loss), self._inside(self.gradients) if self.is_callable else self._gradients

    def first_gradients(self):
        """(analytic, units): the gradients at the point as first returned, and their relative rounding."""
        if self._first is None:
            if self.is_callable:
                self.gradients(self.point.restore(self.point.vector))
            else:
                self._kept(self._gradients)
        return self._first

    def gradients_at(self, vector):
        """(analytic, units) at another vector, which the bounds confine."""
        there = self.point.restore(vector if self.bounds is None else np.clip(vector, *self.bounds))
        found = self.gradients(there)
        return self.point.flatten_like(found), self.point.rounding_like(found)

    def _look_at_value(self):
        parameters = self.point.restore(self.point.vector)
        called = "which gradcheck calls with one argument, in the structure of the parameters"
        with passing_with_note(f"raised by loss(parameters), {called}"):
            value = self.pair(parameters)[0] if self._gradients is None else self._called(parameters)
        shape = self._shape_of(value)
        if shape != ():
            how = "with .item()" if all(each == 1 for each in shape) else "its sum say"
            one = f"return one real number, {how}"
            wanted = "(parameters, u) and return those of sum(u * loss)"
            if not callable(self._gradients):
                hint = f"{one}, or give the gradients as a function of {wanted}"
                raise NotRealNumbers("loss", f"an array of shape {shape}", hint)
            if not _takes_two(self._gradients):
                hint = f"{one}, or let the gradients take {wanted}"
                raise GradcheckError(f"loss: found an array of shape {shape}; {hint}")
            self.upstream = np.random.default_rng(self.seed).standard_normal(shape)
            value = self._through(value)
        value = real_number("loss", value)
        if not np.isfinite(value):
            raise NotFinite("loss", (), value)

    def _shape_of(self, value):
        """The shape of what the loss returned. Raises NotRealNumbers for anything but real numbers."""
        if isinstance(value, (tuple, list)) and self._gradients is not None:
            hint = "return the loss alone; one that returns (value, gradients) is checked with gradients=None"
            raise NotRealNumbers("loss", f"a {type(value).__name__} of {len(value)}", hint)
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.array(None)
        if array.dtype.kind not in "fiu":
            found = type(value).__name__ if array.dtype.kind == "O" else f"{array.dtype} numbers"
            hint = "return one real number, e.g. the sum over samples and outputs"
            raise NotRealNumbers("loss", found, hint)
        return array.shape

    def _inside(self, function):
        """The function, which raises a ValueError outside the bounds instead of being called."""

        def guarded(parameters):
            low, high = self.bounds
            vector = self.point.flatten_like(parameters)
            if not np.all((low <= vector) & (vector <= high)):
                raise ValueError("outside the bounds")
            return function(parameters)

        return function if self.bounds is None else guarded

    def _kept(self, found):
        if self._first is None:
            self._first = self.point.flatten_like(found), self.point.rounding_like(found)
        return found

    def _called(self, parameters, *intermediates):
        if self.evaluations >= self._most_calls:
            found = f"called {self.evaluations} times, and most_calls={self._most_calls} allows no more"
            hint = "raise most_calls, or check fewer entries with select or one_by_one=0"
            raise GradcheckError(f"loss: {found}; {hint}")
        self.evaluations += 1
        return self._loss(parameters, *intermediates)

    def _through(self, value):
        if np.shape(value) != self.upstream.shape:
            raise ShapeMismatch("loss", self.upstream.shape, np.shape(value))
        return np.sum(self.upstream * value)


def value_and_gradients(returned):
    """What a loss that gives its gradients as well returned: a pair, or GradcheckError is raised."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        found = f"found {type(returned).__name__}; return both, or give the gradients as the second argument"
        raise GradcheckError(f"loss: without gradients it must return (value, gradients), {found}")
    return returned


@contextmanager
def random_states_kept():
    """Puts Python's and NumPy's global random states back at the end, also after an exception."""
    kept = random.getstate(), np.random.get_state(legacy=False)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])


def bounds_of(point, bounds):
    """(low, high) as vectors, or None. Raises GradcheckError where the point is outside."""
    if bounds is None:
        return None
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        expected = "(low, high), each a number, None, or in the structure of the parameters"
        raise GradcheckError(f"bounds: expected {expected}, found {bounds!r}")
    low, high = _bound(point, "low", bounds[0], -np.inf), _bound(point, "high", bounds[1], np.inf)
    for i in np.flatnonzero(~(low <= high)):
        found = f"low is {low[i]} and high {high[i]} for {point.names[i]}"
        raise GradcheckError(f"bounds: {found}; low must not exceed high")
    require_inside(low, high, point.vector, point.names)
    return low, high


def _bound(point, which, given, default):
    if given is None or isinstance(given, Real):
        return np.full_like(point.vector, default if given is None else given)
    try:
        return point.flatten_like(given, which)
    except GradcheckError as error:
        why = f"neither a number, None, nor in the structure of the parameters ({str(error).split(';')[0]})"
        raise GradcheckError(f"bounds: {which} is {why}") from None


def _takes_two(function):
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError) as error:
        return isinstance(error, ValueError)  # a built-in function shows no signature
    return True


# Intermediates


def functions_of_intermediates(functions, intermediates):
    """The CallersFunctions whose parameters are the intermediates, all zero; its gradients are ready numbers.

    `intermediates`: a dict of names to the loss's derivatives by them, in forward order, or a function of the
    parameters that returns it. Raises GradcheckError for one that the loss never asks for, that changes the
    loss though it is zero, or that has the name of a parameter, and what CallersFunctions raises; what the
    caller's functions raise passes with a note.
    """
    point = functions.point

    def here():
        return point.restore(point.vector)

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
    return {name: real_array(str(name), each) for name, each in intermediates.items()}


class _NotingDict(UserDict):
    """A dict that notes which of its names are asked for."""

    def __init__(self, items, asked):
        super().__init__(items)
        self.asked = asked

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)
