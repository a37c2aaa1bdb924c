"""`check` where today's checkers fail: what passes them wrongly is wrong here, what fails them wrongly is
right.
"""

import math
import random
from collections import Counter, namedtuple
from itertools import count

import numpy as np
import pytest

from gradcheck import Report, check, check_hessian
from gradcheck.errors import (
    GradcheckError,
    Interrupted,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    UnknownName,
)

X = np.linspace(0.5, 1.5, 12)
SMALL = np.array([1.0, -2.0, 4.5])


def cubes(x):
    return float(np.sum(x**3))


def slopes(x):
    return 3 * x**2


# Wrong gradients that pass elsewhere


def one_changed(gradient, index, value):
    changed = gradient.copy()
    changed[index] = value
    return changed


PASSES_ELSEWHERE = [
    ("tiny, its sign flipped", lambda x: np.sum(1e-6 * x**2), -2e-6 * SMALL, SMALL, [(0,), (1,), (2,)]),
    (
        "zero in place of 9e-6",
        lambda x: np.sum(1e-6 * x**2),
        one_changed(2e-6 * SMALL, 2, 0.0),
        SMALL,
        [(2,)],
    ),
    ("factor 1.0009", cubes, 1.0009 * slopes(X), X, [(i,) for i in range(12)]),
    ("NaN", cubes, one_changed(slopes(X), 3, np.nan), X, [(3,)]),
    ("infinity", cubes, one_changed(slopes(X), 4, -np.inf), X, [(4,)]),
]


@pytest.mark.parametrize(
    "name, loss, gradients, x, wrong", PASSES_ELSEWHERE, ids=[case[0] for case in PASSES_ELSEWHERE]
)
def test_wrong_gradients_that_pass_elsewhere_are_wrong(name, loss, gradients, x, wrong):
    report = check(loss, gradients, x)
    assert report.verdict == "wrong"
    assert report["x"].wrong == wrong


def test_a_gradient_that_is_no_number_is_named_by_its_index():
    report = check(cubes, lambda x: one_changed(slopes(x), 3, np.nan), X)
    assert "x[3]: analytic nan" in str(report)
    assert report["x"].worst.reason == "a derivative cannot be nan"


@pytest.mark.parametrize("wrong", [np.ones(1), 1.0, np.ones((2, 1)), np.ones((1, 2))])
def test_nothing_is_broadcast(wrong):
    with pytest.raises(ShapeMismatch, match=r", the parameter \(2,\); "):
        check(lambda x: float(np.sum(x)), lambda x: wrong, np.ones(2))


@pytest.mark.parametrize(
    "shape, given, words",
    [
        (
            (3,),
            (5, 3),
            "b2: the gradient has shape (5, 3), the parameter (3,); is the sum over the samples, ",
        ),
        ((3,), (5, 3), ".sum(axis=0), missing?"),
        ((3, 1), (3, 4, 1), "is the sum over axis 1, .sum(axis=1), missing?"),
        ((3, 2), (2, 3), "is it transposed?"),
        ((3, 2), (4, 5), "nothing is broadcast"),
        ((3, 2), (6,), "is .reshape((3, 2)) missing?"),
        ((3,), (1, 3), "is .reshape((3,)) missing?"),
        ((3, 2), (), "is it summed over everything, for want of an axis?"),
        ((4, 3, 2), (4, 2), "is it summed over axis 1, too?"),
        ((3,), (4,), "is it summed over another axis?"),
    ],
)
def test_a_gradient_of_another_shape_is_told_what_to_try(shape, given, words):
    with pytest.raises(ShapeMismatch) as refusal:
        check(lambda p: float(np.sum(p["b2"])), {"b2": np.ones(given)}, {"b2": np.ones(shape)})
    assert words in str(refusal.value)


def test_one_flipped_sign_among_twenty_thousand_is_named():
    x = np.random.default_rng(5).normal(size=20_000)
    gradient = np.cos(x)
    gradient[7_321] *= -1
    report = check(lambda v: np.sum(np.sin(v)), gradient, x)
    assert report["x"].wrong == [(7_321,)]
    assert report.evaluations < 2_000
    assert report["x"].by_directions > 19_000


