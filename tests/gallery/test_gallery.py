"""The gallery: every listed mistake is there, seen by the judge or shown to be beyond it, and gone when put
right.
"""

import inspect
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gradcheck import check
from gradcheck.gallery import CandidateCause, extra_column, one_three_one, programs
from gradcheck.inputs.point import Point
from gradcheck.judge.audit import audit

# facts/networks.md, in the order of the text: id -> (verdict on the gradient, cause)
ONE_THREE_ONE = {
    "elementwise": ("wrong", "separate outputs"),
    "squared-error": ("right", None),
    "accumulated-net": ("wrong", "carried net"),
    "exp-plus": ("wrong", "sign"),
    "no-bias": ("right", None),
    "no-feed-forward": ("wrong", "stale activations"),
    "1-3-1-put-right": ("right", None),
}
EXTRA_COLUMN = {
    "negative-derivative": ("wrong", "sign"),
    "logistic-twice": ("wrong", "logistic twice"),
    "update-adds": ("wrong", "sign"),
    "shared-weights": ("right", None),
    "rare-update": ("right", None),
    "extra-column-put-right": ("right", None),
}
DEFECTS = ONE_THREE_ONE | EXTRA_COLUMN
ENTRIES = {entry.id: entry for entry in programs()}
MISTAKEN = [id for id, entry in ENTRIES.items() if entry.fixed is not None]
HOME = {
    one_three_one.SECTION: one_three_one,
    extra_column.SECTION: extra_column,
}


@cache
def findings():
    """What the judge finds in every program, by its id."""
    return {entry.id: entry.judge() for entry in ENTRIES.values()}


def test_every_listed_mistake_has_a_program():
    for home, listed_there in ((one_three_one, ONE_THREE_ONE), (extra_column, EXTRA_COLUMN)):
        assert [id for id, entry in ENTRIES.items() if entry.section == home.SECTION] == list(listed_there)
    assert len(programs()) == len(DEFECTS)


@pytest.mark.slow
@pytest.mark.parametrize("id", DEFECTS)
def test_the_judge_finds_what_is_expected(id):
    finding, (verdict, cause) = findings()[id], DEFECTS[id]
    assert finding.verdict == ENTRIES[id].expected == verdict
    assert (finding.cause and finding.cause[0]) == cause


@pytest.mark.parametrize("id", MISTAKEN)
def test_the_written_mistake_stands_in_the_program_and_what_was_meant_in_the_one_put_right(id):
    entry = ENTRIES[id]
    assert entry.written in source(entry.program)
    for part in entry.meant.split(", then "):
        assert part in source(entry.fixed)
    assert entry.program is not entry.fixed


def source(program):
    return "".join(inspect.getsource(each) for each in program.__mro__[:-1])


@pytest.mark.parametrize("id", [id for id in MISTAKEN if DEFECTS[id][0] == "wrong"])
def test_a_wrong_gradient_is_visibly_another_than_that_of_the_program_put_right(id):
    entry, home = ENTRIES[id], HOME[ENTRIES[id].section]
    written = entry.gradients(entry.parameters)
    meant = home.gradients_of(entry.fixed)(entry.parameters)
    most = max(np.max(np.abs(written[name] - meant[name])) for name in meant)
    assert most > 4.0 * findings()[id].worst.error_bar


@pytest.mark.parametrize("id", MISTAKEN)
def test_putting_the_mistake_right_makes_the_gradient_right(id):
    entry, home = ENTRIES[id], HOME[ENTRIES[id].section]
    biases = one_three_one.BIASES if issubclass(entry.fixed, one_three_one.WithBias) else {}
    report = check(home.loss_of(entry.fixed), home.gradients_of(entry.fixed), entry.parameters | biases)
    assert report.verdict == "right"


