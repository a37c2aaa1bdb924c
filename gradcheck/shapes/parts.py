"""Errors in a part of a block: one entry, one row, one column, rows of zeros, what is not zero where it should be."""

from dataclasses import replace

import numpy as np

from ..errors import entry_name
from .block import Shape, fit
from .common import of_layers
from .words import listing, named_entries, number


def zero_lines(block):
    """Whole rows or columns, not all of them, that are exactly zero in the analytic gradient."""
    for word, axis in lines(block):
        zero = np.all(block.analytic == 0.0, axis=1 - axis) & np.any(block.visible, axis=1 - axis)
        if np.any(zero) and not np.all(zero):
            predicted = np.where(np.expand_dims(zero, 1 - axis), 0.0, block.numeric)
            clause = f"the numerical one with {named_lines(block, axis, zero)} set to zero"
            yield Shape(f"zero {word}s", clause, predicted, plain=False)


def not_zero(block):
    """All wrong entries are zero in the numerical gradient: what they are is copied, so this is a place only."""
    wrong = block.visible
    if np.any(wrong) and np.all(block.still[wrong]) and not np.all(wrong):
        clause = f"the numerical one except for {_named(block, wrong)}: not zero where the true gradient is"
        yield Shape("not zero", clause, np.where(wrong, block.analytic, block.numeric), kind="place")


def factor_per_line(block):
    """Every row, or every column, times a factor of its own: what belongs to its neuron, or to its input, is wrong."""
    for word, axis in lines(block):
        factors = []
        for i in range(block.numeric.shape[axis]):
            part = block.at(i if axis == 0 else (slice(None), i))
            told = np.any(part.visible) and np.sum(~part.still) > 1
            c = fit(part, [part.numeric]) if told else None
            factors.append(1.0 if c is None else c[0])
        if all(c == 1.0 for c in factors):
            continue
        scale = np.expand_dims(np.array(factors), 1 - axis)
        clause = f"the numerical one with a factor for every {word}: {', '.join(map(number, factors[:6]))}"
        clause += ", ..." if len(factors) > 6 else ""
        yield Shape(f"factor per {word}", clause, scale * block.numeric, len(factors), {"factors": factors},
                    np.abs(scale) * block.bar)


def some_entries(block, task):
    """The entries that are visibly wrong, all others being right: which they are, and what is the matter with them."""
    wrong = block.visible
    count = int(np.sum(wrong))
    if count in (0, block.numeric.size):
        return
    id, where = _where(block, np.argwhere(wrong))
    inner = block.at(wrong)
    for shape in of_layers(inner, task):
        predicted = block.numeric.copy()
        predicted[wrong] = shape.predicted
        own = id or f"{shape.id} in some entries"
        what = "set to zero" if shape.id == "zero" else shape.clause.removeprefix("the numerical one ")
        bar = block.bar.copy()
        bar[wrong] = inner.bar if shape.bar is None else shape.bar
        yield replace(shape, id=own, clause=f"the numerical one except for {where}: {what}", predicted=predicted, bar=bar,
                      plain=False, made_of_delta=True)
    if id is not None or block.numeric.ndim == 1 and block.role is None or not np.all(block.known):
        predicted = np.where(wrong, block.analytic, block.numeric)
        yield Shape(id or "some entries", f"the numerical one except for {where}", predicted, kind="place")


def _where(block, indices):
    """(id, name) of the place of the wrong entries; the id is None where they are neither one entry nor one line.

    Nor has it one where some entries were not looked at, for those may be wrong as well.
    """
    if not np.all(block.known):
        return None, _named(block, block.visible)
    if len(indices) == 1:
        return "one entry", entry_name(block.name, indices[0])
    for word, axis in lines(block):
        if len(set(indices[:, axis])) == 1:
            return f"one {word}", line_name(block, axis, indices[0][axis])
    return None, _named(block, block.visible)


def lines(block):
    """(word, axis) of the directions in which a matrix of several rows and columns is cut; none for other arrays."""
    is_cut = block.numeric.ndim == 2 and min(block.numeric.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def named_lines(block, axis, chosen):
    """The chosen rows or columns by name."""
    return listing(line_name(block, axis, i) for i in np.flatnonzero(chosen))


def line_name(block, axis, i):
    """W1[2,:] for a row, W1[:,2] for a column."""
    return f"{block.name}[{i},:]" if axis == 0 else f"{block.name}[:,{i}]"


def _named(block, chosen):
    """Entries by name, as whole lines where they are whole lines."""
    for _, axis in lines(block):
        whole = np.all(chosen, axis=1 - axis)
        if np.array_equal(chosen, np.broadcast_to(np.expand_dims(whole, 1 - axis), chosen.shape)):
            return named_lines(block, axis, whole)
    return named_entries(block.name, chosen, block.is_zero)
