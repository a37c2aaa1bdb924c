"""57 functions of one number with their exact derivatives, for the honesty of error bars; nothing is tested
here.

Legend: `draw` turns a hypothesis-drawn u in [0, 1] into a point; `slope(x)` is the exact derivative, computed
in doubles, or (left, right) at a kink; `length` is the distance over which f changes (M_k = |f^(k)| is about
`size` / length**k), None where f is not smooth and no width of the bar is asked for.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    f: Callable
    slope: Callable
    draw: Callable
    length: Callable | None = None  # x -> length
    size: Callable | None = None  # x -> amplitude of f over that length


def between(low, high):
    return lambda u: low + u * (high - low)


def log_between(low, high):
    return lambda u: low * (high / low) ** u


def at(x):
    return lambda u: x


def beside(kink, low, high):
    """Points at a distance between low and high, on either side: u < 1/2 lies to the left."""
    return lambda u: kink + math.copysign(low * (high / low) ** abs(2.0 * u - 1.0), u - 0.5)


def constantly(value):
    return lambda x: value


def relu(x):
    return max(x, 0.0)


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


def hashed(x):
    """A number in [-1, 1] that depends on the last bit of x, and is the same for the same x."""
    return math.fmod(abs(math.sin(x * 1.2345678e9) * 43758.5453123), 1.0) * 2.0 - 1.0


def single(f):
    return lambda x: float(f(np.float32(x)))


def smooth(name, f, slope, draw, length=1.0, size=1.0):
    return Case(
        name,
        f,
        slope,
        draw,
        length if callable(length) else constantly(length),
        size if callable(size) else constantly(size),
    )


def rough(name, f, slope, draw):
    return Case(name, f, slope, draw)


def step_of(x, kink, left, right):
    return left if x < kink else right if x > kink else (left, right)


UNIT = between(-2.0, 2.0)
SLOPES, OFFSETS = np.random.default_rng(0).normal(size=(2, 2000))

SMOOTH = [
    smooth("sin", math.sin, math.cos, between(-10.0, 10.0)),
    smooth("cos", math.cos, lambda x: -math.sin(x), between(-10.0, 10.0)),
    smooth("exp", math.exp, math.exp, between(-5.0, 5.0), size=math.exp),
    smooth(
        "steep exp",
        lambda x: math.exp(300.0 * x),
        lambda x: 300.0 * math.exp(300.0 * x),
        UNIT,
        1.0 / 300.0,
        lambda x: math.exp(300.0 * x),
    ),
    smooth("near overflow", math.exp, math.exp, between(690.0, 705.0), size=math.exp),
    smooth("tanh", math.tanh, lambda x: 1.0 / math.cosh(x) ** 2, between(-4.0, 4.0)),
    smooth(
        "logistic",
        logistic,
        lambda x: logistic(x) * logistic(-x),
        between(-20.0, 8.0),
        size=lambda x: min(1, math.exp(x)),
    ),
    smooth("square", lambda x: x * x, lambda x: 2.0 * x, UNIT, size=4.0),
    smooth("cube", lambda x: x**3, lambda x: 3.0 * x * x, UNIT, size=8.0),
    smooth(
        "polynomial",
        lambda x: ((x - 3.0) * x + 2.0) * x**3,
        lambda x: ((5.0 * x - 12.0) * x + 6.0) * x * x,
        UNIT,
        size=50.0,
    ),
    smooth("linear", lambda x: 3.0 * x - 1.0, constantly(3.0), UNIT, size=8.0),
    smooth("stationary", lambda x: x * x, constantly(0.0), at(0.0)),
    smooth("wave 1e3", lambda x: math.sin(1e3 * x), lambda x: 1e3 * math.cos(1e3 * x), UNIT, 1e-3),
    smooth("wave 1e5", lambda x: math.sin(1e5 * x), lambda x: 1e5 * math.cos(1e5 * x), UNIT, 1e-5),
    smooth(
        "small wave 1e5", lambda x: math.sin(1e5 * x) / 1e5, lambda x: math.cos(1e5 * x), UNIT, 1e-5, 1e-5
    ),
    smooth(
        "two waves",
        lambda x: math.sin(x) + 1e-3 * math.sin(200.0 * x),
        lambda x: math.cos(x) + 0.2 * math.cos(200.0 * x),
        UNIT,
        1.0 / 200.0,
        1e-3,
    ),
    smooth("offset 1e6", lambda x: math.sin(x) + 1e6, math.cos, UNIT),
    smooth("offset 1e9", lambda x: math.sin(x) + 1e9, math.cos, UNIT),
    smooth("offset 1e12", lambda x: x * x + 1e12, lambda x: 2.0 * x, UNIT),
    smooth("scale 1e-12", lambda x: 1e-12 * math.sin(x), lambda x: 1e-12 * math.cos(x), UNIT, size=1e-12),
    smooth("scale 1e12", lambda x: 1e12 * math.sin(x), lambda x: 1e12 * math.cos(x), UNIT, size=1e12),
    smooth(
        "far square", lambda x: x * x, lambda x: 2.0 * x, log_between(1e3, 1e11), lambda x: x, lambda x: x * x
    ),
    smooth("far logarithm", math.log, lambda x: 1.0 / x, log_between(1e3, 1e11), lambda x: x),
    smooth("far sine", math.sin, math.cos, log_between(1e2, 1e5)),
    smooth(
        "tiny units",
        lambda x: (x / 1e-12) ** 3,
        lambda x: 3e12 * (x / 1e-12) ** 2,
        between(5e-13, 2e-12),
        1e-12,
    ),
    smooth(
        "narrow bell",
        lambda x: math.exp(-((1e3 * x) ** 2)),
        lambda x: -2e6 * x * math.exp(-((1e3 * x) ** 2)),
        between(-2e-3, 2e-3),
        1e-3 / 2.0,
    ),
    smooth(
        "pole",
        lambda x: 1.0 / x,
        lambda x: -1.0 / x**2,
        log_between(1e-6, 10.0),
        lambda x: x / 3.0,
        lambda x: 1.0 / x,
    ),
    smooth(
        "root near 0",
        math.sqrt,
        lambda x: 0.5 / math.sqrt(x),
        log_between(1e-12, 1.0),
        lambda x: x / 3.0,
        math.sqrt,
    ),
    smooth("logarithm near 0", math.log, lambda x: 1.0 / x, log_between(1e-9, 1.0), lambda x: x / 3.0),
    smooth("cancellation", lambda x: (1.0 + x) ** 2 - 1.0 - 2.0 * x, lambda x: 2.0 * x, UNIT, size=9.0),
    smooth(
        "difference of cosines",
        lambda x: (1.0 - math.cos(x)) / x,
        lambda x: (x * math.sin(x) - 1.0 + math.cos(x)) / x**2,
        between(0.5, 2.0),
        size=2.0,
    ),
    smooth(
        "saturated",
        lambda x: math.log1p(math.exp(x)),
        logistic,
        between(-15.0, 15.0),
        size=lambda x: max(x, 1.0),
    ),
]

NOT_SMOOTH = [
    rough("constant, of which no precision is seen", constantly(3.0), constantly(0.0), UNIT),
    rough("float32 sine", single(np.sin), math.cos, between(-3.0, 3.0)),
    rough("float32 square", single(np.square), lambda x: 2.0 * x, between(0.5, 3.0)),
    rough(
        "float32 in one term",
        lambda x: float(np.float32(math.sin(x))) + 0.005 * x * x,
        lambda x: math.cos(x) + 0.01 * x,
        between(0.3, 2.8),
    ),
    rough("noise 1e-8", lambda x: math.sin(x) + 1e-8 * hashed(x), math.cos, UNIT),
    rough("noise 1e-3", lambda x: x * x + 1e-3 * hashed(x), lambda x: 2.0 * x, UNIT),
    rough("relu at 0", relu, constantly((0.0, 1.0)), at(0.0)),
    rough("absolute value at 0.3", lambda x: abs(x - 0.3), constantly((-1.0, 1.0)), at(0.3)),
    rough(
        "kink in a sine",
        lambda x: math.sin(x) + 0.01 * abs(x - 0.7),
        constantly((math.cos(0.7) - 0.01, math.cos(0.7) + 0.01)),
        at(0.7),
    ),
    rough("relu beside 0", relu, lambda x: step_of(x, 0.0, 0.0, 1.0), beside(0.0, 1e-9, 1.0)),
    rough(
        "relu beside 0 with an offset",
        lambda x: 1.0 + relu(x),
        lambda x: step_of(x, 0.0, 0.0, 1.0),
        beside(0.0, 1e-9, 1.0),
    ),
    rough(
        "leaky, curved",
        lambda x: math.exp(x) + (0.1 * x if x < 0.0 else x),
        lambda x: math.exp(x) + step_of(x, 0.0, 0.1, 1.0),
        beside(0.0, 1e-8, 1.0),
    ),
    rough(
        "weak kink beside",
        lambda x: 5.0 * x * x + 1e-5 * abs(x),
        lambda x: 10.0 * x + math.copysign(1e-5, x),
        beside(0.0, 1e-7, 1e-2),
    ),
    rough(
        "many kinks",
        lambda x: sum(relu(x - k / 7.0) for k in range(-14, 15)),
        lambda x: float(sum(x > k / 7.0 for k in range(-14, 15))),
        UNIT,
    ),
    rough(
        "arccosine near 1",
        math.acos,
        lambda x: -1.0 / math.sqrt((1.0 - x) * (1.0 + x)),
        lambda u: 1.0 - 1e-9 * 1e8**u,
    ),
    rough(
        "x to 1.5 from 0",
        lambda x: x**1.5 if x >= 0.0 else math.nan,
        lambda x: 1.5 * math.sqrt(x),
        log_between(1e-9, 1.0),
    ),
    rough(
        "ripple on a parabola",
        lambda x: x * x + 1e-8 * math.sin(1e6 * x),
        lambda x: 2.0 * x + 1e-2 * math.cos(1e6 * x),
        between(0.5, 2.0),
    ),
    rough(
        "faint ripple",
        lambda x: math.sin(x) + 1e-9 * math.sin(1e5 * x),
        lambda x: math.cos(x) + 1e-4 * math.cos(1e5 * x),
        UNIT,
    ),
    rough(
        "thousands of kinks",
        lambda x: float(np.mean(np.maximum(x * SLOPES + OFFSETS, 0.0))),
        lambda x: float(np.mean(SLOPES * (x * SLOPES + OFFSETS > 0.0))),
        UNIT,
    ),
    rough(
        "small kink beside",
        lambda x: math.sin(x) + 1e-6 * relu(x),
        lambda x: math.cos(x) + step_of(x, 0.0, 0.0, 1e-6),
        beside(0.0, 1e-9, 1e-2),
    ),
    rough("float32 beside 1e4", lambda x: float(np.float32(math.sin(x)) + np.float32(1e4)), math.cos, UNIT),
    rough("rounded to four decimals", lambda x: round(math.exp(x), 4), math.exp, between(0.0, 2.0)),
    rough("lost in a sum with 1", lambda x: math.log(1.0 + math.exp(x)), logistic, between(-40.0, -20.0)),
    rough(
        "steep step",
        lambda x: math.tanh(1e6 * x),
        lambda x: 1e6 / math.cosh(1e6 * x) ** 2,
        between(-3e-6, 3e-6),
    ),
    rough("jump beside", lambda x: math.sin(x) + (x > 0.0), math.cos, beside(0.0, 1e-6, 1.0)),
]

CORPUS = SMOOTH + NOT_SMOOTH
