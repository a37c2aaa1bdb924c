"""Training: update by update as plain arithmetic gives it, without new memory, and whole wherever it is
interrupted.
"""

import tracemalloc
from copy import deepcopy
from random import Random

import numpy as np
import pytest
from hypothesis import given
from profiles import examples
from twins import EPS, UPDATES, complex_step_gradient, moons, networks, rounding_of_gradient, worked_example

from gradcheck.errors import GradcheckError
from gradcheck.twin import Twin, functions, training, updates

# Update by update


def plain_positions(network, samples):
    """The positions of every update, without end, written down a second time."""
    order, batch = network["order"], network["batch"]
    generator = Random(order["seed"]) if order["kind"] == "random" else None
    while True:
        row = list(range(samples))
        if batch == "full":
            yield row
        elif batch == "online" and generator is not None:
            yield [generator.randrange(samples)]
        else:
            if generator is not None:
                generator.shuffle(row)
            size = 1 if batch == "online" else batch
            for start in range(0, samples, size):
                yield row[start : start + size]


class PlainParameter:
    """One parameter, moved by the rules in scalar arithmetic."""

    def __init__(self, update, eta, is_weight, trained):
        self.update, self.eta, self.is_weight, self.trained = update, eta, is_weight, trained
        self.v = self.m = 0.0

    def moved(self, w, g, t):
        rule, eta = self.update["rule"], self.eta
        if not self.trained:
            return w
        if rule == "gradient descent":
            return w - eta * g
        if rule in ("momentum", "nesterov"):
            mu = self.update["momentum"]
            self.v = mu * self.v + g
            return w - eta * (self.v if rule == "momentum" else g + mu * self.v)
        if rule == "rmsprop":
            beta, epsilon = self.update["beta"], self.update["epsilon"]
            self.v = beta * self.v + (1 - beta) * g * g
            return w - eta * g / (self.v**0.5 + epsilon)
        b1, b2, epsilon = self.update["beta1"], self.update["beta2"], self.update["epsilon"]
        if rule == "adamw" and self.is_weight:
            w = w - eta * self.update["weight_decay"] * w
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g * g
        return w - eta * (self.m / (1 - b1**t)) / ((self.v / (1 - b2**t)) ** 0.5 + epsilon)


def plain_parameters(twin, network):
    return [
        PlainParameter(network["update"], network["learning_rate"], is_weight, is_weight or layer.train_bias)
        for layer in twin.layers
        for is_weight in [True] * layer.weights_count + [False] * layer.bias_count
    ]


@pytest.mark.slow
@examples(100)
@given(networks())
def test_training_on_buffers_is_training_update_by_update(network):
    """Slopes by the complex step, at the twin's own parameters: no formula and no buffer is shared with the
    loop.

    A rule magnifies the rounding of the slopes at most tenfold: momentum by 1/(1 - 0.9), Adam with epsilon 1
    by less.
    """
    before, rounding = Twin(network), 0.0
    parameters, positions = plain_parameters(before, network), plain_positions(network, len(before.inputs))
    for n in range(1, 6):
        after = Twin(network)
        after.train(n)
        chosen = next(positions)
        slopes = complex_step_gradient(before, before.inputs[chosen], before.targets[chosen])
        expected = [parameter.moved(w, g, n) for parameter, w, g in zip(parameters, before.vector, slopes)]
        rounding = max(rounding, 10 * network["learning_rate"] * rounding_of_gradient(before))
        assert np.abs(after.vector - expected).max() <= rounding + 4 * EPS * np.abs(before.vector).max()
        before = after


def test_mini_batches_wrap_around_with_a_shorter_last_slice():
    network = worked_example(batch=2, samples_combine="mean", l2=0.1, l2_scale="per sample")
    network["sample"] = [{"inputs": [0.1 * i, 1.0 - 0.2 * i], "targets": [0.1 * i, 0.5]} for i in range(5)]
    twin, by_hand = Twin(network), Twin(network)
    twin.train(4)
    biases = by_hand.vector[[4, 9]]
    for part in (slice(0, 2), slice(2, 4), slice(4, 5), slice(0, 2)):
        by_hand.vector = by_hand.vector - 0.5 * by_hand.gradient_vector(
            by_hand.inputs[part], by_hand.targets[part]
        )
        by_hand.vector[[4, 9]] = biases
    np.testing.assert_allclose(twin.vector, by_hand.vector, rtol=100 * EPS)


# Successive calls

VARIED = [
    (update, order, batch)
    for update in UPDATES
    for order, batch in [
        ({"kind": "in turn"}, "full"),
        ({"kind": "in turn"}, 7),
        ({"kind": "random", "seed": 1}, "online"),
        ({"kind": "random", "seed": 1}, 7),
    ]
]


