"""The script that trains a network with its hidden layer at several sizes."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from gradcheck import Twin
from neuronnet import load

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "hidden_sizes.py"))


def test_the_baseline_and_each_size_have_a_row(capsys, tmp_path):
    assert SCRIPT["main"](["moons-tanh", "--updates", "3", "--sizes", "1,3"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:3] for row in rows] == [["none", "2-2", "6"], ["1", "2-1-2", "7"], ["3", "2-3-2", "17"]]


def test_the_networks_own_size_is_the_network_itself():
    found = SCRIPT["trained"]("moons-tanh", 3, 5)
    twin = Twin(load("moons-tanh").to_dict())
    twin.train(5)
    assert np.array_equal(found.twin.vector, twin.vector)
    assert found.E_total == twin.loss()


def test_a_network_whose_weights_are_given_is_refused():
    with pytest.raises(SystemExit, match="weights are drawn"):
        SCRIPT["trained"]("worked-example", 3, 1)
