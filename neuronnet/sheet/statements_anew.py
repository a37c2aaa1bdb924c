"""Statements written anew before each gets its role: a name for every number, one value for every name.

Formulas in general, as `y = w x` beside x1 and x2, and in numbers, as `z = 0.3*0.9`, get the sheet's names.
In `w_1 = w_0 - eta g_1` index 1 gives w its value after one update, and g_2 is g again.
w_0, w_1, w_2 become w, w@1, w@2, and so does a velocity; what is computed once a step, as g_1 and g_2, has
its plain name in its own step. A name of another step says of which it is: `g@0` is g of the first.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.readings import resolved
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas import arrays
from neuronnet.formulas.evaluating import Shapes, evaluator
from neuronnet.formulas.expressions import Entry, Expression, Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.notation import Known, gradient_of
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_logistics, with_names
from neuronnet.names import after, partial_name, split_partial, update_of
from neuronnet.sheet.roles import RATES, by_entry, is_delta, is_gradient, measures, texts

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
    made_of = {name: _made_of(name, formulas) for name in formulas}
    chains = {
        stem: names
        for stem, names in members.items()
        if names.keys() == set(range(len(names))) > {0} and names[0] in given - formulas.keys()
        if stem not in given and names[1] in formulas and names[0] in formulas[names[1]].names()
    }
    steps = {stem: names for stem, names in chains.items() if _is_stepped(formulas[names[1]], names[0])}
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
    return families if weights and not any(map(is_delta, chains)) else {}


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


FEWEST_DIGITS = 3  # of a computed number that stands for its name
CONSTANTS = {0.0, 0.5, 1.0, 2.0}  # which may be what they are, or a name's, save in a weighted sum


def _is_weighted_sum(formula):
    return all(
        isinstance(part, (Sum, Negative, Number))
        or (isinstance(part, Product) and all(operator != "/" for operator, _ in part.factors))
        for part, *_ in nodes(formula)
    )


def name_the_numbers(statements: list, known: Known, ones_too: bool | None) -> None:
    """Give `z = 0.3*0.9` its formula `w x` where each number is that of one name before it.

    That goes for all lines before the first derivative or for none, as where every given number has its place
    in a formula; but for lines with what another computed, as the 0.5987 of `a = 0.5987` in
    `L = (1 - 0.5987)^2`. The 1 is a number, and with `ones_too` the target that is 1: `known.has_ones` says
    that there is such a choice. With None, beside a network, such lines are arithmetic.
    """
    found: list = []
    placed = {
        name
        for each in statements
        if each.name is None or not split_partial(each.name)
        for part in each.formulas
        for name in part.used
    }
    numbers = _Numbers()
    for statement in statements:
        name = statement.name
        if name and (split_partial(name) or is_delta(name) or gradient_of(name, known) in known.names):
            break
        is_plain = statement.name and not statement.assigns and len(statement.arithmetic) == 1
        if statement.arithmetic and not statement.formulas:
            formula = statement.arithmetic[0].formula
            whole, partly = (numbers.whole(formula), numbers.partly(formula)) if is_plain else (None, None)
            found.append((statement, whole, partly))
            numbers.used.update((whole or partly or formula).names())
        numbers.add(statement)
    wholes = [whole for _, whole, _ in found]
    is_whole = None not in wholes and not all(placed.issuperset(each.names()) for each in wholes)
    has_computed = ones_too is not None and any(partly is not None for _, _, partly in found)
    known.has_ones = has_computed and not is_whole and not CONSTANTS.isdisjoint(numbers.named)
    for statement, whole, partly in found if is_whole or has_computed else ():
        named = whole if is_whole else partly or whole
        named = numbers.with_ones(named) if named and ones_too and not is_whole else named
        if named is not None:
            part = statement.arithmetic[0]
            statement.parts.insert(statement.parts.index(part), replace(part, formula=named))


class _Numbers:
    """What the numbers before a line are printed for: `named` {number: {a quantity as text: the quantity}}.

    Of several, the one that no line has `used` is meant, as the latest of a chain.
    """

    def __init__(self):
        self.named: dict[float, dict] = {}
        self.used: set[str] = set()
        self._computed: set[str] = set()

    def add(self, statement: Statement) -> None:
        """Note the number of a statement, or the entries of what it computes, and what it uses."""
        self.used.update(name for part in statement.formulas for name in part.used)
        printed, is_computed = statement.number and statement.number.printed, len(statement.parts) > 2
        if statement.name and printed is not None:
            quantities = by_entry(Name(statement.name), arrays.shape(printed))
            for entry, quantity in zip(arrays.entries(printed), quantities):
                is_plain = len(entry.value.as_tuple().digits) >= FEWEST_DIGITS and is_computed
                if is_plain or isinstance(quantity, Name) and statement.name not in RATES:
                    self.named.setdefault(float(entry.value), {})[quantity.format()] = quantity
                    self._computed |= {quantity.format()} if is_computed else set()

    def whole(self, formula: Expression) -> Expression | None:
        """A formula of numbers alone with names for all; or None."""
        leaves = {float(leaf.value): leaf for leaf in leaves_of(formula) if isinstance(leaf, Number)}
        leaves = {each: leaf for each, leaf in leaves.items() if self._all(each) or each not in CONSTANTS}
        is_open = not leaves.keys().isdisjoint(CONSTANTS) and not _is_weighted_sum(formula)
        if not leaves or is_open or any(self._quantity(leaf) is leaf for leaf in leaves.values()):
            return None
        return mapped(formula, self._quantity)

    def partly(self, formula: Expression) -> Expression | None:
        """A formula of numbers with names for what they are surely of, one of these computed; or None."""
        formula = with_logistics(formula)
        leaves = [leaf for leaf in leaves_of(formula) if isinstance(leaf, Number)]
        sure = {float(leaf.value) for leaf in leaves} - CONSTANTS
        computed = [self._quantity(leaf) for leaf in leaves if float(leaf.value) in sure]
        if not any(name in self._computed for each in computed for name in _named_by(each)):
            return None
        return mapped(formula, lambda leaf: self._quantity(leaf) if _number(leaf) in sure else leaf)

    def with_ones(self, formula: Expression) -> Expression:
        """A formula with names for the terms of its sums that are 0, 0.5, 1 or 2 as well."""
        parts = [self.with_ones(part) for part in formula.parts()]
        copy = formula.rebuilt(parts) if parts else formula
        if isinstance(copy, Sum):
            return Sum([(sign, self._quantity(term)) for sign, term in copy.terms])
        return copy

    def _all(self, number):
        return self.named.get(number) or self.named.get(-number) or {}

    def _quantity(self, leaf):
        """What a Number is printed for, or its Negative, where that is one quantity; else the leaf."""
        if not isinstance(leaf, Number):
            return leaf
        found = self._all(float(leaf.value))
        fresh = {text: each for text, each in found.items() if text not in self.used}
        options = [*(fresh if len(fresh) == 1 else found).values()]
        if len(options) != 1:
            return leaf
        return options[0] if float(leaf.value) in self.named else Negative(options[0])


def _number(leaf):
    return float(leaf.value) if isinstance(leaf, Number) else None


def _named_by(quantity):
    plain = quantity.inner if isinstance(quantity, Negative) else quantity
    return [] if isinstance(plain, Number) else [plain.format()]


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


def name_the_entries(statements: list) -> None:
    """Give `z = 0.2*1.5 + 0.4*0.5` its formula `w_1 x_1 + w_2 x_2` where arrays before it have these entries.

    The terms of a sum have one form, and in each place the entries of one array in order, their squares, as
    in `L = (4 + 16 + 25)/3` after `e = [-2, -4, -5]`, or one number.
    """
    values: dict[float, dict] = {}
    arrays_of: dict[tuple, tuple] = {}  # numbers -> (given quantities, computed ones)
    for statement in statements:
        name, printed = statement.name, statement.number and statement.number.printed
        if name and (split_partial(name) or (is_delta(name) and statement.arithmetic)):
            break
        if name and len(statement.arithmetic) == 1 and not (statement.assigns or statement.formulas):
            part = statement.arithmetic[0]
            formula = _in_entries(part.formula, values, arrays_of)
            if formula.names():
                statement.parts.insert(statement.parts.index(part), replace(part, formula=formula))
        if name and isinstance(printed, Printed) and name not in RATES:
            values.setdefault(float(printed.value), {})[name] = Name(name)
        elif name and isinstance(printed, arrays.Array):
            for numbers, indices in _lines_of(printed):
                entries = [Entry(Name(name), each, False) for each in indices]
                squares = [Power(entry, 2) for entry in entries]
                for exponent, quantities in ((1, entries), (2, squares)):
                    ways = arrays_of.setdefault(tuple(float(each**exponent) for each in numbers), ([], []))
                    ways[len(statement.parts) > 2].append(quantities)


def _lines_of(array):
    """(the numbers, their indices) of a vector, and of each row and column of a matrix."""
    numbers = [each.value for each in arrays.entries(array)]
    rows, columns = (1, *array.shape)[-2:]
    places = [[place // columns + 1, place % columns + 1] for place in range(len(numbers))]
    if rows == 1 or columns == 1:
        yield (
            tuple(numbers),
            [[place + 1] if len(array.shape) == 1 else each for place, each in enumerate(places)],
        )
        return
    for axis, count in enumerate((rows, columns)):
        for line in range(1, count + 1):
            own = [place for place in range(len(numbers)) if places[place][axis] == line]
            yield tuple(numbers[place] for place in own), [places[place] for place in own]


def _in_entries(formula, values, arrays_of):
    terms = formula.terms if isinstance(formula, Sum) else []
    forms = {_form(term) for _, term in terms}
    if len(terms) < 2 or len(forms) > 1:
        parts = [_in_entries(part, values, arrays_of) for part in formula.parts()]
        return formula.rebuilt(parts) if parts else formula
    columns = list(zip(*(_numbers_in(term) for _, term in terms)))
    signs = [sign for sign, _ in terms]
    turned = [None] if min(signs) > 0 else range(len(columns))
    for place in turned:
        entries = [
            tuple(map(operator.mul, signs, each)) if at == place else each for at, each in enumerate(columns)
        ]
        found = [_named(each, values, arrays_of) for each in entries]
        if None not in found and any(len({*each}) > 1 for each in entries):
            rows = zip(*found)
            return Sum([(1, _with_numbers(term, iter(row))) for (_, term), row in zip(terms, rows)])
    return formula


def _named(numbers, values, arrays_of):
    """What the numbers in one place of all terms are: entries of one array, one name or a bare number."""
    names = values.get(numbers[0], {}) if numbers[0] not in CONSTANTS else {}
    if len({*numbers}) == 1:
        return [*names.values()] * len(numbers) if len(names) == 1 else [None] * len(numbers)
    given, computed = arrays_of.get(numbers, ((), ()))
    ways = computed or given
    return ways[0] if len(ways) == 1 else None


def _is_signed(part):
    return isinstance(part, Negative) and isinstance(part.inner, Number)


def _form(formula):
    if isinstance(formula, Number) or _is_signed(formula):
        return "number"
    signs = [sign for sign, _ in getattr(formula, "factors", getattr(formula, "terms", ()))]
    extra = getattr(formula, "exponent", getattr(formula, "function", None))
    return (type(formula).__name__, str(signs), str(extra), *map(_form, formula.parts()))


def _numbers_in(formula):
    if isinstance(formula, Number) or _is_signed(formula):
        return [-float(formula.inner.value) if _is_signed(formula) else float(formula.value)]
    return [number for part in formula.parts() for number in _numbers_in(part)]


def _with_numbers(formula, others):
    """A formula with others in place of its numbers, from left to right; None leaves one as it is."""
    if isinstance(formula, Number) or _is_signed(formula):
        return next(others) or formula
    parts = [_with_numbers(part, others) for part in formula.parts()]
    return formula.rebuilt(parts) if parts else formula


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