def test_five_zeros_among_twenty_thousand_are_named():
    x = np.random.default_rng(6).normal(size=(100, 200))
    gradient, zeroed = np.cos(x), [(3, 7), (3, 8), (50, 0), (77, 199), (99, 199)]
    for index in zeroed:
        gradient[index] = 0.0
    assert check(lambda v: np.sum(np.sin(v)), gradient, x)["x"].wrong == zeroed


def test_a_right_gradient_of_twenty_thousand_is_right():
    x = np.random.default_rng(7).normal(size=20_000)
    report = check(lambda v: np.sum(np.sin(v)), np.cos, x)
    assert report.verdict == "right"
    assert report["x"].smallest_visible < 1e-6


@pytest.mark.slow
def test_a_factor_of_two_on_two_hundred_thousand_entries_is_wrong():
    x = np.random.default_rng(8).normal(size=200_000)
    report = check(lambda v: float(v @ v), lambda v: 4 * v, x)
    assert report.verdict == "wrong"
    assert report.cause.id == "factor 2"


# Right gradients that fail elsewhere: networks of one array

FAILS_ELSEWHERE = [
    (
        "relu 5e-7 from its kink",
        lambda x: np.sum(np.maximum(x, 0.0)),
        lambda x: (x > 0) * 1.0,
        np.array([5e-7, -5e-7, 1.0]),
    ),
    (
        "relu 5e-5 from its kink",
        lambda x: np.sum(np.maximum(x, 0.0)),
        lambda x: (x > 0) * 1.0,
        np.array([5e-5, -5e-5]),
    ),
    (
        "|x - a| near a",
        lambda x: np.sum(np.abs(x - 0.3)),
        lambda x: np.sign(x - 0.3),
        np.array([0.3 + 1e-7, 0.3 - 1e-6]),
    ),
    ("x = 1e11", lambda x: np.sum(x**2), lambda x: 2 * x, np.array([1e11, -3e11])),
    ("loss + 1e9", lambda x: cubes(x) + 1e9, slopes, X),
    ("sin(1e5 x)/1e5", lambda x: np.sum(np.sin(1e5 * x)) / 1e5, lambda x: np.cos(1e5 * x), X[:3]),
    ("float32 loss", lambda x: np.sum(np.float32(x) ** 3), slopes, X[:3]),
    (
        "float32 throughout",
        lambda x: np.sum(np.float32(x) ** 3),
        lambda x: 3 * np.float32(x) ** 2,
        np.float32(X[:3]),
    ),
    ("sqrt near 0", lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), np.array([1e-7, 3e-9])),
    ("log near 0", lambda x: np.sum(np.log(x)), lambda x: 1 / x, np.array([1e-7, 3e-9])),
    ("1e8 sin", lambda x: 1e8 * np.sum(np.sin(x)), lambda x: 1e8 * np.cos(x), X),
]


@pytest.mark.parametrize(
    "name, loss, gradients, x", FAILS_ELSEWHERE, ids=[case[0] for case in FAILS_ELSEWHERE]
)
def test_right_gradients_that_fail_elsewhere_are_right_and_their_doubles_wrong(name, loss, gradients, x):
    assert check(loss, gradients, x).verdict == "right"
    doubled = check(loss, lambda x: 2 * gradients(x), x)
    assert doubled.verdict == "wrong"
    assert doubled["x"].wrong == [(i,) for i in np.flatnonzero(gradients(np.float64(x)))]


@pytest.mark.parametrize("noise", ["dropout", "counter"])
def test_a_loss_that_is_not_deterministic_is_called_that(noise):
    draw, calls = np.random.default_rng(1), []

    def loss(x):
        calls.append(1)
        kept = draw.random(x.shape) < 0.5
        return float(np.sum(x * kept)) if noise == "dropout" else float(np.sum(x)) + 1e-6 * len(calls)

    for factor in (1.0, 2.0):
        report = check(loss, lambda x: factor * np.ones_like(x), X)
        assert report.verdict == "undecided"
        assert [finding.id for finding in report.audit] == ["loss not deterministic"]
        assert "at the same point" in str(report)


# Kinks, jumps, edges


@pytest.mark.parametrize(
    "slope, verdict",
    [
        (0.0, "right"),
        (0.5, "right"),
        (1.0, "right"),
        (1.2, "wrong"),
        (-0.2, "wrong"),
        (1.01, "wrong"),
        (2.0, "wrong"),
    ],
)
def test_at_a_kink_the_slopes_between_are_right_and_no_others(slope, verdict):
    report = check(lambda x: float(np.sum(np.maximum(x, 0.0))), np.array([slope, 1.0]), np.array([0.0, 1.0]))
    assert report.verdict == verdict
    assert "kink" in report["x"].entries[0].reason


