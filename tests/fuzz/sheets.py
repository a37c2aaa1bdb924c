"""Hostile sheets in every format: snippets, examples and derivations, changed, joined, and dressed anew."""

import ast
import json
import sys
import tomllib

from fuzzing import ROOT, mutated, run, with_other_numbers

SOURCES = [each["text"] for path in sorted((ROOT / "tests" / "data" / "pasted").glob("*.toml"))
           for each in tomllib.loads(path.read_text("utf-8"))["snippet"]]  # fmt: skip
SOURCES += [path.read_text("utf-8") for path in sorted((ROOT / "neuronnet" / "examples").glob("**/*.txt"))]
SOURCES += [
    path.read_text("utf-8")
    for path in sorted((ROOT / "tests" / "data" / "derivation_cases").glob("*/sheet*"))
]
SOURCES += [
    node.value
    for path in sorted((ROOT / "tests" / "sheet").glob("test_*.py"))
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count("\n") > 2
]
SOURCES = [text for text in SOURCES if len(text) < 6000]
WORDS = """\
=
x
w1
W1
dL/dW1
δ
∂E/∂w5
tanh(
softmax(
^T
@
sum(
np.exp(
[[1, 2], [3, 4]]
\\frac{a}{b}
network: worked-example
network: xor
let a = w1
new
loss: L
\\begin{pmatrix} 1 & 2 \\end{pmatrix}
for i in range(3):
w1@3
net_h1[2]
10^400
1e400
0^0
1/0
log(0)
sqrt(-1)
x^x^x^x
[]
[[1], [2, 3]]
def f(x): return x
""".splitlines()
SUFFIXES = ["txt", "txt", "md", "tex", "html", "ipynb", "py", "csv", "tsv", "json"]
COMMANDS = """\
check {}
check {}
check {} --format json
check {} --format markdown
check {} --format csv
check {} --show-reading
check {} --network worked-example
check {} --same-task lstm-step
derive {}
derive {} --format json
golden {}
mistakes {}
check {} other.txt
check . --format csv
check . --same-task lstm-step
derive {} -o out.html
derive {} --format latex
derive {} --format html
draw {}
""".splitlines()


def make(draw):
    """(files, program, words) of one case."""
    text = draw.choice(SOURCES)
    if draw.random() < 0.2:
        other = draw.choice(SOURCES)
        text = text[: draw.randrange(len(text) + 1)] + "\n" + other[draw.randrange(len(other) + 1) :]
    elif draw.random() < 0.4:
        text = "\n".join(_some_lines(draw) for _ in range(draw.randint(1, 3)))
    text = with_other_numbers(text, draw) if draw.random() < 0.4 else text
    text = mutated(text, draw, words=WORDS) if draw.random() < 0.7 else text
    suffix = draw.choice(SUFFIXES)
    name = f"sheet.{suffix}"
    files = {name: _dressed(text, suffix, draw)}
    command = draw.choice(COMMANDS).format(name)
    if "other.txt" in command or " . " in command:
        files["other.txt"] = mutated(draw.choice(SOURCES), draw, words=WORDS)
    return files, "neuronnet", command.split()


def _some_lines(draw):
    lines = draw.choice(SOURCES).splitlines() or [""]
    start = draw.randrange(len(lines))
    return "\n".join(lines[start : start + draw.randint(2, 25)])


def _dressed(text, suffix, draw):
    """A text as a page, notebook, program or table has it, which is sometimes cut or changed once more."""
    if suffix == "html":
        formula = "<math><mi>x</mi><mo>=</mo><mn>1</mn></math>"
        text = f"<html><body><p>{text.replace(chr(10), '</p><p>')}</p>{formula}</body></html>"
    elif suffix == "ipynb":
        lines = text.splitlines(keepends=True)
        cells = [
            {"cell_type": draw.choice(["code", "markdown"]), "source": lines, "outputs": [{"text": lines}]}
        ]
        text = json.dumps({"cells": cells * draw.choice([1, 2]), "nbformat": 4, "metadata": {}})
    elif suffix == "md":
        text = draw.choice(
            ["{}", "```derivation\n{}\n```", "```python\n{}\n```", "$$\n{}\n$$", "> {}"]
        ).replace("{}", text)
    elif suffix in ("csv", "tsv"):
        text = text.replace(" = ", "," if suffix == "csv" else "\t")
    elif suffix == "json":
        pairs = [line.partition("=")[::2] for line in text.splitlines() if "=" in line]
        text = json.dumps(
            {name.strip(): draw.choice([value, [1, 2.5], 1e400, {"a": value}, None]) for name, value in pairs}
        )
    return mutated(text, draw, 1) if draw.random() < 0.2 else text


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
