"""Batch, order and update rule of a description: what is explicit after reading, what agrees, what is
refused.
"""

from fractions import Fraction

import pytest

import gradcheck.twin.updates
import neuronnet.training
from neuronnet.description.reading import ORDERS, RULE_SETTINGS, read
from neuronnet.errors import SpecError


def plain(source):
    """The plain dict of a description."""
    return read(source).to_dict()


LAYER = {"layer": [{"activation": "tanh", "weights": [[1]]}]}


@pytest.mark.parametrize(
    "rule, explicit",
    [
        ("gradient descent", {}),
        ("momentum", {"momentum": 0.9}),
        ("nesterov", {"momentum": 0.9}),
        ("rmsprop", {"beta": 0.9, "epsilon": 1e-8}),
        ("adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
        ("adamw", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}),
    ],
)
def test_every_setting_of_a_rule_is_explicit(rule, explicit):
    description = plain({**LAYER, "update": {"rule": rule}})
    assert description["update"] == {"rule": rule, **explicit}
    assert plain(description) == description
    for name in explicit:
        assert plain({**LAYER, "update": {"rule": rule, name: 0.5}})["update"] == {
            "rule": rule,
            **explicit,
            name: 0.5,
        }


def test_the_judge_has_the_same_rules_orders_and_defaults():
    assert set(RULE_SETTINGS) == set(neuronnet.training.UPDATE_RULES) == set(gradcheck.twin.updates.RULES)
    for rule in RULE_SETTINGS:
        assert plain({**LAYER, "update": {"rule": rule}})["update"] == gradcheck.twin.updates.explicit_update(
            {"rule": rule}
        )
    assert set(ORDERS) == set(gradcheck.twin.updates.ORDERS)
    for kind in ORDERS:
        assert plain({**LAYER, "order": {"kind": kind}})["order"] == gradcheck.twin.updates.explicit_order(
            {"kind": kind}
        )


def test_the_order_is_explicit():
    assert plain(LAYER)["order"] == {"kind": "in turn"}
    assert plain({**LAYER, "order": {"kind": "random"}})["order"] == {"kind": "random", "seed": 0}
    assert plain({**LAYER, "order": {"kind": "random", "seed": 7}})["order"] == {"kind": "random", "seed": 7}


@pytest.mark.parametrize("name, value", [("momentum", 0), ("momentum", Fraction(1, 3))])
def test_the_ends_of_a_range_that_belong_to_it_are_accepted(name, value):
    assert plain({**LAYER, "update": {"rule": "momentum", name: value}})["update"][name] == value


@pytest.mark.parametrize("rule", ["sgd", "gradient descent", "momentum", "RMSProp", "Adam"])
def test_a_rule_alone_has_its_default_settings(rule):
    assert plain({**LAYER, "update": rule})["update"] == plain({**LAYER, "update": {"rule": rule}})["update"]


ADAMW = {"rule": "adamw"}
REFUSED = [
    ({"update": 0.9}, ["update", "found 0.9", "a table such as {rule"]),
    ({"update": "adagrad"}, ["update, rule", "found 'adagrad'", "adam, adamw", "(also sgd, gd)"]),
    (
        {"update": {}},
        ["update, rule", "found nothing", "gradient descent, momentum, nesterov, rmsprop, adam, adamw"],
    ),
    ({"update": {"rule": "momentun"}}, ["update, rule", "did you mean momentum?"]),
    ({"update": {"rule": 3}}, ["update, rule", "found 3"]),
    (
        {"update": {"rule": "gradient descent", "momentum": 0.9}},
        [
            "update",
            "the key 'momentum' with rule = \"gradient descent\"",
            'momentum belongs to rule = "momentum" or rule = "nesterov"',
        ],
    ),
    ({"update": {**ADAMW, "beta_1": 0.9}}, ["update", "the key 'beta_1'", "did you mean beta1"]),
    (
        {"update": {"rule": "adam", "weight_decay": 0.1}},
        ["update", "the key 'weight_decay'", 'belongs to rule = "adamw"'],
    ),
    ({"update": {"rule": "momentum", "momentum": 1}}, ["update, momentum", "found 1.0", "from 0 to below 1"]),
    (
        {"update": {"rule": "nesterov", "momentum": -0.1}},
        ["update, momentum", "found -0.1", "from 0 to below 1"],
    ),
    ({"update": {"rule": "rmsprop", "beta": 1}}, ["update, beta", "found 1.0", "from 0 to below 1"]),
    ({"update": {"rule": "rmsprop", "momentum": 0}}, ["update", "the key 'momentum'", 'rule = "momentum"']),
    ({"update": {"rule": "rmsprop", "rho": 0.9}}, ["update", "the key 'rho'", "did you mean beta?"]),
    ({"update": {"rule": "rmsprop", "alpha": 0.9}}, ["update", "the key 'alpha'", "did you mean beta?"]),
    ({"update": {**ADAMW, "beta1": 1}}, ["update, beta1", "found 1.0", "from 0 to below 1"]),
    ({"update": {**ADAMW, "beta2": 1.5}}, ["update, beta2", "found 1.5", "from 0 to below 1"]),
    ({"update": {**ADAMW, "beta2": float("nan")}}, ["update, beta2", "found nan", "finite"]),
    ({"update": {**ADAMW, "epsilon": 0}}, ["update, epsilon", "found 0.0", "above 0"]),
    ({"update": {**ADAMW, "epsilon": "1e-8"}}, ["update, epsilon", "found '1e-8'", "a number"]),
    ({"update": {**ADAMW, "weight_decay": -0.01}}, ["update, weight_decay", "found -0.01", "from 0 upwards"]),
    ({"update": {**ADAMW, "weight_decay": True}}, ["update, weight_decay", "found True", "a number"]),
    ({"order": "random"}, ["order", "found 'random'", "a table such as {kind"]),
    ({"order": {}}, ["order, kind", "found nothing", "in turn, random"]),
    ({"order": {"kind": "ramdom"}}, ["order, kind", "did you mean random?"]),
    ({"order": {"kind": "in turn", "seed": 0}}, ["order", "the key 'seed'", "allowed are kind"]),
    ({"order": {"kind": "random", "sead": 0}}, ["order", "the key 'sead'", "did you mean seed?"]),
    ({"order": {"kind": "random", "seed": -1}}, ["order, seed", "found -1", "from 0 to 4294967295"]),
    ({"order": {"kind": "random", "seed": None}}, ["order, seed", "found None"]),
    ({"order": {"kind": "random", "seed": 1.5}}, ["order, seed", "found 1.5"]),
    ({"order": {"kind": "random", "seed": False}}, ["order, seed", "found False"]),
]


@pytest.mark.parametrize("settings, parts", REFUSED, ids=[" / ".join(parts)[:60] for _, parts in REFUSED])
def test_unusable_settings_are_refused(settings, parts):
    with pytest.raises(SpecError) as caught:
        plain({**LAYER, **settings})
    message, position = str(caught.value), 0
    for part in parts:
        assert part in message[position:], f"{part!r} is missing, or stands too early, in: {message}"
        position = message.index(part, position)
