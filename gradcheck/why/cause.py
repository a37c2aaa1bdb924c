"""What comes out: Cause and Causes; the error shapes they are made of; names, numbers and factors in words.

An ErrorShape explains a block if it leaves nothing over, and chance would not do that as well: with it, every
entry of the block lies within 4 error bars (or another confidence), and the shape says something of more
entries than it has constants to fit. Of several shapes that do, the first in the table is claimed. The others
with as few constants stand beside it: the point cannot tell them apart.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from gradcheck.errors import entry_name
from gradcheck.numeric.rounding import U

MOST_LISTED = 6
SHARP = 1e-3  # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
# 5 % of all cases at most, factors being spread over two powers of ten
NEAR = 0.01  # relative: a named factor is tried if it is this near to the one that fits best
LEFT_OPEN = 0.01  # of the squared difference may lie within the error bars: a tenth of the difference itself
MOST_SAMPLES = 1e9  # a larger factor is not taken for a number of samples


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
        found = {key: getattr(self, key) for key in keys} | {"blocks": list(self.blocks)}
        runners_up = [each.to_dict() for each in self.runners_up]
        return found | {"constants": dict(self.constants), "runners_up": runners_up}


@dataclass(frozen=True)
class Causes:
    """`overall`: the Cause of all that is wrong, or None. `blocks`: name -> Cause or None. `wrong`: names.

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
        overall = None if self.overall is None else self.overall.to_dict()
        blocks = {name: None if each is None else each.to_dict() for name, each in self.blocks.items()}
        return {"overall": overall, "blocks": blocks, "wrong": list(self.wrong)}


# Whether an error shape explains a block


@dataclass(frozen=True)
class ErrorShape:
    """One error shape of a block: `clause` completes "the gradient of W1 is ...", `predicted` is what the
    analytic gradient would then be, within `bar` (that of the block where it is None).

    `sentence` replaces the clause, with braces for the names. `free`: how many constants were fitted.
    `named`: the factor is one of a list, so it must be known well. `ways`: the logarithm of how many orders
    were tried. `kind`: "place" where the shape copies the wrong entries and only says which they are.
    `family`: what the shapes of one mistake have in common. `plain`: whether it is worth telling beside
    others. `made_of_delta`: whether it contains, and so proves, the right delta. `law`: the Law of an error
    that is made entry by entry, or None; `mask`: of the entries that it is of, None for all.
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
    law: Callable | None = None
    mask: np.ndarray | None = None

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


def best(block, tried, elsewhere=None):
    """The block Explained by the first ErrorShape that leaves nothing over, and its equals.

    `elsewhere`: None, or what tells by its method `holds` whether a shape is true at other points, too.
    """
    fitting = [shape for shape in tried if leaves_nothing(block, shape)]
    if elsewhere is not None:
        fitting = [shape for shape in fitting if elsewhere.holds(block, shape)]
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
    return float(np.sum(np.log(np.maximum(chances, np.finfo(float).tiny)))) + shape.ways > math.log(SHARP)


# Names and numbers


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
    runs = zip(edges[::2], edges[1::2])
    return listing(f"{name}[{a}]" if b == a + 1 else f"{name}[{a}:{b}]" for a, b in runs)


def named_lines(name, axis, chosen):
    """The chosen rows (axis 0: W1[2,:]) or columns (axis 1: W1[:,2]) of a matrix, by name."""
    return listing(f"{name}[{i},:]" if axis == 0 else f"{name}[:,{i}]" for i in np.flatnonzero(chosen))


def number(value, error=0.0):
    """A constant, to six digits or those known within `error`; what is not 1 is written as `1 + 1e-09`."""
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


# Factors: what a constant that multiplies a gradient may be of the task, such as 1 over the number of samples


@dataclass(frozen=True)
class Task:
    """The constants that may turn up as a factor; None where they are not known."""

    learning_rate: float | None = None
    samples: int | None = None
    outputs: int | None = None
    l2: float | None = None


def named_factors(task):
    """value -> (id, words) of every factor that has a name; the words tell all that are as simple."""
    return _named(task.samples, task.outputs, task.learning_rate)


@lru_cache
def _named(N, K, rate):
    found = {-1.0: ("sign", "-1")}
    listed = list(_names(N, K, rate))
    for value in dict.fromkeys(each[0] for each in listed if each[0] != 1.0):
        rank = min(rank for each, _, _, rank in listed if each == value)
        names = [(id, words) for each, id, words, own in listed if each == value and own <= max(rank, 1)]
        for sign, minus, also in ((1.0, "", ""), (-1.0, "-", "minus ")):
            said = " or ".join(dict.fromkeys(also + words for _, words in names if words is not None))
            perhaps = ", perhaps " if rank == 0 or N is None else ", "
            named = number(sign * value) + (perhaps + said if said else "")
            found[sign * value] = f"factor {minus}{names[0][0]}", named
    return found


def _names(N, K, rate):
    """(value, id, words, rank): rank 0 for a bare 2, 1 for a constant of the task, 2 for a product with it.

    Twice and half of each, for half the squared error and the squared error, their sums and their means.
    """
    yield from ((2.0, "2", None, 0), (0.5, "1/2", None, 0))
    for base, id, words, rank in (
        (N, "N", "the number of samples", 1),
        (K, "outputs", "the number of outputs", 1),
        (N * K if N and K else None, "N outputs", "the number of samples times outputs", 2),
    ):
        if not base or base == 1:
            continue
        under = f"({id})" if " " in id else id
        yield from (
            (float(base), id, words, rank),
            (1.0 / base, f"1/{under}", f"1 over {words}", rank),
            (2.0 * base, f"2 {id}", f"twice {words}", 2),
            (0.5 * base, f"{id}/2", f"half of {words}", 2),
            (2.0 / base, f"2/{under}", f"2 over {words}", 2),
            (1.0 / (2.0 * base), f"1/(2 {id})", f"1 over twice {words}", 2),
        )
    if rate:
        yield float(rate), "learning rate", "the learning rate", 1
        yield 1.0 / rate, "1/learning rate", "1 over the learning rate", 1


def factor_words(value, error, task):
    """A fitted factor, known within `error`, and what it may be of the task."""
    words = number(value, error)
    for each, (_, said) in named_factors(task).items() if error <= NEAR * abs(value) else ():
        if abs(each - value) <= error and ", " in said:
            return f"{words}, perhaps {said.split(', ', 1)[1].removeprefix('perhaps ')}"
    return words + (_of_samples(value, error) if task.samples is None else "")


def _of_samples(value, error):
    """The question whether a whole number, or one over it, is that of the samples."""
    if not 1.0 / MOST_SAMPLES <= abs(value) <= MOST_SAMPLES:
        return ""
    for each, known, one in ((value, error, ""), (1.0 / value, error / value / value, "1 over ")):
        whole = round(each)
        if whole > 2 and abs(each - whole) <= known <= SHARP * whole:
            return f", {one}the number of samples? samples={whole} would name it"
    return ""
