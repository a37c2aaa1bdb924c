"""The documents: every number in them is computed again, and any wrong digit is noticed."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest
from documents import ROOT, blocks_of, complaints, made_parts, spoiled_copies
from profiles import by_day

import neuronnet

WALKTHROUGH, CHECKERS = ROOT / "walkthrough.md", ROOT / "docs" / "checkers.md"
DOCUMENTS = [WALKTHROUGH, ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

HEADINGS = "| quantity | printed | right | really |\n|---|---|---|---|\n"

WRONG = {
    "a digit in the prose": ("There are 2 inputs.", "2 stands in the prose"),
    "a digit in a heading": ("# The 2-2-2 network", "2 stands in the prose"),
    "a digit in a link": ("[text](https://example.org/2015/)", "2015 stands in the prose"),
    "a name outside of code": ("The weight w5 is next.", "w5 stands in the prose"),
    "a number without a name": ("It is `0.298371109`.", "holds a number"),
    "a number that nobody published": ("Copies print `0.291027925`.", "holds a number"),
    "an older Python": ("Needs Python 3.10 or newer.", "3.10 stands in the prose"),
    "a network that cannot be loaded": ("```toml\n[[layer]]\nweights = [[0.5], [0.1, 0.2]]\n```", "layer 1"),
    "a number behind a word": ("It is `about 0.298371109`.", "holds a number"),
    "a name that nothing has": ("The weight `w9`.", "unknown name w9"),
    "a derivative that nothing has": ("The slope `dE_total/dw9`.", "unknown name dE_total/dw9"),
    "a wrong claim in the prose": ("So `net_h1 = 0.3776`.", "printed 0.3776, exact 0.377500"),
    "a wrong identity in the prose": (
        "So `delta_o1 = dE_total/dout_o1`.",
        "the slope of logistic is missing",
    ),
    "a wrong last digit": ("```derivation\nE_total = 0.298371108\n```", "cut off"),
    "a digit too many": ("```derivation\nE_total = 0.2983711087\n```", "cut off"),
    "a wrong sign": ("```derivation\ndelta_o2 = 0.038098237\n```", "exact -0.03809823652"),
    "a wrong formula": ("```derivation\nnet_h1 = w1*i1 + w3*i2 + b1\n```", "w2, not w3"),
    "a formula right to nine digits": (
        "```derivation\nnet_h1 = w1*i1 + w2*i2 + b1 + 0.0000000001*w1\n```",
        "wrong formula",
    ),
    "a wrong factor, nearly invisible": (
        (
            "```derivation\ndelta_o1 = dE_total/dout_o1 * dout_o1/dnet_o1 = 0.741365171 * 0.186815602 = "
            "0.138498562\n```"
        ),
        "the step is false, it gives 0.138499",
    ),
    "numbers of another formula": (
        "```derivation\nE_total = E_o1 + E_o2 = 0.274811083 - 0.023560026 = 0.298371109\n```",
        "the step is false, it gives 0.251251",
    ),
    "wrong arithmetic on printed numbers": (
        "```derivation\n0.036350306 - 0.055399425 = -0.019049218\n```",
        "exact -0.01904911900",
    ),
    "a line that claims nothing": ("```derivation\nE_total\n```", "no equals sign"),
    "an unreadable line": ("```derivation\nE_total = 0.298371109 or so\n```", "column 23"),
    "a wrong number of updates": ("```derivation\nE_total@2 = 0.291027774\n```", "exact 0.28354713312"),
    "a wrong number in a table": (
        "| name | value |\n|---|---|\n| `w5` | 0.41 |",
        "printed 0.41, exact 0.4000",
    ),
    "a number in a row without a name": ("| name | value |\n|---|---|\n| weight | 0.40 |", "without a name"),
    "a digit in a cell": ("| name | value |\n|---|---|\n| `w5` | about 0.4 |", "0.4 stands in the prose"),
    "a cell too few": ("| name | value |\n|---|---|\n| `w5` |", "1 cells under 2 headings"),
    "an erratum that is right": (HEADINGS + "| `w5` | 0.40 | 0.40 | `w5` |", "no erratum"),
    "an erratum with the wrong origin": (HEADINGS + "| `w5` | 0.45 | 0.40 | `w7` |", "w7 is 0.5"),
    "an erratum with the wrong correction": (
        HEADINGS + "| `w5` | 0.45 | 0.41 | `w6` |",
        "printed 0.41, exact 0.4000",
    ),
    "an erratum that cannot be computed": (
        HEADINGS + "| `w5` | 0.45 | 0.40 | `elsewhere` |",
        "cannot be computed",
    ),
    "a wrong output": ("```pycon\n>>> 0.1 + 0.2\n0.3\n```", "gives '0.30000000000000004"),
    "an output left out": ("```pycon\n>>> 0.1 + 0.2\n```", "gives '0.30000000000000004"),
    "an error nobody mentioned": ("```pycon\n>>> half = 1/0\n```", "ZeroDivisionError"),
    "code that fails": ("```python\nhalf = 1/0\n```", "ZeroDivisionError"),
    "a number in a comment": ("```pycon\n>>> half = 1/2  # that is 0.6\n```", "0.6 stands in the prose"),
    "a wrong line of a command": (
        (
            "```console\n$ python -m neuronnet derive worked-example --only E_total\n...\n  E_o1 = 0.27\n"
            "...\n```"
        ),
        "is not in what it prints",
    ),
    "lines of a command in another order": (
        "```console\n$ python -m neuronnet\n...\nUpdate\n...\nErrors\n...\n```",
        "another order",
    ),
    "lines left out without dots": (
        "```console\n$ python -m neuronnet\nA step by step backpropagation example\n```",
        "prints more",
    ),
    "a command that fails": ("```console\n$ python -m neuronnet derive nowhere\n```", "status 2"),
    "a command that is not ours": ("```console\n$ ls\n```", "not run here"),
    "a number where nothing runs": ("```text\nnet_h1 is 0.3775\n```", "holds a number"),
    "a debugger that says something else": (
        "```python\n# half.py\nhalf = 1/2\n```\n```pdb\n$ python -m pdb half.py\n> half.py <module>()\n"
        "-> half = 1/2\n"
        "(Pdb) p 1/2\n0.6\n(Pdb) quit\n```",
        "'0.6' is not in what it prints",
    ),
}

RIGHT = {
    "prose": "Two inputs, and ten thousand updates of `w5`, down to `E_total@1 = 0.291027774`.",
    "names in other spellings": "```derivation\n∂E/∂w5 = 0.082167041\nw5@1 = w5 - eta*dE_total/dw5\n```",
    "a number with fewer digits": "```derivation\nE_total = 0.3\nE_total@1 = 2.91e-1\n```",
    "negative numbers in brackets": (
        "```derivation\ndE_total/db2 = delta_o1 + delta_o2 = 0.138498562 + (-0.038098237) = 0.100400325\n```"
    ),
    "factors in another order": (
        "```derivation\ndelta_o1 = dE_total/dout_o1 * dout_o1/dnet_o1 = 0.186815602 * 0.741365070 = "
        "0.138498562\n```"
    ),
    (
        "numbers straight behind the name"
    ): "```derivation\ndelta_o1 = 0.741365070 * 0.186815602 = 0.138498562\n```",
    "arithmetic on printed numbers": "```derivation\n0.036350306 - 0.055399425 = -0.019049119\n```",
    "one namespace": "```pycon\n>>> half = 1/2\n```\nand then\n```pycon\n>>> half\n0.5\n```",
    "code and then a session": "```python\nhalf = 1/2\n```\n```pycon\n>>> half\n0.5\n```",
    "an error that is shown": "```pycon\n>>> 1/0\nZeroDivisionError: division by zero\n```",
    "an erratum": "```pycon\n>>> nearly = 0.45\n```\n" + HEADINGS + "| `w5` | 0.45 | 0.40 | `nearly` |",
    "a command": (
        "```console\n$ python -m neuronnet\nA step by step backpropagation example\n...\nUpdate\n...\n```"
    ),
    "a script": "```python\n# half.py\nprint(1/2)\n```\n```console\n$ python half.py\n0.5\n```",
    "a published number": "Copies print `0.291027924`.",
    "the oldest Python": "Needs Python 3.11 or newer.",
    "a network": (
        '```toml\n[[layer]]\nactivation = "tanh"\nweights = [[0.5]]  # one\n'
        "[[sample]]\ninputs = [0.1]\ntargets = [1.0]\n```"
    ),
    "a drawing": "```text\ni1 --w1--> h1 --w5--> o1\n```",
}


@pytest.mark.slow
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_number_in_the_document_is_executed_and_a_wrong_digit_anywhere_is_noticed(path):
    text = _text_of(path)
    assert complaints(text) == []
    unnoticed = []
    for places, copy in by_day(spoiled_copies(text), 6):
        noticed = {int(re.match(r"line (\d+),", each)[1]) for each in complaints(copy)}
        unnoticed += [f"line {line}: {number}" for block, line, number in places if block not in noticed]
    assert unnoticed == []


def test_the_walkthrough_has_numbers_of_every_kind():
    text = _text_of(WALKTHROUGH)
    assert {block.kind for block in blocks_of(text)} >= {"derivation", "pycon", "pdb", "table", "prose"}
    assert sum(len(places) for places, _ in spoiled_copies(text)) > 200


@pytest.mark.parametrize("wrong", WRONG)
def test_the_runner_complains_about(wrong):
    text, complaint = WRONG[wrong]
    assert complaint in "\n".join(complaints(text))


@pytest.mark.parametrize("right", RIGHT)
def test_the_runner_accepts(right):
    assert complaints(RIGHT[right]) == []


@pytest.mark.slow
def test_the_table_of_checkers_is_what_its_program_gives(monkeypatch):
    """The cases, the truth and our own verdicts; what other checkers say is a matter of what is installed."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import checkers

    some = by_day(checkers.cases(), 4)
    monkeypatch.setattr(checkers, "cases", lambda: some)
    ((command, part),) = made_parts(_text_of(CHECKERS))
    assert command == "python benchmarks/checkers.py --markdown"
    shown = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in part.splitlines()
        if line.startswith("| ")
    ]
    assert shown[0][:3] == ["case", "truth", "gradcheck"]
    assert [row[:3] for row in by_day(shown[1:], 4)] == checkers.rows({"gradcheck": checkers.ours})


def test_a_fence_that_is_never_closed_is_refused():
    with pytest.raises(ValueError, match="line 3: the fence of this pycon block is never closed"):
        complaints("Text.\n```pycon\n>>> half = 1/2\n")


def _text_of(path: Path):
    return path.read_text(encoding="utf-8")


WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("neuronnet", "gradcheck")
    for path in (ROOT / package).rglob("*.py")
    if re.search(r"^ +>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_docstrings_run(name, monkeypatch):
    monkeypatch.setattr("sys.breakpointhook", lambda: None)
    known = {"load": neuronnet.load}
    failed, tried = doctest.testmod(import_module(name), extraglobs=known, optionflags=doctest.ELLIPSIS)
    assert failed == 0 < tried
