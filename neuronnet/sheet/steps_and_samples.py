"""Steps and samples that a sheet tells apart: indices that count steps, headings as
`Sample 2: x = -1, y = 0`.

In `w_1 = w_0 - eta g_1` index 1 gives w its value after one update, and g_2 is g again.
w_0, w_1, w_2 become w, w@1, w@2, and so does a velocity; what is computed once a step, as g_1 and g_2, has
its plain name in its own step. A name of another step says of which it is: `g@0` is g of the first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from neuronnet.formulas.expressions import Name, Sum
from neuronnet.formulas.notation import Known, read_name, updated
from neuronnet.formulas.rewriting import with_names
from neuronnet.formulas.tokens import TextWithColumns, parse_array, parse_number
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import Claim, Unread
from neuronnet.sheet.roles import is_delta, measures
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


# A name with a whole number in brackets, in plain or in LaTeX, as `net_h1[2]`, and a mark of the next pass.
NUMBERED = re.compile(r"(\\?\w+(?:\{\w+\})?(?:_\{(?:[^{}]|\{[^{}]*\})*\})?)\[(\d+)\]")
NEXT_PASS = r"(?:@\d+|'|\^\{?\+\}?)?"
AGAIN = "after the lines of a sample its name has another number: of which sample or of which mean?"


def with_numbered_names(claims: list[Claim]) -> list[Claim]:
    """The claims with `net_h1[2]` as a name, `net_h1^{(2)}`, where no line says what the array net_h1 is.

    A line that computes a name from its own numbers, as the mean `E = (E[1] + E[2])/2`, makes no array of it.
    """
    numbered, whole = set(), set()
    for claim in claims:
        head = claim.parts[0].text.strip()
        found = re.fullmatch(NUMBERED.pattern + NEXT_PASS, head)
        own = {read_name(each[1]) for part in claim.parts[1:] for each in NUMBERED.finditer(part.text)}
        if found is not None:
            numbered.add(read_name(found[1]))
        elif read_name(head) not in own:
            whole.add(read_name(head))
    numbered -= {*whole, None}
    if not numbered:
        return claims
    return [
        claim._replace(parts=[_with_numbered_names(part, numbered) for part in claim.parts])
        for claim in claims
    ]


def _with_numbered_names(part, numbered):
    text, columns, end = "", [], 0
    for found in NUMBERED.finditer(part.text):
        if not numbered.isdisjoint({read_name(found[1]), read_name(found[1][1:] or "d")}):  # dE[1]/dw
            mark = f"^{{({found[2]})}}"
            text += part.text[end : found.end(1)] + mark
            columns += [*part.columns[end : found.end(1)], *[part.columns[found.end(1)]] * len(mark)]
            end = found.end()
    return TextWithColumns(text + part.text[end:], [*columns, *part.columns[end:]])


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
