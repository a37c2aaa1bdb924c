"""The noise floor: known noise is found within its factor, and neither kinks nor curvature are taken for it."""

import math

import numpy as np
import pytest

from gradcheck.noise import noise_floor
from gradcheck.rounding import U


def relu(x):
    return max(x, 0.0)


@pytest.mark.parametrize("f, x, deviation", [
    (lambda x: float(np.sin(np.float32(x))), 1.0, 2.0 ** -25 / math.sqrt(3)),
    (lambda x: x * x + 1e9, 1.0, 2.0 ** -24 / math.sqrt(3)),
])
def test_noise_of_rounding_is_found(f, x, deviation):
    """Uniform rounding within half a unit has that deviation; the floor is three of them, known within a factor 4."""
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
