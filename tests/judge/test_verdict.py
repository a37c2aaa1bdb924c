"""The judge: planted mistakes, first shown to be visible, are called wrong; right gradients never are."""

import math
import subprocess
import sys

import numpy as np
import pytest

import gradcheck
from gradcheck import check
from gradcheck.errors import GradcheckError, NotFinite, NotRealNumbers, ShapeMismatch, StructureMismatch
from gradcheck.numeric.derivatives import Estimate
from gradcheck.verdict import SMALL_ERRORS, judge

RNG = np.random.default_rng(8)
INPUTS, TARGETS = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
PARAMETERS = {
    "W1": RNG.normal(size=(3, 4)),
    "b1": RNG.normal(size=4),
    "W2": RNG.normal(size=(4, 2)),
    "w5": 0.4,
}


def loss(p):
    out = np.tanh(INPUTS @ p["W1"] + p["b1"]) @ p["W2"] + p["w5"]
    return 0.5 * np.sum((TARGETS - out) ** 2)


def right(p):
    hidden = np.tanh(INPUTS @ p["W1"] + p["b1"])
    delta = hidden @ p["W2"] + p["w5"] - TARGETS
    delta_hidden = delta @ p["W2"].T * (1 - hidden**2)
    return {
        "W1": INPUTS.T @ delta_hidden,
        "b1": delta_hidden.sum(axis=0),
        "W2": hidden.T @ delta,
        "w5": delta.sum(),
    }


def test_a_right_gradient_is_right():
    report = check(loss, right, PARAMETERS)
    assert report.verdict == "right"
    assert [block.verdict for block in report.blocks] == ["right"] * 4
    assert report["W1"].wrong == report["W1"].undecided == []


# Planted mistakes: (name, change of the gradients in place, block, wrong entries)


def sign(g):
    g["W2"][2, 1] *= -1


def factor(g):
    g["W2"] *= 1.0009


def one_zeroed(g):
    g["W1"][1, 3] = 0.0


def transposed_hidden(g):
    g["W1"][:] = g["W1"][::-1]


def averaged_bias(g):
    g["w5"] = g["w5"] / 2


def shifted_bias(g):
    g["b1"] = np.roll(g["b1"], 1)


PLANTED = [
    (sign, "W2", [(2, 1)]),
    (factor, "W2", [(i, j) for i in range(4) for j in range(2)]),
    (one_zeroed, "W1", [(1, 3)]),
    (transposed_hidden, "W1", [(i, j) for i in (0, 2) for j in range(4)]),
    (averaged_bias, "w5", [()]),
    (shifted_bias, "b1", [(i,) for i in range(4)]),
]


@pytest.mark.slow
@pytest.mark.parametrize("plant, block, wrong", PLANTED, ids=[case[0].__name__ for case in PLANTED])
@pytest.mark.parametrize("scale, offset", [(1.0, 0.0), (1e-6, 0.0), (1e-300, 0.0), (1e12, 0.0), (1.0, 1e6)])
def test_planted_mistakes_are_named(plant, block, wrong, scale, offset):
    gradients = {name: scale * value for name, value in right(PARAMETERS).items()}
    true = {name: np.array(value) for name, value in gradients.items()}
    plant(gradients)
    assert [
        index
        for index in np.ndindex(np.shape(true[block]))
        if np.asarray(gradients[block])[index] != true[block][index]
    ] == wrong
    report = check(lambda p: scale * loss(p) + offset, gradients, PARAMETERS)
    assert report.verdict == "wrong"
    assert report[block].wrong == wrong
    assert report[block].worst.index in wrong
    assert [other.name for other in report.blocks if other.verdict == "wrong"] == [block]


