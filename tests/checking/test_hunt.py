"""`hunt`: slopes that are wrong at special points alone are found, right ones at the same points never."""

import numpy as np
import pytest
from drawn.gradient_models import KINDS, drawn
from hypothesis import given
from profiles import examples, is_thorough

import gradcheck  # noqa: F401  for the lines that are run
from gradcheck import GradcheckError, check, hunt, strategies
from gradcheck.judge.special_values import special_points

SEEDS = range(10) if is_thorough() else [0]
WEIGHTS = np.arange(1.0, 6.0)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    powers = np.exp(x - np.max(x))
    return powers / np.sum(powers)


def log_sum_exp(x):
    return np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))


def product_slopes(x):
    return np.array([np.prod(np.delete(x, i)) for i in range(len(x))])


def cumulative(x):
    return float(np.sum(np.cumprod(x) * WEIGHTS))


def cumulative_slopes(x):
    ones = np.eye(len(x), dtype=bool)
    return np.array([np.sum((np.cumprod(np.where(one, 1.0, x)) * WEIGHTS)[i:]) for i, one in enumerate(ones)])


def divided(function):
    """What is divided by x where it should leave x out, as is done to save time."""
    return lambda x: np.nan_to_num(function(x), posinf=0.0, neginf=0.0)


def pooled(x):
    return np.sum(np.max(x.reshape(-1, 2), axis=1))


def is_largest(x):
    pairs = x.reshape(-1, 2)
    return (pairs == np.max(pairs, axis=1, keepdims=True)).ravel()


def first_of_largest(x):
    pairs = x.reshape(-1, 2)
    return (np.arange(2) == np.argmax(pairs, axis=1)[:, None]).astype(float).ravel()


def huber(x):
    return np.sum(np.where(np.abs(x) <= 0.7, 0.5 * x * x, 0.7 * (np.abs(x) - 0.35)))