@pytest.mark.parametrize("update, order, batch", VARIED)
def test_training_in_parts_is_training_at_once(update, order, batch):
    at_once, in_parts = (
        Twin({**moons(), "update": update, "order": order, "batch": batch}) for _ in range(2)
    )
    at_once.train(47)
    for count in (13, 0, 1, 33):
        in_parts.train(count)
    assert np.array_equal(at_once.vector, in_parts.vector)


@pytest.mark.parametrize("update, order, batch", VARIED)
def test_a_copy_of_a_twin_goes_on_as_the_twin_does(update, order, batch):
    twin = Twin({**moons(), "update": update, "order": order, "batch": batch})
    twin.train(10)
    copied = deepcopy(twin)
    twin.train(10)
    assert not np.array_equal(copied.vector, twin.vector)
    copied.train(10)
    assert np.array_equal(copied.vector, twin.vector)


def test_no_updates_change_nothing():
    twin = Twin(moons())
    before = twin.vector.copy()
    assert [record["update"] for record in twin.train(0)] == [0]
    assert np.array_equal(twin.vector, before)


def test_parameters_that_are_set_are_those_that_are_trained():
    twin, other = Twin(moons()), Twin(moons())
    twin.train(5)
    other.vector = twin.vector
    twin.train(1)
    other.train(1)
    assert np.array_equal(twin.vector, other.vector)


# History


def test_history_has_the_first_each_and_the_last_update():
    twin = Twin(moons())
    history = twin.train(25, every=10)
    assert [record["update"] for record in history] == [0, 10, 20, 25]
    assert [set(record) for record in history] == [{"update", "E_total", "accuracy"}] * 4
    assert history[-1]["E_total"] == twin.loss() < history[0]["E_total"]
    assert history[-1]["accuracy"] == twin.accuracy()


def test_a_second_call_goes_on_counting():
    at_once, in_parts = Twin(moons()), Twin(moons())
    whole = at_once.train(50, every=10)
    first, second = in_parts.train(25, every=10), in_parts.train(25, every=10)
    assert [record["update"] for record in second] == [25, 30, 40, 50]
    assert first[:-1] + second[1:] == whole


def test_history_without_every_has_the_first_and_the_last():
    assert [record["update"] for record in Twin(moons()).train(25)] == [0, 25]


def test_samples_held_out_have_an_accuracy_of_their_own():
    network = moons()
    network["held_out"] = [
        {"inputs": sample["inputs"], "targets": sample["targets"][::-1]} for sample in network["sample"][::10]
    ]
    twin = Twin(network)
    history = twin.train(20, every=10)
    held_out = Twin({**network, "sample": network["held_out"], "held_out": []})
    assert [set(record) for record in history] == [{"update", "E_total", "accuracy", "held_out_accuracy"}] * 3
    held_out.vector = twin.vector
    assert history[-1]["held_out_accuracy"] == held_out.accuracy() != history[-1]["accuracy"]
    assert twin.to_dict()["held_out"] == network["held_out"]
    soft = worked_example(held_out=worked_example()["sample"])
    assert Twin(soft).train(1)[-1]["held_out_accuracy"] is None


def test_updates_and_rate_are_those_of_the_network_unless_given():
    assert Twin({**moons(), "updates": 7}).train()[-1]["update"] == 7
    assert Twin({**moons(), "updates": 7}).train(3)[-1]["update"] == 3
    slow = Twin(moons())
    slow.train(1, learning_rate=0.0)
    assert np.array_equal(slow.vector, Twin(moons()).vector)


@pytest.mark.parametrize(
    "changes, arguments, refusal",
    [
        ({"learning_rate": None}, {"updates": 1}, "learning_rate"),
        ({"sample": []}, {"updates": 1}, "sample"),
        ({}, {}, "updates"),
        ({}, {"updates": -1}, "updates"),
        ({}, {"updates": 1, "every": 0}, "every"),
    ],
)
def test_training_that_cannot_be_is_refused(changes, arguments, refusal):
    with pytest.raises(GradcheckError, match=refusal):
        Twin(worked_example(**changes)).train(**arguments)


# Memory


