"""The smallest change that makes a formula over a model the truth, and numbers that show where it fails."""

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from models import TRIALS, rows
from profiles import examples
from written import formula, model

from neuronnet.derivation.trials import Trials
from neuronnet.errors import UnknownName
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Name, Negative, Product, Sum, Transpose
from neuronnet.formulas.rewriting import nodes
from neuronnet.repairs.mend import mended
from neuronnet.repairs.small_numbers import counterexample


def repaired(name, claim, quantity):
    wrong, truth = formula(claim, TRIALS[name].model), formula(quantity, TRIALS[name].model)
    assert TRIALS[name].same(wrong, truth).kind in ("different", "misfit"), "nothing to repair"
    return mended(wrong, truth, TRIALS[name])


@pytest.mark.parametrize(
    "name, claim, quantity, sentence, whole, column",
    [
        # transposes and orders
        ("SOFTMAX", "X @ dL/dZ", "dL/dW", "Xᵀ, not X", "Xᵀ @ dL/dZ", 1),
        ("SOFTMAX", "dL/dZ @ W", "dL/dX", "Wᵀ, not W", "dL/dZ @ Wᵀ", 9),
        ("SOFTMAX", "dL/dZ.T @ X", "dL/dW", "Xᵀ @ dL/dZ, not (dL/dZ)ᵀ @ X", "Xᵀ @ dL/dZ", 1),
        ("SOFTMAX", "W.T @ dL/dZ", "dL/dX", "dL/dZ @ Wᵀ, not Wᵀ @ dL/dZ", "dL/dZ @ Wᵀ", 1),
        ("COLUMNS", "dJ/dZ1 @ X", "dJ/dW1", "Xᵀ, not X", "dJ/dZ1 @ Xᵀ", 10),
        ("RELU", "x*dL/dz1.T", "dL/dW1", "dL/dz1 @ xᵀ, not x @ (dL/dz1)ᵀ", "dL/dz1 @ xᵀ", 1),
        ("RELU", "dL/dz1*x", "dL/dW1", "dL/dz1 @ xᵀ, not dL/dz1 * x", "dL/dz1 @ xᵀ", 1),
        ("ATTENTION", "A @ dL/dO", "dL/dV", "Aᵀ, not A", "Aᵀ @ dL/dO", 1),
        ("ATTENTION", "dL/dS · Q/sqrt(2)", "dL/dK", "(dL/dS)ᵀ, not dL/dS", "(dL/dS)ᵀ @ Q/sqrt(2)", 1),
        # sums over samples, counts
        ("SOFTMAX", "X.T @ (P - Y)", "dL/dW", "divide by m", "Xᵀ @ (P - Y)/m", 1),
        ("SOFTMAX", "X.T @ dL/dZ/m", "dL/dW", "the factor 1/m is too much", "Xᵀ @ dL/dZ", 13),
        ("SOFTMAX", "dL/dZ", "dL/db", "the sum over the rows is missing: ", "sum(dL/dZ, axis=0)", 1),
        ("SOFTMAX", "P - Y", "dL/db", "the mean over the rows is missing: ", "mean(P - Y, axis=0)", 1),
        ("SOFTMAX", "sum(dL/dZ, axis=1)", "dL/db", "the sum goes over the rows: ", "sum(dL/dZ, axis=0)", 1),
        ("COLUMNS", "mean(dJ/dZ1, axis=1)", "dJ/db1", "sum, not mean", "sum(dJ/dZ1, axis=1)", 1),
        ("RELU", "2*(y - t)*h", "dL/dw2", "the factor 2 is too much", "(y - t)*h", 1),
        ("ALIVE", "(a - t)*x", "dL/dw", "the factor 2 is missing", "2*((a - t)*x)", 1),
        # slopes
        (
            "COLUMNS",
            "W2.T @ dJ/dZ2",
            "dJ/dZ1",
            "the slope of tanh is missing: ⊙ (1 - A1^2)",
            "(W2ᵀ @ dJ/dZ2) ⊙ (1 - A1^2)",
            1,
        ),
        (
            "COLUMNS",
            "W2.T @ dJ/dZ2*A1*(1 - A1)",
            "dJ/dZ1",
            "the slope of tanh at Z1 is 1 - A1^2, not A1 ⊙ (1 - A1)",
            "(W2ᵀ @ dJ/dZ2) ⊙ (1 - A1^2)",
            15,
        ),
        (
            "COLUMNS",
            "W2.T @ dJ/dZ2*(1 - Z1**2)",
            "dJ/dZ1",
            "A1, not Z1",
            "(W2ᵀ @ dJ/dZ2) ⊙ (1 - A1^2)",
            20,
        ),
        (
            "COLUMNS",
            "(A2 - Y)*A2*(1 - A2)/m",
            "dJ/dZ2",
            "the factor A2 ⊙ (1 - A2) is too much",
            "(A2 - Y)/m",
            10,
        ),
        ("RELU", "dL/dh", "dL/dz1", "the slope of relu is missing: ⊙ (z1 > 0)", "dL/dh ⊙ (z1 > 0)", 1),
        (
            "RELU",
            "dL/dh ⊙ (1 - h**2)",
            "dL/dz1",
            "the slope of relu at z1 is z1 > 0, not 1 - h^2",
            "dL/dh ⊙ (z1 > 0)",
            10,
        ),
        (
            "BCE",
            "(p - y)*w2*x",
            "dL/dw1",
            "the slope of logistic is missing: * a1*(1 - a1)",
            "(p - y)*w2*x*a1*(1 - a1)",
            1,
        ),
        (
            "LSTM",
            "dL/dc1*g*i*x",
            "dL/dwi",
            "a part of the slope of logistic is missing: * (1 - i)",
            "dL/dc1 * g * i * x * (1 - i)",
            1,
        ),
        (
            "LSTM",
            "(h1 - t)*o*(1 - c1**2)",
            "dL/dc1",
            "the slope of tanh at c1 is 1 - tanh(c1)^2, not 1 - c1^2",
            "(h1 - t)*o*(1 - tanh(c1)^2)",
            13,
        ),
        (
            "ATTENTION",
            "dL/dA*A*(1 - A)",
            "dL/dS",
            "the slope of softmax mixes the entries of A: ",
            "A ⊙ (dL/dA - sum(dL/dA ⊙ A, axis=1, keepdims=True))",
            7,
        ),
        # names
        ("RELU", "(y - t)*z1", "dL/dw2", "h, not z1", "(y - t)*h", 9),
        ("BCE", "(p - y)*w1*a1*(1 - a1)*x", "dL/dw1", "w2, not w1", "(p - y)*w2*a1*(1 - a1)*x", 9),
        ("COLUMNS", "dJ/dZ2 @ X.T", "dJ/dW2", "A1, not X", "dJ/dZ2 @ A1ᵀ", 10),
        ("ATTENTION", "X.T @ dL/dQ", "dL/dWk", "dL/dK, not dL/dQ", "Xᵀ @ dL/dK", 7),
        ("LSTM", "dL/dc1*i*f*(1 - f)*x", "dL/dwf", "c, not i", "dL/dc1 * c * f * (1 - f) * x", 8),
        ("NORM", "(y - t)*x", "dL/dg", "n, not x", "(y - t) ⊙ n", 9),
        # signs, factors, terms
        ("SOFTMAX", "(Y - P)/m", "dL/dZ", "the sign of Y - P is turned around: P - Y", "(P - Y)/m", 2),
        ("SOFTMAX", "Y/P/m", "dL/dP", "the sign is turned around", "-(Y/P/m)", 1),
        ("RELU", "y - t", "dL/dw2", "the factor h is missing", "(y - t)*h", 1),
        ("NORM", "dL/dy*g*n", "dL/dg", "the factor g is too much", "dL/dy ⊙ n", 7),
        ("ATTENTION", "dL/dS · K", "dL/dQ", "divide by sqrt(2)", "dL/dS @ K/sqrt(2)", 1),
        (
            "ATTENTION",
            "dL/dQ @ Wq.T + dL/dK @ Wk.T",
            "dL/dX",
            "the path through V is missing: ",
            "dL/dQ @ Wqᵀ + dL/dK @ Wkᵀ + dL/dV @ Wvᵀ",
            1,
        ),
        (
            "NORM",
            "dL/dn/s",
            "dL/dx",
            "the paths through mu and v are missing: ",
            "dL/dn / s + dL/dmu / 4 + dL/dv * (x - mu) / 2",
            1,
        ),
        # helpers of the author
        (
            "DELTAS",
            "(o1 - t1) o1 (1 - o1)",
            "delta_o1",
            "the sign of o1 - t1 is turned around: t1 - o1",
            "(t1 - o1)*o1*(1 - o1)",
            2,
        ),
        (
            "DELTAS",
            "delta_o1 w5 h1 (1 - h1)",
            "delta_h1",
            "the path through n2 is missing: delta_o1*w5 + delta_o2*w6",
            "(delta_o1*w5 + delta_o2*w6)*h1*(1 - h1)",
            1,
        ),
        (
            "DELTAS",
            "delta_o1 w5 + delta_o2 w6",
            "delta_h1",
            "the slope of logistic is missing: * h1*(1 - h1)",
            "(delta_o1*w5 + delta_o2*w6)*h1*(1 - h1)",
            1,
        ),
        ("DELTAS", "delta_h1 x", "dE/dw1", "the sign is turned around", "-(delta_h1*x)", 1),
        (
            "DELTAS",
            "w1 - eta delta_h1 x",
            "w1 - eta dE/dw1",
            "the sign of eta*delta_h1*x is turned around",
            "w1 + eta*delta_h1*x",
            6,
        ),
        ("DELTAS", "w5 + delta_o1 h1", "w5 - eta dE/dw5", "the factor eta is missing", None, 6),
        # two at once
        (
            "SOFTMAX",
            "X @ (P - Y)",
            "dL/dW",
            "Xᵀ, not X and divide by m",
            "Xᵀ @ (P - Y)/m",
            1,
        ),
    ],
)
def test_a_mistake_is_mended(name, claim, quantity, sentence, whole, column):
    found = repaired(name, claim, quantity)
    expected = sentence + whole if sentence.endswith(": ") else sentence
    assert found.sentence == expected
    assert found.column == column
    assert whole is None or found.formula == whole


