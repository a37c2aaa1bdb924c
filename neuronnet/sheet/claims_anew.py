"""Claims written anew before they are read: pairs one by one, J for J(θ), X^T for the X' of an array.

A formula with a free index, as `z_j = Σ_i w_ji x_i`, stands for one claim for each value of its index beside
numbers x_1, x_2, w_11, …; beside arrays x and t, in which the index counts entries, `ŷ_i = w x_i + b` is one
of whole arrays, `ŷ = w x + b`. A loss summed over samples, as y^(i) and a^[2](i) beside matrices Y and A^[2],
has these in it.
"""

from __future__ import annotations

import re
from itertools import islice, product

from neuronnet.errors import ExpressionError
from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.notation import read_name
from neuronnet.formulas.tokens import TextWithColumns, parse_array, parse_number
from neuronnet.sheet.readers.cutting import Claim
from neuronnet.sheet.roles import LOSSES

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


# A name with a whole number in brackets, in plain or in LaTeX, as `net_h1[2]`, and a mark of the next pass.
NUMBERED = re.compile(r"(\\?\w+(?:\{\w+\})?(?:_\{(?:[^{}]|\{[^{}]*\})*\})?)\[(\d+)\]")


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


MOST_CLAIMS = 100  # that one formula stands for


MOST_ADDED = 2_000  # in a sheet


_INDEXED = re.compile(
    r"(?<![\w^\\])(?P<name>[^\W\d_]+(?:_(?:hat|bar|tilde))?)_\{?(?P<below>[ijkl]{1,2})\}?(?![\w{}])"
)


_NUMBERED = re.compile(r"(?P<name>.*?[^\W\d_].*?)_?(?P<below>\d{1,2})")


_HEAD = re.compile(r"(?:[∂d]\s?[^\s/]{1,20}\s?/\s?[∂d]\s?)?[^\s/()]{1,30}")


_SAMPLE = re.compile(
    r"(?<![\w^\\])(?P<name>[^\W\d_]+(?:_hat)?)\^\{?(?P<layer>\[\w\])?\((?P<letter>[ijkl])\)\}?"
)


_SUM = re.compile(r"Σ_\{?[ijkl](?:=1)?\}?(?:\^\{?\w\}?)?\s*")


_SUM_ALONE = re.compile(rf"[^Σ]*{_SUM.pattern}[^\W\d_]+\^\{{?\[\w\]\([ijkl]\)\}}?\s*")


_SUMMED = re.compile(r"(?:Σ|[Ss]um)_\{?([ijkl])")


def without_free_indices(claims: list) -> list:
    """Claims of which none has a free index that numbers or arrays of the sheet give values to."""
    claims = _without_samples(claims)
    if not any(map(_free, claims)):
        return claims
    numbers, arrays = _indices(claims)
    found: list = []
    for claim in claims:
        letters = _free(claim)
        used = _names(claim) if letters else []
        head, others = used[:1], [each for each in used[1:] if set(each[1]) & set(letters)]
        bases = {_base(name, numbers, arrays) for name, _ in others}
        own = head and _base(head[0][0], numbers, arrays)
        if not bases or None in bases or read_name(claim.parts[0].text) in numbers.get("", ()):
            found.append(claim)
        elif bases <= arrays.keys() and (own is None or own in arrays):
            is_simple = len(letters) == 1 and {below for _, below in used} == {letters}
            found.append(_with(claim, {letters: ""}) if is_simple else claim)
            if is_simple and own is None:
                arrays[_plain(head[0][0])] = arrays[min(bases)]
        else:
            others += head if own is not None else []
            most = MOST_CLAIMS if len(found) < len(claims) + MOST_ADDED else 0
            values = list(islice(_values(letters, others, {**arrays, **numbers}), most))
            found += [_with(claim, each) for each in values] or [claim]
            if own is None:
                belows = {"".join(each.get(letter, letter) for letter in head[0][1]) for each in values}
                numbers.setdefault(_plain(head[0][0]), set()).update(belows)
    return found


def _without_samples(claims):
    """Claims with the matrices of all samples in the sums over samples of a loss, and of a bias' gradient."""
    if not any(_SAMPLE.search(part.text) for claim in claims for part in claim.parts):
        return claims
    heads = {read_name(claim.parts[0].text) for claim in claims}
    return [_of_all_samples(claim, heads) for claim in claims]


