"""Programs on the command line of gradcheck: what is found and checked, and how mistakes in them are told."""

import json
import sys

import numpy as np
import pytest

from gradcheck.cli import main

MODEL = '''import numpy as np

def parameters():
    return {"W": np.array([[0.5, -1.0], [0.25, 2.0]]), "b": np.array([0.1])}

POINT = parameters()

def loss(p):
    return np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 2)

def gradients(p):
    return {"W": np.cos(p["W"]), "b": 2 * p["b"]}

def both(p):
    return loss(p), gradients(p)

def wrong(p):
    return loss(p), gradients(p) | {"b": 3 * p["b"]}

def jumping(p):
    return np.sum(p["W"] > 0.5) + np.sum(p["b"]), {"W": 0 * p["W"], "b": np.ones(1)}

def chatty(p):
    print("said by the program")
    return both(p)

class Model:
    both = staticmethod(both)

def undefined(p):
    return not_there

def leaving(p):
    raise SystemExit(0)

def interrupted(p):
    raise KeyboardInterrupt

def of_a_library(p):
    return np.linalg.inv(np.zeros((2, 2)))

def lines(p):
    raise RuntimeError("one\\ntwo")

def square_root(p):
    return np.sum(np.sqrt(p["b"])), {"W": 0 * p["W"], "b": 0.5 / np.sqrt(p["b"])}

def alone(p):
    return 1.0
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a program and a point in several formats; the tests run inside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "point.json").write_text('{"W": [[0.5, -1], [0.25, 2]], "b": [0.1]}', encoding="utf-8")
    np.savez(tmp_path / "point.npz", W=np.array([[0.5, -1.0], [0.25, 2.0]]), b=np.array([0.1]))
    yield tmp_path
    for name in [each for each in sys.modules if each.startswith(("model", "pack"))]:
        del sys.modules[name]


def check(*arguments):
    return main(["check", *arguments])


FOUND = [(["model.py:both", "--parameters", "model.py:parameters"], 0),
         (["model.py:both", "--parameters", "model.py:POINT"], 0),
         (["model.py:both", "--parameters", "point.json"], 0), (["model.py:both", "--parameters", "point.npz"], 0),
         (["model:both", "--parameters", "model:parameters"], 0), (["model.py:Model.both", "--parameters", "point.json"], 0),
         (["model.py:loss", "--gradients", "model.py:gradients", "--parameters", "point.json"], 0),
         (["model.py:wrong", "--parameters", "point.json"], 1),
         (["model.py:wrong", "--parameters", "point.json", "--select", "W"], 0),
         (["model.py:jumping", "--parameters", "point.json"], 3)]


@pytest.mark.parametrize("arguments, status", FOUND, ids=[" ".join(arguments) for arguments, _ in FOUND])
def test_a_program_is_found_and_judged(here, capsys, arguments, status):
    assert check(*arguments) == status
    out, err = capsys.readouterr()
    assert out.startswith(f"gradients: {['right', 'wrong', '', 'cannot tell'][status]}") and err == ""


def test_the_last_line_does_it_again(here, capsys):
    check("model.py:wrong", "--parameters", "point.json", "--select", "b*", "--seed", "3")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "again: python -m gradcheck check model.py:wrong --parameters point.json --select 'b*' --seed 3"


def test_json_is_the_report(here, capsys):
    assert check("model.py:wrong", "--parameters", "point.json", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "wrong" and [block["name"] for block in report["blocks"]] == ["W", "b"]


def test_markdown_is_the_report(here, capsys):
    assert check("model.py:wrong", "--parameters", "point.json", "--format", "markdown") == 1
    assert capsys.readouterr().out.startswith("**gradients: wrong**\n\n| block | verdict |")


def test_the_report_goes_to_a_file(here, capsys):
    assert check("model.py:both", "--parameters", "point.json", "-o", "report.txt") == 0
    assert capsys.readouterr().out == "" and (here / "report.txt").read_text().startswith("gradients: right")


@pytest.mark.parametrize("target", ["model.py", "point.json"])
@pytest.mark.parametrize("program", ["model.py:both", "model:both"])
def test_what_is_read_is_never_overwritten(here, capsys, program, target):
    before = (here / target).read_bytes()
    assert check(program, "--parameters", "point.json", "-o", target) == 2
    assert "overwrite the input" in capsys.readouterr().err and (here / target).read_bytes() == before


def test_what_a_program_prints_does_not_mix_with_the_report(here, capsys):
    assert check("model.py:chatty", "--parameters", "point.json", "--format", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "right" and "said by the program" in err


def test_a_program_finds_the_modules_beside_it_and_leaves_no_path_behind(here, capsys):
    (here / "pack").mkdir()
    (here / "pack" / "pack_helper.py").write_text("def square(p):\n    return float(p['b'] @ p['b'])\n")
    (here / "pack" / "pack_loss.py").write_text("from pack_helper import square\n\ndef f(p):\n    import pack_helper\n"
                                                "    return square(p), {'W': 0 * p['W'], 'b': 2 * p['b']}\n")
    before = list(sys.path)
    assert check("pack/pack_loss.py:f", "--parameters", "point.json") in (0, 3)
    assert sys.path == before


def test_the_domain_of_a_program_may_end_near_the_point(here, capsys):
    (here / "near.json").write_text('{"W": [[1.0]], "b": [1e-7]}')
    assert check("model.py:square_root", "--parameters", "near.json", "--select", "b") == 0


def test_an_interruption_ends_the_check(here, capsys):
    assert check("model.py:interrupted", "--parameters", "point.json") == 130
    assert capsys.readouterr().err == "gradcheck: interrupted\n"


FAILING = [
    ("model.py:undefined", "model.py:31: NameError: name 'not_there' is not defined"),
    ("model.py:leaving", "model.py:34: SystemExit: 0"),
    ("model.py:of_a_library", "model.py:40: LinAlgError: Singular matrix"),
    ("model.py:lines", "model.py:43: RuntimeError: one two"),
    ("model.py:alone", "it must return (value, gradients)"),
    ("model.py:POINT", "model.py:POINT: expected a function, found dict"),
    ("model.py:bth", "model.py: found 'bth', allowed are"), ("model.py:both.x", "model.py: found 'x', allowed are"),
    ("nowhere.py:f", "nowhere.py: there is no such file"), ("no.such:f", "no.such: there is no module 'no' here"),
    ("broken.py:f", "broken.py:2: SyntaxError"), ("dividing.py:f", "dividing.py:3: ZeroDivisionError: division by zero"),
    ("dividing:f", "dividing.py:3: ZeroDivisionError"),
    ("needing.py:f", "needing.py:1: ModuleNotFoundError: No module named 'not_here_at_all'"),
    ("needing:f", "needing.py:1: ModuleNotFoundError"), ("quitting.py:f", "quitting.py:1: SystemExit: 0"),
]


@pytest.mark.parametrize("program, said", FAILING)
def test_what_goes_wrong_in_a_program_is_one_line_with_its_place(here, capsys, program, said):
    (here / "broken.py").write_text("x = 1\ndef f(:\n")
    (here / "dividing.py").write_text("\n\nx = 1 / 0\n")
    (here / "needing.py").write_text("import not_here_at_all\n")
    (here / "quitting.py").write_text("raise SystemExit(0)\n")
    assert check(program, "--parameters", "point.json") == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1 and "Traceback" not in err


POINTS = [
    ("ragged.json", b'{"W": [1, [2]]}', "ragged.json: W: its rows differ in length"),
    ("nan.json", b'{"W": [1, NaN]}', "nan.json: found NaN"), ("huge.json", b'{"W": 1e999}', "W"),
    ("twice.json", b'{"W": [1], "W": 2}', "twice.json: the name 'W' is there twice"),
    ("list.json", b"[1]", "list.json: expected an object of names"), ("empty.json", b"{}", "expected an object of names"),
    ("text.json", b'{"W": ["a"]}', "text.json: W: expected a number"),
    ("truth.json", b'{"W": true}', "W: expected a number"),
    ("none.json", b'{"W": {"a": null}}', "W.a: expected a number"), ("deep.json", b"[" * 100_000, "deep.json"),
    ("broken.json", b'{"W":\n', "broken.json: line 2"), ("bytes.json", b'{"\xff": 1}', "bytes.json: it is no JSON file"),
    ("text.npz", b"no archive", "text.npz: it is no .npz file"),
    ("point.txt", b"1", "point.txt: expected a file that ends in"),
    ("missing.json", None, "missing.json: No such file"), ("missing.npz", None, "missing.npz: No such file"),
]


@pytest.mark.parametrize("name, content, said", POINTS, ids=[each[0] for each in POINTS])
def test_a_point_that_cannot_be_used_is_refused_in_one_line(here, capsys, name, content, said):
    if content is not None:
        (here / name).write_bytes(content)
    assert check("model.py:both", "--parameters", name) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_objects_in_an_archive_are_never_loaded(here, capsys):
    np.savez(here / "objects.npz", W=np.array([{"a": 1}], dtype=object))
    assert check("model.py:both", "--parameters", "objects.npz") == 2
    assert "an array of Python objects in it is not read" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, said", [
    (["model.py:both"], "--parameters is needed with model.py:both"),
    (["worked-example", "--parameters", "point.json"], "--parameters is for a program"),
    (["worked-example", "--select", "W"], "--select is for a program"),
    (["worked-example", "--gradients", "model.py:gradients"], "--gradients is for a program"),
    (["worked-example", "--plot", "a.png"], "--plot is for a program"),
    (["worked-example", "--format", "markdown"], "--format markdown is for a program"),
    (["model.py:loss", "--gradients", "gradients", "--parameters", "point.json"], "gradients: expected FILE.py:FUNCTION"),
    (["model.py:both", "--parameters", "point.json", "--select", "Q"], "select: found 'Q'"),
    (["model.py:both", "--parameters", "point.json", "--plot", "a.txt"], "a name that ends in"),
])
def test_options_that_do_not_fit_are_refused(here, capsys, arguments, said):
    if "--plot" in arguments:
        pytest.importorskip("matplotlib")
    assert check(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_a_network_is_checked_as_before(capsys):
    assert check("worked-example") == 0
    assert "verdict: right" in capsys.readouterr().out
