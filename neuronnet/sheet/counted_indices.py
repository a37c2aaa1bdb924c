"""Formulas for every layer, step or place, in whose indices one counts: `z^(l) = W^(l) a^(l-1)`,
`h_t = tanh(w h_{t-1} + u x_t)`, `y_i = Σ_k w_k x_{i+k-1}`.

An index is a linear expression of letters. Such a formula stands for one with each value of its letters for
which the sheet has all names in it, given or from another such formula; for an array of these, where that
needs none of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from math import prod

from neuronnet.formulas.arrays import Array, as_vector_shape, shape
from neuronnet.formulas.tokens import TextWithColumns, parse_array, parse_number
from neuronnet.formulas.written_names import linear, read_name
from neuronnet.sheet.readers.cutting import Claim
from neuronnet.sheet.roles import is_delta

MOST_CLAIMS = 2_000  # in a sheet
MOST_TRIED = 10_000  # values of letters
MOST_STEPS = 30
MOST_ENTRIES = 400  # of an array whose entries are named so

_TERM = r"(?:\d?[a-zA-Z]|\d{1,3})"
_COUNT = rf"-?{_TERM}(?:\s?[-+−]\s?{_TERM}){{0,4}}"
_BELOW = (
    rf"_(?:\{{(?:{_COUNT}(?:\s?,\s?{_COUNT})?|[ijkl\d]{{2}})\}}"
    r"|(?:[ijkl]{2}|[a-zA-Z]|\d{1,2})(?![a-zA-Z0-9_{]))"
)
_ABOVE = rf"\^\{{?[\[(<]{_COUNT}[\])>]\}}?"
_NAME = re.compile(
    r"(?<![^\W\d_])(?P<of>(?:[∂d][^\W\d_][^\W_]*\s?/\s?[∂d])?)(?P<base>(?!Σ|[Ss]um_)[^\W\d_]+\d?(?:_(?:hat|bar|tilde))?)"
    rf"(?P<index>(?:{_ABOVE}|{_BELOW}){{1,2}})"
)
_INDEX = re.compile(
    r"_\{(?P<below>[^{}]+)\}|_(?P<bare>[ijkl]{2}|[a-zA-Z]|\d{1,2})|(?P<open>\^\{?[\[(<])(?P<above>[^\[\]()<>{}]+)"
)
_SUM = re.compile(
    r"(?:Σ|[Ss]um)_(?:\{(?P<letters>[a-z](?:\s?,?\s?[a-z])?)(?:\s?=\s?(?P<low>\w+))?\}"
    r"|(?P<letter>[a-z])(?:=\w+)?(?!\w))(?:\^(?:\{(?=[^{}]+\})|(?=\w))(?P<high>\w+)\}?)?"
)
_SUMS = re.compile(rf"(?:{re.sub('P<[a-z]+>', ':', _SUM.pattern)}\s*)+")
_MORE = re.compile(r"[-+−\d]")
_LAST = re.compile(r"[A-Z] \d{1,2}")  # T = 3
_LAYERS = set("lLijkn")  # letters that count above a name, even where none is one more or less


def counted_out(claims: list[Claim], start: int) -> tuple[list[Claim], list[int], dict[str, set[str]]]:
    """(claims with one for each value of the letters in which their indices count, the lines of those for
    layers that no value fits, the indices of the arrays that were made of others).

    Indices of arrays begin with `start`.
    """
    letters = _counting(claims)
    return _Counted(claims, letters, start).out() if letters else (claims, [], {})


def _counting(claims):
    """The letters in which indices count: those of layers, and those that are one more or less somewhere.

    No letter counts that belongs to a given name, as in `h_{t-1} = 0.4`.
    """
    found, fixed = set(), set()
    for claim in claims:
        head = claim.parts[0]
        for index in (match["index"] for part in claim.parts for match in _NAME.finditer(part.text)):
            found |= (
                {each for each in _letters_in(index) if each.islower()}
                if re.search("[-+−]", index)
                else set()
            )
        found |= _LAYERS.intersection(*re.findall(r"\^\{?[\[(<](\w)", head.text)[:1] or [""])
        if parse_number(claim.parts[-1].text) is not None or _is_given(claim):
            fixed |= _letters(head)
    return found - fixed


class _Counted:
    """The claims of a sheet while its general ones are counted out.

    `known` are the names with indices that it has so far, `lengths` those of its arrays, `last` the highest
    number in an index, `found` {(place of a general claim, values of its letters): a claim}.
    """

    def __init__(self, claims, letters, start):
        self.letters, self.start, self.tried = letters, start, 0
        indices = " ".join(
            match["index"] for claim in claims for part in claim.parts for match in _NAME.finditer(part.text)
        )
        layers = max(map(int, re.findall(r"\^\{?[\[(<](\d{1,2})", indices)), default=0)
        given = {"L": layers} if layers else {}
        given |= {name: int(text) for name, text in map(_texts, claims) if _LAST.fullmatch(f"{name} {text}")}
        self.claims = [_at(claim, given) for claim in claims]
        self.general = [claim for claim in self.claims if letters & _letters(claim.parts[0])]
        self.others = [claim for claim in self.claims if not any(claim is each for each in self.general)]
        self.known: set[str] = set()
        self.lengths: dict[str, tuple] = {}
        for claim in self.others:
            self._know(claim)
        numbers = [*map(int, re.findall(r"\d+", indices))]
        numbers += [start + each - 1 for own in self.lengths.values() for each in own]
        self.last = max((each for each in numbers if each <= MOST_STEPS), default=0)
        self.found: dict[tuple, Claim] = {}

    def _know(self, claim):
        """Keep the names that a claim gives, and those of the entries of an array."""
        name = read_name(claim.parts[0].text)
        if name is None:
            return
        self.known |= {name, _called(claim.parts[0])}
        array = next((each for each in (parse_array(part.text) for part in claim.parts[1:]) if each), None)
        if array is not None:
            lengths = self.lengths[name] = as_vector_shape(shape(Array.of(array)))
            places = product(*(range(self.start, self.start + each) for each in lengths))
            for place in places if 1 < prod(lengths) <= MOST_ENTRIES else ():
                for base in (name, name[:1].lower() + name[1:]):  # a row of X as well
                    for index in (str(place[0]), ",".join(map(str, place)), "".join(map(str, place))):
                        self.known.add(_canonical(f"{base}_{{{index}}}"))

    def out(self):
        """What `counted_out` returns."""
        before = -1
        computed = {_numbers(each.parts[0]) for each in self.others if not _is_given(each)} - {None}
        while before < len(self.found) < MOST_CLAIMS:  # what one step gives the next one needs
            before = len(self.found)
            for place, claim in enumerate(self.general):
                letters = sorted(self.letters & _letters(claim.parts[0]))
                for values in self._values([range(self.last + 2)] * len(letters)):
                    if (place, *values) not in self.found:
                        self._count(claim, dict(zip(letters, values)), (place, *values), computed)
        placed, lines, made = [], [], {}
        for claim in self.claims:
            place = next((at for at, each in enumerate(self.general) if each is claim), None)
            own = {key[1:]: self.found[key] for key in sorted(self.found) if key[0] == place}
            whole = self._whole(claim, own) if own else None
            if whole is not None:
                head = read_name(_NAME.search(claim.parts[0].text)["base"])
                made[head] = {"".join(map(str, each)) for each in own}
                self.lengths.setdefault(head, tuple(len({*each}) for each in zip(*own)))
                placed.append(whole)
            elif own:
                placed += [
                    each._replace(text=" = ".join(part.text for part in each.parts)) for each in own.values()
                ]
            elif place is not None and re.search(_ABOVE, claim.parts[0].text):
                lines.append(claim.line)
            else:
                placed.append(self._bounded(claim, True) or claim)
        return placed, lines, made

    def _count(self, general, values, key, computed):
        """Find a general claim with values for its letters, where all names in it are known."""
        claim = _at(general, values)
        name, head = _NAME.search(claim.parts[0].text), _called(claim.parts[0])
        if name is None or (read_name(name["base"]) in self.lengths and head not in self.known):
            return
        if is_delta(head) and computed and _numbers(claim.parts[0]) not in computed:
            return  # δ_0 beside a given h_0
        claim = self._bounded(claim, is_delta(head) or head in self.known or name["of"], self.letters)
        if claim is not None and self._has_names_of(claim):
            self.found[key] = claim
            self.known.add(head)
            computed |= set() if is_delta(head) else {_numbers(claim.parts[0])}

    def _has_names_of(self, claim):
        """Whether a claim uses names with indices, and all are known; with what a derivative is by."""
        first, *used = [[*_NAME.finditer(part.text)] for part in claim.parts]
        names = sum(used, first if "/" in claim.parts[0].text else [])
        sums = [match for part in claim.parts for match in _SUM.finditer(part.text)]
        summed = {each for match in sums for each in match["letters"] or match["letter"]}
        is_left = any((self.letters - summed) & _letters_in(name["index"]) for name in names)
        return any(used) and not is_left and all(map(self._has, names))

    def _has(self, name):
        if _letters_in(name["index"]):
            return True  # of a sum, which has its bounds
        own = _canonical(name["base"] + name["index"])
        return own in self.known or (own[:1] == "d" and own[1:] in self.known)

    def _values(self, spans):
        """All values that letters have in their ranges; none where too many were tried."""
        self.tried += prod(map(len, spans))
        return product(*spans) if self.tried <= MOST_TRIED else ()

    def _bounded(self, claim, may_end, counting=frozenset()):
        """A claim with bounds for its sums over `counting` letters and over those that are more or less;
        None where no bounds fit.

        At the ends of an array terms without names `may_end` it; else a sum has all terms that `w_k` has.
        """
        parts = claim.parts[:1]
        for part in claim.parts[1:]:
            for run in [*_SUMS.finditer(part.text)][::-1]:
                spans: dict[str, range] = {}
                for match in _SUM.finditer(run[0]):
                    low, high = match["low"] or "", match["high"] or ""
                    span = range(self.last + 2)
                    if low.isdigit() and high.isdigit():
                        span = range(int(low), min(int(high), MOST_STEPS) + 1)
                    spans.update(
                        dict.fromkeys(re.findall("[a-z]", match["letters"] or match["letter"]), span)
                    )
                names = [
                    each
                    for each in _NAME.finditer(part.text, run.end())
                    if spans.keys() & _letters_in(each["index"])
                ]
                plain = [each for each in names if not _MORE.search(each["index"])]
                if counting.isdisjoint(spans) and len(plain) == len(names):
                    continue
                places = [dict(zip(spans, each)) for each in self._values(list(spans.values()))]
                fits = [each for each in places if self._fit(names, each)]
                if plain and not any(span.start for span in spans.values()):
                    places = [each for each in places if self._fit(plain, each)]
                ends = {letter: [each[letter] for each in fits] for letter in spans if fits}
                sizes = [max(each) - min(each) + 1 for each in ends.values()]
                if not fits or (places != fits and not may_end) or prod(sizes) != len(fits):
                    return None
                bounds = "".join(
                    f"Σ_{{{letter}={min(each)}}}^{{{max(each)}}} " for letter, each in ends.items()
                )
                part = part.replace(rf"(?s)(?<=\A.{{{run.start()}}}){_SUMS.pattern}", bounds)
            parts.append(part)
        return claim._replace(parts=parts)

    def _fit(self, names, values):
        """Whether names with values for their letters are known."""
        texts = (_named(name, values) for name in names)
        return all(self._has(match) for text in texts for match in _NAME.finditer(text))

    def _whole(self, claim, own):
        """The claim about an array for one about each of its entries; None where these need one another."""
        head, uses = _headed(claim), {}
        for each in self.general:
            used = {match["base"] for part in each.parts[1:] for match in _NAME.finditer(part.text)}
            uses.setdefault(_headed(each), set()).update(used)
        needed = uses[head]
        while needed < (more := needed.union(*(uses.get(each, ()) for each in needed))):
            needed = more
        sizes = tuple(max(each) - self.start + 1 for each in zip(*own))
        name = _NAME.search(claim.parts[0].text)
        is_named = not name["of"] and any(_headed(each) == head for each in self.others)
        is_whole = [*own] == [*product(*(range(self.start, self.start + each) for each in sizes))]
        lengths = self.lengths.get(read_name(name["base"]), None if name["of"] else sizes)
        if (
            head in needed
            or is_named
            or not is_whole
            or len(own) < 2
            or lengths != sizes
            or "^" in name["index"]
        ):
            return None
        parts = [claim.parts[0].replace(_NAME, lambda match: match["of"] + match["base"])]
        for place, part in enumerate(claim.parts[1:], 1):
            text = _listed([each.parts[place].text for each in own.values()], sizes)
            is_number = parse_array(part.text) is not None
            parts.append(part if is_number else TextWithColumns(text, [part.column_of(1)] * len(text)))
        return claim._replace(parts=parts)


def _texts(claim):
    return claim.parts[0].text.strip(), claim.parts[1].text.strip() if len(claim.parts) == 2 else "-"


def _letters_in(index):
    return set(re.findall(r"[a-zA-Z]", index))


def _letters(part):
    return {each for match in _NAME.finditer(part.text) for each in _letters_in(match["index"])}


@lru_cache(20_000)
def _canonical(text):
    return read_name(text) or text


def _called(part):
    """The name with an index in a part, that of a derivative without the d."""
    match = _NAME.search(part.text)
    return "" if match is None else _canonical(match["base"] + match["index"])


def _headed(claim):
    """The first side of a claim without its index, "" for one without."""
    match = _NAME.search(claim.parts[0].text)
    return match["of"] + match["base"] if match else ""


def _numbers(part):
    """The numbers in the indices of the first name of a part; None where it has others."""
    match = _NAME.search(part.text)
    return match and tuple(re.findall(r"\d+", match["index"])) if match and not _letters(part) else None


def _is_given(claim):
    text = _texts(claim)[1]
    return parse_number(text) is not None or parse_array(text) is not None


def _at(claim, values):
    """A claim with values for letters in the indices of its names."""
    return (
        claim.replace(_NAME, lambda match: _named(match, values))._replace(text=claim.text)
        if values
        else claim
    )


def _named(name, values):
    """The text of a name with values for letters in its indices."""
    if not values.keys() & _letters_in(name["index"]):
        return name[0]

    def counted(match):
        text = match["below"] or match["bare"] or match["above"]
        is_pair = re.fullmatch(r"[ijkl\d]{2}", text)
        items = [linear(each, values) or each for each in ([*text] if is_pair else text.split(","))]
        index = ("" if is_pair else ",").join(items)
        return match["open"] + index if match["open"] else f"_{{{index}}}"

    return name["of"] + name["base"] + _INDEX.sub(counted, name["index"])


def _listed(texts, sizes):
    width = len(texts) // sizes[0]
    rows = [texts[at : at + width] for at in range(0, len(texts), width)] if len(sizes) > 1 else texts
    return f"[{', '.join(_listed(each, sizes[1:]) if len(sizes) > 1 else each for each in rows)}]"
