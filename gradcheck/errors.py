"""What gradcheck refuses: exceptions that carry their data, and the few functions that raise them."""

import math
from collections.abc import Iterable, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches

import numpy as np

MOST_SHOWN = 20  # names in a message; of more, those most like what was found


class GradcheckError(ValueError):
    """Base of every refusal; the message says where, what was found, what is allowed, what to try."""


class StructureMismatch(GradcheckError):
    """A container has other entries than the parameters: `name`, `expected`, `found`, `hint`."""

    def __init__(self, name: str, expected: str, found: str, hint: str | None = None):
        self.name, self.expected, self.found = name, expected, found
        self.hint = "give the structure of the parameters" if hint is None else hint
        super().__init__(f"{name}: expected {expected}, found {found}; {self.hint}")


class ShapeMismatch(GradcheckError):
    """A block has another shape than it must have: `name`, `expected`, `found` (shapes as tuples)."""

    sentence = "expected shape {expected}, found {found}"

    def __init__(self, name: str, expected: Iterable[int], found: Iterable[int]):
        self.name, self.expected, self.found = name, tuple(expected), tuple(found)
        super().__init__(f"{name}: {self.sentence.format_map(vars(self))}; {self.hint}")

    @property
    def hint(self) -> str:
        """What to try."""
        return "give one number per entry: nothing is broadcast"


class GradientShapeMismatch(ShapeMismatch):
    """A gradient has another shape than its parameter; the message asks what may have been done to it.

    `others`: names of other parameters that have its shape.
    """

    sentence = "the gradient has shape {found}, the parameter {expected}"

    def __init__(self, name: str, expected: Iterable[int], found: Iterable[int], others: Iterable[str] = ()):
        self.others = tuple(others)
        super().__init__(name, expected, found)

    @property
    def hint(self) -> str:
        """What to try."""
        guesses = [*list(self._guesses())[:1], *(f"is it that of {other}" for other in self.others[:1])]
        return ", or ".join(guesses) + "?" if guesses else super().hint

    def _guesses(self):
        """What may have been done to it, the likeliest first."""
        found, wanted = self.found, self.expected
        if found == wanted[::-1] and found != wanted:
            yield "is it transposed"
        if math.prod(found) == math.prod(wanted):
            yield f"is .reshape({wanted}) missing"
        for axis in _axes_between(found, wanted):
            over = "the samples" if axis == 0 else f"axis {axis}"
            yield f"is the sum over {over}, .sum(axis={axis}), missing"
        if found == ():
            yield "is it summed over everything, for want of an axis"
        for axis in _axes_between(wanted, found):
            yield f"is it summed over axis {axis}, too"
        if len(found) == len(wanted) == 1:
            yield "is it summed over another axis"


def _axes_between(longer, shorter):
    """The axes without which one shape is another."""
    return [axis for axis in range(len(longer)) if longer[:axis] + longer[axis + 1 :] == shorter]


class NotRealNumbers(GradcheckError):
    """Something is not made of real numbers: `name`, `found` (what it is), `hint` (what to try)."""

    def __init__(self, name: str, found: str, hint: str):
        self.name, self.found, self.hint = name, found, hint
        super().__init__(f"{name}: expected real numbers, found {found}; {hint}")


class NotFinite(GradcheckError):
    """A number is NaN or infinite: `name` of the block, `index` (empty for a plain number), `value`."""

    def __init__(self, name: str, index: Iterable[int], value: float):
        self.name, self.index, self.value = name, tuple(index), value
        hint = "move the point away from where the function is not defined"
        if name.startswith("loss") and not math.isnan(value):
            hint = f"it has no derivative where it is infinite, as a log of 0 is: {hint}"
        if not math.isnan(value) and abs(value) != math.inf:
            hint = "a float holds no number of that size: rescale it"
        super().__init__(f"{entry_name(name, self.index)}: expected a finite number, found {value!s}; {hint}")


class DuplicateName(GradcheckError):
    """Two arrays of the parameters have the same name: `name`."""

    def __init__(self, name: str):
        self.name = name
        hint = "give each a name of its own, a nested one counts with its whole path"
        super().__init__(f"{name}: found two parameters of this name; {hint}")


class GradcheckWarning(UserWarning):
    """Right gradients of functions that do something else besides, such as changing their parameters."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C amid long work. Carries what was `made` so far, and `until`, how far that is."""

    def __init__(self, made: object, until: str):
        self.made, self.until = made, until
        super().__init__(f"interrupted {until}")


class UnknownName(GradcheckError):
    """A name that is not in a list of names: `kind` (what is named), `found`, `allowed`."""

    def __init__(self, kind: str, found: object, allowed: Iterable):
        self.kind, self.found, self.allowed = kind, found, tuple(allowed)
        shown = list(self.allowed)
        if len(shown) > MOST_SHOWN:
            shown = get_close_matches(str(found), map(str, shown), MOST_SHOWN, 0.0)
        more = len(self.allowed) - len(shown)
        names = ", ".join(map(repr, shown)) + (f" and {more} others" if more > 0 else "")
        nearest = get_close_matches(str(found), map(str, self.allowed), 1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        super().__init__(f"{kind}: found {found!r}, allowed are {names}{hint}")


def entry_name(block: str, index: tuple) -> str:
    """The name of one entry: `W1[2,0]`, or the bare name of the block when `index` is empty."""
    return f"{block}[{','.join(str(int(i)) for i in index)}]" if len(index) > 0 else block


def named(kind: str, table: Mapping, name):
    """table[name]. Raises UnknownName with the names that are allowed."""
    if name not in table:
        raise UnknownName(kind, name, table)
    return table[name]


def real_number(name: str, value) -> float:
    """`value` as a float. Raises NotRealNumbers for anything but one real number, of shape ()."""
    if isinstance(value, float):
        return float(value)
    array = np.asarray(value)
    if array.shape != () or array.dtype.kind not in "fiu":
        found = f"an array of shape {array.shape}" if array.shape != () else f"{value!r}"
        raise NotRealNumbers(name, found, "return one real number, e.g. the sum over samples and outputs")
    return float(array)


def require_inside(low, high, vector, names):
    """Raises GradcheckError for the first entry outside its bounds; `names`: those of the entries."""
    for i in np.flatnonzero(~((low <= vector) & (vector <= high))):
        outside = f"found {vector[i]}, outside its bounds {low[i]} to {high[i]}"
        raise GradcheckError(f"{names[i]}: {outside}; start inside them")


@contextmanager
def passing_with_note(note: str):
    """What the caller's own functions raise inside passes with a sentence that says who called what."""
    try:
        yield
    except Exception as error:
        add_note(error, note)
        raise


def add_note(error: Exception, note: str) -> None:
    """Adds a sentence to an exception that is not ours and takes it, once (PEP 678)."""
    if not isinstance(error, GradcheckError):
        with suppress(Exception):
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
