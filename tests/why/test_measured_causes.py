"""What a check says of mistakes in backward passes of pure arithmetic, and how many calls that took.

Whoever changes a constant or a condition of the experiments, or of the causes that are seen over several
arrays, sees here what it does. Run as a script, this file writes the lines anew.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from measured import WAVES, product, put, total
from profiles import by_day

from gradcheck import check
from gradcheck.inputs.functions import CallersFunctions
from gradcheck.why.elsewhere import Elsewhere

FILE = Path(__file__).parent.parent / "data" / "measured_causes.txt"
X, T = WAVES[1:19].reshape(6, 3), WAVES[30:42].reshape(6, 2)
TIMES = WAVES[50:74].reshape(4, 3, 2)


def of_rational(h):
    return (1.0 - h * h) / ((1.0 + h * h) * (1.0 + h * h))


ACTIVATIONS = {  # name: (value, slope)
    "rational": (lambda h: h / (1.0 + h * h), of_rational),
    "bell": (lambda h: 1.0 / (1.0 + h * h), lambda h: -2.0 * h / ((1.0 + h * h) * (1.0 + h * h))),
    "square": (lambda h: h * h, lambda h: 2.0 * h),
    "relu": (lambda h: np.maximum(h, 0.0), lambda h: (h > 0.0) * 1.0),
    "shifted": (
        lambda h: 0.5 + 0.25 * h / (1.0 + abs(h)),
        lambda h: 0.25 / ((1.0 + abs(h)) * (1.0 + abs(h))),
    ),
}
AT = {
    "W1": WAVES[80:92].reshape(3, 4),
    "b1": WAVES[100:104],
    "W2": WAVES[110:118].reshape(4, 2),
    "b2": WAVES[120:122],
}


def forward(p, activation):
    net = product(X, p["W1"]) + p["b1"]
    out = ACTIVATIONS[activation][0](net)
    return net, out, product(out, p["W2"]) + p["b2"]


def loss(activation, l2=0.0):
    def of(p):
        rest = forward(p, activation)[2] - T
        return total(rest * rest) / len(X) + 0.5 * l2 * total(
            [total(p[name] * p[name]) for name in ("W1", "W2")]
        )

    return of


def backward(activation, slip="", l2=0.0):
    """The gradients of that loss, with a slip."""
    slope_of = ACTIVATIONS[activation][1]

    def of(p):
        net, out, last = forward(p, activation)
        y, slope = last - T, slope_of(out if slip == "slope of out" else net)
        if slip == "targets":
            y = last + T
        delta2 = 2.0 * y / len(X) * {"sum": 6.0, "half": 0.5, "sign": -1.0}.get(slip, 1.0)
        if slip == "ones":
            delta2 = np.ones_like(delta2)
        if slip == "first sample":
            delta2 = put(delta2, slice(1, None), 0.0)
        if slip == "last output":
            delta2 = put(delta2, np.s_[:, 0], 0.0)
        back = product(delta2, (p["W2"] * (2.0 if slip == "W2 twice" else 1.0)).T)
        if slip == "raw":
            back = product(y, p["W2"].T)
        if slip == "W2 moved":
            back = product(delta2, (p["W2"] - 0.25 * product(out.T, delta2)).T)
        if slip == "some paths":
            back = product(delta2[:, :1], p["W2"][:, :1].T)
        delta1 = back * (1.0 if slip == "no slope" else abs(slope) if slip == "size" else slope)
        if slip == "one unit":
            delta1 = put(delta1, np.s_[:, 2], 2.0 * delta1[:, 2])
        if slip == "dead unit":
            delta1 = put(delta1, np.s_[:, 1], 0.0)
        if slip == "slope twice":
            delta1 = delta1 * slope
        inputs = X[::-1] if slip == "inputs reversed" else X * X if slip == "inputs squared" else X
        if slip == "one input":
            inputs = put(inputs, np.s_[:, 1], 0.0)
        W2 = product((net if slip == "net for out" else out).T, delta2)
        found = {"W1": product(inputs.T, delta1), "b1": sum(delta1), "W2": W2, "b2": sum(delta2)}
        if slip == "no b1":
            found["b1"] = 0.0 * found["b1"]
        if slip == "b1 mean":
            found["b1"] = found["b1"] / len(X)
        if slip == "b1 of b2":
            found["b1"] = np.resize(found["b2"], 4)
        if slip == "reshaped":
            found["W1"] = np.reshape(found["W1"].T, (3, 4))
        if slip == "quartic":
            found["W2"] = found["W2"] + p["W2"] * p["W2"] * p["W2"]
        if slip == "constant":
            found["W1"] = found["W1"] + WAVES[140:152].reshape(3, 4)
        if slip == "clipped":
            found = {name: np.clip(g, -0.05, 0.05) for name, g in found.items()}
        if slip == "here":
            found["b2"] = found["b2"] + (p["b2"][0] == AT["b2"][0])
        if slip == "where positive":
            found["W2"] = found["W2"] * (1.0 + (p["W2"] > 0.0))
        if slip == "swapped":
            found["W2"] = found["W2"][:, ::-1]
        for name in ("W1", "W2", *(["b1", "b2"] if slip == "l2 of b" else [])):
            found[name] = found[name] + {"no l2": 0.0, "l2 twice": 2.0}.get(slip, 1.0) * l2 * p[name]
        return found

    return of


SLIPS = (
    "slope of out,targets,sum,half,sign,ones,first sample,last output,W2 twice,raw,W2 moved,some paths,"
    "no slope,size,one unit,dead unit,slope twice,inputs reversed,inputs squared,one input,net for out,no b1,"
    "b1 mean,b1 of b2,reshaped,quartic,constant,clipped,here,where positive,swapped"
).split(",")
KINDS = list(ACTIVATIONS)
# name: (loss, gradients, parameters)
ROWS = {
    f"{slip}, {kind}": (loss(kind), backward(kind, slip), AT)
    for n, slip in enumerate(SLIPS)
    for kind in ("rational" if slip == "size" else KINDS[n % 5],)
}
ROWS |= {
    f"{slip}, with an l2": (loss("rational", 0.3), backward("rational", slip, 0.3), AT)
    for slip in ("no l2", "l2 twice", "l2 of b", "sum", "no slope", "clipped")
}


def states(p):
    h = [np.zeros((3, 3))]
    for x in TIMES:
        net = product(x, p["W"]) + product(h[-1], p["U"])
        h.append(net / (1.0 + net * net))
    return h


def unrolled(p):
    rest = product(states(p)[-1], p["V"]) - WAVES[160:166].reshape(3, 2)
    return total(rest * rest)


def through_time(p, slip=""):
    h, found = [np.zeros((3, 3))], {name: np.zeros_like(value) for name, value in p.items()}
    nets = [None]
    for x in TIMES:
        nets.append(product(x, p["W"]) + product(h[-1], p["U"]))
        h.append(nets[-1] / (1.0 + nets[-1] * nets[-1]))
    error = 2.0 * (product(h[-1], p["V"]) - WAVES[160:166].reshape(3, 2))
    found["V"] = product(h[-1].T, error)
    dh = product(error, p["V"].T)
    for k in range(len(TIMES), 0, -1):
        delta = dh * (1.0 if slip == "no slope" else of_rational(nets[k]))
        found["W"] += product(TIMES[k - 1].T, delta)
        share = product(h[k if slip == "late" else k - 1].T, delta)
        found["U"] = share if slip == "assigned" else found["U"] + share
        dh = 0.0 * dh if slip == "not carried" else product(delta, p["U"].T)
    return found


RECURRENT = {
    "U": WAVES[170:179].reshape(3, 3),
    "W": WAVES[180:186].reshape(2, 3),
    "V": WAVES[190:196].reshape(3, 2),
}
ROWS |= {
    f"{slip}, through time": (unrolled, lambda p, slip=slip: through_time(p, slip), RECURRENT)
    for slip in ("no slope", "late", "assigned", "not carried")
}


def outputs(p):
    net = product(X, p["W"])
    return net / (1.0 + net * net) * p["b"]


def of_outputs(p, u, slip=""):
    net = product(X, p["W"])
    above = 1.0 if slip == "not from above" else u
    delta = above * p["b"] * (1.0 if slip == "no slope" else of_rational(net))
    shares = u * net / (1.0 + net * net)
    return {"W": product(X.T, delta), "b": shares[-1] if slip == "assigned" else sum(shares)}


def scaled(p, factor=1.0, slip=False):
    """(the loss, its gradients): a loss that multiplies its weights by a number."""
    rest = product(X, p["s"] * p["s"] * p["W"]) - T[:, :1]
    W = 2.0 * product(X.T, rest)
    return total(rest * rest), {"W": p["s"] * p["s"] * W, "s": factor * 2.0 * p["s"] * total(W * p["W"])}


LAYER = {"W": WAVES[200:206].reshape(3, 2), "b": WAVES[210:212]}
SCALED = {"W": WAVES[220:223].reshape(3, 1), "s": 0.75}
LONG = WAVES[230:238]


def of_pairs(v, slip=""):
    """The slopes of the sum of v[i] * v[i + 1]**2, without those of one path where it slips."""
    found = np.zeros_like(v)
    found[:-1] += v[1:] * v[1:]
    if slip != "one path":
        found[1:] += 2.0 * v[:-1] * v[1:]
    if slip == "one term":
        found[:2] -= v[1] * v[1], 2.0 * v[0] * v[1]
    return found


ROWS |= {
    "not from above, outputs": (outputs, lambda p, u: of_outputs(p, u, "not from above"), LAYER),
    "assigned, outputs": (outputs, lambda p, u: of_outputs(p, u, "assigned"), LAYER),
    "no slope, outputs": (outputs, lambda p, u: of_outputs(p, u, "no slope"), LAYER),
    "a fourth, a number": (lambda p: scaled(p)[0], lambda p: scaled(p, 0.25)[1], SCALED),
    "by 1.7, a number": (lambda p: scaled(p)[0], lambda p: scaled(p, 1.7)[1], SCALED),
    "minus, a number": (lambda p: scaled(p)[0], lambda p: scaled(p, -1.0)[1], SCALED),
    "one path, pairs": (
        lambda v: total(v[:-1] * v[1:] * v[1:]),
        lambda v: of_pairs(v, "one path"),
        LONG,
    ),
    "one term, pairs": (
        lambda v: total(v[:-1] * v[1:] * v[1:]),
        lambda v: of_pairs(v, "one term"),
        LONG,
    ),
}


def said(report):
    cause = report.cause
    if cause is None:
        return f"nothing, {report.evaluations} calls"
    constants = {name: f"{value:.3g}" for name, value in cause.constants.items() if isinstance(value, float)}
    return f"{cause.id}, {report.evaluations} calls: {cause.sentence} {constants or ''}".rstrip()


def elsewhere(name, chosen):
    """What an experiment measures at other points, to three digits: the Slopes, the bends, the shares."""
    loss, gradients, parameters = ROWS[name]
    found = Elsewhere(CallersFunctions(loss, gradients, parameters), 4.0)
    places = [found.here, *found.near, *found.far]
    numbers = [each for at in places for each in found.along(at, found.direction([chosen]))]
    numbers += [each for at in places[:2] for each in found.bend(at, list(found.blocks))]
    if found.functions.upstream is not None:
        numbers += found.shares(chosen).ravel()[::6].tolist()
    return " ".join(f"{each:.3g}" for each in numbers)


ELSEWHERE = {
    "slope of out, rational": "W1",
    "where positive, shifted": "b2",
    "one path, pairs": "x",
    "late, through time": "U",
    "assigned, outputs": "W",
    "a fourth, a number": "s",
}


@cache
def before():
    return dict(line.split(" -> ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


def checked(name):
    loss, gradients, parameters = ROWS[name]
    return check(loss, gradients, parameters)


@pytest.mark.slow
@pytest.mark.parametrize("name", by_day(ROWS, 2))
def test_what_is_said_of_a_mistake_is_what_was_said(name):
    report = checked(name)
    assert report.verdict == "wrong"
    assert said(report) == before()[name]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_measured_at_other_points_is_what_was_measured(name):
    assert elsewhere(name, ELSEWHERE[name]) == before()[f"{name}, elsewhere"]


if __name__ == "__main__":
    found = {name: said(checked(name)) for name in ROWS}
    found |= {f"{name}, elsewhere": elsewhere(name, block) for name, block in ELSEWHERE.items()}
    FILE.write_text("".join(f"{name} -> {each}\n" for name, each in found.items()), encoding="utf-8")