def test_a_tiny_function_with_its_sign_flipped_is_wrong():
    x = np.array([1.0, -2.0, 4.5])
    assert check(lambda v: np.sum(1e-6 * v**2), lambda v: 2e-6 * v, x).verdict == "right"
    report = check(lambda v: np.sum(1e-6 * v**2), lambda v: -2e-6 * v, x)
    assert report["x"].wrong == [(0,), (1,), (2,)]
    assert report["x"].worst.ratio == pytest.approx(
        -1.0, rel=1e-9
    )  # the bars are below 1e-10 of these values


def test_one_zero_among_many_is_found():
    x = np.linspace(0.5, 1.5, 400)
    gradient = np.cos(x)
    gradient[123] = 0.0
    assert check(lambda v: np.sum(np.sin(v)), gradient, x)["x"].wrong == [(123,)]


def test_a_constant_is_not_the_gradient_of_its_term():
    """A wrong gradient where the loss does not depend on the entry at all."""
    report = check(lambda p: p["a"] ** 2, {"a": 2.0, "unused": 1e-9}, {"a": 1.0, "unused": 3.0})
    assert report["unused"].wrong == [()]
    assert (
        check(lambda p: p["a"] ** 2, {"a": 2.0, "unused": 0.0}, {"a": 1.0, "unused": 3.0}).verdict == "right"
    )


# Right gradients that other checkers call wrong

NOT_WRONG = [
    ("huge scale", lambda x: 1e8 * np.sin(x), lambda x: 1e8 * np.cos(x), 1.0),
    ("tiny scale", lambda x: 1e-30 * np.sin(x), lambda x: 1e-30 * np.cos(x), 1.0),
    ("huge point", lambda x: x * x, lambda x: 2 * x, 1e11),
    ("offset", lambda x: np.sin(x) + 1e9, np.cos, 1.0),
    ("fast wave", lambda x: np.sin(1e5 * x) / 1e5, lambda x: np.cos(1e5 * x), 1.0),
    ("float32 inside", lambda x: float(np.sin(np.float32(x))), np.cos, 1.0),
    ("float32 gradient", np.sin, lambda x: np.float32(np.cos(x)), 1.0),
    ("relu just past its kink", lambda x: max(x, 0.0), lambda x: float(x > 0.0), 5e-7),
    ("relu just before its kink", lambda x: max(x, 0.0), lambda x: float(x > 0.0), -5e-7),
    ("near the edge of sqrt", np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-8),
    ("near the edge of log", np.log, lambda x: 1 / x, 1e-8),
    ("zero gradient", lambda x: 3.0, lambda x: 0.0, 1.0),
    ("stationary", lambda x: x * x, lambda x: 2 * x, 0.0),
    ("saturated", np.tanh, lambda x: 1 / np.cosh(x) ** 2, 15.0),
]


@pytest.mark.parametrize("name, f, slope, x", NOT_WRONG, ids=[case[0] for case in NOT_WRONG])
def test_right_gradients_are_right_and_their_neighbours_wrong(name, f, slope, x):
    assert check(f, slope, x).verdict == "right"
    true = float(slope(x))
    for mistake in (-true, 2 * true, true + max(abs(true), 2.0**-13)):  # float32 would hide less
        if mistake != true:
            assert check(f, lambda _: mistake, x).verdict == "wrong"


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_at_a_kink_every_slope_between_is_right_and_the_report_says_so(slope):
    report = check(lambda x: max(x, 0.0), slope, 0.0)
    assert report.verdict == "right"
    assert "kink" in report["x"].worst.reason
    assert "at a kink" in str(report)


def test_at_a_kink_a_slope_far_outside_is_wrong():
    assert check(lambda x: max(x, 0.0), -3.0, 0.0).verdict == "wrong"


# Cannot tell


def test_noise_cannot_be_told_and_the_reason_is_given():
    rng = np.random.default_rng(2)
    report = check(lambda x: math.sin(x) * (rng.random() > 0.5), math.cos(1.0), 1.0)
    assert report.verdict == "undecided"
    assert "at the same point: dropout, a random draw or a counter" in report["x"].worst.reason