def test_what_is_right_is_not_mended():
    assert mended(formula("X.T @ dL/dZ", TRIALS["SOFTMAX"].model), Name("dL/dW"), TRIALS["SOFTMAX"]) is None


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownName):
        mended(formula("q", TRIALS["BCE"].model), Name("p"), TRIALS["BCE"])


def test_a_repair_does_not_say_the_quantity_itself():
    assert mended(formula("w2 + 3", TRIALS["BCE"].model), Name("dL/dw1"), TRIALS["BCE"]) is None


def test_the_names_of_the_author_come_first():
    trials = Trials(
        model({"x": "0.3", "w": "0.5", "v": "0.4", "t": "0.9"}, h="tanh(w*x)", y="v*h", L="(y - t)**2/2")
    )
    trials.model.define("delta1", Name("dL/dy"))
    found = mended(formula("y*h", trials.model), Name("dL/dv"), trials)
    assert (found.sentence, found.formula) == ("delta1, not y", "delta1*h")


# Planted mistakes


def mistakes(node):
    """(kind, wrong part) for one part of a true formula."""
    if isinstance(node, Transpose):
        yield node.inner
    if isinstance(node, Product):
        for place, (operator, factor) in enumerate(node.factors):
            rest = [each for at, each in enumerate(node.factors) if at != place]
            if operator == "⊙" and not isinstance(factor, Name):
                yield Product(rest) if len(rest) > 1 else rest[0][1]
    if isinstance(node, Sum) and len(node.terms) == 2:
        yield Sum([(sign if place == 0 else -sign, term) for place, (sign, term) in enumerate(node.terms)])
    if isinstance(node, Name):
        yield Negative(node)


