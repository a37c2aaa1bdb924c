"""The gallery: every exhibit gets its verdict and its cause, and is right when put right."""

import json
from functools import cache

import numpy as np
import pytest
from profiles import by_day

from gradcheck import check
from gradcheck.__main__ import main
from gradcheck.gallery import everything, find, listing, programs

UNDECIDED = {  # name: what makes every verdict meaningless
    "accumulated-net": "loss not deterministic",
    "no-feed-forward": "stale forward pass",
}
BEYOND = ["squared-error", "no-bias", "shared-weights", "rare-update"]  # mistakes that no gradient shows
PUT_RIGHT = ["1-3-1-put-right", "extra-column-put-right"]
CAUSES = {  # name: the id of the cause
    "elementwise": "through",
    "exp-plus": "sign",
    "negative-derivative": "sign",
    "logistic-twice": "another function",
    "update-adds": "sign",
    "softmax-diagonal": "softmax diagonal",
    "softmax-skipped": "softmax left out",
    "log-softmax": "softmax sum",
    "batch-norm-scale": "factor left out",
    "batch-norm-statistics": "mean and deviation left out",
    "batch-norm-one-term-more": "mean left out",
    "layer-norm-axes": "mean and deviation left out",
    "max-pool-overlap": "some entries",
    "embedding-repeated": "some rows",
    "hidden-not-carried": "through",
    "lstm-forget-gate": "some lines",
    "lstm-cell-assigned": "some lines",
    "cosh": "sign",
    "several-outputs": "factor 2",
    "normal-covariance": "sign",
    "x-times-itself": "factor 1/2",
    "node-used-twice": "in the limit",
    "backward-twice": "gradients accumulate",
    "isotonic-pool": "some entries",
    "ctc-normalised": "shift not ignored",
    "by-the-logarithm": "by the logarithm",
    "adam-multiplied": "factor",
    "adam-first-step": "factor",
    "prod-at-zero": "not finite",
    "cumprod-at-zero": "not finite",
    "norm-at-zero": "not finite",
    "softplus-at-zero": "only here",
    "log-sigmoid-at-zero": "only here",
    "logits-at-zero": "only here",
    "behind-a-threshold": "one entry",
}
SAID = {  # name: words of the cause
    "max-pool-overlap": "x[1] and x[4] is the last of the shares that it should be the sum of: assigned",
    "embedding-repeated": "assigned, = for +=",
    "hidden-not-carried": "the gradient of W and U is right where U is 0",
    "lstm-forget-gate": "where U is zero, of W, U and b nothing is wrong but W[:,2:4], U[:,2:4] and b[2:4]",
    "lstm-cell-assigned": "W[:,0:4] and W[:,6:8]",
    "ctc-normalised": "sums to zero along each row as handed in, and the true one does not",
    "adam-multiplied": "times 0.073441",  # (1 - 0.9**3)**2
    "adam-first-step": "times 2.71",  # (1 - 0.9**3)/(1 - 0.9)
    "several-outputs": "the gradient of W and b is the numerical one times 2",
    "node-used-twice": "what is largest there is counted twice",
}
EXHIBITS = {each.id: each for each in everything()}
ALARMS = [id for id, each in EXHIBITS.items() if each.is_alarm]


@cache
def judged(id):
    return EXHIBITS[id].judge()


def test_every_exhibit_is_listed_here_once():
    assert sorted([*CAUSES, *UNDECIDED, *BEYOND, *PUT_RIGHT, *ALARMS]) == sorted(EXHIBITS)
    assert len(ALARMS) >= 8


@pytest.mark.parametrize("id", CAUSES)
def test_a_wrong_backward_pass_is_found_and_its_cause_named(id):
    found = judged(id)
    assert found.verdict == "wrong"
    assert (found.cause and found.cause[0]) == CAUSES[id], found.cause
    assert SAID.get(id, "") in (found.cause or ["", "none of those known"])[1]
    assert "The cause: " in found.lesson()


@pytest.mark.parametrize("id", UNDECIDED)
def test_a_program_that_keeps_something_of_the_pass_before_is_found_by_the_audit(id):
    assert (judged(id).verdict, judged(id).cause[0]) == ("undecided", UNDECIDED[id])
    assert "The cause: " in judged(id).lesson()


@pytest.mark.parametrize("id", BEYOND)
def test_a_mistake_that_no_gradient_shows_is_measured(id):
    assert judged(id).verdict == "right" and judged(id).cause is None
    assert f"Measured: {judged(id).shown}" in " ".join(judged(id).lesson().split())


@pytest.mark.parametrize("id", by_day([id for id in EXHIBITS if id not in ALARMS], 2))
def test_put_right_it_is_right(id):
    assert check(*EXHIBITS[id].made(False)).verdict == "right"


@pytest.mark.parametrize("id", ALARMS)
def test_a_false_alarm_is_right(id):
    assert judged(id).verdict == "right" and judged(id).cause is None
    assert judged(id).lesson().endswith("It was reported as wrong, and is right.")


