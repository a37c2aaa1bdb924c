"""Text that remembers its columns, the signs that mean the same, and printed numbers and arrays."""

import os.path
import re
import unicodedata

from neuronnet.errors import ExpressionError, shortened
from neuronnet.files import VARIABLE, most

LONGEST_TEXT = most("letters", or_else=True)
TOO_LONG = f"longer than {LONGEST_TEXT} characters; {VARIABLE}=letters=NUMBER raises that"
DEEPEST_NESTING = 50
MOST_WORK = 20_000  # names and numbers in a formula, its sums written out
MOST_ENTRIES = 10_000  # numbers in one array

_ALIKE = "- −–—﹣ · ⋅∙•× * ∗ / ÷ ' ′’‵ ⊙ ∘ ⊗ ⨂ Σ ∑ μ µ ε ϵ L ℒ l ℓ ≤ ≦ ≥ ≧".split()
_SIGNS = {sign: to for to, signs in zip(_ALIKE[::2], _ALIKE[1::2]) for sign in signs + "✕✖" * (to == "·")}
_SIGNS |= dict.fromkeys("\xa0\u2002\u2003\u2009\u200a\u202f\u2061\t", " ")
_SIGNS |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_TABLE = str.maketrans({sign: to for sign, to in _SIGNS.items() if len(to) == 1})
_DOT = re.compile(r"(?<=\s)\.(?=\s)")  # v . h
_ONES = re.compile("(?<![\U0001d7ce-\U0001d7ff.,\\d])[\U0001d7cf\U0001d7d9](?![\U0001d7ce-\U0001d7ff.,\\d])")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᵗᵀ", "0123456789+-()ntT")
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx")

_GREEK = (
    "α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi "
    "π pi ρ rho σ sigma τ tau υ upsilon φ phi ϕ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta "
    "Λ Lambda Ξ Xi Π Pi Φ Phi Ψ Psi Ω Omega"
).split()
GREEK = dict(zip(_GREEK[::2], _GREEK[1::2]))
ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot"}
CHARACTER = rf"[^\W_⁰¹²³⁴-⁹ⁿⁱᵀᵗ][{''.join(ACCENTS)}]*"  # of a name
WORD_HERE = re.compile(rf"(?![0-9₀-₉])(?:Δ\s+(?=[^\W\d]))?{CHARACTER}(?:_?{CHARACTER})*")
MODULES = set(
    "np numpy jnp torch tf F nn math scipy sp special K linalg functional activations keras Math std".split()
)
BRACKETS = {"(": ")", "[": "]", "{": "}"}

DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_SIGNED = re.compile(rf"[-+]? *{DIGITS}(?:[eE][-+]?[0-9]{{1,4}})?")
_PRINTED = re.compile(
    rf"([-+]?) *({DIGITS})"
    r"(?:[eE]([-+]?[0-9]{1,4})| *[*·×x] *10 *(?:\^|\*\*)[{(]?([-+]?[0-9]{1,4})[)}]?)?"
)
_KEY = re.compile(r"(?<![\w.])(?:self\.)?([A-Za-z_]\w{0,30})\[\s*[\"']([A-Za-z_]\w{0,60})[\"']\s*\]")
_HOLDERS = set(
    "params parameters param p P cache caches weights state model theta net network layer values".split()
)
_GRADIENTS = re.compile(r"d?grads?|gradients?|derivatives", re.IGNORECASE)
_COMMA = re.compile(r"(?<![0-9.,])[0-9]{1,15},[0-9]{1,30}(?![0-9.,])")
_MADE = re.compile(r"(?:[A-Za-z_][\w.]{0,20}\.)?(?:array|asarray|tensor|matrix|Tensor)\s*\((.*)\)", re.DOTALL)
_COMBINED = re.compile(r"c\(([-+\d.,eE\s]+)\)")  # as R writes [0.5, 1]
_OPTIONS = re.compile(r",\s*(?:dtype|requires_grad|device|grad_fn)\s*=\s*[^,\[\]]{1,40}\Z")
_TURNED = re.compile(r"(.*[\])])\s*(?:\^\{?[T⊤]\}?|ᵀ|⊤|\.T)", re.DOTALL)


