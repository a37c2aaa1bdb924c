"""What the engine measures, to the digits that hold on every machine: the functions are pure arithmetic.

The truth lies inside every bar, and a bar is as wide as it was: constants of the engine show in some row, so
whoever changes one sees here what it does to bars and calls.
"""

import math

import numpy as np
import pytest

from gradcheck.numeric.derivatives import gradient


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


@pytest.mark.parametrize("name", [*FUNCTIONS, *VECTORS])
def test_the_truth_lies_inside_a_bar_that_is_as_wide_as_it_was(name):
    f, point, true, *bounds = (FUNCTIONS | VECTORS)[name]
    gradient = found(point, f, *bounds)
    for each, slope in zip(gradient.estimates, true if isinstance(point, tuple) else [true]):
        nearest = min(slope if isinstance(slope, tuple) else [slope], key=lambda one: abs(one - each.value))
        assert each.error == math.inf or abs(each.value - nearest) <= each.error
    floor = gradient.floor
    seen = [f"noise {floor.level:.2g}{' single' * floor.single_precision}{' unmoved' * floor.unmoved}"]
    assert "; ".join(seen + [shown(each) for each in gradient.estimates]) == MEASURED[name]


# fmt: off
MEASURED = {
    "cube": "noise 9.3e-17; 5.8e-13 in 10, scale 1.49, step 0.0004",
    "cube far out": "noise 1.6e+02; 0.82 in 10, scale 3.03e+12, step 5.2e+02",
    "square at its bottom": "noise 3.4e-43; 2.6e-26 in 12, scale 0.0433, step 1.1e-17",
    "fourth power at its bottom": "noise 0; 2e-110 in 14, scale 9.01e-07, step 3.6e-32",
    "line": "noise 1.1e-16; 2.3e-15 in 14, scale 3, step 0.0097",
    "line through 0": "noise 1.1e-30; 1.1e-17 in 12, scale 0.1, step 0.0019",
    "constant": "noise 0 unmoved; 7.7e-07 in 8, scale 0, step 0.0097",
    "fraction": "noise 2.2e-16; 3.3e-12 in 12, scale 0.51, step 0.00016",
    "narrow bell": "noise 1e-16; 2.3e-06 in 10, scale 51.8, step 5.9e-11",
    "bell beside": "noise 3.7e-24; 5.9e-16 in 10, scale 1, step 9.2e-05",
    "steep fraction": "noise 9.6e-14; 2.3e-06 in 14, scale 1.16e+05, step 1.3e-07",
    "pole nearby": "noise 1.4e-11; 0.026 in 16, scale 1.04e+07, step 9.2e-10",
    "root": "noise 3.2e-17; 2.4e-12 in 12, scale 1.01, step 2.6e-05",
    "root near its edge": "noise 2.3e-21; 3.1e-08 in 12, scale 1.58e+04, step 1e-13",
    "root at its edge": "noise 0; inf in 43, scale 10.2, step 2.1e-31, edge of the domain",
    "power 1.5": "noise 1.2e-21; 5.1e-18 in 18, scale 0.44, step 0.0022",
    "power 1.5 nearby": "noise 6.9e-24; 7.2e-15 in 14, scale 0.0984, step 4.3e-09",
    "square of the size": "noise 5.8e-28; 4.7e-14 in 24, scale 0.00966, step 5.7e-18",
    "curvature jumps nearby": "noise 7.3e-30; 1.1e-16 in 12, scale 1.01, step 2.1e-05",
    "kink": "noise 4e-14; 1 in 10, scale 1, step 6.3e-10 -1 1, kink",
    "small kink": "noise 6.9e-30; 0.0001 in 16, scale 1, step 0.00091 1 1, kink",
    "kink on a curve": "noise 7.3e-15; 0.5 in 16, scale 3.01, step 3.3e-09 2 3, kink",
    "kink nearby": "noise 2.7e-30; 2.3e-16 in 14, scale 1, step 4.8e-06",
    "kink very near": "noise 1.4e-17; 4.8e-08 in 10, scale 1.61, step 3.5e-11",
    "kink before": "noise 1e-17; 6.9e-09 in 18, scale 1.61, step 2.1e-10",
    "kinks on both sides": "noise 1.5e-20; 4.3e-14 in 14, scale 3, step 4.7e-07",
    "many kinks": "noise 2.9e-17; 1.5e-08 in 12, scale 35.5, step 1.6e-10",
    "still, then a kink": "noise 0; 5.1e-322 in 12, scale 0.769, step 0.0022",
    "jump": "noise 0; inf in 16, scale 104, step 1.6e-13 inf 0, jump",
    "jump on a curve": "noise 0; inf in 14, scale 2.05, step 4e-13 1 inf, jump",
    "jump nearby": "noise 2.8e-17; 1.8e-11 in 14, scale 105, step 1.4e-06",
    "jump very near": "noise 6.9e-30; 7.5e-09 in 22, scale 1.11, step 2.8e-10",
    "stairs": "noise 1.7e-05; 6.3e-05 in 8, scale 1, step 0.03, noise",
    "coarse stairs": "noise 3.1e-17; 4.5e-13 in 16, scale 2.04, step 2.4e-05",
    "float32": "noise 2.4e-08 single; 1.3e-06 in 8, scale 1.01, step 0.02, single precision",
    "float32 near 0": "noise 2.3e-43; 9.3e-29 in 12, scale 0.0433, step 2.1e-15",
    "some float32": "noise 4.4e-11; 4.2e-10 in 8, scale 3, step 0.0097",
    "noise": "noise 9.1e-09; 5e-06 in 8, scale 0.89, step 0.0045, noise",
    "little noise": "noise 9.7e-14; 3.6e-10 in 10, scale 0.534, step 0.00029",
    "noise on a line": "noise 0; inf in 16, scale 2, step 1.6e-12 -inf 1.23e+05, jump",
    "nothing but noise": "noise 0; 3.3e+12 in 14, scale 0.0682, step 3.3e-16, kinks too close",
    "noise at a kink": "noise 0; inf in 16, scale 1, step 1.2e-26 -inf 17.7, jump",
    "noise beside a kink": "noise 9e-10; 1.9e-05 in 12, scale 1, step 5.3e-06, noise",
    "noise at a bound": "noise 6.9e-08; 0.0049 in 8, scale 0.81, step 3.6e-05, edge of the domain",
    "large constant": "noise 8e-09; 4.5e-07 in 8, scale 1.48, step 0.024",
    "huge constant": "noise 0 unmoved; 3.1e+09 in 8, scale 0, step 0.0097",
    "large": "noise 4.3e+183; 5.2e+185 in 14, scale 1.19e+200, step 0.0097",
    "small": "noise 4.5e-217; 4.8e-215 in 14, scale 1.19e-200, step 0.0097",
    "denormal": "noise 0; 6.9e-323 in 12, scale 1e-310, step 0.0097",
    "small argument": "noise 1.5e-40; 1.2e-20 in 14, scale 0.00966, step 4.3e-05",
    "large argument": "noise 72; 1.2e-05 in 14, scale 2.19e+09, step 9.7e+06",
    "cancels": "noise 1.6e-10; 6e-10 in 8, scale 1, step 0.0097",
    "differences of squares": "noise 5e-08; 4.1e-07 in 12, scale 4e+04, step 0.03",
    "lower bound": "noise 8.6e-17; 1.3e-11 in 8, scale 1.49, step 2.4e-05, edge of the domain",
    "upper bound": "noise 7.7e-17; 1.2e-11 in 8, scale 1.45, step 2.4e-05, edge of the domain",
    "bounds nearby": "noise 9.3e-17; 7.5e-11 in 9, scale 1.47, step 1.1e-06",
    "bound, kink nearby": "noise 1.4e-19; 9.7e-13 in 10, scale 0.793, step 4.4e-07, edge of the domain",
    "one side": "noise 9.7e-18; 1.9e-12 in 12, scale 0.61, step 2.4e-05, edge of the domain",
    "thin domain": "noise 1.2e-17; 5.4e-11 in 14, scale 0.6, step 2.6e-07",
    "thin domain, uneven": "noise 1e-17; 7.5e-08 in 14, scale 0.61, step 1.7e-11",
    "waves": "noise 3e-17; 4e-15 in 12, scale 0.816, step 0.00075",
    "smooth waves": "noise 1.2e-15; 2.7e-10 in 12, scale 69.5, step 4.9e-06",
    "three entries": (
        "noise 3e-15; 2.4e-14 in 12, scale 2, step 0.0097; 1.3e-14 in 12, scale 0.5, step 0.019; "
        "9.5e-14 in 12, scale 6.58, step 0.029"
    ),
    "of every size": (
        "noise 2.3e-10; 2.4e-11 in 12, scale 2.19e+03, step 9.7; "
        "1.5e-09 in 12, scale 1e+06, step 0.0097; 4.5e-10 in 8, scale 1e-06, step 0.028"
    ),
    "one kink": (
        "noise 1.8e-14; 1 in 12, scale 1, step 3.5e-10 -1 1, kink; "
        "1.7e-12 in 12, scale 1.19, step 0.0097; 9.2e-14 in 12, scale 1, step 0.0097"
    ),
    "one curved": (
        "noise 6.3e-16; 7.4e-08 in 12, scale 51.8, step 8.5e-09; 2.9e-15 in 16, scale 1, step 0.03; "
        "1.6e-15 in 12, scale 1, step 0.019"
    ),
    "noise in two": (
        "noise 9.3e-08; 4.6e-07 in 6, scale 0.3, step 0.0097, noise; "
        "7.5e-07 in 6, scale 0.5, step 0.0097, noise; 3.4e-07 in 6, scale 1, step 0.019, noise"
    ),
    "differences": (
        "noise 6.1e-16; 7.1e-15 in 12, scale 3, step 0.0097; 6.7e-15 in 12, scale 3, step 0.0097; "
        "1.6e-15 in 9, scale 0, step 0.019"
    ),
    "float32 in two": (
        "noise 3.4e-08 single; 1.5e-07 in 6, scale 0.3, step 0.0097, single precision; "
        "2e-07 in 6, scale 0.5, step 0.0097, single precision; "
        "8.4e-08 in 6, scale 1, step 0.019, single precision"
    ),
    "bounds": (
        "noise 4e-17; 6e-12 in 8, scale 1, step 2.4e-05, edge of the domain; "
        "4e-12 in 8, scale 0, step 2.4e-05, edge of the domain; "
        "4.8e-12 in 8, scale 0.99, step 2.4e-05, edge of the domain"
    ),
}
# fmt: on
