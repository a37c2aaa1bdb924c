"""What is said of one wrong array, word by word: small fixed arrays, measured within a known bar.

Run as a script, this file writes the words anew; the other files of the folder say which are right.
"""

from dataclasses import replace
from functools import cache, partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from profiles import by_day

from gradcheck.why.causes import GradientBlock, causes

WAVES = np.sin(np.arange(1.0, 400.0) ** 2)  # numbers of either sign in no order
BAR, WIDE = 2.0**-30, 0.004
FILE = Path(__file__).parent.parent / "data" / "words_of_causes.txt"
TASK = {"samples": 5, "outputs": 3, "learning_rate": 0.25}


def block(name, shape, start, change=None, bar=BAR):
    """A GradientBlock of this shape, its analytic gradient the numerical one, or `change(g, p)`."""
    size = int(np.prod(shape))
    g, p = (np.round(WAVES[at : at + size], 3).reshape(shape) for at in (start, start + 200))
    analytic = g.copy() if change is None else change(g, p) + 0.0 * g
    return GradientBlock(name, analytic, g, np.full(shape, bar), p)


def put(array, place, value):
    array = array.copy()
    array[place] = value
    return array


def logistic(p):
    return 1 / (1 + np.exp(-p))


def softmax(p):
    e = np.exp(p - np.max(p, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


FLAT, TALL, SQUARE, LONG, ONE = (3, 4), (4, 2), (3, 3), (6,), ()
# shape, change: which block of a network with layers W1 b1 W2 b2 (or one array alone) is wrong, and how
CHANGES = {
    "twice": (FLAT, lambda g, p: 2.0 * g),
    "half": (FLAT, lambda g, p: 0.5 * g),
    "sign": (LONG, lambda g, p: -g),
    "N": (FLAT, lambda g, p: 5.0 * g),
    "1/N": (LONG, lambda g, p: g / 5.0),
    "minus 1/N": (LONG, lambda g, p: -g / 5.0),
    "K": (FLAT, lambda g, p: 3.0 * g),
    "NK": (FLAT, lambda g, p: 15.0 * g),
    "2/N": (FLAT, lambda g, p: 0.4 * g),
    "1/2N": (FLAT, lambda g, p: 0.1 * g),
    "2N": (FLAT, lambda g, p: 10.0 * g),
    "1/NK": (FLAT, lambda g, p: g / 15.0),
    "rate": (FLAT, lambda g, p: 0.25 * g),
    "1/rate": (FLAT, lambda g, p: 4.0 * g),
    "no whole number": (FLAT, lambda g, p: 3.7 * g),
    "over no whole number": (FLAT, lambda g, p: g / 3.7),
    "some factor": (FLAT, lambda g, p: 1.7321 * g),
    "zero": (FLAT, lambda g, p: 0.0 * g),
    "a constant": (FLAT, lambda g, p: 0.0 * g + 0.5),
    "one": (ONE, lambda g, p: 3.7 * g),
    "one, twice": (ONE, lambda g, p: 2.0 * g),
    "with l2": (FLAT, lambda g, p: g + 0.3 * p),
    "without l2": (FLAT, lambda g, p: g - 0.3 * p),
    "twice and l2": (FLAT, lambda g, p: 2.0 * g + 0.3 * p),
    "l2 alone": (FLAT, lambda g, p: 0.3 * p),
    "parameter": (FLAT, lambda g, p: p),
    "times parameter": (FLAT, lambda g, p: g * p),
    "by its parameter": (FLAT, lambda g, p: g / p),
    "times its square": (FLAT, lambda g, p: g * p * p),
    "square": (FLAT, lambda g, p: g * g),
    "size": (FLAT, lambda g, p: np.abs(g)),
    "sign alone": (FLAT, lambda g, p: np.sign(g)),
    "clipped": (FLAT, lambda g, p: np.clip(g, -0.4, 0.4)),
    "positive": (FLAT, lambda g, p: np.maximum(g, 0.0)),
    "sum added": (LONG, lambda g, p: g + np.sum(g)),
    "offset": (FLAT, lambda g, p: g + 0.125),
    "mean": (FLAT, lambda g, p: g - np.mean(g)),
    "length one": (FLAT, lambda g, p: g / np.sqrt(np.sum(g * g))),
    "transposed": (SQUARE, lambda g, p: g.T),
    "symmetric": (SQUARE, lambda g, p: 0.5 * (g + g.T)),
    "sum of both": (SQUARE, lambda g, p: g + g.T),
    "lower": (SQUARE, lambda g, p: np.tril(g)),
    "upper twice": (SQUARE, lambda g, p: np.triu(g) + np.triu(g, 1)),
    "diagonal": (SQUARE, lambda g, p: np.diag(np.diag(g))),
    "reshaped": (FLAT, lambda g, p: g.T.reshape(3, 4)),
    "in order F": (FLAT, lambda g, p: g.reshape(4, 3).T),
    "rows reversed": (TALL, lambda g, p: g[::-1]),
    "columns reversed": (FLAT, lambda g, p: g[:, ::-1]),
    "entries reversed": (LONG, lambda g, p: g[::-1]),
    "rolled": (LONG, lambda g, p: np.roll(g, 1)),
    "rows moved": (TALL, lambda g, p: g[[2, 0, 3, 1]]),
    "two columns": (FLAT, lambda g, p: g[:, [0, 3, 2, 1]]),
    "two entries": (LONG, lambda g, p: g[[0, 4, 2, 3, 1, 5]]),
    "one entry": (FLAT, lambda g, p: put(g, (1, 2), 0.7)),
    "one entry of a vector": (LONG, lambda g, p: put(g, 2, 9.0)),
    "one row": (FLAT, lambda g, p: put(g, 1, 2.0 * g[1])),
    "one row lost": (FLAT, lambda g, p: put(g, 2, 0.0)),
    "one column negative": (FLAT, lambda g, p: put(g, (slice(None), 0), -g[:, 0])),
    "last column lost": (TALL, lambda g, p: put(g, (slice(None), 1), 0.0)),
    "rows by factors": (FLAT, lambda g, p: g * np.array([[2.0], [3.0], [-1.0]])),
    "columns by factors": (FLAT, lambda g, p: g * np.array([1.0, 2.0, 3.0, 4.0])),
    "some entries lost": (FLAT, lambda g, p: np.where(np.abs(g) > 0.5, g, 0.0)),
    "row repeated": (FLAT, lambda g, p: g[[0, 0, 0]]),
    "summed": (LONG, lambda g, p: np.full_like(g, np.sum(g))),
    "averaged": (LONG, lambda g, p: np.full_like(g, np.mean(g))),
    "rows summed": (FLAT, lambda g, p: np.tile(g.sum(axis=0), (3, 1))),
    "not a number": (FLAT, lambda g, p: put(g, (0, 1), np.nan)),
    "nothing known": (FLAT, lambda g, p: g[::-1, ::-1] ** 3 + 0.2 * p),
    "softmax above": (FLAT, lambda g, p: g / softmax(p)),
    "l2 of the other sign": (FLAT, lambda g, p: g - 0.6 * p),
    "half of the l2": (FLAT, lambda g, p: g - 0.15 * p),
    "l2 over N": (FLAT, lambda g, p: g - 0.24 * p),
    "l2 times N": (FLAT, lambda g, p: g + 1.2 * p),
    "twice all but the l2": (FLAT, lambda g, p: 2.0 * g - 0.3 * p),
    "twice, the l2 lost": (FLAT, lambda g, p: 2.0 * g - 0.6 * p),
    "a factor and l2": (FLAT, lambda g, p: 1.7321 * g - 0.3 * p),
    "parameter times": (FLAT, lambda g, p: -0.7 * p),
    "the next parameter": (FLAT, lambda g, p: p - 0.25 * g),
    "l1 added": (FLAT, lambda g, p: g + 0.2 * np.sign(p)),
    "l1 lost": (FLAT, lambda g, p: g - 0.2 * np.sign(p)),
    "epsilon": (FLAT, lambda g, p: g + 0.1 * g / p),
    "one added": (LONG, lambda g, p: g + 1.0),
    "over its exponential": (FLAT, lambda g, p: g * np.exp(-p)),
    "without the slope of tanh": (FLAT, lambda g, p: g / (1 - np.tanh(p) ** 2)),
    "tanh for its slope": (FLAT, lambda g, p: g * np.tanh(p) / (1 - np.tanh(p) ** 2)),
    "part of the slope of tanh": (FLAT, lambda g, p: g / (1 + np.tanh(p))),
    "slope of tanh at the output": (
        LONG,
        lambda g, p: g * (1 - np.tanh(np.tanh(p)) ** 2) / (1 - np.tanh(p) ** 2),
    ),
    "slope of tanh by the input": (LONG, lambda g, p: g * (1 - p**2) / (1 - np.tanh(p) ** 2)),
    "without the slope of logistic": (FLAT, lambda g, p: g / (logistic(p) * (1 - logistic(p)))),
    "part of the slope of logistic": (FLAT, lambda g, p: g / logistic(p)),
    "slope of logistic by the input": (
        FLAT,
        lambda g, p: g * p * (1 - p) / (logistic(p) * (1 - logistic(p))),
    ),
    "without the slope of softplus": (FLAT, lambda g, p: g / logistic(p)),
    "twice the transposed": (SQUARE, lambda g, p: 2.0 * g.T),
    "twice but one entry": (FLAT, lambda g, p: put(2.0 * g, (1, 2), 0.7)),
    "minus, one row lost": (FLAT, lambda g, p: put(-g, 1, 0.0)),
    "two rows exchanged": (TALL, lambda g, p: g[[0, 3, 2, 1]]),
    "two rows with l2": (TALL, lambda g, p: put(g, [0, 2], (g + 0.3 * p)[[0, 2]])),
    "an entry with a sign": (LONG, lambda g, p: put(g, 3, -g[3])),
    "a zero row is not": (FLAT, lambda g, p: put(g, 2, 0.1)),
}
BIASES = [
    "twice",
    "with l2",
    "without l2",
    "twice and l2",
    "l2 alone",
    "l2 of the other sign",
    "half of the l2",
]
BIASES += [
    "l2 over N",
    "l2 times N",
    "twice, the l2 lost",
    "a factor and l2",
    "l1 added",
    "l1 lost",
    "epsilon",
]
# Of two layers W1 (4, 3), b1 (4,), W2 (2, 4), b2 (2,): what is handed in for one of the arrays.
NETWORK = {"W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,)}
IN_A_NETWORK = {
    "delta alone": ("W1", lambda g, p, others: np.tile(others["b1"].numeric[:, None], (1, 3))),
    "delta and l2": ("W1", lambda g, p, others: others["b1"].numeric[:, None] + 0.3 * p),
    "of another": ("b1", lambda g, p, others: others["W2"].numeric[0]),
    "of another, given": ("W2", lambda g, p, others: others["W1"].numeric.ravel()[:8].reshape(2, 4)),
    "times another": ("W2", lambda g, p, others: g * others["b1"].parameter),
    "by another": ("W2", lambda g, p, others: g / others["b1"].parameter),
    "bias summed": ("b1", lambda g, p, others: np.full_like(g, np.sum(g))),
    "bias averaged": ("b1", lambda g, p, others: g / 5.0),
    "bias lost": ("b2", lambda g, p, others: 0.0 * g),
    "weights twice": ("W2", lambda g, p, others: 2.0 * g),
    "weights with l2": ("W1", lambda g, p, others: g + 0.1 * p),
    "one row": ("W1", lambda g, p, others: put(g, 1, 2.0 * g[1])),
    "another number": ("W1", lambda g, p, others: g * g * p + 0.3),
}


def network(name, change):
    made, start = {}, 0
    for each, shape in NETWORK.items():
        made[each] = block(each, shape, start)
        start += 13
    one = made[name]
    wrong = change(one.numeric, one.parameter, made) + 0.0 * one.numeric
    made[name] = GradientBlock(name, wrong, one.numeric, one.bar, one.parameter)
    return list(made.values())


def told(blocks, **given):
    found = causes(blocks, **given).overall
    if found is None:
        return None
    constants = {name: f"{value:.6g}" for name, value in found.constants.items() if isinstance(value, float)}
    return f"{found.id}: {found.sentence} {constants or ''}".rstrip()


def alone():
    for name, (shape, change) in CHANGES.items():
        yield name, partial(told, [block("W", shape, 40, change)], **TASK)


def within_wide_bars():
    for name, (shape, change) in CHANGES.items():
        yield f"{name}, wide", partial(told, [block("W", shape, 7, change, WIDE)], l2=0.3, **TASK)


def of_a_bias():
    for name in BIASES:
        change = CHANGES[name][1]
        yield f"{name}, bias", partial(told, network("b1", lambda g, p, _: change(g, p)), l2=0.3, **TASK)


def in_part_unknown_and_with_a_known_l2():
    for name, (shape, change) in CHANGES.items():
        one = block("W", shape, 19, change)
        bar = np.where(np.arange(one.bar.size).reshape(shape) % 4 == 1, np.inf, one.bar)
        yield f"{name}, some unknown", partial(told, [replace(one, bar=bar)], **TASK)
        if "l2" in name:
            yield f"{name}, l2 known", partial(told, [one], l2=0.3, **TASK)


def of_one_sample():
    for name in BIASES:
        shape, change = CHANGES[name]
        yield f"{name}, one sample", partial(told, [block("W", shape, 40, change)], samples=1)


def without_a_bar():
    for name in ("twice", "with l2", "transposed", "one entry", "zero", "l2 alone", "nothing known"):
        shape, change = CHANGES[name]
        yield f"{name}, no bar", partial(told, [block("W", shape, 40, change, 0.0)], **TASK)


def of_what_a_loss_ignores():
    """Gradients with nothing along ones, or along the parameter, in each row, in each column, or in all."""
    for shape, axis in ((FLAT, 1), (FLAT, 0), (TALL, 1), (LONG, 0), (SQUARE, None), (SQUARE, 1)):
        raw = block("W", shape, 60)
        g, p = raw.numeric, raw.parameter
        for what, along in (("a shift", np.ones_like(p)), ("a scale", p), ("a scale about the mean", None)):
            if along is None:
                along = p - np.mean(p, axis=axis, keepdims=True)
            true = g - along * np.sum(g * along, axis, keepdims=True) / np.sum(along**2, axis, keepdims=True)
            for bar in (BAR, WIDE):
                for how, wrong in (
                    ("its part kept", g),
                    ("half of it kept", 0.5 * (g + true)),
                    ("a shift added", true + 0.25),
                    ("a scale added", true + 0.25 * p),
                    ("divided", true / (1.5 + p)),
                    ("twice", 2.0 * true),
                    ("one entry", put(true, (0,) * len(shape), 0.9)),
                ):
                    one = GradientBlock("W", wrong, true, np.full(shape, bar), p)
                    yield f"ignores {what} {axis} {shape} {bar:.2g}: {how}", partial(told, [one])


def of_an_unknown_task():
    for name in ("N", "1/N", "minus 1/N", "no whole number", "over no whole number", "half", "NK"):
        shape, change = CHANGES[name]
        yield f"{name}, unknown task", partial(told, [block("W", shape, 40, change)])
        yield f"{name}, unknown task, wide", partial(told, [block("W", shape, 40, change, WIDE)])


def where_the_loss_stands_still():
    """One array, or a row of it, has no slope in truth, beside the others of a network."""
    for name, array in (("W1", "W1"), ("b1", "b1"), ("W2", "W2"), ("W1", "W2"), ("b2", "b1")):
        for rows in (slice(None), 0):
            for how, added in (("nothing", 0.0), ("something", 0.3), ("as much as the bar", 2.0 * BAR)):
                made = {each.name: each for each in network(name, lambda g, p, _: 2.0 * g)}
                still = put(made[array].numeric, rows, 0.0)
                change = {"numeric": still, "analytic": still + added * (still == 0.0)}
                made[array] = replace(made[array], **change)
                said = partial(told, list(made.values()), **TASK)
                yield f"{how} where {array} is still in {'all' if rows else 'a row'}, {name} twice", said


def beside_an_l2_term_alone():
    """The right gradient of one array is a multiple of its parameter, which proves nothing of a delta."""
    for alone_in in NETWORK:
        for name in NETWORK:
            made = {each.name: each for each in network(name, lambda g, p, _: g * g + 0.2 * p)}
            multiple = 0.3 * made[alone_in].parameter
            made[alone_in] = replace(made[alone_in], numeric=multiple, analytic=multiple)
            yield f"{alone_in} a multiple, {name} wrong", partial(told, list(made.values()), **TASK)


def of_two_samples():
    for name in ("twice", "half", "sign", "minus 1/N", "with l2", "twice and l2", "2N"):
        shape, change = CHANGES[name]
        one = block("W", shape, 40, change)
        yield f"{name}, two samples", partial(told, [one], samples=2, outputs=2, learning_rate=0.5)


def among_others():
    for name, (array, change) in IN_A_NETWORK.items():
        yield f"{name} of {array}", partial(told, network(array, change), **TASK)


KINDS = [alone, within_wide_bars, of_a_bias, in_part_unknown_and_with_a_known_l2, of_one_sample]
KINDS += [
    beside_an_l2_term_alone,
    where_the_loss_stands_still,
    of_two_samples,
    of_an_unknown_task,
    among_others,
    without_a_bar,
    of_what_a_loss_ignores,
]


ROWS = {name: said for kind in KINDS for name, said in kind()}


@cache
def before():
    return dict(line.split(" -> ") for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", by_day(ROWS, 2))
def test_what_is_said_of_one_wrong_array_is_what_was_said(name):
    assert str(ROWS[name]()) == before()[name]


@pytest.mark.parametrize(
    "kind, factor", by_day(product([alone, among_others, without_a_bar], [2.0**24, 2.0**-24]), 3)
)
def test_the_size_of_all_gradients_changes_no_cause(kind, factor):
    for name, said in kind():
        blocks = said.args[0]
        scaled = [
            replace(
                each, analytic=factor * each.analytic, numeric=factor * each.numeric, bar=factor * each.bar
            )
            for each in blocks
        ]
        ids = [getattr(causes(some, **said.keywords).overall, "id", None) for some in (blocks, scaled)]
        assert ids[0] == ids[1] or name in ("parameter", "the next parameter"), name  # of their own size


if __name__ == "__main__":
    FILE.write_text("".join(f"{name} -> {said()}\n" for name, said in ROWS.items()), encoding="utf-8")
