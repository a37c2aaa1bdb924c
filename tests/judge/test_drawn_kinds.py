"""Drawn models of some fifty kinds: nothing right is accused, nothing wrong passes, the blame is exact."""

from dataclasses import replace

import numpy as np
import pytest
from drawn.gradient_models import KINDS, drawn
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples

from gradcheck import check

DRAWN = st.builds(drawn, st.sampled_from(sorted(KINDS)), st.integers(0, 2**32 - 1))
CHOICE = st.integers(0, 2**32 - 1)
VISIBLE = 1e-5  # of the largest entry of a block
TINY = 1e-6
MOST_UNDECIDED = 0.01  # of the right models, over the whole of a thorough run
SMOOTH = ("tanh, squared", "layer norm", "gaussian, log", "mixture", "flow", "gru", "variational")


def checked(model, **options):
    return check(model.loss, model.gradients, model.parameters, **options)


def planted(model, choice):
    """(the model with one mistake in its sweep back, the blocks it shows in, those it touches at all)."""
    possible = model.mistakes()
    names = sorted({mistake[0] for mistake in possible})
    draw = np.random.default_rng(choice)
    name = names[draw.integers(len(names))]
    of_name = [mistake for mistake in possible if mistake[0] == name]
    wrong = replace(model, mistake=of_name[draw.integers(len(of_name))])
    good, bad = model.gradients(model.parameters), wrong.gradients(model.parameters)
    largest = max(np.max(np.abs(each)) for each in good.values())
    sizes = {name: max(np.max(np.abs(each)), TINY * largest) for name, each in good.items()}
    differ = {name: np.max(np.abs(good[name] - bad[name])) for name in good}
    shown = {name for name in good if differ[name] > VISIBLE * sizes[name]}
    return wrong, shown, {name for name in good if differ[name] > 0.0}


@pytest.mark.slow
def test_right_gradients_are_never_accused_and_hardly_ever_undecided():
    verdicts = []

    @given(DRAWN)
    @examples(100)
    def run(model):
        report = checked(model)
        assert report.verdict != "wrong", f"{model.kind}: {report}"
        verdicts.append(report.verdict)

    run()
    assert verdicts.count("undecided") <= max(1, MOST_UNDECIDED * len(verdicts))


def test_maxima_of_weights_of_both_signs_are_not_accused_where_all_tie():
    """The chain rule with a subgradient of each need not give one of the sum."""
    assert checked(drawn("overlapping windows", 7_000_309)).verdict == "right"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [6, 10])
def test_what_kinks_beyond_the_noise_bend_is_not_accused(seed):
    assert checked(drawn("relu, five layers", seed, scale=1e-3), special_points=False).verdict != "wrong"


@pytest.mark.slow
def test_gradients_without_numbers_far_from_the_point_are_not_accused():
    """Among its kinks a small network is compared where it is scaled up, for which it need not be made."""
    model = drawn("relu, softmax", 5, scale=1e-3)
    largest = 20.0 * max(np.max(np.abs(each)) for each in model.parameters.values())

    def gradients(p):
        is_far = max(np.max(np.abs(each)) for each in p.values()) > largest
        return {name: each * (np.nan if is_far else 1.0) for name, each in model.gradients(p).items()}

    assert check(model.loss, gradients, model.parameters, special_points=False).verdict != "wrong"


@pytest.mark.slow
@given(DRAWN, CHOICE)
@examples(50)
def test_one_mistake_in_the_sweep_back_is_wrong_and_blamed_on_the_blocks_it_touches(model, choice):
    wrong, shown, touched = planted(model, choice)
    assume(len(shown) > 0)
    report = checked(wrong)
    assert report.verdict == "wrong", f"{wrong.mistake} of {model.kind}: {report}"
    assert shown <= {block.name for block in report.blocks if block.verdict == "wrong"} <= touched


@pytest.mark.slow
@given(DRAWN, CHOICE)
@examples(30)
def test_one_entry_off_by_a_millionth_of_its_block_is_named(model, choice):
    draw, gradients, report = np.random.default_rng(choice), model.gradients(model.parameters), checked(model)
    name = str(draw.choice(list(gradients)))
    index = tuple(int(draw.integers(each)) for each in gradients[name].shape)
    size = np.max(np.abs(gradients[name]))
    assume(0.0 < size and report[name].smallest_visible < TINY)
    gradients[name][index] += TINY * size * draw.choice([-1.0, 1.0])
    wrong = check(model.loss, gradients, model.parameters)
    assert {block.name: block.wrong for block in wrong.blocks if block.verdict == "wrong"} == {name: [index]}


@pytest.mark.slow
def test_of_smooth_models_a_millionth_is_visible_nearly_everywhere_and_every_entry_is_told():
    models = [drawn(kind, 1) for kind in KINDS if kind.startswith(SMOOTH)]
    blocks = [block for model in models for block in checked(model).blocks]
    errors = np.array([block.smallest_visible for block in blocks])
    entries = [entry.verdict for block in blocks for entry in block.entries]
    assert len(entries) > 150
    assert np.mean(errors < TINY) > 0.95
    assert entries.count("undecided") < 0.02 * len(entries)


@pytest.mark.slow
def test_the_evaluations_are_counted_and_some_fourteen_for_each_entry():
    per_entry = []
    for kind in sorted(KINDS)[::20]:
        model, calls = drawn(kind, 2), []
        counted = check(lambda p: calls.append(0) or model.loss(p), model.gradients, model.parameters)
        assert counted.evaluations == len(calls)
        calls.clear()
        check(
            lambda p: calls.append(0) or model.loss(p),
            model.gradients,
            model.parameters,
            special_points=False,
        )
        per_entry.append(len(calls) / sum(each.size for each in model.parameters.values()))
    assert np.median(per_entry) <= 15.0  # and some forty for the whole


@pytest.mark.slow
def test_a_network_of_twelve_weights_takes_at_most_170_evaluations():
    inputs, targets = np.array([0.05, 0.1]), np.array([0.01, 0.99])
    point = {"W1": np.array([[0.15, 0.2], [0.25, 0.3]]), "b1": np.full(2, 0.35)}
    point |= {"W2": np.array([[0.4, 0.45], [0.5, 0.55]]), "b2": np.full(2, 0.6)}

    def passes(p):
        hidden = 1.0 / (1.0 + np.exp(-(p["W1"] @ inputs + p["b1"])))
        return hidden, 1.0 / (1.0 + np.exp(-(p["W2"] @ hidden + p["b2"])))

    def gradients(p):
        hidden, out = passes(p)
        delta = (out - targets) * out * (1.0 - out)
        before = p["W2"].T @ delta * hidden * (1.0 - hidden)
        return {"W1": np.outer(before, inputs), "b1": before, "W2": np.outer(delta, hidden), "b2": delta}

    def loss(p):
        return 0.5 * np.sum((passes(p)[1] - targets) ** 2)

    reports = [check(loss, gradients, point, seed=seed) for seed in range(30)]
    assert {report.verdict for report in reports} == {"right"}
    assert max(report.evaluations for report in reports) <= 170
