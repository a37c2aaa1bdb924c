"""What a wrong gradient is explained with: a block of it, the constants of its task, and the shape of an error.

No shape is known here.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..rounding import U
from ..verdict import WELL_BEYOND, is_narrow

SHARP = 1e-3                # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
                            # 5 % of all cases at most, factors being spread over two powers of ten
FAR_BELOW = 0.01            # what is so small beside an error does not hide it: two of its digits would still be seen
DEPENDENT = 1e-8            # squared sine of the angle below which two columns are one: half of the digits are lost there


@dataclass(frozen=True)
class Block:
    """One array of a gradient: what was handed in (`analytic`), what was measured (`numeric`, within `bar`), where.

    `bar` is the error of the numerical derivative plus the rounding of the analytic one; infinite where nothing is
    known of an entry by itself. All four arrays have the shape of the `parameter`. `known_wrong`, `known_right`: what was
    found out about entries together, whose bars are infinite. `role`: "weights", "bias", or None where that is not known,
    `layer`: its number, or None; both are found out by `causes`.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    known_wrong: bool = False
    known_right: bool = False
    role: str | None = None
    layer: int | None = None

    @cached_property
    def visible(self):
        """Where the analytic gradient is visibly wrong: more than 4 error bars from the numerical one."""
        difference = np.abs(self.analytic - self.numeric)
        return ~(difference <= WELL_BEYOND * self.least_bar) | ~np.isfinite(self.analytic)

    @cached_property
    def least_bar(self):
        """The bars, none below the rounding of the numbers themselves."""
        return np.maximum(self.bar, U * (np.abs(self.analytic) + np.abs(self.numeric)))

    @cached_property
    def known(self):
        """Where the numerical derivative of the entry itself is known."""
        return np.isfinite(self.bar)

    @cached_property
    def still(self):
        """Where the numerical derivative is zero within its bar: the loss is not seen to move."""
        return self.known & (np.abs(self.numeric) <= WELL_BEYOND * self.bar)

    @cached_property
    def is_zero(self):
        """Where both gradients are zero within the bar, which is neither right nor wrong."""
        return self.still & (np.abs(self.analytic) <= WELL_BEYOND * self.bar)

    @property
    def is_wrong(self):
        """Whether something is visibly wrong in it, or known to be."""
        return self.known_wrong or bool(np.any(self.visible))

    @property
    def is_right(self):
        """Whether it is evidence of being right: all within its bars, and not zero, for zero is neither right nor wrong."""
        if self.is_wrong:
            return False
        if not np.all(self.known):
            return self.known_right and bool(np.any(self.analytic != 0.0))
        within = np.abs(self.analytic - self.numeric) <= self.least_bar
        largest = np.max(np.abs(self.numeric), initial=0.0)
        return bool(np.all(within & (~self.still | is_narrow(self.bar, largest))) and not np.all(self.still))

    @property
    def is_mute(self):
        """Whether it is zero, or right and a multiple of its parameter: such weights may be their own L2 term alone."""
        if self.is_right and self.role != "bias" and np.all(self.known):
            return is_multiple(self)
        return bool(np.all(self.is_zero))

    @property
    def is_witness(self):
        """Whether it is right, and must have been made of a right delta."""
        return self.is_right and not self.is_mute

    @property
    def apart(self):
        """How far the two gradients are apart at most, relative to the largest entry; infinite where that is not known."""
        largest = np.max(np.abs(self.numeric[self.known]), initial=0.0)
        if largest == 0.0 or not np.all(np.isfinite(self.analytic)):
            return np.inf
        return float(np.max(np.abs(self.analytic - self.numeric)[self.known]) / largest)

    @property
    def resolution(self):
        """The least error that would be visible in every entry, relative to the largest; 0 if they were judged together."""
        largest = np.max(np.abs(self.numeric), initial=0.0)
        if not np.all(self.known):
            return 0.0
        return WELL_BEYOND * float(np.max(self.bar)) / float(largest) if largest > 0.0 else np.inf

    def at(self, chosen):
        """The Block of the entries chosen by a mask or an index."""
        return replace(self, analytic=self.analytic[chosen], numeric=self.numeric[chosen], bar=self.bar[chosen],
                       parameter=self.parameter[chosen])


@dataclass(frozen=True)
class Task:
    """The constants that may turn up as a factor; None where they are not known. `per_sample`: a dict name -> array each."""

    learning_rate: float | None = None
    samples: int | None = None
    outputs: int | None = None
    l2: float | None = None
    per_sample: tuple = ()


@dataclass(frozen=True)
class Shape:
    """`clause` completes "the gradient of W1 is ..."; `predicted` is what the analytic gradient would then be.

    `free`: how many constants were fitted, `constants` by name. `bar`: of what is predicted, if not that of the entry.
    `named`: the factor is one of a list, so it must be known well. `ways`: the logarithm of how many orders were tried.
    `kind`: "shape", or "place" if all that is said is where the gradient is wrong. `family`: what Shapes that are one
    mistake in other words have in common; by default the first word of the id. `plain`: whether it is worth telling
    beside others: not if it was made to fit the wrong entries. `made_of_delta`: whether the right delta is in it, so that
    it bears witness to that. `sentence`: in place of the clause, with braces for the names.
    """

    id: str
    clause: str
    predicted: np.ndarray
    free: int = 0
    constants: dict = field(default_factory=dict)
    bar: np.ndarray | None = None
    named: bool = False
    ways: float = 0.0
    kind: str = "shape"
    family: str | None = None
    plain: bool = True
    made_of_delta: bool = True
    sentence: str | None = None

    @property
    def kin(self):
        """The family."""
        return self.family or self.id.split()[0]


def fit(block, columns, offset=0.0):
    """Constants of the columns that add up to analytic - offset, weighted by the bars; None where not determined."""
    bar = _floored(block).ravel()
    weight = np.min(bar) / bar if np.isfinite(np.min(bar, initial=np.inf)) else np.zeros_like(bar)
    weighted = [column.ravel() * weight for column in columns]
    sizes = [float(np.max(np.abs(column), initial=0.0)) for column in weighted]
    if min(sizes) == 0.0:
        return None
    matrix = np.stack([column / size for column, size in zip(weighted, sizes)])
    products = matrix @ matrix.T
    if len(columns) == 2 and np.linalg.det(products) <= DEPENDENT * products[0, 0] * products[1, 1]:
        return None
    found = np.linalg.solve(products, matrix @ ((block.analytic - offset).ravel() * weight))
    return [float(each) / size for each, size in zip(found, sizes)]


def uncertainty(block, column):
    """How well the constant of a single column is known by `fit`: 4 times its standard error, the bars being standard."""
    bar = _floored(block)
    size = np.max(np.abs(column) / bar)
    return WELL_BEYOND / float(size * np.sqrt(np.sum((column / bar / size) ** 2))) if size > 0.0 else np.inf


def is_multiple(block):
    """Whether the numerical gradient is a multiple of the parameter, as that of an L2 term alone is."""
    k = fit(replace(block, analytic=block.numeric), [block.parameter])
    return k is not None and bool(np.all(np.abs(block.numeric - k[0] * block.parameter) <= WELL_BEYOND * block.least_bar))


def _floored(block):
    floor = U * max(np.max(np.abs(block.analytic), initial=0.0), np.max(np.abs(block.numeric), initial=0.0))
    return np.maximum(block.bar, floor)
