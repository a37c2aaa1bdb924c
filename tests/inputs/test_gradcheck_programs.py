"""Programs on the command line of gradcheck: what is found and checked, and how mistakes in them are told."""

import io
import json
import sys
import zipfile

import numpy as np
import pytest

from gradcheck.cli import main

MODEL = """import numpy as np

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

def two(a, b):
    return 1.0

def none():
    return 1.0

class Net:
    def f(self, p):
        return both(p)

def with_u(p, u):
    return gradients(p)

class Speechless(Exception):
    def __str__(self):
        raise RuntimeError

def speechless(p):
    raise Speechless

class Leaving(BaseException):
    pass

def base(p):
    raise Leaving("by the back door")

def generator(p):
    raise GeneratorExit

def chattering(p):
    raise ValueError("again " * 100_000)

def evaluating(p):
    return eval("1 +")

class Closed:
    def __getattr__(self, name):
        raise RuntimeError("closed")

closed = Closed()

def negative(p):
    return np.random.default_rng(-1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a program and a point in several formats; the tests run inside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "point.json").write_text('{"W": [[0.5, -1], [0.25, 2]], "b": [0.1]}', encoding="utf-8")
    np.save(tmp_path / "point.npy", np.array([0.5, -1.0]))
    (tmp_path / "lone.py").write_text("def both(x):\n    return float(x @ x), 2 * x\n", encoding="utf-8")
    np.savez(tmp_path / "point.npz", W=np.array([[0.5, -1.0], [0.25, 2.0]]), b=np.array([0.1]))
    yield tmp_path
    for name in [each for each in sys.modules if each.startswith(("model", "pack", "lone"))]:
        del sys.modules[name]


def check(*arguments):
    return main(["check", *arguments])


FOUND = [
    (["model.py:both", "--parameters", "model.py:parameters"], 0),
    (["model.py:both", "--parameters", "model.py:POINT"], 0),
    (["model.py:both", "--parameters", "point.json"], 0),
    (["model.py:both", "--parameters", "point.npz"], 0),
    (["lone.py:both", "--parameters", "point.npy"], 0),
    (["model:both", "--parameters", "model:parameters"], 0),
    (["model.py:Model.both", "--parameters", "point.json"], 0),
    (["model.py:loss", "--gradients", "model.py:gradients", "--parameters", "point.json"], 0),
    (["model.py:wrong", "--parameters", "point.json"], 1),
    (["model.py:wrong", "--parameters", "point.json", "--select", "W"], 0),
    (["model.py:jumping", "--parameters", "point.json"], 3),
]


@pytest.mark.parametrize("arguments, status", FOUND, ids=[" ".join(arguments) for arguments, _ in FOUND])
def test_a_program_is_found_and_judged(here, capsys, arguments, status):
    assert check(*arguments) == status
    out, err = capsys.readouterr()
    assert out.startswith(f"gradients: {['right', 'wrong', '', 'undecided'][status]}") and err == ""


def test_the_last_line_does_it_again(here, capsys):
    check("model.py:wrong", "--parameters", "point.json", "--select", "b*", "--seed", "3")
    last = capsys.readouterr().out.splitlines()[-1]
    assert (
        last
        == "repeat: python -m gradcheck check model.py:wrong --parameters point.json --select 'b*' --seed 3"
    )


def test_json_is_the_report(here, capsys):
    assert check("model.py:wrong", "--parameters", "point.json", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "wrong" and [block["name"] for block in report["blocks"]] == ["W", "b"]


def test_markdown_is_the_report(here, capsys):
    assert check("model.py:wrong", "--parameters", "point.json", "--format", "markdown") == 1
    assert capsys.readouterr().out.startswith("**gradients: wrong**\n\n- cause: ")


def test_the_report_goes_to_a_file(here, capsys):
    assert check("model.py:both", "--parameters", "point.json", "-o", "report.txt") == 0
    assert capsys.readouterr().out == "" and (here / "report.txt").read_text().startswith("gradients: right")


@pytest.mark.parametrize("target", ["model.py", "point.json"])
@pytest.mark.parametrize("program", ["model.py:both", "model:both"])
def test_what_is_read_is_never_overwritten(here, capsys, program, target):
    before = (here / target).read_bytes()
    assert check(program, "--parameters", "point.json", "--format", "text", "-o", target) == 2
    assert "overwrite the input" in capsys.readouterr().err and (here / target).read_bytes() == before


def test_what_a_program_prints_does_not_mix_with_the_report(here, capsys):
    assert check("model.py:chatty", "--parameters", "point.json", "--format", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "right" and "said by the program" in err


def test_a_program_finds_the_modules_beside_it_and_leaves_no_path_behind(here, capsys):
    (here / "pack").mkdir()
    (here / "pack" / "pack_helper.py").write_text("def square(p):\n    return float(p['b'] @ p['b'])\n")
    (here / "pack" / "pack_loss.py").write_text(
        "from pack_helper import square\n\ndef f(p):\n    import pack_helper\n"
        "    return square(p), {'W': 0 * p['W'], 'b': 2 * p['b']}\n"
    )
    before = list(sys.path)
    assert check("pack/pack_loss.py:f", "--parameters", "point.json") == 0
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
    ("model.py:bth", "model.py: found 'bth', allowed are"),
    ("model.py:bth", "; did you mean both?"),
    ("model.py:both.x", "model.py: found 'x', allowed are"),
    ("nowhere.py:f", "nowhere.py: there is no such file"),
    ("no.such:f", "no.such: there is no module 'no' here"),
    ("broken.py:f", "broken.py:2: SyntaxError"),
    ("dividing.py:f", "dividing.py:3: ZeroDivisionError: division by zero"),
    ("dividing:f", "dividing.py:3: ZeroDivisionError"),
    ("needing.py:f", "needing.py:1: ModuleNotFoundError: No module named 'not_here_at_all'"),
    ("needing:f", "needing.py:1: ModuleNotFoundError"),
    ("quitting.py:f", "quitting.py:1: SystemExit: 0"),
    (
        "model.py:two",
        (
            "model.py:two: it is two(a, b), and is called two(parameters): missing a required argument: 'b'; "
            "give a"
        ),
    ),
    ("model.py:none", "it is none(), and is called none(parameters): too many positional arguments"),
    (
        "model.py:Net.f",
        "it is Net.f(self, p), and is called Net.f(parameters): missing a required argument: 'p'; give a "
        "function "
        "of one argument, the parameters; it is a method: make an object first",
    ),
    ("model.py:Net", "model.py:Net: expected a function, found the class Net"),
    ("model.py:speechless", "model.py:69: Speechless: (it cannot say what)"),
    ("model.py:base", "model.py:75: Leaving: by the back door"),
    ("model.py:generator", "model.py:78: GeneratorExit"),
    ("model.py:chattering", "model.py:81: ValueError: again again"),
    ("model.py:evaluating", "model.py:84: SyntaxError: invalid"),
    ("model.py:closed", "model.py:closed: expected a function, found Closed"),
    ("model.py:closed.f", "model.py:88: RuntimeError: closed"),
    ("lazy.py:f", "lazy.py:2: RuntimeError: f is not there yet"),
    ("lazy:f", "lazy.py:2: RuntimeError"),
    ("model.py:negative", "model.py:93: ValueError: expected non-negative integer"),
    ("nul.py:f", "nul.py: SyntaxError: source code string cannot contain null bytes"),
    ("nul:f", "nul: SyntaxError: source code"),
    ("minus.py:f", "minus.py: Python cannot read it: an expression in it is nested too deeply"),
    ("math:sin", "math:sin: TypeError: must be real number, not dict"),
]


@pytest.mark.parametrize("program, said", FAILING)
def test_what_goes_wrong_in_a_program_is_one_line_with_its_place(here, capsys, program, said):
    (here / "broken.py").write_text("x = 1\ndef f(:\n")
    (here / "dividing.py").write_text("\n\nx = 1 / 0\n")
    (here / "needing.py").write_text("import not_here_at_all\n")
    (here / "quitting.py").write_text("raise SystemExit(0)\n")
    (here / "lazy.py").write_text(
        "def __getattr__(name):\n    raise RuntimeError(f'{name} is not there yet')\n"
    )
    (here / "nul.py").write_text("x = 1\0\n")
    (here / "minus.py").write_text(f"x = {'-' * 100_000}1\n")
    assert check(program, "--parameters", "point.json") == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1 and "Traceback" not in err and len(err) < 500


def npy(header):
    """The bytes of an .npy file whose header is not looked at."""
    header = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)


def npz(header):
    """The bytes of an .npz file with such an array."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("W.npy", npy(header))
    return data.getvalue()


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"

