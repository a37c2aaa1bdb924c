"""The museum: every backward pass gets its verdict and its cause, and is right when put right."""

import json
from functools import cache

import pytest

from gradcheck import check
from gradcheck.__main__ import main
from gradcheck.gallery import everything, find, listing
from gradcheck.gallery.museum import exhibits

CAUSES = {  # name: the id of the cause
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
EXHIBITS = {each.id: each for each in exhibits()}
WRONG = [id for id, each in EXHIBITS.items() if not each.is_alarm]


@cache
def judged(id):
    return EXHIBITS[id].judge()


def test_every_backward_pass_of_the_museum_is_listed_here():
    assert list(CAUSES) == WRONG and len(WRONG) >= 25 and len(EXHIBITS) - len(WRONG) >= 8


@pytest.mark.parametrize("id", WRONG)
def test_a_wrong_backward_pass_is_found_and_its_cause_named(id):
    found = judged(id)
    assert found.verdict == "wrong"
    assert found.cause is not None and found.cause[0] == CAUSES[id], found.cause
    assert SAID.get(id, "") in found.cause[1]


@pytest.mark.parametrize("id", WRONG)
def test_put_right_it_is_right(id):
    assert check(*EXHIBITS[id].made(False)).verdict == "right"


@pytest.mark.parametrize("id", [id for id, each in EXHIBITS.items() if each.is_alarm])
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
    names = [each.id for each in everything()]
    assert len(set(names)) == len(names)
    assert all(f"  {name}  " in listing() + " " for name in names)
    assert find("cosh") is EXHIBITS["cosh"]


def test_the_command_shows_one_and_knows_no_other(capsys):
    assert main(["gallery", "cosh"]) == 0
    assert "casadi/casadi/issues/2585" in capsys.readouterr().out
    assert main(["gallery", "cos"]) == 2
    assert "did you mean cosh?" in capsys.readouterr().err
