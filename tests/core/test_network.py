"""The objects: what a pass leaves behind, what is refused, and gradients against the complex step."""

import math
from decimal import Decimal, localcontext
from itertools import product

import pytest
from drawn.networks import descriptions
from hypothesis import assume, given
from profiles import by_day, examples

from neuronnet import NeuralNetwork, Neuron, NeuronLayer, NeuronnetError, Parameter, load
from neuronnet.activations import ACTIVATIONS
from neuronnet.errors import NumberError, PassOrderError, SizeError, UnknownName
from neuronnet.losses import LOSSES

STEP = 1e-100  # its square underflows next to any slope, so the complex step has no truncation
ULP = 2.0**-53


def one_neuron(
    activation="logistic", weight=1.0, bias=0.0, loss="half squared error", target=0.0, **conventions
):
    """A network of one neuron with one input of 1."""
    sample = {"inputs": [1.0]} if loss == "output" else {"inputs": [1.0], "targets": [target]}
    return load(
        {
            "loss": loss,
            "learning_rate": 0.5,
            "sample": [sample],
            **conventions,
            "layer": [{"activation": activation, "weights": [[weight]], "bias": bias}],
        }
    )


def complex_step_gradient(network, name):
    """dE_total/dname by an imaginary step through the objects."""
    parameter = network[name]
    value = parameter.value
    parameter.value = complex(value, STEP)
    try:
        return network.total_error().imag / STEP
    finally:
        parameter.value = value


@examples(120)
@given(descriptions())
def test_gradients_are_those_of_the_complex_step(description):
    network = load(description)
    gradients = network.gradients()
    # A sum is as exact as the terms it adds: the bound counts the operations on the longest path and the
    # terms they
    # add, each rounded once, and takes the sizes from the pass itself.
    operations = 60 * len(network.layers) * max(len(network.neurons), 4) * len(network.samples)
    scale = size_of_terms(network)
    assume(math.isfinite(scale))
    for name, gradient in gradients.items():
        assert abs(gradient - complex_step_gradient(network, name)) <= operations * ULP * scale


def size_of_terms(network):
    """The largest product that enters a gradient: all weights, inputs, outputs and slopes taken by absolute
    value.
    """
    largest = 1.0
    for inputs, targets in network.samples:
        network.feed_forward(inputs)
        paths = 1.0
        for layer in network.layers:
            paths *= max(1.0, *(sum(abs(weight.value) for weight in neuron.weights) for neuron in layer))
        outs = max(1.0, *(abs(neuron.out) for neuron in network.neurons), *(abs(value) for value in inputs))
        slopes = max(
            1.0,
            *(
                abs(_slope(network, target, neuron))
                for neuron, target in zip(
                    network.layers[-1], targets or [0.0] * len(network.layers[-1].neurons)
                )
            ),
        )
        largest = max(largest, paths * outs * slopes)
    return largest


def _slope(network, target, neuron):
    try:
        return network.loss.derivative(target, neuron.out)
    except ZeroDivisionError:
        return math.inf


def test_a_planted_error_is_beyond_the_bound_of_that_test():
    """What the property is worth: a gradient wrong by one part in ten billion is outside its bound."""
    network = load("worked-example")
    gradient = network.gradients()["w5"]
    operations = 60 * len(network.layers) * len(network.neurons)
    assert abs(gradient * 1e-10) > operations * ULP * size_of_terms(network)
    assert abs(gradient - complex_step_gradient(network, "w5")) <= operations * ULP


@examples(50)
@given(descriptions())
def test_a_second_backward_pass_changes_nothing(description):
    network = load(description)
    (inputs, targets), *_ = network.samples
    network.feed_forward(inputs)
    network.backpropagate(targets)
    first = [parameter.gradient for parameter in network.parameters]
    network.backpropagate(targets)
    assert [parameter.gradient for parameter in network.parameters] == first


@examples(50)
@given(descriptions(most_samples=1))
def test_a_shared_bias_gets_the_sum_of_the_deltas(description):
    network = load(description)
    ((inputs, targets),) = network.samples
    network.feed_forward(inputs)
    network.backpropagate(targets)
    for layer in network.layers:
        for bias in layer.biases:
            total = 0
            for neuron in layer:
                if neuron.bias is bias:
                    total += neuron.delta
            assert bias.gradient == total


def test_a_shared_bias_is_one_parameter():
    network = load("worked-example")
    assert network["h1"].bias is network["h2"].bias is network["b1"]


