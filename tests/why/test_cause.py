"""Causes: a planted mistake, first shown to be visible, is named; a right gradient has none, nor has a
random one.
"""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from profiles import share

from gradcheck import gradient
from gradcheck.errors import GradcheckError, ShapeMismatch
from gradcheck.inputs.point import Point
from gradcheck.why.causes import GradientBlock, causes

NETWORKS = share(22, least=24)  # 66 in the thorough profile
EVERY = 6  # each mistake is planted in every sixth network
ACTIVATIONS = {
    "tanh": (np.tanh, lambda out: 1.0 - out**2),
    "logistic": (lambda net: 1.0 / (1.0 + np.exp(-net)), lambda out: out * (1.0 - out)),
    "relu": (lambda net: np.maximum(net, 0.0), lambda out: (out > 0.0) * 1.0),
}


class Drawn:
    """A network drawn from a seed, its own forward and backward pass. W of shape (neurons, inputs); N samples
    in rows.

    The keywords make one mistake each in the backward pass.
    """

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.samples, self.outputs = int(rng.integers(3, 8)), int(rng.integers(2, 4))
        self.loss_name = rng.choice(["squared error", "binary cross-entropy", "categorical cross-entropy"])
        sizes = [int(rng.integers(2, 5)) for _ in range(rng.integers(2, 5))] + [self.outputs]
        self.activations = [str(rng.choice(list(ACTIVATIONS))) for _ in sizes[1:-1]]
        self.l2, self.learning_rate = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.01, 0.1))
        self.parameters = {}
        for layer, (inputs, neurons) in enumerate(zip(sizes, sizes[1:]), 1):
            self.parameters |= {
                f"W{layer}": rng.normal(size=(neurons, inputs)),
                f"b{layer}": rng.normal(size=neurons),
            }
        self.layers = len(sizes) - 1
        self.x = rng.normal(size=(self.samples, sizes[0]))
        self.t = np.eye(self.outputs)[rng.integers(0, self.outputs, size=self.samples)]

    def forward(self, p):
        outs = [self.x]
        for layer in range(1, self.layers + 1):
            net = outs[-1] @ p[f"W{layer}"].T + p[f"b{layer}"]
            outs.append(
                ACTIVATIONS[self.activations[layer - 1]][0](net) if layer < self.layers else self.output(net)
            )
        return outs

    def output(self, net):
        if self.loss_name == "squared error":
            return net
        if self.loss_name == "binary cross-entropy":
            return 1.0 / (1.0 + np.exp(-net))
        shifted = np.exp(net - net.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def loss(self, p):
        out = self.forward(p)[-1]
        if self.loss_name == "squared error":
            E = 0.5 * np.sum((self.t - out) ** 2)
        elif self.loss_name == "binary cross-entropy":
            E = -np.sum(self.t * np.log(out) + (1.0 - self.t) * np.log(1.0 - out))
        else:
            E = -np.sum(self.t * np.log(out))
        return E + 0.5 * self.l2 * sum(np.sum(p[f"W{layer}"] ** 2) for layer in range(1, self.layers + 1))

    def gradients(self, derivative_missing_at=None, delta_with_half=None, rows=slice(None), l2=True):
        p, outs, found = self.parameters, self.forward(self.parameters), {}
        delta = np.zeros_like(outs[-1])
        delta[rows] = (outs[-1] - self.t)[rows]
        for layer in range(self.layers, 0, -1):
            found[f"W{layer}"] = delta.T @ outs[layer - 1] + (self.l2 * p[f"W{layer}"] if l2 else 0.0)
            found[f"b{layer}"] = delta.sum(axis=0)
            delta = delta @ p[f"W{layer}"]
            if layer > 1 and derivative_missing_at != layer - 1:
                delta = delta * ACTIVATIONS[self.activations[layer - 2]][1](outs[layer - 1])
            delta = 0.5 * delta if delta_with_half == layer - 1 else delta
        return {name: found[name] for name in p}

    def blocks(self, wrong, numeric):
        point = Point(self.parameters)
        analytic = point.flatten_like(wrong)
        bar = numeric.error + 2.0**-53 * np.abs(analytic)
        columns = (analytic, numeric.value, bar, point.vector)
        return [GradientBlock(block.name, *map(block.of, columns)) for block in point.blocks]

    def causes(self, wrong, numeric, **given):
        given = {
            "learning_rate": self.learning_rate,
            "samples": self.samples,
            "outputs": self.outputs,
        } | given
        return causes(self.blocks(wrong, numeric), **given)


def measured(network):
    point = Point(network.parameters)
    return gradient(lambda vector: network.loss(point.restore(vector)), point.vector)


@cache
def drawn():
    """Every drawn network with its numerical gradients."""
    return [(network, measured(network)) for network in map(Drawn, range(NETWORKS))]


# Planted mistakes: (expected id of the whole, change of right gradients; None where this network cannot have
# it)


def times(factor):
    return lambda n, g: {name: value * factor(n) for name, value in g.items()}


def in_weights(change):
    return lambda n, g: {
        name: change(n, name, value) if value.ndim == 2 else value for name, value in g.items()
    }


def in_biases(change):
    return lambda n, g: {
        name: change(n, name, value) if value.ndim == 1 else value for name, value in g.items()
    }


def in_first(change):
    return lambda n, g: g | {"W1": change(n, "W1", g["W1"])}


def l2_in_weights(factor):
    return in_weights(lambda n, name, value: value + factor(n) * n.l2 * n.parameters[name])


def transposed(n, g):
    square = [name for name, value in g.items() if value.ndim == 2 and value.shape[0] == value.shape[1]]
    return g | {square[0]: g[square[0]].T} if square else None


def reshaped(n, g):
    others = [name for name, value in g.items() if value.ndim == 2 and value.shape[0] != value.shape[1]]
    return g | {name: g[name].reshape(g[name].shape[::-1]).T for name in others[:1]} if others else None


def zero_row(n, name, value):
    value = value.copy()
    value[np.argmax(np.abs(value).sum(axis=1))] = 0.0
    return value


def zero_column(n, name, value):
    return zero_row(n, name, value.T).T


def one_entry(n, name, value):
    value = value.copy()
    value.flat[np.argmax(np.abs(value))] *= -1.7
    return value


def one_row(n, name, value):
    value = value.copy()
    value[np.argmax(np.abs(value).sum(axis=1))] *= 1.3
    return value


def block_order(n, g):
    pairs = [(a, b) for a in g for b in g if a < b and g[a].shape == g[b].shape]
    return g | {pairs[0][0]: g[pairs[0][1]], pairs[0][1]: g[pairs[0][0]]} if pairs else None


def missing_derivative(n, g):
    return n.gradients(derivative_missing_at=1) if n.layers > 1 and n.activations[0] != "relu" else None


PARTS = ("one entry", "one row", "one column", "some rows", "some columns", "some entries")
PLANTED = {
    "sign": ({"sign"}, times(lambda n: -1.0)),
    "twice": ({"factor 2"}, times(lambda n: 2.0)),
    "half": ({"factor 1/2"}, times(lambda n: 0.5)),
    "not averaged": ({"factor N"}, times(lambda n: float(n.samples))),
    "averaged": ({"factor 1/N"}, times(lambda n: 1.0 / n.samples)),
    "learning rate": ({"factor learning rate"}, times(lambda n: n.learning_rate)),
    "an update": ({"factor -learning rate"}, times(lambda n: -n.learning_rate)),
    "an unknown factor": ({"factor"}, times(lambda n: 1.0009)),
    "L2 missing": ({"L2 missing"}, l2_in_weights(lambda n: -1.0)),
    "L2 twice": ({"L2 doubled"}, l2_in_weights(lambda n: 1.0)),
    "L2 on biases": ({"L2 on biases"}, in_biases(lambda n, name, value: value + n.l2 * n.parameters[name])),
    "all but L2 averaged": (
        {"factor 1/N and L2"},
        lambda n, g: {
            name: (value - l2) / n.samples + l2
            for name, value in g.items()
            for l2 in [n.l2 * n.parameters[name] * (value.ndim == 2)]
        },
    ),
    "biases averaged": ({"factor 1/N"}, in_biases(lambda n, name, value: value / n.samples)),
    "W1 negative": ({"sign"}, in_first(lambda n, name, value: -value)),
    "W1 zero": ({"zero"}, in_first(lambda n, name, value: 0.0 * value)),
    "transposed": ({"transposed"}, transposed),
    "reshaped": ({"reshaped"}, reshaped),
    "a row of zeros": ({"zero in one row"}, in_first(zero_row)),
    "a column of zeros": ({"zero in one column"}, in_first(zero_column)),
    "one entry": ({"one entry"}, in_first(one_entry)),
    "one row": ({"factor in one row"}, in_first(one_row)),
    "rows in reverse": ({"reversed"}, in_first(lambda n, name, value: value[::-1])),
    "a constant": ({"constant added"}, in_first(lambda n, name, value: value + 0.3)),
    "block order": ({"another block"}, block_order),
    "the parameter": ({"the parameter"}, in_weights(lambda n, name, value: n.parameters[name])),
    "an absolute value": (
        {"sign", *(f"sign in {those}" for those in PARTS)},
        in_first(lambda n, name, value: np.abs(value) if np.any(value < 0.0) else None),
    ),
    "a derivative left out": ({"hidden delta"}, missing_derivative),
    "half of the hidden delta": (
        {"hidden delta", "factor 1/2", "factor 1/2 and L2"},
        lambda n, g: n.gradients(delta_with_half=1) if n.layers > 1 else None,
    ),
}


def planted(name):
    """(network, numeric, wrong gradients) wherever the mistake is possible and visible in what it changes."""
    start = list(PLANTED).index(name) % EVERY
    for network, numeric in drawn()[start::EVERY]:
        right = network.gradients()
        wrong = PLANTED[name][1](network, right)
        if wrong is None or any(value is None for value in wrong.values()):
            continue
        point = Point(network.parameters)
        apart = np.abs(point.flatten_like(wrong) - numeric.value)
        if np.any(apart > 1000.0 * numeric.error):
            yield network, numeric, wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_named(name):
    expected, tried, named = PLANTED[name][0], 0, []
    for network, numeric, wrong in planted(name):
        overall = network.causes(wrong, numeric).overall
        tried += 1
        named.append(overall is not None and overall.id in expected)
    assert tried >= NETWORKS // EVERY // 3, "the mistake is hardly ever possible or visible"
    assert tried - sum(named) <= max(1, tried // 20)


def test_a_right_gradient_has_no_cause():
    for network, numeric in drawn():
        found = network.causes(network.gradients(), numeric)
        assert found.overall is None and found.wrong == () and set(found.blocks.values()) == {None}


@pytest.mark.slow
@pytest.mark.parametrize(
    "times_in, id",
    [
        (0.0, "L2 missing"),
        (2.0, "L2 doubled"),
        (-1.0, "L2 sign"),
        (0.5, "L2 halved"),
        (None, "L2 divided by N"),
    ],
)
def test_with_its_strength_known_an_l2_term_is_told_apart(times_in, id):
    named, networks = [], drawn()[: share(5, least=8)]
    for network, numeric in networks:
        factor = 1.0 / network.samples if times_in is None else times_in
        wrong = l2_in_weights(lambda n: factor - 1.0)(network, network.gradients())
        overall = network.causes(wrong, numeric, l2=network.l2).overall
        named.append(
            overall.id == id
            and overall.constants["l2"] == pytest.approx((factor - 1.0) * network.l2, rel=1e-6)
        )
    assert sum(named) >= len(networks) - 1


# Blocks with numbers of their own

RNG = np.random.default_rng(5)


def block(name, shape, bar=1e-10, **changes):
    right = RNG.normal(size=shape)
    return replace(
        GradientBlock(name, right.copy(), right, np.full(shape, bar), RNG.normal(size=shape)), **changes
    )


def network_of_blocks():
    shapes = {"W1": (3, 4), "b1": (3,), "W2": (3, 3), "b2": (3,), "W3": (2, 3), "b3": (2,)}
    return [block(name, shape) for name, shape in shapes.items()]


def junk(blocks, names):
    return [
        replace(each, analytic=RNG.normal(size=each.numeric.shape)) if each.name in names else each
        for each in blocks
    ]


@pytest.mark.parametrize(
    "change, id, words",
    [
        (lambda a: a[[2, 0, 1]], "permuted rows", "rows in the order 2, 0, 1"),
        (lambda a: a[:, [0, 2, 3, 1]], "permuted columns", "columns in the order 0, 2, 3, 1"),
        (lambda a: a[:, ::-1], "reversed", "columns in reverse order"),
        (
            lambda a: np.where(np.arange(12).reshape(3, 4) % 5, a, 0.0),
            "zero in some entries",
            "W1[0,0], W1[1,1] and W1[2,2]",
        ),
        (lambda a: np.where(np.arange(4) == 2, -a, a), "sign in one column", "W1[:,2]: times -1"),
    ],
)
def test_what_is_wrong_inside_a_matrix(change, id, words):
    blocks = network_of_blocks()
    blocks[0] = replace(blocks[0], analytic=change(blocks[0].numeric))
    found = causes(blocks)
    assert found["W1"].id == found.overall.id == id and words in found.overall.sentence
    assert found.overall.sentence.endswith("; that of b1, W2, b2, W3 and b3 is right")


def test_factors_of_the_same_value_are_all_told():
    blocks = [replace(each, analytic=2.0 * each.analytic) for each in network_of_blocks()]
    assert "times 2, perhaps the number of samples or the number of outputs" in str(
        causes(blocks, samples=2, outputs=2)
    )


def test_different_causes_in_different_blocks_are_listed():
    blocks = network_of_blocks()
    blocks[0] = replace(blocks[0], analytic=-blocks[0].numeric)
    blocks[2] = replace(blocks[2], analytic=blocks[2].numeric.T)
    assert causes(blocks).overall.id == "sign + transposed"


# No claim without evidence


@pytest.mark.parametrize("bar, named", [(1e-10, True), (0.05, False), (np.inf, False)])
def test_nothing_is_claimed_where_the_difference_is_not_visible(bar, named):
    found = causes([block("W1", (3, 3), bar, analytic=np.full((3, 3), 0.1), numeric=np.full((3, 3), -0.1))])
    assert (found.overall is not None) is named and bool(found.wrong) is named


def test_a_bar_too_wide_for_the_factor_claims_no_name_for_it():
    numeric = RNG.uniform(1.0, 2.0, size=(3, 3))
    vague = block("W1", (3, 3), 0.05, numeric=numeric, analytic=2.003 * numeric)
    assert "factor 2" not in {each.id for each in [*causes([vague]).blocks.values()] if each is not None}


def test_a_single_number_has_no_unnamed_factor_and_two_have():
    single = block("w5", (), analytic=np.array(0.7), numeric=np.array(0.4))
    assert causes([single])["w5"] is None
    both = [single, replace(single, name="w6", analytic=np.array(1.4), numeric=np.array(0.8))]
    assert causes(both).overall.id == "factor" and causes(both).overall.constants["factor"] == pytest.approx(
        1.75
    )


def test_random_gradients_have_no_cause():
    shapes = [
        causes(junk(network_of_blocks(), {"W1", "b1", "W2", "b3"}), 0.1, 5, 2, l2=0.1).blocks
        for _ in range(15)
    ]
    assert {each for blocks in shapes for each in blocks.values()} == {None}


def test_entries_about_which_nothing_is_known_do_not_count():
    known = block("W1", (3, 3))
    bar, numeric = known.bar.copy(), known.numeric.copy()
    bar[0, 0], numeric[1, 1] = np.inf, np.nan
    assert causes([replace(known, analytic=-known.numeric, numeric=numeric, bar=bar)]).overall.id == "sign"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_told(bad):
    blocks = network_of_blocks()
    blocks[2].analytic[0, 0] = bad
    assert causes(blocks).overall.id == "not finite"


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"bar": np.zeros((4, 3))}, ShapeMismatch),
        ({"parameter": np.zeros((4, 3))}, ShapeMismatch),
        ({"bar": np.full((3, 4), -1.0)}, GradcheckError),
        ({"bar": np.full((3, 4), np.nan)}, GradcheckError),
    ],
)
def test_unsuitable_blocks_are_refused(changes, error):
    with pytest.raises(error, match="W1"):
        causes([replace(block("W1", (3, 4)), **changes)])


