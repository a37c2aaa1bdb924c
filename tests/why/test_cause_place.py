"""Which blocks make a layer, which is the bias, which comes first; and where a chain of derivatives broke."""

from dataclasses import replace

import numpy as np
import pytest
from chain import IDENTITY, LOGISTIC, RELU, TANH, Chain, cause_of
from profiles import by_day

from gradcheck import check
from gradcheck.why.blocks import layers_of
from gradcheck.why.causes import GradientBlock, causes
from gradcheck.why.where_it_broke import SUSPECTS

RNG = np.random.default_rng(5)


def block(name, shape, bar=1e-10, **changes):
    right = RNG.normal(size=shape)
    return replace(
        GradientBlock(name, right.copy(), right, np.full(shape, bar), RNG.normal(size=shape)), **changes
    )


def shaped(text):
    """Blocks from "W1 4x3, b1 4, c": a name and a shape each, a plain number without."""
    parts = [part.split() for part in text.split(", ")]
    return [block(name, tuple(map(int, shape[0].split("x"))) if shape else ()) for name, *shape in parts]


# Layers


@pytest.mark.parametrize(
    "text, layers, directed",
    [
        ("W1 4x3, b1 4, W2 2x4, b2 2", ["W1 b1", "W2 b2"], True),
        ("b1 4, W1 4x3, b2 2, W2 2x4", ["W1 b1", "W2 b2"], True),
        ("W2 2x4, b2 2, W1 4x3, b1 4", ["W1 b1", "W2 b2"], True),
        ("W2 2x2, b2 2, W1 2x2, b1 2", ["W1 b1", "W2 b2"], True),
        ("W1 4x3, W2 2x4", ["W1", "W2"], True),
        ("W2 4x2, W1 3x4", ["W1", "W2"], True),
        (
            "weights[0] 3x4, weights[1] 4x2, biases[0] 4, biases[1] 2",
            ["weights[0] biases[0]", "weights[1] biases[1]"],
            True,
        ),
        (
            "model1.fc1.weight 4x3, model1.fc1.bias 4, model1.fc2.weight 2x4, model1.fc2.bias 2",
            ["model1.fc1.weight model1.fc1.bias", "model1.fc2.weight model1.fc2.bias"],
            True,
        ),
        ("x[0] 4x3, x[1] 4, x[2] 2x4, x[3] 2", ["x[0] x[1]", "x[2] x[3]"], True),
        ("x[0][0] 4x3, x[0][1] 4, x[1][0] 2x4, x[1][1] 2", ["x[0][0] x[0][1]", "x[1][0] x[1][1]"], True),
        ("W1 3x4, b1 1x4, W2 4x1, b2 1x1", ["W1 b1", "W2 b2"], True),
        ("W1 1x4, b1 1x4, W2 4x1, b2 1x1", ["W1 b1", "W2 b2"], True),
        ("W1 4x3, b1 4, W2 4, b2", ["W1 b1", "W2 b2"], True),  # one output: a vector of weights
        ("W 4x3, b 4, V 2x4, c 2", ["W b", "V c"], True),
        ("W_h 4x3, W_o 2x4, b_h 4, b_o 2", ["W_h b_h", "W_o b_o"], True),
        ("l1_W 4x3, l1_b 4, out_W 2x4, out_b 2", ["l1_W l1_b", "out_W out_b"], True),
        ("W_o 2x4, b_o 2, W_h 4x3, b_h 4", ["W_o b_o", "W_h b_h"], False),  # order and sizes disagree
        ("W 2x2, b 2, V 2x2, c 2", ["W b", "V c"], False),
        ("W 4x3, V 2x4", ["W", "V"], False),  # nothing tells
        ("W 2x2, b 2, V 2x2", ["W b", "V"], False),
        ("b 2, g 2, W 2x2, c 2, V 2x2", ["W b g", "V c"], False),
        ("W1 4x2, b1 2, W2 3x4, b2 4", ["W1 b1", "W2 b2"], False),  # the sizes say the reverse
        ("W1 4x3, b1 4, gamma1 4, beta1 4, W2 2x4, b2 2", ["W1 b1 gamma1 beta1", "W2 b2"], True),
    ],
)
def test_layers_are_told_by_numbers_and_sizes(text, layers, directed):
    found = layers_of(shaped(text))
    assert ([" ".join(names) for names in found.names], found.directed) == (layers, directed)