def test_own_biases_are_separate_parameters():
    network = load("xor")
    biases = [neuron.bias for neuron in network.neurons]
    assert len(set(map(id, biases))) == len(biases) == 6


def test_no_bias_is_none():
    assert load("udacity-quiz")["h1"].bias is None


def test_a_frozen_bias_has_a_gradient_and_stays():
    network = load("worked-example")
    network.fit(3)
    assert network["b2"].gradient != 0
    assert network["b2"].value == 0.60


def test_a_parameter_can_be_frozen_and_freed_at_any_time():
    network = load("worked-example")
    network["w5"].trainable, network["b1"].trainable = False, True
    network.fit(1)
    assert network["w5"].value == 0.40
    assert network["b1"].value != 0.35
    network["w5"].trainable = True
    network.fit(1)
    assert network["w5"].value != 0.40


def test_a_zero_bias_stays_zero():
    assert load("victor-zhou")["b1"].value == 0.0


def test_hidden_deltas_use_the_weights_of_the_forward_pass():
    network = load("worked-example")
    inputs, targets = network.samples[0]
    network.feed_forward(inputs)
    network.backpropagate(targets)
    delta = network["h1"].delta
    network.update()
    assert network["h1"].delta == delta
    assert network["w5"].value != 0.40


def test_train_is_forward_backward_update():
    one, other = load("worked-example"), load("worked-example")
    inputs, targets = one.samples[0]
    one.train(inputs, targets, learning_rate=0.25)
    other.feed_forward(inputs)
    other.backpropagate(targets)
    other.update(0.25)
    assert one.to_dict() == other.to_dict()


def test_online_updates_take_the_samples_in_turn():
    in_turn = load("xor").to_dict() | {"order": {"kind": "in turn"}}
    network, by_hand = load(in_turn), load(in_turn)
    network.fit(8)
    for inputs, targets in by_hand.samples * 2:
        by_hand.train(inputs, targets)
    assert network.to_dict() == by_hand.to_dict()
    assert repr(network).endswith(", 8 updates") and repr(by_hand).endswith(", 8 updates")


def test_the_losses_scale_is_pinned_with_two_outputs_and_three_samples():
    """Outputs 1 and 2 for every sample, targets 0: squares 1 and 4, three times."""
    layer = {"activation": "identity", "weights": [[1.0], [2.0]]}
    sample = {"inputs": [1.0], "targets": [0.0, 0.0]}
    errors = {}
    for loss in ("half squared error", "squared error"):
        for outputs in ("sum", "mean"):
            for samples in ("sum", "mean"):
                network = load(
                    {
                        "loss": loss,
                        "outputs": outputs,
                        "samples_combine": samples,
                        "layer": [layer],
                        "sample": [sample] * 3,
                    }
                )
                errors[loss, outputs, samples] = network.total_error()
    assert errors == {
        ("half squared error", "sum", "sum"): 7.5,
        ("half squared error", "sum", "mean"): 2.5,
        ("half squared error", "mean", "sum"): 3.75,
        ("half squared error", "mean", "mean"): 1.25,
        ("squared error", "sum", "sum"): 15.0,
        ("squared error", "sum", "mean"): 5.0,
        ("squared error", "mean", "sum"): 7.5,
        ("squared error", "mean", "mean"): 2.5,
    }


def test_the_l2_term_leaves_biases_out():
    network = load(
        {
            "l2": 0.5,
            "layer": [{"activation": "identity", "weights": [[3.0]], "bias": 100.0}],
            "sample": [{"inputs": [0.0], "targets": [100.0]}],
        }
    )
    assert network.total_error() == 0.5 / 2 * 9
    assert network.gradients() == {"w1": 1.5, "b1": 0.0}


def test_the_gradient_of_one_sample_holds_the_l2_term_of_one_sample():
    network = two_samples(l2=0.5, l2_scale="per sample")
    network.feed_forward([0.0])
    network.backpropagate([0.0])
    assert network["w1"].gradient == 0.5 * 0.3


def test_l2_per_sample_is_divided_by_the_number_of_samples():
    network = load(
        {
            "l2": 0.5,
            "l2_scale": "per sample",
            "layer": [{"activation": "identity", "weights": [[3.0]]}],
            "sample": [{"inputs": [0.0], "targets": [0.0]}] * 4,
        }
    )
    assert network.total_error() == 0.5 / 2 * 9 / 4
    assert network.gradients() == {"w1": 1.5 / 4}


