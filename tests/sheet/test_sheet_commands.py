"""`neuronnet check` and `neuronnet mistakes`: exit statuses, formats, kinds of sheets, and input meant to do
harm.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from neuronnet.cli import main

ROOT = Path(__file__).parent.parent.parent
RIGHT = "network: worked-example\nnet_h1 = w1*i1 + w2*i2 + b1 = 0.3775\n"
TOML = """[[layer]]
activation = "tanh"
weights = [[0.5]]
[[sample]]
inputs = [1.0]
targets = [0.0]
"""


@pytest.fixture
def check(tmp_path, capsys):
    """Runs `check` on a text; gives the status, what was printed, and what was complained about."""

    def run(text, *arguments, name="sheet.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        status = main(["check", str(path), *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.parametrize(
    "text, status",
    [
        (RIGHT, 0),
        (RIGHT + "out_h1 = 0.5932\n", 0),
        (RIGHT + "out_h1 = 0.4\n", 1),
        (RIGHT + "net_h1 = w1*i1 + w3*i2 + b1\n", 1),
        (RIGHT + "foo = 1\n", 2),
        (RIGHT + "out_h1 = 0.4\nfoo = 1\n", 1),
        ("net_h1 = 0.3775\n", 3),
        ("", 2),
    ],
)
def test_the_exit_status_says_whether_all_is_right(check, text, status):
    assert check(text)[0] == status


@pytest.mark.parametrize(
    "text, name, verdicts",
    [
        ("name,value\nnet_h1,0.3775\nout_h1,0.61\n", "numbers.csv", ["right", "wrong number"]),
        ('{"net_h1": 0.3775, "out_h1": 0.61}', "numbers.json", ["right", "wrong number"]),
        ("net_h1;0,3775\nout_h1;0,61\n", "numbers.csv", ["right", "wrong number"]),
        ("# Mine\n\nText.\n\n```derivation\nnet_h1 = 0.3775\n```\n", "mine.md", ["right"]),
        (
            "We get $net_{h1} = w_1 i_1 + w_2 i_2 + b_1$ and\n\\begin{align*}\nout_{h1} &= "
            "\\frac{1}{1+e^{-net_{h1}}} \\\\\n"
            "&= 0.593269992\\\\\n\\frac{\\partial E_{total}}{\\partial w_5} &= \\delta_{o1} \\cdot "
            "out_{h2}\n\\end{align*}\n",
            "mine.tex",
            ["right", "right", "wrong formula"],
        ),
    ],
)
def test_every_kind_of_sheet_is_judged(check, text, name, verdicts):
    _, out, _ = check(text, "--network", "worked-example", "--format", "json", name=name)
    assert [line["verdict"] for line in json.loads(out)["lines"]] == verdicts


def test_a_markdown_sheet_carries_its_network(check):
    status, out, _ = check(
        f"# A neuron\n\n```toml\n{TOML}```\n\n```derivation\nout_o1 = tanh(w1*i1) = 0.46212\n```\n",
        name="one.md",
    )
    assert status == 0 and "1 line judged: 1 right." in out


def test_a_network_beside_the_sheet_is_found_and_never_overwritten(check, tmp_path):
    (tmp_path / "mine.toml").write_text(TOML, encoding="utf-8")
    sheet = "network: mine.toml\nnet_o1 = 0.5\n"
    assert check(sheet)[0] == 0
    status, _, err = check(sheet, "-o", str(tmp_path / "mine.toml"), "--format", "text")
    assert status == 2 and "overwrite" in err
    status, _, err = check(sheet, "-o", str(tmp_path / "sheet.txt"))
    assert status == 2 and "overwrite" in err
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == TOML and (
        tmp_path / "sheet.txt"
    ).read_text() == sheet


@pytest.mark.slow
def test_standard_input_and_every_format():
    for form, beginning in (
        ("text", "1 line judged: 1 right.\n"),
        ("markdown", "1 line judged: 1 right.\n\n| "),
        ("json", "{"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "neuronnet", "check", "-", "--format", form],
            input=RIGHT,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith(beginning) and done.stderr == ""


def test_what_is_not_judged_is_said(check):
    _, out, _ = check(
        "network: worked-example\n\n```derivation\nnet_h1 = 0.3775\n```\n\nThen $out_{h1} = 0.9$.\n",
        name="sheet.md",
    )
    assert "Not judged: line 7, with formulas outside of what is read as claims." in out


def grow(levels):
    return "".join(f"let a{level} = a{level - 1}*a{level - 1}\n" for level in range(1, levels))


HOSTILE = {
    "a line of ten megabytes": (RIGHT + "net_h1 = " + "w1*" * 3_300_000 + "1\n", "3  unreadable"),
    "ten thousand brackets": (RIGHT + "net_h1 = " + "(" * 10_000 + "1\n", "3  unreadable"),
    "a tower of powers": (RIGHT + "net_h1 = 9**9**9**9\n", "3  unreadable"),
    "NUL bytes": (RIGHT + "net_h1 = \0\0\n", "3  unreadable"),
    "code": (RIGHT + "net_h1 = __import__('os').system('true')\n", "3  unreadable"),
    "a number beyond all numbers": (RIGHT + "net_h1 = 1e400\n", "3  unreadable"),
    "infinity": (RIGHT + "net_h1 = -ln(0)\n", "3  unreadable"),
    "right-to-left marks": (RIGHT + "net_h1 = \u202e5773.0\n", "3  unreadable"),
    "another encoding": (RIGHT.encode() + "net_h1 = 0,3775 größer\n".encode("latin-1"), "line 3"),
    "two bytes a letter": (RIGHT.encode("utf-16"), "not UTF-8"),
    "definitions that double": (
        RIGHT + "let a0 = w1\n" + grow(60) + "net_h1 = a59 + zz\n",
        "63  unknown name",
    ),
    "definitions beyond all numbers": (
        RIGHT + "let a0 = eta + 1\n" + grow(60) + "net_h1 = a59\n",
        "63  undecided",
    ),
    "definitions in a chain": (
        RIGHT
        + "let a0 = w1\n"
        + "".join(f"let a{k} = (a{k - 1} + 1)*2\n" for k in range(1, 3000))
        + "zz = 1\n",
        "3003  unknown name",
    ),
    "a long name": (RIGHT + "w" * 10_000 + " = 1\n", "3  unknown name"),
    "a name of a file that is too long": ("network: " + "a" * 15_000 + "\nnet_h1 = 1\n", "line 1"),
    "a network without an end": ("network: /dev/zero\nnet_h1 = 1\n", "line 1"),
    "deep JSON": ("[" * 100_000, "1  unreadable"),
    "deep fractions": (RIGHT + "$" + "\\frac{" * 5_000 + "$\n", "3  unreadable"),
}


# Checks one file after another, in ten seconds of computing; prints status and what was said as JSON.
CHECKED = """
import contextlib, io, json, signal, sys
from neuronnet.cli import main
for path in sys.argv[1:]:
    signal.setitimer(signal.ITIMER_PROF, 10)
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        status = main(["check", path])
    print(json.dumps([status, said.getvalue()]), flush=True)
