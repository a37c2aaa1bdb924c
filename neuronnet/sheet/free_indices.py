"""Formulas with a free index, as `z_j = Σ_i w_ji x_i` and `ŷ_i = w x_i + b`, with the names of the sheet.

Beside numbers x_1, x_2, w_11, … such a formula stands for one claim for each value of its index; beside
arrays x and W, in which indices count entries, for one of whole arrays: `ŷ = w x + b`, `z = W @ x`,
`∂L/∂W = δ ⊗ x`. A loss summed over samples, as y^(i) and a^[2](i) beside matrices Y and A^[2], has these in
it.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice, product

from neuronnet.formulas.arrays import Array, as_vector_shape, shape
from neuronnet.formulas.brackets import terms_from
from neuronnet.formulas.notation import read_name
from neuronnet.formulas.tokens import parse_array, parse_number
from neuronnet.sheet.roles import LOSSES

MOST_CLAIMS = 100  # that one formula stands for
MOST_ADDED = 2_000  # in a sheet
_ABOVE = r"(?:\^\{?[\[(<]\w[\])>]\}?)?"
_OF = (  # the derivative of what, by what follows, or one of two names with an index, as in ∂p_i/∂z_j
    r"(?:(?<![\w^\\∂])(?:[∂d][^\W\d_][^\W_]*(?:_(?![ijkl]{1,2}\s?/)\w*)?\s?/\s?[∂d])?"
    r"|(?<=∂)(?=[^\W\d_]{1,9}_\{?[ijkl]\}?\s?/\s?∂)|(?<=[ijkl}]/∂)|(?<=[ijkl}] / ∂))"
)
_NAME = rf"(?!Σ|[Ss]um_)[^\W\d_]+\d?(?:_(?:hat|bar|tilde))?{_ABOVE}"
_BELOW = r"_(?:\{[ijkl]{1,2}\}|[ijkl]{1,2}(?![\w{]))"
_INDEXED = re.compile(rf"(?P<of>{_OF})(?P<name>{_NAME})(?P<below>{_BELOW})(?P<above>{_ABOVE})")
_JACOBIAN = re.compile(r"[∂d][^\W\d_]{1,9}_\{?[ijkl]\}?\s?/\s?[∂d][^\W\d_]{1,9}_\{?[ijkl\d]\}?")
_KRONECKER = re.compile(r"(?:δ|delta)_\{(\d)(\d)\}")
_DELTA = re.compile(r"\s*(?:δ|delta)_\{?[ijkl]{2}\}?")
_NUMBERED = re.compile(r"(?P<name>.*?[^\W\d_].*?)_?(?P<below>\d{1,2})")
_HEAD = re.compile(r"(?:[∂d]\s?[^\s/]{1,20}\s?/\s?[∂d]\s?)?(?:[^\s/()]|(?<=[\^{])\(\w\)){1,30}")
_SAMPLE = re.compile(
    r"(?<![\w^\\])(?P<name>[^\W\d_]+(?:_hat)?)\^\{?(?P<layer>\[\w\])?\((?P<letter>[ijkl])\)\}?"
)
_SUM = re.compile(r"(?:Σ|[Ss]um)_\{?(?P<letter>[ijkl])(?:=\w+)?\}?(?:\^\{?\w+\}?)?\s*")
_SUM_ALONE = re.compile(rf"[^Σ]*{_SUM.pattern}[^\W\d_]+\^\{{?\[\w\]\([ijkl]\)\}}?\s*")


def without_free_indices(claims: list, start: int, made: dict[str, set[str]]) -> list:
    """Claims of which none has a free index that numbers or arrays of the sheet give values to.

    Indices of arrays begin with `start`; `made` has those of arrays without numbers.
    """
    claims = [claim.respelled(_with_whole_sum, after=1) for claim in claims]
    claims = _with_given_indices(_without_samples(claims))
    if not any(map(_free, claims)):
        return claims
    numbers, arrays = _indices(claims, start)
    arrays = {**made, **arrays}
    found: list = []
    heads = {read_name(claim.parts[0].text) for claim in claims}
    is_own = any(_DELTA.match(claim.parts[0].text) for claim in claims)  # δ_ij = ∂L/∂z_ij
    for claim in claims:
        letters = _free(claim)
        used = _names(claim) if letters else []
        head, others = used[:1], [each for each in used[1:] if set(each[1]) & set(letters)]
        others = [each for each in others if is_own or not _is_kronecker(each, numbers, arrays)]
        bases = {_base(name, numbers, arrays) for name, _ in others}
        own = head and _base(head[0][0], numbers, arrays)
        is_slope = own and "/" in claim.parts[0].text and set(letters) <= set(head[0][1])
        if is_slope and (None in bases or not bases):  # x_j^(i) in a sum over i, for ∂J/∂θ_j
            others, bases = [], {own}
        if not bases or None in bases or read_name(claim.parts[0].text) in numbers.get("", ()):
            found.append(claim)
        elif (
            others
            and not _is_of_entries(claim)
            and bases <= arrays.keys()
            and (own is None or own in arrays)
            and not (own is None and _plain(head[0][0]) in heads)  # L_i beside their sum L
        ):
            whole = _in_arrays(claim, letters, head[0][1])
            found.append(whole or claim)
            if whole is not None and own is None:
                arrays[_plain(head[0][0])] = _counted(head[0][1], letters, others, arrays)
        else:
            others += head if own is not None else []
            most = MOST_CLAIMS if len(found) < len(claims) + MOST_ADDED else 0
            values = list(islice(_values(letters, others, {**arrays, **numbers}), most))
            found += [_with(claim, each, is_own) for each in values] or [claim]
            if own is None:
                belows = _counted(head[0][1], letters, others, {**arrays, **numbers})
                numbers.setdefault(_plain(head[0][0]), set()).update(belows)
    return found


def _with_whole_sum(part):
    """A part with brackets around all terms that a sum is of: Σ_i t_i ln p_i + (1 - t_i) ln(1 - p_i)."""
    found = [*_SUM.finditer(part.text)]
    start = found[0].end() if len(found) == 1 else len(part)
    signs, end = terms_from(part.text, start)
    own = rf"(?:_\{{?|\^\{{?[(\[<]){found[0]['letter']}(?!\w)" if signs else ""
    if not signs or not re.search(own, part.text[signs[-1] : end]):
        return part
    return part.replace(rf"(?s)(?<=\A.{{{end}}})", ")").replace(rf"(?s)(?<=\A.{{{start}}})", "(")


def _with_given_indices(claims):
    """Claims with 1 for the index i in `y_i`, where a line says i = 1."""
    given = [
        (each.parts[0].text.strip(), each.parts[1].text.strip()) for each in claims if len(each.parts) == 2
    ]
    values = {
        letter: text for letter, text in given if letter in tuple("ijkl") and text in tuple("0123456789")
    }
    summed = {letter for claim in claims for part in claim.parts for letter in _SUM.findall(part.text)}
    values = {letter: text for letter, text in values.items() if letter not in summed}
    return [_with(claim, values)._replace(text=claim.text) for claim in claims] if values else claims


def _is_kronecker(indexed, numbers, arrays):
    """Whether a name with two indices is δ_ij, 1 for equal ones, and nothing that the sheet has."""
    name, letters = indexed
    return _plain(name) == "delta" and len(letters) == 2 and _base(name, numbers, arrays) is None


def _is_of_entries(claim):
    return any(_JACOBIAN.search(part.text) for part in claim.parts)


def _counted(below, letters, others, indices):
    """The indices that the left side of a formula has, for all values of its letters."""
    values = islice(_values(letters, others, indices), MOST_CLAIMS)
    return {"".join(each.get(letter, letter) for letter in below) for each in values}


def _without_samples(claims):
    """Claims with the matrices of all samples in the sums over samples of a loss, and of a bias' gradient."""
    if not any(_SAMPLE.search(part.text) for claim in claims for part in claim.parts):
        return claims
    heads = {read_name(claim.parts[0].text) for claim in claims}
    return [_of_all_samples(claim, heads) for claim in claims]


