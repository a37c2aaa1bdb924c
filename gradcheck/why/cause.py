"""What goes in and what comes out: the GradientBlock that was judged, the Cause of what is wrong in some, the
Causes of all, and how a sentence writes names and numbers.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradcheck.errors import entry_name
from gradcheck.numeric.rounding import U
from gradcheck.verdict import WELL_BEYOND, is_narrow

MOST_LISTED = 6
SHARP = 1e-3  # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
# 5 % of all cases at most, factors being spread over two powers of ten
DEPENDENT = 1e-8  # squared sine of the angle below which two columns are one: half the digits are lost there


@dataclass(frozen=True)
class Cause:
    """What explains a wrong gradient: an `id`, and a `sentence` about `blocks`, their names.

    `kind`: "shape" for a mistake; "place" where all that is known, of some blocks at least, is where they are
    wrong. `constants`: the factors found, by name; `free`: how many of them were fitted. `runners_up`: the
    Causes that explain as much with as few constants.
    """

    id: str
    sentence: str
    blocks: tuple = ()
    kind: str = "shape"
    constants: dict = field(default_factory=dict)
    runners_up: tuple = ()
    free: int = 0

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        keys = ("id", "sentence", "kind", "free")
        return {key: getattr(self, key) for key in keys} | {
            "blocks": list(self.blocks),
            "constants": dict(self.constants),
            "runners_up": [each.to_dict() for each in self.runners_up],
        }


@dataclass(frozen=True)
class Causes:
    """`overall`: the Cause of all that is wrong, or None. `blocks`: name -> Cause or None. `wrong`: names, in
    order.

    Where one Cause explains several blocks better than each its own, it is the Cause of each of them.
    """

    overall: Cause | None
    blocks: dict
    wrong: tuple

    def __getitem__(self, name: str) -> Cause | None:
        return self.blocks[name]

    def __str__(self) -> str:
        return "no cause is known" if self.overall is None else self.overall.sentence

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        return {
            "overall": None if self.overall is None else self.overall.to_dict(),
            "blocks": {name: None if each is None else each.to_dict() for name, each in self.blocks.items()},
            "wrong": list(self.wrong),
        }


@dataclass(frozen=True)
class GradientBlock:
    """One array of a gradient: `analytic` as handed in, `numeric` as measured within `bar`, at `parameter`.

    All four arrays have one shape. `bar` is the error of the numerical derivative plus the rounding of the
    analytic one; infinite for an entry that was not measured by itself. `known_wrong`, `known_right`: the
    verdict on such entries together. `confidence`: how many bars away is wrong. `judged_wrong`: a mask of the
    entries that a check calls wrong; where it is None the bars decide. `causes` fills in `role` ("weights",
    "bias" or None) and `layer` (its number or None).
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    known_wrong: bool = False
    known_right: bool = False
    confidence: float = WELL_BEYOND
    judged_wrong: np.ndarray | None = None
    role: str | None = None
    layer: int | None = None

    @cached_property
    def least_bar(self):
        """The bars, none below the rounding of the numbers themselves."""
        return np.maximum(self.bar, U * (np.abs(self.analytic) + np.abs(self.numeric)))

    @cached_property
    def visible(self):
        """Where the analytic gradient is wrong: more than `confidence` bars away, or judged so."""
        beyond = ~(np.abs(self.analytic - self.numeric) <= self.confidence * self.least_bar)
        wrong = beyond if self.judged_wrong is None else self.judged_wrong
        return wrong | ~np.isfinite(self.analytic)

    @cached_property
    def known(self):
        """Where the numerical derivative of the entry itself is known."""
        return np.isfinite(self.bar)

    @cached_property
    def still(self):
        """Where the numerical derivative is zero within its bar: the loss is not seen to move."""
        return self.known & (np.abs(self.numeric) <= self.confidence * self.bar)

    @cached_property
    def is_zero(self):
        """Where both gradients are zero within the bar, which is neither right nor wrong."""
        return self.still & (np.abs(self.analytic) <= self.confidence * self.bar)

    @property
    def is_finite(self):
        """Whether every analytic entry is a finite number."""
        return bool(np.all(np.isfinite(self.analytic)))

    @property
    def is_wrong(self):
        """Whether something in it is visibly wrong, or known to be."""
        return self.known_wrong or bool(np.any(self.visible))

    @property
    def is_right(self):
        """Whether it proves to be right: all within its bars, and not all zero."""
        if self.is_wrong:
            return False
        if not np.all(self.known):
            return self.known_right and bool(np.any(self.analytic != 0.0))
        within = np.abs(self.analytic - self.numeric) <= self.least_bar
        largest = np.max(np.abs(self.numeric), initial=0.0)
        return bool(
            np.all(within & (~self.still | is_narrow(self.bar, largest, self.confidence)))
            and not np.all(self.still)
        )

    @property
    def is_multiple(self):
        """Whether the numerical gradient is a multiple of the parameter, as that of an L2 term alone is."""
        k = replace(self, analytic=self.numeric).fit([self.parameter])
        return k is not None and bool(
            np.all(np.abs(self.numeric - k[0] * self.parameter) <= self.confidence * self.least_bar)
        )

    @property
    def proves_nothing(self):
        """Whether this block proves nothing about the delta: it is zero, or could be an L2 term alone."""
        if self.is_right and self.role != "bias" and np.all(self.known):
            return self.is_multiple
        return bool(np.all(self.is_zero))

    @property
    def proves_the_delta(self):
        """Whether it is right, and must have been made of a right delta."""
        return self.is_right and not self.proves_nothing

    @property
    def apart(self):
        """The largest difference relative to the largest entry; infinite where that is not known."""
        largest = np.max(np.abs(self.numeric[self.known]), initial=0.0)
        if largest == 0.0 or not self.is_finite:
            return np.inf
        return float(np.max(np.abs(self.analytic - self.numeric)[self.known]) / largest)

    @property
    def resolution(self):
        """The least error that would be visible in every entry, relative to the largest; 0 if they were
        judged together.
        """
        largest = np.max(np.abs(self.numeric), initial=0.0)
        if not np.all(self.known):
            return 0.0
        return self.confidence * float(np.max(self.bar)) / float(largest) if largest > 0.0 else np.inf

    def at(self, chosen):
        """The GradientBlock of the entries chosen by a mask or an index."""
        arrays = {key: getattr(self, key)[chosen] for key in ("analytic", "numeric", "bar", "parameter")}
        judged = None if self.judged_wrong is None else self.judged_wrong[chosen]
        return replace(self, **arrays, judged_wrong=judged)

    def fit(self, columns, offset=0.0):
        """The constants with which the columns add up to analytic - offset, weighted by the bars; None where
        the entries do not determine them.
        """
        bar = self._floored.ravel()
        weight = np.min(bar) / bar if np.isfinite(np.min(bar, initial=np.inf)) else np.zeros_like(bar)
        weighted = [column.ravel() * weight for column in columns]
        sizes = [float(np.max(np.abs(column), initial=0.0)) for column in weighted]
        if min(sizes) == 0.0:
            return None
        matrix = np.stack([column / size for column, size in zip(weighted, sizes)])
        products = matrix @ matrix.T
        if len(columns) == 2 and np.linalg.det(products) <= DEPENDENT * products[0, 0] * products[1, 1]:
            return None
        found = np.linalg.solve(products, matrix @ ((self.analytic - offset).ravel() * weight))
        return [float(each) / size for each, size in zip(found, sizes)]

    def uncertainty(self, column):
        """How well `fit` knows the constant of a single column: `confidence` standard errors."""
        size = np.max(np.abs(column) / self._floored)
        if size == 0.0:
            return np.inf
        return self.confidence / float(size * np.sqrt(np.sum((column / self._floored / size) ** 2)))

    @cached_property
    def _floored(self):
        largest = [np.max(np.abs(each), initial=0.0) for each in (self.analytic, self.numeric)]
        return np.maximum(self.bar, U * max(largest))


