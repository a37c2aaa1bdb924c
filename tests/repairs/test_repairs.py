"""The smallest repair of a wrong formula: which change, where, and what it says."""

import json
from functools import cache

import pytest
from drawn import descriptions
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples
from sides import sides

from neuronnet.errors import UnknownName
from neuronnet.formulas.expressions import Name, Sum
from neuronnet.formulas.parsing import parse
from neuronnet.formulas.rewriting import nodes
from neuronnet.repairs.changes import changes
from neuronnet.repairs.identity import Trials, with_names
from neuronnet.repairs.places import Places
from neuronnet.repairs.repair import repair

SOFTMAX = {
    "loss": "categorical cross-entropy",
    "learning_rate": 0.5,
    "layer": [
        {"activation": "tanh", "weights": [[0.1, 0.2], [0.3, 0.4], [0.2, 0.6]], "bias": [0.1, 0.2, 0.4]},
        {
            "activation": "softmax",
            "weights": [[0.5, 0.6, 0.1], [0.7, 0.8, 0.2], [0.3, 0.4, 0.9]],
            "bias": 0.3,
        },
    ],
    "sample": [{"inputs": [1, 2], "targets": [0, 1, 0]}],
}
DEEP = {
    "loss": "squared error",
    "outputs": "mean",
    "learning_rate": 0.5,
    "l2": 0.1,
    "layer": [
        {"activation": "logistic", "weights": [[0.1, 0.2, 0.3]] * 3, "bias": [0.1, 0.2, 0.3]},
        {"activation": "relu", "weights": [[0.1, 0.2, 0.3]] * 3, "bias": 0.1},
        {"activation": "identity", "weights": [[0.1, 0.2, 0.3]] * 3},
    ],
    "sample": [{"inputs": [1, 2, 3], "targets": [1, 2, 3]}, {"inputs": [3, 2, 3], "targets": [1, 2, 1]}],
}


@cache
def trials_of(network):
    """The Trials of a network as JSON, made once: most of their cost is the drawing."""
    return Trials(json.loads(network))


def repaired(trials, claim):
    formula, quantity = sides(trials, claim)
    assert not trials.same(formula, quantity), "nothing to repair"
    found = repair(formula, quantity, trials)
    if found is not None:
        assert trials.same(parse(found.formula, trials.derivation(0).__contains__), quantity)
    return found


