"""Taps: a wrong intermediate of a backward pass is named, the first one counted from the loss backwards."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError, NotFinite

DRAW = np.random.default_rng(3)
INPUTS, TARGETS = DRAW.normal(size=(5, 3)), DRAW.normal(size=(5, 2))
PARAMETERS = {"W1": DRAW.normal(size=(3, 4)), "W2": DRAW.normal(size=(4, 4)), "W3": DRAW.normal(size=(4, 2))}


def loss(p, taps={}):
    z1 = INPUTS @ p["W1"] + taps.get("dz1", 0.0)
    a1 = np.tanh(z1) + taps.get("da1", 0.0)
    z2 = a1 @ p["W2"] + taps.get("dz2", 0.0)
    z3 = np.tanh(z2) @ p["W3"] + taps.get("dz3", 0.0)
    return 0.5 * np.sum((z3 - TARGETS) ** 2)


def backward(p, broken=None):
    """(intermediates in forward order, gradients); what is `broken` is doubled, and what follows from it with it."""
    a1 = np.tanh(INPUTS @ p["W1"])
    a2 = np.tanh(a1 @ p["W2"])
    found = {"dz3": a2 @ p["W3"] - TARGETS}
    found["dz3"] = found["dz3"] * (2.0 if broken == "dz3" else 1.0)
    found["dz2"] = found["dz3"] @ p["W3"].T * (1 - a2 ** 2) * (2.0 if broken == "dz2" else 1.0)
    found["da1"] = found["dz2"] @ p["W2"].T * (2.0 if broken == "da1" else 1.0)
    found["dz1"] = found["da1"] * (1 - a1 ** 2) * (2.0 if broken == "dz1" else 1.0)
    gradients = {"W1": INPUTS.T @ found["dz1"], "W2": a1.T @ found["dz2"], "W3": a2.T @ found["dz3"]}
    return {name: found[name] for name in ("dz1", "da1", "dz2", "dz3")}, gradients


def checked(broken=None):
    return check(loss, lambda p: backward(p, broken)[1], PARAMETERS, intermediates=lambda p: backward(p, broken)[0])


@pytest.mark.parametrize("broken, wrong", [("dz3", ["dz1", "da1", "dz2", "dz3"]), ("dz2", ["dz1", "da1", "dz2"]),
                                           ("da1", ["dz1", "da1"]), ("dz1", ["dz1"])])
def test_the_first_wrong_intermediate_is_named(broken, wrong):
    report = checked(broken)
    assert [block.name for block in report.intermediates if block.verdict == "wrong"] == wrong
    assert report.first_wrong_intermediate == broken
    assert f"the first wrong one is {broken}" in str(report)
    assert report.to_dict()["first_wrong_intermediate"] == broken


def test_right_intermediates_are_right():
    report = checked()
    assert report.verdict == "right"
    assert [block.verdict for block in report.intermediates] == ["right"] * 4
    assert report.first_wrong_intermediate is None
    assert report["dz2"].shape == (5, 4)


def test_a_wrong_intermediate_is_wrong_though_the_gradients_are_right():
    wrong = backward(PARAMETERS)[0] | {"dz2": -backward(PARAMETERS)[0]["dz2"]}
    report = check(loss, lambda p: backward(p)[1], PARAMETERS, intermediates=wrong)
    assert [block.verdict for block in report.blocks] == ["right"] * 3
    assert report.verdict == "wrong"
    assert report.first_wrong_intermediate == "dz2"


def test_one_wrong_entry_of_an_intermediate_is_named():
    wrong = backward(PARAMETERS)[0]
    wrong["dz1"][3, 2] += 0.01
    assert check(loss, lambda p: backward(p)[1], PARAMETERS, intermediates=wrong)["dz1"].wrong == [(3, 2)]


def test_a_loss_that_returns_its_gradients_too_can_be_tapped():
    report = check(lambda p, taps={}: (loss(p, taps), backward(p)[1]), None, PARAMETERS,
                   intermediates=backward(PARAMETERS, "da1")[0])
    assert report.first_wrong_intermediate == "da1"


@pytest.mark.parametrize("intermediates, words", [
    ({"dz9": np.ones(2)}, "never asks for the tap 'dz9'"), ({}, "expected a dict"), ([np.ones(2)], "expected a dict"),
    (lambda p: None, "found NoneType"), ({"dz1": "0.5"}, "dz1: expected real numbers")])
def test_intermediates_that_cannot_be_checked_are_refused(intermediates, words):
    with pytest.raises(GradcheckError, match=words):
        check(loss, backward(PARAMETERS)[1], PARAMETERS, intermediates=intermediates)


def test_an_intermediate_that_is_nan_is_wrong():
    wrong = backward(PARAMETERS)[0]
    wrong["dz3"][0, 1] = np.nan
    report = check(loss, backward(PARAMETERS)[1], PARAMETERS, intermediates=wrong)
    assert report["dz3"].wrong == [(0, 1)]


def test_a_loss_that_is_not_finite_is_refused_with_taps_too():
    with pytest.raises(NotFinite, match="loss"):
        check(lambda p, taps={}: np.nan if taps else loss(p), backward(PARAMETERS)[1], PARAMETERS,
              intermediates=backward(PARAMETERS)[0])