def test_a_jump_is_called_a_jump():
    report = check(lambda x: float(x > 1.0) + x, 1.0, 1.0)
    assert report.verdict == "undecided"
    assert report["x"].worst.reason.startswith("jump")


def test_bounds_are_respected():
    seen = []

    def loss(x):
        seen.append(float(x[1]))
        return float(x[0] ** 2 + x[1] ** 2)

    for gradients in (np.array([2.0, 0.2]), lambda x: 2 * x):
        report = check(loss, gradients, np.array([1.0, 0.1]), bounds=(np.array([-9.0, 0.1]), 5.0))
        assert report.verdict == "right"
    pair = check(lambda x: (loss(x), 2 * x), None, np.array([1.0, 0.1]), bounds=(np.array([-9.0, 0.1]), 5.0))
    assert pair.verdict == "right"
    assert min(seen) >= 0.1


@pytest.mark.parametrize(
    "bounds, words",
    [
        ((0.5,), "expected .low, high."),
        (3.0, "found 3.0"),
        ((0.6, 5.0), r"x\[0\]: found 0.5"),
        ((np.zeros(3), 5.0), r"x: expected shape \(12,\)"),
    ],
)
def test_bounds_that_are_no_bounds_or_exclude_the_point_are_refused(bounds, words):
    with pytest.raises(GradcheckError, match=words):
        check(cubes, slopes, X, bounds=bounds)


# Vacuous passes


def with_l2_on_biases(p):
    out = np.tanh(X * p["W"] + p["b"])
    return float(np.sum(out**2)) + 0.05 * float(np.sum(p["b"] ** 2))


def l2_on_biases_forgotten(p):
    out = np.tanh(X * p["W"] + p["b"])
    delta = 2 * out * (1 - out**2)
    return {"W": delta * X, "b": delta}


def test_an_l2_term_hidden_by_zero_biases_is_found_at_a_generic_point():
    parameters = {"W": np.ones(12), "b": np.zeros(12)}
    report = check(with_l2_on_biases, l2_on_biases_forgotten, parameters)
    assert report["b"].verdict == "right"
    assert [note.id for note in report.notes] == ["zero parameters"]
    assert report.nearby.verdict == report.verdict == "wrong"
    assert "checked again nearby: wrong (b)" in str(report)
    assert "L2" in report.cause.sentence


def test_with_the_term_the_second_check_is_right_too():
    def right(p):
        found = l2_on_biases_forgotten(p)
        return {"W": found["W"], "b": found["b"] + 0.1 * p["b"]}

    report = check(with_l2_on_biases, right, {"W": np.ones(12), "b": np.zeros(12)})
    assert report.nearby.verdict == report.verdict == "right"


def dead(p):
    return float(np.sum(np.maximum(p["W"] - 1.0, 0.0) ** 2))


@pytest.mark.parametrize("factor, verdict", [(2.0, "right"), (1.0, "wrong"), (-2.0, "wrong")])
def test_behind_a_zero_gradient_a_factor_is_found(factor, verdict):
    report = check(
        dead, lambda p: {"W": factor * np.maximum(p["W"] - 1.0, 0.0)}, {"W": 0.5 * np.ones((2, 3))}
    )
    assert [note.id for note in report.notes] == ["zero gradient"]
    assert report.verdict == verdict


def test_one_dead_unit_is_named():
    weights = np.array([[1.0, 0.0, 0.5], [-1.0, 0.0, -0.5]])
    report = check(
        lambda p: float(np.sum(np.maximum(p["W"] @ SMALL, 0.0))),
        lambda p: {"W": np.outer(p["W"] @ SMALL > 0, SMALL)},
        {"W": weights},
    )
    assert report.notes[0].id == "dead units"
    assert "W (row 1)" in report.notes[0].sentence
    assert report.nearby.verdict == "right"


def test_ready_numbers_that_say_little_are_flagged_though_not_checked_again():
    report = check(dead, {"W": np.zeros((2, 3))}, {"W": 0.5 * np.ones((2, 3))})
    assert report.verdict == "right"
    assert report.nearby is None
    assert "so this pass tests little" in str(report)


