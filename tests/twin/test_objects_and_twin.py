"""Objects and twin on the same drawn networks: error and gradients within what the counted roundings account
for.
"""

import math

import pytest
from drawn.networks import descriptions
from hypothesis import assume, given
from profiles import examples

from gradcheck import Twin
from gradcheck.networks import SMALLEST_NORMAL, rounding_bounds, twin_gradients
from gradcheck.numeric.dual import Bounded
from gradcheck.verdict import WELL_BEYOND
from neuronnet import load
from neuronnet.description.reading import example_names, find, read
from neuronnet.training import accuracy


def error_bound(network):
    """How far apart rounding can put two ways to E_total: the bound of the objects' own way, with room for
    another order.
    """
    values = [parameter.value for parameter in network.parameters]
    for parameter in network.parameters:
        parameter.value = Bounded(parameter.value)
    total = network.total_error()
    for parameter, value in zip(network.parameters, values):
        parameter.value = value
    return WELL_BEYOND * total.error if isinstance(total, Bounded) else 0.0


@pytest.mark.slow
@examples(500)
@given(descriptions(most_layers=4))
def test_error_and_gradients_agree_within_the_counted_roundings(description):
    network = load(description)
    bounds = rounding_bounds(network, network.samples)
    # A logistic output that rounds to 0 leaves a categorical cross-entropy without a finite bound.
    assume(all(map(math.isfinite, bounds.values())))
    found = twin_gradients(network, network.samples)
    for name, gradient in network.gradients().items():
        assert abs(gradient - found[name]) <= bounds[name] + SMALLEST_NORMAL, name
    assert (
        abs(network.total_error() - Twin(network.to_dict()).loss()) <= error_bound(network) + SMALLEST_NORMAL
    )


def test_the_bounds_are_tight_enough_to_see_a_part_in_a_trillion():
    network = load("worked-example")
    bounds = rounding_bounds(network, network.samples)
    for name, gradient in network.gradients().items():
        assert bounds[name] < 1e-12 * abs(gradient)
    assert error_bound(network) < 1e-12 * network.total_error()


@pytest.mark.slow
@pytest.mark.parametrize("name", example_names())
def test_the_twin_gives_the_error_of_every_example(name):
    network = load(name)
    if sum(1 for _ in network.weights) * len(network.samples) > 100_000:
        network.samples = network.samples[:10]
    assert abs(network.total_error() - Twin(network.to_dict()).loss()) <= error_bound(network)


def test_the_same_accuracy_by_both():
    description = read(find("moons-tanh"))
    network, twin = load(description), Twin(description)
    assert accuracy(network) == twin.accuracy()


@pytest.mark.parametrize(
    "activation, loss, net, slope",
    [
        ("logistic", "output", 40.0, 4.248354255291589e-18),
        ("tanh", "output", 20.0, 1.6993417021166355e-17),
        ("logistic", "binary cross-entropy", 40.0, -4.248354255291589e-18),
    ],
)
def test_both_keep_every_digit_of_a_saturated_slope(activation, loss, net, slope):
    """exp(-40), 4 exp(-40) and -exp(-40), each times 1 - O(exp(-40)); where out has rounded to 1."""
    network = load(
        {
            "loss": loss,
            "learning_rate": 1.0,
            "layer": [{"activation": activation, "weights": [[net]]}],
            "sample": [{"inputs": [1.0], "targets": [] if loss == "output" else [1.0]}],
        }
    )
    for found in (network.gradients(), twin_gradients(network, network.samples)):
        assert found["w1"] == pytest.approx(slope, rel=1e-15)
