"""The local variables of a backward pass as its intermediates, nothing of it edited.

A local `dz1` of the backward pass is the derivative of the loss by the local `z1` of the forward pass. Both
are read while the functions run, by a trace function as debuggers have it; and while the loss runs, a number
is added to `z1` as soon as it has its value. Left out is what has several values in one pass.
"""

import os
import sys
from collections import UserDict
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gradcheck.errors import GradcheckError, passing_with_note
from gradcheck.inputs.functions import CallersFunctions
from gradcheck.inputs.point import Maker, as_numpy, library_of, longest_match, numbers_in, template_of
from gradcheck.numeric.derivatives import derivative
from gradcheck.verdict import judge

LOCALS = "locals"
OURS = str(Path(__file__).parent.parent) + os.sep
NOT_TRACED = (OURS, os.path.dirname(np.__file__), "<frozen", "<__array_function__")


class Taps:
    """The locals of the backward pass that belong to locals of the forward pass: `gradients`, by name.

    `functions`: the CallersFunctions. `loss(added)` is the loss with a number or array added to each of the
    named ones. Raises GradcheckError where no local `dz` of the one belongs to a local `z` of the other.
    """

    def __init__(self, functions):
        self._functions = functions
        forward, backward, own = _Recorder(), _Recorder(), self._here()
        with forward.running():
            functions.loss(own)
        leaves: list = []
        template_of(own, leaves)
        given = {id(leaf) for _, leaf in leaves}
        with backward.running():
            functions.gradients(self._here())
        taken = {block.name for block in functions.point.blocks}
        self._names: dict = {}  # code of the forward pass -> name -> the name of its gradient
        self.gradients = {}
        seen = [each for each in forward.first_seen() if id(each[2]) not in given and each[0] not in taken]
        names, ends = [name for name, _, _ in seen], backward.at_the_end.values()
        spelled = [(found, longest_match(names, found, or_itself=False)) for found in ends]
        for name, code, value in seen:
            for found, key in ((found, keys.get(name)) for found, keys in spelled):
                if key not in (None, *taken, *self.gradients) and _alike(value, found[key]):
                    self._names.setdefault(code, {})[name] = key
                    self.gradients[key] = np.array(as_numpy(found[key]))
        if len(self.gradients) == 0:
            wanted = "no local variable dz of the backward pass belongs to a local z of the forward pass"
            hint = "name them so, and give z one value in one pass; or give intermediates as a function"
            raise GradcheckError(f"intermediates: {wanted}; {hint}")

    def loss(self, added):
        """The loss with what is to be added to each local, by the name of its gradient."""
        waiting = {}

        def local(frame, event, argument):
            values = frame.f_locals
            for name, key in waiting.setdefault(frame, dict(self._names[frame.f_code])).copy().items():
                if name in values:
                    values[name] = values[name] + _like(values[name], added[key])
                    del waiting[frame][name]
            return local

        with _traced(lambda frame, event, argument: local if frame.f_code in self._names else None):
            return self._functions.loss(self._here())

    def scaled(self, gradients):
        """The gradients without the factor, such as the number of samples, that the last of them has."""
        last = list(gradients)[-1]
        size, draw = gradients[last].shape, np.random.default_rng([self._functions.seed, 5])
        slopes = []
        for along in draw.standard_normal((2, *size)):
            slope = derivative(lambda t, along=along: self.loss(self._zeros() | {last: t * along}), 0.0)
            slopes.append((float(np.sum(along * gradients[last])), slope))
        factor = slopes[0][0] / slopes[0][1].value if slopes[0][1].value else 1.0
        is_common = all(
            judge(analytic / factor, slope, rounding=1e-9) == "right" for analytic, slope in slopes
        )
        return {key: each / factor for key, each in gradients.items()} if factor and is_common else gradients

    def _zeros(self):
        return {key: np.zeros(each.shape) for key, each in self.gradients.items()}

    def _here(self):
        return self._functions.point.restore(self._functions.point.vector)


class _Recorder:
    """The locals that one pass has in the caller's functions, those of libraries left out.

    `at_the_end`: code -> name -> the value when a function returned that was called once.
    """

    def __init__(self):
        self.at_the_end, self._calls, self._counts, self._seen = {}, {}, {}, {}

    def first_seen(self):
        """(name, code, value) of the locals that had one value alone, where each was seen first."""
        for (name, _), (code, value) in self._seen.items():
            if self._calls[code] == 1 and self._counts[code, name] == 1:
                yield name, code, value

    @contextmanager
    def running(self):
        """While it runs, frames are recorded."""
        with _traced(self._called):
            yield
        once = {code for code, count in self._calls.items() if count == 1}
        self.at_the_end = {code: found for code, found in self.at_the_end.items() if code in once}

    def _called(self, frame, event, argument):
        code = frame.f_code
        if code.co_filename.startswith(NOT_TRACED) or "site-packages" in code.co_filename:
            return None
        self._calls[code] = self._calls.get(code, 0) + 1
        last: dict = {}

        def local(frame, event, argument):
            found = dict(frame.f_locals)
            if event == "return":
                self.at_the_end[code] = found
            for name, each in found.items() if event == "line" else ():
                if name not in last or last[name] is not each:
                    last[name] = each
                    self._counts[code, name] = self._counts.get((code, name), 0) + 1
                    self._seen.setdefault((name, id(each)), (code, each))
            return local

        return local


@contextmanager
def _traced(function):
    before = sys.gettrace()
    sys.settrace(function)
    try:
        yield
    finally:
        sys.settrace(before)


def _alike(value, gradient):
    """Whether a local and its gradient are arrays of floats, or numbers, of the same shape."""
    if not all(_is_number(each) for each in (value, gradient)):
        return False
    return np.shape(as_numpy(value)) == np.shape(as_numpy(gradient))


def _is_number(value):
    is_array = isinstance(value, (float, np.ndarray, np.generic)) or library_of(value) is not None
    return is_array and np.asarray(as_numpy(value)).dtype.kind == "f"


def _like(value, added):
    """What is added, as an array of the library of the value."""
    return added if library_of(value) is None else Maker(value)(np.asarray(added))


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