@pytest.mark.parametrize("id", [id for id, each in EXHIBITS.items() if each.is_special])
def test_what_is_wrong_at_special_points_alone_passes_and_is_hunted_down(id):
    found = judged(id)
    assert found.report.verdict == "right" and found.hunted.verdict == "wrong"
    assert f"wrong where {found.hunted.what}" in " ".join(found.lesson().split())
    assert found.hunted.line in found.lesson()


def test_a_lesson_has_the_report_the_code_and_the_cause():
    lesson = judged("softmax-diagonal").lesson()
    assert "https://github.com/Apiquet/DeepLearningFrameworkFromScratchCpp/issues/1" in lesson
    assert "return u * s * (1 - s) if wrong else s * (u - np.sum(u * s, axis=1, keepdims=True))" in lesson
    assert "The judge: wrong at the given point; the entry that is furthest off, x[" in lesson
    assert "The cause: the gradient of x is that of softmax" in " ".join(lesson.split())
    outside = [line for line in lesson.splitlines() if not line.startswith("    ")]
    assert max(map(len, outside)) <= 110


def test_the_dicts_are_ready_for_json():
    plain = [judged(id).to_dict() for id in EXHIBITS]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_names_are_unique_and_all_are_listed():
    assert len(EXHIBITS) == len(everything())
    assert all(f"  {name}  " in listing() + " " for name in EXHIBITS)
    assert find("cosh") is EXHIBITS["cosh"]


def test_the_command_shows_one_and_knows_no_other(capsys):
    assert main(["gallery", "cosh"]) == 0
    assert "casadi/casadi/issues/2585" in capsys.readouterr().out
    for unknown, said in (
        ("cos", "did you mean cosh?"),
        ("softmx", "did you mean softmax-diagonal or softmax-skipped or log-softmax?"),
        ("lstm", "did you mean lstm-forget-gate or lstm-cell-assigned?"),
        ("nosuch", "without a name, gradcheck gallery lists all names"),
    ):
        assert main(["gallery", unknown]) == 2
        assert said in capsys.readouterr().err


# What no check of a gradient can see, measured here once more in another way


def test_elementwise_products_give_three_outputs_and_pass_against_themselves():
    outputs = programs.Elementwise(programs.WEIGHTS).feed_forward(programs.INPUTS)
    assert outputs.shape == (1, 3)
    assert check(*programs.of_sample(programs.Elementwise)).verdict == "right"
    assert judged("elementwise").shown.endswith("its gradient is right.")


def test_the_squared_error_learns_least_where_it_is_most_wrong():
    out_h = 1.0 / (1.0 + np.exp(-3.0))
    out = 1.0 / (1.0 + np.exp(-3 * 2.5 * out_h))
    squared, entropy = out * out * (1.0 - out), out
    shown = judged("squared-error").shown
    assert (
        f"delta_o is {squared:.6f} with the squared error and {entropy:.6f} with the cross-entropy" in shown
    )
    slow, quick = (
        int(number.replace(",", "")) for number in shown.rstrip(".").split(": ")[-1].split(" and ")
    )
    assert 0 < quick < slow


def test_without_a_bias_the_hidden_neurons_give_a_half_at_zero_whatever_is_learned():
    shown = judged("no-bias").shown
    half = "0.500000, 0.500000, 0.500000"
    assert f"out_h is {half} before and {half} after" in shown
    assert half not in shown.partition("with biases")[2]
    assert float(shown.partition("W1 by up to ")[2].partition(";")[0]) > 0.0


def test_an_update_that_adds_descends_with_a_wrong_gradient_and_one_that_subtracts_it_climbs():
    start = programs.loss_of(programs.ExtraColumn)(programs.PARAMETERS)
    adds, subtracts = (
        programs.error_after(program, 1000) for program in (programs.UpdateAdds, programs.NegativeDerivative)
    )
    assert adds < start < subtracts
    shown = judged("update-adds").shown
    assert all(f"{number:.6f}" in shown for number in (start, adds, subtracts))
    assert "of W2 alone changes E by -" in shown and "of W1 alone by +" in shown


def test_a_second_instance_changes_the_first_only_where_the_list_belongs_to_the_class():
    def answers(program):
        first = program(programs.PARAMETERS.values())
        before = first.feed_forward(programs.SAMPLES)
        program(programs.OTHERS.values())
        return before, first.feed_forward(programs.SAMPLES)

    before, after = answers(programs.SharedWeights)
    assert np.all(before != after)
    assert (
        f"answers {before[0, 0]:.6f} to the first sample, and {after[0, 0]:.6f}"
        in judged("shared-weights").shown
    )
    before, after = answers(programs.ExtraColumn)
    assert np.all(before == after)


@pytest.mark.slow
def test_a_rare_update_moves_nothing_until_its_round():
    network = programs.RareUpdate(programs.PARAMETERS.values())
    network.backpropagate = lambda inputs, targets: [np.ones_like(W) for W in network.weights]
    network.train(None, None, 99_999)
    assert all(np.all(W == start) for W, start in zip(network.weights, programs.PARAMETERS.values()))
    network.train(None, None, 100_000, learning_rate=0.5)
    assert all(np.all(W == start - 0.5) for W, start in zip(network.weights, programs.PARAMETERS.values()))
    assert "moved is 0 and E" in judged("rare-update").shown
