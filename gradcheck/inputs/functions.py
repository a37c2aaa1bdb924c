"""A loss and its gradients as functions of one flat vector, each call on copies of its own, and counted.

A loss that returns an array, or several, is made one number by a random upstream u, normal and of zero mean:
f = sum(u * loss). Its gradients then take u as their second argument, or they give the Jacobian.
"""

import math
import random
from contextlib import contextmanager
from time import perf_counter
from types import FunctionType

import numpy as np

from gradcheck.errors import (
    GradcheckError,
    NotFinite,
    NotRealNumbers,
    add_note,
    passing_with_note,
    real_number,
)
from gradcheck.inputs.calls import MOST_CALLS, require_functions_of, require_no_layer, takes
from gradcheck.inputs.outputs import Jacobian, Upstream, is_container, is_jacobian, output_array
from gradcheck.inputs.point import Point, as_numpy, bounds_of, in_double_precision, library_of
from gradcheck.inputs.units import units_of
from gradcheck.numeric.derivatives import derivative
from gradcheck.numeric.rounding import U
from gradcheck.verdict import judge

__tracebackhide__ = True  # pytest leaves the frames of this file out
READINGS = {  # (factor, whether conjugate): the conventions of a gradient by complex numbers z
    (1.0, False): "dL/dRe z + i dL/dIm z",
    (1.0, True): "dL/dRe z - i dL/dIm z, the conjugate of what descends, as jax.grad gives it",
    (2.0, False): "half of dL/dRe z + i dL/dIm z, the derivative by the conjugate of z (Wirtinger)",
    (2.0, True): "half of dL/dRe z - i dL/dIm z, the derivative by z (Wirtinger)",
}


