"""The verdict does not depend on the units in which the caller measures parameters and loss."""

from itertools import chain

import numpy as np
import pytest
from drawn.gradient_models import KINDS, drawn
from hypothesis import assume, given
from hypothesis import strategies as st
from judge.test_drawn_kinds import CHOICE, planted
from judge.test_function_not_point import CONSTRAINTS, ENTRY_ROWS, KINKS, STATIONARY_ROWS
from profiles import examples

from gradcheck import check
from gradcheck.inputs.calls import takes

UNITS = st.integers(-50, 50).map(lambda power: 2.0**power)  # what is equal at a kink stays equal
LOSSES = st.floats(-15.0, 15.0).map(lambda power: 10.0**power)
OF_ORDINARY_NUMBERS = ("rows that sum to one", "a place in a table")
ROWS = [
    *chain(STATIONARY_ROWS, ENTRY_ROWS, KINKS),
    *((name, "right", *row) for name, *row in CONSTRAINTS if name not in OF_ORDINARY_NUMBERS),
]


def mapped(function, parameters):
    """The function of every array."""
    if isinstance(parameters, dict):
        return {name: function(each) for name, each in parameters.items()}
    return function(parameters)


def measured_in(loss, gradients, point, unit, of_loss):
    """(loss, gradients, point) where the parameters are numbers of another unit, and the loss as well."""

    def given(p):
        return mapped(lambda each: each / unit, p)

    def scaled(found):
        return mapped(lambda each: of_loss * each / unit, found)

    if not callable(gradients):
        slopes = scaled(gradients)
    elif takes(gradients, 2, 0, of_need=True):
        slopes = lambda p, u: scaled(gradients(given(p), u))  # noqa: E731
    else:
        slopes = lambda p: scaled(gradients(given(p)))  # noqa: E731
    return lambda p: of_loss * loss(given(p)), slopes, mapped(lambda each: unit * each, point)


@pytest.mark.slow
@given(st.sampled_from(ROWS), UNITS, LOSSES)
@examples(300)
def test_points_where_one_point_proves_little(row, unit, of_loss):
    _, verdict, *functions = row
    assert check(*measured_in(*functions, unit, of_loss)).verdict == verdict


@pytest.mark.slow
@given(st.sampled_from(sorted(KINDS)), CHOICE, UNITS, LOSSES)
@examples(60)
def test_drawn_models_and_one_mistake_in_each(kind, choice, unit, of_loss):
    model = drawn(kind, choice)
    wrong, shown, _ = planted(model, choice)
    assume(len(shown) > 0)
    for each, verdict in ((model, "right"), (wrong, "wrong")):
        how = each.loss, each.gradients, each.parameters, unit, of_loss
        assert check(*measured_in(*how)).verdict == verdict


@pytest.mark.parametrize("unit", [2.0**-50, 2.0**40])
def test_numbers_are_printed_in_the_units_of_the_caller(unit):
    point = unit * np.array([0.3, -0.7, 1.1])
    report = check(lambda x: np.sum((x / unit) ** 3), lambda x: 7.5 * x**2 / unit**3, point)
    plain = check(lambda x: np.sum(x**3), lambda x: 7.5 * x**2, point / unit)
    assert report.verdict == "wrong"
    for entry, same in zip(report.blocks[0].entries, plain.blocks[0].entries):
        assert entry.analytic * unit == same.analytic and entry.numeric * unit == pytest.approx(same.numeric)
        assert entry.error_bar * unit == pytest.approx(same.error_bar, rel=10.0)
        assert entry.reason.split()[0] == same.reason.split()[0] or entry.reason == same.reason
    assert report.cause.sentence == plain.cause.sentence
