"""What a check says of small functions of pure arithmetic, line by line: the verdicts are right, and what led
to them is what it was.

So whoever changes a constant or a condition of the judge sees here what it does. Run as a script, this file
writes the lines anew.
"""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from measured import WAVES, product, put, total

from gradcheck import check, hunt

FILE = Path(__file__).parent.parent / "data" / "measured_checks.txt"
ENTRIES = 3  # of a block, of which the reasons are shown
X, T, U = WAVES[:15].reshape(5, 3), WAVES[20:25], WAVES[30:50].reshape(5, 4)
V = WAVES[120:123]


def times(factor, place=...):
    return lambda g: put(g, place, np.asarray(g, dtype=float)[place] * factor)


def plus(term, place=...):
    return lambda g: put(g, place, np.asarray(g, dtype=float)[place] + term)


def cubes(v):
    return total(v * v * v)


def of_cubes(v):
    return 3.0 * v * v


def noise(x, size):
    return size * ((x * 12345.678e6) % 1.0 - 0.5)


def layer(p):
    h = np.maximum(product(X, p["W"]) + p["b"], 0.0)
    rest = product(h, p["v"][:, None])[:, 0] - T
    return 0.5 * total(rest * rest)


def of_layer(p, mask=lambda net: net > 0.0):
    net = product(X, p["W"]) + p["b"]
    h = np.maximum(net, 0.0)
    rest = product(h, p["v"][:, None])[:, 0] - T
    delta = rest[:, None] * p["v"] * mask(net)
    return {"W": product(X.T, delta), "b": sum(delta), "v": product(h.T, rest[:, None])[:, 0]}


def with_l2(of, factor):
    return lambda p: {name: g + factor * p[name] for name, g in of(p).items()}


LAYER = {"W": WAVES[60:72].reshape(3, 4), "b": WAVES[80:84], "v": WAVES[90:94]}
DEAD = LAYER | {"b": put(LAYER["b"], [1, 2], -9.0)}
ALL_DEAD = LAYER | {"b": np.full(4, -9.0)}
NOUGHT = {name: np.zeros_like(value) for name, value in LAYER.items()}


def changed(of, name, change):
    return lambda p: (found := of(p)) | {name: change(found[name])}


def ordered(weights):
    """The sum of sorted numbers by weights: where some are equal, pieces of the loss meet."""
    return lambda v: total(np.sort(v) * weights)


def by_order(weights):
    return lambda v: put(v, np.argsort(v, kind="stable"), weights)


def single(f):
    return lambda v: float(f(np.asarray(v, dtype=np.float32)))


def single_sizes(v):
    v = np.asarray(v, dtype=np.float32)
    return float(np.sum(np.abs(v) * np.float32(1.5) + np.abs(v - np.float32(0.25))))


def of_sizes(v):
    return 1.5 * np.sign(v) + np.sign(v - 0.25)


def single_layer(p):
    return float(np.float32(layer({name: np.asarray(each, np.float32) for name, each in p.items()})))


def square_of(target):
    return lambda v: total((v - target) * (v - target))


def slope_of(target, factor=2.0):
    return lambda v: factor * (v - target)


def where(condition, f, g):
    """g at points where the condition holds, else f."""
    return lambda v: g(v) if condition(v) else f(v)


SYMMETRIC = np.array([[3.0, 0.5, 0.25], [0.5, -2.0, -0.5], [0.25, -0.5, 4.0]])
SHARES = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
UNIT_ROWS = np.array([[0.6, 0.8], [0.8, -0.6], [0.0, 1.0]])
RISING = np.array([-1.0, 0.5, 0.75, 2.0])
MANY, TABLE = WAVES[200:296], WAVES[300:396].reshape(8, 12)
SMALL = WAVES[400:405]


def limits(p):
    return total(np.minimum(np.maximum(U[0], p["low"]), p["high"]) * WAVES[10:14]) + total(p["low"])


def of_limits(p, factor=1.0):
    held = np.maximum(U[0], p["low"])
    high, low = held >= p["high"], (U[0] <= p["low"]) & (held < p["high"])
    return {"low": low * WAVES[10:14] + 1.0, "high": factor * high * WAVES[10:14]}


