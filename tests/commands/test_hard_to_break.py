"""What broke a command once: no crash is a verdict, what is refused is named, no input is changed."""

import io
import json
import os
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gradcheck.cli import main as gradcheck_main
from gradcheck.gallery import Exhibit
from gradcheck.twin import Twin
from neuronnet.cli import main as neuronnet_main
from neuronnet.files import write_bytes
from neuronnet.golden import golden
from neuronnet.golden.formats import as_json
from neuronnet.golden.golden import Golden
from neuronnet.output import TRACEBACK, run
from neuronnet.sheet import causes

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
WORKED = "network: worked-example\n"
LARGE = NETWORK.replace("bias = 0.5", "bias = 1e308").replace("tanh", "identity")
VECTOR = r"""\( L = (y - t)^0.1 \implies \frac{\partial L}{\partial y} = -1(y - t) \)
Rightarrow \frac{\partial L}{\partial w} = 1(y-t)x \)
"""
ODD_PAGE = r"<p>x = 2</p><![\w*)]><p>y = x^2 = 4</p><![ <p>z = x^3 = 8</p>"
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
    ({"s.txt": f"{SHEET}L = sum()\n"}, "neuronnet check s.txt", 2, "sum of nothing: an argument is missing"),
    ({"s.txt": f"{WORKED}w9 = log2((w1)^1e9) = 0.3\n"}, "neuronnet check s.txt", 3, "too large or too small"),
    (
        {"net.toml": LARGE},
        "neuronnet golden net.toml --dtype float32 --at 0,2",
        2,
        "no golden value can hold",
    ),
    ({"a.npy": b"\x93NUMPY\x01\x00\x02\x00[("}, "neuronnet compare golden.json a.npy", 2, "not a npy file"),
    (
        {"a.csv": "w5@3.5,1\nw5,0.4\nw5@1,0.4\n"},
        "neuronnet compare golden.json a.csv",
        0,
        "not compared: w5@3.5",
    ),
    ({"s.txt": f"{SHEET}[1, 2] = [1, 2]\n"}, "neuronnet check s.txt", 3, "about nothing"),
    ({"s.txt": f"{WORKED}e = diag(relu(i1))\ndiag(relu(i1)) = 9\n"}, "neuronnet check s.txt", 1, "Line 3"),
    ({"s.txt": "x = [1, 2]\nf = one_hot(1, x)\nf = one_hot(0, x)\n"}, "neuronnet check s.txt", 1, "Line 3"),
    ({"s.tex": VECTOR}, "neuronnet check s.tex --network worked-example", 0, ""),
    ({"s.html": ODD_PAGE}, "neuronnet check s.html", 0, "2 lines judged: 2 right"),
    ({"net.toml": NETWORK.replace("0.1", "1e308")}, "neuronnet draw net.toml", 0, "--"),
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
    ({"-": b"next\nset w5 \xed"}, "neuronnet step xor", 2, "standard input holds a byte that is not utf-8"),
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
def test_a_hostile_input_gets_a_verdict_or_is_refused(
    folder, capsys, monkeypatch, files, command, status, words
):
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    if "golden.json" in command:
        Golden.of("worked-example").write("golden.json")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    program, *arguments = command.split()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(files.get("-", b"")), "utf-8"))
    found = MAINS[program](arguments)
    said = capsys.readouterr()
    assert (found, words in said.out + said.err) == (status, True), said
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


HOSTILE = {  # sheets that fuzzing found, each of which ended in a traceback: what their check gives
    "array_alone.tex": 1,
    "comparison_summed.txt": 2,
    "doubted_let.tex": 2,
    "entry_beyond.txt": 1,
    "moment_without_formula.txt --network worked-example": 1,
    "number_too_large.tex": 2,
    "power_of_nine_digits.txt": 1,
    "array_with_a_letter.txt --same-task lstm-step": 1,
    "name_computed_on_the_way.txt": 2,
    "slope_without_value.txt": 2,
    "step_without_number.txt": 1,
    "table_alone.txt --same-task lstm-step": 3,
    "two_infinite_readings.txt": 2,
    "unit_too_small.txt": 1,
}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_sheet_that_broke_a_check_once_is_judged(capsys, monkeypatch, words):
    monkeypatch.chdir(ROOT / "tests" / "data" / "hostile")
    assert neuronnet_main(["check", *words.split()]) == HOSTILE[words]
    assert capsys.readouterr().err == ""


# Sizes