POINTS = [
    *[
        (f"huge.{ending}", made(HUGE), f"huge.{ending}: an array in it claims to be larger than the memory")
        for ending, made in (("npz", npz), ("npy", npy))
    ],
    *[
        (f"open.{ending}", made("(" * 2000), f"open.{ending}: its arrays cannot be read")
        for ending, made in (("npz", npz), ("npy", npy))
    ],
    ("text.npy", b"no array", "text.npy: it is no .npy file"),
    (
        "lists.json",
        b'{"W": ' + b"[" * 900 + b"]" * 900 + b"}",
        "lists.json: W: more than 32 lists within each other",
    ),
    ("dicts.json", b'{"W": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}", "more than 64 objects"),
    ("deeper.json", b'{"W": ' + b'{"a":' * 9000 + b"1" + b"}" * 9000 + b"}", "more than 64 objects"),
    ("ragged.json", b'{"W": [1, [2]]}', "ragged.json: W: its rows differ in length"),
    ("nan.json", b'{"W": [1, NaN]}', "nan.json: found NaN"),
    ("huge.json", b'{"W": 1e999}', "W"),
    ("twice.json", b'{"W": [1], "W": 2}', "twice.json: the name 'W' is there twice"),
    ("list.json", b"[1]", "list.json: expected an object of names"),
    ("empty.json", b"{}", "expected an object of names"),
    ("text.json", b'{"W": ["a"]}', "text.json: W: expected a number"),
    ("truth.json", b'{"W": true}', "W: expected a number"),
    ("none.json", b'{"W": {"a": null}}', "W.a: expected a number"),
    ("deep.json", b"[" * 100_000, "deep.json"),
    ("broken.json", b'{"W":\n', "broken.json: line 2"),
    ("bytes.json", b'{"\xff": 1}', "bytes.json: it is no JSON file"),
    ("text.npz", b"no archive", "text.npz: it is no .npz file"),
    ("point.txt", b"1", "point.txt: expected a file that ends in"),
    ("missing.json", None, "missing.json: there is no such file; the parameters are needed there"),
    ("missing.npz", None, "missing.npz: there is no such file; the parameters are needed there"),
]


@pytest.mark.parametrize("name, content, said", POINTS, ids=[each[0] for each in POINTS])
def test_a_point_that_cannot_be_used_is_refused_in_one_line(here, capsys, name, content, said):
    if content is not None:
        (here / name).write_bytes(content)
    assert check("model.py:both", "--parameters", name) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "point, said",
    [
        (
            "model.py:both",
            "model.py:both: it is both(p), and is called both(): missing a required argument: 'p'; give "
            "a function "
            "without arguments, or a dict",
        ),
        ("model.py:closed", "model.py:88: RuntimeError: closed; raised while gradcheck read x as an array"),
        ("model.py:Net", "x: expected real numbers, found Net"),
        ("lazy.py:x", "lazy.py:2: RuntimeError: x is not there yet"),
    ],
)
def test_a_point_in_a_program_that_cannot_be_used_is_refused_in_one_line(here, capsys, point, said):
    (here / "lazy.py").write_text(
        "def __getattr__(name):\n    raise RuntimeError(f'{name} is not there yet')\n"
    )
    assert check("model.py:both", "--parameters", point) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_gradients_that_take_a_second_argument_are_for_a_loss_of_several_numbers(here, capsys):
    (here / "layer.py").write_text(
        "import numpy as np\ndef out(p):\n    return np.tanh(p['W'])\n"
        "def back(p, u):\n    return {'W': u * (1 - np.tanh(p['W']) ** 2), 'b': 0 * p['b']}\n"
    )
    assert check("layer.py:out", "--gradients", "layer.py:back", "--parameters", "point.json") == 0
    assert check("model.py:loss", "--gradients", "layer.py:back", "--parameters", "point.json") == 2
    err = capsys.readouterr().err
    assert "TypeError: back() missing 1 required positional argument: 'u'" in err and err.count("\n") == 1