@pytest.mark.parametrize("target", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("activation, net, out", [("identity", 0.25, 0.25), ("tanh", 0.5, math.tanh(0.5))])
def test_binary_cross_entropy_takes_any_target_and_any_output_layer(activation, net, out, target):
    network = one_neuron(activation, weight=net, loss="binary cross-entropy", target=target)
    error = -target * math.log(out) - (1.0 - target) * math.log(1.0 - out)
    slope = (out - target) / (out * (1.0 - out)) * (1.0 if activation == "identity" else 1.0 - out * out)
    # Some ten operations, each rounded once, on terms below 4.
    assert abs(network.total_error() - error) <= 40 * ULP
    assert abs(network.gradients()["w1"] - slope) <= 40 * ULP
    assert abs(complex_step_gradient(network, "w1") - slope) <= 40 * ULP


@pytest.mark.parametrize(
    "activation, nets, kind, targets, error",
    [
        ("identity", (0.25, 0.75), "binary", (0.0, 1.0), -2.0 * math.log(0.75)),
        ("identity", (0.25, 0.75), "categorical", (0.0, 1.0), -math.log(0.75)),
        ("softmax", (800.0, 0.0), "categorical", (0.0, 1.0), 800.0),
        ("softmax", (0.0, 0.0), "binary", (0.5, 0.5), -2.0 * math.log(0.5)),
        ("softmax", (5.0,), "categorical", (1.0,), 0.0),
        ("logistic", (800.0,), "binary", (0.0,), 800.0),
    ],
)
def test_a_cross_entropy_reads_the_nets_where_it_can(activation, nets, kind, targets, error):
    network = load(
        {
            "loss": f"{kind} cross-entropy",
            "layer": [{"activation": activation, "weights": [[net] for net in nets]}],
            "sample": [{"inputs": [1.0], "targets": list(targets)}],
        }
    )
    assert network.total_error() == pytest.approx(error, rel=8 * ULP)  # eight roundings at the most


def test_the_rest_of_a_softmax_is_1_where_the_output_underflows():
    assert ACTIVATIONS["softmax"].rest(None, [0.0, 1.0], 0) == 1.0


# Extremes


@pytest.mark.parametrize("net", [1000.0, -1000.0])
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu", "identity"])
def test_extreme_nets_neither_overflow_nor_give_nan(net, activation):
    network = one_neuron(activation, weight=net, target=0.5)
    gradients = network.gradients()
    assert math.isfinite(network.total_error())
    assert all(map(math.isfinite, gradients.values()))


@pytest.mark.slow
@pytest.mark.parametrize("net", [1000.0, -1000.0, 40.0, -40.0, 0.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.25])
def test_binary_cross_entropy_is_right_at_extreme_nets(net, target):
    assert_right_in_many_digits(
        one_neuron("logistic", weight=net, loss="binary cross-entropy", target=target).to_dict(),
        apart=abs(net),
    )


@pytest.mark.parametrize(
    "loss, target, out, slope",
    [
        ("categorical cross-entropy", 0.0, 0.0, 0.0),
        ("categorical cross-entropy", 1.0, 0.25, -4.0),
        ("binary cross-entropy", 1.0, 1.0, -1.0),
        ("binary cross-entropy", 0.0, 0.0, 1.0),
        ("binary cross-entropy", 0.25, 0.5, 1.0),
    ],
)
def test_the_slope_of_a_cross_entropy_where_one_of_its_terms_is_missing(loss, target, out, slope):
    assert LOSSES[loss].derivative(target, out) == slope


FAR_NETS = [(1000.0, -1000.0), (1000.0, 960.0), (-1000.0, -1000.0), (0.0, 1000.0), (1.0, 2.0)]
PAIRS_OF_TARGETS = [(1.0, 0.0), (0.0, 1.0), (0.25, 0.75), (0.7, 0.2), (0.0, 0.0), (1.0, 1.0)]


@pytest.mark.slow
@pytest.mark.parametrize("nets, targets", by_day(product(FAR_NETS, PAIRS_OF_TARGETS), 4))
def test_categorical_cross_entropy_is_right_at_extreme_nets(nets, targets):
    assert_right_in_many_digits(
        {
            "loss": "categorical cross-entropy",
            "layer": [{"activation": "softmax", "weights": [[net] for net in nets]}],
            "sample": [{"inputs": [1.0], "targets": list(targets)}],
        },
        apart=max(nets) - min(nets),
    )


def assert_right_in_many_digits(description, apart):
    """Loss and gradients as floats against the same objects in so many digits that they hold exp(-apart) and
    1 - exp(-apart).

    The error bound: exp(x) is wrong by |x| ulp for a rounded x of up to 2000, in a sum of a handful of terms.
    """
    network = load(description)
    with localcontext() as context:
        context.prec = 40 + int(apart / math.log(10.0))
        exact = load(description, Decimal)
        exact_gradients = exact.gradients()
        exact_error = exact.total_error()
    relative = 4 * 2000 * ULP
    assert math.isclose(network.total_error(), float(exact_error), rel_tol=relative, abs_tol=0.0)
    for name, gradient in network.gradients().items():
        # out - target loses what is below the rounding of the target, 1 at the most.
        assert math.isclose(gradient, float(exact_gradients[name]), rel_tol=relative, abs_tol=2 * ULP)


# Refusals


def test_an_update_before_a_backward_pass_is_refused():
    with pytest.raises(PassOrderError, match="an update needs a backward pass first"):
        load("worked-example").update()


def test_a_backward_pass_before_a_forward_pass_is_refused():
    with pytest.raises(PassOrderError, match="needs a forward pass first"):
        load("worked-example").backpropagate([0.01, 0.99])


def test_an_update_without_a_learning_rate_is_refused():
    network = load("victor-zhou")
    network.gradients()
    with pytest.raises(PassOrderError, match="learning_rate"):
        network.update()


def two_samples(**conventions):
    """A network whose updates rest on both of its samples, unless the conventions say otherwise."""
    return load(
        {
            "learning_rate": 0.5,
            "layer": [{"activation": "tanh", "weights": [[0.3]]}],
            "sample": [{"inputs": [1.0], "targets": [0.2]}, {"inputs": [2.0], "targets": [-0.4]}],
            **conventions,
        }
    )


def forward_and_backward(network, inputs, targets):
    network.feed_forward(inputs)
    network.backpropagate(targets)


@pytest.mark.parametrize("passes", [forward_and_backward, NeuralNetwork.train])
@pytest.mark.parametrize("batch, which", [("full", "all"), (2, "2")])
def test_an_update_from_all_samples_refuses_the_gradients_of_the_last_one(batch, which, passes):
    network = two_samples(batch=batch)
    for inputs, targets in network.samples:
        passes(network, inputs, targets)
    before = network["w1"].value
    with pytest.raises(PassOrderError, match=rf"an update from {which} samples needs gradients\(samples\)"):
        network.update()
    assert network["w1"].value == before
    network.gradients()
    network.update()
    assert network["w1"].value != before


@pytest.mark.parametrize("conventions", [{"batch": "online"}, {"batch": 1}, {"sample": []}])
def test_the_gradients_of_one_sample_serve_an_update_that_rests_on_one(conventions):
    network, trained = two_samples(**conventions), two_samples(**conventions)
    network.feed_forward([1.0])
    network.backpropagate([0.2])
    network.update()
    trained.train([1.0], [0.2])
    assert network["w1"].value == trained["w1"].value != 0.3


def test_a_gradient_is_none_until_a_backward_pass():
    assert load("worked-example")["w5"].gradient is None


@pytest.mark.parametrize(
    "inputs, error",
    [
        ([0.05], SizeError),
        ([0.05, 0.1, 0.2], SizeError),
        ([0.05, math.nan], NumberError),
        ([math.inf, 0.1], NumberError),
        (["0.05", 0.1], NumberError),
        ([None, 0.1], NumberError),
    ],
)
def test_bad_inputs_are_refused(inputs, error):
    with pytest.raises(error):
        load("worked-example").feed_forward(inputs)


@pytest.mark.parametrize(
    "targets, error", [([0.01], SizeError), ([0.01, math.nan], NumberError), ([0.01, "1"], NumberError)]
)
def test_bad_targets_are_refused(targets, error):
    network = load("worked-example")
    network.feed_forward([0.05, 0.1])
    with pytest.raises(error):
        network.backpropagate(targets)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownName) as caught:
        load("worked-example")["w55"]
    assert "w5" in caught.value.nearest


