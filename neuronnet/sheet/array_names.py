"""How a sheet names arrays and their entries: pairs, X' for X^T, `net_h1[2]` as a name, changed entries."""

from __future__ import annotations

import re
from functools import partial
from itertools import product

from neuronnet.formulas.arrays import Array
from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.tokens import WORD_HERE, TextWithColumns, parse_array, parse_number
from neuronnet.formulas.written_names import read_name, written_at
from neuronnet.names import split_partial, updated
from neuronnet.sheet.readers.cutting import Claim

_TUPLE, _IN_TUPLE = re.compile(r"\s*[(\[][^()\[\]]*,[^()\[\]]*[)\]]\s*"), re.compile(r"[^\s(),\[\]]+")


def first_index(claims: list[Claim], from_zero: bool | None) -> int:
    """Where indices begin: as declared, else with 0 where there is θ_0 beside θ = [0.1, 0.2], else with 1."""
    arrays = {claim.parts[0].text.strip() for claim in claims if parse_array(claim.parts[-1].text)}
    if from_zero is None and arrays:
        first = re.compile(rf"(?<![^\W\d_])d?({'|'.join(map(re.escape, arrays))})_\{{?0(?!\w)")
        from_zero = any(first.search(part.text) for claim in claims for part in claim.parts)
    return int(not from_zero)


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

    return [claim.respelled(spelled, after=1) for claim in claims]


_ALIAS = re.compile(r"[^\W\d∂∇]\w*(?:_\{\w+\})?(?:\^\{?[\[(]\w+[\])]\}?)?(?:_\{?\w+\}?)?")


def _made_of(word, names):
    """Whether a word is two names side by side, as Wx."""
    return any(word[:cut] in names and word[cut:] in names for cut in range(1, len(word)))


def _is_value(part):
    return parse_number(part.text) is not None or parse_array(part.text) is not None


def _is_formula(claim):
    """Whether a side of a claim is no name and no number."""
    return any(read_name(part.text) is None and not _is_value(part) for part in claim.parts[1:])


def with_aliases(claims: list[Claim]) -> list[Claim]:
    """Claims with one more, `a = ŷ`, for `ŷ = a = σ(z)` where no other line says what a is.

    Likewise `g = ∂L/∂p` for `g = ∂L/∂p = [0.5, -1]` where no line says what L is. `w1 = w2 = 0.5` are two
    numbers, where no line computes w1.
    """
    heads = {read_name(claim.parts[0].text) for claim in claims}
    computed = {
        read_name(each.parts[0].text) for each in claims if not _is_value(each.parts[-1]) or _is_formula(each)
    }
    found = []
    for claim in claims:
        names = [split_partial(read_name(part.text) or "") for part in claim.parts[:2]]
        if len(claim.parts) > 2 and None in names and any(each and each[0] not in heads for each in names):
            first = names.index(None)
            alias, slope = claim.parts[first], claim.parts[1 - first]
            if _ALIAS.fullmatch(alias.text.strip()):
                parts, lines = [slope, *claim.parts[2:]], [claim.lines[1 - first], *claim.lines[2:]]
                found += [
                    claim._replace(parts=parts, lines=lines),
                    _claim(claim.line, alias.text, slope.text),
                ]
                continue
        shared = [
            read_name(text) if _ALIAS.fullmatch(text) and not _made_of(text, heads) else None
            for text in (part.text.strip() for part in claim.parts[:-1])
        ]
        is_alone = None not in shared and computed.isdisjoint(shared) and heads.isdisjoint(shared[1:])
        if len(shared) > 1 and is_alone and _is_value(claim.parts[-1]):
            pairs = [(part, claim.parts[-1]) for part in claim.parts[:-1]]
            found += [claim._replace(parts=[*each], lines=[claim.line] * 2) for each in pairs]
            continue
        others = [part for part in claim.parts[1:-1] if read_name(part.text) not in {None, *heads}]
        others = [
            part
            for part in others
            if _ALIAS.fullmatch(part.text.strip()) and not _made_of(part.text.strip(), heads)
        ]
        if len(others) != 1 or len(claim.parts) > 4 or not _ALIAS.fullmatch(claim.parts[0].text.strip()):
            found.append(claim)
            continue
        kept = [(part, line) for part, line in zip(claim.parts, claim.lines) if part not in others]
        found.append(claim._replace(parts=[part for part, _ in kept], lines=[line for _, line in kept]))
        found += [_claim(claim.line, each.text, claim.parts[0].text) for each in others]
    return found


# A name with a whole number in brackets, in plain or in LaTeX, as `net_h1[2]`, and a mark of the next pass.
NUMBERED = re.compile(r"(\\?\w+(?:\{\w+\})?(?:_\{(?:[^{}]|\{[^{}]*\})*\})?)(\^\{?\+\}?)?\[(\d+)\]")


