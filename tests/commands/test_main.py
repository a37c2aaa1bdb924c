"""`python -m neuronnet` and `python -m gradcheck`: version, and one line on an old Python."""

import sys

import pytest

import gradcheck.__main__
import neuronnet.__main__
from neuronnet import __version__

MAINS = {"gradcheck": gradcheck.__main__.main, "neuronnet": neuronnet.__main__.main}


@pytest.mark.parametrize("name", MAINS)
def test_the_version_is_printed(name, capsys):
    assert MAINS[name](["--version"]) == 0
    assert capsys.readouterr().out == f"{name} {__version__}\n"


@pytest.mark.parametrize("name", MAINS)
def test_an_old_python_is_named_in_one_line(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert MAINS[name]([]) == 2
    assert capsys.readouterr().err == f"{name}: Python 3.11 or newer is needed, this is 3.10.13\n"
