"""Claims written anew before they are read: pairs one by one, J for J(θ), X^T for the X' of an array; with
the names of the sheet, formulas in general, as `y = w x` beside x1 and x2, or in numbers, as `z = 0.3*0.9`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from neuronnet.derivation.digits import Printed
from neuronnet.errors import ExpressionError, UnknownName
from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.expressions import Name, Negative, Number, Product, Sum
from neuronnet.formulas.notation import read_name
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_names
from neuronnet.names import split_partial
from neuronnet.sheet.roles import RATES, is_delta

_CALLED = re.compile(r"\s*([^()∇∂/=]{1,40}?)\s*\(([^()]{1,60})\)\s*")
_TUPLE, _IN_TUPLE = re.compile(r"\s*[(\[][^()\[\]]*,[^()\[\]]*[)\]]\s*"), re.compile(r"[^\s(),\[\]]+")
_WITH_BARS = r"(?<!\w)d_(\w+)\s*/\s*d_(?=\w)"  # d_error/d_output


def one_by_one(claim):
    """`(x1, y1) = (1, 2)` as two claims, any other as itself."""
    sides = [
        [part[found.start() : found.end()] for found in _IN_TUPLE.finditer(part.text)] for part in claim.parts
    ]
    is_tuple = all(_TUPLE.fullmatch(part.text) for part in claim.parts) and len(claim.parts) == 2
    if not is_tuple or len(sides[0]) != len(sides[1]) or None in [read_name(each.text) for each in sides[0]]:
        return [claim]
    return [
        claim._replace(text=f"{one.text} = {other.text}", parts=[one, other]) for one, other in zip(*sides)
    ]


def spelled_anew(claim, spelled):
    parts = []
    for part in claim.parts:
        try:
            parts.append(spelled(part.replace(_WITH_BARS, lambda found: f"d{found[1]}/d")))
        except ExpressionError as error:
            part.error = error
            parts.append(part)
    return claim._replace(parts=parts)


def transposed(claims, arrays):
    """Claims with X^T for X' where X is one of some arrays, none of which gets a new value X'.

    `X' * v` and `X' * (h - y)` are products of matrices.
    """
    if not arrays:
        return claims
    name = f"({'|'.join(map(re.escape, sorted(arrays, key=len, reverse=True)))})"
    word = rf"(?<![\w^]){name}(?![\w'])"
    product = re.compile(rf"(?<![\w^]){name}(?:'|\^T)\s*\*(?=\s*(?:\([^()]*)?{word})")
    primed = re.compile(rf"(?<![\w^]){name}'(?![\w'(])")

    def spelled(part):
        return part.replace(product, r"\1^T @").replace(primed, r"\1^T")

    return [claim._replace(parts=[claim.parts[0], *map(spelled, claim.parts[1:])]) for claim in claims]


def without_arguments(claims):
    """Claims with J for J(θ) where θ has a value and J no other argument, and ∇_θ J for its gradient.

    θ has values also where only θ_1 and θ_2 have some and no formula has θ itself.
    """
    heads = [claim.parts[0].text for claim in claims if len(claim.parts) > 1]
    plain = set(map(read_name, heads))
    plain |= {stem.rstrip("0") for stem in map(str, plain) if stem.endswith("0")}  # w of w_0
    texts = " ".join(part.text for claim in claims for part in claim.parts[1:])
    stems = {re.sub(r"_?\d+\Z", "", each) for each in map(str, plain)}
    plain |= {each for each in stems if not re.search(rf"(?<!\w){re.escape(each)}(?!\w)", texts)}
    for match in filter(None, map(_CALLED.fullmatch, heads)):
        called, inside = match.groups()
        word, arguments = rf"(?<!\w){re.escape(called)}", rf"\s*\({re.escape(inside)}\)"
        names = set(map(read_name, inside.split(",")))
        others = re.compile(rf"{word}'*\s*\((?!{re.escape(inside)}\))")
        if (
            called.rpartition(".")[2] in SPELLED
            or not names <= plain
            or any(others.search(each) for each in _texts(claims))
        ):
            continue
        if len(names) == 1:
            slope = f"d{called}/d{inside}"
            claims = [_replaced(claim, rf"{word}'{arguments}", slope) for claim in claims]
        claims = [_replaced(claim, word + arguments, called) for claim in claims]
        if len(names) == 1:
            claims = [
                _replaced(claim, rf"∇\s*{word[7:]}(?!\w)", f"∇_{{{inside}}} {called}") for claim in claims
            ]
    return claims


def _texts(claims):
    return (part.text for claim in claims for part in claim.parts)


def _replaced(claim, pattern, replacement):
    return claim._replace(parts=[part.replace(pattern, lambda _: replacement) for part in claim.parts])


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


CONSTANTS = (0, 0.5, 1, 2)  # which may be what they are, or a name's, save in a weighted sum


def _is_weighted_sum(formula):
    return all(
        isinstance(part, (Sum, Negative, Number))
        or (isinstance(part, Product) and all(operator != "/" for operator, _ in part.factors))
        for part, *_ in nodes(formula)
    )


def name_the_numbers(statements: list) -> None:
    """Give `z = 0.3*0.9` its formula `w x` where each number is that of one name before it.

    That goes for all lines before the first derivative or for none, as where every given number has its place
    in a formula.
    """
    found: list = []
    placed = {
        name
        for each in statements
        if each.name is None or not split_partial(each.name)
        for part in each.formulas
        for name in part.used
    }
    values: dict[float, set] = {}
    for statement in statements:
        if statement.name and (split_partial(statement.name) or is_delta(statement.name)):
            break
        printed = statement.number and statement.number.printed
        if statement.arithmetic and not statement.formulas:
            found.append((statement, _in_names(statement, values)))
        if isinstance(printed, Printed) and statement.name and statement.name not in RATES:
            values.setdefault(float(printed.value), set()).add(statement.name)
    formulas = [formula for _, formula in found]
    if None not in formulas and not all(placed.issuperset(each.names()) for each in formulas):
        for statement, formula in found:
            part = statement.arithmetic[0]
            statement.parts.insert(statement.parts.index(part), replace(part, formula=formula))


def _in_names(statement, values):
    """The formula of a statement that computes its name from numbers alone, with names for all; or None."""
    name, numbers = statement.name, statement.arithmetic
    if name is None or statement.assigns or statement.formulas or len(numbers) != 1:
        return None
    formula = numbers[0].formula
    leaves = [float(leaf.value) for leaf in leaves_of(formula) if isinstance(leaf, Number)]
    found = {each: values.get(each) or values.get(-each) or () for each in leaves}
    found = {each: names for each, names in found.items() if names or each not in CONSTANTS}
    is_open = not found.keys().isdisjoint(CONSTANTS) and not _is_weighted_sum(formula)
    if not found or is_open or any(len(names) != 1 for names in found.values()):
        return None

    def named(leaf):
        number = float(leaf.value) if isinstance(leaf, Number) else None
        names = found.get(number, ())
        return leaf if not names else Name(*names) if number in values else Negative(Name(*names))

    return mapped(formula, named)
