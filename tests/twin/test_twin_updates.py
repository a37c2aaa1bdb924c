"""Update rules: figures by hand, and mistakes in them that those figures show."""

import numpy as np
import pytest

from gradcheck.errors import GradcheckError, UnknownName
from gradcheck.twin import Twin, updates

# three updates of at most fourteen operations each, of numbers below 2, half a unit of 2.2e-16 each
ROUNDINGS = 1e-15

# One weight w = 1, input 1, target 0: E_total = w^2/2, so g = w. The weight after the updates 1, 2, 3, by
# hand: e.g.
# momentum v = 1, 1.8, 2.34 at eta = 0.1; adam at update 1 has mhat = vhat = 1, so w = 1 - 0.3/(1 + 0.5) =
# 0.8.
BY_HAND = [
    ({"rule": "gradient descent"}, 0.1, ["0.9", "0.81", "0.729"]),
    ({"rule": "momentum", "momentum": 0.9}, 0.1, ["0.9", "0.72", "0.486"]),
    ({"rule": "nesterov", "momentum": 0.9}, 0.1, ["0.81", "0.5751", "0.327321"]),
    (
        {"rule": "adam", "beta1": 0.5, "beta2": 0.75, "epsilon": 0.5},
        0.3,
        ["0.8", "0.613114621551141453", "0.444366329488363641"],
    ),
    ({"rule": "adam"}, 0.1, ["0.90000000099999999", "0.800412229712337391", "0.701586274504414214"]),
    (
        {"rule": "adamw", "beta1": 0.5, "beta2": 0.75, "epsilon": 0.5, "weight_decay": 0.5},
        0.3,
        ["0.65", "0.378064014873651549", "0.181098778782773324"],
    ),
    (
        {"rule": "rmsprop", "beta": 0.75, "epsilon": 0.5},
        0.3,
        ["0.7", "0.501282473009492327", "0.357157714438176345"],
    ),
    ({"rule": "rmsprop"}, 0.1, ["0.683772243983161751", "0.498870620117237464", "0.369180567427794116"]),
    ({"rule": "adamw"}, 0.1, ["0.89900000099999999", "0.798519028188778035", "0.6989111847156925"]),
]


def one_weight(**changes):
    return {
        "loss": "half squared error",
        "layer": [{"activation": "identity", "weights": [[1.0]], "bias": None}],
        "sample": [{"inputs": [1.0], "targets": [0.0]}],
        **changes,
    }


def weights(update, learning_rate, count):
    """The one weight after each of the updates."""
    twin = Twin(one_weight(update=update, learning_rate=learning_rate))
    found = []
    for _ in range(count):
        twin.train(1)
        found.append(twin.vector[0])
    return found


@pytest.mark.parametrize("update, learning_rate, figures", BY_HAND)
def test_three_updates_by_hand(update, learning_rate, figures):
    for found, figure in zip(weights(update, learning_rate, 3), figures, strict=True):
        assert abs(found - float(figure)) <= ROUNDINGS


@pytest.mark.parametrize("update, learning_rate, figures", BY_HAND)
def test_updates_in_one_call_are_updates_in_several(update, learning_rate, figures):
    twin = Twin(one_weight(update=update, learning_rate=learning_rate))
    twin.train(3)
    assert twin.vector.tolist() == weights(update, learning_rate, 3)[-1:]


class UncorrectedAdam(updates.Adam):
    def move(self, t):
        super().move(10**6)  # beta ** t is 0: the corrections are left out


class LateAdam(updates.Adam):
    def move(self, t):
        super().move(t + 1)  # the updates counted from 0, and one added too many


class RootFirstAdam(updates.Adam):
    def move(self, t):
        self.v *= self.v  # the square of a mean square is no mean square
        super().move(t)


class CoupledAdamW(updates.Adam):
    settings = updates.AdamW.settings

    def __init__(self, state, rates, weight_decay, **adam):
        super().__init__(state, rates, **adam)
        self.weight_decay = weight_decay

    def move(self, t):
        self.g += self.weight_decay * self.w
        super().move(t)


class DampenedMomentum(updates.Momentum):
    def move(self, t):
        self.g *= 1.0 - self.mu
        super().move(t)


class OldVelocityNesterov(updates.Nesterov):
    def move(self, t):
        before = self.v.copy()
        self._gather()
        self.g += self.mu * before
        self._go_against(self.g)


class OldMeanRMSprop(updates.RMSprop):
    def move(self, t):
        step = self.g / (np.sqrt(self.v) + self.epsilon)
        self.v += (1.0 - self.beta) * (self.g**2 - self.v)
        self.w -= self.rates * step


