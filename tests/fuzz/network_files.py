"""Hostile network files: examples with changes, and with values that do not belong where they stand."""

import copy
import json
import sys

from fuzzing import NUMBERS, ODD, ROOT, mutated, run, with_other_numbers

from neuronnet.activations import ACTIVATIONS
from neuronnet.description.reading import KEYS, RULE_SETTINGS, example_names, read
from neuronnet.losses import LOSSES

EXAMPLES = {
    name: (ROOT / "neuronnet" / "examples" / f"{name}.toml").read_text("utf-8") for name in example_names()
}
SMALL = [name for name in EXAMPLES if len(read(name).samples) <= 4]
WORDS = [
    *KEYS,
    *ACTIVATIONS,
    *LOSSES,
    *RULE_SETTINGS,
    "weights",
    "bias",
    "inputs",
    "neurons",
    "init",
    "kind",
    "seed",
]
VALUES = [
    None,
    True,
    [],
    {},
    "",
    0,
    -1,
    1,
    2,
    3.5,
    1e308,
    5e-324,
    10**400,
    float("nan"),
    float("inf"),
    "tanh",
    "relu",
]
VALUES += [
    [1],
    [[1]],
    [[0.5, -1.0]],
    [[1], [2]],
    [[[1]]],
    {"kind": "xor"},
    {"kind": "normal", "scale": 1},
    "\ud800",
    "a\nb",
]
VALUES += [
    "full",
    "online",
    "random",
    {"kind": "random", "seed": 2**40},
    {"rule": "adam", "beta1": 1},
    "x" * 300,
]
COMMANDS = """\
neuronnet derive {}
neuronnet derive {} --format json
neuronnet derive {} --updates 3 --sample 1
neuronnet derive {} --only E_total@2
neuronnet derive {} --only dE_total/dw1
neuronnet train {} --updates 3
neuronnet golden {}
neuronnet golden {} --dtype float32 --at 0,2
neuronnet mistakes {}
neuronnet examples {}
neuronnet draw {}
neuronnet step {}
neuronnet step {} --at w1 --update 2
gradcheck check {}
gradcheck twin {} --updates 3
gradcheck twin {} --updates 3 --twin-only
gradcheck stability {} --updates 3 --runs 3
neuronnet derive {} --format latex
neuronnet derive {} --format csv
neuronnet derive {} --format html
""".splitlines()


def make(draw):
    """(files, program, words) of one case."""
    kind = draw.randrange(7)
    if kind >= 4:
        name, text = "net.toml", with_other_numbers(EXAMPLES[draw.choice(SMALL)], draw)
    elif kind == 0:
        name, text = "net.toml", mutated(EXAMPLES[draw.choice(SMALL)], draw, words=WORDS)
    elif kind == 1:
        name, text = "net.toml", _lines_changed(EXAMPLES[draw.choice(SMALL)], draw)
    elif kind == 2:
        name, text = (
            "net.json",
            mutated(json.dumps(read(draw.choice(SMALL)).to_dict(), default=float), draw, words=WORDS),
        )
    else:
        name, text = (
            "net.json",
            json.dumps(_values_changed(read(draw.choice(SMALL)).to_dict(), draw), default=float),
        )
    program, *words = draw.choice(COMMANDS).format(name).split()
    return {name: text}, program, words


def _lines_changed(text, draw):
    """A TOML text with values in place of others."""
    lines = text.split("\n")
    for _ in range(draw.choice([1, 2, 4])):
        place = draw.randrange(len(lines))
        key, sign, _ = lines[place].partition("=")
        value = draw.choice(
            [*NUMBERS, f'"{draw.choice(WORDS)}"', "[]", "[[]]", "{}", "true", json.dumps(draw.choice(ODD))]
        )
        lines[place] = f"{key}= {value}" if sign else f"{draw.choice(WORDS)} = {value}"
    return "\n".join(lines)


def _values_changed(found, draw):
    """A dict with other values, deleted keys, and keys that do not belong there."""
    for _ in range(draw.choice([1, 1, 2, 3])):
        here = found
        while True:
            inner = [
                each
                for each in (here.values() if isinstance(here, dict) else here)
                if isinstance(each, (dict, list)) and each
            ]
            if not inner or draw.random() < 0.3:
                break
            here = draw.choice(inner)
        key = draw.choice(list(here)) if isinstance(here, dict) else draw.randrange(len(here))
        if draw.random() < 0.2:
            del here[key]
        elif isinstance(here, dict) and draw.random() < 0.2:
            here[draw.choice(WORDS)] = copy.deepcopy(draw.choice(VALUES))
        else:
            here[key] = copy.deepcopy(draw.choice(VALUES))
        if not found:
            break
    return found


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