def judged_elsewhere(id, seed):
    """The entry at another seeded point."""
    entry, rng = ENTRIES[id], np.random.default_rng(seed)
    weights = {name: rng.normal(size=value.shape) for name, value in entry.parameters.items()}
    if entry.section == one_three_one.SECTION:
        network = one_three_one.OneThreeOne if id == "elementwise" else entry.program
        entry = replace(entry, candidates=one_three_one.candidates(entry.program, network, weights))
    return replace(entry, parameters=weights, shows=None).judge(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("id", DEFECTS)
def test_verdict_and_cause_do_not_hang_on_the_point(id, seed):
    finding = judged_elsewhere(id, seed)
    assert (finding.verdict, finding.cause and finding.cause[0]) == DEFECTS[id]


# No cause is named that was not measured


class HiddenDerivativeMissing(one_three_one.OneThreeOne):
    def deltas(self, targets):
        delta_o = self.dE_dout(targets) * self.out_o * (1.0 - self.out_o)
        return self.weights["W2"].T @ delta_o, delta_o


class StaleWithAnotherSign(one_three_one.NoFeedForward):
    def gradients(self, targets):
        return {name: -value for name, value in super().gradients(targets).items()}


class TwiceAndNegative(extra_column.ExtraColumn):
    def derivative(self, y):
        return -extra_column.logistic(y) * (1.0 - extra_column.logistic(y))


def planted(program):
    """A program of the gallery's, replaced by a mistaken one."""
    if issubclass(program, one_three_one.OneThreeOne):
        home, base = one_three_one, ENTRIES["no-feed-forward"]
        candidates = home.candidates(program, program, base.parameters)
    else:
        home, base = extra_column, ENTRIES["negative-derivative"]
        candidates = home.candidates(program)
    return replace(
        base,
        program=program,
        loss=home.loss_of(program),
        gradients=home.gradients_of(program),
        candidates=candidates,
    )


@pytest.mark.parametrize("program", [HiddenDerivativeMissing, StaleWithAnotherSign, TwiceAndNegative])
def test_another_mistake_gets_no_cause(program):
    finding = planted(program).judge()
    assert finding.verdict == "wrong"
    assert finding.cause is None
    assert finding.to_dict()["cause"] is None
    assert "Cause: none of those tried" in finding.lesson()


class Doubled(one_three_one.OneThreeOne):
    def gradients(self, targets):
        return {name: 2.0 * value for name, value in super().gradients(targets).items()}


class BiasColumnForgotten(extra_column.ExtraColumn):
    def backpropagate(self, inputs, targets):
        found = super().backpropagate(inputs, targets)
        return [np.hstack([dE_dW[:, :-1], np.zeros((len(dE_dW), 1))]) for dE_dW in found]


@pytest.mark.parametrize(
    "program, cause",
    [
        (Doubled, ("factor 2", "the gradient of W1 and W2 is the numerical one times 2")),
        (
            BiasColumnForgotten,
            (
                "zero in one column + zero in one entry",
                "the gradient of W1 is the numerical one except for W1[:,2]: set to zero; "
                "the gradient of W2 is the numerical one except for W2[0,3]: set to zero",
            ),
        ),
    ],
)
def test_a_mistake_of_a_known_shape_is_named_without_a_candidate(program, cause):
    assert planted(program).judge().cause == cause


class Kept:
    """loss and gradients of one network of the 1-3-1 section that lives on, its weights set before each
    call.
    """

    def __init__(self, program):
        self.network = program(one_three_one.WEIGHTS)

    def loss(self, weights):
        self.network.weights = weights
        self.network.feed_forward(one_three_one.INPUTS)
        return self.network.error(one_three_one.TARGETS)

    def gradients(self, weights):
        self.network.weights = weights
        return self.network.backpropagate(one_three_one.INPUTS, one_three_one.TARGETS)


@pytest.mark.parametrize(
    "program, ids",
    [
        (one_three_one.OneThreeOne, []),
        (one_three_one.NoFeedForward, ["stale forward pass"]),
        (one_three_one.AccumulatedNet, ["loss not deterministic", "gradients not deterministic"]),
    ],
)
def test_the_audit_finds_in_a_network_that_lives_on_what_it_keeps(program, ids):
    kept = Kept(program)
    assert [each.id for each in audit(kept.loss, kept.gradients, Point(one_three_one.WEIGHTS))] == ids


def test_two_causes_that_both_fit_are_not_a_cause():
    entry = ENTRIES["exp-plus"]
    also = CandidateCause(
        "also",
        "fits as well",
        entry.loss,
        lambda weights: entry.gradients(weights) | {"W2": -entry.gradients(weights)["W2"]},
    )
    assert replace(entry, candidates=()).judge().cause[0] == "sign"
    assert replace(entry, candidates=(also,)).judge().cause is None


def test_a_sign_in_every_block_is_a_sign():
    class Negative(one_three_one.OneThreeOne):
        def dE_dout(self, targets):
            return targets - self.out_o

    assert planted(Negative).judge().cause == (
        "sign",
        "the gradient of W1 and W2 is the numerical one times -1",
    )


# What no check of a gradient can see, measured here once more in another way


def test_elementwise_products_give_three_outputs_and_pass_against_themselves():
    outputs = one_three_one.Elementwise(one_three_one.WEIGHTS).feed_forward(one_three_one.INPUTS)
    assert outputs.shape == (1, 3)
    own = one_three_one.loss_of(one_three_one.Elementwise)
    assert check(own, ENTRIES["elementwise"].gradients, one_three_one.WEIGHTS).verdict == "right"
    assert findings()["elementwise"].shown.endswith("its gradient is right.")


def test_the_squared_error_learns_least_where_it_is_most_wrong():
    out_h = 1.0 / (1.0 + np.exp(-3.0))
    out = 1.0 / (1.0 + np.exp(-3 * 2.5 * out_h))
    squared, entropy = out * out * (1.0 - out), out
    shown = findings()["squared-error"].shown
    assert (
        f"delta_o is {squared:.6f} with the squared error and {entropy:.6f} with the cross-entropy" in shown
    )
    slow, quick = (
        int(number.replace(",", "")) for number in shown.rstrip(".").split(": ")[-1].split(" and ")
    )
    assert 0 < quick < slow


def test_without_a_bias_the_hidden_neurons_give_a_half_at_zero_whatever_is_learned():
    shown = findings()["no-bias"].shown
    half = "0.500000, 0.500000, 0.500000"
    assert f"out_h is {half} before and {half} after" in shown
    assert half not in shown.partition("with biases")[2]
    assert float(shown.partition("W1 by up to ")[2].partition(";")[0]) > 0.0


def test_an_update_that_adds_descends_with_a_wrong_gradient_and_one_that_subtracts_it_climbs():
    start = extra_column.loss_of(extra_column.ExtraColumn)(extra_column.PARAMETERS)
    adds, subtracts = (
        extra_column.error_after(program, 1000)
        for program in (extra_column.UpdateAdds, extra_column.NegativeDerivative)
    )
    assert adds < start < subtracts
    shown = findings()["update-adds"].shown
    assert all(f"{number:.6f}" in shown for number in (start, adds, subtracts))
    assert "of W2 alone changes E by -" in shown and "of W1 alone by +" in shown


def test_a_second_instance_changes_the_first_only_where_the_list_belongs_to_the_class():
    def answers(program):
        first = program(extra_column.PARAMETERS.values())
        before = first.feed_forward(extra_column.INPUTS)
        program(extra_column.OTHERS.values())
        return before, first.feed_forward(extra_column.INPUTS)

    before, after = answers(extra_column.SharedWeights)
    assert np.all(before != after)
    assert (
        f"answers {before[0, 0]:.6f} to the first sample, and {after[0, 0]:.6f}"
        in findings()["shared-weights"].shown
    )
    before, after = answers(extra_column.ExtraColumn)
    assert np.all(before == after)


@pytest.mark.slow
def test_a_rare_update_moves_nothing_until_its_round():
    network = extra_column.RareUpdate(extra_column.PARAMETERS.values())
    network.backpropagate = lambda inputs, targets: [np.ones_like(W) for W in network.weights]
    network.train(None, None, 99_999)
    assert all(np.all(W == start) for W, start in zip(network.weights, extra_column.PARAMETERS.values()))
    network.train(None, None, 100_000, learning_rate=0.5)
    assert all(
        np.all(W == start - 0.5) for W, start in zip(network.weights, extra_column.PARAMETERS.values())
    )
    assert "moved is 0 and E" in findings()["rare-update"].shown


# What is printed


def test_the_text_says_plainly_what_is_right_and_what_is_wrong():
    lines = "\n".join(["", *(finding.lesson() for finding in findings().values())])
    flat = " ".join(lines.split())
    for id, entry in ENTRIES.items():
        worst = findings()[id].worst
        assert f"\n{id}: {DEFECTS[id][0]}; {entry.title}\n" in lines
        numbers = f"analytic {worst.analytic:.9g}, numeric {worst.numeric:.9g} ± {worst.error_bar:.1e}"
        said = f"The gradient is {DEFECTS[id][0]} (worst entry {worst.name}: {numbers})"
        if id in MISTAKEN and DEFECTS[id][0] == "right":
            said += f"; what is wrong is {entry.title}"
        assert f"{said}." in flat
    assert flat.count("Cause, measured: ") == sum(cause is not None for _, cause in DEFECTS.values())
    assert (
        max(len(line) for line in lines.splitlines() if "written" not in line and "meant" not in line) <= 110
    )


def test_the_dicts_are_ready_for_json():
    plain = [finding.to_dict() for finding in findings().values()]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [each["verdict"] for each in plain] == [each["expected"] for each in plain]
    assert set(plain[0]) == {
        "id",
        "section",
        "title",
        "source",
        "written",
        "meant",
        "verdict",
        "expected",
        "worst",
        "cause",
        "shows",
    }


def test_an_undecided_gradient_is_called_so():
    entry = ENTRIES["no-bias"]
    edge = replace(
        entry,
        shows=None,
        loss=lambda weights: (
            entry.loss(weights) + (np.nan if weights["W2"][0, 0] != entry.parameters["W2"][0, 0] else 0.0)
        ),
    )
    finding = edge.judge()
    assert finding.verdict == "undecided"
    assert finding.cause is None
    assert "The gradient is undecided" in finding.lesson()


@pytest.mark.slow
def test_judging_leaves_the_gallery_as_it_was():
    before = {
        id: {name: value.copy() for name, value in entry.parameters.items()} for id, entry in ENTRIES.items()
    }
    again = programs()
    for entry in again:
        assert entry.judge().to_dict() == findings()[entry.id].to_dict()
        assert all(np.all(entry.parameters[name] == value) for name, value in before[entry.id].items())
