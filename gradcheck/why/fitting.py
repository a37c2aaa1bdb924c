"""Whether a shape of error explains a block: it leaves nothing over, and chance would not do that as well.

With it, every entry of the block is within 4 error bars, as the verdict has it, and it says something of more
entries than it has constants to fit. Of several shapes that do, the first with the fewest constants is
claimed; the others with as few stand beside it, for the point cannot tell them apart.
"""

from dataclasses import dataclass, replace
from math import log

import numpy as np

from gradcheck.numeric.rounding import U
from gradcheck.why.cause import Cause
from gradcheck.why.shapes import SHARP, WELL_BEYOND, Shape, listing

WORTH_NAMING = 0.5  # of the squared difference, for a runner-up
MOST_RUNNERS_UP = 3
LEFT_OPEN = 0.01  # of the squared difference may lie within the error bars: a tenth of the difference itself


@dataclass(frozen=True)
class Claim:
    """A Shape that explains a block, or several: how much of it, the Shapes that do so as well, and those
    that do in part.

    `equals` and `rest`: pairs of a Shape and the share of the squared difference that it explains.
    `looked_at`: None, or of how many entries only something is known.
    """

    shape: Shape | None
    explains: float
    equals: tuple
    rest: tuple
    looked_at: int | None

    @property
    def clause(self):
        """What completes "the gradient of W1 is ...", with what cannot be told from it."""
        clause = self.shape.clause
        if self.looked_at is not None:
            clause += (
                f", {'of' if self.shape.kind == 'place' else 'in'} the {self.looked_at} entries looked at"
            )
        if len(self.equals) > 0:
            others = ", or ".join(each.clause.removeprefix("the numerical one ") for each, _ in self.equals)
            clause += f"; or {others}: this point cannot tell them apart"
        return clause

    def cause(self, names):
        """The Cause of the blocks of these names; None where nothing is claimed."""
        if self.shape is None:
            return None
        return Cause(
            self.shape.id,
            sentence(self, names),
            self.explains,
            tuple(names),
            self.shape.kind,
            dict(self.shape.constants),
            self.runners_up(names),
            self.shape.free,
        )

    def runners_up(self, names):
        """The Causes that would explain as much, and those that explain more than half."""
        return tuple(
            Cause(
                shape.id,
                sentence(replace(self, shape=shape, equals=()), names),
                explains,
                tuple(names),
                shape.kind,
                dict(shape.constants),
                free=shape.free,
            )
            for shape, explains in (*self.equals, *self.rest)
        )


def sentence(claim, names):
    """What is said of the blocks of these names."""
    if claim.shape.sentence is not None:
        return claim.shape.sentence.format(listing(names))
    return f"the gradient of {listing(names)} is {claim.clause}"


def best(block, tried):
    """The Claim of the Shape that explains everything, if there is one, and of those that come near."""
    judged = [(shape, *judge(block, shape)) for shape in tried]
    fitting = [(shape, explains) for shape, fits, explains in judged if fits]
    claimed, explained = fitting[0] if fitting else (None, 0.0)
    kin = {claimed.kin} if claimed is not None else set()
    equals, rest = [], []
    if claimed is not None and claimed.plain and claimed.kind == "shape" and claimed.sentence is None:
        for shape, explains in fitting[1:]:
            if shape.plain and shape.kind == "shape" and shape.free <= claimed.free and shape.kin not in kin:
                kin.add(shape.kin)
                equals.append((shape, explains))
    entries = int(np.sum(block.visible))
    for shape, fits, explains in sorted(judged, key=lambda each: -each[2]):
        beyond_chance = (
            1.0 - (1.0 - explains) * entries / (entries - shape.free) if entries > shape.free else 0.0
        )
        if (
            not fits
            and shape.plain
            and shape.kind == "shape"
            and beyond_chance > WORTH_NAMING
            and shape.kin not in kin
        ):
            kin.add(shape.kin)
            rest.append((shape, explains))
    looked_at = None if np.all(block.known) else int(np.sum(block.known))
    return Claim(claimed, explained, tuple(equals), tuple(rest[:MOST_RUNNERS_UP]), looked_at)


def judge(block, shape):
    """(whether the Shape leaves nothing over that chance would not, the share of the squared difference it
    explains).
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
    if np.sum((WELL_BEYOND * width[visible] / size) ** 2) > LEFT_OPEN * np.sum(
        (difference[visible] / size) ** 2
    ):
        return False, explains
    bars_wide = np.sqrt(np.sum((shape.predicted / np.maximum(width, U * size))[known] ** 2))
    sharp = not shape.named or WELL_BEYOND <= SHARP * bars_wide
    return bool(sharp and (shape.kind == "place" or not _by_chance(block, shape, width))), explains


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
