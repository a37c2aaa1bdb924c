"""The smallest change that makes a wrong formula over a model the truth.

Edits are tried in every part of the formula, first with floats in one draw; what fits there is put to Trials.
"""

from functools import partial
from math import isfinite
from operator import mul
from typing import NamedTuple

from neuronnet.derivation.trials import Trials, same_shape
from neuronnet.formulas import arrays
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Number, Sum
from neuronnet.formulas.rewriting import nodes, without_factor
from neuronnet.repairs.edits import Change, change, edits
from neuronnet.repairs.surroundings import Surroundings, likeness

MOST_PARTS = 150
MOST_EDITS = 6000
MOST_TRIED = 60
CLOSE = 1e-9
HOLE = "?"

# From the smallest and most natural change to the largest.
_ORDER = (
    "transpose, sign, whole sign, name, slope, turned, sum, extra factor, number, count, "
    "factor, matrix factor, extra factors, other slope, product, missing factor, term, extra term, brackets, "
    "other name, operation, function"
).split(", ")
# What may go together with a factor that is a number: each is common by itself.
_WITH_A_NUMBER = {"transpose", "slope", "turned", "sum", "name", "matrix factor", "factor"}
_KINDS = {"whole sign": "sign", "other name": "name", "other slope": "slope"}


class Repair(NamedTuple):
    """What to change in a formula: `found` stands there, `instead` should; one of them may be empty.

    `column` is where, from 1, in the text that was parsed, or None; `formula` is the repaired one.
    """

    kind: str
    found: str
    instead: str
    column: int | None
    formula: str
    sentence: str


class Candidate(NamedTuple):
    slip: Change
    formula: Expression
    times: int  # numbers that go with it


def mended(formula: Expression, truth: Expression, trials: Trials, names=None) -> Repair | None:
    """The Repair of `formula`, which is not `truth`; None when no small change makes it so.

    `names` are those that may be meant, all of the model's without it. Raises UnknownName.
    """
    if sum(1 for _ in nodes(formula)) > MOST_PARTS:
        return None
    outcome = trials.same(formula, truth)
    if outcome.kind == "same":
        return None
    if outcome.kind != "misfit" and outcome.reading is not None:
        formula = outcome.reading
    around = Surroundings(formula, truth, trials.model, names)
    bench = _Bench(formula, truth, trials)
    known = trials.draws.counts.union(formula.names())
    found = sorted(_candidates(formula, around, bench), key=lambda each: _size(each, around, known))
    weak = ("for", "with", "where") if bench.is_zero else ("for", "with")
    tried: set[str] = set()
    weaker = None
    for slip, repaired, _ in found:
        text = repaired.format()
        if text in tried or len(tried) == MOST_TRIED:
            continue
        tried.add(text)
        outcome = trials.same(repaired, truth)
        if outcome.kind == "same":
            columns = (part.column for part, _, _ in nodes(slip.at) if part.column is not None)
            kind = _KINDS.get(slip.kind, slip.kind)
            mend = Repair(kind, slip.found, slip.instead, next(columns, None), text, slip.sentence)
            if not (outcome.note or "").startswith(weak):
                return mend
            weaker = weaker or mend
    return weaker


def _candidates(formula, around, bench):
    """The edits that make a formula true in one draw, some of them up to a number."""
    numbers = list(_numbers(around))
    yield from _scaled(change("count", formula, formula, ""), formula, bench.ratio(formula), numbers)
    left = MOST_EDITS
    for node, rebuild, parent in nodes(formula):
        ratio = bench.test(rebuild)
        for slip in edits(node, parent, around):
            left -= 1
            if left < 0:
                return
            found = ratio(slip.replacement)
            if found == 1:
                yield Candidate(slip, rebuild(slip.replacement), 0)
            elif found is not None and slip.kind in _WITH_A_NUMBER:
                yield from _scaled(slip, rebuild(slip.replacement), found, numbers)


def _scaled(slip, formula, ratio, numbers):
    """The Candidates that multiply a formula by a number besides, if it is one that people forget."""
    if ratio is None:
        return
    for value, factor, said in numbers:
        for sign in (1, -1):
            if abs(ratio * sign - value) > CLOSE * abs(value):
                continue
            whole = formula if factor is None else factor(formula)
            if said.startswith("the factor") and len(whole.format()) < len(formula.format()):
                said = f"the factor 1/{said.split()[2]} is too much"
            whole = whole if sign > 0 else -whole
            parts = [slip.sentence, said, "the sign is turned around" if sign < 0 else ""]
            times = (factor is not None) + (sign < 0)
            if not slip.sentence:
                kind = "whole sign" if factor is None else "count"
                slip, times = slip._replace(kind=kind, instead=whole.format()), times - 1
            sentence = " and ".join(part for part in parts if part)
            if sentence:
                yield Candidate(slip._replace(sentence=sentence), whole, times)


