"""What broke a command once: no crash is a verdict, what is refused is named, no input is changed."""

import json
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck.cli import main as gradcheck_main
from neuronnet.cli import main as neuronnet_main
from neuronnet.files import write_bytes
from neuronnet.output import TRACEBACK, run

ROOT = Path(__file__).parent.parent.parent
MAINS = {"neuronnet": neuronnet_main, "gradcheck": gradcheck_main}

NETWORK = """
learning_rate = 0.5
[[layer]]
activation = "tanh"
weights = [[0.1, 0.2]]
bias = 0.5
[[sample]]
inputs = [1, 2]
targets = [0.9]
"""
SHEET = "x = 2   w1 = 0.3   t = 1\ny = w1 x\nE_total = (y-t)^2\n"
PROGRAM = """
import os, subprocess, sys
import numpy as np
from factor import FACTOR

def start():
    return {"W": np.array([0.5, -1.0])}

def empty():
    return {"W": np.array([])}

def right(p):
    return np.sum(p["W"] ** 2), {"W": FACTOR * p["W"]}

def far(error):
    def loss(p):
        if abs(p["W"][0] - 0.5) > 1e-6:
            raise error("far from the point")
        return right(p)
    return loss

index, assertion, lookup = far(IndexError), far(AssertionError), far(KeyError)

def noted(p):
    error = ValueError("x")
    error.__notes__ = [3, None]
    raise error

def oddly_noted(p):
    error = ValueError("x")
    error.__notes__ = 3
    raise error

def loud(p):
    print("printed")
    os.write(1, b"raw")
    sys.__stdout__.write("beside")
    subprocess.run(["echo", "of a subprocess"])
    return right(p)

def wandering(p):
    os.chdir(os.path.dirname(os.getcwd()))
    return right(p)

def closing(p):
    sys.stdout.close()
    return right(p)
"""

