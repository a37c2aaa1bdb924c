"""Order of the samples: as documented, written down a second time with Python's `random`, and in figures."""

from itertools import islice
from random import Random

import pytest

from gradcheck.errors import GradcheckError
from gradcheck.twin.updates import explicit_order, positions

IN_TURN, RANDOM = {"kind": "in turn"}, {"kind": "random", "seed": 3}


def first(count, *arguments):
    return [chosen.tolist() for chosen in islice(positions(*arguments), count)]


@pytest.mark.parametrize(
    "batch, expected",
    [
        ("full", [[0, 1, 2, 3, 4]] * 4),
        ("online", [[0], [1], [2], [3], [4], [0]]),
        (2, [[0, 1], [2, 3], [4], [0, 1]]),
        (9, [[0, 1, 2, 3, 4]] * 2),
        (5, [[0, 1, 2, 3, 4]] * 2),
    ],
)
def test_in_turn(batch, expected):
    assert first(len(expected), IN_TURN, 5, batch) == expected


def test_online_at_random_draws_each_sample_anew():
    generator = Random(3)
    assert first(1000, RANDOM, 7, "online") == [[generator.randrange(7)] for _ in range(1000)]
    assert first(8, {"kind": "random", "seed": 0}, 5, "online") == [[3], [3], [0], [2], [4], [3], [3], [2]]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 9])
def test_mini_batches_at_random_are_slices_of_a_shuffle_per_round(size):
    generator, expected = Random(3), []
    for _ in range(4):
        order = list(range(7))
        generator.shuffle(order)
        expected += [order[start : start + size] for start in range(0, 7, size)]
    found = first(len(expected), RANDOM, 7, size)
    assert found == expected
    one_round = found[: len(expected) // 4]
    assert sorted(sum(one_round, [])) == list(range(7))
    assert found[len(one_round) : 2 * len(one_round)] != one_round


def test_figures_of_a_shuffle():
    assert first(6, {"kind": "random", "seed": 0}, 5, 2) == [[2, 1], [0, 4], [3], [0, 2], [1, 3], [4]]


def test_the_full_batch_has_no_order():
    assert first(3, RANDOM, 4, "full") == [[0, 1, 2, 3]] * 3


@pytest.mark.parametrize("order", [IN_TURN, RANDOM])
@pytest.mark.parametrize("batch", ["full", "online", 1, 2, 3, 9])
def test_going_on_after_some_updates(order, batch):
    whole = first(30, order, 5, batch)
    for passed in range(20):
        assert first(10, order, 5, batch, passed) == whole[passed : passed + 10]


def test_every_setting_is_explicit_order():
    assert explicit_order({"kind": "random"}) == {"kind": "random", "seed": 0}
    assert explicit_order({"kind": "random", "seed": 5}) == {"kind": "random", "seed": 5}
    assert explicit_order(IN_TURN) == IN_TURN


@pytest.mark.parametrize(
    "order, refusal",
    [
        ({"kind": "sorted"}, "'sorted'.*'in turn'"),
        ({}, "None"),
        ({"kind": "in turn", "seed": 1}, "'seed'"),
        ({"kind": "random", "seed": 0.5}, "0.5.*whole number"),
    ],
)
def test_what_is_no_order_is_refused(order, refusal):
    with pytest.raises(GradcheckError, match=refusal):
        explicit_order(order)
