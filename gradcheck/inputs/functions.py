"""A loss and its gradients as functions of one flat vector, each call on copies of its own; nothing is judged
here.

A loss that returns an array is made one number by a random upstream u, normal and of zero mean: f = sum(u *
loss). Its gradients then take u as their second argument, as the backward pass of a layer does.
"""

import inspect
import math
from numbers import Real

import numpy as np

from gradcheck.errors import GradcheckError, NotFinite, NotRealNumbers, ShapeMismatch, passing_with_note
from gradcheck.inputs.point import Point
from gradcheck.numeric.complex_step import is_watched
from gradcheck.numeric.noise import DEVIATIONS
from gradcheck.numeric.rounding import U, random_states_kept, real_number, value_and_gradients

NEARBY = 8.0  # units of rounding by which the parameters are moved to see what rounding does to the gradients
SUMMED = 16.0  # the rounding of 256 terms adds up as a random walk does, to sqrt(256) units of the largest
FAR_BELOW_ONE = 2.0**-20  # a difference of numbers near 1 that is smaller has lost the digits of a million
ROUNDING_CALLS = 6  # of the gradients, by which their rounding is seen: two next to the point, four on a line
SPACING = 2.0**-19  # relative: its fourth power is below u by far
NO_KINK = (
    2.0**-10
)  # of the largest gradient: fourth differences that are larger are of a kink, and no rounding
CONTINUOUS = 2.0**13  # units: what scatters by more is no rounding but a step of the gradients themselves


class CallersFunctions:
    """The caller's functions and point. `point`: Point; `evaluations`: calls of the loss; `upstream`: None or
    an array; `bounds`: None, or (low, high) as vectors, outside which the functions are not called.

    `bounds` are given as (low, high), each None, a number, or in the structure of the parameters. Raises
    GradcheckError for bounds that exclude the point, and for a loss that gives no number or no finite one.
    """

    def __init__(self, loss, gradients, parameters, seed=0, bounds=None):
        if not callable(loss):
            raise GradcheckError(f"loss: expected a function of the parameters, found {type(loss).__name__}")
        self.point = Point(parameters)
        self._loss, self._gradients, self.seed = loss, gradients, seed
        self.evaluations, self.upstream, self._first, self._rounding = 0, None, None, None
        self.bounds = bounds_of(self.point, bounds)
        self.is_callable = gradients is None or callable(gradients)
        self.has_own_gradients = gradients is not None
        with random_states_kept():
            self._look_at_value()

    def _look_at_value(self):
        parameters = self.point.restore(self.point.vector)
        with passing_with_note(
            "raised by loss(parameters), which gradcheck calls with one argument, in the structure of the "
            "parameters"
        ):
            value = self.pair(parameters)[0] if self._gradients is None else self._called(parameters)
        shape = self._shape_of(value)
        if shape != () and callable(self._gradients):
            self.upstream = np.random.default_rng(self.seed).standard_normal(shape)
            if not _takes_two(self._gradients):
                raise GradcheckError(
                    f"loss: found an array of shape {shape}; {_one_number(shape)}, or let the gradients take "
                    "(parameters, u) and return those of sum(u * loss)"
                )
            value = self._through(value)
        elif shape != ():
            raise NotRealNumbers(
                "loss",
                f"an array of shape {shape}",
                f"{_one_number(shape)}, or give the gradients as a "
                "function (parameters, u) that returns those of sum(u * loss)",
            )
        value = real_number("loss", value)
        if not np.isfinite(value):
            raise NotFinite("loss", (), value)

    def _shape_of(self, value):
        """The shape of what the loss returned. Raises NotRealNumbers where that is no array of real numbers."""
        if isinstance(value, (tuple, list)) and self._gradients is not None:
            raise NotRealNumbers(
                "loss",
                f"a {type(value).__name__} of {len(value)}",
                "return the loss alone; a loss that "
                "returns (value, gradients) is checked with gradients=None",
            )
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.array(None)
        if array.dtype.kind not in "fiu":
            raise NotRealNumbers(
                "loss",
                type(value).__name__ if array.dtype.kind == "O" else f"{array.dtype} numbers",
                "return one real number, e.g. the sum over samples and outputs",
            )
        return array.shape

    @property
    def low_precision(self):
        """ "float32" or "float16" where some of the gradients at the point are; None where all are float64."""
        unit = float(np.max(self._first[1]))
        return None if unit <= U else "float32" if unit <= 2.0**-24 else "float16"

    def value(self, vector):
        """The loss at a vector, one number (complex for a complex vector)."""
        return self.loss(self.point.restore(vector))

    def loss(self, parameters, *taps):
        """The loss as one number, of parameters in the caller's structure."""
        value = self._value_of(self._called(parameters, *taps))
        return value if self.upstream is None else self._through(value)

    def gradients(self, parameters):
        """What the gradients function returns; the first result is kept, as a copy, for `analytic`."""
        if self._gradients is None:
            found = value_and_gradients(self._called(parameters))[1]
        else:
            upstream = () if self.upstream is None else (self.upstream.copy(),)
            with passing_with_note(
                "raised by gradients(parameters), which gradcheck calls with the parameters in their structure"
                + (" and u, an array of the shape of the loss" if upstream else " alone")
            ):
                found = self._gradients(parameters, *upstream)
        if self._first is None:
            self._keep(found)
        return found

    def pair(self, parameters):
        """(value, gradients) of a loss that returns both."""
        value, found = value_and_gradients(self._called(parameters))
        if self._first is None:
            self._keep(found)
        return value, found

    def audited(self):
        """(loss, gradients) as the audit takes them."""
        if self._gradients is None:
            return self._inside(self.pair), None
        return self._inside(self.loss), self._inside(self.gradients) if self.is_callable else self._gradients

    def first_gradients(self):
        """(analytic, rounding): the gradients at the point as first returned, and the absolute rounding of
        each.
        """
        if self._first is None:
            if self.is_callable:
                self.gradients(self.point.restore(self.point.vector))
            else:
                self._keep(self._gradients)
        if self._rounding is None:
            self._rounding = self.rounding_near(self.point.vector, *self._first)
        return self._first[0], self._rounding

    def gradients_at(self, vector):
        """(analytic, units) at another vector: the gradients, and the relative rounding of their numbers."""
        found = self.gradients(self.point.restore(vector))
        return self.point.flatten_like(found), self.point.rounding_like(found)

    def rounding_near(self, vector, analytic, units):
        """Absolute rounding of every entry: of its sums, and what it scatters by when the parameters move by
        a few units, or by so little that fourth differences are rounding: that of `out - target` for an `out`
        near 1 shows only there."""
        largest = np.zeros_like(analytic)
        for block in self.point.blocks:
            part = analytic[block.start : block.stop]
            largest[block.start : block.stop] = np.max(np.abs(part[np.isfinite(part)]), initial=0.0)
        rounding = np.maximum(SUMMED * units * largest, _left_by_ones(analytic))
        overall = np.max(largest, initial=0.0)
        near = [self._moved(vector, sign * NEARBY * units) for sign in (-1.0, 1.0)]
        for moved in near:
            if moved is not None and np.all(
                (scatter := np.abs(moved - analytic)) <= CONTINUOUS * units * overall
            ):
                rounding = np.maximum(rounding, DEVIATIONS * scatter)
        line = [self._moved(vector, k * SPACING) for k in (-2.0, -1.0, 1.0, 2.0)]
        if all(each is not None for each in line):
            fourth = np.abs(line[0] + line[3] - 4.0 * (line[1] + line[2]) + 6.0 * analytic) / math.sqrt(70.0)
            rounding = np.maximum(rounding, np.where(fourth <= NO_KINK * overall, DEVIATIONS * fourth, 0.0))
        return rounding

    def _moved(self, vector, relative):
        """The gradients where all parameters have moved by a part of themselves, None where there are none."""
        if not self.is_callable:
            return None
        moved = vector * (1.0 + relative)
        there = self.point.restore(moved if self.bounds is None else np.clip(moved, *self.bounds))
        try:
            return self.point.flatten_like(self.gradients(there))
        except (ArithmeticError, ValueError):
            return None

    def _inside(self, function):
        """The function, which outside the bounds is not called but undefined: a ValueError."""

        def guarded(parameters):
            low, high = self.bounds
            vector = self.point.flatten_like(parameters)
            if not np.all((low <= vector) & (vector <= high)):
                raise ValueError("outside the bounds")
            return function(parameters)

        return function if self.bounds is None else guarded

    def _keep(self, found):
        self._first = self.point.flatten_like(found), self.point.rounding_like(found)

    def _called(self, parameters, *taps):
        self.evaluations += 1
        return self._loss(parameters, *taps)

    def _value_of(self, returned):
        return value_and_gradients(returned)[0] if self._gradients is None else returned

    def _through(self, value):
        value = value if is_watched(value) else np.asarray(value)
        if value.shape != self.upstream.shape:
            raise ShapeMismatch("loss", self.upstream.shape, value.shape)
        return np.sum(self.upstream * value)


