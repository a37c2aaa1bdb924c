"""Formulas in general, as `y = w x` beside x1 and x2, which other lines say with the names of the sheet."""

from __future__ import annotations

import re
from dataclasses import replace

from neuronnet.errors import UnknownName
from neuronnet.formulas.rewriting import with_names

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
            usable.add(statement.name)
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