WORKED = [
    ("net_h1 = w1*i1 + w3*i2 + b1", "name", "w3", "w2", 9, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i1 + w2*i2 + b2", "name", "b2", "b1", 17, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i1 + w2*i2", "missing term", "", "b1", 1, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i2 + w2*i1 + b1", "exchanged names", "w1", "w2", 1, "w2*i2 + w1*i1 + b1"),
    ("net_h1 = w1*i1 - w2*i2 + b1", "sign", "- w2*i2", "+ w2*i2", 9, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1 + i1 + w2*i2 + b1", "operation", "+", "*", 6, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i1 + w2*(i2 + b1)", "brackets", "w2*(i2 + b1)", "w2*i2 + b1", 9, "w1*i1 + w2*i2 + b1"),
    ("out_h1 = 1/(1 + exp(net_h1))", "sign", "exp(net_h1)", "exp(-net_h1)", 12, "1/(1 + exp(-net_h1))"),
    (
        "out_h1 = 1/1 + exp(-net_h1)",
        "brackets",
        "1/1 + exp(-net_h1)",
        "1/(1 + exp(-net_h1))",
        1,
        "1/(1 + exp(-net_h1))",
    ),
    (
        "out_h1 = 1 + exp(-net_h1)",
        "operation",
        "1 + exp(-net_h1)",
        "1/(1 + exp(-net_h1))",
        1,
        "1/(1 + exp(-net_h1))",
    ),
    ("out_h1 = tanh(net_h1)", "function", "tanh", "logistic", 1, "logistic(net_h1)"),
    ("out_h1 = net_h1", "function", "net_h1", "logistic(net_h1)", 1, "logistic(net_h1)"),
    ("E_o1 = (target_o1 - out_o1)^2", "missing factor", "", "1/2", 2, "(target_o1 - out_o1)^2/2"),
    ("E_o1 = 1/2*(target_o1 - out_o1)^3", "number", "3", "2", 6, "1/2*(target_o1 - out_o1)^2"),
    ("E_total = E_o1", "missing term", "", "E_o2", 1, "E_o1 + E_o2"),
    ("E_total = (E_o1 + E_o2)/2", "extra factor", "1/2", "", 15, "E_o1 + E_o2"),
    (
        "dE_total/dout_o1 = target_o1 - out_o1",
        "sign",
        "target_o1 - out_o1",
        "out_o1 - target_o1",
        1,
        "out_o1 - target_o1",
    ),
    ("dE_total/dout_o1 = 2*(out_o1 - target_o1)", "extra factor", "2", "", 1, "out_o1 - target_o1"),
    ("dout_o1/dnet_o1 = out_o1*(out_o1 - 1)", "sign", "out_o1 - 1", "1 - out_o1", 9, "out_o1*(1 - out_o1)"),
    ("dout_o1/dnet_o1 = out_o1*(1 + out_o1)", "sign", "+ out_o1", "- out_o1", 13, "out_o1*(1 - out_o1)"),
    (
        "dout_o1/dnet_o1 = out_o1*1 - out_o1",
        "brackets",
        "out_o1*1 - out_o1",
        "out_o1*(1 - out_o1)",
        1,
        "out_o1*(1 - out_o1)",
    ),
    ("dout_o1/dnet_o1 = out_o2*(1 - out_o2)", "name", "out_o2", "out_o1", 1, "out_o1*(1 - out_o1)"),
    (
        "delta_o1 = out_o1 - target_o1",
        "missing factor",
        "",
        "dout_o1/dnet_o1",
        1,
        "(out_o1 - target_o1) * dout_o1/dnet_o1",
    ),
    (
        "-delta_o1 = (out_o1 - target_o1)*out_o1*(1 - out_o1)",
        "sign",
        "out_o1 - target_o1",
        "target_o1 - out_o1",
        2,
        "(target_o1 - out_o1)*out_o1*(1 - out_o1)",
    ),
    (
        "dE_total/dw5 = dE_total/dout_o1 * dout_o1/dnet_o1",
        "missing factor",
        "",
        "dnet_o1/dw5",
        1,
        "dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5",
    ),
    ("dE_total/dw5 = delta_o1", "missing factor", "", "out_h1", 1, "delta_o1*out_h1"),
    ("dE_total/dw5 = delta_o1*out_h2", "name", "out_h2", "out_h1", 10, "delta_o1*out_h1"),
    (
        "dE_total/dw5 = delta_o1*out_h1*out_h1*(1 - out_h1)",
        "extra factor",
        "out_h1*(1 - out_h1)",
        "",
        10,
        "delta_o1*out_h1",
    ),
    ("dnet_o1/dw5 = out_h2", "name", "out_h2", "out_h1", 1, "out_h1"),
    ("dE_total/dout_h1 = delta_o1*w5 + delta_o2*w6", "name", "w6", "w7", 24, "delta_o1*w5 + delta_o2*w7"),
    ("dE_total/dout_h1 = delta_o1*w5", "missing term", "", "delta_o2*w7", 1, "delta_o1*w5 + delta_o2*w7"),
    (
        "dE_total/dout_h1 = delta_o1*w5 - delta_o2*w7",
        "sign",
        "- delta_o2*w7",
        "+ delta_o2*w7",
        15,
        "delta_o1*w5 + delta_o2*w7",
    ),
    ("dE_total/dout_h1 = delta_o1*w5@1 + delta_o2*w7", "name", "w5@1", "w5", 10, "delta_o1*w5 + delta_o2*w7"),
    (
        "dE_total/dout_h1 = delta_o1*w5@1 + delta_o2*w7@1",
        "name",
        "w5@1, w7@1",
        "w5, w7",
        10,
        "delta_o1*w5 + delta_o2*w7",
    ),
    (
        "delta_h1 = delta_o1*w5 + delta_o2*w7*out_h1*(1 - out_h1)",
        "brackets",
        "delta_o1*w5 + delta_o2*w7*out_h1*(1 - out_h1)",
        "(delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)",
        1,
        "(delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)",
    ),
    (
        "delta_h1 = (delta_o1*w5 + delta_o2*w7)*out_h1",
        "missing factor",
        "",
        "1 - out_h1",
        2,
        "(delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)",
    ),
    ("dE_total/dw1 = delta_h1*w1", "name", "w1", "i1", 10, "delta_h1*i1"),
    (
        "w5@1 = w5 + eta*dE_total/dw5",
        "sign",
        "+ eta * dE_total/dw5",
        "- eta * dE_total/dw5",
        6,
        "w5 - eta * dE_total/dw5",
    ),
    ("w5@1 = w5 - dE_total/dw5", "missing factor", "", "eta", 6, "w5 - dE_total/dw5 * eta"),
    ("w5@1 = eta*dE_total/dw5", "missing term", "", "w5", 1, "w5 - eta * dE_total/dw5"),
    ("w5@1 = w5 - eta*dE_total/dw6", "name", "dE_total/dw6", "dE_total/dw5", 10, "w5 - eta * dE_total/dw5"),
    (
        "-delta_o1 = out_o1*(1 - out_o1)*(out_o1 - target_o1)",
        "sign",
        "out_o1 - target_o1",
        "target_o1 - out_o1",
        22,
        "out_o1*(1 - out_o1)*(target_o1 - out_o1)",
    ),
    (
        "delta_o1 = (out_o1 - target_o1)*out_o1*(out_o1 - 1)",
        "sign",
        "out_o1 - 1",
        "1 - out_o1",
        30,
        "(out_o1 - target_o1)*out_o1*(1 - out_o1)",
    ),
    (
        "dout_o1/dnet_o1 = 1 - out_o1^2",
        "derivative",
        "1 - out_o1^2",
        "out_o1*(1 - out_o1)",
        1,
        "out_o1*(1 - out_o1)",
    ),
    (
        "dout_o1/dnet_o1 = (1 + out_o1)*(1 - out_o1)",
        "derivative",
        "1 - out_o1^2",
        "out_o1*(1 - out_o1)",
        2,
        "out_o1*(1 - out_o1)",
    ),
    (
        "dout_h1/dnet_h1 = net_h1*(1 - net_h1)",
        "derivative",
        "net_h1*(1 - net_h1)",
        "out_h1*(1 - out_h1)",
        1,
        "out_h1*(1 - out_h1)",
    ),
    (
        "delta_o1 = (net_o1 - target_o1)*net_o1*(1 - net_o1)",
        "derivative",
        "net_o1",
        "out_o1",
        2,
        "(out_o1 - target_o1)*out_o1*(1 - out_o1)",
    ),
    (
        "delta_h1 = (delta_o1*w5 + delta_o2*w7)*(1 - out_h1^2)",
        "derivative",
        "1 - out_h1^2",
        "out_h1*(1 - out_h1)",
        30,
        "(delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)",
    ),
    ("net_h1 = w3*i1 + w2*i2 + b2", "two changes", "w3, b2", "w1, b1", 1, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i1 + w3*i2", "two changes", "w3", "w2, b1", 9, "w1*i1 + w2*i2 + b1"),
    ("net_h1 = w1*i1 - w3*i2 + b1", "two changes", "w3, - w3*i2", "w2, + w3*i2", 9, "w1*i1 + w2*i2 + b1"),
    (
        "w5@1 = w5 + dE_total/dw5",
        "two changes",
        "+ dE_total/dw5",
        "- dE_total/dw5, eta",
        6,
        "w5 - dE_total/dw5 * eta",
    ),
    (
        "dE_total/dout_h1 = delta_o1*w6",
        "two changes",
        "w6",
        "w5, delta_o2*w7",
        10,
        "delta_o1*w5 + delta_o2*w7",
    ),
    ("dE_total/db2 = delta_o1*b2 + delta_o2", "extra factor", "b2", "", 10, "delta_o1 + delta_o2"),
]


@pytest.mark.parametrize(
    "claim, kind, found, instead, column, formula", WORKED, ids=[row[0] for row in WORKED]
)
def test_the_slip_is_named_and_repaired(trials, claim, kind, found, instead, column, formula):
    assert repaired(trials, claim)[:5] == (kind, found, instead, column, formula)


@pytest.mark.slow
@pytest.mark.parametrize(
    "network, claim, sentence",
    [
        ("worked-example", "net_h1 = w1*i1 + w3*i2 + b1", "did you mean w2?"),
        (
            "worked-example",
            "dE_total/dw5 = dE_total/dout_o1 * dout_o1/dnet_o1",
            "the factor dnet_o1/dw5 is missing",
        ),
        (
            "worked-example",
            "dE_total/dout_h1 = delta_o1*w5 - delta_o2*w7",
            "the sign of delta_o2*w7 is turned around",
        ),
        (
            "worked-example",
            "dout_o1/dnet_o1 = out_o1*1 - out_o1",
            "brackets are missing: out_o1*(1 - out_o1)",
        ),
        (
            "worked-example",
            "dE_total/dout_h1 = delta_o1*w5@1 + delta_o2*w7@1",
            "the values before the update are needed: w5, w7",
        ),
        ("han-kamber", "I4 = w14*i1 + w15*i2 + w34*i3 + theta4", "did you mean w24?"),
        ("han-kamber", "delta_h1 = delta_o1*w56*O4*(1 - O4)", "did you mean w46?"),
        ("han-kamber", "theta4@1 = theta4 + eta*delta_h1", "the sign of eta*delta_h1 is turned around"),
        ("han-kamber", "net_h1 = w1*i1 + w2*i2 + w3*i3", "the term theta4 is missing"),
        (
            "worked-example",
            "net_h1@1 = w1*i1 + w2*i2 + b1",
            "the values after the update are needed: w1@1, w2@1",
        ),
        (
            SOFTMAX,
            "delta_o1 = out_o1*(1 - out_o1)*(out_o1 - target_o1)",
            "the factor out_o1*(1 - out_o1) is too much",
        ),
        (
            SOFTMAX,
            "delta_o2 = target_o2 - out_o2",
            "the sign of target_o2 - out_o2 is turned around: out_o2 - target_o2",
        ),
        (SOFTMAX, "out_o1 = exp(net_o1)/(exp(net_o1) + exp(net_o2))", "the term exp(net_o3) is missing"),
        (SOFTMAX, "dout_o1/dnet_o2 = out_o1*out_o2", "the sign of out_o1 is turned around"),
        (
            "worked-example",
            "dout_o1/dnet_o1 = 1 - out_o1^2",
            "1 - out_o1^2 is the derivative of tanh; the logistic's is out_o1*(1 - out_o1)",
        ),
        (
            "worked-example",
            "dout_h1/dnet_h1 = net_h1*(1 - net_h1)",
            "out_h1, not net_h1: the derivative is out_h1*(1 - out_h1)",
        ),
        ("worked-example", "delta_o1 = (net_o1 - target_o1)*net_o1*(1 - net_o1)", "out_o1, not net_o1"),
        (
            "worked-example",
            (
                "dE_total/dout_h1 = (out_o1 - target_o1)*(1 - out_o1^2)*w5 + (out_o2 - target_o2)*(1 - "
                "out_o2^2)*w7"
            ),
            "1 - out_o1^2 and 1 - out_o2^2 are derivatives of tanh; "
            "the logistic's are out_o1*(1 - out_o1) and out_o2*(1 - out_o2)",
        ),
        (
            SOFTMAX,
            "dout_h1/dnet_h1 = out_h1*(1 - out_h1)",
            "out_h1*(1 - out_h1) is the derivative of the logistic; tanh's is 1 - out_h1^2",
        ),
        (
            SOFTMAX,
            "dE_total/dw1 = dE_total/dout_h1*out_h1*(1 - out_h1)*i1",
            "out_h1*(1 - out_h1) is the derivative of the logistic; tanh's is 1 - out_h1^2",
        ),
        (SOFTMAX, "dout_h1/dnet_h1 = 1 - net_h1^2", "out_h1, not net_h1: the derivative is 1 - out_h1^2"),
        (
            DEEP,
            "dout_h2_1[1]/dnet_h2_1[1] = out_h2_1[1]*(1 - out_h2_1[1])",
            "out_h2_1[1]*(1 - out_h2_1[1]) is the derivative of the logistic; relu's is step(net_h2_1[1])",
        ),
        (
            DEEP,
            "delta_o1[1] = dE_total[1]/dout_o1[1]*(1 - out_o1[1]^2)",
            "1 - out_o1[1]^2 is the derivative of tanh; without an activation it is 1",
        ),
        (
            "worked-example",
            "w5@1 = w5 + eta*(out_o1 - target_o1)*out_o1*(1 - out_o1)*out_h1",
            "the sign of eta*(out_o1 - target_o1)*out_o1*(1 - out_o1)*out_h1 is turned around",
        ),
        (
            "han-kamber",
            "-delta_o1 = O6*(1 - O6)*(O6 - target_o1)",
            "the sign of O6 - target_o1 is turned around: target_o1 - O6",
        ),
        ("worked-example", "net_h1 = w3*i1 + w2*i2 + b2", "w3 should be w1 and b2 should be b1"),
        ("worked-example", "net_h1 = w1*i1 + w3*i2", "w3 should be w2 and the term b1 is missing"),
        (
            "worked-example",
            "delta_h1 = (delta_o1*w5 - delta_o2*w6)*out_h1*(1 - out_h1)",
            "w6 should be w7 and the sign of delta_o2*w6 is turned around",
        ),
        (
            "worked-example",
            "w5@1 = w5 + dE_total/dw5",
            "the factor eta is missing and the sign of dE_total/dw5 is turned around",
        ),
        (DEEP, "net_h1_1[1] = w2*i1[1] + w2*i2[1] + b1", "w2 should be w1 and the term w3*i3[1] is missing"),
        (SOFTMAX, "dout_h1/dnet_h1 = 1 - out_h1", "a square is missing: out_h1^2"),
        (SOFTMAX, "dout_h1/dnet_h1 = (1 - out_h1)^2", "brackets are too much: 1 - out_h1^2"),
        (
            SOFTMAX,
            "delta_h1 = (delta_o1*w7 + delta_o2*w8 + delta_o3*w9)*(1 - out_h1^2)",
            "the weights are transposed",
        ),
        (
            SOFTMAX,
            "delta_h1 = (delta_o1*w7 + delta_o2*w10)*(1 - out_h1^2)",
            "the term delta_o3*w13 is missing",
        ),
        (SOFTMAX, "dE_total/dw10 = delta_o1*out_h1", "did you mean delta_o2?"),
        (
            DEEP,
            (
                "delta_h1_2[1] = (delta_h2_1[1]*w11 + delta_h2_2[1]*w14 + delta_h2_3[1]*w16)*out_h1_2[1]*(1 "
                "- out_h1_2[1])"
            ),
            "did you mean w17?",
        ),
        (
            DEEP,
            (
                "delta_h1_2[1] = (delta_h2_1[2]*w11 + delta_h2_2[2]*w14 + delta_h2_3[2]*w17)*out_h1_2[2]*(1 "
                "- out_h1_2[2])"
            ),
            "this is about sample 1, not about 2",
        ),
        (
            DEEP,
            "delta_h2_1[2] = delta_o1[2]*w19 + delta_o2[2]*w22 + delta_o3[2]*w25",
            "the factor dout_h2_1[2]/dnet_h2_1[2] is missing",
        ),
        (
            DEEP,
            "delta_h2_1[2] = delta_o1[2]*w19*step(net_h2_1[2])",
            "the terms delta_o2[2]*w22*step(net_h2_1[2]) and delta_o3[2]*w25*step(net_h2_1[2]) are missing",
        ),
        (DEEP, "dE_total[1]/dout_o1[1] = out_o1[1] - target_o1[1]", "the factor 2/3 is missing"),
        (DEEP, "dE_total/dw1 = dE_total[1]/dw1 + dE_total[2]/dw1", "the term l2*w1 is missing"),
        (DEEP, "dE_total[1]/dw1 = delta_h1_2[1]*i1[1]", "did you mean delta_h1_1[1]?"),
        (
            DEEP,
            "net_h1_1[1]@1 = w1*i1[1] + w2*i2[1] + w3*i3[1] + b1",
            "the values after the update are needed: w1@1, w2@1, w3@1, b1@1",
        ),
    ],
)
def test_the_repair_is_said_in_one_plain_sentence(network, claim, sentence):
    assert repaired(trials_of(json.dumps(network)), claim).sentence == sentence


@pytest.mark.parametrize(
    "claim",
    [
        "dE_total/dw5 = delta_o2*w7*out_h2",
        "net_h1 = w3*i2 + w4*i2 + b2 + w5",
        "dE_total/dout_h1 = (delta_o1 + delta_o2)*w5",
        "delta_h1 = 7",
        "w1 = w2/0",
        "E_total = 1/(E_o1 - E_o1)",
        "E_total@10000 = E_o1@10000",
        "dE_o2/dw5 = delta_o2",
        "E_total = exp(exp(exp(exp(E_o1*1000))))",
        "E_total = ln(-E_o1)",
    ],
)
def test_nothing_is_proposed_where_two_changes_do_not_help(trials, claim):
    assert repaired(trials, claim) is None


@pytest.mark.parametrize(
    "claim",
    [
        "delta_o1 = delta_o2*w5",
        "dE_total/dw5 = w5",
        "delta_h1 = net_h1",
        "E_total = net_o1",
        "dE_total/dw5 = out_h1",
        "delta_o1 = dE_total/dout_o1",
        "dE_total/dout_h1 = w5",
    ],
)
def test_no_repair_says_that_the_quantity_is_itself(trials, claim):
    quantity = claim.partition(" = ")[0]
    found = repaired(trials, claim)
    assert found is None or quantity not in parse(found.formula, trials.derivation(0).__contains__).names()


def test_a_formula_that_was_not_read_from_a_text_has_no_column(trials):
    formula, quantity = Name("delta_o1") * Name("out_h2"), Name("dE_total/dw5")
    assert repair(formula, quantity, trials).column is None


def test_an_unknown_name_is_said(trials):
    with pytest.raises(UnknownName, match="w99"):
        repair(parse("w99*i1"), Name("net_h1"), trials)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text, quantity",
    [
        ("w1*i1 + " * 70 + "b1", "net_h1"),
        ("w1*" * 70 + "i1", "net_h1"),
        ("-(" * 40 + "out_o1*(1 + out_o1)" + ")" * 40, "dout_o1/dnet_o1"),
        ("*".join(["(out_o1 - target_o1)"] * 30), "delta_o1"),
        ("w1*i1/i2 - w2*i2^2 + " * 9 + "b1", "net_h1"),
        ("+".join(["w1"] * 5000), "net_h1"),
    ],
)
def test_a_long_formula_takes_no_long_time(trials, text, quantity):
    formula = parse(text, trials.derivation(0).__contains__)
    repair(formula, Name(quantity), trials)


@pytest.mark.slow
@examples(120)
@given(descriptions(largest=1.0, most_layers=3, most_samples=2), st.data())
def test_a_planted_slip_is_repaired(description, data):
    """One name, sign, factor or number of a row is changed: some repair must make it the quantity again."""
    trials = Trials(description)
    derivation = trials.derivation(0)
    rows = [
        row
        for row in derivation.quantities
        if row.part != "update"
        and "@" not in row.name
        and row.expression is not None
        and row.expression.names()
    ]
    row = data.draw(st.sampled_from(rows))
    wrong = data.draw(st.sampled_from(planted(row, derivation)))
    assume(not trials.same(wrong, Name(row.name)))
    assume(trials.value(0, wrong) is not None)
    found = repair(wrong, Name(row.name), trials)
    assert found is not None, f"{row.name} = {row.formula} was changed to {wrong}"
    assert trials.same(parse(found.formula, derivation.__contains__), Name(row.name))


def planted(row, derivation):
    """The formula of a row with one of its names, signs or operations changed."""
    places = Places(derivation)
    alike = {}
    for name in derivation.all_names():
        alike.setdefault((places.of(name).kind, places.of(name).index), []).append(name)
    found = [row.expression * 2, -row.expression]
    for name in row.expression.names():
        for other in alike.get((places.of(name).kind, places.of(name).index), [])[:4]:
            if other not in (name, row.name):
                found.append(with_names(row.expression, lambda each: other if each == name else each))
    for node, rebuild, parent in nodes(row.expression):
        # A sum that is left of a term would run into the terms around it: that is two slips.
        found += [
            rebuild(change.replacement)
            for change in changes(node, parent)
            if change.kind in ("sign", "extra factor")
            and not (isinstance(parent, Sum) and isinstance(change.replacement, Sum))
        ]
    return [each for each in found if each.names()]
