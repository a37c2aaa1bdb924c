"""NumPy's legacy generator, drawn again without NumPy: every draw is NumPy's own, bit for bit."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.description.layers import LegacyRandom

seeds = st.integers(0, 2**32 - 1)

# Name of a draw -> (here, NumPy's), each from a generator and a size to a list.
DRAWS = {
    "random_sample": (
        lambda draw, size: [draw.random_sample() for _ in range(size)],
        lambda draw, size: draw.random_sample(size).tolist(),
    ),
    "standard_normal": (
        lambda draw, size: [draw.standard_normal() for _ in range(size)],
        lambda draw, size: draw.standard_normal(size).tolist(),
    ),
    "normal": (
        lambda draw, size: [draw.normal(0.2) for _ in range(size)],
        lambda draw, size: draw.normal(scale=0.2, size=size).tolist(),
    ),
    "permutation": (
        lambda draw, size: draw.permutation(size),
        lambda draw, size: draw.permutation(size).tolist(),
    ),
    "shuffle a list": (
        lambda draw, size: shuffled(draw, list("abcdefghij" * size)),
        lambda draw, size: shuffled(draw, list("abcdefghij" * size)),
    ),
    "shuffle rows": (
        lambda draw, size: shuffled(draw, [[i, -i] for i in range(size)]),
        lambda draw, size: shuffled(draw, np.array([[i, -i] for i in range(size)]).reshape(size, 2)).tolist(),
    ),
}


def shuffled(draw, items):
    draw.shuffle(items)
    return items


@pytest.mark.parametrize("seed", [0, 1, 2, 42, 99, 100, 624, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("name", DRAWS)
def test_a_long_run_of_draws_is_numpys(name, seed):
    here, numpys = DRAWS[name]
    assert here(LegacyRandom(seed), 1500) == numpys(np.random.RandomState(seed), 1500)


@examples(200)
@given(seeds, st.lists(st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(0, 9)), max_size=12))
def test_mixed_draws_are_numpys(seed, calls):
    here, numpys = LegacyRandom(seed), np.random.RandomState(seed)
    for name, size in calls:
        assert DRAWS[name][0](here, size) == DRAWS[name][1](numpys, size)


@examples(200)
@given(seeds)
def test_a_seed_gives_the_state_that_numpy_gives_it(seed):
    """312 samples of 53 bits use all 624 words of the state; the 313th is made from the next state."""
    draw = LegacyRandom(seed)
    assert [draw.random_sample() for _ in range(313)] == np.random.RandomState(seed).random_sample(
        313
    ).tolist()


def test_the_kept_normal_number_outlives_other_draws():
    draw, other = LegacyRandom(3), LegacyRandom(3)
    first = draw.standard_normal()
    draw.random_sample()
    draw.permutation(10)
    assert [first, draw.standard_normal()] == [other.standard_normal(), other.standard_normal()]


def test_python_seeds_the_same_twister_differently():
    assert (
        random.Random(0).random()
        != LegacyRandom(0).random_sample()
        == np.random.RandomState(0).random_sample()
    )


def test_streams_do_not_disturb_each_other_nor_pythons_own():
    before = random.getstate()
    one, other = LegacyRandom(0), LegacyRandom(0)
    assert [one.random_sample() for _ in range(3)] == [other.random_sample() for _ in range(3)]
    assert random.getstate() == before


@pytest.mark.parametrize("seed", [-1, 2**32, 0.0, "0", None, True, [0]])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed: expected a whole number from 0 to 4294967295"):
        LegacyRandom(seed)