def bottom_of_limits(p):
    """Without a value where a lower limit is above an upper one."""
    kept = np.all(p["low"] <= p["high"])
    return total(p["low"] ** 2) + total((p["high"] - 0.01) ** 2) if kept else math.nan


def at_bottom_of_limits(p):
    return {"low": 2.0 * p["low"], "high": 2.0 * (p["high"] - 0.01)}


def above_nought(v):
    return total(np.maximum(v[v > 0.0], 0.5))


# name: (loss, gradients, parameters, what check is told besides)
RIGHT = {
    "cubes": (cubes, of_cubes, SMALL),
    "cubes of every size": (cubes, of_cubes, SMALL * np.array([1e-9, 1e-3, 1.0, 1e3, 1e9])),
    "cubes of one": (cubes, of_cubes, np.array([0.5])),
    "size of one": (lambda v: abs(v[0]), np.sign, np.array([0.3])),
    "cubes, numbers": (cubes, of_cubes(SMALL), SMALL),
    "cubes, select": (
        lambda p: cubes(p["a"]) + cubes(p["b"]),
        lambda p: {"a": of_cubes(p["a"]), "b": p["b"]},
        {"a": SMALL, "b": SMALL},
        {"select": "a"},
    ),
    "cubes, bounds": (cubes, of_cubes, SMALL, {"bounds": (SMALL, SMALL + 1.0)}),
    "cubes, bounds beside": (cubes, of_cubes, SMALL, {"bounds": (SMALL - 1e-4, SMALL + 1e-6)}),
    "cubes in float32": (cubes, lambda v: of_cubes(v).astype(np.float32), SMALL),
    "cubes in float16": (cubes, lambda v: of_cubes(v).astype(np.float16), SMALL),
    "line": (lambda v: total(v * V), lambda v: V, np.array([1.0, 2.0, 3.0])),
    "constant": (lambda v: 2.5, lambda v: 0.0 * v, SMALL),
    "square at its bottom": (square_of(SMALL), slope_of(SMALL), SMALL),
    "bottom but for rounding": (square_of(SMALL), lambda v: 2.0 * (v - SMALL) + 1e-17, SMALL),
    "bottom of symmetric": (square_of(SYMMETRIC), slope_of(SYMMETRIC), SYMMETRIC),
    "bottom of shares": (square_of(SHARES), slope_of(SHARES), SHARES),
    "bottom of shares by column": (square_of(SHARES.T), slope_of(SHARES.T), SHARES.T.copy()),
    "bottom of unit rows": (square_of(UNIT_ROWS), slope_of(UNIT_ROWS), UNIT_ROWS),
    "bottom of rising": (square_of(RISING), slope_of(RISING), RISING),
    "bottom of positive": (square_of(abs(SMALL)), slope_of(abs(SMALL)), abs(SMALL)),
    "bottom within bounds": (square_of(SMALL), slope_of(SMALL), SMALL, {"bounds": (SMALL - 0.01, SMALL + 2)}),
    "roots of shares": (
        lambda v: total(np.sqrt(v)),
        lambda v: 0.5 / np.sqrt(v),
        np.array([0.25, 0.25, 0.5]),
    ),
    "limits": (limits, of_limits, {"low": np.full(4, -0.5), "high": np.full(4, 0.5)}),
    "limits, one": (
        limits,
        lambda p: {name: total(each) - 3.0 * (name == "low") for name, each in of_limits(p).items()},
        {"low": -0.5, "high": 0.5},
    ),
    "bottom of limits": (
        bottom_of_limits,
        at_bottom_of_limits,
        {"low": np.zeros(4), "high": np.full(4, 0.01)},
    ),
    "bottom of limits, one below": (
        bottom_of_limits,
        at_bottom_of_limits,
        {"low": 0.0, "high": np.full(4, 0.01)},
    ),
    "bottom of limits, one above": (
        bottom_of_limits,
        at_bottom_of_limits,
        {"low": np.zeros(4), "high": 0.01},
    ),
    "layer": (layer, of_layer, LAYER),
    "layer, one by one": (layer, of_layer, LAYER, {"one_by_one": 5}),
    "layer, dead units": (layer, of_layer, DEAD),
    "layer, all dead": (layer, of_layer, ALL_DEAD),
    "layer, nought": (layer, of_layer, NOUGHT),
    "layer and a large l2": (
        lambda p: layer(p) + 5e3 * total([total(w * w) for w in p.values()]),
        with_l2(of_layer, 1e4),
        LAYER,
    ),
    "layer and an l2, v zero": (
        lambda p: layer(p) + 0.05 * total([total(w * w) for w in p.values()]),
        with_l2(of_layer, 0.1),
        LAYER | {"v": np.zeros(4)},
    ),
    "size at a tie": (lambda v: abs(v[0] - v[1]), lambda v: np.array([0.5, -0.5]), np.full(2, 0.5)),
    "sizes at kinks": (lambda v: total(abs(v)), np.sign, put(SMALL, [1, 3], 0.0)),
    "largest at a tie": (np.max, lambda v: np.array([0.2, 0.3, 0.5]), np.full(3, 0.5)),
    "sorted at a tie": (
        ordered([1.0, -5.0, 2.0]),
        by_order([1.0, -5.0, 2.0]),
        np.full(3, 0.5),
    ),
    "sorted": (ordered([1.0, -5.0, 2.0]), by_order([1.0, -5.0, 2.0]), WAVES[3:6]),
    "kink on a curve": (
        lambda v: total(v * v + np.maximum(v - 0.5, 0.0)),
        lambda v: 2.0 * v + (v > 0.5),
        np.full(3, 0.5),
    ),
    "single": (single(lambda v: np.sum(v * v)), lambda v: 2.0 * v, SMALL),
    "single, many": (single(lambda v: np.sum(v * v)), lambda v: 2.0 * v, MANY, {"one_by_one": 20}),
    "single, kinks": (single_sizes, of_sizes, put(SMALL, 1, 0.0)),
    "single, layer": (single_layer, of_layer, LAYER),
    "noise": (lambda v: total(v * v) + noise(total(v), 1e-7), lambda v: 2.0 * v, SMALL),
    "noise at kinks": (lambda v: total(abs(v)) + noise(total(v) + 0.1, 1e-9), np.sign, put(SMALL, 1, 0.0)),
    "root at its edge": (
        lambda v: math.sqrt(v[0]) + v[1] if v[0] >= 0.0 else math.nan,
        lambda v: np.array([np.inf if v[0] == 0.0 else 0.5 / math.sqrt(v[0]), 1.0]),
        np.array([0.0, 0.5]),
    ),
    "many": (cubes, of_cubes, MANY, {"one_by_one": 20}),
    "many rows": (cubes, of_cubes, TABLE, {"one_by_one": 20}),
    "many at kinks": (lambda v: total(abs(v)), np.sign, put(MANY, range(0, 96, 7), 0.0), {"one_by_one": 20}),
    "many blocks": (
        lambda p: total([cubes(each) for each in p]),
        lambda p: [of_cubes(each) for each in p],
        [MANY[:40], MANY[40:], TABLE],
        {"one_by_one": 20},
    ),
}
SPECIAL = {  # right at the given point, and wrong where something is equal or zero
    "zero": where(lambda v: np.any(v == 0.0), of_cubes, lambda v: of_cubes(v) + 1.0),
    "ties": where(lambda v: len(set(v.tolist())) < len(v), of_cubes, lambda v: 2.0 + of_cubes(v)),
    "one value": where(lambda v: np.ptp(v) == 0.0, of_cubes, lambda v: 0.5 * v),
    "forty": where(lambda v: np.max(v) == 40.0, of_cubes, lambda v: 0.5 * v),
}
WRONG = {
    "cubes, twice": (cubes, lambda v: 6.0 * v * v, SMALL),
    "cubes, sign of one": (cubes, lambda v: times(-1.0, 2)(of_cubes(v)), SMALL),
    "cubes, one off by 1e-4": (cubes, lambda v: plus(1e-4, 3)(of_cubes(v)), SMALL),
    "cubes, one off by 1e-8": (cubes, lambda v: plus(1e-8, 3)(of_cubes(v)), SMALL),
    "cubes, confidence": (cubes, lambda v: plus(1e-8, 3)(of_cubes(v)), SMALL, {"confidence": 1e4}),
    "cubes, numbers": (cubes, 2.0 * of_cubes(SMALL), SMALL),
    "cubes, nan": (cubes, lambda v: put(of_cubes(v), 1, np.nan), SMALL),
    "cubes, zero": (cubes, lambda v: 0.0 * v, SMALL),
    "cubes, bounds": (cubes, lambda v: 2.0 * of_cubes(v), SMALL, {"bounds": (SMALL, SMALL + 1.0)}),
    "cubes in float32": (cubes, lambda v: plus(1e-3, 2)(of_cubes(v)).astype(np.float32), SMALL),
    "constant": (lambda v: 2.5, lambda v: 0.0 * v + 1.0, SMALL),
    "bottom of symmetric": (square_of(SYMMETRIC), slope_of(SYMMETRIC, 3.0), SYMMETRIC),
    "bottom of shares": (square_of(SHARES), slope_of(SHARES, 3.0), SHARES),
    "bottom of unit rows": (square_of(UNIT_ROWS), slope_of(UNIT_ROWS, -2.0), UNIT_ROWS),
    "bottom of rising": (square_of(RISING), slope_of(RISING, 1.0), RISING),
    "bottom, numbers": (square_of(SMALL), np.full(5, 1e-3), SMALL),
    "limits": (
        limits,
        lambda p: of_limits(p, -1.0),
        {"low": np.full(4, -0.5), "high": np.full(4, 0.5)},
    ),
    "layer, mask": (layer, lambda p: of_layer(p, lambda net: 1.0), LAYER),
    "layer, v": (layer, changed(of_layer, "v", times(2.0, 1)), LAYER, {"one_by_one": 5}),
    "layer, dead units": (layer, changed(of_layer, "b", times(2.0, [1, 2])), DEAD),
    "layer, all dead": (layer, changed(of_layer, "W", times(-1.0)), ALL_DEAD),
    "layer, nought": (layer, changed(of_layer, "W", times(2.0)), NOUGHT),
    "layer and a large l2": (
        lambda p: layer(p) + 5e3 * total([total(w * w) for w in p.values()]),
        with_l2(changed(of_layer, "W", times(-1.0)), 1e4),
        LAYER,
    ),
    "size at a tie": (lambda v: abs(v[0] - v[1]), lambda v: np.array([1.0, 1.0]), np.full(2, 0.5)),
    "size at a tie, beyond": (lambda v: abs(v[0] - v[1]), lambda v: np.array([2.0, -2.0]), np.full(2, 0.5)),
    "sizes at kinks": (lambda v: total(abs(v)), lambda v: np.sign(v) + 1.5 * (v == 0.0), put(SMALL, 1, 0.0)),
    "largest at a tie": (np.max, lambda v: np.array([1.0, 1.0, 1.0]), np.full(3, 0.5)),
    "smallest and largest": (
        lambda v: np.max(v) - np.min(v),
        lambda v: np.array([1.0, 1.0, -1.0, 0.0]),
        np.full(4, 0.25),
    ),
    "sorted at a tie": (ordered([1.0, -5.0, 2.0]), by_order([-5.0, 2.0, 1.0]), np.full(3, 0.5)),
    "single": (single(lambda v: np.sum(v * v)), lambda v: times(1.5, 1)(2.0 * v), SMALL),
    "single, little": (single(lambda v: np.sum(v * v)), lambda v: plus(6e-4, 1)(2.0 * v), SMALL),
    "single, many": (single(lambda v: np.sum(v * v)), lambda v: 3.0 * v, MANY, {"one_by_one": 20}),
    "single, kinks": (single_sizes, lambda v: times(1.5, 3)(of_sizes(v)), put(SMALL, 1, 0.0)),
    "single, layer": (single_layer, changed(of_layer, "W", times(1.25, (0, 1))), LAYER),
    "single, layer, many": (single_layer, changed(of_layer, "b", times(-1.0, 0)), LAYER, {"one_by_one": 3}),
    "noise": (lambda v: total(v * v) + noise(total(v), 1e-7), lambda v: plus(0.01, 2)(2.0 * v), SMALL),
    "many, one": (cubes, lambda v: plus(1e-5, 17)(of_cubes(v)), MANY, {"one_by_one": 20}),
    "many, two": (cubes, lambda v: times(2.0, [5, 77])(of_cubes(v)), MANY, {"one_by_one": 20}),
    "many, a third": (cubes, lambda v: times(2.0, range(0, 96, 3))(of_cubes(v)), MANY, {"one_by_one": 20}),
    "many, all": (cubes, lambda v: 2.0 * of_cubes(v), MANY, {"one_by_one": 20}),
    "many, nan": (cubes, lambda v: put(of_cubes(v), range(3, 90, 4), np.nan), MANY, {"one_by_one": 20}),
    "many rows, one": (cubes, lambda v: times(-1.0, 3)(of_cubes(v)), TABLE, {"one_by_one": 20}),
    "many rows, a column": (
        cubes,
        lambda v: times(-1.0, np.s_[:, 4])(of_cubes(v)),
        TABLE,
        {"one_by_one": 20},
    ),
    "many rows, all": (cubes, lambda v: 0.5 * of_cubes(v), TABLE, {"one_by_one": 20}),
    "many at kinks": (
        lambda v: total(abs(v)),
        lambda v: times(-1.0, 8)(np.sign(v)),
        put(MANY, range(0, 96, 7), 0.0),
        {"one_by_one": 20},
    ),
    "many blocks": (
        lambda p: total([cubes(each) for each in p]),
        lambda p: [of_cubes(p[0]), times(3.0, 11)(of_cubes(p[1])), of_cubes(p[2])],
        [MANY[:40], MANY[40:], TABLE],
        {"one_by_one": 20},
    ),
    **{f"special, {name}": (cubes, of, SMALL) for name, of in SPECIAL.items() if name != "forty"},
    "special, breakpoint": (
        lambda v: total(np.where(v > 0.25, v * v, 0.0625 + 0.5 * (v - 0.25))),
        lambda v: np.where(v == 0.25, 9.0, np.where(v > 0.25, 2.0 * v, 0.5)),
        SMALL,
    ),
    "special, fewer compared": (
        above_nought,
        lambda v: np.where(v == 0.5, 9.0, np.where(v > 0.5, 1.0, 0.0)),
        SMALL,
    ),
    "special, equal blocks": (
        lambda p: cubes(p["a"]) + cubes(p["b"]),
        lambda p: {
            name: of_cubes(p[name]) + 1.0 * (name == "b" and np.array_equal(p["a"], p["b"])) for name in p
        },
        {"a": SMALL, "b": WAVES[410:415]},
    ),
}


