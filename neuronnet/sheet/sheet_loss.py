"""Which quantity of a sheet is its loss, and what that is computed from."""

from __future__ import annotations

from neuronnet.formulas.expressions import Call, Power
from neuronnet.formulas.rewriting import nodes
from neuronnet.names import split_partial
from neuronnet.sheet.roles import HELPER, UPDATE, Roles, is_delta

MEASURES = ("ln", "lse", "logsumexp", "abs", "max", "mean", "sum")
LOSSES = "L J E E_total Loss loss C cost Cost l MSE mse BCE SSE H S".split()


def loss_of(
    statements: list, found: Roles, definitions: dict, declared: str | None
) -> tuple[str | None, list[str]]:
    """(the scalar that is differentiated or None, all numerators of the sheet's derivatives).

    It is what is `declared`, else the numerator of most steps, else the one end of the forward lines that
    measures an error.
    """
    if declared in definitions:
        return declared, []
    numerators = []
    for statement in statements:
        for name in derivatives_in(statement):
            numerator = split_partial(name)[0]
            if numerator in definitions and numerator not in numerators:
                numerators.append(numerator)
    if numerators:
        reached = {name: reach(name, definitions) for name in numerators}
        most = max(numerators, key=lambda name: (len(reached[name] & set(numerators)), len(reached[name])))
        return most, numerators
    named = [name for name in LOSSES if name in definitions]
    if named:
        return named[0], []
    used = {each for formula in definitions.values() for each in formula.names()}
    ends = [name for name in definitions if name not in used and "@" not in name]
    ends = [name for name in ends if not is_delta(name) and measures(definitions[name])]
    changed = [role.target for role in found.of.values() if role.kind in (HELPER, UPDATE) and role.target]
    targets = {target.partition("@")[0] for target in changed}
    made_of = {name: targets & _made_of(name, definitions) for name in ends}
    fitting = [name for name in ends if targets and made_of[name] == targets]
    fitting = fitting or [name for name in ends if made_of[name]]  # beside velocities and moments
    return (fitting[0] if len(fitting) == 1 else None), []


def in_order(definitions: dict) -> list[str]:
    """The definitions, each after those that it needs; a circle is cut where the text comes to it first."""
    order: dict[str, None] = {}
    seen: set[str] = set()
    for first in definitions:
        waiting = [first]
        while waiting:
            name = waiting[-1]
            seen.add(name)
            needed = [each for each in _needed(definitions[name]) if each in definitions and each not in seen]
            if needed:
                waiting += needed[::-1]
            else:
                order.setdefault(waiting.pop())
    return list(order)


def reach(name: str, definitions: dict) -> set[str]:
    """The definitions that a name is computed from, itself included."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in definitions and each not in found:
            found.add(each)
            waiting.extend(_needed(definitions[each]))
    return found


def derivatives_in(statement):
    names = [part.name for part in statement.parts if part.name is not None]
    return [name for name in names if split_partial(name) is not None]


def _made_of(name, definitions):
    """All that a name is computed from, given numbers included."""
    reached = reach(name, definitions)
    return reached.union(*(definitions[each].names() for each in reached))


def _needed(formula):
    """The names in a formula, and those inside of the derivatives in it."""
    return [part for name in formula.names() for part in split_partial(name) or (name,)]


def measures(formula):
    """Whether a formula measures an error: it has a square, a logarithm, a size or a maximum in it."""
    return any(
        isinstance(node, Power) or (isinstance(node, Call) and node.function in MEASURES)
        for node, *_ in nodes(formula)
    )