def _of_all_samples(claim, heads):
    head, parts = read_name(claim.parts[0].text), []
    for part in claim.parts:
        summed, alone = _SUM.search(part.text), _SUM_ALONE.fullmatch(part.text)
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


def _indices(claims, start):
    """({name: the indices of its numbers}, {name: the indices of the entries of an array})."""
    numbers: dict[str, set] = {"": set()}
    arrays: dict[str, set] = {}
    for claim in claims:
        head = read_name(claim.parts[0].text)
        values = [parse_array(part.text) for part in claim.parts[1:] if parse_number(part.text) is None]
        array = next((each for each in values if each is not None), None)
        numbered = head and _NUMBERED.fullmatch(head)
        if head and array is not None:
            lengths = [min(each, 9) for each in as_vector_shape(shape(Array.of(array)))]
            arrays[head] = {
                "".join(map(str, each)) for each in product(*(range(start, n + start) for n in lengths))
            }
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
    letters = "".join(dict.fromkeys("".join(_letters(match) for match in _INDEXED.finditer(head))))
    summed = {letter for part in claim.parts for letter in _SUM.findall(part.text)}
    return "" if summed & set(letters) else letters


def _names(claim):
    """(name, letters) of each name with letters below."""
    found = [match for part in claim.parts for match in _INDEXED.finditer(part.text)]
    return [(match["name"] + match["above"], _letters(match)) for match in found]


def _called(match):
    return match["of"] + match["name"] + match["above"]


def _called_unless(others, match):
    return match.group() if _letters(match) in others else _called(match)


