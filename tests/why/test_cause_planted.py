"""Mistakes planted in the code of a backward pass, each shown to be visible: which are named, and in which
words.
"""

import numpy as np
import pytest
from chain import IDENTITY, LOGISTIC, RELU, TANH, Chain, cause_of, report_of

from gradcheck import check

# The loss does not use its parameters


class Dead(Chain):
    """All hidden neurons are off for every sample."""

    sizes, activations = (2, 3, 2), (RELU, LOGISTIC)

    def __init__(self):
        super().__init__()
        self.x = np.abs(self.x)
        self.parameters["W1"], self.parameters["b1"] = -np.abs(self.parameters["W1"]), np.full(3, -1.0)


class IgnoresParameters(Chain):
    def loss(self, p):
        return super().loss(self.parameters)


class IgnoresOneBias(Chain):
    def loss(self, p):
        return super().loss(p | {"b2": self.parameters["b2"]})


def ignoring(mistake):
    """The Cause of a network whose loss ignores parameters: it is not moved by them, and their gradient is
    not zero.
    """
    network = mistake()
    p = network.parameters
    assert network.loss(p | {"b2": p["b2"] + 1.0}) == network.loss(p) and np.all(
        network.gradients(p)["b2"] != 0.0
    )
    return check(network.loss, network.gradients, p).cause


def test_a_loss_that_ignores_its_parameters_is_told_before_all_else():
    cause = ignoring(IgnoresParameters)
    assert (cause.id, cause.kind) == ("loss does not depend", "shape")
    assert cause.sentence == (
        "the loss does not move with W1, b1, W2, b2, W3 and b3 at all: does it use the parameters that "
        "it is given? Outputs that always sum to the same want weights"
    )


def test_a_loss_that_ignores_one_block_is_told_with_its_name():
    cause = ignoring(IgnoresOneBias)
    assert cause.id == "loss does not depend" and set(cause.blocks) == {"b2"}
    assert cause.sentence.startswith(
        "the loss does not move with b2 at all: not used, or connected with units that are off"
    )


def test_what_the_loss_ignores_does_not_hide_another_mistake():
    class AndTwice(IgnoresOneBias):
        def of_weights(self, layer, delta, inputs):
            return 2.0 * super().of_weights(layer, delta, inputs)

    cause = ignoring(AndTwice)
    assert cause.id == "loss does not depend + factor 2"
    assert "the gradient of W1, W2 and W3 is the numerical one times 2" in cause.sentence


def test_what_all_have_in_common_is_told_though_the_loss_moves_with_none_of_them():
    class Penalised(Dead):
        activations = (RELU, IDENTITY)

        def handed_in(self, found):
            return {name: value + 0.1 * self.at[name] * (name[0] == "W") for name, value in found.items()}

    class Constant(Dead):
        def handed_in(self, found):
            return {name: value + 0.3 for name, value in found.items()}

    cause = cause_of(Penalised)
    assert cause.id == "loss does not depend + L2 doubled" and cause.blocks == ("W1", "W2")
    assert (
        cause_of(Constant).sentence
        == "the gradient of W1, b1, W2 and b2 is the numerical one plus 0.3 in every entry"
    )


# A zero block says nothing


def test_behind_dead_neurons_the_bias_is_all_that_the_slope_is_taken_of():
    class SlopeMissing(Dead):
        def slope(self, layer, net, out):
            return np.ones_like(out) if layer == 2 else super().slope(layer, net, out)

    cause = cause_of(SlopeMissing)
    assert set(cause.blocks) == {"b2"} and cause.id == "slope left out"
    assert cause.sentence.startswith(
        "the gradient of b2 is the numerical one without the slope of the logistic function at the parameter"
    )


def test_behind_dead_neurons_biases_are_not_called_averaged_nor_zero_weights_right():
    class DeltaAveraged(Dead):
        def error(self, out):
            return super().error(out) / self.samples

    cause = cause_of(DeltaAveraged, samples=6)
    assert (cause.id, cause.sentence) == (
        "factor 1/N",
        "the gradient of b2 is the numerical one times 0.166667, 1 over the number of samples",
    )


def test_weights_that_are_their_l2_term_alone_say_nothing_of_their_delta():
    class SlopeMissing(Dead):
        l2 = 0.1

        def slope(self, layer, net, out):
            return np.exp(net) if layer == 2 else super().slope(layer, net, out)

    assert "every array that is not zero or an L2 term alone" in cause_of(SlopeMissing).sentence


# Factors