SHORT = NETWORK.replace("[[sample]]\ninputs = [1, 2]\ntargets = [0.9]", "").replace("[[0.1, 0.2]]", "[[0.1]]")
DATA = 'data = {kind = "sine", samples = 1001}\n'
DRAWN = """
[[layer]]
activation = "tanh"
inputs = 50
neurons = 50
init = {kind = "normal", scale = 0.1}
"""
TOO_LARGE = [
    ({"net.toml": DATA + SHORT}, "neuronnet derive net.toml", "found 1001 samples", "samples"),
    ({"net.toml": DRAWN}, "neuronnet derive net.toml", "found 2500 weights", "weights"),
    ({"net.toml": "\n" * 3000 + NETWORK}, "neuronnet derive net.toml", "characters", "characters"),
    (
        {"p.json": '{"W": [' + "1," * 1500 + "1]}"},
        "gradcheck check m.py:right --parameters p.json",
        "",
        "numbers",
    ),
    ({"a.json": '{"W": [' + "1," * 1500 + "1]}"}, "neuronnet compare golden.json a.json", "", "numbers"),
    (
        {"net.toml": NETWORK},
        f"neuronnet golden net.toml --at {','.join(map(str, range(200)))}",
        "",
        "quantities",
    ),
    ({}, "gradcheck check m.py:right --parameters bomb.npz", "found 50016 numbers", "numbers"),
    ({}, "neuronnet compare golden.json bomb.npz", "unpacks to more", "numbers"),
]


@pytest.mark.parametrize(
    "files, command, words, limit", TOO_LARGE, ids=[" ".join(row[1:3]) for row in TOO_LARGE]
)
def test_what_is_too_large_is_refused_by_a_limit_that_can_be_raised(
    folder, capsys, monkeypatch, files, command, words, limit
):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if "bomb" in command:
        with (
            zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("W.npy", "w") as file,
        ):
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": False, "shape": (50000,)}
            )
            file.write(bytes(400_000))
    if "golden" in command:
        assert neuronnet_main(["golden", "xor", "-o", "golden.json"]) == 0
    program, *arguments = command.split()
    monkeypatch.setenv(
        "NEURONNET_LIMITS", "samples=1000,weights=1000,characters=1000,numbers=1000,quantities=1000"
    )
    assert MAINS[program](arguments) == 2
    said = capsys.readouterr().err
    assert words in said and f"NEURONNET_LIMITS={limit}=NUMBER" in said


CHANGED = [
    (
        {"quantities": {"w1": {"kind": "parameters", "value": 1, "digits": "float16", "tolerance": 0}}},
        "float16",
    ),
    (
        {"quantities": {"w1": {"kind": "parameters", "value": None, "digits": "1", "tolerance": 0}}},
        "real number",
    ),
    (
        {"quantities": {"w1": {"kind": "parameters", "value": 10**400, "digits": "1", "tolerance": 0}}},
        "too large",
    ),
    ({"at": ["0"]}, "whole numbers"),
    ({"at": []}, "at and batches hold whole numbers"),
    ({"dtype": "float16"}, "dtype 'float16'"),
    ({"refused": [1]}, "hold texts"),
    ({"batches": []}, "numbers of samples"),
    ({"batches": [[2]]}, "numbers of samples"),
]


@pytest.mark.parametrize("change, words", CHANGED, ids=[words for _, words in CHANGED])
def test_a_golden_file_that_was_changed_is_refused_where(folder, capsys, change, words):
    found = json.loads(as_json(Golden.of("worked-example"))) | change
    (folder / "golden.json").write_text(json.dumps(found), encoding="utf-8")
    assert neuronnet_main(["compare", "golden.json", "golden.json"]) == 2
    assert "no golden file" in (said := capsys.readouterr().err) and words in said


def test_a_limit_that_is_raised_holds_no_longer_and_a_bad_one_is_named(folder, capsys, monkeypatch):
    (folder / "net.toml").write_text(DATA.replace("1001", "11") + SHORT, encoding="utf-8")
    for value, status, words in (
        ("samples=10", 2, "found 11 samples; at most 10"),
        ("samples=11, numbers=50", 0, ""),
        ("sample=3", 2, "did you mean samples?"),
        ("samples=x", 2, "a whole number is needed"),
    ):
        monkeypatch.setenv("NEURONNET_LIMITS", value)
        assert neuronnet_main(["train", "net.toml", "--updates", "1"]) == status
        assert words in capsys.readouterr().err


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

LEAVING = """
def leaving(p):
    if os.fork() == 0:
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 1
    os._exit(1)

def leaving_at_the_end(p):
    import atexit
    atexit.register(lambda: os._exit(1))
    return right(p)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process is copied there")
@pytest.mark.parametrize("name, line", [("leaving", 6), ("leaving_at_the_end", 10)])
def test_a_program_that_ends_the_process_is_no_verdict(folder, name, line):
    (folder / "m.py").write_text(PROGRAM + LEAVING, encoding="utf-8")
    command = [sys.executable, "-m", "gradcheck", "check", f"m.py:{name}", "--parameters", "m.py:start"]
    found = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    place = f"m.py:{len(PROGRAM.splitlines()) + line}"
    assert found.returncode == 2 and f"{place}: os._exit(1): the program ends" in found.stderr


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


# Ctrl-C


def after(calls):
    """A function that is interrupted by the keyboard in one of its calls."""
    left = iter(range(calls))

    def called(*_):
        if next(left, None) is None:
            raise KeyboardInterrupt

    return called


INTERRUPTED_PROGRAM = """
def many():
    return {"W": np.linspace(1, 2, 40)}

