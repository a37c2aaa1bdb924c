"""The audit: each planted vice of a loss or its gradients is found by name and by place, and a sound pair
has none.
"""

import json
import random

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError, GradcheckWarning
from gradcheck.inputs.point import Point
from gradcheck.judge.audit import audit
from gradcheck.testing import assert_gradients

RNG = np.random.default_rng(3)
INPUTS, TARGETS = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
PARAMETERS = {"W1": RNG.normal(size=(3, 5)), "rest": [RNG.normal(size=(5, 2)), 0.4]}


class Network:
    """A sound network with one hidden layer; its methods are those that the mistaken ones below replace."""

    def __init__(self):
        self.calls = 0
        self.passed = []

    def forward(self, p):
        self.hidden = np.tanh(INPUTS @ p["W1"])
        self.delta = self.hidden @ p["rest"][0] + p["rest"][1] - TARGETS

    def loss(self, p):
        self.calls += 1
        self.forward(p)
        return 0.5 * np.sum(self.delta**2)

    def gradients(self, p):
        self.calls += 1
        self.forward(p)
        return self.backward(p)

    def backward(self, p):
        below = self.delta @ p["rest"][0].T * (1.0 - self.hidden**2)
        return {"W1": INPUTS.T @ below, "rest": [self.hidden.T @ self.delta, self.delta.sum()]}


class Dropout(Network):
    rng = np.random.default_rng(1)

    def forward(self, p):
        super().forward(p)
        self.delta = self.delta + self.rng.normal(size=self.delta.shape)


class Counter(Network):
    def loss(self, p):
        return super().loss(p) + 1e-6 * self.calls


class Training(Network):
    moved = 0.0

    def loss(self, p):
        return super().loss(p) + self.moved

    def gradients(self, p):
        self.moved = 0.1
        return super().gradients(p)


class InPlace(Network):
    def loss(self, p):
        p["W1"] *= 0.5
        return super().loss(p)


class StepsInPlace(Network):
    def gradients(self, p):
        found = super().gradients(p)
        p["rest"][0] -= 0.1 * found["rest"][0]
        return found


class LossSteps(Network):
    def loss(self, p):
        value = super().loss(p)
        p["W1"] -= 0.01
        return value


class TakesOut(Network):
    def gradients(self, p):
        found = super().gradients(p)
        del p["W1"]
        return found


class Stale(Network):
    def gradients(self, p):
        self.calls += 1
        return self.backward(p)


class Accumulates(Network):
    total = None

    def gradients(self, p):
        found = super().gradients(p)
        self.total = found["W1"] if self.total is None else self.total + found["W1"]
        return found | {"W1": self.total}


class AccumulatesInPlace(Network):
    total = np.zeros((3, 5))

    def gradients(self, p):
        found = super().gradients(p)
        self.total += found["W1"]
        return found | {"W1": self.total}


class Buffer(Network):
    def __init__(self):
        super().__init__()
        self.buffer = np.empty((3, 5))

    def gradients(self, p):
        found = super().gradients(p)
        self.buffer[:] = found["W1"]
        return found | {"W1": self.buffer}


class Noisy(Network):
    rng = np.random.default_rng(2)

    def gradients(self, p):
        found = super().gradients(p)
        return found | {"W1": found["W1"] * self.rng.uniform(0.9, 1.1)}


class NumpyRandom(Network):
    def loss(self, p):
        np.random.normal()
        return super().loss(p)


class PythonRandom(Network):
    def gradients(self, p):
        random.random()
        return super().gradients(p)


class Seeds(Network):
    def loss(self, p):
        np.random.seed(0)
        return super().loss(p)


PLANTED = [
    (Dropout, {"loss not deterministic": "loss", "gradients not deterministic": "W1, rest[0], rest[1]"}),
    (Counter, {"loss not deterministic": "loss"}),
    (Training, {"gradients change the loss": "gradients"}),
    (InPlace, {"loss changes its argument": "W1"}),
    (StepsInPlace, {"gradients changes its argument": "rest[0]"}),
    (TakesOut, {"gradients changes its argument": "parameters"}),
    (Stale, {"stale forward pass": "W1, rest[0], rest[1]"}),
    (Accumulates, {"gradients accumulate": "W1"}),
    (AccumulatesInPlace, {"gradients accumulate": "W1"}),
    (Buffer, {"shared buffer": "W1"}),
    (Noisy, {"gradients not deterministic": "W1"}),
    (NumpyRandom, {"random state": "loss"}),
    (PythonRandom, {"random state": "gradients"}),
    (Seeds, {"random state": "loss"}),
]