@pytest.mark.slow
@pytest.mark.parametrize("update, order, batch", VARIED)
def test_the_loop_allocates_nothing_that_stays(update, order, batch):
    """At the peak of 400 updates memory is that of 50, to less than one array of a layer."""
    peaks = []
    for count in (50, 50, 400):
        twin = Twin({**moons(), "update": update, "order": order, "batch": batch})
        tracemalloc.start()
        twin.train(count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 3 * 200 * 8


# Progress


class Clock:
    """A clock that stands still but for what is added to `now`; counts how often it is looked at."""

    def __init__(self):
        self.now, self.looks = 0.0, 0

    def __call__(self):
        self.looks += 1
        return self.now


@pytest.mark.parametrize("seconds, every", [(0.003, None), (0.009, 7), (0.04, 1), (0.3, 2)])
def test_progress_comes_about_ten_times_a_second(seconds, every, monkeypatch):
    """At `seconds` per update, in pieces as `every` cuts them: never within a tenth of a second."""
    clock, calls = Clock(), []
    monkeypatch.setattr(training, "perf_counter", clock)
    monkeypatch.setattr(updates.GradientDescent, "move", slowed(updates.GradientDescent.move, clock, seconds))
    wanted = int(2.0 / seconds)
    Twin(worked_example()).train(
        wanted, every=every, progress=lambda made, all_of_them: calls.append((clock.now, made, all_of_them))
    )
    apart = np.diff([0.0] + [time for time, _, _ in calls])
    assert 0.1 <= apart.min() and apart.max() < 0.1 + seconds * 1.001
    assert len(calls) >= int(2.0 / max(0.12, seconds))
    assert all(time == pytest.approx(made * seconds) and end == wanted for time, made, end in calls)


def test_a_short_training_reports_nothing_and_a_long_one_its_updates(monkeypatch):
    calls = []
    Twin(worked_example()).train(3, progress=lambda made, wanted: calls.append((made, wanted)))
    assert calls == []
    clock = Clock()
    monkeypatch.setattr(training, "perf_counter", clock)

    twin = Twin(worked_example())
    monkeypatch.setattr(updates.GradientDescent, "move", slowed(updates.GradientDescent.move, clock, 0.06))
    twin.train(5)
    assert clock.looks <= 2
    twin.train(7, progress=lambda made, wanted: calls.append((made, wanted)))
    assert calls == [(2, 7), (4, 7), (6, 7)]


def slowed(method, clock, seconds):
    def slow(*arguments):
        clock.now += seconds
        return method(*arguments)

    return slow


def test_progress_may_stop_the_training():
    twin = Twin(moons())

    def stop(made, wanted):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        twin.train(10**9, progress=stop)
    made = twin.train(0)[0]["update"]
    assert made > 0
    other = Twin(moons())
    other.train(made)
    assert np.array_equal(twin.vector, other.vector)


# Interruption


class InterruptingNumpy:
    """NumPy, whose `call`-th call from the twin's modules is interrupted: before it is done, or right after
    it.
    """

    def __init__(self, call, afterwards):
        self.left, self.afterwards = call, afterwards

    def __getattr__(self, name):
        function = getattr(np, name)
        if not callable(function) or isinstance(function, type):
            return function

        def interrupted(*arguments, **named):
            self.left -= 1
            if self.left == 0 and not self.afterwards:
                raise KeyboardInterrupt
            result = function(*arguments, **named)
            if self.left == 0:
                raise KeyboardInterrupt
            return result

        return interrupted


@pytest.mark.slow
@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize(
    "update, order, batch",
    [
        (UPDATES[0], {"kind": "in turn"}, 2),
        (UPDATES[1], {"kind": "random", "seed": 1}, "online"),
        (UPDATES[4], {"kind": "random", "seed": 1}, 2),
    ],
)
def test_interrupted_anywhere_a_twin_is_as_after_its_last_finished_update(
    update, order, batch, afterwards, monkeypatch
):
    network = worked_example(update=update, order=order, batch=batch)
    network["sample"] = [{"inputs": [0.1 * i, 1.0 - 0.2 * i], "targets": [0.1 * i, 0.5]} for i in range(5)]
    clean = Twin(network)
    states = [clean.vector]
    for _ in range(6):
        clean.train(1)
        states.append(clean.vector)
    reached, interrupted = [], True
    while interrupted:
        twin = Twin(network)
        with monkeypatch.context() as patch:
            numpy = InterruptingNumpy(len(reached) + 1, afterwards)
            for module in (functions, training, updates):
                patch.setattr(module, "np", numpy)
            try:
                twin.train(6)
                interrupted = False
            except KeyboardInterrupt:
                interrupted = True
        reached.append(twin.train(0)[0]["update"])
        assert np.array_equal(twin.vector, states[reached[-1]])
        twin.train(6 - reached[-1])
        assert np.array_equal(twin.vector, states[6])
    assert sorted(set(reached)) == list(range(7))
    assert reached == sorted(reached)


def test_a_warning_made_an_error_leaves_the_last_finished_update():
    twin = Twin(
        worked_example(
            learning_rate=1e200,
            layer=[{"activation": "identity", "weights": [[1.0, 1.0]], "bias": None}],
            sample=[{"inputs": [1.0, 1.0], "targets": [0.0]}],
        )
    )
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        twin.train(100)
    assert np.all(np.isfinite(twin.vector))
    assert twin.vector.tolist() == [-2e200, -2e200]
