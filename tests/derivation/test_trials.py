"""Formulas as identities where their author stands: what is told apart, what is accepted with which note."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import TRIALS, rows
from profiles import examples
from written import formula, model

from neuronnet.derivation.readings import MOST, readings
from neuronnet.derivation.trials import Trials
from neuronnet.errors import UnknownName
from neuronnet.formulas.expressions import Name, Negative, Number, Product, Sum
from neuronnet.formulas.rewriting import nodes


def same(name, claim, quantity):
    trials = TRIALS[name]
    return trials.same(*(formula(text, trials.model) for text in (claim, quantity)))


@pytest.mark.parametrize(
    "name, claim, quantity, note",
    [
        ("SOFTMAX", "(P - Y)/m", "dL/dZ", "as the rows of Y sum to 1"),
        ("SOFTMAX", "(P - Y)/4", "dL/dZ", "as the rows of Y sum to 1"),
        ("SOFTMAX", "X.T @ dL/dZ", "dL/dW", None),
        ("SOFTMAX", "(dL/dZ.T @ X).T", "dL/dW", None),
        ("SOFTMAX", "X.T*dL/dZ", "dL/dW", None),
        ("SOFTMAX", "sum(dL/dZ)", "dL/db", None),
        ("SOFTMAX", "ones(1, 4) @ dL/dZ", "dL/db", None),
        ("SOFTMAX", "dL/dZ · W.T", "dL/dX", None),
        ("SOFTMAX", "-Y/P/m", "dL/dP", None),
        ("COLUMNS", "(A2 - Y)/m", "dJ/dZ2", None),
        ("COLUMNS", "W2.T @ (A2 - Y)*(1 - A1*A1)/m", "dJ/dZ1", None),
        ("COLUMNS", "sum(dJ/dZ1, axis=1)", "dJ/db1", None),
        ("RELU", "(y - t)*w2 ⊙ (z1 > 0)", "dL/dz1", None),
        ("RELU", "(y - t)*w2 ⊙ (h > 0)", "dL/dz1", None),
        ("RELU", "(y - 0.6)*h", "dL/dw2", "with t = 0.6"),
        ("RELU", "(y - t)*w2 ⊙ [1, 0]*x.T", "dL/dW1", "where z1 has these signs"),
        ("ALIVE", "2*(a - t)*x", "dL/dw", "where z > 0"),
        ("ALIVE", "2*(z - t)*x*(z > 0)", "dL/dw", None),
        ("ALIVE", "a + 2", "w*x + 2", "where z > 0"),
        ("DEAD", "0", "dL/dw", "where z < 0"),
        ("BCE", "p - y", "dL/dp*p*(1 - p)", None),
        ("BCE", "p", "dL/dp*p*(1 - p)", "for y = 0"),
        ("BCE", "1/(1 - p)", "dL/dp", "for y = 0"),
        ("ATTENTION", "A ⊙ (dL/dA - sum(dL/dA*A, axis=1, keepdims=True))", "dL/dS", None),
        ("ATTENTION", "dL/dS · K/sqrt(2)", "dL/dQ", None),
        ("NORM", "(dL/dn - mean(dL/dn) - n*mean(dL/dn*n))/s", "dL/dx", None),
        ("NORM", "(y - t)*n", "dL/dg", None),
        ("LSTM", "(h1 - t)*o*(1 - tanh(c1)**2)", "dL/dc1", None),
        ("LSTM", "dL/dc1*c*f*(1 - f)*x", "dL/dwf", None),
        ("DELTAS", "(t1 - o1) o1 (1 - o1)", "delta_o1", None),
        ("DELTAS", "w5 + eta delta_o1 h1", "w5 - eta dE/dw5", None),
        ("DELTAS", "(delta_o1 w5 + delta_o2 w6) h1 (1 - h1)", "delta_h1", None),
        ("SATURATED", "(y - t)*v*(1 - a**2)*x", "dL/dw", None),
        ("SATURATED", "(y - t)*v*(1 - a)*(1 + a)*x", "dL/dw", None),
    ],
)
def test_a_right_formula_is_the_same(name, claim, quantity, note):
    found = same(name, claim, quantity)
    assert (found.kind, found.note) == ("same", note)


@pytest.mark.parametrize(
    "name, claim, quantity",
    [
        ("SOFTMAX", "P - Y", "dL/dZ"),
        ("SOFTMAX", "Y - P", "m*dL/dZ"),
        ("SOFTMAX", "X.T @ (P - Y)", "dL/dW"),
        ("SOFTMAX", "sum(P - Y)", "dL/db"),
        ("SOFT_TARGETS", "P - Y", "dL/dZ"),
        ("COLUMNS", "(A2 - Y)*A2*(1 - A2)/m", "dJ/dZ2"),
        ("COLUMNS", "W2.T @ (A2 - Y)/m", "dJ/dZ1"),
        ("COLUMNS", "W2.T @ (A2 - Y)*(1 - Z1*Z1)/m", "dJ/dZ1"),
        ("COLUMNS", "mean(dJ/dZ1, axis=1)", "dJ/db1"),
        ("RELU", "(y - t)*w2", "dL/dz1"),
        ("RELU", "(y - 0.7)*h", "dL/dw2"),
        ("RELU", "(y - t)*w2 ⊙ [0, 1]", "dL/dz1"),
        ("DEAD", "2*(a - t)*x", "dL/dw"),
        ("ALIVE", "(a - t)*x", "dL/dw"),
        ("BCE", "p*p*(1 - p)", "dL/dp*p*(1 - p)"),
        ("ATTENTION", "dL/dA*A*(1 - A)", "dL/dS"),
        ("ATTENTION", "dL/dS · K", "dL/dQ"),
        ("NORM", "dL/dn/s", "dL/dx"),
        ("NORM", "(dL/dn - mean(dL/dn))/s", "dL/dx"),
        ("LSTM", "(h1 - t)*o*(1 - c1**2)", "dL/dc1"),
        ("LSTM", "dL/dc1*c*f*(1 - f)*h", "dL/dwf"),
        ("SATURATED", "(y - t)*(1 - a**2)*x", "dL/dw"),
        ("SATURATED", "(y - t)*v*(1 - a)*x", "dL/dw"),
    ],
)
def test_a_wrong_formula_is_different(name, claim, quantity):
    found = same(name, claim, quantity)
    assert found.kind == "different"
    left, right = (
        found.draw.of(each)
        for each in (found.reading, TRIALS[name].model.resolved(formula(quantity, TRIALS[name].model)))
    )
    assert left != right


@pytest.mark.parametrize(
    "name, claim, quantity, note",
    [
        ("BCE", "dL/dp*p*(1 - p)*w2*a1*(1 - a1)", "dL/dw1", "for x = 1"),
        ("NORM", "g ⊙ n", "y", "for the zeros and ones of b"),
        ("ALIVE", "2*(a - 2)*x + 2*t - 10", "dL/dw", "with the numbers given"),
    ],
)
def test_what_holds_for_the_given_numbers_alone(name, claim, quantity, note):
    found = same(name, claim, quantity)
    assert (found.kind, found.note) == ("here only", note)


@pytest.mark.parametrize(
    "name, claim, quantity, note",
    [
        ("SOFTMAX", "X @ dL/dZ", "dL/dW", "X is 4×2 and dL/dZ is 4×3, which do not fit as a product"),
        ("SOFTMAX", "dL/dZ.T @ X", "dL/dW", "3×2, but W is 2×3"),
        ("SOFTMAX", "dL/dZ", "dL/db", "4×3, but b is 3"),
        ("SOFTMAX", "P ⊙ W", "dL/dW", "P is 4×3 and W is 2×3, which do not fit entry by entry"),
        ("RELU", "dL/dz1", "dL/dy", "2, but y is a number"),
        ("RELU", "y - t", "dL/dw2", "a number, but w2 is 2"),
        ("SOFTMAX", "P + X", "P", "4×3 and 4×2 do not fit entry by entry"),
    ],
)
def test_shapes_that_do_not_fit(name, claim, quantity, note):
    found = same(name, claim, quantity)
    assert (found.kind, found.note) == ("misfit", note)


def test_what_has_no_value():
    assert same("SOFTMAX", "ln(P - 1)", "P").kind == "no value"
    assert same("BCE", "x/(w1 - w1)", "p").kind == "no value"


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownName):
        same("BCE", "q", "p")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Q*Wv", ["Q ⊙ Wv", "Q @ Wv"]),
        ("Q · Wv", ["Q @ Wv", "Q ⊙ Wv"]),
        ("Q ⊙ Wv", ["Q ⊙ Wv"]),
        ("Q @ Wv", ["Q @ Wv"]),
        ("Q + u", ["Q + u", "Q + column(u)"]),
        ("u*Q", ["u ⊙ Q", "column(u) ⊙ Q", "u @ Q"]),
        ("u · v", ["u @ v", "u ⊙ v"]),
        ("u[1]", ["u[1]", "u[1]"]),
        ("softmax(Q)", ["softmax(Q, axis=1)", "softmax(Q, axis=0)", "softmax(Q)"]),
        ("sum(Q)", ["sum(Q)", "sum(Q, axis=0)", "sum(Q, axis=1)"]),
        ("sum(u)", ["sum(u)"]),
    ],
)
def test_the_readings_of_a_formula(text, expected):
    square = model({"Q": rows(2, 2), "Wv": rows(2, 2, 5), "u": ["0.1", "0.2"], "v": ["0.3", "0.5"]})
    assert [each.format() for each in readings(formula(text, square), square)] == expected


def test_there_are_not_more_readings_than_anyone_would_mean():
    square = model({"Q": rows(2, 2)})
    assert len(readings(formula("Q*Q*Q*Q*Q*Q*Q", square), square)) == MOST


def test_the_reading_that_holds_is_told():
    found = same("ATTENTION", "Q*K.T/sqrt(2)", "S")
    assert (found.kind, found.reading.format()) == ("same", "Q @ Kᵀ/sqrt(2)")
    found = same("RELU", "w2[0]", "w2[1]")
    assert (found.kind, found.reading.from_zero) == ("same", True)


# Right formulas in other clothes


def rewritten(node, choose):
    """A formula that is the same by algebra: terms turned around, signs doubled, brackets opened."""
    node = node.rebuilt([rewritten(part, choose) for part in node.parts()]) if node.parts() else node
    if isinstance(node, Sum) and choose():
        node = (
            Sum(node.terms[::-1])
            if node.terms[-1][0] > 0
            else Negative(Sum([(-sign, term) for sign, term in node.terms[::-1]]))
        )
    if isinstance(node, Product) and len(node.factors) == 2:
        (_, first), (operator, last) = node.factors
        if operator == "⊙" and choose():
            node = Product([("*", last), ("⊙", first)])
        if operator == "⊙" and isinstance(last, Sum) and choose():
            node = Sum([(sign, Product([("*", first), ("⊙", term)])) for sign, term in last.terms])
    return Negative(Negative(node)) if choose() else node


@pytest.mark.parametrize("name", ["SOFTMAX", "COLUMNS", "RELU", "BCE", "ATTENTION", "NORM", "LSTM"])
@given(data=st.data())
@examples(12)
def test_a_derivative_stays_the_same_under_algebra(name, data):
    trials = TRIALS[name]
    loss = list(trials.model.formulas)[-1]
    quantity = data.draw(st.sampled_from([each for each in trials.model.names() if each != loss]))
    true = trials.model.formula(f"d{loss}/d{quantity}")
    written = rewritten(true, lambda: data.draw(st.booleans()))
    assert trials.same(written, Name(f"d{loss}/d{quantity}")).kind == "same"


@pytest.mark.parametrize("name", ["SOFTMAX", "COLUMNS", "LSTM", "ATTENTION"])
@given(data=st.data())
@examples(12)
def test_a_derivative_without_one_part_is_not_accepted(name, data):
    trials = TRIALS[name]
    loss = list(trials.model.formulas)[-1]
    quantity = data.draw(st.sampled_from([each for each in trials.model.names() if each != loss]))
    true = trials.model.formula(f"d{loss}/d{quantity}")
    parts = [
        (node, rebuild)
        for node, rebuild, _ in nodes(true)
        if isinstance(node, Product) and node.factors[1][0] in ("*", "/")
    ]
    if parts:
        node, rebuild = data.draw(st.sampled_from(parts))
        changed = rebuild(Product([("*", node.factors[0][1]), ("*", Number(3)), *node.factors[1:]]))
        assert trials.same(changed, Name(f"d{loss}/d{quantity}")).kind != "same"


def test_sixty_claims_over_matrices_take_less_than_a_second():
    big = model(
        {"X": rows(6, 6), "W1": rows(6, 6, 2), "W2": rows(6, 6, 3), "Y": rows(6, 6, 4)},
        Z1="X @ W1",
        A1="tanh(Z1)",
        Z2="A1 @ W2",
        L="sum((Z2 - Y)**2)/2",
    )
    claims = ["A1.T*(Z2 - Y)", "X.T @ (((Z2 - Y)*W2.T)*(1 - A1**2))", "Z2 - Y"]
    truths = ["dL/dW2", "dL/dW1", "dL/dZ2"]
    start = time.process_time()
    trials = Trials(big)
    for _ in range(20):
        for claim, truth in zip(claims, truths):
            assert trials.same(formula(claim, big), Name(truth)).kind == "same"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("claim, kind", [("-ln(y) - ln(1 - y)", "same"), ("ln(y) - ln(1 - y)", "different")])
def test_numbers_without_a_finite_value_decide_nothing(claim, kind):
    """Where the relu is 0, both sides are infinite."""
    trials = Trials(model({"x": 0.5, "w": 0.3}, z="w*x", y="relu(z)", L="-(ln(y) + ln(1 - y))"))
    assert trials.same(formula(claim, trials.model), Name("L")).kind == kind