@pytest.mark.parametrize("network, expected", PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_vice_is_found_by_name_and_place(network, expected):
    np.random.seed(3)  # another state than the one that Seeds sets
    network = network()
    found = audit(network.loss, network.gradients, Point(PARAMETERS))
    assert {each.id: each.where for each in found} == expected
    assert network.calls <= 30


def test_a_sound_pair_has_none_and_is_called_ten_times():
    network = Network()
    assert audit(network.loss, network.gradients, Point(PARAMETERS)) == []
    assert network.calls == 10


@pytest.mark.parametrize(
    "vice, beside",
    [
        (LossSteps, "but the loss changes its parameters"),
        (StepsInPlace, "but the gradients function changes its parameters"),
        (Buffer, "but the gradients function returns views of a buffer"),
        (NumpyRandom, "but the loss uses a global random state"),
    ],
)
def test_what_right_gradients_do_besides_stands_in_the_first_line_and_warns(vice, beside):
    network = vice()
    with pytest.warns(GradcheckWarning, match=beside.split()[2]):
        report = assert_gradients(network.loss, network.gradients, PARAMETERS)
    assert str(report).splitlines()[0] == f"gradients: right, {beside}"
    assert report.markdown().splitlines()[0] == f"**gradients: right, {beside}**"


def test_a_function_of_both_is_audited_as_well():
    def both(network):
        return lambda p: (network.loss(p), network.gradients(p))

    assert audit(both(Network()), None, Point(PARAMETERS)) == []
    assert [each.id for each in audit(both(InPlace()), None, Point(PARAMETERS))] == [
        "loss changes its argument"
    ]
    assert [each.id for each in audit(both(Accumulates()), None, Point(PARAMETERS))] == [
        "gradients accumulate"
    ]
    with pytest.raises(GradcheckError, match="value, gradients"):
        audit(Network().loss, None, Point(PARAMETERS))


def test_of_ready_gradients_only_the_loss_is_audited():
    ready = Network().gradients(PARAMETERS)
    assert audit(Network().loss, ready, Point(PARAMETERS)) == []
    assert [each.id for each in audit(Counter().loss, ready, Point(PARAMETERS))] == ["loss not deterministic"]


def interrupted(error, after):
    """A loss that works in place, and then is interrupted in a certain call."""
    calls = []

    def loss(p):
        p["W1"] *= 0.0
        random.random()
        np.random.normal()
        calls.append(None)
        if len(calls) == after:
            raise error
        return 0.0

    return loss


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("no more"), ZeroDivisionError()])
def test_whatever_happens_nothing_of_the_caller_changes(error, after):
    mine = {"W1": PARAMETERS["W1"].copy(), "rest": [PARAMETERS["rest"][0].copy(), 0.4]}
    states = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]
    with pytest.raises(type(error)):
        check(interrupted(error, after), Network().gradients, mine)
    assert np.all(mine["W1"] == PARAMETERS["W1"]) and np.all(mine["rest"][0] == PARAMETERS["rest"][0])
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2])


def test_the_random_states_are_put_back():
    np.random.seed(5)
    random.seed(5)
    expected = np.random.normal(), random.random()
    np.random.seed(5)
    random.seed(5)
    check(Seeds().loss, PythonRandom().gradients, PARAMETERS)
    assert (np.random.normal(), random.random()) == expected


def test_a_function_that_is_not_defined_nearby_is_no_vice():
    def loss(p):
        if p["x"] != 0.5:
            raise ValueError("outside the domain")
        return p["x"] ** 2

    assert audit(loss, lambda p: {"x": 2.0 * p["x"]}, Point({"x": 0.5})) == []


def test_sums_in_another_order_are_the_same():
    orders, values = iter([1, -1] * 20), RNG.normal(size=1000)

    def loss(x):
        return float(
            np.cumsum((x * values)[:: next(orders)])[-1]
        )  # one after another; sum() makes up for rounding

    assert loss(0.3) != loss(0.3)
    assert audit(loss, lambda x: float(np.sum(values)), Point(0.3)) == []


def test_zero_gradients_neither_accumulate_nor_differ():
    assert audit(lambda x: 1.0, lambda x: np.zeros(3), Point(np.ones(3))) == []


def test_sentences_are_of_one_line_and_ready_for_json():
    for network, _ in PLANTED:
        network = network()
        for each in audit(network.loss, network.gradients, Point(PARAMETERS)):
            assert "\n" not in str(each) and len(str(each)) > 40
            assert json.loads(json.dumps(each.to_dict()))["sentence"] == str(each)


@pytest.mark.parametrize("seed", range(20))
def test_a_light_dropout_is_not_blamed_on_the_gradients(seed):
    """Half of the forward passes leave everything in, so that two values are often the same."""
    draw = np.random.default_rng(seed)

    def loss(p):
        return float(np.sum(p["W1"]) * (1.0 + (draw.random() < 0.5)))

    found = audit(loss, lambda p: {"W1": np.ones((3, 5)), "rest": [np.zeros((5, 2)), 0.0]}, Point(PARAMETERS))
    assert {each.id for each in found} <= {"loss not deterministic"}


def test_a_light_dropout_is_found_nearly_always():
    def loss_of(draw):
        return lambda x: float(np.sum(x) * (1.0 + (draw.random() < 0.5)))

    found = [audit(loss_of(np.random.default_rng(seed)), np.ones(3), Point(np.ones(3))) for seed in range(60)]
    assert sum(len(each) for each in found) >= 55


def test_a_gradient_that_is_no_number_is_no_shared_buffer():
    assert (
        audit(lambda x: float(np.sum(x)), lambda x: np.array([np.nan, 1.0]), Point(np.array([1.0, 2.0])))
        == []
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_rare_draw_is_not_taken_for_a_stale_forward_pass(seed):
    draw = np.random.default_rng(seed)

    def gradients(x):
        return np.ones(3) * (1.0 + (draw.random() < 0.3))

    found = audit(lambda x: float(np.sum(x)), gradients, Point(np.ones(3)))
    assert {each.id for each in found} <= {"gradients not deterministic", "gradients accumulate"}


def test_gradients_that_are_random_with_the_loss_are_not_wrong_by_themselves():
    draw = np.random.default_rng(0)

    def both(x):
        kept = draw.random(3) < 0.5
        return float(np.sum(x * kept)), 1.0 * kept

    report = check(both, None, np.ones(3))
    assert report.verdict == "undecided"
    assert {finding.id for finding in report.audit} == {
        "loss not deterministic",
        "gradients not deterministic",
    }
