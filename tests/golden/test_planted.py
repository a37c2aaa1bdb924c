"""Mistakes planted in a port to NumPy, one at a time: noticed, placed and named in single precision."""

import runpy

import pytest
from documents import ROOT
from profiles import is_thorough

PLANTED = runpy.run_path(str(ROOT / "benchmarks" / "planted.py"))


@pytest.mark.slow
def test_a_planted_mistake_is_noticed_where_it_is_and_named():
    found = list(PLANTED["results"](1.0 if is_thorough() else 0.015))
    noticed, placed, named = PLANTED["counts"](found)
    assert len(found) >= 4
    assert noticed == placed == len(found), PLANTED["summary"](found)
    assert named >= 0.9 * len(found), PLANTED["summary"](found)
