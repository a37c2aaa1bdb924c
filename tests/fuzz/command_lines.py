"""Hostile command lines: commands, options and files in any order, with odd words between them."""

import sys

from fuzzing import NUMBERS, ODD, run

WORDS = """
derive check golden compare train mistakes examples draw step twin stability gallery hunt --help --version
--updates --every --only --sample --format -o --plot --seed --runs --first --twin-only --parameters
--gradients --select --at --dtype --all --proved --reason --rtol --network --same-task --show-reading --
- --show --digits --ulps --atol
""".split()
FILES = """
xor worked-example net.toml sheet.txt m.py m.py:f m.py:start m:f m.py:nothing golden.json lstm-step . ..
/dev/null
""".split()
FILES += [
    "out.txt",
    "out.json",
    "out.csv",
    "out.png",
    "out.svg",
    "out.xyz",
    "no/out.json",
    "/proc/x",
    "net.toml/x",
    "~",
    "x" * 300,
]
VALUES = [
    "0",
    "1",
    "2",
    "3",
    "json",
    "text",
    "markdown",
    "csv",
    "npz",
    "float32",
    "E_total",
    "dE_total/dw1",
    "w1@2",
    "0,1,2",
    "W*",
    "svg",
    "python",
]
TOML = """
learning_rate = 0.5
[[layer]]
activation = "tanh"
weights = [[0.1]]
[[sample]]
inputs = [1]
targets = [0.5]
"""
PROGRAM = "def start():\n    return {'W': 0.5}\n\ndef f(p):\n    return p['W'] ** 2, {'W': 2 * p['W']}\n"
SHAPES = """\
derive F --updates V
derive F --only V -o F
derive F --format V -o F --at V
derive sheet.txt -o F
step F --update V --at V
step F --sample V
draw F --at V --sample V --show V -o F
compare golden.json F --dtype V --rtol V --atol V -o F
compare F F --ulps V --digits V --format V
check . --format V -o F
check . --same-task F
hunt m.py:f --parameters F --seed V -o F
hunt F --gradients F
gallery V --format V -o F
check F F
check F --format V -o F
golden F --at V --dtype V -o F
train F --updates V --every V
train F --updates 3 --plot F -o F
compare F F --rtol V
mistakes F --format V
draw F -o F
examples F --format V
twin F --updates V --every V
stability F --updates V --runs V --first V
check m.py:f --parameters F --seed V
check F --parameters F --gradients F --select V --format V -o F
""".splitlines()


def make(draw):
    """(files, program, words) of one case."""
    if draw.random() < 0.6:
        words = [
            {"F": draw.choice(FILES), "V": draw.choice([*VALUES, *NUMBERS, *ODD])}.get(each, each)
            for each in draw.choice(SHAPES).split()
        ]
        if draw.random() < 0.3:
            words.insert(draw.randrange(len(words) + 1), draw.choice([*WORDS, *FILES, *VALUES, *ODD]))
    else:
        words = [draw.choice([*WORDS, *FILES, *VALUES, *NUMBERS, *ODD]) for _ in range(draw.randrange(7))]
    words = [
        "--updates=20" if each.isdigit() and len(each) > 4 else each for each in words
    ]  # long trainings are asked for
    files = {"net.toml": TOML, "sheet.txt": "x = 2\ny = x^2 = 4\n", "m.py": PROGRAM, "golden.json": "{}"}
    return files, draw.choice(["neuronnet", "gradcheck"]), words


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
