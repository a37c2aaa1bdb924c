"""How numbers, names and places are written in a sentence; nothing is measured here."""

import math
from fractions import Fraction

from ..errors import entry_name

MOST_NAMED = 6
SIMPLE = 64                 # numerator and denominator of a fraction that is worth telling
PER_UNIT = 0.3 * SIMPLE ** 2    # how many of those lie between 0 and 1: 3 / pi^2 of all pairs are in lowest terms
BY_CHANCE = 0.05            # how likely a number may hit one of them by accident


def number(value, error=0.0):
    """A constant, to six digits, or to those that are known within `error`; one that is not 1 is not written as 1 or -1.

    What it is apart from that, if it is more than `error`, is written beside it then: `1 + 1e-09`.
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


def fraction(value, error):
    """`1/8` for 0.125: the fraction of two small numbers that a constant, known within `error`, is; None where none is.

    None also for a whole number, and where the constant is known so badly that some fraction would be near by chance.
    """
    if not 2.0 * error * PER_UNIT <= BY_CHANCE:
        return None
    near = Fraction(value).limit_denominator(SIMPLE)
    found = near.denominator > 1 and abs(near.numerator) <= SIMPLE and abs(float(near) - value) <= error
    return str(near) if found else None


def listing(names, most=MOST_NAMED):
    """Names joined by commas and an `and`; beyond `most`, how many more there are."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def named_entries(name, chosen, between=None):
    """The entries chosen by a mask, by name; in a vector, runs of them as a range: x[0:12].

    `between`: a mask of entries that may be part of a run though they are not chosen.
    """
    if chosen.ndim != 1:
        return listing(entry_name(name, index) for index in _indices(chosen))
    return listing(f"{name}[{start}]" if stop == start + 1 else f"{name}[{start}:{stop}]"
                   for start, stop in _runs(chosen, chosen if between is None else chosen | between))


def _indices(chosen):
    return zip(*(axis.tolist() for axis in chosen.nonzero())) if chosen.ndim else [()]


def _runs(chosen, passable):
    """(start, stop) of the runs of passable positions, cut to the first and the last chosen one of each."""
    runs, last = [], None
    for i in chosen.nonzero()[0].tolist():
        if last is not None and passable[last:i].all():
            runs[-1][1] = i + 1
        else:
            runs.append([i, i + 1])
        last = i
    return runs