# How a sentence writes names and numbers


def listing(names, most=MOST_LISTED):
    """Names joined by commas and an `and`; beyond `most`, how many more there are."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def named_entries(name, chosen):
    """The entries chosen by a mask, by name; in a vector, runs of them as a range: x[0:12]."""
    if chosen.ndim != 1:
        return listing(entry_name(name, index) for index in np.argwhere(chosen).tolist())
    edges = np.flatnonzero(np.diff([False, *chosen, False])).tolist()
    return listing(
        f"{name}[{start}]" if stop == start + 1 else f"{name}[{start}:{stop}]"
        for start, stop in zip(edges[::2], edges[1::2])
    )


def named_lines(name, axis, chosen):
    """The chosen rows (axis 0: W1[2,:]) or columns (axis 1: W1[:,2]) of a matrix, by name."""
    return listing(f"{name}[{i},:]" if axis == 0 else f"{name}[:,{i}]" for i in np.flatnonzero(chosen))


def lines(array):
    """(word, axis) of the directions in which a matrix is cut into lines; none for other arrays."""
    is_cut = array.ndim == 2 and min(array.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def number(value, error=0.0):
    """A constant, to six digits, or to those that are known within `error`; what is not 1 is not written as 1
    but as `1 + 1e-09`.
    """
    digits = 6
    if 0.0 < error < abs(value) < math.inf:
        digits = min(6, max(2, math.ceil(math.log10(abs(value)) - math.log10(error))))
    text = f"{value:.{digits}g}"
    rest = value - float(text)
    if text not in ("1", "-1") or abs(rest) <= error:
        return text
    return f"{text} {'+' if rest > 0.0 else '-'} {abs(rest):.3g}"


def plus(value, error=0.0):
    """`plus 0.1`, or `minus 0.1`."""
    return f"{'plus' if value > 0.0 else 'minus'} {number(abs(value), error)}"