class TextWithColumns:
    """A `text`, and in `columns` where each of its characters stands in what the author typed, from 1."""

    def __init__(self, text, columns=1):
        """`columns`: one for each character, or the column in which the text begins as it was typed."""
        self.text = text
        self.columns = range(columns, columns + len(text)) if isinstance(columns, int) else columns

    def __repr__(self):
        return f"TextWithColumns {self.text!r}"

    def __len__(self):
        return len(self.text)

    def __getitem__(self, cut):
        """The part under a slice."""
        return TextWithColumns(self.text[cut], self.columns[cut])

    def column_of(self, column):
        """The author's column of a column in the text, which may be the one after its end."""
        if 1 <= column <= len(self.columns):
            return self.columns[column - 1]
        return self.columns[-1] + 1 if self.columns else 1

    def strip(self):
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def replace(self, pattern, replacement):
        """With every match of a regular expression replaced, as `re.sub` does.

        What a replacement begins with as its match does keeps its place; the rest stands where the two part.
        """
        pieces, columns, end = [], [], 0
        for match in re.finditer(pattern, self.text):
            new = replacement(match) if callable(replacement) else match.expand(replacement)
            pieces += [self.text[end : match.start()], new]
            columns += self.columns[end : match.start()]
            kept = len(os.path.commonprefix([match.group(), new]))
            columns += self.columns[match.start() : match.start() + kept]
            columns += [self.column_of(match.start() + kept + 1)] * (len(new) - kept)
            end = match.end()
        if not pieces:
            return self
        columns += self.columns[end:]
        return TextWithColumns("".join(pieces) + self.text[end:], columns)

    def split(self, separators):
        """The parts between the matches of a regular expression, stripped."""
        cuts = [match.span() for match in re.finditer(separators, self.text)]
        starts = [0] + [end for _, end in cuts]
        ends = [start for start, _ in cuts] + [len(self.text)]
        return [self[start:end].strip() for start, end in zip(starts, ends)]


class Scanner:
    """A place in a text: what stands next, and refusals with the column in which the author typed it."""

    def __init__(self, text, column_of):
        self.original, self.text, self.column_of = text, unified(text), column_of
        self.at = self.depth = 0

    def next(self):
        """The next sign that is no blank, "" at the end."""
        sign = self.text[self.at : self.at + 1]
        while sign.isspace():
            self.at += 1
            sign = self.text[self.at : self.at + 1]
        return sign

    def take(self):
        self.at += 1
        return self.text[self.at - 1]

    def match(self, pattern):
        self.next()
        return self.glued(pattern)

    def glued(self, pattern):
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def word(self, word):
        self.next()
        return self.glued(re.compile(rf"{word}(?!\w)"))

    def expect(self, sign):
        if self.next() != sign:
            self.fail_here(f"expected {sign!r}")
        self.at += 1

    def deeper(self):
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            self.fail(f"nested deeper than {DEEPEST_NESTING}")

    def placed(self, expression, start):
        while start < len(self.text) and self.text[start].isspace():
            start += 1
        expression.column = self.column_of(start + 1)
        return expression

    def fail_here(self, reason=None):
        sign = self.next()
        self.fail(reason or (f"unexpected {shortened(sign)}" if sign else "the formula ends too early"))

    def fail(self, reason, position=None):
        column = self.column_of((self.at if position is None else position) + 1)
        raise ExpressionError(self.original, column, reason)


def unified(text: str) -> str:
    """`text`, character by character, with one sign for all that mean the same: `−` is `-`, `𝐖` is `W`.

    A bold 1 that stands alone becomes `𝟏`, the vector of ones.
    """
    text = _DOT.sub("·", text)
    if text.isascii():
        return text.replace("\t", " ")
    ones = {match.start() for match in _ONES.finditer(text)}
    text = text.translate(_TABLE)
    return "".join("𝟏" if place in ones else sign for place, sign in enumerate(text)) if ones else text


def parse_number(text: str) -> str | None:
    """The digits of one printed number: "3.51e-5" for "3.51·10⁻⁵", "0.25" for "(0,25)"; None for the rest.

    The number may overflow a float, or underflow.
    """
    if len(text) > LONGEST_TEXT:
        return None
    text = _without_raised(unified(text).replace("𝟏", "1")).strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if _COMMA.fullmatch(text.lstrip("+- ")):
        text = text.replace(",", ".")
    match = _PRINTED.fullmatch(text)
    if match is None:
        return None
    exponent = match[3] or match[4]
    return match[1].strip("+") + match[2] + ("e" + exponent if exponent else "")


