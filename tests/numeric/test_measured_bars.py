"""What the engine measures, to the digits that hold on every machine: the functions are pure arithmetic.

No right slope would be called wrong, and a bar is as wide as it was: constants of the engine show in some
row, so whoever changes one sees here what it does. Run as a script, this file writes them anew.
"""

import math
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from measured import total

from gradcheck.numeric.derivatives import gradient
from gradcheck.verdict import WELL_BEYOND

FILE = Path(__file__).parent.parent / "data" / "measured_bars.txt"


def noise(x, size):
    return size * ((x * 12345.678e6) % 1.0 - 0.5)


def stairs(x, tread):
    return math.floor(x / tread) * tread


def single(x):
    return float(np.float32(x) * np.float32(x))


def some_single(x):
    return 3.0 * x + 1e-3 * float(np.float32(x))


def inside(x, low, high, value):
    return value if low <= x <= high else math.nan


def hills(x):
    return (x * x - 1.0) * (x * x - 1.0)


# name: (function, point, slope or those of both sides, bounds if any)
FUNCTIONS = {
    "cube": (lambda x: x * x * x, 0.7, 1.47),
    "cube far out": (lambda x: x * x * x, 1e6, 3e12),
    "square at its bottom": (lambda x: x * x, 0.0, 0.0),
    "fourth power at its bottom": (lambda x: x * x * x * x, 0.0, 0.0),
    "line": (lambda x: 3.0 * x + 1.0, 0.3, 3.0),
    "line through 0": (lambda x: 0.1 * x, 0.0, 0.1),
    "constant": (lambda x: 2.5, 0.3, 0.0),
    "fraction": (lambda x: 1.0 / (1.0 + x * x), 0.3, -0.6 / 1.09**2),
    "narrow bell": (lambda x: 1.0 / (1.0 + x * x * 1e12), 1e-6, -0.5e6),
    "bell beside": (lambda x: x + 1.0 / (1.0 + (x - 1.0) * (x - 1.0) * 1e8), 0.0, 1.0 + 2e-8),
    "steep fraction": (lambda x: 1.0 / x, 1e-3, -1e6),
    "pole nearby": (lambda x: 1.0 / (x - 0.3), 0.30001, -1e10),
    "root": (math.sqrt, 0.25, 1.0),
    "root near its edge": (lambda x: math.sqrt(x) if x >= 0.0 else math.nan, 1e-9, 0.5 / math.sqrt(1e-9)),
    "root at its edge": (lambda x: math.sqrt(x) if x >= 0.0 else math.nan, 0.0, math.inf),
    "power 1.5": (lambda x: abs(x) * math.sqrt(abs(x)), 0.0, 0.0),
    "power 1.5 nearby": (lambda x: abs(x) * math.sqrt(abs(x)), 1e-5, 1.5 * math.sqrt(1e-5)),
    "square of the size": (lambda x: x * abs(x), 0.0, 0.0),
    "curvature jumps nearby": (lambda x: x + max(0.0, x - 1e-3) * (x - 1e-3), 0.0, 1.0),
    "kink": (abs, 0.0, (-1.0, 1.0)),
    "small kink": (lambda x: x + 1e-4 * abs(x - 0.5), 0.5, (0.9999, 1.0001)),
    "kink on a curve": (lambda x: x * x + max(0.0, x - 1.0), 1.0, (2.0, 3.0)),
    "kink nearby": (lambda x: max(0.0, x), 1e-4, 1.0),
    "kink very near": (lambda x: max(0.0, x - 0.3) + x * x, 0.3 + 1e-9, 1.6),
    "kink before": (lambda x: max(0.0, x - 0.3) + x * x, 0.3 - 1e-6, 0.6 - 2e-6),
    "kinks on both sides": (lambda x: abs(x - 1e-5) + 2.0 * abs(x + 3e-5) + x * x * x, 0.0, 1.0),
    "many kinks": (lambda x: abs((x * 1e3) % 1.0 - 0.5), 0.00037, -1e3),
    "still, then a kink": (lambda x: max(0.0, x - 0.01), 0.0, 0.0),
    "jump": (lambda x: float(x >= 0.3), 0.3, math.inf),
    "jump on a curve": (lambda x: x * x + 0.01 * (x > 0.5), 0.5, math.inf),
    "jump nearby": (lambda x: x * x + (x > 0.5001), 0.5, 1.0),
    "jump very near": (lambda x: x * x + 1e-3 * (x > 0.5 + 1e-8), 0.5, 1.0),
    "stairs": (lambda x: stairs(x, 2.0**-16), 0.3, 1.0),
    "coarse stairs": (lambda x: stairs(x, 0.01) + x, 0.3333, 1.0),
    "float32": (single, 0.3, 0.6),
    "float32 near 0": (lambda x: single(x - 0.3), 0.3, 0.0),
    "some float32": (some_single, 0.3, 3.001),
    "noise": (lambda x: x * x + noise(x, 1e-8), 0.4, 0.8),
    "little noise": (lambda x: x * x * x + noise(x, 1e-13), 0.4, 0.48),
    "noise on a line": (lambda x: 2.0 * x + noise(x, 1e-5), 0.4, 2.0),
    "nothing but noise": (lambda x: noise(x, 1e-3), 0.4, 0.0),
    "noise at a kink": (lambda x: abs(x) + noise(x, 1e-9), 0.0, (-1.0, 1.0)),
    "noise beside a kink": (lambda x: abs(x - 1e-3) + noise(x + 0.1, 1e-9), 0.0, -1.0),
    "noise at a bound": (lambda x: x * x + noise(x, 1e-7), 0.4, 0.8, (0.4, 2.0)),
    "large constant": (lambda x: 1e8 + x * x, 0.5, 1.0),
    "huge constant": (lambda x: 1e16 + x, 0.5, 1.0),
    "large": (lambda x: 1e200 * x * x, 0.5, 1e200),
    "small": (lambda x: 1e-200 * x * x, 0.5, 1e-200),
    "denormal": (lambda x: 1e-310 * x, 0.5, 1e-310),
    "small argument": (lambda x: x * x, 1e-12, 2e-12),
    "large argument": (lambda x: x * x, 1e9, 2e9),
    "cancels": (lambda x: (1e6 + x) - 1e6, 0.5, 1.0),
    "differences of squares": (lambda x: (x + 1e4) * (x + 1e4) - (x - 1e4) * (x - 1e4), 0.5, 4e4),
    "lower bound": (lambda x: x * x * x, 0.7, 1.47, (0.7, 2.0)),
    "upper bound": (lambda x: x * x * x, 0.7, 1.47, (None, 0.7)),
    "bounds nearby": (lambda x: x * x * x, 0.7, 1.47, (0.7 - 1e-4, 0.7 + 1e-3)),
    "bound, kink nearby": (lambda x: abs(x - 1e-3), 0.0, -1.0, (0.0, 1.0)),
    "one side": (lambda x: inside(x, 0.3, 9.0, x * x), 0.3, 0.6),
    "thin domain": (lambda x: inside(x, 0.3 - 1e-5, 0.3 + 1e-5, x * x), 0.3, 0.6),
    "thin domain, uneven": (lambda x: inside(x, 0.3 - 1e-9, 0.31, x * x), 0.3, 0.6),
    "waves": (lambda x: x + 0.01 * (2.0 * abs((x * 37.0) % 2.0 - 1.0) - 1.0), 0.31, 1.0 + 0.74),
    "smooth waves": (
        lambda x: hills((x * 50.0) % 2.0 - 1.0),
        0.203,
        4.0 * 50.0 * (-0.85 * (0.85 * 0.85 - 1.0)),
    ),
}


