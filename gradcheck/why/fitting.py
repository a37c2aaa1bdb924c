"""Whether an error shape explains a block: it leaves nothing over, and chance would not do that as well.

With it, every entry of the block lies within 4 error bars (or another confidence), and the shape says
something of more entries than it has constants to fit. Of several shapes that do, the first in the table is
claimed. The others with as few constants stand beside it: the point cannot tell them apart.
"""

from dataclasses import dataclass, field, replace
from math import log

import numpy as np

from gradcheck.numeric.rounding import U
from gradcheck.why.cause import SHARP, Cause, listing

LEFT_OPEN = 0.01  # of the squared difference may lie within the error bars: a tenth of the difference itself


@dataclass(frozen=True)
class ErrorShape:
    """One error shape of a block: `clause` completes "the gradient of W1 is ...", `predicted` is what the
    analytic gradient would then be, within `bar` (that of the block where it is None).

    `sentence` replaces the clause, with braces for the names. `free`: how many constants were fitted.
    `named`: the factor is one of a list, so it must be known well. `ways`: the logarithm of how many orders
    were tried. `kind`: "place" where the shape copies the wrong entries and only says which they are.
    `family`: what the shapes of one mistake have in common. `plain`: whether it is worth telling beside
    others. `made_of_delta`: whether it contains, and so proves, the right delta.
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
        """Whether a sentence may name it beside another mistake."""
        return self.plain and self.kind == "shape" and self.sentence is None


@dataclass(frozen=True)
class Explained:
    """The ErrorShape that explains a block, or None.

    `equals`: the ErrorShapes that explain it as well. `measured`: how many entries are known, None for all.
    """

    shape: ErrorShape | None
    equals: tuple = ()
    measured: int | None = None

    @property
    def is_own(self):
        """Whether the shape is a mistake without fitted constants, which one block alone shows."""
        return self.shape is not None and self.shape.kind == "shape" and self.shape.free == 0

    def sentence(self, names):
        """The sentence about these blocks, with the mistakes that look the same at this point."""
        if self.shape.sentence is not None:
            return self.shape.sentence.format(listing(names))
        clause = self.shape.clause
        if self.measured is not None:
            preposition = "of" if self.shape.kind == "place" else "in"
            clause += f", {preposition} the {self.measured} entries measured"
        if len(self.equals) > 0:
            others = ", or ".join(each.clause.removeprefix("the numerical one ") for each in self.equals)
            clause += f"; or {others}: this point cannot tell them apart"
        return f"the gradient of {listing(names)} is {clause}"

    def cause(self, names):
        """The Cause of the blocks of these names; None where no shape explains them."""
        if self.shape is None:
            return None
        shape, said = self.shape, self.sentence(names)
        others = tuple(replace(self, shape=each, equals=()).cause(names) for each in self.equals)
        return Cause(shape.id, said, tuple(names), shape.kind, dict(shape.constants), others, shape.free)


def best(block, tried):
    """The block Explained by the first ErrorShape that leaves nothing over, and its equals."""
    fitting = [shape for shape in tried if leaves_nothing(block, shape)]
    if not fitting:
        return Explained(None)
    claimed, *others = fitting
    equals = {claimed.kin: claimed}
    for each in others if claimed.is_mistake else ():
        if each.is_mistake and each.free <= claimed.free:
            equals.setdefault(each.kin, each)
    measured = None if np.all(block.known) else int(np.sum(block.known))
    return Explained(claimed, tuple(equals.values())[1:], measured)


def leaves_nothing(block, shape):
    """Whether the ErrorShape leaves nothing over that chance would not."""
    known, visible, bar = block.known, block.visible, block.least_bar
    difference, residual = block.analytic - block.numeric, block.analytic - shape.predicted
    size = np.max(np.abs(difference[known]), initial=0.0)
    width = np.maximum(bar, bar if shape.bar is None else shape.bar) + U * np.abs(shape.predicted)
    if size == 0.0 or np.any(np.abs(residual[known]) > block.confidence * width[known]):
        return False
    open_left = np.sum((block.confidence * width[visible] / size) ** 2)
    if open_left > LEFT_OPEN * np.sum((difference[visible] / size) ** 2):
        return False
    bars_wide = np.sqrt(np.sum((shape.predicted / np.maximum(width, U * size))[known] ** 2))
    if shape.named and block.confidence > SHARP * bars_wide:
        return False
    return shape.kind == "place" or not _by_chance(block, shape, width)


def _by_chance(block, shape, width):
    """Whether entries that have nothing to do with the ErrorShape would lie as near to it in one case of a
    thousand.

    Each entry that it speaks of would do so in as many cases as its bars are a part of its difference. As
    many entries as there are constants are used up by the fit: the ones that are known best.
    """
    touched = block.known & (np.abs(shape.predicted - block.numeric) > block.confidence * block.least_bar)
    if np.sum(touched) <= shape.free:
        return True
    if shape.sentence is not None:
        return False
    spread = np.abs(block.analytic - block.numeric)[touched]
    chances = np.sort(np.minimum(1.0, block.confidence * width[touched] / spread))[shape.free :]
    return float(np.sum(np.log(np.maximum(chances, np.finfo(float).tiny)))) + shape.ways > log(SHARP)
