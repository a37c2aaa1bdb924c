"""Single precision, in the loss or in the numbers handed over: nothing right is accused or left open,
nothing wrong passes, for any batch.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from drawn.gradient_models import drawn
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import by_day, examples, for_the_night, is_thorough

from gradcheck import check

KINDS = (
    "softmax regression,tanh, squared,sigmoid, binary,relu, softmax,leaky relu, huber,relu, five layers,"
    "convolution, max,batch norm,layer norm,attention,causal attention,recurrent,LSTM,GRU"
)
KINDS = KINDS.replace(", ", "; ").split(",")
SINGLE = {  # what is in float32: (the loss, the gradients, the parameters)
    "whole function": (np.float32, np.float32, np.float64),
    "all numbers": (np.float32, np.float32, np.float32),
    "gradients": (np.float64, np.float32, np.float64),
    "parameters": (np.float64, np.float64, np.float32),
}
VISIBLE = 0.1  # of the largest entry of a block
MOST_UNDECIDED = 0.05


@st.composite
def models(draw):
    """(kind, loss, model of the gradients) with everything in the precision that SINGLE says."""
    kind = draw(st.sampled_from(KINDS)).replace("; ", ", ")
    samples = draw(st.sampled_from([1, 2, 8, 32] if "attention" in kind else [1, 4, 32, 300, 1000]))
    of_loss, of_gradients, of_parameters = SINGLE[draw(st.sampled_from(sorted(SINGLE)))]
    model = drawn(kind, draw(st.integers(0, 2**32 - 1)), samples=samples)
    parameters = {name: each.astype(of_parameters) for name, each in model.parameters.items()}
    model = replace(model, parameters=parameters)
    return replace(model, inner=of_loss).loss, replace(model, inner=of_gradients)


@pytest.mark.slow
def test_right_gradients_are_never_accused_and_hardly_ever_undecided():
    verdicts = []

    @given(models())
    @examples(40)
    def run(drawn_model):
        loss, model = drawn_model
        report = check(loss, model.gradients, model.parameters)
        assert report.verdict != "wrong", f"{model.kind}: {report}"
        verdicts.append(report.verdict)

    run()
    assert verdicts.count("undecided") <= max(1, MOST_UNDECIDED * len(verdicts))


@pytest.mark.slow
@given(models(), st.integers(0, 2**32 - 1))
@examples(40)
def test_a_mistake_of_visible_size_never_passes(drawn_model, choice):
    loss, model = drawn_model
    possible, draw = model.mistakes(), np.random.default_rng(choice)
    wrong = replace(model, mistake=possible[draw.integers(len(possible))])
    good, bad = (replace(each, inner=np.float64).gradients(model.parameters) for each in (model, wrong))
    largest = {name: np.max(np.abs(each)) for name, each in good.items()}
    shown = [name for name in good if np.max(np.abs(good[name] - bad[name])) > VISIBLE * largest[name]]
    assume(any(largest[name] > 1e-3 * max(largest.values()) for name in shown))
    assert check(loss, wrong.gradients, model.parameters).verdict == "wrong"


DRAW = np.random.default_rng(3)
INPUTS, WEIGHTS = (DRAW.normal(size=size).astype(np.float32) for size in ((8, 40), (40, 30)))


@pytest.mark.parametrize(
    "one_by_one, factor, verdict",
    [
        (4096, 1.0, "right"),
        (100, 1.02, "wrong"),
        *(pytest.param(4096, each, "wrong", marks=for_the_night()) for each in (1.02, 2.0, -1.0)),
        *(pytest.param(100, each, "wrong", marks=for_the_night()) for each in (2.0, -1.0)),
        pytest.param(100, 1.0, "right", marks=for_the_night()),
    ],
)
def test_a_linear_layer_of_a_thousand_entries(one_by_one, factor, verdict):
    """In float32 one entry or another is always below the noise: beside the largest slope it is small."""
    x, start = INPUTS, {"W": 0.2 * WEIGHTS, "b": WEIGHTS[0]}

    def loss(p):
        return np.sum(np.tanh(x @ p["W"].astype(np.float32) + p["b"].astype(np.float32)), dtype=np.float32)

    def gradients(p):
        slope = 1.0 - np.tanh(x @ p["W"].astype(np.float32) + p["b"].astype(np.float32)) ** 2
        return {"W": np.float32(factor) * (x.T @ slope), "b": slope.sum(axis=0)}

    report = check(loss, gradients, start, one_by_one=one_by_one)
    assert report.verdict == report["W"].verdict == verdict and report["b"].verdict == "right"


def test_a_bias_before_batch_normalisation_is_zero_up_to_the_rounding_of_its_terms():
    """Handed over in float32 against a loss in double: the true slope is zero, the terms are near 1."""
    model = drawn("batch norm", 5, samples=100)
    report = check(model.loss, replace(model, inner=np.float32).gradients, model.parameters)
    given_bias = replace(model, inner=np.float32).gradients(model.parameters)["b"]
    assert np.any(given_bias != 0.0) and report["b"].verdict == report.verdict == "right"
    wrong = model.gradients(model.parameters) | {"b": given_bias + np.float32(1e-4)}
    assert check(model.loss, wrong, model.parameters)["b"].verdict == "wrong"


def relu_layers(seed, single):
    """(loss, gradients, point) of relu units; `single`: all of the forward pass, or the nets alone."""
    draw = np.random.default_rng(seed)
    x, target = draw.normal(size=(32, 300)), draw.normal(size=(32, 10))
    point = {"W1": draw.normal(size=(300, 60)) / 12.0, "W2": draw.normal(size=(60, 10)) / 5.0}

    def forward(p, kind):
        net = (x.astype(kind) @ p["W1"].astype(kind)).astype(np.float32 if single == "nets" else kind)
        hidden = np.maximum(net, 0).astype(kind)
        return hidden, hidden @ p["W2"].astype(kind) - target.astype(kind)

    def loss(p):
        _, off = forward(p, np.float32 if single == "all" else np.float64)
        return float(np.mean(np.sum(off * off, axis=1)) / 2)

    def gradients(p):
        hidden, off = forward(p, np.float64)
        delta = off / len(x)
        return {"W1": x.T @ (delta @ p["W2"].T * (hidden > 0.0)), "W2": hidden.T @ delta}

    return loss, gradients, point


def five_percent(w):
    return 1.05 * w


def a_row_twice(w):
    return np.vstack([2.0 * w[:1], w[1:]])


def a_unit_off(w):
    return w * (np.arange(w.shape[1]) > 0)


@pytest.mark.parametrize(
    "mistake, single", by_day(product([None, five_percent, a_row_twice, a_unit_off], ["all", "nets"]), 3)
)
def test_thousands_of_entries_behind_single_precision(single, mistake):
    """What is wrong is never passed, be it a factor, a row or a unit; what is right is never accused."""
    for seed in (0, 3) if is_thorough() else (3,):
        loss, right, point = relu_layers(seed, single)
        wrong = (
            right if mistake is None else lambda p, right=right: right(p) | {"W1": mistake(right(p)["W1"])}
        )
        report = check(loss, wrong, point, select="W1", seed=seed)
        assert report["W1"].verdict != ("wrong" if mistake is None else "right"), seed


def deep_relu(sizes, samples, scale, seed):
    """(loss, gradients, point) of relu layers wholly in single precision, half of the mean square error."""
    draw = np.random.default_rng(seed)
    x, target = (draw.normal(size=(samples, n)).astype(np.float32) for n in (sizes[0], sizes[-1]))
    point, last = {}, len(sizes) - 1
    for i, (a, b) in enumerate(zip(sizes, sizes[1:]), 1):
        point[f"W{i}"] = (draw.normal(size=(a, b)) * scale * np.sqrt(2 / a)).astype(np.float32)
        point[f"b{i}"] = (0.1 * draw.normal(size=b)).astype(np.float32)

    def outs_of(p):
        outs = [x]
        for i in range(1, last + 1):
            net = outs[-1] @ p[f"W{i}"].astype(np.float32) + p[f"b{i}"].astype(np.float32)
            outs.append(np.maximum(net, 0) if i < last else net)
        return outs

    def loss(p):
        return float(np.mean(np.sum((outs_of(p)[-1] - target) ** 2, axis=1), dtype=np.float32)) / 2

    def gradients(p):
        outs, found = outs_of(p), {}
        delta = (outs[-1] - target) / np.float32(samples)
        for i in range(last, 0, -1):
            found[f"W{i}"], found[f"b{i}"] = outs[i - 1].T @ delta, delta.sum(axis=0)
            delta = delta @ p[f"W{i}"].astype(np.float32).T * (outs[i - 1] > 0)
        return found

    return loss, gradients, point


@pytest.mark.parametrize(
    "model, one_by_one, mistake",
    by_day(product([((20, 16, 4), 0.3, 3), ((30, 16, 8, 4), 1.0, 7)], [4096, 100], [None, a_row_twice]), 3),
)
def test_what_kinks_hide_in_single_precision_is_seen_at_another_point(model, one_by_one, mistake):
    sizes, scale, seed = model
    loss, right, point = deep_relu(sizes, 100, scale, seed)

    def gradients(p):
        found = right(p)
        return found if mistake is None else found | {"W1": mistake(found["W1"])}

    verdict = "right" if mistake is None else "wrong"
    assert check(loss, gradients, point, one_by_one=one_by_one).verdict == verdict


@pytest.mark.parametrize(
    "seed, factor, is_wrong",
    by_day([(1000259, 1.0, False), (1000259, 1.05, True), (1000413, 1.0, False), (1000413, 1.05, True)], 3),
)
def test_dense_kinks_of_three_hundred_samples_are_no_mistake(seed, factor, is_wrong):
    """They bend every step that float32 can take: some slopes seem wrong by a thousandth."""
    model = replace(drawn("leaky relu, huber", seed, samples=300), inner=np.float32)
    report = check(
        model.loss, lambda p: {k: factor * v for k, v in model.gradients(p).items()}, model.parameters
    )
    assert (report.verdict == "wrong") == is_wrong, report


def to_bits(bits):
    def rounded(values):
        mantissas, exponents = np.frexp(values)
        return np.ldexp(np.round(mantissas * 2.0**bits) / 2.0**bits, exponents)

    return rounded


def to_decimals(decimals):
    return lambda values: np.round(values, decimals)


ROUGH = {"bfloat16": to_bits(8), "float16": to_bits(11), "14 bits": to_bits(14), "4 decimals": to_decimals(4)}


@pytest.mark.parametrize("rounded", ROUGH.values(), ids=ROUGH)
@pytest.mark.parametrize(
    "factor, not_this", [(1.0, "wrong"), (2.0, "right"), (-1.0, "right"), (0.0, "right")]
)
def test_few_digits_inside_a_function_of_doubles_are_noise(rounded, factor, not_this):
    """The treads are far wider than those of float32, and the second layer is in doubles all the same."""
    draw = np.random.default_rng(2)
    x, target, point = draw.normal(size=(20, 5)), draw.normal(size=(20, 3)), {}
    point["W"], point["V"] = 0.5 * draw.normal(size=(5, 6)), 0.5 * draw.normal(size=(6, 3))

    def gradients(p):
        out = np.tanh(x @ p["W"])
        delta = (out @ p["V"] - target) / 30.0
        return {"W": factor * (x.T @ (delta @ p["V"].T * (1.0 - out * out))), "V": out.T @ delta}

    report = check(lambda p: np.mean((rounded(np.tanh(x @ p["W"])) @ p["V"] - target) ** 2), gradients, point)
    assert report["W"].verdict != not_this and report["V"].verdict != "wrong"