def _of_all_samples(claim, heads):
    head, parts = read_name(claim.parts[0].text), []
    for part in claim.parts:
        summed, alone = _SUMMED.search(part.text), _SUM_ALONE.fullmatch(part.text)
        found = [match for match in _SAMPLE.finditer(part.text) if summed and match["letter"] == summed[1]]
        names = {match.group(): _matrix(match, heads) for match in found}
        if names and None not in names.values() and (head in LOSSES or alone):
            part = part.replace(_SAMPLE, lambda match, names=names: names.get(match.group(), match.group()))
            if head not in LOSSES:  # samples are columns where layers stand in []
                part = part.replace(_SUM, "np.sum(").replace(r"\Z", ", axis=1, keepdims=True)")
        parts.append(part)
    return claim._replace(parts=parts)


def _matrix(match, heads):
    """The name of the matrix that has the samples of a name, `A^[2]` for `a^[2](i)`; None where none is."""
    name, layer = match["name"], f"^{match['layer']}" if match["layer"] else ""
    stem, hat, more = name.partition("_")
    ways = [name + layer, stem[:-1] + stem[-1].upper() + hat + more + layer]
    return next((each for each in ways if read_name(each) in heads), None)


def _indices(claims):
    """({name: the indices of its numbers}, {name: the indices of the entries of an array})."""
    numbers: dict[str, set] = {"": set()}
    arrays: dict[str, set] = {}
    for claim in claims:
        head = read_name(claim.parts[0].text)
        values = [parse_array(part.text) for part in claim.parts[1:] if parse_number(part.text) is None]
        array = next((each for each in values if each is not None), None)
        numbered = head and _NUMBERED.fullmatch(head)
        if head and array is not None:
            rows = range(1, min(len(array), 9) + 1)
            columns = range(1, min(len(array[0]), 9) + 1) if isinstance(array[0], (list, tuple)) else ()
            arrays[head] = {f"{i}{j}" for i in rows for j in columns} or set(map(str, rows))
        elif numbered:
            numbers.setdefault(numbered["name"], set()).add(numbered["below"])
        elif head and any(parse_number(part.text) is not None for part in claim.parts[1:]):
            numbers[""].add(head)  # `x_i = 0.5`: a name as any other
    return numbers, arrays


def _free(claim):
    """The letters of the indices of a claim's first side that no sum runs over."""
    head = claim.parts[0].text.strip()
    if len(claim.parts) < 2 or not _HEAD.fullmatch(head):
        return ""
    letters = "".join(dict.fromkeys("".join(match["below"] for match in _INDEXED.finditer(head))))
    summed = {letter for part in claim.parts for letter in _SUMMED.findall(part.text)}
    return "" if summed & set(letters) else letters


def _names(claim):
    """(name, letters) of each name with letters below."""
    found = [match for part in claim.parts for match in _INDEXED.finditer(part.text)]
    return [(match["name"], match["below"]) for match in found if match["name"] not in ("Σ", "sum", "Sum")]


def _plain(name):
    return read_name(name) or name


def _base(name, numbers, arrays):
    """The name of numbers or of an array that a name with an index belongs to, `z` for `dz`; or None."""
    ways = [_plain(name), _plain(name[1:])] if name[:1] == "d" and len(name) > 1 else [_plain(name)]
    return next((each for each in ways if each in numbers or each in arrays), None)


def _values(letters, others, indices):
    """{letter: its text} for all free indices, for each that gives the names that the sheet has."""
    allowed = {each: set() for each in letters}
    for name, below in others:
        for index in indices[_base(name, indices, ())]:
            if len(index) == len(below):
                for letter, digit in zip(below, index):
                    if letter in allowed:
                        allowed[letter].add(digit)
    for each in product(*(sorted(allowed[letter]) for letter in letters)):
        value = dict(zip(letters, each))
        if all(_has(below, value, indices[_base(name, indices, ())]) for name, below in others):
            yield value


def _has(below, value, indices):
    pattern = re.compile("".join(value.get(letter, r"\d") for letter in below))
    return any(map(pattern.fullmatch, indices))


def _with(claim, value):
    """A claim with a value for each free index, or without the index where that is empty."""

    def indexed(match):
        below = "".join(value.get(letter, letter) for letter in match["below"])
        if below == match["below"] or match["name"] in ("Σ", "sum", "Sum"):
            return match.group()
        return f"{match['name']}_{{{below}}}" if below else match["name"]

    parts = [part.replace(_INDEXED, indexed) for part in claim.parts]
    return claim._replace(parts=parts, text=" = ".join(part.text for part in parts))
