"""The names of factors: what a constant that multiplies a gradient may be of the task, such as 1 over the
number of samples.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gradcheck.why.cause import SHARP, number

NEAR = 0.01  # relative: a named factor is tried if it is this near to the one that fits best
MOST_SAMPLES = 1e9  # a larger factor is not taken for a number of samples


@dataclass(frozen=True)
class Task:
    """The constants that may turn up as a factor; None where they are not known."""

    learning_rate: float | None = None
    samples: int | None = None
    outputs: int | None = None
    l2: float | None = None


def named_factors(task):
    """value -> (id, words) of every factor that has a name; the words tell all names of that value that are
    as simple.
    """
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
