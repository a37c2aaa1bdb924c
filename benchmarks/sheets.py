"""How long sheets take to check: against SymPy reading the same formulas, and a search for mistakes in a
3-3-3-3 network.

Run: python benchmarks/sheets.py (SymPy is the peer; without it only our own times are printed)
"""

import random
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from interleaved import interleaved, report

from neuronnet import Derivation, check_sheet, diagnose
from neuronnet.description.reading import read
from neuronnet.mistakes.networks import Network
from neuronnet.mistakes.printed_numbers import numbers_of

try:
    from sympy.parsing.sympy_parser import parse_expr
except ModuleNotFoundError:
    parse_expr = None


def sheet(lines):
    """A right sheet of the worked example, so many lines long, each with a formula and a number."""
    rows = Derivation("worked-example").quantities
    claims = [f"{row.name} = {row.formula} = {row.value:.9f}" for row in rows]
    return [claims[number % len(claims)] for number in range(lines)]


def deep_network(seed=1):
    """A 3-3-3-3 network with one sample."""
    draw = random.Random(seed)
    layers = [
        {
            "activation": "logistic",
            "bias": 0.1,
            "weights": [[draw.uniform(-1, 1) for _ in range(3)] for _ in range(3)],
        }
        for _ in range(3)
    ]
    return read(
        {
            "learning_rate": 0.5,
            "layer": layers,
            "sample": [{"inputs": [0.1, 0.5, -0.3], "targets": [0.1, 0.9, 0.5]}],
        }
    )


def parsed_by_sympy(claims):
    """Read the formulas alone with SymPy, without judging anything; names are made into its symbols."""
    for claim in claims:
        parse_expr(claim.split(" = ")[1].replace("/d", "_by_").replace("@", "_at_").replace("^", "**"))


def spoiled(description, ids):
    """The numbers of a pass with these mistakes, printed with six decimals."""
    network = Network(description)
    first, *others = (network.variations[id] for id in ids)
    for each in others:
        first = first.with_other(each)
    return {
        name: f"{value:.6f}" for name, value in numbers_of(network.replay(first), network.known_names).items()
    }


if __name__ == "__main__":
    claims = sheet(1_000)
    programs = {"checking 1,000 lines": lambda: check_sheet("\n".join(claims), "worked-example")}
    if parse_expr is not None:
        programs["SymPy reading them"] = lambda: parsed_by_sympy(claims)
    deep = deep_network()
    one = spoiled(deep, ["activation derivative missing at the hidden layer"])
    two = spoiled(deep, ["activation derivative missing at the hidden layer", "an extra half"])
    none = {name: f"{float(number) * 1.01:.6f}" for name, number in two.items()}
    programs |= {
        "one mistake in 3-3-3-3": lambda: diagnose(deep, one),
        "two mistakes in 3-3-3-3": lambda: diagnose(deep, two),
        "no known mistake in 3-3-3-3": lambda: diagnose(deep, none),
    }
    seconds = interleaved(programs, 5)
    for name in programs:
        print(f"{name}: median {sorted(seconds[name])[2]:.2f} s, the goal is 2")
    if parse_expr is not None:
        report(
            "checking 1,000 lines beside SymPy reading them",
            seconds,
            "checking 1,000 lines",
            "SymPy reading them",
            1.0,
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, the goal is 200")