@pytest.mark.slow
@pytest.mark.parametrize(
    "factor, given, id, words",
    [
        (2.0 / 6.0, {"samples": 6}, "factor 2/N", "times 0.333333, 2 over the number of samples"),
        (3.0, {"samples": 6}, "factor N/2", "times 3, half of the number of samples"),
        (
            1.0 / 12.0,
            {"samples": 6},
            "factor 1/(2 N)",
            "1 over twice the number of samples or 1 over the number of samples times",
        ),
        (
            1.0 / 24.0,
            {"samples": 6},
            "factor 1/(2 N outputs)",
            "1 over twice the number of samples times outputs",
        ),
        (
            0.125,
            {},
            "factor",
            "times 0.125, 1 over the number of samples? samples=8 would name it",
        ),
        (8.0, {}, "factor", "times 8, the number of samples? samples=8 would name it"),
        (0.3, {"samples": 6}, "factor", "times 0.3;"),
        (1.2345678, {"samples": 6}, "factor", "times 1.23457;"),
        (1.0 + 1e-6, {"samples": 6}, "factor", "times 1 + 1e-06"),
    ],
)
def test_factors_have_the_names_of_their_convention(factor, given, id, words):
    class Scaled(Chain):
        def error(self, out):
            return factor * super().error(out)

    cause = cause_of(type("Scaled", (Scaled,), {"seed": 3}), **given)
    assert cause.id == id and words in f"{cause.sentence};"


# The L2 term


@pytest.mark.parametrize(
    "factor, samples, words",
    [
        (
            8.0,
            8,
            "with everything but an L2 term of 0.1 times 8, the number of samples (or everything is, and "
            "one of 0.0875 is",
        ),
        (
            -1.0,
            8,
            "with the sign of all but an L2 term of 0.1 turned round (or everything is, "
            "and one of 0.2 is missing)",
        ),
        (0.125, 8, "with everything but an L2 term of 0.1 times 0.125, 1 over the number of samples; that"),
    ],
)
def test_a_wrong_delta_beside_a_right_l2_term_is_told_with_the_strength_of_the_term(factor, samples, words):
    class Scaled(Chain):
        l2 = 0.1

        def back(self, layer, delta, W):
            return factor * super().back(layer, delta, W) if layer == 3 else super().back(layer, delta, W)

    cause = cause_of(Scaled, samples=samples)
    assert cause.id.endswith("and L2") and words in f"{cause.sentence}"
    assert cause.constants["factor"] == factor


def test_weights_without_their_data_term_are_told():
    class NoData(Chain):
        l2 = 0.1

        def of_weights(self, layer, delta, inputs):
            return (layer != 1) * super().of_weights(layer, delta, inputs)

    cause = cause_of(NoData)
    assert cause.id == "data term missing"
    assert (
        "the gradient of W1 is 0.1 times the parameter: an L2 term alone, the rest is zero" in cause.sentence
    )


def test_an_l2_term_of_unknown_strength_may_be_divided_or_have_another_sign():
    class Divided(Chain):
        l2 = 0.1

        def penalty(self, layer, W):
            return self.l2 * W / self.samples

    assert (
        "an L2 term of 0.0833333 is missing, or one of 0.1 is divided by 6, the number of samples, or "
        "one of 0.0416667 has "
        "the wrong sign"
    ) in cause_of(Divided, samples=6).sentence


class KeepDims(Chain):
    """Biases of shape (1, n)."""

    def __init__(self):
        super().__init__()
        self.parameters = {name: np.atleast_2d(value) for name, value in self.parameters.items()}

    def handed_in(self, found):
        return {name: np.atleast_2d(value) for name, value in found.items()}


def test_biases_of_two_dimensions_are_biases():
    class Averaged(KeepDims):
        def of_bias(self, layer, delta):
            return delta.mean(axis=0)

    class Penalised(KeepDims):
        def handed_in(self, found):
            return super().handed_in(
                {name: value + 0.1 * self.at[name] * (name[0] == "b") for name, value in found.items()}
            )

    class OfOneSample(KeepDims):
        def of_bias(self, layer, delta):
            return delta[0]

    assert cause_of(Averaged, samples=6).id == "factor 1/N"
    assert cause_of(Penalised, samples=6).id == "L2 on biases"
    assert cause_of(OfOneSample, samples=6).id == "biases"


def test_a_lone_vector_is_no_bias():
    x = np.array([0.3, -0.7, 1.1])
    cause = check(lambda p: np.sum(np.exp(p)), lambda p: np.exp(p) + 0.1 * p, x).cause
    assert cause.id == "L2 doubled" and "bias" not in cause.sentence


# What stands in the place of what


def test_weights_made_without_their_input_are_told():
    class NoInput(Chain):
        def of_weights(self, layer, delta, inputs):
            return np.repeat(delta.sum(axis=0)[:, np.newaxis], inputs.shape[1], axis=1)

    cause = cause_of(NoInput)
    assert set(cause.id.split(" + ")) == {"without input"} and set(cause.blocks) == {"W1", "W2", "W3"}
    assert (
        "the gradient of W1 is made without its input: every column is the numerical gradient of b1, the "
        "delta "
        "alone"
    ) in cause.sentence


