"""Slopes, softmax and cross-entropies keep every digit over the whole range: objects, rows and dual numbers.

The true values are computed here, from formulas of our own in 400 digits.
"""

import math
from decimal import Decimal, localcontext

import pytest
from drawn.networks import descriptions
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gradcheck.numeric.dual import Dual
from neuronnet import Derivation, load
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.notation import Known, parse

ROUNDING = Decimal(2) ** -53
# e^-700 is a normal float with all its digits; below 1e-308 floats lose digits by themselves.
nets = st.floats(-700, 700, allow_subnormal=False)
tanh_nets = st.floats(-350, 350, allow_subnormal=False)
softmax_nets = st.lists(st.floats(-340, 340, allow_subnormal=False), min_size=2, max_size=4)


def one_layer(activation, loss, weights, targets):
    """Networks whose nets are their weights: one input, which is 1."""
    return {
        "loss": loss,
        "layer": [{"activation": activation, "weights": [[weight] for weight in weights]}],
        "sample": [{"inputs": [1.0], "targets": targets}],
    }


def close(found, true, roundings=16):
    """16: at most eight roundings; 1 - out, taken below net = 1, turns one of them into four."""
    return abs(Decimal(found) - true) <= roundings * ROUNDING * abs(true)


@pytest.fixture(autouse=True)
def _many_digits():
    with localcontext() as context:
        context.prec = 400
        yield


def true_logistic(net):
    return 1 / (1 + (-Decimal(net)).exp())


def true_softmax(nets):
    powers = [Decimal(net).exp() for net in nets]
    return [power / sum(powers) for power in powers]


def both(description, name, value):
    """A quantity of the objects, which the rows have to the last bit."""
    assert Derivation(description)[name].value == value
    return value


@given(nets)
@example(40.0)
@example(1.0)
@example(-700.0)
def test_the_slope_of_the_logistic(net):
    description = one_layer("logistic", "half squared error", [net], [0.25])
    network = load(description)
    network.gradients()
    true = true_logistic(net) * (1 - true_logistic(net))
    assert close(both(description, "dout_o1/dnet_o1", network["o1"].dout_dnet), true)
    assert close(both(description, "out_o1", network["o1"].out), true_logistic(net))
    assert close((1 / (1 + (-Dual(net, 1.0)).exp())).derivative, true)
    assert close(evaluator(parse("logistic'(x)", Known("x")), float)({"x": net}), true)


def test_at_40_the_slope_is_no_0():
    derivation = Derivation(one_layer("logistic", "half squared error", [40.0], [0.25]))
    assert derivation["dout_o1/dnet_o1"].value == pytest.approx(4.248354255291589e-18, rel=1e-15)
    assert derivation["dout_o1/dnet_o1"].formula == "out_o1*(1 - out_o1)"
    out = derivation["out_o1"].value
    assert out * (1 - out) == 0.0  # what the formula gives where out is rounded first


@given(tanh_nets)
@example(0.5)
@example(20.0)
def test_the_slope_of_tanh(net):
    description = one_layer("tanh", "half squared error", [net], [0.25])
    network = load(description)
    network.gradients()
    power = (2 * Decimal(net)).exp()
    true = 4 * power / ((1 + power) * (1 + power))
    assert close(both(description, "dout_o1/dnet_o1", network["o1"].dout_dnet), true)
    assert close(Dual(net, 1.0).tanh().derivative, true)
    assert close(evaluator(parse("tanh'(x)", Known("x")), float)({"x": net}), true)


@given(softmax_nets, st.integers(0, 1))
def test_softmax_its_slopes_and_its_cross_entropy(nets, hot):
    # exp(net_k - net_j) inherits the rounding of net_k - net_j: as many roundings as that is large.
    roundings = 16 + 2 * len(nets) + int(2 * (max(nets) - min(nets)))
    targets = [float(j == hot) for j in range(len(nets))]
    outs = true_softmax(nets)
    description = one_layer("softmax", "categorical cross-entropy", nets, targets)
    network = load(description)
    network.gradients()
    error = network.error(targets)
    assert close(both(description, "E_total", error), -outs[hot].ln(), roundings)
    for j, neuron in enumerate(network.layers[-1]):
        assert close(both(description, f"out_{neuron.name}", neuron.out), outs[j], roundings)
        delta = outs[j] if j != hot else -sum(outs[:hot] + outs[hot + 1 :])
        assert close(both(description, f"delta_{neuron.name}", neuron.delta), delta, roundings)
    squared = one_layer("softmax", "half squared error", nets, targets)
    network = load(squared)
    network.gradients()
    for j, neuron in enumerate(network.layers[-1]):
        slope = outs[j] * sum(outs[:j] + outs[j + 1 :])
        name = f"dout_{neuron.name}/dnet_{neuron.name}"
        assert close(both(squared, name, neuron.dout_dnet[j]), slope, roundings)