@pytest.mark.parametrize(
    "text",
    [
        "w1, w2",
        "x 7",
        "a 3, b 3",
        "Wxh 5x2, Whh 5x5, Why 2x5, bh 5, by 2",
        "W1 4x3, U1 4x4, b1 4, W2 2x4, b2 2",
    ],
)
def test_what_no_names_or_sizes_tell_apart_has_no_layers(text):
    assert layers_of(shaped(text)) is None


def test_a_vector_beside_others_in_its_layer_is_no_bias():
    roles = layers_of(shaped("W1 4x3, b1 4, gamma1 4, W2 2x4, b2 2")).roles
    assert {name for name, (role, _) in roles.items() if role == "bias"} == {"b2"}


@pytest.mark.parametrize(
    "text, axis",
    [
        ("W1 4x3, b1 4, W2 2x4, b2 2", 0),
        ("W1 3x4, b1 4, W2 4x2, b2 2", 1),
        ("W1 2x2, b1 2, W2 2x2, b2 2", None),
        ("W1 4x3, W2 2x4", 0),
    ],
)
def test_the_axis_of_the_neurons_is_told_by_sizes(text, axis):
    assert layers_of(shaped(text)).axis == axis


# Places, of mistakes in code


class HiddenSlope(Chain):
    def slope(self, layer, net, out):
        return 1.0 - out if layer == 1 else super().slope(layer, net, out)


class MiddleSlope(Chain):
    def slope(self, layer, net, out):
        return np.ones_like(out) if layer == 2 else super().slope(layer, net, out)


class OutputSlope(Chain):
    activations = (TANH, LOGISTIC, TANH)

    def slope(self, layer, net, out):
        return np.ones_like(out) if layer == 3 else super().slope(layer, net, out)


class OfOneSample(Chain):
    def of_bias(self, layer, delta):
        return delta[0]


class WrongInput(Chain):
    def of_weights(self, layer, delta, inputs):
        return super().of_weights(layer, delta, inputs[::-1] if layer == 2 else inputs)


class LayerOfOneSample(Chain):
    def of_weights(self, layer, delta, inputs):
        return (
            super().of_weights(layer, delta[:1], inputs[:1])
            if layer == 3
            else super().of_weights(layer, delta, inputs)
        )

    def of_bias(self, layer, delta):
        return delta[0] if layer == 3 else super().of_bias(layer, delta)


class Noisy(Chain):
    def handed_in(self, found):
        rng = np.random.default_rng(1)
        return {name: value * (1.0 + 1e-3 * rng.normal(size=value.shape)) for name, value in found.items()}


class HereAndThere(Chain):
    def handed_in(self, found):
        return {name: np.sin(value) if name in ("W2", "b3") else value for name, value in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "mistake, id, words, wrong",
    [
        (
            HiddenSlope,
            "hidden delta",
            "W2 and b2 are right, W1 and b1 wrong: look at the hidden delta, or each",
            "W1 b1",
        ),
        (
            MiddleSlope,
            "hidden delta",
            "W3 and b3 are right, wrong from W2 and b2 on: look at the hidden delta",
            "W1 b1 W2 b2",
        ),
        (
            OutputSlope,
            "every block",
            "wrong in every array: look at the output delta, or each array by itself",
            "W1 b1 W2 b2 W3 b3",
        ),
        (
            Noisy,
            "every block",
            "wrong in every array: look at the output delta, or each array by itself",
            "W1 b1 W2 b2 W3 b3",
        ),
        (
            OfOneSample,
            "biases",
            "wrong in b1, b2 and b3 only; the weights of the same layers are right, and so are their deltas",
            "b1 b2 b3",
        ),
        (
            WrongInput,
            "weights",
            "wrong in W2 only; the biases of the same layers are right, and so are the deltas",
            "W2",
        ),
        (
            LayerOfOneSample,
            "one layer",
            "wrong in W3 and b3 only, right in W2 and b2 before: the delta handed on is",
            "W3 b3",
        ),
        (
            HereAndThere,
            "each by itself",
            "wrong in W2 and b3 only, right in W1 and b1: what is handed on to there is",
            "W2 b3",
        ),
    ],
)
def test_where_no_shape_fits_the_wrong_blocks_say_where_the_chain_broke(mistake, id, words, wrong):
    cause = cause_of(mistake)
    assert (cause.id, cause.kind) == (id, "place") and words in cause.sentence
    assert set(cause.blocks) == set(wrong.split())
    assert (
        cause.sentence.endswith(f". Often: {SUSPECTS[id]}")
        if id in SUSPECTS
        else "Often" not in cause.sentence
    )


