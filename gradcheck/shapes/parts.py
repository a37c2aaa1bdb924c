"""Errors in a part of a block: one entry, one row, one column, rows of zeros, rows of neurons that are off."""

from dataclasses import replace

import numpy as np

from ..errors import entry_name
from .block import WELL_BEYOND, Shape, fit, listing, number
from .constants import fitted, proportional


def zero_lines(block):
    """Whole rows or columns, not all of them, that are exactly zero in the analytic gradient."""
    for word, axis in lines(block):
        zero = np.all(block.analytic == 0.0, axis=1 - axis) & np.any(block.visible, axis=1 - axis)
        if np.any(zero) and not np.all(zero):
            predicted = np.where(np.expand_dims(zero, 1 - axis), 0.0, block.numeric)
            yield Shape(f"zero {word}s", f"the numerical one with {_named(block, axis, zero)} set to zero", predicted)


def relu_left_out(block):
    """What is zero in the numerical gradient, as of neurons that are off, and not in the analytic one."""
    zero = np.abs(block.numeric) <= WELL_BEYOND * block.least_bar
    cuts = [(axis, np.all(zero, axis=1 - axis), np.any(block.visible, axis=1 - axis)) for _, axis in lines(block)]
    for axis, off, wrong in cuts or [(None, zero, block.visible)]:
        off = off & wrong
        if np.any(off) and not np.all(off):
            spread = off if axis is None else np.expand_dims(off, 1 - axis)
            clause = (f"the numerical one except for {_named(block, axis, off)}: not zero where that is, as if the "
                      "derivative of relu were left out")
            yield Shape("relu left out", clause, np.where(spread, block.analytic, block.numeric))


def factor_per_line(block):
    """Every row, or every column, times a factor of its own: what belongs to its neuron, or to its input, is wrong."""
    for word, axis in lines(block):
        factors = []
        for i in range(block.numeric.shape[axis]):
            part = block.at(i if axis == 0 else (slice(None), i))
            c = fit(part, [part.numeric]) if np.sum(np.abs(part.numeric) > WELL_BEYOND * part.bar) > 1 else None
            factors.append(1.0 if c is None else c[0])
        if np.all(np.array(factors) == 1.0):
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
    if block.numeric.size == 1 or count == block.numeric.size:
        return
    id, where = _where(block, np.argwhere(wrong))
    inner = block.at(wrong)
    found = [*proportional(inner, task), *(fitted(inner) if count > 1 else ())]
    for shape in found:
        predicted = block.numeric.copy()
        predicted[wrong] = shape.predicted
        own = id or f"{shape.id} in some entries"
        what = "set to zero" if shape.id == "zero" else shape.clause.removeprefix("the numerical one ")
        bar = block.bar.copy()
        bar[wrong] = inner.bar if shape.bar is None else shape.bar
        yield replace(shape, id=own, clause=f"the numerical one except for {where}: {what}", predicted=predicted, bar=bar)
    if id is not None:
        predicted = np.where(wrong, block.analytic, block.numeric)
        yield Shape(id, f"the numerical one except for {where}", predicted, kind="place")


def _where(block, indices):
    """(id, name) of the place of the wrong entries; the id is None where they are neither one entry nor one line."""
    if len(indices) == 1:
        return "one entry", entry_name(block.name, indices[0])
    for word, axis in lines(block):
        if len(set(indices[:, axis])) == 1:
            return f"one {word}", _line_name(block, axis, indices[0][axis])
    return None, _named(block, None, block.visible)


def lines(block):
    """(word, axis) of the directions in which a matrix of several rows and columns is cut; none for other arrays."""
    is_cut = block.numeric.ndim == 2 and min(block.numeric.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def _named(block, axis, chosen):
    """The chosen lines, or entries where the axis is None, by name."""
    if axis is None:
        return listing(entry_name(block.name, index) for index in np.argwhere(chosen))
    return listing(_line_name(block, axis, i) for i in np.flatnonzero(chosen))


def _line_name(block, axis, i):
    return f"{block.name}[{i},:]" if axis == 0 else f"{block.name}[:,{i}]"
