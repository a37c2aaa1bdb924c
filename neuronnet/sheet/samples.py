"""The samples of a sheet: under headings as `Sample 2: x = -1, y = 0`, or along an axis of arrays.

A sheet with samples under headings becomes a sheet for each.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from neuronnet.formulas.expressions import Expression, Name, Product, Sum, Transpose
from neuronnet.formulas.notation import read_name, updated
from neuronnet.formulas.rewriting import nodes
from neuronnet.formulas.tokens import parse_array, parse_number
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Unread
from neuronnet.sheet.roles import GRADIENT, HELPER, UPDATE, Roles

AGAIN = "after the lines of a sample its name has another number: of which sample or of which mean?"


def samples_apart(sheet: Sheet) -> list[tuple[Sheet, set[int]]]:
    """(a sheet for each sample, its own lines), where headings begin samples with other numbers.

    A sample has what is given in none or one alone, and the formulas of the first where it writes none.
    A sheet with updates is one, for its passes are told apart by these.
    """
    starts = sorted({line for line, kind in sheet.headings if kind == "sample"})
    lets = {each.line for each in sheet.lets}
    whole = [(sheet, lets.union(claim.line for claim in sheet.claims))]
    if not starts or any(map(_is_update, sheet.claims)):
        return whole
    sections: list[list[Claim]] = [[] for _ in range(len(starts) + 1)]
    for claim in sheet.claims:
        sections[bisect_right(starts, claim.line)].append(claim)
    numbers: dict[str, set[str]] = {}
    computed = {_name(claim) for claim in sheet.claims if not _is_value(claim.parts[1])}
    for claim in sheet.claims:
        if _is_given(claim) and _name(claim) not in computed:
            numbers.setdefault(_name(claim), set()).add(claim.parts[1].text)
    if all(len(each) == 1 for each in numbers.values()):
        return whole
    common, *samples = sections if len(starts) > 1 else [[], *sections]
    alone = {name for name, each in numbers.items() if len(each) == 1}
    shared = [claim for part in samples for claim in part if _is_given(claim) and _name(claim) in alone]
    found = []
    for number, own in enumerate(samples):
        kept, unread = _until_said_again(own)
        lines = {claim.line for claim in (kept if number else common + kept)} | (set() if number else lets)
        borrowed = list(_formulas(samples[0], kept)) if number else []
        claims = [*common, *(each for each in shared if each not in kept), *borrowed, *kept]
        found.append((replace(sheet, claims=claims, unread=sheet.unread * (number == 0) + unread), lines))
    return found


def _name(claim):
    return read_name(claim.parts[0].text)


def _is_value(part):
    return parse_number(part.text) is not None or parse_array(part.text) is not None


def _is_given(claim):
    return len(claim.parts) == 2 and _is_value(claim.parts[1]) and _name(claim) is not None


def _is_update(claim):
    name, own = _name(claim), claim.parts[0].text
    if name is None or claim.assigns:
        return claim.assigns
    uses_itself = any(re.match(rf"\s*{re.escape(own)}\s*[-+−]", part.text) for part in claim.parts[1:])
    return uses_itself or "@" in name or updated(name) is not None


def _until_said_again(claims):
    """(the claims up to the first that gives a name another number, the others as unread)."""
    numbers: dict[str, str] = {}
    for place, claim in enumerate(claims):
        if _is_value(claim.parts[-1]):
            text = claim.parts[-1].text
            if numbers.setdefault(claim.parts[0].text, text) != text:
                return claims[:place], [_unread(each) for each in claims[place:]]
    return claims, []


def _unread(claim):
    return Unread(claim.line, claim.text, claim.parts[0].column_of(1), AGAIN)


def _formulas(first: list[Claim], own: list[Claim]) -> Iterator[Claim]:
    """The formulas of the first sample, without numbers, for the names that another has no formula for."""
    names = {claim.parts[0].text for claim in first + own}
    written = {_name(claim) for claim in own if any(_uses(part, names) for part in claim.parts[1:])}
    for claim in first:
        name, formulas = _name(claim), [part for part in claim.parts[1:] if _uses(part, names)]
        if name is not None and formulas and name not in written:
            yield claim._replace(parts=[claim.parts[0], formulas[0]])


def _uses(part, names):
    """Whether a part has a name in it that is no function's, as `sigmoid(0.3)` has none."""
    return any(word in part.text for word in names if len(word) > 1) or any(
        word in names for word in re.findall(r"[^\W\d]\w*|[^\W\d]", part.text)
    )


COUNTS = {"m", "n", "N", "M", "B"}


def count_samples(found: Roles, statements: list, formulas: dict) -> None:
    """Give m, where no line does, the length that all data have along one axis."""
    heads = {each.name for each in statements}
    used = {name for each in statements for part in each.formulas for name in part.used}
    reach = {each for name in found.forward or () for each in formulas[name, 0].names()}
    sizes = [found.model.shape(name) for name in found.model.given if name in reach - _learnt(found)]
    data = [each * 2 if len(each) == 1 else each for each in sizes if each]
    along = set.intersection(*(set(enumerate(each)) for each in data)) if len(data) > 1 else set()
    lengths = {length for _, length in along if length > 1}
    for name in COUNTS & used - heads - set(found.model.given):
        if len(lengths) == 1:
            found.model.give(name, str(*lengths))


def turn_vectors(found: Roles, formula: Expression) -> None:
    """A learnt vector is added to the rows of `X W`, to the columns of `W X`, where W alone is learnt."""
    learnt = _learnt(found) & set(found.model.given)
    for node, *_ in nodes(formula):
        terms = [term for _, term in node.terms] if isinstance(node, Sum) else ()
        products = [term.factors for term in terms if isinstance(term, Product)]
        sides = [[not learnt.isdisjoint(end.names()) for _, end in (each[0], each[-1])] for each in products]
        for vector in terms if [True, False] in sides or [False, True] in sides else ():
            if isinstance(vector, Name) and vector.name in learnt:
                found.model.turned.setdefault(vector.name, int([True, False] in sides))


def which_are_samples(roles: Roles) -> list[str]:
    """Whether rows or columns are samples: by the side of the data on which what is learnt stands."""
    learnt = {name.partition("@")[0] for name in _learnt(roles)}
    for formula in roles.model.formulas.values():
        for node, _, _ in nodes(formula):
            if isinstance(node, Product) and [operator for operator, _ in node.factors[1:2]] == ["@"]:
                (_, left), (_, right) = node.factors[:2]
                which = _samples_of(left, right, learnt, roles.model)
                if which is not None:
                    return [f"{which} are samples"]
    return []


def _samples_of(left, right, learnt, model):
    names = [left.names(), right.names()]
    if any(len(each) != 1 for each in names):
        return None
    (one,), (other,) = names
    if any(name not in model.given or len(model.shape(name)) != 2 for name in (one, other)):
        return None
    if (one in learnt) == (other in learnt):
        return None
    data, dimensions = (left, model.shape(one)) if other in learnt else (right, model.shape(other))
    along = int((data is right) != isinstance(data, Transpose))
    return ("rows", "columns")[along] if dimensions[along] > 1 else None


def _learnt(roles):
    kinds = (GRADIENT, HELPER, UPDATE)
    return {role.target for role in roles.of.values() if role.kind in kinds and role.target is not None}
