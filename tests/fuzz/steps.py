"""Hostile walks through trainings and sheets: commands of the stepper in any order, with odd words."""

import sys

from fuzzing import NUMBERS, ODD, PLAIN, mutated, run

MODELS = "worked-example xor iris logistic-regression lstm-step net.toml sheet.txt".split()
NAMES = """
w1 w5 w5@3 w9 b1 h1 o1 i1 eta net_h1 out_o1 delta_o1 delta_* dE_total/dw5 dE_total/dw5@2 E_total E_total@1
x y W dJ/dw dL/dW target_o1 backward forward update errors 1 7 -1 0 * [ ? new_w1 dw1/dE_total
""".split()
COMMANDS = """\
next
next V
n
back
b
back V

until N
until N V
until the sign of N changes
until N turns
until N rises
until N falls
until N is negative
until N < V
until N reaches V
until the error is below V
until the gradient of N changes by less than V
until the size of N is above V
goto N
goto update V
goto V
goto N@V
factors N
watch N N
watch
unwatch
unwatch N
where
list
list all
set N V
set N V V
draw
save saved.txt
save saved.json
save no/saved.txt
save net.toml
help
help N
quit""".splitlines()
OPTIONS = [[]] * 4 + [["--update", "V"], ["--at", "N"], ["--sample", "V"], ["--update", "2", "--at", "N"]]
FILES = {
    "net.toml": """
learning_rate = 0.5
[[layer]]
activation = "relu"
weights = [[0.1], [-3.0]]
[[layer]]
activation = "softmax"
weights = [[1e3, 0.1], [0.0, 1e308]]
[[sample]]
inputs = [1]
targets = [0.5, 0.5]
[[sample]]
inputs = [-1]
targets = [1, 0]
""",
    "sheet.txt": "x = 2\nt = 1\nw = 0.3\ny = tanh(w x)\nL = 1/2 (y - t)^2\nw_new = w - 0.1*dL/dw\n",
}


def make(draw):
    """(files, program, words) of one case."""
    lines = [_filled(draw.choice(COMMANDS), draw) for _ in range(draw.choice([1, 3, 8, 20]))]
    text = "\n".join(lines)
    text = mutated(text, draw, words=COMMANDS) if draw.random() < 0.3 else text
    words = ["step", draw.choice(MODELS), *(_filled(each, draw) for each in draw.choice(OPTIONS))]
    return FILES | {"-": text}, "neuronnet", words


def _filled(command, draw):
    """A command with names and numbers, mostly small ones, for an update may be asked for."""
    parts = []
    for word in command.split(" "):
        for letter, some in (("N", NAMES), ("V", draw.choice([["1", "2", "5"], PLAIN, NUMBERS, ODD]))):
            if letter in (word, *word.split("@")):
                word = word.replace(letter, draw.choice(some))
        parts.append(word)
    return " ".join(parts)


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
