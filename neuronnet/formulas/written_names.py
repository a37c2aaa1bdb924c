r"""Names as people write them, and the one canonical form of each.

w1 w_1 w₁ w_{1}          w1           ŷ y_hat yhat \hat{y}       y_hat
w_{2,1}                  w_2_1        ŷ1 ŷ_1 y_hat_1             y_hat1
net_{h_1} net_h1         net_h1       z^{(1)}_1 z_1^{(1)}        z^(1)_1
δ_2 delta_2              delta2       w1^{new} w1_new w_{1,new}  w1_new
∂L/∂W1 dL/dW1 dL_dW1     dL/dW1       ∇W1 W1.grad gradW1         grad_W1
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from neuronnet.formulas.tokens import ACCENTS, CHARACTER, GREEK, LOWERED, RAISED, WORD_HERE, unified

LONGEST_NAME = 100
_GREEK_WORDS = set(GREEK.values())
_MARKS = {"new": "_new", "neu": "_new", "old": "_old", "*": "_star", "star": "_star", "+": "^+", "'": "'"}

_BRACED = r"[^{}]{0,60}(?:\{[^{}]{0,40}\}[^{}]{0,40}){0,3}"
_BELOW = re.compile(rf"_\{{({_BRACED})\}}|_((?:_?{CHARACTER})+)")
_ABOVE = re.compile(
    r"\^\{\s*([^{}]{1,40})\}|\^(\([\w+\-]{1,20}\)|\[[\w+\-]{1,20}\]|<[\w+\-]{1,20}>|⟨[\w+\-]{1,20}⟩"
    r"|(?:new|neu|old|T)(?![^\W_]|\()|[*+']+(?![^\W_]|[(*])|⊤|[0-9]{1,3}(?![0-9.]))|([⁺⁽⁰¹²³⁴-⁹ᵀ][⁰¹²³⁴-⁹⁺⁻⁽⁾ⁿᵗᵀ]*)"
)
_ITEM = re.compile(
    r"\(([\w+\-]{1,20})\)|\[([\w+\-]{1,20})\]|[<⟨]([\w+\-]{1,20})[>⟩]|(new|neu|old|[+*'])|([T⊤ᵀ])|(\d{1,3})|[\s,]+"
)
_GOES_ON = set("'_^@.⁺⁽⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ")  # what may stand after the word of a name
_PRIMES = re.compile(r"'{1,3}")
_UPDATES = re.compile(r"@[0-9]{1,9}(?!(?!ᵀ)[\w.(])")
_GRADIENT_SUFFIX = re.compile(r"\.grad(?![\w])|_grad\Z")
_PLUS = re.compile(r"\+(?=\s*(?:[=*/),\]}]|$)|\s+[-+]\s)")
_PAIR = re.compile(r"[∂d]\s*(?P<above>[^\s/(][^/]*?)\s*/\s*[∂d]\s*(?P<below>[^\s/][^/]*)")
_NABLA = re.compile(r"∇_(?:\{(?P<below>[^{}]+)\}|(?P<word>\w+))\s*(?P<above>.+)")
_LOSS = "(?:L|J|E|C|l|Loss|loss|Cost|cost|E_?total)"


class Written(NamedTuple):
    """A name in a text: its canonical `name`, the position after its `end`, and what stood inside it.

    `power` is a whole power in the middle (`w^2_1`), `transposed` says that a T stood above it.
    """

    name: str
    end: int
    power: int | None = None
    transposed: bool = False


def written_at(text: str, start: int, indices: dict | None = None) -> list[Written]:
    """The ways to read the name that begins at a position of unified text, the longest first; [] for none.

    They differ where `x^2` or `x^(2)` may be a power as well. `indices` has the values of indices of sums, ""
    for one that is left out; under "" stands a set, which gets the indices left out of each name.
    """
    match = WORD_HERE.match(text, start)
    if match is None:
        return []
    if text[match.end() : match.end() + 1] not in _GOES_ON and not indices:
        return [Written(_name_of_word(match.group()), match.end())]
    parts, end = _Parts(match.group(), indices), match.end()
    found: list[Written] = []
    transposed, powers = False, []
    while end - start < LONGEST_NAME * 3:
        after = _PRIMES.match(text, end) or _BELOW.match(text, end)
        if after:
            if after.re is _PRIMES:
                parts.marks += after.group()
            elif not parts.below(after[1] or after[2] or ""):
                break
        else:
            after = _ABOVE.match(text, end)
            items = after and above_a_name(next(filter(None, after.groups())).translate(RAISED))
            if not items:
                after = _UPDATES.match(text, end) if not after else None
                if after:
                    parts.marks += after.group()
                    end = after.end()
                break
            braced = after is not None and after[1] is not None
            ambiguous = all(kind == "power" or (value[0] == "(" and not braced) for kind, value in items)
            if ambiguous or any(kind == "turned" for kind, _ in items):
                found.insert(0, Written(parts.name(), end))
            for kind, value in items:
                if kind == "turned":
                    transposed = not transposed
                elif kind == "mark":
                    parts.marks += _MARKS[value]
                else:
                    parts.layers.append("^" + value)
                    powers += [value] if kind == "power" else []
        end = after.end() if after is not None else end
    suffix = _GRADIENT_SUFFIX.match(text, end)
    name = parts.name()
    if suffix:
        name, end = "grad_" + name, suffix.end()
    found.insert(0, Written(name, end, None, transposed))
    if len(powers) == 1 and (len(found) == 1 or found[1].end != end):
        parts.layers.remove("^" + powers[0])
        found.insert(1, Written(parts.name(), end, int(powers[0]), transposed))
    return [each for each in found if len(each.name) <= LONGEST_NAME]


@lru_cache(10_000)
def _name_of_word(word):
    return _Parts(word).name()


class _Parts:
    """What a name is made of: a word, indices below, layers and marks above."""

    def __init__(self, word, indices=None):
        self.indices = indices or {}
        self.layers, self.marks, self.left_out = [], "", ""
        word = re.sub("_?[₀-₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ]+", _lowered, word)
        self.change, word = ("Δ", word[1:].lstrip()) if word[0] == "Δ" and len(word) > 1 else ("", word)
        head, *below = [part for part in word.split("_") if part]
        letters = head.rstrip("0123456789")
        self.letters, self.digits = _accented(letters), head[len(letters) :]
        self.subscripts = []
        self.below("_".join(below))
        if self.letters.removeprefix("d") in GREEK:
            self.letters = self.letters[:-1] + GREEK[self.letters[-1]]
        elif self.letters[:1] in GREEK and len(self.letters) > 1 and self.letters[1] != "_":
            rest = self.letters[1:] + self.digits  # δo1 is δ_o1
            self.letters, self.digits = GREEK[self.letters[0]], ""
            self.subscripts.insert(0, _in_words(rest))

    def below(self, text):
        """Take an index: words and numbers, separated by commas, blanks or low lines; False if it is none."""
        text = re.sub(r"[{}]", "", text).strip()
        parts = re.split(r"[,;\s]+", text) if re.search(r"[,;\s]", text) else _glued(text.split("_"))
        for part in filter(None, parts):
            part = self._index(part)
            if not part:
                continue
            if part in _MARKS:
                self.marks += _MARKS[part]
            elif part in ACCENTS.values():
                self.letters += "_" + part
            elif part.replace("_", "").isalnum() or part.isdigit():
                self.subscripts.append(_in_words("".join(_glued(part.split("_")))))
            elif re.fullmatch(r"[\w+\-']{1,20}", part):
                self.subscripts.append("{" + part + "}")
            else:
                return False
        return True

    def _index(self, part):
        """An index with the values of those that a sum runs over."""
        if not self.indices:
            return part
        if re.search(r"[+-]", part):
            values = {each: int(value) for each, value in self.indices.items() if each and value}
            return linear(part, values) or part
        if all(each in self.indices or each.isdigit() for each in part):
            values = [self.indices.get(each, each) for each in part]
            self.left_out += "".join(each for each, value in zip(part, values) if not value)
            return ("_" if any(len(value) > 1 for value in values) else "").join(values)
        return part

    def name(self):
        letters, digits, below = self.letters, self.digits, list(self.subscripts)
        single = _is_one_letter(letters)
        layers = "".join(f"^{_layer(each[1:], self)}" for each in self.layers)
        if single and layers and digits and not below:
            digits, below = "", [digits]
        if single and not layers and not digits and len(below) == 1 and below[0].isdigit():
            digits = below.pop()
        name = self.change + letters + digits + layers + "".join("_" + each for each in below)
        if self.left_out and "" in self.indices:
            self.indices[""].add(self.left_out)
        return _with_gradient(name) + self.marks


def linear(text: str, values: dict[str, int]) -> str | None:
    """`3` for the index `i+k-1` where i and k are 2, `k+1` where i alone is; None for what is no such sum."""
    text, total, left = re.sub(r"\s", "", text).replace("−", "-"), 0, ""
    if not re.fullmatch(r"[-+]?(?:\d?[a-zA-Z]|\d{1,3})(?:[-+](?:\d?[a-zA-Z]|\d{1,3}))*", text):
        return None
    for sign, number, letter in re.findall(r"([-+]?)(\d*)([a-zA-Z]?)", text)[:-1]:
        if letter and letter not in values:
            left += (sign or "+") + number + letter
        else:
            total += int(sign + (number or "1")) * (values[letter] if letter else 1)
    is_bare = total == 0 and not re.search(r"\d", left)  # 2i is a pair of indices, 2i+0 is none
    return (left + f"{total:+d}" * (not is_bare)).removeprefix("+") if left else str(total)


def _is_one_letter(letters):
    """Whether a number below is glued to these letters: one letter, Latin or Greek, with an accent or a d."""
    for accent in ACCENTS.values():
        letters = letters.removesuffix("_" + accent)
    inner = letters[1:] if letters[:1] == "d" else letters
    return not {letters, inner}.isdisjoint(_GREEK_WORDS) or len(letters) == 1 or len(inner) == 1


def _layer(text, parts):
    return text[0] + parts._index(text[1:-1]) + text[-1] if text[0] in "([<" else text


def _with_gradient(name):
    """gradW1, grad_W_1 and W1_grad as grad_W1."""
    match = re.fullmatch(r"(?:grad|nabla)(?:ient)?_?(?P<name>[A-Za-z]?[A-Z\d_].*|[A-Za-z]|[a-z]+_.*)", name)
    if match is None:
        match = re.fullmatch(r"(?P<name>.+)_grad", name)
    return "grad_" + match["name"] if match else name


def _lowered(match):
    """Lowered digits and letters as an index, as in w₅ and outₕ₁."""
    return "_" + match.group().translate(LOWERED).lstrip("_")


def _glued(parts):
    """A letter and the number after it as one, as in net_h_1."""
    found = []
    for part in parts:
        letter = found and len(found[-1]) == 1 and found[-1].isalpha()
        if part and letter and part.isdigit():
            found[-1] += part
        elif part:
            found.append(part)
    return found


def _in_words(text):
    return "".join(GREEK.get(each, each) for each in text)


def _accented(letters):
    """`ŷ`, `yhat` and `y` under a combining hat as `y_hat`; other letters stay, as those of `número`."""
    plain = unicodedata.normalize("NFD", letters)
    is_derived = plain[:1] == "d" and len(plain) > 2 and plain[1] not in ACCENTS
    prefix, rest = ("d", plain[1:]) if is_derived else ("", plain)
    if len(rest) == 2 and rest[1] in ACCENTS:
        return prefix + GREEK.get(rest[0], rest[0]) + "_" + ACCENTS[rest[1]]
    for accent in ACCENTS.values():
        base = letters.removesuffix(accent)
        if base not in ("", letters) and _is_one_letter(base):
            return base + "_" + accent
    return unicodedata.normalize("NFC", letters)


def above_a_name(content: str) -> list | None:
    """(kind, text) of each thing above a name: layer, mark, turned (T) or power; None for a formula."""
    found, position = [], 0
    content = content.strip()
    while position < len(content):
        match = _ITEM.match(content, position)
        if match is None:
            return None
        round_, square, angle, mark, turned, digits = match.groups()
        if round_ in _MARKS:
            found.append(("mark", round_))
        elif round_ or square or angle:
            open_, close = "()" if round_ else "[]" if square else "<>"
            found.append(("layer", f"{open_}{round_ or square or angle}{close}"))
        elif mark or turned:
            found.append(("mark", mark) if mark else ("turned", "T"))
        elif digits:
            found.append(("power", digits))
        position = match.end()
    return found


def read_name(text: str) -> str | None:
    """The canonical name if the whole text is one name, else None; derivatives and marks of an update too."""
    if not isinstance(text, str):
        text = text.text
    if len(text) > LONGEST_NAME * 3:
        return None
    text = unified(text).strip()
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1].strip()
    return _derivative_in(text) or _name_in(text)


def _derivative_in(text):
    pair, nabla = _PAIR.fullmatch(text), _NABLA.fullmatch(text)
    if pair:
        above, below = pair["above"], pair["below"]
    elif nabla:
        above, below = nabla["above"], nabla["below"] or nabla["word"]
    else:
        return None
    above, below = _name_in(above.strip("()")), _name_in(below)
    return f"d{above}/d{below}" if above and below else None


def _name_in(text):
    prefix = ""
    if text[:1] in ("∂", "∇"):
        prefix, text = ("d" if text[0] == "∂" else "grad_"), text[1:].lstrip(" _")
    text = _PLUS.sub("^+", text) if text.endswith("+") and not text.endswith("^+") else text
    whole = [each for each in written_at(text, 0) if each.end == len(text) and not each.transposed]
    if not whole or whole[0].power is not None:
        return None
    name = prefix + whole[0].name
    pair = re.fullmatch(rf"d(\w+?)_d([A-Za-z]\w*.*)|d({_LOSS})d([A-Za-z].*)", name)
    return f"d{pair[1] or pair[3]}/d{pair[2] or pair[4]}" if pair else name


def known_form(name: str, known) -> str | None:
    """The name under which `known` has a canonical name, or would have its derivative; else None."""
    if known.has(name):
        return name
    pair = _glued_derivative(name, known)
    if pair:
        return f"d{pair[0]}/d{pair[1]}"
    base = gradient_of(name, known)
    if base is not None:
        return ("grad_" if name.startswith("grad_") else "d") + base
    if name.startswith("Δ"):
        return name if known.has(name[1:]) else None
    changed = "Δ" + name.removeprefix("delta_")
    return changed if name.startswith("delta_") and known.has(changed) else None


def _glued_derivative(name, known):
    """(A, B) of `dA_dB` and `dAdB` where A and B are names, low lines apart."""
    if not name.startswith("d") or "/" in name or len(name) < 4:
        return None
    for match in re.finditer("_?d", name[2:]):
        above = spelled_like(name[1 : match.start() + 2], known)
        below = spelled_like(name[match.end() + 2 :], known)
        if above and below:
            return above, below
    return None


def spelled_like(name, known):
    """The known name that differs from this one at most in low lines; else None."""
    return name if known.has(name) else known.without_low_lines().get(name.replace("_", ""))


def gradient_of(name: str, known) -> str | None:
    """What `dW1`, `d_w5` and `grad_W1` are the gradient by, if that is known; else None."""
    if name in known.of_the_loss:
        return None
    for prefix in ("grad_", "d_", "d"):
        if name.startswith(prefix) and known.has(name[len(prefix) :]):
            return name[len(prefix) :]
    mark, _, below = name.removeprefix("grad^").partition("_")  # grad_W^(1) is read as grad^(1)_W
    own = f"{below}^{mark}"
    return own if name.startswith("grad^") and known.has(own) else None