@pytest.mark.slow
@given(softmax_nets, st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=4, max_size=4))
@example([40.0, 0.0], [1.0, 0.0, 0.0, 0.0])
@example([0.0, 40.0], [1.0, 0.0, 0.0, 0.0])
def test_the_binary_cross_entropy_of_a_softmax_and_its_slopes(nets, targets):
    roundings = 16 + 2 * len(nets) + int(2 * (max(nets) - min(nets)))
    targets, outs = targets[: len(nets)], true_softmax(nets)
    rests = [sum(outs[:j] + outs[j + 1 :]) for j in range(len(nets))]
    description = one_layer("softmax", "binary cross-entropy", nets, targets)
    network = load(description)
    network.gradients()
    terms = [
        -Decimal(t) * out.ln() - (1 - Decimal(t)) * rest.ln() for t, out, rest in zip(targets, outs, rests)
    ]
    assert close(both(description, "E_total", network.error(targets)), sum(terms), roundings)
    for neuron, t, out, rest in zip(network.layers[-1], map(Decimal, targets), outs, rests):
        slope = both(description, f"dE_total/dout_{neuron.name}", neuron.dE_dout)
        scale = (1 - t) / rest + t / out  # a difference of the two, unless the target is 0 or 1
        assert abs(Decimal(slope) - ((1 - t) / rest - t / out)) <= roundings * ROUNDING * scale
        assert both(description, f"delta_{neuron.name}", neuron.delta) == neuron.delta


@pytest.mark.parametrize(
    "nets", [(709.8, 0.0), (0.0, 730.0, 1.0), (-400.0, 350.0), (800.0, 0.0), (700.0, 0.0)]
)
def test_a_softmax_output_below_the_normal_floats_is_the_nearest_one(nets):
    description = one_layer("softmax", "output", nets, [])
    network = load(description)
    network.gradients()
    for neuron, true in zip(network.layers[-1], true_softmax(nets)):
        found = Decimal(both(description, f"out_{neuron.name}", neuron.out))
        assert close(found, true, 16 + 2 * 800) or abs(found - true) <= Decimal(2) ** -1074


@given(nets, st.sampled_from([0.0, 1.0]))
@example(40.0, 1.0)
@example(-40.0, 0.0)
def test_the_binary_cross_entropy_and_its_delta(net, target):
    description = one_layer("logistic", "binary cross-entropy", [net], [target])
    network = load(description)
    network.gradients()
    error = network.error([target])
    out = true_logistic(net) if target == 0 else true_logistic(-net)
    true_error = -(1 - out).ln()
    assert close(both(description, "E_total", error), true_error)
    assert close(both(description, "delta_o1", network["o1"].delta), out if target == 0 else -out)


@given(nets)
@example(40.0)
def test_the_categorical_cross_entropy_of_a_logistic_output(net):
    description = one_layer("logistic", "categorical cross-entropy", [net], [1.0])
    network = load(description)
    network.gradients()
    assert close(both(description, "E_total", network.error([1.0])), (1 + (-Decimal(net)).exp()).ln())


def test_a_sum_that_cancels_beyond_fifty_digits_is_no_0():
    derivation = Derivation(
        {
            "loss": "output",
            "layer": [{"activation": "tanh", "weights": [[60.0], [-70.0]]}],
            "sample": [{"inputs": [1.0]}],
        }
    )
    assert derivation["E_total"].value == 0.0
    assert derivation.printed_value(derivation["E_total"]) == pytest.approx(-1.5335296147e-52, rel=1e-9)


@pytest.mark.slow
@given(descriptions(most_samples=1, largest=25.0))
def test_what_derive_prints_follows_in_exact_arithmetic(description):
    """Every printed value against the same formulas in 400 digits, however saturated the network is."""
    derivation = Derivation(description)
    # target/out may overflow as a float, and e to the power of two millions as a Decimal
    assume(all(math.isfinite(quantity.value) for quantity in derivation.quantities))
    assume(all(abs(each.value) < 1e5 for each in derivation.quantities if each.name.startswith("net_")))
    for quantity in derivation.quantities:
        exact, finer = derivation.exact(quantity.name, 400), derivation.exact(quantity.name, 500)
        if abs(finer) < abs(exact) / 2:  # what 400 digits leave of a 0
            exact = Decimal(0)
        printed = Decimal(derivation.printed_value(quantity))
        # Nine digits below a millionth, nine decimals of the rest and of what cancels among large terms.
        tolerance = (
            abs(exact) / 10**9 if abs(exact) < Decimal("1e-6") else Decimal("1e-9") * max(1, abs(exact))
        )
        assert abs(printed - exact) <= tolerance, quantity
