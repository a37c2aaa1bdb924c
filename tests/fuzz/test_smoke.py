"""The fuzz scripts run: a few cases of each, the same every time."""

import importlib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = sorted(
    path.stem
    for path in HERE.glob("*.py")
    if path.stem not in ("fuzzing", "test_smoke", "interrupts", "kills")
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_few_hostile_inputs_are_answered(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    script, fuzzing = (importlib.import_module(each) for each in (name, "fuzzing"))
    assert fuzzing.run(script.make, ["4", "1"]) == 0
    assert "broken: none" in capsys.readouterr().out
