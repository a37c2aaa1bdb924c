"""The short cut delta = out - target (for a softmax: out*(sum of targets) - target) against the long way."""

import pytest
from drawn.networks import descriptions
from hypothesis import given
from profiles import examples

from neuronnet import Derivation, load
from neuronnet.activations import ACTIVATIONS
from neuronnet.losses import LOSSES, cancels

ULP = 2.0**-53


def deltas(network):
    return [neuron.delta for neuron in network.layers[-1]]


def long_way(network, targets):
    """The deltas of the output layer through the slope of the loss and, for a softmax, its full Jacobian."""
    share = len(targets) if network.outputs == "mean" else 1
    for bias in network.biases:
        bias.gradient = 0.0
    network.layers[-1].backpropagate(network.loss, targets, share)
    return deltas(network)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["binary cross-entropy", "categorical cross-entropy"])
def test_the_short_cut_is_the_long_way(loss):
    last = {"binary cross-entropy": "logistic", "categorical cross-entropy": "softmax"}[loss]

    @examples(150)
    @given(descriptions(losses=(loss,), most_samples=1, most_neurons=4))
    def agree(description):
        description["layer"][-1]["activation"] = last
        network = load(description)
        ((inputs, targets),) = network.samples
        outs = network.feed_forward(inputs)
        network.backpropagate(targets)
        short = deltas(network)
        # The long way divides by an output and by 1 - output, and multiplies by both again: five roundings of
        # terms that
        # are not larger than 1 over the smaller of the two, times that again; a softmax adds one such term
        # per output.
        bound = 20 * len(outs) * ULP * max(1.0, *targets)
        for one, other, out in zip(short, long_way(network, targets), outs):
            cancelled = min(out, 1 - out) if last == "logistic" else 1.0
            assert abs(one - other) * cancelled <= bound

    agree()


def test_a_softmax_with_the_diagonal_of_its_jacobian_alone_would_be_seen():
    """What the comparison is worth: the commonest mistake with a softmax is far outside its bound."""
    network = load(
        {
            "loss": "categorical cross-entropy",
            "sample": [{"inputs": [1.0], "targets": [1.0, 0.0]}],
            "layer": [{"activation": "softmax", "weights": [[0.5], [-0.5]]}],
        }
    )
    network.gradients()
    diagonal = [
        network.loss.derivative(target, neuron.out) * neuron.out * (1 - neuron.out)
        for neuron, target in zip(network.layers[-1], [1.0, 0.0])
    ]
    assert abs(diagonal[1] - deltas(network)[1]) > 0.2


def test_the_short_cut_holds_for_two_pairs_and_no_other():
    pairs = {
        (activation, loss)
        for activation in ACTIVATIONS
        for loss in LOSSES
        if cancels(ACTIVATIONS[activation], LOSSES[loss])
    }
    assert pairs == {("logistic", "binary cross-entropy"), ("softmax", "categorical cross-entropy")}


def test_every_other_pair_goes_the_long_way_and_shows_it():
    network = {
        "loss": "half squared error",
        "sample": [{"inputs": [1.0], "targets": [1.0, 0.0]}],
        "layer": [{"activation": "softmax", "weights": [[0.5], [-0.5]]}],
    }
    names = [quantity.name for quantity in Derivation(network).quantities]
    assert {"dE_total/dout_o1", "dout_o1/dnet_o1", "dout_o2/dnet_o1", "dout_o1/dnet_o2"} <= set(names)
    assert Derivation(network)["delta_o1"].formula == (
        "dE_total/dout_o1 * dout_o1/dnet_o1 + dE_total/dout_o2 * dout_o2/dnet_o1"
    )
