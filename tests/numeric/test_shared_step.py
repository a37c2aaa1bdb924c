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


# (third derivative, noise): the step, and the bars of entries 1, 2 and 50 times as curved.
AS_IT_WAS = {
    (1.0, 1e-15): "1.8e-05 2.7e-10 4.1e-10 2.2e-07",
    (1.0, 1e-08): "0.0039 1.3e-05 1.9e-05 0.01",
    (100.0, 1e-12): "3.9e-05 1.3e-07 1.9e-07 0.0001",
    (0.001, 1e-10): "0.0083 5.8e-08 8.8e-08 4.7e-05",
    (1000000.0, 1e-09): "1.8e-05 0.00027 0.00041 0.22",
    (0.01, 1e-06): "0.083 5.8e-05 8.8e-05 0.047",
}


@pytest.mark.parametrize("third, noise", AS_IT_WAS)
def test_a_step_and_its_bars_are_as_they_were(third, noise):
    """Of pure arithmetic: x**3 * third / 6 at points that a float holds exactly."""
    x = np.arange(1.0, 9.0) / 8.0
    found = gradient(lambda v: float(np.sum(v * v * v)) * third / 6.0, x).estimates

    def moved(x, third):
        return lambda h: 1.0 + ((x + h) * (x + h) * (x + h) - x * x * x) * third / 6.0

    step = SharedStep(moved(x, third), x, list(found), 1.0, noise)
    bars = [step.estimates(moved(x[3:4], third * more), x[3:4])[0].error for more in (1.0, 2.0, 50.0)]
    assert " ".join(f"{each:.2g}" for each in (step.step, *bars)) == AS_IT_WAS[third, noise]


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
