"""A sheet that brings its own model: what its report says first, how it was read, what is derived from it."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neuronnet import Model, NeuronnetError, check_sheet
from neuronnet.cli import main
from neuronnet.render.text import line_numbers

ROOT = Path(__file__).parent.parent.parent
GIVEN = "x = 0.5   t = 0.8   w1 = 0.4   w2 = -0.6   eta = 0.1\n"
FORWARD = "z = w1 x = 0.2\na = tanh(z) = 0.1974\ny = w2 a = -0.1184\nL = 1/2 (y - t)^2 = 0.4218\n"
RIGHT = GIVEN + FORWARD + "δ = (y - t) w2 (1 - a^2) = 0.5296\ndL/dw1 = δ x = 0.2648\n"
WRONG = GIVEN + FORWARD + "δ = dL/dz = (y - t) w2 (1 - a) = 0.4423\ndL/dw1 = δ x = 0.2211\n"
BATCH = """
X = [[0.5, 1], [1.5, -0.5], [-1, 0.3]]
T = [[1], [0], [0]]
W = [[0.3], [-0.2]]
E = X @ W - T
J = mean(E**2)
"""
COLUMNS = BATCH.replace("X @ W", "X.T @ W").replace("1], [1.5, -0.5], [-1,", "1, 2], [1.5, -0.5,")
LATEX = r"""$x_1 = 0.5$, $\theta = 0.4$, $t = 1$ and
$$z^{(1)} = \theta x_1, \qquad \hat{y} = \tanh z^{(1)}, \qquad E = (\hat{y} - t)^2$$
$$\delta_1 = 2(\hat{y} - t)(1 - \hat{y}^2)$$
"""
SUM = BATCH + "dE = 2 E\ndW = X.T @ dE\n"


def first_sentences(text):
    return str(check_sheet(text)).split("\n\n")[0].split("\n")


# The verdict comes first


@pytest.mark.parametrize(
    "text, sentences",
    [
        (RIGHT, ["6 lines judged: 6 right.", "Not judged: 5 given."]),
        (
            "One unit\n\n" + RIGHT + "Done!\n",
            ["6 lines judged: 6 right.", "Not judged: 5 given, prose in lines 1 and 10."],
        ),
        (
            WRONG,
            [
                "6 lines judged: 4 right, 1 mistake, 1 line only follows from it.",
                "Line 6 is wrong: δ = (y - t) w2 (1 - a): a square is missing: a^2.",
                "Not judged: 5 given.",
            ],
        ),
        (
            GIVEN + "z = w1 x\na = tanh(z)\ny = w2 a\nL = 1/2 (y - t)^2\ndL/dy = t - y\n",
            [
                "1 line judged: 1 mistake.",
                "Line 6 is wrong: dL/dy = t - y: the sign of t - y is turned around: y - t.",
                "Not judged: 5 given, 4 model lines (z, a, y, L).",
            ],
        ),
        (
            RIGHT + "dL/dw2 = 0.7\ndL/db = 0.5\n",
            [
                "8 lines judged: 6 right, 1 undecided, 1 mistake.",
                "Line 8 is wrong: dL/dw2 = 0.7: exact is -0.181.",
                "Line 9 is undecided: no line of this sheet connects b with L; add one that computes it.",
                "Not judged: 5 given.",
            ],
        ),
        (
            "x = 2\nw = 3\ny = w x\nL = (y - 1)^2\nfoo bar ( = 1\ndL/dw = 2 (y - 1) x = 20\n",
            [
                "1 line judged: 1 right; 1 not read.",
                "Not read: line 5 (unreadable).",
                "Not judged: 2 given, 2 model lines (y, L).",
            ],
        ),
        ("x = 2\nw = 3\n", ["0 lines judged.", "Not judged: 2 given."]),
    ],
)
def test_the_verdict_comes_first(text, sentences):
    assert first_sentences(text) == sentences


def test_right_lines_are_counted_among_judged_lines_alone():
    report = check_sheet(RIGHT)
    assert report.counts() == {"right": 6, "given": 5}
    assert report.to_dict()["judged"] == 6


def test_a_mistake_is_told_from_what_follows_from_it():
    report = check_sheet(WRONG)
    assert ([line.line for line in report.own_mistakes], [line.line for line in report.followers]) == (
        [6],
        [7],
    )
    found = report.to_dict()
    assert (found["own_mistakes"], found["followers"], found["first_wrong"]) == ([6], [7], 6)
    assert [line["follows_from"] for line in found["lines"]][-2:] == [None, 6]


def test_differences_are_in_plain_digits():
    text = str(check_sheet(WRONG))
    assert "printed 0.2211, exact 0.264794 (computed from a wrong number)" in text
    assert "printed 0.4423, exact 0.529588 (the computation beside it gives this)" in text
    assert " units" not in text


def test_a_wrong_formula_comes_with_its_repair_and_small_numbers():
    part = check_sheet(WRONG).lines[-2].worst
    assert (part.repair.formula, part.repair.kind) == ("(y - t)*w2*(1 - a^2)", "number")
    assert part.counterexample == (
        "with y = -0.24, t = 0.2, w2 = -0.6, a = 0.4, dL/da = 0.264: δ is 0.2218, the formula gives 0.1584"
    )


@pytest.mark.parametrize(
    "let, verdict",
    [
        ("", "right"),
        ("let δ = ∂L/∂z\n", "right"),
        ("let δ = -∂L/∂z\n", "wrong formula"),
        ("let δ = ∂L/∂a\n", "wrong formula"),
    ],
)
def test_a_name_means_what_its_author_lets_it_mean(let, verdict):
    report = check_sheet(let + GIVEN + FORWARD + "δ = (y - t) w2 (1 - a^2)\n")
    assert report.lines[-1].verdict == verdict
    assert len(report.lines) == 10


def test_a_let_that_cannot_be_read_is_told():
    report = check_sheet("let δ = ∂L/∂q\n" + RIGHT)
    assert (report.status, report.lines[0].line, report.lines[0].verdict) == (2, 1, "unknown name")


@pytest.mark.parametrize(
    "lines, note",
    [
        ("δ = 7\n", "which derivative δ is does not follow from this sheet; write let δ = ∂L/∂z"),
        ("∂L/∂θ_q = 7\n", "no line of this sheet connects θ_q with L; add one that computes it"),
        ("w1' = 0.3\n", "the learning rate is not known; write eta = 0.5, say"),
    ],
)
def test_what_would_decide_a_line_is_said_in_its_authors_names(lines, note):
    line = check_sheet(GIVEN.replace("   eta = 0.1", "") + FORWARD + lines).lines[-1]
    assert (line.verdict, line.worst.note) == ("undecided", note)


@pytest.mark.parametrize("number, verdict", [("0.35", "right"), ("0.45", "wrong number")])
def test_a_rate_that_no_line_gives_is_the_number_that_stands_for_it(number, verdict):
    text = f"x = 1\nw = 0.4\ny = w x = 0.4\nL = (y - 0.15)²\nw⁺ = w - η ∂L/∂w = 0.4 - 0.1 * 0.5 = {number}\n"
    report = check_sheet(text)
    assert report.lines[-1].verdict == verdict
    assert "eta = 0.1 from line 5" in str(report)


GENERAL = "x = -2\ny = 5\nz = -4\nf(x, y, z) = (x + y) z\nq = x + y = 3\n"


@pytest.mark.parametrize(
    "lines, verdicts",
    [
        ("f = q z = -12\n∂f/∂q = z = -4\n∂f/∂x = ∂f/∂q ∂q/∂x = -4\n", ["right", "right", "right"]),
        ("f = q z = -12\n∂f/∂q = q = 3\n∂f/∂x = ∂f/∂q ∂q/∂x = -4\n", ["right", "wrong formula", "right"]),
        ("∂f/∂x = ∂f/∂q ∂q/∂x = -4\n", ["undecided"]),
        ("v = 0.4\nv⁺ = v - 0.5 ∂f/∂v = 0.35\n", ["given", "undecided"]),
        (
            "u = [1, 2]\np = [0.0900, 0.9100]\n∂p_1/∂u_1 = 0.0900*(1 - 0.0900) = 0.0819\n",
            ["given", "given", "undecided"],
        ),
    ],
)
def test_no_derivative_is_zero_because_no_line_has_its_path(lines, verdicts):
    report = check_sheet(GENERAL + lines)
    assert [line.verdict for line in report.lines[5:]] == verdicts


def test_a_repair_speaks_of_names_as_their_author_does():
    text = "x_1 = 0.5\nθ = 0.4\nŷ = θ x_1\nL = (ŷ - 1)²\nδ_ŷ = ∂L/∂ŷ = 2 (ŷ - 1)\n∂L/∂θ = δ_ŷ\n"
    line = check_sheet(text).lines[-1]
    assert (line.verdict, line.worst.repair.formula) == ("wrong formula", "δ_ŷ*x_1")


SECOND_PASS = """w1 := w1 - eta dL/dw1 = 0.3735
z = w1 x = 0.1868
a = tanh(z) = 0.1846
y = w2 a = -0.1108
L = 1/2 (y - t)^2 = 0.4148
"""


@pytest.mark.parametrize(
    "claim, verdict",
    [
        ("dL/dw2 = (y - t) a = -0.1681", "right"),
        ("dL/dw1 = (y - t) w2 (1 - a^2) x = 0.2639", "right"),
        ("dL/dx = (y - t) w2 (1 - a^2) w1 = 0.1972", "right"),
        ("dL/dx = (y - t) w2 (1 - a^2) = 0.5278", "wrong formula"),
        ("dL/dw2 = (y - t) a = -0.1813", "wrong number"),
    ],
)
def test_the_next_pass_takes_what_was_updated_as_given(claim, verdict):
    report = check_sheet(RIGHT + SECOND_PASS + claim)
    assert [line.verdict for line in report.lines if line.kind == "judged"] == ["right"] * 11 + [verdict]


WITHOUT_A_LOSS = """X = [[1, -2], [0.3, 1]]   Y = [[1, 0]]   W^{[1]} = [[0.2, -0.4], [0.5, 0.1]]   m = 2
W^{[2]} = [[0.7, -0.5]]
Z^{[1]} = W^{[1]} X
A^{[1]} = tanh(Z^{[1]})
Z^{[2]} = W^{[2]} A^{[1]}
A^{[2]} = σ(Z^{[2]})
"""


@pytest.mark.parametrize(
    "lines, verdicts",
    [
        (["dZ^{[2]} = A^{[2]} - Y", "dW^{[2]} = dZ^{[2]} A^{[1]T}"], ["seed", "right"]),
        (["dZ^{[2]} = [[0.1, -0.2]]", "dW^{[2]} = dZ^{[2]} A^{[1]T}"], ["seed", "right"]),
        (["dZ^{[2]} = A^{[2]} - Y", "dW^{[2]} = 1/m dZ^{[2]} A^{[1]T}"], ["seed", "right"]),
        (["dZ^{[2]} = A^{[2]} - Y", "dW^{[2]} = dZ^{[2]} A^{[1]}"], ["seed", "wrong formula"]),
        (["∂J/∂Z^{[2]} = A^{[2]} - Y", "∂J/∂W^{[2]} = ∂J/∂Z^{[2]} A^{[1]}"], ["seed", "wrong formula"]),
        (
            [
                "dZ^{[2]} = A^{[2]} - Y",
                "dZ^{[1]} = W^{[2]T} dZ^{[2]} ⊙ (1 - A^{[1]2})",
                "dW^{[1]} = dZ^{[1]} Xᵀ",
            ],
            ["seed", "right", "right"],
        ),
    ],
)
def test_without_a_loss_everything_behind_the_first_derivative_is_judged(lines, verdicts):
    report = check_sheet(WITHOUT_A_LOSS + "\n".join(lines))
    assert [line.verdict for line in report.lines[-len(lines) :]] == verdicts


def test_a_delta_that_a_forward_line_uses_is_given():
    report = check_sheet(
        "δ = 0.5\ny = 2\nt = 0.4\nL = δ (|y - t| - δ/2) = 0.675\ndL/dy = δ = 0.5\ndL/dt = δ\n"
    )
    assert [line.verdict for line in report.lines[3:]] == ["right", "right", "wrong formula"]


# What was understood


@pytest.mark.parametrize(
    "text, clause",
    [
        (RIGHT, "given: x, t, w1, w2, eta"),
        (RIGHT, "model: lines 2 to 5; the loss is L"),
        (RIGHT, "δ is dL/dz"),
        (BATCH + "dE = 2 E / 3\ndW = X.T @ dE\n", "rows are samples"),
        (COLUMNS + "dW = X @ (2 E / 3)\n", "columns are samples"),
        (SUM, "the gradients dW are of the sum over the samples, 3 times ∂J/∂W"),
        (FORWARD.replace("w1 x", "w1 x = 0.4*0.5") + "dL/dz = 0.5296\n", "x = 0.5 from line 1"),
        ("y = w x = 0.2\nL = (y - 1)^2\ndL/dy = 2 (y - 1)\n", "no line gives a value to w, x"),
        ("x = 0.5\nw = 0.4\ny = w x\n", "model: line 3; no loss was found"),
        (LATEX, "given: x_1, θ, t"),
        (LATEX, "δ_1 is dE/dz^{(1)}"),
        ("x = 0.5\nw = 0.4\ny = w x\ndy = 0.1\ndw = dy x = 0.05\n", "dy in line 4 is taken as given"),
    ],
)
def test_how_a_sheet_was_read_is_said(text, clause):
    assert clause in check_sheet(text).reading.sentences()
    assert clause in str(check_sheet(text)).split("As I read it")[1]
    assert clause in check_sheet(text).markdown()


def test_the_report_as_a_dict_has_what_was_understood():
    found = json.loads(json.dumps(check_sheet(WRONG).to_dict(), allow_nan=False))
    assert found["reading"] == {
        "given": ["x", "t", "w1", "w2", "eta"],
        "model_lines": [2, 3, 4, 5],
        "loss": "L",
        "meanings": ["δ is dL/dz"],
        "notes": [],
        "without_value": [],
        "prose": [],
    }
    assert [line["kind"] for line in found["lines"]] == ["given"] * 5 + ["judged"] * 6
    assert found["lines"][-2]["repair"]["formula"] == "(y - t)*w2*(1 - a^2)"
    assert found["status"] == 1 and "conventions" not in found


def test_a_sheet_with_a_network_has_its_conventions_last_and_only_those_that_matter():
    head = "network: worked-example\nnet_h1 = 0.3775\n"
    text = str(check_sheet(head))
    assert text.startswith("1 line judged: 1 right.\n\n  2  right")
    assert text.endswith("bias: one shared by the layer, frozen (has a gradient, is never updated)")
    assert str(check_sheet(head + "w5@1 = 0.35891648\n")).endswith("learning rate eta = 0.5")
    assert check_sheet(head).reading is None


@pytest.mark.parametrize(
    "numbers, text",
    [
        ([4], "line 4"),
        ([4, 5], "lines 4 and 5"),
        ([3, 4, 5, 6], "lines 3 to 6"),
        ([9, 3, 4, 5, 6], "lines 3 to 6 and 9"),
        ([1, 3, 4, 9, 10, 11], "lines 1, 3, 4 and 9 to 11"),
    ],
)
def test_line_numbers_are_told_in_runs(numbers, text):
    assert line_numbers(numbers) == text


# The model in Python


def test_a_model_has_values_formulas_and_derivatives_in_plain_python():
    model = Model.from_text("x = [0.5, -1]\nW = [[0.1, -0.2], [0.3, 0.4]]\nz = W x\nL = sum(z^2)\n")
    assert (model.loss, model["L"]) == ("L", 0.125)
    assert model["z"] == [0.25, -0.25]
    assert model["∂L/∂W"] == model["dL/dW"] == model["dW"] == [[0.25, -0.5], [-0.25, 0.5]]
    assert model.formula("dL/dW") == "dL/dz @ xᵀ"
    assert model.in_numbers("dL/dW") == "[0.5, -0.5] @ [0.5, -1]ᵀ"
    assert model.factors("dL/dW") == ["dL/dz", "x"]
    assert model.formula("x") is None
    assert model.names() == ["x", "W", "z", "L", "dL/dz", "dL/dx", "dL/dW"]


def test_a_model_keeps_helpers_and_updates_under_their_names():
    model = Model.from_text(RIGHT + "w1' = w1 - eta dL/dw1 = 0.3735\n")
    assert model.formula("δ") == "dL/dz"
    assert (model["w1'"], model["w1"]) == (0.4 - 0.1 * model["dL/dw1"], 0.4)


@pytest.mark.parametrize("word", ["σ", "sigmoid", "logistic"])
def test_the_logistic_function_is_called_as_its_author_calls_it(word):
    model = Model.from_text(f"x = 0.5\nδ_0 = 2\ny = {word}(δ_0 x)\nL = (y - 1)^2\n")
    assert (model.formula("y"), model.formula("net_y")) == (f"{word}(net_y)", "δ_0*x")
    assert model.formula("dL/dnet_y") == f"dL/dy * {word}'(net_y)"


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("network: xor\nnet_h1 = 0.3\n", "names a network"),
        ("nothing here\n", "no formula found"),
        ("x = 2\n", "no formula found"),
        ("x = [1, 2]\nW = [[1, 2, 3]]\nz = W x\nL = z^2\ndL/dz = 2 z\n", "line 3: .*1×3"),
        ("a = b + 1\nb = a + 1\nL = a^2\ndL/da = 2 a\n", "line [12]:"),
    ],
)
def test_a_text_without_a_usable_model_is_refused(text, complaint):
    with pytest.raises(NeuronnetError, match=complaint):
        Model.from_text(text)


@pytest.mark.parametrize("name", ["dL/dq", "q", "", "dx/dz", "(", "dL/dL/dL"])
def test_a_name_that_the_model_lacks_is_refused(name):
    with pytest.raises(NeuronnetError):
        Model.from_text(RIGHT)[name]


# Commands


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(RIGHT, encoding="utf-8")
    return str(path)


def test_derive_shows_every_quantity_in_its_authors_names(sheet, capsys):
    assert main(["derive", sheet]) == 0
    groups = dict(group.split("\n", 1) for group in capsys.readouterr().out.rstrip().split("\n\n"))
    assert list(groups) == ["Given", "Forward", "Derivatives of L", "Made from these"]
    assert "  a = tanh(z) = tanh(0.2) = 0.19737532\n" in groups["Forward"]
    assert "  dL/dz = dL/da * tanh'(z) = 0.5511 * tanh'(0.2) = 0.529587652\n" in groups["Derivatives of L"]
    assert groups["Made from these"] == "  δ = dL/dz = 0.5296 = 0.529587652"


def test_a_later_pass_is_derived_in_the_order_of_its_lines(capsys):
    assert main(["derive", "convolution"]) == 0
    found = re.findall(r"^ +(\w+)@1 = ", capsys.readouterr().out, re.MULTILINE)
    assert found == "c11 c12 c13 c14 c21 c22 c23 c24 p1 p2 y L".split()


def test_derive_shows_one_quantity_with_its_factors(sheet, capsys):
    assert main(["derive", sheet, "--only", "∂L/∂w1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "∂L/∂w1 = dL/dz * x = 0.5296 * 0.5 = 0.264793826",
        "where",
        "  dL/dz = dL/da * tanh'(z) = 0.5511 * tanh'(0.2) = 0.529587652",
        "  x = 0.5",
    ]


def test_derive_writes_json(sheet, capsys):
    assert main(["derive", sheet, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {each["name"]: each for each in found["quantities"]}
    assert found["loss"] == "L" and list(rows) == Model.from_text(RIGHT).names()
    assert rows["dL/dw1"] == {
        "name": "dL/dw1",
        "formula": "dL/dz * x",
        "value": Model.from_text(RIGHT)["dL/dw1"],
    }


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--updates", "2"], "--updates: a sheet has"),
        (["--sample", "1"], "--sample: a sheet has"),
        (["--only", "dL/dq"], "unknown name 'dL/dq'"),
    ],
)
def test_derive_refuses_what_a_sheet_has_not(sheet, arguments, complaint, capsys):
    assert main(["derive", sheet, *arguments]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("text, start", [(RIGHT, "Given\n"), ('[[layer]]\nactivation = "tanh"\n', "")])
def test_standard_input_holds_a_sheet_or_a_network(text, start):
    done = subprocess.run(
        [sys.executable, "-m", "neuronnet", "derive", "-"],
        input=text,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.stdout.startswith(start) and (done.returncode, done.stderr[:11]) in [
        (0, ""),
        (2, "neuronnet: "),
    ]


def test_an_example_sheet_is_checked_by_its_name(capsys):
    assert main(["check", "lstm-step"]) == 0
    assert capsys.readouterr().out.startswith("25 lines judged: 25 right.\nNot judged: 11 given.\n")
    assert main(["check", "lstm-step-mistake"]) == 1
    assert "Line 33 is wrong: δ_g = dL/dg ⊙ g ⊙ (1 - g): the slope of tanh" in capsys.readouterr().out


HOSTILE = {
    "a value that doubles its digits": "".join(f"a{k + 1} = a{k} a{k}\n" for k in range(60)) + "L = a60\n",
    "terms without number": "".join(f"a{k + 2} = a{k + 1} a{k}\n" for k in range(60)) + "L = a61\n",
    "many givens": "".join(f"q{k} = {k}\n" for k in range(2000)) + "L = q1 a0\n",
    "a tower of powers": "L = a0^9^9^9\n",
    "a line that needs itself": "a1 = a1 + 1\nL = a1 a0\n",
    "a circle": "a1 = a2\na2 = a1\nL = a1 a0\n",
    "a million entries": "A = np.ones((1000, 1000))\nL = sum(A) a0\n",
    "a large inverse": "L = sum(np.linalg.inv(np.eye(400))) a0\n",
    "no finite value": "L = exp(exp(1000 a0))\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_ends_soon_and_no_line_of_it_is_called_right(name):
    start = time.process_time()
    report = check_sheet("a0 = 1.01\n" + HOSTILE[name] + "dL/da0 = 0.123\n")
    assert time.process_time() - start < 10
    assert report.status != 0 and "right" not in report.counts()


@pytest.mark.parametrize(
    "claim, verdict",
    [
        ("δ1 = δ2 w2 (1 - h^2) = 0.2275", "right"),
        ("dL/dz = δ2 w2 (1 - h^2) = 0.2275", "right"),
        ("dh/dz = 1 - h^2 = 0.9610", "right"),
        ("dh/dz = 1 - h = 0.8026", "wrong formula"),
        ("dL/dz = δ2 w2 (1 - h) = 0.1900", "wrong formula"),
    ],
)
def test_what_goes_into_an_activation_needs_no_name(claim, verdict):
    sheet = "x = 0.5, t = 0.2, w1 = 0.4, w2 = -0.7\nh = tanh(w1 x)\ny = w2 h\nL = 1/2 (y - t)^2\nδ2 = y - t\n"
    users = "\ndL/dw1 = δ1 x" if claim.startswith("δ1") else ""
    lines = check_sheet(f"{sheet}{claim}{users}").lines
    assert next(line.verdict for line in lines if line.text == claim) == verdict


IN_NUMBERS = """x = 0.5, w = 0.8, t = 1
z = 0.8*0.5 = 0.400
a = 1/(1+e^-0.400) = 0.5987
L = (1 - 0.5987)^2 = 0.1611
"""
SOFTMAX_IN_NUMBERS = """z = [0.5, 0.1, 0.8], y = [0, 0, 1]
p = softmax(z) = [0.3311, 0.2219, 0.4469]
L = -ln(0.4469) = 0.8053
"""


@pytest.mark.parametrize(
    "sheet, claim, verdict",
    [
        (IN_NUMBERS, "dL/da = -2 (1 - a) = -0.8026", "right"),
        (IN_NUMBERS, "dL/da = -2 (t - a) = -0.8026", "right"),
        (IN_NUMBERS, "dL/da = 2 (t - a) = 0.8026", "wrong formula"),
        (IN_NUMBERS, "dL/dw = -2 (t - a) a (1 - a) x = -0.0964", "right"),
        (IN_NUMBERS, "dL/dw = -2 (t - a) a x = -0.2403", "wrong formula"),
        (SOFTMAX_IN_NUMBERS, "dL/dz = p - y = [0.3311, 0.2219, -0.5531]", "right"),
        (SOFTMAX_IN_NUMBERS, "dL/dz = y - p = [-0.3311, -0.2219, 0.5531]", "wrong formula"),
        (
            SOFTMAX_IN_NUMBERS.replace("0.8053", "0.8503"),
            "dL/dz = p - y = [0.3311, 0.2219, -0.5531]",
            "right",
        ),
    ],
)
def test_a_loss_in_numbers_depends_on_what_was_computed_to_them(sheet, claim, verdict):
    lines = check_sheet(sheet + claim).lines
    assert lines[-1].verdict == verdict
    assert lines[-2].verdict == ("wrong number" if "0.8503" in sheet else "right")


INVERSE = """A = [[2, 1], [0, 4]], b = [1, 2]
x = A^{-1} b = [0.25, 0.5]
L = 1/2 xᵀ x + ln det(A) = 2.2357
"""


@pytest.mark.parametrize(
    "claim, verdict",
    [
        ("A^{-1} = 1/8 [[4, -1], [0, 2]] = [[0.5, -0.125], [0, 0.25]]", "right"),
        ("A^{-1} = 1/8 [[4, 1], [0, 2]] = [[0.5, 0.125], [0, 0.25]]", "wrong number"),
        ("det A = 2 · 4 - 1 · 0 = 8", "right"),
        ("det A = 2 · 4 + 1 = 9", "wrong number"),
        ("tr(A) = 6", "right"),
        ("∂L/∂b = A^{-T} x = [0.125, 0.0938]", "right"),
        ("∂L/∂b = A⁻¹ x", "wrong formula"),
        (r"$\frac{\partial L}{\partial b} = A^{-\top} x$", "right"),
        ("∂L/∂A = -A^{-T} x xᵀ + A^{-T}", "right"),
        ("∂L/∂A = -A^{-1} x xᵀ + A^{-T}", "wrong formula"),
    ],
)
def test_a_matrix_has_an_inverse_a_determinant_and_a_trace(claim, verdict):
    report = check_sheet(INVERSE + claim)
    assert [line.verdict for line in report.lines[2:]] == ["right", "right", verdict]


HESSIAN = "A = [[2, 0.5], [-0.1, 1]]\nx = [0.3, 0.2]\nf(x) = 1/2 xᵀ A x = 0.122\n"
SCALARS = "x_1 = 0.3\nx_2 = 0.2\nf = x_1^2 x_2 + 3 x_2^2 = 0.138\n"


@pytest.mark.parametrize(
    "sheet, claim, verdict",
    [
        (HESSIAN, "∇²f = (A + Aᵀ)/2 = [[2, 0.2], [0.2, 1]]", "right"),
        (HESSIAN, "∇^2 f = A + Aᵀ", "wrong formula"),
        (HESSIAN, "H = ∇²f\nx' = x - H⁻¹ ∇f = [0, 0]", "right"),
        (HESSIAN, "H = ∇²f\nx' = x - H⁻¹ ∇f = [0.123, 0]", "wrong number"),
        (HESSIAN, "x' = x - (∇²f)⁻¹ ∇f = [0, 0]", "right"),
        (HESSIAN, "x' = x + (∇²f)⁻¹ ∇f = [0.6, 0.4]", "wrong formula"),
        (SCALARS, "H_{11} = ∂²f/∂x_1² = 2 x_2 = 0.4", "right"),
        ("x = [0.3, 0.2]\nf = x_1^2 x_2 = 0.018\n", "∂²f/∂x_1∂x_2 = 2 x_1 = 0.6", "right"),
        (SCALARS, "H_{12} = ∂²f/∂x_1∂x_2 = 2 x_2 = 0.4", "wrong formula"),
    ],
)
def test_a_second_derivative_by_an_array_is_a_matrix(sheet, claim, verdict):
    assert check_sheet(sheet + claim).lines[-1].verdict == verdict


ALL_IN_NUMBERS = """x1 = 1.0, x2 = 0.5, w1 = 0.3, w2 = -0.2, b = 0.1, y = 0
net = 0.3*1.0 + (-0.2)*0.5 + 0.1 = 0.3
out = 1/(1+exp(-0.3)) = 0.5744
E = 0.5*(0 - 0.5744)^2 = 0.1650
dE/dout = 0.5744
"""
ATTENTION = """q = [1, 0], k1 = [1, 1], k2 = [0, 1], v1 = 2, v2 = -1
s1 = q · k1 = 1, s2 = q · k2 = 0
a = softmax(s) = [0.7311, 0.2689]
o = a_1 v1 + a_2 v2 = 1.1932
L = o^2/2
dL/da_1 = 2.3864
"""


@pytest.mark.parametrize(
    "sheet, claim, verdict",
    [
        (ALL_IN_NUMBERS, "dE/dw1 = 0.5744*0.2445*1.0 = 0.1404", "right"),
        (ALL_IN_NUMBERS, "dE/dw2 = out out (1 - out) x2 = 0.0702", "right"),
        (ALL_IN_NUMBERS, "dE/dw2 = out out (1 - out) x1 = 0.1404", "wrong formula"),
        (ALL_IN_NUMBERS, "dE/dw2 = 0.5744*0.2445*1.0 = 0.1404", "wrong number"),
        (ATTENTION, "dL/ds1 = a_1 (2.3864 - (0.7311*2.3864 - 0.2689*1.1932)) = 0.7038", "right"),
        (ATTENTION, "dL/ds1 = a_1 (2.3864 + (0.7311*2.3864 - 0.2689*1.1932)) = 2.7857", "wrong formula"),
        (ATTENTION, "dL/ds2 = a_2 (-o - 1.4238) = -0.7038", "right"),
        (ATTENTION, "dL/ds2 = a_2 (-o - 1.4258) = -0.7043", "wrong formula"),
        (ATTENTION, "dL/ds2 = a_2 (o - 1.4238) = -0.0620", "wrong formula"),
    ],
)
def test_numbers_stand_for_what_was_computed_and_entries_for_their_vector(sheet, claim, verdict):
    *before, last = check_sheet(sheet + claim).lines
    assert {line.verdict for line in before} <= {"given", "right", "model"}
    assert last.verdict == verdict


@pytest.mark.parametrize("loss, verdict", [("cost", "right"), ("cost = 2, MSE", "undecided")])
def test_the_loss_of_derivatives_is_the_only_one_that_has_a_line(loss, verdict):
    sheet = f"x = 2, w = 0.5, t = 3\ny = w x = 1\n{loss} = (y - t)^2\ndL/dw = 2 (y - t) x = -8\n"
    assert check_sheet(sheet).lines[-1].verdict == verdict
    wrong = check_sheet(sheet.replace("2 (y - t) x", "2 (y - t)")).lines[-1].verdict
    assert wrong == ("wrong formula" if verdict == "right" else "wrong number")  # 2 (y - t) is not -8


CONVOLUTION = """X = [[1, 2, 0], [0, 1, 3], [2, 1, 1]]
K = [[1, -1], [0, 2]]
Y = X * K = {}
L = 1/2 sum(Y^2)
"""
HELD, TURNED = "[[1, 8], [1, 0]]", "[[3, 6], [-1, 2]]"


@pytest.mark.parametrize(
    "values, claim, verdict",
    [
        (HELD, "dL/dK = X * Y = [[17, 3], [10, 26]]", "right"),
        (HELD, "dL/dX[1,2] = 8 - 1 = 7", "right"),
        (HELD, "dL/dX[1,2] = 8 + 1 = 9", "wrong number"),
        (TURNED, "dL/dY = Y = [[3, 6], [-1, 2]]", "right"),
        (TURNED, "dL/dX[1,1] = 2*3 = 6", "right"),
        ("[[1, 8], [1, 2]]", "dL/dY = Y", "right"),
    ],
)
def test_a_product_of_matrices_that_can_only_be_a_convolution_is_one(values, claim, verdict):
    lines = check_sheet(CONVOLUTION.format(values) + claim).lines
    assert lines[-1].verdict == verdict
    assert lines[2].verdict == ("right" if values in (HELD, TURNED) else "wrong number")


@pytest.mark.parametrize(
    "heading", ["Prediction: yhat = w x + b = [0, 1, 2]", "So the prediction yhat = w x + b = [0, 1, 2]"]
)
def test_a_mean_of_squares_in_numbers_depends_on_the_errors(heading):
    sheet = f"x = [1, 2, 3], y = [2, 4, 5], w = 1, b = -1\n{heading}\nerror: e = yhat - y = [-2, -3, -3]\n"
    sheet += "MSE = (4 + 9 + 9)/3 = 7.333\ndMSE/dw = 2/3 sum(e x) = -11.333\ndMSE/db = 2/3 (-8) = -5.333\n"
    assert {line.verdict for line in check_sheet(sheet).lines} == {"given", "right"}
    assert check_sheet(sheet.replace("2/3 sum", "1/3 sum")).lines[-2].verdict == "wrong formula"


TWO_STEPS = """x1 = 1, x2 = 0.5, h0 = 0, w = 0.6, u = 0.4, t = 0.2
h1 = tanh(w x1 + u h0)
h2 = tanh(w x2 + u h1)
L = (h2 - t)^2
"""


@pytest.mark.parametrize(
    "lines, verdicts",
    [
        (["dL/dz2 = 2 (h2 - t) (1 - h2^2) = 0.4246", "dL/dh1 = dL/dz2 u = 0.1698"], ["right", "right"]),
        (["dL/dz_h1 = 2 (h2 - t) (1 - h2^2) u (1 - h1^2) = 0.1208"], ["right"]),
        (["dL/dz2 = 2 (h2 - t) = 0.5474"], ["wrong formula"]),
        (["dL/dh2 = 2 (h2 - t)", "dL/da2 = dL/dh2 (1 - h2^2) = 0.4246"], ["right", "right"]),
        (["dL/da2 = 2 (h2 - t) = 0.5474", "dL/dh1 = dL/da2 (1 - h2^2) u"], ["right", "right"]),
        (["dL/da2 = 2 (h2 - t) = 0.5474", "dL/dh1 = dL/da2 u"], ["wrong formula", "right"]),
        (["dL/da2 = 2 (h2 - t) = 0.5474"], ["undecided"]),
        (["dL/dz3 = 2 (h2 - t) = 0.5474"], ["undecided"]),
    ],
)
def test_what_goes_into_several_activations_is_told_by_their_indices(lines, verdicts):
    """An `a` may be what goes in or what comes out: its uses decide, or another name for the latter."""
    found = check_sheet(TWO_STEPS + "\n".join(lines)).lines[-len(lines) :]
    assert [line.verdict for line in found] == verdicts


@pytest.mark.parametrize(
    "lines, verdicts",
    [
        (["v := mu*v - eta*dL/dw = 0.075", "w := w + v = 1.075"], ["right", "right"]),
        (["v := mu*v - eta*dL/dw = 0.075", "w := w + v = 1.070"], ["right", "wrong number"]),
        (["w_new = w - eta dL/dw - eta mu w = 0.985"], ["right"]),
        (["w := w + eta dL/dw = 0.925"], ["wrong formula"]),
    ],
)
def test_rules_of_updates_are_their_authors_own(lines, verdicts):
    sheet = "x = 0.5, t = 2, w = 1, v = 0, eta = 0.1, mu = 0.9\ny = w*x\nL = 0.5*(y - t)^2\n"
    found = check_sheet(sheet + "dL/dw = (y - t)*x = -0.75\n" + "\n".join(lines)).lines
    assert [line.verdict for line in found[-len(lines) :]] == verdicts


def test_the_next_sample_brings_its_own_numbers():
    epoch = "y = w x\nL = 1/2 (y - t)^2 = {}\ndL/dw = (y - t) x = {}\nw = w - eta dL/dw = {}\n"
    first, second = epoch.format(0.245, -0.7, 0.65), epoch.format(0.845, 2.6, -0.65)
    report = check_sheet(f"w = 0.3, eta = 0.5\nx = 1, t = 1\n{first}x = 2, t = 0\n{second}")
    assert report.status == 0 and [line.verdict for line in report.lines].count("right") == 6


LAYERS = "x = [0.5, -1]\nt = 0.3\nW1 = [[0.1, -0.2], [0.3, 0.4]]\nW2 = [[0.7, -0.8], [0.2, 0.5]]\n"
OCTAVE = "X = [1 2; 3 4]\ny = [1; 0]\nw = [0.1; -0.2]\nm = 2\nh = X*w\nJ = 1/(2 m)*sum((h - y).^2)\n"
PASSES = "import numpy as np\nh = np.tanh(W1 @ x)\ny = W2 @ h\nL = 0.5*np.sum((y - t)**2)\ndy = y - t\n"
SWEEP = "dW2 = np.outer(dy, h)\ndh = W2.T @ dy\ndz = dh*(1 - h**2)\ndW1 = np.outer(dz, x)\n"


@pytest.mark.parametrize(
    "sheet, status, said",
    [
        (f"{LAYERS}{PASSES}{SWEEP}W1 = W2 - 0.1*dW1", 1, "W1 = W2 - 0.1*dW1. W1, not W2"),
        (f"dW1 = 0\n{LAYERS}{PASSES}{SWEEP}W1 = W1 - 0.1*dW1", 0, "dz is dL/d(W1 @ x)"),
        (f"{LAYERS}{PASSES}print(L)  # 0.9999", 1, "printed 0.9999"),
        ("x = 0.8, w = 0.4\nh = tanh(w x)\ndL/dh = h - x = -0.4905", 3, "; no line was read as the loss"),
        (
            "Adam, loss J = (v x - 2)^2\nx = 1, w = 3\nJ = (w x - 2)^2 = 1\ndJ/dw = 2 (w x - 2) x = 3",
            1,
            "exact is 2",
        ),
        (
            "x = 1,5 y además t = 2\nL = 1/2 (y − t)^2 = 0,98\nw = 0,4 − 0,1·(-2,1) = 0,61",
            2,
            "nothing is called 'y'",
        ),
        (f"{OCTAVE}dJ/dw = X' * (h - y)/m", 0, "1 line judged: 1 right"),
        (f"{OCTAVE}dJ/dw = X * (h - y)/m", 1, "wrong formula"),
    ],
)
def test_what_is_not_as_it_should_be_is_told_in_the_words_of_the_sheet(sheet, status, said):
    report = check_sheet(sheet)
    assert said in str(report) and report.status == status
    assert not any(each in str(report) for each in ("net_h", "@1 ", "_new", "w~"))
