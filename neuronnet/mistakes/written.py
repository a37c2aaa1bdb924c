"""Slips as texts, what is right and what somebody writes for it: `sqrt(x) + e` and `sqrt(x + e)`.

In what is right a letter stands for any part of a formula, a longer word for a name or a power of one; the
last of these in a product that is free stands for all factors that are left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from neuronnet.formulas.expressions import Expression, Name, Product, Sum, product_of
from neuronnet.formulas.notation import Known, parse
from neuronnet.formulas.rewriting import mapped, nodes


def written(text: str, **parts: Expression) -> Expression:
    """The formula of a text with these parts for its names: `written("y*(1 - y)", y=Name("out_h1"))`."""
    return mapped(_parsed(text), lambda leaf: parts.get(getattr(leaf, "name", ""), leaf))


def slip(right: str, other: str | Callable) -> Callable:
    """A function of a formula and of known parts to that with its first part of a form written otherwise.

    `other` is a text, or a function of the parts by their names; None stands for no such slip.
    """

    def change(formula: Expression, **known: Expression) -> Expression | None:
        for _, rebuild, found in found_in(right, formula, **known):
            new = written(other, **found) if isinstance(other, str) else other(**found)
            if new is not None:
                return rebuild(new)
        return None

    return change


def found_in(right: str, formula: Expression, **known: Expression) -> Iterator[tuple]:
    """(part, what puts another in its place, its own parts by the names in the text) for all of a form."""
    for node, rebuild, _ in nodes(formula):
        found = _matched(_parsed(right), node, known)
        if found is not None:
            yield node, rebuild, found


@cache
def _parsed(text):
    return parse(text, Known(re.findall(r"[a-z]\w*(?![\w'(])", text)))


def matched(right: str, formula: Expression) -> dict | None:
    """The parts of a formula by the names in the text of its form; None for a formula of another form."""
    return _matched(_parsed(right), formula, {})


def _matched(form, part, found):
    """`found` and what the names of a form are in a part."""
    if isinstance(form, Name) and found is not None:
        is_named = isinstance(getattr(part, "base", part), Name) or len(form.name) == 1
        is_same = found.get(form.name, part).format() == part.format()
        return found | {form.name: part} if is_named and is_same else None
    if type(form) is not type(part) or found is None:
        return None
    if isinstance(form, Product):
        return _factors_matched(form, part, found)
    for each in (part, Sum(part.terms[::-1])) if isinstance(part, Sum) else (part,):
        own = found if _outline(each) == _outline(form) else None
        for wanted, inner in zip(form.parts(), each.parts()):
            own = _matched(wanted, inner, own)
        if own is not None:
            return own
    return None


def _outline(formula):
    return formula.rebuilt([Name("?")] * len(formula.parts())).format()


def _factors_matched(form, part, found):
    free = [each.name for _, each in form.factors if isinstance(each, Name) and each.name not in found][-1:]
    left = list(part.factors)
    for operator, wanted in form.factors:
        if getattr(wanted, "name", None) in free:
            continue
        for place, (own, factor) in enumerate(left):
            known = _matched(wanted, factor, found) if (operator == "/") == (own == "/") else None
            if known is not None:
                found = known
                del left[place]
                break
        else:
            return None
    if bool(left) != bool(free):
        return None
    return found | {name: product_of(left) for name in free}