@pytest.mark.parametrize("command", ["check", "stability"])
def test_a_seed_is_a_whole_number_from_0(capsys, command):
    more = ["--updates", "1"] if command == "stability" else []
    assert main([command, "worked-example", *more, "--seed", "-1"]) == 2
    assert capsys.readouterr().err.startswith(
        "gradcheck: argument --seed: expected a whole number from 0 to 999999999, found '-1'"
    )


def test_a_class_that_makes_its_own_point_is_one(here, capsys):
    (here / "net.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Net:\n    w: float = 0.5\n"
        "def both(net):\n    return net.w ** 2, Net(2 * net.w)\n"
    )
    assert check("net.py:both", "--parameters", "net.py:Net") == 0
    assert "w: right, 1 entry" in capsys.readouterr().out


def test_objects_in_an_archive_are_never_loaded(here, capsys):
    np.savez(here / "objects.npz", W=np.array([{"a": 1}], dtype=object))
    assert check("model.py:both", "--parameters", "objects.npz") == 2
    assert "objects.npz: an array of Python objects in it is not read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["model.py:both"], "--parameters is needed with model.py:both"),
        (["model.py:both"], "FILE.npz, FILE.npy, FILE.json or FILE.py:NAME"),
        (["model.py", "--parameters", "point.json"], "such as model.py:loss_and_gradients"),
        (["worked-example", "--parameters", "point.json"], "--parameters is for a program"),
        (["worked-example", "--select", "W"], "--select is for a program"),
        (["worked-example", "--gradients", "model.py:gradients"], "--gradients is for a program"),
        (["worked-example", "--plot", "a.png"], "--plot is for a program"),
        (["worked-example", "--format", "markdown"], "--format markdown is for a program"),
        (
            ["model.py:loss", "--gradients", "gradients", "--parameters", "point.json"],
            "gradients: expected FILE.py:FUNCTION",
        ),
        (["model.py:both", "--parameters", "point.json", "--select", "Q"], "select: found 'Q'"),
        (["model.py:both", "--parameters", "point.json", "--plot", "a.txt"], "a name that ends in"),
    ],
)
def test_options_that_do_not_fit_are_refused(here, capsys, arguments, said):
    if "--plot" in arguments:
        pytest.importorskip("matplotlib")
    assert check(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_a_network_is_checked_as_before(capsys):
    assert check("worked-example") == 0
    assert "gradients: right" in capsys.readouterr().out


def test_hunt_finds_the_special_point_of_a_program_and_gives_a_line_for_a_test(here, capsys):
    (here / "model_at_zero.py").write_text(
        "import numpy as np\n\ndef both(p):\n    x = p['x']\n"
        "    return float(np.sum(x**2)), {'x': np.where(x == 0, 1.0, 2 * x)}\n\n"
        "start = {'x': np.array([0.5])}\n",
        encoding="utf-8",
    )
    assert main(["hunt", "model_at_zero.py:both", "--parameters", "model_at_zero.py:start"]) == 1
    out, _ = capsys.readouterr()
    assert out.startswith("hunt: wrong where x[0] = 0")
    assert "\ntest: gradcheck.assert_gradients(both, None, {'x': np.array([0.0])}, seed=0)\n" in out
    arguments = [
        "hunt",
        "model_at_zero.py:both",
        "--parameters",
        "model_at_zero.py:start",
        "--format",
        "json",
    ]
    assert main(arguments) == 1 and json.loads(capsys.readouterr()[0])["verdict"] == "wrong"
    assert main(["hunt", "model.py:both", "--parameters", "point.json"]) == 0
    assert capsys.readouterr()[0].startswith("hunt: no special point found")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["xor"], "expected a function of a program"), (["model.py:both"], "--parameters is needed with")],
)
def test_hunt_wants_a_program_and_a_point(here, capsys, arguments, said):
    assert main(["hunt", *arguments]) == 2
    assert said in capsys.readouterr()[1]