def test_a_data_term_behind_a_large_regulariser_is_found():
    def loss(p):
        return float(np.sum(np.sin(p["W"])) + 1e9 * np.sum(p["W"] ** 2) + p["w5"] ** 2)

    def wrong(p):
        return {"W": 2e9 * p["W"] - np.cos(p["W"]), "w5": 2 * p["w5"]}

    report = check(loss, wrong, {"W": X, "w5": 1.0})
    assert [note.id for note in report.notes] in ([], ["large regulariser"])
    assert report.verdict == "wrong"


def test_a_plain_pass_is_not_flagged():
    report = check(cubes, slopes, X)
    assert report.notes == ()
    assert report.nearby is None


# Audit


def test_gradients_that_accumulate_are_wrong_and_their_first_numbers_judged():
    held = np.zeros(12)

    def gradients(x):
        held[:] += slopes(x)
        return held.copy()

    report = check(cubes, gradients, X)
    assert report.verdict == "wrong"
    assert [finding.id for finding in report.audit] == ["gradients accumulate"]
    assert report["x"].wrong == []


def test_gradients_of_the_last_forward_pass_are_told_from_wrong_ones():
    last = {}

    def loss(x):
        last["x"] = x.copy()
        return cubes(x)

    report = check(loss, lambda x: slopes(last["x"]), X)
    assert report.verdict == "undecided"
    assert [finding.id for finding in report.audit] == ["stale forward pass"]
    assert check(loss, lambda x: -slopes(last["x"]), X).verdict == "wrong"


