"""Whether a formula is a quantity in general: identities in every form, and wrong formulas that look like
them.
"""

from decimal import Decimal

import pytest
from drawn import descriptions
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples
from sides import RELU, SOFTMAX, sides

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.parsing import parse
from neuronnet.repairs.identity import CLOSE, NOTHING, Trials


def same(trials, claim):
    return trials.same(*sides(trials, claim))


@pytest.fixture(scope="module")
def softmax():
    return Trials(SOFTMAX)


RIGHT = [
    "net_h1 = b1 + i2*w2 + i1*w1",
    "out_h1 = exp(net_h1)/(1 + exp(net_h1))",
    "out_h1 = (1 + tanh(net_h1/2))/2",
    "dout_h1/dnet_h1 = exp(-net_h1)/(1 + exp(-net_h1))^2",
    "dout_h1/dnet_h1 = out_h1 - out_h1^2",
    "E_o1 = 0.5*target_o1^2 - target_o1*out_o1 + 0.5*out_o1^2",
    "dE_total/dout_o1 = -(target_o1 - out_o1)",
    "delta_o1 = -(target_o1 - out_o1)*out_o1*(1 - out_o1)",
    "dE_total/dw5 = delta_o1*out_h1",
    "dE_total/dw5 = dE_o1/dw5",
    "dE_total/dout_h1 = delta_o1*w5 + delta_o2*w7",
    "delta_h1 = w7*delta_o2*out_h1*(1 - out_h1) + w5*delta_o1*dout_h1/dnet_h1",
    "dE_total/dw1 = i1*(delta_o1*w5 + delta_o2*w7)*(out_h1 - out_h1*out_h1)",
    "w5@1 = w5 - eta*delta_o1*out_h1",
    "w5 - w5@1 = eta*dE_total/dw5",
    "E_total@1 = E_o1@1 + E_o2@1",
    "net_h1@1 = w1@1*i1 + w2@1*i2 + b1",
    "dE_o2/dw5 = 0",
    "dE_o2/dw5 = out_h1 - out_h1",
    "b1@1 = b1",
    "E_total@10000 = E_o1@10000 + E_o2@10000",
    "∂E/∂w5 = δ_o1*out_h1",
    "net_h1 = (w1 - 1)*i1 + i1 + w2*i2 + b1",
    "w1 = w1*net_h1/net_h1",
    "E_total = E_total + 1e-30",
]