@pytest.mark.parametrize("name", ["SOFTMAX", "COLUMNS", "RELU", "BCE", "ATTENTION", "LSTM"])
@given(data=st.data())
@examples(15)
def test_a_planted_mistake_is_mended(name, data):
    trials = TRIALS[name]
    loss = list(trials.model.formulas)[-1]
    quantity = data.draw(st.sampled_from([each for each in trials.model.names() if each not in (loss, "m")]))
    true = trials.model.formula(f"d{loss}/d{quantity}")
    planted = [rebuild(wrong) for node, rebuild, _ in nodes(true) for wrong in mistakes(node)]
    assume(planted)
    wrong = data.draw(st.sampled_from(planted))
    truth = Name(f"d{loss}/d{quantity}")
    assume(trials.same(wrong, truth).kind in ("different", "misfit"))
    found = mended(wrong, truth, trials)
    assert found is not None, wrong
    assert truth.name not in re.findall(r"[\w/]+", found.formula)


# Numbers for the hand


@pytest.mark.parametrize(
    "name, claim, quantity, expected",
    [
        (
            "RELU",
            "dL/dh",
            "dL/dz1",
            "with dL/dh = [-0.4, 0.3], z1 = [0.2, -0.6]: dL/dz1 is [-0.4, 0], the formula gives [-0.4, 0.3]",
        ),
        (
            "LSTM",
            "c*f + i",
            "c1",
            "with c = 0.2, f = 0.6, i = 0.4, g = 0.3: c1 is 0.24, the formula gives 0.52",
        ),
    ],
)
def test_a_counterexample_has_few_small_numbers(name, claim, quantity, expected):
    assert (
        counterexample(
            formula(claim, TRIALS[name].model), formula(quantity, TRIALS[name].model), TRIALS[name]
        )
        == expected
    )


