"""Hostile programs: losses and gradients that return, raise, print and change what nobody expects."""

import sys

from fuzzing import run

POINTS = """\
{'W': np.array([0.5, -1.0])}
[np.ones(2), 3.0]
np.array([0.5])
0.5
{'a': {'b': np.ones((2, 2))}}
{}
None
'x'
{'W': np.array([])}
{'W': np.array([1, 2])}
{'W': [1.0, 2.0]}
{'W': np.array(['a'])}
{'W': np.ones(2, np.float32)}
{'W': np.array([1+1j])}
{1: np.ones(1)}
{'W': np.ma.array([1.0, 2.0], mask=[0, 1])}
{'W': np.matrix([[1.0, 2.0]])}
np.ones((3, 1))[:, [0, 0]]
(1.0, (2.0, (3.0,)))
{'W': 10**400}
""".splitlines()
LOSSES = """\
np.sum(w**2)
np.sum(np.abs(w))
float('nan')
float('inf')
np.sum(1 / (w - w))
None
'x'
w
np.array([1.0])
1
True
1j
np.sum(w**2) + 0j
np.sum(w**2) + np.random.normal()
np.sum(w**2) * 1e300 * 1e300
np.float32(np.sum(w**2))
np.sum(w > 0.5)
np.sum(np.log(w))
np.sum(w**2) * 1e-320
10**400
np.sum(np.floor(w * 1e6))
decimal.Decimal(1)
fractions.Fraction(1, 3)
np.sum(np.exp(w * 1e3))
np.sum(np.sqrt(w - 0.5))
(x for x in [1])
[1.0]
{}
Odd()
""".splitlines()
GRADIENTS = """\
like(lambda a: 2 * a)
like(lambda a: 3 * a)
like(lambda a: a * np.nan)
like(lambda a: None)
like(lambda a: np.ones(7))
None
p
[]
{}
'x'
like(str)
like(lambda a: a * np.inf)
like(lambda a: np.asarray(2 * a, np.float32))
like(lambda a: 2 * a + 0j)
like(lambda a: np.round(2 * a, 3))
Odd()
like(lambda a: Odd())
like(list)
""".splitlines()
BEFORE = ["pass"] * 8 + [
    "raise ValueError('x\\ny')",
    "raise SystemExit(1)",
    "raise SystemExit('x')",
    "raise GeneratorExit",
    "raise StopIteration",
    "raise MemoryError",
    "raise RecursionError",
]
BEFORE += [
    "raise BaseException",
    "raise Speechless",
    "raise Noted",
    "raise OSError(2, 'no')",
    "raise BrokenPipeError",
    "raise AssertionError",
    "raise IndexError",
    "raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'y')",
]
BEFORE += [
    "p.clear()",
    "w *= 0",
    "calls.append(1); w = w * len(calls)",
    "print('x' * 1000)",
    "sys.stdout.write('x')",
    "sys.stdout.close()",
    "os.write(1, b'raw')",
    "import warnings; warnings.warn('x')",
]
BEFORE += [
    "sys.stdout = None",
    "sys.stderr = None",
    "np.seterr(all='raise')",
    "sys.setrecursionlimit(100)",
    "del p['W']",
    "p['V'] = 1.0",
    "os.chdir('/')",
    "f(p)",
    "import nothing_there",
    "global np; np = None",
]
BEFORE += [
    "calls.append(1)\n    if len(calls) == %d: raise %s('late')" % each
    for each in [
        (2, "IndexError"),
        (9, "KeyError"),
        (20, "TypeError"),
        (40, "OSError"),
        (30, "AssertionError"),
        (25, "SystemExit"),
    ]
]
OUTSIDE = [""] * 12 + [
    "raise ValueError('outside')",
    "sys.exit(3)",
    "syntax error here",
    "def f(",
    "import os; os._exit",
    "\0",
    "x = " + "(" * 300,
    "f = 3",
    "def f(): pass",
    "class f: pass",
    "def f(a, b, c): pass",
]
OUTSIDE += [
    "sys.path.clear()",
    "sys.modules['numpy'] = None",
    "print('at import')",
    "import atexit; atexit.register(print)",
    "np = None",
    "start = None",
    "del start",
    "from m import *",
    "import json as gradcheck",
]
PROGRAM = """
import decimal, fractions, os, sys
import numpy as np

calls = []

class Odd:
    def __repr__(self): raise RuntimeError
    def __float__(self): raise RuntimeError
    def __array__(self, *a, **k): raise RuntimeError
    def __eq__(self, other): raise RuntimeError

class Speechless(Exception):
    def __str__(self): raise RuntimeError
    def __repr__(self): raise RuntimeError

class Noted(Exception):
    __notes__ = %s

def start():
    return %s

def vector(p):
    if isinstance(p, dict): p = list(p.values())
    if isinstance(p, (list, tuple)): return np.concatenate([vector(each) for each in p]) if p else np.ones(0)
    return np.ravel(np.asarray(p, float))

def f(p):
    w = vector(p)
    def like(change, at=None):
        at = p if at is None else at
        if isinstance(at, dict): return {k: like(change, v) for k, v in at.items()}
        if isinstance(at, (list, tuple)): return type(at)(like(change, v) for v in at)
        return change(at)
    %s
    return %s

def g(p, *u):
    return f(p)[1]

def h(p):
    found = f(p)
    return found[0] if isinstance(found, tuple) else found

%s
"""
WAYS = [["m.py:f", "--parameters", "m.py:start"]] * 4
WAYS += [
    ["m.py:h", "--gradients", "m.py:g", "--parameters", "m.py:start"],
    ["m:f", "--parameters", "m:start"],
    ["m.py:f", "--parameters", "m.py:f"],
    ["m.py:calls.append", "--parameters", "m.py:start"],
]


def make(draw):
    """(files, program, words) of one case."""
    pick = lambda some: draw.choice(some) if draw.random() < 0.3 else some[0]  # noqa: E731
    value = (
        f"{pick(LOSSES)}, {pick(GRADIENTS)}"
        if draw.random() < 0.9
        else draw.choice([*LOSSES, "1, 2, 3", "()", "(1.0,)"])
    )
    notes = draw.choice(["[3]", "3", "None", "('a',)", "['x']"])
    source = PROGRAM % (notes, pick(POINTS), pick(BEFORE), value, pick(OUTSIDE))
    options = draw.choice(
        [[], [], ["--format", "json"], ["--format", "markdown"], ["--select", "W"], ["-o", "out.json"]]
    )
    words = ["check", *draw.choice(WAYS), *options]
    if draw.random() < 0.1:
        words = ["hunt", *draw.choice(WAYS), *draw.choice([[], ["--format", "json"]])]
    return {"m.py": source}, "gradcheck", words


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
