"""Indices that count steps: `w_1 = w_0 - eta g_1` gives w its value after one update, and g_2 is g again.

w_0, w_1, w_2 become w, w@1, w@2, and so does a velocity; what is computed once a step, as g_1 and g_2, has
its plain name in its own step. A name of another step says of which it is: `g@0` is g of the first.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from neuronnet.formulas.expressions import Name, Sum
from neuronnet.formulas.notation import Known
from neuronnet.formulas.rewriting import with_names
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.roles import is_delta
from neuronnet.sheet.sheet_loss import measures
from neuronnet.sheet.statements import Statement

_INDEXED = re.compile(r"(.*?[^\W\d].*?)(?:(\d)|\^[(\[<](\d)[)\]>])")


class Family(NamedTuple):
    """The names of one quantity in all steps: `stem` is what they have in common, `first` the lowest index.

    A weight, velocity or moment `goes_on` from its value of the step before.
    """

    stem: str
    first: int
    goes_on: bool


def count_steps(statements: list[Statement], known: Known) -> None:
    """Give what has a value for every step, in statements that update something so, one name and a step."""
    heads = [each.name for each in statements if each.name is not None and each.name.endswith("'")]
    if any(name.endswith("''") for name in heads):  # w'' is w after two updates
        primed = {name.rstrip("'") for name in heads}
        for statement in statements:
            _rename(statement, partial(_counted, stems=primed))
    unread = any(each.read_errors and _parts(each.name) for each in statements)
    families, step = {} if unread else _families(statements), 0
    for statement in statements if families else ():
        made = None
        for stem, index in _parts(statement.name):
            if stem in families:
                is_made = families[stem].goes_on and split_partial(statement.name) is None
                made = after(stem, index) if is_made else None
                step = step if is_made and not index else index - families[stem].first - is_made
        _rename(statement, partial(_in_step, families=families, step=step), made)
    known.names |= families.keys()


def _rename(statement, new, head=None):
    """Give the names in a statement new ones, the one that it makes that of `head`, if there is one."""
    for part in statement.parts:
        part.name = part.name and new(part.name)
        part.formula = part.formula and with_names(part.formula, new)
    if statement.name is not None:
        statement.name = head or new(statement.name)
        statement.parts[0].name, statement.parts[0].formula = statement.name, Name(statement.name)


def _counted(name, stems):
    """w^(2) for w'', w^(0) for w."""
    stem = name.rstrip("'")
    parts = split_partial(name)
    if parts is not None:
        return partial_name(*(_counted(part, stems) for part in parts))
    return f"{stem}^({len(name) - len(stem)})" if stem in stems else name


def _in_step(name, families, step):
    parts = split_partial(name)
    if parts is not None:
        return partial_name(*(_in_step(part, families, step) for part in parts))
    for stem, index in _parts(name):
        if stem in families:
            own = index - families[stem].first
            return stem if own == step else f"{stem}@{own}"
    return name


def _families(statements):
    """{stem: Family} of a sheet that has weights with an index for the step, else nothing."""
    formulas = {
        each.name: each.formulas[0].formula
        for each in statements
        if each.name is not None and each.formulas and split_partial(each.name) is None
    }
    given = {each.name for each in statements if each.name and each.number is not None and not each.formulas}
    members: dict[str, dict[int, str]] = {}
    for name in [*formulas, *(each for each in given - formulas.keys() if split_partial(each) is None)]:
        for stem, index in _parts(name):
            members.setdefault(stem, {})[index] = name
    made_of = {name: _made_of(name, formulas) for name in formulas}
    chains = {
        stem: names
        for stem, names in members.items()
        if names.keys() == set(range(len(names))) > {0} and names[0] in given - formulas.keys()
        if stem not in given and names[1] in formulas and names[0] in formulas[names[1]].names()
    }
    steps = {stem: names for stem, names in chains.items() if _is_stepped(formulas[names[1]], names[0])}
    behind = set().union(*(made_of.get(each, ()) for names in steps.values() for each in names.values()))
    losses = [made_of[name] for name in formulas if measures(formulas[name]) and name not in behind]
    opening = [each for each in losses if not any(names[1] in each for names in steps.values())]
    used = set().union(*opening)
    weights = {stem for stem, names in steps.items() if {stem, names[0]} & used}
    families = {
        stem: Family(stem, 0, True) for stem in chains if stem in weights or chains[stem][0] not in used
    }
    made_in = {  # the steps of the weights and states that a name is made of
        name: {index for each in made_of[name] for stem, index in _parts(each) if stem in families}
        for name in formulas
    }
    for stem, names in members.items():
        first, made = min(names), [each for each in names.values() if each in formulas]
        if stem not in families and any(made_in[each] for each in made):
            is_computed = len(made) == len(names) and stem not in given and first < 2
            if not is_computed or any(at - first not in made_in[each] for at, each in names.items()):
                return {}  # an index that counts something else
            families[stem] = Family(stem, first, False)
    return families if weights and not any(map(is_delta, chains)) else {}


def _is_stepped(formula, before):
    """Whether a formula is a weight plus or minus a step."""
    terms = formula.terms if isinstance(formula, Sum) else ()
    return any(sign == 1 and isinstance(each, Name) and each.name == before for sign, each in terms)


def _made_of(name, formulas):
    """All names that a name is computed from, itself included, those in derivatives apart."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += formulas[each].names() if each in formulas else ()
    return found


def _parts(name):
    """(stem, index) of a name with an index, or of both parts of a derivative."""
    found = [_INDEXED.fullmatch(each) for each in split_partial(name or "") or (name or "",)]
    return [(each[1], int(each[2] or each[3])) for each in found if each is not None]
