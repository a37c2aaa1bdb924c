"""Bars are honest: over the corpus the true derivative lies inside 99 of 100 of them; and narrow where f is
smooth.

Narrow means: within 100 times the larger of the true error and what the five-point formula attains with one
evaluation off by e = u (|f| + |x f'| + size), that is 1.16 e**(4/5) M5**(1/5) with M5 = size/length**5 (the
least of h**4 M5/30 + 1.5 e/h), plus four roundings of the value. The 100 pays for steps that are not the best
ones, noise taken at three deviations and known within a factor 4, and three steps that have to agree.
"""

import math

import numpy as np
import pytest
from corpus import CORPUS, SMOOTH
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from gradcheck.numeric.derivatives import derivative, gradient
from gradcheck.numeric.rounding import U

POINTS = 20
HUNDRED = 100.0


def distance(case, x, value):
    """How far a value is from the exact derivative (at a kink: from the slopes between), less the rounding
    of that.
    """
    slope = case.slope(x)
    low, high = slope if isinstance(slope, tuple) else (slope, slope)
    curvature = 0.0 if case.length is None else abs(x) * case.size(x) / case.length(x) ** 2
    return max(low - value, value - high, 0.0) - 8.0 * U * (abs(high) + curvature)


def is_inside(case, x, estimate):
    """Whether the bar covers the exact derivative; "jump" is the right answer for a function that has one."""
    if estimate.reason == "jump":
        return "jump" in case.name
    return distance(case, x, estimate.value) <= estimate.error


def attainable(case, x):
    slope, size, length = abs(case.slope(x)), case.size(x), case.length(x)
    e = U * (abs(case.f(x)) + abs(x * slope) + size)
    return 1.16 * e**0.8 * (size / length**5) ** 0.2 + 4.0 * U * slope


def test_the_corpus_is_large_enough_and_named():
    assert len(CORPUS) >= 40
    assert len({case.name for case in CORPUS}) == len(CORPUS)


@pytest.mark.slow
@seed(11)
@settings(max_examples=1, phases=[Phase.generate])
@given(st.randoms(use_true_random=True))
def test_the_truth_lies_inside_the_bar_in_99_of_100(drawn):
    outside = []
    for case in CORPUS:
        for _ in range(POINTS):
            x = float(case.draw(drawn.random()))
            estimate = derivative(case.f, x)
            if not is_inside(case, x, estimate):
                outside.append((case.name, x, estimate))
    assert len(outside) <= 0.01 * POINTS * len(CORPUS), outside


