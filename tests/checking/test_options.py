"""Options, bounds and functions that mean nothing are refused by name; what is allowed and what to try is
said.
"""

import math

import numpy as np
import pytest

from gradcheck import check, check_grad, check_hessian, check_layer, hunt
from gradcheck.errors import GradcheckError, NotRealNumbers

X = np.array([1.0, 2.0])


def loss(x):
    return float(np.sum(x**2))


def gradients(x):
    return 2.0 * x


@pytest.mark.parametrize(
    "name, value",
    [
        ("learning_rate", math.nan),
        ("learning_rate", "a"),
        ("learning_rate", 0.0),
        ("samples", 2.5),
        ("samples", "abc"),
        ("samples", 0),
        ("samples", -3),
        ("select", 3),
        ("select", [3]),
        ("select", []),
        ("seed", -1),
        ("seed", 1.5),
        ("seed", "a"),
        ("seed", True),
        ("confidence", "4"),
        ("confidence", 0.5),
        ("one_by_one", -1),
        ("one_by_one", 1e3),
        ("most_calls", 0),
        ("most_calls", 1e6),
    ],
)
def test_an_option_of_no_meaning_is_refused_by_name(name, value):
    with pytest.raises(GradcheckError, match=f"^{name}: found .*; it is "):
        check(loss, gradients, X, **{name: value})


@pytest.mark.parametrize(
    "bounds", [(0, None), (None, 9.0), (None, None), (np.array([0.0, 1.0]), 5), ([0.0, -math.inf], None)]
)
def test_bounds_may_be_open_on_either_side(bounds):
    assert check(loss, gradients, X, bounds=bounds).verdict == "right"


@pytest.mark.parametrize(
    "bounds, words",
    [
        ((3, 0), "bounds: low is 3.0 and high 0.0 for x.0.; low must not exceed high"),
        (("a", 3), "bounds: low is neither a number, None, nor in the structure"),
        ((0, np.zeros(3)), r"bounds: high is neither .* \(x: expected shape \(2,\), found \(3,\)\)"),
        ((1.5, None), r"x\[0\]: found 1.0, outside its bounds 1.5 to inf"),
        (7, "bounds: expected .low, high."),
        (
            [(0, 2), (0, 3)],
            r"its bounds 0.0 to 0.0; .*; pairs for each entry, as SciPy takes them, are turned",
        ),
    ],
)
def test_bounds_of_no_meaning_are_refused_before_the_loss_is_called(bounds, words):
    def never(x):
        raise AssertionError("called")

    with pytest.raises(GradcheckError, match=words):
        check(never, gradients, X, bounds=bounds)


@pytest.mark.parametrize(
    "returned, words",
    [
        ((1.0, X), "a tuple of 2; return the loss alone; .* gradients=None"),
        ("a", "one real number"),
        (None, "NoneType; is a `return` missing"),
        ({"x": X}, "a dict of 1; return the loss alone; .*; the loss comes first"),
        (1j, "found 1j; return one real number"),
        (np.array([[1.0]]), r"shape \(1, 1\); return one real number, with .item"),
        ([[1.0], [1.0, 2.0]], "a list of 2"),
        (True, "bool"),
    ],
)
def test_a_loss_that_returns_something_else_is_told_what_to_return(returned, words):
    with pytest.raises(GradcheckError, match=f"^loss: .*{words}"):
        check(lambda x: returned, gradients, X)


def test_a_loss_of_several_numbers_with_ready_gradients_is_told_of_the_upstream():
    with pytest.raises(NotRealNumbers, match=r"\(parameters, u\)"):
        check(lambda x: x, gradients(X), X)


@pytest.mark.parametrize("function", [None, 3.0, "loss"])
def test_what_is_no_function_is_refused(function):
    with pytest.raises(GradcheckError, match="^loss: expected a function"):
        check(function, None, X)


def test_parameters_that_are_a_function_are_told_the_order():
    with pytest.raises(GradcheckError, match=r"^parameters: found a function; .*check\(loss, gradients"):
        check(loss, gradients(X), gradients)


@pytest.mark.parametrize(
    "found, words",
    [
        ([X, X], r"found list; give them by their names, \{'V': ..., 'W': ...\}"),
        ((1.0, {"W": X, "V": X}), r"found tuple; return the gradients alone, or check\(loss_and_gradients, "),
        ({"W": X, "V": np.ones(3)}, r"V: .*shape \(3,\), the parameter \(2, 2\); is it that of b\?"),
        ({"W": X, "V": np.ones((3, 2))}, r"V: .*; give one number per entry: nothing is broadcast"),
    ],
)
def test_gradients_in_another_structure_are_told_where_they_belong(found, words):
    point = {"W": X, "V": np.ones((2, 2))} | ({"b": np.ones(3)} if "that of b" in words else {})
    found = found | {"b": np.ones(3)} if isinstance(found, dict) and "b" in point else found
    with pytest.raises(GradcheckError, match=words):
        check(lambda p: np.sum(p["W"]), lambda p: found, point)


