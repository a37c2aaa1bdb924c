"""Forward lines that may have a wrong name: what their siblings and the derivatives of the sheet say of them.

`y1 = w5 h1 + w6 h1 + b` has h1 twice and h2 never; `y2 = w7 h1 + w8 h2 + b` has both. If two derivatives are
right with `w6 h2` and none is wrong, the line is wrong; otherwise it is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Expression, Name, Sum
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_names
from neuronnet.sheet.formula_values import index_of
from neuronnet.sheet.report import JUDGED, RIGHT, UNDECIDED, WRONG_FORMULA, Line
from neuronnet.sheet.roles import MODEL, Roles

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

SIBLINGS = 3  # that show by their names which name belongs into a line
PROOF = 2  # derivatives that are right with another name
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


def with_doubts(reading, lines: list[Line], again: Callable) -> tuple | None:
    """What `again(change)` gives for a sheet whose forward line is proved wrong, that line accused; or None.

    The `lines` belong to the last statements of a Reading. A line that is in doubt, and a derivative that
    would be right without it, become undecided in them.
    """
    statements, spelled = reading.statements, reading.spellings.of
    tried: dict[int, tuple] = {}
    own = [
        each
        for each in _renamings(statements, reading.roles)
        if each.position >= len(statements) - len(lines)
    ]
    for each in own[:MOST]:
        try:
            found = again(each.change)
        except NeuronnetError:
            continue
        others = found[1][len(found[1]) - len(lines) :]
        pairs = list(zip(lines, others))
        mended = [old for old, new in pairs if old.is_wrong and not new.is_wrong and old.follows_from is None]
        spoilt = any(new.is_wrong and not old.is_wrong for old, new in pairs)
        if not spoilt and len(mended) >= len(tried.get(each.position, ((), ()))[1]):
            tried[each.position] = each, mended, others, found
    proved = [each for each in tried.values() if len(each[1]) >= PROOF]
    if len(proved) == 1:
        each, _, others, found = proved[0]
        _mark(
            others, each, statements, WRONG_FORMULA, f"{spelled(each.instead)}, not {spelled(each.leaf.name)}"
        )
        return found
    for each, mended, *_ in tried.values():
        names = f"{spelled(each.instead)} may be meant, not {spelled(each.leaf.name)}"
        _mark(lines, each, statements, UNDECIDED, f"{names}; its number would decide")
        for part in (part for line in mended for part in line.parts if part.verdict != RIGHT):
            number = statements[each.position].line
            part.verdict = UNDECIDED
            part.note = f"right if {names} in line {number}".replace("may be", "is")
    reading.judge.wrong = [each for each in reading.judge.wrong if each[0].verdict != UNDECIDED]
    return None


def _mark(lines, renaming, statements, verdict, note):
    statement, line = statements[renaming.position], lines[renaming.position - len(statements)]
    line.kind, part = JUDGED, line.parts[statement.parts.index(statement.formulas[0])]
    part.verdict, part.note, part.column = verdict, note, renaming.leaf.column


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
    for position, statement in forward.items():
        if statement.number is not None or heads.count(statement.name) > 1:
            continue
        formula = statement.formulas[0].formula
        siblings = [
            (each.name, leaves[other])
            for other, each in forward.items()
            if other != position and _form(each.formulas[0].formula) == _form(formula)
        ]
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