def test_the_edge_of_the_domain_cannot_be_told():
    report = check(math.sqrt, 1.0, 0.0)
    assert report.verdict == "undecided"
    assert "edge of its domain" in str(report)


def test_wrong_outweighs_undecided():
    report = check(lambda p: math.sqrt(p["a"]) + p["b"] ** 2, {"a": 1.0, "b": 7.0}, {"a": 0.0, "b": 1.0})
    assert [block.verdict for block in report.blocks] == ["undecided", "wrong"]
    assert report.verdict == "wrong"


@pytest.mark.parametrize(
    "mistake, verdict", [(0.0, "right"), (-2e-6, "right"), (0.01, "wrong"), (-0.5, "wrong")]
)
def test_in_single_precision_what_is_small_beside_the_largest_slope_is_right_and_the_report_says_how_small(
    mistake, verdict
):
    """An entry of 1e-6 beside one of 0.5: below the noise of float32 over any step."""

    def f(v):
        return float(np.float32(math.sin(v[0]) + 1e-6 * v[1]))

    report = check(f, lambda v: np.array([math.cos(v[0]), 1e-6 + mistake]), np.array([1.0, 1.0]))
    assert report.verdict == verdict
    assert (report["x"].wrong == [(1,)]) == (verdict == "wrong")
    assert 1e-6 < report["x"].smallest_visible < 0.01


BAR = Estimate(value=1.0, error=0.01, step=1e-3, evaluations=9, scale=1.0)


@pytest.mark.parametrize(
    "analytic, estimate, verdict",
    [
        (1.005, BAR, "right"),
        (0.995, BAR, "right"),
        (1.02, BAR, "undecided"),
        (1.05, BAR, "wrong"),
        (-1.0, BAR, "wrong"),
        (0.0, BAR, "wrong"),
        (float("nan"), BAR, "wrong"),
        (float("inf"), BAR, "wrong"),
        (1.0, Estimate(1.0, math.inf, 1e-3, 9), "undecided"),
        (1.0, Estimate(1.0, 0.5, 1e-3, 9, scale=1.0), "undecided"),
        (0.0, Estimate(0.0, 1e-12, 1e-3, 9, scale=1.0), "right"),
        (0.0, Estimate(0.0, 1e-3, 1e-3, 9, scale=1.0), "undecided"),
        (0.0, Estimate(0.0, 1e-3, 1e-3, 9), "right"),
        (1.0 + 2.0**-52, Estimate(1.0, 0.0, 1e-3, 9, scale=1.0), "right"),
        (1.0 + 2.0**-52, Estimate(1.0, 0.0, 1e-3, 9), "undecided"),
        (1.0 + 3e-8, Estimate(1.0, 1e-8, 1e-3, 9, scale=1.0), "right"),
        (1.0 + 3e-6, Estimate(1.0, 1e-6, 1e-3, 9, scale=1.0), "undecided"),
        (np.float64(1.0), Estimate(1.0, 0.0, 1e-3, 9), "right"),
    ],
)
def test_the_rule(analytic, estimate, verdict):
    judgement = judge(analytic, estimate)
    assert judgement == verdict
    assert judgement.reason != ""


@pytest.mark.parametrize("precision, widest", [("float64", 2e-7), ("float32", 0.02), ("float16", 0.05)])
def test_a_bar_is_narrow_where_an_error_that_the_precision_must_not_hide_would_be_seen(precision, widest):
    for times, verdict in ((0.99, "right"), (1.01, "undecided")):
        estimate = Estimate(0.0, times * widest, 1e-3, 9, scale=1.0)
        assert judge(0.0, estimate, small=SMALL_ERRORS[precision]) == verdict


# Forms, refusals, and what belongs to the caller


@pytest.mark.parametrize(
    "wrong, refusal",
    [
        (np.ones(1), ShapeMismatch),
        (1.0, ShapeMismatch),
        (np.ones((2, 1)), ShapeMismatch),
        (None, GradcheckError),
        ({"x": np.ones(2)}, StructureMismatch),
    ],
)
def test_gradients_of_another_form_are_refused(wrong, refusal):
    with pytest.raises(refusal):
        check(lambda v: float(np.sum(v)), lambda v: wrong, np.ones(2))


