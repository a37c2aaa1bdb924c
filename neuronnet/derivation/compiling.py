"""Formulas as functions of values, in which a part that stands there many times is computed once.

The gradient of a nested formula has the gradients further out in it, again and again: its text grows with the
square of the depth, its distinct parts do not.
"""

from collections.abc import Callable

from neuronnet.formulas.expressions import Expression


def distinct(formula: Expression) -> dict[int, tuple[Expression, int]]:
    """id -> (part, in how many places of distinct parts it stands), the parts of a part before itself."""
    found: dict[int, tuple[Expression, int]] = {}
    waiting = [(formula, False)]
    while waiting:
        part, is_done = waiting.pop()
        known = found.get(id(part))
        if known:
            found[id(part)] = (part, known[1] + (not is_done))
        elif is_done or not part.parts():
            found[id(part)] = (part, 1)
        else:
            waiting.append((part, True))
            waiting += [(inner, False) for inner in part.parts()]
    return found


def compiled(formula: Expression, number: type) -> Callable:
    """`formula.evaluator(number)`, for values that keep what was computed, in a dict `parts`."""
    found = distinct(formula)
    if not any(count > 1 and part.parts() for part, count in found.values()):
        return formula.evaluator(number)
    made: dict[int, Callable] = {}
    for key, (part, count) in found.items():
        inner = [_Ready(made[id(each)]) for each in part.parts()]
        evaluate = (part.rebuilt(inner) if inner else part).evaluator(number)
        made[key] = _once(key, evaluate) if inner and count > 1 else evaluate
    return made[id(formula)]


def _once(key, evaluate):
    def evaluate_once(values):
        if key not in values.parts:
            values.parts[key] = evaluate(values)
        return values.parts[key]

    return evaluate_once


class _Ready(Expression):
    """A part that is compiled already."""

    def __init__(self, evaluate):
        self.evaluate = evaluate

    def evaluator(self, number):
        return self.evaluate
