"""The table of error shapes: what the gradient would be, had a certain mistake been made.

Each row of `TABLE` predicts c*g + k*p, with g the numerical gradient and p the parameter; `arrangements` are
right numbers in the wrong place. `shapes` tries both on a block, on its wrong entries, and beside a factor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from gradcheck.why.arrangements import arrangements, beside_others, left_out, lines, permuted, spelled_out
from gradcheck.why.cause import (
    NEAR,
    ErrorShape,
    factor_words,
    named_entries,
    named_factors,
    named_lines,
    number,
    plus,
)

NAMED, FITTED = "named", "fitted"  # a c or k that is one of the `named_factors`, or whatever fits best
ONE, SIGN, OVER = "one", "sign", "over"  # in place of p: what a fitted constant stands before
COLUMNS = {  # what a constant k stands before: whether it multiplies the gradient, too, and what of p
    "parameter": (False, lambda p: p),
    "one": (False, np.ones_like),
    "sign": (False, np.sign),
    "over": (True, lambda p: 1.0 / p),
}
OF_COLUMN = {ONE: "added", SIGN: "l1", OVER: "epsilon"}


def _l2(times):
    """The k of an L2 term of known strength that is taken so many times over; `times` may depend on N."""

    def k(task):
        if not task.l2 or callable(times) and (task.samples or 0) < 3:
            return None
        return ((times(task.samples) if callable(times) else times) - 1.0) * task.l2

    return k


def _minus_rate(task):
    return -task.learning_rate if task.learning_rate else None


L2_TWICE, L2_OVER_N, L2_TIMES_N = _l2(2.0), _l2(lambda N: 1.0 / N), _l2(float)
BESIDE_A_FACTOR = (
    ("L2 kept", "g {all_but} the L2 term of {l2}{by}"),
    ("L2 lost", "g times {factor}, with the L2 term of {l2} missing"),
    ("L2 known", "g with the L2 term times {times_l2} and everything else times {factor}"),
    ("kept or lost", "g {all_but} an L2 term of {kept}{by} (or everything is, and one of {lost} is missing)"),
    ("kept", "g {all_but} an L2 term of {kept}{by}"),
    ("lost", "g times {factor}, with an L2 term of {lost} missing"),
    ("", "g times {factor}, {kp}"),
)

# c, k, the fact that must hold (see `_words`), the id, and what completes "the gradient of W1 is ...", where
# g is written as "the numerical one". Of rows with one c and k, the first whose fact holds speaks.
TABLE = (
    (0, 0, "", "zero", "zero"),
    (NAMED, 0, "", "{factor_id}", "g times {factor}"),
    (0, 1, "", "the parameter", "the parameter itself"),
    (_minus_rate, 1, "", "the updated parameter", "the parameter after an update, not the gradient"),
    (1, _l2(0.0), "", "L2 missing", "g with the L2 term missing"),
    (1, L2_TWICE, "bias", "L2 on biases", "g {kp}: an L2 term on biases"),
    (1, L2_TWICE, "", "L2 doubled", "g with the L2 term twice"),
    (1, _l2(-1.0), "", "L2 sign", "g with the sign of the L2 term turned round"),
    (1, _l2(0.5), "", "L2 halved", "g with half of the L2 term"),
    (1, L2_OVER_N, "", "L2 divided by N", "g with the L2 term divided by {N}, the number of samples"),
    (1, L2_TIMES_N, "", "L2 times N", "g with the L2 term times {N}, the number of samples"),
    (FITTED, 0, "", "factor", "g times {factor}"),
    (1, ONE, "", "constant added", "g {k} in every entry"),
    (1, FITTED, "added to a bias", "L2 on biases", "g {kp}: an L2 term on biases"),
    (1, FITTED, "bias", "L2 missing", "g {kp}, as if an L2 term of that size were missing"),
    (1, FITTED, "added", "L2 doubled", "g {kp}: an L2 term of {size} twice, or one not in the loss{or_N}"),
    (1, FITTED, "", "L2 missing", "g {kp}: an L2 term of {size} is missing{or_others}"),
    (
        1,
        SIGN,
        "added",
        "L1 doubled",
        "g {k} times the sign of the parameter: an L1 term twice, or not in the loss",
    ),
    (1, SIGN, "", "L1 missing", "g {k} times the sign of the parameter: an L1 term of {size} is missing"),
    (1, OVER, "", "epsilon", "g times 1 {k} over the parameter: an epsilon beside it, here or in the loss"),
    (0, FITTED, "alone", "data term missing", "{only_kp}: an L2 term alone, the rest is zero"),
    (0, FITTED, "", "the parameter times", "{only_kp}"),
    *((NAMED, FITTED, fact, "{factor_id} and L2", clause) for fact, clause in BESIDE_A_FACTOR),
    *((FITTED, FITTED, fact, "{factor_id} and L2", clause) for fact, clause in BESIDE_A_FACTOR),
)


def shapes(block, others, task):
    """All ErrorShapes of a wrong GradientBlock, the simplest first. `others`: all other blocks."""
    rows = list(entry_by_entry(block, task)) if np.all(block.known) else []
    yield from (shape for shape in rows if shape.free == 0)
    if np.all(block.known):
        yield from arrangements(block)
        yield from left_out(block)
        yield from beside_others(block, others)
    yield from (shape for shape in rows if shape.free > 0)
    yield from _in_some_entries(block, task)
    yield from _times_a_factor(block, task)


def entry_by_entry(block, task):
    """The ErrorShapes of the table: what any entries, of one block or several, can have in common."""
    for (c_asked, k_asked), rows in groupby(TABLE, lambda row: row[:2]):
        rows = list(rows)
        for law, name in _solutions(c_asked, k_asked, block, task):
            words, facts = _words(block, task, law, name)
            id, clause = next(row[3:] for row in rows if row[2] in facts)
            constants = {"factor": law.c} if c_asked in (NAMED, FITTED) else {}
            if k_asked not in (0, 1):
                constants |= {OF_COLUMN.get(k_asked, "l2"): law.k}
            yield _of_law(
                block,
                id.format_map(words),
                clause.format_map(words),
                law,
                free=(c_asked == FITTED) + (k_asked in (FITTED, *OF_COLUMN)),
                constants=constants,
                named=c_asked == NAMED and law.c != -1,
                family="L2" if "L2" in id and law.c == 1 else None,
                plain=(c_asked, k_asked) != (NAMED, FITTED),
                made_of_delta=law.c != 0,
            )
    for id, ratio, clause in ratios():
        yield _of_law(block, id, f"g {clause}", Law(ratio=ratio), family="slope")
    yield from _clipped(block)


def _of_law(block, id, clause, law, **more):
    bar = np.abs(law.weight(block.parameter)) * block.bar
    predicted = law(block.numeric, block.parameter)
    return ErrorShape(id, spelled_out(clause), predicted, bar=bar, law=law, **more)


def _clipped(block):
    """All that is larger is cut off at the largest that was handed in."""
    limit = float(np.max(np.abs(block.analytic), initial=0.0))
    clause = f"g clipped to at most {number(limit)}"
    clipped = np.clip(block.numeric, -limit, limit)
    yield ErrorShape("clipped", spelled_out(clause), clipped, 1, {"limit": limit}, block.bar)


def _times_a_factor(block, task):
    """A named factor, and a mistake in the order or in fewer than half of the entries besides."""
    moving = ~block.still
    if not np.all(block.known) or np.sum(moving) < 3:
        return
    given, true = block.analytic[moving], block.numeric[moving]
    in_size = np.median(np.abs(given)) / np.median(np.abs(true))
    for c in named_factors(task):
        if min(abs(c - each) for each in (np.median(given / true), in_size, -in_size)) > NEAR * abs(c):
            continue
        scaled = replace(block, numeric=c * block.numeric, bar=abs(c) * block.bar, judged_wrong=None)
        few = 2 * np.sum(scaled.visible) < np.sum(moving)
        for shape in (*arrangements(scaled), *(_in_some_entries(scaled, task) if few else ())):
            clause = shape.clause.replace("the numerical one", f"{number(c)} times the numerical one", 1)
            constants = {"times": c} | shape.constants
            told = replace(shape, clause=clause, constants=constants, named=c != -1, plain=False)
            yield replace(told, law=None)


def _in_some_entries(block, task):
    """The entries that are visibly wrong, all others being right: which they are, and what is the matter."""
    wrong = block.visible
    if not np.any(wrong) or np.all(wrong):
        return
    those, where = _where(block, wrong)
    inner = block.at(wrong)
    for shape in (*entry_by_entry(inner, task), *permuted(inner)):
        predicted, bar = block.numeric.copy(), block.bar.copy()
        predicted[wrong], bar[wrong] = shape.predicted, shape.bar
        short = {"zero": "set to zero", "permuted entries": "in each other's places"}
        what = short.get(shape.id, shape.clause.removeprefix("the numerical one "))
        clause = f"the numerical one except for {where}: {what}"
        moved = replace(shape, id=f"{shape.id} in {those}", clause=clause, predicted=predicted, bar=bar)
        yield replace(moved, mask=wrong, plain=False, made_of_delta=True)
    still = bool(np.all(block.still[wrong]))
    is_flat = block.numeric.ndim == 1 and block.role is None
    beside = those in ("some rows", "some columns") and bool(np.any(~wrong & ~block.still))
    if those.startswith("one") or is_flat or beside or still or not np.all(block.known):
        also = ": not zero where the true gradient is" if still else ""
        copied = np.where(wrong, block.analytic, block.numeric)
        yield ErrorShape(those, f"the numerical one except for {where}{also}", copied, kind="place")


def _where(block, wrong):
    """("one row", "W1[2,:]"): what the wrong entries are together, and their names.

    Whole rows or columns may hold entries that are zero in both gradients. Where some entries are not known,
    others may be wrong as well, so they make no row.
    """
    if np.all(block.known):
        if np.sum(wrong) == 1:
            return "one entry", named_entries(block.name, wrong)
        for word, axis in lines(wrong):
            hit = np.any(wrong, axis=1 - axis)
            whole = np.all(wrong | block.is_zero, axis=1 - axis)
            if np.sum(hit) == 1 or np.all(whole[hit]):
                those = f"one {word}" if np.sum(hit) == 1 else f"some {word}s"
                return those, named_lines(block.name, axis, hit)
    for _, axis in lines(wrong):
        hit = np.any(wrong, axis=1 - axis)
        if np.all(wrong[hit] if axis == 0 else wrong[:, hit]):
            return "some entries", named_lines(block.name, axis, hit)
    return "some entries", named_entries(block.name, wrong)


# The law of an error that is made entry by entry


@dataclass(frozen=True)
class Law:
    """c*g + k*column, or ratio*g: the gradient that a mistake makes of the right one, g, at parameters p."""

    c: float = 1.0
    k: float = 0.0
    column: str = "parameter"
    ratio: Callable | None = None

    def weight(self, p):
        """What multiplies g."""
        multiplies, of = COLUMNS[self.column]
        weight = self.c * np.ones_like(p) if self.ratio is None else self.ratio(p)
        return weight + self.k * of(p) if multiplies and self.k != 0.0 else weight

    def added(self, p):
        """What is added to it."""
        multiplies, of = COLUMNS[self.column]
        return np.zeros_like(p) if multiplies else self.k * of(p)

    def __call__(self, g, p):
        return self.weight(p) * g + self.added(p)


def logistic(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


# name: value, slope, the slope by its value as programs compute it, and what of it is easily left out
ACTIVATIONS = {
    "tanh": (np.tanh, lambda out: 1.0 - out**2, "1 - out", lambda out: 1.0 - out),
    "the logistic function": (logistic, lambda out: out * (1.0 - out), "1 - out", lambda out: 1.0 - out),
    "softplus": (lambda x: np.logaddexp(x, 0.0), lambda out: -np.expm1(-out), None, None),
}


def ratios():
    """(id, ratio to the right gradient, what completes "the gradient of x is g ..."), as in a table."""
    yield "by the logarithm", lambda p: p, "times the parameter: the derivative by its logarithm"
    yield (
        "by the exponential",
        lambda p: np.exp(-p),
        "divided by its exponential: the slope of exp is left out",
    )
    for name, (value, slope, part, of_part) in ACTIVATIONS.items():
        yield from _of_activation(name, value, slope, part, of_part)


def _of_activation(name, value, slope, part, of_part):
    def over_slope(mistaken):
        return lambda p: mistaken(p, value(p)) / slope(value(p))

    yield "slope left out", over_slope(lambda p, out: 1.0), f"without the slope of {name} at the parameter"
    for_slope = f"with the value of {name} at the parameter in place of its slope"
    yield "value for slope", over_slope(lambda p, out: out), for_slope
    twice = f"with the slope of {name} taken at its output in place of the parameter"
    yield "slope at the output", over_slope(lambda p, out: slope(value(out))), twice
    given = f"with the slope of {name} by its formula of the output, applied to the parameter"
    yield "slope by the input", over_slope(lambda p, out: slope(p)), given
    if part is not None:
        lost = f"with {part} for the slope of {name} at the parameter"
        yield "part of the slope", over_slope(lambda p, out: of_part(out)), lost


# Constants, and what is said of them


def _solutions(c, k, block, task):
    """(the Law of c*g + k*p that is nearest to the analytic gradient, (id, words) of c or None)."""
    c, k = (each(task) if callable(each) else each for each in (c, k))
    if c is None or k is None:
        return
    column = k if k in OF_COLUMN else "parameter"
    c_is_free, k_is_free = c in (NAMED, FITTED), k in (FITTED, *OF_COLUMN)
    unit = Law(0.0, 1.0, column)(block.numeric, block.parameter)
    g = block.numeric
    offset = (0.0 if c_is_free else c * g) + (0.0 if k_is_free else k * unit)
    found = block.fit([g] * c_is_free + [unit] * k_is_free, offset) if c_is_free or k_is_free else []
    if found is None:
        return
    if c != NAMED:
        yield Law(found[0] if c_is_free else c, found[-1] if k_is_free else k, column), None
        return
    for value, name in named_factors(task).items():
        if abs(value - found[0]) <= NEAR * abs(value):
            yield Law(value, block.fit([unit], value * g)[0] if k_is_free else k, column), name


def _words(block, task, law, name):
    """(the words in braces of the table, the facts that its rows need)."""
    N, l2, is_bias, c, k = task.samples or 0, task.l2, block.role == "bias", law.c, law.k
    unit = replace(law, c=0.0, k=1.0)(block.numeric, block.parameter)
    error = block.uncertainty(unit) if k != 0 else 0.0
    kept, lost = k / (1.0 - c) if c != 1 else 0.0, -k / c if c != 0 else 0.0
    factor_id, factor = name or ("factor", factor_words(c, block.uncertainty(block.numeric), task))

    def size(value):
        return number(value, error * abs(value / k) if k != 0 else 0.0)

    by_N, halved = abs(k) / (N - 1) if N > 1 else 0.0, number(abs(k) / 2.0, error)
    samples = f"{N}, the number of samples"
    or_N = f", or one of {number(by_N, error)} times {samples}" if N > 2 else ""
    or_by_N = f", or one of {number(by_N * N, error)} is divided by {samples}" if N > 1 else ""
    words = {
        "factor_id": factor_id,
        "factor": factor,
        "k": plus(k, error),
        "kp": f"{plus(k, error)} times the parameter",
        "size": number(abs(k), error),
        "only_kp": f"{number(k, error)} times the parameter",
        "N": N,
        "l2": number(l2 or 0.0),
        "times_l2": number((k + c * l2) / l2) if l2 else "",
        "or_N": "" if l2 else or_N,
        "or_others": "" if l2 else f"{or_by_N}, or one of {halved} has the wrong sign",
        "all_but": "with the sign of all but" if c == -1 else "with everything but",
        "by": " turned round" if c == -1 else f" times {factor}",
        "kept": size(kept),
        "lost": size(lost),
    }
    facts = {
        "": True,
        "bias": is_bias,
        "added": k > 0,
        "added to a bias": is_bias and k > 0,
        "alone": k > 0 and not is_bias and (not l2 or abs(k - l2) <= error),
        "kept or lost": kept > 0 and lost > 0,
        "kept": kept > 0,
        "lost": lost > 0,
        "L2 known": l2,
        "L2 kept": l2 and abs(k - (1.0 - c) * l2) <= error,
        "L2 lost": l2 and abs(k + c * l2) <= error,
    }
    return words, {fact for fact, holds in facts.items() if holds}
