"""What comes out: Cause and Causes, and how their sentences write names, numbers and factors."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from gradcheck.errors import entry_name

MOST_LISTED = 6
SHARP = 1e-3  # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
# 5 % of all cases at most, factors being spread over two powers of ten
NEAR = 0.01  # relative: a named factor is tried if it is this near to the one that fits best
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
        whole = round(each) if np.isfinite(each) else 0
        if whole > 2 and abs(each - whole) <= known <= SHARP * whole:
            return f", {one}the number of samples? samples={whole} would name it"
    return ""