# Lines with noise of many sizes, jumps of many sizes at the point and beside it, lower precisions.
FUNCTIONS |= {
    f"noise {size} on a slope of {slope}": (
        lambda x, size=size, slope=slope: slope * x + noise(x + 0.1, size),
        0.37,
        float(slope),
    )
    for slope in (1, 30, 1000)
    for size in (1e-4, 1e-7, 1e-11)
}
FUNCTIONS |= {
    f"jump {size} at {away} on a slope of {slope}": (
        lambda x, size=size, away=away, slope=slope: slope * x + x * x + size * (x > 0.37 + away),
        0.37,
        slope + 0.74,
    )
    for slope in (0, 20)
    for size in (1e-6, 0.01, 10.0)
    for away in (1e-12, 1e-5, 1e-3)
    if size > 1e-6 or away > 1e-12  # a smaller one so near is taken for noise
}
FUNCTIONS |= {
    "float32 of a product": (lambda x: float(np.float32(x * 1.7)), 0.37, 1.7),
    "float32 beside a constant": (lambda x: float(np.float32(x * x + 30.0)), 0.37, 0.74),
    "float32 of a steep line": (lambda x: float(np.float32(x * 900.0)), 0.37, 900.0),
    "float32 of a difference": (lambda x: float(np.float32(x * 3.0) - np.float32(x * 2.0)), 0.37, 1.0),
    "float32 in one of two": (lambda x: x * x + float(np.float32(x * 5.0)), 0.37, 5.74),
    "float32 in a small one": (lambda x: x * x + 1e-6 * float(np.float32(x * 5.0)), 0.37, 0.740005),
    "float16": (lambda x: float(np.float16(x * 1.7)), 0.37, 1.7),
}


