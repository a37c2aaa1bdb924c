"""Hostile files of parameters, JSON, npy and npz, for a program of one line."""

import io
import json
import sys
import zipfile

import numpy as np
from fuzzing import mutated, mutated_bytes, run

PROGRAM = """
import numpy as np

def loss(p):
    leaves = [np.asarray(each, float) for each in (p.values() if isinstance(p, dict) else [p])]
    slopes = {k: 2 * np.asarray(v) for k, v in p.items()} if isinstance(p, dict) else 2 * p
    return sum(np.sum(each**2) for each in leaves), slopes
"""
VALUES = [
    1,
    -0.5,
    1e308,
    5e-324,
    float("nan"),
    float("inf"),
    None,
    True,
    "x",
    [],
    {},
    [1, 2],
    [[1, 2], [3, 4]],
    [[1], [2, 3]],
    10**400,
    {"a": 1},
    [[[]]],
]
ARRAYS = [
    np.ones(3),
    np.array([[0.5, -1.0]]),
    np.array(2.0),
    np.zeros((2, 0)),
    np.array([1, 2]),
    np.array([True]),
    np.array(["a"]),
]
ARRAYS += [
    np.array([1 + 2j]),
    np.ones(2, np.float32),
    np.ones(2, np.float16),
    np.array([np.nan]),
    np.array([1e308, 1e308]),
]
ARRAYS += [
    np.array([("a", 1)], dtype=[("n", "U1"), ("v", "f8")]),
    np.array(["2020-01-01"], dtype="M8[D]"),
    np.ones(2, ">f8"),
    np.ones((1,) * 32),
]
OPTIONS = [
    [],
    [],
    ["--format", "json"],
    ["--format", "markdown"],
    ["--select", "W*"],
    ["--select", "zzz"],
    ["--seed", "3"],
    ["--select", "["],
]


def make(draw):
    """(files, program, words) of one case."""
    suffix, file = draw.choice(["json", "npz", "npy"]), io.BytesIO()
    if suffix == "json":
        names = draw.sample(["W", "b", "W.a", "", "\ud800", "a b", "W1"], draw.choice([1, 2, 3]))
        content = json.dumps({name: draw.choice(VALUES) for name in names})
        content = mutated(content, draw) if draw.random() < 0.5 else content
    else:
        if suffix == "npy":
            np.save(file, draw.choice(ARRAYS))
        else:
            np.savez(
                file,
                **{
                    name: draw.choice(ARRAYS) for name in draw.sample(["W", "b", "c"], draw.choice([0, 1, 2]))
                },
            )
            if draw.random() < 0.1:
                with zipfile.ZipFile(file, "a") as archive:
                    archive.writestr(
                        draw.choice(["W.npy", "x.txt", "../b.npy"]), b"\x93NUMPY\x01\x00\xff\xff{"
                    )
        content = mutated_bytes(file.getvalue(), draw) if draw.random() < 0.6 else file.getvalue()
    suffix = draw.choice(["json", "npz", "npy", "txt"]) if draw.random() < 0.1 else suffix
    words = ["check", "m.py:loss", "--parameters", f"point.{suffix}", *draw.choice(OPTIONS)]
    return {"m.py": PROGRAM, f"point.{suffix}": content}, "gradcheck", words


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
