"""The noise floor: known noise is found within its factor, and no kink or curvature is taken for it."""

import math

import numpy as np
import pytest

from gradcheck import check
from gradcheck.numeric.derivatives import derivative
from gradcheck.numeric.rounding import U, floor_of


def noise_floor(f, x):
    return floor_of(f, x, f(x)).level


def relu(x):
    return max(x, 0.0)


@pytest.mark.parametrize(
    "f, x, deviation",
    [
        (lambda x: float(np.sin(np.float32(x))), 1.0, 2.0**-25 / math.sqrt(3)),
        (lambda x: x * x + 1e9, 1.0, 2.0**-24 / math.sqrt(3)),
    ],
)
def test_noise_of_rounding_is_found(f, x, deviation):
    """Uniform rounding within half a unit has that deviation; the floor is three of them, known within a
    factor 4.
    """
    assert deviation <= noise_floor(f, x) <= 12 * deviation


def test_noise_of_a_random_function_is_found():
    rng = np.random.default_rng(3)
    floors = [noise_floor(lambda x: math.sin(x) + 1e-6 * rng.normal(), 1.0) for _ in range(20)]
    assert all(3e-6 / 4 <= floor <= 3e-6 * 4 for floor in floors)


def test_a_kink_is_not_taken_for_noise():
    assert noise_floor(relu, -1e-6) == 0.0
    assert noise_floor(lambda x: 1.0 + relu(x), 1e-6) <= 100 * U


def test_curvature_is_not_taken_for_noise():
    assert noise_floor(math.exp, 1.0) <= 12 * U * math.e


@pytest.mark.parametrize("x", [0.5, 0.3, 1.7, 123.0])
def test_stairs_show_whatever_their_treads_are_to_the_spacing(x):
    """Over even nodes every seventh staircase would look straight: where its treads nearly divide the
    spacing.
    """
    for slope in np.linspace(1.0, 2.0, 41):
        found = floor_of(
            lambda t, slope=slope: 0.01 * t * t + float(np.float32(slope * t)),
            x,
            0.01 * x * x + float(np.float32(slope * x)),
        )
        deviation = 2.0**-25 * 2.0 ** math.floor(math.log2(slope * x)) / math.sqrt(3)
        assert deviation <= found.level <= 48 * deviation, slope


def bfloat16(x):
    bits = np.array([x], np.float32).view(np.uint32)
    return float((bits + np.uint32(0x7FFF) & np.uint32(0xFFFF0000)).view(np.float32)[0])


@pytest.mark.parametrize(
    "rounded, precision",
    [(np.float32, "float32"), (np.float16, "float16"), (bfloat16, "float16")],
    ids=["float32", "float16", "bfloat16"],
)
def test_the_precision_of_a_type_shows_in_its_values(rounded, precision):
    """Of steep functions as a name, of those that hardly move from one value to the next as a wide bar."""
    draw, named = np.random.default_rng(0), []
    for bend in np.tile([0.0, 1.0], 30):
        size = draw.uniform(0.1, 2.0) * 10.0 ** draw.uniform(-2.0, 2.0)
        slope, x = size * 10.0 ** draw.uniform(-4.0, 0.5), draw.normal()

        def f(t, size=size, slope=slope, bend=bend):
            return float(rounded(size + slope * (t + bend * math.sin(3.0 * t) / 3.0)))

        found, true = derivative(f, x), slope * (1.0 + bend * math.cos(3.0 * x))
        assert abs(found.value - true) <= 4.0 * found.error
        named += [floor_of(f, x, f(x)).precision] if slope > 0.1 * size else []
    assert named.count(precision) > 0.8 * len(named)


@pytest.mark.slow
def test_single_precision_in_some_of_many_terms_is_not_called_wrong():
    """Right gradients of sums of terms, a third of which are rounded to float32: in their argument or their
    value.
    """
    functions = [
        (np.sin, np.cos),
        (np.square, lambda x: 2.0 * x),
        (np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
        (np.exp, np.exp),
    ]
    wrong = []
    for seed in range(120):
        draw = np.random.default_rng(seed)
        n = int(draw.integers(1, 12))
        terms = [functions[i] for i in draw.integers(0, len(functions), n)]
        weights, x = draw.normal(size=n) * 10.0 ** draw.uniform(-2.0, 2.0, n), draw.normal(size=n) * 2.0
        rounded, inside = draw.random(n) < 0.3, draw.random() < 0.5

        def term(i, value, rounded=rounded, inside=inside, terms=terms):
            if not rounded[i]:
                return terms[i][0](value)
            return terms[i][0](float(np.float32(value))) if inside else float(np.float32(terms[i][0](value)))

        def loss(v, n=n, weights=weights, term=term):
            return float(sum(weights[i] * term(i, v[i]) for i in range(n)))

        gradient = np.array([weights[i] * terms[i][1](x[i]) for i in range(n)])
        wrong += [seed] if check(loss, gradient, x, seed=seed).verdict == "wrong" else []
    assert wrong == []
