"""Update rules: one step by hand, objects and rows to the last bit, and what a slip would look like."""

import json
import math
from decimal import Decimal, localcontext

import pytest
from drawn.networks import descriptions
from hypothesis import given
from hypothesis import strategies as st
from printed import agrees
from profiles import examples
from rows import trained_by_rows
from update_rules import RULES, same

from neuronnet import Derivation, load
from neuronnet.training import UPDATE_RULES


def worked_example(rule):
    return load("worked-example").to_dict() | {"update": rule}


def test_all_rules_are_tried_here():
    assert {rule["rule"] for rule in RULES} == set(UPDATE_RULES)


@pytest.mark.slow
@examples(100)
@given(
    descriptions(most_layers=3),
    st.sampled_from(RULES),
    st.integers(1, 5),
    st.sampled_from(({"kind": "in turn"}, {"kind": "random", "seed": 3})),
)
def test_objects_and_rows_agree_to_the_last_bit_under_every_rule(description, rule, updates, order):
    description = description | {"update": rule, "order": order}
    network = load(description)
    network.fit(updates)
    by_rows, derivation = trained_by_rows(description, updates), Derivation(description)
    moved = {each.name: each.value for each in network.parameters if each.trainable}
    for name, value in (moved | network.update_rule.state).items():
        assert same(by_rows[name], value)
        assert same(derivation[f"{name}@{updates}"].value, value)


# One weight of 1 with input 0.5, so a gradient of 0.5 for ever, and learning rate 0.1: steps that can be done
# in the head.


def one_weight(rule, number=float):
    """A network of one weight whose error is its output, 0.5*w."""
    return load(
        {
            "loss": "output",
            "learning_rate": 0.1,
            "update": rule,
            "layer": [{"activation": "identity", "weights": [[1.0]]}],
            "sample": [{"inputs": [0.5]}],
        },
        number,
    )


@pytest.mark.parametrize(
    "rule, first, second",
    [
        # w - 0.1*0.5, twice
        (RULES[0], "0.95", "0.90"),
        # v = 0.5, then 0.9*0.5 + 0.5 = 0.95
        (RULES[1], "0.95", "0.855"),
        # steps 0.1*(0.5 + 0.9*0.5), then 0.1*(0.5 + 0.9*0.95)
        (RULES[2], "0.905", "0.7695"),
        # mhat = 0.5 and vhat = 0.25 in every update, so each step is 0.1*0.5/(0.5 + 1e-8) = 0.1/(1 + 2e-8)
        (RULES[3], "0.900000002", "0.800000004"),
        # before each such step, 0.1*0.01 of the weight is taken away: 1 - 0.001, then 0.899000002*(1 - 0.001)
        (RULES[4], "0.899000002", "0.798101004"),
        # v = 0.1*0.25 = 0.025, then 0.9*0.025 + 0.025 = 0.0475; steps 0.1*0.5/(sqrt(v) + 1e-8)
        (RULES[5], "0.683772254", "0.454356531"),
    ],
)
def test_two_steps_by_hand(rule, first, second):
    with localcontext() as context:
        context.prec = 50
        network = one_weight(rule, Decimal)
        network.fit(1)
        assert agrees(first, network["w1"].value)
        network.fit(1)
        assert agrees(second, network["w1"].value)


def test_adam_without_its_correction_would_be_seen():
    """The slip that two steps by hand catch: without dividing by 1 - beta^t the first step is
    0.1*0.05/sqrt(0.00025).
    """
    wrong = 1 - 0.1 * 0.05 / math.sqrt(0.00025)
    network = one_weight(RULES[3])
    network.fit(1)
    assert abs(network["w1"].value - wrong) > 0.2


@pytest.mark.parametrize("rule", RULES[1:])
def test_each_rule_moves_otherwise_than_gradient_descent(rule):
    plain, other = load("worked-example"), load(worked_example(rule))
    for network in (plain, other):
        network.fit(2)
    assert plain["w5"].value != other["w5"].value


def test_adam_shows_its_moments_by_name():
    derivation = Derivation(worked_example(RULES[3]))
    assert derivation["m_w5@1"].formula == "beta1*m_w5 + (1 - beta1) * dE_total/dw5"
    assert derivation["w5@1"].formula == "w5 - eta*mhat_w5@1/(sqrt(vhat_w5@1) + epsilon)"


def test_rmsprop_shows_its_mean_of_squares_by_name():
    derivation = Derivation(worked_example(RULES[5]))
    assert derivation["v_w5@1"].formula == "beta*v_w5 + (1 - beta)*(dE_total/dw5)^2"
    assert derivation["w5@1"].formula == "w5 - eta * dE_total/dw5 / (sqrt(v_w5@1) + epsilon)"


def test_weight_decay_leaves_biases_alone():
    description = load("han-kamber").to_dict()
    decayed, plain = load(description | {"update": RULES[4]}), load(description | {"update": RULES[3]})
    for network in (decayed, plain):
        network.fit(1)
    assert decayed["b1"].value == plain["b1"].value
    assert decayed["w1"].value != plain["w1"].value


@pytest.mark.parametrize("rule", RULES)
def test_a_frozen_bias_stays_under_every_rule(rule):
    network = load(worked_example(rule))
    network.fit(2)
    assert network["b1"].value == 0.35


def test_the_rule_survives_a_round_trip():
    description = worked_example(RULES[4])
    assert json.loads(json.dumps(load(description).to_dict()))["update"] == RULES[4]
