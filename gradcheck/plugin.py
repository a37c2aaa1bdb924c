"""The pytest fixture `gradcheck`, found through the entry point pytest11; without pytest this file is never loaded."""

from functools import partial

import pytest

SEED = 0


@pytest.fixture
def gradcheck():
    """`assert_gradients` with the seed fixed, so that a test does the same in every run; `seed=` gives it another."""
    from .testing import assert_gradients
    return partial(assert_gradients, seed=SEED)
