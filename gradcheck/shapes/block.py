"""What a wrong gradient is explained with: a block of it, the constants of its task, and the shape of an error.

No shape is known here.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..rounding import U

WELL_BEYOND = 4.0           # error bars, as in the verdict
DEPENDENT = 1e-8            # squared sine of the angle below which two columns are one: half of the digits are lost there


@dataclass(frozen=True)
class Block:
    """One array of a gradient: what was handed in (`analytic`), what was measured (`numeric`, within `bar`), where.

    `bar` is the error of the numerical derivative plus the rounding of the analytic one; infinite where nothing is
    known. All four arrays have the shape of the `parameter`.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray

    @cached_property
    def visible(self):
        """Where the analytic gradient is visibly wrong: more than 4 error bars from the numerical one."""
        difference = np.abs(self.analytic - self.numeric)
        return ~(difference <= WELL_BEYOND * self.least_bar) | ~np.isfinite(self.analytic)

    @cached_property
    def least_bar(self):
        """The bars, none below the rounding of the numbers themselves."""
        return np.maximum(self.bar, U * (np.abs(self.analytic) + np.abs(self.numeric)))

    @property
    def is_vector(self):
        """Whether it is no matrix, and so likely a bias."""
        return self.numeric.ndim < 2

    def at(self, chosen):
        """The Block of the entries chosen by a mask or an index."""
        return Block(self.name, self.analytic[chosen], self.numeric[chosen], self.bar[chosen], self.parameter[chosen])


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
    `named`: the factor is one of a list, so it must be known well. `kind`: "shape", or "place" if all that is said is
    where the gradient is wrong.
    """

    id: str
    clause: str
    predicted: np.ndarray
    free: int = 0
    constants: dict = field(default_factory=dict)
    bar: np.ndarray | None = None
    named: bool = False
    kind: str = "shape"

    @property
    def is_plain(self):
        """Whether it is worth telling when it explains most and not all: not if it was made to fit the wrong entries."""
        chosen = self.id.endswith("in some entries") or self.id == "permuted" or self.id == "relu left out"
        return self.kind == "shape" and not chosen and (self.id == "factor and L2" or not self.id.endswith("and L2"))


def fit(block, columns, offset=0.0):
    """Constants of the columns that add up to analytic - offset, weighted by the bars; None where not determined."""
    floor = U * max(np.max(np.abs(block.analytic)), np.max(np.abs(block.numeric)))
    bar = np.maximum(block.bar, floor).ravel()
    weight = np.min(bar) / bar if np.isfinite(np.min(bar)) else np.zeros_like(bar)
    weighted = [column.ravel() * weight for column in columns]
    sizes = [float(np.max(np.abs(column))) for column in weighted]
    if min(sizes) == 0.0:
        return None
    matrix = np.stack([column / size for column, size in zip(weighted, sizes)])
    products = matrix @ matrix.T
    if len(columns) == 2 and np.linalg.det(products) <= DEPENDENT * products[0, 0] * products[1, 1]:
        return None
    found = np.linalg.solve(products, matrix @ ((block.analytic - offset).ravel() * weight))
    return [float(each) / size for each, size in zip(found, sizes)]


def listing(names, most=6):
    """Names joined by commas and an `and`; beyond `most`, how many more there are."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def number(value):
    """A constant, to the six digits that show what it is."""
    return f"{value:.6g}"
