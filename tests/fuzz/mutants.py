"""Mutants: one place of the code is changed, and the tests are asked whether they notice.

    python tests/fuzz/mutants.py FILES TESTS COUNT SEED

FILES and TESTS are files and folders of the repository with commas between them. COUNT places are drawn at
random; each is changed alone, in a clone of the last commit, and the tests that are not slow run there until
one fails: those that call the changed function, first the ones that noticed most, then the quick ones.
"""

import ast
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

PATIENCE = 60  # seconds, beside thrice what the tests take without a change: a mutant that never ends is killed
MEMORY = 4 << 30  # bytes
PLAN = "MUTANTS_PLAN"  # the environment variable with the file that tells pytest what to do
CALLS = {}  # test -> (seconds, the functions that it calls)
ROOT = Path(__file__).resolve().parents[2]
PAIRS = [(ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)]
PAIRS += [(ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)]
SWAPPED = dict(
    [*PAIRS, *((b, a) for a, b in PAIRS), *((op, ast.Mult) for op in (ast.Pow, ast.FloorDiv, ast.Mod))]
)


def main(files, tests, count, seed):
    """Print each mutant with what became of it, and the sums."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        runs = Runs(clone, tests.split(","))
        drawn = random.Random(int(seed))
        every = [
            (path, n) for path in sources(clone, files.split(",")) for n in range(len(places(read(path))))
        ]
        chosen = drawn.sample(every, min(int(count), len(every)))
        found = [tried(runs, path, n) for path, n in chosen]
    sums = ", ".join(f"{found.count(each)} {each}" for each in ("killed", "out of time", "survived"))
    print(f"{len(found)} of {len(every)} mutants: {sums}")


def tried(runs, path, n):
    """What became of the mutant whose place is the n-th of this file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    line, before, after = change(places(tree)[n])
    path.write_text(ast.unparse(tree), encoding="utf-8")
    found, by = runs.verdict(path, line, functions(ast.parse(text)))
    path.write_text(text, encoding="utf-8")
    print(f"{found:11}  {path.relative_to(runs.clone)}:{line}  {before}  ->  {after}  {by}", flush=True)
    return found


class Runs:
    """The tests of a clone, what each of them calls and how long it takes, and how many mutants it noticed."""

    def __init__(self, clone, tests):
        self.clone, self.tests, self.noticed = clone, tests, Counter()
        self.plan, self.seen = clone.parent / "plan.json", clone.parent / "seen.json"
        started = time.monotonic()
        if status := self.run({"calls": str(clone)}, tests, None):
            sys.exit(f"without any change these tests do not pass: {status}")
        self.patience = PATIENCE + 3 * (time.monotonic() - started)
        self.calls = json.loads(self.seen.read_text())
        print(f"without any change: {time.monotonic() - started:.1f} s, {len(self.calls)} tests", flush=True)

    if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