@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: case.name)
def test_bars_of_smooth_functions_are_narrow(case):
    rng = np.random.default_rng(12)
    for u in rng.random(POINTS // 2):
        x = float(case.draw(u))
        estimate = derivative(case.f, x)
        assert estimate.error <= HUNDRED * max(attainable(case, x), distance(case, x, estimate.value)), x


def test_bars_of_smooth_functions_are_at_most_eight_errors_wide():
    """A normal error is below 0.67 of its deviations in the median: of a bar of 3 deviations that is 4.5."""
    rng, widths = np.random.default_rng(14), []
    for case in SMOOTH:
        for u in rng.random(POINTS // 2):
            x = float(case.draw(u))
            estimate = derivative(case.f, x)
            widths.append(
                estimate.error / max(abs(estimate.value - case.slope(x)), U * abs(case.slope(x)), 1e-300)
            )
    assert np.median(widths) <= 8.0


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_a_gradient_counts_its_calls_and_most_entries_lie_inside(case):
    rng, calls = np.random.default_rng(13), []
    vector = np.array([case.draw(u) for u in rng.random(12)])

    def f(v):
        calls.append(1)
        return math.fsum(case.f(entry) for entry in v.tolist())

    result = gradient(f, vector)
    assert result.evaluations == len(calls)
    inside = [is_inside(case, x, result.estimates[i]) for i, x in enumerate(vector.tolist())]
    assert sum(inside) >= vector.size - 1


# Kinks, jumps, edges and what is said about them


def relu(x):
    return max(x, 0.0)


@pytest.mark.parametrize(
    "f, x, left, right",
    [
        (relu, 0.0, 0.0, 1.0),
        (lambda x: abs(x - 0.3), 0.3, -1.0, 1.0),
        (lambda x: math.sin(x) + 2.0 * relu(x), 0.0, 1.0, 3.0),
    ],
)
def test_slopes_on_both_sides_of_a_kink_are_reported(f, x, left, right):
    estimate = derivative(f, x)
    assert (estimate.kink, estimate.reason) == (True, "kink")
    assert estimate.left == pytest.approx(left, abs=estimate.error / 100)
    assert estimate.right == pytest.approx(right, abs=estimate.error / 100)
    assert estimate.error >= (right - left) / 2 * (1 - 1e-9)


@pytest.mark.parametrize("x, true", [(1e-6, 1.0), (-1e-6, 0.0), (3e-4, 1.0)])
def test_next_to_a_kink_the_smooth_piece_is_found(x, true):
    estimate = derivative(lambda t: relu(t) + 1.0, x)
    assert not estimate.kink
    assert abs(estimate.value - true) <= estimate.error <= 1e-6


@pytest.mark.parametrize("f, x", [(lambda x: float(x > 0.3), 0.3), (lambda x: math.sin(x) + (x >= 1.0), 1.0)])
def test_a_jump_is_a_jump_and_has_no_derivative(f, x):
    estimate = derivative(f, x)
    assert estimate.reason == "jump"
    assert math.isnan(estimate.value) and estimate.error == math.inf
    assert math.inf in (estimate.left, estimate.right)


def test_hidden_single_precision_is_named():
    assert derivative(lambda x: float(np.sin(np.float32(x))), 1.0).reason == "single precision"
    assert derivative(math.sin, 1.0).reason is None


def test_noise_is_named():
    rng = np.random.default_rng(1)
    assert derivative(lambda x: math.sin(x) + 1e-6 * rng.normal(), 1.0).reason == "noise"


def test_a_vertical_edge_has_no_finite_derivative():
    estimate = derivative(math.sqrt, 0.0)
    assert estimate.value == estimate.error == math.inf
    assert estimate.reason == "edge of the domain"


@pytest.mark.parametrize(
    "x, bounds", [(0.0, (0.0, 1.0)), (1.0, (0.0, 1.0)), (1e-5, (0.0, 1.0)), (0.5, (0.5, math.inf))]
)
def test_bounds_are_never_left(x, bounds):
    points = []

    def f(t):
        points.append(t)
        return math.sin(t)

    estimate = derivative(f, x, bounds=bounds)
    assert all(bounds[0] <= t.real <= bounds[1] for t in points)
    assert abs(estimate.value - math.cos(x)) <= estimate.error <= 1e-8
    assert estimate.reason == "edge of the domain" or x not in bounds


@pytest.mark.parametrize("noise", [1e-6, 1e-8])
@pytest.mark.parametrize("x", [0.0, 1.0])
def test_noise_at_a_bound_is_inside_the_bar_and_no_wider_than_one_side_makes_it(x, noise):
    """(-3 f + 4 f(x + h) - f(x + 2 h))/(2 h): 4 noises over h, three deviations each, known within 4."""
    for each in range(10):
        rng = np.random.default_rng(each)
        estimate = derivative(lambda t, rng=rng: math.sin(t) + noise * rng.normal(), x, bounds=(0.0, 1.0))
        assert abs(estimate.value - math.cos(x)) <= estimate.error <= 4.0 * 3.0 * 4.0 * noise / estimate.step


def test_steps_are_as_long_as_the_argument_allows():
    """The least of h**2/6 + e/h, h in units of the wave, e three deviations, known within a factor 4."""
    noise, bars = 1e-2, []
    for each in range(7):
        rng = np.random.default_rng(each)
        estimate = derivative(lambda t, rng=rng: math.sin(t / 1e4) + noise * rng.normal(), 1e4)
        assert abs(estimate.value - math.cos(1.0) / 1e4) <= estimate.error
        bars.append(1e4 * estimate.error)
    h = (9.0 * noise) ** (1.0 / 3.0)
    assert np.median(bars) <= 4.0 * (h**2 / 6.0 + 3.0 * noise / h)


def test_a_direction_moves_every_entry_in_proportion_to_its_size():
    vector, moves = np.array([1000.0, -2000.0, 1.0, 0.01]), []

    def f(v):
        moves.append(np.abs(v - vector) / np.maximum(np.abs(vector), 1.0))
        return np.sum(v**2)

    gradient(f, vector)
    along = [move for move in moves if np.count_nonzero(move) == len(vector)]
    # Lengths are drawn between 1/2 and 1, and a moved entry is rounded to its own spacing.
    assert len(along) > 10
    assert all(np.max(move) <= 2.0 * np.min(move) + 8.0 * U for move in along)


def test_bounds_of_a_gradient_are_per_entry():
    vector, low, high = np.array([0.0, 1.0, 2.0]), np.array([0.0, -5.0, 1.0]), np.array([3.0, 1.0, 4.0])

    def f(v):
        assert np.all((low <= v.real) & (v.real <= high))
        return np.sum(v**3)

    result = gradient(f, vector, bounds=(low, high))
    assert np.all(np.abs(result.value - 3.0 * vector**2) <= result.error)


def test_a_point_outside_its_bounds_is_refused():
    with pytest.raises(ValueError, match=r"x\[0\]: found 2.0, outside its bounds 0.0 to 1.0"):
        derivative(math.sin, 2.0, bounds=(0.0, 1.0))
