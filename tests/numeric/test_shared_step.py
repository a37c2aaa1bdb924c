"""One step for many entries: it covers the truth, for entries that are more curved than the few, too."""

import numpy as np
import pytest

from gradcheck.numeric.derivatives import SharedStep, gradient
from gradcheck.numeric.rounding import U

FEW = np.linspace(0.2, 1.2, 8)


def sines(x, waves):
    """moved(h) of the sum of sin(waves*x)."""
    total = np.sum(np.sin(waves * x))
    return lambda h: total + np.sin(waves * (x + h)) - np.sin(waves * x)


def shared(noise):
    found = gradient(lambda v: np.sum(np.sin(v)), FEW).estimates
    centre = float(np.sum(np.sin(FEW)))
    return SharedStep(sines(FEW, 1.0), FEW, list(found), centre, noise)


@pytest.mark.parametrize("waves", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("noise", [1e-15, 1e-10])
def test_the_truth_is_inside_the_bar_of_entries_however_curved(noise, waves):
    step, x = shared(noise), np.linspace(0.3, 1.3, 30) / waves
    step.centre = float(np.sum(np.sin(waves * x)))
    for each, slope in zip(step.estimates(sines(x, waves), x), waves * np.cos(waves * x)):
        assert abs(each.value - slope) <= each.error and each.evaluations == 2


@pytest.mark.parametrize("noise", [1e-15, 1e-10, 1e-6])
def test_the_bar_is_that_of_the_best_central_difference(noise):
    """h**2/6 + e/h is least at h = (3 e)**(1/3): the step is within a factor 4 of that."""
    step = shared(noise)
    best = (3.0 * max(noise, 1.2 * U)) ** (1.0 / 3.0)
    assert best / 4.0 <= step.step <= 4.0 * best
    bars = [each.error for each in step.estimates(sines(FEW, 1.0), FEW)]
    assert max(bars) <= 4.0 * ((4.0 * best) ** 2 / 6.0 + 4.0 * noise / best) + 100 * U