def parse_array(text: str) -> list | None:
    """The printed numbers of a vector or, row by row, of a matrix; None for anything else.

    "[[1 2] [3 4]]" is [["1", "2"], ["3", "4"]]. Entries are separated by blanks, commas or semicolons;
    "[0.1 - 0.2]" is arithmetic and gives None. A row that is written out and transposed is a column.
    """
    if len(text) > LONGEST_TEXT:
        return None
    text = unified(text).strip()
    made = _MADE.fullmatch(text)
    if made:
        text = _OPTIONS.sub("", made[1].strip()).strip()
    if combined := _COMBINED.fullmatch(text):
        text = f"[{combined[1]}]"
    turned = _TURNED.fullmatch(text)
    found = _array_of(turned[1] if turned else text)
    if found is None or not turned:
        return found
    return [list(column) for column in zip(*(found if isinstance(found[0], list) else [found]))]


def _array_of(text):
    if text[:1] + text[-1:] not in ("[]", "()"):
        return None
    inside = text[1:-1].strip()
    if not inside:
        return None
    between = ""
    if inside[0] in "[(":
        rows = re.findall(r"[\[(]([^\[\]()]*)[\])]", inside)
        between = re.sub(r"[\[(][^\[\]()]*[\])]", "", inside).strip(" ,;\n\r")
    elif ";" in inside and not _has_decimal_commas(inside):
        rows = inside.strip("; ").split(";")
    else:
        return _entries(inside, single=text[0] == "[")
    rows = [_entries(row.strip()) for row in rows]
    return rows if not between and all(rows) and len({len(row) for row in rows}) == 1 else None


def _has_decimal_commas(inside):
    """Whether the commas between semicolons are decimal: `0,5; 0,25`, but not `1, 2; 3, 4` or `1,2;3,4`."""
    parts = [part.strip().lstrip("+- ") for part in inside.strip("; ").split(";")]
    are_numbers = all(_COMMA.fullmatch(part) or part.isdigit() for part in parts)
    return are_numbers and any(re.match(r"0,|\d+,\d\d", part) for part in parts)


def _entries(inside, single=True):
    """The numbers in one row, or None; of blanks and commas the ones that separate are found."""
    if ";" in inside:
        parts = [part.replace(",", ".") for part in inside.strip("; ").split(";")]
    elif "," in inside:
        glued = inside.split()
        if len(glued) > 1 and all(_COMMA.fullmatch(part.lstrip("+-")) for part in glued):
            parts = [part.replace(",", ".") for part in glued]
        else:
            parts = inside.removesuffix(",").split(",")
    else:
        parts = inside.split()
        if any(not part.lstrip("+-")[:1] for part in parts):
            return None
    if len(parts) > MOST_ENTRIES or (len(parts) == 1 and not single and "," not in inside):
        return None
    parts = [part.strip() for part in parts]
    if not all(_SIGNED.fullmatch(part) for part in parts):
        return None
    return [part.replace(" ", "").removeprefix("+") for part in parts]


def _without_raised(text):
    """Raised digits as a power: `10⁻⁵` becomes `10^-5`."""
    return re.sub("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "^" + match.group().translate(RAISED), text)


def without_keys(spelled: TextWithColumns) -> TextWithColumns:
    """`W1` for `params["W1"]`, `dW1` for `grads["W1"]`, and `v_dW1` for `v["dW1"]` of another dictionary."""
    return spelled.replace(_KEY, _name_of_key) if _KEY.search(spelled.text) else spelled


def _name_of_key(match):
    holder, key = match.groups()
    if _GRADIENTS.fullmatch(holder):
        return key if key[0] == "d" else f"d{key}"
    return key if holder in _HOLDERS else f"{holder}_{key}"


def by_word(rows: str) -> dict[str, str]:
    """{word: name} of rows such as `name: word word`."""
    pairs = (row.split(": ") for row in rows.splitlines())
    return {word: name for name, words in pairs for word in words.split()}


def matched_brackets(text):
    """{position of an opening bracket: position of the one that closes it}."""
    found, open_ = {}, []
    for position, sign in enumerate(text):
        if sign in BRACKETS:
            open_.append(position)
        elif sign in ")]}" and open_ and BRACKETS[text[open_[-1]]] == sign:
            found[open_.pop()] = position
    return found