WRONG = [
    "net_h1 = w1*i1 + w3*i2 + b1",
    "net_h1 = w1*i1 + w2*i2",
    "net_h1 = w1*i1 + w2*i2 + b2",
    "out_h1 = 1/(1 + exp(net_h1))",
    "dout_h1/dnet_h1 = out_h1*(out_h1 - 1)",
    "dout_h1/dnet_h1 = 1 - out_h1^2",
    "E_o1 = (target_o1 - out_o1)^2",
    "E_total = (E_o1 + E_o2)/2",
    "dE_total/dout_o1 = target_o1 - out_o1",
    "delta_o1 = out_o1 - target_o1",
    "dE_total/dout_h1 = delta_o1*w5 + delta_o2*w6",
    "dE_total/dout_h1 = delta_o1*w5@1 + delta_o2*w7@1",
    "dE_total/dout_h1 = delta_o1*w5",
    "w5@1 = w5 + eta*dE_total/dw5",
    "w5@1 = w5 - dE_total/dw5",
    "w5@1 = w5",
    "b1 = 0.35",
    "b1 = b2",
    "i1 = 0.05",
    "E_total@10000 = E_total@9999",
    "E_total@2 = E_total@10000",
    "E_total@3 = E_total@4",
    "dE_o2/dw5 = 1e-20",
    "net_h1 = net_h1*1.00001",
    "w1 = 1/0",
    "w1 = ln(0)",
    "w1 = -ln(0)",
    "w1 = ln(-1)",
    "w1 = exp(exp(exp(exp(9))))",
    "w1 = 1/ln(0) + 1",
    "w1 = sqrt(0 - 1)",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_right_formula_is_the_quantity_in_any_form(trials, claim):
    assert same(trials, claim)


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_formula_is_not_the_quantity(trials, claim):
    assert not same(trials, claim)


@pytest.mark.parametrize(
    "claim, expected",
    [
        ("delta_o1 = out_o1 - target_o1", True),
        ("delta_o2 = out_o2 - 1", True),
        ("delta_o1 = out_o1", True),
        ("E_o2 = -ln(out_o2)", True),
        ("out_o1 = exp(net_o1)/(exp(net_o1) + exp(net_o2) + exp(net_o3))", True),
        ("dout_o1/dnet_o2 = -out_o1*out_o2", True),
        ("dout_h1/dnet_h1 = 1 - tanh(net_h1)^2", True),
        ("dE_total/db3 = 0", True),
        ("dout_h1/dnet_h1 = out_h1*(1 - out_h1)", False),
        ("delta_o1 = (out_o1 - target_o1)*out_o1*(1 - out_o1)", False),
        ("dout_o1/dnet_o2 = out_o1*(1 - out_o2)", False),
        ("delta_o1 = out_o1 - target_o2", False),
        ("out_o1 = logistic(net_o1)", False),
    ],
)
def test_the_targets_of_a_cross_entropy_keep_their_meaning(softmax, claim, expected):
    assert same(softmax, claim) is expected


@pytest.mark.parametrize(
    "claim, expected",
    [
        ("delta_h1 = delta_o1*w5*step(net_h1)", True),
        ("out_h2 = max(0, net_h2)", True),
        ("delta_h1 = delta_o1*w5", False),
        ("out_h1 = net_h1", False),
        ("out_h1 = 0", False),
        ("dE_total/dw1 = 0", False),
        ("dE_total/dw5 = delta_o1*net_h1", False),
        ("dout_h2/dnet_h2 = 1", False),
        ("net_o1 = w5*out_h1", False),
        ("dout_h1/dnet_h1 = step(net_h2)", False),
    ],
)
def test_both_pieces_of_relu_are_seen(claim, expected):
    assert same(Trials(RELU), claim) is expected


@pytest.mark.parametrize(
    "targets", [[0.25, 0.75, 0], [0.2, 0.3, 0.5], [1, 0, 0], [1, 7e-201, 0], [1, 7e-201, 1e-60]]
)
def test_targets_that_sum_to_one_still_do(targets):
    trials = Trials(SOFTMAX | {"sample": [{"inputs": [1, 2], "targets": targets}]})
    assert same(trials, "delta_o1 = out_o1 - target_o1")
    assert [derivation.given["target_o1"] in (0, 1) for derivation in trials.derivations] == [
        targets[0] in (0, 1)
    ] * 3


@pytest.mark.parametrize("targets", [[0.3, 0.3, 0.3], [1, 1e-17, 0], [1, 0.5, 0.5]])
def test_targets_that_do_not_sum_to_one_do_not(targets):
    trials = Trials(SOFTMAX | {"sample": [{"inputs": [1, 2], "targets": targets}]})
    assert not same(trials, "delta_o1 = out_o1 - target_o1")


def test_names_that_the_author_chose_and_the_standard_ones_are_both_read():
    trials = Trials("han-kamber")
    assert same(trials, "delta_o1 = -O6*(1 - O6)*(target_o1 - O6)") and same(
        trials, "net_h1 = w1*i1 + w24*i2 + w3*i3 + b1"
    )
    assert not same(trials, "I4 = w14*i1 + w15*i2 + w34*i3 + theta4")


def test_a_shared_bias_stays_shared_and_zero_l2_stays_zero(trials):
    given_numbers = [derivation.given for derivation in trials.derivations]
    assert len({numbers["b1"] for numbers in given_numbers}) == 3 and all(
        numbers["l2"] == 0 for numbers in given_numbers
    )


def test_drawn_numbers_are_short_and_neither_large_nor_tiny(trials):
    for derivation in trials.derivations:
        for name in ("w1", "w8", "b1", "i1", "target_o2", "eta"):
            value = derivation.given[name]
            assert Decimal("0.1") <= abs(value) <= Decimal("1.2") and value == round(value, 3)


def test_the_same_seed_draws_the_same_networks():
    assert Trials("xor").derivation(2).given == Trials("xor").derivation(2).given
    assert Trials("xor", seed=2).derivation(0).given != Trials("xor").derivation(0).given


def test_an_unknown_name_is_said_and_not_called_wrong(trials):
    with pytest.raises(UnknownName, match="net_h9"):
        same(trials, "net_h1 = net_h9")


def test_a_network_without_samples_is_refused():
    with pytest.raises(NeuronnetError, match="at least one"):
        Trials({"layer": [{"activation": "identity", "weights": [[1.0]]}]})


@pytest.mark.slow
@examples(40)
@given(descriptions(largest=1.0))
def test_every_row_of_a_drawn_network_is_its_formula(description):
    trials = Trials(description)
    for row in trials.derivation(0).quantities:
        if row.expression is not None:
            assert trials.same(Name(row.name), row.expression)


@examples(40)
@given(descriptions(largest=1.0, most_samples=1), st.data())
def test_whatever_differs_on_paper_differs_in_the_trials(description, data):
    trials = Trials(description, count=1)
    rows = [
        row
        for row in trials.derivation(0).quantities
        if row.expression is not None and abs(row.value) > NOTHING
    ]
    row = data.draw(st.sampled_from(rows))
    assert not trials.same(Name(row.name), row.expression * 2)
    assert not trials.same(Name(row.name), -row.expression)
    with fifty_digits():
        shifted = row.expression + parse(f"{row.value * CLOSE * 10:.20f}")
        worth = trials.derivation(0).evaluated(shifted)
    assert trials.same(Name(row.name), shifted) == (
        abs(worth - row.value) <= CLOSE * max(abs(worth), abs(row.value))
    )


def test_fifty_digits_are_kept_outside_of_the_callers_context(trials):
    assert len(trials.derivation(0)["out_o1"].value.as_tuple().digits) >= 49
    assert Derivation("worked-example").evaluated(parse("w1*2")) == 0.3


def test_a_thousand_formulas_are_judged_within_two_seconds():
    trials = Trials("worked-example")
    for number in range(1000):
        assert same(
            trials,
            f"dE_total/dw1 = (delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)*i1*{number + 1}/{number + 1}",
        )
