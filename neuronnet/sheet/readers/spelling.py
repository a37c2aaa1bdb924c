"""Turns a formula as people spell it into the formula language and the network's names.

People write Unicode signs, raised and lowered digits, w5+ for a value after an update, weights by their place
in a matrix, and names of their own. Each character keeps the column where its author typed it.
"""

import re
from copy import copy
from html import unescape

from neuronnet.errors import ExpressionError, UnknownName, counted, shortened
from neuronnet.formulas.expressions import Name, Number
from neuronnet.formulas.parsing import parse
from neuronnet.formulas.rewriting import mapped
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns
from neuronnet.names import WORD, partial_name, spelled_out, split_index, split_partial

LONGEST_FORMULA = 10_000  # names and numbers, as many as the longest line has
MOST_LEAVES, MOST_HEIGHT = 1_000, 60  # of what `let` defines
_SIGNS = str.maketrans("≈≅≃≡≐→←×⋅∗÷−–′∑\xa0", "=======··*/--'Σ ")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", "⁺")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx")

EQUALITY = r"[=≈≅≃≡≐→←]|<-(?!>)|\\(?:approx|simeq|cong|equiv|doteq|to|rightarrow|gets|leftarrow)\b"
_EQUALITY = re.compile(":=|==|~=|<-(?!>)|~")
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|[A-Za-z]{2,10});")
_NUMBERED = re.compile(
    r"(?<![\w'.])([d∂Δ]?)([wbi])_?([0-9]{1,9})"
    r"(_new|_neu|'|\^(?:new|neu|[({](?:new|neu|')[)}]))?(?![\w'])"
)
_INDEXED = rf"{WORD}(?:\[[\d,\s]{{1,20}}\])?"
_UPDATED = re.compile(
    rf"(?<![\w'.])({_INDEXED})(?:⁺|\^(?:\+|\{{\+\}}|\(\+\))(?![\w(])"
    r"|\+(?=\s*(?:[=*/),\]}]|$)|\s+[-+]\s))"
)
_POWER = re.compile(r"\^[({]\s*(-?[0-9]{1,3})(?:\s*([-+])\s*([0-9]{1,3}))?\s*[)}]")
_PARTIAL = re.compile(rf"(∂{_INDEXED}(?:@\d{{1,9}})?)\s*/\s*(?=∂)")
_MATRIX_ENTRY = re.compile(r"(?<![\w'])([d∂]?)W(\d{1,4})\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\]")

_DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_NUMERAL = re.compile(
    rf"\s*([-+]?)\s*({_DIGITS})"
    r"(?:[eE]([-+]?[0-9]{1,4})|\s*[*·]\s*10\s*(?:\^|\*\*)\s*([-+]?[0-9]{1,4}))?\s*"
)