def test_global_random_states_and_the_callers_arrays_are_left_alone_also_on_an_interrupt():
    mine, calls = {"W": X.copy()}, []

    def loss(p):
        calls.append(random.random() + np.random.random())
        p["W"] += 1.0
        if len(calls) > 9:
            raise KeyboardInterrupt
        return cubes(p["W"])

    before = random.getstate(), np.random.get_state()[1].copy()
    with pytest.raises(KeyboardInterrupt):
        check(loss, lambda p: {"W": slopes(p["W"])}, mine)
    assert np.array_equal(mine["W"], X)
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_ctrl_c_in_any_call_leaves_a_report_or_nothing():
    made = Counter()
    for last in count(1, 6):
        left = iter(range(last))

        def loss(x, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return cubes(x)

        try:
            check(loss, slopes, SMALL)
            break
        except Interrupted as stop:
            assert isinstance(stop.made, Report) and stop.made.verdict != "wrong"
            made["a report"] += 1
        except KeyboardInterrupt:
            made["nothing"] += 1
    assert min(made["a report"], made["nothing"]) > 2


# Vector-valued losses, and the Hessian

A = np.random.default_rng(4).normal(size=(4, 12))


def test_a_loss_of_several_numbers_is_checked_through_an_upstream():
    def out(x):
        return np.tanh(A @ x)

    def backward(x, upstream):
        return A.T @ (upstream * (1 - out(x) ** 2))

    report = check(out, backward, X)
    assert report.verdict == "right"
    assert "upstream" in str(report)
    assert check(out, lambda x, upstream: A.T @ (upstream * (1 - out(x))), X).verdict == "wrong"
    assert check(out, lambda x, upstream: A.T @ (abs(upstream) * (1 - out(x) ** 2)), X).verdict == "wrong"


def test_a_loss_of_several_numbers_needs_gradients_that_take_an_upstream():
    with pytest.raises(GradcheckError, match=r"shape \(4,\).*\(parameters, u\)"):
        check(lambda x: A @ x, lambda x: A.sum(axis=0), X)
    with pytest.raises(NotRealNumbers):
        check(lambda x: A @ x, A.sum(axis=0), X)


@pytest.mark.parametrize("factor, verdict", [(6.0, "right"), (3.0, "wrong"), (-6.0, "wrong")])
def test_a_hessian_vector_product_is_checked_by_the_gradients(factor, verdict):
    report = check_hessian(cubes, slopes, X, lambda x, v: factor * x * v)
    assert (report.verdict, report.subject) == (verdict, "Hessian times a vector")


def test_no_hessian_is_blamed_for_wrong_gradients():
    report = check_hessian(cubes, lambda x: -slopes(x), X, lambda x, v: 6 * x * v)
    assert (report.verdict, report.subject) == ("wrong", "gradients")


# Forms and refusals

Layer = namedtuple("Layer", "weights bias")


def test_named_tuples_stay_named_tuples():
    def loss(layer):
        return cubes(layer.weights) + layer.bias**2

    report = check(loss, lambda layer: Layer(slopes(layer.weights), 2 * layer.bias), Layer(X, 0.5))
    assert report.verdict == "right"
    assert [block.name for block in report.blocks] == ["weights", "bias"]


def test_only_what_is_selected_is_judged_and_paid_for():
    parameters = {"W1": X, "b1": 1.0, "W2": X[:2]}
    gradients = {"W1": -slopes(X), "b1": 2.0, "W2": slopes(X[:2])}

    def loss(p):
        return cubes(p["W1"]) + p["b1"] ** 2 + cubes(p["W2"])

    report = check(loss, gradients, parameters, select=["W2", "b*"])
    assert [block.name for block in report.blocks] == ["b1", "W2"]
    assert report.verdict == "right"
    assert report.evaluations <= 12 * 3 + 60
    assert "select=['W2', 'b*']" in report.call
    with pytest.raises(UnknownName, match="W3"):
        check(loss, gradients, parameters, select="W3")


@pytest.mark.parametrize("confidence", [0.95, 0, math.nan, math.inf, "high", None])
def test_a_confidence_that_is_no_number_of_bars_is_refused(confidence):
    with pytest.raises(GradcheckError, match="confidence"):
        check(cubes, slopes, X, confidence=confidence)


def test_more_confidence_asks_for_more_bars():
    bar = check(cubes, slopes, X)["x"].entries[0].error_bar
    off = one_changed(slopes(X), 0, slopes(X)[0] + 40 * bar + 1e-12)
    assert check(cubes, off, X).verdict == "wrong"
    assert check(cubes, off, X, confidence=1e9).verdict == "undecided"


@pytest.mark.parametrize("confidence, verdict", [(1, "wrong"), (1e9, "undecided")])
def test_an_entry_says_how_many_of_its_own_bars_it_is_away(confidence, verdict):
    widest = max(entry.error_bar / entry.numeric for entry in check(cubes, slopes, X)["x"].entries)
    off = slopes(X) * (1.0 + 3.0 * widest)
    worst = check(cubes, off, X, confidence=confidence)["x"].worst
    assert worst.verdict == verdict
    assert worst.reason.startswith(f"{worst.bars_apart:.3g} error bars away")


def off_by(relative):
    return lambda p: {"a": 2.0 * slopes(p["a"]), "b": slopes(p["b"]) * (1.0 + relative)}


def two_cubes(p):
    return cubes(p["a"]) + cubes(p["b"])


@pytest.mark.parametrize("confidence, named", [(1, ("a", "b")), (1000, ("a",))])
def test_a_cause_names_the_blocks_that_the_verdict_calls_wrong(confidence, named):
    report = check(two_cubes, off_by(1e-10), {"a": X, "b": X}, confidence=confidence)
    assert tuple(block.name for block in report.blocks if block.verdict == "wrong") == named
    assert report.cause.blocks == named
    assert (report["b"].cause is not None) == ("b" in named)


@pytest.mark.parametrize("loss", [lambda x: math.nan, lambda x: math.inf])
def test_a_loss_that_is_not_finite_at_the_point_is_refused_by_name(loss):
    with pytest.raises(NotFinite, match="loss: expected a finite number, found"):
        check(loss, slopes, X)


def test_an_error_of_the_loss_is_the_callers_own():
    with pytest.raises(ZeroDivisionError):
        check(lambda x: 1 / 0, slopes, X)


def test_single_precision_behind_one_entry_among_many_is_not_called_wrong():
    """Sixty entries move together when noise is measured, and the stairs of one must show among them."""

    def loss(p):
        return float(np.sin(p["v"]).sum() + np.float64(np.float32(p["n"]) ** 2))

    def gradients(p):
        return {"v": np.cos(p["v"]), "n": 2 * p["n"]}

    for seed in range(12):
        assert check(loss, gradients, {"v": np.linspace(0.1, 1, 60), "n": 0.5}, seed=seed).verdict != "wrong"
    halved = check(
        loss, lambda p: gradients(p) | {"n": p["n"]}, {"v": np.linspace(0.1, 1, 60), "n": 0.5}, seed=0
    )
    assert halved["n"].verdict != "right"
