"""Forward lines that are proved wrong, or in doubt, by what else the sheet says.

`y1 = w5 h1 + w6 h1 + b` has h1 twice and h2 never; `y2 = w7 h1 + w8 h2 + b` has both. If two derivatives are
right with `w6 h2` and none is wrong, the line is wrong; otherwise it is in doubt. `r = X w + y = [-0.3]`
has the numbers of `X w - y`; if what follows is right with that, the formula is wrong, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries, shape
from neuronnet.formulas.expressions import Expression, Name, Sum
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_names
from neuronnet.repairs.edits import Change, changes
from neuronnet.sheet.formula_values import index_of
from neuronnet.sheet.report import (
    JUDGED,
    RIGHT,
    ROUNDING,
    UNDECIDED,
    WRONG_FORMULA,
    WRONG_NUMBER,
    Line,
)
from neuronnet.sheet.roles import MODEL, Roles

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement


SIBLINGS = 3  # that show by their names which name belongs into a line
PROOF = 2  # derivatives that are right with another name
MOST_PARTS = 40  # of a formula in which changes are tried
MOST = 12  # lines with another name that are tried


class Renaming(NamedTuple):
    """The `leaf` of a forward line, and the name that its siblings have there."""

    position: int
    leaf: Expression
    place: int
    instead: str

    def change(self, statements: list[Statement]) -> None:
        """Write the line with that name."""
        part = statements[self.position].formulas[0]
        leaf = leaves_of(part.formula)[self.place]
        part.formula = mapped(part.formula, lambda each: Name(self.instead) if each is leaf else each)


class Mended(NamedTuple):
    """A small change of a forward formula that gives the number printed for it."""

    position: int
    formula: Expression
    slip: Change

    def change(self, statements: list[Statement]) -> None:
        """Write the line with that formula."""
        statements[self.position].formulas[0].formula = self.formula


def with_doubts(reading, lines: list[Line], again: Callable) -> tuple | None:
    """What `again(change)` gives for a sheet whose forward line is proved wrong, that line accused; or None.

    The `lines` belong to the last statements of a Reading. A line that is in doubt, and a derivative that
    would be right without it, become undecided in them.
    """
    statements, spelled = reading.statements, reading.spellings.of
    tried: dict[int, tuple] = {}
    first = len(statements) - len(lines)
    renamings = [each for each in _renamings(statements, reading.roles) if each.position >= first][:MOST]
    for each in [*_mended(reading, lines, first)] + renamings:
        try:
            found = again(each.change)
        except NeuronnetError:
            continue
        others = found[1][len(found[1]) - len(lines) :]
        pairs = list(zip(lines, others))
        mended = [old for old, new in pairs if old.is_wrong and _is_right(new) and old.follows_from is None]
        if isinstance(each, Mended) and all(old.verdict != WRONG_FORMULA for old in mended):
            continue  # numbers alone may have been carried on from a wrong one
        spoilt = any(_is_right(old) and not _is_right(new) for old, new in pairs)
        if not spoilt and len(mended) >= len(tried.get(each.position, ((), ()))[1]):
            tried[each.position] = each, mended, others, found
    proved = [each for each in tried.values() if len(each[1]) >= PROOF]
    if len(proved) == 1:
        each, _, others, found = proved[0]
        if isinstance(each, Mended):
            columns = (part.column for part, *_ in nodes(each.slip.at) if part.column is not None)
            _mark(others, each, statements, WRONG_FORMULA, each.slip.sentence, next(columns, None))
        else:
            said = f"{spelled(each.instead)}, not {spelled(each.leaf.name)}"
            _mark(others, each, statements, WRONG_FORMULA, said, each.leaf.column)
        return found
    for each, mended, *_ in (each for each in tried.values() if isinstance(each[0], Renaming)):
        names = f"{spelled(each.instead)} may be meant, not {spelled(each.leaf.name)}"
        _mark(lines, each, statements, UNDECIDED, f"{names}; its number would decide", each.leaf.column)
        for part in (part for line in mended for part in line.parts if part.verdict != RIGHT):
            number = statements[each.position].line
            part.verdict = UNDECIDED
            part.note = f"right if {names} in line {number}".replace("may be", "is")
    reading.judge.wrong = [each for each in reading.judge.wrong if each[0].verdict != UNDECIDED]
    return None


def _mark(lines, doubt, statements, verdict, note, column):
    statement, line = statements[doubt.position], lines[doubt.position - len(statements)]
    line.kind, part = JUDGED, line.parts[statement.parts.index(statement.formulas[0])]
    part.verdict, part.note, part.column = verdict, note, column


def _is_right(line):
    return line.verdict in (RIGHT, ROUNDING)


def _mended(reading, lines, first) -> Iterator[Mended]:
    """The likeliest change of each forward formula that gives the number of its line, if it does not."""
    for line, (position, statement) in zip(lines, list(enumerate(reading.statements))[first:]):
        number = None if statement.number is None else line.number
        is_wrong = number is not None and number.verdict == WRONG_NUMBER and line.follows_from is None
        if is_wrong and reading.roles.of[position].kind == MODEL and len(statement.formulas) == 1:
            model, printed = reading.roles.model, statement.number.printed
            parts = islice(nodes(statement.formulas[0].formula), MOST_PARTS)
            slips = (
                (rebuild, slip) for node, rebuild, parent in parts for slip in changes(node, parent, None)
            )
            each = ((rebuild(slip.replacement), slip) for rebuild, slip in slips)
            fitting = [(formula, slip) for formula, slip in each if _gives(model, formula, printed)]
            if fitting:  # a sign is likelier than an operation
                yield Mended(position, *min(fitting, key=lambda pair: pair[1].kind != "sign"))


def _gives(model, formula, printed):
    """Whether a formula gives a printed number or array, to its last digit."""
    try:
        with fifty_digits():
            value = model.value(model.resolved(formula))
    except (ArithmeticError, ValueError):
        return False
    pairs = zip(entries(value), entries(printed))
    is_fitting = shape(value) == shape(printed)
    return is_fitting and all(abs(one - other.value) <= other.half_unit for one, other in pairs)


def _renamings(statements, roles: Roles) -> Iterator[Renaming]:
    """The names in forward lines that their siblings speak against; a line that is confirmed has none."""
    forward = {
        position: statements[position]
        for position, role in roles.of.items()
        if role.kind == MODEL and not role.step and statements[position].formulas
    }
    heads = [each.name for each in statements if each.formulas]
    leaves = {position: leaves_of(each.formulas[0].formula) for position, each in forward.items()}
    used = {leaf.name for each in leaves.values() for leaf in each if isinstance(leaf, Name)}
    alike: dict[str, list] = {}
    for position, each in forward.items():
        alike.setdefault(_form(each.formulas[0].formula), []).append((each.name, position))
    for position, statement in forward.items():
        if statement.number is not None or heads.count(statement.name) > 1:
            continue
        formula = statement.formulas[0].formula
        siblings = [(name, leaves[other]) for name, other in alike[_form(formula)] if other != position]
        twice = _in_two_terms(formula)
        for place, leaf in enumerate(leaves[position]):
            if isinstance(leaf, Name):
                wanted = set(_by_siblings(statement.name, place, leaf.name, siblings))
                if leaf.name in twice:
                    wanted |= set(_never(leaf.name, place, leaves[position], siblings, used, roles.model))
                stem = leaf.name.partition("~")[0]
                for instead in sorted(each for each in wanted if each.partition("~")[0] != stem):
                    yield Renaming(position, leaf, place, instead)


def _form(formula):
    return with_names(formula, lambda _: "q").format()


def _in_two_terms(formula):
    """The names that stand in two terms of a sum."""
    sums = [node for node, *_ in nodes(formula) if isinstance(node, Sum)]
    names = [name for each in sums for _, term in each.terms for name in set(term.names())]
    return {name for name in names if names.count(name) > 1}


def _by_siblings(head, place, name, siblings):
    """The name that stands in one place of all siblings, or goes there with the index of each line."""
    if len(siblings) >= SIBLINGS:
        others = [(index_of(line), getattr(leaves[place], "name", "")) for line, leaves in siblings]
        names = {other for _, other in others}
        forms = {other.replace(index, "#") for index, other in others if index}
        if len(names) == 1:
            yield names.pop()
        elif len(forms) == 1 and "#" in min(forms):
            yield forms.pop().replace("#", index_of(head))


def _never(name, place, leaves, siblings, used, model):
    """The names for one that a line has twice: of a sibling that has both, or of what no line uses."""
    own = {leaf.name for leaf in leaves if isinstance(leaf, Name)}
    for _, others in siblings:
        has_it = any(
            name == getattr(one, "name", None) == getattr(other, "name", None)
            for one, other in zip(leaves, others)
        )
        if has_it and isinstance(others[place], Name):
            yield from {others[place].name} - own
    stem = name.removesuffix(index_of(name))
    if not siblings:
        yield from (
            each for each in model.names() if each not in used and each.removesuffix(index_of(each)) == stem
        )