NEXT_PASS = r"(?:@\d+|'|\^\{?\+\}?)?"


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
    return [claim.respelled(partial(_with_numbered_names, numbered)) for claim in claims]


def _with_numbered_names(numbered, part):
    text, columns, end = "", [], 0
    for found in NUMBERED.finditer(part.text):
        if not numbered.isdisjoint({read_name(found[1]), read_name(found[1][1:] or "d")}):  # dE[1]/dw
            mark = f"^{{({found[3]})}}{found[2] or ''}"
            text += part.text[end : found.end(1)] + mark
            columns += [*part.columns[end : found.end(1)], *[part.columns[found.end(1)]] * len(mark)]
            end = found.end()
    return TextWithColumns(text + part.text[end:], [*columns, *part.columns[end:]])


def with_whole_names(claims: list[Claim]) -> list[Claim]:
    """Claims with a name for what a line gives as a whole: `log σ² = -0.4` where no line has σ."""
    heads = {read_name(claim.parts[0].text) for claim in claims}
    for claim in claims:
        text = claim.parts[0].text.strip()
        if len(claim.parts) != 2 or read_name(text) or parse_number(claim.parts[1].text) is None:
            continue
        function = re.match(r"[a-z]+(?=[\s(])", text)
        names = {each for each in _names_in(text) if each not in SPELLED}
        if function and function[0] in SPELLED and len(names) == 1 and heads.isdisjoint(names):
            whole = r"\s*".join(map(re.escape, re.findall(r"\w+|\S", text)))
            name = re.sub(r"\W", "", text)
            claims = [each.replace(rf"(?<=∂)\(?{whole}\)?|{whole}", name) for each in claims]
    return claims


_ENTRY = re.compile(r"(?<![\w.\])])([^\W\d]\w*)\[(\d+)(?:(?:\]\[|\s*,\s*)(\d+))?\]")


def with_named_entries(
    claims: list[Claim], from_zero: bool | None, is_code: bool
) -> tuple[list[Claim], list[Claim]]:
    """(claims that give numbers to entries of arrays, the claims with these), where updates change entries.

    Beside `w_1 := w_1 - η ∂L/∂w_1`, `w_2_new = …` or `w[1] -= …` the line `w = [0.1, 0.2]` says
    `w = [w_1, w_2]`, and w_1 is 0.1. Indices begin with 0 in code, and where an entry has the index 0.
    """
    named = [_with_names_of_entries(claim) for claim in claims]
    heads = [read_name(claim.parts[0].text) for claim in named]
    bases = [updated(head or "") or head for head in heads]
    given: list[Claim] = []
    arrays: dict[int, str] = {}  # the position of each whose entries get names
    start = 0 if is_code else first_index(named, from_zero)
    for at, claim in enumerate(claims):
        rows = parse_array(claim.parts[1].text) if len(claim.parts) == 2 else None
        if rows is None or heads[at] is None or bases.count(heads[at]) > 1:
            continue
        spelled = claim.parts[0].text.strip()
        numbers = Array.of(rows)
        places = product(*(range(start, length + start) for length in numbers.shape))
        names = Array(("_".join([spelled, *map(str, place)]) for place in places), numbers.shape)
        changed = dict(zip(map(read_name, names.entries), numbers.entries))
        if not any(_is_new_value(*each, changed) for each in zip(named, heads, bases)):
            continue
        given += [_claim(claim.line, *pair) for pair in zip(names.entries, numbers.entries)]
        arrays[at] = _listed(names.nested())
    split = {claims[at].parts[0].text.strip() for at in arrays}
    return given, [
        claim._replace(parts=[claim.parts[0], TextWithColumns(arrays[at])])
        if at in arrays
        else _with_names_of_entries(claim, split)
        for at, claim in enumerate(claims)
    ]


def _listed(nested):
    return nested if isinstance(nested, str) else f"[{', '.join(map(_listed, nested))}]"


def _claim(line, name, number):
    return Claim(line, f"{name} = {number}", [TextWithColumns(name), TextWithColumns(number)], [line] * 2)


def _is_new_value(claim, head, base, numbers):
    """Whether a claim gives an entry, of those with these numbers, its next value."""
    if base not in numbers:
        return False
    text = claim.parts[1].text.strip()
    is_changed = text.startswith(numbers[base]) and parse_number(text) is None
    return claim.assigns or head != base or is_changed or base in _names_in(text)


def _names_in(text):
    return {each.name for word in WORD_HERE.finditer(text) for each in written_at(text, word.start())}


def _with_names_of_entries(claim, arrays=None):
    def named(found):
        if arrays is not None and found[1] not in arrays:
            return found[0]
        return found[1] + "_" + "_".join(filter(None, found.groups()[1:]))

    return claim.replace(_ENTRY, named)
