"""Formulas with a free index, as `z_j = Σ_i w_ji x_i` and `ŷ_i = w x_i + b`, with the names of the sheet.

Beside numbers x_1, x_2, w_11, … such a formula stands for one claim for each value of its index; beside
arrays x and t, in which the index counts entries, for one of whole arrays: `ŷ = w x + b`. A loss summed over
samples, as y^(i) and a^[2](i) beside matrices Y and A^[2], has these in it.
"""

from __future__ import annotations

import re
from itertools import islice, product

from neuronnet.formulas.notation import read_name
from neuronnet.formulas.tokens import parse_array, parse_number
from neuronnet.sheet.roles import LOSSES

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
