"""Errors made of one constant: the gradient times a factor, named or not, or a number added."""

from functools import lru_cache

import numpy as np

from .block import SHARP, Shape, fit, uncertainty
from .words import fraction, number, plus

NEAR = 0.01                 # relative: a named factor is tried if it is this near to the one that fits best


def proportional(block, task):
    """Zero, the sign, and the constants of the task as factors, as far as they are near to the one that fits best."""
    numeric = block.numeric
    yield Shape("zero", "zero", np.zeros_like(numeric), bar=np.zeros_like(numeric), made_of_delta=False)
    for value, (id, words) in named_near(fit(block, [numeric]), task):
        yield Shape(id, f"the numerical one times {words}", value * numeric, 0, {"factor": value}, abs(value) * block.bar,
                    named=value != -1.0)


def named_near(constants, task):
    """(value, (id, words)) of the factors with a name that are near to the first of some fitted constants."""
    if constants is None:
        return []
    return [(value, words) for value, words in named_factors(task).items()
            if abs(value - constants[0]) <= NEAR * abs(value)]


def named_factors(task):
    """value -> (id, words) of every factor that has a name; the words tell all names of that value that are as simple."""
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
            whole = round(max(value, 1.0 / value))
            if said and N is None and whole > 2 and whole in (value, round(1.0 / value)):
                said += f" or {'' if value > 1.0 else '1 over '}that of samples (samples={whole} would tell)"
            found[sign * value] = (f"factor {minus}{names[0][0]}", number(sign * value) + (perhaps + said if said else ""))
    return found


def _names(N, K, rate):
    """(value, id, words, rank): rank 0 for a bare 2, 1 for a constant of the task, 2 for a product with it.

    Twice and half of each, for half the squared error and the squared error, their sums and their means.
    """
    yield from ((2.0, "2", None, 0), (0.5, "1/2", None, 0))
    for base, id, words, rank in ((N, "N", "the number of samples", 1), (K, "outputs", "the number of outputs", 1),
                                  (N * K if N and K else None, "N outputs", "the number of samples times outputs", 2)):
        if not base or base == 1:
            continue
        under = f"({id})" if " " in id else id
        yield from ((float(base), id, words, rank), (1.0 / base, f"1/{under}", f"1 over {words}", rank),
                    (2.0 * base, f"2 {id}", f"twice {words}", 2), (0.5 * base, f"{id}/2", f"half of {words}", 2),
                    (2.0 / base, f"2/{under}", f"2 over {words}", 2),
                    (1.0 / (2.0 * base), f"1/(2 {id})", f"1 over twice {words}", 2))
    if rate:
        yield from ((float(rate), "learning rate", "the learning rate", 1),
                    (1.0 / rate, "1/learning rate", "1 over the learning rate", 1))


def fitted(block, task):
    """A factor, or an added constant, that has no name."""
    c = fit(block, [block.numeric])
    if c is not None:
        words = factor_words(c[0], uncertainty(block, block.numeric), task)
        yield Shape("factor", f"the numerical one times {words}", c[0] * block.numeric, 1, {"factor": c[0]},
                    abs(c[0]) * block.bar)
    added = fit(block, [np.ones_like(block.numeric)], block.numeric)
    if added is not None:
        words = plus(added[0], uncertainty(block, np.ones_like(block.numeric)))
        yield Shape("constant added", f"the numerical one {words} in every entry", block.numeric + added[0], 1,
                    {"added": added[0]})


def factor_words(value, error, task):
    """A fitted factor, known within `error`: as a fraction too where it is one, and what it may be of the task."""
    simple = fraction(value, error)
    words = number(value, error) + (f", that is {simple}" if simple is not None else "")
    for each, (_, said) in named_factors(task).items() if error <= NEAR * abs(value) else ():
        if abs(each - value) <= error and ", " in said:
            return f"{words}, perhaps {said.split(', ', 1)[1].removeprefix('perhaps ')}"
    return words + (_of_samples(value, error) if task.samples is None else "")


MOST_SAMPLES = 1e9          # nobody has more


def _of_samples(value, error):
    """The question whether a whole number, or one over it, is that of the samples."""
    if not 1.0 / MOST_SAMPLES <= abs(value) <= MOST_SAMPLES:
        return ""
    for each, known, one in ((value, error, ""), (1.0 / value, error / value / value, "1 over ")):
        whole = round(each) if np.isfinite(each) else 0
        if whole > 2 and abs(each - whole) <= known <= SHARP * whole:
            return f", {one}the number of samples? samples={whole} would name it"
    return ""
