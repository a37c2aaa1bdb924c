"""Strategies for Hypothesis behind `hunt`: numbers, arrays and parameters where backward passes break.

    @given(strategies.parameters({"W": np.ones((3, 2)), "b": np.ones(2)}))
    def test_gradients(p):
        assert_gradients(loss, gradients, p)

Hypothesis makes a failing example small: towards zeros, and few different values.
"""

from typing import Any

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.point import Point
from gradcheck.judge.special_values import TINY, VALUES

FURTHEST = max(VALUES)


def numbers(furthest: float = FURTHEST) -> Any:
    """Floats between -furthest and furthest: 0, ±1, small whole numbers, ±40, denormal ones, and any other.

    Raises GradcheckError where Hypothesis, of the extra `test`, is missing.
    """
    st = _hypothesis()
    special = [value for value in (*VALUES, *TINY) if abs(value) <= furthest]
    others = st.floats(-furthest, furthest, width=32, allow_subnormal=False)
    return st.sampled_from(special) | others


def arrays(shape: int | tuple, furthest: float = FURTHEST) -> Any:
    """Arrays of float64 of a shape, with ties and repeated values, equal rows and `numbers`.

    Raises GradcheckError where Hypothesis, of the extra `test`, is missing.
    """
    st = _hypothesis()
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    size = int(np.prod(shape))
    rows = size // shape[0] if len(shape) > 1 and shape[0] > 0 else size

    def of(values, count):
        places = st.lists(st.integers(0, len(values) - 1), min_size=count, max_size=count)
        return places.map(lambda chosen: np.array([values[i] for i in chosen], dtype=np.float64))

    few = st.lists(numbers(furthest), min_size=1, max_size=3)
    each = st.lists(numbers(furthest), min_size=size, max_size=size).map(np.array)
    tied = few.flatmap(lambda values: of(values, size))
    equal_rows = few.flatmap(lambda values: of(values, rows)).map(lambda row: np.resize(row, size))
    return (tied | equal_rows | each).map(lambda values: np.reshape(values, shape).astype(np.float64))


def parameters(like: object, furthest: float = FURTHEST) -> Any:
    """Parameters in the structure of `like`, as `check` takes them, each array one of `arrays`.

    Raises GradcheckError where Hypothesis, of the extra `test`, is missing, and for what `check` refuses.
    """
    st, point = _hypothesis(), Point(like)
    drawn = st.tuples(*(arrays(block.shape, furthest) for block in point.blocks))
    return drawn.map(lambda values: point.restore(np.concatenate([np.ravel(each) for each in values])))


def _hypothesis():
    """The strategies of Hypothesis."""
    try:
        from hypothesis import strategies
    except ImportError:
        hint = "pip install hypothesis, or gradcheck with the extra test"
        raise GradcheckError(f"strategies: Hypothesis is not installed; {hint}") from None
    return strategies
