"""Samples in the ways in which callers have them, and what is refused."""

import numpy as np
import pytest

from gradcheck.errors import GradcheckError
from gradcheck.why.known_mistakes import described, known_mistakes, sample_pairs
from neuronnet import load

X, T = np.array([[0.3, -0.2], [0.05, 0.1], [-0.7, 0.4]]), np.array([[0.1, 0.9], [0.01, 0.99], [0.8, 0.3]])
PAIRS = [(inputs, targets) for inputs, targets in zip(X.tolist(), T.tolist())]


@pytest.mark.parametrize(
    "samples",
    [
        PAIRS,
        tuple(PAIRS),
        [list(pair) for pair in PAIRS],
        list(zip(X, T)),
        zip(X, T),
        np.stack([X, T], axis=1),
        (X, T),
        [X, T],
    ],
)
def test_samples_come_in_many_ways(samples):
    assert sample_pairs(samples, 2, 2) == PAIRS


def test_two_samples_of_two_numbers_are_two_samples_in_either_way():
    assert sample_pairs((X[:2], T[:2]), 2, 2) == sample_pairs(PAIRS[:2], 2, 2) == PAIRS[:2]


def test_the_outputs_are_those_of_the_last_layer():
    layers = [
        {"activation": "tanh", "weights": np.full((n, m), 0.1).tolist()} for m, n in ((2, 3), (3, 2), (2, 1))
    ]
    network = {"loss": "squared error", "layer": layers}
    assert described(network, (X, T[:, 0])).samples == described(network, (X, T[:, :1])).samples


def test_arrays_of_one_axis_will_do_for_one_input_or_one_output():
    assert sample_pairs((X, T[:, 0]), 2, 1) == [
        (inputs, [target]) for inputs, target in zip(X.tolist(), T[:, 0].tolist())
    ]
    assert sample_pairs((X[:, 0], T[:, 0]), 1, 1) == [
        ([x], [t]) for x, t in zip(X[:, 0].tolist(), T[:, 0].tolist())
    ]


@pytest.mark.parametrize(
    "samples, words",
    [
        (1, "found 1"),
        (2.5, "found 2.5"),
        ("xor", "found 'xor'"),
        ({"X": X}, "found {'X'"),
        (PAIRS[0], r"found \[0.3, -0.2\] as sample 0"),
        ((X[0], T[0]), r"shapes \(2,\) and \(2,\)"),
        ([(0.3, 0.1)], r"found \(0.3, 0.1\) as sample 0"),
        ([X], "as sample 0"),
        ((X, T[:2]), "3 samples and 2"),
        ((X[np.newaxis], T), r"\(1, 3, 2\)"),
        ([([0.1, 0.2], "ab")], "'ab'"),
        ([None], "None"),
    ],
)
def test_anything_else_is_refused_with_what_was_found_and_what_is_allowed(samples, words):
    with pytest.raises(GradcheckError, match=words) as refusal:
        known_mistakes("worked-example", samples, load("worked-example").gradients())
    assert "allowed are a list of (inputs, targets) pairs, and two arrays (X, T)" in str(refusal.value)