def shown(report):
    """The report in one line, numbers to three digits, with the reasons of a few entries of each block."""
    text = re.sub(r" in [\d.e-]+ s$", "", str(report), flags=re.MULTILINE)
    lines = [line for line in text.splitlines() if not line.startswith(("repeat:", "next:", "test:"))]
    for block in getattr(report, "report", report).blocks:
        entries = block.entries[:ENTRIES]
        lines += [
            f"{each.name} {each.numeric:.3g} ± {each.error_bar:.1e}, ratio {each.ratio:.3g}: {each.reason}"
            for each in entries
        ]
    numbers = r"-?\d+\.\d+(?:e[+-]\d+)?"
    return re.sub(numbers, lambda found: f"{float(found[0]):.3g}", " | ".join(lines).replace("\n", " "))


@cache
def before():
    return dict(line.split(": ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


def checked(kind, name):
    if kind == "hunt":
        return hunt(cubes, SPECIAL[name], SMALL)
    loss, gradients, parameters, *options = (RIGHT if kind == "right" else WRONG)[name]
    return check(loss, gradients, parameters, **(options[0] if options else {}))


NAMES = [("right", name) for name in RIGHT] + [("wrong", name) for name in WRONG]
NAMES += [("hunt", name) for name in SPECIAL]


@pytest.mark.slow
@pytest.mark.parametrize("kind, name", NAMES, ids=[": ".join(each) for each in NAMES])
def test_a_check_says_what_it_said(kind, name):
    report = checked(kind, name)
    assert report.verdict in (("right", "undecided") if kind == "right" else ("wrong", "undecided"))
    assert shown(report) == before()[f"{kind}, {name}"]


if __name__ == "__main__":
    FILE.write_text(
        "".join(f"{kind}, {name}: {shown(checked(kind, name))}\n" for kind, name in NAMES), "utf-8"
    )
