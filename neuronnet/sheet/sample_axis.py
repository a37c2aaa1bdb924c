"""Along which axis of its arrays a sheet has its samples: how many, rows or columns, where a bias goes."""

from __future__ import annotations

from neuronnet.formulas.expressions import Expression, Name, Product, Sum, Transpose
from neuronnet.formulas.rewriting import nodes
from neuronnet.sheet.roles import GRADIENT, HELPER, UPDATE, Roles

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