# What stands in the files, the command line, its exit status, and words of what it says.
ROWS = [
    ({"s.txt": SHEET + "E_total = 5e-330\n"}, "neuronnet check s.txt", 1, "printed 5e-330"),
    ({"s.txt": "network: worked-example\nE_total = 5e-330\n"}, "neuronnet check s.txt", 1, "Line 2 is wrong"),
    *(
        ({"s.txt": f"{SHEET}net_h1 = {formula} = 0.3775\n"}, "neuronnet check s.txt", 1, "printed 0.3775")
        for formula in ("1e300*1e300*w1", "1e308*w1*1e300", "exp(w1*1e5)", "1e400*w1")
    ),
    ({}, "gradcheck twin micrograd-neuron --updates 2", 2, "learning_rate"),
    *(
        (
            {"net.toml": f"batch = 0x{'f' * 5000}{NETWORK}"},
            command,
            2,
            "batch: found a whole number of 20000 bits",
        )
        for command in ("neuronnet derive net.toml --format json", "neuronnet golden net.toml")
    ),
    ({}, "gradcheck check m.py:noted --parameters m.py:start", 2, "ValueError: x; 3; None"),
    ({}, "gradcheck check m.py:oddly_noted --parameters m.py:start", 2, "ValueError: x; 3"),
    ({}, "gradcheck check m.py:index --parameters m.py:start", 0, "gradients: right"),
    ({}, "gradcheck check m.py:assertion --parameters m.py:start", 0, "gradients: right"),
    ({}, "gradcheck check m.py:lookup --parameters m.py:start", 2, "KeyError: 'far from the point'"),
    ({}, "gradcheck check m.py:wandering --parameters m.py:start", 0, "gradients: right"),
    ({}, "gradcheck check m.py:closing --parameters m.py:start", 0, "gradients: right"),
    ({}, "gradcheck check m.py:right --parameters m.py:empty", 2, "found no number in this dict"),
    ({}, "gradcheck check m.py:right --parameters m.py:start -o no/such.txt", 2, "make the folder"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory below another, with a program in it."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "m.py").write_text(PROGRAM, encoding="utf-8")
    (inner / "factor.py").write_text("FACTOR = 2", encoding="utf-8")
    monkeypatch.chdir(inner)
    yield inner
    for name in ("factor", "m"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("files, command, status, words", ROWS, ids=[" ".join(row[1:3:-1]) for row in ROWS])
def test_a_hostile_input_gets_a_verdict_or_is_refused(folder, capsys, files, command, status, words):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    program, *arguments = command.split()
    found = MAINS[program](arguments)
    said = capsys.readouterr()
    assert (found, words in said.out + said.err) == (status, True), said
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


# A fault of the program is no verdict


def failing():
    raise KeyError("bug")


def test_a_fault_of_the_program_is_said_and_is_no_verdict(capsys, monkeypatch):
    monkeypatch.delenv(TRACEBACK, raising=False)
    assert run(failing, "test") == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{TRACEBACK}=1" in said
    monkeypatch.setenv(TRACEBACK, "1")
    assert run(failing, "test") == 70
    assert 'raise KeyError("bug")' in capsys.readouterr().err


def test_a_memory_that_does_not_suffice_is_named(capsys):
    def command():
        raise MemoryError

    assert run(command, "test") == 2
    assert "memory" in capsys.readouterr().err


def test_a_file_that_the_system_refuses_is_named(capsys):
    def command():
        raise PermissionError(13, "Permission denied", "secret.txt")

    assert run(command, "test") == 2
    assert capsys.readouterr().err == "test: secret.txt: Permission denied\n"


# A program is judged as it stands


@pytest.mark.parametrize("changed", ["m.py", "factor.py"])
def test_an_edit_of_the_same_size_within_a_second_is_seen_and_nothing_is_written(
    folder, monkeypatch, changed
):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    check = ["check", "m.py:right", "--parameters", "m.py:start"]
    assert gradcheck_main(check) == 0
    assert not (folder / "__pycache__").exists()
    py_compile.compile(changed)  # of another program, before the edit
    path, changes = folder / changed, {"m.py": ("** 2", "** 3"), "factor.py": ("2", "3")}[changed]
    seen = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace(*changes), encoding="utf-8")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    sys.modules.pop("factor")
    assert gradcheck_main(check) == 1


# Standard output is ours alone


def test_what_a_program_prints_in_any_way_is_not_on_standard_output(folder):
    code = "import atexit\natexit.register(lambda: print('at the end'))\n"
    (folder / "m.py").write_text(code + PROGRAM, encoding="utf-8")
    command = ["-m", "gradcheck", "check", "m.py:loud", "--parameters", "m.py:start", "--format", "json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment)
    assert json.loads(found.stdout)["verdict"] == "right"
    for words in ("printed", "raw", "beside", "of a subprocess", "at the end"):
        assert words in found.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a working directory cannot be deleted there")
@pytest.mark.parametrize("program", MAINS)
def test_a_deleted_working_directory_is_named(folder, capsys, program):
    gone = folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert MAINS[program](["check", "s.txt"]) == 2
    assert "the working directory has been deleted" in capsys.readouterr().err


# Files


@pytest.mark.parametrize("option", ["-o", "--plot"])
@pytest.mark.parametrize(
    "place, words", [("no/out.png", "make the folder 'no' first"), ("net.toml", "overwrite")]
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(folder, capsys, option, place, words):
    (folder / "net.toml").write_text(NETWORK, encoding="utf-8")
    forms = ["--format", "text"] if option == "-o" else []
    assert neuronnet_main(["train", "net.toml", "--updates", "999999999", option, place, *forms]) == 2
    assert words in capsys.readouterr().err


def test_what_a_killed_writer_left_is_cleared_away_and_what_another_writes_is_not(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    for name in (".neuronnet.killed00", ".neuronnet.writing0", ".neuronnet.toml", "kept.txt"):
        (tmp_path / name).write_text("half")
    with (tmp_path / ".neuronnet.writing0").open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        write_bytes(b"whole", tmp_path / "out.txt")
    assert sorted(os.listdir(tmp_path)) == [".neuronnet.toml", ".neuronnet.writing0", "kept.txt", "out.txt"]