def slow(p, calls=[]):
    calls.append(1)
    if len(calls) == 300:
        raise KeyboardInterrupt
    return right(p)

def late(p, calls=[]):
    calls.append(1)
    if len(calls) == 300:
        raise KeyboardInterrupt
    return right(p)
"""
INTERRUPTED = [
    ("neuronnet train xor --updates 100 --every 1", 7, "after 8 rows"),
    ("gradcheck twin xor --updates 100 --every 10", 25, "after update 25 of 100"),
    ("gradcheck twin xor --updates 100 --every 10 --twin-only", 2, "after 2 rows"),
    ("gradcheck stability xor --updates 100 --every 10", 5, "after 5 of 29 runs"),
    ("neuronnet check a.txt b.txt c.txt", 1, "after 2 sheets"),
    ("neuronnet golden xor --at 0,1,2,3", 12, "after update 0"),
    ("neuronnet check a.txt", 6, "while mistakes were searched for"),
    ("neuronnet check net.txt", 0, "while mistakes were searched for"),
    ("gradcheck check m.py:slow --parameters m.py:many", 300, " of 40 entries"),
    ("gradcheck hunt m.py:late --parameters m.py:start", 300, " points"),
    ("gradcheck gallery", 2, "after 2 exhibits"),
    ("neuronnet mistakes xor", 2, "after 3 mistakes"),
    ("neuronnet mistakes lstm-step", 2, "after 3 mistakes"),
]


@pytest.mark.parametrize("command, calls, until", INTERRUPTED, ids=[each[0] for each in INTERRUPTED])
def test_what_was_made_until_ctrl_c_is_printed_and_marked_as_incomplete(
    folder, capsys, monkeypatch, command, calls, until
):
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(SHEET + "dE_total/dw1 = 0.3\n", encoding="utf-8")
    (folder / "net.txt").write_text("network: worked-example\nE_total = 0.5\n", encoding="utf-8")
    (folder / "m.py").write_text(PROGRAM + INTERRUPTED_PROGRAM, encoding="utf-8")
    interrupts = after(calls)
    for where in ("neuronnet.output.progress_line", "gradcheck.cli.progress_line"):
        if " m.py" not in command:
            monkeypatch.setattr(where, lambda *_: interrupts)
    rounded = golden.disturbed
    monkeypatch.setattr(
        golden, "disturbed", lambda *how: (each for each in rounded(*how) if not interrupts())
    )
    if "--twin-only" in command:
        train = Twin.train
        monkeypatch.setattr(Twin, "train", lambda *how, **more: interrupts() or train(*how, **more))
    if "gallery" in command:
        judge = Exhibit.judge
        monkeypatch.setattr(Exhibit, "judge", lambda each: interrupts() or judge(each))
    if command.count(".txt") == 1:
        monkeypatch.setattr(causes, "of_own_model", lambda *_: interrupts())
        monkeypatch.setattr(causes, "beside_network", lambda *_: interrupts())
    program, *arguments = command.split()
    assert MAINS[program]([*arguments, "--format", "json"]) == 130
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert until in said.err and said.err.startswith(f"{program}: interrupted ")
    assert list(found)[0] == "incomplete" or program == "neuronnet" and found["at"] == [0]


def test_an_incomplete_result_in_text_says_so_first(capsys, monkeypatch):
    interrupts = after(7)
    monkeypatch.setattr("neuronnet.output.progress_line", lambda *_: interrupts)
    assert neuronnet_main(["train", "xor", "--updates", "100", "--every", "1"]) == 130
    assert capsys.readouterr().out.startswith("incomplete: interrupted after 8 rows\n\nExclusive or\n")


def test_of_many_sheets_nothing_is_made_until_the_first_is_judged(folder, capsys, monkeypatch):
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(SHEET + "dE_total/dw1 = 0.3\n", encoding="utf-8")
    interrupts = after(0)
    monkeypatch.setattr(causes, "of_own_model", lambda *_: interrupts())
    assert neuronnet_main(["check", "a.txt", "b.txt"]) == 130
    assert capsys.readouterr() == ("", "neuronnet: interrupted\n")


@pytest.mark.parametrize("program", MAINS)
def test_ctrl_c_during_imports_is_quiet(program):
    code = f"import signal, sys, time, {program}.__main__ as m\n"
    code += f"class Finder:\n def find_spec(self, name, *_):\n  if name == '{program}.cli':\n"
    code += "   signal.raise_signal(signal.SIGINT)\nsys.meta_path.insert(0, Finder())\nm.main()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (found.returncode, found.stderr) == (130, f"{program}: interrupted\n")
