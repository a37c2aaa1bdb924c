"""The fuzz scripts run: a few cases of each, the same every time."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = sorted(
    path.stem
    for path in HERE.glob("*.py")
    if path.stem not in ("fuzzing", "test_smoke", "interrupts", "kills", "mutants")
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_few_hostile_inputs_are_answered(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    script, fuzzing = (importlib.import_module(each) for each in (name, "fuzzing"))
    assert fuzzing.run(script.make, ["4", "1"]) == 0
    assert "broken: none" in capsys.readouterr().out


def test_a_mutant_is_the_code_with_one_place_changed(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    mutants = importlib.import_module("mutants")
    lines = [
        "def f(x: int = 1):",
        "    if not x < 2 and -x:",
        "        raise ValueError(3)",
        "    return x * 4 if x else True",
    ]
    text = "\n".join(lines)
    found = []
    for n in range(len(mutants.places(ast.parse(text)))):
        tree = ast.parse(text)
        found.append(mutants.change(mutants.places(tree)[n])[1:])
        assert ast.unparse(tree) != text
    assert found == [
        ("1", "2"),
        ("not x < 2 and -x", "not (not x < 2 and -x)"),
        ("not x < 2 and -x", "not x < 2 or -x"),
        ("not x < 2", "not not x < 2"),
        ("x < 2", "x <= 2"),
        ("2", "3"),
        ("-x", "+x"),
        ("x * 4 if x else True", "True if x else x * 4"),
        ("x * 4", "x / 4"),
        ("4", "5"),
        ("True", "False"),
    ]


def test_a_mutant_belongs_to_the_function_that_computes_it(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    mutants = importlib.import_module("mutants")
    text = "A = 1\nclass B:\n  C = 2\n  def f(x=3):\n    def g(): return 4\n    return lambda: 5\n"
    tree = ast.parse(text)
    found = {node.value: mutants.function_of(tree, node) for node in mutants.places(tree)}
    assert found == {1: "", 2: "", 3: "", 4: "B.f.<locals>.g", 5: "B.f"}