def plain(line, own=()):
    """A line, text or TextWithColumns, in the signs of the formula language, "=" for every sign of equality.

    The words in `own`, which the author defined, stay as they are: `w_5` is no other way to write w5 then.
    """
    spelled = line if isinstance(line, TextWithColumns) else TextWithColumns(line)
    if not spelled.text.isascii():
        spelled = TextWithColumns(spelled.text.translate(_SIGNS), spelled.columns)
        spelled = (
            spelled.replace("½", "(1/2)")
            .replace(r"√(?=\()", "sqrt")
            .replace("√", "sqrt ")
            .replace(r"([∂Δ])\s+(?=[^\W\d])", r"\1")
        )
        spelled = spelled.replace("_?[₀-₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ]+", _lowered)
        spelled = spelled.replace("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "^" + match.group().translate(_RAISED))
    spelled = spelled.replace(_NUMBERED, lambda match: _numbered(match, own))
    text = spelled.text
    if "^(" in text or "^{" in text:
        spelled = spelled.replace(_POWER, _power)
    if ":=" in text or "==" in text or "<-" in text or "~" in text:
        spelled = spelled.replace(_EQUALITY, "=")
    if "x" in text:
        spelled = spelled.replace(r"(?<=[0-9)])\s?x\s?(?=10(?:\^|\*\*))", "*")
    if "+" in text or "⁺" in text:
        spelled = spelled.replace(_UPDATED, r"\1@1")
    return spelled.replace(_PARTIAL, r"\1/") if "∂" in text else spelled


def without_entities(spelled):
    """A TextWithColumns with the signs that entities of HTML stand for, `×` for `&times;`."""
    return spelled.replace(_ENTITY, lambda match: unescape(match.group())) if "&" in spelled.text else spelled


def with_weights(spelled, names):
    """Every `W1[2,1]`, the weight of layer 1 from input 1 into neuron 2, replaced by its name in `names`.

    Raises ExpressionError, in the author's column, for a weight that the network does not have.
    """

    def name(match):
        layer, row, column = (int(number) for number in match.groups()[1:])
        if 1 <= layer <= len(names.weights):
            rows = names.weights[layer - 1]
            if 1 <= row <= len(rows) and 1 <= column <= len(rows[0]):
                return match[1] + rows[row - 1][column - 1]
            rows, columns = counted(len(rows), "row"), counted(len(rows[0]), "column")
            reason = f"W{layer} has {rows}, one per neuron, and {columns}"
        else:
            reason = f"the network has {counted(len(names.weights), 'layer')} of weights"
        column = spelled.column_of(match.end(1) + 1)
        raise ExpressionError(spelled.text, column, f"no weight {match.group().lstrip('d∂')}: {reason}")

    return spelled.replace(_MATRIX_ENTRY, name) if "W" in spelled.text else spelled


def numeral(text):
    """The decimal text of one printed number, its digits as they stand: "3.5102e-5" for "3.5102·10⁻⁵".

    None for anything else, a fraction such as 1/2 included. The number may overflow a float, or underflow.
    """
    if len(text) > LONGEST_TEXT:
        return None
    text = plain(text).text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    match = _NUMERAL.fullmatch(text)
    if match is None:
        return None
    exponent = match[3] or match[4]
    return match[1].strip("+") + match[2] + ("e" + exponent if exponent else "")


def _lowered(match):
    """Lowered digits belong to the name before them, as in w₅; letters are set off, as in outₕ₁."""
    word = match.group().translate(_LOWERED).lstrip("_")
    return word if word.isdigit() and not match.group().startswith("_") else "_" + word


def _numbered(match, own):
    """w_5 is w5; w5' and w5_new are w5 after an update, which an input never is."""
    derived, letter, number, mark = match.groups()
    if match.group()[len(derived) :] in own or (letter == "i" and mark):
        return match.group()
    return f"{derived}{letter}{number}{'@1' if mark else ''}"


def _power(match):
    """A power in brackets without them, and 2 - 1 as 1, as it stands in many a derivation of a square."""
    power = int(match[1]) + int((match[2] or "+") + (match[3] or "0"))
    return f"^{power}" + (" " if match.string[match.end() : match.end() + 1].isalnum() else "")


# Formulas in names of the author's own


class Notation:
    """Reads formulas over the quantities of one derivation, and over the names that `define` adds."""

    def __init__(self, derivation):
        """`derivation` is a Derivation; names under which its numbers were published count as well."""
        self._derivation = derivation
        self._own = {}
        self._known, self._sizes = {}, {}
        self._published = _published_names(derivation.description)

    def define(self, name, spelled):
        """Let `name` stand for the formula `spelled`. Raises what `read` raises."""
        name = spelled_out(name)
        if name in self._own or name in self._derivation:
            raise ExpressionError(name, 1, f"{shortened(name)} is a name already; let defines new ones")
        own = self.read(spelled)
        leaves, height = _size(own, {})
        if leaves > MOST_LEAVES or height > MOST_HEIGHT:
            reason = "too long a formula for a name of its own"
            raise ExpressionError(spelled.text, spelled.column_of(1), reason)
        self._own[name], self._sizes[name] = own, (leaves, height)

    def read(self, spelled):
        """The Expression of a text, in the network's names. Raises ExpressionError, UnknownName."""
        spelled = with_weights(spelled, self._derivation.names)
        try:
            written = parse(spelled.text, lambda text: self._formula(spelled_out(text)) is not None)
        except ExpressionError as error:
            raise ExpressionError(spelled.text, spelled.column_of(error.column), error.reason) from None
        if _size(written, self._sizes)[0] > LONGEST_FORMULA:
            reason = f"with what let defines put in, more than {LONGEST_FORMULA} names and numbers"
            raise ExpressionError(spelled.text, spelled.column_of(1), reason)
        return mapped(written, lambda leaf: self._meaning(leaf, spelled))

    def _meaning(self, leaf, spelled):
        """What a leaf of a formula stands for; it keeps the column where the author wrote it."""
        column = None if leaf.column is None else spelled.column_of(leaf.column)
        if isinstance(leaf, Name):
            own = self._formula(leaf.name)
            if own is None:
                error = UnknownName(leaf.name, [*self._own, *self._derivation.all_names()])
                error.column = column
                raise error
            leaf = copy(own)
        leaf.column = column
        return leaf

    def _formula(self, name):
        """The formula that a name stands for, in the network's names; None for a name that nothing has."""
        if name not in self._known or name in self._own:
            self._known[name] = self._looked_up(name)
        return self._known[name]

    def _looked_up(self, name):
        if name in self._own:
            return self._own[name]
        parts = split_partial(name)
        if parts is not None:
            names = [self._formula(part) for part in parts]
            if not all(isinstance(each, Name) for each in names):
                return None
            name = partial_name(*(each.name for each in names))
        else:
            base, index = split_index(name)
            if index and isinstance(self._own.get(base), Name):
                name = self._own[base].name + index
        if name not in self._derivation:
            return self.read(plain(self._published[name])) if name in self._published else None
        own, standard = self._derivation.own_name(name), self._derivation.names.standard(name)
        # b1@1 stands for a bias even where it is frozen
        return Name(standard if "@" in standard and "@" not in own else own)


def _size(expression, known):
    """(names and numbers, height) of a formula; `known` has them for names that stand for formulas."""
    if isinstance(expression, (Name, Number)):
        return known.get(expression.name, (1, 1)) if isinstance(expression, Name) else (1, 1)
    sizes = [_size(part, known) for part in expression.parts()]
    return sum(leaves for leaves, _ in sizes), 1 + max(height for _, height in sizes)


def _published_names(description):
    """{the name that an author gave a number: the quantity}, without names that stand for several."""
    found = {}
    for record in description.published:
        if record.author_name is not None:
            found.setdefault(record.author_name, set()).add(record.quantity)
    return {name: quantities.pop() for name, quantities in found.items() if len(quantities) == 1}
