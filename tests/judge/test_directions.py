"""Huge gradients: what is wrong among thousands of entries is named, and where all is wrong a sample shows
what.
"""

import numpy as np
import pytest

from gradcheck import check
from gradcheck.inputs.point import Block
from gradcheck.judge.directions import locate

ROWS, COLUMNS = 120, 50
INPUTS = np.random.default_rng(2).normal(size=(8, ROWS))
TARGETS = np.random.default_rng(3).normal(size=(8, 4))
START = {
    "W1": np.random.default_rng(4).normal(size=(ROWS, COLUMNS)) / 11.0,
    "b1": np.random.default_rng(5).normal(size=COLUMNS),
    "W2": np.random.default_rng(6).normal(size=(COLUMNS, 4)),
    "b2": np.zeros(4) + 0.1,
}


def loss(p):
    return 0.5 * np.sum((np.tanh(INPUTS @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"] - TARGETS) ** 2)


def right(p, hidden_slope=True):
    out = np.tanh(INPUTS @ p["W1"] + p["b1"])
    delta = out @ p["W2"] + p["b2"] - TARGETS
    hidden = delta @ p["W2"].T * (1.0 - out**2 if hidden_slope else 1.0)
    return {"W1": INPUTS.T @ hidden, "b1": hidden.sum(axis=0), "W2": out.T @ delta, "b2": delta.sum(axis=0)}


def planted(change):
    wrong = right(START)
    change(wrong["W1"])
    assert np.any(wrong["W1"] != right(START)["W1"]), "the mistake is not visible"
    return check(loss, wrong, START)


def verdicts(report):
    return {block.name: block.verdict for block in report.blocks}


def test_a_right_gradient_takes_a_few_dozen_calls():
    report = check(loss, right, START, special_points=False)
    assert report.verdict == "right" and report.evaluations < 110
    assert sum(block.by_directions for block in report.blocks) == sum(each.size for each in START.values())


def test_one_wrong_entry_is_named_and_little_else_is_looked_at():
    def change(W):
        W[17, 3] += 1e-6 * np.abs(W).max()

    report = planted(change)
    assert verdicts(report) == {"W1": "wrong", "b1": "right", "W2": "right", "b2": "right"}
    assert report["W1"].wrong == [(17, 3)] and len(report["W1"].entries) <= 8 and report.evaluations < 600


def test_k_wrong_entries_take_k_log_n_directions():
    places, calls = np.random.default_rng(7).choice(ROWS * COLUMNS, 6, replace=False), []

    def change(W):
        W.flat[places] *= -1.0

    report = planted(change)
    assert sorted(report["W1"].wrong) == sorted((int(i) // COLUMNS, int(i) % COLUMNS) for i in places)
    halves = np.log2(ROWS * COLUMNS / 8)
    calls = report.evaluations - 12 * len(report["W1"].entries)
    assert calls <= (2 * 6 * halves + 10) * 20


def test_a_wrong_row_is_all_named():
    def change(W):
        W[5] *= 2.0

    report = planted(change)
    assert report["W1"].wrong == [(5, j) for j in range(COLUMNS)]
    assert "W1[5,:]" in report.cause.sentence


def test_a_wrong_column_is_found_by_going_down_the_columns():
    def change(W):
        W[:, 4] *= 2.0

    report = planted(change)
    assert report["W1"].wrong == [(i, 4) for i in range(ROWS)]
    assert "W1[:,4]" in report.cause.sentence


def test_where_everything_is_wrong_a_few_rows_and_columns_show_what():
    report = check(loss, lambda p: {name: 2.0 * each for name, each in right(p).items()}, START)
    assert set(verdicts(report).values()) == {"wrong"}
    assert report.cause.id == "factor 2" and report.evaluations < 4000
    looked_at = [entry.index for entry in report["W1"].entries]
    assert len(looked_at) == 36 and len({i for i, _ in looked_at}) == len({j for _, j in looked_at}) == 6
    assert len(report["b1"].wrong) == COLUMNS


def test_a_missing_slope_at_the_hidden_layer_is_seen_there_and_not_after():
    report = check(loss, lambda p: right(p, hidden_slope=False), START)
    assert verdicts(report) == {"W1": "wrong", "b1": "wrong", "W2": "right", "b2": "right"}
    assert report.cause.id == "hidden delta"


def test_of_scattered_wrong_entries_some_are_named_and_the_rest_is_left_wrong():
    def change(W):
        W[np.random.default_rng(1).random(W.shape) < 0.02] = 0.0

    report = planted(change)
    assert report["W1"].verdict == "wrong" and len(report["W1"].wrong) >= 3
    assert report.evaluations < 5000


def test_two_errors_that_cancel_along_a_plain_sum_are_found():
    def change(W):
        W[3, 3] += 0.1
        W[90, 40] -= 0.1

    assert planted(change)["W1"].wrong == [(3, 3), (90, 40)]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_finite_number_is_named_at_once(value):
    def change(W):
        W[::2] = value

    report = planted(change)
    assert report["W1"].wrong == [(0, j) for j in range(8)]
    assert report["W1"].by_directions == ROWS * COLUMNS - 8


def test_any_gradient_is_judged_along_directions_when_that_is_asked():
    few = {
        name: each[:3, :3] if each.ndim > 1 else each[:3]
        for name, each in {"W": START["W1"], "b": START["b1"]}.items()
    }

    def of_few(p):
        return float(np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 2))

    report = check(of_few, lambda p: {"W": np.cos(p["W"]), "b": 2.0 * p["b"]}, few, one_by_one=0)
    assert report.verdict == "right" and report["W"].by_directions == 9
    wrong = check(of_few, lambda p: {"W": np.cos(p["W"]), "b": 3.0 * p["b"]}, few, one_by_one=0)
    assert wrong["b"].wrong == [(0,), (1,), (2,)] and wrong["W"].verdict == "right"
    unknown = check(of_few, lambda p: {"W": np.nan * p["W"], "b": 2.0 * p["b"]}, few, one_by_one=0)
    assert len(unknown["W"].wrong) == 8 and unknown["W"].by_directions == 1
    assert (unknown["W"].verdict, unknown["b"].verdict) == ("wrong", "right")


@pytest.mark.slow
def test_many_small_blocks_take_no_more_calls_than_their_entries():
    many = {f"p{i}": np.array([0.1 + i / 150.0]) for i in range(150)}

    def loss_of_many(p):
        return float(np.sum(np.sin(np.concatenate(list(p.values())))))

    report = check(
        loss_of_many, lambda p: {name: np.cos(each) for name, each in p.items()}, many, one_by_one=50
    )
    assert report.verdict == "right" and report.evaluations <= 12 * 150 + 60


def drawn(verdicts):
    """(Groups, sizes drawn) where the directions give these verdicts in turn, the last of them for ever."""
    sizes = []

    def along(positions):
        sizes.append(len(positions))
        return verdicts[min(len(sizes), len(verdicts)) - 1], 1e-9, True

    return locate(
        Block("W", (100, 10), 0, 1000), np.arange(1000), along, None, np.random.default_rng(0)
    ), sizes


def test_right_along_one_direction_is_not_enough():
    groups, sizes = drawn(["right", "right"])
    assert sizes == [1000] * 2 and [group.verdict for group in groups] == ["right"]


def test_a_direction_that_undecided_is_drawn_again():
    groups, sizes = drawn(["undecided", "right"])
    assert sizes[:3] == [1000] * 3 and {group.verdict for group in groups} == {"right"}


def test_what_no_direction_can_tell_is_not_called_wrong():
    groups, sizes = drawn(["undecided"])
    assert {group.verdict for group in groups} == {"undecided"}
    assert sum(len(group.positions) for group in groups) == 1000 and len(sizes) < 150


@pytest.mark.parametrize(
    "looks",
    [
        [("right", 1e-9, True), ("right", 3e-9, True)],
        [("undecided", 9e-9, False), ("right", 1e-9, True), ("right", 3e-9, True)],
        [("undecided", 9e-9, False), ("right", 3e-9, True), ("right", 1e-9, True)],
    ],
)
def test_the_bar_of_a_group_is_the_wider_of_the_two_that_agree(looks):
    turn = iter(looks)
    (group,) = locate(
        Block("W", (1000,), 0, 1000), np.arange(1000), lambda _: next(turn), None, np.random.default_rng(0)
    )
    assert (group.verdict, group.bar, len(group.positions)) == ("right", 3e-9, 1000)
    assert next(turn, None) is None


@pytest.mark.parametrize("count, drawn_along, looked_at", [(1, 0, 1), (2, 0, 2), (3, 2, 0)])
def test_two_entries_are_looked_at_and_three_are_not(count, drawn_along, looked_at):
    along, looked = [], []
    locate(
        Block("W", (9,), 0, 9),
        np.arange(count),
        lambda some: along.append(some) or ("right", 1e-9, True),
        lambda some: looked.extend(some) or 0,
        np.random.default_rng(0),
    )
    assert (len(along), len(looked)) == (drawn_along, looked_at)


UNSEEN = [
    (
        "saturated",
        lambda v: np.tanh(25.0 + v.mean()),
        lambda v: np.ones(v.shape) / v.size / np.cosh(25.0 + v.mean()) ** 2,
    ),
    ("beside 1e12", lambda v: 1e-6 * np.sum(np.sin(v)) + 1e12, lambda v: 1e-6 * np.cos(v)),
    ("float32 beside 1e3", lambda v: np.float32(np.mean(np.sin(v)) + 1e3), lambda v: np.cos(v) / v.size),
]


@pytest.mark.parametrize("name, loss, gradients", UNSEEN, ids=[case[0] for case in UNSEEN])
def test_of_thousands_of_entries_that_nothing_shows_nothing_is_told(name, loss, gradients):
    report = check(loss, gradients, np.linspace(-1.0, 1.0, 5000).reshape(50, 100))
    assert report.verdict == "undecided" and report.evaluations < 3000


@pytest.mark.slow
def test_the_error_that_would_show_does_show_among_thousands_of_kinks():
    """A relu network of 784-100-10, 128 samples: the report of the right gradient keeps its promise."""
    draw = np.random.default_rng(0)
    x, t = draw.random((128, 784)), np.eye(10)[draw.integers(0, 10, 128)]
    point = {"W1": draw.normal(size=(784, 100)) * 0.05, "W2": draw.normal(size=(100, 10)) * 0.1}

    def both(p):
        net = x @ p["W1"]
        out = np.maximum(net, 0.0)
        y = np.exp(out @ p["W2"])
        y /= y.sum(axis=1, keepdims=True)
        delta = (y - t) / 128
        return -np.mean(np.log((y * t).sum(axis=1))), {
            "W1": x.T @ (delta @ p["W2"].T * (net > 0.0)),
            "W2": out.T @ delta,
        }

    report = check(both, None, point)
    assert report.verdict == "right" and report["W1"].smallest_visible < 1e-3
    wrong = both(point)[1]
    wrong["W1"][3, 3] += 1.01 * report["W1"].smallest_visible * np.abs(wrong["W1"]).max()
    found = check(lambda p: both(p)[0], wrong, point)
    assert found["W1"].wrong == [(3, 3)]


@pytest.mark.slow
def test_two_errors_that_would_cancel_along_a_direction_are_found():
    """One up and one down by the same: along a direction that is as long in both nothing of it is seen."""
    missed = 0
    for seed in range(12):
        draw = np.random.default_rng(seed)
        v = draw.normal(size=5000)
        up, down = draw.choice(5000, 2, replace=False)
        wrong = np.exp(v)
        wrong[up] += 1e-6 * wrong.max()
        wrong[down] -= 1e-6 * np.exp(v).max()
        missed += check(lambda v: np.sum(np.exp(v)), wrong, v, seed=seed).verdict != "wrong"
    assert missed <= 1


def test_every_position_is_in_a_group_or_looked_at():
    for seed in range(30):
        draw = np.random.default_rng(seed)
        shape = [(1000,), (40, 25), (1, 300), (10, 10, 10)][seed % 4]
        size = int(np.prod(shape))
        block, wrong = (
            Block("W", shape, 7, 7 + size),
            draw.choice(size, int(draw.integers(1, 60)), replace=False) + 7,
        )
        looked_at = []

        def along(positions, wrong=wrong):
            return ("wrong" if np.isin(positions, wrong).any() else "right"), 1e-9, True

        def look(positions, wrong=wrong, looked_at=looked_at):
            looked_at.extend(positions.tolist())
            return int(np.isin(positions, wrong).sum())

        groups = locate(block, np.arange(7, 7 + size), along, look, draw)
        in_groups = [int(i) for group in groups for i in group.positions]
        assert sorted([*in_groups, *set(looked_at)]) == list(range(7, 7 + size)), (seed, shape)
        assert not any(np.isin(group.positions, wrong).any() for group in groups if group.verdict == "right")
        assert np.isin(wrong, looked_at).any()


@pytest.mark.parametrize(
    "gradient, verdict",
    [
        ([1, -5, 2], "right"),
        ([-2 / 3, -2 / 3, -2 / 3], "right"),  # the mean of all orders
        ([1, 1, -4], "right"),  # between others
        ([-5, -5, 2], "wrong"),
        ([-5, -5, -5], "wrong"),  # one end of each slope: together they do not add up to -2
        ([1, 1, 1], "wrong"),
    ],
)
def test_sorted_numbers_that_are_equal_move_together_with_one_slope_whatever_the_order(gradient, verdict):
    """The loss is neither convex nor concave there."""
    found = check(
        lambda x: np.sort(x) @ [1.0, -5.0, 2.0], lambda x: np.array(gradient, float), np.full(3, 0.5)
    )
    assert found.verdict == verdict