# name: (loss, right slopes, slopes that are wrong at special points alone, number of entries)
EIGHT = {
    "softplus": (
        lambda x: np.sum(np.logaddexp(0.0, x)),
        logistic,
        lambda x: np.where(x == 0.0, 0.0, logistic(x)),
        5,
    ),
    "softplus, far out": (
        lambda x: np.sum(np.logaddexp(0.0, x)),
        logistic,
        lambda x: np.where(x > 30.0, 0.0, logistic(x)),
        5,
    ),
    "log of the logistic": (
        lambda x: np.sum(np.logaddexp(0.0, -x)),
        lambda x: -logistic(-x),
        lambda x: np.where(x <= -40.0, 0.0, -logistic(-x)),
        5,
    ),
    "cross entropy of logits": (
        lambda x: np.sum(np.maximum(x, 0.0) - 0.3 * x + np.log1p(np.exp(-np.abs(x)))),
        lambda x: logistic(x) - 0.3,
        lambda x: (x > 0.0) - 0.3 - np.sign(x) * logistic(-np.abs(x)),
        5,
    ),
    "log of a sum of exponentials": (
        log_sum_exp,
        softmax,
        lambda x: np.where(np.sum(x == np.max(x)) > 1, (x == np.max(x)) * 1.0, softmax(x)),
        5,
    ),
    "squares": (lambda x: np.sum(x**2), lambda x: 2.0 * x, lambda x: np.where(x == 0.0, 1.0, 2.0 * x), 5),
    "product": (lambda x: np.prod(x), product_slopes, divided(lambda x: np.prod(x) / x), 5),
    "cumulative product": (
        cumulative,
        cumulative_slopes,
        divided(lambda x: np.cumsum((np.cumprod(x) * WEIGHTS)[::-1])[::-1] / x),
        5,
    ),
    "norm": (
        lambda x: np.sqrt(np.sum(x**2)),
        lambda x: x / max(np.sqrt(np.sum(x**2)), 2.0**-512),
        lambda x: x / np.sqrt(np.sum(x**2)) if np.any(x) else np.ones(len(x)),
        5,
    ),
    "norm, not a number at zero": (
        lambda x: np.sqrt(np.sum(x**2)),
        lambda x: x / max(np.sqrt(np.sum(x**2)), 2.0**-512),
        lambda x: x / np.sqrt(np.sum(x**2)),
        5,
    ),
    "maximum": (pooled, first_of_largest, lambda x: is_largest(x) * 1.0, 6),
    "distance of two": (
        lambda x: abs(x[0] - x[1]),
        lambda x: np.sign(x[0] - x[1]) * np.array([1.0, -1.0]),
        lambda x: np.where(x[0] < x[1], -1.0, 1.0) * np.array([1.0, -1.0 if x[0] != x[1] else 1.0]),
        2,
    ),
    "repeated values": (
        lambda x: np.sum((x[:, None] - x) ** 2),
        lambda x: 4.0 * (len(x) * x - np.sum(x)),
        lambda x: 4.0 * (len(x) * x - np.sum(x)) / (1.0 + (len(np.unique(x)) < len(x))),
        4,
    ),
    "huber": (
        huber,
        lambda x: np.clip(x, -0.7, 0.7),
        lambda x: np.where(np.abs(x) < 0.7, x, 0.7 * np.sign(x) * (np.abs(x) > 0.7)),
        5,
    ),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", EIGHT)
def test_a_slope_that_is_wrong_at_special_points_alone_is_found(name, seed):
    loss, right, wrong, n = EIGHT[name]
    x = np.random.default_rng(seed).normal(size=n)
    assert np.allclose(right(x), wrong(x))
    found = hunt(loss, wrong, x, seed=seed)
    assert found.verdict == "wrong" and found.report.verdict == "wrong", found
    with np.errstate(all="ignore"):
        assert not np.allclose(right(found.point), wrong(found.point))
    with pytest.raises(AssertionError):  # the line is a test that fails
        exec(found.line, globals() | {"loss": loss, "gradients": wrong})
    found = hunt(loss, right, x, seed=seed)
    assert found.verdict == "right" and found.what is None, found


@pytest.mark.parametrize("kind", sorted(KINDS) if is_thorough() else ["overlapping windows"])
def test_right_gradients_of_drawn_models_are_not_accused(kind):
    model = drawn(kind, 0)
    found = hunt(
        model.loss, model.gradients, model.parameters, most_calls=1500 if not is_thorough() else 20_000
    )
    assert found.verdict == "right" and found.what is None, found


CORNERS = {  # right, or as good as any other, at points where this is not easily seen
    "slopes without end": (
        lambda x: np.sum(np.sqrt(np.abs(x))),
        lambda x: 0.5 * np.sign(x) / np.sqrt(np.abs(x)),
    ),
    "jumps": (lambda x: np.sum(np.floor(x) * 2.0 + x), lambda x: np.ones(3)),
    "x log x": (
        lambda x: np.sum(np.where(x > 0.0, x * np.log(x), 0.0)),
        lambda x: np.where(x > 0.0, np.log(x) + 1.0, 0.0),
    ),
    "no value at ties": (lambda x: 1.0 / (x[0] - x[1]) + x[2], None),
    "raises at zero": (lambda x: np.sum(1.0 / x) if np.all(x) else [][0], lambda x: -1.0 / x**2),
    "rounding of numbers near one": (
        lambda x: np.sum(np.log1p(np.exp(-x))),
        lambda x: logistic(x) - 1.0,
    ),
    "large exponentials": (lambda x: np.sum(np.exp(x)), np.exp),
}


@pytest.mark.parametrize("name", CORNERS)
def test_what_only_seems_wrong_at_special_points_is_not_accused(name):
    loss, gradients = CORNERS[name]

    def differences(x):
        slope = 1.0 / (x[0] - x[1]) ** 2
        return np.array([-slope, slope, 1.0])

    found = hunt(loss, gradients or differences, np.array([0.3, 1.7, 0.8]))
    assert found.what is None, found


def test_limits_stay_in_order_and_bounds_are_kept():
    def loss(p):
        return np.sum(np.clip(p["x"], p["low"], p["high"]) ** 2)

    def gradients(p):
        x, low, high = p["x"], p["low"], p["high"]
        slope = 2.0 * np.clip(x, low, high)
        inside = (low < x) & (x < high)
        return {"x": slope * inside, "low": np.sum(slope[x <= low]), "high": np.sum(slope[x >= high])}

    point = {"x": np.array([-2.0, 0.3, 0.6, 2.5]), "low": -1.0, "high": 1.0}
    found = hunt(loss, gradients, point)
    assert found.what is None, found
    seen = []
    hunt(lambda x: seen.append(x) or np.sum(x**2), lambda x: 2.0 * x, np.array([0.3, 0.4]), bounds=(0.1, 0.5))
    assert len(seen) > 60 and np.min(seen) >= 0.1 and np.max(seen) <= 0.5


def test_shapes_say_how_inputs_are_made_and_the_smallest_that_fails_is_reported():
    def loss(p):
        return np.sum(p["x"][::2] * p["w"])

    def gradients(p):
        dx = np.zeros_like(p["x"])
        dx[: len(p["x"]) // 2 * 2 : 2] = p["w"]  # the last of an odd number is forgotten
        return {"x": dx, "w": np.sum(p["x"][::2])}

    point = {"x": np.arange(6.0) + 0.5, "w": 0.5}
    assert hunt(loss, gradients, point).verdict == "right"
    found = hunt(loss, gradients, point, lambda n: {"x": (n,), "w": 0.5})
    assert found.verdict == "wrong" and found.point["x"].shape == (1,)
    assert "{'x': np.array([" in found.line
    two = hunt(lambda x: np.sum(x), lambda x: np.ones(x.shape[::-1]).T, np.ones((2, 3)), lambda n, d: (n, d))
    assert two.verdict == "right" and two.points > 100


def test_a_gradient_that_is_wrong_everywhere_is_so_at_the_given_point():
    found = hunt(lambda p: np.sum(p["a"] ** 2), lambda p: {"a": 3.0 * p["a"]}, {"a": np.array([0.5, 5.0])})
    assert "already at the given point" in found.what and "factor" in found.report.cause.id
    assert found.line == "gradcheck.assert_gradients(loss, gradients, {'a': np.array([0.5, 5.0])}, seed=0)"


def test_the_same_numbers_at_every_point_are_not_accused():
    x = np.array([0.3, -1.2])
    found = hunt(lambda x: np.sum(x**3), lambda _: 3.0 * x**2, x)
    assert found.what is None and "same numbers at every point" in str(found)


def test_what_cannot_be_hunted_in_is_refused():
    with pytest.raises(GradcheckError, match="ready numbers belong to one point"):
        hunt(lambda x: np.sum(x), np.ones(2), np.ones(2))
    with pytest.raises(GradcheckError, match="shapes: found tuple"):
        hunt(lambda x: np.sum(x**2), lambda x: 2 * x, np.ones(2), shapes=(2, 3))
    with pytest.raises(GradcheckError, match="Jacobian"):
        hunt(lambda x: x**2, lambda x: np.diag(2 * x), np.ones(2))


def test_special_points_are_all_different_and_keep_symmetry():
    from gradcheck.inputs.functions import CallersFunctions

    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    functions = CallersFunctions(lambda m: np.sum(m**2), lambda m: 2 * m, matrix)
    points = [point.vector for point in special_points(functions, np.random.default_rng(0))]
    assert len({point.tobytes() for point in points}) == len(points) > 20
    assert all(point[1] == point[2] for point in points)


@examples(15)
@given(strategies.parameters({"w": np.ones((2, 3)), "b": 0.5}))
def test_strategies_give_parameters_at_which_right_gradients_are_right(p):
    assert p["w"].shape == (2, 3) and isinstance(p["b"], float)
    found = check(lambda p: np.sum(p["w"] ** 2) + p["b"], lambda p: {"w": 2.0 * p["w"], "b": 1.0}, p)
    assert found.verdict == "right"


def test_strategies_find_a_slope_that_is_wrong_at_ties():
    loss, _, wrong, n = EIGHT["repeated values"]
    seen = []

    @examples(40)
    @given(strategies.arrays(n))
    def draw(x):
        seen.append(check(loss, wrong, x).verdict)

    draw()
    assert "wrong" in seen


def test_check_looks_at_special_points_itself_where_the_loss_is_cheap_and_the_rest_is_right():
    loss, right, wrong, n = EIGHT["squares"]
    x = np.random.default_rng(0).normal(size=n)
    report = check(loss, right, x)
    assert report.verdict == report.special.verdict == "right" and "at special points: right at " in str(
        report
    )
    report = check(loss, wrong, x)
    assert report.verdict == "wrong" and report["x"].verdict == "right"
    assert "wrong, at the special point:\n  x[" in str(report) and "special points: wrong where" in str(
        report
    )
    assert report.to_dict()["special"]["verdict"] == "wrong"
    assert 0 < report.evaluations - check(loss, wrong, x, special_points=False).evaluations < 600


@pytest.mark.parametrize("name", EIGHT)
def test_check_calls_no_right_gradient_wrong_at_special_points(name):
    loss, right, _, n = EIGHT[name]
    report = check(loss, right, np.random.default_rng(1).normal(size=n))
    assert report.verdict == "right", report


def test_a_point_at_which_some_entries_alone_are_no_subgradient_and_all_are_is_right():
    model = drawn("maxout", 1000169)
    report = check(model.loss, model.gradients, model.parameters)
    assert report.verdict == report.special.verdict == "right"


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("it is not wanted", {"special_points": False}),
        ("only some entries are", {"select": "x"}),
        ("no more calls are allowed", {"most_calls": 200}),
    ],
)
def test_check_leaves_special_points_out_where(what, options):
    loss, _, wrong, n = EIGHT["squares"]
    report = check(loss, wrong, np.random.default_rng(0).normal(size=n), **options)
    assert report.verdict == "right" and report.special is None


def test_a_gradient_that_is_not_a_number_at_zero_is_told_and_not_accused():
    loss, _, wrong, n = EIGHT["norm, not a number at zero"]
    report = check(loss, wrong, np.random.default_rng(0).normal(size=n))
    assert report.verdict == "right" and "no finite numbers where all zero" in str(report)