def test_a_loss_that_is_not_one_number_is_refused():
    with pytest.raises(NotRealNumbers, match="one real number"):
        check(lambda v: v, np.ones(2), np.ones(2))
    with pytest.raises(NotFinite):
        check(lambda v: math.nan, np.ones(2), np.ones(2))
    with pytest.raises(GradcheckError, match=r"\(value, gradients\)"):
        check(lambda v: float(np.sum(v)), None, np.ones(2))


def test_integer_parameters_are_taken_as_floats_and_that_is_told():
    report = check(lambda v: float(np.sum(v**2)), lambda v: 2 * v, np.array([1, 2]))
    assert report.verdict == "right" and "whole numbers (x) taken as floats" in str(report)
    assert check(lambda v: float(np.sum(v**2)), lambda v: v, np.array([1, 2])).verdict == "wrong"


@pytest.mark.parametrize(
    "parameters, gradients",
    [
        ([np.array([1.0, 2.0]), 3.0], [np.array([2.0, 4.0]), 6.0]),
        ((1.0, 2.0), (2.0, 4.0)),
        (2.0, 4.0),
        ({"a": {"b": [1.0, 2.0]}}, {"a": {"b": [2.0, 4.0]}}),
        (np.float32([1.0, 2.0]), np.float32([2.0, 4.0])),
    ],
)
def test_every_form_of_parameters(parameters, gradients):
    def squares(p):
        return float(np.sum(gradcheck.Point(p).vector ** 2))

    assert check(squares, gradients, parameters).verdict == "right"
    assert check(squares, lambda p: gradients, parameters).verdict == "right"
    assert check(lambda p: (squares(p), gradients), None, parameters).verdict == "right"


def test_nothing_of_the_caller_changes():
    mine = {"W": np.array([1.0, 2.0]), "b": 0.5}

    def spoiling(p):
        value = float(np.sum(p["W"] ** 2) + p["b"] ** 2)
        p["W"] *= 0.0
        p["b"] = None
        return value

    def spoiling_gradients(p):
        gradients = {"W": 2 * p["W"], "b": 2 * p["b"]}
        p["W"][:] = 7.0
        return gradients

    assert check(spoiling, spoiling_gradients, mine).verdict == "right"
    assert mine["W"].tolist() == [1.0, 2.0]
    assert mine["b"] == 0.5


def test_an_unknown_block_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="W1, b1, W2, w5"):
        check(loss, right, PARAMETERS)["W3"]


def test_the_same_seed_gives_the_same_report():
    assert (
        check(loss, right, PARAMETERS, seed=1).to_dict() == check(loss, right, PARAMETERS, seed=1).to_dict()
    )


def test_without_numpy_the_package_still_loads():
    program = "import sys; sys.modules['numpy'] = None; import gradcheck; print(gradcheck.Dual(1.0))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Dual: value=1.0 derivative=0.0\n"


def test_the_package_hands_on_its_names():
    assert set(gradcheck.__all__) <= set(dir(gradcheck))
    for name in gradcheck.__all__:
        assert getattr(gradcheck, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        gradcheck.no_such_name


@pytest.mark.parametrize("confidence", [4.0, 9.0])
def test_beside_steep_slopes_a_small_derivative_is_right_as_long_as_a_millionth_of_them_would_show(
    confidence,
):
    """Wherever the truth lies in its bar: an error is certain to be seen from confidence + 1 bars on."""
    widest = 1e-6 / (confidence + 1.0)
    for error, verdict in ((0.99 * widest, "right"), (1.01 * widest, "undecided")):
        assert (
            judge(0.0, Estimate(0.0, error, 1e-3, 9, scale=0.1), scale=1.0, confidence=confidence) == verdict
        )
