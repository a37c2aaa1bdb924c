"""The points at which functions are compared again: special ones, breakpoints, and points nearby.

What is special at each is so, what can be seen to hold at the given point holds at all, and all are the
points that they were. Run as a script, this file writes them anew.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from measured import WAVES, total

from gradcheck.inputs.functions import CallersFunctions
from gradcheck.judge.other_points import keeps_what_holds, nearby_point, rounds_of_places
from gradcheck.judge.special_values import breakpoints, special_points

FILE = Path(__file__).parent.parent / "data" / "measured_points.txt"
SQUARE = WAVES[100:109].reshape(3, 3)
SHARES = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
# name: (parameters, bounds or None)
GIVEN = {
    "number": (0.3, None),
    "vector": (WAVES[:5], None),
    "two": (WAVES[5:7], None),
    "matrix": (WAVES[10:16].reshape(2, 3), None),
    "square": (SQUARE, None),
    "row": (WAVES[:3].reshape(1, 3), None),
    "column": (WAVES[:3].reshape(3, 1), None),
    "cube": (WAVES[20:44].reshape(2, 3, 4), None),
    "blocks": ({"W": WAVES[50:56].reshape(2, 3), "b": WAVES[60:62], "V": WAVES[64:70].reshape(2, 3)}, None),
    "many blocks": ({f"v{n}": WAVES[70 + 3 * n : 73 + 3 * n] for n in range(8)}, None),
    "symmetric": (SQUARE + SQUARE.T, None),
    "positive definite": (SQUARE @ SQUARE.T + np.eye(3), None),
    "shares": (SHARES, None),
    "shares by column": (SHARES.T.copy(), None),
    "shares of all": (np.array([[0.5, 0.125], [0.25, 0.125]]), None),
    "two shares": (np.array([0.5, 0.5]), None),
    "unit rows": (np.array([[0.6, 0.8], [0.8, -0.6], [0.0, 1.0]]), None),
    "rising": (np.array([-1.0, 0.5, 0.75, 2.0]), None),
    "positive": (abs(WAVES[:4]) + 0.125, None),
    "small": ({"a": WAVES[:4] * 1e-6, "b": WAVES[4:8]}, None),
    "zero": (np.zeros(3), None),
    "limits": ({"low": np.full(3, -0.5), "high": np.full(3, 0.5)}, None),
    "a low limit": ({"low": -2.0, "high": WAVES[:3]}, None),
    "a high limit": ({"low": WAVES[:3], "high": 2.0}, None),
    "bounds": (WAVES[:4], (WAVES[:4] - 0.25, WAVES[:4] + 8.0)),
    "at a bound": (np.array([0.0, 0.5, 1.0]), (0.0, 1.0)),
}
# name: (what compares, parameters): each has breakpoints
COMPARING = {
    "greater": (lambda v: total(v[v > 0.25]), WAVES[:5]),
    "less": (lambda v: total(np.where(v * v < v + 0.5, v, 0.0)), WAVES[:5]),
    "equal": (lambda v: total(np.where((v == 0.5) | (v >= 2.0) | (v <= -2.0), 1.0, v)), WAVES[:3]),
    "maximum": (lambda v: total(np.maximum(v, 0.75) + np.minimum(v, -0.75)), WAVES[:3]),
    "fmax": (lambda v: total(np.fmax(v, 2.0) + np.fmin(v, 0.125)), WAVES[:3]),
    "clip": (lambda v: total(np.clip(v, -0.25, 0.5)), WAVES[:3]),
    "absolute": (lambda v: total(np.absolute(v - 0.5) + np.fabs(v + 0.5)), WAVES[:3]),
    "sign": (lambda v: total(np.sign(v - 0.5) + np.heaviside(v, 0.5)), WAVES[:3]),
    "sort": (lambda v: total(np.sort(v) * WAVES[30:35]), WAVES[:5]),
    "sort rows": (lambda v: total(np.sort(v, axis=0)[0]) + total(np.sort(v)[:, 0]), WAVES[:6].reshape(2, 3)),
    "argmax": (lambda v: v[np.argmax(v)] + v[v.argmin()] + v[np.argmin(v)] + v[v.argmax()], WAVES[:5]),
    "max": (lambda v: np.max(v) - np.amin(v), WAVES[:5]),
    "median": (lambda v: float(np.median(v)), WAVES[:5]),
    "partition": (lambda v: float(np.partition(v, 2)[2]) + int(np.argpartition(v, 1)[0]), WAVES[:5]),
    "of many": (lambda v: total(np.maximum(v, 0.0)), WAVES[200:240]),
    "none": (lambda v: total(v * v), WAVES[:5]),
    "a number": (lambda x: max(x, 0.5), 0.3),
    "far": (lambda v: total(np.where(v > 31.7, 1.0, v)), WAVES[:2]),
    "curved": (lambda v: total(np.where(v * v * v > 0.3, 1.0, v)), WAVES[:2]),
    "of two": (lambda v: total(np.where(v[0] * v[1] > v[2], v, 0.0)), WAVES[:3]),
    "dict": (lambda p: total(np.maximum(p["a"], p["b"])), {"a": WAVES[:3], "b": WAVES[4:7]}),
}
LARGE = "cube", "many blocks"  # of which the special points are too many to be shown
SEVERAL = "at a bound", "many blocks"  # where more holds than a point nearby keeps: an order, and a bound


def functions_of(parameters, bounds=None, loss=None):
    return CallersFunctions(loss or (lambda _: 1.0), lambda p: p, parameters, bounds=bounds)


def shown(vector):
    """A vector by its sum, each entry with another weight, to five digits."""
    return f"{total(np.ravel(vector) * (2.0 + WAVES[300 : 300 + np.size(vector)])):.5g}"


def special(name, few):
    """What is special, the vector, and how many entries were moved, of every special point."""
    functions = functions_of(*GIVEN[name])
    points = list(special_points(functions, np.random.default_rng(3), few))
    assert all(keeps_what_holds(functions, each.vector, few) for each in points)
    return [f"{each.what}: {shown(each.vector * functions.point.units)} {len(each.moved)}" for each in points]


def compared(name, few):
    """What every breakpoint is, and how many calls of the loss that took."""
    loss, parameters = COMPARING[name]
    functions = functions_of(parameters, loss=loss)
    found = breakpoints(functions, np.random.default_rng(3), few)
    return [*(f"{each.what}: {shown(each.vector)}" for each in found), f"{functions.evaluations} calls"]


def nearby(name):
    """A point of every kind of place that is tried."""
    functions, draw = functions_of(*GIVEN[name]), np.random.default_rng(3)
    places = dict.fromkeys(place for some in rounds_of_places(functions.point, True) for place in some)
    points = {place: nearby_point(functions, place, draw) for place in places}
    kept = (keeps_what_holds(functions, each) for place, each in points.items() if place.is_kept)
    assert all(kept) or name in SEVERAL
    units = functions.point.units
    rows = points.items()
    return [f"{place.spread:g} {place.is_kept} {place.size}: {shown(each * units)}" for place, each in rows]


ROWS = {f"special, {name}": (special, name, False) for name in GIVEN if name not in LARGE}
ROWS |= {f"few, {name}": (special, name, True) for name in GIVEN}
ROWS |= {f"nearby, {name}": (nearby, name) for name in GIVEN}
ROWS |= {f"compared, {name}": (compared, name, False) for name in COMPARING}
ROWS |= {f"compared, few, {name}": (compared, name, True) for name in COMPARING}


def found(row):
    kind, *rest = ROWS[row]
    return " | ".join(kind(*rest))


@cache
def before():
    return dict(line.split(" -> ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("row", ROWS)
def test_the_points_are_those_that_they_were(row):
    assert found(row) == before()[row]


if __name__ == "__main__":
    FILE.write_text("".join(f"{row} -> {found(row)}\n" for row in ROWS), encoding="utf-8")