def test_sizes_of_numbers_do_not_matter():
    for scale in (1e-200, 1e-12, 1e12, 1e200):
        numeric = RNG.normal(size=(3, 3)) * scale
        bar, parameter = np.full((3, 3), 1e-10 * scale), RNG.normal(size=(3, 3))
        found = causes([GradientBlock("W1", 3.0 * numeric, numeric, bar, parameter)])
        assert found.overall.id == "factor"


def test_the_dict_is_ready_for_json():
    blocks = network_of_blocks()
    blocks[0] = replace(blocks[0], analytic=-blocks[0].numeric)
    plain = causes(blocks).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["overall"]["id"] == "sign" and plain["wrong"] == ["W1"] and plain["blocks"]["W2"] is None


def test_entries_below_a_limit_are_not_called_clipped():
    draw = np.random.default_rng(3)
    numeric = draw.normal(size=(6, 5))
    given = numeric.copy()
    given[[0, 1, 2], [1, 3, 2]] = 0.3, 0.2, 0.1
    block = GradientBlock("x", given, numeric, np.full(given.shape, 1e-10), draw.normal(size=given.shape))
    assert causes([block]).overall is None
    given[[0, 1, 2], [1, 3, 2]] = np.clip(numeric, -0.01, 0.01)[[0, 1, 2], [1, 3, 2]]
    assert causes([block]).overall.id == "clipped in some entries"


def test_zero_is_what_lies_within_its_bar_and_determines_nothing():
    given, numeric, bar = np.array([1e-12, 5e-9, 1.0]), np.array([0.0, 1e-12, 1.0]), np.full(3, 1e-9)
    block = GradientBlock("x", given, numeric, bar, np.ones(3))
    assert block.is_zero.tolist() == [True, False, False]
    assert block.fit([np.zeros(3)]) is None is block.fit([np.arange(3.0), np.zeros(3)])
    assert block.fit([numeric]) == [pytest.approx(1.0)]