def test_no_samples_are_refused():
    network = NeuralNetwork.from_dict({"layer": [{"activation": "logistic", "weights": [[1.0]]}]})
    with pytest.raises(PassOrderError):
        network.total_error()
    with pytest.raises(PassOrderError):
        network.fit(1)


# Networks built by hand


def by_hand(*biases, activation="logistic", names=("w1", "w2")):
    """One layer of two neurons with one input, built from parameters."""
    neurons = [
        Neuron(f"o{j + 1}", [Parameter(names[j], 0.5)], bias, activation) for j, bias in enumerate(biases)
    ]
    return NeuralNetwork([NeuronLayer(neurons)], "half squared error", learning_rate=0.5)


def test_a_network_built_by_hand_is_the_described_one():
    bias = Parameter("b1", 0.1)
    network = by_hand(bias, bias)
    network.train([1.0], [0.0, 1.0])
    described = load(
        {"learning_rate": 0.5, "layer": [{"activation": "logistic", "weights": [[0.5], [0.5]], "bias": 0.1}]}
    )
    described.train([1.0], [0.0, 1.0])
    assert network["b1"].value == described["b1"].value
    assert network["w2"].value == described["w2"].value


def test_names_given_by_hand_survive_a_round_trip():
    network = by_hand(None, None, names=("alpha", "beta"))
    assert load(network.to_dict())["alpha"].name == "alpha"