def _letters(match):
    return match["below"].strip("_{}")


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


def _with(claim, value, is_own=False):
    """A claim with a value for each free index, or without the index where that is empty."""

    def indexed(match):
        below = "".join(value.get(letter, letter) for letter in _letters(match))
        if below == _letters(match):
            return match.group()
        return f"{_called(match)}_{{{below}}}" if below else _called(match)

    claim = claim.replace(_INDEXED, indexed)
    return _as_it_reads(
        claim if is_own else claim.replace(_KRONECKER, lambda match: str(int(match[1] == match[2])))
    )


def _as_it_reads(claim):
    return claim._replace(text=" = ".join(part.text for part in claim.parts))


# Products of whole arrays in the place of products of entries

_FACTOR = rf"(?:{_OF}{_NAME}{_BELOW}{_ABOVE}|\((?:[^()]|\([^()]*\))*\)|<\d+_\w*>)(?:\^\{{?\d\}}?)?(?![\w^(])"
_RUN = rf"{_FACTOR}(?:\s*[*·⋅]?\s*{_FACTOR})*"
_PUT_ASIDE = re.compile(r"<(\d+)_(\w*)>")  # a product that is found, and the indices that are left of it


class _NoProduct(Exception):
    """Indices that no product of arrays has."""


def _in_arrays(claim, letters, below):
    """A claim over whole arrays, `z = (W @ x)` for `z_i = Σ_j W_ij x_j`; None where there is no such product.

    `letters` are the free indices, `below` those of the left side in their order.
    """
    parts, aside = [claim.parts[0].replace(_INDEXED, _called)], []
    try:
        for part in claim.parts[1:]:
            for start in [match.start() for match in _SUM.finditer(part.text)][::-1]:
                summed = re.compile(rf"(?<=\A.{{{start}}}){_SUM.pattern}(?P<run>{_RUN})", re.S)
                part = part.replace(summed, partial(_contracted, aside))
            part = part.replace(_RUN, partial(_entrywise, below))
            others = {_letters(match) for match in _INDEXED.finditer(part.text)} - {*letters, below}
            left = {letter for match in _PUT_ASIDE.finditer(part.text) for letter in match[2]}
            if not others <= {*_SUM.findall(part.text)} or left - {*below}:
                return None
            part = part.replace(_INDEXED, partial(_called_unless, others))
            while _PUT_ASIDE.search(part.text):
                part = part.replace(_PUT_ASIDE, lambda match: aside[int(match[1])])
            parts.append(part)
    except _NoProduct:
        return None
    return claim._replace(parts=parts)


def _factors(run):
    """(factor, its indices) of a product; a bracket has those of the names in it."""
    for factor in re.findall(_FACTOR, run):
        belows = {_letters(match) for match in _INDEXED.finditer(factor)}
        belows |= {match[2] for match in _PUT_ASIDE.finditer(factor)} - {""}
        if len(belows) > 1:
            raise _NoProduct
        yield factor, "".join(belows)


def _contracted(aside, match):
    """A sum over one index of a matrix and vectors or of two matrices put aside; of vectors as it stands."""
    letter, factors = match["letter"], list(_factors(match["run"]))
    if all(own == letter for _, own in factors):
        return match.group()
    matrices = [(_INDEXED.sub(_called, each), own) for each, own in factors if letter in own != letter]
    vectors = _times(each for each, own in factors if own in (letter, ""))
    sides = [f"{name}^T" if own[0] == letter else name for name, own in matrices]  # summed along their rows
    left = "".join(own.replace(letter, "", 1) for _, own in matrices)
    if len(matrices) == 1:
        aside.append(f"({sides[0]} @ {vectors})" if vectors else f"sum({sides[0]}, axis=1)")
    elif len(matrices) == 2 and not vectors:
        aside.append(f"({sides[0]} @ ({sides[1]})^T)")
    else:
        raise _NoProduct
    return f"<{len(aside) - 1}_{left}>" + "".join(
        f"*{each}" for each, own in factors if own and letter not in own
    )


def _entrywise(below, match):
    """A product of entries; of what has the one index and what has the other it is the outer product."""
    factors = list(_factors(match.group()))
    rows, columns = [_times(each for each, own in factors if own == index) for index in (below[0], below[1:])]
    if len(below) == 1 or not (rows or columns):
        turned = [f"{each}^T" if own == below[::-1] != below else each for each, own in factors]
        return "*".join(_INDEXED.sub(_called, each) for each in turned)
    if rows and columns and all(own in (*below, "") for _, own in factors):
        rest = "".join(f"*{each}" for each, own in factors if not own)
        return f"({rows} ⊗ {columns}){rest}"
    raise _NoProduct


def _times(factors):
    product = _INDEXED.sub(_called, "*".join(factors))
    return f"({product})" if "*" in product else product
