"""Hostile backward functions for `gradcheck.trace_backward`, which copies them with taps at every local."""

import importlib.util
import linecache
import sys

from fuzzing import MAINS, mutated, run

import gradcheck

FORWARD = """\
z = x @ W + b
a = np.tanh(z)
s = a.sum(axis=1, keepdims=True)
y = a / (1 + s * s)
""".splitlines()
BACKWARD = """\
d = 1 + s * s
da = dout / d
ds = -(dout * a).sum(axis=1, keepdims=True) * 2 * s / d**2
da = da + ds
dz = da * (1 - a * a)
dx = dz @ W.T
dW = x.T @ dz
db = dz.sum(axis=0)
""".splitlines()
LINES = """\
dz = dz * 2
dz = -dz
dz *= mask
dW = dz @ x
dW = np.zeros_like(W)
db = dz
dz[:] = 0
dz, da = da, dz
for i in range(2): dz[i] += i
for i in range(len(dz)): dW = dW + np.outer(x[i], dz[i])
while True: break
if s.sum() > 0: da = da * 2
with np.errstate(all="ignore"): da = da / 1
try: dz = dz / 0
raise ValueError("x")
assert False
return None
return dx
return dx, dW, db, dz
yield dz
lambda dz: dz
dz = [each * 2 for each in dz]
(dz := da * 2)
def inner(dz): return dz * 2
class dz: pass
global dz
del dz
dz = None
dz = "x"
dz = np.nan * dz
dz = dz + np.random.normal()
import os
cache = cache + (dz,)
x *= 0
x = x.T
W = W.astype(np.float32)
dz = dz.astype(complex)
dz = np.array([dz, dz], dtype=object)
match s:
async def g(): pass
dout = dout * 0
print(dz)
np = None
z.flags.writeable = False
a = {"a": a, "self": cache}
dz = dz.reshape(-1)
sys.exit(3)
f = backward
backward(dout, cache)
""".splitlines()
PROGRAM = """
import sys
import numpy as np

x = np.linspace(-1, 1, 6).reshape(3, 2)
W = np.array([[0.5, -1.0], [0.25, 2.0]])
b = np.array([0.1, 0.2])

%s
def forward(x, W, b):
%s
    return %s

def backward(%s):
%s
    return %s

inputs = %s
"""
RETURNED = ["y, (z, a, s, x, W)"] * 4 + ["y, (z, a, s)", "y", "None", "y.sum()", "y, None, 3", "(y, cache)"]
GIVEN = ["{'x': x, 'W': W, 'b': b}"] * 4 + [
    "(x, W, b)",
    "x",
    "{}",
    "None",
    "{'x': x}",
    "(x, W, 'b')",
    "[x, W, b]",
]
ABOVE = [""] * 6 + [
    "import functools\n@functools.cache",
    "@staticmethod",
    "@np.vectorize",
    "@property",
    "class A:\n  pass\n",
]


def make(draw):
    """(files, program, words) of one case."""
    pick = lambda some: draw.choice(some) if draw.random() < 0.15 else some[0]  # noqa: E731
    backward = ["z, a, s = cache" if draw.random() < 0.1 else "z, a, s, x, W = cache", *BACKWARD]
    forward, backward = _changed(FORWARD, draw, 0.2), _changed(backward, draw, 0.9)
    taken, given = pick(["dout, cache", "cache", "dout, x, W, b", "*a", "dout, cache, **k", ""]), pick(GIVEN)
    back = pick(["dx, dW, db", "{'x': dx, 'W': dW, 'b': db}", "[dx, dW, db]", "dW", "None"])
    text = PROGRAM % (pick(ABOVE), forward, pick(RETURNED), taken, backward, back, given)
    return {"m.py": mutated(text, draw, 1) if draw.random() < 0.1 else text}, "trace", []


def _changed(lines, draw, likely):
    """The lines of a body, some of them gone, doubled, moved or joined by others."""
    lines = list(lines)
    while draw.random() < likely:
        likely /= 2
        place, kind = draw.randrange(len(lines)), draw.randrange(6)
        if kind == 0 and len(lines) > 1:
            del lines[place]
        elif kind == 1:
            lines.insert(draw.randrange(len(lines)), lines[place])
        elif kind < 4:
            lines[place] = lines[place].replace(*draw.choice(["+-", "*/", "aW", "xs", "10", "-+", "az"]))
        else:
            lines.insert(place, draw.choice(LINES))
    return "\n".join(f"    {each}" for each in lines)


def main(_):
    """The status of one trace: what `check` would end with."""
    linecache.clearcache()
    spec = importlib.util.spec_from_file_location("m", "m.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        given = module.forward, module.backward, module.inputs
    except (Exception, SystemExit):
        return 2
    try:
        report = gradcheck.trace_backward(*given)
    except gradcheck.GradcheckError:
        return 2
    except SystemExit:
        return 2
    except Exception as error:
        if any(note.startswith("raised by ") for note in getattr(error, "__notes__", ())):
            return 2  # an exception of the functions themselves
        raise
    assert str(report) and report.to_dict()
    return {"right": 0, "wrong": 1}.get(report.verdict, 3)


MAINS["trace"] = main

if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