class CallersFunctions:
    """The caller's functions and `point`, a Point. `evaluations`: calls of the loss so far.

    `fastest`: seconds that the fastest of them took. `floor`: the noise Floor of the loss, which other points
    share, where it is far above the rounding of doubles; or None.

    `bounds`: (low, high) outside which the functions are not called, each None, a number, or in the structure
    of the parameters; as an attribute both are vectors, or it is None. `args`: what both functions get
    behind the rest. `many_sets`: a ManySets of the loss, or None. `upstream`: an Upstream, or None.
    `remarks`: sentences on how both are called and read. Raises GradcheckError for bounds that exclude the
    point, for functions of other arguments, for a loss that gives no number or no finite one, and for more
    than `most_calls` of the loss.
    """

    def __init__(
        self, loss, gradients, parameters, seed=0, bounds=None, most_calls=MOST_CALLS, args=(), many_sets=None
    ):
        if not callable(loss):
            raise GradcheckError(f"loss: expected a function of the parameters, found {type(loss).__name__}")
        if isinstance(parameters, FunctionType):
            raise GradcheckError(
                "parameters: found a function; the order is check(loss, gradients, parameters)"
            )
        self.point = self._given = Point(parameters)
        self._loss, self._gradients, self._of_caller = loss, gradients, gradients
        self.seed, self.most_calls, self.fastest = seed, most_calls, math.inf
        self.args = args if isinstance(args, tuple) else (args,)
        self.library = next((maker.library for maker in self.point.makers), None)
        self.evaluations, self.upstream, self._first, self._jacobian = 0, None, None, None
        self.floor = None
        self.many_sets = many_sets
        self.bounds = bounds_of(self.point, bounds)
        self.is_callable = gradients is None or callable(gradients)
        require_functions_of(loss, gradients, len(self.args))
        with random_states_kept():  # so that the audit still sees what a first call does to them
            self._look_at_value()
            self._measure_in_units()
            if any(len(blocks) == 2 for blocks in self.point.leaves):
                self._settle_reading()

    @property
    def is_jacobian(self):
        """Whether the gradients are a Jacobian, which is judged entry by entry."""
        return self._jacobian is not None

    @property
    def low_precision(self):
        """The type of the least precise gradients, "float32" or "float16"; None where all are float64."""
        unit = float(np.max(self.first_gradients()[1]))
        return None if unit <= U else "float32" if unit <= 2.0**-24 else "float16"

    @property
    def remarks(self):
        """Sentences on how the functions were called, and how what they gave was read."""
        said, single = [], ", ".join(self._given.single_precision)
        doubled = all(maker.in_double for maker in self._given.makers)
        if single:
            more = f"as they are, beside others of {self.library}: make all float64 to see smaller errors"
            said.append(f"float32 parameters ({single}) handed over {'as float64' if doubled else more}")
        if self._given.whole_numbers:
            said.append(f"whole numbers ({', '.join(self._given.whole_numbers)}) taken as floats")
        if self.library is not None and doubled:
            said.append(f"{self.library} asked for double precision")
        if self.upstream is not None:
            said.append("a loss of several numbers, through a random upstream")
        if self._jacobian is not None:
            said.append(f"a loss of shape {self._jacobian.shape}, its Jacobian entry by entry")
        renamed = {key: name for key, name in self._given.noted.items() if name not in (None, key)}
        if renamed:
            said.append(f"{', '.join(renamed)} read as the gradients by {', '.join(renamed.values())}")
        if any(len(blocks) == 2 for blocks in self._given.leaves):
            said.append(f"a complex gradient read as {READINGS[self._given.reading]}")
        return said

    @property
    def other_gradients(self):
        """The names of gradients that came along but belong to no parameter."""
        return [key for key, name in self._given.noted.items() if name is None]

    @property
    def source(self):
        """(loss, gradients, parameters) of which the same check needs no `args`."""
        if self._jacobian is not None:
            return self._jacobian.loss, self._jacobian.gradients, self._jacobian.parameters
        loss, gradients, args = self._loss, self._gradients, self.args
        if len(args) > 0:
            loss = _with_arguments(loss, args)
            gradients = _with_arguments(gradients, args) if callable(gradients) else gradients
        return loss, gradients, self.point.restore(self.point.vector)

    @property
    def value(self):
        """The loss as a function of a vector, one number."""
        return self.point.of_vector(self.loss)

    def value_or_nan(self, vector):
        """The loss at a vector; NaN outside the bounds and where it raises something."""
        if self.bounds is not None and not np.all((self.bounds[0] <= vector) & (vector <= self.bounds[1])):
            return math.nan
        try:
            return self.loss(self.point.restore(vector))
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the loss need not be made for this vector
            return math.nan

    def gradients_or_none(self, vector):
        """(analytic, units) at a vector; None where the functions raise something."""
        try:
            return self.gradients_at(vector)
        except GradcheckError:
            raise
        except Exception:  # whatever it is: they need not be made for this vector
            return None

    def weighted(self, vector):
        """The outputs at a vector times the upstream, flat; None where they are no single array of reals."""
        return self.upstream.times(self._called(self.point.restore(vector)))

    def moved(self, vector, positions, h):
        """The loss with each of the entries at the positions, all of one block, alone moved by h."""
        self._count(len(positions))
        units = self.point.units
        return self._in_double(self.many_sets.moved, vector * units, positions, h * units[positions[0]])

    def loss(self, parameters, *intermediates):
        """The loss as one number, of parameters in the caller's structure."""
        if self._jacobian is not None:
            return self._jacobian.loss(parameters)
        value = self._called(parameters, *intermediates)
        value = value_and_gradients(value)[0] if self._gradients is None else value
        if self.upstream is not None:
            return self.upstream.through(value)
        return value if isinstance(value, float) else as_numpy(value)

    def gradients(self, parameters):
        """What the gradients function returns; the first result is kept, as a copy, for `first_gradients`."""
        if self._gradients is None:
            return self.pair(parameters)[1]
        is_whole = self._jacobian is not None
        return self._kept(self._gradients(parameters) if is_whole else self._gradients_called(parameters))

    def pair(self, parameters):
        """(value, gradients) of a loss that returns both."""
        value, found = value_and_gradients(self._called(parameters))
        return as_numpy(value), self._kept(found)

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
        return self.point.with_rounding(self.gradients(there))

    def _look_at_value(self):
        """Finds out what the loss returns, and how the gradients are to be called."""
        value = self._first_value()
        several, shape = not isinstance(value, float) and is_container(value), ()
        if several and not takes(self._gradients, 2, len(self.args), of_need=True):
            hint = "return the loss alone; one that returns (value, gradients) is checked with gradients=None"
            hint += ", several arrays with gradients (parameters, u) of the sum of u times each"
            hint += "; the loss comes first, then the gradients" if isinstance(value, dict) else ""
            raise NotRealNumbers("loss", f"a {type(value).__name__} of {len(value)}", hint)
        if not several and not isinstance(value, float):
            shape = output_array("loss", value).shape
        if shape != () and not takes(self._gradients, 2, len(self.args), of_need=True):
            if self._is_jacobian(shape):
                return self._take_jacobian(shape)
            self._require_upstream(shape)
        if several or shape != ():
            require_no_layer(self._loss, self._gradients, len(self.args))
            self.upstream = Upstream(value, self.seed)
            value = self.upstream.through(value)
        value = real_number("loss", as_numpy(value))
        if not np.isfinite(value):
            raise NotFinite("loss", (), value)

    def _measure_in_units(self):
        units = units_of(self.point, self.value_or_nan, self.bounds, self.seed)
        if units is not None:
            self.point.measure_in(units)
            self._first = None
            self.bounds = None if self.bounds is None else tuple(each / units for each in self.bounds)

    def _first_value(self):
        parameters = self.point.restore(self.point.vector)
        called = "which gradcheck calls with one argument, in the structure of the parameters"
        with passing_with_note(f"raised by loss(parameters), {called}"):
            try:
                value = self._called(parameters)
            except RuntimeError as error:
                if self.library != "PyTorch" or "dtype" not in str(error):
                    raise
                for maker in self.point.makers:  # PyTorch multiplies no float32 by a float64
                    maker.in_double = False
                value = self._called(self.point.restore(self.point.vector))
            if self.library is None and (library := library_of(self._alone(value))) is not None:
                self.library = library
                value = self._called(self.point.restore(self.point.vector))
        return self._alone(value)

    def _alone(self, value):
        """What the loss returned without the gradients that it may give as well."""
        return value_and_gradients(value)[0] if self._gradients is None else value

    def _is_jacobian(self, shape):
        found = self._gradients
        if callable(found):
            if not takes(found, 1, len(self.args)):
                return False
            try:
                found = self._gradients_called(self.point.restore(self.point.vector))
            except Exception:
                if takes(self._gradients, 2, len(self.args)):
                    return False
                raise
        return found is not None and is_jacobian(found, self.point, shape)

    def _take_jacobian(self, shape):
        gradients = self._gradients_called if self.is_callable else self._of_caller
        self._jacobian = Jacobian(self._called, gradients, self.point, shape)
        self._gradients = self._jacobian.gradients
        if self.bounds is not None:
            tiled = self._jacobian.tiled
            self.bounds = tuple(
                np.concatenate([tiled(block, each).ravel() for block in self.point.blocks])
                for each in self.bounds
            )
        self.point = Point(self._jacobian.parameters)

    def _require_upstream(self, shape):
        if takes(self._gradients, 2, len(self.args)):
            return
        one = (
            f"return one real number, {'with .item()' if all(each == 1 for each in shape) else 'its sum say'}"
        )
        wanted = "(parameters, u) and return those of sum(u * loss)"
        jacobian = f"or the Jacobian, of shape {shape} before that of the parameters"
        if not callable(self._gradients):
            hint = f"{one}, or give the gradients as a function of {wanted}, {jacobian}"
            raise NotRealNumbers("loss", f"an array of shape {shape}", hint)
        hint = f"{one}, or let the gradients take {wanted}, {jacobian}"
        raise GradcheckError(f"loss: found an array of shape {shape}; {hint}")

    def _settle_reading(self):
        """Finds the convention of complex gradients: the first that gives the slope along a random line."""
        point, here = self.point, self.point.vector
        along, draw = np.zeros_like(here), np.random.default_rng([self.seed, 4])
        for block in (block for blocks in point.leaves if len(blocks) == 2 for block in blocks):
            block.of(along)[...] = draw.standard_normal(block.shape)
        found = self._of_caller
        if self.is_callable:
            first = point.restore(here)
            found = self.pair(first)[1] if found is None else self._gradients_called(first)
        slope = derivative(lambda t: self.value(here + t * along), 0.0)
        for reading in READINGS:
            point.reading, self._first = reading, None
            if judge(float(np.sum(along * point.flatten_like(found))), slope) == "right":
                return
        point.reading = next(iter(READINGS))

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
            self._first = self.point.with_rounding(found)
        return found

    def _count(self, calls=1):
        if self.evaluations + calls > self.most_calls:
            found = f"called {self.evaluations} times, and most_calls={self.most_calls} allows no more"
            hint = "raise most_calls, or check fewer entries with select or one_by_one=0"
            raise GradcheckError(f"loss: {found}; {hint}")
        self.evaluations += calls

    def _called(self, parameters, *intermediates):
        self._count()
        started = perf_counter()
        value = self._in_double(self._loss, parameters, *self.args, *intermediates)
        self.fastest = min(self.fastest, perf_counter() - started)
        return value

    def _in_double(self, function, *arguments):
        if self.library is None:
            return function(*arguments)
        with in_double_precision(self.library):
            return function(*arguments)

    def _gradients_called(self, parameters):
        upstream = () if self.upstream is None else (self.upstream.handed_over(),)
        try:
            return self._in_double(self._of_caller, parameters, *upstream, *self.args)
        except Exception as error:
            called = "raised by gradients(parameters), which gradcheck calls with the parameters in their "
            also = "structure and u, an array of the shape of the loss" if upstream else "structure alone"
            add_note(error, called + also)
            raise


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


def _with_arguments(function, args):
    return lambda *given: function(*given, *args)