def test_a_bias_with_a_slope_of_its_own_is_not_blamed_on_the_sum_alone():
    class OfNet(Chain):
        activations = (LOGISTIC, LOGISTIC, IDENTITY)

        def of_bias(self, layer, delta):
            if layer != 1:
                return super().of_bias(layer, delta)
            nets, outs = self.forward(self.at)
            return np.sum(delta * nets[1] * (1 - nets[1]) / (outs[1] * (1 - outs[1])), axis=0)

    cause = cause_of(OfNet)
    assert cause.id == "biases" and set(cause.blocks) == {"b1"}
    assert "a delta of its own" in cause.sentence and "another slope than" in cause.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    "mistake", by_day([HiddenSlope, OutputSlope, OfOneSample, WrongInput, LayerOfOneSample], 3)
)
def test_the_order_of_the_dict_changes_no_word(mistake):
    class Reversed(mistake):
        def __init__(self):
            super().__init__()
            self.parameters = {name: self.parameters[name] for name in ("W3", "b3", "W2", "b2", "W1", "b1")}

    assert cause_of(Reversed).sentence == cause_of(mistake).sentence


def test_without_biases_the_hidden_delta_is_told_by_the_weights():
    x, t = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))

    def loss(p):
        return 0.5 * np.sum((np.tanh(x @ p["W1"].T) @ p["W2"].T - t) ** 2)

    def gradients(p):
        out = np.tanh(x @ p["W1"].T)
        delta = out @ p["W2"].T - t
        return {
            "W1": (delta @ p["W2"] * (1.0 - out)).T @ x,
            "W2": delta.T @ out,
        }  # the slope of tanh is 1 - out**2

    cause = check(loss, gradients, {"W1": RNG.normal(size=(4, 3)), "W2": RNG.normal(size=(2, 4))}).cause
    assert cause.sentence.startswith(
        "W2 is right, W1 wrong: look at the hidden delta, or W1 by itself. Often: "
    )


def test_of_one_layer_alone_the_delta_is_suspected():
    class OneLayer(Noisy):
        sizes, activations = (3, 2), (TANH,)

    cause = cause_of(OneLayer)
    assert cause.sentence.startswith(
        "wrong in every array: look at the output delta, or each array by itself"
    )


def test_without_a_direction_no_delta_is_blamed():
    class Square(HiddenSlope):
        sizes, activations = (3, 3, 3), (TANH, IDENTITY)

    network = Square()
    names = {"W1": "W", "b1": "b", "W2": "V", "b2": "c"}
    back = {new: old for old, new in names.items()}

    def old(p):
        return {back[name]: value for name, value in p.items()}

    parameters = {names[name]: value for name, value in network.parameters.items()}
    report = check(
        lambda p: network.loss(old(p)),
        lambda p: {names[name]: value for name, value in network.gradients(old(p)).items()},
        parameters,
    )
    assert report.verdict == "wrong" and report.cause.id == "between"
    assert report.cause.sentence == (
        "the gradient of W and b vanishes where V is zero, and that of V is right: look between V and W and b"
    )


# What a wrong delta can do, and what it cannot


class OneSample(Chain):
    samples, activations = 1, (TANH, LOGISTIC, TANH)


def test_of_one_sample_a_wrong_delta_keeps_the_outer_product():
    class SlopeMissing(OneSample, OutputSlope):
        pass

    cause = cause_of(SlopeMissing)
    assert cause.id == "output delta"
    assert (
        "the output delta, for the gradient of W3 is that of b3 times an input, as in the true one"
        in cause.sentence
    )


def test_of_one_sample_noise_does_not():
    class Noise(OneSample, Noisy):
        pass

    cause = cause_of(Noise, samples=1)
    assert cause.id == "every block"
    assert (
        "and not by a wrong output delta alone: in the true one the gradient of W3 is that of b3 times"
        in cause.sentence
    )


def test_a_wrong_delta_leaves_a_zero_input_zero():
    class Constant(Chain):
        sizes, activations = (3, 4, 2), (RELU, TANH)

        def __init__(self):
            super().__init__()
            self.x = np.abs(self.x)
            self.parameters["W1"], self.parameters["b1"] = np.abs(self.parameters["W1"]), np.full(4, 0.5)
            self.parameters["W1"][2], self.parameters["b1"][2] = -1.0, -0.5

        def handed_in(self, found):
            return {name: np.where(value == 0.0, 1e-3, np.sin(value)) for name, value in found.items()}

    cause = cause_of(Constant)
    assert (
        "not by a wrong output delta alone: W2[:,2] is not zero where the true gradient is, as of an input"
        in cause.sentence
    )


