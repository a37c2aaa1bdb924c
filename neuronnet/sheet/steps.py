"""Steps given counts before each statement gets its role: one value for every name.

Formulas in general, as `y = w x` beside x1 and x2, get the sheet's names.
In `w_1 = w_0 - eta g_1` index 1 gives w its value after one update, and g_2 is g again.
w_0, w_1, w_2 become w, w@1, w@2, and so does a velocity; what is computed once a step, as g_1 and g_2, has
its plain name in its own step. A name of another step says of which it is: `g@0` is g of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.readings import resolved
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas import arrays
from neuronnet.formulas.evaluating import TRIED, Shapes, evaluator
from neuronnet.formulas.expressions import Name, Sum
from neuronnet.formulas.notation import Known, gradient_of
from neuronnet.formulas.rewriting import with_names
from neuronnet.names import after, partial_name, split_partial, update_of
from neuronnet.sheet.roles import is_delta, is_gradient, measures, texts

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

MOST_UPDATES = 1000
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
            statement.rename(partial(_counted, stems=primed))
    for stem in _begun_plainly(statements):
        for statement in statements:
            statement.rename(partial(_instead, stem, f"{stem}0"))
    unread = any(each.read_errors and _parts(each.name) for each in statements)
    families, step = {} if unread else _families(statements), 0
    _move_to_uses(statements, families)
    for statement in statements if families else ():
        made = None
        for stem, index in _parts(statement.name):
            if stem in families:
                is_made = families[stem].goes_on and split_partial(statement.name) is None
                made = after(stem, index) if is_made else None
                step = step if is_made and not index else index - families[stem].first - is_made
        statement.rename(partial(_in_step, families=families, step=step), made)
    known.names |= families.keys()


def _begun_plainly(statements):
    """The given names whose first update has an index, as w for `w_1 = w - eta g`."""
    names = {each.name for each in statements}
    given = {each.name for each in statements if each.number and len(each.parts) == 2}
    for each in statements:
        for stem, index in _parts(each.name):
            if index == 1 and stem in given and f"{stem}0" not in names and each.formulas:
                if each.name == f"{stem}1" and _is_stepped(each.formulas[0].formula, stem):
                    yield stem


def _move_to_uses(statements, families):
    """Put gradients that are given for later steps, as g_2 = 0.1, before the first line that uses them."""
    for statement in statements[:] if families else ():
        for stem, index in _parts(statement.name):
            family = families.get(stem)
            if family is None or not is_gradient(stem) or statement.formulas or index == family.first:
                continue
            users = [at for at, each in enumerate(statements) if _uses(each, statement.name)]
            if users and statements.index(statement) < users[0]:
                statements.insert(users[0], statement)
                statements.remove(statement)


def _uses(statement, name):
    return any(name in part.used for part in statement.formulas)


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
    chains = {
        stem: names
        for stem, names in members.items()
        if names.keys() == set(range(len(names))) > {0} and names[0] in given - formulas.keys()
        if stem not in given and names[1] in formulas and names[0] in formulas[names[1]].names()
    }
    steps = {stem: names for stem, names in chains.items() if _is_stepped(formulas[names[1]], names[0])}
    if not steps:
        return {}
    made_of = {name: _made_of(name, formulas) for name in formulas}
    behind = set().union(*(made_of.get(each, ()) for names in steps.values() for each in names.values()))
    slopes = _given_slopes(members, formulas)
    behind |= {
        name for name in formulas for stem in slopes if not made_of[name].isdisjoint(members[stem].values())
    }
    losses = [made_of[name] for name in formulas if measures(formulas[name]) and name not in behind]
    opening = [each for each in losses if not any(names[1] in each for names in steps.values())]
    used = set().union(*opening)
    slopes = {} if losses else slopes
    weights = {stem for stem, names in steps.items() if slopes or {stem, names[0]} & used}
    if not weights or any(map(is_delta, chains)):
        return {}
    families = {
        stem: Family(stem, 0, True) for stem in chains if stem in weights or chains[stem][0] not in used
    } | slopes
    made_in = {  # the steps of the weights and states that a name is made of
        name: {
            at - families[stem].first
            for each in made_of[name]
            for stem, at in _parts(each)
            if stem in families
        }
        for name in formulas
    }
    for stem, names in members.items():
        first, made = min(names), [each for each in names.values() if each in formulas]
        if stem not in families and any(made_in[each] for each in made):
            is_computed = len(made) == len(names) and stem not in given and first < 2
            if not is_computed or any(at - first not in made_in[each] for at, each in names.items()):
                return {}  # an index that counts something else
            families[stem] = Family(stem, first, False)
    return families


def _given_slopes(members, formulas):
    """{stem: Family} of gradients that are given as numbers, one for each step."""
    return {
        stem: Family(stem, min(names), False)
        for stem, names in members.items()
        if is_gradient(stem) and formulas.keys().isdisjoint(names.values()) and min(names) < 2
        if names.keys() == set(range(min(names), min(names) + len(names)))
    }


def _is_stepped(formula, before):
    """Whether a formula is a weight plus or minus a step."""
    terms = formula.terms if isinstance(formula, Sum) else ()
    return any(sign == 1 and isinstance(each, Name) and each.name == before for sign, each in terms)


def steps_along(statements: list[Statement], known: Known) -> dict[int, tuple[str, bool]]:
    """{position: (function, whether it goes up)} of steps such as `x_1 = x_0 - 0.1 f'(x_0)`, by values."""
    slopes = {name[:-1]: own for name, own in known.functions.items() if name.endswith("'")}
    found = {}
    for position, statement in enumerate(statements):
        for stem, index in _parts(statement.name) if slopes and statement.formulas else ():
            formula, before = statement.formulas[0].formula, f"{stem}{index - 1}"
            if _is_stepped(formula, before):
                step = Sum([(1, formula), (-1, Name(before))])
                for function, (parameters, slope) in slopes.items():
                    ratio = _ratio(step, before, parameters, slope) if len(parameters) == 1 else 0
                    if ratio:
                        found[position] = function, ratio > 0
    return found


def _ratio(step, name, parameters, slope):
    """How many times a slope a step is, whatever the number under its name is; 0 where it is no multiple."""
    pairs = []
    for number in TRIED:
        with suppress(NeuronnetError, ArithmeticError, ValueError):
            along = evaluator(step, float)(dict.fromkeys(step.names(), 1.0) | {name: number})
            own = evaluator(slope, float)(dict.fromkeys(slope.names(), 1.0) | {parameters[0]: number})
            pairs.append((own, along / own))
    slopes, ratios = zip(*pairs) if len(pairs) == len(TRIED) else ((0,), (0,))
    is_one = len({*slopes}) > 1 and all(isclose(each, ratios[0], rel_tol=1e-9) for each in ratios)
    return ratios[0] if is_one else 0


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


_INDEX = re.compile(r"\d{1,3}|\^\(\d{1,3}\)")


def general_formulas(statements: list, free: set[str]) -> list:
    """The statements that are general formulas; numbers such as `y1 = 0.5` get theirs with their own index.

    `free` are the names that no line defines.
    """
    found, open_names = [], set(free)
    by_name = {each.name: each for each in statements if each.name is not None}
    for statement in statements:
        used = open_names.intersection([name for part in statement.formulas for name in part.used])
        if not used or statement.numbers or statement.text.startswith("let "):
            continue
        indices = [_indices(name, by_name) for name in (statement.name or "", *used)]
        if indices[0] and all(indices[0] <= each for each in indices):
            for index in indices[0]:
                _give_formula(by_name[f"{statement.name}{index}"], statement.formulas[0], used, index)
            found.append(statement)
            open_names.add(statement.name)
    return found + [each for each in _said_again(statements, free) if not any(each is one for one in found)]


def _said_again(statements, free):
    """The formulas of names that nobody defines which a later line says with names of the sheet."""
    found, usable = [], set()
    for statement in reversed(statements):
        errors = statement.read_errors
        is_open = any(isinstance(each, UnknownName) for each in errors) or any(
            not free.isdisjoint(part.used) for part in statement.formulas
        )
        if not is_open and statement.formulas and not errors:
            usable |= {statement.name} - {None}
        elif is_open and statement.name in usable and not statement.numbers and statement.text[:4] != "let ":
            found.append(statement)
    return found


def _indices(name, by_name):
    """The indices under which the sheet has a name."""
    return {
        each[len(name) :] for each in by_name if each.startswith(name) and _INDEX.fullmatch(each[len(name) :])
    }


def _give_formula(statement, general, used, index):
    if not statement.formulas:
        own = with_names(general.formula, lambda name: f"{name}{index}" if name in used else name)
        statement.parts.insert(1, replace(general, formula=own, name=None))


def refuse_late(statements: list[Statement], reason: Callable[[str], str | None]) -> None:
    """Leave out statements with a quantity after more updates than are followed; `reason(name)` says why."""
    for statement in statements:
        for part in statement.parts:
            told = next(filter(None, map(reason, part.used)), None)
            if told is not None:
                part.error, statement.name = NeuronnetError(told), None
                statement.read_errors.append(part.error)


def too_late(name: str) -> str | None:
    """Why a quantity of a sheet with its own model is not followed so far; None where it is."""
    return (
        f"at most {MOST_UPDATES} updates are followed on a sheet" if update_of(name) > MOST_UPDATES else None
    )


def assign_once(statements: list[Statement]) -> None:
    """Give what code assigns again, as `a = tanh(a)`, a name of its own before that: `a~1`."""
    latest: dict[str, Statement] = {}
    given = {each.name for each in statements if each.number is not None and len(each.parts) == 2}
    for position, statement in enumerate(statements):
        name = statement.name
        uses_itself = any(name in part.used for part in statement.formulas)
        if uses_itself and name not in given and name in latest and latest[name].formulas:
            count = sum((each.name or "").startswith(f"{name}~") for each in statements) + 1
            _rename_before(position, statements, name, f"{name}~{count}")
            for part in statement.formulas:
                part.formula = with_names(part.formula, partial(_instead, name, f"{name}~{count}"))
        if name is not None:
            latest[name] = statement


def prepare_given(statements, known):
    """Let `w = 0.1*w` give w its number, where w was a number and no line has used it yet."""
    given = {}
    used = set()
    for position, statement in enumerate(statements):
        name, is_pair = statement.name, len(statement.parts) == 2
        names = {each for part in statement.formulas for each in part.used}
        is_prepared = is_pair and name in names - used and names <= given.keys()
        if is_prepared and not any(is_delta(each) or gradient_of(each, known) for each in names):
            with suppress(NeuronnetError, ArithmeticError):
                values = {each: arrays.mapped(Decimal, given[each]) for each in names}
                shapes = Shapes({each: arrays.shape(value) for each, value in values.items()})
                formula = resolved(statement.formulas[0].formula, shapes)
                with fifty_digits():
                    value = evaluator(formula, Decimal)(values)
                printed = arrays.mapped(lambda number: Printed(str(number)), value)
                statement.parts[1] = replace(statement.parts[1], printed=printed, formula=None)
                _rename_before(position, statements, name, f"{name}~{position}")
                names = set()
        used |= names
        if is_pair and statement.number is not None and name not in used:
            given[name] = texts(statement.number.printed)


def _rename_before(position, statements, old, new):
    for each in statements[:position]:
        each.rename(partial(_instead, old, new))


def _instead(old, new, name):
    return new if name == old else name