def curve(draw):
    c, n, at = draw.choice([-3.0, 0.5, 20.0]), draw.choice([1, 2, 3, 5]), draw.choice([0.0, 0.3, -2.0])
    return lambda x: c * power(x - at, n), lambda x: (n * c * power(x - at, n - 1),) * 2


def bend(draw):
    c, away = draw.choice([-2.0, 0.125, 1e-3]), draw.choice([0.0, 1e-9, -1e-6, 1e-4, -1e-2, 0.1]) + draw.at
    slopes = lambda x: (c, c) if x > away else (-c, -c) if x < away else (-c, c)  # noqa: E731
    return lambda x: c * abs(x - away), slopes


def hill(draw):
    width, at = draw.choice([1.0, 30.0, 1e4]), draw.choice([0.0, 0.01, -1e-3]) + draw.at
    bell = lambda x: 1.0 / (1.0 + power(width * (x - at), 2))  # noqa: E731
    return bell, lambda x: (-2.0 * width * width * (x - at) * bell(x) * bell(x),) * 2


def rattle(draw):
    size = draw.choice([1e-14, 1e-10, 1e-6, 1e-3])
    return lambda x: noise(x + 0.3, size), lambda _: (0.0, 0.0)


def coarse(draw):
    c = draw.choice([1.0, 1e-4, 700.0])
    return lambda x: float(np.float32(c * x)), lambda _: (c, c)


def shift(draw):
    c = draw.choice([1.0, 1e5, -1e9])
    return lambda _: c, lambda _: (0.0, 0.0)


def power(x, n):
    return math.prod([x] * n)


def drawn(number):
    """(f, point, the slopes of both sides, bounds): the sum of a few pieces, the same one for a number."""
    draw = random.Random(number)
    draw.at = draw.choice([0.0, 0.3, -0.71, 1.0, 12.5, 4000.0, 1e-3])
    parts = [
        draw.choice([curve, curve, bend, bend, hill, rattle, coarse, shift])(draw)
        for _ in range(1 + number % 4)
    ]
    slopes = tuple(map(sum, zip(*(slope(draw.at) for _, slope in parts), strict=True)))
    bounds = draw.choice(
        [None, None, None, (draw.at, None), (None, draw.at), (draw.at - 1e-3, draw.at + 1e-5)]
    )
    return lambda x: total([part(x) for part, _ in parts]), draw.at, slopes, bounds