class EpsilonUnderTheRootRMSprop(updates.RMSprop):
    def move(self, t):
        self.v += (1.0 - self.beta) * (self.g**2 - self.v)
        self.w -= self.rates * self.g / np.sqrt(self.v + self.epsilon)


@pytest.mark.parametrize(
    "rule, mistaken",
    [
        ("adam", UncorrectedAdam),
        ("adam", LateAdam),
        ("adam", RootFirstAdam),
        ("adamw", updates.Adam),
        ("adamw", CoupledAdamW),
        ("momentum", DampenedMomentum),
        ("momentum", updates.Nesterov),
        ("nesterov", updates.Momentum),
        ("nesterov", OldVelocityNesterov),
        ("rmsprop", OldMeanRMSprop),
        ("rmsprop", EpsilonUnderTheRootRMSprop),
    ],
)
def test_mistakes_show_in_the_figures(rule, mistaken, monkeypatch):
    update, learning_rate, figures = next(case for case in BY_HAND if case[0]["rule"] == rule)
    if "weight_decay" not in mistaken.settings:
        update = {key: value for key, value in update.items() if key != "weight_decay"}
    monkeypatch.setitem(updates.RULES, rule, mistaken)
    differences = [
        abs(found - float(figure)) for found, figure in zip(weights(update, learning_rate, 3), figures)
    ]
    assert max(differences) > 0.01


def test_weights_decay_and_biases_do_not():
    network = one_weight(
        update={"rule": "adamw", "weight_decay": 0.5},
        learning_rate=0.1,
        layer=[{"activation": "identity", "weights": [[1.0]], "bias": 1.0}],
        sample=[{"inputs": [0.0], "targets": [1.0]}],
    )
    twin = Twin(network)
    assert twin.gradient_vector().tolist() == [0.0, 0.0]
    twin.train(1)
    assert twin.vector.tolist() == [0.95, 1.0]


@pytest.mark.parametrize("update", [case[0] for case in BY_HAND])
def test_frozen_biases_stay_and_a_shared_bias_stays_shared(update):
    layers = [
        {"activation": "tanh", "weights": [[0.5], [-0.3]], "bias": 0.1, "train_bias": True},
        {"activation": "identity", "weights": [[0.2, 0.7]], "bias": [0.4], "train_bias": False},
    ]
    twin = Twin(one_weight(update=update, learning_rate=0.1, l2=0.1, layer=layers))
    assert twin.gradients()[1]["bias"][0] != 0.0
    twin.train(5)
    assert twin.parameters[1]["bias"].tolist() == [0.4]
    own = Twin(one_weight(update={"rule": "gradient descent"}, learning_rate=0.1, l2=0.1, layer=layers))
    assert isinstance(twin.parameters[0]["bias"], float)
    assert twin.parameters[0]["bias"] != own.parameters[0]["bias"] == 0.1


def test_frozen_biases_stay_even_where_training_diverges():
    network = one_weight(
        learning_rate=1e200,
        layer=[{"activation": "identity", "weights": [[1.0]], "bias": 0.5, "train_bias": False}],
    )
    twin = Twin(network)
    with np.errstate(all="ignore"):
        twin.train(3)
    assert not np.isfinite(twin.vector[0])
    assert twin.vector[1] == 0.5


def test_every_setting_is_explicit():
    assert Twin(one_weight()).to_dict()["update"] == {"rule": "gradient descent"}
    assert Twin(one_weight(update={"rule": "adamw", "beta1": 0.8})).to_dict()["update"] == {
        "rule": "adamw",
        "beta1": 0.8,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
    }


@pytest.mark.parametrize(
    "update, refusal",
    [
        ({"rule": "adagrad"}, "'adagrad'.*'nesterov'"),
        ({}, "None.*'adam'"),
        ({"rule": "adam", "momentum": 0.9}, "'momentum'.*'beta1'"),
        ({"rule": "gradient descent", "momentum": 0.9}, "'momentum'"),
        ({"rule": "adam", "beta1": 1.0}, "beta1: found 1.0"),
        ({"rule": "adam", "epsilon": 0.0}, "epsilon: found 0.0"),
        ({"rule": "momentum", "momentum": float("nan")}, "found nan"),
        ({"rule": "adamw", "weight_decay": -1.0}, "weight_decay: found -1.0"),
    ],
)
def test_what_is_no_rule_is_refused(update, refusal):
    with pytest.raises(GradcheckError, match=refusal):
        Twin(one_weight(update=update))


def test_refusals_carry_the_names_that_are_allowed():
    with pytest.raises(UnknownName) as caught:
        updates.explicit_update({"rule": "sgd"})
    assert caught.value.allowed == tuple(updates.RULES)