def _left_by_ones(values):
    """The rounding of values that are differences of two numbers near 1, as `out - target` is: they lie on
    the grid of those.

    A small number has no such long run of zeros at its end by chance, nor has a power of two that short a
    unit.
    """
    mantissas, exponents = np.frexp(np.where(np.isfinite(values), values, 0.0))
    whole = (mantissas * 2.0**53).astype(np.int64)
    unit = np.ldexp((whole & -whole).astype(np.float64), exponents - 53)
    return np.where((np.abs(values) < FAR_BELOW_ONE) & (U <= unit) & (unit <= 8.0 * U), unit, 0.0)


def bounds_of(point, bounds):
    """(low, high) as vectors, from what the caller gives, or None. Raises GradcheckError where the point is
    outside.
    """
    if bounds is None:
        return None
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise GradcheckError(
            f"bounds: expected (low, high), each a number, None, or in the structure of the parameters, "
            f"found {bounds!r}"
        )
    low, high = (
        _bound(point, which, each, default)
        for which, each, default in (("low", bounds[0], -np.inf), ("high", bounds[1], np.inf))
    )
    for i in np.flatnonzero(~(low <= high))[:1]:
        raise GradcheckError(
            f"bounds: low is {low[i]} and high {high[i]} for {point.names[i]}; low must not exceed high"
        )
    for i in np.flatnonzero(~((low <= point.vector) & (point.vector <= high)))[:1]:
        raise GradcheckError(
            f"{point.names[i]}: found {point.vector[i]}, outside its bounds {low[i]} to {high[i]}; "
            "start inside them"
        )
    return low, high


def _bound(point, which, given, default):
    if given is None or isinstance(given, Real):
        return np.full_like(point.vector, default if given is None else given)
    try:
        return point.flatten_like(given, which)
    except GradcheckError as error:
        raise GradcheckError(
            f"bounds: {which} is neither a number, None, nor in the structure of the parameters "
            f"({str(error).split(';')[0]})"
        ) from None


def _one_number(shape):
    return (
        "return one real number, with .item()"
        if all(each == 1 for each in shape)
        else "return one real number, its sum say"
    )


def _takes_two(function):
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