@pytest.mark.parametrize(
    "name, claim, quantity",
    [
        ("RELU", "(y - t)*w2", "dL/dz1"),
        ("BCE", "(p - y)*w2*x", "dL/dw1"),
        ("LSTM", "(h1 - t)*o*(1 - c1**2)", "dL/dc1"),
        ("LSTM", "dL/dc1*c*f*(1 - f)*h", "dL/dwf"),
    ],
)
def test_the_numbers_of_a_counterexample_fit_together(name, claim, quantity):
    """Both sides, computed from the numbers as printed, are what the text says."""
    text = counterexample(
        formula(claim, TRIALS[name].model), formula(quantity, TRIALS[name].model), TRIALS[name]
    )
    values = {each: eval(number) for each, number in re.findall(r"([\w/]+) = ([-\d.]+|\[.*?\])[,:]", text)}
    assume_names = formula(claim, TRIALS[name].model).names()
    assert set(assume_names) <= set(values)
    said = re.search(r"is (.+), the formula gives (.+)$", text)
    assert said[1] != said[2]
    if not any(isinstance(each, list) for each in values.values()):
        value = evaluator(formula(claim, TRIALS[name].model), float)(values)
        assert value == pytest.approx(float(said[2]), rel=5e-3)


@pytest.mark.parametrize(
    "name, claim, quantity",
    [
        ("SOFTMAX", "X.T @ dL/dZ", "dL/dW"),  # right
        ("BCE", "dL/dp*p*(1 - p)*w2*a1*(1 - a1)", "dL/dw1"),  # right for x = 1
        ("SOFTMAX", "X @ dL/dZ", "dL/dW"),  # shapes
        ("ATTENTION", "X.T @ dL/dQ", "dL/dWk"),  # too many numbers for the hand
    ],
)
def test_no_counterexample(name, claim, quantity):
    assert (
        counterexample(
            formula(claim, TRIALS[name].model), formula(quantity, TRIALS[name].model), TRIALS[name]
        )
        is None
    )


def test_a_long_formula_over_matrices_is_mended_in_half_a_second():
    big = model(
        {"X": rows(6, 6), "W1": rows(6, 6, 2), "W2": rows(6, 6, 3), "Y": rows(6, 6, 4)},
        Z1="X @ W1",
        A1="tanh(Z1)",
        Z2="A1 @ W2",
        L="sum((Z2 - Y)**2)/2",
    )
    trials = Trials(big)
    start = time.process_time()
    found = mended(formula("X.T @ (((Z2 - Y) @ W2.T) ⊙ (1 - A1**2))*2", trials.model), Name("dL/dW1"), trials)
    assert found.sentence == "the factor 2 is too much"
    assert time.process_time() - start < 3