# A kink that is nearer than any step, at an edge of the domain or beside treads of float32, is passed over.
PASSED_OVER = {f"drawn {number}" for number in (51, 73, 104, 125, 143, 179, 195, 211, 220, 229)}
FUNCTIONS |= {f"drawn {number}": drawn(number) for number in range(240)}
VECTORS = {
    "three entries": (lambda v: v[0] * v[1] + v[2] * v[2], (0.5, -2.0, 3.0), (-2.0, 0.5, 6.0)),
    "of every size": (lambda v: v[0] * v[0] + 1e6 * v[1] + 1e-6 * v[2], (1e3, 1e-3, 0.0), (2e3, 1e6, 1e-6)),
    "one kink": (lambda v: abs(v[0]) + v[1] * v[1] + v[2], (0.0, 0.5, 0.1), ((-1.0, 1.0), 1.0, 1.0)),
    "one curved": (
        lambda v: 1.0 / (1.0 + v[0] * v[0] * 1e8) + v[1] + v[2],
        (1e-4, 0.5, 2.0),
        (-5e3, 1.0, 1.0),
    ),
    "noise in two": (
        lambda v: v[0] * v[1] + v[2] + noise(v[0] + v[1] + v[2], 1e-7),
        (0.5, 0.3, 2.0),
        (0.3, 0.5, 1.0),
    ),
    "differences": (lambda v: (v[0] - v[1]) * 3.0 + v[2] - v[2], (0.5, 0.3, 2.0), (3.0, -3.0, 0.0)),
    "float32 in two": (
        lambda v: float(np.float32(v[0]) * np.float32(v[1])) + v[2],
        (0.5, 0.3, 2.0),
        (0.3, 0.5, 1.0),
    ),
    "bounds": (
        lambda v: v[0] * v[1] + v[2] * v[2],
        (0.0, 1.0, 0.5),
        (1.0, 0.0, 1.0),
        ([0.0, -1.0, 0.0], [1.0, 1.0, 0.5]),
    ),
}


def found(point, f, bounds=None):
    """The Gradient at a point, f being a function of a float where the point is one."""
    if isinstance(point, tuple):
        return gradient(f, np.array(point), bounds=bounds)
    return gradient(lambda v: f(float(v[0])), np.array([point]), bounds=bounds)


def shown(each):
    """What is seen of an Estimate, but its value."""
    sides = "" if each.left is None else f" {each.left:.3g} {each.right:.3g}"
    measured = f"{each.error:.2g} in {each.evaluations}, scale {each.scale:.3g}, step {each.step:.2g}"
    return f"{measured}{sides}" + (f", {each.reason}" if each.reason else "")


def seen(gradient):
    floor = gradient.floor
    noise = f"noise {floor.level:.2g} {floor.precision}{' unmoved' * (floor.unmoved > 0.0)}"
    return "; ".join([f"{noise}, {gradient.evaluations} calls", *map(shown, gradient.estimates)])


@cache
def before():
    return dict(line.split(": ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", [*FUNCTIONS, *VECTORS])
def test_a_right_slope_is_not_wrong_and_its_bar_is_as_wide_as_it_was(name):
    f, point, true, *bounds = (FUNCTIONS | VECTORS)[name]
    gradient = found(point, f, *bounds)
    for each, slope in zip(gradient.estimates, true if isinstance(point, tuple) else [true]):
        nearest = min(slope if isinstance(slope, tuple) else [slope], key=lambda one: abs(one - each.value))
        is_within = each.error == math.inf or abs(each.value - nearest) <= WELL_BEYOND * each.error
        assert is_within or name in PASSED_OVER
    assert seen(gradient) == before()[name]


def scaled(each, by):
    """What is seen of an Estimate of a function that is `by` times as large."""
    sides = (each.value, each.error, each.scale, each.left, each.right)
    return [None if size is None else size / by for size in sides], each.step, each.reason, each.evaluations


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_a_scale_that_is_a_power_of_two_changes_nothing_but_the_scale(part):
    for f, point, _, *bounds in list(FUNCTIONS.values())[part::6]:
        (own,) = found(point, f, *bounds).estimates
        (small,) = found(point, lambda x, f=f: f(x) * 2.0**-60, *bounds).estimates
        if small.value != 0.0:  # else f may stand still: numbers near 1 say how it is rounded
            assert repr(scaled(small, 2.0**-60)) == repr(scaled(own, 1.0))


if __name__ == "__main__":
    rows = [
        f"{name}: {seen(found(each[1], each[0], *each[3:]))}\n"
        for name, each in (FUNCTIONS | VECTORS).items()
    ]
    FILE.write_text("".join(rows), encoding="utf-8")
