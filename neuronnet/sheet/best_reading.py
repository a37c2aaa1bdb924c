"""The reading of a sheet that contradicts the fewest of its claims; a doubtful forward line is read anew.

`y1 = w5 h1 + w6 h1 + b` has h1 twice and h2 never; `y2 = w7 h1 + w8 h2 + b` has both. If two derivatives are
right with `w6 h2` and none is wrong, the line is wrong; otherwise it is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice, product
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries, shape
from neuronnet.formulas.expressions import Expression, Name, Sum
from neuronnet.formulas.notation import Known, read_name
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_dots, with_names, with_norms
from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.sheet.array_names import with_named_entries, with_numbered_names, with_whole_names
from neuronnet.sheet.assignment import Assignment
from neuronnet.sheet.formula_values import index_of
from neuronnet.sheet.lines import Lines
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.numbers_named import ONES, name_the_numbers
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Declarations
from neuronnet.sheet.report import (
    COINCIDENCE,
    JUDGED,
    RIGHT,
    ROUNDING,
    UNDECIDED,
    UNKNOWN_NAME,
    UNREADABLE,
    WRONG_FORMULA,
    Line,
)
from neuronnet.sheet.roles import GRADIENT, LOSSES, MODEL, Roles, of_the_loss
from neuronnet.sheet.statements import read_statements
from neuronnet.sheet.steps import assign_once, count_steps, prepare_given, refuse_late, steps_along, too_late
from neuronnet.sheet.understood import Spellings, Understood, understood

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

MOST_READINGS = 8
NOT_USABLE = (UNREADABLE, UNKNOWN_NAME, UNDECIDED)
SAME = Decimal("1e-20")  # relative: values computed in another order


class Reading(NamedTuple):
    """A sheet as it is read in one way, with the Lines that judge it."""

    statements: list[Statement]
    roles: Roles
    meanings: Meanings
    judge: Lines
    known: Known
    prose: tuple[int, ...] = ()

    @property
    def spellings(self) -> Spellings:
        return Spellings(self.statements, self.roles)

    @property
    def understood(self) -> Understood:
        return understood(self.statements, self.roles, self.meanings, self.spellings, self.prose)


def read_as(claims: list, choices: dict[str, int], declared: Declarations, is_code, change) -> Reading:
    """The Reading of some claims; `choices` says how to take the formulas that are open.

    With a choice for "*", that is a product of matrices wherever it can be one; for "|", |v| is a length.
    """
    known = Known()
    statements, general = read_statements(claims, known, declared=declared)
    known.of_the_loss = of_the_loss(statements)
    has_ones = name_the_numbers(statements, known, ONES in choices)
    known.of_the_loss = of_the_loss(statements)  # with what the numbers stand for
    for sign, rewritten in (("*", with_dots), ("|", with_norms)):
        for part in (each for statement in statements for each in statement.parts if sign in choices):
            part.formula = part.formula and rewritten(part.formula)
    if not is_code:
        count_steps(statements, known)
    change(statements)
    refuse_late(statements, too_late)
    assign_once(statements)
    prepare_given(statements, known)
    loss = None if declared.loss is None else read_name(declared.loss)
    assignment = Assignment(statements, known, choices, loss, is_code, declared.passes)
    roles = assignment.roles()
    roles.may_ascend = declared.ascends
    for position, (function, is_up) in steps_along(statements, known).items():
        if is_up != declared.ascends:
            is_wrong = declared.ascends or declared.descends or function in LOSSES
            roles.astray[position] = (
                f"this step goes {'up' if is_up else 'down'}hill along {function}'",
                is_wrong,
            )
    roles.open |= {ONES: 2} if has_ones else {}
    meanings = Meanings(roles, assignment, statements, known)
    meanings.settle()
    for position, role in roles.of.items():
        if role.step:
            for part in statements[position].parts[1:]:
                if part.has_names:
                    part.formula = meanings.in_pass(part.formula, role.step)
    judge = Lines(statements, roles, meanings)
    return Reading(statements, roles, meanings, judge, known, tuple(general))


def best_reading(sheet: Sheet, change: Callable = lambda _: None) -> tuple[Reading, list[Line]]:
    """(the Reading that contradicts the fewest claims of a sheet, its judged lines).

    `change(statements)` may write a statement anew before it is judged.
    """
    claims, is_code = [*map(_as_claim, sheet.lets), *sheet.claims], bool(sheet.assigned)
    given, claims = with_named_entries(with_whole_names(claims), sheet.declared.from_zero, is_code)
    claims = given + (claims if is_code else with_numbered_names(claims))
    with fifty_digits():
        best = read_as(claims, {}, sheet.declared, is_code, change)
        lines = best.judge.judged()
        if _open_or_wrong(lines):
            for choices, declared in _other_ways(best, sheet.declared):
                try:
                    other = read_as(claims, choices, declared, is_code, change)
                    if _are_the_same(best, other) or _without_influence(other) - _without_influence(best):
                        continue
                    first = next((at for at, each in enumerate(lines) if each.is_wrong), len(lines))
                    others = other.judge.judged_until(first)
                except NeuronnetError:  # so read, parts of it do not fit
                    continue
                if others is not None and _open_or_wrong(others) < _open_or_wrong(lines):
                    best, lines = other, others
                    if not _open_or_wrong(lines):
                        break
    spellings = best.spellings
    for part in (part for line in lines for part in line.parts):
        part.note = None if part.note is None else spellings.note(part.note)
    unusable = [
        line for line in lines[len(given) : len(given) + len(sheet.lets)] if line.verdict in NOT_USABLE
    ]
    best = best._replace(prose=tuple(sorted({*best.prose, *(line for line, _ in sheet.prose)})))
    return best, unusable + lines[len(given) + len(sheet.lets) :]


def _are_the_same(one, other):
    """Whether two Readings have the same names, and formulas of the same values, as given and drawn."""
    names = [
        ([line.name for line in each.statements], each.roles.model.formulas.keys()) for each in (one, other)
    ]
    if names[0] != names[1]:
        return False
    for drawn in (False, True):
        values = [
            each.judge.trials.draws.draw(0, frozenset(), ()) if drawn else each.judge.trials.draws.own
            for each in (one, other)
        ]
        for name in one.roles.model.formulas:
            left, right = (each[name] for each in values)
            if shape(left) != shape(right) or not all(map(_near, entries(left), entries(right))):
                return False
    return True


def _without_influence(reading):
    """The derivatives asked for that are zero whatever the numbers, as behind a softmax of the other axis."""
    names = {role.name for role in reading.roles.of.values() if role.kind == GRADIENT and role.name}
    draw = reading.judge.trials.draws.draw(0, frozenset(), ())
    return {name for name in names if all(abs(each) <= SAME for each in entries(_value(draw, name)))}


def _value(draw, name):
    try:
        return draw[name]
    except (ArithmeticError, NeuronnetError):
        return Decimal("Infinity")


def _is_right(line):
    return line.verdict in (RIGHT, ROUNDING)


def _near(one, other):
    if one == other or not (isfinite(one) and isfinite(other)):
        return one == other
    return abs(one - other) <= SAME * max(abs(one), abs(other))


def _as_claim(let):
    """`let δ1 = ∂L/∂z1` is a claim as any other, which goes before them all."""
    parts = [TextWithColumns(let.name), let.text]
    return Claim(let.line, f"let {let.name} = {let.text.text.strip()}", parts, [let.line] * 2)


def _open_or_wrong(lines):
    return sum(line.is_wrong or line.verdict in (COINCIDENCE, *NOT_USABLE) for line in lines)


def _other_ways(best, declared):
    """Other ways to read what a sheet leaves open: a choice for each formula, and where indices begin.

    The loss is a single number, and a later pass is read as the first.
    """
    open_ = best.roles.open.items()
    if open_ and not best.roles.is_code:
        yield {"*": 1}, declared
    if any(_has_size_of_array(each.formula, best.known) for one in best.statements for each in one.parts):
        yield {"|": 1}, declared
    counts = {name: count for name, count in open_ if "@" not in name and name != best.roles.loss}
    for chosen in islice(product(*map(range, counts.values())), 1, MOST_READINGS):
        yield dict(zip(counts, chosen)), declared
    if best.known.from_zero is False and declared.from_zero is None:
        yield {}, replace(declared, from_zero=True)


def _has_size_of_array(formula, known):
    """Whether a formula has |v| of an array in it."""
    sizes = [
        node for node, *_ in (nodes(formula) if formula else ()) if getattr(node, "function", "") == "abs"
    ]
    return any(not known.arrays.isdisjoint(each.names()) for each in sizes)


# A forward line that may have a wrong name

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
        mended = [old for old, new in pairs if old.is_wrong and _is_right(new) and old.follows_from is None]
        spoilt = any(_is_right(old) and not _is_right(new) for old, new in pairs)
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