"""


@pytest.mark.slow
def test_a_hostile_sheet_ends_soon_with_its_line(tmp_path):
    """All of them in one process, whose memory is bounded; a traceback or an end by the clock is an error."""
    for number, (text, _) in enumerate(HOSTILE.values()):
        path = tmp_path / f"sheet{number}.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    limit = 600 * 2**20  # of address space, which is more than memory
    done = subprocess.run(
        [sys.executable, "-c", CHECKED, *(f"{tmp_path}/sheet{number}.txt" for number in range(len(HOSTILE)))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (list(HOSTILE)[len(ended)], done.stderr)
    wrong = [
        (sheet, status, said[-500:])
        for (sheet, (_, place)), (status, said) in zip(HOSTILE.items(), ended, strict=True)
        if status != (3 if "undecided" in place else 2) or place not in said
    ]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "network, form", [("worked-example", "text"), ("han-kamber", "markdown"), ("worked-example", "json")]
)
def test_the_table_of_mistakes(network, form, capsys):
    assert main(["mistakes", network, "--format", form]) == 0
    out = capsys.readouterr().out
    if form == "json":
        table = json.loads(out)
        assert len({each["id"] for each in table}) == len(table) > 50
        assert all(each["numbers"] and each["sentence"].endswith(".") for each in table)
    else:
        assert "sign flipped" in out and ("|" in out) == (form == "markdown")


def test_the_table_says_which_mistakes_look_alike(capsys):
    assert main(["mistakes"]) == 0
    out = capsys.readouterr().out
    assert "This network cannot tell apart" in out and "learning rate missing = learning rate doubled" in out
    lines = {line.split("  ")[0]: line.split() for line in out.splitlines() if line}
    assert lines["none (right)"][4:] == ["0.149780716", "0.561370121", "0.298371109", "0.291027774"]
    assert lines["only the output layer updated"][5:] == [".", ".", "0.150000000", ".", ".", "0.291028729"]
    assert "0.149817639" in out and "0.291027924" in out