def _numbers(around):
    """(value, what puts it into a formula, sentence) of numbers that a formula may lack or have too many."""
    yield 1, None, ""
    counts = dict(reversed(list(_counts(around.model))))
    for name, value in around.model.given.items():
        if not arrays.shape(value):
            number = float(value)
            if number not in (0, 1, -1):
                yield 1 / number, partial(_times, name), f"the factor {name} is missing"
                yield number, partial(_divided, Name(name)), f"divide by {name}"
    for count in sorted({2, *counts}):
        what = f", the number of {counts[count]}" if counts.get(count) and count > 2 else ""
        yield 1 / count, partial(mul, Number(count)), f"the factor {count} is missing{what}"
        half = "the factor 1/2 is missing" if count == 2 else f"divide by {count}{what}"
        yield count, partial(_divided, Number(count)), half


def _divided(divisor, formula):
    return formula / divisor


def _times(name, formula):
    """A formula times a name; what divides by that name goes."""
    divides = without_factor(formula, lambda operator, factor: operator == "/" and factor.format() == name)
    return formula * Name(name) if divides is None else divides


def _counts(model):
    """(length, what has it) of the given arrays, the likeliest first; numbers in the formulas."""
    for name in model.given:
        shape = model.shape(name)
        if len(shape) == 2:
            yield shape[0], f"rows of {name}"
            yield shape[1], f"columns of {name}"
        elif shape:
            yield shape[0], f"entries of {name}"
    for formula in model.formulas.values():
        for node, _, _ in nodes(formula):
            if isinstance(node, Number) and isinstance(node.value, int) and node.value > 1:
                yield node.value, None


def _size(candidate, around, known):
    """What candidates are ordered by, the smallest and most natural change first.

    `known` are names that need no reason to be there.
    """
    slip, repaired, numbers = candidate
    true = set(around.true.names())
    alike = likeness(slip.found, slip.instead) if slip.kind == "name" else 0
    is_odd = slip.kind == "sign" and not isinstance(slip.at, Sum) and slip.found[:1] not in "+-"
    strange, apart = len(set(repaired.names()) - true - known), len(true - set(repaired.names()))
    return numbers, _ORDER.index(slip.kind) + 1.5 * is_odd, strange, apart, -alike, len(repaired.format())


class _Bench:
    """Values of one draw as floats, to try many edits on."""

    def __init__(self, formula, truth, trials):
        kept, lines = trials.strictest(formula, truth)
        draw = trials.draws.draw(0, kept, lines)
        self.values = trials.model.values(float, draw.given)
        self.target = self._worth(evaluator(truth, float))
        self.is_zero = self.target is not None and not any(arrays.entries(self.target))

    def ratio(self, formula):
        return self._ratio(self._worth(evaluator(formula, float)))

    def test(self, rebuild):
        """A function from what is put in one place to how many times the target the whole is, None if not."""
        evaluate = evaluator(rebuild(Name(HOLE)), float)

        def ratio(replacement):
            self.values[HOLE] = self._worth(evaluator(replacement, float))
            return None if self.values[HOLE] is None else self._ratio(self._worth(evaluate))

        return ratio

    def _worth(self, evaluate):
        """What an evaluator gives, None where that has no value."""
        try:
            return evaluate(self.values)
        except (ArithmeticError, ValueError, TypeError):
            return None

    def _ratio(self, value):
        """The number by which a value is a multiple of the target; exactly 1 where it is the target."""
        target = self.target
        if value is None or target is None or not same_shape(arrays.shape(value), arrays.shape(target)):
            return None
        pairs = list(zip(arrays.entries(value), arrays.entries(target)))
        largest = max(pairs, key=lambda pair: abs(pair[1]))
        if not all(isfinite(one) for one, _ in pairs):
            return None
        if largest[1] == 0:
            return None if any(one for one, _ in pairs) else 1
        ratio = largest[0] / largest[1]
        bound = CLOSE * abs(largest[0])
        if ratio == 0 or any(abs(one - ratio * other) > bound for one, other in pairs):
            return None
        return 1 if abs(ratio - 1) <= CLOSE else ratio