def test_a_bias_summed_over_the_neurons_too_is_told():
    class Summed(Chain):
        def of_bias(self, layer, delta):
            return np.full(delta.shape[1], delta.sum())

    cause = cause_of(Summed)
    assert cause.id == "summed" and set(cause.blocks) == {"b1", "b2", "b3"}


class RightSlopes(Chain):
    sizes, activations = (3, 4, 2), (RELU, IDENTITY)

    def __init__(self):
        super().__init__()
        self.x = np.abs(self.x)
        self.parameters["W1"][1], self.parameters["b1"][1] = -1.0, -0.5  # off for every sample
        self.parameters["W1"][[0, 2, 3]] = np.abs(self.parameters["W1"][[0, 2, 3]])  # on for every sample
        self.parameters["b1"][[0, 2, 3]] = 0.5


def test_relu_left_out_is_named_where_a_neuron_is_off_and_its_bias_says_so_too():
    class LeftOut(RightSlopes):
        def slope(self, layer, net, out):
            return np.ones_like(out)

    cause = cause_of(LeftOut)
    assert (cause.id, cause.kind) == ("relu left out", "place") and set(cause.blocks) == {"W1", "b1"}
    assert (
        "W1[1,:] and b1[1] are not zero where the true gradient is, as if the derivative of relu were "
        "left out"
    ) in cause.sentence


def test_without_the_bias_nothing_is_said_of_relu():
    class RowOff(RightSlopes):
        def handed_in(self, found):
            found["W1"][1] = 0.3
            return found

    cause = cause_of(RowOff)
    assert cause.id == "one row" and "relu" not in cause.sentence


def test_a_zero_input_is_no_relu():
    class ZeroInput(Chain):
        sizes, activations = (3, 2), (TANH,)

        def __init__(self):
            super().__init__()
            self.x[:, 1] = 0.0

        def handed_in(self, found):
            found["W1"][1, 1] += 0.01
            return found

    assert cause_of(ZeroInput).id == "one entry"


# Two mistakes


def test_a_factor_everywhere_and_rows_in_reverse_are_both_told():
    class Both(Chain):
        def handed_in(self, found):
            return {name: 2.0 * (value[::-1] if name == "W2" else value) for name, value in found.items()}

    report = report_of(Both)
    assert report.cause.id == "factor 2 + reversed"
    assert report.cause.sentence.startswith(
        "the gradient of W1, b1, b2, W3 and b3 is the numerical one times 2"
    )
    assert (
        "the gradient of W2 is 2 times the numerical one with its rows in reverse order"
        in report.cause.sentence
    )
    assert report["W2"].cause.id == "reversed" and report["b2"].cause.id == "factor 2"


def test_a_factor_everywhere_and_another_in_one_row_are_both_told():
    class Both(Chain):
        def handed_in(self, found):
            found["W1"][1] *= -1.0
            return {name: 2.0 * value for name, value in found.items()}

    cause = cause_of(Both)
    assert (cause.id, cause.kind) == ("sign in one row + factor 2", "shape")
    assert "the gradient of W1 is 2 times the numerical one except for W1[1,:]: times -1;" in cause.sentence


def test_a_place_does_not_hide_what_is_explained():
    class Both(Chain):
        def slope(self, layer, net, out):
            return 1.0 - out if layer == 1 else super().slope(layer, net, out)

        def handed_in(self, found):
            return found | {"W3": found["W3"][::-1]}

    cause = cause_of(Both)
    assert (cause.id, cause.kind) == ("reversed + hidden delta", "place")
    assert (
        "the gradient of W3 is the numerical one with its rows in reverse order; apart from that W2 "
        "and b2 are right, W1 and b1 wrong" in cause.sentence
    )


def test_one_gradient_given_for_two_blocks_is_no_order_of_blocks():
    class Copied(Chain):
        sizes, activations = (3, 3, 3, 3), (TANH, LOGISTIC, IDENTITY)

        def handed_in(self, found):
            return found | {"W1": found["W3"], "W2": found["W3"]}

    cause = cause_of(Copied)
    assert cause.id == "another block"
    assert cause.sentence.startswith("the gradient of W1 and W2 is the numerical one of W3; that of b1, ")


