"""Whether an error shape explains a block: it leaves nothing over, and chance would not do that as well.

With it, every entry of the block lies within 4 error bars, and the shape says something of more entries than
it has constants to fit. Of several shapes that do, the first in the table is claimed. The others with as few
constants stand beside it: the point cannot tell them apart.
"""

from dataclasses import dataclass, field, replace
from math import log

import numpy as np

from gradcheck.numeric.rounding import U
from gradcheck.verdict import WELL_BEYOND
from gradcheck.why.cause import Cause, listing

SHARP = 1e-3  # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
# 5 % of all cases at most, factors being spread over two powers of ten
WORTH_NAMING = 0.5  # of the squared difference, for a runner-up
MOST_RUNNERS_UP = 3
LEFT_OPEN = 0.01  # of the squared difference may lie within the error bars: a tenth of the difference itself


@dataclass(frozen=True)
class Shape:
    """One error shape of a block: `clause` completes "the gradient of W1 is ...", `predicted` is what the
    analytic gradient would then be, within `bar` (that of the block where it is None).

    `sentence` replaces the clause, with braces for the names. `free`: how many constants were fitted. `named`:
    the factor is one of a list, so it must be known well. `ways`: the logarithm of how many orders were tried.
    `kind`: "place" where the shape copies the wrong entries and only says which they are. `family`: what the
    shapes of one mistake have in common. `plain`: whether it is worth telling beside others. `made_of_delta`:
    whether the right delta is in it, so that it proves that one.
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
        """The family, by default the first word of the id."""
        return self.family or self.id.split()[0]

    @property
    def is_mistake(self):
        """Whether it may be told beside others, and others beside it."""
        return self.plain and self.kind == "shape" and self.sentence is None


@dataclass(frozen=True)
class Explained:
    """A block and the Shape that explains it, or None.

    `equals`: pairs (Shape, share of the squared difference that it explains) of those that explain it as
    well; `rest`: of those that explain much of it. `looked_at`: of how many entries alone something is known,
    or None.
    """

    shape: Shape | None
    explains: float
    equals: tuple = ()
    rest: tuple = ()
    looked_at: int | None = None

    @property
    def is_own(self):
        """Whether the shape is a mistake without fitted constants: one that is told of a single block too."""
        return self.shape is not None and self.shape.kind == "shape" and self.shape.free == 0

    def sentence(self, names):
        """What is said of the blocks of these names, with what cannot be told from it."""
        if self.shape.sentence is not None:
            return self.shape.sentence.format(listing(names))
        clause = self.shape.clause
        if self.looked_at is not None:
            preposition = "of" if self.shape.kind == "place" else "in"
            clause += f", {preposition} the {self.looked_at} entries looked at"
        if len(self.equals) > 0:
            others = ", or ".join(each.clause.removeprefix("the numerical one ") for each, _ in self.equals)
            clause += f"; or {others}: this point cannot tell them apart"
        return f"the gradient of {listing(names)} is {clause}"

    def cause(self, names):
        """The Cause of the blocks of these names; None where no shape explains them."""
        if self.shape is None:
            return None
        shape, rest = self.shape, self.runners_up(names)
        said = self.sentence(names)
        return Cause(
            shape.id, said, self.explains, tuple(names), shape.kind, dict(shape.constants), rest, shape.free
        )

    def runners_up(self, names):
        """The Causes that explain the blocks as well, then those that explain more than half."""
        others = [
            replace(self, shape=shape, explains=explains, equals=(), rest=())
            for shape, explains in (*self.equals, *self.rest)
        ]
        return tuple(each.cause(names) for each in others)


def best(block, tried):
    """The block Explained by the first Shape that leaves nothing over, and those that come near."""
    judged = [(shape, *judge_shape(block, shape)) for shape in tried]
    fitting = [(shape, explains) for shape, fits, explains in judged if fits]
    claimed, explained = fitting[0] if fitting else (None, 0.0)
    kin = set() if claimed is None else {claimed.kin}
    equals = []
    if claimed is not None and claimed.is_mistake:
        as_well = [each for each in fitting[1:] if each[0].is_mistake and each[0].free <= claimed.free]
        equals = _one_of_each_family(as_well, kin)
    entries = int(np.sum(block.visible))
    near = [
        (shape, explains)
        for shape, fits, explains in sorted(judged, key=lambda each: -each[2])
        if not fits and shape.is_mistake and _beyond_chance(explains, entries, shape.free) > WORTH_NAMING
    ]
    rest = _one_of_each_family(near, kin)[:MOST_RUNNERS_UP]
    looked_at = None if np.all(block.known) else int(np.sum(block.known))
    return Explained(claimed, explained, tuple(equals), tuple(rest), looked_at)


def judge_shape(block, shape):
    """(whether the Shape leaves nothing over that chance would not, the share of the squared difference that
    it explains).
    """
    known, visible, bar = block.known, block.visible, block.least_bar
    difference, residual = block.analytic - block.numeric, block.analytic - shape.predicted
    size = np.max(np.abs(difference[known]), initial=0.0)
    if size == 0.0:
        return False, 0.0
    left = np.sum((residual[known] / size) ** 2) / np.sum((difference[known] / size) ** 2)
    explains = max(0.0, 1.0 - float(left))
    width = np.maximum(bar, bar if shape.bar is None else shape.bar) + U * np.abs(shape.predicted)
    if np.any(np.abs(residual[known]) > WELL_BEYOND * width[known]):
        return False, explains
    open_left = np.sum((WELL_BEYOND * width[visible] / size) ** 2)
    if open_left > LEFT_OPEN * np.sum((difference[visible] / size) ** 2):
        return False, explains
    bars_wide = np.sqrt(np.sum((shape.predicted / np.maximum(width, U * size))[known] ** 2))
    sharp = not shape.named or WELL_BEYOND <= SHARP * bars_wide
    return bool(sharp and (shape.kind == "place" or not _by_chance(block, shape, width))), explains


def _one_of_each_family(judged, kin):
    """The first of every family that is not in the set `kin`, which grows by them."""
    found = []
    for shape, explains in judged:
        if shape.kin not in kin:
            kin.add(shape.kin)
            found.append((shape, explains))
    return found


def _beyond_chance(explains, entries, free):
    """The share explained, less what so many fitted constants gain by chance."""
    return 1.0 - (1.0 - explains) * entries / (entries - free) if entries > free else 0.0


def _by_chance(block, shape, width):
    """Whether entries that have nothing to do with the Shape would lie as near to it in one case of a
    thousand.

    Each entry that it speaks of would do so in as many cases as its bars are a part of its difference. As
    many entries as there are constants are used up by the fit: the ones that are known best.
    """
    touched = block.known & (np.abs(shape.predicted - block.numeric) > WELL_BEYOND * block.least_bar)
    if np.sum(touched) <= shape.free:
        return True
    if shape.sentence is not None:
        return False
    spread = np.abs(block.analytic - block.numeric)[touched]
    chances = np.sort(np.minimum(1.0, WELL_BEYOND * width[touched] / spread))[shape.free :]
    return float(np.sum(np.log(np.maximum(chances, np.finfo(float).tiny)))) + shape.ways > log(SHARP)
