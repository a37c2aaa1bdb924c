"""Drawn networks in NumPy: no right gradient fails, and no planted mistake that is visible passes."""

from functools import cache

import numpy as np
import pytest
from drawn.backward_passes import ACTIVATIONS, LOSSES, drawn
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples, share

from gradcheck import check

TINY = 1e-6  # relative to the largest entry of the block
SEEDS = st.integers(0, 2**32 - 1)


def checked(network, gradients=None, seed=0):
    return check(
        network.loss, network.gradients if gradients is None else gradients, network.parameters, seed=seed
    )


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("error", LOSSES)
@pytest.mark.parametrize("layers", [2, 3, 4])
def test_right_gradients_are_right(activation, error, layers):
    report = checked(drawn([1, layers], activation, error, layers, largest=4))
    assert report.verdict == "right", str(report)


@pytest.mark.slow
@given(SEEDS)
@examples(20)
def test_one_entry_off_by_a_millionth_of_its_block_is_named(seed):
    network, draw = drawn(seed, largest=4), np.random.default_rng(seed)
    report, gradients = checked(network), network.gradients(network.parameters)
    assert report.verdict == "right", str(report)
    name = str(draw.choice(list(gradients)))
    index, size = (
        tuple(int(draw.integers(0, each)) for each in gradients[name].shape),
        np.max(np.abs(gradients[name])),
    )
    assume(0.0 < size and report[name].smallest_visible < TINY)
    gradients[name][index] += TINY * size * draw.choice([-1.0, 1.0])
    wrong = checked(network, gradients)
    assert wrong.verdict == "wrong"
    assert {block.name: block.wrong for block in wrong.blocks if block.verdict == "wrong"} == {name: [index]}


@pytest.mark.slow
def test_a_millionth_is_visible_nearly_everywhere():
    reports = [checked(drawn(seed, largest=4)) for seed in range(15)]
    errors = [
        block.smallest_visible
        for report in reports
        for block in report.blocks
        if np.isfinite(block.smallest_visible)
    ]
    assert len(errors) > 60
    assert np.mean(np.array(errors) < TINY) > 0.95


@cache
def regularised(seed):
    """A drawn network with an L2 term, and the report on its right gradients."""
    network = drawn(seed, largest=4)
    network.l2 = 0.3
    return network, checked(network)


def sign(network, gradients):
    return {name: -each for name, each in gradients.items()}


def slightly_more(network, gradients):
    return {name: each * 1.0001 for name, each in gradients.items()}


def first_weights_reversed(network, gradients):
    return gradients | {"W1": gradients["W1"][::-1]}


def bias_summed(network, gradients):
    return gradients | {f"b{network.layers}": gradients[f"b{network.layers}"] * len(network.inputs)}


def regulariser_forgotten(network, gradients):
    return {
        name: each - network.l2 * network.parameters[name] * (name[0] == "W")
        for name, each in gradients.items()
    }


def last_weights_zero(network, gradients):
    return gradients | {f"W{network.layers}": 0.0 * gradients[f"W{network.layers}"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "plant",
    [sign, slightly_more, first_weights_reversed, bias_summed, regulariser_forgotten, last_weights_zero],
    ids=lambda plant: plant.__name__,
)
def test_planted_mistakes_never_pass(plant):
    networks = [regularised(seed) for seed in range(100, 100 + share(40, least=7))]
    planted = 0
    for network, report in networks:
        gradients = network.gradients(network.parameters)
        wrong = plant(network, gradients)
        visible = [
            name
            for name, each in gradients.items()
            if np.any(each)
            and np.max(np.abs(wrong[name] - each)) > report[name].smallest_visible * np.max(np.abs(each))
        ]
        if len(visible) > 0:
            planted += 1
            found = checked(network, wrong)
            assert found.verdict == "wrong"
            assert set(visible) <= {block.name for block in found.blocks if block.verdict == "wrong"}
    assert planted >= len(networks) // 2


@pytest.mark.slow
def test_hardly_any_entry_of_a_smooth_network_cannot_be_told():
    verdicts = [
        entry.verdict
        for seed in range(12)
        for block in checked(drawn(seed, ["tanh", "logistic"][seed % 2])).blocks
        for entry in block.entries
    ]
    assert len(verdicts) > 400
    assert verdicts.count("undecided") < 0.02 * len(verdicts)


@pytest.mark.slow
def test_the_evaluations_are_counted_and_some_twelve_for_each_entry():
    per_entry = []
    for seed in range(100, 115):
        network = drawn(seed)
        network.calls = 0
        report = checked(network, seed=seed)
        assert report.evaluations == network.calls
        per_entry.append(network.calls / sum(each.size for each in network.parameters.values()))
    assert np.mean(per_entry) <= 13.0 and max(per_entry) <= 20.0