def test_one_entry_is_told_beside_a_mistake_of_another_block():
    def gradients(p):
        found = {name: -np.cos(value) if name == "a" else np.cos(value) for name, value in p.items()}
        found["c"][2] += 0.123
        return found

    p = {"a": np.array([0.3, -0.7, 1.1]), "c": np.array([0.2, 0.9, -0.4])}
    cause = check(lambda p: np.sum(np.sin(p["a"])) + np.sum(np.sin(p["c"])), gradients, p).cause
    assert cause.sentence == (
        "the gradient of a is the numerical one times -1; apart from that the gradient of c is the "
        "numerical one except for c[2]; the gradient of c is off by the same at every point: a term of the "
        "loss that is linear in it, as that of the targets, is counted wrong, or a constant is added"
    )


def test_what_is_of_no_known_shape_is_said_beside_what_is():
    class Both(Chain):
        def handed_in(self, found):
            return {
                name: np.sin(value) if name in ("W1", "b1", "W3") else -value if name == "W2" else value
                for name, value in found.items()
            }

    cause = cause_of(Both)
    assert cause.id == "sign + another function"
    assert (
        "the gradient of W2 is the numerical one times -1; apart from that as handed in, the gradient of W1, "
        "b1 and W3 is that of no function at all" in cause.sentence
    )


def test_equal_clauses_are_told_once():
    class Both(Chain):
        def of_bias(self, layer, delta):
            return 2.0 * super().of_bias(layer, delta)

        def handed_in(self, found):
            return found | {"W2": found["W2"][:, ::-1]}

    assert (
        "the gradient of b1, b2 and b3 is the numerical one times 2, perhaps the number of outputs; the "
        "gradient of W2"
    ) in cause_of(Both).sentence


# What cannot be told apart


def test_what_parameters_that_are_all_one_cannot_tell_apart_another_point_does():
    def loss(p):
        return np.sum(np.sin(p["W"] * np.arange(6.0).reshape(2, 3)))

    def gradients(p):
        a = np.arange(6.0).reshape(2, 3)
        return {"W": a * np.cos(a * p["W"]) + 0.1 * p["W"]}

    cause = check(loss, gradients, {"W": np.ones((2, 3))}).cause
    assert cause.id == "L2 doubled" and cause.runners_up == ()
    ready = check(loss, gradients({"W": np.ones((2, 3))}), {"W": np.ones((2, 3))}).cause
    assert ready.id == "constant added" and [each.id for each in ready.runners_up][:1] == ["L2 doubled"]
    assert (
        "or plus 0.1 times the parameter" in ready.sentence
        and "this point cannot tell them apart" in ready.sentence
    )


def test_two_biases_that_differ_in_sign_alone_may_be_negative_or_exchanged():
    class Softmax(Chain):
        sizes, activations = (3, 4, 2), (TANH, IDENTITY)

        def loss(self, p):
            net = self.forward(p)[1][-1]
            return np.sum(np.log(np.sum(np.exp(net), axis=1)) - net[:, 0])

        def error(self, out):
            return np.exp(out) / np.sum(np.exp(out), axis=1, keepdims=True) - [1.0, 0.0]

        def of_bias(self, layer, delta):
            return -delta.sum(axis=0) if layer == 2 else super().of_bias(layer, delta)

    network = Softmax()
    cause = check(network.loss, network.gradients, network.parameters).cause
    assert (
        cause.id == "sign"
        and "or with its entries in reverse order: this point cannot tell them apart" in cause.sentence
    )


# One vector for all


def flat(mistake, **given):
    network = mistake()
    names = list(network.parameters)
    ends = np.cumsum([network.parameters[name].size for name in names])

    def unpacked(x):
        return {
            name: part.reshape(network.parameters[name].shape)
            for name, part in zip(names, np.split(x, ends[:-1]))
        }

    def packed(p):
        return np.concatenate([p[name].ravel() for name in names])

    return check(
        lambda x: network.loss(unpacked(x)),
        lambda x: packed(network.gradients(unpacked(x))),
        packed(network.parameters),
        **given,
    ).cause


class Small(Chain):
    sizes, activations, l2 = (3, 4, 2), (TANH, IDENTITY), 0.1


def test_in_one_vector_ranges_are_told():
    class PenaltyMissing(Small):
        def penalty(self, layer, W):
            return 0.0 * W

    class Slope(Small):
        def slope(self, layer, net, out):
            return 1.0 - out if layer == 1 else super().slope(layer, net, out)

    assert (
        "except for x[0:12] and x[16:24]: minus 0.1 times the parameter: an L2 term of 0.1"
        in flat(PenaltyMissing).sentence
    )
    assert (flat(Slope).id, flat(Slope).sentence) == (
        "some entries",
        "the gradient of x is the numerical one except for x[0:16]",
    )


def test_a_right_gradient_has_no_cause():
    for network in (Chain(), Dead(), KeepDims(), RightSlopes(), Small()):
        report = check(network.loss, network.gradients, network.parameters, samples=6)
        assert report.verdict == "right" and report.cause is None