def test_of_one_sample_the_hidden_delta_is_told_by_the_outer_product_too():
    class SlopeWrong(OneSample, HiddenSlope):
        activations = (TANH, LOGISTIC, IDENTITY)

    cause = cause_of(SlopeWrong, samples=1)
    assert (
        cause.id == "hidden delta"
        and "the hidden delta, for the gradient of W1 is that of b1 times" in cause.sentence
    )


def test_a_delta_is_wrong_for_the_same_neurons_in_weights_and_bias():
    class OneBiasRight(Chain):
        def handed_in(self, found):
            found["W1"] = np.sin(found["W1"])
            found["b1"][1:] = np.sin(found["b1"][1:])
            return found

    cause = cause_of(OneBiasRight)
    assert cause.id == "hidden layers"
    assert "and not by a wrong hidden delta alone: b1[0] is right and W1[0,:] not" in cause.sentence


def test_filters_have_a_place_too():
    blocks = [block("W1", (4, 3, 2, 2)), block("b1", (4,)), block("W2", (2, 9)), block("b2", (2,))]
    blocks[0].analytic[:], blocks[1].analytic[:] = RNG.normal(size=(4, 3, 2, 2)), RNG.normal(size=4)
    assert causes(blocks).overall.sentence.startswith(
        "W2 and b2 are right, W1 and b1 wrong: look at the hidden delta, or"
    )


# Entries that were judged together


def unseen(name, shape, **known):
    return block(name, shape, numeric=np.full(shape, np.nan), bar=np.full(shape, np.inf), **known)


def test_a_block_known_to_be_wrong_counts_as_wrong_without_a_visible_entry():
    blocks = [
        unseen("W1", (4, 3), known_wrong=True),
        block("b1", (4,)),
        block("W2", (2, 4)),
        block("b2", (2,)),
    ]
    found = causes(blocks)
    assert found.wrong == ("W1",) and found["W1"] is None
    assert (
        found.overall.id == "weights"
        and "wrong in W1 only; the biases of the same layers are right" in found.overall.sentence
    )


def test_a_block_of_which_nothing_is_known_is_called_neither_right_nor_wrong():
    twice = block("W1", (4, 3))
    twice = replace(twice, analytic=2.0 * twice.numeric)
    said = {
        known: causes([twice, unseen("W2", (2, 4), **{known: True} if known else {})]).overall.sentence
        for known in ("known_right", "known_wrong", "")
    }
    assert said["known_right"].endswith("; that of W2 is right") and "W2" not in said[""]
    assert "apart from that wrong in W2 only" in said["known_wrong"]


@pytest.mark.parametrize(
    "looked_at, words",
    [
        (8, "the numerical one except for W1[2,1], of the 8 entries measured"),
        (12, "the numerical one except for W1[2,1];"),
    ],
)
def test_of_a_block_that_was_looked_at_in_part_no_place_is_claimed_for_the_rest(looked_at, words):
    blocks = [block("W1", (4, 3)), block("W2", (2, 4))]
    blocks[0].analytic[2, 1] += 0.123
    blocks[0].bar.flat[: 12 - looked_at] = np.inf
    found = causes(blocks).overall
    assert words in found.sentence and (found.id == "one entry") is (looked_at == 12)


def test_a_shape_of_a_block_that_was_looked_at_in_part_is_claimed_of_that_part():
    twice = block("W1", (4, 3))
    twice.analytic[:] = 2.0 * twice.numeric
    twice.bar.flat[:6] = np.inf
    assert "times 2, in the 6 entries measured" in causes([twice]).overall.sentence


# Chance


@pytest.mark.parametrize("bar, claimed", [(1e-9, True), (1e-2, False)])
def test_two_entries_with_wide_bars_do_not_make_a_constant(bar, claimed):
    numeric = np.array([1.0, 1.5])
    near = GradientBlock(
        "W1", numeric + np.array([0.52, 0.52 + 0.5 * bar]), numeric, np.full(2, bar), np.array([0.3, 0.4])
    )
    assert (causes([near]).overall is not None) is claimed