def test_functions_of_other_arguments_are_told_how_they_are_called():
    for functions, words in [
        ((lambda W, b: 0.0, gradients), r"^loss: .*\(W, b\) .*check_layer\(\w+, gradients, W=W, b=b\)"),
        (
            (lambda: 0.0, gradients),
            "^loss: .* is called with one argument.*give a function of the parameters",
        ),
        ((loss, lambda W, b, c: W), r"^gradients: .*\(W, b, c\) is called with one argument"),
        (
            (lambda x: x, lambda dout, cache: dout),
            "^gradients: .*is the backward pass of a layer.*check_layer",
        ),
        (
            (lambda x: (x, x), lambda dout, x: dout),
            "^gradients: .*is the backward pass of a layer.*check_layer",
        ),
    ]:
        with pytest.raises(GradcheckError, match=words):
            check(*functions, X)


def test_the_line_that_does_it_again_has_every_option_that_was_given():
    report = check(
        loss,
        gradients,
        X,
        bounds=(-9, 9),
        samples=3,
        learning_rate=0.1,
        one_by_one=0,
        select="x",
        confidence=5,
    )
    for option in (
        "bounds=(-9, 9)",
        "samples=3",
        "learning_rate=0.1",
        "one_by_one=0",
        "select='x'",
        "confidence=5",
        "seed=0",
    ):
        assert option in report.call
    assert "bounds=bounds" in check(loss, gradients, X, bounds=(np.array([-9.0, -9.0]), 9)).call
    call = check_hessian(loss, gradients, X, lambda x, v: 2.0 * v, bounds=(-9, 9), confidence=5).call
    assert call.startswith("gradcheck.check_hessian(") and "bounds=(-9, 9)" in call and "confidence=5" in call


def test_what_the_functions_keep_of_their_last_call_is_of_the_point_and_real():
    kept = {}

    def keeping(p):
        kept["W"] = p["W"]
        return np.sum(np.tanh(p["W"]) ** 2)

    point = {"W": np.array([[0.3, -0.2]])}
    report = check(keeping, lambda p: {"W": 2.0 * np.tanh(p["W"]) * (1.0 - np.tanh(p["W"]) ** 2)}, point)
    assert report.verdict == "right"
    assert kept["W"].dtype == float and np.array_equal(kept["W"], point["W"])


def test_more_calls_than_are_allowed_end_the_check_and_give_no_verdict():
    needed = check(loss, gradients, X, special_points=False).evaluations
    assert check(loss, gradients, X, most_calls=needed).verdict == "right"
    for most_calls in (1, 20, needed - 1):
        with pytest.raises(GradcheckError, match=rf"called {most_calls} times.*raise most_calls"):
            check(loss, gradients, X, most_calls=most_calls)


@pytest.mark.parametrize("seed", range(8))
def test_every_entry_of_a_noisy_loss_takes_the_steps_that_it_needs(seed):
    """No verdict depends on how many other entries there are, or on how many calls these took."""
    draw = np.random.default_rng(seed)
    few = draw.normal(size=3)
    many = np.concatenate([few, draw.normal(size=40) * 1e-3])

    def noisy(x):
        return float(np.float32(np.sum(np.tanh(x))))

    alone = check(noisy, 1.0 / np.cosh(few) ** 2, few, seed=seed)
    among = check(noisy, 1.0 / np.cosh(many) ** 2, many, seed=seed)
    assert {entry.verdict for entry in alone["x"].entries} == {"right"}
    assert {entry.verdict for entry in among["x"].entries[:3]} == {"right"}


def test_strict_floating_point_errors_of_the_caller_do_not_end_the_check():
    with np.errstate(all="raise"):
        assert check(lambda p: 1e-300 * np.sum(p**2), lambda p: 2e-300 * p, X).verdict == "right"
        assert check(loss, lambda x: x * np.nan, X).verdict == "wrong"
        report = check(lambda p: np.sum(np.sqrt(p)), lambda p: 0.5 / np.sqrt(p), np.array([0.0, 1.0]))
        assert report.verdict == "right"


def test_a_loss_that_seeds_the_global_generator_is_found_out_by_its_first_call():
    def seeding(p):
        np.random.seed(0)
        return float(np.sum(p**2))

    np.random.seed(1)  # another state than the one that the loss seeds
    assert [finding.id for finding in check(seeding, gradients, X).audit] == ["random state"]


class Loss:
    def __init__(self, *data):
        self.data = data

    def __call__(self, w):
        return w**2


@pytest.mark.parametrize(
    "called, role",
    [
        (lambda: check(Loss, lambda w: 2.0 * w, 1.0), "loss"),
        (lambda: check(lambda w: w**2, Loss, 1.0), "gradients"),
        (lambda: check_hessian(Loss(), Loss, 1.0, Loss), "gradients"),
        (lambda: check_hessian(Loss(), lambda w: 2.0 * w, 1.0, Loss), "hvp"),
        (lambda: check_grad(Loss, lambda w: 2.0 * w, 1.0), "func"),
        (lambda: check_grad(Loss(), Loss, 1.0), "grad"),
        (lambda: hunt(Loss, lambda w: 2.0 * w, 1.0), "loss"),
        (lambda: check_layer(Loss, Loss, 1.0), "forward"),
        (lambda: check_layer(lambda w: (w, w), Loss, 1.0), "backward"),
    ],
)
def test_a_class_in_place_of_a_function_is_refused(called, role):
    with pytest.raises(GradcheckError, match=f"^{role}: Loss is a class; give an object of it"):
        called()
