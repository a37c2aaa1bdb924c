"""Numbers, ranges and names of factors, as a sentence has them."""

import numpy as np
import pytest

from gradcheck.why.cause import Task, listing, named_entries, named_factors, number
from gradcheck.why.causes import GradientBlock, causes
from gradcheck.why.shapes import entry_by_entry


@pytest.mark.parametrize(
    "value, text",
    [
        (2.0, "2"),
        (0.1, "0.1"),
        (1.0, "1"),
        (-1.0, "-1"),
        (1.0 + 1e-9, "1 + 1e-09"),
        (1.0 - 2e-8, "1 - 2e-08"),
        (-1.0 - 1e-9, "-1 - 1e-09"),
        (-1.0 + 1e-9, "-1 + 1e-09"),
        (0.9999, "0.9999"),
        (1.00001, "1.00001"),
        (1234567.0, "1.23457e+06"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (0.0, "0"),
    ],
)
def test_a_number_that_is_not_one_is_never_written_as_one(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    "chosen, text",
    [
        ([1, 1, 1, 0, 0, 1], "x[0:3] and x[5]"),
        ([0, 1, 0, 0, 1, 0], "x[1] and x[4]"),
        ([1] * 6, "x[0:6]"),
    ],
)
def test_entries_of_a_vector_are_named_in_ranges(chosen, text):
    assert named_entries("x", np.array(chosen, dtype=bool)) == text


def test_entries_of_other_arrays_are_named_one_by_one():
    assert named_entries("W1", np.eye(2, dtype=bool)) == "W1[0,0] and W1[1,1]"
    assert (
        named_entries("c", np.array(True)) == "c"
        and listing("abcdefgh") == "a, b, c, d, e, f and 2 more"
        and listing([]) == ""
    )


@pytest.mark.parametrize(
    "value, id, words",
    [
        (-1.0, "sign", "-1"),
        (2.0, "factor 2", "2"),
        (-0.5, "factor -1/2", "-0.5"),
        (6.0, "factor N", "6, the number of samples"),
        (
            1.0 / 3.0,
            "factor 1/outputs",
            "0.333333, 1 over the number of outputs",
        ),  # 2/6 as well, which is a product
        (3.0, "factor outputs", "3, the number of outputs"),
        (12.0, "factor 2 N", "12, twice the number of samples"),
        (18.0, "factor N outputs", "18, the number of samples times outputs"),
        (0.1, "factor learning rate", "the learning rate"),
        (1.0 / 9.0, "factor 2/(N outputs)", "2 over the number of samples times outputs"),
        (10.0, "factor 1/learning rate", "10, 1 over the learning rate"),
    ],
)
def test_factors_are_named_by_the_simplest_that_they_are(value, id, words):
    found = named_factors(Task(learning_rate=0.1, samples=6, outputs=3))
    assert found[value][0] == id and words in found[value][1]


def test_one_sample_or_output_names_no_factor():
    assert set(named_factors(Task(samples=1, outputs=1))) == {-1.0, 2.0, 0.5, -2.0, -0.5}


# The L2 term, its strength being known

RNG = np.random.default_rng(7)
NUMERIC, PARAMETER = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))


@pytest.mark.parametrize(
    "c, k, words",
    [
        (8.0, (1 - 8.0) * 0.1, "with everything but the L2 term of 0.1 times 8, the number of samples"),
        (-1.0, 0.2, "with the sign of all but the L2 term of 0.1 turned round"),
        (8.0, -8.0 * 0.1, "times 8, the number of samples, with the L2 term of 0.1 missing"),
        (8.0, 0.3, "with the L2 term times 11 and everything else times 8, the number of samples"),
        (0.0, 0.1, "0.1 times the parameter: an L2 term alone, the rest is zero"),
        (0.0, 0.3, "is 0.3 times the parameter"),
        (0.0, -0.1, "is -0.1 times the parameter"),
    ],
)
def test_with_its_strength_known_one_reading_of_the_l2_term_is_told(c, k, words):
    block = GradientBlock("W1", c * NUMERIC + k * PARAMETER, NUMERIC, np.full((3, 4), 1e-10), PARAMETER)
    assert f"{words}." in f"{causes([block], samples=8, l2=0.1).overall.sentence}."


@pytest.mark.parametrize(
    "c, k, words",
    [
        (0.5, -0.05, "times 0.5, with an L2 term of 0.1 missing"),
        (2.0, 0.1, "times 2, plus 0.1 times the parameter"),
        (-2.0, -0.1, "times -2, minus 0.1 times the parameter"),
        (1.0, 0.7, "or one of 0.1 times 8, the number of samples"),
    ],
)
def test_what_no_positive_strength_explains_is_told_as_it_is(c, k, words):
    block = GradientBlock("W1", c * NUMERIC + k * PARAMETER, NUMERIC, np.full((3, 4), 1e-10), PARAMETER)
    assert words in causes([block], samples=8).overall.sentence


@pytest.mark.parametrize(
    "c, k, id, kin", [(2.0, 0.1, "factor 2 and L2", "factor"), (1.0, 0.2, "L2 doubled", "L2")]
)
def test_an_l2_term_is_the_mistake_where_nothing_else_is_multiplied(c, k, id, kin):
    block = GradientBlock("W1", c * NUMERIC + k * PARAMETER, NUMERIC, np.full((3, 4), 1e-10), PARAMETER)
    found = causes([block], samples=8).overall
    assert (found.id, {shape.kin for shape in entry_by_entry(block, Task()) if shape.id == id}) == (id, {kin})


def test_a_block_with_more_constants_carries_the_cause_that_all_have_in_common():
    blocks = [
        GradientBlock(
            name, 1.75 * numeric, numeric, np.full(numeric.shape, 1e-10), RNG.normal(size=numeric.shape)
        )
        for name, numeric in (
            ("W1", NUMERIC),
            ("b1", RNG.normal(size=3)),
            ("W2", RNG.normal(size=(1, 3))),
            ("b2", RNG.normal(size=1)),
        )
    ]
    found = causes(blocks)
    assert found.overall.id == "factor" and {found[name].id for name in ("W1", "b1", "W2", "b2")} == {
        "factor"
    }
    assert found["b2"].sentence == found.overall.sentence


@pytest.mark.parametrize(
    "value, error, text",
    [
        (0.20031, 4e-5, "0.2003"),
        (0.20031, 4e-4, "0.2"),
        (0.20031, 4e-3, "0.2"),
        (1.0009, 1e-4, "1.0009"),
        (1.0 + 2e-16, 1e-12, "1"),
        (1.0 + 1e-9, 1e-12, "1 + 1e-09"),
        (0.7, 2.0, "0.7"),
    ],
)
def test_no_digit_is_written_that_is_not_known(value, error, text):
    assert number(value, error) == text


def test_a_factor_that_is_known_badly_is_perhaps_that_of_the_samples():
    block = GradientBlock("W1", 0.1001 * NUMERIC, NUMERIC, np.full((3, 4), 3e-4), PARAMETER)
    cause = causes([block], samples=10).overall
    assert cause.id == "factor" and cause.sentence.endswith("times 0.1, perhaps 1 over the number of samples")
