"""Intermediates: a wrong one of a backward pass is named, the first one counted from the loss backwards."""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError, NotFinite

DRAW = np.random.default_rng(3)
INPUTS, TARGETS = DRAW.normal(size=(5, 3)), DRAW.normal(size=(5, 2))
PARAMETERS = {"W1": DRAW.normal(size=(3, 4)), "W2": DRAW.normal(size=(4, 4)), "W3": DRAW.normal(size=(4, 2))}


def loss(p, intermediates={}):
    z1 = INPUTS @ p["W1"] + intermediates.get("dz1", 0.0)
    a1 = np.tanh(z1) + intermediates.get("da1", 0.0)
    z2 = a1 @ p["W2"] + intermediates.get("dz2", 0.0)
    z3 = np.tanh(z2) @ p["W3"] + intermediates.get("dz3", 0.0)
    return 0.5 * np.sum((z3 - TARGETS) ** 2)


def backward(p, broken=None):
    """(intermediates in forward order, gradients); what is `broken` is doubled, and what follows from it
    with it.
    """
    a1 = np.tanh(INPUTS @ p["W1"])
    a2 = np.tanh(a1 @ p["W2"])
    found = {"dz3": a2 @ p["W3"] - TARGETS}
    found["dz3"] = found["dz3"] * (2.0 if broken == "dz3" else 1.0)
    found["dz2"] = found["dz3"] @ p["W3"].T * (1 - a2**2) * (2.0 if broken == "dz2" else 1.0)
    found["da1"] = found["dz2"] @ p["W2"].T * (2.0 if broken == "da1" else 1.0)
    found["dz1"] = found["da1"] * (1 - a1**2) * (2.0 if broken == "dz1" else 1.0)
    gradients = {"W1": INPUTS.T @ found["dz1"], "W2": a1.T @ found["dz2"], "W3": a2.T @ found["dz3"]}
    return {name: found[name] for name in ("dz1", "da1", "dz2", "dz3")}, gradients


