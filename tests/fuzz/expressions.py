"""Hostile formulas, drawn from a grammar with odd numbers and names: asked of a network, and in sheets."""

import sys

from fuzzing import NUMBERS, mutated, run

NAMES = """
w1 w5 i1 net_h1 out_h1 out_o1 target_o1 E_total delta_h1 eta b1 w1@1 E_total@1 dE_total/dw1
dE_total/dnet_o1 dout_o1/dw1 dw1/dE_total x t y L W v new_w1 w9 e π
""".split()
FUNCTIONS = [
    "exp",
    "ln",
    "log",
    "tanh",
    "logistic",
    "σ",
    "relu",
    "sqrt",
    "abs",
    "sum",
    "mean",
    "max",
    "softmax",
    "sin",
    "sign",
    "log2",
    "norm",
    "diag",
    "f",
]
OPERATORS = [" + ", " - ", "*", "/", "^", " ", "·", "**", " @ ", " ⊙ ", "//", "%"]
COMMANDS = ["line", "line", "own", "own", "only", "let", "array"]


def expression(draw, depth=4):
    """A formula as a text."""
    kind = draw.randrange(9) if depth else draw.randrange(3)
    if kind < 2:
        return draw.choice(NAMES)
    if kind == 2:
        return draw.choice([*NUMBERS, "2", "3", "0.1", "10", "1e5", "1/2", "[1, 2]", "[[1, 2], [3, 4]]"])
    inner = lambda: expression(draw, depth - 1)  # noqa: E731
    if kind == 3:
        return f"{draw.choice(FUNCTIONS)}({', '.join(inner() for _ in range(draw.choice([1, 1, 1, 2, 0])))})"
    if kind == 4:
        return f"({inner()})^{draw.choice(['2', '9', '-1', '0.5', 'T', '1e9', '(1/3)', inner()])}"
    if kind == 5:
        return f"-{inner()}"
    if kind == 6:
        return draw.choice(
            ["\\frac{%s}{%s}", "(%s)/(%s)", "d(%s)/d(%s)", "∂(%s)/∂(%s)", "|%s|%s", "[%s, %s]"]
        ) % (inner(), inner())
    return f"({inner()}){draw.choice(OPERATORS)}{inner()}"


def make(draw):
    """(files, program, words) of one case."""
    text = expression(draw, draw.choice([2, 3, 4, 6]))
    if draw.random() < 0.3:
        text = mutated(text, draw)
    kind = draw.choice(COMMANDS)
    if kind == "only":
        return (
            {},
            "neuronnet",
            ["derive", draw.choice(["worked-example", "xor", "lstm-step"]), f"--only={text}"],
        )
    number = draw.choice([*NUMBERS, "0.3", "0.3775", "1.0"])
    lines = ["network: worked-example", f"{draw.choice(NAMES)} = {text} = {number}"]
    if kind == "let":
        lines = [
            lines[0],
            f"let a = {text}",
            f"let c = {expression(draw, 3)}*a",
            f"net_h1 = a*c = {number}",
            f"a = {number}",
        ]
    elif kind == "own":
        lines = [
            "x = 2   t = 1   w1 = 0.3",
            f"y = {text}",
            "L = 1/2 (y - t)^2",
            f"dL/dx = {expression(draw, 3)} = {number}",
        ]
        lines += [f"y = {number}", f"w1_new = w1 - {text}"]
    elif kind == "array":
        lines = [
            "W = [[1, 2], [3, 4]]",
            "v = [0.5, -1]   t = [1, 0]",
            f"y = {text}",
            "L = sum((W v - t)^2)",
            f"dL/dv = {number}",
        ]
        lines += [f"dL/dW = {expression(draw, 3)}"]
    return {"sheet.txt": "\n".join(lines)}, "neuronnet", ["check", "sheet.txt"]


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