def test_unsuitable_layers_are_refused():
    shared = Parameter("b1", 0.1)
    with pytest.raises(NeuronnetError, match="share one, or have one each"):
        by_hand(shared, None)
    with pytest.raises(NeuronnetError, match="all trained or all frozen"):
        by_hand(Parameter("b1", 0.1), Parameter("b2", 0.1, trainable=False))
    with pytest.raises(NeuronnetError, match="w1 stands for two parameters"):
        by_hand(None, None, names=("w1", "w1"))
    with pytest.raises(NeuronnetError, match="SoftmaxLayer"):
        by_hand(None, None, activation="softmax")


@pytest.mark.parametrize(
    "conventions", [{"outputs": "avg"}, {"samples_combine": "average"}, {"l2_scale": "x"}, {"loss": "mse"}]
)
def test_conventions_that_do_not_exist_are_refused(conventions):
    layers = [NeuronLayer([Neuron("o1", [Parameter("w1", 1.0)], None, "tanh")])]
    with pytest.raises(UnknownName):
        NeuralNetwork(layers, **{"loss": "squared error"} | conventions)


def test_an_activation_that_does_not_exist_is_refused():
    with pytest.raises(UnknownName):
        Neuron("o1", [Parameter("w1", 1.0)], None, "sigmoidd")


def test_a_layer_cannot_serve_two_networks():
    network = by_hand(None, None)
    with pytest.raises(NeuronnetError, match="already belongs"):
        NeuralNetwork(network.layers, "squared error")


def test_a_neuron_with_too_few_weights_is_refused():
    layers = [
        NeuronLayer([Neuron("h1", [Parameter("w1", 1.0)], None, "tanh")]),
        NeuronLayer([Neuron("o1", [Parameter("w2", 1.0), Parameter("w3", 1.0)], None, "tanh")]),
    ]
    with pytest.raises(SizeError, match="weights of o1"):
        NeuralNetwork(layers, "squared error")


# What one sees


def test_reprs_name_first_in_one_line():
    network = load("worked-example")
    assert repr(network["h1"]) == "Neuron h1: net=None out=None delta=None"
    network.gradients()
    assert repr(network["h1"]) == "Neuron h1: net=0.3775 out=0.593269992 delta=0.00877135469"
    assert repr(network["w5"]) == "Parameter w5: value=0.4 gradient=0.0821670406"
    assert repr(network["b1"]) == "Parameter b1: value=0.35 gradient=0.0187256094 frozen"
    assert repr(network.layers[0]) == "NeuronLayer logistic: h1, h2"
    assert (
        repr(network)
        == "NeuralNetwork 2-2-2: A step by step backpropagation example, half squared error, 0 updates"
    )


def test_every_factor_stays_on_the_neuron():
    network = load("worked-example")
    network.gradients()
    o1 = network["o1"]
    assert o1.dE_dout * o1.dout_dnet == o1.delta


def test_renamed_parts_answer_to_both_names():
    network = load("han-kamber")
    assert network["w14"] is network["w1"]


@examples(50)
@given(descriptions())
def test_a_description_survives_a_round_trip(description):
    network = load(description)
    assert load(network.to_dict()).to_dict() == network.to_dict()
