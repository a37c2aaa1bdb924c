"""Units in which a check measures parameters, so that its steps do not depend on those of the caller.

Parameters of ordinary size are taken as they are. A mass of 1e-27 kg is not: a step of 0.01 kg is longer
than all on which the loss changes. Nor is a weight of 1e-8 that was drawn small, but that one is moved by
0.01 with profit, for the loss hardly notices 1e-8. So the loss is asked. Units are powers of two: nothing
is rounded.
"""

import math

import numpy as np

ORDINARY = 2.0**10  # a size up to this, or down to its inverse, needs no unit
MOVES = (0.25, 2.0**-5, 2.0**-10)  # of the sizes: where the loss has no value the next one is tried
DRAWN = 2
SEEN = 2.0**-20  # of the loss: a larger change leaves the slopes a dozen digits
LARGEST = 60  # the logarithm of sizes that are tried where all parameters are zero


def units_of(point, value, bounds, seed):
    """The unit of every entry of a Point, a vector; None where all are 1. value: vector -> the loss, or NaN.

    The size of a block is 1, or the size nearest to it that any of its numbers has, and that of all others
    for a block of zeros. It is the unit unless the loss shows moves by 1 alone, and changes little by them.
    """
    units, strange = np.ones_like(point.vector), {}
    loss = _Moved(point.vector, value, bounds, seed)
    if not np.any(point.vector):
        units *= _where_it_moves(loss, np.ones_like(units))
    for block in point.blocks if np.any(point.vector) else ():
        own = block.of(point.vector)
        size = _size(own if np.any(own) else point.vector)
        if not 1.0 / ORDINARY <= size <= ORDINARY and len(block.positions) > 0:
            block.of(units)[...] = 2.0 ** round(math.log2(size))
            strange.setdefault(None if np.any(own) else block.name, []).append(block)
    for blocks in strange.values():
        moving = np.zeros_like(units)
        for block in blocks:
            block.of(moving)[...] = 1.0
        sizes = (moving * np.maximum(np.abs(point.vector), unit) for unit in (units, 1.0))
        if not loss.change(next(sizes)) > SEEN and SEEN < loss.change(next(sizes)) < 1.0 / SEEN:
            units[moving > 0.0] = 1.0 if loss.here != 0.0 else units[moving > 0.0]
    return units if np.any(units != 1.0) else None


def _size(values):
    """1.0, or the size nearest to it of the numbers that are not zero."""
    known = np.abs(values[values != 0.0])
    return min(max(1.0, np.min(known)), np.max(known))


def _where_it_moves(loss, ones):
    """1.0; or a smaller size, where the loss is not far too large; or one at which it leaves its noise.

    What a loss of 0 moves by first, after it stood still, is a unit of its rounding.
    """
    first = loss.change(ones)
    if loss.here == 0.0 and first > 0.0:
        return 1.0
    least, most = (0.0, math.inf) if loss.here == 0.0 else (SEEN, 1.0 / SEEN)
    sign = 1 if first <= SEEN else -1
    for k in range(0, LARGEST + 1, 10):
        size = 2.0 ** (sign * k)
        found = loss.change(size * ones)
        if least < found < most:
            if least > 0.0 or sign < 0:
                return size
            least = found / SEEN
    return 1.0


class _Moved:
    """The loss where the entries of a vector are moved."""

    def __init__(self, vector, value, bounds, seed):
        self.vector, self.value, self.bounds, self.seed = vector, value, bounds, seed
        self.here = math.nan

    def change(self, sizes):
        """The largest change when all entries are moved, up or down as drawn; NaN for no value there.

        It is a part of the loss, where that is not zero.
        """
        draw, found = np.random.default_rng([self.seed, 12]), math.nan
        if math.isnan(self.here):
            self.here = self.value(self.vector)
        for part in MOVES:
            for _ in range(DRAWN):
                there = self.vector + part * sizes * draw.choice([-1.0, 1.0], self.vector.shape)
                moved = self.value(there if self.bounds is None else np.clip(there, *self.bounds))
                apart = abs(moved - self.here) / (abs(self.here) or 1.0)
                found = np.fmax(found, apart if math.isfinite(apart) else math.nan)
            if math.isfinite(found):
                break
        return float(found)
