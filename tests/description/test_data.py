"""Samples that are computed: the two moons against scikit-learn's, point for point, and the functions of one
number.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.description.samples import exclusive_or, sign, sine, sine_classes, two_moons

STORED = json.loads((Path(__file__).parent.parent / "data" / "two_moons.json").read_text(encoding="utf-8"))


# Two moons


def numpys_moons(samples, noise, seed):
    """Points and classes as scikit-learn's make_moons computes them, in NumPy's own operations."""
    draw = np.random.RandomState(seed)
    outer, inner = np.linspace(0, np.pi, samples // 2), np.linspace(0, np.pi, samples - samples // 2)
    points = np.vstack(
        [np.append(np.cos(outer), 1 - np.cos(inner)), np.append(np.sin(outer), 1 - np.sin(inner) - 0.5)]
    ).T
    classes = np.append(np.zeros(len(outer), dtype=int), np.ones(len(inner), dtype=int))
    order = np.arange(samples)
    draw.shuffle(order)
    return points[order] + draw.normal(scale=noise, size=points.shape), classes[order]


def assert_same_points(found, expected, samples):
    """Bit for bit where NumPy's cosine and sine are the C library's, for the angles in question.

    Where NumPy has vectorised ones of its own they differ by at most an ulp of 1, and the difference is then
    rounded with what is computed from it: 1 - sin, - 0.5, + noise, half an ulp of the largest on either side.
    """
    angles = np.concatenate(
        [np.linspace(0, np.pi, samples // 2), np.linspace(0, np.pi, samples - samples // 2)]
    )
    c_library = [[math.cos(t), math.sin(t)] for t in angles.tolist()]
    found = np.array(found)
    if np.column_stack([np.cos(angles), np.sin(angles)]).tolist() == c_library:
        assert found.tolist() == expected.tolist()
    else:
        largest = np.spacing(max(2.0, np.abs(expected).max()))
        assert np.all(np.abs(found - expected) <= np.spacing(1.0) + 3 * largest)


def test_the_moons_are_those_that_scikit_learn_gave():
    found = two_moons(200, 0.2, 0, 1)
    for stored, (inputs, targets) in zip(
        STORED["first"] + STORED["last"], found[:10] + found[-10:], strict=True
    ):
        x, y, label = stored
        # The stored digits are scikit-learn's, from a C library whose cosines may differ from this one's in
        # the last bit.
        assert inputs == pytest.approx([float(x), float(y)], rel=0, abs=4 * math.ulp(2.0))
        assert targets == [label]


@examples(60)
@given(st.integers(1, 80), st.sampled_from((0.0, 0.2, 0.05, 3.0)), st.integers(0, 2**32 - 1))
def test_the_moons_are_those_that_numpy_gives(samples, noise, seed):
    points, classes = numpys_moons(samples, noise, seed)
    found = two_moons(samples, noise, seed, 1)
    assert_same_points([inputs for inputs, _ in found], points, samples)
    assert [targets for _, targets in found] == [[label] for label in classes]


@pytest.mark.parametrize("samples, noise, seed", [(200, 0.2, 0), (1000, 0.2, 100), (1, 0.1, 0), (7, 0.0, 5)])
def test_the_moons_are_those_that_scikit_learn_gives(samples, noise, seed):
    datasets = pytest.importorskip("sklearn.datasets")
    state = np.random.get_state()
    np.random.seed(seed)
    points, classes = datasets.make_moons(samples, noise=noise)
    np.random.set_state(state)
    found = two_moons(samples, noise, seed, 1)
    assert_same_points([inputs for inputs, _ in found], points, samples)
    assert [targets for _, targets in found] == [[label] for label in classes]


def test_two_outputs_get_a_target_for_each_class():
    single, one_hot = two_moons(50, 0.1, 3, 1), two_moons(50, 0.1, 3, 2)
    assert [inputs for inputs, _ in single] == [inputs for inputs, _ in one_hot]
    assert [targets for _, targets in one_hot] == [[1.0 - label, label] for _, (label,) in single]


def test_without_noise_every_point_is_on_its_half_circle():
    for (x, y), (label,) in two_moons(101, 0.0, 1, 1):
        centre_x, centre_y = (1, 0.5) if label else (0, 0)
        # Cosine and sine are within an ulp of 1, squaring doubles that, and each sum rounds once more.
        assert math.hypot(x - centre_x, y - centre_y) == pytest.approx(1, rel=0, abs=8 * math.ulp(1.0))
        assert y <= 0.5 if label else y >= 0


# Functions of one number


@pytest.mark.parametrize("count", [1, 2, 3, 10, 61, 1001])
@pytest.mark.parametrize(
    "function, end",
    [(lambda n: sign(n, 1), 3), (lambda n: sine(n, 1), math.pi), (lambda n: sine_classes(n, 21), math.pi)],
    ids=["sign", "sine", "classes"],
)
def test_x_is_equally_spaced_and_mirrored(function, end, count):
    x = [inputs[0] for inputs, _ in function(count)]
    assert len(x) == count and x == [-each for each in reversed(x)]
    if count > 1:
        assert (x[0], x[-1]) == (-end, end)
        # By 2^-53 at most, linspace rounds a step, a multiple of it up to 2*end, and a sum up to end; x is
        # rounded once.
        assert np.abs(np.array(x) - np.linspace(-end, end, count)).max() <= (2 + 2 + 1 + 1) * end * 2**-53


@pytest.mark.parametrize("count", range(1, 400, 2))
def test_in_the_middle_x_is_zero_and_not_positive(count):
    samples = sign(count, 1)
    assert samples[count // 2] == ([0.0], [0.0])
    assert sum(target for _, (target,) in samples) == count // 2


def test_the_sine_is_the_sine():
    assert all(target == math.sin(x) for (x,), (target,) in sine(61, 1))


def test_the_classes_of_the_sine_are_its_tenths():
    for (x,), targets in sine_classes(1001, 21):
        assert sorted(targets) == [0.0] * 20 + [1.0]
        tenths = targets.index(1.0) - 10
        assert all(
            abs(math.sin(x) - tenths / 10) <= abs(math.sin(x) - other / 10) for other in range(-10, 11)
        )
    assert {targets.index(1.0) for _, targets in sine_classes(1001, 21)} == set(range(21))


def test_exclusive_or_is_one_where_the_inputs_differ():
    assert exclusive_or(1) == [([0, 0], [0]), ([0, 1], [1]), ([1, 0], [1]), ([1, 1], [0])]