def checked(broken=None):
    return check(
        loss, lambda p: backward(p, broken)[1], PARAMETERS, intermediates=lambda p: backward(p, broken)[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken, wrong",
    [
        ("dz3", ["dz1", "da1", "dz2", "dz3"]),
        ("dz2", ["dz1", "da1", "dz2"]),
        ("da1", ["dz1", "da1"]),
        ("dz1", ["dz1"]),
    ],
)
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


def test_a_loss_that_returns_its_gradients_too_can_have_intermediates():
    report = check(
        lambda p, intermediates={}: (loss(p, intermediates), backward(p)[1]),
        None,
        PARAMETERS,
        intermediates=backward(PARAMETERS, "da1")[0],
    )
    assert report.first_wrong_intermediate == "da1"


@pytest.mark.parametrize(
    "intermediates, words",
    [
        ({"dz9": np.ones(2)}, "never asks for 'dz9'"),
        ({}, "expected a dict"),
        ([np.ones(2)], "expected a dict"),
        (lambda p: None, "found NoneType"),
        ({"dz1": "0.5"}, "dz1: expected real numbers"),
        ({"dz1": None}, "intermediates: dz1 is None; expected an array"),
        ({"dz1": {"a": 1.0}}, "dz1 is a dict"),
        ({"W1": np.ones((3, 4))}, r"W1 is the name of a parameter, too.*such as 'dW1'"),
        (
            {"dz3": np.ones((5, 5, 2))},
            r"without them and \d.* with intermediates that are all zero; .*shapes are dz3 \(5, 5, 2\)",
        ),
    ],
)
def test_intermediates_that_cannot_be_checked_are_refused(intermediates, words):
    with pytest.raises(GradcheckError, match=words):
        check(loss, backward(PARAMETERS)[1], PARAMETERS, intermediates=intermediates)


def test_an_intermediate_that_is_nan_is_wrong():
    wrong = backward(PARAMETERS)[0]
    wrong["dz3"][0, 1] = np.nan
    report = check(loss, backward(PARAMETERS)[1], PARAMETERS, intermediates=wrong)
    assert report["dz3"].wrong == [(0, 1)]


def test_a_loss_that_is_not_finite_is_refused_with_intermediates_too():
    with pytest.raises(NotFinite, match="loss"):
        check(
            lambda p, intermediates={}: np.nan if intermediates else loss(p),
            backward(PARAMETERS)[1],
            PARAMETERS,
            intermediates=backward(PARAMETERS)[0],
        )


def test_a_loss_that_draws_at_random_is_not_taken_for_one_that_misuses_its_intermediates():
    draw = np.random.default_rng(0)
    report = check(
        lambda p, intermediates={}: loss(p, intermediates) + draw.normal(),
        backward(PARAMETERS)[1],
        PARAMETERS,
        intermediates=backward(PARAMETERS)[0],
    )
    assert report.verdict == "undecided"


def test_the_error_of_an_intermediate_of_the_wrong_shape_says_which_call_it_was_and_which_shapes_there_are():
    with pytest.raises(ValueError, match="broadcast") as caught:
        check(
            loss,
            backward(PARAMETERS)[1],
            PARAMETERS,
            intermediates=backward(PARAMETERS)[0] | {"dz2": np.ones((4, 5))},
        )
    (note,) = caught.value.__notes__
    assert (
        note.startswith("raised while gradcheck called loss(parameters, intermediates)")
        and "dz2 (4, 5)" in note
    )


def test_the_error_of_a_loss_without_a_second_argument_says_what_that_is():
    with pytest.raises(TypeError, match="2 were given") as caught:
        check(lambda p: loss(p), backward(PARAMETERS)[1], PARAMETERS, intermediates=backward(PARAMETERS)[0])
    assert "the loss takes a dict of arrays as its second argument" in caught.value.__notes__[0]


def test_what_the_function_of_the_intermediates_raises_says_who_called_it():
    with pytest.raises(ZeroDivisionError) as caught:
        check(loss, backward(PARAMETERS)[1], PARAMETERS, intermediates=lambda p: 1 / 0)
    assert caught.value.__notes__ == ["raised while gradcheck called intermediates(parameters)"]


def test_zeros_of_double_precision_may_change_a_loss_in_single_precision():
    def single(p, intermediates={}):
        z1 = np.float32(INPUTS) @ np.float32(p["W1"]) + intermediates.get("dz1", np.float32(0.0))
        return float(np.sum(np.tanh(z1) ** 2))

    a1 = np.tanh(INPUTS @ PARAMETERS["W1"])
    dz1 = 2 * a1 * (1 - a1**2)
    report = check(
        single, {"W1": INPUTS.T @ dz1}, {"W1": PARAMETERS["W1"]}, intermediates={"dz1": np.float32(dz1)}
    )
    assert report["dz1"].verdict == "right"


BATCH, AIMS = np.random.default_rng(1).normal(size=(6, 3)), np.random.default_rng(2).normal(size=(6, 2))
START = {
    "W1": np.random.default_rng(3).normal(size=(3, 4)),
    "b1": np.zeros(4) + 0.1,
    "W2": np.random.default_rng(4).normal(size=(4, 2)),
}


def batch_loss(p, intermediates={}):
    net1 = BATCH @ p["W1"] + p["b1"] + intermediates.get("dz1", 0.0)
    net2 = np.tanh(net1) @ p["W2"] + intermediates.get("dz2", 0.0)
    return 0.5 * np.sum((net2 - AIMS) ** 2)


def batch_backward(p, slope=lambda out: 1.0 - out**2, of_input=1.0, told=1.0):
    out = np.tanh(BATCH @ p["W1"] + p["b1"])
    dz2 = out @ p["W2"] - AIMS
    dz1 = dz2 @ p["W2"].T * slope(out)
    gradients = {"W1": (BATCH**of_input).T @ dz1, "b1": dz1.sum(axis=0), "W2": out.T @ dz2}
    return {"dz1": told * dz1, "dz2": dz2}, gradients


@pytest.mark.parametrize(
    "mistake, id, words",
    [
        ({"slope": lambda out: 1.0 - out}, "intermediate", "dz1 is the first wrong intermediate"),
        (
            {"told": 2.0},
            "intermediate",
            "dz1 is the first wrong intermediate, from the loss backwards: the gradient of dz1 is the",
        ),
    ],
)
def test_where_the_chain_broke_is_not_guessed_when_its_links_were_looked_at(mistake, id, words):
    assert (
        check(
            batch_loss, lambda p: batch_backward(p)[1], START, intermediates=lambda p: batch_backward(p)[0]
        ).cause
        is None
    )
    report = check(
        batch_loss,
        lambda p: batch_backward(p, **mistake)[1],
        START,
        intermediates=lambda p: batch_backward(p, **mistake)[0],
    )
    assert report.verdict == "wrong" and report.first_wrong_intermediate == "dz1"
    assert report.cause.id == id and words in report.cause.sentence


def test_right_intermediates_leave_what_is_made_of_them():
    report = check(
        batch_loss,
        lambda p: batch_backward(p, of_input=2.0)[1],
        START,
        intermediates=lambda p: batch_backward(p)[0],
    )
    assert report.first_wrong_intermediate is None and report["W1"].verdict == "wrong"
    assert report.cause.id == "after the intermediates"
